/** A generator whose draws can be repeated by whoever knows its seed (mulberry32). Not for secrets. */
export class SeededRandom {
  #state: number;

  /** @param seed a whole number, of which 32 bits count */
  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  /** 0 ≤ x < 1. */
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let t = this.#state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  }

  /** A whole number, least ≤ n ≤ most. */
  between(least: number, most: number): number {
    return least + Math.floor(this.next() * (most - least + 1));
  }

  bytes(length: number): Uint8Array<ArrayBuffer> {
    const bytes = new Uint8Array(length);
    for (let i = 0; i < length; i++) bytes[i] = this.between(0, 255);
    return bytes;
  }
}

/** TIEZHENG_SEED if it is set, else a new seed. To be printed with the result, so that the draws can be repeated. */
export function chosenSeed(): number {
  const given = process.env.TIEZHENG_SEED;
  return given === undefined ? Math.floor(Math.random() * 2 ** 32) : Number(given);
}
