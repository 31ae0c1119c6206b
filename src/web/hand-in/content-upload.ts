import { DetailedError, type HttpResponse, Upload } from 'tus-js-client';
import { authorization, finishUpload, problemOf } from '../api-client.ts';
import { ApiError } from '../api-error.ts';

export interface ContentUploadOptions {
  file: Blob;
  depositId: string;
  fileIndex: number;
  /** Goes on with this one instead of asking for it. */
  uploadId: string | undefined;
  /** Bytes that are on their way or there. */
  onSent: (bytes: number) => void;
  /** All of them are there, and the service reads them again. */
  onChecking: () => void;
}

/** Of one request: what a broken connection leaves unfinished at most, apart from what the service has kept of it already. */
const REQUEST_BYTES = 64 * 1024 * 1024;
const RETRY_DELAYS_MS = [0, 1000, 3000];
/** After those, and without an end: a network may be away for a night, and the upload stays open for days. */
const NETWORK_AGAIN_MS = 15_000;
const CHECK_AGAIN_MS = 1000;

/** Brings a file after its digests. */
export class ContentUpload {
  readonly #options: ContentUploadOptions;
  #upload: Upload | undefined;
  #isStopped = false;
  #isPaused = false;

  constructor(options: ContentUploadOptions) {
    this.#options = options;
  }

  /**
   * Resolves once the service has found the content to be what was deposited. Goes on by itself after a lost network.
   * @throws ApiError `content-differs` if it is something else, or whatever else the service refuses
   */
  async run(): Promise<void> {
    const url = await this.#send();
    this.#options.onChecking();
    const uploadId = new URL(url, location.href).pathname.split('/').at(-1) as string;
    for (;;) {
      try {
        if (this.#isStopped || (await finishUpload(uploadId)) === 'received') return;
        await new Promise((resolve) => setTimeout(resolve, CHECK_AGAIN_MS));
      } catch (error) {
        if (!(error instanceof ApiError) || !isPassing(error)) throw error;
        await untilNetwork();
      }
    }
  }

  /** What has arrived stays. `run` does not settle before `resume`. */
  pause(): void {
    this.#isPaused = true;
    void this.#upload?.abort();
  }

  resume(): void {
    this.#isPaused = false;
    this.#upload?.start();
  }

  /** For good; what has arrived stays. */
  stop(): void {
    this.#isStopped = true;
    this.pause();
  }

  #send(): Promise<string> {
    const { file, depositId, fileIndex, uploadId, onSent } = this.#options;
    return new Promise((resolve, reject) => {
      const upload = new Upload(file, {
        endpoint: '/api/v1/uploads',
        ...(uploadId === undefined ? {} : { uploadUrl: `/api/v1/uploads/${uploadId}` }),
        uploadSize: file.size,
        chunkSize: REQUEST_BYTES,
        retryDelays: RETRY_DELAYS_MS,
        // Never the file's name: it is deposited as a commitment.
        metadata: { deposit: depositId, file: String(fileIndex) },
        headers: authorization(),
        storeFingerprintForResuming: false,
        onProgress: (sent) => onSent(sent),
        onSuccess: () => resolve(upload.url as string),
        // Also while the browser believes itself offline, which the library's own rule takes for the end.
        onShouldRetry: (error) => isPassing(asApiError(error)),
        onError: (error) => {
          const coded = asApiError(error);
          if (!isPassing(coded)) return reject(coded);
          void untilNetwork().then(() => {
            if (!this.#isStopped && !this.#isPaused) upload.start();
          });
        },
      });
      this.#upload = upload;
      if (!this.#isStopped) upload.start();
    });
  }
}

/** No answer, a busy or broken service, or another request that still holds the upload: the next attempt may do. */
function isPassing({ status, code }: ApiError): boolean {
  return status === 0 || code === 'upload-offset-conflict' || status === 423 || status === 429 || status >= 500;
}

function untilNetwork(): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer);
      removeEventListener('online', done);
      resolve();
    };
    const timer = setTimeout(done, NETWORK_AGAIN_MS);
    addEventListener('online', done);
  });
}

function asApiError(error: Error | DetailedError): ApiError {
  const response: HttpResponse | null | undefined = error instanceof DetailedError ? error.originalResponse : undefined;
  if (response === null || response === undefined || response.getStatus() === 0) {
    return new ApiError('network', 'the connection broke off');
  }
  return problemOf(response.getStatus(), response.getBody());
}
