import * as z from 'zod';

/** What the pages of operation read of the service's answers; other members are passed over. */

export const accountsSchema = z.object({
  accounts: z.array(
    z.object({
      accountId: z.string(),
      name: z.string(),
      kind: z.string(),
      identityMethod: z.string(),
      identityCheckedAt: z.string().nullable(),
      identityCheckedBy: z.string().nullable(),
      roles: z.array(z.string()),
      createdAt: z.string(),
    }),
  ),
  next: z.string().nullable(),
});
export type PlatformAccount = z.infer<typeof accountsSchema>['accounts'][number];

export const usersSchema = z.object({
  users: z.array(
    z.object({
      userId: z.string(),
      name: z.string(),
      email: z.string(),
      emailConfirmed: z.boolean(),
      twoFactorEnabled: z.boolean(),
      passkeys: z.number(),
      since: z.string(),
      accounts: z.array(z.object({ accountId: z.string(), name: z.string(), roles: z.array(z.string()) })),
    }),
  ),
  next: z.string().nullable(),
});
export type PlatformUser = z.infer<typeof usersSchema>['users'][number];

const x509Schema = z.object({
  subject: z.string(),
  issuer: z.string(),
  serialNumber: z.string(),
  sha256: z.string(),
  validFrom: z.string(),
  validUntil: z.string(),
});
export type X509View = z.infer<typeof x509Schema>;

export const keysSchema = z.object({
  log: z.array(
    z.object({ vkey: z.string(), since: z.string().nullable(), leafIndex: z.number().nullable(), inUse: z.boolean() }),
  ),
  seal: z.array(x509Schema),
  authorities: z.array(z.object({ source: z.string(), lastTokenAt: z.string(), signer: x509Schema.nullable() })),
  masterKey: z.string(),
});
export type PlatformKeys = z.infer<typeof keysSchema>;

export const storageSchema = z.object({
  originals: z.number(),
  originalBytes: z.number(),
  previews: z.number(),
  previewBytes: z.number(),
  databaseBytes: z.number(),
  openUploads: z.number(),
  openUploadBytes: z.number(),
  freeBytes: z.number().nullable(),
});
export type PlatformStorage = z.infer<typeof storageSchema>;

export const orphansSchema = z.object({ objects: z.number(), orphans: z.number(), isWhole: z.boolean() });
export type Orphans = z.infer<typeof orphansSchema>;

const qualificationSchema = z.object({
  title: z.string(),
  number: z.string().nullable(),
  issuer: z.string().nullable(),
  validUntil: z.string().nullable(),
  sha256: z.string().nullable(),
});
export type Qualification = z.infer<typeof qualificationSchema>;

const recordSchema = z.object({
  name: z.string(),
  operator: z.string().nullable(),
  website: z.string().nullable(),
  filingNo: z.string().nullable(),
  interests: z.string().nullable(),
  registrationNo: z.string().nullable(),
  icpNo: z.string().nullable(),
  securityGrade: z.string().nullable(),
  address: z.string().nullable(),
  contact: z.string().nullable(),
  qualifications: z.array(qualificationSchema),
});
export type PlatformRecord = z.infer<typeof recordSchema>;

export const profileVersionsSchema = z.object({
  versions: z.array(
    z.object({
      version: z.number(),
      record: recordSchema,
      inForceFrom: z.string(),
      inForceUntil: z.string().nullable(),
      printedDigest: z.string(),
      source: z.enum(['settings', 'operator']),
      certificates: z.number(),
    }),
  ),
});
export type ProfileVersion = z.infer<typeof profileVersionsSchema>['versions'][number];
