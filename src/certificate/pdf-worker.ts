import { parentPort } from 'node:worker_threads';
import { type PdfOptions, renderCertificatePdf } from './pdf.ts';

export interface PrintOrder {
  json: Uint8Array;
  options: PdfOptions;
}

export type PrintAnswer = { pdf: Uint8Array } | { error: unknown };

const port = parentPort;
if (port === null) throw new Error('pdf-worker runs as a worker thread only');

port.on('message', async ({ json, options }: PrintOrder) => {
  let answer: PrintAnswer;
  try {
    answer = { pdf: await renderCertificatePdf(json, options) };
  } catch (error) {
    answer = { error };
  }
  port.postMessage(answer);
});
