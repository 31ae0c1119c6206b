import * as pkijs from 'pkijs';
import { type ExchangeAnswer, ExchangeError, exchange } from '../network/bounded-exchange.ts';
import { judgeRevocation, MAX_REVOCATION_BYTES } from '../verify/revocation.ts';
import type { X509 } from '../verify/x509-chain.ts';

/** What was asked for one certificate of a chain, and what came of it. */
export interface RevocationNote {
  /** Whose revocation was asked about: 0 is the signer, 1 its issuer. */
  certificate: number;
  kind: 'ocsp' | 'crl' | 'none';
  /** As the certificate names it; empty if it names none. */
  url: string;
  /** `collected`, or why there is nothing: a code of an exchange, `http-404`, `not-usable`, `not-named`, `time-over`. */
  outcome: string;
}

export interface CollectedRevocation {
  /** DER of OCSP responses and CRLs. */
  revocation: Uint8Array[];
  notes: RevocationNote[];
}

export interface RevocationCollectorParts {
  /** `any` only if the authority itself is on this machine. */
  peers: 'any' | 'public';
  nowMs: () => number;
  /** For the whole chain. */
  timeoutMs: number;
}

const OID_CRL_DISTRIBUTION_POINTS = '2.5.29.31';
const OID_AUTHORITY_INFO_ACCESS = '1.3.6.1.5.5.7.1.1';
const OID_OCSP = '1.3.6.1.5.5.7.48.1';
/** GeneralName, RFC 5280 §4.2.1.6. */
const URI = 6;
/** Of each kind and certificate. */
const MAX_ADDRESSES = 2;
/** An authority's servers are not asked about the same certificate more often. */
const REUSED_MS = 10 * 60_000;
const MAX_REMEMBERED = 64;

/**
 * Fetches what says whether the certificates of a chain were revoked (RFC 6960, RFC 5280 §5), so that it can still be read when the
 * servers are gone. Nothing here holds anything up: what cannot be had is noted.
 */
export class RevocationCollector {
  readonly #parts: RevocationCollectorParts;
  readonly #remembered = new Map<string, { atMs: number; der: Uint8Array }>();

  constructor(parts: RevocationCollectorParts) {
    this.#parts = parts;
  }

  /** For each certificate but the root: a response of its OCSP responder, else a CRL. @param path signer first, root last */
  async collect(path: readonly X509[]): Promise<CollectedRevocation> {
    const { nowMs, timeoutMs } = this.#parts;
    const endMs = nowMs() + timeoutMs;
    const revocation: Uint8Array[] = [];
    const notes: RevocationNote[] = [];
    for (const [i, certificate] of path.slice(0, -1).entries()) {
      const issuer = path[i + 1] as X509;
      const places = placesOf(certificate);
      if (places.length === 0) notes.push({ certificate: i, kind: 'none', url: '', outcome: 'not-named' });
      for (const { kind, url } of places) {
        const found = await this.#fetch(kind, url, certificate, issuer, endMs - nowMs());
        const outcome = typeof found === 'string' ? found : 'collected';
        notes.push({ certificate: i, kind, url: url.slice(0, 300), outcome });
        if (typeof found === 'string') continue;
        revocation.push(found);
        break;
      }
    }
    return { revocation, notes };
  }

  async #fetch(
    kind: 'ocsp' | 'crl',
    url: string,
    certificate: X509,
    issuer: X509,
    timeoutMs: number,
  ): Promise<Uint8Array | string> {
    const { nowMs, peers } = this.#parts;
    const key = `${url} ${Buffer.from(certificate.parsed.serialNumber.valueBlock.valueHexView).toString('hex')}`;
    const known = this.#remembered.get(key);
    if (known !== undefined && Math.abs(nowMs() - known.atMs) < REUSED_MS) return known.der;
    if (timeoutMs <= 0) return 'time-over';
    let answer: ExchangeAnswer;
    try {
      const asked = kind === 'ocsp' ? { body: await ocspRequest(certificate, issuer) } : {};
      answer = await exchange({ url, maxBytes: MAX_REVOCATION_BYTES, timeoutMs, peers, ...asked });
    } catch (error) {
      if (error instanceof ExchangeError) return error.code;
      throw error;
    }
    if (answer.status !== 200) return `http-${answer.status}`;
    const standing = await judgeRevocation([certificate, issuer], [answer.bytes], nowMs(), 'only-earlier');
    if (standing.status === 'not-checked') return 'not-usable';
    const [oldest] = this.#remembered.keys();
    if (this.#remembered.size === MAX_REMEMBERED && oldest !== undefined) this.#remembered.delete(oldest);
    this.#remembered.set(key, { atMs: nowMs(), der: answer.bytes });
    return answer.bytes;
  }
}

/** Responders first: their answers are small. */
function placesOf({ parsed }: X509): { kind: 'ocsp' | 'crl'; url: string }[] {
  const extension = (oid: string) => parsed.extensions?.find((e) => e.extnID === oid)?.parsedValue;
  const access = extension(OID_AUTHORITY_INFO_ACCESS) as pkijs.InfoAccess | undefined;
  const points = extension(OID_CRL_DISTRIBUTION_POINTS) as pkijs.CRLDistributionPoints | undefined;
  const responders = (access?.accessDescriptions ?? [])
    .filter(({ accessMethod }) => accessMethod === OID_OCSP)
    .map(({ accessLocation }) => accessLocation);
  const lists = (points?.distributionPoints ?? []).flatMap(({ distributionPoint }) =>
    Array.isArray(distributionPoint) ? distributionPoint : [],
  );
  const addresses = (names: readonly pkijs.GeneralName[]) =>
    names.flatMap(({ type, value }) => (type === URI && /^https?:/i.test(String(value)) ? [String(value)] : []));
  return [
    ...addresses(responders)
      .slice(0, MAX_ADDRESSES)
      .map((url) => ({ kind: 'ocsp' as const, url })),
    ...addresses(lists)
      .slice(0, MAX_ADDRESSES)
      .map((url) => ({ kind: 'crl' as const, url })),
  ];
}

async function ocspRequest(certificate: X509, issuer: X509): Promise<{ mediaType: string; bytes: Uint8Array }> {
  const request = new pkijs.OCSPRequest();
  // SHA-1 only looks the certificate up, and is what every responder knows (RFC 5019 §2.1.1).
  await request.createForCertificate(certificate.parsed, {
    hashAlgorithm: 'SHA-1',
    issuerCertificate: issuer.parsed,
  });
  return { mediaType: 'application/ocsp-request', bytes: new Uint8Array(request.toSchema(true).toBER()) };
}
