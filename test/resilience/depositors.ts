import { setTimeout as delay } from 'node:timers/promises';
import { encodeJson, type JsonValue } from '../../src/format/json.ts';
import { digestsOf } from '../support/file-digests.ts';
import { fetchAgain } from './fetch-again.ts';
import { SeededRandom } from './seeded-random.ts';

/** What a client was told once: from then on it must stay true. */
export interface Acknowledged {
  idempotencyKey: string;
  depositId: string;
  leafIndex: number;
  /** Canonical bytes. */
  receipt: Uint8Array;
  /** Requests it took. */
  attempts: number;
}

const PAUSE_MS = 100;
/** A client whom nobody answers for so long gives up, and with it the trial. */
const GIVE_UP_MS = 180_000;

/** What is deposited under one Idempotency-Key. */
export interface Content {
  /** Only the digests are handed in. */
  declared: boolean;
  files: Uint8Array<ArrayBuffer>[];
}

/** Follows from the key, so that anyone can send it again or hold it against what came of it. */
export function contentOf(idempotencyKey: string): Content {
  const [seed, n] = idempotencyKey.split('-').slice(-2).map(Number) as [number, number];
  const random = new SeededRandom(seed + Math.imul(n, 0x9e3779b9));
  const kind = random.between(1, 10);
  if (kind === 1) return { declared: true, files: [random.bytes(100)] };
  // Small files are kept in the database, large ones in the object store.
  const sizes = kind <= 7 ? [random.between(1, 5000)] : [random.between(70_000, 200_000), random.between(1, 500)];
  return { declared: false, files: sizes.map((size) => random.bytes(size)) };
}

/**
 * Clients that deposit one thing after the other and repeat each, with its Idempotency-Key, until they hold its receipt. The
 * key is also the deposit's title.
 */
export class Depositors {
  readonly acknowledged: Acknowledged[] = [];
  readonly refusals = new Map<string, number>();
  readonly #urls: readonly string[];
  readonly #apiKey: string;
  readonly #seed: number;
  readonly #attemptTimeoutMs: number;
  #stopping = false;
  #running: Promise<unknown> = Promise.resolve();
  #begun = 0;

  /**
   * @param urls servers of one service; each attempt goes to the next one
   * @param attemptTimeoutMs after which a client asks again
   */
  constructor(urls: readonly string[], apiKey: string, seed: number, attemptTimeoutMs = 20_000) {
    this.#urls = urls;
    this.#apiKey = apiKey;
    this.#seed = seed;
    this.#attemptTimeoutMs = attemptTimeoutMs;
  }

  /**
   * @param clients how many deposit at the same time
   * @param pauseMs between a receipt and the same client's next deposit, at most
   */
  start(clients: number, pauseMs: number): void {
    this.#running = Promise.all(Array.from({ length: clients }, () => this.#depositUntilStopped(pauseMs)));
    // Awaited by `stop`; until then nobody listens.
    this.#running.catch(() => {});
  }

  /** Resolves when each client holds the receipt of its last deposit. Rejects if one was refused for good. */
  async stop(): Promise<void> {
    this.#stopping = true;
    await this.#running;
  }

  /** Hands in one more and resolves when its receipt is there. */
  async depositOne(): Promise<Acknowledged> {
    const n = ++this.#begun;
    return this.#insist(`resilience-${this.#seed}-${n}`, n);
  }

  /** Sends what is acknowledged once more, to one server. */
  async repeat(
    acknowledged: Acknowledged,
    url = this.#urls[0] as string,
  ): Promise<{ status: number; depositId: string; leafIndex: number }> {
    const response = await this.#send(url, acknowledged.idempotencyKey, fetchAgain);
    const { depositId, leafIndex } = (await response.json()) as { depositId: string; leafIndex: number };
    return { status: response.status, depositId, leafIndex };
  }

  async #depositUntilStopped(pauseMs: number): Promise<void> {
    while (!this.#stopping) {
      await this.depositOne();
      await delay(Math.random() * pauseMs);
    }
  }

  async #insist(idempotencyKey: string, n: number): Promise<Acknowledged> {
    const giveUpMs = performance.now() + GIVE_UP_MS;
    for (let attempts = 1; ; attempts++) {
      const url = this.#urls[(n + attempts) % this.#urls.length] as string;
      const refusal = await this.#attempt(url, idempotencyKey, attempts);
      if (typeof refusal !== 'string') return refusal;
      this.refusals.set(refusal, (this.refusals.get(refusal) ?? 0) + 1);
      if (performance.now() > giveUpMs) throw new Error(`${idempotencyKey}: no receipt after ${attempts} attempts`);
      await delay(PAUSE_MS);
    }
  }

  /** A string says why there is no receipt and that it is worth another attempt. */
  async #attempt(url: string, idempotencyKey: string, attempts: number): Promise<Acknowledged | string> {
    let status: number;
    let answer: { depositId: string; leafIndex: number; receipt: JsonValue; code?: string };
    try {
      const response = await this.#send(url, idempotencyKey);
      status = response.status;
      answer = (await response.json()) as typeof answer;
    } catch (error) {
      const cause = (error as { cause?: { code?: string } }).cause;
      return cause?.code ?? (error as Error).name;
    }
    if (status === 200 || status === 201) {
      const { depositId, leafIndex, receipt } = answer;
      const acknowledged = { idempotencyKey, depositId, leafIndex, receipt: encodeJson(receipt), attempts };
      this.acknowledged.push(acknowledged);
      return acknowledged;
    }
    const refusal = `${status} ${answer.code}`;
    // The request is right, so only "not now" is an answer to it, whatever has been killed.
    if (status !== 503 && status !== 429) throw new Error(`${idempotencyKey} was refused: ${refusal}`);
    return refusal;
  }

  async #send(url: string, idempotencyKey: string, ask: typeof fetchAgain = fetch): Promise<Response> {
    const { declared, files } = contentOf(idempotencyKey);
    const statement = { title: idempotencyKey };
    const signal = AbortSignal.timeout(this.#attemptTimeoutMs);
    const headers = { authorization: `Bearer ${this.#apiKey}`, 'idempotency-key': idempotencyKey };
    if (declared) {
      const said = files.map((bytes, n) => ({ name: `${n}.bin`, sizeBytes: bytes.length, ...digestsOf(bytes) }));
      return ask(`${url}/api/v1/deposits/digests`, {
        method: 'POST',
        headers: { ...headers, 'content-type': 'application/json' },
        body: JSON.stringify({ files: said, statement }),
        signal,
      });
    }
    const form = new FormData();
    form.append('statement', JSON.stringify(statement));
    for (const [n, bytes] of files.entries()) form.append('files', new Blob([bytes]), `${n}.bin`);
    return ask(`${url}/api/v1/deposits`, { method: 'POST', headers, body: form, signal });
  }
}
