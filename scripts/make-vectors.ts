// Writes test/vectors: `node scripts/make-vectors.ts`. The bytes are the same in each run, keys and salts included, so that a change of
// the code that changes a vector shows as a difference. What is claimed of a vector is written beside what makes it; every other check
// is filled in from the verifier, and a claim that it does not share stops the script.
import { readFile, rm } from 'node:fs/promises';
import { encodeUtf8 } from '../src/format/bytes.ts';
import { runVector, VECTORS, type Vector } from '../test/support/vectors.ts';
import { addCertificates, certificatePolicies } from './vectors/certificates.ts';
import { Collection } from './vectors/collection.ts';
import { fixRandomness } from './vectors/fixed-crypto.ts';
import { addHandOvers } from './vectors/hand-overs.ts';
import { addOthers } from './vectors/others.ts';
import { addSignatures } from './vectors/signatures.ts';
import { encode, FILES, VectorWorld } from './vectors/world.ts';

const FOLDERS = [
  'certificates',
  'receipts',
  'json',
  'policies',
  'status',
  'packages',
  'pdf',
  'proofs',
  'files',
  'hand-overs',
];

fixRandomness('tiezheng test vectors', await readFile(`${VECTORS}keys/rsa-2048.pem`, 'utf8'));
for (const folder of FOLDERS) await rm(`${VECTORS}${folder}`, { recursive: true, force: true });

const collection = new Collection(VECTORS);
const world = new VectorWorld();
for (const [i, { name, bytes }] of FILES.entries()) await collection.put(`files/${i + 1}${name.slice(-4)}`, bytes);
await addCertificates(collection, world);
await addOthers(collection, world);
await addHandOvers(collection, world);
await addSignatures(collection, world);
for (const [path, policy] of Object.entries(certificatePolicies(world))) await collection.put(path, encode(policy));

const vectors: Vector[] = [];
const wrong: string[] = [];
for (const [file, { exit, code, decides = {}, good = exit === 0, ...claim }] of collection.claims) {
  const vector = { file, good, ...claim, files: claim.files ?? [] };
  const expect = await runVector(vector);
  const missing = Object.entries(decides).filter(([name, outcome]) => !expect.checks[name]?.includes(outcome));
  if (expect.exit !== exit || expect.code !== code || missing.length > 0) {
    const said = Object.fromEntries(
      Object.entries(expect.checks).filter(([name, o]) => name in decides || o.some((x) => x !== 'passed')),
    );
    wrong.push(
      `${file}: claimed ${exit} ${code ?? ''} ${JSON.stringify(decides)}, found ${expect.exit} ${expect.code ?? ''} ${JSON.stringify(said)}`,
    );
  }
  vectors.push({ ...vector, expect } as Vector);
}
if (wrong.length > 0) {
  console.error(wrong.join('\n'));
  process.exit(1);
}
const lines = vectors.map((vector) => JSON.stringify(vector));
await collection.put('index.json', encodeUtf8(`[\n${lines.join(',\n')}\n]\n`));
console.log(`${vectors.length} vectors, ${vectors.filter(({ good }) => good).length} of them good`);
