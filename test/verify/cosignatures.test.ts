import { generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { expect } from 'chai';
import { parseBase64Url } from '../../src/format/bytes.ts';
import { encodeCosignatureKey, encodeCosignatureLine, encodeCosignedMessage } from '../../src/format/cosignature.ts';
import type { Check } from '../../src/format/report.ts';
import { checkCosignatures } from '../../src/verify/cosignatures.ts';
import { openTrust, type Trust } from '../../src/verify/trust.ts';
import { verifyCertificate } from '../../src/verify/verify.ts';
import { type EvidenceWorld, encodeObject, makeWorld } from '../support/evidence-world.ts';
import { digestsOf } from '../support/file-digests.ts';

const TEXT = 'log.example.org/2026\n5\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n';
const UNIX_S = Date.UTC(2026, 10, 22, 3, 5) / 1000;

interface Witness {
  name: string;
  publicKey: Uint8Array;
  privateKey: KeyObject;
  vkey: string;
}

function makeWitness(name: string): Witness {
  const pair = generateKeyPairSync('ed25519');
  const publicKey = parseBase64Url(pair.publicKey.export({ format: 'jwk' }).x as string);
  return { name, publicKey, privateKey: pair.privateKey, vkey: encodeCosignatureKey(name, publicKey) };
}

function cosign(witness: Witness, text: string, unixS = UNIX_S): string {
  const signature = new Uint8Array(sign(null, encodeCosignedMessage(text, unixS), witness.privateKey));
  return encodeCosignatureLine(witness, unixS, signature).slice(0, -1);
}

describe('checkCosignatures', () => {
  const [a, b, c] = ['a.example.org', 'b.example.org', 'c.example.org'].map(makeWitness) as [Witness, Witness, Witness];
  let world: EvidenceWorld;

  before(async () => {
    world = await makeWorld();
  });

  const trusting = (quorum: number, ...witnesses: Witness[]): Trust =>
    openTrust(
      encodeObject({ ...world.policy, witnesses: { keys: witnesses.map(({ vkey }) => vkey), quorum } }),
      [],
      undefined,
    );
  const check = (lines: string[], trust: Trust): Check => checkCosignatures(TEXT, lines, 'publication 1', trust);

  it('passes when the quorum cosigned, and shows who and when', () => {
    const found = check([cosign(a, TEXT), cosign(b, TEXT, UNIX_S + 1)], trusting(2, a, b, c));
    expect(found).to.deep.equal({
      name: 'log.cosignatures',
      about: 'publication 1',
      status: 'passed',
      facts: {
        present: '2',
        required: '2',
        witnesses: 'a.example.org 2026-11-22T03:05:00.000Z; b.example.org 2026-11-22T03:05:01.000Z',
      },
    });
  });

  it('is not checked when too few cosigned', () => {
    const found = check([cosign(a, TEXT)], trusting(2, a, b));
    expect(found).to.include({ status: 'not-checked', because: 'absent' });
    expect(found.facts).to.include({ present: '1', required: '2' });
  });

  it('counts a witness once, however often it signed and under however many names', () => {
    const alias: Witness = {
      ...a,
      name: 'alias.example.org',
      vkey: encodeCosignatureKey('alias.example.org', a.publicKey),
    };
    const lines = [cosign(a, TEXT), cosign(a, TEXT, UNIX_S + 9), cosign(alias, TEXT)];
    const found = check(lines, trusting(2, a, alias, b));
    expect(found).to.include({ status: 'not-checked', because: 'absent' });
    expect(found.facts).to.include({ present: '1', witnesses: 'a.example.org 2026-11-22T03:05:00.000Z' });
  });

  it('shows witnesses that the policy does not name, and does not count them', () => {
    expect(check([cosign(a, TEXT), cosign(c, TEXT)], trusting(1, a)).facts).to.include({
      present: '1',
      untrusted: 'c.example.org',
    });
    const strangers = check([cosign(c, TEXT)], trusting(0, a));
    expect(strangers).to.include({ status: 'not-checked', because: 'untrusted-key' });
    expect(check([cosign(c, TEXT)], trusting(1, a))).to.include({ status: 'not-checked', because: 'absent' });
  });

  it('does not judge the line of a stranger, valid or not', () => {
    expect(check([cosign(a, TEXT), cosign(c, 'something else\n')], trusting(1, a)).status).to.equal('passed');
    expect(check([cosign(a, TEXT), 'no line at all'], trusting(1, a)).facts.untrusted).to.equal('(unreadable line)');
  });

  it('fails when a trusted witness is shown with a line that does not verify, whoever else signed', () => {
    const found = check([cosign(a, TEXT), cosign(b, TEXT.replace('\n5\n', '\n6\n'))], trusting(1, a, b));
    expect(found).to.include({ status: 'failed', reason: 'cosignature-invalid' });
    expect(found.facts.invalid).to.equal('b.example.org');
  });

  it('is not checked, and required of nobody, where there is no line and no quorum', () => {
    expect(check([], trusting(0))).to.include({ status: 'not-checked', because: 'not-required' });
    const nobody = openTrust(undefined, [], undefined);
    expect(check([], nobody)).to.include({ because: 'not-required' });
    expect(check([cosign(a, TEXT)], nobody)).to.include({ because: 'no-policy' });
  });

  it('decides a certificate whose policy asks for a quorum, and leaves its times alone', async () => {
    const publication = world.certificate.publications[0] as (typeof world.certificate.publications)[0];
    const text = publication.checkpoint.slice(0, publication.checkpoint.indexOf('\n\n') + 1);
    const long = Date.UTC(2020, 0, 1) / 1000;
    const cosigned = await world.reseal({
      ...world.certificate,
      publications: [{ ...publication, cosignatures: [cosign(a, text, long), cosign(b, text, long)] }],
    });
    const files = world.files.map(({ bytes }) => ({ sizeBytes: bytes.length, ...digestsOf(bytes) }));
    const report = await verifyCertificate(encodeObject(cosigned), files, trusting(2, a, b));
    expect(report.unmet).to.deep.equal([]);
    expect(report.conclusion).to.equal('required-passed');
    const without = await verifyCertificate(encodeObject(world.certificate), files, trusting(2, a, b));
    expect(without.unmet).to.deep.equal(['log.cosignatures (publication 1)']);
    expect(without.conclusion).to.equal('incomplete');
    // A witness's clock is its own statement: it moves no time of the deposit.
    expect(report.times).to.deep.equal(without.times);
  });
});
