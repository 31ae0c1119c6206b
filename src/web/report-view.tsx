import { Button } from 'antd';
import { type Ref, useEffect } from 'react';
import { encodeJson, type JsonValue } from '../format/json.ts';
import type { Check, Report } from '../format/report.ts';
import {
  EVALUATION_NOTICE,
  PANELS,
  wordingOfCause,
  wordingOfCheck,
  wordingOfConclusion,
  wordingOfStatus,
} from '../verify/wording.ts';
import { DigestText } from './digest-text.tsx';
import { useText } from './language.tsx';
import { beijingTime } from './measures.ts';
import { saveBlob } from './save-blob.ts';
import { StatusMark } from './status-mark.tsx';
import { statementTexts, subjectTexts, type Text, texts, valueTexts } from './texts.ts';
import { TimeBracket } from './time-bracket.tsx';

interface ReportViewProps {
  report: Report;
  /** SHA-256 of verify.html as the page computes it, or null in the site's own page. */
  toolDigest: string | null;
  /** The reader says that he saw this block, `eip155:1/0x…`, at a node of his own choice. */
  onConfirm: (block: string) => void;
  /** Takes the focus when the report appears. */
  headingRef: Ref<HTMLHeadingElement>;
}

/** A list of answers in two panels. There is no single mark for the whole, by design. */
export function ReportView({ report, toolDigest, onConfirm, headingRef }: ReportViewProps) {
  const t = useText();
  usePrintedDetails();
  return (
    <article className="report" aria-labelledby="report-title">
      {report.evaluation && (
        <p className="evaluation-banner">
          <span>{t(EVALUATION_NOTICE)}</span>
        </p>
      )}
      <h2 id="report-title" ref={headingRef} tabIndex={-1}>
        {t(texts.reportTitle)}
      </h2>
      <Conclusion report={report} />
      <BlocksToConfirm checks={report.since} onConfirm={onConfirm} />
      <Facts report={report} toolDigest={toolDigest} />
      <TimeBracket times={report.times} />
      <Panel id="panel-since" title={PANELS.since} lead={texts.panelSinceLead} checks={report.since} />
      <Panel id="panel-before" title={PANELS.before} lead={texts.panelBeforeLead} checks={report.before} />
      <Statements statements={report.statements} />
      <section aria-labelledby="limits-title">
        <h3 id="limits-title">{t(texts.limitsTitle)}</h3>
        <ul>
          {report.limits.map((limit) => (
            <li key={limit.en}>{t(limit)}</li>
          ))}
        </ul>
      </section>
      <div className="buttons no-print">
        <Button onClick={() => print()}>{t(texts.print)}</Button>
        <Button onClick={() => save(report)}>{t(texts.downloadReport)}</Button>
      </div>
    </article>
  );
}

function Conclusion({ report }: { report: Report }) {
  const t = useText();
  return (
    <section className={`conclusion conclusion-${report.conclusion}`} aria-labelledby="conclusion-title">
      <h3 id="conclusion-title">{t(texts.reportConclusion)}</h3>
      <p>{t(wordingOfConclusion(report.conclusion))}</p>
      {report.unmet.length > 0 && (
        <>
          <p>{t(texts.reportUnmet)}</p>
          <ul className="wrap-anywhere">
            {report.unmet.map((name) => (
              <li key={name}>
                <UnmetName name={name} />
              </li>
            ))}
          </ul>
        </>
      )}
    </section>
  );
}

/** `log.origin (publication 1)` → the question in words and what it is about. */
function UnmetName({ name }: { name: string }) {
  const t = useText();
  const parts = /^(\S+) \((.*)\)$/.exec(name);
  if (parts === null) return t(wordingOfCheck(name));
  return (
    <>
      {t(wordingOfCheck(parts[1] as string))} (<About about={parts[2] as string} />)
    </>
  );
}

/** Blocks that the evidence rests on and nobody whom the reader trusts has confirmed. */
function BlocksToConfirm({ checks, onConfirm }: { checks: readonly Check[]; onConfirm: (block: string) => void }) {
  const t = useText();
  const blocks = unconfirmedBlocks(checks);
  if (blocks.length === 0) return null;
  return (
    <section className="confirm-blocks" aria-labelledby="confirm-title">
      <h3 id="confirm-title">{t(texts.confirmBlocksTitle)}</h3>
      <p>{t(texts.confirmBlocksLead)}</p>
      <ul>
        {blocks.map(({ chain, number, hash }) => (
          <li key={hash}>
            {chain} {number !== undefined && `${t(texts.blockNumber)} ${number}`}{' '}
            <code className="wrap-anywhere">{hash}</code>{' '}
            <Button
              className="no-print"
              size="small"
              aria-label={`${t(texts.confirmBlock)} ${hash}`}
              onClick={() => onConfirm(`${chain}/${hash}`)}
            >
              {t(texts.confirmBlock)}
            </Button>
          </li>
        ))}
      </ul>
    </section>
  );
}

function unconfirmedBlocks(checks: readonly Check[]): { chain: string; number: string | undefined; hash: string }[] {
  // Only some of the checks about a block state its number.
  const numbers = new Map(
    checks.filter(({ facts }) => 'blockNumber' in facts).map(({ facts }) => [facts.blockHash, facts.blockNumber]),
  );
  const open = checks.filter(
    ({ name, status, facts }) =>
      (name === 'evm.canonical' || name === 'evm.notBefore') &&
      status === 'not-checked' &&
      facts.blockHash !== undefined,
  );
  const hashes = [...new Map(open.map(({ facts }) => [facts.blockHash as string, facts.chain ?? '']))];
  return hashes.map(([hash, chain]) => ({ chain, number: numbers.get(hash), hash }));
}

function Facts({ report, toolDigest }: { report: Report; toolDigest: string | null }) {
  const t = useText();
  const { subject } = report;
  return (
    <dl className="facts">
      <Row label={texts.reportSubject}>{t(subjectTexts[subject.kind])}</Row>
      {subject.certificateNo !== null && <Row label={texts.reportCertificateNo}>{subject.certificateNo}</Row>}
      <Row label={texts.depositNo}>{subject.leafIndex}</Row>
      <Row label={texts.depositId}>
        <code>{subject.depositId}</code>
      </Row>
      <Row label={texts.reportDigest}>
        <DigestText hex={subject.digest} />
      </Row>
      <Row label={texts.reportPolicy}>
        {report.policy === null ? t(texts.verifyNoPolicyChosen) : <DigestText hex={report.policy} />}
      </Row>
      <Row label={texts.reportVerifier}>
        {report.verifier.name} {report.verifier.version}
      </Row>
      <Row label={texts.reportTool}>
        {toolDigest === null ? (
          t(texts.reportToolSite)
        ) : (
          <>
            <DigestText hex={toolDigest} />
            <span className="hint"> {t(texts.reportToolHint)}</span>
          </>
        )}
      </Row>
    </dl>
  );
}

function Row({ label, children }: { label: Text; children: React.ReactNode }) {
  const t = useText();
  return (
    <div>
      <dt>{t(label)}</dt>
      <dd>{children}</dd>
    </div>
  );
}

interface PanelProps {
  id: string;
  title: Text;
  lead: Text;
  checks: readonly Check[];
}

function Panel({ id, title, lead, checks }: PanelProps) {
  const t = useText();
  return (
    <section className="panel" aria-labelledby={id}>
      <h3 id={id}>{t(title)}</h3>
      <p className="hint">{t(lead)}</p>
      <p className="counts">
        {countsOf(checks)
          .map(([status, count]) => `${t(wordingOfStatus(status))} ${count}`)
          .join(' · ')}
      </p>
      {groupsOf(checks).map(([about, group]) => (
        <div key={about ?? ''} className="check-group">
          {about !== null && (
            <h4 className="wrap-anywhere">
              <About about={about} />
            </h4>
          )}
          <ul className="checks">
            {group.map((check) => (
              <CheckRow key={`${check.name} ${check.about}`} check={check} />
            ))}
          </ul>
        </div>
      ))}
    </section>
  );
}

/** `file 1 9f86…`, `publication 2, attestation 1` in the reader's language. */
function About({ about }: { about: string }) {
  const t = useText();
  const file = /^(file \d+|presented) ([0-9a-f]{64})$/.exec(about);
  if (file === null) return t(aboutText(about));
  return (
    <>
      {t(aboutText(file[1] as string))} <DigestText hex={file[2] as string} />
    </>
  );
}

function aboutText(about: string): Text {
  const zh = about
    .replace(/^file (\d+)$/, '文件 $1')
    .replace(/^presented$/, '您提供的文件')
    .replace(/^publication (\d+)/, '公布 $1')
    .replace(/, attestation (\d+)$/, '，证明 $1');
  const en = about.replace(/^presented$/, 'file you presented');
  return { zh, en: en.charAt(0).toUpperCase() + en.slice(1) };
}

function CheckRow({ check }: { check: Check }) {
  const t = useText();
  const cause = wordingOfCause(check);
  const facts = Object.entries(check.facts);
  const question = (
    <>
      <span className="question">{t(wordingOfCheck(check.name))}</span> <code className="check-name">{check.name}</code>
    </>
  );
  return (
    <li className="check" data-check={check.name} data-status={check.status}>
      <StatusMark status={check.status} />
      <div className="check-body">
        {facts.length === 0 ? (
          question
        ) : (
          <details>
            <summary>{question}</summary>
            <dl className="values">
              {facts.map(([name, value]) => (
                <div key={name}>
                  <dt>{name}</dt>
                  <dd className="wrap-anywhere">{value}</dd>
                </div>
              ))}
            </dl>
          </details>
        )}
        {cause !== undefined && <div className="cause wrap-anywhere">{t(cause)}</div>}
      </div>
    </li>
  );
}

function Statements({ statements }: { statements: Report['statements'] }) {
  const t = useText();
  return (
    <section className="statements" aria-labelledby="statements-title">
      <h3 id="statements-title">{t(texts.statementsTitle)}</h3>
      {(['operator', 'depositor'] as const).map((by) => (
        <div key={by}>
          <h4>{t(by === 'operator' ? texts.statementsOperator : texts.statementsDepositor)}</h4>
          <StatementList statements={statements.filter((statement) => statement.by === by)} />
        </div>
      ))}
    </section>
  );
}

function StatementList({ statements }: { statements: Report['statements'] }) {
  const t = useText();
  if (statements.length === 0) return <p>{t(texts.none)}</p>;
  return (
    <dl className="facts">
      {statements.map(({ field, value }, i) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: the list never changes, and a field may occur twice
        <div key={i}>
          <dt>{t(statementTexts[field] ?? { zh: field, en: field })}</dt>
          <dd className="wrap-anywhere pre-line">{t(valueText(field, value))}</dd>
        </div>
      ))}
    </dl>
  );
}

function valueText(field: string, value: string): Text {
  const known = valueTexts[field];
  if (known !== undefined && Object.hasOwn(known, value)) return known[value] as Text;
  const shown = /^\d{4}-\d\d-\d\dT[\d:.]+Z$/.test(value) ? beijingTime(value) : value;
  return { zh: shown, en: shown };
}

function countsOf(checks: readonly Check[]): [Check['status'], number][] {
  return (['failed', 'pending', 'not-checked', 'passed'] as const).map((status) => [
    status,
    checks.filter((check) => check.status === status).length,
  ]);
}

/** Checks about the same thing together, in the order in which each thing first occurs. */
function groupsOf(checks: readonly Check[]): [string | null, Check[]][] {
  const groups = new Map<string | null, Check[]>();
  for (const check of checks) groups.set(check.about, [...(groups.get(check.about) ?? []), check]);
  return [...groups];
}

/** Closed details would be missing on paper. */
function usePrintedDetails(): void {
  useEffect(() => {
    let opened: HTMLDetailsElement[] = [];
    const before = () => {
      opened = [...document.querySelectorAll<HTMLDetailsElement>('.report details:not([open])')];
      for (const details of opened) details.open = true;
    };
    const after = () => {
      for (const details of opened) details.open = false;
    };
    addEventListener('beforeprint', before);
    addEventListener('afterprint', after);
    return () => {
      removeEventListener('beforeprint', before);
      removeEventListener('afterprint', after);
    };
  }, []);
}

/** The same bytes as `tiezheng verify --json` writes for the same input. */
function save(report: Report): void {
  const bytes = encodeJson(report as unknown as JsonValue) as Uint8Array<ArrayBuffer>;
  const name = report.subject.certificateNo ?? report.subject.depositId;
  saveBlob(new Blob([bytes], { type: 'application/json' }), `verification-${name}.json`);
}
