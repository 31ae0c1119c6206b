import { Button } from 'antd';
import { useEffect, useId, useState } from 'react';
import { getJson } from '../api-client.ts';
import { useText } from '../language.tsx';
import { beijingTime } from '../measures.ts';
import { PageTitle } from '../page-title.tsx';
import { ProblemAlert } from '../problem-alert.tsx';
import { Link } from '../route.tsx';
import { useAccount } from '../sign-in/account.tsx';
import { texts } from '../texts.ts';
import { useAction } from '../use-action.ts';
import { DueMark } from './deadlines-section.tsx';
import { type ListedMatter, matterListSchema } from './matter-answers.ts';
import { confidentialityTexts, disputeTexts, matterTexts, statusMeanings, statusTexts } from './matter-texts.ts';
import './matter.css';

interface Asked {
  search: string;
  status: string;
}

/** Matters of one's own, newest first, one page of the service's at a time. */
export function MatterListPage() {
  const t = useText();
  const id = useId();
  const { account } = useAccount();
  const [matters, setMatters] = useState<readonly ListedMatter[] | undefined>();
  const [next, setNext] = useState<string | null>(null);
  const [form, setForm] = useState<Asked>({ search: '', status: '' });
  const [asked, setAsked] = useState<Asked>(form);
  const { busy, error, run } = useAction();
  const load = (wanted: Asked, before: string | null) =>
    run(async () => {
      const query = new URLSearchParams({ limit: '20' });
      if (wanted.search.trim() !== '') query.set('search', wanted.search.trim());
      if (wanted.status !== '') query.set('status', wanted.status);
      if (before !== null) query.set('before', before);
      const page = await getJson(`/matters?${query}`, matterListSchema);
      setMatters((known) => [...(before === null ? [] : (known ?? [])), ...page.matters]);
      setNext(page.next);
      setAsked(wanted);
    });
  // biome-ignore lint/correctness/useExhaustiveDependencies: once, when the page opens
  useEffect(() => {
    load(form, null);
  }, []);
  const isFiltered = asked.search.trim() !== '' || asked.status !== '';
  const mayCreate = account.state === 'signed-in' && account.me.roles.includes('holder');
  return (
    <>
      <PageTitle title={t(matterTexts.listTitle)} />
      <p>{t(matterTexts.listLead)}</p>
      {mayCreate && (
        <div className="buttons link-buttons">
          <Link to="/matters/new">{t(matterTexts.newMatter)}</Link>
        </div>
      )}
      <search className="card">
        <form
          onSubmit={(event) => {
            event.preventDefault();
            load(form, null);
          }}
        >
          <div className="fields">
            <div>
              <label htmlFor={`${id}-search`}>{t(matterTexts.search)}</label>
              <input
                id={`${id}-search`}
                className="native-field"
                value={form.search}
                maxLength={200}
                autoComplete="off"
                onChange={(event) => setForm({ ...form, search: event.target.value })}
              />
            </div>
            <div>
              <label htmlFor={`${id}-status`}>{t(matterTexts.statusFilter)}</label>
              <select
                id={`${id}-status`}
                className="native-field"
                value={form.status}
                onChange={(event) => setForm({ ...form, status: event.target.value })}
              >
                <option value="">{t(matterTexts.anyStatus)}</option>
                {(['draft', 'open', 'closed'] as const).map((status) => (
                  <option key={status} value={status}>
                    {t(statusTexts[status])}
                  </option>
                ))}
              </select>
            </div>
          </div>
          <div className="buttons">
            <Button htmlType="submit" loading={busy}>
              {t(matterTexts.find)}
            </Button>
          </div>
        </form>
      </search>
      {error !== undefined && <ProblemAlert title={matterTexts.unavailable} error={error} />}
      <p role="status" className="outcome">
        {matters === undefined && error === undefined && t(texts.loading)}
        {matters?.length === 0 && t(isFiltered ? matterTexts.noneFound : matterTexts.empty)}
      </p>
      <ul className="deposit-list">
        {matters?.map((matter) => (
          <ListedMatterCard key={matter.matterId} matter={matter} />
        ))}
      </ul>
      {next !== null && (
        <Button loading={busy} onClick={() => load(asked, next)}>
          {t(matterTexts.more)}
        </Button>
      )}
    </>
  );
}

function ListedMatterCard({ matter }: { matter: ListedMatter }) {
  const t = useText();
  const { matterId, title, status, counts, nextDeadline } = matter;
  return (
    <li className="card" data-matter={matterId}>
      <Link to={`/matters/${matterId}`}>
        <bdi className="wrap-anywhere">{title}</bdi>
      </Link>
      <div>
        <strong data-status={status}>{t(statusTexts[status])}</strong>{' '}
        <span className="hint">{t(statusMeanings[status])}</span>
      </div>
      <div className="hint">
        {t(disputeTexts[matter.dispute])} · {t(confidentialityTexts[matter.confidentiality])}
        {matter.legalHold === true && ` · ${t(matterTexts.legalHold)}`}
        {counts !== null &&
          ` · ${t(matterTexts.itemsCount)} ${counts.items} · ${t(matterTexts.partiesCount)} ${counts.parties} · ${t(matterTexts.deadlinesCount)} ${counts.openDeadlines}`}
      </div>
      <div className="wrap-anywhere">
        {t(matterTexts.nextDeadline)}:{' '}
        {nextDeadline === null ? (
          <span className="hint">{t(matterTexts.noDeadline)}</span>
        ) : (
          <>
            <DueMark dueAt={nextDeadline.dueAt} doneAt={null} /> {nextDeadline.title}{' '}
            <span className="hint">{beijingTime(nextDeadline.dueAt)}</span>
          </>
        )}
      </div>
    </li>
  );
}
