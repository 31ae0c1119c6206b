import { readFile } from 'node:fs/promises';
import { expect } from 'chai';
import { CodedError } from '../../src/errors.ts';
import { encodeBase64, encodeUtf8 } from '../../src/format/bytes.ts';
import { COSIGNATURE_ED25519 } from '../../src/format/cosignature.ts';
import { encodeNoteKey } from '../../src/format/note.ts';
import { POLICY_FIELDS, type Policy, parsePolicy, policySchema } from '../../src/format/policy.ts';
import { type PolicyWarningCode, reviewPolicy } from '../../src/verify/policy-review.ts';
import { openTrust } from '../../src/verify/trust.ts';
import { codeOf } from '../support/coded-error.ts';
import { type EvidenceWorld, makeWorld } from '../support/evidence-world.ts';
import { issue } from '../support/timestamp-world.ts';

describe('parsePolicy', () => {
  let policy: Policy;
  before(async () => {
    policy = (await makeWorld()).policy;
  });

  function refusal(value: unknown): string {
    try {
      parsePolicy(encodeUtf8(JSON.stringify(value)));
    } catch (error) {
      expect(error).to.be.instanceOf(CodedError);
      return `${(error as CodedError).code}: ${(error as CodedError).message}`;
    }
    return 'accepted';
  }

  it('reads any spelling', () => {
    const text = JSON.stringify(policy, null, 4);
    expect(parsePolicy(encodeUtf8(text))).to.deep.equal(policy);
  });

  const wrong: [what: string, change: (p: Policy & Record<string, unknown>) => unknown, says: RegExp][] = [
    [
      'a number as text',
      (p) => ({ ...p, independentTimesRequired: '2' }),
      /^invalid-field: independentTimesRequired: expected an integer from 0 to 16; got "2"$/,
    ],
    [
      'a number out of range',
      (p) => ({ ...p, anchorsRequired: 17 }),
      /anchorsRequired: expected an integer from 0 to 16, or left out; got 17/,
    ],
    ['a missing field', ({ witnesses: _, ...p }) => p, /witnesses: expected \{ keys, quorum \}; it is missing/],
    [
      'an unknown field',
      (p) => ({ ...p, authority: [] }),
      /\(top\): no field "authority"; allowed: type, evaluation, .*authorities/,
    ],
    [
      'an unknown field deep inside',
      (p) => ({ ...p, logs: [{ ...p.logs[0], origins: 'x' }] }),
      /logs\[0\]: no field "origins"; allowed: origin, keys, leaf0, contracts$/,
    ],
    [
      'an address with capitals',
      (p) => ({ ...p, logs: [{ ...p.logs[0], contracts: [{ chain: 'eip155:1', address: `0x${'A'.repeat(40)}` }] }] }),
      /logs\[0\]\.contracts\[0\]\.address: expected 0x and 40 lower-case hex digits; got "0xAAAA/,
    ],
    [
      'a chain by its name',
      (p) => ({ ...p, chains: [{ chain: 'mainnet', independent: true }] }),
      /chains\[0\]\.chain: expected eip155: and the chain id/,
    ],
    [
      'PEM where base64 is expected',
      (p) => ({ ...p, seals: ['-----BEGIN'] }),
      /seals\[0\]: expected base64 of a DER certificate/,
    ],
    [
      'another type',
      (p) => ({ ...p, type: 'tiezheng/policy/v2' }),
      /^unknown-type: expected type tiezheng\/policy\/v1, got "tiezheng\/policy\/v2"$/,
    ],
    [
      'several at once',
      (p) => ({ ...p, evaluation: 'no', independentTimesRequired: -1 }),
      /evaluation: expected true or false; got "no"; independentTimesRequired: expected/,
    ],
  ];
  for (const [what, change, says] of wrong) {
    it(`names the field and what it takes for ${what}`, () => {
      expect(refusal(change(policy as Policy & Record<string, unknown>))).to.match(says);
    });
  }

  it('knows what every field of the schema takes', () => {
    const places = (schema: unknown, path: string[] = []): string[] => {
      const type = schema as { def?: { innerType?: unknown }; shape?: Record<string, unknown>; element?: unknown };
      if (type.def?.innerType !== undefined) return places(type.def.innerType, path);
      if (type.shape !== undefined) {
        return [path.join('.'), ...Object.entries(type.shape).flatMap(([key, inner]) => places(inner, [...path, key]))];
      }
      if (type.element !== undefined) return [path.join('.'), ...places(type.element, [...path, '*'])];
      return [path.join('.')];
    };
    expect(places(policySchema).filter((place) => place !== '' && POLICY_FIELDS[place] === undefined)).to.deep.equal(
      [],
    );
    expect(Object.keys(POLICY_FIELDS).filter((field) => !places(policySchema).includes(field))).to.deep.equal([]);
  });
});

describe('the example in docs/formats/policy.md', () => {
  it('is a policy that opens and deserves no warning', async () => {
    const page = await readFile(new URL('../../docs/formats/policy.md', import.meta.url), 'utf8');
    const root = issue({ name: 'root', ca: true });
    const text = /```json\n([\s\S]+?)```/.exec(page)?.[1]?.replaceAll(/"MII[^"]*"/g, `"${encodeBase64(root.der)}"`);
    const bytes = encodeUtf8(text as string);
    expect(openTrust(bytes, [], undefined).digest).to.match(/^[0-9a-f]{64}$/);
    expect(reviewPolicy(parsePolicy(bytes), Date.UTC(2026, 10, 22)).warnings).to.deep.equal([]);
  });

  it('names every field that a policy may have', async () => {
    const page = await readFile(new URL('../../docs/formats/policy.md', import.meta.url), 'utf8');
    const names = Object.keys(POLICY_FIELDS).map(
      (field) => field.split('.').findLast((part) => part !== '*') as string,
    );
    expect(names.filter((name) => !page.includes(name))).to.deep.equal([]);
  });
});

describe('reviewPolicy', () => {
  const NOW = Date.UTC(2026, 10, 22);
  let world: EvidenceWorld;
  before(async () => {
    world = await makeWorld();
  });
  const warnings = (change: Partial<Policy>, at = NOW) =>
    reviewPolicy({ ...world.policy, ...change }, at).warnings.map(({ code }) => code);
  const cosigner = (name: string, fill: number) =>
    encodeNoteKey(name, new Uint8Array(32).fill(fill), COSIGNATURE_ED25519);

  it('has nothing to say against a policy that can be met', () => {
    expect(warnings({})).to.deep.equal([]);
  });

  it('names log, contract, chain and signer, in both languages', () => {
    const { trusts, requires } = reviewPolicy(world.policy, NOW);
    const all = trusts.map(({ en }) => en).join('\n');
    expect(all).to.include('Log log.example.org/2026, 1 key');
    expect(all).to.include(`contract ${world.policy.logs[0]!.contracts[0]!.address} on eip155:1`);
    expect(all).to.include('Chain eip155:1: independent of the operator; 2 blocks confirmed');
    expect(all).to.match(/Seals by Tiezheng EVALUATION seal.*valid until 2031-01-01/);
    expect(requires.map(({ en }) => en).join('\n')).to.include('Independent proofs of time by 1 operator');
    for (const { zh } of [...trusts, ...requires]) expect(zh).to.match(/[\u4e00-\u9fff]/);
  });

  const seal = () => world.policy.seals[0] as string;
  const rows: [code: PolicyWarningCode, change: () => Partial<Policy>][] = [
    ['evaluation', () => ({ evaluation: true })],
    ['no-log', () => ({ logs: [] })],
    ['no-seal', () => ({ seals: [] })],
    ['no-independent-source', () => ({ chains: [], independentTimesRequired: 0 })],
    ['independence-not-required', () => ({ independentTimesRequired: 0 })],
    ['too-few-independent-operators', () => ({ independentTimesRequired: 2 })],
    ['too-few-chains-for-anchors', () => ({ anchorsRequired: 2 })],
    ['too-few-authorities-for-tokens', () => ({ tokensRequired: 1 })],
    ['quorum-above-number-of-witnesses', () => ({ witnesses: { keys: [cosigner('w', 1)], quorum: 2 } })],
    [
      'quorum-above-number-of-witnesses',
      () => ({ witnesses: { keys: [cosigner('one-name', 1), cosigner('another', 1)], quorum: 2 } }),
    ],
    ['witnesses-without-quorum', () => ({ witnesses: { keys: [cosigner('w', 1)], quorum: 0 } })],
    [
      'log-key-not-of-that-log',
      () => ({ logs: [{ ...world.policy.logs[0]!, keys: [encodeNoteKey('w', new Uint8Array(32))] }] }),
    ],
    ['key-named-twice', () => ({ witnesses: { keys: [cosigner('w', 1), cosigner('v', 1)], quorum: 1 } })],
    ['chain-named-twice', () => ({ chains: [...world.policy.chains, ...world.policy.chains] })],
    [
      'operator-both-independent-and-not',
      () => ({
        chains: [{ chain: 'eip155:1', independent: true, operator: 'One' }],
        authorities: [{ certificate: seal(), independent: false, operator: 'One' }],
      }),
    ],
    ['authority-without-operator', () => ({ authorities: [{ certificate: seal(), independent: true }] })],
    ['contract-on-unlisted-chain', () => ({ chains: [{ chain: 'eip155:10', independent: true }] })],
    ['bitcoin-without-headers', () => ({ bitcoin: { independent: true, headers: [] } })],
  ];
  for (const [code, change] of rows) {
    it(`warns: ${code}`, () => {
      expect(warnings(change())).to.include(code);
    });
  }

  it('is not asked about what openTrust refuses: a key or certificate that cannot count', () => {
    const code = (change: Partial<Policy>) =>
      codeOf(() => openTrust(encodeUtf8(JSON.stringify({ ...world.policy, ...change })), [], undefined));
    expect(code({})).to.equal('accepted');
    expect(code({ seals: [encodeBase64(Uint8Array.of(1, 2, 3))] })).to.equal('not-a-certificate');
    expect(code({ witnesses: { keys: [encodeNoteKey('w', new Uint8Array(32))], quorum: 1 } })).to.equal('invalid-key');
  });

  it('calls a certificate expired or not yet valid by the clock it is given', () => {
    expect(warnings({}, Date.UTC(2031, 0, 2))).to.deep.equal(['certificate-expired']);
    expect(warnings({}, Date.UTC(2025, 0, 1))).to.deep.equal(['certificate-not-yet-valid']);
  });

  it('counts two sources of one operator as one', () => {
    const authority = { certificate: seal(), independent: true, operator: 'One' };
    const chains = [{ chain: 'eip155:1', independent: true, operator: 'One' }];
    expect(warnings({ independentTimesRequired: 2, chains, authorities: [authority] })).to.include(
      'too-few-independent-operators',
    );
    const other = { ...authority, operator: 'Other' };
    expect(warnings({ independentTimesRequired: 2, chains, authorities: [other] })).to.not.include(
      'too-few-independent-operators',
    );
  });
});
