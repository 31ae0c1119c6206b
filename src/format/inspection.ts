import * as z from 'zod';
import { bilingualSchema } from './certificate.ts';
import { hex32, parseObject } from './fields.ts';
import { checkSchema, conclusionSchema, timeSchema } from './report.ts';

/** What a verifier can look into that is no certificate: things of others, and hand-over receipts. */
export const INSPECTED_KINDS = [
  'hand-over',
  'timestamp-token',
  'timestamp-response',
  'opentimestamps',
  'tlog-proof',
  'signed-pdf',
  'bag',
  'evidence-record',
] as const;
export type InspectedKind = (typeof INSPECTED_KINDS)[number];

/** Whether a service of this project makes such things; all others are of others. */
export function isOurs(kind: InspectedKind): boolean {
  return kind === 'hand-over';
}

/** What a verifier found out about a thing that is no certificate. */
export const inspectionSchema = z.strictObject({
  type: z.literal('tiezheng/inspection/v1'),
  verifier: z.strictObject({ name: z.string().max(60), version: z.string().max(40) }),
  subject: z.strictObject({
    kind: z.enum(INSPECTED_KINDS),
    /** SHA-256 of the bytes presented; of a bag, of the list of its files, so that a ZIP and a folder are the same bag. */
    digest: hex32,
  }),
  /** True if the policy, or the thing itself, says evaluation. */
  evaluation: z.boolean(),
  /** SHA-256 of the policy's canonical bytes; null without a policy. */
  policy: hex32.nullable(),
  conclusion: conclusionSchema,
  /** Names of the required checks that have not passed. */
  unmet: z.array(z.string().max(400)).max(2000),
  checks: z.array(checkSchema).max(10_000),
  /** Every time that a proof gives and the policy trusts, earliest first: the thing proved existed no later than this. */
  times: z.array(timeSchema).max(1000),
  /** What only the thing itself says. */
  statements: z
    .array(
      z.strictObject({
        by: z.enum(['signer', 'authority', 'calendar', 'log', 'bag', 'operator', 'giver', 'receiver']),
        field: z.string().max(200),
        value: z.string().max(4000),
      }),
    )
    .max(3000),
  limits: z.array(bilingualSchema).max(32),
});
export type Inspection = z.infer<typeof inspectionSchema>;

/** @throws FormatError */
export function parseInspection(bytes: Uint8Array): Inspection {
  return parseObject(inspectionSchema, 'tiezheng/inspection/v1', bytes, 16 * 1024 * 1024);
}
