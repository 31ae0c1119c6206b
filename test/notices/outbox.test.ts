import { expect } from 'chai';
import { endNoticeMails, upsertNoticePreference } from '../../src/db/notices.ts';
import { recordGrantOpening, recordLinkOpening, recordNotice } from '../../src/notices/notice.ts';
import { NoticeWorld } from './notice-world.ts';

describe('the outbox', () => {
  let world: NoticeWorld;
  before(async function () {
    this.timeout(60_000);
    world = await NoticeWorld.open();
  });
  after(() => world.close());
  const at = () => new Date(world.now);
  const record = (accountId: string, key: string, kind: 'certified' | 'anchored' | 'test' = 'certified') =>
    recordNotice(world.db.pool, { accountId, kind, key, about: {}, at: at() });

  describe('recordNotice', () => {
    it('writes one for each cause, and none if the transaction of the cause is rolled back', async () => {
      const accountId = await world.account();
      expect(await record(accountId, 'a')).to.equal(true);
      expect(await record(accountId, 'a')).to.equal(false);
      const failed = world.db.transaction(async (q) => {
        await recordNotice(q, { accountId, kind: 'certified', key: 'b', about: {}, at: at() });
        throw new Error('the cause fails');
      });
      expect(await failed.catch((error: Error) => error.message)).to.equal('the cause fails');
      expect((await world.notices(accountId)).map(({ key }) => key)).to.deep.equal(['a']);
    });

    it('makes one of a thousand openings of a link within a window, and one of the next window', async () => {
      const accountId = await world.account();
      const start = Date.parse('2026-11-22T05:00:00.000Z');
      const open = (linkId: string, ms: number) =>
        recordLinkOpening(world.db.pool, { accountId, linkId, at: new Date(start + ms) });
      const made = await Promise.all(Array.from({ length: 1000 }, (_, i) => open('link-1', i * 3000)));
      expect(made.filter(Boolean)).to.have.lengthOf(1);
      expect(await open('link-2', 0)).to.equal(true);
      expect(await open('link-1', 3600_000)).to.equal(true);
      expect(await world.notices(accountId)).to.have.lengthOf(3);
    });
  });

  describe('recordGrantOpening', () => {
    it('tells the owner what others saw, once an hour for each of them, and nothing of what he saw himself', async () => {
      const owner = await world.account();
      const notary = await world.account();
      const judge = await world.account();
      const depositId = await world.deposit(owner, null);
      const start = Date.parse('2026-11-22T05:00:00.000Z');
      const see = (byAccountId: string, ms: number) =>
        recordGrantOpening(world.db.pool, { depositId, byAccountId, at: new Date(start + ms) });
      expect([await see(owner, 0), await see(notary, 0), await see(notary, 1), await see(judge, 2)]).to.deep.equal([
        ...[false, true, false, true],
      ]);
      expect(await see(notary, 3600_000)).to.equal(true);
      expect((await world.notices(owner)).map(({ about }) => about)).to.deep.equal(
        [notary, judge, notary].map((byAccountId) => ({ depositId, byAccountId })),
      );
      expect(await world.notices(notary)).to.deep.equal([]);
    });
  });

  describe('causes that are found', () => {
    it('tells once of each deposit that a final anchor covers', async () => {
      const accountId = await world.account();
      const early = await world.deposit(accountId, 3n);
      const late = await world.deposit(accountId, 7n);
      await world.anchor(5n, 'mined');
      await world.find();
      expect(await world.notices(accountId)).to.deep.equal([]);
      await world.db.pool.query(`update anchor set state = 'final' where tree_size = 5`);
      await world.find();
      await world.find();
      expect(await world.notices(accountId)).to.deep.equal([
        { kind: 'anchored', key: early, about: { depositId: early, chain: 'eip155:31337', treeSize: 5 } },
      ]);
      await world.anchor(9n);
      await world.find();
      expect((await world.notices(accountId)).map(({ key }) => key)).to.deep.equal([early, late]);
    });

    it('goes through a tree of many leaves piece by piece', async () => {
      const accountId = await world.account();
      const deposits = [];
      for (const leaf of [12n, 2500n, 4999n]) deposits.push(await world.deposit(accountId, leaf));
      await world.anchor(5000n);
      await world.find();
      expect((await world.notices(accountId)).map(({ key }) => key)).to.deep.equal(deposits);
    });

    it('tells once a day of deposits that get no anchor', async () => {
      const accountId = await world.account();
      const old = new Date(world.now - 7 * 3600_000);
      await world.deposit(accountId, 90_000n, old);
      await world.deposit(accountId, null, new Date(world.now - 6.5 * 3600_000));
      await world.deposit(accountId, 90_001n);
      await world.find();
      await world.find();
      expect((await world.notices(accountId)).map(({ kind, about }) => ({ kind, about }))).to.deep.equal([
        { kind: 'stuck', about: { deposits: 2, oldestReceivedAt: old.toISOString() } },
      ]);
      world.now += 24 * 3600_000;
      await world.find();
      expect(await world.notices(accountId)).to.have.lengthOf(2);
    });

    it('tells the receiver of a hand-over that waits for him, and nobody of one that has ended', async () => {
      const giver = await world.account();
      const receiver = await world.account();
      const depositId = await world.deposit(giver, null);
      const { pool } = world.db;
      const bytes = Buffer.alloc(32, 1);
      await pool.query(
        `insert into custody_chain (deposit_id, event_count, head_hash, last_at) values ($1, 1, $2, now())`,
        [depositId, bytes],
      );
      await pool.query(
        `insert into custody_event (deposit_id, event_index, kind, at, event_hash, repeat_key, body) values ($1, 0, 'handed-over', now(), $2, $2, '')`,
        [depositId, bytes],
      );
      const handOver = async (receiverAccount: string, ended: string | null) => {
        const { rows } = await pool.query<{ id: string }>(
          `insert into hand_over (hand_over_id, deposit_id, giver_account, receiver_account, handed_over_at, expires_at, statement, statement_event, ended, ended_at)
           values (gen_random_uuid(), $1, $2, $3, $4, $5, '', 0, $6, case when $6::text is null then null else $4::timestamptz end) returning hand_over_id as id`,
          [depositId, giver, receiverAccount, at(), new Date(world.now + 3600_000), ended],
        );
        return rows[0]?.id;
      };
      const open = await handOver(receiver, null);
      await handOver(receiver, 'cancelled');
      // Named by the giver, and no account of this service.
      await handOver('01939f3e-7c1a-7b7e-9d2c-3f1d0e5b8a99', null);
      await world.find();
      await world.find();
      expect((await world.notices(receiver)).map(({ kind, key }) => ({ kind, key }))).to.deep.equal([
        { kind: 'hand-over-waiting', key: open },
      ]);
      expect((await world.notices(giver)).map(({ kind }) => kind)).not.to.include('hand-over-waiting');
    });

    it('tells of an upload that is about to end', async () => {
      const accountId = await world.account();
      const depositId = await world.deposit(accountId, null);
      const upload = (index: number, expiresInMs: number, offset = 5) =>
        world.db.pool.query(
          `insert into upload (upload_id, deposit_id, file_index, account_id, size_bytes, offset_bytes, created_at, expires_at)
           values (gen_random_uuid(), $1, $2, $3, 10, $6, $4, $5)`,
          [depositId, index, accountId, new Date(world.now - 7200_000), new Date(world.now + expiresInMs), offset],
        );
      await upload(0, 3600_000);
      await upload(1, 48 * 3600_000);
      await upload(2, -3600_000);
      await upload(3, 3600_000, 10);
      world.now += 61_000;
      await world.find();
      world.now += 61_000;
      await world.find();
      const told = (await world.notices(accountId)).filter(({ kind }) => kind === 'upload-expiring');
      expect(told.map(({ about }) => about.fileIndex)).to.deep.equal([0]);
    });
  });

  describe('who is told', () => {
    it('is every member with a confirmed address, for kinds that come by mail', async () => {
      const accountId = await world.account();
      const wang = await world.member(accountId, 'wang@example.org');
      await world.member(accountId, 'unconfirmed@example.org', false);
      await record(accountId, 'a');
      await record(accountId, 'b', 'anchored');
      await world.find();
      const made = await world.deliveries(accountId);
      expect(made.map(({ kind, userId, address }) => ({ kind, userId, address }))).to.deep.equal([
        { kind: 'certified', userId: wang, address: 'wang@example.org' },
      ]);
    });

    it('is whom the member, else the account, has chosen', async () => {
      const accountId = await world.account();
      const wang = await world.member(accountId, 'wang2@example.org');
      await world.member(accountId, 'li2@example.org');
      const choose = (userId: string, emailKinds: string[]) =>
        upsertNoticePreference(world.db.pool, {
          ...{ accountId, userId, language: 'zh', emailKinds, at: at() },
          newToken: `${userId || 'account'}${'x'.repeat(43)}`.slice(0, 43),
        });
      await choose('', []);
      await choose(wang, ['anchored']);
      await record(accountId, 'a', 'anchored');
      await record(accountId, 'b', 'certified');
      await world.find();
      const made = await world.deliveries(accountId);
      expect(made.map(({ kind, address }) => [kind, address])).to.deep.equal([['anchored', 'wang2@example.org']]);
    });

    it('is nobody by mail where no mails are sent', async () => {
      const accountId = await world.account();
      await world.member(accountId, 'wang3@example.org');
      await record(accountId, 'a');
      await world.find({ byMail: false });
      expect(await world.deliveries(accountId)).to.deep.equal([]);
    });

    it('is nobody after the mails were ended by their token', async () => {
      const accountId = await world.account();
      const userId = await world.member(accountId, 'wang4@example.org');
      const token = 't'.repeat(43);
      await upsertNoticePreference(world.db.pool, {
        ...{ accountId, userId, language: 'en', emailKinds: ['certified'], newToken: token, at: at() },
      });
      await record(accountId, 'a');
      await world.find();
      expect(await world.db.transaction((q) => endNoticeMails(q, 'u'.repeat(43), at()))).to.equal(false);
      expect(await world.db.transaction((q) => endNoticeMails(q, token, at()))).to.equal(true);
      await record(accountId, 'b');
      await world.find();
      expect((await world.deliveries(accountId)).map(({ state, outcome }) => [state, outcome])).to.deep.equal([
        ['cancelled', 'unsubscribed'],
      ]);
    });

    it('is told once by two servers that look at the same time', async () => {
      const accountId = await world.account();
      await world.member(accountId, 'wang5@example.org');
      for (let i = 0; i < 20; i++) await record(accountId, `n${i}`);
      await Promise.all([world.find(), world.find(), world.find()]);
      await world.find();
      expect(await world.deliveries(accountId)).to.have.lengthOf(20);
    });
  });
});
