import * as z from 'zod';
import { bilingualSchema } from './certificate.ts';
import { hex32, parseObject } from './fields.ts';

/** Stable names of the questions a verifier asks. `annex.<name>` and `before.<topic>` are families. */
export const CHECK_NAMES = [
  'certificate.canonical',
  'seal',
  'record.commitment',
  'file.missing',
  'file.size',
  'file.sha256',
  'file.sm3',
  'file.path',
  'file.received',
  'log.origin',
  'log.signature',
  'log.inclusion',
  'log.cosignatures',
  'evm.receipt',
  'evm.canonical',
  'evm.contract',
  'evm.finality',
  'evm.notBefore',
  'rfc3161',
  'opentimestamps',
  'time.bracket',
  'time.independent',
  'custody.chain',
  'custody.handOver',
  'custody.events',
  'status',
  'pdf.signature',
  'pdf.matches',
  'package.manifest',
  'package.extra',
  'file.digest',
  'log.entry',
  'pdf.coverage',
  'pdf.integrity',
  'pdf.signer',
  'pdf.changes',
  'bag.declaration',
  'bag.manifest',
  'bag.extra',
  'bag.tags',
  'bag.fetch',
  'bag.seal',
  'ers.object',
  'ers.tree',
  'ers.renewal',
] as const;

export type CheckName = (typeof CHECK_NAMES)[number] | `annex.${string}` | `before.${string}`;

/** Why something could not be checked. It is neither passed nor failed. */
export const NOT_CHECKED_CAUSES = [
  'absent',
  'offline',
  'untrusted-key',
  'no-policy',
  'not-required',
  'closed',
  'unsupported',
  'depends-on-failed',
  'operator-word-only',
  'declared-only',
  'nodes-disagree',
  'stale',
  'past-use',
  'unconfirmed',
  'expired',
  'cancelled',
] as const;
export type NotCheckedCause = (typeof NOT_CHECKED_CAUSES)[number];

const about = {
  name: z
    .string()
    .max(60)
    .regex(/^[a-z0-9]+(?:\.[A-Za-z0-9-]+)?$/),
  /** Which file, publication, chain: digest, number or name; null where there is only one. */
  about: z.string().max(300).nullable(),
  /** Values that the check derived or compared, as text. */
  facts: z.record(z.string().max(40), z.string().max(4000)),
};

/** One question a verifier asked. `pending` and `not-checked` never count as passed and never show as failed. */
export const checkSchema = z.discriminatedUnion('status', [
  z.strictObject({ ...about, status: z.literal('passed') }),
  z.strictObject({ ...about, status: z.literal('failed'), reason: z.string().max(80) }),
  z.strictObject({ ...about, status: z.literal('pending'), until: z.string().max(200) }),
  z.strictObject({ ...about, status: z.literal('not-checked'), because: z.enum(NOT_CHECKED_CAUSES) }),
]);
export type Check = z.infer<typeof checkSchema>;

/** An instant with what it rests on. `at` is UTC text; block times have whole seconds. */
export const timeSchema = z.strictObject({
  at: z.string().max(30),
  source: z.string().max(300),
  independent: z.boolean(),
});

export const conclusionSchema = z.enum(['required-passed', 'failed', 'incomplete', 'no-policy']);

export const reportSchema = z.strictObject({
  type: z.literal('tiezheng/report/v1'),
  verifier: z.strictObject({ name: z.string().max(60), version: z.string().max(40) }),
  subject: z.strictObject({
    kind: z.enum(['certificate', 'receipt', 'pdf', 'package']),
    /** SHA-256 of the canonical certificate or receipt without its seals: the name it goes by. */
    digest: hex32,
    certificateNo: z.string().max(40).nullable(),
    depositId: z.string().max(40),
    leafIndex: z.number().int(),
  }),
  /** True if the certificate, or the policy, says evaluation. */
  evaluation: z.boolean(),
  /** SHA-256 of the policy's canonical bytes; null without a policy. */
  policy: hex32.nullable(),
  conclusion: conclusionSchema,
  /** Names of the required checks that have not passed. */
  unmet: z.array(z.string().max(400)).max(2000),
  times: z.strictObject({
    /** T₀: the record was assembled after this. */
    notBefore: timeSchema.nullable(),
    /** T₁: the operator's clock. */
    received: z.string().max(30),
    /** T₂: the earliest confirmed proof; the file existed no later than this. */
    notAfter: timeSchema.nullable(),
    /** Whole minutes from T₁ to T₂, rounded up. */
    unprovedMinutes: z.number().int().nullable(),
  }),
  /** Of what the passed checks rest on, that which ends first, and when; null if no end of any is known. */
  weakestLink: z.strictObject({ link: z.string().max(300), until: z.string().max(30) }).nullable(),
  /** Since T₂ (上链后). */
  since: z.array(checkSchema).max(10_000),
  /** Everything before T₂ (上链前). */
  before: z.array(checkSchema).max(100),
  /** What only the operator or the depositor says. */
  statements: z
    .array(
      z.strictObject({
        by: z.enum(['operator', 'depositor']),
        field: z.string().max(60),
        value: z.string().max(4000),
      }),
    )
    .max(3000),
  limits: z.array(bilingualSchema).max(32),
});
export type Report = z.infer<typeof reportSchema>;

/** @throws FormatError */
export function parseReport(bytes: Uint8Array): Report {
  return parseObject(reportSchema, 'tiezheng/report/v1', bytes, 16 * 1024 * 1024);
}

/** 0 all the policy requires passed, 1 something failed, 2 something required is pending or could not be checked. */
export function exitCodeOf(report: Pick<Report, 'conclusion'>): 0 | 1 | 2 {
  if (report.conclusion === 'required-passed') return 0;
  return report.conclusion === 'failed' ? 1 : 2;
}
