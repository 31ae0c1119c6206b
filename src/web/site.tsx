import { type ReactNode, Suspense, useEffect, useId, useRef, useState } from 'react';
import { type Me, type ServiceStatus, statusSchema } from './api-answers.ts';
import { getJson } from './api-client.ts';
import { HandInUnderWay } from './hand-in/large-hand-in-view.tsx';
import { HomePage } from './home/home-page.tsx';
import { LanguageSwitch, useText } from './language.tsx';
import { navigationFor } from './navigation.ts';
import { PageBoundary } from './page-boundary.tsx';
import { PageTitle } from './page-title.tsx';
import {
  AccountPage,
  BulkPage,
  ComparePage,
  DepositListPage,
  DepositPage,
  DeskPage,
  HandInPage,
  HandOverPage,
  HandOversPage,
  InvitationPage,
  LogPage,
  MatterListPage,
  MatterPage,
  NewMatterPage,
  OperationPage,
  ReceivedPage,
  RequestPage,
  ResetPasswordPage,
  SharedPage,
  SignInPage,
  SignUpPage,
  VerifyPage,
} from './pages.ts';
import { Link, type Route, useRoute } from './route.tsx';
import { AccountMenu, SignedIn, useAccount } from './sign-in/account.tsx';
import { texts } from './texts.ts';
import { VerifyFileNote } from './verify/verify-file-note.tsx';

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
        <LanguageSwitch />
        <SiteMenu route={route} />
      </header>
      {route.page !== 'hand-in' && <HandInUnderWay />}
      <main id="content" tabIndex={-1}>
        <PageBoundary key={route.page}>
          <Suspense fallback={<p role="status">{t(texts.loading)}</p>}>
            <Page route={route} status={status} />
          </Suspense>
        </PageBoundary>
      </main>
    </>
  );
}

function Page({ route, status }: { route: Route; status: ServiceStatus | undefined }) {
  const t = useText();
  switch (route.page) {
    case 'home':
      return <HomePage />;
    case 'hand-in':
      return (
        <SignedIn>
          <HandInPage query={route.query} status={status} />
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
    case 'matters':
      return (
        <SignedIn>
          <MatterListPage />
        </SignedIn>
      );
    case 'new-matter':
      return (
        <SignedIn>
          <NewMatterPage />
        </SignedIn>
      );
    case 'matter':
      return (
        <SignedIn>
          <MatterPage key={route.matterId} matterId={route.matterId} />
        </SignedIn>
      );
    case 'received':
      return (
        <SignedIn>
          <ReceivedPage />
        </SignedIn>
      );
    case 'compare':
      return (
        <SignedIn>
          <ComparePage query={route.query} evaluation={status?.evaluation === true} />
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
      return <SignedInAs page={(me) => <OperationPage section={route.section} me={me} />} />;
    case 'desk':
      return (
        <SignedIn>
          <DeskPage />
        </SignedIn>
      );
    case 'desk-verify':
      return <SignedInAs page={(me) => <BulkPage key={me.accountId} me={me} />} />;
    case 'desk-request':
      return <SignedInAs page={(me) => <RequestPage key={route.requestId} requestId={route.requestId} me={me} />} />;
    case 'shared':
      return <SharedPage key={route.secret} secret={route.secret} />;
    case 'account':
      return (
        <SignedIn>
          <AccountPage section={route.section} />
        </SignedIn>
      );
    case 'sign-in':
      return <SignInPage />;
    case 'sign-up':
      return <SignUpPage />;
    case 'reset-password':
      return <ResetPasswordPage />;
    case 'hand-over':
      return <HandOverPage />;
    case 'hand-overs':
      return (
        <SignedIn>
          <HandOversPage />
        </SignedIn>
      );
    case 'invitation':
      return <InvitationPage key={route.invitationId} invitationId={route.invitationId} />;
    case 'not-found':
      return <PageTitle title={t(texts.notFound)} />;
  }
}

/** For pages that ask who is acting. */
function SignedInAs({ page }: { page: (me: Me) => ReactNode }) {
  const { account } = useAccount();
  return <SignedIn>{account.state === 'signed-in' && page(account.me)}</SignedIn>;
}

/** What can be gone to and who is signed in. On a narrow screen it is folded away behind a button. */
function SiteMenu({ route }: { route: Route }) {
  const t = useText();
  const { account } = useAccount();
  const [open, setOpen] = useState(false);
  const button = useRef<HTMLButtonElement>(null);
  const id = useId();
  // biome-ignore lint/correctness/useExhaustiveDependencies: another page has been gone to, by the menu or otherwise
  useEffect(() => setOpen(false), [route]);
  const roles = account.state === 'signed-in' ? account.me.roles : undefined;
  return (
    <>
      <button
        ref={button}
        type="button"
        className="menu-button"
        aria-expanded={open}
        aria-controls={id}
        onClick={() => setOpen(!open)}
      >
        {t(texts.menu)}
      </button>
      {/* biome-ignore lint/a11y/noStaticElementInteractions: Escape closes, wherever in the menu the focus is */}
      <div
        id={id}
        className={open ? 'site-menu site-menu-open' : 'site-menu'}
        onKeyDown={(event) => {
          if (event.key !== 'Escape' || !open) return;
          setOpen(false);
          button.current?.focus();
        }}
      >
        <nav aria-label={t(texts.mainNavigation)}>
          {navigationFor(roles).map(({ to, text, pages }) => (
            <Link key={to} to={to} current={pages.includes(route.page)}>
              {t(text)}
            </Link>
          ))}
        </nav>
        <AccountMenu />
      </div>
    </>
  );
}

function useStatus(): ServiceStatus | undefined {
  const [status, setStatus] = useState<ServiceStatus | undefined>();
  useEffect(() => {
    // Without an answer the pages still stand: limits are then the service's to enforce.
    getJson('/status', statusSchema).then(setStatus, () => {});
  }, []);
  return status;
}
