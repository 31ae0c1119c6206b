import type { Request, Response } from 'express';
import * as z from 'zod';
import { AccessError } from '../access/access-error.ts';
import {
  type AccountService,
  identityCheckSchema,
  invitationSchema,
  memberRolesSchema,
  newKeySchema,
  organisationSchema,
  rotationSchema,
} from '../access/account-service.ts';
import type { Caller } from '../access/authentication.ts';
import { ACTIONS, ROLES, type Role } from '../access/rules.ts';
import type { Account } from '../db/accounts.ts';
import type { ApiKeyRow } from '../db/api-keys.ts';
import type { IdentityCheckRow } from '../db/people.ts';
import { FormatError } from '../errors.ts';
import { checkFields, utcTime, utcTimeOf, uuid } from '../format/fields.ts';
import { HttpError } from './http-error.ts';
import { mediaTypeOf, readBody } from './request-body.ts';
import { parseParameters, type Route } from './route.ts';
import { sendJson } from './send.ts';

const JSON_TYPE = 'application/json';
const MAX_BODY_BYTES = 16 * 1024;
/** Ids of users, members and invitations are better-auth's. */
const foreignId = z.string().regex(/^[A-Za-z0-9_-]{1,64}$/, 'expected an id');

const ofAccount = z.strictObject({ accountId: uuid });
const ofMember = z.strictObject({ accountId: uuid, userId: foreignId });
const ofInvitation = z.strictObject({ accountId: uuid, invitationId: foreignId });
const ofKey = z.strictObject({ accountId: uuid, keyId: uuid });
const ofSession = z.strictObject({ sessionId: foreignId });
const invitationAlone = z.strictObject({ invitationId: foreignId });
const search = z
  .string()
  .trim()
  .min(1)
  .max(200)
  .optional()
  .meta({ description: 'A part of a name, or the whole number.' });
const afterAccount = z.strictObject({
  after: uuid.optional().meta({ description: '`next` of the page before.' }),
  search,
});
const afterUser = z.strictObject({
  after: foreignId.optional().meta({ description: '`next` of the page before.' }),
  search,
});
const actingSchema = z.strictObject({ accountId: uuid });

const role = z.enum(ROLES);
const instant = utcTime.nullable();

const membersSchema = z.strictObject({
  /** What members may be at most. */
  accountRoles: z.array(role),
  members: z.array(
    z.strictObject({
      userId: z.string(),
      name: z.string(),
      email: z.string(),
      roles: z.array(role),
      isOwner: z.boolean(),
      since: utcTime,
    }),
  ),
  invitations: z.array(
    z.strictObject({ invitationId: z.string(), email: z.string(), roles: z.array(role), expiresAt: utcTime }),
  ),
});
const receivedSchema = z.strictObject({
  invitations: z.array(
    z.strictObject({ invitationId: z.string(), organisation: z.string(), roles: z.array(role), expiresAt: utcTime }),
  ),
});
const sessionsSchema = z.strictObject({
  sessions: z.array(
    z.strictObject({
      sessionId: z.string(),
      signedInAt: utcTime,
      /** To the hour. */
      lastUsedAt: utcTime,
      expiresAt: utcTime,
      ipAddress: z.string().nullable(),
      userAgent: z.string().nullable(),
      isThisOne: z.boolean(),
    }),
  ),
});
const endedSchema = z.strictObject({ ended: z.number().int().min(0) });
const keySchema = z.strictObject({
  keyId: uuid,
  label: z.string(),
  scopes: z.array(z.enum(ACTIONS)).nullable(),
  createdAt: utcTime,
  createdBy: z.string().nullable(),
  expiresAt: instant,
  revokedAt: instant,
  replacedBy: uuid.nullable(),
  lastUsedOn: z.iso.date().nullable(),
});
const keysSchema = z.strictObject({
  keys: z.array(keySchema),
  /** What a key that the caller makes may be allowed. */
  offered: z.array(z.enum(ACTIONS)),
});
const madeKeySchema = z.strictObject({ keyId: uuid, secret: z.string().meta({ description: 'Shown this once.' }) });
const identitySchema = z.strictObject({
  checks: z.array(
    z.strictObject({
      method: z.string(),
      checkedAt: instant,
      checkedBy: z.string().nullable(),
      recordedByUser: z.string().nullable(),
      recordedByAccount: uuid.nullable(),
      recordedAt: utcTime,
    }),
  ),
});
const accountSchema = z.strictObject({
  accountId: uuid,
  name: z.string(),
  kind: z.enum(['person', 'organisation', 'unknown']),
  identityMethod: z.string(),
  identityCheckedAt: instant,
  identityCheckedBy: z.string().nullable(),
  roles: z.array(role),
  createdAt: utcTime,
});
const accountsSchema = z.strictObject({ accounts: z.array(accountSchema), next: uuid.nullable() });
const usersSchema = z.strictObject({
  users: z.array(
    z.strictObject({
      userId: z.string(),
      name: z.string(),
      email: z.string(),
      emailConfirmed: z.boolean(),
      twoFactorEnabled: z.boolean(),
      passkeys: z.number().int().min(0),
      since: utcTime,
      accounts: z.array(z.strictObject({ accountId: uuid, name: z.string(), roles: z.array(role) })),
    }),
  ),
  next: z.string().nullable(),
});
const PAGE = 100;

/** Accounts, their members and keys. Another account answers as one that never was. */
export function accountRoutes(accounts: AccountService): Route[] {
  return [
    {
      method: 'put',
      path: '/api/v1/me/account',
      operationId: 'setActingAccount',
      tag: 'access',
      summary: { zh: '选择以哪个账户行事', en: 'Choose the account to act in' },
      bodies: { [JSON_TYPE]: { json: actingSchema } },
      answers: [{ status: 204, means: 'From now on this session acts in that account.' }],
      problems: ['account-not-found', 'session-needed', ...BODY_PROBLEMS],
      may: 'self.manage',
      handle: async (req, res, caller) => {
        await accounts.act(caller, (await jsonOf(req, res, actingSchema)).accountId);
        res.status(204).end();
      },
    },
    {
      method: 'post',
      path: '/api/v1/accounts',
      operationId: 'createOrganisation',
      tag: 'access',
      summary: { zh: '新建机构账户', en: 'A new organisation' },
      bodies: { [JSON_TYPE]: { json: organisationSchema } },
      answers: [{ status: 201, means: 'You own it.', mediaType: JSON_TYPE, body: { json: accountSchema } }],
      problems: ['session-needed', 'refused-by-sign-in', ...BODY_PROBLEMS],
      may: 'self.manage',
      handle: async (req, res, caller) => {
        const { name } = await jsonOf(req, res, organisationSchema);
        sendJson(res, 201, accountView(await accounts.createOrganisation(caller, cookieHeaders(req), name)));
      },
    },
    {
      method: 'post',
      path: '/api/v1/invitations/{invitationId}/accept',
      operationId: 'acceptInvitation',
      tag: 'access',
      summary: { zh: '接受机构邀请', en: 'Join an organisation' },
      parameters: { path: invitationAlone },
      answers: [{ status: 200, means: 'You are a member.', mediaType: JSON_TYPE, body: { json: actingSchema } }],
      problems: ['invitation-not-found', 'session-needed', 'invalid-parameter'],
      may: 'self.manage',
      handle: async (req, res, caller) => {
        const { invitationId } = parseParameters(invitationAlone, req.params);
        sendJson(res, 200, { accountId: await accounts.acceptInvitation(caller, cookieHeaders(req), invitationId) });
      },
    },
    {
      method: 'post',
      path: '/api/v1/invitations/{invitationId}/decline',
      operationId: 'declineInvitation',
      tag: 'access',
      summary: { zh: '谢绝机构邀请', en: 'Decline an invitation' },
      parameters: { path: invitationAlone },
      answers: [{ status: 204, means: 'It can no longer be accepted.' }],
      problems: ['invitation-not-found', 'session-needed', 'invalid-parameter'],
      may: 'self.manage',
      handle: async (req, res, caller) => {
        const { invitationId } = parseParameters(invitationAlone, req.params);
        await accounts.declineInvitation(caller, cookieHeaders(req), invitationId);
        res.status(204).end();
      },
    },
    {
      method: 'get',
      path: '/api/v1/me/invitations',
      operationId: 'listInvitationsToMe',
      tag: 'access',
      summary: { zh: '发给本人的邀请', en: 'Invitations that wait for your answer' },
      answers: [{ status: 200, means: 'All of them.', mediaType: JSON_TYPE, body: { json: receivedSchema } }],
      problems: ['session-needed'],
      may: 'self.manage',
      handle: async (_req, res, caller) => {
        const rows = await accounts.invitationsToMe(caller);
        sendJson(res, 200, {
          invitations: rows.map(({ email: _, ...row }) => ({ ...row, expiresAt: time(row.expiresAt) })),
        });
      },
    },
    {
      method: 'get',
      path: '/api/v1/me/sessions',
      operationId: 'listSessions',
      tag: 'access',
      summary: { zh: '本人的登录', en: 'Where you are signed in' },
      answers: [{ status: 200, means: 'Newest first.', mediaType: JSON_TYPE, body: { json: sessionsSchema } }],
      problems: ['session-needed'],
      may: 'self.manage',
      handle: async (_req, res, caller) => {
        const rows = await accounts.sessions(caller);
        sendJson(res, 200, {
          sessions: rows.map((row) => ({
            ...row,
            signedInAt: time(row.signedInAt),
            lastUsedAt: time(row.lastUsedAt),
            expiresAt: time(row.expiresAt),
          })),
        });
      },
    },
    {
      method: 'delete',
      path: '/api/v1/me/sessions/{sessionId}',
      operationId: 'endSession',
      tag: 'access',
      summary: { zh: '结束一处登录', en: 'Sign out somewhere' },
      parameters: { path: ofSession },
      answers: [{ status: 204, means: 'Over at once.' }],
      problems: ['session-not-found', 'session-needed', 'invalid-parameter'],
      may: 'self.manage',
      handle: async (req, res, caller) => {
        await accounts.endSession(caller, parseParameters(ofSession, req.params).sessionId);
        res.status(204).end();
      },
    },
    {
      method: 'post',
      path: '/api/v1/me/sessions/end-others',
      operationId: 'endOtherSessions',
      tag: 'access',
      summary: { zh: '结束其他各处的登录', en: 'Sign out everywhere else' },
      answers: [{ status: 200, means: 'Over at once.', mediaType: JSON_TYPE, body: { json: endedSchema } }],
      problems: ['session-needed'],
      may: 'self.manage',
      handle: async (_req, res, caller) => sendJson(res, 200, { ended: await accounts.endOtherSessions(caller) }),
    },
    {
      method: 'get',
      path: '/api/v1/accounts/{accountId}/members',
      operationId: 'listMembers',
      tag: 'access',
      summary: { zh: '成员与邀请', en: 'Members and invitations' },
      parameters: { path: ofAccount },
      answers: [{ status: 200, means: 'All of them.', mediaType: JSON_TYPE, body: { json: membersSchema } }],
      problems: OWN_PROBLEMS,
      may: 'account.manage',
      handle: async (req, res, caller) => {
        const accountId = ownAccount(req, caller);
        const members = await accounts.members(accountId);
        const invitations = await accounts.invitations(accountId);
        sendJson(res, 200, {
          accountRoles: caller.account.roles,
          members: members.map(({ memberId: _, since, ...member }) => ({ ...member, since: time(since) })),
          invitations: invitations.map((invitation) => ({ ...invitation, expiresAt: time(invitation.expiresAt) })),
        });
      },
    },
    {
      method: 'put',
      path: '/api/v1/accounts/{accountId}/members/{userId}',
      operationId: 'setMemberRoles',
      tag: 'access',
      summary: { zh: '设定成员的角色', en: 'What a member is' },
      parameters: { path: ofMember },
      bodies: { [JSON_TYPE]: { json: memberRolesSchema } },
      answers: [{ status: 204, means: 'In force from now on.' }],
      problems: [...MEMBER_PROBLEMS, 'scope-not-held', ...BODY_PROBLEMS],
      may: 'account.manage',
      freshSignIn: true,
      handle: async (req, res, caller) => {
        ownAccount(req, caller);
        const { userId } = parseParameters(ofMember, req.params);
        const { roles } = await jsonOf(req, res, memberRolesSchema);
        await accounts.changeMember(caller, cookieHeaders(req), userId, roles);
        res.status(204).end();
      },
    },
    {
      method: 'delete',
      path: '/api/v1/accounts/{accountId}/members/{userId}',
      operationId: 'removeMember',
      tag: 'access',
      summary: { zh: '移除成员', en: 'Remove a member' },
      parameters: { path: ofMember },
      answers: [{ status: 204, means: 'No member from now on.' }],
      problems: MEMBER_PROBLEMS,
      may: 'account.manage',
      handle: async (req, res, caller) => {
        ownAccount(req, caller);
        await accounts.removeMember(caller, cookieHeaders(req), parseParameters(ofMember, req.params).userId);
        res.status(204).end();
      },
    },
    {
      method: 'post',
      path: '/api/v1/accounts/{accountId}/invitations',
      operationId: 'createInvitation',
      tag: 'access',
      summary: { zh: '邀请成员', en: 'Invite somebody' },
      description: 'A mail goes to the address. Only its owner can accept, once, within 48 hours.',
      parameters: { path: ofAccount },
      bodies: { [JSON_TYPE]: { json: invitationSchema } },
      answers: [{ status: 201, means: 'Invited.', mediaType: JSON_TYPE, body: { json: invitationAlone } }],
      problems: [...OWN_PROBLEMS, 'session-needed', 'scope-not-held', 'refused-by-sign-in', ...BODY_PROBLEMS],
      may: 'account.manage',
      freshSignIn: true,
      handle: async (req, res, caller) => {
        ownAccount(req, caller);
        const invitation = await jsonOf(req, res, invitationSchema);
        sendJson(res, 201, { invitationId: await accounts.invite(caller, cookieHeaders(req), invitation) });
      },
    },
    {
      method: 'delete',
      path: '/api/v1/accounts/{accountId}/invitations/{invitationId}',
      operationId: 'cancelInvitation',
      tag: 'access',
      summary: { zh: '撤回邀请', en: 'Take an invitation back' },
      parameters: { path: ofInvitation },
      answers: [{ status: 204, means: 'Nobody can accept it any more.' }],
      problems: [...OWN_PROBLEMS, 'session-needed', 'invitation-not-found', 'refused-by-sign-in'],
      may: 'account.manage',
      handle: async (req, res, caller) => {
        ownAccount(req, caller);
        const { invitationId } = parseParameters(ofInvitation, req.params);
        await accounts.cancelInvitation(caller, cookieHeaders(req), invitationId);
        res.status(204).end();
      },
    },
    {
      method: 'get',
      path: '/api/v1/accounts/{accountId}/keys',
      operationId: 'listKeys',
      tag: 'access',
      summary: { zh: 'API 密钥一览', en: 'API keys, without their secrets' },
      parameters: { path: ofAccount },
      answers: [{ status: 200, means: 'Newest first.', mediaType: JSON_TYPE, body: { json: keysSchema } }],
      problems: OWN_PROBLEMS,
      may: 'key.manage',
      handle: async (req, res, caller) => {
        const keys = await accounts.keys(ownAccount(req, caller));
        sendJson(res, 200, { keys: keys.map(keyView), offered: accounts.offeredScopes(caller) });
      },
    },
    {
      method: 'post',
      path: '/api/v1/accounts/{accountId}/keys',
      operationId: 'createKey',
      tag: 'access',
      summary: { zh: '新建 API 密钥', en: 'A new API key' },
      description: 'Only by session. The key never may more than whoever makes it; its secret is shown this once.',
      parameters: { path: ofAccount },
      bodies: { [JSON_TYPE]: { json: newKeySchema } },
      answers: [{ status: 201, means: 'Made.', mediaType: JSON_TYPE, body: { json: madeKeySchema } }],
      problems: [...OWN_PROBLEMS, 'session-needed', 'scope-not-held', ...BODY_PROBLEMS],
      may: 'key.manage',
      freshSignIn: true,
      handle: async (req, res, caller) => {
        ownAccount(req, caller);
        sendJson(res, 201, await accounts.createKey(caller, await jsonOf(req, res, newKeySchema)));
      },
    },
    {
      method: 'post',
      path: '/api/v1/accounts/{accountId}/keys/{keyId}/rotate',
      operationId: 'rotateKey',
      tag: 'access',
      summary: { zh: '更换 API 密钥', en: 'Replace an API key' },
      description: 'The old key goes on for the hours of grace, so that nothing stands still meanwhile.',
      parameters: { path: ofKey },
      bodies: { [JSON_TYPE]: { json: rotationSchema } },
      answers: [{ status: 201, means: 'Made.', mediaType: JSON_TYPE, body: { json: madeKeySchema } }],
      problems: [...OWN_PROBLEMS, 'key-not-found', 'session-needed', 'scope-not-held', ...BODY_PROBLEMS],
      may: 'key.manage',
      freshSignIn: true,
      handle: async (req, res, caller) => {
        ownAccount(req, caller);
        const { keyId } = parseParameters(ofKey, req.params);
        sendJson(res, 201, await accounts.rotateKey(caller, keyId, await jsonOf(req, res, rotationSchema)));
      },
    },
    {
      method: 'delete',
      path: '/api/v1/accounts/{accountId}/keys/{keyId}',
      operationId: 'revokeKey',
      tag: 'access',
      summary: { zh: '吊销 API 密钥', en: 'Revoke an API key' },
      parameters: { path: ofKey },
      answers: [{ status: 204, means: 'Refused from now on.' }],
      problems: [...OWN_PROBLEMS, 'key-not-found'],
      may: 'key.manage',
      handle: async (req, res, caller) => {
        ownAccount(req, caller);
        await accounts.revokeKey(caller, parseParameters(ofKey, req.params).keyId);
        res.status(204).end();
      },
    },
    {
      method: 'get',
      path: '/api/v1/accounts/{accountId}/identity-checks',
      operationId: 'listIdentityChecks',
      tag: 'access',
      summary: { zh: '身份核验记录', en: 'How the identity was checked' },
      parameters: { path: ofAccount },
      answers: [{ status: 200, means: 'Newest first.', mediaType: JSON_TYPE, body: { json: identitySchema } }],
      problems: OWN_PROBLEMS,
      may: 'self.read',
      handle: async (req, res, caller) => {
        sendJson(res, 200, { checks: await checksOf(accounts, ownAccount(req, caller)) });
      },
    },
    {
      method: 'get',
      path: '/api/v1/platform/accounts',
      operationId: 'listAccounts',
      tag: 'access',
      summary: { zh: '全部账户(运营)', en: 'All accounts, for the operator' },
      parameters: { query: afterAccount },
      answers: [{ status: 200, means: 'A page.', mediaType: JSON_TYPE, body: { json: accountsSchema } }],
      problems: ['invalid-parameter'],
      may: 'platform.read',
      handle: async (req, res) => {
        const { after = null, search: wanted = null } = parseParameters(afterAccount, req.query);
        const rows = await accounts.accounts(after, wanted);
        const page = rows.slice(0, PAGE);
        const next = rows.length > PAGE ? (page.at(-1)?.accountId ?? null) : null;
        sendJson(res, 200, { accounts: page.map(accountView), next });
      },
    },
    {
      method: 'get',
      path: '/api/v1/platform/users',
      operationId: 'listUsers',
      tag: 'access',
      summary: { zh: '全部用户(运营)', en: 'All users, for the operator' },
      description: 'Who can sign in, how, and for which accounts. Auditors do not see it: they need no addresses.',
      parameters: { query: afterUser },
      answers: [{ status: 200, means: 'A page.', mediaType: JSON_TYPE, body: { json: usersSchema } }],
      problems: ['invalid-parameter'],
      may: 'platform.operate',
      handle: async (req, res) => {
        const { after = null, search: wanted = null } = parseParameters(afterUser, req.query);
        const rows = await accounts.users(after, wanted);
        const page = rows.slice(0, PAGE);
        sendJson(res, 200, {
          users: page.map((user) => ({ ...user, since: time(user.since) })),
          next: rows.length > PAGE ? (page.at(-1)?.userId ?? null) : null,
        });
      },
    },
    {
      method: 'get',
      path: '/api/v1/platform/accounts/{accountId}/identity-checks',
      operationId: 'listIdentityChecksOf',
      tag: 'access',
      summary: { zh: '账户的身份核验记录(运营)', en: "How an account's identity was checked, for the operator" },
      parameters: { path: ofAccount },
      answers: [{ status: 200, means: 'Newest first.', mediaType: JSON_TYPE, body: { json: identitySchema } }],
      problems: ['account-not-found', 'invalid-parameter'],
      may: 'platform.read',
      handle: async (req, res) => {
        const { accountId } = parseParameters(ofAccount, req.params);
        sendJson(res, 200, { checks: (await accounts.identityChecksOf(accountId)).map(checkView) });
      },
    },
    {
      method: 'put',
      path: '/api/v1/platform/accounts/{accountId}/roles',
      operationId: 'setAccountRoles',
      tag: 'access',
      summary: { zh: '设定账户可有的角色(运营)', en: 'What an account may be, for the operator' },
      parameters: { path: ofAccount },
      bodies: { [JSON_TYPE]: { json: memberRolesSchema } },
      answers: [{ status: 204, means: 'In force from now on, for its members and keys.' }],
      problems: ['account-not-found', 'invalid-parameter', ...BODY_PROBLEMS],
      may: 'platform.operate',
      freshSignIn: true,
      handle: async (req, res) => {
        const { accountId } = parseParameters(ofAccount, req.params);
        await accounts.setRoles(accountId, (await jsonOf(req, res, memberRolesSchema)).roles);
        res.status(204).end();
      },
    },
    {
      method: 'post',
      path: '/api/v1/platform/accounts/{accountId}/identity-checks',
      operationId: 'recordIdentityCheck',
      tag: 'access',
      summary: { zh: '登记身份核验(运营)', en: 'Record how an identity was checked, for the operator' },
      description: 'Deposits made from now on print it; earlier ones keep what they say. The history stays.',
      parameters: { path: ofAccount },
      bodies: { [JSON_TYPE]: { json: identityCheckSchema } },
      answers: [{ status: 201, means: 'The whole history.', mediaType: JSON_TYPE, body: { json: identitySchema } }],
      problems: ['account-not-found', 'invalid-parameter', ...BODY_PROBLEMS],
      may: 'identity.check',
      freshSignIn: true,
      handle: async (req, res, caller) => {
        const { accountId } = parseParameters(ofAccount, req.params);
        await accounts.recordIdentityCheck(caller, accountId, await jsonOf(req, res, identityCheckSchema));
        sendJson(res, 201, { checks: await checksOf(accounts, accountId) });
      },
    },
  ];
}

const BODY_PROBLEMS = [
  'invalid-account-request',
  'body-too-large',
  'unsupported-media-type',
  'unsupported-content-encoding',
  'upload-aborted',
] as const;
const OWN_PROBLEMS: Route['problems'] = ['account-not-found', 'invalid-parameter'];
const MEMBER_PROBLEMS: Route['problems'] = [
  ...OWN_PROBLEMS,
  'session-needed',
  'member-not-found',
  'refused-by-sign-in',
];

/** The account of the address, if it is the one in which the caller acts. @throws AccessError `account-not-found` */
function ownAccount(req: Request, { account }: Caller): string {
  const { accountId } = parseParameters(ofAccount, { accountId: req.params.accountId });
  if (accountId !== account.accountId) {
    throw new AccessError('account-not-found', `there is no account ${accountId} for you`);
  }
  return accountId;
}

/** @throws AccessError `invalid-account-request` naming the field, and what `readBody` throws */
async function jsonOf<T>(req: Request, res: Response, schema: z.ZodType<T>): Promise<T> {
  if (mediaTypeOf(req) !== JSON_TYPE) {
    throw new HttpError('unsupported-media-type', `${mediaTypeOf(req) || 'no media type'}: send ${JSON_TYPE}`);
  }
  const bytes = await readBody(req, res, MAX_BODY_BYTES);
  try {
    return checkFields(schema, JSON.parse(Buffer.from(bytes).toString('utf8')));
  } catch (cause) {
    if (cause instanceof FormatError || cause instanceof SyntaxError) {
      throw new AccessError('invalid-account-request', cause.message, { cause });
    }
    throw cause;
  }
}

/** What better-auth knows the caller by. */
function cookieHeaders(req: Request): Headers {
  return new Headers({ cookie: req.headers.cookie ?? '' });
}

function time(at: Date): string {
  return utcTimeOf(at.getTime());
}

function timeOrNull(at: Date | null): string | null {
  return at === null ? null : time(at);
}

function keyView({ accountId: _, roles: __, ...key }: ApiKeyRow): z.infer<typeof keySchema> {
  return {
    ...key,
    scopes: key.scopes as (typeof ACTIONS)[number][] | null,
    createdAt: time(key.createdAt),
    expiresAt: timeOrNull(key.expiresAt),
    revokedAt: timeOrNull(key.revokedAt),
    lastUsedOn: timeOrNull(key.lastUsedOn)?.slice(0, 10) ?? null,
  };
}

function accountView(account: Account): z.infer<typeof accountSchema> {
  const { accountId, name, kind, identityMethod, identityCheckedBy } = account;
  return {
    ...{ accountId, name, kind, identityMethod, identityCheckedBy },
    roles: account.roles as Role[],
    identityCheckedAt: timeOrNull(account.identityCheckedAt),
    createdAt: time(account.createdAt),
  };
}

async function checksOf(
  accounts: AccountService,
  accountId: string,
): Promise<z.infer<typeof identitySchema>['checks']> {
  return (await accounts.identityChecks(accountId)).map(checkView);
}

function checkView(check: IdentityCheckRow): z.infer<typeof identitySchema>['checks'][number] {
  return { ...check, checkedAt: timeOrNull(check.checkedAt), recordedAt: time(check.recordedAt) };
}
