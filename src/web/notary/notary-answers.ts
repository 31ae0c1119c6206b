import * as z from 'zod';

/** What the desk reads of the service's answers about requests; other members are passed over. */

export const requestSchema = z.object({
  requestId: z.string(),
  side: z.enum(['asked', 'office']),
  account: z.object({ name: z.string() }),
  office: z.object({ name: z.string() }),
  subject: z.string(),
  message: z.string().nullable(),
  state: z.enum(['submitted', 'accepted', 'deed-issued', 'refused', 'withdrawn']),
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
