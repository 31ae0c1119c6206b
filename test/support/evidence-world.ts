import { createPublicKey, generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto';
import { createMerkleProof, createMPT } from '@ethereumjs/mpt';
import { RLP } from '@ethereumjs/rlp';
import { keccak_256 } from '@noble/hashes/sha3.js';
import { makeEvaluationSeal } from '../../src/certificate/evaluation-seal.ts';
import { Sealer } from '../../src/certificate/sealer.ts';
import { type SealingKey, sealingKeyFromPem } from '../../src/certificate/sealing-key.ts';
import type { DepositorAnnex, StatementAnnex } from '../../src/format/annex.ts';
import {
  encodeBase64,
  encodeHex,
  encodeHex0x,
  encodeUtf8,
  type LeafHash,
  parseHex,
  parseHex0x,
  type RootHash,
} from '../../src/format/bytes.ts';
import type { Certificate, EvmAttestation } from '../../src/format/certificate.ts';
import { encodeCheckpointBody } from '../../src/format/checkpoint.ts';
import { commit } from '../../src/format/commitment.ts';
import type { DepositRecord, FileEntry, FileName } from '../../src/format/deposit.ts';
import { unixMsOf } from '../../src/format/fields.ts';
import { encodeJson, type JsonValue } from '../../src/format/json.ts';
import { ED25519, encodeNote, encodeNoteKey, keyIdOf } from '../../src/format/note.ts';
import type { Policy } from '../../src/format/policy.ts';
import type { Receipt } from '../../src/format/receipt.ts';
import { depositLeafData, fileLeafData } from '../../src/format/spine.ts';
import { leafHash, nodeHash } from '../../src/merkle/hash.ts';
import { inclusionProof, rootFromLeafHashes } from '../../src/merkle/tree.ts';
import { CHECKPOINT_ANCHORED_TOPIC } from '../../src/verify/evm-receipt.ts';
import { digestsOf } from './file-digests.ts';

/** Everything that a deposit leaves behind, made from nothing with real arithmetic and keys of its own. */
export interface EvidenceWorld {
  files: { name: string; bytes: Uint8Array }[];
  receipt: Receipt;
  certificate: Certificate;
  policy: Policy;
  sealer: Sealer;
  sealingKey: SealingKey;
  logKey: KeyObject;
  /** Puts this world's own seal on a changed object, as an operator could. */
  reseal<T extends { seals: unknown[] }>(object: T): Promise<T>;
}

export interface WorldOptions {
  origin?: string;
  chain?: string;
  contract?: string;
  files?: { name: string; bytes: Uint8Array }[];
  receivedAt?: string;
  notBeforeTime?: number;
  /** Seconds since 1970. */
  anchorTime?: number;
  leafIndex?: number;
  treeSize?: number;
  evaluation?: boolean;
  independent?: boolean;
  depositId?: string;
  certificateNo?: string;
  /** Its log key and seal, so that one policy fits both. */
  sameOperatorAs?: EvidenceWorld;
}

const RECEIVED_AT = '2026-11-22T03:04:05.678Z';

export async function makeWorld(options: WorldOptions = {}): Promise<EvidenceWorld> {
  const origin = options.origin ?? 'log.example.org/2026';
  const chain = options.chain ?? 'eip155:1';
  const contract = options.contract ?? '0x5fbdb2315678afecb367f032d93f642f64180aa3';
  const receivedAt = options.receivedAt ?? RECEIVED_AT;
  const receivedSeconds = Math.floor(unixMsOf(receivedAt) / 1000);
  const depositId = options.depositId ?? '01939f3e-7c1a-7b7e-9d2c-3f1d0e5b8a11';
  const files = options.files ?? [
    { name: '现场照片.jpg', bytes: encodeUtf8('not really a photograph, but bytes') },
    { name: 'screenshot.png', bytes: encodeUtf8('another file') },
    { name: 'contract.pdf', bytes: encodeUtf8('a third one') },
  ];
  const log =
    options.sameOperatorAs === undefined
      ? generateKeyPairSync('ed25519')
      : { privateKey: options.sameOperatorAs.logKey, publicKey: createPublicKey(options.sameOperatorAs.logKey) };
  const publicKey = parseHex(
    Buffer.from(log.publicKey.export({ format: 'jwk' }).x as string, 'base64url').toString('hex'),
  );
  const vkey = encodeNoteKey(origin, publicKey);
  const sealingKey = options.sameOperatorAs?.sealingKey ?? (await makeSealingKey());
  const sealer = new Sealer(sealingKey);
  const reseal = async <T extends { seals: unknown[] }>(object: T) =>
    (await sealer.seal({ ...object, seals: [] } as never)) as T;

  const opened = files.map((file, index) => openFile(depositId, index, file));
  const fileHashes = opened.map(({ entry }) => leafHash(fileLeafData(entry)));
  const notBeforeBlock = makeHeader(options.notBeforeTime ?? receivedSeconds - 600, new Uint8Array(32), 100n);
  const depositor: DepositorAnnex = {
    type: 'tiezheng/annex/depositor/v1',
    depositId,
    name: '北京某某文化有限公司',
    kind: 'organisation',
    identityCheck: { method: 'none', checkedAt: null },
    salt: salt(),
  };
  const statement: StatementAnnex = {
    type: 'tiezheng/annex/statement/v1',
    depositId,
    title: '展会现场',
    source: '展位 A12',
    method: '手机拍摄',
    salt: salt(),
  };
  const record: DepositRecord = {
    type: 'tiezheng/deposit/v1',
    depositId,
    receivedAt,
    notBefore: { chain, blockHash: encodeHex0x(notBeforeBlock.hash) },
    files: { count: opened.length, root: encodeHex(rootFromLeafHashes(fileHashes)) },
    annexes: { depositor: encodeHex(commit(depositor)), statement: encodeHex(commit(statement)) },
    salt: salt(),
  };

  const leafIndex = options.leafIndex ?? 41;
  const treeSize = options.treeSize ?? 1000;
  const leaves = Array.from({ length: treeSize }, (_, i) =>
    i === leafIndex ? leafHash(depositLeafData(record)) : leafHash(Uint8Array.of(i & 255, i >> 8)),
  );
  const rootHash = rootFromLeafHashes(leaves);
  const checkpoint = signCheckpoint(origin, BigInt(treeSize), rootHash, log.privateKey, publicKey);
  const proof = (await inclusionProof(BigInt(leafIndex), BigInt(treeSize), nodeReader(leaves))).map(encodeHex);
  const anchor = await makeAnchor({
    chain,
    contract,
    rootHash,
    treeSize: BigInt(treeSize),
    blockTime: options.anchorTime ?? receivedSeconds + 300,
  });
  const evaluation = options.evaluation ?? false;

  const receipt = await reseal<Receipt>({
    type: 'tiezheng/receipt/v1',
    evaluation,
    record,
    files: opened,
    annexes: { depositor, statement },
    leafIndex,
    inclusionProof: proof,
    checkpoint,
    publishBy: '2026-11-23T03:04:05.678Z',
    seals: [],
  });
  const certificate = await reseal<Certificate>({
    type: 'tiezheng/certificate/v1',
    claims: {
      certificateNo: options.certificateNo ?? 'TZ-20261122-4K7Q2M9X',
      issuedAt: '2026-11-22T03:20:00.000Z',
      evaluation,
      platform: { name: '铁证 Tiezheng', operator: null, website: null, filingNo: null, interests: null },
      originalsHeld: opened.map((_, i) => i),
      limitations: [{ zh: '不证明内容真实', en: 'Does not show that the content is accurate' }],
    },
    record,
    files: await Promise.all(
      opened.map(async ({ entry, name }, i) => ({
        entry,
        name,
        path: (await inclusionProof(BigInt(i), BigInt(opened.length), nodeReader(fileHashes))).map(encodeHex),
      })),
    ),
    annexes: { depositor, statement },
    log: { origin, leafIndex, keys: [vkey] },
    notBeforeHeader: encodeHex0x(notBeforeBlock.rlp),
    publications: [{ checkpoint, inclusionProof: proof, cosignatures: [], attestations: [anchor] }],
    seals: [],
  });
  const policy: Policy = {
    type: 'tiezheng/policy/v1',
    evaluation,
    independentTimesRequired: (options.independent ?? true) ? 1 : 0,
    logs: [
      { origin, keys: [vkey], leaf0: encodeHex(leaves[0] as Uint8Array), contracts: [{ chain, address: contract }] },
    ],
    chains: [{ chain, independent: options.independent ?? true }],
    blocks: [
      { chain, hash: encodeHex0x(notBeforeBlock.hash) },
      { chain, hash: anchor.blockHash },
    ],
    authorities: [],
    seals: [encodeBase64(sealer.certificateChain[0] as Uint8Array)],
    witnesses: { keys: [], quorum: 0 },
  };
  return { files, receipt, certificate, policy, sealer, sealingKey, logKey: log.privateKey, reseal };
}

async function makeSealingKey(): Promise<SealingKey> {
  const pem = await makeEvaluationSeal(Date.UTC(2026, 0, 1));
  return sealingKeyFromPem(pem.keyPem, pem.certificatePem);
}

export function encodeObject(object: object): Uint8Array {
  return encodeJson(object as unknown as JsonValue);
}

function salt(): string {
  return randomBytes(32).toString('hex');
}

function openFile(depositId: string, index: number, file: { name: string; bytes: Uint8Array }) {
  const name: FileName = { type: 'tiezheng/file-name/v1', name: file.name, salt: salt() };
  const digests = digestsOf(file.bytes);
  const entry: FileEntry = {
    type: 'tiezheng/file/v1',
    depositId,
    index,
    sizeBytes: file.bytes.length,
    mediaType: 'application/octet-stream',
    digestSource: 'computed',
    digests: { sha256: digests.sha256, sm3: digests.sm3 },
    nameCommitment: encodeHex(commit(name)),
    salt: salt(),
  };
  return { entry, name };
}

export function signCheckpoint(
  origin: string,
  treeSize: bigint,
  rootHash: RootHash,
  key: KeyObject,
  publicKey: Uint8Array,
): string {
  const text = encodeCheckpointBody({ origin, treeSize, rootHash });
  const signature = new Uint8Array(sign(null, encodeUtf8(text), key));
  const note = encodeNote({
    text,
    signatures: [{ name: origin, keyId: keyIdOf(origin, ED25519, publicKey), signature }],
  });
  return Buffer.from(note).toString('utf8');
}

/** Complete subtrees of a list of leaf hashes, computed when asked for. */
function nodeReader(leaves: readonly LeafHash[]) {
  return function read(level: number, index: bigint): never {
    if (level === 0) return leaves[Number(index)] as never;
    return nodeHash(read(level - 1, index * 2n), read(level - 1, index * 2n + 1n)) as never;
  };
}

function makeHeader(timestamp: number, receiptsRoot: Uint8Array, number: bigint) {
  const zero32 = new Uint8Array(32);
  const rlp = RLP.encode([
    randomBytes(32),
    zero32,
    new Uint8Array(20),
    randomBytes(32),
    zero32,
    receiptsRoot,
    new Uint8Array(256),
    0n,
    number,
    30_000_000n,
    100_000n,
    BigInt(timestamp),
    new Uint8Array(0),
    zero32,
    new Uint8Array(8),
    7n,
  ]);
  return { rlp, hash: keccak_256(rlp) };
}

/** A block with a few receipts of strangers and the anchor's among them. */
export async function makeAnchor(at: {
  chain: string;
  contract: string;
  rootHash: Uint8Array;
  treeSize: bigint;
  blockTime: number;
  /** First topic of the log; the anchor's event if left out. */
  topic?: Uint8Array;
}): Promise<EvmAttestation> {
  const uint = (value: bigint) => parseHex(value.toString(16).padStart(64, '0'));
  const topics = [at.topic ?? CHECKPOINT_ANCHORED_TOPIC, uint(at.treeSize), at.rootHash];
  const anchorLog = [parseHex0x(at.contract), topics, uint(0n)];
  const strangerLog = [randomBytes(20), [randomBytes(32)], randomBytes(40)];
  const receiptOf = (logs: unknown[]) =>
    Uint8Array.from([2, ...RLP.encode([Uint8Array.of(1), 21_000n, new Uint8Array(256), logs] as never)]);
  const receipts = [receiptOf([strangerLog]), receiptOf([]), receiptOf([strangerLog, anchorLog])];
  const trie = await createMPT();
  for (const [i, receipt] of receipts.entries()) await trie.put(RLP.encode(i), receipt);
  const header = makeHeader(at.blockTime, trie.root(), 120n);
  const proof = await createMerkleProof(trie, RLP.encode(2));
  return {
    type: 'evm',
    chain: at.chain,
    contract: at.contract,
    blockHash: encodeHex0x(header.hash),
    header: encodeHex0x(header.rlp),
    transactionIndex: 2,
    receiptProof: proof.map((node) => encodeHex0x(node)),
    receiptLogIndex: 1,
    claims: {
      transactionHash: encodeHex0x(randomBytes(32)),
      finality: { rule: 'tag finalized', status: 'final' },
      nodesRunBy: null,
    },
  };
}
