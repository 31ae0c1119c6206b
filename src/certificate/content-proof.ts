import { selectAttestations, selectCosignatures } from '../db/attestations.ts';
import { type ContentReceivedRow, selectContentsReceived } from '../db/contents-received.ts';
import { type CheckpointRow, selectLog, selectNewestCheckpoint, selectPublicationCovering } from '../db/leaves.ts';
import type { Queryable } from '../db/pool.ts';
import { selectFinalAttestationsOf } from '../db/status-publications.ts';
import { encodeHex, parseUtf8 } from '../format/bytes.ts';
import { attestationSchema } from '../format/certificate.ts';
import { type ContentProof, contentProofSchema, parseContentReceived } from '../format/content-received.ts';
import { checkFields } from '../format/fields.ts';
import { encodeJson, type JsonValue, MAX_DEPTH, parseCanonicalJson } from '../format/json.ts';
import { parseLogRecord } from '../format/log.ts';
import { keyHints } from '../log/key-schedule.ts';
import type { LogReader } from '../log/log-reader.ts';
import { selectProvedRotations } from '../log/proved-rotations.ts';

/** `pending`: content was received, and no checkpoint covers the leaf of all of it yet. */
export type ContentProofOutcome = { state: 'none' } | { state: 'pending' } | { state: 'proved'; bytes: Uint8Array };

/**
 * Canonical bytes of tiezheng/content-proof/v1: every record of the deposit's content under the oldest publication that covers them all, or
 * the newest checkpoint if none does yet.
 */
export async function makeContentProof(
  q: Queryable,
  log: Pick<LogReader, 'refresh' | 'inclusionProof'>,
  depositId: string,
): Promise<ContentProofOutcome> {
  const rows = await selectContentsReceived(q, depositId);
  if (rows.length === 0) return { state: 'none' };
  const checkpoint = await checkpointOver(q, rows);
  if (checkpoint === undefined) return { state: 'pending' };
  const { treeSize } = checkpoint;
  await log.refresh();
  const logRow = await selectLog(q);
  if (logRow === undefined) throw new Error('a checkpoint without a log');
  const { origin, keys } = parseLogRecord(logRow.record);
  const rotations = await selectProvedRotations(q, log, keys, treeSize);
  const attestations = [
    ...(await selectFinalAttestationsOf(q, treeSize)),
    ...(await selectAttestations(q, treeSize)).map(({ body }) => body),
  ];
  const proof: ContentProof = checkFields(contentProofSchema, {
    type: 'tiezheng/content-proof/v1',
    depositId,
    log: { origin, keys: keyHints(keys, rotations), ...(rotations.length > 0 && { rotations }) },
    records: await Promise.all(
      rows.map(async ({ body, leafIndex }) => ({
        record: parseContentReceived(body),
        leafIndex: Number(leafIndex),
        inclusionProof: (await log.inclusionProof(leafIndex as bigint, treeSize)).map(encodeHex),
      })),
    ),
    publication: {
      checkpoint: parseUtf8(checkpoint.note),
      cosignatures: (await selectCosignatures(q, treeSize)).map(({ line }) => line),
      attestations: attestations.map((bytes) =>
        checkFields(attestationSchema, parseCanonicalJson(bytes, { maxBytes: 4 << 20, maxDepth: MAX_DEPTH })),
      ),
    },
  });
  return { state: 'proved', bytes: encodeJson(proof as unknown as JsonValue) };
}

async function checkpointOver(q: Queryable, rows: readonly ContentReceivedRow[]): Promise<CheckpointRow | undefined> {
  let treeSize = 0n;
  for (const { leafIndex } of rows) {
    if (leafIndex === null) return undefined;
    if (leafIndex >= treeSize) treeSize = leafIndex + 1n;
  }
  const newest = await selectNewestCheckpoint(q);
  if (newest === undefined || newest.treeSize < treeSize) return undefined;
  return (await selectPublicationCovering(q, treeSize)) ?? newest;
}
