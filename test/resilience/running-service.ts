import { existsSync } from 'node:fs';
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { EvaluationFile } from '../../src/cli/service-client.ts';
import { freePort } from '../../src/evaluation/child-process.ts';
import { makeTrialFolder, ServiceProcess } from './service-process.ts';

/** A part of the evaluation service that can be killed alone. */
export type Part = 'anvil' | 'postgres';

/** `tiezheng serve --evaluation` on a data folder of its own. */
export class RunningService extends ServiceProcess {
  readonly folder: string;
  readonly data: string;

  private constructor(port: number, folder: string, data: string) {
    super(port, ['--evaluation'], { TIEZHENG_DATA: data, TIEZHENG_LOG_LEVEL: 'warn' });
    this.folder = folder;
    this.data = data;
  }

  /** Nothing runs yet. */
  static async create(): Promise<RunningService> {
    const { folder, data } = await makeTrialFolder();
    return new RunningService(await freePort(), folder, data);
  }

  /** Also, that the file is there which says how to deposit. */
  override async isReady(): Promise<boolean> {
    return existsSync(join(this.data, 'evaluation.json')) && super.isReady();
  }

  /** SIGKILL of one part, which the service is to notice. */
  async killPart(part: Part): Promise<void> {
    process.kill(await this.pidOf(part), 'SIGKILL');
  }

  /** Of the part as it last started. */
  async pidOf(part: Part): Promise<number> {
    const file = { anvil: 'chain/anvil.pid', postgres: 'postgres/cluster/postmaster.pid' }[part];
    const pid = Number.parseInt(await readFile(join(this.data, file), 'utf8'), 10);
    if (!(pid > 1)) throw new Error(`${file} names no process`);
    return pid;
  }

  /** Stops what runs and removes the folder. */
  async close(): Promise<void> {
    await this.stopIfRunning();
    await rm(this.folder, { recursive: true, force: true });
  }

  async evaluation(): Promise<EvaluationFile> {
    return JSON.parse(await readFile(join(this.data, 'evaluation.json'), 'utf8')) as EvaluationFile;
  }

  /** The file with the service's own trust policy. */
  get policyFile(): string {
    return join(this.data, 'evaluation-policy.json');
  }

  /** As it stands now. */
  async policy(): Promise<Uint8Array> {
    return readFile(this.policyFile);
  }
}
