import { randomBytes } from 'node:crypto';
import { insertLog, selectLog } from '../db/leaves.ts';
import { selectLogEvents } from '../db/log-events.ts';
import type { Queryable } from '../db/pool.ts';
import { encodeHex } from '../format/bytes.ts';
import { encodeJson, type JsonValue } from '../format/json.ts';
import { type LogRecord, parseLogRecord } from '../format/log.ts';
import { parseLogEvent } from '../format/log-event.ts';
import { plainLeafData } from '../format/spine.ts';
import { type ObjectStore, readAll } from '../storage/object-store.ts';
import { StorageError } from '../storage/storage-error.ts';
import { LogError } from './log-error.ts';
import { readRotations } from './rotation-objects.ts';

/** What leaf 0 says, without its salt. */
export type LogIdentity = Pick<LogRecord, 'origin' | 'keys' | 'contracts' | 'predecessor'>;

/** Canonical bytes of tiezheng/log/v1, apart from the database, which may be lost. */
const OBJECT = 'log/record.json';

/**
 * The record in leaf 0, opening the log with it if there is none. Safe when several processes start at once.
 *
 * 1. The object `log/record.json` is written once; whoever comes second takes the first one's. A crash after it leaves a record
 *    that the next start uses.
 * 2. One statement makes the row `log` and leaf 0. Its checkpoint is signed as for any other leaf.
 *
 * @throws LogError `log-record-differs` if the log there is was opened with another origin, without one of these keys or
 *   contracts, or with another predecessor; a key that it was rotated to counts as one of leaf 0
 */
export async function openLog(q: Queryable, objects: ObjectStore, identity: LogIdentity): Promise<LogRecord> {
  let row = await selectLog(q);
  if (row === undefined) {
    const bytes = await keepRecord(objects, identity);
    const record = parseLogRecord(bytes);
    requireSame(record, identity, []);
    await insertLog(q, { origin: record.origin, record: bytes, leafData: plainLeafData(record) });
    row = await selectLog(q);
  }
  if (row === undefined) throw new LogError('tree-incomplete', 'the log was opened, and its row is gone');
  const record = parseLogRecord(row.record);
  const isRotated = identity.keys.some((key) => !record.keys.includes(key));
  requireSame(record, identity, isRotated ? await rotatedKeys(q, objects) : []);
  return record;
}

/** Also those of rotations that a restored database does not know yet. Whether one is in force, who signs finds out. */
async function rotatedKeys(q: Queryable, objects: ObjectStore): Promise<string[]> {
  const known = (await selectLogEvents(q, 'key-rotation')).map(({ body }) => parseLogEvent(body));
  const kept = (await readRotations(objects)).map(({ record }) => record);
  return [...known, ...kept].flatMap((event) => (event.event === 'key-rotation' ? [event.newKey] : []));
}

async function keepRecord(objects: ObjectStore, identity: LogIdentity): Promise<Uint8Array> {
  const kept = await objects.get(OBJECT);
  if (kept !== undefined) return readAll(kept.content);
  const { origin, keys, contracts, predecessor } = identity;
  const record: LogRecord = {
    type: 'tiezheng/log/v1',
    origin,
    keys,
    contracts,
    predecessor,
    salt: encodeHex(randomBytes(32)),
  };
  const bytes = encodeJson(record as unknown as JsonValue);
  try {
    await objects.put(OBJECT, bytes);
    return bytes;
  } catch (error) {
    const theirs = error instanceof StorageError && error.code === 'object-differs' && (await objects.get(OBJECT));
    if (!theirs) throw error;
    return readAll(theirs.content);
  }
}

function requireSame(record: LogRecord, wanted: LogIdentity, rotatedTo: readonly string[]): void {
  const missing = [
    record.origin !== wanted.origin && `its origin is ${record.origin}, not ${wanted.origin}`,
    ...wanted.keys.map((key) => ![...record.keys, ...rotatedTo].includes(key) && `it does not name the key ${key}`),
    ...wanted.contracts.map(
      ({ chain, address }) =>
        !record.contracts.some((c) => c.chain === chain && c.address === address) &&
        `it does not name the contract ${address} on ${chain}`,
    ),
    JSON.stringify(record.predecessor) !== JSON.stringify(wanted.predecessor) && 'it names another predecessor',
  ].find((reason) => reason !== false);
  if (missing !== undefined) throw new LogError('log-record-differs', `leaf 0 cannot be changed: ${missing}`);
}
