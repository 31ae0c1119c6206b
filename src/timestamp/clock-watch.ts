import { clearAlarm, raiseAlarm } from '../db/alarms.ts';
import type { Database } from '../db/pool.ts';
import { insertClockOffset, selectDatabaseTime } from '../db/timestamps.ts';

/** A clock seen from here: something that told its time between two readings of ours. All in milliseconds since 1970. */
export interface ClockReading {
  /** `database`, `chain eip155:1`, or an authority's address. */
  source: string;
  theirsMs: number;
  /** What the source says of its own exactness. */
  accuracyMs: number;
  /** Ours, before it was asked and after it had answered. */
  askedMs: number;
  answeredMs: number;
  /** `not-before`: it only shows that it is not earlier than that, as the newest final block does. */
  tells: 'time' | 'not-before';
}

export interface ClockWatchParts {
  db: Database;
  /** The clock that is watched. */
  nowMs: () => number;
  /** This server's name in the table. */
  server: string;
  /** Beyond this the clock counts as out. */
  limitMs: number;
  /** Further sources to ask at each look, beside the database. One that does not answer is left out. */
  sources: readonly (() => Promise<ClockReading | undefined>)[];
  onTrouble?: (error: unknown) => void;
}

/** Open while this server's clock and the named source differ by more than the limit. */
export const CLOCK_OFF = 'clock-off';
/** Older readings say nothing about now. */
const FRESH_MS = 10 * 60_000;
/** A source that stays where it was is written down this often. */
const RECORD_EVERY_MS = 10 * 60_000;

interface Observed {
  atMs: number;
  offsetMs: number;
  /** The least that the clocks can differ, given what is uncertain about it. */
  leastMs: number;
  isWithin: boolean;
  recordedMs: number | undefined;
}

/**
 * Compares this server's clock with every other that comes by. The clock is out once at least half of the sources that were heard
 * within ten minutes say so: a single liar among three changes nothing, and where it is one word against another it counts as out.
 * What each source showed is recorded every ten minutes and whenever it crosses the limit.
 */
export class ClockWatch {
  readonly #parts: ClockWatchParts;
  readonly #observed = new Map<string, Observed>();
  #timer: NodeJS.Timeout | undefined;
  #looking: Promise<void> | undefined;

  constructor(parts: ClockWatchParts) {
    this.#parts = parts;
  }

  /** Looks at once and then every `intervalMs`. */
  start(intervalMs: number): void {
    this.#look();
    this.#timer = setInterval(() => this.#look(), intervalMs);
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer);
    await this.#looking;
  }

  /** Asks the database and the other sources. Those that do not answer are skipped. */
  async measure(): Promise<void> {
    const { db, nowMs, sources, onTrouble } = this.#parts;
    const askDatabase = async (): Promise<ClockReading> => {
      const askedMs = nowMs();
      const theirsMs = await selectDatabaseTime(db.pool);
      return { source: 'database', theirsMs, accuracyMs: 1, askedMs, answeredMs: nowMs(), tells: 'time' };
    };
    for (const ask of [askDatabase, ...sources]) {
      try {
        const reading = await ask();
        if (reading !== undefined) await this.observe(reading);
      } catch (error) {
        onTrouble?.(error);
      }
    }
  }

  /** Takes one reading into account, records it if it is due, and opens or closes the source's alarm. */
  async observe(reading: ClockReading): Promise<void> {
    const { db, nowMs, server, limitMs } = this.#parts;
    const { source, theirsMs, askedMs, answeredMs } = reading;
    const offsetMs = Math.round((askedMs + answeredMs) / 2 - theirsMs);
    const uncertaintyMs = Math.ceil(Math.max(0, answeredMs - askedMs) / 2 + reading.accuracyMs);
    // A source that tells only a lower bound can show that our clock is behind, never that it is ahead.
    const distanceMs = reading.tells === 'time' ? Math.abs(offsetMs) : Math.max(0, -offsetMs);
    const leastMs = Math.max(0, distanceMs - uncertaintyMs);
    const isWithin = leastMs <= limitMs;
    const before = this.#observed.get(source);
    const atMs = nowMs();
    const isDue =
      before?.recordedMs === undefined ||
      before.isWithin !== isWithin ||
      Math.abs(atMs - before.recordedMs) >= RECORD_EVERY_MS;
    const observed: Observed = { atMs, offsetMs, leastMs, isWithin, recordedMs: before?.recordedMs };
    this.#observed.set(source, observed);
    if (isDue) {
      await insertClockOffset(db.pool, {
        measuredAt: new Date(atMs),
        server,
        source,
        offsetMs: BigInt(offsetMs),
        uncertaintyMs: BigInt(uncertaintyMs),
        withinLimit: isWithin,
      });
      observed.recordedMs = atMs;
    }
    if (isWithin) {
      if (before?.isWithin !== true) await clearAlarm(db.pool, CLOCK_OFF, new Date(atMs), this.#subject(source));
      return;
    }
    const detail = `clock of ${server} and ${source} differ by ${offsetMs} ms (± ${uncertaintyMs} ms), limit ${limitMs} ms`;
    await raiseAlarm(db.pool, CLOCK_OFF, detail, new Date(atMs), this.#subject(source));
  }

  /** True while no time may be given out from this clock. */
  isOut(): boolean {
    const fresh = [...this.#observed.values()].filter(({ atMs }) => Math.abs(this.#parts.nowMs() - atMs) <= FRESH_MS);
    const off = fresh.filter(({ isWithin }) => !isWithin).length;
    return off > 0 && 2 * off >= fresh.length;
  }

  #subject(source: string): string {
    return `clock of ${this.#parts.server}, ${source}`;
  }

  #look(): void {
    this.#looking ??= this.measure()
      .catch((error: unknown) => this.#parts.onTrouble?.(error))
      .finally(() => {
        this.#looking = undefined;
      });
  }
}
