import { hostname } from 'node:os';
import { selectNewestBlockHeader } from '../db/anchors.ts';
import type { Database } from '../db/pool.ts';
import { BuiltInAuthority } from './authority.ts';
import { AuthorityClient, type AuthoritySettings } from './authority-client.ts';
import { type ClockReading, ClockWatch } from './clock-watch.ts';
import type { CmsKey } from './cms-signer.ts';
import { EVALUATION_POLICY } from './evaluation-authority.ts';
import { type StampSignature, stampByFirst } from './signature-stamper.ts';
import { type AuthorityCondition, conditionCode, StampingWorker } from './stamping-worker.ts';
import { TokenWait } from './token-wait.ts';
import { encodePem } from './x509-maker.ts';

export interface TimestampingParts {
  db: Database;
  /** Asked over HTTP. */
  authorities: readonly AuthoritySettings[];
  /** Key of an authority of this process's own, root last in its chain; undefined where there must be none, as in production. */
  builtInKey: CmsKey | undefined;
  /** CAIP-2, of those whose newest final block tells of the time. */
  chains: readonly string[];
  pollMs: number;
  /** How long after its publication a certificate waits for tokens. */
  tokenWaitMs: number;
  nowMs: () => number;
  onTrouble: (error: unknown) => void;
}

/** One authority as anyone may see it. */
export interface AuthorityStatus {
  name: string;
  operator: string;
  independent: boolean;
  /** Code of what is wrong with it now; null if nothing is. */
  trouble: string | null;
}

/** Root of an authority that this service asks, for its own policy. */
export interface AuthorityRoot {
  /** DER. */
  certificate: Uint8Array;
  independent: boolean;
  operator: string;
}

/** Where the built-in authority answers; names it in rows and alarms too. */
export const BUILT_IN_PATH = '/tsa';
/** The clock may be off by less than what tokens state. */
const BUILT_IN_ACCURACY_MS = 1000;
const CLOCK_LIMIT_MS = 1000;
const CLOCK_INTERVAL_MS = 60_000;
/** Makers of blocks may date them ahead of the time, by how much depends on the chain. */
const BLOCK_TIME_TOLERANCE_MS = 15_000;
/** For a seal or a PDF somebody waits. */
const SIGNATURE_LIMIT_MS = 3000;
const BUILT_IN_TIMEOUT_MS = 5000;

/** All that has to do with timestamp authorities in one process: asking them, being one, and minding the clock. */
export class Timestamping {
  readonly clock: ClockWatch;
  /** Null where there is none. */
  readonly builtIn: { authority: BuiltInAuthority; rootPem: string } | null;
  /** Undefined without any authority. */
  readonly stampSignature: StampSignature | undefined;
  readonly #parts: TimestampingParts;
  readonly #workers: readonly StampingWorker[];
  readonly #wait: TokenWait;

  /** @throws FormatError if an authority's certificates are unusable */
  constructor(parts: TimestampingParts) {
    const { db, builtInKey, nowMs, onTrouble } = parts;
    this.#parts = parts;
    this.clock = new ClockWatch({
      db,
      nowMs,
      server: hostname(),
      limitMs: CLOCK_LIMIT_MS,
      sources: parts.chains.map((chain) => () => this.#newestBlock(chain)),
      onTrouble,
    });
    this.builtIn = builtInKey === undefined ? null : this.#openBuiltIn(builtInKey);
    const worker = (client: AuthorityClient, isOwnClock: boolean) =>
      new StampingWorker({
        db,
        client,
        nowMs,
        pollMs: parts.pollMs,
        ...(isOwnClock ? {} : { onReading: (reading) => this.clock.observe(reading) }),
        onTrouble,
      });
    this.#workers = [
      ...parts.authorities.map((settings) => worker(new AuthorityClient(settings, { nowMs }), false)),
      ...(this.builtIn === null || builtInKey === undefined
        ? []
        : [worker(builtInClient(this.builtIn.authority, builtInKey, nowMs), true)]),
    ];
    this.stampSignature =
      this.#workers.length === 0 ? undefined : stampByFirst(this.#workers, SIGNATURE_LIMIT_MS, nowMs, onTrouble);
    this.#wait = new TokenWait({
      q: db.pool,
      // Nobody waits for one that is known to be unwell.
      authorities: () => this.#workers.filter((w) => w.condition().state === 'ok').map((w) => w.client.settings.url),
      waitMs: parts.tokenWaitMs,
      nowMs,
    });
  }

  /** Returns at once. No authority need answer. */
  start(): void {
    this.clock.start(CLOCK_INTERVAL_MS);
    for (const worker of this.#workers) worker.start();
  }

  async stop(): Promise<void> {
    await Promise.all([this.clock.stop(), ...this.#workers.map((worker) => worker.stop())]);
  }

  /** Whether the certificate of a deposit should still wait for tokens; ends by itself. */
  isAwaited(leafIndex: bigint): Promise<boolean> {
    return this.#wait.isAwaited(leafIndex);
  }

  status(): AuthorityStatus[] {
    return this.#workers.map((worker) => {
      const { name, operator, independent } = worker.client.settings;
      const condition: AuthorityCondition = worker.condition();
      return { name, operator, independent, trouble: conditionCode(condition) };
    });
  }

  /** Every authority, those that are well first. */
  clients(): AuthorityClient[] {
    const isWell = (worker: StampingWorker) => worker.condition().state === 'ok';
    return [...this.#workers.filter(isWell), ...this.#workers.filter((w) => !isWell(w))].map(({ client }) => client);
  }

  /** Of every authority, for the policy of somebody who trusts this service. */
  roots(): AuthorityRoot[] {
    return this.#workers.flatMap(({ client }) => {
      const { independent, operator } = client.settings;
      return client.roots.map(({ der }) => ({ certificate: der, independent, operator }));
    });
  }

  #openBuiltIn(key: CmsKey): { authority: BuiltInAuthority; rootPem: string } {
    const authority = new BuiltInAuthority({
      key,
      policy: EVALUATION_POLICY,
      nowMs: this.#parts.nowMs,
      accuracyMs: BUILT_IN_ACCURACY_MS,
      isClockRight: () => !this.clock.isOut(),
    });
    return { authority, rootPem: encodePem('CERTIFICATE', key.certificateChain.at(-1) as Uint8Array) };
  }

  async #newestBlock(chain: string): Promise<ClockReading | undefined> {
    const { db, nowMs } = this.#parts;
    const askedMs = nowMs();
    const block = await selectNewestBlockHeader(db.pool, chain);
    if (block === undefined) return undefined;
    return {
      source: `chain ${chain}`,
      theirsMs: block.blockTime.getTime(),
      accuracyMs: BLOCK_TIME_TOLERANCE_MS,
      askedMs,
      answeredMs: nowMs(),
      tells: 'not-before',
    };
  }
}

function builtInClient(authority: BuiltInAuthority, key: CmsKey, nowMs: () => number): AuthorityClient {
  return new AuthorityClient(
    {
      name: '内置时间戳（评估） built-in (evaluation)',
      operator: '本服务 this service',
      url: BUILT_IN_PATH,
      certificates: key.certificateChain.slice(1),
      policy: EVALUATION_POLICY,
      independent: false,
      hash: 'sha256',
      timeoutMs: BUILT_IN_TIMEOUT_MS,
      maxAccuracyMs: undefined,
    },
    { nowMs, answer: (request) => authority.reply(request) },
  );
}
