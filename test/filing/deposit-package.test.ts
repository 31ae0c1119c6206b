import { randomBytes, randomUUID } from 'node:crypto';
import { BlobReader } from '@zip.js/zip.js';
import { expect } from 'chai';
import { makeEvaluationSeal } from '../../src/certificate/evaluation-seal.ts';
import { Sealer } from '../../src/certificate/sealer.ts';
import { sealingKeyFromPem } from '../../src/certificate/sealing-key.ts';
import { recordedBefore } from '../../src/custody/custodian.ts';
import { CustodyFiles } from '../../src/custody/custody-file.ts';
import { insertAccount } from '../../src/db/accounts.ts';
import { insertAttestation } from '../../src/db/attestations.ts';
import { type DepositRow, selectDeposit } from '../../src/db/deposits.ts';
import { insertGrant, updateGrantRevoked } from '../../src/db/grants.ts';
import { selectNewestPublication } from '../../src/db/leaves.ts';
import { migrate } from '../../src/db/migrate.ts';
import { type Database, openDatabase } from '../../src/db/pool.ts';
import { fenced } from '../../src/db/row-security.ts';
import { writeDepositPackage } from '../../src/filing/deposit-package.ts';
import { encodeBase64, parseHex } from '../../src/format/bytes.ts';
import { parseCustodyFile } from '../../src/format/custody.ts';
import { encodeJson } from '../../src/format/json.ts';
import { attestationsOf, encodeDetachedTimestamp, parseDetachedTimestamp } from '../../src/format/opentimestamps.ts';
import { PACKAGE } from '../../src/format/package.ts';
import { LogReader } from '../../src/log/log-reader.ts';
import { sealBytes } from '../../src/storage/encrypted-object.ts';
import { LocalMasterKey, MasterKeyRing } from '../../src/storage/master-key.ts';
import { MemoryObjectStore } from '../../src/storage/memory-store.ts';
import { originalObjectName } from '../../src/storage/stored-content.ts';
import { checkOpentimestamps } from '../../src/verify/opentimestamps.ts';
import { type PackagedFile, verifyPackage } from '../../src/verify/package.ts';
import { readPackage } from '../../src/verify/package-reader.ts';
import { openTrust } from '../../src/verify/trust.ts';
import { DEPOSIT_ID, LOG_VKEY, ORIGIN, PHOTO } from '../certificate/evidence-fixture.ts';
import { finalise, makeIssuer, storeDeposits } from '../certificate/issuer-world.ts';
import { rejectionOf } from '../support/coded-error.ts';
import { digestsOf, startPackageHasher } from '../support/file-digests.ts';
import { useTestDatabase } from '../support/postgres.ts';

/** One kept inline, one in the store, one to be erased. */
const CONTENTS = [Buffer.from('inline'), randomBytes(3_000_000), Buffer.from('erased later')];

describe('writeDepositPackage', () => {
  const databaseUrl = useTestDatabase();
  const store = new MemoryObjectStore();
  const keys = new MasterKeyRing(new LocalMasterKey('test', randomBytes(32)));
  let db: Database;
  let sealer: Sealer;
  let anchor: Awaited<ReturnType<typeof storeDeposits>>;

  before(async () => {
    db = openDatabase({ url: databaseUrl(), maxConnections: 4 });
    await migrate(db);
    const made = await makeEvaluationSeal(Date.now());
    sealer = new Sealer(sealingKeyFromPem(made.keyPem, made.certificatePem));
    const files = CONTENTS.map((bytes, i) => ({
      ...PHOTO,
      name: `${i}.bin`,
      sizeBytes: bytes.length,
      ...digestsOf(bytes),
    }));
    anchor = await storeDeposits(db, new Map([[5, { files }]]));
    for (const [index, bytes] of CONTENTS.entries()) {
      const name = originalObjectName(DEPOSIT_ID, index);
      const { wrappedKey, ciphertext } = await sealBytes(keys, name, bytes);
      const isStored = index === 1;
      if (isStored) await store.put(name, ciphertext);
      await db.pool.query(
        'update object_key set wrapped_key = $3, ciphertext = $4, object_name = $5 where deposit_id = $1 and file_index = $2',
        [DEPOSIT_ID, index, wrappedKey, isStored ? null : ciphertext, isStored ? name : null],
      );
    }
  });
  after(async () => {
    await anchor.log.stop();
    await db.close();
  });

  const seenBy = (accountId: string) => fenced(db, { accountId, at: new Date() });
  const depositor = async () => ((await selectDeposit(db.pool, DEPOSIT_ID)) as DepositRow).accountId;
  const write = async (
    custodyOf?: (depositId: string) => Promise<Uint8Array>,
    {
      reader,
      onChunk = async () => {},
    }: {
      /** The depositor, if left out. */
      reader?: string;
      onChunk?: () => Promise<void>;
    } = {},
  ): Promise<PackagedFile[]> => {
    const chunks: Uint8Array<ArrayBuffer>[] = [];
    const sink = new WritableStream<Uint8Array>({
      write: async (chunk) => {
        chunks.push(chunk.slice());
        await onChunk();
      },
    });
    const parts = {
      seen: seenBy(reader ?? (await depositor())),
      vault: { store, keys },
      sealer,
      verifier: Buffer.from('<!doctype html>'),
      nowMs: Date.now,
      log: new LogReader(db.pool),
      ...(custodyOf && { custodyOf }),
    };
    await writeDepositPackage(parts, DEPOSIT_ID, sink);
    return readPackage(new BlobReader(new Blob(chunks)), startPackageHasher, () => {});
  };
  const originalsIn = (files: readonly PackagedFile[]) =>
    new Map(files.filter(({ path }) => path.startsWith(PACKAGE.originals)).map(({ path, sha256 }) => [path, sha256]));

  it('refuses a deposit that has no certificate', async () => {
    await rejectionOf(write(), 'not-certified');
  });

  it('packs the originals that are held, decrypted, wherever they are kept, and leaves out erased ones', async () => {
    await finalise(db, anchor.anchorId, anchor.attestation);
    expect(await (await makeIssuer(db, { sequencer: anchor.log.sequencer })).issueDue()).to.have.length(1);
    const expected = CONTENTS.map((bytes, i) => [`data/originals/${i + 1}-${i}.bin`, digestsOf(bytes).sha256] as const);
    expect([...originalsIn(await write())]).to.deep.equal(expected);
    await db.pool.query('delete from object_key where deposit_id = $1 and file_index = 2', [DEPOSIT_ID]);
    expect([...originalsIn(await write())]).to.deep.equal(expected.slice(0, 2));
  });

  it('packs a proof of each file once a calendar has stamped a checkpoint that covers them', async () => {
    const proofs = async () => (await write()).filter(({ path }) => path.endsWith('.ots'));
    expect(await proofs()).to.deep.equal([]);
    const newest = await selectNewestPublication(db.pool);
    const rootHash = new Uint8Array(newest?.rootHash as Buffer);
    const timestamp = {
      branches: [{ attestation: { kind: 'pending' as const, uri: 'https://calendar.example.org' } }],
    };
    const proof = encodeBase64(encodeDetachedTimestamp({ digest: rootHash, timestamp }));
    await insertAttestation(db.pool, {
      treeSize: newest?.treeSize as bigint,
      type: 'opentimestamps',
      source: 'https://calendar.example.org',
      body: encodeJson({ type: 'opentimestamps', proof }),
      complete: false,
      at: new Date(),
    });
    const packed = await proofs();
    expect(packed.map(({ path }) => path)).to.deep.equal([1, 2, 3].map((n) => `data/proofs/file-${n}.ots`));
    for (const [i, { bytes }] of packed.entries()) {
      const digest = parseHex(digestsOf(CONTENTS[i] as Buffer).sha256);
      const { check } = checkOpentimestamps(bytes as Uint8Array, digest, null, openTrust(undefined, [], undefined));
      expect(check).to.include({ status: 'pending' });
      const reached = attestationsOf(parseDetachedTimestamp(bytes as Uint8Array).timestamp, digest);
      expect(reached.map(({ message }) => message)).to.deep.equal([rootHash]);
    }
  });

  it('carries what was recorded of the deposit, this export included and in the log', async () => {
    const custody = new CustodyFiles({
      db,
      reader: anchor.log.reader,
      sequencer: anchor.log.sequencer,
      sealer,
      evaluation: true,
      nowMs: Date.now,
    });
    const actor = { accountId: null, userId: null, by: 'service' } as const;
    await recordedBefore(db, { depositId: DEPOSIT_ID, kind: 'exported', actor, at: new Date() });
    const files = await write(async (depositId) => custody.make(seenBy(await depositor()), depositId, 'opened'));
    const bytes = files.find(({ path }) => path === PACKAGE.custody)?.bytes as Uint8Array;
    const { events, leaves } = parseCustodyFile(bytes);
    expect(events.map(({ event }) => event.kind)).to.deep.equal(['received', 'certified', 'exported']);
    expect(leaves.map(({ record }) => record.count)).to.deep.equal([3]);
    const policy = {
      type: 'tiezheng/policy/v1',
      evaluation: true,
      independentTimesRequired: 0,
      logs: [{ origin: ORIGIN, keys: [LOG_VKEY], leaf0: '00'.repeat(32), contracts: [] }],
      chains: [],
      blocks: [],
      authorities: [],
      seals: sealer.certificateChain.map(encodeBase64),
      witnesses: { keys: [], quorum: 0 },
    };
    const trust = openTrust(encodeJson(policy), [], undefined);
    const custodyIn = async (packed: PackagedFile[], beside?: Uint8Array) => {
      const { since } = await verifyPackage(packed, [], trust, undefined, beside);
      return since.filter(({ name }) => name === 'custody.chain');
    };
    const [check, ...others] = await custodyIn(files);
    expect(check).to.include({ status: 'passed' });
    expect(check?.facts).to.include({ count: '3', notInTheLog: '0', seal: 'passed' });
    expect(others).to.deep.equal([]);

    const broken = files.map((file) => (file.path === PACKAGE.custody ? { ...file, bytes: Buffer.from('{}') } : file));
    expect((await custodyIn(broken))[0]).to.include({ status: 'failed', reason: 'unknown-type' });
    // A file that the reader was given otherwise takes the place of the one in the package.
    expect((await custodyIn(broken, bytes))[0]).to.include({ status: 'passed' });
  });

  it('is the same for whoever it was granted to, ends with the grant, and is none for anybody else', async () => {
    const [reader, stranger, grantId] = [randomUUID(), randomUUID(), randomUUID()];
    for (const accountId of [reader, stranger]) {
      const account = {
        accountId,
        name: accountId,
        kind: 'person',
        identityMethod: 'none',
        identityCheckedAt: null,
      } as const;
      await insertAccount(db.pool, account);
    }
    const to = { depositId: DEPOSIT_ID, matterId: null, requestId: null, granteeAccountId: reader };
    const terms = {
      invitedEmail: null,
      invitedAccountId: null,
      scope: 'export',
      coverage: 'disclosed',
      remark: null,
      createdAt: new Date(),
      expiresAt: null,
    } as const;
    await insertGrant(db.pool, { grantId, accountId: await depositor(), ...to, ...terms });

    expect(originalsIn(await write(undefined, { reader }))).to.deep.equal(originalsIn(await write()));
    await rejectionOf(write(undefined, { reader: stranger }), 'not-certified');
    const revoke = async () => void (await updateGrantRevoked(db.pool, grantId, new Date()));
    await rejectionOf(write(undefined, { reader, onChunk: revoke }), 'object-not-found');
    await rejectionOf(write(undefined, { reader }), 'not-certified');
  });

  it('breaks off when an object is missing from the store', async () => {
    await store.delete(originalObjectName(DEPOSIT_ID, 1));
    await rejectionOf(write(), 'object-not-found');
  });
});
