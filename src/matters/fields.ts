import * as z from 'zod';
import type { MatterPart } from '../db/matters.ts';
import { text, utcTime, uuid } from '../format/fields.ts';

/** What people write about a dispute. `null` and an absent field both mean that it is not said; in a change, absent means unchanged. */

const day = z.iso.date();
const said = (characters: number) => text(characters).nullable().optional();

export const DISPUTES = [
  'copyright',
  'trademark',
  'patent',
  'design',
  'trade-secret',
  'unfair-competition',
  'plant-variety',
  'layout-design',
  'domain-name',
  'other',
] as const;
export const MATTER_STATUSES = ['draft', 'open', 'closed'] as const;
export const CONFIDENTIALITIES = ['normal', 'confidential', 'trade-secret'] as const;

export const newMatterSchema = z.strictObject({
  title: text(200),
  dispute: z.enum(DISPUTES),
  confidentiality: z.enum(CONFIDENTIALITIES).optional(),
  summary: said(10_000),
});

export const matterChangeSchema = z.strictObject({
  title: text(200).optional(),
  dispute: z.enum(DISPUTES).optional(),
  /** Forward only: draft, open, closed. */
  status: z.enum(MATTER_STATUSES).optional(),
  confidentiality: z.enum(CONFIDENTIALITIES).optional(),
  summary: said(10_000),
  /** While true, nothing of the matter's deposits is erased. */
  legalHold: z.boolean().optional(),
  legalHoldReason: said(1000),
});

/** 权利人、存证人、取证人、被投诉人: a person who is two of them has two rows. */
const party = z.strictObject({
  role: z.enum(['holder', 'depositor', 'capture-operator', 'respondent']),
  name: text(200),
  kind: z.enum(['person', 'organisation', 'unknown']).optional(),
  /** Such as a licence number. Readers of the matter do not see it. */
  identifier: said(100),
  /** Readers of the matter do not see it. */
  contact: said(500),
  representedBy: said(200),
  /** Readers of the matter do not see it. */
  remark: said(2000),
});

/** As declared: nobody here has checked it. */
const right = z.strictObject({
  kind: z.enum([
    'copyright',
    'trademark',
    'invention',
    'utility-model',
    'design',
    'trade-secret',
    'plant-variety',
    'layout-design',
    'name',
    'other',
  ]),
  title: text(200),
  registrationNo: said(100),
  /** A party of this matter whose role is `holder`. */
  holderPartyId: uuid.nullable().optional(),
  validFrom: day.nullable().optional(),
  validUntil: day.nullable().optional(),
  remark: said(2000),
});

/** 权利凭证: a deposit like any other. */
const proof = z.strictObject({
  rightId: uuid,
  depositId: uuid,
  kind: z.enum(['certificate', 'contract', 'draft', 'licence', 'publication', 'other']),
  remark: said(2000),
});

const item = z.strictObject({
  depositId: uuid,
  title: said(200),
  /** 争议焦点: the index is arranged by it. */
  issue: said(200),
  /** Where the data comes from; what is not said is printed as unknown. */
  source: said(2000),
  /** 证明目的 */
  proofPurpose: said(1000),
  form: z.enum(['original', 'copy', 'unknown']).optional(),
  pages: z.number().int().min(1).max(100_000).nullable().optional(),
  /** What readers of the matter see: the deposit and its derivatives, only the derivatives, or nothing. */
  disclosure: z.enum(['original', 'derivative', 'withheld']).optional(),
  confidentiality: z.enum(CONFIDENTIALITIES).optional(),
});

/** 印证: the first item corroborates (and so on) the other one. */
const relation = z.strictObject({
  itemId: uuid,
  otherItemId: uuid,
  kind: z.enum(['corroborates', 'contradicts', 'continues', 'same-act', 'explains', 'compares']),
  remark: said(2000),
});

const note = z.strictObject({ body: text(10_000) });

const deadline = z.strictObject({
  title: text(200),
  dueAt: utcTime,
  basis: said(500),
  doneAt: utcTime.nullable().optional(),
});

/** Of each part: what a new one says, what a change may say, and the row that is answered. What ties a row to another stays. */
export const PART_SCHEMAS = {
  party: schemasOf('partyId', party, {}),
  right: schemasOf('rightId', right, {}),
  proof: schemasOf('proofId', proof, { rightId: true, depositId: true }),
  item: schemasOf('itemId', item, { depositId: true }, { position: z.number().int().min(1) }),
  relation: schemasOf('relationId', relation, { itemId: true, otherItemId: true }),
  note: schemasOf('noteId', note, {}),
  deadline: schemasOf('deadlineId', deadline, {}),
} as const satisfies Record<MatterPart, PartSchemas>;

export interface PartSchemas {
  create: z.ZodObject;
  change: z.ZodObject;
  row: z.ZodObject;
}

function schemasOf(
  idName: string,
  fields: z.ZodObject,
  fixed: Record<string, true>,
  more: z.ZodRawShape = {},
): PartSchemas {
  const nullable = Object.fromEntries(
    Object.entries(fields.shape).map(([name, field]) => {
      const inner = field instanceof z.ZodOptional ? (field.unwrap() as z.ZodType) : (field as z.ZodType);
      return [name, inner];
    }),
  );
  return {
    create: fields,
    change: fields.omit(fixed as never).partial(),
    row: z.strictObject({
      [idName]: uuid,
      matterId: uuid,
      version: z.number().int().min(1),
      ...nullable,
      ...more,
    }),
  };
}
