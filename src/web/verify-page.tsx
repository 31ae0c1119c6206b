import { Alert, Button, Input, Progress } from 'antd';
import { useEffect, useReducer, useRef, useState } from 'react';
import { CodedError } from '../errors.ts';
import type { Report } from '../format/report.ts';
import { FileDrop } from './file-drop.tsx';
import { useText } from './language.tsx';
import { runLocally } from './local-worker.ts';
import { percent, sizeText } from './measures.ts';
import { type Subject, sortInput } from './presented-input.ts';
import { ProblemAlert } from './problem-alert.tsx';
import { ReportView } from './report-view.tsx';
import { subjectTexts, texts } from './texts.ts';
import { type VerificationInput, verifyInput } from './verification.ts';

interface VerifyPageProps {
  /** SHA-256 of verify.html if this is that file; null in the site. */
  toolDigest: string | null;
}

type Digested = LocalDigest | undefined;
type LocalDigest = { sizeBytes: number; sha256: string; sm3: string };

interface Original {
  id: number;
  file: File;
  readBytes: number;
  digests: Digested;
  error: CodedError | undefined;
  abort: AbortController;
}

interface State {
  subject: Subject | undefined;
  policy: File | undefined;
  originals: readonly Original[];
  /** Documents dropped together with the one that was taken. */
  notUsed: readonly string[];
  outcome: { report: Report } | { error: CodedError } | undefined;
  /** The input changed after the outcome was computed. */
  stale: boolean;
}

type Action =
  | { do: 'subject'; subject: Subject | undefined; notUsed: readonly string[] }
  | { do: 'policy'; policy: File | undefined }
  | { do: 'add'; originals: readonly Original[] }
  | { do: 'read'; id: number; bytes: number }
  | { do: 'digested'; id: number; digests: Digested; error: CodedError | undefined }
  | { do: 'drop-originals'; ids: readonly number[] }
  | { do: 'blocks' }
  | { do: 'outcome'; outcome: State['outcome'] };

const EMPTY: State = {
  subject: undefined,
  policy: undefined,
  originals: [],
  notUsed: [],
  outcome: undefined,
  stale: false,
};

function reduce(state: State, action: Action): State {
  const changed = { ...state, stale: state.outcome !== undefined };
  switch (action.do) {
    case 'subject':
      return { ...changed, subject: action.subject, notUsed: action.notUsed };
    case 'policy':
      return { ...changed, policy: action.policy };
    case 'add':
      return { ...changed, originals: [...state.originals, ...action.originals] };
    case 'read':
      return patchOriginal(state, action.id, (o) => ({ ...o, readBytes: o.readBytes + action.bytes }));
    case 'digested':
      return patchOriginal(state, action.id, (o) => ({ ...o, digests: action.digests, error: action.error }));
    case 'drop-originals':
      return { ...changed, originals: state.originals.filter((o) => !action.ids.includes(o.id)) };
    case 'blocks':
      return changed;
    case 'outcome':
      return { ...state, outcome: action.outcome, stale: false };
  }
}

function patchOriginal(state: State, id: number, patch: (original: Original) => Original): State {
  return { ...state, originals: state.originals.map((o) => (o.id === id ? patch(o) : o)) };
}

let nextId = 1;

/** The same component in the site and in verify.html. It asks no server anything. */
export function VerifyPage({ toolDigest }: VerifyPageProps) {
  const t = useText();
  const [state, dispatch] = useReducer(reduce, EMPTY);
  const [blocks, setBlocks] = useState('');
  const [running, setRunning] = useState<{ readBytes: number } | undefined>();
  const [announcement, announce] = useState('');
  const heading = useRef<HTMLHeadingElement>(null);
  const result = useRef<HTMLDivElement>(null);

  const { trustedBlocks, wrongBlock } = parseBlocks(blocks);
  const hashing = state.originals.some((o) => o.digests === undefined && o.error === undefined);
  const ready =
    state.subject !== undefined &&
    !hashing &&
    wrongBlock === undefined &&
    running === undefined &&
    state.originals.every((o) => o.error === undefined);

  useEffect(() => {
    if (state.outcome === undefined) return;
    if ('report' in state.outcome) heading.current?.focus();
    else result.current?.focus();
  }, [state.outcome]);

  const addOriginals = (files: readonly File[]) => {
    const originals = files.map((file): Original => {
      const abort = new AbortController();
      return { id: nextId++, file, readBytes: 0, digests: undefined, error: undefined, abort };
    });
    dispatch({ do: 'add', originals });
    for (const { id, file, abort } of originals) {
      runLocally({ kind: 'digest', blob: file }, (bytes) => dispatch({ do: 'read', id, bytes }), abort.signal).then(
        (digests) => dispatch({ do: 'digested', id, digests, error: undefined }),
        (error: unknown) => {
          if (!abort.signal.aborted) dispatch({ do: 'digested', id, digests: undefined, error: codedErrorOf(error) });
        },
      );
    }
  };
  const takeAnything = async (files: File[]) => {
    const { subjects, policies, originals } = await sortInput(files);
    const [first, ...others] = subjects;
    if (first !== undefined) dispatch({ do: 'subject', subject: first, notUsed: others.map((s) => s.file.name) });
    if (policies[0] !== undefined) dispatch({ do: 'policy', policy: policies[0] });
    // A single file that is no document of ours was meant as one: say so instead of filing it elsewhere.
    if (files.length === 1 && first === undefined && policies.length === 0) {
      dispatch({
        do: 'outcome',
        outcome: { error: new CodedError('not-a-document', `${files[0]?.name} is no certificate, package or receipt`) },
      });
    } else if (originals.length > 0) addOriginals(originals);
  };
  const confirmBlock = (block: string) => {
    setBlocks((before) => (before.includes(block) ? before : `${before}\n${block}`.trim()));
    dispatch({ do: 'blocks' });
    // Shows what was entered on the reader's behalf, next to the button that verifies again.
    document.getElementById('trusted-blocks')?.focus();
  };
  const run = async () => {
    if (state.subject === undefined) return;
    const input: VerificationInput = {
      subject: state.subject,
      originals: state.originals.flatMap((o) => (o.digests === undefined ? [] : [o.digests])),
      policy: state.policy,
      trustedBlocks,
    };
    setRunning({ readBytes: 0 });
    announce(t(texts.verifyRunning));
    try {
      const report = await verifyInput(
        input,
        (bytes) => setRunning((before) => ({ readBytes: (before?.readBytes ?? 0) + bytes })),
        new AbortController().signal,
      );
      dispatch({ do: 'outcome', outcome: { report } });
      announce(t(texts.verifyDone));
    } catch (error) {
      dispatch({ do: 'outcome', outcome: { error: codedErrorOf(error) } });
      announce(t(texts.verifyUnusable));
    } finally {
      setRunning(undefined);
    }
  };

  return (
    <div className="verify-page">
      <div className="no-print">
        <h1>{t(texts.verifyTitle)}</h1>
        <p>
          {t(texts.verifyLead)} {toolDigest !== null && t(texts.verifyOfflineFile)}
        </p>
        <section aria-labelledby="subject-title">
          <h2 id="subject-title">{t(texts.verifySubject)}</h2>
          <FileDrop
            label={texts.verifySubject}
            hint={texts.verifySubjectHint}
            choose={texts.chooseFiles}
            onFiles={takeAnything}
          >
            {state.subject !== undefined && (
              <Chosen
                name={state.subject.file.name}
                note={`${t(subjectTexts[state.subject.kind])}, ${sizeText(state.subject.file.size)}`}
                onRemove={() => dispatch({ do: 'subject', subject: undefined, notUsed: [] })}
              />
            )}
            {state.notUsed.length > 0 && (
              <p className="hint wrap-anywhere">
                {t(texts.verifyNotUsed)} {state.notUsed.join(', ')}
              </p>
            )}
          </FileDrop>
        </section>
        <section aria-labelledby="originals-title">
          <h2 id="originals-title">{t(texts.verifyOriginals)}</h2>
          <FileDrop
            label={texts.verifyOriginals}
            hint={texts.verifyOriginalsHint}
            choose={texts.chooseFiles}
            folders
            onFiles={addOriginals}
          >
            <OriginalList
              originals={state.originals}
              onRemove={(removed) => {
                for (const { abort } of removed) abort.abort();
                dispatch({ do: 'drop-originals', ids: removed.map((o) => o.id) });
              }}
            />
          </FileDrop>
        </section>
        <section aria-labelledby="policy-title">
          <h2 id="policy-title">{t(texts.verifyPolicy)}</h2>
          <FileDrop
            label={texts.verifyPolicy}
            hint={texts.verifyPolicyHint}
            choose={texts.chooseFile}
            multiple={false}
            onFiles={([policy]) => dispatch({ do: 'policy', policy })}
          >
            {state.policy === undefined ? (
              <p className="hint">{t(texts.verifyNoPolicyChosen)}</p>
            ) : (
              <Chosen
                name={state.policy.name}
                note={sizeText(state.policy.size)}
                onRemove={() => dispatch({ do: 'policy', policy: undefined })}
              />
            )}
          </FileDrop>
          <label htmlFor="trusted-blocks">{t(texts.verifyBlocks)}</label>
          <p className="hint" id="trusted-blocks-hint">
            {t(texts.verifyBlocksHint)}
          </p>
          <Input.TextArea
            id="trusted-blocks"
            aria-describedby="trusted-blocks-hint trusted-blocks-error"
            aria-invalid={wrongBlock !== undefined}
            autoSize={{ minRows: 1, maxRows: 6 }}
            spellCheck={false}
            value={blocks}
            onChange={(event) => {
              setBlocks(event.target.value);
              dispatch({ do: 'blocks' });
            }}
          />
          <p id="trusted-blocks-error" className="field-error wrap-anywhere">
            {wrongBlock !== undefined && `${t(texts.verifyBlocksWrong)} ${wrongBlock}`}
          </p>
        </section>
        <div className="buttons">
          <Button type="primary" size="large" disabled={!ready} onClick={run}>
            {t(texts.verifyStart)}
          </Button>
          <span className="hint">
            {state.subject === undefined
              ? t(texts.verifyNoSubject)
              : hashing
                ? t(texts.verifyHashing)
                : state.stale && t(texts.verifyAgain)}
          </span>
        </div>
        {running !== undefined && (
          <p className="hint">
            {t(texts.verifyRunning)} {running.readBytes > 0 && sizeText(running.readBytes)}
          </p>
        )}
      </div>
      <div role="status" className="visually-hidden">
        {announcement}
      </div>
      <div ref={result} tabIndex={-1} className="result">
        {state.outcome !== undefined && state.stale && (
          <Alert className="no-print" type="warning" showIcon title={t(texts.verifyAgain)} />
        )}
        {state.outcome !== undefined &&
          ('report' in state.outcome ? (
            <ReportView
              report={state.outcome.report}
              toolDigest={toolDigest}
              onConfirm={confirmBlock}
              headingRef={heading}
            />
          ) : (
            <ProblemAlert title={texts.verifyUnusable} error={state.outcome.error} />
          ))}
      </div>
    </div>
  );
}

interface ChosenProps {
  name: string;
  note: string;
  onRemove: () => void;
}

function Chosen({ name, note, onRemove }: ChosenProps) {
  const t = useText();
  return (
    <p className="chosen">
      <span className="wrap-anywhere">
        <bdi>{name}</bdi>
      </span>{' '}
      <span className="hint">({note})</span>
      <Button size="small" onClick={onRemove} aria-label={`${t(texts.remove)} ${name}`}>
        {t(texts.remove)}
      </Button>
    </p>
  );
}

function OriginalList({
  originals,
  onRemove,
}: {
  originals: readonly Original[];
  onRemove: (removed: readonly Original[]) => void;
}) {
  const t = useText();
  if (originals.length === 0) return null;
  return (
    <>
      <ul className="file-list">
        {originals.map((original) => (
          <li key={original.id}>
            <Chosen
              name={original.file.name}
              note={`${sizeText(original.file.size)}${original.digests === undefined ? '' : `, ${t(texts.verifyHashed)}`}`}
              onRemove={() => onRemove([original])}
            />
            {original.error !== undefined && <ProblemAlert title={texts.verifyUnusable} error={original.error} />}
            {original.digests === undefined && original.error === undefined && (
              <Progress
                percent={percent(original.readBytes, original.file.size)}
                size="small"
                aria-label={`${t(texts.verifyHashing)} ${original.file.name}`}
              />
            )}
          </li>
        ))}
      </ul>
      {originals.length > 1 && (
        <Button size="small" onClick={() => onRemove(originals)}>
          {t(texts.removeAll)}
        </Button>
      )}
    </>
  );
}

function parseBlocks(text: string): { trustedBlocks: string[]; wrongBlock: string | undefined } {
  const lines = text
    .split(/[\s,;]+/)
    .map((line) => line.toLowerCase())
    .filter((line) => line !== '');
  return {
    trustedBlocks: lines,
    wrongBlock: lines.find((line) => !/^(?:eip155:[1-9][0-9]{0,15}\/)?0x[0-9a-f]{64}$/.test(line)),
  };
}

/** Anything else than a coded error is a fault of this page; the report must not come out of it. */
function codedErrorOf(error: unknown): CodedError {
  if (error instanceof CodedError) return error;
  return new CodedError('internal', error instanceof Error ? error.message : String(error), { cause: error });
}
