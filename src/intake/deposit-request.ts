import * as z from 'zod';
import { FormatError } from '../errors.ts';
import { type Statement, statementSchema } from '../format/annex.ts';
import { MAX_FILES } from '../format/deposit.ts';
import { base64, checkFields, hex32, mediaType, unixMsOf, utcTime } from '../format/fields.ts';
import { type JsonValue, parseJson } from '../format/json.ts';
import { DepositError } from './deposit-error.ts';
import { IntakeError } from './upload-error.ts';

/** Files of one multipart request; deposits of digests alone take `MAX_FILES`. */
export const MAX_UPLOADED_FILES = 100;
export const MAX_STATEMENT_BYTES = 64 * 1024;
/** One deposit of digests as JSON: 1,000 files with the longest names fit. */
export const MAX_DIGEST_DEPOSIT_BYTES = 2 * 1024 * 1024;

/** One file of which only digests are handed in. `sm3` and `mediaType` may be left out. */
export const declaredFileSchema = z.strictObject({
  name: z.string().min(1).max(255),
  sizeBytes: z.number().int().min(1).max(Number.MAX_SAFE_INTEGER),
  mediaType: mediaType.optional(),
  sha256: hex32,
  sm3: hex32.optional(),
});

/** A deposit of digests: the content stays with the client. */
export const digestDepositSchema = z.strictObject({
  statement: statementSchema.optional(),
  files: z.array(declaredFileSchema).min(1).max(MAX_FILES),
});
export type DigestDeposit = z.infer<typeof digestDepositSchema>;

const salts = z.array(hex32).min(1).max(MAX_FILES);
/** What the depositor fixed to sign it (docs/formats/annexes.md), and the assertion of his passkey (W3C WebAuthn §7.2). */
export const passkeySigningSchema = z.strictObject({
  /** The depositor's clock, for the deposit's id, which comes of it and of `statementSalt`. */
  chosenAt: utcTime.refine((time) => unixMsOf(time) >= 0, 'expected a time from 1970 on'),
  /** One for each file. */
  entrySalts: salts,
  nameSalts: salts,
  statementSalt: hex32,
  /** As the authenticator names the key; it must be one of the caller's. */
  credentialId: z.string().regex(/^[A-Za-z0-9_-]{1,1400}$/, 'expected base64url'),
  authenticatorData: base64(1024),
  clientDataJson: base64(4096),
  signature: base64(256),
});
export type PasskeySigning = z.infer<typeof passkeySigningSchema>;

/** The same, signed by its depositor if he likes. */
export const signableDepositSchema = z.strictObject({
  ...digestDepositSchema.shape,
  signed: passkeySigningSchema.optional(),
});
export type SignableDeposit = z.infer<typeof signableDepositSchema>;

/**
 * @throws DepositError `invalid-digest-deposit`, `invalid-statement`, `no-files`
 * @throws IntakeError `too-many-files`, `empty-file`, `invalid-file-name`
 */
export function parseDigestDeposit(bytes: Uint8Array, maxBytes: number): DigestDeposit {
  return parseDeposit(digestDepositSchema, bytes, maxBytes);
}

/** As `parseDigestDeposit`. */
export function parseSignableDeposit(bytes: Uint8Array, maxBytes: number): SignableDeposit {
  const deposit = parseDeposit(signableDepositSchema, bytes, maxBytes);
  const { files, signed } = deposit;
  if (signed === undefined) return deposit;
  for (const name of ['entrySalts', 'nameSalts'] as const) {
    if (signed[name].length !== files.length) {
      throw new DepositError(
        'invalid-digest-deposit',
        `signed.${name}: ${signed[name].length} for ${files.length} files`,
      );
    }
  }
  return deposit;
}

function parseDeposit<T extends DigestDeposit>(schema: z.ZodType<T>, bytes: Uint8Array, maxBytes: number): T {
  const value = readJson(bytes, maxBytes, 'invalid-digest-deposit');
  const files = (value as { files?: unknown } | null)?.files;
  if (Array.isArray(files)) {
    if (files.length === 0) throw new DepositError('no-files', 'a deposit has at least one file, this one has none');
    if (files.length > MAX_FILES) {
      throw new IntakeError('too-many-files', `${files.length} files, at most ${MAX_FILES} in a deposit of digests`);
    }
    const empty = files.findIndex((file) => (file as { sizeBytes?: unknown } | null)?.sizeBytes === 0);
    if (empty >= 0) throw new IntakeError('empty-file', `file ${empty} has no bytes`);
  }
  const deposit = asDepositError('invalid-digest-deposit', () => checkFields(schema, value));
  for (const file of deposit.files) checkFileName(file.name);
  if (deposit.statement !== undefined) checkInterval(deposit.statement);
  return deposit;
}

/** @throws DepositError `invalid-statement` naming the first field that is wrong or unknown */
export function parseStatement(bytes: Uint8Array): Statement {
  const value = readJson(bytes, MAX_STATEMENT_BYTES, 'invalid-statement');
  const statement = asDepositError('invalid-statement', () => checkFields(statementSchema, value));
  checkInterval(statement);
  return statement;
}

function checkInterval(statement: Statement): void {
  const { capturedFrom, capturedUntil } = statement;
  if (capturedFrom !== undefined && capturedUntil !== undefined && unixMsOf(capturedFrom) > unixMsOf(capturedUntil)) {
    throw new DepositError('invalid-statement', `capturedFrom ${capturedFrom} is after capturedUntil ${capturedUntil}`);
  }
}

/** Words of the message never repeat the name: names are the depositor's secret and messages reach the diagnostics. */
const NAME_RULES: readonly [broken: RegExp | ((name: string) => boolean), message: string][] = [
  [(name) => name.length === 0, 'is empty'],
  [(name) => name.length > 255, 'is longer than 255 UTF-16 units'],
  [(name) => !name.isWellFormed(), 'holds a lone surrogate'],
  // A browser or curl that sends another encoding than UTF-8 arrives as this; recording it would lose the name for good.
  [/\ufffd/, 'is not UTF-8 (it holds U+FFFD)'],
  [/\p{Cc}/u, 'holds a control character'],
  [/[/\\]/, 'holds a folder separator; send the bare name'],
  [/^\.{1,2}$/, 'is "." or ".."'],
  // They make a printed name read other than it is: "photo‮gpj.exe".
  [/\p{Bidi_Control}/u, 'holds a character that turns the writing direction (Unicode Bidi_Control)'],
];

/**
 * Names are recorded exactly as given, so those that cannot be printed or unpacked unambiguously are refused, not altered.
 * @throws IntakeError `invalid-file-name` saying which rule, but not the name
 */
export function checkFileName(name: string): void {
  for (const [broken, message] of NAME_RULES) {
    if (typeof broken === 'function' ? broken(name) : broken.test(name)) {
      throw new IntakeError('invalid-file-name', `a file's name ${message}`);
    }
  }
}

/** 1 to 200 visible ASCII characters. @throws DepositError `invalid-idempotency-key` */
export function checkIdempotencyKey(key: string): void {
  if (!/^[\x21-\x7e]{1,200}$/.test(key)) {
    throw new DepositError(
      'invalid-idempotency-key',
      `Idempotency-Key of ${key.length} characters: 1 to 200 visible ASCII characters are taken`,
    );
  }
}

function readJson(
  bytes: Uint8Array,
  maxBytes: number,
  code: 'invalid-statement' | 'invalid-digest-deposit',
): JsonValue {
  return asDepositError(code, () => parseJson(bytes, { maxBytes, maxDepth: 4 }));
}

function asDepositError<T>(code: 'invalid-statement' | 'invalid-digest-deposit', work: () => T): T {
  try {
    return work();
  } catch (cause) {
    if (cause instanceof FormatError) throw new DepositError(code, cause.message, { cause });
    throw cause;
  }
}
