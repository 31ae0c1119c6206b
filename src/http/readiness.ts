import { CALENDAR_ALARMS } from '../calendar/calendar-worker.ts';
import { selectOpenAlarms } from '../db/alarms.ts';
import type { Database } from '../db/pool.ts';
import { RECORDS_LOST } from '../log/log-error.ts';
import { WITNESS_QUORUM_MISSING } from '../log/publisher.ts';
import type { SequencerState } from '../log/sequencer.ts';
import { ARCHIVE_ALARMS } from '../renewal/archive-worker.ts';
import type { ObjectStore } from '../storage/object-store.ts';
import { AUTHORITY_ALARMS } from '../timestamp/stamping-worker.ts';
import type { ReadinessCheck } from './answers.ts';

export interface ReadinessParts {
  db: Database;
  store: ObjectStore;
  logState: () => SequencerState;
  /** Rejects while no node of the chain answers. */
  askChain: () => Promise<unknown>;
  /** Codes of what keeps anchoring waiting now. */
  anchoringTrouble: () => readonly string[];
  /** Codes of why witnesses did not cosign when this server last asked. */
  witnessTrouble: () => readonly string[];
}

/** No probe waits longer; the slowest one bounds the answer. */
const PROBE_TIMEOUT_MS = 2000;
/** Anyone may ask, so that asking often costs nothing. */
const REUSED_FOR_MS = 500;

/** Tells the truth about the parts, by asking them. */
export class Readiness {
  readonly #parts: ReadinessParts;
  #last: { atMs: number; checks: Promise<ReadinessCheck[]> } | undefined;

  constructor(parts: ReadinessParts) {
    this.#parts = parts;
  }

  /** Deposits are taken if none of the checks has failed. `monotonicMs`: of any clock that only goes forward. */
  async checks(monotonicMs: number): Promise<ReadinessCheck[]> {
    if (this.#last === undefined || monotonicMs - this.#last.atMs > REUSED_FOR_MS) {
      this.#last = { atMs: monotonicMs, checks: this.#ask() };
    }
    return this.#last.checks;
  }

  async #ask(): Promise<ReadinessCheck[]> {
    const { db, store, askChain } = this.#parts;
    const [database, objects, chain, alarms] = await Promise.all([
      answers(db.pool.query('select 1')),
      answers(store.head('readiness')),
      answers(askChain()),
      // Without the database there is no telling; that is then the reason given.
      within(selectOpenAlarms(db.pool)).catch(() => []),
    ]);
    const quorum = alarms.find(({ code }) => code === WITNESS_QUORUM_MISSING)?.code;
    const witness = quorum ?? this.#parts.witnessTrouble()[0] ?? null;
    const isLost = alarms.some(({ code }) => code === RECORDS_LOST);
    const isCalendars = (code: string) => (CALENDAR_ALARMS as readonly string[]).includes(code);
    const calendar = alarms.find(({ code }) => isCalendars(code))?.code ?? null;
    const authority = alarms.find(({ code }) => AUTHORITY_ALARMS.includes(code))?.code ?? null;
    const isArchive = (code: string) => (ARCHIVE_ALARMS as readonly string[]).includes(code);
    const archive = alarms.find(({ code }) => isArchive(code))?.code ?? null;
    const others = alarms.filter(
      ({ code }) =>
        code !== RECORDS_LOST &&
        code !== WITNESS_QUORUM_MISSING &&
        !isCalendars(code) &&
        !AUTHORITY_ALARMS.includes(code) &&
        !isArchive(code),
    );
    const alarm = others.find(({ subject }) => subject !== '') ?? others[0];
    const held = alarm?.code ?? this.#parts.anchoringTrouble()[0] ?? null;
    return [
      { name: 'database', status: database ? 'ok' : 'failed', reason: database ? null : 'database-unavailable' },
      { name: 'object-store', status: objects ? 'ok' : 'failed', reason: objects ? null : 'storage-failed' },
      logCheck(this.#parts.logState()),
      // Anchors wait for the chain; deposits do not.
      { name: 'chain', status: chain ? 'ok' : 'degraded', reason: chain ? null : 'chain-unreachable' },
      { name: 'anchoring', status: held === null ? 'ok' : 'degraded', reason: held },
      { name: 'authorities', status: authority === null ? 'ok' : 'degraded', reason: authority },
      { name: 'calendars', status: calendar === null ? 'ok' : 'degraded', reason: calendar },
      { name: 'archive', status: archive === null ? 'ok' : 'degraded', reason: archive },
      // Publications may wait for witnesses; deposits do not.
      { name: 'witnesses', status: witness === null ? 'ok' : 'degraded', reason: witness },
      { name: 'records', status: isLost ? 'degraded' : 'ok', reason: isLost ? RECORDS_LOST : null },
    ];
  }
}

/** One that has stopped signs nothing until a person has looked. Trouble is tried again, and what is deposited meanwhile is kept. */
function logCheck({ leading, stopped, trouble, size }: SequencerState): ReadinessCheck {
  if (stopped !== undefined) return { name: 'log', status: 'failed', reason: stopped.code };
  if (!leading && size === 0n) return { name: 'log', status: 'failed', reason: 'log-starting' };
  if (trouble !== undefined) return { name: 'log', status: 'degraded', reason: trouble.code };
  return { name: 'log', status: 'ok', reason: null };
}

async function answers(work: Promise<unknown>): Promise<boolean> {
  try {
    await within(work);
    return true;
  } catch {
    return false;
  }
}

function within<T>(work: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`no answer within ${PROBE_TIMEOUT_MS} ms`)), PROBE_TIMEOUT_MS);
    work.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}
