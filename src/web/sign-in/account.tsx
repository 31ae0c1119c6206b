import { Alert, Button, Input } from 'antd';
import { createContext, type ReactNode, useCallback, useContext, useEffect, useState } from 'react';
import { CodedError } from '../../errors.ts';
import { type Me, meSchema } from '../api-answers.ts';
import { getJson, signOut, storeApiKey } from '../api-client.ts';
import { ApiError } from '../api-error.ts';
import { useText } from '../language.tsx';
import { ProblemAlert } from '../problem-alert.tsx';
import { Link, useRoute } from '../route.tsx';
import { texts } from '../texts.ts';
import { endUserSession } from './sign-in-client.ts';
import { comingBack } from './sign-in-parts.tsx';
import { signInTexts } from './sign-in-texts.ts';

/** Who is signed in; `unknown` until the service has answered. */
export type Account =
  | { state: 'unknown' }
  | { state: 'signed-out' }
  | { state: 'signed-in'; me: Me }
  | { state: 'error'; error: CodedError };

const AccountContext = createContext<{ account: Account; reload: () => Promise<Account> }>({
  account: { state: 'unknown' },
  reload: async () => ({ state: 'unknown' }),
});

export function AccountProvider({ children }: { children: ReactNode }) {
  const [account, setAccount] = useState<Account>({ state: 'unknown' });
  const reload = useCallback(async () => {
    const found = await ask();
    setAccount(found);
    return found;
  }, []);
  useEffect(() => {
    reload();
  }, [reload]);
  return <AccountContext value={{ account, reload }}>{children}</AccountContext>;
}

async function ask(): Promise<Account> {
  try {
    return { state: 'signed-in', me: await getJson('/me', meSchema) };
  } catch (error) {
    if (error instanceof ApiError && error.status === 401) return { state: 'signed-out' };
    return { state: 'error', error: error instanceof CodedError ? error : new CodedError('internal', String(error)) };
  }
}

export function useAccount() {
  return useContext(AccountContext);
}

/** Shows its children to those who are signed in, and to others how to do it. */
export function SignedIn({ children }: { children: ReactNode }) {
  const t = useText();
  const { account } = useAccount();
  switch (account.state) {
    case 'signed-in':
      return children;
    case 'signed-out':
      return <SignIn />;
    case 'error':
      return <ProblemAlert title={texts.errorNetwork} error={account.error} />;
    case 'unknown':
      return <p>{t(texts.loading)}</p>;
  }
}

function SignIn() {
  const t = useText();
  return (
    <section className="card" aria-labelledby="sign-in-title">
      <h2 id="sign-in-title">{t(texts.signInTitle)}</h2>
      <p>
        <Link to={comingBack('/sign-in', location.pathname)}>{t(signInTexts.withUser)}</Link>
      </p>
      <p>{t(texts.signInByLink)}</p>
      <ApiKeyForm />
    </section>
  );
}

/** @param onSignedIn after the service has taken the key */
export function ApiKeyForm({ onSignedIn }: { onSignedIn?: () => void }) {
  const t = useText();
  const { reload } = useAccount();
  const [key, setKey] = useState('');
  const [wrong, setWrong] = useState(false);
  const enter = async () => {
    storeApiKey(key.trim());
    const { state } = await reload();
    if (state === 'signed-out') {
      storeApiKey(undefined);
      setWrong(true);
    } else if (state === 'signed-in') onSignedIn?.();
  };
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        enter();
      }}
    >
      <label htmlFor="api-key">{t(texts.apiKey)}</label>
      <div className="buttons">
        <Input.Password
          id="api-key"
          autoComplete="off"
          value={key}
          aria-describedby="api-key-hint"
          aria-invalid={wrong}
          onChange={(event) => setKey(event.target.value)}
          style={{ maxWidth: 480 }}
        />
        <Button type="primary" htmlType="submit" disabled={key.trim() === ''}>
          {t(texts.signIn)}
        </Button>
      </div>
      <p className="hint" id="api-key-hint">
        {t(texts.apiKeyKept)}
      </p>
      {wrong && <Alert type="error" showIcon role="alert" title={t(texts.apiKeyWrong)} />}
    </form>
  );
}

export function AccountMenu() {
  const t = useText();
  const { route } = useRoute();
  const { account, reload } = useAccount();
  if (account.state === 'signed-out') {
    return (
      <Link to="/sign-in" current={route.page === 'sign-in'}>
        {t(signInTexts.title)}
      </Link>
    );
  }
  if (account.state !== 'signed-in') return null;
  const { user } = account.me;
  return (
    <div className="account">
      <span>
        {t(texts.signedInAs)}{' '}
        <Link to="/account" current={route.page === 'account'}>
          <bdi>{account.me.name}</bdi>
        </Link>
      </span>
      <Button
        size="small"
        onClick={async () => {
          await signOut().catch(() => {});
          // A user's session is another one than that of a one-time link; both may be open.
          if (user !== null) await endUserSession().catch(() => {});
          await reload();
        }}
      >
        {t(texts.signOut)}
      </Button>
    </div>
  );
}
