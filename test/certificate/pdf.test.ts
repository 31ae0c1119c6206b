import { expect } from 'chai';
import { assembleCertificate } from '../../src/certificate/assemble.ts';
import { makeEvaluationSeal } from '../../src/certificate/evaluation-seal.ts';
import { renderCertificatePdf } from '../../src/certificate/pdf.ts';
import { Sealer } from '../../src/certificate/sealer.ts';
import { type SealingKey, sealingKeyFromPem } from '../../src/certificate/sealing-key.ts';
import { signPdf } from '../../src/certificate/sign-pdf.ts';
import { encodeHex, sha256 } from '../../src/format/bytes.ts';
import { parseCertificate } from '../../src/format/certificate.ts';
import { encodeJson, type JsonValue } from '../../src/format/json.ts';
import { openPdf } from '../../src/verify/pdf.ts';
import { digestOf } from '../../src/verify/verify.ts';
import { type DrawnText, drawnBy, overlaps } from './drawn-text.ts';
import {
  depositEvidence,
  type FixtureOptions,
  PHOTO,
  PLATFORM,
  RECEIVED_AT,
  signedOptions,
} from './evidence-fixture.ts';

const OPTIONS = { verificationUrl: 'https://tiezheng.example.org/verify' };
const NUMBER = 'TZ-20261122-4K7Q2M9X';
let key: SealingKey;

before(async () => {
  const made = await makeEvaluationSeal(Date.parse(RECEIVED_AT));
  key = sealingKeyFromPem(made.keyPem, made.certificatePem);
});

async function certificateJson(options: FixtureOptions = {}, evaluation = true): Promise<Uint8Array> {
  const terms = {
    certificateNo: NUMBER,
    issuedAtMs: Date.parse(RECEIVED_AT) + 60_000,
    evaluation,
    platform: PLATFORM,
  };
  const certificate = await new Sealer(key).seal(await assembleCertificate(await depositEvidence(options), terms));
  return encodeJson(certificate as unknown as JsonValue);
}

async function pagesOf(options: FixtureOptions = {}, evaluation = true): Promise<DrawnText[]> {
  const json = await certificateJson(options, evaluation);
  return drawnBy(() => renderCertificatePdf(json, OPTIONS));
}
const textOf = (drawn: readonly DrawnText[]) => drawn.map((d) => d.text).join('\n');
const pageCount = (drawn: readonly DrawnText[]) => Math.max(...drawn.map((d) => d.page));

const LONG = {
  files: Array.from({ length: 100 }, (_, i) => ({
    ...PHOTO,
    name: ['x'.repeat(250), `${'很长的文件名'.repeat(41)}.mp4`, `𠮷野家\u202egpj.exe 😀  ${i}`, `IMG ${i}.jpg`][
      i % 4
    ] as string,
  })),
  statement: {
    title: '𠮷'.repeat(100),
    kind: 'web-page' as const,
    source: 'https://shop.example.com/item/88213?ref=abc&x=1 平台店铺、账号、订单编号。'.repeat(40).slice(0, 2000),
    method: `录屏\n步骤一\n步骤二\t${'完成'.repeat(400)}`,
    tool: 'W'.repeat(200),
    purpose: '说明商品页面在该时间的展示情况'.repeat(60),
    capturedFrom: '2026-11-22T02:00:00.000Z',
    rightHolder: '甲公司',
    rights: '著作权'.repeat(300),
  },
  depositor: { name: '名'.repeat(200) },
};

describe('renderCertificatePdf', () => {
  it('prints whether the depositor signed, by which key, and that whose it is, is stated only', async () => {
    const options = signedOptions();
    const signed = textOf(await pagesOf(options)).replaceAll(/\s/g, '');
    const { publicKey } = options.signing.signed as { publicKey: string };
    expect(signed)
      .to.include('已用通行密钥签署')
      .and.include(encodeHex(sha256(Buffer.from(publicKey, 'base64'))));
    expect(signed).to.include("thekeyisthedepositor'sistheoperator'sword");
    expect(textOf(await pagesOf())).to.include('not signed by the depositor');
  });

  it('gives the same bytes for the same certificate', async () => {
    const json = await certificateJson();
    const [a, b] = [await renderCertificatePdf(json, OPTIONS), await renderCertificatePdf(json, OPTIONS)];
    expect(Buffer.compare(a, b)).to.equal(0);
  });

  it('keeps everything inside the margins and nothing over anything else', async () => {
    const drawn = await pagesOf();
    expect(overlaps(drawn)).to.deep.equal([]);
    expect(drawn.filter((d) => d.left < 53 || d.right > 542 || d.baseline < 28 || d.baseline > 815)).to.deep.equal([]);
  });

  it('does so with 100 files, the longest names and statements, over many pages', async function () {
    this.timeout(60_000);
    const drawn = await pagesOf(LONG);
    expect(overlaps(drawn)).to.deep.equal([]);
    expect(drawn.filter((d) => d.left < 53 || d.right > 542 || d.baseline < 28 || d.baseline > 815)).to.deep.equal([]);
    for (let i = 1; i <= 100; i++) expect(textOf(drawn), `file ${i}`).to.include(`文件 ${i} / 100`);
  });

  it('does so for a deposit without statement, earlier block and evaluation', async () => {
    const drawn = await pagesOf({ withNotBefore: false, statement: {} }, false);
    expect(overlaps(drawn)).to.deep.equal([]);
    expect(textOf(drawn)).to.include('no block recorded').and.not.include('EVALUATION not');
  });

  it('keeps the summary on the first page however long the texts are', async function () {
    this.timeout(60_000);
    const drawn = await pagesOf(LONG);
    const first = textOf(drawn.filter((d) => d.page === 1));
    expect(first).to.include('For the reader to confirm').and.not.include('Facts that anyone can check');
    expect(textOf(drawn.filter((d) => d.page === 2))).to.include('Facts that anyone can check');
  });

  it('puts number, page and digest on every page, and EVALUATION in large type if it is one', async () => {
    for (const evaluation of [true, false]) {
      const json = await certificateJson({}, evaluation);
      const drawn = await drawnBy(() => renderCertificatePdf(json, OPTIONS));
      const pages = pageCount(drawn);
      expect(pages).to.be.greaterThan(2);
      for (let page = 1; page <= pages; page++) {
        const here = drawn.filter((d) => d.page === page);
        expect(textOf(here)).to.include(`${NUMBER}　第 ${page} 页，共 ${pages} 页　page ${page} of ${pages}`);
        expect(textOf(here)).to.include(digestOf(parseCertificate(json)));
        const banner = here.filter((d) => d.text === '评估用途 EVALUATION' && d.size >= 18);
        expect(banner).to.have.length(evaluation ? 1 : 0);
      }
    }
  });

  it('prints every digest in full, in groups of eight', async () => {
    const drawn = textOf(await pagesOf());
    for (const digest of [PHOTO.sha256, PHOTO.sm3 as string]) {
      expect(drawn).to.include((digest.match(/.{8}/g) as string[]).join('\n'));
    }
  });

  it('names the link that ends first, and when, as a statement of the operator', async () => {
    const weakestLink = {
      link: `rfc3161 ${'National authority '.repeat(12)}: X.509 Root 2020`,
      until: '2030-12-31T23:59:59.000Z',
    };
    const json = await certificateJson();
    const drawn = await drawnBy(() => renderCertificatePdf(json, { ...OPTIONS, weakestLink }));
    const text = textOf(drawn).replaceAll('\n', ' ').replace(/ +/g, ' ');
    expect(text).to.include('最先到期的一环').and.to.include('X.509 Root 2020').and.to.include('2031-01-01 07:59:59');
    expect(text.indexOf('三、平台陈述')).to.be.lessThan(text.indexOf('最先到期的一环'));
    expect(overlaps(drawn)).to.deep.equal([]);
    expect(textOf(await drawnBy(() => renderCertificatePdf(json, OPTIONS)))).to.not.include('最先到期的一环');
  });

  it('prints Beijing time with its offset', async () => {
    const drawn = textOf(await pagesOf());
    expect(drawn).to.include('2026-11-22 11:04:05.678 +08:00').and.include('2026-11-22 11:04:24 +08:00');
  });

  it('prints how, when and by whom the identity of the depositor was checked', async () => {
    const depositor = {
      identityMethod: '营业执照，当面核验',
      identityCheckedAt: new Date('2026-11-01T01:00:00.000Z'),
      identityCheckedBy: '某某公证处 王某某',
    };
    const checked = textOf(await pagesOf({ depositor }));
    expect(checked).to.include('营业执照，当面核验，2026-11-01 09:00:00').and.include('某某公证处 王某某');
    const nobodyNamed = textOf(await pagesOf({ depositor: { ...depositor, identityCheckedBy: null } }));
    expect(nobodyNamed).to.match(/Checked by\n未提供/);
    expect(textOf(await pagesOf()))
      .to.include('未核验 not checked')
      .and.not.include('Checked by');
  });

  it('says what was not provided, field by field', async () => {
    const drawn = await pagesOf({ statement: {} });
    for (const label of ['Title', 'Kind', 'Source', 'Method', 'Tool and version', 'Capture operator', 'Purpose']) {
      // On the first page and in the details, the value stands on the line of the label's Chinese half, above it.
      const at = drawn.findLast((d) => d.text === label) as DrawnText;
      const value = drawn.filter(
        (d) => d.page === at.page && d.left > at.right && Math.abs(d.baseline - at.baseline) < 14,
      );
      expect(textOf(value), label).to.include('未提供 not provided');
    }
  });

  it('shows characters that cannot or must not be printed by code point, and says so', async () => {
    const drawn = textOf(await pagesOf({ files: [{ ...PHOTO, name: '𠮷野家\u202egpj.exe 😀.jpg' }] }));
    expect(drawn).to.include('[U+20BB7]野家[U+202E]gpj.exe [U+1F600].jpg');
    expect(drawn).to.include('[U+202E] [U+1F600] [U+20BB7]');
    expect(drawn).not.to.match(/[\u202e𠮷😀]/u);
  });

  it('never uses the words that the service must not use', async () => {
    const english = textOf(await pagesOf({}, false));
    expect(english).not.to.match(/\btrue\b|\bauthor\b|infring|will be accepted/i);
  });

  it('refuses what is no certificate', async () => {
    const error = await renderCertificatePdf(new TextEncoder().encode('{}'), OPTIONS).catch((e: unknown) => e);
    expect(error).to.have.property('code', 'unknown-type');
  });
});

describe('signPdf', () => {
  let json: Uint8Array;
  let unsigned: Uint8Array;
  let signed: Uint8Array;
  before(async () => {
    // Words that look like PDF, where a careless reader would take them for it.
    json = await certificateJson({
      statement: {
        title: '/Type /EmbeddedFile /ByteRange [0 1 2 3] <00000000> endobj stream',
        source: '%%EOF\nstartxref',
      },
    });
    unsigned = await renderCertificatePdf(json, OPTIONS);
    signed = await signPdf(unsigned, key);
  });

  it('gives a PDF whose signature and embedded certificate verify', async () => {
    const opened = await openPdf(signed);
    expect(opened.checks.map((c) => [c.name, c.status])).to.deep.equal([
      ['pdf.signature', 'passed'],
      ['pdf.matches', 'passed'],
    ]);
    expect(Buffer.compare(opened.certificate, json)).to.equal(0);
  });

  it('keeps the length and changes nothing but byte range and signature', () => {
    expect(signed.length).to.equal(unsigned.length);
    const changed = [...signed.keys()].filter((i) => signed[i] !== unsigned[i]);
    const text = Buffer.from(signed).toString('latin1');
    const [from, until] = [text.indexOf('/ByteRange'), text.indexOf('>', text.indexOf('/Contents <'))];
    expect(changed.every((i) => i > from && i < until)).to.equal(true);
  });

  it('is broken by a changed byte anywhere, and by one more byte', async () => {
    for (let i = 100; i < signed.length; i += Math.floor(signed.length / 23)) {
      const changed = signed.slice();
      changed[i] = (changed[i] as number) ^ 1;
      const broken = await openPdf(changed).then(
        ({ checks }) => checks.some((c) => c.status === 'failed'),
        () => true,
      );
      expect(broken, `byte ${i}`).to.equal(true);
    }
    const { checks } = await openPdf(new Uint8Array([...signed, 0x0a]));
    expect(checks[0]).to.include({ name: 'pdf.signature', status: 'failed' });
  });

  it('refuses a PDF without an empty signature field', async () => {
    const error = await signPdf(signed, key).catch((e: unknown) => e);
    expect(error).to.have.property('message', 'the PDF has no empty signature field');
  });
});
