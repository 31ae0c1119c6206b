import * as asn1js from 'asn1js';
import * as pkijs from 'pkijs';
import { makeX509, x509Extension } from '../timestamp/x509-maker.ts';

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
  const notBefore = new Date(nowMs);
  const notAfter = new Date(nowMs);
  notAfter.setUTCFullYear(notAfter.getUTCFullYear() + EVALUATION_YEARS);
  const { keyPem, certificatePem } = await makeX509({
    subject: [
      ['2.5.4.10', 'EVALUATION 评估用途'],
      ['2.5.4.3', 'Tiezheng EVALUATION seal, vouched for by nobody 铁证评估用签章'],
    ],
    notBefore,
    notAfter,
    extensions: [
      x509Extension('2.5.29.19', true, new pkijs.BasicConstraints({ cA: false }).toSchema()),
      // digitalSignature and nonRepudiation: bits 0 and 1 of RFC 5280 §4.2.1.3, six bits unused.
      x509Extension('2.5.29.15', true, new asn1js.BitString({ valueHex: Uint8Array.of(0xc0).buffer, unusedBits: 6 })),
    ],
  });
  return { keyPem, certificatePem };
}
