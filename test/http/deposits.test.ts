import { createHash, randomBytes } from 'node:crypto';
import { expect } from 'chai';
import sharp from 'sharp';
import { parseReceipt } from '../../src/format/receipt.ts';
import { verifyReceipt } from '../../src/verify/verify.ts';
import { digestsOf } from '../support/file-digests.ts';
import { OpenApiCheck } from './openapi-check.ts';
import { ServiceWorld } from './service-world.ts';

interface Received {
  depositId: string;
  leafIndex: number;
  receipt: object;
}

describe('a deposit over HTTP', () => {
  let world: ServiceWorld;
  let openApi: OpenApiCheck;
  const photo = randomBytes(3 * 1024 * 1024 + 17);
  const note = Buffer.from('买家秀截图 with a few words\n');
  let deposit: Received;

  before(async function () {
    this.timeout(60_000);
    world = await ServiceWorld.open();
    openApi = await OpenApiCheck.of(world.url);
    const answer = await world.upload(
      [
        { name: '照片 😀.jpg', bytes: photo },
        { name: 'note.txt', bytes: note },
      ],
      { title: '侵权商品照片', kind: 'photo' },
    );
    expect(answer.status).to.equal(201);
    expect(answer.headers.get('cache-control')).to.equal('no-store');
    deposit = (await openApi.expectFits('createDeposit', answer)) as Received;
    expect(answer.headers.get('location')).to.equal(`/api/v1/deposits/${deposit.depositId}`);
  });
  after(() => world.close());

  const get = (rest: string, headers: Record<string, string> = {}) =>
    world.fetch(`/api/v1/deposits/${deposit.depositId}${rest}`, { headers });

  describe('its receipt', () => {
    it('verifies under a policy that trusts log and seal, for the very files', async () => {
      const bytes = Buffer.from(JSON.stringify(deposit.receipt));
      const presented = [photo, note].map((b) => ({ sizeBytes: b.length, ...digestsOf(b) }));
      const report = await verifyReceipt(bytes, presented, await world.trust());
      const status = (name: string) => [...new Set(report.since.filter((c) => c.name === name).map((c) => c.status))];
      for (const name of ['seal', 'record.commitment', 'file.sha256', 'file.sm3', 'log.signature', 'log.inclusion']) {
        expect(status(name), name).to.deep.equal(['passed']);
      }
      expect(report.since.filter((c) => c.status === 'failed')).to.deep.equal([]);
    });

    it('can be had again: the same but for the seal', async () => {
      const answer = await get('/receipt.json');
      expect(answer.headers.get('content-disposition')).to.equal(
        `attachment; filename=receipt-${deposit.depositId}.json`,
      );
      const again = parseReceipt(new Uint8Array(await answer.arrayBuffer()));
      expect({ ...again, seals: [] }).to.deep.equal({ ...deposit.receipt, seals: [] });
      expect(again.seals).to.have.length(1);
    });

    it('promises publication within a day of its receipt', () => {
      const { publishBy, record } = parseReceipt(Buffer.from(JSON.stringify(deposit.receipt)));
      expect(Date.parse(publishBy) - Date.parse(record.receivedAt)).to.equal(24 * 3600_000);
    });
  });

  describe('GET /api/v1/deposits/:id', () => {
    it('shows the deposit, opened, and what it waits for', async () => {
      const body = (await openApi.expectFits('getDeposit', await get(''))) as {
        state: string;
        pending: object;
        title: string;
        leafIndex: number;
        files: { name: { name: string }; entry: { mediaType: string }; originalHeld: boolean }[];
      };
      expect(body.leafIndex).to.equal(deposit.leafIndex);
      expect(body.title).to.equal('侵权商品照片');
      expect(body.files.map((f) => [f.name.name, f.originalHeld])).to.deep.equal([
        ['照片 😀.jpg', true],
        ['note.txt', true],
      ]);
      expect(body.files[1]?.entry.mediaType).to.equal('text/plain');
      expect(body.state).to.equal('in-log');
      expect(body.pending).to.deep.equal({ awaits: 'publication', alarms: [] });
    });

    it('answers another account as if there were no such deposit', async () => {
      const stranger = await world.createAccount('stranger');
      const authorization = `Bearer ${stranger.apiKey}`;
      const never = '01939f3e-7c1a-7b7e-9d2c-3f1d0e5b8a11';
      const rests = [
        '',
        '/receipt.json',
        '/certificate.json',
        '/certificate.pdf',
        '/files/0',
        '/files/0/preview',
        '/package.zip',
      ];
      for (const rest of rests) {
        const theirs = await get(rest, { authorization });
        const none = await world.fetch(`/api/v1/deposits/${never}${rest}`, { headers: { authorization } });
        const [a, b] = [await theirs.json(), await none.json()] as { detail: string; requestId: string }[];
        expect(theirs.status, rest).to.equal(404);
        expect({ ...a, detail: a?.detail.replace(deposit.depositId, never), requestId: '' }).to.deep.equal({
          ...b,
          requestId: '',
        });
      }
    });

    it('refuses an id in another spelling', async () => {
      for (const id of [deposit.depositId.toUpperCase(), '1', '..%2f', `${deposit.depositId}%00`]) {
        const answer = await world.fetch(`/api/v1/deposits/${id}`);
        expect(answer.status).to.equal(400);
        expect(((await openApi.expectFits('getDeposit', answer)) as { code: string }).code).to.equal(
          'invalid-parameter',
        );
      }
    });
  });

  describe('GET …/files/:n', () => {
    it('gives the original back byte for byte, to be saved', async () => {
      const answer = await get('/files/0');
      await openApi.expectFits('getFile', answer.clone());
      expect(Buffer.from(await answer.arrayBuffer()).equals(photo)).to.equal(true);
      expect(answer.headers.get('content-disposition')).to.match(
        /^attachment; filename="[^"]+"; filename\*=UTF-8''%E7%85%A7/,
      );
      expect(answer.headers.get('x-content-type-options')).to.equal('nosniff');
      expect(answer.headers.get('content-security-policy')).to.equal("sandbox; default-src 'none'");
      expect(answer.headers.get('etag')).to.equal(`"${createHash('sha256').update(photo).digest('hex')}"`);
    });

    it('gives the ranges asked for, of stored and of inline files', async () => {
      const cases: [number, Buffer, string, number, number][] = [
        [0, photo, 'bytes=0-0', 0, 1],
        [0, photo, 'bytes=1048570-1048590', 1048570, 1048591],
        [0, photo, 'bytes=3145728-', 3145728, photo.length],
        [0, photo, 'bytes=-5', photo.length - 5, photo.length],
        [1, note, 'bytes=2-5', 2, 6],
        [1, note, 'bytes=0-99999', 0, note.length],
      ];
      for (const [file, content, range, start, end] of cases) {
        const answer = await get(`/files/${file}`, { range });
        expect(answer.status, range).to.equal(206);
        expect(answer.headers.get('content-range')).to.equal(`bytes ${start}-${end - 1}/${content.length}`);
        expect(Buffer.from(await answer.arrayBuffer()).equals(content.subarray(start, end)), range).to.equal(true);
      }
    });

    it('gives the whole if the range is several, is none, or the file changed since', async () => {
      for (const headers of [
        { range: 'bytes=0-1,3-4' },
        { range: 'lines=1-2' },
        { range: 'bytes=5-2' },
        { range: 'bytes=0-1', 'if-range': '"other"' },
      ] as Record<string, string>[]) {
        const answer = await get('/files/1', headers);
        expect(answer.status).to.equal(200);
        expect(Buffer.from(await answer.arrayBuffer()).equals(note)).to.equal(true);
      }
    });

    it('answers 416 with the size for a range outside', async () => {
      const answer = await get('/files/1', { range: 'bytes=1000-' });
      expect(answer.status).to.equal(416);
      expect(answer.headers.get('content-range')).to.equal(`bytes */${note.length}`);
      await openApi.expectFits('getFile', answer);
    });

    it('answers HEAD with the headers alone', async () => {
      const answer = await world.fetch(`/api/v1/deposits/${deposit.depositId}/files/0`, { method: 'HEAD' });
      expect(answer.status).to.equal(200);
      expect(answer.headers.get('content-length')).to.equal(String(photo.length));
    });

    it('answers 404 for a file that the deposit does not have', async () => {
      const answer = await get('/files/2');
      expect(((await openApi.expectFits('getFile', answer)) as { code: string }).code).to.equal('original-not-held');
    });

    it('says that a stored object was damaged, and never gives wrong bytes', async () => {
      const answer = await world.upload([{ name: 'a.bin', bytes: randomBytes(100_000) }]);
      const { depositId } = (await answer.json()) as Received;
      const name = `deposit/${depositId}/0`;
      const stored = await world.store.get(name);
      const bytes = Buffer.concat((await stored?.content.toArray()) as Buffer[]);
      bytes[10] = (bytes[10] as number) ^ 1;
      await world.store.delete(name);
      await world.store.put(name, bytes);
      const outcome = await world
        .fetch(`/api/v1/deposits/${depositId}/files/0`)
        .then((r) => r.arrayBuffer())
        .catch((e: Error) => e);
      expect(outcome).to.be.instanceOf(Error);
      await world.store.delete(name);
      const missing = await world.fetch(`/api/v1/deposits/${depositId}/files/0`);
      expect(((await missing.json()) as { code: string }).code).to.equal('object-not-found');
    });
  });

  describe('GET …/files/:n/preview', () => {
    it('answers 404 while there is none', async () => {
      const answer = await get('/files/1/preview');
      expect(((await openApi.expectFits('getPreview', answer)) as { code: string }).code).to.equal('preview-not-held');
    });

    it('shows the derivative inline, sandboxed, with digests of its own', async () => {
      const png = await sharp({ create: { width: 2000, height: 1000, channels: 3, background: '#c00' } })
        .png()
        .toBuffer();
      const noisy = await sharp(randomBytes(900 * 900 * 3), { raw: { width: 900, height: 900, channels: 3 } })
        .jpeg()
        .toBuffer();
      const answer = await world.upload([
        { name: 'a.png', bytes: png },
        { name: 'b.jpg', bytes: noisy },
        { name: 'c.txt', bytes: 'no image' },
      ]);
      const { depositId } = (await answer.json()) as Received;
      const digests = [];
      for (const file of [0, 1]) {
        const shown = await world.fetch(`/api/v1/deposits/${depositId}/files/${file}/preview`);
        expect(shown.status).to.equal(200);
        expect(shown.headers.get('content-type')).to.equal('image/jpeg');
        expect(shown.headers.get('content-disposition')).to.equal('inline');
        expect(shown.headers.get('content-security-policy')).to.equal("sandbox; default-src 'none'");
        const bytes = Buffer.from(await shown.arrayBuffer());
        expect((await sharp(bytes).metadata()).width).to.be.at.most(1024);
        digests.push(digestsOf(bytes).sha256);
      }
      const detail = (await openApi.expectFits('getDeposit', await world.fetch(`/api/v1/deposits/${depositId}`))) as {
        files: { preview: { sha256: string } | null }[];
      };
      expect(detail.files.map((f) => f.preview?.sha256 ?? null)).to.deep.equal([...digests, null]);
    });
  });

  describe('certificate and package before they are issued', () => {
    for (const [rest, operation] of [
      ['/certificate.json', 'getCertificate'],
      ['/certificate.pdf', 'getCertificatePdf'],
      ['/package.zip', 'getPackage'],
    ] as const) {
      it(`${rest} answers 409 certificate-pending with what is waited for`, async () => {
        const answer = await get(rest);
        expect(answer.status).to.equal(409);
        expect(answer.headers.get('retry-after')).to.equal('5');
        expect(answer.headers.get('content-disposition')).to.equal(null);
        expect(await openApi.expectFits(operation, answer)).to.include({
          code: 'certificate-pending',
          state: 'in-log',
        });
      });
    }
  });
});

describe('GET /api/v1/deposits', () => {
  let world: ServiceWorld;
  let openApi: OpenApiCheck;
  const made: string[] = [];
  before(async function () {
    this.timeout(60_000);
    world = await ServiceWorld.open();
    openApi = await OpenApiCheck.of(world.url);
    for (let i = 0; i < 5; i++) {
      const answer = await world.upload([{ name: `${i}.txt`, bytes: `file ${i}` }], { title: `No. ${i}` });
      made.unshift(((await answer.json()) as Received).depositId);
    }
  });
  after(() => world.close());

  const page = async (query: string) =>
    (await openApi.expectFits('listDeposits', await world.fetch(`/api/v1/deposits${query}`))) as {
      deposits: { depositId: string; title: string }[];
      next: string | null;
      code?: string;
    };

  it('lists one account’s own, newest first, page by page', async () => {
    const first = await page('?limit=2');
    expect(first.deposits.map((d) => d.depositId)).to.deep.equal(made.slice(0, 2));
    const second = await page(`?limit=2&before=${first.next}`);
    expect(second.deposits.map((d) => d.depositId)).to.deep.equal(made.slice(2, 4));
    const third = await page(`?limit=2&before=${second.next}`);
    expect(third.deposits.map((d) => d.title)).to.deep.equal(['No. 0']);
    expect(third.next).to.equal(null);
  });

  it('shows nothing of other accounts', async () => {
    const stranger = await world.createAccount('stranger');
    const headers = { authorization: `Bearer ${stranger.apiKey}` };
    for (const query of ['', `?before=${made[0]}`]) {
      const answer = await world.fetch(`/api/v1/deposits${query}`, { headers });
      expect(await answer.json()).to.deep.equal({ deposits: [], next: null });
    }
  });

  it('refuses parameters that are wrong or unknown', async () => {
    for (const query of ['?limit=0', '?limit=101', '?limit=1e1', '?limit=2&limit=3', '?before=x', '?page=2']) {
      expect((await page(query)).code, query).to.equal('invalid-parameter');
    }
  });
});
