import * as z from 'zod';

/** What the pages of both sides read of the service's answers about requests to an office; other members are passed over. */

const stateSchema = z.enum(['submitted', 'accepted', 'deed-issued', 'refused', 'withdrawn']);
export type RequestState = z.infer<typeof stateSchema>;

export const requestSchema = z.object({
  requestId: z.string(),
  side: z.enum(['asked', 'office']),
  account: z.object({ name: z.string() }),
  office: z.object({ name: z.string() }),
  matterId: z.string().nullable(),
  subject: z.string(),
  message: z.string().nullable(),
  state: stateSchema,
  stateSince: z.string(),
  deed: z.object({ deedNo: z.string(), sha256: z.string() }).nullable(),
  reason: z.string().nullable(),
  createdAt: z.string(),
  depositCount: z.number(),
  expiresAt: z.string().nullable(),
});
export type Request = z.infer<typeof requestSchema>;

export const requestListSchema = z.object({ requests: z.array(requestSchema), next: z.string().nullable() });

export const requestDetailSchema = requestSchema.extend({ depositIds: z.array(z.string()) });
export type RequestDetail = z.infer<typeof requestDetailSchema>;

export const stepListSchema = z.object({
  steps: z.array(
    z.object({
      stepId: z.number(),
      at: z.string(),
      accountName: z.string(),
      kind: z.string(),
      depositId: z.string().nullable(),
      outcome: z.enum(['consistent', 'inconsistent', 'not-checked']).nullable(),
      remark: z.string().nullable(),
    }),
  ),
  next: z.number().nullable(),
});
export type Step = z.infer<typeof stepListSchema>['steps'][number];
