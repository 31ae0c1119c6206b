import { Button, Input, type InputRef } from 'antd';
import { type ReactNode, useCallback, useEffect, useId, useRef, useState } from 'react';
import * as z from 'zod';
import { CodedError } from '../../errors.ts';
import { RECEIVER_KINDS } from '../../format/custody.ts';
import { deleteAt, getJson, postJson } from '../api-client.ts';
import { DownloadLink } from '../download-link.tsx';
import { useText } from '../language.tsx';
import { beijingTime } from '../measures.ts';
import { ProblemAlert } from '../problem-alert.tsx';
import type { Text } from '../texts.ts';
import {
  type Grant,
  givenHandOversSchema,
  grantListSchema,
  type HandOverView,
  linkListSchema,
  madeHandOverSchema,
  madeLinkSchema,
  type SharedLink,
} from './sharing-answers.ts';
import {
  coverageWords,
  handOverStateTexts,
  panelTexts,
  receiverKindTexts,
  scopeTexts,
  sharingStateTexts,
} from './sharing-texts.ts';

const DAY_MS = 24 * 3600_000;

/** What can be shown: one deposit, which can also be handed over, or a matter. */
export type Shareable = { depositId: string; certified: boolean } | { matterId: string };

/** For the account that has it: who may see a deposit or matter, and who received it. Nothing is asked before it is unfolded. */
export function SharingPanel({ object }: { object: Shareable }) {
  const t = useText();
  const [isOpen, setIsOpen] = useState(false);
  return (
    <details className="card" onToggle={(event) => setIsOpen(event.currentTarget.open)}>
      <summary>{t('matterId' in object ? panelTexts.matterTitle : panelTexts.title)}</summary>
      {isOpen &&
        ('matterId' in object ? (
          <Given matterId={object.matterId} />
        ) : (
          <Given depositId={object.depositId} certified={object.certified} />
        ))}
    </details>
  );
}

interface Given {
  links: { links: SharedLink[]; next: string | null };
  grants: { grants: Grant[]; next: string | null };
  handOvers: HandOverView[];
}

interface GivenProps {
  /** One of the two is given. */
  depositId?: string;
  matterId?: string;
  certified?: boolean;
}

function Given({ depositId, matterId, certified = false }: GivenProps) {
  const t = useText();
  const [given, setGiven] = useState<Given | undefined>();
  const [error, setError] = useState<CodedError | undefined>();
  const [shown, setShown] = useState<string | undefined>();
  const load = useCallback(async () => {
    try {
      const query = depositId === undefined ? `matterId=${matterId}` : `depositId=${depositId}`;
      const [links, grants, handOvers] = await Promise.all([
        getJson(`/links?${query}`, linkListSchema),
        getJson(`/grants?${query}`, grantListSchema),
        // Handed over is one deposit at a time.
        depositId === undefined ? undefined : getJson(`/deposits/${depositId}/custody?limit=1`, givenHandOversSchema),
      ]);
      setGiven({ links, grants, handOvers: handOvers?.handOvers ?? [] });
    } catch (failure) {
      setError(codedError(failure));
    }
  }, [depositId, matterId]);
  useEffect(() => {
    load();
  }, [load]);
  const act = async (work: () => Promise<unknown>) => {
    setError(undefined);
    try {
      await work();
      await load();
      return true;
    } catch (failure) {
      setError(codedError(failure));
      return false;
    }
  };
  const object = depositId === undefined ? { matterId } : { depositId };
  const makeLink = ({ reader, scope, coverage, days, openings, passphrase }: Record<string, string>) =>
    act(async () => {
      const { path } = await postJson(
        '/links',
        {
          ...object,
          reader,
          scope,
          ...(coverage === undefined ? {} : { coverage }),
          expiresAt: inDays(days),
          maxOpenings: Number(openings),
          ...(passphrase === '' ? {} : { passphrase }),
        },
        madeLinkSchema,
      );
      setShown(`${location.origin}${path}`);
    });
  const giveGrant = ({ to = '', scope, coverage, days, remark = '' }: Record<string, string>) =>
    act(() => {
      const grant = {
        ...object,
        to: to.includes('@') ? { email: to } : { accountId: to },
        scope,
        ...(coverage === undefined ? {} : { coverage }),
        expiresAt: inDays(days),
        ...(remark === '' ? {} : { remark }),
      };
      return postJson('/grants', grant, z.unknown());
    });
  const handOver = ({ kind, receiver, account, days, note, certificate }: Record<string, string>) =>
    act(async () => {
      const { confirmationLink } = await postJson(
        '/hand-overs',
        {
          depositId,
          receiver: { kind, name: receiver, ...(account === '' ? {} : { accountId: account }) },
          certificate: certificate === 'yes',
          validDays: Number(days),
          ...(note === '' ? {} : { note }),
        },
        madeHandOverSchema,
      );
      setShown(confirmationLink ?? undefined);
    });
  return (
    <>
      <p className="hint">{t(matterId === undefined ? panelTexts.lead : panelTexts.matterLead)}</p>
      {error !== undefined && (
        <ProblemAlert title={given === undefined ? panelTexts.unavailable : panelTexts.failed} error={error} />
      )}
      {shown !== undefined && <ShownOnce key={shown} address={shown} />}
      {given !== undefined && (
        <>
          <h3>{t(panelTexts.links)}</h3>
          <Rows isEmpty={given.links.links.length === 0} hasMore={given.links.next !== null}>
            {given.links.links.map((link) => (
              <GivenRow
                key={link.linkId}
                name={link.reader}
                state={linkState(link)}
                stateText={sharingStateTexts[linkState(link)]}
                end={linkState(link) === 'open' ? panelTexts.revoke : undefined}
                onEnd={() => act(() => deleteAt(`/links/${link.linkId}`))}
              >
                {t(scopeTexts[link.scope])}
                {matterId !== undefined && ` · ${t(coverageWords[link.coverage])}`} · {t(panelTexts.until)}{' '}
                {beijingTime(link.expiresAt)} · {t(panelTexts.opened)} {link.openings} / {link.maxOpenings}
                {link.hasPassphrase && ` · ${t(panelTexts.hasPassphrase)}`}
              </GivenRow>
            ))}
          </Rows>
          <GiveForm submit={panelTexts.newLink} onSubmit={makeLink}>
            <Field name="reader" label={panelTexts.reader} required maxLength={100} />
            <ScopeField />
            {matterId !== undefined && <CoverageField />}
            <Field name="days" label={panelTexts.days} type="number" min={1} max={365} value="14" required />
            <Field name="openings" label={panelTexts.openings} type="number" min={1} max={10_000} value="5" required />
            <Field name="passphrase" label={panelTexts.passphrase} type="password" minLength={8} maxLength={200} />
          </GiveForm>
          <h3>{t(panelTexts.grants)}</h3>
          <Rows isEmpty={given.grants.grants.length === 0} hasMore={given.grants.next !== null}>
            {given.grants.grants.map((grant) => (
              <GivenRow
                key={grant.grantId}
                name={receiverName(grant)}
                state={grantState(grant)}
                stateText={sharingStateTexts[grantState(grant)]}
                end={['open', 'invited'].includes(grantState(grant)) ? panelTexts.revoke : undefined}
                onEnd={() => act(() => deleteAt(`/grants/${grant.grantId}`))}
              >
                {t(scopeTexts[grant.scope])}
                {matterId !== undefined && ` · ${t(coverageWords[grant.coverage])}`}
                {grant.expiresAt !== null && ` · ${t(panelTexts.until)} ${beijingTime(grant.expiresAt)}`}
              </GivenRow>
            ))}
          </Rows>
          <p className="hint">{t(panelTexts.grantWhat)}</p>
          <GiveForm submit={panelTexts.newGrant} onSubmit={giveGrant}>
            <Field name="to" label={panelTexts.to} required maxLength={254} />
            <ScopeField />
            {matterId !== undefined && <CoverageField />}
            <Field name="days" label={panelTexts.days} type="number" min={1} max={3660} value="30" required />
            <Field name="remark" label={panelTexts.grantRemark} maxLength={500} />
          </GiveForm>
        </>
      )}
      {given !== undefined && depositId !== undefined && (
        <>
          <h3>{t(panelTexts.handOvers)}</h3>
          <Rows isEmpty={given.handOvers.length === 0} hasMore={false}>
            {given.handOvers.map(({ handOverId, state, statement }) => (
              <GivenRow
                key={handOverId}
                name={statement.receiver.name}
                state={state}
                stateText={handOverStateTexts[state]}
                end={state === 'open' ? panelTexts.cancel : undefined}
                onEnd={() => act(() => postJson(`/hand-overs/${handOverId}/cancel`, {}, z.unknown()))}
              >
                {t(receiverKindTexts[statement.receiver.kind])} · {beijingTime(statement.handedOverAt)}{' '}
                <DownloadLink
                  path={`/hand-overs/${handOverId}/receipt.json`}
                  fileName={`hand-over-${handOverId}.json`}
                  label={panelTexts.receipt}
                  about={statement.receiver.name}
                />
              </GivenRow>
            ))}
          </Rows>
          <p className="hint">{t(panelTexts.handOverWhat)}</p>
          <GiveForm submit={panelTexts.newHandOver} onSubmit={handOver}>
            <Choice name="kind" label={panelTexts.receiverKind} choices={RECEIVER_KINDS} words={receiverKindTexts} />
            <Field name="receiver" label={panelTexts.receiver} required maxLength={300} />
            <Field name="account" label={panelTexts.receiverAccount} maxLength={36} />
            <Field name="days" label={panelTexts.days} type="number" min={1} max={180} value="30" required />
            <Field name="note" label={panelTexts.note} maxLength={1000} />
            {certified && (
              <div>
                <label>
                  <input type="checkbox" name="certificate" value="yes" /> {t(panelTexts.withCertificate)}
                </label>
              </div>
            )}
          </GiveForm>
        </>
      )}
    </>
  );
}

function linkState(link: SharedLink) {
  if (link.revokedAt !== null) return 'revoked';
  if (Date.parse(link.expiresAt) <= Date.now()) return 'expired';
  if (link.attemptsLeft === 0) return 'locked';
  return link.openings >= link.maxOpenings ? 'used-up' : 'open';
}

/** As the giver named him, and by his name where the giver may know it. */
function receiverName({ granteeName, granteeAccountId, invitedEmail, invitedAccountId }: Grant): string {
  const named = invitedEmail ?? invitedAccountId ?? granteeAccountId ?? '';
  if (granteeName === null) return named;
  return invitedEmail === null ? granteeName : `${granteeName} · ${invitedEmail}`;
}

function grantState(grant: Grant) {
  if (grant.revokedAt !== null) return 'revoked';
  if (grant.expiresAt !== null && Date.parse(grant.expiresAt) <= Date.now()) return 'expired';
  return grant.granteeAccountId === null ? 'invited' : 'open';
}

function Rows({ isEmpty, hasMore, children }: { isEmpty: boolean; hasMore: boolean; children: ReactNode }) {
  const t = useText();
  if (isEmpty) return <p>{t(panelTexts.none)}</p>;
  return (
    <>
      <ul>{children}</ul>
      {hasMore && <p className="hint">{t(panelTexts.more)}</p>}
    </>
  );
}

interface GivenRowProps {
  name: string;
  state: string;
  stateText: Text;
  /** What ends it; nothing where it has ended. */
  end: Text | undefined;
  onEnd: () => Promise<unknown>;
  children: ReactNode;
}

function GivenRow({ name, state, stateText, end, onEnd, children }: GivenRowProps) {
  const t = useText();
  const [busy, setBusy] = useState(false);
  return (
    <li data-state={state} className="wrap-anywhere">
      <bdi>{name}</bdi> · <strong>{t(stateText)}</strong> <span className="hint">{children}</span>{' '}
      {end !== undefined && (
        <Button
          size="small"
          loading={busy}
          aria-label={`${t(end)} ${name}`}
          onClick={() => {
            setBusy(true);
            onEnd().finally(() => setBusy(false));
          }}
        >
          {t(end)}
        </Button>
      )}
    </li>
  );
}

function ShownOnce({ address }: { address: string }) {
  const t = useText();
  const id = useId();
  const field = useRef<InputRef>(null);
  const [outcome, setOutcome] = useState<Text | undefined>();
  useEffect(() => field.current?.focus(), []);
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(address);
      setOutcome(panelTexts.copied);
    } catch {
      field.current?.select();
      setOutcome(panelTexts.notCopied);
    }
  };
  return (
    <div className="shown-once">
      <p id={`${id}-hint`}>{t(panelTexts.shownOnce)}</p>
      <label htmlFor={id}>{t(panelTexts.theLink)}</label>
      <div className="buttons">
        <Input ref={field} id={id} readOnly value={address} aria-describedby={`${id}-hint`} style={{ maxWidth: 620 }} />
        <Button type="primary" onClick={copy}>
          {t(panelTexts.copy)}
        </Button>
        <span role="status">{outcome !== undefined && t(outcome)}</span>
      </div>
    </div>
  );
}

interface GiveFormProps {
  submit: Text;
  /** @returns whether it was taken */
  onSubmit: (fields: Record<string, string>) => Promise<boolean>;
  children: ReactNode;
}

function GiveForm({ submit, onSubmit, children }: GiveFormProps) {
  const t = useText();
  const [busy, setBusy] = useState(false);
  const send = async (form: HTMLFormElement) => {
    setBusy(true);
    const fields = [...new FormData(form)].map(([name, value]) => [name, String(value).trim()] as const);
    if (await onSubmit(Object.fromEntries(fields))) form.reset();
    setBusy(false);
  };
  return (
    <form
      aria-label={t(submit)}
      onSubmit={(event) => {
        event.preventDefault();
        send(event.currentTarget);
      }}
    >
      <div className="fields">{children}</div>
      <div className="buttons">
        <Button htmlType="submit" loading={busy}>
          {t(submit)}
        </Button>
      </div>
    </form>
  );
}

interface FieldProps {
  name: string;
  label: Text;
  type?: 'text' | 'number' | 'password';
  value?: string;
  required?: boolean;
  min?: number;
  max?: number;
  minLength?: number;
  maxLength?: number;
}

function Field({ label, value = '', type = 'text', ...limits }: FieldProps) {
  const t = useText();
  const id = useId();
  return (
    <div>
      <label htmlFor={id}>{t(label)}</label>
      <input
        id={id}
        className="native-field"
        type={type}
        defaultValue={value}
        autoComplete={type === 'password' ? 'new-password' : 'off'}
        {...limits}
      />
    </div>
  );
}

function CoverageField() {
  return (
    <Choice name="coverage" label={panelTexts.coverage} choices={['disclosed', 'everything']} words={coverageWords} />
  );
}

function ScopeField() {
  return <Choice name="scope" label={panelTexts.scope} choices={['read', 'download', 'export']} words={scopeTexts} />;
}

interface ChoiceProps<Value extends string> {
  name: string;
  label: Text;
  choices: readonly Value[];
  words: Record<Value, Text>;
}

function Choice<Value extends string>({ name, label, choices, words }: ChoiceProps<Value>) {
  const t = useText();
  const id = useId();
  return (
    <div>
      <label htmlFor={id}>{t(label)}</label>
      <select id={id} name={name} className="native-field">
        {choices.map((choice) => (
          <option key={choice} value={choice}>
            {t(words[choice])}
          </option>
        ))}
      </select>
    </div>
  );
}

function inDays(days: string | undefined): string {
  return new Date(Date.now() + Number(days) * DAY_MS).toISOString();
}

function codedError(failure: unknown): CodedError {
  return failure instanceof CodedError ? failure : new CodedError('internal', String(failure));
}
