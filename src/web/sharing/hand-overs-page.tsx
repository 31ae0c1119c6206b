import { Button } from 'antd';
import { useCallback, useEffect, useId, useRef, useState } from 'react';
import * as z from 'zod';
import { CodedError } from '../../errors.ts';
import { getJson, postJson } from '../api-client.ts';
import { itemTexts } from '../deposit/item-texts.ts';
import { DownloadLink } from '../download-link.tsx';
import { useText } from '../language.tsx';
import { AskOnce } from '../matter/ask-once.tsx';
import { beijingTime } from '../measures.ts';
import { PageTitle } from '../page-title.tsx';
import { ProblemAlert } from '../problem-alert.tsx';
import { Row } from '../report-parts.tsx';
import { Link } from '../route.tsx';
import { useAccount } from '../sign-in/account.tsx';
import { type Text, texts } from '../texts.ts';
import { useAction } from '../use-action.ts';
import { HandedItems } from './handed-items.tsx';
import { type HandOverView, handOverViewSchema } from './sharing-answers.ts';
import { handOverStateTexts, handOverTexts, panelTexts, receiverKindTexts } from './sharing-texts.ts';
import '../deposit/deposit.css';

const listSchema = z.object({ handOvers: z.array(handOverViewSchema), next: z.string().nullable() });

type Side = 'received' | 'given';

/** What was handed over to the account and by it, what is open first. */
export function HandOversPage() {
  const t = useText();
  const { account } = useAccount();
  const roles = account.state === 'signed-in' ? account.me.roles : [];
  const isGiver = roles.some((role) => GIVERS.includes(role));
  return (
    <>
      <PageTitle title={t(itemTexts.handOversTitle)} />
      <p>{t(itemTexts.handOversLead)}</p>
      <SideList side="received" title={itemTexts.received} none={itemTexts.noneReceived} />
      {isGiver && <SideList side="given" title={itemTexts.given} none={itemTexts.noneGiven} />}
    </>
  );
}

const GIVERS = ['holder', 'notary'];

function SideList({ side, title, none }: { side: Side; title: Text; none: Text }) {
  const t = useText();
  const [handOvers, setHandOvers] = useState<readonly HandOverView[] | undefined>();
  const [next, setNext] = useState<string | null>(null);
  const [error, setError] = useState<CodedError | undefined>();
  const load = useCallback(
    async (before: string | null) => {
      setError(undefined);
      try {
        const more = before === null ? '' : `&before=${before}`;
        const page = await getJson(`/hand-overs?side=${side}&limit=50${more}`, listSchema);
        setHandOvers((known) => [...(before === null ? [] : (known ?? [])), ...page.handOvers]);
        setNext(page.next);
      } catch (failure) {
        setError(failure instanceof CodedError ? failure : new CodedError('internal', String(failure)));
      }
    },
    [side],
  );
  useEffect(() => {
    load(null);
  }, [load]);
  const changed = (handOver: HandOverView) =>
    setHandOvers((known) => known?.map((each) => (each.handOverId === handOver.handOverId ? handOver : each)));
  const open = handOvers?.filter(({ state }) => state === 'open') ?? [];
  const ended = handOvers?.filter(({ state }) => state !== 'open') ?? [];
  return (
    <section className="card" aria-labelledby={`${side}-title`} data-side={side}>
      <h2 id={`${side}-title`}>
        {t(title)}
        {open.length > 0 && ` (${t(handOverStateTexts.open)}: ${open.length})`}
      </h2>
      {error !== undefined && <ProblemAlert title={panelTexts.unavailable} error={error} />}
      {handOvers === undefined && error === undefined && <p role="status">{t(texts.loading)}</p>}
      {handOvers?.length === 0 && <p>{t(none)}</p>}
      {[...open, ...ended].map((handOver) => (
        <HandOver key={handOver.handOverId} handOver={handOver} side={side} onChanged={changed} />
      ))}
      {next !== null && (
        <div className="buttons">
          <Button onClick={() => load(next)}>{t(itemTexts.older)}</Button>
        </div>
      )}
    </section>
  );
}

interface HandOverProps {
  handOver: HandOverView;
  side: Side;
  onChanged: (handOver: HandOverView) => void;
}

function HandOver({ handOver, side, onChanged }: HandOverProps) {
  const t = useText();
  const id = useId();
  const { handOverId, state, statement, confirmation } = handOver;
  const { giver, receiver, items, note, handedOverAt, expiresAt, depositId } = statement;
  const other = side === 'received' ? giver.name : receiver.name;
  const heading = useRef<HTMLHeadingElement>(null);
  const before = useRef(state);
  useEffect(() => {
    // The button that ended it is gone.
    if (before.current !== state) heading.current?.focus();
    before.current = state;
  }, [state]);
  const act = async (verb: 'confirm' | 'cancel', body: object) =>
    onChanged(await postJson(`/hand-overs/${handOverId}/${verb}`, body, handOverViewSchema));
  return (
    <article className="hand-over" aria-labelledby={id} data-state={state}>
      <h3 id={id} ref={heading} tabIndex={-1}>
        <bdi className="wrap-anywhere">{other}</bdi> ·{' '}
        {t(state === 'open' && side === 'received' ? itemTexts.waiting : handOverStateTexts[state])}
      </h3>
      <dl className="facts">
        <Row label={handOverTexts.giver}>
          <bdi>{giver.name}</bdi>
        </Row>
        <Row label={handOverTexts.receiver}>
          {t(receiverKindTexts[receiver.kind])} · <bdi className="wrap-anywhere">{receiver.name}</bdi>
        </Row>
        <Row label={handOverTexts.handedOverAt}>{beijingTime(handedOverAt)}</Row>
        {state === 'open' && <Row label={handOverTexts.expiresAt}>{beijingTime(expiresAt)}</Row>}
        {confirmation !== null && (
          <Row label={itemTexts.confirmedBy}>
            <bdi>{confirmation.name}</bdi>, {beijingTime(confirmation.confirmedAt)}
          </Row>
        )}
        <Row label={handOverTexts.note}>
          <span className="pre-line">{note ?? t(texts.notProvided)}</span>
        </Row>
      </dl>
      <details>
        <summary>
          {t(itemTexts.items)} ({items.length})
        </summary>
        <HandedItems items={items} />
      </details>
      <div className="buttons">
        <DownloadLink
          path={`/hand-overs/${handOverId}/receipt.json`}
          fileName={`hand-over-${handOverId}.json`}
          label={panelTexts.receipt}
          about={other}
        />
        {side === 'given' && <Link to={`/deposits/${depositId}`}>{t(itemTexts.openDeposit)}</Link>}
      </div>
      {state === 'open' && side === 'received' && <Confirm about={other} onConfirm={(said) => act('confirm', said)} />}
      {state === 'open' && side === 'given' && (
        <AskOnce
          label={panelTexts.cancel}
          about={other}
          ask={itemTexts.cancelAsk}
          yes={itemTexts.cancelNow}
          onYes={() => act('cancel', {})}
        />
      )}
    </article>
  );
}

/** Says what confirming does, before it is done. */
function Confirm({ about, onConfirm }: { about: string; onConfirm: (said: object) => Promise<void> }) {
  const t = useText();
  const id = useId();
  const [note, setNote] = useState('');
  const { busy, error, run } = useAction();
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        run(() => onConfirm(note.trim() === '' ? {} : { note: note.trim() }));
      }}
    >
      <p id={`${id}-ask`}>{t(itemTexts.confirmAsk)}</p>
      <div className="fields">
        <div>
          <label htmlFor={`${id}-note`}>{t(itemTexts.confirmNote)}</label>
          <input
            id={`${id}-note`}
            className="native-field"
            maxLength={1000}
            autoComplete="off"
            value={note}
            onChange={({ target }) => setNote(target.value)}
          />
        </div>
      </div>
      <div className="buttons">
        <Button
          type="primary"
          htmlType="submit"
          loading={busy}
          aria-label={`${t(itemTexts.confirm)} ${about}`}
          aria-describedby={`${id}-ask`}
        >
          {t(itemTexts.confirm)}
        </Button>
      </div>
      {error !== undefined && <ProblemAlert title={handOverTexts.failed} error={error} />}
    </form>
  );
}
