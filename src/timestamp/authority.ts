import { FormatError } from '../errors.ts';
import {
  encodeTimestampRejection,
  encodeTimestampResponse,
  encodeTstInfo,
  IMPRINT_BYTES,
  imprintAlgorithmOf,
  parseTimestampRequest,
  type TimestampFailure,
  type TimestampRequest,
} from '../format/timestamp.ts';
import { type CmsKey, signCms } from './cms-signer.ts';
import { randomSerial } from './x509-maker.ts';

export interface AuthorityParts {
  /** Signer first, then its issuers. */
  key: CmsKey;
  /** The one policy it works under, dotted. */
  policy: string;
  nowMs: () => number;
  /** Stated in every token. */
  accuracyMs: number;
  /** While false no token is given. */
  isClockRight: () => boolean;
}

const TST_INFO = '1.2.840.113549.1.9.16.1.4';

/**
 * A timestamp authority (RFC 3161) for trying the service out, and for tests. Whoever runs the service runs it, so its time is
 * worth no more than the service's own word. Serial numbers are 126 random bits: unique over restarts with nothing to remember.
 */
export class BuiltInAuthority {
  readonly #parts: AuthorityParts;

  constructor(parts: AuthorityParts) {
    this.#parts = parts;
  }

  /** DER of TimeStampReq → DER of TimeStampResp; what is no such request gets a rejection too. Never throws for what it is given. */
  reply(request: Uint8Array): Uint8Array {
    let asked: TimestampRequest;
    try {
      asked = parseTimestampRequest(request);
    } catch (error) {
      if (!(error instanceof FormatError)) throw error;
      const failure = error.code === 'unknown-type' ? 'badRequest' : 'badDataFormat';
      return encodeTimestampRejection(failure, error.message);
    }
    const refusal = this.#refusalOf(asked);
    if (refusal !== undefined) return encodeTimestampRejection(...refusal);
    return encodeTimestampResponse(this.#token(asked));
  }

  #refusalOf({ imprint, policy, extensions }: TimestampRequest): [TimestampFailure, string] | undefined {
    const algorithm = imprintAlgorithmOf(imprint.algorithm);
    if (algorithm === undefined) {
      return ['badAlg', `imprint by ${imprint.algorithm}: SHA-256, SHA-384 and SHA-512 are taken`];
    }
    if (imprint.digest.length !== IMPRINT_BYTES[algorithm]) {
      return ['badDataFormat', `${algorithm} imprint of ${imprint.digest.length} bytes`];
    }
    if (policy !== undefined && policy !== this.#parts.policy) {
      return ['unacceptedPolicy', `policy ${policy}: only ${this.#parts.policy} is offered`];
    }
    if (extensions.length > 0) return ['unacceptedExtension', `extension ${extensions[0]} is not known`];
    if (!this.#parts.isClockRight()) return ['timeNotAvailable', 'the clock is being checked'];
    return undefined;
  }

  #token({ imprint, nonce, certReq }: TimestampRequest): Uint8Array {
    const { key, policy, nowMs, accuracyMs } = this.#parts;
    const info = encodeTstInfo({
      policy,
      imprint,
      serial: BigInt(`0x${Buffer.from(randomSerial()).toString('hex')}`),
      genTimeUnixMs: nowMs(),
      accuracyMs,
      ordering: false,
      nonce,
    });
    // RFC 3161 §2.4.2: certificates only if they were asked for. The root is left out: whoever trusts it has it.
    const embedded = certReq ? key.certificateChain.slice(0, Math.max(1, key.certificateChain.length - 1)) : [];
    return signCms({ type: TST_INFO, bytes: info }, key, embedded).encode(null);
  }
}
