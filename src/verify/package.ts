import { CodedError, FormatError } from '../errors.ts';
import { equalBytes, parseUtf8 } from '../format/bytes.ts';
import { type Certificate, parseCertificate } from '../format/certificate.ts';
import { parseContentProof } from '../format/content-received.ts';
import { parseCustodyFile } from '../format/custody.ts';
import {
  BAG_DECLARATION,
  type Manifest,
  PACKAGE,
  type PackageSeal,
  parseManifest,
  parsePackageSeal,
} from '../format/package.ts';
import type { Check, Report } from '../format/report.ts';
import { sealedBytes } from '../format/seal.ts';
import { parseStatusProof } from '../format/status.ts';
import { failed, passed } from './checks.ts';
import { checkContentReceived } from './content-received.ts';
import type { PresentedFile } from './deposit.ts';
import { openPdf } from './pdf.ts';
import { openSeal } from './seal.ts';
import type { TokenMaterial } from './timestamp.ts';
import type { Trust } from './trust.ts';
import { digestOf, verifyCertificate } from './verify.ts';

/** One file of a package as it lies in the ZIP, hashed where the reader is. */
export interface PackagedFile extends PresentedFile {
  /** As the ZIP spells it. */
  path: string;
  sha512: string;
  /** The content, if it is small enough to be a certificate, a manifest or a proof. */
  bytes: Uint8Array | undefined;
}

/**
 * Verifies the certificate of a package against the originals in it and any files beside it, and the package around them.
 * @param status as for `verifyCertificate`; takes the place of the one in the package, which is as old as the package
 * @param custody as for `verifyCertificate`; takes the place of the one in the package
 * @throws FormatError `unknown-type` if there is no certificate in the package, or as `verifyCertificate`
 */
export async function verifyPackage(
  files: readonly PackagedFile[],
  beside: readonly PresentedFile[],
  trust: Trust,
  status?: Uint8Array,
  custody?: Uint8Array,
): Promise<Report> {
  const byPath = new Map(files.map((file) => [file.path, file]));
  const certificate = byPath.get(PACKAGE.certificateJson)?.bytes;
  if (certificate === undefined) {
    throw new FormatError('unknown-type', `no ${PACKAGE.certificateJson} in the package`);
  }
  const parsed = parseCertificate(certificate);
  const originals = files.filter((file) => file.path.startsWith(PACKAGE.originals));
  const material = materialIn(files);
  const checks = [
    checkManifest(byPath, parsed),
    checkExtra(files, byPath),
    ...(await checkPdf(byPath.get(PACKAGE.certificatePdf)?.bytes, certificate, trust, material)),
  ];
  const packed = packedPart(byPath, PACKAGE.status, parseStatusProof);
  if (status === undefined && packed instanceof CodedError) checks.push(failed('status', null, packed.code));
  const answer = status ?? (packed instanceof CodedError ? undefined : packed);
  const kept = packedPart(byPath, PACKAGE.custody, parseCustodyFile);
  if (custody === undefined && kept instanceof CodedError) checks.push(failed('custody.chain', null, kept.code));
  const record = custody ?? (kept instanceof CodedError ? undefined : kept);
  checks.push(...packedContentReceived(byPath, parsed, trust));
  const carrier = { kind: 'package', checks } as const;
  return verifyCertificate(certificate, [...originals, ...beside], trust, carrier, material, answer, record);
}

/** Files whose content came after their digests: that it did is told by the log. */
function packedContentReceived(
  byPath: ReadonlyMap<string, PackagedFile>,
  { record, files }: Certificate,
  trust: Trust,
): Check[] {
  const packed = packedPart(byPath, PACKAGE.contentReceived, parseContentProof);
  if (packed === undefined) return [];
  if (packed instanceof CodedError) return [failed('file.received', null, packed.code)];
  return checkContentReceived(
    parseContentProof(packed),
    record,
    files.map(({ entry }) => entry),
    trust,
  );
}

/** What lies at a path of the package; the error that reading it gave, since what a package holds is evidence and not input. */
function packedPart(
  byPath: ReadonlyMap<string, PackagedFile>,
  path: string,
  parse: (bytes: Uint8Array) => unknown,
): Uint8Array | CodedError | undefined {
  const file = byPath.get(path);
  if (file === undefined) return undefined;
  try {
    parse(bytesOf(byPath, path));
    return file.bytes;
  } catch (error) {
    if (error instanceof CodedError) return error;
    throw error;
  }
}

/** Are the files the ones that the sealed manifests list, whole and unchanged? */
function checkManifest(byPath: ReadonlyMap<string, PackagedFile>, certificate: Certificate): Check {
  const name = 'package.manifest';
  try {
    if (textOf(byPath, PACKAGE.declaration) !== BAG_DECLARATION) return failed(name, null, 'not-a-bag');
    const payload = openManifests(byPath, PACKAGE.manifests);
    const tags = openManifests(byPath, PACKAGE.tagManifests);
    for (const path of [PACKAGE.declaration, PACKAGE.info, PACKAGE.seal, ...Object.values(PACKAGE.manifests)]) {
      if (!tags.sha256.has(path)) return failed(name, null, 'tag-file-not-listed', { path });
    }
    for (const manifests of [payload, tags]) {
      const wrong = firstDifference(byPath, manifests);
      if (wrong !== undefined) return failed(name, null, wrong.reason, { path: wrong.path });
    }
    return checkPackageSeal(byPath, certificate, payload.sha256.size);
  } catch (error) {
    if (error instanceof CodedError) return failed(name, null, error.code);
    throw error;
  }
}

function checkPackageSeal(byPath: ReadonlyMap<string, PackagedFile>, certificate: Certificate, count: number): Check {
  const name = 'package.manifest';
  const seal: PackageSeal = parsePackageSeal(bytesOf(byPath, PACKAGE.seal));
  const facts = { files: String(count), createdAt: seal.createdAt };
  if (seal.certificate !== digestOf(certificate)) return failed(name, null, 'sealed-for-another-certificate', facts);
  for (const algorithm of ['sha256', 'sha512'] as const) {
    if (seal.manifests[algorithm] !== byPath.get(PACKAGE.manifests[algorithm])?.sha256) {
      return failed(name, null, 'manifest-changed-after-sealing', facts);
    }
  }
  const packageSigners = signersOf(seal);
  // Whether that signer is trusted is the check `seal`; here it only has to be the same one.
  const sealedBySameKey = signersOf(certificate).some((der) => packageSigners.some((other) => equalBytes(der, other)));
  return sealedBySameKey ? passed(name, null, facts) : failed(name, null, 'sealed-by-another-key', facts);
}

/** DER of the signers whose signatures on this object are valid. */
function signersOf(object: Certificate | PackageSeal): Uint8Array[] {
  const payload = sealedBytes(object);
  return object.seals.flatMap((seal) => {
    const opened = openSeal(seal, payload);
    return opened.ok && opened.chain[0] !== undefined ? [opened.chain[0].der] : [];
  });
}

interface Manifests {
  sha256: Manifest;
  sha512: Manifest;
}

function openManifests(
  byPath: ReadonlyMap<string, PackagedFile>,
  paths: { sha256: string; sha512: string },
): Manifests {
  return {
    sha256: parseManifest(bytesOf(byPath, paths.sha256), 'sha256'),
    sha512: parseManifest(bytesOf(byPath, paths.sha512), 'sha512'),
  };
}

function firstDifference(
  byPath: ReadonlyMap<string, PackagedFile>,
  { sha256, sha512 }: Manifests,
): { reason: string; path: string } | undefined {
  for (const [path, digest] of sha256) {
    const file = byPath.get(path);
    if (!sha512.has(path)) return { reason: 'manifests-differ', path };
    if (file === undefined) return { reason: 'listed-file-missing', path };
    if (file.sha256 !== digest || file.sha512 !== sha512.get(path)) return { reason: 'file-changed', path };
  }
  for (const path of sha512.keys()) if (!sha256.has(path)) return { reason: 'manifests-differ', path };
  return undefined;
}

/** Is there anything that no manifest lists, or one path twice, so that two readers might open different files? */
function checkExtra(files: readonly PackagedFile[], byPath: ReadonlyMap<string, PackagedFile>): Check {
  const name = 'package.extra';
  if (byPath.size !== files.length) {
    const seen = new Set<string>();
    const twice = files.find(({ path }) => seen.has(path) || !seen.add(path));
    return failed(name, null, 'path-twice-in-the-zip', { path: twice?.path ?? '' });
  }
  const listed = new Set<string>(Object.values(PACKAGE.tagManifests));
  try {
    for (const manifest of [PACKAGE.manifests.sha256, PACKAGE.tagManifests.sha256]) {
      for (const path of parseManifest(bytesOf(byPath, manifest), 'sha256').keys()) listed.add(path);
    }
  } catch (error) {
    if (error instanceof CodedError) return failed(name, null, error.code);
    throw error;
  }
  const extra = files.map(({ path }) => path).filter((path) => !listed.has(path));
  return extra.length === 0
    ? passed(name, null, { files: String(files.length) })
    : failed(name, null, 'file-not-in-the-manifest', { path: extra.sort()[0] ?? '', extra: String(extra.length) });
}

/** What lies in the package to judge tokens by: X.509 certificates (`.der`), CRLs (`.crl`) and OCSP responses (`.ocsp`). */
function materialIn(files: readonly PackagedFile[]): TokenMaterial {
  const withEnding = (...endings: string[]) =>
    files
      .filter(({ path }) => path.startsWith(PACKAGE.proofs) && endings.some((ending) => path.endsWith(ending)))
      .flatMap(({ bytes }) => bytes ?? []);
  return { certificates: withEnding('.der'), revocation: withEnding('.crl', '.ocsp') };
}

/** The paper in the package must carry the very certificate that lies beside it. */
async function checkPdf(
  pdf: Uint8Array | undefined,
  certificate: Uint8Array,
  trust: Trust,
  material: TokenMaterial,
): Promise<Check[]> {
  if (pdf === undefined) return [failed('pdf.matches', null, 'no-pdf-in-the-package')];
  try {
    const opened = await openPdf(pdf, trust, material);
    if (equalBytes(opened.certificate, certificate)) return opened.checks;
    return [
      ...opened.checks.filter((check) => check.name !== 'pdf.matches'),
      failed('pdf.matches', null, 'carries-another-certificate'),
    ];
  } catch (error) {
    if (error instanceof CodedError) return [failed('pdf.matches', null, error.code)];
    throw error;
  }
}

function bytesOf(byPath: ReadonlyMap<string, PackagedFile>, path: string): Uint8Array {
  const bytes = byPath.get(path)?.bytes;
  if (bytes === undefined) throw new FormatError('invalid-manifest', `${path} is missing or too large to be read`);
  return bytes;
}

function textOf(byPath: ReadonlyMap<string, PackagedFile>, path: string): string {
  return parseUtf8(bytesOf(byPath, path));
}
