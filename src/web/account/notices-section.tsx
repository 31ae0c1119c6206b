import { Button } from 'antd';
import { useCallback, useEffect, useState } from 'react';
import * as z from 'zod';
import type { Me } from '../api-answers.ts';
import { deleteAt, getJson, sendJson } from '../api-client.ts';
import { useText } from '../language.tsx';
import { beijingSecond } from '../measures.ts';
import { Link } from '../route.tsx';
import { ActionForm, FormField, Refusal } from '../sign-in/sign-in-parts.tsx';
import { StepMark } from '../status-mark.tsx';
import { type Text, texts } from '../texts.ts';
import { useAction } from '../use-action.ts';
import {
  type Delivery,
  deliveriesSchema,
  madeWebhookSchema,
  type Notice,
  type NoticePreference,
  noticesSchema,
  preferenceSchema,
  type Webhook,
  webhookSecretSchema,
  webhooksSchema,
} from './account-answers.ts';
import { AskOnce, Choices, Part, Said, ShownOnce } from './account-parts.tsx';
import { accountTexts, deliveryStateTexts, noticeKindTexts, webhookEndTexts, wordsFor } from './account-texts.ts';

/** What one can choose to be told of. */
const KINDS = Object.keys(noticeKindTexts).filter((kind) => kind !== 'test');
const WEBHOOK_ROLES = ['holder', 'administrator'];

/** What the reader is told, and how; the systems of the account that are told too; what was told. */
export function NoticesSection({ me }: { me: Me }) {
  const t = useText();
  const seesWebhooks = me.roles.some((role) => WEBHOOK_ROLES.includes(role));
  return (
    <>
      <p>{t(accountTexts.noticesLead)}</p>
      <Preferences />
      {seesWebhooks && <Webhooks />}
      <Received />
    </>
  );
}

function Preferences() {
  const t = useText();
  const { error, run } = useAction();
  const [chosen, setChosen] = useState<NoticePreference | undefined>();
  const [said, setSaid] = useState<Text | undefined>();
  // biome-ignore lint/correctness/useExhaustiveDependencies: once
  useEffect(() => {
    run(async () => setChosen(await getJson('/notices/preferences', preferenceSchema)));
  }, []);
  return (
    <Part title={accountTexts.byMail} lead={accountTexts.byMailLead}>
      <Refusal title={accountTexts.unavailable} error={error} />
      {chosen !== undefined && (
        <ActionForm
          button={accountTexts.save}
          failed={accountTexts.notDone}
          onSubmit={async () => {
            setSaid(undefined);
            setChosen(await sendJson('PUT', '/notices/preferences', chosen, preferenceSchema));
            setSaid(accountTexts.saved);
          }}
        >
          <div className="sign-in-field">
            <label htmlFor="mail-language">{t(accountTexts.mailLanguage)}</label>
            <select
              id="mail-language"
              className="native-field"
              value={chosen.language}
              onChange={({ target }) =>
                setChosen({ ...chosen, language: target.value as NoticePreference['language'] })
              }
            >
              <option value="both">{t(accountTexts.both)}</option>
              <option value="zh">{t(accountTexts.chinese)}</option>
              <option value="en">{t(accountTexts.english)}</option>
            </select>
          </div>
          <Choices
            legend={accountTexts.kinds}
            choices={KINDS}
            words={(kind) => wordsFor(noticeKindTexts, kind)}
            chosen={chosen.emailKinds}
            onChange={(emailKinds) => setChosen({ ...chosen, emailKinds })}
          />
        </ActionForm>
      )}
      <Said text={said} />
    </Part>
  );
}

function Webhooks() {
  const t = useText();
  const { busy, error, run } = useAction();
  const [found, setFound] = useState<{ webhooks: readonly Webhook[]; deliveries: readonly Delivery[] } | undefined>();
  const [secret, setSecret] = useState<string | undefined>();
  const [said, setSaid] = useState<Text | undefined>();
  const load = useCallback(async () => {
    const [{ webhooks }, { deliveries }] = await Promise.all([
      getJson('/webhooks', webhooksSchema),
      getJson('/notices/deliveries', deliveriesSchema),
    ]);
    setFound({ webhooks, deliveries });
  }, []);
  // biome-ignore lint/correctness/useExhaustiveDependencies: once
  useEffect(() => {
    run(load);
  }, [load]);
  return (
    <>
      <Part title={accountTexts.webhooks} lead={accountTexts.webhooksLead}>
        <Refusal title={accountTexts.unavailable} error={error} />
        {secret !== undefined && (
          <ShownOnce
            key={secret}
            label={accountTexts.secret}
            hint={accountTexts.webhookSecretOnce}
            value={secret}
            onKept={() => setSecret(undefined)}
          />
        )}
        {found === undefined && error === undefined && <p role="status">{t(texts.loading)}</p>}
        {found?.webhooks.length === 0 && <p>{t(accountTexts.webhooksNone)}</p>}
        <ul className="rows">
          {found?.webhooks.map((webhook) => (
            <WebhookView key={webhook.webhookId} webhook={webhook} load={load} onSecret={setSecret} onSaid={setSaid} />
          ))}
        </ul>
        <Said text={said} />
        <NewWebhook
          onMade={async (made) => {
            setSecret(made);
            await load();
          }}
        />
      </Part>
      <Part title={accountTexts.deliveries}>
        {found?.deliveries.length === 0 && <p>{t(accountTexts.deliveriesNone)}</p>}
        <ul className="rows">
          {found?.deliveries.slice(0, SHOWN_DELIVERIES).map((delivery) => (
            <DeliveryView key={delivery.deliveryId} delivery={delivery} webhooks={found.webhooks} />
          ))}
        </ul>
        <Button disabled={busy} onClick={() => run(load)}>
          {t(accountTexts.refresh)}
        </Button>
      </Part>
    </>
  );
}

const SHOWN_DELIVERIES = 20;

interface WebhookViewProps {
  webhook: Webhook;
  load: () => Promise<void>;
  onSecret: (secret: string) => void;
  onSaid: (said: Text) => void;
}

function WebhookView({ webhook, load, onSecret, onSaid }: WebhookViewProps) {
  const t = useText();
  const { busy, error, run } = useAction();
  const { webhookId, url, kinds, state, disabledBecause, failingSince, createdAt } = webhook;
  const path = `/webhooks/${webhookId}`;
  const isActive = state === 'active';
  return (
    <li aria-label={url} data-state={state}>
      <code className="wrap-anywhere">{url}</code>{' '}
      <span className="health-mark">
        <StepMark status={!isActive ? 'not-checked' : failingSince === null ? 'passed' : 'pending'} />
        {t(accountTexts[state])}
      </span>
      <div className="hint">
        {t(accountTexts.created)} {beijingSecond(createdAt)}
        {disabledBecause !== null && ` · ${t(wordsFor(webhookEndTexts, disabledBecause))}`}
        {failingSince !== null && ` · ${t(accountTexts.failingSince)} ${beijingSecond(failingSince)}`}
      </div>
      <div>
        {kinds === null
          ? t(accountTexts.allKinds)
          : kinds.map((kind) => t(wordsFor(noticeKindTexts, kind))).join(' · ')}
      </div>
      <div className="buttons">
        {isActive ? (
          <>
            <Button
              disabled={busy}
              aria-label={`${t(accountTexts.test)} ${url}`}
              onClick={() =>
                run(async () => {
                  await sendJson('POST', `${path}/test`, {}, z.unknown());
                  onSaid(accountTexts.testSent);
                  await load();
                })
              }
            >
              {t(accountTexts.test)}
            </Button>
            <AskOnce
              isHarmless
              button={accountTexts.disable}
              sure={accountTexts.disableSure}
              really={accountTexts.disable}
              about={url}
              onDo={async () => {
                await sendJson('PATCH', path, { state: 'disabled' }, z.unknown());
                await load();
              }}
            />
          </>
        ) : (
          <Button
            disabled={busy}
            aria-label={`${t(accountTexts.enable)} ${url}`}
            onClick={() =>
              run(async () => {
                await sendJson('PATCH', path, { state: 'active' }, z.unknown());
                await load();
              })
            }
          >
            {t(accountTexts.enable)}
          </Button>
        )}
        <AskOnce
          isHarmless
          button={accountTexts.newSecret}
          sure={accountTexts.newSecretLead}
          really={accountTexts.newSecret}
          about={url}
          onDo={async () => {
            onSecret((await sendJson('POST', `${path}/secret`, {}, webhookSecretSchema)).secret);
          }}
        />
        <AskOnce
          button={accountTexts.removeWebhook}
          sure={accountTexts.removeWebhookSure}
          really={accountTexts.removeWebhook}
          about={url}
          onDo={async () => {
            await deleteAt(path);
            await load();
          }}
        />
      </div>
      <Refusal title={accountTexts.notDone} error={error} />
    </li>
  );
}

function NewWebhook({ onMade }: { onMade: (secret: string) => Promise<void> }) {
  const t = useText();
  const [url, setUrl] = useState('');
  const [isAll, setIsAll] = useState(true);
  const [kinds, setKinds] = useState<string[]>(['certified']);
  return (
    <>
      <h3>{t(accountTexts.addWebhook)}</h3>
      <ActionForm
        button={accountTexts.addWebhook}
        failed={accountTexts.notDone}
        onSubmit={async () => {
          const wanted = { url: url.trim(), ...(!isAll && { kinds }) };
          const { secret } = await sendJson('POST', '/webhooks', wanted, madeWebhookSchema);
          setUrl('');
          await onMade(secret);
        }}
      >
        <FormField
          {...{ id: 'webhook-url', label: accountTexts.webhookUrl, kind: 'text', autoComplete: 'off' }}
          maxLength={500}
          value={url}
          onChange={setUrl}
        />
        <fieldset className="ticks">
          <legend>{t(accountTexts.kinds)}</legend>
          {[true, false].map((all) => (
            <label key={String(all)}>
              <input type="radio" name="webhook-kinds" checked={isAll === all} onChange={() => setIsAll(all)} />
              <span>{t(all ? accountTexts.allKinds : accountTexts.someKinds)}</span>
            </label>
          ))}
        </fieldset>
        {!isAll && (
          <Choices
            legend={accountTexts.someKinds}
            choices={KINDS}
            words={(kind) => wordsFor(noticeKindTexts, kind)}
            chosen={kinds}
            onChange={setKinds}
          />
        )}
      </ActionForm>
    </>
  );
}

const DELIVERY_MARKS = { waiting: 'pending', sent: 'passed', 'given-up': 'failed', cancelled: 'not-checked' } as const;

function DeliveryView({ delivery, webhooks }: { delivery: Delivery; webhooks: readonly Webhook[] }) {
  const t = useText();
  const { kind, channel, webhookId, address, state, attempts, outcome, madeAt, dueAt } = delivery;
  const to =
    channel === 'email'
      ? `${t(accountTexts.mail)} ${address ?? ''}`
      : (webhooks.find((each) => each.webhookId === webhookId)?.url ?? 'Webhook');
  return (
    <li data-state={state}>
      <span className="health-mark">
        <StepMark status={DELIVERY_MARKS[state]} />
        {t(wordsFor(deliveryStateTexts, state))}
      </span>{' '}
      {t(wordsFor(noticeKindTexts, kind))} · <span className="wrap-anywhere">{to}</span>
      <div className="hint">
        {beijingSecond(madeAt)} · {attempts} {t(accountTexts.attempts)}
        {outcome !== null && (
          <>
            {' '}
            · {t(accountTexts.outcome)} <code>{outcome}</code>
          </>
        )}
        {dueAt !== null && ` · ${t(accountTexts.nextAttempt)} ${beijingSecond(dueAt)}`}
      </div>
    </li>
  );
}

function Received() {
  const t = useText();
  const { busy, error, run } = useAction();
  const [found, setFound] = useState<{ notices: readonly Notice[]; next: string | null } | undefined>();
  const more = async (before: string | null) => {
    const page = await getJson(`/notices${before === null ? '' : `?before=${before}`}`, noticesSchema);
    setFound((shown) => ({
      notices: [...(before === null ? [] : (shown?.notices ?? [])), ...page.notices],
      next: page.next,
    }));
  };
  // biome-ignore lint/correctness/useExhaustiveDependencies: once
  useEffect(() => {
    run(() => more(null));
  }, []);
  const next = found?.next ?? null;
  return (
    <Part title={accountTexts.received}>
      <Refusal title={accountTexts.unavailable} error={error} />
      {found === undefined && error === undefined && <p role="status">{t(texts.loading)}</p>}
      {found?.notices.length === 0 && <p>{t(accountTexts.receivedNone)}</p>}
      <ul className="rows">
        {found?.notices.map(({ noticeId, at, title, body, page }) => (
          <li key={noticeId}>
            <strong>{t(title)}</strong> <span className="hint">{beijingSecond(at)}</span>
            <p className="wrap-anywhere">{t(body)}</p>
            {page !== '/' && <Link to={page}>{t(accountTexts.open)}</Link>}
          </li>
        ))}
      </ul>
      {next !== null && (
        <Button disabled={busy} onClick={() => run(() => more(next))}>
          {t(accountTexts.more)}
        </Button>
      )}
    </Part>
  );
}
