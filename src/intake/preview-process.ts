// Runs as a child process of its own and nothing else: it holds no key, no connection and no environment. What a hostile
// image does here ends with this process.
import { writeFileSync } from 'node:fs';
import sharp from 'sharp';

/** Content comes in pieces, then `make`. One image at a time. */
export type PreviewRequest =
  | { kind: 'piece'; bytes: Uint8Array }
  | { kind: 'make'; maxInputPixels: number; maxEdgePx: number; timeoutMs: number };

export type PreviewAnswer =
  | { kind: 'made'; bytes: Uint8Array; widthPx: number; heightPx: number }
  | { kind: 'refused'; reason: 'too-many-pixels' | 'timeout' | 'undecodable' };

try {
  // Should memory run out, the system takes this process and not the server. Linux only, and no loss where it fails.
  writeFileSync('/proc/self/oom_score_adj', '1000');
} catch {}

sharp.cache(false);
sharp.concurrency(1);
sharp.block({ operation: ['VipsForeignLoad'] });
sharp.unblock({
  operation: ['Jpeg', 'Png', 'Webp', 'Nsgif', 'Tiff', 'Heif'].map((format) => `VipsForeignLoad${format}`),
});

let pieces: Uint8Array[] = [];
process.on('disconnect', () => process.exit());
process.on('message', async (request: PreviewRequest) => {
  if (request.kind === 'piece') {
    pieces.push(request.bytes);
    return;
  }
  const image = Buffer.concat(pieces);
  pieces = [];
  process.send?.(await make(image, request));
});

async function make(image: Buffer, limits: PreviewRequest & { kind: 'make' }): Promise<PreviewAnswer> {
  try {
    const { data, info } = await sharp(image, {
      limitInputPixels: limits.maxInputPixels,
      failOn: 'error',
      sequentialRead: true,
    })
      .timeout({ seconds: Math.ceil(limits.timeoutMs / 1000) })
      .autoOrient()
      .resize({ width: limits.maxEdgePx, height: limits.maxEdgePx, fit: 'inside', withoutEnlargement: true })
      .flatten({ background: '#ffffff' })
      .toColourspace('srgb')
      .jpeg({ quality: 80 })
      .toBuffer({ resolveWithObject: true });
    return { kind: 'made', bytes: data, widthPx: info.width, heightPx: info.height };
  } catch (error) {
    const message = error instanceof Error ? error.message : '';
    if (/pixel limit/i.test(message)) return { kind: 'refused', reason: 'too-many-pixels' };
    return { kind: 'refused', reason: /timeout/i.test(message) ? 'timeout' : 'undecodable' };
  }
}
