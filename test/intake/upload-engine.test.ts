import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { expect } from 'chai';
import type { Request, Response } from 'express';
import { CodedError } from '../../src/errors.ts';
import { DigestPool } from '../../src/intake/digest-stream.ts';
import {
  INLINE_BYTES,
  type ReceivedFile,
  type ReceivedUpload,
  type UploadLimits,
  UploadReceiver,
} from '../../src/intake/upload-engine.ts';
import { openBytes, openObject } from '../../src/storage/encrypted-object.ts';
import { LocalMasterKey, MasterKeyRing } from '../../src/storage/master-key.ts';
import { MemoryObjectStore } from '../../src/storage/memory-store.ts';
import { type ObjectContent, readAll } from '../../src/storage/object-store.ts';
import { StorageError } from '../../src/storage/storage-error.ts';
import { originalObjectName } from '../../src/storage/stored-content.ts';

const DEPOSIT = '01939f3e-7c1a-7b7e-9d2c-3f1d0e5b8a11';
const LIMITS: UploadLimits = { maxFileBytes: 4 * 1024 * 1024, maxFiles: 100, maxFieldBytes: 1000 };

/** Counts what is under way, and fails on demand. */
class WatchedStore extends MemoryObjectStore {
  failAt: string | undefined;
  puts = 0;

  override async put(name: string, content: ObjectContent) {
    this.puts++;
    try {
      if (name === this.failAt) {
        for await (const _ of content as AsyncIterable<Uint8Array>) break;
        throw new StorageError('storage-full', 'no space left');
      }
      return await super.put(name, content);
    } finally {
      this.puts--;
    }
  }
}

describe('UploadReceiver', () => {
  const keys = new MasterKeyRing(new LocalMasterKey('test', randomBytes(32)));
  const digests = new DigestPool({ workers: 1 });
  let store: WatchedStore;
  let server: Server;
  let outcome: PromiseWithResolvers<ReceivedUpload>;
  let receiver: UploadReceiver;

  after(() => digests.close());

  beforeEach(async () => {
    store = new WatchedStore();
    receiver = new UploadReceiver({ store, keys, digests }, LIMITS);
    outcome = Promise.withResolvers();
    outcome.promise.catch(() => {});
    server = createServer((req, res) => {
      receiver.receive(req as Request, res as Response, DEPOSIT).then(
        (upload) => {
          res.end('received');
          outcome.resolve(upload);
        },
        (error: unknown) => {
          res.statusCode = 400;
          res.end(error instanceof CodedError ? error.code : String(error));
          outcome.reject(error);
        },
      );
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
  });

  afterEach(async () => {
    server.closeAllConnections();
    server.close();
    await once(server, 'close');
  });

  const url = () => `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;

  async function send(...parts: [field: string, value: string | Uint8Array, fileName?: string][]): Promise<string> {
    const form = new FormData();
    for (const [field, value, fileName] of parts) {
      if (typeof value === 'string') form.append(field, value);
      else form.append(field, new Blob([Uint8Array.from(value)], { type: 'image/lie' }), fileName ?? 'a.bin');
    }
    return (await fetch(url(), { method: 'POST', body: form })).text();
  }

  async function sendRaw(body: Buffer, options: { end?: boolean; length?: number } = {}): Promise<string> {
    const socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
    let answer = '';
    socket.setEncoding('latin1').on('data', (data: string) => {
      answer += data;
    });
    socket.on('error', () => {});
    const head = [
      'POST / HTTP/1.1',
      'Host: localhost',
      'Connection: close',
      'Content-Type: multipart/form-data; boundary=BORDER',
      `Content-Length: ${options.length ?? body.length}`,
    ];
    socket.write(`${head.join('\r\n')}\r\n\r\n`);
    socket.write(body);
    if (options.end === true) {
      await delay(50);
      socket.destroy();
    }
    if (!socket.closed) await once(socket, 'close');
    return answer.split('\r\n').at(-1) ?? '';
  }

  function part(name: Buffer | string, content: Buffer, field = 'files'): Buffer {
    return Buffer.concat([
      Buffer.from(`--BORDER\r\nContent-Disposition: form-data; name="${field}"; filename="`),
      Buffer.from(name),
      Buffer.from('"\r\nContent-Type: application/octet-stream\r\n\r\n'),
      content,
      Buffer.from('\r\n'),
    ]);
  }
  const END = Buffer.from('--BORDER--\r\n');

  async function plaintextOf(file: ReceivedFile, n: number): Promise<Uint8Array> {
    const name = originalObjectName(DEPOSIT, n);
    if (file.object.kind === 'inline') return openBytes(keys, name, file.wrappedKey, file.object.ciphertext);
    expect(file.object.name).to.equal(name);
    return readAll((await openObject(store, keys, name, file.wrappedKey))!.content);
  }

  async function storedNames(): Promise<string[]> {
    const names: string[] = [];
    for await (const name of store.list('')) names.push(name);
    return names;
  }

  it('gives for every size what sha256 and sm3 of the content are, and content that opens', async () => {
    const sizes = [
      1,
      INLINE_BYTES - 1,
      INLINE_BYTES,
      INLINE_BYTES + 1,
      1024 * 1024,
      1024 * 1024 + 1,
      LIMITS.maxFileBytes,
    ];
    // Beginning with what no signature and no text begins with.
    const contents = sizes.map((size) => Buffer.concat([Buffer.from([0, 254]), randomBytes(size)]).subarray(0, size));
    expect(
      await send(...contents.map((bytes, i) => ['files', bytes, `${i}.bin`] as [string, Buffer, string])),
    ).to.equal('received');
    const { files, depositId } = await outcome.promise;
    expect(depositId).to.equal(DEPOSIT);
    expect(files.map((file) => file.sizeBytes)).to.deep.equal(sizes);
    expect(files.map((file) => file.object.kind === 'inline')).to.deep.equal(sizes.map((size) => size <= INLINE_BYTES));
    for (const [n, file] of files.entries()) {
      expect(file.name).to.equal(`${n}.bin`);
      expect(file.mediaType).to.equal('application/octet-stream');
      expect(file.sha256).to.equal(createHash('sha256').update(contents[n]!).digest('hex'));
      expect(file.sm3).to.equal(createHash('sm3').update(contents[n]!).digest('hex'));
      expect(Buffer.from(await plaintextOf(file, n)).equals(contents[n]!)).to.equal(true);
    }
    expect(await storedNames()).to.deep.equal([3, 4, 5, 6].map((n) => `deposit/${DEPOSIT}/${n}`));
  });

  it('stores nothing that holds the plaintext', async () => {
    const line = 'the secret recipe of the left wing, line after line\n';
    await send(
      ['files', Buffer.from(line.repeat(10)), 'small.txt'],
      ['files', Buffer.from(line.repeat(10_000)), 'big.txt'],
    );
    const { files } = await outcome.promise;
    expect(files.map((file) => file.mediaType)).to.deep.equal(['text/plain', 'text/plain']);
    const small = files[0]!.object as { ciphertext: Uint8Array };
    expect(Buffer.from(small.ciphertext).includes('secret')).to.equal(false);
    const big = await readAll((await store.get(`deposit/${DEPOSIT}/1`))!.content);
    expect(Buffer.from(big).includes('secret')).to.equal(false);
  });

  it('hands over text fields and takes the media type from the content', async () => {
    const png = Buffer.from(
      'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAQAAAC1HAwCAAAAC0lEQVR42mNkYAAAAAYAAjCB0C8AAAAASUVORK5CYII=',
      'base64',
    );
    await send(['statement', '{"title":"证据"}'], ['files', png, 'photo.txt'], ['note', 'x']);
    const { files, fields } = await outcome.promise;
    expect([...fields]).to.deep.equal([
      ['statement', '{"title":"证据"}'],
      ['note', 'x'],
    ]);
    expect(files[0]?.mediaType).to.equal('image/png');
  });

  describe('when a file name is unusual', () => {
    for (const name of [
      '合同 (终稿).pdf',
      '𠮷野家📷.jpg',
      'a'.repeat(255),
      '50%22.txt'.replace('%22', ''),
      'x;y="z".txt',
      ' ..a ',
    ]) {
      it(`keeps ${JSON.stringify(name.slice(0, 30))} as it is`, async () => {
        expect(await send(['files', randomBytes(5), name])).to.equal('received');
        expect((await outcome.promise).files[0]?.name).to.equal(name);
      });
    }

    for (const [what, name] of [
      ['a path upwards', '../../etc/passwd'],
      ['a Windows path', 'C:\\temp\\a.txt'],
      ['only dots', '..'],
      ['a line feed as browsers escape it', 'a%0Ab.txt'],
      ['a right-to-left override', 'photo\u202egpj.exe'],
      ['a right-to-left mark', 'a\u200fb.txt'],
      ['256 characters', 'a'.repeat(256)],
      ['bytes that are not UTF-8', Buffer.from([0xba, 0xcf, 0xcd, 0xac, 0x2e, 0x70, 0x64, 0x66])],
    ] as const) {
      it(`refuses ${what} and stores nothing`, async () => {
        const big = part('ok.bin', randomBytes(200_000));
        const answer = await sendRaw(Buffer.concat([big, part(Buffer.from(name), randomBytes(100_000)), END]));
        expect(answer).to.equal('invalid-file-name');
        expect(await storedNames()).to.deep.equal([]);
      });
    }

    for (const [what, name] of [
      ['NUL', 'a%00b.txt'],
      ['an escape character', 'a%1b%5b2Jb.txt'],
      ['a path upwards', '..%2f..%2fpasswd'],
    ] as const) {
      it(`refuses ${what} in the extended spelling of RFC 5987`, async () => {
        const extended = part('', randomBytes(9)).toString('latin1').replace('filename=""', `filename*=UTF-8''${name}`);
        expect(await sendRaw(Buffer.concat([Buffer.from(extended, 'latin1'), END]))).to.equal('invalid-file-name');
      });
    }

    it('answers malformed-upload to a raw NUL, which no header may hold', async () => {
      expect(await sendRaw(Buffer.concat([part('a\0b.txt', randomBytes(9)), END]))).to.equal('malformed-upload');
    });

    it('refuses a file part without any name, which would be dropped unseen', async () => {
      const nameless = Buffer.from(
        '--BORDER\r\nContent-Disposition: form-data; name="files"\r\nContent-Type: application/octet-stream\r\n\r\nabc\r\n',
      );
      const answer = await sendRaw(Buffer.concat([part('ok.bin', randomBytes(200_000)), nameless, END]));
      expect(answer).to.equal('invalid-file-name');
      expect(await storedNames()).to.deep.equal([]);
    });

    it('passes over the empty nameless part of a file input that nobody filled', async () => {
      expect(await sendRaw(Buffer.concat([part('', Buffer.alloc(0)), part('a', Buffer.from('x')), END]))).to.equal(
        'received',
      );
      expect((await outcome.promise).files.map((file) => file.name)).to.deep.equal(['a']);
    });
  });

  describe('when a request breaks a rule', () => {
    it('refuses a file of one byte more than the limit, and removes those before it', async () => {
      const answer = await send(
        ['files', randomBytes(300_000), 'fine'],
        ['files', randomBytes(LIMITS.maxFileBytes + 1), 'large'],
        ['files', randomBytes(300_000), 'never read'],
      );
      expect(answer).to.equal('file-too-large');
      expect(await storedNames()).to.deep.equal([]);
    });

    it('takes 100 files and refuses 101', async () => {
      const files = (count: number) =>
        Array.from(
          { length: count },
          (_, i) => ['files', randomBytes(i === 0 ? 70_000 : 3), `${i}`] as [string, Buffer, string],
        );
      expect(await send(...files(100))).to.equal('received');
      const upload = await outcome.promise;
      expect(upload.files.map((file) => file.name)).to.deep.equal(files(100).map(([, , name]) => name));
      await receiver.discard(upload.files);
      expect(await storedNames()).to.deep.equal([]);
      expect(await send(...files(101))).to.equal('too-many-files');
      expect(await storedNames()).to.deep.equal([]);
    });

    for (const [what, parts, code] of [
      [
        'an empty file',
        [
          ['files', randomBytes(100_000)],
          ['files', new Uint8Array(0)],
        ],
        'empty-file',
      ],
      [
        'a file in another field',
        [
          ['files', randomBytes(100_000)],
          ['photo', randomBytes(9)],
        ],
        'unexpected-field',
      ],
      [
        'a field twice',
        [
          ['files', randomBytes(100_000)],
          ['statement', 'a'],
          ['statement', 'b'],
        ],
        'unexpected-field',
      ],
      [
        'a long field',
        [
          ['files', randomBytes(100_000)],
          ['statement', 'a'.repeat(1001)],
        ],
        'field-too-large',
      ],
      [
        'a nested field',
        [
          ['files', randomBytes(100_000)],
          ['statement[a]', 'b'],
        ],
        'malformed-upload',
      ],
    ] as [string, [string, string | Uint8Array][], string][]) {
      it(`answers ${code} to ${what} and stores nothing`, async () => {
        expect(await send(...parts)).to.equal(code);
        expect(await storedNames()).to.deep.equal([]);
      });
    }

    for (const [what, body] of [
      ['no end', Buffer.concat([part('a', randomBytes(100_000)), part('b', randomBytes(100_000))])],
      ['an end within a file', part('a', randomBytes(100_000)).subarray(0, 90_000)],
      [
        'an end within a header',
        Buffer.concat([part('a', randomBytes(100_000)), part('b', randomBytes(1)).subarray(0, 40)]),
      ],
      ['nothing', Buffer.alloc(0)],
    ] as const) {
      it(`answers malformed-upload to a body with ${what} and stores nothing`, async () => {
        expect(await sendRaw(body)).to.equal('malformed-upload');
        expect(await storedNames()).to.deep.equal([]);
      });
    }

    it('answers malformed-upload to another content type', async () => {
      const answer = await fetch(url(), {
        method: 'POST',
        body: '{}',
        headers: { 'content-type': 'application/json' },
      });
      expect(await answer.text()).to.equal('malformed-upload');
    });

    it('answers malformed-upload to a content type without a boundary', async () => {
      const answer = await fetch(url(), {
        method: 'POST',
        body: 'x',
        headers: { 'content-type': 'multipart/form-data' },
      });
      expect(await answer.text()).to.equal('malformed-upload');
    });
  });

  describe('when the client goes away', () => {
    for (const [where, cut] of [
      ['within a small file', 1_000],
      ['within a big file', 150_000],
      ['within the second file', 700_000],
    ] as const) {
      it(`stores nothing if that is ${where}`, async () => {
        const body = Buffer.concat([part('a', randomBytes(500_000)), part('b', randomBytes(500_000)), END]);
        await sendRaw(body.subarray(0, cut), { end: true, length: body.length });
        const error = await outcome.promise.catch((reason: unknown) => reason);
        expect(error).to.have.property('code', 'upload-aborted');
        while (store.puts > 0) await delay(5);
        await delay(20);
        expect(await storedNames()).to.deep.equal([]);
      });
    }
  });

  describe('when the store fails', () => {
    for (const [nth, failAt] of [
      ['first', 0],
      ['last', 2],
    ] as const) {
      it(`passes on the code of the ${nth} file and removes the others`, async () => {
        store.failAt = `deposit/${DEPOSIT}/${failAt}`;
        const answer = await send(
          ['files', randomBytes(2_000_000), 'a'],
          ['files', randomBytes(2_000_000), 'b'],
          ['files', randomBytes(2_000_000), 'c'],
        );
        expect(answer).to.equal('storage-full');
        expect(await storedNames()).to.deep.equal([]);
      });
    }
  });

  it('receives many uploads at once without mixing them', async () => {
    const contents = Array.from({ length: 12 }, (_, i) => randomBytes(50_000 + i * 40_000));
    const other = createServer((req, res) => {
      const id = DEPOSIT.slice(0, -2) + (req.url ?? '').slice(1);
      receiver.receive(req as Request, res as Response, id).then(
        ({ files }) => res.end(JSON.stringify(files.map(({ sha256, sm3 }) => [sha256, sm3]))),
        (error: unknown) => res.end(String(error)),
      );
    });
    other.listen(0, '127.0.0.1');
    await once(other, 'listening');
    const answers = await Promise.all(
      contents.map(async (bytes, i) => {
        const form = new FormData();
        form.append('files', new Blob([bytes]), 'a');
        const port = (other.address() as AddressInfo).port;
        return (await fetch(`http://127.0.0.1:${port}/${10 + i}`, { method: 'POST', body: form })).json();
      }),
    );
    other.closeAllConnections();
    other.close();
    const digest = (name: string, bytes: Buffer) => createHash(name).update(bytes).digest('hex');
    expect(answers).to.deep.equal(contents.map((bytes) => [[digest('sha256', bytes), digest('sm3', bytes)]]));
  });
});
