import type { Bilingual } from '../format/certificate.ts';
import type { Check, Report } from '../format/report.ts';
import { ladderOf, type Rung, wordingOfStanding } from '../verify/ladder.ts';
import {
  EVALUATION_NOTICE,
  PANELS,
  wordingOfCause,
  wordingOfCheck,
  wordingOfConclusion,
  wordingOfStatus,
  wordingOfWeakestLink,
} from '../verify/wording.ts';

const MARK: Record<Check['status'], string> = { passed: '✓', failed: '✗', pending: '…', 'not-checked': '–' };

export function both(text: Bilingual): string {
  return `${text.zh}  ${text.en}`;
}

/** The report for a terminal: the ladder of answers first, then the two panels apart, statements apart from what was checked. */
export function formatReport(report: Report): string {
  const lines: string[] = [];
  if (report.evaluation) lines.push(`*** ${both(EVALUATION_NOTICE)} ***`, '');
  lines.push(
    `${report.subject.kind} ${report.subject.certificateNo ?? report.subject.depositId}`,
    `digest ${report.subject.digest}`,
    `deposit no. ${report.subject.leafIndex}`,
    '',
    ...ladderOf(report).flatMap(formatRung),
    '',
    `T0 not before 不早于   ${report.times.notBefore === null ? '–' : `${report.times.notBefore.at}  ${report.times.notBefore.source}`}`,
    `T1 received 接收       ${report.times.received}  (operator's clock 平台时钟)`,
    `T2 not after 不晚于    ${timeText(report.times.notAfter)}`,
    '',
    `== ${both(PANELS.since)}`,
    ...report.since.flatMap(formatCheck),
    '',
    `== ${both(PANELS.before)}`,
    ...report.before.flatMap(formatCheck),
    '',
    '== 仅为陈述,未经证明  Stated only, not proved',
    ...report.statements.map((s) => `  ${s.by}: ${s.field}: ${printable(s.value)}`),
    '',
    '== 核验的局限  Limits',
    ...report.limits.flatMap((limit) => [`  ${limit.zh}`, `  ${limit.en}`]),
    '',
    `${both(wordingOfConclusion(report.conclusion))}`,
  );
  const weakest = wordingOfWeakestLink(report);
  if (weakest !== undefined) lines.push(printable(`  ${both(weakest)}`));
  if (report.unmet.length > 0) lines.push('  缺少 missing:', ...report.unmet.map((name) => `    ${name}`));
  lines.push(`${report.verifier.name} ${report.verifier.version}, policy ${report.policy ?? 'none'}`);
  return lines.join('\n');
}

function timeText(time: Report['times']['notAfter']): string {
  if (time === null) return '–';
  return `${time.at}  ${time.source}  ${time.independent ? 'independent 独立' : 'not independent 非独立'}`;
}

/** One question of the ladder: the answer, what it rests on, what stays open, and what would settle it. */
function formatRung(rung: Rung): string[] {
  // Statements and the panel before T₂ say it all, further down.
  const isListedBelow = rung.question === 'word-only';
  const words = rung.open.map(({ check, words: open }) => {
    const about = check.about === null ? '' : `(${check.about}) `;
    return `    ${MARK[check.status]} ${about}${both(open)}`;
  });
  return [
    `[${both(wordingOfStanding(rung.standing))}] ${both(rung.asks)}`,
    `    ${both(rung.says)}`,
    ...(isListedBelow ? [] : [...rung.sources.map((source) => `    ← ${source}`), ...words]),
    ...rung.settles.map((settles) => `    → ${both(settles)}`),
  ].map(printable);
}

export function formatCheck(check: Check): string[] {
  const name = wordingOfCheck(check.name);
  const status = wordingOfStatus(check.status);
  const cause = wordingOfCause(check);
  const lines = [
    `  ${MARK[check.status]} ${check.name} [${status.zh} ${status.en}] ${name.zh}  ${name.en}${check.about === null ? '' : `  (${printable(check.about)})`}`,
  ];
  if (cause !== undefined) lines.push(`      ${cause.zh}  ${cause.en}`);
  for (const [key, value] of Object.entries(check.facts)) lines.push(`      ${key}: ${printable(value)}`);
  return lines;
}

/** Other people's text must not move the cursor, reverse the writing direction or start a new line. */
export function printable(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\u2028\u2029]/gu, (c) => `\\u{${(c.codePointAt(0) as number).toString(16)}}`);
}
