import { encodeHex, sha256 } from '../format/bytes.ts';
import { type Certificate, parseCertificate } from '../format/certificate.ts';
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
import { INK, PAGE, Paper, STYLE, TEXT_WIDTH } from './paper.ts';
import { PrintableText } from './printable-text.ts';
import { provedFacts } from './proved-facts.ts';
import { addSignatureField } from './signature-field.ts';
import { drawSummary } from './summary-page.ts';
import type { TextStyle } from './typesetter.ts';

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
  const paper = new Paper({
    title: `电子数据存证证书 ${claims.certificateNo}`,
    createdAt: issuedAt,
    top: claims.evaluation ? 92 : 62,
    drawHeader: (_, page, pages) => drawFurniture(paper, certificate, facts.digest, page, pages),
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
  embed(paper, json, issuedAt);
  addSignatureField(paper.document, issuedAt);
  return paper.finish();
}

/** Deflated like every stream of this file, so that no words of a depositor stand in the file's raw bytes as if they were PDF. */
function embed(paper: Paper, json: Uint8Array, at: Date): void {
  // The types do not know the relationship of an associated file (PDF/A-3 §6.8).
  const associated = { relationship: 'Data' };
  paper.document.file(Buffer.from(json), {
    name: EMBEDDED_NAME,
    type: 'application/json',
    description: '机器可读证书 machine-readable certificate, tiezheng/certificate/v1',
    creationDate: at,
    modifiedDate: at,
    ...associated,
  });
}

const BANNER: TextStyle = { face: 'strong', sizePt: 19, color: INK.evaluation };
const BANNER_NOTE: TextStyle = { face: 'strong', sizePt: 8.5, color: INK.evaluation };

/** Head and foot of every page. */
function drawFurniture(paper: Paper, certificate: Certificate, digest: string, page: number, pages: number): void {
  const { document, type } = paper;
  const { certificateNo, evaluation } = certificate.claims;
  const rightAligned = (text: string, y: number) =>
    type.draw(text, STYLE.small, PAGE.right - type.widthOf(text, STYLE.small), y);
  let y = 28;
  if (evaluation) {
    document.rect(PAGE.left, 22, TEXT_WIDTH, 34).lineWidth(1.4).stroke(INK.evaluation);
    const words = '评估用途 EVALUATION';
    type.draw(words, BANNER, PAGE.left + 12, 25.5);
    const width = type.widthOf(words, BANNER);
    type.draw('不得作为证据使用', BANNER_NOTE, PAGE.left + width + 34, 27);
    type.draw('not for use as evidence', BANNER_NOTE, PAGE.left + width + 34, 38.5);
    y = 62;
  }
  type.draw('铁证 Tiezheng / 电子数据存证证书', STYLE.small, PAGE.left, y);
  rightAligned(certificateNo, y);
  document
    .moveTo(PAGE.left, y + 13)
    .lineTo(PAGE.right, y + 13)
    .lineWidth(0.5)
    .stroke(INK.rule);
  const foot = 798;
  document.moveTo(PAGE.left, foot).lineTo(PAGE.right, foot).lineWidth(0.5).stroke(INK.rule);
  type.draw(`证书摘要 digest ${digest}`, { ...STYLE.small, sizePt: 6.5 }, PAGE.left, foot + 5);
  rightAligned(`${certificateNo}　第 ${page} 页，共 ${pages} 页　page ${page} of ${pages}`, foot + 5);
}
