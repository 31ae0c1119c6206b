import { type ChildProcess, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { CreateBucketCommand, ListBucketsCommand, S3Client } from '@aws-sdk/client-s3';
import { freePort } from '../../src/evaluation/child-process.ts';

/** Path of a versitygw binary, or undefined: then tests on a real S3 server skip. */
export const S3_SERVER = process.env.TIEZHENG_TEST_S3_SERVER;

/** A real S3 server (versitygw over a temporary folder) of this test run alone. */
export class S3Server {
  readonly client: S3Client;
  readonly #child: ChildProcess;
  readonly #folder: string;

  private constructor(client: S3Client, child: ChildProcess, folder: string) {
    this.client = client;
    this.#child = child;
    this.#folder = folder;
  }

  static async start(binary: string): Promise<S3Server> {
    const folder = mkdtempSync(join(tmpdir(), 'tiezheng-s3-'));
    for (const name of ['data', 'versions']) mkdirSync(join(folder, name));
    const port = await freePort();
    const credentials = { accessKeyId: 'test', secretAccessKey: randomUUID() };
    const child = spawn(
      binary,
      [
        '--quiet',
        '--keep-alive',
        '--port',
        `127.0.0.1:${port}`,
        'posix',
        '--versioning-dir',
        join(folder, 'versions'),
        join(folder, 'data'),
      ],
      {
        stdio: ['ignore', 'ignore', 'inherit'],
        env: { ROOT_ACCESS_KEY_ID: credentials.accessKeyId, ROOT_SECRET_ACCESS_KEY: credentials.secretAccessKey },
      },
    );
    const client = new S3Client({
      endpoint: `http://127.0.0.1:${port}`,
      region: 'us-east-1',
      forcePathStyle: true,
      credentials,
    });
    const server = new S3Server(client, child, folder);
    try {
      await server.#untilReady();
    } catch (error) {
      await server.stop();
      throw error;
    }
    return server;
  }

  async #untilReady(): Promise<void> {
    for (let attempt = 0; ; attempt++) {
      if (this.#child.exitCode !== null) throw new Error(`versitygw ended with ${this.#child.exitCode}`);
      try {
        await this.client.send(new ListBucketsCommand());
        return;
      } catch (error) {
        if (attempt === 100) throw error;
        await delay(100);
      }
    }
  }

  /** @returns the name of a new bucket */
  async makeBucket(options: { objectLock?: boolean } = {}): Promise<string> {
    const Bucket = `b-${randomUUID()}`;
    const lock = options.objectLock === true && { ObjectLockEnabledForBucket: true };
    await this.client.send(new CreateBucketCommand({ Bucket, ...lock }));
    return Bucket;
  }

  async stop(): Promise<void> {
    this.client.destroy();
    if (this.#child.exitCode === null) {
      this.#child.kill('SIGKILL');
      await once(this.#child, 'exit');
    }
    rmSync(this.#folder, { recursive: true, force: true });
  }
}
