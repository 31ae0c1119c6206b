import { sign } from 'node:crypto';
import { encodeBase64, encodeBase64Url } from '../format/bytes.ts';
import { encodeSealHeader, type Seal, sealedBytes, sealSigningInput } from '../format/seal.ts';
import type { SealingKey } from './sealing-key.ts';

/** Puts the service's seal on receipts, certificates and packages: a detached JWS (RFC 7515 App. F), ES256. */
export class Sealer {
  /** DER, signer first. */
  readonly certificateChain: readonly Uint8Array[];
  readonly #key: SealingKey;
  readonly #protected: string;

  constructor(key: SealingKey) {
    this.#key = key;
    this.certificateChain = key.certificateChain;
    this.#protected = encodeSealHeader({ alg: 'ES256', x5c: key.certificateChain.map(encodeBase64) });
  }

  /** The object with one seal more. Earlier seals stay: each covers the object without any of them. */
  async seal<T extends { seals: Seal[] }>(object: T): Promise<T> {
    const signature = sign('sha256', sealSigningInput(this.#protected, sealedBytes(object)), {
      key: this.#key.privateKey,
      // RFC 7518 §3.4: r ‖ s, 32 bytes each, not DER.
      dsaEncoding: 'ieee-p1363',
    });
    const seal: Seal = { protected: this.#protected, signature: encodeBase64Url(signature), timestamp: null };
    return { ...object, seals: [...object.seals, seal] };
  }
}
