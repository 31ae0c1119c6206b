import { createHash } from 'node:crypto';

const sha256d = (bytes: Uint8Array) =>
  createHash('sha256').update(createHash('sha256').update(bytes).digest()).digest();

/** Half of all hashes meet it: the work is real and takes two attempts. The target of Bitcoin's own regression tests. */
const EASY_BITS = 0x207fffff;

/** A chain of headers whose work meets the target that they state. */
export class StandInBitcoin {
  readonly #headers: Buffer[] = [];

  /** Mines a block over `merkleRoot`, in the header's byte order. @returns its height */
  mine(merkleRoot: Uint8Array, time: number): number {
    const previous = this.#headers.at(-1);
    this.#headers.push(mineHeader(previous === undefined ? Buffer.alloc(32) : sha256d(previous), merkleRoot, time));
    return this.#headers.length - 1;
  }

  /** @returns 80 bytes as hex */
  header(height: number): string {
    return (this.#headers[height] as Buffer).toString('hex');
  }

  headers(): { height: number; header: string }[] {
    return this.#headers.map((header, height) => ({ height, header: header.toString('hex') }));
  }
}

export function mineHeader(previous: Uint8Array, merkleRoot: Uint8Array, time: number, bits = EASY_BITS): Buffer {
  const header = Buffer.alloc(80);
  header.writeUInt32LE(2, 0);
  header.set(previous, 4);
  header.set(merkleRoot, 36);
  header.writeUInt32LE(time, 68);
  header.writeUInt32LE(bits, 72);
  for (let nonce = 0; ; nonce++) {
    header.writeUInt32LE(nonce, 76);
    if ((sha256d(header)[31] as number) < 0x80) return header;
  }
}
