import type { Queryable } from '../db/pool.ts';
import { insertSubmission } from '../db/submissions.ts';
import { encodeJson, type JsonValue } from '../format/json.ts';
import { plainLeafData } from '../format/spine.ts';

/** A record without files on its way into the log. */
export interface AppendedRecord {
  /** Its leaf waits under this number; once committed, `sequencer.integrated` tells its place. */
  submissionId: bigint;
  /** Canonical bytes. */
  body: Uint8Array;
  leafData: Uint8Array;
}

/** Belongs into the transaction that keeps the record's own row: either both are there or neither. */
export async function appendRecord(q: Queryable, record: { salt: string } & object): Promise<AppendedRecord> {
  const leafData = plainLeafData(record);
  const submissionId = await insertSubmission(q, leafData);
  return { submissionId, body: encodeJson(record as unknown as JsonValue), leafData };
}
