import { setTimeout as delay } from 'node:timers/promises';
import { selectNewestCheckpoint } from '../db/leaves.ts';
import type { Database } from '../db/pool.ts';
import { selectSubmission } from '../db/submissions.ts';

const POLL_MS = 100;

/**
 * Waits, in another process than the one that writes the log, until a submission is in a tree that a checkpoint covers. Its index alone
 * promises nothing: it is given before the checkpoint is signed.
 * @returns the leaf's index; null if `timeoutMs` was too short for it
 */
export async function promisedLeaf(db: Database, submissionId: bigint, timeoutMs: number): Promise<bigint | null> {
  for (const endMs = performance.now() + timeoutMs; ; await delay(POLL_MS)) {
    const index = (await selectSubmission(db.pool, submissionId))?.leafIndex ?? null;
    if (index !== null && ((await selectNewestCheckpoint(db.pool))?.treeSize ?? 0n) > index) return index;
    if (performance.now() >= endMs) return null;
  }
}
