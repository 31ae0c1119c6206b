import { randomBytes } from 'node:crypto';
import { type ArchiveLeaf, insertBlind, selectUnarchivedDeposits } from '../db/archive.ts';
import { selectFileEntries } from '../db/deposits.ts';
import type { Queryable } from '../db/pool.ts';
import { parseHex } from '../format/bytes.ts';
import { parseFileEntry } from '../format/deposit.ts';
import type { ArchiveStamper } from './archive-stamper.ts';
import { branch, MAX_TREE_LEAVES } from './hash-tree.ts';

const DEPOSITS_AT_ONCE = MAX_TREE_LEAVES;

/**
 * Begins the evidence records of deposits that have none: one tree and one token for as many as fit. Each file is a leaf
 * H(digest, blind), and the files of a deposit that has several are one more, H(H(digests), blind), so that a record of one deposit
 * tells its reader no digest of another, and the authority none at all.
 * @returns how many deposits
 * @throws RenewalError; trees that were committed are gone on with later
 */
export async function archiveNewDeposits(q: Queryable, stamper: ArchiveStamper, signal?: AbortSignal): Promise<number> {
  let count = 0;
  for (;;) {
    const depositIds = await selectUnarchivedDeposits(q, DEPOSITS_AT_ONCE);
    if (depositIds.length === 0 || signal?.aborted === true) return count;
    const leaves: ArchiveLeaf[] = [];
    const blinds: Parameters<typeof insertBlind>[1][number][] = [];
    for (const depositId of depositIds) {
      const digests = (await selectFileEntries(q, depositId)).map(({ body }) =>
        parseHex(parseFileEntry(new Uint8Array(body)).digests.sha256),
      );
      // A deposit's leaves stay together; the next tree takes what does not fit.
      if (leaves.length > 0 && leaves.length + digests.length + 1 > MAX_TREE_LEAVES) break;
      const add = (fileIndex: number, hash: Uint8Array) => {
        const blind = new Uint8Array(randomBytes(32));
        blinds.push({ depositId, fileIndex, blind });
        const subject =
          fileIndex < 0 ? ({ kind: 'deposit', depositId } as const) : ({ kind: 'file', depositId, fileIndex } as const);
        leaves.push({ subject, hash: branch('sha256', [hash, blind]), covers: null });
      };
      for (const [fileIndex, digest] of digests.entries()) add(fileIndex, digest);
      if (digests.length > 1) add(-1, branch('sha256', digests));
      count++;
    }
    await stamper.stamp('initial', 'sha256', leaves, (tx) => insertBlind(tx, blinds));
  }
}
