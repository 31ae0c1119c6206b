/** Addresses counted at once. Beyond that, new ones wait for the next window: a witness has few callers. */
const MAX_ADDRESSES = 10_000;

/** So many requests of one address in each window of a minute. */
export class RequestLimit {
  readonly #perMinute: number;
  #counts = new Map<string, number>();
  #windowStartMs = Number.NEGATIVE_INFINITY;

  constructor(perMinute: number) {
    this.#perMinute = perMinute;
  }

  /** True if the address may go on. */
  admit(address: string, nowMs: number): boolean {
    if (nowMs - this.#windowStartMs >= 60_000) {
      this.#windowStartMs = nowMs;
      this.#counts = new Map();
    }
    const count = this.#counts.get(address) ?? 0;
    if (count >= this.#perMinute || (count === 0 && this.#counts.size >= MAX_ADDRESSES)) return false;
    this.#counts.set(address, count + 1);
    return true;
  }
}
