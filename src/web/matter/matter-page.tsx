import { Alert, Button } from 'antd';
import { useId, useState } from 'react';
import { compareAddress } from '../compare/compare-address.ts';
import { useText } from '../language.tsx';
import { PageTitle } from '../page-title.tsx';
import { ProblemAlert } from '../problem-alert.tsx';
import { useRoute } from '../route.tsx';
import { SharingPanel } from '../sharing/sharing-panel.tsx';
import { useAccount } from '../sign-in/account.tsx';
import { type Text, texts } from '../texts.ts';
import { DeadlinesSection } from './deadlines-section.tsx';
import { type EntryField, EntryInput, plain } from './entry-form.tsx';
import { GrantedMatter } from './granted-matter.tsx';
import { HistorySection } from './history-section.tsx';
import { IndexSection } from './index-section.tsx';
import { ItemsSection } from './items-section.tsx';
import { MatterHead } from './matter-head.tsx';
import { MatterSection } from './matter-section.tsx';
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
  switch (found.state) {
    case 'loading':
      return (
        <>
          <PageTitle title={t(matterTexts.matter)} />
          <p role="status">{t(texts.loading)}</p>
        </>
      );
    case 'failed':
      return (
        <>
          <PageTitle title={t(matterTexts.matter)} />
          <ProblemAlert title={matterTexts.unavailable} error={found.error} />
        </>
      );
    case 'granted':
      return <GrantedMatter matter={found.matter} />;
    case 'own':
      return <OwnMatter view={found.view} isEditor={isEditor} />;
  }
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
  // Whoever may not edit neither asks nor shows.
  const contents = CONTENTS.filter(([id]) => isEditor || (id !== 'requests' && id !== 'sharing'));
  return (
    <>
      <PageTitle title={matter.title} />
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
      {view.parts.items.length > 1 && <CompareItems view={view} />}
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

/** Two items of the matter, next to each other on a page of their own. */
function CompareItems({ view }: { view: MatterView }) {
  const t = useText();
  const id = useId();
  const { go } = useRoute();
  const choices = view.parts.items.flatMap(({ itemId, depositId, position }) =>
    depositId === null
      ? []
      : [{ value: depositId, text: plain(`${position}. ${itemName(view, itemId) ?? t(matterTexts.untitled)}`) }],
  );
  const [original, setOriginal] = useState(choices[0]?.value ?? '');
  const [suspect, setSuspect] = useState(choices[1]?.value ?? '');
  const field = (label: Text, name: string): EntryField => ({ name: `${id}-${name}`, label, kind: 'choice', choices });
  return (
    <MatterSection id="compare" title={matterTexts.compareTitle} lead={matterTexts.compareLead}>
      <form
        className="no-print"
        onSubmit={(event) => {
          event.preventDefault();
          go(
            compareAddress({
              original: { depositId: original, fileIndex: 0 },
              suspect: { depositId: suspect, fileIndex: 0 },
            }),
          );
        }}
      >
        <div className="fields">
          <EntryInput field={field(matterTexts.compareOriginal, 'original')} value={original} onChange={setOriginal} />
          <EntryInput field={field(matterTexts.compareSuspect, 'suspect')} value={suspect} onChange={setSuspect} />
        </div>
        <div className="buttons">
          <Button htmlType="submit" disabled={original === suspect}>
            {t(matterTexts.compare)}
          </Button>
        </div>
      </form>
    </MatterSection>
  );
}

/** By role, as far as the page can know; the service decides. */
function mayEditMatters(me: { roles: readonly string[]; scopes: readonly string[] | null }): boolean {
  return me.roles.includes('holder') && (me.scopes === null || me.scopes.includes('matter.edit'));
}
