import { sign } from 'node:crypto';
import { encodeBase64, encodeBase64Url } from '../format/bytes.ts';
import { encodeSealHeader, type Seal, sealedBytes, sealSigningInput } from '../format/seal.ts';
import type { StampSignature } from '../timestamp/signature-stamper.ts';
import type { SealingKey } from './sealing-key.ts';

/** Puts the service's seal on receipts, certificates and packages: a detached JWS (RFC 7515 App. F), ES256. */
export class Sealer {
  /** DER, signer first. */
  readonly certificateChain: readonly Uint8Array[];
  readonly #key: SealingKey;
  readonly #stamp: StampSignature | undefined;
  readonly #protected: string;

  /** @param stamp left out where sealing must wait for nobody, as for receipts; then seals have no token */
  constructor(key: SealingKey, stamp?: StampSignature) {
    this.#key = key;
    this.#stamp = stamp;
    this.certificateChain = key.certificateChain;
    this.#protected = encodeSealHeader({ alg: 'ES256', x5c: key.certificateChain.map(encodeBase64) });
  }

  /**
   * The object with one seal more, and in it an authority's token over the signature's 64 bytes if one could be had. Earlier
   * seals stay: each covers the object without any of them.
   */
  async seal<T extends { seals: Seal[] }>(object: T): Promise<T> {
    const signature = sign('sha256', sealSigningInput(this.#protected, sealedBytes(object)), {
      key: this.#key.privateKey,
      // RFC 7518 §3.4: r ‖ s, 32 bytes each, not DER.
      dsaEncoding: 'ieee-p1363',
    });
    const token = (await this.#stamp?.(signature)) ?? null;
    const seal: Seal = {
      protected: this.#protected,
      signature: encodeBase64Url(signature),
      timestamp: token === null ? null : encodeBase64(token),
    };
    return { ...object, seals: [...object.seals, seal] };
  }
}
