import * as z from 'zod';
import { hex32, parseObject, proofPath, treePosition, utcTime } from './fields.ts';
import { vkeySchema } from './log.ts';
import { MAX_NOTE_BYTES } from './note.ts';

const type = z.literal('tiezheng/log-event/v1');

/** From the checkpoint that first covers this leaf on, the log signs with `newKey`; that one checkpoint both keys sign. */
export const keyRotationSchema = z.strictObject({
  type,
  event: z.literal('key-rotation'),
  newKey: vkeySchema,
  /** Operator's clock when the rotation was ordered. */
  effectiveFrom: utcTime,
  salt: hex32,
});
export type KeyRotation = z.infer<typeof keyRotationSchema>;

/** Nothing happened: a leaf that makes an idle log sign a fresh checkpoint. */
export const heartbeatSchema = z.strictObject({
  type,
  event: z.literal('heartbeat'),
  /** Operator's clock. */
  at: utcTime,
  salt: hex32,
});

/** What happens to the log itself. */
export const logEventSchema = z.discriminatedUnion('event', [keyRotationSchema, heartbeatSchema]);
export type LogEvent = z.infer<typeof logEventSchema>;

/** @throws FormatError */
export function parseLogEvent(bytes: Uint8Array): LogEvent {
  return parseObject(logEventSchema, 'tiezheng/log-event/v1', bytes, 4096);
}

/** A rotation with its proof: whoever trusts the key before it need not be told of the new one. */
export const provedRotationSchema = z.strictObject({
  record: keyRotationSchema,
  leafIndex: treePosition,
  inclusionProof: proofPath,
  /** Signed by both keys; exact. */
  checkpoint: z.string().max(MAX_NOTE_BYTES),
});
export type ProvedRotation = z.infer<typeof provedRotationSchema>;

/** In the order of the leaves. Each rotation is signed by the key of the one before. */
export const provedRotationsSchema = z.array(provedRotationSchema).min(1).max(16);
