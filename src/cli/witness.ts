import { open, readFile } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { Witness } from '../witness/witness.ts';
import { WitnessKey } from '../witness/witness-key.ts';
import { createWitnessServer } from '../witness/witness-server.ts';
import { parseWitnessedLogs, WitnessedLog } from '../witness/witnessed-log.ts';
import { CliError } from './cli-error.ts';

interface WitnessOptions {
  key: string;
  state: string;
  log: string[];
  host: string;
  port: string;
  limit: string;
}

/**
 * Cosigns checkpoints of the given logs until it is stopped: docs/operation.md, "Running a witness". Loads nothing of the service.
 */
export async function witness(options: WitnessOptions): Promise<void> {
  const port = wholeNumber('--port', options.port, 0, 65_535);
  const requestsPerMinute = wholeNumber('--limit', options.limit, 1, 1_000_000);
  const key = WitnessKey.parse(await readKeyFile(options.key));
  const logs: WitnessedLog[] = [];
  for (const [origin, keys] of parseWitnessedLogs(options.log)) {
    logs.push(await WitnessedLog.open(options.state, origin, keys));
  }
  const server = createWitnessServer({
    witness: new Witness(key, logs, Date.now),
    nowMs: Date.now,
    requestsPerMinute,
    onTrouble: (error) => console.error(error),
  });
  const ended = new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) =>
      reject(
        new CliError('option-invalid', `cannot listen on ${options.host}:${port}: ${error.code ?? error.message}`),
      ),
    );
    server.once('close', resolve);
  });
  server.listen(port, options.host, () => {
    const { address, port: bound, family } = server.address() as AddressInfo;
    console.log(`witness ${key.vkey}`);
    for (const { origin, originHash } of logs) console.log(`log ${origin} (${originHash})`);
    console.log(`listening on http://${family === 'IPv6' ? `[${address}]` : address}:${bound}`);
  });
  // What is being signed is ended; whoever is idle is let go.
  const stop = () => {
    server.close();
    server.closeIdleConnections();
  };
  process.once('SIGINT', stop);
  process.once('SIGTERM', stop);
  await ended;
}

/** Writes a new key, readable by its owner alone, and prints the public key that logs and readers are told of. */
export async function witnessKeygen({ name, key }: { name: string; key: string }): Promise<void> {
  const text = WitnessKey.generate(name);
  try {
    const file = await open(key, 'wx', 0o600);
    try {
      await file.writeFile(text);
      await file.sync();
    } finally {
      await file.close();
    }
  } catch (cause) {
    const why = (cause as NodeJS.ErrnoException).code === 'EEXIST' ? 'it is there already' : (cause as Error).message;
    throw new CliError('option-invalid', `--key ${key} was not written: ${why}`, { cause });
  }
  console.log(WitnessKey.parse(text).vkey);
}

async function readKeyFile(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (cause) {
    throw new CliError('file-unreadable', `--key ${file}: ${(cause as Error).message}`, { cause });
  }
}

function wholeNumber(name: string, text: string, least: number, most: number): number {
  if (!/^[0-9]{1,9}$/.test(text) || Number(text) < least || Number(text) > most) {
    throw new CliError('option-invalid', `${name} is ${JSON.stringify(text)}, expected ${least} to ${most}`);
  }
  return Number(text);
}
