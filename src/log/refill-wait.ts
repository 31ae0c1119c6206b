import { setTimeout as delay } from 'node:timers/promises';
import type { NoteKey } from '../format/note.ts';
import type { CheckpointRegister } from '../storage/checkpoint-register.ts';
import type { LogReader } from './log-reader.ts';
import { parseRegisterEntry } from './register-entry.ts';

const POLL_MS = 200;

/**
 * Resolves to true when the database has every leaf that the register promises: at once, unless the database was restored to an
 * earlier state. Until then it knows less than the world does, and whoever compares the world with it would take our own
 * anchors for a stranger's and kept originals for waste. False if `signal` came first, as it does while the log stays stopped.
 */
export async function untilRefilled(
  parts: {
    register: CheckpointRegister;
    /** The log's: those that it signs with or has signed with. */
    keys: readonly NoteKey[];
    reader: Pick<LogReader, 'size'>;
    /** Told of every failure; the next look tries again. */
    onTrouble: (error: unknown) => void;
  },
  signal: AbortSignal,
): Promise<boolean> {
  const { register, keys, reader, onTrouble } = parts;
  while (!signal.aborted) {
    try {
      const value = await register.read();
      const promised = value && parseRegisterEntry(value.bytes, ...keys);
      // Asked for after the register: what it promised before, the database of a log that goes on has by now.
      if ((await reader.size()) >= (promised?.checkpoint.treeSize ?? 0n)) return true;
    } catch (error) {
      onTrouble(error);
    }
    await delay(POLL_MS, undefined, { signal }).catch(() => {});
  }
  return false;
}
