import { FormatError } from '../errors.ts';
import { parseBase64 } from './bytes.ts';

/** DER of every block with this label; text around and between blocks is skipped. @throws FormatError `invalid-base64` */
export function pemBlocks(file: Uint8Array, label: 'CERTIFICATE' | 'X509 CRL'): Uint8Array[] {
  let text = '';
  for (let i = 0; i < file.length; i += 8192) text += String.fromCharCode(...file.subarray(i, i + 8192));
  const block = new RegExp(`-----BEGIN ${label}-----([A-Za-z0-9+/=\\s]+)-----END ${label}-----`, 'g');
  return [...text.matchAll(block)].map((match) => parseBase64((match[1] as string).replace(/\s/g, '')));
}

/**
 * The X.509 certificates of a file as people have them: PEM (RFC 7468), any number with text around them, or one in DER.
 * Whether the bytes are certificates at all is judged where they are used.
 * @throws FormatError `not-a-certificate` if there is none
 */
export function certificatesIn(file: Uint8Array): Uint8Array[] {
  // DER begins with a SEQUENCE; no PEM text does, for 0x30 is the digit 0.
  if (file[0] === 0x30 && file[1] !== undefined && file[1] >= 0x80) return [file];
  const found = pemBlocks(file, 'CERTIFICATE');
  if (found.length === 0) {
    throw new FormatError('not-a-certificate', `no X.509 certificate, PEM or DER, in a file of ${file.length} bytes`);
  }
  return found;
}
