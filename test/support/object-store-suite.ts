import { randomBytes } from 'node:crypto';
import { expect } from 'chai';
import { type ObjectStore, readAll } from '../../src/storage/object-store.ts';
import { rejectionOf } from './coded-error.ts';

/** What every ObjectStore must do. `open` gives an empty one for each test. */
export function itBehavesLikeAnObjectStore(kind: string, open: () => Promise<ObjectStore>): void {
  describe(`${kind} as an object store`, () => {
    let store: ObjectStore;
    beforeEach(async () => {
      store = await open();
    });

    for (const size of [0, 1, 65_536, 65_537, 3 * 1024 * 1024 + 1]) {
      it(`gives back ${size} bytes put at once`, async () => {
        const bytes = randomBytes(size);
        expect(await store.put('deposit/one/0', bytes)).to.deep.equal({ sizeBytes: size });
        expect(await store.head('deposit/one/0')).to.deep.equal({ sizeBytes: size });
        expect(await read(store, 'deposit/one/0')).to.deep.equal(bytes);
      });

      it(`gives back ${size} bytes put as a stream`, async () => {
        const bytes = randomBytes(size);
        expect(await store.put('deposit/one/0', pieces(bytes, 70_001))).to.deep.equal({ sizeBytes: size });
        expect(await store.head('deposit/one/0')).to.deep.equal({ sizeBytes: size });
        expect(await read(store, 'deposit/one/0')).to.deep.equal(bytes);
      });
    }

    it('gives back 20 MiB that came in chunks of many sizes', async () => {
      const bytes = randomBytes(20 * 1024 * 1024);
      async function* chunks() {
        for (let at = 0, size = 1; at < bytes.length; at += size, size = (size * 7) % 300_007) {
          yield bytes.subarray(at, at + size);
        }
      }
      expect(await store.put('big', chunks())).to.deep.equal({ sizeBytes: bytes.length });
      expect((await read(store, 'big')).equals(bytes)).to.equal(true);
      expect(await read(store, 'big', { start: 9_999_999, end: 10_000_009 })).to.deep.equal(
        bytes.subarray(9_999_999, 10_000_009),
      );
    });

    it('gives back any range', async () => {
      const bytes = randomBytes(200_000);
      await store.put('a/b', bytes);
      for (const [start, end] of [
        [0, 200_000],
        [0, 1],
        [199_999, 200_000],
        [65_535, 131_073],
        [0, 0],
        [7, 7],
        [200_000, 200_000],
      ] as const) {
        expect(await read(store, 'a/b', { start, end })).to.deep.equal(bytes.subarray(start, end));
      }
      const part = await store.get('a/b', { start: 5, end: 6 });
      part?.content.destroy();
      expect(part?.sizeBytes).to.equal(200_000);
    });

    it('gives back the empty range of an empty object', async () => {
      await store.put('empty', new Uint8Array(0));
      expect(await read(store, 'empty', { start: 0, end: 0 })).to.have.length(0);
    });

    it('rejects a range outside of the object', async () => {
      await store.put('a', randomBytes(10));
      for (const [start, end] of [
        [0, 11],
        [-1, 5],
        [6, 5],
        [0.5, 2],
        [0, Number.NaN],
        [11, 11],
      ] as const) {
        await rejectionOf(store.get('a', { start, end }), 'range-out-of-bounds');
      }
    });

    it('says undefined for what is not there', async () => {
      await store.put('deposit/one/0', randomBytes(3));
      for (const name of ['deposit/one/1', 'deposit/two/0', 'other', 'deposit/one/0.x']) {
        expect(await store.get(name)).to.equal(undefined);
        expect(await store.get(name, { start: 0, end: 1 })).to.equal(undefined);
        expect(await store.head(name)).to.equal(undefined);
      }
    });

    it('does not take a folder for an object', async () => {
      await store.put('deposit/one/0', randomBytes(3));
      expect(await store.head('deposit/one')).to.equal(undefined);
      expect(await store.get('deposit/one')).to.equal(undefined);
      await store.delete('deposit/one');
      expect(await store.head('deposit/one/0')).to.deep.equal({ sizeBytes: 3 });
    });

    for (const size of [100, 12 * 1024 * 1024]) {
      it(`takes the same ${size} bytes again`, async () => {
        const bytes = randomBytes(size);
        await store.put('same', pieces(bytes, 65_536));
        expect(await store.put('same', pieces(bytes, 99_999))).to.deep.equal({ sizeBytes: size });
        expect((await read(store, 'same')).equals(bytes)).to.equal(true);
      });

      it(`rejects other bytes under the name of ${size} stored ones and keeps the first`, async () => {
        const bytes = randomBytes(size);
        await store.put('first', bytes);
        const changed = Buffer.from(bytes);
        changed[size - 1]! ^= 1;
        for (const other of [changed, bytes.subarray(1), Buffer.concat([bytes, bytes]), Buffer.alloc(0)]) {
          await rejectionOf(store.put('first', pieces(other, 65_536)), 'object-differs');
        }
        expect((await read(store, 'first')).equals(bytes)).to.equal(true);
      });
    }

    it('lets exactly one of several racing writers win', async () => {
      const contents = Array.from({ length: 8 }, () => randomBytes(50_000));
      const results = await Promise.allSettled(contents.map((bytes) => store.put('race/0', pieces(bytes, 7_000))));
      const winners = contents.filter((_, i) => results[i]?.status === 'fulfilled');
      expect(winners).to.have.length(1);
      for (const result of results) {
        if (result.status === 'rejected') expect(result.reason).to.have.property('code', 'object-differs');
      }
      expect(await read(store, 'race/0')).to.deep.equal(winners[0]);
    });

    for (const after of [0, 1_000_000, 12 * 1024 * 1024]) {
      it(`stores nothing when the source fails after ${after} bytes, and passes its error on`, async () => {
        const failure = new Error('the client went away');
        async function* broken() {
          for (let at = 0; at < after; at += 65_536) yield randomBytes(Math.min(65_536, after - at));
          throw failure;
        }
        let thrown: unknown;
        await store.put('broken/0', broken()).catch((error: unknown) => {
          thrown = error;
        });
        expect(thrown).to.equal(failure);
        expect(await store.head('broken/0')).to.equal(undefined);
        expect(await names(store, '')).to.deep.equal([]);
        const bytes = randomBytes(10);
        await store.put('broken/0', bytes);
        expect(await read(store, 'broken/0')).to.deep.equal(bytes);
      });
    }

    it('deletes, and deletes again', async () => {
      await store.put('deposit/one/0', randomBytes(5));
      await store.put('deposit/one/1', randomBytes(6));
      await store.delete('deposit/one/0');
      expect(await store.get('deposit/one/0')).to.equal(undefined);
      await store.delete('deposit/one/0');
      await store.delete('never/was');
      expect(await names(store, '')).to.deep.equal(['deposit/one/1']);
      const other = randomBytes(7);
      await store.put('deposit/one/0', other);
      expect(await read(store, 'deposit/one/0')).to.deep.equal(other);
    });

    it('puts into a folder that is being emptied', async () => {
      for (let round = 0; round < 20; round++) {
        await store.put('busy/old', randomBytes(3));
        await Promise.all([store.delete('busy/old'), store.put('busy/new', randomBytes(3))]);
        expect(await names(store, 'busy/')).to.deep.equal(['busy/new']);
        await store.delete('busy/new');
      }
    });

    it('lists by prefix', async () => {
      for (const name of ['deposit/a/0', 'deposit/a/1', 'deposit/ab/0', 'tile/0'])
        await store.put(name, randomBytes(1));
      expect(await names(store, '')).to.deep.equal(['deposit/a/0', 'deposit/a/1', 'deposit/ab/0', 'tile/0']);
      expect(await names(store, 'deposit/a/')).to.deep.equal(['deposit/a/0', 'deposit/a/1']);
      expect(await names(store, 'deposit/')).to.deep.equal(['deposit/a/0', 'deposit/a/1', 'deposit/ab/0']);
      expect(await names(store, 'none/')).to.deep.equal([]);
    });

    it('releases an object whose content is not read to its end', async () => {
      await store.put('long', randomBytes(2 * 1024 * 1024));
      for (let i = 0; i < 20; i++) {
        const stored = await store.get('long');
        for await (const _ of stored!.content) break;
        (await store.get('long'))!.content.destroy();
      }
      await store.delete('long');
      expect(await store.head('long')).to.equal(undefined);
    });

    for (const name of [
      '',
      '/',
      'a/',
      '/a',
      'a//b',
      '.',
      '..',
      '../a',
      'a/../b',
      'a/..',
      'a/./b',
      '.hidden',
      'a\\b',
      'a\0b',
      'A',
      'ä',
      'a b',
      'a\n',
      'a'.repeat(101),
      `${'a/'.repeat(250)}a`,
    ]) {
      it(`refuses the name ${JSON.stringify(name.slice(0, 20))} of ${name.length} characters`, async () => {
        await rejectionOf(store.put(name, randomBytes(1)), 'invalid-object-name');
        await rejectionOf(store.get(name), 'invalid-object-name');
        await rejectionOf(store.head(name), 'invalid-object-name');
        await rejectionOf(store.delete(name), 'invalid-object-name');
        if (name !== '' && name !== 'a/') await rejectionOf(names(store, name), 'invalid-object-name');
      });
    }
  });
}

async function read(store: ObjectStore, name: string, range?: { start: number; end: number }): Promise<Buffer> {
  const stored = await store.get(name, range);
  if (stored === undefined) throw new Error(`${name} is not there`);
  return Buffer.from(await readAll(stored.content));
}

async function names(store: ObjectStore, prefix: string): Promise<string[]> {
  const found: string[] = [];
  for await (const name of store.list(prefix)) found.push(name);
  return found.sort();
}

async function* pieces(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}
