import { Button } from 'antd';
import type { Ref } from 'react';
import { type Inspection, isOurs } from '../../format/inspection.ts';
import { summaryOf, wordingOfKind, wordingOfOutcome } from '../../verify/inspect/summary.ts';
import { EVALUATION_NOTICE, wordingOfStated, wordingOfStatement } from '../../verify/wording.ts';
import { DigestText } from '../digest-text.tsx';
import { useText } from '../language.tsx';
import { beijingTime } from '../measures.ts';
import { Limits, Panel, Row, SubjectName, saveVerdict, usePrintedDetails, VerifierRows } from '../report-parts.tsx';
import { StandingMark } from '../status-mark.tsx';
import { texts } from '../texts.ts';
import { Settlements } from './ladder-view.tsx';

/** A time as our own formats write it. */
const UTC = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;

interface InspectionViewProps {
  inspection: Inspection;
  /** Of the file, where there are several reports. */
  name: string | undefined;
  /** Before every id in this report, where there are several. */
  idPrefix: string;
  /** SHA-256 of verify.html as the page computes it, or null in the site's own page. */
  toolDigest: string | null;
  /** Takes the focus when the report appears. */
  headingRef: Ref<HTMLHeadingElement> | null;
}

/** What was found out about a thing of somebody else, or a hand-over receipt: answers, times, every check. No single mark for the whole. */
export function InspectionView({ inspection, name, idPrefix, toolDigest, headingRef }: InspectionViewProps) {
  const t = useText();
  usePrintedDetails();
  const { kind, digest } = inspection.subject;
  return (
    <article className="report" aria-labelledby={`${idPrefix}report-title`}>
      {inspection.evaluation && (
        <p className="evaluation-banner">
          <span>{t(EVALUATION_NOTICE)}</span>
        </p>
      )}
      <h2 id={`${idPrefix}report-title`} ref={headingRef} tabIndex={-1}>
        {t(isOurs(kind) ? texts.handOverReportTitle : texts.inspectionTitle)}
        {name !== undefined && <SubjectName name={name} />}
      </h2>
      <SummaryBlock inspection={inspection} id={`${idPrefix}conclusion-title`} />
      <dl className="facts">
        <Row label={texts.reportSubject}>{t(wordingOfKind(kind))}</Row>
        <Row label={texts.inspectionDigest}>
          <DigestText hex={digest} />
        </Row>
        <VerifierRows verdict={inspection} toolDigest={toolDigest} />
      </dl>
      {!isOurs(kind) && <Times inspection={inspection} id={`${idPrefix}times-title`} />}
      <Panel id={`${idPrefix}panel-checks`} title={texts.inspectionChecks} checks={inspection.checks} />
      <Statements inspection={inspection} id={`${idPrefix}statements-title`} />
      <Limits id={`${idPrefix}limits-title`} limits={inspection.limits} />
      <div className="buttons no-print">
        <Button onClick={() => print()}>{t(texts.print)}</Button>
        <Button onClick={() => saveVerdict(inspection, `${kind}-${digest.slice(0, 12)}`)}>
          {t(texts.downloadReport)}
        </Button>
      </div>
    </article>
  );
}

function SummaryBlock({ inspection, id }: { inspection: Inspection; id: string }) {
  const t = useText();
  const summary = summaryOf(inspection);
  return (
    <section className={`conclusion conclusion-${inspection.conclusion}`} aria-labelledby={id}>
      <h3 id={id}>{t(texts.reportConclusion)}</h3>
      <p>{t(wordingOfOutcome(inspection))}</p>
      <ul className="checks rungs">
        {summary.groups.map(({ standing, checks }) => (
          <li key={standing} className="check" data-standing={standing}>
            <StandingMark standing={standing} />
            <ul className="check-body wrap-anywhere">
              {checks.map(({ check, words }) => (
                <li key={`${check.name} ${check.about}`}>{t(words)}</li>
              ))}
            </ul>
          </li>
        ))}
      </ul>
      <Settlements words={summary.settles.map(t)} />
    </section>
  );
}

function Times({ inspection: { times }, id }: { inspection: Inspection; id: string }) {
  const t = useText();
  return (
    <section aria-labelledby={id}>
      <h3 id={id}>{t(texts.inspectionTimes)}</h3>
      {times.length === 0 && <p>{t(texts.none)}</p>}
      {times.length > 0 && (
        <ul className="wrap-anywhere">
          {times.map(({ at, source, independent }) => (
            <li key={`${at} ${source}`}>
              {t(texts.inspectionNotAfter)} <time dateTime={at}>{beijingTime(at)}</time> · {source} ·{' '}
              {t(independent ? texts.inspectionIndependent : texts.inspectionNotIndependent)}
            </li>
          ))}
        </ul>
      )}
    </section>
  );
}

function Statements({ inspection: { statements }, id }: { inspection: Inspection; id: string }) {
  const t = useText();
  return (
    <section className="statements" aria-labelledby={id}>
      <h3 id={id}>{t(texts.inspectionStatements)}</h3>
      {statements.length === 0 && <p>{t(texts.none)}</p>}
      {statements.length > 0 && (
        <dl className="facts">
          {statements.map((statement, i) => {
            const { by, field, value } = statement;
            const label = wordingOfStatement(statement);
            const words = wordingOfStated(statement);
            return (
              // biome-ignore lint/suspicious/noArrayIndexKey: the list never changes, and a field may occur twice
              <div key={i}>
                <dt className="wrap-anywhere">{label === undefined ? `${by}: ${field}` : t(label)}</dt>
                <dd className="wrap-anywhere pre-line">
                  {words !== undefined ? t(words) : UTC.test(value) ? beijingTime(value) : <bdi>{value}</bdi>}
                </dd>
              </div>
            );
          })}
        </dl>
      )}
    </section>
  );
}
