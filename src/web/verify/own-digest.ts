import { encodeHex, encodeUtf8, sha256 } from '../../format/bytes.ts';

/**
 * SHA-256 of the file this page was opened from, if nothing in the browser changed it. Call it before anything is
 * rendered: the build writes verify.html exactly as a browser spells `outerHTML`.
 */
export function ownDigest(): string {
  return encodeHex(sha256(encodeUtf8(`<!DOCTYPE html>${document.documentElement.outerHTML}`)));
}
