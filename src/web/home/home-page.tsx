import { useText } from '../language.tsx';
import { PageTitle } from '../page-title.tsx';
import { Link } from '../route.tsx';
import { useAccount } from '../sign-in/account.tsx';
import { texts } from '../texts.ts';
import { homeTexts } from './home-texts.ts';
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
      return (
        <>
          <PageTitle title={t(homeTexts.title)} />
          <div className="buttons link-buttons">
            <Link to="/hand-in">{t(homeTexts.handIn)}</Link>
          </div>
        </>
      );
  }
}
