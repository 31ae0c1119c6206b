import type { Report } from '../format/report.ts';
import { useLanguage, useText } from './language.tsx';
import { beijingTime } from './measures.ts';
import { type Text, texts } from './texts.ts';

type Times = Report['times'];

/**
 * Draws what the times say and no more: the record lies between T₀ and T₂, the file has a latest time and no earliest.
 * The picture is for the eye; the list below it says the same in words.
 */
export function TimeBracket({ times }: { times: Times }) {
  const t = useText();
  return (
    <section className="time-bracket" aria-labelledby="time-bracket-title">
      <h3 id="time-bracket-title">{t(texts.timeTitle)}</h3>
      <Picture times={times} />
      <dl className="times">
        <Instant label={texts.timeT0} means={texts.timeT0Means} time={times.notBefore} />
        <Instant label={texts.timeT1} means={texts.timeT1Means} time={{ at: times.received }} />
        <Instant label={texts.timeT2} means={texts.timeT2Means} time={times.notAfter} />
      </dl>
    </section>
  );
}

interface InstantProps {
  label: Text;
  means: Text;
  time: { at: string; source?: string; independent?: boolean } | null;
}

function Instant({ label, means, time }: InstantProps) {
  const t = useText();
  return (
    <div>
      <dt>{t(label)}</dt>
      <dd>
        <strong>{time === null ? t(texts.timeUnknown) : <time dateTime={time.at}>{beijingTime(time.at)}</time>}</strong>
        {time?.independent !== undefined && (
          <span className="tag">{t(time.independent ? texts.timeIndependent : texts.timeNotIndependent)}</span>
        )}
        {time?.source !== undefined && <span className="wrap-anywhere"> {time.source}</span>}
        <span className="hint"> {t(means)}</span>
      </dd>
    </div>
  );
}

/** Places of T₀, T₁ and T₂ on a line of 720. */
const X0 = 190;
const X1 = 400;
const X2 = 610;

function Picture({ times }: { times: Times }) {
  const t = useText();
  const language = useLanguage();
  const minutes = times.unprovedMinutes;
  const gap =
    minutes === null
      ? t(texts.timeWordOnly)
      : `${t(texts.timeWordOnly)} (${minutes} ${language === 'zh' ? '分钟' : 'min'})`;
  return (
    <svg className="time-picture" viewBox="0 0 720 190" aria-hidden="true" focusable="false">
      <defs>
        <pattern id="unproved" width="8" height="8" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">
          <rect width="8" height="8" fill="#fff" />
          <rect width="3" height="8" fill="#b9bcc2" />
        </pattern>
        <linearGradient id="unknown" x1="0" x2="1" y1="0" y2="0">
          <stop offset="0" stopColor="#0a4c94" stopOpacity="0" />
          <stop offset="1" stopColor="#0a4c94" stopOpacity="0.85" />
        </linearGradient>
      </defs>
      {/* The record: between T₀ and T₂, with the part after T₁ that only the operator vouches for. */}
      <text x="4" y="62" className="picture-row">
        {t(texts.timeRecord)}
      </text>
      <rect
        x={times.notBefore === null ? 100 : X0}
        y="44"
        width={X2 - (times.notBefore === null ? 100 : X0)}
        height="26"
        className={times.notBefore === null ? 'bar-open' : 'bar'}
      />
      <rect x={X1} y="44" width={X2 - X1} height="26" fill="url(#unproved)" stroke="#55585e" />
      <text x={(X1 + X2) / 2} y="88" textAnchor="middle" className="picture-note">
        {gap}
      </text>
      {/* The file: no earliest time at all. */}
      <text x="4" y="132" className="picture-row">
        {t(texts.timeFile)}
      </text>
      <rect x="70" y="114" width={X2 - 70} height="26" fill="url(#unknown)" />
      <text x={X1 - 60} y="158" textAnchor="middle" className="picture-note">
        {t(texts.timeFileBar)}
      </text>
      <line x1="70" x2="700" y1="176" y2="176" className="axis" />
      <path d="M694 171l8 5-8 5" className="axis" />
      <Tick x={X0} name="T₀" known={times.notBefore !== null} />
      <Tick x={X1} name="T₁" known={false} />
      <Tick x={X2} name="T₂" known={times.notAfter !== null} />
      <text x="716" y="14" textAnchor="end" className="picture-note">
        {t(texts.timeNotToScale)}
      </text>
    </svg>
  );
}

/** A dashed line stands for a time that nothing outside proves. */
function Tick({ x, name, known }: { x: number; name: string; known: boolean }) {
  return (
    <>
      <line x1={x} x2={x} y1="34" y2="180" className={known ? 'tick' : 'tick tick-open'} />
      <text x={x} y="26" textAnchor="middle" className="picture-time">
        {name}
        {known ? '' : ' ?'}
      </text>
    </>
  );
}
