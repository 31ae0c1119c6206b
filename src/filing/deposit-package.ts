import { makeFileProofs } from '../calendar/deposit-proofs.ts';
import { makeContentProof } from '../certificate/content-proof.ts';
import type { Sealer } from '../certificate/sealer.ts';
import { selectCertificateOfDeposit } from '../db/certificates.ts';
import { selectFileEntries } from '../db/deposits.ts';
import { selectObjectKey, selectObjectKeysOfDeposit } from '../db/objects.ts';
import type { Queryable } from '../db/pool.ts';
import { selectTimestampMaterial } from '../db/timestamps.ts';
import { encodeHex, encodeUtf8, sha256 } from '../format/bytes.ts';
import { type Certificate, parseCertificate } from '../format/certificate.ts';
import { parseCheckpoint } from '../format/checkpoint.ts';
import { fileNameSchema } from '../format/deposit.ts';
import { parseObject } from '../format/fields.ts';
import type { LogReader } from '../log/log-reader.ts';
import { EvidenceRecords } from '../renewal/evidence-records.ts';
import { StorageError } from '../storage/storage-error.ts';
import { type ContentVault, openStored, originalObjectName } from '../storage/stored-content.ts';
import type { TokenMaterial } from '../verify/timestamp.ts';
import { type PackagedOriginal, PackageError, writePackage } from './package.ts';

export interface DepositPackageParts {
  /** What whoever gets the package sees: all that it tells of the deposit is read there. */
  seen: Queryable;
  vault: ContentVault;
  log: Pick<LogReader, 'inclusionProof' | 'refresh'>;
  sealer: Sealer;
  /** How a certificate stands, by number and digest; undefined if that cannot be told now. Left out: packages say nothing of it. */
  statusOf?: (certificateNo: string, digest: Uint8Array) => Promise<Uint8Array | undefined>;
  /** The custody file of a deposit; undefined if it cannot be made now. Left out: packages carry none. */
  custodyOf?: (depositId: string) => Promise<Uint8Array | undefined>;
  /** verify.html as built. */
  verifier: Uint8Array;
  nowMs: () => number;
}

/**
 * Writes the package of a certified deposit with every original that is still held.
 * @throws PackageError `not-certified`; else as `writePackage`
 */
export async function writeDepositPackage(
  { seen, vault, log, sealer, statusOf, custodyOf, verifier, nowMs }: DepositPackageParts,
  depositId: string,
  sink: WritableStream<Uint8Array>,
): Promise<void> {
  const row = await selectCertificateOfDeposit(seen, depositId);
  if (row === undefined) throw new PackageError('not-certified', `deposit ${depositId} has no certificate yet`);
  if (row.bytes === null) throw new StorageError('object-not-found', `deposit ${depositId} was erased meanwhile`);
  const certificateJson = new Uint8Array(row.bytes.json);
  const certificate = parseCertificate(certificateJson);
  const content = await makeContentProof(seen, log, depositId);
  await writePackage(
    {
      certificate,
      certificateJson,
      certificatePdf: new Uint8Array(row.bytes.pdf),
      status: await statusOf?.(row.certificateNo, row.digest),
      custody: await custodyOf?.(depositId),
      contentReceived: content.state === 'proved' ? content.bytes : undefined,
      originals: await originalsOf(seen, vault, depositId),
      fileProofs: await makeFileProofs(seen, log, depositId),
      evidenceRecords: await new EvidenceRecords(seen).ofDeposit(depositId),
      tokenMaterial: await tokenMaterialOf(seen, certificate),
      verifier,
      createdAtMs: nowMs(),
    },
    sealer,
    sink,
  );
}

/** Of all publications in the certificate, each piece once. */
async function tokenMaterialOf(q: Queryable, certificate: Certificate): Promise<TokenMaterial> {
  const certificates = new Map<string, Uint8Array>();
  const revocation = new Map<string, Uint8Array>();
  for (const { checkpoint } of certificate.publications) {
    const { treeSize } = parseCheckpoint(encodeUtf8(checkpoint));
    for (const row of await selectTimestampMaterial(q, treeSize)) {
      for (const der of row.certificates) certificates.set(encodeHex(sha256(der)), new Uint8Array(der));
      for (const der of row.revocation) revocation.set(encodeHex(sha256(der)), new Uint8Array(der));
    }
  }
  return { certificates: [...certificates.values()], revocation: [...revocation.values()] };
}

async function originalsOf(q: Queryable, vault: ContentVault, depositId: string): Promise<PackagedOriginal[]> {
  const names = new Map(
    (await selectFileEntries(q, depositId)).map(({ fileIndex, nameBody }) => [
      fileIndex,
      parseObject(fileNameSchema, 'tiezheng/file-name/v1', nameBody, 4096).name,
    ]),
  );
  const keys = await selectObjectKeysOfDeposit(q, depositId);
  return keys
    .filter(({ role }) => role === 'original')
    .map(({ fileIndex, sizeBytes, sha256 }) => ({
      index: fileIndex,
      name: names.get(fileIndex) ?? 'file',
      sizeBytes: Number(sizeBytes),
      sha256: encodeHex(sha256),
      open: async () => {
        // Read again one by one: a hundred small ciphertexts need not wait in memory for their turn. A grant that has ended shows no more of them.
        const key = await selectObjectKey(q, depositId, fileIndex, 'original');
        const objectName = originalObjectName(depositId, fileIndex);
        if (key === undefined)
          throw new StorageError('object-not-found', `${objectName} was erased meanwhile, or is shown no more`);
        return openStored(vault, key, objectName, { start: 0, end: Number(sizeBytes) });
      },
    }));
}
