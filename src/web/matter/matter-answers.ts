import * as z from 'zod';

/** What the pages read of the service's answers about matters and grants; other members are passed over. */

const text = z.string().nullable();

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
export const CONFIDENTIALITIES = ['normal', 'confidential', 'trade-secret'] as const;

export const matterSchema = z.object({
  matterId: z.string(),
  relation: z.enum(['own', 'granted']),
  title: z.string(),
  dispute: z.enum(DISPUTES),
  status: z.enum(['draft', 'open', 'closed']),
  confidentiality: z.enum(CONFIDENTIALITIES),
  summary: text,
  legalHold: z.boolean().nullable(),
  legalHoldReason: text,
  version: z.number(),
  createdAt: z.string(),
  changedAt: z.string(),
});
export type Matter = z.infer<typeof matterSchema>;

export const matterListSchema = z.object({
  matters: z.array(
    matterSchema.extend({
      counts: z.object({ items: z.number(), parties: z.number(), openDeadlines: z.number() }).nullable(),
      nextDeadline: z.object({ title: z.string(), dueAt: z.string() }).nullable(),
    }),
  ),
  next: text,
});
export type ListedMatter = z.infer<typeof matterListSchema>['matters'][number];

export const PARTY_ROLES = ['holder', 'depositor', 'capture-operator', 'respondent'] as const;

export const partySchema = z.object({
  partyId: z.string(),
  version: z.number(),
  role: z.enum(PARTY_ROLES),
  name: z.string(),
  kind: z.enum(['person', 'organisation', 'unknown']),
  identifier: text,
  contact: text,
  representedBy: text,
  remark: text,
});
export type Party = z.infer<typeof partySchema>;

export const RIGHT_KINDS = [
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
] as const;

export const rightSchema = z.object({
  rightId: z.string(),
  version: z.number(),
  kind: z.enum(RIGHT_KINDS),
  title: z.string(),
  registrationNo: text,
  holderPartyId: text,
  validFrom: text,
  validUntil: text,
  remark: text,
});
export type Right = z.infer<typeof rightSchema>;

export const PROOF_KINDS = ['certificate', 'contract', 'draft', 'licence', 'publication', 'other'] as const;

export const proofSchema = z.object({
  proofId: z.string(),
  version: z.number(),
  rightId: z.string(),
  depositId: z.string(),
  kind: z.enum(PROOF_KINDS),
  remark: text,
});
export type Proof = z.infer<typeof proofSchema>;

export const FORMS = ['original', 'copy', 'unknown'] as const;
export const DISCLOSURES = ['original', 'derivative', 'withheld'] as const;

export const itemSchema = z.object({
  itemId: z.string(),
  version: z.number(),
  /** Null to readers who see only derivatives of it. */
  depositId: text,
  position: z.number(),
  title: text,
  issue: text,
  source: text,
  proofPurpose: text,
  form: z.enum(FORMS),
  pages: z.number().nullable(),
  disclosure: z.enum(DISCLOSURES),
  confidentiality: z.enum(CONFIDENTIALITIES),
});
export type Item = z.infer<typeof itemSchema>;

export const RELATION_KINDS = ['corroborates', 'contradicts', 'continues', 'same-act', 'explains', 'compares'] as const;

export const relationSchema = z.object({
  relationId: z.string(),
  version: z.number(),
  itemId: z.string(),
  otherItemId: z.string(),
  kind: z.enum(RELATION_KINDS),
  remark: text,
});
export type Relation = z.infer<typeof relationSchema>;

export const noteSchema = z.object({ noteId: z.string(), version: z.number(), body: z.string() });
export type Note = z.infer<typeof noteSchema>;

export const deadlineSchema = z.object({
  deadlineId: z.string(),
  version: z.number(),
  title: z.string(),
  dueAt: z.string(),
  basis: text,
  doneAt: text,
});
export type Deadline = z.infer<typeof deadlineSchema>;

export const DERIVATIVE_KINDS = ['redacted', 'excerpt', 'translation', 'transcript', 'enlargement', 'other'] as const;

export const derivativeSchema = z.object({
  depositId: z.string(),
  originalDepositId: z.string(),
  kind: z.enum(DERIVATIVE_KINDS),
  method: z.string(),
});
export type Derivative = z.infer<typeof derivativeSchema>;

export const matterDepositsSchema = z.object({
  deposits: z.array(
    z.object({
      depositId: z.string(),
      title: text,
      receivedAt: z.string(),
      depositNo: z.number().nullable(),
      certificateNo: text,
      files: z.number(),
    }),
  ),
  derivatives: z.array(derivativeSchema),
});
export type MatterDeposits = z.infer<typeof matterDepositsSchema>;
export type NamedDeposit = MatterDeposits['deposits'][number];

export const indexSchema = z.object({
  madeAt: z.string(),
  entries: z.array(
    z.object({
      no: z.number(),
      issue: text,
      name: text,
      source: text,
      proofPurpose: text,
      form: z.enum(FORMS),
      pages: z.number().nullable(),
      depositId: z.string(),
      depositNo: z.number().nullable(),
      receivedAt: z.string(),
      certificateNo: text,
      derivedFrom: z.object({ kind: z.enum(DERIVATIVE_KINDS), method: z.string() }).nullable(),
      files: z.array(z.object({ name: z.string(), digestSource: z.string(), sha256: z.string() })),
      relations: z.array(z.object({ kind: z.enum(RELATION_KINDS), no: z.number(), remark: text })),
    }),
  ),
});
export type EvidenceIndex = z.infer<typeof indexSchema>;
export type IndexEntry = EvidenceIndex['entries'][number];

const said = z.record(z.string(), z.unknown()).nullable();

export const historySchema = z.object({
  changes: z.array(
    z.object({
      changeId: z.number(),
      at: z.string(),
      by: z.string(),
      userName: text,
      part: z.string(),
      change: z.enum(['created', 'changed', 'removed']),
      before: said,
      after: said,
    }),
  ),
  next: z.number().nullable(),
});
export type Change = z.infer<typeof historySchema>['changes'][number];

export const officesSchema = z.object({
  offices: z.array(z.object({ accountId: z.string(), name: z.string(), roles: z.array(z.string()) })),
});
export type Office = z.infer<typeof officesSchema>['offices'][number];

export const receivedListSchema = z.object({
  grants: z.array(
    z.object({
      grantId: z.string(),
      depositId: text,
      matterId: text,
      requestId: text,
      scope: z.enum(['read', 'download', 'export']),
      coverage: z.enum(['disclosed', 'everything']),
      remark: text,
      createdAt: z.string(),
      expiresAt: text,
      giverName: z.string(),
      title: text,
    }),
  ),
  next: text,
});
export type ReceivedGrant = z.infer<typeof receivedListSchema>['grants'][number];
export const acceptedSchema = z.object({ grants: z.array(z.object({ grantId: z.string() })) });
