import * as asn1js from 'asn1js';
import * as pkijs from 'pkijs';

/** What `makeEvaluationSeal` made, to be kept in the data folder. */
export interface EvaluationSeal {
  /** PKCS#8, unencrypted. */
  keyPem: string;
  certificatePem: string;
}

const EVALUATION_YEARS = 5;

/**
 * A self-signed P-256 certificate for trying the service out. Its subject says that nobody vouches for it.
 * Valid from `nowMs` (milliseconds since 1970) for five years.
 */
export async function makeEvaluationSeal(nowMs: number): Promise<EvaluationSeal> {
  const keys = await crypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, true, ['sign', 'verify']);
  const x509 = new pkijs.Certificate({ version: 2 });
  const serial = crypto.getRandomValues(new Uint8Array(16));
  // RFC 5280 §4.1.2.2: positive, and no leading zero byte that DER would have to drop.
  serial[0] = ((serial[0] as number) & 0x7f) | 0x40;
  x509.serialNumber = new asn1js.Integer({ valueHex: serial.buffer });
  x509.subject = distinguishedName();
  x509.issuer = distinguishedName();
  const from = new Date(Math.floor(nowMs / 1000) * 1000);
  const until = new Date(from);
  until.setUTCFullYear(until.getUTCFullYear() + EVALUATION_YEARS);
  x509.notBefore.value = from;
  x509.notAfter.value = until;
  await x509.subjectPublicKeyInfo.importKey(keys.publicKey);
  const subjectKeyId = await crypto.subtle.digest(
    'SHA-1',
    x509.subjectPublicKeyInfo.subjectPublicKey.valueBlock.valueHexView as Uint8Array<ArrayBuffer>,
  );
  x509.extensions = [
    extension('2.5.29.19', true, new pkijs.BasicConstraints({ cA: false }).toSchema()),
    // digitalSignature and nonRepudiation: bits 0 and 1 of RFC 5280 §4.2.1.3, six bits unused.
    extension('2.5.29.15', true, new asn1js.BitString({ valueHex: Uint8Array.of(0xc0).buffer, unusedBits: 6 })),
    extension('2.5.29.14', false, new asn1js.OctetString({ valueHex: subjectKeyId })),
  ];
  await x509.sign(keys.privateKey, 'SHA-256');
  const pkcs8 = await crypto.subtle.exportKey('pkcs8', keys.privateKey);
  return {
    keyPem: encodePem('PRIVATE KEY', Buffer.from(pkcs8)),
    certificatePem: encodePem('CERTIFICATE', Buffer.from(x509.toSchema(true).toBER())),
  };
}

/** pkijs writes all parts of a name as one multi-valued RDN, which few readers expect; so this one is made from its schema. */
function distinguishedName(): pkijs.RelativeDistinguishedNames {
  const parts: [oid: string, value: string][] = [
    ['2.5.4.10', 'EVALUATION 评估用途'],
    ['2.5.4.3', 'Tiezheng EVALUATION seal, vouched for by nobody 铁证评估用签章'],
  ];
  const schema = new asn1js.Sequence({
    value: parts.map(([oid, value]) => {
      const type = new asn1js.ObjectIdentifier({ value: oid });
      return new asn1js.Set({ value: [new asn1js.Sequence({ value: [type, new asn1js.Utf8String({ value })] })] });
    }),
  });
  return new pkijs.RelativeDistinguishedNames({ schema: asn1js.fromBER(schema.toBER()).result });
}

function extension(oid: string, critical: boolean, value: asn1js.BaseBlock): pkijs.Extension {
  return new pkijs.Extension({ extnID: oid, critical, extnValue: value.toBER(false) });
}

function encodePem(label: string, der: Buffer): string {
  const lines = der.toString('base64').match(/.{1,64}/g) ?? [];
  return `-----BEGIN ${label}-----\n${lines.join('\n')}\n-----END ${label}-----\n`;
}
