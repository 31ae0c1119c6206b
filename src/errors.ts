/**
 * An error with a stable code. The code is API: it goes into problem documents, exit messages and tests.
 * The message is for people and names the offending value and the limit. The cause is kept.
 */
export class CodedError<Code extends string = string> extends Error {
  readonly code: Code;

  constructor(code: Code, message: string, options?: { cause?: unknown }) {
    super(message, options as ErrorOptions);
    this.name = new.target.name;
    this.code = code;
  }
}

/** What a parser of this project's formats refuses. */
export type FormatErrorCode =
  | 'not-canonical'
  | 'not-json'
  | 'too-large'
  | 'too-deep'
  | 'invalid-field'
  | 'invalid-number'
  | 'invalid-hex'
  | 'invalid-base64'
  | 'invalid-utf8'
  | 'invalid-note'
  | 'invalid-key'
  | 'invalid-checkpoint'
  | 'invalid-tile-path'
  | 'invalid-rlp'
  | 'invalid-header'
  | 'invalid-der'
  | 'invalid-seal'
  | 'not-a-certificate'
  | 'invalid-tlog-proof'
  | 'invalid-manifest'
  | 'invalid-opentimestamps'
  | 'unknown-operation'
  | 'unsupported-digest'
  | 'trailing-bytes'
  | 'unknown-type';

export class FormatError extends CodedError<FormatErrorCode> {}

/** What the Merkle arithmetic refuses. A proof that is well-formed but wrong is `root-mismatch`. */
export type ProofErrorCode =
  | 'index-out-of-range'
  | 'size-out-of-range'
  | 'proof-too-long'
  | 'proof-too-short'
  | 'root-mismatch'
  | 'hash-not-32-bytes';

export class ProofError extends CodedError<ProofErrorCode> {}
