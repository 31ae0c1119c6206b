import { CodedError, FormatError } from '../../errors.ts';
import { encodeHex, encodeUtf8, parseUtf8, sha256 } from '../../format/bytes.ts';
import type { Inspection } from '../../format/inspection.ts';
import type { Check } from '../../format/report.ts';
import { type Facts, failed, notChecked, passed } from '../checks.ts';
import type { Finding } from './finding.ts';

/** Algorithms of RFC 8493 §2.4 whose manifests are compared; manifests of others are named. */
export const BAG_ALGORITHMS = ['md5', 'sha1', 'sha256', 'sha384', 'sha512'] as const;
export type BagAlgorithm = (typeof BAG_ALGORITHMS)[number];

/** One file of a bag, hashed where the reader is. */
export interface BaggedFile {
  /** From the bag's base directory on, or from the ZIP's own root. */
  path: string;
  sizeBytes: number;
  /** SHA-256, and those of `bagAlgorithms`; lower-case hex. */
  digests: Partial<Record<BagAlgorithm, string>>;
  /** The content, if it is small enough to be a manifest. */
  bytes: Uint8Array | undefined;
}

const DIGEST_LENGTH: Record<BagAlgorithm, number> = { md5: 32, sha1: 40, sha256: 64, sha384: 96, sha512: 128 };
/** They show accidents; whoever wants to can make two files of one digest. */
const WEAK: readonly string[] = ['md5', 'sha1'];
const DECLARATION = 'bagit.txt';
const MANIFEST = /^(tag)?manifest-([a-z0-9-]{1,40})\.txt$/;
const MAX_NAMED = 20;
const MAX_MANIFESTS = 32;

/** Where the bag begins in a ZIP: at its root, or in the one folder that RFC 8493 §4 asks for. Undefined if it is no bag. */
export function bagBase(paths: readonly string[]): string | undefined {
  if (paths.includes(DECLARATION)) return '';
  const found = paths.filter((path) => /^[^/]+\/bagit\.txt$/.test(path));
  return found.length === 1 ? (found[0] as string).slice(0, -DECLARATION.length) : undefined;
}

/** The digests to compute of every file: SHA-256, and those that the bag's manifests state. */
export function bagAlgorithms(paths: readonly string[]): BagAlgorithm[] {
  const base = bagBase(paths) ?? '';
  const stated = paths.flatMap((path) => {
    const name = path.startsWith(base) ? MANIFEST.exec(path.slice(base.length))?.[2] : undefined;
    return name === undefined ? [] : [name];
  });
  return BAG_ALGORITHMS.filter((name) => name === 'sha256' || stated.includes(name));
}

/**
 * Looks into a bag of whatever service (RFC 8493): is it complete, and is each file the one that its manifests list? Nobody signs a
 * bag, so that whoever changed a file could have changed the manifests too: that is `bag.seal`, which never passes.
 * @throws FormatError `unknown-type` if it is no bag; `invalid-manifest` if it has more than 32 manifests
 */
export function inspectBag(files: readonly BaggedFile[]): Finding {
  const base = bagBase(files.map(({ path }) => path));
  if (base === undefined) throw new FormatError('unknown-type', `no ${DECLARATION} in it: not a bag`);
  const bag = openBag(files, base);
  const names = bag.names.filter((name) => MANIFEST.test(name));
  if (names.length > MAX_MANIFESTS) {
    throw new FormatError('invalid-manifest', `${names.length} manifests, at most ${MAX_MANIFESTS} are read`);
  }
  const manifests = names.flatMap((name) => openManifest(bag, name));
  const payload = manifests.filter(({ isTag }) => !isTag);
  const fetched = openFetch(bag);
  const missing = missingPaths(bag, payload);
  const checks = [
    checkDeclaration(bag),
    ...bag.twice.slice(0, MAX_NAMED).map((path) => failed('bag.extra', path, 'path-twice-in-the-zip')),
    ...(payload.length === 0 ? [failed('bag.manifest', null, 'no-manifest')] : []),
    ...manifests.map((manifest) => checkManifest(bag, manifest, fetched)),
    checkFetch(fetched, missing),
    checkExtra(bag, payload),
    checkTags(bag, manifests),
    notChecked('bag.seal', null, 'absent'),
  ];
  const listing = [...files].map(({ path, digests }) => `${digests.sha256}  ${path.slice(base.length)}\n`).sort();
  return {
    digest: encodeHex(sha256(encodeUtf8(listing.join('')))),
    checks,
    required: ['bag.declaration', 'bag.manifest', 'bag.fetch', 'bag.extra', 'bag.tags', 'bag.seal'],
    times: [],
    statements: infoOf(bag),
    limits: [
      {
        zh: 'BagIt 清单没有签名：它能发现意外改动，不能发现有意改动清单和文件的人。',
        en: 'Manifests of a bag are signed by nobody: they show accidents, not somebody who changed a file and its manifests.',
      },
    ],
  };
}

interface Bag {
  byPath: ReadonlyMap<string, BaggedFile>;
  /** File names at the base: tag files, manifests among them. */
  names: string[];
  twice: string[];
  outside: string[];
}

function openBag(files: readonly BaggedFile[], base: string): Bag {
  const byPath = new Map<string, BaggedFile>();
  const bag: Bag = { byPath, names: [], twice: [], outside: [] };
  for (const file of files) {
    if (!file.path.startsWith(base)) {
      bag.outside.push(file.path);
      continue;
    }
    const path = file.path.slice(base.length);
    if (byPath.has(path)) bag.twice.push(path);
    byPath.set(path, file);
    if (!path.includes('/')) bag.names.push(path);
  }
  bag.names.sort();
  return bag;
}

/** RFC 8493 §2.1.1. Versions before 1.0 are read alike. */
function checkDeclaration(bag: Bag): Check {
  const name = 'bag.declaration';
  const text = textOf(bag, DECLARATION);
  const match =
    /^BagIt-Version: (\d{1,3}\.\d{1,3})\r?\nTag-File-Character-Encoding: ([\w.:-]{1,40})[ \t]*(?:\r?\n)?$/.exec(
      text ?? '',
    );
  if (match === null) return failed(name, null, 'declaration-malformed');
  const facts: Facts = { version: match[1] as string, encoding: match[2] as string };
  if (facts.encoding?.toUpperCase() !== 'UTF-8') return notChecked(name, null, 'unsupported', facts);
  return passed(name, null, facts);
}

interface OpenedManifest {
  name: string;
  isTag: boolean;
  algorithm: string;
  /** Digest by path, lower-case hex; or why it cannot be read. */
  listed: ReadonlyMap<string, string> | { refused: string };
}

function openManifest(bag: Bag, name: string): OpenedManifest[] {
  const match = MANIFEST.exec(name);
  if (match === null) return [];
  const algorithm = match[2] as string;
  const length = DIGEST_LENGTH[algorithm as BagAlgorithm] as number | undefined;
  const listed = parseLines(textOf(bag, name), length);
  return [{ name, isTag: match[1] !== undefined, algorithm, listed }];
}

/** `digest path`, with any white space between and an optional asterisk (RFC 8493 §2.1.3); percent-encoded CR, LF and %. */
function parseLines(text: string | undefined, length: number | undefined): OpenedManifest['listed'] {
  if (text === undefined) return { refused: 'manifest-unreadable' };
  const listed = new Map<string, string>();
  for (const line of text.split(/\r\n|\r|\n/)) {
    if (line === '') continue;
    const match = /^([0-9A-Fa-f]+)[ \t]+\*?(?:\.\/)?(\S.*)$/u.exec(line);
    if (match === null) return { refused: 'manifest-malformed' };
    const digest = (match[1] as string).toLowerCase();
    if (length !== undefined && digest.length !== length) return { refused: 'manifest-malformed' };
    const path = decodePath(match[2] as string);
    if (!isInside(path)) return { refused: 'path-leads-out-of-the-bag' };
    const before = listed.get(path);
    if (before !== undefined && before !== digest) return { refused: 'path-listed-twice' };
    listed.set(path, digest);
  }
  return listed;
}

function decodePath(path: string): string {
  return path.replace(/%(?:0A|0D|25)/gi, (code) => decodeURIComponent(code));
}

function isInside(path: string): boolean {
  return !/^(?:\/|~|[A-Za-z]:)/.test(path) && path.split(/[/\\]/).every((segment) => segment !== '..');
}

function checkManifest(bag: Bag, manifest: OpenedManifest, fetched: Fetched): Check {
  const check = 'bag.manifest';
  const { name, isTag, algorithm, listed } = manifest;
  if ('refused' in listed) return failed(check, name, listed.refused);
  const facts: Facts = { algorithm, files: String(listed.size) };
  if (!(algorithm in DIGEST_LENGTH)) return notChecked(check, name, 'unsupported', facts);
  const changed: string[] = [];
  const missing: string[] = [];
  for (const [path, digest] of listed) {
    const file = fileAt(bag, path);
    if (file === undefined) missing.push(path);
    else if (file.digests[algorithm as BagAlgorithm] !== digest) changed.push(path);
    if (!isTag && !path.startsWith('data/')) return failed(check, name, 'path-outside-the-payload', { path });
  }
  if (changed.length > 0) return failed(check, name, 'file-changed', { ...facts, ...namedPaths('changed', changed) });
  const lost = missing.filter((path) => !fetched.paths.has(path));
  if (lost.length > 0) {
    return failed(check, name, 'listed-file-missing', { ...facts, ...namedPaths('missing', lost) });
  }
  if (WEAK.includes(algorithm)) facts.strength = 'accidents only';
  return passed(check, name, { ...facts, compared: String(listed.size - missing.length) });
}

interface Fetched {
  paths: ReadonlySet<string>;
  urls: ReadonlyMap<string, string>;
  refused: boolean;
}

/** `url length path` (RFC 8493 §2.2.3). Nothing is ever fetched here. */
function openFetch(bag: Bag): Fetched {
  const urls = new Map<string, string>();
  let refused = false;
  if (bag.byPath.has('fetch.txt')) {
    const text = textOf(bag, 'fetch.txt');
    refused = text === undefined;
    for (const line of (text ?? '').split(/\r\n|\r|\n/)) {
      if (line === '') continue;
      const match = /^(\S+)[ \t]+(?:\d+|-)[ \t]+(\S.*)$/.exec(line);
      const path = match === null ? undefined : decodePath(match[2] as string);
      if (path === undefined || !isInside(path)) refused = true;
      else urls.set(path, match?.[1] as string);
    }
  }
  return { paths: new Set(urls.keys()), urls, refused };
}

function missingPaths(bag: Bag, payload: readonly OpenedManifest[]): string[] {
  const listed = payload.flatMap((manifest) => ('refused' in manifest.listed ? [] : [...manifest.listed.keys()]));
  return [...new Set(listed)].filter((path) => fileAt(bag, path) === undefined);
}

/** Files that the bag only names the address of, and that are not in it. */
function checkFetch(fetched: Fetched, missing: readonly string[]): Check {
  const name = 'bag.fetch';
  if (fetched.refused) return failed(name, null, 'fetch-malformed');
  const absent = missing.filter((path) => fetched.paths.has(path));
  if (absent.length === 0) return passed(name, null, { listed: String(fetched.paths.size), notFetched: '0' });
  const lines = absent.slice(0, MAX_NAMED).map((path) => `${path} ${fetched.urls.get(path) ?? ''}`);
  return notChecked(name, null, 'absent', {
    notFetched: String(absent.length),
    files: lines.join('; '),
  });
}

/** Payload that a manifest does not list (RFC 8493 §3: every payload manifest lists every payload file). */
function checkExtra(bag: Bag, payload: readonly OpenedManifest[]): Check {
  const name = 'bag.extra';
  if (bag.outside.length > 0) return failed(name, null, 'file-outside-the-bag', namedPaths('extra', bag.outside));
  const files = [...bag.byPath.keys()].filter((path) => path.startsWith('data/'));
  const lists = payload.flatMap(({ listed }) => ('refused' in listed ? [] : [listed]));
  const extra = files.filter((path) => lists.some((listed) => !isListed(listed, path)) || lists.length === 0);
  return extra.length === 0
    ? passed(name, null, { files: String(files.length) })
    : failed(name, null, 'file-not-in-the-manifest', namedPaths('extra', extra));
}

/** Tag files beside the payload: those that no tag manifest lists can be changed unnoticed, and are named. */
function checkTags(bag: Bag, manifests: readonly OpenedManifest[]): Check {
  const tags = [...bag.byPath.keys()].filter((path) => !path.startsWith('data/') && !path.startsWith('tagmanifest-'));
  const lists = manifests.flatMap(({ isTag, listed }) => (isTag && !('refused' in listed) ? [listed] : []));
  const unlisted = tags.filter((path) => !lists.some((listed) => isListed(listed, path)));
  const facts = { files: String(tags.length), ...namedPaths('unlisted', unlisted) };
  const oxum = checkOxum(bag);
  if (oxum !== undefined) return failed('bag.tags', null, oxum, facts);
  return passed('bag.tags', null, facts);
}

/** `Payload-Oxum: octets.files` of bag-info.txt (RFC 8493 §2.2.2), if it is there and nothing is left to fetch. */
function checkOxum(bag: Bag): string | undefined {
  const stated = /^Payload-Oxum:[ \t]*(\d{1,15})\.(\d{1,9})[ \t]*$/im.exec(textOf(bag, 'bag-info.txt') ?? '');
  if (stated === null || bag.byPath.has('fetch.txt')) return undefined;
  const payload = [...bag.byPath].filter(([path]) => path.startsWith('data/')).map(([, file]) => file);
  const octets = payload.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  return Number(stated[1]) === octets && Number(stated[2]) === payload.length ? undefined : 'payload-oxum-mismatch';
}

/** bag-info.txt: label, colon, value, folded lines begin with white space (RFC 8493 §2.2.2). */
function infoOf(bag: Bag): Inspection['statements'] {
  const rows: Inspection['statements'] = [];
  for (const line of (textOf(bag, 'bag-info.txt') ?? '').split(/\r\n|\r|\n/)) {
    const match = /^([^\s:][^:]{0,199}):[ \t]*(.*)$/.exec(line);
    const last = rows.at(-1);
    if (match !== null) rows.push({ by: 'bag', field: match[1] as string, value: match[2] as string });
    else if (/^[ \t]/.test(line) && last !== undefined) last.value += ` ${line.trim()}`;
  }
  return rows;
}

/** Some tools write names composed, some decomposed (RFC 8493 §5.2): the same name either way. */
function fileAt(bag: Bag, path: string): BaggedFile | undefined {
  return bag.byPath.get(path) ?? bag.byPath.get(path.normalize('NFC')) ?? bag.byPath.get(path.normalize('NFD'));
}

function isListed(listed: ReadonlyMap<string, string>, path: string): boolean {
  return listed.has(path) || listed.has(path.normalize('NFC')) || listed.has(path.normalize('NFD'));
}

function namedPaths(fact: string, paths: readonly string[]): Facts {
  if (paths.length === 0) return {};
  const named = [...paths].sort().slice(0, MAX_NAMED).join('; ').slice(0, 3900);
  return { [fact]: paths.length > MAX_NAMED ? `${named}; … ${paths.length}` : named };
}

function textOf(bag: Bag, path: string): string | undefined {
  const bytes = bag.byPath.get(path)?.bytes;
  if (bytes === undefined) return undefined;
  try {
    return parseUtf8(bytes);
  } catch (error) {
    if (error instanceof CodedError) return undefined;
    throw error;
  }
}
