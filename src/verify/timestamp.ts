import type { ExtKeyUsage } from 'pkijs';
import { FormatError } from '../errors.ts';
import { encodeHex, equalBytes, parseBase64 } from '../format/bytes.ts';
import {
  childrenOf,
  constructedTag,
  DerReader,
  type DerValue,
  derLength,
  explicit,
  oidOf,
  TAG,
} from '../format/der.ts';
import { utcTimeOf } from '../format/fields.ts';
import type { Check } from '../format/report.ts';
import {
  IMPRINT_BYTES,
  type ImprintAlgorithm,
  imprintAlgorithmOf,
  parseTstInfo,
  type TstInfo,
} from '../format/timestamp.ts';
import { type Facts, failed, notChecked, passed } from './checks.ts';
import { lifeOf, nameOfRoot } from './durability.ts';
import type { ProvedTime } from './evm.ts';
import { judgeRevocation, type RevocationStanding } from './revocation.ts';
import { digestAlgorithmOf, digestNameOf, digestOfBytes, sha1OfBytes, verifySignature } from './signature.ts';
import {
  attributeValue,
  hasAttribute,
  isNamedSigner,
  isSameName,
  OID_CONTENT_TYPE,
  OID_MESSAGE_DIGEST,
  parseSignedData,
  type SignedData,
} from './signed-data.ts';
import type { Trust } from './trust.ts';
import { findPath, issuersOf, keyUsageOf, parseX509, partsOf, subjectOf, type X509 } from './x509-chain.ts';

export { parseTimestampResponse, type TimestampResponse } from '../format/timestamp.ts';

/** What lies beside a token and helps to judge it. Nothing here is trusted: each piece is signed by somebody on the way to a root. */
export interface TokenMaterial {
  /** DER X.509 certificates. */
  certificates: readonly Uint8Array[];
  /** DER CRLs and OCSP responses. */
  revocation: readonly Uint8Array[];
}

export const NO_MATERIAL: TokenMaterial = { certificates: [], revocation: [] };

export type OpenedToken =
  | {
      ok: true;
      /** Milliseconds since 1970, rounded up. */
      genTimeUnixMs: number;
      /** As stated, rounded up; the unit in which genTime is written (1 s or 1 ms) if nothing is stated. */
      accuracyMs: number;
      /** Object identifier, dotted. */
      policy: string;
      /** Lower-case hex of the integer. */
      serial: string;
      nonce: bigint | undefined;
      hashAlgorithm: ImprintAlgorithm;
      signer: X509;
      /** Signer first, then its issuers as far as they are at hand; each signature fits. */
      chain: X509[];
      /** All certificates at hand, those of the token and those from outside, each once. */
      certificates: X509[];
      /** CRLs inside the token. */
      crls: Uint8Array[];
    }
  /** Stable kebab-case code; `unsupported-algorithm` and `signer-certificate-absent` say nothing against the token. */
  | { ok: false; reason: string };

export interface TokenRoot {
  certificate: X509;
  independent: boolean;
  operator?: string;
}

export type TokenStanding =
  | { standing: 'trusted'; root: TokenRoot; path: X509[]; revocation: RevocationStanding }
  | { standing: 'unknown-root' }
  | {
      standing: 'refused';
      reason: string;
      /** Of a revoked certificate: since when. */
      revokedUnixMs?: number;
    };

export const MAX_TOKEN_BYTES = 65_536;
/** Certificates that are looked at, those of the token first. */
const MAX_CERTIFICATES = 32;

const OID_TST_INFO = '1.2.840.113549.1.9.16.1.4';
const OID_SIGNING_CERTIFICATE = '1.2.840.113549.1.9.16.2.12';
const OID_SIGNING_CERTIFICATE_V2 = '1.2.840.113549.1.9.16.2.47';
const OID_EXTENDED_KEY_USAGE = '2.5.29.37';
const OID_TIME_STAMPING = '1.3.6.1.5.5.7.3.8';
const OID_BASIC_CONSTRAINTS = '2.5.29.19';
/** digitalSignature and nonRepudiation (RFC 5280 §4.2.1.3). */
const MAY_SIGN = 0xc0;

/**
 * What a token says, and whether its own bytes stand (RFC 3161 §2.2 and §2.4.2, RFC 5652, RFC 5816). Whom it came from is not
 * asked yet.
 * @param token DER ContentInfo
 * @param imprintOf the stamped bytes, or their digest
 */
export async function openTimestampToken(
  token: Uint8Array,
  imprintOf: Uint8Array | { algorithm: ImprintAlgorithm; digest: Uint8Array },
  material: TokenMaterial,
): Promise<OpenedToken> {
  try {
    return await openToken(token, imprintOf, material);
  } catch (error) {
    if (error instanceof FormatError) return refused('token-malformed');
    throw error;
  }
}

async function openToken(
  token: Uint8Array,
  imprintOf: Uint8Array | { algorithm: ImprintAlgorithm; digest: Uint8Array },
  material: TokenMaterial,
): Promise<OpenedToken> {
  if (token.length > MAX_TOKEN_BYTES) return refused('token-too-large');
  if ((derLength(token) ?? token.length) < token.length) return refused('trailing-bytes');
  const signed = parseSignedData(token);
  if (typeof signed === 'string') return refused(signed);
  if (signed.contentType !== OID_TST_INFO || signed.content === undefined) return refused('not-a-timestamp-token');

  const info = openTstInfo(signed.content);
  if (typeof info === 'string') return refused(info);
  const hashAlgorithm = imprintAlgorithmOf(info.imprint.algorithm);
  if (hashAlgorithm === undefined) {
    return refused(digestNameOf(info.imprint.algorithm) === 'weak' ? 'weak-digest' : 'unsupported-algorithm');
  }
  if (info.imprint.digest.length !== IMPRINT_BYTES[hashAlgorithm]) return refused('token-malformed');
  const expected =
    imprintOf instanceof Uint8Array
      ? digestOfBytes(hashAlgorithm, imprintOf)
      : imprintOf.algorithm === hashAlgorithm
        ? imprintOf.digest
        : undefined;
  if (expected === undefined || !equalBytes(expected, info.imprint.digest)) return refused('imprint-mismatch');

  const wrongAttribute = checkAttributes(signed, signed.content);
  if (wrongAttribute !== undefined) return refused(wrongAttribute);
  const certificates = certificatesAtHand(signed.certificates, material.certificates);
  const signer = chooseSigner(signed, certificates);
  if (typeof signer === 'string') return refused(signer);
  const unfit = checkPurpose(signer);
  if (unfit !== undefined) return refused(unfit);

  const { signatureAlgorithm, signedBytes, signature, digestAlgorithm } = signed.signer;
  const digest = digestNameOf(digestAlgorithm);
  const outcome = await verifySignature(
    partsOf(signer).publicKey,
    signatureAlgorithm,
    signedBytes as Uint8Array,
    signature,
    digest === 'weak' ? undefined : digest,
  );
  if (outcome !== 'valid') return refused(outcome);
  return {
    ok: true,
    genTimeUnixMs: info.genTimeUnixMs,
    accuracyMs: info.accuracyMs ?? info.genTimeUnitMs,
    policy: info.policy,
    serial: info.serial < 0n ? `-${(-info.serial).toString(16)}` : info.serial.toString(16),
    nonce: info.nonce,
    hashAlgorithm,
    signer,
    chain: await issuersOf(signer, certificates),
    certificates,
    crls: signed.crls,
  };
}

/**
 * Who vouches for an opened token: a chain to one of `roots`, every certificate of which was valid at genTime, and none revoked
 * in a way that voids the token (RFC 3161 §4). Whether they have expired since does not matter.
 * @param existedByUnixMs when the token itself existed, as another proof shows: a key stolen later then does not void it
 */
export async function judgeToken(
  opened: Extract<OpenedToken, { ok: true }>,
  material: TokenMaterial,
  roots: readonly TokenRoot[],
  existedByUnixMs?: number,
): Promise<TokenStanding> {
  const others = certificatesAtHand(
    opened.certificates.map(({ der }) => der),
    material.certificates,
  );
  const anchors = roots.map(({ certificate }) => certificate);
  const signer = others.find(({ der }) => equalBytes(der, opened.signer.der)) ?? opened.signer;
  const outcome = await findPath(signer, others, anchors, opened.genTimeUnixMs);
  if (!outcome.trusted) {
    return outcome.because === 'broken'
      ? { standing: 'refused', reason: outcome.reason }
      : { standing: 'unknown-root' };
  }
  const anchor = outcome.path.at(-1) as X509;
  const root = roots.find(({ certificate }) => equalBytes(certificate.der, anchor.der)) as TokenRoot;
  const revocation = await judgeRevocation(
    outcome.path,
    [...opened.crls, ...material.revocation],
    opened.genTimeUnixMs,
    existedByUnixMs === undefined ? 'later-compromise-voids' : { existedByUnixMs },
  );
  if (revocation.status === 'revoked') {
    return { standing: 'refused', reason: revocation.reason, revokedUnixMs: revocation.sinceUnixMs };
  }
  return { standing: 'trusted', root, path: outcome.path, revocation };
}

/** The roots of authorities that the reader's policy names. */
export function authorityRoots(trust: Trust): TokenRoot[] {
  return (trust.policy?.authorities ?? []).flatMap(({ certificate, independent, operator }) => {
    const root = parseX509(parseBase64(certificate));
    return root === undefined ? [] : [{ certificate: root, independent, ...(operator !== undefined && { operator }) }];
  });
}

/** What a token says, as facts of a check. */
export function tokenFacts(opened: Extract<OpenedToken, { ok: true }>): Facts {
  return {
    genTime: utcTimeOf(opened.genTimeUnixMs),
    accuracyMs: String(opened.accuracyMs),
    policy: opened.policy,
    serial: opened.serial,
    authority: subjectOf(opened.signer),
    hashAlgorithm: opened.hashAlgorithm,
  };
}

/**
 * Did an authority that the reader trusts stamp these bytes, and when?
 * @param attestation base64, as the certificate carries it
 * @param message the stamped bytes (of a publication, the checkpoint's), or their digest
 * @param more lies beside the certificate
 */
export async function checkTimestamp(
  attestation: { token: string; certificates: readonly string[]; revocation: readonly string[] },
  message: Uint8Array | { algorithm: ImprintAlgorithm; digest: Uint8Array },
  about: string | null,
  trust: Trust,
  more: TokenMaterial = NO_MATERIAL,
): Promise<{ check: Check; time: ProvedTime | undefined }> {
  const name = 'rfc3161';
  const only = (check: Check) => ({ check, time: undefined });
  let token: Uint8Array;
  let material: TokenMaterial;
  try {
    token = parseBase64(attestation.token);
    material = {
      certificates: [...attestation.certificates.map(parseBase64), ...more.certificates],
      revocation: [...attestation.revocation.map(parseBase64), ...more.revocation],
    };
  } catch (error) {
    if (error instanceof FormatError) return only(failed(name, about, 'token-malformed'));
    throw error;
  }
  const opened = await openTimestampToken(token, message, material);
  if (!opened.ok) {
    if (opened.reason === 'unsupported-algorithm') return only(notChecked(name, about, 'unsupported'));
    if (opened.reason === 'signer-certificate-absent') {
      return only(notChecked(name, about, 'absent', { missing: 'signer-certificate' }));
    }
    return only(failed(name, about, opened.reason));
  }
  const facts = tokenFacts(opened);
  if (trust.policy === undefined) return only(notChecked(name, about, 'no-policy', facts));
  const judged = await judgeToken(opened, material, authorityRoots(trust));
  if (judged.standing === 'unknown-root') return only(notChecked(name, about, 'untrusted-key', facts));
  if (judged.standing === 'refused') {
    if (judged.reason === 'unsupported-algorithm') return only(notChecked(name, about, 'unsupported', facts));
    const revoked = judged.revokedUnixMs === undefined ? {} : { revokedSince: utcTimeOf(judged.revokedUnixMs) };
    return only(failed(name, about, judged.reason, { ...facts, ...revoked }));
  }
  const { root } = judged;
  const operator = root.operator ?? nameOfRoot(root.certificate);
  return {
    check: passed(name, about, { ...facts, operator, ...lifeOf(judged.path), ...revocationFacts(judged.revocation) }),
    time: {
      unixMs: opened.genTimeUnixMs + opened.accuracyMs,
      source: `RFC 3161 ${facts.authority} ${opened.serial}`.slice(0, 300),
      operator,
      independent: root.independent,
    },
  };
}

export function revocationFacts(standing: RevocationStanding): Facts {
  const facts: Facts = { revocation: standing.status };
  if (standing.status === 'good') facts.revocationAsOf = utcTimeOf(standing.asOfUnixMs);
  return facts;
}

function refused(reason: string): OpenedToken {
  return { ok: false, reason };
}

function openTstInfo(content: Uint8Array): TstInfo | string {
  try {
    const info = parseTstInfo(content);
    return info.extensions.some(({ critical }) => critical) ? 'unknown-critical-extension' : info;
  } catch (error) {
    if (!(error instanceof FormatError)) throw error;
    return error.code === 'unknown-type' ? 'tst-info-version' : 'tst-info-malformed';
  }
}

/** RFC 5652 §11: content-type and message-digest, each once, among the signed attributes. */
function checkAttributes({ signer }: SignedData, content: Uint8Array): string | undefined {
  if (signer.signedBytes === undefined) return 'signed-attributes-absent';
  const digest = digestNameOf(signer.digestAlgorithm);
  if (digest === undefined) return 'unsupported-algorithm';
  if (digest === 'weak') return 'weak-digest';
  const contentType = attributeValue(signer, OID_CONTENT_TYPE);
  if (contentType?.tag !== TAG.oid || oidOf(contentType) !== OID_TST_INFO) return 'content-type-attribute';
  const stated = attributeValue(signer, OID_MESSAGE_DIGEST);
  const isSame = stated?.tag === TAG.octetString && equalBytes(stated.content, digestOfBytes(digest, content));
  return isSame ? undefined : 'content-digest-mismatch';
}

function certificatesAtHand(...groups: (readonly Uint8Array[])[]): X509[] {
  const found = new Map<string, X509>();
  for (const der of groups.flat()) {
    const key = encodeHex(der);
    if (found.size === MAX_CERTIFICATES || found.has(key)) continue;
    const certificate = parseX509(der);
    if (certificate !== undefined) found.set(key, certificate);
  }
  return [...found.values()];
}

/** The certificate that signer info and ESSCertID both name, or why there is none. */
function chooseSigner({ signer }: SignedData, certificates: readonly X509[]): X509 | string {
  const named = certificates.filter((certificate) => isNamedSigner(signer, certificate));
  if (named.length === 0) return 'signer-certificate-absent';
  const attributes = [OID_SIGNING_CERTIFICATE, OID_SIGNING_CERTIFICATE_V2].filter((type) => hasAttribute(signer, type));
  if (attributes.length === 0) return 'signing-certificate-attribute';
  const ids: CertificateId[] = [];
  for (const type of attributes) {
    const value = attributeValue(signer, type);
    if (value === undefined) return 'signing-certificate-attribute';
    const id = parseCertificateId(value, type === OID_SIGNING_CERTIFICATE_V2);
    if (typeof id === 'string') return id;
    ids.push(id);
  }
  const chosen = named.find((certificate) => ids.every((id) => isIdOf(id, certificate)));
  return chosen ?? 'signing-certificate-attribute';
}

interface CertificateId {
  digestOf: (der: Uint8Array) => Uint8Array;
  digest: Uint8Array;
  /** IssuerSerial, if it is there. */
  issuer: Uint8Array | undefined;
  serial: Uint8Array | undefined;
}

/**
 * The first of SigningCertificate (RFC 2634 §5.4) or SigningCertificateV2 (RFC 5035 §3): the signer's own. The SHA-1 of the first
 * only chooses a certificate; its signature, and the chain above it, must stand by stronger digests.
 */
function parseCertificateId(attribute: DerValue, isV2: boolean): CertificateId | string {
  const [first] = childrenOf(new DerReader(attribute).next(TAG.sequence));
  if (first === undefined) return 'signing-certificate-attribute';
  const reader = new DerReader(first);
  const algorithm = isV2 ? reader.optional(TAG.sequence) : undefined;
  const digest = reader.next(TAG.octetString).content;
  const issuerSerial = reader.optional(TAG.sequence);
  reader.end();
  const name = algorithm === undefined ? 'sha256' : digestNameOf(digestAlgorithmOf(algorithm));
  if (name === undefined) return 'unsupported-algorithm';
  if (name === 'weak') return 'weak-digest';
  let issuer: Uint8Array | undefined;
  let serial: Uint8Array | undefined;
  if (issuerSerial !== undefined) {
    const members = new DerReader(issuerSerial);
    const directoryName = childrenOf(members.next(TAG.sequence)).find(({ tag }) => tag === constructedTag(4));
    issuer = directoryName === undefined ? new Uint8Array(0) : explicit(directoryName).raw;
    serial = members.next(TAG.integer).content;
  }
  return { digestOf: isV2 ? (der) => digestOfBytes(name, der) : sha1OfBytes, digest, issuer, serial };
}

function isIdOf(id: CertificateId, certificate: X509): boolean {
  if (!equalBytes(id.digestOf(certificate.der), id.digest)) return false;
  if (id.serial !== undefined && !equalBytes(id.serial, partsOf(certificate).serial)) return false;
  return id.issuer === undefined || isSameName(id.issuer, certificate.parsed.issuer);
}

/** RFC 3161 §2.3: the key stamps times and does nothing else. */
function checkPurpose(signer: X509): string | undefined {
  const extension = (oid: string) => signer.parsed.extensions?.filter((e) => e.extnID === oid) ?? [];
  const [usage, ...more] = extension(OID_EXTENDED_KEY_USAGE);
  if (usage === undefined) return 'extended-key-usage-absent';
  const purposes = (usage.parsedValue as ExtKeyUsage | undefined)?.keyPurposes ?? [];
  if (!purposes.includes(OID_TIME_STAMPING)) return 'extended-key-usage-absent';
  if (purposes.length > 1 || more.length > 0) return 'extended-key-usage-not-sole';
  if (!usage.critical) return 'extended-key-usage-not-critical';
  const bits = keyUsageOf(signer);
  if (bits !== undefined && ((bits & MAY_SIGN) === 0 || (bits & ~MAY_SIGN & 0xff) !== 0)) return 'key-usage';
  const isCa = extension(OID_BASIC_CONSTRAINTS).some(
    (e) => (e.parsedValue as { cA?: boolean } | undefined)?.cA === true,
  );
  return isCa ? 'signer-is-a-ca' : undefined;
}
