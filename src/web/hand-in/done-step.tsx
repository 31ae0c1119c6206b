import { Alert, Button } from 'antd';
import { type ReactNode, useId } from 'react';
import type { DepositDetail } from '../api-answers.ts';
import { CertifiedDownloads, ReceiptDownload } from '../deposit/deposit-downloads.tsx';
import { DepositSteps } from '../deposit/deposit-steps.tsx';
import { StandingView } from '../deposit/standing-view.tsx';
import { useDeposit } from '../deposit/use-deposit.ts';
import { useText } from '../language.tsx';
import { ProblemAlert } from '../problem-alert.tsx';
import { Link } from '../route.tsx';
import { texts } from '../texts.ts';
import { handInTexts } from './hand-in-texts.ts';
import { fileInMatter, useMatterFiling } from './matter-filing.ts';

interface DoneStepProps {
  depositId: string;
  evaluation: boolean;
  /** What else can be done, beside opening the deposit. */
  children?: ReactNode;
}

/** What became of the hand-in, live until its certificate can be taken away. */
export function DoneStep({ depositId, evaluation, children }: DoneStepProps) {
  const t = useText();
  const id = useId();
  const { deposit, error, unreachable } = useDeposit(depositId);
  return (
    <>
      {error !== undefined && <ProblemAlert title={texts.depositUnavailable} error={error} />}
      {deposit === undefined && error === undefined && <p role="status">{t(texts.loading)}</p>}
      {deposit !== undefined && (
        <>
          <TakeAway deposit={deposit} />
          <FiledInMatter depositId={depositId} />
          <StandingView deposit={deposit} evaluation={evaluation} />
          <section className="card" aria-labelledby={`${id}-happens`}>
            <h3 id={`${id}-happens`}>{t(handInTexts.doneNext)}</h3>
            {deposit.pending !== null && <p>{t(handInTexts.doneNextLead)}</p>}
            <DepositSteps deposit={deposit} />
            {unreachable && <Alert type="warning" showIcon role="alert" title={t(texts.pollFailed)} />}
          </section>
        </>
      )}
      <div className="buttons">
        <Link to={`/deposits/${depositId}`}>{t(handInTexts.doneOpen)}</Link>
        {children}
      </div>
    </>
  );
}

/** Stays in one place, so that the certificate appears where the reader has been looking. */
function TakeAway({ deposit }: { deposit: DepositDetail }) {
  const t = useText();
  const id = useId();
  return (
    <section className="card" aria-labelledby={`${id}-take`}>
      <h3 id={`${id}-take`}>{t(handInTexts.doneTakeTitle)}</h3>
      <p role="status">{deposit.certificate !== null && t(handInTexts.doneCertificate)}</p>
      <ul>
        <CertifiedDownloads deposit={deposit} parts={['certificate.pdf', 'package.zip']} />
        <ReceiptDownload deposit={deposit} />
      </ul>
      <p className="hint">{t(texts.downloadHint)}</p>
    </section>
  );
}

function FiledInMatter({ depositId }: { depositId: string }) {
  const t = useText();
  const filing = useMatterFiling();
  if (filing === undefined || !filing.depositIds.includes(depositId)) return null;
  const { choice, depositIds, state } = filing;
  switch (state.phase) {
    case 'adding':
      return <p role="status">{t(handInTexts.matterAdding)}</p>;
    case 'added':
      return (
        <p role="status">
          {t(handInTexts.matterAdded)} <Link to={`/matters/${state.matterId}`}>{choice.title}</Link>
        </p>
      );
    case 'failed':
      return (
        <>
          <ProblemAlert title={handInTexts.matterFailed} error={state.error} />
          <Button onClick={() => void fileInMatter(choice, depositIds)}>{t(texts.tryAgain)}</Button>
        </>
      );
  }
}
