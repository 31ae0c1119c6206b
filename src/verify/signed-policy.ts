import { CodedError, FormatError } from '../errors.ts';
import { encodeBase64 } from '../format/bytes.ts';
import { typeOf, unixMsOf } from '../format/fields.ts';
import { encodeJson, type JsonValue, MAX_DEPTH, parseJson } from '../format/json.ts';
import type { Policy } from '../format/policy.ts';
import { MAX_SIGNED_POLICY_BYTES, parseSignedPolicy, type SignedPolicy } from '../format/signed-policy.ts';
import { checkSeals } from './seal.ts';
import { openTrust } from './trust.ts';
import { parseX509 } from './x509-chain.ts';

export type PolicyErrorCode =
  /** The policy is signed and the reader named nobody whose signature he takes. */
  | 'policy-signer-missing'
  /** The reader named a signer and the policy carries no seal. */
  | 'policy-not-signed'
  /** A seal of it is broken, or the signer's certificate was not valid when the policy was issued. */
  | 'policy-seal-invalid'
  /** It carries seals, but none of the signer that the reader named. */
  | 'policy-signed-by-another'
  | 'policy-expired'
  /** The policy at hand has a higher serial. */
  | 'policy-older'
  /** Two different policies of one name carry one serial. */
  | 'policy-serial-reused'
  /** The file at hand is another policy, or none that was fetched. */
  | 'policy-of-another-name';

/** Why a policy is not taken. It is never used in part, and no other one in its place. */
export class PolicyError extends CodedError<PolicyErrorCode> {}

/** A policy as the reader hands it over, ready for `openTrust`. */
export interface OpenedPolicy {
  /** JSON of tiezheng/policy/v1: the reader's own bytes, or the canonical bytes of the signed one. */
  policy: Uint8Array;
  /** Undefined if the policy is not signed. */
  signed: SignedPolicy | undefined;
}

/**
 * An unsigned policy is the reader's own and taken as it is. A signed one is taken if a seal of it leads to the signer that the reader
 * names, judged at the time at which it says it was issued. Whether it has expired meanwhile is `isExpired`: verification knows no clock.
 * @param signers DER of the signer's X.509 certificate, or of a root above it; empty if the reader names none
 * @throws FormatError if it is malformed
 * @throws PolicyError `policy-signer-missing`, `policy-not-signed`, `policy-seal-invalid`, `policy-signed-by-another`
 */
export async function openPolicy(bytes: Uint8Array, signers: readonly Uint8Array[]): Promise<OpenedPolicy> {
  const type = typeOf(parseJson(bytes, { maxBytes: MAX_SIGNED_POLICY_BYTES, maxDepth: MAX_DEPTH }));
  if (type !== 'tiezheng/signed-policy/v1') {
    if (signers.length === 0) return { policy: bytes, signed: undefined };
    throw new PolicyError('policy-not-signed', `a signer is named, but the policy is ${type ?? 'JSON'} without a seal`);
  }
  const signed = parseSignedPolicy(bytes);
  if (signers.length === 0) {
    throw new PolicyError(
      'policy-signer-missing',
      `the policy is signed, and calls its issuer ${JSON.stringify(signed.issuer)}: name the certificate of the signer that you trust`,
    );
  }
  await checkSigner(signed, signers);
  return { policy: encodeJson(signed.policy as unknown as JsonValue), signed };
}

async function checkSigner(signed: SignedPolicy, signers: readonly Uint8Array[]): Promise<void> {
  if (signers.some((der) => parseX509(der) === undefined)) {
    throw new FormatError('not-a-certificate', 'a certificate of the named signer cannot be read');
  }
  const pinned: Policy = {
    type: 'tiezheng/policy/v1',
    evaluation: false,
    independentTimesRequired: 0,
    logs: [],
    chains: [],
    blocks: [],
    authorities: [],
    seals: signers.map((der) => encodeBase64(der)),
    witnesses: { keys: [], quorum: 0 },
  };
  const trust = openTrust(encodeJson(pinned as unknown as JsonValue), [], undefined);
  const checks = await checkSeals(signed, signed.issuedAt, trust);
  const broken = checks.find((check) => check.status === 'failed');
  if (broken?.status === 'failed') {
    throw new PolicyError('policy-seal-invalid', `a seal of the policy does not stand: ${broken.reason}`);
  }
  if (checks.some((check) => check.status === 'passed')) return;
  if (signed.seals.length === 0) throw new PolicyError('policy-not-signed', 'the signed policy carries no seal');
  const names = checks.map((check) => check.facts.signer ?? 'an unknown kind of key').join('; ');
  throw new PolicyError('policy-signed-by-another', `signed by ${names}, not by the signer that you named`);
}

/** True from `expiresAt` on. */
export function isExpired(signed: SignedPolicy, atUnixMs: number): boolean {
  return atUnixMs >= unixMsOf(signed.expiresAt);
}

/**
 * May `fetched` take the place of `held`? Equal bytes may.
 * @throws PolicyError `policy-older`, `policy-serial-reused`, `policy-of-another-name`
 */
export function checkSuccession(held: SignedPolicy, fetched: SignedPolicy): void {
  if (held.name !== fetched.name) {
    throw new PolicyError(
      'policy-of-another-name',
      `fetched the policy ${JSON.stringify(fetched.name)}, the file holds ${JSON.stringify(held.name)}`,
    );
  }
  if (fetched.serial < held.serial) {
    throw new PolicyError('policy-older', `fetched serial ${fetched.serial}, the file holds ${held.serial}`);
  }
  if (fetched.serial > held.serial) return;
  const same = (a: SignedPolicy) => JSON.stringify({ ...a, seals: [] });
  if (same(held) !== same(fetched)) {
    throw new PolicyError('policy-serial-reused', `serial ${held.serial} was given to two different policies`);
  }
}
