import * as z from 'zod';
import { depositorSchema, statementAnnexSchema } from '../format/annex.ts';
import { signatureAnnexSchema } from '../format/annex-signature.ts';
import { depositRecordSchema, fileEntrySchema, fileNameSchema } from '../format/deposit.ts';

/** What the pages read of the service's answers; members they do not read are passed over. */

export const summarySchema = z.object({
  depositId: z.string(),
  state: z.enum(['received', 'in-log', 'published', 'anchored-pending', 'anchored-final', 'certified']),
  pending: z.object({ awaits: z.string(), alarms: z.array(z.string()) }).nullable(),
  receivedAt: z.string(),
  title: z.string().nullable(),
  fileCount: z.number(),
  leafIndex: z.number().nullable(),
  publication: z.object({ publishedAt: z.string() }).nullable(),
  anchor: z
    .object({
      chain: z.string(),
      contract: z.string(),
      state: z.enum(['intended', 'sent', 'mined', 'final']),
      since: z.string(),
      blockHash: z.string().nullable(),
      transactionHash: z.string().nullable(),
    })
    .nullable(),
  chains: z.array(
    z.object({
      chain: z.string(),
      state: z.enum(['waiting', 'intended', 'sent', 'mined', 'final']),
      since: z.string().nullable(),
      blockHash: z.string().nullable(),
      trouble: z.string().nullable(),
    }),
  ),
  opentimestamps: z.enum(['pending', 'complete']).nullable(),
  certificate: z.object({ certificateNo: z.string(), issuedAt: z.string() }).nullable(),
});
export type DepositSummary = z.infer<typeof summarySchema>;

export const detailSchema = z.object({
  ...summarySchema.shape,
  relation: z.enum(['own', 'granted']),
  may: z.array(z.string()),
  isTradeSecret: z.boolean(),
  record: depositRecordSchema,
  annexes: z.object({
    depositor: depositorSchema,
    statement: statementAnnexSchema,
    signature: signatureAnnexSchema.optional(),
  }),
  files: z.array(
    z.object({
      entry: fileEntrySchema,
      name: fileNameSchema,
      originalHeld: z.boolean(),
      upload: z
        .object({
          uploadId: z.string(),
          state: z.enum(['open', 'received', 'refused', 'expired', 'terminated']),
          refusal: z.string().nullable(),
          sizeBytes: z.number(),
          offset: z.number(),
        })
        .nullable(),
      preview: z.object({ mediaType: z.string() }).nullable(),
    }),
  ),
});
export type DepositDetail = z.infer<typeof detailSchema>;

export const listSchema = z.object({ deposits: z.array(summarySchema), next: z.string().nullable() });
export type DepositList = z.infer<typeof listSchema>;

export const receivedSchema = z.object({ depositId: z.string(), leafIndex: z.number() });

export const uploadOutcomeSchema = z.object({ state: z.enum(['received', 'checking']) });

export const meSchema = z.object({
  accountId: z.string(),
  name: z.string(),
  identityMethod: z.string(),
  by: z.enum(['api-key', 'session']),
  roles: z.array(z.string()),
  scopes: z.array(z.string()).nullable(),
  user: z
    .object({ name: z.string(), email: z.string(), emailConfirmed: z.boolean(), twoFactorEnabled: z.boolean() })
    .nullable(),
  accounts: z.array(z.object({ accountId: z.string(), name: z.string(), kind: z.string() })),
});
export type Me = z.infer<typeof meSchema>;

export const statusSchema = z.object({
  evaluation: z.boolean(),
  limits: z.object({
    fileBytes: z.number(),
    files: z.number(),
    resumableFileBytes: z.number(),
    digestFiles: z.number(),
  }),
});
export type ServiceStatus = z.infer<typeof statusSchema>;

export const custodySchema = z.object({
  count: z.number(),
  leaf: z.object({ count: z.number() }).nullable(),
  /** Newest first. */
  events: z.array(z.object({ index: z.number(), kind: z.string(), at: z.string(), gapMinutes: z.number().nullable() })),
});
export type Custody = z.infer<typeof custodySchema>;

/** RFC 9457 with this service's own members. */
export const problemSchema = z.object({
  code: z.string(),
  title: z.string(),
  titleZh: z.string(),
  status: z.number(),
  detail: z.string().optional(),
  depositId: z.string().optional(),
});
