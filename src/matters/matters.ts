import { v7 as uuidV7 } from 'uuid';
import type { Principal } from '../access/rules.ts';
import {
  countParts,
  type DerivativeRow,
  deleteMatter,
  deletePart,
  insertDerivative,
  insertMatter,
  insertMatterChange,
  insertPart,
  lockMatter,
  type MatterChange,
  type MatterFields,
  type MatterPart,
  type MatterRow,
  type PartFields,
  type PartRow,
  selectLastPosition,
  selectMatter,
  selectPart,
  selectParts,
  updateItemOrder,
  updateMatter,
  updatePart,
} from '../db/matters.ts';
import type { Database, Queryable } from '../db/pool.ts';
import { MatterError } from './matter-error.ts';

/** Rows of one kind in one matter. */
export const MAX_PARTS = 1000;

export type NewMatter = Pick<MatterRow, 'title' | 'dispute' | 'confidentiality' | 'summary'>;

/**
 * Keeps matters and all that is in them. Every change is written down beside it, in the same transaction: who, when, what it was and
 * what it is. Whoever calls has checked that the matter is the principal's own and that he may edit it.
 */
export class Matters {
  readonly #db: Database;

  constructor(db: Database) {
    this.#db = db;
  }

  async create(principal: Principal, fields: NewMatter, at: Date): Promise<MatterRow> {
    const matterId = uuidV7();
    return this.#db.transaction(async (client) => {
      await insertMatter(client, {
        matterId,
        accountId: principal.accountId,
        ...fields,
        status: 'draft',
        legalHold: false,
        legalHoldReason: null,
        createdAt: at,
      });
      const matter = (await selectMatter(client, matterId)) as MatterRow;
      await writeDown(client, principal, at, {
        matterId,
        part: 'matter',
        partId: matterId,
        before: null,
        after: toldOf(matter),
      });
      return matter;
    });
  }

  /**
   * @param version that the caller has seen
   * @throws MatterError `version-mismatch`, `matter-closed`, `matter-invalid` for a status that goes back, `matter-not-found`
   */
  async change(
    principal: Principal,
    matterId: string,
    version: number,
    change: Partial<MatterFields>,
    at: Date,
  ): Promise<MatterRow> {
    return this.#inMatter(matterId, async (client, before) => {
      if (before.version !== version) throw versionMismatch(before.version, version);
      const fields = { ...before, ...change };
      if (!fields.legalHold) fields.legalHoldReason = null;
      if (STATUSES.indexOf(fields.status) < STATUSES.indexOf(before.status)) {
        throw new MatterError('matter-invalid', `status: ${before.status} does not become ${fields.status} again`);
      }
      const after = (await updateMatter(client, matterId, version, fields, at)) as MatterRow;
      await writeDown(client, principal, at, {
        matterId,
        part: 'matter',
        partId: matterId,
        before: toldOf(before),
        after: toldOf(after),
      });
      return after;
    });
  }

  /**
   * Removes a draft with all that is in it; its history stays.
   * @throws MatterError `version-mismatch`; `matter-in-use` if it is no draft, is on hold, or an office was asked about it
   */
  async remove(principal: Principal, matterId: string, version: number, at: Date): Promise<void> {
    await this.#inMatter(matterId, async (client, before) => {
      if (before.version !== version) throw versionMismatch(before.version, version);
      if (before.status !== 'draft' || before.legalHold) {
        throw new MatterError(
          'matter-in-use',
          `only drafts without legal hold are removed; this matter is ${before.status}`,
        );
      }
      await ruled('matter-in-use', deleteMatter(client, matterId));
      await writeDown(client, principal, at, {
        matterId,
        part: 'matter',
        partId: matterId,
        before: toldOf(before),
        after: null,
      });
    });
  }

  /** @throws MatterError `matter-closed`, `matter-full`, `matter-duplicate`, `matter-invalid` */
  async add(principal: Principal, matterId: string, part: MatterPart, fields: PartFields, at: Date): Promise<PartRow> {
    return this.#inMatter(matterId, async (client, { accountId }) => {
      if ((await countParts(client, part, matterId)) >= MAX_PARTS) {
        throw new MatterError('matter-full', `a matter has at most ${MAX_PARTS} of these`);
      }
      const placed =
        part === 'item' ? { ...fields, position: (await selectLastPosition(client, matterId)) + 1 } : fields;
      const id = uuidV7();
      const after = await ruled(
        'matter-invalid',
        insertPart(client, part, { id, matterId, accountId, fields: placed }),
      );
      await writeDown(client, principal, at, { matterId, part, partId: id, before: null, after });
      return after;
    });
  }

  /** @throws MatterError `matter-part-not-found`, `version-mismatch`, `matter-closed`, `matter-invalid` */
  async changePart(
    principal: Principal,
    matterId: string,
    part: MatterPart,
    row: { id: string; version: number; fields: PartFields },
    at: Date,
  ): Promise<PartRow> {
    return this.#inMatter(matterId, async (client) => {
      const before = await selectPart(client, part, matterId, row.id);
      if (before === undefined) throw partNotFound();
      if (before.version !== row.version) throw versionMismatch(before.version, row.version);
      const after = (await ruled('matter-invalid', updatePart(client, part, { matterId, ...row }))) as PartRow;
      await writeDown(client, principal, at, { matterId, part, partId: row.id, before, after });
      return after;
    });
  }

  /** @throws MatterError `matter-part-not-found`, `version-mismatch`, `matter-closed`; `matter-in-use` for a party that a right names */
  async removePart(
    principal: Principal,
    matterId: string,
    part: MatterPart,
    row: { id: string; version: number },
    at: Date,
  ): Promise<void> {
    await this.#inMatter(matterId, async (client) => {
      const before = await selectPart(client, part, matterId, row.id);
      if (before === undefined) throw partNotFound();
      if (before.version !== row.version) throw versionMismatch(before.version, row.version);
      await ruled('matter-in-use', deletePart(client, part, { matterId, ...row }));
      await writeDown(client, principal, at, { matterId, part, partId: row.id, before, after: null });
    });
  }

  /**
   * Puts the items into this order.
   * @param version of the matter
   * @throws MatterError `version-mismatch`, `matter-closed`; `matter-invalid` unless every item is named once
   */
  async orderItems(
    principal: Principal,
    matterId: string,
    version: number,
    itemIds: readonly string[],
    at: Date,
  ): Promise<MatterRow> {
    return this.#inMatter(matterId, async (client, before) => {
      if (before.version !== version) throw versionMismatch(before.version, version);
      const items = await selectParts(client, 'item', matterId, { limit: MAX_PARTS, after: null });
      const order = items.map((item) => item.id);
      const isComplete = new Set(itemIds).size === itemIds.length && itemIds.length === order.length;
      if (!isComplete || !order.every((id) => itemIds.includes(id))) {
        throw new MatterError('matter-invalid', `items: expected each of the ${order.length} items of the matter once`);
      }
      await ruled('matter-invalid', updateItemOrder(client, matterId, itemIds));
      const after = (await updateMatter(client, matterId, version, before, at)) as MatterRow;
      await writeDown(client, principal, at, {
        matterId,
        part: 'order',
        partId: matterId,
        before: { items: order },
        after: { items: itemIds },
      });
      return after;
    });
  }

  /** One change of a matter at a time: its row is locked until the commit. */
  async #inMatter<T>(matterId: string, work: (client: Queryable, matter: MatterRow) => Promise<T>): Promise<T> {
    return this.#db.transaction(async (client) => {
      const matter = await lockMatter(client, matterId);
      if (matter === undefined) throw matterNotFound();
      return ruled('matter-invalid', work(client, matter));
    });
  }
}

/**
 * Links a derivative to the original that it was made from: both are the account's deposits, each with digests of its own.
 * @throws MatterError `derivative-invalid`; `matter-invalid` if one of them is not the account's
 */
export async function linkDerivative(db: Database, principal: Principal, row: DerivativeRow): Promise<void> {
  await ruled(
    'matter-invalid',
    db.transaction((client) => insertDerivative(client, principal.accountId, row)),
  );
}

export function matterNotFound(): MatterError {
  return new MatterError('matter-not-found', 'you have no such matter');
}

export function partNotFound(): MatterError {
  return new MatterError('matter-part-not-found', 'the matter has no such entry');
}

function versionMismatch(now: number, given: number): MatterError {
  return new MatterError('version-mismatch', `If-Match names version ${given}; the newest is ${now}`);
}

const STATUSES = ['draft', 'open', 'closed'] as const;

/** The row as history keeps it. */
function toldOf({ createdAt: _, changedAt: __, ...matter }: MatterRow): object {
  return matter;
}

async function writeDown(
  q: Queryable,
  principal: Principal,
  at: Date,
  change: Pick<MatterChange, 'matterId' | 'part' | 'partId' | 'before' | 'after'>,
): Promise<void> {
  const { accountId, userId, by } = principal;
  const kind = change.before === null ? 'created' : change.after === null ? 'removed' : 'changed';
  await insertMatterChange(q, { ...change, change: kind, at, accountId, userId, by });
}

/** What the tables refuse, as the caller is told it. `otherwise`: for a reference that does not hold. */
async function ruled<T>(otherwise: 'matter-invalid' | 'matter-in-use', work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (cause) {
    const { code, constraint, table } = (cause ?? {}) as { code?: unknown; constraint?: unknown; table?: unknown };
    if (constraint === 'matter_closed') {
      throw new MatterError('matter-closed', 'the matter is closed: only its legal hold can still change', { cause });
    }
    if (['derivative_of_derivative', 'derivative_pkey', 'derivative_check'].includes(String(constraint))) {
      const message = 'a derivative has one original, which is itself none';
      throw new MatterError('derivative-invalid', message, { cause });
    }
    if (code === '23505') throw new MatterError('matter-duplicate', 'it stands there already', { cause });
    if (code === '23503') {
      const message =
        otherwise === 'matter-in-use'
          ? `something else names it (${String(table)})`
          : 'names a deposit or an entry that you do not have, or that does not belong to this matter';
      throw new MatterError(otherwise, message, { cause });
    }
    if (code === '23514') {
      throw new MatterError('matter-invalid', `the fields do not go together (${String(constraint)})`, { cause });
    }
    throw cause;
  }
}
