import { FormatError } from '../errors.ts';
import { equalBytes } from '../format/bytes.ts';
import { childrenOf, DerReader, derLength, oidOf, TAG } from '../format/der.ts';
import { digestAlgorithmOf, digestNameOf, digestOfBytes, verifySignature } from './signature.ts';
import {
  attributeValue,
  isNamedSigner,
  OID_CONTENT_TYPE,
  OID_DATA,
  OID_MESSAGE_DIGEST,
  parseSignedData,
  type SignerInfo,
} from './signed-data.ts';
import { issuersOf, parseX509, partsOf, type X509 } from './x509-chain.ts';

const OID_SIGNING_CERTIFICATE_V2 = '1.2.840.113549.1.9.16.2.47';
const OID_SIGNATURE_TIME_STAMP = '1.2.840.113549.1.9.16.2.14';

export type DetachedSignature =
  | {
      ok: true;
      signer: X509;
      /** Signer first, then its issuers as far as they are embedded. */
      chain: X509[];
      /** What a token over the signature covers (RFC 3161 Appendix A). */
      signature: Uint8Array;
      /** The token over the signature, unread; empty if the attribute is there without exactly one. */
      timestamp: Uint8Array | undefined;
    }
  /** Stable kebab-case code; `unsupported-algorithm` says nothing against the signature. */
  | { ok: false; reason: string };

/**
 * One signer's detached CMS signature (RFC 5652) over `content`, as PAdES baseline wants it: signed attributes content-type,
 * message-digest and signing-certificate-v2 (RFC 5035), SHA-256, SHA-384 or SHA-512. Whether the signer is trusted is not asked.
 * @param der ContentInfo, without anything behind it
 */
export async function openDetachedSignature(der: Uint8Array, content: Uint8Array): Promise<DetachedSignature> {
  try {
    return await openSignature(der, content);
  } catch (error) {
    if (error instanceof FormatError) return refused('cms-malformed');
    throw error;
  }
}

async function openSignature(der: Uint8Array, content: Uint8Array): Promise<DetachedSignature> {
  if (derLength(der) !== der.length) return refused('cms-malformed');
  const signed = parseSignedData(der);
  if (signed === 'not-signed-data') return refused('cms-malformed');
  if (typeof signed === 'string') return refused(signed);
  if (signed.content !== undefined) return refused('signature-is-not-detached');
  const { signer: info } = signed;
  const digest = digestNameOf(info.digestAlgorithm);
  if (digest === 'weak') return refused('weak-digest');
  if (digest === undefined) return refused('unsupported-algorithm');

  const contentType = attributeValue(info, OID_CONTENT_TYPE);
  if (contentType?.tag !== TAG.oid || oidOf(contentType) !== OID_DATA) return refused('content-type-attribute');
  const stated = attributeValue(info, OID_MESSAGE_DIGEST);
  if (stated?.tag !== TAG.octetString || !equalBytes(stated.content, digestOfBytes(digest, content))) {
    return refused('content-digest-mismatch');
  }
  const certificates = signed.certificates.map((x509) => parseX509(x509)).filter((x509) => x509 !== undefined);
  const named = certificates.filter((certificate) => isNamedSigner(info, certificate));
  if (named.length === 0) return refused('signer-certificate-absent');
  const signer = named.find((certificate) => namesSigner(info, certificate));
  if (signer === undefined) return refused('signing-certificate-attribute');
  const { signatureAlgorithm, signedBytes, signature } = info;
  const { publicKey } = partsOf(signer);
  const outcome = await verifySignature(publicKey, signatureAlgorithm, signedBytes as Uint8Array, signature, digest);
  if (outcome !== 'valid') return refused(outcome);
  return {
    ok: true,
    signer,
    chain: await issuersOf(signer, certificates),
    signature,
    timestamp: timestampOf(info),
  };
}

function refused(reason: string): DetachedSignature {
  return { ok: false, reason };
}

/** SigningCertificateV2 ::= SEQUENCE { certs SEQUENCE OF ESSCertIDv2 … }; the digest is SHA-256 by default and then unnamed. */
function namesSigner(info: SignerInfo, signer: X509): boolean {
  const attribute = attributeValue(info, OID_SIGNING_CERTIFICATE_V2);
  if (attribute === undefined) return false;
  const [first] = childrenOf(new DerReader(attribute).next(TAG.sequence));
  if (first === undefined) return false;
  const reader = new DerReader(first);
  const algorithm = reader.optional(TAG.sequence);
  const digest = algorithm === undefined ? 'sha256' : digestNameOf(digestAlgorithmOf(algorithm));
  if (digest === undefined || digest === 'weak') return false;
  return equalBytes(reader.next(TAG.octetString).content, digestOfBytes(digest, signer.der));
}

function timestampOf({ unsignedAttributes }: SignerInfo): Uint8Array | undefined {
  const found = unsignedAttributes.filter(({ type }) => type === OID_SIGNATURE_TIME_STAMP);
  if (found.length === 0) return undefined;
  const values = found.flatMap((attribute) => attribute.values);
  return values.length === 1 && values[0] !== undefined ? values[0].raw : new Uint8Array(0);
}
