import type { Readable } from 'node:stream';
import type { Request, Response } from 'express';
import multer, { MulterError } from 'multer';
import { CodedError } from '../errors.ts';
import { ObjectSealer, sealBytes } from '../storage/encrypted-object.ts';
import type { MasterKeyRing } from '../storage/master-key.ts';
import type { ObjectStore } from '../storage/object-store.ts';
import { originalObjectName } from '../storage/stored-content.ts';
import { checkFileName } from './deposit-request.ts';
import { type ContentDigests, type DigestPool, digestBytes } from './digest-stream.ts';
import { detectMediaType, MEDIA_TYPE_HEAD_BYTES } from './media-type.ts';
import { IntakeError } from './upload-error.ts';
import { countReceivedBytes } from './upload-garbage.ts';

/** Plaintext up to this many bytes is handed back as ciphertext, to be kept in the database. */
export const INLINE_BYTES = 64 * 1024;
export const DEFAULT_MAX_FILE_BYTES = 5 * 1024 ** 3;

export interface UploadLimits {
  /** Of one file's content. */
  maxFileBytes: number;
  maxFiles: number;
  /** Of one text field's value. */
  maxFieldBytes: number;
}

export interface UploadParts {
  store: ObjectStore;
  keys: MasterKeyRing;
  digests: DigestPool;
}

/** A file whose ciphertext is durable in the store, or at hand. */
export interface ReceivedFile extends ContentDigests {
  /** Verbatim; passed `checkFileName`. Evidence text, never a path. */
  name: string;
  sizeBytes: number;
  /** What the content shows, not what the client said. */
  mediaType: string;
  object: { kind: 'inline'; ciphertext: Uint8Array } | { kind: 'stored'; name: string };
  /** Opens the object under `originalObjectName(depositId, n)`, inline or stored. */
  wrappedKey: Uint8Array;
}

export interface ReceivedUpload {
  depositId: string;
  /** In the order in which they came: the n-th is object n. */
  files: ReceivedFile[];
  fields: ReadonlyMap<string, string>;
}

const FILES_FIELD = 'files';

/**
 * Receives multipart uploads: every file passes once, in constant memory, through both digests and the cipher into the store.
 * Either all files of a request are received, or none is left behind.
 */
export class UploadReceiver {
  readonly #engine: UploadEngine;
  readonly #limits: UploadLimits;
  readonly #parse: ReturnType<multer.Multer['fields']>;

  constructor(parts: UploadParts, limits: UploadLimits) {
    this.#limits = limits;
    this.#engine = new UploadEngine(parts, limits);
    const options: multer.Options & { streamHandler: typeof refuseNamelessFiles } = {
      storage: this.#engine,
      // Browsers send names as raw UTF-8 bytes. The name whole, so that our own rule sees it.
      defParamCharset: 'utf8',
      preservePath: true,
      limits: {
        files: limits.maxFiles,
        fields: 20,
        fieldSize: limits.maxFieldBytes,
        fieldNameSize: 100,
        fieldNestingDepth: 0,
        headerPairs: 20,
      },
      streamHandler: refuseNamelessFiles,
    };
    this.#parse = multer(options).fields([{ name: FILES_FIELD }]);
  }

  /**
   * Reads a multipart request with parts `files` (each with a file name) and text fields, to its end.
   *
   * Durable when it resolves. If it rejects, nothing of this request is left in the store; should a deletion itself fail, what
   * stays is named by no record and is removed by `removeOrphanObjects`.
   * @param depositId fresh for this request: objects are stored under it
   * @throws IntakeError, StorageError
   */
  async receive(req: Request, res: Response, depositId: string): Promise<ReceivedUpload> {
    if (!/^multipart\/form-data(?:;|$)/i.test(req.headers['content-type'] ?? '')) {
      throw new IntakeError('malformed-upload', 'expected a body of type multipart/form-data');
    }
    this.#engine.begin(req, depositId);
    const error = await new Promise<unknown>((resolve) => this.#parse(req, res, resolve));
    if (error != null) throw this.#asIntakeError(error, req);

    const files = filesOf(req);
    try {
      return { depositId, files, fields: fieldsOf(req.body) };
    } catch (reason) {
      await this.discard(files);
      throw reason;
    }
  }

  /** Removes what `receive` stored, when the deposit is not to be after all. Tries every file. @throws StorageError the first */
  async discard(files: readonly ReceivedFile[]): Promise<void> {
    const failures: unknown[] = [];
    for (const file of files) {
      await this.#engine.remove(file).catch((error: unknown) => failures.push(error));
    }
    if (failures.length > 0) throw failures[0];
  }

  #asIntakeError(error: unknown, req: Request): unknown {
    if (error instanceof CodedError) return error;
    if (error instanceof MulterError) return fromMulter(error, this.#limits);
    if (!req.complete && (req.destroyed || req.errored !== null)) {
      return new IntakeError('upload-aborted', 'the connection ended before the upload did', { cause: error });
    }
    // What the multipart parser throws has no class or code of its own.
    if (error instanceof Error && PARSER_MESSAGE.test(error.message)) {
      return new IntakeError('malformed-upload', `the multipart body is broken: ${error.message}`, { cause: error });
    }
    return error;
  }
}

const PARSER_MESSAGE = /^(?:Multipart: |Malformed |Missing Content-Type|Unsupported content type|Unexpected end of )/;

/** multer's storage engine: one file's stream in, one ReceivedFile out. */
export class UploadEngine implements multer.StorageEngine {
  readonly #parts: UploadParts;
  readonly #limits: UploadLimits;
  readonly #uploads = new WeakMap<object, { depositId: string; begun: number }>();

  constructor(parts: UploadParts, limits: UploadLimits) {
    this.#parts = parts;
    this.#limits = limits;
  }

  /** Says under which deposit the files of this request are stored. */
  begin(req: object, depositId: string): void {
    this.#uploads.set(req, { depositId, begun: 0 });
  }

  _handleFile(
    req: Request,
    file: Express.Multer.File,
    callback: (error?: unknown, info?: Partial<Express.Multer.File>) => void,
  ): void {
    this.#receive(req, file).then(
      (received) => callback(null, { [RECEIVED]: received } as ReceivedInfo),
      (error: unknown) => {
        // What is left of this part must not hold up the rest of the request.
        file.stream.resume();
        callback(error);
      },
    );
  }

  _removeFile(_req: Request, file: Express.Multer.File, callback: (error: Error | null) => void): void {
    const received = (file as ReceivedInfo)[RECEIVED];
    (received === undefined ? Promise.resolve() : this.remove(received)).then(() => callback(null), callback);
  }

  /** @throws StorageError */
  async remove(file: ReceivedFile): Promise<void> {
    if (file.object.kind === 'stored') await this.#parts.store.delete(file.object.name);
  }

  async #receive(req: object, file: Express.Multer.File): Promise<ReceivedFile> {
    const upload = this.#uploads.get(req);
    if (upload === undefined) throw new Error('begin was not called for this request');
    const n = upload.begun++;
    const name = file.originalname;
    checkFileName(name);
    const objectName = originalObjectName(upload.depositId, n);

    const content = new BoundedContent(file.stream, this.#limits.maxFileBytes, `file ${n}`);
    const head = await content.head();
    if (head.length === 0) throw new IntakeError('empty-file', `file ${n} has no bytes`);
    const mediaType = await detectMediaType(head, content.isWhole);
    return content.isWhole
      ? await this.#keepInline(objectName, { name, mediaType }, head)
      : await this.#store(objectName, { name, mediaType }, content);
  }

  async #keepInline(objectName: string, file: { name: string; mediaType: string }, content: Uint8Array) {
    const { wrappedKey, ciphertext } = await sealBytes(this.#parts.keys, objectName, content);
    const object = { kind: 'inline', ciphertext } as const;
    return { ...file, sizeBytes: content.length, ...digestBytes(content), object, wrappedKey };
  }

  async #store(
    objectName: string,
    file: { name: string; mediaType: string },
    content: BoundedContent,
  ): Promise<ReceivedFile> {
    const { store, keys, digests } = this.#parts;
    const sealer = await ObjectSealer.open(keys, objectName);
    const digest = digests.open();
    async function* sealed() {
      for await (const chunk of content.chunks()) {
        await digest.update(chunk);
        yield* sealer.update(chunk);
      }
      yield* sealer.end();
    }
    try {
      // A crash from here on leaves, at most, an object that no record names.
      await store.put(objectName, sealed());
      const object = { kind: 'stored', name: objectName } as const;
      const digested = await digest.finish().catch(async (error: unknown) => {
        await store.delete(objectName);
        throw error;
      });
      return { ...file, sizeBytes: content.sizeBytes, ...digested, object, wrappedKey: sealer.wrappedKey };
    } finally {
      digest.abort();
    }
  }
}

const RECEIVED = Symbol('received');
type ReceivedInfo = Partial<Express.Multer.File> & { [RECEIVED]?: ReceivedFile };

/** A part's content: its head first, then all of it from the start, never more than the limit. */
class BoundedContent {
  /** Known once `head` has resolved: the head is all there is. */
  isWhole = false;
  /** Read so far. */
  sizeBytes = 0;
  readonly #chunks: AsyncIterator<Uint8Array>;
  readonly #maxBytes: number;
  readonly #label: string;
  #begun: Uint8Array[] = [];

  constructor(stream: Readable, maxBytes: number, label: string) {
    this.#chunks = stream.iterator({ destroyOnReturn: false });
    this.#maxBytes = maxBytes;
    this.#label = label;
  }

  /** Up to MEDIA_TYPE_HEAD_BYTES, which are also what may stay inline. */
  async head(): Promise<Uint8Array> {
    const head = Buffer.allocUnsafeSlow(Math.max(MEDIA_TYPE_HEAD_BYTES, INLINE_BYTES));
    let have = 0;
    for (;;) {
      const chunk = await this.#next();
      if (chunk === undefined) {
        this.isWhole = true;
        return head.subarray(0, have);
      }
      const part = chunk.subarray(0, head.length - have);
      head.set(part, have);
      have += part.length;
      if (part.length < chunk.length) {
        this.#begun = [head, chunk.subarray(part.length)];
        return head;
      }
    }
  }

  /** The whole content, once. */
  async *chunks(): AsyncGenerator<Uint8Array, void, void> {
    yield* this.#begun;
    this.#begun = [];
    for (let chunk = await this.#next(); chunk !== undefined; chunk = await this.#next()) yield chunk;
  }

  async #next(): Promise<Uint8Array | undefined> {
    let next: IteratorResult<Uint8Array>;
    try {
      next = await this.#chunks.next();
    } catch (cause) {
      throw new IntakeError('upload-aborted', `${this.#label} broke off after ${this.sizeBytes} bytes`, { cause });
    }
    if (next.done === true) return undefined;
    this.sizeBytes += next.value.length;
    countReceivedBytes(next.value.length);
    if (this.sizeBytes > this.#maxBytes) {
      throw new IntakeError('file-too-large', `${this.#label} is larger than ${this.#maxBytes} bytes`);
    }
    return next.value;
  }
}

/**
 * multer drops a file part without a name in silence, and a depositor would believe it handed in. Browsers send such a part,
 * empty, for a file input that nobody filled: only one with content is refused.
 */
function refuseNamelessFiles(req: Request, parser: NodeJS.WritableStream): void {
  parser.prependListener('file', (_field: string, stream: Readable, { filename }: { filename?: string }) => {
    if (filename) return;
    stream.once('data', () => {
      parser.emit('error', new IntakeError('invalid-file-name', 'a file part has no file name'));
    });
  });
  req.pipe(parser);
}

function filesOf(req: Request): ReceivedFile[] {
  const files = (req.files as { [field: string]: ReceivedInfo[] } | undefined)?.[FILES_FIELD] ?? [];
  return files.map((file) => file[RECEIVED] as ReceivedFile);
}

function fieldsOf(body: Record<string, unknown>): Map<string, string> {
  const fields = new Map<string, string>();
  for (const [name, value] of Object.entries(body)) {
    if (typeof value !== 'string') {
      throw new IntakeError('unexpected-field', `the field ${JSON.stringify(name)} is there more than once`);
    }
    fields.set(name, value);
  }
  return fields;
}

function fromMulter(error: MulterError, limits: UploadLimits): IntakeError {
  const field = JSON.stringify(error.field ?? '');
  switch (error.code) {
    case 'LIMIT_FILE_COUNT':
      return new IntakeError('too-many-files', `more than ${limits.maxFiles} files`, { cause: error });
    case 'LIMIT_FIELD_VALUE':
      return new IntakeError('field-too-large', `the field ${field} is larger than ${limits.maxFieldBytes} bytes`, {
        cause: error,
      });
    case 'LIMIT_UNEXPECTED_FILE':
      return new IntakeError('unexpected-field', `a file in the field ${field}; files go into "${FILES_FIELD}"`, {
        cause: error,
      });
    default:
      return new IntakeError('malformed-upload', `${error.message} (field ${field})`, { cause: error });
  }
}
