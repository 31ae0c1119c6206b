import { randomBytes } from 'node:crypto';
import { selectLog } from '../db/leaves.ts';
import { insertLogEvent, lockLogEvents, selectLogEvents } from '../db/log-events.ts';
import type { Database, Queryable } from '../db/pool.ts';
import { encodeHex } from '../format/bytes.ts';
import { utcTimeOf } from '../format/fields.ts';
import { parseLogRecord } from '../format/log.ts';
import { type KeyRotation, parseLogEvent } from '../format/log-event.ts';
import { plainLeafData } from '../format/spine.ts';
import type { ObjectStore } from '../storage/object-store.ts';
import { appendRecord } from './append-record.ts';
import { LogError } from './log-error.ts';
import { putRotation } from './rotation-objects.ts';

/** Certificates carry every rotation since leaf 0, and policies at most eight keys of a log. */
const MAX_ROTATIONS = 7;

/**
 * Orders that the log go over to `newKey`. The service that leads does it with its next batch; it must hold both keys.
 *
 * 1. The record is written as an object, apart from the database. A crash after it leaves an object that nothing names.
 * 2. One transaction: no other rotation is on its way; the event's row and the submission of its leaf. From here on it cannot be taken
 *    back. A crash after it leaves a leaf that the sequencer takes in.
 *
 * The same order again, while it is on its way or done, gives the same submission and changes nothing.
 *
 * @returns the submission to wait for
 * @throws LogError `rotation-refused` if the key was used before, another rotation is on its way, or there were seven
 */
export async function rotateKey(db: Database, objects: ObjectStore, newKey: string, nowMs: number): Promise<bigint> {
  const record: KeyRotation = {
    type: 'tiezheng/log-event/v1',
    event: 'key-rotation',
    newKey,
    effectiveFrom: utcTimeOf(nowMs),
    salt: encodeHex(randomBytes(32)),
  };
  const found = await orderedRotation(db.pool, newKey);
  if (found !== undefined) return found;
  await putRotation(objects, record);
  return db.transaction(async (client) => {
    await lockLogEvents(client);
    const meanwhile = await orderedRotation(client, newKey);
    if (meanwhile !== undefined) return meanwhile;
    const { submissionId, body } = await appendRecord(client, record);
    const leafData = plainLeafData(record);
    await insertLogEvent(client, { event: 'key-rotation', leafData, body, submissionId, at: new Date(nowMs) });
    return submissionId;
  });
}

/** The submission of the rotation to this key, if it is the newest one. */
async function orderedRotation(q: Queryable, newKey: string): Promise<bigint | undefined> {
  const log = await selectLog(q);
  if (log === undefined) throw refused('there is no log yet: start the service once with the old key');
  const rows = await selectLogEvents(q, 'key-rotation');
  const keys = rows.map(({ body }) => {
    const event = parseLogEvent(body);
    return event.event === 'key-rotation' ? event.newKey : '';
  });
  const newest = rows.at(-1);
  if (keys.at(-1) === newKey && newest?.submissionId != null) return newest.submissionId;
  if (newest !== undefined && newest.leafIndex === null) {
    throw refused(`a rotation to ${keys.at(-1)} is on its way: the service takes it in first`);
  }
  if (keys.includes(newKey) || parseLogRecord(log.record).keys.includes(newKey)) {
    throw refused(`${newKey} has signed for this log before: make a new key`);
  }
  if (rows.length >= MAX_ROTATIONS) {
    throw refused(
      `the key was rotated ${rows.length} times, at most ${MAX_ROTATIONS} are allowed: open a successor log`,
    );
  }
  return undefined;
}

function refused(message: string): LogError {
  return new LogError('rotation-refused', message);
}
