import { Alert, Button, Progress } from 'antd';
import { useId } from 'react';
import { CodedError } from '../../errors.ts';
import type { Statement } from '../../format/annex.ts';
import { useText } from '../language.tsx';
import { beijingTime, percent, sizeText } from '../measures.ts';
import { ProblemAlert } from '../problem-alert.tsx';
import { kindTexts, texts } from '../texts.ts';
import { arrangeDraft, type HandInDraft, type SmallUpload } from './hand-in-draft.ts';
import { handInTexts } from './hand-in-texts.ts';
import { STATEMENT_LABELS } from './statement-form.tsx';

/** So many names are read one by one. */
const NAMED_FILES = 20;

interface CheckStepProps {
  draft: HandInDraft;
  statement: Statement;
  /** Digests go first. */
  isLarge: boolean;
  /** The reader has a passkey that this page can use. */
  canSign: boolean;
  onFiles: () => void;
  onStatement: () => void;
  onHandIn: () => void;
}

/** What will be deposited, once more, before it cannot be changed. */
export function CheckStep({ draft, statement, isLarge, canSign, onFiles, onStatement, onHandIn }: CheckStepProps) {
  const t = useText();
  const id = useId();
  const { files, upload, problem, matter } = draft;
  const total = files.reduce((sum, file) => sum + file.size, 0);
  const shares = sentShares(files, upload);
  const said = STATEMENT_LABELS.filter(({ name }) => statement[name] !== undefined);
  return (
    <>
      <p>{t(handInTexts.checkLead)}</p>
      <section className="card" aria-labelledby={`${id}-files`}>
        <h3 id={`${id}-files`}>
          {t(texts.depositFiles)}: {files.length} ({sizeText(total)})
        </h3>
        <ul className="file-list">
          {files.slice(0, NAMED_FILES).map((file, i) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: the same file may be chosen twice
            <li key={i} className="chosen">
              <bdi className="wrap-anywhere">{file.name}</bdi>
              <span className="hint">{sizeText(file.size)}</span>
              {upload !== undefined && (
                <Progress
                  percent={shares[i] ?? 0}
                  size="small"
                  aria-label={`${t(texts.uploading)} ${file.name}`}
                  style={{ width: 220 }}
                />
              )}
            </li>
          ))}
        </ul>
        {files.length > NAMED_FILES && (
          <p className="hint">
            {t(handInTexts.moreFiles)} {files.length - NAMED_FILES}
          </p>
        )}
        {upload === undefined && <Button onClick={onFiles}>{t(handInTexts.changeFiles)}</Button>}
      </section>
      <section className="card" aria-labelledby={`${id}-statement`}>
        <h3 id={`${id}-statement`}>{t(texts.depositStatement)}</h3>
        {said.length === 0 && <p>{t(handInTexts.statementNothing)}</p>}
        <dl className="facts">
          {said.map(({ name, label }) => (
            <div key={name}>
              <dt>{t(label)}</dt>
              <dd className="wrap-anywhere pre-line">{shown(name, statement, t)}</dd>
            </div>
          ))}
          {matter.kind !== 'none' && (
            <div>
              <dt>{t(handInTexts.matterLabel)}</dt>
              <dd className="wrap-anywhere">{matter.title}</dd>
            </div>
          )}
        </dl>
        {upload === undefined && <Button onClick={onStatement}>{t(handInTexts.changeStatement)}</Button>}
      </section>
      {canSign && upload === undefined && (
        <section className="card" aria-labelledby={`${id}-sign`}>
          <h3 id={`${id}-sign`}>{t(handInTexts.signTitle)}</h3>
          <label>
            <input
              type="checkbox"
              checked={draft.isSigned}
              aria-describedby={`${id}-sign-hint`}
              onChange={(event) => arrangeDraft({ isSigned: event.target.checked })}
            />{' '}
            {t(handInTexts.sign)}
          </label>
          <p className="hint" id={`${id}-sign-hint`}>
            {t(handInTexts.signHint)}
          </p>
        </section>
      )}
      {isLarge && <p className="hint">{t(texts.largeNote)}</p>}
      <div role="status">{upload !== undefined && <UploadNote upload={upload} />}</div>
      {upload !== undefined && (
        <Progress percent={percent(upload.sent, Math.max(1, upload.total))} aria-label={t(texts.uploading)} />
      )}
      {problem === 'cancelled' && <Alert type="info" showIcon role="alert" title={t(texts.uploadCancelled)} />}
      {problem instanceof CodedError && (
        <>
          <ProblemAlert title={texts.handInFailed} error={problem} />
          <p className="hint">{t(texts.again)}</p>
        </>
      )}
      <div className="buttons">
        <Button type="primary" size="large" disabled={upload !== undefined} onClick={onHandIn}>
          {t(problem instanceof CodedError ? texts.tryAgain : texts.handIn)}
        </Button>
        {upload === undefined ? (
          <Button size="large" onClick={onStatement}>
            {t(handInTexts.back)}
          </Button>
        ) : (
          <Button size="large" onClick={() => upload.abort.abort()}>
            {t(texts.cancel)}
          </Button>
        )}
      </div>
    </>
  );
}

function shown(name: keyof Statement, statement: Statement, t: ReturnType<typeof useText>): string {
  const value = statement[name] ?? '';
  if (name === 'kind' && statement.kind !== undefined) return t(kindTexts[statement.kind]);
  return name === 'capturedFrom' || name === 'capturedUntil' ? beijingTime(value) : value;
}

/** Announced by screen readers when the phase changes, not at every per cent. */
function UploadNote({ upload }: { upload: SmallUpload }) {
  const t = useText();
  const arrived = upload.total > 0 && upload.sent >= upload.total;
  return <p>{arrived ? t(texts.uploadedWaiting) : `${t(texts.uploading)} ${t(texts.uploadStays)}`}</p>;
}

/** Per cent sent of each file: they go out one after the other, behind the statement and with some lines around each. */
function sentShares(files: readonly File[], upload: SmallUpload | undefined): number[] {
  if (upload === undefined || upload.total === 0) return files.map(() => 0);
  const content = files.reduce((sum, file) => sum + file.size, 0);
  const around = Math.max(0, upload.total - content) / (files.length + 1);
  let begin = around;
  return files.map((file) => {
    const share = percent(Math.max(0, upload.sent - begin), Math.max(1, file.size));
    begin += file.size + around;
    return share;
  });
}
