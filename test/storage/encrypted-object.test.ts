import { createCipheriv, hkdfSync, randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { expect } from 'chai';
import fc from 'fast-check';
import {
  ObjectSealer,
  openBytes,
  openObject,
  plainSize,
  SEGMENT_BYTES,
  sealBytes,
  sealedSize,
} from '../../src/storage/encrypted-object.ts';
import { LocalMasterKey, MasterKeyRing } from '../../src/storage/master-key.ts';
import { MemoryObjectStore } from '../../src/storage/memory-store.ts';
import { type ObjectStore, readAll } from '../../src/storage/object-store.ts';
import { StorageError } from '../../src/storage/storage-error.ts';
import { rejectionOf } from '../support/coded-error.ts';

const NAME = 'deposit/01939f3e-7c1a-7b7e-9d2c-3f1d0e5b8a11/0';
const SEALED_SEGMENT = SEGMENT_BYTES + 16;
const BOUNDARY_SIZES = [
  0,
  1,
  15,
  16,
  17,
  65_536,
  SEGMENT_BYTES - 17,
  SEGMENT_BYTES - 16,
  SEGMENT_BYTES - 1,
  SEGMENT_BYTES,
  SEGMENT_BYTES + 1,
  SEGMENT_BYTES + 16,
  2 * SEGMENT_BYTES - 1,
  2 * SEGMENT_BYTES,
  2 * SEGMENT_BYTES + 1,
  3 * SEGMENT_BYTES,
];

describe('encrypted objects', () => {
  const keys = new MasterKeyRing(new LocalMasterKey('first', randomBytes(32)));
  const noise = randomBytes(3 * SEGMENT_BYTES);

  /** A store that holds these bytes under NAME, whatever they are. */
  async function holding(ciphertext: Uint8Array, name = NAME): Promise<ObjectStore> {
    const store = new MemoryObjectStore();
    await store.put(name, ciphertext);
    return store;
  }

  async function readObject(store: ObjectStore, wrappedKey: Uint8Array, range?: { start: number; end: number }) {
    const opened = await openObject(store, keys, NAME, wrappedKey, range);
    return Buffer.from(await readAll(opened!.content));
  }

  for (const size of BOUNDARY_SIZES) {
    describe(`of ${size} bytes`, () => {
      const plaintext = noise.subarray(0, size);

      it('open to what was sealed, inline and from a store', async () => {
        const { wrappedKey, ciphertext } = await sealBytes(keys, NAME, plaintext);
        expect(ciphertext).to.have.length(sealedSize(size));
        expect(plainSize(ciphertext.length)).to.equal(size);
        expect(Buffer.from(await openBytes(keys, NAME, wrappedKey, ciphertext)).equals(plaintext)).to.equal(true);
        const store = await holding(ciphertext);
        const opened = await openObject(store, keys, NAME, wrappedKey);
        expect(opened?.sizeBytes).to.equal(size);
        expect(Buffer.from(await readAll(opened!.content)).equals(plaintext)).to.equal(true);
      });

      it('seal to the same layout however the bytes are cut', async () => {
        const sealer = await ObjectSealer.open(keys, NAME);
        const sealed: Buffer[] = [];
        for (let at = 0, step = 1; at < size; at += step, step = (step * 3) % 100_003) {
          sealed.push(...sealer.update(plaintext.subarray(at, at + step)));
        }
        sealed.push(...sealer.end());
        const store = await holding(Buffer.concat(sealed));
        expect((await readObject(store, sealer.wrappedKey)).equals(plaintext)).to.equal(true);
      });

      it('give every range that begins or ends at a border', async () => {
        const { wrappedKey, ciphertext } = await sealBytes(keys, NAME, plaintext);
        const store = await holding(ciphertext);
        const borders = [
          ...new Set([0, 1, SEGMENT_BYTES - 1, SEGMENT_BYTES, SEGMENT_BYTES + 1, 2 * SEGMENT_BYTES, size - 1, size]),
        ];
        const inside = borders.filter((border) => border >= 0 && border <= size);
        for (const start of inside) {
          for (const end of inside.filter((border) => border >= start)) {
            const read = await readObject(store, wrappedKey, { start, end });
            expect(read.equals(plaintext.subarray(start, end)), `${start} to ${end}`).to.equal(true);
          }
        }
        await rejectionOf(
          openObject(store, keys, NAME, wrappedKey, { start: 0, end: size + 1 }),
          'range-out-of-bounds',
        );
      });
    });
  }

  it('give any range of any size', async () => {
    await fc.assert(
      fc.asyncProperty(fc.nat(noise.length), fc.nat(), fc.nat(), async (size, a, b) => {
        const [start, end] = [a % (size + 1), b % (size + 1)].sort((x, y) => x - y) as [number, number];
        const { wrappedKey, ciphertext } = await sealBytes(keys, NAME, noise.subarray(0, size));
        const read = await readObject(await holding(ciphertext), wrappedKey, { start, end });
        return read.equals(noise.subarray(start, end));
      }),
      { numRuns: 40 },
    );
  });

  it('read no more of the store than the segments of a range', async () => {
    const { wrappedKey, ciphertext } = await sealBytes(keys, NAME, noise);
    const asked: unknown[] = [];
    class Watched extends MemoryObjectStore {
      override get(name: string, range?: { start: number; end: number }) {
        asked.push(range);
        return super.get(name, range);
      }
    }
    const store = new Watched();
    await store.put(NAME, ciphertext);
    await readObject(store, wrappedKey, { start: SEGMENT_BYTES + 5, end: SEGMENT_BYTES + 6 });
    expect(asked).to.deep.equal([{ start: SEALED_SEGMENT, end: 2 * SEALED_SEGMENT }]);
  });

  it('let go of the store when they are not read to their end, or not at all', async () => {
    const { wrappedKey, ciphertext } = await sealBytes(keys, NAME, noise);
    const contents: { destroyed: boolean }[] = [];
    class Watched extends MemoryObjectStore {
      override async get(name: string, range?: { start: number; end: number }) {
        const stored = await super.get(name, range);
        if (stored) contents.push(stored.content);
        return stored;
      }
    }
    const store = new Watched();
    await store.put(NAME, ciphertext);
    for await (const _ of (await openObject(store, keys, NAME, wrappedKey))!.content) break;
    (await openObject(store, keys, NAME, wrappedKey))!.content.destroy();
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(contents.map(({ destroyed }) => destroyed)).to.deep.equal([true, true]);
  });

  it('are absent when the store has none', async () => {
    const { wrappedKey } = await sealBytes(keys, NAME, noise.subarray(0, 5));
    expect(await openObject(new MemoryObjectStore(), keys, NAME, wrappedKey)).to.equal(undefined);
  });

  it('open the example of the documentation', async () => {
    const page = readFileSync(new URL('../../docs/formats/encrypted-object.md', import.meta.url), 'utf8');
    const [wrappedKey, object] = (page.split('```')[1] as string).split('\n\n') as [string, string];
    // The bytes stand in the second column, 64 characters wide.
    const bytesOf = (text: string) => {
      const column = text.split('\n').map((line) => line.slice(13, 77));
      return Buffer.from(column.join('').replaceAll(' ', ''), 'hex');
    };
    const ring = new MasterKeyRing(
      new LocalMasterKey(
        '2026',
        Uint8Array.from({ length: 32 }, (_, i) => i),
      ),
    );
    const plaintext = await openBytes(ring, NAME, bytesOf(wrappedKey), bytesOf(object));
    expect(Buffer.from(plaintext).toString()).to.equal('铁证如山\n');
  });

  it('follow the documented layout byte for byte', async () => {
    const masterKey = Buffer.alloc(32, 7);
    const ring = new MasterKeyRing(new LocalMasterKey('m1', masterKey));
    const { wrappedKey, ciphertext } = await sealBytes(ring, NAME, noise.subarray(0, SEGMENT_BYTES + 3));
    expect([...wrappedKey.subarray(0, 4)]).to.deep.equal([1, 2, 'm'.charCodeAt(0), '1'.charCodeAt(0)]);
    expect(wrappedKey).to.have.length(4 + 12 + 32 + 16);

    // Unwraps by hand: GCM without checking the tag is the same key stream.
    const nonce = wrappedKey.subarray(4, 16);
    const dataKey = createCipheriv('aes-256-gcm', masterKey, nonce).update(wrappedKey.subarray(16, 48));
    const derived = Buffer.from(hkdfSync('sha256', dataKey, '', `tiezheng/encrypted-object/v1\0${NAME}`, 39));
    const seal = (segment: number, flag: number, plaintext: Uint8Array) => {
      const cipher = createCipheriv(
        'aes-256-gcm',
        derived.subarray(0, 32),
        Buffer.concat([derived.subarray(32), Buffer.from([0, 0, 0, segment, flag])]),
      );
      return Buffer.concat([cipher.update(plaintext), cipher.final(), cipher.getAuthTag()]);
    };
    const expected = Buffer.concat([
      seal(0, 0, noise.subarray(0, SEGMENT_BYTES)),
      seal(1, 0, noise.subarray(SEGMENT_BYTES, SEGMENT_BYTES + 3)),
      seal(2, 1, Buffer.alloc(0)),
    ]);
    expect(expected.equals(ciphertext)).to.equal(true);
  });

  describe('when the ciphertext was changed', () => {
    const size = 2 * SEGMENT_BYTES + 100;
    const plaintext = noise.subarray(0, size);

    async function sealed() {
      const { wrappedKey, ciphertext } = await sealBytes(keys, NAME, plaintext);
      return { wrappedKey, ciphertext: Buffer.from(ciphertext) };
    }
    const cut = (bytes: Buffer) => [
      bytes.subarray(0, SEALED_SEGMENT),
      bytes.subarray(SEALED_SEGMENT, 2 * SEALED_SEGMENT),
      bytes.subarray(2 * SEALED_SEGMENT, -16),
      bytes.subarray(-16),
    ];

    for (const [what, change] of [
      ['cut by one byte', (bytes: Buffer) => bytes.subarray(0, -1)],
      ['cut by its end', (bytes: Buffer) => bytes.subarray(0, -16)],
      ['cut to its first segment', (bytes: Buffer) => bytes.subarray(0, SEALED_SEGMENT)],
      ['cut to its first segment and the end', (bytes: Buffer) => Buffer.concat([cut(bytes)[0]!, cut(bytes)[3]!])],
      ['cut to its end', (bytes: Buffer) => cut(bytes)[3]!],
      ['emptied', () => Buffer.alloc(0)],
      ['lengthened by a byte', (bytes: Buffer) => Buffer.concat([bytes, Buffer.alloc(1)])],
      ['lengthened by 16 bytes', (bytes: Buffer) => Buffer.concat([bytes, Buffer.alloc(16)])],
      ['lengthened by another end', (bytes: Buffer) => Buffer.concat([bytes, cut(bytes)[3]!])],
      [
        'lengthened by a segment',
        (bytes: Buffer) => Buffer.concat([bytes.subarray(0, -16), ...cut(bytes).slice(0, 1), cut(bytes)[3]!]),
      ],
      ['reordered', (bytes: Buffer) => Buffer.concat([cut(bytes)[1]!, cut(bytes)[0]!, cut(bytes)[2]!, cut(bytes)[3]!])],
      ['repeated', (bytes: Buffer) => Buffer.concat([cut(bytes)[0]!, cut(bytes)[0]!, cut(bytes)[2]!, cut(bytes)[3]!])],
      ['robbed of its middle', (bytes: Buffer) => Buffer.concat([cut(bytes)[0]!, cut(bytes)[2]!, cut(bytes)[3]!])],
    ] as const) {
      it(`says object-corrupt: ${what}`, async () => {
        const { wrappedKey, ciphertext } = await sealed();
        const changed = change(ciphertext);
        await rejectionOf(openBytes(keys, NAME, wrappedKey, changed), 'object-corrupt');
        await rejectionOf(
          holding(changed).then((store) => readObject(store, wrappedKey)),
          'object-corrupt',
        );
      });
    }

    it('says object-corrupt for a segment of another object', async () => {
      const [one, two] = [await sealed(), await sealed()];
      const mixed = Buffer.concat([cut(one.ciphertext)[0]!, cut(two.ciphertext)[1]!, ...cut(one.ciphertext).slice(2)]);
      await rejectionOf(openBytes(keys, NAME, one.wrappedKey, mixed), 'object-corrupt');
      await rejectionOf(openBytes(keys, NAME, one.wrappedKey, two.ciphertext), 'object-corrupt');
    });

    it('says object-corrupt for any one bit', async () => {
      const small = noise.subarray(0, 40);
      const { wrappedKey, ciphertext } = await sealBytes(keys, NAME, small);
      for (let bit = 0; bit < ciphertext.length * 8; bit++) {
        const changed = Uint8Array.from(ciphertext);
        changed[bit >> 3]! ^= 1 << (bit & 7);
        await rejectionOf(openBytes(keys, NAME, wrappedKey, changed), 'object-corrupt');
      }
      const big = await sealed();
      await fc.assert(
        fc.asyncProperty(fc.nat(big.ciphertext.length - 1), fc.nat(7), async (at, bit) => {
          const changed = Buffer.from(big.ciphertext);
          changed[at]! ^= 1 << bit;
          await rejectionOf(openBytes(keys, NAME, big.wrappedKey, changed), 'object-corrupt');
        }),
        { numRuns: 30 },
      );
    });

    it('gives nothing of a changed segment, and of a range elsewhere everything', async () => {
      const { wrappedKey, ciphertext } = await sealed();
      ciphertext[SEALED_SEGMENT + 7]! ^= 1;
      const store = await holding(ciphertext);
      const got: Buffer[] = [];
      const failure = await (async () => {
        for await (const chunk of (await openObject(store, keys, NAME, wrappedKey))!.content) got.push(chunk);
      })().catch((error: unknown) => error);
      expect(failure).to.be.instanceOf(StorageError).with.property('code', 'object-corrupt');
      expect(Buffer.concat(got).equals(plaintext.subarray(0, SEGMENT_BYTES))).to.equal(true);
      const range = { start: 2 * SEGMENT_BYTES, end: size };
      expect((await readObject(store, wrappedKey, range)).equals(plaintext.subarray(2 * SEGMENT_BYTES))).to.equal(true);
    });
  });

  describe('when the key does not fit', () => {
    const plaintext = noise.subarray(0, 100);

    it('says wrong-key under another object name', async () => {
      const { wrappedKey, ciphertext } = await sealBytes(keys, NAME, plaintext);
      await rejectionOf(openBytes(keys, `${NAME}1`, wrappedKey, ciphertext), 'wrong-key');
    });

    it('says wrong-key when another master key has the id', async () => {
      const { wrappedKey, ciphertext } = await sealBytes(keys, NAME, plaintext);
      const others = new MasterKeyRing(new LocalMasterKey('first', randomBytes(32)));
      await rejectionOf(openBytes(others, NAME, wrappedKey, ciphertext), 'wrong-key');
    });

    it('says unknown-master-key when no key has the id', async () => {
      const { wrappedKey, ciphertext } = await sealBytes(keys, NAME, plaintext);
      const others = new MasterKeyRing(new LocalMasterKey('second', randomBytes(32)));
      await rejectionOf(openBytes(others, NAME, wrappedKey, ciphertext), 'unknown-master-key');
    });

    it('says object-corrupt for the key of another object of the same name', async () => {
      const [one, two] = [await sealBytes(keys, NAME, plaintext), await sealBytes(keys, NAME, plaintext)];
      await rejectionOf(openBytes(keys, NAME, one.wrappedKey, two.ciphertext), 'object-corrupt');
    });

    it('answers a code to every changed bit of the wrapped key', async () => {
      const { wrappedKey, ciphertext } = await sealBytes(keys, NAME, plaintext);
      const codes = new Set<string>();
      for (let bit = 0; bit < wrappedKey.length * 8; bit++) {
        const changed = Uint8Array.from(wrappedKey);
        changed[bit >> 3]! ^= 1 << (bit & 7);
        const error = await openBytes(keys, NAME, changed, ciphertext).catch((reason: unknown) => reason);
        expect(error, `bit ${bit}`).to.be.instanceOf(StorageError);
        codes.add((error as StorageError).code);
      }
      expect([...codes].sort()).to.deep.equal(['invalid-wrapped-key', 'unknown-master-key', 'wrong-key']);
    });

    it('answers a code to a wrapped key of any length', async () => {
      const { wrappedKey, ciphertext } = await sealBytes(keys, NAME, plaintext);
      for (let length = 0; length < wrappedKey.length; length++) {
        const error = await openBytes(keys, NAME, wrappedKey.subarray(0, length), ciphertext).catch((reason) => reason);
        expect(['invalid-wrapped-key', 'wrong-key']).to.include(error.code);
      }
      const longer = Buffer.concat([wrappedKey, Buffer.alloc(1)]);
      await rejectionOf(openBytes(keys, NAME, longer, ciphertext), 'wrong-key');
    });
  });

  describe('after the master key was changed', () => {
    it('still open, and new ones are wrapped by the new key', async () => {
      const [old, next] = [new LocalMasterKey('2026', randomBytes(32)), new LocalMasterKey('2027', randomBytes(32))];
      const before = await sealBytes(new MasterKeyRing(old), NAME, Buffer.from('before'));
      const ring = new MasterKeyRing(next, [old]);
      const after = await sealBytes(ring, NAME, Buffer.from('after'));
      const open = async ({ wrappedKey, ciphertext }: typeof before, with_: MasterKeyRing) =>
        Buffer.from(await openBytes(with_, NAME, wrappedKey, ciphertext)).toString();
      expect(await open(before, ring)).to.equal('before');
      expect(await open(after, ring)).to.equal('after');
      expect(await open(after, new MasterKeyRing(next))).to.equal('after');
    });
  });

  it('never share a data key', async () => {
    const [one, two] = [
      await sealBytes(keys, NAME, noise.subarray(0, 64)),
      await sealBytes(keys, NAME, noise.subarray(0, 64)),
    ];
    expect(Buffer.from(one.ciphertext).equals(two.ciphertext)).to.equal(false);
  });
});

describe('LocalMasterKey and MasterKeyRing', () => {
  it('refuse keys and ids outside the rule', () => {
    const codeOf = (make: () => unknown) => {
      try {
        make();
      } catch (error) {
        return (error as StorageError).code;
      }
      return undefined;
    };
    for (const length of [0, 16, 31, 33]) {
      expect(codeOf(() => new LocalMasterKey('a', randomBytes(length)))).to.equal('invalid-master-key');
    }
    for (const id of ['', 'A', 'a/b', 'ä', 'a'.repeat(65), 'a\n']) {
      expect(codeOf(() => new LocalMasterKey(id, randomBytes(32)))).to.equal('invalid-master-key');
    }
    const [one, two] = [new LocalMasterKey('a', randomBytes(32)), new LocalMasterKey('a', randomBytes(32))];
    expect(codeOf(() => new MasterKeyRing(one, [two]))).to.equal('invalid-master-key');
  });
});
