import { createHash } from 'node:crypto';
import { CodedError, FormatError } from '../errors.ts';
import { equalBytes, parseUtf8, type RootHash } from '../format/bytes.ts';
import { parseForeignCheckpoint } from '../format/checkpoint.ts';
import { isCosignatureBy, verifyCosignature } from '../format/cosignature.ts';
import { type NoteKey, verifyNote } from '../format/note.ts';
import { encodeAddCheckpoint, MAX_ANSWER_BYTES, parseSizeAnswer, SIZE_MEDIA_TYPE } from '../format/tlog-witness.ts';
import type { SignedCheckpoint } from '../log/log-reader.ts';
import { verifyConsistency } from '../merkle/consistency.ts';

/** Why a witness did not cosign. None of these says anything about our log. */
export type WitnessTroubleCode =
  | 'witness-unreachable'
  | 'witness-timeout'
  | 'witness-refused'
  | 'witness-malformed'
  | 'witness-key-differs'
  | 'cosignature-invalid'
  | 'cosignature-time-off'
  | 'witness-ahead';

export class WitnessTrouble extends CodedError<WitnessTroubleCode> {}

export type WitnessAnswer =
  | { outcome: 'cosigned'; line: string; timestampUnixS: number }
  | { outcome: 'trouble'; trouble: WitnessTrouble }
  /** It says that it knows a tree of our log that ours does not extend; the detail tells whether it shows our signature on one. */
  | { outcome: 'inconsistent'; detail: string };

/** What is asked of the log to answer a witness. */
export interface AskedLog {
  origin: string;
  /** All that have ever signed for it. */
  keys(): Promise<readonly NoteKey[]>;
  /** RFC 6962 hashes between two sizes that the newest checkpoint covers. */
  consistencyProof(size1: bigint, size2: bigint): Promise<Uint8Array[]>;
  rootAt(treeSize: bigint): Promise<RootHash>;
  /** Leaves under the newest checkpoint, after a look into the database. */
  size(): Promise<bigint>;
}

export interface AskedWitness {
  key: NoteKey;
  /** Submission prefix, without a slash at its end. */
  url: string;
}

/** A first guess, what it says, and what it says when another request of ours overtook this one. */
const MAX_REQUESTS = 4;
/** A clock that is off further says nothing of when. */
const CLOCK_TOLERANCE_S = 600;
const MAX_EVIDENCE_CHARACTERS = 1500;

/**
 * Asks one witness for its cosignature on one of our checkpoints. Never rejects for what the witness does.
 * @param knownSize what it cosigned last, as far as we know; it tells us if that is wrong
 * @param nowMs for the witness's own time
 */
export async function askWitness(
  witness: AskedWitness,
  checkpoint: SignedCheckpoint,
  knownSize: bigint,
  log: AskedLog,
  nowMs: () => number,
  signal: AbortSignal,
): Promise<WitnessAnswer> {
  try {
    return await ask(witness, checkpoint, knownSize, log, nowMs, signal);
  } catch (error) {
    if (error instanceof WitnessTrouble) return { outcome: 'trouble', trouble: error };
    throw error;
  }
}

async function ask(
  witness: AskedWitness,
  checkpoint: SignedCheckpoint,
  knownSize: bigint,
  log: AskedLog,
  nowMs: () => number,
  signal: AbortSignal,
): Promise<WitnessAnswer> {
  const { treeSize } = checkpoint;
  let oldSize = knownSize <= treeSize ? knownSize : 0n;
  for (let request = 0; request < MAX_REQUESTS; request++) {
    const consistencyProof =
      oldSize === 0n || oldSize === treeSize ? [] : await log.consistencyProof(oldSize, treeSize);
    const body = encodeAddCheckpoint({ oldSize, consistencyProof, checkpointBytes: checkpoint.note });
    const answer = await send(witness, '/add-checkpoint', { method: 'POST', body }, signal);
    switch (answer.status) {
      case 200:
        return readCosignature(witness, checkpoint, answer.body, nowMs());
      case 409: {
        const theirs = readSize(witness, answer);
        if (theirs === oldSize) {
          throw new WitnessTrouble(
            'witness-malformed',
            `${witness.key.name} refuses size ${oldSize} as not its own, and names it`,
          );
        }
        if (theirs > treeSize) {
          const newest = await log.size();
          if (theirs > newest)
            return inconsistent(witness, log, `it knows ${theirs} leaves, our newest checkpoint has ${newest}`, signal);
          throw new WitnessTrouble(
            'witness-ahead',
            `${witness.key.name} has cosigned a later checkpoint, of ${theirs} leaves`,
          );
        }
        oldSize = theirs;
        break;
      }
      case 422: {
        if (oldSize > 0n) {
          // Before we take it for more than a refusal: our own proof must be right.
          const hashes = { size1: oldSize, size2: treeSize, hashes: consistencyProof };
          verifyConsistency(hashes, await log.rootAt(oldSize), checkpoint.rootHash);
          return inconsistent(
            witness,
            log,
            `it refuses our proof from ${oldSize} to ${treeSize} leaves, which is right`,
            signal,
          );
        }
        throw refused(witness, answer);
      }
      default:
        throw answer.status >= 500 || answer.status === 429
          ? new WitnessTrouble('witness-unreachable', `${witness.key.name} answers HTTP ${answer.status}`)
          : refused(witness, answer);
    }
  }
  throw new WitnessTrouble('witness-malformed', `${witness.key.name} named ${MAX_REQUESTS} different sizes in a row`);
}

function readCosignature(
  { key }: AskedWitness,
  checkpoint: SignedCheckpoint,
  body: Uint8Array,
  nowMs: number,
): WitnessAnswer {
  const { name } = key;
  let text: string;
  try {
    text = parseUtf8(body);
  } catch {
    throw new WitnessTrouble('witness-malformed', `${name} answers bytes that are no text`);
  }
  // Lines of other keys, of other algorithms too, are none of ours to judge.
  const lines = text.split('\n').filter((line) => isCosignatureBy(line, key));
  const [line] = lines;
  if (line === undefined) throw new WitnessTrouble('witness-key-differs', `${name} answers without a line of its key`);
  const note = parseUtf8(checkpoint.note);
  const cosignature = verifyCosignature(note.slice(0, note.indexOf('\n\n') + 1), line, key);
  if (cosignature === undefined) throw new WitnessTrouble('cosignature-invalid', `${name}: its line does not verify`);
  const { timestampUnixS } = cosignature;
  const offS = Math.round(nowMs / 1000) - timestampUnixS;
  if (Math.abs(offS) > CLOCK_TOLERANCE_S) {
    throw new WitnessTrouble(
      'cosignature-time-off',
      `${name} cosigns ${offS} s beside our clock, at most ${CLOCK_TOLERANCE_S}`,
    );
  }
  return { outcome: 'cosigned', line, timestampUnixS };
}

function readSize({ key }: AskedWitness, answer: Answer): bigint {
  try {
    if (answer.mediaType === SIZE_MEDIA_TYPE) return parseSizeAnswer(answer.body);
  } catch (error) {
    if (!(error instanceof FormatError)) throw error;
  }
  throw new WitnessTrouble('witness-malformed', `${key.name} answers 409 without the size that it knows`);
}

/** What the witness has of our log, if it shows it, tells its word from proof. */
async function inconsistent(
  witness: AskedWitness,
  log: AskedLog,
  claim: string,
  signal: AbortSignal,
): Promise<WitnessAnswer> {
  const said = `${witness.key.name} (${new URL(witness.url).host}): ${claim}`;
  const note = await fetchProof(witness, log, signal).catch(() => undefined);
  if (note === undefined)
    return { outcome: 'inconsistent', detail: `${said}. It shows no checkpoint of ours that ours does not extend` };
  return {
    outcome: 'inconsistent',
    detail: `${said}. It shows a checkpoint that our own key signed and our tree does not extend: ${note.slice(0, MAX_EVIDENCE_CHARACTERS)}`,
  };
}

/** A checkpoint with our key's signature that is not of our tree; undefined if the one that it serves is of our tree. */
async function fetchProof(witness: AskedWitness, log: AskedLog, signal: AbortSignal): Promise<string | undefined> {
  const originHash = createHash('sha256').update(log.origin, 'utf8').digest('hex');
  const { status, body } = await send(witness, `/${originHash}/checkpoint`, { method: 'GET' }, signal);
  if (status !== 200) return undefined;
  const { note, origin, treeSize, rootHash } = parseForeignCheckpoint(body);
  const isSigned = (await log.keys()).some((key) => key.name === origin && verifyNote(note, key) === 'valid');
  if (origin !== log.origin || !isSigned) return undefined;
  const isOurs = treeSize <= (await log.size()) && equalBytes(await log.rootAt(treeSize), rootHash);
  return isOurs ? undefined : parseUtf8(body);
}

interface Answer {
  status: number;
  mediaType: string;
  body: Uint8Array;
}

async function send(
  { key, url }: AskedWitness,
  path: string,
  request: { method: 'GET' } | { method: 'POST'; body: Uint8Array },
  signal: AbortSignal,
): Promise<Answer> {
  try {
    const response = await fetch(`${url}${path}`, { ...(request as RequestInit), signal, redirect: 'error' });
    const mediaType = (response.headers.get('content-type') ?? '').split(';')[0]?.trim().toLowerCase() ?? '';
    return { status: response.status, mediaType, body: await readBounded(response, key.name) };
  } catch (cause) {
    if (cause instanceof WitnessTrouble) throw cause;
    if ((cause as Error).name === 'TimeoutError' || (cause as Error).name === 'AbortError') {
      throw new WitnessTrouble('witness-timeout', `${key.name} does not answer in time`, { cause });
    }
    const reason = (cause as Error & { cause?: { code?: string; message?: string } }).cause;
    throw new WitnessTrouble(
      'witness-unreachable',
      `${key.name}: ${reason?.code ?? reason?.message ?? (cause as Error).message}`,
      { cause },
    );
  }
}

async function readBounded(response: Response, name: string): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let sizeBytes = 0;
  for await (const chunk of response.body ?? []) {
    sizeBytes += chunk.length;
    if (sizeBytes > MAX_ANSWER_BYTES) {
      throw new WitnessTrouble('witness-malformed', `${name} answers more than ${MAX_ANSWER_BYTES} bytes`);
    }
    chunks.push(chunk);
  }
  return new Uint8Array(Buffer.concat(chunks));
}

function refused({ key }: AskedWitness, { status, body }: Answer): WitnessTrouble {
  const said = Buffer.from(body.slice(0, 200)).toString('utf8').replace(/\s+/g, ' ').trim();
  return new WitnessTrouble('witness-refused', `${key.name} answers HTTP ${status}${said === '' ? '' : `: ${said}`}`);
}
