import * as z from 'zod';
import {
  insertPlatformProfile,
  lockPlatformProfiles,
  type PlatformProfileRow,
  type PlatformProfileUse,
  selectNewestPlatformProfile,
  selectPlatformProfileAt,
  selectPlatformProfiles,
  selectProfileOfSettings,
} from '../db/platform-profiles.ts';
import type { Database, Queryable } from '../db/pool.ts';
import { encodeHex, sha256 } from '../format/bytes.ts';
import { type PlatformProfile, platformSchema } from '../format/certificate.ts';
import { hex32, text } from '../format/fields.ts';
import { encodeJson, type JsonValue } from '../format/json.ts';

/** A paper that says what the operator may do: a licence, a filing, an assessment. */
export const qualificationSchema = z.strictObject({
  title: text(200),
  number: text(100).nullable(),
  /** Who gave it. */
  issuer: text(200).nullable(),
  validUntil: z.iso.date().nullable(),
  /** Of the paper's file, so that whoever is shown one can tell whether it is this. */
  sha256: hex32.nullable(),
});

/** Who runs the service. The first five stand on certificates; the others are shown here and kept with them. */
export const platformRecordSchema = z.strictObject({
  ...platformSchema.shape,
  /** Of the operator's company, as its register has it. */
  registrationNo: text(100).nullable(),
  /** Of the site. */
  icpNo: text(100).nullable(),
  securityGrade: text(200).nullable(),
  address: text(300).nullable(),
  contact: text(300).nullable(),
  qualifications: z.array(qualificationSchema).max(30),
});
export type PlatformRecord = z.infer<typeof platformRecordSchema>;

export interface PlatformVersion extends PlatformProfileUse {
  record: PlatformRecord;
  inForceFrom: Date;
  /** SHA-256 of canonical JSON of what certificates print of it. */
  printedDigest: string;
  source: 'settings' | 'operator';
}

/** What certificates print of a record. */
export function printedProfile(record: PlatformRecord): PlatformProfile {
  const { name, operator, website, filingNo, interests } = record;
  return { name, operator, website, filingNo, interests };
}

export function printedDigest(profile: PlatformProfile): Uint8Array {
  return sha256(encodeJson(profile as unknown as JsonValue));
}

/**
 * Who runs the service, in versions: one is in force until the next is, and none is ever changed. A certificate prints the one in
 * force when it is issued. Settings that differ from the settings of before are a new version too.
 */
export class PlatformProfiles {
  readonly #db: Database;
  readonly #nowMs: () => number;

  constructor(parts: { db: Database; nowMs: () => number }) {
    this.#db = parts.db;
    this.#nowMs = parts.nowMs;
  }

  /** At the start of each server: settings that nobody has seen yet become a version, and keep what settings do not name. */
  async takeSettings(profile: PlatformProfile): Promise<void> {
    await this.#db.transaction(async (q) => {
      await lockPlatformProfiles(q);
      const before = await selectProfileOfSettings(q);
      if (before !== undefined && encodeHex(before.printedDigest) === encodeHex(printedDigest(profile))) return;
      const newest = await selectNewestPlatformProfile(q);
      const more = newest === undefined ? NOTHING_MORE : recordOf(newest);
      await this.#insert(q, { ...more, ...profile }, { source: 'settings', userId: null, accountId: null });
    });
  }

  /** In force from now on. @returns its version */
  async add(record: PlatformRecord, by: { userId: string | null; accountId: string }): Promise<number> {
    return this.#db.transaction(async (q) => {
      await lockPlatformProfiles(q);
      return this.#insert(q, record, { source: 'operator', ...by });
    });
  }

  /** What a certificate of this moment prints. `takeSettings` was called before. */
  async printedAt(at: Date): Promise<PlatformProfile> {
    const row = await selectPlatformProfileAt(this.#db.pool, at);
    if (row === undefined) throw new Error('no platform profile was recorded before certificates are issued');
    return printedProfile(recordOf(row));
  }

  /** Newest first. */
  async versions(): Promise<PlatformVersion[]> {
    return (await selectPlatformProfiles(this.#db.pool)).map((row) => ({
      ...{ version: row.version, inForceFrom: row.inForceFrom, inForceUntil: row.inForceUntil },
      ...{ source: row.source, certificates: row.certificates },
      record: recordOf(row),
      printedDigest: encodeHex(row.printedDigest),
    }));
  }

  async #insert(
    q: Queryable,
    record: PlatformRecord,
    by: { source: 'settings' | 'operator'; userId: string | null; accountId: string | null },
  ): Promise<number> {
    return insertPlatformProfile(q, {
      at: new Date(this.#nowMs()),
      body: new TextDecoder().decode(encodeJson(record as unknown as JsonValue)),
      printedDigest: printedDigest(printedProfile(record)),
      source: by.source,
      recordedByUser: by.userId,
      recordedByAccount: by.accountId,
    });
  }
}

const NOTHING_MORE = {
  registrationNo: null,
  icpNo: null,
  securityGrade: null,
  address: null,
  contact: null,
  qualifications: [],
};

function recordOf({ body }: PlatformProfileRow): PlatformRecord {
  return platformRecordSchema.parse(JSON.parse(body));
}
