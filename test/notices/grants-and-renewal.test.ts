import { createHash } from 'node:crypto';
import { expect } from 'chai';
import { v7 as uuidV7 } from 'uuid';
import { clearAlarm, raiseAlarm } from '../../src/db/alarms.ts';
import { insertCertificate } from '../../src/db/certificates.ts';
import { insertGrant, type NewGrant } from '../../src/db/grants.ts';
import { MailWorker } from '../../src/notices/mail-worker.ts';
import { SmtpCarrier } from '../../src/notices/smtp-carrier.ts';
import { NoticeWorld } from './notice-world.ts';
import { SmtpReceiver, subjectOf, textOf } from './smtp-receiver.ts';

const HOUR_MS = 3600_000;

describe('notices of grants and of renewals', () => {
  let world: NoticeWorld;
  before(async function () {
    this.timeout(60_000);
    world = await NoticeWorld.open();
  });
  after(() => world.close());
  beforeEach(() => {
    world.now += 24 * HOUR_MS;
  });
  const at = (ms = 0) => new Date(world.now + ms);
  const kinds = async (accountId: string) => (await world.notices(accountId)).map(({ kind }) => kind);

  const grant = async (more: Partial<NewGrant>): Promise<NewGrant> => {
    const accountId = more.accountId ?? (await world.account());
    const made: NewGrant = {
      ...{
        grantId: uuidV7(),
        accountId,
        depositId: await world.deposit(accountId, null),
        matterId: null,
        requestId: null,
      },
      ...{ granteeAccountId: null, invitedEmail: null, invitedAccountId: null },
      ...{ scope: 'read', coverage: 'disclosed', remark: null },
      ...{ createdAt: at(), expiresAt: null },
      ...more,
    };
    await insertGrant(world.db.pool, made);
    return made;
  };

  describe('a grant', () => {
    it('is told to the account that it is for, once, by mail at the real server, with what names nobody', async () => {
      const receiver = await SmtpReceiver.open();
      const carrier = new SmtpCarrier(
        { host: '127.0.0.1', port: receiver.port, tls: 'none', user: undefined, password: undefined },
        'evidence@example.org',
        { timeoutMs: 2000 },
      );
      try {
        const judge = await world.account();
        await world.member(judge, 'judge@court.example');
        const { grantId, depositId, accountId } = await grant({ granteeAccountId: judge });
        await world.find();
        await world.find();
        expect(await world.notices(judge)).to.deep.equal([
          { kind: 'grant-received', key: grantId, about: { grantId, depositId, byAccountId: accountId } },
        ]);
        expect(await kinds(accountId)).to.deep.equal([]);
        const parts = { db: world.db, carrier, publicUrl: 'https://e.example', quietMs: 600_000 };
        await new MailWorker({ ...parts, nowMs: world.nowMs, onTrouble: () => {} }).turn();
        expect(receiver.mails).to.have.length(1);
        const [mail] = receiver.mails;
        expect(mail?.to).to.deep.equal(['judge@court.example']);
        expect(subjectOf(mail!)).to.equal('[铁证 Tiezheng] 有内容共享给您 · Something was shared with you');
        expect(textOf(mail!, 'text/plain')).to.include(depositId).and.include('https://e.example/received');
      } finally {
        carrier.close();
        await receiver.close();
      }
    });

    it('to an address is told to the person whose confirmed address it is, in his own account', async () => {
      const person = await world.account();
      await world.db.pool.query(`update account set kind = 'person' where account_id = $1`, [person]);
      const userId = await world.member(person, 'li@example.org');
      const firm = await world.account();
      await world.db.pool.query(`insert into membership (user_id, account_id, roles) values ($1, $2, '{holder}')`, [
        userId,
        firm,
      ]);
      const unconfirmed = await world.account();
      await world.db.pool.query(`update account set kind = 'person' where account_id = $1`, [unconfirmed]);
      await world.member(unconfirmed, 'nobody-yet@example.org', false);
      await grant({ invitedEmail: 'li@example.org' });
      await grant({ invitedEmail: 'nobody-yet@example.org' });
      await grant({ invitedEmail: 'stranger@example.org' });
      await world.find();
      expect(await kinds(person)).to.deep.equal(['grant-received']);
      expect(await kinds(firm)).to.deep.equal([]);
      expect(await kinds(unconfirmed)).to.deep.equal([]);
    });

    it('to the number of an account is told to that account before it takes it, if there is one', async () => {
      const reader = await world.account();
      await grant({ invitedAccountId: reader });
      await grant({ invitedAccountId: uuidV7() });
      await world.find();
      expect(await kinds(reader)).to.deep.equal(['grant-received']);
    });

    it('that has ended, was revoked or is older than a week is not told', async () => {
      const reader = await world.account();
      await grant({ granteeAccountId: reader, createdAt: at(-HOUR_MS), expiresAt: at(-1) });
      const { grantId } = await grant({ granteeAccountId: reader });
      await world.db.pool.query('update access_grant set revoked_at = $2 where grant_id = $1', [grantId, at()]);
      await grant({ granteeAccountId: reader, createdAt: at(-8 * 24 * HOUR_MS) });
      await world.find();
      expect(await kinds(reader)).to.deep.equal([]);
    });
  });

  describe('a renewal that is due', () => {
    const certified = async (accountId: string, issuedAt: Date) => {
      const depositId = await world.deposit(accountId, null);
      const digest = createHash('sha256').update(depositId).digest();
      const number = [...digest]
        .map((byte) => '0123456789ABCDEFGHJKMNPQRSTVWXYZ'[byte % 32])
        .join('')
        .slice(0, 8);
      const bytes = new Uint8Array([1]);
      const certificate = {
        certificateNo: `TZ-20261122-${number}`,
        depositId,
        digest,
        issuedAt,
        json: bytes,
        pdf: bytes,
      };
      await insertCertificate(world.db.pool, certificate);
    };

    it('is told once to whoever has certificates from before, and to those who run the service', async () => {
      const [holder, newcomer, operator] = await Promise.all([world.account(), world.account(), world.account()]);
      await world.db.pool.query(`update account set roles = '{operator}' where account_id = $1`, [operator]);
      await certified(holder, at(-HOUR_MS));
      await certified(holder, at(-HOUR_MS));
      await certified(newcomer, at(HOUR_MS));
      await world.find();
      expect(await kinds(holder)).to.deep.equal([]);
      await raiseAlarm(world.db.pool, 'renewal-due', 'timestamp-renewal: …', at());
      world.now += 120_000;
      await world.find();
      world.now += 120_000;
      await raiseAlarm(world.db.pool, 'renewal-due', 'timestamp-renewal: …; 1 more', at());
      await world.find();
      const dueSince = at(-240_000).toISOString();
      expect(await world.notices(holder)).to.deep.equal([
        { kind: 'renewal-due', key: dueSince, about: { deposits: 2, dueSince } },
      ]);
      expect(await world.notices(operator)).to.deep.equal([
        { kind: 'renewal-due', key: dueSince, about: { dueSince } },
      ]);
      expect(await kinds(newcomer)).to.deep.equal([]);
      await clearAlarm(world.db.pool, 'renewal-due', at());
      await raiseAlarm(world.db.pool, 'renewal-due', 'again', at(1000));
      world.now += 120_000;
      await world.find();
      expect(await kinds(holder)).to.deep.equal(['renewal-due', 'renewal-due']);
    });
  });
});
