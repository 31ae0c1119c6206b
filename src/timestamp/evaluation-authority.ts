import * as asn1js from 'asn1js';
import * as pkijs from 'pkijs';
import { makeX509, x509Extension } from './x509-maker.ts';

/** Policy under which the built-in authority works. The arc is the one for examples (RFC 5612): it binds nobody to anything. */
export const EVALUATION_POLICY = '1.3.6.1.4.1.32473.3161.1';

const EVALUATION_YEARS = 5;

/**
 * A root and a timestamp signer under it (RFC 3161 §2.3) for trying the service out; their subjects say that nobody vouches for
 * them. Valid from `nowMs` (milliseconds since 1970) for five years. The root's key is forgotten once it has signed.
 * @returns PEM: the signer's key, its certificate, the root's
 */
export async function makeEvaluationAuthority(nowMs: number): Promise<string> {
  const notBefore = new Date(nowMs);
  const notAfter = new Date(nowMs);
  notAfter.setUTCFullYear(notAfter.getUTCFullYear() + EVALUATION_YEARS);
  const root = await makeX509({
    subject: [
      ['2.5.4.10', 'EVALUATION 评估用途'],
      ['2.5.4.3', 'Tiezheng EVALUATION time root, vouched for by nobody 铁证评估用时间戳根'],
    ],
    notBefore,
    notAfter,
    extensions: AUTHORITY_EXTENSIONS.root(),
  });
  const signer = await makeX509({
    subject: [
      ['2.5.4.10', 'EVALUATION 评估用途'],
      ['2.5.4.3', 'Tiezheng EVALUATION time authority, not independent 铁证评估用时间戳'],
    ],
    issuer: root,
    notBefore,
    notAfter,
    extensions: AUTHORITY_EXTENSIONS.signer(),
  });
  return `${signer.keyPem}${signer.certificatePem}${root.certificatePem}`;
}

/** What a root and a signer of timestamps must say of themselves. */
export const AUTHORITY_EXTENSIONS = {
  root: () => [
    x509Extension('2.5.29.19', true, new pkijs.BasicConstraints({ cA: true, pathLenConstraint: 0 }).toSchema()),
    // keyCertSign and cRLSign: bits 5 and 6 of RFC 5280 §4.2.1.3, one bit unused.
    x509Extension('2.5.29.15', true, new asn1js.BitString({ valueHex: Uint8Array.of(0x06).buffer, unusedBits: 1 })),
  ],
  signer: () => [
    x509Extension('2.5.29.19', true, new pkijs.BasicConstraints({ cA: false }).toSchema()),
    x509Extension('2.5.29.15', true, new asn1js.BitString({ valueHex: Uint8Array.of(0xc0).buffer, unusedBits: 6 })),
    // RFC 3161 §2.3: timeStamping, alone and critical.
    x509Extension('2.5.29.37', true, new pkijs.ExtKeyUsage({ keyPurposes: ['1.3.6.1.5.5.7.3.8'] }).toSchema()),
  ],
} as const;
