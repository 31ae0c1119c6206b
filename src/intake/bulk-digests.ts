import type { Depositor } from './assemble-deposit.ts';
import { DepositError } from './deposit-error.ts';
import { parseDigestDeposit } from './deposit-request.ts';
import type { DepositService, ReceivedDeposit } from './deposit-service.ts';

export interface BulkLimits {
  maxLines: number;
  /** Without its line feed. */
  maxLineBytes: number;
}

/** What became of one line. `line` counts from 1, empty lines included. */
export type LineOutcome = { line: number } & (
  | { received: ReceivedDeposit; error?: undefined }
  | { error: unknown; received?: undefined }
);

/** Deposits under way at a time: they share the log's batches, so a line costs far less than a batch. */
const LINES_UNDER_WAY = 128;

/**
 * One deposit of digests for each line of newline-delimited JSON. Outcomes come in the order of the lines; a line that is
 * wrong is its own error and the others go on. Lines are read no faster than outcomes are taken: memory is that of
 * `LINES_UNDER_WAY` lines.
 *
 * The line's Idempotency-Key is the request's and the line's number, so that the same request again makes nothing twice.
 * Ends early, after the outcome saying so, at a line that is too long and at one too many: what follows cannot be told apart.
 */
export async function* receiveLines(
  service: Pick<DepositService, 'receive'>,
  account: Depositor & { accountId: string },
  bytes: AsyncIterable<Uint8Array>,
  idempotencyKey: string | null,
  limits: BulkLimits,
): AsyncGenerator<LineOutcome, void, void> {
  const underWay: Promise<LineOutcome>[] = [];
  const take = async (line: number, text: Uint8Array): Promise<LineOutcome> => {
    try {
      const deposit = parseDigestDeposit(text, limits.maxLineBytes);
      const received = await service.receive({
        account,
        content: {
          digestSource: 'declared',
          files: deposit.files.map((file) => ({ ...file, mediaType: file.mediaType ?? null, sm3: file.sm3 ?? null })),
        },
        statement: deposit.statement ?? {},
        // A space cannot stand in a key that a client sends, so this never meets one of his.
        idempotencyKey: idempotencyKey === null ? null : `${idempotencyKey} ${line}`,
      });
      return { line, received };
    } catch (error) {
      return { line, error };
    }
  };
  const lines = splitLines(bytes, limits);
  let reading = lines.next();
  try {
    for (;;) {
      const [oldest] = underWay;
      // Whichever is first: an outcome must not wait for a client that sends slowly, nor reading for the log.
      const event = await Promise.race([
        ...(underWay.length < LINES_UNDER_WAY ? [reading.then((read) => ({ read }))] : []),
        ...(oldest === undefined ? [] : [oldest.then((outcome) => ({ outcome }))]),
      ]);
      if ('outcome' in event) {
        underWay.shift();
        yield event.outcome;
      } else if (event.read.done === true) break;
      else {
        const { line, text } = event.read.value;
        if (text.length > 0) underWay.push(take(line, text));
        reading = lines.next();
      }
    }
    for (let next = underWay.shift(); next !== undefined; next = underWay.shift()) yield await next;
  } catch (error) {
    for (let next = underWay.shift(); next !== undefined; next = underWay.shift()) yield await next;
    if (error instanceof LineError) yield { line: error.line, error: error.reason };
    else throw error;
  } finally {
    // The one who takes outcomes went away: what was begun still ends, unheard.
    reading.catch(() => {});
    await Promise.all(underWay);
  }
}

class LineError extends Error {
  readonly line: number;
  readonly reason: DepositError;

  constructor(line: number, reason: DepositError) {
    super(reason.message, { cause: reason });
    this.line = line;
    this.reason = reason;
  }
}

/** Lines without LF or CRLF; the last one may lack it. @throws LineError */
async function* splitLines(
  bytes: AsyncIterable<Uint8Array>,
  { maxLines, maxLineBytes }: BulkLimits,
): AsyncGenerator<{ line: number; text: Uint8Array }, void, void> {
  let line = 1;
  let parts: Uint8Array[] = [];
  let length = 0;
  const add = (part: Uint8Array, isEnded: boolean) => {
    if (line > maxLines && (isEnded || part.length > 0)) {
      throw new LineError(line, new DepositError('too-many-lines', `more than ${maxLines} lines; send the rest anew`));
    }
    length += part.length;
    // One byte more for a carriage return.
    if (length > maxLineBytes + 1) {
      throw new LineError(
        line,
        new DepositError(
          'line-too-long',
          `line ${line} is longer than ${maxLineBytes} bytes; nothing after it is read`,
        ),
      );
    }
    parts.push(part);
  };
  const end = () => {
    const whole = Buffer.concat(parts);
    parts = [];
    length = 0;
    return { line: line++, text: whole.at(-1) === 0x0d ? whole.subarray(0, -1) : whole };
  };
  for await (const chunk of bytes) {
    let from = 0;
    for (let at = chunk.indexOf(0x0a); at >= 0; at = chunk.indexOf(0x0a, from)) {
      add(chunk.subarray(from, at), true);
      from = at + 1;
      yield end();
    }
    // Copied: the rest of a line must not keep a whole chunk alive.
    add(Uint8Array.from(chunk.subarray(from)), false);
  }
  if (length > 0) yield end();
}
