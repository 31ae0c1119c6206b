import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import * as z from 'zod';
import { type OidcProvider, oidcProvidersSchema } from './access/oidc-settings.ts';
import { type ChainProfile, parseChainProfile } from './anchor/chain-profile.ts';
import { CodedError } from './errors.ts';
import { type PlatformProfile, platformSchema } from './format/certificate.ts';
import { address, text } from './format/fields.ts';
import { type LogRecord, originSchema, predecessorSchema } from './format/log.ts';
import { type MailSettings, parseMailSettings } from './notices/mail-settings.ts';
import { DEFAULT_RENEWAL_SETTINGS, type RenewalSettings, renewalSettingsSchema } from './renewal/renewal-settings.ts';
import type { AuthoritySettings } from './timestamp/authority-client.ts';
import { type WitnessSettings, witnessSettingsSchema } from './witness/witness-settings.ts';

export type ConfigErrorCode = 'setting-missing' | 'setting-invalid';

/** The service does not start: which setting, and what it should be. */
export class ConfigError extends CodedError<ConfigErrorCode> {}

/** An S3-compatible bucket. Credentials come from where the AWS SDK looks for them. */
export interface BucketSettings {
  kind: 's3';
  bucket: string;
  /** Begins every object name; empty or ending in `/`. */
  prefix: string;
  endpoint: string | undefined;
  region: string;
}

export interface FolderSettings {
  kind: 'files';
  folder: string;
}

export interface ChainSettings {
  /** One node, or several of different operators whose answers are compared. */
  rpcUrls: readonly string[];
  /** How many nodes must give the same answer; null: all that answer. */
  rpcAgreement: number | null;
  /** 0x, 20 bytes, lower case. */
  contract: string;
  /** File with the anchorer's private key, 0x and 64 hex digits. */
  anchorerKeyFile: string;
  profile: ChainProfile;
  anchorIntervalMs: number;
  /** Wei. No transaction offers more for a unit of gas. */
  maxFeePerGas: bigint;
  /** No transaction may use more gas. */
  maxGasPerAnchor: bigint;
  /** Wei from one midnight UTC to the next; null: as much as it takes. */
  dailyBudget: bigint | null;
}

export type SealSettings =
  | { kind: 'pem'; keyFile: string; certificateFile: string; passphrase: string | undefined }
  | { kind: 'pkcs12'; file: string; passphrase: string };

/** OpenTimestamps. */
export interface CalendarSettings {
  /** http or https, without a slash at the end. */
  urls: string[];
  /** Calendars in whose name those may promise. */
  alsoNames: string[];
  timeoutMs: number;
  /** At most this often each calendar stamps a publication. */
  intervalMs: number;
  /** Lines of `height header`; null: what calendars say of Bitcoin is stored unseen. */
  bitcoinHeadersFile: string | null;
}

/** All that a service needs to be told. The evaluation profile makes the same thing by itself. */
export interface Config extends CommonSettings {
  profile: 'evaluation' | 'production';
  /** Where readers reach this service, without a slash at the end; printed on certificates. */
  publicUrl: string;
  databaseUrl: string;
  objects: FolderSettings | BucketSettings;
  /** Never restored together with the database. */
  register: FolderSettings | BucketSettings;
  /** 64 hex digits: the key that wraps data keys. */
  masterKeyFile: string;
  origin: string;
  /** PEM, PKCS#8, Ed25519. */
  logKeyFile: string;
  /** The log's key before, while it is being replaced; null otherwise. */
  previousLogKeyFile: string | null;
  /** What leaf 0 of a log that succeeds another one says of it; null otherwise. */
  predecessor: LogRecord['predecessor'];
  seal: SealSettings;
  chains: ChainSettings[];
  /** How long a certificate waits for the other chains once the first has a final anchor. */
  certificateWaitMs: number;
  /** PEM with the key, the certificate and the root of an authority of this process's own; null in production. */
  builtInAuthority: { keyFile: string } | null;
  platform: PlatformProfile;
  /** File with 32 random characters or more, from which users' cookies are signed; null: callers come by API key and by one-time link alone. */
  signInSecretFile: string | null;
  publishIntervalMs: number;
}

/** Limits of uploads that go on over days. */
export interface ResumableSettings {
  /** Of one file. */
  maxFileBytes: number;
  /** Open at a time, of one account. */
  maxOpenUploads: number;
  /** Sizes of one account's open uploads together. */
  maxOpenBytes: number;
  /** How long an upload waits for its next byte. */
  expiryMs: number;
}

const DEFAULT_PORT = 8040;
export const DEFAULT_MAX_FILE_BYTES = 5 * 1024 ** 3;

/** Where and how much, asked of both profiles. */
export interface CommonSettings {
  host: string;
  port: number;
  /** Asked for timestamps, beside the built-in one if there is one. */
  authorities: AuthoritySettings[];
  /** Asked to cosign before each publication; null: nobody is. */
  witnesses: WitnessSettings | null;
  /** Asked to stamp publications; null: none is. */
  calendars: CalendarSettings | null;
  /** When the archive is renewed, and how much of that happens by itself. */
  renewal: RenewalSettings;
  /** How long news of a deposit's custody waits for its leaf in the log. */
  custodyIntervalMs: number;
  /** Who takes mails; null: nobody is told by mail. */
  mail: MailSettings | null;
  /** True only for evaluation and tests: webhooks may be at private addresses, and without TLS. */
  privateWebhooks: boolean;
  /** Where users of courts and firms sign in. */
  oidcProviders: OidcProvider[];
  /** Who may become a user: anybody, or whom an organisation has invited. */
  signUp: 'open' | 'invited';
  maxFileBytes: number;
  /** Content that follows its digests. */
  resumable: ResumableSettings;
  logLevel: string;
}

type Environment = Record<string, string | undefined>;

/** @throws ConfigError `setting-invalid` */
export function readCommonSettings(env: Environment): CommonSettings {
  return {
    host: env.HOST ?? '127.0.0.1',
    port: readInteger(env, 'PORT', DEFAULT_PORT, 0, 65535),
    authorities: readAuthorities(env),
    witnesses: readWitnesses(env),
    calendars: readCalendars(env),
    renewal: readRenewal(env),
    custodyIntervalMs: 1000 * readInteger(env, 'TIEZHENG_CUSTODY_SECONDS', 600, 1, 3600),
    mail: readMail(env),
    privateWebhooks: env[PRIVATE_WEBHOOKS] === 'yes',
    oidcProviders: readOidcProviders(env),
    signUp: readSignUp(env),
    maxFileBytes: readInteger(env, 'TIEZHENG_MAX_FILE_BYTES', DEFAULT_MAX_FILE_BYTES, 1, 2 ** 44),
    resumable: readResumable(env),
    logLevel: env.TIEZHENG_LOG_LEVEL ?? 'info',
  };
}

function readResumable(env: Environment): ResumableSettings {
  return {
    maxFileBytes: readInteger(env, 'TIEZHENG_RESUMABLE_MAX_FILE_BYTES', 20 * 1024 ** 3, 1, 2 ** 44),
    maxOpenUploads: readInteger(env, 'TIEZHENG_RESUMABLE_MAX_OPEN', 1000, 1, 1_000_000),
    maxOpenBytes: readInteger(env, 'TIEZHENG_RESUMABLE_MAX_OPEN_BYTES', 200 * 1024 ** 3, 1, 2 ** 50),
    expiryMs: 3600_000 * readInteger(env, 'TIEZHENG_RESUMABLE_EXPIRY_HOURS', 168, 1, 24 * 365),
  };
}

/** The evaluation profile's data folder. */
export function evaluationFolder(env: Environment): string {
  return resolve(env.TIEZHENG_DATA ?? 'tiezheng-data');
}

/** What production must be told, and how each setting is described when it is missing. */
const REQUIRED = {
  DATABASE_URL: 'PostgreSQL, 15 or newer: postgres://user:password@host/database',
  TIEZHENG_PUBLIC_URL: 'where readers reach this service: https://evidence.example.org',
  TIEZHENG_OBJECTS: 'where originals are kept: file:/srv/objects or s3://bucket/prefix',
  TIEZHENG_REGISTER:
    'checkpoint register, apart from the database and its backups: file:/srv/register or s3://bucket/prefix',
  TIEZHENG_MASTER_KEY_FILE: 'file with 64 hex digits: the key that wraps the data keys',
  TIEZHENG_LOG_ORIGIN: 'name of the log: log.example.org/2026',
  TIEZHENG_LOG_KEY_FILE: 'Ed25519 private key of the log, PEM (PKCS#8)',
  TIEZHENG_SEAL_FILE:
    'seal issued by a certificate authority: PKCS#12, or a PEM key with TIEZHENG_SEAL_CERTIFICATE_FILE',
  TIEZHENG_CHAINS_FILE: 'JSON list of chains to anchor on; docs/operation.md shows one',
  TIEZHENG_PLATFORM_FILE: 'JSON with the operator profile that certificates print',
} as const;

/** @throws ConfigError `setting-missing` naming every missing setting at once; `setting-invalid` naming the first wrong one */
export function readProductionConfig(env: Environment): Config {
  const missing = Object.entries(REQUIRED).filter(([name]) => (env[name] ?? '') === '');
  if (missing.length > 0) {
    const lines = missing.map(([name, meaning]) => `  ${name}: ${meaning}`).join('\n');
    throw new ConfigError(
      'setting-missing',
      `the service does not start without:\n${lines}\nTo try it out, use "tiezheng serve --evaluation".`,
    );
  }
  if ((env[PRIVATE_WEBHOOKS] ?? '') !== '') {
    throw invalid(PRIVATE_WEBHOOKS, env[PRIVATE_WEBHOOKS] as string, 'nothing: it is for the evaluation profile alone');
  }
  const setting = (name: keyof typeof REQUIRED) => env[name] as string;
  const origin = setting('TIEZHENG_LOG_ORIGIN');
  if (!originSchema.safeParse(origin).success) {
    throw invalid('TIEZHENG_LOG_ORIGIN', origin, 'lower-case letters, digits and ._~/- such as log.example.org/2026');
  }
  return {
    profile: 'production',
    ...readCommonSettings(env),
    publicUrl: readUrl('TIEZHENG_PUBLIC_URL', setting('TIEZHENG_PUBLIC_URL')),
    databaseUrl: setting('DATABASE_URL'),
    objects: readPlace('TIEZHENG_OBJECTS', setting('TIEZHENG_OBJECTS'), env),
    register: readPlace('TIEZHENG_REGISTER', setting('TIEZHENG_REGISTER'), env),
    masterKeyFile: setting('TIEZHENG_MASTER_KEY_FILE'),
    origin,
    logKeyFile: setting('TIEZHENG_LOG_KEY_FILE'),
    previousLogKeyFile: env.TIEZHENG_PREVIOUS_LOG_KEY_FILE || null,
    predecessor: readPredecessor(env),
    seal: readSeal(setting('TIEZHENG_SEAL_FILE'), env),
    chains: readChains(setting('TIEZHENG_CHAINS_FILE')),
    builtInAuthority: null,
    platform: readJson('TIEZHENG_PLATFORM_FILE', setting('TIEZHENG_PLATFORM_FILE'), platformSchema),
    signInSecretFile: env.TIEZHENG_SIGN_IN_SECRET_FILE || null,
    certificateWaitMs: 1000 * readInteger(env, 'TIEZHENG_CERTIFICATE_WAIT_SECONDS', 1800, 0, 86_400),
    publishIntervalMs: 1000 * readInteger(env, 'TIEZHENG_PUBLISH_SECONDS', 60, 1, 3600),
  };
}

function readPredecessor(env: Environment): LogRecord['predecessor'] {
  const name = 'TIEZHENG_PREDECESSOR_FILE';
  const file = env[name];
  return file === undefined || file === '' ? null : readJson(name, file, predecessorSchema);
}

/** OpenID Connect providers; none if the setting is not there. @throws ConfigError `setting-invalid` */
function readOidcProviders(env: Environment): OidcProvider[] {
  const name = 'TIEZHENG_OIDC_FILE';
  const file = env[name] ?? '';
  if (file === '') return [];
  return readJson(name, file, oidcProvidersSchema).map(({ clientSecretFile, ...provider }) => {
    try {
      return { ...provider, clientSecret: readFileSync(clientSecretFile, 'utf8').trim() };
    } catch (cause) {
      throw new ConfigError('setting-invalid', `${name}: ${file}: ${(cause as Error).message}`, { cause });
    }
  });
}

/** Who may become a user. @throws ConfigError `setting-invalid` */
function readSignUp(env: Environment): 'open' | 'invited' {
  const name = 'TIEZHENG_SIGN_UP';
  const value = env[name] || 'open';
  if (value !== 'open' && value !== 'invited') throw invalid(name, value, '"open" or "invited"');
  return value;
}

function readSeal(file: string, env: Environment): SealSettings {
  const passphrase = env.TIEZHENG_SEAL_PASSPHRASE;
  const certificateFile = env.TIEZHENG_SEAL_CERTIFICATE_FILE;
  if (certificateFile !== undefined) return { kind: 'pem', keyFile: file, certificateFile, passphrase };
  if (passphrase === undefined) {
    throw new ConfigError(
      'setting-missing',
      'TIEZHENG_SEAL_PASSPHRASE (for PKCS#12) or TIEZHENG_SEAL_CERTIFICATE_FILE (for PEM) goes with TIEZHENG_SEAL_FILE',
    );
  }
  return { kind: 'pkcs12', file, passphrase };
}

const DEFAULT_MAX_FEE_GWEI = 200;
/** An anchor takes below 100,000 on Ethereum, and several times that where gas also pays for another chain's data. */
export const DEFAULT_MAX_GAS_PER_ANCHOR = 1_000_000;

const rpcUrl = z.url({ protocol: /^https?$/ });

const chainSchema = z
  .strictObject({
    rpcUrl: rpcUrl.optional(),
    rpcUrls: z.array(rpcUrl).min(1).max(8).optional(),
    rpcAgreement: z.number().int().min(1).max(8).nullable().default(null),
    contract: address,
    anchorerKeyFile: z.string().min(1),
    anchorIntervalSeconds: z.number().int().min(1).max(86_400).default(600),
    maxFeePerGasGwei: z.number().positive().max(1_000_000).default(DEFAULT_MAX_FEE_GWEI),
    maxGasPerAnchor: z.number().int().min(50_000).max(100_000_000).default(DEFAULT_MAX_GAS_PER_ANCHOR),
    dailyBudgetGwei: z.number().positive().max(1e15).nullable().default(null),
    profile: z.unknown(),
  })
  .refine((chain) => (chain.rpcUrl === undefined) !== (chain.rpcUrls === undefined), {
    path: ['rpcUrls'],
    message: 'expected "rpcUrls", or "rpcUrl" for one node',
  })
  .refine(({ rpcUrls = [] }) => new Set(rpcUrls).size === rpcUrls.length, {
    path: ['rpcUrls'],
    message: 'the same node is listed twice',
  })
  .refine((chain) => (chain.rpcAgreement ?? 1) <= (chain.rpcUrls?.length ?? 1), {
    path: ['rpcAgreement'],
    message: 'more nodes must agree than there are',
  });

const chainsSchema = z.array(chainSchema).min(1).max(16);

function readChains(file: string): ChainSettings[] {
  const name = 'TIEZHENG_CHAINS_FILE';
  const chains = readJson(name, file, chainsSchema).map((chain): ChainSettings => {
    const { rpcUrl, rpcUrls, rpcAgreement, contract, anchorerKeyFile } = chain;
    try {
      return {
        rpcUrls: rpcUrls ?? [rpcUrl as string],
        rpcAgreement,
        contract,
        anchorerKeyFile,
        profile: parseChainProfile(chain.profile),
        anchorIntervalMs: 1000 * chain.anchorIntervalSeconds,
        maxFeePerGas: BigInt(Math.round(chain.maxFeePerGasGwei * 1e9)),
        maxGasPerAnchor: BigInt(chain.maxGasPerAnchor),
        dailyBudget: chain.dailyBudgetGwei === null ? null : BigInt(Math.round(chain.dailyBudgetGwei)) * 10n ** 9n,
      };
    } catch (cause) {
      throw new ConfigError('setting-invalid', `${name} (${file}): ${(cause as Error).message}`, { cause });
    }
  });
  const names = chains.map(({ profile }) => profile.chain);
  const doubled = names.find((chain, i) => names.indexOf(chain) !== i);
  // Two workers with one purse would take each other's nonces.
  if (doubled !== undefined) throw new ConfigError('setting-invalid', `${name} (${file}): ${doubled} is listed twice`);
  return chains;
}

const AUTHORITIES = 'TIEZHENG_AUTHORITIES_FILE';

const authoritySchema = z.strictObject({
  name: text(200),
  operator: text(200),
  url: z.url({ protocol: /^https?$/ }).max(500),
  /** PEM file: one root or more, and whatever certificates its tokens do not bring along. */
  roots: z.string().min(1),
  policy: z
    .string()
    .regex(/^[0-2](?:\.[0-9]{1,15}){1,30}$/, 'expected an object identifier such as 1.2.3.4.1')
    .optional(),
  independent: z.boolean(),
  hash: z.enum(['sha256', 'sha384', 'sha512']).default('sha256'),
  timeoutSeconds: z.number().int().min(1).max(120).default(10),
  maxAccuracySeconds: z.number().positive().max(3600).optional(),
});

/** None if the setting is not there. @throws ConfigError `setting-invalid` */
function readAuthorities(env: Environment): AuthoritySettings[] {
  const file = env[AUTHORITIES] ?? '';
  if (file === '') return [];
  const read = readJson(AUTHORITIES, file, z.array(authoritySchema).min(1).max(16));
  const twice = read.find(({ url }, i) => read.findIndex((other) => other.url === url) < i);
  if (twice !== undefined)
    throw new ConfigError('setting-invalid', `${AUTHORITIES}: ${file}: ${twice.url} stands twice`);
  return read.map(({ roots, timeoutSeconds, maxAccuracySeconds, policy, ...authority }) => ({
    ...authority,
    policy,
    certificates: readCertificates(AUTHORITIES, roots),
    timeoutMs: 1000 * timeoutSeconds,
    maxAccuracyMs: maxAccuracySeconds === undefined ? undefined : Math.ceil(1000 * maxAccuracySeconds),
  }));
}

/** DER of every certificate in a PEM file. */
function readCertificates(name: string, file: string): Uint8Array[] {
  try {
    const pem = readFileSync(file, 'utf8');
    const blocks = pem.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? [];
    if (blocks.length === 0) throw new Error('no certificate in PEM');
    return blocks.map((block) => new Uint8Array(new X509Certificate(block).raw));
  } catch (cause) {
    throw new ConfigError('setting-invalid', `${name}: ${file}: ${(cause as Error).message}`, { cause });
  }
}

function readWitnesses(env: Environment): WitnessSettings | null {
  const name = 'TIEZHENG_WITNESSES_FILE';
  const file = env[name] ?? '';
  return file === '' ? null : readJson(name, file, witnessSettingsSchema);
}

/** As `.ots` files may name it: letters, digits and ._/:- alone. */
const calendarUrl = z
  .string()
  .max(1000)
  .regex(/^https?:\/\/[A-Za-z0-9.-]+(?::[0-9]{1,5})?(?:\/[A-Za-z0-9._/-]*)?$/, 'expected an address without ? and #')
  .transform((url) => url.replace(/\/+$/, ''));

const calendarsSchema = z.strictObject({
  urls: z
    .array(calendarUrl)
    .min(1)
    .max(16)
    .refine((urls) => new Set(urls).size === urls.length, 'the same calendar is listed twice'),
  alsoNames: z.array(calendarUrl).max(64).default([]),
  timeoutMs: z.number().int().min(100).max(120_000).default(20_000),
  intervalSeconds: z.number().int().min(1).max(86_400).default(600),
  bitcoinHeadersFile: z.string().min(1).nullable().default(null),
});

/** OpenTimestamps calendars, asked of both profiles; null if the setting is not there. @throws ConfigError `setting-invalid` */
function readCalendars(env: Environment): CalendarSettings | null {
  const name = 'TIEZHENG_CALENDARS_FILE';
  const file = env[name] ?? '';
  if (file === '') return null;
  const { intervalSeconds, ...settings } = readJson(name, file, calendarsSchema);
  return { ...settings, intervalMs: 1000 * intervalSeconds };
}

const PRIVATE_WEBHOOKS = 'TIEZHENG_PRIVATE_WEBHOOKS';

/** Null if the setting is not there. @throws ConfigError `setting-invalid`, without the password */
function readMail(env: Environment): MailSettings | null {
  const address = env.TIEZHENG_MAIL ?? '';
  if (address === '') return null;
  const mail = parseMailSettings(address, env.TIEZHENG_MAIL_FROM ?? '');
  if (mail !== undefined) return mail;
  throw new ConfigError(
    'setting-invalid',
    'TIEZHENG_MAIL is smtps://user:password@host, smtp://user:password@host or file:/folder, and TIEZHENG_MAIL_FROM an address such as evidence@example.org',
  );
}

/** The defaults if the setting is not there. @throws ConfigError `setting-invalid` */
export function readRenewal(env: Environment): RenewalSettings {
  const name = 'TIEZHENG_RENEWAL_FILE';
  const file = env[name] ?? '';
  return file === '' ? DEFAULT_RENEWAL_SETTINGS : readJson(name, file, renewalSettingsSchema);
}

function readPlace(name: string, value: string, env: Environment): FolderSettings | BucketSettings {
  if (value.startsWith('file:/')) return { kind: 'files', folder: value.slice('file:'.length) };
  const match = /^s3:\/\/([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])(?:\/(.*))?$/.exec(value);
  if (match === null) throw invalid(name, value, 'file:/absolute/folder or s3://bucket/prefix');
  const prefix = match[2] ?? '';
  return {
    kind: 's3',
    bucket: match[1] as string,
    prefix: prefix === '' || prefix.endsWith('/') ? prefix : `${prefix}/`,
    endpoint: env.TIEZHENG_S3_ENDPOINT,
    region: env.TIEZHENG_S3_REGION ?? 'us-east-1',
  };
}

function readUrl(name: string, value: string): string {
  if (!URL.canParse(value) || !/^https?:$/.test(new URL(value).protocol))
    throw invalid(name, value, 'an http(s) address');
  return value.replace(/\/+$/, '');
}

function readInteger(env: Environment, name: string, otherwise: number, least: number, most: number): number {
  const value = env[name];
  if (value === undefined || value === '') return otherwise;
  const number = Number(value);
  if (!/^[0-9]+$/.test(value) || number < least || number > most) {
    throw invalid(name, value, `a whole number from ${least} to ${most}`);
  }
  return number;
}

function readJson<T>(name: string, file: string, schema: z.ZodType<T>): T {
  let value: unknown;
  try {
    value = JSON.parse(readFileSync(file, 'utf8'));
  } catch (cause) {
    throw new ConfigError('setting-invalid', `${name}: ${file}: ${(cause as Error).message}`, { cause });
  }
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const issue = result.error.issues[0];
  throw new ConfigError('setting-invalid', `${name}: ${file}: ${issue?.path.join('.')}: ${issue?.message}`);
}

function invalid(name: string, value: string, expected: string): ConfigError {
  return new ConfigError('setting-invalid', `${name} is ${JSON.stringify(value.slice(0, 200))}, expected ${expected}`);
}
