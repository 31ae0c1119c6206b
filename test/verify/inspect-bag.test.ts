import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { deflateRawSync } from 'node:zlib';
import { BlobReader } from '@zip.js/zip.js';
import { expect } from 'chai';
import { parseInspection } from '../../src/format/inspection.ts';
import { encodeJson, type JsonValue } from '../../src/format/json.ts';
import { exitCodeOf } from '../../src/format/report.ts';
import { inspectBag } from '../../src/verify/inspect/bag.ts';
import { recognise } from '../../src/verify/inspect/recognise.ts';
import { listZip } from '../../src/verify/package-reader.ts';
import { rejectionOf } from '../support/coded-error.ts';
import { bagOf, inspect, outcomes, zipOf } from '../support/desk.ts';
import { startHasher } from '../support/file-digests.ts';
import { useTemporaryFolder } from '../support/temporary-folder.ts';
import { trusting } from '../support/trust-policy.ts';

const PAYLOAD = { 'a.txt': 'hello\n', 'sub/中文 名.txt': '内容\n' };
const trust = trusting();
const look = async (files: Record<string, string>) => inspect(await zipOf(files), [], trust);

describe('a bag of others', () => {
  const folderOfTest = useTemporaryFolder();
  it('is whole, and vouched for by nobody', async () => {
    const found = await look(bagOf(PAYLOAD, ['md5', 'sha256', 'sha512']));
    expect(outcomes(found).filter((text) => !text.endsWith('passed'))).to.deep.equal(['bag.seal not-checked absent']);
    expect(found.unmet).to.deep.equal(['bag.seal']);
    expect(exitCodeOf(found)).to.equal(2);
    const md5 = found.checks.find(({ about }) => about === 'manifest-md5.txt');
    expect(md5?.facts.strength).to.equal('accidents only');
    expect(found.statements).to.deep.include({ by: 'bag', field: 'Source-Organization', value: 'Some archive' });
  });

  it('is the same bag in a folder of its own inside the ZIP, in another order, or unpacked', async () => {
    const files = bagOf(PAYLOAD);
    const nested = Object.fromEntries(
      Object.entries(files)
        .reverse()
        .map(([path, text]) => [`my bag/${path}`, text]),
    );
    const unpacked = Object.entries(files).map(([path, text]) => {
      const hasher = startHasher(['sha256']);
      hasher.update(Buffer.from(text));
      return {
        path,
        sizeBytes: Buffer.byteLength(text),
        digests: hasher.finish(),
        bytes: new Uint8Array(Buffer.from(text)),
      };
    });
    const flat = await look(files);
    expect(await look(nested)).to.deep.equal(flat);
    expect(inspectBag(unpacked).digest).to.equal(flat.subject.digest);
  });

  const MANIFEST = 'manifest-sha256.txt';
  const listed = (line: string) => (old: string) => `${old}${line}\n`;
  const declaration = createHash('sha256')
    .update('BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n')
    .digest('hex');
  const zeros = '0'.repeat(64);
  const changes: [what: string, path: string, to: null | ((old: string) => string), outcome: string][] = [
    ['a changed file', 'data/a.txt', () => 'hallo\n', `bag.manifest (${MANIFEST}) failed file-changed`],
    ['a missing file', 'data/a.txt', null, `bag.manifest (${MANIFEST}) failed listed-file-missing`],
    ['an extra file', 'data/b.txt', () => 'x', 'bag.extra failed file-not-in-the-manifest'],
    ['a changed tag file', 'bag-info.txt', listed('X: y'), 'bag.manifest (tagmanifest-sha256.txt) failed file-changed'],
    ['no manifest', MANIFEST, null, 'bag.manifest failed no-manifest'],
    ['a garbled manifest', MANIFEST, () => 'abc data/a.txt\n', `bag.manifest (${MANIFEST}) failed manifest-malformed`],
    [
      'a path out of the bag',
      MANIFEST,
      listed(`${zeros}  data/../../etc/passwd`),
      `bag.manifest (${MANIFEST}) failed path-leads-out-of-the-bag`,
    ],
    [
      'a tag file listed as payload',
      MANIFEST,
      listed(`${declaration}  bagit.txt`),
      `bag.manifest (${MANIFEST}) failed path-outside-the-payload`,
    ],
    [
      'a path listed with two digests',
      MANIFEST,
      listed(`${zeros}  data/a.txt`),
      `bag.manifest (${MANIFEST}) failed path-listed-twice`,
    ],
    ['a garbled declaration', 'bagit.txt', () => 'BagIt', 'bag.declaration failed declaration-malformed'],
    ['a wrong size stated', 'bag-info.txt', () => 'Payload-Oxum: 1.2\n', 'bag.tags failed payload-oxum-mismatch'],
    ['a garbled fetch.txt', 'fetch.txt', () => 'nothing\n', 'bag.fetch failed fetch-malformed'],
  ];
  for (const [what, path, to, outcome] of changes) {
    it(`fails for ${what}`, async () => {
      const files = bagOf(PAYLOAD);
      if (to === null) delete files[path];
      else files[path] = to(files[path] ?? '');
      const found = await look(files);
      expect(outcomes(found)).to.include(outcome);
      expect(exitCodeOf(found)).to.equal(1);
    });
  }

  it('names files that are still to be fetched, and fetches none', async () => {
    const files = bagOf(PAYLOAD);
    delete files['data/a.txt'];
    files['fetch.txt'] = 'https://archive.example.org/a 6 data/a.txt\n';
    const found = await look(files);
    expect(outcomes(found)).to.include('bag.fetch not-checked absent');
    const facts = found.checks.find(({ name }) => name === 'bag.fetch')?.facts;
    expect(facts?.files).to.equal('data/a.txt https://archive.example.org/a');
    expect(exitCodeOf(found)).to.equal(2);
  });

  it('names manifests of algorithms that it does not know, and tag files that nothing lists', async () => {
    const files = bagOf(PAYLOAD);
    files['manifest-blake3.txt'] = `${'0'.repeat(64)}  data/a.txt\n${'0'.repeat(64)}  data/sub/中文 名.txt\n`;
    files['notes.xml'] = '<a/>';
    const found = await look(files);
    expect(outcomes(found)).to.include('bag.manifest (manifest-blake3.txt) not-checked unsupported');
    const tags = found.checks.find(({ name }) => name === 'bag.tags');
    expect(tags?.facts.unlisted).to.equal('manifest-blake3.txt; notes.xml');
  });

  it('reads other spellings that the standard allows', async () => {
    const files = bagOf({ 'a.txt': 'hello\n', 'per%cent\n.txt': 'x' });
    const digest = (text: string) => createHash('sha256').update(text).digest('hex').toUpperCase();
    files['manifest-sha256.txt'] = `${digest('hello\n')} *./data/a.txt\r\n${digest('x')}\tdata/per%25cent%0A.txt\r\n`;
    delete files['tagmanifest-sha256.txt'];
    const found = await look(files);
    expect(outcomes(found)).to.include('bag.manifest (manifest-sha256.txt) passed');
    expect(outcomes(found)).to.include('bag.extra passed');
  });

  it('is a ZIP like any other without its declaration, and a damaged one when cut off', async () => {
    const files = bagOf(PAYLOAD);
    const zip = await zipOf(files);
    delete files['bagit.txt'];
    expect(await recognise(new Blob([(await zipOf(files)) as Uint8Array<ArrayBuffer>]))).to.equal(undefined);
    for (const length of [300, zip.length - 5]) {
      const cut = new Blob([zip.slice(0, length) as Uint8Array<ArrayBuffer>]);
      expect(await recognise(cut)).to.equal('package');
      await rejectionOf(listZip(new BlobReader(cut)), 'package-unreadable');
    }
  });

  it('is answered by the command alike from a folder and from a ZIP, and in words', async () => {
    const folder = folderOfTest();
    const files = bagOf(PAYLOAD, ['md5', 'sha512']);
    for (const [path, text] of Object.entries(files)) {
      mkdirSync(dirname(join(folder, 'bag', path)), { recursive: true });
      writeFileSync(join(folder, 'bag', path), text);
    }
    writeFileSync(join(folder, 'bag.zip'), await zipOf(files));
    const [unpacked, zipped] = ['bag', 'bag.zip'].map((name) => command('verify', join(folder, name), '--json'));
    expect(unpacked).to.deep.equal(zipped);
    expect(unpacked?.exitCode).to.equal(2);
    const { output } = command('verify', join(folder, 'bag'));
    expect(output).to.contain('could not check').and.to.contain('What would settle it').and.to.contain('bag.seal');
    symlinkSync('/etc/hostname', join(folder, 'bag', 'data', 'link'));
    const linked = command('verify', join(folder, 'bag'));
    expect(linked.exitCode).to.equal(3);
    expect(linked.output).to.contain('file-unreadable');
  });

  it('is reported in text that any reader can parse, whatever its paths are', async () => {
    const files = bagOf({ [`${'😀'.repeat(250)}.txt`]: 'a', '\u202egnp.txt': 'b' });
    for (const path of Object.keys(files)) if (path.startsWith('data/')) files[path] = 'changed';
    const found = await look({ ...files, [`data/${'x'.repeat(700)}`]: 'extra' });
    expect(found.conclusion).to.equal('failed');
    expect(parseInspection(encodeJson(found as unknown as JsonValue))).to.deep.equal(found);
  });

  it('is refused with a code if it has manifests without end', async () => {
    const files = bagOf(PAYLOAD);
    for (let i = 0; i < 40; i++) files[`manifest-x${i}.txt`] = '';
    await rejectionOf(look(files), 'invalid-manifest');
  });

  it('is not unpacked if it would fill the disk', async () => {
    // Two GiB of zeros in two MiB: sizes of the directory are believed before anything is unpacked.
    const bomb = zipWithStatedSize(2 ** 31 - 1);
    const source = new BlobReader(new Blob([bomb as Uint8Array<ArrayBuffer>]));
    await rejectionOf(listZip(source), 'package-expands-too-far');
  });
});

function command(...args: string[]): { exitCode: number | null; output: string } {
  const tiezheng = fileURLToPath(new URL('../../bin/tiezheng.mjs', import.meta.url));
  const { status, stdout, stderr } = spawnSync(process.execPath, [tiezheng, ...args], { encoding: 'utf8' });
  return { exitCode: status, output: status === 3 ? stderr : stdout };
}

/** One deflated file whose directory states this size. */
function zipWithStatedSize(sizeBytes: number): Buffer {
  const name = Buffer.from('bagit.txt');
  const data = deflateRawSync(Buffer.alloc(1000));
  const common = Buffer.alloc(26);
  common.writeUInt16LE(20, 0);
  common.writeUInt16LE(8, 4);
  common.writeUInt32LE(data.length, 14);
  common.writeUInt32LE(sizeBytes, 18);
  common.writeUInt16LE(name.length, 22);
  const local = Buffer.concat([Buffer.from('PK\u0003\u0004', 'latin1'), common, name, data]);
  const central = Buffer.concat([Buffer.from('PK\u0001\u0002\u0014\u0000', 'latin1'), common, Buffer.alloc(14), name]);
  const end = Buffer.alloc(22);
  end.write('PK\u0005\u0006', 'latin1');
  end.writeUInt16LE(1, 8);
  end.writeUInt16LE(1, 10);
  end.writeUInt32LE(central.length, 12);
  end.writeUInt32LE(local.length, 16);
  return Buffer.concat([local, central, end]);
}
