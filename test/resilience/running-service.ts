import { existsSync } from 'node:fs';
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { EvaluationFile } from '../../src/cli/service-client.ts';
import { freePort, processProgram, recordedProcess } from '../../src/evaluation/child-process.ts';
import { makeTrialFolder, ServiceProcess } from './service-process.ts';

/** A part of the evaluation service that can be killed alone. */
export type Part = 'anvil' | 'postgres';

const PART_RUNS_WITHIN_MS = 30_000;

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

  /** SIGKILL of one part as soon as it runs, which the service is to notice. */
  async killPart(part: Part): Promise<void> {
    const deadline = performance.now() + PART_RUNS_WITHIN_MS;
    let pid: number | undefined;
    while (pid === undefined) {
      if (performance.now() > deadline) throw this.failure(`${part} does not run`);
      pid = part === 'anvil' ? await this.#anvilPid() : await this.#postgresPid();
      if (pid === undefined) await delay(50);
    }
    process.kill(pid, 'SIGKILL');
  }

  async #anvilPid(): Promise<number | undefined> {
    return (await recordedProcess(join(this.data, 'chain/anvil.pid')))?.pid;
  }

  async #postgresPid(): Promise<number | undefined> {
    const text = await readFile(join(this.data, 'postgres/cluster/postmaster.pid'), 'utf8').catch(() => '');
    const pid = Number.parseInt(text, 10);
    // The file of a server that was killed stays until the next one has started, and its id may be a stranger's by then.
    return pid > 1 && /(^|\/)postgres$/.test((await processProgram(pid)) ?? '') ? pid : undefined;
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
