import * as z from 'zod';
import { parseHex } from '../format/bytes.ts';
import { certificateNoSchema } from '../format/certificate.ts';
import { hex32 } from '../format/fields.ts';
import { statusProofSchema } from '../format/status.ts';
import type { StatusService } from '../status/status-service.ts';
import { forEveryone } from './log-routes.ts';
import { parseParameters, type Route } from './route.ts';
import { sendBytes } from './send.ts';

const path = z.strictObject({ certificateNo: certificateNoSchema });
const query = z.strictObject({
  digest: hex32.meta({
    description: 'SHA-256 of the certificate without its seals, as its report and its pages show it.',
  }),
});

/** How a certificate stands, told to whoever holds it. */
export function statusRoutes(statuses: Pick<StatusService, 'answer'>): Route[] {
  return [
    {
      method: 'get',
      path: '/api/v1/certificates/{certificateNo}/status',
      operationId: 'getCertificateStatus',
      tag: 'log',
      summary: { zh: '证书状态及其日志包含证明', en: 'How a certificate stands, with the proof that the log says so' },
      description:
        'The newest record about the certificate, its inclusion proof in a checkpoint at most 24 hours old, and the seal under which ' +
        'the operator says that none is newer. Number and digest must belong together: 404 does not tell which one is wrong.',
      parameters: { path, query },
      answers: [
        {
          status: 200,
          means: 'tiezheng/status-proof/v1.',
          mediaType: 'application/json',
          body: { json: statusProofSchema },
        },
      ],
      problems: ['invalid-parameter', 'certificate-unknown', 'integration-timeout', 'log-stopped'],
      may: 'public',
      handle: async (req, res) => {
        const { certificateNo } = parseParameters(path, req.params);
        const { digest } = parseParameters(query, req.query);
        const proof = await statuses.answer(certificateNo, parseHex(digest));
        forEveryone(res, 'no-store');
        sendBytes(res, 200, 'application/json', proof);
      },
    },
  ];
}
