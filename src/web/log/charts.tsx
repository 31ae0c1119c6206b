import { useId } from 'react';
import { useText } from '../language.tsx';
import type { Text } from '../texts.ts';
import { logTexts } from './log-texts.ts';

export interface Point {
  /** `2026-11-22`. */
  day: string;
  value: number;
}

interface DayChartProps {
  title: Text;
  unit: Text;
  points: readonly Point[];
  /** A level that stays (line), or an amount of each day (bars). */
  kind: 'line' | 'bars';
  format?: (value: number) => string;
}

const WIDTH = 720;
const HEIGHT = 200;
const LEFT = 8;
const RIGHT = 712;
const TOP = 30;
const BOTTOM = 168;
const DAY_MS = 24 * 3600_000;

/** A picture of values by day, for the eye; what it says stands in words before it and as a table behind it. */
export function DayChart({ title, unit, points, kind, format = plain }: DayChartProps) {
  const t = useText();
  const id = useId();
  const [first, last] = [points[0], points.at(-1)];
  if (first === undefined || last === undefined) {
    return (
      <figure className="chart">
        <figcaption>{t(title)}</figcaption>
        <p className="hint">{t(logTexts.nothingYet)}</p>
      </figure>
    );
  }
  const highest = Math.max(...points.map(({ value }) => value), Number.MIN_VALUE);
  const days = Math.max(1, dayNumber(last.day) - dayNumber(first.day));
  const x = (day: string) =>
    days === 1 && points.length === 1
      ? (LEFT + RIGHT) / 2
      : LEFT + 12 + ((dayNumber(day) - dayNumber(first.day)) / days) * (RIGHT - LEFT - 24);
  const y = (value: number) => BOTTOM - (value / highest) * (BOTTOM - TOP);
  const barWidth = Math.min(24, Math.max(2, ((RIGHT - LEFT) / (days + 1)) * 0.7));
  return (
    <figure className="chart">
      <figcaption>
        {t(title)}{' '}
        <span className="hint">
          {first.day} – {last.day} · {format(last.value)} {t(unit)}
        </span>
      </figcaption>
      <svg viewBox={`0 0 ${WIDTH} ${HEIGHT}`} role="img" aria-labelledby={`${id}svg`}>
        <title
          id={`${id}svg`}
        >{`${t(title)}: ${first.day} – ${last.day}, ${format(first.value)} – ${format(last.value)} ${t(unit)}`}</title>
        <line x1={LEFT} x2={RIGHT} y1={BOTTOM} y2={BOTTOM} className="axis" />
        <line x1={LEFT} x2={RIGHT} y1={TOP} y2={TOP} className="grid" />
        <text x={LEFT} y={TOP - 8}>
          {format(highest)}
        </text>
        {kind === 'bars'
          ? points.map(({ day, value }) => (
              <rect
                key={day}
                className="bar"
                x={x(day) - barWidth / 2}
                y={y(value)}
                width={barWidth}
                height={BOTTOM - y(value)}
              />
            ))
          : points.length > 1 && (
              <polyline className="line" points={points.map(({ day, value }) => `${x(day)},${y(value)}`).join(' ')} />
            )}
        {kind === 'line' &&
          points.map(({ day, value }) => <circle key={day} className="dot" cx={x(day)} cy={y(value)} r="3" />)}
        <text x={LEFT} y={BOTTOM + 22}>
          {first.day}
        </text>
        {points.length > 1 && (
          <text x={RIGHT} y={BOTTOM + 22} textAnchor="end">
            {last.day}
          </text>
        )}
      </svg>
      <details className="no-print">
        <summary>{t(logTexts.asTable)}</summary>
        <table>
          <thead>
            <tr>
              <th scope="col">{t(logTexts.day)}</th>
              <th scope="col">{t(unit)}</th>
            </tr>
          </thead>
          <tbody>
            {points.map(({ day, value }) => (
              <tr key={day}>
                <td>{day}</td>
                <td>{format(value)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </details>
    </figure>
  );
}

function dayNumber(day: string): number {
  return Math.round(Date.parse(`${day}T00:00:00Z`) / DAY_MS);
}

function plain(value: number): string {
  return String(value);
}
