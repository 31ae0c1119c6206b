import { setTimeout as wait } from 'node:timers/promises';

/** A worker's loop: one turn after another, with the pause that each one answers, until stopped. */
export class Turns {
  readonly #turn: () => Promise<number>;
  readonly #stopping = new AbortController();
  #running: Promise<void> | undefined;

  /** @param turn never rejects; answers how long to wait before the next one, in milliseconds */
  constructor(turn: () => Promise<number>) {
    this.#turn = turn;
  }

  /** Aborted when the loop is to stop: for a turn of many steps, which ends after the one under way. */
  get signal(): AbortSignal {
    return this.#stopping.signal;
  }

  /** Returns at once. */
  start(): void {
    this.#running ??= this.#run();
  }

  /** Resolves when the turn under way has ended. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#running;
  }

  async #run(): Promise<void> {
    const { signal } = this;
    // An abort ends the pause: that is no error.
    while (!signal.aborted) await wait(await this.#turn(), undefined, { signal }).catch(() => {});
  }
}
