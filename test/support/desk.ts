import { createHash } from 'node:crypto';
import { BlobWriter, Uint8ArrayReader, ZipWriter } from '@zip.js/zip.js';
import type { Inspection } from '../../src/format/inspection.ts';
import { aidOf } from '../../src/verify/inspect/aid.ts';
import { bagAlgorithms } from '../../src/verify/inspect/bag.ts';
import { digestsAbout, isInspection, type Thing, verifyThing } from '../../src/verify/inspect/desk.ts';
import type { FileDigest, HeldFile } from '../../src/verify/inspect/held-file.ts';
import { isProof, readerOf, recognise } from '../../src/verify/inspect/recognise.ts';
import { listZip, readZip } from '../../src/verify/package-reader.ts';
import type { Trust } from '../../src/verify/trust.ts';
import { digestsOf, startHasher } from './file-digests.ts';

/** Recognised, opened, and held against the files, as page and command do it. @throws what the core throws */
export async function inspect(bytes: Uint8Array, files: Uint8Array[], trust: Trust): Promise<Inspection> {
  const blob = new Blob([bytes as Uint8Array<ArrayBuffer>]);
  const kind = await recognise(blob);
  if (kind === undefined || kind === 'policy') throw new Error(`recognised as ${kind}`);
  let thing: Thing;
  if (kind === 'package') throw new Error('a package is no inspection');
  if (kind === 'bag') {
    const algorithms = bagAlgorithms(await listZip(readerOf(blob)));
    const read = await readZip(
      readerOf(blob),
      () => startHasher(algorithms),
      () => {},
    );
    thing = { kind, files: read.map(({ entry, digests }) => ({ ...entry, digests })) };
  } else thing = { kind, bytes };
  const more = digestsAbout(thing);
  const held = await Promise.all(files.map((file) => holdFile(file, more)));
  const verdict = await verifyThing(thing, held, trust);
  if (!isInspection(verdict)) throw new Error(`a ${verdict.subject.kind} is ours`);
  return verdict;
}

async function holdFile(bytes: Uint8Array, more: readonly FileDigest[]): Promise<HeldFile> {
  const kind = await recognise(new Blob([bytes as Uint8Array<ArrayBuffer>]));
  const digests = Object.fromEntries(more.map((name) => [name, digestBy(name, bytes)]));
  return {
    sizeBytes: bytes.length,
    ...digestsOf(bytes),
    digests,
    isProof: isProof(kind),
    aid: await aidOf(new Uint8Array(bytes)),
  };
}

function digestBy(name: FileDigest, bytes: Uint8Array): string {
  if (name === 'leaf') return createHash('sha256').update(Uint8Array.of(0)).update(bytes).digest('hex');
  return createHash(name).update(bytes).digest('hex');
}

/** `name status` of every check, with its cause. */
export function outcomes({ checks }: Inspection): string[] {
  return checks.map((check) => {
    const cause =
      check.status === 'failed' ? ` ${check.reason}` : check.status === 'not-checked' ? ` ${check.because}` : '';
    return `${check.name}${check.about === null ? '' : ` (${check.about.slice(0, 24)})`} ${check.status}${cause}`;
  });
}

export async function zipOf(files: Record<string, Uint8Array | string>): Promise<Uint8Array> {
  const zip = new ZipWriter(new BlobWriter());
  for (const [path, content] of Object.entries(files)) {
    await zip.add(path, new Uint8ArrayReader(typeof content === 'string' ? Buffer.from(content) : content));
  }
  return new Uint8Array(await (await zip.close()).arrayBuffer());
}

/** A bag as RFC 8493 asks for it, of somebody's own tool. */
export function bagOf(payload: Record<string, string>, algorithms = ['sha256']): Record<string, string> {
  const digest = (algorithm: string, text: string) => createHash(algorithm).update(text).digest('hex');
  const manifestOf = (algorithm: string, files: Record<string, string>) =>
    Object.entries(files)
      .map(([path, text]) => `${digest(algorithm, text)}  ${path}\n`)
      .join('');
  const data = Object.fromEntries(Object.entries(payload).map(([path, text]) => [`data/${path}`, text]));
  const octets = Object.values(payload).reduce((sum, text) => sum + Buffer.byteLength(text), 0);
  const tags: Record<string, string> = {
    'bagit.txt': 'BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n',
    'bag-info.txt': `Source-Organization: Some archive\nPayload-Oxum: ${octets}.${Object.keys(payload).length}\n`,
  };
  for (const algorithm of algorithms) tags[`manifest-${algorithm}.txt`] = manifestOf(algorithm, data);
  for (const algorithm of algorithms) tags[`tagmanifest-${algorithm}.txt`] = manifestOf(algorithm, tags);
  return { ...tags, ...data };
}
