import { encodeHex, equalBytes } from '../format/bytes.ts';
import { PUBLISHED_BUILDS, type PublishedBuild } from './published-contract.ts';

/** What code at an address turned out to be. */
export type ContractCode =
  /** A published build, made for the log with this origin hash. */
  | { kind: 'published'; originHash: Uint8Array }
  /** No code: an account of a person, or nothing at all. */
  | { kind: 'none' }
  | { kind: 'other' };

/**
 * Compares code as `eth_getCode` gives it with the published builds, all bytes but those of the immutable values, which each
 * deployment sets by itself. Equal code has equal behaviour: it is no proxy and nobody can change it.
 */
export function recogniseContract(code: Uint8Array): ContractCode {
  if (code.length === 0) return { kind: 'none' };
  for (const build of PUBLISHED_BUILDS) {
    if (encodeHex(masked(code, build)) !== build.runtimeCode) continue;
    const [first, ...others] = build.originHashAt.map((at) => code.slice(at, at + 32));
    if (first !== undefined && others.every((other) => equalBytes(other, first))) {
      return { kind: 'published', originHash: first };
    }
  }
  return { kind: 'other' };
}

/** The compiler leaves zeros where immutables go, and so do we. */
function masked(code: Uint8Array, { originHashAt, guardianAt }: PublishedBuild): Uint8Array {
  const copy = code.slice();
  for (const at of [...originHashAt, ...guardianAt]) copy.fill(0, at, at + 32);
  return copy;
}
