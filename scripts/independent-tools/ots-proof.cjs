/* Reads a .ots file with the npm package opentimestamps, checks that it is over the file, and writes it again byte for byte. Usage, where
   the package is installed: ots-proof.cjs FILE PROOF */
const fs = require('node:fs');
const { createRequire } = require('node:module');
const OpenTimestamps = createRequire(`${process.cwd()}/`)('opentimestamps');

const [file, proof] = process.argv.slice(2).map((path) => fs.readFileSync(path));
const { DetachedTimestampFile, Ops } = OpenTimestamps;
const detached = DetachedTimestampFile.deserialize(proof);
const own = DetachedTimestampFile.fromBytes(new Ops.OpSHA256(), file);
console.log(OpenTimestamps.info(detached));
if (Buffer.compare(Buffer.from(detached.fileDigest()), Buffer.from(own.fileDigest())) !== 0) {
  throw new Error('the proof is over another file');
}
if (Buffer.compare(Buffer.from(detached.serializeToBytes()), proof) !== 0)
  throw new Error('written again it has other bytes');
