import * as z from 'zod';
import { address, evmChain, hex32, parseObject, treePosition } from './fields.ts';

/** Schema-less URL without spaces or `+`, as c2sp.org/signed-note asks of key names. */
export const originSchema = z
  .string()
  .min(1)
  .max(200)
  .regex(/^[a-z0-9][a-z0-9._~/-]*$/, 'expected a log origin such as log.example.org/2026');

/** `name+hash+base64`. Whether hash and key fit is judged where it is used. */
export const vkeySchema = z
  .string()
  .max(400)
  .regex(/^[^\s+]+\+[0-9a-f]{8}\+[A-Za-z0-9+/=]+$/, 'expected name+hash+base64');

export const contractRefSchema = z.strictObject({ chain: evmChain, address });
export type ContractRef = z.infer<typeof contractRefSchema>;

/** The log that another one succeeds, up to the last tree that counts. */
export const predecessorSchema = z.strictObject({
  origin: originSchema,
  treeSize: treePosition,
  rootHash: hex32,
  contract: contractRefSchema.nullable(),
});

/** Leaf 0 of every log: ties its name, keys and contracts together. */
export const logRecordSchema = z.strictObject({
  type: z.literal('tiezheng/log/v1'),
  origin: originSchema,
  keys: z.array(vkeySchema).min(1).max(8),
  contracts: z.array(contractRefSchema).max(16),
  predecessor: predecessorSchema.nullable(),
  salt: hex32,
});
export type LogRecord = z.infer<typeof logRecordSchema>;

/** @throws FormatError */
export function parseLogRecord(bytes: Uint8Array): LogRecord {
  return parseObject(logRecordSchema, 'tiezheng/log/v1', bytes, 16384);
}
