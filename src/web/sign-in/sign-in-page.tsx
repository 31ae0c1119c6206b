import { Alert, Button } from 'antd';
import { useState } from 'react';
import { storeApiKey } from '../api-client.ts';
import { ApiError } from '../api-error.ts';
import { useText } from '../language.tsx';
import { PageTitle } from '../page-title.tsx';
import { ProblemAlert } from '../problem-alert.tsx';
import { Link, useRoute } from '../route.tsx';
import { texts } from '../texts.ts';
import { useAction } from '../use-action.ts';
import { ApiKeyForm, useAccount } from './account.tsx';
import {
  giveSecondFactor,
  providerAddress,
  requestConfirmation,
  type SignInWays,
  signInByPasskey,
  signInByPassword,
} from './sign-in-client.ts';
import { ActionForm, comingBack, FormField, Refusal, useSignInWays, wantedPath } from './sign-in-parts.tsx';
import { signInTexts } from './sign-in-texts.ts';

/** By password and second factor, passkey, provider or key. Goes on to `?then=…`. */
export function SignInPage() {
  const t = useText();
  const { account, reload } = useAccount();
  const { go } = useRoute();
  const { ways, error } = useSignInWays();
  const [then] = useState(wantedPath);
  const enter = async () => {
    // From now on the session speaks.
    storeApiKey(undefined);
    const found = await reload();
    if (found.state === 'error') throw found.error;
    if (found.state === 'signed-out') throw new ApiError('unauthenticated', 'the browser kept no session');
    go(then);
  };
  return (
    <>
      <PageTitle title={t(signInTexts.title)} />
      <Arrival />
      {account.state === 'signed-in' && (
        <p role="status">
          {t(signInTexts.already)} <Link to={then}>{t(signInTexts.goOn)}</Link>
        </p>
      )}
      {error !== undefined && <ProblemAlert title={texts.errorNetwork} error={error} />}
      {ways === undefined && error === undefined && <p role="status">{t(texts.loading)}</p>}
      {ways !== undefined && ways.providers !== null && <UserSignIn ways={ways} then={then} enter={enter} />}
      {ways?.providers === null && <p>{t(signInTexts.noUsers)}</p>}
      {ways !== undefined && (
        <section className="card" aria-labelledby="key-title">
          <h2 id="key-title">{t(texts.apiKey)}</h2>
          <ApiKeyForm onSignedIn={() => go(then)} />
        </section>
      )}
    </>
  );
}

/** What the link that led here has to say: an address was confirmed, or a provider or a mailed link was refused. */
function Arrival() {
  const t = useText();
  const [query] = useState(() => new URLSearchParams(location.search));
  const error = query.get('error');
  if (error !== null) return <Refusal title={signInTexts.failed} error={new ApiError(error.slice(0, 100), '')} />;
  if (query.has('confirmed')) return <Alert type="success" showIcon role="status" title={t(signInTexts.confirmed)} />;
  return null;
}

interface UserSignInProps {
  ways: SignInWays;
  then: string;
  enter: () => Promise<void>;
}

function UserSignIn({ ways, then, enter }: UserSignInProps) {
  const t = useText();
  const [email, setEmail] = useState('');
  const [password, setPassword] = useState('');
  const [step, setStep] = useState<'password' | 'second-factor'>('password');
  const [unconfirmed, setUnconfirmed] = useState<string | undefined>();
  if (step === 'second-factor') return <SecondFactor enter={enter} />;
  return (
    <>
      <div className="card">
        <ActionForm
          button={signInTexts.signIn}
          failed={signInTexts.failed}
          onSubmit={async () => {
            setUnconfirmed(undefined);
            const state = await signInByPassword(email.trim(), password).catch((error: unknown) => {
              if (error instanceof ApiError && error.code === 'EMAIL_NOT_VERIFIED') setUnconfirmed(email.trim());
              throw error;
            });
            setPassword('');
            if (state === 'second-factor') setStep(state);
            else await enter();
          }}
        >
          <FormField
            {...{ id: 'email', label: signInTexts.email, kind: 'email', autoComplete: 'username webauthn' }}
            value={email}
            onChange={setEmail}
          />
          <FormField
            {...{ id: 'password', label: signInTexts.password, kind: 'password', autoComplete: 'current-password' }}
            value={password}
            onChange={setPassword}
          />
        </ActionForm>
        {unconfirmed !== undefined && <ConfirmationMail key={unconfirmed} email={unconfirmed} />}
        <p>
          <Link to="/reset-password">{t(signInTexts.forgotten)}</Link>
        </p>
        <p>
          <Link to={comingBack('/sign-up', then)}>{t(signInTexts.signUpInstead)}</Link>
          {ways.signUp === 'invited' && <span className="hint"> {t(signInTexts.byInvitation)}</span>}
        </p>
      </div>
      <OtherWays ways={ways} then={then} enter={enter} />
    </>
  );
}

/** For somebody whose first mail was lost. */
function ConfirmationMail({ email }: { email: string }) {
  const t = useText();
  const { busy, error, run } = useAction();
  const [isSent, setIsSent] = useState(false);
  return (
    <>
      <Button
        disabled={busy}
        onClick={() =>
          run(async () => {
            await requestConfirmation(email);
            setIsSent(true);
          })
        }
      >
        {t(signInTexts.resend)}
      </Button>
      <p role="status">{isSent && t(signInTexts.resent)}</p>
      <Refusal title={signInTexts.failed} error={error} />
    </>
  );
}

function OtherWays({ ways, then, enter }: UserSignInProps) {
  const t = useText();
  const { busy, error, run } = useAction();
  return (
    <section className="card" aria-labelledby="other-title">
      <h2 id="other-title">{t(signInTexts.otherWays)}</h2>
      <div className="buttons">
        <Button
          disabled={busy}
          onClick={() =>
            run(async () => {
              await signInByPasskey();
              await enter();
            })
          }
        >
          {t(signInTexts.passkey)}
        </Button>
        {ways.providers?.map(({ id, name }) => (
          <Button
            key={id}
            disabled={busy}
            onClick={() =>
              run(async () => {
                location.assign(await providerAddress(id, then));
              })
            }
          >
            {t(signInTexts.withProvider)} {name}
          </Button>
        ))}
      </div>
      <Refusal title={signInTexts.failed} error={error} />
    </section>
  );
}

function SecondFactor({ enter }: { enter: () => Promise<void> }) {
  const t = useText();
  const [kind, setKind] = useState<'totp' | 'recovery'>('totp');
  const [code, setCode] = useState('');
  const isTotp = kind === 'totp';
  return (
    <section className="card" aria-labelledby="factor-title">
      <h2 id="factor-title" tabIndex={-1} ref={focusOnce}>
        {t(signInTexts.secondFactor)}
      </h2>
      <ActionForm
        key={kind}
        button={signInTexts.confirm}
        failed={signInTexts.failed}
        onSubmit={async () => {
          await giveSecondFactor(kind, code.trim());
          await enter();
        }}
      >
        <FormField
          {...{ id: 'factor-code', kind: 'text', autoComplete: isTotp ? 'one-time-code' : 'off' }}
          label={isTotp ? signInTexts.totpCode : signInTexts.recoveryCode}
          value={code}
          onChange={setCode}
        />
      </ActionForm>
      <Button
        type="link"
        onClick={() => {
          setKind(isTotp ? 'recovery' : 'totp');
          setCode('');
        }}
      >
        {t(isTotp ? signInTexts.useRecoveryCode : signInTexts.useTotpCode)}
      </Button>
    </section>
  );
}

/** The form that had the focus is gone: what came in its place is read out. */
function focusOnce(heading: HTMLElement | null): void {
  heading?.focus();
}
