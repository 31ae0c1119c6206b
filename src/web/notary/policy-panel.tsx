import { Button } from 'antd';
import { useEffect, useState } from 'react';
import { CodedError } from '../../errors.ts';
import { DigestText } from '../digest-text.tsx';
import { FileDrop } from '../file-drop.tsx';
import { useText } from '../language.tsx';
import { beijingTime } from '../measures.ts';
import { ProblemAlert } from '../problem-alert.tsx';
import { Row } from '../report-parts.tsx';
import { texts } from '../texts.ts';
import { policyTexts } from './notary-texts.ts';
import { choosePolicy, forgetPolicy, keptPolicy, type OfficePolicy } from './office-policy.ts';

/** `undefined` while the browser is asked, `null` if the office has chosen none. */
export type ChosenPolicy = OfficePolicy | null | undefined;

/** The account's policy as this browser keeps it. */
export function useOfficePolicy(accountId: string) {
  const [policy, setPolicy] = useState<ChosenPolicy>();
  const [error, setError] = useState<CodedError | undefined>();
  useEffect(() => {
    let gone = false;
    keptPolicy(accountId).then(
      (found) => !gone && setPolicy(found ?? null),
      (failure: unknown) => {
        if (gone) return;
        setPolicy(null);
        setError(codedError(failure));
      },
    );
    return () => {
      gone = true;
    };
  }, [accountId]);
  const choose = async (files: readonly File[]) => {
    setError(undefined);
    try {
      setPolicy(await choosePolicy(accountId, files));
    } catch (failure) {
      setError(codedError(failure));
    }
  };
  const forget = async () => {
    await forgetPolicy(accountId);
    setPolicy(null);
  };
  return { policy, error, choose, forget };
}

interface PolicyPanelProps {
  office: ReturnType<typeof useOfficePolicy>;
  /** While something is verified under it. */
  disabled?: boolean;
}

/** Which policy the office judges by: its name and digest, and how to choose another. */
export function PolicyPanel({ office, disabled = false }: PolicyPanelProps) {
  const t = useText();
  const { policy, error, choose, forget } = office;
  return (
    <section className="card" aria-labelledby="office-policy-title">
      <h2 id="office-policy-title">{t(policyTexts.title)}</h2>
      {error !== undefined && <ProblemAlert title={policyTexts.unusable} error={error} />}
      {policy === undefined && <p role="status">{t(texts.loading)}</p>}
      {policy === null && (
        <>
          <p>{t(policyTexts.none)}</p>
          <FileDrop
            label={policyTexts.title}
            hint={policyTexts.chooseHint}
            choose={policyTexts.choose}
            disabled={disabled}
            onFiles={choose}
          />
        </>
      )}
      {policy != null && (
        <>
          <dl className="facts">
            <Row label={policyTexts.name}>
              <bdi>{policy.files.map(({ name }) => name).join(', ')}</bdi>
            </Row>
            <Row label={policyTexts.digest}>
              <DigestText hex={policy.digest} />
            </Row>
            <Row label={policyTexts.chosenAt}>{beijingTime(policy.chosenAt)}</Row>
          </dl>
          {policy.evaluation && <p className="evaluation-note">{t(policyTexts.evaluation)}</p>}
          <p className="hint no-print">{t(policyTexts.kept)}</p>
          <Button className="no-print" size="small" disabled={disabled} onClick={forget}>
            {t(policyTexts.another)}
          </Button>
        </>
      )}
    </section>
  );
}

export function codedError(failure: unknown): CodedError {
  return failure instanceof CodedError ? failure : new CodedError('internal', String(failure));
}
