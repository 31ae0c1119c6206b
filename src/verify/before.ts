import type { DepositorAnnex, StatementAnnex } from '../format/annex.ts';
import type { Check, Report } from '../format/report.ts';
import { notChecked } from './checks.ts';

/** What no chain can show (上链前): each row says whose word it is, or that nothing was said. */
export function checkBefore(
  times: Report['times'],
  annexes: { depositor?: DepositorAnnex | undefined; statement?: StatementAnnex | undefined },
  declaredOnly: boolean,
): Check[] {
  const { depositor, statement } = annexes;
  const said = (topic: string, value: string | undefined): Check =>
    value === undefined
      ? notChecked(`before.${topic}`, null, statement === undefined ? 'closed' : 'absent')
      : notChecked(`before.${topic}`, null, 'operator-word-only', { stated: value });
  const minutes = times.unprovedMinutes === null ? 'unknown' : String(times.unprovedMinutes);
  return [
    notChecked('before.receipt-to-proof', null, 'operator-word-only', { minutes }),
    ...(declaredOnly ? [notChecked('before.content', null, 'declared-only')] : []),
    depositor === undefined
      ? notChecked('before.identity', null, 'closed')
      : notChecked(
          'before.identity',
          null,
          depositor.identityCheck.method === 'none' ? 'absent' : 'operator-word-only',
          {
            method: depositor.identityCheck.method,
          },
        ),
    said('source', statement?.source),
    said('method', statement?.method),
    said('tool', statement?.tool),
    said('interval', intervalOf(statement)),
    notChecked('before.cleanliness', null, 'absent'),
  ];
}

function intervalOf(statement: StatementAnnex | undefined): string | undefined {
  if (statement?.capturedFrom === undefined && statement?.capturedUntil === undefined) return undefined;
  return `${statement.capturedFrom ?? '?'} / ${statement.capturedUntil ?? '?'}`;
}
