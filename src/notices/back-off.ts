const FIRST_MS = 10_000;
const LONGEST_MS = 4 * 3600_000;
/** So long after a notice was handed over for delivery it is still tried. */
export const GIVE_UP_AFTER_MS = 3 * 24 * 3600_000;

/**
 * How long to wait after the `attempts`-th failure, counted from 1: 10 s, 30 s, 90 s … and every four hours in the end. Some
 * twenty-five attempts in three days.
 */
export function backOffMs(attempts: number): number {
  return Math.min(FIRST_MS * 3 ** (attempts - 1), LONGEST_MS);
}

/** When to try again after the failure at `atMs`; the last time three days after it was made. */
export function nextAttemptAt(madeAt: Date, attempts: number, atMs: number): Date {
  return new Date(Math.min(atMs + backOffMs(attempts), Math.max(madeAt.getTime() + GIVE_UP_AFTER_MS, atMs)));
}
