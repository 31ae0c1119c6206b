import type { ByteRange } from '../storage/object-store.ts';
import { HttpError } from './http-error.ts';

/**
 * The one range that a `Range` header asks of a representation of `sizeBytes` (RFC 9110 §14.1.2); undefined where the whole is
 * the right answer: no header, another unit, several ranges, or a spelling that is not one.
 * @throws HttpError `range-not-satisfiable` if it lies outside
 */
export function parseByteRange(header: string | undefined, sizeBytes: number): ByteRange | undefined {
  const match = /^bytes=([0-9]{0,15})-([0-9]{0,15})$/.exec(header ?? '');
  if (match === null) return undefined;
  const [first, last] = [match[1] as string, match[2] as string];
  if (first === '' && last === '') return undefined;
  if (first !== '' && last !== '' && Number(first) > Number(last)) return undefined;
  const start = first === '' ? Math.max(0, sizeBytes - Number(last)) : Number(first);
  const end = first === '' || last === '' ? sizeBytes : Math.min(Number(last) + 1, sizeBytes);
  if (start >= end) {
    throw new HttpError('range-not-satisfiable', `${header} of a file of ${sizeBytes} bytes`, {
      members: { sizeBytes },
    });
  }
  return { start, end };
}
