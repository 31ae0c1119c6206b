import { createMD5, createSHA1, createSHA256, createSHA384, createSHA512, createSM3, type IHasher } from 'hash-wasm';

/** `leaf` is the leaf hash of RFC 6962 §2.1: SHA-256 over a zero byte and the bytes. */
export type DigestAlgorithm = 'sha256' | 'sm3' | 'sha384' | 'sha512' | 'sha1' | 'md5' | 'leaf';

/** Lower-case hex by algorithm. */
export type Digests<A extends DigestAlgorithm> = Record<A, string>;

/** Large enough that calls into WebAssembly cost nothing, small enough that a phone holds two of them. */
const CHUNK_BYTES = 4 * 1024 * 1024;

const CREATE: Record<DigestAlgorithm, () => Promise<IHasher>> = {
  sha256: createSHA256,
  sm3: createSM3,
  sha384: createSHA384,
  sha512: createSHA512,
  sha1: createSHA1,
  md5: createMD5,
  leaf: createSHA256,
};

/** Several digests over the same bytes, in one pass. */
export class ManyDigests<A extends DigestAlgorithm> {
  private readonly hashers: [A, IHasher][];

  private constructor(hashers: [A, IHasher][]) {
    this.hashers = hashers;
  }

  static async start<A extends DigestAlgorithm>(algorithms: readonly A[]): Promise<ManyDigests<A>> {
    return new ManyDigests(await Promise.all(algorithms.map(async (name) => [name, await startDigest(name)])));
  }

  update(bytes: Uint8Array): void {
    for (const [, hasher] of this.hashers) hasher.update(bytes);
  }

  finish(): Digests<A> {
    return Object.fromEntries(this.hashers.map(([name, hasher]) => [name, hasher.digest('hex')])) as Digests<A>;
  }
}

async function startDigest(name: DigestAlgorithm): Promise<IHasher> {
  const hasher = (await CREATE[name]()).init();
  return name === 'leaf' ? hasher.update(Uint8Array.of(0)) : hasher;
}

/**
 * Reads a file from disk in pieces and hashes it; the whole is never in memory.
 * @param onBytes called after each piece with its length
 * @throws DOMException `NotReadableError` if the file was changed or removed meanwhile
 */
export async function digestBlob<A extends DigestAlgorithm>(
  blob: Blob,
  algorithms: readonly A[],
  onBytes: (bytes: number) => void,
): Promise<Digests<A>> {
  const digests = await ManyDigests.start(algorithms);
  for (let offset = 0; offset < blob.size; offset += CHUNK_BYTES) {
    const chunk = new Uint8Array(await blob.slice(offset, offset + CHUNK_BYTES).arrayBuffer());
    digests.update(chunk);
    onBytes(chunk.length);
  }
  return digests.finish();
}
