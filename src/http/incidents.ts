import type { Alarm } from '../db/alarms.ts';
import { utcTimeOf } from '../format/fields.ts';

/** An alarm as anyone may read of it. */
export interface Incident {
  code: string;
  /** Chain, or host of an authority or calendar; null where there is only one, or where it would point at a deposit. */
  about: string | null;
  /** To the day where it is about a deposit: its very time would tell when somebody handed something in. */
  raisedAt: string;
  clearedAt: string | null;
  /** So many alarms stand in this line. */
  alarms: number;
}

const DAY_MS = 24 * 3600_000;

/** Alarms in public: without details, those about deposits summed up by day. Newest first, as given. */
export function incidentsOf(alarms: readonly Alarm[]): Incident[] {
  const incidents: Incident[] = [];
  for (const alarm of alarms) {
    const { code, subject } = alarm;
    if (!isAboutDeposit(subject)) {
      incidents.push({
        code,
        about: publicSubject(subject),
        raisedAt: utcTimeOf(alarm.raisedAt.getTime()),
        clearedAt: alarm.clearedAt && utcTimeOf(alarm.clearedAt.getTime()),
        alarms: 1,
      });
      continue;
    }
    const raisedAt = dayOf(alarm.raisedAt);
    const clearedAt = alarm.clearedAt && dayOf(alarm.clearedAt);
    const same = incidents.find((i) => i.code === code && i.raisedAt === raisedAt && i.about === null);
    if (same === undefined) incidents.push({ code, about: null, raisedAt, clearedAt, alarms: 1 });
    else {
      same.alarms++;
      // One that is open keeps the line open.
      same.clearedAt = same.clearedAt === null || clearedAt === null ? null : later(same.clearedAt, clearedAt);
    }
  }
  return incidents;
}

function isAboutDeposit(subject: string): boolean {
  return /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/i.test(subject);
}

/** What stands in settings may hold more than others should see, such as a key in an address. */
function publicSubject(subject: string): string | null {
  const chain = /^eip155:\d{1,15}\b/.exec(subject)?.[0];
  if (chain !== undefined) return chain;
  return /^https?:\/\//.test(subject) && URL.canParse(subject) ? new URL(subject).host : null;
}

function dayOf(at: Date): string {
  return utcTimeOf(Math.floor(at.getTime() / DAY_MS) * DAY_MS);
}

function later(a: string, b: string): string {
  return a > b ? a : b;
}
