import { createWriteStream, openAsBlob, readFileSync } from 'node:fs';
import { mkdir, rename, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { CliError } from './cli-error.ts';
import { formatBytes, ProgressLine } from './progress.ts';
import { ServiceClient, type ServiceOptions } from './service-client.ts';

interface DepositOptions extends ServiceOptions {
  statement?: string;
  title?: string;
  wait?: boolean;
  out?: string;
  timeout: string;
  json?: boolean;
}

interface DepositState {
  state: string;
  pending: { awaits: string; alarms: string[] } | null;
  certificate: { certificateNo: string } | null;
}

/** In the order of a deposit's journey; the command prints a line for each that is reached. */
const STEPS: Record<string, string> = {
  received: 'received 已接收',
  'in-log': 'in the log 已入日志',
  published: 'published 已公布',
  'anchored-pending': 'anchored, not final yet 已上链,待最终确认',
  'anchored-final': 'anchored 已上链',
  certified: 'certified 已出证',
};

/** Hands in the files as one deposit; with `--wait` follows it to the certificate; with `--out` saves what came of it. */
export async function deposit(files: string[], options: DepositOptions): Promise<void> {
  const timeoutMs = 1000 * Number(options.timeout);
  if (!(timeoutMs > 0)) throw new CliError('option-invalid', `--timeout ${options.timeout} is not a number of seconds`);
  const client = ServiceClient.open(options);
  const say = (text: string) => {
    if (!options.json) console.error(text);
  };
  const answer = await handIn(client, files, readStatement(options), options.json ?? false);
  say(`deposit ${answer.depositId}, leaf ${answer.leafIndex}`);
  const path = `/api/v1/deposits/${answer.depositId}`;
  const saved: string[] = [];
  const save = async (name: string, from: string) =>
    saved.push(await download(client, from, options.out as string, name, options.json ?? false));
  if (options.out !== undefined) {
    await mkdir(options.out, { recursive: true });
    await save('receipt.json', `${path}/receipt.json`);
  }
  let certificateNo: string | null = null;
  if (options.wait) {
    certificateNo = await waitForCertificate(client, path, timeoutMs, say);
    if (options.out !== undefined) {
      await save('certificate.json', `${path}/certificate.json`);
      await save('certificate.pdf', `${path}/certificate.pdf`);
      await save('package.zip', `${path}/package.zip`);
    }
  }
  for (const file of saved) say(`saved ${file}`);
  if (options.json) {
    console.log(
      JSON.stringify({ depositId: answer.depositId, leafIndex: answer.leafIndex, certificateNo, files: saved }),
    );
  } else console.log(certificateNo ?? answer.depositId);
}

function readStatement({ statement, title }: DepositOptions): object {
  let fields: object = {};
  if (statement !== undefined) {
    try {
      fields = JSON.parse(readFileSync(statement, 'utf8')) as object;
    } catch (cause) {
      throw new CliError('file-unreadable', `--statement ${statement}: ${(cause as Error).message}`, { cause });
    }
  }
  return title === undefined ? fields : { ...fields, title };
}

async function handIn(
  client: ServiceClient,
  files: string[],
  statement: object,
  quiet: boolean,
): Promise<{ depositId: string; leafIndex: number }> {
  const form = new FormData();
  // A plain field: given as a blob it would travel as a file.
  form.append('statement', JSON.stringify(statement));
  let total = 0;
  for (const file of files) {
    try {
      total += (await stat(file)).size;
      // A blob that reads from disk when it is sent: the file is never whole in memory.
      form.append('files', await openAsBlob(file), basename(file));
    } catch (cause) {
      throw new CliError('file-unreadable', `${file}: ${(cause as Error).message}`, { cause });
    }
  }
  const encoded = new Response(form);
  const progress = new ProgressLine('uploading', total, quiet);
  const counted = (encoded.body as ReadableStream<Uint8Array>).pipeThrough(
    new TransformStream<Uint8Array, Uint8Array>({
      transform(chunk, controller) {
        progress.add(chunk.length);
        controller.enqueue(chunk);
      },
    }),
  );
  const response = await client.fetch('/api/v1/deposits', {
    method: 'POST',
    headers: {
      'content-type': encoded.headers.get('content-type') as string,
      // A connection lost behind the last byte must not make a second deposit when the command is run again by hand.
      'idempotency-key': crypto.randomUUID(),
    },
    body: counted,
    duplex: 'half',
  });
  progress.end();
  return (await response.json()) as { depositId: string; leafIndex: number };
}

async function waitForCertificate(
  client: ServiceClient,
  path: string,
  timeoutMs: number,
  say: (text: string) => void,
): Promise<string> {
  const deadline = Date.now() + timeoutMs;
  let shown = '';
  for (;;) {
    const { state, pending, certificate } = await client.json<DepositState>(path);
    const alarms = pending === null || pending.alarms.length === 0 ? '' : ` (held up: ${pending.alarms.join(', ')})`;
    const line = `${STEPS[state] ?? state}${alarms}`;
    if (line !== shown) say(line);
    shown = line;
    if (certificate !== null) return certificate.certificateNo;
    if (Date.now() > deadline) {
      throw new CliError(
        'wait-timed-out',
        `no certificate after ${timeoutMs / 1000} s; the deposit is ${line}. It goes on without this command`,
      );
    }
    await sleep(500);
  }
}

async function download(
  client: ServiceClient,
  from: string,
  folder: string,
  name: string,
  quiet: boolean,
): Promise<string> {
  const response = await client.fetch(from);
  const file = join(folder, name);
  const length = Number(response.headers.get('content-length') ?? Number.NaN);
  const progress = new ProgressLine(
    `saving ${name}`,
    Number.isNaN(length) ? undefined : length,
    quiet || !(length > 10 ** 7),
  );
  // Written beside and renamed, so that a file of this name is always whole.
  const partial = `${file}.part`;
  const source = Readable.fromWeb(response.body as never);
  source.on('data', (chunk: Uint8Array) => progress.add(chunk.length));
  await pipeline(source, createWriteStream(partial));
  await rename(partial, file);
  progress.end();
  return `${file} (${formatBytes((await stat(file)).size)})`;
}
