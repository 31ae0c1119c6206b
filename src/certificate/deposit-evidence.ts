import { selectBlockHeader, selectFinalAnchorsCovering } from '../db/anchors.ts';
import { selectAnnexes, selectFileEntries, selectRecord } from '../db/deposits.ts';
import { selectCheckpoint, selectLog } from '../db/leaves.ts';
import { selectObjectKeysOfDeposit } from '../db/objects.ts';
import type { Queryable } from '../db/pool.ts';
import { parseDepositorAnnex, parseStatementAnnex } from '../format/annex.ts';
import { parseHex0x } from '../format/bytes.ts';
import { type EvmAttestation, evmAttestationSchema } from '../format/certificate.ts';
import { type DepositRecord, fileNameSchema, parseDepositRecord, parseFileEntry } from '../format/deposit.ts';
import { checkFields, parseObject } from '../format/fields.ts';
import { MAX_DEPTH, parseCanonicalJson } from '../format/json.ts';
import { parseLogRecord } from '../format/log.ts';
import type { LogReader } from '../log/log-reader.ts';
import type { DepositEvidence } from './assemble.ts';

/** The rows of one deposit as the database had them, unread. */
export interface DepositRows {
  leafIndex: bigint;
  log: Uint8Array;
  record: Uint8Array;
  files: { body: Uint8Array; nameBody: Uint8Array }[];
  annexes: { name: string; body: Uint8Array }[];
  notBeforeHeader: Uint8Array | null;
  publications: { note: Uint8Array; inclusionProof: Uint8Array[]; attestations: Uint8Array[] }[];
  originalsHeld: number[];
}

/**
 * Reads all that is known of a deposit that a final anchor covers: on each chain, the smallest final anchor.
 * @returns undefined if the record was erased, or no final anchor covers the leaf
 */
export async function selectDepositRows(
  q: Queryable,
  reader: Pick<LogReader, 'inclusionProof'>,
  depositId: string,
  leafIndex: bigint,
): Promise<DepositRows | undefined> {
  const [log, record, files, annexes, keys, anchors] = await Promise.all([
    selectLog(q),
    selectRecord(q, depositId),
    selectFileEntries(q, depositId),
    selectAnnexes(q, depositId),
    selectObjectKeysOfDeposit(q, depositId),
    selectFinalAnchorsCovering(q, leafIndex),
  ]);
  if (log === undefined || record === undefined || anchors.length === 0) return undefined;
  const publications: DepositRows['publications'] = [];
  for (const [treeSize, anchored] of Map.groupBy(anchors, (anchor) => anchor.treeSize)) {
    const checkpoint = await selectCheckpoint(q, treeSize);
    // A final anchor's publication, and with it its checkpoint, is never deleted: two foreign keys and triggers see to it.
    if (checkpoint === undefined) throw new Error(`no checkpoint of ${treeSize} leaves beneath a final anchor`);
    publications.push({
      note: checkpoint.note,
      inclusionProof: await reader.inclusionProof(leafIndex, treeSize),
      attestations: anchored.map(({ attestation }) => attestation).filter((bytes) => bytes !== null),
    });
  }
  return {
    leafIndex,
    log: log.record,
    record,
    files,
    annexes,
    notBeforeHeader: await selectNotBeforeHeader(q, parseDepositRecord(record)),
    publications,
    originalsHeld: keys.filter(({ role }) => role === 'original').map(({ fileIndex }) => fileIndex),
  };
}

async function selectNotBeforeHeader(q: Queryable, { notBefore }: DepositRecord): Promise<Uint8Array | null> {
  if (notBefore === null) return null;
  const block = await selectBlockHeader(q, notBefore.chain, parseHex0x(notBefore.blockHash));
  return block?.header ?? null;
}

/** @throws FormatError if the database holds what no writer of ours writes */
export function parseDepositRows(rows: DepositRows): DepositEvidence {
  const annex = <T>(name: string, parse: (bytes: Uint8Array) => T): T | undefined => {
    const body = rows.annexes.find((a) => a.name === name)?.body;
    return body === undefined ? undefined : parse(body);
  };
  const depositor = annex('depositor', parseDepositorAnnex);
  const statement = annex('statement', parseStatementAnnex);
  const { origin, keys } = parseLogRecord(rows.log);
  return {
    record: parseDepositRecord(rows.record),
    files: rows.files.map(({ body, nameBody }) => ({
      entry: parseFileEntry(body),
      name: parseObject(fileNameSchema, 'tiezheng/file-name/v1', nameBody, 4096),
    })),
    annexes: { ...(depositor && { depositor }), ...(statement && { statement }) },
    origin,
    keys,
    leafIndex: rows.leafIndex,
    notBeforeHeader: rows.notBeforeHeader,
    publications: rows.publications.map(({ note, inclusionProof, attestations }) => ({
      checkpoint: note,
      inclusionProof,
      attestations: attestations.map(parseAttestation),
    })),
    originalsHeld: rows.originalsHeld,
  };
}

function parseAttestation(bytes: Uint8Array): EvmAttestation {
  return checkFields(evmAttestationSchema, parseCanonicalJson(bytes, { maxBytes: 4 << 20, maxDepth: MAX_DEPTH }));
}
