import { expect } from 'chai';
import fc from 'fast-check';
import { emptyRoot, nodeHash } from '../../src/merkle/hash.ts';
import {
  type Chain,
  type EvidenceLog,
  FORGED_LEAVES,
  flipped,
  growth,
  hex,
  LEAVES,
  ORIGIN_HASH,
  openChain,
  path,
  rootOf,
} from './evidence-log-chain.ts';

const ZERO_ADDRESS = `0x${'00'.repeat(20)}`;
const ZERO_HASH = `0x${'00'.repeat(32)}`;
const MAX_TREE_SIZE = 2n ** 48n;

describe('EvidenceLog', () => {
  let chain: Chain;
  let log: EvidenceLog;

  async function emptyLog() {
    return chain.deployLog();
  }

  /** Anchors at 3, 7 and 12 leaves, at the times 2_000_000_003, …07, …12. */
  async function anchoredLog() {
    const anchored = await chain.deployLog();
    await anchorAt(anchored, 2_000_000_003, 3, []);
    await anchorAt(anchored, 2_000_000_007, 7, await growth(3, 7));
    await anchorAt(anchored, 2_000_000_012, 12, await growth(7, 12));
    return anchored;
  }

  async function anchorAt(target: EvidenceLog, time: number, size: number, proof: Uint8Array[]) {
    await chain.networkHelpers.time.setNextBlockTimestamp(time);
    await target.anchor(size, rootOf(size), proof);
  }

  /** Everything that the log says of itself. */
  async function stateOf(target: EvidenceLog) {
    const anchors = await Promise.all([3, 7, 12].map((size) => target.anchored(rootOf(size))));
    return { head: await target.head(), closed: await target.closed(), anchorer: await target.anchorer(), anchors };
  }

  before(async () => {
    chain = await openChain();
  });
  after(() => chain.close());

  describe('constructor', () => {
    it('fixes origin and guardian, sets the anchorer and leaves the log empty and open', async () => {
      log = await chain.deployLog();
      expect(await log.originHash()).equal(ORIGIN_HASH);
      expect(await log.guardian()).equal(chain.guardian.address);
      expect(await log.anchorer()).equal(chain.anchorer.address);
      expect(await log.head()).deep.equal([0n, ZERO_HASH, 0n]);
      expect(await log.closed()).deep.equal([false, 0n, ZERO_ADDRESS]);
    });

    it('emits AnchorerChanged from zero', async () => {
      log = await chain.deployLog();
      await expect(log.deploymentTransaction())
        .to.emit(log, 'AnchorerChanged')
        .withArgs(ZERO_ADDRESS, chain.anchorer.address);
    });

    it('refuses a zero guardian', async () => {
      const factory = await chain.ethers.getContractFactory('EvidenceLog');
      await expect(factory.deploy(chain.anchorer, ZERO_ADDRESS, ORIGIN_HASH)).to.be.revertedWithCustomError(
        factory,
        'GuardianIsZero',
      );
    });

    it('takes a zero anchorer, with whom nobody anchors until the guardian sets one', async () => {
      const factory = await chain.ethers.getContractFactory('EvidenceLog');
      log = (await factory.deploy(ZERO_ADDRESS, chain.guardian, ORIGIN_HASH)) as unknown as EvidenceLog;
      await expect(log.anchor(1, rootOf(1), []))
        .to.be.revertedWithCustomError(log, 'NotAnchorer')
        .withArgs(chain.anchorer.address, ZERO_ADDRESS);
      await chain.as(chain.guardian, log).setAnchorer(chain.anchorer.address);
      await log.anchor(1, rootOf(1), []);
    });
  });

  describe('the first anchor', () => {
    beforeEach(async () => {
      log = await chain.networkHelpers.loadFixture(emptyLog);
    });

    it('is announced, becomes the head and can be asked for by its root', async () => {
      await chain.networkHelpers.time.setNextBlockTimestamp(2_000_000_005);
      await expect(log.anchor(5, rootOf(5), []))
        .to.emit(log, 'CheckpointAnchored')
        .withArgs(5n, hex(rootOf(5)), 0n);
      expect(await log.head()).deep.equal([5n, hex(rootOf(5)), 2_000_000_005n]);
      expect(await log.anchored(rootOf(5))).deep.equal([5n, 2_000_000_005n]);
    });

    it('may have any size from 1 to 2^48', async () => {
      const fresh = await chain.networkHelpers.takeSnapshot();
      for (const size of [1n, 2n, MAX_TREE_SIZE - 1n, MAX_TREE_SIZE]) {
        await log.anchor(size, rootOf(1), []);
        expect((await log.head())[0]).equal(size);
        await fresh.restore();
      }
    });

    it('refuses a proof', async () => {
      await expect(log.anchor(5, rootOf(5), [rootOf(1), rootOf(2)]))
        .to.be.revertedWithCustomError(log, 'FirstProofNotEmpty')
        .withArgs(2n);
    });

    it('refuses the empty tree', async () => {
      await expect(log.anchor(0, emptyRoot(), []))
        .to.be.revertedWithCustomError(log, 'TreeSizeNotIncreasing')
        .withArgs(0n, 0n);
    });

    it('refuses more than 2^48 leaves', async () => {
      for (const size of [MAX_TREE_SIZE + 1n, 2n ** 64n - 1n]) {
        await expect(log.anchor(size, rootOf(1), []))
          .to.be.revertedWithCustomError(log, 'TreeSizeTooLarge')
          .withArgs(size, MAX_TREE_SIZE);
      }
    });

    it('leaves every other root unknown', async () => {
      await log.anchor(5, rootOf(5), []);
      expect(await log.anchored(rootOf(4))).deep.equal([0n, 0n]);
      expect(await log.anchored(ZERO_HASH)).deep.equal([0n, 0n]);
    });
  });

  describe('an anchor that extends the head', () => {
    beforeEach(async () => {
      log = await chain.networkHelpers.loadFixture(anchoredLog);
    });

    it('is announced with the size it extends and becomes the head', async () => {
      await chain.networkHelpers.time.setNextBlockTimestamp(2_000_000_020);
      await expect(log.anchor(20, rootOf(20), await growth(12, 20)))
        .to.emit(log, 'CheckpointAnchored')
        .withArgs(20n, hex(rootOf(20)), 12n);
      expect(await log.head()).deep.equal([20n, hex(rootOf(20)), 2_000_000_020n]);
    });

    it('leaves the anchors before it as they were', async () => {
      const { anchors } = await stateOf(log);
      expect(anchors).deep.equal([
        [3n, 2_000_000_003n],
        [7n, 2_000_000_007n],
        [12n, 2_000_000_012n],
      ]);
      await log.anchor(20, rootOf(20), await growth(12, 20));
      expect((await stateOf(log)).anchors).deep.equal(anchors);
    });

    it('may be the largest tree', async () => {
      const half = await chain.deployLog();
      await half.anchor(MAX_TREE_SIZE / 2n, rootOf(1), []);
      await half.anchor(MAX_TREE_SIZE, nodeHash(rootOf(1), rootOf(2)), [rootOf(2)]);
      expect((await half.head())[0]).equal(MAX_TREE_SIZE);
      await expect(half.anchor(MAX_TREE_SIZE + 1n, rootOf(3), [rootOf(2)]))
        .to.be.revertedWithCustomError(half, 'TreeSizeTooLarge')
        .withArgs(MAX_TREE_SIZE + 1n, MAX_TREE_SIZE);
    });
  });

  describe('an anchor that is refused', () => {
    beforeEach(async () => {
      log = await chain.networkHelpers.loadFixture(anchoredLog);
    });

    it('names caller and anchorer if the caller is a stranger or the guardian', async () => {
      const proof = await growth(12, 20);
      for (const caller of [chain.stranger, chain.guardian]) {
        await expect(chain.as(caller, log).anchor(20, rootOf(20), proof))
          .to.be.revertedWithCustomError(log, 'NotAnchorer')
          .withArgs(caller.address, chain.anchorer.address);
      }
    });

    it('names both sizes if it is sent again, or is smaller than the head', async () => {
      for (const [size, proof] of [
        [12, await growth(7, 12)],
        [12, []],
        [11, await growth(7, 11)],
        [7, await growth(3, 7)],
        [0, []],
      ] as const) {
        await expect(log.anchor(size, rootOf(size), [...proof]))
          .to.be.revertedWithCustomError(log, 'TreeSizeNotIncreasing')
          .withArgs(12n, BigInt(size));
      }
    });

    it('names both sizes if the proof does not lead from the head to the root', async () => {
      const proof = await growth(12, 20);
      const [first] = proof as [Uint8Array];
      const cases: Record<string, [number, Uint8Array, Uint8Array[]]> = {
        'no proof': [20, rootOf(20), []],
        'one hash too few at the end': [20, rootOf(20), proof.slice(0, -1)],
        'one hash too few at the beginning': [20, rootOf(20), proof.slice(1)],
        'one hash too many at the end': [20, rootOf(20), [...proof, rootOf(1)]],
        'one hash too many at the beginning': [20, rootOf(20), [rootOf(1), ...proof]],
        'a changed hash': [20, rootOf(20), [flipped(first), ...proof.slice(1)]],
        'hashes in another order': [20, rootOf(20), proof.toReversed()],
        'another root': [20, flipped(rootOf(20)), proof],
        'the root of another size': [20, rootOf(19), proof],
        'a size with another shape': [40, rootOf(20), proof],
        'the proof from an older anchor': [20, rootOf(20), await growth(7, 20)],
        'a fork, proved within itself': [20, rootOf(20, FORGED_LEAVES), await growth(12, 20, FORGED_LEAVES)],
        'the head itself, called larger': [13, rootOf(12), []],
      };
      const before = await stateOf(log);
      for (const [name, [size, root, hashes]] of Object.entries(cases)) {
        await expect(log.anchor(size, root, hashes), name)
          .to.be.revertedWithCustomError(log, 'NotAnExtension')
          .withArgs(12n, BigInt(size));
      }
      expect(await stateOf(log)).deep.equal(before);
    });

    it('is refused too where the head is a complete tree, which the proof leaves out', async () => {
      const complete = await chain.deployLog();
      await complete.anchor(8, rootOf(8), []);
      const proof = await growth(8, 11);
      for (const hashes of [[], [rootOf(8), ...proof], proof.slice(1), proof.slice(0, -1)]) {
        await expect(complete.anchor(11, rootOf(11), hashes))
          .to.be.revertedWithCustomError(complete, 'NotAnExtension')
          .withArgs(8n, 11n);
      }
      await complete.anchor(11, rootOf(11), proof);
    });

    it('is refused if its proof goes on above the root that its sizes allow', async () => {
      // Sizes of 3 and 4 for what are really 7 and 8 leaves: the right edge has the same turns, one level further down.
      const misnamed = await chain.deployLog();
      await misnamed.anchor(3, rootOf(7), []);
      await expect(misnamed.anchor(4, rootOf(8), await growth(7, 8)))
        .to.be.revertedWithCustomError(misnamed, 'NotAnExtension')
        .withArgs(3n, 4n);
    });

    it('is refused at the border of the ABI if size or hashes are of another width', async () => {
      const anchor = log.interface.encodeFunctionData('anchor', [20, rootOf(20), await growth(12, 20)]);
      const cut = anchor.slice(0, -64);
      const wide = `${anchor.slice(0, 10)}${'0'.repeat(47)}1${anchor.slice(58)}`;
      const endless = `${anchor.slice(0, 10 + 3 * 64)}${'f'.repeat(64)}${anchor.slice(10 + 4 * 64)}`;
      for (const data of [cut, wide, endless]) {
        await expect(chain.anchorer.call({ to: log, data })).to.be.revertedWithoutReason(chain.ethers);
      }
    });
  });

  describe('a root that fits several sizes', () => {
    // A third leaf, or a node over leaves three and four: RFC 6962 hashes do not tell.
    const third = nodeHash(LEAVES[2] as Uint8Array, LEAVES[3] as Uint8Array);
    const root = rootOf(4);

    beforeEach(async () => {
      log = await chain.networkHelpers.loadFixture(emptyLog);
      await log.anchor(2, rootOf(2), []);
    });

    it('is anchored under whichever size the anchorer says, with the same proof', async () => {
      const before = await chain.networkHelpers.takeSnapshot();
      for (const size of [3n, 4n]) {
        await log.anchor(size, root, [third]);
        expect((await log.anchored(root))[0]).equal(size);
        await before.restore();
      }
    });

    it('is anchored under one of them only', async () => {
      await log.anchor(3, root, [third]);
      await expect(log.anchor(4, root, [third]))
        .to.be.revertedWithCustomError(log, 'NotAnExtension')
        .withArgs(3n, 4n);
      expect((await log.anchored(root))[0]).equal(3n);
    });

    it("makes inclusion speak of the anchorer's tree", async () => {
      await log.anchor(3, root, [third]);
      // In the tree of three, the node over leaves 2 and 3 passes for leaf 2, and leaf 3 is not there.
      const left = nodeHash(LEAVES[0] as Uint8Array, LEAVES[1] as Uint8Array);
      await log.verifyInclusion(third, 2, root, [left]);
      await expect(log.verifyInclusion(LEAVES[3] as Uint8Array, 3, root, await path(3, 4)))
        .to.be.revertedWithCustomError(log, 'LeafIndexOutOfRange')
        .withArgs(3n, 3n);
    });
  });

  describe('verifyInclusion', () => {
    beforeEach(async () => {
      log = await chain.networkHelpers.loadFixture(anchoredLog);
    });

    it('answers the time of the anchor for every leaf of every anchored tree, old ones too', async () => {
      for (const size of [3, 7, 12]) {
        for (let index = 0; index < size; index++) {
          const leaf = LEAVES[index] as Uint8Array;
          expect(await log.verifyInclusion(leaf, index, rootOf(size), await path(index, size))).equal(
            2_000_000_000n + BigInt(size),
          );
        }
      }
    });

    it('serves everyone', async () => {
      const asked = chain
        .as(chain.stranger, log)
        .verifyInclusion(LEAVES[0] as Uint8Array, 0, rootOf(3), await path(0, 3));
      expect(await asked).equal(2_000_000_003n);
    });

    it('names a root that was never anchored', async () => {
      await expect(log.verifyInclusion(LEAVES[0] as Uint8Array, 0, rootOf(5), await path(0, 5)))
        .to.be.revertedWithCustomError(log, 'RootNotAnchored')
        .withArgs(hex(rootOf(5)));
    });

    it('names an index that the tree does not have', async () => {
      for (const index of [7n, 8n, 2n ** 64n - 1n]) {
        await expect(log.verifyInclusion(LEAVES[7] as Uint8Array, index, rootOf(7), []))
          .to.be.revertedWithCustomError(log, 'LeafIndexOutOfRange')
          .withArgs(index, 7n);
      }
    });

    it('names leaf, index and root if the proof does not lead there', async () => {
      const proof = await path(5, 12);
      const [sibling] = proof as [Uint8Array];
      const leaf = LEAVES[5] as Uint8Array;
      const cases: Record<string, [Uint8Array, number, Uint8Array, Uint8Array[]]> = {
        'another leaf': [LEAVES[4] as Uint8Array, 5, rootOf(12), proof],
        'another index': [leaf, 4, rootOf(12), proof],
        'another anchored root': [leaf, 5, rootOf(7), proof],
        'a changed hash': [leaf, 5, rootOf(12), [flipped(sibling), ...proof.slice(1)]],
        'no proof': [leaf, 5, rootOf(12), []],
        'one hash too few': [leaf, 5, rootOf(12), proof.slice(0, -1)],
        'one hash too many': [leaf, 5, rootOf(12), [...proof, leaf]],
        'the root as a leaf': [rootOf(12), 5, rootOf(12), []],
      };
      for (const [name, [hash, index, root, hashes]] of Object.entries(cases)) {
        await expect(log.verifyInclusion(hash, index, root, hashes), name)
          .to.be.revertedWithCustomError(log, 'NotIncluded')
          .withArgs(hex(hash), BigInt(index), hex(root));
      }
    });

    it('refuses a path that goes on above the root that the anchored size allows', async () => {
      // A size of 2 for what are really 4 leaves: leaf 3 would pass for leaf 1.
      const misnamed = await chain.deployLog();
      await misnamed.anchor(2, rootOf(4), []);
      await expect(misnamed.verifyInclusion(LEAVES[3] as Uint8Array, 1, rootOf(4), await path(3, 4)))
        .to.be.revertedWithCustomError(misnamed, 'NotIncluded')
        .withArgs(hex(LEAVES[3] as Uint8Array), 1n, hex(rootOf(4)));
    });

    it('takes the root of a single leaf for that leaf, without a proof', async () => {
      const single = await chain.deployLog();
      await single.anchor(1, rootOf(1), []);
      const [, , anchoredAt] = await single.head();
      expect(await single.verifyInclusion(LEAVES[0] as Uint8Array, 0, rootOf(1), [])).equal(anchoredAt);
      await expect(single.verifyInclusion(LEAVES[0] as Uint8Array, 0, rootOf(1), [rootOf(2)]))
        .to.be.revertedWithCustomError(single, 'NotIncluded')
        .withArgs(hex(LEAVES[0] as Uint8Array), 0n, hex(rootOf(1)));
    });
  });

  describe('setAnchorer', () => {
    beforeEach(async () => {
      log = await chain.networkHelpers.loadFixture(anchoredLog);
    });

    it('hands the log from one key to the next', async () => {
      const proof = await growth(12, 20);
      await expect(chain.as(chain.guardian, log).setAnchorer(chain.stranger.address))
        .to.emit(log, 'AnchorerChanged')
        .withArgs(chain.anchorer.address, chain.stranger.address);
      expect(await log.anchorer()).equal(chain.stranger.address);
      await expect(log.anchor(20, rootOf(20), proof))
        .to.be.revertedWithCustomError(log, 'NotAnchorer')
        .withArgs(chain.anchorer.address, chain.stranger.address);
      await expect(chain.as(chain.stranger, log).anchor(20, rootOf(20), proof))
        .to.emit(log, 'CheckpointAnchored')
        .withArgs(20n, hex(rootOf(20)), 12n);
    });

    it('changes nothing that was anchored', async () => {
      const before = await stateOf(log);
      await chain.as(chain.guardian, log).setAnchorer(chain.stranger.address);
      expect(await stateOf(log)).deep.equal({ ...before, anchorer: chain.stranger.address });
    });

    it('stops anchoring with zero, and starts it again', async () => {
      const guarded = chain.as(chain.guardian, log);
      await expect(guarded.setAnchorer(ZERO_ADDRESS))
        .to.emit(log, 'AnchorerChanged')
        .withArgs(chain.anchorer.address, ZERO_ADDRESS);
      await expect(log.anchor(20, rootOf(20), await growth(12, 20)))
        .to.be.revertedWithCustomError(log, 'NotAnchorer')
        .withArgs(chain.anchorer.address, ZERO_ADDRESS);
      await expect(guarded.setAnchorer(chain.anchorer.address))
        .to.emit(log, 'AnchorerChanged')
        .withArgs(ZERO_ADDRESS, chain.anchorer.address);
      await log.anchor(20, rootOf(20), await growth(12, 20));
    });

    it("is the guardian's alone", async () => {
      for (const caller of [chain.anchorer, chain.stranger]) {
        await expect(chain.as(caller, log).setAnchorer(caller.address))
          .to.be.revertedWithCustomError(log, 'NotGuardian')
          .withArgs(caller.address, chain.guardian.address);
      }
    });

    it('is over once the log is closed', async () => {
      const guarded = chain.as(chain.guardian, log);
      await guarded.close(12, chain.successor.address);
      await expect(guarded.setAnchorer(chain.stranger.address))
        .to.be.revertedWithCustomError(log, 'LogClosed')
        .withArgs(12n, chain.successor.address);
    });
  });

  describe('close', () => {
    beforeEach(async () => {
      log = await chain.networkHelpers.loadFixture(anchoredLog);
    });

    it('says up to where the log was good and where it goes on', async () => {
      await expect(chain.as(chain.guardian, log).close(7, chain.successor.address))
        .to.emit(log, 'Closed')
        .withArgs(7n, chain.successor.address);
      expect(await log.closed()).deep.equal([true, 7n, chain.successor.address]);
    });

    it('takes the head, nothing, and no successor for an answer', async () => {
      const open = await chain.networkHelpers.takeSnapshot();
      for (const lastGood of [12n, 0n]) {
        await chain.as(chain.guardian, log).close(lastGood, ZERO_ADDRESS);
        expect(await log.closed()).deep.equal([true, lastGood, ZERO_ADDRESS]);
        await open.restore();
      }
    });

    it('ends anchoring for ever', async () => {
      const guarded = chain.as(chain.guardian, log);
      await guarded.close(7, chain.successor.address);
      await expect(log.anchor(20, rootOf(20), await growth(12, 20)))
        .to.be.revertedWithCustomError(log, 'LogClosed')
        .withArgs(7n, chain.successor.address);
      for (const [lastGood, successor] of [
        [12n, ZERO_ADDRESS],
        [7n, chain.successor.address],
      ] as const) {
        await expect(guarded.close(lastGood, successor))
          .to.be.revertedWithCustomError(log, 'LogClosed')
          .withArgs(7n, chain.successor.address);
      }
    });

    it('leaves every anchor readable, those above the last good size too', async () => {
      const before = await stateOf(log);
      await chain.as(chain.guardian, log).close(7, chain.successor.address);
      expect(await stateOf(log)).deep.equal({ ...before, closed: [true, 7n, chain.successor.address] });
      expect(await log.verifyInclusion(LEAVES[9] as Uint8Array, 9, rootOf(12), await path(9, 12))).equal(
        2_000_000_012n,
      );
    });

    it('ends a log that has no anchor yet', async () => {
      const empty = await chain.deployLog();
      await chain.as(chain.guardian, empty).close(0, ZERO_ADDRESS);
      await expect(empty.anchor(1, rootOf(1), []))
        .to.be.revertedWithCustomError(empty, 'LogClosed')
        .withArgs(0n, ZERO_ADDRESS);
    });

    it("is the guardian's alone", async () => {
      for (const caller of [chain.anchorer, chain.stranger]) {
        await expect(chain.as(caller, log).close(12, ZERO_ADDRESS))
          .to.be.revertedWithCustomError(log, 'NotGuardian')
          .withArgs(caller.address, chain.guardian.address);
      }
    });

    it('refuses a last good size above the head', async () => {
      await expect(chain.as(chain.guardian, log).close(13, ZERO_ADDRESS))
        .to.be.revertedWithCustomError(log, 'LastGoodTreeSizeAboveHead')
        .withArgs(12n, 13n);
      expect((await log.closed())[0]).equal(false);
    });

    it('refuses to name itself as successor', async () => {
      const self = await log.getAddress();
      await expect(chain.as(chain.guardian, log).close(12, self))
        .to.be.revertedWithCustomError(log, 'SuccessorIsThisLog')
        .withArgs(self);
    });
  });

  describe('when the anchoring key is stolen', () => {
    beforeEach(async () => {
      log = await chain.networkHelpers.loadFixture(anchoredLog);
    });

    /** A tree that begins with our 12 leaves and goes on with the thief's. */
    const GARBAGE = [...LEAVES.slice(0, 12), ...FORGED_LEAVES];

    it('the thief can add garbage, and then the true log no longer extends the head', async () => {
      const { anchors } = await stateOf(log);
      await log.anchor(15, rootOf(15, GARBAGE), await growth(12, 15, GARBAGE));
      for (const hashes of [await growth(12, 20), await growth(15, 20)]) {
        await expect(log.anchor(20, rootOf(20), hashes))
          .to.be.revertedWithCustomError(log, 'NotAnExtension')
          .withArgs(15n, 20n);
      }
      expect((await stateOf(log)).anchors).deep.equal(anchors);
      expect(await log.verifyInclusion(LEAVES[9] as Uint8Array, 9, rootOf(12), await path(9, 12))).equal(
        2_000_000_012n,
      );
    });

    it('the guardian stops the thief, closes the log at its last good size, and it goes on elsewhere', async () => {
      const guarded = chain.as(chain.guardian, log);
      await log.anchor(15, rootOf(15, GARBAGE), await growth(12, 15, GARBAGE));
      await guarded.setAnchorer(ZERO_ADDRESS);
      const successor = await chain.deployLog();
      await guarded.close(12, await successor.getAddress());
      expect(await log.closed()).deep.equal([true, 12n, await successor.getAddress()]);
      // The garbage stays readable, above what the guardian vouches for.
      expect((await log.anchored(rootOf(15, GARBAGE)))[0]).equal(15n);
      await successor.anchor(12, rootOf(12), []);
      await successor.anchor(20, rootOf(20), await growth(12, 20));
    });

    it('nothing the thief sends ever changes an earlier anchor', async () => {
      const roots = [...[3, 7, 12, 15, 20, 24].flatMap((size) => [rootOf(size), rootOf(size, GARBAGE)]), emptyRoot()];
      const proofs = [
        [],
        ...(await Promise.all([3, 7, 12, 15].map((size) => growth(size, 20)))),
        ...(await Promise.all([3, 7, 12, 15].map((size) => growth(size, 20, GARBAGE)))),
        ...(await Promise.all([3, 7, 12].map((size) => growth(size, 15, GARBAGE)))),
        await growth(20, 24, GARBAGE),
      ];
      const call = fc.record({
        size: fc.constantFrom(0, 3, 4, 7, 8, 12, 13, 15, 16, 20, 24),
        root: fc.constantFrom(...roots),
        proof: fc.constantFrom(...proofs),
      });
      const start = await chain.networkHelpers.takeSnapshot();
      let accepted = 0;
      // Among random calls few extend anything, so each run begins with one that does, half of the time.
      await fc.assert(
        fc.asyncProperty(fc.boolean(), fc.array(call, { minLength: 5, maxLength: 12 }), async (garbage, calls) => {
          await start.restore();
          const kept = new Map<string, [bigint, bigint]>();
          for (const size of [3, 7, 12]) kept.set(hex(rootOf(size)), await log.anchored(rootOf(size)));
          const first = { size: 15, root: rootOf(15, GARBAGE), proof: await growth(12, 15, GARBAGE) };
          for (const { size, root, proof } of garbage ? [first, ...calls] : calls) {
            const [headSize] = await log.head();
            const sent = await log.anchor(size, root, proof).then(
              () => true,
              () => false,
            );
            for (const [known, entry] of kept) expect(await log.anchored(known)).deep.equal(entry);
            if (sent) {
              accepted++;
              expect(BigInt(size) > headSize).equal(true);
              expect(kept.has(hex(root))).equal(false);
              kept.set(hex(root), await log.anchored(root));
            } else {
              expect((await log.head())[0]).equal(headSize);
            }
          }
        }),
        { numRuns: 40, seed: 20261122 },
      );
      expect(accepted).greaterThan(10);
    }).timeout(60_000);
  });

  describe('its code', () => {
    it('offers three functions that change anything, and none takes money', async () => {
      log = await chain.networkHelpers.loadFixture(emptyLog);
      const changing: string[] = [];
      log.interface.forEachFunction((f) => {
        if (!f.constant) changing.push(f.format('sighash'));
        expect(f.payable, f.name).equal(false);
      });
      expect(changing).have.members([
        'anchor(uint64,bytes32,bytes32[])',
        'setAnchorer(address)',
        'close(uint64,address)',
      ]);
      await expect(chain.anchorer.sendTransaction({ to: log, value: 1 })).to.be.revertedWithoutReason(chain.ethers);
      await expect(chain.anchorer.call({ to: log, data: '0x12345678' })).to.be.revertedWithoutReason(chain.ethers);
    });

    it('calls no other code than precompiles, and cannot be replaced or destroyed', async () => {
      log = await chain.networkHelpers.loadFixture(emptyLog);
      const seen = instructionsOf(await chain.ethers.provider.getCode(log));
      const CREATE = 0xf0;
      const CALL = 0xf1;
      const CALLCODE = 0xf2;
      const DELEGATECALL = 0xf4;
      const CREATE2 = 0xf5;
      const SELFDESTRUCT = 0xff;
      for (const forbidden of [CREATE, CALL, CALLCODE, DELEGATECALL, CREATE2, SELFDESTRUCT]) {
        expect(seen.has(forbidden), `instruction 0x${forbidden.toString(16)}`).equal(false);
      }
    });

    it('runs on a chain with the rules of Paris', async () => {
      const old = await openChain('merge');
      try {
        const there = await old.deployLog();
        await there.anchor(3, rootOf(3), []);
        await there.anchor(7, rootOf(7), await growth(3, 7));
        const [, , anchoredAt] = await there.head();
        expect(await there.verifyInclusion(LEAVES[5] as Uint8Array, 5, rootOf(7), await path(5, 7))).equal(anchoredAt);
      } finally {
        await old.close();
      }
    });
  });
});

/** The instructions in contract code, without the data that PUSH takes along and without the metadata at the end. */
function instructionsOf(code: string): Set<number> {
  const bytes = Buffer.from(code.slice(2), 'hex');
  const end = bytes.length - 2 - bytes.readUInt16BE(bytes.length - 2);
  const seen = new Set<number>();
  for (let at = 0; at < end; at++) {
    const instruction = bytes[at] as number;
    seen.add(instruction);
    if (instruction >= 0x60 && instruction <= 0x7f) at += instruction - 0x5f;
  }
  return seen;
}
