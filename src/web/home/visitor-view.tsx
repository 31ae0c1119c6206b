import { useText } from '../language.tsx';
import { PageTitle } from '../page-title.tsx';
import { Link } from '../route.tsx';
import { homeTexts } from './home-texts.ts';

/** For whoever is not signed in: what this is, what it shows and what it does not, and where to begin. */
export function VisitorView() {
  const t = useText();
  return (
    <>
      <PageTitle title={t(homeTexts.visitorTitle)} />
      <p className="lead">{t(homeTexts.what)}</p>
      <section aria-labelledby="start-title" className="card">
        <h2 id="start-title">{t(homeTexts.visitorActs)}</h2>
        <div className="buttons link-buttons">
          <Link to="/sign-in">{t(homeTexts.signIn)}</Link>
          <Link to="/sign-up">{t(homeTexts.signUp)}</Link>
          <Link to="/verify">{t(homeTexts.verify)}</Link>
          <Link to="/read">{t(homeTexts.read)}</Link>
        </div>
        <p className="hint">{t(homeTexts.noAccountNeeded)}</p>
      </section>
      <section aria-labelledby="for-whom-title">
        <h2 id="for-whom-title">{t(homeTexts.forWhomTitle)}</h2>
        <ul>
          <li>{t(homeTexts.forHolders)}</li>
          <li>{t(homeTexts.forReaders)}</li>
          <li>{t(homeTexts.forOpponents)}</li>
        </ul>
      </section>
      <div className="side-by-side">
        <section aria-labelledby="proves-title" className="card">
          <h2 id="proves-title">{t(homeTexts.provesTitle)}</h2>
          <ul>
            <li>{t(homeTexts.provesExisted)}</li>
            <li>{t(homeTexts.provesReceived)}</li>
          </ul>
        </section>
        <section aria-labelledby="proves-not-title" className="card">
          <h2 id="proves-not-title">{t(homeTexts.provesNotTitle)}</h2>
          <ul>
            <li>{t(homeTexts.provesNotTrue)}</li>
            <li>{t(homeTexts.provesNotRight)}</li>
            <li>{t(homeTexts.provesNotAccepted)}</li>
          </ul>
        </section>
      </div>
    </>
  );
}
