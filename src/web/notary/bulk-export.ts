import { wordingOfStanding } from '../../verify/ladder.ts';
import { wordingOfCause, wordingOfCheck, wordingOfConclusion } from '../../verify/wording.ts';
import type { Language } from '../language.tsx';
import { beijingTime } from '../measures.ts';
import { subjectText, type Text } from '../texts.ts';
import { type BulkRow, COLUMNS } from './bulk-report.ts';
import { bulkTexts, columnTexts, rowStateTexts } from './notary-texts.ts';

/** For spreadsheets: with a byte order mark, so that they read UTF-8, and no cell that they would compute. */
export function bulkCsv(rows: readonly BulkRow[], language: Language): Blob {
  const t = (text: Text) => text[language];
  const headings = [
    ...[bulkTexts.file, bulkTexts.size, bulkTexts.kind, bulkTexts.state, bulkTexts.certificateNo].map(t),
    ...[bulkTexts.depositNo, bulkTexts.depositId, bulkTexts.digest, bulkTexts.depositor, bulkTexts.title].map(t),
    ...[bulkTexts.notAfter, bulkTexts.source, bulkTexts.independent, bulkTexts.conclusion].map(t),
    ...COLUMNS.map((question) => t(columnTexts[question])),
    ...[bulkTexts.failedCount, bulkTexts.failedChecks].map(t),
  ];
  const cells = rows.map(({ path, file, kind, state, summary, error }) => [
    ...[path, String(file.size), t(subjectText(kind)), t(rowStateTexts[state])],
    ...[summary?.certificateNo ?? '', String(summary?.leafIndex ?? ''), summary?.depositId ?? ''],
    ...[summary?.digest ?? '', summary?.depositor ?? '', summary?.title ?? ''],
    ...(summary?.notAfter == null
      ? ['', '', '']
      : [
          beijingTime(summary.notAfter.at),
          summary.notAfter.source,
          t(summary.notAfter.independent ? bulkTexts.yes : bulkTexts.no),
        ]),
    summary === null ? '' : t(wordingOfConclusion(summary.conclusion)),
    ...COLUMNS.map((question) => (summary?.standings == null ? '' : t(wordingOfStanding(summary.standings[question])))),
    summary === null ? '' : String(summary.failedCount),
    error === null
      ? (summary?.failed ?? [])
          .map((check) => `${t(wordingOfCheck(check.name))} (${check.name}): ${t(wordingOfCause(check) as Text)}`)
          .join('; ')
      : `${error.code}: ${error.message}`,
  ]);
  const lines = [headings, ...cells].map((line) => `${line.map(csvCell).join(',')}\r\n`);
  return new Blob(['\ufeff', ...lines], { type: 'text/csv' });
}

/** Every cell in quotes; what a spreadsheet would take for a formula becomes text. */
export function csvCell(value: string): string {
  const isFormula = /^[\s\p{C}]*[=+\-@|%＝＋－＠]/u.test(value) || /^[\t\r\n]/.test(value);
  return `"${(isFormula ? `'${value}` : value).replaceAll('"', '""')}"`;
}

/** All reports, each in its canonical bytes, put together without reading them. What could not be read is named with its code. */
export function bulkJson(rows: readonly BulkRow[], head: { policy: string | null; madeAt: string }): Blob {
  const parts: BlobPart[] = [
    `{"madeAt":${JSON.stringify(head.madeAt)},"policy":${JSON.stringify(head.policy)},"files":[`,
  ];
  let between = '\n';
  for (const { path, report, error } of rows) {
    if (report === null && error === null) continue;
    parts.push(`${between}{"file":${JSON.stringify(path)},`);
    if (report === null) parts.push(`"error":${JSON.stringify(error)}}`);
    else parts.push('"report":', report, '}');
    between = ',\n';
  }
  return new Blob([...parts, '\n]}\n'], { type: 'application/json' });
}
