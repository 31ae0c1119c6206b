import { fromBER } from 'asn1js';
import { concat, parseHex } from '../../format/bytes.ts';

/** A signature dictionary (ISO 32000-1 §12.8.1) as it lies in the file. Nothing of it is verified yet. */
export interface PdfSignature {
  /** `adbe.pkcs7.detached`, `ETSI.CAdES.detached`, `ETSI.RFC3161` …; empty if not stated. */
  subFilter: string;
  /** What it covers, or why that is nothing that can be relied on. */
  coverage: PdfCoverage;
  /** What the signer wrote about himself: Name, Reason, Location, ContactInfo, M. */
  stated: { field: string; value: string }[];
  /** M as an instant; undefined if it is not stated or no date. */
  statedUnixMs: number | undefined;
}

export type PdfCoverage =
  | {
      ok: true;
      /** Offset behind the last byte covered; from 0 on all but the signature's own hex is covered. */
      end: number;
      /** Copied when asked for: a file may have many signatures, each over nearly all of it. */
      content(): Uint8Array;
      /** The signature's bytes without the placeholder's zeros; undefined if they are no BER element. */
      contents: Uint8Array | undefined;
    }
  | { ok: false; reason: string };

/** A PDF as far as its signatures need it. */
export interface PdfSignatures {
  /** In the order of what they cover. */
  signatures: PdfSignature[];
  /** Offsets behind each revision's end-of-file mark, ascending: what incremental updates left in place (ISO 32000-1 §7.5.6). */
  revisions: number[];
  /** What stands behind `end`; undefined if that is nothing but a line end. */
  addedAfter(end: number): PdfAddition | undefined;
}

export interface PdfAddition {
  bytes: number;
  /** Object numbers that were there before and are defined anew. */
  replaced: number[];
  /** Validation material alone, or more than that; undefined if the update's tables are compressed or cannot be read. */
  onlyValidationData: boolean | undefined;
}

const MAX_SIGNATURES = 32;
/** Hex digits: room for a token and revocation data. */
const MAX_CONTENTS = 4 * 1024 * 1024;
const MAX_DICTIONARY = 1024 * 1024;
const STATED_FIELDS = ['Name', 'Reason', 'Location', 'ContactInfo', 'M'];

/** @returns undefined if there is no signature dictionary in the file, or more than 32 */
export function readPdfSignatures(bytes: Uint8Array): PdfSignatures | undefined {
  const text = latin1(bytes);
  const found = [...text.matchAll(/\/ByteRange\b/g)].map((match) => match.index);
  if (found.length === 0 || found.length > MAX_SIGNATURES) return undefined;
  const revisions = revisionEnds(text);
  const signatures = found.map((at) => readSignature(bytes, text, at, revisions));
  const endOf = ({ coverage }: PdfSignature) => (coverage.ok ? coverage.end : 0);
  signatures.sort((a, b) => endOf(a) - endOf(b));
  return { signatures, revisions, addedAfter: (end) => additionAfter(text, end) };
}

function readSignature(bytes: Uint8Array, text: string, at: number, revisions: readonly number[]): PdfSignature {
  const start = Math.max(text.lastIndexOf(' obj', at), text.lastIndexOf('endobj', at), 0);
  const behind = text.indexOf('endobj', at);
  const dictionary = { start, end: behind < 0 ? text.length : behind };
  const coverage = readCoverage(bytes, text, at, dictionary, revisions);
  // The signature's own hex is long and holds no key.
  const around = text
    .slice(dictionary.start, Math.min(dictionary.end, dictionary.start + MAX_DICTIONARY))
    .replace(/<[0-9a-fA-F\s]{512,}>/g, '<>');
  const stated = STATED_FIELDS.flatMap((field) => {
    const value = stringValue(around, field);
    return value === undefined ? [] : [{ field, value }];
  });
  return {
    subFilter: /\/SubFilter\s*\/([\w.]{1,60})/.exec(around)?.[1] ?? '',
    coverage,
    stated,
    statedUnixMs: dateValue(stated.find(({ field }) => field === 'M')?.value ?? ''),
  };
}

function readCoverage(
  bytes: Uint8Array,
  text: string,
  at: number,
  dictionary: { start: number; end: number },
  revisions: readonly number[],
): PdfCoverage {
  const refused = (reason: string): PdfCoverage => ({ ok: false, reason });
  const match = /^\/ByteRange\s*\[\s*(\d{1,10})\s+(\d{1,10})\s+(\d{1,10})\s+(\d{1,10})\s*\]/.exec(
    text.slice(at, at + 200),
  );
  if (match === null) return refused('byte-range-malformed');
  const [a, b, c, d] = match.slice(1).map(Number) as [number, number, number, number];
  const end = c + d;
  if (a !== 0 || c <= b + 2 || end > bytes.length) return refused('signature-does-not-cover-the-file');
  const gap = text.slice(b, c);
  // The one thing that a signature cannot cover is itself: its hex in its own dictionary, and nothing besides.
  if (!/^<[0-9a-fA-F]+>$/.test(gap) || gap.length % 2 !== 0) return refused('signature-does-not-cover-the-file');
  if (b < dictionary.start || c > dictionary.end || !/\/Contents\s*$/.test(text.slice(Math.max(0, b - 40), b))) {
    return refused('byte-range-leaves-out-something-else');
  }
  if (!revisions.some((mark) => mark <= end && /^[\r\n]{0,2}$/.test(text.slice(mark, end)))) {
    return refused('signature-ends-inside-a-revision');
  }
  return {
    ok: true,
    end,
    content: () => concat(bytes.subarray(0, b), bytes.subarray(c, end)),
    contents: gap.length > MAX_CONTENTS ? undefined : withoutPlaceholder(parseHex(gap.slice(1, -1).toLowerCase())),
  };
}

/** The placeholder is longer than the signature; what follows must be nothing but its zeros. */
function withoutPlaceholder(hex: Uint8Array): Uint8Array | undefined {
  let offset: number;
  try {
    ({ offset } = fromBER(hex.slice().buffer));
  } catch {
    // The library recurses: elements nested a hundred thousand deep exhaust its stack.
    return undefined;
  }
  if (offset <= 0 || hex.subarray(offset).some((byte) => byte !== 0)) return undefined;
  return hex.slice(0, offset);
}

/** The first part of a linearised file ends in a mark with `startxref 0`, which ends no revision. */
function revisionEnds(text: string): number[] {
  return [...text.matchAll(/startxref\s+(\d{1,10})\s+%%EOF/g)]
    .filter((match) => Number(match[1]) !== 0)
    .map((match) => match.index + match[0].length);
}

function additionAfter(text: string, end: number): PdfAddition | undefined {
  if (/^[\r\n]{0,2}$/.test(text.slice(end, end + 3))) return undefined;
  const bytes = text.length - end;
  // Bytes that no table of theirs describes are nothing that a signing tool writes, and some viewers look for objects in them.
  if (!/startxref\s+\d{1,10}\s+%%EOF\s*$/.test(text.slice(Math.max(end, text.length - 2048)))) {
    return { bytes, replaced: [], onlyValidationData: false };
  }
  const update = readUpdates(text, end);
  if (update === undefined) return { bytes, replaced: [], onlyValidationData: undefined };
  const replaced = [...update.defined.keys()].filter((number) => number < update.knownBelow).sort((a, b) => a - b);
  return { bytes, replaced, onlyValidationData: isValidationData(text, end, update, replaced) };
}

interface Updates {
  /** Offset by object number, as the newest table has it; only what tables behind `end` define. */
  defined: Map<number, number>;
  /** Objects of the covered revision have smaller numbers. */
  knownBelow: number;
  /** Object number of the catalog, of the covered revision and of every update. */
  roots: Set<string>;
  info: string | undefined;
  /** The catalog of the covered revision, at the offset that its tables state; undefined if they are compressed. */
  coveredCatalog: string | undefined;
}

const MAX_UPDATES = 50;

/**
 * Follows the cross-reference tables from the end of the file to the first one that is covered (ISO 32000-1 §7.5.4, §7.5.6), as a
 * viewer does: objects that only look like ones do not count. Undefined for compressed tables and for what cannot be read.
 */
function readUpdates(text: string, end: number): Updates | undefined {
  const update: Updates = {
    defined: new Map(),
    knownBelow: 0,
    roots: new Set(),
    info: undefined,
    coveredCatalog: undefined,
  };
  let at = Number(lastMatch(text.slice(-2048), /startxref\s+(\d{1,10})\s+%%EOF/g) ?? Number.NaN);
  for (let i = 0; i < MAX_UPDATES; i++) {
    if (i === 0 && at < end) return undefined;
    const table = readTable(text, at);
    if (table === undefined) return undefined;
    update.roots.add(table.root);
    if (at < end) {
      update.knownBelow = table.size;
      update.info = table.info;
      update.coveredCatalog = catalogIn(text, table);
      return update;
    }
    for (const [number, offset] of table.entries) {
      if (!update.defined.has(number)) update.defined.set(number, offset);
    }
    at = table.prev;
  }
  return undefined;
}

function catalogIn(text: string, newest: XrefTable): string | undefined {
  let table: XrefTable | undefined = newest;
  for (let i = 0; i < MAX_UPDATES && table !== undefined; i++) {
    const entry = table.entries.find(([number]) => String(number) === newest.root);
    if (entry !== undefined) return objectAt(text, entry[1], newest.root);
    table = readTable(text, table.prev);
  }
  return undefined;
}

interface XrefTable {
  entries: [number, number][];
  size: number;
  root: string;
  info: string | undefined;
  prev: number;
}

function readTable(text: string, at: number): XrefTable | undefined {
  const body = Number.isSafeInteger(at) && text.startsWith('xref', at) ? text.indexOf('trailer', at) : -1;
  const closed = body < 0 ? -1 : text.indexOf('startxref', body);
  if (closed < 0) return undefined;
  const trailer = text.slice(body, closed);
  // A second spelling of a name, a comment or a second table could say something else to a viewer.
  if (/[#%]|\/XRefStm\b/.test(trailer)) return undefined;
  const number = (pattern: RegExp) => Number(pattern.exec(trailer)?.[1] ?? Number.NaN);
  const root = trailer.match(/\/Root\s+\d{1,9}\s+\d{1,5}\s+R/g);
  if (root?.length !== 1) return undefined;
  const size = number(/\/Size\s+(\d{1,9})\b/);
  const entries = readEntries(text.slice(at + 4, body));
  if (entries === undefined || !Number.isSafeInteger(size)) return undefined;
  return {
    entries,
    size,
    root: /\d+/.exec(root[0])?.[0] ?? '',
    info: /\/Info\s+(\d{1,9})\s/.exec(trailer)?.[1],
    prev: number(/\/Prev\s+(\d{1,10})\b/),
  };
}

function readEntries(table: string): [number, number][] | undefined {
  const entries: [number, number][] = [];
  const lines = table
    .split(/[\r\n]+/)
    .map((line) => line.trim())
    .filter((line) => line !== '');
  let next = 0;
  let left = 0;
  for (const line of lines) {
    const head = /^(\d{1,9}) (\d{1,9})$/.exec(line);
    const entry = /^(\d{10}) \d{5} ([nf])$/.exec(line);
    if (left > 0 && entry !== null) {
      // Entry 0 is the head of the free list and no object.
      if (next !== 0) entries.push([next, Number(entry[1])]);
      next++;
      left--;
    } else if (left === 0 && head !== null) {
      next = Number(head[1]);
      left = Number(head[2]);
    } else return undefined;
  }
  return left === 0 ? entries : undefined;
}

/**
 * An update that defines no known object anew but the catalog, and in it nothing but the entries for validation material, cannot
 * change what is shown: every other object of it is reached from those entries alone.
 */
function isValidationData(
  text: string,
  end: number,
  update: Updates,
  replaced: readonly number[],
): boolean | undefined {
  const [root, ...others] = update.roots;
  if (root === undefined || others.length > 0) return false;
  const before = text.slice(0, end);
  const old = update.coveredCatalog;
  if (old === undefined || before.includes('/ObjStm')) return undefined;
  const dss = /\/DSS\s+(\d{1,9})\s/.exec(old)?.[1];
  for (const number of replaced.map(String)) {
    if (number === root) continue;
    // Information and validation material may be renewed, unless something that is shown uses the same object.
    const key = number === update.info ? 'Info' : number === dss ? 'DSS' : undefined;
    if (key === undefined) return false;
    if (isUsedOtherwise(before, number, key)) return undefined;
  }
  const offset = update.defined.get(Number(root));
  if (offset === undefined) return true;
  const renewed = objectAt(text, offset, root);
  return renewed === undefined ? undefined : catalogCore(old) === catalogCore(renewed);
}

/** Any reference to the object but behind this key; also one that a comment could hide from this look. */
function isUsedOtherwise(text: string, number: string, key: string): boolean {
  if (new RegExp(`\\b0*${number}\\s*(?:\\d{1,5}\\s*)?%`).test(text)) return true;
  const references = text.matchAll(new RegExp(`\\b0*${number}\\s+\\d{1,5}\\s+R\\b`, 'g'));
  const isBehindKey = new RegExp(`/${key}\\s+$`);
  return [...references].some(({ index }) => !isBehindKey.test(text.slice(Math.max(0, index - 40), index)));
}

/** Entries whose removal cannot hide another one: without strings, comments or second spellings of names. */
function catalogCore(catalog: string): string {
  return catalog
    .replace(/\/DSS\s+\d+\s+\d+\s+R/g, '')
    .replace(/\/Extensions\s*<<(?:[^<>(%#]|<<[^<>(%#]*>>)*>>/g, '')
    .replace(/\/Version\s*\/[\d.]+/g, '')
    .replace(/\s+/g, ' ')
    .replace(/ ?(<<|>>|[[\]/()]) ?/g, '$1')
    .trim();
}

function objectAt(text: string, offset: number, number: string): string | undefined {
  const head = new RegExp(`^\\s*${number}\\s+\\d{1,5}\\s+obj\\b`).exec(text.slice(offset, offset + 40));
  return head === null ? undefined : upToEnd(text, offset + head[0].length);
}

function upToEnd(text: string, start: number): string | undefined {
  const end = text.indexOf('endobj', start);
  return end < 0 ? undefined : text.slice(start, end);
}

function lastMatch(text: string, pattern: RegExp): string | undefined {
  const all = [...text.matchAll(pattern)];
  return all[all.length - 1]?.[1];
}

/** `D:20250601120000+08'00'` (ISO 32000-1 §7.9.4); without an offset it is taken as UTC. */
function dateValue(text: string): number | undefined {
  const match = /^D:(\d{4})(\d\d)?(\d\d)?(\d\d)?(\d\d)?(\d\d)?(?:Z|([+-])(\d\d)'?(\d\d)?)?/.exec(text);
  if (match === null) return undefined;
  const part = (i: number, otherwise: number) => Number(match[i] ?? otherwise);
  const offsetMinutes = (match[7] === '-' ? -1 : 1) * (part(8, 0) * 60 + part(9, 0));
  const local = Date.UTC(part(1, 0), part(2, 1) - 1, part(3, 1), part(4, 0), part(5, 0), part(6, 0));
  return local - offsetMinutes * 60_000;
}

/** A literal or hexadecimal string (ISO 32000-1 §7.3.4) in PDFDocEncoding, UTF-16BE or UTF-8. */
function stringValue(dictionary: string, key: string): string | undefined {
  const match = new RegExp(`/${key}\\s*(?:\\(((?:[^\\\\()]|\\\\[\\s\\S])*)\\)|<([0-9a-fA-F\\s]*)>)`).exec(dictionary);
  if (match === null) return undefined;
  const raw = match[1] === undefined ? unhex(match[2] ?? '') : unescapeLiteral(match[1]);
  const bytes = Uint8Array.from(raw, (c) => c.charCodeAt(0));
  let value = raw;
  if (raw.startsWith('\u00fe\u00ff')) value = decode(bytes.subarray(2), 'utf-16be');
  else if (raw.startsWith('\u00ef\u00bb\u00bf')) value = decode(bytes.subarray(3), 'utf-8');
  return value.slice(0, 1000).toWellFormed();
}

function unhex(digits: string): string {
  const clean = digits.replace(/\s/g, '');
  return (clean.match(/../g) ?? []).map((pair) => String.fromCharCode(Number.parseInt(pair, 16))).join('');
}

const ESCAPES: Record<string, string> = { n: '\n', r: '\r', t: '\t', b: '\b', f: '\f' };

function unescapeLiteral(text: string): string {
  return text.replace(/\\([0-7]{1,3}|\r\n|[\s\S])/g, (_, escaped: string) => {
    if (/^[0-7]/.test(escaped)) return String.fromCharCode(Number.parseInt(escaped, 8) & 255);
    if (/^[\r\n]/.test(escaped)) return '';
    return ESCAPES[escaped] ?? escaped;
  });
}

function decode(bytes: Uint8Array, encoding: string): string {
  return new TextDecoder(encoding).decode(bytes);
}

function latin1(bytes: Uint8Array): string {
  let text = '';
  for (let i = 0; i < bytes.length; i += 8192) text += String.fromCharCode(...bytes.subarray(i, i + 8192));
  return text;
}

declare const TextDecoder: new (encoding: string) => { decode(bytes: Uint8Array): string };
