import type { Request } from 'express';
import { encodeUtf8 } from '../format/bytes.ts';
import { MAX_REQUEST_BYTES } from '../format/timestamp.ts';
import type { BuiltInAuthority } from '../timestamp/authority.ts';
import { BUILT_IN_PATH } from '../timestamp/timestamping.ts';
import { HttpError } from './http-error.ts';
import { mediaTypeOf, readBody } from './request-body.ts';
import type { Route } from './route.ts';
import { sendBytes } from './send.ts';

const QUERY_TYPE = 'application/timestamp-query';
const REPLY_TYPE = 'application/timestamp-reply';
const TEXT_TYPE = 'text/plain; charset=utf-8';
const PEM_TYPE = 'application/x-pem-file';

/** The built-in timestamp authority (RFC 3161 §3.4), where there is one. */
export function tsaRoutes({ authority, rootPem }: { authority: BuiltInAuthority; rootPem: string }): Route[] {
  return [
    {
      method: 'post',
      path: BUILT_IN_PATH,
      operationId: 'stampTime',
      tag: 'service',
      summary: {
        zh: '内置时间戳（评估用途，不独立）',
        en: 'Built-in timestamp authority (evaluation, not independent)',
      },
      description: 'RFC 3161 over HTTP. What is no request, or asks for something else, is answered with a rejection.',
      bodies: { [QUERY_TYPE]: { bytes: 'DER of TimeStampReq' } },
      answers: [
        {
          status: 200,
          means: 'A response, granted or rejected.',
          mediaType: REPLY_TYPE,
          body: { bytes: 'DER of TimeStampResp' },
        },
      ],
      problems: ['unsupported-media-type', 'unsupported-content-encoding', 'body-too-large', 'upload-aborted'],
      may: 'public',
      handle: async (req, res) => {
        requireQuery(req);
        sendBytes(res, 200, REPLY_TYPE, authority.reply(await readBody(req, res, MAX_REQUEST_BYTES)));
      },
    },
    {
      method: 'get',
      path: BUILT_IN_PATH,
      operationId: 'describeTimeAuthority',
      tag: 'service',
      summary: { zh: '内置时间戳的用法', en: 'How to ask the built-in timestamp authority' },
      answers: [{ status: 200, means: 'Text.', mediaType: TEXT_TYPE, body: { bytes: 'text' } }],
      problems: [],
      may: 'public',
      handle: (_req, res) => sendBytes(res, 200, TEXT_TYPE, encodeUtf8(EXPLANATION)),
    },
    {
      method: 'get',
      path: `${BUILT_IN_PATH}/root.pem`,
      operationId: 'getTimeAuthorityRoot',
      tag: 'service',
      summary: { zh: '内置时间戳的根证书', en: 'Root certificate of the built-in timestamp authority' },
      answers: [{ status: 200, means: 'PEM.', mediaType: PEM_TYPE, body: { bytes: 'one certificate' } }],
      problems: [],
      may: 'public',
      handle: (_req, res) => sendBytes(res, 200, PEM_TYPE, encodeUtf8(rootPem)),
    },
  ];
}

const EXPLANATION = `铁证内置时间戳（RFC 3161）：仅供评估，由本服务自己运行，不独立，不得作为证据使用。
Built-in timestamp authority (RFC 3161): for evaluation, run by this service itself, not independent, not for use as evidence.

  openssl ts -query -data FILE -sha256 -cert -out query.tsq
  curl -s -H 'Content-Type: ${QUERY_TYPE}' --data-binary @query.tsq -o reply.tsr http://HOST${BUILT_IN_PATH}
  curl -s -o root.pem http://HOST${BUILT_IN_PATH}/root.pem
  openssl ts -verify -queryfile query.tsq -in reply.tsr -CAfile root.pem
`;

/** @throws HttpError `unsupported-media-type` */
function requireQuery(req: Request): void {
  const mediaType = mediaTypeOf(req);
  if (mediaType === QUERY_TYPE) return;
  throw new HttpError('unsupported-media-type', `${mediaType.slice(0, 80) || '(none)'}: send ${QUERY_TYPE}`);
}
