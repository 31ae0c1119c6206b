import { selectFinalBlocks, selectFinalBlocksAmong } from '../db/anchors.ts';
import type { Queryable } from '../db/pool.ts';
import { encodeBase64, encodeHex, encodeHex0x, parseHex0x } from '../format/bytes.ts';
import type { Certificate } from '../format/certificate.ts';
import type { LogRecord } from '../format/log.ts';
import type { Policy } from '../format/policy.ts';
import { plainLeafData } from '../format/spine.ts';
import { keyHints, selectKeySchedule } from '../log/key-schedule.ts';
import { leafHash } from '../merkle/hash.ts';
import { blocksToConfirm } from '../verify/questions.ts';

/** What the operator knows of itself. */
export interface OwnIdentity {
  evaluation: boolean;
  /** What leaf 0 says. */
  log: LogRecord;
  chains: readonly { chain: string; independent: boolean }[];
  /** DER roots of the timestamp authorities that it asks. */
  authorities: readonly { certificate: Uint8Array; independent: boolean; operator: string }[];
  /** Whom the log asks to cosign, and how many of them it needs before it publishes. */
  witnesses: Policy['witnesses'];
  /** DER of the sealing key's X.509 certificate. */
  sealSigner: Uint8Array;
}

interface Block {
  chain: string;
  blockHash: Uint8Array;
}

/** Half of what a policy may hold, so that the reader can add his own. */
const BLOCKS_WRITTEN = 50_000;

/** The trust policy of somebody who trusts this service alone, with the blocks that it saw final. */
export class OwnPolicy {
  readonly #q: Queryable;
  readonly #identity: OwnIdentity;
  readonly #onPolicy: ((policy: Policy) => Promise<void>) | undefined;
  /** Blocks, and keys of the log, that `onPolicy` was told of. */
  #told = new Set<string>();

  /** @param onPolicy told of the whole policy before a certificate is judged by blocks or keys that it did not hold yet */
  constructor(q: Queryable, identity: OwnIdentity, onPolicy?: (policy: Policy) => Promise<void>) {
    this.#q = q;
    this.#identity = identity;
    this.#onPolicy = onPolicy;
  }

  /** The policy under which this certificate must stand before it is issued: of all blocks only those that it names. */
  async for(certificate: Certificate): Promise<Policy> {
    const named = blocksToConfirm(certificate).map(({ blockHash }) => parseHex0x(blockHash));
    const blocks = await selectFinalBlocksAmong(this.#q, named);
    const keys = await this.#logKeys();
    const used = [...blocks.map((block) => encodeHex(block.blockHash)), ...keys];
    if (this.#onPolicy !== undefined && used.some((one) => !this.#told.has(one))) await this.tell();
    // Publications from before there were witnesses, or marked as without them, can be certified; what is missing, readers see.
    return this.#with(blocks, keys, 0);
  }

  /** Tells `onPolicy` of the policy as it is now, with the newest 50,000 blocks. */
  async tell(): Promise<void> {
    const blocks = await selectFinalBlocks(this.#q, BLOCKS_WRITTEN);
    const keys = await this.#logKeys();
    await this.#onPolicy?.(this.#with(blocks, keys, this.#identity.witnesses.quorum));
    this.#told = new Set([...blocks.map(({ blockHash }) => encodeHex(blockHash)), ...keys]);
  }

  /** Those of leaf 0 and those that the log went over to since. */
  async #logKeys(): Promise<string[]> {
    const { keys } = this.#identity.log;
    const { rotations } = await selectKeySchedule(this.#q, keys);
    return keyHints(keys, rotations);
  }

  #with(blocks: readonly Block[], keys: string[], quorum: number): Policy {
    const { evaluation, log, chains, authorities, sealSigner, witnesses } = this.#identity;
    return {
      type: 'tiezheng/policy/v1',
      evaluation,
      independentTimesRequired: 0,
      logs: [
        {
          origin: log.origin,
          keys,
          leaf0: encodeHex(leafHash(plainLeafData(log))),
          contracts: log.contracts,
        },
      ],
      chains: chains.map(({ chain, independent }) => ({ chain, independent })),
      blocks: blocks.map(({ chain, blockHash }) => ({ chain, hash: encodeHex0x(blockHash) })),
      authorities: authorities.map((root) => ({ ...root, certificate: encodeBase64(root.certificate) })),
      seals: [encodeBase64(sealSigner)],
      witnesses: { ...witnesses, quorum },
    };
  }
}
