import { createHash, randomBytes } from 'node:crypto';
import { v7 as uuidV7 } from 'uuid';
import { selectCertificateOfDeposit } from '../db/certificates.ts';
import { selectFileEntries } from '../db/deposits.ts';
import {
  type HandOverRow,
  insertHandOver,
  lockHandOver,
  selectHandOver,
  selectHandOverByToken,
  updateHandOverCancelled,
  updateHandOverConfirmed,
} from '../db/hand-overs.ts';
import { notifyLog } from '../db/leaves.ts';
import type { Database } from '../db/pool.ts';
import { fenced, readWithin } from '../db/row-security.ts';
import { FormatError } from '../errors.ts';
import { encodeHex } from '../format/bytes.ts';
import { commit } from '../format/commitment.ts';
import {
  type HandOver,
  type HandOverConfirmation,
  type HandOverStatement,
  handOverConfirmationSchema,
  handOverStatementSchema,
  parseHandOverConfirmation,
  parseHandOverStatement,
} from '../format/custody.ts';
import { parseFileEntry } from '../format/deposit.ts';
import { checkFields, utcTimeOf } from '../format/fields.ts';
import { encodeJson, type JsonValue } from '../format/json.ts';
import { type CustodyActing, recordCustodyEvent } from './custodian.ts';
import { CustodyError } from './custody-error.ts';
import type { Sealing } from './custody-file.ts';

export interface HandOversParts {
  db: Database;
  sealer: Sealing;
  evaluation: boolean;
  nowMs: () => number;
}

/** What the giver asks for. That he may is the caller's to see. */
export interface HandOverRequest {
  depositId: string;
  giver: { accountId: string; name: string; acting: CustodyActing };
  receiver: HandOverStatement['receiver'];
  /** Positions in the deposit; undefined: every file. */
  files: readonly number[] | undefined;
  /** The newest certificate is handed over too. */
  certificate: boolean;
  /** What else goes along, such as a disc with a package on it. */
  others: readonly { sha256: string; description: string }[];
  note: string | null;
  validDays: number;
}

export type HandOverState = 'open' | 'confirmed' | 'cancelled' | 'expired';

const DAY_MS = 24 * 3600_000;
export const MAX_VALID_DAYS = 180;
const TOKEN = /^tzh_[A-Za-z0-9_-]{43}$/;

/**
 * Evidence goes from one person to another, and both say so. The giver's statement names the receiver and the digests of what he hands
 * over; only when the receiver has confirmed that very statement is it a hand-over, until then it stands as open.
 *
 * Each act is one transaction: the custody event with its leaf, and the row. A crash leaves both or neither.
 */
export class HandOvers {
  readonly #parts: HandOversParts;

  constructor(parts: HandOversParts) {
    this.#parts = parts;
  }

  /**
   * @returns `token`: for a receiver without an account, the secret of the one-time link, shown this once
   * @throws CustodyError `hand-over-invalid`, `custody-deposit-unknown`
   */
  async give(request: HandOverRequest): Promise<{ handOver: HandOverRow; token: string | null }> {
    const { db, nowMs } = this.#parts;
    const { depositId, giver, receiver } = request;
    if (receiver.accountId === giver.accountId) throw invalid('giver and receiver are the same account');
    const nowAtMs = nowMs();
    const handedOverAt = new Date(nowAtMs);
    const expiresAt = new Date(nowAtMs + request.validDays * DAY_MS);
    const handOverId = uuidV7();
    const items = await this.#items(request, handedOverAt);
    const statement: HandOverStatement = checked(() =>
      checkFields(handOverStatementSchema, {
        type: 'tiezheng/hand-over-statement/v1',
        handOverId,
        depositId,
        giver: { accountId: giver.accountId, name: giver.name },
        receiver,
        items,
        note: request.note,
        handedOverAt: utcTimeOf(nowAtMs),
        expiresAt: utcTimeOf(expiresAt.getTime()),
        salt: newSalt(),
      }),
    );
    const token = receiver.accountId === null ? `tzh_${randomBytes(32).toString('base64url')}` : null;
    await db.transaction(async (client) => {
      const event = await recordCustodyEvent(client, {
        depositId,
        kind: 'handed-over',
        actor: giver.acting,
        at: handedOverAt,
        detail: { handOver: handOverId, statement: encodeHex(commit(statement)), expiresAt: statement.expiresAt },
      });
      await insertHandOver(client, {
        handOverId,
        depositId,
        giverAccount: giver.accountId,
        receiverAccount: receiver.accountId,
        tokenHash: token === null ? null : hashOf(token),
        handedOverAt,
        expiresAt,
        statement: canonical(statement),
        statementEvent: event.index,
      });
    });
    await notifyLog(db.pool, 'submission');
    return { handOver: await this.#get(handOverId), token };
  }

  /**
   * The account named as receiver says that it has what the statement lists.
   * @throws CustodyError `hand-over-not-found` for any other account; `hand-over-ended`
   */
  async confirmByAccount(
    handOverId: string,
    receiver: { accountId: string; name: string; acting: CustodyActing },
    note: string | null,
  ): Promise<HandOverRow> {
    const { accountId, name, acting } = receiver;
    if ((await this.of(handOverId, accountId)).receiverAccount !== accountId) throw notFound(handOverId);
    await this.#confirm(handOverId, { by: 'account', accountId, name, note }, acting);
    return this.#get(handOverId);
  }

  /** Whoever holds the one-time link says so, under a name that he gives. @throws CustodyError `confirmation-link-invalid`, `hand-over-invalid` */
  async confirmByLink(token: string, name: string, note: string | null): Promise<HandOverRow> {
    const { handOverId } = await this.openLink(token);
    const acting: CustodyActing = { accountId: null, userId: null, by: 'link', linkId: handOverId };
    try {
      await this.#confirm(handOverId, { by: 'link', accountId: null, name, note }, acting);
    } catch (error) {
      // Of two who open one link the second finds it used.
      if (error instanceof CustodyError && error.code === 'hand-over-ended') throw linkInvalid();
      throw error;
    }
    return this.#get(handOverId);
  }

  /** What the one-time link is about, as long as it can be used. @throws CustodyError `confirmation-link-invalid` */
  async openLink(token: string): Promise<HandOverRow> {
    const found = TOKEN.test(token) ? await selectHandOverByToken(this.#parts.db.pool, hashOf(token)) : undefined;
    if (found === undefined || this.stateOf(found) !== 'open') throw linkInvalid();
    return found;
  }

  /** The giver takes it back before anybody has confirmed. @throws CustodyError `hand-over-not-found`, `hand-over-ended` */
  async cancel(handOverId: string, giver: { accountId: string; acting: CustodyActing }): Promise<HandOverRow> {
    const { db, nowMs } = this.#parts;
    const at = new Date(nowMs());
    await db.transaction(async (client) => {
      const row = await lockHandOver(client, handOverId);
      if (row === undefined || row.giverAccount !== giver.accountId) throw notFound(handOverId);
      this.#requireOpen(row);
      const detail = { handOver: handOverId };
      const { depositId } = row;
      await recordCustodyEvent(client, { depositId, kind: 'hand-over-cancelled', actor: giver.acting, at, detail });
      await updateHandOverCancelled(client, handOverId, at);
    });
    await notifyLog(db.pool, 'submission');
    return this.#get(handOverId);
  }

  /** For its giver and its receiver. @throws CustodyError `hand-over-not-found`, also for everybody else */
  async of(handOverId: string, accountId: string): Promise<HandOverRow> {
    const { db, nowMs } = this.#parts;
    const row = await readWithin(db, { accountId, at: new Date(nowMs()) }, (q) => selectHandOver(q, handOverId));
    if (row === undefined || (row.giverAccount !== accountId && row.receiverAccount !== accountId)) {
      throw notFound(handOverId);
    }
    return row;
  }

  stateOf({ ended, expiresAt }: Pick<HandOverRow, 'ended' | 'expiresAt'>): HandOverState {
    return ended ?? (expiresAt.getTime() <= this.#parts.nowMs() ? 'expired' : 'open');
  }

  /** Canonical bytes of tiezheng/hand-over/v1, sealed anew each time. Of one that is open it says that only the giver has spoken. */
  async receipt(row: HandOverRow): Promise<Uint8Array> {
    const { sealer, evaluation, nowMs } = this.#parts;
    const handOver: HandOver = {
      type: 'tiezheng/hand-over/v1',
      evaluation,
      statement: parseHandOverStatement(row.statement),
      confirmation: row.confirmation === null ? null : parseHandOverConfirmation(row.confirmation),
      events: {
        handedOver: encodeHex(row.statementEvent),
        confirmed: row.confirmationEvent === null ? null : encodeHex(row.confirmationEvent),
      },
      // The clock of another server that recorded the act may be ahead.
      claims: { madeAt: utcTimeOf(Math.max(nowMs(), (row.endedAt ?? row.handedOverAt).getTime())) },
      seals: [],
    };
    return canonical(await sealer.seal(handOver));
  }

  async #confirm(
    handOverId: string,
    said: Pick<HandOverConfirmation, 'by' | 'accountId' | 'name' | 'note'>,
    acting: CustodyActing,
  ): Promise<void> {
    const { db, nowMs } = this.#parts;
    const at = new Date(nowMs());
    await db.transaction(async (client) => {
      const row = await lockHandOver(client, handOverId);
      if (row === undefined) throw notFound(handOverId);
      this.#requireOpen(row);
      const { depositId } = row;
      const confirmation: HandOverConfirmation = checked(() =>
        checkFields(handOverConfirmationSchema, {
          type: 'tiezheng/hand-over-confirmation/v1',
          handOverId,
          statement: encodeHex(commit(parseHandOverStatement(row.statement))),
          confirmedAt: utcTimeOf(at.getTime()),
          ...said,
          salt: newSalt(),
        }),
      );
      const detail = { handOver: handOverId, confirmation: encodeHex(commit(confirmation)) };
      const act = { depositId, kind: 'hand-over-confirmed' as const, actor: acting, at, detail };
      const event = await recordCustodyEvent(client, act);
      await updateHandOverConfirmed(client, handOverId, { body: canonical(confirmation), event: event.index, at });
    });
    await notifyLog(db.pool, 'submission');
  }

  #requireOpen(row: HandOverRow): void {
    const state = this.stateOf(row);
    if (state !== 'open') throw new CustodyError('hand-over-ended', `the hand-over ${row.handOverId} is ${state}`);
  }

  async #get(handOverId: string): Promise<HandOverRow> {
    const row = await selectHandOver(this.#parts.db.pool, handOverId);
    if (row === undefined) throw notFound(handOverId);
    return row;
  }

  /** Out of what the giver sees. */
  async #items(request: HandOverRequest, at: Date): Promise<HandOverStatement['items']> {
    const { depositId, giver, files, certificate, others } = request;
    const seen = fenced(this.#parts.db, { accountId: giver.accountId, at });
    const entries = new Map(
      (await selectFileEntries(seen, depositId)).map(({ fileIndex, body }) => [fileIndex, parseFileEntry(body)]),
    );
    if (entries.size === 0) throw invalid(`what deposit ${depositId} says was erased`);
    const items: HandOverStatement['items'] = [];
    for (const fileIndex of new Set(files ?? entries.keys())) {
      const entry = entries.get(fileIndex);
      if (entry === undefined) throw invalid(`file ${fileIndex}: the deposit has ${entries.size}`);
      items.push({ what: 'original', fileIndex, sha256: entry.digests.sha256, description: null });
    }
    if (certificate) {
      const found = await selectCertificateOfDeposit(seen, depositId);
      if (found === undefined) throw invalid('the deposit has no certificate yet that could be handed over');
      const { digest, certificateNo } = found;
      items.push({ what: 'certificate', fileIndex: null, sha256: encodeHex(digest), description: certificateNo });
    }
    for (const other of others) items.push({ what: 'other', fileIndex: null, ...other });
    if (items.length === 0) throw invalid('nothing is handed over');
    return items;
  }
}

/** @throws CustodyError `hand-over-invalid` naming the first field that is wrong */
function checked<T>(parse: () => T): T {
  try {
    return parse();
  } catch (cause) {
    if (cause instanceof FormatError) throw new CustodyError('hand-over-invalid', cause.message, { cause });
    throw cause;
  }
}

function invalid(message: string): CustodyError {
  return new CustodyError('hand-over-invalid', message);
}

function notFound(handOverId: string): CustodyError {
  return new CustodyError('hand-over-not-found', `there is no hand-over ${handOverId} here for you`);
}

function linkInvalid(): CustodyError {
  return new CustodyError('confirmation-link-invalid', 'this link is unknown, used, cancelled or expired');
}

/** The secret has 256 random bits, so a plain digest is enough. */
function hashOf(token: string): Uint8Array {
  return createHash('sha256').update(token).digest();
}

function canonical(value: object): Uint8Array {
  return encodeJson(value as JsonValue);
}

function newSalt(): string {
  return encodeHex(randomBytes(32));
}
