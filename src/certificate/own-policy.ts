import { selectFinalBlocks } from '../db/anchors.ts';
import type { Queryable } from '../db/pool.ts';
import { encodeBase64, encodeHex, encodeHex0x } from '../format/bytes.ts';
import type { LogRecord } from '../format/log.ts';
import type { Policy } from '../format/policy.ts';
import { plainLeafData } from '../format/spine.ts';
import { leafHash } from '../merkle/hash.ts';

/** What the operator knows of itself. */
export interface OwnIdentity {
  evaluation: boolean;
  /** What leaf 0 says. */
  log: LogRecord;
  chains: readonly { chain: string; independent: boolean }[];
  /** DER of the sealing key's X.509 certificate. */
  sealSigner: Uint8Array;
}

/**
 * The trust policy of somebody who trusts this service alone, with every block that it saw final. A certificate must stand under it
 * before it is issued; in the evaluation profile it is written out for the reader too.
 */
export async function ownPolicy(q: Queryable, identity: OwnIdentity): Promise<Policy> {
  const blocks = await selectFinalBlocks(q);
  return {
    type: 'tiezheng/policy/v1',
    evaluation: identity.evaluation,
    independentTimesRequired: 0,
    logs: [
      {
        origin: identity.log.origin,
        keys: identity.log.keys,
        leaf0: encodeHex(leafHash(plainLeafData(identity.log))),
        contracts: identity.log.contracts,
      },
    ],
    chains: identity.chains.map(({ chain, independent }) => ({ chain, independent })),
    blocks: blocks.map(({ chain, blockHash }) => ({ chain, hash: encodeHex0x(blockHash) })),
    authorities: [],
    seals: [encodeBase64(identity.sealSigner)],
    witnesses: { keys: [], quorum: 0 },
  };
}
