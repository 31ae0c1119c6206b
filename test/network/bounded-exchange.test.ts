import type { LookupAddress, lookup } from 'node:dns';
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import { type AddressInfo, isIP } from 'node:net';
import { expect } from 'chai';
import { exchange, isLoopback } from '../../src/network/bounded-exchange.ts';
import { rejectionOf } from '../support/coded-error.ts';

describe('exchange', () => {
  let server: Server;
  let origin: string;
  let seen = 0;
  let lastHeaders: IncomingHttpHeaders = {};
  before(async () => {
    server = createServer((req, res) => {
      seen++;
      lastHeaders = req.headers;
      if (req.url === '/moved') res.writeHead(302, { Location: `${origin}/` }).end();
      else if (req.url === '/endless') {
        const timer = setInterval(() => res.write('x'), 10);
        res.on('close', () => clearInterval(timer));
      } else if (req.url === '/half') {
        res.writeHead(200, { 'Content-Length': 100 });
        res.write('x');
        setTimeout(() => req.socket.destroy(), 20);
      } else req.pipe(res.writeHead(200, { 'Content-Type': 'Text/Plain; charset=utf-8' }));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  beforeEach(() => {
    seen = 0;
  });
  after(() => {
    server.closeAllConnections();
    server.close();
  });
  const ask = (path: string, changes: object = {}) =>
    exchange({ url: `${origin}${path}`, maxBytes: 1000, timeoutMs: 2000, peers: 'any', ...changes });

  it('brings status, media type and bytes', async () => {
    const body = { mediaType: 'text/plain', bytes: new TextEncoder().encode('证据') };
    const answer = await ask('/', { body });
    expect(answer).to.deep.equal({ status: 200, mediaType: 'text/plain', bytes: body.bytes });
  });

  it('follows no redirect', async () => {
    expect((await ask('/moved')).status).to.equal(302);
    expect(seen).to.equal(1);
  });

  it('ends an answer that does not end, and one that breaks off', async () => {
    await rejectionOf(ask('/endless', { timeoutMs: 200 }), 'exchange-timeout');
    await rejectionOf(ask('/endless', { maxBytes: 3 }), 'exchange-too-large');
    await rejectionOf(ask('/half'), 'exchange-failed');
  });

  it('refuses what is no http address', async () => {
    for (const url of ['ftp://example.org/', 'file:///etc/passwd', 'ldap://example.org/', 'nonsense', '']) {
      let code = 'accepted';
      try {
        await exchange({ url, maxBytes: 10, timeoutMs: 100, peers: 'public' });
      } catch (error) {
        code = (error as { code: string }).code;
      }
      expect(code, url).to.equal('exchange-address-invalid');
    }
  });

  const inside = [
    '127.0.0.1',
    'localhost',
    '10.1.2.3',
    '172.20.0.1',
    '192.168.1.1',
    '169.254.169.254',
    '100.64.0.1',
    '0.0.0.0',
    '224.0.0.1',
    '255.255.255.255',
    '2130706433',
    '0x7f.1',
    '[::1]',
    '[::]',
    '[::ffff:127.0.0.1]',
    '[::ffff:10.0.0.1]',
    '[fe80::1]',
    '[fd00::1]',
    '[64:ff9b::a00:1]',
    '[2002:7f00:1::]',
    '[::127.0.0.1]',
    '[64:ff9b:1::a00:1]',
    '[2001::1]',
    '[fec0::1]',
  ];
  for (const host of inside) {
    it(`asks nothing at ${host} where only public addresses are allowed`, async () => {
      const { port } = new URL(origin);
      const attempt = async () =>
        exchange({ url: `http://${host}:${port}/`, maxBytes: 10, timeoutMs: 500, peers: 'public' });
      await rejectionOf(attempt(), 'exchange-private-address');
      expect(seen).to.equal(0);
    });
  }

  for (const [what, addresses] of [
    ['a private address', ['10.0.0.7']],
    ['a private one among public ones', ['192.88.99.1', '::ffff:169.254.169.254']],
  ] as const) {
    it(`asks nothing at a name that is at ${what}, and looks it up once`, async () => {
      let lookups = 0;
      const lookUp = ((_host: string, _options: object, callback: (error: null, all: LookupAddress[]) => void) => {
        lookups++;
        callback(
          null,
          addresses.map((address) => ({ address, family: isIP(address) })),
        );
      }) as unknown as typeof lookup;
      const attempt = exchange({
        ...{ url: 'http://hook.example.org/', maxBytes: 10, timeoutMs: 500, peers: 'public', lookUp },
      });
      await rejectionOf(attempt, 'exchange-private-address');
      expect(lookups).to.equal(1);
    });
  }

  it('sends the headers that it is given', async () => {
    const headers = { 'X-Given': 'yes' };
    await ask('/', { headers });
    expect(lastHeaders).to.include({ 'x-given': 'yes', 'user-agent': 'tiezheng' });
  });

  it('knows an address of this machine', () => {
    for (const url of ['http://127.0.0.1:80/', 'http://localhost/tsa', 'https://[::1]:9/', 'http://127.9.9.9/']) {
      expect(isLoopback(url), url).to.equal(true);
    }
    for (const url of ['http://10.0.0.1/', 'https://tsa.example.org/', 'http://localhost.example.org/']) {
      expect(isLoopback(url), url).to.equal(false);
    }
  });
});
