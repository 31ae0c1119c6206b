import { fromBER, type Integer } from 'asn1js';
import { type BasicConstraints, Certificate } from 'pkijs';
import { FormatError } from '../errors.ts';
import { encodeHex, equalBytes } from '../format/bytes.ts';
import { bitStringBytesOf, DerReader, parseDer, TAG } from '../format/der.ts';
import { algorithmOf, type SignatureOutcome, verifySignature } from './signature.ts';

/** A parsed X.509 certificate that is byte for byte its own DER. */
export interface X509 {
  der: Uint8Array;
  parsed: Certificate;
}

export type ChainOutcome =
  | {
      trusted: true;
      /** Signer first, the anchor last; the anchor alone if it is the signer itself. */
      path: X509[];
    }
  | { trusted: false; because: 'unknown-root' }
  | { trusted: false; because: 'broken'; reason: ChainFailure };

export type ChainFailure =
  | 'certificate-expired'
  | 'certificate-not-yet-valid'
  | 'issuer-mismatch'
  | 'certificate-signature-invalid'
  | 'issuer-is-not-a-ca'
  | 'path-too-long'
  | 'unknown-critical-extension'
  | 'weak-digest'
  | 'weak-key'
  /** Not the certificate's fault: it could not be judged. */
  | 'unsupported-algorithm';

const OID_BASIC_CONSTRAINTS = '2.5.29.19';
const OID_KEY_USAGE = '2.5.29.15';
const KEY_CERT_SIGN = 0x04;
/**
 * Extensions that are read, or that only make choices among certificates: key identifiers, key usage, names, basic constraints,
 * CRL distribution points, policies, extended key usage. Name constraints are not among them.
 */
const KNOWN_EXTENSIONS = ['14', '35', '15', '17', '18', '19', '31', '32', '37'].map((n) => `2.5.29.${n}`);

/** Certificates on the way from a signer to a root. */
const MAX_PATH = 8;
/** Signatures that one search looks at; hostile bundles could ask for many more. */
const MAX_SIGNATURES = 100;

/** Undefined if the bytes are not one X.509 certificate in DER, without trailing data. */
export function parseX509(der: Uint8Array): X509 | undefined {
  try {
    const block = fromBER(der.slice().buffer);
    if (block.offset !== der.length) return undefined;
    const parsed = new Certificate({ schema: block.result });
    // asn1js reads BER too; one certificate must not have two spellings.
    if (!equalBytes(new Uint8Array(parsed.toSchema(false).toBER()), der)) return undefined;
    return { der, parsed };
  } catch {
    return undefined;
  }
}

/**
 * Follows `chain` (signer first, each issued by the next) until a certificate is itself an anchor or was issued by one.
 * Every certificate on the way is valid at `atUnixMs` (RFC 5280 §6.1.3: signature, period, issuer's name, CA bit, path length,
 * no unknown critical extension). Revocation is not looked at.
 */
export async function followChain(
  chain: readonly X509[],
  anchors: readonly X509[],
  atUnixMs: number,
): Promise<ChainOutcome> {
  for (const [i, certificate] of chain.entries()) {
    const refused = checkCertificate(certificate, atUnixMs);
    if (refused !== undefined) return broken(refused);
    const path = chain.slice(0, i + 1);
    if (anchors.some((anchor) => equalBytes(anchor.der, certificate.der))) return { trusted: true, path };

    for (const anchor of anchors) {
      if (!isNamedIssuer(certificate, anchor)) continue;
      const refusal = (await checkIssued(certificate, anchor, i)) ?? checkPeriod(anchor, atUnixMs);
      if (refusal === undefined) return { trusted: true, path: [...path, anchor] };
    }

    const issuer = chain[i + 1];
    if (issuer === undefined) break;
    if (!isNamedIssuer(certificate, issuer)) return broken('issuer-mismatch');
    const refusal = await checkIssued(certificate, issuer, i);
    if (refusal !== undefined) return broken(refusal);
  }
  return { trusted: false, because: 'unknown-root' };
}

/**
 * As `followChain`, for issuers in no order and with strangers among them, as tokens carry them. Broken is the answer only if
 * the signer itself is, or an issuer whose signature fits; that somebody else has the same name says nothing.
 */
export async function findPath(
  signer: X509,
  others: readonly X509[],
  anchors: readonly X509[],
  atUnixMs: number,
): Promise<ChainOutcome> {
  const refused = checkCertificate(signer, atUnixMs);
  if (refused !== undefined) return broken(refused);
  let failure: ChainFailure | undefined;
  let signatures = 0;
  const seen = new Set([signer]);
  // Breadth first: the shortest way from the signer is also the one that path lengths allow longest.
  const open: X509[][] = [[signer]];
  for (let path = open.shift(); path !== undefined; path = open.shift()) {
    const certificate = path.at(-1) as X509;
    if (anchors.some((anchor) => equalBytes(anchor.der, certificate.der))) return { trusted: true, path };
    if (path.length > MAX_PATH) continue;
    for (const issuer of [...anchors, ...others]) {
      if (seen.has(issuer) || !isNamedIssuer(certificate, issuer)) continue;
      if (++signatures > MAX_SIGNATURES) return unknownOr(failure);
      const refusal = (await checkIssued(certificate, issuer, path.length - 1)) ?? checkPeriod(issuer, atUnixMs);
      // Of a key that is too short nothing was verified: whoever has the name may have brought it along.
      if (refusal === 'certificate-signature-invalid' || refusal === 'weak-key') continue;
      seen.add(issuer);
      const isAnchor = anchors.includes(issuer);
      const wrong = refusal ?? (isAnchor ? undefined : checkCertificate(issuer, atUnixMs));
      if (wrong !== undefined) failure ??= wrong;
      else if (isAnchor) return { trusted: true, path: [...path, issuer] };
      else open.push([...path, issuer]);
    }
  }
  return unknownOr(failure);
}

function unknownOr(failure: ChainFailure | undefined): ChainOutcome {
  return failure === undefined ? { trusted: false, because: 'unknown-root' } : broken(failure);
}

/** `certificate` and the issuers above it as far as `others` has them; each signature fits, nothing else is judged. */
export async function issuersOf(certificate: X509, others: readonly X509[]): Promise<X509[]> {
  const chain = [certificate];
  for (let issuer: X509 | undefined = certificate; issuer !== undefined && chain.length < MAX_PATH; ) {
    issuer = await issuerAmong(others, chain);
    if (issuer !== undefined) chain.push(issuer);
  }
  return chain;
}

/** Who issued the last of `chain`, and is not in it yet. */
async function issuerAmong(others: readonly X509[], chain: readonly X509[]): Promise<X509 | undefined> {
  const top = chain.at(-1) as X509;
  for (const other of others) {
    if (chain.includes(other) || !isNamedIssuer(top, other)) continue;
    if ((await verifyIssued(top, other)) === 'valid') return other;
  }
  return undefined;
}

/** The certificate's subject as people read it: the common name, else all values. */
export function subjectOf(certificate: X509): string {
  const values = certificate.parsed.subject.typesAndValues;
  const name = values.find((v) => v.type === '2.5.4.3') ?? values[0];
  return String(name?.value.valueBlock.value ?? '').slice(0, 200);
}

export function serialOf(certificate: X509): string {
  return encodeHex(new Uint8Array((certificate.parsed.serialNumber as Integer).valueBlock.valueHexView));
}

/** The P-256 public key, uncompressed (65 bytes), or undefined if the key is another kind. */
export function p256KeyOf(certificate: X509): Uint8Array | undefined {
  const info = certificate.parsed.subjectPublicKeyInfo;
  if (info.algorithm.algorithmId !== '1.2.840.10045.2.1') return undefined;
  const curve = info.algorithm.algorithmParams?.valueBlock?.toString?.();
  if (curve !== '1.2.840.10045.3.1.7') return undefined;
  const key = new Uint8Array(info.subjectPublicKey.valueBlock.valueHexView);
  return key.length === 65 ? key : undefined;
}

function broken(reason: ChainFailure): ChainOutcome {
  return { trusted: false, because: 'broken', reason };
}

function checkCertificate(certificate: X509, atUnixMs: number): ChainFailure | undefined {
  const unknown = certificate.parsed.extensions?.some((e) => e.critical && !KNOWN_EXTENSIONS.includes(e.extnID));
  return checkPeriod(certificate, atUnixMs) ?? (unknown === true ? 'unknown-critical-extension' : undefined);
}

function checkPeriod({ parsed }: X509, atUnixMs: number): ChainFailure | undefined {
  if (atUnixMs < parsed.notBefore.value.getTime()) return 'certificate-not-yet-valid';
  // notAfter names a whole second, which still counts.
  if (atUnixMs >= parsed.notAfter.value.getTime() + 1000) return 'certificate-expired';
  return undefined;
}

function isNamedIssuer(certificate: X509, issuer: X509): boolean {
  return certificate.parsed.issuer.isEqual(issuer.parsed.subject);
}

/** `below` counts the certificates between the issuer and the signer, for the path length. */
async function checkIssued(certificate: X509, issuer: X509, below: number): Promise<ChainFailure | undefined> {
  const outcome = await verifyIssued(certificate, issuer);
  if (outcome !== 'valid') return outcome === 'signature-invalid' ? 'certificate-signature-invalid' : outcome;
  const extensions = issuer.parsed.extensions ?? [];
  const constraints = extensions.find((e) => e.extnID === OID_BASIC_CONSTRAINTS)?.parsedValue as
    | BasicConstraints
    | undefined;
  if (constraints?.cA !== true) return 'issuer-is-not-a-ca';
  const usage = keyUsageOf(issuer);
  if (usage !== undefined && (usage & KEY_CERT_SIGN) === 0) return 'issuer-is-not-a-ca';
  const limit = constraints.pathLenConstraint;
  if (typeof limit === 'number' && below > limit) return 'path-too-long';
  return undefined;
}

/** First octet of the key usage (RFC 5280 §4.2.1.3): 0x80 digitalSignature … 0x02 cRLSign; undefined if there is none. */
export function keyUsageOf({ parsed }: X509): number | undefined {
  const usage = parsed.extensions?.find((e) => e.extnID === OID_KEY_USAGE);
  if (usage === undefined) return undefined;
  const bits = usage.parsedValue as { valueBlock?: { valueHexView?: Uint8Array } } | undefined;
  return bits?.valueBlock?.valueHexView?.[0] ?? 0;
}

/** The parts of a certificate that signatures and names are made of. */
export interface CertificateParts {
  tbs: Uint8Array;
  /** Content octets of the INTEGER. */
  serial: Uint8Array;
  /** DER names. */
  issuer: Uint8Array;
  subject: Uint8Array;
  /** DER SubjectPublicKeyInfo. */
  publicKey: Uint8Array;
}

/** @throws FormatError `invalid-der` if the certificate has a second spelling within */
export function partsOf({ der }: X509): CertificateParts {
  const tbs = new DerReader(parseDer(der)).next(TAG.sequence);
  const reader = new DerReader(tbs);
  reader.optional(0xa0);
  const serial = reader.next(TAG.integer).content;
  reader.next(TAG.sequence);
  const issuer = reader.next(TAG.sequence).raw;
  reader.next(TAG.sequence);
  const subject = reader.next(TAG.sequence).raw;
  return { tbs: tbs.raw, serial, issuer, subject, publicKey: reader.next(TAG.sequence).raw };
}

async function verifyIssued({ der }: X509, issuer: X509): Promise<SignatureOutcome> {
  try {
    return await verifySigned(der, partsOf(issuer).publicKey);
  } catch (error) {
    if (error instanceof FormatError) return 'signature-invalid';
    throw error;
  }
}

/**
 * The signature of a certificate or CRL: SEQUENCE { what is signed, AlgorithmIdentifier, BIT STRING }.
 * @param publicKey DER SubjectPublicKeyInfo
 * @throws FormatError `invalid-der`
 */
export async function verifySigned(der: Uint8Array, publicKey: Uint8Array): Promise<SignatureOutcome> {
  const reader = new DerReader(parseDer(der));
  const signed = reader.next(TAG.sequence);
  const algorithm = algorithmOf(reader.next(TAG.sequence));
  const signature = bitStringBytesOf(reader.next(TAG.bitString));
  reader.end();
  return verifySignature(publicKey, algorithm, signed.raw, signature);
}
