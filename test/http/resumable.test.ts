import { createHash, randomBytes } from 'node:crypto';
import { request } from 'node:http';
import { expect } from 'chai';
import { encodeHex } from '../../src/format/bytes.ts';
import { commit } from '../../src/format/commitment.ts';
import { parseContentProof } from '../../src/format/content-received.ts';
import { plainLeafData } from '../../src/format/spine.ts';
import { OpenApiCheck } from './openapi-check.ts';
import { ServiceWorld } from './service-world.ts';

const TUS = { 'tus-resumable': '1.0.0' };
const BYTES = { ...TUS, 'content-type': 'application/offset+octet-stream' };
const digest = (algorithm: string, bytes: Uint8Array) => createHash(algorithm).update(bytes).digest('hex');
const base64 = (text: string) => Buffer.from(text).toString('base64');
const metadata = (depositId: string, file = 0) => `deposit ${base64(depositId)},file ${base64(String(file))}`;

describe('uploads that follow their digests', () => {
  let world: ServiceWorld;
  let openApi: OpenApiCheck;
  let other: { accountId: string; apiKey: string };
  before(async function () {
    this.timeout(60_000);
    world = await ServiceWorld.open({ quotas: { maxOpenUploads: 40, maxOpenBytes: 60_000_000 } });
    openApi = await OpenApiCheck.of(world.url);
    other = await world.createAccount('another one');
  });
  after(() => world.close());

  /** A deposit of the digests of these files. @returns its id */
  const declare = async (...contents: Uint8Array[]): Promise<string> => {
    const files = contents.map((bytes, i) => ({
      name: `第${i}个.bin`,
      sizeBytes: bytes.length,
      sha256: digest('sha256', bytes),
      ...(i % 2 === 0 ? { sm3: digest('sm3', bytes) } : {}),
    }));
    const answer = await world.fetch('/api/v1/deposits/digests', {
      method: 'POST',
      body: JSON.stringify({ files }),
      headers: { 'content-type': 'application/json' },
    });
    expect(answer.status).to.equal(201);
    return ((await answer.json()) as { depositId: string }).depositId;
  };
  const create = (depositId: string, sizeBytes: number, file = 0, headers: Record<string, string> = {}) =>
    world.fetch('/api/v1/uploads', {
      method: 'POST',
      headers: { ...TUS, 'upload-length': String(sizeBytes), 'upload-metadata': metadata(depositId, file), ...headers },
    });
  const created = async (depositId: string, sizeBytes: number, file = 0): Promise<string> => {
    const answer = await create(depositId, sizeBytes, file);
    expect(answer.status).to.equal(201);
    return answer.headers.get('location') as string;
  };
  const patch = (url: string, offset: number, body: Uint8Array, headers: Record<string, string> = {}) =>
    world.fetch(url, {
      method: 'PATCH',
      headers: { ...BYTES, 'upload-offset': String(offset), ...headers },
      body: body as Uint8Array<ArrayBuffer>,
    });
  const head = (url: string, headers: Record<string, string> = {}) =>
    world.fetch(url, { method: 'HEAD', headers: { ...TUS, ...headers } });
  const offsetOf = async (url: string) => Number((await head(url)).headers.get('upload-offset'));
  const finish = (url: string) => world.fetch(`${url}/finish`, { method: 'POST' });
  const problem = async (answer: Response) => {
    expect(answer.headers.get('content-type')).to.equal('application/problem+json');
    const body = (await answer.json()) as { code: string; status: number };
    expect(body.status).to.equal(answer.status);
    return `${body.status} ${body.code}`;
  };
  const detail = async (depositId: string) =>
    (await (await world.fetch(`/api/v1/deposits/${depositId}`)).json()) as {
      files: { entry: object; originalHeld: boolean; upload: { state: string; refusal: string | null } | null }[];
    };
  const objectsOf = async (prefix: string) => {
    const names: string[] = [];
    for await (const name of world.store.list(prefix)) names.push(name);
    return names;
  };

  it('takes the bytes in pieces, and the log says that they came', async () => {
    const content = randomBytes(900_001);
    const depositId = await declare(content);
    const url = await created(depositId, content.length);
    expect(url).to.match(/^\/api\/v1\/uploads\/[0-9a-f-]{36}$/);
    for (let at = 0; at < content.length; ) {
      const answer = await patch(url, at, content.subarray(at, at + 301_000));
      expect(answer.status).to.equal(204);
      expect(answer.headers.get('tus-resumable')).to.equal('1.0.0');
      at = Math.min(content.length, at + 301_000);
      expect(Number(answer.headers.get('upload-offset'))).to.equal(at);
      if (at < content.length)
        expect(Date.parse((await head(url)).headers.get('upload-expires') as string)).to.be.above(Date.now());
    }
    const done = await finish(url);
    expect(done.status).to.equal(200);
    expect(await openApi.expectFits('finishUpload', done)).to.include({ depositId, fileIndex: 0, state: 'received' });

    const { files } = await detail(depositId);
    expect(files[0]).to.deep.include({ originalHeld: true }).and.to.nested.include({ 'upload.state': 'received' });
    const original = await world.fetch(`/api/v1/deposits/${depositId}/files/0`);
    expect(Buffer.from(await original.arrayBuffer()).equals(content)).to.equal(true);
    expect(await objectsOf('upload/')).to.deep.equal([]);

    const address = `/api/v1/deposits/${depositId}/content-received.json`;
    let answer = await world.fetch(address);
    while (answer.status === 503) answer = await world.fetch(address);
    expect(answer.status).to.equal(200);
    const proof = parseContentProof(new Uint8Array(await answer.arrayBuffer()));
    expect(proof.records).to.have.lengthOf(1);
    const [{ record, leafIndex }] = proof.records as [(typeof proof.records)[0]];
    expect(record.digests).to.deep.equal({ sha256: digest('sha256', content), sm3: digest('sm3', content) });
    expect(record.entry).to.equal(encodeHex(commit(files[0]?.entry as { salt: string })));
    expect(await world.reader.leafData(BigInt(leafIndex))).to.deep.equal(plainLeafData(record));
  });

  it('answers a second finish as it did the first', async () => {
    const content = randomBytes(10);
    const url = await created(await declare(content), 10);
    await patch(url, 0, content);
    const [first, second] = await Promise.all([finish(url), finish(url)]);
    expect([first.status, second.status]).to.deep.equal([200, 200]);
    expect(await (await finish(url)).json()).to.deep.equal(await first.json());
  });

  it('refuses one changed byte, drops the content and says why', async () => {
    const content = randomBytes(600_000);
    const depositId = await declare(content);
    const url = await created(depositId, content.length);
    const changed = Uint8Array.from(content);
    changed[599_999]! ^= 1;
    await patch(url, 0, changed);
    expect(await problem(await finish(url))).to.equal('422 content-differs');
    expect(await problem(await finish(url))).to.equal('422 content-differs');
    const { files } = await detail(depositId);
    expect(files[0]).to.deep.include({ originalHeld: false });
    expect(files[0]?.upload).to.include({ state: 'refused', refusal: 'content-differs' });
    expect(await objectsOf('upload/')).to.deep.equal([]);
    expect(await objectsOf(`deposit/${depositId}/`)).to.deep.equal([]);
    expect(await problem(await world.fetch(`/api/v1/deposits/${depositId}/content-received.json`))).to.equal(
      '404 content-not-received',
    );
    expect(await problem(await world.fetch(`/api/v1/deposits/${depositId}/files/0`))).to.equal('404 original-not-held');
    // The right bytes may still come.
    const again = await created(depositId, content.length);
    expect(again).to.not.equal(url);
    await patch(again, 0, content);
    expect((await finish(again)).status).to.equal(200);
  });

  it('compares SM3 too', async () => {
    const content = randomBytes(50);
    const answer = await world.fetch('/api/v1/deposits/digests', {
      method: 'POST',
      body: JSON.stringify({
        files: [{ name: 'a', sizeBytes: 50, sha256: digest('sha256', content), sm3: digest('sm3', randomBytes(50)) }],
      }),
      headers: { 'content-type': 'application/json' },
    });
    const { depositId } = (await answer.json()) as { depositId: string };
    const url = await created(depositId, 50);
    await patch(url, 0, content);
    expect(await problem(await finish(url))).to.equal('422 content-differs');
  });

  it('keeps what came before the connection broke', async () => {
    const content = randomBytes(700_000);
    const depositId = await declare(content);
    const url = await created(depositId, content.length);
    await new Promise<void>((resolve) => {
      const req = request(world.url + url, {
        method: 'PATCH',
        headers: {
          ...BYTES,
          authorization: `Bearer ${world.apiKey}`,
          'upload-offset': '0',
          'content-length': content.length,
        },
      });
      req.on('error', () => resolve());
      req.write(content.subarray(0, 400_000), () => setTimeout(() => req.destroy(), 300));
    });
    const offset = await offsetOf(url);
    expect(offset)
      .to.be.above(256 * 1024)
      .and.at.most(400_000);
    expect((await patch(url, offset, content.subarray(offset))).status).to.equal(204);
    expect((await finish(url)).status).to.equal(200);
  });

  it('lets a new request take over from one that went silent', async function () {
    this.timeout(30_000);
    const content = randomBytes(300_000);
    const url = await created(await declare(content), content.length);
    const silent = request(world.url + url, {
      method: 'PATCH',
      headers: {
        ...BYTES,
        authorization: `Bearer ${world.apiKey}`,
        'upload-offset': '0',
        'content-length': content.length,
      },
    });
    silent.on('error', () => {});
    await new Promise((resolve) => silent.write(content.subarray(0, 100_000), resolve));
    for (;;) {
      const { rows } = await world.db.pool.query('select from upload_object where upload_id = $1', [
        url.split('/').at(-1),
      ]);
      if (rows.length > 0) break;
    }
    const offset = await offsetOf(url);
    expect(offset).to.equal(100_000);
    expect((await patch(url, offset, content.subarray(offset))).status).to.equal(204);
    expect((await finish(url)).status).to.equal(200);
    silent.destroy();
  });

  it('gives whoever asks again for the same file the upload that is open', async () => {
    const content = randomBytes(1000);
    const depositId = await declare(content);
    const url = await created(depositId, 1000);
    await patch(url, 0, content.subarray(0, 400));
    expect(await created(depositId, 1000)).to.equal(url);
    expect(await offsetOf(url)).to.equal(400);
  });

  it('takes the first bytes together with the creation', async () => {
    const content = randomBytes(1000);
    const depositId = await declare(content);
    const answer = await world.fetch('/api/v1/uploads', {
      method: 'POST',
      headers: { ...BYTES, 'upload-length': '1000', 'upload-metadata': metadata(depositId) },
      body: content.subarray(0, 300),
    });
    expect(answer.status).to.equal(201);
    expect(answer.headers.get('upload-offset')).to.equal('300');
  });

  it('seals short pieces together instead of keeping an object for each', async () => {
    const content = randomBytes(2000);
    const depositId = await declare(content);
    const url = await created(depositId, content.length);
    for (let at = 0; at < 1900; at += 100) await patch(url, at, content.subarray(at, at + 100));
    expect(await objectsOf(`upload/${url.split('/').at(-1)}/`)).to.have.lengthOf(1);
    await patch(url, 1900, content.subarray(1900));
    expect((await finish(url)).status).to.equal(200);
  });

  it('keeps no plaintext in the store', async () => {
    const content = Buffer.alloc(500_000, '机密 plain text ');
    const url = await created(await declare(content), content.length);
    await patch(url, 0, content.subarray(0, 400_000));
    for (const name of await objectsOf(`upload/${url.split('/').at(-1)}/`)) {
      const stored = await world.store.get(name);
      const bytes = Buffer.concat(await (stored?.content.toArray() ?? []));
      expect(bytes.includes('plain text')).to.equal(false);
    }
  });

  it('brings several files of one deposit, each on its own', async () => {
    const contents = [randomBytes(100), randomBytes(200), randomBytes(300)];
    const depositId = await declare(...contents);
    const urls = await Promise.all(contents.map((bytes, i) => created(depositId, bytes.length, i)));
    await Promise.all(urls.map((url, i) => patch(url, 0, contents[i] as Uint8Array)));
    expect((await finish(urls[2] as string)).status).to.equal(200);
    await Promise.all(urls.map(finish));
    expect((await detail(depositId)).files.map(({ originalHeld }) => originalHeld)).to.deep.equal([true, true, true]);
    const address = `/api/v1/deposits/${depositId}/content-received.json`;
    let answer = await world.fetch(address);
    while (answer.status === 503) answer = await world.fetch(address);
    expect(parseContentProof(new Uint8Array(await answer.arrayBuffer())).records).to.have.lengthOf(3);
  });

  describe('another account', () => {
    it('sees, continues, finishes and gives up nothing, and cannot tell it from nothing', async () => {
      const content = randomBytes(1000);
      const depositId = await declare(content);
      const url = await created(depositId, 1000);
      const unknown = '/api/v1/uploads/01939f3e-7c1a-7b7e-9d2c-3f1d0e5b8a11';
      const bearer = { authorization: `Bearer ${other.apiKey}` };
      const strip = (text: string) => text.replaceAll(/[0-9a-f]{8}-[0-9a-f-]{27}/g, '…');
      const both = async (act: (at: string) => Promise<Response>) => {
        const [mine, none] = [await act(url), await act(unknown)];
        expect(mine.status).to.equal(404);
        expect(strip(await mine.text())).to.equal(strip(await none.text()));
      };
      await both((at) => head(at, bearer));
      await both((at) => patch(at, 0, content, bearer));
      await both((at) => world.fetch(at, { method: 'DELETE', headers: { ...TUS, ...bearer } }));
      await both((at) => world.fetch(`${at}/finish`, { method: 'POST', headers: bearer }));
      expect(await problem(await create(depositId, 1000, 0, bearer))).to.equal('404 deposit-not-found');
      expect(
        await problem(await world.fetch(`/api/v1/deposits/${depositId}/content-received.json`, { headers: bearer })),
      ).to.equal('404 deposit-not-found');
      expect(await offsetOf(url)).to.equal(0);
    });
  });

  it('refuses who is not signed in', async () => {
    const answer = await fetch(`${world.url}/api/v1/uploads`, { method: 'POST', headers: TUS });
    expect(answer.status).to.equal(401);
  });

  it('lets nobody read an upload', async () => {
    const content = randomBytes(1000);
    const url = await created(await declare(content), 1000);
    await patch(url, 0, content.subarray(0, 500));
    expect(await problem(await world.fetch(url))).to.equal('405 method-not-allowed');
  });

  it('gives up an upload that lacks bytes, and none that has them all', async () => {
    const content = randomBytes(1000);
    const depositId = await declare(content, content);
    const url = await created(depositId, 1000);
    await patch(url, 0, content.subarray(0, 500));
    expect((await world.fetch(url, { method: 'DELETE', headers: TUS })).status).to.equal(204);
    expect(await objectsOf(`upload/${url.split('/').at(-1)}/`)).to.deep.equal([]);
    expect((await head(url)).status).to.equal(410);
    const whole = await created(depositId, 1000, 1);
    await patch(whole, 0, content);
    await finish(whole);
    expect(await problem(await world.fetch(whole, { method: 'DELETE', headers: TUS }))).to.equal('409 upload-complete');
    expect(await problem(await create(depositId, 1000, 1))).to.equal('409 content-held');
  });

  it('lists what lacks bytes, to its own account alone', async () => {
    const list = async (headers: Record<string, string> = {}) => {
      const answer = await world.fetch('/api/v1/uploads', { headers });
      const { uploads } = (await openApi.expectFits('listOpenUploads', answer)) as {
        uploads: { depositId: string; fileIndex: number; sizeBytes: number; offset: number }[];
      };
      return uploads.filter((upload) => upload.depositId === depositId);
    };
    const depositId = await declare(randomBytes(10), randomBytes(5));
    const [first, whole] = [await created(depositId, 10), await created(depositId, 5, 1)];
    await patch(first, 0, randomBytes(4));
    await patch(whole, 0, randomBytes(5));
    expect((await list()).map(({ fileIndex, sizeBytes, offset }) => ({ fileIndex, sizeBytes, offset }))).to.deep.equal([
      { fileIndex: 0, sizeBytes: 10, offset: 4 },
    ]);
    expect(await list({ authorization: `Bearer ${other.apiKey}` })).to.deep.equal([]);
    await world.fetch(first, { method: 'DELETE', headers: TUS });
    expect(await list()).to.deep.equal([]);
  });

  it('says what is missing when it is asked to finish too early', async () => {
    const content = randomBytes(1000);
    const url = await created(await declare(content), 1000);
    expect(await problem(await finish(url))).to.equal('409 upload-incomplete');
  });

  it('expires an upload that nobody goes on with, and only then', async () => {
    const content = randomBytes(1000);
    const depositId = await declare(content);
    const url = await created(depositId, 1000);
    await patch(url, 0, content.subarray(0, 500));
    world.clockOffsetMs = 6 * 24 * 3600_000;
    try {
      await patch(url, 500, content.subarray(500, 600));
      world.clockOffsetMs = 12 * 24 * 3600_000;
      await world.uploads.keep();
      expect((await head(url)).status).to.equal(200);
      world.clockOffsetMs = 14 * 24 * 3600_000;
      await world.uploads.keep();
      expect((await head(url)).status).to.equal(410);
      expect(await objectsOf(`upload/${url.split('/').at(-1)}/`)).to.deep.equal([]);
      expect((await detail(depositId)).files[0]?.upload).to.include({ state: 'expired' });
    } finally {
      world.clockOffsetMs = 0;
    }
  });

  describe('bad input', () => {
    const cases: [what: string, headers: Record<string, string | null>, code: string][] = [
      ['no version', { 'tus-resumable': null }, '412 tus-version-unsupported'],
      ['another version', { 'tus-resumable': '0.2.2' }, '412 tus-version-unsupported'],
      ['no length', { 'upload-length': null }, '400 invalid-parameter'],
      ['a length with a sign', { 'upload-length': '-5' }, '400 invalid-parameter'],
      ['a length that is none', { 'upload-length': '1e3' }, '400 invalid-parameter'],
      ['another length than was declared', { 'upload-length': '11' }, '422 upload-size-differs'],
      ['a length that comes later', { 'upload-defer-length': '1' }, '400 invalid-parameter'],
      ['parts to be joined', { 'upload-concat': 'partial' }, '400 invalid-parameter'],
      ['no metadata', { 'upload-metadata': null }, '400 invalid-parameter'],
      ['metadata that are not base64', { 'upload-metadata': 'deposit %%%' }, '400 invalid-upload-metadata'],
      ['an unknown key', { 'upload-metadata': `x ${base64('y')}` }, '400 invalid-upload-metadata'],
      [
        'metadata that are too long',
        { 'upload-metadata': `filename ${base64('y'.repeat(1000))}` },
        '400 invalid-parameter',
      ],
      [
        'a deposit that is no id',
        { 'upload-metadata': `deposit ${base64('../x')},file ${base64('0')}` },
        '400 invalid-upload-metadata',
      ],
    ];
    for (const [what, change, code] of cases) {
      it(`refuses ${what}`, async () => {
        const depositId = await declare(randomBytes(10));
        const headers: Record<string, string> = {
          ...TUS,
          'upload-length': '10',
          'upload-metadata': metadata(depositId),
        };
        for (const [name, value] of Object.entries(change)) {
          if (value === null) delete headers[name];
          else headers[name] = value;
        }
        const answer = await world.fetch('/api/v1/uploads', { method: 'POST', headers });
        const { status, code: found } = (await openApi.expectFits('createUpload', answer)) as {
          status: number;
          code: string;
        };
        expect(`${status} ${found}`).to.equal(code);
      });
    }

    it('refuses a file that the deposit does not have, or has with its content', async () => {
      const content = randomBytes(10);
      expect(await problem(await create(await declare(content), 10, 5))).to.equal('400 invalid-upload-metadata');
      const uploaded = (await (await world.upload([{ name: 'a', bytes: content }])).json()) as { depositId: string };
      expect(await problem(await create(uploaded.depositId, 10))).to.equal('409 content-held');
    });

    it('refuses bytes elsewhere than at the offset, too many of them, and bodies of another type', async () => {
      const content = randomBytes(10);
      const url = await created(await declare(content), 10);
      expect(await problem(await patch(url, 5, content.subarray(5)))).to.equal('409 upload-offset-conflict');
      expect(await problem(await patch(url, 0, randomBytes(11)))).to.equal('413 file-too-large');
      expect(await problem(await patch(url, 0, content, { 'content-type': 'text/plain' }))).to.equal(
        '415 unsupported-media-type',
      );
      expect(await problem(await patch(url, 0, content, { 'upload-offset': 'x' }))).to.equal('400 invalid-parameter');
      expect(await problem(await patch('/api/v1/uploads/x', 0, content))).to.equal('400 invalid-parameter');
      expect(await offsetOf(url)).to.equal(0);
    });
  });

  it('bounds what an account has open', async () => {
    const { apiKey } = await world.createAccount('a busy one');
    const before = world.apiKey;
    world.apiKey = apiKey;
    try {
      const sizeBytes = 30_000_001;
      const declareSize = async () => {
        const body = JSON.stringify({ files: [{ name: 'a', sizeBytes, sha256: 'a'.repeat(64) }] });
        const headers = { 'content-type': 'application/json' };
        const answer = await world.fetch('/api/v1/deposits/digests', { method: 'POST', body, headers });
        return ((await answer.json()) as { depositId: string }).depositId;
      };
      await created(await declareSize(), sizeBytes);
      expect(await problem(await create(await declareSize(), sizeBytes))).to.equal('413 open-uploads-too-large');
      const contents = Array.from({ length: 41 }, () => randomBytes(1));
      const depositId = await declare(...contents);
      for (let i = 0; i < 39; i++) await created(depositId, 1, i);
      expect(await problem(await create(depositId, 1, 39))).to.equal('429 too-many-open-uploads');
    } finally {
      world.apiKey = before;
    }
  });

  it('tells the protocol to who asks', async () => {
    const answer = await fetch(`${world.url}/api/v1/uploads`, { method: 'OPTIONS' });
    expect(answer.status).to.equal(204);
    expect(answer.headers.get('tus-version')).to.equal('1.0.0');
    expect(answer.headers.get('tus-extension')).to.equal('creation,creation-with-upload,termination,expiration');
    expect(answer.headers.get('access-control-allow-origin')).to.equal(null);
  });
});
