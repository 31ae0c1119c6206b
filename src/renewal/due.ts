import {
  type ArchiveAlgorithm,
  countArchived,
  selectLiveStamps,
  selectLiveTokens,
  selectUnarchivedPublications,
} from '../db/archive.ts';
import type { Queryable } from '../db/pool.ts';
import { parseBase64 } from '../format/bytes.ts';
import { parseCertificate } from '../format/certificate.ts';
import { parseSealHeader } from '../format/seal.ts';
import { imprintAlgorithmOf } from '../format/timestamp.ts';
import { endOfKey } from '../verify/durability.ts';
import { imprintIn } from '../verify/evidence-record.ts';
import { tokenIn } from './evidence-records.ts';
import { lifeOfPath, type PathLife } from './path-life.ts';
import type { RenewalSettings } from './renewal-settings.ts';

/** Something that the archive, or the service, rests on, and until when. */
export interface DueItem {
  /** What is to be done about it; `replace-key` is done by a person: docs/operation.md. */
  action: 'timestamp-renewal' | 'hash-tree-renewal' | 'replace-key';
  /** What rests on it. */
  what: 'publication tokens' | 'archive timestamps' | 'archived objects' | 'log key' | 'seal key';
  because: PathLife['because'] | 'digest-ends';
  /** The certificate, key or digest that ends. */
  of: string;
  /** UTC; null: no end is known. */
  until: string | null;
  /** How many tokens or objects. */
  count: number;
  due: boolean;
}

/** What ends first comes first; what has no known end last. */
export async function selectDue(q: Queryable, settings: RenewalSettings, nowMs: number): Promise<DueItem[]> {
  const horizonMs = monthsLater(nowMs, settings.monthsBefore);
  const items: DueItem[] = [];
  const add = (item: Omit<DueItem, 'due' | 'until'>, untilMs: number | null) => {
    const until = untilMs === null ? null : new Date(untilMs).toISOString();
    items.push({ ...item, until, due: untilMs !== null && untilMs <= horizonMs });
  };
  for (const { certificates, count } of await selectLiveTokens(q)) {
    const { untilMs, because, of } = lifeOfPath(certificates, settings.keys);
    add({ action: 'timestamp-renewal', what: 'publication tokens', because, of, count: Number(count) }, untilMs);
  }
  for (const { certificates, stampId } of await selectLiveStamps(q)) {
    const { untilMs, because, of } = lifeOfPath(certificates, settings.keys);
    add(
      { action: 'timestamp-renewal', what: 'archive timestamps', because, of: `${of} (stamp ${stampId})`, count: 1 },
      untilMs,
    );
  }
  for (const { algorithm, objects } of await countArchived(q)) {
    const end = settings.digests[algorithm];
    const item = { action: 'hash-tree-renewal', what: 'archived objects', because: 'digest-ends' } as const;
    add({ ...item, of: DIGEST_NAMES[algorithm], count: Number(objects) }, end === null ? null : Date.parse(end));
  }
  for (const { source, count, newest } of await selectUnarchivedPublications(q)) {
    const algorithm = imprintAlgorithmOf(imprintIn(tokenIn(newest))?.algorithm ?? '');
    const end = algorithm === undefined ? null : settings.digests[algorithm];
    const of = `${algorithm === undefined ? 'an unknown digest' : DIGEST_NAMES[algorithm]} (${source})`;
    const item = { action: 'hash-tree-renewal', what: 'publication tokens', because: 'digest-ends' } as const;
    add({ ...item, of, count: Number(count) }, end === null ? null : Date.parse(end));
  }
  for (const item of await ownKeys(q, settings.keys)) add(item, item.untilMs);
  return items
    .map(({ action, what, because, of, until, count, due }) => ({ action, what, because, of, until, count, due }))
    .sort((a, b) => compareText(a.until ?? '~', b.until ?? '~'));
}

const DIGEST_NAMES: Readonly<Record<ArchiveAlgorithm, string>> = {
  sha256: 'SHA-256',
  sha384: 'SHA-384',
  sha512: 'SHA-512',
};

/** In UTC; the last day of a shorter month. */
export function monthsLater(unixMs: number, months: number): number {
  const date = new Date(unixMs);
  const day = date.getUTCDate();
  date.setUTCDate(1);
  date.setUTCMonth(date.getUTCMonth() + months);
  const last = new Date(Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1, 0)).getUTCDate();
  date.setUTCDate(Math.min(day, last));
  return date.getTime();
}

/** The log's key, and that of the newest certificate's seal. */
async function ownKeys(
  q: Queryable,
  keys: RenewalSettings['keys'],
): Promise<(Omit<DueItem, 'due' | 'until'> & { untilMs: number })[]> {
  const found: (Omit<DueItem, 'due' | 'until'> & { untilMs: number })[] = [];
  const { rows: logs } = await q.query<{ origin: string }>('select origin from log');
  for (const { origin } of logs) {
    const untilMs = Date.parse(keys.Ed25519 ?? endOfKey('Ed25519'));
    found.push({
      action: 'replace-key',
      what: 'log key',
      because: 'key-ends',
      of: `${origin}: Ed25519`,
      count: 1,
      untilMs,
    });
  }
  const { rows } = await q.query<{ json: Buffer }>(
    'select json from certificate where json is not null order by issued_at desc limit 1',
  );
  for (const { json } of rows) {
    for (const seal of parseCertificate(new Uint8Array(json)).seals) {
      const { untilMs, because, of } = lifeOfPath(parseSealHeader(seal).x5c.map(parseBase64), keys);
      found.push({ action: 'replace-key', what: 'seal key', because, of, count: 1, untilMs });
    }
  }
  return found;
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
