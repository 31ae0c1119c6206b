import { encodeHex0x } from '../format/bytes.ts';
import { offerOf } from './anchor-fee.ts';
import {
  type AnchorCall,
  type AnchorLocation,
  ChainClient,
  type ChainClientOptions,
  type ChainProvider,
  type ContractHead,
  type Fee,
  type RpcBlock,
  type RpcReceipt,
  type StateAt,
} from './chain-client.ts';
import { ChainError, type ChainErrorCode } from './chain-error.ts';
import { HEADER_FIELDS } from './receipt-proof.ts';

export interface ComparedChainClientOptions extends Omit<ChainClientOptions, 'rpcUrl'> {
  /** Two or more, of different operators. */
  rpcUrls: readonly string[];
  /** How many must give the same answer. Default: all that answer, one at least. */
  agreement?: number | undefined;
  /** Milliseconds of a clock that only goes forward. Default: this process's. */
  monotonicMs?: () => number;
}

/** Nodes further apart than this are not at the same chain's end; some 13 minutes on Ethereum. Older states are kept nowhere. */
const BLOCKS_APART = 64n;
/** How long one that is away, or speaks nonsense, is left alone: it would slow every step down. */
const AWAY_MS = 30_000;
/** How long one that the others have outvoted is left alone. */
const OUTVOTED_MS = 10 * 60_000;

interface Provider {
  name: string;
  client: ChainClient;
  restsUntilMs: number;
  trouble: ChainProvider['trouble'];
}

/** What one provider answered: a value, or an error that is an answer too, such as a contract's refusal. */
type Answer<T> = { provider: Provider; key: string } & ({ value: T } | { error: ChainError });

/** Errors that tell something of the chain, not of the node. */
const TELLING: ReadonlySet<ChainErrorCode> = new Set<ChainErrorCode>([
  'wrong-chain',
  'no-contract',
  'wrong-origin',
  'call-reverted',
]);
const AWAY: ReadonlySet<ChainErrorCode> = new Set<ChainErrorCode>(['rpc-unreachable', 'rpc-timeout', 'rpc-malformed']);

/**
 * One chain through several nodes. What a step rests on (chain, contract, its state, blocks, receipts, finality) is asked of each
 * and compared; a contradiction throws `providers-disagree`, so no step is taken on it. Nodes that do not answer are left out
 * for a while, and `providers` names them. A transaction is sent to all.
 *
 * Honest nodes are some blocks apart. Where states differ they are compared again at the newest block that all have, and what not
 * all have yet counts as not there yet: both make anchoring wait, never go wrong.
 */
export class ComparedChainClient extends ChainClient {
  readonly #providers: Provider[];
  readonly #agreement: number | undefined;
  readonly #monotonicMs: () => number;

  constructor({ rpcUrls, agreement, monotonicMs, ...options }: ComparedChainClientOptions) {
    super({ ...options, rpcUrl: rpcUrls[0] as string });
    this.#providers = rpcUrls.map((rpcUrl) => ({
      name: new URL(rpcUrl).host,
      client: new ChainClient({ ...options, rpcUrl }),
      restsUntilMs: Number.NEGATIVE_INFINITY,
      trouble: undefined,
    }));
    this.#agreement = agreement;
    this.#monotonicMs = monotonicMs ?? (() => performance.now());
  }

  override providers(): ChainProvider[] {
    return this.#providers.map(({ name, trouble }) => ({ name, trouble }));
  }

  // ---------------------------------------------------------------- the chain and the contract

  override async verifyChain(): Promise<void> {
    await this.#same('the chain id', (client) => client.verifyChain());
  }

  override async verifyContract(originHash: Uint8Array): Promise<void> {
    await this.#same('the contract', (client) => client.verifyContract(originHash));
  }

  override head(at?: StateAt): Promise<ContractHead> {
    return this.#state('head()', (client, now) => client.head(now), at);
  }

  override anchored(rootHash: Uint8Array, at?: StateAt) {
    return this.#state('anchored()', (client, now) => client.anchored(rootHash, now), at);
  }

  override closed(at?: StateAt) {
    return this.#state('closed()', (client, now) => client.closed(now), at);
  }

  override anchorer(at?: StateAt): Promise<string> {
    return this.#state('anchorer()', (client, now) => client.anchorer(now), at);
  }

  override balance(address: string, at?: StateAt): Promise<bigint> {
    return this.#state('the balance', (client, now) => client.balance(address, now), at);
  }

  override nonce(address: string, at: StateAt | 'pending'): Promise<number> {
    if (at === 'pending') return this.#first((client) => client.nonce(address, 'pending'));
    return this.#state('the nonce', (client, now) => client.nonce(address, now), at);
  }

  /** The nodes must agree on whether it would succeed; of their estimates the highest counts. */
  override async simulateAnchor(from: string, call: AnchorCall, at?: StateAt): Promise<bigint> {
    let most = 0n;
    await this.#state(
      'the simulated anchor',
      async (client, now) => {
        const gas = await client.simulateAnchor(from, call, now);
        if (gas > most) most = gas;
      },
      at,
    );
    return most;
  }

  // ---------------------------------------------------------------- transactions

  /** To all, so that one node cannot hold it back. Fails only if none has taken it. */
  override async sendRaw(raw: string): Promise<void> {
    const providers = this.#awake();
    const outcomes = await Promise.allSettled(providers.map(({ client }) => client.sendRaw(raw)));
    const refusals: ChainError[] = [];
    for (const [i, outcome] of outcomes.entries()) {
      if (outcome.status === 'fulfilled') continue;
      this.#note(providers[i] as Provider, outcome.reason);
      refusals.push(outcome.reason as ChainError);
    }
    if (refusals.length < outcomes.length) return;
    throw refusals.find(({ code }) => !isAbsence(code)) ?? refusals[0];
  }

  override receipt(transactionHash: string): Promise<RpcReceipt | undefined> {
    return this.#known(`the receipt of ${transactionHash}`, (client) => client.receipt(transactionHash), receiptKey);
  }

  /** Whether any of them knows it: another may have been away when it was sent. */
  override async knowsTransaction(transactionHash: string): Promise<boolean> {
    const answers = await this.#ask((client) => client.knowsTransaction(transactionHash), keyOf);
    return answers.some((answer) => 'value' in answer && answer.value);
  }

  override async suggestFee(): Promise<Fee> {
    const answers = await this.#ask((client) => client.suggestFee(), keyOf);
    const fees = answers.flatMap((answer) => ('value' in answer ? [answer.value] : []));
    fees.sort((a, b) => (offerOf(a) < offerOf(b) ? -1 : 1));
    // The middle one, rather the lower: one node alone cannot make us pay more, and who offers too little offers more later.
    return fees[Math.floor((fees.length - 1) / 2)] as Fee;
  }

  // ---------------------------------------------------------------- blocks

  override newestBlockNumber(): Promise<bigint> {
    return this.#commonHeight();
  }

  override blockByHash(hash: string): Promise<RpcBlock | undefined> {
    return this.#known(`block ${hash}`, (client) => client.blockByHash(hash), blockKey);
  }

  override async blockByNumber(at: bigint | 'latest' | 'safe' | 'finalized'): Promise<RpcBlock | undefined> {
    const number = at === 'latest' ? await this.newestBlockNumber() : at;
    if (typeof number === 'bigint') {
      return this.#known(`block ${number}`, (client) => client.blockByNumber(number), blockKey);
    }
    const answers = await this.#ask((client) => client.blockByNumber(number), keyOf);
    const numbers = answers.map((answer) => ('value' in answer ? (answer.value?.number ?? -1n) : -1n));
    numbers.sort((a, b) => (a > b ? -1 : 1));
    // What enough of them call final; the others are not so far.
    const agreed = numbers[this.#required(answers.length) - 1] ?? -1n;
    return agreed < 0n ? undefined : this.blockByNumber(agreed);
  }

  override async blockReceipts(block: RpcBlock): Promise<RpcReceipt[]> {
    const receipts = await this.#known(
      `the receipts of block ${block.hash}`,
      async (client) => {
        try {
          return await client.blockReceipts(block);
        } catch (error) {
          if (error instanceof ChainError && error.code === 'block-not-found') return undefined;
          throw error;
        }
      },
      (all) => all.map(receiptKey).join(),
    );
    if (receipts === undefined) {
      throw new ChainError('block-not-found', `not all nodes have the receipts of block ${block.hash}`);
    }
    return receipts;
  }

  override findAnchor(rootHash: Uint8Array, fromBlock: bigint): Promise<AnchorLocation | undefined> {
    return this.#known('the event of an anchor', (client) => client.findAnchor(rootHash, fromBlock), keyOf);
  }

  // ---------------------------------------------------------------- asking and comparing

  /** The contract's or an account's state: if it differs, then once more at a block that all have. */
  async #state<T>(what: string, ask: (client: ChainClient, at: StateAt) => Promise<T>, at?: StateAt): Promise<T> {
    const first = await this.#ask((client) => ask(client, at ?? 'latest'), keyOf);
    if (typeof at === 'bigint' || new Set(first.map(({ key }) => key)).size === 1) return this.#agreed(what, first);
    const height = await this.#commonHeight();
    const again = await this.#ask((client) => ask(client, height), keyOf);
    // One that will not say what it had at that block is not taken for one that agrees.
    if (this.#agreement === undefined && again.length < first.length) throw disagreement(what, first);
    return this.#agreed(`${what} at block ${height}`, again);
  }

  async #same<T>(what: string, ask: (client: ChainClient) => Promise<T>): Promise<T> {
    return this.#agreed(what, await this.#ask(ask, keyOf));
  }

  /** What is the same for ever once it is there: undefined until enough of them have it. */
  async #known<T>(
    what: string,
    ask: (client: ChainClient) => Promise<T | undefined>,
    key: (value: T) => string,
  ): Promise<T | undefined> {
    const answers = await this.#ask(ask, (value) => (value === undefined ? '' : key(value)));
    const found = answers.filter((answer) => 'error' in answer || answer.value !== undefined);
    if (new Set(found.map((answer) => answer.key)).size > 1) return this.#agreed(what, found);
    const [one] = found;
    return one !== undefined && 'value' in one && found.length >= this.#required(answers.length)
      ? one.value
      : undefined;
  }

  /** The newest block that enough of them have, near the end of the chain. */
  async #commonHeight(): Promise<bigint> {
    const answers = await this.#ask((client) => client.newestBlockNumber(), keyOf);
    const heights = answers.flatMap((answer) => ('value' in answer ? [answer.value] : []));
    heights.sort((a, b) => (a > b ? -1 : 1));
    const required = this.#required(answers.length);
    for (let i = 0; i + required <= heights.length; i++) {
      const top = heights[i] as bigint;
      const near = heights.filter((height) => height <= top && top - height <= BLOCKS_APART);
      if (near.length >= required) return near.at(-1) as bigint;
    }
    throw disagreement(`the newest block, by more than ${BLOCKS_APART}`, answers);
  }

  #required(answered: number): number {
    return this.#agreement ?? answered;
  }

  /** The answer that enough of them gave. */
  #agreed<T>(what: string, answers: readonly Answer<T>[]): T {
    const byKey = Map.groupBy(answers, ({ key }) => key);
    const [most, ...others] = [...byKey.values()].sort((a, b) => b.length - a.length) as [
      Answer<T>[],
      ...Answer<T>[][],
    ];
    const required = this.#required(answers.length);
    if (most.length < required || others.some((group) => group.length >= required)) {
      throw disagreement(what, answers);
    }
    for (const { provider } of others.flat()) {
      const { message } = disagreement(what, answers);
      provider.trouble = { code: 'providers-disagree', message };
      provider.restsUntilMs = this.#monotonicMs() + OUTVOTED_MS;
    }
    const [answer] = most as [Answer<T>];
    if ('error' in answer) throw answer.error;
    return answer.value;
  }

  /** Asks all that do not rest. @throws ChainError of one of them if too few answer */
  async #ask<T>(ask: (client: ChainClient) => Promise<T>, key: (value: T) => string): Promise<Answer<T>[]> {
    const providers = this.#awake();
    const asked = providers.map(async (provider): Promise<Answer<T> | { failure: unknown }> => {
      try {
        const value = await ask(provider.client);
        provider.trouble = undefined;
        return { provider, key: key(value), value };
      } catch (error) {
        if (error instanceof ChainError && TELLING.has(error.code)) {
          provider.trouble = undefined;
          return { provider, key: `${error.code} ${error.revert?.name ?? ''}`, error };
        }
        this.#note(provider, error);
        return { failure: error };
      }
    });
    const outcomes = await Promise.all(asked);
    const answers = outcomes.filter((outcome) => 'key' in outcome);
    if (answers.length >= (this.#agreement ?? 1)) return answers;
    const failure = outcomes.find((outcome) => 'failure' in outcome)?.failure;
    if (answers.length === 0) throw failure;
    const away = this.#providers.filter(({ trouble }) => trouble !== undefined).map(({ name }) => name);
    throw new ChainError(
      'rpc-unreachable',
      `${answers.length} of ${this.#providers.length} nodes answer, ${this.#agreement} are required; away: ${away.join(', ')}`,
      { cause: failure },
    );
  }

  /** The first that answers; for what nothing rests on. */
  async #first<T>(ask: (client: ChainClient) => Promise<T>): Promise<T> {
    let failure: unknown;
    for (const provider of this.#awake()) {
      try {
        return await ask(provider.client);
      } catch (error) {
        this.#note(provider, error);
        failure ??= error;
      }
    }
    throw failure;
  }

  /** Those that do not rest; all of them if these are too few. */
  #awake(): Provider[] {
    const now = this.#monotonicMs();
    const awake = this.#providers.filter(({ restsUntilMs }) => restsUntilMs <= now);
    return awake.length >= (this.#agreement ?? 1) ? awake : this.#providers;
  }

  #note(provider: Provider, error: unknown): void {
    if (!(error instanceof ChainError)) throw error;
    if (!isAbsence(error.code)) return;
    provider.trouble = { code: error.code, message: error.message };
    if (AWAY.has(error.code)) provider.restsUntilMs = this.#monotonicMs() + AWAY_MS;
  }
}

/** The node did not answer what it was asked. */
function isAbsence(code: ChainErrorCode): boolean {
  return AWAY.has(code) || code === 'rpc-refused' || code === 'method-unsupported';
}

function disagreement(what: string, answers: readonly Answer<unknown>[]): ChainError {
  const said = answers.map(({ provider, key }) => `${provider.name} says ${key.slice(0, 200) || 'nothing'}`);
  return new ChainError('providers-disagree', `the nodes differ in ${what}: ${said.join('; ')}`);
}

function keyOf(value: unknown): string {
  if (value === undefined) return 'undefined';
  return JSON.stringify(value, (_, part: unknown) => {
    if (typeof part === 'bigint') return String(part);
    return part instanceof Uint8Array ? encodeHex0x(part) : part;
  });
}

function blockKey(block: RpcBlock): string {
  return `${block.hash} ${HEADER_FIELDS.map((name) => String(block.fields[name] ?? '-').toLowerCase()).join(' ')}`;
}

/** What was paid is left out: nodes tell it in different detail, and no proof rests on it. */
function receiptKey({ effectiveGasPrice: _, l1Fee: __, ...receipt }: RpcReceipt): string {
  return keyOf(receipt);
}
