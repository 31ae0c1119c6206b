import { type DepositSummary, listSchema } from '../api-answers.ts';
import { standingOf } from '../deposit/standing.ts';
import { DownloadLink } from '../download-link.tsx';
import { useText } from '../language.tsx';
import { useHistory } from '../log/use-history.ts';
import { beijingTime, percent } from '../measures.ts';
import { requestListSchema } from '../request-answers.ts';
import { Link } from '../route.tsx';
import { StepMark } from '../status-mark.tsx';
import { texts } from '../texts.ts';
import { handOversSchema, mattersSchema, openUploadsSchema } from './home-answers.ts';
import { HomePart, Named, useAsked } from './home-part.tsx';
import { homeTexts, requestStateTexts } from './home-texts.ts';

const SHOWN = 5;
const AGAIN_MS = 10_000;
/** Deadlines are told so long before. */
const SOON_MS = 30 * 24 * 3600_000;
/** What an office said is news so long. */
const NEWS_MS = 30 * 24 * 3600_000;

const MARKS = { proved: 'passed', 'on-its-way': 'pending', 'held-up': 'failed' } as const;

/** What somebody who hands in waits for, and what waits for him. */
export function HolderParts() {
  const t = useText();
  const deposits = useAsked('/deposits?limit=50', listSchema, AGAIN_MS);
  const isNew = deposits.state === 'ready' && deposits.answer.deposits.length === 0;
  return (
    <>
      {isNew && (
        <section className="card" aria-labelledby="first-title">
          <h2 id="first-title">{t(homeTexts.firstTitle)}</h2>
          <p>{t(homeTexts.firstLead)}</p>
        </section>
      )}
      <Uploads titles={titlesOf(deposits.state === 'ready' ? deposits.answer.deposits : [])} />
      {!isNew && (
        <>
          <HomePart title={homeTexts.onTheWayTitle} asked={deposits}>
            {(answer) => <OnTheWay deposits={answer.deposits.filter(({ certificate }) => certificate === null)} />}
          </HomePart>
          <HomePart title={homeTexts.certificatesTitle} asked={deposits}>
            {(answer) => <Certificates deposits={answer.deposits.filter(({ certificate }) => certificate !== null)} />}
          </HomePart>
        </>
      )}
    </>
  );
}

function titlesOf(deposits: readonly DepositSummary[]): ReadonlyMap<string, string | null> {
  return new Map(deposits.map(({ depositId, title }) => [depositId, title]));
}

function OnTheWay({ deposits }: { deposits: readonly DepositSummary[] }) {
  const t = useText();
  const { history } = useHistory();
  const seconds = history?.chains.flatMap(({ receiptToAnchor }) => receiptToAnchor.ninetiethSeconds ?? []) ?? [];
  const pace = { receiptToAnchorSeconds: seconds.length === 0 ? null : Math.max(...seconds) };
  if (deposits.length === 0) return <p>{t(homeTexts.onTheWayNone)}</p>;
  return (
    <>
      <ul className="next-list">
        {deposits.slice(0, SHOWN).map((deposit) => {
          const standing = standingOf({ ...deposit, declaredFiles: 0 }, pace, Date.now());
          return (
            <li key={deposit.depositId} data-level={standing.level}>
              <span className="health-mark">
                <StepMark status={MARKS[standing.level]} />
                <Link to={`/deposits/${deposit.depositId}`}>
                  <Named title={deposit.title} />
                </Link>
              </span>
              <p>
                <span className="hint">{t(homeTexts.safeNow)}</span> {t(standing.safe)}
              </p>
              <p>
                <span className="hint">{t(homeTexts.finalAt)}</span> {t(standing.finalAt)}
              </p>
              {standing.heldUp.map(({ code, reason, remedy }) => (
                <p key={code}>
                  <span className="hint">{t(homeTexts.heldUp)}</span> {t(reason)} <span className="hint">({code})</span>{' '}
                  {t(remedy)}
                </p>
              ))}
            </li>
          );
        })}
      </ul>
      {deposits.length > SHOWN && <Link to="/deposits">{t(homeTexts.all)}</Link>}
    </>
  );
}

function Certificates({ deposits }: { deposits: readonly DepositSummary[] }) {
  const t = useText();
  if (deposits.length === 0) return <p>{t(homeTexts.certificatesNone)}</p>;
  return (
    <>
      <ul className="next-list">
        {deposits.slice(0, SHOWN).map(({ depositId, title, certificate }) => (
          <li key={depositId}>
            <Link to={`/deposits/${depositId}`}>
              <Named title={title} />
            </Link>{' '}
            <span className="hint">
              {certificate?.certificateNo} · {t(homeTexts.issuedAt)} {beijingTime(certificate?.issuedAt ?? '')}
            </span>{' '}
            <DownloadLink
              path={`/deposits/${depositId}/certificate.pdf`}
              fileName={`${certificate?.certificateNo}.pdf`}
              label={texts.downloadCertificatePdf}
              about={title ?? depositId}
            />
          </li>
        ))}
      </ul>
      {deposits.length > SHOWN && <Link to="/deposits">{t(homeTexts.all)}</Link>}
    </>
  );
}

function Uploads({ titles }: { titles: ReadonlyMap<string, string | null> }) {
  const t = useText();
  const asked = useAsked('/uploads', openUploadsSchema);
  return (
    <HomePart title={homeTexts.uploadsTitle} asked={asked}>
      {({ uploads }) => {
        if (uploads.length === 0) return null;
        const deposits = Map.groupBy(uploads, ({ depositId }) => depositId);
        return (
          <>
            <p>{t(homeTexts.uploadsLead)}</p>
            <ul className="next-list">
              {[...deposits].slice(0, SHOWN).map(([depositId, files]) => {
                const sum = (of: (file: (typeof files)[number]) => number) =>
                  files.reduce((total, file) => total + of(file), 0);
                const arrived = percent(
                  sum(({ offset }) => offset),
                  sum(({ sizeBytes }) => sizeBytes),
                );
                const first = files.map(({ expiresAt }) => expiresAt).sort()[0] ?? '';
                return (
                  <li key={depositId}>
                    <Link to={`/deposits/${depositId}`}>
                      <Named title={titles.get(depositId) ?? null} />
                    </Link>{' '}
                    <span className="hint">
                      {t(homeTexts.uploadFiles)} {files.length} · {t(homeTexts.uploadArrived)} {arrived} % ·{' '}
                      {t(homeTexts.uploadUntil)} {beijingTime(first)}
                    </span>
                  </li>
                );
              })}
            </ul>
            <Link to="/hand-in">{t(homeTexts.uploadContinue)}</Link>
          </>
        );
      }}
    </HomePart>
  );
}

/** Open ones, of either side. @param side as the account is to them */
export function HandOvers({ side }: { side: 'given' | 'received' }) {
  const t = useText();
  const asked = useAsked(`/hand-overs?side=${side}&limit=50`, handOversSchema);
  return (
    <HomePart title={side === 'given' ? homeTexts.handOversGivenTitle : homeTexts.handOversTitle} asked={asked}>
      {({ handOvers }) => {
        const open = handOvers.filter(({ state }) => state === 'open');
        if (open.length === 0) return null;
        return (
          <ul className="next-list">
            {open.slice(0, SHOWN).map(({ handOverId, depositId, statement }) => (
              <li key={handOverId}>
                {side === 'given' ? (
                  <Link to={`/deposits/${depositId}`}>
                    {t(homeTexts.handOverByMe)} <bdi>{statement.receiver.name}</bdi>
                  </Link>
                ) : (
                  <>
                    {t(homeTexts.handOverForMe)} <bdi>{statement.giver.name}</bdi>{' '}
                    <Link to="/hand-overs">{t(homeTexts.openHandOvers)}</Link>
                  </>
                )}{' '}
                <span className="hint">
                  {t(homeTexts.handOverUntil)} {beijingTime(statement.expiresAt)}
                </span>
              </li>
            ))}
          </ul>
        );
      }}
    </HomePart>
  );
}

export function Deadlines() {
  const t = useText();
  const asked = useAsked('/matters?limit=100', mattersSchema);
  const nowMs = Date.now();
  return (
    <HomePart title={homeTexts.deadlinesTitle} asked={asked}>
      {({ matters }) => {
        const due = matters
          .flatMap(({ nextDeadline, ...matter }) => {
            if (nextDeadline === null || matter.status === 'closed') return [];
            const dueMs = Date.parse(nextDeadline.dueAt);
            return dueMs - nowMs > SOON_MS ? [] : [{ ...matter, deadline: nextDeadline, dueMs }];
          })
          .sort((a, b) => a.dueMs - b.dueMs);
        if (due.length === 0) return null;
        return (
          <ul className="next-list">
            {due.slice(0, SHOWN).map(({ matterId, title, deadline, dueMs }) => (
              <li key={matterId}>
                <span className="health-mark">
                  <StepMark status={dueMs < nowMs ? 'failed' : 'pending'} />
                  {t(dueMs < nowMs ? homeTexts.overdue : homeTexts.dueAt)} {beijingTime(deadline.dueAt)}
                </span>{' '}
                {deadline.title} · <Link to={`/matters/${matterId}`}>{title}</Link>
              </li>
            ))}
          </ul>
        );
      }}
    </HomePart>
  );
}

/** Those that wait for an office, and what offices said lately. */
export function Requests() {
  const t = useText();
  const asked = useAsked('/requests?side=asked&limit=50', requestListSchema);
  const nowMs = Date.now();
  return (
    <HomePart title={homeTexts.requestsTitle} asked={asked}>
      {({ requests }) => {
        const news = requests
          .filter(({ state, stateSince }) => state !== 'withdrawn' && nowMs - Date.parse(stateSince) < NEWS_MS)
          .sort((a, b) => b.stateSince.localeCompare(a.stateSince));
        if (news.length === 0) return null;
        return (
          <ul className="next-list">
            {news.slice(0, SHOWN).map(({ requestId, office, matterId, subject, state, stateSince }) => (
              <li key={requestId}>
                <strong>{t(requestStateTexts[state])}</strong> ·{' '}
                {matterId === null ? <bdi>{subject}</bdi> : <Link to={`/matters/${matterId}`}>{subject}</Link>} ·{' '}
                <bdi>{office.name}</bdi> <span className="hint">{beijingTime(stateSince)}</span>
              </li>
            ))}
          </ul>
        );
      }}
    </HomePart>
  );
}
