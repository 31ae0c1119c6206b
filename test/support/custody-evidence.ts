import { createPublicKey, randomBytes } from 'node:crypto';
import { encodeHex, type LeafHash, parseHex } from '../../src/format/bytes.ts';
import { commit } from '../../src/format/commitment.ts';
import type { CustodyActor, CustodyEvent, CustodyFile, CustodyRecord } from '../../src/format/custody.ts';
import { plainLeafData } from '../../src/format/spine.ts';
import { leafHash, nodeHash } from '../../src/merkle/hash.ts';
import { inclusionProof, rootFromLeafHashes } from '../../src/merkle/tree.ts';
import { type EvidenceWorld, signCheckpoint } from './evidence-world.ts';

/** What is recorded, and after which events a leaf is written. */
export interface CustodyStory {
  events: { kind: string; at: string; detail?: Record<string, string> }[];
  /** Counts that leaves commit to. */
  leavesAt: number[];
}

export const STORY: CustodyStory = {
  events: [
    { kind: 'received', at: '2026-11-22T03:04:05.678Z' },
    { kind: 'viewed', at: '2026-11-22T05:04:06.000Z' },
    { kind: 'downloaded', at: '2026-11-22T05:05:00.000Z', detail: { fileIndex: '0' } },
    { kind: 'exported', at: '2026-11-23T05:05:00.000Z' },
    { kind: 'viewed', at: '2026-11-23T05:06:00.000Z' },
  ],
  leavesAt: [2, 4],
};

const salt = () => randomBytes(32).toString('hex');
const FIRST_LEAF = 60;
const TREE_SIZE = 100;

/** A custody file as the operator of `world` would make it, with real arithmetic. Seal it with `world.reseal`. */
export async function makeCustodyFile(world: EvidenceWorld, story: CustodyStory = STORY): Promise<CustodyFile> {
  const { depositId } = world.certificate.record;
  const events: CustodyFile['events'] = [];
  for (const [index, { kind, at, detail }] of story.events.entries()) {
    const actor: CustodyActor = {
      type: 'tiezheng/custody-actor/v1',
      accountId: '01939f3e-7c1a-7b7e-9d2c-3f1d0e5b8a12',
      userId: null,
      by: 'session',
      linkId: null,
      name: '北京某某文化有限公司',
      salt: salt(),
    };
    const before = events.at(-1)?.event;
    const event: CustodyEvent = {
      type: 'tiezheng/custody-event/v1',
      depositId,
      index,
      previous: before === undefined ? null : encodeHex(commit(before)),
      kind,
      at,
      actor: encodeHex(commit(actor)),
      detail: detail ?? {},
      salt: salt(),
    };
    events.push({ event, actor });
  }
  const records = story.leavesAt.map(
    (count): CustodyRecord => ({
      type: 'tiezheng/custody/v1',
      depositId,
      count,
      headHash: encodeHex(commit(events[count - 1]!.event)),
      salt: salt(),
    }),
  );
  return {
    type: 'tiezheng/custody-file/v1',
    evaluation: false,
    depositId,
    events,
    handOvers: [],
    ...(await proveRecords(world, records)),
    claims: { madeAt: '2026-11-23T06:00:00.000Z' },
    seals: [],
  };
}

/** These records in the operator's log, under one checkpoint of his. */
export async function proveRecords(
  world: EvidenceWorld,
  records: readonly CustodyRecord[],
): Promise<Pick<CustodyFile, 'log' | 'leaves' | 'publication'>> {
  const { origin, keys } = world.certificate.log;
  const log = { origin, keys };
  if (records.length === 0) return { log, leaves: [], publication: null };
  const tree = Array.from({ length: TREE_SIZE }, (_, i) => {
    const record = records[i - FIRST_LEAF];
    return leafHash(record === undefined ? Uint8Array.of(i) : plainLeafData(record));
  });
  const read = nodeReader(tree);
  const raw = createPublicKey(world.logKey).export({ format: 'jwk' }).x as string;
  const publicKey = parseHex(Buffer.from(raw, 'base64url').toString('hex'));
  const root = rootFromLeafHashes(tree);
  return {
    log,
    leaves: await Promise.all(
      records.map(async (record, i) => ({
        record,
        leafIndex: FIRST_LEAF + i,
        inclusionProof: (await inclusionProof(BigInt(FIRST_LEAF + i), BigInt(TREE_SIZE), read)).map(encodeHex),
      })),
    ),
    publication: {
      checkpoint: signCheckpoint(origin, BigInt(TREE_SIZE), root, world.logKey, publicKey),
      cosignatures: [],
      attestations: [],
    },
  };
}

function nodeReader(leaves: readonly LeafHash[]) {
  return function read(level: number, index: bigint): never {
    if (level === 0) return leaves[Number(index)] as never;
    return nodeHash(read(level - 1, index * 2n), read(level - 1, index * 2n + 1n)) as never;
  };
}
