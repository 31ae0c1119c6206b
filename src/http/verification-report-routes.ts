import * as z from 'zod';
import { AccessError } from '../access/access-error.ts';
import { mayDo, type Principal } from '../access/rules.ts';
import type { VerificationReporter } from '../certificate/verification-report/reporter.ts';
import type { Database, Queryable } from '../db/pool.ts';
import { type RequestRow, selectRequest } from '../db/requests.ts';
import { fenced } from '../db/row-security.ts';
import { hex32, text, utcTimeOf, uuid } from '../format/fields.ts';
import { policySchema } from '../format/policy.ts';
import { reportSchema } from '../format/report.ts';
import { MAX_REPORT_ITEMS } from '../format/verification-report.ts';
import { relationToRequest, requestNotFound, type VerificationRequests } from '../matters/requests.ts';
import { relationOf } from '../sharing/grants.ts';
import { custodyNotes } from './custody-note.ts';
import { JSON_BODY_PROBLEMS, JSON_TYPE, jsonBody } from './json-body.ts';
import type { Route } from './route.ts';
import { sendBytes } from './send.ts';

export interface VerificationReportRouteParts {
  db: Database;
  requests: VerificationRequests;
  reporter: Pick<VerificationReporter, 'make'>;
  nowMs: () => number;
}

/** Room for the reports of 200 certificates and a policy of some ten thousand blocks. */
const MAX_BODY_BYTES = 16 * 1024 * 1024;
/** Of items beyond the limit a code of their own tells; what is far beyond is no report. */
const MAX_PARSED_ITEMS = 5 * MAX_REPORT_ITEMS;

const orderSchema = z.strictObject({
  /** The request to the caller's office that it answers; it is noted among its steps. */
  requestId: uuid.nullable().optional(),
  signatory: z.strictObject({ name: text(100), capacity: text(100).nullable().optional() }),
  remark: text(2000).nullable().optional(),
  /** What made the reports; the SHA-256 of verify.html, if that was it. */
  tool: z.strictObject({ name: text(60), version: text(40), sha256: hex32.nullable() }),
  /** That of the reports, so that the service can verify what it holds under it too; left out, it does not. */
  policy: policySchema.nullable().optional(),
  policyName: text(300).nullable().optional(),
  items: z
    .array(z.strictObject({ fileName: text(500).nullable(), report: reportSchema }))
    .min(1)
    .max(MAX_PARSED_ITEMS),
});

/** A statement of somebody of an office about what he verified, as a sealed PDF. */
export function verificationReportRoutes({ db, requests, reporter, nowMs }: VerificationReportRouteParts): Route[] {
  const note = custodyNotes(db, nowMs);
  return [
    {
      method: 'post',
      path: '/api/v1/verification-reports',
      operationId: 'makeVerificationReport',
      tag: 'requests',
      summary: { zh: '出具核验报告 (PDF)', en: 'Make a verification report as a PDF' },
      description:
        `About ${MAX_REPORT_ITEMS} things at most, all verified under one policy. The results are the caller's statement. Certificates that ` +
        'this service holds and the caller may see are verified again under the policy that he hands over, and both results stand side ' +
        'by side. The PDF is signed as certificates are, carries tiezheng/verification-report/v1 and is not kept; that it was made is ' +
        'recorded in the custody of each deposit held here.',
      bodies: { [JSON_TYPE]: { json: orderSchema } },
      answers: [
        {
          status: 200,
          means: 'The PDF.',
          mediaType: 'application/pdf',
          body: { bytes: 'PDF/A-3b with one signature over all of it.' },
        },
      ],
      problems: [
        'report-invalid',
        'report-too-many-items',
        'request-not-found',
        'request-ended',
        ...JSON_BODY_PROBLEMS,
      ],
      may: 'report.create',
      handle: async (req, res, caller) => {
        const { principal, account, user } = caller;
        if (!mayDo(principal, 'report.create', 'own')) {
          throw new AccessError('forbidden', 'neither the roles nor the scopes of the caller allow report.create');
        }
        const body = await jsonBody(req, res, orderSchema, MAX_BODY_BYTES);
        const { requestId = null, remark = null, policy = null, policyName = null, tool, items, signatory } = body;
        const seen = fenced(db, { ...principal, at: new Date(nowMs()) });
        const request = requestId === null ? undefined : await requestOf(seen, principal, requestId);
        const held = new Set<string>();
        const mayRead = async (depositId: string) => {
          if (!uuid.safeParse(depositId).success) return false;
          const at = new Date(nowMs());
          const relation = await relationOf(db.pool, principal, { depositId }, { action: 'certificate.read', at });
          if (relation === 'none' || !mayDo(principal, 'certificate.read', relation)) return false;
          held.add(depositId);
          return true;
        };
        const { identityMethod, identityCheckedAt, identityCheckedBy } = account;
        const { report, pdf, sha256 } = await reporter.make(
          seen,
          {
            ...{ requestId, remark, policy, policyName, tool, items },
            signatory: {
              name: signatory.name,
              capacity: signatory.capacity ?? null,
              user: user === null ? null : { userId: user.userId, name: user.name },
              office: {
                accountId: account.accountId,
                name: account.name,
                roles: [...principal.roles],
                identityCheck: {
                  method: identityMethod,
                  checkedAt: identityCheckedAt === null ? null : utcTimeOf(identityCheckedAt.getTime()),
                  checkedBy: identityCheckedBy,
                },
              },
            },
          },
          mayRead,
        );
        // Ascending, as custody chains are locked everywhere. Before the bytes leave.
        for (const depositId of [...held].sort()) {
          const detail = { saidBy: 'caller', what: 'verification-report', reportNo: report.reportNo, sha256 };
          await note(req, caller, { depositId, kind: 'verified', detail });
        }
        if (request !== undefined && isOpen(request)) {
          const remark = `核验报告 verification report ${report.reportNo}, SHA-256 ${sha256}`;
          const step = { kind: 'other', depositId: null, outcome: null, remark } as const;
          await requests.addStep(principal, request.requestId, step, new Date(nowMs()));
        }
        res.attachment(`verification-report-${report.reportNo}.pdf`);
        sendBytes(res, 200, 'application/pdf', pdf);
      },
    },
  ];
}

/** The caller's office was asked. @throws MatterError `request-not-found` */
async function requestOf(seen: Queryable, principal: Principal, requestId: string): Promise<RequestRow> {
  const request = await selectRequest(seen, requestId);
  if (request === undefined || relationToRequest(principal, request) !== 'granted') throw requestNotFound();
  return request;
}

function isOpen({ state }: RequestRow): boolean {
  return state === 'submitted' || state === 'accepted';
}
