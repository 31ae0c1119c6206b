import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { insertCertificate } from '../../src/db/certificates.ts';
import { parseHex0x } from '../../src/format/bytes.ts';
import { OpenApiCheck } from './openapi-check.ts';
import { CHAIN, CONTRACT, OTHER_CHAIN, ServiceWorld } from './service-world.ts';

interface Detail {
  state: string;
  pending: { awaits: string; alarms: string[] } | null;
  anchor: { state: string; blockHash: string | null } | null;
  chains: { chain: string; state: string; trouble: string | null }[];
  certificate: { certificateNo: string } | null;
}

describe('a deposit on its way', () => {
  let world: ServiceWorld;
  let openApi: OpenApiCheck;
  let depositId: string;
  before(async function () {
    this.timeout(60_000);
    world = await ServiceWorld.open();
    openApi = await OpenApiCheck.of(world.url);
    const answer = await world.upload([{ name: 'a.txt', bytes: 'x' }]);
    ({ depositId } = (await answer.json()) as { depositId: string });
  });
  after(() => world.close());

  const detail = async () =>
    (await openApi.expectFits('getDeposit', await world.fetch(`/api/v1/deposits/${depositId}`))) as Detail;
  const anchorIs = (state: string) =>
    world.db.pool.query('update anchor set state = $1, block_hash = $2 where state <> $1', [
      state,
      state === 'mined' || state === 'final' ? Buffer.alloc(32, 0xbb) : null,
    ]);
  let treeSize = 0n;

  it('awaits publication once it is in the log', async () => {
    expect(await detail()).to.deep.include({ state: 'in-log', pending: { awaits: 'publication', alarms: [] } });
  });

  it('awaits an anchor once it is published', async () => {
    treeSize = (await world.publisher.publish(0)) as bigint;
    expect(await detail()).to.deep.include({ state: 'published', pending: { awaits: 'anchor', alarms: [] } });
  });

  it('names the alarms that hold it up, each once', async () => {
    await world.db.pool.query(
      `insert into alarm (code, subject, detail, raised_at)
       values ('chain-unreachable', 'a', 'x', now()), ('chain-unreachable', 'b', 'x', now())`,
    );
    expect((await detail()).pending).to.deep.equal({ awaits: 'anchor', alarms: ['chain-unreachable'] });
    const pending = await world.fetch(`/api/v1/deposits/${depositId}/certificate.json`);
    expect(((await pending.json()) as { detail: string }).detail).to.include('chain-unreachable');
    await world.db.pool.query('update alarm set cleared_at = now()');
  });

  for (const [anchor, state, awaits] of [
    ['intended', 'anchored-pending', 'anchor'],
    ['sent', 'anchored-pending', 'anchor'],
    ['mined', 'anchored-pending', 'finality'],
    ['final', 'anchored-final', 'certificate'],
  ] as const) {
    it(`is ${state} while its anchor is ${anchor}`, async () => {
      if (anchor === 'intended') {
        await world.db.pool.query(
          `insert into anchor (chain, contract, tree_size, root_hash, state, state_since) values ($1, $2, $3, $4, 'intended', now())`,
          [CHAIN, parseHex0x(CONTRACT), treeSize, Buffer.alloc(32, 0xaa)],
        );
      } else await anchorIs(anchor);
      const body = await detail();
      expect(body).to.deep.include({ state, pending: { awaits, alarms: [] } });
      expect(body.anchor?.state).to.equal(anchor);
      expect(body.chains.map(({ chain, state }) => [chain, state])).to.deep.equal([
        [CHAIN, anchor],
        [OTHER_CHAIN, 'waiting'],
      ]);
    });
  }

  it('shows the chains side by side, and what holds up the one that is not done', async () => {
    world.anchoringTrouble = ['rpc-unreachable'];
    const body = await detail();
    world.anchoringTrouble = [];
    expect(body.chains.map(({ chain, state, trouble }) => [chain, state, trouble])).to.deep.equal([
      [CHAIN, 'final', null],
      [OTHER_CHAIN, 'waiting', 'rpc-unreachable'],
    ]);
  });

  it('goes back to published if its anchor was superseded', async () => {
    await anchorIs('superseded');
    expect(await detail()).to.deep.include({ state: 'published', anchor: null });
    await anchorIs('final');
  });

  it('is certified once it has a certificate, which its owner may have', async () => {
    const json = Buffer.from('{"canonical":"bytes"}');
    const pdf = Buffer.from('%PDF-1.7');
    await insertCertificate(world.db.pool, {
      certificateNo: 'TZ-20261122-4K7Q2M9X',
      depositId,
      digest: Buffer.alloc(32, 1),
      issuedAt: new Date(),
      json,
      pdf,
    });
    const body = await detail();
    expect(body).to.deep.include({ state: 'certified', pending: null });
    expect(body.certificate?.certificateNo).to.equal('TZ-20261122-4K7Q2M9X');
    for (const [rest, type, bytes] of [
      ['certificate.json', 'application/json', json],
      ['certificate.pdf', 'application/pdf', pdf],
      ['package.zip', 'application/zip', Buffer.from('PK')],
    ] as const) {
      const answer = await world.fetch(`/api/v1/deposits/${depositId}/${rest}`);
      expect(answer.headers.get('content-type')).to.equal(type);
      expect(answer.headers.get('content-disposition')).to.include(`TZ-20261122-4K7Q2M9X.${rest.split('.')[1]}`);
      expect(Buffer.from(await answer.arrayBuffer()).equals(bytes)).to.equal(true);
    }
  });

  it('keeps its certificate from others', async () => {
    const { apiKey } = await world.createAccount('stranger');
    for (const rest of ['certificate.json', 'certificate.pdf', 'package.zip']) {
      const answer = await world.fetch(`/api/v1/deposits/${depositId}/${rest}`, {
        headers: { authorization: `Bearer ${apiKey}` },
      });
      expect(answer.status).to.equal(404);
    }
  });

  it('is gone, 410, once its content was erased', async () => {
    await world.db.pool.query('delete from record where deposit_id = $1', [depositId]);
    const answer = await world.fetch(`/api/v1/deposits/${depositId}`);
    expect(await openApi.expectFits('getDeposit', answer)).to.include({ code: 'deposit-erased' });
  });
});

describe('package.zip when the store fails in the middle', () => {
  it('ends the connection early, so that nobody takes half for the whole', async function () {
    this.timeout(60_000);
    const world = await ServiceWorld.open({
      changeParts: (parts) => ({
        ...parts,
        writePackage: async (_seen, _id, sink) => {
          const writer = sink.getWriter();
          await writer.write(new Uint8Array(100_000));
          await writer.abort(new Error('the store is away'));
          throw new Error('the store is away');
        },
      }),
    });
    try {
      const answer = await world.upload([{ name: 'a.txt', bytes: 'x' }]);
      const { depositId } = (await answer.json()) as { depositId: string };
      await insertCertificate(world.db.pool, {
        certificateNo: 'TZ-20261122-4K7Q2M9X',
        depositId,
        digest: Buffer.alloc(32, 1),
        issuedAt: new Date(),
        json: Buffer.from('{}'),
        pdf: Buffer.from('x'),
      });
      const outcome = await world
        .fetch(`/api/v1/deposits/${depositId}/package.zip`)
        .then((r) => r.arrayBuffer())
        .catch((e: Error) => e);
      expect(outcome).to.be.instanceOf(Error);
      expect((await world.fetch('/api/v1/me')).status).to.equal(200);
    } finally {
      await world.close();
    }
  });
});

describe('the pages', () => {
  let world: ServiceWorld;
  let folder: string;
  before(async function () {
    this.timeout(60_000);
    folder = mkdtempSync(join(tmpdir(), 'tiezheng-pages-'));
    mkdirSync(join(folder, 'assets'));
    writeFileSync(join(folder, 'index.html'), '<title>first page</title>');
    writeFileSync(join(folder, 'verify.html'), '<title>verifier</title>');
    writeFileSync(join(folder, 'assets', 'app-1a2b.js'), 'x');
    writeFileSync(join(folder, '.secret'), 'x');
    world = await ServiceWorld.open({ changeParts: (parts) => ({ ...parts, pagesFolder: folder }) });
  });
  after(async () => {
    await world.close();
    rmSync(folder, { recursive: true, force: true });
  });
  const page = (path: string, accept = 'text/html') => fetch(world.url + path, { headers: { accept } });

  it('load only from this server', async () => {
    const answer = await page('/');
    expect(await answer.text()).to.include('first page');
    expect(answer.headers.get('content-security-policy')).to.include(
      "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'",
    );
    expect(answer.headers.get('cache-control')).to.equal('no-cache');
  });

  it('include a verifier that may ask nobody for anything', async () => {
    const policy = (await page('/verify.html')).headers.get('content-security-policy') as string;
    expect(policy).to.include("default-src 'none'").and.not.to.include('connect-src').and.not.to.include("'self'");
  });

  it('open at their own addresses, but never hide a wrong address of the interface', async () => {
    expect(await (await page('/deposits/01939f3e-7c1a-7b7e-9d2c-3f1d0e5b8a11')).text()).to.include('first page');
    for (const [path, accept] of [
      ['/deposits/x', 'application/json'],
      ['/api/v1/x', 'text/html'],
      ['/log/x', 'text/html'],
      ['/assets/missing.js', 'text/html'],
      ['/.secret', 'text/html'],
      ['/%2e%2e/package.json', 'text/html'],
    ] as const) {
      expect((await page(path, accept)).status, path).to.equal(404);
    }
  });

  it('keep files that have a digest in their name for ever', async () => {
    expect((await page('/assets/app-1a2b.js')).headers.get('cache-control')).to.equal(
      'public, max-age=31536000, immutable',
    );
  });
});
