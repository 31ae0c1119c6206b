import { migrate } from '../db/migrate.ts';
import { openDatabase } from '../db/pool.ts';
import { promisedLeaf } from '../log/promised-leaf.ts';
import { changeStatus, type Standing } from '../status/change-status.ts';
import { CliError } from './cli-error.ts';

interface ChangeOptions {
  reason: string;
  supersededBy?: string;
  timeout: string;
  json?: boolean;
}

/** Says in the log that a certificate is withdrawn, or superseded by another one. */
export function withdraw(certificateNo: string, options: ChangeOptions): Promise<void> {
  const by = options.supersededBy;
  return change(certificateNo, by === undefined ? { status: 'withdrawn' } : { status: 'superseded', by }, options);
}

/** Says in the log that a certificate is valid again. */
export function reinstate(certificateNo: string, options: ChangeOptions): Promise<void> {
  return change(certificateNo, { status: 'valid' }, options);
}

async function change(certificateNo: string, standing: Standing, options: ChangeOptions): Promise<void> {
  const url = process.env.DATABASE_URL;
  if (url === undefined) throw new CliError('option-invalid', 'DATABASE_URL says which service: postgres://…');
  const timeoutMs = readSeconds(options.timeout);
  const db = openDatabase({ url, maxConnections: 2 });
  try {
    await migrate(db);
    const submissionId = await changeStatus(db, certificateNo, standing, options.reason, Date.now());
    const leafIndex = await promisedLeaf(db, submissionId, timeoutMs);
    if (options.json) {
      console.log(
        JSON.stringify({ certificateNo, status: standing.status, leafIndex: leafIndex && Number(leafIndex) }),
      );
    } else if (leafIndex === null) {
      console.log(`${certificateNo}: ${standing.status}, kept; the service takes it into the log when it runs`);
    } else console.log(`${certificateNo}: ${standing.status}, leaf ${leafIndex}`);
  } finally {
    await db.close();
  }
}

/** @throws CliError `option-invalid` */
export function readSeconds(text: string): number {
  if (/^[0-9]{1,5}$/.test(text)) return 1000 * Number(text);
  throw new CliError('option-invalid', `--timeout ${text} is no number of seconds from 0 to 99999`);
}
