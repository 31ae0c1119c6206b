import { useEffect, useState } from 'react';
import type { CodedError } from '../../errors.ts';
import { type DepositDetail, detailSchema } from '../api-answers.ts';
import { getJson } from '../api-client.ts';
import { ApiError } from '../api-error.ts';

const POLL_MS = 1500;
const POLL_LATER_MS = 10_000;
/** After this many questions without the end in sight the page asks less often. */
const QUICK_POLLS = 40;

/** The deposit as the service last told, asked for again until it is certified. */
export function useDeposit(depositId: string) {
  const [state, setState] = useState<{ deposit?: DepositDetail; error?: CodedError; unreachable: boolean }>({
    unreachable: false,
  });
  useEffect(() => {
    const abort = new AbortController();
    let timer: ReturnType<typeof setTimeout> | undefined;
    let polls = 0;
    const again = () => {
      timer = setTimeout(ask, polls++ < QUICK_POLLS ? POLL_MS : POLL_LATER_MS);
    };
    const ask = async () => {
      try {
        const deposit = await getJson(`/deposits/${depositId}`, detailSchema, abort.signal);
        setState({ deposit, unreachable: false });
        if (deposit.pending !== null) again();
      } catch (error) {
        if (abort.signal.aborted) return;
        // Not there, not ours or erased will not change by asking again; an outage will.
        if (error instanceof ApiError && error.status >= 400 && error.status < 500 && error.status !== 429) {
          setState({ error, unreachable: false });
          return;
        }
        setState((before) => ({ ...before, unreachable: true }));
        again();
      }
    };
    setState({ unreachable: false });
    ask();
    return () => {
      abort.abort();
      clearTimeout(timer);
    };
  }, [depositId]);
  return state;
}
