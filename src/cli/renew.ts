import { readProductionConfig, readRenewal } from '../config.ts';
import { migrate } from '../db/migrate.ts';
import { openDatabase } from '../db/pool.ts';
import { type DueItem, selectDue } from '../renewal/due.ts';
import { type RenewalOutcome, renew as renewArchive } from '../renewal/renew.ts';
import { openArchiveStamper, openMasterKeys, openObjects } from '../server.ts';
import { AuthorityClient } from '../timestamp/authority-client.ts';
import { CliError } from './cli-error.ts';
import { formatBytes } from './progress.ts';

interface RenewOptions {
  dryRun?: boolean;
  json?: boolean;
}

/**
 * Tells what is due for renewal and why, and renews it. A dry run needs DATABASE_URL alone (and TIEZHENG_RENEWAL_FILE, if there is one);
 * renewing, all the settings of the service. It may run beside the service, and be run again after it was broken off.
 * Exit code 0 if nothing is due any more, 2 if something is, 1 if objects were left out.
 */
export async function renew(options: RenewOptions): Promise<void> {
  const url = process.env.DATABASE_URL;
  if (url === undefined) throw new CliError('option-invalid', 'DATABASE_URL says which service: postgres://…');
  const settings = readRenewal(process.env);
  const db = openDatabase({ url, maxConnections: 4 });
  try {
    await migrate(db);
    const before = await selectDue(db.pool, settings, Date.now());
    if (options.dryRun === true) {
      if (options.json) console.log(JSON.stringify({ items: before }));
      else console.log(describe(before, settings.monthsBefore));
      process.exitCode = before.some(({ due }) => due) ? 2 : 0;
      return;
    }
    const config = readProductionConfig(process.env);
    const { store, close } = await openObjects(config);
    const progress = new RenewalProgress(options.json ?? false);
    let outcome: RenewalOutcome;
    try {
      const clients = config.authorities.map((authority) => new AuthorityClient(authority, { nowMs: Date.now }));
      outcome = await renewArchive({
        db,
        stamper: openArchiveStamper(config, db, () => clients),
        settings,
        nowMs: Date.now,
        vault: { store, keys: await openMasterKeys(config) },
        onProgress: (step) => progress.add(step),
      });
    } finally {
      progress.end();
      close();
    }
    const after = await selectDue(db.pool, settings, Date.now());
    if (options.json) console.log(JSON.stringify({ ...outcome, items: after }));
    else {
      const { timestamps, objects, resumed, left } = outcome;
      console.log(
        `renewed ${timestamps} timestamps and ${objects} objects; ${resumed} trees of an earlier run completed 已续期`,
      );
      for (const { object, because } of left) console.log(`left out: ${object}: ${because}`);
      console.log(describe(after, settings.monthsBefore));
    }
    process.exitCode = outcome.left.length > 0 ? 1 : after.some(({ due }) => due) ? 2 : 0;
  } finally {
    await db.close();
  }
}

function describe(items: readonly DueItem[], months: number): string {
  const due = items.filter((item) => item.due);
  const later = items.filter((item) => !item.due);
  const line = ({ until, action, what, count, because, of }: DueItem) =>
    `  ${until?.slice(0, 10) ?? 'no end known'}  ${action}  ${count} ${what}: ${because}, ${of}`;
  return [
    due.length === 0
      ? `nothing is due within ${months} months ${months} 个月内无须续期`
      : `due within ${months} months ${months} 个月内须续期:`,
    ...due.map(line),
    ...(later.length === 0 ? [] : ['later 此后:', ...later.map(line)]),
  ].join('\n');
}

/** One line at most every second on standard error. */
class RenewalProgress {
  readonly #quiet: boolean;
  #renewed = 0;
  #bytes = 0;
  #shownAt = 0;

  constructor(quiet: boolean) {
    this.#quiet = quiet;
  }

  add({ renewed, bytes }: { renewed: number; bytes: number }): void {
    this.#renewed += renewed;
    this.#bytes += bytes;
    if (this.#quiet || performance.now() - this.#shownAt < 1000) return;
    this.#shownAt = performance.now();
    this.#show();
  }

  end(): void {
    if (!this.#quiet && this.#shownAt > 0) this.#show();
  }

  #show(): void {
    process.stderr.write(`renewed ${this.#renewed}, read ${formatBytes(this.#bytes)} of originals\n`);
  }
}
