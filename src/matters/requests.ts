import { v7 as uuidV7 } from 'uuid';
import type { Principal, Relation } from '../access/rules.ts';
import { recordCustodyEvent } from '../custody/custodian.ts';
import type { Database, Queryable } from '../db/pool.ts';
import {
  insertRequest,
  insertRequestStep,
  lockRequest,
  type RequestRow,
  type RequestState,
  selectIsOffice,
  selectRequest,
  selectRequestDeposits,
  updateRequestState,
} from '../db/requests.ts';
import { encodeHex } from '../format/bytes.ts';
import { type Notice, recordNotice } from '../notices/notice.ts';
import { actingOf, giveGrant, revokeGrantsOfRequest } from '../sharing/grants.ts';
import { MatterError } from './matter-error.ts';

/** Deposits that one request is about. */
export const MAX_REQUEST_DEPOSITS = 200;

/** What an office, or the side that asked, writes down by itself. */
export const STEP_KINDS = [
  'digest-recomputed',
  'chain-read',
  'timestamp-checked',
  'package-verified',
  'capture-inspected',
  'capture-repeated',
  'asked',
  'answered',
  'other',
] as const;
export type StepKind = (typeof STEP_KINDS)[number];
/** The side that asked only answers. */
const STEPS_OF_ASKER: readonly StepKind[] = ['answered', 'other'];

export interface NewRequest {
  officeAccountId: string;
  /** Of the asker's own account. */
  depositIds: readonly string[];
  matterId: string | null;
  subject: string;
  message: string | null;
  /** Until when the office may see the deposits; null: until the request is refused or withdrawn, or the grant is revoked. */
  expiresAt: Date | null;
}

export type Decision =
  | { state: 'accepted' }
  | { state: 'deed-issued'; deedNo: string; deedDigest: Uint8Array }
  | { state: 'refused'; reason: string };

/**
 * How a right holder asks a notary's or mediator's office to verify deposits, and what comes of it: submitted → accepted → deed issued, refused or
 * withdrawn. Both sides see every state and every step; what touches a deposit is an event of its custody, in the same transaction.
 */
export class VerificationRequests {
  readonly #db: Database;

  constructor(db: Database) {
    this.#db = db;
  }

  /**
   * Submits a request and gives the office a grant on each deposit.
   * @throws MatterError `request-invalid`: no such office, or a deposit or matter that the caller does not have
   */
  async submit(principal: Principal, order: NewRequest, at: Date): Promise<RequestRow> {
    const { officeAccountId, depositIds, matterId, subject, message, expiresAt } = order;
    const requestId = uuidV7();
    return this.#db.transaction(async (client) => {
      if (officeAccountId === principal.accountId || !(await selectIsOffice(client, officeAccountId))) {
        throw new MatterError('request-invalid', 'officeAccountId: no office has this id');
      }
      const { accountId } = principal;
      try {
        await insertRequest(
          client,
          { requestId, accountId, officeAccountId, matterId, subject, message, createdAt: at },
          depositIds,
        );
      } catch (cause) {
        if ((cause as { code?: unknown }).code !== '23503') throw cause;
        throw new MatterError('request-invalid', 'names a deposit or a matter that you do not have', { cause });
      }
      await this.#step(client, principal, requestId, { kind: 'submitted', at });
      const about = { requestId, deposits: depositIds.length };
      await recordNotice(client, { accountId: officeAccountId, kind: 'request-received', key: requestId, about, at });
      // Ascending, as custody chains are locked everywhere.
      for (const depositId of [...depositIds].sort()) {
        const to = { accountId: officeAccountId };
        const grant = { object: { depositId }, to, scope: 'export', coverage: 'disclosed', expiresAt } as const;
        await giveGrant(client, principal, { ...grant, remark: null, requestId }, at);
      }
      return (await selectRequest(client, requestId)) as RequestRow;
    });
  }

  /**
   * The office accepts, issues or refuses.
   * @throws MatterError `request-not-found`, `request-ended` if it is not in a state to become that
   */
  async decide(principal: Principal, requestId: string, decision: Decision, at: Date): Promise<RequestRow> {
    return this.#go(principal, requestId, 'granted', decision.state, at, async (client) => {
      const deed = decision.state === 'deed-issued' ? decision : undefined;
      const reason = decision.state === 'refused' ? decision.reason : null;
      await updateRequestState(client, requestId, {
        state: decision.state,
        at,
        deedNo: deed?.deedNo ?? null,
        deedDigest: deed?.deedDigest ?? null,
        reason,
      });
      await this.#step(client, principal, requestId, { kind: decision.state, at, remark: reason });
      if (decision.state === 'accepted') return;
      const detail: Record<string, string> = { requestId, decision: decision.state };
      if (deed !== undefined) Object.assign(detail, { deedNo: deed.deedNo, deedSha256: encodeHex(deed.deedDigest) });
      for (const depositId of await selectRequestDeposits(client, requestId)) {
        await recordCustodyEvent(client, { depositId, kind: 'verified', actor: actingOf(principal), at, detail });
      }
      if (decision.state === 'refused') await revokeGrantsOfRequest(client, principal, requestId, at);
    });
  }

  /** The side that asked takes it back; the office sees the deposits no more. @throws as `decide` */
  async withdraw(principal: Principal, requestId: string, at: Date): Promise<RequestRow> {
    return this.#go(principal, requestId, 'own', 'withdrawn', at, async (client) => {
      await updateRequestState(client, requestId, {
        state: 'withdrawn',
        at,
        deedNo: null,
        deedDigest: null,
        reason: null,
      });
      await this.#step(client, principal, requestId, { kind: 'withdrawn', at });
      await revokeGrantsOfRequest(client, principal, requestId, at);
    });
  }

  /**
   * Writes down what one side did. A step of the office about a deposit is an event of its custody.
   * @throws MatterError `request-not-found`, `request-ended`; `request-invalid` for a deposit that the request is not about, or a kind
   *   that the side that asked does not do
   */
  async addStep(
    principal: Principal,
    requestId: string,
    step: {
      kind: StepKind;
      depositId: string | null;
      outcome: 'consistent' | 'inconsistent' | 'not-checked' | null;
      remark: string | null;
    },
    at: Date,
  ): Promise<void> {
    await this.#db.transaction(async (client) => {
      const request = await lockRequest(client, requestId);
      const relation = relationToRequest(principal, request);
      if (request === undefined || relation === 'none') throw requestNotFound();
      if (isEnd(request.state)) throw ended(request.state);
      if (relation === 'own' && !STEPS_OF_ASKER.includes(step.kind)) {
        throw new MatterError('request-invalid', `kind: ${step.kind} is the office's to do`);
      }
      if (step.depositId !== null && !(await selectRequestDeposits(client, requestId)).includes(step.depositId)) {
        throw new MatterError('request-invalid', 'depositId: the request is not about this deposit');
      }
      await this.#step(client, principal, requestId, { ...step, at });
      if (relation === 'own' || step.depositId === null) return;
      await recordCustodyEvent(client, {
        depositId: step.depositId,
        kind: 'verified',
        actor: actingOf(principal),
        at,
        detail: { requestId, step: step.kind, ...(step.outcome === null ? {} : { outcome: step.outcome }) },
      });
    });
  }

  async #go(
    principal: Principal,
    requestId: string,
    side: Relation,
    state: RequestState,
    at: Date,
    work: (client: Queryable) => Promise<void>,
  ): Promise<RequestRow> {
    return this.#db.transaction(async (client) => {
      const request = await lockRequest(client, requestId);
      if (request === undefined || relationToRequest(principal, request) !== side) throw requestNotFound();
      if (!NEXT[request.state].includes(state)) throw ended(request.state);
      await work(client);
      await recordNotice(client, noticeOf(request, side, state, at));
      return (await selectRequest(client, requestId)) as RequestRow;
    });
  }

  async #step(
    q: Queryable,
    principal: Principal,
    requestId: string,
    step: {
      kind: string;
      at: Date;
      depositId?: string | null;
      outcome?: 'consistent' | 'inconsistent' | 'not-checked' | null;
      remark?: string | null;
    },
  ): Promise<void> {
    const { accountId, userId, by } = principal;
    const { kind, at, depositId = null, outcome = null, remark = null } = step;
    await insertRequestStep(q, requestId, { at, accountId, userId, by, kind, depositId, outcome, remark });
  }
}

/** Tells the other side. */
function noticeOf(request: RequestRow, side: Relation, state: RequestState, at: Date): Notice {
  const { requestId, accountId, officeAccountId, matterId } = request;
  const isAsker = side === 'own';
  return {
    accountId: isAsker ? officeAccountId : accountId,
    kind: 'request-changed',
    key: `${requestId} ${state}`,
    // The matter is the asker's own.
    about: { requestId, state, ...(isAsker || matterId === null ? {} : { matterId }) },
    at,
  };
}

/** Whoever asked owns the request; to the office it was granted. */
export function relationToRequest(principal: Principal, request: RequestRow | undefined): Relation {
  if (principal.by === 'link') return 'none';
  if (request?.accountId === principal.accountId) return 'own';
  return request?.officeAccountId === principal.accountId ? 'granted' : 'none';
}

export function requestNotFound(): MatterError {
  return new MatterError('request-not-found', 'you have no such request');
}

const NEXT: Readonly<Record<RequestState, readonly RequestState[]>> = {
  submitted: ['accepted', 'refused', 'withdrawn'],
  accepted: ['deed-issued', 'refused', 'withdrawn'],
  'deed-issued': [],
  refused: [],
  withdrawn: [],
};

function isEnd(state: RequestState): boolean {
  return NEXT[state].length === 0;
}

function ended(state: RequestState): MatterError {
  return new MatterError('request-ended', `the request is ${state}`);
}
