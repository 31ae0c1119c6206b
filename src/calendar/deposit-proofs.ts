import { selectAttestations, selectAttestedPublicationCovering } from '../db/attestations.ts';
import { selectDeposit, selectFileEntries, selectRecord } from '../db/deposits.ts';
import { selectCheckpoint } from '../db/leaves.ts';
import type { Queryable } from '../db/pool.ts';
import { encodeHex } from '../format/bytes.ts';
import { parseDepositRecord, parseFileEntry } from '../format/deposit.ts';
import { fileLeafData } from '../format/spine.ts';
import type { LogReader } from '../log/log-reader.ts';
import { leafHash } from '../merkle/hash.ts';
import { inclusionProof, nodesOver } from '../merkle/tree.ts';
import { parseCalendarAttestation } from './calendar-worker.ts';
import { encodeFileProof } from './file-proof.ts';

const TYPE = 'opentimestamps';

/** One file's `.ots`. */
export interface FileProof {
  /** Position of the file in its deposit. */
  index: number;
  bytes: Uint8Array;
}

/**
 * Proofs of a deposit's files by what calendars have said so far: by the smallest publication that one of them has led to Bitcoin, else
 * by the smallest that one has stamped, whose proof any client can complete later.
 * @param index of the one file asked for; all if left out
 * @returns none before the first stamp that covers the deposit, if the record was erased, or if there is no such file
 */
export async function makeFileProofs(
  q: Queryable,
  reader: Pick<LogReader, 'inclusionProof' | 'refresh'>,
  depositId: string,
  index?: number,
): Promise<FileProof[]> {
  const deposit = await selectDeposit(q, depositId);
  const recordBody = await selectRecord(q, depositId);
  if (deposit === undefined || deposit.leafIndex === null || recordBody === undefined) return [];
  const { leafIndex } = deposit;
  const treeSize =
    (await selectAttestedPublicationCovering(q, leafIndex, TYPE)) ??
    (await selectAttestedPublicationCovering(q, leafIndex, TYPE, 'begun'));
  if (treeSize === undefined) return [];
  const checkpoint = await selectCheckpoint(q, treeSize);
  if (checkpoint === undefined) throw new Error(`no checkpoint of ${treeSize} leaves beneath a publication`);
  const proofs = (await selectAttestations(q, treeSize))
    .filter(({ type }) => type === TYPE)
    .map(({ body }) => parseCalendarAttestation(body));

  const record = parseDepositRecord(new Uint8Array(recordBody));
  const entries = (await selectFileEntries(q, depositId)).map(({ body }) => parseFileEntry(new Uint8Array(body)));
  const readNode = nodesOver(entries.map((entry) => leafHash(fileLeafData(entry))));
  // Another server may have published it a moment ago.
  await reader.refresh();
  const inLog = { leafIndex, treeSize, hashes: await reader.inclusionProof(leafIndex, treeSize) };
  const made: FileProof[] = [];
  for (const entry of entries) {
    if (index !== undefined && entry.index !== index) continue;
    const path = await inclusionProof(BigInt(entry.index), BigInt(entries.length), readNode);
    const file = { entry, path: path.map(encodeHex), record, inLog };
    made.push({ index: entry.index, bytes: encodeFileProof(file, new Uint8Array(checkpoint.rootHash), proofs) });
  }
  return made;
}
