import { Button } from 'antd';
import type { Ref } from 'react';
import type { Check, Report } from '../../format/report.ts';
import { ladderOf, type Question } from '../../verify/ladder.ts';
import {
  EVALUATION_NOTICE,
  PANELS,
  wordingOfCause,
  wordingOfCheck,
  wordingOfConclusion,
} from '../../verify/wording.ts';
import { DigestText } from '../digest-text.tsx';
import { useText } from '../language.tsx';
import { beijingTime, sizeText } from '../measures.ts';
import { CheckList, countsText, Row, SubjectName } from '../report-parts.tsx';
import { StandingMark, StatusMark } from '../status-mark.tsx';
import { type Text, texts, valueTexts } from '../texts.ts';
import type { NamedFile } from './named-files.ts';
import { readerTexts } from './reader-texts.ts';

interface ReaderSheetProps {
  report: Report;
  files: readonly NamedFile[];
  name: string | undefined;
  idPrefix: string;
  toolDigest: string | null;
  headingRef: Ref<HTMLHeadingElement> | null;
}

/** On two sheets of paper, whatever the report holds. */
const SHOWN_FILES = 4;
const SHOWN_CHECKS = 6;

/** The report on one page: which file, whose, since when, unchanged, what is not proved. Two panels that are never merged. */
export function ReaderSheet({ report, files, name, idPrefix, toolDigest, headingRef }: ReaderSheetProps) {
  const t = useText();
  const rungs = ladderOf(report);
  const rung = (question: Question) => rungs.find((each) => each.question === question);
  return (
    <article className="report sheet" aria-labelledby={`${idPrefix}sheet-title`}>
      {report.evaluation && (
        <p className="evaluation-banner">
          <span>{t(EVALUATION_NOTICE)}</span>
        </p>
      )}
      <h2 id={`${idPrefix}sheet-title`} ref={headingRef} tabIndex={-1}>
        {t(readerTexts.sheetTitle)}
        {name !== undefined && <SubjectName name={name} />}
      </h2>
      <p>
        <strong>{t(wordingOfConclusion(report.conclusion))}</strong>
      </p>
      <Files report={report} files={files} id={`${idPrefix}sheet-files`} />
      <Whose report={report} id={`${idPrefix}sheet-whose`} />
      <section aria-labelledby={`${idPrefix}sheet-since`}>
        <h3 id={`${idPrefix}sheet-since`}>{t(readerTexts.sinceWhen)}</h3>
        <Answer rung={rung('since-when')} />
        <Times report={report} />
      </section>
      <section aria-labelledby={`${idPrefix}sheet-unchanged`}>
        <h3 id={`${idPrefix}sheet-unchanged`}>{t(readerTexts.unchanged)}</h3>
        <Answer rung={rung('unchanged')} />
        <Answer rung={rung('in-the-log')} />
        <Answer rung={rung('issuer')} />
      </section>
      <section aria-labelledby={`${idPrefix}sheet-limits`}>
        <h3 id={`${idPrefix}sheet-limits`}>{t(readerTexts.notProvedTitle)}</h3>
        <ul>
          {report.limits.map((limit) => (
            <li key={limit.en}>{t(limit)}</li>
          ))}
        </ul>
        <Answer rung={rung('word-only')} />
      </section>
      <div className="sheet-panels">
        <SheetPanel id={`${idPrefix}sheet-panel-since`} title={PANELS.since} checks={report.since} />
        <SheetPanel id={`${idPrefix}sheet-panel-before`} title={PANELS.before} checks={report.before} />
      </div>
      <Origin report={report} toolDigest={toolDigest} />
      <div className="buttons no-print">
        <Button onClick={() => print()}>{t(readerTexts.print)}</Button>
      </div>
    </article>
  );
}

function Answer({ rung }: { rung: ReturnType<typeof ladderOf>[number] | undefined }) {
  const t = useText();
  if (rung === undefined) return null;
  return (
    <div className="check rungs-line" data-question={rung.question} data-standing={rung.standing}>
      <StandingMark standing={rung.standing} />
      <span className="check-body wrap-anywhere">{inBeijingTime(t(rung.says))}</span>
    </div>
  );
}

/** One kind of time on one page. */
function inBeijingTime(text: string): string {
  return text.replace(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, (utc) => beijingTime(utc));
}

function Files({ report, files, id }: { report: Report; files: readonly NamedFile[]; id: string }) {
  const t = useText();
  const shown = files.slice(0, SHOWN_FILES);
  return (
    <section aria-labelledby={id}>
      <h3 id={id}>{t(readerTexts.whichFile)}</h3>
      <ol className="sheet-files">
        {shown.map((file) => (
          <li key={file.index}>
            <strong className="wrap-anywhere file-name">
              <bdi>{file.name ?? t(readerTexts.unnamed)}</bdi>
            </strong>{' '}
            <span className="hint">
              {sizeText(file.sizeBytes)}
              {file.isDeclared && ` · ${t(readerTexts.digestOnly)}`} · {t(presentedText(report, file))}
            </span>
            <div className="hint">
              SHA-256 <DigestText hex={file.sha256} />
            </div>
          </li>
        ))}
      </ol>
      {files.length > shown.length && (
        <p className="hint">
          {t(readerTexts.moreFiles)} {files.length - shown.length}
        </p>
      )}
    </section>
  );
}

function presentedText(report: Report, { index, sha256 }: NamedFile): Text {
  const about = `file ${index + 1} ${sha256}`;
  const check = report.since.find((c) => c.name === 'file.sha256' && c.about === about);
  if (check === undefined) return readerTexts.notPresented;
  return check.status === 'passed' ? readerTexts.presentedSame : readerTexts.presentedOther;
}

/** Four persons, always on lines of their own. */
function Whose({ report, id }: { report: Report; id: string }) {
  const t = useText();
  const said = (field: string) => report.statements.find((s) => s.field === field)?.value;
  const method = said('depositor.identityCheck');
  const words = method === undefined ? undefined : valueTexts['depositor.identityCheck']?.[method];
  const operator = [said('platform.name'), said('platform.operator')].filter((part) => part !== undefined).join(' · ');
  return (
    <section aria-labelledby={id}>
      <h3 id={id}>{t(readerTexts.whose)}</h3>
      <dl className="facts">
        <Row label={texts.personHolder}>{said('statement.rightHolder') ?? t(texts.notProvided)}</Row>
        <Row label={texts.personDepositor}>
          {said('depositor.name') ?? t(texts.notProvided)}{' '}
          <span className="hint">
            {t(texts.identityCheck)}: {words === undefined ? (method ?? t(texts.notProvided)) : t(words)}
          </span>
        </Row>
        <Row label={texts.personCapturer}>{said('statement.captureOperator') ?? t(texts.notProvided)}</Row>
        <Row label={texts.personOperator}>{operator === '' ? t(texts.notProvided) : operator}</Row>
      </dl>
    </section>
  );
}

/** Three times, always on lines of their own. */
function Times({ report }: { report: Report }) {
  const t = useText();
  const said = (field: string) => report.statements.find((s) => s.field === field)?.value;
  const { received, notAfter } = report.times;
  const interval = [said('statement.capturedFrom'), said('statement.capturedUntil')];
  return (
    <dl className="facts">
      <Row label={texts.timeCapture}>
        {interval.every((time) => time === undefined)
          ? t(texts.notProvided)
          : interval.map((time) => (time === undefined ? t(texts.notProvided) : beijingTime(time))).join(' – ')}
      </Row>
      <Row label={texts.timeReceived}>{beijingTime(received)}</Row>
      <Row label={readerTexts.proved}>
        {notAfter === null ? (
          t(texts.timeUnknown)
        ) : (
          <>
            {beijingTime(notAfter.at)}{' '}
            <span className="hint wrap-anywhere">
              {notAfter.source} · {t(notAfter.independent ? texts.timeIndependent : texts.timeNotIndependent)}
            </span>
          </>
        )}
      </Row>
    </dl>
  );
}

function SheetPanel({ id, title, checks }: { id: string; title: Text; checks: readonly Check[] }) {
  const t = useText();
  const order: readonly Check['status'][] = ['failed', 'pending', 'not-checked'];
  const open = order.flatMap((status) => checks.filter((check) => check.status === status));
  // One question may be open about many files; its words stand once.
  const names = [...new Map(open.map((check) => [`${check.status} ${check.name}`, check])).values()];
  return (
    <section className="panel" aria-labelledby={id}>
      <h3 id={id}>{t(title)}</h3>
      <p className="counts">{countsText(checks, t)}</p>
      {names.length === 0 && <p>{t(readerTexts.nothingOpen)}</p>}
      <ul className="checks">
        {names.slice(0, SHOWN_CHECKS).map((check) => {
          const cause = wordingOfCause(check);
          return (
            <li key={`${check.status} ${check.name}`} className="check">
              <StatusMark status={check.status} />
              <span className="check-body">
                {t(wordingOfCheck(check.name))}
                {cause !== undefined && <span className="hint wrap-anywhere"> · {t(cause)}</span>}
              </span>
            </li>
          );
        })}
      </ul>
      {names.length > SHOWN_CHECKS && (
        <p className="hint">
          {t(readerTexts.moreChecks)} {names.length - SHOWN_CHECKS}
        </p>
      )}
      <details className="no-print">
        <summary>
          {t(readerTexts.everyCheck)} ({checks.length})
        </summary>
        <CheckList checks={checks} />
      </details>
    </section>
  );
}

function Origin({ report, toolDigest }: { report: Report; toolDigest: string | null }) {
  const t = useText();
  const { subject, policy, verifier } = report;
  const numbers = [
    subject.certificateNo,
    `${t(texts.depositNo)} ${subject.leafIndex}`,
    `${verifier.name} ${verifier.version}`,
  ];
  return (
    <dl className="facts sheet-origin">
      <Row label={readerTexts.documents}>{numbers.filter((part) => part !== null).join(' · ')}</Row>
      <Row label={texts.reportDigest}>
        <DigestText hex={subject.digest} />
      </Row>
      <Row label={texts.reportPolicy}>
        {policy === null ? t(texts.verifyNoPolicyChosen) : <DigestText hex={policy} />}
      </Row>
      <Row label={texts.reportTool}>
        {toolDigest === null ? t(texts.reportToolSite) : <DigestText hex={toolDigest} />}
      </Row>
    </dl>
  );
}
