import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { Browser } from 'playwright-core';
import type { Role } from '../../src/access/rules.ts';
import { readCommonSettings } from '../../src/config.ts';
import { updateAccountRoles } from '../../src/db/accounts.ts';
import { freePort } from '../../src/evaluation/child-process.ts';
import { PolicyFile } from '../../src/evaluation/policy-file.ts';
import { type EvaluationProfile, openEvaluation, openEvaluationAccount } from '../../src/evaluation/profile.ts';
import { openLogger } from '../../src/logger.ts';
import { type Service, startService } from '../../src/server.ts';
import { type ReceivedMail, SmtpReceiver, textOf } from '../notices/smtp-receiver.ts';
import { launchChromium } from '../web/browser.ts';
import { builtPages } from '../web/built-pages.ts';

const BIN = fileURLToPath(new URL('../../bin/tiezheng.mjs', import.meta.url));
const SIGN_IN_MS = 15 * 60_000;
const MAIL_WITHIN_MS = 20_000;

/** The service that `npm start` gives, whole, but for its mails, which go to a real SMTP server; and a browser. */
export class PersonaService {
  readonly service: Service;
  readonly browser: Browser;
  /** Everything that is downloaded or made for handing in. */
  readonly folder: string;
  /** Of the whole run: what a reader has from elsewhere. */
  readonly policyFile: string;
  readonly #profile: EvaluationProfile;
  readonly #smtp: SmtpReceiver;
  readonly #stops: (() => Promise<void>)[];

  private constructor(parts: {
    service: Service;
    browser: Browser;
    folder: string;
    policyFile: string;
    profile: EvaluationProfile;
    smtp: SmtpReceiver;
    stops: (() => Promise<void>)[];
  }) {
    this.service = parts.service;
    this.browser = parts.browser;
    this.folder = parts.folder;
    this.policyFile = parts.policyFile;
    this.#profile = parts.profile;
    this.#smtp = parts.smtp;
    this.#stops = parts.stops;
  }

  static async open(): Promise<PersonaService> {
    const folder = await mkdtemp(join(tmpdir(), 'tiezheng-personas-'));
    const stops: (() => Promise<void>)[] = [() => rm(folder, { recursive: true, force: true })];
    try {
      return await PersonaService.#open(folder, stops);
    } catch (error) {
      await stopAll(stops);
      throw error;
    }
  }

  static async #open(folder: string, stops: (() => Promise<void>)[]): Promise<PersonaService> {
    const pagesFolder = await builtPages();
    const smtp = await SmtpReceiver.open();
    stops.push(() => smtp.close());
    const data = join(folder, 'data');
    // PostgreSQL's own user must be able to walk through it.
    await mkdir(data, { mode: 0o755 });
    const common = {
      ...readCommonSettings({ PORT: String(await freePort()), TIEZHENG_CUSTODY_SECONDS: '1' }),
      mail: {
        kind: 'smtp' as const,
        from: 'tiezheng@example.org',
        server: { host: '127.0.0.1', port: smtp.port, tls: 'none' as const, user: undefined, password: undefined },
      },
    };
    const silent = () => {};
    const profile = await openEvaluation(common, data, silent, silent);
    stops.push(() => profile.stop());
    const policyFile = join(data, 'evaluation-policy.json');
    const policy = new PolicyFile(policyFile);
    const service = await startService(profile.config, {
      logger: openLogger('silent'),
      durableBlock: () => profile.anvil.durableBlock(),
      onPolicy: (found) => policy.write(found),
      pagesFolder,
    });
    stops.push(() => service.stop());
    const browser = await launchChromium();
    stops.push(() => browser.close());
    return new PersonaService({ service, browser, folder, policyFile, profile, smtp, stops });
  }

  async close(): Promise<void> {
    await stopAll(this.#stops);
  }

  get url(): string {
    return this.service.url;
  }

  /** The same under a name: a passkey is bound to one. */
  get namedUrl(): string {
    return this.url.replace('127.0.0.1', 'localhost');
  }

  /** The address that `npm start` prints: its account may do everything. */
  async evaluationLink(): Promise<string> {
    const account = await openEvaluationAccount(this.service.db, this.#profile.apiKey);
    const token = await this.service.authentication.createSignInToken(account.accountId, SIGN_IN_MS);
    return `${this.url}/sign-in?token=${token}`;
  }

  /** The newest mail to somebody that has this in its text; waits until it has come. */
  async mailTo(address: string, about: RegExp): Promise<string> {
    const deadline = performance.now() + MAIL_WITHIN_MS;
    const isIt = (mail: ReceivedMail) => mail.to.includes(address) && about.test(textOf(mail, 'text/plain'));
    for (;;) {
      const mail = this.#smtp.mails.findLast(isIt);
      if (mail !== undefined) return textOf(mail, 'text/plain');
      if (performance.now() > deadline) throw new Error(`no mail to ${address} with ${about}`);
      await delay(25);
    }
  }

  /** What the operator of a service gives an office that he knows. */
  async setRoles(email: string, roles: readonly Role[]): Promise<void> {
    const { pool } = this.service.db;
    const { rows } = await pool.query<{ accountId: string }>(
      `select m.account_id as "accountId" from membership m join auth."user" u on u."id" = m.user_id where u."email" = $1`,
      [email],
    );
    for (const { accountId } of rows) await updateAccountRoles(pool, accountId, roles);
  }

  /** As if the user had signed in longer ago than the service takes for what lasts. */
  async ageSessions(email: string): Promise<void> {
    await this.service.db.pool.query(
      `update auth."session" set "createdAt" = now() - interval '16 minutes'
       where "userId" = (select "id" from auth."user" where "email" = $1)`,
      [email],
    );
  }

  /** A user who has signed up and confirmed the address, as on the pages but without them. */
  async addUser(user: { name: string; email: string; password: string }): Promise<void> {
    const answer = await fetch(`${this.url}/api/auth/sign-up/email`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', origin: this.url },
      body: JSON.stringify({ ...user, callbackURL: '/sign-in?confirmed=1' }),
    });
    if (!answer.ok) throw new Error(`sign-up: ${answer.status} ${await answer.text()}`);
    await fetch(linkIn(await this.mailTo(user.email, /verify-email/)), { redirect: 'manual' });
  }

  /** `tiezheng verify` as an outsider runs it. @returns its exit code and what it printed */
  async verify(...args: string[]): Promise<{ code: number; text: string }> {
    if (!existsSync(this.policyFile)) throw new Error('no policy has been written yet');
    try {
      const { stdout } = await promisify(execFile)(process.execPath, [BIN, 'verify', ...args], { maxBuffer: 2 ** 26 });
      return { code: 0, text: stdout };
    } catch (error) {
      const { code, stdout, stderr } = error as { code: number; stdout: string; stderr: string };
      return { code, text: stdout + stderr };
    }
  }
}

/** What was started last is stopped first. */
async function stopAll(stops: (() => Promise<void>)[]): Promise<void> {
  for (const stop of stops.splice(0).reverse()) await stop();
}

/** The first address in a mail. */
export function linkIn(text: string): string {
  const [found] = /https?:\/\/\S+/.exec(text) ?? [];
  if (found === undefined) throw new Error(`no address in: ${text}`);
  return found;
}

let opened: Promise<PersonaService> | undefined;

/** One for the whole run. */
export function personaService(): Promise<PersonaService> {
  opened ??= PersonaService.open();
  return opened;
}

after(async function () {
  this.timeout(60_000);
  // One that could not be opened has failed the tests that wanted it.
  await (await opened?.catch(() => undefined))?.close();
});
