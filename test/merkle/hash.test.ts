import { expect } from 'chai';
import { ProofError } from '../../src/errors.ts';
import { encodeHex } from '../../src/format/bytes.ts';
import { emptyRoot, leafHash, nodeHash } from '../../src/merkle/hash.ts';

describe('leafHash', () => {
  it('is SHA-256 of 0x00 and the data', () => {
    // Published for the empty leaf in RFC 6962 implementations (certificate-transparency-go, transparency-dev/merkle).
    expect(encodeHex(leafHash(new Uint8Array(0)))).equal(
      '6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d',
    );
  });
});

describe('nodeHash', () => {
  it('is SHA-256 of 0x01 and both children', () => {
    // Root of the first two leaves ('' and 0x00) of the same test tree.
    const root = nodeHash(leafHash(new Uint8Array(0)), leafHash(Uint8Array.of(0)));
    expect(encodeHex(root)).equal('fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125');
  });

  it('differs from the leaf hash of the same bytes', () => {
    const child = new Uint8Array(32);
    expect(encodeHex(nodeHash(child, child))).not.equal(encodeHex(leafHash(new Uint8Array(64))));
  });

  it('refuses children that are not 32 bytes', () => {
    for (const [left, right] of [
      [31, 33],
      [32, 0],
      [33, 32],
    ] as const) {
      expect(() => nodeHash(new Uint8Array(left), new Uint8Array(right)))
        .throw(ProofError)
        .property('code', 'hash-not-32-bytes');
    }
  });
});

describe('emptyRoot', () => {
  it('is SHA-256 of nothing', () => {
    expect(encodeHex(emptyRoot())).equal('e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855');
  });
});
