import { fromBER, type ObjectIdentifier, type OctetString, type Sequence } from 'asn1js';
import { Certificate, ContentInfo, IssuerAndSerialNumber, SignedData } from 'pkijs';
import { equalBytes, sha256 } from '../format/bytes.ts';
import { parseX509, type X509 } from './x509-chain.ts';

const OID_SIGNED_DATA = '1.2.840.113549.1.7.2';
const OID_DATA = '1.2.840.113549.1.7.1';
const OID_CONTENT_TYPE = '1.2.840.113549.1.9.3';
const OID_MESSAGE_DIGEST = '1.2.840.113549.1.9.4';
const OID_SIGNING_CERTIFICATE_V2 = '1.2.840.113549.1.9.16.2.47';
const OID_SHA256 = '2.16.840.1.101.3.4.2.1';

export type DetachedSignature = { ok: true; signer: X509 } | { ok: false; reason: string };

/**
 * One signer's detached CMS signature (RFC 5652) over `content`, as PAdES baseline wants it: signed attributes content-type,
 * message-digest and signing-certificate-v2 (RFC 5035), SHA-256. Whether the signer is trusted is not asked.
 * @param der ContentInfo, without anything behind it
 */
export async function openDetachedSignature(der: Uint8Array, content: Uint8Array): Promise<DetachedSignature> {
  const refused = (reason: string): DetachedSignature => ({ ok: false, reason });
  try {
    const block = fromBER(der.slice().buffer);
    if (block.offset !== der.length) return refused('cms-malformed');
    const info = new ContentInfo({ schema: block.result });
    if (info.contentType !== OID_SIGNED_DATA) return refused('cms-malformed');
    const signed = new SignedData({ schema: info.content });
    const signerInfo = signed.signerInfos[0];
    if (signed.signerInfos.length !== 1 || signerInfo === undefined) return refused('not-exactly-one-signer');
    if (signed.encapContentInfo.eContent !== undefined) return refused('signature-is-not-detached');
    if (signerInfo.digestAlgorithm.algorithmId !== OID_SHA256) return refused('weak-digest');

    const attribute = (type: string) => {
      const found = signerInfo.signedAttrs?.attributes.filter((a) => a.type === type) ?? [];
      return found.length === 1 && found[0]?.values.length === 1 ? found[0].values[0] : undefined;
    };
    const contentType = attribute(OID_CONTENT_TYPE) as ObjectIdentifier | undefined;
    if (contentType?.valueBlock.toString() !== OID_DATA) return refused('content-type-attribute');
    const digest = attribute(OID_MESSAGE_DIGEST) as OctetString | undefined;
    if (digest === undefined || !equalBytes(new Uint8Array(digest.valueBlock.valueHexView), sha256(content))) {
      return refused('content-digest-mismatch');
    }

    const signer = findSigner(signed, signerInfo.sid);
    if (signer === undefined) return refused('signer-certificate-absent');
    if (!namesSigner(attribute(OID_SIGNING_CERTIFICATE_V2) as Sequence | undefined, signer)) {
      return refused('signing-certificate-attribute');
    }
    // pkijs picks the key by itself from what is embedded: leave it only the one that the attribute names.
    signed.certificates = [signer.parsed];
    const valid = await signed.verify({ signer: 0, data: content.slice().buffer, checkChain: false });
    return valid ? { ok: true, signer } : refused('signature-invalid');
  } catch {
    return refused('cms-malformed');
  }
}

function findSigner(signed: SignedData, sid: unknown): X509 | undefined {
  if (!(sid instanceof IssuerAndSerialNumber)) return undefined;
  for (const candidate of signed.certificates ?? []) {
    if (!(candidate instanceof Certificate)) continue;
    if (candidate.issuer.isEqual(sid.issuer) && candidate.serialNumber.isEqual(sid.serialNumber)) {
      return parseX509(new Uint8Array(candidate.toSchema(false).toBER()));
    }
  }
  return undefined;
}

/** SigningCertificateV2 ::= SEQUENCE { certs SEQUENCE OF ESSCertIDv2 … }; the digest is SHA-256 by default and then unnamed. */
function namesSigner(attribute: Sequence | undefined, signer: X509): boolean {
  const first = (attribute?.valueBlock.value[0] as Sequence | undefined)?.valueBlock.value[0] as Sequence | undefined;
  const hash = first?.valueBlock.value[0] as OctetString | undefined;
  const bytes = hash?.valueBlock?.valueHexView;
  return bytes !== undefined && equalBytes(new Uint8Array(bytes), sha256(signer.der));
}
