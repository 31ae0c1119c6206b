import { createHash, sign } from 'node:crypto';
import * as asn1js from 'asn1js';
import * as pkijs from 'pkijs';
import type { SealingKey } from './sealing-key.ts';

const OID = {
  data: '1.2.840.113549.1.7.1',
  signedData: '1.2.840.113549.1.7.2',
  contentType: '1.2.840.113549.1.9.3',
  messageDigest: '1.2.840.113549.1.9.4',
  signingCertificateV2: '1.2.840.113549.1.9.16.2.47',
  sha256: '2.16.840.1.101.3.4.2.1',
  ecdsaWithSha256: '1.2.840.10045.4.3.2',
} as const;

/**
 * A detached CMS signature (RFC 5652) over the content that has the given SHA-256, with the signed attributes of a PAdES
 * baseline signature (ETSI EN 319 122-1): content-type, message-digest, signing-certificate-v2. No signing-time: in a PDF the
 * signature dictionary has it.
 * @param contentDigest SHA-256
 * @returns DER of ContentInfo
 */
export function signDetached(contentDigest: Uint8Array, key: SealingKey): Uint8Array {
  const chain = key.certificateChain.map((der) => pkijs.Certificate.fromBER(der));
  const [signer] = chain as [pkijs.Certificate];
  const signedAttrs = signedAttributes(contentDigest, key.certificateChain[0] as Uint8Array);
  const signature = sign('sha256', attributesToSign(signedAttrs), key.privateKey);
  const signerInfo = new pkijs.SignerInfo({
    version: 1,
    sid: new pkijs.IssuerAndSerialNumber({ issuer: signer.issuer, serialNumber: signer.serialNumber }),
    digestAlgorithm: new pkijs.AlgorithmIdentifier({ algorithmId: OID.sha256 }),
    signedAttrs: new pkijs.SignedAndUnsignedAttributes({ type: 0, attributes: signedAttrs }),
    signatureAlgorithm: new pkijs.AlgorithmIdentifier({ algorithmId: OID.ecdsaWithSha256 }),
    signature: new asn1js.OctetString({ valueHex: signature }),
  });
  const signedData = new pkijs.SignedData({
    version: 1,
    digestAlgorithms: [new pkijs.AlgorithmIdentifier({ algorithmId: OID.sha256 })],
    encapContentInfo: new pkijs.EncapsulatedContentInfo({ eContentType: OID.data }),
    certificates: chain,
    signerInfos: [signerInfo],
  });
  const info = new pkijs.ContentInfo({ contentType: OID.signedData, content: signedData.toSchema(true) });
  return new Uint8Array(info.toSchema().toBER());
}

/** In the order of DER SET OF, since pkijs writes them as they come. */
function signedAttributes(contentDigest: Uint8Array, signerDer: Uint8Array): pkijs.Attribute[] {
  const attributes = [
    attribute(OID.contentType, new asn1js.ObjectIdentifier({ value: OID.data })),
    attribute(OID.messageDigest, new asn1js.OctetString({ valueHex: contentDigest })),
    attribute(OID.signingCertificateV2, signingCertificate(signerDer)),
  ];
  return attributes.sort((a, b) => Buffer.compare(derOf(a.toSchema()), derOf(b.toSchema())));
}

function attribute(type: string, value: asn1js.BaseBlock): pkijs.Attribute {
  return new pkijs.Attribute({ type, values: [value] });
}

/** SigningCertificateV2 of RFC 5035 §4; SHA-256 is the default and so is not named. */
function signingCertificate(signerDer: Uint8Array): asn1js.Sequence {
  const hash = new asn1js.OctetString({ valueHex: createHash('sha256').update(signerDer).digest() });
  const certId = new asn1js.Sequence({ value: [hash] });
  return new asn1js.Sequence({ value: [new asn1js.Sequence({ value: [certId] })] });
}

/** RFC 5652 §5.4: what is signed is the SET OF, not the [0] that stands in its place in the SignerInfo. */
function attributesToSign(attributes: readonly pkijs.Attribute[]): Buffer {
  return derOf(new asn1js.Set({ value: attributes.map((a) => a.toSchema()) }));
}

function derOf(block: asn1js.BaseBlock): Buffer {
  return Buffer.from(block.toBER());
}
