import { Button } from 'antd';
import { createContext, type ReactNode, useCallback, useContext, useEffect, useRef, useState } from 'react';
import { sessionsSchema } from '../account/account-answers.ts';
import { accountTexts } from '../account/account-texts.ts';
import { deleteAt, getJson } from '../api-client.ts';
import { ApiError } from '../api-error.ts';
import { useText } from '../language.tsx';
import { Link } from '../route.tsx';
import { useAction } from '../use-action.ts';
import { useAccount } from './account.tsx';
import { actFor } from './account-client.ts';
import { giveSecondFactor, signInByPasskey, signInByPassword } from './sign-in-client.ts';
import { ActionForm, comingBack, FormField, Refusal } from './sign-in-parts.tsx';
import { signInTexts } from './sign-in-texts.ts';

/** Ours and better-auth's. */
const ASKED_BY = ['fresh-sign-in-needed', 'SESSION_NOT_FRESH'];

type Guarded = <T>(work: () => Promise<T>) => Promise<T>;

const StepUpContext = createContext<Guarded>((work) => work());

/**
 * Does what the service may want a fresh sign-in for; if it does, the reader signs in again and it is done then.
 * @throws ApiError of the work itself; `step-up-cancelled`
 */
export function useStepUp(): Guarded {
  return useContext(StepUpContext);
}

export function StepUpProvider({ children }: { children: ReactNode }) {
  const [answer, setAnswer] = useState<{ give: (isDone: boolean) => void } | undefined>();
  const guarded: Guarded = useCallback(async (work) => {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof ApiError && ASKED_BY.includes(error.code))) throw error;
      const isDone = await new Promise<boolean>((give) => setAnswer({ give }));
      setAnswer(undefined);
      if (!isDone) throw new ApiError('step-up-cancelled', 'nobody signed in again');
      return work();
    }
  }, []);
  return (
    <StepUpContext value={guarded}>
      {children}
      {answer !== undefined && <StepUpDialog onEnd={answer.give} />}
    </StepUpContext>
  );
}

function StepUpDialog({ onEnd }: { onEnd: (isDone: boolean) => void }) {
  const t = useText();
  const { account, reload } = useAccount();
  const dialog = useRef<HTMLDialogElement>(null);
  const [step, setStep] = useState<'password' | 'second-factor'>('password');
  const [password, setPassword] = useState('');
  const [code, setCode] = useState('');
  const passkey = useAction();
  useEffect(() => dialog.current?.showModal(), []);
  const me = account.state === 'signed-in' ? account.me : undefined;
  const [before] = useState(() => getJson('/me/sessions', sessionsSchema).catch(() => undefined));
  // A new session has chosen no account yet, and the one before is of no more use.
  const enter = async () => {
    if (me !== undefined) await actFor(me.accountId);
    const old = (await before)?.sessions.find(({ isThisOne }) => isThisOne);
    if (old !== undefined) await deleteAt(`/me/sessions/${old.sessionId}`).catch(() => {});
    await reload();
    onEnd(true);
  };
  return (
    <dialog ref={dialog} className="step-up" aria-labelledby="step-up-title" onCancel={() => onEnd(false)}>
      <h2 id="step-up-title">{t(accountTexts.stepUpTitle)}</h2>
      <p>{t(accountTexts.stepUpLead)}</p>
      {step === 'password' ? (
        <ActionForm
          button={accountTexts.confirm}
          failed={accountTexts.stepUpFailed}
          onSubmit={async () => {
            const state = await signInByPassword(me?.user?.email ?? '', password);
            if (state === 'second-factor') setStep(state);
            else await enter();
          }}
        >
          <FormField
            {...{ id: 'step-up-password', label: accountTexts.password, kind: 'password' }}
            autoComplete="current-password"
            value={password}
            onChange={setPassword}
          />
        </ActionForm>
      ) : (
        <ActionForm
          button={accountTexts.confirm}
          failed={accountTexts.stepUpFailed}
          onSubmit={async () => {
            const given = code.trim();
            await giveSecondFactor(/^\d{6}$/.test(given) ? 'totp' : 'recovery', given);
            await enter();
          }}
        >
          <FormField
            {...{ id: 'step-up-code', label: accountTexts.stepUpCode, kind: 'text', autoComplete: 'one-time-code' }}
            value={code}
            onChange={setCode}
          />
        </ActionForm>
      )}
      <div className="buttons">
        {step === 'password' && (
          <Button
            disabled={passkey.busy}
            onClick={() =>
              passkey.run(async () => {
                await signInByPasskey();
                await enter();
              })
            }
          >
            {t(signInTexts.passkey)}
          </Button>
        )}
        <Button onClick={() => onEnd(false)}>{t(accountTexts.cancel)}</Button>
      </div>
      <Refusal title={accountTexts.stepUpFailed} error={passkey.error} />
      {step === 'password' && (
        <p className="hint">
          {t(accountTexts.stepUpProvider)}{' '}
          <Link to={comingBack('/sign-in', location.pathname)}>{t(accountTexts.stepUpElsewhere)}</Link>
        </p>
      )}
    </dialog>
  );
}
