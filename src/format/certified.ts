import * as z from 'zod';
import { hex32, parseObject } from './fields.ts';

/** Put into the log before a certificate is issued: no certificate is ever given out that the log does not know of. */
export const certifiedSchema = z.strictObject({
  type: z.literal('tiezheng/certified/v1'),
  /** SHA-256 of the certificate's canonical bytes without its seals. */
  certificate: hex32,
  salt: hex32,
});
export type CertifiedRecord = z.infer<typeof certifiedSchema>;

/** @throws FormatError */
export function parseCertified(bytes: Uint8Array): CertifiedRecord {
  return parseObject(certifiedSchema, 'tiezheng/certified/v1', bytes, 1024);
}
