import { FormatError } from '../errors.ts';
import {
  childrenOf,
  constructedTag,
  DerReader,
  type DerValue,
  encodeDer,
  encodeInteger,
  encodeOctetString,
  encodeOid,
  encodeSequence,
  explicit,
  integerOf,
  oidOf,
  parseDer,
  TAG,
} from './der.ts';

/** One timestamp with the hash tree that leads to it (RFC 4998 §4.1). */
export interface ArchiveTimestamp {
  /** Object identifier of the tree's digest, dotted; undefined: that of the token's imprint. */
  digestAlgorithm: string | undefined;
  /** From the list with the hash of what is proved up to the list below the root; undefined: the token covers that hash itself. */
  reducedHashtree: Uint8Array[][] | undefined;
  /** DER ContentInfo of an RFC 3161 token, as it stands. */
  token: Uint8Array;
}

/** An RFC 4998 evidence record, version 1. */
export interface EvidenceRecord {
  /** Object identifiers of every digest that data objects were hashed with, dotted. */
  digestAlgorithms: string[];
  /** What helps to judge the tokens: DER certificates, CRLs and OCSP responses. Signed by whoever issued them, not by the record. */
  material: { certificates: Uint8Array[]; revocation: Uint8Array[] };
  /** Whether it speaks of data in an encrypted form that it describes. */
  isEncrypted: boolean;
  /** Chains in order of time, each of one digest algorithm; the timestamps of a chain in order of time. */
  chains: ArchiveTimestamp[][];
  /** DER ArchiveTimeStampChain of each of `chains`, exactly as it stands in the record. */
  encodedChains: Uint8Array[];
}

export const MAX_EVIDENCE_RECORD_BYTES = 4 * 1024 * 1024;
const MAX_ALGORITHMS = 16;
const MAX_CHAINS = 32;
const MAX_TIMESTAMPS = 64;
const MAX_LISTS = 64;
/** In all lists of one tree. */
const MAX_HASHES = 32_768;
const MAX_MATERIAL = 512;

/** CertificateValues and RevocationValues of CAdES (ETSI TS 101 733 §6.3.3, §6.3.4), as attributes. */
const OID_CERTIFICATE_VALUES = '1.2.840.113549.1.9.16.2.23';
const OID_REVOCATION_VALUES = '1.2.840.113549.1.9.16.2.24';
const OID_OCSP_BASIC = '1.3.6.1.5.5.7.48.1.1';

export function encodeEvidenceRecord(record: Omit<EvidenceRecord, 'encodedChains' | 'isEncrypted'>): Uint8Array {
  const { certificates, revocation } = record.material;
  const infos = [
    ...(certificates.length === 0 ? [] : [attribute(OID_CERTIFICATE_VALUES, encodeSequence(...certificates))]),
    ...(revocation.length === 0 ? [] : [attribute(OID_REVOCATION_VALUES, encodeRevocationValues(revocation))]),
  ];
  return encodeSequence(
    encodeInteger(1),
    encodeSequence(...record.digestAlgorithms.map((oid) => encodeSequence(encodeOid(oid)))),
    ...(infos.length === 0 ? [] : [encodeDer(constructedTag(0), ...infos)]),
    encodeArchiveTimestampSequence(record.chains.map(encodeArchiveTimestampChain)),
  );
}

export function encodeArchiveTimestampChain(chain: readonly ArchiveTimestamp[]): Uint8Array {
  return encodeSequence(...chain.map(encodeArchiveTimestamp));
}

/** What a hash-tree renewal hashes of the chains before it (RFC 4998 §5.2). */
export function encodeArchiveTimestampSequence(encodedChains: readonly Uint8Array[]): Uint8Array {
  return encodeSequence(...encodedChains);
}

/** @throws FormatError `invalid-der`, `too-large`, or `unknown-type` if its version is not 1 */
export function parseEvidenceRecord(der: Uint8Array): EvidenceRecord {
  if (der.length > MAX_EVIDENCE_RECORD_BYTES) {
    throw tooLarge(`evidence record of ${der.length} bytes`, MAX_EVIDENCE_RECORD_BYTES);
  }
  const reader = new DerReader(parseDer(der));
  const version = integerOf(reader.next(TAG.integer));
  if (version !== 1n) throw new FormatError('unknown-type', `evidence record of version ${version}, only 1 is known`);
  const algorithms = childrenOf(reader.next(TAG.sequence));
  requireCount(algorithms.length, MAX_ALGORITHMS, 'digest algorithms');
  const cryptoInfos = reader.optional(constructedTag(0));
  const encryptionInfo = reader.optional(constructedTag(1));
  const chains = childrenOf(reader.next(TAG.sequence));
  reader.end();
  requireCount(chains.length, MAX_CHAINS, 'archive timestamp chains');
  return {
    digestAlgorithms: algorithms.map((value) => digestOidOf(value, TAG.sequence)),
    material: cryptoInfos === undefined ? { certificates: [], revocation: [] } : parseMaterial(cryptoInfos),
    isEncrypted: encryptionInfo !== undefined,
    chains: chains.map(parseChain),
    encodedChains: chains.map(({ raw }) => raw.slice()),
  };
}

function encodeArchiveTimestamp({ digestAlgorithm, reducedHashtree, token }: ArchiveTimestamp): Uint8Array {
  const lists = reducedHashtree?.map((list) => encodeSequence(...list.map(encodeOctetString)));
  return encodeSequence(
    ...(digestAlgorithm === undefined ? [] : [encodeDer(constructedTag(0), encodeOid(digestAlgorithm))]),
    ...(lists === undefined ? [] : [encodeDer(constructedTag(2), ...lists)]),
    token,
  );
}

function parseChain(value: DerValue): ArchiveTimestamp[] {
  if (value.tag !== TAG.sequence) throw new FormatError('invalid-der', 'an archive timestamp chain is a sequence');
  const timestamps = childrenOf(value);
  requireCount(timestamps.length, MAX_TIMESTAMPS, 'archive timestamps in a chain');
  return timestamps.map(parseArchiveTimestamp);
}

function parseArchiveTimestamp(value: DerValue): ArchiveTimestamp {
  const reader = new DerReader(value);
  const algorithm = reader.optional(constructedTag(0));
  // Attributes: RFC 4998 defines none, and none changes what is proved.
  reader.optional(constructedTag(1));
  const tree = reader.optional(constructedTag(2));
  const token = reader.next(TAG.sequence).raw.slice();
  reader.end();
  return {
    digestAlgorithm: algorithm && digestOidOf(algorithm, constructedTag(0)),
    reducedHashtree: tree && parseHashtree(tree),
    token,
  };
}

function parseHashtree(tree: DerValue): Uint8Array[][] {
  const lists = childrenOf(tree);
  requireCount(lists.length, MAX_LISTS, 'lists in a hash tree');
  let left = MAX_HASHES;
  return lists.map((list) => {
    if (list.tag !== TAG.sequence) throw new FormatError('invalid-der', 'a partial hash tree is a sequence');
    const hashes = childrenOf(list);
    requireCount(hashes.length, left, 'hashes in a hash tree');
    left -= hashes.length;
    return hashes.map(({ tag, content }) => {
      if (tag !== TAG.octetString || content.length === 0 || content.length > 64) {
        throw new FormatError('invalid-der', 'a hash in a hash tree is an octet string of 1 to 64 bytes');
      }
      return content.slice();
    });
  });
}

/** AlgorithmIdentifier of a digest: parameters absent or NULL (RFC 5754 §2). */
function digestOidOf(value: DerValue, tag: number): string {
  const reader = new DerReader(value, tag);
  const oid = oidOf(reader.next(TAG.oid));
  reader.optional(TAG.null);
  reader.end();
  return oid;
}

function attribute(oid: string, value: Uint8Array): Uint8Array {
  return encodeSequence(encodeOid(oid), encodeDer(TAG.set, value));
}

/** RevocationValues holds BasicOCSPResponses, without the response around them. */
function encodeRevocationValues(revocation: readonly Uint8Array[]): Uint8Array {
  const crls: Uint8Array[] = [];
  const responses: Uint8Array[] = [];
  for (const der of revocation) {
    const basic = basicResponseIn(der);
    if (basic === undefined) crls.push(der);
    else responses.push(basic);
  }
  return encodeSequence(
    ...(crls.length === 0 ? [] : [encodeDer(constructedTag(0), encodeSequence(...crls))]),
    ...(responses.length === 0 ? [] : [encodeDer(constructedTag(1), encodeSequence(...responses))]),
  );
}

function basicResponseIn(der: Uint8Array): Uint8Array | undefined {
  const [status, bytes] = childrenOf(parseDer(der));
  if (status?.tag !== TAG.enumerated || bytes === undefined) return undefined;
  const reader = new DerReader(explicit(bytes));
  reader.next(TAG.oid);
  return reader.next(TAG.octetString).content;
}

/** OCSPResponse, successful, around a BasicOCSPResponse (RFC 6960 §4.2.1). */
function responseAround(basic: Uint8Array): Uint8Array {
  const bytes = encodeSequence(encodeOid(OID_OCSP_BASIC), encodeOctetString(basic));
  return encodeSequence(encodeDer(TAG.enumerated, Uint8Array.of(0)), encodeDer(constructedTag(0), bytes));
}

/** Attributes of other kinds are left out: what they hold is not read here. */
function parseMaterial(cryptoInfos: DerValue): EvidenceRecord['material'] {
  const certificates: Uint8Array[] = [];
  const revocation: Uint8Array[] = [];
  for (const info of childrenOf(cryptoInfos)) {
    const reader = new DerReader(info);
    const oid = oidOf(reader.next(TAG.oid));
    const values = childrenOf(reader.next(TAG.set));
    reader.end();
    for (const value of values) {
      if (oid === OID_CERTIFICATE_VALUES) certificates.push(...childrenOf(value).map(({ raw }) => raw.slice()));
      if (oid === OID_REVOCATION_VALUES) {
        const members = new DerReader(value);
        const crls = members.optional(constructedTag(0));
        const responses = members.optional(constructedTag(1));
        if (crls !== undefined) revocation.push(...childrenOf(explicit(crls)).map(({ raw }) => raw.slice()));
        if (responses !== undefined) {
          revocation.push(...childrenOf(explicit(responses)).map(({ raw }) => responseAround(raw)));
        }
      }
    }
  }
  if (certificates.length + revocation.length > MAX_MATERIAL) {
    throw tooLarge(`${certificates.length + revocation.length} certificates and revocation data`, MAX_MATERIAL);
  }
  return { certificates, revocation };
}

function requireCount(count: number, limit: number, what: string): void {
  if (count === 0) throw new FormatError('invalid-der', `no ${what}`);
  if (count > limit) throw tooLarge(`${count} ${what}`, limit);
}

function tooLarge(what: string, limit: number): FormatError {
  return new FormatError('too-large', `${what}, at most ${limit} are read`);
}
