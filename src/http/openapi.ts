import * as z from 'zod';
import { depositorSchema, statementAnnexSchema, statementSchema } from '../format/annex.ts';
import { certificateSchema } from '../format/certificate.ts';
import { depositRecordSchema, fileEntrySchema, fileNameSchema } from '../format/deposit.ts';
import { receiptSchema } from '../format/receipt.ts';
import { digestDepositSchema } from '../intake/deposit-request.ts';
import {
  depositDetailSchema,
  depositListSchema,
  depositSummarySchema,
  healthSchema,
  lineAnswerSchema,
  meSchema,
  readinessSchema,
  receivedDepositSchema,
  statusSchema,
} from './answers.ts';
import { PROBLEMS, type ProblemCode, problemSchema } from './problem.ts';
import { type BodyKind, CALLER_PROBLEMS, COMMON_PROBLEMS, type Route } from './route.ts';

/** Schemas that the document names. */
const NAMED: Readonly<Record<string, z.ZodType>> = {
  Problem: problemSchema,
  Statement: statementSchema,
  DigestDeposit: digestDepositSchema,
  DepositRecord: depositRecordSchema,
  FileEntry: fileEntrySchema,
  FileName: fileNameSchema,
  DepositorAnnex: depositorSchema,
  StatementAnnex: statementAnnexSchema,
  Receipt: receiptSchema,
  Certificate: certificateSchema,
  ReceivedDeposit: receivedDepositSchema,
  LineAnswer: lineAnswerSchema,
  DepositSummary: depositSummarySchema,
  DepositDetail: depositDetailSchema,
  DepositList: depositListSchema,
  Me: meSchema,
  Status: statusSchema,
  Readiness: readinessSchema,
  Health: healthSchema,
};

type Json = Record<string, unknown>;

/** The OpenAPI 3.1 document of the routes, from the schemas that their bodies are parsed and made by. */
export function openApiDocument(routes: readonly Route[], service: { version: string; evaluation: boolean }): Json {
  const paths: Record<string, Json> = {};
  for (const route of routes) {
    const path = documentPath(route.path);
    paths[path] = { ...paths[path], [route.method]: operationOf(route) };
  }
  return {
    openapi: '3.1.0',
    jsonSchemaDialect: 'https://json-schema.org/draft/2020-12/schema',
    info: {
      title: `Tiezheng 铁证${service.evaluation ? ' (EVALUATION 评估用途)' : ''}`,
      version: service.version,
      description:
        'Evidence preservation: deposits, an append-only log, anchors, certificates. 电子证据存证:存证、只增日志、锚定与证书。\n\n' +
        'Errors are RFC 9457 problem documents; `code` is stable and every code is listed with its operation.',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    servers: [{ url: '/' }],
    tags: [
      { name: 'deposits', description: '存证 Deposits' },
      { name: 'log', description: '日志 Log (C2SP tlog-tiles)' },
      { name: 'service', description: '服务 Service' },
      { name: 'access', description: '登录与账户 Access' },
      { name: 'matters', description: '案件 Matters' },
      { name: 'custody', description: '保管链 Custody' },
      { name: 'sharing', description: '共享 Sharing' },
      { name: 'requests', description: '公证核验申请 Requests to notaries' },
      { name: 'notices', description: '通知 Notices' },
    ],
    paths,
    components: {
      securitySchemes: {
        apiKey: { type: 'http', scheme: 'bearer', description: '`Authorization: Bearer tz_…`' },
        session: { type: 'apiKey', in: 'cookie', name: 'tiezheng-session', description: 'Set by /sign-in.' },
      },
      schemas: componentSchemas(),
    },
  };
}

/** `{name+}` is ours; OpenAPI has no parameter over several segments, so the description says what goes there. */
export function documentPath(path: string): string {
  return path.replace('+}', '}');
}

function operationOf(route: Route): Json {
  const { path, query, header } = route.parameters ?? {};
  const problems = [
    ...COMMON_PROBLEMS,
    ...(route.may !== 'public'
      ? CALLER_PROBLEMS.filter((c) => c !== 'cross-site-request' || route.method !== 'get')
      : []),
    ...(route.may !== 'public' && route.freshSignIn ? (['fresh-sign-in-needed'] as const) : []),
    ...route.problems,
  ];
  return {
    operationId: route.operationId,
    tags: [route.tag],
    summary: `${route.summary.zh} · ${route.summary.en}`,
    ...(route.description === undefined ? {} : { description: route.description }),
    parameters: [...parametersOf('path', path), ...parametersOf('query', query), ...parametersOf('header', header)],
    ...(route.bodies === undefined
      ? {}
      : {
          requestBody: { required: true, content: mapValues(route.bodies, (body) => ({ schema: bodySchema(body) })) },
        }),
    responses: { ...answersOf(route), ...problemsByStatus(problems) },
    security: route.may === 'public' ? [] : [{ apiKey: [] }, { session: [] }],
    'x-may': route.may,
  };
}

function parametersOf(place: 'path' | 'query' | 'header', schema: z.ZodObject | undefined): Json[] {
  if (schema === undefined) return [];
  return Object.entries(schema.shape).map(([name, field]) => {
    const { description, ...rest } = schemaOf(field as z.ZodType);
    return {
      name,
      in: place,
      required: !(field as z.ZodType).safeParse(undefined).success,
      ...(description === undefined ? {} : { description }),
      schema: rest,
    };
  });
}

function answersOf(route: Route): Json {
  const byStatus: Record<string, { description: string; content?: Json }> = {};
  for (const { status, means, mediaType, body } of route.answers) {
    const before = byStatus[status];
    const content =
      mediaType === undefined || body === undefined
        ? before?.content
        : { ...before?.content, [mediaType]: { schema: bodySchema(body) } };
    byStatus[status] = {
      description: before === undefined ? means : `${before.description} ${means}`,
      ...(content === undefined ? {} : { content }),
    };
  }
  return byStatus;
}

function bodySchema(body: BodyKind): Json {
  if ('json' in body) return schemaOf(body.json);
  if ('lines' in body) return { ...schemaOf(body.lines), description: 'One such value on each line.' };
  if ('multipart' in body) return schemaOf(body.multipart);
  return { type: 'string', format: 'binary', description: body.bytes };
}

/** A reference where the schema has a name, the whole schema elsewhere. */
function schemaOf(schema: z.ZodType): Json {
  const name = Object.entries(NAMED).find(([, named]) => named === schema)?.[0];
  if (name !== undefined) return { $ref: REFERENCE + name };
  return withoutIds(z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' }) as Json);
}

const REFERENCE = '#/components/schemas/';

function componentSchemas(): Json {
  const registry = z.registry<{ id: string }>();
  for (const [id, schema] of Object.entries(NAMED)) registry.add(schema, { id });
  const options = { io: 'input', unrepresentable: 'any', uri: (id: string) => REFERENCE + id } as const;
  return mapValues(z.toJSONSchema(registry, options).schemas as Record<string, Json>, withoutIds);
}

/** The document names its dialect once, and its schemas by where they stand. */
function withoutIds({ $schema: _, $id: __, ...rest }: Json): Json {
  return rest;
}

function problemsByStatus(codes: readonly ProblemCode[]): Json {
  const byStatus: Record<string, Json> = {};
  for (const status of new Set(codes.map((code) => PROBLEMS[code].status))) {
    const here = codes.filter((code) => PROBLEMS[code].status === status);
    byStatus[status] = {
      description: here.map((code) => `\`${code}\` ${PROBLEMS[code].zh} · ${PROBLEMS[code].en}`).join('; '),
      content: {
        'application/problem+json': {
          schema: {
            allOf: [
              { $ref: `${REFERENCE}Problem` },
              { properties: { status: { const: status }, code: { enum: here } } },
            ],
          },
        },
      },
    };
  }
  return byStatus;
}

function mapValues<T>(values: Readonly<Record<string, T>>, change: (value: T) => Json): Json {
  return Object.fromEntries(Object.entries(values).map(([key, value]) => [key, change(value)]));
}
