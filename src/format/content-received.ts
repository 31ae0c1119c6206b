import * as z from 'zod';
import { publicationSchema } from './certificate.ts';
import { MAX_FILES } from './deposit.ts';
import { hex32, parseObject, proofPath, treePosition, utcTime, uuid } from './fields.ts';
import { originSchema, vkeySchema } from './log.ts';
import { provedRotationsSchema } from './log-event.ts';

/** The service has received a file of which only digests were deposited, and computed the digests of what it stored. */
export const contentReceivedSchema = z.strictObject({
  type: z.literal('tiezheng/content-received/v1'),
  /** Commitment of the file's entry, which stays as it is. */
  entry: hex32,
  /** Computed by the service over all bytes. */
  digests: z.strictObject({ sha256: hex32, sm3: hex32 }),
  /** Operator's clock when the digests were found right. */
  at: utcTime,
  salt: hex32,
});
export type ContentReceived = z.infer<typeof contentReceivedSchema>;

/** @throws FormatError */
export function parseContentReceived(bytes: Uint8Array): ContentReceived {
  return parseObject(contentReceivedSchema, 'tiezheng/content-received/v1', bytes, 1024);
}

/** What the log holds of the content that came later, one record for each file, all under one checkpoint. */
export const contentProofSchema = z.strictObject({
  type: z.literal('tiezheng/content-proof/v1'),
  depositId: uuid,
  log: z.strictObject({
    origin: originSchema,
    keys: z.array(vkeySchema).min(1).max(8),
    rotations: provedRotationsSchema.optional(),
  }),
  records: z
    .array(z.strictObject({ record: contentReceivedSchema, leafIndex: treePosition, inclusionProof: proofPath }))
    .min(1)
    .max(MAX_FILES),
  /** Without `inclusionProof`, which every record has for itself. */
  publication: publicationSchema.omit({ inclusionProof: true }),
});
export type ContentProof = z.infer<typeof contentProofSchema>;

export const MAX_CONTENT_PROOF_BYTES = 8 * 1024 * 1024;

/** @throws FormatError */
export function parseContentProof(bytes: Uint8Array): ContentProof {
  return parseObject(contentProofSchema, 'tiezheng/content-proof/v1', bytes, MAX_CONTENT_PROOF_BYTES);
}
