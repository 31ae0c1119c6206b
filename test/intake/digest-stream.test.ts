import { createHash, randomBytes } from 'node:crypto';
import { expect } from 'chai';
import fc from 'fast-check';
import { DigestPool, digestBytes } from '../../src/intake/digest-stream.ts';
import { rejectionOf } from '../support/coded-error.ts';

const hex = (name: string, bytes: Uint8Array) => createHash(name).update(bytes).digest('hex');

async function digestInPieces(pool: DigestPool, bytes: Uint8Array, size: number) {
  const stream = pool.open();
  for (let at = 0; at < bytes.length; at += size) await stream.update(bytes.subarray(at, at + size));
  return stream.finish();
}

describe('digestBytes', () => {
  it('gives the digests that the standards print for "abc"', () => {
    expect(digestBytes(Buffer.from('abc'))).to.deep.equal({
      sha256: 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad', // FIPS 180-4
      sm3: '66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0', // GB/T 32905-2016
    });
  });
});

describe('DigestPool', () => {
  let pool: DigestPool;
  beforeEach(() => {
    pool = new DigestPool({ workers: 2 });
  });
  afterEach(() => pool.close());

  it('gives for "abc" and for nothing what the standards print', async () => {
    expect(await digestInPieces(pool, Buffer.from('abc'), 1)).to.deep.equal(digestBytes(Buffer.from('abc')));
    expect(await digestInPieces(pool, Buffer.alloc(0), 1)).to.deep.equal(digestBytes(Buffer.alloc(0)));
  });

  it('does not depend on how the bytes are cut', async () => {
    const noise = randomBytes(400_000);
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 400_000 }),
        fc.integer({ min: 500, max: 300_000 }),
        async (length, size) => {
          const bytes = noise.subarray(0, length);
          expect(await digestInPieces(pool, bytes, size)).to.deep.equal(digestBytes(bytes));
        },
      ),
      { numRuns: 30 },
    );
  });

  it('keeps many streams apart', async () => {
    const contents = Array.from({ length: 40 }, (_, i) => randomBytes(10_000 + i * 20_000));
    const digests = await Promise.all(contents.map((bytes) => digestInPieces(pool, bytes, 65_536)));
    expect(digests).to.deep.equal(contents.map((bytes) => ({ sha256: hex('sha256', bytes), sm3: hex('sm3', bytes) })));
  });

  it('has read the bytes when update resolves', async () => {
    const buffer = Buffer.alloc(50_000);
    const stream = pool.open();
    const whole: Buffer[] = [];
    for (let i = 0; i < 20; i++) {
      randomBytes(buffer.length).copy(buffer);
      whole.push(Buffer.from(buffer));
      await stream.update(buffer);
    }
    expect(await stream.finish()).to.deep.equal(digestBytes(Buffer.concat(whole)));
  });

  it('goes on after streams were given up', async () => {
    for (let i = 0; i < 100; i++) {
      const stream = pool.open();
      await stream.update(randomBytes(100_000));
      stream.abort();
      stream.abort();
    }
    const bytes = randomBytes(100_000);
    expect(await digestInPieces(pool, bytes, 9_999)).to.deep.equal(digestBytes(bytes));
  });

  it('holds the source back when the worker is behind', async () => {
    const stream = pool.open();
    const chunk = randomBytes(65_536);
    let taken = 0;
    const feeding = (async () => {
      for (let i = 0; i < 400; i++) {
        await stream.update(chunk);
        taken++;
      }
    })();
    // This thread runs on without ever letting the worker's answers in: what was taken is what may be under way.
    for (let i = 0; i < 1000; i++) await Promise.resolve();
    expect(taken).to.be.within(1, 16);
    await feeding;
    expect((await stream.finish()).sha256).to.equal(hex('sha256', Buffer.concat(Array(400).fill(chunk))));
  });

  it('says digest-failed to the streams of a pool that is closed, and not to later ones', async () => {
    const [waiting, updating] = [pool.open(), pool.open()];
    await waiting.update(randomBytes(1_000_000));
    const finish = rejectionOf(waiting.finish(), 'digest-failed');
    await pool.close();
    await finish;
    await rejectionOf(updating.update(randomBytes(10)), 'digest-failed');
    updating.abort();
    const bytes = randomBytes(100_000);
    expect(await digestInPieces(pool, bytes, 10_000)).to.deep.equal(digestBytes(bytes));
  });
});
