import { Button } from 'antd';
import { useEffect, useState } from 'react';
import { getJson } from '../api-client.ts';
import { DownloadLink } from '../download-link.tsx';
import { useText } from '../language.tsx';
import { beijingTime } from '../measures.ts';
import { ProblemAlert } from '../problem-alert.tsx';
import { Row } from '../report-parts.tsx';
import { texts } from '../texts.ts';
import { useAction } from '../use-action.ts';
import { type Timeline, timelineSchema } from './item-answers.ts';
import { actorTexts, itemTexts } from './item-texts.ts';
import { custodyTexts, standingTexts } from './standing-texts.ts';

/** What was recorded of a deposit, newest first; nothing where the caller may not see it. */
export function CustodyView({ depositId }: { depositId: string }) {
  const t = useText();
  const [custody, setCustody] = useState<Timeline | undefined>();
  const { busy, error, run } = useAction();
  useEffect(() => {
    const abort = new AbortController();
    // The page stands without it: whoever may not read it is told so where he asks for the file.
    getJson(`/deposits/${depositId}/custody?limit=10`, timelineSchema, abort.signal).then(setCustody, () => {});
    return () => abort.abort();
  }, [depositId]);
  if (custody === undefined) return null;
  const { count, leaf, events, next } = custody;
  const [newest] = events;
  const showEarlier = () =>
    run(async () => {
      const page = await getJson(`/deposits/${depositId}/custody?limit=50&before=${next}`, timelineSchema);
      setCustody({ ...custody, events: [...events, ...page.events], next: page.next });
    });
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
      <ol className="custody timeline" reversed start={events[0] === undefined ? 0 : events[0].index + 1}>
        {events.map((event) => (
          <Event key={event.index} event={event} />
        ))}
      </ol>
      {error !== undefined && <ProblemAlert title={texts.depositUnavailable} error={error} />}
      {next !== null && (
        <div className="buttons no-print">
          <Button loading={busy} onClick={showEarlier}>
            {t(itemTexts.earlier)}
          </Button>
        </div>
      )}
      <p className="no-print">
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

function Event({ event }: { event: Timeline['events'][number] }) {
  const t = useText();
  const { kind, at, gapMinutes, actor, inTheLog } = event;
  return (
    <li data-kind={kind}>
      <strong>{t(kindText(kind))}</strong> <time dateTime={at}>{beijingTime(at)}</time>
      <div className="hint">
        {actor === null ? (
          t(itemTexts.byNobody)
        ) : (
          <>
            {actor.name !== null && (
              <>
                <bdi className="wrap-anywhere">{actor.name}</bdi> ·{' '}
              </>
            )}
            {t(actorTexts[actor.by])}
          </>
        )}
        {!inTheLog && ` · ${t(itemTexts.notInLog)}`}
      </div>
      {gapMinutes !== null && gapMinutes > 0 && (
        <div className="gap hint">
          {t(itemTexts.gap)} {gapMinutes} {t(itemTexts.gapMinutes)}
        </div>
      )}
    </li>
  );
}

function kindText(kind: string) {
  return custodyTexts[kind] ?? { zh: kind, en: kind };
}
