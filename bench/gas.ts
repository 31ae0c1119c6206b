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

/** The dearest growth from 10⁶…1.1 · 10⁶ leaves: 22 hashes, 40 nodes to hash. Found by trying 30 million pairs of sizes. */
const DEAREST = { head: 1_048_575, batch: 1_244 };

/**
 * Prints the gas table, and sets the exit code to 1 if a limit is not kept. Needs no network; takes about half a minute.
 * The same seed gives the same trees and so the same figures.
 */
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
  const log = await ethers.deployContract('EvidenceLog', [anchorer, guardian, random.hash()]);
  const deployment = await log.deploymentTransaction()?.wait();
  const empty = await networkHelpers.takeSnapshot();

  /** Gas of the second anchor of a log; the first is the head. */
  async function anchor(growth: Growth): Promise<bigint> {
    await empty.restore();
    await log.getFunction('anchor')(growth.size1, encodeHex0x(growth.root1), []);
    const proof = growth.proof.map(encodeHex0x);
    const sent = await log.getFunction('anchor')(growth.size2, encodeHex0x(growth.root2), proof);
    return (await sent.wait()).gasUsed;
  }

  console.log(
    `EvidenceLog.anchor, ${ANCHORS_PER_ROW} anchors a row, batches of 1…${LARGEST_BATCH} leaves, seed "${SEED}"`,
  );
  console.log(line('leaves', 'hashes', 'least gas', 'median', 'worst'));
  let limited: { median: bigint; worst: bigint } | undefined;
  for (const head of HEADS) {
    const gas: bigint[] = [];
    const hashes: bigint[] = [];
    for (let i = 0; i < ANCHORS_PER_ROW; i++) {
      // Sizes right at a power of ten have one shape; a spread of a tenth has nearly all.
      const growth = await makeGrowth(random, head + random.below(head / 10), 1 + random.below(LARGEST_BATCH));
      gas.push(await anchor(growth));
      hashes.push(BigInt(growth.proof.length));
    }
    const { least, median, worst } = spread(gas);
    const power = `10^${Math.log10(head)}`;
    console.log(
      line(power, `${spread(hashes).least}…${spread(hashes).worst}`, group(least), group(median), group(worst)),
    );
    if (head === LIMIT.head) limited = { median, worst };
  }
  if (limited === undefined) throw new Error(`no row at ${LIMIT.head} leaves`);

  const dearest = await anchor(await makeGrowth(random, DEAREST.head, DEAREST.batch));
  console.log(`the dearest sizes near 10^6 (${DEAREST.head} and ${DEAREST.batch} more): ${group(dearest)}`);
  for (const [name, gas] of await measureRivals(ethers, random)) console.log(`${name}: ${group(gas)}`);
  console.log(`deployment: ${group(deployment?.gasUsed ?? 0n)}`);

  const kept = limited.median <= LIMIT.median && limited.worst <= LIMIT.worst;
  const median = ratio(limited.median, LIMIT.median);
  const worst = ratio(limited.worst, LIMIT.worst);
  console.log(`limits at 10^${Math.log10(LIMIT.head)}: median ${median}, worst ${worst}: ${kept ? 'kept' : 'MISSED'}`);
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
    ['the same, but no proof is asked for', (await unproved.wait()).gasUsed],
    ['an event and nothing else', (await unstored.wait()).gasUsed],
  ];
}

interface Growth {
  size1: bigint;
  root1: Uint8Array;
  size2: bigint;
  root2: Uint8Array;
  proof: NodeHash[];
}

async function makeGrowth(random: Random, leaves: number, batch: number): Promise<Growth> {
  const size1 = BigInt(leaves);
  const nodes = new Map(rootNodes(size1).map(({ level, index }) => [`${level}/${index}`, random.hash() as NodeHash]));
  const edge = new RightEdge(size1, [...nodes.values()]);
  const root1 = edge.root();
  for (let i = 0; i < batch; i++) {
    for (const { level, index, hash } of edge.append(random.hash() as LeafHash)) nodes.set(`${level}/${index}`, hash);
  }
  // A proof between these sizes needs only subtrees that end the old head or lie in the batch, and those are all here.
  const proof = await consistencyProof(size1, edge.size, (level, index) => nodes.get(`${level}/${index}`) as NodeHash);
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

function spread(values: bigint[]): { least: bigint; median: bigint; worst: bigint } {
  const sorted = values.toSorted((a, b) => Number(a - b));
  const at = (i: number) => sorted[i] ?? 0n;
  return { least: at(0), median: at(Math.floor(sorted.length / 2)), worst: at(sorted.length - 1) };
}

function line(...cells: string[]): string {
  return cells.map((cell) => cell.padStart(10)).join('');
}

function group(value: bigint): string {
  return value.toLocaleString('en-US');
}

function ratio(value: bigint, limit: bigint): string {
  return `${group(value)} of ${group(limit)} (${(Number(value) / Number(limit)).toFixed(2)})`;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await run();
