import { parentPort } from 'node:worker_threads';
import { type PdfOptions, renderCertificatePdf } from './pdf.ts';
import { renderVerificationReportPdf } from './verification-report/report-pdf.ts';

export type PrintOrder =
  | { what: 'certificate'; json: Uint8Array; options: PdfOptions }
  | { what: 'verification-report'; json: Uint8Array };

export type PrintAnswer = { pdf: Uint8Array } | { error: unknown };

const port = parentPort;
if (port === null) throw new Error('pdf-worker runs as a worker thread only');

port.on('message', async (order: PrintOrder) => {
  let answer: PrintAnswer;
  try {
    answer = {
      pdf:
        order.what === 'certificate'
          ? await renderCertificatePdf(order.json, order.options)
          : await renderVerificationReportPdf(order.json),
    };
  } catch (error) {
    answer = { error };
  }
  port.postMessage(answer);
});
