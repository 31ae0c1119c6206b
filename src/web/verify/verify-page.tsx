import { Alert, Button, Input, Progress } from 'antd';
import { type Ref, useEffect, useReducer, useRef, useState } from 'react';
import { CodedError } from '../../errors.ts';
import { isInspection } from '../../verify/inspect/desk.ts';
import { FileDrop } from '../file-drop.tsx';
import { useText } from '../language.tsx';
import { percent, sizeText } from '../measures.ts';
import { ProblemAlert } from '../problem-alert.tsx';
import { subjectText, texts } from '../texts.ts';
import { InspectionView } from './inspection-view.tsx';
import { type SortedInput, type Subject, sortInput } from './presented-input.ts';
import { ReaderSheet } from './reader-sheet.tsx';
import { readerTexts } from './reader-texts.ts';
import { ReportView } from './report-view.tsx';
import { digestsOf, type Outcome, type VerificationInput, verifyInput } from './verification.ts';

/** Which of a report's two views stands first. */
export type ReportShape = 'sheet' | 'report';

interface VerifyPageProps {
  shape: ReportShape;
  /** SHA-256 of verify.html if this is that file; null in the site. */
  toolDigest: string | null;
}

interface Original {
  id: number;
  file: File;
  readBytes: number;
  isDigested: boolean;
  error: CodedError | undefined;
  abort: AbortController;
}

interface State {
  subjects: readonly Subject[];
  /** The policy, and the X.509 certificate of whoever may sign it. */
  policy: readonly File[];
  originals: readonly Original[];
  /** Documents dropped together with the one that was taken. */
  notUsed: readonly string[];
  outcome: { verdicts: readonly Outcome[] } | { error: CodedError } | undefined;
  /** The input changed after the outcome was computed. */
  stale: boolean;
}

type Action =
  | { do: 'subjects'; subjects: readonly Subject[]; notUsed: readonly string[] }
  | { do: 'policy'; policy: readonly File[] }
  | { do: 'add'; originals: readonly Original[] }
  | { do: 'read'; id: number; bytes: number }
  | { do: 'digested'; id: number; error: CodedError | undefined }
  | { do: 'drop-originals'; ids: readonly number[] }
  | { do: 'blocks' }
  | { do: 'outcome'; outcome: State['outcome'] };

const EMPTY: State = {
  subjects: [],
  policy: [],
  originals: [],
  notUsed: [],
  outcome: undefined,
  stale: false,
};

function reduce(state: State, action: Action): State {
  const changed = { ...state, stale: state.outcome !== undefined };
  switch (action.do) {
    case 'subjects':
      return { ...changed, subjects: action.subjects, notUsed: action.notUsed };
    case 'policy':
      return { ...changed, policy: action.policy };
    case 'add':
      return { ...changed, originals: [...state.originals, ...action.originals] };
    case 'read':
      return patchOriginal(state, action.id, (o) => ({ ...o, readBytes: o.readBytes + action.bytes }));
    case 'digested':
      return patchOriginal(state, action.id, (o) => ({
        ...o,
        isDigested: action.error === undefined,
        error: action.error,
      }));
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
export function VerifyPage({ shape, toolDigest }: VerifyPageProps) {
  const t = useText();
  const [state, dispatch] = useReducer(reduce, EMPTY);
  const [blocks, setBlocks] = useState('');
  const [running, setRunning] = useState<{ readBytes: number } | undefined>();
  const [announcement, announce] = useState('');
  const heading = useRef<HTMLHeadingElement>(null);
  const result = useRef<HTMLDivElement>(null);

  const { trustedBlocks, wrongBlock } = parseBlocks(blocks);
  const hashing = state.originals.some((o) => !o.isDigested && o.error === undefined);
  const ready =
    state.subjects.length > 0 &&
    !hashing &&
    wrongBlock === undefined &&
    running === undefined &&
    state.originals.every((o) => o.error === undefined);

  useEffect(() => {
    if (state.outcome === undefined) return;
    if ('verdicts' in state.outcome && heading.current !== null) heading.current.focus();
    else result.current?.focus();
  }, [state.outcome]);

  const addOriginals = (files: readonly File[]) => {
    const originals = files.map((file): Original => {
      const abort = new AbortController();
      return { id: nextId++, file, readBytes: 0, isDigested: false, error: undefined, abort };
    });
    dispatch({ do: 'add', originals });
    for (const { id, file, abort } of originals) {
      digestsOf(file, [], (bytes) => dispatch({ do: 'read', id, bytes }), abort.signal).then(
        () => dispatch({ do: 'digested', id, error: undefined }),
        (error: unknown) => {
          if (!abort.signal.aborted) dispatch({ do: 'digested', id, error: codedErrorOf(error) });
        },
      );
    }
  };
  const takeAnything = async (files: File[]) => {
    let sorted: SortedInput;
    try {
      sorted = await sortInput(files);
    } catch (error) {
      dispatch({ do: 'outcome', outcome: { error: codedErrorOf(error) } });
      return;
    }
    const { subjects, notUsed, policies, originals } = sorted;
    if (subjects.length > 0) dispatch({ do: 'subjects', subjects, notUsed: notUsed.map(({ name }) => name) });
    if (policies[0] !== undefined) dispatch({ do: 'policy', policy: [policies[0]] });
    // A single file that nothing can be verified of was meant as such a thing: say so instead of filing it elsewhere.
    if (files.length === 1 && subjects.length === 0 && policies.length === 0) {
      dispatch({
        do: 'outcome',
        outcome: { error: new CodedError('not-a-document', `${files[0]?.name} is nothing that this page can verify`) },
      });
    } else if (originals.length > 0) addOriginals(originals);
  };
  const confirmBlock = (block: string) => {
    setBlocks((before) => (before.includes(block) ? before : `${before}\n${block}`.trim()));
    dispatch({ do: 'blocks' });
    // Shows what was entered on the reader's behalf, next to the button that verifies again.
    const entered = document.getElementById('trusted-blocks');
    const closed = entered?.closest('details');
    if (closed) closed.open = true;
    entered?.focus();
  };
  const run = async () => {
    const input: VerificationInput = {
      subjects: state.subjects,
      originals: state.originals.map(({ file }) => file),
      policy: state.policy,
      trustedBlocks,
    };
    setRunning({ readBytes: 0 });
    announce(t(texts.verifyRunning));
    try {
      const verdicts = await verifyInput(
        input,
        (bytes) => setRunning((before) => ({ readBytes: (before?.readBytes ?? 0) + bytes })),
        new AbortController().signal,
      );
      dispatch({ do: 'outcome', outcome: { verdicts } });
      announce(t(verdicts.some((outcome) => 'verdict' in outcome) ? texts.verifyDone : texts.verifyUnusable));
    } catch (error) {
      dispatch({ do: 'outcome', outcome: { error: codedErrorOf(error) } });
      announce(t(texts.verifyUnusable));
    } finally {
      setRunning(undefined);
    }
  };

  const trust = (
    <section aria-labelledby="policy-title">
      <h2 id="policy-title">{t(texts.verifyPolicy)}</h2>
      <FileDrop
        label={texts.verifyPolicy}
        hint={texts.verifyPolicyHint}
        choose={texts.chooseFile}
        onFiles={(policy) => dispatch({ do: 'policy', policy })}
      >
        {state.policy.length === 0 && <p className="hint">{t(texts.verifyNoPolicyChosen)}</p>}
        {state.policy.map((file) => (
          <Chosen
            key={file.name}
            name={file.name}
            note={sizeText(file.size)}
            onRemove={() => dispatch({ do: 'policy', policy: state.policy.filter((other) => other !== file) })}
          />
        ))}
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
  );

  return (
    <div className="verify-page">
      <div className="no-print">
        <h1>{t(shape === 'sheet' ? readerTexts.title : texts.verifyTitle)}</h1>
        <p>
          {t(shape === 'sheet' ? readerTexts.lead : texts.verifyLead)}{' '}
          {toolDigest !== null && t(texts.verifyOfflineFile)}
        </p>
        <section aria-labelledby="subject-title">
          <h2 id="subject-title">{t(texts.verifySubject)}</h2>
          <FileDrop
            label={texts.verifySubject}
            hint={texts.verifySubjectHint}
            choose={texts.chooseFiles}
            onFiles={takeAnything}
          >
            {state.subjects.map((subject) => (
              <Chosen
                key={`${subject.kind} ${subject.file.name} ${subject.file.size}`}
                name={subject.file.name}
                note={`${t(subjectText(subject.kind))}, ${sizeText(subject.file.size)}`}
                onRemove={() =>
                  dispatch({ do: 'subjects', subjects: state.subjects.filter((s) => s !== subject), notUsed: [] })
                }
              />
            ))}
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
        {shape === 'sheet' ? (
          <details className="trust">
            <summary>{t(readerTexts.trust)}</summary>
            {trust}
          </details>
        ) : (
          trust
        )}
        <div className="buttons">
          <Button type="primary" size="large" disabled={!ready} onClick={run}>
            {t(texts.verifyStart)}
          </Button>
          <span className="hint">
            {state.subjects.length === 0
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
          ('verdicts' in state.outcome ? (
            state.outcome.verdicts.map((outcome, i, all) => (
              <VerdictView
                key={`${outcome.file.name} ${outcome.file.size}`}
                outcome={outcome}
                name={all.length > 1 ? outcome.file.name : undefined}
                idPrefix={i === 0 ? '' : `subject-${i + 1}-`}
                toolDigest={toolDigest}
                shape={shape}
                onConfirm={confirmBlock}
                headingRef={i === 0 ? heading : null}
              />
            ))
          ) : (
            <ProblemAlert title={texts.verifyUnusable} error={state.outcome.error} />
          ))}
      </div>
    </div>
  );
}

interface VerdictViewProps {
  outcome: Outcome;
  /** Of the file, where there are several. */
  name: string | undefined;
  idPrefix: string;
  toolDigest: string | null;
  shape: ReportShape;
  onConfirm: (block: string) => void;
  headingRef: Ref<HTMLHeadingElement> | null;
}

function VerdictView({ outcome, name, idPrefix, toolDigest, shape, onConfirm, headingRef }: VerdictViewProps) {
  const t = useText();
  const [shown, show] = useState(shape);
  if ('error' in outcome) {
    return (
      <div className="subject-problem">
        {name !== undefined && (
          <p className="wrap-anywhere">
            <bdi>{name}</bdi>
          </p>
        )}
        <ProblemAlert title={texts.verifyUnusable} error={outcome.error} />
      </div>
    );
  }
  const { verdict } = outcome;
  const shared = { name, idPrefix, toolDigest, headingRef };
  if (isInspection(verdict)) return <InspectionView inspection={verdict} {...shared} />;
  return (
    <>
      <fieldset className="views no-print" aria-label={t(readerTexts.views)}>
        {(['sheet', 'report'] as const).map((view) => (
          <Button
            key={view}
            type={shown === view ? 'primary' : 'default'}
            aria-pressed={shown === view}
            onClick={() => show(view)}
          >
            {t(view === 'sheet' ? readerTexts.viewSheet : readerTexts.viewReport)}
          </Button>
        ))}
      </fieldset>
      {shown === 'sheet' ? (
        <ReaderSheet report={verdict} files={outcome.files} {...shared} />
      ) : (
        <ReportView report={verdict} onConfirm={onConfirm} {...shared} />
      )}
    </>
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
              note={`${sizeText(original.file.size)}${original.isDigested ? `, ${t(texts.verifyHashed)}` : ''}`}
              onRemove={() => onRemove([original])}
            />
            {original.error !== undefined && <ProblemAlert title={texts.verifyUnusable} error={original.error} />}
            {!original.isDigested && original.error === undefined && (
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
