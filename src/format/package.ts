import * as z from 'zod';
import { FormatError } from '../errors.ts';
import { encodeUtf8, parseUtf8 } from './bytes.ts';
import { hex32, parseObject, utcTime } from './fields.ts';
import { sealsSchema } from './seal.ts';

/** BagIt (RFC 8493) names of a package's files. Payload lies below `data/`. */
export const PACKAGE = {
  declaration: 'bagit.txt',
  info: 'bag-info.txt',
  manifests: { sha256: 'manifest-sha256.txt', sha512: 'manifest-sha512.txt' },
  tagManifests: { sha256: 'tagmanifest-sha256.txt', sha512: 'tagmanifest-sha512.txt' },
  seal: 'manifest-seal.json',
  certificateJson: 'data/certificate.json',
  certificatePdf: 'data/certificate.pdf',
  status: 'data/status.json',
  contentReceived: 'data/content-received.json',
  custody: 'data/custody.json',
  originals: 'data/originals/',
  proofs: 'data/proofs/',
} as const;

export const BAG_DECLARATION = 'BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n';

/** The service's seal over both payload manifests of a package. */
export const packageSealSchema = z.strictObject({
  type: z.literal('tiezheng/package/v1'),
  /** Digest of the certificate without seals: the name it goes by. */
  certificate: hex32,
  createdAt: utcTime,
  /** SHA-256 of the bytes of each payload manifest. */
  manifests: z.strictObject({ sha256: hex32, sha512: hex32 }),
  seals: sealsSchema,
});
export type PackageSeal = z.infer<typeof packageSealSchema>;

/** @throws FormatError */
export function parsePackageSeal(bytes: Uint8Array): PackageSeal {
  return parseObject(packageSealSchema, 'tiezheng/package/v1', bytes, 256 * 1024);
}

/** Hex digests by path, in the order of the manifest. */
export type Manifest = Map<string, string>;

export const MAX_MANIFEST_BYTES = 8 * 1024 * 1024;
const MAX_MANIFEST_LINES = 20_000;
const DIGEST_LENGTH = { sha256: 64, sha512: 128 } as const;

/**
 * One line a file: digest, two spaces, path; RFC 8493 §2.1.3. CR, LF and % in a path are percent-encoded there.
 * @throws FormatError `invalid-manifest` for another spelling, a path listed twice or leading out of the bag, a digest of wrong length
 */
export function parseManifest(bytes: Uint8Array, algorithm: 'sha256' | 'sha512'): Manifest {
  if (bytes.length > MAX_MANIFEST_BYTES) {
    throw new FormatError('too-large', `manifest of ${bytes.length} bytes, at most ${MAX_MANIFEST_BYTES} are read`);
  }
  const text = parseUtf8(bytes);
  if (!text.endsWith('\n')) throw new FormatError('invalid-manifest', 'the last line does not end');
  const lines = text.slice(0, -1).split('\n');
  if (lines.length > MAX_MANIFEST_LINES) {
    throw new FormatError('invalid-manifest', `${lines.length} lines, at most ${MAX_MANIFEST_LINES} are read`);
  }
  const manifest: Manifest = new Map();
  for (const [i, line] of lines.entries()) {
    const [, digest, path] = /^([0-9a-f]+) {2}(\S.*)$/u.exec(line) ?? [];
    if (digest?.length !== DIGEST_LENGTH[algorithm] || path === undefined) {
      throw new FormatError('invalid-manifest', `line ${i + 1} is not a ${algorithm} digest, two spaces and a path`);
    }
    checkBagPath(path, i + 1);
    if (manifest.has(path)) throw new FormatError('invalid-manifest', `line ${i + 1} lists a path for the second time`);
    manifest.set(path, digest);
  }
  return manifest;
}

export function encodeManifest(manifest: Manifest): Uint8Array {
  return encodeUtf8([...manifest].map(([path, digest]) => `${digest}  ${path}\n`).join(''));
}

function checkBagPath(path: string, line: number): void {
  const segments = path.split('/');
  const isSafe =
    path.length <= 1024 &&
    segments.every((s) => s !== '' && s !== '.' && s !== '..') &&
    // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is refused
    !/[\u0000-\u001f\u007f\\:]/.test(path);
  if (!isSafe)
    throw new FormatError('invalid-manifest', `line ${line} has a path that leads out of the package or is unreadable`);
}
