import * as z from 'zod';
import { handOverStatementSchema } from '../../format/custody.ts';

/** What the pages read of the service's answers about links, grants and hand-overs; other members are passed over. */

const scopeSchema = z.enum(['read', 'download', 'export']);
export type Scope = z.infer<typeof scopeSchema>;

export const openingSchema = z.object({
  opening: z.string(),
  expiresAt: z.string(),
  linkExpiresAt: z.string(),
  scope: scopeSchema,
  reader: z.string(),
  depositId: z.string().nullable(),
  matterId: z.string().nullable(),
});
export type Opening = z.infer<typeof openingSchema>;

export const sharedMatterSchema = z.object({ title: z.string(), summary: z.string().nullable() });

export const evidenceIndexSchema = z.object({
  entries: z.array(
    z.object({
      no: z.number(),
      issue: z.string().nullable(),
      name: z.string().nullable(),
      source: z.string().nullable(),
      proofPurpose: z.string().nullable(),
      depositId: z.string(),
      certificateNo: z.string().nullable(),
    }),
  ),
});
export type IndexEntry = z.infer<typeof evidenceIndexSchema>['entries'][number];

export const handOverViewSchema = z.object({
  handOverId: z.string(),
  state: z.enum(['open', 'confirmed', 'cancelled', 'expired']),
  statement: handOverStatementSchema,
  confirmation: z.object({ confirmedAt: z.string(), name: z.string() }).nullable(),
});
export type HandOverView = z.infer<typeof handOverViewSchema>;

const coverageSchema = z.enum(['disclosed', 'everything']);

const linkSchema = z.object({
  linkId: z.string(),
  reader: z.string(),
  scope: scopeSchema,
  coverage: coverageSchema,
  expiresAt: z.string(),
  maxOpenings: z.number(),
  openings: z.number(),
  hasPassphrase: z.boolean(),
  attemptsLeft: z.number().nullable(),
  revokedAt: z.string().nullable(),
});
export type SharedLink = z.infer<typeof linkSchema>;
export const linkListSchema = z.object({ links: z.array(linkSchema), next: z.string().nullable() });
export const madeLinkSchema = z.object({ path: z.string() });

const grantSchema = z.object({
  grantId: z.string(),
  granteeAccountId: z.string().nullable(),
  /** Null where the giver has had nothing to do with him. */
  granteeName: z.string().nullable(),
  invitedEmail: z.string().nullable(),
  /** Number of the account that takes it first. */
  invitedAccountId: z.string().nullable(),
  scope: scopeSchema,
  coverage: coverageSchema,
  expiresAt: z.string().nullable(),
  acceptedAt: z.string().nullable(),
  revokedAt: z.string().nullable(),
});
export type Grant = z.infer<typeof grantSchema>;
export const grantListSchema = z.object({ grants: z.array(grantSchema), next: z.string().nullable() });

export const givenHandOversSchema = z.object({ handOvers: z.array(handOverViewSchema) });
export const madeHandOverSchema = z.object({ confirmationLink: z.string().nullable() });
