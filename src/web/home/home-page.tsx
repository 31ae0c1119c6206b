import type { Me } from '../api-answers.ts';
import { useText } from '../language.tsx';
import { PageTitle } from '../page-title.tsx';
import { Link } from '../route.tsx';
import { useAccount } from '../sign-in/account.tsx';
import { texts } from '../texts.ts';
import { Deadlines, HandOvers, HolderParts, Requests } from './holder-parts.tsx';
import { homeTexts } from './home-texts.ts';
import { Alarms, Desk, News, Received } from './reader-parts.tsx';
import { VisitorView } from './visitor-view.tsx';

export function HomePage() {
  const t = useText();
  const { account } = useAccount();
  switch (account.state) {
    case 'unknown':
      return <p>{t(texts.loading)}</p>;
    // Whoever cannot be recognised now can still read what this is, and verify.
    case 'error':
    case 'signed-out':
      return <VisitorView />;
    case 'signed-in':
      return <NextSteps key={account.me.accountId} me={account.me} />;
  }
}

const READERS = ['reader', 'officer', 'opponent', 'platform-reviewer', 'mediator', 'notary'];
/** Those to whom something can be handed over. */
const RECEIVERS = ['holder', 'notary', 'reader', 'officer'];

/** By what the reader does here: what waits for him comes first, what he waits for after it. */
function NextSteps({ me }: { me: Me }) {
  const t = useText();
  const acts = (...roles: readonly string[]) => me.roles.some((role) => roles.includes(role));
  const isHolder = acts('holder');
  const handsIn = acts('holder', 'capture-operator');
  const isOffice = acts('notary', 'mediator');
  return (
    <>
      <PageTitle title={t(homeTexts.title)} />
      <p className="hint">
        {t(homeTexts.actingFor)} <bdi>{me.name}</bdi>
      </p>
      <div className="buttons link-buttons">
        {handsIn && <Link to="/hand-in">{t(homeTexts.handIn)}</Link>}
        {acts('notary') && <Link to="/desk/verify">{t(homeTexts.verifyMany)}</Link>}
        <Link to="/verify">{t(homeTexts.verify)}</Link>
      </div>
      {acts('operator', 'auditor') && <Alarms />}
      {isOffice && <Desk />}
      {acts(...RECEIVERS) && <HandOvers side="received" />}
      {isHolder && <Deadlines />}
      {handsIn && <HolderParts />}
      {isHolder && <HandOvers side="given" />}
      {isHolder && <Requests />}
      {acts('holder', ...READERS) && <Received isMain={!handsIn && !isOffice} />}
      <News />
    </>
  );
}
