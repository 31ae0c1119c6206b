import { createHash } from 'node:crypto';
import { signDetached } from './cms.ts';
import type { SealingKey } from './sealing-key.ts';
import { BYTE_RANGE_ROOM, SIGNATURE_BYTES } from './signature-field.ts';

/**
 * Fills the empty signature field of `renderCertificatePdf`: one PAdES signature over every byte of the file but its own hex.
 * The file's length and everything outside field and byte range stay as they are.
 * @throws Error if the file has no such field, or the signature is longer than its room: both are bugs of ours
 */
export function signPdf(unsigned: Uint8Array, key: SealingKey): Uint8Array {
  const pdf = Buffer.from(unsigned);
  // Both are looked for from the end: what a depositor wrote stands before them, and compressed.
  const empty = `<${'0'.repeat(2 * SIGNATURE_BYTES)}>`;
  const open = pdf.lastIndexOf(empty, undefined, 'latin1');
  const byteRange = pdf.lastIndexOf(BYTE_RANGE_ROOM, undefined, 'latin1');
  if (open < 0 || byteRange < 0) throw new Error('the PDF has no empty signature field');
  const close = open + empty.length;

  const ranges = `[0 ${open} ${close} ${pdf.length - close}]`.padEnd(BYTE_RANGE_ROOM.length);
  pdf.write(ranges, byteRange, 'latin1');
  const digest = createHash('sha256').update(pdf.subarray(0, open)).update(pdf.subarray(close)).digest();
  const signature = Buffer.from(signDetached(digest, key));
  if (signature.length > SIGNATURE_BYTES) {
    throw new Error(`signature of ${signature.length} bytes, but the field has room for ${SIGNATURE_BYTES}`);
  }
  pdf.write(signature.toString('hex'), open + 1, 'latin1');
  return new Uint8Array(pdf);
}
