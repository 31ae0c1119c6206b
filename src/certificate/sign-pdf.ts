import { createHash } from 'node:crypto';
import { DATA, signCms } from '../timestamp/cms-signer.ts';
import type { StampSignature } from '../timestamp/signature-stamper.ts';
import type { SealingKey } from './sealing-key.ts';
import { BYTE_RANGE_ROOM, SIGNATURE_BYTES } from './signature-field.ts';

/**
 * Fills the empty signature field of `renderCertificatePdf`: one PAdES baseline signature (ETSI EN 319 142-1) over every byte of
 * the file but its own hex, B-T if an authority stamps the signature, else B-B. The file's length and everything outside field
 * and byte range stay as they are.
 * @param stamp asked once; where its token finds no room it is left out
 * @throws Error if the file has no such field, or the signature is longer than its room: both are bugs of ours
 */
export async function signPdf(unsigned: Uint8Array, key: SealingKey, stamp?: StampSignature): Promise<Uint8Array> {
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
  const { signature, encode } = signCms({ type: DATA, sha256: digest }, key, key.certificateChain);
  const plain = encode(null);
  if (plain.length > SIGNATURE_BYTES) {
    throw new Error(`signature of ${plain.length} bytes, but the field has room for ${SIGNATURE_BYTES}`);
  }
  const token = (await stamp?.(signature)) ?? null;
  const stamped = encode(token);
  pdf.write(Buffer.from(stamped.length > SIGNATURE_BYTES ? plain : stamped).toString('hex'), open + 1, 'latin1');
  return new Uint8Array(pdf);
}
