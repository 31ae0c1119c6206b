// Writes src/verify/published-contract.ts from build/contracts/EvidenceLog.json: what verifiers compare deployed code with. To be run
// when a new build of the contract is published; the builds before it are kept, since contracts of theirs stay in use.
import { readFile, writeFile } from 'node:fs/promises';
import { PUBLISHED_BUILDS, type PublishedBuild } from '../src/verify/published-contract.ts';

interface Compiled {
  compiler: string;
  settings: { evmVersion: string; optimizer: { runs: number }; viaIR: boolean };
  deployedBytecode: string;
  immutableReferences: Record<string, { start: number; length: number }[]>;
}

const compiled = JSON.parse(
  await readFile(new URL('../build/contracts/EvidenceLog.json', import.meta.url), 'utf8'),
) as Compiled;
// In the order of their declaration, which is the order of the compiler's numbers.
const immutables = Object.entries(compiled.immutableReferences).sort(([a], [b]) => Number(a) - Number(b));
const [originHashAt, guardianAt, ...more] = immutables.map(([, places]) => places.map(({ start }) => start));
if (originHashAt === undefined || guardianAt === undefined || more.length > 0) {
  throw new Error(`expected two immutables, found ${immutables.length}`);
}
const { evmVersion, optimizer, viaIR } = compiled.settings;
const build: PublishedBuild = {
  compiler: `solc ${compiled.compiler}, evmVersion ${evmVersion}, optimizer runs ${optimizer.runs}, viaIR ${viaIR}`,
  originHashAt,
  guardianAt,
  runtimeCode: compiled.deployedBytecode.slice(2),
};
const builds = [build, ...PUBLISHED_BUILDS.filter((older) => older.runtimeCode !== build.runtimeCode)];

const target = new URL('../src/verify/published-contract.ts', import.meta.url);
const source = await readFile(target, 'utf8');
const head = source.slice(0, source.indexOf('export const PUBLISHED_BUILDS'));
const entries = builds.map(
  (b) => `  {
    compiler: '${b.compiler}',
    originHashAt: [${b.originHashAt.join(', ')}],
    guardianAt: [${b.guardianAt.join(', ')}],
    runtimeCode:
      '${b.runtimeCode}',
  },
`,
);
await writeFile(target, `${head}export const PUBLISHED_BUILDS: readonly PublishedBuild[] = [\n${entries.join('')}];\n`);
