import { createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { expect } from 'chai';
import { encodeHex, parseHex } from '../../src/format/bytes.ts';
import { commit } from '../../src/format/commitment.ts';
import { type ContentProof, type ContentReceived, parseContentProof } from '../../src/format/content-received.ts';
import { plainLeafData } from '../../src/format/spine.ts';
import { leafHash, nodeHash } from '../../src/merkle/hash.ts';
import { rootFromLeafHashes } from '../../src/merkle/tree.ts';
import { checkContentReceived } from '../../src/verify/content-received.ts';
import { openTrust, type Trust } from '../../src/verify/trust.ts';
import { type EvidenceWorld, encodeObject, makeWorld, signCheckpoint } from '../support/evidence-world.ts';

function rawPublicKey(key: KeyObject): Uint8Array {
  const { x } = createPublicKey(key).export({ format: 'jwk' });
  return parseHex(Buffer.from(x as string, 'base64url').toString('hex'));
}

/** The record of file 0 as leaf 1 of a tree of two. */
function makeProof(world: EvidenceWorld, change: Partial<ContentReceived> = {}, signer = world.logKey): ContentProof {
  const { record, log, files } = world.certificate;
  const [{ entry }] = files as [(typeof files)[0]];
  const received: ContentReceived = {
    type: 'tiezheng/content-received/v1',
    entry: encodeHex(commit(entry)),
    digests: { sha256: entry.digests.sha256, sm3: entry.digests.sm3 as string },
    at: '2026-11-23T03:04:05.678Z',
    salt: '5a'.repeat(32),
    ...change,
  };
  const leaves = [leafHash(Uint8Array.of(1)), leafHash(plainLeafData(received))] as const;
  expect(rootFromLeafHashes([...leaves])).to.deep.equal(nodeHash(...leaves));
  const checkpoint = signCheckpoint(log.origin, 2n, rootFromLeafHashes([...leaves]), signer, rawPublicKey(signer));
  return {
    type: 'tiezheng/content-proof/v1',
    depositId: record.depositId,
    log: { origin: log.origin, keys: log.keys },
    records: [{ record: received, leafIndex: 1, inclusionProof: [encodeHex(leaves[0])] }],
    publication: { checkpoint, cosignatures: [], attestations: [] },
  };
}

describe('checkContentReceived', () => {
  let world: EvidenceWorld;
  let trust: Trust;
  before(async () => {
    world = await makeWorld();
    trust = openTrust(encodeObject(world.policy), [], undefined);
  });

  const outcome = (proof: ContentProof, by = trust) => {
    const entries = world.certificate.files.map(({ entry }) => entry);
    const [check, ...others] = checkContentReceived(proof, world.certificate.record, entries, by);
    expect(others).to.deep.equal([]);
    if (check?.status === 'failed') return `failed ${check.reason}`;
    if (check?.status === 'not-checked') return `not-checked ${check.because}`;
    return check?.status;
  };

  it('passes for a record in the log about a file of the deposit', () => {
    const proof = parseContentProof(encodeObject(makeProof(world)));
    expect(outcome(proof)).to.equal('passed');
  });

  it('fails where the record is about another file or another deposit', () => {
    expect(outcome(makeProof(world, { entry: '0'.repeat(64) }))).to.equal('failed matches-no-file-of-this-deposit');
    const proof = { ...makeProof(world), depositId: '01939f3e-7c1a-7b7e-9d2c-000000000000' };
    expect(outcome(proof)).to.equal('failed part-of-another-deposit');
  });

  it('fails where other digests were received than the entry declares', () => {
    const { sha256, sm3 } = makeProof(world).records[0]!.record.digests;
    for (const digests of [
      { sha256: '0'.repeat(64), sm3 },
      { sha256, sm3: '0'.repeat(64) },
    ]) {
      expect(outcome(makeProof(world, { digests }))).to.equal('failed received-content-differs');
    }
  });

  it('fails where the leaf is not in the tree', () => {
    const proof = makeProof(world);
    proof.records[0]!.record.at = '2026-11-20T00:00:00.000Z';
    expect(outcome(proof)).to.equal('failed root-mismatch');
  });

  it('does not pass by another log key, nor without a policy', () => {
    const { privateKey } = generateKeyPairSync('ed25519');
    expect(outcome(makeProof(world, {}, privateKey))).to.match(/^(?:failed|not-checked) /);
    expect(outcome(makeProof(world), openTrust(undefined, [], undefined))).to.match(/^not-checked /);
  });
});
