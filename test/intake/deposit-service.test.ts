import { randomBytes } from 'node:crypto';
import { expect } from 'chai';
import { v7 as uuidV7 } from 'uuid';
import { DatabaseError } from '../../src/db/database-error.ts';
import { selectDeposit } from '../../src/db/deposits.ts';
import type { Database } from '../../src/db/pool.ts';
import { parseReceipt } from '../../src/format/receipt.ts';
import type { DepositError } from '../../src/intake/deposit-error.ts';
import { removeOrphanObjects } from '../../src/intake/deposit-orphans.ts';
import {
  type DepositRequest,
  DepositService,
  type DepositServiceParts,
  type StoredFile,
} from '../../src/intake/deposit-service.ts';
import { sealBytes } from '../../src/storage/encrypted-object.ts';
import { originalObjectName } from '../../src/storage/stored-content.ts';
import { ServiceWorld } from '../http/service-world.ts';
import { rejectionOf } from '../support/coded-error.ts';
import { digestsOf } from '../support/file-digests.ts';

const DEPOSITOR = {
  name: '张三',
  kind: 'person',
  identityMethod: 'none',
  identityCheckedAt: null,
  identityCheckedBy: null,
} as const;

describe('DepositService', () => {
  let world: ServiceWorld;
  before(async function () {
    this.timeout(60_000);
    world = await ServiceWorld.open();
  });
  after(() => world.close());

  /** As an upload leaves it: the object is durable and no row names it. */
  const uploaded = async (bytes: Buffer, name = 'photo.jpg'): Promise<{ depositId: string; files: StoredFile[] }> => {
    const depositId = uuidV7();
    const objectName = originalObjectName(depositId, 0);
    const { wrappedKey, ciphertext } = await sealBytes(world.keys, objectName, bytes);
    await world.store.put(objectName, ciphertext);
    const facts = { name, sizeBytes: bytes.length, mediaType: 'application/octet-stream', ...digestsOf(bytes) };
    return { depositId, files: [{ ...facts, object: { kind: 'stored', name: objectName }, wrappedKey }] };
  };
  type Upload = DepositRequest & { content: { digestSource: 'computed' } };
  const request = async (
    bytes: Buffer,
    idempotencyKey: string | null,
    { name, ...changed }: Partial<Omit<DepositRequest, 'content'>> & { name?: string } = {},
  ): Promise<Upload> => ({
    account: { ...DEPOSITOR, accountId: world.accountId },
    content: { digestSource: 'computed', ...(await uploaded(bytes, name)) },
    statement: { title: '侵权照片' },
    idempotencyKey,
    ...changed,
  });
  const declared = (bytes: Buffer, idempotencyKey: string): DepositRequest => ({
    account: { ...DEPOSITOR, accountId: world.accountId },
    content: {
      digestSource: 'declared',
      files: [{ name: 'photo.jpg', sizeBytes: bytes.length, mediaType: null, ...digestsOf(bytes) }],
    },
    statement: { title: '侵权照片' },
    idempotencyKey,
  });
  const objects = async () => (await world.leftovers()).objects;
  const service = (changed: Partial<DepositServiceParts>) =>
    new DepositService({
      db: world.db,
      store: world.store,
      sequencer: world.sequencer,
      sealer: world.sealer,
      nowMs: Date.now,
      newestFinalBlock: async () => null,
      evaluation: true,
      integrationTimeoutMs: 5000,
      publishWithinMs: 3600_000,
      ...changed,
    });

  it('records the clock and the newest final block that it was given', async () => {
    const block = { chain: 'eip155:1', blockHash: `0x${'ab'.repeat(32)}` };
    const asked: number[] = [];
    const deposits = service({
      nowMs: () => Date.parse('2026-11-22T03:04:05.678Z'),
      newestFinalBlock: async (nowMs) => {
        asked.push(nowMs);
        return block;
      },
    });
    const { receipt } = await deposits.receive(await request(randomBytes(10), null));
    const { record, publishBy } = parseReceipt(receipt);
    expect(record.receivedAt).to.equal('2026-11-22T03:04:05.678Z');
    expect(record.notBefore).to.deep.equal(block);
    expect(publishBy).to.equal('2026-11-22T04:04:05.678Z');
    expect(asked).to.deep.equal([Date.parse('2026-11-22T03:04:05.678Z')]);
  });

  it('salts every committed object on its own', async () => {
    const { receipt } = await world.deposits.receive(await request(randomBytes(10), null));
    const salts =
      Buffer.from(receipt)
        .toString('utf8')
        .match(/"salt":"[0-9a-f]{64}"/g) ?? [];
    expect(new Set(salts).size).to.equal(salts.length).and.to.equal(5);
  });

  describe('with an Idempotency-Key', () => {
    it('answers the same content with the same deposit, and keeps one copy', async () => {
      const bytes = randomBytes(100_000);
      const first = await world.deposits.receive(await request(bytes, 'same'));
      const before = await objects();
      const second = await world.deposits.receive(await request(bytes, 'same'));
      expect([first.isRepeated, second.isRepeated]).to.deep.equal([false, true]);
      expect(second.depositId).to.equal(first.depositId);
      const [a, b] = [parseReceipt(first.receipt), parseReceipt(second.receipt)];
      expect({ ...b, seals: [] }).to.deep.equal({ ...a, seals: [] });
      expect(await objects()).to.deep.equal(before);
    });

    it('refuses the key for other content, and keeps nothing of it', async () => {
      const bytes = randomBytes(50);
      await world.deposits.receive(await request(bytes, 'reused'));
      const before = await world.leftovers();
      const others = [
        await request(randomBytes(50), 'reused'),
        await request(bytes, 'reused', { statement: { title: '另一标题' } }),
        await request(bytes, 'reused', { name: 'other.jpg' }),
        declared(bytes, 'reused'),
      ];
      for (const other of others) await rejectionOf(world.deposits.receive(other), 'idempotency-key-reused');
      expect(await world.leftovers()).to.deep.equal(before);
    });

    it('gives one deposit to twenty requests at once', async () => {
      const bytes = randomBytes(1000);
      const before = await world.leftovers();
      const answers = await Promise.all(
        Array.from({ length: 20 }, async () => world.deposits.receive(await request(bytes, 'at once'))),
      );
      expect(new Set(answers.map((a) => a.depositId)).size).to.equal(1);
      expect(answers.filter((a) => !a.isRepeated)).to.have.length(1);
      const after = await world.leftovers();
      expect(after.deposits).to.equal(before.deposits + 1);
      expect(after.objects).to.have.length(before.objects.length + 1);
    });

    it('lets one of several requests with other content win', async () => {
      const outcomes = await Promise.allSettled(
        Array.from({ length: 8 }, async (_, i) =>
          world.deposits.receive(await request(Buffer.from(`content ${i}`), 'race')),
        ),
      );
      const lost = outcomes.flatMap((o) => (o.status === 'rejected' ? [(o.reason as DepositError).code] : []));
      expect(lost).to.deep.equal(Array(7).fill('idempotency-key-reused'));
    });

    it('is each account’s own', async () => {
      const bytes = randomBytes(50);
      const { accountId } = await world.createAccount('other');
      const mine = await world.deposits.receive(await request(bytes, 'shared key'));
      const theirs = await world.deposits.receive(
        await request(bytes, 'shared key', { account: { ...DEPOSITOR, accountId } }),
      );
      expect(theirs.depositId).not.to.equal(mine.depositId);
    });
  });

  describe('when a step fails', () => {
    it('before the commit: nothing stays', async () => {
      const before = await world.leftovers();
      const broken = service({ newestFinalBlock: () => Promise.reject(new Error('the chain part is broken')) });
      await broken.receive(await request(randomBytes(100_000), 'k1')).then(
        () => expect.fail('received'),
        (error: Error) => expect(error.message).to.equal('the chain part is broken'),
      );
      expect(await world.leftovers()).to.deep.equal(before);
    });

    it('inside of the transaction: nothing stays', async () => {
      const before = await world.leftovers();
      const stranger = { ...DEPOSITOR, accountId: uuidV7() };
      const outcome = world.deposits.receive(await request(randomBytes(100_000), null, { account: stranger }));
      expect(await outcome.catch((e: { code: string }) => e.code)).to.equal('23503');
      expect(await world.leftovers()).to.deep.equal(before);
    });

    it('in the commit, committed or not: what a deposit may need stays', async () => {
      for (const isCommitted of [false, true]) {
        const deposits = service({ db: losingCommit(world.db, isCommitted) });
        const bytes = randomBytes(100_000);
        const lost = await request(bytes, `lost ${isCommitted}`);
        await rejectionOf(deposits.receive(lost), 'commit-unknown');
        expect(await objects()).to.include(originalObjectName(lost.content.depositId, 0));
        const row = await selectDeposit(world.db.pool, lost.content.depositId);
        expect(row !== undefined).to.equal(isCommitted);
        if (isCommitted) {
          const again = await world.deposits.receive(await request(bytes, 'lost true'));
          expect(again).to.include({ depositId: lost.content.depositId, isRepeated: true });
        }
      }
    });
    it('after the commit, in the log: log-pending names the deposit, and its receipt can be had later', async () => {
      const slow = service({ sequencer: { integrated: () => Promise.reject(new Error('the log is away')) } });
      const error = (await rejectionOf(
        slow.receive(await request(randomBytes(10), 'slow')),
        'log-pending',
      )) as DepositError;
      const { receipt } = await world.deposits.receipt(world.db.pool, error.depositId as string);
      expect(parseReceipt(receipt).record.depositId).to.equal(error.depositId);
    });
  });

  describe('receipt', () => {
    it('is not to be had of a deposit that never was', async () => {
      await rejectionOf(world.deposits.receipt(world.db.pool, uuidV7()), 'deposit-not-found');
    });

    it('is not to be had once the record is erased', async () => {
      const { depositId } = await world.deposits.receive(await request(randomBytes(10), null));
      await world.db.pool.query('delete from record where deposit_id = $1', [depositId]);
      await rejectionOf(world.deposits.receipt(world.db.pool, depositId), 'deposit-erased');
    });
  });

  describe('removeOrphanObjects', () => {
    const HOUR = 3600_000;

    it('removes what no deposit names once it is old enough, and nothing else', async () => {
      const kept = await world.deposits.receive(await request(randomBytes(100_000), null));
      const orphan = await uploaded(randomBytes(10));
      const orphanName = originalObjectName(orphan.depositId, 0);
      await world.store.put('deposit/not-a-uuid/0', randomBytes(3));
      const parts = { db: world.db, store: world.store };

      expect(await removeOrphanObjects(parts, Date.now(), HOUR)).to.equal(0);
      expect(await objects()).to.include(orphanName);
      expect(await removeOrphanObjects(parts, Date.now() + 2 * HOUR, HOUR)).to.be.greaterThan(0);
      expect(await objects())
        .to.include('deposit/not-a-uuid/0')
        .and.to.include(originalObjectName(kept.depositId, 0));
      expect(await objects()).not.to.include(orphanName);
      expect(await removeOrphanObjects(parts, Date.now() + 2 * HOUR, HOUR)).to.equal(0);
    });

    it('leaves the objects of a deposit alone, also those that no row names yet', async () => {
      const { depositId } = await world.deposits.receive(await request(randomBytes(10), null));
      await world.store.put(`deposit/${depositId}/0-preview`, randomBytes(10));
      await removeOrphanObjects({ db: world.db, store: world.store }, Date.now() + 2 * HOUR, HOUR);
      expect(await objects()).to.include(`deposit/${depositId}/0-preview`);
    });
  });
});

/** A database whose connection breaks at COMMIT, before or after the server did it. */
function losingCommit(db: Database, isCommitted: boolean): Database {
  return {
    pool: db.pool,
    close: () => db.close(),
    transaction: async (work) => {
      const lost = new DatabaseError('commit-unknown', 'connection lost');
      await db.transaction(async (client) => {
        await work(client);
        if (!isCommitted) throw lost;
      });
      throw lost;
    },
  };
}
