import type { Rung } from '../../verify/ladder.ts';
import { useText } from '../language.tsx';
import { StandingMark } from '../status-mark.tsx';
import { texts } from '../texts.ts';

/** The questions that a judge asks, each with its own answer. No rung stands for the whole; the first says only what the policy asks. */
export function Ladder({ id, rungs }: { id: string; rungs: readonly Rung[] }) {
  const t = useText();
  return (
    <section className="panel rungs" aria-labelledby={id}>
      <h3 id={id}>{t(texts.ladderTitle)}</h3>
      <ul className="checks">
        {rungs.map((rung) => (
          <li key={rung.question} className="check" data-question={rung.question} data-standing={rung.standing}>
            <StandingMark standing={rung.standing} />
            <div className="check-body">
              <p>
                <strong>{t(rung.asks)}</strong>
              </p>
              <p className="wrap-anywhere">{t(rung.says)}</p>
              <Settlements words={rung.settles.map(t)} />
              {rung.sources.length > 0 && rung.standing !== 'could-not-check' && (
                <details>
                  <summary>{t(texts.ladderRestsOn)}</summary>
                  <ul className="wrap-anywhere">
                    {rung.sources.map((source) => (
                      <li key={source}>{source}</li>
                    ))}
                  </ul>
                </details>
              )}
            </div>
          </li>
        ))}
      </ul>
    </section>
  );
}

/** What the reader can do about it, most useful first. */
export function Settlements({ words }: { words: readonly string[] }) {
  const t = useText();
  if (words.length === 0) return null;
  return (
    <>
      <p>{t(texts.ladderSettles)}</p>
      <ul className="wrap-anywhere">
        {words.map((text) => (
          <li key={text}>{text}</li>
        ))}
      </ul>
    </>
  );
}
