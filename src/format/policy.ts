import * as z from 'zod';
import { base64, checkObject, evmChain, hash0x, hex32 } from './fields.ts';
import { MAX_DEPTH, parseJson } from './json.ts';
import { contractRefSchema, originSchema, vkeySchema } from './log.ts';

/** Whom the reader trusts. Never taken from the thing verified. */
export const policySchema = z.strictObject({
  type: z.literal('tiezheng/policy/v1'),
  evaluation: z.boolean(),
  /** How many independent times must prove the deposit's existence. */
  independentTimesRequired: z.number().int().min(0).max(16),
  logs: z
    .array(
      z.strictObject({
        origin: originSchema,
        keys: z.array(vkeySchema).min(1).max(8),
        /** Leaf hash of the log's first leaf. */
        leaf0: hex32,
        contracts: z.array(contractRefSchema).max(16),
      }),
    )
    .max(64),
  chains: z.array(z.strictObject({ chain: evmChain, independent: z.boolean() })).max(64),
  /** Block hashes that the reader, or the office that wrote the policy, saw confirmed as final. */
  blocks: z.array(z.strictObject({ chain: evmChain, hash: hash0x })).max(100_000),
  /** DER roots of timestamp authorities. */
  authorities: z.array(z.strictObject({ certificate: base64(16384), independent: z.boolean() })).max(64),
  /** DER roots, or pinned signer certificates, of seals. */
  seals: z.array(base64(16384)).max(64),
  witnesses: z.strictObject({ keys: z.array(vkeySchema).max(64), quorum: z.number().int().min(0).max(64) }),
});
export type Policy = z.infer<typeof policySchema>;

export const MAX_POLICY_BYTES = 16 * 1024 * 1024;

/** People write policies by hand, so any JSON spelling is read. @throws FormatError */
export function parsePolicy(bytes: Uint8Array): Policy {
  const value = parseJson(bytes, { maxBytes: MAX_POLICY_BYTES, maxDepth: MAX_DEPTH });
  return checkObject(policySchema, 'tiezheng/policy/v1', value);
}
