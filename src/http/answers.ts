import * as z from 'zod';
import { ACTIONS, type Action, ROLES } from '../access/rules.ts';
import { depositorSchema, statementAnnexSchema } from '../format/annex.ts';
import { signatureAnnexSchema } from '../format/annex-signature.ts';
import { depositRecordSchema, fileEntrySchema, fileNameSchema } from '../format/deposit.ts';
import { address, count, evmChain, hash0x, hex32, mediaType, treePosition, utcTime, uuid } from '../format/fields.ts';
import { originSchema, vkeySchema } from '../format/log.ts';
import { receiptSchema } from '../format/receipt.ts';
import { problemSchema } from './problem.ts';

/** The bodies of answers, as the OpenAPI document shows them and the tests check them. */

/** `received → in-log → published → anchored-pending → anchored-final → certified` */
export const DEPOSIT_STATES = [
  'received',
  'in-log',
  'published',
  'anchored-pending',
  'anchored-final',
  'certified',
] as const;

export const depositSummarySchema = z.strictObject({
  depositId: uuid,
  state: z.enum(DEPOSIT_STATES),
  /** Null once certified. Else the step that comes next and the open alarms that hold it up, none if it is only a matter of time. */
  pending: z
    .strictObject({
      awaits: z.enum(['log', 'publication', 'anchor', 'finality', 'certificate']),
      alarms: z.array(z.string()),
    })
    .nullable(),
  receivedAt: utcTime,
  /** From the statement. */
  title: z.string().nullable(),
  /** 0 once erased. */
  fileCount: z.number().int().min(0),
  leafIndex: treePosition.nullable(),
  publication: z.strictObject({ treeSize: treePosition, publishedAt: utcTime }).nullable(),
  anchor: z
    .strictObject({
      chain: evmChain,
      contract: address,
      treeSize: treePosition,
      state: z.enum(['intended', 'sent', 'mined', 'final']),
      since: utcTime,
      blockHash: hash0x.nullable(),
      transactionHash: hash0x.nullable(),
    })
    .nullable(),
  /** Every chain that the log is anchored on, side by side: each proves the deposit without the others. */
  chains: z.array(
    z.strictObject({
      chain: evmChain,
      contract: address,
      /** `waiting`: no anchor that covers the deposit has been begun there. */
      state: z.enum(['waiting', 'intended', 'sent', 'mined', 'final']),
      treeSize: treePosition.nullable(),
      since: utcTime.nullable(),
      blockHash: hash0x.nullable(),
      transactionHash: hash0x.nullable(),
      /** Code of what holds this chain up now; null if nothing does, or nothing needs to go on there. */
      trouble: z.string().nullable(),
    }),
  ),
  /** `complete` once a calendar has led a checkpoint that covers the deposit to Bitcoin; null before one has stamped any. */
  opentimestamps: z.enum(['pending', 'complete']).nullable(),
  certificate: z.strictObject({ certificateNo: z.string(), digest: hex32, issuedAt: utcTime }).nullable(),
});
export type DepositSummary = z.infer<typeof depositSummarySchema>;

/** What can be offered to whoever reads a deposit. */
export const DEPOSIT_ACTS = [
  'deposit.download',
  'deposit.export',
  'deposit.erase',
  'custody.hand-over',
  'grant.create',
  'matter.edit',
] as const satisfies readonly Action[];

export const depositDetailSchema = z.strictObject({
  ...depositSummarySchema.shape,
  /** How the caller stands to it. */
  relation: z.enum(['own', 'granted']),
  /** What he may do with it beyond reading. */
  may: z.array(z.enum(DEPOSIT_ACTS)),
  /** In a matter, or as a derivative of one that is: no preview of it is shown to anybody. */
  isTradeSecret: z.boolean(),
  record: depositRecordSchema,
  annexes: z.strictObject({
    depositor: depositorSchema,
    statement: statementAnnexSchema,
    /** Absent if the depositor did not sign. */
    signature: signatureAnnexSchema.optional(),
  }),
  files: z.array(
    z.strictObject({
      entry: fileEntrySchema,
      name: fileNameSchema,
      originalHeld: z.boolean(),
      /** The newest attempt to bring the content after its digests; null if there was none. */
      upload: z
        .strictObject({
          uploadId: uuid,
          /** `open`: bytes are missing, or are being read again. */
          state: z.enum(['open', 'received', 'refused', 'expired', 'terminated']),
          /** Why the bytes were dropped, as a stable code; null unless refused. */
          refusal: z.string().nullable(),
          sizeBytes: count,
          /** So many bytes are durable. */
          offset: count,
          expiresAt: utcTime,
        })
        .nullable(),
      preview: z.strictObject({ mediaType, sizeBytes: count, sha256: hex32, sm3: hex32 }).nullable(),
    }),
  ),
});
export type DepositDetail = z.infer<typeof depositDetailSchema>;

/** What became of content that followed its digests. */
export const uploadOutcomeSchema = z.strictObject({
  uploadId: uuid,
  depositId: uuid,
  fileIndex: count,
  /** `checking`: all bytes are here and are being read again. */
  state: z.enum(['received', 'checking']),
});

export const depositListSchema = z.strictObject({
  /** Newest first. */
  deposits: z.array(depositSummarySchema),
  /** Give it as `before` for the next page; null on the last one. */
  next: uuid.nullable(),
});

export const receivedDepositSchema = z.strictObject({
  depositId: uuid,
  leafIndex: treePosition,
  receipt: receiptSchema,
});

/** One line of a bulk answer. `line` counts from 1, empty lines included. */
export const lineAnswerSchema = z.union([
  z.strictObject({
    line: z.number().int().min(1),
    depositId: uuid,
    leafIndex: treePosition,
    /** Left out if the request said `Prefer: return=minimal`. */
    receipt: receiptSchema.optional(),
  }),
  z.strictObject({ line: z.number().int().min(1), problem: problemSchema }),
]);

export const meSchema = z.strictObject({
  accountId: uuid,
  name: z.string(),
  kind: z.enum(['person', 'organisation', 'unknown']),
  identityMethod: z.string(),
  by: z.enum(['api-key', 'session']),
  /** In this account. */
  roles: z.array(z.enum(ROLES)),
  /** Null: all that the roles allow. */
  scopes: z.array(z.enum(ACTIONS)).nullable(),
  /** Null for an API key and a session by one-time link. */
  user: z
    .strictObject({
      userId: z.string(),
      name: z.string(),
      email: z.string(),
      emailConfirmed: z.boolean(),
      twoFactorEnabled: z.boolean(),
    })
    .nullable(),
  /** All in which the caller may act. */
  accounts: z.array(
    z.strictObject({
      accountId: uuid,
      name: z.string(),
      kind: z.enum(['person', 'organisation', 'unknown']),
      roles: z.array(z.enum(ROLES)),
    }),
  ),
});

export const signInWaysSchema = z.strictObject({
  /** OpenID Connect providers that can be used now; null: this service has no users. */
  providers: z.array(z.strictObject({ id: z.string(), name: z.string() })).nullable(),
  /** Who may become a user: anybody, or whom an organisation has invited. */
  signUp: z.enum(['open', 'invited']).nullable(),
});
export type SignInWays = z.infer<typeof signInWaysSchema>;

export const statusSchema = z.strictObject({
  /** True: nothing this service says has any value outside of trying it out. */
  evaluation: z.boolean(),
  version: z.string(),
  origin: originSchema,
  vkey: vkeySchema,
  chain: evmChain,
  contract: address,
  /** Newest checkpoint: every deposit that was answered is in it. */
  log: z.strictObject({ treeSize: treePosition, rootHash: hex32 }).nullable(),
  publication: z.strictObject({ treeSize: treePosition, rootHash: hex32, publishedAt: utcTime }).nullable(),
  /** Newest final one. */
  anchor: z
    .strictObject({
      treeSize: treePosition,
      rootHash: hex32,
      since: utcTime,
      blockHash: hash0x.nullable(),
      transactionHash: hash0x.nullable(),
    })
    .nullable(),
  /** Timestamp authorities that are asked. */
  authorities: z.array(
    z.strictObject({
      name: z.string(),
      operator: z.string(),
      independent: z.boolean(),
      /** Why it gave no token when it was last asked, as a stable code; null if it did. */
      trouble: z.string().nullable(),
    }),
  ),
  /** OpenTimestamps calendars that are asked. */
  calendars: z.array(
    z.strictObject({
      url: z.string(),
      /** Why it did not answer rightly when it was last asked, as a stable code; null if it did. */
      trouble: z.string().nullable(),
    }),
  ),
  /** Codes of the open alarms. */
  alarms: z.array(z.string()),
  limits: z.strictObject({
    fileBytes: count,
    /** Of one file whose content follows its digests. */
    resumableFileBytes: count,
    files: count,
    digestFiles: count,
    bulkLines: count,
    bulkLineBytes: count,
  }),
});
export type Status = z.infer<typeof statusSchema>;

export const readinessCheckSchema = z.strictObject({
  name: z.enum([
    'database',
    'object-store',
    'log',
    'chain',
    'anchoring',
    'authorities',
    'calendars',
    'archive',
    'witnesses',
    'records',
  ]),
  /** `degraded`: deposits are taken, but something later waits. */
  status: z.enum(['ok', 'degraded', 'failed']),
  /** Why, as a stable code; null if ok. */
  reason: z.string().nullable(),
});
export type ReadinessCheck = z.infer<typeof readinessCheckSchema>;

export const readinessSchema = z.strictObject({
  status: z.enum(['ready', 'degraded']),
  /** True whenever this is answered with 200. */
  takesDeposits: z.literal(true),
  checks: z.array(readinessCheckSchema),
});

export const healthSchema = z.strictObject({ status: z.literal('alive') });
