import { keccak_256 } from '@noble/hashes/sha3.js';
import * as z from 'zod';
import { CodedError } from '../errors.ts';
import { encodeHex, encodeUtf8, equalBytes, type LeafHash, parseHex0x, type RootHash } from '../format/bytes.ts';
import { parseCheckpoint, type UnverifiedCheckpoint } from '../format/checkpoint.ts';
import { checkFields } from '../format/fields.ts';
import { type LogRecord, logRecordSchema } from '../format/log.ts';
import { type ProvedRotation, provedRotationSchema } from '../format/log-event.ts';
import { parseNoteKey } from '../format/note.ts';
import { type Policy, parsePolicy } from '../format/policy.ts';
import { plainLeafData } from '../format/spine.ts';
import { encodeTilePath, parseEntryBundle, TILE_WIDTH } from '../format/tile.ts';
import { leafHash } from '../merkle/hash.ts';
import { RightEdge } from '../merkle/tree.ts';
import { CHECKPOINT_ANCHORED_TOPIC } from '../verify/evm-receipt.ts';
import { followRotations, type LogKey, signs } from '../verify/rotation.ts';
import { CliError } from './cli-error.ts';
import { jsonRpc } from './json-rpc.ts';
import { readPolicyFile } from './policy-file.ts';
import { ProgressLine } from './progress.ts';
import { evaluationPolicyFile, readEvaluationFile, ServiceClient, type ServiceOptions } from './service-client.ts';

interface AuditOptions extends ServiceOptions {
  policy?: string;
  policySigner?: string;
  rpc?: string;
  json?: boolean;
}

/** One question of an audit. */
interface Finding {
  name: string;
  status: 'passed' | 'failed' | 'not-checked';
  detail: string;
}

interface Anchored {
  treeSize: bigint;
  rootHash: Uint8Array;
}

/**
 * Rebuilds the tree from the public entry bundles and holds everything the log ever said against it: each tile, each checkpoint
 * with its signature, the register, leaf 0 and every anchor on the chain. Exit code 0 if nothing failed, 1 if something did.
 */
export async function audit(options: AuditOptions): Promise<void> {
  const client = ServiceClient.open(options);
  const evaluation = readEvaluationFile(options);
  const policyFile = options.policy ?? (evaluation === undefined ? undefined : evaluationPolicyFile(options));
  const policy =
    policyFile === undefined ? undefined : parsePolicy((await readPolicyFile(policyFile, options.policySigner)).policy);
  const status = await client.json<{ origin: string; vkey: string; contract: string }>('/api/v1/status');
  const findings: Finding[] = [];
  const known = policy?.logs.find((log) => log.origin === status.origin);
  const vkeys = known?.keys;
  findings.push(
    vkeys === undefined
      ? { name: 'log.key', status: 'not-checked', detail: "no policy: the service's own word for its key is used" }
      : {
          name: 'log.key',
          status: 'passed',
          detail: `${vkeys.length} key(s) for ${status.origin} known from elsewhere`,
        },
  );
  const identity = await fetchIdentity(client);
  // Without a policy everything rests on the service's own word for its first key.
  const firstKeys = (vkeys ?? identity.record.keys).map(parseNoteKey);
  const keys = followRotations(firstKeys, identity.rotations, status.origin);

  const checkpoints = await fetchCheckpoints(client);
  const published = parseCheckpoint(await client.bytes('/log/checkpoint'));
  const register = parseCheckpoint(await client.bytes('/api/v1/log/register'));
  const newest = [...checkpoints, published, register].reduce((a, b) => (b.treeSize > a.treeSize ? b : a));
  const rpcUrl = options.rpc ?? evaluation?.rpcUrl;
  const chain = rpcUrl === undefined ? undefined : await fetchAnchors(rpcUrl, status.contract, findings);
  const sizes = new Set([...checkpoints, published, register, ...(chain?.anchors ?? [])].map((c) => c.treeSize));
  const tree = await rebuild(client, newest.treeSize, sizes, options.json ?? false);

  findings.push(
    {
      name: 'log.tiles',
      status: tree.wrongTile === undefined ? 'passed' : 'failed',
      detail: tree.wrongTile ?? `${newest.treeSize} leaves, dense; every tile as rebuilt`,
    },
    judgeCheckpoints(checkpoints, keys, status.origin, tree.roots),
    judgeOne('log.published', published, keys, tree.roots),
    judgeRegister(register, keys, tree.roots, checkpoints),
    judgeLeafZero(known, tree.leafZero),
    judgeRecord(identity.record, tree.leafZero),
    judgeRotations(identity.rotations, keys),
    ...(await judgePredecessor(identity.record, rpcUrl, status.contract)),
    ...(chain === undefined
      ? [{ name: 'chain', status: 'not-checked' as const, detail: 'no --rpc' }]
      : judgeAnchors(chain, tree.roots, newest.treeSize)),
  );
  const failed = findings.filter((f) => f.status === 'failed').length;
  if (options.json) console.log(JSON.stringify({ origin: status.origin, treeSize: Number(newest.treeSize), findings }));
  else {
    const mark = { passed: '✓', failed: '✗', 'not-checked': '–' };
    for (const f of findings) console.log(`${mark[f.status]} ${f.name} [${f.status}] ${f.detail}`);
  }
  process.exitCode = failed === 0 ? 0 : 1;
}

interface Identity {
  record: LogRecord;
  rotations: ProvedRotation[];
}

async function fetchIdentity(client: ServiceClient): Promise<Identity> {
  const { record, rotations } = await client.json<{ record: unknown; rotations: unknown }>('/api/v1/log/identity');
  return {
    record: checkFields(logRecordSchema, record),
    rotations: checkFields(z.array(provedRotationSchema), rotations),
  };
}

/** Is what the service shows as leaf 0 really in it? */
function judgeRecord(record: LogRecord, leafZero: LeafHash | undefined): Finding {
  const name = 'log.record';
  const isLeafZero = leafZero !== undefined && equalBytes(leafHash(plainLeafData(record)), leafZero);
  const { origin, predecessor } = record;
  const after = predecessor === null ? '' : `, successor of ${predecessor.origin} at ${predecessor.treeSize} leaves`;
  return isLeafZero
    ? { name, status: 'passed', detail: `leaf 0 opens ${origin}${after}` }
    : { name, status: 'failed', detail: 'the record shown is not the one in leaf 0' };
}

/** That each one's tree is a state of this log, the check of all checkpoints has shown: both keys signed one of them. */
function judgeRotations(rotations: readonly ProvedRotation[], keys: readonly LogKey[]): Finding {
  const name = 'log.rotations';
  const broken = rotations.find(({ record }) => {
    const { publicKey } = parseNoteKey(record.newKey);
    return !keys.some(({ key }) => equalBytes(key.publicKey, publicKey));
  });
  if (broken !== undefined) {
    const detail = `leaf ${broken.leafIndex}: not signed by the key before and the new one over a tree that ends with it`;
    return { name, status: 'failed', detail };
  }
  return { name, status: 'passed', detail: `${rotations.length} rotation(s) of the key, each signed by both` };
}

/** Was the log before closed in its contract for this one, and is the tree that leaf 0 names anchored there? */
async function judgePredecessor(
  { predecessor }: LogRecord,
  rpcUrl: string | undefined,
  contract: string,
): Promise<Finding[]> {
  if (predecessor === null) return [];
  const name = 'log.predecessor';
  const old = predecessor.contract;
  if (old === null || rpcUrl === undefined) {
    return [{ name, status: 'not-checked', detail: old === null ? 'leaf 0 names no contract of it' : 'no --rpc' }];
  }
  try {
    const chain = `eip155:${BigInt((await jsonRpc(rpcUrl, 'eth_chainId', [])) as string)}`;
    if (chain !== old.chain) return [{ name, status: 'not-checked', detail: `--rpc is ${chain}, not ${old.chain}` }];
    const words = async (data: string) =>
      parseHex0x(((await jsonRpc(rpcUrl, 'eth_call', [{ to: old.address, data }, 'latest'])) as string).toLowerCase());
    const closed = await words(selectorOf('closed()'));
    const anchored = await words(`${selectorOf('anchored(bytes32)')}${predecessor.rootHash}`);
    const isClosed = closed[31] === 1;
    const successor = `0x${encodeHex(closed.slice(76, 96))}`;
    const size = BigInt(`0x${encodeHex(anchored.slice(0, 32))}`);
    const problem = !isClosed
      ? 'its contract is not closed'
      : successor !== contract.toLowerCase()
        ? `its contract names ${successor} as successor, not ${contract}`
        : size === 0n
          ? `the root that leaf 0 names is not anchored in ${old.address}`
          : undefined;
    const detail = problem ?? `closed for this log; its root of ${size} leaves is anchored in ${old.address}`;
    return [{ name, status: problem === undefined ? 'passed' : 'failed', detail }];
  } catch (error) {
    if (error instanceof CodedError && !(error instanceof CliError)) throw error;
    return [{ name, status: 'not-checked', detail: `${rpcUrl}: ${(error as Error).message}` }];
  }
}

function selectorOf(signature: string): string {
  return `0x${encodeHex(keccak_256(encodeUtf8(signature)).slice(0, 4))}`;
}

async function fetchCheckpoints(client: ServiceClient): Promise<UnverifiedCheckpoint[]> {
  const all: UnverifiedCheckpoint[] = [];
  for (let above = 0; ; ) {
    const page = await client.json<{ checkpoints: string[]; next: number | null }>(
      `/api/v1/log/checkpoints?above=${above}`,
    );
    for (const note of page.checkpoints) all.push(parseCheckpoint(encodeUtf8(note)));
    if (page.next === null) return all;
    above = page.next;
  }
}

interface Rebuilt {
  roots: Map<bigint, RootHash>;
  leafZero: LeafHash | undefined;
  wrongTile: string | undefined;
}

/** Reads every entry, grows the tree, keeps the roots at `sizes` and compares each full tile as it completes. */
async function rebuild(
  client: ServiceClient,
  treeSize: bigint,
  sizes: ReadonlySet<bigint>,
  quiet: boolean,
): Promise<Rebuilt> {
  const edge = new RightEdge();
  const roots = new Map<bigint, RootHash>();
  const levels: Uint8Array[][] = [];
  const progress = new ProgressLine('reading the log', Number(treeSize) * 34, quiet);
  let leafZero: LeafHash | undefined;
  let wrongTile: string | undefined;
  for (let first = 0n; first < treeSize; first += BigInt(TILE_WIDTH)) {
    const width = Number(treeSize - first < BigInt(TILE_WIDTH) ? treeSize - first : BigInt(TILE_WIDTH));
    const path = encodeTilePath({ level: 'entries', index: first / BigInt(TILE_WIDTH), width });
    const bundle = await client.bytes(`/log/${path}`);
    progress.add(bundle.length);
    for (const entry of parseEntryBundle(bundle, width)) {
      const leaf = leafHash(entry);
      leafZero ??= leaf;
      for (const { level, index, hash } of edge.append(leaf)) {
        if (level % 8 !== 0) continue;
        const hashes = [...(levels[level / 8] ?? []), hash];
        levels[level / 8] = hashes;
        if (hashes.length === TILE_WIDTH) {
          levels[level / 8] = [];
          wrongTile ??= await compareTile(client, level / 8, index / BigInt(TILE_WIDTH), hashes);
        }
      }
      if (sizes.has(edge.size)) roots.set(edge.size, edge.root());
    }
  }
  for (const [level, hashes] of levels.entries()) {
    if (hashes.length > 0) {
      const index = (treeSize >> BigInt(8 * level)) / BigInt(TILE_WIDTH);
      wrongTile ??= await compareTile(client, level, index, hashes);
    }
  }
  progress.end();
  return { roots, leafZero, wrongTile };
}

async function compareTile(
  client: ServiceClient,
  level: number,
  index: bigint,
  hashes: Uint8Array[],
): Promise<string | undefined> {
  const path = encodeTilePath({ level, index, width: hashes.length });
  const served = await client.bytes(`/log/${path}`);
  return equalBytes(served, Buffer.concat(hashes)) ? undefined : `${path} differs from the entries`;
}

function faultOf(
  checkpoint: UnverifiedCheckpoint,
  keys: readonly LogKey[],
  roots: ReadonlyMap<bigint, RootHash>,
): string | undefined {
  if (!keys.some((key) => key.key.name === checkpoint.origin && signs(key, checkpoint))) {
    return `checkpoint of ${checkpoint.treeSize}: no valid signature`;
  }
  const root = roots.get(checkpoint.treeSize);
  if (root === undefined || !equalBytes(root, checkpoint.rootHash)) {
    return `checkpoint of ${checkpoint.treeSize}: root ${encodeHex(checkpoint.rootHash)} is not the tree's`;
  }
  return undefined;
}

function judgeCheckpoints(
  checkpoints: readonly UnverifiedCheckpoint[],
  keys: readonly LogKey[],
  origin: string,
  roots: ReadonlyMap<bigint, RootHash>,
): Finding {
  const name = 'log.checkpoints';
  for (const checkpoint of checkpoints) {
    const fault = checkpoint.origin === origin ? faultOf(checkpoint, keys, roots) : `origin ${checkpoint.origin}`;
    if (fault !== undefined) return { name, status: 'failed', detail: fault };
  }
  // Every root was rebuilt from the same leaves, so each tree extends the one before: stronger than consistency proofs.
  return { name, status: 'passed', detail: `${checkpoints.length} checkpoints, signed, each a state of this one tree` };
}

function judgeOne(
  name: string,
  checkpoint: UnverifiedCheckpoint,
  keys: readonly LogKey[],
  roots: ReadonlyMap<bigint, RootHash>,
): Finding {
  const fault = faultOf(checkpoint, keys, roots);
  return fault === undefined
    ? { name, status: 'passed', detail: `tree size ${checkpoint.treeSize}` }
    : { name, status: 'failed', detail: fault };
}

function judgeRegister(
  register: UnverifiedCheckpoint,
  keys: readonly LogKey[],
  roots: ReadonlyMap<bigint, RootHash>,
  checkpoints: readonly UnverifiedCheckpoint[],
): Finding {
  const beyond = checkpoints.find((c) => c.treeSize > register.treeSize);
  if (beyond !== undefined) {
    return {
      name: 'log.register',
      status: 'failed',
      detail: `a checkpoint of ${beyond.treeSize} was signed beyond the register's ${register.treeSize}`,
    };
  }
  return judgeOne('log.register', register, keys, roots);
}

function judgeLeafZero(known: Policy['logs'][number] | undefined, leafZero: LeafHash | undefined): Finding {
  const name = 'log.leaf0';
  const found = leafZero === undefined ? 'none' : encodeHex(leafZero);
  if (known === undefined) return { name, status: 'not-checked', detail: `${found}; no policy names it` };
  return { name, status: known.leaf0 === found ? 'passed' : 'failed', detail: `${found}, policy: ${known.leaf0}` };
}

interface ChainView {
  anchors: Anchored[];
  head: Anchored;
}

async function fetchAnchors(url: string, contract: string, findings: Finding[]): Promise<ChainView | undefined> {
  try {
    const [logs, head] = await Promise.all([
      jsonRpc(url, 'eth_getLogs', [
        {
          address: contract,
          fromBlock: '0x0',
          toBlock: 'latest',
          topics: [`0x${encodeHex(CHECKPOINT_ANCHORED_TOPIC)}`],
        },
      ]) as Promise<{ topics: [string, string, string] }[]>,
      // head(): selector of keccak256("head()").
      jsonRpc(url, 'eth_call', [{ to: contract, data: '0x8f7dcfa3' }, 'latest']) as Promise<string>,
    ]);
    const words = parseHex0x(head.toLowerCase());
    return {
      anchors: logs.map(({ topics }) => ({
        treeSize: BigInt(topics[1]),
        rootHash: parseHex0x(topics[2].toLowerCase()),
      })),
      head: { treeSize: BigInt(`0x${encodeHex(words.slice(0, 32))}`), rootHash: words.slice(32, 64) },
    };
  } catch (error) {
    if (error instanceof CodedError && !(error instanceof CliError)) throw error;
    findings.push({ name: 'chain', status: 'not-checked', detail: `${url}: ${(error as Error).message}` });
    return undefined;
  }
}

function judgeAnchors({ anchors, head }: ChainView, roots: ReadonlyMap<bigint, RootHash>, treeSize: bigint): Finding[] {
  const sizes = anchors.map((a) => a.treeSize);
  const wrong = [...anchors, ...(head.treeSize === 0n ? [] : [head])].find((a) => {
    const root = roots.get(a.treeSize);
    return a.treeSize > treeSize || root === undefined || !equalBytes(root, a.rootHash);
  });
  const doubled = sizes.find((size, i) => sizes.indexOf(size) !== i);
  return [
    {
      name: 'chain.anchors',
      status: wrong === undefined ? 'passed' : 'failed',
      detail:
        wrong === undefined
          ? `${anchors.length} anchors, each a state of this tree`
          : `anchor of ${wrong.treeSize} is not of this tree`,
    },
    {
      name: 'chain.once',
      status: doubled === undefined ? 'passed' : 'failed',
      detail: doubled === undefined ? 'no tree size was anchored twice' : `tree size ${doubled} was anchored twice`,
    },
    {
      name: 'chain.head',
      status: head.treeSize === (sizes.at(-1) ?? 0n) ? 'passed' : 'failed',
      detail: `head ${head.treeSize}, newest anchor ${sizes.at(-1) ?? 0n}`,
    },
  ];
}
