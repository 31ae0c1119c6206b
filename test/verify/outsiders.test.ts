import { createHash, generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto';
import { expect } from 'chai';
import { encodeBase64, encodeHex0x, encodeUtf8, parseBase64Url } from '../../src/format/bytes.ts';
import type { Attestation, EvmAttestation } from '../../src/format/certificate.ts';
import { encodeCheckpointBody, parseCheckpoint, type UnverifiedCheckpoint } from '../../src/format/checkpoint.ts';
import { encodeCosignatureKey, encodeCosignatureLine, encodeCosignedMessage } from '../../src/format/cosignature.ts';
import { utcTimeOf } from '../../src/format/fields.ts';
import { chainOf, encodeDetachedTimestamp, type TimeAttestation } from '../../src/format/opentimestamps.ts';
import type { Policy } from '../../src/format/policy.ts';
import { type Check, exitCodeOf, type Report } from '../../src/format/report.ts';
import { BITCOIN_ACCURACY_MS } from '../../src/verify/opentimestamps.ts';
import { combineAnswers, type OneNodeAnswers } from '../../src/verify/questions.ts';
import {
  type AnchoredAnswer,
  anchoredKey,
  blockKey,
  type ContractAnswer,
  contractKey,
  type NodeAnswer,
  openTrust,
} from '../../src/verify/trust.ts';
import { verifyCertificate } from '../../src/verify/verify.ts';
import { StandInBitcoin } from '../support/bitcoin-chain.ts';
import { type EvidenceWorld, encodeObject, makeAnchor, makeWorld } from '../support/evidence-world.ts';
import { digestsOf } from '../support/file-digests.ts';
import { type Issued, issue, makeCrl, makeToken, PURPOSE, type TokenOptions } from '../support/timestamp-world.ts';

const ONE = 'eip155:1';
const TEN = 'eip155:10';
const CONTRACT_ON_TEN = `0x${'ab'.repeat(20)}`;
const ANOTHER_CONTRACT = `0x${'cd'.repeat(20)}`;

const sha256 = (bytes: Uint8Array) => new Uint8Array(createHash('sha256').update(bytes).digest());
const secondsOf = (iso: string) => Date.parse(iso) / 1000;

/** When each outsider says that it saw the checkpoint, at the latest. The operator says 03:04:05.678. */
const TIMES = {
  Alpha: '2026-11-22T03:06:01.000Z',
  Beta: '2026-11-22T03:07:01.000Z',
  [ONE]: '2026-11-22T03:09:05.000Z',
  [TEN]: '2026-11-22T03:12:00.000Z',
  Bitcoin: utcTimeOf(Date.parse('2026-11-22T04:00:00Z') + BITCOIN_ACCURACY_MS),
};
type Operator = keyof typeof TIMES;

type Place = 'one' | 'ten' | 'alpha' | 'beta' | 'bitcoin' | 'promise';

/** What outsiders said: some of it in the certificate, some of it by the reader's nodes. */
interface Said {
  attestations: Record<Place, Attestation | undefined>;
  cosignatures: string[];
  /** Two of them. */
  nodes: OneNodeAnswers[];
  /** Bitcoin's headers, as the reader has them. */
  headers: { height: number; header: string }[];
}

/** Everything a fault is made with. */
interface Outsiders {
  world: EvidenceWorld;
  said: Said;
  /** The only signed tree of the certificate. */
  tree: UnverifiedCheckpoint;
  checkpoint: Uint8Array;
  one: EvmAttestation;
  ten: EvmAttestation;
  alpha: { root: Issued; signer: Issued };
  witnesses: [Witness, Witness];
  /** Height of the block that the calendar's proof leads to, and of the one after it. */
  height: number;
  bitcoin: StandInBitcoin;
}

interface Witness {
  name: string;
  publicKey: Uint8Array;
  privateKey: KeyObject;
}

function makeWitness(name: string): Witness {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519');
  return { name, publicKey: parseBase64Url(publicKey.export({ format: 'jwk' }).x as string), privateKey };
}

function cosign(witness: Witness, text: string, at = '2026-11-22T03:05:00Z'): string {
  const signature = new Uint8Array(sign(null, encodeCosignedMessage(text, secondsOf(at)), witness.privateKey));
  return encodeCosignatureLine(witness, secondsOf(at), signature).trimEnd();
}

function tokenBy(
  { root, signer }: Outsiders['alpha'],
  token: Omit<TokenOptions, 'signer'>,
  revocation: Uint8Array[] = [makeCrl({ issuer: root })],
): Attestation {
  const bytes = makeToken({ signer, ...token });
  return { type: 'rfc3161', token: encodeBase64(bytes), certificates: [], revocation: revocation.map(encodeBase64) };
}

function calendarProof(digest: Uint8Array, attestation: TimeAttestation): Attestation {
  const timestamp = chainOf([{ kind: 'sha256' }], { branches: [{ attestation }] });
  return { type: 'opentimestamps', proof: encodeBase64(encodeDetachedTimestamp({ digest, timestamp })) };
}

/** A node that has all blocks, final, and the published code at both addresses. */
function honestNode(node: string, world: EvidenceWorld, anchors: readonly EvmAttestation[], rootHash: Uint8Array) {
  const blocks = new Map<string, NodeAnswer>();
  const contracts = new Map<string, ContractAnswer>();
  const anchored = new Map<string, AnchoredAnswer>();
  blocks.set(blockKey(ONE, world.certificate.record.notBefore!.blockHash), 'final');
  for (const { chain, contract, blockHash } of anchors) {
    blocks.set(blockKey(chain, blockHash), 'final');
    contracts.set(contractKey(chain, contract), { answer: 'matches' });
    anchored.set(anchoredKey(chain, contract, encodeHex0x(rootHash)), { treeSize: 1000n, anchoredAt: 1n });
  }
  return { node, blocks, contracts, anchored };
}

async function makeOutsiders(): Promise<{ outsiders: Outsiders; policy: Policy }> {
  const world = await makeWorld();
  const [publication] = world.certificate.publications;
  const checkpoint = encodeUtf8(publication!.checkpoint);
  const tree = parseCheckpoint(checkpoint);
  const { rootHash, treeSize } = tree;
  const one = publication!.attestations[0] as EvmAttestation;
  const blockTime = secondsOf(TIMES[TEN]);
  const ten = await makeAnchor({ chain: TEN, contract: CONTRACT_ON_TEN, rootHash, treeSize, blockTime });
  const [alpha, beta] = ['Alpha', 'Beta'].map((name) => {
    const root = issue({ name: `${name} root`, ca: true, notAfter: '2040-01-01T00:00:00Z' });
    return { root, signer: issue({ name, issuer: root }) };
  }) as [Outsiders['alpha'], Outsiders['alpha']];
  const bitcoin = new StandInBitcoin();
  const height = bitcoin.mine(sha256(rootHash), secondsOf('2026-11-22T04:00:00Z'));
  bitcoin.mine(randomBytes(32), secondsOf('2026-11-22T04:10:00Z'));
  const witnesses: [Witness, Witness] = [makeWitness('witness.example/a'), makeWitness('witness.example/b')];
  const said: Said = {
    attestations: {
      one,
      ten,
      alpha: tokenBy(alpha, { message: checkpoint }),
      beta: tokenBy(beta, { message: checkpoint, genTime: '2026-11-22T03:07:00.000Z' }),
      bitcoin: calendarProof(rootHash, { kind: 'bitcoin', height }),
      promise: calendarProof(rootHash, { kind: 'pending', uri: 'https://calendar.example' }),
    },
    cosignatures: witnesses.map((witness) => cosign(witness, tree.note.text)),
    nodes: ['a.example', 'b.example'].map((name) => honestNode(name, world, [one, ten], rootHash)),
    headers: bitcoin.headers(),
  };
  const [log] = world.policy.logs;
  const policy: Policy = {
    ...world.policy,
    chains: [ONE, TEN].map((chain) => ({ chain, independent: true })),
    // Blocks are for the reader's nodes to confirm.
    blocks: [],
    logs: [{ ...log!, contracts: [...log!.contracts, { chain: TEN, address: CONTRACT_ON_TEN }] }],
    authorities: [
      { certificate: encodeBase64(alpha.root.der), independent: true, operator: 'Alpha' },
      { certificate: encodeBase64(beta.root.der), independent: true, operator: 'Beta' },
    ],
    witnesses: { keys: witnesses.map(({ name, publicKey }) => encodeCosignatureKey(name, publicKey)), quorum: 1 },
    bitcoin: { independent: true, headers: [] },
    independentTimesRequired: 4,
    anchorsRequired: 1,
    tokensRequired: 1,
  };
  return { outsiders: { world, said, tree, checkpoint, one, ten, alpha, witnesses, height, bitcoin }, policy };
}

/** What becomes of a check: status with reason or cause; `passed` if only its facts differ; `gone` if nobody asks it any more. */
type Says = Record<string, string>;

interface Row {
  /** The outsider's fault. */
  fault: string;
  make: (said: Said, o: Outsiders) => undefined | Promise<undefined>;
  /** Every check that says something else than without the fault, `time.*` apart. */
  says: Says;
  /** Facts that the first of them then has. */
  facts?: Record<string, string>;
  /** Whose times count no more. The two checks of time follow from this, unless `says` names them. */
  loses?: Operator[];
  /** T₂, if it is neither Alpha's nor, where Alpha's is lost, the next one's. */
  notAfter?: string;
  /** Exit code where the policy can spare one outsider of each kind, and where it asks for every one; 1 is 1 under any policy. */
  exit: 1 | [spare: 0 | 2, every: 0 | 2];
}

/** Puts something else in one place of the certificate. */
const put =
  (place: Place, made: (o: Outsiders) => Attestation | undefined | Promise<Attestation>) =>
  async (said: Said, o: Outsiders): Promise<undefined> => {
    said.attestations[place] = await made(o);
    return undefined;
  };
/** Alpha's token, but for something. */
const alphaToken = (
  token: (o: Outsiders) => Partial<TokenOptions>,
  revocation?: (o: Outsiders) => Uint8Array[],
): Row['make'] => put('alpha', (o) => tokenBy(o.alpha, { message: o.checkpoint, ...token(o) }, revocation?.(o)));
/** Alpha's token by a signer of its own. */
const alphaSigner = (certificate: Partial<Parameters<typeof issue>[0]>): Row['make'] =>
  alphaToken(({ alpha }) => ({ signer: issue({ name: 'Alpha', issuer: alpha.root, ...certificate }) }));
const alphaRevoked = (at: string, reason?: number): Row['make'] =>
  alphaToken(
    () => ({}),
    ({ alpha: { root, signer } }) => [
      makeCrl({ issuer: root, revoked: [{ certificate: signer, at, ...(reason !== undefined && { reason }) }] }),
    ],
  );
const anchorOnTen = (change: (o: Outsiders) => Partial<EvmAttestation>): Row['make'] =>
  put('ten', (o) => ({ ...o.ten, ...change(o) }));
/** Another block on chain 10, which the nodes know. */
const otherAnchorOnTen =
  (anchor: (o: Outsiders) => Partial<Parameters<typeof makeAnchor>[0]>): Row['make'] =>
  async (said, o) => {
    const { rootHash, treeSize } = o.tree;
    const blockTime = secondsOf(TIMES[TEN]);
    const made = { chain: TEN, contract: CONTRACT_ON_TEN, rootHash, treeSize, blockTime, ...anchor(o) };
    const ten = await makeAnchor(made);
    said.attestations.ten = ten;
    said.nodes = said.nodes.map(({ node }) => honestNode(node, o.world, [o.one, ten, o.ten], rootHash));
    return undefined;
  };
/** What some of the two nodes answer about a block. */
const blockAnswer =
  (which: 'ten' | 'notBefore', answers: (NodeAnswer | undefined)[]): Row['make'] =>
  (said, o) => {
    const { notBefore } = o.world.certificate.record;
    const key = which === 'ten' ? blockKey(TEN, o.ten.blockHash) : blockKey(ONE, notBefore!.blockHash);
    said.nodes = said.nodes.map((node, i) => {
      const answer = answers[i];
      return answer === undefined ? node : { ...node, blocks: new Map([...node.blocks, [key, answer]]) };
    });
    return undefined;
  };
const contractAnswer =
  (answers: (ContractAnswer | undefined)[]): Row['make'] =>
  (said, o) => {
    const key = contractKey(TEN, o.ten.contract);
    said.nodes = said.nodes.map((node, i) => {
      const answer = answers[i];
      return answer === undefined ? node : { ...node, contracts: new Map([...node.contracts, [key, answer]]) };
    });
    return undefined;
  };
const cosignatures =
  (lines: (right: string[], o: Outsiders) => string[]): Row['make'] =>
  (said, o) => {
    said.cosignatures = lines(said.cosignatures, o);
    return undefined;
  };
/** Witness b signs another tree of this log, or of another. */
const forked = (tree: (o: Outsiders) => Partial<UnverifiedCheckpoint>): Row['make'] =>
  cosignatures(([a], o) => [a!, cosign(o.witnesses[1], encodeCheckpointBody({ ...o.tree, ...tree(o) }))]);

const differs = (reason: 'contract-code-absent' | 'contract-code-differs' | 'contract-of-another-log') =>
  ({ answer: 'differs', reason }) as const;
const SUPERSEDED = 4;
const KEY_COMPROMISE = 1;

const AUTHORITIES: Row[] = [
  {
    fault: 'is away: no token',
    make: put('alpha', () => undefined),
    says: { 'rfc3161 alpha': 'gone' },
    loses: ['Alpha'],
    exit: [0, 2],
  },
  {
    fault: 'replays the token of another checkpoint',
    make: alphaToken(() => ({ message: encodeUtf8('log.example.org/2026\n999\n…') })),
    says: { 'rfc3161 alpha': 'failed imprint-mismatch' },
    loses: ['Alpha'],
    exit: 1,
  },
  {
    fault: 'stamps the root hash alone',
    make: alphaToken(({ tree }) => ({ message: tree.rootHash })),
    says: { 'rfc3161 alpha': 'failed imprint-mismatch' },
    loses: ['Alpha'],
    exit: 1,
  },
  {
    fault: 'answers a nonce that nobody asked with: the client refuses it, the certificate keeps no question',
    make: alphaToken(() => ({ nonce: 7n })),
    says: {},
    exit: [0, 0],
  },
  {
    fault: 'signs wrongly',
    make: alphaToken(() => ({ signature: (bytes) => Buffer.from(bytes.map((b, i) => (i === 12 ? b ^ 1 : b))) })),
    says: { 'rfc3161 alpha': 'failed signature-invalid' },
    loses: ['Alpha'],
    exit: 1,
  },
  {
    fault: 'sends what is no token',
    make: put('alpha', () => ({ type: 'rfc3161', token: 'PGh0bWw+', certificates: [], revocation: [] })),
    says: { 'rfc3161 alpha': 'failed token-malformed' },
    loses: ['Alpha'],
    exit: 1,
  },
  {
    fault: 'leaves its certificate out',
    make: alphaToken(() => ({ embedded: [] })),
    says: { 'rfc3161 alpha': 'not-checked absent' },
    loses: ['Alpha'],
    exit: [0, 2],
  },
  {
    fault: 'stamps a SHA-1',
    make: alphaToken(() => ({ imprint: 'sha1' })),
    says: { 'rfc3161 alpha': 'failed weak-digest' },
    loses: ['Alpha'],
    exit: 1,
  },
  {
    fault: 'stamps an SM3, which this version does not judge',
    make: alphaToken(() => ({ imprint: 'sm3' })),
    says: { 'rfc3161 alpha': 'not-checked unsupported' },
    loses: ['Alpha'],
    exit: [0, 2],
  },
  {
    fault: 'signs with a certificate for servers',
    make: alphaSigner({ purposes: [PURPOSE.timeStamping, PURPOSE.serverAuth] }),
    says: { 'rfc3161 alpha': 'failed extended-key-usage-not-sole' },
    loses: ['Alpha'],
    exit: 1,
  },
  {
    fault: 'signs with a certificate that had expired',
    make: alphaSigner({ notAfter: '2026-11-22T03:05:59Z' }),
    says: { 'rfc3161 alpha': 'failed certificate-expired' },
    loses: ['Alpha'],
    exit: 1,
  },
  {
    fault: 'signs with a certificate that expired the day after',
    make: alphaSigner({ notAfter: '2026-11-23T00:00:00Z' }),
    says: { 'rfc3161 alpha': 'passed' },
    exit: [0, 0],
  },
  {
    fault: 'signs with a certificate that begins later',
    make: alphaSigner({ notBefore: '2026-11-22T03:06:01Z' }),
    says: { 'rfc3161 alpha': 'failed certificate-not-yet-valid' },
    loses: ['Alpha'],
    exit: 1,
  },
  {
    fault: 'signs with a certificate revoked before',
    make: alphaRevoked('2026-11-22T03:05:59Z', SUPERSEDED),
    says: { 'rfc3161 alpha': 'failed signer-revoked' },
    facts: { revokedSince: '2026-11-22T03:05:59.000Z' },
    loses: ['Alpha'],
    exit: 1,
  },
  {
    fault: 'signs with a certificate superseded afterwards',
    make: alphaRevoked('2026-11-22T03:06:01Z', SUPERSEDED),
    says: {},
    exit: [0, 0],
  },
  {
    fault: 'has its key stolen afterwards',
    make: alphaRevoked('2026-11-22T03:06:01Z', KEY_COMPROMISE),
    says: { 'rfc3161 alpha': 'failed signer-revoked' },
    facts: { revokedSince: '2026-11-22T03:06:01.000Z' },
    loses: ['Alpha'],
    exit: 1,
  },
  {
    fault: 'is revoked by a list that a stranger signed',
    make: alphaToken(
      () => ({}),
      ({ alpha }) => [
        makeCrl({
          issuer: alpha.root,
          signedBy: issue({ name: 'Alpha root', ca: true }),
          revoked: [{ certificate: alpha.signer, at: '2026-11-22T03:00:00Z' }],
        }),
      ],
    ),
    says: { 'rfc3161 alpha': 'passed' },
    facts: { revocation: 'not-checked' },
    exit: [0, 0],
  },
  {
    fault: 'publishes no revocation data',
    make: alphaToken(
      () => ({}),
      () => [],
    ),
    says: { 'rfc3161 alpha': 'passed' },
    facts: { revocation: 'not-checked' },
    exit: [0, 0],
  },
  {
    fault: 'is a stranger below a root of the same name',
    make: alphaToken(() => ({
      signer: issue({ name: 'Alpha', issuer: issue({ name: 'Alpha root', ca: true }) }),
    })),
    says: { 'rfc3161 alpha': 'not-checked untrusted-key' },
    loses: ['Alpha'],
    exit: [0, 2],
  },
  {
    fault: 'has a clock that is behind: it stamped before the operator received',
    make: alphaToken(() => ({ genTime: '2026-11-22T03:00:00.000Z' })),
    says: { 'rfc3161 alpha': 'passed', 'time.bracket': 'failed received-after-its-own-proof' },
    notAfter: '2026-11-22T03:00:01.000Z',
    exit: 1,
  },
  {
    fault: 'has a clock that is ahead: the next earliest time counts',
    make: alphaToken(() => ({ genTime: '2026-11-22T05:00:00.000Z' })),
    says: { 'rfc3161 alpha': 'passed' },
    notAfter: TIMES.Beta,
    exit: [0, 0],
  },
  {
    fault: 'and the other are away',
    make: (said) => {
      said.attestations.alpha = undefined;
      said.attestations.beta = undefined;
      return undefined;
    },
    says: { 'rfc3161 alpha': 'gone', 'rfc3161 beta': 'gone' },
    loses: ['Alpha', 'Beta'],
    exit: [2, 2],
  },
];

const CALENDARS: Row[] = [
  {
    fault: 'is away: no proof',
    make: put('bitcoin', () => undefined),
    says: { 'opentimestamps bitcoin': 'gone' },
    loses: ['Bitcoin'],
    exit: [0, 2],
  },
  {
    fault: 'that has promised is away: no promise',
    make: put('promise', () => undefined),
    says: { 'opentimestamps promise': 'gone' },
    exit: [0, 0],
  },
  {
    fault: 'has only promised',
    make: put('bitcoin', ({ tree }) => calendarProof(tree.rootHash, { kind: 'pending', uri: 'https://slow.example' })),
    says: { 'opentimestamps bitcoin': 'pending a Bitcoin block by https://slow.example' },
    loses: ['Bitcoin'],
    exit: [0, 2],
  },
  {
    fault: 'leads to the wrong block',
    make: put('bitcoin', (o) => calendarProof(o.tree.rootHash, { kind: 'bitcoin', height: o.height + 1 })),
    says: { 'opentimestamps bitcoin': 'failed merkle-root-mismatch' },
    loses: ['Bitcoin'],
    exit: 1,
  },
  {
    fault: 'leads to a block that the reader does not know',
    make: put('bitcoin', ({ tree }) => calendarProof(tree.rootHash, { kind: 'bitcoin', height: 900_000 })),
    says: { 'opentimestamps bitcoin': 'not-checked offline' },
    facts: { height: '900000' },
    loses: ['Bitcoin'],
    exit: [0, 2],
  },
  {
    fault: 'fulfils its promise with the wrong block',
    make: put('promise', (o) => calendarProof(o.tree.rootHash, { kind: 'bitcoin', height: o.height + 1 })),
    says: { 'opentimestamps promise': 'failed merkle-root-mismatch' },
    exit: 1,
  },
  {
    fault: 'proves another root',
    make: put('bitcoin', ({ height }) => calendarProof(sha256(Buffer.from('x')), { kind: 'bitcoin', height })),
    says: { 'opentimestamps bitcoin': 'failed proof-of-another-digest' },
    loses: ['Bitcoin'],
    exit: 1,
  },
  {
    fault: 'sends what is no proof',
    make: put('bitcoin', () => ({ type: 'opentimestamps', proof: 'PGh0bWw+' })),
    says: { 'opentimestamps bitcoin': 'failed proof-malformed' },
    loses: ['Bitcoin'],
    exit: 1,
  },
  {
    fault: 'leads into another chain than Bitcoin’s',
    make: put('bitcoin', ({ tree, height }) => calendarProof(tree.rootHash, { kind: 'litecoin', height })),
    says: { 'opentimestamps bitcoin': 'not-checked unsupported' },
    loses: ['Bitcoin'],
    exit: [0, 2],
  },
  {
    fault: 'is right, and whoever gave the reader his headers is away',
    make: (said) => {
      said.headers = [];
      return undefined;
    },
    says: { 'opentimestamps bitcoin': 'not-checked offline' },
    loses: ['Bitcoin'],
    exit: [0, 2],
  },
  {
    fault: 'is right, and whoever gave the reader his headers gave another block',
    make: (said, { height, bitcoin }) => {
      said.headers = [{ height, header: bitcoin.header(height + 1) }];
      return undefined;
    },
    says: { 'opentimestamps bitcoin': 'failed merkle-root-mismatch' },
    loses: ['Bitcoin'],
    exit: 1,
  },
];

const WITNESSES: Row[] = [
  {
    fault: 'is away',
    make: cosignatures(([a]) => [a!]),
    says: { 'log.cosignatures': 'passed' },
    facts: { present: '1', witnesses: 'witness.example/a 2026-11-22T03:05:00.000Z' },
    exit: [0, 2],
  },
  {
    fault: 'and the other are away',
    make: cosignatures(() => []),
    says: { 'log.cosignatures': 'not-checked absent' },
    facts: { present: '0' },
    exit: [2, 2],
  },
  {
    fault: 'signs wrongly',
    make: cosignatures(([a], { witnesses, tree }) => {
      const stranger = makeWitness(witnesses[1].name);
      return [a!, cosign({ ...witnesses[1], privateKey: stranger.privateKey }, tree.note.text)];
    }),
    says: { 'log.cosignatures': 'failed cosignature-invalid' },
    facts: { present: '1', invalid: 'witness.example/b' },
    exit: 1,
  },
  {
    fault: 'is one that the policy does not name',
    make: cosignatures(([a], { tree }) => [a!, cosign(makeWitness('stranger.example'), tree.note.text)]),
    says: { 'log.cosignatures': 'passed' },
    facts: { present: '1', untrusted: 'stranger.example' },
    exit: [0, 2],
  },
  {
    fault: 'is a stranger by the name of one',
    make: cosignatures(([a], { tree }) => [a!, cosign(makeWitness('witness.example/b'), tree.note.text)]),
    says: { 'log.cosignatures': 'passed' },
    facts: { present: '1', untrusted: 'witness.example/b' },
    exit: [0, 2],
  },
  {
    fault: 'saw a fork: a tree of the same size with another root',
    make: forked(() => ({ rootHash: randomBytes(32) as never })),
    says: { 'log.cosignatures': 'failed cosignature-invalid' },
    facts: { invalid: 'witness.example/b' },
    exit: 1,
  },
  {
    fault: 'saw a fork: the same root under another size',
    make: forked(({ tree }) => ({ treeSize: tree.treeSize + 1n })),
    says: { 'log.cosignatures': 'failed cosignature-invalid' },
    facts: { invalid: 'witness.example/b' },
    exit: 1,
  },
  {
    fault: 'cosigned another log’s tree',
    make: forked(() => ({ origin: 'log.example.org/2025' })),
    says: { 'log.cosignatures': 'failed cosignature-invalid' },
    facts: { invalid: 'witness.example/b' },
    exit: 1,
  },
  {
    fault: 'sends what is no line of a note',
    make: cosignatures(([a]) => [a!, '<html>']),
    says: { 'log.cosignatures': 'passed' },
    facts: { present: '1', untrusted: '(unreadable line)' },
    exit: [0, 2],
  },
  {
    fault: 'has a clock that is years behind: its time is shown and bounds nothing',
    make: cosignatures(([a], { witnesses, tree }) => [
      a!,
      cosign(witnesses[1], tree.note.text, '2020-01-01T00:00:00Z'),
    ]),
    says: { 'log.cosignatures': 'passed' },
    facts: { present: '2' },
    exit: [0, 0],
  },
];

const CHAINS: Row[] = [
  {
    fault: 'has no anchor',
    make: put('ten', () => undefined),
    says: {
      'evm.receipt ten': 'gone',
      'evm.canonical ten': 'gone',
      'evm.contract ten': 'gone',
      'evm.finality ten': 'gone',
    },
    loses: [TEN],
    exit: [0, 2],
  },
  {
    fault: 'has replaced the block',
    make: blockAnswer('ten', ['replaced', 'replaced']),
    says: {
      'evm.canonical ten': 'failed another-block-at-this-height',
      'evm.finality ten': 'not-checked depends-on-failed',
    },
    loses: [TEN],
    exit: 1,
  },
  {
    fault: 'has a block that is not final yet',
    make: blockAnswer('ten', ['canonical', 'canonical']),
    says: { 'evm.finality ten': 'pending the node calls the block final' },
    exit: [0, 2],
  },
  {
    fault: 'has an anchor whose header is that of another block',
    make: anchorOnTen(({ one }) => ({ header: one.header })),
    says: { 'evm.receipt ten': 'failed header-hash-mismatch' },
    loses: [TEN],
    exit: 1,
  },
  {
    fault: 'has an anchor whose header cannot be read',
    make: anchorOnTen(() => ({ header: '0xc0' })),
    says: { 'evm.receipt ten': 'failed header-malformed' },
    loses: [TEN],
    exit: 1,
  },
  {
    fault: 'has another event of the contract',
    make: otherAnchorOnTen(() => ({ topic: randomBytes(32) })),
    says: { 'evm.receipt ten': 'failed log-of-other-event', 'evm.canonical ten': 'passed' },
    loses: [TEN],
    exit: 1,
  },
  {
    fault: 'has the event of another root: the contract saw a fork',
    make: otherAnchorOnTen(() => ({ rootHash: randomBytes(32) })),
    says: { 'evm.receipt ten': 'failed root-hash-mismatch', 'evm.canonical ten': 'passed' },
    loses: [TEN],
    exit: 1,
  },
  {
    fault: 'has the event of this root under another size',
    make: otherAnchorOnTen(() => ({ treeSize: 999n })),
    says: { 'evm.receipt ten': 'failed tree-size-mismatch', 'evm.canonical ten': 'passed' },
    loses: [TEN],
    exit: 1,
  },
  {
    fault: 'has a receipt of another transaction',
    make: anchorOnTen(() => ({ transactionIndex: 3 })),
    says: { 'evm.receipt ten': 'failed receipt-absent' },
    loses: [TEN],
    exit: 1,
  },
  {
    fault: 'has a log of somebody else in the same receipt',
    make: anchorOnTen(() => ({ receiptLogIndex: 0 })),
    says: { 'evm.receipt ten': 'failed log-of-other-contract' },
    loses: [TEN],
    exit: 1,
  },
  {
    fault: 'has the anchor in a contract that the policy does not name',
    make: otherAnchorOnTen(() => ({ contract: ANOTHER_CONTRACT })),
    says: {
      'evm.contract ten': 'not-checked untrusted-key',
      'evm.receipt ten': 'passed',
      'evm.canonical ten': 'passed',
    },
    exit: [0, 2],
  },
  {
    fault: 'has a clock that is behind: the block is earlier than the receipt of the deposit',
    make: otherAnchorOnTen(() => ({ blockTime: secondsOf('2026-11-22T03:00:00Z') })),
    says: {
      'evm.receipt ten': 'passed',
      'evm.canonical ten': 'passed',
      'time.bracket': 'failed received-after-its-own-proof',
    },
    notAfter: '2026-11-22T03:00:00.000Z',
    exit: 1,
  },
];

const NODES: Row[] = [
  {
    fault: 'knows nothing of the block',
    make: blockAnswer('ten', ['unknown', undefined]),
    says: { 'evm.canonical ten': 'passed' },
    facts: { confirmedBy: 'node b.example' },
    exit: [0, 0],
  },
  {
    fault: 'and the other know nothing of the block',
    make: blockAnswer('ten', ['unknown', 'unknown']),
    says: { 'evm.canonical ten': 'not-checked offline', 'evm.finality ten': 'not-checked offline' },
    loses: [TEN],
    exit: [0, 2],
  },
  {
    fault: 'says that another block stands there, and the other that it is final',
    make: blockAnswer('ten', ['replaced', undefined]),
    says: { 'evm.canonical ten': 'not-checked nodes-disagree', 'evm.finality ten': 'not-checked nodes-disagree' },
    facts: { disputed: 'a.example: replaced; b.example: final' },
    loses: [TEN],
    exit: [0, 2],
  },
  {
    fault: 'does not call the block final yet, and the other does',
    make: blockAnswer('ten', ['canonical', undefined]),
    says: {},
    exit: [0, 0],
  },
  {
    fault: 'is away',
    make: (said) => {
      said.nodes = [
        { node: 'a.example', blocks: new Map(), contracts: new Map(), anchored: new Map() },
        said.nodes[1]!,
      ];
      return undefined;
    },
    says: { 'evm.canonical one': 'passed', 'evm.canonical ten': 'passed', 'evm.notBefore': 'passed' },
    facts: { confirmedBy: 'node b.example' },
    exit: [0, 0],
  },
  {
    fault: 'and the other are away',
    make: (said) => {
      said.nodes = [];
      return undefined;
    },
    says: {
      'evm.canonical one': 'not-checked offline',
      'evm.finality one': 'not-checked offline',
      'evm.contract one': 'passed',
      'evm.canonical ten': 'not-checked offline',
      'evm.finality ten': 'not-checked offline',
      'evm.contract ten': 'passed',
      'evm.notBefore': 'not-checked offline',
      'time.bracket': 'not-checked offline',
    },
    loses: [ONE, TEN],
    exit: [2, 2],
  },
  {
    fault: 'and the other have other code at the contract’s address',
    make: contractAnswer([differs('contract-code-differs'), differs('contract-code-differs')]),
    says: { 'evm.contract ten': 'failed contract-code-differs' },
    exit: 1,
  },
  {
    fault: 'and the other have no code there',
    make: contractAnswer([differs('contract-code-absent'), differs('contract-code-absent')]),
    says: { 'evm.contract ten': 'failed contract-code-absent' },
    exit: 1,
  },
  {
    fault: 'and the other have a contract made for another log',
    make: contractAnswer([differs('contract-of-another-log'), differs('contract-of-another-log')]),
    says: { 'evm.contract ten': 'failed contract-of-another-log' },
    exit: 1,
  },
  {
    fault: 'has other code there, and the other the published',
    make: contractAnswer([differs('contract-code-differs'), undefined]),
    says: { 'evm.contract ten': 'not-checked nodes-disagree' },
    exit: [0, 2],
  },
  {
    fault: 'and the other say that the contract never took this root: told beside, decides nothing',
    make: (said, { ten, tree }) => {
      const key = anchoredKey(TEN, ten.contract, encodeHex0x(tree.rootHash));
      said.nodes = said.nodes.map((node) => ({ ...node, anchored: new Map([...node.anchored, [key, null]]) }));
      return undefined;
    },
    says: { 'evm.contract ten': 'passed' },
    facts: { anchored: 'never' },
    exit: [0, 0],
  },
  {
    fault: 'and the other say that the earlier block was replaced',
    make: blockAnswer('notBefore', ['replaced', 'replaced']),
    says: { 'evm.notBefore': 'failed another-block-at-this-height', 'time.bracket': 'not-checked offline' },
    exit: 1,
  },
  {
    fault: 'and the other know nothing of the earlier block',
    make: blockAnswer('notBefore', ['unknown', 'unknown']),
    says: { 'evm.notBefore': 'not-checked offline', 'time.bracket': 'not-checked offline' },
    exit: [2, 2],
  },
];

const TABLE: Record<string, Row[]> = {
  'an authority': AUTHORITIES,
  'a calendar': CALENDARS,
  'a witness': WITNESSES,
  'a chain': CHAINS,
  'a node of the reader’s': NODES,
};

/** Status with reason, cause or condition. */
function wordOf(check: Check | undefined): string {
  if (check === undefined) return 'gone';
  switch (check.status) {
    case 'passed':
      return 'passed';
    case 'failed':
      return `failed ${check.reason}`;
    case 'pending':
      return `pending ${check.until}`;
    case 'not-checked':
      return `not-checked ${check.because}`;
  }
}

describe('the fault of an outsider', () => {
  let outsiders: Outsiders;
  let spare: Policy;
  let every: Policy;
  let right: { spare: Judged; every: Judged };

  before(async () => {
    const made = await makeOutsiders();
    outsiders = made.outsiders;
    spare = made.policy;
    every = {
      ...spare,
      independentTimesRequired: 5,
      anchorsRequired: 2,
      tokensRequired: 2,
      witnesses: { ...spare.witnesses, quorum: 2 },
    };
    const judge = await reader(outsiders.said);
    right = { spare: await judge(spare), every: await judge(every) };
  });

  interface Judged {
    report: Report;
    /** By name and, for what outsiders said, its place. */
    checks: Map<string, Check>;
  }

  async function reader(said: Said): Promise<(policy: Policy) => Promise<Judged>> {
    const { world } = outsiders;
    const places = Object.entries(said.attestations).filter(([, attestation]) => attestation !== undefined);
    const certificate = await world.reseal({
      ...world.certificate,
      publications: [
        {
          ...world.certificate.publications[0]!,
          cosignatures: said.cosignatures,
          attestations: places.map(([, attestation]) => attestation!),
        },
      ],
    });
    const nodes = said.nodes.length === 0 ? undefined : combineAnswers(said.nodes);
    const files = world.files.map(({ bytes }) => ({ sizeBytes: bytes.length, ...digestsOf(bytes) }));
    const report = (policy: Policy) =>
      verifyCertificate(encodeObject(certificate), files, openTrust(encodeObject(policy), [], nodes, said.headers));
    const names = places.map(([place]) => place);
    return async (policy) => judgedOf(await report(policy), names);
  }

  /** Checks by names that do not move when something before them is left out. */
  function judgedOf(report: Report, places: readonly string[]): Judged {
    const placed = (about: string | null) => {
      const number = /^publication 1, attestation ([0-9]+)$/.exec(about ?? '')?.[1];
      return number === undefined ? about : places[Number(number) - 1]!;
    };
    const checks = new Map<string, Check>();
    for (const check of report.since) {
      const place = placed(check.about);
      const key = place === null || place === 'publication 1' ? check.name : `${check.name} ${place}`;
      expect(checks.has(key), `two checks ${key}`).to.equal(false);
      checks.set(key, { ...check, about: place });
    }
    return { report, checks };
  }

  it('is none here: everything passes but the promise, and all operators count', () => {
    for (const { report, checks } of [right.spare, right.every]) {
      expect({ conclusion: report.conclusion, unmet: report.unmet }).to.deep.equal({
        conclusion: 'required-passed',
        unmet: [],
      });
      expect(report.times.notAfter?.at).to.equal(TIMES.Alpha);
      const open = [...checks].filter(([, check]) => check.status !== 'passed').map(([key, c]) => [key, wordOf(c)]);
      expect(Object.fromEntries(open)).to.deep.equal({
        'opentimestamps promise': 'pending a Bitcoin block by https://calendar.example',
        'annex.signature': 'not-checked absent',
        status: 'not-checked absent',
      });
      expect(checks.get('time.independent')!.facts.operators).to.equal('Alpha; Beta; Bitcoin; eip155:1; eip155:10');
      expect(checks.get('rfc3161 alpha')!.facts.revocation).to.equal('good');
      expect(checks.get('evm.canonical ten')!.facts.confirmedBy).to.equal('node a.example, b.example');
    }
  });

  for (const [who, rows] of Object.entries(TABLE)) {
    describe(who, () => {
      for (const row of rows) {
        it(row.fault, async () => {
          const said = { ...outsiders.said, attestations: { ...outsiders.said.attestations } };
          await row.make(said, outsiders);
          const judge = await reader(said);
          const found = await judge(spare);
          expectRow(row, found, right.spare);
          const exit = exitCodeOf(found.report);
          if (row.exit === 1) {
            expect(exit).to.equal(1);
            return;
          }
          const strict = await judge(every);
          expect([exit, exitCodeOf(strict.report)]).to.deep.equal(row.exit);
          expectSameColours(strict, found);
        });
      }
    });
  }

  /** Exactly the checks of the row differ, in exactly the words of the row; the times are what is left of them. */
  function expectRow({ says, facts, loses = [], notAfter }: Row, found: Judged, before: Judged): void {
    const left = Object.entries(TIMES).filter(([operator]) => !loses.includes(operator as Operator));
    const last = notAfter ?? left.map(([, at]) => at).sort()[0]!;
    expect(found.report.times.notAfter).to.include({ at: last, independent: true });

    const expected = new Map(before.checks);
    const independent = before.checks.get('time.independent')!;
    const operators = left.map(([operator]) => operator).sort();
    const counted = { ...independent.facts, found: String(left.length), operators: operators.join('; ') };
    expected.set('time.independent', {
      ...{ name: 'time.independent', about: null, facts: counted },
      ...(left.length >= 4 ? { status: 'passed' } : { status: 'not-checked', because: 'absent' }),
    });
    const bracket = before.checks.get('time.bracket')!;
    const { notBefore } = bracket.facts as { notBefore: string };
    const widthSeconds = String((Date.parse(last) - Date.parse(notBefore)) / 1000);
    expected.set('time.bracket', { ...bracket, facts: { ...bracket.facts, notAfter: last, widthSeconds } });

    const changed: Says = {};
    for (const key of new Set([...expected.keys(), ...found.checks.keys()])) {
      const [then, now] = [expected.get(key), found.checks.get(key)];
      if (JSON.stringify(sorted(then)) !== JSON.stringify(sorted(now))) changed[key] = wordOf(now);
    }
    expect(changed).to.deep.equal(says);
    const [first] = Object.keys(says);
    if (facts !== undefined) expect(found.checks.get(first!)!.facts).to.include(facts);

    const minutes = Math.max(0, Math.ceil((Date.parse(last) - Date.parse(found.report.times.received)) / 60_000));
    const panel = before.report.before.map((check) =>
      check.name === 'before.receipt-to-proof' ? { ...check, facts: { minutes: String(minutes) } } : check,
    );
    expect(found.report.before).to.deep.equal(panel);
    // What the operator says of an anchor goes with the anchor.
    const said = ({ statements }: Report) => statements.filter(({ value }) => !value.startsWith(`${TEN}: `));
    expect(said(found.report)).to.deep.equal(said(before.report));
  }

  /** A policy that asks for more counts otherwise, and sees the same. */
  function expectSameColours(strict: Judged, found: Judged): void {
    const counts = ['time.independent', 'log.cosignatures'];
    const seen = ({ checks }: Judged) => [...checks].filter(([key]) => !counts.includes(key));
    expect(seen(strict)).to.deep.equal(seen(found));
    expect(strict.report.times).to.deep.equal(found.report.times);
  }
});

function sorted(check: Check | undefined): unknown {
  return check && { ...check, facts: Object.entries(check.facts).sort(([a], [b]) => (a < b ? -1 : 1)) };
}
