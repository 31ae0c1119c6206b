import type { Me } from '../api-answers.ts';
import { useText } from '../language.tsx';
import { logTexts } from '../log/log-texts.ts';
import { PageTitle } from '../page-title.tsx';
import { Link, OPERATION_SECTIONS, type OperationSection } from '../route.tsx';
import { StepUpProvider } from '../sign-in/step-up.tsx';
import { AccountsSection } from './accounts-section.tsx';
import { HealthSection } from './health-section.tsx';
import { KeysSection } from './keys-section.tsx';
import { operationTexts } from './operation-texts.ts';
import { ProfileSection } from './profile-section.tsx';
import { StorageSection } from './storage-section.tsx';

const OPERATION_ROLES = ['operator', 'auditor'];

/** How the service runs, a part at a time. Nothing here can edit a deposit. */
export function OperationPage({ section, me }: { section: OperationSection; me: Me }) {
  const t = useText();
  const title = section === 'health' ? logTexts.operatorTitle : operationTexts[section];
  // A key may read and nothing more. The service decides for itself what it answers.
  const mayOperate = me.by === 'session' && me.roles.includes('operator');
  return (
    <StepUpProvider>
      <PageTitle key={section} title={t(title)} />
      {me.roles.some((role) => OPERATION_ROLES.includes(role)) ? (
        <>
          <nav className="sections no-print" aria-label={t(operationTexts.navigation)}>
            {OPERATION_SECTIONS.map((each) => (
              <Link key={each} to={each === 'health' ? '/operation' : `/operation/${each}`} current={each === section}>
                {t(operationTexts[each])}
              </Link>
            ))}
          </nav>
          <SectionOf key={section} section={section} mayOperate={mayOperate} />
        </>
      ) : (
        <p className="card">{t(operationTexts.noRole)}</p>
      )}
    </StepUpProvider>
  );
}

function SectionOf({ section, mayOperate }: { section: OperationSection; mayOperate: boolean }) {
  switch (section) {
    case 'health':
      return <HealthSection mayClear={mayOperate} />;
    case 'accounts':
      return <AccountsSection mayOperate={mayOperate} />;
    case 'keys':
      return <KeysSection />;
    case 'storage':
      return <StorageSection />;
    case 'profile':
      return <ProfileSection mayOperate={mayOperate} />;
  }
}
