import { createHash } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { expect } from 'chai';
import { Transaction, Wallet } from 'ethers';
import { type AnchorParts, AnchorStepper } from '../../src/anchor/anchor-step.ts';
import { AnchorWorker, type AnchorWorkerParts } from '../../src/anchor/anchor-worker.ts';
import {
  type AnchorCall,
  ChainClient,
  type ChainClientOptions,
  deployEvidenceLog,
} from '../../src/anchor/chain-client.ts';
import type { ChainProfile } from '../../src/anchor/chain-profile.ts';
import { evidenceLogArtifact } from '../../src/anchor/contract-artifact.ts';
import { selectOpenAlarms } from '../../src/db/alarms.ts';
import { type AnchorRow, selectAnchorEvents, selectAnchorTransactions } from '../../src/db/anchors.ts';
import {
  insertCheckpoint,
  insertLeaves,
  insertLog,
  insertPublication,
  insertTiles,
  type Term,
  updateLogLeader,
  updateLogSize,
} from '../../src/db/leaves.ts';
import { migrate } from '../../src/db/migrate.ts';
import { type Database, openDatabase } from '../../src/db/pool.ts';
import type { EmbeddedAnvil } from '../../src/evaluation/anvil.ts';
import { encodeHex0x, type LeafHash, parseHex0x } from '../../src/format/bytes.ts';
import { evmAttestationSchema } from '../../src/format/certificate.ts';
import { MAX_DEPTH, parseCanonicalJson } from '../../src/format/json.ts';
import { LogReader } from '../../src/log/log-reader.ts';
import { leafHash } from '../../src/merkle/hash.ts';
import { rootFromLeafHashes } from '../../src/merkle/tree.ts';
import { verifyEvmReceipt } from '../../src/verify/evm-receipt.ts';
import { rpc } from '../support/anvil.ts';
import { EVALUATION_PROFILE, ORIGIN_HASH } from '../support/evidence-log-chain.ts';
import { createTestDatabase } from '../support/postgres.ts';

/** The block that holds a transaction is final with it. */
export const AT_ONCE: ChainProfile = { ...EVALUATION_PROFILE, finality: { rule: 'depth', depth: 0 } };
export const WHEN_ON_DISK: ChainProfile = EVALUATION_PROFILE;
export const AFTER_THREE: ChainProfile = { ...EVALUATION_PROFILE, finality: { rule: 'depth', depth: 3 } };

const FIRST_MS = Date.parse('2026-11-22T03:00:00.000Z');
export const INTERVAL_MS = 600_000;
export const STUCK_AFTER_MS = 120_000;
export const MAX_FEE = 10n ** 12n;

/** An anchor's event as the chain has it. */
export interface ChainEvent {
  treeSize: bigint;
  rootHash: string;
  previousTreeSize: bigint;
  transactionHash: string;
  blockHash: string;
}

/** anvil mines a moment after it has taken a transaction; here one that it mines by itself is mined when it is sent. */
class PromptClient extends ChainClient {
  readonly #rpcUrl: string;

  constructor(options: ChainClientOptions, rpcUrl: string) {
    super(options);
    this.#rpcUrl = rpcUrl;
  }

  override async sendRaw(raw: string): Promise<void> {
    await super.sendRaw(raw);
    if (await rpc(this.#rpcUrl, 'anvil_getAutomine')) await mined(this.#rpcUrl, Transaction.from(raw).hash as string);
  }
}

/** @returns its status */
async function mined(rpcUrl: string, hash: string): Promise<string> {
  for (let i = 0; i < 1000; i++) {
    const receipt = await rpc(rpcUrl, 'eth_getTransactionReceipt', [hash]);
    if (receipt !== null) return receipt.status;
    await delay(5);
  }
  throw new Error(`${hash} is in no block`);
}

/** One log with real rows, one contract of its own on a real EVM, and a clock that stands still unless moved. */
export class AnchorWorld {
  readonly anvil: EmbeddedAnvil;
  readonly db: Database;
  readonly contract: string;
  readonly anchorer: Wallet;
  readonly guardian: Wallet;
  /** Every trouble that workers told of. */
  readonly trouble: unknown[] = [];
  nowMs = FIRST_MS;
  readonly #leaves: Uint8Array[] = [];
  readonly #term: Term;
  readonly #drop: () => Promise<void>;

  private constructor(anvil: EmbeddedAnvil, db: Database, contract: string, term: Term, drop: () => Promise<void>) {
    this.anvil = anvil;
    this.db = db;
    this.contract = contract;
    this.anchorer = new Wallet(anvil.anchorer.privateKey);
    this.guardian = new Wallet(anvil.guardian.privateKey);
    this.#term = term;
    this.#drop = drop;
  }

  static async open(anvil: EmbeddedAnvil): Promise<AnchorWorld> {
    const { url, drop } = await createTestDatabase();
    const db = openDatabase({ url, maxConnections: 8 });
    await migrate(db);
    const { contract } = await deployEvidenceLog({
      rpcUrl: anvil.rpcUrl,
      chain: anvil.chain,
      deployer: new Wallet(anvil.guardian.privateKey),
      anchorer: anvil.anchorer.address,
      guardian: anvil.guardian.address,
      originHash: ORIGIN_HASH,
    });
    const first = leafData(0);
    await insertLog(db.pool, { origin: 'log.example/test', record: Uint8Array.of(1), leafData: first });
    const leader = '00000000-0000-4000-8000-000000000001';
    const term = (await updateLogLeader(db.pool, leader, 3_600_000, false)) as Term;
    const world = new AnchorWorld(anvil, db, contract, term, drop);
    world.#leaves.push(first);
    return world;
  }

  async close(): Promise<void> {
    await this.db.close();
    await this.#drop();
  }

  /** The log grows by `count` leaves and publishes its state. @returns tree size */
  async publish(count = 1): Promise<bigint> {
    const before = BigInt(this.#leaves.length);
    const added = Array.from({ length: count }, (_, i) => leafData(this.#leaves.length + i));
    this.#leaves.push(...added);
    const treeSize = BigInt(this.#leaves.length);
    await insertLeaves(this.db.pool, before, added);
    expect(await updateLogSize(this.db.pool, this.#term, before, treeSize, 3_600_000)).to.equal(true);
    const full = treeSize / 256n;
    for (let tileIndex = before / 256n; tileIndex < full; tileIndex++) {
      const first = Number(tileIndex) * 256;
      const hashes = Buffer.concat(this.#leaves.slice(first, first + 256).map((leaf) => leafHash(leaf)));
      await insertTiles(this.db.pool, [{ level: 0, tileIndex, hashes }]);
    }
    await insertCheckpoint(this.db.pool, { treeSize, rootHash: this.rootAt(treeSize), note: Uint8Array.of(1) });
    expect(await insertPublication(this.db.pool, this.#term, 0)).to.equal(treeSize);
    return treeSize;
  }

  rootAt(treeSize: bigint): Uint8Array {
    const hashes = this.#leaves.slice(0, Number(treeSize)).map((leaf) => leafHash(leaf) as LeafHash);
    return rootFromLeafHashes(hashes);
  }

  // ---------------------------------------------------------------- servers

  client(profile = AT_ONCE, rpcUrl = this.anvil.rpcUrl, durableBlock = this.anvil.durableBlock): ChainClient {
    const options = { rpcUrl, profile, contract: this.contract, durableBlock, timeoutMs: 5_000 };
    return new PromptClient(options, this.anvil.rpcUrl);
  }

  parts(changed: Partial<AnchorWorkerParts> = {}): AnchorWorkerParts {
    return {
      db: this.db,
      log: new LogReader(this.db.pool),
      client: this.client(),
      anchorer: this.anchorer,
      originHash: ORIGIN_HASH,
      intervalMs: INTERVAL_MS,
      stuckAfterMs: STUCK_AFTER_MS,
      maxFeePerGas: MAX_FEE,
      maxGasPerAnchor: 1_000_000n,
      dailyBudget: null,
      now: () => this.nowMs,
      onTrouble: (error) => this.trouble.push(error),
      ...changed,
    };
  }

  /** As a process that has just started. */
  stepper(changed: Partial<AnchorParts> = {}): AnchorStepper {
    return new AnchorStepper(this.parts(changed));
  }

  worker(changed: Partial<AnchorWorkerParts> = {}): AnchorWorker {
    return new AnchorWorker(this.parts(changed));
  }

  // ---------------------------------------------------------------- the chain, past every code of ours

  rpc(method: string, params: unknown[] = []) {
    return rpc(this.anvil.rpcUrl, method, params);
  }

  async mine(blocks = 1): Promise<void> {
    await this.rpc('anvil_mine', [`0x${blocks.toString(16)}`]);
  }

  /** What anyone with the anchorer's key can do. */
  async anchorBehindOurBack(call: AnchorCall): Promise<void> {
    const client = this.client();
    const nonce = await client.nonce(this.anchorer.address, 'latest');
    const fee = await client.suggestFee();
    const { raw, hash } = client.signAnchor(this.anchorer, call, { nonce, gasLimit: 500_000n, fee });
    await client.sendRaw(raw);
    expect(await mined(this.anvil.rpcUrl, hash), 'the thief succeeds').to.equal('0x1');
  }

  /** A call of the guardian. */
  async guard(name: 'close' | 'setAnchorer', args: unknown[]): Promise<void> {
    const client = this.client();
    const { abi } = evidenceLogArtifact();
    const raw = await this.guardian.signTransaction({
      to: this.contract,
      data: abi.encodeFunctionData(name, args),
      nonce: await client.nonce(this.guardian.address, 'latest'),
      gasLimit: 300_000n,
      gasPrice: 10n ** 10n,
      chainId: client.chainId,
    });
    const hash = await this.rpc('eth_sendRawTransaction', [raw]);
    expect(await mined(this.anvil.rpcUrl, hash), `${name} by the guardian`).to.equal('0x1');
  }

  /** Every anchor of the contract, in order. */
  async events(): Promise<ChainEvent[]> {
    const topic = evidenceLogArtifact().abi.getEvent('CheckpointAnchored')?.topicHash;
    const filter = { address: this.contract, topics: [topic], fromBlock: '0x0', toBlock: 'latest' };
    const logs = (await this.rpc('eth_getLogs', [filter])) as Record<string, string>[];
    return logs.map(({ topics, data, transactionHash, blockHash }) => ({
      treeSize: BigInt(topics?.[1] as string),
      rootHash: topics?.[2] as string,
      previousTreeSize: BigInt(data as string),
      transactionHash: transactionHash as string,
      blockHash: blockHash as string,
    }));
  }

  // ---------------------------------------------------------------- what is left behind

  async rows(): Promise<AnchorRow[]> {
    const { rows } = await this.db.pool.query<AnchorRow>(
      `select anchor_id as "anchorId", chain, contract, tree_size as "treeSize", root_hash as "rootHash", state,
         state_since as "stateSince", block_hash as "blockHash", transaction_hash as "transactionHash", attestation
       from anchor order by tree_size`,
    );
    return rows;
  }

  async states(): Promise<[number, string][]> {
    return (await this.rows()).map(({ treeSize, state }) => [Number(treeSize), state]);
  }

  async history(anchorId: bigint): Promise<string[]> {
    return (await selectAnchorEvents(this.db.pool, anchorId)).map(({ state }) => state);
  }

  transactions(anchorId: bigint) {
    return selectAnchorTransactions(this.db.pool, anchorId);
  }

  async openAlarms(): Promise<string[]> {
    const alarms = await selectOpenAlarms(this.db.pool);
    for (const { subject } of alarms) expect(subject).to.equal(`eip155:31337 ${this.contract}`);
    return alarms.map(({ code }) => code).sort();
  }

  /**
   * Rows and chain, looked at from outside: the chain has each size once, with our root; every final row's attestation proves
   * its checkpoint in the block that the chain has; every transaction on chain was written down before; at most one in flight.
   */
  async audit(): Promise<void> {
    const events = await this.events();
    expect(new Set(events.map(({ treeSize }) => treeSize)).size, 'each size is anchored once').to.equal(events.length);
    for (const { treeSize, rootHash } of events) expect(rootHash).to.equal(encodeHex0x(this.rootAt(treeSize)));
    const rows = await this.rows();
    expect(rows.filter(({ state }) => state !== 'final' && state !== 'superseded').length).to.be.at.most(1);
    const written = new Set<string>();
    for (const row of rows) {
      for (const { transactionHash } of await this.transactions(row.anchorId))
        written.add(encodeHex0x(transactionHash));
      if (row.state !== 'final') continue;
      const event = events.find(({ treeSize }) => treeSize === row.treeSize);
      expect(encodeHex0x(row.blockHash as Buffer)).to.equal(event?.blockHash);
      expect(encodeHex0x(row.transactionHash as Buffer)).to.equal(event?.transactionHash);
      expect((await this.history(row.anchorId)).at(-1)).to.equal('final');
      this.#checkAttestation(row);
      const { rowCount } = await this.db.pool.query('select from block_header where block_hash = $1', [row.blockHash]);
      expect(rowCount).to.equal(1);
    }
    for (const { transactionHash } of events) expect(written.has(transactionHash), 'sent unwritten').to.equal(true);
  }

  #checkAttestation(row: AnchorRow): void {
    const json = parseCanonicalJson(row.attestation as Buffer, { maxBytes: 1_000_000, maxDepth: MAX_DEPTH });
    const attestation = evmAttestationSchema.parse(json);
    const result = verifyEvmReceipt({
      header: parseHex0x(attestation.header),
      blockHash: row.blockHash as Buffer,
      transactionIndex: attestation.transactionIndex,
      receiptProof: attestation.receiptProof.map((node) => parseHex0x(node)),
      receiptLogIndex: attestation.receiptLogIndex,
      contract: parseHex0x(this.contract),
      rootHash: this.rootAt(row.treeSize),
      treeSize: row.treeSize,
    });
    expect(
      result.ok,
      JSON.stringify(result, (_, v) => (typeof v === 'bigint' ? String(v) : v)),
    ).to.equal(true);
  }
}

function leafData(index: number): Uint8Array {
  return new Uint8Array(createHash('sha256').update(`leaf data ${index}`).digest());
}

/** Steps until nothing is to be done. */
export async function untilIdle(stepper: AnchorStepper): Promise<void> {
  for (let steps = 0; (await stepper.step()) === 'progress'; steps++) {
    expect(steps, 'steps without end').to.be.lessThan(64);
  }
}
