// Gas of an anchor, by the size of the log. Trees are synthetic: the complete subtrees of the head are random hashes, which costs
// the same as real ones, and only the leaves of the new batch are really hashed.
import { createHash } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import hre from 'hardhat';
import { encodeHex0x, type LeafHash, type NodeHash } from '../src/format/bytes.ts';
import { consistencyProof, RightEdge, rootNodes } from '../src/merkle/tree.ts';

const SEED = 'tiezheng gas table';
const ANCHORS_PER_ROW = 300;
const LARGEST_BATCH = 2_000;
const HEADS = [1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9];
const LIMIT = { head: 1e6, median: 80_000n, worst: 88_000n };

interface Row {
  head: number;
  gas: bigint[];
  proofHashes: number[];
}

/** Prints the gas table; sets the exit code to 1 if a limit is not kept. Needs no network; the same figures each time. */
export async function run(): Promise<void> {
  await hre.tasks.getTask('build').run({ quiet: true });
  const connection = await hre.network.connect();
  try {
    await measure(connection);
  } finally {
    await connection.close();
  }
}

async function measure({ ethers, networkHelpers }: Awaited<ReturnType<typeof hre.network.connect>>): Promise<void> {
  const random = new Random(SEED);
  const [anchorer, guardian] = await ethers.getSigners();
  if (anchorer === undefined || guardian === undefined) throw new Error('the simulated chain has no accounts');
  const log = await ethers.deployContract('EvidenceLog', [anchorer, guardian, random.hash()]);
  const deployment = await log.deploymentTransaction()?.wait();
  const fresh = await networkHelpers.takeSnapshot();

  const rows: Row[] = [];
  for (const head of HEADS) {
    const row: Row = { head, gas: [], proofHashes: [] };
    for (let i = 0; i < ANCHORS_PER_ROW; i++) {
      await fresh.restore();
      // Sizes right at a power of ten have one shape; a spread of a tenth has nearly all.
      const growth = makeGrowth(random, head + random.below(head / 10), 1 + random.below(LARGEST_BATCH));
      const proof = (await growth.proof).map(encodeHex0x);
      await log.getFunction('anchor')(growth.size1, encodeHex0x(growth.root1), []);
      const sent = await log.getFunction('anchor')(growth.size2, encodeHex0x(growth.root2), proof);
      row.gas.push((await sent.wait()).gasUsed);
      row.proofHashes.push(proof.length);
    }
    rows.push(row);
  }

  console.log(
    `EvidenceLog.anchor, ${ANCHORS_PER_ROW} anchors a row, batches of 1…${LARGEST_BATCH} leaves, seed "${SEED}"`,
  );
  console.log('   leaves    hashes         gas: least    median     worst');
  for (const { head, gas, proofHashes } of rows) {
    const [least, median, worst] = spread(gas);
    const [fewest, , most] = spread(proofHashes.map(BigInt));
    const cells = [`10^${Math.log10(head)}`.padStart(9), `${fewest}…${most}`.padStart(9), least, median, worst];
    console.log(cells.map((cell) => (typeof cell === 'bigint' ? group(cell).padStart(17 - 7) : cell)).join(' '));
  }

  console.log(`deployment ${group(deployment?.gasUsed ?? 0n)}`);
  for (const [name, gas] of await measureRivals(ethers, random)) console.log(`${name} ${group(gas)}`);

  const [, median, worst] = spread(rows.find(({ head }) => head === LIMIT.head)?.gas ?? []);
  const kept = median <= LIMIT.median && worst <= LIMIT.worst;
  console.log(
    `limit at 10^${Math.log10(LIMIT.head)}: median ${ratio(median, LIMIT.median)}, worst ${ratio(worst, LIMIT.worst)}: ${kept ? 'kept' : 'MISSED'}`,
  );
  if (!kept) process.exitCode = 1;
}

type Ethers = Awaited<ReturnType<typeof hre.network.connect>>['ethers'];

/** The second anchor on contracts that check less: the first pays for storage that is then only rewritten. */
async function measureRivals(ethers: Ethers, random: Random): Promise<[string, bigint][]> {
  const root = () => encodeHex0x(random.hash());
  const eventOnly = await ethers.deployContract('EventOnlyAnchor');
  const unstored = await eventOnly.getFunction('anchor')(1_001_000, root(), 1_000_000);
  const guarded = await ethers.deployContract('SizeGuardedAnchor');
  await guarded.getFunction('anchor')(1_000_000, root());
  const unproved = await guarded.getFunction('anchor')(1_001_000, root());
  return [
    ['without proof, the same stored:', (await unproved.wait()).gasUsed],
    ['an event and nothing else:', (await unstored.wait()).gasUsed],
  ];
}

interface Growth {
  size1: bigint;
  root1: Uint8Array;
  size2: bigint;
  root2: Uint8Array;
  proof: Promise<NodeHash[]>;
}

function makeGrowth(random: Random, leaves: number, batch: number): Growth {
  const size1 = BigInt(leaves);
  const nodes = new Map(rootNodes(size1).map(({ level, index }) => [`${level}/${index}`, random.hash() as NodeHash]));
  const edge = new RightEdge(size1, [...nodes.values()]);
  const root1 = edge.root();
  for (let i = 0; i < batch; i++) {
    for (const { level, index, hash } of edge.append(random.hash() as LeafHash)) nodes.set(`${level}/${index}`, hash);
  }
  // A proof between these sizes needs only subtrees that end the old head or lie in the batch, and those are all here.
  const proof = consistencyProof(size1, edge.size, (level, index) => nodes.get(`${level}/${index}`) as NodeHash);
  return { size1, root1, size2: edge.size, root2: edge.root(), proof };
}

/** SHA-256 in counter mode: the same numbers on every machine. */
class Random {
  readonly #seed: string;
  #count = 0;

  constructor(seed: string) {
    this.#seed = seed;
  }

  hash(): Uint8Array {
    return new Uint8Array(
      createHash('sha256')
        .update(`${this.#seed} ${this.#count++}`)
        .digest(),
    );
  }

  /** 0 ≤ … < limit, limit up to 2³²; the bias is below one in a hundred thousand for the limits used here. */
  below(limit: number): number {
    return Number(new DataView(this.hash().buffer).getBigUint64(0) % BigInt(Math.floor(limit)));
  }
}

function spread(values: bigint[]): [bigint, bigint, bigint] {
  const sorted = values.toSorted((a, b) => Number(a - b));
  const at = (i: number) => sorted[i] ?? 0n;
  return [at(0), at(Math.floor(sorted.length / 2)), at(sorted.length - 1)];
}

function group(value: bigint): string {
  return value.toLocaleString('en-US');
}

function ratio(value: bigint, limit: bigint): string {
  return `${group(value)} of ${group(limit)} (${(Number(value) / Number(limit)).toFixed(2)})`;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await run();
