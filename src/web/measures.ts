import { beijingClock } from '../format/beijing-clock.ts';
import type { Text } from './texts.ts';

/** `2026-11-22 11:04:05 +08:00` of a UTC time; milliseconds only where there are some. */
export function beijingTime(utc: string): string {
  const at = Date.parse(utc);
  if (Number.isNaN(at)) return utc;
  return `${beijingClock(at).slice(0, at % 1000 === 0 ? 19 : 23)} +08:00`;
}

/** `2026-11-22 11:04:05 +08:00`: of what is measured by no fraction of a second. */
export function beijingSecond(utc: string): string {
  return beijingTime(utc.replace(/\.\d+Z$/, 'Z'));
}

/** A number of bytes with a unit, three digits. */
export function sizeText(bytes: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  let value = bytes;
  let unit = 0;
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024;
    unit++;
  }
  return `${unit === 0 ? value : value.toPrecision(3)} ${units[unit]}`;
}

/** Whole per cent of `done` in `total`; 100 for nothing to do, and only when all is done. */
export function percent(done: number, total: number): number {
  return done >= total ? 100 : Math.floor((done / total) * 100);
}

/** Whole seconds as people say them. */
export function durationText(seconds: number): Text {
  if (seconds < 120) return { zh: `${seconds} 秒`, en: `${seconds} s` };
  const minutes = Math.round(seconds / 60);
  if (minutes < 120) return { zh: `${minutes} 分钟`, en: `${minutes} min` };
  const hours = Math.round(seconds / 3600);
  if (hours < 72) return { zh: `${hours} 小时`, en: `${hours} h` };
  const days = Math.round(seconds / 86_400);
  return { zh: `${days} 天`, en: `${days} days` };
}

/** An amount in wei as decimal in the chain's main unit, rounded to six places. */
export function etherText(wei: bigint): string {
  const micro = (wei + 500_000_000_000n) / 1_000_000_000_000n;
  if (micro === 0n && wei > 0n) return '< 0.000001';
  const text = String(micro).padStart(7, '0');
  return `${text.slice(0, -6)}.${text.slice(-6)}`.replace(/\.?0+$/, '');
}
