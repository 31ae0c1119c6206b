import { CodedError } from '../errors.ts';

export type HttpErrorCode =
  | 'not-found'
  | 'method-not-allowed'
  | 'invalid-parameter'
  | 'unsupported-media-type'
  | 'unsupported-content-encoding'
  | 'body-too-large'
  | 'range-not-satisfiable'
  | 'invalid-body'
  | 'precondition-required'
  | 'rate-limited'
  | 'sign-in-locked'
  | 'too-many-uploads'
  | 'certificate-pending'
  | 'file-proof-pending'
  | 'publication-pending'
  | 'original-not-held'
  | 'preview-not-held'
  | 'not-ready'
  | 'database-unavailable'
  | 'internal-error';

/** What the HTTP interface itself refuses. */
export class HttpError extends CodedError<HttpErrorCode> {
  /** Further members of the problem document. */
  readonly members: Readonly<Record<string, unknown>>;
  /** Becomes `Retry-After`. */
  readonly retryAfterSeconds: number | undefined;

  constructor(
    code: HttpErrorCode,
    message: string,
    options?: { cause?: unknown; members?: Record<string, unknown>; retryAfterSeconds?: number },
  ) {
    super(code, message, options);
    this.members = options?.members ?? {};
    this.retryAfterSeconds = options?.retryAfterSeconds;
  }
}
