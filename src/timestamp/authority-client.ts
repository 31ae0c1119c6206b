import { createHash, randomBytes } from 'node:crypto';
import { FormatError } from '../errors.ts';
import { encodeBase64, equalBytes } from '../format/bytes.ts';
import type { Attestation } from '../format/certificate.ts';
import {
  encodeTimestampRequest,
  IMPRINT_OIDS,
  type ImprintAlgorithm,
  MAX_RESPONSE_BYTES,
  parseTimestampResponse,
} from '../format/timestamp.ts';
import { ExchangeError, exchange, isLoopback } from '../network/bounded-exchange.ts';
import {
  judgeToken,
  NO_MATERIAL,
  type OpenedToken,
  openTimestampToken,
  type TokenMaterial,
  type TokenRoot,
} from '../verify/timestamp.ts';
import { parseX509, type X509 } from '../verify/x509-chain.ts';
import { AuthorityError, type AuthorityErrorCode } from './authority-error.ts';
import type { ClockReading } from './clock-watch.ts';
import { type CollectedRevocation, RevocationCollector } from './revocation-collector.ts';

/** A timestamp authority that the operator has chosen. */
export interface AuthoritySettings {
  /** For people. */
  name: string;
  /** Who runs it. Two authorities of one operator count as one. */
  operator: string;
  /** http or https; also names it in rows and alarms. */
  url: string;
  /** DER. Those that are their own issuer are roots; others only help to reach one. */
  certificates: readonly Uint8Array[];
  /** Asked for, and required of the token; undefined takes the authority's own choice. */
  policy: string | undefined;
  independent: boolean;
  hash: ImprintAlgorithm;
  timeoutMs: number;
  /** Tokens less exact are refused; undefined takes any. */
  maxAccuracyMs: number | undefined;
}

/** A token that stands, with what was collected beside it. */
export interface Stamp {
  /** DER of ContentInfo. */
  token: Uint8Array;
  genTimeUnixMs: number;
  accuracyMs: number;
  /** DER, signer first, root last. */
  path: Uint8Array[];
  /** Those of `path` that the token itself does not carry, without the root. */
  beside: Uint8Array[];
  collected: CollectedRevocation;
  reading: ClockReading;
}

export interface AuthorityClientParts {
  nowMs: () => number;
  /** In place of HTTP, for an authority of this very process: DER of a request → DER of its response. */
  answer?: (request: Uint8Array) => Promise<Uint8Array> | Uint8Array;
}

export interface StampTerms {
  /** The token is refused if even its latest instant lies before this; milliseconds since 1970. */
  notBeforeUnixMs?: number;
  /** In place of the settings'. */
  timeoutMs?: number;
  /** Whether revocation data are fetched with it. */
  collectRevocation: boolean;
}

/** Of one token: certificates must stay small, and no authority seen needs half of it. */
const MAX_STAMP_BYTES = 12_288;
/** Beyond this in all, certificates and revocation data of a token stay out of certificates. */
const MAX_ATTESTATION_BYTES = 8192;
const COLLECT_TIMEOUT_MS = 10_000;
const NONCE_BYTES = 8;

/** Asks one authority (RFC 3161 over HTTP, §3.4) and believes nothing it answers: only tokens that stand come out. */
export class AuthorityClient {
  readonly settings: AuthoritySettings;
  /** Where the policy finds them. */
  readonly roots: readonly X509[];
  readonly #parts: AuthorityClientParts;
  readonly #intermediates: TokenMaterial;
  readonly #collector: RevocationCollector;

  /** @throws FormatError `invalid-field` if a certificate cannot be read, or none is its own issuer */
  constructor(settings: AuthoritySettings, parts: AuthorityClientParts) {
    this.settings = settings;
    this.#parts = parts;
    const certificates = settings.certificates.map((der) => {
      const parsed = parseX509(der);
      if (parsed === undefined)
        throw new FormatError('invalid-field', `${settings.name}: a certificate is no DER X.509`);
      return parsed;
    });
    const isRoot = ({ parsed }: X509) => parsed.issuer.isEqual(parsed.subject);
    this.roots = certificates.filter(isRoot);
    if (this.roots.length === 0)
      throw new FormatError('invalid-field', `${settings.name}: no root among its certificates`);
    const intermediates = certificates.filter((certificate) => !isRoot(certificate)).map(({ der }) => der);
    this.#intermediates = { ...NO_MATERIAL, certificates: intermediates };
    const isLocal = parts.answer !== undefined || isLoopback(settings.url);
    this.#collector = new RevocationCollector({
      peers: isLocal ? 'any' : 'public',
      nowMs: parts.nowMs,
      timeoutMs: COLLECT_TIMEOUT_MS,
    });
  }

  /** A token over these bytes. @throws AuthorityError */
  stamp(message: Uint8Array, terms: StampTerms): Promise<Stamp> {
    const { hash } = this.settings;
    return this.stampDigest(hash, new Uint8Array(createHash(hash).update(message).digest()), terms);
  }

  /** A token over this digest, whatever digest the settings choose. @throws AuthorityError */
  async stampDigest(hash: ImprintAlgorithm, digest: Uint8Array, terms: StampTerms): Promise<Stamp> {
    const { url, policy } = this.settings;
    const nonce = BigInt(`0x${randomBytes(NONCE_BYTES).toString('hex')}`);
    const imprint = { algorithm: IMPRINT_OIDS[hash], digest };
    const request = encodeTimestampRequest({ imprint, policy, nonce, certReq: true });
    const askedMs = this.#parts.nowMs();
    const answer = await this.#ask(request, terms.timeoutMs ?? this.settings.timeoutMs);
    const answeredMs = this.#parts.nowMs();
    const token = this.#tokenIn(answer);

    const bare = await openTimestampToken(token, { algorithm: hash, digest }, NO_MATERIAL);
    // The signer's certificate may be among those that were configured.
    const isIncomplete = !bare.ok && bare.reason === 'signer-certificate-absent';
    const opened = isIncomplete
      ? await openTimestampToken(token, { algorithm: hash, digest }, this.#intermediates)
      : bare;
    if (!opened.ok) {
      const code = opened.reason === 'imprint-mismatch' ? 'token-imprint-mismatch' : 'token-invalid';
      throw this.#refused(code, opened.reason);
    }
    this.#requireAnswered(opened, nonce);
    if (terms.notBeforeUnixMs !== undefined && opened.genTimeUnixMs + opened.accuracyMs < terms.notBeforeUnixMs) {
      const early = terms.notBeforeUnixMs - opened.genTimeUnixMs - opened.accuracyMs;
      throw this.#refused('token-time-too-early', `at the latest ${early} ms before what it stamps was published`);
    }
    const path = await this.#pathOf(opened, []);
    const collected = terms.collectRevocation ? await this.#collector.collect(path) : { revocation: [], notes: [] };
    if (collected.revocation.length > 0) await this.#pathOf(opened, collected.revocation);

    const configured = isIncomplete ? this.#intermediates.certificates : [];
    const carried = opened.certificates.filter(({ der }) => !configured.some((own) => equalBytes(own, der)));
    const { genTimeUnixMs, accuracyMs } = opened;
    const reading = { source: url, theirsMs: genTimeUnixMs, accuracyMs, askedMs, answeredMs, tells: 'time' as const };
    return {
      token,
      genTimeUnixMs,
      accuracyMs,
      path: path.map(({ der }) => der),
      beside: path
        .slice(0, -1)
        .map(({ der }) => der)
        .filter((der) => !carried.some((own) => equalBytes(own.der, der))),
      collected,
      reading,
    };
  }

  async #ask(request: Uint8Array, timeoutMs: number): Promise<Uint8Array> {
    const { answer } = this.#parts;
    if (answer !== undefined) return answer(request);
    try {
      const { status, mediaType, bytes } = await exchange({
        url: this.settings.url,
        body: { mediaType: 'application/timestamp-query', bytes: request },
        maxBytes: MAX_RESPONSE_BYTES,
        timeoutMs,
        peers: 'any',
      });
      if (status !== 200) throw this.#refused('authority-answer-unexpected', `HTTP ${status}`);
      if (mediaType !== 'application/timestamp-reply') {
        throw this.#refused('authority-answer-unexpected', `media type ${mediaType.slice(0, 100) || '(none)'}`);
      }
      return bytes;
    } catch (error) {
      if (!(error instanceof ExchangeError)) throw error;
      const code: AuthorityErrorCode =
        error.code === 'exchange-timeout'
          ? 'authority-timeout'
          : error.code === 'exchange-too-large'
            ? 'authority-answer-too-large'
            : 'authority-unreachable';
      throw new AuthorityError(code, `${this.settings.name}: ${error.message}`, { cause: error });
    }
  }

  #tokenIn(answer: Uint8Array): Uint8Array {
    let response: ReturnType<typeof parseTimestampResponse>;
    try {
      response = parseTimestampResponse(answer);
    } catch (cause) {
      if (!(cause instanceof FormatError)) throw cause;
      throw this.#refused('authority-answer-malformed', cause.message, cause);
    }
    if (!response.granted) {
      const isClock = response.failure.split(' ').includes('timeNotAvailable');
      const code = isClock ? 'authority-clock-not-available' : 'authority-rejected-request';
      throw this.#refused(code, `status ${response.status}, ${response.failure}`);
    }
    if (response.token.length > MAX_STAMP_BYTES) {
      throw this.#refused('token-too-large', `${response.token.length} bytes, at most ${MAX_STAMP_BYTES} are kept`);
    }
    return response.token;
  }

  /** Is it the answer to this request, under the terms of the settings? */
  #requireAnswered(opened: Extract<OpenedToken, { ok: true }>, nonce: bigint): void {
    const { policy, maxAccuracyMs } = this.settings;
    if (opened.nonce !== nonce) throw this.#refused('token-nonce-mismatch', `${opened.nonce} for ${nonce}`);
    if (policy !== undefined && opened.policy !== policy) {
      throw this.#refused('token-policy-mismatch', `policy ${opened.policy} for ${policy}`);
    }
    if (maxAccuracyMs !== undefined && opened.accuracyMs > maxAccuracyMs) {
      throw this.#refused('token-accuracy-too-low', `± ${opened.accuracyMs} ms, at most ${maxAccuracyMs} ms are taken`);
    }
  }

  /** The way to a configured root, every certificate valid and none revoked as far as these data say. */
  async #pathOf(opened: Extract<OpenedToken, { ok: true }>, revocation: readonly Uint8Array[]): Promise<X509[]> {
    const roots: TokenRoot[] = this.roots.map((certificate) => ({ certificate, independent: false }));
    const judged = await judgeToken(opened, { ...this.#intermediates, revocation }, roots);
    if (judged.standing === 'trusted') return judged.path;
    if (judged.standing === 'unknown-root') throw this.#refused('token-untrusted-root', 'leads to no configured root');
    throw this.#refused(REFUSALS[judged.reason] ?? 'token-invalid', judged.reason);
  }

  #refused(code: AuthorityErrorCode, why: string, cause?: unknown): AuthorityError {
    return new AuthorityError(code, `${this.settings.name}: ${why}`, cause === undefined ? undefined : { cause });
  }
}

/** What a judgement's reasons mean here. */
const REFUSALS: Readonly<Record<string, AuthorityErrorCode>> = {
  'certificate-expired': 'token-signer-expired',
  'certificate-not-yet-valid': 'token-signer-expired',
  'signer-revoked': 'token-signer-revoked',
  'issuer-revoked': 'token-signer-revoked',
};

/** The attestation as certificates carry it: what is too much for it stays in the rows, and goes into packages. */
export function attestationOf({ token, beside, collected }: Stamp): Extract<Attestation, { type: 'rfc3161' }> {
  let room = MAX_ATTESTATION_BYTES - token.length;
  const fitting = (parts: readonly Uint8Array[]): string[] => {
    const sizeBytes = parts.reduce((sum, { length }) => sum + length, 0);
    if (sizeBytes > room) return [];
    room -= sizeBytes;
    return parts.map(encodeBase64);
  };
  const certificates = fitting(beside);
  return { type: 'rfc3161', token: encodeBase64(token), certificates, revocation: fitting(collected.revocation) };
}
