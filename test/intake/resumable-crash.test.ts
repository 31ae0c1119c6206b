import { createHash, randomBytes } from 'node:crypto';
import { expect } from 'chai';
import { v7 as uuidV7 } from 'uuid';
import { insertAccount } from '../../src/db/accounts.ts';
import { selectContentsReceived } from '../../src/db/contents-received.ts';
import { migrate } from '../../src/db/migrate.ts';
import { selectObjectKey } from '../../src/db/objects.ts';
import { type Database, openDatabase } from '../../src/db/pool.ts';
import { selectUpload } from '../../src/db/uploads.ts';
import { DepositService } from '../../src/intake/deposit-service.ts';
import { DigestPool } from '../../src/intake/digest-stream.ts';
import { UploadParts } from '../../src/intake/resumable/upload-parts.ts';
import { Uploads } from '../../src/intake/resumable/uploads.ts';
import { openObject } from '../../src/storage/encrypted-object.ts';
import { LocalMasterKey, MasterKeyRing } from '../../src/storage/master-key.ts';
import { MemoryObjectStore } from '../../src/storage/memory-store.ts';
import type { ObjectStore } from '../../src/storage/object-store.ts';
import { Crash, CrashingStore, crashing } from '../support/crash.ts';
import { useTestDatabase } from '../support/postgres.ts';

const DAY_MS = 24 * 3600_000;
const PART_BYTES = 40_000;

describe('an upload whose server dies at any write', function () {
  this.timeout(120_000);
  const databaseUrl = useTestDatabase();
  const keys = new MasterKeyRing(new LocalMasterKey('test', randomBytes(32)));
  const digests = new DigestPool({ workers: 1 });
  const store = new MemoryObjectStore();
  const accountId = uuidV7();
  let db: Database;

  before(async () => {
    db = openDatabase({ url: databaseUrl(), maxConnections: 6 });
    await migrate(db);
    const account = {
      accountId,
      name: 'test',
      kind: 'unknown',
      identityMethod: 'none',
      identityCheckedAt: null,
      identityCheckedBy: null,
    } as const;
    await insertAccount(db.pool, account);
  });
  after(async () => {
    await digests.close();
    await db.close();
  });

  const declare = async (content: Uint8Array): Promise<string> => {
    const service = new DepositService({
      db,
      store,
      sequencer: {
        integrated: async () => ({ leafIndex: 1n, treeSize: 2n, note: new Uint8Array(), inclusionProof: [] }),
      },
      sealer: { seal: async (object) => object },
      nowMs: Date.now,
      newestFinalBlock: async () => null,
      evaluation: true,
      integrationTimeoutMs: 1000,
      publishWithinMs: DAY_MS,
    });
    const { depositId } = await service.receive({
      account: {
        accountId,
        name: 'test',
        kind: 'unknown',
        identityMethod: 'none',
        identityCheckedAt: null,
        identityCheckedBy: null,
      },
      content: {
        digestSource: 'declared',
        files: [
          {
            name: 'a.bin',
            sizeBytes: content.length,
            mediaType: null,
            sha256: createHash('sha256').update(content).digest('hex'),
            sm3: createHash('sm3').update(content).digest('hex'),
          },
        ],
      },
      statement: {},
      idempotencyKey: null,
    });
    return depositId;
  };
  const open = (through: Database, objects: ObjectStore) => {
    const vault = { store: objects, keys };
    const parts = new UploadParts({ db: through, vault, nowMs: Date.now, expiryMs: DAY_MS, partBytes: PART_BYTES });
    const quotas = { maxFileBytes: 1e9, maxOpenUploads: 1e6, maxOpenBytes: 1e12, expiryMs: DAY_MS };
    const uploads = new Uploads({ db: through, vault, parts, digests, quotas, nowMs: Date.now, onTrouble: () => {} });
    return { parts, uploads };
  };
  async function* chunks(content: Uint8Array) {
    for (let at = 0; at < content.length; at += 7000) yield content.subarray(at, at + 7000);
  }
  /** What a client does: asks for the offset, sends on, twice with a break in between, and finishes. */
  const journey = async (server: ReturnType<typeof open>, uploadId: string, content: Uint8Array) => {
    const offset = async () => (await selectUpload(db.pool, uploadId))?.offsetBytes as bigint;
    for (const until of [50_000, content.length]) {
      const at = await offset();
      if (at < until) await server.parts.append(uploadId, at, chunks(content.subarray(Number(at), until)));
    }
    return server.uploads.finish(uploadId);
  };
  const objects = async () => {
    const names: string[] = [];
    for (const prefix of ['upload/', 'deposit/']) for await (const name of store.list(prefix)) names.push(name);
    return names;
  };

  /** @returns how many writes there were */
  const survive = async (at: number, isPersisted: boolean, content: Uint8Array, isRight: boolean): Promise<number> => {
    const depositId = await declare(isRight ? content : randomBytes(content.length));
    const crash = new Crash();
    const dying = open(crashing(db, crash), new CrashingStore(store, crash));
    const wanted = { uploadId: uuidV7(), depositId, fileIndex: 0, sizeBytes: BigInt(content.length) };
    const { uploadId } = await open(db, store).uploads.create(wanted);
    crash.arm(at, isPersisted);
    const before = await journey(dying, uploadId, content).catch((error: Error) => error);
    if (!(before instanceof Error)) expect(before.state).to.equal(isRight ? 'received' : 'refused');

    // The next process on the same database and store.
    const server = open(db, store);
    const { offsetBytes } = (await selectUpload(db.pool, uploadId)) ?? { offsetBytes: 0n };
    expect(Number(offsetBytes)).to.be.at.most(content.length);
    const outcome = await journey(server, uploadId, content);
    await server.uploads.keep();
    const where = `write ${at}${isPersisted ? ', persisted' : ''}`;
    expect(outcome.state, where).to.equal(isRight ? 'received' : 'refused');
    const key = await selectObjectKey(db.pool, depositId, 0, 'original');
    const received = await selectContentsReceived(db.pool, depositId);
    expect([key !== undefined, received.length], where).to.deep.equal(isRight ? [true, 1] : [false, 0]);
    if (key?.object.kind === 'stored') {
      const opened = await openObject(store, keys, key.object.name, key.wrappedKey);
      const held = Buffer.concat((await opened?.content.toArray()) ?? []);
      expect(held.equals(content), where).to.equal(true);
      expect(await objects(), where).to.deep.equal([key.object.name]);
      await store.delete(key.object.name);
    }
    expect(await objects(), where).to.deep.equal([]);
    return crash.writes;
  };

  for (const isRight of [true, false]) {
    it(`${isRight ? 'is whole in the end, once' : 'is refused in the end'}, and leaves no other object`, async () => {
      const content = randomBytes(100_000);
      const writes = await survive(Number.POSITIVE_INFINITY, false, content, isRight);
      expect(writes).to.be.above(15);
      for (let at = 0; at < writes; at++) {
        for (const isPersisted of [false, true]) await survive(at, isPersisted, content, isRight);
      }
    });
  }

  it('never makes two objects of one key, whatever comes after the interruption', async () => {
    const content = randomBytes(30_000);
    const depositId = await declare(content);
    const crash = new Crash();
    const dying = open(crashing(db, crash), new CrashingStore(store, crash));
    const { uploadId } = await open(db, store).uploads.create({
      uploadId: uuidV7(),
      depositId,
      fileIndex: 0,
      sizeBytes: 30_000n,
    });
    // The object is there, and the transaction that makes it count is not.
    crash.arm(3, false);
    await dying.parts.append(uploadId, 0n, chunks(randomBytes(30_000))).catch(() => {});
    const wrapped = async () =>
      (
        await db.pool.query<{ wrapped_key: Buffer; object_name: string }>(
          'select object_name, wrapped_key from upload_object where upload_id = $1',
          [uploadId],
        )
      ).rows;
    const [left] = await wrapped();
    expect(await store.head(left?.object_name as string)).to.not.equal(undefined);
    await open(db, store).parts.append(uploadId, 0n, chunks(content));
    const [now, ...others] = await wrapped();
    expect(others).to.deep.equal([]);
    expect(now?.object_name).to.not.equal(left?.object_name);
    expect(now?.wrapped_key.equals(left?.wrapped_key as Buffer)).to.equal(false);
    expect((await open(db, store).uploads.finish(uploadId)).state).to.equal('received');
  });

  it('lets only one of two servers go on from an offset', async () => {
    const content = randomBytes(90_000);
    const depositId = await declare(content);
    const { uploadId } = await open(db, store).uploads.create({
      uploadId: uuidV7(),
      depositId,
      fileIndex: 0,
      sizeBytes: 90_000n,
    });
    const outcomes = await Promise.allSettled(
      [open(db, store), open(db, store)].map(({ parts }) => parts.append(uploadId, 0n, chunks(content))),
    );
    const server = open(db, store);
    const { offsetBytes } = (await selectUpload(db.pool, uploadId)) ?? { offsetBytes: 0n };
    if (outcomes.every(({ status }) => status === 'rejected')) expect(offsetBytes).to.be.below(90_000n);
    expect((await journey(server, uploadId, content)).state).to.equal('received');
    expect((await objects()).filter((name) => name.startsWith('upload/'))).to.deep.equal([]);
  });

  it('removes, at the start, objects that no row knows, and no others', async () => {
    const content = randomBytes(50_000);
    const depositId = await declare(content);
    const server = open(db, store);
    const { uploadId } = await server.uploads.create({
      uploadId: uuidV7(),
      depositId,
      fileIndex: 0,
      sizeBytes: 50_000n,
    });
    await server.parts.append(uploadId, 0n, chunks(content.subarray(0, 45_000)));
    const before = await objects();
    await store.put(`upload/${uploadId}/0123456789abcdef`, randomBytes(10));
    expect(await server.uploads.removeUnknown()).to.equal(1);
    expect(await objects()).to.deep.equal(before);
    expect((await journey(server, uploadId, content)).state).to.equal('received');
  });

  it('drops what the store has lost, so that it can be brought again', async () => {
    const content = randomBytes(50_000);
    const depositId = await declare(content);
    const server = open(db, store);
    const wanted = { uploadId: uuidV7(), depositId, fileIndex: 0, sizeBytes: 50_000n };
    const { uploadId } = await server.uploads.create(wanted);
    await server.parts.append(uploadId, 0n, chunks(content));
    for await (const name of store.list(`upload/${uploadId}/`)) {
      await store.delete(name);
      break;
    }
    const outcome = await server.uploads.finish(uploadId);
    expect([outcome.state, outcome.refusal]).to.deep.equal(['refused', 'stored-parts-lost']);
    const again = await server.uploads.create({ ...wanted, uploadId: uuidV7() });
    expect((await journey(server, again.uploadId, content)).state).to.equal('received');
  });
});
