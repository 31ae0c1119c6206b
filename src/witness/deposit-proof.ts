import { selectCosignatures, selectMostCosignedPublicationCovering } from '../db/attestations.ts';
import { selectCheckpoint } from '../db/leaves.ts';
import type { Queryable } from '../db/pool.ts';
import { encodeTlogProof, withCosignatures } from '../format/tlog-proof.ts';
import type { LogReader } from '../log/log-reader.ts';

/**
 * The `.tlog-proof` of one leaf: in the publication that most witnesses cosigned among the first that cover it, with all their lines.
 * Its extra data is the leaf data, the 32 bytes that the entry bundle holds.
 * @returns undefined before the first publication that covers the leaf
 */
export async function makeDepositProof(
  q: Queryable,
  reader: Pick<LogReader, 'inclusionProof' | 'leafData' | 'refresh'>,
  leafIndex: bigint,
): Promise<Uint8Array | undefined> {
  const treeSize = await selectMostCosignedPublicationCovering(q, leafIndex + 1n);
  if (treeSize === undefined) return undefined;
  const checkpoint = await selectCheckpoint(q, treeSize);
  if (checkpoint === undefined) throw new Error(`no checkpoint of ${treeSize} leaves beneath a publication`);
  const lines = (await selectCosignatures(q, treeSize)).map(({ line }) => line);
  // Another server may have published it a moment ago.
  await reader.refresh();
  return encodeTlogProof({
    extra: await reader.leafData(leafIndex),
    leafIndex,
    hashes: await reader.inclusionProof(leafIndex, treeSize),
    checkpointBytes: withCosignatures(new Uint8Array(checkpoint.note), lines),
  });
}
