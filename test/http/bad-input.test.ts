import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { expect } from 'chai';
import { chunksOf, type ObjectContent, type ObjectHead, type ObjectStore } from '../../src/storage/object-store.ts';
import { asStorageError } from '../../src/storage/storage-error.ts';
import { OpenApiCheck } from './openapi-check.ts';
import { ServiceWorld } from './service-world.ts';

const BOUNDARY = 'b0undary';
const BIG = randomBytes(150_000);

interface Part {
  field: string;
  fileName?: string | Buffer;
  content: string | Buffer;
  type?: string;
}

/** A multipart body byte by byte, as no client library would let one write it. */
function multipart(parts: readonly Part[]): Buffer {
  const chunks: Buffer[] = [];
  for (const { field, fileName, content, type } of parts) {
    chunks.push(Buffer.from(`--${BOUNDARY}\r\nContent-Disposition: form-data; name="${field}"`));
    if (fileName !== undefined) chunks.push(Buffer.from('; filename="'), Buffer.from(fileName), Buffer.from('"'));
    if (type !== undefined) chunks.push(Buffer.from(`\r\nContent-Type: ${type}`));
    chunks.push(Buffer.from('\r\n\r\n'), Buffer.from(content), Buffer.from('\r\n'));
  }
  chunks.push(Buffer.from(`--${BOUNDARY}--\r\n`));
  return Buffer.concat(chunks);
}

const file = (fileName: string | Buffer, content: string | Buffer = 'x'): Part => ({
  field: 'files',
  fileName,
  content,
});
const good = file('good.bin', BIG);
const MULTIPART = { 'content-type': `multipart/form-data; boundary=${BOUNDARY}` };

describe('bad input to POST /api/v1/deposits', () => {
  let world: ServiceWorld;
  let openApi: OpenApiCheck;
  before(async function () {
    this.timeout(60_000);
    world = await ServiceWorld.open({ limits: { maxFileBytes: 1_000_000, maxUploadBytes: 3_000_000 } });
    openApi = await OpenApiCheck.of(world.url);
  });
  after(() => world.close());
  afterEach('leaves nothing over', async () => {
    expect(await world.leftovers()).to.deep.equal({ deposits: 0, objects: [], submissions: 0 });
  });

  const post = (body: Buffer | string, headers: Record<string, string> = MULTIPART) =>
    world.fetch('/api/v1/deposits', { method: 'POST', body: body as Buffer<ArrayBuffer>, headers });

  const refused = async (answer: Response, status: number, code: string) => {
    const problem = (await openApi.expectFits('createDeposit', answer)) as { code: string; requestId: string };
    expect([answer.status, problem.code]).to.deep.equal([status, code]);
    expect(problem.requestId).to.equal(answer.headers.get('x-request-id'));
    expect(answer.headers.get('content-type')).to.equal('application/problem+json');
  };

  const table: [what: string, status: number, code: string, parts: Part[]][] = [
    ['no file', 400, 'no-files', [{ field: 'statement', content: '{}' }]],
    ['no part at all', 400, 'no-files', []],
    ['101 files', 400, 'too-many-files', Array.from({ length: 101 }, (_, i) => file(`${i}.txt`))],
    ['an empty file', 422, 'empty-file', [good, file('empty.bin', '')]],
    ['a file that is too large', 413, 'file-too-large', [good, file('large.bin', randomBytes(1_000_001))]],
    ['a name with ../', 422, 'invalid-file-name', [good, file('../../etc/passwd')]],
    ['a name with a backslash', 422, 'invalid-file-name', [good, file('..\\\\autoexec.bat')]],
    ['the name ..', 422, 'invalid-file-name', [good, file('..')]],
    ['a name with NUL', 400, 'malformed-upload', [good, file('a\0.jpg')]],
    ['a name with a line feed', 422, 'invalid-file-name', [good, file('a%0Ab.jpg')]],
    ['a name with U+202E, which turns the writing direction', 422, 'invalid-file-name', [good, file('a\u202egpj.exe')]],
    ['a name with a right-to-left mark', 422, 'invalid-file-name', [good, file('a\u200f.jpg')]],
    ['a name that is not UTF-8', 422, 'invalid-file-name', [good, file(Buffer.from([0xd5, 0xd5, 0xc6, 0xac]))]],
    ['a name of 256 characters', 422, 'invalid-file-name', [good, file('名'.repeat(256))]],
    ['a file without a name', 422, 'invalid-file-name', [good, file('')]],
    [
      'a typed file without a name',
      422,
      'invalid-file-name',
      [good, { ...file(''), type: 'application/octet-stream' }],
    ],
    ['a file input that nobody filled', 400, 'no-files', [{ ...file('', ''), type: 'application/octet-stream' }]],
    ['a file in another field', 400, 'unexpected-field', [good, { field: 'upload', fileName: 'a', content: 'x' }]],
    ['a field that is not known', 400, 'unexpected-field', [good, { field: 'comment', content: 'x' }]],
    [
      'two statements',
      400,
      'unexpected-field',
      [good, { field: 'statement', content: '{}' }, { field: 'statement', content: '{}' }],
    ],
    [
      'a statement that is a file',
      400,
      'unexpected-field',
      [good, { field: 'statement', fileName: 's.json', content: '{}' }],
    ],
    ['a statement that is not JSON', 422, 'invalid-statement', [good, { field: 'statement', content: '{"title":' }]],
    ['a statement that is a list', 422, 'invalid-statement', [good, { field: 'statement', content: '[]' }]],
    [
      'an unknown member of the statement',
      422,
      'invalid-statement',
      [good, { field: 'statement', content: '{"author":"me"}' }],
    ],
    ['a wrong kind', 422, 'invalid-statement', [good, { field: 'statement', content: '{"kind":"proof"}' }]],
    [
      'a capture interval that runs backwards',
      422,
      'invalid-statement',
      [
        good,
        {
          field: 'statement',
          content: '{"capturedFrom":"2026-01-02T00:00:00.000Z","capturedUntil":"2026-01-01T00:00:00.000Z"}',
        },
      ],
    ],
    [
      'a statement nested a thousand deep',
      422,
      'invalid-statement',
      [good, { field: 'statement', content: '['.repeat(1000) }],
    ],
    [
      'a statement that is too long',
      413,
      'field-too-large',
      [good, { field: 'statement', content: `{"title":"${'x'.repeat(70_000)}"}` }],
    ],
  ];
  for (const [what, status, code, parts] of table) {
    it(`${what}: ${status} ${code}`, async () => refused(await post(multipart(parts)), status, code));
  }

  it('a form whose end is missing: 400 malformed-upload', async () => {
    await refused(await post(multipart([good]).subarray(0, -20)), 400, 'malformed-upload');
  });

  it('a form without a boundary: 400 malformed-upload', async () => {
    await refused(await post('x', { 'content-type': 'multipart/form-data' }), 400, 'malformed-upload');
  });

  for (const type of [
    'application/json',
    'text/plain',
    'multipart/mixed; boundary=x',
    'application/x-www-form-urlencoded',
  ]) {
    it(`content type ${type}: 415 unsupported-media-type`, async () => {
      await refused(await post('x', { 'content-type': type }), 415, 'unsupported-media-type');
    });
  }

  it('a compressed body: 415 unsupported-content-encoding', async () => {
    const headers = { ...MULTIPART, 'content-encoding': 'gzip' };
    await refused(await post(multipart([good]), headers), 415, 'unsupported-content-encoding');
  });

  it('a body longer than all files may be together: 413 body-too-large, before it is read', async () => {
    const parts = [0, 1, 2, 3].map((i) => file(`${i}.bin`, randomBytes(900_000)));
    await refused(await post(multipart(parts)), 413, 'body-too-large');
  });

  for (const key of ['', ' ', 'x'.repeat(201), 'schlüssel']) {
    it(`Idempotency-Key ${JSON.stringify(key.slice(0, 12))}: 400 invalid-idempotency-key`, async () => {
      const headers = { ...MULTIPART, 'idempotency-key': key };
      await refused(await post(multipart([good]), headers), 400, 'invalid-idempotency-key');
    });
  }

  describe('a caller who may not', () => {
    const cases: [string, Record<string, string>][] = [
      ['a wrong key', { authorization: `Bearer tz_${'A'.repeat(43)}` }],
      ['a key of another spelling', { authorization: 'Bearer x' }],
      ['another scheme', { authorization: 'Basic dXNlcjpwdw==' }],
      ['an empty header', { authorization: '' }],
    ];
    for (const [what, headers] of cases) {
      it(`${what}: 401, the same for all`, async () => {
        const answer = await post(multipart([good]), { ...MULTIPART, ...headers });
        expect(answer.headers.get('www-authenticate')).to.equal('Bearer');
        await refused(answer, 401, 'unauthenticated');
      });
    }
  });

  it('keeps names and 4-byte characters exactly', async () => {
    const isolated = await ServiceWorld.open();
    try {
      const names = ['😀 𠮷野家 é.jpg', 'e\u0301 "quoted" 50%.txt', ' leading.txt', 'שלום.pdf', '名'.repeat(255)];
      const answer = await isolated.upload(names.map((name) => ({ name, bytes: 'x' })));
      const { receipt } = (await answer.json()) as { receipt: { files: { name: { name: string } }[] } };
      expect(receipt.files.map((f) => f.name.name)).to.deep.equal(names);
    } finally {
      await isolated.close();
    }
  });

  describe('a connection that is cut', () => {
    const headers = (length: number) =>
      `POST /api/v1/deposits HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${world.apiKey}\r\n` +
      `Content-Type: ${MULTIPART['content-type']}\r\nContent-Length: ${length}\r\n\r\n`;

    for (const [where, share] of [
      ['in the first file', 0.2],
      ['after the first file, in the second', 0.8],
    ] as const) {
      it(`${where} leaves nothing behind`, async () => {
        const body = multipart([good, file('second.bin', randomBytes(150_000))]);
        const socket = await open(world.url);
        socket.write(headers(body.length));
        socket.write(body.subarray(0, Math.floor(body.length * share)));
        await until(async () => (await world.leftovers()).objects.length === (share > 0.5 ? 1 : 0));
        socket.destroy();
        await until(async () => world.diagnostics.some((line) => line.code === 'upload-aborted'));
        world.diagnostics.length = 0;
        await until(async () => (await world.leftovers()).objects.length === 0);
      });
    }
  });
});

describe('POST /api/v1/deposits when the disk is full', () => {
  let world: ServiceWorld;
  before(async function () {
    this.timeout(60_000);
    world = await ServiceWorld.open({ wrapStore: (store) => new FullStore(store, 300_000) });
  });
  after(() => world.close());

  it('answers 507 storage-full, without the path, and leaves nothing behind', async () => {
    const answer = await world.upload([
      { name: 'first.bin', bytes: randomBytes(200_000) },
      { name: 'second.bin', bytes: randomBytes(400_000) },
    ]);
    const problem = (await answer.json()) as Record<string, unknown>;
    expect(answer.status).to.equal(507);
    expect(problem.code).to.equal('storage-full');
    expect(problem).not.to.have.property('detail');
    expect(await world.leftovers()).to.deep.equal({ deposits: 0, objects: [], submissions: 0 });
  });

  it('takes what still fits', async () => {
    expect((await world.upload([{ name: 'a.bin', bytes: randomBytes(200_000) }])).status).to.equal(201);
  });
});

describe('a server that clients try to hold', () => {
  let world: ServiceWorld;
  before(async function () {
    this.timeout(60_000);
    world = await ServiceWorld.open({
      limits: { maxUploadsAtOnce: 1, requestsPerMinute: 30, failedSignInsPerMinute: 3 },
      timeouts: { headersMs: 300, idleMs: 1500, requestMs: 20_000 },
    });
  });
  after(() => world.close());

  it('ends a request whose headers do not come, 408', async () => {
    const socket = await open(world.url);
    socket.write('GET /healthz HTTP/1.1\r\nHost: x\r\nX-Slow: ');
    expect(await readToEnd(socket)).to.match(/^HTTP\/1\.1 408 /);
  });

  it('ends an upload that stands still, and forgets it', async () => {
    const socket = await open(world.url);
    socket.write(
      `POST /api/v1/deposits HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${world.apiKey}\r\n` +
        `Content-Type: ${MULTIPART['content-type']}\r\nContent-Length: 1000000\r\n\r\n`,
    );
    socket.write(multipart([good]).subarray(0, 100_000));
    await readToEnd(socket);
    await until(async () => world.diagnostics.some((line) => line.code === 'upload-aborted'));
    expect((await world.leftovers()).objects).to.deep.equal([]);
  });

  it('answers 431 to more than 16 KiB of headers', async () => {
    const socket = await open(world.url);
    socket.write(`GET /healthz HTTP/1.1\r\nHost: x\r\nX-Bomb: ${'x'.repeat(20_000)}\r\n\r\n`);
    expect(await readToEnd(socket)).to.match(/^HTTP\/1\.1 431 /);
  });

  it('is told before it sends a body whether it may', async () => {
    const length = multipart([good]).length;
    const head = (key: string) =>
      `POST /api/v1/deposits HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${key}\r\nExpect: 100-continue\r\n` +
      `Content-Type: ${MULTIPART['content-type']}\r\nContent-Length: ${length}\r\n\r\n`;
    const refused = await open(world.url);
    refused.write(head('wrong'));
    expect(await readToEnd(refused))
      .to.match(/^HTTP\/1\.1 401 /)
      .and.to.match(/\r\nConnection: close\r\n/);

    const taken = await open(world.url);
    taken.write(head(world.apiKey));
    const [first] = (await once(taken, 'data')) as [Buffer];
    expect(first.toString('latin1')).to.equal('HTTP/1.1 100 Continue\r\n\r\n');
    taken.write(multipart([{ field: 'statement', content: 'x'.repeat(10) }, good]).subarray(0, length - 1000));
    taken.destroy();
  });

  it('answers 503 too-many-uploads while as many as allowed are under way', async () => {
    const socket = await open(world.url);
    const held = multipart([good]);
    socket.write(
      `POST /api/v1/deposits HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${world.apiKey}\r\n` +
        `Content-Type: ${MULTIPART['content-type']}\r\nContent-Length: ${held.length}\r\n\r\n`,
    );
    socket.write(held.subarray(0, 1000));
    await new Promise((resolve) => setTimeout(resolve, 150));
    const answer = await world.upload([{ name: 'a.txt', bytes: 'x' }]);
    expect(answer.status).to.equal(503);
    expect(answer.headers.get('retry-after')).to.equal('10');
    expect(((await answer.json()) as { code: string }).code).to.equal('too-many-uploads');
    socket.destroy();
  });

  it('answers 429 with the time to wait to wrong keys by the dozen', async () => {
    const codes = [];
    let last: Response | undefined;
    for (let i = 0; i < 5; i++) {
      last = await world.fetch('/api/v1/me', { headers: { authorization: 'Bearer wrong' } });
      codes.push(last.status);
    }
    // The test before may have spent one of the three.
    expect(codes.join()).to.match(/^401,401,(?:401|429),429,429$/);
    expect(Number(last?.headers.get('retry-after'))).to.be.within(1, 20);
    expect((await world.fetch('/api/v1/me')).status).to.equal(200);
  });

  it('answers 429 to an account that asks too often, and to no other', async () => {
    let status = 0;
    for (let i = 0; i < 40 && status !== 429; i++) status = (await world.fetch('/api/v1/me')).status;
    expect(status).to.equal(429);
    const { apiKey } = await world.createAccount('other');
    expect((await world.fetch('/api/v1/me', { headers: { authorization: `Bearer ${apiKey}` } })).status).to.equal(200);
  });
});

describe('an upload whose connection ends while its caller is being looked up', () => {
  let world: ServiceWorld;
  before(async function () {
    this.timeout(60_000);
    world = await ServiceWorld.open({
      limits: { maxUploadsAtOnce: 1 },
      changeParts: (parts) => {
        const authenticate = parts.authentication.authenticate.bind(parts.authentication);
        parts.authentication.authenticate = async (req) => {
          await new Promise((resolve) => setTimeout(resolve, 200));
          return authenticate(req);
        };
        return parts;
      },
    });
  });
  after(() => world.close());

  it('holds no place', async () => {
    for (let i = 0; i < 3; i++) {
      const socket = await open(world.url);
      socket.end(
        `POST /api/v1/deposits HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${world.apiKey}\r\n` +
          `Content-Type: ${MULTIPART['content-type']}\r\nContent-Length: 1000\r\n\r\n`,
        () => socket.resetAndDestroy(),
      );
    }
    await until(async () => world.diagnostics.filter((line) => line.code === 'upload-aborted').length === 3);
    expect((await world.upload([{ name: 'a.txt', bytes: 'x' }])).status).to.equal(201);
  });
});

/** Room for so many bytes, then ENOSPC as a disk gives it. */
class FullStore implements ObjectStore {
  readonly #store: ObjectStore;
  #room: number;
  readonly get: ObjectStore['get'];
  readonly head: ObjectStore['head'];
  readonly delete: ObjectStore['delete'];
  readonly list: ObjectStore['list'];

  constructor(store: ObjectStore, room: number) {
    this.#store = store;
    this.#room = room;
    this.get = store.get.bind(store);
    this.head = store.head.bind(store);
    this.list = store.list.bind(store);
    this.delete = async (name) => {
      this.#room += (await store.head(name))?.sizeBytes ?? 0;
      await store.delete(name);
    };
  }

  async put(name: string, content: ObjectContent): Promise<ObjectHead> {
    let room = this.#room;
    async function* bounded() {
      for await (const chunk of chunksOf(content)) {
        room -= chunk.length;
        if (room < 0)
          throw asStorageError(Object.assign(new Error(`ENOSPC: /srv/secret/${name}`), { code: 'ENOSPC' }), 'write');
        yield chunk;
      }
    }
    const head = await this.#store.put(name, bounded());
    this.#room -= head.sizeBytes;
    return head;
  }
}

async function open(url: string): Promise<Socket> {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  socket.on('error', () => {});
  await once(socket, 'connect');
  return socket;
}

async function readToEnd(socket: Socket): Promise<string> {
  let text = '';
  socket.on('data', (chunk) => {
    text += chunk;
  });
  await once(socket, 'close');
  return text;
}

async function until(holds: () => Promise<boolean>): Promise<void> {
  for (let waitedMs = 0; !(await holds()); waitedMs += 20) {
    if (waitedMs > 10_000) throw new Error('it did not come to hold within 10 s');
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
