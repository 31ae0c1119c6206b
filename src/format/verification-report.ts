import * as z from 'zod';
import { bilingualSchema, platformSchema } from './certificate.ts';
import { hex32, parseObject, text, utcTime, uuid } from './fields.ts';
import { reportSchema } from './report.ts';
import { sealsSchema } from './seal.ts';

/** Things that one report is about at most. */
export const MAX_REPORT_ITEMS = 200;
/** Canonical JSON: what a browser hands over at most, twice, and room for names and seals. */
export const MAX_VERIFICATION_REPORT_BYTES = 40 * 1024 * 1024;

/** Why the service did not verify a thing again. */
export const NOT_VERIFIED_CAUSES = ['not-held', 'another-certificate', 'policy-not-given'] as const;

/** What the service itself found about a thing that the signatory verified. */
export const byServiceSchema = z.discriminatedUnion('state', [
  z.strictObject({ state: z.literal('not-verified'), because: z.enum(NOT_VERIFIED_CAUSES) }),
  z.strictObject({
    state: z.literal('verified'),
    /** Of the certificate as the service holds it, under the same policy, no file being presented. */
    report: reportSchema,
    /** `name` or `name (about)` of the checks with another status than the signatory's. Those of files are not compared. */
    differs: z.array(z.string().max(400)).max(1000),
  }),
]);
export type ByService = z.infer<typeof byServiceSchema>;

/**
 * What somebody says that he verified, as he was signed in at the service then. The reports are his browser's; the service vouches for
 * who said this and when, and for its own results beside them.
 */
export const verificationReportSchema = z.strictObject({
  type: z.literal('tiezheng/verification-report/v1'),
  /** `VR-YYYYMMDD-XXXXXXXX` */
  reportNo: text(40),
  /** Clock of the service. */
  madeAt: utcTime,
  evaluation: z.boolean(),
  service: z.strictObject({ origin: text(100), version: text(40), platform: platformSchema }),
  signatory: z.strictObject({
    /** As he wrote it. */
    name: text(100),
    capacity: text(100).nullable(),
    /** As the service knows the user who was signed in; null for a session by one-time link. */
    user: z.strictObject({ userId: text(100), name: text(300) }).nullable(),
    office: z.strictObject({
      accountId: uuid,
      name: text(300),
      roles: z.array(text(40)).max(16),
      /** `none` is a method. */
      identityCheck: z.strictObject({
        method: text(100),
        checkedAt: utcTime.nullable(),
        checkedBy: text(200).nullable(),
      }),
    }),
  }),
  /** The request to the office that it answers. */
  requestId: uuid.nullable(),
  remark: text(2000).nullable(),
  /** Of every report in it: SHA-256 of the policy's canonical bytes; null if none was used. `name` is that of its file, as he says. */
  policy: z.strictObject({ sha256: hex32.nullable(), name: text(300).nullable() }),
  /** What made the reports, as he says. */
  tool: z.strictObject({ name: text(60), version: text(40), sha256: hex32.nullable() }),
  items: z
    .array(
      z.strictObject({
        /** As he calls the file. */
        fileName: text(500).nullable(),
        report: reportSchema,
        byService: byServiceSchema,
      }),
    )
    .min(1)
    .max(MAX_REPORT_ITEMS),
  limits: z.array(bilingualSchema).max(16),
  seals: sealsSchema,
});
export type VerificationReport = z.infer<typeof verificationReportSchema>;

/** @throws FormatError */
export function parseVerificationReport(bytes: Uint8Array): VerificationReport {
  return parseObject(verificationReportSchema, 'tiezheng/verification-report/v1', bytes, MAX_VERIFICATION_REPORT_BYTES);
}
