import { randomBytes } from 'node:crypto';
import { CodedError } from '../errors.ts';
import { parseBitcoinHeader } from '../format/bitcoin-header.ts';
import { encodeHex, equalBytes, parseHex } from '../format/bytes.ts';
import {
  applyOperation,
  attestationsOf,
  chainOf,
  encodeDetachedTimestamp,
  type Operation,
  parseDetachedTimestamp,
  parseTimestamp,
  replaceAttestations,
  type Timestamp,
} from '../format/opentimestamps.ts';
import { CalendarError } from './calendar-error.ts';

/** Bitcoin headers of a height as hex; undefined if the height is not known yet. */
export type HeadersAt = (height: number) => Promise<readonly string[] | undefined>;

export interface CalendarOptions {
  /** http or https, without a slash at the end. */
  url: string;
  /** For each request, from sending to the last byte of the answer. */
  timeoutMs: number;
  /** Other calendars in whose name this one may promise, and which are then asked. */
  alsoNames?: readonly string[];
  /** Undefined: what a calendar says of Bitcoin is stored unseen, and left to readers to check. */
  headersAt?: HeadersAt | undefined;
}

export interface Stamp {
  /** A `.ots` file over the root hash. */
  proof: Uint8Array;
  /** True once it leads into a Bitcoin block, one that was checked if headers are at hand. */
  complete: boolean;
}

/** As stock clients bound it. */
const MAX_ANSWER_BYTES = 10_000;
const NONCE_BYTES = 16;
const HEADERS = { accept: 'application/vnd.opentimestamps.v1', 'user-agent': 'tiezheng' };
/** All that our exports may hold. */
const OPERATIONS: ReadonlySet<Operation['kind']> = new Set<Operation['kind']>(['append', 'prepend', 'sha256']);

/** Talks to one OpenTimestamps calendar. Nothing is believed of an answer but what can be computed from it. */
export class CalendarClient {
  readonly url: string;
  readonly #options: CalendarOptions;
  readonly #names: ReadonlySet<string>;

  constructor(options: CalendarOptions) {
    this.url = options.url;
    this.#options = options;
    this.#names = new Set([options.url, ...(options.alsoNames ?? [])]);
  }

  /**
   * Has a root stamped. The calendar sees SHA-256(root ‖ nonce), so it learns nothing that is in the public log.
   * @param rootHash 32 bytes
   * @throws CalendarError
   */
  async stamp(rootHash: Uint8Array): Promise<Stamp> {
    const blinding: Operation[] = [
      { kind: 'append', argument: new Uint8Array(randomBytes(NONCE_BYTES)) },
      { kind: 'sha256' },
    ];
    const sent = blinding.reduce<Uint8Array>((message, o) => applyOperation(o, message) as Uint8Array, rootHash);
    const answer = await this.#ask(`${this.url}/digest`, { method: 'POST', body: Buffer.from(sent) });
    if (answer === undefined) throw new CalendarError('calendar-refused', `${this.#host(this.url)}: takes no digests`);
    const timestamp = await this.#judge(answer, sent, this.url);
    if (timestamp === undefined) throw this.#unrelated(this.url);
    return this.#stampOf({ digest: rootHash, timestamp: chainOf(blinding, timestamp) });
  }

  /**
   * Asks the calendars that a stored proof names for what they have since.
   * @returns undefined if there is nothing new
   * @throws CalendarError
   */
  async upgrade(proof: Uint8Array): Promise<Stamp | undefined> {
    const { digest, timestamp } = parseDetachedTimestamp(proof);
    const answers = new Map<string, Timestamp>();
    for (const { attestation, message } of attestationsOf(timestamp, digest)) {
      if (attestation.kind !== 'pending' || message === undefined || !this.#names.has(attestation.uri)) continue;
      const target = `${attestation.uri}/timestamp/${encodeHex(message)}`;
      const answer = await this.#ask(target, { method: 'GET' });
      if (answer === undefined) continue;
      const found = await this.#judge(answer, message, attestation.uri);
      // Bitcoin's word replaces the calendar's promise, which nobody then needs to ask about.
      if (found !== undefined && names(found, message, 'bitcoin')) answers.set(target, found);
    }
    if (answers.size === 0) return undefined;
    const upgraded = replaceAttestations(timestamp, digest, (attestation, message) =>
      attestation.kind === 'pending' ? answers.get(`${attestation.uri}/timestamp/${encodeHex(message)}`) : undefined,
    );
    return this.#stampOf({ digest, timestamp: upgraded });
  }

  async #stampOf(detached: { digest: Uint8Array; timestamp: Timestamp }): Promise<Stamp> {
    const complete = names(detached.timestamp, detached.digest, 'bitcoin');
    return { proof: this.#refusing(this.url, () => encodeDetachedTimestamp(detached)), complete };
  }

  /**
   * What an answer says of `message` that contradicts no known block: promises in known names, and known blocks.
   * @returns undefined if it names none but blocks that are not known yet
   * @throws CalendarError
   */
  async #judge(answer: Uint8Array, message: Uint8Array, url: string): Promise<Timestamp | undefined> {
    const timestamp = this.#refusing(url, () => parseTimestamp(answer, message.length));
    const foreign = operationsOf(timestamp).find(({ kind }) => !OPERATIONS.has(kind));
    if (foreign !== undefined) {
      throw new CalendarError('calendar-malformed', `${this.#host(url)}: answered with the operation ${foreign.kind}`);
    }
    const kept = await this.#withoutUnknownBlocks(timestamp, message, url);
    if (kept === undefined && !names(timestamp, message, 'bitcoin')) throw this.#unrelated(url);
    return kept;
  }

  #unrelated(url: string): CalendarError {
    return new CalendarError(
      'calendar-unrelated',
      `${this.#host(url)}: promised nothing, or in the name of a calendar that is not configured`,
    );
  }

  /**
   * Leaves out attestations that nobody asked for, and blocks that are not known yet: those are asked for again.
   * Undefined if nothing is left.
   */
  async #withoutUnknownBlocks(timestamp: Timestamp, message: Uint8Array, url: string): Promise<Timestamp | undefined> {
    const branches: Timestamp['branches'][number][] = [];
    for (const branch of timestamp.branches) {
      if ('operation' in branch) {
        const result = applyOperation(branch.operation, message) as Uint8Array;
        const next = await this.#withoutUnknownBlocks(branch.next, result, url);
        if (next !== undefined) branches.push({ operation: branch.operation, next });
      } else if (branch.attestation.kind === 'pending') {
        if (this.#names.has(branch.attestation.uri)) branches.push(branch);
      } else if (branch.attestation.kind === 'bitcoin') {
        if (await this.#isKnown(branch.attestation.height, message, url)) branches.push(branch);
      }
    }
    return branches.length === 0 ? undefined : { branches };
  }

  /** @throws CalendarError `calendar-wrong-block` */
  async #isKnown(height: number, merkleRoot: Uint8Array, url: string): Promise<boolean> {
    const { headersAt } = this.#options;
    const known = await headersAt?.(height);
    if (known === undefined) {
      if (merkleRoot.length === 32) return headersAt === undefined;
    } else if (known.some((header) => equalBytes(parseBitcoinHeader(parseHex(header)).merkleRoot, merkleRoot))) {
      return true;
    }
    throw new CalendarError(
      'calendar-wrong-block',
      `${this.#host(url)}: leads to Merkle root ${encodeHex(merkleRoot.slice().reverse())}, which block ${height} does not have`,
    );
  }

  /** The body; undefined if there is none of that name (yet). @throws CalendarError */
  async #ask(target: string, request: { method: string; body?: Buffer<ArrayBuffer> }): Promise<Uint8Array | undefined> {
    const { timeoutMs } = this.#options;
    const where = this.#host(target);
    try {
      const signal = AbortSignal.timeout(timeoutMs);
      const response = await fetch(target, { ...request, headers: HEADERS, signal, redirect: 'error' });
      if (response.ok) return await readBounded(response, where);
      await response.body?.cancel();
      if (response.status === 404) return undefined;
      const code = response.status < 500 && response.status !== 429 ? 'calendar-refused' : 'calendar-unreachable';
      throw new CalendarError(code, `${where}: HTTP ${response.status}`);
    } catch (cause) {
      if (cause instanceof CalendarError) throw cause;
      if ((cause as Error).name === 'TimeoutError') {
        throw new CalendarError('calendar-timeout', `${where}: no answer within ${timeoutMs} ms`, { cause });
      }
      throw new CalendarError('calendar-unreachable', `${where}: ${reasonOf(cause)}`, { cause });
    }
  }

  #refusing<T>(url: string, work: () => T): T {
    try {
      return work();
    } catch (cause) {
      if (!(cause instanceof CodedError)) throw cause;
      throw new CalendarError('calendar-malformed', `${this.#host(url)}: ${cause.message}`, { cause });
    }
  }

  #host(url: string): string {
    return new URL(url).host;
  }
}

async function readBounded(response: Response, where: string): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let sizeBytes = 0;
  for await (const chunk of response.body ?? []) {
    sizeBytes += chunk.length;
    if (sizeBytes > MAX_ANSWER_BYTES) {
      throw new CalendarError('calendar-malformed', `${where}: more than ${MAX_ANSWER_BYTES} bytes`);
    }
    chunks.push(chunk);
  }
  return new Uint8Array(Buffer.concat(chunks));
}

function names(timestamp: Timestamp, message: Uint8Array, kind: 'bitcoin' | 'pending'): boolean {
  return attestationsOf(timestamp, message).some(({ attestation }) => attestation.kind === kind);
}

function operationsOf({ branches }: Timestamp): Operation[] {
  return branches.flatMap((branch) => ('operation' in branch ? [branch.operation, ...operationsOf(branch.next)] : []));
}

function reasonOf(error: unknown): string {
  const { cause, message } = error as Error & { cause?: { code?: string; message?: string } };
  return cause?.code ?? cause?.message ?? message;
}
