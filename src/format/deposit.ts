import * as z from 'zod';
import { count, evmChain, hash0x, hex32, mediaType, parseObject, text, utcTime, uuid } from './fields.ts';

/** Files of one deposit: the HTTP interface takes 100, bulk digests 1,000. */
export const MAX_FILES = 1000;

/** A file's name as the depositor gave it, apart from the entry so that it can stay closed. */
export const fileNameSchema = z.strictObject({
  type: z.literal('tiezheng/file-name/v1'),
  name: text(255),
  salt: hex32,
});
export type FileName = z.infer<typeof fileNameSchema>;

/**
 * One file of a deposit. `computed`: the service hashed the bytes. `declared`: only digests were handed in;
 * then `mediaType` and `digests.sm3` may be null.
 */
export const fileEntrySchema = z
  .strictObject({
    type: z.literal('tiezheng/file/v1'),
    depositId: uuid,
    index: z
      .number()
      .int()
      .min(0)
      .max(MAX_FILES - 1),
    sizeBytes: count,
    mediaType: mediaType.nullable(),
    digestSource: z.enum(['computed', 'declared']),
    digests: z.strictObject({ sha256: hex32, sm3: hex32.nullable() }),
    nameCommitment: hex32,
    salt: hex32,
  })
  .refine((e) => e.digestSource === 'declared' || (e.mediaType !== null && e.digests.sm3 !== null), {
    message: 'a computed entry has a media type and both digests',
  });
export type FileEntry = z.infer<typeof fileEntrySchema>;

/** What the log commits to. Public sees its commitment only. */
export const depositRecordSchema = z.strictObject({
  type: z.literal('tiezheng/deposit/v1'),
  depositId: uuid,
  /** The operator's clock when the record was assembled. */
  receivedAt: utcTime,
  /** Newest final block known then, at most one hour older than `receivedAt`. */
  notBefore: z.strictObject({ chain: evmChain, blockHash: hash0x }).nullable(),
  files: z.strictObject({ count: z.number().int().min(1).max(MAX_FILES), root: hex32 }),
  /** Commitments of the annexes. */
  annexes: z.strictObject({ depositor: hex32, statement: hex32, signature: hex32.optional() }),
  salt: hex32,
});
export type DepositRecord = z.infer<typeof depositRecordSchema>;

/** @throws FormatError */
export function parseDepositRecord(bytes: Uint8Array): DepositRecord {
  return parseObject(depositRecordSchema, 'tiezheng/deposit/v1', bytes, 4096);
}

/** @throws FormatError */
export function parseFileEntry(bytes: Uint8Array): FileEntry {
  return parseObject(fileEntrySchema, 'tiezheng/file/v1', bytes, 4096);
}
