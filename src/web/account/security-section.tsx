import { Button } from 'antd';
import { useCallback, useEffect, useState } from 'react';
import type { Me } from '../api-answers.ts';
import { deleteAt, getJson, send } from '../api-client.ts';
import { useText } from '../language.tsx';
import { beijingSecond } from '../measures.ts';
import { saveBlob } from '../save-blob.ts';
import { useAccount } from '../sign-in/account.tsx';
import { actFor } from '../sign-in/account-client.ts';
import {
  addPasskey,
  beginSecondFactor,
  changePassword,
  endSecondFactor,
  giveSecondFactor,
  newRecoveryCodes,
  type Passkey,
  passkeys,
  removePasskey,
  renamePasskey,
  requestConfirmation,
} from '../sign-in/sign-in-client.ts';
import { ActionForm, FormField, Refusal } from '../sign-in/sign-in-parts.tsx';
import { signInTexts } from '../sign-in/sign-in-texts.ts';
import { useStepUp } from '../sign-in/step-up.tsx';
import { StepMark } from '../status-mark.tsx';
import type { Text } from '../texts.ts';
import { useAction } from '../use-action.ts';
import { sessionsSchema, type UserSession } from './account-answers.ts';
import { AskOnce, Part, Said, Unfolded } from './account-parts.tsx';
import { accountTexts } from './account-texts.ts';
import { browserName } from './browser-name.ts';
import { QrCode } from './qr-code.tsx';

type User = NonNullable<Me['user']>;

/** Address, password, passkeys, second factor and sessions of the user. */
export function SecuritySection({ me }: { me: Me }) {
  const t = useText();
  if (me.user === null) return <p className="card">{t(accountTexts.personNeeded)}</p>;
  return (
    <>
      <Address user={me.user} />
      <Password me={me} />
      <Passkeys />
      <SecondFactorPart me={me} user={me.user} />
      <Sessions />
    </>
  );
}

/** What better-auth answers with a new session, which has chosen no account yet. */
function useSameAccount(me: Me): () => Promise<void> {
  const { reload } = useAccount();
  return async () => {
    await actFor(me.accountId);
    await reload();
  };
}

function Address({ user }: { user: User }) {
  const t = useText();
  const { busy, error, run } = useAction();
  const [said, setSaid] = useState<Text | undefined>();
  return (
    <Part title={accountTexts.emailTitle}>
      <p>
        <bdi className="wrap-anywhere">{user.email}</bdi>
      </p>
      <p>
        <Mark isGood={user.emailConfirmed} good={accountTexts.emailConfirmed} bad={accountTexts.emailUnconfirmed} />
      </p>
      {!user.emailConfirmed && (
        <>
          <p>{t(accountTexts.emailUnconfirmedLead)}</p>
          <Button
            disabled={busy}
            onClick={() =>
              run(async () => {
                await requestConfirmation(user.email);
                setSaid(signInTexts.resent);
              })
            }
          >
            {t(signInTexts.resend)}
          </Button>
          <Said text={said} />
          <Refusal title={accountTexts.notDone} error={error} />
        </>
      )}
    </Part>
  );
}

function Mark({ isGood, good, bad }: { isGood: boolean; good: Text; bad: Text }) {
  const t = useText();
  return (
    <span className="health-mark">
      <StepMark status={isGood ? 'passed' : 'not-checked'} />
      {t(isGood ? good : bad)}
    </span>
  );
}

function Password({ me }: { me: Me }) {
  const t = useText();
  const goOn = useSameAccount(me);
  const [currentPassword, setCurrent] = useState('');
  const [newPassword, setNew] = useState('');
  const [revokeOtherSessions, setRevoke] = useState(true);
  const [said, setSaid] = useState<Text | undefined>();
  return (
    <Part title={accountTexts.password}>
      <ActionForm
        button={accountTexts.changePassword}
        failed={accountTexts.notDone}
        onSubmit={async () => {
          setSaid(undefined);
          await changePassword({ currentPassword, newPassword, revokeOtherSessions });
          setCurrent('');
          setNew('');
          setSaid(accountTexts.passwordChanged);
          await goOn();
        }}
      >
        <FormField
          {...{ id: 'current-password', label: accountTexts.currentPassword, kind: 'password' }}
          autoComplete="current-password"
          value={currentPassword}
          onChange={setCurrent}
        />
        <FormField
          {...{
            id: 'new-password',
            label: accountTexts.newPassword,
            hint: accountTexts.passwordHint,
            kind: 'password',
          }}
          {...{ autoComplete: 'new-password', minLength: 12, maxLength: 128 }}
          value={newPassword}
          onChange={setNew}
        />
        <label className="tick">
          <input type="checkbox" checked={revokeOtherSessions} onChange={({ target }) => setRevoke(target.checked)} />
          <span>{t(accountTexts.endOthersToo)}</span>
        </label>
      </ActionForm>
      <Said text={said} />
    </Part>
  );
}

function Passkeys() {
  const t = useText();
  const guarded = useStepUp();
  const { error, run } = useAction();
  const [found, setFound] = useState<readonly Passkey[] | undefined>();
  const [name, setName] = useState('');
  const [said, setSaid] = useState<Text | undefined>();
  const load = useCallback(async () => setFound(await passkeys()), []);
  // biome-ignore lint/correctness/useExhaustiveDependencies: once
  useEffect(() => {
    run(load);
  }, [load]);
  return (
    <Part title={accountTexts.passkeys} lead={accountTexts.passkeysLead}>
      <Refusal title={accountTexts.unavailable} error={error} />
      {found?.length === 0 && <p>{t(accountTexts.passkeysNone)}</p>}
      <ul className="rows">
        {found?.map((passkey) => (
          <PasskeyView key={passkey.id} passkey={passkey} load={load} />
        ))}
      </ul>
      <h3>{t(accountTexts.addPasskey)}</h3>
      <ActionForm
        button={accountTexts.addPasskey}
        failed={accountTexts.notDone}
        onSubmit={async () => {
          setSaid(undefined);
          await guarded(() => addPasskey(name.trim()));
          setName('');
          setSaid(accountTexts.passkeyAdded);
          await load();
        }}
      >
        <FormField
          {...{ id: 'passkey-name', label: accountTexts.passkeyName, hint: accountTexts.passkeyNameHint }}
          {...{ kind: 'text', autoComplete: 'off', maxLength: 60 }}
          value={name}
          onChange={setName}
        />
      </ActionForm>
      <Said text={said} />
    </Part>
  );
}

function PasskeyView({ passkey, load }: { passkey: Passkey; load: () => Promise<void> }) {
  const t = useText();
  const guarded = useStepUp();
  const shown = passkey.name || t(accountTexts.unnamed);
  const [name, setName] = useState(passkey.name ?? '');
  return (
    <li aria-label={shown}>
      <bdi>
        <strong>{shown}</strong>
      </bdi>
      {passkey.createdAt && (
        <div className="hint">
          {t(accountTexts.addedAt)} {beijingSecond(passkey.createdAt)}
        </div>
      )}
      <div className="buttons">
        <Unfolded button={accountTexts.rename} about={shown}>
          {(fold) => (
            <ActionForm
              button={accountTexts.save}
              failed={accountTexts.notDone}
              onSubmit={async () => {
                await renamePasskey(passkey.id, name.trim());
                await load();
                fold();
              }}
            >
              <FormField
                {...{ id: `name-${passkey.id}`, label: accountTexts.passkeyName, kind: 'text', autoComplete: 'off' }}
                maxLength={60}
                value={name}
                onChange={setName}
              />
            </ActionForm>
          )}
        </Unfolded>
        <AskOnce
          button={accountTexts.removePasskey}
          sure={accountTexts.removePasskeySure}
          really={accountTexts.removeReally}
          about={shown}
          onDo={async () => {
            await guarded(() => removePasskey(passkey.id));
            await load();
          }}
        />
      </div>
    </li>
  );
}

type FactorStep =
  | { at: 'rest' }
  | { at: 'scan'; totpURI: string; backupCodes: readonly string[] }
  | { at: 'codes'; backupCodes: readonly string[] };

function SecondFactorPart({ me, user }: { me: Me; user: User }) {
  const t = useText();
  const goOn = useSameAccount(me);
  const [step, setStep] = useState<FactorStep>({ at: 'rest' });
  const [said, setSaid] = useState<Text | undefined>();
  const isOn = user.twoFactorEnabled;
  return (
    <Part title={accountTexts.secondFactor} lead={accountTexts.secondFactorLead}>
      <p>
        <Mark isGood={isOn} good={accountTexts.factorOn} bad={accountTexts.factorOff} />
      </p>
      <Said text={said} />
      {step.at === 'rest' && !isOn && (
        <PasswordAction
          id="factor-on"
          button={accountTexts.turnOn}
          onPassword={async (password) => {
            setSaid(undefined);
            setStep({ at: 'scan', ...(await beginSecondFactor(password)) });
          }}
        />
      )}
      {step.at === 'scan' && (
        <FactorSetUp
          {...step}
          onCode={async (code) => {
            await giveSecondFactor('totp', code);
            setStep({ at: 'rest' });
            setSaid(accountTexts.factorIsOn);
            await goOn();
          }}
          onCancel={() => setStep({ at: 'rest' })}
        />
      )}
      {step.at === 'codes' && (
        <RecoveryCodes
          lead={accountTexts.keepCodesAlone}
          codes={step.backupCodes}
          onKept={() => setStep({ at: 'rest' })}
        />
      )}
      {step.at === 'rest' && isOn && (
        <>
          <Unfolded button={accountTexts.newCodes}>
            {(fold) => (
              <>
                <p>{t(accountTexts.newCodesLead)}</p>
                <PasswordAction
                  id="factor-codes"
                  button={accountTexts.newCodes}
                  onPassword={async (password) => {
                    const backupCodes = await newRecoveryCodes(password);
                    fold();
                    setSaid(undefined);
                    setStep({ at: 'codes', backupCodes });
                  }}
                />
              </>
            )}
          </Unfolded>{' '}
          <Unfolded button={accountTexts.turnOff}>
            {() => (
              <>
                <p>{t(accountTexts.turnOffSure)}</p>
                <PasswordAction
                  id="factor-off"
                  button={accountTexts.turnOff}
                  onPassword={async (password) => {
                    await endSecondFactor(password);
                    setSaid(accountTexts.factorIsOff);
                    await goOn();
                  }}
                />
              </>
            )}
          </Unfolded>
        </>
      )}
    </Part>
  );
}

interface PasswordActionProps {
  id: string;
  button: Text;
  onPassword: (password: string) => Promise<void>;
}

/** The password again, and then something. */
function PasswordAction({ id, button, onPassword }: PasswordActionProps) {
  const [password, setPassword] = useState('');
  return (
    <ActionForm button={button} failed={accountTexts.notDone} onSubmit={() => onPassword(password)}>
      <FormField
        {...{ id, label: accountTexts.currentPassword, kind: 'password', autoComplete: 'current-password' }}
        value={password}
        onChange={setPassword}
      />
    </ActionForm>
  );
}

interface FactorSetUpProps {
  totpURI: string;
  backupCodes: readonly string[];
  onCode: (code: string) => Promise<void>;
  onCancel: () => void;
}

function FactorSetUp({ totpURI, backupCodes, onCode, onCancel }: FactorSetUpProps) {
  const t = useText();
  const [code, setCode] = useState('');
  const secret = new URL(totpURI).searchParams.get('secret') ?? '';
  return (
    <>
      <p tabIndex={-1} ref={focusOnce}>
        {t(accountTexts.scan)}
      </p>
      <QrCode text={totpURI} label={t(accountTexts.qrAlt)} />
      <p>
        {t(accountTexts.factorKey)}: <code className="wrap-anywhere">{secret}</code>
      </p>
      <RecoveryCodes lead={accountTexts.keepCodes} codes={backupCodes} />
      <p>{t(accountTexts.enterDigits)}</p>
      <ActionForm button={accountTexts.confirm} failed={accountTexts.notDone} onSubmit={() => onCode(code.trim())}>
        <FormField
          {...{ id: 'factor-digits', label: accountTexts.digits, kind: 'text', autoComplete: 'one-time-code' }}
          maxLength={6}
          value={code}
          onChange={setCode}
        />
      </ActionForm>
      <Button onClick={onCancel}>{t(accountTexts.cancel)}</Button>
    </>
  );
}

function RecoveryCodes({ lead, codes, onKept }: { lead: Text; codes: readonly string[]; onKept?: () => void }) {
  const t = useText();
  return (
    <>
      <p tabIndex={-1} ref={onKept === undefined ? null : focusOnce}>
        {t(lead)}
      </p>
      <ul className="recovery-codes">
        {codes.map((code) => (
          <li key={code}>
            <code>{code}</code>
          </li>
        ))}
      </ul>
      <div className="buttons">
        <Button
          onClick={() => saveBlob(new Blob([`${codes.join('\n')}\n`], { type: 'text/plain' }), 'recovery-codes.txt')}
        >
          {t(accountTexts.saveCodes)}
        </Button>
        {onKept !== undefined && (
          <Button type="primary" onClick={onKept}>
            {t(accountTexts.secretKept)}
          </Button>
        )}
      </div>
    </>
  );
}

function Sessions() {
  const t = useText();
  const { busy, error, run } = useAction();
  const [sessions, setSessions] = useState<readonly UserSession[] | undefined>();
  const [said, setSaid] = useState<Text | undefined>();
  const load = useCallback(async () => setSessions((await getJson('/me/sessions', sessionsSchema)).sessions), []);
  // biome-ignore lint/correctness/useExhaustiveDependencies: once
  useEffect(() => {
    run(load);
  }, [load]);
  const others = sessions?.filter(({ isThisOne }) => !isThisOne) ?? [];
  return (
    <Part title={accountTexts.sessions} lead={accountTexts.sessionsLead}>
      <Refusal title={accountTexts.unavailable} error={error} />
      <ul className="rows">
        {sessions?.map(({ sessionId, signedInAt, expiresAt, ipAddress, userAgent, isThisOne }) => {
          const name = t(browserName(userAgent) ?? accountTexts.unknownBrowser);
          return (
            <li key={sessionId}>
              <strong>{name}</strong>
              {isThisOne && <span className="tag">{t(accountTexts.thisSession)}</span>}
              <div className="hint">
                {t(accountTexts.signedInAt)} {beijingSecond(signedInAt)} {t(accountTexts.until)}{' '}
                {beijingSecond(expiresAt)}
                {ipAddress !== null && ipAddress !== '' && ` · ${t(accountTexts.from)} ${ipAddress}`}
              </div>
              {!isThisOne && (
                <Button
                  size="small"
                  disabled={busy}
                  aria-label={`${t(accountTexts.endSession)} ${name} ${beijingSecond(signedInAt)}`}
                  onClick={() =>
                    run(async () => {
                      await deleteAt(`/me/sessions/${sessionId}`);
                      await load();
                    })
                  }
                >
                  {t(accountTexts.endSession)}
                </Button>
              )}
            </li>
          );
        })}
      </ul>
      {others.length > 0 && (
        <Button
          disabled={busy}
          onClick={() =>
            run(async () => {
              await send('POST', '/me/sessions/end-others', {});
              await load();
              setSaid(accountTexts.othersEnded);
            })
          }
        >
          {t(accountTexts.endOthers)}
        </Button>
      )}
      {sessions !== undefined && others.length === 0 && said === undefined && <p>{t(accountTexts.noOthers)}</p>}
      <Said text={said} />
    </Part>
  );
}

/** The form that had the focus is gone: what came in its place is read out. */
function focusOnce(element: HTMLElement | null): void {
  element?.focus();
}
