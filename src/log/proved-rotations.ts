import { selectCheckpoint } from '../db/leaves.ts';
import type { Queryable } from '../db/pool.ts';
import { encodeHex, parseUtf8 } from '../format/bytes.ts';
import type { ProvedRotation } from '../format/log-event.ts';
import { selectKeySchedule } from './key-schedule.ts';
import type { LogReader } from './log-reader.ts';

/**
 * Every rotation before the tree of `treeSize` leaves, each with the checkpoint that both keys signed: what somebody who knows the
 * log's first key needs in order to accept that tree's checkpoint.
 */
export async function selectProvedRotations(
  q: Queryable,
  reader: Pick<LogReader, 'inclusionProof'>,
  firstKeys: readonly string[],
  treeSize: bigint,
): Promise<ProvedRotation[]> {
  const { rotations } = await selectKeySchedule(q, firstKeys);
  const proved: ProvedRotation[] = [];
  for (const { record, leafIndex } of rotations) {
    if (leafIndex >= treeSize) continue;
    const checkpoint = await selectCheckpoint(q, leafIndex + 1n);
    // The tree that ends with it was signed: the next batch begins after its checkpoint.
    if (checkpoint === undefined)
      throw new Error(`no checkpoint of ${leafIndex + 1n} leaves, which end with a rotation`);
    proved.push({
      record,
      leafIndex: Number(leafIndex),
      inclusionProof: (await reader.inclusionProof(leafIndex, leafIndex + 1n)).map(encodeHex),
      checkpoint: parseUtf8(checkpoint.note),
    });
  }
  return proved;
}
