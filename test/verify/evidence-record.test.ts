import { createHash } from 'node:crypto';
import { expect } from 'chai';
import { encodeBase64, encodeHex } from '../../src/format/bytes.ts';
import {
  type ArchiveTimestamp,
  encodeArchiveTimestampChain,
  encodeArchiveTimestampSequence,
  encodeEvidenceRecord,
  parseEvidenceRecord,
} from '../../src/format/evidence-record.ts';
import { checkEvidenceRecord, type DataObject, digestsOfRecord, speaksOf } from '../../src/verify/evidence-record.ts';
import { openTrust, type Trust } from '../../src/verify/trust.ts';
import { codeOf } from '../support/coded-error.ts';
import { type Issued, issue, makeCrl, makeOcsp, makeToken } from '../support/timestamp-world.ts';
import { trusting } from '../support/trust-policy.ts';

type Algorithm = 'sha256' | 'sha384' | 'sha512';
const OID = {
  sha256: '2.16.840.1.101.3.4.2.1',
  sha384: '2.16.840.1.101.3.4.2.2',
  sha512: '2.16.840.1.101.3.4.2.3',
};
const h = (algorithm: Algorithm, ...parts: Uint8Array[]) =>
  new Uint8Array(createHash(algorithm).update(Buffer.concat(parts)).digest());
/** RFC 4998 §4.2: binary ascending order. */
const node = (algorithm: Algorithm, ...hashes: Uint8Array[]) => h(algorithm, ...[...hashes].sort(Buffer.compare));
const bytes = (text: string) => new Uint8Array(Buffer.from(text));

/** An authority whose certificates are valid from the first of January of one year to that of another. */
function authority(name: string, from: number, to: number) {
  const life = { notBefore: `${from}-01-01T00:00:00Z`, notAfter: `${to}-01-01T00:00:00Z` };
  const root = issue({ name: `${name} root`, ca: true, ...life });
  const signer = issue({ name, issuer: root, ...life });
  return { root, signer };
}

function stamp(signer: Issued, genTime: string, algorithm: Algorithm, imprintDigest: Uint8Array): Uint8Array {
  return makeToken({ signer, message: new Uint8Array(), imprint: algorithm, imprintDigest, genTime });
}

function trustingAuthorities(...roots: Issued[]): Trust {
  const authorities = roots.map(({ der }, i) => ({
    certificate: encodeBase64(der),
    independent: true,
    operator: `operator ${i}`,
  }));
  return trusting({ authorities });
}

function object(content: Uint8Array, about: string | null = null): DataObject {
  return {
    about,
    digests: { sha256: h('sha256', content), sha384: h('sha384', content), sha512: h('sha512', content) },
  };
}

function record(chains: ArchiveTimestamp[][], algorithms: Algorithm[] = ['sha256']) {
  const material = { certificates: [], revocation: [] };
  const der = encodeEvidenceRecord({ digestAlgorithms: algorithms.map((name) => OID[name]), material, chains });
  return parseEvidenceRecord(der);
}

const outcomes = (checks: readonly { name: string; status: string; reason?: string; because?: string }[]) =>
  checks.map((c) => [c.name, c.status, c.reason ?? c.because].filter((part) => part !== undefined).join(' '));

const FIRST = authority('First authority', 2025, 2028);
const SECOND = authority('Second authority', 2026, 2036);
const THIRD = authority('Third authority', 2030, 2045);
const ALL = trustingAuthorities(FIRST.root, SECOND.root, THIRD.root);
const FILE = bytes('a photograph of a counterfeit');
const BLIND = h('sha256', bytes('random'));
const SIBLING = h('sha256', bytes('another leaf'));

/** File, stamped in 2026 with its blind and one sibling; renewed in 2027; renewed with SHA-512 in 2031. */
function long(changes: { secondAt?: string; thirdAt?: string; covers?: Uint8Array; file?: Uint8Array } = {}) {
  const digest = h('sha256', FILE);
  const leaf = node('sha256', digest, BLIND);
  const first: ArchiveTimestamp = {
    digestAlgorithm: OID.sha256,
    reducedHashtree: [[digest, BLIND], [SIBLING]],
    token: stamp(FIRST.signer, '2026-06-01T00:00:00Z', 'sha256', node('sha256', leaf, SIBLING)),
  };
  const covered = changes.covers ?? h('sha256', first.token);
  const second: ArchiveTimestamp = {
    digestAlgorithm: undefined,
    reducedHashtree: [[covered, SIBLING]],
    token: stamp(SECOND.signer, changes.secondAt ?? '2027-06-01T00:00:00Z', 'sha256', node('sha256', covered, SIBLING)),
  };
  const older = encodeArchiveTimestampSequence([encodeArchiveTimestampChain([first, second])]);
  const renewed = h('sha512', h('sha512', changes.file ?? FILE), h('sha512', older));
  const third: ArchiveTimestamp = {
    digestAlgorithm: OID.sha512,
    reducedHashtree: undefined,
    token: stamp(THIRD.signer, changes.thirdAt ?? '2031-06-01T00:00:00Z', 'sha512', renewed),
  };
  return record([[first, second], [third]], ['sha256', 'sha512']);
}

describe('parseEvidenceRecord', () => {
  it('gives back what was encoded, with certificates, CRLs and OCSP responses', () => {
    const { root, signer } = FIRST;
    const digest = h('sha256', FILE);
    const chains = [
      [
        {
          digestAlgorithm: OID.sha256,
          reducedHashtree: [[digest, BLIND]],
          token: stamp(signer, '2026-06-01T00:00:00Z', 'sha256', node('sha256', digest, BLIND)),
        },
      ],
    ];
    const material = {
      certificates: [root.der],
      revocation: [makeCrl({ issuer: root }), makeOcsp({ certificate: signer, issuer: root })],
    };
    const der = encodeEvidenceRecord({ digestAlgorithms: [OID.sha256], material, chains });
    const parsed = parseEvidenceRecord(der);
    expect(parsed).to.deep.include({ digestAlgorithms: [OID.sha256], isEncrypted: false, chains, material });
    expect(
      Buffer.from(parsed.encodedChains[0] as Uint8Array).equals(
        encodeArchiveTimestampChain(chains[0] as ArchiveTimestamp[]),
      ),
    ).to.equal(true);
  });

  it('refuses bytes behind the record, another version, and every cut', () => {
    const der = encodeEvidenceRecord(long());
    expect(codeOf(() => parseEvidenceRecord(new Uint8Array([...der, 0])))).to.equal('invalid-der');
    const other = der.slice();
    const at = Buffer.from(other).indexOf(Buffer.from([0x02, 0x01, 0x01]));
    other[at + 2] = 2;
    expect(codeOf(() => parseEvidenceRecord(other))).to.equal('unknown-type');
    for (let length = 0; length < 200; length++) {
      expect(codeOf(() => parseEvidenceRecord(der.slice(0, length)))).to.equal('invalid-der');
    }
  });
});

describe('checkEvidenceRecord', () => {
  it('proves the first time of a record that was renewed twice, each while the one before stood', async () => {
    const { checks, times } = await checkEvidenceRecord(long(), [object(FILE)], ALL);
    expect(outcomes(checks)).to.deep.equal([
      'ers.object passed',
      'ers.tree passed',
      'rfc3161 passed',
      'ers.tree passed',
      'rfc3161 passed',
      'ers.renewal passed',
      'ers.object passed',
      'ers.tree passed',
      'rfc3161 passed',
      'ers.renewal passed',
    ]);
    expect(new Date(times[0]?.unixMs as number).toISOString()).to.equal('2026-06-01T00:00:01.000Z');
    expect(times.map(({ operator }) => operator)).to.deep.equal(['operator 0', 'operator 1', 'operator 2']);
  });

  it('needs the digests of the first timestamp of each chain', () => {
    expect(digestsOfRecord(long())).to.deep.equal(['sha256', 'sha512']);
  });

  it('tells which of several files it is about', () => {
    expect(speaksOf(long(), object(FILE))).to.equal(true);
    expect(speaksOf(long(), object(bytes('another')))).to.equal(false);
  });

  it('fails for another file and proves no time', async () => {
    const { checks, times } = await checkEvidenceRecord(long(), [object(bytes('another'))], ALL);
    expect(outcomes(checks)[0]).to.equal('ers.object failed not-in-first-list');
    expect(times).to.deep.equal([]);
  });

  it('fails where the hash-tree renewal took up another file', async () => {
    const { checks, times } = await checkEvidenceRecord(long({ file: bytes('exchanged') }), [object(FILE)], ALL);
    expect(outcomes(checks)).to.include('ers.object failed not-renewed-with-older-chains');
    expect(times).to.deep.equal([]);
  });

  it('fails where a renewal does not cover the timestamp before', async () => {
    const { checks } = await checkEvidenceRecord(long({ covers: h('sha256', bytes('other')) }), [object(FILE)], ALL);
    expect(outcomes(checks)).to.include('ers.tree failed older-timestamp-not-covered');
  });

  it('fails where the certificate of a timestamp had expired when it was renewed', async () => {
    const { checks, times } = await checkEvidenceRecord(
      long({ secondAt: '2028-06-01T00:00:00Z' }),
      [object(FILE)],
      ALL,
    );
    expect(outcomes(checks)).to.include('ers.renewal failed renewed-after-expiry');
    expect(times).to.deep.equal([]);
  });

  it('fails where a renewal is older than what it renews', async () => {
    const { checks } = await checkEvidenceRecord(long({ secondAt: '2026-05-01T00:00:00Z' }), [object(FILE)], ALL);
    expect(outcomes(checks)).to.include('ers.renewal failed renewed-before-it-was-made');
  });

  it('leaves open whether a timestamp still stood whose key was past its use when it was renewed', async () => {
    const rsa = { root: issue({ name: 'RSA root', ca: true, kind: 'rsa', notAfter: '2040-01-01T00:00:00Z' }) };
    const signer = issue({ name: 'RSA', issuer: rsa.root, kind: 'rsa', notAfter: '2040-01-01T00:00:00Z' });
    const first = {
      digestAlgorithm: undefined,
      reducedHashtree: undefined,
      token: stamp(signer, '2026-06-01T00:00:00Z', 'sha256', h('sha256', FILE)),
    };
    const second = { ...first, token: stamp(THIRD.signer, '2031-06-01T00:00:00Z', 'sha256', h('sha256', first.token)) };
    const { checks } = await checkEvidenceRecord(
      record([[first, second]]),
      [object(FILE)],
      trustingAuthorities(rsa.root, THIRD.root),
    );
    expect(outcomes(checks)).to.include('ers.renewal not-checked past-use');
  });

  it('proves the time of the renewal alone to a reader who trusts that authority alone', async () => {
    const { checks, times } = await checkEvidenceRecord(long(), [object(FILE)], trustingAuthorities(SECOND.root));
    expect(outcomes(checks).filter((text) => text.includes('failed'))).to.deep.equal([]);
    expect(outcomes(checks))
      .to.include('rfc3161 not-checked untrusted-key')
      .and.to.include('ers.renewal not-checked untrusted-key');
    expect(times.map(({ unixMs }) => new Date(unixMs).toISOString())).to.deep.equal(['2027-06-01T00:00:01.000Z']);
  });

  it('judges nobody without a policy', async () => {
    const { checks, times } = await checkEvidenceRecord(long(), [object(FILE)], openTrust(undefined, [], undefined));
    expect(outcomes(checks)).to.include('ers.tree passed').and.to.include('rfc3161 not-checked no-policy');
    expect(times).to.deep.equal([]);
  });

  it('lets an earlier token stand that a key stolen after its renewal would have voided', async () => {
    const stolen = makeCrl({
      issuer: FIRST.root,
      thisUpdate: '2027-12-01T00:00:00Z',
      nextUpdate: '2027-12-30T00:00:00Z',
      revoked: [{ certificate: FIRST.signer, at: '2027-11-01T00:00:00Z', reason: 1 }],
    });
    const { checks } = await checkEvidenceRecord(long(), [object(FILE)], ALL, {
      certificates: [],
      revocation: [stolen],
    });
    expect(outcomes(checks).filter((text) => text.includes('failed'))).to.deep.equal([]);
    const alone = long();
    const cut = record([[alone.chains[0]?.[0] as ArchiveTimestamp]]);
    const bare = await checkEvidenceRecord(cut, [object(FILE)], ALL, { certificates: [], revocation: [stolen] });
    expect(outcomes(bare.checks)).to.include('rfc3161 failed signer-revoked');
  });

  it('says of a group whether all its files are there', async () => {
    const files = ['one', 'two', 'three'].map(bytes);
    const hashes = files.map((file) => h('sha256', file));
    const group = record([
      [
        {
          digestAlgorithm: OID.sha256,
          reducedHashtree: [hashes, [BLIND]],
          token: stamp(
            FIRST.signer,
            '2026-06-01T00:00:00Z',
            'sha256',
            node('sha256', node('sha256', ...hashes), BLIND),
          ),
        },
      ],
    ]);
    const all = await checkEvidenceRecord(
      group,
      files.map((file, i) => object(file, `file ${i}`)),
      ALL,
    );
    expect(all.checks.filter(({ name }) => name === 'ers.object').map(({ facts }) => facts.group)).to.deep.equal([
      'complete',
      'complete',
      'complete',
    ]);
    const some = await checkEvidenceRecord(
      group,
      files.slice(1).map((file) => object(file)),
      ALL,
    );
    expect(some.checks.filter(({ name }) => name === 'ers.object').map(({ facts }) => facts.group)).to.deep.equal([
      'part',
      'part',
    ]);
    expect(some.times).to.have.lengthOf(1);
  });

  it('reads both meanings that writers give to a first list of one hash and to later lists of several', async () => {
    const digest = h('sha256', FILE);
    const others = [SIBLING, BLIND];
    const tokens = {
      plain: node('sha256', digest, ...others),
      node: node('sha256', digest, node('sha256', ...others)),
      hashed: node('sha256', h('sha256', digest), ...others),
    };
    for (const imprint of Object.values(tokens)) {
      const one = record([
        [
          {
            digestAlgorithm: OID.sha256,
            reducedHashtree: [[digest], others],
            token: stamp(FIRST.signer, '2026-06-01T00:00:00Z', 'sha256', imprint),
          },
        ],
      ]);
      expect(outcomes((await checkEvidenceRecord(one, [object(FILE)], ALL)).checks)).to.deep.equal([
        'ers.object passed',
        'ers.tree passed',
        'rfc3161 passed',
      ]);
    }
  });

  it('fails for every changed hash of a tree', async () => {
    const good = long();
    for (const [i, list] of (good.chains[0]?.[0]?.reducedHashtree ?? []).entries()) {
      for (const j of list.keys()) {
        const changed = structuredClone(good);
        const hash = changed.chains[0]?.[0]?.reducedHashtree?.[i]?.[j] as Uint8Array;
        hash[0] = (hash[0] as number) ^ 1;
        const { checks, times } = await checkEvidenceRecord(
          parseEvidenceRecord(encodeEvidenceRecord(changed)),
          [object(FILE)],
          ALL,
        );
        expect(
          outcomes(checks).some((text) => text.includes('failed')),
          encodeHex(hash),
        ).to.equal(true);
        expect(times).to.deep.equal([]);
      }
    }
  });
});
