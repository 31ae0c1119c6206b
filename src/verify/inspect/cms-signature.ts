import { sha384, sha512 } from '@noble/hashes/sha2.js';
import { fromBER, type ObjectIdentifier, type OctetString, type Sequence } from 'asn1js';
import { Certificate, ContentInfo, IssuerAndSerialNumber, SignedData, type SignerInfo } from 'pkijs';
import { equalBytes, sha256 } from '../../format/bytes.ts';
import { parseX509, type X509 } from '../x509-chain.ts';

const OID = {
  signedData: '1.2.840.113549.1.7.2',
  data: '1.2.840.113549.1.7.1',
  contentType: '1.2.840.113549.1.9.3',
  messageDigest: '1.2.840.113549.1.9.4',
  signingTime: '1.2.840.113549.1.9.5',
  signingCertificate: '1.2.840.113549.1.9.16.2.12',
  signingCertificateV2: '1.2.840.113549.1.9.16.2.47',
  timestampToken: '1.2.840.113549.1.9.16.2.14',
};

const HASHES: Record<string, { name: string; hash: (bytes: Uint8Array) => Uint8Array }> = {
  '2.16.840.1.101.3.4.2.1': { name: 'SHA-256', hash: sha256 },
  '2.16.840.1.101.3.4.2.2': { name: 'SHA-384', hash: sha384 },
  '2.16.840.1.101.3.4.2.3': { name: 'SHA-512', hash: sha512 },
};

const SIGNATURES = new Set([
  '1.2.840.113549.1.1.1',
  '1.2.840.113549.1.1.10',
  '1.2.840.113549.1.1.11',
  '1.2.840.113549.1.1.12',
  '1.2.840.113549.1.1.13',
  '1.2.840.10045.2.1',
  '1.2.840.10045.4.3.2',
  '1.2.840.10045.4.3.3',
  '1.2.840.10045.4.3.4',
]);

/** MD5, SHA-1, and RSA with them: whoever can make collisions could have exchanged the content. */
const WEAK = new Set(['1.2.840.113549.2.5', '1.3.14.3.2.26', '1.2.840.113549.1.1.4', '1.2.840.113549.1.1.5']);

/** Algorithms that are met in practice and not decided here, by the name a reader knows. */
const NAMES: Record<string, string> = {
  '1.2.156.10197.1.401': 'SM3',
  '1.2.156.10197.1.501': 'SM2 with SM3',
  '1.2.156.10197.1.301.1': 'SM2',
  '1.3.101.112': 'Ed25519',
};

/** Shape of a signature by somebody else's program, and whether it fits the content; whom the signer is trusted as is not asked. */
export type CmsSignature =
  | {
      outcome: 'valid';
      signer: X509;
      /** All that are embedded, in no order. */
      certificates: X509[];
      digestAlgorithm: string;
      /** The signer's own clock; undefined if not stated. */
      statedUnixMs: number | undefined;
      signature: Uint8Array;
      /** RFC 3161 token over `signature`, DER; undefined if there is none. */
      token: Uint8Array | undefined;
    }
  | { outcome: 'invalid'; reason: string }
  | { outcome: 'unsupported'; algorithm: string };

/**
 * One signer's detached CMS signature (RFC 5652) as programs of others write it: SHA-2; RSA, RSA-PSS or ECDSA; with signed
 * attributes. The signer's certificate must be embedded, and be the one that an ESS attribute names if there is one.
 * @param der ContentInfo in BER or DER, without anything behind it
 * @param needsEss the profile (CAdES, PAdES) asks for the ESS attribute
 */
export async function openCmsSignature(der: Uint8Array, content: Uint8Array, needsEss: boolean): Promise<CmsSignature> {
  const invalid = (reason: string): CmsSignature => ({ outcome: 'invalid', reason });
  try {
    const block = fromBER(der.slice().buffer);
    if (block.offset !== der.length) return invalid('cms-malformed');
    const info = new ContentInfo({ schema: block.result });
    if (info.contentType !== OID.signedData) return invalid('cms-malformed');
    const signed = new SignedData({ schema: info.content });
    const signerInfo = signed.signerInfos[0];
    if (signed.signerInfos.length !== 1 || signerInfo === undefined) return invalid('not-exactly-one-signer');
    if (signed.encapContentInfo.eContent !== undefined) return invalid('signature-is-not-detached');
    const [digestOid, signatureOid] = [
      signerInfo.digestAlgorithm.algorithmId,
      signerInfo.signatureAlgorithm.algorithmId,
    ];
    if (WEAK.has(digestOid) || WEAK.has(signatureOid)) return invalid('weak-digest');
    const hash = HASHES[digestOid];
    if (hash === undefined) return unsupported(digestOid);
    if (!SIGNATURES.has(signatureOid)) return unsupported(signatureOid);
    if (signerInfo.signedAttrs === undefined) return { outcome: 'unsupported', algorithm: 'no signed attributes' };

    const contentType = attributeOf(signerInfo, OID.contentType) as ObjectIdentifier | undefined;
    if (contentType?.valueBlock.toString() !== OID.data) return invalid('content-type-attribute');
    const digest = attributeOf(signerInfo, OID.messageDigest) as OctetString | undefined;
    if (digest === undefined || !equalBytes(viewOf(digest), hash.hash(content))) {
      return invalid('content-digest-mismatch');
    }
    const certificates = certificatesOf(signed);
    const signer = findSigner(signerInfo, certificates);
    if (signer === undefined) return invalid('signer-certificate-absent');
    if (!fitsEss(signerInfo, signer, needsEss)) return invalid('signing-certificate-attribute');
    // pkijs picks the key by itself from what is embedded: leave it only the signer's.
    signed.certificates = [signer.parsed];
    const valid = await signed.verify({ signer: 0, data: content.slice().buffer, checkChain: false });
    if (!valid) return invalid('signature-invalid');
    return {
      outcome: 'valid',
      signer,
      certificates,
      digestAlgorithm: hash.name,
      statedUnixMs: signingTimeOf(signerInfo),
      signature: viewOf(signerInfo.signature),
      token: tokenOf(signerInfo),
    };
  } catch {
    return invalid('cms-malformed');
  }
}

function unsupported(oid: string): CmsSignature {
  return { outcome: 'unsupported', algorithm: NAMES[oid] ?? oid };
}

function attributeOf(signerInfo: SignerInfo, type: string): unknown {
  const found = signerInfo.signedAttrs?.attributes.filter((a) => a.type === type) ?? [];
  return found.length === 1 && found[0]?.values.length === 1 ? found[0].values[0] : undefined;
}

function viewOf(octets: OctetString): Uint8Array {
  // BER may cut an octet string into pieces.
  return new Uint8Array(octets.getValue());
}

function certificatesOf(signed: SignedData): X509[] {
  return (signed.certificates ?? []).flatMap((candidate) => {
    if (!(candidate instanceof Certificate)) return [];
    const x509 = parseX509(new Uint8Array(candidate.toSchema(false).toBER()));
    return x509 === undefined ? [] : [x509];
  });
}

const OID_SUBJECT_KEY_IDENTIFIER = '2.5.29.14';

function findSigner({ sid }: SignerInfo, certificates: readonly X509[]): X509 | undefined {
  if (sid instanceof IssuerAndSerialNumber) {
    return certificates.find(
      ({ parsed }) => parsed.issuer.isEqual(sid.issuer) && parsed.serialNumber.isEqual(sid.serialNumber),
    );
  }
  const wanted = sid?.valueBlock?.valueHexView as Uint8Array | undefined;
  if (wanted === undefined) return undefined;
  return certificates.find(({ parsed }) => {
    const extension = parsed.extensions?.find((e) => e.extnID === OID_SUBJECT_KEY_IDENTIFIER);
    const own = (extension?.parsedValue as OctetString | undefined)?.valueBlock?.valueHexView;
    return own !== undefined && equalBytes(new Uint8Array(own), new Uint8Array(wanted));
  });
}

/** SigningCertificateV2 names its hash before the digest, or is SHA-256; version 1 is SHA-1, which is not believed alone. */
function fitsEss(signerInfo: SignerInfo, signer: X509, needed: boolean): boolean {
  const attribute = attributeOf(signerInfo, OID.signingCertificateV2) as Sequence | undefined;
  if (attribute === undefined) {
    return !needed || attributeOf(signerInfo, OID.signingCertificate) !== undefined;
  }
  const first = (attribute.valueBlock.value[0] as Sequence | undefined)?.valueBlock.value[0] as Sequence | undefined;
  const parts = first?.valueBlock.value ?? [];
  const named = parts[0]?.idBlock.tagNumber === 16 ? (parts[0] as Sequence) : undefined;
  const oid = (named?.valueBlock.value[0] as ObjectIdentifier | undefined)?.valueBlock.toString();
  const hash = named === undefined ? sha256 : HASHES[oid ?? '']?.hash;
  const digest = parts[named === undefined ? 0 : 1] as OctetString | undefined;
  if (hash === undefined || digest === undefined) return false;
  return equalBytes(viewOf(digest), hash(signer.der));
}

function signingTimeOf(signerInfo: SignerInfo): number | undefined {
  const time = attributeOf(signerInfo, OID.signingTime) as { toDate?: () => Date } | undefined;
  const unixMs = time?.toDate?.().getTime();
  return unixMs === undefined || Number.isNaN(unixMs) ? undefined : unixMs;
}

function tokenOf(signerInfo: SignerInfo): Uint8Array | undefined {
  const found = signerInfo.unsignedAttrs?.attributes.filter((a) => a.type === OID.timestampToken) ?? [];
  const value = found[0]?.values[0] as { valueBeforeDecodeView: Uint8Array } | undefined;
  return value?.valueBeforeDecodeView.slice();
}
