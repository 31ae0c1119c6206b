import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { expect } from 'chai';
import { CodedError } from '../../src/errors.ts';
import { encodeEvidenceRecord } from '../../src/format/evidence-record.ts';
import { parseInspection } from '../../src/format/inspection.ts';
import { encodeJson, type JsonValue } from '../../src/format/json.ts';
import { exitCodeOf } from '../../src/format/report.ts';
import { encodeTimestampRequest, IMPRINT_OIDS } from '../../src/format/timestamp.ts';
import { recognise } from '../../src/verify/inspect/recognise.ts';
import { inspect, outcomes } from '../support/desk.ts';
import { makeTimestampWorld, makeToken } from '../support/timestamp-world.ts';
import { authority, trusting } from '../support/trust-policy.ts';

const vector = (name: string) =>
  new Uint8Array(readFileSync(new URL(`../vectors/evidence-records/${name}`, import.meta.url)));
const FILE = vector('file-1.txt');
const OTHER = new Uint8Array(Buffer.from('another file'));
const GROUP = [vector('letter.txt'), vector('annex.txt')];

describe('an evidence record of BouncyCastle', () => {
  const both = trusting({
    authorities: [authority(vector('first-root.der')), authority(vector('second-root.der'))],
  });

  for (const [record, timestamps] of [
    ['file-1', 1],
    ['file-1-renewed', 2],
    ['file-1-rehashed', 3],
  ] as const) {
    it(`${record} proves the file from its first timestamp`, async () => {
      const found = await inspect(vector(`${record}.ers`), [OTHER, FILE], both);
      expect(found.subject.kind).to.equal('evidence-record');
      expect(outcomes(found).filter((text) => !text.endsWith('passed'))).to.deep.equal([]);
      expect(found.unmet).to.deep.equal([]);
      expect(exitCodeOf(found)).to.equal(0);
      expect(found.times).to.have.length(timestamps);
      expect(found.times[0]?.at.slice(0, 10)).to.equal('2026-06-01');
      expect(parseInspection(encodeJson(found as unknown as JsonValue))).to.deep.equal(found);
    });
  }

  for (const record of ['group', 'group-renewed', 'group-rehashed']) {
    it(`${record} proves both files and that they are the whole group`, async () => {
      const found = await inspect(vector(`${record}.ers`), GROUP, both);
      expect(outcomes(found).filter((text) => !text.endsWith('passed'))).to.deep.equal([]);
      const objects = found.checks.filter(({ name }) => name === 'ers.object');
      expect(objects.every(({ facts }) => facts.group === 'complete')).to.equal(true);
    });
  }

  it('is contradicted by another file alone', async () => {
    const found = await inspect(vector('file-1.ers'), [OTHER], both);
    expect(found.conclusion).to.equal('failed');
    expect(found.checks[0]).to.deep.include({ status: 'failed', reason: 'not-the-file-of-this-proof' });
    expect(found.times).to.deep.equal([]);
  });

  it('asks for the file if none is presented, and proves no time without it', async () => {
    const found = await inspect(vector('file-1-renewed.ers'), [], both);
    expect(found.checks[0]).to.deep.include({ name: 'file.missing', because: 'absent' });
    expect(found.conclusion).to.equal('incomplete');
    expect(found.times).to.deep.equal([]);
  });

  it('is incomplete, not forged, to a reader who trusts the second authority alone', async () => {
    const second = trusting({ authorities: [authority(vector('second-root.der'))] });
    const found = await inspect(vector('file-1-renewed.ers'), [FILE], second);
    expect(found.conclusion).to.equal('incomplete');
    expect(found.times.map(({ at }) => at.slice(0, 10))).to.deep.equal(['2029-06-01']);
  });

  it('never passes with a bit changed behind its header', async () => {
    const record = vector('file-1-rehashed.ers');
    // The list of digest algorithms in front is only a hint: each timestamp names its own.
    for (let at = 35; at < record.length; at += 13) {
      const flipped = Uint8Array.from(record);
      flipped[at] = (flipped[at] as number) ^ (1 << (at % 8));
      if ((await recognise(new Blob([flipped]))) !== 'evidence-record') continue;
      try {
        expect((await inspect(flipped, [FILE], both)).conclusion, `byte ${at}`).to.not.equal('required-passed');
      } catch (error) {
        if (!(error instanceof CodedError)) throw error;
      }
    }
  }).timeout(120_000);
});

describe('what is recognised as an evidence record', () => {
  it('is told from a timestamp request, which begins alike', async () => {
    const imprint = { algorithm: IMPRINT_OIDS.sha256, digest: new Uint8Array(32) };
    const request = encodeTimestampRequest({ imprint, policy: undefined, nonce: 1n, certReq: true });
    expect(await recognise(new Blob([request as Uint8Array<ArrayBuffer>]))).to.equal(undefined);
  });

  it('is one with certificates inside too', async () => {
    const { root, intermediate, signer } = makeTimestampWorld();
    const digest = createHash('sha256').update(FILE).digest();
    const token = makeToken({ signer, message: FILE });
    const bytes = encodeEvidenceRecord({
      digestAlgorithms: [IMPRINT_OIDS.sha256],
      material: { certificates: [intermediate.der], revocation: [] },
      chains: [[{ digestAlgorithm: undefined, reducedHashtree: undefined, token }]],
    });
    const found = await inspect(bytes, [FILE], trusting({ authorities: [authority(root.der)] }));
    expect(found.conclusion).to.equal('required-passed');
    expect(found.checks[0]?.about).to.contain(digest.toString('hex').slice(0, 8));
  });
});
