import { expect } from 'chai';
import fc from 'fast-check';
import { FormatError } from '../../src/errors.ts';
import {
  encodeEntryBundle,
  encodeTilePath,
  parseEntryBundle,
  parseTile,
  parseTilePath,
  type TileId,
} from '../../src/format/tile.ts';

describe('tile paths', () => {
  it('are those of the c2sp.org/tlog-tiles examples', () => {
    expect(encodeTilePath({ level: 0, index: 1234067n, width: 256 })).to.equal('tile/0/x001/x234/067');
    expect(encodeTilePath({ level: 0, index: 273n, width: 112 })).to.equal('tile/0/273.p/112');
    expect(encodeTilePath({ level: 1, index: 1n, width: 17 })).to.equal('tile/1/001.p/17');
    expect(encodeTilePath({ level: 'entries', index: 0n, width: 256 })).to.equal('tile/entries/000');
  });

  it('are undone by parseTilePath', () => {
    const tile = fc.record<TileId>({
      level: fc.oneof(fc.integer({ min: 0, max: 6 }), fc.constant('entries' as const)),
      index: fc.bigInt({ min: 0n, max: 2n ** 48n - 1n }),
      width: fc.integer({ min: 1, max: 256 }),
    });
    fc.assert(
      fc.property(tile, (t) => {
        expect(parseTilePath(encodeTilePath(t))).to.deep.equal(t);
      }),
    );
  });

  it('have one spelling', () => {
    const bad = [
      'tile/0/0',
      'tile/0/0000',
      'tile/0/x000/001',
      'tile/00/001',
      'tile/7/000',
      'tile/0/001.p/0',
      'tile/0/001.p/256',
      'tile/0/001.p/01',
      'tile/0/001.p/',
      'tile/0/001/002',
      'tile/data/000',
      '/tile/0/001',
      'tile/0/001?x',
      'tile/0/../001',
      `tile/0/${'x999/'.repeat(9)}999`,
    ];
    for (const path of bad)
      expect(() => parseTilePath(path), path)
        .to.throw(FormatError)
        .with.property('code', 'invalid-tile-path');
  });
});

describe('entry bundles and tiles', () => {
  it('hold exactly as many entries as their width', () => {
    const entries = Array.from({ length: 3 }, (_, i) => new Uint8Array(32).fill(i));
    const bundle = encodeEntryBundle(entries);
    expect(bundle).to.have.length(3 * 34);
    expect(parseEntryBundle(bundle, 3)).to.deep.equal(entries);
    for (const width of [2, 4]) expect(() => parseEntryBundle(bundle, width)).to.throw(FormatError);
    const wrongLength = bundle.slice();
    wrongLength[1] = 31;
    expect(() => parseEntryBundle(wrongLength, 3)).to.throw(FormatError);
    expect(() => parseTile(new Uint8Array(63), 2)).to.throw(FormatError);
  });
});
