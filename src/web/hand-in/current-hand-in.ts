import { useSyncExternalStore } from 'react';
import type { Statement } from '../../format/annex.ts';
import { type HandInState, LargeHandIn, type Signer } from './large-hand-in.ts';

/** One at a time, and it outlives the page that began it: contents go on while the reader looks at something else. */
let current: { handIn: LargeHandIn; state: HandInState } | undefined;
const listeners = new Set<() => void>();

/**
 * @param signer if the depositor wants to sign
 * @param onDeposited called once, when the digests are in the log
 */
export function beginHandIn(
  files: readonly File[],
  statement: Statement,
  signer: Signer | undefined,
  onDeposited: (depositIds: readonly string[]) => void,
): void {
  current?.handIn.end();
  let isTold = false;
  const handIn: LargeHandIn = new LargeHandIn(files, statement, signer, (state) => {
    if (current?.handIn !== handIn) return;
    current = { handIn, state };
    warnBeforeLeaving(isUnderWay(state));
    for (const listener of listeners) listener();
    // Not before: until then some of its files may still belong to nothing.
    if (isTold || (state.phase !== 'uploading' && state.phase !== 'done')) return;
    isTold = true;
    onDeposited(state.depositIds);
  });
  current = { handIn, state: handIn.state };
  for (const listener of listeners) listener();
  void handIn.start();
}

/** Clears the way for another one. */
export function endHandIn(): void {
  current?.handIn.end();
  current = undefined;
  warnBeforeLeaving(false);
  for (const listener of listeners) listener();
}

export function useCurrentHandIn(): { handIn: LargeHandIn; state: HandInState } | undefined {
  return useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => current,
  );
}

export function isUnderWay({ phase }: HandInState): boolean {
  return phase === 'hashing' || phase === 'to-sign' || phase === 'depositing' || phase === 'uploading';
}

function warn(event: BeforeUnloadEvent): void {
  event.preventDefault();
}

function warnBeforeLeaving(on: boolean): void {
  if (on) addEventListener('beforeunload', warn);
  else removeEventListener('beforeunload', warn);
}
