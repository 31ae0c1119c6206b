import { Alert, Button } from 'antd';
import { useState } from 'react';
import { useText } from '../language.tsx';
import { PageTitle } from '../page-title.tsx';
import { ProblemAlert } from '../problem-alert.tsx';
import { Link } from '../route.tsx';
import { texts } from '../texts.ts';
import { useAction } from '../use-action.ts';
import { useAccount } from './account.tsx';
import { acceptInvitation, actFor, declineInvitation } from './account-client.ts';
import { comingBack, Refusal } from './sign-in-parts.tsx';
import { signInTexts } from './sign-in-texts.ts';

/** The mailed link to an organisation. Signing in or up comes first, and leads back here. */
export function InvitationPage({ invitationId }: { invitationId: string }) {
  const t = useText();
  const { account } = useAccount();
  const here = `/invitations/${invitationId}`;
  return (
    <>
      <PageTitle title={t(signInTexts.invitationTitle)} />
      <p>{t(signInTexts.invitationLead)}</p>
      {account.state === 'unknown' && <p role="status">{t(texts.loading)}</p>}
      {account.state === 'error' && <ProblemAlert title={texts.errorNetwork} error={account.error} />}
      {account.state === 'signed-out' && (
        <section className="card" aria-label={t(texts.signInTitle)}>
          <p>{t(signInTexts.invitationSignIn)}</p>
          <p>
            <Link to={comingBack('/sign-in', here)}>{t(signInTexts.toSignIn)}</Link>
          </p>
          <p>
            <Link to={comingBack('/sign-up', here)}>{t(signInTexts.signUpInstead)}</Link>
          </p>
        </section>
      )}
      {account.state === 'signed-in' && <Answer invitationId={invitationId} />}
    </>
  );
}

function Answer({ invitationId }: { invitationId: string }) {
  const t = useText();
  const { account, reload } = useAccount();
  const { busy, error, run } = useAction();
  const [outcome, setOutcome] = useState<'open' | 'joined' | 'declined'>('open');
  const accept = async () => {
    const accountId = await acceptInvitation(invitationId);
    setOutcome('joined');
    await actFor(accountId);
    await reload();
  };
  if (outcome !== 'open') {
    const name = account.state === 'signed-in' ? account.me.name : '';
    return (
      <>
        <Refusal title={signInTexts.actFailed} error={error} />
        <Alert
          type={outcome === 'joined' ? 'success' : 'info'}
          showIcon
          role="status"
          title={
            outcome === 'declined'
              ? t(signInTexts.declined)
              : busy || error !== undefined
                ? t(signInTexts.joinedOnly)
                : `${t(signInTexts.joined)} ${name}`
          }
        />
        <p>
          <Link to="/">{t(signInTexts.goOn)}</Link>
        </p>
      </>
    );
  }
  return (
    <section className="card" aria-label={t(signInTexts.invitationTitle)}>
      <div className="buttons">
        <Button type="primary" disabled={busy} onClick={() => run(accept)}>
          {t(signInTexts.accept)}
        </Button>
        <Button
          disabled={busy}
          onClick={() =>
            run(async () => {
              await declineInvitation(invitationId);
              setOutcome('declined');
            })
          }
        >
          {t(signInTexts.decline)}
        </Button>
      </div>
      <Refusal title={signInTexts.invitationFailed} error={error} />
    </section>
  );
}
