import { recordStatus } from '../certificate/record-status.ts';
import type { Sealer } from '../certificate/sealer.ts';
import { selectAttestations, selectCosignatures } from '../db/attestations.ts';
import { type StatusRow, selectNewestStatus } from '../db/certificate-statuses.ts';
import { lockCertificateName, selectCertificateName } from '../db/certificates.ts';
import { type CheckpointRow, selectLog } from '../db/leaves.ts';
import type { Database } from '../db/pool.ts';
import { selectFinalAttestationsOf, selectStatusCheckpoint } from '../db/status-publications.ts';
import { encodeHex, equalBytes, parseUtf8 } from '../format/bytes.ts';
import { type Attestation, attestationSchema } from '../format/certificate.ts';
import { checkFields, checkObject, utcTimeOf } from '../format/fields.ts';
import { encodeJson, type JsonValue, MAX_DEPTH, parseCanonicalJson } from '../format/json.ts';
import { parseLogRecord } from '../format/log.ts';
import { type StatusProof, statusProofSchema } from '../format/status.ts';
import { keyHints } from '../log/key-schedule.ts';
import type { LogReader } from '../log/log-reader.ts';
import { selectProvedRotations } from '../log/proved-rotations.ts';
import type { Sequencer } from '../log/sequencer.ts';
import { freshCheckpoint } from './fresh-checkpoint.ts';
import { StatusError } from './status-error.ts';

export interface StatusServiceParts {
  db: Database;
  reader: Pick<LogReader, 'refresh' | 'inclusionProof'>;
  sequencer: Pick<Sequencer, 'integrated'>;
  sealer: Sealer;
  evaluation: boolean;
  nowMs: () => number;
}

/** Half of what an answer may be old for, so that it can be passed on for as long again. */
const CHECKPOINT_MAX_AGE_MS = 12 * 3600_000;
/** An attested checkpoint is preferred to a newer one without attestation if it is no older than this. */
const ATTESTED_MAX_AGE_MS = 3600_000;
const LEAF_WAIT_MS = 15_000;

/** Says how certificates stand, each time with the proof that the log holds the record. */
export class StatusService {
  readonly #parts: StatusServiceParts;

  constructor(parts: StatusServiceParts) {
    this.#parts = parts;
  }

  /**
   * Canonical bytes of tiezheng/status-proof/v1. Its checkpoint is at most twelve hours old: an idle log is made to sign once more.
   * @param digest SHA-256 of the certificate without its seals. Whoever has not seen the certificate does not know it, so that nobody can
   * try numbers out
   * @throws StatusError `certificate-unknown`; LogError `integration-timeout`, `log-stopped`
   */
  async answer(certificateNo: string, digest: Uint8Array): Promise<Uint8Array> {
    const { db, reader, sealer, evaluation, nowMs } = this.#parts;
    const name = await selectCertificateName(db.pool, certificateNo);
    if (name === undefined || !equalBytes(name.digest, digest)) {
      throw new StatusError('certificate-unknown', `no certificate ${certificateNo} with digest ${encodeHex(digest)}`);
    }
    const record = await this.#newestRecord(certificateNo);
    const checkpoint = await this.#checkpointOver(record.leafIndex);
    await reader.refresh();
    const { treeSize } = checkpoint;
    const log = await selectLog(db.pool);
    if (log === undefined) throw new Error('a checkpoint without a log');
    const { origin, keys } = parseLogRecord(log.record);
    const rotations = await selectProvedRotations(db.pool, reader, keys, treeSize);
    const attestations = [
      ...(await selectFinalAttestationsOf(db.pool, treeSize)),
      ...(await selectAttestations(db.pool, treeSize)).map(({ body }) => body),
    ];
    const proof = checkObject(statusProofSchema, 'tiezheng/status-proof/v1', {
      type: 'tiezheng/status-proof/v1',
      evaluation,
      certificateNo,
      certificate: encodeHex(digest),
      record: parseCanonicalJson(record.body, { maxBytes: record.body.length, maxDepth: MAX_DEPTH }),
      log: {
        origin,
        leafIndex: Number(record.leafIndex),
        keys: keyHints(keys, rotations),
        ...(rotations.length > 0 && { rotations }),
      },
      publication: {
        checkpoint: parseUtf8(checkpoint.note),
        inclusionProof: (await reader.inclusionProof(record.leafIndex, treeSize)).map(encodeHex),
        cosignatures: (await selectCosignatures(db.pool, treeSize)).map(({ line }) => line),
        attestations: attestations.map(parseAttestation),
      },
      claims: {
        checkpointAt: utcTimeOf(checkpoint.signedAt.getTime()),
        answeredAt: utcTimeOf(Math.max(nowMs(), checkpoint.signedAt.getTime())),
        newest: true,
      },
      seals: [],
    } satisfies Omit<StatusProof, 'record'> & { record: JsonValue });
    return encodeJson((await sealer.seal(proof)) as unknown as JsonValue);
  }

  /** Its leaf is in the log, under a checkpoint. */
  async #newestRecord(certificateNo: string): Promise<StatusRow & { leafIndex: bigint }> {
    const { db, sequencer } = this.#parts;
    const row = (await selectNewestStatus(db.pool, certificateNo)) ?? (await this.#firstRecord(certificateNo));
    const { leafIndex } = await sequencer.integrated(row.submissionId, LEAF_WAIT_MS);
    return { ...row, leafIndex };
  }

  /** For a certificate of a time when issuing one left no record in the log. */
  async #firstRecord(certificateNo: string): Promise<StatusRow> {
    const { db, nowMs } = this.#parts;
    await db.transaction(async (client) => {
      const name = await lockCertificateName(client, certificateNo);
      if (name === undefined || (await selectNewestStatus(client, certificateNo)) !== undefined) return;
      const { digest } = name;
      await recordStatus(client, { certificateNo, digest, status: 'valid', reason: 'first-asked-for', atMs: nowMs() });
    });
    const row = await selectNewestStatus(db.pool, certificateNo);
    if (row === undefined) throw new StatusError('certificate-unknown', `there is no certificate ${certificateNo}`);
    return row;
  }

  async #checkpointOver(leafIndex: bigint): Promise<CheckpointRow> {
    const { db, sequencer, nowMs } = this.#parts;
    const find = () => {
      const now = nowMs();
      const since = new Date(now - CHECKPOINT_MAX_AGE_MS);
      return selectStatusCheckpoint(db.pool, leafIndex, since, new Date(now - ATTESTED_MAX_AGE_MS));
    };
    const found = await find();
    if (found !== undefined) return found;
    await freshCheckpoint(db, sequencer, CHECKPOINT_MAX_AGE_MS, nowMs(), LEAF_WAIT_MS);
    const fresh = await find();
    if (fresh === undefined) throw new Error('the heartbeat is in the log, and no checkpoint of it is there');
    return fresh;
  }
}

function parseAttestation(bytes: Uint8Array): Attestation {
  return checkFields(attestationSchema, parseCanonicalJson(bytes, { maxBytes: 4 << 20, maxDepth: MAX_DEPTH }));
}
