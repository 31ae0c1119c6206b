import { FormatError } from '../errors.ts';
import { concat, encodeUtf8, equalBytes } from './bytes.ts';
import {
  encodeNoteKey,
  encodeSignatureLine,
  keyIdOf,
  type NoteKey,
  parseNoteKey,
  parseSignatureLine,
  verifyEd25519,
} from './note.ts';

/**
 * c2sp.org/tlog-cosignature, Ed25519: a witness states that, at a time, this checkpoint was the largest consistent one of its log
 * that it had seen. Its key's algorithm byte is this.
 */
export const COSIGNATURE_ED25519 = 0x04;

/** Who cosigned, and when by its own clock. Nothing of it is verified yet. */
export interface UnverifiedCosignature {
  name: string;
  /** 4 bytes: which key of that name. */
  keyId: Uint8Array;
  /** Seconds since 1970, 1…MAX_COSIGNATURE_UNIX_S. */
  timestampUnixS: number;
  /** 64 bytes. */
  signature: Uint8Array;
}

/** The end of the year 9999; the format itself goes up to 2⁶³ − 1. */
export const MAX_COSIGNATURE_UNIX_S = 253_402_300_799;

const TIMESTAMP_BYTES = 8;
const SIGNATURE_BYTES = 64;

/** A witness's `name+hash+base64`. @throws FormatError `invalid-key`, also for a key of another algorithm; `invalid-base64` */
export function parseCosignatureKey(vkey: string): NoteKey {
  const key = parseNoteKey(vkey);
  if (key.algorithm !== COSIGNATURE_ED25519) {
    throw new FormatError(
      'invalid-key',
      `key of ${key.name} has algorithm ${key.algorithm}; witnesses cosign with ${COSIGNATURE_ED25519} (Ed25519 cosignature)`,
    );
  }
  return key;
}

export function encodeCosignatureKey(name: string, publicKey: Uint8Array): string {
  return encodeNoteKey(name, publicKey, COSIGNATURE_ED25519);
}

/**
 * What the witness signs. It does not name the witness: one public key under two names is one witness.
 * @param checkpointText the note's text, up to and with its last line feed, without signatures
 */
export function encodeCosignedMessage(checkpointText: string, timestampUnixS: number): Uint8Array {
  return encodeUtf8(`cosignature/v1\ntime ${timestampUnixS}\n${checkpointText}`);
}

/** The signature line, with its line feed. @param signature 64 bytes over `encodeCosignedMessage` */
export function encodeCosignatureLine(
  witness: { name: string; publicKey: Uint8Array },
  timestampUnixS: number,
  signature: Uint8Array,
): string {
  const timestamp = new Uint8Array(TIMESTAMP_BYTES);
  new DataView(timestamp.buffer).setBigUint64(0, BigInt(timestampUnixS));
  return encodeSignatureLine({
    name: witness.name,
    keyId: keyIdOf(witness.name, COSIGNATURE_ED25519, witness.publicKey),
    signature: concat(timestamp, signature),
  });
}

/**
 * One line without its line feed.
 * @throws FormatError `invalid-note`, also if the length or the time is not one of an Ed25519 cosignature; `invalid-base64`
 */
export function parseCosignature(line: string): UnverifiedCosignature {
  const { name, keyId, signature } = parseSignatureLine(line);
  if (signature.length !== TIMESTAMP_BYTES + SIGNATURE_BYTES) {
    throw new FormatError(
      'invalid-note',
      `cosignature of ${signature.length} bytes, expected ${TIMESTAMP_BYTES + SIGNATURE_BYTES}`,
    );
  }
  const timestamp = new DataView(signature.buffer, signature.byteOffset).getBigUint64(0);
  if (timestamp < 1n || timestamp > BigInt(MAX_COSIGNATURE_UNIX_S)) {
    throw new FormatError('invalid-note', `time ${timestamp} is not in 1…${MAX_COSIGNATURE_UNIX_S}`);
  }
  return { name, keyId, timestampUnixS: Number(timestamp), signature: signature.slice(TIMESTAMP_BYTES) };
}

/** True if the line says of itself that it is by this key. False for a line that cannot be read. */
export function isCosignatureBy(line: string, key: NoteKey): boolean {
  try {
    const { name, keyId } = parseSignatureLine(line);
    return name === key.name && equalBytes(keyId, key.keyId);
  } catch (error) {
    if (error instanceof FormatError) return false;
    throw error;
  }
}

/**
 * When `key` cosigned the checkpoint, by its own clock; undefined unless the line is by this key and verifies.
 * @param checkpointText the note's text, without signatures
 * @param line without its line feed
 */
export function verifyCosignature(
  checkpointText: string,
  line: string,
  key: NoteKey,
): { timestampUnixS: number } | undefined {
  if (key.algorithm !== COSIGNATURE_ED25519 || !isCosignatureBy(line, key)) return undefined;
  let cosignature: UnverifiedCosignature;
  try {
    cosignature = parseCosignature(line);
  } catch (error) {
    if (error instanceof FormatError) return undefined;
    throw error;
  }
  const { timestampUnixS, signature } = cosignature;
  const message = encodeCosignedMessage(checkpointText, timestampUnixS);
  return verifyEd25519(signature, message, key.publicKey) ? { timestampUnixS } : undefined;
}
