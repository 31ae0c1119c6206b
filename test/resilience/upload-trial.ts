import { createCipheriv, createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { open, readFile } from 'node:fs/promises';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { BlobReader } from '@zip.js/zip.js';
import { Upload } from 'tus-js-client';
import { parseContentProof } from '../../src/format/content-received.ts';
import { checkContentReceived } from '../../src/verify/content-received.ts';
import { verifyPackage } from '../../src/verify/package.ts';
import { readPackage } from '../../src/verify/package-reader.ts';
import { openTrust } from '../../src/verify/trust.ts';
import { startPackageHasher } from '../support/file-digests.ts';
import { RunningService } from './running-service.ts';

export type Interruption = 'network' | 'tab' | 'kill';

export interface UploadTrialOptions {
  sizeBytes: number;
  /** In this order, spread evenly over the file. */
  interruptions: readonly Interruption[];
  /** Also takes the package and verifies it, which holds the original once more. */
  withPackage: boolean;
  say: (text: string) => void;
}

export interface UploadTrialOutcome {
  interruptions: number;
  /** From the first byte to the digests being found right, pauses and restarts included. */
  seconds: number;
  /** Of that, from the last byte on. */
  finishSeconds: number;
  /** Bytes that had to be sent again. */
  sentAgain: number;
  /** Most memory that a process of the service ever had, since the last start. */
  peakMemoryBytes: number;
}

/**
 * A file whose digests are deposited follows them through interruptions of every kind; then another one with a changed byte. Rejects at
 * the first promise that is not kept.
 */
export async function runUploadTrial(options: UploadTrialOptions): Promise<UploadTrialOutcome> {
  const service = await RunningService.create();
  const network = new CutableNetwork(Number(new URL(service.url).port));
  try {
    await service.start();
    await service.ready();
    const { apiKey } = await service.evaluation();
    const depositor = new Depositor(service, await network.listen(), apiKey);
    const outcome = await uploadInterrupted(service, network, depositor, options);
    await expectChangeRefused(service, depositor, Math.min(options.sizeBytes, 64 * 1024 ** 2));
    options.say('a changed byte is refused, and the deposit stays one of digests');
    return outcome;
  } finally {
    await network.close();
    await service.close();
  }
}

async function uploadInterrupted(
  service: RunningService,
  network: CutableNetwork,
  depositor: Depositor,
  { sizeBytes, interruptions, withPackage, say }: UploadTrialOptions,
): Promise<UploadTrialOutcome> {
  const path = join(service.folder, 'large.bin');
  const digests = await writeFile(path, sizeBytes);
  const depositId = await depositor.declare(sizeBytes, digests);
  say(`${sizeBytes} bytes are deposited by their digests as ${depositId}`);

  const startedMs = performance.now();
  const interrupted: string[] = [];
  let sentAgain = 0;
  const url = await depositor.upload(path, depositId, {
    sizeBytes,
    marks: interruptions.map((_, i) => Math.floor((sizeBytes * (i + 1)) / (interruptions.length + 1))),
    onMark: async (i, sent) => {
      const kind = interruptions[i] as Interruption;
      if (kind === 'network') network.cut();
      if (kind === 'kill') {
        await service.kill();
        await service.start();
        await service.ready();
      }
      interrupted.push(kind);
      const offset = await depositor.offset(depositId);
      sentAgain += Math.max(0, sent - offset);
      say(`${kind} after ${sent} bytes were sent; ${offset} are durable`);
      return kind === 'tab' ? 'anew' : 'go on';
    },
  });
  const lastByteMs = performance.now();
  await depositor.finish(url);
  const endMs = performance.now();
  if (interrupted.length !== interruptions.length) {
    throw new Error(`only ${interrupted.join(', ')} of ${interruptions.join(', ')} happened`);
  }
  const peakMemoryBytes = await peakMemoryOf(service.pid);

  const kept = await depositor.digestOfOriginal(depositId);
  if (kept !== digests.sha256) throw new Error(`the original has SHA-256 ${kept}, not ${digests.sha256}`);
  await expectProof(service, depositor, depositId, digests);
  say('the original is whole, and the log says that it came');
  if (withPackage) {
    await expectPackage(service, depositor, depositId);
    say('the package stands, with what the log says in it');
  }
  return {
    interruptions: interrupted.length,
    seconds: (endMs - startedMs) / 1000,
    finishSeconds: (endMs - lastByteMs) / 1000,
    sentAgain,
    peakMemoryBytes,
  };
}

async function expectProof(
  service: RunningService,
  depositor: Depositor,
  depositId: string,
  digests: Digests,
): Promise<void> {
  const proof = parseContentProof(await depositor.contentProof(depositId));
  const [{ record }] = proof.records as [(typeof proof.records)[0]];
  if (record.digests.sha256 !== digests.sha256 || record.digests.sm3 !== digests.sm3) {
    throw new Error(`the log says ${JSON.stringify(record.digests)}, not ${JSON.stringify(digests)}`);
  }
  const { files } = await depositor.detail(depositId);
  const entries = files.map(({ entry }) => entry);
  const trust = openTrust(await service.policy(), [], undefined);
  const checks = checkContentReceived(proof, { depositId }, entries, trust);
  if (checks.length !== 1 || checks[0]?.status !== 'passed')
    throw new Error(`file.received: ${JSON.stringify(checks)}`);
}

async function expectPackage(service: RunningService, depositor: Depositor, depositId: string): Promise<void> {
  const blob = await depositor.package(depositId);
  const files = await readPackage(new BlobReader(blob), startPackageHasher, () => {});
  const report = await verifyPackage(files, [], openTrust(await service.policy(), [], undefined));
  const received = report.since.filter(({ name }) => name === 'file.received').map(({ status }) => status);
  const matched = report.since.filter(({ name }) => name === 'file.sha256').map(({ status }) => status);
  const failed = report.since.filter(({ status }) => status === 'failed');
  if (received.join() !== 'passed' || matched.join() !== 'passed' || failed.length > 0) {
    throw new Error(`the package: ${JSON.stringify({ received, matched, failed })}`);
  }
}

async function expectChangeRefused(service: RunningService, depositor: Depositor, sizeBytes: number): Promise<void> {
  const path = join(service.folder, 'changed.bin');
  const depositId = await depositor.declare(sizeBytes, await writeFile(path, sizeBytes));
  const file = await open(path, 'r+');
  const at = Math.floor(sizeBytes / 2);
  const { buffer } = await file.read(Buffer.alloc(1), 0, 1, at);
  await file.write(Uint8Array.of((buffer[0] as number) ^ 1), 0, 1, at);
  await file.close();
  const url = await depositor.upload(path, depositId, { sizeBytes, marks: [], onMark: async () => 'go on' });
  const problem = await depositor.finish(url).then(
    () => 'received',
    (error: Error) => error.message,
  );
  if (!/^422 content-differs/.test(problem)) throw new Error(`a changed byte: ${problem}`);
  const [file0] = (await depositor.detail(depositId)).files;
  if (file0?.originalHeld !== false || file0.upload?.refusal !== 'content-differs') {
    throw new Error(`after a changed byte the deposit says ${JSON.stringify(file0)}`);
  }
}

interface Digests {
  sha256: string;
  sm3: string;
}

/** A file that does not compress and is different each time. */
async function writeFile(path: string, sizeBytes: number): Promise<Digests> {
  const cipher = createCipheriv('aes-128-ctr', crypto.getRandomValues(new Uint8Array(16)), Buffer.alloc(16));
  const zeros = Buffer.alloc(4 * 1024 ** 2);
  const [sha256, sm3] = [createHash('sha256'), createHash('sm3')];
  const file = await open(path, 'w');
  for (let left = sizeBytes; left > 0; left -= zeros.length) {
    const bytes = cipher.update(zeros.subarray(0, Math.min(left, zeros.length)));
    sha256.update(bytes);
    sm3.update(bytes);
    await file.write(bytes);
  }
  await file.close();
  return { sha256: sha256.digest('hex'), sm3: sm3.digest('hex') };
}

interface Marks {
  sizeBytes: number;
  /** Called when so many bytes have been sent; `anew` begins as a page would that was opened again. */
  marks: readonly number[];
  onMark: (i: number, sent: number) => Promise<'go on' | 'anew'>;
}

interface Detail {
  files: {
    entry: Parameters<typeof checkContentReceived>[2][number];
    originalHeld: boolean;
    upload: { uploadId: string; offset: number; refusal: string | null } | null;
  }[];
}

/** Uploads through the network that can be cut; asks everything else directly. */
class Depositor {
  readonly #service: RunningService;
  readonly #through: string;
  readonly #headers: Record<string, string>;

  constructor(service: RunningService, through: string, apiKey: string) {
    this.#service = service;
    this.#through = through;
    this.#headers = { authorization: `Bearer ${apiKey}` };
  }

  async declare(sizeBytes: number, digests: Digests): Promise<string> {
    const answer = await this.#fetch('/api/v1/deposits/digests', {
      method: 'POST',
      body: JSON.stringify({ files: [{ name: '视频.mp4', sizeBytes, ...digests }] }),
      headers: { ...this.#headers, 'content-type': 'application/json' },
    });
    return ((await answer.json()) as { depositId: string }).depositId;
  }

  /** @returns the upload's address */
  async upload(path: string, depositId: string, { sizeBytes, marks, onMark }: Marks): Promise<string> {
    const waiting = [...marks.entries()];
    let uploadUrl: string | undefined;
    for (;;) {
      const url = uploadUrl;
      const ended = await new Promise<{ url: string } | 'anew'>((resolve, reject) => {
        let isAtMark = false;
        const upload = new Upload(createReadStream(path), {
          endpoint: `${this.#through}/api/v1/uploads`,
          ...(url === undefined ? {} : { uploadUrl: url }),
          uploadSize: sizeBytes,
          chunkSize: 64 * 1024 ** 2,
          metadata: { deposit: depositId, file: '0' },
          headers: this.#headers,
          retryDelays: Array.from({ length: 400 }, () => 300),
          onProgress: (sent) => {
            const next = waiting[0];
            if (isAtMark || next === undefined || sent < next[1]) return;
            waiting.shift();
            isAtMark = true;
            onMark(next[0], sent)
              .then(async (how) => {
                isAtMark = false;
                if (how === 'go on') return;
                await upload.abort();
                resolve('anew');
              })
              .catch(reject);
          },
          onError: reject,
          onSuccess: () => resolve({ url: upload.url as string }),
        });
        upload.start();
      });
      if (ended !== 'anew') return new URL(ended.url).pathname;
      // All that a page opened again has is the deposit.
      const [file] = (await this.detail(depositId)).files;
      uploadUrl = `${this.#through}/api/v1/uploads/${file?.upload?.uploadId}`;
    }
  }

  async offset(depositId: string): Promise<number> {
    return (await this.detail(depositId)).files[0]?.upload?.offset ?? 0;
  }

  async detail(depositId: string): Promise<Detail> {
    return (await (await this.#fetch(`/api/v1/deposits/${depositId}`)).json()) as Detail;
  }

  /** Resolves once the content is received. @throws Error with status and code */
  async finish(path: string): Promise<void> {
    for (;;) {
      const answer = await this.#fetch(`${path}/finish`, { method: 'POST' });
      if (answer.status === 200) return;
      await delay(500);
    }
  }

  async contentProof(depositId: string): Promise<Uint8Array> {
    for (;;) {
      const answer = await fetch(`${this.#service.url}/api/v1/deposits/${depositId}/content-received.json`, {
        headers: this.#headers,
      });
      if (answer.ok) return new Uint8Array(await answer.arrayBuffer());
      if (answer.status !== 503) throw new Error(await answer.text());
      await delay(100);
    }
  }

  /** Once there is a certificate. */
  async package(depositId: string): Promise<Blob> {
    for (;;) {
      const answer = await fetch(`${this.#service.url}/api/v1/deposits/${depositId}/package.zip`, {
        headers: this.#headers,
      });
      if (answer.ok) return answer.blob();
      if (answer.status !== 409) throw new Error(await answer.text());
      await delay(500);
    }
  }

  async digestOfOriginal(depositId: string): Promise<string> {
    const answer = await this.#fetch(`/api/v1/deposits/${depositId}/files/0`);
    const hash = createHash('sha256');
    for await (const chunk of answer.body as ReadableStream<Uint8Array>) hash.update(chunk);
    return hash.digest('hex');
  }

  async #fetch(path: string, init: RequestInit = {}): Promise<Response> {
    const answer = await fetch(this.#service.url + path, { headers: this.#headers, ...init });
    if (answer.ok) return answer;
    const { code, detail } = (await answer.json()) as { code: string; detail?: string };
    throw new Error(`${answer.status} ${code} ${detail ?? ''}`);
  }
}

/** A relay whose connections can be torn. */
class CutableNetwork {
  readonly #port: number;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();

  constructor(port: number) {
    this.#port = port;
    this.#server = createServer((client) => this.#relay(client));
  }

  async listen(): Promise<string> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
    return `http://127.0.0.1:${(this.#server.address() as { port: number }).port}`;
  }

  cut(): void {
    for (const socket of this.#sockets) socket.resetAndDestroy();
  }

  async close(): Promise<void> {
    this.cut();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #relay(client: Socket): void {
    const service = connect(this.#port, '127.0.0.1');
    for (const [socket, other] of [
      [client, service],
      [service, client],
    ] as const) {
      this.#sockets.add(socket);
      socket.on('error', () => other.destroy());
      socket.on('close', () => {
        this.#sockets.delete(socket);
        other.destroy();
      });
      socket.pipe(other);
    }
  }
}

async function peakMemoryOf(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '');
  return 1024 * Number(/^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1] ?? 0);
}
