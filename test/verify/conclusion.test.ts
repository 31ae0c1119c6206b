import { createHash, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { expect } from 'chai';
import { encodeBase64, encodeUtf8, parseHex } from '../../src/format/bytes.ts';
import type { Attestation, Certificate, EvmAttestation, Publication } from '../../src/format/certificate.ts';
import { parseCheckpoint } from '../../src/format/checkpoint.ts';
import { encodeCosignatureKey, encodeCosignatureLine, encodeCosignedMessage } from '../../src/format/cosignature.ts';
import { encodeNoteKey, parseNote } from '../../src/format/note.ts';
import { chainOf, encodeDetachedTimestamp } from '../../src/format/opentimestamps.ts';
import type { Policy } from '../../src/format/policy.ts';
import type { Report } from '../../src/format/report.ts';
import { openTrust } from '../../src/verify/trust.ts';
import { verifyCertificate } from '../../src/verify/verify.ts';
import { StandInBitcoin } from '../support/bitcoin-chain.ts';
import { type EvidenceWorld, encodeObject, makeAnchor, makeWorld, signCheckpoint } from '../support/evidence-world.ts';
import { digestsOf } from '../support/file-digests.ts';
import { issue, makeToken } from '../support/timestamp-world.ts';

const OTHER_CHAIN = 'eip155:10';
const OTHER_CONTRACT = `0x${'ab'.repeat(20)}`;

interface Witness {
  vkey: string;
  line: string;
}

/** All kinds of proof over one tree, to be put together in a certificate as a case wants them. */
interface Proofs {
  anchor: EvmAttestation;
  otherAnchor: EvmAttestation;
  /** Two tokens of one authority, and one of another. */
  token: Attestation;
  secondToken: Attestation;
  otherToken: Attestation;
  /** A token over something else. */
  wrongToken: Attestation;
  calendar: Attestation;
  witnesses: [Witness, Witness];
  /** Signed by a key that only the certificate names. */
  strangeCheckpoint: string;
  strangeKey: string;
  /** Over that checkpoint, by the first authority. */
  strangeToken: Attestation;
  policy: Policy;
}

function rawKey(key: KeyObject): Uint8Array {
  return parseHex(Buffer.from(key.export({ format: 'jwk' }).x as string, 'base64url').toString('hex'));
}

async function makeProofs(world: EvidenceWorld): Promise<Proofs> {
  const { checkpoint } = world.certificate.publications[0]!;
  const { rootHash, treeSize, origin } = parseCheckpoint(encodeUtf8(checkpoint));
  const message = encodeUtf8(checkpoint);
  const anchor = world.certificate.publications[0]!.attestations[0] as EvmAttestation;
  const blockTime = Math.floor(Date.UTC(2026, 10, 22, 3, 12) / 1000);
  const otherAnchor = await makeAnchor({ chain: OTHER_CHAIN, contract: OTHER_CONTRACT, rootHash, treeSize, blockTime });
  const roots = ['Alpha root', 'Beta root'].map((name) => issue({ name, ca: true, notAfter: '2040-01-01T00:00:00Z' }));
  const signers = roots.map((issuer, i) => issue({ name: `authority ${i}`, issuer }));
  const tokenOf = (i: number, serial: bigint, over = message): Attestation => ({
    type: 'rfc3161',
    token: encodeBase64(makeToken({ signer: signers[i]!, message: over, serial })),
    certificates: [],
    revocation: [],
  });
  const bitcoin = new StandInBitcoin();
  const sha256 = (bytes: Uint8Array) => new Uint8Array(createHash('sha256').update(bytes).digest());
  const height = bitcoin.mine(sha256(rootHash), Math.floor(Date.UTC(2026, 10, 22, 4) / 1000));
  const timestamp = chainOf([{ kind: 'sha256' }], { branches: [{ attestation: { kind: 'bitcoin', height } }] });
  const { text } = parseNote(message);
  const witness = (name: string): Witness => {
    const { publicKey, privateKey } = generateKeyPairSync('ed25519');
    const raw = rawKey(publicKey);
    const at = 1_795_316_700;
    const signature = new Uint8Array(sign(null, encodeCosignedMessage(text, at), privateKey));
    const line = encodeCosignatureLine({ name, publicKey: raw }, at, signature).trimEnd();
    return { vkey: encodeCosignatureKey(name, raw), line };
  };
  const witnesses: [Witness, Witness] = [witness('witness.example/a'), witness('witness.example/b')];
  const strange = generateKeyPairSync('ed25519');
  const strangeRaw = rawKey(strange.publicKey);
  const strangeCheckpoint = signCheckpoint(origin, treeSize, rootHash, strange.privateKey, strangeRaw);
  return {
    anchor,
    otherAnchor,
    token: tokenOf(0, 1n),
    secondToken: tokenOf(0, 2n),
    otherToken: tokenOf(1, 3n),
    wrongToken: tokenOf(0, 4n, encodeUtf8('something else')),
    calendar: {
      type: 'opentimestamps',
      proof: encodeBase64(encodeDetachedTimestamp({ digest: rootHash, timestamp })),
    },
    witnesses,
    strangeCheckpoint,
    strangeKey: encodeNoteKey(origin, strangeRaw),
    strangeToken: tokenOf(0, 5n, encodeUtf8(strangeCheckpoint)),
    policy: {
      ...world.policy,
      independentTimesRequired: 0,
      chains: [
        { chain: 'eip155:1', independent: true },
        { chain: OTHER_CHAIN, independent: true },
      ],
      blocks: [...world.policy.blocks, { chain: OTHER_CHAIN, hash: otherAnchor.blockHash }],
      logs: [
        {
          ...world.policy.logs[0]!,
          contracts: [...world.policy.logs[0]!.contracts, { chain: OTHER_CHAIN, address: OTHER_CONTRACT }],
        },
      ],
      authorities: [
        { certificate: encodeBase64(roots[0]!.der), independent: true, operator: 'Alpha' },
        { certificate: encodeBase64(roots[1]!.der), independent: true, operator: 'Beta' },
      ],
      witnesses: { keys: witnesses.map(({ vkey }) => vkey), quorum: 0 },
      bitcoin: { independent: true, headers: [{ height, header: bitcoin.header(height) }] },
    },
  };
}

/** What a publication of a case carries. */
interface Carries {
  attestations?: (keyof Proofs)[];
  witnesses?: number;
  /** Signed by the key that the policy does not name. */
  strange?: boolean;
}

interface Case {
  what: string;
  carries: Carries[];
  policy: (p: Policy) => Partial<Policy>;
  conclusion: Report['conclusion'];
  unmet?: string[];
  /** Operators whose independent times count. */
  operators?: string;
}

const named = (p: Policy, operators: Record<string, string>): Policy['chains'] =>
  p.chains.map((c) => ({ ...c, ...(operators[c.chain] !== undefined && { operator: operators[c.chain] }) }));
const withoutContracts = (p: Policy) => ({ logs: p.logs.map((log) => ({ ...log, contracts: [] })) });

const CASES: Case[] = [
  // Anchors: at least one where the policy names a contract, more by number, counted by operator.
  { what: 'one anchor', carries: [{ attestations: ['anchor'] }], policy: () => ({}), conclusion: 'required-passed' },
  {
    what: 'no anchor where the policy names a contract',
    carries: [{ attestations: ['token'] }],
    policy: () => ({}),
    conclusion: 'incomplete',
    unmet: ['evm.receipt'],
  },
  {
    what: 'no anchor where the policy names none',
    carries: [{ attestations: ['token'] }],
    policy: withoutContracts,
    conclusion: 'required-passed',
  },
  {
    what: 'an anchor in a contract that the policy does not name, where it names none',
    carries: [{ attestations: ['anchor'] }],
    policy: withoutContracts,
    conclusion: 'required-passed',
  },
  {
    what: 'an anchor whose block nobody confirmed, beside one that stands',
    carries: [{ attestations: ['anchor', 'otherAnchor'] }],
    policy: (p) => ({ blocks: p.blocks.filter((b) => b.chain !== OTHER_CHAIN) }),
    conclusion: 'required-passed',
  },
  {
    what: 'two anchors of which only one stands, where two are required',
    carries: [{ attestations: ['anchor', 'otherAnchor'] }],
    policy: (p) => ({ anchorsRequired: 2, blocks: p.blocks.filter((b) => b.chain !== OTHER_CHAIN) }),
    conclusion: 'incomplete',
    unmet: ['evm.canonical (publication 1, attestation 2)', 'evm.finality (publication 1, attestation 2)'],
  },
  {
    what: 'two anchors in two publications, where two are required',
    carries: [{ attestations: ['anchor'] }, { attestations: ['otherAnchor'] }],
    policy: () => ({ anchorsRequired: 2 }),
    conclusion: 'required-passed',
  },
  {
    what: 'the same chain twice, where two are required',
    carries: [{ attestations: ['anchor'] }, { attestations: ['anchor'] }],
    policy: () => ({ anchorsRequired: 2 }),
    conclusion: 'incomplete',
    unmet: ['evm.receipt (1 of 2 anchors)'],
  },
  {
    what: 'two chains of one operator, where two are required',
    carries: [{ attestations: ['anchor', 'otherAnchor'] }],
    policy: (p) => ({ anchorsRequired: 2, chains: named(p, { 'eip155:1': 'One', [OTHER_CHAIN]: 'One' }) }),
    conclusion: 'incomplete',
    unmet: ['evm.receipt (1 of 2 anchors)'],
  },
  {
    what: 'anchorsRequired 0 where a contract is named',
    carries: [{}],
    policy: () => ({ anchorsRequired: 0 }),
    conclusion: 'incomplete',
    unmet: ['time.bracket', 'evm.receipt'],
  },
  // Times: by operator.
  {
    what: 'a chain, two authorities and Bitcoin, where four are required',
    carries: [{ attestations: ['anchor'] }, { attestations: ['token', 'otherToken'] }, { attestations: ['calendar'] }],
    policy: () => ({ independentTimesRequired: 4 }),
    conclusion: 'required-passed',
    operators: 'Alpha; Beta; Bitcoin; eip155:1',
  },
  {
    what: 'two tokens of one authority, where two are required',
    carries: [{ attestations: ['token', 'secondToken'] }],
    policy: (p) => ({ ...withoutContracts(p), independentTimesRequired: 2 }),
    conclusion: 'incomplete',
    unmet: ['time.independent'],
    operators: 'Alpha',
  },
  {
    what: 'two tokens below one root without a named operator, where two are required',
    carries: [{ attestations: ['token', 'secondToken'] }],
    policy: (p) => ({
      ...withoutContracts(p),
      independentTimesRequired: 2,
      authorities: p.authorities.map(({ operator: _, ...a }) => a),
    }),
    conclusion: 'incomplete',
    unmet: ['time.independent'],
  },
  {
    what: 'an authority and a chain of one operator, where two are required',
    carries: [{ attestations: ['anchor', 'token'] }],
    policy: (p) => ({ independentTimesRequired: 2, chains: named(p, { 'eip155:1': 'Alpha' }) }),
    conclusion: 'incomplete',
    unmet: ['time.independent'],
    operators: 'Alpha',
  },
  {
    what: 'times of which one is not independent',
    carries: [{ attestations: ['token', 'otherToken'] }],
    policy: (p) => ({
      ...withoutContracts(p),
      independentTimesRequired: 2,
      authorities: p.authorities.map((a, i) => ({ ...a, independent: i === 0 })),
    }),
    conclusion: 'incomplete',
    unmet: ['time.independent'],
    operators: 'Alpha',
  },
  // Tokens, independent or not.
  {
    what: 'two authorities in two publications, where two tokens are required',
    carries: [{ attestations: ['token'] }, { attestations: ['anchor', 'otherToken'] }],
    policy: (p) => ({ tokensRequired: 2, authorities: p.authorities.map((a) => ({ ...a, independent: false })) }),
    conclusion: 'required-passed',
  },
  {
    what: 'one authority twice, where two tokens are required',
    carries: [{ attestations: ['anchor', 'token', 'secondToken'] }],
    policy: () => ({ tokensRequired: 2 }),
    conclusion: 'incomplete',
    unmet: ['rfc3161 (1 of 2 tokens)'],
  },
  {
    what: 'a token of an authority that the policy does not name, where one is required',
    carries: [{ attestations: ['anchor', 'otherToken'] }],
    policy: (p) => ({ tokensRequired: 1, authorities: p.authorities.slice(0, 1) }),
    conclusion: 'incomplete',
    unmet: ['rfc3161 (publication 1, attestation 2)'],
  },
  {
    what: 'a token of an authority that the policy does not name, where none is required',
    carries: [{ attestations: ['anchor', 'otherToken'] }],
    policy: (p) => ({ authorities: p.authorities.slice(0, 1) }),
    conclusion: 'required-passed',
  },
  // Witnesses: the quorum on one publication.
  {
    what: 'a quorum of two on one publication and the anchor on another',
    carries: [{ witnesses: 2 }, { attestations: ['anchor'] }],
    policy: (p) => ({ witnesses: { ...p.witnesses, quorum: 2 } }),
    conclusion: 'required-passed',
  },
  {
    what: 'one of two witnesses on each of two publications',
    carries: [{ witnesses: 1 }, { attestations: ['anchor'], witnesses: 1 }],
    policy: (p) => ({ witnesses: { ...p.witnesses, quorum: 2 } }),
    conclusion: 'incomplete',
    unmet: ['log.cosignatures (publication 1)'],
  },
  {
    what: 'no witness where none is required',
    carries: [{ attestations: ['anchor'] }],
    policy: () => ({}),
    conclusion: 'required-passed',
  },
  // Only publications that a log of the policy signed count.
  {
    what: 'a token on a tree that an unknown key signed, where a token is required',
    carries: [{ attestations: ['anchor'] }, { attestations: ['strangeToken'], strange: true }],
    policy: () => ({ tokensRequired: 1 }),
    conclusion: 'incomplete',
    unmet: ['rfc3161 (0 of 1 tokens)'],
  },
  {
    what: 'an independent time on a tree that an unknown key signed',
    carries: [{ attestations: ['anchor'] }, { attestations: ['strangeToken'], strange: true }],
    policy: () => ({ independentTimesRequired: 2 }),
    conclusion: 'incomplete',
    unmet: ['time.independent'],
    operators: 'eip155:1',
  },
  {
    what: 'a tree that an unknown key signed, beside all that is required',
    carries: [{ attestations: ['anchor'] }, { strange: true }],
    policy: () => ({ independentTimesRequired: 1 }),
    conclusion: 'required-passed',
  },
  {
    what: 'nothing but a tree that an unknown key signed',
    carries: [{ attestations: ['anchor'], strange: true }],
    policy: () => ({}),
    conclusion: 'incomplete',
    unmet: ['log.signature (publication 1)'],
  },
  // What contradicts is never made good by what stands.
  {
    what: 'a token over something else beside all that is required',
    carries: [{ attestations: ['anchor', 'token', 'wrongToken'] }],
    policy: () => ({ independentTimesRequired: 2 }),
    conclusion: 'failed',
    unmet: ['rfc3161 (publication 1, attestation 3)'],
  },
];

describe('the conclusion over several publications and kinds of proof', () => {
  let world: EvidenceWorld;
  let proofs: Proofs;
  before(async () => {
    world = await makeWorld();
    proofs = await makeProofs(world);
  });

  async function reportOn(carries: Carries[], change: Case['policy']): Promise<Report> {
    const [first] = world.certificate.publications as [Publication];
    const certificate: Certificate = await world.reseal({
      ...world.certificate,
      log: { ...world.certificate.log, keys: [...world.certificate.log.keys, proofs.strangeKey] },
      publications: carries.map(({ attestations = [], witnesses = 0, strange = false }) => ({
        ...first,
        checkpoint: strange ? proofs.strangeCheckpoint : first.checkpoint,
        cosignatures: proofs.witnesses.slice(0, witnesses).map(({ line }) => line),
        attestations: attestations.map((name) => proofs[name] as Attestation),
      })),
    });
    const policy = { ...proofs.policy, ...change(proofs.policy) };
    const files = world.files.map(({ bytes }) => ({ sizeBytes: bytes.length, ...digestsOf(bytes) }));
    return verifyCertificate(encodeObject(certificate), files, openTrust(encodeObject(policy), [], undefined));
  }

  for (const { what, carries, policy, conclusion, unmet = [], operators } of CASES) {
    it(`${what}: ${conclusion}`, async () => {
      const report = await reportOn(carries, policy);
      expect({ conclusion: report.conclusion, unmet: report.unmet }).to.deep.equal({ conclusion, unmet });
      if (operators !== undefined) {
        expect(report.since.find((c) => c.name === 'time.independent')?.facts.operators).to.equal(operators);
      }
    });
  }

  it('does not depend on the order of publications', async () => {
    const carries: Carries[] = [{ attestations: ['anchor'] }, { attestations: ['token'] }, { witnesses: 2 }];
    const policy = (p: Policy) => ({
      independentTimesRequired: 2,
      tokensRequired: 1,
      witnesses: { ...p.witnesses, quorum: 2 },
    });
    const forwards = await reportOn(carries, policy);
    const backwards = await reportOn(carries.toReversed(), policy);
    expect(forwards.conclusion).to.equal('required-passed');
    expect(backwards.conclusion).to.equal('required-passed');
    expect(backwards.times).to.deep.equal(forwards.times);
  });

  it('is satisfied by one seal of a known signer, whoever sealed beside it', async () => {
    const stranger = await makeWorld();
    const sealed = await stranger.sealer.seal(world.certificate);
    const files = world.files.map(({ bytes }) => ({ sizeBytes: bytes.length, ...digestsOf(bytes) }));
    const report = (policy: Policy) =>
      verifyCertificate(encodeObject(sealed), files, openTrust(encodeObject(policy), [], undefined));
    expect((await report(world.policy)).conclusion).to.equal('required-passed');
    expect((await report({ ...world.policy, seals: [] })).unmet).to.deep.equal(['seal (seal 1)', 'seal (seal 2)']);
  });
});
