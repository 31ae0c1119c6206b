import * as z from 'zod';
import { hex32, parseObject, text, utcTime, uuid } from './fields.ts';

/** Who handed in, and how, when and by whom that identity was checked. `none` is a method. */
export const depositorSchema = z.strictObject({
  type: z.literal('tiezheng/annex/depositor/v1'),
  depositId: uuid,
  name: text(200),
  kind: z.enum(['person', 'organisation', 'unknown']),
  identityCheck: z.strictObject({
    method: text(100),
    checkedAt: utcTime.nullable(),
    /** In words; absent if nobody is named. */
    checkedBy: text(200).optional(),
  }),
  salt: hex32,
});
export type DepositorAnnex = z.infer<typeof depositorSchema>;

/** 证据类型 */
export const EVIDENCE_KINDS = [
  'web-page',
  'app',
  'live-stream',
  'trade',
  'chat',
  'photo',
  'video',
  'audio',
  'document',
  'program',
  'other',
] as const;

/** What a depositor may say about what he hands in. Every field is optional; an absent one is printed as "not provided". */
export const statementFields = {
  title: text(200).optional(),
  kind: z.enum(EVIDENCE_KINDS).optional(),
  /** URL, platform, shop, account, order number, place. */
  source: text(2000).optional(),
  /** Claimed by the depositor. */
  capturedFrom: utcTime.optional(),
  capturedUntil: utcTime.optional(),
  method: text(1000).optional(),
  /** Tool and version. */
  tool: text(200).optional(),
  purpose: text(1000).optional(),
  captureOperator: text(200).optional(),
  rightHolder: text(200).optional(),
  rights: text(1000).optional(),
} as const;

/** The statement as a client sends it. */
export const statementSchema = z.strictObject(statementFields);
export type Statement = z.infer<typeof statementSchema>;

export const statementAnnexSchema = z.strictObject({
  type: z.literal('tiezheng/annex/statement/v1'),
  depositId: uuid,
  ...statementFields,
  salt: hex32,
});
export type StatementAnnex = z.infer<typeof statementAnnexSchema>;

/** @throws FormatError */
export function parseDepositorAnnex(bytes: Uint8Array): DepositorAnnex {
  return parseObject(depositorSchema, 'tiezheng/annex/depositor/v1', bytes, 4096);
}

/** @throws FormatError */
export function parseStatementAnnex(bytes: Uint8Array): StatementAnnex {
  return parseObject(statementAnnexSchema, 'tiezheng/annex/statement/v1', bytes, 65536);
}
