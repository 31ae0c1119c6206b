import { clearAlarm, selectOpenAlarms } from '../db/alarms.ts';
import { openDatabase } from '../db/pool.ts';
import { CliError } from './cli-error.ts';

interface AlarmOptions {
  clear?: string;
  subject?: string;
  json?: boolean;
}

/**
 * Lists the open alarms of a service, or clears one after a person has looked into it. Some alarms keep the service from signing
 * until then, over restarts: docs/operation.md says which.
 */
export async function alarms(options: AlarmOptions): Promise<void> {
  const url = process.env.DATABASE_URL;
  if (url === undefined) throw new CliError('option-invalid', 'DATABASE_URL says which service: postgres://…');
  const db = openDatabase({ url, maxConnections: 1 });
  try {
    if (options.clear !== undefined) {
      const subject = options.subject ?? '';
      if (!(await clearAlarm(db.pool, options.clear, new Date(), subject))) {
        const about = subject === '' ? '' : ` about ${subject}`;
        throw new CliError('alarm-unknown', `no open alarm ${options.clear}${about}; --subject names what it is about`);
      }
    }
    const open = await selectOpenAlarms(db.pool);
    const rows = open.map(({ code, subject, detail, raisedAt }) => ({ code, subject, detail, raisedAt }));
    if (options.json) console.log(JSON.stringify(rows));
    else if (rows.length === 0) console.log('no open alarms');
    else for (const a of rows) console.log(`${a.raisedAt.toISOString()}  ${a.code}  ${a.subject}\n  ${a.detail}`);
  } finally {
    await db.close();
  }
}
