import type { Request } from 'express';
import type { Caller } from '../access/authentication.ts';
import { recordedBefore } from '../custody/custodian.ts';
import type { Database } from '../db/pool.ts';
import type { CustodyKind } from '../format/custody.ts';
import { recordGrantOpening } from '../notices/notice.ts';
import { actingOf } from '../sharing/grants.ts';

/** Looks of one person at one thing that count as one: a page that waits for a certificate asks every second. */
const LOOKS_MS = 10 * 60_000;

export interface CustodyNote {
  depositId: string;
  kind: Extract<CustodyKind, 'viewed' | 'downloaded' | 'exported' | 'verified'>;
  /** Codes, numbers and digests. */
  detail: Record<string, string>;
}

/**
 * Records what the caller is about to get, durably, before the first byte of it is sent: a crash in between leaves one event too many. A
 * HEAD request gets nothing and leaves nothing. Looks, and ranges of one original, are joined for ten minutes.
 */
export function custodyNotes(db: Database, nowMs: () => number) {
  return async (req: Request, { principal }: Pick<Caller, 'principal'>, note: CustodyNote): Promise<void> => {
    if (req.method === 'HEAD') return;
    // Of a link the opening is told of. First, so that a crash leaves a notice too many and not one too few.
    if (principal.by !== 'link') {
      const opening = { depositId: note.depositId, byAccountId: principal.accountId, at: new Date(nowMs()) };
      await recordGrantOpening(db.pool, opening);
    }
    const isPart = note.detail.what === 'original' && req.get('range') !== undefined;
    await recordedBefore(db, {
      ...note,
      detail: isPart ? { ...note.detail, part: 'range' } : note.detail,
      actor: actingOf(principal),
      at: new Date(nowMs()),
      ...((note.kind === 'viewed' || isPart) && { repeatsWithinMs: LOOKS_MS }),
    });
  };
}
