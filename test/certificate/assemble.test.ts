import { expect } from 'chai';
import { assembleCertificate, type IssueTerms } from '../../src/certificate/assemble.ts';
import { certificateNumber } from '../../src/certificate/certificate-number.ts';
import { makeEvaluationSeal } from '../../src/certificate/evaluation-seal.ts';
import { Sealer } from '../../src/certificate/sealer.ts';
import { sealingKeyFromPem } from '../../src/certificate/sealing-key.ts';
import { encodeBase64, encodeHex, encodeUtf8, sha256 } from '../../src/format/bytes.ts';
import { certificateNoSchema, parseCertificate } from '../../src/format/certificate.ts';
import { encodeJson, type JsonValue } from '../../src/format/json.ts';
import type { Policy } from '../../src/format/policy.ts';
import type { Report } from '../../src/format/report.ts';
import { openTrust } from '../../src/verify/trust.ts';
import { verifyCertificate } from '../../src/verify/verify.ts';
import {
  CHAIN,
  CONTRACT,
  depositEvidence,
  LOG_VKEY,
  ORIGIN,
  PHOTO,
  PLATFORM,
  RECEIVED_AT,
} from './evidence-fixture.ts';

const ISSUED_AT = Date.parse(RECEIVED_AT) + 60_000;
const TERMS: IssueTerms = {
  certificateNo: 'TZ-20261122-4K7Q2M9X',
  issuedAtMs: ISSUED_AT,
  evaluation: true,
  platform: PLATFORM,
};
const files = (count: number) =>
  Array.from({ length: count }, (_, i) => ({
    ...PHOTO,
    name: `${i}.jpg`,
    sha256: encodeHex(sha256(Uint8Array.of(i))),
  }));

describe('assembleCertificate', () => {
  for (const count of [1, 2, 3, 7, 100]) {
    it(`gives what verify accepts under a policy that trusts log, chain and seal, with ${count} files`, async () => {
      const report = await reportOn(await depositEvidence({ files: files(count) }));
      expect(report.since.filter((check) => check.status === 'failed')).to.deep.equal([]);
      // No file is presented here, and that is all that is missing.
      expect(report.unmet).to.deep.equal(['file.sha256']);
      expect(report.times.received).to.equal(RECEIVED_AT);
      expect(report.times.notBefore?.at).to.equal('2026-11-22T03:03:51.000Z');
      expect(report.times.notAfter?.at).to.equal('2026-11-22T03:04:24.000Z');
    });
  }

  it('gives the same bytes for the same evidence and terms', async () => {
    const [a, b] = [await depositEvidence(), await depositEvidence()];
    const bytes = async (evidence: typeof a) =>
      encodeJson((await assembleCertificate(evidence, TERMS)) as unknown as JsonValue);
    expect(await bytes(a)).to.deep.equal(await bytes(b));
  });

  it('is read back as it was, also with closed names and annexes', async () => {
    const evidence = await depositEvidence({ files: files(3), withNotBefore: false });
    const closed = { ...evidence, annexes: {}, files: evidence.files.map(({ entry }) => ({ entry, name: null })) };
    const certificate = await assembleCertificate(closed, TERMS);
    expect(parseCertificate(encodeJson(certificate as unknown as JsonValue))).to.deep.equal(certificate);
    expect(certificate.notBeforeHeader).to.equal(null);
    expect(certificate.files.map((f) => f.name)).to.deep.equal([null, null, null]);
  });

  it('says evaluation in its limits only when it is one, and that digests were only declared only when they were', async () => {
    const texts = async (evaluation: boolean, digestSource: 'computed' | 'declared') => {
      const evidence = await depositEvidence({ digestSource });
      const { claims } = await assembleCertificate(evidence, { ...TERMS, evaluation });
      return claims.limitations.map((l) => l.en).join('\n');
    };
    expect(await texts(true, 'computed'))
      .to.match(/EVALUATION/)
      .and.not.match(/only digests/);
    expect(await texts(false, 'declared'))
      .to.match(/only digests/)
      .and.not.match(/EVALUATION/);
  });

  it('never uses the words that the service must not use', async () => {
    const evidence = await depositEvidence({ digestSource: 'declared' });
    const { claims } = await assembleCertificate(evidence, TERMS);
    const english = claims.limitations.map((l) => l.en).join(' ');
    expect(english).not.to.match(/\btrue\b|\bauthor\b|infring|will be accepted/i);
  });

  it('refuses evidence that no parser would read', async () => {
    const evidence = await depositEvidence();
    const error = await assembleCertificate({ ...evidence, publications: [] }, TERMS).catch((e: unknown) => e);
    expect(error).to.have.property('code', 'invalid-field');
  });
});

async function reportOn(evidence: Awaited<ReturnType<typeof depositEvidence>>): Promise<Report> {
  const made = await makeEvaluationSeal(ISSUED_AT - 1000);
  const sealer = new Sealer(sealingKeyFromPem(made.keyPem, made.certificatePem));
  const certificate = await sealer.seal(await assembleCertificate(evidence, TERMS));
  const attestation = certificate.publications[0]?.attestations[0];
  if (attestation?.type !== 'evm' || evidence.record.notBefore === null) throw new Error('fixture without blocks');
  const policy: Policy = {
    type: 'tiezheng/policy/v1',
    evaluation: true,
    independentTimesRequired: 0,
    logs: [
      {
        origin: ORIGIN,
        keys: [LOG_VKEY],
        leaf0: encodeHex(sha256(encodeUtf8('leaf hash 0'))),
        contracts: [{ chain: CHAIN, address: CONTRACT }],
      },
    ],
    chains: [{ chain: CHAIN, independent: false }],
    blocks: [
      { chain: CHAIN, hash: attestation.blockHash },
      { chain: CHAIN, hash: evidence.record.notBefore.blockHash },
    ],
    authorities: [],
    seals: [encodeBase64(sealer.certificateChain[0] as Uint8Array)],
    witnesses: { keys: [], quorum: 0 },
  };
  const trust = openTrust(encodeJson(policy as unknown as JsonValue), [], undefined);
  return verifyCertificate(encodeJson(certificate as unknown as JsonValue), [], trust);
}

describe('certificateNumber', () => {
  it('writes 40 random bits in eight characters, the first bits first', () => {
    const number = certificateNumber(ISSUED_AT, Uint8Array.of(0xff, 0, 0, 0, 0x1f));
    expect(number).to.equal('TZ-20261122-ZW00000Z');
    expect(certificateNoSchema.safeParse(number).success).to.equal(true);
  });

  it('takes the day in Beijing', () => {
    const at = (time: string) => certificateNumber(Date.parse(time), new Uint8Array(5));
    expect(at('2026-12-31T15:59:59.999Z')).to.equal('TZ-20261231-00000000');
    expect(at('2026-12-31T16:00:00.000Z')).to.equal('TZ-20270101-00000000');
  });
});
