import { useEffect, useState } from 'react';
import { CodedError } from '../../errors.ts';
import { getJson } from '../api-client.ts';
import { type History, historySchema } from './log-answers.ts';

/** What the log tells of its growth, anchors and delays; asked once. Neither member: the answer is on its way. */
export function useHistory(): { history?: History; error?: CodedError } {
  const [state, setState] = useState<{ history?: History; error?: CodedError }>({});
  useEffect(() => {
    const abort = new AbortController();
    getJson('/log/history', historySchema, abort.signal).then(
      (history) => setState({ history }),
      (error: unknown) => {
        if (abort.signal.aborted) return;
        setState({ error: error instanceof CodedError ? error : new CodedError('internal', String(error)) });
      },
    );
    return () => abort.abort();
  }, []);
  return state;
}
