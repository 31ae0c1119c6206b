import * as z from 'zod';
import { publicationSchema } from './certificate.ts';
import { count, hex32, parseObject, proofPath, text, treePosition, utcTime, uuid } from './fields.ts';
import { originSchema, vkeySchema } from './log.ts';
import { provedRotationsSchema } from './log-event.ts';
import { sealsSchema } from './seal.ts';

/** What this service records of a deposit. A reader shows kinds that it does not know as they are. */
export const CUSTODY_KINDS = [
  'received',
  'content-received',
  'certified',
  'viewed',
  'downloaded',
  'exported',
  'verified',
  'granted',
  'grant-revoked',
  'link-opened',
  'handed-over',
  'hand-over-confirmed',
  'hand-over-cancelled',
  'withdrawn',
  'superseded',
  'reinstated',
  'erased',
] as const;
export type CustodyKind = (typeof CUSTODY_KINDS)[number];

const kindCode = z
  .string()
  .max(40)
  .regex(/^[a-z][a-z0-9]*(?:-[a-z0-9]+)*$/, 'expected a kind such as viewed');

/** Events of one deposit that a custody file carries. */
export const MAX_CUSTODY_EVENTS = 15_000;
/** The newest ones, where a deposit has more. */
export const MAX_CUSTODY_LEAVES = 2_000;
const MAX_HAND_OVERS = 500;

const index = z
  .number()
  .int()
  .min(0)
  .max(2 ** 31 - 2);

/** Codes, numbers and digests: at most 16, and nothing that names a person. */
export const custodyDetailSchema = z
  .record(z.string().regex(/^[a-z][A-Za-z0-9]{0,39}$/, 'expected a name such as fileIndex'), z.string().max(300))
  .refine((detail) => Object.keys(detail).length <= 16, 'more than 16 members');

/** Who acted, as the service knew it: apart from the event so that it can stay closed, or be erased. */
export const custodyActorSchema = z.strictObject({
  type: z.literal('tiezheng/custody-actor/v1'),
  /** Null: nobody's account, as for whoever holds a link and for the service itself. */
  accountId: uuid.nullable(),
  userId: text(100).nullable(),
  by: z.enum(['api-key', 'session', 'link', 'service', 'operator']),
  linkId: text(100).nullable(),
  /** The account's name at that time. */
  name: text(200).nullable(),
  salt: hex32,
});
export type CustodyActor = z.infer<typeof custodyActorSchema>;

/** One touch of a deposit. Its hash is its commitment; `previous` is that of the event before. */
export const custodyEventSchema = z
  .strictObject({
    type: z.literal('tiezheng/custody-event/v1'),
    depositId: uuid,
    index,
    /** Null for the first event alone. */
    previous: hex32.nullable(),
    kind: kindCode,
    /** Operator's clock; never before that of the event before. */
    at: utcTime,
    /** Commitment of tiezheng/custody-actor/v1. */
    actor: hex32,
    detail: custodyDetailSchema,
    salt: hex32,
  })
  .refine((event) => (event.index === 0) === (event.previous === null), {
    message: 'the first event alone has no previous one',
  });
export type CustodyEvent = z.infer<typeof custodyEventSchema>;

/** @throws FormatError */
export function parseCustodyEvent(bytes: Uint8Array): CustodyEvent {
  return parseObject(custodyEventSchema, 'tiezheng/custody-event/v1', bytes, 16_384);
}

/** @throws FormatError */
export function parseCustodyActor(bytes: Uint8Array): CustodyActor {
  return parseObject(custodyActorSchema, 'tiezheng/custody-actor/v1', bytes, 4096);
}

/** A leaf of the log: this deposit has `count` events, the last of which has the hash `headHash`. */
export const custodyRecordSchema = z.strictObject({
  type: z.literal('tiezheng/custody/v1'),
  depositId: uuid,
  count: z
    .number()
    .int()
    .min(1)
    .max(2 ** 31 - 1),
  headHash: hex32,
  salt: hex32,
});
export type CustodyRecord = z.infer<typeof custodyRecordSchema>;

/** @throws FormatError */
export function parseCustodyRecord(bytes: Uint8Array): CustodyRecord {
  return parseObject(custodyRecordSchema, 'tiezheng/custody/v1', bytes, 1024);
}

// ---------------------------------------------------------------- hand-over

/** As whom the receiver is named, in the giver's words. */
export const RECEIVER_KINDS = [
  'notary',
  'court',
  'expert',
  'mediator',
  'arbitrator',
  'enforcement',
  'customs',
  'other',
] as const;

/** What the giver says that he hands over. */
export const handOverStatementSchema = z.strictObject({
  type: z.literal('tiezheng/hand-over-statement/v1'),
  handOverId: uuid,
  depositId: uuid,
  giver: z.strictObject({ accountId: uuid, name: text(200) }),
  /** `accountId`: only that account may confirm; null: whoever holds the one-time link. `name`: the giver's words. */
  receiver: z.strictObject({ kind: z.enum(RECEIVER_KINDS), accountId: uuid.nullable(), name: text(300) }),
  items: z
    .array(
      z.strictObject({
        what: z.enum(['original', 'certificate', 'other']),
        /** Position in the deposit, from 0; only and always of an original. */
        fileIndex: count.nullable(),
        /** Of an original its bytes', of a certificate its name's. */
        sha256: hex32,
        description: text(300).nullable(),
      }),
    )
    .min(1)
    .max(1100),
  note: text(1000).nullable(),
  handedOverAt: utcTime,
  /** From then on nobody can confirm. */
  expiresAt: utcTime,
  salt: hex32,
});
export type HandOverStatement = z.infer<typeof handOverStatementSchema>;

/** What the receiver says. */
export const handOverConfirmationSchema = z.strictObject({
  type: z.literal('tiezheng/hand-over-confirmation/v1'),
  handOverId: uuid,
  /** Commitment of the statement that he confirms. */
  statement: hex32,
  confirmedAt: utcTime,
  /** `link`: whoever held the one-time link, under the name he gave. */
  by: z.enum(['account', 'link']),
  accountId: uuid.nullable(),
  name: text(300),
  note: text(1000).nullable(),
  salt: hex32,
});
export type HandOverConfirmation = z.infer<typeof handOverConfirmationSchema>;

const MAX_STATEMENT_BYTES = 1024 * 1024;
export const MAX_HAND_OVER_BYTES = 2 * MAX_STATEMENT_BYTES;

/** @throws FormatError */
export function parseHandOverStatement(bytes: Uint8Array): HandOverStatement {
  return parseObject(handOverStatementSchema, 'tiezheng/hand-over-statement/v1', bytes, MAX_STATEMENT_BYTES);
}

/** @throws FormatError */
export function parseHandOverConfirmation(bytes: Uint8Array): HandOverConfirmation {
  return parseObject(handOverConfirmationSchema, 'tiezheng/hand-over-confirmation/v1', bytes, 8192);
}

/** The receipt that giver and receiver keep. Without a confirmation it says that only one of them has spoken. */
export const handOverSchema = z.strictObject({
  type: z.literal('tiezheng/hand-over/v1'),
  evaluation: z.boolean(),
  statement: handOverStatementSchema,
  confirmation: handOverConfirmationSchema.nullable(),
  /** Hashes of the custody events of both acts. */
  events: z.strictObject({ handedOver: hex32, confirmed: hex32.nullable() }),
  /** What only the operator says: that this is what both had said by then. Receipts are sealed anew each time. */
  claims: z.strictObject({ madeAt: utcTime }).optional(),
  seals: sealsSchema,
});
export type HandOver = z.infer<typeof handOverSchema>;

/** @throws FormatError */
export function parseHandOver(bytes: Uint8Array): HandOver {
  return parseObject(handOverSchema, 'tiezheng/hand-over/v1', bytes, MAX_HAND_OVER_BYTES);
}

// ---------------------------------------------------------------- the file

/** All that was recorded of one deposit, with the leaves that hold it fast. */
export const custodyFileSchema = z
  .strictObject({
    type: z.literal('tiezheng/custody-file/v1'),
    evaluation: z.boolean(),
    depositId: uuid,
    /** In their order, from the first. `actor`: null where it stays closed. */
    events: z
      .array(z.strictObject({ event: custodyEventSchema, actor: custodyActorSchema.nullable() }))
      .min(1)
      .max(MAX_CUSTODY_EVENTS),
    /** Statements and confirmations that were opened. */
    handOvers: z
      .array(
        z.strictObject({
          statement: handOverStatementSchema,
          confirmation: handOverConfirmationSchema.nullable(),
        }),
      )
      .max(MAX_HAND_OVERS),
    log: z.strictObject({
      origin: originSchema,
      keys: z.array(vkeySchema).min(1).max(8),
      rotations: provedRotationsSchema.optional(),
    }),
    /** In the order of the log; every proof leads to the checkpoint of `publication`. */
    leaves: z
      .array(z.strictObject({ record: custodyRecordSchema, leafIndex: treePosition, inclusionProof: proofPath }))
      .max(MAX_CUSTODY_LEAVES),
    /** One checkpoint over all the leaves and who attests to it; null if there is no leaf. */
    publication: publicationSchema.omit({ inclusionProof: true }).nullable(),
    /** What only the operator says: that up to then nothing else was recorded. */
    claims: z.strictObject({ madeAt: utcTime }),
    seals: sealsSchema,
  })
  .refine((file) => (file.leaves.length === 0) === (file.publication === null), {
    message: 'leaves and their checkpoint go together',
  });
export type CustodyFile = z.infer<typeof custodyFileSchema>;

export const MAX_CUSTODY_FILE_BYTES = 16 * 1024 * 1024;

/** @throws FormatError */
export function parseCustodyFile(bytes: Uint8Array): CustodyFile {
  return parseObject(custodyFileSchema, 'tiezheng/custody-file/v1', bytes, MAX_CUSTODY_FILE_BYTES);
}
