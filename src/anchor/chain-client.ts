import { setTimeout as delay } from 'node:timers/promises';
import { type BaseWallet, getCreateAddress, Transaction, type TransactionLike } from 'ethers';
import * as z from 'zod';
import { encodeHex0x, parseHex0x } from '../format/bytes.ts';
import { CHECKPOINT_ANCHORED_TOPIC } from '../verify/evm-receipt.ts';
import { ChainError, type ChainErrorCode, type Revert } from './chain-error.ts';
import type { ChainProfile } from './chain-profile.ts';
import { evidenceLogArtifact } from './contract-artifact.ts';
import { type JsonRpcCall, JsonRpcRefusal, openJsonRpc } from './json-rpc.ts';

export { ChainError, type ChainErrorCode, type Revert } from './chain-error.ts';

/** The contract's newest checkpoint. */
export interface ContractHead {
  /** 0 before the first anchor. */
  treeSize: bigint;
  /** 32 bytes; all zero before the first anchor. */
  rootHash: Uint8Array;
  /** In the chain's unit. */
  anchoredAt: bigint;
}

/** What is offered for a unit of gas, in wei. */
export type Fee =
  | { type: 'eip1559'; maxFeePerGas: bigint; maxPriorityFeePerGas: bigint }
  /** Chains without a base fee. */
  | { type: 'legacy'; gasPrice: bigint };

export interface AnchorCall {
  treeSize: bigint;
  /** 32 bytes. */
  rootHash: Uint8Array;
  /** 32 bytes each, in the order of RFC 9162 §2.1.4; empty for the first anchor. */
  consistencyProof: readonly Uint8Array[];
}

export interface SignedTransaction {
  /** What `sendRaw` takes, `0x` hex. */
  raw: string;
  /** `0x` and 64 hex digits. The same call, nonce and fee give the same. */
  hash: string;
}

/** A block as the node described it. Whether that hashes to `hash` is for `encodeBlockHeader` to say. */
export interface RpcBlock {
  /** `0x` and 64 lower-case hex digits. */
  hash: string;
  parentHash: string;
  number: bigint;
  /** In the chain's unit. */
  timestamp: bigint;
  /** Wei; undefined on chains without. */
  baseFeePerGas: bigint | undefined;
  /** Hashes, in order. */
  transactions: string[];
  /** Every field of the answer, under its JSON-RPC name. */
  fields: Record<string, unknown>;
}

export interface RpcLog {
  address: string;
  topics: string[];
  data: string;
}

/** A mined transaction's receipt. Hex is lower case. */
export interface RpcReceipt {
  transactionHash: string;
  blockHash: string;
  blockNumber: bigint;
  transactionIndex: number;
  type: number;
  /** 1: succeeded, 0: reverted. */
  status: bigint;
  cumulativeGasUsed: bigint;
  gasUsed: bigint;
  /** Wei paid for a unit of gas; undefined on chains and nodes that do not say. */
  effectiveGasPrice: bigint | undefined;
  /** Wei paid besides for the data on another chain, on chains that live on one (OP stack); 0 elsewhere. */
  l1Fee: bigint;
  logsBloom: string;
  logs: RpcLog[];
  /** OP stack since Canyon: what a deposit's receipt says besides; undefined elsewhere. */
  deposit: { nonce: bigint; version: bigint } | undefined;
}

/** One of the nodes that are asked about a chain. */
export interface ChainProvider {
  /** Host of its address: the rest may hold an access key. */
  name: string;
  /** Why it is not asked at present. */
  trouble: { code: ChainErrorCode; message: string } | undefined;
}

/** A block's number, or the newest that the node has. */
export type StateAt = bigint | 'latest';

/** Where an anchor's event stands. */
export interface AnchorLocation {
  transactionHash: string;
  blockHash: string;
  blockNumber: bigint;
  treeSize: bigint;
}

export interface ChainClientOptions {
  rpcUrl: string;
  profile: ChainProfile;
  /** `0x` and 40 lower-case hex digits. */
  contract: string;
  /** For each call. Default: 15 seconds. */
  timeoutMs?: number;
  /** For the finality rule `local-snapshot`: number of the highest block that is on disk. */
  durableBlock?: () => bigint;
}

const TIMEOUT_MS = 15_000;
/** Nodes that sell access often answer no wider range of logs. */
const LOG_WINDOW = 5_000n;

/**
 * What anchoring asks of a chain's node and of the contract on it. Each method is one or a few JSON-RPC calls, nothing is kept
 * between them and nothing is retried. Every method throws ChainError: `rpc-unreachable`, `rpc-timeout`, `rpc-malformed`,
 * `rpc-refused` or `method-unsupported` when the node does not answer as asked, and what is said at it.
 */
export class ChainClient {
  readonly profile: ChainProfile;
  /** `0x` and 40 lower-case hex digits. */
  readonly contract: string;
  readonly #call: JsonRpcCall;
  readonly #durableBlock: (() => bigint) | undefined;

  constructor({ rpcUrl, profile, contract, timeoutMs = TIMEOUT_MS, durableBlock }: ChainClientOptions) {
    this.profile = profile;
    this.contract = contract.toLowerCase();
    this.#call = openJsonRpc({ url: rpcUrl, timeoutMs });
    this.#durableBlock = durableBlock;
  }

  /** Id in `eip155:<id>`. */
  get chainId(): bigint {
    return BigInt(this.profile.chain.slice('eip155:'.length));
  }

  /** @throws ChainError `wrong-chain` if the node is of another chain. */
  async verifyChain(): Promise<void> {
    const chainId = await this.#ask(quantity, 'eth_chainId', []);
    if (chainId !== this.chainId) {
      throw new ChainError('wrong-chain', `the node is of chain eip155:${chainId}, not ${this.profile.chain}`);
    }
  }

  /**
   * Looks whether the contract is there and of this log.
   * @param originHash SHA-256 of the log's origin.
   * @throws ChainError `no-contract`, `wrong-origin`.
   */
  async verifyContract(originHash: Uint8Array): Promise<void> {
    const code = await this.#ask(data, 'eth_getCode', [this.contract, 'latest']);
    if (code === '0x') throw new ChainError('no-contract', `${this.profile.chain} has no contract at ${this.contract}`);
    const [found] = await this.#read<[string]>('originHash', []);
    if (found !== encodeHex0x(originHash)) {
      throw new ChainError('wrong-origin', `the contract ${this.contract} is of the log with origin hash ${found}`);
    }
  }

  /** The nodes behind this client, where there are several. */
  providers(): ChainProvider[] {
    return [];
  }

  /** @throws ChainError `no-contract` */
  async head(at: StateAt = 'latest'): Promise<ContractHead> {
    const [treeSize, rootHash, anchoredAt] = await this.#read<[bigint, string, bigint]>('head', [], at);
    return { treeSize, rootHash: parseHex0x(rootHash), anchoredAt };
  }

  /** @returns undefined if the root was never anchored. @throws ChainError `no-contract` */
  async anchored(
    rootHash: Uint8Array,
    at: StateAt = 'latest',
  ): Promise<{ treeSize: bigint; anchoredAt: bigint } | undefined> {
    const [treeSize, anchoredAt] = await this.#read<[bigint, bigint]>('anchored', [encodeHex0x(rootHash)], at);
    return treeSize === 0n ? undefined : { treeSize, anchoredAt };
  }

  /** @returns undefined while the log is open; `successor` is undefined if there is none. @throws ChainError `no-contract` */
  async closed(
    at: StateAt = 'latest',
  ): Promise<{ lastGoodTreeSize: bigint; successor: string | undefined } | undefined> {
    const [isClosed, lastGoodTreeSize, successor] = await this.#read<[boolean, bigint, string]>('closed', [], at);
    if (!isClosed) return undefined;
    return { lastGoodTreeSize, successor: BigInt(successor) === 0n ? undefined : successor.toLowerCase() };
  }

  /** Lower case. @throws ChainError `no-contract` */
  async anchorer(at: StateAt = 'latest'): Promise<string> {
    const [address] = await this.#read<[string]>('anchorer', [], at);
    return address.toLowerCase();
  }

  /**
   * Tries an anchor without sending it, on the newest state if no block is given.
   * @returns gas that it would use.
   * @throws ChainError `call-reverted` with the contract's error, `insufficient-funds`.
   */
  async simulateAnchor(from: string, call: AnchorCall, at: StateAt = 'latest'): Promise<bigint> {
    const transaction = { from, to: this.contract, data: encodeAnchorCall(call) };
    // The estimate alone hides the error of the contract on some nodes.
    await this.#ask(data, 'eth_call', [transaction, blockTag(at)]);
    return this.#ask(quantity, 'eth_estimateGas', at === 'latest' ? [transaction] : [transaction, blockTag(at)]);
  }

  /** Signs an anchor for this chain alone (EIP-155). */
  signAnchor(
    signer: BaseWallet,
    call: AnchorCall,
    terms: { nonce: number; gasLimit: bigint; fee: Fee },
  ): SignedTransaction {
    return sign(signer, { ...terms, to: this.contract, data: encodeAnchorCall(call), chainId: this.chainId });
  }

  /**
   * Hands a signed transaction to the node. One that it has already is no error, so the same bytes may be sent again.
   * @throws ChainError `nonce-conflict` if a block holds another of this nonce (or this one), `underpriced`, `insufficient-funds`,
   * `transaction-refused`.
   */
  async sendRaw(raw: string): Promise<void> {
    try {
      await this.#ask(z.unknown(), 'eth_sendRawTransaction', [raw]);
    } catch (error) {
      if (!isKnownAlready(error)) throw error;
    }
  }

  /** @returns undefined while no block holds it. */
  async receipt(transactionHash: string): Promise<RpcReceipt | undefined> {
    return (await this.#ask(receiptSchema.nullable(), 'eth_getTransactionReceipt', [transactionHash])) ?? undefined;
  }

  /** Whether the node knows a transaction, in a block or waiting for one. */
  async knowsTransaction(transactionHash: string): Promise<boolean> {
    return (await this.#ask(z.unknown(), 'eth_getTransactionByHash', [transactionHash])) !== null;
  }

  /** @returns undefined if the node has no such block. */
  async blockByHash(hash: string): Promise<RpcBlock | undefined> {
    return (await this.#ask(blockSchema.nullable(), 'eth_getBlockByHash', [hash, false])) ?? undefined;
  }

  /** @returns undefined if the chain is not that long, or has no block of that tag. */
  async blockByNumber(at: bigint | 'latest' | 'safe' | 'finalized'): Promise<RpcBlock | undefined> {
    try {
      return (await this.#ask(blockSchema.nullable(), 'eth_getBlockByNumber', [blockTag(at), false])) ?? undefined;
    } catch (error) {
      // Some nodes answer an error for a tag or number that has no block yet.
      const noSuchBlock =
        error instanceof ChainError && error.code === 'rpc-refused' && /not found|unknown block/i.test(error.message);
      if (noSuchBlock) return undefined;
      throw error;
    }
  }

  /** All receipts of a block, in order; one by one from nodes without `eth_getBlockReceipts`. @throws ChainError `block-not-found` */
  async blockReceipts(block: RpcBlock): Promise<RpcReceipt[]> {
    let receipts: RpcReceipt[];
    try {
      receipts = (await this.#ask(z.array(receiptSchema).nullable(), 'eth_getBlockReceipts', [block.hash])) ?? [];
    } catch (error) {
      if (!(error instanceof ChainError) || error.code !== 'method-unsupported') throw error;
      receipts = [];
      for (const hash of block.transactions) {
        const receipt = await this.receipt(hash);
        if (receipt !== undefined) receipts.push(receipt);
      }
    }
    // Told of a block that a reorganisation has taken away in between, nodes answer with nothing or with another's receipts.
    const fits =
      receipts.length === block.transactions.length &&
      receipts.every(
        (receipt, i) => receipt.blockHash === block.hash && receipt.transactionHash === block.transactions[i],
      );
    if (!fits) throw new ChainError('block-not-found', `the node does not have the receipts of block ${block.hash}`);
    return receipts;
  }

  /**
   * The highest block that the profile's rule calls final.
   * @returns undefined while there is none.
   * @throws ChainError `finality-unavailable` if the node does not know the rule's tag.
   */
  async finalBlockNumber(): Promise<bigint | undefined> {
    const { finality, chain } = this.profile;
    switch (finality.rule) {
      case 'tag':
        try {
          return (await this.blockByNumber(finality.tag))?.number;
        } catch (cause) {
          if (!(cause instanceof ChainError) || cause.code !== 'rpc-refused') throw cause;
          throw new ChainError('finality-unavailable', `the node of ${chain} does not know "${finality.tag}"`, {
            cause,
          });
        }
      case 'depth': {
        const final = (await this.newestBlockNumber()) - BigInt(finality.depth);
        return final < 0n ? undefined : final;
      }
      case 'local-snapshot': {
        if (this.#durableBlock === undefined) {
          throw new ChainError(
            'finality-unavailable',
            `"local-snapshot" is for the embedded chain alone, not for ${chain}`,
          );
        }
        const durable = this.#durableBlock();
        return durable < 0n ? undefined : durable;
      }
    }
  }

  /** What a transaction should offer to be in one of the next blocks: twice the base fee and the tip that is usual. */
  async suggestFee(): Promise<Fee> {
    const baseFee = (await this.blockByNumber('latest'))?.baseFeePerGas;
    if (baseFee === undefined) {
      return { type: 'legacy', gasPrice: await this.#ask(quantity, 'eth_gasPrice', []) };
    }
    let tip: bigint;
    try {
      tip = await this.#ask(quantity, 'eth_maxPriorityFeePerGas', []);
    } catch (error) {
      if (!(error instanceof ChainError) || error.code !== 'method-unsupported') throw error;
      const price = await this.#ask(quantity, 'eth_gasPrice', []);
      tip = price > baseFee ? price - baseFee : 0n;
    }
    return { type: 'eip1559', maxFeePerGas: 2n * baseFee + tip, maxPriorityFeePerGas: tip };
  }

  async newestBlockNumber(): Promise<bigint> {
    return this.#ask(quantity, 'eth_blockNumber', []);
  }

  /** Wei. */
  async balance(address: string, at: StateAt = 'latest'): Promise<bigint> {
    return this.#ask(quantity, 'eth_getBalance', [address, blockTag(at)]);
  }

  /** Nonce of the next transaction: after those in blocks, or after those that wait too (`pending`). */
  async nonce(address: string, at: StateAt | 'pending'): Promise<number> {
    return Number(await this.#ask(quantity, 'eth_getTransactionCount', [address, blockTag(at)]));
  }

  /**
   * Finds the event of an anchor, whoever sent it.
   * @param fromBlock where to begin: the newest block known before the anchor was sent. Windows of 5,000 blocks are asked for.
   * @returns undefined if no block since holds one.
   */
  async findAnchor(rootHash: Uint8Array, fromBlock: bigint): Promise<AnchorLocation | undefined> {
    const newest = await this.newestBlockNumber();
    for (let from = fromBlock; from <= newest; from += LOG_WINDOW) {
      const to = from + LOG_WINDOW - 1n < newest ? from + LOG_WINDOW - 1n : newest;
      const filter = {
        address: this.contract,
        topics: [encodeHex0x(CHECKPOINT_ANCHORED_TOPIC), null, encodeHex0x(rootHash)],
        fromBlock: `0x${from.toString(16)}`,
        toBlock: `0x${to.toString(16)}`,
      };
      const [log] = await this.#ask(z.array(foundLogSchema), 'eth_getLogs', [filter]);
      if (log !== undefined) {
        const { transactionHash, blockHash, blockNumber, topics } = log;
        return { transactionHash, blockHash, blockNumber, treeSize: BigInt(topics[1] as string) };
      }
    }
    return undefined;
  }

  /** Calls a view function of the contract. */
  async #read<Results extends unknown[]>(name: string, args: unknown[], at: StateAt = 'latest'): Promise<Results> {
    const { abi } = evidenceLogArtifact();
    const call = { to: this.contract, data: abi.encodeFunctionData(name, args) };
    const answer = await this.#ask(data, 'eth_call', [call, blockTag(at)]);
    try {
      return [...abi.decodeFunctionResult(name, answer)] as Results;
    } catch (cause) {
      // Calling an account without code succeeds with nothing.
      throw new ChainError('no-contract', `${this.contract} on ${this.profile.chain} does not answer ${name}()`, {
        cause,
      });
    }
  }

  async #ask<T>(answer: z.ZodType<T>, method: string, params: unknown[]): Promise<T> {
    return ask(this.#call, answer, method, params);
  }
}

export interface Deployment {
  rpcUrl: string;
  chain: string;
  /** Pays; has no rights in the contract. */
  deployer: BaseWallet;
  anchorer: string;
  guardian: string;
  /** SHA-256 of the log's origin. */
  originHash: Uint8Array;
  /** How long to wait for a block that holds it. Default: 3 minutes. */
  waitMs?: number;
}

/**
 * Deploys the contract and waits until a block holds it. A crash in between leaves at most a contract that nobody uses.
 * @returns its address, lower case, and where it was made.
 * @throws ChainError `wrong-chain`; `call-reverted` with the constructor's error, such as `Sha256Unavailable`; `not-mined` if no
 * block holds it in time; and as `ChainClient`.
 */
export async function deployEvidenceLog(
  deployment: Deployment,
): Promise<{ contract: string; transactionHash: string; blockNumber: bigint }> {
  const { rpcUrl, chain, deployer, anchorer, guardian, originHash, waitMs = 180_000 } = deployment;
  const { abi, bytecode } = evidenceLogArtifact();
  const initCode = bytecode + abi.encodeDeploy([anchorer, guardian, encodeHex0x(originHash)]).slice(2);
  const from = deployer.address.toLowerCase();
  const nobody = `0x${'00'.repeat(20)}`;
  const client = new ChainClient({ rpcUrl, profile: { chain } as ChainProfile, contract: nobody });
  await client.verifyChain();

  const call = openJsonRpc({ url: rpcUrl, timeoutMs: TIMEOUT_MS });
  await ask(call, data, 'eth_call', [{ from, data: initCode }, 'latest']);
  const gas = await ask(call, quantity, 'eth_estimateGas', [{ from, data: initCode }]);
  const nonce = await client.nonce(from, 'pending');
  const fee = await client.suggestFee();
  const terms = { nonce, fee, gasLimit: (gas * 6n) / 5n };
  const transaction = sign(deployer, { ...terms, to: null, data: initCode, chainId: client.chainId });
  await client.sendRaw(transaction.raw);

  const deadline = performance.now() + waitMs;
  for (;;) {
    const receipt = await client.receipt(transaction.hash);
    if (receipt !== undefined) {
      if (receipt.status !== 1n) throw new ChainError('call-reverted', `deployment ${transaction.hash} reverted`);
      const contract = getCreateAddress({ from, nonce }).toLowerCase();
      return { contract, transactionHash: transaction.hash, blockNumber: receipt.blockNumber };
    }
    if (performance.now() > deadline) {
      throw new ChainError('not-mined', `no block holds the deployment ${transaction.hash} after ${waitMs} ms`);
    }
    await delay(200);
  }
}

function blockTag(at: bigint | 'latest' | 'pending' | 'safe' | 'finalized'): string {
  return typeof at === 'bigint' ? `0x${at.toString(16)}` : at;
}

function encodeAnchorCall({ treeSize, rootHash, consistencyProof }: AnchorCall): string {
  const proof = consistencyProof.map((hash) => encodeHex0x(hash));
  return evidenceLogArtifact().abi.encodeFunctionData('anchor', [treeSize, encodeHex0x(rootHash), proof]);
}

interface Unsigned {
  to: string | null;
  data: string;
  chainId: bigint;
  nonce: number;
  gasLimit: bigint;
  fee: Fee;
}

function sign(signer: BaseWallet, { fee, ...call }: Unsigned): SignedTransaction {
  const price: TransactionLike<string> =
    fee.type === 'legacy'
      ? { type: 0, gasPrice: fee.gasPrice }
      : { type: 2, maxFeePerGas: fee.maxFeePerGas, maxPriorityFeePerGas: fee.maxPriorityFeePerGas };
  const transaction = Transaction.from({ ...call, ...price });
  transaction.signature = signer.signingKey.sign(transaction.unsignedHash);
  return { raw: transaction.serialized, hash: transaction.hash as string };
}

/** What nodes say, for lack of codes: geth, anvil, Besu, Nethermind, Erigon, Reth and GoQuorum each in their own words. */
const REFUSALS: [RegExp, ChainErrorCode][] = [
  [/nonce too low|nonce_too_low|oldnonce|nonce is too low|nonce has already been used/i, 'nonce-conflict'],
  [/underpriced|less than block base fee|feetoolow|gas price (?:too low|below)|replacementnotallowed/i, 'underpriced'],
  [/insufficient ?funds|upfront cost exceeds|insufficient balance|doesn't have enough funds/i, 'insufficient-funds'],
];
const KNOWN_ALREADY =
  /already (?:known|imported|in (?:mempool|pool|the pool))|known transaction|alreadyknown|^already_exists/i;

/** JSON-RPC 2.0 §5.1 "method not found"; EIP-1474 adds -32004, "method not supported". */
const METHOD_MISSING = new Set([-32601, -32004]);

function isKnownAlready(error: unknown): boolean {
  return (
    error instanceof ChainError && error.cause instanceof JsonRpcRefusal && KNOWN_ALREADY.test(error.cause.message)
  );
}

async function ask<T>(call: JsonRpcCall, answer: z.ZodType<T>, method: string, params: unknown[]): Promise<T> {
  let result: unknown;
  try {
    result = await call(method, params);
  } catch (error) {
    throw error instanceof JsonRpcRefusal ? chainErrorOf(method, error) : error;
  }
  const parsed = answer.safeParse(result);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  throw new ChainError('rpc-malformed', `${method}: ${issue?.path.join('.') || 'answer'}: ${issue?.message}`);
}

function chainErrorOf(method: string, refusal: JsonRpcRefusal): ChainError {
  const said = `${method}: ${refusal.message}`;
  if (
    METHOD_MISSING.has(refusal.rpcCode) ||
    /method .*(?:not (?:found|supported|available)|does not exist)/i.test(refusal.message)
  ) {
    return new ChainError('method-unsupported', said, { cause: refusal });
  }
  const data = revertData(refusal.data);
  if (
    (method === 'eth_call' || method === 'eth_estimateGas') &&
    (data !== undefined || /revert/i.test(refusal.message))
  ) {
    const revert = decodeRevert(data ?? '0x');
    const args = Object.entries(revert.args).map(([name, value]) => `${name} ${value}`);
    const message = revert.name === undefined ? said : `the contract refuses: ${revert.name}(${args.join(', ')})`;
    return new ChainError('call-reverted', message, { cause: refusal, revert });
  }
  const code = REFUSALS.find(([pattern]) => pattern.test(refusal.message))?.[1];
  const otherwise = method === 'eth_sendRawTransaction' ? 'transaction-refused' : 'rpc-refused';
  return new ChainError(code ?? otherwise, said, { cause: refusal });
}

/** Nodes give it as text, as text with words before it, or an object or two deeper. */
function revertData(data: unknown): string | undefined {
  if (typeof data === 'string') return /0x(?:[0-9a-f]{2})*$/i.exec(data)?.[0].toLowerCase();
  return typeof data === 'object' && data !== null && 'data' in data ? revertData(data.data) : undefined;
}

function decodeRevert(data: string): Revert {
  let error: ReturnType<ReturnType<typeof evidenceLogArtifact>['abi']['parseError']> = null;
  try {
    error = evidenceLogArtifact().abi.parseError(data);
  } catch {
    // Bytes that are no encoded error: shown as they are.
  }
  if (error === null) return { name: undefined, args: {}, data };
  const { fragment, args } = error;
  const named = fragment.inputs.map((input, i): [string, string] => [
    input.name || String(i),
    String(args[i]).toLowerCase(),
  ]);
  return { name: error.name, args: Object.fromEntries(named), data };
}

const quantity = z
  .string()
  .regex(/^0x[0-9a-fA-F]{1,64}$/)
  .transform((hex) => BigInt(hex));
const data = z
  .string()
  .regex(/^0x(?:[0-9a-fA-F]{2})*$/)
  .transform((hex) => hex.toLowerCase());
const hash = z
  .string()
  .regex(/^0x[0-9a-fA-F]{64}$/)
  .transform((hex) => hex.toLowerCase());
const logSchema = z.object({ address: data, topics: z.array(hash).max(4), data });
const foundLogSchema = logSchema.extend({ transactionHash: hash, blockHash: hash, blockNumber: quantity });
const receiptSchema = z
  .object({
    transactionHash: hash,
    blockHash: hash,
    blockNumber: quantity,
    transactionIndex: quantity.transform(Number),
    // Absent on chains that know no typed transactions.
    type: quantity.transform(Number).default(0),
    status: quantity,
    cumulativeGasUsed: quantity,
    gasUsed: quantity,
    effectiveGasPrice: quantity.nullish().transform((wei) => wei ?? undefined),
    l1Fee: quantity.nullish().transform((wei) => wei ?? 0n),
    logsBloom: data,
    logs: z.array(logSchema),
    depositNonce: quantity.nullish(),
    depositReceiptVersion: quantity.nullish(),
  })
  .transform(({ depositNonce, depositReceiptVersion, ...receipt }): RpcReceipt => {
    // Before Canyon nodes tell the nonce, and the receipt does not hold it.
    const hasDeposit = depositReceiptVersion != null && depositNonce != null;
    return { ...receipt, deposit: hasDeposit ? { nonce: depositNonce, version: depositReceiptVersion } : undefined };
  });
const blockSchema = z
  .looseObject({
    hash,
    parentHash: hash,
    number: quantity,
    timestamp: quantity,
    baseFeePerGas: quantity.optional(),
    transactions: z.array(hash),
  })
  .transform(({ hash, parentHash, number, timestamp, baseFeePerGas, transactions, ...rest }): RpcBlock => {
    const price = baseFeePerGas === undefined ? {} : { baseFeePerGas: hexOf(baseFeePerGas) };
    const fields = { ...rest, ...price, parentHash, number: hexOf(number), timestamp: hexOf(timestamp) };
    return { hash, parentHash, number, timestamp, baseFeePerGas, transactions, fields };
  });

function hexOf(value: bigint): string {
  return `0x${value.toString(16)}`;
}
