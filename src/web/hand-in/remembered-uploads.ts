import { encodeHex, encodeUtf8, sha256 } from '../../format/bytes.ts';

/** Where the content of a file is to go that this browser has deposited by its digests. */
export interface RememberedUpload {
  depositId: string;
  fileIndex: number;
}

const STORED_AS = 'tiezheng.uploads';
/** The oldest are forgotten first; their content can still be brought from the deposit's page. */
const MOST_REMEMBERED = 3000;

/**
 * So that a file that is chosen again after a closed tab goes on where it stopped. Keyed by a digest over the file's digest: whoever looks
 * into the browser's storage finds neither names nor digests to look up.
 */
export function rememberUpload(digest: string, sizeBytes: number, upload: RememberedUpload): void {
  const all = read().filter(([known]) => known !== keyOf(digest, sizeBytes));
  all.push([keyOf(digest, sizeBytes), upload.depositId, upload.fileIndex]);
  write(all.slice(-MOST_REMEMBERED));
}

export function rememberedUpload(digest: string, sizeBytes: number): RememberedUpload | undefined {
  const found = read().find(([known]) => known === keyOf(digest, sizeBytes));
  return found && { depositId: found[1], fileIndex: found[2] };
}

export function forgetUpload(digest: string, sizeBytes: number): void {
  write(read().filter(([known]) => known !== keyOf(digest, sizeBytes)));
}

type Entry = [key: string, depositId: string, fileIndex: number];

function keyOf(digest: string, sizeBytes: number): string {
  return encodeHex(sha256(encodeUtf8(`tiezheng/remembered-upload\0${digest}\0${sizeBytes}`))).slice(0, 32);
}

function read(): Entry[] {
  try {
    const stored: unknown = JSON.parse(localStorage.getItem(STORED_AS) ?? '[]');
    return Array.isArray(stored) ? stored.filter(isEntry) : [];
  } catch {
    // Storage that is full, closed or another version's: then files are deposited anew.
    return [];
  }
}

function isEntry(value: unknown): value is Entry {
  if (!Array.isArray(value)) return false;
  const [key, depositId, fileIndex] = value as unknown[];
  return typeof key === 'string' && typeof depositId === 'string' && Number.isInteger(fileIndex);
}

function write(entries: readonly Entry[]): void {
  try {
    localStorage.setItem(STORED_AS, JSON.stringify(entries));
  } catch {
    // As above.
  }
}
