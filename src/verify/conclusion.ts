import type { Check, Report } from '../format/report.ts';
import { LIMITS } from './limits.ts';
import { logContracts, type Trust } from './trust.ts';
import { VERIFIER } from './verifier.ts';

/** The checks of one publication, and those of each attestation for it. */
export interface PublicationOutcome {
  checks: Check[];
  attestations: Check[][];
}

/** Always required where they occur: if one is not passed, the report is not. */
const REQUIRED = [
  'certificate.canonical',
  'seal',
  'record.commitment',
  'file.path',
  'time.bracket',
  'pdf.signature',
  'pdf.matches',
  'package.manifest',
  'package.extra',
];
const LOG_CHECKS = ['log.origin', 'log.signature', 'log.inclusion'];

/** Puts the checks together and says whether all that the policy requires has passed. Nothing here looks at evidence again. */
export function conclude(
  subject: Report['subject'],
  statedEvaluation: boolean,
  since: Check[],
  publications: readonly PublicationOutcome[],
  before: Check[],
  times: Report['times'],
  statements: Report['statements'],
  trust: Trust,
): Report {
  const unmet = [...unmetOf(since), ...unmetPublication(publications, trust)];
  return {
    type: 'tiezheng/report/v1',
    verifier: VERIFIER,
    subject,
    evaluation: statedEvaluation || (trust.policy?.evaluation ?? false),
    policy: trust.digest,
    conclusion: conclusionOf(since, unmet, trust),
    unmet,
    times,
    since,
    before,
    statements,
    limits: [...LIMITS],
  };
}

function conclusionOf(since: readonly Check[], unmet: readonly string[], trust: Trust): Report['conclusion'] {
  if (since.some((c) => c.status === 'failed')) return 'failed';
  if (trust.policy === undefined) return 'no-policy';
  return unmet.length === 0 ? 'required-passed' : 'incomplete';
}

function unmetOf(checks: readonly Check[]): string[] {
  const unmet = new Set<string>();
  for (const check of checks) {
    if (check.status === 'passed') continue;
    const required =
      REQUIRED.includes(check.name) ||
      // Not required by the policy, or not opened for this reader: nothing is missing.
      (check.name === 'time.independent' && !(check.status === 'not-checked' && check.because === 'not-required')) ||
      check.status === 'failed';
    if (required) unmet.add(nameOf(check));
  }
  // A certificate alone says nothing about any file: at least one must have been held against it.
  if (!checks.some((c) => c.name === 'file.sha256' && c.status === 'passed')) unmet.add('file.sha256');
  return [...unmet];
}

/** One publication must stand as a whole; what is missing from the best one is named. */
function unmetPublication(publications: readonly PublicationOutcome[], trust: Trust): string[] {
  const missing = publications.map(({ checks, attestations }) => {
    const names = checks.filter((c) => LOG_CHECKS.includes(c.name) && c.status !== 'passed').map(nameOf);
    if ((trust.policy?.witnesses.quorum ?? 0) > 0) {
      names.push(...checks.filter((c) => c.name === 'log.cosignatures' && c.status !== 'passed').map(nameOf));
    }
    return [...names, ...unmetAnchor(checks, attestations, trust)];
  });
  return missing.reduce((best, names) => (names.length < best.length ? names : best), missing[0] ?? ['log.inclusion']);
}

function unmetAnchor(log: readonly Check[], attestations: readonly Check[][], trust: Trust): string[] {
  const origin = log.find((c) => c.name === 'log.origin')?.facts.origin ?? '';
  // A policy that names no contract for this log asks for no anchor.
  if (trust.policy !== undefined && logContracts(trust, origin).length === 0 && attestations.length === 0) return [];
  if (attestations.length === 0) return ['evm.receipt'];
  const missing = attestations.map((checks) => checks.filter((c) => c.status !== 'passed').map(nameOf));
  return missing.reduce((best, names) => (names.length < best.length ? names : best));
}

function nameOf(check: Check): string {
  return check.about === null ? check.name : `${check.name} (${check.about})`;
}
