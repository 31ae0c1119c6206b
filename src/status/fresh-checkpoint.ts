import { randomBytes } from 'node:crypto';
import { insertLogEvent, lockLogEvents, selectNewestLogEvent } from '../db/log-events.ts';
import type { Database } from '../db/pool.ts';
import { encodeHex } from '../format/bytes.ts';
import { utcTimeOf } from '../format/fields.ts';
import type { LogEvent } from '../format/log-event.ts';
import { appendRecord } from '../log/append-record.ts';
import type { Sequencer } from '../log/sequencer.ts';

/**
 * Lets an idle log sign once more: hands in a heartbeat, unless one was handed in less than `maxAgeMs` ago, and waits until the log has
 * it. One transaction writes the row and the submission; whoever comes second waits for the first one's.
 * @throws LogError `integration-timeout`, `log-stopped`
 */
export async function freshCheckpoint(
  db: Database,
  sequencer: Pick<Sequencer, 'integrated'>,
  maxAgeMs: number,
  nowMs: number,
  timeoutMs: number,
): Promise<void> {
  const submissionId = await db.transaction(async (client) => {
    await lockLogEvents(client);
    const last = await selectNewestLogEvent(client, 'heartbeat');
    if (last?.submissionId != null && nowMs - last.recordedAt.getTime() < maxAgeMs) return last.submissionId;
    const event: LogEvent = {
      type: 'tiezheng/log-event/v1',
      event: 'heartbeat',
      at: utcTimeOf(nowMs),
      salt: encodeHex(randomBytes(32)),
    };
    const appended = await appendRecord(client, event);
    await insertLogEvent(client, { event: 'heartbeat', ...appended, at: new Date(nowMs) });
    return appended.submissionId;
  });
  await sequencer.integrated(submissionId, timeoutMs);
}
