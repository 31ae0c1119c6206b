import { CodedError } from '../../errors.ts';
import { certificatesIn } from '../../format/pem.ts';
import { aidOf, MAX_AID_BYTES } from '../../verify/inspect/aid.ts';
import { digestsAbout, type Thing, type Verdict, verifyThing } from '../../verify/inspect/desk.ts';
import type { FileDigest, HeldFile } from '../../verify/inspect/held-file.ts';
import { isProof } from '../../verify/inspect/recognise.ts';
import { openPolicy } from '../../verify/signed-policy.ts';
import { openTrust, type Trust } from '../../verify/trust.ts';
import { runLocally } from './local-worker.ts';
import { filesNamedIn, type NamedFile } from './named-files.ts';
import { bytesOf, kindOf, type Subject } from './presented-input.ts';

export interface VerificationInput {
  subjects: readonly Subject[];
  originals: readonly File[];
  /** The policy, and beside it the X.509 certificates of whom the reader lets sign it. */
  policy: readonly File[];
  /** Blocks that the reader confirmed himself, `0x…` or `eip155:1/0x…`. */
  trustedBlocks: readonly string[];
}

/** What came of one subject. */
export type Outcome = { file: File } & ({ verdict: Verdict; files: NamedFile[] } | { error: CodedError });

/**
 * The page's one door to the verification core. Every subject is held against all other files, other subjects among them.
 * @param onBytes called with the number of bytes unpacked or hashed since the last call
 * @throws CodedError if the policy is unusable; what is wrong with one subject is its outcome
 */
export async function verifyInput(
  { subjects, originals, policy, trustedBlocks }: VerificationInput,
  onBytes: (bytes: number) => void,
  signal: AbortSignal,
): Promise<Outcome[]> {
  const trust = await openReadersTrust(policy, trustedBlocks);
  const outcomes: Outcome[] = [];
  for (const { kind, file } of subjects) {
    try {
      const others = [...subjects.map((subject) => subject.file), ...originals].filter((other) => other !== file);
      outcomes.push({ file, ...(await verifySubject({ kind, file }, others, trust, onBytes, signal)) });
    } catch (error) {
      if (!(error instanceof CodedError)) throw error;
      outcomes.push({ file, error });
    }
  }
  return outcomes;
}

/**
 * Whom the reader trusts, by the policy that he chose.
 * @param policy as for `VerificationInput`
 * @throws CodedError if the policy is unusable
 */
export async function openReadersTrust(policy: readonly File[], trustedBlocks: readonly string[]): Promise<Trust> {
  return { ...openTrust(await readPolicy(policy), trustedBlocks, undefined), nowMs: Date.now() };
}

/**
 * @param others held against the subject, or those to choose among many by what the subject lists
 * @throws CodedError if the subject is unusable
 */
export async function verifySubject(
  subject: Subject,
  others: readonly File[] | ((listed: readonly NamedFile[]) => readonly File[]),
  trust: Trust,
  onBytes: (bytes: number) => void,
  signal: AbortSignal,
): Promise<{ verdict: Verdict; files: NamedFile[] }> {
  const thing = await openThing(subject, onBytes, signal);
  const files = await filesNamedIn(thing);
  const more = digestsAbout(thing);
  const held: HeldFile[] = [];
  for (const file of typeof others === 'function' ? others(files) : others) {
    const aid = file.size > MAX_AID_BYTES ? undefined : await aidOf(await bytesOf(file));
    held.push({ ...(await digestsOf(file, more, onBytes, signal)), isProof: isProof(await kindOf(file)), aid });
  }
  return { verdict: await verifyThing(thing, held, trust), files };
}

async function openThing(
  { kind, file }: Subject,
  onBytes: (bytes: number) => void,
  signal: AbortSignal,
): Promise<Thing> {
  switch (kind) {
    case 'package':
      return { kind, files: await runLocally({ kind, blob: file }, onBytes, signal) };
    case 'bag':
      return { kind, files: await runLocally({ kind, blob: file }, onBytes, signal) };
    default:
      return { kind, bytes: await bytesOf(file) };
  }
}

/**
 * The digest by which a certificate is looked up: its own, however it is carried, without its seals; of any other file its SHA-256.
 * @throws CodedError if the file cannot be read
 */
export async function lookUpDigest(file: File): Promise<string> {
  const kind = await kindOf(file);
  const signal = new AbortController().signal;
  if (kind === 'certificate' || kind === 'pdf' || kind === 'package') {
    const trust = { ...openTrust(undefined, [], undefined), nowMs: Date.now() };
    const { verdict } = await verifySubject({ kind, file }, [], trust, () => {}, signal);
    return verdict.subject.digest;
  }
  return (await digestsOf(file, [], () => {}, signal)).sha256;
}

type Digested = Omit<HeldFile, 'isProof' | 'aid'>;
const digested = new WeakMap<File, Map<string, Promise<Digested>>>();

/** Digests of a file, computed once for each set of algorithms: large files take minutes. */
export function digestsOf(
  file: File,
  more: readonly FileDigest[],
  onBytes: (bytes: number) => void,
  signal: AbortSignal,
): Promise<Digested> {
  const others = more.filter((name) => name !== 'sha256');
  const known = digested.get(file) ?? new Map<string, Promise<Digested>>();
  digested.set(file, known);
  const key = others.join(' ');
  let digests = known.get(key);
  if (digests === undefined) {
    digests = runLocally({ kind: 'digest', blob: file, more: others }, onBytes, signal);
    known.set(key, digests);
    // What failed or was given up may be tried again.
    digests.catch(() => known.delete(key));
  }
  return digests;
}

/** @throws FormatError, PolicyError */
async function readPolicy(files: readonly File[]): Promise<Uint8Array | undefined> {
  const policies: Uint8Array[] = [];
  const signers: Uint8Array[] = [];
  for (const file of files) {
    const bytes = await bytesOf(file);
    if ((await kindOf(file)) === 'policy') policies.push(bytes);
    else if (isJson(bytes)) policies.push(bytes);
    else signers.push(...certificatesIn(bytes));
  }
  const policy = policies.at(-1);
  return policy === undefined ? undefined : (await openPolicy(policy, signers)).policy;
}

function isJson(bytes: Uint8Array): boolean {
  return /^\s*\{/.test(new TextDecoder('latin1').decode(bytes.subarray(0, 256)));
}
