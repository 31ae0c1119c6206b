import { useCallback, useEffect, useState } from 'react';
import type { Me } from '../api-answers.ts';
import { deleteAt, getJson, sendJson } from '../api-client.ts';
import { ApiError } from '../api-error.ts';
import { useText } from '../language.tsx';
import { beijingSecond } from '../measures.ts';
import { ActionForm, FormField, Refusal } from '../sign-in/sign-in-parts.tsx';
import { scopeTexts } from '../sign-in/sign-in-texts.ts';
import { useStepUp } from '../sign-in/step-up.tsx';
import { StepMark } from '../status-mark.tsx';
import { texts } from '../texts.ts';
import { useAction } from '../use-action.ts';
import { type ApiKey, keysSchema, madeKeySchema } from './account-answers.ts';
import { AskOnce, Choices, Part, ShownOnce, Unfolded } from './account-parts.tsx';
import { accountTexts, wordsFor } from './account-texts.ts';

/** The account's keys. A secret is shown once, when it is made, and kept nowhere. */
export function ApiKeysSection({ me }: { me: Me }) {
  const t = useText();
  const { accountId } = me;
  const { error, run } = useAction();
  const [found, setFound] = useState<{ keys: readonly ApiKey[]; offered: readonly string[] } | undefined>();
  const [secret, setSecret] = useState<string | undefined>();
  const load = useCallback(async () => setFound(await getJson(`/accounts/${accountId}/keys`, keysSchema)), [accountId]);
  // A key makes no keys, and only administrators look after them.
  const mayManage = me.by === 'session' && me.roles.includes('administrator');
  // biome-ignore lint/correctness/useExhaustiveDependencies: once for each account
  useEffect(() => {
    if (mayManage) run(load);
  }, [load, mayManage]);
  const made = async (newSecret: string) => {
    setSecret(newSecret);
    await load();
  };
  if (!mayManage) return <p className="card">{t(accountTexts.keysAdministrators)}</p>;
  return (
    <>
      <p>{t(accountTexts.keysLead)}</p>
      <Refusal title={accountTexts.unavailable} error={error} />
      {found === undefined && error === undefined && <p role="status">{t(texts.loading)}</p>}
      {secret !== undefined && (
        <ShownOnce
          key={secret}
          label={accountTexts.secret}
          hint={accountTexts.secretOnce}
          value={secret}
          onKept={() => setSecret(undefined)}
        />
      )}
      {found !== undefined && (
        <Part title={accountTexts.keys}>
          {found.keys.length === 0 && <p>{t(accountTexts.keysNone)}</p>}
          <ul className="rows">
            {found.keys.map((key) => (
              <KeyView key={key.keyId} {...{ accountId, made, load }} apiKey={key} />
            ))}
          </ul>
        </Part>
      )}
      {found !== undefined && <NewKey accountId={accountId} offered={found.offered} made={made} />}
    </>
  );
}

interface KeyViewProps {
  accountId: string;
  apiKey: ApiKey;
  made: (secret: string) => Promise<void>;
  load: () => Promise<void>;
}

function KeyView({ accountId, apiKey, made, load }: KeyViewProps) {
  const t = useText();
  const guarded = useStepUp();
  const [days, setDays] = useState('90');
  const [graceHours, setGraceHours] = useState('24');
  const { keyId, label, scopes, createdAt, expiresAt, lastUsedOn, replacedBy } = apiKey;
  const state = stateOf(apiKey);
  const path = `/accounts/${accountId}/keys/${keyId}`;
  return (
    <li aria-label={label} data-state={state}>
      <bdi>
        <strong>{label}</strong>
      </bdi>{' '}
      <span className="health-mark">
        <StepMark status={state === 'inForce' ? 'passed' : 'not-checked'} />
        {t(state === 'inForce' && replacedBy !== null ? accountTexts.replaced : accountTexts[state])}
      </span>
      <div className="hint">
        {t(accountTexts.created)} {beijingSecond(createdAt)} · {t(accountTexts.expires)}{' '}
        {expiresAt === null ? t(accountTexts.never) : beijingSecond(expiresAt)} · {t(accountTexts.lastUsed)}{' '}
        {lastUsedOn ?? t(accountTexts.never)}
      </div>
      <div>
        {scopes === null
          ? t(accountTexts.allScopes)
          : scopes.map((scope) => t(wordsFor(scopeTexts, scope))).join(' · ')}
      </div>
      {state === 'inForce' && (
        <div className="buttons">
          {replacedBy === null && (
            <Unfolded button={accountTexts.rotate} about={label}>
              {(fold) => (
                <>
                  <p>{t(accountTexts.rotateLead)}</p>
                  <ActionForm
                    button={accountTexts.rotate}
                    failed={accountTexts.notDone}
                    onSubmit={async () => {
                      const rotation = { days: Number(days), graceHours: Number(graceHours) };
                      const answer = await guarded(() => sendJson('POST', `${path}/rotate`, rotation, madeKeySchema));
                      fold();
                      await made(answer.secret);
                    }}
                  >
                    <FormField
                      {...{ id: `${keyId}-days`, label: accountTexts.days, kind: 'number', autoComplete: 'off' }}
                      {...{ min: 1, max: 366 }}
                      value={days}
                      onChange={setDays}
                    />
                    <FormField
                      {...{ id: `${keyId}-grace`, label: accountTexts.graceHours, kind: 'number', autoComplete: 'off' }}
                      {...{ min: 0, max: 720 }}
                      value={graceHours}
                      onChange={setGraceHours}
                    />
                  </ActionForm>
                </>
              )}
            </Unfolded>
          )}
          <AskOnce
            button={accountTexts.revoke}
            sure={accountTexts.revokeSure}
            really={accountTexts.revokeReally}
            about={label}
            onDo={async () => {
              await deleteAt(path);
              await load();
            }}
          />
        </div>
      )}
    </li>
  );
}

interface NewKeyProps {
  accountId: string;
  offered: readonly string[];
  made: (secret: string) => Promise<void>;
}

function NewKey({ accountId, offered, made }: NewKeyProps) {
  const guarded = useStepUp();
  const [label, setLabel] = useState('');
  const [days, setDays] = useState('90');
  const [scopes, setScopes] = useState<readonly string[]>([]);
  return (
    <Part title={accountTexts.newKey}>
      <ActionForm
        button={accountTexts.make}
        failed={accountTexts.notDone}
        onSubmit={async () => {
          if (scopes.length === 0)
            throw new ApiError('no-scopes', 'no scope is chosen', { title: accountTexts.scopesMissing });
          const wanted = { label: label.trim(), scopes, days: Number(days) };
          const { secret } = await guarded(() =>
            sendJson('POST', `/accounts/${accountId}/keys`, wanted, madeKeySchema),
          );
          setLabel('');
          setScopes([]);
          await made(secret);
        }}
      >
        <FormField
          {...{ id: 'key-label', label: accountTexts.label, hint: accountTexts.labelHint, kind: 'text' }}
          {...{ autoComplete: 'off', maxLength: 100 }}
          value={label}
          onChange={setLabel}
        />
        <FormField
          {...{ id: 'key-days', label: accountTexts.days, kind: 'number', autoComplete: 'off', min: 1, max: 366 }}
          value={days}
          onChange={setDays}
        />
        <Choices
          legend={accountTexts.scopes}
          choices={offered}
          words={(scope) => wordsFor(scopeTexts, scope)}
          chosen={scopes}
          onChange={setScopes}
        />
      </ActionForm>
    </Part>
  );
}

function stateOf({ revokedAt, expiresAt }: ApiKey): 'revoked' | 'expired' | 'inForce' {
  if (revokedAt !== null) return 'revoked';
  return expiresAt !== null && Date.parse(expiresAt) <= Date.now() ? 'expired' : 'inForce';
}
