import {
  type ArchiveAlgorithm,
  type ArchiveLeaf,
  type ArchiveRound,
  completeArchiveStamp,
  type IntendedStamp,
  insertArchiveStamp,
  selectIntendedStamps,
} from '../db/archive.ts';
import type { Database, Queryable } from '../db/pool.ts';
import type { AuthorityClient, Stamp } from '../timestamp/authority-client.ts';
import { AuthorityError } from '../timestamp/authority-error.ts';
import { HashTree } from './hash-tree.ts';
import { lifeOfPath } from './path-life.ts';
import { RenewalError } from './renewal-error.ts';

export interface ArchiveStamperParts {
  db: Database;
  /** In the order in which they are asked. */
  authorities: () => readonly Pick<AuthorityClient, 'settings' | 'stampDigest'>[];
  nowMs: () => number;
  /** How long what a renewal's token rests on has to last. */
  lastingMs: number;
  /** As in the settings. */
  keyEnds: Readonly<Record<string, string>>;
}

/**
 * Puts leaves under one tree and gets the tree its token. Order of acts: the tree with its leaves is committed; an authority is asked;
 * its token is committed. A crash before the first leaves nothing; after it, a stamp without a token, which `complete` goes on with;
 * between the second and the third a token is lost, and asking for another one harms nobody.
 */
export class ArchiveStamper {
  readonly #parts: ArchiveStamperParts;

  constructor(parts: ArchiveStamperParts) {
    this.#parts = parts;
  }

  /**
   * Commits the tree, and what `also` writes with it, then asks for its token.
   * @param leaves at most `MAX_TREE_LEAVES`
   * @throws RenewalError; the tree is kept and gone on with later
   */
  async stamp(
    round: ArchiveRound,
    algorithm: ArchiveAlgorithm,
    leaves: readonly ArchiveLeaf[],
    also: (q: Queryable) => Promise<void> = async () => {},
  ): Promise<void> {
    const { db, nowMs } = this.#parts;
    const { root } = new HashTree(
      algorithm,
      leaves.map(({ hash }) => hash),
    );
    const intendedAt = new Date(nowMs());
    const stampId = await db.transaction(async (q) => {
      await also(q);
      return insertArchiveStamp(q, { round, algorithm, root, at: intendedAt, leaves });
    });
    await this.#complete({ stampId, round, algorithm, root: Buffer.from(root), intendedAt });
  }

  /** Goes on with every tree that has no token. @returns how many there were @throws RenewalError */
  async complete(): Promise<number> {
    const intended = await selectIntendedStamps(this.#parts.db.pool);
    for (const stamp of intended) await this.#complete(stamp);
    return intended.length;
  }

  async #complete({ stampId, round, algorithm, root, intendedAt }: IntendedStamp): Promise<void> {
    const { db, nowMs } = this.#parts;
    const { stamp, source } = await this.#ask(round, algorithm, new Uint8Array(root), intendedAt);
    await completeArchiveStamp(db.pool, {
      stampId,
      source,
      token: stamp.token,
      certificates: stamp.path,
      revocation: stamp.collected.revocation,
      genTime: new Date(stamp.genTimeUnixMs),
      at: new Date(nowMs()),
    });
  }

  /** The first lasting token; of a first round, else the one that lasts longest. */
  async #ask(
    round: ArchiveRound,
    algorithm: ArchiveAlgorithm,
    root: Uint8Array,
    intendedAt: Date,
  ): Promise<{ stamp: Stamp; source: string }> {
    const { authorities, nowMs, lastingMs, keyEnds } = this.#parts;
    const reasons: string[] = [];
    let best: { stamp: Stamp; source: string; untilMs: number } | undefined;
    for (const authority of authorities()) {
      const { name, url } = authority.settings;
      try {
        const terms = { notBeforeUnixMs: intendedAt.getTime(), collectRevocation: true };
        const stamp = await authority.stampDigest(algorithm, root, terms);
        const { untilMs, of } = lifeOfPath(stamp.path, keyEnds);
        if (untilMs >= nowMs() + lastingMs) return { stamp, source: url };
        reasons.push(`${name}: ${of} lasts until ${new Date(untilMs).toISOString().slice(0, 10)} only`);
        if (best === undefined || untilMs > best.untilMs) best = { stamp, source: url, untilMs };
      } catch (error) {
        if (!(error instanceof AuthorityError)) throw error;
        reasons.push(`${error.code}: ${error.message}`);
      }
    }
    if (reasons.length === 0) throw new RenewalError('no-authority', 'no timestamp authority is configured');
    if (best !== undefined && round === 'initial') return best;
    const code = best === undefined ? 'no-authority-answered' : 'no-lasting-authority';
    throw new RenewalError(code, reasons.join('; ').slice(0, 1000));
  }
}
