import * as z from 'zod';

/** What the page reads of the service's comparison; other members are passed over. */

const sideSchema = z.object({
  depositId: z.string(),
  fileIndex: z.number(),
  /** `none`: no picture can be shown of it, as it is no image or is not held. */
  picture: z.enum(['shown', 'trade-secret', 'none']),
  sizeBytes: z.number(),
  sha256: z.string(),
});

export const comparisonSchema = z.object({
  original: sideSchema,
  suspect: sideSchema,
  isIdentical: z.boolean(),
  hint: z
    .object({
      differingBits: z.number(),
      bits: z.number(),
      notice: z.object({ zh: z.string(), en: z.string() }),
    })
    .nullable(),
});
export type Comparison = z.infer<typeof comparisonSchema>;
