import { encodeHex, equalBytes } from '../format/bytes.ts';
import { encodeJson, type JsonValue } from '../format/json.ts';
import { type KeyRotation, parseLogEvent } from '../format/log-event.ts';
import { plainLeafData } from '../format/spine.ts';
import { type ObjectStore, readAll } from '../storage/object-store.ts';

const FOLDER = 'log/rotation/';

/**
 * Rotations outside of the database, as objects `log/rotation/<leaf data>.json`, each written before its leaf is handed in: a restored
 * database must not forget which key signs. One whose leaf is in no tree is unused.
 */
export async function putRotation(objects: ObjectStore, record: KeyRotation): Promise<void> {
  const name = `${FOLDER}${encodeHex(plainLeafData(record))}.json`;
  await objects.put(name, encodeJson(record as unknown as JsonValue));
}

/** Every one that was ever written, in no order. @throws FormatError if one of them is no rotation */
export async function readRotations(
  objects: ObjectStore,
): Promise<{ record: KeyRotation; leafData: Uint8Array; body: Uint8Array }[]> {
  const names: string[] = [];
  for await (const name of objects.list(FOLDER)) names.push(name);
  const rotations: { record: KeyRotation; leafData: Uint8Array; body: Uint8Array }[] = [];
  for (const name of names) {
    const object = await objects.get(name);
    if (object === undefined) continue;
    const body = await readAll(object.content);
    const record = parseLogEvent(body);
    if (record.event === 'key-rotation') rotations.push({ record, leafData: plainLeafData(record), body });
  }
  return rotations;
}

/** The rotation whose leaf this is. */
export function rotationOf<T extends { leafData: Uint8Array }>(
  rotations: readonly T[],
  leaf: Uint8Array,
): T | undefined {
  return rotations.find(({ leafData }) => equalBytes(leafData, leaf));
}
