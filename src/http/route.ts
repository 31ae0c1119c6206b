import type { Request, Response } from 'express';
import type * as z from 'zod';
import type { Caller } from '../access/authentication.ts';
import type { Action } from '../access/rules.ts';
import { FormatError } from '../errors.ts';
import { checkFields } from '../format/fields.ts';
import { HttpError } from './http-error.ts';
import type { ProblemCode } from './problem.ts';

/** Both languages of everything people read. */
export interface Bilingual {
  zh: string;
  en: string;
}

/** What a body may be: JSON by schema, or bytes. */
export type BodyKind = { json: z.ZodType } | { lines: z.ZodType } | { bytes: string } | { multipart: z.ZodType };

export interface Answer {
  status: number;
  means: string;
  /** Undefined: no body. */
  mediaType?: string;
  body?: BodyKind;
}

interface RouteBase {
  method: 'get' | 'head' | 'post' | 'put' | 'patch' | 'delete' | 'options';
  /** As OpenAPI writes it: `/api/v1/deposits/{depositId}`. A last parameter written `{name+}` takes slashes too. */
  path: string;
  operationId: string;
  tag: 'deposits' | 'log' | 'service' | 'access' | 'matters' | 'custody' | 'sharing' | 'requests' | 'notices';
  summary: Bilingual;
  description?: string;
  parameters?: { path?: z.ZodObject; query?: z.ZodObject; header?: z.ZodObject };
  bodies?: Record<string, BodyKind>;
  answers: Answer[];
  /** Codes that this route answers beside those of every route. */
  problems: ProblemCode[];
}

/** One operation: what the document says of it, who may call it (see access/rules.ts) and what does it. */
export type Route = RouteBase & (PublicRoute | RestrictedRoute);

export interface PublicRoute {
  may: 'public';
  handle: (req: Request, res: Response) => Promise<void> | void;
}

export interface RestrictedRoute {
  /** Callers whose roles and scopes never allow it are refused before `handle`. */
  may: Action;
  /** Users must have signed in a short while ago, else `fresh-sign-in-needed`. Asked of nobody who cannot sign in again. */
  freshSignIn?: true;
  handle: (req: Request, res: Response, caller: Caller) => Promise<void> | void;
}

/** Codes that any route may answer. */
export const COMMON_PROBLEMS: readonly ProblemCode[] = ['database-unavailable', 'internal-error'];
export const CALLER_PROBLEMS: readonly ProblemCode[] = [
  'unauthenticated',
  'forbidden',
  'cross-site-request',
  'rate-limited',
];

/** `/a/{b}/{c+}` in Express's spelling: `/a/:b/*c`. */
export function expressPath(path: string): string {
  return path.replace(/\{([A-Za-z]+)\+\}/g, '*$1').replace(/\{([A-Za-z]+)\}/g, ':$1');
}

/** @throws HttpError `invalid-parameter` naming the first one that is wrong or unknown */
export function parseParameters<T>(schema: z.ZodType<T>, given: unknown): T {
  try {
    return checkFields(schema, given);
  } catch (cause) {
    if (cause instanceof FormatError) throw new HttpError('invalid-parameter', cause.message, { cause });
    throw cause;
  }
}
