import { createHash } from 'node:crypto';
import { withAdvisoryLock } from '../db/advisory-lock.ts';
import {
  type ArchiveAlgorithm,
  type ArchivedObject,
  type ArchiveLeaf,
  insertArchiveDigest,
  selectArchiveDigests,
  selectDepositsWithout,
  selectLiveStamps,
  selectLiveTokens,
  selectPublicationsWithout,
  selectUnrenewedTokens,
} from '../db/archive.ts';
import { selectFileEntries } from '../db/deposits.ts';
import { selectCheckpoint } from '../db/leaves.ts';
import { selectObjectKey } from '../db/objects.ts';
import type { Database, Queryable } from '../db/pool.ts';
import { encodeHex } from '../format/bytes.ts';
import { parseFileEntry } from '../format/deposit.ts';
import { imprintAlgorithmOf } from '../format/timestamp.ts';
import { StorageError } from '../storage/storage-error.ts';
import { type ContentVault, openStored, originalObjectName } from '../storage/stored-content.ts';
import { imprintIn } from '../verify/evidence-record.ts';
import type { ArchiveStamper } from './archive-stamper.ts';
import { monthsLater } from './due.ts';
import { EvidenceRecords, hashOfChains, tokenIn } from './evidence-records.ts';
import { branch, digest, MAX_TREE_LEAVES } from './hash-tree.ts';
import { lifeOfPath } from './path-life.ts';
import { RenewalError } from './renewal-error.ts';
import type { RenewalSettings } from './renewal-settings.ts';

export interface RenewalParts {
  db: Database;
  stamper: ArchiveStamper;
  settings: RenewalSettings;
  nowMs: () => number;
  /** Where originals are read again; undefined leaves hash-tree renewal out. */
  vault: ContentVault | undefined;
  /** Told of what was done, a step at a time; `bytes` were read of originals. */
  onProgress?: (step: { renewed: number; bytes: number }) => void;
}

export interface RenewalOutcome {
  /** Trees that an earlier run had left without a token. */
  resumed: number;
  /** Timestamps that now stand under a newer one. */
  timestamps: number;
  /** Objects that now have a chain of the new digest. */
  objects: number;
  /** Objects that could not be hashed again, and why. */
  left: { object: string; because: 'original-not-held' | 'original-differs' | 'record-erased' }[];
}

/** Holds whoever stamps the archive, in this process or another. */
export const ARCHIVE_LOCK = 'archive';
const PAGE = 1000;

/**
 * Renews what is due by the settings (RFC 4998 §5.2): objects whose digest algorithm ends, then timestamps whose certificates or keys
 * end. Each tree is gone on with if this was broken off; what was renewed is never renewed again for the same reason.
 * @throws RenewalError `renewal-running`, `no-lasting-digest`; as `ArchiveStamper.stamp`
 */
export async function renew(parts: RenewalParts): Promise<RenewalOutcome> {
  const outcome = await withAdvisoryLock(parts.db, ARCHIVE_LOCK, async () => {
    const resumed = await parts.stamper.complete();
    const { objects, left } = await renewDigests(parts);
    const timestamps = await renewTimestamps(parts);
    return { resumed, timestamps, objects, left };
  });
  if (outcome === undefined) throw new RenewalError('renewal-running', 'another process is stamping the archive now');
  return outcome;
}

/** One tree over many older timestamps, of publications and of trees alike; all of a tree were hashed with one algorithm. */
export async function renewTimestamps({ db, stamper, settings, nowMs, onProgress }: RenewalParts): Promise<number> {
  const horizonMs = monthsLater(nowMs(), settings.monthsBefore);
  const isDue = (certificates: readonly Uint8Array[]) => lifeOfPath(certificates, settings.keys).untilMs <= horizonMs;
  const waiting = new Map<ArchiveAlgorithm, ArchiveLeaf[]>();
  let renewed = 0;
  const flush = async (algorithm: ArchiveAlgorithm) => {
    const leaves = waiting.get(algorithm) ?? [];
    if (leaves.length === 0) return;
    waiting.set(algorithm, []);
    await stamper.stamp('timestamp-renewal', algorithm, leaves);
    renewed += leaves.length;
    onProgress?.({ renewed: leaves.length, bytes: 0 });
  };
  const add = async (algorithm: ArchiveAlgorithm, subject: ArchiveLeaf['subject'], token: Uint8Array) => {
    const leaves = waiting.get(algorithm) ?? [];
    leaves.push({ subject, hash: digest(algorithm, token), covers: null });
    waiting.set(algorithm, leaves);
    if (leaves.length === MAX_TREE_LEAVES) await flush(algorithm);
  };

  for (const { stampId, algorithm, token, certificates } of await selectLiveStamps(db.pool)) {
    if (isDue(certificates)) await add(algorithm, { kind: 'stamp', renews: stampId }, token);
  }
  for (const group of await selectLiveTokens(db.pool)) {
    if (!isDue(group.certificates)) continue;
    for (let after = { treeSize: 0n, source: '' }; ; ) {
      const page = await selectUnrenewedTokens(db.pool, group, after, PAGE);
      for (const { treeSize, source, body } of page) {
        const token = tokenIn(body);
        const algorithm = imprintAlgorithmOf(imprintIn(token)?.algorithm ?? '');
        if (algorithm !== undefined) await add(algorithm, { kind: 'token', treeSize, source }, token);
      }
      const last = page.at(-1);
      if (last === undefined) break;
      after = last;
    }
  }
  for (const algorithm of waiting.keys()) await flush(algorithm);
  return renewed;
}

async function renewDigests(parts: RenewalParts): Promise<Pick<RenewalOutcome, 'objects' | 'left'>> {
  const { settings, nowMs, vault } = parts;
  const horizonMs = monthsLater(nowMs(), settings.monthsBefore);
  const isEnding = (algorithm: ArchiveAlgorithm) => {
    const end = settings.digests[algorithm];
    return end !== null && Date.parse(end) <= horizonMs;
  };
  const ending = (['sha256', 'sha384', 'sha512'] as const).filter(isEnding);
  if (ending.length === 0 || vault === undefined) return { objects: 0, left: [] };
  if (isEnding(settings.newDigest)) {
    throw new RenewalError(
      'no-lasting-digest',
      `${settings.newDigest} ends on ${settings.digests[settings.newDigest]}`,
    );
  }
  return new HashTreeRenewal(parts, vault, new Set(ending)).run();
}

/**
 * A chain of a new digest for every object whose chain is of an ending one (RFC 4998 §5.2): each original is read again, and its
 * new digest goes under a new tree together with the hash of all its older timestamps.
 */
class HashTreeRenewal {
  readonly #parts: RenewalParts;
  readonly #vault: ContentVault;
  readonly #ending: ReadonlySet<ArchiveAlgorithm>;
  readonly #records: EvidenceRecords;
  readonly #left: RenewalOutcome['left'] = [];
  #leaves: ArchiveLeaf[] = [];
  #digests: Parameters<typeof insertArchiveDigest>[1][] = [];
  #objects = 0;

  constructor(parts: RenewalParts, vault: ContentVault, ending: ReadonlySet<ArchiveAlgorithm>) {
    this.#parts = parts;
    this.#vault = vault;
    this.#ending = ending;
    this.#records = new EvidenceRecords(parts.db.pool);
  }

  get #algorithm(): ArchiveAlgorithm {
    return this.#parts.settings.newDigest;
  }

  async run(): Promise<Pick<RenewalOutcome, 'objects' | 'left'>> {
    const { pool } = this.#parts.db;
    for (let after: string | null = null; ; ) {
      const page: string[] = await selectDepositsWithout(pool, this.#algorithm, after, PAGE);
      for (const depositId of page) await this.#addDeposit(depositId);
      after = page.at(-1) ?? null;
      if (after === null) break;
    }
    for (let after = { treeSize: 0n, source: '' }; ; ) {
      const page = await selectPublicationsWithout(pool, this.#algorithm, after, PAGE);
      for (const place of page) await this.#addPublication(place);
      const last = page.at(-1);
      if (last === undefined) break;
      after = last;
    }
    await this.#flush();
    return { objects: this.#objects, left: this.#left };
  }

  async #addDeposit(depositId: string): Promise<void> {
    const { pool } = this.#parts.db;
    const entries = (await selectFileEntries(pool, depositId)).map(({ body }) => parseFileEntry(new Uint8Array(body)));
    if (entries.length === 0) {
      this.#left.push({ object: `deposit ${depositId}`, because: 'record-erased' });
      return;
    }
    // A deposit's leaves stay together.
    if (this.#leaves.length + entries.length + 1 > MAX_TREE_LEAVES) await this.#flush();
    const known = await selectArchiveDigests(pool, depositId, this.#algorithm);
    const digests: (Uint8Array | undefined)[] = [];
    for (const { index, digests: stated } of entries) {
      const again = known.get(index) ?? (await this.#digestAgain(depositId, index, stated.sha256));
      digests.push(again);
      if (again === undefined) continue;
      const row = { depositId, fileIndex: index, algorithm: this.#algorithm, digest: again };
      const object = { kind: 'file', depositId, fileIndex: index } as const;
      await this.#add(object, (older) => digest(this.#algorithm, again, older), row);
    }
    if (entries.length > 1 && !digests.includes(undefined)) {
      const all = digests as Uint8Array[];
      await this.#add({ kind: 'deposit', depositId }, (older) =>
        branch(
          this.#algorithm,
          all.map((of) => digest(this.#algorithm, of, older)),
        ),
      );
    }
  }

  async #addPublication({ treeSize, source }: { treeSize: bigint; source: string }): Promise<void> {
    const checkpoint = await selectCheckpoint(this.#parts.db.pool, treeSize);
    if (checkpoint === undefined) throw new Error(`no checkpoint of ${treeSize} leaves beneath a publication`);
    const of = digest(this.#algorithm, checkpoint.note);
    await this.#add({ kind: 'publication', treeSize, source }, (older) => digest(this.#algorithm, of, older));
  }

  async #add(
    object: ArchivedObject,
    leafOver: (older: Uint8Array) => Uint8Array,
    row?: Parameters<typeof insertArchiveDigest>[1],
  ): Promise<void> {
    const built = await this.#records.chainsOf(object);
    if (built === undefined) return;
    const [newest] = built.chains.at(-1) ?? [];
    const algorithm = newest && imprintAlgorithmOf(imprintIn(newest.token)?.algorithm ?? '');
    // Authorities may be set to different digests: only chains of an ending one are renewed.
    if (algorithm === undefined || !this.#ending.has(algorithm)) return;
    const hash = leafOver(hashOfChains(this.#algorithm, built.chains));
    this.#leaves.push({ subject: object, hash, covers: built.end });
    if (row !== undefined) this.#digests.push(row);
    if (this.#leaves.length === MAX_TREE_LEAVES) await this.#flush();
  }

  async #flush(): Promise<void> {
    const leaves = this.#leaves;
    const digests = this.#digests;
    if (leaves.length === 0) return;
    this.#leaves = [];
    this.#digests = [];
    await this.#parts.stamper.stamp('hash-tree-renewal', this.#algorithm, leaves, async (tx: Queryable) => {
      for (const row of digests) await insertArchiveDigest(tx, row);
    });
    this.#objects += leaves.length;
    this.#parts.onProgress?.({ renewed: leaves.length, bytes: 0 });
  }

  /** Undefined if the original is not held, or is no longer the one that was handed in. */
  async #digestAgain(depositId: string, fileIndex: number, sha256: string): Promise<Uint8Array | undefined> {
    const object = `file ${fileIndex} of deposit ${depositId}`;
    const key = await selectObjectKey(this.#parts.db.pool, depositId, fileIndex, 'original');
    if (key === undefined) {
      this.#left.push({ object, because: 'original-not-held' });
      return undefined;
    }
    const hashes = { old: createHash('sha256'), again: createHash(this.#algorithm) };
    try {
      const range = { start: 0, end: Number(key.sizeBytes) };
      for await (const chunk of await openStored(this.#vault, key, originalObjectName(depositId, fileIndex), range)) {
        hashes.old.update(chunk);
        hashes.again.update(chunk);
        this.#parts.onProgress?.({ renewed: 0, bytes: (chunk as Uint8Array).length });
      }
    } catch (error) {
      if (!(error instanceof StorageError) || error.code !== 'object-not-found') throw error;
      this.#left.push({ object, because: 'original-not-held' });
      return undefined;
    }
    // While SHA-256 still binds: a new digest of anything else would carry a forgery over.
    if (encodeHex(hashes.old.digest()) !== sha256) {
      this.#left.push({ object, because: 'original-differs' });
      return undefined;
    }
    return new Uint8Array(hashes.again.digest());
  }
}
