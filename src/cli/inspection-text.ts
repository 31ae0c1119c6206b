import { type Inspection, isOurs } from '../format/inspection.ts';
import { summaryOf, wordingOfKind, wordingOfOutcome } from '../verify/inspect/summary.ts';
import { wordingOfStanding } from '../verify/ladder.ts';
import { EVALUATION_NOTICE, wordingOfStated, wordingOfStatement } from '../verify/wording.ts';
import { both, formatCheck, printable } from './report-text.ts';

/** An inspection for a terminal: what came of it first, then every check with what it rests on. */
export function formatInspection(inspection: Inspection): string {
  const summary = summaryOf(inspection);
  const { kind } = inspection.subject;
  const lines: string[] = [];
  if (inspection.evaluation) lines.push(`*** ${both(EVALUATION_NOTICE)} ***`, '');
  lines.push(
    `${both(wordingOfKind(kind))}${isOurs(kind) ? '' : ': 非本平台材料 not of our making'}`,
    `digest ${inspection.subject.digest}`,
    '',
    `[${both(wordingOfStanding(summary.standing))}] ${both(summary.says)}`,
  );
  for (const { standing, checks } of summary.groups) {
    lines.push(`${both(wordingOfStanding(standing))}:`, ...checks.map(({ words }) => `  ${printable(both(words))}`));
  }
  if (summary.settles.length > 0) {
    lines.push('怎样解决 What would settle it:');
    for (const words of summary.settles) lines.push(`  → ${printable(both(words))}`);
  }
  lines.push('', '== 已证明的时间  Times proved', ...timesOf(inspection));
  lines.push('', '== 逐项核验  Checks', ...inspection.checks.flatMap(formatCheck));
  lines.push(
    '',
    '== 仅为陈述,未经证明  Stated only, not proved',
    ...inspection.statements.map(stated),
    '',
    '== 核验的局限  Limits',
    ...inspection.limits.flatMap((limit) => [`  ${limit.zh}`, `  ${limit.en}`]),
    '',
    both(wordingOfOutcome(inspection)),
  );
  if (inspection.unmet.length > 0) {
    lines.push('  缺少 missing:', ...inspection.unmet.map((name) => `    ${printable(name)}`));
  }
  lines.push(`${inspection.verifier.name} ${inspection.verifier.version}, policy ${inspection.policy ?? 'none'}`);
  return lines.join('\n');
}

function stated(statement: Inspection['statements'][number]): string {
  const field = wordingOfStatement(statement);
  const value = wordingOfStated(statement);
  const name = field === undefined ? `${statement.by}: ${printable(statement.field)}` : both(field);
  return `  ${name}: ${value === undefined ? printable(statement.value) : both(value)}`;
}

function timesOf({ times }: Inspection): string[] {
  if (times.length === 0) return ['  –'];
  return times.map(
    ({ at, source, independent }) =>
      `  不晚于 not after ${at}  ${printable(source)}  ${independent ? 'independent 独立' : 'not independent 非独立'}`,
  );
}
