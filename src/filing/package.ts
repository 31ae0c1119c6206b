import { createHash } from 'node:crypto';
import { configure, ZipWriter } from '@zip.js/zip.js';
import type { Sealer } from '../certificate/sealer.ts';
import { CodedError } from '../errors.ts';
import { beijingClock } from '../format/beijing-clock.ts';
import { encodeHex, encodeUtf8, parseBase64, parseHex, sha256 } from '../format/bytes.ts';
import type { Certificate } from '../format/certificate.ts';
import { TAG } from '../format/der.ts';
import { utcTimeOf } from '../format/fields.ts';
import { encodeJson, type JsonValue } from '../format/json.ts';
import { BAG_DECLARATION, encodeManifest, type Manifest, PACKAGE, type PackageSeal } from '../format/package.ts';
import { depositLeafData } from '../format/spine.ts';
import { encodeTlogProof, withCosignatures } from '../format/tlog-proof.ts';
import type { TokenMaterial } from '../verify/timestamp.ts';
import { VERIFIER } from '../verify/verifier.ts';
import { digestOf } from '../verify/verify.ts';
import { renderGuide } from './guide.ts';
import { safeFileName } from './safe-file-name.ts';

export type PackageErrorCode = 'original-differs' | 'not-certified';

/** Why a package cannot be made, or must not be given out. */
export class PackageError extends CodedError<PackageErrorCode> {}

/** An original that goes into the package. */
export interface PackagedOriginal {
  /** Its place in the deposit. */
  index: number;
  /** As the depositor called it. */
  name: string;
  sizeBytes: number;
  /** Hex; what the certificate says of it. */
  sha256: string;
  open(): Promise<AsyncIterable<Uint8Array>>;
}

export interface PackageContent {
  certificate: Certificate;
  certificateJson: Uint8Array;
  certificatePdf: Uint8Array;
  /** How the certificate stands as the package is made, tiezheng/status-proof/v1; undefined if the service could not tell. */
  status?: Uint8Array | undefined;
  /** What was recorded of the deposit, tiezheng/custody-file/v1; undefined if the service could not tell. */
  custody?: Uint8Array | undefined;
  /** What the log holds of content that came after its digests, tiezheng/content-proof/v1; undefined if none did. */
  contentReceived?: Uint8Array | undefined;
  originals: readonly PackagedOriginal[];
  /** OpenTimestamps proofs of files by their place in the deposit. */
  fileProofs: readonly { index: number; bytes: Uint8Array }[];
  /** RFC 4998 evidence records of files by their place in the deposit, and of all together (null) if there are several. */
  evidenceRecords?: readonly { index: number | null; bytes: Uint8Array }[];
  /** What lies beside the timestamps: certificates of their authorities, CRLs and OCSP responses. */
  tokenMaterial: TokenMaterial;
  /** The offline verifier, verify.html. */
  verifier: Uint8Array;
  createdAtMs: number;
}

/** Above this, offsets or sizes may not fit the 32 bits of a plain ZIP. */
const ZIP64_FROM_BYTES = 3_500_000_000;

/**
 * Writes a filing package (docs/formats/package.md) to `sink` and closes it. Originals stream through in constant memory; the
 * manifests come behind them, because only then their digests are known. If anything fails, `sink` is aborted, so that nobody takes
 * half a package for a whole one.
 * @throws PackageError `original-differs` if the store gives other bytes than the certificate says
 */
export async function writePackage(
  content: PackageContent,
  sealer: Sealer,
  sink: WritableStream<Uint8Array>,
): Promise<void> {
  // Threads of the library's own would gain nothing: originals are stored, not compressed.
  configure({ useWebWorkers: false });
  const totalBytes = content.originals.reduce((sum, original) => sum + original.sizeBytes, 0);
  const zip = new ZipWriter(sink, {
    level: 0,
    zip64: totalBytes > ZIP64_FROM_BYTES,
    lastModDate: new Date(content.createdAtMs),
    extendedTimestamp: false,
  });
  try {
    await writeBag(new BagWriter(zip), content, sealer);
    await zip.close();
  } catch (error) {
    await sink.abort(error).catch(() => undefined);
    throw error;
  }
}

async function writeBag(bag: BagWriter, content: PackageContent, sealer: Sealer): Promise<void> {
  const { certificate } = content;
  const { certificateNo, evaluation } = certificate.claims;
  await bag.addBytes(PACKAGE.certificatePdf, content.certificatePdf);
  await bag.addBytes(PACKAGE.certificateJson, content.certificateJson);
  if (content.status !== undefined) await bag.addBytes(PACKAGE.status, content.status);
  if (content.custody !== undefined) await bag.addBytes(PACKAGE.custody, content.custody);
  if (content.contentReceived !== undefined) await bag.addBytes(PACKAGE.contentReceived, content.contentReceived);
  const leafData = depositLeafData(certificate.record);
  for (const [i, { checkpoint, inclusionProof, cosignatures, attestations }] of certificate.publications.entries()) {
    const stem = `${PACKAGE.proofs}checkpoint${i === 0 ? '' : `-${i + 1}`}`;
    await bag.addBytes(`${stem}.txt`, encodeUtf8(checkpoint));
    const proof = {
      extra: leafData,
      leafIndex: BigInt(certificate.log.leafIndex),
      hashes: inclusionProof.map(parseHex),
      checkpointBytes: withCosignatures(encodeUtf8(checkpoint), cosignatures),
    };
    await bag.addBytes(`${stem}.tlog-proof`, encodeTlogProof(proof));
    const tokens = attestations.flatMap((attestation) => (attestation.type === 'rfc3161' ? [attestation.token] : []));
    for (const [j, token] of tokens.entries()) await bag.addBytes(`${stem}.${j + 1}.tst`, parseBase64(token));
  }
  const { certificates, revocation } = content.tokenMaterial;
  for (const [i, der] of certificates.entries()) await bag.addBytes(`${PACKAGE.proofs}authority-${i + 1}.der`, der);
  for (const [i, der] of revocation.entries()) {
    await bag.addBytes(`${PACKAGE.proofs}authority-${i + 1}.${isOcspResponse(der) ? 'ocsp' : 'crl'}`, der);
  }
  for (const { index, bytes } of content.fileProofs) await bag.addBytes(`data/proofs/file-${index + 1}.ots`, bytes);
  for (const { index, bytes } of content.evidenceRecords ?? []) {
    await bag.addBytes(`${PACKAGE.proofs}${index === null ? 'files' : `file-${index + 1}`}.ers`, bytes);
  }
  await bag.addBytes('data/verify.html', content.verifier);
  const verifierSha256 = encodeHex(sha256(content.verifier));
  await bag.addBytes('data/guide.html', encodeUtf8(renderGuide({ certificateNo, evaluation, verifierSha256 })));
  for (const original of content.originals) {
    const path = `${PACKAGE.originals}${original.index + 1}-${safeFileName(original.name)}`;
    const digest = await bag.addStream(path, await original.open());
    if (digest !== original.sha256) {
      throw new PackageError(
        'original-differs',
        `original ${original.index + 1} has SHA-256 ${digest}, not ${original.sha256}`,
      );
    }
  }

  const payload = bag.takeManifests();
  const manifests = { sha256: encodeManifest(payload.sha256), sha512: encodeManifest(payload.sha512) };
  const seal = await sealer.seal<PackageSeal>({
    type: 'tiezheng/package/v1',
    certificate: digestOf(certificate),
    createdAt: utcTimeOf(content.createdAtMs),
    manifests: { sha256: encodeHex(sha256(manifests.sha256)), sha512: encodeHex(sha256(manifests.sha512)) },
    seals: [],
  });
  await bag.addBytes(PACKAGE.declaration, encodeUtf8(BAG_DECLARATION));
  await bag.addBytes(PACKAGE.info, encodeUtf8(bagInfo(certificateNo, evaluation, content.createdAtMs, payload)));
  await bag.addBytes(PACKAGE.manifests.sha256, manifests.sha256);
  await bag.addBytes(PACKAGE.manifests.sha512, manifests.sha512);
  await bag.addBytes(PACKAGE.seal, encodeJson(seal as unknown as JsonValue));

  const tags = bag.takeManifests();
  await bag.addBytes(PACKAGE.tagManifests.sha256, encodeManifest(tags.sha256));
  await bag.addBytes(PACKAGE.tagManifests.sha512, encodeManifest(tags.sha512));
}

/** OCSPResponse begins with an ENUMERATED, CertificateList with a SEQUENCE, behind the header of the outer SEQUENCE. */
function isOcspResponse(der: Uint8Array): boolean {
  const lengthOctets = (der[1] ?? 0) < 0x80 ? 0 : (der[1] as number) & 0x7f;
  return der[2 + lengthOctets] === TAG.enumerated;
}

/** RFC 8493 §2.2.2. The date is that of Beijing, as on the certificate. */
function bagInfo(certificateNo: string, evaluation: boolean, createdAtMs: number, payload: Manifests): string {
  const beijing = beijingClock(createdAtMs).slice(0, 10);
  return [
    `Bag-Software-Agent: ${VERIFIER.name} ${VERIFIER.version}`,
    `Bagging-Date: ${beijing}`,
    `External-Identifier: ${certificateNo}`,
    `Payload-Oxum: ${payload.bytes}.${payload.sha256.size}`,
    ...(evaluation ? ['External-Description: EVALUATION, not for use as evidence'] : []),
    '',
  ].join('\n');
}

interface Manifests {
  sha256: Manifest;
  sha512: Manifest;
  bytes: number;
}

/** Puts files into the ZIP and keeps the digests of what it put there. */
class BagWriter {
  readonly #zip: ZipWriter<unknown>;
  #manifests: Manifests = { sha256: new Map(), sha512: new Map(), bytes: 0 };

  constructor(zip: ZipWriter<unknown>) {
    this.#zip = zip;
  }

  /** Manifests of all that was added since the last call. */
  takeManifests(): Manifests {
    const taken = this.#manifests;
    this.#manifests = { sha256: new Map(), sha512: new Map(), bytes: 0 };
    return taken;
  }

  async addBytes(path: string, bytes: Uint8Array): Promise<void> {
    await this.addStream(path, [bytes]);
  }

  /** @returns SHA-256 of what was read, hex */
  async addStream(path: string, content: AsyncIterable<Uint8Array> | Iterable<Uint8Array>): Promise<string> {
    const hashes = { sha256: createHash('sha256'), sha512: createHash('sha512') };
    const counted = async function* (manifests: Manifests) {
      for await (const chunk of content) {
        hashes.sha256.update(chunk);
        hashes.sha512.update(chunk);
        manifests.bytes += chunk.length;
        yield chunk;
      }
    };
    await this.#zip.add(path, ReadableStream.from(counted(this.#manifests)) as never);
    const sha256Hex = hashes.sha256.digest('hex');
    this.#manifests.sha256.set(path, sha256Hex);
    this.#manifests.sha512.set(path, hashes.sha512.digest('hex'));
    return sha256Hex;
  }
}
