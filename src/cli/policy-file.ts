import { certificatesIn } from '../format/pem.ts';
import { MAX_SIGNED_POLICY_BYTES } from '../format/signed-policy.ts';
import { isExpired, type OpenedPolicy, openPolicy } from '../verify/signed-policy.ts';
import { readSmallFile } from './local-files.ts';

const MAX_SIGNER_BYTES = 1024 * 1024;

/**
 * Reads the policy that a command was given, with the seal checked if it is signed. An expired one is still used, since a report knows
 * no clock, and the reader is told.
 * @param signer file with the X.509 certificate of the signer, PEM or DER
 * @throws CliError `file-unreadable`; FormatError, PolicyError as `openPolicy`
 */
export async function readPolicyFile(path: string, signer: string | undefined): Promise<OpenedPolicy> {
  const opened = await openPolicy(await readSmallFile(path, MAX_SIGNED_POLICY_BYTES), await readSigners(signer));
  const { signed } = opened;
  if (signed !== undefined && isExpired(signed, Date.now())) {
    console.error(`tiezheng: ${path} expired at ${signed.expiresAt}; fetch a newer one 该策略已过期，请获取新版本`);
  }
  return opened;
}

/** @throws CliError `file-unreadable`; FormatError `not-a-certificate` */
export async function readSigners(path: string | undefined): Promise<Uint8Array[]> {
  return path === undefined ? [] : certificatesIn(await readSmallFile(path, MAX_SIGNER_BYTES));
}
