import { createHash, randomBytes } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import {
  applyOperation,
  chainOf,
  encodeDetachedTimestamp,
  encodeTimestamp,
  type Operation,
  type TimeAttestation,
  type Timestamp,
} from '../../src/format/opentimestamps.ts';
import { StandInBitcoin } from './bitcoin-chain.ts';

/** What is wrong with a calendar. */
export type CalendarFault =
  /** Takes connections and closes them. */
  | 'down'
  /** Never ends its answers. */
  | 'slow'
  | 'garbage'
  | 'oversized'
  /** HTTP 500, 400, 302. */
  | 'broken'
  | 'refusing'
  | 'redirecting'
  /** A whole `.ots` file, over a digest that nobody sent. */
  | 'another-digest'
  /** Promises in the name of a calendar that it is not. */
  | 'another-name'
  /** Attests in a kind that nobody knows. */
  | 'promises-nothing'
  /** Uses an operation that exports must not hold. */
  | 'hexlify'
  /** A path to another Merkle root than the block has that it names. */
  | 'wrong-block'
  /** Knows of nothing that it once took. */
  | 'forgetful';

const SHA256: Operation = { kind: 'sha256' };
const append = (argument: Uint8Array): Operation => ({ kind: 'append', argument });
const prepend = (argument: Uint8Array): Operation => ({ kind: 'prepend', argument });
const follow = (operations: readonly Operation[], message: Uint8Array) =>
  operations.reduce<Uint8Array>((m, o) => applyOperation(o, m) as Uint8Array, message);
const attest = (attestation: TimeAttestation): Timestamp => ({ branches: [{ attestation }] });
const sha256 = (bytes: Uint8Array) => new Uint8Array(createHash('sha256').update(bytes).digest());

/** An OpenTimestamps calendar on loopback with a Bitcoin of its own. Speaks what public calendars speak. */
export class TestCalendar {
  readonly bitcoin: StandInBitcoin;
  fault: CalendarFault | undefined;
  /** `POST /digest`, `GET /timestamp/…`, in order. */
  readonly requests: string[] = [];
  /** Digests that were sent, hex. */
  readonly digests: string[] = [];
  readonly #waiting = new Map<string, Uint8Array>();
  readonly #attested = new Map<string, Timestamp>();
  readonly #server: Server;

  private constructor(bitcoin: StandInBitcoin) {
    this.bitcoin = bitcoin;
    this.#server = createServer((request, response) => void this.#answer(request, response));
  }

  static async start(bitcoin = new StandInBitcoin()): Promise<TestCalendar> {
    const calendar = new TestCalendar(bitcoin);
    await new Promise<void>((resolve) => {
      calendar.#server.listen(0, '127.0.0.1', resolve);
    });
    return calendar;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** Stops existing. */
  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  /** Puts all that waits into a transaction and mines a block with it. @param time seconds since 1970. @returns its height */
  mine(time: number): number {
    const paths = new Map([...this.#waiting].map(([id, message]) => [id, { message, operations: [SHA256] }]));
    this.#waiting.clear();
    let level = [...paths.keys()].map((id) => ({ ids: [id], hash: sha256(paths.get(id)?.message as Uint8Array) }));
    const extend = (ids: readonly string[], ...operations: Operation[]) => {
      for (const id of ids) paths.get(id)?.operations.push(...operations);
    };
    while (level.length > 1) {
      level = level.flatMap((left, i) => {
        if (i % 2 === 1) return [];
        const right = level[i + 1];
        if (right === undefined) return [left];
        extend(left.ids, append(right.hash), SHA256);
        extend(right.ids, prepend(left.hash), SHA256);
        return [{ ids: [...left.ids, ...right.ids], hash: sha256(Buffer.concat([left.hash, right.hash])) }];
      });
    }
    // A transaction with the root in an output, and one other in the block.
    const transaction = [prepend(randomBytes(90)), append(randomBytes(4)), SHA256, SHA256];
    const block = [prepend(randomBytes(32)), SHA256, SHA256];
    const root = level[0]?.hash ?? randomBytes(32);
    const height = this.bitcoin.mine(follow([...transaction, ...block], root), time);
    for (const [id, { operations }] of paths) {
      const path = [...operations, ...transaction, ...block];
      this.#attested.set(id, chainOf(path, attest({ kind: 'bitcoin', height })));
    }
    return height;
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const body = new Uint8Array(Buffer.concat(chunks));
    this.requests.push(`${request.method} ${request.url}`);
    const send = (status: number, bytes: Uint8Array | string = '') =>
      response.writeHead(status, { 'content-type': 'application/vnd.opentimestamps.v1' }).end(bytes);
    switch (this.fault) {
      case 'down':
        request.socket.destroy();
        return;
      case 'slow':
        response.writeHead(200).write('\u00f0');
        return;
      case 'garbage':
        send(200, randomBytes(200));
        return;
      case 'oversized':
        send(200, Buffer.alloc(10_001, 8));
        return;
      case 'broken':
        send(500, 'no');
        return;
      case 'refusing':
        send(400, 'no');
        return;
      case 'redirecting':
        response.writeHead(302, { location: `${this.url}/elsewhere` }).end();
        return;
      case 'another-digest':
        send(200, encodeDetachedTimestamp({ digest: randomBytes(32), timestamp: chainOf([SHA256], this.#promise()) }));
        return;
      case 'another-name':
        send(200, encodeTimestamp(chainOf([SHA256], attest({ kind: 'pending', uri: 'http://127.0.0.1:1' })), 32));
        return;
      case 'promises-nothing':
        send(200, encodeTimestamp(attest({ kind: 'unknown', tag: randomBytes(8), payload: randomBytes(9) }), 32));
        return;
      case 'hexlify':
        send(200, encodeTimestamp(chainOf([{ kind: 'hexlify' }, SHA256], this.#promise()), 32));
        return;
    }
    if (request.method === 'POST' && request.url === '/digest' && body.length === 32) send(200, this.#take(body));
    else if (request.method === 'GET' && request.url?.startsWith('/timestamp/')) {
      const found = this.#attested.get(request.url.slice('/timestamp/'.length));
      if (found === undefined || this.fault === 'forgetful') send(404, 'Pending confirmation in Bitcoin blockchain');
      else send(200, encodeTimestamp(this.fault === 'wrong-block' ? chainOf([SHA256], found) : found, 64));
    } else send(404, 'Not found');
  }

  #promise(): Timestamp {
    return attest({ kind: 'pending', uri: this.url });
  }

  /** As public calendars do: the message that is asked for later is the digest between a time and a secret. */
  #take(digest: Uint8Array): Uint8Array {
    this.digests.push(Buffer.from(digest).toString('hex'));
    const operations = [append(randomBytes(16)), SHA256, prepend(randomBytes(4)), append(randomBytes(8))];
    const message = follow(operations, digest);
    this.#waiting.set(Buffer.from(message).toString('hex'), message);
    return encodeTimestamp(chainOf(operations, this.#promise()), 32);
  }
}
