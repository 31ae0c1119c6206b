import type { Request, Response } from 'express';
import * as z from 'zod';
import { FormatError } from '../errors.ts';
import { parseUtf8 } from '../format/bytes.ts';
import { checkFields } from '../format/fields.ts';
import { HttpError } from './http-error.ts';
import type { ProblemCode } from './problem.ts';
import { mediaTypeOf, readBody } from './request-body.ts';
import { sendJson } from './send.ts';

export const JSON_TYPE = 'application/json';
const MAX_BODY_BYTES = 64 * 1024;

/** What `jsonBody` throws. */
export const JSON_BODY_PROBLEMS: readonly ProblemCode[] = [
  'unsupported-media-type',
  'unsupported-content-encoding',
  'body-too-large',
  'upload-aborted',
  'invalid-body',
];

/**
 * The body, as the schema describes it.
 * @param maxBytes 64 KiB if left out
 * @throws HttpError `invalid-body` naming the first field that is wrong or unknown; `unsupported-media-type`; as `readBody`
 */
export async function jsonBody<T>(
  req: Request,
  res: Response,
  schema: z.ZodType<T>,
  maxBytes: number = MAX_BODY_BYTES,
): Promise<T> {
  const mediaType = mediaTypeOf(req);
  if (mediaType !== JSON_TYPE) throw new HttpError('unsupported-media-type', `expected ${JSON_TYPE}`);
  const bytes = await readBody(req, res, maxBytes);
  try {
    return checkFields(schema, JSON.parse(parseUtf8(bytes)));
  } catch (cause) {
    if (cause instanceof FormatError) throw new HttpError('invalid-body', cause.message, { cause });
    if (cause instanceof SyntaxError) throw new HttpError('invalid-body', 'the body is not JSON', { cause });
    throw cause;
  }
}

/** Beside what changes something that several people may change. */
export const ifMatchHeader = z.strictObject({
  'if-match': z
    .string()
    .regex(/^"[1-9][0-9]{0,8}"$/, 'expected the entity tag of one version, such as "3"')
    .meta({ description: '`ETag` of the version that you have seen, also its `version`: `"3"`.' }),
});
export const IF_MATCH_PROBLEMS: readonly ProblemCode[] = [
  'precondition-required',
  'version-mismatch',
  'invalid-parameter',
];

/** The version that the caller has seen. @throws HttpError `precondition-required`, `invalid-parameter` */
export function versionSeen(req: Request): number {
  const given = req.get('if-match');
  if (given === undefined) {
    throw new HttpError('precondition-required', 'If-Match: name the version that you have seen, such as "3"');
  }
  const result = ifMatchHeader.safeParse({ 'if-match': given });
  if (!result.success) throw new HttpError('invalid-parameter', `If-Match: ${result.error.issues[0]?.message}`);
  return Number(given.slice(1, -1));
}

/** An answer that can be changed by whoever names its version. */
export function sendVersioned(res: Response, status: number, value: { version: number }): void {
  res.set('ETag', `"${value.version}"`);
  sendJson(res, status, value);
}

const LIST_LIMIT = 100;
export const limitParameter = z
  .string()
  .regex(/^(?:[1-9][0-9]?|100)$/, `expected a number from 1 to ${LIST_LIMIT}`)
  .optional()
  .meta({ description: `1 to ${LIST_LIMIT}; 50 if left out.` });

/** One more than asked for was read: what goes out, and the cursor of the next page. */
export function pageOf<T, C>(rows: readonly T[], limit: number, cursor: (row: T) => C): { page: T[]; next: C | null } {
  const page = rows.slice(0, limit);
  const last = page.at(-1);
  return { page, next: rows.length > limit && last !== undefined ? cursor(last) : null };
}
