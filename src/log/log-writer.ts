import { clearLogAlarms, raiseAlarm } from '../db/alarms.ts';
import {
  insertCheckpoint,
  insertLeaves,
  insertTiles,
  limitIdleTransaction,
  selectLeafEnd,
  selectLog,
  selectNewestCheckpoint,
  type Term,
  updateLogSize,
} from '../db/leaves.ts';
import { insertRefilledLogEvent, selectWaitingRotations } from '../db/log-events.ts';
import { type Database, isKnownNotCommitted, type Queryable } from '../db/pool.ts';
import {
  type Submission,
  selectWaitingSubmissions,
  updateSubmissionsFoundInTree,
  updateSubmissionsSequenced,
} from '../db/submissions.ts';
import { encodeHex, equalBytes, parseUtf8, type RootHash } from '../format/bytes.ts';
import { parseLogRecord } from '../format/log.ts';
import { type KeyRotation, parseLogEvent } from '../format/log-event.ts';
import { type NoteKey, parseNoteKey } from '../format/note.ts';
import { TILE_WIDTH } from '../format/tile.ts';
import { RightEdge, rootNodes } from '../merkle/tree.ts';
import type { CheckpointRegister } from '../storage/checkpoint-register.ts';
import type { ObjectStore } from '../storage/object-store.ts';
import { StorageError } from '../storage/storage-error.ts';
import { type CheckpointSigner, signTogether } from './checkpoint-signer.ts';
import { EntryBundles } from './entry-bundles.ts';
import { type Bundle, GrowingTree } from './growing-tree.ts';
import { type KeySchedule, selectKeySchedule } from './key-schedule.ts';
import { isStopping, LogError, RECORDS_LOST, STOPPING_CODES } from './log-error.ts';
import type { LogReader, SignedCheckpoint } from './log-reader.ts';
import { encodeRegisterEntry, parseRegisterEntry } from './register-entry.ts';
import { readRotations, rotationOf } from './rotation-objects.ts';
import { TileReader, tileWidth } from './tile-reader.ts';

export interface LogWriterParts {
  db: Database;
  /** Where entry bundles are kept. */
  objects: ObjectStore;
  /** Not restored together with the database. */
  register: CheckpointRegister;
  /** Holds the log's key; during a rotation the new one. */
  signer: CheckpointSigner;
  /** During a rotation: holds the key before. */
  previousSigner?: CheckpointSigner;
  reader: LogReader;
  /** Told of what went wrong without stopping anything. */
  onTrouble: (error: unknown) => void;
}

/** Leaves that got their places, all under `checkpoint`. */
export interface IntegratedBatch {
  checkpoint: SignedCheckpoint;
  leaves: { submissionId: bigint; leafIndex: bigint }[];
}

/** Nothing of the batch was kept: the same term may try again. Any other error ends the term, for what is kept is not known. */
export class BatchFailed extends Error {}

/** How long the object store may take for one bundle while a refill has its transaction open. */
const REFILL_IDLE_MS = 120_000;

/** Leaves that start-up reads or refills at once. */
const CHUNK = 64n * BigInt(TILE_WIDTH);

/**
 * Writes the log during one term of leadership. That there is one leader is convenience, not safety: every step that could
 * fork the log is a compare-and-swap on what the step before left.
 *
 * A batch, and what a crash leaves behind:
 *
 * a. One transaction: the fence (`log.size` and epoch still ours), leaves, full tiles, indices of the submissions. A crash
 *    before its commit leaves nothing; the submissions wait. A crash after it leaves leaves that no checkpoint covers.
 * b. The entry bundles with the new leaves, outside of the database. A crash leaves some of them; writing them again is
 *    harmless, since the database already decides what they hold.
 * c. The checkpoint, signed in memory. The signature is deterministic, and which key signs which tree follows from the leaves: a
 *    rotation is the last leaf of its batch, whose checkpoint the old and the new key sign (KeySchedule).
 * d. Compare-and-swap of the register from the value this term knows to the new checkpoint. Only now is the checkpoint a
 *    promise. A crash before it: as after b. A crash after it leaves a register whose checkpoint the database has no row of.
 * e. The row `checkpoint`, from which every server may hand it out. A crash after it loses only answers; who asks again gets
 *    them from the rows.
 * f. Answers, by the caller; then partial bundles go whose place a full one has taken. A crash leaves some of them, unused.
 *
 * Whatever was left, `begin` of the next term repairs: it finds leaves without checkpoint and does b to e for them, or a
 * register without row and does e. If an answer is lost (the commit of a, the swap of d) the term ends and the next `begin`
 * looks what is there: one path for both.
 */
export class LogWriter {
  readonly #parts: LogWriterParts;
  readonly #bundles: EntryBundles;
  readonly #term: Term;
  readonly #leaseMs: number;
  #registerVersion: string;
  /** As in the database, which after step a is ahead of the register. */
  #tree: GrowingTree;
  /** As of that tree. */
  #schedule: KeySchedule;
  /** Full bundles whose partial ones are still to be removed. */
  #superseded: bigint[] = [];

  private constructor(
    parts: LogWriterParts,
    term: Term,
    leaseMs: number,
    version: string,
    tree: GrowingTree,
    schedule: KeySchedule,
  ) {
    this.#parts = parts;
    this.#bundles = new EntryBundles(parts.objects);
    this.#term = term;
    this.#leaseMs = leaseMs;
    this.#registerVersion = version;
    this.#tree = tree;
    this.#schedule = schedule;
  }

  /**
   * Brings register, database and checkpoints together and resolves when the log can go on. In order:
   *
   * 1. Claims the register: from here on no earlier leader can let a checkpoint out, whatever it still has in its hands.
   * 2. The register's checkpoint is ahead of the database (that was restored, or lost): refills the leaves from the entry
   *    bundles, in one transaction that ends only if they lead to the promised root.
   * 3. Our tree at the register's size must have the register's root.
   * 4. The register is behind the database (a crash between a and d): b to e for the leaves beyond it.
   *
   * @throws LogError of a code in STOPPING_CODES if a person has to look, with an alarm; any other error: try another term
   */
  static async begin(parts: LogWriterParts, term: Term, leaseMs: number): Promise<LogWriter> {
    const { db, register, reader } = parts;
    try {
      const found = await register.read();
      const promised = found && parseRegisterEntry(found.bytes, ...(await registerKeys(db.pool, parts)));
      const claim = encodeRegisterEntry({
        claim: term.leader,
        checkpoint: promised ? parseUtf8(promised.note) : null,
      });
      const { version } = await swap(register, found?.version, claim);

      const log = await selectLog(db.pool);
      const leafEnd = await selectLeafEnd(db.pool);
      if (log === undefined || log.size !== leafEnd) {
        throw new LogError('tree-incomplete', `the log's size is ${log?.size}, but its leaves end at ${leafEnd}`);
      }
      const promisedSize = promised?.checkpoint.treeSize ?? 0n;
      const row = await selectNewestCheckpoint(db.pool);
      if (row !== undefined && row.treeSize > promisedSize) {
        throw new LogError(
          'register-behind-checkpoint',
          `the register is at ${promisedSize} leaves, but a checkpoint of ${row.treeSize} was let out: the register was set ` +
            'back, so it cannot be known what was promised. Restore the register, or open a successor log',
        );
      }
      const tiles = new TileReader(db.pool);
      if (promised !== undefined) {
        const { checkpoint, note } = promised;
        if (promisedSize > log.size) {
          await raiseAlarm(db.pool, 'database-behind-register', behind(promisedSize, log.size), new Date());
          await refill(parts, term, leaseMs, await GrowingTree.at(log.size, tiles), checkpoint);
          tiles.forget();
          reader.forgetTiles();
        }
        const hashes = await tiles.nodes(rootNodes(promisedSize), promisedSize);
        const root = new RightEdge(promisedSize, hashes).root();
        if (!equalBytes(root, checkpoint.rootHash)) throw forked(promisedSize, checkpoint.rootHash, root);
        await insertCheckpoint(db.pool, { treeSize: promisedSize, rootHash: root, note });
        reader.accepted({ treeSize: promisedSize, rootHash: root, note });
      }
      const size = promisedSize > log.size ? promisedSize : log.size;
      const schedule = await selectKeySchedule(db.pool, parseLogRecord(log.record).keys);
      // The tree as it is, if it is still to be signed; else the next one.
      signersOf(parts, schedule, size > promisedSize ? size : size + 1n);
      const writer = new LogWriter(parts, term, leaseMs, version, await GrowingTree.at(size, tiles), schedule);
      if (size > promisedSize) {
        for await (const bundle of bundlesBetween(tiles, promisedSize, size)) await writer.#bundles.put([bundle]);
        await writer.#promise();
      }
      if (size >= BigInt(TILE_WIDTH)) writer.#superseded.push(size / BigInt(TILE_WIDTH) - 1n);
      await clearLogAlarms(db.pool, STOPPING_CODES, new Date());
      return writer;
    } catch (error) {
      if (isStopping(error)) await raiseAlarm(db.pool, error.code, error.message, new Date()).catch(parts.onTrouble);
      throw error;
    }
  }

  /**
   * Takes in the oldest waiting submissions, at most `limit`; undefined if none waits.
   * @throws BatchFailed if nothing was changed; any other error ends the term: begin another
   */
  async integrate(limit: number): Promise<IntegratedBatch | undefined> {
    const { db } = this.#parts;
    let waiting: Submission[];
    let rotation: KeyRotation | undefined;
    try {
      ({ waiting, rotation } = await selectBatch(db.pool, limit));
    } catch (cause) {
      throw new BatchFailed('waiting submissions could not be read', { cause });
    }
    if (waiting.length === 0) return undefined;
    const firstIndex = this.#tree.size;
    const endIndex = firstIndex + BigInt(waiting.length);
    const schedule = rotation ? this.#schedule.with({ record: rotation, leafIndex: endIndex - 1n }) : this.#schedule;
    // Leaves that this server could not sign for are left to one that can.
    signersOf(this.#parts, schedule, endIndex);
    const tree = this.#tree.copy();
    const leaves = waiting.map((submission) => submission.leafData);
    const { fullTiles, bundles } = tree.append(leaves);

    // a
    try {
      await db.transaction(async (client) => {
        await limitIdleTransaction(client, this.#leaseMs);
        if (!(await updateLogSize(client, this.#term, firstIndex, tree.size, this.#leaseMs))) throw termOver();
        await insertLeaves(client, firstIndex, leaves);
        await insertTiles(client, fullTiles);
        const ids = waiting.map((submission) => submission.submissionId);
        const marked = await updateSubmissionsSequenced(client, ids, firstIndex);
        if (marked !== ids.length) throw new Error(`${ids.length} submissions were waiting, ${marked} were marked`);
      });
    } catch (cause) {
      if (cause instanceof LogError || !isKnownNotCommitted(cause)) throw cause;
      throw new BatchFailed('no leaf was added', { cause });
    }
    this.#tree = tree;
    this.#schedule = schedule;

    // b
    await this.#bundles.put(bundles);

    // c to e
    const checkpoint = await this.#promise();
    for (const { index, entries } of bundles) if (entries.length === TILE_WIDTH) this.#superseded.push(index);
    return {
      checkpoint,
      leaves: waiting.map(({ submissionId }, i) => ({ submissionId, leafIndex: firstIndex + BigInt(i) })),
    };
  }

  /** The last part of step f. Never rejects: what could not be removed is tried again after a later batch. */
  async removeSuperseded(): Promise<void> {
    const indices = this.#superseded;
    this.#superseded = [];
    for (const index of indices) {
      try {
        await this.#bundles.removePartial(index);
      } catch (error) {
        // A store with a retention lock keeps them: they are unused, and that is all.
        if (!(error instanceof StorageError && error.code === 'object-retained')) this.#superseded.push(index);
        this.#parts.onTrouble(error);
      }
    }
  }

  /** Steps c to e for the tree as it is. */
  async #promise(): Promise<SignedCheckpoint> {
    const { db, register, reader } = this.#parts;
    const treeSize = this.#tree.size;
    const rootHash = this.#tree.root();
    const note = signTogether(signersOf(this.#parts, this.#schedule, treeSize), { treeSize, rootHash });
    const entry = encodeRegisterEntry({ claim: this.#term.leader, checkpoint: parseUtf8(note) });
    this.#registerVersion = (await swap(register, this.#registerVersion, entry)).version;
    await insertCheckpoint(db.pool, { treeSize, rootHash, note });
    reader.accepted({ treeSize, rootHash, note });
    return { treeSize, rootHash, note };
  }
}

/** @throws LogError `term-over` if another leader has claimed the register */
async function swap(
  register: CheckpointRegister,
  version: string | undefined,
  bytes: Uint8Array,
): Promise<{ version: string }> {
  try {
    return await register.compareAndSwap(version, bytes);
  } catch (cause) {
    if (!(cause instanceof StorageError && cause.code === 'register-conflict')) throw cause;
    throw new LogError('term-over', 'another leader has written to the register', { cause });
  }
}

/** The oldest waiting submissions, of which a rotation can only be the last. */
async function selectBatch(
  q: Queryable,
  limit: number,
): Promise<{ waiting: Submission[]; rotation: KeyRotation | undefined }> {
  const waiting = await selectWaitingSubmissions(q, limit);
  if (waiting.length === 0) return { waiting, rotation: undefined };
  // Read after them, so that no rotation among them is overlooked.
  for (const { submissionId, body } of await selectWaitingRotations(q)) {
    const position = waiting.findIndex((submission) => submission.submissionId === submissionId);
    const event = parseLogEvent(body);
    if (position >= 0 && event.event === 'key-rotation')
      return { waiting: waiting.slice(0, position + 1), rotation: event };
  }
  return { waiting, rotation: undefined };
}

/** @throws LogError `log-key-missing` */
function signersOf(
  { signer, previousSigner }: LogWriterParts,
  schedule: KeySchedule,
  treeSize: bigint,
): CheckpointSigner[] {
  const held = [signer, ...(previousSigner === undefined ? [] : [previousSigner])];
  return schedule.signersOf(treeSize).map((vkey) => {
    const found = held.find((one) => one.vkey === vkey);
    if (found !== undefined) return found;
    throw new LogError(
      'log-key-missing',
      `the tree of ${treeSize} leaves is to be signed by ${vkey}, but this server holds ` +
        `${held.map((one) => one.vkey).join(' and ')}: give every server the old and the new key`,
    );
  });
}

/**
 * Keys by which the register's checkpoint may be signed: those of leaf 0, those of rotations, and those we hold, since a restored
 * database may not know yet that one of them was rotated to.
 */
async function registerKeys(q: Queryable, { signer, previousSigner }: LogWriterParts): Promise<NoteKey[]> {
  const log = await selectLog(q);
  const known = log === undefined ? [] : (await selectKeySchedule(q, parseLogRecord(log.record).keys)).keys();
  return [signer.key, ...(previousSigner === undefined ? [] : [previousSigner.key]), ...known.map(parseNoteKey)];
}

function termOver(): LogError {
  return new LogError('term-over', 'the log was led by another, or has another size than this leader left it at');
}

function behind(promised: bigint, size: bigint): string {
  return `the register promises ${promised} leaves, the database has ${size}`;
}

function forked(size: bigint, promised: RootHash, ours: RootHash): LogError {
  return new LogError(
    'register-forked',
    `at ${size} leaves the register promises root ${encodeHex(promised)}, our tree has ${encodeHex(ours)}`,
  );
}

/** Every entry bundle with a leaf first ≤ index < end, whole up to `end`. */
async function* bundlesBetween(tiles: TileReader, first: bigint, end: bigint): AsyncGenerator<Bundle> {
  for (let index = first / BigInt(TILE_WIDTH); index * BigInt(TILE_WIDTH) < end; index++) {
    const start = index * BigInt(TILE_WIDTH);
    yield { index, entries: await tiles.leaves(start, start + BigInt(tileWidth(0, index, end))) };
  }
}

/**
 * Puts back the leaves that the database lost, from `tree` (what it has) up to `promised`. All or nothing, in memory for
 * some thousand leaves. Submissions that the backup still shows as waiting, though the lost database had taken them in, get
 * the index that they were promised.
 * @throws LogError `database-behind-register` if a bundle is missing or the leaves lead to another root, `term-over`
 */
async function refill(
  { db, objects }: LogWriterParts,
  term: Term,
  leaseMs: number,
  tree: GrowingTree,
  promised: { treeSize: bigint; rootHash: RootHash },
): Promise<void> {
  const bundles = new EntryBundles(objects);
  const rotations = await readRotations(objects);
  const oldSize = tree.size;
  await db.transaction(async (client) => {
    await limitIdleTransaction(client, REFILL_IDLE_MS);
    if (!(await updateLogSize(client, term, oldSize, promised.treeSize, leaseMs))) throw termOver();
    while (tree.size < promised.treeSize) {
      const first = tree.size;
      const leaves: Uint8Array[] = [];
      for (let at = first; at < promised.treeSize && at - first < CHUNK; ) {
        const index = at / BigInt(TILE_WIDTH);
        const width = tileWidth(0, index, promised.treeSize);
        const fresh = (await bundles.get(index, width)).slice(Number(at % BigInt(TILE_WIDTH)));
        leaves.push(...fresh);
        at += BigInt(fresh.length);
      }
      const { fullTiles } = tree.append(leaves);
      await insertLeaves(client, first, leaves);
      await insertTiles(client, fullTiles);
      for (const [i, leaf] of leaves.entries()) {
        const rotation = rotationOf(rotations, leaf);
        if (rotation === undefined) continue;
        const { leafData, body } = rotation;
        const at = new Date(rotation.record.effectiveFrom);
        await insertRefilledLogEvent(client, {
          event: 'key-rotation',
          leafData,
          body,
          leafIndex: first + BigInt(i),
          at,
        });
      }
    }
    if (!equalBytes(tree.root(), promised.rootHash)) {
      throw new LogError(
        'database-behind-register',
        `${behind(promised.treeSize, oldSize)}; filled from the entry bundles it would have root ` +
          `${encodeHex(tree.root())} instead of ${encodeHex(promised.rootHash)}`,
      );
    }
    const found = await updateSubmissionsFoundInTree(client, oldSize);
    const lost = promised.treeSize - oldSize - BigInt(found);
    if (lost > 0n) {
      const leaves = `leaves ${oldSize} to ${promised.treeSize - 1n}`;
      const detail =
        `${leaves} were put back from the public log after the database was restored. The records of ${lost} of them are in ` +
        'this database no more, and with them the keys to their originals; their receipts stay valid';
      await raiseAlarm(client, RECORDS_LOST, detail, new Date(), leaves);
    }
  });
}
