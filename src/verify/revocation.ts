import type { ExtKeyUsage } from 'pkijs';
import { FormatError } from '../errors.ts';
import { equalBytes } from '../format/bytes.ts';
import {
  bitStringBytesOf,
  booleanOf,
  childrenOf,
  constructedTag,
  contextTag,
  DerReader,
  type DerValue,
  explicit,
  integerOf,
  oidOf,
  parseDer,
  TAG,
  timeOf,
} from '../format/der.ts';
import {
  algorithmOf,
  type DigestName,
  digestAlgorithmOf,
  digestNameOf,
  digestOfBytes,
  sha1OfBytes,
  verifySignature,
} from './signature.ts';
import { isSameName } from './signed-data.ts';
import { keyUsageOf, parseX509, partsOf, verifySigned, type X509 } from './x509-chain.ts';

/** What CRLs and OCSP responses that lie beside a chain say of it. */
export type RevocationStanding =
  /** Each certificate below the root was not revoked at that time, as data say that were current or newer then. */
  | { status: 'good'; asOfUnixMs: number }
  /** Some certificate below the root has such data, but not each. */
  | { status: 'incomplete' }
  /** No data, or none that its issuer signed. */
  | { status: 'not-checked' }
  | { status: 'revoked'; reason: 'signer-revoked' | 'issuer-revoked'; sinceUnixMs: number };

/**
 * What a revocation after the instant does. `later-compromise-voids`: a key that was stolen later can have signed anything,
 * back-dated too, so what it signed falls with it (RFC 3161 §4). `only-earlier`: the instant is itself proved, so nothing later
 * matters. `existedByUnixMs`: a proof of somebody else shows that the very signature existed by then; what came after does not matter.
 */
export type RevocationRule = 'later-compromise-voids' | 'only-earlier' | { existedByUnixMs: number };

export const MAX_REVOCATION_BYTES = 1_048_576;
/** CRLs and responses that are looked at for one chain. */
const MAX_ITEMS = 64;

const OID_OCSP_BASIC = '1.3.6.1.5.5.7.48.1.1';
const OID_OCSP_SIGNING = '1.3.6.1.5.5.7.3.9';
const OID_SHA1 = '1.3.14.3.2.26';
const OID_EXTENDED_KEY_USAGE = '2.5.29.37';
const OID_REASON_CODE = '2.5.29.21';
const OID_INVALIDITY_DATE = '2.5.29.24';
const OID_ISSUING_DISTRIBUTION_POINT = '2.5.29.28';
const CRL_SIGN = 0x02;
/** unspecified, affiliationChanged, superseded, cessationOfOperation: RFC 3161 §4 lets earlier tokens stand if one is stated. */
const HARMLESS_LATER = [0, 3, 4, 5];

/** What one CRL or response says of one certificate. */
interface Statement {
  thisUpdateUnixMs: number;
  nextUpdateUnixMs: number | undefined;
  revoked: { sinceUnixMs: number; reason: number | undefined } | undefined;
}

/**
 * Was a certificate of this chain revoked, judged at an instant in the past?
 * @param path signer first, root last. The root itself has nobody to revoke it
 * @param data DER CRLs and OCSP responses, in any order; what nobody on the path signed says nothing
 */
export async function judgeRevocation(
  path: readonly X509[],
  data: readonly Uint8Array[],
  atUnixMs: number,
  rule: RevocationRule,
): Promise<RevocationStanding> {
  const sources = data.slice(0, MAX_ITEMS).filter(({ length }) => length <= MAX_REVOCATION_BYTES);
  const covered: number[] = [];
  for (const [i, certificate] of path.slice(0, -1).entries()) {
    const issuer = path[i + 1] as X509;
    let asOf: number | undefined;
    for (const der of sources) {
      const statement = await statementIn(der, certificate, issuer);
      if (statement === undefined) continue;
      if (statement.revoked !== undefined && isVoid(statement.revoked, atUnixMs, rule)) {
        const reason = i === 0 ? 'signer-revoked' : 'issuer-revoked';
        return { status: 'revoked', reason, sinceUnixMs: statement.revoked.sinceUnixMs };
      }
      if (covers(statement, certificate, atUnixMs)) asOf = Math.max(asOf ?? 0, statement.thisUpdateUnixMs);
    }
    if (asOf !== undefined) covered.push(asOf);
  }
  if (covered.length === 0) return { status: 'not-checked' };
  return covered.length === path.length - 1
    ? { status: 'good', asOfUnixMs: Math.min(...covered) }
    : { status: 'incomplete' };
}

function isVoid(revoked: NonNullable<Statement['revoked']>, atUnixMs: number, rule: RevocationRule): boolean {
  if (revoked.sinceUnixMs <= atUnixMs) return true;
  if (rule === 'only-earlier') return false;
  if (revoked.reason !== undefined && HARMLESS_LATER.includes(revoked.reason)) return false;
  return rule === 'later-compromise-voids' || revoked.sinceUnixMs <= rule.existedByUnixMs;
}

/** Data from before the instant count only while they were current; data from after the certificate's end may have dropped it. */
function covers(statement: Statement, { parsed }: X509, atUnixMs: number): boolean {
  const { thisUpdateUnixMs, nextUpdateUnixMs } = statement;
  if (statement.revoked !== undefined) return true;
  if (thisUpdateUnixMs > parsed.notAfter.value.getTime()) return false;
  return thisUpdateUnixMs >= atUnixMs || (nextUpdateUnixMs !== undefined && atUnixMs <= nextUpdateUnixMs);
}

/** Undefined if it is malformed, about another certificate, or not signed by whom the issuer lets sign. */
async function statementIn(der: Uint8Array, certificate: X509, issuer: X509): Promise<Statement | undefined> {
  try {
    const outer = parseDer(der);
    const [first] = outer.tag === TAG.sequence ? childrenOf(outer) : [];
    // An OCSPResponse begins with an ENUMERATED, a CertificateList with a SEQUENCE.
    if (first?.tag === TAG.enumerated) return await readOcsp(outer, certificate, issuer);
    return await readCrl(outer, certificate, issuer);
  } catch (error) {
    if (error instanceof FormatError) return undefined;
    throw error;
  }
}

/** CertificateList (RFC 5280 §5.1), complete and of the issuer itself. */
async function readCrl(list: DerValue, certificate: X509, issuer: X509): Promise<Statement | undefined> {
  const reader = new DerReader(new DerReader(list).next(TAG.sequence));
  reader.optional(TAG.integer);
  reader.next(TAG.sequence);
  const name = reader.next(TAG.sequence).raw;
  if (!isSameName(name, issuer.parsed.subject)) return undefined;
  const thisUpdate = timeOf(reader.next());
  const nextUpdate = reader.optional(TAG.utcTime, TAG.generalizedTime);
  const entries = reader.optional(TAG.sequence);
  const extensions = reader.optional(constructedTag(0));
  reader.end();
  const usage = keyUsageOf(issuer);
  if (usage !== undefined && (usage & CRL_SIGN) === 0) return undefined;
  if (extensions !== undefined && !isComplete(explicit(extensions), certificate)) return undefined;
  if ((await verifySigned(list.raw, partsOf(issuer).publicKey)) !== 'valid') return undefined;
  const { serial } = partsOf(certificate);
  return {
    thisUpdateUnixMs: thisUpdate.unixMs,
    nextUpdateUnixMs: nextUpdate && timeOf(nextUpdate).unixMs,
    revoked: entries && findEntry(entries, serial),
  };
}

/** Whether a list has every reason and every certificate of this kind: no delta, no part of a list, nothing unknown and critical. */
function isComplete(extensions: DerValue, certificate: X509): boolean {
  return extensionsIn(extensions).every(({ oid, critical, value }) => {
    if (oid !== OID_ISSUING_DISTRIBUTION_POINT) return !critical;
    const isCa = certificate.parsed.extensions?.some(
      (e) => (e.parsedValue as { cA?: boolean } | undefined)?.cA === true,
    );
    return childrenOf(parseDer(value)).every((part) => {
      // distributionPoint [0], onlyContainsUserCerts [1], onlyContainsCACerts [2]; then some reasons, indirect, attribute certificates.
      if (part.tag === constructedTag(0)) return true;
      if (part.tag === contextTag(1)) return !(booleanOf(part) && isCa === true);
      if (part.tag === contextTag(2)) return !(booleanOf(part) && isCa !== true);
      return part.tag !== constructedTag(3) && part.tag !== contextTag(3) && !booleanOf(part);
    });
  });
}

function findEntry(entries: DerValue, serial: Uint8Array): Statement['revoked'] {
  for (const entry of childrenOf(entries)) {
    const reader = new DerReader(entry);
    if (!equalBytes(reader.next(TAG.integer).content, serial)) continue;
    let sinceUnixMs = timeOf(reader.next()).unixMs;
    const extensions = reader.optional(TAG.sequence);
    let reason: number | undefined;
    for (const { oid, value } of extensions === undefined ? [] : extensionsIn(extensions)) {
      if (oid === OID_REASON_CODE) reason = Number(integerOf(parseDer(value)));
      // The issuer knows that the key was bad before he came to say so.
      if (oid === OID_INVALIDITY_DATE) sinceUnixMs = Math.min(sinceUnixMs, timeOf(parseDer(value)).unixMs);
    }
    return { sinceUnixMs, reason };
  }
  return undefined;
}

/** OCSPResponse (RFC 6960 §4.2), signed by the issuer or by a responder whom he authorised. */
async function readOcsp(response: DerValue, certificate: X509, issuer: X509): Promise<Statement | undefined> {
  const outer = new DerReader(response);
  if (integerOf(outer.next(TAG.enumerated)) !== 0n) return undefined;
  const bytes = new DerReader(explicit(outer.next(constructedTag(0))));
  outer.end();
  if (oidOf(bytes.next(TAG.oid)) !== OID_OCSP_BASIC) return undefined;
  const basic = new DerReader(parseDer(bytes.next(TAG.octetString).content));
  const data = basic.next(TAG.sequence);
  const algorithm = algorithmOf(basic.next(TAG.sequence));
  const signature = bitStringBytesOf(basic.next(TAG.bitString));
  const embedded = basic.optional(constructedTag(0));
  basic.end();

  const reader = new DerReader(data);
  reader.optional(constructedTag(0));
  const responder = reader.next();
  const producedAt = timeOf(reader.next(TAG.generalizedTime));
  const responses = childrenOf(reader.next(TAG.sequence));
  const extensions = reader.optional(constructedTag(1));
  reader.end();
  if (extensions !== undefined && extensionsIn(explicit(extensions)).some(({ critical }) => critical)) return undefined;
  const single = responses.map((value) => readSingle(value, certificate, issuer)).find((found) => found !== undefined);
  if (single === undefined) return undefined;

  const candidates = [issuer, ...(embedded === undefined ? [] : childrenOf(explicit(embedded))).slice(0, 8)];
  for (const candidate of candidates) {
    const key = 'der' in candidate ? candidate : parseX509(candidate.raw);
    if (key === undefined || !isResponder(responder, key)) continue;
    if (key !== issuer && !(await isAuthorised(key, issuer, producedAt.unixMs))) continue;
    if ((await verifySignature(partsOf(key).publicKey, algorithm, data.raw, signature)) === 'valid') return single;
  }
  return undefined;
}

function readSingle(value: DerValue, certificate: X509, issuer: X509): Statement | undefined {
  const reader = new DerReader(value);
  if (!isAbout(reader.next(TAG.sequence), certificate, issuer)) return undefined;
  const status = reader.next();
  const thisUpdate = timeOf(reader.next(TAG.generalizedTime));
  const nextUpdate = reader.optional(constructedTag(0));
  const extensions = reader.optional(constructedTag(1));
  reader.end();
  if (extensions !== undefined && extensionsIn(explicit(extensions)).some(({ critical }) => critical)) return undefined;
  const statement = {
    thisUpdateUnixMs: thisUpdate.unixMs,
    nextUpdateUnixMs: nextUpdate && timeOf(explicit(nextUpdate)).unixMs,
  };
  if (status.tag === contextTag(0)) return { ...statement, revoked: undefined };
  if (status.tag !== constructedTag(1)) return undefined;
  const revoked = new DerReader(status, constructedTag(1));
  const since = timeOf(revoked.next(TAG.generalizedTime));
  const reason = revoked.optional(constructedTag(0));
  return {
    ...statement,
    revoked: { sinceUnixMs: since.unixMs, reason: reason && Number(integerOf(explicit(reason))) },
  };
}

/** CertID: hashes of the issuer's name and key, and the serial number. SHA-1 is usual here and only looks up. */
function isAbout(certId: DerValue, certificate: X509, issuer: X509): boolean {
  const reader = new DerReader(certId);
  const oid = digestAlgorithmOf(reader.next(TAG.sequence));
  const nameHash = reader.next(TAG.octetString).content;
  const keyHash = reader.next(TAG.octetString).content;
  const serial = reader.next(TAG.integer).content;
  const name = digestNameOf(oid);
  if (oid !== OID_SHA1 && (name === undefined || name === 'weak')) return false;
  const hash = (bytes: Uint8Array) =>
    oid === OID_SHA1 ? sha1OfBytes(bytes) : digestOfBytes(name as DigestName, bytes);
  return (
    equalBytes(serial, partsOf(certificate).serial) &&
    equalBytes(nameHash, hash(partsOf(certificate).issuer)) &&
    equalBytes(keyHash, hash(keyBytesOf(issuer)))
  );
}

/** ResponderID: name, or SHA-1 of the key. */
function isResponder(id: DerValue, key: X509): boolean {
  if (id.tag === constructedTag(1)) return isSameName(explicit(id).raw, key.parsed.subject);
  return id.tag === constructedTag(2) && equalBytes(explicit(id).content, sha1OfBytes(keyBytesOf(key)));
}

/** RFC 6960 §4.2.2.2: issued by the same issuer for signing responses. Its own revocation is not asked. */
async function isAuthorised(responder: X509, issuer: X509, atUnixMs: number): Promise<boolean> {
  const usage = responder.parsed.extensions?.find((e) => e.extnID === OID_EXTENDED_KEY_USAGE);
  const purposes = (usage?.parsedValue as ExtKeyUsage | undefined)?.keyPurposes ?? [];
  const { notBefore, notAfter } = responder.parsed;
  return (
    purposes.includes(OID_OCSP_SIGNING) &&
    notBefore.value.getTime() <= atUnixMs &&
    atUnixMs < notAfter.value.getTime() + 1000 &&
    responder.parsed.issuer.isEqual(issuer.parsed.subject) &&
    (await verifySigned(responder.der, partsOf(issuer).publicKey)) === 'valid'
  );
}

/** The subjectPublicKey without its wrapping, which is what OCSP hashes. */
function keyBytesOf(certificate: X509): Uint8Array {
  const reader = new DerReader(parseDer(partsOf(certificate).publicKey));
  reader.next(TAG.sequence);
  return bitStringBytesOf(reader.next(TAG.bitString));
}

function extensionsIn(list: DerValue): { oid: string; critical: boolean; value: Uint8Array }[] {
  return childrenOf(list).map((extension) => {
    const reader = new DerReader(extension);
    const oid = oidOf(reader.next(TAG.oid));
    const critical = reader.optional(TAG.boolean);
    const value = reader.next(TAG.octetString).content;
    reader.end();
    return { oid, critical: critical !== undefined && booleanOf(critical), value };
  });
}
