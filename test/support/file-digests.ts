import { createHash } from 'node:crypto';
import type { BagAlgorithm } from '../../src/verify/inspect/bag.ts';
import type { EntryHasher, PackageHasher } from '../../src/verify/package-reader.ts';

/** Digests of bytes by Node's own OpenSSL, hex. */
export function digestsOf(bytes: Uint8Array): { sha256: string; sm3: string } {
  return {
    sha256: createHash('sha256').update(bytes).digest('hex'),
    sm3: createHash('sm3').update(bytes).digest('hex'),
  };
}

/** The same of bytes that come in pieces, by any of these algorithms. */
export function startHasher<A extends BagAlgorithm | 'sm3'>(algorithms: readonly A[]): EntryHasher<Record<A, string>> {
  const hashes = algorithms.map((name) => [name, createHash(name)] as const);
  return {
    update: (bytes) => {
      for (const [, hash] of hashes) hash.update(bytes);
    },
    finish: () => Object.fromEntries(hashes.map(([name, hash]) => [name, hash.digest('hex')])) as Record<A, string>,
  };
}

export function startPackageHasher(): PackageHasher {
  return startHasher(['sha256', 'sha512', 'sm3'] as const);
}
