import * as z from 'zod';
import { base64, checkObject, evmChain, hash0x, hex32, text } from './fields.ts';
import { MAX_DEPTH, parseJson } from './json.ts';
import { contractRefSchema, originSchema, vkeySchema } from './log.ts';

/**
 * Who stands behind a proof of time. Two times of one operator count as one; a source without this name counts by itself.
 */
const operator = text(200).optional();

/** 80 bytes, as Bitcoin serialises them. */
const bitcoinHeader = z.string().regex(/^[0-9a-f]{160}$/, 'expected 160 lower-case hex digits');

/** Whom the reader trusts. Never taken from the thing verified. */
export const policySchema = z.strictObject({
  type: z.literal('tiezheng/policy/v1'),
  evaluation: z.boolean(),
  /** How many operators' independent times must prove the deposit's existence. */
  independentTimesRequired: z.number().int().min(0).max(16),
  /** How many chains of different operators must hold an anchor; at least one if `logs` names a contract for the log. */
  anchorsRequired: z.number().int().min(0).max(16).optional(),
  /** How many timestamp tokens of different operators must stand, independent or not. Without it none. */
  tokensRequired: z.number().int().min(0).max(16).optional(),
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
  chains: z.array(z.strictObject({ chain: evmChain, independent: z.boolean(), operator })).max(64),
  /** Block hashes that the reader, or the office that wrote the policy, saw confirmed as final. */
  blocks: z.array(z.strictObject({ chain: evmChain, hash: hash0x })).max(100_000),
  /** DER roots of timestamp authorities. */
  authorities: z.array(z.strictObject({ certificate: base64(16384), independent: z.boolean(), operator })).max(64),
  /** DER roots, or pinned signer certificates, of seals. */
  seals: z.array(base64(16384)).max(64),
  witnesses: z.strictObject({ keys: z.array(vkeySchema).max(64), quorum: z.number().int().min(0).max(64) }),
  /** Bitcoin blocks that the reader, or the office that wrote the policy, saw confirmed. */
  bitcoin: z
    .strictObject({
      independent: z.boolean(),
      headers: z
        .array(z.strictObject({ height: z.number().int().min(0).max(100_000_000), header: bitcoinHeader }))
        .max(20_000),
    })
    .optional(),
});
export type Policy = z.infer<typeof policySchema>;

export const MAX_POLICY_BYTES = 16 * 1024 * 1024;

/** People write policies by hand, so any JSON spelling is read. @throws FormatError */
export function parsePolicy(bytes: Uint8Array): Policy {
  const value = parseJson(bytes, { maxBytes: MAX_POLICY_BYTES, maxDepth: MAX_DEPTH });
  return checkObject(policySchema, 'tiezheng/policy/v1', value);
}
