import { encodeHex, sha256 } from '../format/bytes.ts';
import { parseCertificate } from '../format/certificate.ts';
import { unixMsOf } from '../format/fields.ts';
import type { Report } from '../format/report.ts';
import {
  type CertificateView,
  drawAbsent,
  drawDepositorStatements,
  drawFiles,
  drawLimitations,
  drawOperatorStatements,
  drawPrintingNote,
  drawProvedFacts,
  drawSeals,
  drawVerification,
} from './certificate-sections.ts';
import { drawFurniture, embedData, type PageFurniture, textTop } from './page-furniture.ts';
import { Paper } from './paper.ts';
import { PrintableText } from './printable-text.ts';
import { provedFacts } from './proved-facts.ts';
import { addSignatureField } from './signature-field.ts';
import { drawSummary } from './summary-page.ts';

export interface PdfOptions {
  /** The public page on which anyone verifies; the QR code leads there. */
  verificationUrl: string;
  /** Which link ended first when the service verified the certificate; null or left out: no end of any was known. */
  weakestLink?: Report['weakestLink'];
}

/** Name of the embedded data, for `pdfdetach` and every PDF reader. */
export const EMBEDDED_NAME = 'certificate.json';

/**
 * A sealed certificate as PDF/A-3b, Chinese and English, with `json` embedded and an empty field for the
 * signature of `signPdf`. The same bytes and options give the same PDF.
 * @param json canonical bytes of tiezheng/certificate/v1
 * @throws FormatError if `json` is no certificate
 */
export async function renderCertificatePdf(json: Uint8Array, options: PdfOptions): Promise<Uint8Array> {
  const certificate = parseCertificate(json);
  const { claims } = certificate;
  const facts = provedFacts(certificate);
  const issuedAt = new Date(unixMsOf(claims.issuedAt));
  const furniture: PageFurniture = {
    evaluation: claims.evaluation,
    title: '电子数据存证证书',
    number: claims.certificateNo,
    digest: `证书摘要 digest ${facts.digest}`,
  };
  const paper = new Paper({
    title: `电子数据存证证书 ${claims.certificateNo}`,
    createdAt: issuedAt,
    top: textTop(claims.evaluation),
    drawHeader: (_, page, pages) => drawFurniture(paper, furniture, page, pages),
  });
  const view: CertificateView = {
    certificate,
    facts,
    jsonDigest: encodeHex(sha256(json)),
    verificationUrl: options.verificationUrl,
    weakestLink: options.weakestLink ?? null,
    show: new PrintableText((character) => paper.type.isPrintable(character)),
  };
  paper.beginSection();
  drawSummary(paper, view);
  paper.newPage();
  drawProvedFacts(paper, view);
  drawFiles(paper, view);
  drawOperatorStatements(paper, view);
  drawDepositorStatements(paper, view);
  drawAbsent(paper);
  drawLimitations(paper, view);
  drawVerification(paper, view);
  drawSeals(paper, view);
  drawPrintingNote(paper, view);
  embedData(paper, json, {
    name: EMBEDDED_NAME,
    description: '机器可读证书 machine-readable certificate, tiezheng/certificate/v1',
    at: issuedAt,
  });
  addSignatureField(paper.document, issuedAt, '电子数据存证证书 certificate of electronic data preservation');
  return paper.finish();
}
