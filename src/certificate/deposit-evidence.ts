import { selectBlockHeader, selectFinalAnchorsCovering } from '../db/anchors.ts';
import { selectAttestations, selectAttestedPublicationCovering, selectCosignatures } from '../db/attestations.ts';
import { selectAnnexes, selectFileEntries, selectRecord } from '../db/deposits.ts';
import { selectCheckpoint, selectLog } from '../db/leaves.ts';
import { selectObjectKeysOfDeposit } from '../db/objects.ts';
import type { Queryable } from '../db/pool.ts';
import { parseDepositorAnnex, parseStatementAnnex } from '../format/annex.ts';
import { parseSignatureAnnex } from '../format/annex-signature.ts';
import { parseHex0x } from '../format/bytes.ts';
import { type Attestation, attestationSchema } from '../format/certificate.ts';
import { type DepositRecord, fileNameSchema, parseDepositRecord, parseFileEntry } from '../format/deposit.ts';
import { checkFields, parseObject } from '../format/fields.ts';
import { MAX_DEPTH, parseCanonicalJson } from '../format/json.ts';
import { parseLogRecord } from '../format/log.ts';
import type { ProvedRotation } from '../format/log-event.ts';
import type { LogReader } from '../log/log-reader.ts';
import { selectProvedRotations } from '../log/proved-rotations.ts';
import type { DepositEvidence } from './assemble.ts';

/** The rows of one deposit as the database had them, unread. */
export interface DepositRows {
  leafIndex: bigint;
  log: Uint8Array;
  record: Uint8Array;
  files: { body: Uint8Array; nameBody: Uint8Array }[];
  annexes: { name: string; body: Uint8Array }[];
  notBeforeHeader: Uint8Array | null;
  /** How the log went over from its first key to those that signed the publications. */
  rotations: ProvedRotation[];
  publications: {
    note: Uint8Array;
    inclusionProof: Uint8Array[];
    cosignatures: string[];
    attestations: Uint8Array[];
  }[];
  originalsHeld: number[];
}

/**
 * Reads all that is known of a deposit that a final anchor covers: on each chain the smallest final anchor, and the smallest
 * publications that an authority timestamped and that a calendar has led to Bitcoin, each with all that attest to it.
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
  const attested = await Promise.all([
    selectAttestedPublicationCovering(q, leafIndex, 'rfc3161'),
    selectAttestedPublicationCovering(q, leafIndex, 'opentimestamps'),
  ]);
  const treeSizes = new Set([...attested.filter((size) => size !== undefined), ...anchors.map((a) => a.treeSize)]);
  const publications: DepositRows['publications'] = [];
  for (const treeSize of [...treeSizes].sort((x, y) => (x < y ? -1 : 1))) {
    const checkpoint = await selectCheckpoint(q, treeSize);
    // A publication, and with it its checkpoint, is never deleted: foreign keys and triggers see to it.
    if (checkpoint === undefined) throw new Error(`no checkpoint of ${treeSize} leaves beneath a publication`);
    const anchored = anchors.filter((anchor) => anchor.treeSize === treeSize).map(({ attestation }) => attestation);
    publications.push({
      note: checkpoint.note,
      inclusionProof: await reader.inclusionProof(leafIndex, treeSize),
      cosignatures: (await selectCosignatures(q, treeSize)).map(({ line }) => line),
      attestations: [
        ...anchored.filter((bytes) => bytes !== null),
        ...(await selectAttestations(q, treeSize)).map(({ body }) => body),
      ],
    });
  }
  return {
    leafIndex,
    log: log.record,
    record,
    files,
    annexes,
    rotations: await selectProvedRotations(q, reader, parseLogRecord(log.record).keys, largestOf(treeSizes)),
    notBeforeHeader: await selectNotBeforeHeader(q, parseDepositRecord(record)),
    publications,
    originalsHeld: keys.filter(({ role }) => role === 'original').map(({ fileIndex }) => fileIndex),
  };
}

function largestOf(treeSizes: Iterable<bigint>): bigint {
  return [...treeSizes].reduce((largest, size) => (size > largest ? size : largest), 0n);
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
  const signature = annex('signature', parseSignatureAnnex);
  const { origin, keys } = parseLogRecord(rows.log);
  return {
    record: parseDepositRecord(rows.record),
    files: rows.files.map(({ body, nameBody }) => ({
      entry: parseFileEntry(body),
      name: parseObject(fileNameSchema, 'tiezheng/file-name/v1', nameBody, 4096),
    })),
    annexes: { ...(depositor && { depositor }), ...(statement && { statement }), ...(signature && { signature }) },
    origin,
    keys,
    leafIndex: rows.leafIndex,
    rotations: rows.rotations,
    notBeforeHeader: rows.notBeforeHeader,
    publications: rows.publications.map(({ note, inclusionProof, cosignatures, attestations }) => ({
      checkpoint: note,
      inclusionProof,
      cosignatures,
      attestations: attestations.map(parseAttestation),
    })),
    originalsHeld: rows.originalsHeld,
  };
}

function parseAttestation(bytes: Uint8Array): Attestation {
  return checkFields(attestationSchema, parseCanonicalJson(bytes, { maxBytes: 4 << 20, maxDepth: MAX_DEPTH }));
}
