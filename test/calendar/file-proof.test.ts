import { createHash, randomBytes } from 'node:crypto';
import { expect } from 'chai';
import fc from 'fast-check';
import { encodeFileProof, type FileInLog, spineOperations } from '../../src/calendar/file-proof.ts';
import { encodeHex, parseHex } from '../../src/format/bytes.ts';
import type { DepositRecord, FileEntry } from '../../src/format/deposit.ts';
import {
  chainOf,
  encodeDetachedTimestamp,
  type Operation,
  parseDetachedTimestamp,
  type TimeAttestation,
} from '../../src/format/opentimestamps.ts';
import { depositLeafData, fileLeafData } from '../../src/format/spine.ts';
import { leafHash } from '../../src/merkle/hash.ts';
import { rootFromInclusionProof } from '../../src/merkle/inclusion.ts';
import { inclusionProof, inclusionProofNodes, nodesOver, rootFromLeafHashes } from '../../src/merkle/tree.ts';
import { checkOpentimestamps } from '../../src/verify/opentimestamps.ts';
import { openTrust } from '../../src/verify/trust.ts';
import { StandInBitcoin } from '../support/bitcoin-chain.ts';
import { codeOf } from '../support/coded-error.ts';

const sha256 = (bytes: Uint8Array) => new Uint8Array(createHash('sha256').update(bytes).digest());
const salt = () => randomBytes(32).toString('hex');
const DEPOSIT_ID = '01939f3e-7c1a-7b7e-9d2c-3f1d0e5b8a11';
const CONTENT = Buffer.from('the original');

function entryOf(index: number, hasSm3: boolean): FileEntry {
  const sha = sha256(Buffer.concat([CONTENT, Buffer.of(index & 255, index >> 8)]));
  return {
    type: 'tiezheng/file/v1',
    depositId: DEPOSIT_ID,
    index,
    sizeBytes: CONTENT.length + 2,
    mediaType: null,
    digestSource: hasSm3 ? 'computed' : 'declared',
    digests: { sha256: encodeHex(sha), sm3: hasSm3 ? salt() : null },
    nameCommitment: salt(),
    salt: salt(),
  };
}

/** A file at its place in a deposit of `count` files, the record at its place in a log of any size: siblings there are made up. */
async function place(at: { index: number; count: number; leafIndex: bigint; treeSize: bigint; hasSm3: boolean }) {
  const entries = Array.from({ length: at.count }, (_, i) => entryOf(i, at.hasSm3));
  const leaves = entries.map((entry) => leafHash(fileLeafData(entry)));
  const path = await inclusionProof(BigInt(at.index), BigInt(at.count), nodesOver(leaves));
  const record: DepositRecord = {
    type: 'tiezheng/deposit/v1',
    depositId: DEPOSIT_ID,
    receivedAt: '2026-11-22T03:04:05.678Z',
    notBefore: null,
    files: { count: at.count, root: encodeHex(rootFromLeafHashes(leaves)) },
    annexes: { depositor: salt(), statement: salt() },
    salt: salt(),
  };
  const hashes = inclusionProofNodes(at.leafIndex, at.treeSize).map(() => new Uint8Array(randomBytes(32)));
  const inLog = { leafIndex: at.leafIndex, treeSize: at.treeSize, hashes };
  const entry = entries[at.index] as FileEntry;
  const file: FileInLog = { entry, path: path.map(encodeHex), record, inLog };
  return { file, rootHash: rootFromInclusionProof(leafHash(depositLeafData(record)), inLog) };
}

const places = fc
  .record({
    count: fc.integer({ min: 1, max: 40 }),
    treeSize: fc.bigInt({ min: 2n, max: 2n ** 48n }),
    hasSm3: fc.boolean(),
  })
  .chain((r) =>
    fc.record({
      count: fc.constant(r.count),
      treeSize: fc.constant(r.treeSize),
      hasSm3: fc.constant(r.hasSm3),
      index: fc.nat(r.count - 1),
      leafIndex: fc.bigInt({ min: 0n, max: r.treeSize - 1n }),
    }),
  );

/** A calendar's proof over `rootHash`: a nonce, and then Bitcoin or a promise. */
function stampOf(rootHash: Uint8Array, bitcoin: StandInBitcoin | undefined) {
  const nonce = new Uint8Array(randomBytes(16));
  const operations: Operation[] = [{ kind: 'append', argument: nonce }, { kind: 'sha256' }];
  const message = sha256(Buffer.concat([rootHash, nonce]));
  const end: TimeAttestation =
    bitcoin === undefined
      ? { kind: 'pending', uri: 'https://calendar.example.org' }
      : { kind: 'bitcoin', height: bitcoin.mine(message, 1_790_000_000) };
  const timestamp = chainOf(operations, { branches: [{ attestation: end }] });
  return encodeDetachedTimestamp({ digest: rootHash, timestamp });
}

describe('encodeFileProof', () => {
  it('leads any file of any deposit anywhere in any log to its root, and on to Bitcoin', async () => {
    await fc.assert(
      fc.asyncProperty(places, async (at) => {
        const { file, rootHash } = await place(at);
        const bitcoin = new StandInBitcoin();
        const proof = encodeFileProof(file, rootHash, [stampOf(rootHash, bitcoin), stampOf(rootHash, undefined)]);
        const trust = openTrust(undefined, [], undefined, bitcoin.headers());
        const digest = parseHex(file.entry.digests.sha256);
        expect(checkOpentimestamps(proof, digest, null, trust).check.status).to.equal('passed');
        expect(checkOpentimestamps(proof, sha256(digest), null, trust).check).to.deep.include({
          status: 'failed',
          reason: 'proof-of-another-digest',
        });
      }),
      { numRuns: 60 },
    );
  });

  it('passes no more once any one bit is changed', async () => {
    const { file, rootHash } = await place({ index: 2, count: 3, leafIndex: 41n, treeSize: 1000n, hasSm3: true });
    const digest = parseHex(file.entry.digests.sha256);
    const bitcoin = new StandInBitcoin();
    const complete = encodeFileProof(file, rootHash, [stampOf(rootHash, bitcoin)]);
    const promised = encodeFileProof(file, rootHash, [stampOf(rootHash, undefined)]);
    const trust = openTrust(undefined, [], undefined, bitcoin.headers());
    const statusOf = (proof: Uint8Array, bit: number) => {
      const changed = proof.slice();
      changed[bit >> 3] = (changed[bit >> 3] as number) ^ (1 << (bit & 7));
      return checkOpentimestamps(changed, digest, null, trust).check;
    };
    expect(checkOpentimestamps(complete, digest, null, trust).check.status).to.equal('passed');
    const notChecked = new Set<number>();
    for (let bit = 0; bit < complete.length * 8; bit++) {
      const check = statusOf(complete, bit);
      expect(check.status, `bit ${bit}`).to.be.oneOf(['failed', 'not-checked']);
      // By chance of the random bytes a changed one may become an operation or attestation that nobody here knows.
      if (check.status === 'not-checked' && check.because !== 'unsupported') notChecked.add(bit >> 3);
    }
    // The height of the attestation, of which no block is known then. Nothing on the way.
    const attestation = complete.length - 10;
    expect([...notChecked].filter((byte) => byte < attestation)).to.deep.equal([]);
    for (let bit = 0; bit < promised.length * 8; bit++) {
      expect(statusOf(promised, bit).status, `bit ${bit}`).to.not.equal('passed');
    }
  });

  it('uses operations alone that every client knows, and no JSON', async () => {
    const { file } = await place({ index: 0, count: 40, leafIndex: 2n ** 30n + 5n, treeSize: 2n ** 40n, hasSm3: true });
    const operations = spineOperations(file);
    expect(new Set(operations.map(({ kind }) => kind))).to.deep.equal(new Set(['append', 'prepend', 'sha256']));
    for (const operation of operations) {
      if ('argument' in operation) expect(operation.argument.length).to.be.oneOf([1, 32, 33, 64]);
    }
  });

  it('leaves stock clients room for a calendar in the deepest tree that there is', async () => {
    // All siblings on the right: three operations a level instead of two.
    const { file, rootHash } = await place({ index: 0, count: 40, leafIndex: 0n, treeSize: 2n ** 48n, hasSm3: true });
    expect(spineOperations(file).length).to.be.lessThan(180);
    const calendar = (count: number) =>
      encodeDetachedTimestamp({
        digest: rootHash,
        timestamp: chainOf(new Array(count).fill({ kind: 'sha256' }), {
          branches: [{ attestation: { kind: 'bitcoin', height: 1 } }],
        }),
      });
    expect(codeOf(() => encodeFileProof(file, rootHash, [calendar(75)]))).to.equal('accepted');
    expect(codeOf(() => encodeFileProof(file, rootHash, [calendar(120)]))).to.equal('too-deep');
  });

  it('never lets rows out that do not fit together', async () => {
    const { file, rootHash } = await place({ index: 0, count: 1, leafIndex: 1n, treeSize: 9n, hasSm3: false });
    const other = new Uint8Array(32);
    expect(() => encodeFileProof(file, other, [stampOf(other, undefined)])).to.throw(/leads to/);
    expect(() => encodeFileProof(file, rootHash, [stampOf(other, undefined)])).to.throw(/not over root/);
  });

  it('shares one path among several calendars', async () => {
    const { file, rootHash } = await place({ index: 0, count: 1, leafIndex: 1n, treeSize: 9n, hasSm3: true });
    const stamps = [stampOf(rootHash, undefined), stampOf(rootHash, undefined)];
    const both = encodeFileProof(file, rootHash, stamps);
    expect(both).to.deep.equal(encodeFileProof(file, rootHash, stamps.toReversed()));
    const one = encodeFileProof(file, rootHash, stamps.slice(0, 1));
    expect(both.length - one.length).to.be.lessThan(80);
    expect(parseDetachedTimestamp(both).digest).to.deep.equal(parseHex(file.entry.digests.sha256));
  });
});
