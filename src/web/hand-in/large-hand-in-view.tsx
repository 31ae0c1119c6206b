import { Alert, Button } from 'antd';
import { useEffect, useRef } from 'react';
import type { CodedError } from '../../errors.ts';
import { useText } from '../language.tsx';
import { percent, sizeText } from '../measures.ts';
import { ProblemAlert } from '../problem-alert.tsx';
import { Link } from '../route.tsx';
import { Refusal } from '../sign-in/sign-in-parts.tsx';
import { errorText, type Text, texts } from '../texts.ts';
import { isUnderWay, useCurrentHandIn } from './current-hand-in.ts';
import { handInTexts } from './hand-in-texts.ts';
import type { FileState, HandInFile, HandInState } from './large-hand-in.ts';

const PHASES: Record<FileState['phase'], Text> = {
  waiting: texts.phaseWaiting,
  hashing: texts.phaseHashing,
  hashed: texts.phaseHashed,
  deposited: texts.phaseDeposited,
  uploading: texts.phaseUploading,
  checking: texts.phaseChecking,
  received: texts.phaseReceived,
  failed: texts.phaseFailed,
};

/** The service does not take the signature; it would take the deposit. */
const SIGNING_CODES = ['passkey-refused', 'signature-refused', 'session-needed'];

/** The hand-in under way, or just done: all its files, and what can be done about it. Nothing if there is none. */
export function LargeHandInView({ onAnother }: { onAnother: () => void }) {
  const t = useText();
  const current = useCurrentHandIn();
  if (current === undefined) return null;
  const { handIn, state } = current;
  const hasFailed = state.files.some((file) => file.state.phase === 'failed');
  return (
    <section aria-labelledby="large-title" className="large-hand-in">
      <h3 id="large-title">{t(texts.largeTitle)}</h3>
      <p role="status">
        {state.isPaused ? `${t(texts.paused)} · ` : ''}
        {t(phaseText(state))}
      </p>
      <TotalProgress state={state} />
      {state.phase === 'to-sign' && <Refusal title={handInTexts.notSigned} error={state.error} />}
      {state.phase !== 'to-sign' && state.error !== undefined && (
        <ProblemAlert title={texts.largeStopped} error={state.error} />
      )}
      <div className="buttons">
        {state.phase === 'to-sign' && <SignButton onSign={() => void handIn.sign()} />}
        {state.phase === 'to-sign' && (
          <Button onClick={() => void handIn.skipSigning()}>{t(handInTexts.signSkip)}</Button>
        )}
        {isUnderWay(state) && state.phase !== 'to-sign' && !state.isPaused && (
          <Button onClick={() => handIn.pause()}>{t(texts.pause)}</Button>
        )}
        {state.isPaused && (
          <Button type="primary" onClick={() => handIn.resume()}>
            {t(texts.resume)}
          </Button>
        )}
        {state.phase === 'stopped' && (
          <Button type="primary" onClick={() => void handIn.deposit()}>
            {t(texts.tryAgain)}
          </Button>
        )}
        {state.phase === 'stopped' && SIGNING_CODES.includes(state.error?.code ?? '') && (
          <Button onClick={() => void handIn.skipSigning()}>{t(handInTexts.signSkip)}</Button>
        )}
        {state.phase === 'done' && hasFailed && (
          <Button type="primary" onClick={() => void handIn.retry()}>
            {t(texts.tryAgain)}
          </Button>
        )}
        {(state.phase === 'done' || state.phase === 'stopped') && (
          <Button onClick={onAnother}>{t(texts.largeNew)}</Button>
        )}
      </div>
      {state.phase === 'uploading' && <p className="hint">{t(texts.largeResume)}</p>}
      <ul className="file-list" aria-label={t(texts.largeFiles)}>
        {state.files.map((file, i) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: the same file may be chosen twice
          <FileRow key={i} file={file} />
        ))}
      </ul>
    </section>
  );
}

/** One line below the header of every other page. */
export function HandInUnderWay() {
  const t = useText();
  const current = useCurrentHandIn();
  if (current === undefined || !isUnderWay(current.state)) return null;
  const { handIn, state } = current;
  return (
    <div className="under-way no-print">
      <Link to="/hand-in?step=done">{t(lineText(state))}</Link>
      <progress max={100} value={totalPercent(state)} aria-label={t(texts.largeTitle)} />
      {state.phase !== 'to-sign' && (
        <Button size="small" onClick={() => (state.isPaused ? handIn.resume() : handIn.pause())}>
          {t(state.isPaused ? texts.resume : texts.pause)}
        </Button>
      )}
    </div>
  );
}

/** Takes the focus when it appears: nothing goes on before the depositor has acted. */
function SignButton({ onSign }: { onSign: () => void }) {
  const t = useText();
  const button = useRef<HTMLButtonElement>(null);
  useEffect(() => button.current?.focus(), []);
  return (
    <Button ref={button} type="primary" onClick={onSign}>
      {t(handInTexts.signNow)}
    </Button>
  );
}

function lineText({ isPaused, phase }: HandInState): Text {
  if (isPaused) return texts.paused;
  if (phase === 'to-sign') return handInTexts.signNow;
  return phase === 'uploading' ? texts.uploading : texts.largeHashing;
}

function TotalProgress({ state }: { state: HandInState }) {
  const t = useText();
  const received = state.files.filter((file) => file.state.phase === 'received').length;
  return (
    <p>
      <progress max={100} value={totalPercent(state)} aria-label={t(phaseText(state))} /> {totalPercent(state)} % ·{' '}
      {t(texts.largeReceivedCount)}: {received} / {state.files.length}
    </p>
  );
}

function FileRow({ file: { file, state } }: { file: HandInFile }) {
  const t = useText();
  const done = 'bytes' in state ? state.bytes : undefined;
  const words = state.phase === 'failed' ? (errorText(state.error.code) ?? titleOf(state.error)) : undefined;
  return (
    <li className="chosen" data-phase={state.phase}>
      <bdi className="wrap-anywhere">{file.name}</bdi>
      <span className="hint">{sizeText(file.size)}</span>
      <span>
        {t(PHASES[state.phase])}
        {done !== undefined && ` ${percent(done, file.size)} %`}
      </span>
      {done !== undefined && (
        <progress max={file.size} value={done} aria-label={`${t(PHASES[state.phase])} ${file.name}`} />
      )}
      {state.phase === 'failed' && (
        <Alert
          type="error"
          title={words === undefined ? state.error.message : t(words)}
          description={<code>{state.error.code}</code>}
        />
      )}
    </li>
  );
}

function titleOf(error: CodedError): Text | undefined {
  return (error as { title?: Text }).title;
}

function phaseText(state: HandInState): Text {
  switch (state.phase) {
    case 'hashing':
      return texts.largeHashing;
    case 'to-sign':
      return handInTexts.toSign;
    case 'depositing':
      return texts.largeDepositing;
    case 'stopped':
      return texts.largeStopped;
    case 'uploading':
      return texts.largeUploading;
    case 'done':
      return state.files.some((file) => file.state.phase === 'failed') ? texts.largeDoneWithFaults : texts.largeDone;
  }
}

/** Of what is being done now, reading or sending, over all files. */
function totalPercent({ phase, files }: HandInState): number {
  const total = files.reduce((sum, { file }) => sum + file.size, 0);
  const isHashing = phase === 'hashing' || phase === 'depositing' || phase === 'stopped';
  const done = files.reduce((sum, { file, state }) => {
    if (state.phase === 'hashing' || state.phase === 'uploading') return sum + Math.min(state.bytes, file.size);
    const isDone = isHashing ? state.phase !== 'waiting' : state.phase === 'received' || state.phase === 'checking';
    return sum + (isDone ? file.size : 0);
  }, 0);
  return percent(done, total);
}
