import { beijingClock } from '../format/beijing-clock.ts';

/** Beijing time with its offset, as papers show it: `2026-11-22 11:04:05.678 +08:00`; block times have whole seconds. */
export function beijingTime(unixMs: number, resolution: 'milliseconds' | 'seconds' = 'milliseconds'): string {
  return `${beijingClock(unixMs).slice(0, resolution === 'seconds' ? 19 : 23)} +08:00`;
}

/** How far apart two instants are, in units that people read: `18.3 秒 s`, `12 分 min 4 秒 s`, `3 小时 h 5 分 min`. */
export function span(milliseconds: number): string {
  const sign = milliseconds < 0 ? '−' : '';
  const seconds = Math.abs(milliseconds) / 1000;
  if (seconds < 60) return `${sign}${trimmed(seconds)} 秒 s`;
  const whole = Math.round(seconds);
  if (whole < 3600) return `${sign}${Math.floor(whole / 60)} 分 min ${whole % 60} 秒 s`;
  const minutes = Math.round(seconds / 60);
  if (minutes < 48 * 60) return `${sign}${Math.floor(minutes / 60)} 小时 h ${minutes % 60} 分 min`;
  return `${sign}${trimmed(minutes / 1440)} 天 d`;
}

function trimmed(value: number): string {
  return value.toFixed(1).replace(/\.0$/, '');
}
