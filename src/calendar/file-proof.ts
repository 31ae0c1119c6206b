import { encodeHex, equalBytes, parseHex } from '../format/bytes.ts';
import { commit } from '../format/commitment.ts';
import type { DepositRecord, FileEntry } from '../format/deposit.ts';
import {
  applyOperation,
  chainOf,
  encodeDetachedTimestamp,
  mergeTimestamps,
  type Operation,
  parseDetachedTimestamp,
} from '../format/opentimestamps.ts';
import { type InclusionProof, inclusionSteps } from '../merkle/inclusion.ts';

/** Where a file stands: in the tree of its deposit, and through the deposit's record in the log. */
export interface FileInLog {
  entry: FileEntry;
  /** From the file's leaf to `record.files.root`, hex. */
  path: readonly string[];
  record: DepositRecord;
  /** Of the record's leaf, under the root that calendars stamped. */
  inLog: InclusionProof;
}

const SHA256: Operation = { kind: 'sha256' };
const append = (argument: Uint8Array): Operation => ({ kind: 'append', argument });
const prepend = (argument: Uint8Array): Operation => ({ kind: 'prepend', argument });
const LEAF = Uint8Array.of(0);
const NODE = Uint8Array.of(1);

/**
 * The way from a file's SHA-256 along the binary spine to the log's root, in operations that every OpenTimestamps client knows:
 * `append`, `prepend` and `sha256`.
 * @throws ProofError if a path has not the length that its place asks for
 */
export function spineOperations({ entry, path, record, inLog }: FileInLog): Operation[] {
  const sm3 = entry.digests.sm3 === null ? new Uint8Array(32) : parseHex(entry.digests.sm3);
  const inDeposit = {
    leafIndex: BigInt(entry.index),
    treeSize: BigInt(record.files.count),
    hashes: path.map(parseHex),
  };
  return [
    append(Uint8Array.from([...sm3, ...commit(entry)])),
    SHA256,
    ...treeOperations(inDeposit),
    append(commit(record)),
    SHA256,
    ...treeOperations(inLog),
  ];
}

/** From leaf data to the root: RFC 6962 §2.1. */
function treeOperations(proof: InclusionProof): Operation[] {
  const nodes = inclusionSteps(proof).flatMap(({ hash, isLeft }) =>
    isLeft ? [prepend(Uint8Array.from([...NODE, ...hash])), SHA256] : [append(hash), prepend(NODE), SHA256],
  );
  return [prepend(LEAF), SHA256, ...nodes];
}

/**
 * A `.ots` file over the original's SHA-256, with all that the calendars said of the root.
 * @param proofs those stored for the publication, over its root hash
 * @throws FormatError `too-deep` or `too-large` if path and proofs together are more than stock clients read; ProofError
 */
export function encodeFileProof(file: FileInLog, rootHash: Uint8Array, proofs: readonly Uint8Array[]): Uint8Array {
  const digest = parseHex(file.entry.digests.sha256);
  const operations = spineOperations(file);
  const reached = operations.reduce<Uint8Array>((message, o) => applyOperation(o, message) as Uint8Array, digest);
  // Rows of this service's own that do not fit together must not leave it as a proof.
  if (!equalBytes(reached, rootHash)) {
    throw new Error(`file ${file.entry.index} leads to ${encodeHex(reached)}, not to root ${encodeHex(rootHash)}`);
  }
  const stamps = proofs.map((bytes) => {
    const proof = parseDetachedTimestamp(bytes);
    if (!equalBytes(proof.digest, rootHash)) throw new Error(`a stored proof is not over root ${encodeHex(rootHash)}`);
    return proof.timestamp;
  });
  return encodeDetachedTimestamp({ digest, timestamp: chainOf(operations, mergeTimestamps(stamps)) });
}
