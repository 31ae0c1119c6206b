import { FormatError } from '../errors.ts';
import { encodeHex, parseHex, sha256 } from './bytes.ts';

/** Length of every Bitcoin block header. */
export const BITCOIN_HEADER_BYTES = 80;

export interface BitcoinHeader {
  /** Double SHA-256 of the header as block explorers print it: bytes reversed, hex. */
  hash: string;
  /** 32 bytes in the header's own order, which is the order of OpenTimestamps; explorers print them reversed. */
  merkleRoot: Uint8Array;
  /** Seconds since 1970 as the miner wrote them: up to two hours beside the true time. */
  time: number;
  /** True if the hash meets the target that the header itself states. How hard that target is, is not judged. */
  hasWork: boolean;
}

/** @throws FormatError `invalid-header` if it is not 80 bytes long */
export function parseBitcoinHeader(bytes: Uint8Array): BitcoinHeader {
  if (bytes.length !== BITCOIN_HEADER_BYTES) {
    throw new FormatError('invalid-header', `a Bitcoin header of ${bytes.length} bytes, not ${BITCOIN_HEADER_BYTES}`);
  }
  const hash = sha256(sha256(bytes)).reverse();
  const target = targetOf(littleEndian(bytes, 72));
  return {
    hash: encodeHex(hash),
    merkleRoot: bytes.slice(36, 68),
    time: littleEndian(bytes, 68),
    hasWork: target !== undefined && BigInt(`0x${encodeHex(hash)}`) <= target,
  };
}

/** Undefined if the compact spelling is negative, zero or larger than 256 bits. */
function targetOf(bits: number): bigint | undefined {
  const exponent = bits >>> 24;
  const mantissa = BigInt(bits & 0x7fffff);
  if ((bits & 0x800000) !== 0 || mantissa === 0n) return undefined;
  const target = exponent <= 3 ? mantissa >> BigInt(8 * (3 - exponent)) : mantissa << BigInt(8 * (exponent - 3));
  return target > 0n && target < 1n << 256n ? target : undefined;
}

function littleEndian(bytes: Uint8Array, at: number): number {
  return [3, 2, 1, 0].reduce((value, i) => value * 256 + (bytes[at + i] as number), 0);
}

/** One block that the reader, or somebody he trusts, saw in the chain. */
export interface KnownBitcoinHeader {
  height: number;
  /** 80 bytes as 160 hex digits. */
  header: string;
}

/** Longest list read: room for 1.5 million blocks. */
export const MAX_HEADERS_FILE_BYTES = 256 * 1024 * 1024;

/**
 * Lines of `height header`: a decimal number and 160 lower-case hex digits, as `bitcoin-cli getblockheader … false` prints them.
 * Empty lines and lines that begin with # are skipped.
 * @throws FormatError `invalid-header` naming the line
 */
export function parseBitcoinHeaderLines(text: string): KnownBitcoinHeader[] {
  const known: KnownBitcoinHeader[] = [];
  for (const [i, line] of text.split('\n').entries()) {
    const trimmed = line.trim();
    if (trimmed === '' || trimmed.startsWith('#')) continue;
    const match = /^(0|[1-9][0-9]{0,8})[ \t]+([0-9a-f]{160})$/.exec(trimmed);
    if (match === null) {
      throw new FormatError('invalid-header', `line ${i + 1}: expected a height and 160 lower-case hex digits`);
    }
    const [, height, header] = match as unknown as [string, string, string];
    // A typing error must not silently count as "not known".
    if (!parseBitcoinHeader(parseHex(header)).hasWork) {
      throw new FormatError('invalid-header', `line ${i + 1}: the header does not meet its own target`);
    }
    known.push({ height: Number(height), header });
  }
  return known;
}
