import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import type { Policy } from '../format/policy.ts';
import { writeFileDurably } from './durable-text.ts';

/**
 * Keeps `evaluation-policy.json` in step with what the service has seen final, so that a certificate that was issued always stands
 * under the file beside it.
 */
export class PolicyFile {
  readonly #path: string;
  #written: string | undefined;
  #writing: Promise<void> = Promise.resolve();

  constructor(path: string) {
    this.#path = path;
  }

  /** Resolves once the file holds at least this policy. Calls are done one after the other. */
  write(policy: Policy): Promise<void> {
    this.#writing = this.#writing
      .catch(() => undefined)
      .then(() => this.#replace(`${JSON.stringify(policy, null, 2)}\n`));
    return this.#writing;
  }

  async #replace(text: string): Promise<void> {
    if (this.#written === undefined && existsSync(this.#path)) this.#written = await readFile(this.#path, 'utf8');
    if (this.#written === text) return;
    await writeFileDurably(this.#path, text, 0o644);
    this.#written = text;
  }
}
