import { Button } from 'antd';
import { useId, useState } from 'react';
import type { CodedError } from '../../errors.ts';
import { postForBlob } from '../api-client.ts';
import { useText } from '../language.tsx';
import { beijingTime } from '../measures.ts';
import { ProblemAlert } from '../problem-alert.tsx';
import type { RequestDetail, Step } from '../request-answers.ts';
import { deskTexts, OFFICE_STEPS, outcomeTexts, stepKindTexts } from './notary-texts.ts';
import { codedError } from './policy-panel.tsx';

interface StepsSectionProps {
  request: RequestDetail;
  steps: readonly Step[];
  isOpen: boolean;
  onAdded: () => Promise<void>;
}

/** What either side did, and a form for what the office does outside this page. */
export function StepsSection({ request, steps, isOpen, onAdded }: StepsSectionProps) {
  const t = useText();
  return (
    <section className="card" aria-labelledby="steps-title">
      <h2 id="steps-title">{t(deskTexts.steps)}</h2>
      {steps.length === 0 && <p>{t(deskTexts.stepsNone)}</p>}
      <ol className="queue">
        {steps.map((step) => (
          <StepRow key={step.stepId} step={step} depositIds={request.depositIds} />
        ))}
      </ol>
      {isOpen ? <StepForm request={request} onAdded={onAdded} /> : <p className="hint">{t(deskTexts.ended)}</p>}
    </section>
  );
}

function StepRow({ step, depositIds }: { step: Step; depositIds: readonly string[] }) {
  const t = useText();
  const { kind, at, accountName, depositId, outcome, remark } = step;
  return (
    <li data-step={kind}>
      <strong>{t(stepKindTexts[kind] ?? { zh: kind, en: kind })}</strong>
      {depositId !== null && ` · ${t(deskTexts.deposit)} ${depositIds.indexOf(depositId) + 1}`}
      {outcome !== null && ` · ${t(outcomeTexts[outcome])}`}
      <div className="hint">
        {beijingTime(at)} · {t(deskTexts.by)} <bdi>{accountName}</bdi>
      </div>
      {remark !== null && <div className="pre-line wrap-anywhere">{remark}</div>}
    </li>
  );
}

function StepForm({ request, onAdded }: { request: RequestDetail; onAdded: () => Promise<void> }) {
  const t = useText();
  const id = useId();
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<CodedError | undefined>();
  const send = async (form: HTMLFormElement) => {
    setBusy(true);
    setError(undefined);
    const fields = new FormData(form);
    const given = (name: string) => {
      const value = String(fields.get(name) ?? '').trim();
      return value === '' ? null : value;
    };
    try {
      await postForBlob(`/requests/${request.requestId}/steps`, {
        kind: given('kind'),
        depositId: given('depositId'),
        outcome: given('outcome'),
        remark: given('remark'),
      });
      form.reset();
      await onAdded();
    } catch (failure) {
      setError(codedError(failure));
    } finally {
      setBusy(false);
    }
  };
  return (
    <form
      aria-label={t(deskTexts.addStep)}
      onSubmit={(event) => {
        event.preventDefault();
        send(event.currentTarget);
      }}
    >
      <h3>{t(deskTexts.addStep)}</h3>
      {error !== undefined && <ProblemAlert title={deskTexts.failed} error={error} />}
      <div className="fields">
        <div>
          <label htmlFor={`${id}-kind`}>{t(deskTexts.stepKind)}</label>
          <select id={`${id}-kind`} name="kind" className="native-field">
            {OFFICE_STEPS.map((kind) => (
              <option key={kind} value={kind}>
                {t(stepKindTexts[kind] as { zh: string; en: string })}
              </option>
            ))}
          </select>
        </div>
        <div>
          <label htmlFor={`${id}-deposit`}>{t(deskTexts.stepDeposit)}</label>
          <select id={`${id}-deposit`} name="depositId" className="native-field">
            <option value="">{t(deskTexts.stepWhole)}</option>
            {request.depositIds.map((depositId, i) => (
              <option key={depositId} value={depositId}>
                {t(deskTexts.deposit)} {i + 1}
              </option>
            ))}
          </select>
        </div>
        <div>
          <label htmlFor={`${id}-outcome`}>{t(deskTexts.stepOutcome)}</label>
          <select id={`${id}-outcome`} name="outcome" className="native-field">
            <option value="">{t(deskTexts.stepNoOutcome)}</option>
            {(Object.keys(outcomeTexts) as (keyof typeof outcomeTexts)[]).map((outcome) => (
              <option key={outcome} value={outcome}>
                {t(outcomeTexts[outcome])}
              </option>
            ))}
          </select>
        </div>
        <div className="wide">
          <label htmlFor={`${id}-remark`}>{t(deskTexts.stepRemark)}</label>
          <textarea id={`${id}-remark`} name="remark" className="native-field" rows={2} maxLength={5000} />
        </div>
      </div>
      <div className="buttons">
        <Button htmlType="submit" loading={busy}>
          {t(deskTexts.addStep)}
        </Button>
      </div>
    </form>
  );
}
