import { useText } from '../language.tsx';
import { beijingTime } from '../measures.ts';
import { type Request, requestListSchema } from '../request-answers.ts';
import { Link } from '../route.tsx';
import { StepMark } from '../status-mark.tsx';
import { alarmText } from '../texts.ts';
import { alarmsSchema, noticesSchema, receivedGrantsSchema } from './home-answers.ts';
import { HomePart, Named, useAsked } from './home-part.tsx';
import { homeTexts } from './home-texts.ts';

const SHOWN = 5;
const AGAIN_MS = 30_000;
const NEWS_MS = 14 * 24 * 3600_000;
/** The other kinds are told by parts of their own. */
const NEWS_KINDS = ['grant-opened', 'renewal-due', 'webhook-disabled'];

/** What waits for an office, the oldest first. */
export function Desk() {
  const t = useText();
  const submitted = useAsked(
    '/requests?side=office&state=submitted&order=oldest&limit=50',
    requestListSchema,
    AGAIN_MS,
  );
  const accepted = useAsked('/requests?side=office&state=accepted&order=oldest&limit=50', requestListSchema);
  return (
    <>
      <HomePart title={homeTexts.deskTitle} asked={submitted}>
        {({ requests }) =>
          requests.length === 0 ? <p>{t(homeTexts.deskNone)}</p> : <RequestList requests={requests} />
        }
      </HomePart>
      <HomePart title={homeTexts.deskAcceptedTitle} asked={accepted}>
        {({ requests }) => (requests.length === 0 ? null : <RequestList requests={requests} />)}
      </HomePart>
    </>
  );
}

function RequestList({ requests }: { requests: readonly Request[] }) {
  const t = useText();
  return (
    <>
      <ul className="next-list">
        {requests.slice(0, SHOWN).map(({ requestId, account, subject, stateSince, depositCount }) => (
          <li key={requestId}>
            <Link to={`/desk/${requestId}`}>{subject}</Link> · <bdi>{account.name}</bdi>{' '}
            <span className="hint">
              {t(homeTexts.depositsInIt)} {depositCount} · {beijingTime(stateSince)}
            </span>
          </li>
        ))}
      </ul>
      {requests.length > SHOWN && <Link to="/desk">{t(homeTexts.all)}</Link>}
    </>
  );
}

/** @param isMain of an account that does nothing else here: told also when there is nothing */
export function Received({ isMain }: { isMain: boolean }) {
  const t = useText();
  const asked = useAsked('/received-grants?limit=50', receivedGrantsSchema);
  return (
    <HomePart title={homeTexts.receivedTitle} asked={asked}>
      {({ grants }) => {
        if (grants.length === 0) return isMain ? <p>{t(homeTexts.receivedNone)}</p> : null;
        return (
          <>
            <ul className="next-list">
              {grants
                .slice(0, SHOWN)
                .map(({ grantId, depositId, matterId, giverName, title, createdAt, expiresAt }) => (
                  <li key={grantId}>
                    <Link to={matterId === null ? `/deposits/${depositId}` : `/matters/${matterId}`}>
                      <Named title={title} />
                    </Link>{' '}
                    <span className="hint">
                      ({t(matterId === null ? homeTexts.aDeposit : homeTexts.aMatter)}) · {t(homeTexts.receivedFrom)}{' '}
                      <bdi>{giverName}</bdi> · {beijingTime(createdAt)}
                      {expiresAt !== null && ` ${t(homeTexts.receivedUntil)} ${beijingTime(expiresAt)}`}
                    </span>
                  </li>
                ))}
            </ul>
            {grants.length > SHOWN && <Link to="/received">{t(homeTexts.all)}</Link>}
          </>
        );
      }}
    </HomePart>
  );
}

export function Alarms() {
  const t = useText();
  const asked = useAsked('/platform', alarmsSchema, AGAIN_MS);
  return (
    <HomePart title={homeTexts.alarmsTitle} asked={asked}>
      {({ openAlarms }) => (
        <>
          {openAlarms.length === 0 && (
            <p className="health-mark">
              <StepMark status="passed" /> {t(homeTexts.alarmsNone)}
            </p>
          )}
          <ul className="next-list">
            {openAlarms.map(({ code, subject, raisedAt }) => (
              <li key={`${code} ${subject}`}>
                <span className="health-mark">
                  <StepMark status="failed" /> {t(alarmText(code))}
                </span>{' '}
                <span className="hint wrap-anywhere">
                  {code}
                  {subject !== '' && ` · ${subject}`} · {beijingTime(raisedAt)}
                </span>
              </li>
            ))}
          </ul>
          <Link to="/operation">{t(homeTexts.toOperation)}</Link>
        </>
      )}
    </HomePart>
  );
}

/** What happened that no other part tells. */
export function News() {
  const t = useText();
  const asked = useAsked('/notices', noticesSchema);
  const nowMs = Date.now();
  // It is no loss where it cannot be read.
  if (asked.state === 'failed') return null;
  return (
    <HomePart title={homeTexts.newsTitle} asked={asked}>
      {({ notices }) => {
        const news = notices.filter(({ kind, at }) => NEWS_KINDS.includes(kind) && nowMs - Date.parse(at) < NEWS_MS);
        if (news.length === 0) return null;
        return (
          <ul className="next-list">
            {news.slice(0, SHOWN).map(({ noticeId, title, page, at }) => (
              <li key={noticeId}>
                {page === '/' ? t(title) : <Link to={page}>{t(title)}</Link>}{' '}
                <span className="hint">{beijingTime(at)}</span>
              </li>
            ))}
          </ul>
        );
      }}
    </HomePart>
  );
}
