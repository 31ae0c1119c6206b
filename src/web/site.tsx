import { useEffect, useState } from 'react';
import { AccountMenu, SignedIn } from './account.tsx';
import { type ServiceStatus, statusSchema } from './api-answers.ts';
import { getJson } from './api-client.ts';
import { DepositListPage } from './deposit-list-page.tsx';
import { DepositPage } from './deposit-page.tsx';
import { HandInUnderWay } from './hand-in/large-hand-in-view.tsx';
import { HandInPage } from './hand-in-page.tsx';
import { LanguageSwitch, useText } from './language.tsx';
import { PageTitle } from './page-title.tsx';
import { Link, type Route, useRoute } from './route.tsx';
import { texts } from './texts.ts';
import { VerifyFileNote } from './verify-file-note.tsx';
import { VerifyPage } from './verify-page.tsx';

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
          <DepositPage depositId={route.depositId} />
        </SignedIn>
      );
    case 'verify':
      return (
        <>
          <VerifyPage toolDigest={null} />
          <VerifyFileNote />
        </>
      );
    case 'not-found':
      return <PageTitle title={t(texts.notFound)} />;
  }
}

function useStatus(): ServiceStatus | undefined {
  const [status, setStatus] = useState<ServiceStatus | undefined>();
  useEffect(() => {
    // Without an answer the pages still stand: limits are then the service's to enforce.
    getJson('/status', statusSchema).then(setStatus, () => {});
  }, []);
  return status;
}
