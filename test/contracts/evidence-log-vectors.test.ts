import { expect } from 'chai';
import { bytesOf, loadConsistencyVectors, loadInclusionVectors } from '../merkle/rfc6962-vectors.ts';
import { type Chain, type EvidenceLog, openChain } from './evidence-log-chain.ts';

const consistency = loadConsistencyVectors();
const inclusion = loadInclusionVectors();

describe('EvidenceLog on third-party RFC 6962 vectors', () => {
  if (consistency === undefined || inclusion === undefined) {
    it('skipped: ../shared/vectors/rfc6962 is not on this machine');
    return;
  }
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

  const areHashes = (...values: Buffer[]) => values.every((value) => value.length === 32);

  describe('anchor', () => {
    for (const vector of consistency) {
      const { name, size1, size2, wantErr } = vector;
      const [root1, root2] = [bytesOf(vector.root1), bytesOf(vector.root2)];
      const proof = (vector.proof ?? []).map(bytesOf);

      // bytes32 cannot hold these: they are refused before they reach the contract, whatever the vector is about.
      if (!areHashes(root1, root2, ...proof)) {
        it(`cannot be asked about ${name}`, () => {
          expect(() => {
            log.interface.encodeFunctionData('anchor', [size1, root1, []]);
            log.interface.encodeFunctionData('anchor', [size2, root2, proof]);
          }).throw();
        });
      } else if (size1 === 0n) {
        // RFC 9162 proves nothing from an empty tree; the contract has no such anchor either.
        it(`refuses to begin with the empty tree of ${name}`, async () => {
          expect(wantErr).equal(true);
          await expect(log.anchor(0, root1, proof)).to.be.revertedWithCustomError(log, 'TreeSizeNotIncreasing');
        });
      } else if (size2 <= size1) {
        // RFC 9162 calls equal trees consistent; to anchor one again would be a replay.
        it(`refuses ${name}, which does not grow`, async () => {
          expect(wantErr || size1 === size2).equal(true);
          await log.anchor(size1, root1, []);
          await expect(log.anchor(size2, root2, proof))
            .to.be.revertedWithCustomError(log, 'TreeSizeNotIncreasing')
            .withArgs(size1, size2);
        });
      } else if (wantErr) {
        it(`refuses ${name}`, async () => {
          await log.anchor(size1, root1, []);
          await expect(log.anchor(size2, root2, proof))
            .to.be.revertedWithCustomError(log, 'NotAnExtension')
            .withArgs(size1, size2);
        });
      } else {
        it(`anchors ${name}`, async () => {
          await log.anchor(size1, root1, []);
          await log.anchor(size2, root2, proof);
          expect((await log.head())[0]).equal(size2);
        });
      }
    }
  });

  describe('verifyInclusion', () => {
    for (const vector of inclusion) {
      const { name, leafIdx, treeSize, wantErr } = vector;
      const [root, leaf] = [bytesOf(vector.root), bytesOf(vector.leafHash)];
      const proof = (vector.proof ?? []).map(bytesOf);

      if (!areHashes(root, leaf, ...proof)) {
        it(`cannot be asked about ${name}`, () => {
          expect(wantErr).equal(true);
          expect(() => log.interface.encodeFunctionData('verifyInclusion', [leaf, leafIdx, root, proof])).throw();
        });
      } else if (treeSize === 0n) {
        it(`knows no root of the empty tree of ${name}`, async () => {
          expect(wantErr).equal(true);
          await expect(log.anchor(treeSize, root, [])).to.be.revertedWithCustomError(log, 'TreeSizeNotIncreasing');
          await expect(log.verifyInclusion(leaf, leafIdx, root, proof)).to.be.revertedWithCustomError(
            log,
            'RootNotAnchored',
          );
        });
      } else if (wantErr) {
        it(`refuses ${name}`, async () => {
          await log.anchor(treeSize, root, []);
          await expect(log.verifyInclusion(leaf, leafIdx, root, proof)).to.be.revertedWithCustomError(
            log,
            leafIdx < treeSize ? 'NotIncluded' : 'LeafIndexOutOfRange',
          );
        });
      } else {
        it(`proves ${name}`, async () => {
          await log.anchor(treeSize, root, []);
          expect(await log.verifyInclusion(leaf, leafIdx, root, proof)).equal((await log.head())[2]);
        });
      }
    }
  });

  it('were all of them', () => {
    expect(consistency.length).least(98);
    expect(inclusion.length).least(98);
  });
});
