import sharp from 'sharp';

/** Bits of a dHash. */
export const HASH_BITS = 64;

/**
 * dHash of a picture: it is made 9 by 8 grey pixels large, and each of the 64 bits says whether a pixel is brighter than its right
 * neighbour. Pictures that look alike have hashes that differ in few bits; so may pictures that do not. A hint, never a finding.
 * @param preview a JPEG of this service's own making, never content as it was handed in
 */
export async function dHash(preview: Uint8Array): Promise<bigint> {
  const grey = await sharp(preview).greyscale().resize(9, 8, { fit: 'fill' }).raw().toBuffer();
  let hash = 0n;
  for (let y = 0; y < 8; y++) {
    for (let x = 0; x < 8; x++) {
      const isBrighter = (grey[y * 9 + x] as number) > (grey[y * 9 + x + 1] as number);
      hash = (hash << 1n) | (isBrighter ? 1n : 0n);
    }
  }
  return hash;
}

/** Bits in which two hashes differ, 0 to 64. */
export function hammingDistance(a: bigint, b: bigint): number {
  let differing = 0;
  for (let rest = BigInt.asUintN(HASH_BITS, a ^ b); rest !== 0n; rest &= rest - 1n) differing++;
  return differing;
}
