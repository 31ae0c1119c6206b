import { Button } from 'antd';
import { useEffect, useRef, useState } from 'react';
import { CodedError } from '../../errors.ts';
import { parseInspection } from '../../format/inspection.ts';
import { parseReport } from '../../format/report.ts';
import { isInspection, type Verdict } from '../../verify/inspect/desk.ts';
import { wordingOfCause, wordingOfCheck, wordingOfConclusion, wordingOfStatus } from '../../verify/wording.ts';
import type { Me } from '../api-answers.ts';
import { FileDrop } from '../file-drop.tsx';
import { useLanguage, useText } from '../language.tsx';
import { beijingTime, percent, sizeText } from '../measures.ts';
import { PageTitle } from '../page-title.tsx';
import { ProblemAlert } from '../problem-alert.tsx';
import { Link } from '../route.tsx';
import { saveBlob } from '../save-blob.ts';
import { StandingMark, StatusMark } from '../status-mark.tsx';
import { errorText, subjectText, type Text, texts } from '../texts.ts';
import { InspectionView } from '../verify/inspection-view.tsx';
import { ReportView } from '../verify/report-view.tsx';
import { bulkCsv, bulkJson } from './bulk-export.ts';
import { type BulkRow, type BulkSummary, COLUMNS, needsAttention } from './bulk-report.ts';
import { BulkRun, type BulkState, EMPTY_BULK, MAX_BULK_FILES } from './bulk-run.ts';
import { bulkTexts, columnTexts, deskTexts, rowStateTexts, statementTexts } from './notary-texts.ts';
import { codedError, PolicyPanel, useOfficePolicy } from './policy-panel.tsx';
import { ReportForm, type ReportItem } from './report-form.tsx';
import './notary.css';

const ROWS_PER_PAGE = 50;

const FILTERS = {
  all: { text: bulkTexts.filterAll, takes: () => true },
  attention: { text: bulkTexts.filterAttention, takes: needsAttention },
  failed: { text: bulkTexts.filterFailed, takes: ({ summary }: BulkRow) => (summary?.failedCount ?? 0) > 0 },
  unusable: { text: bulkTexts.filterUnusable, takes: ({ state }: BulkRow) => state === 'unusable' },
  waiting: {
    text: bulkTexts.filterWaiting,
    takes: ({ state }: BulkRow) => state === 'waiting' || state === 'running',
  },
} satisfies Record<string, { text: Text; takes: (row: BulkRow) => boolean }>;
type Filter = keyof typeof FILTERS;

/** Hundreds of packages at once, verified one after the other on the reader's machine. */
export function BulkPage({ me }: { me: Me }) {
  const t = useText();
  const office = useOfficePolicy(me.accountId);
  const { state, error, start, run, clear } = useBulkRun();
  const [filter, setFilter] = useState<Filter>('all');
  const isBusy = state.phase === 'sorting' || state.phase === 'verifying' || state.phase === 'paused';
  const shown = state.rows.filter(FILTERS[filter].takes);
  return (
    <>
      <PageTitle title={t(bulkTexts.pageTitle)} />
      <p className="no-print">
        <Link to="/desk">{t(deskTexts.back)}</Link>
      </p>
      <p className="no-print">{t(bulkTexts.lead)}</p>
      <PolicyPanel office={office} disabled={state.phase !== 'empty'} />
      {state.phase === 'empty' && (
        <section aria-labelledby="bulk-drop-title">
          <h2 id="bulk-drop-title">{t(bulkTexts.drop)}</h2>
          <FileDrop
            label={bulkTexts.drop}
            hint={bulkTexts.dropHint}
            choose={texts.chooseFiles}
            folders
            disabled={office.policy === undefined}
            onFiles={(files) => {
              setFilter('all');
              start(files, office.policy?.files ?? []);
            }}
          />
        </section>
      )}
      {error !== undefined && (
        <ProblemAlert title={error.code === TOO_MANY ? bulkTexts.tooMany : bulkTexts.policyFailed} error={error} />
      )}
      {state.phase !== 'empty' && (
        <>
          <Progress state={state} isBusy={isBusy} run={run} onClear={clear} />
          <section className="card" aria-labelledby="bulk-results-title">
            <h2 id="bulk-results-title">{t(bulkTexts.results)}</h2>
            <FilterChoice rows={state.rows} filter={filter} onChoose={setFilter} />
            <p className="hint">{t(bulkTexts.attentionWhat)}</p>
            <Exports rows={shown} policy={office.policy?.digest ?? null} />
            <Rows key={filter} rows={shown} />
          </section>
          <Strangers paths={state.strangers} />
          {!isBusy && (
            <ReportForm
              me={me}
              policy={office.policy}
              requestId={null}
              count={shown.filter(isReport).length}
              items={() => itemsOf(shown.filter(isReport))}
              hint={t(statementTexts.ofShown)}
            />
          )}
        </>
      )}
    </>
  );
}

/** What others made is inspected, and no part of a report. */
function isReport({ summary }: BulkRow): boolean {
  return summary?.type === 'tiezheng/report/v1';
}

function itemsOf(rows: readonly BulkRow[]): Promise<ReportItem[]> {
  return Promise.all(
    rows.map(async ({ path, report }) => ({
      fileName: path.slice(-500),
      report: parseReport(new Uint8Array((await report?.arrayBuffer()) ?? new ArrayBuffer())),
    })),
  );
}

const TOO_MANY = 'too-many-files';

/** The run, and what of it is shown; the reader is asked before he leaves while it goes on. */
function useBulkRun() {
  const [state, setState] = useState<BulkState>(EMPTY_BULK);
  const [error, setError] = useState<CodedError | undefined>();
  const run = useRef<BulkRun | undefined>(undefined);
  useEffect(() => () => run.current?.stop(), []);
  const isBusy = state.phase === 'sorting' || state.phase === 'verifying';
  useEffect(() => {
    if (!isBusy) return;
    const ask = (event: BeforeUnloadEvent) => event.preventDefault();
    addEventListener('beforeunload', ask);
    return () => removeEventListener('beforeunload', ask);
  }, [isBusy]);
  const clear = () => {
    run.current?.stop();
    run.current = undefined;
    setError(undefined);
    setState(EMPTY_BULK);
  };
  const go = (started: BulkRun) => {
    setError(undefined);
    started.run().catch((failure: unknown) => {
      started.stop();
      if (run.current === started) setError(codedError(failure));
    });
  };
  const start = (files: readonly File[], policy: readonly File[]) => {
    if (files.length > MAX_BULK_FILES) {
      setError(new CodedError(TOO_MANY, `${files.length} files, at most ${MAX_BULK_FILES} at once`));
      return;
    }
    const started: BulkRun = new BulkRun(files, policy, (next) => {
      // What a run that was cleared still tells is of no use.
      if (run.current === started) setState(next);
    });
    run.current = started;
    go(started);
  };
  const control = {
    pause: () => run.current?.pause(),
    continue: () => run.current?.continue(),
    stop: () => run.current?.stop(),
    rest: () => run.current !== undefined && go(run.current),
  };
  return { state, error, start, run: control, clear };
}

const PHASE_TEXTS: Record<Exclude<BulkState['phase'], 'empty'>, Text> = {
  sorting: bulkTexts.sorting,
  verifying: bulkTexts.verifying,
  paused: bulkTexts.paused,
  stopped: bulkTexts.stopped,
  done: bulkTexts.done,
};

interface ProgressProps {
  state: BulkState;
  isBusy: boolean;
  run: ReturnType<typeof useBulkRun>['run'];
  onClear: () => void;
}

function Progress({ state, isBusy, run, onClear }: ProgressProps) {
  const t = useText();
  const { phase, rows, sorted, current, readBytes } = state;
  const [asking, setAsking] = useState(false);
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => heading.current?.focus(), []);
  if (phase === 'empty') return null;
  const ended = rows.filter((row) => row.state === 'verified' || row.state === 'unusable').length;
  const [done, of] = phase === 'sorting' ? [sorted.done, sorted.of] : [ended, rows.length];
  return (
    <section className="card" aria-labelledby="bulk-progress-title">
      <h2 id="bulk-progress-title" ref={heading} tabIndex={-1}>
        {t(bulkTexts.progress)}
      </h2>
      <p role="status">
        <strong>{t(PHASE_TEXTS[phase])}</strong>
        {phase === 'done' && ` · ${done} ${t(bulkTexts.of)} ${of}`}
      </p>
      <progress aria-labelledby="bulk-progress-title" max={of} value={done} className="bulk-progress">
        {percent(done, of)} %
      </progress>
      <p className="hint wrap-anywhere">
        {done} {t(bulkTexts.of)} {of}
        {current !== null && (
          <>
            {' · '}
            <bdi>{current}</bdi>
            {readBytes > 0 && ` · ${t(bulkTexts.read)} ${sizeText(readBytes)}`}
          </>
        )}
      </p>
      <div className="buttons">
        {phase === 'verifying' && <Button onClick={run.pause}>{t(bulkTexts.pause)}</Button>}
        {phase === 'paused' && (
          <Button type="primary" onClick={run.continue}>
            {t(bulkTexts.continue)}
          </Button>
        )}
        {isBusy && <Button onClick={run.stop}>{t(bulkTexts.stop)}</Button>}
        {phase === 'stopped' && (
          <Button type="primary" onClick={run.rest}>
            {t(bulkTexts.rest)}
          </Button>
        )}
        {!isBusy && !asking && <Button onClick={() => setAsking(true)}>{t(bulkTexts.clear)}</Button>}
      </div>
      {!isBusy && asking && (
        <Asked text={bulkTexts.clearAsk} yes={bulkTexts.clear} onYes={onClear} onNo={() => setAsking(false)} />
      )}
    </section>
  );
}

interface AskedProps {
  text: Text;
  yes: Text;
  onYes: () => void;
  onNo: () => void;
}

/** Says what cannot be undone, and asks once. */
export function Asked({ text, yes, onYes, onNo }: AskedProps) {
  const t = useText();
  const question = useRef<HTMLParagraphElement>(null);
  useEffect(() => question.current?.focus(), []);
  return (
    <fieldset className="asked" aria-label={t(yes)}>
      <p ref={question} tabIndex={-1}>
        {t(text)}
      </p>
      <div className="buttons">
        <Button danger onClick={onYes}>
          {t(yes)}
        </Button>
        <Button onClick={onNo}>{t(deskTexts.cancel)}</Button>
      </div>
    </fieldset>
  );
}

interface FilterChoiceProps {
  rows: readonly BulkRow[];
  filter: Filter;
  onChoose: (filter: Filter) => void;
}

function FilterChoice({ rows, filter, onChoose }: FilterChoiceProps) {
  const t = useText();
  return (
    <fieldset className="choices">
      <legend>{t(bulkTexts.filter)}</legend>
      {(Object.keys(FILTERS) as Filter[]).map((each) => (
        <label key={each}>
          <input type="radio" name="bulk-filter" checked={filter === each} onChange={() => onChoose(each)} />{' '}
          {t(FILTERS[each].text)} ({rows.filter(FILTERS[each].takes).length})
        </label>
      ))}
    </fieldset>
  );
}

function Exports({ rows, policy }: { rows: readonly BulkRow[]; policy: string | null }) {
  const t = useText();
  const language = useLanguage();
  const day = () => beijingTime(new Date().toISOString()).slice(0, 10);
  return (
    <div className="buttons">
      <Button
        disabled={rows.length === 0}
        onClick={() => saveBlob(bulkCsv(rows, language), `verification-${day()}.csv`)}
      >
        {t(bulkTexts.exportCsv)}
      </Button>
      <Button
        disabled={rows.length === 0}
        onClick={() =>
          saveBlob(bulkJson(rows, { policy, madeAt: new Date().toISOString() }), `verification-${day()}.json`)
        }
      >
        {t(bulkTexts.exportJson)}
      </Button>
    </div>
  );
}

function Rows({ rows }: { rows: readonly BulkRow[] }) {
  const t = useText();
  const [page, setPage] = useState(0);
  const [openId, setOpenId] = useState<number | undefined>();
  const pages = Math.max(1, Math.ceil(rows.length / ROWS_PER_PAGE));
  const at = Math.min(page, pages - 1);
  const open = rows.find(({ id }) => id === openId);
  const close = () => {
    setOpenId(undefined);
    document.getElementById(`bulk-open-${openId}`)?.focus();
  };
  if (rows.length === 0) return <p>{t(bulkTexts.nothing)}</p>;
  return (
    <>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls sideways is reached by keyboard */}
      <section className="bulk-scroll" tabIndex={0} aria-label={t(bulkTexts.results)}>
        <table className="bulk-table">
          <thead>
            <tr>
              <th scope="col">{t(bulkTexts.file)}</th>
              <th scope="col">{t(bulkTexts.notAfter)}</th>
              {COLUMNS.map((question) => (
                <th key={question} scope="col">
                  {t(columnTexts[question])}
                </th>
              ))}
              <th scope="col">
                <span className="visually-hidden">{t(bulkTexts.details)}</span>
              </th>
            </tr>
          </thead>
          <tbody>
            {rows.slice(at * ROWS_PER_PAGE, (at + 1) * ROWS_PER_PAGE).map((row) => (
              <ResultRow key={row.id} row={row} isOpen={row.id === openId} onOpen={setOpenId} />
            ))}
          </tbody>
        </table>
      </section>
      {pages > 1 && (
        <div className="buttons">
          <Button disabled={at === 0} onClick={() => setPage(at - 1)}>
            {t(bulkTexts.earlier)}
          </Button>
          <span>
            {t(bulkTexts.page)} {at + 1} / {pages}
          </span>
          <Button disabled={at === pages - 1} onClick={() => setPage(at + 1)}>
            {t(bulkTexts.later)}
          </Button>
        </div>
      )}
      {open !== undefined && <Details key={open.id} row={open} onClose={close} />}
    </>
  );
}

interface ResultRowProps {
  row: BulkRow;
  isOpen: boolean;
  onOpen: (id: number) => void;
}

function ResultRow({ row, isOpen, onOpen }: ResultRowProps) {
  const t = useText();
  const { id, path, kind, state, summary, error } = row;
  return (
    <tr data-state={state} data-file={path}>
      <th scope="row">
        <bdi className="wrap-anywhere">{path}</bdi>
        <div className="hint">{t(subjectText(kind))}</div>
        {summary?.certificateNo != null && (
          <div>
            <span className="hint">{t(bulkTexts.certificateNo)}</span> {summary.certificateNo}
          </div>
        )}
        {summary?.depositor != null && (
          <div className="wrap-anywhere">
            <span className="hint">{t(bulkTexts.depositor)}</span> <bdi>{summary.depositor}</bdi>
          </div>
        )}
      </th>
      {summary === null ? (
        <td colSpan={COLUMNS.length + 1}>
          <strong>{t(rowStateTexts[state])}</strong>
          {error !== null && <div>{t(errorText(error.code) ?? texts.errorUnexpected)}</div>}
          {error !== null && (
            <div className="wrap-anywhere hint">
              <code>{error.code}</code> <span lang="en">{error.message}</span>
            </div>
          )}
        </td>
      ) : (
        <Answers summary={summary} />
      )}
      <td>
        {summary !== null && (
          <Button
            id={`bulk-open-${id}`}
            size="small"
            aria-expanded={isOpen}
            aria-label={`${t(bulkTexts.details)} ${path}`}
            onClick={() => onOpen(id)}
          >
            {t(bulkTexts.details)}
          </Button>
        )}
      </td>
    </tr>
  );
}

function Answers({ summary }: { summary: BulkSummary }) {
  const t = useText();
  const { notAfter, standings, conclusion, failed, failedCount, counts } = summary;
  return (
    <>
      <td data-label={t(bulkTexts.notAfter)}>
        {notAfter === null ? t(bulkTexts.noTime) : beijingTime(notAfter.at)}
        {notAfter?.independent === false && <div className="hint">{t(bulkTexts.notIndependent)}</div>}
      </td>
      {standings === null ? (
        <td colSpan={COLUMNS.length}>
          {t(wordingOfConclusion(conclusion))}
          <div className="hint">
            {(['failed', 'pending', 'not-checked', 'passed'] as const)
              .map((status) => `${t(wordingOfStatus(status))} ${counts[status]}`)
              .join(' · ')}
          </div>
          <Failed failed={failed} failedCount={failedCount} />
        </td>
      ) : (
        COLUMNS.map((question) => (
          <td key={question} data-label={t(columnTexts[question])} data-question={question}>
            <StandingMark standing={standings[question]} />
            {question === 'whole' && <Failed failed={failed} failedCount={failedCount} />}
          </td>
        ))
      )}
    </>
  );
}

function Failed({ failed, failedCount }: Pick<BulkSummary, 'failed' | 'failedCount'>) {
  const t = useText();
  if (failedCount === 0) return null;
  return (
    <ul className="failed-list">
      {failed.map((check) => (
        <li key={`${check.name} ${check.about}`} data-failed={check.name}>
          <StatusMark status="failed" /> {t(wordingOfCheck(check.name))}: {t(wordingOfCause(check) as Text)}
        </li>
      ))}
      {failedCount > failed.length && (
        <li>
          {t(bulkTexts.more)} {failedCount - failed.length}
        </li>
      )}
    </ul>
  );
}

/** The report of one row, read again from its bytes. */
function Details({ row, onClose }: { row: BulkRow; onClose: () => void }) {
  const t = useText();
  const [verdict, setVerdict] = useState<Verdict | undefined>();
  const heading = useRef<HTMLHeadingElement>(null);
  const { report, summary } = row;
  useEffect(() => {
    let gone = false;
    report?.arrayBuffer().then((bytes) => {
      if (!gone) setVerdict(verdictOf(new Uint8Array(bytes), summary?.type));
    });
    return () => {
      gone = true;
    };
  }, [report, summary]);
  useEffect(() => {
    if (verdict !== undefined) heading.current?.focus();
  }, [verdict]);
  if (verdict === undefined) return <p role="status">{t(texts.loading)}</p>;
  const shared = { name: row.path, idPrefix: 'bulk-', toolDigest: null, headingRef: heading };
  return (
    <div className="bulk-details">
      <Button size="small" onClick={onClose}>
        {t(bulkTexts.closeDetails)}
      </Button>
      {isInspection(verdict) ? (
        <InspectionView inspection={verdict} {...shared} />
      ) : (
        <ReportView report={verdict} onConfirm={undefined} {...shared} />
      )}
    </div>
  );
}

function verdictOf(bytes: Uint8Array, type: Verdict['type'] | undefined): Verdict {
  return type === 'tiezheng/inspection/v1' ? parseInspection(bytes) : parseReport(bytes);
}

function Strangers({ paths }: { paths: readonly string[] }) {
  const t = useText();
  if (paths.length === 0) return null;
  return (
    <details className="card">
      <summary>
        {t(bulkTexts.strangers)} ({paths.length})
      </summary>
      <p>{t(bulkTexts.strangersWhat)}</p>
      <ul className="file-list wrap-anywhere">
        {paths.map((path, i) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: the list never changes, and a name may occur twice
          <li key={i}>
            <bdi>{path}</bdi>
          </li>
        ))}
      </ul>
    </details>
  );
}
