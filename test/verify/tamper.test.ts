import { expect } from 'chai';
import { CodedError } from '../../src/errors.ts';
import { encodeHex } from '../../src/format/bytes.ts';
import type { Certificate } from '../../src/format/certificate.ts';
import { commit } from '../../src/format/commitment.ts';
import type { Report } from '../../src/format/report.ts';
import { exitCodeOf } from '../../src/format/report.ts';
import { fileLeafData } from '../../src/format/spine.ts';
import { leafHash, nodeHash } from '../../src/merkle/hash.ts';
import { inclusionProof, rootFromLeafHashes } from '../../src/merkle/tree.ts';
import { openTrust, type Trust } from '../../src/verify/trust.ts';
import { verifyCertificate } from '../../src/verify/verify.ts';
import { type EvidenceWorld, encodeObject, makeWorld } from '../support/evidence-world.ts';
import { digestsOf } from '../support/file-digests.ts';

type Path = (string | number)[];

/** Which check answers for a field, by the longest path that begins it; `statement` fields are only somebody's word. */
const ANSWERS: [prefix: string, check: string][] = [
  ['claims.', 'statement'],
  ['record.', 'log.inclusion'],
  ['record.depositId', 'record.commitment'],
  ['record.files.root', 'log.inclusion'],
  ['record.notBefore.', 'log.inclusion'],
  // One file less is opened, so the reader's third file is a stranger's.
  ['files', 'file.sha256'],
  ['files.*.entry.', 'log.inclusion'],
  ['files.*.entry.depositId', 'record.commitment'],
  ['files.*.entry.index', 'file.path'],
  ['files.*.name.', 'log.inclusion'],
  ['files.*.path', 'file.path'],
  ['annexes.', 'log.inclusion'],
  ['annexes.*.depositId', 'record.commitment'],
  ['log.origin', 'log.origin'],
  ['log.leafIndex', 'log.inclusion'],
  ['log.keys', 'hint'],
  ['notBeforeHeader', 'evm.notBefore'],
  ['publications', 'evm.receipt'],
  ['publications.*.checkpoint', 'log.signature'],
  ['publications.*.inclusionProof', 'log.inclusion'],
  ['publications.*.cosignatures', 'hint'],
  ['publications.*.attestations', 'evm.receipt'],
  ['publications.*.attestations.*.chain', 'evm.canonical'],
  ['publications.*.attestations.*.contract', 'evm.receipt'],
  ['publications.*.attestations.*.blockHash', 'evm.receipt'],
  ['publications.*.attestations.*.header', 'evm.receipt'],
  ['publications.*.attestations.*.claims.', 'statement'],
];

function answerFor(path: Path): string {
  const key = path.map((p) => (typeof p === 'number' || p === 'depositor' || p === 'statement' ? '*' : p)).join('.');
  const fitting = ANSWERS.filter(([prefix]) => key === prefix || key.startsWith(prefix));
  const longest = fitting.sort(([a], [b]) => b.length - a.length)[0];
  if (longest === undefined) throw new Error(`no check answers for ${key}`);
  return longest[1];
}

/** Every scalar of the certificate below `seals`, and every array as a whole. */
function* fieldsOf(value: unknown, path: Path = []): Generator<Path> {
  if (path[0] === 'seals' || path.at(-1) === 'type') return;
  if (Array.isArray(value)) {
    if (value.length > 0) yield path;
    for (const [i, item] of value.entries()) yield* fieldsOf(item, [...path, i]);
  } else if (typeof value === 'object' && value !== null) {
    for (const [key, item] of Object.entries(value)) yield* fieldsOf(item, [...path, key]);
  } else if (value !== null) yield path;
}

/** The smallest change that keeps the field's form: another digit, one more, the last item gone. */
function changed(value: unknown): unknown {
  if (Array.isArray(value)) return value.slice(0, -1);
  if (typeof value === 'number') return value + 1;
  if (typeof value === 'boolean') return !value;
  const text = value as string;
  if (/^\d{4}-\d\d-\d\dT/.test(text)) return text.replace(/\.\d{3}Z$/, '.001Z');
  if (text === 'final') return 'pending';
  if (text === 'organisation') return 'person';
  if (text === 'computed') return 'declared';
  if (text.startsWith('eip155:')) return `${text}7`;
  if (text.includes('\n')) return text.replace('\n1000\n', '\n1001\n');
  const at = Math.max(2, Math.floor(text.length / 2));
  const digit = text[at] as string;
  const other = digit === '1' ? '2' : '1';
  if (at >= text.length) return `${text}1`;
  return text.slice(0, at) + other + text.slice(at + 1);
}

function withChange(certificate: Certificate, path: Path): Certificate {
  const copy = structuredClone(certificate);
  let parent = copy as unknown as Record<string | number, unknown>;
  for (const key of path.slice(0, -1)) parent = parent[key] as Record<string | number, unknown>;
  const last = path.at(-1) as string | number;
  parent[last] = changed(parent[last]);
  return copy;
}

/** What an operator with the sealing key can do: recompute every hash below the signed checkpoint, and seal again. */
async function rebuilt(world: EvidenceWorld, certificate: Certificate, path: Path): Promise<Certificate> {
  const copy = structuredClone(certificate);
  for (const name of ['depositor', 'statement'] as const) {
    const annex = copy.annexes[name];
    if (annex !== undefined && !(path[0] === 'record' && path[1] === 'annexes'))
      copy.record.annexes[name] = encodeHex(commit(annex));
  }
  for (const file of copy.files) {
    if (file.name !== null && path[3] !== 'nameCommitment') file.entry.nameCommitment = encodeHex(commit(file.name));
  }
  const isPath = path[0] === 'files' && path[2] === 'path';
  const wasRoot = path[0] === 'record' && path[1] === 'files';
  if (!isPath && !wasRoot && copy.files.length === 3) {
    const hashes = copy.files.map((f) => leafHash(fileLeafData(f.entry)));
    copy.record.files.root = encodeHex(rootFromLeafHashes(hashes));
    const read = (level: number, index: bigint): never =>
      (level === 0
        ? hashes[Number(index)]
        : nodeHash(read(level - 1, index * 2n), read(level - 1, index * 2n + 1n))) as never;
    for (const [i, file] of copy.files.entries()) {
      file.path = (await inclusionProof(BigInt(i), 3n, read)).map(encodeHex);
    }
  }
  return world.reseal(copy);
}

describe('a certificate in which one field is changed', () => {
  let world: EvidenceWorld;
  let stranger: EvidenceWorld;
  let trust: Trust;
  let untouched: Report;
  let paths: Path[];

  before(async () => {
    world = await makeWorld();
    stranger = await makeWorld();
    trust = openTrust(encodeObject(world.policy), [], undefined);
    untouched = (await verdict(world.certificate)) as Report;
    paths = [...fieldsOf(world.certificate)];
  });

  const presented = () => world.files.map(({ bytes }) => ({ sizeBytes: bytes.length, ...digestsOf(bytes) }));

  /** A report, or the code with which the parser refused. Anything else that is thrown fails the test. */
  async function verdict(certificate: Certificate): Promise<Report | string> {
    try {
      return await verifyCertificate(encodeObject(certificate), presented(), trust);
    } catch (error) {
      if (error instanceof CodedError) return error.code;
      throw error;
    }
  }

  it('covers at least 80 fields', () => {
    expect(exitCodeOf(untouched)).to.equal(0);
    expect(paths.length).to.be.greaterThan(80);
  });

  it('as is: fails the seal or is refused by the parser, whatever the field', async () => {
    for (const path of paths) {
      const result = await verdict(withChange(world.certificate, path));
      if (typeof result === 'string') continue;
      const seal = result.since.find((c) => c.name === 'seal');
      expect(seal, path.join('.')).to.deep.include({ status: 'failed', reason: 'signature-invalid' });
      expect(exitCodeOf(result)).to.equal(1);
    }
  }).timeout(60_000);

  it('sealed again by a stranger: says that the seal is nobody we trust', async () => {
    for (const path of paths) {
      const forged = await stranger.reseal(withChange(world.certificate, path));
      const result = await verdict(forged);
      if (typeof result === 'string') continue;
      const seal = result.since.find((c) => c.name === 'seal');
      expect(seal, path.join('.')).to.deep.include({ status: 'not-checked', because: 'untrusted-key' });
      expect(exitCodeOf(result)).to.not.equal(0);
    }
  }).timeout(60_000);

  it('sealed again by the service with every hash below the checkpoint recomputed: the named check still does not pass', async () => {
    for (const path of paths) {
      const label = path.join('.');
      const answer = answerFor(path);
      const result = await verdict(await rebuilt(world, withChange(world.certificate, path), path));
      if (typeof result === 'string') continue;
      if (answer === 'statement') {
        expect(exitCodeOf(result), label).to.equal(0);
        expect(result.statements, `${label} is reported as a statement`).to.not.deep.equal(untouched.statements);
        continue;
      }
      if (answer === 'hint') {
        expect(exitCodeOf(result), label).to.equal(0);
        continue;
      }
      expect(exitCodeOf(result), label).to.not.equal(0);
      const named = result.since.filter((c) => c.name === answer);
      expect(
        named.some((c) => c.status !== 'passed') || result.unmet.includes(answer),
        `${label}: ${answer} is ${named.map((c) => c.status).join(', ')}; failed: ${result.since
          .filter((c) => c.status === 'failed')
          .map((c) => c.name)
          .join(', ')}`,
      ).to.equal(true);
    }
  }).timeout(60_000);
});
