import { createPrivateKey, createPublicKey, type KeyObject, sign } from 'node:crypto';
import { CodedError } from '../errors.ts';
import { concat, encodeUtf8, parseBase64Url, parseHex } from '../format/bytes.ts';
import { type CheckpointBody, encodeCheckpointBody } from '../format/checkpoint.ts';
import { ED25519, encodeNote, encodeNoteKey, keyIdOf, type NoteKey, parseNote } from '../format/note.ts';

export class SigningKeyError extends CodedError<'invalid-signing-key'> {}

/**
 * Signs checkpoints of one log. Ed25519 signatures are deterministic (RFC 8032 §5.1.6), so the same tree always gives the same
 * note, whoever signs it and however often.
 */
export class CheckpointSigner {
  /** Name of the log and of its key. */
  readonly origin: string;
  /** `origin+hash+base64`. */
  readonly vkey: string;
  readonly key: NoteKey;
  readonly #privateKey: KeyObject;

  /**
   * @param key Ed25519 private key, or its 32-byte seed (RFC 8032 §5.1.5)
   * @throws SigningKeyError `invalid-signing-key`
   */
  constructor(origin: string, key: KeyObject | Uint8Array) {
    this.#privateKey = key instanceof Uint8Array ? privateKeyFromSeed(key) : key;
    if (this.#privateKey.type !== 'private' || this.#privateKey.asymmetricKeyType !== 'ed25519') {
      throw new SigningKeyError('invalid-signing-key', 'the log signs with an Ed25519 private key');
    }
    const publicKey = parseBase64Url(createPublicKey(this.#privateKey).export({ format: 'jwk' }).x as string);
    this.origin = origin;
    this.vkey = encodeNoteKey(origin, publicKey);
    this.key = { name: origin, keyId: keyIdOf(origin, ED25519, publicKey), algorithm: ED25519, publicKey };
  }

  /** The checkpoint's bytes: its note with this one signature. */
  sign(body: Omit<CheckpointBody, 'origin'>): Uint8Array {
    const text = encodeCheckpointBody({ origin: this.origin, treeSize: body.treeSize, rootHash: body.rootHash });
    const signature = new Uint8Array(sign(null, encodeUtf8(text), this.#privateKey));
    return encodeNote({ text, signatures: [{ name: this.origin, keyId: this.key.keyId, signature }] });
  }
}

/** The checkpoint's bytes with the signatures of several keys of one log, in this order. */
export function signTogether(signers: readonly CheckpointSigner[], body: Omit<CheckpointBody, 'origin'>): Uint8Array {
  const notes = signers.map((signer) => parseNote(signer.sign(body)));
  const text = notes[0]?.text as string;
  return encodeNote({ text, signatures: notes.flatMap(({ signatures }) => signatures) });
}

/** PKCS#8 of an Ed25519 key (RFC 8410 §7) up to the seed. */
const PKCS8_PREFIX = parseHex('302e020100300506032b657004220420');

function privateKeyFromSeed(seed: Uint8Array): KeyObject {
  if (seed.length !== 32) {
    throw new SigningKeyError('invalid-signing-key', `an Ed25519 seed has 32 bytes, not ${seed.length}`);
  }
  return createPrivateKey({ key: Buffer.from(concat(PKCS8_PREFIX, seed)), format: 'der', type: 'pkcs8' });
}
