import { expect } from 'chai';
import { FormatError } from '../../src/errors.ts';
import { encodeUtf8 } from '../../src/format/bytes.ts';
import { parseCertificate } from '../../src/format/certificate.ts';
import { parseDepositRecord, parseFileEntry } from '../../src/format/deposit.ts';
import { parseManifest } from '../../src/format/package.ts';
import { parsePolicy } from '../../src/format/policy.ts';
import { parseReceipt } from '../../src/format/receipt.ts';
import { type EvidenceWorld, encodeObject, makeWorld } from '../support/evidence-world.ts';

function codeOf(work: () => unknown): string {
  try {
    work();
  } catch (error) {
    if (error instanceof FormatError) return `${error.code} ${error.message}`;
    throw error;
  }
  return 'accepted';
}

describe('parsers of version 1', () => {
  let world: EvidenceWorld;
  before(async () => {
    world = await makeWorld({ treeSize: 50 });
  });

  it('give back what was encoded', () => {
    expect(parseCertificate(encodeObject(world.certificate))).to.deep.equal(world.certificate);
    expect(parseReceipt(encodeObject(world.receipt))).to.deep.equal(world.receipt);
    expect(parseDepositRecord(encodeObject(world.certificate.record))).to.deep.equal(world.certificate.record);
    expect(parsePolicy(encodeUtf8(JSON.stringify(world.policy, null, 2)))).to.deep.equal(world.policy);
  });

  it('refuse another type, an unknown member, a missing one, and name the place', () => {
    const { record } = world.certificate;
    const parse = (value: object) => codeOf(() => parseDepositRecord(encodeObject(value)));
    expect(parse({ ...record, type: 'tiezheng/deposit/v2' })).to.match(/^unknown-type .*deposit\/v2/);
    expect(parse({ ...record, extra: 1 })).to.match(/^invalid-field .*extra/);
    const { salt: _, ...unsalted } = record;
    expect(parse(unsalted)).to.match(/^invalid-field salt/);
    expect(codeOf(() => parseCertificate(encodeObject({ ...world.certificate, publications: [] })))).to.match(
      /^invalid-field publications/,
    );
  });

  it('refuse second spellings of fields', () => {
    const { record } = world.certificate;
    const changes: [object, RegExp][] = [
      [{ receivedAt: '2026-11-22T03:04:05Z' }, /receivedAt/],
      [{ receivedAt: '2026-11-22T03:04:05.678+00:00' }, /receivedAt/],
      [{ receivedAt: '2026-02-30T03:04:05.678Z' }, /receivedAt/],
      [{ receivedAt: '2026-11-22T24:00:00.000Z' }, /receivedAt/],
      [{ salt: record.salt.toUpperCase() }, /salt/],
      [{ salt: `0x${record.salt}` }, /salt/],
      [{ depositId: record.depositId.toUpperCase() }, /depositId/],
      [{ notBefore: { chain: 'eip155:01', blockHash: record.notBefore?.blockHash } }, /notBefore.chain/],
      [{ files: { count: 0, root: record.files.root } }, /files.count/],
      [{ files: { count: 1001, root: record.files.root } }, /files.count/],
    ];
    for (const [change, path] of changes) {
      expect(codeOf(() => parseDepositRecord(encodeObject({ ...record, ...change })))).to.match(path);
    }
  });

  it('refuse a computed entry without both digests and a media type, and take a declared one', () => {
    const { entry } = world.certificate.files[0]!;
    const withoutSm3 = { ...entry, digests: { ...entry.digests, sm3: null } };
    expect(codeOf(() => parseFileEntry(encodeObject(withoutSm3)))).to.match(/^invalid-field/);
    const declared = { ...withoutSm3, digestSource: 'declared', mediaType: null };
    expect(codeOf(() => parseFileEntry(encodeObject(declared)))).to.equal('accepted');
  });

  it('refuse more bytes than their bound before reading them', () => {
    expect(codeOf(() => parseDepositRecord(new Uint8Array(5000)))).to.match(/^too-large/);
    expect(codeOf(() => parseCertificate(new Uint8Array(9 * 1024 * 1024)))).to.match(/^too-large/);
  });
});

describe('parseManifest', () => {
  const digest = 'a'.repeat(64);
  const parse = (text: string) => codeOf(() => parseManifest(encodeUtf8(text), 'sha256'));

  it('reads digest, two spaces and path', () => {
    expect([...parseManifest(encodeUtf8(`${digest}  data/a b.txt\n`), 'sha256')]).to.deep.equal([
      ['data/a b.txt', digest],
    ]);
  });

  it('refuses everything else', () => {
    const bad = [
      `${digest}  data/a`,
      `${digest} data/a\n`,
      `${digest}   data/a\n`,
      `${digest.toUpperCase()}  data/a\n`,
      `${digest.slice(2)}  data/a\n`,
      `${digest}${digest}  data/a\n`,
      `${digest}  data/a\n${digest}  data/a\n`,
      `${digest}  data/../a\n`,
      `${digest}  /etc/passwd\n`,
      `${digest}  data//a\n`,
      `${digest}  data\\a\n`,
      `${digest}  C:/a\n`,
      `${digest}  data/a\u0000b\n`,
      `${digest}  ${'x'.repeat(1025)}\n`,
      '\n',
    ];
    for (const text of bad) expect(parse(text), JSON.stringify(text.slice(60))).to.match(/^invalid-manifest/);
  });
});
