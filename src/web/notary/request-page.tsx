import { type RefObject, useCallback, useEffect, useRef, useState } from 'react';
import type { CodedError } from '../../errors.ts';
import type { Report } from '../../format/report.ts';
import type { Me } from '../api-answers.ts';
import { getJson } from '../api-client.ts';
import { DigestText } from '../digest-text.tsx';
import { useText } from '../language.tsx';
import { beijingTime } from '../measures.ts';
import { PageTitle } from '../page-title.tsx';
import { ProblemAlert } from '../problem-alert.tsx';
import { Row } from '../report-parts.tsx';
import { type RequestDetail, requestDetailSchema, type Step, stepListSchema } from '../request-answers.ts';
import { Link } from '../route.tsx';
import { texts } from '../texts.ts';
import { DecisionSection } from './decision-section.tsx';
import { Deadline } from './desk-page.tsx';
import { deskTexts } from './notary-texts.ts';
import { codedError, PolicyPanel, useOfficePolicy } from './policy-panel.tsx';
import { ReportForm, type ReportItem } from './report-form.tsx';
import { RequestMark } from './request-mark.tsx';
import { RequestedDeposit } from './requested-deposit.tsx';
import { StepsSection } from './steps-section.tsx';
import './notary.css';

/** One request at the desk: what is asked, what may be seen, what the office did, and its decision. */
export function RequestPage({ requestId, me }: { requestId: string; me: Me }) {
  const t = useText();
  const office = useOfficePolicy(me.accountId);
  const { request, steps, error, reload } = useRequest(requestId);
  const [verified, setVerified] = useState<ReadonlyMap<string, Report>>(new Map());
  const state = useRef<HTMLElement>(null);
  if (request === undefined) {
    return (
      <>
        <PageTitle title={t(deskTexts.request)} />
        <BackLink />
        {error === undefined ? (
          <p role="status">{t(texts.loading)}</p>
        ) : (
          <ProblemAlert title={deskTexts.unavailable} error={error} />
        )}
      </>
    );
  }
  const isOpen = request.state === 'submitted' || request.state === 'accepted';
  // Another policy since: what was verified under the one before is no part of the statement.
  const stated: ReportItem[] = [...verified.values()]
    .filter((report) => report.policy === (office.policy?.digest ?? null))
    .map((report) => ({ fileName: fileNameOf(report), report }));
  const maySee = request.state !== 'refused' && request.state !== 'withdrawn';
  return (
    <>
      <PageTitle title={request.subject} />
      <BackLink />
      <Facts request={request} reference={state} />
      {error !== undefined && <ProblemAlert title={deskTexts.unavailable} error={error} />}
      {maySee && <PolicyPanel office={office} />}
      <section className="card" aria-labelledby="request-deposits-title">
        <h2 id="request-deposits-title">
          {t(deskTexts.depositsTitle)} ({request.depositIds.length})
        </h2>
        {!maySee && <p>{t(deskTexts.notOpen)}</p>}
        {maySee && (
          <>
            <p className="hint">{t(deskTexts.depositsWhat)}</p>
            {request.depositIds.map((depositId, i) => (
              <RequestedDeposit
                key={depositId}
                no={i + 1}
                requestId={requestId}
                depositId={depositId}
                policy={office.policy?.files ?? []}
                mayTakePackage={me.roles.includes('notary')}
                mayRecord={isOpen}
                onVerified={(report) => setVerified((before) => new Map(before).set(depositId, report))}
                onRecorded={reload}
              />
            ))}
          </>
        )}
      </section>
      {maySee && (
        <ReportForm
          me={me}
          policy={office.policy}
          requestId={requestId}
          count={stated.length}
          items={async () => stated}
          onMade={reload}
        />
      )}
      <StepsSection request={request} steps={steps} isOpen={isOpen} onAdded={reload} />
      {isOpen && (
        <DecisionSection
          request={request}
          onDecided={async () => {
            await reload();
            state.current?.focus();
          }}
        />
      )}
    </>
  );
}

function fileNameOf({ subject }: Report): string {
  return `${subject.certificateNo ?? subject.depositId}.${subject.kind === 'package' ? 'zip' : 'json'}`;
}

function BackLink() {
  const t = useText();
  return (
    <p className="no-print">
      <Link to="/desk">{t(deskTexts.back)}</Link>
    </p>
  );
}

function useRequest(requestId: string) {
  const [request, setRequest] = useState<RequestDetail | undefined>();
  const [steps, setSteps] = useState<Step[]>([]);
  const [error, setError] = useState<CodedError | undefined>();
  const reload = useCallback(async () => {
    try {
      setRequest(await getJson(`/requests/${requestId}`, requestDetailSchema));
      setSteps(await allSteps(requestId));
      setError(undefined);
    } catch (failure) {
      setError(codedError(failure));
    }
  }, [requestId]);
  useEffect(() => {
    setRequest(undefined);
    reload();
  }, [reload]);
  return { request, steps, error, reload };
}

async function allSteps(requestId: string): Promise<Step[]> {
  const all: Step[] = [];
  for (let cursor = ''; ; ) {
    const { steps, next } = await getJson(`/requests/${requestId}/steps?limit=100${cursor}`, stepListSchema);
    all.push(...steps);
    if (next === null) return all;
    cursor = `&after=${next}`;
  }
}

function Facts({ request, reference }: { request: RequestDetail; reference: RefObject<HTMLElement | null> }) {
  const t = useText();
  const { state, stateSince, account, createdAt, message, deed, reason, requestId } = request;
  return (
    <section ref={reference} tabIndex={-1} className="card" aria-label={t(deskTexts.request)}>
      <dl className="facts">
        <Row label={deskTexts.state}>
          <RequestMark state={state} />{' '}
          <span className="hint">
            {t(deskTexts.since)} {beijingTime(stateSince)}
          </span>
        </Row>
        <Row label={deskTexts.askedBy}>
          <bdi>{account.name}</bdi>
        </Row>
        <Row label={deskTexts.askedAt}>{beijingTime(createdAt)}</Row>
        <Row label={deskTexts.until}>
          <Deadline request={request} />
        </Row>
        <Row label={deskTexts.question}>
          <span className="pre-line">{message ?? t(deskTexts.noMessage)}</span>
        </Row>
        {deed !== null && (
          <>
            <Row label={deskTexts.deedNo}>{deed.deedNo}</Row>
            <Row label={deskTexts.deedDigest}>
              <DigestText hex={deed.sha256} />
            </Row>
          </>
        )}
        {reason !== null && (
          <Row label={deskTexts.reason}>
            <span className="pre-line">{reason}</span>
          </Row>
        )}
        <Row label={deskTexts.requestId}>
          <code>{requestId}</code>
        </Row>
      </dl>
    </section>
  );
}
