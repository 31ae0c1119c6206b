import * as z from 'zod';
import { DOCS_POLICY, docsPage, problemPage } from './docs-page.ts';
import { HttpError } from './http-error.ts';
import { forEveryone } from './log-routes.ts';
import { openApiDocument } from './openapi.ts';
import { PROBLEMS, type ProblemCode } from './problem.ts';
import { parseParameters, type Route } from './route.ts';
import { sendBytes, sendJson } from './send.ts';

const HTML = 'text/html; charset=utf-8';
const problemPath = z.strictObject({ code: z.string().max(60) });

/** The interface described by itself. `allRoutes` is asked once the list is whole, these routes included. */
export function docsRoutes(
  allRoutes: () => readonly Route[],
  service: { version: string; evaluation: boolean },
): Route[] {
  let made: Record<string, unknown> | undefined;
  const document = () => {
    made ??= openApiDocument(allRoutes(), service);
    return made;
  };
  return [
    {
      method: 'get',
      path: '/api/v1/openapi.json',
      operationId: 'getOpenApi',
      tag: 'service',
      summary: { zh: '接口说明(OpenAPI 3.1)', en: 'This document' },
      answers: [
        {
          status: 200,
          means: 'OpenAPI 3.1.',
          mediaType: 'application/json',
          body: { json: z.looseObject({ openapi: z.string() }) },
        },
      ],
      problems: [],
      may: 'public',
      handle: (_req, res) => {
        forEveryone(res, 'no-cache');
        sendJson(res, 200, document());
      },
    },
    {
      method: 'get',
      path: '/api/docs',
      operationId: 'getDocs',
      tag: 'service',
      summary: { zh: '接口说明(网页)', en: 'This document as a page' },
      answers: [{ status: 200, means: 'A page.', mediaType: HTML, body: { bytes: 'HTML' } }],
      problems: [],
      may: 'public',
      handle: (_req, res) => {
        res.set('Content-Security-Policy', DOCS_POLICY);
        sendBytes(res, 200, HTML, Buffer.from(docsPage(document(), service.evaluation)));
      },
    },
    {
      method: 'get',
      path: '/problems/{code}',
      operationId: 'getProblem',
      tag: 'service',
      summary: { zh: '错误代码的含义', en: 'What a problem code means' },
      parameters: { path: problemPath },
      answers: [{ status: 200, means: 'A page.', mediaType: HTML, body: { bytes: 'HTML' } }],
      problems: ['not-found'],
      may: 'public',
      handle: (req, res) => {
        const { code } = parseParameters(problemPath, req.params);
        if (!Object.hasOwn(PROBLEMS, code)) throw new HttpError('not-found', 'there is no such problem code');
        res.set('Content-Security-Policy', DOCS_POLICY);
        sendBytes(res, 200, HTML, Buffer.from(problemPage(code as ProblemCode)));
      },
    },
  ];
}
