import { encodeJson, type JsonValue } from '../../format/json.ts';
import type { Check, Report } from '../../format/report.ts';
import { isInspection, type Verdict } from '../../verify/inspect/desk.ts';
import type { ThingKind } from '../../verify/inspect/recognise.ts';
import { ladderOf, type Question, type Standing } from '../../verify/ladder.ts';

/** What the page asks its worker for; one order at a time. */
export type BulkOrder =
  | { do: 'open'; policy: readonly File[] }
  | { do: 'sort'; id: number; file: File }
  | { do: 'verify'; id: number; file: File; kind: ThingKind };

/** Any number of `bytes`, then the answer to the order. */
export type BulkTold =
  | { told: 'bytes'; bytes: number }
  | { told: 'opened' }
  /** `kind` is null for what is no subject; `sha256` of whatever may be evidence itself. */
  | { told: 'sorted'; id: number; kind: ThingKind | null; sha256: string | null }
  | { told: 'verified'; id: number; summary: BulkSummary; report: Blob; listed: string[] }
  | { told: 'problem'; error: { code: string; message: string } };

/** The questions that have a column of their own. `word-only` is everything before T₂. */
export const COLUMNS = [
  'whole',
  'unchanged',
  'since-when',
  'in-the-log',
  'issuer',
  'word-only',
] as const satisfies Question[];

/** What of a report the table shows; the report itself lies in a Blob until somebody asks for it. */
export interface BulkSummary {
  type: Verdict['type'];
  conclusion: Report['conclusion'];
  evaluation: boolean;
  /** Null for what is not this project's. */
  standings: Record<Question, Standing> | null;
  certificateNo: string | null;
  depositId: string | null;
  leafIndex: number | null;
  /** By which the thing goes: SHA-256 of its canonical form without seals. */
  digest: string;
  /** As the operator states it. */
  depositor: string | null;
  title: string | null;
  notAfter: Report['times']['notAfter'];
  counts: Record<Check['status'], number>;
  /** The first that failed, at most `MAX_TOLD`. */
  failed: Check[];
  failedCount: number;
}

const MAX_TOLD = 8;

export function summaryOfVerdict(verdict: Verdict): { summary: BulkSummary; report: Blob } {
  const report = new Blob([encodeJson(verdict as unknown as JsonValue) as Uint8Array<ArrayBuffer>]);
  const checks = isInspection(verdict) ? verdict.checks : [...verdict.since, ...verdict.before];
  const failures = checks.filter((check) => check.status === 'failed');
  const counts = { passed: 0, failed: 0, pending: 0, 'not-checked': 0 };
  for (const { status } of checks) counts[status]++;
  const { type, conclusion, evaluation } = verdict;
  const summary: BulkSummary = {
    ...{ type, conclusion, evaluation, counts, digest: verdict.subject.digest, failedCount: failures.length },
    ...{ standings: null, certificateNo: null, depositId: null, leafIndex: null, depositor: null, title: null },
    notAfter: null,
    failed: failures.slice(0, MAX_TOLD),
  };
  if (isInspection(verdict)) return { summary: { ...summary, notAfter: verdict.times[0] ?? null }, report };
  const { certificateNo, depositId, leafIndex } = verdict.subject;
  const stated = (field: string) => verdict.statements.find((each) => each.field === field)?.value ?? null;
  const standings = Object.fromEntries(ladderOf(verdict).map(({ question, standing }) => [question, standing]));
  return {
    summary: {
      ...summary,
      ...{ certificateNo, depositId, leafIndex, notAfter: verdict.times.notAfter },
      depositor: stated('depositor.name'),
      title: stated('statement.title'),
      standings: standings as Record<Question, Standing>,
    },
    report,
  };
}

/** One file of the heap. */
export interface BulkRow {
  id: number;
  file: File;
  /** With its folders, where it came with some. */
  path: string;
  kind: ThingKind;
  state: 'waiting' | 'running' | 'verified' | 'unusable';
  summary: BulkSummary | null;
  /** Canonical JSON of the report. */
  report: Blob | null;
  error: { code: string; message: string } | null;
}

/** Whether a person has to look: something failed, is open, or could not be read. `word-only` is open in every report. */
export function needsAttention({ state, summary }: BulkRow): boolean {
  if (state === 'unusable') return true;
  return summary !== null && summary.conclusion !== 'required-passed';
}
