import {
  type DerivativeRow,
  type MatterRow,
  type PartRow,
  selectDerivatives,
  selectIndexedDeposits,
  selectIndexedFiles,
} from '../db/matters.ts';
import type { Queryable } from '../db/pool.ts';
import { parseStatementAnnex } from '../format/annex.ts';
import { fileNameSchema, parseFileEntry } from '../format/deposit.ts';
import { parseObject, utcTimeOf } from '../format/fields.ts';

/** 证据目录: a matter's items in their order, arranged by issue, as a court expects them. */
export interface EvidenceIndex {
  matterId: string;
  title: string;
  dispute: string;
  /** When the list was made; it says how things stood then. */
  madeAt: string;
  entries: IndexEntry[];
}

export interface IndexEntry {
  /** From 1. */
  no: number;
  issue: string | null;
  name: string | null;
  /** Null: not said, printed as unknown. */
  source: string | null;
  proofPurpose: string | null;
  form: 'original' | 'copy' | 'unknown';
  pages: number | null;
  depositId: string;
  /** Null until the deposit is in the log. */
  depositNo: number | null;
  receivedAt: string;
  certificateNo: string | null;
  /** The deposit that this one was made from, if it is a derivative that is shown in its place. */
  derivedFrom: { depositId: string; kind: string; method: string } | null;
  files: { name: string; sizeBytes: number; digestSource: string; sha256: string; sm3: string | null }[];
  /** Rows of the corroboration table that begin with this item. */
  relations: { kind: string; no: number; remark: string | null }[];
}

/**
 * @param items those that the reader sees, in their order
 * @param sees whether he sees a deposit itself; where not, derivatives that he sees stand in its place
 */
export async function evidenceIndex(
  q: Queryable,
  matter: MatterRow,
  items: readonly PartRow[],
  relations: readonly PartRow[],
  sees: (item: PartRow) => 'deposit' | 'derivatives',
  at: Date,
): Promise<EvidenceIndex> {
  const originals = items.map((item) => String(item.depositId));
  const derivatives = await selectDerivatives(q, originals);
  const shown = items.flatMap((item) => placesOf(item, derivatives, sees(item)));
  const depositIds = [...new Set(shown.map((place) => place.depositId))];
  const [deposits, files] = [await selectIndexedDeposits(q, depositIds), await selectIndexedFiles(q, depositIds)];
  const arranged = byIssue(shown);
  const numbers = new Map<string, number>();
  for (const [i, { item }] of arranged.entries()) if (!numbers.has(item.id)) numbers.set(item.id, i + 1);
  const entries = arranged.map(({ item, depositId, derivedFrom }, i): IndexEntry => {
    const deposit = deposits.find((row) => row.depositId === depositId);
    const statement = deposit?.statement ? parseStatementAnnex(deposit.statement) : undefined;
    return {
      no: i + 1,
      issue: text(item.issue),
      name: text(item.title) ?? statement?.title ?? null,
      source: text(item.source) ?? statement?.source ?? null,
      proofPurpose: text(item.proofPurpose) ?? statement?.purpose ?? null,
      form: item.form as IndexEntry['form'],
      pages: item.pages as number | null,
      depositId,
      depositNo: deposit?.leafIndex == null ? null : Number(deposit.leafIndex),
      receivedAt: utcTimeOf(deposit?.receivedAt.getTime() ?? 0),
      certificateNo: deposit?.certificateNo ?? null,
      derivedFrom,
      files: files.filter((file) => file.depositId === depositId).map(fileOf),
      relations: relations
        .filter((row) => row.itemId === item.id && numbers.has(String(row.otherItemId)))
        .map((row) => ({
          kind: String(row.kind),
          no: numbers.get(String(row.otherItemId)) as number,
          remark: text(row.remark),
        })),
    };
  });
  const { matterId, title, dispute } = matter;
  return { matterId, title, dispute, madeAt: utcTimeOf(at.getTime()), entries };
}

interface Place {
  item: PartRow;
  depositId: string;
  derivedFrom: IndexEntry['derivedFrom'];
}

function placesOf(item: PartRow, derivatives: readonly DerivativeRow[], sees: 'deposit' | 'derivatives'): Place[] {
  const original = String(item.depositId);
  if (sees === 'deposit') return [{ item, depositId: original, derivedFrom: null }];
  return derivatives
    .filter((row) => row.originalDepositId === original)
    .map(({ depositId, kind, method }) => ({ item, depositId, derivedFrom: { depositId: original, kind, method } }));
}

/** Issues in the order of their first item; items without one come last. */
function byIssue(places: readonly Place[]): Place[] {
  const issues = [...new Set(places.map(({ item }) => text(item.issue)))].sort(
    (a, b) => Number(a === null) - Number(b === null),
  );
  return issues.flatMap((issue) => places.filter(({ item }) => text(item.issue) === issue));
}

function fileOf(row: { body: Uint8Array; nameBody: Uint8Array }): IndexEntry['files'][number] {
  const { sizeBytes, digestSource, digests } = parseFileEntry(row.body);
  const { name } = parseObject(fileNameSchema, 'tiezheng/file-name/v1', row.nameBody, 4096);
  return { name, sizeBytes, digestSource, ...digests };
}

function text(value: string | number | null | undefined): string | null {
  return typeof value === 'string' ? value : null;
}

const UNKNOWN = '来源未说明 source not stated';
const FORMS = { original: '原件 original', copy: '复制件 copy', unknown: '未说明 not stated' } as const;
const HEADINGS = [
  '序号 No.',
  '争议焦点 Issue',
  '证据名称 Evidence',
  '证据来源 Source',
  '证明目的 Purpose of proof',
  '原件/复制件 Form',
  '页数 Pages',
  '存证编号 Deposit no.',
  '平台接收时间 Received at (UTC)',
  '证书编号 Certificate no.',
  '文件及 SHA-256 Files',
  '印证关系 Relations',
] as const;
const RELATIONS: Readonly<Record<string, string>> = {
  corroborates: '印证 corroborates',
  contradicts: '相矛盾 contradicts',
  continues: '承接 continues',
  'same-act': '同一行为 same act as',
  explains: '说明 explains',
  compares: '比对 compares with',
};

function cellsOf(entry: IndexEntry): string[] {
  const derived = entry.derivedFrom === null ? '' : ` (衍生件 derivative: ${entry.derivedFrom.method})`;
  return [
    String(entry.no),
    entry.issue ?? '',
    `${entry.name ?? ''}${derived}`,
    entry.source ?? UNKNOWN,
    entry.proofPurpose ?? '',
    FORMS[entry.form],
    entry.pages === null ? '' : String(entry.pages),
    entry.depositNo === null ? '' : String(entry.depositNo),
    entry.receivedAt,
    entry.certificateNo ?? '',
    entry.files
      .map(
        (file) => `${file.name} ${file.sha256}${file.digestSource === 'declared' ? ' (仅摘要 digest declared)' : ''}`,
      )
      .join('\n'),
    entry.relations
      .map(({ kind, no, remark }) => `${RELATIONS[kind] ?? kind} ${no}${remark === null ? '' : `: ${remark}`}`)
      .join('\n'),
  ];
}

/** RFC 4180 with a byte order mark, which spreadsheets need to see UTF-8. No cell is taken for a formula. */
export function indexCsv(index: EvidenceIndex): string {
  const lines = [[...HEADINGS], ...index.entries.map(cellsOf)].map((cells) => cells.map(csvCell).join(','));
  return `\uFEFF${lines.join('\r\n')}\r\n`;
}

/** Spreadsheets calculate cells that begin with these, also after blanks; a quote before them makes the cell text. */
export function csvCell(value: string): string {
  const isFormula = /^[\s\p{C}]*[=+\-@|%＝＋－＠]/u.test(value) || /^[\t\r\n]/.test(value);
  return `"${(isFormula ? `'${value}` : value).replaceAll('"', '""')}"`;
}

/** One page for printing: loads nothing, runs nothing. */
export function indexHtml(index: EvidenceIndex): string {
  const head = HEADINGS.map((heading) => `<th scope="col">${htmlOf(heading)}</th>`).join('');
  const rows = index.entries.map(
    (entry) =>
      `<tr>${cellsOf(entry)
        .map((cell) => `<td>${htmlOf(cell)}</td>`)
        .join('')}</tr>`,
  );
  return `<!doctype html>
<html lang="zh-CN"><head><meta charset="utf-8"><title>证据目录 ${htmlOf(index.title)}</title>
<style>body{font:11pt/1.5 "Noto Sans SC",sans-serif;margin:1.5cm}table{border-collapse:collapse;width:100%;font-size:9pt}
td,th{border:1px solid #444;padding:3pt 5pt;text-align:left;vertical-align:top;white-space:pre-wrap;overflow-wrap:anywhere}
thead{display:table-header-group}tr{break-inside:avoid}@page{size:A4 landscape;margin:12mm}</style></head>
<body><h1>证据目录 Evidence index</h1>
<p>${htmlOf(index.title)}</p>
<p>制作时间 Made at ${htmlOf(index.madeAt)} (UTC)。来源、证明目的等由当事人陈述。Source and purpose are the party's own statements.</p>
<table><thead><tr>${head}</tr></thead><tbody>
${rows.join('\n')}
</tbody></table>
<p>提交人(签名) Submitted by (signature): ____________ &nbsp; 日期 Date: ____________</p></body></html>
`;
}

function htmlOf(value: string): string {
  return value.replace(/[&<>"']/g, (c) => `&#${c.charCodeAt(0)};`);
}
