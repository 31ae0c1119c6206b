import * as z from 'zod';
import { FormatError } from '../errors.ts';
import { count, parseObject, text, unixMsOf, utcTime } from './fields.ts';
import { MAX_POLICY_BYTES, policySchema } from './policy.ts';
import { sealsSchema } from './seal.ts';

/**
 * A policy that an office gives out for others to use. Only its seal is trusted, and only by a reader who names the signer: what the
 * envelope says of itself then orders one office's policies by age.
 */
export const signedPolicySchema = z.strictObject({
  type: z.literal('tiezheng/signed-policy/v1'),
  /** The office in its own words. */
  issuer: text(200),
  /** Which of the office's policies this is; serials of different names are not compared. */
  name: text(100),
  /** Grows with every change. Seconds since 1970 at signing serve well. */
  serial: count,
  issuedAt: utcTime,
  /** From then on a newer one is to be fetched. */
  expiresAt: utcTime,
  policy: policySchema,
  seals: sealsSchema,
});
export type SignedPolicy = z.infer<typeof signedPolicySchema>;

/** The policy and room for the seals. */
export const MAX_SIGNED_POLICY_BYTES = MAX_POLICY_BYTES + 1024 * 1024;

/** @throws FormatError; `invalid-field` also if it expires before it is issued */
export function parseSignedPolicy(bytes: Uint8Array): SignedPolicy {
  const signed = parseObject(signedPolicySchema, 'tiezheng/signed-policy/v1', bytes, MAX_SIGNED_POLICY_BYTES);
  if (unixMsOf(signed.expiresAt) <= unixMsOf(signed.issuedAt)) {
    throw new FormatError('invalid-field', `expiresAt: ${signed.expiresAt} is not after issuedAt ${signed.issuedAt}`);
  }
  return signed;
}
