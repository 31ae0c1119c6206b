import { createHash } from 'node:crypto';
import { join } from 'node:path';
import * as z from 'zod';
import { FormatError } from '../errors.ts';
import { encodeUtf8, parseUtf8, type RootHash } from '../format/bytes.ts';
import { parseForeignCheckpoint, type UnverifiedCheckpoint } from '../format/checkpoint.ts';
import { parseObject } from '../format/fields.ts';
import { encodeJson } from '../format/json.ts';
import { ED25519, MAX_NOTE_BYTES, type NoteKey, parseNoteKey } from '../format/note.ts';
import { LARGEST_REGISTER_BYTES } from '../storage/checkpoint-register.ts';
import { FileCheckpointRegister } from '../storage/file-register.ts';
import { WitnessError } from './witness-error.ts';

/** What a witness remembers of one log: the last checkpoint that it cosigned, with that cosignature. */
const stateSchema = z.strictObject({
  type: z.literal('tiezheng/witness-state/v1'),
  origin: z.string().min(1).max(1000),
  /** The note with the log's valid signatures and the witness's line, exact. */
  checkpoint: z.string().max(MAX_NOTE_BYTES),
});

export interface WitnessedState {
  checkpoint: UnverifiedCheckpoint;
  checkpointBytes: Uint8Array;
  treeSize: bigint;
  rootHash: RootHash;
}

/** A log whose checkpoints the witness cosigns. Its state lies in a folder of its own and survives every crash. */
export class WitnessedLog {
  readonly origin: string;
  /** SHA-256 of the origin, hex: its folder, and its place in the monitoring interface. */
  readonly originHash: string;
  /** Any of them may sign. */
  readonly keys: readonly NoteKey[];
  readonly #register: FileCheckpointRegister;

  private constructor(origin: string, keys: readonly NoteKey[], register: FileCheckpointRegister) {
    this.origin = origin;
    this.originHash = hashOfOrigin(origin);
    this.keys = keys;
    this.#register = register;
  }

  /** @throws StorageError; WitnessError `witness-state-unreadable` if what is in the folder is not the state of this log */
  static async open(folder: string, origin: string, keys: readonly NoteKey[]): Promise<WitnessedLog> {
    const register = await FileCheckpointRegister.open(join(folder, hashOfOrigin(origin)));
    const log = new WitnessedLog(origin, keys, register);
    await log.read();
    return log;
  }

  /** What was cosigned last, from the disk; undefined if nothing ever was. @throws as `open` */
  async read(): Promise<{ state: WitnessedState | undefined; version: string | undefined }> {
    const value = await this.#register.read();
    return { state: value && this.#parse(value.bytes), version: value?.version };
  }

  /**
   * Remembers a cosigned checkpoint in place of the one of `version`. Resolves once durable: only then may the cosignature leave.
   * @throws StorageError `register-conflict` if another request was faster: nothing was changed
   */
  async remember(version: string | undefined, checkpointBytes: Uint8Array): Promise<void> {
    const state = { type: 'tiezheng/witness-state/v1', origin: this.origin, checkpoint: parseUtf8(checkpointBytes) };
    await this.#register.compareAndSwap(version, encodeJson(state));
  }

  #parse(bytes: Uint8Array): WitnessedState {
    try {
      const state = parseObject(stateSchema, 'tiezheng/witness-state/v1', bytes, LARGEST_REGISTER_BYTES);
      const checkpointBytes = encodeUtf8(state.checkpoint);
      const checkpoint = parseForeignCheckpoint(checkpointBytes);
      if (state.origin !== this.origin || checkpoint.origin !== this.origin) {
        throw new FormatError('invalid-field', `it is the state of ${state.origin}`);
      }
      return { checkpoint, checkpointBytes, treeSize: checkpoint.treeSize, rootHash: checkpoint.rootHash };
    } catch (cause) {
      const why = (cause as Error).message;
      throw new WitnessError('witness-state-unreadable', `state of ${this.origin}: ${why}`, { cause });
    }
  }
}

function hashOfOrigin(origin: string): string {
  return createHash('sha256').update(origin, 'utf8').digest('hex');
}

/**
 * `VKEY` or `VKEY=ORIGIN`, where a log's origin is not its key's name. A log that rotates its key is given several times.
 * @returns keys by origin
 * @throws WitnessError `invalid-witnessed-log`
 */
export function parseWitnessedLogs(texts: readonly string[]): Map<string, NoteKey[]> {
  const logs = new Map<string, NoteKey[]>();
  for (const text of texts) {
    // 33 bytes take no padding in base64, so the first `=` ends the key.
    const [vkey, ...rest] = text.split('=') as [string, ...string[]];
    let key: NoteKey;
    try {
      key = parseNoteKey(vkey);
    } catch (cause) {
      throw new WitnessError('invalid-witnessed-log', `${vkey}: ${(cause as Error).message}`, { cause });
    }
    if (key.algorithm !== ED25519) {
      throw new WitnessError(
        'invalid-witnessed-log',
        `${vkey} has algorithm ${key.algorithm}, logs sign with ${ED25519}`,
      );
    }
    const origin = rest.length === 0 ? key.name : rest.join('=');
    if (origin === '' || origin.length > 1000 || /[\r\n]/.test(origin)) {
      throw new WitnessError('invalid-witnessed-log', `${text}: the origin is empty or longer than 1,000 characters`);
    }
    logs.set(origin, [...(logs.get(origin) ?? []), key]);
  }
  return logs;
}
