import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { EvaluationSeal } from '../../src/certificate/evaluation-seal.ts';
import { makeEvaluationSeal } from '../../src/certificate/evaluation-seal.ts';
import { CertificateIssuer, type IssuerParts } from '../../src/certificate/issue.ts';
import { OwnPolicy } from '../../src/certificate/own-policy.ts';
import { renderCertificatePdf } from '../../src/certificate/pdf.ts';
import { Sealer } from '../../src/certificate/sealer.ts';
import { sealingKeyFromPem } from '../../src/certificate/sealing-key.ts';
import { insertAccount } from '../../src/db/accounts.ts';
import { insertAnchor, insertBlockHeader, updateAnchorState } from '../../src/db/anchors.ts';
import { insertAnnexes, insertDeposit, insertFileEntries, insertRecord } from '../../src/db/deposits.ts';
import { insertCheckpoint, insertLeaves, insertLog } from '../../src/db/leaves.ts';
import { insertObjectKeys } from '../../src/db/objects.ts';
import type { Database } from '../../src/db/pool.ts';
import { parseBlockHeader } from '../../src/format/block-header.ts';
import { parseHex, parseHex0x, parseUtf8 } from '../../src/format/bytes.ts';
import type { EvmAttestation } from '../../src/format/certificate.ts';
import { parseCertificate } from '../../src/format/certificate.ts';
import { encodeJson, type JsonValue } from '../../src/format/json.ts';
import type { LogRecord } from '../../src/format/log.ts';
import { CheckpointSigner } from '../../src/log/checkpoint-signer.ts';
import { LogReader } from '../../src/log/log-reader.ts';
import { encodeRegisterEntry } from '../../src/log/register-entry.ts';
import { Sequencer } from '../../src/log/sequencer.ts';
import { FileCheckpointRegister } from '../../src/storage/file-register.ts';
import { MemoryObjectStore } from '../../src/storage/memory-store.ts';
import { openTrust } from '../../src/verify/trust.ts';
import { verifyCertificate } from '../../src/verify/verify.ts';
import {
  CHAIN,
  CONTRACT,
  type FixtureOptions,
  fixtureDeposit,
  fixtureLeaves,
  fixturePublication,
  LOG_KEY,
  LOG_VKEY,
  NOT_BEFORE_HEADER,
  ORIGIN,
  PLATFORM,
  RECEIVED_AT,
} from './evidence-fixture.ts';

export const ISSUE_TIME = Date.parse(RECEIVED_AT) + 60_000;
const AT = new Date(RECEIVED_AT);
const ENCODE = (value: unknown) => encodeJson(value as JsonValue);
const LOG: LogRecord = {
  type: 'tiezheng/log/v1',
  origin: ORIGIN,
  keys: [LOG_VKEY],
  contracts: [{ chain: CHAIN, address: CONTRACT }],
  predecessor: null,
  salt: '00'.repeat(32),
};

/**
 * Fills an empty database with a log of 57 leaves, these deposits among them by leaf index, a published checkpoint over all
 * and its anchor, not yet final.
 * @returns anchor id and attestation, for `finalise`; the log, which goes on from there until stopped
 */
export async function storeDeposits(db: Database, deposits: ReadonlyMap<number, FixtureOptions>) {
  const q = db.pool;
  const accountId = randomUUID();
  await insertAccount(q, { accountId, name: '甲', kind: 'person', identityMethod: 'none', identityCheckedAt: null });
  const assembled = new Map([...deposits].map(([index, options]) => [index, fixtureDeposit(options)]));
  const leaves = fixtureLeaves(new Map([...assembled].map(([index, { leafData }]) => [index, leafData])));
  await insertLog(q, { origin: ORIGIN, record: ENCODE(LOG), leafData: leaves[0] as Uint8Array });
  await insertLeaves(q, 1n, leaves.slice(1));
  await q.query('update log set size = $1', [leaves.length]);
  for (const [index, { record, files, annexes, leafData }] of assembled) {
    const { depositId } = record;
    const { rows } = await q.query<{ id: bigint }>(
      'insert into submission (leaf_data, leaf_index) values ($1, $2) returning submission_id as id',
      [leafData, index],
    );
    const submissionId = (rows[0] as { id: bigint }).id;
    const row = { depositId, accountId, submissionId, receivedAt: AT, idempotencyKey: null, requestDigest: null };
    await insertDeposit(q, row);
    await insertRecord(q, depositId, ENCODE(record));
    const annexRows = Object.entries(annexes).map(([name, annex]) => ({ name, body: ENCODE(annex) }));
    await insertAnnexes(q, depositId, annexRows);
    const entries = files.map(({ entry, name }, fileIndex) => ({
      fileIndex,
      body: ENCODE(entry),
      nameBody: ENCODE(name),
    }));
    await insertFileEntries(q, depositId, entries);
    await insertObjectKeys(
      q,
      files.map(({ entry }, fileIndex) => ({
        depositId,
        fileIndex,
        role: 'original' as const,
        object: { kind: 'stored' as const, name: `deposit/${depositId}/${fileIndex}` },
        wrappedKey: Uint8Array.of(1),
        sizeBytes: BigInt(entry.sizeBytes),
        mediaType: entry.mediaType ?? 'application/octet-stream',
        sha256: parseHex(entry.digests.sha256),
        sm3: parseHex(entry.digests.sm3 ?? '00'.repeat(32)),
      })),
    );
  }
  const { treeSize, rootHash, checkpoint, attestation } = await fixturePublication(leaves);
  await insertCheckpoint(q, { treeSize, rootHash, note: checkpoint } as Parameters<typeof insertCheckpoint>[1]);
  await q.query('insert into publication (tree_size, published_at) values ($1, $2)', [treeSize, AT]);
  for (const header of [NOT_BEFORE_HEADER, parseHex0x(attestation.header)]) {
    const block = parseBlockHeader(header);
    await insertBlockHeader(q, {
      chain: CHAIN,
      blockHash: block.hash,
      blockNumber: block.number,
      blockTime: new Date(Number(block.timestamp) * 1000),
      header,
      seenFinalAt: AT,
    });
  }
  const contract = parseHex0x(CONTRACT);
  const anchorId = await insertAnchor(q, { chain: CHAIN, contract, treeSize, rootHash, at: AT });
  return { anchorId, attestation, log: await openLog(db, checkpoint) };
}

export type IssuerWorldLog = Awaited<ReturnType<typeof openLog>>;

/** The log's sequencer, whose register promises `checkpoint` already. */
async function openLog(db: Database, checkpoint: Uint8Array) {
  const folder = await mkdtemp(join(tmpdir(), 'tiezheng-register-'));
  const register = await FileCheckpointRegister.open(folder);
  const entry = { claim: randomUUID(), checkpoint: parseUtf8(checkpoint) };
  await register.compareAndSwap(undefined, encodeRegisterEntry(entry));
  const reader = new LogReader(db.pool);
  const { origin, keys, contracts, predecessor } = LOG;
  const sequencer = new Sequencer({
    db,
    objects: new MemoryObjectStore(),
    register,
    signer: new CheckpointSigner(ORIGIN, LOG_KEY),
    reader,
    identity: { origin, keys, contracts, predecessor },
  });
  await sequencer.start();
  return {
    sequencer,
    reader,
    async stop() {
      await sequencer.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

export async function finalise(db: Database, anchorId: bigint, attestation: EvmAttestation): Promise<void> {
  await updateAnchorState(db.pool, anchorId, 'intended', {
    state: 'final',
    at: AT,
    blockHash: parseHex0x(attestation.blockHash),
    transactionHash: parseHex0x(attestation.claims.transactionHash),
    attestation: ENCODE(attestation),
  });
}

/** An issuer on real parts, but that it prints on this thread. Its own policy judges before it issues. */
export async function makeIssuer(
  db: Database,
  parts: Partial<IssuerParts> & Pick<IssuerParts, 'sequencer'>,
): Promise<CertificateIssuer> {
  return (await makeIssuerParts(db, parts)).issuer;
}

/** As `makeIssuer`, with what judges and seals. */
export async function makeIssuerParts(
  db: Database,
  parts: Partial<IssuerParts> & Pick<IssuerParts, 'sequencer'>,
): Promise<{ issuer: CertificateIssuer; policies: OwnPolicy; sealer: Sealer }> {
  const made: EvaluationSeal = await makeEvaluationSeal(ISSUE_TIME - 60_000);
  const sealingKey = sealingKeyFromPem(made.keyPem, made.certificatePem);
  const sealer = new Sealer(sealingKey);
  const identity = {
    evaluation: true,
    log: LOG,
    chains: [{ chain: CHAIN, independent: false }],
    authorities: [],
    witnesses: { keys: [], quorum: 0 },
    sealSigner: sealer.certificateChain[0] as Uint8Array,
  };
  const policies = new OwnPolicy(db.pool, identity);
  const issuer = new CertificateIssuer({
    db,
    reader: new LogReader(db.pool),
    sealer,
    sealingKey,
    printer: { print: renderCertificatePdf },
    verifyBeforeIssue: async (json) => {
      const policy = ENCODE(await policies.for(parseCertificate(json)));
      return verifyCertificate(json, [], openTrust(policy, [], undefined));
    },
    evaluation: true,
    platformAt: async () => PLATFORM,
    verificationUrl: 'https://tiezheng.example.org/verify',
    nowMs: () => ISSUE_TIME,
    ...parts,
  });
  return { issuer, policies, sealer };
}
