import * as z from 'zod';
import { encodeUtf8 } from '../format/bytes.ts';
import { parseCheckpoint, type UnverifiedCheckpoint } from '../format/checkpoint.ts';
import { parseObject, uuid } from '../format/fields.ts';
import { encodeJson } from '../format/json.ts';
import { MAX_NOTE_BYTES, type NoteKey, verifyNote } from '../format/note.ts';
import { LARGEST_REGISTER_BYTES } from '../storage/checkpoint-register.ts';
import { LogError } from './log-error.ts';

/** What the checkpoint register holds: docs/formats/checkpoint.md. */
const schema = z.strictObject({
  type: z.literal('tiezheng/register/v1'),
  /** The term of leadership that wrote it. New for every term, so that no bytes ever come back. */
  claim: uuid,
  /** The newest checkpoint ever let out, its exact note; null before the first. */
  checkpoint: z.string().max(MAX_NOTE_BYTES).nullable(),
});
export type RegisterEntry = z.infer<typeof schema>;

export function encodeRegisterEntry(entry: Omit<RegisterEntry, 'type'>): Uint8Array {
  return encodeJson({ type: 'tiezheng/register/v1', claim: entry.claim, checkpoint: entry.checkpoint });
}

/**
 * The checkpoint in the register, and its note's bytes; undefined if there is none yet.
 * @throws LogError `register-unreadable` if it is no register entry, `register-foreign` if another log or key signed it
 * @param keys all of one log: those that it signs with or has signed with
 */
export function parseRegisterEntry(
  bytes: Uint8Array,
  ...keys: readonly NoteKey[]
): { checkpoint: UnverifiedCheckpoint; note: Uint8Array } | undefined {
  let note: Uint8Array;
  let checkpoint: UnverifiedCheckpoint;
  try {
    const entry = parseObject(schema, 'tiezheng/register/v1', bytes, LARGEST_REGISTER_BYTES);
    if (entry.checkpoint === null) return undefined;
    note = encodeUtf8(entry.checkpoint);
    checkpoint = parseCheckpoint(note);
  } catch (cause) {
    const message = `the checkpoint register holds no register entry: ${(cause as Error).message}`;
    throw new LogError('register-unreadable', message, { cause });
  }
  const isOurs = keys.some((key) => checkpoint.origin === key.name && verifyNote(checkpoint.note, key) === 'valid');
  if (!isOurs) {
    throw new LogError(
      'register-foreign',
      `the checkpoint register holds a checkpoint of ${checkpoint.origin}, not one that a key of ${keys[0]?.name} signed`,
    );
  }
  return { checkpoint, note };
}
