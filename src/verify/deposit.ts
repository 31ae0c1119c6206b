import { CodedError } from '../errors.ts';
import type { DepositorAnnex, StatementAnnex } from '../format/annex.ts';
import type { SignatureAnnex } from '../format/annex-signature.ts';
import { asHash32, encodeHex, parseHex } from '../format/bytes.ts';
import { commit } from '../format/commitment.ts';
import type { DepositRecord, FileEntry, FileName } from '../format/deposit.ts';
import type { Check } from '../format/report.ts';
import { fileLeafData } from '../format/spine.ts';
import { leafHash } from '../merkle/hash.ts';
import { verifyInclusion } from '../merkle/inclusion.ts';
import { rootFromLeafHashes } from '../merkle/tree.ts';
import { checkSignatureAnnex } from './annex-signature.ts';
import { failed, notChecked, passed } from './checks.ts';

/** A file of the deposit as the reader was given it. Without `path`, all entries are there and the root is rebuilt from them. */
export interface OpenedFile {
  entry: FileEntry;
  name: FileName | null;
  path?: string[];
}

/** Annexes that were opened for the reader. */
interface OpenedAnnexes {
  depositor?: DepositorAnnex | undefined;
  statement?: StatementAnnex | undefined;
  signature?: SignatureAnnex | undefined;
}

/** Do the opened parts belong to this record? Whether the record is in the log is `log.inclusion`. */
export async function checkRecord(
  record: DepositRecord,
  files: readonly OpenedFile[],
  annexes: OpenedAnnexes,
): Promise<Check[]> {
  return [
    checkBelonging(record, files, annexes),
    ...checkAnnexes(record, annexes),
    await checkSignatureAnnex(record, annexes.signature),
    ...checkPaths(record, files),
  ];
}

function checkBelonging(record: DepositRecord, files: readonly OpenedFile[], annexes: OpenedAnnexes): Check {
  const facts = { commitment: encodeHex(commit(record)), files: String(record.files.count) };
  const name = 'record.commitment';
  for (const part of [...files.map((f) => f.entry), annexes.depositor, annexes.statement]) {
    if (part !== undefined && part.depositId !== record.depositId) {
      return failed(name, null, 'part-of-another-deposit', facts);
    }
  }
  const indices = files.map((f) => f.entry.index);
  if (indices.some((index) => index >= record.files.count)) return failed(name, null, 'file-index-out-of-range', facts);
  if (new Set(indices).size !== indices.length) return failed(name, null, 'file-listed-twice', facts);
  return passed(name, null, facts);
}

function checkAnnexes(record: DepositRecord, annexes: OpenedAnnexes): Check[] {
  return (['depositor', 'statement'] as const).map((key) => {
    const annex = annexes[key];
    const facts = { commitment: record.annexes[key] };
    if (annex === undefined) return notChecked(`annex.${key}`, null, 'closed', facts);
    const fits = encodeHex(commit(annex)) === record.annexes[key];
    return fits ? passed(`annex.${key}`, null, facts) : failed(`annex.${key}`, null, 'commitment-mismatch', facts);
  });
}

/** One check per opened file: does its entry lead to `record.files.root`, and is its name the one committed to? */
function checkPaths(record: DepositRecord, files: readonly OpenedFile[]): Check[] {
  const rebuilt = files.every((f) => f.path === undefined) ? rebuiltRoot(record, files) : undefined;
  return files.map(({ entry, name, path }) => {
    const about = aboutFile(entry);
    if (name !== null && encodeHex(commit(name)) !== entry.nameCommitment) {
      return failed('file.path', about, 'name-commitment-mismatch');
    }
    const facts = { name: name === null ? 'closed' : 'opened' };
    if (path === undefined) {
      return rebuilt === record.files.root
        ? passed('file.path', about, facts)
        : failed('file.path', about, 'root-mismatch', facts);
    }
    try {
      verifyInclusion(
        leafHash(fileLeafData(entry)),
        {
          leafIndex: BigInt(entry.index),
          treeSize: BigInt(record.files.count),
          hashes: path.map((hash) => parseHex(hash)),
        },
        asHash32(parseHex(record.files.root)),
      );
      return passed('file.path', about, facts);
    } catch (error) {
      if (error instanceof CodedError) return failed('file.path', about, error.code, facts);
      throw error;
    }
  });
}

function rebuiltRoot(record: DepositRecord, files: readonly OpenedFile[]): string | undefined {
  if (files.length !== record.files.count || files.some((f, i) => f.entry.index !== i)) return undefined;
  return encodeHex(rootFromLeafHashes(files.map((f) => leafHash(fileLeafData(f.entry)))));
}

/** How a report names a file: its place in the deposit and its digest, never a name that might be closed or lie. */
export function aboutFile(entry: FileEntry): string {
  return `file ${entry.index + 1} ${entry.digests.sha256}`;
}

/** A file that the reader holds: digests of its bytes, computed where the reader is. */
export interface PresentedFile {
  sizeBytes: number;
  sha256: string;
  sm3: string;
}

/**
 * Compares the reader's files with the entries. A presented file belongs to the entry with its SHA-256, else to the one with its SM3,
 * else, if one entry and one file are left, to that; every digest is then reported for itself.
 */
export function checkPresentedFiles(files: readonly OpenedFile[], presented: readonly PresentedFile[]): Check[] {
  const open = new Map(files.map((f) => [f.entry.index, f.entry]));
  const rest = [...presented].sort((a, b) => (a.sha256 < b.sha256 ? -1 : a.sha256 > b.sha256 ? 1 : 0));
  const pairs: [FileEntry, PresentedFile][] = [];
  const take = (fits: (entry: FileEntry, file: PresentedFile) => boolean) => {
    for (let i = 0; i < rest.length; ) {
      const file = rest[i] as PresentedFile;
      const entry = [...open.values()].find((e) => fits(e, file));
      if (entry === undefined) i++;
      else {
        pairs.push([entry, file]);
        // Two entries may hold the same bytes; one presented file then serves both.
        for (const twin of open.values()) if (twin !== entry && fits(twin, file)) pairs.push([twin, file]);
        for (const [e] of pairs) open.delete(e.index);
        rest.splice(i, 1);
      }
    }
  };
  take((e, f) => e.digests.sha256 === f.sha256);
  take((e, f) => e.digests.sm3 === f.sm3);
  // The same file presented twice is not a stranger.
  const known = new Set(pairs.map(([, f]) => f.sha256));
  const strangers = rest.filter((f) => !known.has(f.sha256));
  if (strangers.length === 1 && open.size === 1) {
    const entry = [...open.values()][0] as FileEntry;
    pairs.push([entry, strangers[0] as PresentedFile]);
    open.clear();
    strangers.length = 0;
  }

  const checks: Check[] = [];
  for (const [entry, file] of pairs.sort(([a], [b]) => a.index - b.index)) checks.push(...compare(entry, file));
  for (const file of strangers) {
    checks.push(
      failed('file.sha256', `presented ${file.sha256}`, 'matches-no-file-of-this-deposit', { sha256: file.sha256 }),
    );
  }
  for (const entry of open.values()) checks.push(notChecked('file.missing', aboutFile(entry), 'absent'));
  return checks;
}

function compare(entry: FileEntry, file: PresentedFile): Check[] {
  const about = aboutFile(entry);
  const source = { digestSource: entry.digestSource };
  const same = (name: 'file.size' | 'file.sha256' | 'file.sm3', recorded: string, found: string, reason: string) =>
    recorded === found
      ? passed(name, about, { ...source, recorded })
      : failed(name, about, reason, { ...source, recorded, presented: found });
  return [
    same('file.size', String(entry.sizeBytes), String(file.sizeBytes), 'size-mismatch'),
    same('file.sha256', entry.digests.sha256, file.sha256, 'digest-mismatch'),
    entry.digests.sm3 === null
      ? notChecked('file.sm3', about, 'absent', source)
      : same('file.sm3', entry.digests.sm3, file.sm3, 'digest-mismatch'),
  ];
}
