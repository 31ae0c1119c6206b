import type { Check, CheckName, NotCheckedCause } from '../format/report.ts';

/** Values a check derived or compared, as text. */
export type Facts = Record<string, string>;

export function passed(name: CheckName, about: string | null, facts: Facts = {}): Check {
  return { name, about, facts, status: 'passed' };
}

/** `reason` is a stable kebab-case code. */
export function failed(name: CheckName, about: string | null, reason: string, facts: Facts = {}): Check {
  return { name, about, facts, status: 'failed', reason };
}

export function pending(name: CheckName, about: string | null, until: string, facts: Facts = {}): Check {
  return { name, about, facts, status: 'pending', until };
}

export function notChecked(name: CheckName, about: string | null, because: NotCheckedCause, facts: Facts = {}): Check {
  return { name, about, facts, status: 'not-checked', because };
}
