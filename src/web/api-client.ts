import type * as z from 'zod';
import type { Statement } from '../format/annex.ts';
import { problemSchema, receivedSchema } from './api-answers.ts';
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

function authorization(): Record<string, string> {
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

/** Ends the session; the key of this tab is forgotten in any case. */
export async function signOut(): Promise<void> {
  const bySession = storedApiKey() === undefined;
  storeApiKey(undefined);
  if (bySession) await request('/sign-out', { method: 'POST' });
}

async function request(path: string, init: RequestInit): Promise<Response> {
  let response: Response;
  try {
    response = await fetch(`/api/v1${path}`, { ...init, headers: authorization(), credentials: 'same-origin' });
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

function problemOf(status: number, body: string): ApiError {
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

/** 128 random bits; `crypto.randomUUID` exists in secure contexts only. */
export function newIdempotencyKey(): string {
  return [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, '0')).join('');
}
