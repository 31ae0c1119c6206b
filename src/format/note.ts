import { ed25519 } from '@noble/curves/ed25519.js';
import { FormatError } from '../errors.ts';
import {
  concat,
  encodeBase64,
  encodeHex,
  encodeUtf8,
  equalBytes,
  parseBase64,
  parseHex,
  parseUtf8,
  sha256,
} from './bytes.ts';

/** A C2SP signed note (c2sp.org/signed-note): text, a blank line, signature lines. Nothing of it is verified yet. */
export interface UnverifiedNote {
  /** Ends in a line feed. What the signatures cover. */
  text: string;
  signatures: NoteSignature[];
}

export interface NoteSignature {
  name: string;
  /** 4 bytes: which key of that name. */
  keyId: Uint8Array;
  signature: Uint8Array;
}

/** A key that signs notes, written `name+hash+base64` (a "vkey"). */
export interface NoteKey {
  name: string;
  keyId: Uint8Array;
  /** 0x01 Ed25519 notes, 0x04 timestamped Ed25519 cosignatures. */
  algorithm: number;
  publicKey: Uint8Array;
}

export const ED25519 = 0x01;
export const MAX_NOTE_BYTES = 64 * 1024;
const MAX_SIGNATURES = 64;

/** @throws FormatError `too-large`, `invalid-utf8`, `invalid-note` */
export function parseNote(bytes: Uint8Array): UnverifiedNote {
  if (bytes.length > MAX_NOTE_BYTES) {
    throw new FormatError('too-large', `note of ${bytes.length} bytes, at most ${MAX_NOTE_BYTES} are read`);
  }
  const whole = parseUtf8(bytes);
  // biome-ignore lint/suspicious/noControlCharactersInRegex: c2sp.org/signed-note forbids ASCII control characters other than newline
  if (/[\u0000-\u0009\u000b-\u001f\u007f]/.test(whole))
    throw new FormatError('invalid-note', 'note holds a control character');
  const split = whole.lastIndexOf('\n\n');
  if (split < 0) throw new FormatError('invalid-note', 'no blank line before the signatures');
  const text = whole.slice(0, split + 1);
  const block = whole.slice(split + 2);
  if (!block.endsWith('\n')) throw new FormatError('invalid-note', 'last signature line does not end');
  const lines = block.slice(0, -1).split('\n');
  if (lines.length > MAX_SIGNATURES) throw new FormatError('invalid-note', `more than ${MAX_SIGNATURES} signatures`);
  return { text, signatures: lines.map(parseSignatureLine) };
}

export function encodeNote(note: UnverifiedNote): Uint8Array {
  return encodeUtf8(`${note.text}\n${note.signatures.map(encodeSignatureLine).join('')}`);
}

/** `— name base64(keyId ‖ signature)` and a line feed. */
export function encodeSignatureLine(s: NoteSignature): string {
  return `— ${s.name} ${encodeBase64(concat(s.keyId, s.signature))}\n`;
}

/** One line without its line feed. @throws FormatError `invalid-note`, `invalid-base64` */
export function parseSignatureLine(line: string): NoteSignature {
  const match = /^— ([^\s+]+) (\S+)$/u.exec(line);
  if (match === null) throw new FormatError('invalid-note', 'not a signature line');
  const bytes = parseBase64(match[2] as string);
  if (bytes.length < 5) throw new FormatError('invalid-note', `signature of ${bytes.length} bytes`);
  return { name: match[1] as string, keyId: bytes.slice(0, 4), signature: bytes.slice(4) };
}

/** Key id of c2sp.org/signed-note: the first 4 bytes of SHA-256(name ‖ LF ‖ algorithm ‖ public key). */
export function keyIdOf(name: string, algorithm: number, publicKey: Uint8Array): Uint8Array {
  return sha256(concat(encodeUtf8(name), Uint8Array.of(0x0a, algorithm), publicKey)).slice(0, 4);
}

/** @throws FormatError `invalid-key` if the spelling, the key id or the length is wrong */
export function parseNoteKey(vkey: string): NoteKey {
  const match = /^([^\s+]{1,255})\+([0-9a-f]{8})\+([A-Za-z0-9+/=]{4,128})$/u.exec(vkey);
  if (match === null) throw new FormatError('invalid-key', 'expected name+hash+base64');
  const name = match[1] as string;
  const keyId = parseHex(match[2] as string);
  const encoded = parseBase64(match[3] as string);
  const algorithm = encoded[0] as number;
  const publicKey = encoded.slice(1);
  if (publicKey.length !== 32)
    throw new FormatError('invalid-key', `public key of ${publicKey.length} bytes, expected 32`);
  if (!equalBytes(keyId, keyIdOf(name, algorithm, publicKey))) {
    throw new FormatError('invalid-key', `key id ${encodeHex(keyId)} does not fit name and key`);
  }
  return { name, keyId, algorithm, publicKey };
}

export function encodeNoteKey(name: string, publicKey: Uint8Array, algorithm: number = ED25519): string {
  const encoded = concat(Uint8Array.of(algorithm), publicKey);
  return `${name}+${encodeHex(keyIdOf(name, algorithm, publicKey))}+${encodeBase64(encoded)}`;
}

/** What a note says about one key: no line of that key, or a line that does or does not verify (RFC 8032, no ZIP-215 leniency). */
export function verifyNote(note: UnverifiedNote, key: NoteKey): 'absent' | 'valid' | 'invalid' {
  const lines = note.signatures.filter((s) => s.name === key.name && equalBytes(s.keyId, key.keyId));
  if (lines.length === 0) return 'absent';
  if (key.algorithm !== ED25519) return 'invalid';
  const message = encodeUtf8(note.text);
  return lines.every((s) => verifyEd25519(s.signature, message, key.publicKey)) ? 'valid' : 'invalid';
}

/** RFC 8032, without ZIP-215 leniency; false for a signature or key that is none. */
export function verifyEd25519(signature: Uint8Array, message: Uint8Array, publicKey: Uint8Array): boolean {
  if (signature.length !== 64) return false;
  try {
    return ed25519.verify(signature, message, publicKey, { zip215: false });
  } catch {
    // noble throws on points that are not on the curve; for us that is a signature that does not verify.
    return false;
  }
}
