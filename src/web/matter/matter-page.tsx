import { Alert } from 'antd';
import { useText } from '../language.tsx';
import { PageTitle } from '../page-title.tsx';
import { ProblemAlert } from '../problem-alert.tsx';
import { SharingPanel } from '../sharing/sharing-panel.tsx';
import { useAccount } from '../sign-in/account.tsx';
import { type Text, texts } from '../texts.ts';
import { CompareItems } from './compare-items.tsx';
import { DeadlinesSection } from './deadlines-section.tsx';
import { GrantedMatter } from './granted-matter.tsx';
import { HistorySection } from './history-section.tsx';
import { IndexSection } from './index-section.tsx';
import { ItemsSection } from './items-section.tsx';
import { MatterHead } from './matter-head.tsx';
import { matterTexts } from './matter-texts.ts';
import { itemName, type MatterView, useMatter } from './matter-view.ts';
import { NotesSection } from './notes-section.tsx';
import { PartiesSection } from './parties-section.tsx';
import { RelationsSection } from './relations-section.tsx';
import { RequestsSection } from './requests-section.tsx';
import { RightsSection } from './rights-section.tsx';
import './matter.css';

/** One matter: of one's own to work on, or of another as far as he shows it. */
export function MatterPage({ matterId }: { matterId: string }) {
  const t = useText();
  const { account } = useAccount();
  const isEditor = account.state === 'signed-in' && mayEditMatters(account.me);
  const found = useMatter(matterId, isEditor);
  const matter = found.state === 'granted' ? found.matter : found.state === 'own' ? found.view.matter : undefined;
  return (
    <>
      <PageTitle title={matter?.title ?? t(matterTexts.matter)} />
      {found.state === 'loading' && <p role="status">{t(texts.loading)}</p>}
      {found.state === 'failed' && <ProblemAlert title={matterTexts.unavailable} error={found.error} />}
      {found.state === 'granted' && <GrantedMatter matter={found.matter} />}
      {found.state === 'own' && <OwnMatter view={found.view} isEditor={isEditor} />}
    </>
  );
}

const CONTENTS: readonly (readonly [string, Text])[] = [
  ['parties', matterTexts.parties],
  ['rights', matterTexts.rights],
  ['items', matterTexts.items],
  ['relations', matterTexts.relations],
  ['index', matterTexts.index],
  ['requests', matterTexts.requests],
  ['sharing', matterTexts.sharing],
  ['deadlines', matterTexts.deadlines],
  ['notes', matterTexts.notes],
  ['history', matterTexts.history],
];

function OwnMatter({ view, isEditor }: { view: MatterView; isEditor: boolean }) {
  const t = useText();
  const { matter } = view;
  const comparable = view.parts.items.flatMap(({ itemId, depositId, position }) =>
    depositId === null
      ? []
      : [{ depositId, name: `${position}. ${itemName(view, itemId) ?? t(matterTexts.untitled)}` }],
  );
  // Whoever may not edit neither asks nor shows.
  const contents = CONTENTS.filter(([id]) => isEditor || (id !== 'requests' && id !== 'sharing'));
  return (
    <>
      {matter.status === 'closed' && <Alert type="info" showIcon title={t(matterTexts.closedNote)} />}
      {!isEditor && <Alert type="info" showIcon title={t(matterTexts.mayNotEdit)} />}
      <MatterHead view={view} isEditor={isEditor} />
      <nav className="contents no-print" aria-label={t(matterTexts.contents)}>
        {contents.map(([id, text]) => (
          <a key={id} href={`#${id}`}>
            {t(text)}
          </a>
        ))}
      </nav>
      <PartiesSection view={view} />
      <RightsSection view={view} />
      <ItemsSection view={view} />
      <RelationsSection view={view} />
      <CompareItems items={comparable} />
      <IndexSection matterId={matter.matterId} />
      {isEditor && <RequestsSection view={view} mayAsk={isEditor} />}
      {isEditor && (
        <div id="sharing">
          <SharingPanel object={{ matterId: matter.matterId }} />
        </div>
      )}
      <DeadlinesSection view={view} />
      <NotesSection view={view} />
      <HistorySection view={view} />
    </>
  );
}

/** By role, as far as the page can know; the service decides. */
function mayEditMatters(me: { roles: readonly string[]; scopes: readonly string[] | null }): boolean {
  return me.roles.includes('holder') && (me.scopes === null || me.scopes.includes('matter.edit'));
}
