import { CodedError } from '../../errors.ts';
import type { Statement } from '../../format/annex.ts';
import { detailSchema } from '../api-answers.ts';
import { depositDigests, getJson, newIdempotencyKey, type SignedPart } from '../api-client.ts';
import { ApiError } from '../api-error.ts';
import { ContentUpload } from './content-upload.ts';
import { type FileDigests, FileHasher } from './file-hasher.ts';
import { forgetUpload, rememberedUpload, rememberUpload } from './remembered-uploads.ts';
import type { DigestedFile } from './what-is-signed.ts';

/** How far one file has come. `deposited`: its digests are in the log, its content waits for its turn. */
export type FileState =
  | { phase: 'waiting' }
  | { phase: 'hashing'; bytes: number }
  | { phase: 'hashed' }
  | { phase: 'deposited' }
  | { phase: 'uploading'; bytes: number }
  | { phase: 'checking' }
  | { phase: 'received' }
  | { phase: 'failed'; error: CodedError };

export interface HandInFile {
  file: File;
  state: FileState;
  /** Where it belongs, once it is deposited. */
  depositId: string | undefined;
}

/** `to-sign`: the depositor has to act. `stopped`: depositing failed, and may be tried again. */
export type HandInPhase = 'hashing' | 'to-sign' | 'depositing' | 'stopped' | 'uploading' | 'done';

export interface HandInState {
  phase: HandInPhase;
  isPaused: boolean;
  files: readonly HandInFile[];
  /** Why it is stopped, or not signed. */
  error: CodedError | undefined;
  /** Those that were made now, and those that are gone on with. */
  depositIds: readonly string[];
}

/** Contents on their way at a time: more would only share the line. */
const UPLOADS_AT_A_TIME = 3;
/** The page is drawn at most so often. */
const TELL_EVERY_MS = 200;

/** Has these files and this statement signed. @throws ApiError */
export type Signer = (files: readonly DigestedFile[], statement: Statement) => Promise<SignedPart>;

interface Work extends HandInFile {
  digests: FileDigests | undefined;
  fileIndex: number;
  /** Of an upload that is open already. */
  uploadId: string | undefined;
}

/**
 * Hash first, upload later: all files are hashed where they lie, their digests are deposited at once, so that the time is fixed before a
 * byte travels, and then the contents follow. Files that this browser has deposited before go on where they stopped.
 */
export class LargeHandIn {
  readonly #files: Work[];
  readonly #statement: Statement;
  readonly #tell: (state: HandInState) => void;
  readonly #key = newIdempotencyKey();
  readonly #hasher = new FileHasher();
  readonly #uploads = new Set<ContentUpload>();
  #signer: Signer | undefined;
  #signed: SignedPart | undefined;
  #phase: HandInPhase = 'hashing';
  #error: CodedError | undefined;
  #isPaused = false;
  #isEnded = false;
  #resumed: Promise<void> = Promise.resolve();
  #resume: () => void = () => {};
  #timer: ReturnType<typeof setTimeout> | undefined;

  /**
   * @param signer if the depositor wants to sign
   * @param tell called with the state whenever it changes, not more often than a person sees
   */
  constructor(
    files: readonly File[],
    statement: Statement,
    signer: Signer | undefined,
    tell: (state: HandInState) => void,
  ) {
    this.#signer = signer;
    this.#statement = statement;
    this.#tell = tell;
    this.#files = files.map((file) => ({
      file,
      state: { phase: 'waiting' },
      depositId: undefined,
      digests: undefined,
      fileIndex: 0,
      uploadId: undefined,
    }));
  }

  get state(): HandInState {
    return {
      phase: this.#phase,
      isPaused: this.#isPaused,
      files: this.#files.map(({ file, state, depositId }) => ({ file, state, depositId })),
      error: this.#error,
      depositIds: [...new Set(this.#files.flatMap(({ depositId }) => depositId ?? []))],
    };
  }

  /** Never rejects: what goes wrong is in the state. */
  async start(): Promise<void> {
    this.#changed();
    for (const work of this.#files) await this.#hash(work);
    this.#hasher.close();
    if (!this.#isEnded) await this.deposit();
  }

  /** Once everything is hashed; again if it stopped. */
  async deposit(): Promise<void> {
    this.#error = undefined;
    this.#move('depositing');
    try {
      await this.#findKnown();
      if (this.#signer !== undefined && this.#signed === undefined && this.#fresh().length > 0) {
        // Browsers ask for a passkey only when the reader has just acted.
        this.#move('to-sign');
        return;
      }
      await this.#depositNew();
    } catch (error) {
      this.#error = asCoded(error);
      this.#move('stopped');
      return;
    }
    this.#move('uploading');
    await this.#uploadAll();
  }

  /** What has to be signed, and then deposits it. */
  async sign(): Promise<void> {
    if (this.#signer === undefined) return;
    this.#error = undefined;
    try {
      this.#signed = await this.#signer(this.#fresh().map(digestedFile), this.#statement);
    } catch (error) {
      this.#error = asCoded(error);
      this.#changed();
      return;
    }
    await this.deposit();
  }

  /** Deposits without a signature after all. */
  async skipSigning(): Promise<void> {
    this.#signer = undefined;
    this.#signed = undefined;
    await this.deposit();
  }

  pause(): void {
    if (this.#isPaused) return;
    this.#isPaused = true;
    this.#resumed = new Promise((resolve) => {
      this.#resume = resolve;
    });
    this.#hasher.pause();
    for (const upload of this.#uploads) upload.pause();
    this.#changed();
  }

  resume(): void {
    if (!this.#isPaused) return;
    this.#isPaused = false;
    this.#resume();
    this.#hasher.resume();
    for (const upload of this.#uploads) upload.resume();
    this.#changed();
  }

  /** Tries the contents again that failed. */
  async retry(): Promise<void> {
    for (const work of this.#files) {
      if (work.state.phase === 'failed' && work.depositId !== undefined) work.state = { phase: 'deposited' };
    }
    this.#move('uploading');
    await this.#uploadAll();
  }

  /** For good. What is deposited stays deposited, what has arrived stays. */
  end(): void {
    this.#isEnded = true;
    this.#hasher.close();
    for (const upload of this.#uploads) upload.stop();
    clearTimeout(this.#timer);
  }

  async #hash(work: Work): Promise<void> {
    work.state = { phase: 'hashing', bytes: 0 };
    let bytes = 0;
    try {
      work.digests = await this.#hasher.digest(work.file, (more) => {
        bytes += more;
        work.state = { phase: 'hashing', bytes };
        this.#changed();
      });
      work.state = { phase: 'hashed' };
    } catch (error) {
      work.state = { phase: 'failed', error: asCoded(error) };
    }
    this.#changed();
  }

  /** What was deposited from this browser before and lacks its content only. */
  async #findKnown(): Promise<void> {
    for (const work of this.#files) {
      const { digests, file } = work;
      if (digests === undefined || work.depositId !== undefined) continue;
      const known = rememberedUpload(digests.sha256, file.size);
      if (known === undefined) continue;
      try {
        const { files } = await getJson(`/deposits/${known.depositId}`, detailSchema);
        const found = files[known.fileIndex];
        if (found?.originalHeld === false && found.entry.digests.sha256 === digests.sha256) {
          Object.assign(work, known, { state: { phase: 'deposited' } });
          if (found.upload?.state === 'open') work.uploadId = found.upload.uploadId;
          continue;
        }
      } catch (error) {
        // Another account's, or erased: then it is deposited anew.
        if (!(error instanceof ApiError) || (error.status !== 404 && error.status !== 410)) throw error;
      }
      forgetUpload(digests.sha256, file.size);
    }
  }

  /** What is not deposited and can be. */
  #fresh(): Fresh[] {
    return this.#files.flatMap((work) =>
      work.digests !== undefined && work.depositId === undefined ? [{ work, digests: work.digests }] : [],
    );
  }

  async #depositNew(): Promise<void> {
    const fresh = this.#fresh();
    if (fresh.length === 0) return;
    const { depositId } = await depositDigests({
      files: fresh.map(digestedFile),
      statement: this.#statement,
      signed: this.#signed,
      idempotencyKey: this.#key,
    });
    for (const [fileIndex, { work, digests }] of fresh.entries()) {
      Object.assign(work, { depositId, fileIndex, state: { phase: 'deposited' } });
      rememberUpload(digests.sha256, work.file.size, { depositId, fileIndex });
    }
  }

  async #uploadAll(): Promise<void> {
    const waiting = this.#files.filter(({ state }) => state.phase === 'deposited');
    const lane = async () => {
      for (let work = waiting.shift(); work !== undefined && !this.#isEnded; work = waiting.shift()) {
        await this.#resumed;
        await this.#uploadOne(work);
      }
    };
    await Promise.all(Array.from({ length: UPLOADS_AT_A_TIME }, lane));
    if (!this.#isEnded) this.#move('done');
  }

  async #uploadOne(work: Work): Promise<void> {
    const { file, depositId, fileIndex, uploadId, digests } = work;
    if (depositId === undefined || digests === undefined) return;
    work.state = { phase: 'uploading', bytes: 0 };
    const upload = new ContentUpload({
      ...{ file, depositId, fileIndex, uploadId },
      onSent: (bytes) => {
        work.state = { phase: 'uploading', bytes };
        this.#changed();
      },
      onChecking: () => {
        work.state = { phase: 'checking' };
        this.#changed();
      },
    });
    this.#uploads.add(upload);
    try {
      await upload.run();
      work.state = { phase: 'received' };
      forgetUpload(digests.sha256, file.size);
    } catch (error) {
      const coded = asCoded(error);
      // It is here: another tab, or an earlier visit, brought it.
      work.state = coded.code === 'content-held' ? { phase: 'received' } : { phase: 'failed', error: coded };
      work.uploadId = undefined;
    }
    this.#uploads.delete(upload);
    this.#changed();
  }

  #move(phase: HandInPhase): void {
    this.#phase = phase;
    this.#changed();
  }

  #changed(): void {
    if (this.#isEnded) return;
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      this.#tell(this.state);
    }, TELL_EVERY_MS);
  }
}

interface Fresh {
  work: Work;
  digests: FileDigests;
}

function digestedFile({ work: { file }, digests }: Fresh): DigestedFile {
  return { name: file.name, sizeBytes: file.size, ...digests };
}

function asCoded(error: unknown): CodedError {
  return error instanceof CodedError ? error : new CodedError('internal', String(error));
}
