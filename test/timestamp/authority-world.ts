import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { parseTimestampRequest, type TimestampRequest } from '../../src/format/timestamp.ts';
import type { AuthoritySettings } from '../../src/timestamp/authority-client.ts';
import {
  type CertificateOptions,
  type Issued,
  issue,
  makeResponse,
  makeToken,
  POLICY,
  type TokenOptions,
} from '../support/timestamp-world.ts';

const DAY_MS = 24 * 3600_000;

/** What a fake authority sends back. */
export type Answer = { status: number; mediaType: string; body: Uint8Array } | 'silence' | 'hang-up';

/** Options of a certificate that is valid from a day ago for two years, seen from the real clock, which databases have too. */
export function validNow(): Pick<CertificateOptions, 'notBefore' | 'notAfter'> {
  return { notBefore: at(-DAY_MS), notAfter: at(730 * DAY_MS) };
}

/** An instant relative to now, with milliseconds. */
export function at(offsetMs: number): string {
  return new Date(Date.now() + offsetMs).toISOString();
}

/** A root, an intermediate and a signer that the real clock finds valid. */
export function makeAuthorityKeys(options: Partial<CertificateOptions> = {}) {
  const root = issue({ name: 'Root of the test authority', ca: true, ...validNow() });
  const issuer = issue({ name: 'Issuer of the test authority', issuer: root, ca: true, pathLength: 0, ...validNow() });
  const signer = issue({ name: 'Test authority', issuer, ...validNow(), ...options });
  return { root, issuer, signer };
}

/** An RFC 3161 authority on loopback whose every answer a test may spoil. */
export class FakeAuthority {
  readonly root: Issued;
  readonly issuer: Issued;
  signer: Issued;
  /** Requests that came, in order. */
  readonly requests: TimestampRequest[] = [];
  /** What is wrong with the next answers; right ones if it returns undefined. */
  spoil: (request: TimestampRequest) => Answer | undefined = () => undefined;
  /** Changes to the tokens of right answers. */
  token: Partial<TokenOptions> = {};
  /** Further paths, for CRLs and the like: what a GET or POST of them is answered with. */
  readonly files = new Map<string, () => { status: number; body: Uint8Array }>();
  /** Paths asked of `files`. */
  readonly fetched: string[] = [];
  readonly #server: Server;
  url = '';

  private constructor(keys: { root: Issued; issuer: Issued; signer: Issued }) {
    this.root = keys.root;
    this.issuer = keys.issuer;
    this.signer = keys.signer;
    this.#server = createServer((req, res) => {
      const chunks: Buffer[] = [];
      req.on('data', (chunk: Buffer) => chunks.push(chunk));
      req.on('end', () => {
        const path = req.url ?? '/';
        const file = this.files.get(path);
        if (path !== '/tsa') {
          this.fetched.push(path);
          const { status, body } = file?.() ?? { status: 404, body: new Uint8Array() };
          res.writeHead(status).end(body);
          return;
        }
        const answer = this.#answer(Buffer.concat(chunks), req.headers['content-type']);
        if (answer === 'silence') return;
        if (answer === 'hang-up') req.socket.destroy();
        else res.writeHead(answer.status, { 'Content-Type': answer.mediaType }).end(answer.body);
      });
    });
  }

  /** @param port 0 lets the system choose; a port that it had before gives the same address again */
  static async open(keys = makeAuthorityKeys(), port = 0): Promise<FakeAuthority> {
    const authority = new FakeAuthority(keys);
    await new Promise<void>((resolve) => authority.#server.listen(port, '127.0.0.1', resolve));
    authority.url = `${authority.origin}/tsa`;
    return authority;
  }

  get origin(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  settings(changes: Partial<AuthoritySettings> = {}): AuthoritySettings {
    return {
      name: 'test authority',
      operator: 'Test Ltd.',
      url: this.url,
      certificates: [this.root.der],
      policy: undefined,
      independent: true,
      hash: 'sha256',
      timeoutMs: 2000,
      maxAccuracyMs: undefined,
      ...changes,
    };
  }

  /** A granted response to this request. */
  grant(request: TimestampRequest, changes: Partial<TokenOptions> = {}): Answer {
    const token = makeToken({
      signer: this.signer,
      message: new Uint8Array(),
      embedded: [this.signer, this.issuer],
      imprint: ({ 32: 'sha256', 48: 'sha384', 64: 'sha512' } as const)[request.imprint.digest.length as 32],
      imprintDigest: request.imprint.digest,
      genTime: at(0),
      policy: request.policy ?? POLICY,
      ...(request.nonce !== undefined && { nonce: request.nonce }),
      ...this.token,
      ...changes,
    });
    return reply(makeResponse(token));
  }

  close(): Promise<void> {
    this.#server.closeAllConnections();
    return new Promise((resolve) => this.#server.close(() => resolve()));
  }

  #answer(body: Uint8Array, mediaType: string | undefined): Answer {
    if (mediaType !== 'application/timestamp-query')
      return { status: 415, mediaType: 'text/plain', body: new Uint8Array() };
    const request = parseTimestampRequest(body);
    this.requests.push(request);
    return this.spoil(request) ?? this.grant(request);
  }
}

export function reply(body: Uint8Array): Answer {
  return { status: 200, mediaType: 'application/timestamp-reply', body };
}
