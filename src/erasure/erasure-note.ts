import * as z from 'zod';
import { ERASURE_BASES, type ErasureRow } from '../db/erasures.ts';
import { checkFields, treePosition, utcTime, utcTimeOf, uuid } from '../format/fields.ts';
import { encodeJson, type JsonValue, parseCanonicalJson } from '../format/json.ts';

/** What the object store keeps of each erasure: it is not restored together with the database, and so remembers what that forgets. */
const noteSchema = z.strictObject({
  depositId: uuid,
  depositNo: treePosition,
  basis: z.enum(ERASURE_BASES),
  erasedAt: utcTime,
});
export type ErasureNote = z.infer<typeof noteSchema>;

export const NOTES_PREFIX = 'erasure/';
const MAX_BYTES = 1024;

export function erasureNoteName(depositId: string): string {
  return `${NOTES_PREFIX}${depositId}`;
}

export function encodeErasureNote({ depositId, depositNo, basis, erasedAt }: ErasureRow): Uint8Array {
  const note: ErasureNote = { depositId, depositNo: Number(depositNo), basis, erasedAt: utcTimeOf(erasedAt.getTime()) };
  return encodeJson(note as unknown as JsonValue);
}

/** @throws FormatError */
export function parseErasureNote(bytes: Uint8Array): ErasureNote {
  return checkFields(noteSchema, parseCanonicalJson(bytes, { maxBytes: MAX_BYTES, maxDepth: 2 }));
}
