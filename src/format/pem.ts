import { FormatError } from '../errors.ts';
import { parseBase64 } from './bytes.ts';

const BLOCK = /-----BEGIN CERTIFICATE-----([A-Za-z0-9+/=\s]+)-----END CERTIFICATE-----/g;

/**
 * The X.509 certificates of a file as people have them: PEM (RFC 7468), any number with text around them, or one in DER.
 * Whether the bytes are certificates at all is judged where they are used.
 * @throws FormatError `not-a-certificate` if there is none
 */
export function certificatesIn(file: Uint8Array): Uint8Array[] {
  // DER begins with a SEQUENCE; no PEM text does, for 0x30 is the digit 0.
  if (file[0] === 0x30 && file[1] !== undefined && file[1] >= 0x80) return [file];
  let text = '';
  for (let i = 0; i < file.length; i += 8192) text += String.fromCharCode(...file.subarray(i, i + 8192));
  const found = [...text.matchAll(BLOCK)].map((match) => parseBase64((match[1] as string).replace(/\s/g, '')));
  if (found.length === 0) {
    throw new FormatError('not-a-certificate', `no X.509 certificate, PEM or DER, in a file of ${file.length} bytes`);
  }
  return found;
}
