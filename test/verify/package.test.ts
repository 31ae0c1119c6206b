import { BlobReader } from '@zip.js/zip.js';
import { expect } from 'chai';
import { renderCertificatePdf } from '../../src/certificate/pdf.ts';
import { signPdf } from '../../src/certificate/sign-pdf.ts';
import { CodedError } from '../../src/errors.ts';
import { encodeUtf8 } from '../../src/format/bytes.ts';
import {
  BAG_DECLARATION,
  encodeManifest,
  PACKAGE,
  type PackageSeal,
  parseManifest,
  parsePackageSeal,
} from '../../src/format/package.ts';
import { exitCodeOf, type Report } from '../../src/format/report.ts';
import { type PackagedFile, verifyPackage } from '../../src/verify/package.ts';
import { readPackage } from '../../src/verify/package-reader.ts';
import { verifyPdf } from '../../src/verify/pdf.ts';
import { openTrust, type Trust } from '../../src/verify/trust.ts';
import { digestOf } from '../../src/verify/verify.ts';
import { type EvidenceWorld, encodeObject, makeWorld } from '../support/evidence-world.ts';
import { digestsOf, startPackageHasher } from '../support/file-digests.ts';

async function makePdf(world: EvidenceWorld): Promise<Uint8Array> {
  const unsigned = await renderCertificatePdf(encodeObject(world.certificate), {
    verificationUrl: 'https://evidence.example.org/verify',
  });
  return signPdf(unsigned, world.sealingKey);
}

/** The file with other content, hashed again, as it would come out of a ZIP. */
function withBytes(path: string, bytes: Uint8Array): PackagedFile {
  const hasher = startPackageHasher();
  hasher.update(bytes);
  return { path, sizeBytes: bytes.length, ...hasher.finish(), bytes };
}

/** A whole bag, made by the rules of docs/formats/package.md and not by the code that writes packages. */
async function makeBag(world: EvidenceWorld, certificatePdf: Uint8Array): Promise<PackagedFile[]> {
  const payload = [
    withBytes(PACKAGE.certificatePdf, certificatePdf),
    withBytes(PACKAGE.certificateJson, encodeObject(world.certificate)),
    withBytes('data/proofs/checkpoint.txt', encodeUtf8(world.certificate.publications[0]?.checkpoint ?? '')),
    withBytes('data/verify.html', encodeUtf8('<!doctype html>')),
    withBytes('data/guide.txt', encodeUtf8('first get the verifier elsewhere')),
    ...world.files.map(({ bytes }, i) => withBytes(`${PACKAGE.originals}${i + 1}-file`, bytes)),
  ];
  const manifests = (['sha256', 'sha512'] as const).map((algorithm) =>
    withBytes(PACKAGE.manifests[algorithm], manifestOf(payload, algorithm)),
  );
  const seal = await world.sealer.seal<PackageSeal>({
    type: 'tiezheng/package/v1',
    certificate: digestOf(world.certificate),
    createdAt: '2026-11-22T03:30:00.000Z',
    manifests: { sha256: manifests[0]?.sha256 ?? '', sha512: manifests[1]?.sha256 ?? '' },
    seals: [],
  });
  const tags = [
    withBytes(PACKAGE.declaration, encodeUtf8(BAG_DECLARATION)),
    withBytes(PACKAGE.info, encodeUtf8('Bagging-Date: 2026-11-22\n')),
    ...manifests,
    withBytes(PACKAGE.seal, encodeObject(seal)),
  ];
  const tagManifests = (['sha256', 'sha512'] as const).map((algorithm) =>
    withBytes(PACKAGE.tagManifests[algorithm], manifestOf(tags, algorithm)),
  );
  return [...payload, ...tags, ...tagManifests];
}

function manifestOf(files: readonly PackagedFile[], algorithm: 'sha256' | 'sha512'): Uint8Array {
  return encodeManifest(new Map(files.map((file) => [file.path, file[algorithm]])));
}

function flipped(bytes: Uint8Array, at: number): Uint8Array {
  const copy = bytes.slice();
  copy[at] = (copy[at] as number) ^ 1;
  return copy;
}

describe('a package', () => {
  let world: EvidenceWorld;
  let stranger: EvidenceWorld;
  let trust: Trust;
  let pdf: Uint8Array;
  let files: PackagedFile[];

  before(async function () {
    this.timeout(60_000);
    world = await makeWorld();
    stranger = await makeWorld();
    trust = openTrust(encodeObject(world.policy), [], undefined);
    pdf = await makePdf(world);
    files = await makeBag(world, pdf);
  });

  const find = (path: string) => files.find((file) => file.path === path) as PackagedFile;
  const replaced = (path: string, bytes: Uint8Array) =>
    files.map((file) => (file.path === path ? withBytes(path, bytes) : file));
  const failures = (report: Report) =>
    report.since.flatMap((c) => (c.status === 'failed' ? [`${c.name} ${c.reason}`] : []));

  it('stands with the originals in it', async () => {
    const report = await verifyPackage(files, [], trust);
    expect(report.unmet).to.deep.equal([]);
    expect(exitCodeOf(report)).to.equal(0);
    expect(report.subject.kind).to.equal('package');
  });

  it('names what was changed in it', async () => {
    const original = files.find((f) => f.path.startsWith(PACKAGE.originals)) as PackagedFile;
    const changes: [what: string, changed: PackagedFile[], expected: string[]][] = [
      [
        'an original',
        replaced(original.path, flipped(original.bytes as Uint8Array, 3)),
        ['file.sha256 digest-mismatch', 'file.sm3 digest-mismatch', 'package.manifest file-changed'],
      ],
      ['the guide', replaced('data/guide.txt', Buffer.from('other')), ['package.manifest file-changed']],
      ['the verifier', replaced('data/verify.html', Buffer.from('other')), ['package.manifest file-changed']],
      ['the checkpoint', replaced('data/proofs/checkpoint.txt', Buffer.from('x')), ['package.manifest file-changed']],
      ['bag-info.txt', replaced(PACKAGE.info, Buffer.from('x')), ['package.manifest file-changed']],
      [
        'bagit.txt',
        replaced(PACKAGE.declaration, Buffer.from('BagIt-Version: 0.97\n')),
        ['package.manifest not-a-bag'],
      ],
      ['a file left out', files.filter((f) => f.path !== 'data/guide.txt'), ['package.manifest listed-file-missing']],
      [
        'a file added',
        [...files, withBytes('data/extra.exe', Buffer.from('MZ'))],
        ['package.extra file-not-in-the-manifest'],
      ],
      [
        'a path twice',
        [...files, withBytes('data/guide.txt', Buffer.from('two'))],
        ['package.manifest file-changed', 'package.extra path-twice-in-the-zip'],
      ],
      [
        'no PDF',
        files.filter((f) => f.path !== PACKAGE.certificatePdf),
        ['package.manifest listed-file-missing', 'pdf.matches no-pdf-in-the-package'],
      ],
      ['the seal', replaced(PACKAGE.seal, Buffer.from('{}')), ['package.manifest file-changed']],
    ];
    for (const [what, changed, expected] of changes) {
      const report = await verifyPackage(changed, [], trust);
      expect(failures(report).sort(), what).to.deep.equal(expected.sort());
      expect(exitCodeOf(report), what).to.equal(1);
    }
  });

  it('is noticed when every manifest below the seal was made anew', async () => {
    const guide = withBytes('data/guide.txt', Buffer.from('another guide'));
    expect(failures(await verifyPackage(rebuiltWith(guide), [], trust))).to.deep.equal([
      'package.manifest manifest-changed-after-sealing',
    ]);
  });

  it('is noticed when a stranger sealed manifests made anew', async () => {
    const guide = withBytes('data/guide.txt', Buffer.from('another guide'));
    const rebuilt = rebuiltWith(guide);
    const digest = (path: string) => rebuilt.find((f) => f.path === path)?.sha256 as string;
    const seal = await stranger.reseal({
      ...parsePackageSeal(find(PACKAGE.seal).bytes as Uint8Array),
      manifests: { sha256: digest(PACKAGE.manifests.sha256), sha512: digest(PACKAGE.manifests.sha512) },
    });
    const resealed = rebuiltWith(guide, withBytes(PACKAGE.seal, encodeObject(seal)));
    expect(failures(await verifyPackage(resealed, [], trust))).to.deep.equal([
      'package.manifest sealed-by-another-key',
    ]);
  });

  /** With these files in place of their namesakes, and all four manifests computed again. */
  function rebuiltWith(...changed: PackagedFile[]): PackagedFile[] {
    let all = files.map((file) => changed.find((c) => c.path === file.path) ?? file);
    for (const group of [PACKAGE.manifests, PACKAGE.tagManifests]) {
      for (const algorithm of ['sha256', 'sha512'] as const) {
        const manifest = parseManifest(find(group[algorithm]).bytes as Uint8Array, algorithm);
        for (const path of manifest.keys()) manifest.set(path, all.find((f) => f.path === path)?.[algorithm] as string);
        const made = withBytes(group[algorithm], encodeManifest(manifest));
        all = all.map((file) => (file.path === made.path ? made : file));
      }
    }
    return all;
  }

  it('that carries the paper of another certificate is noticed', async function () {
    this.timeout(30_000);
    const other = await makePdf(stranger);
    expect(failures(await verifyPackage(replaced(PACKAGE.certificatePdf, other), [], trust))).to.include(
      'pdf.matches carries-another-certificate',
    );
  });

  it('refuses what is no ZIP, or no package', async () => {
    const code = async (work: () => Promise<unknown>) => {
      try {
        await work();
      } catch (error) {
        if (error instanceof CodedError) return error.code;
        throw error;
      }
      return 'accepted';
    };
    const read = (bytes: Uint8Array<ArrayBuffer>) =>
      readPackage(new BlobReader(new Blob([bytes])), startPackageHasher, () => {});
    expect(await code(() => read(new Uint8Array(Buffer.from('PK\u0003\u0004 not really'))))).to.equal(
      'package-unreadable',
    );
    expect(await code(() => verifyPackage([], [], trust))).to.equal('unknown-type');
  });

  describe('its PDF', () => {
    const presented = () => world.files.map(({ bytes }) => ({ sizeBytes: bytes.length, ...digestsOf(bytes) }));

    it('stands alone with the files', async () => {
      const report = await verifyPdf(pdf, presented(), trust);
      expect(report.unmet).to.deep.equal([]);
      expect(report.subject.kind).to.equal('pdf');
    });

    it('is noticed when a byte is changed anywhere, or added', async () => {
      const text = Buffer.from(pdf).toString('latin1');
      const embedded = text.indexOf('/EmbeddedFile');
      const places = [20, Math.floor(pdf.length / 3), Math.floor(pdf.length / 2), pdf.length - 30, embedded - 30];
      for (const at of places) {
        const result = await reportOrCode(flipped(pdf, at));
        if (typeof result === 'string') continue;
        expect(exitCodeOf(result), `byte ${at}`).to.equal(1);
        expect(failures(result).join(), `byte ${at}`).to.contain('pdf.signature');
      }
      const longer = await reportOrCode(Buffer.concat([pdf, Buffer.from('\n')]));
      expect(failures(longer as Report)).to.include('pdf.signature signature-does-not-cover-the-file');
    });

    it('signed by another key than the one that sealed its data is noticed', async () => {
      const unsigned = await renderCertificatePdf(encodeObject(world.certificate), {
        verificationUrl: 'https://evidence.example.org/verify',
      });
      const report = (await reportOrCode(await signPdf(unsigned, stranger.sealingKey))) as Report;
      expect(failures(report)).to.deep.equal(['pdf.matches signed-by-another-key-than-the-seal']);
    }).timeout(30_000);

    it('without a signature is noticed', async () => {
      const unsigned = await renderCertificatePdf(encodeObject(world.certificate), {
        verificationUrl: 'https://evidence.example.org/verify',
      });
      expect(exitCodeOf((await reportOrCode(unsigned)) as Report)).to.equal(1);
    }).timeout(30_000);

    async function reportOrCode(bytes: Uint8Array): Promise<Report | string> {
      try {
        return await verifyPdf(bytes, presented(), trust);
      } catch (error) {
        if (error instanceof CodedError) return error.code;
        throw error;
      }
    }
  });
});
