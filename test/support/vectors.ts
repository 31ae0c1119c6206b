import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { CodedError } from '../../src/errors.ts';
import { unixMsOf } from '../../src/format/fields.ts';
import { exitCodeOf } from '../../src/format/report.ts';
import { parseSignedPolicy } from '../../src/format/signed-policy.ts';
import { aidOf } from '../../src/verify/inspect/aid.ts';
import { digestsAbout, isInspection, type Thing, verifyThing } from '../../src/verify/inspect/desk.ts';
import { isProof, readerOf, recognise, type ThingKind } from '../../src/verify/inspect/recognise.ts';
import { readPackage } from '../../src/verify/package-reader.ts';
import { checkSuccession, isExpired, openPolicy, PolicyError } from '../../src/verify/signed-policy.ts';
import { openTrust } from '../../src/verify/trust.ts';
import { digestsOf, startHasher, startPackageHasher } from './file-digests.ts';

export const VECTORS = fileURLToPath(new URL('../vectors/', import.meta.url));

/** One line of test/vectors/index.json. All paths are below test/vectors. */
export interface Vector {
  file: string;
  kind: ThingKind | 'policy';
  /** True: shows a rule. False: catches what breaks one. */
  good: boolean;
  policy?: string;
  /** X.509 certificate of whoever may have signed the policy; for a signed policy that is the vector itself too. */
  signer?: string;
  /** The signed policy that the reader holds already. */
  held?: string;
  /** What the reader presents beside it. */
  files: string[];
  /** tiezheng/status-proof/v1 */
  status?: string;
  /** The reader's clock. */
  now?: string;
  expect: Outcome;
  /** What it shows or catches, one sentence. */
  catches: string;
}

export interface Outcome {
  exit: 0 | 1 | 2 | 3;
  /** With exit 3: what the input is refused with. */
  code?: string;
  /** Of each name all outcomes, sorted: `passed`, `failed reason`, `pending`, `not-checked cause`. */
  checks: Record<string, string[]>;
}

/** What the TypeScript verifier says of a vector. */
export async function runVector(vector: Omit<Vector, 'expect' | 'catches' | 'good'>): Promise<Outcome> {
  try {
    return vector.kind === 'policy' ? await openPolicyVector(vector) : await verifyVector(vector);
  } catch (error) {
    if (error instanceof CodedError) return { exit: 3, code: error.code, checks: {} };
    throw error;
  }
}

async function openPolicyVector({ file, signer, held, now }: Pick<Vector, 'file' | 'signer' | 'held' | 'now'>) {
  const { policy, signed } = await openPolicy(await read(file), await signersOf(signer));
  openTrust(policy, [], undefined);
  if (signed !== undefined && now !== undefined) {
    if (isExpired(signed, unixMsOf(now))) throw new PolicyError('policy-expired', signed.expiresAt);
    if (held !== undefined) checkSuccession(parseSignedPolicy(await read(held)), signed);
  }
  return { exit: 0, checks: {} } as const;
}

async function verifyVector(vector: Omit<Vector, 'expect' | 'catches' | 'good'>): Promise<Outcome> {
  const given =
    vector.policy === undefined
      ? undefined
      : (await openPolicy(await read(vector.policy), await signersOf(vector.signer))).policy;
  const trust = {
    ...openTrust(given, [], undefined),
    ...(vector.now !== undefined && { nowMs: unixMsOf(vector.now) }),
  };
  const thing = await open(vector);
  const more = digestsAbout(thing);
  const held = await Promise.all(
    vector.files.map(async (path) => {
      const bytes = await read(path);
      const digests = startHasher(more.filter((name) => name !== 'leaf'));
      digests.update(bytes);
      const leaf = { leaf: digestsOf(Buffer.concat([Uint8Array.of(0), bytes])).sha256 };
      return {
        sizeBytes: bytes.length,
        ...digestsOf(bytes),
        digests: { ...digests.finish(), ...leaf },
        isProof: isProof(await recognise(new Blob([bytes]))),
        aid: await aidOf(bytes),
      };
    }),
  );
  const status = vector.status === undefined ? undefined : await read(vector.status);
  const verdict = await verifyThing(thing, held, trust, status);
  const outcomes: Record<string, string[]> = {};
  for (const check of isInspection(verdict) ? verdict.checks : verdict.since) {
    const cause =
      check.status === 'failed' ? ` ${check.reason}` : check.status === 'not-checked' ? ` ${check.because}` : '';
    const said = outcomes[check.name] ?? [];
    outcomes[check.name] = [...said, `${check.status}${cause}`].sort();
  }
  return { exit: exitCodeOf(verdict) as Outcome['exit'], checks: outcomes };
}

async function open({ file, kind }: Pick<Vector, 'file' | 'kind'>): Promise<Thing> {
  const bytes = await read(file);
  if (kind !== 'package') return { kind: kind as 'certificate', bytes };
  return { kind, files: await readPackage(readerOf(new Blob([bytes])), startPackageHasher, () => {}) };
}

async function signersOf(path: string | undefined): Promise<Uint8Array[]> {
  return path === undefined ? [] : [await read(path)];
}

async function read(path: string): Promise<Uint8Array<ArrayBuffer>> {
  return new Uint8Array(await readFile(`${VECTORS}${path}`));
}
