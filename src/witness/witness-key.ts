import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { concat, encodeBase64, encodeHex, parseBase64, parseBase64Url, parseHex } from '../format/bytes.ts';
import {
  COSIGNATURE_ED25519,
  encodeCosignatureKey,
  encodeCosignatureLine,
  encodeCosignedMessage,
  parseCosignatureKey,
} from '../format/cosignature.ts';
import { keyIdOf } from '../format/note.ts';
import { WitnessError } from './witness-error.ts';

/** As a log and a reader can tell it apart: a schema-less URL without spaces or `+`. */
const NAME = /^[a-z0-9][a-z0-9._~/-]{0,199}$/;
const PREFIX = 'PRIVATE+KEY+';
/** PKCS#8 of an Ed25519 key (RFC 8410 §7) up to the seed. */
const PKCS8_PREFIX = parseHex('302e020100300506032b657004220420');

/** The key of one witness, in the one-line form that Go's note package gave signer keys, so that other software can take it over. */
export class WitnessKey {
  readonly name: string;
  readonly vkey: string;
  readonly #publicKey: Uint8Array;
  readonly #privateKey: KeyObject;

  private constructor(name: string, privateKey: KeyObject) {
    this.#privateKey = privateKey;
    this.#publicKey = parseBase64Url(createPublicKey(privateKey).export({ format: 'jwk' }).x as string);
    this.name = name;
    this.vkey = encodeCosignatureKey(name, this.#publicKey);
    parseCosignatureKey(this.vkey);
  }

  /** A new key as the text of its file. @throws WitnessError `invalid-witness-key` if the name cannot be one */
  static generate(name: string): string {
    if (!NAME.test(name)) {
      throw new WitnessError(
        'invalid-witness-key',
        `name ${JSON.stringify(name.slice(0, 200))}, expected one such as witness.example.org/2026`,
      );
    }
    const jwk = generateKeyPairSync('ed25519').privateKey.export({ format: 'jwk' });
    const publicKey = parseBase64Url(jwk.x as string);
    const secret = concat(Uint8Array.of(COSIGNATURE_ED25519), parseBase64Url(jwk.d as string));
    const id = encodeHex(keyIdOf(name, COSIGNATURE_ED25519, publicKey));
    return `${PREFIX}${name}+${id}+${encodeBase64(secret)}\n`;
  }

  /** @throws WitnessError `invalid-witness-key`, whose message never holds the key */
  static parse(text: string): WitnessKey {
    const match = /^PRIVATE\+KEY\+([^\s+]{1,255})\+([0-9a-f]{8})\+([A-Za-z0-9+/=]{44,48})\n?$/u.exec(text);
    const refuse = (why: string) => new WitnessError('invalid-witness-key', `the key file ${why}`);
    if (match === null) throw refuse('is not one line PRIVATE+KEY+name+hash+base64');
    const [, name, id, encoded] = match as unknown as [string, string, string, string];
    const secret = parseBase64(encoded);
    if (secret[0] !== COSIGNATURE_ED25519 || secret.length !== 33) {
      throw refuse(`holds no Ed25519 cosignature key (algorithm ${COSIGNATURE_ED25519}, 32 bytes)`);
    }
    const der = Buffer.from(concat(PKCS8_PREFIX, secret.slice(1)));
    const key = new WitnessKey(name, createPrivateKey({ key: der, format: 'der', type: 'pkcs8' }));
    if (key.vkey.split('+')[1] !== id) throw refuse(`names key id ${id}, which is not that of its name and key`);
    return key;
  }

  /** @param checkpointText the note's text, without signatures @returns the signature line, with its line feed */
  cosign(checkpointText: string, timestampUnixS: number): string {
    const message = encodeCosignedMessage(checkpointText, timestampUnixS);
    const signature = new Uint8Array(sign(null, message, this.#privateKey));
    return encodeCosignatureLine({ name: this.name, publicKey: this.#publicKey }, timestampUnixS, signature);
  }
}
