import { generateKeyPairSync, sign } from 'node:crypto';
import { createMerkleProof, createMPT } from '@ethereumjs/mpt';
import { ed25519 } from '@noble/curves/ed25519.js';
import type { DepositEvidence } from '../../src/certificate/assemble.ts';
import { signedDepositId } from '../../src/format/annex-signature.ts';
import { parseBlockHeader } from '../../src/format/block-header.ts';
import {
  asHash32,
  concat,
  encodeBase64,
  encodeBase64Url,
  encodeHex,
  encodeHex0x,
  encodeUtf8,
  parseHex0x,
  type RootHash,
  sha256,
} from '../../src/format/bytes.ts';
import type { EvmAttestation, PlatformProfile } from '../../src/format/certificate.ts';
import { encodeCheckpointBody } from '../../src/format/checkpoint.ts';
import { unixMsOf } from '../../src/format/fields.ts';
import { ED25519, encodeNote, encodeNoteKey, keyIdOf } from '../../src/format/note.ts';
import { encodeRlp, encodeRlpUint } from '../../src/format/rlp.ts';
import {
  type AssembledDeposit,
  assembleDeposit,
  type DepositFacts,
  type FileFacts,
  type Signing,
} from '../../src/intake/assemble-deposit.ts';
import { leafHash } from '../../src/merkle/hash.ts';
import { inclusionProof, type ReadNode, rootFromLeafHashes } from '../../src/merkle/tree.ts';
import { CHECKPOINT_ANCHORED_TOPIC } from '../../src/verify/evm-receipt.ts';
import { choose, whatIsSigned } from '../../src/web/hand-in/what-is-signed.ts';

export const ORIGIN = 'log.example.org/2026';
export const CHAIN = 'eip155:31337';
export const CONTRACT = '0x5fbdb2315678afecb367f032d93f642f64180aa3';
export const DEPOSIT_ID = '01939f3e-7c1a-7b7e-9d2c-3f1d0e5b8a11';
export const RECEIVED_AT = '2026-11-22T03:04:05.678Z';
export const PLATFORM: PlatformProfile = {
  name: '铁证 Tiezheng',
  operator: '示例存证服务有限公司 Example Preservation Ltd.',
  website: 'https://tiezheng.example.org',
  filingNo: null,
  interests: null,
};

/** Ed25519 seed. */
export const LOG_KEY = sha256(encodeUtf8('key of the fixture log'));
export const LOG_VKEY = encodeNoteKey(ORIGIN, ed25519.getPublicKey(LOG_KEY));

export function checkpointNote(treeSize: bigint, rootHash: RootHash): Uint8Array {
  const text = encodeCheckpointBody({ origin: ORIGIN, treeSize, rootHash });
  const keyId = keyIdOf(ORIGIN, ED25519, ed25519.getPublicKey(LOG_KEY));
  return encodeNote({
    text,
    signatures: [{ name: ORIGIN, keyId, signature: ed25519.sign(encodeUtf8(text), LOG_KEY) }],
  });
}

/** A header as Ethereum's since London, over `receiptsRoot`. `unixSeconds` is its time. */
export function blockHeader(number: bigint, unixSeconds: bigint, receiptsRoot: Uint8Array): Uint8Array {
  const zeros = (length: number) => new Uint8Array(length);
  return encodeRlp([
    ...[zeros(32), zeros(32), zeros(20), zeros(32), zeros(32), receiptsRoot, zeros(256), zeros(0)],
    ...[encodeRlpUint(number), encodeRlpUint(30_000_000n), encodeRlpUint(80_000n), encodeRlpUint(unixSeconds)],
    ...[zeros(0), zeros(32), zeros(8), encodeRlpUint(7n)],
  ]);
}

const word = (value: bigint) => {
  const bytes = encodeRlpUint(value);
  return concat(new Uint8Array(32 - bytes.length), bytes);
};

/** A block whose second transaction of three anchored the checkpoint, with the proof of it. */
export async function evmAttestation(
  treeSize: bigint,
  rootHash: RootHash,
  block: { number: bigint; unixSeconds: bigint },
): Promise<EvmAttestation> {
  const log = [parseHex0x(CONTRACT), [CHECKPOINT_ANCHORED_TOPIC, word(treeSize), rootHash], word(17n)];
  const receipt = (logs: (typeof log)[]) =>
    concat(
      Uint8Array.of(2),
      encodeRlp([Uint8Array.of(1), encodeRlpUint(78_000n), new Uint8Array(256), logs] as Parameters<
        typeof encodeRlp
      >[0]),
    );
  const trie = await createMPT();
  const keyOf = (index: number) => encodeRlp(encodeRlpUint(BigInt(index)));
  for (const [i, r] of [receipt([]), receipt([log]), receipt([])].entries()) await trie.put(keyOf(i), r);
  const proof = (await createMerkleProof(trie, keyOf(1))).filter((node, i) => i === 0 || node.length >= 32);
  const header = blockHeader(block.number, block.unixSeconds, trie.root());
  return {
    type: 'evm',
    chain: CHAIN,
    contract: CONTRACT,
    blockHash: encodeHex0x(parseBlockHeader(header).hash),
    header: encodeHex0x(header),
    transactionIndex: 1,
    receiptProof: proof.map(encodeHex0x),
    receiptLogIndex: 0,
    claims: {
      transactionHash: encodeHex0x(sha256(encodeUtf8(`transaction of ${treeSize}`))),
      finality: { rule: '64 blocks deep', status: 'final' },
      nodesRunBy: '平台自行运行 the operator itself',
    },
  };
}

/** Reads nodes of a tree whose leaves are all at hand. */
export function readNodeOver(leaves: readonly Uint8Array[]): ReadNode {
  const hashes = leaves.map(leafHash);
  return (level, index) => {
    const from = Number(index) << level;
    return asHash32(rootFromLeafHashes(hashes.slice(from, from + (1 << level))));
  };
}

/** Fresh salts that are the same in each run. */
export function countingSalt(): () => string {
  let n = 0;
  return () => encodeHex(sha256(encodeUtf8(`salt ${n++}`)));
}

export const PHOTO: FileFacts = {
  name: '侵权商品照片 IMG_2034.jpg',
  sizeBytes: 4_821_130,
  mediaType: 'image/jpeg',
  sha256: encodeHex(sha256(encodeUtf8('photo'))),
  sm3: encodeHex(sha256(encodeUtf8('photo, sm3'))),
};

export interface FixtureOptions {
  files?: readonly FileFacts[];
  statement?: DepositFacts['statement'];
  depositor?: Partial<DepositFacts['depositor']>;
  digestSource?: DepositFacts['digestSource'];
  withNotBefore?: boolean;
  depositId?: string;
  signing?: Signing;
  /** Seconds from receipt to the block of the anchor. */
  anchoredAfterSeconds?: number;
}

const LEAF_INDEX = 41;
const TREE_SIZE = 57;
const RECEIVED_SECONDS = BigInt(Math.floor(unixMsOf(RECEIVED_AT) / 1000));

/** The block that deposits of the fixture name as earlier than themselves. */
export const NOT_BEFORE_HEADER = blockHeader(1_233n, RECEIVED_SECONDS - 14n, new Uint8Array(32));

/** A deposit of the photo's digests, signed with a passkey in software. */
export function signedOptions(): FixtureOptions & { signing: Signing } {
  const files = [{ ...PHOTO, mediaType: null }];
  const statement = { title: '已签署' };
  const chosen = choose(1, unixMsOf(RECEIVED_AT));
  const depositId = signedDepositId(chosen.chosenAt, chosen.statementSalt);
  const { name, sizeBytes, sha256: digest, sm3 } = PHOTO;
  const toSign = whatIsSigned([{ name, sizeBytes, sha256: digest, sm3: sm3 as string }], statement, chosen);
  const key = generateKeyPairSync('ed25519');
  const authenticatorData = Buffer.concat([sha256(encodeUtf8('example.org')), Uint8Array.of(5), new Uint8Array(4)]);
  const clientData = encodeUtf8(
    JSON.stringify({ type: 'webauthn.get', challenge: encodeBase64Url(toSign), origin: 'https://example.org' }),
  );
  const signed = {
    method: 'passkey' as const,
    publicKey: encodeBase64(key.publicKey.export({ type: 'spki', format: 'der' })),
    authenticatorData: encodeBase64(authenticatorData),
    clientDataJson: encodeBase64(clientData),
    signature: encodeBase64(sign(null, Buffer.concat([authenticatorData, sha256(clientData)]), key.privateKey)),
  };
  return { depositId, files, statement, digestSource: 'declared', signing: { ...chosen, depositId, signed } };
}

/** A deposit as intake assembles it. */
export function fixtureDeposit(options: FixtureOptions = {}): AssembledDeposit {
  const notBefore = { chain: CHAIN, blockHash: encodeHex0x(parseBlockHeader(NOT_BEFORE_HEADER).hash) };
  const facts: DepositFacts = {
    depositId: options.depositId ?? DEPOSIT_ID,
    receivedAtMs: unixMsOf(RECEIVED_AT),
    notBefore: options.withNotBefore === false ? null : notBefore,
    depositor: {
      name: '北京示例科技有限公司',
      kind: 'organisation',
      identityMethod: 'none',
      identityCheckedAt: null,
      identityCheckedBy: null,
      ...options.depositor,
    },
    statement: options.statement ?? {
      title: '网店商品页面及实物照片',
      kind: 'photo',
      source: 'https://shop.example.com/item/88213',
    },
    digestSource: options.digestSource ?? 'computed',
    files: options.files ?? [PHOTO],
    signing: options.signing,
  };
  return assembleDeposit(facts, countingSalt());
}

/** Leaves of other people, with the given ones in their places. */
export function fixtureLeaves(own: ReadonlyMap<number, Uint8Array>): Uint8Array[] {
  return Array.from({ length: TREE_SIZE }, (_, i) => own.get(i) ?? sha256(encodeUtf8(`leaf ${i}`)));
}

/** The signed checkpoint over all leaves, and the block that anchors it. */
export async function fixturePublication(leaves: readonly Uint8Array[], anchoredAfterSeconds = 19) {
  const rootHash = rootFromLeafHashes(leaves.map(leafHash));
  const treeSize = BigInt(leaves.length);
  const block = { number: 1_236n, unixSeconds: RECEIVED_SECONDS + BigInt(anchoredAfterSeconds) };
  const attestation = await evmAttestation(treeSize, rootHash, block);
  return { treeSize, rootHash, checkpoint: checkpointNote(treeSize, rootHash), attestation };
}

/** A deposit in the middle of a log of other people's leaves, with a signed checkpoint that a block anchors. */
export async function depositEvidence(options: FixtureOptions = {}): Promise<DepositEvidence> {
  const { record, files, annexes, leafData } = fixtureDeposit(options);
  const leaves = fixtureLeaves(new Map([[LEAF_INDEX, leafData]]));
  const { treeSize, checkpoint, attestation } = await fixturePublication(leaves, options.anchoredAfterSeconds);
  return {
    record,
    files,
    annexes,
    origin: ORIGIN,
    keys: [LOG_VKEY],
    leafIndex: BigInt(LEAF_INDEX),
    notBeforeHeader: options.withNotBefore === false ? null : NOT_BEFORE_HEADER,
    publications: [
      {
        checkpoint,
        inclusionProof: await inclusionProof(BigInt(LEAF_INDEX), treeSize, readNodeOver(leaves)),
        cosignatures: [],
        attestations: [attestation],
      },
    ],
    originalsHeld: options.digestSource === 'declared' ? [] : files.map((_, i) => i),
  };
}
