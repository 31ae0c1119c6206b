import { FormatError } from '../errors.ts';
import { concat } from './bytes.ts';

/** Leaves or hashes in a full tile, c2sp.org/tlog-tiles: height 8. */
export const TILE_WIDTH = 256;
/** Tile levels that trees of at most 2⁴⁸ leaves have. */
export const MAX_TILE_LEVEL = 6;

/** A tile of node hashes at `level` (0: leaf hashes, 1: roots of full level-0 tiles …), or of entries. */
export interface TileId {
  level: number | 'entries';
  index: bigint;
  /** 1…256; below 256 the tile is partial. */
  width: number;
}

/** `tile/<L>/<N>[.p/<W>]`, N in groups of three digits, all but the last prefixed with x. */
export function encodeTilePath(tile: TileId): string {
  const partial = tile.width === TILE_WIDTH ? '' : `.p/${tile.width}`;
  return `tile/${tile.level}/${encodeIndex(tile.index)}${partial}`;
}

/** @throws FormatError `invalid-tile-path` for every spelling but the one that `encodeTilePath` gives */
export function parseTilePath(path: string): TileId {
  const match = /^tile\/(entries|[0-9]{1,2})\/((?:x[0-9]{3}\/){0,5}[0-9]{3})(?:\.p\/([0-9]{1,3}))?$/.exec(path);
  const wrong = () => new FormatError('invalid-tile-path', `not a tile path: ${JSON.stringify(path.slice(0, 100))}`);
  if (match === null) throw wrong();
  const level = match[1] === 'entries' ? 'entries' : Number(match[1]);
  if (level !== 'entries' && level > MAX_TILE_LEVEL) throw wrong();
  const index = BigInt((match[2] as string).replace(/[x/]/g, ''));
  const width = match[3] === undefined ? TILE_WIDTH : Number(match[3]);
  if (width < 1 || (match[3] !== undefined && width >= TILE_WIDTH)) throw wrong();
  const tile: TileId = { level, index, width };
  if (encodeTilePath(tile) !== path) throw wrong();
  return tile;
}

function encodeIndex(index: bigint): string {
  let digits = index.toString();
  digits = digits.padStart(Math.ceil(digits.length / 3) * 3, '0');
  const groups = digits.match(/[0-9]{3}/g) as string[];
  return groups.map((group, i) => (i < groups.length - 1 ? `x${group}/` : group)).join('');
}

/** Entry bundle: each entry behind its length as a big-endian 16-bit number. Ours are 32 bytes each. */
export function encodeEntryBundle(entries: Uint8Array[]): Uint8Array {
  return concat(...entries.flatMap((e) => [Uint8Array.of(e.length >> 8, e.length & 255), e]));
}

/** @throws FormatError `invalid-field` if the bundle does not hold exactly `width` entries of 32 bytes */
export function parseEntryBundle(bytes: Uint8Array, width: number): Uint8Array[] {
  if (bytes.length !== width * 34) {
    throw new FormatError(
      'invalid-field',
      `entry bundle of ${bytes.length} bytes, expected ${width * 34} for ${width} entries`,
    );
  }
  return Array.from({ length: width }, (_, i) => {
    if (bytes[i * 34] !== 0 || bytes[i * 34 + 1] !== 32) {
      throw new FormatError('invalid-field', `entry ${i} of the bundle is not 32 bytes long`);
    }
    return bytes.slice(i * 34 + 2, (i + 1) * 34);
  });
}

/** Hashes of a tile, 32 bytes each. @throws FormatError `invalid-field` if the length is not width × 32 */
export function parseTile(bytes: Uint8Array, width: number): Uint8Array[] {
  if (bytes.length !== width * 32) {
    throw new FormatError('invalid-field', `tile of ${bytes.length} bytes, expected ${width * 32}`);
  }
  return Array.from({ length: width }, (_, i) => bytes.slice(i * 32, (i + 1) * 32));
}
