import { v7 as uuidV7 } from 'uuid';
import { API_KEY, hashSecret, makeSecret } from '../access/secret.ts';
import { readProductionConfig } from '../config.ts';
import { insertAccount } from '../db/accounts.ts';
import { insertApiKey } from '../db/api-keys.ts';
import { migrate } from '../db/migrate.ts';
import { openDatabase } from '../db/pool.ts';
import { CliError } from './cli-error.ts';

interface AccountOptions {
  kind: string;
  identity: string;
  json?: boolean;
}

const KINDS = ['person', 'organisation', 'unknown'] as const;

/** Adds a depositor to a production service and prints an API key that is never shown again. */
export async function addAccount(name: string, options: AccountOptions): Promise<void> {
  const kind = KINDS.find((k) => k === options.kind);
  if (kind === undefined) throw new CliError('option-invalid', `--kind ${options.kind} is none of ${KINDS.join(', ')}`);
  if (name.trim() === '' || name.length > 200) {
    throw new CliError('option-invalid', `the name has ${name.length} characters, 1 to 200 are taken`);
  }
  const db = openDatabase({ url: readProductionConfig(process.env).databaseUrl, maxConnections: 1 });
  try {
    await migrate(db);
    const accountId = uuidV7();
    const apiKey = makeSecret(API_KEY);
    await db.transaction(async (client) => {
      await insertAccount(client, {
        accountId,
        name,
        kind,
        identityMethod: options.identity,
        identityCheckedAt: options.identity === 'none' ? null : new Date(),
      });
      await insertApiKey(client, { keyHash: hashSecret(apiKey), accountId, label: 'first' });
    });
    if (options.json) console.log(JSON.stringify({ accountId, apiKey }));
    else console.log(`${accountId}\n${apiKey}`);
  } finally {
    await db.close();
  }
}
