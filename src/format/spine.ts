import { asHash32, type Commitment, concat, type LeafData, parseHex, sha256 } from './bytes.ts';
import { commit } from './commitment.ts';
import type { DepositRecord, FileEntry } from './deposit.ts';

const ZERO_32 = new Uint8Array(32);

/**
 * Leaf of the tree over a deposit's files: SHA-256( sha256(file) ‖ sm3(file) ‖ commit(entry) ).
 * A declared entry without SM3 counts 32 zero bytes.
 */
export function fileLeafData(entry: FileEntry): LeafData {
  const sm3 = entry.digests.sm3 === null ? ZERO_32 : parseHex(entry.digests.sm3);
  return sha256(concat(parseHex(entry.digests.sha256), sm3, commit(entry))) as LeafData;
}

/** Leaf of the log for a deposit: SHA-256( files.root ‖ commit(record) ). */
export function depositLeafData(record: DepositRecord): LeafData {
  return recordLeafData(asHash32(parseHex(record.files.root)), commit(record));
}

/** Leaf of the log for a record without files: 32 zero bytes stand for the root. */
export function plainLeafData(record: { salt: string } & object): LeafData {
  return recordLeafData(ZERO_32, commit(record));
}

function recordLeafData(filesRoot: Uint8Array, commitment: Commitment): LeafData {
  return sha256(concat(filesRoot, commitment)) as LeafData;
}
