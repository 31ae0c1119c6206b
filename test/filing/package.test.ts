import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import { setTimeout as wait } from 'node:timers/promises';
import { BlobReader } from '@zip.js/zip.js';
import { expect } from 'chai';
import { type PackageContent, type PackagedOriginal, writePackage } from '../../src/filing/package.ts';
import { PACKAGE, parseManifest } from '../../src/format/package.ts';
import { depositLeafData } from '../../src/format/spine.ts';
import { parseTlogProof } from '../../src/format/tlog-proof.ts';
import { leafHash } from '../../src/merkle/hash.ts';
import { verifyInclusion } from '../../src/merkle/inclusion.ts';
import { readPackage } from '../../src/verify/package-reader.ts';
import { NO_MATERIAL } from '../../src/verify/timestamp.ts';
import { type EvidenceWorld, encodeObject, makeWorld } from '../support/evidence-world.ts';
import { startPackageHasher } from '../support/file-digests.ts';

const CREATED_AT = Date.UTC(2026, 10, 22, 17, 30);

describe('writePackage', () => {
  let world: EvidenceWorld;
  before(async () => {
    world = await makeWorld();
  });

  const original = (index: number, content: Buffer): PackagedOriginal => ({
    index,
    name: `${index}.bin`,
    sizeBytes: content.length,
    sha256: createHash('sha256').update(content).digest('hex'),
    open: async () => Readable.from([content]),
  });
  const content = (originals: readonly PackagedOriginal[]): PackageContent => ({
    certificate: world.certificate,
    certificateJson: encodeObject(world.certificate),
    certificatePdf: Buffer.from('%PDF-'),
    originals,
    fileProofs: [],
    evidenceRecords: [],
    tokenMaterial: NO_MATERIAL,
    verifier: Buffer.from('<!doctype html>'),
    createdAtMs: CREATED_AT,
  });

  it('lists in both manifests exactly what lies below data/, and says how much that is', async () => {
    const chunks: Uint8Array<ArrayBuffer>[] = [];
    const sink = new WritableStream<Uint8Array>({ write: (chunk) => void chunks.push(chunk.slice()) });
    const originals = [original(0, Buffer.alloc(3_000_000, 1)), original(2, Buffer.alloc(0))];
    await writePackage(content(originals), world.sealer, sink);
    const files = await readPackage(new BlobReader(new Blob(chunks)), startPackageHasher, () => {});
    const below = files.filter(({ path }) => path.startsWith('data/'));
    expect(below.map(({ path }) => path)).to.include.members(['data/originals/1-0.bin', 'data/originals/3-2.bin']);
    for (const algorithm of ['sha256', 'sha512'] as const) {
      const bytes = files.find(({ path }) => path === PACKAGE.manifests[algorithm])?.bytes as Uint8Array;
      const listed = [...parseManifest(bytes, algorithm)];
      expect(listed).to.have.deep.members(below.map((file) => [file.path, file[algorithm]]));
    }
    const info = Buffer.from(files.find(({ path }) => path === PACKAGE.info)?.bytes as Uint8Array).toString();
    const total = below.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
    expect(info).to.include(`Payload-Oxum: ${total}.${below.length}\n`).and.include('Bagging-Date: 2026-11-23\n');
  });

  it('holds a proof of inclusion for each checkpoint, with the lines of those who cosigned it', async () => {
    const chunks: Uint8Array<ArrayBuffer>[] = [];
    const sink = new WritableStream<Uint8Array>({ write: (chunk) => void chunks.push(chunk.slice()) });
    const line =
      '— w.example.org jWbPPwAAAABkGFDLEZMHwSRaJNiIDoe9DYn/zXcrtPHeolMI5OWXEhZCB9dlrDJsX3b2oyin1nPZqhf5nNo0xUe+mbIUBkBIfZ+qnA==';
    const [publication] = world.certificate.publications as [(typeof world.certificate.publications)[0]];
    const cosigned = { ...world.certificate, publications: [publication, { ...publication, cosignatures: [line] }] };
    await writePackage({ ...content([]), certificate: cosigned }, world.sealer, sink);
    const files = await readPackage(new BlobReader(new Blob(chunks)), startPackageHasher, () => {});
    const leaf = leafHash(depositLeafData(world.certificate.record));
    for (const [name, lines] of [
      ['checkpoint', 1],
      ['checkpoint-2', 2],
    ] as const) {
      const proof = parseTlogProof(
        files.find(({ path }) => path === `data/proofs/${name}.tlog-proof`)?.bytes as Uint8Array,
      );
      const { treeSize, rootHash, note } = proof.checkpoint;
      verifyInclusion(leaf, { leafIndex: proof.leafIndex, treeSize, hashes: proof.hashes }, rootHash);
      expect(note.signatures).to.have.length(lines);
    }
  });

  const endless = (onClose: () => void) => {
    const stream = new Readable({ read: () => void setImmediate(() => stream.push(Buffer.alloc(65_536))) });
    return stream.on('close', onClose);
  };
  const failing = (): Readable => {
    let left = 3;
    const stream = new Readable({
      read: () =>
        void (left-- > 0 ? stream.push(Buffer.alloc(65_536)) : stream.destroy(new Error('segment 3 is corrupt'))),
    });
    return stream;
  };

  for (const [what, broken, message] of [
    ['another content than certified', { sha256: '00'.repeat(32) }, /has SHA-256 [0-9a-f]{64}, not 0000/],
    ['no object', { open: () => Promise.reject(new Error('not in the store')) }, /not in the store/],
    ['an object that breaks off', { open: async () => failing() }, /segment 3 is corrupt/],
  ] as const) {
    it(`aborts the sink, and never closes it, when the store gives ${what}`, async () => {
      let end = 'open';
      const sink = new WritableStream<Uint8Array>({
        abort: () => {
          end = 'aborted';
        },
        close: () => {
          end = 'closed';
        },
      });
      const one = { ...original(0, Buffer.from('content')), ...broken };
      const error = await writePackage(content([one]), world.sealer, sink).catch((e: unknown) => e);
      expect((error as Error).message).to.match(message);
      expect(end).to.equal('aborted');
    });
  }

  it('stops reading the store when the reader of the package goes away', async () => {
    let closed = false;
    const endlessOriginal = {
      ...original(0, Buffer.alloc(0)),
      open: async () =>
        endless(() => {
          closed = true;
        }),
    };
    let received = 0;
    const sink = new WritableStream<Uint8Array>({
      write: (chunk) => {
        received += chunk.length;
        if (received > 2_000_000) throw new Error('connection reset');
      },
    });
    const error = await writePackage(content([endlessOriginal]), world.sealer, sink).catch((e: unknown) => e);
    expect((error as Error).message).to.equal('connection reset');
    await wait(50);
    expect(closed).to.equal(true);
  });
});
