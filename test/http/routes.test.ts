import { expect } from 'chai';
import type { Database } from '../../src/db/pool.ts';
import type { LeafHash } from '../../src/format/bytes.ts';
import { parseCheckpoint } from '../../src/format/checkpoint.ts';
import { verifyNote } from '../../src/format/note.ts';
import { parseEntryBundle, parseTile } from '../../src/format/tile.ts';
import { buildApp, routesOf } from '../../src/http/app.ts';
import { DOCS_POLICY } from '../../src/http/docs-page.ts';
import { documentPath } from '../../src/http/openapi.ts';
import { PROBLEMS } from '../../src/http/problem.ts';
import { Readiness } from '../../src/http/readiness.ts';
import { expressPath } from '../../src/http/route.ts';
import { leafHash } from '../../src/merkle/hash.ts';
import { rootFromLeafHashes } from '../../src/merkle/tree.ts';
import type { ObjectStore } from '../../src/storage/object-store.ts';
import { OpenApiCheck } from './openapi-check.ts';
import { CONTRACT, ServiceWorld } from './service-world.ts';

interface Layer {
  route?: { path: string; methods: Record<string, boolean> };
}

describe('the HTTP interface', () => {
  let world: ServiceWorld;
  let openApi: OpenApiCheck;
  before(async function () {
    this.timeout(60_000);
    world = await ServiceWorld.open();
    openApi = await OpenApiCheck.of(world.url);
    for (let i = 0; i < 5; i++) await world.upload([{ name: 'a.txt', bytes: `${i}` }]);
  });
  after(() => world.close());

  describe('its OpenAPI document', () => {
    it('lists every route that Express has, and no other', async () => {
      const { stack } = buildApp(world.parts).router as unknown as { stack: Layer[] };
      const registered = stack.flatMap(({ route }) => {
        const methods = Object.keys(route?.methods ?? {});
        // Beside each address's own methods stands one entry for all others, which refuses them.
        return methods.length > 1 ? [] : methods.map((method) => `${method} ${route?.path}`);
      });
      const document = (await (await world.fetch('/api/v1/openapi.json')).json()) as { paths: Record<string, object> };
      const documented = Object.entries(document.paths).flatMap(([path, methods]) =>
        Object.keys(methods).map((method) => `${method} ${path}`),
      );
      const routes = routesOf(world.parts);
      expect(registered.sort()).to.deep.equal(routes.map((r) => `${r.method} ${expressPath(r.path)}`).sort());
      expect(documented.sort()).to.deep.equal(routes.map((r) => `${r.method} ${documentPath(r.path)}`).sort());
      expect(new Set(routes.map((r) => r.operationId)).size).to.equal(routes.length);
    });

    it('declares every parameter that stands in a path', async () => {
      const document = (await (await world.fetch('/api/v1/openapi.json')).json()) as {
        paths: Record<string, Record<string, { parameters: { name: string; in: string; required: boolean }[] }>>;
      };
      for (const [path, methods] of Object.entries(document.paths)) {
        const names = [...path.matchAll(/\{([^}]+)\}/g)].map((match) => match[1]);
        for (const { parameters } of Object.values(methods)) {
          expect(
            parameters.filter((p) => p.in === 'path' && p.required).map((p) => p.name),
            path,
          ).to.deep.equal(names);
        }
      }
    });

    it('refers to nothing that it does not hold', async () => {
      const text = await (await world.fetch('/api/v1/openapi.json')).text();
      const { components } = JSON.parse(text) as { components: { schemas: object } };
      const referred = new Set(
        [...text.matchAll(/"\$ref":"#\/components\/schemas\/([A-Za-z]+)"/g)].map((m) => m[1] as string),
      );
      expect(referred.size).to.be.greaterThan(5);
      expect(components.schemas).to.include.keys([...referred]);
      expect(text).not.to.match(/"\$ref":"(?!#\/components\/schemas\/)/);
    });

    it('is a page too, which loads nothing and runs nothing', async () => {
      const answer = await world.fetch('/api/docs');
      expect(answer.headers.get('content-security-policy')).to.equal(DOCS_POLICY);
      const html = await answer.text();
      for (const { operationId } of routesOf(world.parts)) expect(html).to.include(`id="${operationId}"`);
      expect(html).not.to.match(/<script|src=|https?:\/\/(?!json-schema\.org)/);
      expect(html).to.include('评估用途');
    });
  });

  it('has a page for every problem code', async () => {
    for (const [code, { zh, status }] of Object.entries(PROBLEMS)) {
      const answer = await world.fetch(`/problems/${code}`);
      expect(answer.status).to.equal(200);
      expect(await answer.text())
        .to.include(zh)
        .and.include(`HTTP ${status}`);
    }
    for (const code of ['no-such-code', 'toString', '__proto__']) {
      expect((await world.fetch(`/problems/${code}`)).status).to.equal(404);
    }
  });

  describe('an address that is not there', () => {
    it('answers a problem document, or a page to a browser', async () => {
      const answer = await world.fetch('/api/v1/nothing');
      expect(answer.headers.get('content-type')).to.equal('application/problem+json');
      expect(await answer.json()).to.include({ code: 'not-found', type: '/problems/not-found', status: 404 });
      const page = await world.fetch('/api/v1/nothing', {
        headers: { accept: 'text/html,application/xhtml+xml,*/*;q=0.8' },
      });
      expect(page.headers.get('content-type')).to.equal('text/html; charset=utf-8');
      expect(page.headers.get('content-security-policy')).to.equal(DOCS_POLICY);
    });

    it('answers 405 with the methods that there are', async () => {
      const answer = await world.fetch('/api/v1/deposits', { method: 'DELETE' });
      expect([answer.status, answer.headers.get('allow')]).to.deep.equal([405, 'POST, GET, HEAD']);
      expect((await world.fetch('/log/checkpoint', { method: 'POST' })).status).to.equal(405);
    });

    it('answers 400 if it is not percent-encoded UTF-8', async () => {
      const answer = await world.fetch('/problems/%ff');
      expect(await answer.json()).to.include({ code: 'invalid-parameter' });
    });
  });

  it('answers what nobody foresaw with 500, an id and no detail, and tells the diagnostics all', async () => {
    const broken = await ServiceWorld.open({
      changeParts: (parts) => ({
        ...parts,
        db: {
          ...parts.db,
          pool: { query: () => Promise.reject(new Error('secret: row 7')) },
        } as unknown as typeof parts.db,
      }),
    });
    try {
      const answer = await broken.fetch('/api/v1/status');
      const problem = (await answer.json()) as { requestId: string };
      expect(answer.status).to.equal(500);
      expect(JSON.stringify(problem)).not.to.include('secret');
      expect(problem).to.include({ code: 'internal-error' }).and.not.to.have.property('detail');
      const told = broken.diagnostics.find((line) => line.requestId === problem.requestId && line.level === 50);
      expect(JSON.stringify(told)).to.include('secret: row 7');
    } finally {
      await broken.close();
    }
  });

  it('writes one line for each request, without names, keys, addresses or tokens', async () => {
    world.diagnostics.length = 0;
    await world.upload([{ name: 'geheim-照片.jpg', bytes: 'x' }], { title: 'geheim' });
    await world.fetch('/sign-in?token=geheim');
    await world.fetch('/api/v1/deposits?geheim=1');
    await new Promise((resolve) => setTimeout(resolve, 50));
    const text = JSON.stringify(world.diagnostics);
    expect(text).not.to.include('geheim').and.not.to.include(world.apiKey.slice(3)).and.not.to.include('照片');
    expect(world.diagnostics.map((line) => [line.operation, line.status, line.code])).to.deep.equal([
      ['createDeposit', 201, null],
      ['signIn', 401, 'sign-in-token-invalid'],
      ['listDeposits', 400, 'invalid-parameter'],
    ]);
  });

  describe('/log/', () => {
    it('has no checkpoint before the first publication, then the newest published one', async () => {
      const none = await world.fetch('/log/checkpoint');
      expect(await openApi.expectFits('getCheckpoint', none)).to.include({ code: 'not-found' });
      await world.publisher.publish(0);
      const answer = await world.fetch('/log/checkpoint', { headers: { authorization: '' } });
      expect(answer.headers.get('content-type')).to.equal('text/plain; charset=utf-8');
      expect(answer.headers.get('access-control-allow-origin')).to.equal('*');
      const checkpoint = parseCheckpoint(new Uint8Array(await answer.arrayBuffer()));
      expect(verifyNote(checkpoint.note, world.signer.key)).to.equal('valid');
    });

    it('gives tiles and entries from which anyone rebuilds the published root', async () => {
      const { treeSize, rootHash } = parseCheckpoint(
        new Uint8Array(await (await world.fetch('/log/checkpoint')).arrayBuffer()),
      );
      const read = async (path: string) => {
        const answer = await world.fetch(path, { headers: { authorization: '' } });
        expect(answer.status, path).to.equal(200);
        expect(answer.headers.get('content-type')).to.equal('application/octet-stream');
        expect(answer.headers.get('cache-control')).to.equal('public, max-age=3600');
        return new Uint8Array(await answer.arrayBuffer());
      };
      const width = Number(treeSize);
      const hashes = parseTile(await read(`/log/tile/0/000.p/${width}`), width) as LeafHash[];
      const entries = parseEntryBundle(await read(`/log/tile/entries/000.p/${width}`), width);
      expect(Buffer.from(rootFromLeafHashes(hashes)).equals(rootHash)).to.equal(true);
      expect(entries.map((entry) => Buffer.from(leafHash(entry)))).to.deep.equal(
        hashes.map((hash) => Buffer.from(hash)),
      );
      await read('/log/tile/0/000.p/3');
    });

    it('marks full tiles as never changing', async () => {
      const full = await ServiceWorld.open({
        changeParts: (parts) => ({
          ...parts,
          log: {
            refresh: async () => {},
            publishedCheckpoint: () => undefined,
            tile: async () => new Uint8Array(8192),
          } as unknown as typeof parts.log,
        }),
      });
      const answer = await full.fetch('/log/tile/0/x001/234');
      expect(answer.headers.get('cache-control')).to.equal('public, max-age=31536000, immutable');
      await full.close();
    });

    it('has no tile beyond the newest checkpoint, and none under another spelling', async () => {
      const paths = [
        '0/000',
        '0/000.p/200',
        '0/001.p/1',
        '1/000',
        '7/000',
        '0/0',
        '0/x000/000',
        '0/000.p/256',
        '0/000.p/0',
        '-1/000',
        'entries/000',
        'entries/0x0',
        '0/000/../000',
        '%30/000.p/3',
      ];
      for (const path of paths) {
        const answer = await world.fetch(`/log/tile/${path}`);
        expect(answer.status, path).to.equal(404);
      }
    });
  });

  describe('/api/v1/status', () => {
    it('says what the service is, to anyone', async () => {
      const status = await openApi.expectFits('getStatus', await fetch(`${world.url}/api/v1/status`));
      expect(status).to.deep.include({
        evaluation: true,
        contract: CONTRACT,
        vkey: world.signer.vkey,
        alarms: [],
        anchor: null,
      });
      expect((status as { log: { treeSize: number } }).log.treeSize).to.be.greaterThan(5);
    });
  });

  describe('/healthz and /readyz', () => {
    const ready = async () => {
      // Longer than an answer is used again.
      await new Promise((resolve) => setTimeout(resolve, 550));
      const answer = await fetch(`${world.url}/readyz`);
      return {
        status: answer.status,
        body: (await openApi.expectFits('getReadiness', answer)) as {
          status: string;
          checks: { name: string; status: string; reason: string | null }[];
        },
      };
    };
    const bad = (body: { checks: { name: string; status: string; reason: string | null }[] }) =>
      body.checks.filter((c) => c.status !== 'ok').map((c) => [c.name, c.status, c.reason]);
    afterEach(async () => {
      world.chainIsAway = false;
      world.logState = undefined;
      await world.db.pool.query('update alarm set cleared_at = now()');
    });

    it('says that all is well', async () => {
      expect(await (await fetch(`${world.url}/healthz`)).json()).to.deep.equal({ status: 'alive' });
      expect(await ready()).to.deep.include({ status: 200 });
      expect((await ready()).body.status).to.equal('ready');
    });

    it('is ready, but degraded, while the chain is away', async () => {
      world.chainIsAway = true;
      const { status, body } = await ready();
      expect([status, body.status, bad(body)]).to.deep.equal([
        200,
        'degraded',
        [['chain', 'degraded', 'chain-unreachable']],
      ]);
    });

    it('names an open alarm', async () => {
      await world.db.pool.query(
        `insert into alarm (code, subject, detail, raised_at) values ('head-unknown', 'eip155:1', 'x', now())`,
      );
      const { status, body } = await ready();
      expect([status, bad(body)]).to.deep.equal([200, [['anchoring', 'degraded', 'head-unknown']]]);
    });

    it('is not ready while the log has stopped, and says why', async () => {
      world.logState = { leading: false, stopped: { code: 'register-forked', message: 'm' }, size: 3n };
      const { status, body } = await ready();
      expect([status, (body as unknown as { code: string }).code, bad(body)]).to.deep.equal([
        503,
        'not-ready',
        [['log', 'failed', 'register-forked']],
      ]);
    });

    it('is not ready while database and store are away', async () => {
      const away = async () => {
        throw new Error('connection refused');
      };
      const readiness = new Readiness({
        db: { pool: { query: away } } as unknown as Database,
        store: { head: away } as unknown as ObjectStore,
        logState: () => world.sequencer.state(),
        askChain: async () => {},
        anchoringTrouble: () => [],
        witnessTrouble: () => [],
      });
      expect(bad({ checks: await readiness.checks(0) })).to.deep.equal([
        ['database', 'failed', 'database-unavailable'],
        ['object-store', 'failed', 'storage-failed'],
      ]);
    });
  });

  describe('signing in', () => {
    it('sets a cookie that scripts and other sites cannot use, and ends it', async () => {
      const token = await world.authentication.createSignInToken(world.accountId, 60_000);
      const answer = await fetch(`${world.url}/sign-in?token=${token}`, { redirect: 'manual' });
      expect([answer.status, answer.headers.get('location')]).to.deep.equal([303, '/']);
      expect(answer.headers.get('referrer-policy')).to.equal('no-referrer');
      const set = answer.headers.get('set-cookie') as string;
      expect(set).to.match(
        /^tiezheng-session=tzs_[A-Za-z0-9_-]{43}; Path=\/; Expires=[^;]+; HttpOnly; SameSite=Strict$/,
      );
      const cookie = set.split(';')[0] as string;

      const me = await fetch(`${world.url}/api/v1/me`, { headers: { cookie } });
      expect(await openApi.expectFits('getMe', me)).to.include({ accountId: world.accountId, by: 'session' });
      const deposit = { method: 'POST', body: '{}', headers: { cookie, 'content-type': 'application/json' } };
      const crossSite = { ...deposit, headers: { ...deposit.headers, 'sec-fetch-site': 'cross-site' } };
      expect((await fetch(`${world.url}/api/v1/deposits/digests`, crossSite)).status).to.equal(403);

      const out = await fetch(`${world.url}/api/v1/sign-out`, {
        method: 'POST',
        headers: { cookie, origin: world.url },
      });
      expect([out.status, out.headers.get('set-cookie')?.includes('Expires=Thu, 01 Jan 1970')]).to.deep.equal([
        204,
        true,
      ]);
      expect((await fetch(`${world.url}/api/v1/me`, { headers: { cookie } })).status).to.equal(401);
    });

    it('shows a person whose link is used up a page that says so', async () => {
      const answer = await fetch(`${world.url}/sign-in?token=x`, { headers: { accept: 'text/html' } });
      expect(answer.status).to.equal(401);
      expect(await answer.text()).to.include('登录链接无效');
    });
  });
});
