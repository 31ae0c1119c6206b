import type { webcrypto } from 'node:crypto';
import * as asn1js from 'asn1js';
import * as pkijs from 'pkijs';

/** An X.509 certificate of our own making with its P-256 key. */
export interface MadeX509 {
  der: Uint8Array;
  certificatePem: string;
  /** PKCS#8, unencrypted. */
  keyPem: string;
  name: pkijs.RelativeDistinguishedNames;
  privateKey: webcrypto.CryptoKey;
  /** SHA-1 of the public key, RFC 5280 §4.2.1.2 (1). */
  keyId: ArrayBuffer;
}

export interface X509Terms {
  /** Object identifier and value of each part of the subject, in order. */
  subject: readonly (readonly [oid: string, value: string])[];
  /** Who signs it; left out, it signs itself. */
  issuer?: MadeX509;
  /** Both cut to whole seconds, which is what the format has. */
  notBefore: Date;
  notAfter: Date;
  /** Beside the key identifiers, which every one gets. */
  extensions: readonly pkijs.Extension[];
}

/** Makes a key and a certificate for it, with a random serial number of 126 bits. */
export async function makeX509(terms: X509Terms): Promise<MadeX509> {
  const keys = await crypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, true, ['sign', 'verify']);
  const name = distinguishedName(terms.subject);
  const x509 = new pkijs.Certificate({ version: 2 });
  x509.serialNumber = new asn1js.Integer({ valueHex: randomSerial().buffer });
  x509.subject = name;
  x509.issuer = terms.issuer?.name ?? name;
  x509.notBefore.value = wholeSeconds(terms.notBefore);
  x509.notAfter.value = wholeSeconds(terms.notAfter);
  await x509.subjectPublicKeyInfo.importKey(keys.publicKey);
  const publicKey = x509.subjectPublicKeyInfo.subjectPublicKey.valueBlock.valueHexView as Uint8Array<ArrayBuffer>;
  const keyId = await crypto.subtle.digest('SHA-1', publicKey);
  x509.extensions = [
    ...terms.extensions,
    x509Extension('2.5.29.14', false, new asn1js.OctetString({ valueHex: keyId })),
    ...(terms.issuer === undefined ? [] : [issuerKeyId(terms.issuer.keyId)]),
  ];
  await x509.sign(terms.issuer?.privateKey ?? keys.privateKey, 'SHA-256');
  const der = new Uint8Array(x509.toSchema(true).toBER());
  const pkcs8 = await crypto.subtle.exportKey('pkcs8', keys.privateKey);
  return {
    der,
    certificatePem: encodePem('CERTIFICATE', der),
    keyPem: encodePem('PRIVATE KEY', new Uint8Array(pkcs8)),
    name,
    privateKey: keys.privateKey,
    keyId,
  };
}

export function x509Extension(oid: string, critical: boolean, value: asn1js.BaseBlock): pkijs.Extension {
  return new pkijs.Extension({ extnID: oid, critical, extnValue: value.toBER(false) });
}

/** RFC 7468, lines of 64 characters. */
export function encodePem(label: string, der: Uint8Array): string {
  const lines =
    Buffer.from(der)
      .toString('base64')
      .match(/.{1,64}/g) ?? [];
  return `-----BEGIN ${label}-----\n${lines.join('\n')}\n-----END ${label}-----\n`;
}

/** 16 bytes: positive, and no leading zero byte that DER would have to drop (RFC 5280 §4.1.2.2). */
export function randomSerial(): Uint8Array<ArrayBuffer> {
  const serial = crypto.getRandomValues(new Uint8Array(16));
  serial[0] = ((serial[0] as number) & 0x7f) | 0x40;
  return serial;
}

function wholeSeconds(date: Date): Date {
  return new Date(Math.floor(date.getTime() / 1000) * 1000);
}

function issuerKeyId(keyId: ArrayBuffer): pkijs.Extension {
  const identifier = new asn1js.Primitive({ idBlock: { tagClass: 3, tagNumber: 0 }, valueHex: keyId });
  return x509Extension('2.5.29.35', false, new asn1js.Sequence({ value: [identifier] }));
}

/** pkijs writes all parts of a name as one multi-valued RDN, which few readers expect; so this one is made from its schema. */
function distinguishedName(parts: X509Terms['subject']): pkijs.RelativeDistinguishedNames {
  const schema = new asn1js.Sequence({
    value: parts.map(([oid, value]) => {
      const type = new asn1js.ObjectIdentifier({ value: oid });
      return new asn1js.Set({ value: [new asn1js.Sequence({ value: [type, new asn1js.Utf8String({ value })] })] });
    }),
  });
  return new pkijs.RelativeDistinguishedNames({ schema: asn1js.fromBER(schema.toBER()).result });
}
