import { Button } from 'antd';
import { type ReactNode, useEffect, useState } from 'react';
import { beijingClock } from '../../format/beijing-clock.ts';
import { identityChecksSchema } from '../account/account-answers.ts';
import { Choices, Part, Said, Unfolded } from '../account/account-parts.tsx';
import { identityMethodTexts, roleMeanings, wordsFor } from '../account/account-texts.ts';
import { getJson, send, sendJson } from '../api-client.ts';
import { useText } from '../language.tsx';
import { beijingSecond } from '../measures.ts';
import { ActionForm, FormField, Refusal } from '../sign-in/sign-in-parts.tsx';
import { roleTexts } from '../sign-in/sign-in-texts.ts';
import { useStepUp } from '../sign-in/step-up.tsx';
import { StepMark } from '../status-mark.tsx';
import { type Text, texts } from '../texts.ts';
import { useAction } from '../use-action.ts';
import { accountsSchema, type PlatformAccount, type PlatformUser, usersSchema } from './operation-answers.ts';
import { operationTexts } from './operation-texts.ts';

const ROLES = Object.keys(roleTexts);
const METHODS = Object.keys(identityMethodTexts).filter((method) => method !== 'none');

/** Accounts and what they may be, and the users who act for them. */
export function AccountsSection({ mayOperate }: { mayOperate: boolean }) {
  const t = useText();
  return (
    <>
      <p>{t(operationTexts.accountsLead)}</p>
      <Accounts mayOperate={mayOperate} />
      {mayOperate ? <Users /> : <p className="hint">{t(operationTexts.usersOperators)}</p>}
    </>
  );
}

interface Page<T> {
  rows: readonly T[];
  next: string | null;
}

/** Pages of a list that is searched. */
function usePages<T>(ask: (query: string) => Promise<Page<T>>) {
  const { busy, error, run } = useAction();
  const [search, setSearch] = useState('');
  const [found, setFound] = useState<Page<T> | undefined>();
  const query = (more: Record<string, string>) =>
    new URLSearchParams({ ...(search.trim() !== '' && { search: search.trim() }), ...more }).toString();
  const load = async () => setFound(await ask(query({})));
  const loadMore = async () => {
    if (found === undefined || found.next === null) return;
    const page = await ask(query({ after: found.next }));
    setFound({ rows: [...found.rows, ...page.rows], next: page.next });
  };
  // biome-ignore lint/correctness/useExhaustiveDependencies: once; afterwards when it is asked for
  useEffect(() => {
    run(load);
  }, []);
  return { busy, error, run, search, setSearch, found, load, loadMore };
}

interface ListProps<T> {
  id: string;
  title: Text;
  lead?: Text;
  searchLabel: Text;
  nothing: Text;
  pages: ReturnType<typeof usePages<T>>;
  row: (row: T) => ReactNode;
}

function List<T>({ id, title, lead, searchLabel, nothing, pages, row }: ListProps<T>) {
  const t = useText();
  const { busy, error, run, search, setSearch, found, load, loadMore } = pages;
  return (
    <Part title={title} {...(lead !== undefined && { lead })}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          run(load);
        }}
      >
        <label htmlFor={id}>{t(searchLabel)}</label>
        <div className="buttons">
          <input
            id={id}
            className="native-field search-field"
            value={search}
            maxLength={200}
            onChange={({ target }) => setSearch(target.value)}
          />
          <Button htmlType="submit" disabled={busy}>
            {t(operationTexts.search)}
          </Button>
        </div>
      </form>
      <Refusal title={operationTexts.unavailable} error={error} />
      <p role="status" className="said">
        {found === undefined && error === undefined && t(texts.loading)}
        {found?.rows.length === 0 && t(nothing)}
      </p>
      <ul className="rows">{found?.rows.map(row)}</ul>
      {found !== undefined && found.next !== null && (
        <Button disabled={busy} onClick={() => run(loadMore)}>
          {t(operationTexts.more)}
        </Button>
      )}
    </Part>
  );
}

function Accounts({ mayOperate }: { mayOperate: boolean }) {
  const pages = usePages<PlatformAccount>(async (query) => {
    const { accounts, next } = await getJson(`/platform/accounts?${query}`, accountsSchema);
    return { rows: accounts, next };
  });
  return (
    <List
      id="find-account"
      title={operationTexts.accountsTitle}
      searchLabel={operationTexts.findAccount}
      nothing={operationTexts.noAccounts}
      pages={pages}
      row={(account) => (
        <AccountView key={account.accountId} account={account} mayOperate={mayOperate} load={pages.load} />
      )}
    />
  );
}

interface AccountViewProps {
  account: PlatformAccount;
  mayOperate: boolean;
  load: () => Promise<void>;
}

function AccountView({ account, mayOperate, load }: AccountViewProps) {
  const t = useText();
  const { accountId, name, roles, createdAt, identityMethod, identityCheckedAt, identityCheckedBy } = account;
  const isChecked = identityMethod !== 'none';
  return (
    <li aria-label={name}>
      <bdi>
        <strong>{name}</strong>
      </bdi>{' '}
      <code className="hint wrap-anywhere">{accountId}</code>
      <div className="hint">
        {t(operationTexts.since)} {beijingSecond(createdAt)}
      </div>
      <div>
        {t(operationTexts.mayBe)}:{' '}
        {roles.length === 0 ? t(operationTexts.nothing) : roles.map((role) => t(wordsFor(roleTexts, role))).join(' · ')}
      </div>
      <div>
        {t(operationTexts.identity)}:{' '}
        <span className="health-mark">
          <StepMark status={isChecked ? 'passed' : 'not-checked'} />
          {t(isChecked ? wordsFor(identityMethodTexts, identityMethod) : operationTexts.notChecked)}
        </span>
        {identityCheckedBy !== null && ` · ${t(operationTexts.checkedBy)} ${identityCheckedBy}`}
        {identityCheckedAt !== null && ` · ${beijingSecond(identityCheckedAt)}`}
      </div>
      <div className="buttons">
        {mayOperate && (
          <>
            <Unfolded button={operationTexts.changeRoles} about={name}>
              {(fold) => <RolesForm account={account} load={load} onDone={fold} />}
            </Unfolded>
            <Unfolded button={operationTexts.recordCheck} about={name}>
              {(fold) => <CheckForm accountId={accountId} load={load} onDone={fold} />}
            </Unfolded>
          </>
        )}
        <Unfolded button={operationTexts.history} about={name}>
          {() => <History accountId={accountId} />}
        </Unfolded>
      </div>
    </li>
  );
}

function RolesForm({
  account,
  load,
  onDone,
}: {
  account: PlatformAccount;
  load: () => Promise<void>;
  onDone: () => void;
}) {
  const t = useText();
  const guarded = useStepUp();
  const [roles, setRoles] = useState<readonly string[]>(account.roles);
  return (
    <>
      <p>{t(operationTexts.changeRolesSure)}</p>
      <ActionForm
        button={operationTexts.save}
        failed={operationTexts.notDone}
        onSubmit={async () => {
          await guarded(() => send('PUT', `/platform/accounts/${account.accountId}/roles`, { roles }));
          onDone();
          await load();
        }}
      >
        <Choices
          legend={operationTexts.mayBe}
          choices={ROLES}
          words={(role) => wordsFor(roleTexts, role)}
          meaning={(role) => roleMeanings[role]}
          chosen={roles}
          onChange={setRoles}
        />
      </ActionForm>
    </>
  );
}

const OTHER = 'other';

function CheckForm({ accountId, load, onDone }: { accountId: string; load: () => Promise<void>; onDone: () => void }) {
  const t = useText();
  const guarded = useStepUp();
  const [method, setMethod] = useState(METHODS[0] as string);
  const [words, setWords] = useState('');
  // What a field of the kind `datetime-local` shows is Beijing's time wherever the reader is: the label says so.
  const [at, setAt] = useState(() => beijingClock(Date.now()).slice(0, 16).replace(' ', 'T'));
  const [checkedBy, setCheckedBy] = useState('');
  const isTakenBack = method === 'none';
  return (
    <>
      <p>{t(operationTexts.recordCheckLead)}</p>
      <ActionForm
        button={operationTexts.record}
        failed={operationTexts.notDone}
        onSubmit={async () => {
          const check = isTakenBack
            ? { method: 'none', checkedAt: null, checkedBy: null }
            : {
                method: method === OTHER ? words.trim() : method,
                checkedAt: new Date(`${at}:00.000+08:00`).toISOString(),
                checkedBy: checkedBy.trim(),
              };
          const path = `/platform/accounts/${accountId}/identity-checks`;
          await guarded(() => sendJson('POST', path, check, identityChecksSchema));
          onDone();
          await load();
        }}
      >
        <div className="sign-in-field">
          <label htmlFor={`${accountId}-method`}>{t(operationTexts.method)}</label>
          <select
            id={`${accountId}-method`}
            className="native-field"
            value={method}
            onChange={({ target }) => setMethod(target.value)}
          >
            {METHODS.map((each) => (
              <option key={each} value={each}>
                {t(wordsFor(identityMethodTexts, each))}
              </option>
            ))}
            <option value={OTHER}>{t(operationTexts.otherMethod)}</option>
            <option value="none">{t(operationTexts.takeBack)}</option>
          </select>
        </div>
        {method === OTHER && (
          <FormField
            {...{ id: `${accountId}-words`, label: operationTexts.methodWords, kind: 'text', autoComplete: 'off' }}
            maxLength={100}
            value={words}
            onChange={setWords}
          />
        )}
        {!isTakenBack && (
          <>
            <div className="sign-in-field">
              <label htmlFor={`${accountId}-at`}>{t(operationTexts.checkedAt)}</label>
              <input
                id={`${accountId}-at`}
                className="native-field"
                type="datetime-local"
                required
                value={at}
                onChange={({ target }) => setAt(target.value)}
              />
            </div>
            <FormField
              {...{ id: `${accountId}-by`, label: operationTexts.whoChecked, kind: 'text', autoComplete: 'off' }}
              maxLength={200}
              value={checkedBy}
              onChange={setCheckedBy}
            />
          </>
        )}
      </ActionForm>
    </>
  );
}

function History({ accountId }: { accountId: string }) {
  const t = useText();
  const { error, run } = useAction();
  const [lines, setLines] = useState<readonly string[] | undefined>();
  // biome-ignore lint/correctness/useExhaustiveDependencies: once for each account
  useEffect(() => {
    run(async () => {
      const { checks } = await getJson(`/platform/accounts/${accountId}/identity-checks`, identityChecksSchema);
      setLines(
        checks.map(({ method, checkedAt, checkedBy, recordedAt }) =>
          [
            t(wordsFor(identityMethodTexts, method)),
            checkedBy,
            checkedAt === null ? null : beijingSecond(checkedAt),
            `${t(operationTexts.recordedAt)} ${beijingSecond(recordedAt)}`,
          ]
            .filter((each) => each !== null)
            .join(' · '),
        ),
      );
    });
  }, [accountId]);
  return (
    <>
      <Refusal title={operationTexts.unavailable} error={error} />
      <Said text={lines?.length === 0 ? operationTexts.notChecked : undefined} />
      <ul>
        {lines?.map((line) => (
          <li key={line}>{line}</li>
        ))}
      </ul>
    </>
  );
}

function Users() {
  const t = useText();
  const pages = usePages<PlatformUser>(async (query) => {
    const { users, next } = await getJson(`/platform/users?${query}`, usersSchema);
    return { rows: users, next };
  });
  return (
    <List
      id="find-user"
      title={operationTexts.usersTitle}
      lead={operationTexts.usersLead}
      searchLabel={operationTexts.findUser}
      nothing={operationTexts.noUsers}
      pages={pages}
      row={({ userId, name, email, emailConfirmed, twoFactorEnabled, passkeys, since, accounts }) => (
        <li key={userId} aria-label={name}>
          <bdi>
            <strong>{name}</strong>
          </bdi>{' '}
          <bdi className="wrap-anywhere">{email}</bdi>
          <div className="hint">
            {t(operationTexts.since)} {beijingSecond(since)} ·{' '}
            {t(emailConfirmed ? operationTexts.emailConfirmed : operationTexts.emailUnconfirmed)} ·{' '}
            {t(twoFactorEnabled ? operationTexts.withFactor : operationTexts.withoutFactor)} · {passkeys}{' '}
            {t(operationTexts.passkeys)}
          </div>
          <div>
            {accounts.length === 0 && t(operationTexts.noMembership)}
            {accounts.length > 0 && `${t(operationTexts.actsFor)} `}
            {accounts
              .map(
                (account) =>
                  `${account.name} (${account.roles.map((role) => t(wordsFor(roleTexts, role))).join(', ')})`,
              )
              .join(' · ')}
          </div>
        </li>
      )}
    />
  );
}
