import { useSyncExternalStore } from 'react';
import { CodedError } from '../../errors.ts';
import type { Statement } from '../../format/annex.ts';
import { handIn, newIdempotencyKey } from '../api-client.ts';
import { ApiError } from '../api-error.ts';
import type { MatterChoice } from './matter-choice.tsx';
import { type StatementText, statementOf } from './statement-form.tsx';

/** `sent` of `total` bytes of the request's body, which is a little more than the files. */
export interface SmallUpload {
  sent: number;
  total: number;
  abort: AbortController;
}

/** What is going to be handed in, and how its sending stands. */
export interface HandInDraft {
  files: readonly File[];
  text: StatementText;
  matter: MatterChoice;
  /** The depositor wants to sign with his passkey. */
  isSigned: boolean;
  upload: SmallUpload | undefined;
  problem: CodedError | 'cancelled' | undefined;
}

const EMPTY: HandInDraft = {
  files: [],
  text: {},
  matter: { kind: 'none' },
  isSigned: false,
  upload: undefined,
  problem: undefined,
};

/** It outlives the page, so that a look at another one loses nothing; not the account it was begun in. */
let draft: HandInDraft = EMPTY;
let owner: string | undefined;
/** Stays the same while files and statement do, so that a repeated attempt cannot become a second deposit. */
let key: string | undefined;
const listeners = new Set<() => void>();

function set(changed: Partial<HandInDraft>): void {
  draft = { ...draft, ...changed };
  if (draft.upload === undefined) removeEventListener('beforeunload', warn);
  else addEventListener('beforeunload', warn);
  for (const listener of listeners) listener();
}

function warn(event: BeforeUnloadEvent): void {
  event.preventDefault();
}

/** The draft of this account; another one's is dropped. */
export function useDraft(accountId: string): HandInDraft {
  if (owner !== accountId) {
    draft.upload?.abort.abort();
    owner = accountId;
    draft = EMPTY;
    key = undefined;
  }
  return useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => draft,
  );
}

/** Changes what would be handed in. */
export function changeDraft(change: (before: HandInDraft) => Partial<Pick<HandInDraft, 'files' | 'text'>>): void {
  key = undefined;
  set({ ...change(draft), problem: undefined });
}

/** Changes how it would be handed in, or what becomes of it afterwards. */
export function arrangeDraft(change: Partial<Pick<HandInDraft, 'matter' | 'isSigned'>>): void {
  set({ ...change, problem: undefined });
}

export function clearDraft(): void {
  key = undefined;
  set(EMPTY);
}

/**
 * Sends everything in one request.
 * @returns the deposit's id; undefined if there is none, and then the draft says why
 */
export async function sendDraft(): Promise<string | undefined> {
  const abort = new AbortController();
  key ??= newIdempotencyKey();
  set({ problem: undefined, upload: { sent: 0, total: 0, abort } });
  const statement = statementOf(draft.text) satisfies Statement;
  try {
    const onSent = (sent: number, total: number) => set({ upload: { sent, total, abort } });
    const { depositId } = await handIn({ files: draft.files, statement, idempotencyKey: key }, onSent, abort.signal);
    return depositId;
  } catch (error) {
    // Kept durably, only the answer came too early: its progress shows how it goes on.
    if (error instanceof ApiError && error.depositId !== undefined) return error.depositId;
    const coded = error instanceof CodedError ? error : new CodedError('internal', String(error));
    set({ problem: abort.signal.aborted ? 'cancelled' : coded });
    return undefined;
  } finally {
    set({ upload: undefined });
  }
}
