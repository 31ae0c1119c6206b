import { useState } from 'react';
import { CodedError } from '../errors.ts';

/** One action at a time, and what it failed with. */
export function useAction() {
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<CodedError | undefined>();
  const run = async (action: () => Promise<void>) => {
    if (busy) return;
    setBusy(true);
    setError(undefined);
    try {
      await action();
    } catch (failure) {
      setError(failure instanceof CodedError ? failure : new CodedError('internal', String(failure)));
    } finally {
      setBusy(false);
    }
  };
  return { busy, error, run };
}
