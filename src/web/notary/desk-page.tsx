import { Button } from 'antd';
import { useCallback, useEffect, useId, useState } from 'react';
import type { CodedError } from '../../errors.ts';
import { getJson } from '../api-client.ts';
import { useText } from '../language.tsx';
import { beijingTime } from '../measures.ts';
import { PageTitle } from '../page-title.tsx';
import { ProblemAlert } from '../problem-alert.tsx';
import { type Request, type RequestState, requestListSchema } from '../request-answers.ts';
import { Link } from '../route.tsx';
import { type Text, texts } from '../texts.ts';
import { deskTexts, requestStateTexts } from './notary-texts.ts';
import { codedError } from './policy-panel.tsx';
import { RequestMark } from './request-mark.tsx';
import './notary.css';

const SOON_MS = 3 * 24 * 3600_000;

/** Requests to the office, the oldest first; what still has to be done stands there without a choice. */
export function DeskPage() {
  const t = useText();
  const [shown, setShown] = useState<RequestState | 'open'>('open');
  const id = useId();
  return (
    <>
      <PageTitle title={t(deskTexts.pageTitle)} />
      <p>{t(deskTexts.lead)}</p>
      <p>
        <Link to="/desk/verify">{t(deskTexts.bulk)}</Link> <span className="hint">{t(deskTexts.bulkWhat)}</span>
      </p>
      <p>
        <label htmlFor={id}>{t(deskTexts.filter)}</label>{' '}
        <select
          id={id}
          className="native-field desk-filter"
          value={shown}
          onChange={(event) => setShown(event.target.value as typeof shown)}
        >
          <option value="open">{t(deskTexts.open)}</option>
          {(Object.keys(requestStateTexts) as RequestState[]).map((state) => (
            <option key={state} value={state}>
              {t(requestStateTexts[state])}
            </option>
          ))}
        </select>
      </p>
      {shown === 'open' ? (
        <>
          <Queue state="submitted" title={deskTexts.waiting} />
          <Queue state="accepted" title={deskTexts.underWay} />
        </>
      ) : (
        <Queue key={shown} state={shown} title={requestStateTexts[shown]} />
      )}
    </>
  );
}

function Queue({ state, title }: { state: RequestState; title: Text }) {
  const t = useText();
  const id = useId();
  const [found, setFound] = useState<{ requests: Request[]; next: string | null } | undefined>();
  const [error, setError] = useState<CodedError | undefined>();
  const load = useCallback(
    async (after: string | null) => {
      try {
        const cursor = after === null ? '' : `&after=${after}`;
        const page = await getJson(`/requests?side=office&order=oldest&state=${state}${cursor}`, requestListSchema);
        setFound((before) =>
          after === null || before === undefined ? page : { ...page, requests: [...before.requests, ...page.requests] },
        );
        setError(undefined);
      } catch (failure) {
        setError(codedError(failure));
      }
    },
    [state],
  );
  useEffect(() => {
    load(null);
  }, [load]);
  return (
    <section className="card" aria-labelledby={id}>
      <h2 id={id}>
        {t(title)}
        {found !== undefined && ` (${found.requests.length}${found.next === null ? '' : '+'})`}
      </h2>
      {error !== undefined && <ProblemAlert title={deskTexts.unavailable} error={error} />}
      {found === undefined && error === undefined && <p role="status">{t(texts.loading)}</p>}
      {found?.requests.length === 0 && <p>{t(deskTexts.empty)}</p>}
      <ol className="queue">
        {found?.requests.map((request) => (
          <QueueItem key={request.requestId} request={request} />
        ))}
      </ol>
      {found !== undefined && found.next !== null && (
        <Button onClick={() => load(found.next)}>{t(deskTexts.more)}</Button>
      )}
    </section>
  );
}

function QueueItem({ request }: { request: Request }) {
  const t = useText();
  const { requestId, subject, account, depositCount, createdAt, state } = request;
  return (
    <li data-request={requestId}>
      <h3 className="wrap-anywhere">
        <Link to={`/desk/${requestId}`}>{subject}</Link>
      </h3>
      <p>
        <RequestMark state={state} /> · {t(deskTexts.askedBy)} <bdi className="wrap-anywhere">{account.name}</bdi> ·{' '}
        {t(deskTexts.deposits)} {depositCount}
      </p>
      <p className="hint">
        {t(deskTexts.askedAt)} {beijingTime(createdAt)} · {t(deskTexts.until)} <Deadline request={request} />
      </p>
    </li>
  );
}

/** Until when the office may see the deposits, in words when that is near. */
export function Deadline({ request: { expiresAt, state } }: { request: Request }) {
  const t = useText();
  if (expiresAt === null) return t(deskTexts.noDeadline);
  const left = Date.parse(expiresAt) - Date.now();
  const isOpen = state === 'submitted' || state === 'accepted';
  const word = left <= 0 ? deskTexts.past : left < SOON_MS && isOpen ? deskTexts.soon : undefined;
  return (
    <>
      {beijingTime(expiresAt)}
      {word !== undefined && <span className="deadline-near"> · {t(word)}</span>}
    </>
  );
}
