import * as z from 'zod';
import { certificateNoSchema, publicationSchema } from './certificate.ts';
import { certifiedSchema } from './certified.ts';
import { hex32, parseObject, treePosition, utcTime } from './fields.ts';
import { originSchema, vkeySchema } from './log.ts';
import { provedRotationsSchema } from './log-event.ts';
import { sealsSchema } from './seal.ts';

/** Why a status came about: kebab-case, docs/formats/status.md lists those in use. */
export const reasonCode = z
  .string()
  .max(60)
  .regex(/^[a-z][a-z0-9]*(?:-[a-z0-9]+)*$/, 'expected a reason code such as issued-in-error');

const about = {
  type: z.literal('tiezheng/status/v1'),
  certificateNo: certificateNoSchema,
  /** SHA-256 of the certificate's canonical bytes without its seals. */
  certificate: hex32,
  /** Operator's clock. */
  since: utcTime,
  reason: reasonCode,
  salt: hex32,
};

/** How the operator says that a certificate of his stands. It changes nothing that the certificate proves. */
export const statusRecordSchema = z.discriminatedUnion('status', [
  z.strictObject({ ...about, status: z.literal('valid') }),
  z.strictObject({ ...about, status: z.literal('withdrawn') }),
  /** `successor`: digest of the certificate in its place. */
  z.strictObject({ ...about, status: z.literal('superseded'), successor: hex32 }),
]);
export type StatusRecord = z.infer<typeof statusRecordSchema>;
export type CertificateStatus = StatusRecord['status'];

/** @throws FormatError */
export function parseStatusRecord(bytes: Uint8Array): StatusRecord {
  return parseObject(statusRecordSchema, 'tiezheng/status/v1', bytes, 2048);
}

/** The newest record about one certificate, with the proof that the log holds it. */
export const statusProofSchema = z.strictObject({
  type: z.literal('tiezheng/status-proof/v1'),
  evaluation: z.boolean(),
  certificateNo: certificateNoSchema,
  certificate: hex32,
  /** A certificate of which nothing else was ever said stands by the record of its issue. */
  record: z.union([certifiedSchema, statusRecordSchema]),
  log: z.strictObject({
    origin: originSchema,
    leafIndex: treePosition,
    keys: z.array(vkeySchema).min(1).max(8),
    rotations: provedRotationsSchema.optional(),
  }),
  publication: publicationSchema,
  /** What only the operator says. */
  claims: z.strictObject({
    /** When the checkpoint was signed, by his clock. */
    checkpointAt: utcTime,
    answeredAt: utcTime,
    /** That no later record about this certificate is in the tree. */
    newest: z.literal(true),
  }),
  seals: sealsSchema,
});
export type StatusProof = z.infer<typeof statusProofSchema>;

export const MAX_STATUS_BYTES = 2 * 1024 * 1024;

/** @throws FormatError */
export function parseStatusProof(bytes: Uint8Array): StatusProof {
  return parseObject(statusProofSchema, 'tiezheng/status-proof/v1', bytes, MAX_STATUS_BYTES);
}
