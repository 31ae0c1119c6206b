import type { DepositRecord } from '../format/deposit.ts';
import { unixMsOf, utcTimeOf } from '../format/fields.ts';
import type { Check, Report } from '../format/report.ts';
import { type Facts, failed, notChecked, passed, pending } from './checks.ts';
import type { ProvedTime } from './evm.ts';
import type { Trust } from './trust.ts';

/** A proved time of a publication in whose tree the record is. */
export interface LoggedTime extends ProvedTime {
  /** True if a log of the policy signed that tree. Otherwise the time holds by arithmetic, but the policy's count does not take it. */
  standsInLog: boolean;
}

export interface TimeOutcome {
  bracket: Check;
  independent: Check;
  times: Report['times'];
}

const MAX_FACT = 4000;

/** Headers state whole seconds: a block of second t may have been made at any moment before t + 1. */
const BLOCK_TIME_UNIT_MS = 1000;

/**
 * T₀ ≤ T₁ ≤ T₂: the record was assembled after the block it names, received when the operator says, and proved to exist at T₂.
 * T₂ is the earliest independent time, else the earliest confirmed one, which is then marked as not independent.
 */
export function checkTimes(
  record: DepositRecord,
  notBefore: ProvedTime | undefined,
  proved: readonly LoggedTime[],
  awaitsProof: string | undefined,
  trust: Trust,
): TimeOutcome {
  const independent = proved.filter((t) => t.independent);
  const earliest = earliestOf(independent.length > 0 ? independent : proved);
  const receivedMs = unixMsOf(record.receivedAt);
  const unprovedMinutes =
    earliest === undefined ? null : Math.max(0, Math.ceil((earliest.unixMs - receivedMs) / 60_000));
  const facts: Facts = { received: record.receivedAt };
  if (notBefore !== undefined) facts.notBefore = utcTimeOf(notBefore.unixMs);
  if (earliest !== undefined) facts.notAfter = utcTimeOf(earliest.unixMs);
  if (notBefore !== undefined && earliest !== undefined) {
    facts.widthSeconds = String(Math.round((earliest.unixMs - notBefore.unixMs) / 1000));
  }
  return {
    bracket: checkBracket(record, receivedMs, notBefore, earliest, awaitsProof, facts),
    independent: checkIndependence(
      independent.filter((t) => t.standsInLog),
      awaitsProof,
      trust,
    ),
    times: {
      notBefore: describe(notBefore),
      received: record.receivedAt,
      notAfter: describe(earliest),
      unprovedMinutes,
    },
  };
}

function checkBracket(
  record: DepositRecord,
  receivedMs: number,
  notBefore: ProvedTime | undefined,
  earliest: ProvedTime | undefined,
  awaitsProof: string | undefined,
  facts: Facts,
): Check {
  const name = 'time.bracket';
  if (notBefore !== undefined && notBefore.unixMs > receivedMs) {
    return failed(name, null, 'received-before-the-block-it-names', facts);
  }
  if (earliest !== undefined && receivedMs >= earliest.unixMs + BLOCK_TIME_UNIT_MS) {
    return failed(name, null, 'received-after-its-own-proof', facts);
  }
  if (earliest === undefined) {
    return awaitsProof === undefined
      ? notChecked(name, null, 'offline', facts)
      : pending(name, null, awaitsProof, facts);
  }
  if (record.notBefore !== null && notBefore === undefined) return notChecked(name, null, 'offline', facts);
  return passed(name, null, facts);
}

function checkIndependence(independent: readonly ProvedTime[], awaitsProof: string | undefined, trust: Trust): Check {
  const name = 'time.independent';
  const required = trust.policy?.independentTimesRequired;
  const operators = operatorsOf(independent);
  const facts: Facts = {
    found: String(operators.length),
    required: required === undefined ? 'no policy' : String(required),
  };
  if (operators.length > 0) facts.operators = listOf(operators);
  if (required === undefined) return notChecked(name, null, 'no-policy', facts);
  if (operators.length > 0 && operators.length >= required) return passed(name, null, facts);
  if (required === 0) return notChecked(name, null, 'not-required', facts);
  return awaitsProof === undefined ? notChecked(name, null, 'absent', facts) : pending(name, null, awaitsProof, facts);
}

/** Two times of one operator count once; a source that nobody is named for counts by itself. Sorted, so that order is none. */
function operatorsOf(times: readonly ProvedTime[]): string[] {
  return [...new Set(times.map((t) => t.operator ?? t.source))].sort();
}

/** A fact holds at most 4,000 characters. */
function listOf(items: readonly string[]): string {
  const text = items.join('; ');
  return text.length <= MAX_FACT ? text : `${text.slice(0, MAX_FACT - 1)}…`;
}

function earliestOf(times: readonly ProvedTime[]): ProvedTime | undefined {
  return times.reduce<ProvedTime | undefined>(
    (best, t) => (best === undefined || t.unixMs < best.unixMs ? t : best),
    undefined,
  );
}

function describe(time: ProvedTime | undefined): Report['times']['notBefore'] {
  return time === undefined ? null : { at: utcTimeOf(time.unixMs), source: time.source, independent: time.independent };
}
