import * as z from 'zod';

/** What the first page reads of the service's answers; other members are passed over. */

export const openUploadsSchema = z.object({
  uploads: z.array(
    z.object({
      depositId: z.string(),
      sizeBytes: z.number(),
      offset: z.number(),
      expiresAt: z.string(),
    }),
  ),
});

export const handOversSchema = z.object({
  handOvers: z.array(
    z.object({
      handOverId: z.string(),
      depositId: z.string(),
      state: z.string(),
      statement: z.object({
        giver: z.object({ name: z.string() }),
        receiver: z.object({ name: z.string() }),
        expiresAt: z.string(),
      }),
    }),
  ),
});

export const mattersSchema = z.object({
  matters: z.array(
    z.object({
      matterId: z.string(),
      title: z.string(),
      status: z.string(),
      nextDeadline: z.object({ title: z.string(), dueAt: z.string() }).nullable(),
    }),
  ),
});

export const receivedGrantsSchema = z.object({
  grants: z.array(
    z.object({
      grantId: z.string(),
      depositId: z.string().nullable(),
      matterId: z.string().nullable(),
      giverName: z.string(),
      title: z.string().nullable(),
      createdAt: z.string(),
      expiresAt: z.string().nullable(),
    }),
  ),
});

export const alarmsSchema = z.object({
  openAlarms: z.array(z.object({ code: z.string(), subject: z.string(), raisedAt: z.string() })),
});

const bothLanguages = z.object({ zh: z.string(), en: z.string() });
export const noticesSchema = z.object({
  notices: z.array(
    z.object({ noticeId: z.string(), kind: z.string(), at: z.string(), title: bothLanguages, page: z.string() }),
  ),
});
