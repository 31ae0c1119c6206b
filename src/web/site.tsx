import { useEffect, useState } from 'react';
import { type ServiceStatus, statusSchema } from './api-answers.ts';
import { getJson } from './api-client.ts';
import { DepositListPage } from './deposit/deposit-list-page.tsx';
import { DepositPage } from './deposit/deposit-page.tsx';
import { HandInPage } from './hand-in/hand-in-page.tsx';
import { HandInUnderWay } from './hand-in/large-hand-in-view.tsx';
import { LanguageSwitch, useText } from './language.tsx';
import { LogPage } from './log/log-page.tsx';
import { logTexts } from './log/log-texts.ts';
import { OperatorPage } from './operation/operator-page.tsx';
import { PageTitle } from './page-title.tsx';
import { Link, type Route, useRoute } from './route.tsx';
import { HandOverPage } from './sharing/hand-over-page.tsx';
import { SharedPage } from './sharing/shared-page.tsx';
import { AccountMenu, SignedIn, useAccount } from './sign-in/account.tsx';
import { InvitationPage } from './sign-in/invitation-page.tsx';
import { ResetPasswordPage } from './sign-in/reset-password-page.tsx';
import { SignInPage } from './sign-in/sign-in-page.tsx';
import { SignUpPage } from './sign-in/sign-up-page.tsx';
import { texts } from './texts.ts';
import { readerTexts } from './verify/reader-texts.ts';
import { VerifyFileNote } from './verify/verify-file-note.tsx';
import { VerifyPage } from './verify/verify-page.tsx';

export function Site() {
  const t = useText();
  const { route } = useRoute();
  const status = useStatus();
  return (
    <>
      <a className="skip-link" href="#content">
        {t(texts.skipToContent)}
      </a>
      {status?.evaluation === true && (
        <p className="evaluation-banner no-print">
          {t(texts.evaluationTitle)} · {t(texts.evaluationBanner)}
        </p>
      )}
      <header className="site-header no-print">
        <span className="product-name">
          {t(texts.productName)} <span className="hint">{t(texts.productLine)}</span>
        </span>
        <nav aria-label={t(texts.mainNavigation)}>
          <Link to="/" current={route.page === 'hand-in'}>
            {t(texts.navHandIn)}
          </Link>
          <Link to="/deposits" current={route.page === 'deposits'}>
            {t(texts.navDeposits)}
          </Link>
          <Link to="/verify" current={route.page === 'verify'}>
            {t(texts.navVerify)}
          </Link>
          <Link to="/read" current={route.page === 'read'}>
            {t(readerTexts.navRead)}
          </Link>
          <Link to="/log" current={route.page === 'log'}>
            {t(logTexts.navLog)}
          </Link>
          <OperationLink current={route.page === 'operation'} />
        </nav>
        <AccountMenu />
        <LanguageSwitch />
      </header>
      {route.page !== 'hand-in' && <HandInUnderWay />}
      <main id="content" tabIndex={-1}>
        <Page route={route} status={status} />
      </main>
    </>
  );
}

function Page({ route, status }: { route: Route; status: ServiceStatus | undefined }) {
  const t = useText();
  switch (route.page) {
    case 'hand-in':
      return (
        <SignedIn>
          <HandInPage status={status} />
        </SignedIn>
      );
    case 'deposits':
      return (
        <SignedIn>
          <DepositListPage />
        </SignedIn>
      );
    case 'deposit':
      return (
        <SignedIn>
          <DepositPage depositId={route.depositId} evaluation={status?.evaluation === true} />
        </SignedIn>
      );
    case 'verify':
      return (
        <>
          <VerifyPage key="verify" shape="report" toolDigest={null} />
          <VerifyFileNote />
        </>
      );
    case 'read':
      return <VerifyPage key="read" shape="sheet" toolDigest={null} />;
    case 'log':
      return <LogPage />;
    case 'operation':
      return (
        <SignedIn>
          <Operation />
        </SignedIn>
      );
    case 'shared':
      return <SharedPage key={route.secret} secret={route.secret} />;
    case 'sign-in':
      return <SignInPage />;
    case 'sign-up':
      return <SignUpPage />;
    case 'reset-password':
      return <ResetPasswordPage />;
    case 'hand-over':
      return <HandOverPage />;
    case 'invitation':
      return <InvitationPage key={route.invitationId} invitationId={route.invitationId} />;
    case 'not-found':
      return <PageTitle title={t(texts.notFound)} />;
  }
}

/** For those who run the service or audit it; the service refuses all others anyway. */
function OperationLink({ current }: { current: boolean }) {
  const t = useText();
  const { account } = useAccount();
  if (account.state !== 'signed-in' || !account.me.roles.some((role) => OPERATION_ROLES.includes(role))) return null;
  return (
    <Link to="/operation" current={current}>
      {t(logTexts.navOperator)}
    </Link>
  );
}

const OPERATION_ROLES = ['operator', 'auditor'];

function Operation() {
  const { account } = useAccount();
  // A key may read and nothing more.
  const mayClear =
    account.state === 'signed-in' && account.me.by === 'session' && account.me.roles.includes('operator');
  return <OperatorPage mayClear={mayClear} />;
}

function useStatus(): ServiceStatus | undefined {
  const [status, setStatus] = useState<ServiceStatus | undefined>();
  useEffect(() => {
    // Without an answer the pages still stand: limits are then the service's to enforce.
    getJson('/status', statusSchema).then(setStatus, () => {});
  }, []);
  return status;
}
