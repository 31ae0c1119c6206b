import type { Check, Report } from '../format/report.ts';
import { linksOf, weakestLinkOf } from './durability.ts';
import { LIMITS } from './limits.ts';
import { chainOperator, logContracts, type Trust } from './trust.ts';
import { VERIFIER } from './verifier.ts';

/** What was found out about one publication. */
export interface PublicationOutcome {
  /** `log.*`, and one check for each token and each calendar proof. */
  checks: Check[];
  /** The four `evm.*` checks of each chain's anchor. */
  attestations: Check[][];
}

/** Always required where they occur: if one is not passed, the report is not. */
const REQUIRED = [
  'certificate.canonical',
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
  const unmet = [...unmetOf(since, trust), ...unmetProofs(publications, trust)];
  return {
    type: 'tiezheng/report/v1',
    verifier: VERIFIER,
    subject,
    evaluation: statedEvaluation || (trust.policy?.evaluation ?? false),
    policy: trust.digest,
    conclusion: conclusionOf(since, unmet, trust),
    unmet,
    times,
    weakestLink: weakestLinkOf(linksOf(since)),
    since,
    before,
    statements,
    limits: [...LIMITS],
  };
}

function conclusionOf(since: readonly Check[], unmet: readonly string[], trust: Trust): Report['conclusion'] {
  if (since.some((c) => c.status === 'failed' && !isOnlyTold(c, trust))) return 'failed';
  if (trust.policy === undefined) return 'no-policy';
  return unmet.length === 0 ? 'required-passed' : 'incomplete';
}

/**
 * The operator's word that he withdrew a certificate changes nothing that it proves, or he could silence it: unless the policy asks for a
 * status, the line is shown and decides nothing.
 */
function isOnlyTold(check: Check, trust: Trust): boolean {
  return check.name === 'status' && !(trust.policy?.statusRequired ?? false);
}

function unmetOf(checks: readonly Check[], trust: Trust): string[] {
  const unmet = new Set<string>();
  for (const check of checks) {
    if (check.status === 'passed' || isOnlyTold(check, trust)) continue;
    const required =
      check.name === 'status' ||
      REQUIRED.includes(check.name) ||
      // Not required by the policy, or not opened for this reader: nothing is missing.
      (check.name === 'time.independent' && !(check.status === 'not-checked' && check.because === 'not-required')) ||
      check.status === 'failed';
    if (required) unmet.add(nameOf(check));
  }
  // One seal of a known signer is enough: anybody may add his own beside it.
  if (!checks.some((c) => c.name === 'seal' && c.status === 'passed')) {
    for (const seal of checks.filter((c) => c.name === 'seal')) unmet.add(nameOf(seal));
  }
  // A certificate alone says nothing about any file: at least one must have been held against it.
  if (!checks.some((c) => c.name === 'file.sha256' && c.status === 'passed')) unmet.add('file.sha256');
  return [...unmet];
}

/** True if a log of the policy signed this publication's tree and the record is in it: what attests to it then counts. */
export function standsInLog(checks: readonly Check[]): boolean {
  return LOG_CHECKS.every((name) => checks.some((c) => c.name === name && c.status === 'passed'));
}

/**
 * What the policy asks of the publications taken together: the anchor may stand in one and the token in another, but each only in one
 * that stands in the log. What is missing is named of the publications that come nearest.
 */
function unmetProofs(publications: readonly PublicationOutcome[], trust: Trust): string[] {
  const standing = publications.filter(({ checks }) => standsInLog(checks));
  const unmet = standing.length > 0 ? [] : unmetLog(publications);
  // Where none stands in the log, the rest is named all the same: the reader sees the whole way that is left.
  const counted = standing.length > 0 ? standing : publications;
  return [
    ...new Set([
      ...unmet,
      ...unmetCosignatures(counted, trust),
      ...unmetAnchors(counted, trust),
      ...unmetTokens(counted, trust),
    ]),
  ];
}

function unmetLog(publications: readonly PublicationOutcome[]): string[] {
  return shortest(
    publications.map(({ checks }) =>
      checks.filter((c) => LOG_CHECKS.includes(c.name) && c.status !== 'passed').map(nameOf),
    ),
    ['log.inclusion'],
  );
}

function unmetCosignatures(counted: readonly PublicationOutcome[], trust: Trust): string[] {
  if ((trust.policy?.witnesses.quorum ?? 0) === 0) return [];
  const found = counted.flatMap(({ checks }) => checks.filter((c) => c.name === 'log.cosignatures'));
  if (found.some((c) => c.status === 'passed')) return [];
  return found.length === 0 ? ['log.cosignatures'] : found.slice(0, 1).map(nameOf);
}

/** Anchors on different chains are counted; two on chains of one operator are one. */
function unmetAnchors(counted: readonly PublicationOutcome[], trust: Trust): string[] {
  const anchors = counted
    .flatMap(({ checks, attestations }) => attestations.map((anchor) => ({ log: checks, checks: anchor })))
    .map(({ log, checks }) => ({
      origin: originOf(log),
      operator: chainOperator(trust, checks.find((c) => c.name === 'evm.receipt')?.facts.chain ?? ''),
      missing: checks.filter((c) => c.status !== 'passed').map(nameOf),
    }));
  const required = anchorsRequired(counted, trust);
  const whole = new Set(anchors.filter((a) => a.missing.length === 0).map((a) => a.operator));
  if (whole.size >= required) return [];
  const nearest = new Map<string, string[]>();
  for (const { operator, missing } of anchors) {
    if (whole.has(operator)) continue;
    nearest.set(operator, shortest([nearest.get(operator) ?? missing, missing], missing));
  }
  const open = [...nearest.values()].sort((a, b) => a.length - b.length).slice(0, required - whole.size);
  const tooFew = whole.size + open.length < required;
  const absent = required === 1 ? 'evm.receipt' : `evm.receipt (${whole.size} of ${required} anchors)`;
  return [...open.flat(), ...(tooFew ? [absent] : [])];
}

/** A policy that names a contract for the log asks for an anchor; by number it may ask for more. */
function anchorsRequired(counted: readonly PublicationOutcome[], trust: Trust): number {
  // Without a policy nothing is required, and everything there is to confirm is named.
  if (trust.policy === undefined) return 1;
  const named = counted.some(({ checks }) => logContracts(trust, originOf(checks)).length > 0);
  return Math.max(named ? 1 : 0, trust.policy.anchorsRequired ?? 0);
}

function unmetTokens(counted: readonly PublicationOutcome[], trust: Trust): string[] {
  const required = trust.policy?.tokensRequired ?? 0;
  if (required === 0) return [];
  const tokens = counted.flatMap(({ checks }) => checks.filter((c) => c.name === 'rfc3161'));
  const operators = new Set(tokens.filter((c) => c.status === 'passed').map((c) => c.facts.operator ?? nameOf(c)));
  if (operators.size >= required) return [];
  const open = tokens.filter((c) => c.status !== 'passed').slice(0, required - operators.size);
  const tooFew = operators.size + open.length < required;
  return [...open.map(nameOf), ...(tooFew ? [`rfc3161 (${operators.size} of ${required} tokens)`] : [])];
}

function originOf(log: readonly Check[]): string {
  return log.find((c) => c.name === 'log.origin')?.facts.origin ?? '';
}

function shortest(lists: readonly string[][], none: string[]): string[] {
  return lists.reduce((best, names) => (names.length < best.length ? names : best), lists[0] ?? none);
}

function nameOf(check: Check): string {
  return check.about === null ? check.name : `${check.name} (${check.about})`;
}
