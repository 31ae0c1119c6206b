import { withAdvisoryLock } from '../db/advisory-lock.ts';
import { raiseAlarm } from '../db/alarms.ts';
import { type AnchorState, selectAnchorInFlight, selectNewestFinalAnchor } from '../db/anchors.ts';
import { CodedError } from '../errors.ts';
import { parseHex0x } from '../format/bytes.ts';
import { Turns } from '../turns.ts';
import { AnchorError, isAlarming, isStopping } from './anchor-error.ts';
import { type AnchorParts, AnchorStepper } from './anchor-step.ts';
import type { ChainProvider } from './chain-client.ts';
import { ChainError, type ChainErrorCode } from './chain-error.ts';

export interface AnchorWorkerParts extends AnchorParts {
  /** Told of every failure; also of those that end by themselves. */
  onTrouble: (error: unknown) => void;
}

export interface AnchorReason {
  /** Kebab-case, stable. */
  code: string;
  /** For the operator. */
  message: string;
}

/** `waiting`: something holds anchoring up and may pass. `stopped`: it goes on only when an operator has acted. */
export type AnchorCondition = { state: 'ok' } | { state: 'waiting' | 'unreachable' | 'stopped'; reason: AnchorReason };

/** How anchoring on one chain stands, as this process last saw it. */
export type AnchorStatus = AnchorCondition & {
  /** CAIP-2. */
  chain: string;
  /** 0x, 20 bytes, lower case. */
  contract: string;
  /** The contract's; undefined until it was first read. */
  headTreeSize: bigint | undefined;
  lastFinal: { treeSize: bigint; since: Date } | undefined;
  inFlight: { treeSize: bigint; state: AnchorState; since: Date } | undefined;
  /** The nodes of this chain, where there are several. */
  providers: ChainProvider[];
};

/** Steps in a row before other servers get their turn. One anchor takes six. */
const STEPS_PER_TURN = 16;
const LONGEST_PAUSE_MS = 60_000;

/**
 * Anchors on one chain until stopped. Any number of servers may run one for the same contract: they take turns. Failures only
 * ever delay: the pause doubles with each, and the rows hold all that the next step needs.
 */
export class AnchorWorker {
  readonly #parts: AnchorWorkerParts;
  readonly #stepper: AnchorStepper;
  readonly #pollMs: number;
  readonly #turns = new Turns(() => this.turn());
  #condition: AnchorCondition = { state: 'ok' };
  #lastFinal: AnchorStatus['lastFinal'];
  #inFlight: AnchorStatus['inFlight'];
  #failures = 0;
  /** Nodes in trouble that were told of, and the code. */
  #told = new Map<string, string>();

  constructor(parts: AnchorWorkerParts) {
    this.#parts = parts;
    this.#stepper = new AnchorStepper(parts);
    // Often enough that looking adds little to the interval, seldom enough for a node that counts its calls.
    this.#pollMs = Math.min(Math.max(Math.round(parts.intervalMs / 20), 200), 15_000);
  }

  /** Returns at once. The chain need not answer. */
  start(): void {
    this.#turns.start();
  }

  /** Resolves when the step that is being taken has ended. */
  async stop(): Promise<void> {
    await this.#turns.stop();
  }

  status(): AnchorStatus {
    const { profile, contract } = this.#parts.client;
    return {
      ...this.#condition,
      chain: profile.chain,
      contract,
      headTreeSize: this.#stepper.headTreeSize,
      lastFinal: this.#lastFinal,
      inFlight: this.#inFlight,
      providers: this.#parts.client.providers(),
    };
  }

  /**
   * Steps until there is nothing to do for now. Never rejects.
   * @returns how long to wait before the next turn, in milliseconds
   */
  async turn(): Promise<number> {
    try {
      // Undefined: another server is at it; what it does, we see next time.
      const done = await withAdvisoryLock(this.#parts.db, `anchor ${this.#stepper.subject}`, () => this.#steps());
      if (done !== undefined) {
        this.#condition = { state: 'ok' };
        this.#failures = 0;
        this.#tellOfNodes();
      }
      await this.#readRows();
      return this.#pollMs;
    } catch (error) {
      this.#parts.onTrouble(error);
      this.#condition = await this.#judge(error);
      await this.#readRows().catch(() => {}); // Told already.
      const longest = Math.max(this.#pollMs, Math.min(LONGEST_PAUSE_MS, this.#parts.intervalMs));
      return Math.min(this.#pollMs * 2 ** this.#failures++, longest);
    }
  }

  async #steps(): Promise<true> {
    for (let i = 0; i < STEPS_PER_TURN && !this.#turns.signal.aborted; i++) {
      if ((await this.#stepper.step()) === 'idle') break;
    }
    return true;
  }

  /** Of a node that is left out while the others do the work, once. */
  #tellOfNodes(): void {
    const troubled = this.#parts.client
      .providers()
      .flatMap(({ name, trouble }) => (trouble ? [{ name, trouble }] : []));
    for (const { name, trouble } of troubled) {
      if (this.#told.get(name) === trouble.code) continue;
      this.#parts.onTrouble(new ChainError(trouble.code, `${name} is left out: ${trouble.message}`));
    }
    this.#told = new Map(troubled.map(({ name, trouble }) => [name, trouble.code]));
  }

  async #readRows(): Promise<void> {
    const { db, client } = this.#parts;
    const contract = parseHex0x(client.contract);
    const final = await selectNewestFinalAnchor(db.pool, client.profile.chain, contract);
    this.#lastFinal = final && { treeSize: final.treeSize, since: final.stateSince };
    const row = await selectAnchorInFlight(db.pool, client.profile.chain, contract);
    this.#inFlight = row && { treeSize: row.treeSize, state: row.state, since: row.stateSince };
  }

  async #judge(thrown: unknown): Promise<AnchorCondition> {
    const error = asAnchorError(thrown);
    if (!(error instanceof AnchorError)) {
      const code = error instanceof CodedError ? error.code : 'internal-error';
      const state = error instanceof ChainError && UNREACHABLE.has(error.code) ? 'unreachable' : 'waiting';
      return { state, reason: { code, message: (error as Error).message } };
    }
    const { code, message } = error;
    const { db, now, onTrouble } = this.#parts;
    if (isAlarming(error)) {
      await raiseAlarm(db.pool, code, message, new Date(now()), this.#stepper.subject).catch(onTrouble);
    }
    const state = isStopping(error) || code === 'chain-misconfigured' ? 'stopped' : 'waiting';
    return { state, reason: { code, message } };
  }
}

const UNREACHABLE: ReadonlySet<ChainErrorCode> = new Set<ChainErrorCode>([
  'rpc-unreachable',
  'rpc-timeout',
  'rpc-malformed',
  'rpc-refused',
  'method-unsupported',
]);

/** What the chain's own codes mean to anchoring. Others only say that the node is to be asked again. */
const MEANS: Partial<Record<ChainErrorCode, AnchorError['code']>> = {
  'providers-disagree': 'providers-disagree',
  'wrong-chain': 'chain-misconfigured',
  'no-contract': 'chain-misconfigured',
  'wrong-origin': 'chain-misconfigured',
  'profile-not-reproduced': 'chain-misconfigured',
  'finality-unavailable': 'chain-misconfigured',
  'proofs-unsupported': 'chain-misconfigured',
  'insufficient-funds': 'anchor-balance-low',
  'header-not-reproduced': 'attestation-invalid',
  'receipts-not-reproduced': 'attestation-invalid',
  'anchor-not-in-block': 'attestation-invalid',
};

function asAnchorError(error: unknown): unknown {
  const code = error instanceof ChainError ? MEANS[error.code] : undefined;
  return code === undefined ? error : new AnchorError(code, (error as ChainError).message, { cause: error });
}
