import { selectAttestations, selectCosignatures } from '../db/attestations.ts';
import { type CustodyLeafRow, selectCustodyEvents, selectCustodyLeaves } from '../db/custody.ts';
import { selectHandOversOfDeposit } from '../db/hand-overs.ts';
import { selectLog, selectNewestCheckpoint } from '../db/leaves.ts';
import type { Database, Queryable } from '../db/pool.ts';
import { selectFinalAttestationsOf, selectStatusCheckpoint } from '../db/status-publications.ts';
import { encodeHex, parseUtf8 } from '../format/bytes.ts';
import { type Attestation, attestationSchema } from '../format/certificate.ts';
import {
  type CustodyFile,
  MAX_CUSTODY_EVENTS,
  MAX_CUSTODY_LEAVES,
  parseCustodyActor,
  parseCustodyEvent,
  parseCustodyRecord,
  parseHandOverConfirmation,
  parseHandOverStatement,
} from '../format/custody.ts';
import { checkFields, utcTimeOf } from '../format/fields.ts';
import { encodeJson, type JsonValue, MAX_DEPTH, parseCanonicalJson } from '../format/json.ts';
import { parseLogRecord } from '../format/log.ts';
import type { Seal } from '../format/seal.ts';
import { keyHints } from '../log/key-schedule.ts';
import type { LogReader } from '../log/log-reader.ts';
import { selectProvedRotations } from '../log/proved-rotations.ts';
import type { Sequencer } from '../log/sequencer.ts';
import { beginCustody } from './custodian.ts';
import { CustodyError } from './custody-error.ts';

/** Puts the service's seal on an object; earlier seals stay. */
export interface Sealing {
  seal<T extends { seals: Seal[] }>(object: T): Promise<T>;
}

export interface CustodyFilesParts {
  db: Database;
  reader: Pick<LogReader, 'refresh' | 'inclusionProof'>;
  sequencer: Pick<Sequencer, 'integrated'>;
  sealer: Sealing;
  evaluation: boolean;
  nowMs: () => number;
}

/** A leaf handed in just now is waited for so long; a file is made without it if the log takes longer. */
const LEAF_WAIT_MS = 5_000;

/** Makes custody files: everything recorded of one deposit, with the leaves that hold it fast. */
export class CustodyFiles {
  readonly #parts: CustodyFilesParts;

  constructor(parts: CustodyFilesParts) {
    this.#parts = parts;
  }

  /**
   * Canonical bytes of tiezheng/custody-file/v1. Events that no leaf covers yet are in it all the same: a reader is told how many.
   * @param seen what the reader of the file sees: all that is told of the deposit is read there
   * @param who `closed` keeps actors and hand-overs shut: what was done and when, but not by whom
   * @throws CustodyError `custody-deposit-unknown`, `custody-too-long`
   */
  async make(seen: Queryable, depositId: string, who: 'opened' | 'closed'): Promise<Uint8Array> {
    const { db, sequencer, sealer, evaluation, nowMs } = this.#parts;
    await beginCustody(db, seen, depositId);
    const newest = (await selectCustodyLeaves(seen, depositId)).at(-1);
    // Until it stands under a checkpoint. Where the log is slow or has stopped, the leaves before this one still say what they say.
    if (newest !== undefined) await sequencer.integrated(newest.submissionId, LEAF_WAIT_MS).catch(() => undefined);
    const signed = (await selectNewestCheckpoint(db.pool))?.treeSize ?? 0n;
    const leaves = (await selectCustodyLeaves(seen, depositId))
      .filter((leaf): leaf is PlacedLeaf => leaf.leafIndex !== null && leaf.leafIndex < signed)
      .slice(-MAX_CUSTODY_LEAVES);
    // Read after the leaves, so that no leaf counts an event that is not here.
    const events = await selectCustodyEvents(seen, depositId, MAX_CUSTODY_EVENTS + 1);
    const madeAtMs = Math.max(nowMs(), events.at(-1)?.at.getTime() ?? 0);
    if (events.length > MAX_CUSTODY_EVENTS) {
      throw new CustodyError(
        'custody-too-long',
        `deposit ${depositId} has more than ${MAX_CUSTODY_EVENTS} custody events`,
      );
    }
    const handOvers = who === 'closed' ? [] : await selectHandOversOfDeposit(seen, depositId);
    const file: CustodyFile = {
      type: 'tiezheng/custody-file/v1',
      evaluation,
      depositId,
      events: events.map(({ body, actor }) => ({
        event: parseCustodyEvent(body),
        actor: actor === null || who === 'closed' ? null : parseCustodyActor(actor),
      })),
      handOvers: handOvers.map(({ statement, confirmation }) => ({
        statement: parseHandOverStatement(statement),
        confirmation: confirmation === null ? null : parseHandOverConfirmation(confirmation),
      })),
      ...(await this.#proofs(leaves)),
      claims: { madeAt: utcTimeOf(madeAtMs) },
      seals: [],
    };
    return encodeJson((await sealer.seal(file)) as unknown as JsonValue);
  }

  /** One checkpoint over the newest leaf, one that somebody outside attests to if there is any, and all the ways to it. */
  async #proofs(leaves: readonly PlacedLeaf[]): Promise<Pick<CustodyFile, 'log' | 'leaves' | 'publication'>> {
    const { db, reader } = this.#parts;
    const row = await selectLog(db.pool);
    if (row === undefined) throw new Error('a deposit without a log');
    const { origin, keys } = parseLogRecord(row.record);
    const newest = leaves.at(-1);
    const ever = new Date(0);
    const checkpoint =
      newest === undefined ? undefined : await selectStatusCheckpoint(db.pool, newest.leafIndex, ever, ever);
    if (checkpoint === undefined) return { log: { origin, keys: keyHints(keys, []) }, leaves: [], publication: null };
    await reader.refresh();
    const { treeSize } = checkpoint;
    const rotations = await selectProvedRotations(db.pool, reader, keys, treeSize);
    const attestations = [
      ...(await selectFinalAttestationsOf(db.pool, treeSize)),
      ...(await selectAttestations(db.pool, treeSize)).map(({ body }) => body),
    ];
    const proved = [];
    for (const { body, leafIndex } of leaves) {
      const inclusionProof = (await reader.inclusionProof(leafIndex, treeSize)).map(encodeHex);
      proved.push({ record: parseCustodyRecord(body), leafIndex: Number(leafIndex), inclusionProof });
    }
    return {
      log: { origin, keys: keyHints(keys, rotations), ...(rotations.length > 0 && { rotations }) },
      leaves: proved,
      publication: {
        checkpoint: parseUtf8(checkpoint.note),
        cosignatures: (await selectCosignatures(db.pool, treeSize)).map(({ line }) => line),
        attestations: attestations.map(parseAttestation),
      },
    };
  }
}

type PlacedLeaf = CustodyLeafRow & { leafIndex: bigint };

function parseAttestation(bytes: Uint8Array): Attestation {
  return checkFields(attestationSchema, parseCanonicalJson(bytes, { maxBytes: 4 << 20, maxDepth: MAX_DEPTH }));
}
