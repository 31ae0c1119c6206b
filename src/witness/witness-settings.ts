import * as z from 'zod';
import { encodeHex } from '../format/bytes.ts';
import { parseCosignatureKey } from '../format/cosignature.ts';
import { vkeySchema } from '../format/log.ts';

/** Anybody on the way could halt the log in a witness's name, so a way that anybody can be on is not taken. */
const LOOPBACK = /^(?:localhost|127(?:\.[0-9]{1,3}){3}|\[::1\])$/;

/** Whom our log asks before it publishes, and how many of them it needs. */
export const witnessSettingsSchema = z
  .strictObject({
    witnesses: z
      .array(
        z.strictObject({
          /** `name+hash+base64` of an Ed25519 cosignature key. */
          vkey: vkeySchema.superRefine((vkey, context) => {
            try {
              parseCosignatureKey(vkey);
            } catch (error) {
              context.addIssue({ code: 'custom', message: (error as Error).message });
            }
          }),
          /** Submission prefix: `/add-checkpoint` is added. */
          url: z
            .url({ protocol: /^https?$/ })
            .refine(
              (url) => new URL(url).protocol === 'https:' || LOOPBACK.test(new URL(url).hostname),
              'expected https, or http on this machine: whoever can change an answer can halt the log',
            ),
          /** Who runs it. */
          operator: z.string().min(1).max(200).optional(),
        }),
      )
      .min(1)
      .max(32),
    /** Distinct witnesses that must have cosigned. */
    quorum: z.number().int().min(0).max(32),
    /** `stop`: nothing is published without the quorum. `mark`: it is published, and every reader sees what is missing. */
    withoutQuorum: z.enum(['stop', 'mark']),
    /** How long one witness may take, all its requests together. */
    timeoutMs: z.number().int().min(100).max(60_000).default(5000),
  })
  .superRefine(({ witnesses, quorum }, context) => {
    const keys = new Set<string>();
    for (const { vkey } of witnesses) {
      try {
        keys.add(encodeHex(parseCosignatureKey(vkey).publicKey));
      } catch {
        // Said already, where the key is.
        return;
      }
    }
    if (keys.size < witnesses.length) {
      context.addIssue({ code: 'custom', path: ['witnesses'], message: 'two of them have the same public key' });
    }
    if (quorum > keys.size) {
      context.addIssue({ code: 'custom', path: ['quorum'], message: `${quorum} of ${keys.size} witnesses` });
    }
  });
export type WitnessSettings = z.infer<typeof witnessSettingsSchema>;
