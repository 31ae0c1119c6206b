import { FormatError, ProofError } from '../errors.ts';
import { equalBytes, type RootHash } from '../format/bytes.ts';
import { parseForeignCheckpoint, type UnverifiedCheckpoint } from '../format/checkpoint.ts';
import { encodeNote, type NoteKey, type NoteSignature, parseSignatureLine, verifyNote } from '../format/note.ts';
import { type AddCheckpointRequest, parseAddCheckpoint, SIZE_MEDIA_TYPE } from '../format/tlog-witness.ts';
import { verifyConsistency } from '../merkle/consistency.ts';
import { emptyRoot } from '../merkle/hash.ts';
import { StorageError } from '../storage/storage-error.ts';
import type { WitnessKey } from './witness-key.ts';
import type { WitnessedLog } from './witnessed-log.ts';

/** An answer of the witness, as HTTP says it. */
export interface WitnessReply {
  status: 200 | 400 | 403 | 404 | 409 | 422;
  mediaType: string;
  body: string;
}

/**
 * Cosigns checkpoints of the logs that it is told of, as c2sp.org/tlog-witness says: at most one tree of each size, each extending
 * the one before.
 *
 * In this order, each crash leaving what is said:
 * a. The request is judged against the state as it lies on the disk. Changes nothing.
 * b. The cosignature is made, in memory.
 * c. The state moves on by compare-and-swap: of two requests, in this process or another on the same folder, one is refused and
 *    judged again. A crash before it leaves the old state and no signature; one after it leaves the new state, and a log that asks
 *    again is told so (409) and gets its signature for the same tree.
 * d. The answer. Nothing signed has left before the state that forbids to contradict it was on the disk.
 */
export class Witness {
  readonly key: WitnessKey;
  readonly logs: readonly WitnessedLog[];
  readonly #nowMs: () => number;

  constructor(key: WitnessKey, logs: readonly WitnessedLog[], nowMs: () => number) {
    this.key = key;
    this.logs = logs;
    this.#nowMs = nowMs;
  }

  /** @throws StorageError, WitnessError `witness-state-unreadable`: nothing was signed */
  async addCheckpoint(body: Uint8Array): Promise<WitnessReply> {
    let request: AddCheckpointRequest;
    let checkpoint: UnverifiedCheckpoint;
    try {
      request = parseAddCheckpoint(body);
      checkpoint = parseForeignCheckpoint(request.checkpointBytes);
    } catch (error) {
      if (error instanceof FormatError) return refusal(400, `${error.code}: ${error.message}`);
      throw error;
    }
    const log = this.logs.find(({ origin }) => origin === checkpoint.origin);
    if (log === undefined) return refusal(404, 'this witness does not cosign that log');
    const signed = signaturesOf(checkpoint, log.keys);
    if (signed === undefined) return refusal(403, 'no valid signature of a key of that log, or an invalid one');
    for (;;) {
      try {
        return await this.#cosign(log, request, checkpoint, signed);
      } catch (error) {
        // Another request moved the state on: judged again, against that.
        if (!(error instanceof StorageError && error.code === 'register-conflict')) throw error;
      }
    }
  }

  async #cosign(
    log: WitnessedLog,
    { oldSize, consistencyProof }: AddCheckpointRequest,
    { treeSize, rootHash, note }: UnverifiedCheckpoint,
    signed: readonly NoteSignature[],
  ): Promise<WitnessReply> {
    // a
    if (oldSize > treeSize) return refusal(400, `old size ${oldSize} is above the checkpoint's ${treeSize}`);
    const { state, version } = await log.read();
    const knownSize = state?.treeSize ?? 0n;
    if (oldSize !== knownSize) return { status: 409, mediaType: SIZE_MEDIA_TYPE, body: `${knownSize}\n` };
    const wrong = inconsistencyOf(state?.rootHash ?? emptyRoot(), oldSize, rootHash, treeSize, consistencyProof);
    if (wrong !== undefined) return refusal(422, wrong);

    // b
    const line = this.key.cosign(note.text, Math.floor(this.#nowMs() / 1000));

    // c. The same tree again needs no new state.
    if (state === undefined || treeSize > knownSize) {
      const signatures = [...signed, parseSignatureLine(line.slice(0, -1))];
      await log.remember(version, encodeNote({ text: note.text, signatures }));
    }

    // d
    return { status: 200, mediaType: 'text/plain; charset=utf-8', body: line };
  }
}

/** The valid signatures of the log's own keys; undefined if there is none, or a line of one of them does not verify. */
function signaturesOf({ note }: UnverifiedCheckpoint, keys: readonly NoteKey[]): NoteSignature[] | undefined {
  const outcomes = keys.map((key) => ({ key, outcome: verifyNote(note, key) }));
  if (outcomes.some(({ outcome }) => outcome === 'invalid')) return undefined;
  const valid = outcomes.filter(({ outcome }) => outcome === 'valid').map(({ key }) => key);
  if (valid.length === 0) return undefined;
  return note.signatures.filter((s) => valid.some((key) => key.name === s.name && equalBytes(key.keyId, s.keyId)));
}

function inconsistencyOf(
  oldRoot: RootHash,
  oldSize: bigint,
  rootHash: RootHash,
  treeSize: bigint,
  hashes: readonly Uint8Array[],
): string | undefined {
  if (treeSize === 0n && !equalBytes(rootHash, emptyRoot())) return 'the root of a tree without leaves is another';
  // Every tree extends the empty one, so there is nothing to prove.
  if (oldSize === 0n) return hashes.length === 0 ? undefined : 'from size 0 there is nothing to prove';
  try {
    verifyConsistency({ size1: oldSize, size2: treeSize, hashes }, oldRoot, rootHash);
    return undefined;
  } catch (error) {
    if (error instanceof ProofError) return `${error.code}: ${error.message}`;
    throw error;
  }
}

function refusal(status: 400 | 403 | 404 | 422, why: string): WitnessReply {
  return { status, mediaType: 'text/plain; charset=utf-8', body: `${why}\n` };
}
