import * as z from 'zod';
import { FormatError } from '../errors.ts';
import { base64, evmChain, hash0x, hex32, text, typeOf } from './fields.ts';
import { type JsonValue, MAX_DEPTH, parseJson } from './json.ts';
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
  /** Whether the operator must say, no more than a day ago, that the certificate is valid; not unless true. */
  statusRequired: z.boolean().optional(),
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

/** What each field takes, for whoever wrote a wrong one. `*` stands for a place in a list. */
export const POLICY_FIELDS: Readonly<Record<string, string>> = {
  type: '"tiezheng/policy/v1"',
  evaluation: 'true or false',
  independentTimesRequired: 'an integer from 0 to 16',
  anchorsRequired: 'an integer from 0 to 16, or left out',
  tokensRequired: 'an integer from 0 to 16, or left out',
  statusRequired: 'true or false, or left out',
  logs: 'a list of at most 64 { origin, keys, leaf0, contracts }',
  'logs.*': '{ origin, keys, leaf0, contracts }',
  'logs.*.origin': 'the name of a log such as "log.example.org/2026", lower case, without https://',
  'logs.*.keys': 'a list of 1 to 8 keys',
  'logs.*.keys.*': 'a key written name+hash+base64, as the log publishes it',
  'logs.*.leaf0': '64 lower-case hex digits without 0x',
  'logs.*.contracts': 'a list of at most 16 { chain, address }',
  'logs.*.contracts.*': '{ chain, address }',
  'logs.*.contracts.*.chain': 'eip155: and the chain id, such as "eip155:1"',
  'logs.*.contracts.*.address': '0x and 40 lower-case hex digits',
  chains: 'a list of at most 64 { chain, independent, operator }',
  'chains.*': '{ chain, independent } and, if wanted, operator',
  'chains.*.chain': 'eip155: and the chain id, such as "eip155:1"',
  'chains.*.independent': 'true or false',
  'chains.*.operator': 'a name of 1 to 200 characters, or left out',
  blocks: 'a list of at most 100000 { chain, hash }',
  'blocks.*': '{ chain, hash }',
  'blocks.*.chain': 'eip155: and the chain id, such as "eip155:1"',
  'blocks.*.hash': '0x and 64 lower-case hex digits',
  authorities: 'a list of at most 64 { certificate, independent, operator }',
  'authorities.*': '{ certificate, independent } and, if wanted, operator',
  'authorities.*.certificate': 'base64 of a DER certificate: the lines of the PEM between BEGIN and END, joined',
  'authorities.*.independent': 'true or false',
  'authorities.*.operator': 'a name of 1 to 200 characters, or left out',
  seals: 'a list of at most 64 certificates',
  'seals.*': 'base64 of a DER certificate: the lines of the PEM between BEGIN and END, joined',
  witnesses: '{ keys, quorum }',
  'witnesses.keys': 'a list of at most 64 keys',
  'witnesses.keys.*': 'a key written name+hash+base64, as the witness publishes it',
  'witnesses.quorum': 'an integer from 0 to 64',
  bitcoin: '{ independent, headers }, or left out',
  'bitcoin.independent': 'true or false',
  'bitcoin.headers': 'a list of at most 20000 { height, header }',
  'bitcoin.headers.*': '{ height, header }',
  'bitcoin.headers.*.height': 'an integer from 0 to 100000000',
  'bitcoin.headers.*.header': '160 lower-case hex digits: the 80 bytes as Bitcoin serialises them',
};

/** More wrong fields than anybody mends at once. */
const MAX_ISSUES = 5;

/**
 * People write policies by hand, so any JSON spelling is read.
 * @throws FormatError `invalid-field` naming each of the first five wrong fields and what it takes; else as `parseJson`
 */
export function parsePolicy(bytes: Uint8Array): Policy {
  return checkPolicy(parseJson(bytes, { maxBytes: MAX_POLICY_BYTES, maxDepth: MAX_DEPTH }));
}

/** As `parsePolicy`, for a value that is already parsed. @throws FormatError `unknown-type`, `invalid-field` */
export function checkPolicy(value: JsonValue): Policy {
  const type = typeOf(value);
  if (type !== 'tiezheng/policy/v1') {
    throw new FormatError('unknown-type', `expected type tiezheng/policy/v1, got ${JSON.stringify(type)}`);
  }
  const result = policySchema.safeParse(value);
  if (result.success) return result.data;
  const wrong = result.error.issues.map((issue) => describeIssue(issue, value));
  const more = wrong.length > MAX_ISSUES ? `; and ${wrong.length - MAX_ISSUES} more` : '';
  throw new FormatError('invalid-field', wrong.slice(0, MAX_ISSUES).join('; ') + more);
}

function describeIssue(issue: z.core.$ZodIssue, value: JsonValue): string {
  const pattern = issue.path.map((step) => (typeof step === 'number' ? '*' : String(step))).join('.');
  const place = issue.path
    .map((step, i) => (typeof step === 'number' ? `[${step}]` : `${i > 0 ? '.' : ''}${String(step)}`))
    .join('');
  if (issue.code === 'unrecognized_keys') {
    const below = pattern === '' ? '' : `${pattern}.`;
    const allowed = Object.keys(POLICY_FIELDS)
      .filter((field) => field.startsWith(below))
      .map((field) => field.slice(below.length))
      .filter((field) => !/[.*]/.test(field));
    const unknown = issue.keys.map((key) => JSON.stringify(key.slice(0, 80))).join(', ');
    return `${place === '' ? '(top)' : place}: no field ${unknown}; allowed: ${allowed.join(', ')}`;
  }
  const found = issue.path.reduce<unknown>(
    (at, step) => (at as Record<PropertyKey, unknown> | undefined)?.[step],
    value,
  );
  const got = found === undefined ? 'it is missing' : `got ${shortened(found as JsonValue)}`;
  return `${place === '' ? '(top)' : place}: expected ${POLICY_FIELDS[pattern] ?? issue.message}; ${got}`;
}

function shortened(value: JsonValue): string {
  if (Array.isArray(value)) return `a list of ${value.length}`;
  if (typeof value === 'object' && value !== null) return 'an object';
  const text = JSON.stringify(value);
  return text.length <= 80 ? text : `${text.slice(0, 77)}…"`;
}
