import { expect } from 'chai';
import fc from 'fast-check';
import { ProofError } from '../../src/errors.ts';
import type { RootHash } from '../../src/format/bytes.ts';
import { type ConsistencyProof, verifyConsistency } from '../../src/merkle/consistency.ts';
import { nodeHash } from '../../src/merkle/hash.ts';
import { consistencyProof, MAX_TREE_SIZE } from '../../src/merkle/tree.ts';
import { asHash, makeLeaves, naiveProof, naiveRoot, nodesOf } from './reference-tree.ts';
import { bytesOf, loadConsistencyVectors } from './rfc6962-vectors.ts';

const LEAVES = makeLeaves(70);

interface Case {
  proof: ConsistencyProof;
  root1: RootHash;
  root2: RootHash;
}

function makeCase(size1: number, size2: number): Case {
  const leaves = LEAVES.slice(0, size2);
  return {
    proof: { size1: BigInt(size1), size2: BigInt(size2), hashes: naiveProof(size1, leaves) },
    root1: naiveRoot(leaves.slice(0, size1)),
    root2: naiveRoot(leaves),
  };
}

const anySize = fc.integer({ min: 1, max: LEAVES.length });
const anyCase = fc.tuple(anySize, anySize).map(([a, b]) => makeCase(Math.min(a, b), Math.max(a, b)));
const anyGrowth = anyCase.filter(({ proof }) => proof.size1 < proof.size2);
const anyBit = fc.integer({ min: 0, max: 255 });

function outcome({ proof, root1, root2 }: Case): string {
  try {
    verifyConsistency(proof, root1, root2);
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

describe('verifyConsistency', () => {
  it('proves every pair of sizes up to 70', () => {
    for (let size2 = 1; size2 <= LEAVES.length; size2++) {
      for (let size1 = 1; size1 <= size2; size1++) expect(outcome(makeCase(size1, size2))).equal('proved');
    }
  }).timeout(60_000);

  it('proves what consistencyProof gives', async () => {
    await fc.assert(
      fc.asyncProperty(anyCase, async (valid) => {
        const { size1, size2 } = valid.proof;
        const hashes = await consistencyProof(size1, size2, nodesOf(LEAVES.slice(0, Number(size2))));
        expect(outcome({ ...valid, proof: { size1, size2, hashes } })).equal('proved');
      }),
    );
  });

  it('refuses another first or second root', () => {
    fc.assert(
      fc.property(anyCase, anyBit, (valid, bit) => {
        expect(outcome({ ...valid, root1: flip(valid.root1, bit) })).equal('root-mismatch');
        expect(outcome({ ...valid, root2: flip(valid.root2, bit) })).equal('root-mismatch');
      }),
    );
  });

  it('refuses a changed hash of the proof', () => {
    fc.assert(
      fc.property(anyGrowth, fc.nat(), anyBit, (valid, at, bit) => {
        const hashes = [...valid.proof.hashes];
        const i = at % hashes.length;
        hashes[i] = flip(hashes[i] as Uint8Array, bit);
        expect(outcome({ ...valid, proof: { ...valid.proof, hashes } })).equal('root-mismatch');
      }),
    );
  });

  it('refuses a proof with a hash too many or too few', () => {
    fc.assert(
      fc.property(anyGrowth, fc.nat(), (valid, at) => {
        const { hashes } = valid.proof;
        const i = at % (hashes.length + 1);
        const longer = hashes.toSpliced(i, 0, valid.root1);
        expect(outcome({ ...valid, proof: { ...valid.proof, hashes: longer } })).not.equal('proved');
        const shorter = hashes.toSpliced(at % hashes.length, 1);
        expect(outcome({ ...valid, proof: { ...valid.proof, hashes: shorter } })).not.equal('proved');
      }),
    );
  });

  it('says that a proof is too long or too short', () => {
    const valid = makeCase(6, 8);
    const { hashes } = valid.proof;
    const proof = { ...valid.proof, hashes: [...hashes, valid.root1] };
    expect(outcome({ ...valid, proof })).equal('proof-too-long');
    expect(outcome({ ...valid, proof: { ...valid.proof, hashes: hashes.slice(1) } })).equal('proof-too-short');
    expect(outcome({ ...valid, proof: { ...valid.proof, hashes: [] } })).equal('proof-too-short');
    expect(outcome({ ...makeCase(4, 8), proof: { size1: 4n, size2: 8n, hashes: [] } })).equal('proof-too-short');
  });

  it('refuses any tree that changed a leaf of the first', () => {
    fc.assert(
      fc.property(anyGrowth, fc.nat(), (valid, at) => {
        const { size1, size2 } = valid.proof;
        const forged = LEAVES.slice(0, Number(size2));
        forged[at % Number(size1)] = asHash(flip(forged[at % Number(size1)] as Uint8Array, 0));
        const proof = { size1, size2, hashes: naiveProof(Number(size1), forged) };
        expect(outcome({ proof, root1: valid.root1, root2: naiveRoot(forged) })).equal('root-mismatch');
      }),
    );
  });

  it('takes equal sizes only with equal roots and without hashes', () => {
    const valid = makeCase(5, 5);
    expect(outcome(valid)).equal('proved');
    expect(outcome({ ...valid, proof: { ...valid.proof, hashes: [valid.root1] } })).equal('proof-too-long');
    expect(outcome({ ...valid, root2: makeCase(6, 6).root1 })).equal('root-mismatch');
  });

  it('refuses sizes that are zero, falling or too large', () => {
    const valid = makeCase(3, 5);
    for (const [size1, size2] of [
      [0n, 5n],
      [0n, 0n],
      [-1n, 5n],
      [6n, 5n],
      [3n, MAX_TREE_SIZE + 1n],
    ] as const) {
      expect(outcome({ ...valid, proof: { ...valid.proof, size1, size2 } })).equal('size-out-of-range');
    }
  });

  it('refuses a proof that goes on above the roots that the sizes allow', () => {
    // 7 and 8 leaves would pass for 3 and 4: the same turns, one level further down.
    const valid = makeCase(7, 8);
    expect(outcome({ ...valid, proof: { ...valid.proof, size1: 3n, size2: 4n } })).equal('proof-too-long');
  });

  it('cannot tell some sizes apart, which is why the size must come from the signed checkpoint', () => {
    // A third leaf, or a node over leaves three and four: the hashes look the same.
    const valid = makeCase(2, 3);
    expect(outcome({ ...valid, proof: { ...valid.proof, size2: 4n } })).equal('proved');
  });

  it('refuses hashes that are not 32 bytes', () => {
    const valid = makeCase(3, 5);
    const short = new Uint8Array(31);
    expect(outcome({ ...valid, root1: short as RootHash })).equal('hash-not-32-bytes');
    expect(outcome({ ...valid, root2: short as RootHash })).equal('hash-not-32-bytes');
    const hashes = [...valid.proof.hashes.slice(1), short];
    expect(outcome({ ...valid, proof: { ...valid.proof, hashes } })).equal('hash-not-32-bytes');
  });

  it('works up to the largest tree', () => {
    // From 2⁴⁷ leaves to 2⁴⁸: one hash, the right half.
    const [root1, right] = [asHash<RootHash>(LEAVES[0] as Uint8Array), LEAVES[1] as Uint8Array];
    const root2 = asHash<RootHash>(nodeHash(root1, right));
    expect(outcome({ proof: { size1: 2n ** 47n, size2: 2n ** 48n, hashes: [right] }, root1, root2 })).equal('proved');
  });
});

describe('verifyConsistency on third-party vectors', () => {
  const vectors = loadConsistencyVectors();
  if (vectors === undefined) {
    it('skipped: ../shared/vectors/rfc6962 is not on this machine');
    return;
  }
  it('has all of them', () => expect(vectors.length).least(95));
  // Its roots are the 12 bytes "don't care 2": equal, but no SHA-256 hashes. Everything else of it holds with real ones.
  const ROOTS_ARE_NOT_HASHES = 'additional/sizes-are-equal-one-and-proof-is-empty.json';
  it(`refuses the 12-byte roots of ${ROOTS_ARE_NOT_HASHES}, and proves it with 32-byte ones`, () => {
    const vector = vectors.find(({ name }) => name === ROOTS_ARE_NOT_HASHES);
    const proof = { size1: vector?.size1 ?? 0n, size2: vector?.size2 ?? 0n, hashes: [] };
    const root = asHash<RootHash>(bytesOf(vector?.root1));
    expect(outcome({ proof, root1: root, root2: root })).equal('hash-not-32-bytes');
    expect(outcome({ ...makeCase(1, 1), proof })).equal('proved');
  });
  for (const vector of vectors.filter(({ name }) => name !== ROOTS_ARE_NOT_HASHES)) {
    it(`${vector.wantErr ? 'refuses' : 'proves'} ${vector.name}`, () => {
      const result = outcome({
        root1: asHash(bytesOf(vector.root1)),
        root2: asHash(bytesOf(vector.root2)),
        proof: {
          size1: vector.size1,
          size2: vector.size2,
          hashes: (vector.proof ?? []).map(bytesOf),
        },
      });
      if (vector.wantErr) expect(result).not.equal('proved');
      else expect(result).equal('proved');
    });
  }
});
