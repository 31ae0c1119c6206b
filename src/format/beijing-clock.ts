/** China keeps one time of the day, and no summer time. */
const OFFSET_MS = 8 * 3_600_000;

/** What a clock in Beijing shows, to the millisecond: `2026-11-22 11:04:05.678`. */
export function beijingClock(unixMs: number): string {
  return new Date(unixMs + OFFSET_MS).toISOString().slice(0, 23).replace('T', ' ');
}
