import { expect } from 'chai';
import fc from 'fast-check';
import { ProofError } from '../../src/errors.ts';
import type { LeafHash, RootHash } from '../../src/format/bytes.ts';
import { type InclusionProof, rootFromInclusionProof, verifyInclusion } from '../../src/merkle/inclusion.ts';
import { inclusionProof, MAX_TREE_SIZE } from '../../src/merkle/tree.ts';
import { asHash, makeLeaves, naivePath, naiveRoot, nodesOf } from './reference-tree.ts';
import { bytesOf, loadInclusionVectors } from './rfc6962-vectors.ts';

const LEAVES = makeLeaves(70);

interface Case {
  leaf: LeafHash;
  proof: InclusionProof;
  root: RootHash;
}

function makeCase(leafIndex: number, treeSize: number): Case {
  const leaves = LEAVES.slice(0, treeSize);
  return {
    leaf: leaves[leafIndex] as LeafHash,
    proof: { leafIndex: BigInt(leafIndex), treeSize: BigInt(treeSize), hashes: naivePath(leafIndex, leaves) },
    root: naiveRoot(leaves),
  };
}

const anyCase = fc
  .integer({ min: 1, max: LEAVES.length })
  .chain((size) => fc.integer({ min: 0, max: size - 1 }).map((index) => makeCase(index, size)));

function outcome({ leaf, proof, root }: Case): string {
  try {
    verifyInclusion(leaf, proof, root);
    return 'proved';
  } catch (error) {
    if (error instanceof ProofError) return error.code;
    throw error;
  }
}

function flip<Hash extends Uint8Array>(hash: Hash, bit: number): Hash {
  const changed = Uint8Array.from(hash);
  changed[bit >> 3] = (changed[bit >> 3] as number) ^ (1 << (bit & 7));
  return changed as Uint8Array as Hash;
}

const anyBit = fc.integer({ min: 0, max: 255 });

describe('verifyInclusion', () => {
  it('proves every leaf of every tree of up to 70 leaves', () => {
    for (let size = 1; size <= LEAVES.length; size++) {
      for (let index = 0; index < size; index++) expect(outcome(makeCase(index, size))).equal('proved');
    }
  }).timeout(60_000);

  it('proves what inclusionProof gives', async () => {
    await fc.assert(
      fc.asyncProperty(anyCase, async ({ leaf, proof, root }) => {
        const hashes = await inclusionProof(
          proof.leafIndex,
          proof.treeSize,
          nodesOf(LEAVES.slice(0, Number(proof.treeSize))),
        );
        expect(outcome({ leaf, proof: { ...proof, hashes }, root })).equal('proved');
      }),
    );
  });

  it('refuses another leaf', () => {
    fc.assert(
      fc.property(anyCase, anyBit, (valid, bit) => {
        expect(outcome({ ...valid, leaf: flip(valid.leaf, bit) })).equal('root-mismatch');
      }),
    );
  });

  it('refuses another root', () => {
    fc.assert(
      fc.property(anyCase, anyBit, (valid, bit) => {
        expect(outcome({ ...valid, root: flip(valid.root, bit) })).equal('root-mismatch');
      }),
    );
  });

  it('refuses every other index', () => {
    fc.assert(
      fc.property(anyCase, fc.bigInt({ min: -2n, max: 80n }), (valid, leafIndex) => {
        fc.pre(leafIndex !== valid.proof.leafIndex);
        expect(outcome({ ...valid, proof: { ...valid.proof, leafIndex } })).not.equal('proved');
      }),
      { numRuns: 1000 },
    );
  });

  it('refuses a changed hash of the proof', () => {
    fc.assert(
      fc.property(anyCase, fc.nat(), anyBit, (valid, at, bit) => {
        const hashes = [...valid.proof.hashes];
        fc.pre(hashes.length > 0);
        const i = at % hashes.length;
        hashes[i] = flip(hashes[i] as Uint8Array, bit);
        expect(outcome({ ...valid, proof: { ...valid.proof, hashes } })).equal('root-mismatch');
      }),
    );
  });

  it('refuses one hash too many and one too few, and says which', () => {
    fc.assert(
      fc.property(anyCase, (valid) => {
        const { hashes } = valid.proof;
        const longer = [...hashes, valid.root];
        expect(outcome({ ...valid, proof: { ...valid.proof, hashes: longer } })).equal('proof-too-long');
        fc.pre(hashes.length > 0);
        expect(outcome({ ...valid, proof: { ...valid.proof, hashes: hashes.slice(1) } })).equal('proof-too-short');
      }),
    );
  });

  it('refuses a size whose proof for this leaf takes another shape', () => {
    // Leaf 4 of 5 sits beside the root of the first four; in 6…8 leaves it sits two or three levels deep.
    const valid = makeCase(4, 5);
    for (const treeSize of [6n, 7n, 8n]) {
      expect(outcome({ ...valid, proof: { ...valid.proof, treeSize } })).equal('proof-too-short');
    }
    for (const treeSize of [0n, -1n, MAX_TREE_SIZE + 1n]) {
      expect(outcome({ ...valid, proof: { ...valid.proof, treeSize } })).equal('size-out-of-range');
    }
    expect(outcome({ ...valid, proof: { ...valid.proof, treeSize: 4n } })).equal('index-out-of-range');
  });

  it('refuses a path that goes on above the root that the size allows', () => {
    // Leaf 3 of 4 would pass for leaf 1 of 2: the same turns, one level further down.
    const valid = makeCase(3, 4);
    expect(outcome({ ...valid, proof: { ...valid.proof, leafIndex: 1n, treeSize: 2n } })).equal('proof-too-long');
  });

  it('cannot tell some sizes apart, which is why the size must come from the signed checkpoint', () => {
    // The path of leaf 0 in 3 leaves looks the same as in 4: whether the right half is a leaf or a node cannot be seen.
    const valid = makeCase(0, 3);
    expect(outcome({ ...valid, proof: { ...valid.proof, treeSize: 4n } })).equal('proved');
  });

  it('refuses hashes that are not 32 bytes', () => {
    const valid = makeCase(1, 4);
    const short = new Uint8Array(31);
    expect(outcome({ ...valid, leaf: short as LeafHash })).equal('hash-not-32-bytes');
    expect(outcome({ ...valid, root: short as RootHash })).equal('hash-not-32-bytes');
    const hashes = [short, ...valid.proof.hashes.slice(1)];
    expect(outcome({ ...valid, proof: { ...valid.proof, hashes } })).equal('hash-not-32-bytes');
  });

  it('works at the largest index of the largest tree', () => {
    const leafIndex = MAX_TREE_SIZE - 1n;
    const proof = { leafIndex, treeSize: MAX_TREE_SIZE, hashes: LEAVES.slice(0, 48) };
    const leaf = LEAVES[50] as LeafHash;
    expect(outcome({ leaf, proof, root: rootFromInclusionProof(leaf, proof) })).equal('proved');
    expect(outcome({ leaf, proof: { ...proof, hashes: LEAVES.slice(0, 47) }, root: asHash(leaf) })).equal(
      'proof-too-short',
    );
    expect(outcome({ leaf, proof: { ...proof, hashes: LEAVES.slice(0, 49) }, root: asHash(leaf) })).equal(
      'proof-too-long',
    );
  });
});

describe('verifyInclusion on third-party vectors', () => {
  const vectors = loadInclusionVectors();
  if (vectors === undefined) {
    it('skipped: ../shared/vectors/rfc6962 is not on this machine');
    return;
  }
  it('has all of them', () => expect(vectors.length).least(90));
  for (const vector of vectors) {
    it(`${vector.wantErr ? 'refuses' : 'proves'} ${vector.name}`, () => {
      const result = outcome({
        leaf: asHash(bytesOf(vector.leafHash)),
        root: asHash(bytesOf(vector.root)),
        proof: {
          leafIndex: vector.leafIdx,
          treeSize: vector.treeSize,
          hashes: (vector.proof ?? []).map(bytesOf),
        },
      });
      if (vector.wantErr) expect(result).not.equal('proved');
      else expect(result).equal('proved');
    });
  }
});
