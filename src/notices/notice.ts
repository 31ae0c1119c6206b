import { insertGrantOpenedNotice, insertNotice, type NoticeAbout } from '../db/notices.ts';
import type { Queryable } from '../db/pool.ts';

/** What people and systems are told of. Stable names: they stand in webhooks and preferences. */
export const NOTICE_KINDS = [
  'anchored',
  'certified',
  'stuck',
  'grant-received',
  'grant-opened',
  'hand-over-waiting',
  'request-received',
  'request-changed',
  'upload-expiring',
  'renewal-due',
  'webhook-disabled',
  'test',
] as const;
export type NoticeKind = (typeof NOTICE_KINDS)[number];

/** What a member gets by mail who has not chosen. `anchored` is followed by `certified` within minutes, `test` goes to its webhook. */
export const MAILED_BY_DEFAULT: readonly NoticeKind[] = NOTICE_KINDS.filter(
  (kind) => kind !== 'anchored' && kind !== 'test',
);

/** Kinds that one can choose to get, or not. */
export const CHOSEN_KINDS = NOTICE_KINDS.filter((kind) => kind !== 'test');

export interface Notice {
  accountId: string;
  kind: NoticeKind;
  /** What it is of, at most 150 characters: a second notice of the same kind and key is not written. */
  key: string;
  /** Ids, codes, counts and times: at most 16 members of at most 300 characters. Never a file name, a title or a person's name. */
  about: NoticeAbout;
  at: Date;
  /** Of causes that come often: one notice for each window of so many milliseconds, with the first cause in it. */
  windowMs?: number;
}

/** A link that is opened a thousand times in an hour is one notice. */
export const OPENING_WINDOW_MS = 3600_000;

/**
 * Writes a notice down, in the transaction of its cause; it is delivered later by whichever server finds it. Costs one insert, or one
 * look into an index if there is one already.
 * @returns true if it is new
 */
export function recordNotice(q: Queryable, { windowMs, ...notice }: Notice): Promise<boolean> {
  const window = windowMs === undefined ? '' : ` ${Math.floor(notice.at.getTime() / windowMs)}`;
  return insertNotice(q, { ...notice, key: notice.key + window });
}

/** A link that the account made was opened; one notice an hour for each. In the transaction of the opening. */
export function recordLinkOpening(
  q: Queryable,
  { accountId, linkId, at }: { accountId: string; linkId: string; at: Date },
): Promise<boolean> {
  const key = `link ${linkId}`;
  return recordNotice(q, { accountId, kind: 'grant-opened', key, about: { linkId }, at, windowMs: OPENING_WINDOW_MS });
}

/**
 * Whoever acts for `byAccountId` is about to see the deposit: a notice to its owner if that is another one, one an hour for each deposit
 * and reader.
 */
export function recordGrantOpening(
  q: Queryable,
  opening: { depositId: string; byAccountId: string; at: Date },
): Promise<boolean> {
  const window = Math.floor(opening.at.getTime() / OPENING_WINDOW_MS);
  return insertGrantOpenedNotice(q, opening, ` ${window}`);
}
