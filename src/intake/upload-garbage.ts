import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/** Bytes received between two collections. At most about three times this much is dead at a time. */
const COLLECT_EVERY_BYTES = 8 * 1024 * 1024;

let sinceLast = 0;
let collect: ((options: { type: 'minor' }) => void) | undefined;

/**
 * Counts received bytes and has the young generation collected now and then. Every 64 KiB from the network are a buffer outside
 * of V8's heap, and so are their ciphertext: V8 sees two small objects and lets some 70 MB of dead buffers pile up before it
 * looks. A collection takes about a millisecond. Measured with one file of 2 GiB and fifty of 1 MB: docs/decisions/0003.
 */
export function countReceivedBytes(bytes: number): void {
  sinceLast += bytes;
  if (sinceLast < COLLECT_EVERY_BYTES) return;
  sinceLast = 0;
  collect ??= exposedCollector();
  collect({ type: 'minor' });
}

function exposedCollector(): (options: { type: 'minor' }) => void {
  // A context made while the flag is set has `gc`; ours, and all others, never do.
  setFlagsFromString('--expose-gc');
  const gc = runInNewContext('gc') as (options: { type: 'minor' }) => void;
  setFlagsFromString('--no-expose-gc');
  return gc;
}
