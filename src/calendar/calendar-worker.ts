import { withAdvisoryLock } from '../db/advisory-lock.ts';
import { clearAlarm, raiseAlarm } from '../db/alarms.ts';
import { selectNewestAnchoredCheckpoint } from '../db/anchors.ts';
import {
  type IncompleteAttestationRow,
  insertAttestation,
  selectIncompleteAttestations,
  selectNewestAttestation,
  updateIncompleteAttestation,
} from '../db/attestations.ts';
import { selectNewestPublication } from '../db/leaves.ts';
import type { Database } from '../db/pool.ts';
import { CodedError } from '../errors.ts';
import { encodeBase64, parseBase64 } from '../format/bytes.ts';
import { opentimestampsAttestationSchema } from '../format/certificate.ts';
import { checkFields } from '../format/fields.ts';
import { encodeJson, MAX_DEPTH, parseCanonicalJson } from '../format/json.ts';
import { Turns } from '../turns.ts';
import type { CalendarClient, Stamp } from './calendar-client.ts';
import { CalendarError } from './calendar-error.ts';

export interface CalendarWorkerParts {
  db: Database;
  client: Pick<CalendarClient, 'url' | 'stamp' | 'upgrade'>;
  /**
   * What is being anchored is stamped at once, since certificates carry that checkpoint; without anchors the newest publication, at most
   * this often. One between two stamps is covered by the next.
   */
  intervalMs: number;
  now: () => number;
  /** Told of every failure; also of those that end by themselves. */
  onTrouble: (error: unknown) => void;
}

export type CalendarCondition =
  | { state: 'ok' }
  | { state: 'waiting' | 'unreachable'; reason: { code: string; message: string } };

/** How stamping at one calendar stands, as this process last saw it. It never holds up anything else. */
export type CalendarStatus = CalendarCondition & { url: string };

const TYPE = 'opentimestamps';
/** Read at once, and asked for in one turn. */
const PAGE = 100;
const UPGRADES_PER_TURN = 20;
const SHORTEST_POLL_MS = 200;
const LONGEST_POLL_MS = 5_000;
const LONGEST_PAUSE_MS = 10 * 60_000;
/** A proof is asked for again after a quarter of its age: within minutes while blocks are awaited, every six hours after a day. */
const SHORTEST_UPGRADE_WAIT_MS = 60_000;
const LONGEST_UPGRADE_WAIT_MS = 6 * 3600_000;
/** Calendars come and go; people need to know of one that stays away. */
const UNREACHABLE_ALARM_AFTER_MS = 3600_000;

/** All that a worker raises, and clears once the calendar answers rightly again. */
export const CALENDAR_ALARMS = ['calendar-unreachable', 'calendar-wrong-block'] as const;

/**
 * Stamps publications at one calendar and asks it until each proof has reached Bitcoin. Any number of servers may run one for the same
 * calendar: they take turns. The intent is the missing row: a crash after the calendar has answered loses that answer, and another
 * one is asked for, which costs nothing.
 */
export class CalendarWorker {
  readonly #parts: CalendarWorkerParts;
  readonly #pollMs: number;
  readonly #turns = new Turns(() => this.turn());
  /** When a proof was last asked for, by tree size, on this process's clock. */
  readonly #asked = new Map<bigint, number>();
  #condition: CalendarCondition = { state: 'ok' };
  #failingSince: number | undefined;
  #failures = 0;

  constructor(parts: CalendarWorkerParts) {
    this.#parts = parts;
    this.#pollMs = Math.min(Math.max(Math.round(parts.intervalMs / 20), SHORTEST_POLL_MS), LONGEST_POLL_MS);
  }

  /** Returns at once. The calendar need not answer. */
  start(): void {
    this.#turns.start();
  }

  /** Resolves when the request under way has ended. */
  async stop(): Promise<void> {
    await this.#turns.stop();
  }

  status(): CalendarStatus {
    return { url: this.#parts.client.url, ...this.#condition };
  }

  /**
   * Stamps and asks for what is due. Never rejects.
   * @returns how long to wait before the next turn, in milliseconds
   */
  async turn(): Promise<number> {
    const { db, client, now, onTrouble } = this.#parts;
    try {
      // Undefined: another server is at it.
      const done = await withAdvisoryLock(db, `calendar ${client.url}`, () => this.#work());
      if (done === undefined) return this.#pollMs;
      this.#condition = { state: 'ok' };
      this.#failingSince = undefined;
      this.#failures = 0;
      for (const code of CALENDAR_ALARMS) await clearAlarm(db.pool, code, new Date(now()), client.url);
      return this.#pollMs;
    } catch (error) {
      onTrouble(error);
      this.#failingSince ??= now();
      this.#condition = await this.#judge(error).catch((failure: unknown): CalendarCondition => {
        onTrouble(failure);
        return { state: 'waiting', reason: reasonOf(error) };
      });
      return Math.min(this.#pollMs * 2 ** this.#failures++, LONGEST_PAUSE_MS);
    }
  }

  /** A calendar that takes no more digests may still have blocks for those that it took, so both are tried. */
  async #work(): Promise<true> {
    let failure: unknown;
    for (const step of [() => this.#stampDue(), () => this.#upgradeDue()]) {
      try {
        await step();
      } catch (error) {
        failure ??= error;
      }
    }
    if (failure !== undefined) throw failure;
    return true;
  }

  async #stampDue(): Promise<void> {
    const { db, client, intervalMs, now } = this.#parts;
    const last = await selectNewestAttestation(db.pool, TYPE, client.url);
    const isNew = ({ treeSize }: { treeSize: bigint }) => last === undefined || treeSize > last.treeSize;
    const anchored = await selectNewestAnchoredCheckpoint(db.pool);
    const isDue = last === undefined || now() - last.createdAt.getTime() >= intervalMs;
    const newest = isDue ? await selectNewestPublication(db.pool) : undefined;
    const chosen = [anchored, newest].find((checkpoint) => checkpoint !== undefined && isNew(checkpoint));
    if (chosen === undefined) return;
    const stamp = await client.stamp(new Uint8Array(chosen.rootHash));
    await insertAttestation(db.pool, this.#rowOf(chosen.treeSize, stamp));
  }

  async #upgradeDue(): Promise<void> {
    const { db, client } = this.#parts;
    let failure: unknown;
    let asked = 0;
    let after = 0n;
    while (asked < UPGRADES_PER_TURN && !this.#turns.signal.aborted) {
      const page = await selectIncompleteAttestations(db.pool, TYPE, client.url, PAGE, after);
      for (const row of page.filter((r) => this.#isDue(r)).slice(0, UPGRADES_PER_TURN - asked)) {
        asked++;
        try {
          await this.#upgrade(row);
        } catch (error) {
          failure ??= error;
          // The next one would wait as long and end in the same way.
          if (isUnreachable(error)) throw error;
        }
      }
      if (page.length < PAGE) break;
      after = (page.at(-1) as IncompleteAttestationRow).treeSize;
    }
    if (failure !== undefined) throw failure;
  }

  async #upgrade({ treeSize, body }: IncompleteAttestationRow): Promise<void> {
    const { db, client, now } = this.#parts;
    this.#asked.set(treeSize, now());
    const stamp = await client.upgrade(parseCalendarAttestation(body));
    if (stamp === undefined) return;
    await updateIncompleteAttestation(db.pool, this.#rowOf(treeSize, stamp));
    if (stamp.complete) this.#asked.delete(treeSize);
  }

  #isDue({ treeSize, createdAt }: IncompleteAttestationRow): boolean {
    const now = this.#parts.now();
    const asked = this.#asked.get(treeSize) ?? createdAt.getTime();
    const wait = (now - createdAt.getTime()) / 4;
    return now - asked >= Math.min(Math.max(wait, SHORTEST_UPGRADE_WAIT_MS), LONGEST_UPGRADE_WAIT_MS);
  }

  #rowOf(treeSize: bigint, { proof, complete }: Stamp) {
    const body = encodeJson({ type: TYPE, proof: encodeBase64(proof) });
    return {
      treeSize,
      type: TYPE,
      source: this.#parts.client.url,
      body,
      complete,
      at: new Date(this.#parts.now()),
    } as const;
  }

  async #judge(error: unknown): Promise<CalendarCondition> {
    const { db, client, now } = this.#parts;
    const reason = reasonOf(error);
    const state = isUnreachable(error) ? 'unreachable' : 'waiting';
    const isWrong = reason.code === 'calendar-wrong-block';
    const isLong = now() - (this.#failingSince ?? now()) >= UNREACHABLE_ALARM_AFTER_MS;
    if (isWrong || (error instanceof CalendarError && isLong)) {
      const code = isWrong ? 'calendar-wrong-block' : 'calendar-unreachable';
      await raiseAlarm(db.pool, code, reason.message, new Date(now()), client.url);
    }
    return { state, reason };
  }
}

/** @returns the `.ots` file in a stored attestation */
export function parseCalendarAttestation(body: Uint8Array): Uint8Array {
  const value = parseCanonicalJson(new Uint8Array(body), { maxBytes: 1 << 20, maxDepth: MAX_DEPTH });
  return parseBase64(checkFields(opentimestampsAttestationSchema, value).proof);
}

function isUnreachable(error: unknown): boolean {
  return error instanceof CalendarError && ['calendar-unreachable', 'calendar-timeout'].includes(error.code);
}

function reasonOf(error: unknown): { code: string; message: string } {
  return { code: error instanceof CodedError ? error.code : 'internal-error', message: (error as Error).message };
}
