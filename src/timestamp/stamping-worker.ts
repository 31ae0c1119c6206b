import { withAdvisoryLock } from '../db/advisory-lock.ts';
import { clearAlarm, raiseAlarm } from '../db/alarms.ts';
import { insertAttestation } from '../db/attestations.ts';
import type { Database } from '../db/pool.ts';
import { insertTimestampMaterial, selectPublicationsToStamp } from '../db/timestamps.ts';
import { encodeJson, type JsonValue } from '../format/json.ts';
import { Turns } from '../turns.ts';
import { type AuthorityClient, attestationOf } from './authority-client.ts';
import { AuthorityError, isAway } from './authority-error.ts';
import { CLOCK_OFF, type ClockReading } from './clock-watch.ts';

export interface StampingWorkerParts {
  db: Database;
  client: AuthorityClient;
  nowMs: () => number;
  /** How often it is looked for something to stamp while the authority is well. */
  pollMs: number;
  /** Told when a token has come, of the time it states; left out for an authority that reads this very clock. */
  onReading?: (reading: ClockReading) => Promise<void>;
  /** Told of every failure; also of those that end by themselves. */
  onTrouble: (error: unknown) => void;
}

/**
 * How one authority stands, as this process last saw it. `unreachable`: no answer. `refused`: it answered, and no token came of it
 * that may be kept. `clock-off`: it gives none because a clock is in doubt.
 */
export type AuthorityCondition =
  | { state: 'ok' }
  | { state: 'unreachable' | 'refused' | 'clock-off'; reason: { code: string; message: string } };

/** Codes of the alarms by what is wrong; their subject is the authority's address. */
const ALARMS = {
  unreachable: 'authority-unreachable',
  refused: 'authority-refused',
  'clock-off': CLOCK_OFF,
} as const;
export const AUTHORITY_ALARMS: readonly string[] = Object.values(ALARMS);

/** Older publications, beside the newest, that one turn looks for. */
const BACKLOG = 16;
/** A publication that no certificate took within this time needs no more tokens. */
const NEEDED_MS = 3600_000;
const LONGEST_PAUSE_MS = 60_000;
/** Failures in a row before one that may be a moment's becomes an alarm. */
const FAILURES_UNTIL_ALARM = 3;

/**
 * Has the newest publications stamped by one authority until stopped. Any number of servers may run one for the same authority.
 *
 * One token: ask, verify, then one transaction inserts the attestation and what was collected beside it. A crash before leaves
 * nothing, and the publication is found again; the authority has then stamped it twice, which harms nobody. If it is not known
 * whether the transaction was committed, the next look sees which. The lock only saves requests.
 */
export class StampingWorker {
  readonly #parts: StampingWorkerParts;
  readonly #turns = new Turns(() => this.turn());
  #condition: AuthorityCondition = { state: 'ok' };
  #failures = 0;
  /** Alarms that a former run may have left open are closed by the first success. */
  #mayHaveAlarm = true;

  constructor(parts: StampingWorkerParts) {
    this.#parts = parts;
  }

  get client(): AuthorityClient {
    return this.#parts.client;
  }

  condition(): AuthorityCondition {
    return this.#condition;
  }

  /** Returns at once. The authority need not answer. */
  start(): void {
    this.#turns.start();
  }

  /** Resolves when the request under way has ended, which its time limit sees to. */
  async stop(): Promise<void> {
    await this.#turns.stop();
  }

  /**
   * Stamps what is to be stamped now. Never rejects.
   * @returns how long to wait before the next turn, in milliseconds
   */
  async turn(): Promise<number> {
    const { db, client, pollMs, onTrouble } = this.#parts;
    try {
      // Without the lock first: it takes a connection for as long as the authority thinks.
      if ((await this.#due()).length > 0) {
        await withAdvisoryLock(db, `timestamp ${client.settings.url}`, () => this.#stampDue());
      }
      return pollMs;
    } catch (error) {
      onTrouble(error);
      if (error instanceof AuthorityError) await this.#failed(error).catch(onTrouble);
      else this.#failures++;
      return Math.min(pollMs * 2 ** Math.min(this.#failures, 16), LONGEST_PAUSE_MS);
    }
  }

  #due(): ReturnType<typeof selectPublicationsToStamp> {
    const { db, client } = this.#parts;
    return selectPublicationsToStamp(db.pool, client.settings.url, NEEDED_MS, BACKLOG);
  }

  async #stampDue(): Promise<void> {
    for (const publication of await this.#due()) {
      if (this.#turns.signal.aborted) return;
      await this.#stamp(publication);
      await this.#succeeded();
    }
  }

  async #stamp({ treeSize, note, publishedAt }: { treeSize: bigint; note: Uint8Array; publishedAt: Date }) {
    const { db, client, nowMs, onReading, onTrouble } = this.#parts;
    const source = client.settings.url;
    const stamp = await client.stamp(note, { notBeforeUnixMs: publishedAt.getTime(), collectRevocation: true });
    const at = new Date(nowMs());
    const body = encodeJson(attestationOf(stamp) as unknown as JsonValue);
    await db.transaction(async (q) => {
      const isNew = await insertAttestation(q, { treeSize, type: 'rfc3161', source, body, complete: true, at });
      if (!isNew) return;
      const { path, collected } = stamp;
      await insertTimestampMaterial(q, {
        treeSize,
        source,
        certificates: path,
        revocation: collected.revocation,
        notes: Buffer.from(encodeJson(collected.notes as unknown as JsonValue)).toString('utf8'),
        collectedAt: at,
      });
    });
    // Only after the token is safe: the clock's affairs must not cost one.
    await onReading?.(stamp.reading).catch(onTrouble);
  }

  async #succeeded(): Promise<void> {
    this.#condition = { state: 'ok' };
    this.#failures = 0;
    if (!this.#mayHaveAlarm) return;
    const { db, client, nowMs } = this.#parts;
    for (const code of Object.values(ALARMS)) {
      await clearAlarm(db.pool, code, new Date(nowMs()), client.settings.url);
    }
    this.#mayHaveAlarm = false;
  }

  async #failed(error: AuthorityError): Promise<void> {
    const { db, client, nowMs } = this.#parts;
    const reason = { code: error.code, message: error.message };
    this.#failures++;
    const isClock = error.code === 'authority-clock-not-available';
    const state = isClock ? 'clock-off' : isAway(error) ? 'unreachable' : 'refused';
    this.#condition = { state, reason };
    if (state !== 'refused' && this.#failures < FAILURES_UNTIL_ALARM) return;
    this.#mayHaveAlarm = true;
    const code = ALARMS[state];
    await raiseAlarm(db.pool, code, `${error.code}: ${error.message}`, new Date(nowMs()), client.settings.url);
  }
}

/** The alarm code of a condition, null if all is well. */
export function conditionCode({ state }: AuthorityCondition): string | null {
  return state === 'ok' ? null : ALARMS[state];
}
