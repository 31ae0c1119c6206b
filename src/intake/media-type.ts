import { fileTypeFromBuffer } from 'file-type';

/** As much of a file's beginning as is looked at, in bytes: also the first entries of a ZIP-based document lie within. */
export const MEDIA_TYPE_HEAD_BYTES = 64 * 1024;

const TYPE = /^[a-z0-9][a-z0-9!#$&^_.+-]{0,63}\/[a-z0-9][a-z0-9!#$&^_.+-]{0,63}$/;
const UNKNOWN = 'application/octet-stream';

/**
 * The media type that the content itself shows, `type/subtype` in lower case without parameters: by signature, else
 * `text/plain` if the head is UTF-8 without control characters other than tab, line feed, form feed and carriage return, else
 * `application/octet-stream`. A statement about the first bytes, never about safety; the client's word is not asked.
 *
 * @param head the first MEDIA_TYPE_HEAD_BYTES, or the whole file if it is shorter
 * @param isWhole whether the file ends with `head`
 */
export async function detectMediaType(head: Uint8Array, isWhole: boolean): Promise<string> {
  const bytes = head.subarray(0, MEDIA_TYPE_HEAD_BYTES);
  const found = await fromSignature(bytes);
  if (found !== undefined) return found;
  return bytes.length > 0 && isText(bytes, isWhole) ? 'text/plain' : UNKNOWN;
}

async function fromSignature(bytes: Uint8Array): Promise<string | undefined> {
  try {
    const mime = (await fileTypeFromBuffer(bytes))?.mime.split(';')[0]?.trim().toLowerCase();
    return mime !== undefined && TYPE.test(mime) ? mime : undefined;
  } catch {
    // A cut or hostile header: nothing recognised.
    return undefined;
  }
}

function isText(bytes: Uint8Array, isWhole: boolean): boolean {
  try {
    // A stream decoder keeps a character that the end of the head cuts in two for later.
    const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes, { stream: !isWhole });
    // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are the question here
    return !/[\0-\x08\x0b\x0e-\x1f\x7f]/.test(text);
  } catch {
    return false;
  }
}
