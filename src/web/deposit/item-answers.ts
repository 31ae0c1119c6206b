import * as z from 'zod';
import { derivativeSchema as matterDerivativeSchema } from '../matter/matter-answers.ts';

/** What the page of a deposit reads of the service's answers about its custody, its derivatives and its end. */

export const timelineSchema = z.object({
  count: z.number(),
  leaf: z.object({ count: z.number() }).nullable(),
  /** Newest first. */
  events: z.array(
    z.object({
      index: z.number(),
      kind: z.string(),
      at: z.string(),
      gapMinutes: z.number().nullable(),
      actor: z
        .object({ by: z.enum(['api-key', 'session', 'link', 'service', 'operator']), name: z.string().nullable() })
        .nullable(),
      inTheLog: z.boolean(),
    }),
  ),
  next: z.number().nullable(),
});
export type Timeline = z.infer<typeof timelineSchema>;

const derivativeSchema = matterDerivativeSchema.extend({ linkedAt: z.string() });
export type Derivative = z.infer<typeof derivativeSchema>;
export const derivativesSchema = z.object({
  derivatives: z.array(derivativeSchema),
  derivedFrom: derivativeSchema.nullable(),
});

export const BASES = [
  'depositor-request',
  'personal-data',
  'court-order',
  'authority-order',
  'retention-ended',
  'other',
] as const;

export const erasureSchema = z.object({
  depositId: z.string(),
  depositNo: z.number(),
  receivedAt: z.string(),
  basis: z.enum(BASES),
  fileCount: z.number(),
  erasedAt: z.string(),
  completedAt: z.string().nullable(),
  certificates: z.array(z.string()),
});
export type Erasure = z.infer<typeof erasureSchema>;
