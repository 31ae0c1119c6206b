import { mkdir, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Outcome, Vector } from '../../test/support/vectors.ts';

/** What is said of a vector by whoever wrote it, before any verifier has seen it. */
export type Claim = Pick<Vector, 'kind' | 'catches'> &
  Partial<Omit<Vector, 'file' | 'kind' | 'catches' | 'expect'>> & {
    exit: Outcome['exit'];
    code?: string;
    /** The checks that decide, by name: one of their outcomes. */
    decides?: Record<string, string>;
    /** Another vector's file, where what is shown lies beside the thing verified. */
    file?: string;
  };

/** Files below test/vectors as they are made, and what is claimed of each. */
export class Collection {
  readonly claims = new Map<string, Claim>();
  readonly #root: string;

  constructor(root: string) {
    this.#root = root;
  }

  async put(path: string, bytes: Uint8Array | string): Promise<string> {
    await mkdir(dirname(`${this.#root}${path}`), { recursive: true });
    await writeFile(`${this.#root}${path}`, bytes);
    return path;
  }

  async add(path: string, bytes: Uint8Array | string | undefined, claim: Claim): Promise<void> {
    if (this.claims.has(path)) throw new Error(`two vectors are called ${path}`);
    this.claims.set(path, claim);
    if (bytes !== undefined) await this.put(path, bytes);
  }
}
