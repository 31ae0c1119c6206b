import { expect } from 'chai';
import fc from 'fast-check';
import { ProofError } from '../../src/errors.ts';
import type { LeafHash, NodeHash, RootHash } from '../../src/format/bytes.ts';
import { verifyConsistency } from '../../src/merkle/consistency.ts';
import { nodeHash } from '../../src/merkle/hash.ts';
import { rootFromInclusionProof, verifyInclusion } from '../../src/merkle/inclusion.ts';
import {
  consistencyProof,
  consistencyProofNodes,
  inclusionProofNodes,
  MAX_TREE_SIZE,
  RightEdge,
  rootNodes,
} from '../../src/merkle/tree.ts';
import {
  type Chain,
  type EvidenceLog,
  flipped,
  growth,
  hex,
  LEAVES,
  openChain,
  path,
  rootOf,
} from './evidence-log-chain.ts';

const anySize = fc.integer({ min: 1, max: LEAVES.length });
const anyHash = fc.uint8Array({ minLength: 32, maxLength: 32 });

describe('EvidenceLog and src/merkle', () => {
  let chain: Chain;
  let log: EvidenceLog;
  let empty: Awaited<ReturnType<Chain['networkHelpers']['takeSnapshot']>>;

  before(async () => {
    chain = await openChain();
    log = await chain.deployLog();
    empty = await chain.networkHelpers.takeSnapshot();
  });
  beforeEach(() => empty.restore());
  after(() => chain.close());

  /** What the contract says to a growth: true if anchored, false if not an extension; anything else is thrown. */
  async function anchors(size1: bigint, root1: Uint8Array, size2: bigint, root2: Uint8Array, proof: Uint8Array[]) {
    await empty.restore();
    await log.anchor(size1, root1, []);
    return log.anchor(size2, root2, proof).then(() => true, refusedAs('NotAnExtension'));
  }

  function refusedAs(name: string) {
    return (error: { message: string }) => {
      expect(error.message).include(name);
      return false;
    };
  }

  function extendsHere(size1: bigint, root1: Uint8Array, size2: bigint, root2: Uint8Array, hashes: Uint8Array[]) {
    return holds(() => verifyConsistency({ size1, size2, hashes }, root1 as RootHash, root2 as RootHash));
  }

  function holds(verify: () => void): boolean {
    try {
      verify();
      return true;
    } catch (error) {
      if (error instanceof ProofError) return false;
      throw error;
    }
  }

  it('anchor every growth of every tree of up to 17 leaves', async () => {
    for (let size2 = 2; size2 <= 17; size2++) {
      for (let size1 = 1; size1 < size2; size1++) {
        const proof = await growth(size1, size2);
        expect(await anchors(BigInt(size1), rootOf(size1), BigInt(size2), rootOf(size2), proof)).equal(true);
      }
    }
  }).timeout(60_000);

  it('anchor random logs, and then prove every leaf under every root', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uniqueArray(anySize, { minLength: 1, maxLength: 6 }), async (unordered) => {
        await empty.restore();
        const sizes = unordered.sort((a, b) => a - b);
        for (const [i, size] of sizes.entries()) {
          await log.anchor(size, rootOf(size), i === 0 ? [] : await growth(sizes[i - 1] as number, size));
        }
        for (const size of sizes) {
          const [, anchoredAt] = await log.anchored(rootOf(size));
          for (let index = 0; index < size; index++) {
            const leaf = LEAVES[index] as Uint8Array;
            expect(await log.verifyInclusion(leaf, index, rootOf(size), await path(index, size))).equal(anchoredAt);
          }
        }
      }),
      { numRuns: 8 },
    );
  }).timeout(60_000);

  it('agree on changed growths', async () => {
    const outcomes = { anchored: 0, refused: 0 };
    await fc.assert(
      fc.asyncProperty(
        fc.tuple(anySize, anySize).filter(([a, b]) => a !== b),
        fc.integer({ min: -2, max: 6 }),
        fc.constantFrom('nothing', 'size', 'hash', 'first root', 'second root', 'added', 'removed', 'swapped'),
        fc.nat(),
        async ([a, b], change, what, at) => {
          const [size1, size2] = [Math.min(a, b), Math.max(a, b)];
          let [root1, root2] = [rootOf(size1), rootOf(size2)];
          let claimed = BigInt(size2);
          let proof = await growth(size1, size2);
          const i = at % proof.length;
          if (what === 'size' && size2 + change > size1) claimed += BigInt(change);
          if (what === 'hash') proof[i] = flipped(proof[i] as Uint8Array);
          if (what === 'first root') root1 = flipped(root1);
          if (what === 'second root') root2 = flipped(root2);
          if (what === 'added') proof = proof.toSpliced(i, 0, root1);
          if (what === 'removed') proof = proof.toSpliced(i, 1);
          if (what === 'swapped') [root1, root2] = [root2, root1];
          const here = extendsHere(BigInt(size1), root1, claimed, root2, proof);
          expect(await anchors(BigInt(size1), root1, claimed, root2, proof)).equal(here);
          outcomes[here ? 'anchored' : 'refused']++;
        },
      ),
      { numRuns: 200, seed: 20261122 },
    );
    expect(outcomes.anchored).greaterThan(20);
    expect(outcomes.refused).greaterThan(20);
  }).timeout(60_000);

  it('agree on growths between sizes up to 2^48', async () => {
    const size = fc.oneof(
      fc.bigInt({ min: 1n, max: MAX_TREE_SIZE }),
      fc.tuple(fc.integer({ min: 0, max: 48 }), fc.constantFrom(-1n, 0n, 1n)).map(([n, d]) => (1n << BigInt(n)) + d),
    );
    await fc.assert(
      fc.asyncProperty(
        fc
          .tuple(size, size)
          .filter(([a, b]) => a > 0n && b > 0n && a !== b && a <= MAX_TREE_SIZE && b <= MAX_TREE_SIZE),
        fc.infiniteStream(anyHash),
        async ([a, b], hashes) => {
          const [size1, size2] = a < b ? [a, b] : [b, a];
          const nodes = makeNodes(hashes, size1, size2);
          const [root1, root2] = [nodes.root(size1), nodes.root(size2)];
          const proof = await consistencyProof(size1, size2, nodes.read);
          expect(extendsHere(size1, root1, size2, root2, proof)).equal(true);
          expect(await anchors(size1, root1, size2, root2, proof)).equal(true);
          proof[proof.length - 1] = flipped(proof.at(-1) as Uint8Array) as NodeHash;
          expect(await anchors(size1, root1, size2, root2, proof)).equal(false);
        },
      ),
      { numRuns: 60 },
    );
  }).timeout(60_000);

  it('agree on leaves of trees up to 2^48', async () => {
    const outcomes = { proved: 0, refused: 0 };
    await fc.assert(
      fc.asyncProperty(
        fc.bigInt({ min: 1n, max: MAX_TREE_SIZE }),
        fc.bigInt({ min: 0n, max: MAX_TREE_SIZE - 1n }),
        fc.constantFrom(0n, 0n, 1n, 2n, 1n << 20n),
        anyHash,
        fc.infiniteStream(anyHash),
        async (treeSize, anyIndex, shift, leaf, stream) => {
          const leafIndex = anyIndex % treeSize;
          const hashes = inclusionProofNodes(leafIndex, treeSize).map(() => stream.next().value as Uint8Array);
          const root = rootFromInclusionProof(leaf as LeafHash, { leafIndex, treeSize, hashes });
          await empty.restore();
          await log.anchor(treeSize, root, []);
          const [, anchoredAt] = await log.anchored(root);
          const claimed = (leafIndex + shift) % treeSize;
          const here = holds(() => verifyInclusion(leaf as LeafHash, { leafIndex: claimed, treeSize, hashes }, root));
          const there = log
            .verifyInclusion(leaf, claimed, root, hashes)
            .then((time) => time === anchoredAt, refusedAs('NotIncluded'));
          expect(await there).equal(here);
          outcomes[here ? 'proved' : 'refused']++;
        },
      ),
      { numRuns: 100, seed: 20261122 },
    );
    expect(outcomes.proved).greaterThan(20);
    expect(outcomes.refused).greaterThan(20);
  }).timeout(60_000);

  it('need at most 49 hashes, as the manual says', async () => {
    // 48 levels at most, and the node that an incomplete first tree starts from.
    const [size1, size2] = [2n ** 47n - 1n, 2n ** 47n + 1n];
    expect(consistencyProofNodes(size1, size2).length).equal(49);
  });

  it('anchor a log leaf by leaf', async () => {
    const edge = new RightEdge();
    for (const [i, leaf] of LEAVES.slice(0, 20).entries()) {
      edge.append(leaf);
      await log.anchor(i + 1, edge.root(), i === 0 ? [] : await growth(i, i + 1));
      expect((await log.head()).slice(0, 2)).deep.equal([BigInt(i + 1), hex(edge.root())]);
    }
  });
});

/**
 * Random hashes for the complete subtrees that end the first tree or lie behind it, and those above them made from these.
 * A subtree of which both halves are known is never random.
 */
function makeNodes(hashes: { next(): IteratorResult<Uint8Array> }, size1: bigint, size2: bigint) {
  const known = new Map<string, NodeHash>();
  const key = (level: number, index: bigint) => `${level}/${index}`;
  const draw = () => hashes.next().value as NodeHash;
  for (const { level, index } of rootNodes(size1)) known.set(key(level, index), draw());
  const read = (level: number, index: bigint): NodeHash => {
    const already = known.get(key(level, index));
    if (already !== undefined) return already;
    // A subtree that holds the end of the first tree is made of its parts; one wholly behind it may be anything.
    const begin = index << BigInt(level);
    const node = begin >= size1 ? draw() : nodeHash(read(level - 1, index * 2n), read(level - 1, index * 2n + 1n));
    known.set(key(level, index), node);
    return node;
  };
  // Larger parts first would make a smaller one behind them random twice: draw the parts of the proof before the root.
  for (const { level, index } of consistencyProofNodes(size1, size2).flat()) read(level, index);
  const root = (size: bigint) =>
    new RightEdge(
      size,
      rootNodes(size).map(({ level, index }) => read(level, index)),
    ).root();
  return { read, root };
}
