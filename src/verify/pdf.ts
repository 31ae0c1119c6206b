import { FormatError } from '../errors.ts';
import { concat, equalBytes, parseHex } from '../format/bytes.ts';
import { MAX_CERTIFICATE_BYTES, parseCertificate } from '../format/certificate.ts';
import type { Check, Report } from '../format/report.ts';
import { sealedBytes } from '../format/seal.ts';
import { failed, notChecked, passed } from './checks.ts';
import { type DetachedSignature, openDetachedSignature } from './cms.ts';
import type { PresentedFile } from './deposit.ts';
import { judgeSigner, openSeal, timeOfSignature } from './seal.ts';
import { NO_MATERIAL, type TokenMaterial } from './timestamp.ts';
import { openTrust, type Trust } from './trust.ts';
import { verifyCertificate } from './verify.ts';
import { subjectOf } from './x509-chain.ts';

const NOBODY = openTrust(undefined, [], undefined);

/** A certificate's PDF is far smaller; the bound keeps a hostile file from filling memory. */
export const MAX_PDF_BYTES = 64 * 1024 * 1024;

/**
 * Verifies the certificate that a PDF carries. The PDF counts only as the paper form of that JSON: one signature must cover the
 * whole file, by a key that sealed the JSON. Facts are printed from the JSON, never from the pages.
 * @param beside certificates and revocation data that lie beside the PDF
 * @throws FormatError if there is no PDF, no embedded certificate, or the certificate is malformed
 */
export async function verifyPdf(
  bytes: Uint8Array,
  files: readonly PresentedFile[],
  trust: Trust,
  status?: Uint8Array,
  beside: TokenMaterial = NO_MATERIAL,
  custody?: Uint8Array,
): Promise<Report> {
  const { certificate, checks } = await openPdf(bytes, trust, beside);
  return verifyCertificate(certificate, files, trust, { kind: 'pdf', checks }, beside, status, custody);
}

/**
 * Takes the certificate out of its PDF and judges the signature that binds the two, and the token over that signature. Whether
 * the signer is trusted is the check `seal`: it is the same one, or `pdf.matches` fails.
 * @param trust whose authorities tell the time of the signature; without it, a token is only looked at in itself
 * @throws FormatError as `verifyPdf`
 */
export async function openPdf(
  bytes: Uint8Array,
  trust: Trust = NOBODY,
  beside: TokenMaterial = NO_MATERIAL,
): Promise<{ certificate: Uint8Array; checks: Check[] }> {
  if (bytes.length > MAX_PDF_BYTES) {
    throw new FormatError('too-large', `PDF of ${bytes.length} bytes, at most ${MAX_PDF_BYTES} are read`);
  }
  const text = latin1(bytes);
  if (!text.startsWith('%PDF-')) throw new FormatError('unknown-type', 'not a PDF');
  const certificate = await embeddedCertificate(bytes, text);
  const parsed = parseCertificate(certificate);
  const signature = await openPdfSignature(bytes, text);
  if (!signature.ok) {
    const check =
      signature.reason === 'unsupported-algorithm'
        ? notChecked('pdf.signature', null, 'unsupported')
        : failed('pdf.signature', null, signature.reason);
    return { certificate, checks: [check, failed('pdf.matches', null, 'no-valid-signature')] };
  }
  const facts = { signer: subjectOf(signature.signer) };
  const payload = sealedBytes(parsed);
  const sealedBySigner = parsed.seals.some((seal) => {
    const opened = openSeal(seal, payload);
    return opened.ok && equalBytes(opened.chain[0]?.der ?? new Uint8Array(), signature.signer.der);
  });
  return {
    certificate,
    checks: [
      await checkSignature(signature, parsed.claims.issuedAt, trust, beside),
      sealedBySigner
        ? passed('pdf.matches', null, facts)
        : failed('pdf.matches', null, 'signed-by-another-key-than-the-seal', facts),
    ],
  };
}

/** A good signature with a token of an authority of the policy is judged at the token's time. */
async function checkSignature(
  { signer, chain, signature, timestamp }: Extract<DetachedSignature, { ok: true }>,
  statedTime: string,
  trust: Trust,
  beside: TokenMaterial,
): Promise<Check> {
  const name = 'pdf.signature';
  const timing = await timeOfSignature(timestamp, signature, statedTime, trust, beside);
  const facts = { signer: subjectOf(signer), ...timing.facts };
  if (timing.broken) return failed(name, null, 'timestamp-invalid', facts);
  if (!timing.proved) return passed(name, null, facts);
  const judged = await judgeSigner(chain, timing, trust, beside);
  return judged.standing === 'refused' ? failed(name, null, judged.reason, facts) : passed(name, null, facts);
}

/** One signature whose ranges are everything but its own hex (ISO 32000-1 §12.8.1). */
async function openPdfSignature(bytes: Uint8Array, text: string) {
  const refused = (reason: string) => ({ ok: false as const, reason });
  const ranges = [...text.matchAll(/\/ByteRange\s*\[\s*(\d{1,10})\s+(\d{1,10})\s+(\d{1,10})\s+(\d{1,10})\s*\]/g)];
  if (ranges.length !== 1) return refused(ranges.length === 0 ? 'not-signed' : 'more-than-one-signature');
  const [a, b, c, d] = (ranges[0] as RegExpMatchArray).slice(1).map(Number) as [number, number, number, number];
  if (a !== 0 || c <= b + 2 || c + d !== bytes.length) return refused('signature-does-not-cover-the-file');
  const gap = text.slice(b, c);
  if (!/^<[0-9a-fA-F]+>$/.test(gap) || gap.length % 2 !== 0) return refused('signature-does-not-cover-the-file');
  const contents = parseHex(gap.slice(1, -1).toLowerCase());
  const length = derLength(contents);
  // The placeholder is longer than the signature; what follows must be nothing but its zeros.
  if (length === undefined || contents.subarray(length).some((byte) => byte !== 0)) return refused('cms-malformed');
  return openDetachedSignature(contents.slice(0, length), concat(bytes.subarray(0, b), bytes.subarray(c)));
}

/** Length of the DER element that `bytes` begins with, header included. */
function derLength(bytes: Uint8Array): number | undefined {
  const first = bytes[1];
  if (first === undefined) return undefined;
  if (first < 0x80) return 2 + first;
  const octets = first & 0x7f;
  if (octets < 1 || octets > 3) return undefined;
  let length = 0;
  for (let i = 0; i < octets; i++) length = length * 256 + (bytes[2 + i] ?? 0);
  return 2 + octets + length <= bytes.length ? 2 + octets + length : undefined;
}

/** The one embedded file. Two would let the reader and the machine look at different ones. */
async function embeddedCertificate(bytes: Uint8Array, text: string): Promise<Uint8Array> {
  const found = [...text.matchAll(/\/Type\s*\/EmbeddedFile\b/g)];
  if (found.length !== 1) {
    throw new FormatError(
      'unknown-type',
      `${found.length} embedded files in the PDF, expected exactly one certificate.json`,
    );
  }
  const at = (found[0] as RegExpMatchArray).index as number;
  const dictionaryStart = text.lastIndexOf(' obj', at);
  const streamAt = text.indexOf('stream', at);
  const dictionary = dictionaryStart < 0 || streamAt < 0 ? '' : text.slice(dictionaryStart, streamAt);
  const length = Number(/\/Length\s+(\d{1,9})\b(?!\s+\d+\s+R)/.exec(dictionary)?.[1] ?? Number.NaN);
  const dataAt = text[streamAt + 6] === '\r' ? streamAt + 8 : streamAt + 7;
  if (!Number.isSafeInteger(length) || dataAt + length > bytes.length) {
    throw new FormatError('unknown-type', 'the embedded certificate.json cannot be read');
  }
  const data = bytes.slice(dataAt, dataAt + length);
  if (!/\/Filter\b/.test(dictionary)) return data;
  if (!/\/Filter\s*\[?\s*\/FlateDecode\b/.test(dictionary)) {
    throw new FormatError('unknown-type', 'the embedded certificate.json is compressed by an unknown filter');
  }
  return inflate(data, MAX_CERTIFICATE_BYTES);
}

/** zlib (RFC 1950) through the Compression Streams standard, which Node and browsers have. */
async function inflate(data: Uint8Array, maxBytes: number): Promise<Uint8Array> {
  const stream = new DecompressionStream('deflate');
  const writer = stream.writable.getWriter();
  const written = writer.write(data).then(() => writer.close());
  written.catch(() => undefined);
  const reader = stream.readable.getReader();
  const parts: Uint8Array[] = [];
  let length = 0;
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) break;
      length += value.length;
      if (length > maxBytes)
        throw new FormatError('too-large', `embedded certificate is longer than ${maxBytes} bytes`);
      parts.push(value);
    }
  } catch (cause) {
    if (cause instanceof FormatError) throw cause;
    throw new FormatError('unknown-type', 'the embedded certificate.json cannot be decompressed', { cause });
  }
  return concat(...parts);
}

function latin1(bytes: Uint8Array): string {
  let text = '';
  for (let i = 0; i < bytes.length; i += 8192) text += String.fromCharCode(...bytes.subarray(i, i + 8192));
  return text;
}

declare const DecompressionStream: new (
  format: 'deflate',
) => {
  writable: { getWriter(): { write(chunk: Uint8Array): Promise<void>; close(): Promise<void> } };
  readable: {
    getReader(): { read(): Promise<{ done: true; value: undefined } | { done: false; value: Uint8Array }> };
  };
};
