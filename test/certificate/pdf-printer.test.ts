import { expect } from 'chai';
import { assembleCertificate } from '../../src/certificate/assemble.ts';
import { renderCertificatePdf } from '../../src/certificate/pdf.ts';
import { PdfPrinter } from '../../src/certificate/pdf-printer.ts';
import { encodeJson, type JsonValue } from '../../src/format/json.ts';
import { depositEvidence, PLATFORM, RECEIVED_AT } from './evidence-fixture.ts';

const OPTIONS = { verificationUrl: 'https://tiezheng.example.org/verify' };

describe('PdfPrinter', () => {
  let printer: PdfPrinter;
  let json: Uint8Array;
  before(async () => {
    printer = new PdfPrinter();
    const terms = {
      certificateNo: 'TZ-20261122-4K7Q2M9X',
      issuedAtMs: Date.parse(RECEIVED_AT) + 60_000,
      evaluation: true,
      platform: PLATFORM,
    };
    json = encodeJson((await assembleCertificate(await depositEvidence(), terms)) as unknown as JsonValue);
  });
  after(() => printer.close());

  it('prints what renderCertificatePdf does, also several orders at once', async () => {
    const expected = await renderCertificatePdf(json, OPTIONS);
    const printed = await Promise.all([printer.print(json, OPTIONS), printer.print(json, OPTIONS)]);
    for (const pdf of printed) expect(Buffer.compare(pdf, expected)).to.equal(0);
  });

  it('tells why an order failed, and goes on with the next', async () => {
    const failed = printer.print(Buffer.from('{}'), OPTIONS).then(
      () => 'printed',
      (error: Error) => error.message,
    );
    const next = printer.print(json, OPTIONS);
    expect(await failed).to.match(/expected type tiezheng\/certificate\/v1/);
    expect(await next).to.have.length.above(10_000);
  });

  it('starts a new thread after it was idle', async () => {
    const brief = new PdfPrinter(1);
    await brief.print(json, OPTIONS);
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(await brief.print(json, OPTIONS)).to.have.length.above(10_000);
    await brief.close();
  });
});
