import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod';
import { evaluationFolder } from '../config.ts';
import { CliError } from './cli-error.ts';

/** What `npm start` leaves in its data folder for commands and scripts. */
export const evaluationFileSchema = z.strictObject({
  url: z.string(),
  apiKey: z.string(),
  rpcUrl: z.string(),
  chain: z.string(),
  contract: z.string(),
  logPublicKey: z.string(),
});
export type EvaluationFile = z.infer<typeof evaluationFileSchema>;

export interface ServiceOptions {
  url?: string;
  key?: string;
  data?: string;
}

/** The evaluation service's own description, or undefined if the folder has none. */
export function readEvaluationFile(options: ServiceOptions): EvaluationFile | undefined {
  const file = join(options.data ?? evaluationFolder(process.env), 'evaluation.json');
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
  const result = evaluationFileSchema.safeParse(JSON.parse(text));
  if (!result.success) throw new CliError('service-unknown', `${file} is not what a service of this version writes`);
  return result.data;
}

/** Beside it: the policy that trusts this one service. */
export function evaluationPolicyFile(options: ServiceOptions): string {
  return join(options.data ?? evaluationFolder(process.env), 'evaluation-policy.json');
}

/** Calls the service and turns its problem documents into coded errors. */
export class ServiceClient {
  readonly url: string;
  readonly #key: string | undefined;

  constructor(url: string, key: string | undefined) {
    this.url = url.replace(/\/+$/, '');
    this.#key = key;
  }

  /** @throws CliError `service-unknown` if neither option nor evaluation.json says where the service is */
  static open(options: ServiceOptions): ServiceClient {
    const evaluation = readEvaluationFile(options);
    const url = options.url ?? evaluation?.url;
    if (url === undefined) {
      throw new CliError(
        'service-unknown',
        'no --url, and no evaluation.json in the data folder (--data). Is the service running? "npm start" runs one',
      );
    }
    return new ServiceClient(url, options.key ?? process.env.TIEZHENG_API_KEY ?? evaluation?.apiKey);
  }

  /**
   * @param path begins with a slash
   * @throws CliError `service-unreachable`; `service-refused` with the problem's own code and detail in the message
   */
  async fetch(path: string, init: RequestInit & { duplex?: 'half' } = {}): Promise<Response> {
    const headers = new Headers(init.headers);
    if (this.#key !== undefined) headers.set('authorization', `Bearer ${this.#key}`);
    let response: Response;
    try {
      response = await fetch(`${this.url}${path}`, { ...init, headers });
    } catch (cause) {
      const why = (cause as { cause?: Error }).cause?.message ?? (cause as Error).message;
      throw new CliError('service-unreachable', `${this.url}: ${why}`, { cause });
    }
    if (response.ok) return response;
    const problem = (await response.json().catch(() => ({}))) as { code?: string; detail?: string; title?: string };
    throw new CliError(
      'service-refused',
      `${problem.code ?? `HTTP ${response.status}`}: ${problem.detail ?? problem.title ?? 'no detail given'}`,
    );
  }

  async json<T>(path: string): Promise<T> {
    return (await (await this.fetch(path)).json()) as T;
  }

  /** @throws CliError as `fetch` */
  async bytes(path: string): Promise<Uint8Array> {
    return new Uint8Array(await (await this.fetch(path)).arrayBuffer());
  }
}
