import { useEffect, useState } from 'react';
import type { CodedError } from '../../errors.ts';
import type { Me } from '../api-answers.ts';
import { getJson } from '../api-client.ts';
import { useText } from '../language.tsx';
import { beijingSecond } from '../measures.ts';
import { PageTitle } from '../page-title.tsx';
import { Row } from '../report-parts.tsx';
import { ACCOUNT_SECTIONS, type AccountSection, Link } from '../route.tsx';
import { useAccount } from '../sign-in/account.tsx';
import { actFor } from '../sign-in/account-client.ts';
import { ActionForm, Refusal } from '../sign-in/sign-in-parts.tsx';
import { roleTexts } from '../sign-in/sign-in-texts.ts';
import { StepUpProvider } from '../sign-in/step-up.tsx';
import { StepMark } from '../status-mark.tsx';
import { type Text, texts } from '../texts.ts';
import { useAction } from '../use-action.ts';
import { type IdentityCheck, identityChecksSchema } from './account-answers.ts';
import { Part } from './account-parts.tsx';
import { accountTexts, identityMethodTexts, roleMeanings, wordsFor } from './account-texts.ts';
import { ApiKeysSection } from './api-keys-section.tsx';
import { NoticesSection } from './notices-section.tsx';
import { OrganisationsSection } from './organisations-section.tsx';
import { SecuritySection } from './security-section.tsx';

/** The reader's user and account, a part at a time. */
export function AccountPage({ section }: { section: AccountSection }) {
  const t = useText();
  const { account } = useAccount();
  if (account.state !== 'signed-in') return null;
  return (
    <StepUpProvider>
      <PageTitle key={section} title={t(accountTexts[section])} />
      <nav className="sections no-print" aria-label={t(accountTexts.navigation)}>
        {ACCOUNT_SECTIONS.map((each) => (
          <Link key={each} to={each === 'overview' ? '/account' : `/account/${each}`} current={each === section}>
            {t(accountTexts[each])}
          </Link>
        ))}
      </nav>
      <SectionOf key={`${section} ${account.me.accountId}`} section={section} me={account.me} />
    </StepUpProvider>
  );
}

function SectionOf({ section, me }: { section: AccountSection; me: Me }) {
  switch (section) {
    case 'overview':
      return <Overview me={me} />;
    case 'organisations':
      return <OrganisationsSection me={me} />;
    case 'keys':
      return <ApiKeysSection me={me} />;
    case 'security':
      return <SecuritySection me={me} />;
    case 'notices':
      return <NoticesSection me={me} />;
  }
}

const KIND_TEXTS: Record<string, Text> = {
  person: accountTexts.person,
  organisation: accountTexts.organisation,
  unknown: accountTexts.unknownKind,
};

function Overview({ me }: { me: Me }) {
  const t = useText();
  const own = me.accounts.find(({ accountId }) => accountId === me.accountId);
  return (
    <>
      <Part title={accountTexts.acting} lead={accountTexts.actingLead}>
        <dl className="facts">
          <Row label={accountTexts.user}>
            {me.user === null ? (
              t(me.by === 'api-key' ? accountTexts.byKey : accountTexts.byLink)
            ) : (
              <>
                <bdi>{me.user.name}</bdi> · <bdi className="wrap-anywhere">{me.user.email}</bdi>
              </>
            )}
          </Row>
          <Row label={accountTexts.accountName}>
            <bdi>{me.name}</bdi>
          </Row>
          <Row label={accountTexts.accountKind}>{t(wordsFor(KIND_TEXTS, own?.kind ?? 'unknown'))}</Row>
          <Row label={accountTexts.accountId}>
            <code>{me.accountId}</code>
            <div className="hint">{t(accountTexts.accountIdHint)}</div>
          </Row>
        </dl>
        {me.user !== null && me.accounts.length > 1 && <ActFor me={me} />}
      </Part>
      <Part title={accountTexts.roles}>
        {me.roles.length === 0 && <p>{t(accountTexts.noRoles)}</p>}
        <ul>
          {me.roles.map((role) => (
            <li key={role}>
              <strong>{t(wordsFor(roleTexts, role))}</strong>
              {Object.hasOwn(roleMeanings, role) && `: ${t(wordsFor(roleMeanings, role))}`}
            </li>
          ))}
        </ul>
      </Part>
      <Identity me={me} />
    </>
  );
}

function ActFor({ me }: { me: Me }) {
  const t = useText();
  const { reload } = useAccount();
  const [chosen, setChosen] = useState(me.accountId);
  return (
    <ActionForm
      button={accountTexts.change}
      failed={accountTexts.actFailed}
      onSubmit={async () => {
        await actFor(chosen);
        await reload();
      }}
    >
      <div className="sign-in-field">
        <label htmlFor="acting-account">{t(accountTexts.actFor)}</label>
        <select
          id="acting-account"
          className="native-field"
          value={chosen}
          onChange={({ target }) => setChosen(target.value)}
        >
          {me.accounts.map(({ accountId, name, kind }) => (
            <option key={accountId} value={accountId}>
              {name} ({t(wordsFor(KIND_TEXTS, kind))})
            </option>
          ))}
        </select>
      </div>
    </ActionForm>
  );
}

function Identity({ me }: { me: Me }) {
  const t = useText();
  const { checks, error } = useIdentityChecks(me.accountId);
  const [recorded, ...earlier] = checks ?? [];
  // Accounts from the command line come with a check that has no record of its own.
  const newest = recorded ?? { method: me.identityMethod, checkedAt: null, checkedBy: null };
  const isChecked = checks !== undefined && newest.method !== 'none';
  return (
    <Part title={accountTexts.identity} lead={accountTexts.identityLead}>
      <Refusal title={accountTexts.unavailable} error={error} />
      {checks === undefined && error === undefined && <p role="status">{t(texts.loading)}</p>}
      {checks !== undefined && (
        <p>
          <span className="health-mark">
            <StepMark status={isChecked ? 'passed' : 'not-checked'} />
            {t(wordsFor(identityMethodTexts, newest.method))}
          </span>
        </p>
      )}
      {checks !== undefined && !isChecked && <p>{t(accountTexts.identityNoneLead)}</p>}
      {isChecked && (
        <dl className="facts">
          <Row label={accountTexts.checkedBy}>{newest.checkedBy ?? t(accountTexts.nobodyNamed)}</Row>
          <Row label={accountTexts.checkedAt}>
            {newest.checkedAt === null ? t(accountTexts.nobodyNamed) : beijingSecond(newest.checkedAt)}
          </Row>
        </dl>
      )}
      {earlier.length > 0 && (
        <details>
          <summary>{t(accountTexts.earlierChecks)}</summary>
          <ul>
            {earlier.map(({ method, checkedAt, checkedBy, recordedAt }) => (
              <li key={recordedAt}>
                {[
                  t(wordsFor(identityMethodTexts, method)),
                  checkedBy,
                  checkedAt === null ? null : beijingSecond(checkedAt),
                  `${t(accountTexts.recordedAt)} ${beijingSecond(recordedAt)}`,
                ]
                  .filter((each) => each !== null)
                  .join(' · ')}
              </li>
            ))}
          </ul>
        </details>
      )}
    </Part>
  );
}

/** Newest first; an account whose identity nobody has looked at has none. */
function useIdentityChecks(accountId: string): {
  checks: readonly IdentityCheck[] | undefined;
  error: CodedError | undefined;
} {
  const { error, run } = useAction();
  const [checks, setChecks] = useState<readonly IdentityCheck[] | undefined>();
  // biome-ignore lint/correctness/useExhaustiveDependencies: once for each account
  useEffect(() => {
    run(async () => setChecks((await getJson(`/accounts/${accountId}/identity-checks`, identityChecksSchema)).checks));
  }, [accountId]);
  return { checks, error };
}
