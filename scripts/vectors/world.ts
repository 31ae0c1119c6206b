import { createHash, createPrivateKey, createPublicKey, type KeyObject, sign } from 'node:crypto';
import { createMerkleProof, createMPT } from '@ethereumjs/mpt';
import { RLP } from '@ethereumjs/rlp';
import { keccak_256 } from '@noble/hashes/sha3.js';
import { Sealer } from '../../src/certificate/sealer.ts';
import type { SealingKey } from '../../src/certificate/sealing-key.ts';
import { bytesToSign, type SignatureAnnex } from '../../src/format/annex-signature.ts';
import { encodeBase64, encodeHex, encodeHex0x, encodeUtf8, type LeafHash, parseHex0x } from '../../src/format/bytes.ts';
import type { Certificate, EvmAttestation, Publication } from '../../src/format/certificate.ts';
import { commit } from '../../src/format/commitment.ts';
import {
  COSIGNATURE_ED25519,
  encodeCosignatureKey,
  encodeCosignatureLine,
  encodeCosignedMessage,
} from '../../src/format/cosignature.ts';
import type { DepositRecord, FileEntry, FileName } from '../../src/format/deposit.ts';
import { encodeJson, type JsonValue } from '../../src/format/json.ts';
import type { ProvedRotation } from '../../src/format/log-event.ts';
import { encodeNoteKey } from '../../src/format/note.ts';
import {
  chainOf,
  encodeDetachedTimestamp,
  mergeTimestamps,
  type Operation,
  type Timestamp,
} from '../../src/format/opentimestamps.ts';
import type { Policy } from '../../src/format/policy.ts';
import { depositLeafData, fileLeafData, plainLeafData } from '../../src/format/spine.ts';
import { CheckpointSigner, signTogether } from '../../src/log/checkpoint-signer.ts';
import { leafHash } from '../../src/merkle/hash.ts';
import { inclusionProof, nodesOver, rootFromLeafHashes } from '../../src/merkle/tree.ts';
import { CHECKPOINT_ANCHORED_TOPIC } from '../../src/verify/evm-receipt.ts';
import { StandInBitcoin } from '../../test/support/bitcoin-chain.ts';
import { digestsOf } from '../../test/support/file-digests.ts';
import { type Issued, issue, makeToken, type TokenOptions } from '../../test/support/timestamp-world.ts';

export const ORIGIN = 'log.example.org/2026';
export const CHAIN = 'eip155:1';
export const CONTRACT = '0x5fbdb2315678afecb367f032d93f642f64180aa3';
export const DEPOSIT_ID = '01939f3e-7c1a-7b7e-9d2c-3f1d0e5b8a11';
export const RECEIVED_AT = '2026-11-22T03:04:05.678Z';
export const ISSUED_AT = '2026-11-22T03:20:00.000Z';
const RECEIVED_S = Math.floor(Date.parse(RECEIVED_AT) / 1000);
const LEAF_INDEX = 41;
const ROTATION_INDEX = 44;
const TREE_SIZE = 57;

/** The 32 bytes that stand for something fixed. */
export const fixed = (what: string) => new Uint8Array(createHash('sha256').update(`test vector: ${what}`).digest());
const saltOf = (what: string) => encodeHex(fixed(`salt of ${what}`));

export const encode = (object: object) => encodeJson(object as unknown as JsonValue);

export const FILES: readonly { name: string; bytes: Uint8Array }[] = [
  { name: '铁证.txt', bytes: encodeUtf8('铁证如山\n') },
  { name: 'screenshot.png', bytes: encodeUtf8('not really a picture\n') },
  { name: 'contract.pdf', bytes: encodeUtf8('no contract either\n') },
];

export interface Witness {
  name: string;
  publicKey: Uint8Array;
  privateKey: KeyObject;
  vkey: string;
}

export interface CertificateOptions {
  /** How many of `FILES` are deposited; two if left out. */
  files?: number;
  /** The client handed in digests alone: `sm3` of its files is null, as is the media type. */
  declared?: boolean;
  withoutNotBefore?: boolean;
  /** Seconds from receipt to the block that the record names: −600. */
  notBeforeAfter?: number;
  anchors?: Partial<AnchorOptions>[];
  tokens?: ({ certificates?: Issued[]; revocation?: Uint8Array[] } & Partial<TokenOptions>)[];
  ots?: OtsEnd[];
  cosigners?: Witness[];
  signer?: CheckpointSigner;
  rotations?: ProvedRotation[];
  treeSize?: number;
  leafIndex?: number;
  issuedAt?: string;
  /** The depositor signs the 32 bytes that say what he handed in and what he says of it. */
  signature?: (toSign: Uint8Array) => SignatureAnnex;
}

export interface AnchorOptions {
  chain: string;
  contract: string;
  /** Seconds from receipt to the block. */
  after: number;
  /** The office confirmed the block: it stands in the policy. */
  confirmed: boolean;
  rootHash: Uint8Array;
  treeSize: number;
  status: number;
  topic: Uint8Array;
  /** Changes the fields of the header before it is hashed. */
  header: (fields: unknown[]) => unknown[];
  /** How many receipts the block has, the anchor's the third of them: three. */
  receipts: number;
  /** Type of the transaction, the byte before its receipt. */
  type: number;
  /** What the block hash is, for headers with a rule of their own. */
  hashOf: (rlp: Uint8Array, fields: unknown[]) => Uint8Array;
}

export type OtsEnd = 'bitcoin' | 'pending' | 'unknown-block' | 'wrong-block' | 'litecoin';

/** One log, one service, two authorities, three witnesses, a chain and a Bitcoin, all of test keys. */
export class VectorWorld {
  readonly log = new CheckpointSigner(ORIGIN, fixed('key of the log'));
  readonly nextLog = new CheckpointSigner(ORIGIN, fixed('next key of the log'));
  readonly strangerLog = new CheckpointSigner(ORIGIN, fixed('key of a stranger'));
  readonly sealRoot = issue({ name: 'Seal root', ca: true, notAfter: '2036-01-01T00:00:00Z' });
  readonly sealSigner = this.#sealer('Tiezheng test service', '2028-01-01T00:00:00Z');
  /** Its certificate ends a week after the deposit. */
  readonly shortSigner = this.#sealer('Tiezheng test service of one week', '2026-11-29T00:00:00Z');
  readonly strangerSigner = issue({ name: 'A stranger', purposes: null, keyUsage: 0xc0 });
  readonly sealer = new Sealer(keyOf(this.sealSigner));
  readonly authorities = [makeAuthority('Authority one'), makeAuthority('Authority two')] as const;
  readonly witnesses = ['a', 'b', 'c'].map((x) => makeWitness(`witness-${x}.example.org`)) as [
    Witness,
    Witness,
    Witness,
  ];
  readonly strangerWitness = makeWitness('stranger.example.org');
  readonly bitcoin = new StandInBitcoin();
  readonly blocks: Policy['blocks'] = [];
  readonly policy: Policy;

  constructor() {
    this.policy = {
      type: 'tiezheng/policy/v1',
      evaluation: false,
      independentTimesRequired: 1,
      logs: [
        {
          origin: ORIGIN,
          keys: [this.log.vkey],
          leaf0: encodeHex(leafHash(fixed('leaf 0'))),
          contracts: [
            { chain: CHAIN, address: CONTRACT },
            { chain: 'eip155:10', address: CONTRACT },
            { chain: 'eip155:1337', address: CONTRACT },
          ],
        },
      ],
      chains: [
        { chain: CHAIN, independent: true },
        { chain: 'eip155:10', independent: true, operator: 'Optimism' },
      ],
      blocks: this.blocks,
      authorities: this.authorities.map(({ root }, i) => ({
        certificate: encodeBase64(root.der),
        independent: true,
        operator: `Authority ${i + 1}`,
      })),
      seals: [encodeBase64(this.sealRoot.der)],
      witnesses: { keys: this.witnesses.map(({ vkey }) => vkey), quorum: 0 },
      bitcoin: { independent: true, headers: [] },
    };
  }

  #sealer(name: string, notAfter: string): Issued {
    return issue({ name, issuer: this.sealRoot, purposes: null, keyUsage: 0xc0, notAfter });
  }

  /** The policy as it stands, with every block and header that was confirmed by now. */
  office(more: Partial<Policy> = {}): Policy {
    return { ...this.policy, bitcoin: { independent: true, headers: this.bitcoin.headers() }, ...more };
  }

  /** A sealed certificate, right in everything that the options leave alone. */
  async certificate(options: CertificateOptions = {}): Promise<Certificate> {
    return this.seal(await this.unsealed(options));
  }

  async unsealed(options: CertificateOptions = {}): Promise<Certificate> {
    const opened = FILES.slice(0, options.files ?? 2).map((file, i) => openFile(file, i, options.declared ?? false));
    const hashes = opened.map(({ entry }) => leafHash(fileLeafData(entry)));
    const notBefore = blockOf(RECEIVED_S + (options.notBeforeAfter ?? -600), new Uint8Array(32), 100n);
    const root = encodeHex(rootFromLeafHashes(hashes));
    const signature = options.signature?.(bytesToSign(root, encodeHex(commit(ANNEXES.statement))));
    const record = this.#record(hashes, options.withoutNotBefore ? undefined : notBefore.hash, signature);
    const leafIndex = options.leafIndex ?? LEAF_INDEX;
    const publication = await this.publication(depositLeafData(record), leafIndex, options);
    return {
      type: 'tiezheng/certificate/v1',
      claims: {
        certificateNo: 'TZ-20261122-4K7Q2M9X',
        issuedAt: options.issuedAt ?? ISSUED_AT,
        evaluation: false,
        platform: { name: '铁证 Tiezheng', operator: null, website: null, filingNo: null, interests: null },
        originalsHeld: options.declared ? [] : opened.map((_, i) => i),
        limitations: [{ zh: '不证明内容真实', en: 'Does not show that the content is accurate' }],
      },
      record,
      files: await Promise.all(
        opened.map(async ({ entry, name }, i) => ({
          entry,
          name,
          path: (await inclusionProof(BigInt(i), BigInt(hashes.length), nodesOver(hashes))).map(encodeHex),
        })),
      ),
      annexes: { ...ANNEXES, ...(signature && { signature }) },
      log: {
        origin: ORIGIN,
        leafIndex,
        keys: [(options.signer ?? this.log).vkey],
        ...(options.rotations && { rotations: options.rotations }),
      },
      notBeforeHeader: options.withoutNotBefore ? null : encodeHex0x(notBefore.rlp),
      publications: [publication],
      seals: [],
    };
  }

  #record(
    fileHashes: LeafHash[],
    notBefore: Uint8Array | undefined,
    signature: SignatureAnnex | undefined,
  ): DepositRecord {
    if (notBefore !== undefined) this.confirm(CHAIN, encodeHex0x(notBefore));
    return {
      type: 'tiezheng/deposit/v1',
      depositId: DEPOSIT_ID,
      receivedAt: RECEIVED_AT,
      notBefore: notBefore === undefined ? null : { chain: CHAIN, blockHash: encodeHex0x(notBefore) },
      files: { count: fileHashes.length, root: encodeHex(rootFromLeafHashes(fileHashes)) },
      annexes: {
        depositor: encodeHex(commit(ANNEXES.depositor)),
        statement: encodeHex(commit(ANNEXES.statement)),
        ...(signature && { signature: encodeHex(commit(signature)) }),
      },
      salt: saltOf('record'),
    };
  }

  /** A checkpoint over the leaf, with whoever is asked to attest it. */
  async publication(leafData: Uint8Array, leafIndex: number, options: CertificateOptions = {}): Promise<Publication> {
    const treeSize = options.treeSize ?? TREE_SIZE;
    const hashes = leavesWith(leafIndex, leafData, treeSize, this.nextLog.vkey);
    const rootHash = rootFromLeafHashes(hashes);
    const checkpoint = text(signTogether([options.signer ?? this.log], { treeSize: BigInt(treeSize), rootHash }));
    const attestations: Publication['attestations'] = [];
    for (const anchor of options.anchors ?? [{}]) {
      attestations.push(await this.anchor({ rootHash, treeSize, ...anchor }));
    }
    for (const { certificates, revocation = [], ...token } of options.tokens ?? []) {
      attestations.push(this.stamp(encodeUtf8(checkpoint), { certificates: certificates ?? [], revocation, ...token }));
    }
    for (const end of options.ots ?? []) {
      attestations.push({ type: 'opentimestamps', proof: encodeBase64(this.calendarProof(rootHash, end)) });
    }
    return {
      checkpoint,
      inclusionProof: await proofOf(leafIndex, hashes),
      cosignatures: (options.cosigners ?? []).map((witness) => cosign(witness, checkpoint)),
      attestations,
    };
  }

  /** A token of the first authority over these bytes, unless the options say otherwise. */
  stamp(
    message: Uint8Array,
    {
      certificates,
      revocation,
      ...options
    }: { certificates: Issued[]; revocation: Uint8Array[] } & Partial<TokenOptions>,
  ) {
    const { signer, intermediate } = this.authorities[0];
    const token = makeToken({ signer, message, embedded: [options.signer ?? signer, intermediate], ...options });
    return {
      type: 'rfc3161' as const,
      token: encodeBase64(token),
      certificates: certificates.map(({ der }) => encodeBase64(der)),
      revocation: revocation.map(encodeBase64),
    };
  }

  /** An OpenTimestamps proof over the digest. */
  calendarProof(digest: Uint8Array, ...ends: OtsEnd[]): Uint8Array {
    const timestamps = ends.map((end) => {
      const nonce = fixed('nonce of a calendar').subarray(0, 16);
      const steps: Operation[] = [{ kind: 'append', argument: nonce }, { kind: 'sha256' }];
      const merkleRoot = new Uint8Array(createHash('sha256').update(digest).update(nonce).digest());
      return chainOf(steps, this.#endOf(end, merkleRoot));
    });
    return encodeDetachedTimestamp({ digest, timestamp: mergeTimestamps(timestamps) });
  }

  #endOf(end: OtsEnd, merkleRoot: Uint8Array): Timestamp {
    const time = RECEIVED_S + 3600;
    switch (end) {
      case 'bitcoin':
        return { branches: [{ attestation: { kind: 'bitcoin', height: this.bitcoin.mine(merkleRoot, time) } }] };
      case 'wrong-block':
        return { branches: [{ attestation: { kind: 'bitcoin', height: this.bitcoin.mine(fixed('other'), time) } }] };
      case 'unknown-block':
        return { branches: [{ attestation: { kind: 'bitcoin', height: 900_000 } }] };
      case 'litecoin':
        return { branches: [{ attestation: { kind: 'litecoin', height: 900_000 } }] };
      case 'pending':
        return { branches: [{ attestation: { kind: 'pending', uri: 'https://calendar.example.org' } }] };
    }
  }

  confirm(chain: string, hash: string): void {
    if (!this.blocks.some((block) => block.chain === chain && block.hash === hash)) this.blocks.push({ chain, hash });
  }

  /** A block whose third transaction anchored the root. */
  async anchor(
    options: Pick<AnchorOptions, 'rootHash' | 'treeSize'> & Partial<AnchorOptions>,
  ): Promise<EvmAttestation> {
    const { chain = CHAIN, contract = CONTRACT, after = 300, status = 1, type = 2 } = options;
    const anchorLog = [
      parseHex0x(contract),
      [options.topic ?? CHECKPOINT_ANCHORED_TOPIC, word(options.treeSize), options.rootHash],
      word(17),
    ];
    const otherLog = [fixed('emitter').subarray(0, 20), [fixed('topic')], fixed('data')];
    const receiptOf = (logs: unknown[], of = 1) =>
      Uint8Array.from([
        type,
        ...RLP.encode([of === 0 ? new Uint8Array() : Uint8Array.of(of), 78_000n, new Uint8Array(256), logs] as never),
      ]);
    const trie = await createMPT();
    const receipts = [receiptOf([otherLog]), receiptOf([]), receiptOf([otherLog, anchorLog], status)];
    while (receipts.length < (options.receipts ?? 3)) receipts.push(receiptOf([otherLog]));
    for (const [i, receipt] of receipts.entries()) await trie.put(RLP.encode(i), receipt);
    const block = blockOf(RECEIVED_S + after, trie.root(), 120n, options.header, options.hashOf);
    const blockHash = encodeHex0x(block.hash);
    if (options.confirmed ?? true) this.confirm(chain, blockHash);
    return {
      type: 'evm',
      chain,
      contract,
      blockHash,
      header: encodeHex0x(block.rlp),
      transactionIndex: 2,
      receiptProof: (await createMerkleProof(trie, RLP.encode(2))).map((node) => encodeHex0x(node)),
      receiptLogIndex: 1,
      claims: {
        transactionHash: encodeHex0x(fixed('transaction')),
        finality: { rule: 'tag finalized', status: 'final' },
        nodesRunBy: null,
      },
    };
  }

  /** The proved rotation from the log's key to its next one, at leaf 44. */
  async rotation(
    leafData: Uint8Array,
    signers: CheckpointSigner[] = [this.log, this.nextLog],
  ): Promise<ProvedRotation> {
    const hashes = leavesWith(LEAF_INDEX, leafData, ROTATION_INDEX + 1, this.nextLog.vkey);
    const body = { treeSize: BigInt(hashes.length), rootHash: rootFromLeafHashes(hashes) };
    return {
      record: rotationRecord(this.nextLog.vkey),
      leafIndex: ROTATION_INDEX,
      inclusionProof: await proofOf(ROTATION_INDEX, hashes),
      checkpoint: text(signTogether(signers, body)),
    };
  }

  /** Adds the service's seal to a changed object, as an operator could. */
  async seal<T extends { seals: unknown[] }>(object: T, sealer = this.sealer): Promise<T> {
    return (await sealer.seal({ ...object, seals: [] } as never)) as T;
  }
}

export const ANNEXES = {
  depositor: {
    type: 'tiezheng/annex/depositor/v1' as const,
    depositId: DEPOSIT_ID,
    name: '北京某某文化有限公司',
    kind: 'organisation' as const,
    identityCheck: { method: 'none', checkedAt: null },
    salt: saltOf('depositor'),
  },
  statement: {
    type: 'tiezheng/annex/statement/v1' as const,
    depositId: DEPOSIT_ID,
    title: '展会现场',
    source: '展位 A12',
    method: '手机拍摄',
    salt: saltOf('statement'),
  },
};

export function keyOf(signer: Issued): SealingKey {
  return { privateKey: signer.key, certificateChain: [signer.der] };
}

function makeAuthority(name: string) {
  const root = issue({ name: `${name} root`, ca: true, notAfter: '2040-01-01T00:00:00Z' });
  const intermediate = issue({ name, issuer: root, ca: true, pathLength: 0, notAfter: '2034-01-01T00:00:00Z' });
  return { root, intermediate, signer: issue({ name: `${name} unit`, issuer: intermediate }) };
}

function makeWitness(name: string): Witness {
  const der = Buffer.concat([Buffer.from('302e020100300506032b657004220420', 'hex'), fixed(name)]);
  const privateKey = createPrivateKey({ key: der, format: 'der', type: 'pkcs8' });
  const { x } = createPublicKey(privateKey).export({ format: 'jwk' });
  const publicKey = new Uint8Array(Buffer.from(x as string, 'base64url'));
  return { name, publicKey, privateKey, vkey: encodeCosignatureKey(name, publicKey) };
}

/** A line of the witness under the checkpoint, a minute after the deposit. */
export function cosign(witness: Witness, checkpoint: string, over = checkpoint): string {
  const unixS = RECEIVED_S + 60;
  const message = encodeCosignedMessage(over.slice(0, over.indexOf('\n\n') + 1), unixS);
  return encodeCosignatureLine(witness, unixS, new Uint8Array(sign(null, message, witness.privateKey))).slice(0, -1);
}

/** The key that the same bytes would have in a log: a cosignature's kind is part of a key's hash. */
export const asLogKey = (witness: Witness) => encodeNoteKey(witness.name, witness.publicKey, COSIGNATURE_ED25519);

function openFile(file: (typeof FILES)[number], index: number, declared: boolean) {
  const name: FileName = { type: 'tiezheng/file-name/v1', name: file.name, salt: saltOf(`name ${index}`) };
  const digests = digestsOf(file.bytes);
  const entry: FileEntry = {
    type: 'tiezheng/file/v1',
    depositId: DEPOSIT_ID,
    index,
    sizeBytes: file.bytes.length,
    mediaType: declared ? null : 'text/plain',
    digestSource: declared ? 'declared' : 'computed',
    digests: { sha256: digests.sha256, sm3: declared ? null : digests.sm3 },
    nameCommitment: encodeHex(commit(name)),
    salt: saltOf(`entry ${index}`),
  };
  return { entry, name };
}

function rotationRecord(newKey: string) {
  return {
    type: 'tiezheng/log-event/v1' as const,
    event: 'key-rotation' as const,
    newKey,
    effectiveFrom: '2026-11-22T03:04:06.000Z',
    salt: saltOf('rotation'),
  };
}

function leavesWith(index: number, data: Uint8Array, size: number, nextKey: string): LeafHash[] {
  return Array.from({ length: size }, (_, i) => {
    if (i === index) return leafHash(data as never);
    return leafHash((i === ROTATION_INDEX ? plainLeafData(rotationRecord(nextKey)) : fixed(`leaf ${i}`)) as never);
  });
}

async function proofOf(index: number, hashes: LeafHash[]): Promise<string[]> {
  return (await inclusionProof(BigInt(index), BigInt(hashes.length), nodesOver(hashes))).map(encodeHex);
}

function blockOf(
  timestamp: number,
  receiptsRoot: Uint8Array,
  number: bigint,
  change: (fields: unknown[]) => unknown[] = (fields) => fields,
  hashOf: (rlp: Uint8Array, fields: unknown[]) => Uint8Array = (rlp) => keccak_256(rlp),
) {
  const zero32 = new Uint8Array(32);
  const fields = change([
    ...[fixed('parent'), zero32, new Uint8Array(20), fixed('state'), zero32, receiptsRoot, new Uint8Array(256), 0n],
    ...[number, 30_000_000n, 100_000n, BigInt(timestamp), new Uint8Array(0), zero32, new Uint8Array(8), 7n],
  ]);
  const rlp = RLP.encode(fields as never);
  return { rlp, hash: hashOf(rlp, fields) };
}

function word(value: number): Uint8Array {
  return new Uint8Array(Buffer.from(value.toString(16).padStart(64, '0'), 'hex'));
}

function text(note: Uint8Array): string {
  return Buffer.from(note).toString('utf8');
}
