const LONGEST = 80;
/** Names that Windows keeps for devices. */
const RESERVED = /^(?:con|prn|aux|nul|com[0-9]|lpt[0-9])(?:\.|$)/i;

/**
 * A name under which any system can unpack the file and which no reader mistakes: without path separators, control, format and
 * direction characters, or a leading dot; at most 80 characters with the ending kept. The true name is in the certificate.
 */
export function safeFileName(name: string): string {
  const plain = name
    .normalize('NFC')
    .replace(/[\p{C}\p{Zl}\p{Zp}]/gu, '_')
    .replace(/[\\/:*?"<>|%]/g, '_')
    .replace(/^[.\s]+|[.\s]+$/g, '');
  const shortened = shorten(plain === '' ? 'file' : plain);
  return RESERVED.test(shortened) ? `_${shortened}` : shortened;
}

function shorten(name: string): string {
  const characters = [...name];
  if (characters.length <= LONGEST) return name;
  const ending = /\.[A-Za-z0-9]{1,10}$/.exec(name)?.[0] ?? '';
  return characters.slice(0, LONGEST - ending.length).join('') + ending;
}
