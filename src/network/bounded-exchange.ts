import { type LookupAddress, type LookupAllOptions, lookup } from 'node:dns';
import http from 'node:http';
import https from 'node:https';
import { BlockList, isIP, isIPv6, type LookupFunction } from 'node:net';
import { CodedError } from '../errors.ts';

export type ExchangeErrorCode =
  | 'exchange-failed'
  | 'exchange-timeout'
  | 'exchange-too-large'
  | 'exchange-private-address'
  | 'exchange-address-invalid';

/** Why a server's whole answer could not be had. */
export class ExchangeError extends CodedError<ExchangeErrorCode> {}

export interface Exchange {
  url: string;
  /** Left out, it is a GET. */
  body?: { mediaType: string; bytes: Uint8Array };
  /** Beside those that every request has. */
  headers?: Readonly<Record<string, string>>;
  /** A longer answer is refused as soon as it is seen to be longer. */
  maxBytes: number;
  /** From the look-up of the name to the answer's last byte. */
  timeoutMs: number;
  /**
   * `public`: never a loopback, private, link-local or reserved address, whatever the name resolves to: what was looked at is what is
   * connected to. For addresses that somebody else wrote.
   */
  peers: 'any' | 'public';
  /** How names become addresses; the system's way if left out. */
  lookUp?: typeof lookup;
  /** PEM; instead of the roots that Node trusts. */
  trustedRoots?: string;
}

export interface ExchangeAnswer {
  status: number;
  /** Without parameters, lower case; empty if the server names none. */
  mediaType: string;
  bytes: Uint8Array;
}

/** One request on a connection of its own, no redirects followed. @throws ExchangeError */
export function exchange(asked: Exchange): Promise<ExchangeAnswer> {
  const { url, body, maxBytes, timeoutMs, peers } = asked;
  const target = targetOf(url);
  const where = target.host;
  if (peers === 'public') refusePrivateLiteral(target);
  return new Promise((resolve, reject) => {
    const request = (target.protocol === 'https:' ? https : http).request(target, {
      method: body === undefined ? 'GET' : 'POST',
      headers: {
        'User-Agent': 'tiezheng',
        Accept: '*/*',
        ...(body === undefined ? {} : { 'Content-Type': body.mediaType, 'Content-Length': body.bytes.length }),
        ...asked.headers,
      },
      agent: false,
      ...(peers === 'public' ? { lookup: publicLookup(asked.lookUp ?? lookup) } : {}),
      ...(asked.trustedRoots === undefined ? {} : { ca: asked.trustedRoots }),
    });
    const fail = (error: ExchangeError) => {
      clearTimeout(timer);
      request.destroy();
      reject(error);
    };
    const timer = setTimeout(
      () => fail(new ExchangeError('exchange-timeout', `${where}: no whole answer within ${timeoutMs} ms`)),
      timeoutMs,
    );
    const onError = (cause: Error) => {
      if (cause instanceof ExchangeError) fail(cause);
      else fail(new ExchangeError('exchange-failed', `${where}: ${reasonOf(cause)}`, { cause }));
    };
    request.on('error', onError);
    request.on('response', (response) => {
      const chunks: Buffer[] = [];
      let sizeBytes = 0;
      response.on('error', onError);
      response.on('data', (chunk: Buffer) => {
        sizeBytes += chunk.length;
        if (sizeBytes <= maxBytes) chunks.push(chunk);
        else fail(new ExchangeError('exchange-too-large', `${where}: the answer is longer than ${maxBytes} bytes`));
      });
      response.on('end', () => {
        clearTimeout(timer);
        resolve({
          status: response.statusCode ?? 0,
          mediaType: (response.headers['content-type'] ?? '').split(';')[0]?.trim().toLowerCase() ?? '',
          bytes: new Uint8Array(Buffer.concat(chunks)),
        });
      });
    });
    request.end(body?.bytes);
  });
}

/** True if the address is this machine's own, as written: no name is looked up. */
export function isLoopback(url: string): boolean {
  const host = hostOf(targetOf(url));
  return host === 'localhost' || LOOPBACK.check(host, isIPv6(host) ? 'ipv6' : 'ipv4');
}

function targetOf(url: string): URL {
  const target = URL.canParse(url) ? new URL(url) : undefined;
  if (target === undefined || !/^https?:$/.test(target.protocol)) {
    throw new ExchangeError('exchange-address-invalid', `not an http(s) address: ${url.slice(0, 200)}`);
  }
  return target;
}

/** Judges an address that is written as one, as `exchange` will; names are judged once they are looked up. @throws ExchangeError */
export function refusePrivateAddress(url: string): void {
  refusePrivateLiteral(targetOf(url));
}

/** Node does not look up what is an address already. */
function refusePrivateLiteral(target: URL): void {
  const host = hostOf(target);
  if (isIP(host) !== 0 && isPrivate(host)) throw privateAddress(target.host, host);
}

function publicLookup(lookUp: typeof lookup): LookupFunction {
  return (host, options, callback) => {
    const all: LookupAllOptions = { ...options, all: true };
    lookUp(host, all, (error, addresses: LookupAddress[]) => {
      const found = error === null ? addresses.find(({ address }) => isPrivate(address)) : undefined;
      // One private address among public ones refuses the name: which one is used is not ours to choose.
      if (found !== undefined) callback(privateAddress(host, found.address), []);
      else callback(error, addresses);
    });
  };
}

function privateAddress(host: string, address: string): ExchangeError {
  return new ExchangeError('exchange-private-address', `${host} is at ${address}, which is no public address`);
}

function hostOf({ hostname }: URL): string {
  return hostname.startsWith('[') ? hostname.slice(1, -1) : hostname;
}

const LOOPBACK = new BlockList();
LOOPBACK.addSubnet('127.0.0.0', 8, 'ipv4');
LOOPBACK.addAddress('::1', 'ipv6');

/** Of the registries for special-purpose addresses (RFC 6890) all that is not globally reachable, and multicast. */
const PRIVATE = new BlockList();
for (const [network, prefix] of [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['224.0.0.0', 3],
] as const) {
  PRIVATE.addSubnet(network, prefix, 'ipv4');
}
for (const [network, prefix] of [
  // Forms that carry an IPv4 address to who knows where.
  ['::', 96],
  ['64:ff9b::', 96],
  ['64:ff9b:1::', 48],
  ['2001::', 32],
  ['2002::', 16],
  ['100::', 64],
  ['fc00::', 7],
  ['fe80::', 10],
  ['fec0::', 10],
  ['ff00::', 8],
] as const) {
  PRIVATE.addSubnet(network, prefix, 'ipv6');
}

function isPrivate(address: string): boolean {
  return PRIVATE.check(address, isIPv6(address) ? 'ipv6' : 'ipv4');
}

/** Connection errors of several addresses come as one without a message. */
function reasonOf(cause: Error): string {
  return cause.message || ((cause as { code?: string }).code ?? cause.name);
}
