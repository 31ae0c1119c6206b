import { type BaseWallet, Transaction } from 'ethers';
import { clearAlarm, raiseAlarm, selectAlarmsAbout } from '../db/alarms.ts';
import { selectAnchorCostSince, upsertAnchorCost } from '../db/anchor-costs.ts';
import {
  type AnchorRow,
  type AnchorState,
  type AnchorTransactionRow,
  insertAnchor,
  insertAnchorEvent,
  insertAnchorTransaction,
  insertBlockHeader,
  type LiveAnchorRow,
  type OvertakenAnchorState,
  selectAnchorInFlight,
  selectAnchorOfSize,
  selectAnchorTransactions,
  selectBlockHeader,
  selectLastIntentTime,
  selectNewestFinalAnchor,
  updateAnchorState,
} from '../db/anchors.ts';
import { selectNewestPublication, selectPublicationCovering } from '../db/leaves.ts';
import type { Database, Queryable } from '../db/pool.ts';
import { encodeHex0x, equalBytes, parseHex0x } from '../format/bytes.ts';
import type { LogReader } from '../log/log-reader.ts';
import { type AlarmingCode, AnchorError, STOPPING_CODES, type StoppingCode } from './anchor-error.ts';
import { bumpedFee, cappedFee, costOf, offerOf } from './anchor-fee.ts';
import { makeAttestation } from './attestation.ts';
import { blockTimeMs } from './block-time.ts';
import { type AnchorCall, type ChainClient, ChainError, type ContractHead, type Fee } from './chain-client.ts';
import { proveProfile } from './chain-profile.ts';

/** What anchoring on one chain works with. Profile and contract are the client's. */
export interface AnchorParts {
  db: Database;
  log: Pick<LogReader, 'size' | 'rootAt' | 'consistencyProof'>;
  client: ChainClient;
  /** Holds the key that the contract takes anchors from. */
  anchorer: BaseWallet;
  /** SHA-256 of the log's origin, which the contract was made with. */
  originHash: Uint8Array;
  /** Least time between the beginnings of two anchors. An anchor also waits until the one before it is final. */
  intervalMs: number;
  /** Age at which a transaction that no block has taken is replaced by one that pays more. */
  stuckAfterMs: number;
  /** Wei. No transaction offers more for a unit of gas. */
  maxFeePerGas: bigint;
  /** No transaction may use more gas. */
  maxGasPerAnchor: bigint;
  /** Wei that may be spent from one midnight UTC to the next; null: as much as it takes. */
  dailyBudget: bigint | null;
  /** Milliseconds since 1970. */
  now: () => number;
}

/** `progress`: something was written or sent, so look again at once. `idle`: nothing to do for now. */
export type StepResult = 'progress' | 'idle';

/** The operator is warned when the balance is below so many anchors at the present fee. */
const ANCHORS_IN_RESERVE = 50n;

/**
 * Anchors checkpoints on one chain, one transaction in flight. A step looks at the rows and the chain and then does one thing at
 * most, so that after a crash anywhere the next step goes on from what it finds; nothing that matters is in memory. What is written for
 * one anchor, each part durable before the next begins:
 *
 *   1. anchor `intended`           crash: nothing is signed yet; the next step signs
 *   2. the signed transaction      crash: never sent; the next step sends these bytes
 *   3. sent to a node              crash: it is in a block, where the next step finds it, or is sent again, the same bytes
 *   4. anchor `sent`               crash: as 3, and if the node has forgotten it, it is sent again
 *   5. in a block: `mined`         crash: followed until final; if the block disappears, back to 4
 *   6. attestation: `final`        crash before it: made again from the chain
 *
 * Several processes may step at once: rows change by compare-and-swap, a unique index lets one row be in flight, a block takes
 * one transaction of a nonce, and the contract takes each tree size once.
 */
export class AnchorStepper {
  readonly #parts: AnchorParts;
  readonly #chain: string;
  readonly #contract: Uint8Array;
  /** What alarms name. */
  readonly subject: string;
  /** The contract's, when last looked at. */
  headTreeSize: bigint | undefined;
  /** Since the last failure. */
  #proved = false;
  /** What the alarm `providers-disagree` says, as far as this process knows: null if it is not open. */
  #disagreement: string | null | undefined;

  constructor(parts: AnchorParts) {
    this.#parts = parts;
    this.#chain = parts.client.profile.chain;
    this.#contract = parseHex0x(parts.client.contract);
    this.subject = `${this.#chain} ${parts.client.contract}`;
  }

  /**
   * @throws AnchorError what holds anchoring up, for the caller to raise as an alarm. ChainError, DatabaseError and others:
   *   nothing is lost by stepping again later
   */
  async step(): Promise<StepResult> {
    try {
      if (!this.#proved) await this.#prove();
      const result = await this.#step();
      await this.#tellOfOutvoted();
      return result;
    } catch (error) {
      // Whoever answers next may be another node.
      this.#proved = false;
      this.#disagreement = undefined;
      throw error;
    }
  }

  /** Enough nodes agree, so that anchoring goes on; the operator has to know of the one that contradicts them. */
  async #tellOfOutvoted(): Promise<void> {
    const { db, client, now } = this.#parts;
    const outvoted = client.providers().find(({ trouble }) => trouble?.code === 'providers-disagree');
    const detail = outvoted?.trouble?.message ?? null;
    if (detail === this.#disagreement) return;
    if (detail === null) await this.#clear('providers-disagree');
    else await raiseAlarm(db.pool, 'providers-disagree', detail, new Date(now()), this.subject);
    this.#disagreement = detail;
  }

  async #step(): Promise<StepResult> {
    const { db, client } = this.#parts;
    const row = await selectAnchorInFlight(db.pool, this.#chain, this.#contract);
    const head = await client.head();
    this.headTreeSize = head.treeSize;
    const stop = await this.#reasonToStop(head);
    // Nothing is signed in following a block, so it goes on where anchoring must stop.
    if (row?.state === 'mined' && (await this.#follow(row, head)) === 'progress') return 'progress';
    if (stop !== undefined) throw stop;
    if (row === undefined) return (await this.#adopt(head)) ?? (await this.#begin(head));
    if (row.state === 'mined') return 'idle';
    return row.treeSize <= head.treeSize ? this.#settle(row, head) : this.#send(row, head);
  }

  /** First of all, and again after each failure: that node, contract and profile are those meant. */
  async #prove(): Promise<void> {
    const { client, originHash } = this.#parts;
    const { profile } = client;
    if (profile.headerHash === 'none' || profile.receipts === 'none') {
      throw new AnchorError('chain-misconfigured', `the profile of ${profile.chain} allows no proof of an anchor`);
    }
    await client.verifyChain();
    await client.verifyContract(originHash);
    await proveProfile(client);
    await this.#clear('chain-misconfigured');
    this.#proved = true;
  }

  // ---------------------------------------------------------------- is the head ours?

  async #reasonToStop(head: ContractHead): Promise<AnchorError | undefined> {
    const alarms = await selectAlarmsAbout(this.#parts.db.pool, this.subject, STOPPING_CODES);
    const open = alarms.find((alarm) => alarm.clearedAt === null);
    // Before looking at the head: that it is ours again does not tell what happened.
    if (open !== undefined) return new AnchorError(open.code as StoppingCode, open.detail);
    const acknowledged = new Set(alarms.map((alarm) => alarm.detail));
    return (await this.#unknownHead(head)) ?? (await this.#lostAnchor(head, acknowledged));
  }

  async #unknownHead({ treeSize, rootHash }: ContractHead): Promise<AnchorError | undefined> {
    if (treeSize === 0n) return undefined;
    const { log } = this.#parts;
    const unknown = (why: string) =>
      new AnchorError(
        'chain-head-unknown',
        `the contract's head has ${treeSize} leaves and the root ${encodeHex0x(rootHash)}; ${why}`,
      );
    // Asked for after the head: in between our tree may have grown, never shrunk.
    const size = await log.size();
    if (treeSize > size) return unknown(`our log has ${size} leaves under a checkpoint`);
    const ours = await log.rootAt(treeSize);
    return equalBytes(ours, rootHash) ? undefined : unknown(`our root at this size is ${encodeHex0x(ours)}`);
  }

  /** @param acknowledged details of alarms that an operator has cleared */
  async #lostAnchor(head: ContractHead, acknowledged: ReadonlySet<string>): Promise<AnchorError | undefined> {
    const { db, client } = this.#parts;
    const final = await selectNewestFinalAnchor(db.pool, this.#chain, this.#contract);
    if (final === undefined || final.treeSize <= head.treeSize) return undefined;
    const hash = encodeHex0x(final.blockHash as Buffer);
    const detail = `the anchor of ${final.treeSize} leaves in block ${hash} was final and is gone`;
    if (acknowledged.has(detail)) return undefined;
    const known = await selectBlockHeader(db.pool, this.#chain, final.blockHash as Buffer);
    if (known === undefined) return new AnchorError('final-anchor-lost', detail);
    const there = await client.blockByNumber(known.blockNumber);
    // Behind one address there may be several nodes, some minutes behind others.
    if (there === undefined || there.hash === hash) {
      const what = there === undefined ? 'has not reached' : 'has, but not with its state,';
      throw new AnchorError('node-inconsistent', `the node ${what} block ${known.blockNumber}, which was final`);
    }
    return new AnchorError('final-anchor-lost', detail);
  }

  // ---------------------------------------------------------------- nothing in flight

  /** The head is a published state of our tree that no row tells of: the rows were restored from a backup. */
  async #adopt(head: ContractHead): Promise<StepResult | undefined> {
    const { db, now } = this.#parts;
    const { treeSize, rootHash } = head;
    if (treeSize === 0n || (await selectAnchorOfSize(db.pool, this.#chain, this.#contract, treeSize))) return undefined;
    const publication = await selectPublicationCovering(db.pool, treeSize);
    // Without a publication of this size no certificate could rest on it; the next anchor covers its leaves.
    if (publication?.treeSize !== treeSize) return undefined;
    const place = await this.#findEvent(rootHash);
    if (place === undefined) return undefined;
    const at = new Date(now());
    await this.#insertOnce(async (q) => {
      const anchorId = await insertAnchor(q, { chain: this.#chain, contract: this.#contract, treeSize, rootHash, at });
      await updateAnchorState(q, anchorId, 'intended', { ...place, state: 'mined', at, attestation: null });
      const detail = `found on chain in block ${encodeHex0x(place.blockHash)}, sent by nobody that the rows know of`;
      await insertAnchorEvent(q, anchorId, { at, state: 'mined', detail });
    });
    return 'progress';
  }

  /** A new anchor, of the newest published checkpoint, if one is due. */
  async #begin(head: ContractHead): Promise<StepResult> {
    const { db, intervalMs, now } = this.#parts;
    const newest = await selectNewestPublication(db.pool);
    if (newest === undefined || newest.treeSize <= head.treeSize) return 'idle';
    const last = await selectLastIntentTime(db.pool, this.#chain, this.#contract);
    if (last !== undefined && now() - last.getTime() < intervalMs) return 'idle';
    // What is begun now could only be signed tomorrow, when a newer publication is there.
    await this.#requireBudget(1n);
    const { treeSize, rootHash } = newest;
    const before = await selectAnchorOfSize(db.pool, this.#chain, this.#contract, treeSize);
    if (before?.state === 'superseded') return this.#record(before, 'intended', null, 'the contract went back');
    // It was final, is gone, and an operator has seen it: its certificates name that block, so its row stays.
    if (before !== undefined) return 'idle';
    const at = new Date(now());
    await this.#insertOnce(async (q) => {
      const anchorId = await insertAnchor(q, { chain: this.#chain, contract: this.#contract, treeSize, rootHash, at });
      const detail = `to extend the contract's head of ${head.treeSize} leaves`;
      await insertAnchorEvent(q, anchorId, { at, state: 'intended', detail });
    });
    return 'progress';
  }

  /** Another process may have begun at the same moment: its row counts. */
  async #insertOnce(work: (q: Queryable) => Promise<void>): Promise<void> {
    try {
      await this.#parts.db.transaction(work);
    } catch (error) {
      if ((error as { code?: unknown }).code !== UNIQUE_VIOLATION) throw error;
    }
  }

  // ---------------------------------------------------------------- on its way into a block

  /** The head is at or beyond the anchor in flight: it is in a block, or never can be. */
  async #settle(row: LiveAnchorRow, head: ContractHead): Promise<StepResult> {
    const isAnchored =
      row.treeSize === head.treeSize || (await this.#parts.client.anchored(row.rootHash))?.treeSize === row.treeSize;
    if (!isAnchored) {
      // A transaction of ours that failed has cost something too.
      await this.#ownPlace(row);
      return this.#record(row, 'superseded', null, 'the contract went on to a larger tree without this one');
    }
    const place = (await this.#ownPlace(row)) ?? (await this.#findEvent(row.rootHash));
    if (place === undefined) {
      throw new AnchorError(
        'node-inconsistent',
        `${row.treeSize} leaves are anchored, but the node shows no event of it`,
      );
    }
    return this.#record(row, 'mined', place, `in block ${encodeHex0x(place.blockHash)}`);
  }

  /** Signs what is not signed, sends what no node has, replaces what is stuck. */
  async #send(row: LiveAnchorRow, head: ContractHead): Promise<StepResult> {
    const { db, client, log, anchorer, stuckAfterMs, now } = this.#parts;
    const signed = await selectAnchorTransactions(db.pool, row.anchorId);
    const nonce = await client.nonce(anchorer.address, 'latest');
    const sameNonce = signed.filter((transaction) => transaction.nonce === BigInt(nonce));
    const newest = sameNonce.at(-1);
    if (newest === undefined && signed.length > 0) {
      // A block has taken the nonce since the head was read, or the chain has gone back.
      const place = await this.#ownPlace(row);
      if (place !== undefined) return this.#record(row, 'mined', place, `in block ${encodeHex0x(place.blockHash)}`);
      if (row.state === 'sent') {
        return this.#record(
          row,
          'intended',
          null,
          `nonce ${signed.at(-1)?.nonce} was used without anchoring; next ${nonce}`,
        );
      }
    }
    const call: AnchorCall = {
      treeSize: row.treeSize,
      rootHash: row.rootHash,
      consistencyProof: head.treeSize === 0n ? [] : await log.consistencyProof(head.treeSize, row.treeSize),
    };
    // The proof begins at the head: one signed for another head would be refused.
    if (newest === undefined || !this.#isSignedFor(call, newest)) return this.#sign(row, call, head, nonce, sameNonce);

    if (row.state === 'intended' || !(await this.#isKnown(newest))) {
      // Some nodes try calls on their pending block, in which one of ours that waits has anchored already. It was tried itself.
      if (!(await this.#isAnyKnown(sameNonce))) await this.#simulate(call, head);
      if (!(await this.#sendRaw(newest))) return this.#sign(row, call, head, nonce, sameNonce);
      await this.#clear('anchor-refused');
      if (row.state === 'intended') {
        const detail = `transaction ${encodeHex0x(newest.transactionHash)}, nonce ${nonce}`;
        return this.#record(row, 'sent', null, detail);
      }
    }
    // Since it was sent, not signed: in between the chain may have been away for long.
    const waitingSince = Math.max(newest.signedAt.getTime(), row.stateSince.getTime());
    if (now() - waitingSince < stuckAfterMs) return 'idle';
    return this.#sign(row, call, head, nonce, sameNonce);
  }

  #isKnown({ transactionHash }: AnchorTransactionRow): Promise<boolean> {
    return this.#parts.client.knowsTransaction(encodeHex0x(transactionHash));
  }

  async #isAnyKnown(transactions: readonly AnchorTransactionRow[]): Promise<boolean> {
    for (const transaction of transactions) if (await this.#isKnown(transaction)) return true;
    return false;
  }

  /** True if signing `call` on the same terms gives the same transaction, as it does for the same key. */
  #isSignedFor(call: AnchorCall, { raw, transactionHash }: AnchorTransactionRow): boolean {
    const { client, anchorer } = this.#parts;
    const { hash } = client.signAnchor(anchorer, call, termsOf(raw));
    return hash === encodeHex0x(transactionHash);
  }

  /** @param replaced transactions of the same nonce, oldest first */
  async #sign(
    row: LiveAnchorRow,
    call: AnchorCall,
    head: ContractHead,
    nonce: number,
    replaced: readonly AnchorTransactionRow[],
  ): Promise<StepResult> {
    const { db, client, anchorer, maxFeePerGas, maxGasPerAnchor, now } = this.#parts;
    const last = replaced.at(-1);
    let gasLimit: bigint;
    if (last !== undefined && this.#isSignedFor(call, last)) {
      gasLimit = termsOf(last.raw).gasLimit;
      this.#requireGas(call, gasLimit);
    } else {
      const gas = await this.#simulate(call, head);
      const ample = (gas * 5n) / 4n;
      gasLimit = ample < maxGasPerAnchor ? ample : maxGasPerAnchor;
    }
    const usual = await client.suggestFee();
    const wanted = last === undefined ? usual : bumpedFee(termsOf(last.raw).fee, usual);
    if (offerOf(wanted) > maxFeePerGas) {
      const detail = `${offerOf(wanted)} wei for a unit of gas is asked, ${maxFeePerGas} are allowed`;
      if (last !== undefined) throw new AnchorError('anchor-fee-ceiling', detail);
      // It may wait in the node until the fee has fallen.
      await raiseAlarm(db.pool, 'anchor-fee-ceiling', detail, new Date(now()), this.subject);
    }
    const fee = cappedFee(wanted, maxFeePerGas);
    await this.#requireBudget(gasLimit * offerOf(fee));
    await this.#requireBalance(gasLimit * offerOf(fee));
    const { raw, hash } = client.signAnchor(anchorer, call, { nonce, gasLimit, fee });
    await insertAnchorTransaction(db.pool, {
      transactionHash: parseHex0x(hash),
      anchorId: row.anchorId,
      nonce: BigInt(nonce),
      raw: parseHex0x(raw),
      signedAt: new Date(now()),
    });
    return 'progress';
  }

  /** @returns gas, no more than is allowed */
  async #simulate(call: AnchorCall, head: ContractHead): Promise<bigint> {
    const { client, anchorer } = this.#parts;
    try {
      const gas = await client.simulateAnchor(anchorer.address, call);
      this.#requireGas(call, gas);
      await this.#clear('anchor-gas-ceiling');
      return gas;
    } catch (error) {
      if (!(error instanceof ChainError) || error.code !== 'call-reverted') throw error;
      if (error.revert?.name === 'LogClosed') {
        const message = `${error.message}. It takes no more anchors: open a successor log, as docs/operation.md says`;
        throw new AnchorError('contract-closed', message, { cause: error });
      }
      const headThen = error.revert?.args.headTreeSize;
      if (headThen !== undefined && headThen !== String(head.treeSize)) {
        const detail = `the head moved from ${head.treeSize} to ${headThen} leaves while looking, or nodes differ`;
        throw new AnchorError('node-inconsistent', detail, { cause: error });
      }
      throw new AnchorError('anchor-refused', `${call.treeSize} leaves: ${error.message}`, { cause: error });
    }
  }

  #requireGas({ treeSize }: AnchorCall, gas: bigint): void {
    const { maxGasPerAnchor } = this.#parts;
    if (gas <= maxGasPerAnchor) return;
    const detail = `anchoring ${treeSize} leaves takes ${gas} gas, ${maxGasPerAnchor} are allowed`;
    throw new AnchorError('anchor-gas-ceiling', detail);
  }

  /** @param cost most that the next transaction can cost, wei */
  async #requireBudget(cost: bigint): Promise<void> {
    const { db, dailyBudget, now } = this.#parts;
    if (dailyBudget !== null) {
      const today = now() - (now() % DAY_MS);
      const spent = await selectAnchorCostSince(db.pool, this.#chain, this.#contract, new Date(today));
      if (spent + cost > dailyBudget) {
        const why = `${spent} of ${dailyBudget} wei are spent since midnight UTC, the next transaction costs up to ${cost}`;
        const until = new Date(today + DAY_MS).toISOString();
        throw new AnchorError('anchor-budget-spent', `${why}; anchoring waits until ${until}`);
      }
    }
    await this.#clear('anchor-budget-spent');
  }

  /** @param cost most that the next transaction can cost, wei */
  async #requireBalance(cost: bigint): Promise<void> {
    const { db, client, anchorer, now } = this.#parts;
    const balance = await client.balance(anchorer.address);
    const detail = `${anchorer.address} has ${balance} wei; one anchor costs up to ${cost}`;
    if (balance < cost) throw new AnchorError('anchor-balance-low', detail);
    if (balance >= cost * ANCHORS_IN_RESERVE) await this.#clear('anchor-balance-low');
    else await raiseAlarm(db.pool, 'anchor-balance-low', detail, new Date(now()), this.subject);
  }

  /** False if the node wants a higher fee, because it has another transaction of this nonce or its least price has risen. */
  async #sendRaw({ raw }: AnchorTransactionRow): Promise<boolean> {
    try {
      await this.#parts.client.sendRaw(encodeHex0x(raw));
      return true;
    } catch (error) {
      if (!(error instanceof ChainError)) throw error;
      if (error.code === 'underpriced') return false;
      if (error.code === 'transaction-refused')
        throw new AnchorError('anchor-refused', error.message, { cause: error });
      if (error.code === 'insufficient-funds') {
        throw new AnchorError('anchor-balance-low', error.message, { cause: error });
      }
      throw error;
    }
  }

  // ---------------------------------------------------------------- in a block

  /** From `mined` to `final`, or back if the block has disappeared. */
  async #follow(row: LiveAnchorRow, head: ContractHead): Promise<StepResult> {
    const { client } = this.#parts;
    const receipt = await client.receipt(encodeHex0x(row.transactionHash as Buffer));
    if (receipt === undefined || receipt.status !== 1n) return this.#vanished(row, head);
    if (receipt.blockHash !== encodeHex0x(row.blockHash as Buffer)) {
      const place = { blockHash: parseHex0x(receipt.blockHash), transactionHash: row.transactionHash as Buffer };
      return this.#record(row, 'mined', place, `moved to block ${receipt.blockHash}`);
    }
    const final = await client.finalBlockNumber();
    if (final === undefined || receipt.blockNumber > final) return 'idle';
    // Asked for after the final number: what the chain has at such a height, it keeps.
    const block = await client.blockByNumber(receipt.blockNumber);
    return block?.hash === receipt.blockHash ? this.#finish(row) : 'idle';
  }

  async #finish(row: LiveAnchorRow): Promise<StepResult> {
    const { db, client, now } = this.#parts;
    const closed = await client.closed();
    if (closed !== undefined && closed.lastGoodTreeSize < row.treeSize) {
      const detail = `the guardian closed the contract and vouches for ${closed.lastGoodTreeSize} leaves only, not for ${row.treeSize}`;
      throw new AnchorError('contract-closed', detail);
    }
    const anchor = {
      blockHash: row.blockHash as Uint8Array,
      transactionHash: row.transactionHash as Uint8Array,
      rootHash: row.rootHash,
      treeSize: row.treeSize,
    };
    const { proof, attestation } = await makeAttestation(client, anchor);
    const at = new Date(now());
    await db.transaction(async (q) => {
      if (!(await updateAnchorState(q, row.anchorId, 'mined', { ...anchor, state: 'final', at, attestation }))) return;
      await insertBlockHeader(q, {
        chain: this.#chain,
        blockHash: proof.blockHash,
        blockNumber: proof.blockNumber,
        blockTime: new Date(blockTimeMs(client.profile, proof.blockTime)),
        header: proof.header,
        seenFinalAt: at,
      });
      const detail = `block ${proof.blockNumber} ${encodeHex0x(proof.blockHash)} is final`;
      await insertAnchorEvent(q, row.anchorId, { at, state: 'final', detail });
    });
    await this.#clear('attestation-invalid');
    await this.#clear('anchor-fee-ceiling');
    return 'progress';
  }

  /** The transaction is in no block any more, or has failed in another one. */
  async #vanished(row: LiveAnchorRow, head: ContractHead): Promise<StepResult> {
    const { db, client } = this.#parts;
    if (head.treeSize >= row.treeSize && (await client.anchored(row.rootHash))?.treeSize === row.treeSize) {
      const place = (await this.#ownPlace(row)) ?? (await this.#findEvent(row.rootHash));
      if (place !== undefined && !equalBytes(place.blockHash, row.blockHash as Buffer)) {
        return this.#record(row, 'mined', place, `moved to block ${encodeHex0x(place.blockHash)}`);
      }
      throw new AnchorError(
        'node-inconsistent',
        `${row.treeSize} leaves are anchored, but the node has no receipt of it`,
      );
    }
    const signed = await selectAnchorTransactions(db.pool, row.anchorId);
    const detail = `block ${encodeHex0x(row.blockHash as Buffer)} has disappeared`;
    return this.#record(row, signed.length > 0 ? 'sent' : 'intended', null, detail);
  }

  // ---------------------------------------------------------------- reading and recording

  /** Where one of our own transactions has anchored the row's checkpoint. What each that is in a block has cost is written down. */
  async #ownPlace(row: AnchorRow): Promise<Place | undefined> {
    const { db, client, now } = this.#parts;
    const signed = await selectAnchorTransactions(db.pool, row.anchorId);
    let place: Place | undefined;
    for (const { transactionHash, raw } of signed.toReversed()) {
      const receipt = await client.receipt(encodeHex0x(transactionHash));
      if (receipt === undefined) continue;
      const { gasUsed } = receipt;
      const costWei = costOf(receipt, termsOf(raw).fee);
      await upsertAnchorCost(db.pool, { transactionHash, gasUsed, costWei, minedAt: new Date(now()) });
      if (receipt.status === 1n) place ??= { blockHash: parseHex0x(receipt.blockHash), transactionHash };
    }
    return place;
  }

  /** Where anybody's transaction has. The time in the contract leads to the block, so few blocks are searched. */
  async #findEvent(rootHash: Uint8Array): Promise<Place | undefined> {
    const { client } = this.#parts;
    const entry = await client.anchored(rootHash);
    if (entry === undefined) return undefined;
    const event = await client.findAnchor(rootHash, await this.#firstBlockAt(entry.anchoredAt));
    if (event?.treeSize !== entry.treeSize) return undefined;
    return { blockHash: parseHex0x(event.blockHash), transactionHash: parseHex0x(event.transactionHash) };
  }

  /** Number of the first block whose time is `timestamp` or later, of those the node has. */
  async #firstBlockAt(timestamp: bigint): Promise<bigint> {
    const { client } = this.#parts;
    let low = 0n;
    let high = (await client.blockByNumber('latest'))?.number ?? 0n;
    while (low < high) {
      const middle = (low + high) / 2n;
      // A node that keeps no old blocks has none there: what is looked for is later.
      if (((await client.blockByNumber(middle))?.timestamp ?? -1n) < timestamp) low = middle + 1n;
      else high = middle;
    }
    return low;
  }

  /** One transaction: the new state, if nobody has changed the row since it was read, and the line of history. */
  async #record(
    row: AnchorRow,
    state: AnchorState | OvertakenAnchorState,
    place: Place | null,
    detail: string,
  ): Promise<StepResult> {
    const { db, now } = this.#parts;
    const at = new Date(now());
    await db.transaction(async (q) => {
      const to = { blockHash: null, transactionHash: null, ...place, state, at, attestation: null };
      if (await updateAnchorState(q, row.anchorId, row.state, to)) {
        await insertAnchorEvent(q, row.anchorId, { at, state, detail });
      }
    });
    return 'progress';
  }

  async #clear(code: AlarmingCode): Promise<void> {
    const { db, now } = this.#parts;
    await clearAlarm(db.pool, code, new Date(now()), this.subject);
  }
}

interface Place {
  blockHash: Uint8Array;
  transactionHash: Uint8Array;
}

const DAY_MS = 24 * 3600_000;

/** PostgreSQL's code for a second row where one is allowed. */
const UNIQUE_VIOLATION = '23505';

/** What a signed transaction of ours was signed with besides the call. */
function termsOf(raw: Uint8Array): { nonce: number; gasLimit: bigint; fee: Fee } {
  const { nonce, gasLimit, gasPrice, maxFeePerGas, maxPriorityFeePerGas } = Transaction.from(encodeHex0x(raw));
  const fee: Fee =
    maxFeePerGas === null || maxPriorityFeePerGas === null
      ? { type: 'legacy', gasPrice: gasPrice ?? 0n }
      : { type: 'eip1559', maxFeePerGas, maxPriorityFeePerGas };
  return { nonce, gasLimit, fee };
}
