import { Button } from 'antd';
import { useEffect, useState } from 'react';
import type { CodedError } from '../../errors.ts';
import { type DepositSummary, listSchema } from '../api-answers.ts';
import { getJson } from '../api-client.ts';
import { ApiError } from '../api-error.ts';
import { useText } from '../language.tsx';
import { beijingTime } from '../measures.ts';
import { PageTitle } from '../page-title.tsx';
import { ProblemAlert } from '../problem-alert.tsx';
import { Link } from '../route.tsx';
import { stateTexts, texts } from '../texts.ts';
import { itemTexts } from './item-texts.ts';

/** Newest first, one page of the service's at a time. */
export function DepositListPage() {
  const t = useText();
  const [deposits, setDeposits] = useState<readonly DepositSummary[] | undefined>();
  const [next, setNext] = useState<string | null>(null);
  const [error, setError] = useState<CodedError | undefined>();

  const load = async (before: string | null) => {
    setError(undefined);
    try {
      const page = await getJson(before === null ? '/deposits' : `/deposits?before=${before}`, listSchema);
      setDeposits((known) => (before === null ? page.deposits : [...(known ?? []), ...page.deposits]));
      setNext(page.next);
    } catch (failure) {
      setError(failure instanceof ApiError ? failure : new ApiError('network', String(failure)));
    }
  };
  // biome-ignore lint/correctness/useExhaustiveDependencies: once, when the page opens
  useEffect(() => {
    load(null);
  }, []);

  return (
    <>
      <PageTitle title={t(texts.depositsTitle)} />
      {error !== undefined && <ProblemAlert title={texts.depositUnavailable} error={error} />}
      {deposits === undefined && error === undefined && <p role="status">{t(texts.loading)}</p>}
      {deposits?.length === 0 && (
        <p>
          {t(texts.depositsEmpty)} <Link to="/">{t(texts.navHandIn)}</Link>
        </p>
      )}
      <ul className="deposit-list">
        {deposits?.map((deposit) => (
          <li key={deposit.depositId} className="card">
            <Link to={`/deposits/${deposit.depositId}`}>
              {isErased(deposit) ? t(itemTexts.erasedTitle) : (deposit.title ?? t(texts.depositUntitled))}
            </Link>
            <div className="hint">
              {t(texts.depositNo)} {deposit.leafIndex ?? '–'} ·{' '}
              {!isErased(deposit) && `${t(texts.depositFiles)} ${deposit.fileCount} · `}
              {beijingTime(deposit.receivedAt)}
              {!isErased(deposit) && ` · ${t(stateTexts[deposit.state])}`}
            </div>
          </li>
        ))}
      </ul>
      {next !== null && <Button onClick={() => load(next)}>{t(texts.depositsMore)}</Button>}
    </>
  );
}

/** No deposit is without files until what it says is gone. */
function isErased({ fileCount }: DepositSummary): boolean {
  return fileCount === 0;
}
