import type { Queryable } from './pool.ts';

export interface HandOverRow {
  handOverId: string;
  depositId: string;
  giverAccount: string;
  receiverAccount: string | null;
  handedOverAt: Date;
  expiresAt: Date;
  /** Canonical bytes of tiezheng/hand-over-statement/v1. */
  statement: Buffer;
  /** Hash of the event of handing over. */
  statementEvent: Buffer;
  /** Canonical bytes of tiezheng/hand-over-confirmation/v1. */
  confirmation: Buffer | null;
  /** Hash of the event of confirming. */
  confirmationEvent: Buffer | null;
  ended: 'confirmed' | 'cancelled' | null;
  endedAt: Date | null;
}

const HAND_OVER = `h.hand_over_id as "handOverId", h.deposit_id as "depositId", h.giver_account as "giverAccount",
  h.receiver_account as "receiverAccount", h.handed_over_at as "handedOverAt", h.expires_at as "expiresAt", h.statement,
  s.event_hash as "statementEvent", h.confirmation, c.event_hash as "confirmationEvent", h.ended, h.ended_at as "endedAt"`;
const FROM = `from hand_over h
  join custody_event s on s.deposit_id = h.deposit_id and s.event_index = h.statement_event
  left join custody_event c on c.deposit_id = h.deposit_id and c.event_index = h.confirmation_event`;

/** Either `receiverAccount` or `tokenHash` is given. `statementEvent`: place of the event. */
export async function insertHandOver(
  q: Queryable,
  handOver: Pick<HandOverRow, 'handOverId' | 'depositId' | 'giverAccount' | 'receiverAccount'> & {
    tokenHash: Uint8Array | null;
    handedOverAt: Date;
    expiresAt: Date;
    statement: Uint8Array;
    statementEvent: number;
  },
): Promise<void> {
  const { handOverId, depositId, giverAccount, receiverAccount, tokenHash } = handOver;
  const { handedOverAt, expiresAt, statement, statementEvent } = handOver;
  await q.query(
    `insert into hand_over (hand_over_id, deposit_id, giver_account, receiver_account, token_hash, handed_over_at, expires_at,
                            statement, statement_event)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
    [
      handOverId,
      depositId,
      giverAccount,
      receiverAccount,
      tokenHash,
      handedOverAt,
      expiresAt,
      statement,
      statementEvent,
    ],
  );
}

export async function selectHandOver(q: Queryable, handOverId: string): Promise<HandOverRow | undefined> {
  return (await q.query<HandOverRow>(`select ${HAND_OVER} ${FROM} where h.hand_over_id = $1`, [handOverId])).rows[0];
}

/** As `selectHandOver`; until the end of the transaction nobody else who asks so gets it. */
export async function lockHandOver(q: Queryable, handOverId: string): Promise<HandOverRow | undefined> {
  const { rows } = await q.query<HandOverRow>(`select ${HAND_OVER} ${FROM} where h.hand_over_id = $1 for update of h`, [
    handOverId,
  ]);
  return rows[0];
}

/** @param tokenHash SHA-256 of the link's secret */
export async function selectHandOverByToken(q: Queryable, tokenHash: Uint8Array): Promise<HandOverRow | undefined> {
  return (await q.query<HandOverRow>(`select ${HAND_OVER} ${FROM} where h.token_hash = $1`, [tokenHash])).rows[0];
}

/** Those that the account gave, or that name it as receiver; newest first. */
export async function selectHandOversOfAccount(
  q: Queryable,
  side: 'given' | 'received',
  accountId: string,
  limit: number,
  before: string | null,
): Promise<HandOverRow[]> {
  const column = side === 'given' ? 'h.giver_account' : 'h.receiver_account';
  const { rows } = await q.query<HandOverRow>(
    `select ${HAND_OVER} ${FROM}
     where ${column} = $1 and ($3::uuid is null or h.hand_over_id < $3::uuid)
     order by h.hand_over_id desc limit $2`,
    [accountId, limit, before],
  );
  return rows;
}

/** In the order in which they were begun. */
export async function selectHandOversOfDeposit(q: Queryable, depositId: string): Promise<HandOverRow[]> {
  const { rows } = await q.query<HandOverRow>(
    `select ${HAND_OVER} ${FROM} where h.deposit_id = $1 order by h.statement_event`,
    [depositId],
  );
  return rows;
}

/** For the holder of the row's lock. */
export async function updateHandOverConfirmed(
  q: Queryable,
  handOverId: string,
  confirmation: { body: Uint8Array; event: number; at: Date },
): Promise<void> {
  await q.query(
    `update hand_over set confirmation = $2, confirmation_event = $3, ended = 'confirmed', ended_at = $4
     where hand_over_id = $1`,
    [handOverId, confirmation.body, confirmation.event, confirmation.at],
  );
}

/** For the holder of the row's lock. */
export async function updateHandOverCancelled(q: Queryable, handOverId: string, at: Date): Promise<void> {
  await q.query(`update hand_over set ended = 'cancelled', ended_at = $2 where hand_over_id = $1`, [handOverId, at]);
}
