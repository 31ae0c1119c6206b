import { p256, p384, p521 } from '@noble/curves/nist.js';
import { sha1 } from '@noble/hashes/legacy.js';
import { sha256, sha384, sha512 } from '@noble/hashes/sha2.js';
import { FormatError } from '../errors.ts';
import { encodeBase64Url } from '../format/bytes.ts';
import {
  bitStringBytesOf,
  constructedTag,
  DerReader,
  type DerValue,
  explicit,
  integerOf,
  oidOf,
  parseDer,
  TAG,
} from '../format/der.ts';

export type DigestName = 'sha256' | 'sha384' | 'sha512';

export type SignatureOutcome = 'valid' | SignatureFailure | 'unsupported-algorithm';
export type SignatureFailure = 'signature-invalid' | 'weak-digest' | 'weak-key';

/** AlgorithmIdentifier of RFC 5280 §4.1.1.2. */
export interface AlgorithmIdentifier {
  oid: string;
  parameters: DerValue | undefined;
}

const DIGESTS: Readonly<Record<DigestName, (bytes: Uint8Array) => Uint8Array>> = { sha256, sha384, sha512 };
const DIGEST_OIDS: Readonly<Record<string, DigestName>> = {
  '2.16.840.1.101.3.4.2.1': 'sha256',
  '2.16.840.1.101.3.4.2.2': 'sha384',
  '2.16.840.1.101.3.4.2.3': 'sha512',
};
/** MD5, SHA-1 and SHA-224. */
const WEAK_DIGEST_OIDS = ['1.2.840.113549.2.5', '1.3.14.3.2.26', '2.16.840.1.101.3.4.2.4'];

const ECDSA: Readonly<Record<string, DigestName>> = {
  '1.2.840.10045.4.3.2': 'sha256',
  '1.2.840.10045.4.3.3': 'sha384',
  '1.2.840.10045.4.3.4': 'sha512',
};
const RSA_PKCS1: Readonly<Record<string, DigestName>> = {
  '1.2.840.113549.1.1.11': 'sha256',
  '1.2.840.113549.1.1.12': 'sha384',
  '1.2.840.113549.1.1.13': 'sha512',
};
/** Signatures over MD5, SHA-1 or SHA-224. */
const WEAK_SIGNATURES = [
  '1.2.840.113549.1.1.4',
  '1.2.840.113549.1.1.5',
  '1.2.840.113549.1.1.14',
  '1.3.14.3.2.29',
  '1.2.840.10045.4.1',
  '1.2.840.10045.4.3.1',
];
const OID_RSA = '1.2.840.113549.1.1.1';
const OID_RSA_PSS = '1.2.840.113549.1.1.10';
const OID_MGF1 = '1.2.840.113549.1.1.8';
const OID_EC_KEY = '1.2.840.10045.2.1';
const CURVES = { '1.2.840.10045.3.1.7': p256, '1.3.132.0.34': p384, '1.3.132.0.35': p521 } as const;
const MIN_RSA_BITS = 2048;

export function digestOfBytes(algorithm: DigestName, bytes: Uint8Array): Uint8Array {
  return DIGESTS[algorithm](bytes);
}

/** SHA-1 binds names of certificates in older formats (ESSCertID, OCSP); nothing is ever signed over it here. */
export function sha1OfBytes(bytes: Uint8Array): Uint8Array {
  return sha1(bytes);
}

/** The digest that an identifier names, `weak` for broken ones, undefined for unknown ones. */
export function digestNameOf(oid: string): DigestName | 'weak' | undefined {
  return WEAK_DIGEST_OIDS.includes(oid) ? 'weak' : DIGEST_OIDS[oid];
}

/** @throws FormatError `invalid-der` */
export function algorithmOf(value: DerValue): AlgorithmIdentifier {
  const reader = new DerReader(value);
  const oid = oidOf(reader.next(TAG.oid));
  const parameters = reader.optionalAny();
  reader.end();
  return { oid, parameters };
}

/** As `algorithmOf`, for digests: their parameters are NULL or absent (RFC 5754 §2). @throws FormatError `invalid-der` */
export function digestAlgorithmOf(value: DerValue): string {
  const { oid, parameters } = algorithmOf(value);
  if (parameters !== undefined && (parameters.tag !== TAG.null || parameters.content.length > 0)) {
    throw new FormatError('invalid-der', 'a digest algorithm has no parameters but NULL');
  }
  return oid;
}

/**
 * ECDSA on P-256, P-384 or P-521 and RSA of 2048 bits or more (PKCS #1 v1.5, PSS), over SHA-256, SHA-384 or SHA-512.
 * @param spki DER SubjectPublicKeyInfo
 * @param digest for `rsaEncryption` as the signature's algorithm, which CMS allows and which names none (RFC 5754 §3.2)
 */
export async function verifySignature(
  spki: Uint8Array,
  algorithm: AlgorithmIdentifier,
  message: Uint8Array,
  signature: Uint8Array,
  digest?: DigestName,
): Promise<SignatureOutcome> {
  try {
    if (WEAK_SIGNATURES.includes(algorithm.oid)) return 'weak-digest';
    const ecdsa = ECDSA[algorithm.oid];
    if (ecdsa !== undefined) return verifyEcdsa(spki, ecdsa, message, signature);
    const scheme = rsaScheme(algorithm, digest);
    if (scheme === undefined) return 'unsupported-algorithm';
    if (scheme === 'weak') return 'weak-digest';
    return await verifyRsa(spki, scheme, message, signature);
  } catch (error) {
    if (error instanceof FormatError) return 'signature-invalid';
    throw error;
  }
}

function openKey(spki: Uint8Array): { algorithm: AlgorithmIdentifier; key: Uint8Array } {
  const reader = new DerReader(parseDer(spki));
  const algorithm = algorithmOf(reader.next(TAG.sequence));
  const key = bitStringBytesOf(reader.next(TAG.bitString));
  reader.end();
  return { algorithm, key };
}

function verifyEcdsa(
  spki: Uint8Array,
  digest: DigestName,
  message: Uint8Array,
  signature: Uint8Array,
): SignatureOutcome {
  const { algorithm, key } = openKey(spki);
  if (algorithm.oid !== OID_EC_KEY) return 'signature-invalid';
  const named = algorithm.parameters?.tag === TAG.oid ? oidOf(algorithm.parameters) : '';
  const curve = CURVES[named as keyof typeof CURVES];
  if (curve === undefined) return 'unsupported-algorithm';
  try {
    // X.509 and CMS do not ask for the lower s.
    const options = { prehash: false, lowS: false, format: 'der' } as const;
    return curve.verify(signature, DIGESTS[digest](message), key, options) ? 'valid' : 'signature-invalid';
  } catch {
    return 'signature-invalid';
  }
}

type RsaScheme = { digest: DigestName; saltLength: number | undefined };

function rsaScheme(
  { oid, parameters }: AlgorithmIdentifier,
  digest: DigestName | undefined,
): RsaScheme | 'weak' | undefined {
  const pkcs1 = oid === OID_RSA ? digest : RSA_PKCS1[oid];
  if (pkcs1 !== undefined) return { digest: pkcs1, saltLength: undefined };
  if (oid !== OID_RSA_PSS || parameters === undefined) return undefined;
  const reader = new DerReader(parameters);
  const hash = reader.optional(constructedTag(0));
  const mask = reader.optional(constructedTag(1));
  const salt = reader.optional(constructedTag(2));
  const trailer = reader.optional(constructedTag(3));
  reader.end();
  // RFC 4055 §3.1: absent means SHA-1.
  const name = hash === undefined ? 'weak' : digestNameOf(algorithmOf(explicit(hash)).oid);
  if (name === 'weak' || name === undefined) return name;
  const mgf = mask && algorithmOf(explicit(mask));
  const mgfDigest = mgf?.oid === OID_MGF1 && mgf.parameters !== undefined ? algorithmOf(mgf.parameters).oid : undefined;
  if (mgfDigest === undefined || DIGEST_OIDS[mgfDigest] !== name) return undefined;
  if (trailer !== undefined && integerOf(explicit(trailer)) !== 1n) return undefined;
  const saltLength = salt === undefined ? 20n : integerOf(explicit(salt));
  return saltLength >= 0n && saltLength <= 512n ? { digest: name, saltLength: Number(saltLength) } : undefined;
}

async function verifyRsa(
  spki: Uint8Array,
  scheme: RsaScheme,
  message: Uint8Array,
  signature: Uint8Array,
): Promise<SignatureOutcome> {
  const { algorithm, key } = openKey(spki);
  if (algorithm.oid !== OID_RSA && !(algorithm.oid === OID_RSA_PSS && scheme.saltLength !== undefined)) {
    return 'signature-invalid';
  }
  const reader = new DerReader(parseDer(key));
  const modulus = reader.next(TAG.integer);
  const exponent = reader.next(TAG.integer);
  reader.end();
  const n = positiveBytes(modulus);
  if (n.length * 8 < MIN_RSA_BITS) return 'weak-key';
  const name = scheme.saltLength === undefined ? 'RSASSA-PKCS1-v1_5' : 'RSA-PSS';
  const hash = `SHA-${scheme.digest.slice(3)}`;
  const jwk = { kty: 'RSA', n: encodeBase64Url(n), e: encodeBase64Url(positiveBytes(exponent)) };
  // Pages that came over plain HTTP have no WebCrypto; that says nothing of the signature.
  const subtle = typeof crypto === 'undefined' ? undefined : crypto?.subtle;
  if (subtle === undefined) return 'unsupported-algorithm';
  try {
    const publicKey = await subtle.importKey('jwk', jwk, { name, hash }, false, ['verify']);
    const parameters = scheme.saltLength === undefined ? { name } : { name, saltLength: scheme.saltLength };
    return (await subtle.verify(parameters, publicKey, signature, message)) ? 'valid' : 'signature-invalid';
  } catch {
    return 'signature-invalid';
  }
}

/** @throws FormatError `invalid-der` unless the integer is positive and spelled as DER wants it */
function positiveBytes({ content }: DerValue): Uint8Array {
  const [first, second] = content;
  if (first === undefined || first >= 0x80) throw new FormatError('invalid-der', 'expected a positive integer');
  if (first !== 0) return content;
  if (second === undefined || second < 0x80) throw new FormatError('invalid-der', 'superfluous leading byte');
  return content.subarray(1);
}

// Present in Node and in every page of a secure origin, but in no typing of the pure folders.
declare const crypto:
  | {
      subtle?: {
        importKey(
          format: 'jwk',
          key: object,
          algorithm: object,
          extractable: false,
          usages: ['verify'],
        ): Promise<object>;
        verify(algorithm: object, key: object, signature: Uint8Array, data: Uint8Array): Promise<boolean>;
      };
    }
  | undefined;
