import * as z from 'zod';

/** What the account pages read of the service's answers; other members are passed over. */

export const identityChecksSchema = z.object({
  checks: z.array(
    z.object({
      method: z.string(),
      checkedAt: z.string().nullable(),
      checkedBy: z.string().nullable(),
      recordedAt: z.string(),
    }),
  ),
});
export type IdentityCheck = z.infer<typeof identityChecksSchema>['checks'][number];

export const organisationSchema = z.object({ accountId: z.string(), name: z.string() });

export const membersSchema = z.object({
  accountRoles: z.array(z.string()),
  members: z.array(
    z.object({
      userId: z.string(),
      name: z.string(),
      email: z.string(),
      roles: z.array(z.string()),
      isOwner: z.boolean(),
      since: z.string(),
    }),
  ),
  invitations: z.array(
    z.object({ invitationId: z.string(), email: z.string(), roles: z.array(z.string()), expiresAt: z.string() }),
  ),
});
export type Members = z.infer<typeof membersSchema>;
export type Member = Members['members'][number];

export const receivedInvitationsSchema = z.object({
  invitations: z.array(
    z.object({ invitationId: z.string(), organisation: z.string(), roles: z.array(z.string()), expiresAt: z.string() }),
  ),
});
export type ReceivedInvitation = z.infer<typeof receivedInvitationsSchema>['invitations'][number];

export const keysSchema = z.object({
  keys: z.array(
    z.object({
      keyId: z.string(),
      label: z.string(),
      scopes: z.array(z.string()).nullable(),
      createdAt: z.string(),
      expiresAt: z.string().nullable(),
      revokedAt: z.string().nullable(),
      replacedBy: z.string().nullable(),
      lastUsedOn: z.string().nullable(),
    }),
  ),
  offered: z.array(z.string()),
});
export type ApiKey = z.infer<typeof keysSchema>['keys'][number];

export const madeKeySchema = z.object({ keyId: z.string(), secret: z.string() });

export const sessionsSchema = z.object({
  sessions: z.array(
    z.object({
      sessionId: z.string(),
      signedInAt: z.string(),
      lastUsedAt: z.string(),
      expiresAt: z.string(),
      ipAddress: z.string().nullable(),
      userAgent: z.string().nullable(),
      isThisOne: z.boolean(),
    }),
  ),
});
export type UserSession = z.infer<typeof sessionsSchema>['sessions'][number];

export const preferenceSchema = z.object({
  language: z.enum(['both', 'zh', 'en']),
  emailKinds: z.array(z.string()),
});
export type NoticePreference = z.infer<typeof preferenceSchema>;

const bilingualSchema = z.object({ zh: z.string(), en: z.string() });

export const noticesSchema = z.object({
  notices: z.array(
    z.object({
      noticeId: z.string(),
      kind: z.string(),
      at: z.string(),
      title: bilingualSchema,
      body: bilingualSchema,
      page: z.string(),
    }),
  ),
  next: z.string().nullable(),
});
export type Notice = z.infer<typeof noticesSchema>['notices'][number];

const webhookSchema = z.object({
  webhookId: z.string(),
  url: z.string(),
  kinds: z.array(z.string()).nullable(),
  state: z.enum(['active', 'disabled']),
  disabledBecause: z.string().nullable(),
  failingSince: z.string().nullable(),
  createdAt: z.string(),
});
export type Webhook = z.infer<typeof webhookSchema>;

export const webhooksSchema = z.object({ webhooks: z.array(webhookSchema) });
export const madeWebhookSchema = z.object({ webhook: webhookSchema, secret: z.string() });
export const webhookSecretSchema = z.object({ secret: z.string() });

export const deliveriesSchema = z.object({
  deliveries: z.array(
    z.object({
      deliveryId: z.string(),
      kind: z.string(),
      channel: z.enum(['email', 'webhook']),
      webhookId: z.string().nullable(),
      address: z.string().nullable(),
      state: z.enum(['waiting', 'sent', 'given-up', 'cancelled']),
      attempts: z.number(),
      outcome: z.string().nullable(),
      madeAt: z.string(),
      lastAttemptAt: z.string().nullable(),
      dueAt: z.string().nullable(),
      endedAt: z.string().nullable(),
    }),
  ),
  next: z.string().nullable(),
});
export type Delivery = z.infer<typeof deliveriesSchema>['deliveries'][number];
