import { randomBytes, scrypt, timingSafeEqual } from 'node:crypto';
import { promisify } from 'node:util';
import { v7 as uuidV7 } from 'uuid';
import type { Principal } from '../access/rules.ts';
import { hashSecret, isSecret, LINK, makeSecret, OPENING } from '../access/secret.ts';
import { recordCustodyEvent } from '../custody/custodian.ts';
import { type Coverage, type GrantScope, selectCoveredDeposits, selectIsTradeSecret } from '../db/grants.ts';
import {
  insertLink,
  insertOpening,
  type LinkRow,
  selectLink,
  selectLinkByOpening,
  takeAttempt,
  updateLinkOpened,
  updateLinkRevoked,
} from '../db/links.ts';
import { selectMatter } from '../db/matters.ts';
import type { Database, Queryable } from '../db/pool.ts';
import { recordLinkOpening } from '../notices/notice.ts';
import { actingOf, type SharedObject } from './grants.ts';
import { SharingError } from './sharing-error.ts';

/** Wrong passphrases in a row before a link is dead. */
export const PASSPHRASE_ATTEMPTS = 10;
/** One visit: enough to read, and to download something large. */
export const OPENING_MS = 60 * 60_000;
/** 32 MiB and some 80 ms for each guess (RFC 7914). */
const SCRYPT = { N: 2 ** 15, r: 8, p: 1, maxmem: 64 * 1024 * 1024 };
const scryptAsync = promisify<string, Uint8Array, number, typeof SCRYPT, Buffer>(scrypt);

export interface LinkOrder {
  object: SharedObject;
  /** For whom: a name of the maker's own, printed on previews. */
  reader: string;
  scope: GrantScope;
  coverage: Coverage;
  expiresAt: Date;
  maxOpenings: number;
  passphrase: string | null;
}

/**
 * A link to what is the caller's own. The caller has checked that the object is his. In the caller's transaction.
 * @returns the secret, shown this once: only its hash is kept
 * @throws SharingError `link-invalid`; `passphrase-required` for a trade secret without one
 */
export async function createLink(
  q: Queryable,
  principal: Principal,
  order: LinkOrder,
  at: Date,
): Promise<{ link: LinkRow; secret: string }> {
  const { object, reader, scope, coverage, expiresAt, maxOpenings } = order;
  if (expiresAt <= at) throw new SharingError('link-invalid', `expiresAt: ${expiresAt.toISOString()} is not after now`);
  if (order.passphrase === null && (await isSecretObject(q, object))) {
    throw new SharingError('passphrase-required', 'a link to a trade secret must ask for a passphrase');
  }
  const secret = makeSecret(LINK);
  const salt = randomBytes(16);
  const passphrase =
    order.passphrase === null
      ? null
      : { salt, hash: await hashPassphrase(order.passphrase, salt), attempts: PASSPHRASE_ATTEMPTS };
  const link: LinkRow = {
    linkId: uuidV7(),
    accountId: principal.accountId,
    depositId: 'depositId' in object ? object.depositId : null,
    matterId: 'matterId' in object ? object.matterId : null,
    reader,
    scope,
    coverage,
    createdAt: at,
    expiresAt,
    maxOpenings,
    openings: 0,
    hasPassphrase: passphrase !== null,
    attemptsLeft: passphrase?.attempts ?? null,
    revokedAt: null,
  };
  await insertLink(q, { ...link, secretHash: hashSecret(secret), passphrase });
  await recordOnAll(q, link, 'granted', principal, at);
  return { link, secret };
}

/**
 * Ends a link and every visit that is under way.
 * @throws SharingError `link-not-found`
 */
export async function revokeLink(db: Database, principal: Principal, linkId: string, at: Date): Promise<LinkRow> {
  return db.transaction(async (client) => {
    const link = await selectLink(client, linkId);
    if (link === undefined || link.accountId !== principal.accountId) throw linkNotFound();
    if (!(await updateLinkRevoked(client, linkId, at))) return link;
    await recordOnAll(client, link, 'grant-revoked', principal, at);
    return { ...link, revokedAt: at };
  });
}

export interface Opening {
  /** Reads what the link shows until `expiresAt`. */
  secret: string;
  expiresAt: Date;
  link: LinkRow;
  /** What the link shows, ascending. */
  depositIds: string[];
}

/**
 * Opens a link once. The opening, and an event for every deposit that it shows, are durable when this resolves.
 *
 * Whatever is wrong (no such link, expired, revoked, used up, passphrase missing, wrong or tried too often), the answer is the same; and
 * where a passphrase was given, so is the work, so that its duration does not tell whether there is such a link.
 * @throws SharingError `link-not-found`
 */
export async function openLink(db: Database, secret: string, passphrase: string | null, at: Date): Promise<Opening> {
  const isOurs = isSecret(LINK, secret);
  const secretHash = hashSecret(secret);
  // A crash from here to the opening costs the reader one attempt.
  const asked = isOurs ? await takeAttempt(db.pool, secretHash, at, passphrase !== null) : undefined;
  const given = passphrase === null ? null : await hashPassphrase(passphrase, asked?.salt ?? NO_SALT);
  const isRight =
    asked !== undefined &&
    (asked.hash === null || (given !== null && timingSafeEqual(given, new Uint8Array(asked.hash))));
  if (!isRight) throw linkNotFound();
  const openingSecret = makeSecret(OPENING);
  return db.transaction(async (client) => {
    const link = await updateLinkOpened(client, secretHash, at, PASSPHRASE_ATTEMPTS);
    if (link === undefined) throw linkNotFound();
    const expiresAt = new Date(Math.min(at.getTime() + OPENING_MS, link.expiresAt.getTime()));
    await insertOpening(client, {
      openingHash: hashSecret(openingSecret),
      linkId: link.linkId,
      openedAt: at,
      expiresAt,
    });
    await recordLinkOpening(client, { accountId: link.accountId, linkId: link.linkId, at });
    const depositIds: string[] = [];
    for (const depositId of await selectCoveredDeposits(client, link)) {
      if (!link.hasPassphrase && (await selectIsTradeSecret(client, depositId))) continue;
      depositIds.push(depositId);
      await recordCustodyEvent(client, {
        depositId,
        kind: 'link-opened',
        actor: { accountId: null, userId: null, by: 'link', linkId: link.linkId },
        at,
        detail: { opening: String(link.openings) },
      });
    }
    return { secret: openingSecret, expiresAt, link, depositIds };
  });
}

/**
 * Who reads by an opening.
 * @throws SharingError `link-not-found` once it, its link or their time is over
 */
export async function readerOf(
  q: Queryable,
  secret: string,
  at: Date,
): Promise<{ link: LinkRow; principal: Principal }> {
  const link = isSecret(OPENING, secret) ? await selectLinkByOpening(q, hashSecret(secret), at) : undefined;
  if (link === undefined) throw linkNotFound();
  const { accountId, linkId } = link;
  return { link, principal: { accountId, userId: null, roles: ['reader'], by: 'link', scopes: null, linkId } };
}

export function linkNotFound(): SharingError {
  return new SharingError(
    'link-not-found',
    'there is no such link, or it is expired, revoked, used up, or opened with another passphrase',
  );
}

const NO_SALT = new Uint8Array(16);

/** What people type may be composed differently by their keyboards: NFKC. */
async function hashPassphrase(passphrase: string, salt: Uint8Array): Promise<Uint8Array> {
  return new Uint8Array(await scryptAsync(passphrase.normalize('NFKC'), salt, 32, SCRYPT));
}

async function isSecretObject(q: Queryable, object: SharedObject): Promise<boolean> {
  if ('depositId' in object) return selectIsTradeSecret(q, object.depositId);
  return (await selectMatter(q, object.matterId))?.confidentiality === 'trade-secret';
}

async function recordOnAll(
  q: Queryable,
  link: LinkRow,
  kind: 'granted' | 'grant-revoked',
  principal: Principal,
  at: Date,
): Promise<void> {
  const detail = {
    linkId: link.linkId,
    scope: link.scope,
    ...(link.matterId === null ? {} : { matterId: link.matterId }),
  };
  for (const depositId of await selectCoveredDeposits(q, link)) {
    await recordCustodyEvent(q, { depositId, kind, actor: actingOf(principal), at, detail });
  }
}
