import { FormatError } from '../errors.ts';
import { encodeHex, sha256 } from '../format/bytes.ts';
import { encodeJson, type JsonValue } from '../format/json.ts';
import { parsePolicy } from '../format/policy.ts';
import { MAX_SIGNED_POLICY_BYTES, type SignedPolicy } from '../format/signed-policy.ts';
import { reviewPolicy } from '../verify/policy-review.ts';
import { checkSuccession, isExpired, openPolicy, PolicyError } from '../verify/signed-policy.ts';
import { openTrust } from '../verify/trust.ts';
import { CliError } from './cli-error.ts';
import { readSmallFile } from './local-files.ts';
import { readPolicyFile, readSigners } from './policy-file.ts';
import { replaceFile } from './replace-file.ts';

interface CheckOptions {
  policySigner?: string;
  json?: boolean;
}

/** Says whom a policy trusts, what it requires, and what to look at again. Warnings do not change the exit code. */
export async function checkPolicyFile(path: string, options: CheckOptions): Promise<void> {
  const { policy: bytes, signed } = await readPolicyFile(path, options.policySigner);
  // As verification opens it, so that a key which stops that is found here.
  const { digest } = openTrust(bytes, [], undefined);
  const review = reviewPolicy(parsePolicy(bytes), Date.now());
  if (options.json) {
    const envelope = signed === undefined ? null : envelopeOf(signed);
    console.log(JSON.stringify({ digest, signed: envelope, ...review }));
    return;
  }
  const both = ({ zh, en }: { zh: string; en: string }) => printable(`  ${zh.trim()}  ${en.trim()}`);
  console.log(
    [
      `SHA-256 ${digest}`,
      ...(signed === undefined ? [] : signedLines(signed)),
      '',
      '== 信任谁  Whom it trusts',
      ...review.trusts.map(both),
      '',
      '== 要求什么  What it requires',
      ...review.requires.map(both),
      '',
      '== 请注意  Warnings',
      ...(review.warnings.length === 0
        ? ['  无  none']
        : review.warnings.map(({ code, words }) => `  ! ${code}:${both(words)}`)),
    ].join('\n'),
  );
}

function envelopeOf({ issuer, name, serial, issuedAt, expiresAt }: SignedPolicy) {
  return { issuer, name, serial, issuedAt, expiresAt };
}

function signedLines(signed: SignedPolicy): string[] {
  return [
    printable(`签发者 issuer     ${signed.issuer}`),
    printable(`名称 name         ${signed.name}`),
    `序号 serial       ${signed.serial}`,
    `签发 issued       ${signed.issuedAt}`,
    `有效至 expires    ${signed.expiresAt}`,
  ];
}

/** Names in certificates are other people's text. */
function printable(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\u2028\u2029]/gu, (c) => `\\u{${(c.codePointAt(0) as number).toString(16)}}`);
}

interface FetchOptions {
  signer: string;
  out: string;
  json?: boolean;
}

const FETCH_TIMEOUT_MS = 30_000;

/**
 * Fetches an office's signed policy and puts it in `--out`, whole or not at all: only if the named signer sealed it, it has not expired,
 * and the file there is not a newer one, nor anything but an earlier version of the same.
 */
export async function fetchPolicy(url: string, options: FetchOptions): Promise<void> {
  const signers = await readSigners(options.signer);
  const { signed } = await openPolicy(await download(url), signers);
  // With a signer named, `openPolicy` returns none that is not signed.
  if (signed === undefined) throw new PolicyError('policy-not-signed', `${url}: the policy is not signed`);
  if (isExpired(signed, Date.now())) {
    throw new PolicyError('policy-expired', `${url}: serial ${signed.serial} expired at ${signed.expiresAt}`);
  }
  const held = await readHeld(options.out, signers);
  if (held !== undefined) checkSuccession(held, signed);
  const bytes = encodeJson(signed as unknown as JsonValue);
  await replaceFile(options.out, bytes);
  const result = { ...envelopeOf(signed), sha256: encodeHex(sha256(bytes)), replaced: held?.serial ?? null };
  if (options.json) console.log(JSON.stringify(result));
  else console.log([...signedLines(signed), `SHA-256 ${result.sha256}`, options.out].join('\n'));
}

/** @throws CliError `option-invalid`, `service-unreachable`, `service-refused`; FormatError `too-large` */
async function download(url: string): Promise<Uint8Array> {
  if (!isSafeToFetch(url)) {
    throw new CliError('option-invalid', `${url}: expected https, or http on this machine (127.0.0.1, ::1, localhost)`);
  }
  let response: Response;
  try {
    // A redirect could lead anywhere; the office can give out the address that it means.
    response = await fetch(url, { redirect: 'error', signal: AbortSignal.timeout(FETCH_TIMEOUT_MS) });
  } catch (cause) {
    const why = (cause as { cause?: Error }).cause?.message ?? (cause as Error).message;
    throw new CliError('service-unreachable', `${url}: ${why}`, { cause });
  }
  if (!response.ok) throw new CliError('service-refused', `${url}: HTTP ${response.status}`);
  const parts: Uint8Array[] = [];
  let length = 0;
  try {
    for await (const part of response.body ?? []) {
      length += part.length;
      if (length > MAX_SIGNED_POLICY_BYTES) {
        throw new FormatError('too-large', `${url}: more than ${MAX_SIGNED_POLICY_BYTES} bytes`);
      }
      parts.push(part);
    }
  } catch (cause) {
    if (cause instanceof FormatError) throw cause;
    throw new CliError('service-unreachable', `${url}: ${(cause as Error).message}`, { cause });
  }
  return new Uint8Array(Buffer.concat(parts));
}

function isSafeToFetch(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const url = new URL(text);
  if (url.protocol === 'https:') return true;
  return url.protocol === 'http:' && /^(?:127(?:\.\d{1,3}){3}|\[::1\]|localhost)$/.test(url.hostname);
}

/** What `--out` holds: undefined if nothing. Anything but an earlier fetch from the same signer is not overwritten. */
async function readHeld(path: string, signers: readonly Uint8Array[]): Promise<SignedPolicy | undefined> {
  let bytes: Uint8Array;
  try {
    bytes = await readSmallFile(path, MAX_SIGNED_POLICY_BYTES);
  } catch (error) {
    const missing = ((error as Error).cause as NodeJS.ErrnoException | undefined)?.code === 'ENOENT';
    if (missing) return undefined;
    throw error;
  }
  try {
    return (await openPolicy(bytes, signers)).signed;
  } catch (cause) {
    throw new PolicyError(
      'policy-of-another-name',
      `${path} holds something else than a policy of this signer and is not overwritten: ${(cause as Error).message}`,
      { cause },
    );
  }
}
