import { useEffect, useState } from 'react';
import { type Custody, custodySchema } from '../api-answers.ts';
import { getJson } from '../api-client.ts';
import { DownloadLink } from '../download-link.tsx';
import { useText } from '../language.tsx';
import { beijingTime } from '../measures.ts';
import { Row } from '../report-parts.tsx';
import { texts } from '../texts.ts';
import { custodyTexts, standingTexts } from './standing-texts.ts';

/** The newest events of a deposit's custody; nothing where the caller may not see them. */
export function CustodyView({ depositId }: { depositId: string }) {
  const t = useText();
  const [custody, setCustody] = useState<Custody | undefined>();
  useEffect(() => {
    const abort = new AbortController();
    // The page stands without it: whoever may not read it is told so where he asks for the file.
    getJson(`/deposits/${depositId}/custody?limit=10`, custodySchema, abort.signal).then(setCustody, () => {});
    return () => abort.abort();
  }, [depositId]);
  if (custody === undefined) return null;
  const { count, leaf, events } = custody;
  const [newest] = events;
  return (
    <section className="card" aria-labelledby="custody-title">
      <h2 id="custody-title">{t(standingTexts.custody)}</h2>
      <dl className="facts">
        <Row label={standingTexts.custodyCount}>{count}</Row>
        <Row label={standingTexts.custodyLast}>
          {newest === undefined ? t(texts.none) : `${t(kindText(newest.kind))} · ${beijingTime(newest.at)}`}
        </Row>
        <Row label={standingTexts.custodyLeaf}>{leaf?.count ?? t(texts.statusWaiting)}</Row>
      </dl>
      <ol className="custody" reversed start={events[0] === undefined ? 0 : events[0].index + 1}>
        {events.map(({ index, kind, at, gapMinutes }) => (
          <li key={index}>
            {t(kindText(kind))} <span className="hint">{beijingTime(at)}</span>
            {gapMinutes !== null && gapMinutes > 0 && (
              <span className="hint">
                {' '}
                · {gapMinutes} {t(standingTexts.minutesLater)}
              </span>
            )}
          </li>
        ))}
      </ol>
      <p>
        <DownloadLink
          path={`/deposits/${depositId}/custody.json`}
          fileName={`custody-${depositId}.json`}
          label={standingTexts.custodyFile}
        />
      </p>
      <p className="hint">{t(standingTexts.custodyHint)}</p>
    </section>
  );
}

function kindText(kind: string) {
  return custodyTexts[kind] ?? { zh: kind, en: kind };
}
