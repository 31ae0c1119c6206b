import { CodedError } from '../../errors.ts';
import type { Trust } from '../../verify/trust.ts';
import { bytesOf, kindOf } from '../verify/presented-input.ts';
import { digestsOf, openReadersTrust, verifySubject } from '../verify/verification.ts';
import { type BulkOrder, type BulkTold, summaryOfVerdict } from './bulk-report.ts';

/** Verifies many files beside the page, one at a time. Nothing of them is kept here but handles and digests. */

let trust: Trust | undefined;
/** Files that are no subjects, by SHA-256: held against whatever lists them. */
const beside = new Map<string, File[]>();
const MAX_DAMAGED_BYTES = 64 * 1024 * 1024;
const signal = new AbortController().signal;

addEventListener('message', async ({ data }: MessageEvent<BulkOrder>) => {
  try {
    if (data.do === 'open') await open(data.policy);
    else if (data.do === 'sort') await sort(data.id, data.file);
    else await verify(data);
  } catch (error) {
    const coded = error instanceof CodedError ? error : new CodedError('internal', String(error));
    tell({ told: 'problem', error: { code: coded.code, message: coded.message } });
  }
});

function tell(message: BulkTold): void {
  postMessage(message);
}

async function open(policy: readonly File[]): Promise<void> {
  trust = await openReadersTrust(policy, []);
  tell({ told: 'opened' });
}

/** Tells what the file is; one that is no subject is hashed, so that what lists it can be held against it. */
async function sort(id: number, file: File): Promise<void> {
  const kind = (await kindOf(file)) ?? (await damagedKindOf(file));
  if (kind === 'package' || kind === 'certificate' || kind === 'pdf' || kind === 'receipt') {
    tell({ told: 'sorted', id, kind, sha256: null });
    return;
  }
  const { sha256 } = await digestsOf(file, [], tellBytes, signal);
  beside.set(sha256, [...(beside.get(sha256) ?? []), file]);
  tell({ told: 'sorted', id, kind: kind === 'signed-pdf' || kind === 'bag' ? kind : null, sha256 });
}

/** What was one of ours and is damaged is verified too, so that the reader is told what is wrong with it. */
async function damagedKindOf(file: File): Promise<'certificate' | 'pdf' | undefined> {
  if (file.size > MAX_DAMAGED_BYTES) return undefined;
  const text = new TextDecoder('latin1').decode(await bytesOf(file));
  if (/^\s*\{/.test(text) && text.includes('"tiezheng/') && !isJson(text)) return 'certificate';
  return text.startsWith('%PDF-') && text.includes('(certificate.json)') ? 'pdf' : undefined;
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

async function verify({ id, file, kind }: BulkOrder & { do: 'verify' }): Promise<void> {
  if (trust === undefined) throw new CodedError('internal', 'no policy was opened');
  const { verdict, files } = await verifySubject(
    { kind, file },
    (listed) => listed.flatMap(({ sha256 }) => beside.get(sha256) ?? []),
    trust,
    tellBytes,
    signal,
  );
  tell({ told: 'verified', id, ...summaryOfVerdict(verdict), listed: files.map(({ sha256 }) => sha256) });
}

function tellBytes(bytes: number): void {
  tell({ told: 'bytes', bytes });
}
