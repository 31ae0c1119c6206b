import { randomBytes } from 'node:crypto';
import sharp from 'sharp';

/** What is sent as a file, and how long it is. Made while it is sent. */
export interface Content {
  sizeBytes: number;
  chunks(): Iterable<Uint8Array>;
}

const POOL_BYTES = 8 * 1024 ** 2;
const CHUNK_BYTES = 256 * 1024;
/** Odd, so that no two of the first thousands of chunks are the same bytes. */
const STRIDE_BYTES = 104_729;
let pool: Buffer | undefined;

/** Random bytes that no one can compress, at next to no cost: windows that wander over 8 MiB. */
export function incompressible(sizeBytes: number): Content {
  pool ??= randomBytes(POOL_BYTES);
  const random = pool;
  return {
    sizeBytes,
    *chunks() {
      let at = 0;
      for (let left = sizeBytes; left > 0; left -= CHUNK_BYTES) {
        yield random.subarray(at, at + Math.min(left, CHUNK_BYTES));
        at = (at + STRIDE_BYTES) % (POOL_BYTES - CHUNK_BYTES);
      }
    },
  };
}

const LINE = '2026-11-22 10:00:00 +0800 网页截图 listing page, price and seller name as shown to every visitor\n';

/** Text of many lines, as a saved page or a log is. */
export function text(sizeBytes: number): Content {
  const bytes = Buffer.from(LINE.repeat(Math.ceil(sizeBytes / Buffer.byteLength(LINE)))).subarray(0, sizeBytes);
  return { sizeBytes, chunks: () => [bytes] };
}

/** A JPEG of noise, which a decoder has to work on. Its length follows from its edge: about 0.3 bytes a pixel. */
export async function photograph(edgePx: number): Promise<Content> {
  const channels = 3;
  const noise = randomBytes(edgePx * edgePx * channels);
  const jpeg = await sharp(noise, { raw: { width: edgePx, height: edgePx, channels } })
    .blur(1)
    .jpeg({ quality: 80 })
    .toBuffer();
  return { sizeBytes: jpeg.length, chunks: () => [jpeg] };
}
