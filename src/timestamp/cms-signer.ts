import { createHash, type KeyObject, sign } from 'node:crypto';
import * as asn1js from 'asn1js';
import * as pkijs from 'pkijs';

const OID = {
  data: '1.2.840.113549.1.7.1',
  signedData: '1.2.840.113549.1.7.2',
  contentType: '1.2.840.113549.1.9.3',
  messageDigest: '1.2.840.113549.1.9.4',
  signingCertificateV2: '1.2.840.113549.1.9.16.2.47',
  timeStampToken: '1.2.840.113549.1.9.16.2.14',
  sha256: '2.16.840.1.101.3.4.2.1',
  ecdsaWithSha256: '1.2.840.10045.4.3.2',
} as const;

/** What is signed: the content itself, or only its SHA-256 where the content stays outside (detached). */
export type CmsContent = { type: string; bytes: Uint8Array } | { type: typeof DATA; sha256: Uint8Array };

/** Content type of everything that is no structure of its own, RFC 5652 §4. */
export const DATA = OID.data;

export interface CmsKey {
  /** P-256. */
  privateKey: KeyObject;
  /** DER, the key's own certificate first. */
  certificateChain: readonly Uint8Array[];
}

/** A signature that can still take a token: what the token covers does not cover the token (RFC 3161 Appendix A). */
export interface CmsSignature {
  /** DER of ECDSA-Sig-Value: what a token for this signature is asked over. */
  signature: Uint8Array;
  /** @returns DER of ContentInfo, with the token (DER of ContentInfo) as unsigned attribute if there is one */
  encode(token: Uint8Array | null): Uint8Array;
}

/**
 * One signer's CMS signature (RFC 5652), ECDSA with SHA-256, with the signed attributes content-type, message-digest and
 * signing-certificate-v2 (RFC 5035), no signing-time: timestamps and PDFs say their time elsewhere.
 * @param embedded DER of the certificates that go along
 */
export function signCms(content: CmsContent, key: CmsKey, embedded: readonly Uint8Array[]): CmsSignature {
  const signerDer = key.certificateChain[0] as Uint8Array;
  const signer = pkijs.Certificate.fromBER(signerDer);
  const digest = 'sha256' in content ? content.sha256 : sha256(content.bytes);
  const attributes = inDerOrder([
    attribute(OID.contentType, oid(content.type)),
    attribute(OID.messageDigest, new asn1js.OctetString({ valueHex: digest })),
    attribute(OID.signingCertificateV2, signingCertificate(signerDer)),
  ]);
  // RFC 5652 §5.4: what is signed is the SET OF, not the [0] that stands in its place in the SignerInfo.
  const signature = sign('sha256', derOf(new asn1js.Set({ value: [...attributes] })), key.privateKey);
  const encode = (token: Uint8Array | null) => {
    const signerInfo = sequence(
      new asn1js.Integer({ value: 1 }),
      sequence(signer.issuer.toSchema(), signer.serialNumber),
      sequence(oid(OID.sha256)),
      implicit(0, attributes),
      sequence(oid(OID.ecdsaWithSha256)),
      new asn1js.OctetString({ valueHex: signature }),
      ...(token === null ? [] : [implicit(1, [attribute(OID.timeStampToken, parsed(token))])]),
    );
    const signedData = sequence(
      // RFC 5652 §5.1: 1 for plain data, else 3.
      new asn1js.Integer({ value: content.type === OID.data ? 1 : 3 }),
      new asn1js.Set({ value: [sequence(oid(OID.sha256))] }),
      sequence(
        oid(content.type),
        ...('bytes' in content ? [explicit(0, new asn1js.OctetString({ valueHex: content.bytes }))] : []),
      ),
      ...(embedded.length === 0 ? [] : [implicit(0, inDerOrder(embedded.map(parsed)))]),
      new asn1js.Set({ value: [signerInfo] }),
    );
    return new Uint8Array(sequence(oid(OID.signedData), explicit(0, signedData)).toBER());
  };
  return { signature: new Uint8Array(signature), encode };
}

/** SigningCertificateV2 of RFC 5035 §4; SHA-256 is the default and so is not named. */
function signingCertificate(signerDer: Uint8Array): asn1js.Sequence {
  return sequence(sequence(sequence(new asn1js.OctetString({ valueHex: sha256(signerDer) }))));
}

function attribute(type: string, value: asn1js.BaseBlock): asn1js.Sequence {
  return sequence(oid(type), new asn1js.Set({ value: [value] }));
}

function oid(value: string): asn1js.ObjectIdentifier {
  return new asn1js.ObjectIdentifier({ value });
}

function sequence(...value: asn1js.BaseBlock[]): asn1js.Sequence {
  return new asn1js.Sequence({ value });
}

function implicit(tagNumber: number, value: readonly asn1js.BaseBlock[]): asn1js.Constructed {
  return new asn1js.Constructed({ idBlock: { tagClass: 3, tagNumber }, value: [...value] });
}

function explicit(tagNumber: number, value: asn1js.BaseBlock): asn1js.Constructed {
  return implicit(tagNumber, [value]);
}

function parsed(der: Uint8Array): asn1js.BaseBlock {
  return asn1js.fromBER(der).result;
}

/** As DER wants the members of a SET OF. */
function inDerOrder<Block extends asn1js.BaseBlock>(blocks: readonly Block[]): Block[] {
  return [...blocks].sort((a, b) => Buffer.compare(derOf(a), derOf(b)));
}

function derOf(block: asn1js.BaseBlock): Buffer {
  return Buffer.from(block.toBER());
}

function sha256(bytes: Uint8Array): Uint8Array {
  return createHash('sha256').update(bytes).digest();
}
