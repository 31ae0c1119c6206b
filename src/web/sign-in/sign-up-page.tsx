import { Alert } from 'antd';
import { useState } from 'react';
import { useText } from '../language.tsx';
import { PageTitle } from '../page-title.tsx';
import { ProblemAlert } from '../problem-alert.tsx';
import { Link } from '../route.tsx';
import { texts } from '../texts.ts';
import { signUp } from './sign-in-client.ts';
import { ActionForm, comingBack, FormField, useSignInWays, wantedPath } from './sign-in-parts.tsx';
import { signInTexts } from './sign-in-texts.ts';

/** A new user. Whether the address has one already is told by mail alone. */
export function SignUpPage() {
  const t = useText();
  const { ways, error } = useSignInWays();
  const [then] = useState(wantedPath);
  const [name, setName] = useState('');
  const [email, setEmail] = useState('');
  const [password, setPassword] = useState('');
  const [sent, setSent] = useState(false);
  return (
    <>
      <PageTitle title={t(signInTexts.signUpTitle)} />
      {error !== undefined && <ProblemAlert title={texts.errorNetwork} error={error} />}
      {ways === undefined && error === undefined && <p role="status">{t(texts.loading)}</p>}
      {ways?.providers === null && <p>{t(signInTexts.noUsers)}</p>}
      {sent && <Alert type="success" showIcon role="status" title={t(signInTexts.signUpSent)} />}
      {ways !== undefined && ways.providers !== null && !sent && (
        <section className="card" aria-label={t(signInTexts.signUpTitle)}>
          {ways.signUp === 'invited' && <p>{t(signInTexts.byInvitation)}</p>}
          <ActionForm
            button={signInTexts.signUp}
            failed={signInTexts.signUpFailed}
            onSubmit={async () => {
              await signUp({ name: name.trim(), email: email.trim(), password }, then);
              setPassword('');
              setSent(true);
            }}
          >
            <FormField
              {...{ id: 'name', label: signInTexts.name, kind: 'text', autoComplete: 'name', maxLength: 200 }}
              value={name}
              onChange={setName}
            />
            <FormField
              {...{ id: 'email', label: signInTexts.email, kind: 'email', autoComplete: 'username' }}
              value={email}
              onChange={setEmail}
            />
            <FormField
              {...{ id: 'password', label: signInTexts.password, kind: 'password', autoComplete: 'new-password' }}
              {...{ hint: signInTexts.passwordHint, minLength: 12, maxLength: 128 }}
              value={password}
              onChange={setPassword}
            />
          </ActionForm>
        </section>
      )}
      <p>
        <Link to={comingBack('/sign-in', then)}>{t(signInTexts.toSignIn)}</Link>
      </p>
    </>
  );
}
