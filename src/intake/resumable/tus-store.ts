import type { Readable } from 'node:stream';
import { DataStore, Upload } from '@tus/utils';
import type { Database } from '../../db/pool.ts';
import { selectUpload, type UploadRow } from '../../db/uploads.ts';
import { ResumableError } from './resumable-error.ts';
import { parseUploadMetadata } from './upload-metadata.ts';
import type { UploadParts } from './upload-parts.ts';
import type { Uploads } from './uploads.ts';

/**
 * What the tus server keeps uploads in. It is handed nothing that the routes have not judged before: who calls, whose upload it is, and
 * that it is open.
 */
export class TusStore extends DataStore {
  readonly #db: Database;
  readonly #uploads: Pick<Uploads, 'create' | 'terminate'>;
  readonly #parts: UploadParts;

  constructor(db: Database, uploads: Pick<Uploads, 'create' | 'terminate'>, parts: UploadParts) {
    super();
    this.#db = db;
    this.#uploads = uploads;
    this.#parts = parts;
    // Expiry is told by the routes: here it would be counted from the creation alone.
    this.extensions = ['creation', 'creation-with-upload', 'termination', 'expiration'];
  }

  /** Whoever asks again for the same file gets the upload that is open already, at the offset that it has. */
  override async create(upload: Upload): Promise<Upload> {
    const { depositId, fileIndex } = parseUploadMetadata(upload.metadata ?? {});
    const row = await this.#uploads.create({
      uploadId: upload.id,
      depositId,
      fileIndex,
      sizeBytes: BigInt(upload.size ?? 0),
    });
    upload.id = row.uploadId;
    upload.metadata = metadataOf(row);
    return upload;
  }

  override async write(stream: Readable, uploadId: string, offset: number): Promise<number> {
    return Number(await this.#parts.append(uploadId, BigInt(offset), stream));
  }

  override async getUpload(uploadId: string): Promise<Upload> {
    const row = await selectUpload(this.#db.pool, uploadId);
    if (row === undefined) throw new ResumableError('upload-not-found', `there is no upload ${uploadId}`);
    return new Upload({
      id: uploadId,
      size: Number(row.sizeBytes),
      offset: Number(row.offsetBytes),
      metadata: metadataOf(row),
      creation_date: row.createdAt.toISOString(),
    });
  }

  override async remove(uploadId: string): Promise<void> {
    await this.#uploads.terminate(uploadId);
  }
}

function metadataOf({ depositId, fileIndex }: UploadRow): Record<string, string> {
  return { deposit: depositId, file: String(fileIndex) };
}
