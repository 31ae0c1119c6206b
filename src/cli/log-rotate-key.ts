import { readProductionConfig } from '../config.ts';
import { notifyLog, selectCheckpoint, selectLog } from '../db/leaves.ts';
import { migrate } from '../db/migrate.ts';
import { openDatabase } from '../db/pool.ts';
import { parseUtf8 } from '../format/bytes.ts';
import { selectNewestKey } from '../log/key-schedule.ts';
import { promisedLeaf } from '../log/promised-leaf.ts';
import { rotateKey } from '../log/rotate-key.ts';
import { openObjects, openSigners } from '../server.ts';
import { readSeconds } from './certificate-status.ts';
import { CliError } from './cli-error.ts';

interface RotateOptions {
  timeout: string;
  json?: boolean;
}

/**
 * Orders the log to go over to its new key. To be given with the settings of the running service, which holds both keys already: a
 * server that does not would stop signing.
 */
export async function rotateLogKey(options: RotateOptions): Promise<void> {
  const timeoutMs = readSeconds(options.timeout);
  const config = readProductionConfig(process.env);
  const { signer, previousSigner } = await openSigners(config);
  if (previousSigner === undefined) {
    throw new CliError(
      'option-invalid',
      'TIEZHENG_PREVIOUS_LOG_KEY_FILE names the key that signs now, TIEZHENG_LOG_KEY_FILE the new one: give both to every ' +
        'server, start them anew, then rotate',
    );
  }
  const { store, close } = await openObjects(config);
  const db = openDatabase({ url: config.databaseUrl, maxConnections: 2 });
  try {
    await migrate(db);
    const log = await selectLog(db.pool);
    if (log?.origin !== config.origin) {
      throw new CliError(
        'option-invalid',
        `the log in this database is ${log?.origin ?? 'none'}, not ${config.origin}`,
      );
    }
    const current = await selectNewestKey(db.pool);
    if (current !== previousSigner.vkey && current !== signer.vkey) {
      throw new CliError(
        'option-invalid',
        `the log signs with ${current}, not with the previous key ${previousSigner.vkey}`,
      );
    }
    const submissionId = await rotateKey(db, store, signer.vkey, Date.now());
    await notifyLog(db.pool, 'submission');
    const leafIndex = await promisedLeaf(db, submissionId, timeoutMs);
    const checkpoint = leafIndex === null ? undefined : await selectCheckpoint(db.pool, leafIndex + 1n);
    if (options.json) {
      const note = checkpoint && parseUtf8(checkpoint.note);
      console.log(
        JSON.stringify({ key: signer.vkey, leafIndex: leafIndex && Number(leafIndex), checkpoint: note ?? null }),
      );
    } else if (leafIndex === null) {
      console.log(`ordered, and kept: the service goes over to ${signer.vkey} when it runs with both keys`);
    } else console.log(`the log has gone over to ${signer.vkey} at leaf ${leafIndex}; tell those who keep policies`);
  } finally {
    await db.close();
    close();
  }
}
