import { selectLog } from '../db/leaves.ts';
import { selectLogEvents } from '../db/log-events.ts';
import type { Queryable } from '../db/pool.ts';
import { parseLogRecord } from '../format/log.ts';
import { type KeyRotation, parseLogEvent } from '../format/log-event.ts';

/** A rotation whose leaf is in the tree. */
export interface PlacedRotation {
  record: KeyRotation;
  leafIndex: bigint;
}

/**
 * Which key signs which tree. It follows from the leaves alone: a rotation is the last leaf of its batch, the checkpoint that ends
 * with it is signed by the old key and the new one, smaller trees by keys before, larger ones by keys after. So one tree has one
 * checkpoint, whoever signs it and whenever.
 */
export class KeySchedule {
  readonly #firstKey: string;
  readonly rotations: readonly PlacedRotation[];

  /**
   * @param firstKey vkey by which the log was opened
   * @param rotations by leaf index
   */
  constructor(firstKey: string, rotations: readonly PlacedRotation[]) {
    this.#firstKey = firstKey;
    this.rotations = rotations;
  }

  with(rotation: PlacedRotation): KeySchedule {
    return new KeySchedule(this.#firstKey, [...this.rotations, rotation]);
  }

  /** All vkeys that have signed or may sign, the newest last. */
  keys(): string[] {
    return [this.#firstKey, ...this.rotations.map(({ record }) => record.newKey)];
  }

  /** One vkey, or at the tree that ends with a rotation two, the old one first. */
  signersOf(treeSize: bigint): string[] {
    const past = this.rotations.filter(({ leafIndex }) => leafIndex < treeSize).length;
    const keys = this.keys();
    const isFirstOfNew = past > 0 && this.rotations[past - 1]?.leafIndex === treeSize - 1n;
    return keys.slice(isFirstOfNew ? past - 1 : past, past + 1);
  }
}

/** The vkey that signs the log's newest tree; undefined before the log is opened. */
export async function selectNewestKey(q: Queryable): Promise<string | undefined> {
  const log = await selectLog(q);
  return log === undefined ? undefined : (await selectKeySchedule(q, parseLogRecord(log.record).keys)).keys().at(-1);
}

/** Keys that a proof names as hints: those of leaf 0, then those rotated to; the newest eight. */
export function keyHints(firstKeys: readonly string[], rotations: readonly { record: KeyRotation }[]): string[] {
  return [...firstKeys, ...rotations.map(({ record }) => record.newKey)].slice(-8);
}

/** @param firstKeys keys that leaf 0 names; the log was opened by the first */
export async function selectKeySchedule(q: Queryable, firstKeys: readonly string[]): Promise<KeySchedule> {
  const rotations: PlacedRotation[] = [];
  for (const { body, leafIndex } of await selectLogEvents(q, 'key-rotation')) {
    const record = parseLogEvent(body);
    if (leafIndex !== null && record.event === 'key-rotation') rotations.push({ record, leafIndex });
  }
  return new KeySchedule(firstKeys[0] as string, rotations);
}
