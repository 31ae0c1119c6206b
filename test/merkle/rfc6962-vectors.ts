import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

// Third-party cases (transparency-dev/merkle testdata) stand beside the repository, not in it.
const FOLDER = fileURLToPath(new URL('../../../shared/vectors/rfc6962/testdata/', import.meta.url));

/** Fields as the files have them: base64, and absent where the case has none. */
export interface InclusionVector {
  name: string;
  leafIdx: bigint;
  treeSize: bigint;
  root?: string;
  leafHash?: string;
  proof?: string[] | null;
  wantErr: boolean;
}

export interface ConsistencyVector {
  name: string;
  size1: bigint;
  size2: bigint;
  root1?: string;
  root2?: string;
  proof?: string[] | null;
  wantErr: boolean;
}

/** undefined where the vectors are not on this machine. */
export function loadInclusionVectors(): InclusionVector[] | undefined {
  return load<InclusionVector>('inclusion');
}

export function loadConsistencyVectors(): ConsistencyVector[] | undefined {
  return load<ConsistencyVector>('consistency');
}

export function bytesOf(base64: string | undefined): Buffer {
  return Buffer.from(base64 ?? '', 'base64');
}

function load<Vector>(kind: string): Vector[] | undefined {
  if (!existsSync(FOLDER)) return undefined;
  return readdirSync(FOLDER + kind, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.json'))
    .sort()
    .map((name) => ({ ...parse(readFileSync(`${FOLDER}${kind}/${name}`, 'utf8')), name }) as Vector);
}

/** Sizes and indices as bigint: some are 2⁶⁴ − 1. */
function parse(json: string): object {
  const exact = (_: string, value: unknown, context?: { source: string }) =>
    typeof value === 'number' && context !== undefined ? BigInt(context.source) : value;
  return JSON.parse(json, exact as Parameters<typeof JSON.parse>[1]);
}
