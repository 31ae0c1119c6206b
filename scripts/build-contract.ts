// Compiles contracts/ and writes build/contracts/EvidenceLog.json, all that the service and the packed tarball need of it.
import { mkdir, rename, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import hre from 'hardhat';

const folder = fileURLToPath(new URL('../build/contracts/', import.meta.url));
const target = `${folder}EvidenceLog.json`;

await hre.tasks.getTask('build').run({ quiet: true });
const artifact = await hre.artifacts.readArtifact('EvidenceLog');
const compiler = hre.config.solidity.profiles.default?.compilers[0];
if (compiler === undefined) throw new Error('hardhat.config.ts names no compiler');
// What the compiler was asked to print does not change what it compiled.
const { outputSelection: _, ...settings } = compiler.settings;
const contract = {
  contractName: artifact.contractName,
  compiler: compiler.version,
  settings,
  abi: artifact.abi,
  bytecode: artifact.bytecode,
  deployedBytecode: artifact.deployedBytecode,
  immutableReferences: artifact.immutableReferences,
};
await mkdir(folder, { recursive: true });
// Renamed into place, so that a reader never sees half of it.
await writeFile(`${target}.new`, `${JSON.stringify(contract, null, 2)}\n`);
await rename(`${target}.new`, target);
