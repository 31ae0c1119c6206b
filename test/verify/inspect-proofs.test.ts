import { createHash, generateKeyPairSync, randomBytes, sign } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { expect } from 'chai';
import { CodedError } from '../../src/errors.ts';
import { encodeHex, encodeUtf8, parseBase64Url } from '../../src/format/bytes.ts';
import { encodeCosignatureKey, encodeCosignatureLine, encodeCosignedMessage } from '../../src/format/cosignature.ts';
import { parseInspection } from '../../src/format/inspection.ts';
import { encodeJson, type JsonValue } from '../../src/format/json.ts';
import { encodeNoteKey } from '../../src/format/note.ts';
import { chainOf, encodeDetachedTimestamp } from '../../src/format/opentimestamps.ts';
import { exitCodeOf } from '../../src/format/report.ts';
import { encodeTlogProof, withCosignatures } from '../../src/format/tlog-proof.ts';
import { leafHash, nodeHash } from '../../src/merkle/hash.ts';
import { rootFromLeafHashes } from '../../src/merkle/tree.ts';
import { recognise } from '../../src/verify/inspect/recognise.ts';
import { StandInBitcoin } from '../support/bitcoin-chain.ts';
import { rejectionOf } from '../support/coded-error.ts';
import { inspect, outcomes } from '../support/desk.ts';
import { signCheckpoint } from '../support/evidence-world.ts';
import { thirdPartyVectors } from '../support/third-party-vectors.ts';
import { issue, makeResponse, makeTimestampWorld, makeToken } from '../support/timestamp-world.ts';
import { authority, NOBODY, trusting } from '../support/trust-policy.ts';

const FILE = Buffer.from('a contract of others');
const OTHER = Buffer.from('another file');
const NO_POLICY = { ...trusting(), policy: undefined, digest: null };

/** Every single-bit flip at some bytes: each is told by a code or a check, and none passes or crashes. */
async function expectFlipsNoticed(bytes: Uint8Array, every: number, passes: (b: Uint8Array) => Promise<boolean>) {
  for (let at = 0; at < bytes.length; at += every) {
    const flipped = Uint8Array.from(bytes);
    flipped[at] = (flipped[at] as number) ^ (1 << (at % 8));
    try {
      expect(await passes(flipped), `byte ${at}`).to.equal(false);
    } catch (error) {
      if (!(error instanceof CodedError)) throw error;
    }
  }
}

describe('a timestamp token of others', () => {
  const { root, intermediate, signer } = makeTimestampWorld();
  const token = makeToken({ signer, message: FILE, embedded: [signer, intermediate], imprint: 'sha512' });
  const trust = trusting({ authorities: [authority(root.der)] });

  it('proves the file beside it, and gives its time with what the policy says of the source', async () => {
    const found = await inspect(token, [OTHER, FILE], trust);
    expect(found.subject.kind).to.equal('timestamp-token');
    expect(found.subject.digest).to.equal(createHash('sha256').update(token).digest('hex'));
    const about = createHash('sha256').update(FILE).digest('hex');
    expect(outcomes(found)).to.deep.equal([`file.digest (presented ${about.slice(0, 14)}) passed`, 'rfc3161 passed']);
    expect(found.times).to.have.length(1);
    expect(found.times[0]).to.include({ at: '2026-11-22T03:06:01.000Z', independent: true });
    expect(found.unmet).to.deep.equal([]);
    expect(exitCodeOf(found)).to.equal(0);
    expect(parseInspection(encodeJson(found as unknown as JsonValue))).to.deep.equal(found);
  });

  it('is the same inside an authority’s response', async () => {
    const found = await inspect(makeResponse(token), [FILE], trust);
    expect(found.subject.kind).to.equal('timestamp-response');
    expect(exitCodeOf(found)).to.equal(0);
  });

  it('names the digest of the file that is not there', async () => {
    for (const files of [[], [OTHER, Buffer.from('a third')], [makeResponse(token)]]) {
      const found = await inspect(token, files, trust);
      expect(found.checks[0]).to.deep.include({ name: 'file.missing', status: 'not-checked', because: 'absent' });
      expect(found.checks[0]?.facts).to.include({
        algorithm: 'sha512',
        digest: createHash('sha512').update(FILE).digest('hex'),
      });
      expect(found.unmet).to.deep.equal(['file.missing']);
      expect(exitCodeOf(found)).to.equal(2);
    }
  });

  it('is contradicted by the one file that it is held against, if that is another', async () => {
    const found = await inspect(token, [OTHER], trust);
    expect(found.checks[0]).to.deep.include({ status: 'failed', reason: 'not-the-file-of-this-proof' });
    expect(exitCodeOf(found)).to.equal(1);
  });

  it('is nobody’s word without a policy, and a stranger’s under one that does not name the root', async () => {
    const [without, stranger] = [await inspect(token, [FILE], NO_POLICY), await inspect(token, [FILE], trusting())];
    expect([without.conclusion, stranger.conclusion]).to.deep.equal(['no-policy', 'incomplete']);
    expect(outcomes(stranger)[1]).to.equal('rfc3161 not-checked untrusted-key');
    expect([...without.times, ...stranger.times]).to.deep.equal([]);
  });

  it('says when the authority refused', async () => {
    const rejection = Buffer.from('300a3008020102030302000 4'.replaceAll(' ', ''), 'hex');
    const found = await inspect(rejection, [FILE], trust);
    expect(outcomes(found)).to.deep.equal(['rfc3161 failed not-granted']);
    expect(exitCodeOf(found)).to.equal(1);
  });

  it('never passes with a bit flipped, and never crashes', async () => {
    await expectFlipsNoticed(token, 7, async (bytes) => {
      const kind = await recognise(new Blob([bytes as Uint8Array<ArrayBuffer>]));
      return kind === 'timestamp-token' && exitCodeOf(await inspect(bytes, [FILE], trust)) === 0;
    });
  });

  it('is a coded error when cut off', async () => {
    for (const length of [40, 200, token.length - 1]) {
      await rejectionOf(inspect(token.slice(0, length), [FILE], trust), 'invalid-der').catch((error: Error) => {
        // Cut before its content is named it is nothing that anyone would recognise.
        if (length !== 40) throw error;
      });
    }
  });

  it('is judged for a signer that may not stamp', async () => {
    const wrong = issue({ name: 'Not an authority', issuer: root, purposes: [] } as never);
    const found = await inspect(makeToken({ signer: wrong, message: FILE, embedded: [wrong] }), [FILE], trust);
    expect(found.conclusion).to.equal('failed');
  });
});

describe('timestamp responses of real authorities', () => {
  const folder = thirdPartyVectors('rfc3161/test/fixtures');
  before(function () {
    if (folder === undefined) this.skip();
  });
  const read = (file: string) => new Uint8Array(readFileSync(`${folder}/${file}`));
  const rootOf = (name: string) => {
    const pem = readFileSync(`${folder}/${name}/ts_chain.pem`, 'latin1');
    return [...pem.matchAll(/-----BEGIN CERTIFICATE-----([^-]+)/g)].map((m) => Buffer.from(m[1] as string, 'base64'));
  };

  for (const [file, chain, exitCode] of [
    ['sigstage/response-sha256.tsr', 'sigstage', 0],
    ['sigstage/response-sha384.tsr', 'sigstage', 0],
    ['sigstage/response-sha512.tsr', 'sigstage', 0],
    ['sigstage/response-invalid-signature.tsr', 'sigstage', 1],
    ['test_tsa/response.tsr', 'test_tsa', 0],
    ['test_tsa/response.tsr', 'sigstage', 2],
  ] as const) {
    it(`${file} under ${chain}: exit code ${exitCode}`, async () => {
      const trust = trusting({ authorities: rootOf(chain).map((der) => authority(der)) });
      const found = await inspect(read(file), [Buffer.from('hello')], trust);
      expect(outcomes(found)[0]).to.match(/^file\.digest .* passed$/);
      expect(exitCodeOf(found), outcomes(found).join('\n')).to.equal(exitCode);
    });
  }

  it('sigstage/response-no-embedded-cert.tsr needs its certificate beside it, whichever way that is spelled', async () => {
    const token = read('sigstage/response-no-embedded-cert.tsr');
    const [root] = rootOf('sigstage').slice(-1) as [Buffer];
    const trust = trusting({ authorities: [authority(root)] });
    const hello = Buffer.from('hello');
    const alone = await inspect(token, [hello], trust);
    expect(outcomes(alone)[1]).to.equal('rfc3161 not-checked absent');
    expect(exitCodeOf(alone)).to.equal(2);
    const pem = new Uint8Array(readFileSync(`${folder}/sigstage/ts_chain.pem`));
    for (const beside of [[pem], rootOf('sigstage')]) {
      const found = await inspect(token, [hello, ...beside], trust);
      expect(exitCodeOf(found), outcomes(found).join('\n')).to.equal(0);
    }
  });
});

describe('an .ots file of others', () => {
  const digest = new Uint8Array(createHash('sha256').update(FILE).digest());
  const bitcoin = new StandInBitcoin();
  const height = bitcoin.mine(new Uint8Array(createHash('sha256').update(digest).digest()), 1_790_000_000);
  const attested = { branches: [{ attestation: { kind: 'bitcoin', height } as const }] };
  const proof = encodeDetachedTimestamp({ digest, timestamp: chainOf([{ kind: 'sha256' }], attested) });
  const trust = trusting({ bitcoin: { independent: true, headers: bitcoin.headers() } });

  it('proves the file beside it by a block that the reader knows', async () => {
    const found = await inspect(proof, [FILE], trust);
    expect(found.subject.kind).to.equal('opentimestamps');
    expect(found.times.map(({ independent }) => independent)).to.deep.equal([true]);
    expect(exitCodeOf(found)).to.equal(0);
  });

  it('names the block that nobody confirms', async () => {
    const found = await inspect(proof, [FILE], trusting());
    expect(found.checks[1]).to.deep.include({ name: 'opentimestamps', status: 'not-checked', because: 'offline' });
    expect(exitCodeOf(found)).to.equal(2);
  });

  it('is pending at a calendar, whose address is the proof’s own word', async () => {
    const pending = { branches: [{ attestation: { kind: 'pending', uri: 'https://a.example.org' } as const }] };
    const bytes = encodeDetachedTimestamp({ digest, timestamp: chainOf([{ kind: 'sha256' }], pending) });
    const found = await inspect(bytes, [FILE], trust);
    expect(found.checks[1]?.status).to.equal('pending');
    expect(found.statements).to.deep.equal([{ by: 'calendar', field: 'pending', value: 'https://a.example.org' }]);
  });

  it('names kinds of attestations that it does not know', async () => {
    const unknown = { kind: 'unknown', tag: Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8), payload: randomBytes(4) } as const;
    const bytes = encodeDetachedTimestamp({ digest, timestamp: { branches: [{ attestation: unknown }] } });
    const found = await inspect(bytes, [FILE], trust);
    expect(outcomes(found)[1]).to.equal('opentimestamps not-checked unsupported');
    expect(found.statements[0]).to.deep.include({ field: 'unknown', value: '0102030405060708' });
  });

  it('never passes with a bit flipped', async () => {
    await expectFlipsNoticed(proof, 1, async (bytes) => {
      const kind = await recognise(new Blob([bytes as Uint8Array<ArrayBuffer>]));
      return kind === 'opentimestamps' && exitCodeOf(await inspect(bytes, [FILE], trust)) === 0;
    });
  });

  it('is a coded error when cut off or when something follows', async () => {
    await rejectionOf(inspect(proof.slice(0, -3), [FILE], trust), 'invalid-opentimestamps');
    await rejectionOf(inspect(Buffer.concat([proof, Buffer.from('x')]), [FILE], trust), 'trailing-bytes');
  });
});

describe('a .tlog-proof of others', () => {
  const origin = 'other.example.org/log';
  const log = generateKeyPairSync('ed25519');
  const publicKey = parseBase64Url(log.publicKey.export({ format: 'jwk' }).x as string);
  const vkey = encodeNoteKey(origin, publicKey);
  const leaves = [leafHash(randomBytes(5)), leafHash(FILE), leafHash(createHash('sha256').update(OTHER).digest())];
  const rootHash = rootFromLeafHashes(leaves);
  const note = encodeUtf8(signCheckpoint(origin, 3n, rootHash, log.privateKey, publicKey));
  const proofOf = (leafIndex: bigint, hashes: Uint8Array[], extra: Uint8Array | null = null, bytes = note) =>
    encodeTlogProof({ extra, leafIndex, hashes, checkpointBytes: bytes });
  const [first, second, third] = leaves as unknown as [Uint8Array, Uint8Array, Uint8Array];
  const ofFile = proofOf(1n, [first, third]);
  const ofDigest = proofOf(2n, [nodeHash(first as never, second as never)]);
  const trust = trusting({ logs: [{ origin, keys: [vkey], leaf0: encodeHex(first), contracts: [] }] });

  it('shows a file that is an entry, or whose SHA-256 is one', async () => {
    const [file, digest] = [await inspect(ofFile, [OTHER, FILE], trust), await inspect(ofDigest, [OTHER], trust)];
    expect(file.checks[0]?.facts.entry).to.equal('the file');
    expect(digest.checks[0]?.facts.entry).to.equal('SHA-256 of the file');
    expect([exitCodeOf(file), exitCodeOf(digest)]).to.deep.equal([0, 0]);
  });

  it('takes an entry that the proof brings along, and says that the file is open', async () => {
    const found = await inspect(proofOf(1n, [first, third], FILE), [], trust);
    expect(outcomes(found).slice(0, 2)).to.deep.equal(['log.entry passed', 'file.missing not-checked unsupported']);
    expect(exitCodeOf(found)).to.equal(2);
  });

  it('is contradicted by another file, and open without one', async () => {
    const [wrong, none] = [await inspect(ofFile, [OTHER], trust), await inspect(ofFile, [], trust)];
    expect(wrong.checks[0]).to.deep.include({ name: 'log.entry', status: 'failed', reason: 'root-mismatch' });
    expect(none.checks[0]).to.deep.include({ name: 'file.missing', status: 'not-checked' });
    expect(none.unmet).to.include('log.entry');
  });

  it('fails for a path that fits no tree of that size, whatever the entry is', async () => {
    const found = await inspect(proofOf(1n, [first]), [], trust);
    expect(found.checks[0]).to.deep.include({ name: 'log.entry', status: 'failed', reason: 'proof-too-short' });
  });

  it('trusts no log that the policy does not name, and refuses a signature that does not fit', async () => {
    const stranger = await inspect(ofFile, [FILE], trusting());
    expect(outcomes(stranger)).to.include.members([
      'log.origin not-checked untrusted-key',
      'log.signature not-checked untrusted-key',
    ]);
    const other = generateKeyPairSync('ed25519');
    const forged = encodeUtf8(signCheckpoint(origin, 3n, rootHash, other.privateKey, publicKey));
    const found = await inspect(proofOf(1n, [first, third], null, forged), [FILE], trust);
    expect(outcomes(found)).to.include('log.signature failed signature-invalid');
  });

  it('counts the witnesses of the policy', async () => {
    const pair = generateKeyPairSync('ed25519');
    const key = parseBase64Url(pair.publicKey.export({ format: 'jwk' }).x as string);
    const text = Buffer.from(note).toString('utf8').split('\n\n')[0] as string;
    const signature = new Uint8Array(sign(null, encodeCosignedMessage(`${text}\n`, 1_790_000_000), pair.privateKey));
    const line = encodeCosignatureLine({ name: 'w.example.org', publicKey: key }, 1_790_000_000, signature).trimEnd();
    const cosigned = proofOf(1n, [first, third], null, withCosignatures(note, [line]));
    const quorum = { keys: [encodeCosignatureKey('w.example.org', key)], quorum: 1 };
    const reader = trusting({ ...NOBODY, logs: trust.policy?.logs ?? [], witnesses: quorum });
    expect(exitCodeOf(await inspect(cosigned, [FILE], reader))).to.equal(0);
    const without = await inspect(ofFile, [FILE], reader);
    expect(without.unmet).to.deep.equal(['log.cosignatures']);
  });

  it('is a coded error when cut off', async () => {
    await rejectionOf(inspect(ofFile.slice(0, 60), [FILE], trust), 'invalid-tlog-proof');
  });
});
