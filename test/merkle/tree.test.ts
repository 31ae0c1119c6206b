import { expect } from 'chai';
import fc from 'fast-check';
import { ProofError } from '../../src/errors.ts';
import { equalBytes, type LeafHash, type NodeHash } from '../../src/format/bytes.ts';
import { emptyRoot } from '../../src/merkle/hash.ts';
import {
  type CompleteNode,
  completeSubtrees,
  consistencyProof,
  consistencyProofNodes,
  inclusionProof,
  inclusionProofNodes,
  MAX_TREE_SIZE,
  RightEdge,
  rightEdgeAt,
  rootAt,
  rootFromLeafHashes,
  rootNodes,
} from '../../src/merkle/tree.ts';
import { makeLeaves, naivePath, naiveProof, naiveRoot, nodesOf } from './reference-tree.ts';

const LEAVES = makeLeaves(70);

async function codeOf(work: () => unknown): Promise<string> {
  try {
    await work();
  } catch (error) {
    if (error instanceof ProofError) return error.code;
    throw error;
  }
  throw new Error('nothing was thrown');
}

describe('completeSubtrees', () => {
  it('covers every leaf of the range once, in order, with no two that would make one', () => {
    const bound = fc.bigInt({ min: 0n, max: MAX_TREE_SIZE });
    fc.assert(
      fc.property(bound, bound, (a, b) => {
        const [lo, hi] = a < b ? [a, b] : [b, a];
        let at = lo;
        let before: { level: number; index: bigint } | undefined;
        for (const node of completeSubtrees(lo, hi)) {
          expect(node.index << BigInt(node.level)).equal(at);
          if (before?.level === node.level) expect(before.index & 1n).equal(1n);
          at += 1n << BigInt(node.level);
          before = node;
        }
        expect(at).equal(hi);
      }),
    );
  });

  it('is empty for an empty range', () => {
    expect(completeSubtrees(5n, 5n)).deep.equal([]);
    expect(rootNodes(0n)).deep.equal([]);
  });

  it('names the largest tree by one node', () => {
    expect(rootNodes(MAX_TREE_SIZE)).deep.equal([{ level: 48, index: 0n }]);
  });

  it('refuses ranges that are reversed, negative or too large', async () => {
    expect(await codeOf(() => completeSubtrees(2n, 1n))).equal('size-out-of-range');
    expect(await codeOf(() => completeSubtrees(-1n, 1n))).equal('size-out-of-range');
    expect(await codeOf(() => completeSubtrees(0n, MAX_TREE_SIZE + 1n))).equal('size-out-of-range');
  });
});

describe('the root of every tree of up to 70 leaves', () => {
  it('is RFC 6962 §2.1 by all three ways', async () => {
    const edge = new RightEdge();
    for (let size = 0; size <= LEAVES.length; size++) {
      const leaves = LEAVES.slice(0, size);
      const root = naiveRoot(leaves);
      expect(rootFromLeafHashes(leaves), `from leaves, ${size}`).deep.equal(root);
      expect(await rootAt(BigInt(size), nodesOf(leaves)), `from nodes, ${size}`).deep.equal(root);
      expect(edge.root(), `from the edge, ${size}`).deep.equal(root);
      expect(edge.size).equal(BigInt(size));
      if (size < LEAVES.length) edge.append(LEAVES[size] as LeafHash);
    }
  });
});

describe('RightEdge', () => {
  it('reports each complete subtree once, with its hash, when its last leaf comes', async () => {
    const edge = new RightEdge();
    const nodes = nodesOf(LEAVES);
    const seen: CompleteNode[] = [];
    for (const leaf of LEAVES) seen.push(...edge.append(leaf));
    for (const node of seen) expect(await nodes(node.level, node.index)).deep.equal(node.hash);
    const expected = [];
    for (let level = 0; 2 ** level <= LEAVES.length; level++) {
      for (let i = 0; i < Math.floor(LEAVES.length / 2 ** level); i++) expected.push(`${level}/${i}`);
    }
    expect(seen.map(({ level, index }) => `${level}/${index}`)).have.members(expected);
    expect(seen.length).equal(expected.length);
  });

  it('goes on from its own hashes, and from stored nodes, as if it had never stopped', async () => {
    const whole = naiveRoot(LEAVES);
    for (let stop = 0; stop <= LEAVES.length; stop++) {
      const first = new RightEdge();
      for (const leaf of LEAVES.slice(0, stop)) first.append(leaf);
      const resumed = [
        new RightEdge(first.size, first.hashes),
        await rightEdgeAt(BigInt(stop), nodesOf(LEAVES.slice(0, stop))),
        first.copy(),
      ];
      for (const edge of resumed) {
        for (const leaf of LEAVES.slice(stop)) edge.append(leaf);
        expect(edge.root()).deep.equal(whole);
      }
      expect(first.root(), 'a copy leaves the original alone').deep.equal(naiveRoot(LEAVES.slice(0, stop)));
    }
  });

  it('goes on unharmed when the list it gave away is changed', () => {
    const edge = new RightEdge();
    edge.append(LEAVES[0] as LeafHash);
    edge.hashes.pop();
    expect(edge.root()).deep.equal(naiveRoot(LEAVES.slice(0, 1)));
  });

  it('refuses a number of hashes that its size does not have', async () => {
    const hash = LEAVES[0] as Uint8Array as NodeHash;
    expect(await codeOf(() => new RightEdge(3n, [hash]))).equal('size-out-of-range');
    expect(await codeOf(() => new RightEdge(0n, [hash]))).equal('size-out-of-range');
    expect(await codeOf(() => new RightEdge(MAX_TREE_SIZE + 1n, [hash]))).equal('size-out-of-range');
    expect(await codeOf(() => new RightEdge(-1n, []))).equal('size-out-of-range');
  });

  it('refuses hashes that are not 32 bytes', async () => {
    expect(await codeOf(() => new RightEdge(1n, [new Uint8Array(31) as NodeHash]))).equal('hash-not-32-bytes');
    expect(await codeOf(() => new RightEdge().append(new Uint8Array(33) as LeafHash))).equal('hash-not-32-bytes');
  });

  it('is full at 2⁴⁸ leaves', async () => {
    const hashes = Array.from({ length: 48 }, (_, i) => LEAVES[i] as Uint8Array as NodeHash);
    const edge = new RightEdge(MAX_TREE_SIZE - 1n, hashes);
    expect(edge.append(LEAVES[48] as LeafHash).at(-1)).include({ level: 48, index: 0n });
    expect(await codeOf(() => edge.append(LEAVES[49] as LeafHash))).equal('size-out-of-range');
    expect(edge.size).equal(MAX_TREE_SIZE);
  });
});

describe('inclusionProof', () => {
  it('is RFC 6962 §2.1.1 for every leaf of every tree of up to 70 leaves', async () => {
    for (let size = 1; size <= LEAVES.length; size++) {
      const leaves = LEAVES.slice(0, size);
      const nodes = nodesOf(leaves);
      for (let i = 0; i < size; i++) {
        expectSame(await inclusionProof(BigInt(i), BigInt(size), nodes), naivePath(i, leaves));
      }
    }
  }).timeout(60_000);

  it('needs several nodes for one hash at most, the one at the right edge', () => {
    const size = fc.bigInt({ min: 1n, max: MAX_TREE_SIZE });
    fc.assert(
      fc.property(size, size, (a, b) => {
        const [leafIndex, treeSize] = a < b ? [a, b] : [b - 1n, a];
        const lists = inclusionProofNodes(leafIndex, treeSize);
        expect(lists.length).most(48);
        expect(lists.filter((nodes) => nodes.length > 1).length).most(1);
        expect(lists.every((nodes) => nodes.length > 0)).equal(true);
      }),
    );
  });

  it('refuses leaves and sizes that no tree has', async () => {
    const nodes = nodesOf(LEAVES);
    expect(await codeOf(() => inclusionProof(0n, 0n, nodes))).equal('size-out-of-range');
    expect(await codeOf(() => inclusionProof(0n, MAX_TREE_SIZE + 1n, nodes))).equal('size-out-of-range');
    expect(await codeOf(() => inclusionProof(3n, 3n, nodes))).equal('index-out-of-range');
    expect(await codeOf(() => inclusionProof(-1n, 3n, nodes))).equal('index-out-of-range');
  });
});

describe('consistencyProof', () => {
  it('is RFC 6962 §2.1.2 for every pair of sizes up to 70', async () => {
    for (let size2 = 1; size2 <= LEAVES.length; size2++) {
      const leaves = LEAVES.slice(0, size2);
      const nodes = nodesOf(leaves);
      for (let size1 = 1; size1 <= size2; size1++) {
        expectSame(await consistencyProof(BigInt(size1), BigInt(size2), nodes), naiveProof(size1, leaves));
      }
    }
  }).timeout(60_000);

  it('is bounded for trees of any allowed size', () => {
    const size = fc.bigInt({ min: 1n, max: MAX_TREE_SIZE });
    fc.assert(
      fc.property(size, size, (a, b) => {
        const lists = a < b ? consistencyProofNodes(a, b) : consistencyProofNodes(b, a);
        expect(lists.length).most(49);
        expect(lists.filter((nodes) => nodes.length > 1).length).most(1);
      }),
    );
  });

  it('refuses sizes that are zero, falling or too large', async () => {
    const nodes = nodesOf(LEAVES);
    expect(await codeOf(() => consistencyProof(0n, 3n, nodes))).equal('size-out-of-range');
    expect(await codeOf(() => consistencyProof(0n, 0n, nodes))).equal('size-out-of-range');
    expect(await codeOf(() => consistencyProof(4n, 3n, nodes))).equal('size-out-of-range');
    expect(await codeOf(() => consistencyProof(1n, MAX_TREE_SIZE + 1n, nodes))).equal('size-out-of-range');
  });
});

describe('when a stored node cannot be had', () => {
  it('passes on what the reader threw', async () => {
    const lost = new Error('tile lost');
    const nodes = () => Promise.reject(lost);
    for (const work of [
      rootAt(3n, nodes),
      inclusionProof(0n, 3n, nodes),
      consistencyProof(1n, 3n, nodes),
      rightEdgeAt(3n, nodes),
    ]) {
      expect(await work.catch((error: unknown) => error)).equal(lost);
    }
  });

  it('refuses one that is not 32 bytes', async () => {
    const nodes = () => new Uint8Array(16) as NodeHash;
    expect(await codeOf(() => rootAt(1n, nodes))).equal('hash-not-32-bytes');
    expect(await codeOf(() => rootAt(3n, nodes))).equal('hash-not-32-bytes');
    expect(await codeOf(() => inclusionProof(0n, 2n, nodes))).equal('hash-not-32-bytes');
    expect(await codeOf(() => consistencyProof(1n, 2n, nodes))).equal('hash-not-32-bytes');
    expect(await codeOf(() => rightEdgeAt(1n, nodes))).equal('hash-not-32-bytes');
  });
});

describe('rootAt the empty tree', () => {
  it('asks for no node', async () => {
    const root = await rootAt(0n, () => {
      throw new Error('asked');
    });
    expect(root).deep.equal(emptyRoot());
  });
});

function expectSame(actual: Uint8Array[], expected: Uint8Array[]): void {
  const same =
    actual.length === expected.length && actual.every((hash, i) => equalBytes(hash, expected[i] as Uint8Array));
  expect(same).equal(true);
}
