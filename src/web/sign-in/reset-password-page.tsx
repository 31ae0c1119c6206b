import { Alert } from 'antd';
import { useState } from 'react';
import { useText } from '../language.tsx';
import { PageTitle } from '../page-title.tsx';
import { Link } from '../route.tsx';
import { useAccount } from './account.tsx';
import { requestPasswordReset, resetPassword } from './sign-in-client.ts';
import { ActionForm, FormField } from './sign-in-parts.tsx';
import { signInTexts } from './sign-in-texts.ts';

/** With `?token=…`, from the mail, it sets a new password; without, it asks for that mail. */
export function ResetPasswordPage() {
  const t = useText();
  const [token, setToken] = useState(() => new URLSearchParams(location.search).get('token'));
  return (
    <>
      <PageTitle title={t(signInTexts.resetTitle)} />
      <section className="card" aria-label={t(signInTexts.resetTitle)}>
        {token === null ? <AskForLink /> : <SetPassword token={token} onAskAgain={() => setToken(null)} />}
      </section>
      <p>
        <Link to="/sign-in">{t(signInTexts.toSignIn)}</Link>
      </p>
    </>
  );
}

function AskForLink() {
  const t = useText();
  const [email, setEmail] = useState('');
  const [sent, setSent] = useState(false);
  if (sent) return <Alert type="success" showIcon role="status" title={t(signInTexts.resetSent)} />;
  return (
    <ActionForm
      button={signInTexts.sendLink}
      failed={signInTexts.resetFailed}
      onSubmit={async () => {
        await requestPasswordReset(email.trim());
        setSent(true);
      }}
    >
      <p>{t(signInTexts.resetLead)}</p>
      <FormField
        {...{ id: 'email', label: signInTexts.email, kind: 'email', autoComplete: 'username' }}
        value={email}
        onChange={setEmail}
      />
    </ActionForm>
  );
}

function SetPassword({ token, onAskAgain }: { token: string; onAskAgain: () => void }) {
  const t = useText();
  const { reload } = useAccount();
  const [password, setPassword] = useState('');
  const [done, setDone] = useState(false);
  if (done) return <Alert type="success" showIcon role="status" title={t(signInTexts.resetDone)} />;
  return (
    <>
      <ActionForm
        button={signInTexts.setPassword}
        failed={signInTexts.resetFailed}
        onSubmit={async () => {
          await resetPassword(token, password);
          setPassword('');
          setDone(true);
          // This browser's session has ended with all others.
          await reload();
        }}
      >
        <FormField
          {...{ id: 'new-password', label: signInTexts.newPassword, kind: 'password', autoComplete: 'new-password' }}
          {...{ hint: signInTexts.passwordHint, minLength: 12, maxLength: 128 }}
          value={password}
          onChange={setPassword}
        />
      </ActionForm>
      <p>
        <button type="button" className="link-button" onClick={onAskAgain}>
          {t(signInTexts.askAgain)}
        </button>
      </p>
    </>
  );
}
