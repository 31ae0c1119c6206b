import { DownloadLink } from '../download-link.tsx';
import { useText } from '../language.tsx';
import { useAccount } from '../sign-in/account.tsx';
import { MatterSection } from './matter-section.tsx';
import { matterTexts } from './matter-texts.ts';

/** The evidence index, to print, to submit, to work on. */
export function IndexSection({ matterId }: { matterId: string }) {
  return (
    <MatterSection id="index" title={matterTexts.index} lead={matterTexts.indexLead}>
      <IndexLinks matterId={matterId} />
    </MatterSection>
  );
}

export function IndexLinks({ matterId }: { matterId: string }) {
  const t = useText();
  const { account } = useAccount();
  const path = `/matters/${matterId}/index`;
  const bySession = account.state === 'signed-in' && account.me.by === 'session';
  return (
    <ul>
      <li>
        {bySession ? (
          <a href={`/api/v1${path}.html`} target="_blank" rel="noreferrer">
            {t(matterTexts.indexHtml)}
          </a>
        ) : (
          <DownloadLink
            path={`${path}.html`}
            fileName={`evidence-index-${matterId}.html`}
            label={matterTexts.indexHtml}
          />
        )}
      </li>
      <li>
        <DownloadLink path={`${path}.csv`} fileName={`evidence-index-${matterId}.csv`} label={matterTexts.indexCsv} />
      </li>
      <li>
        <DownloadLink
          path={`${path}.json`}
          fileName={`evidence-index-${matterId}.json`}
          label={matterTexts.indexJson}
        />
      </li>
    </ul>
  );
}
