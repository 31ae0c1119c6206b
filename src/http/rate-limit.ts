/** Keys remembered at a time; beyond it the ones longest unseen are forgotten, in the caller's favour. */
const MAX_KEYS = 10_000;

/** A token bucket for each key: `perMinute` on average, as many at once. */
export class RateLimit {
  readonly #perMinute: number;
  readonly #buckets = new Map<string, { tokens: number; atMs: number }>();

  constructor(perMinute: number) {
    this.#perMinute = perMinute;
  }

  /** 0 if the key may go on now, else the seconds, rounded up, after which it may. */
  take(key: string, nowMs: number): number {
    const bucket = this.#buckets.get(key) ?? { tokens: this.#perMinute, atMs: nowMs };
    const refilled = bucket.tokens + (Math.max(0, nowMs - bucket.atMs) / 60_000) * this.#perMinute;
    const tokens = Math.min(this.#perMinute, refilled);
    // Deleted first, so that the map's order is that of last use.
    this.#buckets.delete(key);
    this.#buckets.set(key, { tokens: tokens < 1 ? tokens : tokens - 1, atMs: nowMs });
    if (this.#buckets.size > MAX_KEYS) {
      const oldest = this.#buckets.keys().next();
      if (oldest.done !== true) this.#buckets.delete(oldest.value);
    }
    return tokens < 1 ? Math.ceil(((1 - tokens) / this.#perMinute) * 60) : 0;
  }
}
