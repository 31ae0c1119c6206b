import { expect } from 'chai';
import { selectOpenAlarms } from '../../src/db/alarms.ts';
import { GIVE_UP_AFTER_MS } from '../../src/notices/back-off.ts';
import type { MailCarrier } from '../../src/notices/mail.ts';
import { MAIL_ALARM, MailWorker } from '../../src/notices/mail-worker.ts';
import { recordNotice } from '../../src/notices/notice.ts';
import { SmtpCarrier } from '../../src/notices/smtp-carrier.ts';
import { NoticeWorld } from './notice-world.ts';
import { SmtpReceiver, subjectOf, textOf } from './smtp-receiver.ts';

const QUIET_MS = 600_000;

describe('MailWorker', () => {
  let world: NoticeWorld;
  let receiver: SmtpReceiver;
  let carrier: MailCarrier;
  let worker: MailWorker;
  let accountId: string;
  before(async function () {
    this.timeout(60_000);
    world = await NoticeWorld.open();
  });
  after(() => world.close());
  beforeEach(async () => {
    receiver = await SmtpReceiver.open();
    carrier = carrierTo(receiver.port);
    worker = makeWorker();
    accountId = await world.account();
    world.now += 24 * 3600_000;
  });
  afterEach(async () => {
    carrier.close();
    await receiver.close();
    await world.db.pool.query(`update delivery set state = 'cancelled', ended_at = now() where state = 'waiting'`);
  });
  const carrierTo = (port: number) =>
    new SmtpCarrier(
      { host: '127.0.0.1', port, tls: 'none', user: undefined, password: undefined },
      'evidence@example.org',
      {
        timeoutMs: 300,
      },
    );
  const makeWorker = (with_: MailCarrier = carrier) =>
    new MailWorker({
      ...{ db: world.db, carrier: with_, publicUrl: 'https://e.example', quietMs: QUIET_MS },
      nowMs: world.nowMs,
      onTrouble: () => {},
    });
  let notices = 0;
  const tell = async (about: Record<string, string> = { depositId: 'D-1', certificateNo: 'TZ-1' }) => {
    await recordNotice(world.db.pool, {
      accountId,
      kind: 'certified',
      key: `n${notices++}`,
      about,
      at: new Date(world.now),
    });
    await world.find();
  };
  const states = async () => (await world.deliveries(accountId)).map(({ state }) => state);
  const messageId = (index: number) => /^Message-ID: (.*)$/im.exec(receiver.mails[index]!.header)?.[1];

  it('tells each member, in both languages until he chooses', async () => {
    await world.member(accountId, 'a@example.org');
    await world.member(accountId, 'b@example.org');
    await tell();
    await worker.turn();
    await worker.turn();
    expect(receiver.mails.flatMap(({ to }) => to).sort()).to.deep.equal(['a@example.org', 'b@example.org']);
    const [mail] = receiver.mails;
    expect(subjectOf(mail!)).to.equal('[铁证 Tiezheng] 证书已签发 · Certificate issued');
    expect(textOf(mail!, 'text/plain'))
      .to.include('存证 D-1')
      .and.include('deposit D-1')
      .and.include('https://e.example/deposits/D-1');
    expect(mail!.header).to.match(
      /List-Unsubscribe:\s+<https:\/\/e\.example\/api\/v1\/notices\/unsubscribe\?token=[A-Za-z0-9_-]{43}>/,
    );
    expect(await states()).to.deep.equal(['sent', 'sent']);
  });

  it('gathers what happens after a mail into the next one', async () => {
    await world.member(accountId, 'c@example.org');
    await tell();
    await worker.turn();
    for (let i = 2; i <= 4; i++) await tell({ depositId: `D-${i}`, certificateNo: 'TZ' });
    await worker.turn();
    expect(receiver.mails).to.have.lengthOf(1);
    world.now += QUIET_MS + 1;
    await worker.turn();
    expect(receiver.mails).to.have.lengthOf(2);
    for (let i = 2; i <= 4; i++) expect(textOf(receiver.mails[1]!, 'text/plain')).to.include(`deposit D-${i}`);
    expect(await states()).to.deep.equal(['sent', 'sent', 'sent', 'sent']);
  });

  it('sends again what the server put off, and not what it refused', async () => {
    await world.member(accountId, 'd@example.org');
    await tell();
    receiver.faults.push({ at: 'rcpt', code: 451 }, { at: 'data', code: 452 });
    for (let i = 0; i < 3; i++) {
      await worker.turn();
      world.now += 60_000;
    }
    expect(receiver.mails).to.have.lengthOf(1);
    expect((await world.deliveries(accountId))[0]).to.include({ state: 'sent', attempts: 3, outcome: 'sent' });
    world.now += QUIET_MS;
    await tell();
    receiver.faults.push({ at: 'rcpt', code: 550 });
    await worker.turn();
    const [, refused] = await world.deliveries(accountId);
    expect(refused).to.include({ state: 'given-up', attempts: 1 });
    expect(refused?.outcome).to.match(/^mail-rejected: .*550/);
  });

  it('sends the same mail again after a crash between sending and writing it down', async () => {
    await world.member(accountId, 'e@example.org');
    await tell();
    const crashing: MailCarrier = {
      async send(mail) {
        await carrier.send(mail);
        throw new Error('the process ends here');
      },
      close: () => {},
    };
    const failure = await makeWorker(crashing)
      .turn()
      .catch((error: Error) => error.message);
    expect(failure).to.equal('the process ends here');
    await tell({ depositId: 'D-later', certificateNo: 'TZ' });
    await worker.turn();
    expect(receiver.mails).to.have.lengthOf(2);
    expect(messageId(1)).to.equal(messageId(0));
    expect(textOf(receiver.mails[1]!, 'text/plain')).not.to.include('D-later');
    expect(await states()).to.deep.equal(['sent', 'waiting']);
  });

  it('sends the same mail again if the connection breaks before the answer', async () => {
    await world.member(accountId, 'f@example.org');
    await tell();
    receiver.faults.push({ at: 'answer' });
    await worker.turn();
    expect(await states()).to.deep.equal(['waiting']);
    world.now += 60_000;
    await worker.turn();
    expect(messageId(1)).to.equal(messageId(0));
    expect(await states()).to.deep.equal(['sent']);
  });

  it('waits for a server that is away, raises an alarm, and loses nothing', async () => {
    await world.member(accountId, 'g@example.org');
    await world.member(accountId, 'h@example.org');
    await tell();
    await receiver.close();
    for (let i = 0; i < 8; i++) {
      await worker.turn();
      world.now += 300_000;
    }
    expect(await states()).to.deep.equal(['waiting', 'waiting']);
    expect((await selectOpenAlarms(world.db.pool)).map(({ code }) => code)).to.include(MAIL_ALARM);
    receiver = await SmtpReceiver.open({}, receiver.port);
    world.now += 4 * 3600_000;
    await worker.turn();
    expect(receiver.mails).to.have.lengthOf(2);
    expect((await selectOpenAlarms(world.db.pool)).map(({ code }) => code)).not.to.include(MAIL_ALARM);
  });

  it('does not ask a server that is slow to greet for one mail after the other', async () => {
    for (const who of ['i', 'j', 'k']) await world.member(accountId, `${who}@example.org`);
    await tell();
    receiver.faults.push({ at: 'silence' }, { at: 'silence' });
    await worker.turn();
    expect(receiver.faults).to.have.lengthOf(1);
  });

  it('gives up after three days', async () => {
    await world.member(accountId, 'l@example.org');
    await tell();
    receiver.faults.push({ at: 'rcpt', code: 451 }, { at: 'rcpt', code: 451 });
    await worker.turn();
    world.now += GIVE_UP_AFTER_MS;
    await worker.turn();
    expect(await states()).to.deep.equal(['given-up']);
  });

  it('sends once where two servers work', async () => {
    for (let i = 0; i < 10; i++) await world.member(accountId, `many${i}@example.org`);
    await tell();
    const other = makeWorker();
    await Promise.all([worker.turn(), other.turn()]);
    await Promise.all([worker.turn(), other.turn()]);
    expect(receiver.mails).to.have.lengthOf(10);
  });
});
