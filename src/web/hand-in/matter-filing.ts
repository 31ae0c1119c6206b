import { useSyncExternalStore } from 'react';
import * as z from 'zod';
import { CodedError } from '../../errors.ts';
import { postJson } from '../api-client.ts';
import { ApiError } from '../api-error.ts';
import type { MatterChoice } from './matter-choice.tsx';

/** How putting the newest deposits into their matter stands. */
export interface MatterFiling {
  choice: Exclude<MatterChoice, { kind: 'none' }>;
  depositIds: readonly string[];
  state: { phase: 'adding' } | { phase: 'added'; matterId: string } | { phase: 'failed'; error: CodedError };
}

const madeMatterSchema = z.object({ matterId: z.string() });
const madeItemSchema = z.object({ itemId: z.string() });

/** Outlives the page: a deposit is put where it belongs, whatever the depositor looks at meanwhile. */
let filing: MatterFiling | undefined;
const listeners = new Set<() => void>();

function set(next: MatterFiling | undefined): void {
  filing = next;
  for (const listener of listeners) listener();
}

export function useMatterFiling(): MatterFiling | undefined {
  return useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => filing,
  );
}

/** Puts deposits into a matter, which is made first if it is new. Never rejects: what goes wrong is in the state. */
export async function fileInMatter(choice: MatterChoice, depositIds: readonly string[]): Promise<void> {
  if (choice.kind === 'none') return set(undefined);
  let into = choice;
  set({ choice: into, depositIds, state: { phase: 'adding' } });
  try {
    if (into.kind === 'new') {
      const { title, dispute } = into;
      const { matterId } = await postJson('/matters', { title: title.trim(), dispute }, madeMatterSchema);
      // A second attempt must not make a second matter.
      into = { kind: 'existing', matterId, title };
    }
    for (const depositId of depositIds) await addItem(into.matterId, depositId);
    set({ choice: into, depositIds, state: { phase: 'added', matterId: into.matterId } });
  } catch (error) {
    const coded = error instanceof CodedError ? error : new CodedError('internal', String(error));
    set({ choice: into, depositIds, state: { phase: 'failed', error: coded } });
  }
}

async function addItem(matterId: string, depositId: string): Promise<void> {
  try {
    await postJson(`/matters/${matterId}/items`, { depositId }, madeItemSchema);
  } catch (error) {
    // It is in there: an earlier attempt brought it, and only the answer was lost.
    if (!(error instanceof ApiError) || error.code !== 'matter-duplicate') throw error;
  }
}
