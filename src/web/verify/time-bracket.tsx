import type { Report } from '../../format/report.ts';
import { useLanguage, useText } from '../language.tsx';
import { beijingTime } from '../measures.ts';
import { type Text, texts } from '../texts.ts';

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
      <p className="hint">{t(texts.timeNotToScale)}</p>
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

/** Places of the left edge, T₀, T₁ and T₂ on a line of 720. */
const LEFT = 4;
const X0 = 190;
const X1 = 400;
const X2 = 610;

function Picture({ times }: { times: Times }) {
  const t = useText();
  const language = useLanguage();
  const { notBefore, notAfter, unprovedMinutes } = times;
  const begin = notBefore === null ? LEFT : X0;
  const minutes = unprovedMinutes === null ? '' : ` (${unprovedMinutes} ${language === 'zh' ? '分钟' : 'min'})`;
  return (
    <svg className="time-picture" viewBox="0 0 720 204" aria-hidden="true" focusable="false">
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
      <text x={LEFT} y="48" className="picture-row">
        {t(texts.timeRecord)}
      </text>
      <rect x={begin} y="58" width={X1 - begin} height="26" className={notBefore === null ? 'bar-open' : 'bar'} />
      <rect x={X1} y="58" width={X2 - X1} height="26" fill="url(#unproved)" stroke="#55585e" />
      {/* The file: no earliest time at all, and a latest one only where a proof was confirmed. */}
      <text x={LEFT} y="128" className="picture-row">
        {t(texts.timeFile)}
      </text>
      {notAfter === null ? (
        <rect x={LEFT} y="138" width={X2 - LEFT} height="26" className="bar-open" />
      ) : (
        <rect x={LEFT} y="138" width={X2 - LEFT} height="26" fill="url(#unknown)" />
      )}
      <line x1={LEFT} x2="708" y1="194" y2="194" className="axis" />
      <path d="M702 189l8 5-8 5" className="axis" />
      <Tick x={X0} name="T₀" proved={notBefore !== null} known={notBefore !== null} />
      <Tick x={X1} name="T₁" proved={false} known />
      <Tick x={X2} name="T₂" proved={notAfter !== null} known={notAfter !== null} />
      <text x={X1 + 6} y="104" className="picture-note">
        {t(texts.timeWordOnly)}
        {minutes}
      </text>
      <text x={LEFT} y="184" className="picture-note">
        {t(notAfter === null ? texts.timeFileBarUnknown : texts.timeFileBar)}
      </text>
    </svg>
  );
}

/** A dashed line stands for a time that nothing outside proves, a question mark for one that is not known. */
function Tick({ x, name, proved, known }: { x: number; name: string; proved: boolean; known: boolean }) {
  return (
    <>
      <line x1={x} x2={x} y1="32" y2="198" className={proved ? 'tick' : 'tick tick-open'} />
      <text x={x} y="24" textAnchor="middle" className="picture-time">
        {known ? name : `${name} ?`}
      </text>
    </>
  );
}
