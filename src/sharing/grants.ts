import { v7 as uuidV7 } from 'uuid';
import { AccessError } from '../access/access-error.ts';
import { type Action, mayDo, type Principal, type Relation } from '../access/rules.ts';
import { type CustodyActing, recordCustodyEvent } from '../custody/custodian.ts';
import {
  type Coverage,
  type GrantRow,
  type GrantScope,
  insertGrant,
  type SharedObject,
  selectCoveredDeposits,
  selectGrant,
  selectStanding,
  selectVerifiedEmail,
  updateGrantRevoked,
  updateGrantsOfRequestRevoked,
  updateInvitationsAccepted,
} from '../db/grants.ts';
import { selectLinkStanding } from '../db/links.ts';
import type { Database, Queryable } from '../db/pool.ts';
import { SharingError } from './sharing-error.ts';

export type { SharedObject } from '../db/grants.ts';

const SCOPES: readonly GrantScope[] = ['read', 'download', 'export'];
/** What a grant must at least give for these; every other action asks for `read`. */
const SCOPE_OF: Partial<Record<Action, GrantScope>> = { 'deposit.download': 'download', 'deposit.export': 'export' };

/** Whether a grant or link of the scope has what the action asks for. */
export function scopeAllows(scope: GrantScope, action: Action): boolean {
  return SCOPES.indexOf(scope) >= SCOPES.indexOf(SCOPE_OF[action] ?? 'read');
}

/**
 * How the caller stands to a deposit or matter now. `granted` while a grant or his link is in force that covers it; with an `action`
 * only if one of them goes as far as that. `none` also for what does not exist, found out by the same statement.
 */
export async function relationOf(
  q: Queryable,
  principal: Principal,
  object: SharedObject,
  { action, at = new Date() }: { action?: Action; at?: Date } = {},
): Promise<Relation> {
  const { isOwn, scopes } = await standingOf(q, principal, object, at);
  if (isOwn) return 'own';
  const covers = scopes.some((scope) => action === undefined || scopeAllows(scope, action));
  return covers ? 'granted' : 'none';
}

async function standingOf(q: Queryable, principal: Principal, object: SharedObject, at: Date) {
  return principal.by === 'link'
    ? { isOwn: false, scopes: await selectLinkStanding(q, principal.linkId ?? null, object, at) }
    : selectStanding(q, principal.accountId, object, at);
}

/** Those of the actions that the caller may do with the object now, so that he is offered no others. */
export async function allowedOn<Wanted extends Action>(
  q: Queryable,
  principal: Principal,
  object: SharedObject,
  actions: readonly Wanted[],
  at: Date,
): Promise<Wanted[]> {
  const { isOwn, scopes } = await standingOf(q, principal, object, at);
  if (isOwn) return actions.filter((action) => mayDo(principal, action, 'own'));
  return actions.filter(
    (action) => scopes.some((scope) => scopeAllows(scope, action)) && mayDo(principal, action, 'granted'),
  );
}

/**
 * @param notFound made when the caller has nothing to do with the object: the same as for one that does not exist
 * @throws AccessError `forbidden` if he may know of it and may not do this
 */
export async function requireRelation(
  q: Queryable,
  principal: Principal,
  action: Action,
  object: SharedObject,
  at: Date,
  notFound: () => Error,
): Promise<Exclude<Relation, 'none'>> {
  const known = await relationOf(q, principal, object, { at });
  if (known === 'none') throw notFound();
  const relation = known === 'own' ? known : await relationOf(q, principal, object, { action, at });
  if (relation === 'none' || !mayDo(principal, action, relation)) {
    throw new AccessError('forbidden', `neither roles nor scopes nor the grant allow ${action} here`);
  }
  return relation;
}

/** Who acts, as custody events name him. */
export function actingOf(principal: Principal): CustodyActing {
  const { userId, by, linkId } = principal;
  // Whoever holds a link acts in nobody's name.
  const accountId = by === 'link' ? null : principal.accountId;
  return { accountId, userId, by, ...(linkId === undefined ? {} : { linkId }) };
}

export interface GrantOrder {
  object: SharedObject;
  /** An account that is there, at once; or one that is the grantee once it accepts, if there is such an account, or whoever has the address. */
  to: { accountId: string } | { invitedAccountId: string } | { email: string };
  scope: GrantScope;
  coverage: Coverage;
  /** Null: until revoked. */
  expiresAt: Date | null;
  remark: string | null;
  /** The request to an office that it was given with. */
  requestId?: string;
}

/**
 * Gives a grant on what is the caller's own, and tells the custody record of every deposit that it shows. The caller has checked that the
 * object is his. In the caller's transaction.
 * @throws SharingError `grant-invalid`
 */
export async function giveGrant(q: Queryable, principal: Principal, order: GrantOrder, at: Date): Promise<GrantRow> {
  const { object, to, scope, coverage, expiresAt, remark } = order;
  if (expiresAt !== null && expiresAt <= at) {
    throw new SharingError('grant-invalid', `expiresAt: ${expiresAt.toISOString()} is not after now`);
  }
  const named = 'accountId' in to ? to.accountId : 'invitedAccountId' in to ? to.invitedAccountId : null;
  if (named === principal.accountId) {
    throw new SharingError('grant-invalid', 'to.accountId: is the account that gives');
  }
  const grant: GrantRow = {
    grantId: uuidV7(),
    accountId: principal.accountId,
    depositId: 'depositId' in object ? object.depositId : null,
    matterId: 'matterId' in object ? object.matterId : null,
    requestId: order.requestId ?? null,
    granteeAccountId: 'accountId' in to ? to.accountId : null,
    invitedEmail: 'email' in to ? to.email.toLowerCase() : null,
    invitedAccountId: 'invitedAccountId' in to ? to.invitedAccountId : null,
    scope,
    coverage,
    remark,
    createdAt: at,
    expiresAt,
    acceptedAt: null,
    revokedAt: null,
  };
  await insertGrant(q, grant);
  await recordOnAll(q, grant, 'granted', principal, at);
  return grant;
}

/**
 * Ends a grant that the caller's account gave. One that has ended stays as it is.
 * @throws SharingError `grant-not-found`
 */
export async function revokeGrant(db: Database, principal: Principal, grantId: string, at: Date): Promise<void> {
  await db.transaction(async (client) => {
    const grant = await selectGrant(client, grantId);
    if (grant === undefined || grant.accountId !== principal.accountId) throw grantNotFound();
    if (!(await updateGrantRevoked(client, grantId, at))) return;
    await recordOnAll(client, grant, 'grant-revoked', principal, at);
  });
}

/** Ends what an office was given with a request. In the caller's transaction. */
export async function revokeGrantsOfRequest(
  q: Queryable,
  principal: Principal,
  requestId: string,
  at: Date,
): Promise<void> {
  const grants = await updateGrantsOfRequestRevoked(q, requestId, at);
  for (const grant of grants.sort((a, b) => ((a.depositId ?? '') < (b.depositId ?? '') ? -1 : 1))) {
    await recordOnAll(q, grant, 'grant-revoked', principal, at);
  }
}

/**
 * Takes the invitations to the account in which the caller acts, and to his own address: one that is not verified takes none.
 * @returns those that were taken now
 */
export async function acceptInvitations(q: Queryable, principal: Principal, at: Date): Promise<GrantRow[]> {
  const email = principal.userId === null ? undefined : await selectVerifiedEmail(q, principal.userId);
  return updateInvitationsAccepted(q, email ?? null, principal.accountId, at);
}

export function grantNotFound(): SharingError {
  return new SharingError('grant-not-found', 'you have no such grant');
}

async function recordOnAll(
  q: Queryable,
  grant: GrantRow,
  kind: 'granted' | 'grant-revoked',
  principal: Principal,
  at: Date,
): Promise<void> {
  const detail = {
    grantId: grant.grantId,
    scope: grant.scope,
    ...(grant.granteeAccountId === null ? {} : { granteeAccountId: grant.granteeAccountId }),
    ...(grant.invitedAccountId === null ? {} : { invitedAccountId: grant.invitedAccountId }),
    ...(grant.matterId === null ? {} : { matterId: grant.matterId }),
    ...(grant.requestId === null ? {} : { requestId: grant.requestId }),
  };
  // Ascending, as chains are locked everywhere.
  for (const depositId of await selectCoveredDeposits(q, grant)) {
    await recordCustodyEvent(q, { depositId, kind, actor: actingOf(principal), at, detail });
  }
}
