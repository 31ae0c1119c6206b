import { fromBER } from 'asn1js';
import { RelativeDistinguishedNames } from 'pkijs';
import { FormatError } from '../errors.ts';
import { equalBytes } from '../format/bytes.ts';
import {
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
} from '../format/der.ts';
import { type AlgorithmIdentifier, algorithmOf, digestAlgorithmOf } from './signature.ts';
import { partsOf, type X509 } from './x509-chain.ts';

export const OID_SIGNED_DATA = '1.2.840.113549.1.7.2';
export const OID_DATA = '1.2.840.113549.1.7.1';
export const OID_CONTENT_TYPE = '1.2.840.113549.1.9.3';
export const OID_MESSAGE_DIGEST = '1.2.840.113549.1.9.4';

/** CMS SignedData (RFC 5652 §5) with one signer, in DER, read but not judged. */
export interface SignedData {
  contentType: string;
  /** The encapsulated content, or undefined if the signature is detached. */
  content: Uint8Array | undefined;
  /** DER certificates; other kinds of certificates are left out. */
  certificates: Uint8Array[];
  /** DER CRLs; other kinds of revocation data are left out. */
  crls: Uint8Array[];
  signer: SignerInfo;
}

export interface SignerInfo {
  sid: { issuer: Uint8Array; serial: Uint8Array } | { subjectKeyId: Uint8Array };
  /** Object identifier, dotted. */
  digestAlgorithm: string;
  signedAttributes: Attribute[] | undefined;
  /** What the signature covers: the signed attributes as the SET that they are (RFC 5652 §5.4). */
  signedBytes: Uint8Array | undefined;
  signatureAlgorithm: AlgorithmIdentifier;
  signature: Uint8Array;
  unsignedAttributes: Attribute[];
}

export interface Attribute {
  type: string;
  values: DerValue[];
}

export type SignedDataFailure = 'not-signed-data' | 'not-exactly-one-signer';

const SIGNER_VERSION = { issuerAndSerial: 1n, subjectKeyId: 3n } as const;

/**
 * @param der ContentInfo, in DER throughout but for the order within SETs; what is signed is hashed as it stands
 * @throws FormatError `invalid-der`
 */
export function parseSignedData(der: Uint8Array): SignedData | SignedDataFailure {
  const info = new DerReader(parseDer(der));
  const infoType = oidOf(info.next(TAG.oid));
  const body = info.next(constructedTag(0));
  info.end();
  if (infoType !== OID_SIGNED_DATA) return 'not-signed-data';
  const reader = new DerReader(explicit(body));
  const version = integerOf(reader.next(TAG.integer));
  const digestAlgorithms = childrenOf(reader.next(TAG.set)).map(digestAlgorithmOf);
  const encapsulated = new DerReader(reader.next(TAG.sequence));
  const contentType = oidOf(encapsulated.next(TAG.oid));
  const content = encapsulated.optional(constructedTag(0));
  encapsulated.end();
  const certificates = reader.optional(constructedTag(0));
  const crls = reader.optional(constructedTag(1));
  const signers = childrenOf(reader.next(TAG.set));
  reader.end();
  const [first] = signers;
  if (first === undefined || signers.length > 1) return 'not-exactly-one-signer';
  const signer = parseSignerInfo(first);
  const expected = versionOf(contentType, certificates, crls);
  if (expected !== undefined && version !== expected) {
    throw new FormatError('invalid-der', `SignedData of version ${version}, expected ${expected}`);
  }
  if (!digestAlgorithms.includes(signer.digestAlgorithm)) {
    throw new FormatError('invalid-der', "the signer's digest algorithm is not among those announced");
  }
  return {
    contentType,
    content: content && octetsOf(explicit(content)),
    certificates: sequencesIn(certificates),
    crls: sequencesIn(crls),
    signer,
  };
}

/** RFC 5652 §5.1, where it leaves no choice; of plain data several versions are about. */
function versionOf(contentType: string, certificates: DerValue | undefined, crls: DerValue | undefined) {
  if (contentType === OID_DATA) return undefined;
  const has = (list: DerValue | undefined, number: number) =>
    list !== undefined && childrenOf(list).some(({ tag }) => tag === constructedTag(number));
  if (has(certificates, 3) || has(crls, 1)) return 5n;
  return has(certificates, 2) ? 4n : 3n;
}

/** The one value of a signed attribute that must stand there exactly once; undefined if it does not. */
export function attributeValue(signer: SignerInfo, type: string): DerValue | undefined {
  const found = signer.signedAttributes?.filter((attribute) => attribute.type === type) ?? [];
  const [only] = found;
  return found.length === 1 && only?.values.length === 1 ? only.values[0] : undefined;
}

export function hasAttribute(signer: SignerInfo, type: string): boolean {
  return signer.signedAttributes?.some((attribute) => attribute.type === type) ?? false;
}

/** Whether the signer info names this certificate. */
export function isNamedSigner({ sid }: SignerInfo, certificate: X509): boolean {
  if ('subjectKeyId' in sid) {
    const extension = certificate.parsed.extensions?.find((e) => e.extnID === '2.5.29.14');
    const id = (extension?.parsedValue as { valueBlock?: { valueHexView?: Uint8Array } } | undefined)?.valueBlock;
    return id?.valueHexView !== undefined && equalBytes(new Uint8Array(id.valueHexView), sid.subjectKeyId);
  }
  const { issuer, serial } = partsOf(certificate);
  // Byte by byte, though RFC 5280 §7.1 is laxer: this name is copied from the certificate, and nothing signs the copy.
  return equalBytes(serial, sid.serial) && equalBytes(issuer, sid.issuer);
}

/** RFC 5280 §7.1, as far as the library compares names. @param name DER */
export function isSameName(name: Uint8Array, other: RelativeDistinguishedNames): boolean {
  try {
    return new RelativeDistinguishedNames({ schema: fromBER(name.slice().buffer).result }).isEqual(other);
  } catch {
    return false;
  }
}

function parseSignerInfo(value: DerValue): SignerInfo {
  const reader = new DerReader(value);
  const version = integerOf(reader.next(TAG.integer));
  const sid = reader.next();
  let named: SignerInfo['sid'];
  if (sid.tag === TAG.sequence) {
    const issuerAndSerial = new DerReader(sid);
    named = { issuer: issuerAndSerial.next(TAG.sequence).raw, serial: issuerAndSerial.next(TAG.integer).content };
    issuerAndSerial.end();
  } else if (sid.tag === contextTag(0)) named = { subjectKeyId: sid.content };
  else throw new FormatError('invalid-der', 'unknown kind of signer identifier');
  if (version !== ('issuer' in named ? SIGNER_VERSION.issuerAndSerial : SIGNER_VERSION.subjectKeyId)) {
    throw new FormatError('invalid-der', `SignerInfo of version ${version}`);
  }
  const digestAlgorithm = digestAlgorithmOf(reader.next(TAG.sequence));
  const signedAttributes = reader.optional(constructedTag(0));
  const signatureAlgorithm = algorithmOf(reader.next(TAG.sequence));
  const signature = reader.next(TAG.octetString).content;
  const unsignedAttributes = reader.optional(constructedTag(1));
  reader.end();
  return {
    sid: named,
    digestAlgorithm,
    signedAttributes: signedAttributes && childrenOf(signedAttributes).map(parseAttribute),
    signedBytes: signedAttributes && withTag(signedAttributes.raw, TAG.set),
    signatureAlgorithm,
    signature,
    unsignedAttributes: unsignedAttributes === undefined ? [] : childrenOf(unsignedAttributes).map(parseAttribute),
  };
}

function parseAttribute(value: DerValue): Attribute {
  const reader = new DerReader(value);
  const type = oidOf(reader.next(TAG.oid));
  const values = childrenOf(reader.next(TAG.set));
  reader.end();
  return { type, values };
}

function withTag(raw: Uint8Array, tag: number): Uint8Array {
  const copy = raw.slice();
  copy[0] = tag;
  return copy;
}

function octetsOf(value: DerValue): Uint8Array {
  if (value.tag !== TAG.octetString) throw new FormatError('invalid-der', 'the content is no octet string');
  return value.content;
}

function sequencesIn(value: DerValue | undefined): Uint8Array[] {
  return value === undefined ? [] : childrenOf(value).flatMap(({ tag, raw }) => (tag === TAG.sequence ? [raw] : []));
}
