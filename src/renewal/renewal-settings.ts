import * as z from 'zod';
import { utcTime } from '../format/fields.ts';

const end = utcTime.nullable().default(null);

/** When what the archive rests on is renewed, and how much of that happens by itself. */
export const renewalSettingsSchema = z
  .strictObject({
    /** How long before an end renewal is due. */
    monthsBefore: z.number().int().min(1).max(120).default(12),
    /** Last instants of digest algorithms; null: none known. */
    digests: z.strictObject({ sha256: end, sha384: end, sha512: end }).prefault({}),
    /** Last instants of kinds of keys, such as `P-256` or `RSA 2048`, where they are known better than to this version. */
    keys: z.record(z.string().max(40), utcTime).default({}),
    /** Digest that a hash-tree renewal goes over to. */
    newDigest: z.enum(['sha384', 'sha512']).default('sha512'),
    /** What the running service does when it is due; `nothing` only raises the alarm. */
    automatic: z.enum(['nothing', 'timestamp-renewal']).default('nothing'),
    /** How long files wait for the tree that they share a timestamp with. */
    archiveMinutes: z.number().int().min(1).max(1440).default(60),
  })
  .prefault({});
export type RenewalSettings = z.infer<typeof renewalSettingsSchema>;

/** Without a settings file. */
export const DEFAULT_RENEWAL_SETTINGS: RenewalSettings = renewalSettingsSchema.parse({});
