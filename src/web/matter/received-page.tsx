import { Button } from 'antd';
import { useEffect, useRef, useState } from 'react';
import { CodedError } from '../../errors.ts';
import { getJson, postJson } from '../api-client.ts';
import { useText } from '../language.tsx';
import { beijingTime } from '../measures.ts';
import { PageTitle } from '../page-title.tsx';
import { ProblemAlert } from '../problem-alert.tsx';
import { Row } from '../report-parts.tsx';
import { Link } from '../route.tsx';
import { scopeTexts } from '../sharing/sharing-texts.ts';
import { useAccount } from '../sign-in/account.tsx';
import { type Text, texts } from '../texts.ts';
import { useAction } from '../use-action.ts';
import { IndexEntries } from './granted-matter.tsx';
import {
  acceptedSchema,
  type EvidenceIndex,
  indexSchema,
  type ReceivedGrant,
  receivedListSchema,
} from './matter-answers.ts';
import { coverageTexts, matterTexts } from './matter-texts.ts';
import './matter.css';

/** What others let the account see: what, by whom, until when, and what may be done with it. */
export function ReceivedPage() {
  const t = useText();
  const [grants, setGrants] = useState<readonly ReceivedGrant[] | undefined>();
  const [next, setNext] = useState<string | null>(null);
  const [sides, setSides] = useState<readonly string[]>([]);
  const [compared, setCompared] = useState<readonly string[] | undefined>();
  const { busy, error, run } = useAction();
  const load = (before: string | null) =>
    run(async () => {
      const page = await getJson(
        before === null ? '/received-grants' : `/received-grants?before=${before}`,
        receivedListSchema,
      );
      setGrants((known) => [...(before === null ? [] : (known ?? [])), ...page.grants]);
      setNext(page.next);
    });
  // biome-ignore lint/correctness/useExhaustiveDependencies: once, when the page opens
  useEffect(() => {
    load(null);
  }, []);
  const matters = new Set(grants?.flatMap((grant) => grant.matterId ?? []));
  const titleOf = (matterId: string) =>
    grants?.find((grant) => grant.matterId === matterId)?.title ?? t(matterTexts.matter);
  const choose = (matterId: string, isChosen: boolean) => {
    const others = sides.filter((each) => each !== matterId);
    // The third takes the place of the first.
    setSides(isChosen ? [...others, matterId].slice(-2) : others);
  };
  return (
    <>
      <PageTitle title={t(matterTexts.receivedTitle)} />
      <p>{t(matterTexts.receivedLead)}</p>
      {error !== undefined && <ProblemAlert title={matterTexts.unavailable} error={error} />}
      <p role="status" className="outcome">
        {grants === undefined && error === undefined && t(texts.loading)}
        {grants?.length === 0 && t(matterTexts.receivedNone)}
      </p>
      <ul className="deposit-list">
        {grants?.map((grant) => (
          <GrantCard
            key={grant.grantId}
            grant={grant}
            side={
              grant.matterId === null || matters.size < 2
                ? undefined
                : {
                    isChosen: sides.includes(grant.matterId),
                    choose: (isChosen) => choose(grant.matterId as string, isChosen),
                  }
            }
          />
        ))}
      </ul>
      {next !== null && (
        <Button loading={busy} onClick={() => load(next)}>
          {t(matterTexts.more)}
        </Button>
      )}
      {matters.size >= 2 && (
        <section className="card no-print" aria-labelledby="side-choice-title">
          <h2 id="side-choice-title">{t(matterTexts.sideBySide)}</h2>
          <p>{t(matterTexts.sideBySideLead)}</p>
          <Button disabled={sides.length !== 2} onClick={() => setCompared(sides)}>
            {t(matterTexts.sideBySide)} ({sides.length} / 2)
          </Button>
        </section>
      )}
      {compared !== undefined && (
        <SideBySide
          key={compared.join()}
          matters={compared.map((matterId) => ({ matterId, title: titleOf(matterId) }))}
        />
      )}
      <Invitations onTaken={() => load(null)} />
    </>
  );
}

interface GrantCardProps {
  grant: ReceivedGrant;
  /** Where it can be chosen for reading side by side. */
  side: { isChosen: boolean; choose: (isChosen: boolean) => void } | undefined;
}

function GrantCard({ grant, side }: GrantCardProps) {
  const t = useText();
  const { matterId, depositId, expiresAt, coverage } = grant;
  const title = grant.title ?? t(matterId === null ? matterTexts.untitled : matterTexts.matter);
  return (
    <li className="card" data-grant={grant.grantId}>
      <h2 className="wrap-anywhere">
        <span className="tag">{t(matterId === null ? matterTexts.deposit : matterTexts.matter)}</span>{' '}
        <bdi>{title}</bdi>
      </h2>
      <dl className="facts">
        <Row label={matterTexts.from}>{grant.giverName}</Row>
        <Row label={matterTexts.mayDo}>{t(scopeTexts[grant.scope])}</Row>
        {matterId !== null && <Row label={matterTexts.covers}>{t(coverageTexts[coverage])}</Row>}
        <Row label={matterTexts.receivedUntil}>
          {expiresAt === null ? t(matterTexts.noEnd) : beijingTime(expiresAt)}
        </Row>
        {grant.remark !== null && (
          <Row label={matterTexts.remark}>
            <span className="pre-line">{grant.remark}</span>
          </Row>
        )}
      </dl>
      {grant.requestId !== null && (
        <p className="hint">
          {t(matterTexts.forRequest)} <Link to={`/desk/${grant.requestId}`}>{t(matterTexts.openRequestLink)}</Link>
        </p>
      )}
      <div className="buttons">
        {matterId !== null ? (
          <Link to={`/matters/${matterId}`}>{t(named(matterTexts.openMatterLink, title))}</Link>
        ) : (
          <Link to={`/deposits/${depositId}`}>{t(named(matterTexts.openDepositLink, title))}</Link>
        )}
        {side !== undefined && (
          <label className="no-print">
            <input
              type="checkbox"
              checked={side.isChosen}
              onChange={(event) => side.choose(event.target.checked)}
              aria-label={`${t(matterTexts.chooseForSide)}: ${title}`}
            />{' '}
            {t(matterTexts.chooseForSide)}
          </label>
        )}
      </div>
    </li>
  );
}

function named(words: Text, name: string): Text {
  return { zh: `${words.zh}：${name}`, en: `${words.en}: ${name}` };
}

/** Two evidence indexes next to each other; nothing is merged, and nothing is written anywhere. */
function SideBySide({ matters }: { matters: readonly { matterId: string; title: string }[] }) {
  const t = useText();
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => heading.current?.focus(), []);
  return (
    <section aria-labelledby="side-title">
      <h2 id="side-title" ref={heading} tabIndex={-1}>
        {t(matterTexts.sideTitle)}
      </h2>
      <div className="sides">
        {matters.map(({ matterId, title }) => (
          <Side key={matterId} matterId={matterId} title={title} />
        ))}
      </div>
    </section>
  );
}

function Side({ matterId, title }: { matterId: string; title: string }) {
  const t = useText();
  const [index, setIndex] = useState<EvidenceIndex | undefined>();
  const [error, setError] = useState<CodedError | undefined>();
  useEffect(() => {
    getJson(`/matters/${matterId}/index.json`, indexSchema).then(setIndex, (failure: unknown) =>
      setError(failure instanceof CodedError ? failure : new CodedError('internal', String(failure))),
    );
  }, [matterId]);
  return (
    <section className="card" aria-label={title} data-side={matterId}>
      <h3 className="wrap-anywhere">
        <bdi>{title}</bdi>
      </h3>
      {error !== undefined && <ProblemAlert title={matterTexts.unavailable} error={error} />}
      {index === undefined && error === undefined && <p role="status">{t(texts.loading)}</p>}
      {index !== undefined && <IndexEntries index={index} />}
    </section>
  );
}

/** Grants that were given to an e-mail address go to an account when its user takes them. */
function Invitations({ onTaken }: { onTaken: () => Promise<void> }) {
  const t = useText();
  const { account } = useAccount();
  const [taken, setTaken] = useState<number | undefined>();
  const { busy, error, run } = useAction();
  if (account.state !== 'signed-in' || account.me.by !== 'session') return null;
  const take = () =>
    run(async () => {
      const { grants } = await postJson('/received-grants', {}, acceptedSchema);
      setTaken(grants.length);
      if (grants.length > 0) await onTaken();
    });
  return (
    <section className="card no-print" aria-labelledby="invitations-title">
      <h2 id="invitations-title">{t(matterTexts.invitations)}</h2>
      <p>
        {t(matterTexts.invitationsLead)} <strong>{account.me.name}</strong>
      </p>
      <Button loading={busy} onClick={take}>
        {t(matterTexts.takeInvitations)}
      </Button>
      <p role="status">
        {taken === 0 && t(matterTexts.noneTaken)}
        {taken !== undefined && taken > 0 && `${t(matterTexts.taken)} ${taken}`}
      </p>
      {error !== undefined && <ProblemAlert title={matterTexts.failed} error={error} />}
    </section>
  );
}
