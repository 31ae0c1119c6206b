import type * as z from 'zod';
import type { Statement } from '../format/annex.ts';
import { problemSchema, receivedSchema, uploadOutcomeSchema } from './api-answers.ts';
import { ApiError } from './api-error.ts';

const KEY_STORED_AS = 'tiezheng.apiKey';

/** The key that was entered in this tab; without one the session cookie speaks. */
export function storedApiKey(): string | undefined {
  return sessionStorage.getItem(KEY_STORED_AS) ?? undefined;
}

export function storeApiKey(key: string | undefined): void {
  if (key === undefined) sessionStorage.removeItem(KEY_STORED_AS);
  else sessionStorage.setItem(KEY_STORED_AS, key);
}

/** Headers by which this tab speaks; none where the session cookie does. */
export function authorization(): Record<string, string> {
  const key = storedApiKey();
  return key === undefined ? {} : { Authorization: `Bearer ${key}` };
}

/** @param path below `/api/v1` @throws ApiError; DOMException `AbortError` */
export async function getJson<T>(path: string, schema: z.ZodType<T>, signal?: AbortSignal): Promise<T> {
  const response = await request(path, { ...(signal === undefined ? {} : { signal }) });
  return readAs(schema, await response.text());
}

/** @throws ApiError */
export async function getBlob(path: string): Promise<Blob> {
  return (await request(path, {})).blob();
}

/** @param body becomes JSON @throws ApiError */
export async function postJson<T>(path: string, body: object, schema: z.ZodType<T>): Promise<T> {
  return readAs(schema, await (await postForBlob(path, body)).text());
}

/** @param body becomes JSON @throws ApiError */
export async function postForBlob(path: string, body: object): Promise<Blob> {
  const headers = { 'Content-Type': 'application/json' };
  return (await request(path, { method: 'POST', body: JSON.stringify(body), headers })).blob();
}

/** @param body becomes JSON @throws ApiError */
export async function sendJson<T>(
  method: 'POST' | 'PUT' | 'PATCH',
  path: string,
  body: object,
  schema: z.ZodType<T>,
): Promise<T> {
  const headers = { 'Content-Type': 'application/json' };
  return readAs(schema, await (await request(path, { method, body: JSON.stringify(body), headers })).text());
}

/** For answers without content. @param body becomes JSON @throws ApiError */
export async function send(method: 'POST' | 'PUT' | 'PATCH', path: string, body: object): Promise<void> {
  const headers = { 'Content-Type': 'application/json' };
  await request(path, { method, body: JSON.stringify(body), headers });
}

/** @throws ApiError */
export async function deleteAt(path: string): Promise<void> {
  await request(path, { method: 'DELETE' });
}

/**
 * Changes what several people may change.
 * @param version that the reader has seen
 * @param body becomes JSON; none for DELETE
 * @returns the text of the answer
 * @throws ApiError `version-mismatch` if somebody else changed it since
 */
export async function changeAt(
  method: 'PATCH' | 'PUT' | 'DELETE',
  path: string,
  version: number,
  body?: object,
): Promise<string> {
  const headers = {
    'If-Match': `"${version}"`,
    ...(body === undefined ? {} : { 'Content-Type': 'application/json' }),
  };
  const response = await request(path, {
    method,
    headers,
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  return response.text();
}

/** Ends the session; the key of this tab is forgotten in any case. */
export async function signOut(): Promise<void> {
  const bySession = storedApiKey() === undefined;
  storeApiKey(undefined);
  if (bySession) await request('/sign-out', { method: 'POST' });
}

async function request(path: string, init: RequestInit): Promise<Response> {
  let response: Response;
  try {
    const headers = { ...(init.headers as Record<string, string> | undefined), ...authorization() };
    response = await fetch(`/api/v1${path}`, { ...init, headers, credentials: 'same-origin' });
  } catch (error) {
    if ((error as Error).name === 'AbortError') throw error;
    throw new ApiError('network', (error as Error).message);
  }
  if (!response.ok) throw problemOf(response.status, await response.text());
  return response;
}

function readAs<T>(schema: z.ZodType<T>, text: string): T {
  try {
    return schema.parse(JSON.parse(text));
  } catch (error) {
    throw new ApiError('unexpected-answer', (error as Error).message);
  }
}

/** What the service refused, from its answer. */
export function problemOf(status: number, body: string): ApiError {
  try {
    const problem = problemSchema.parse(JSON.parse(body));
    return new ApiError(problem.code, problem.detail ?? problem.title, {
      status,
      title: { zh: problem.titleZh, en: problem.title },
      ...(problem.depositId === undefined ? {} : { depositId: problem.depositId }),
    });
  } catch {
    return new ApiError('unexpected-answer', `HTTP status ${status}`, { status });
  }
}

export interface HandIn {
  files: readonly File[];
  statement: Statement;
  /** The same for every attempt at the same hand-in, so that a repeated one is answered with the first deposit. */
  idempotencyKey: string;
}

/**
 * Sends the files. XMLHttpRequest, because fetch does not tell how much of a body has gone out.
 * @param onSent bytes of the body sent so far, and in all
 * @throws ApiError; DOMException `AbortError`
 */
export function handIn(
  { files, statement, idempotencyKey }: HandIn,
  onSent: (sentBytes: number, totalBytes: number) => void,
  signal: AbortSignal,
): Promise<{ depositId: string; leafIndex: number }> {
  const form = new FormData();
  form.append('statement', JSON.stringify(statement));
  for (const file of files) form.append('files', file, file.name);
  return new Promise((resolve, reject) => {
    const xhr = new XMLHttpRequest();
    xhr.open('POST', '/api/v1/deposits');
    for (const [name, value] of Object.entries(authorization())) xhr.setRequestHeader(name, value);
    xhr.setRequestHeader('Idempotency-Key', idempotencyKey);
    xhr.upload.onprogress = (event) => onSent(event.loaded, event.total);
    xhr.onload = () => {
      if (xhr.status !== 201 && xhr.status !== 200) return reject(problemOf(xhr.status, xhr.responseText));
      try {
        resolve(readAs(receivedSchema, xhr.responseText));
      } catch (error) {
        reject(error);
      }
    };
    // Also what a browser reports when a chosen file was changed or removed meanwhile.
    xhr.onerror = () => reject(new ApiError('network', 'the connection broke off'));
    xhr.onabort = () => reject(new DOMException('upload cancelled', 'AbortError'));
    signal.addEventListener('abort', () => xhr.abort(), { once: true });
    xhr.send(form);
  });
}

/** What the depositor fixed before he signed, and the assertion of his passkey. */
export interface SignedPart {
  chosenAt: string;
  entrySalts: readonly string[];
  nameSalts: readonly string[];
  statementSalt: string;
  /** base64url */
  credentialId: string;
  /** base64, as the two below */
  authenticatorData: string;
  clientDataJson: string;
  signature: string;
}

export interface DigestHandIn {
  files: readonly { name: string; sizeBytes: number; sha256: string; sm3: string }[];
  statement: Statement;
  signed?: SignedPart | undefined;
  /** As for `HandIn`. */
  idempotencyKey: string;
}

/** Deposits digests; the content may follow. @throws ApiError */
export async function depositDigests({
  files,
  statement,
  signed,
  idempotencyKey,
}: DigestHandIn): Promise<{ depositId: string }> {
  try {
    const response = await request('/deposits/digests', {
      method: 'POST',
      body: JSON.stringify({ files, statement, signed }),
      headers: { 'Content-Type': 'application/json', 'Idempotency-Key': idempotencyKey },
    });
    return readAs(receivedSchema, await response.text());
  } catch (error) {
    // Kept durably, only the answer came too early.
    if (error instanceof ApiError && error.depositId !== undefined) return { depositId: error.depositId };
    throw error;
  }
}

/** Asks whether the content was found to be what was deposited. @throws ApiError `content-differs`, … */
export async function finishUpload(uploadId: string): Promise<'received' | 'checking'> {
  const response = await request(`/uploads/${uploadId}/finish`, { method: 'POST' });
  return readAs(uploadOutcomeSchema, await response.text()).state;
}

/** 128 random bits; `crypto.randomUUID` exists in secure contexts only. */
export function newIdempotencyKey(): string {
  return [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, '0')).join('');
}
