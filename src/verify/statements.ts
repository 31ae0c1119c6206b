import type { DepositorAnnex, StatementAnnex } from '../format/annex.ts';
import type { Certificate } from '../format/certificate.ts';
import type { DepositRecord } from '../format/deposit.ts';
import type { Report } from '../format/report.ts';

type Statement = Report['statements'][number];

const STATEMENT_FIELDS = [
  'title',
  'kind',
  'source',
  'capturedFrom',
  'capturedUntil',
  'method',
  'tool',
  'purpose',
  'captureOperator',
  'rightHolder',
  'rights',
] as const;

/** What only somebody says: shown apart from every proved fact. */
export function statementsOf(
  record: DepositRecord,
  annexes: { depositor?: DepositorAnnex | undefined; statement?: StatementAnnex | undefined },
  certificate: Certificate | undefined,
): Statement[] {
  const rows: Statement[] = [operator('receivedAt', record.receivedAt)];
  const { depositor, statement } = annexes;
  if (depositor !== undefined) {
    rows.push(
      operator('depositor.name', depositor.name),
      operator('depositor.kind', depositor.kind),
      operator('depositor.identityCheck', depositor.identityCheck.method),
    );
    if (depositor.identityCheck.checkedAt !== null) {
      rows.push(operator('depositor.identityCheckedAt', depositor.identityCheck.checkedAt));
    }
    if (depositor.identityCheck.checkedBy !== undefined) {
      rows.push(operator('depositor.identityCheckedBy', depositor.identityCheck.checkedBy));
    }
  }
  for (const field of STATEMENT_FIELDS) {
    const value = statement?.[field];
    if (value !== undefined) rows.push({ by: 'depositor', field: `statement.${field}`, value });
  }
  if (certificate !== undefined) rows.push(...claimsOf(certificate));
  return rows;
}

function claimsOf({ claims, publications }: Certificate): Statement[] {
  const rows = [
    operator('certificateNo', claims.certificateNo),
    operator('issuedAt', claims.issuedAt),
    operator('evaluation', claims.evaluation ? 'yes' : 'no'),
    operator(
      'originalsHeld',
      claims.originalsHeld.length === 0 ? 'none' : claims.originalsHeld.map((i) => i + 1).join(', '),
    ),
  ];
  for (const [field, value] of Object.entries(claims.platform)) {
    if (value !== null) rows.push(operator(`platform.${field}`, value));
  }
  for (const limitation of claims.limitations) rows.push(operator('limitation', `${limitation.zh} ${limitation.en}`));
  for (const attestation of publications.flatMap((p) => p.attestations)) {
    if (attestation.type !== 'evm') continue;
    const { chain } = attestation;
    const { transactionHash, finality, nodesRunBy } = attestation.claims;
    // A certificate may be anchored on several chains: each statement says of which.
    rows.push(
      operator('transactionHash', `${chain}: ${transactionHash}`),
      operator('finality', `${chain}: ${finality.status} (${finality.rule})`),
    );
    if (nodesRunBy !== null) rows.push(operator('nodesRunBy', `${chain}: ${nodesRunBy}`));
  }
  return rows;
}

function operator(field: string, value: string): Statement {
  return { by: 'operator', field, value };
}
