import { expect } from 'chai';
import { encodeHex, type RootHash } from '../../src/format/bytes.ts';
import { parseCertificate } from '../../src/format/certificate.ts';
import { parseCheckpoint } from '../../src/format/checkpoint.ts';
import { parseReceipt } from '../../src/format/receipt.ts';
import { exitCodeOf, type Report } from '../../src/format/report.ts';
import { depositLeafData } from '../../src/format/spine.ts';
import { encodeTilePath, parseEntryBundle, TILE_WIDTH } from '../../src/format/tile.ts';
import { leafHash } from '../../src/merkle/hash.ts';
import { RightEdge } from '../../src/merkle/tree.ts';
import type { PresentedFile } from '../../src/verify/deposit.ts';
import { CHECKPOINT_ANCHORED_TOPIC } from '../../src/verify/evm-receipt.ts';
import { openTrust, type Trust } from '../../src/verify/trust.ts';
import { verifyCertificate, verifyReceipt } from '../../src/verify/verify.ts';
import { rpc } from '../support/anvil.ts';
import { digestsOf } from '../support/file-digests.ts';
import { type Acknowledged, contentOf } from './depositors.ts';
import { fetchAgain } from './fetch-again.ts';
import type { ServiceProcess } from './service-process.ts';

/** What anyone sees of a log. */
export interface PublicLog {
  /** Leaf data, hex, in order. */
  leaves: string[];
  /** By tree size, from 0 on. */
  roots: RootHash[];
}

/** The whole log as it is served to everyone, up to the checkpoint in the register. */
export async function readPublicLog(url: string): Promise<PublicLog> {
  const { treeSize } = parseCheckpoint(await bytesOf(`${url}/api/v1/log/register`));
  const leaves: string[] = [];
  const edge = new RightEdge();
  const roots = [edge.root()];
  for (let index = 0n; BigInt(leaves.length) < treeSize; index++) {
    const rest = Number(treeSize) - leaves.length;
    const width = Math.min(rest, TILE_WIDTH);
    const path = encodeTilePath({ level: 'entries', index, width });
    for (const entry of parseEntryBundle(await bytesOf(`${url}/log/${path}`), width)) {
      leaves.push(encodeHex(entry));
      edge.append(leafHash(entry));
      roots.push(edge.root());
    }
  }
  return { leaves, roots };
}

/**
 * Every receipt verifies; its leaf is in the log at the place promised and at no other; the tree that it was promised under is an
 * earlier state of the tree that is served now.
 */
export async function expectReceiptsKept(
  acknowledged: readonly Acknowledged[],
  { leaves, roots }: PublicLog,
  trust: Trust,
): Promise<void> {
  expect(new Set(leaves).size, 'no leaf is in the log twice').to.equal(leaves.length);
  for (const { depositId, leafIndex, receipt: bytes } of acknowledged) {
    const receipt = parseReceipt(bytes);
    expect([receipt.record.depositId, receipt.leafIndex]).to.deep.equal([depositId, leafIndex]);
    expect(leaves[leafIndex], `leaf ${leafIndex}`).to.equal(encodeHex(depositLeafData(receipt.record)));
    const promised = parseCheckpoint(Buffer.from(receipt.checkpoint));
    const root = roots[Number(promised.treeSize)];
    expect(root && encodeHex(root), `root of ${promised.treeSize} leaves`).to.equal(encodeHex(promised.rootHash));
    const report = await verifyReceipt(bytes, [], trust);
    expect(failedChecks(report), `receipt of ${depositId}`).to.deep.equal([]);
    expect(passedChecks(report)).to.include.members(['record.commitment', 'log.signature', 'log.inclusion', 'seal']);
  }
}

/** Every original that was handed in comes back byte for byte. */
export async function expectOriginalsKept(
  url: string,
  apiKey: string,
  acknowledged: readonly Acknowledged[],
): Promise<void> {
  for (const { depositId, idempotencyKey } of acknowledged) {
    const { declared, files } = contentOf(idempotencyKey);
    if (declared) continue;
    for (const [n, bytes] of files.entries()) {
      const served = await bytesOf(`${url}/api/v1/deposits/${depositId}/files/${n}`, apiKey);
      expect(Buffer.from(served).equals(bytes), `file ${n} of ${depositId}`).to.equal(true);
    }
  }
}

/** The account's deposits are those acknowledged, each once and at the place promised. */
export async function expectDepositsListed(
  url: string,
  apiKey: string,
  acknowledged: readonly Acknowledged[],
): Promise<void> {
  const listed = (await listDeposits(url, apiKey)).map(({ depositId, leafIndex }) => `${depositId} ${leafIndex}`);
  const promised = acknowledged.map(({ depositId, leafIndex }) => `${depositId} ${leafIndex}`);
  expect(listed.sort()).to.deep.equal(promised.sort());
}

export interface ListedDeposit {
  depositId: string;
  leafIndex: number | null;
  state: string;
  certificate: { certificateNo: string } | null;
}

/** All deposits of the account. */
export async function listDeposits(url: string, apiKey: string): Promise<ListedDeposit[]> {
  const all: ListedDeposit[] = [];
  for (let next: string | null = null; ; ) {
    const page: { deposits: ListedDeposit[]; next: string | null } = JSON.parse(
      Buffer.from(
        await bytesOf(`${url}/api/v1/deposits?limit=100${next === null ? '' : `&before=${next}`}`, apiKey),
      ).toString(),
    );
    all.push(...page.deposits);
    next = page.next;
    if (next === null) return all;
  }
}

/** The certificates that the service has given out so far: bytes that readers hold, whatever becomes of the service. */
export class IssuedCertificates {
  /** By deposit. */
  readonly #issued = new Map<string, Uint8Array>();

  get count(): number {
    return this.#issued.size;
  }

  /** Downloads those that are new. */
  async collect(url: string, apiKey: string): Promise<void> {
    for (const { depositId, certificate } of await listDeposits(url, apiKey)) {
      if (certificate === null || this.#issued.has(depositId)) continue;
      this.#issued.set(depositId, await bytesOf(`${url}/api/v1/deposits/${depositId}/certificate.json`, apiKey));
    }
  }

  /** The `newest` ones verify with everything that the policy requires, and their blocks are still on the chain. */
  async expectVerified(policy: Uint8Array, rpcUrl: string, newest: number): Promise<void> {
    const trust = openTrust(policy, [], undefined);
    const blocks = new Set<string>();
    for (const [depositId, bytes] of [...this.#issued].slice(-newest)) {
      const { annexes, publications } = parseCertificate(bytes);
      const files = contentOf(annexes.statement?.title ?? '').files.map(presented);
      const report = await verifyCertificate(bytes, files, trust);
      expect(failedChecks(report), `certificate of ${depositId}`).to.deep.equal([]);
      expect(exitCodeOf(report), `certificate of ${depositId}: ${JSON.stringify(report.unmet)}`).to.equal(0);
      for (const attestation of publications.flatMap((publication) => publication.attestations)) {
        if (attestation.type === 'evm') blocks.add(attestation.blockHash);
      }
    }
    for (const hash of blocks) {
      expect((await rpc(rpcUrl, 'eth_getBlockByHash', [hash, false]))?.hash, 'a certified block').to.equal(hash);
    }
  }

  /** The service still gives out the same bytes. */
  async expectServed(url: string, apiKey: string): Promise<void> {
    for (const [depositId, bytes] of this.#issued) {
      const served = await bytesOf(`${url}/api/v1/deposits/${depositId}/certificate.json`, apiKey);
      expect(Buffer.from(served).equals(Buffer.from(bytes)), `certificate of ${depositId}`).to.equal(true);
    }
  }
}

/**
 * The contract took each tree size once and in order, and every transaction of the anchorer in the chain anchored something: none
 * was spent on an anchor that was there.
 * @returns how many anchors there are
 */
export async function expectAnchorsOnce(rpcUrl: string, contract: string): Promise<number> {
  const topics = [`0x${encodeHex(CHECKPOINT_ANCHORED_TOPIC)}`];
  const range = { fromBlock: '0x0', toBlock: 'latest' };
  const events: { topics: string[]; transactionHash: string }[] = await rpc(rpcUrl, 'eth_getLogs', [
    { address: contract, topics, ...range },
  ]);
  const sizes = events.map(({ topics }) => Number(BigInt(topics[1] as string)));
  expect(sizes).to.deep.equal([...new Set(sizes)].sort((a, b) => a - b));
  const [first] = events;
  if (first === undefined) return 0;
  const { from } = await rpc(rpcUrl, 'eth_getTransactionByHash', [first.transactionHash]);
  const nonce = Number(await rpc(rpcUrl, 'eth_getTransactionCount', [from, 'latest']));
  expect(nonce, 'transactions of the anchorer').to.equal(events.length);
  return events.length;
}

/** `tiezheng audit`, asked of this server, finds nothing wrong and leaves no question of the chain open. */
export async function expectAuditPassed(service: ServiceProcess, policyFile: string, rpcUrl: string): Promise<void> {
  const { code, output } = await service.command(
    'audit',
    '--url',
    service.url,
    '--policy',
    policyFile,
    '--rpc',
    rpcUrl,
  );
  if (code !== 0 || !output.includes('✓ chain.once')) throw new Error(`audit: exit code ${code}\n${output}`);
}

async function bytesOf(url: string, apiKey?: string): Promise<Uint8Array> {
  const response = await fetchAgain(url, {
    headers: apiKey === undefined ? {} : { authorization: `Bearer ${apiKey}` },
    signal: AbortSignal.timeout(30_000),
  });
  const bytes = new Uint8Array(await response.arrayBuffer());
  if (!response.ok) throw new Error(`${url}: ${response.status} ${Buffer.from(bytes).toString().slice(0, 300)}`);
  return bytes;
}

function presented(bytes: Uint8Array): PresentedFile {
  return { sizeBytes: bytes.length, ...digestsOf(bytes) };
}

function failedChecks(report: Report): string[] {
  return report.since.filter((check) => check.status === 'failed').map((check) => `${check.name} ${check.reason}`);
}

function passedChecks(report: Report): string[] {
  return report.since.filter((check) => check.status === 'passed').map((check) => check.name);
}
