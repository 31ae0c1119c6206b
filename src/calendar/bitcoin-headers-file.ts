import { readFile, stat } from 'node:fs/promises';
import { MAX_HEADERS_FILE_BYTES, parseBitcoinHeaderLines } from '../format/bitcoin-header.ts';
import type { HeadersAt } from './calendar-client.ts';
import { CalendarError } from './calendar-error.ts';

/**
 * Headers that the operator keeps in a file, as lines of `height header`; read again whenever the file has changed.
 * The function returned throws CalendarError `bitcoin-headers-unreadable`.
 */
export function openBitcoinHeadersFile(file: string): HeadersAt {
  let read: { changed: string; headers: Map<number, string[]> } | undefined;
  return async (height) => {
    try {
      const { mtimeMs, size } = await stat(file);
      const changed = `${mtimeMs} ${size}`;
      if (read?.changed !== changed) {
        if (size > MAX_HEADERS_FILE_BYTES) throw new Error(`${size} bytes; at most ${MAX_HEADERS_FILE_BYTES} are read`);
        const headers = new Map<number, string[]>();
        for (const known of parseBitcoinHeaderLines(await readFile(file, 'utf8'))) {
          headers.set(known.height, [...(headers.get(known.height) ?? []), known.header]);
        }
        read = { changed, headers };
      }
    } catch (cause) {
      throw new CalendarError('bitcoin-headers-unreadable', `${file}: ${(cause as Error).message}`, { cause });
    }
    return read.headers.get(height);
  };
}
