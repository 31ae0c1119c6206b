import { writeFile } from 'node:fs/promises';
import { parseCertificate } from '../format/certificate.ts';
import { MAX_PDF_BYTES, openPdf } from '../verify/pdf.ts';
import { digestOf } from '../verify/verify.ts';
import { readSmallFile } from './local-files.ts';
import { ServiceClient, type ServiceOptions } from './service-client.ts';

interface FetchStatusOptions extends ServiceOptions {
  out?: string;
}

/** Asks the service how a certificate stands. Nothing of the answer is believed here: `verify --status` judges it. */
export async function fetchStatus(path: string, options: FetchStatusOptions): Promise<void> {
  const bytes = await readSmallFile(path, MAX_PDF_BYTES);
  const isPdf = Buffer.from(bytes.subarray(0, 5)).toString('latin1') === '%PDF-';
  const certificate = parseCertificate(isPdf ? (await openPdf(bytes)).certificate : bytes);
  const { certificateNo } = certificate.claims;
  const address = `/api/v1/certificates/${certificateNo}/status?digest=${digestOf(certificate)}`;
  const answer = await ServiceClient.open(options).bytes(address);
  if (options.out === undefined) process.stdout.write(answer);
  else await writeFile(options.out, answer);
}
