import { createRequire } from 'node:module';
import sharp from 'sharp';

/** Has Chinese and Latin letters; the machine's own fonts are not asked. */
const FONT_FILE = createRequire(import.meta.url).resolve(
  '@expo-google-fonts/noto-sans-sc/400Regular/NotoSansSC_400Regular.ttf',
);
const MAX_CHARACTERS = 120;

/**
 * A preview with `text` across all of it, so that a picture of the screen says who had it open and when.
 * @param preview a JPEG of this service's own making, never content as it was handed in
 */
export async function watermarked(preview: Uint8Array, text: string): Promise<Buffer> {
  const image = sharp(preview);
  const { width, height } = await image.metadata();
  const size = Math.max(9, Math.min(18, Math.round(Math.min(width, height) / 28)));
  const transparent = '#00000000';
  const [dark, light] = await Promise.all(['#000000', '#ffffff'].map((color) => wordsIn(text, color, size)));
  // A light edge beside dark letters: one of them shows on any picture.
  const words = await sharp(dark)
    .composite([{ input: light as Buffer, left: 1, top: 1, blend: 'dest-over' }])
    .linear([1, 1, 1, 0.4], [0, 0, 0, 0])
    .extend({ top: size, bottom: size * 3, left: size, right: size * 3, background: transparent })
    .png()
    .toBuffer();
  const turned = await sharp(words).rotate(-24, { background: transparent }).png().toBuffer();
  const tile = await withinImage(turned, words, { width, height });
  return image
    .composite([{ input: tile, tile: true, gravity: 'northwest' }])
    .jpeg({ quality: 80 })
    .toBuffer();
}

/** A layer larger than the image would be refused: then the words stand level, and are cut where the image ends. */
async function withinImage(turned: Buffer, level: Buffer, image: { width: number; height: number }): Promise<Buffer> {
  const { width, height } = await sharp(turned).metadata();
  if (width <= image.width && height <= image.height) return turned;
  const words = sharp(await sharp(level).trim().png().toBuffer());
  const size = await words.metadata();
  const cut = { width: Math.min(size.width, image.width), height: Math.min(size.height, image.height) };
  return words
    .extract({ left: 0, top: 0, ...cut })
    .png()
    .toBuffer();
}

async function wordsIn(text: string, color: string, size: number): Promise<Buffer> {
  const markup = `<span foreground="${color}">${markupOf(text)}</span>`;
  const words = { text: markup, font: `Noto Sans SC ${size}`, fontfile: FONT_FILE, rgba: true, dpi: 96 };
  // Room for the edge.
  return sharp({ text: words }).ensureAlpha().extend({ right: 1, bottom: 1, background: '#00000000' }).png().toBuffer();
}

function markupOf(text: string): string {
  const letters = [...text.replace(/[\p{C}\p{Zl}\p{Zp}]/gu, ' ')].slice(0, MAX_CHARACTERS).join('');
  // Without a letter there would be nothing to draw.
  return `· ${letters}`.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
