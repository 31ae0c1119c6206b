import { createHash, X509Certificate } from 'node:crypto';
import { Sealer } from '../certificate/sealer.ts';
import { sealingKeyFromPem } from '../certificate/sealing-key.ts';
import { unixMsOf, utcTimeOf } from '../format/fields.ts';
import { encodeJson, type JsonValue } from '../format/json.ts';
import { MAX_POLICY_BYTES, parsePolicy } from '../format/policy.ts';
import { parseSignedPolicy, type SignedPolicy } from '../format/signed-policy.ts';
import { openTrust } from '../verify/trust.ts';
import { CliError } from './cli-error.ts';
import { readSmallFile } from './local-files.ts';
import { replaceFile } from './replace-file.ts';

interface SignOptions {
  key: string;
  certificate: string;
  issuer?: string;
  name: string;
  serial?: string;
  expires?: string;
  out?: string;
  json?: boolean;
}

const MAX_PEM_BYTES = 1024 * 1024;
const YEAR_MS = 366 * 24 * 3600_000;

/** Seals a policy for others to use. The passphrase of the key, if it has one, is read from TIEZHENG_KEY_PASSPHRASE. */
export async function signPolicy(path: string, options: SignOptions): Promise<void> {
  const bytes = await readSmallFile(path, MAX_POLICY_BYTES);
  // A policy that no reader could open is not signed.
  openTrust(bytes, [], undefined);
  const policy = parsePolicy(bytes);
  const pem = async (file: string) => Buffer.from(await readSmallFile(file, MAX_PEM_BYTES)).toString('latin1');
  const key = sealingKeyFromPem(
    await pem(options.key),
    await pem(options.certificate),
    process.env.TIEZHENG_KEY_PASSPHRASE,
  );
  const now = Date.now();
  const draft: SignedPolicy = {
    type: 'tiezheng/signed-policy/v1',
    issuer: options.issuer ?? commonNameOf(key.certificateChain[0] as Uint8Array),
    name: options.name,
    serial: options.serial === undefined ? Math.floor(now / 1000) : serialOf(options.serial),
    issuedAt: utcTimeOf(now),
    expiresAt: options.expires === undefined ? utcTimeOf(now + YEAR_MS) : timeOf(options.expires),
    policy,
    seals: [],
  };
  const signed = encodeJson((await new Sealer(key).seal(draft)) as unknown as JsonValue);
  parseSignedPolicy(signed);
  const out = options.out ?? path.replace(/(?:\.json)?$/, '.signed.json');
  await replaceFile(out, signed);
  const { issuer, name, serial, issuedAt, expiresAt } = draft;
  const sha256 = createHash('sha256').update(signed).digest('hex');
  if (options.json) console.log(JSON.stringify({ out, issuer, name, serial, issuedAt, expiresAt, sha256 }));
  else console.log(`${out}\n${issuer}, ${name}, serial ${serial}, until ${expiresAt}\nSHA-256 ${sha256}`);
}

function serialOf(text: string): number {
  const serial = Number(text);
  if (/^\d{1,16}$/.test(text) && Number.isSafeInteger(serial)) return serial;
  throw new CliError('option-invalid', `--serial ${text}: expected an integer from 0 to 2^53-1`);
}

/** A date stands for its first moment in UTC. */
function timeOf(text: string): string {
  const time = /^\d{4}-\d\d-\d\d$/.test(text) ? `${text}T00:00:00.000Z` : text;
  const unixMs = unixMsOf(time);
  if (!Number.isNaN(unixMs) && utcTimeOf(unixMs) === time) return time;
  throw new CliError('option-invalid', `--expires ${text}: expected 2027-01-31 or 2027-01-31T00:00:00.000Z`);
}

function commonNameOf(der: Uint8Array): string {
  const { subject } = new X509Certificate(der);
  return /^CN=(.+)$/m.exec(subject)?.[1] ?? subject.replaceAll('\n', ', ');
}
