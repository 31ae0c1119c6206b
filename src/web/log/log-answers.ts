import * as z from 'zod';

/** What the pages about the log and about the service read of the service's answers. */

const delaySchema = z.object({
  samples: z.number(),
  medianSeconds: z.number().nullable(),
  ninetiethSeconds: z.number().nullable(),
});
const authoritySchema = z.object({
  name: z.string(),
  operator: z.string(),
  independent: z.boolean(),
  trouble: z.string().nullable(),
});
const calendarSchema = z.object({ url: z.string(), trouble: z.string().nullable() });
const treeSchema = z.object({ treeSize: z.number(), since: z.string() });

export const historySchema = z.object({
  asOf: z.string(),
  growth: z.array(z.object({ day: z.string(), treeSize: z.number(), publications: z.number() })),
  receiptToPublication: delaySchema,
  chains: z.array(
    z.object({
      chain: z.string(),
      contract: z.string(),
      trouble: z.string().nullable(),
      newestFinal: treeSchema.nullable(),
      inFlight: treeSchema.extend({ state: z.string() }).nullable(),
      anchors: z.array(z.object({ day: z.string(), anchors: z.number() })),
      costs: z.array(z.object({ day: z.string(), transactions: z.number(), gasUsed: z.string(), costWei: z.string() })),
      publicationToAnchor: delaySchema,
      receiptToAnchor: delaySchema,
    }),
  ),
  witnesses: z.array(z.object({ name: z.string(), cosigned: z.number(), treeSize: z.number(), lastAt: z.string() })),
  authorities: z.array(authoritySchema),
  calendars: z.array(calendarSchema),
  attested: z.object({
    publications: z.number(),
    stampedByOne: z.number(),
    stampedByTwo: z.number(),
    bitcoinComplete: z.number(),
    bitcoinPending: z.number(),
  }),
  incidents: z.array(
    z.object({
      code: z.string(),
      about: z.string().nullable(),
      raisedAt: z.string(),
      clearedAt: z.string().nullable(),
      alarms: z.number(),
    }),
  ),
});
export type History = z.infer<typeof historySchema>;
export type Delay = z.infer<typeof delaySchema>;

const reasonSchema = z.object({ code: z.string(), message: z.string() }).nullable();
const alarmSchema = z.object({
  code: z.string(),
  subject: z.string(),
  detail: z.string(),
  raisedAt: z.string(),
  clearedAt: z.string().nullable(),
});
export type OpenAlarm = z.infer<typeof alarmSchema>;

export const platformSchema = z.object({
  asOf: z.string(),
  version: z.string(),
  profile: z.record(z.string(), z.string().nullable()),
  profileDigest: z.string(),
  readiness: z.array(
    z.object({ name: z.string(), status: z.enum(['ok', 'degraded', 'failed']), reason: z.string().nullable() }),
  ),
  chains: z.array(
    z.object({
      chain: z.string(),
      contract: z.string(),
      state: z.enum(['ok', 'waiting', 'unreachable', 'stopped']),
      reason: reasonSchema,
      headTreeSize: z.number().nullable(),
      lastFinal: treeSchema.nullable(),
      inFlight: treeSchema
        .extend({ state: z.string(), transactions: z.number(), note: z.string().nullable() })
        .nullable(),
      providers: z.array(z.object({ name: z.string(), trouble: reasonSchema })),
    }),
  ),
  witnesses: z.array(
    z.object({
      name: z.string(),
      operator: z.string().nullable(),
      state: z.enum(['not-asked', 'ok', 'trouble', 'inconsistent']),
      reason: reasonSchema,
      cosignedSize: z.number(),
    }),
  ),
  authorities: z.array(authoritySchema),
  calendars: z.array(calendarSchema),
  clocks: z.array(
    z.object({
      source: z.string(),
      server: z.string(),
      measuredAt: z.string(),
      offsetMs: z.number(),
      uncertaintyMs: z.number(),
      withinLimit: z.boolean(),
    }),
  ),
  holdings: z.object({
    originals: z.number(),
    originalBytes: z.number(),
    previews: z.number(),
    previewBytes: z.number(),
    databaseBytes: z.number(),
    waitingLeaves: z.number(),
  }),
  openAlarms: z.array(alarmSchema),
  clearedAlarms: z.array(alarmSchema),
});
export type Platform = z.infer<typeof platformSchema>;
