import * as z from 'zod';
import { depositorSchema, statementAnnexSchema } from './annex.ts';
import { signatureAnnexSchema } from './annex-signature.ts';
import { depositRecordSchema, fileEntrySchema, fileNameSchema, MAX_FILES } from './deposit.ts';
import { parseObject, proofPath, treePosition, utcTime } from './fields.ts';
import { MAX_NOTE_BYTES } from './note.ts';
import { sealsSchema } from './seal.ts';

/** The depositor's answer to his upload: everything opened, and the promise to publish by a date. */
export const receiptSchema = z.strictObject({
  type: z.literal('tiezheng/receipt/v1'),
  evaluation: z.boolean(),
  record: depositRecordSchema,
  files: z
    .array(z.strictObject({ entry: fileEntrySchema, name: fileNameSchema }))
    .min(1)
    .max(MAX_FILES),
  annexes: z.strictObject({
    depositor: depositorSchema,
    statement: statementAnnexSchema,
    signature: signatureAnnexSchema.optional(),
  }),
  leafIndex: treePosition,
  inclusionProof: proofPath,
  /** Signed note, exact. */
  checkpoint: z.string().max(MAX_NOTE_BYTES),
  /** The operator publishes a checkpoint that covers this leaf no later than this. */
  publishBy: utcTime,
  seals: sealsSchema,
});
export type Receipt = z.infer<typeof receiptSchema>;

export const MAX_RECEIPT_BYTES = 4 * 1024 * 1024;

/** @throws FormatError */
export function parseReceipt(bytes: Uint8Array): Receipt {
  return parseObject(receiptSchema, 'tiezheng/receipt/v1', bytes, MAX_RECEIPT_BYTES);
}
