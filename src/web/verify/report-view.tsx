import { Button } from 'antd';
import type { Ref } from 'react';
import type { Check, Report } from '../../format/report.ts';
import { ladderOf } from '../../verify/ladder.ts';
import {
  EVALUATION_NOTICE,
  PANELS,
  wordingOfCheck,
  wordingOfConclusion,
  wordingOfWeakestLink,
} from '../../verify/wording.ts';
import { DigestText } from '../digest-text.tsx';
import { useText } from '../language.tsx';
import { beijingTime } from '../measures.ts';
import {
  About,
  Limits,
  Panel,
  Row,
  SubjectName,
  saveVerdict,
  usePrintedDetails,
  VerifierRows,
} from '../report-parts.tsx';
import { statementTexts, subjectTexts, type Text, texts, valueTexts } from '../texts.ts';
import { Ladder } from './ladder-view.tsx';
import { TimeBracket } from './time-bracket.tsx';

interface ReportViewProps {
  report: Report;
  /** Of the file, where there are several reports. */
  name: string | undefined;
  /** Before every id in this report, where there are several. */
  idPrefix: string;
  /** SHA-256 of verify.html as the page computes it, or null in the site's own page. */
  toolDigest: string | null;
  /** The reader says that he saw this block, `eip155:1/0x…`, at a node of his own choice. Undefined where that is not asked. */
  onConfirm: ((block: string) => void) | undefined;
  /** Takes the focus when the report appears. */
  headingRef: Ref<HTMLHeadingElement> | null;
}

/** A list of answers in two panels. There is no single mark for the whole, by design. */
export function ReportView({ report, name, idPrefix, toolDigest, onConfirm, headingRef }: ReportViewProps) {
  const t = useText();
  usePrintedDetails();
  const weakest = wordingOfWeakestLink(report);
  return (
    <article className="report" aria-labelledby={`${idPrefix}report-title`}>
      {report.evaluation && (
        <p className="evaluation-banner">
          <span>{t(EVALUATION_NOTICE)}</span>
        </p>
      )}
      <h2 id={`${idPrefix}report-title`} ref={headingRef} tabIndex={-1}>
        {t(texts.reportTitle)}
        {name !== undefined && <SubjectName name={name} />}
      </h2>
      <Ladder id={`${idPrefix}ladder-title`} rungs={ladderOf(report)} />
      {weakest !== undefined && <p className="wrap-anywhere">{t(weakest)}</p>}
      <Conclusion report={report} idPrefix={idPrefix} />
      <BlocksToConfirm checks={report.since} onConfirm={onConfirm} idPrefix={idPrefix} />
      <Facts report={report} toolDigest={toolDigest} />
      <TimeBracket times={report.times} />
      <Panel id={`${idPrefix}panel-since`} title={PANELS.since} lead={texts.panelSinceLead} checks={report.since} />
      <Panel id={`${idPrefix}panel-before`} title={PANELS.before} lead={texts.panelBeforeLead} checks={report.before} />
      <Statements statements={report.statements} idPrefix={idPrefix} />
      <Limits id={`${idPrefix}limits-title`} limits={report.limits} />
      <div className="buttons no-print">
        <Button onClick={() => print()}>{t(texts.print)}</Button>
        <Button onClick={() => saveVerdict(report, report.subject.certificateNo ?? report.subject.depositId)}>
          {t(texts.downloadReport)}
        </Button>
      </div>
    </article>
  );
}

function Conclusion({ report, idPrefix }: { report: Report; idPrefix: string }) {
  const t = useText();
  return (
    <section className={`conclusion conclusion-${report.conclusion}`} aria-labelledby={`${idPrefix}conclusion-title`}>
      <h3 id={`${idPrefix}conclusion-title`}>{t(texts.reportConclusion)}</h3>
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
function BlocksToConfirm({
  checks,
  onConfirm,
  idPrefix,
}: {
  checks: readonly Check[];
  onConfirm: ((block: string) => void) | undefined;
  idPrefix: string;
}) {
  const t = useText();
  const blocks = unconfirmedBlocks(checks);
  if (blocks.length === 0) return null;
  return (
    <section className="confirm-blocks" aria-labelledby={`${idPrefix}confirm-title`}>
      <h3 id={`${idPrefix}confirm-title`}>{t(texts.confirmBlocksTitle)}</h3>
      <p>{t(texts.confirmBlocksLead)}</p>
      <ul>
        {blocks.map(({ chain, number, hash }) => (
          <li key={hash}>
            {chain} {number !== undefined && `${t(texts.blockNumber)} ${number}`}{' '}
            <code className="wrap-anywhere">{hash}</code>{' '}
            {onConfirm !== undefined && (
              <Button
                className="no-print"
                size="small"
                aria-label={`${t(texts.confirmBlock)} ${hash}`}
                onClick={() => onConfirm(`${chain}/${hash}`)}
              >
                {t(texts.confirmBlock)}
              </Button>
            )}
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
      <VerifierRows verdict={report} toolDigest={toolDigest} />
    </dl>
  );
}

function Statements({ statements, idPrefix }: { statements: Report['statements']; idPrefix: string }) {
  const t = useText();
  return (
    <section className="statements" aria-labelledby={`${idPrefix}statements-title`}>
      <h3 id={`${idPrefix}statements-title`}>{t(texts.statementsTitle)}</h3>
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
