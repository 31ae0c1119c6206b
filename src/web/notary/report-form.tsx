import { Button } from 'antd';
import { useId, useRef, useState } from 'react';
import type { CodedError } from '../../errors.ts';
import type { Report } from '../../format/report.ts';
import { identityMethodTexts, wordsFor } from '../account/account-texts.ts';
import type { Me } from '../api-answers.ts';
import { postForBlob } from '../api-client.ts';
import { useText } from '../language.tsx';
import { beijingTime } from '../measures.ts';
import { ProblemAlert } from '../problem-alert.tsx';
import { Row } from '../report-parts.tsx';
import { saveBlob } from '../save-blob.ts';
import { openReadersTrust } from '../verify/verification.ts';
import { statementTexts } from './notary-texts.ts';
import type { OfficePolicy } from './office-policy.ts';
import { codedError } from './policy-panel.tsx';

/** As the service takes them. */
const MAX_ITEMS = 200;

export interface ReportItem {
  fileName: string;
  report: Report;
}

interface ReportFormProps {
  me: Me;
  policy: OfficePolicy | null | undefined;
  requestId: string | null;
  count: number;
  /** Read only when the report is made. */
  items: () => Promise<ReportItem[]>;
  /** What decides which things are in it, in words. */
  hint?: string;
  onMade?: () => Promise<void>;
}

/** What the office verified, as a PDF that the service seals. Name and office stand beside what it is about to say. */
export function ReportForm({ me, policy, requestId, count, items, hint, onMade }: ReportFormProps) {
  const t = useText();
  const id = useId();
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<CodedError | undefined>();
  const [made, setMade] = useState<string | undefined>();
  const outcome = useRef<HTMLParagraphElement>(null);
  const send = async (form: HTMLFormElement) => {
    setBusy(true);
    setError(undefined);
    setMade(undefined);
    const fields = new FormData(form);
    const given = (name: string) => {
      const value = String(fields.get(name) ?? '').trim();
      return value === '' ? null : value;
    };
    try {
      const told = await items();
      const [first] = told;
      const trust = policy == null ? undefined : await openReadersTrust(policy.files, []);
      const pdf = await postForBlob('/verification-reports', {
        requestId,
        signatory: { name: given('name'), capacity: given('capacity') },
        remark: given('remark'),
        tool: { ...first?.report.verifier, sha256: null },
        policy: trust?.policy ?? null,
        policyName:
          policy == null
            ? null
            : policy.files
                .map(({ name }) => name)
                .join(', ')
                .slice(0, 300),
        items: told,
      });
      const fileName = `verification-report-${beijingTime(new Date().toISOString()).slice(0, 10)}.pdf`;
      saveBlob(pdf, fileName);
      setMade(fileName);
      await onMade?.();
      outcome.current?.focus();
    } catch (failure) {
      setError(codedError(failure));
    } finally {
      setBusy(false);
    }
  };
  return (
    <section className="card no-print" aria-labelledby={`${id}-title`}>
      <h2 id={`${id}-title`}>{t(statementTexts.title)}</h2>
      <p>{t(statementTexts.what)}</p>
      <p className="hint">{t(statementTexts.again)}</p>
      <dl className="facts">
        <Row label={statementTexts.office}>
          <bdi>{me.name}</bdi>
        </Row>
        <Row label={statementTexts.identity}>
          {t(
            me.identityMethod === 'none' ? statementTexts.notChecked : wordsFor(identityMethodTexts, me.identityMethod),
          )}
        </Row>
        <Row label={statementTexts.items}>
          {count} {hint !== undefined && <span className="hint">{hint}</span>}
        </Row>
      </dl>
      {me.by === 'api-key' ? (
        <p>{t(statementTexts.byKey)}</p>
      ) : count === 0 ? (
        <p>{t(statementTexts.none)}</p>
      ) : count > MAX_ITEMS ? (
        <p>{t(statementTexts.tooMany)}</p>
      ) : (
        <form
          aria-label={t(statementTexts.title)}
          onSubmit={(event) => {
            event.preventDefault();
            send(event.currentTarget);
          }}
        >
          <div className="fields">
            <div>
              <label htmlFor={`${id}-name`}>{t(statementTexts.name)}</label>
              <input
                id={`${id}-name`}
                name="name"
                className="native-field"
                defaultValue={me.user?.name ?? ''}
                maxLength={100}
                required
                autoComplete="name"
              />
            </div>
            <div>
              <label htmlFor={`${id}-capacity`}>{t(statementTexts.capacity)}</label>
              <input
                id={`${id}-capacity`}
                name="capacity"
                className="native-field"
                maxLength={100}
                autoComplete="organization-title"
              />
            </div>
            <div className="wide">
              <label htmlFor={`${id}-remark`}>{t(statementTexts.remark)}</label>
              <textarea id={`${id}-remark`} name="remark" className="native-field" rows={2} maxLength={2000} />
            </div>
          </div>
          <div className="buttons">
            <Button type="primary" htmlType="submit" loading={busy}>
              {t(statementTexts.make)}
            </Button>
            <span role="status">{busy && t(statementTexts.making)}</span>
          </div>
        </form>
      )}
      {error !== undefined && <ProblemAlert title={statementTexts.failed} error={error} />}
      <p ref={outcome} tabIndex={-1} role="status" className="wrap-anywhere">
        {made !== undefined && `${t(statementTexts.made)} ${made}`}
      </p>
    </section>
  );
}
