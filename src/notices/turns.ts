import { Signal } from '../log/signal.ts';

/** Calls one turn after another, with a pause between, until stopped. */
export class Turns {
  readonly #turn: () => Promise<void>;
  readonly #pollMs: number;
  readonly #onTrouble: (error: unknown) => void;
  readonly #wake = new Signal();
  #stopping = false;
  #running: Promise<void> | undefined;
  #failures = 0;

  /** @param turn may reject: then the pauses grow, up to a minute */
  constructor(turn: () => Promise<void>, pollMs: number, onTrouble: (error: unknown) => void) {
    this.#turn = turn;
    this.#pollMs = pollMs;
    this.#onTrouble = onTrouble;
  }

  /** Returns at once. */
  start(): void {
    this.#running ??= this.#run();
  }

  /** Resolves when the turn under way has ended. */
  async stop(): Promise<void> {
    this.#stopping = true;
    this.#wake.raise();
    await this.#running;
  }

  async #run(): Promise<void> {
    while (!this.#stopping) {
      try {
        await this.#turn();
        this.#failures = 0;
      } catch (error) {
        this.#failures++;
        this.#onTrouble(error);
      }
      await this.#wake.wait(Math.min(this.#pollMs * 2 ** Math.min(this.#failures, 10), Math.max(60_000, this.#pollMs)));
    }
  }
}
