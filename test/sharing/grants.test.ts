import { expect } from 'chai';
import { v7 as uuidV7 } from 'uuid';
import { acceptInvitations, relationOf } from '../../src/sharing/grants.ts';
import { openDisputes, type Party } from '../matters/dispute-world.ts';

const DAY_MS = 24 * 3600_000;

interface Given {
  grantId: string;
  granteeAccountId: string | null;
  granteeName: string | null;
  invitedAccountId: string | null;
}

describe('grants', () => {
  let owner: Party;
  let reader: Party;
  let other: Party;
  let world: Party['world'];
  let party: Awaited<ReturnType<typeof openDisputes>>['party'];
  before(async function () {
    this.timeout(60_000);
    const disputes = await openDisputes();
    world = disputes.world;
    party = disputes.party;
    owner = await disputes.party('权利人甲');
    reader = await disputes.party('法官乙', 'reader');
    other = await disputes.party('他人丙');
  });
  after(() => world.close());

  const grant = async (object: object, more: object = {}) => {
    const order = { ...object, to: { accountId: reader.accountId }, scope: 'read', ...more };
    const given = await owner.get<{ grantId: string }>('POST', '/grants', order, 201);
    await reader.takeGrants();
    return given;
  };

  it('lets one account see one deposit as far as its scope goes, and nobody else', async () => {
    const depositId = await owner.deposit('granted');
    expect(await reader.refused('GET', `/deposits/${depositId}`)).to.equal('404 deposit-not-found');
    const { grantId } = await grant({ depositId });
    expect((await reader.ask('GET', `/deposits/${depositId}`)).status).to.equal(200);
    expect(await reader.refused('GET', `/deposits/${depositId}/files/0`)).to.equal('403 forbidden');
    expect(await other.refused('GET', `/deposits/${depositId}`)).to.equal('404 deposit-not-found');
    await grant({ depositId }, { scope: 'download' });
    expect(await (await reader.ask('GET', `/deposits/${depositId}/files/0`)).text()).to.equal('granted');
    expect(await reader.refused('GET', `/deposits/${depositId}/package.zip`)).to.equal('403 forbidden');
    await owner.get('DELETE', `/grants/${grantId}`);
    // The second grant goes on.
    expect((await reader.ask('GET', `/deposits/${depositId}`)).status).to.equal(200);
    expect(await reader.custody(depositId)).to.include.members(['granted', 'viewed', 'downloaded', 'grant-revoked']);
  });

  it('ends when it is revoked, and at its time', async () => {
    const depositId = await owner.deposit('for a while');
    const { grantId } = await grant({ depositId });
    await owner.get('DELETE', `/grants/${grantId}`);
    expect(await reader.refused('GET', `/deposits/${depositId}`)).to.equal('404 deposit-not-found');
    expect(await reader.refused('GET', `/grants/${grantId}`)).to.equal('404 grant-not-found');
    // Twice is as once, and leaves no second event.
    await owner.get('DELETE', `/grants/${grantId}`);
    expect((await owner.custody(depositId)).filter((kind) => kind === 'grant-revoked')).to.have.length(1);

    await grant({ depositId }, { expiresAt: new Date(Date.now() + DAY_MS).toISOString() });
    expect((await reader.ask('GET', `/deposits/${depositId}`)).status).to.equal(200);
    world.clockOffsetMs = 2 * DAY_MS;
    try {
      expect(await reader.refused('GET', `/deposits/${depositId}`)).to.equal('404 deposit-not-found');
      expect(
        (await reader.get<{ grants: { depositId: string }[] }>('GET', '/received-grants')).grants.map(
          (g) => g.depositId,
        ),
      ).to.not.include(depositId);
    } finally {
      world.clockOffsetMs = 0;
    }
  });

  it('is given on what is one’s own alone', async () => {
    const depositId = await owner.deposit('not to be passed on');
    await grant({ depositId }, { scope: 'export' });
    const body = { depositId, to: { accountId: other.accountId }, scope: 'read' };
    expect(await reader.refused('POST', '/grants', body)).to.equal('403 forbidden');
    expect(await other.refused('POST', '/grants', body)).to.equal('404 deposit-not-found');
    const link = {
      depositId,
      reader: 'x',
      scope: 'read',
      maxOpenings: 1,
      expiresAt: new Date(Date.now() + DAY_MS).toISOString(),
    };
    expect(await other.refused('POST', '/links', link)).to.equal('404 deposit-not-found');
  });

  it('refuses what cannot be meant', async () => {
    const depositId = await owner.deposit('refusals');
    const to = { accountId: reader.accountId };
    const base = { depositId, to, scope: 'read' };
    expect(await owner.refused('POST', '/grants', { ...base, to: { accountId: owner.accountId } })).to.equal(
      '422 grant-invalid',
    );
    expect(await owner.refused('POST', '/grants', { ...base, expiresAt: '2020-01-01T00:00:00.000Z' })).to.equal(
      '422 grant-invalid',
    );
    expect(await owner.refused('POST', '/grants', { ...base, matterId: depositId })).to.equal('422 invalid-body');
    expect(await owner.refused('POST', '/grants', { to, scope: 'read' })).to.equal('422 invalid-body');
    expect(await owner.refused('POST', '/grants', { ...base, scope: 'own' })).to.equal('422 invalid-body');
    expect(await owner.custody(depositId)).to.deep.equal([]);
  });

  const sharedBy = async (giver: Party) => ({ depositId: await giver.deposit(`${Math.random()}`), scope: 'read' });
  const shared = () => sharedBy(owner);
  const give = (to: object, object: object) => owner.get<Given>('POST', '/grants', { ...object, to }, 201);
  const see = (grantId: string) => owner.get<Given>('GET', `/grants/${grantId}`);

  describe('to the number of an account', () => {
    it('waits until the account takes it, and then tells the giver whose that is', async () => {
      const newcomer = await party('新来丁', 'reader');
      const object = await shared();
      const given = await give({ accountId: newcomer.accountId }, object);
      const waits = { granteeAccountId: null, granteeName: null, acceptedAt: null };
      expect(given).to.include({ ...waits, invitedAccountId: newcomer.accountId });
      expect(await newcomer.refused('GET', `/deposits/${object.depositId}`)).to.equal('404 deposit-not-found');
      await other.takeGrants();
      expect(await see(given.grantId)).to.deep.equal(given);

      const taken = await newcomer.get<{ grants: Given[] }>('POST', '/received-grants');
      expect(taken.grants.map(({ grantId }) => grantId)).to.deep.equal([given.grantId]);
      expect((await newcomer.ask('GET', `/deposits/${object.depositId}`)).status).to.equal(200);
      const now = { granteeAccountId: newcomer.accountId, granteeName: '新来丁' };
      expect(await see(given.grantId)).to.include(now);
      const { grants } = await owner.get<{ grants: Given[] }>('GET', `/grants?depositId=${object.depositId}`);
      expect(grants[0]).to.include(now);
      // Known from now on: the next one needs no taking.
      const next = await shared();
      expect(await give({ accountId: newcomer.accountId }, next)).to.include(now);
      expect((await newcomer.ask('GET', `/deposits/${next.depositId}`)).status).to.equal(200);
    });

    it('is in force at once for an office that is listed, by name', async () => {
      const office = await party('公证处戊', 'notary');
      const object = await shared();
      const given = await give({ accountId: office.accountId }, object);
      expect(given).to.include({ granteeAccountId: office.accountId, granteeName: '公证处戊', invitedAccountId: null });
      expect((await office.ask('GET', `/deposits/${object.depositId}`)).status).to.equal(200);
    });

    it('is in force at once for whoever has granted something to the giver', async () => {
      const friend = await party('己');
      await friend.get('POST', '/grants', { ...(await sharedBy(friend)), to: { accountId: owner.accountId } }, 201);
      const waits = await give({ accountId: friend.accountId }, await shared());
      expect(waits).to.include({ granteeName: null });
      await owner.takeGrants();
      expect(await give({ accountId: friend.accountId }, await shared())).to.include({ granteeName: '己' });
    });

    it('says the same of an account that is there and of one that never was', async () => {
      const there = await party('庚', 'reader');
      const object = await shared();
      const answers = [];
      for (const accountId of [there.accountId, uuidV7()]) {
        const given = await give({ accountId }, object);
        const revoked = await owner.get<Given>('DELETE', `/grants/${given.grantId}`);
        const told = JSON.stringify([given, revoked]).replaceAll(accountId, '<account>');
        answers.push(told.replaceAll(given.grantId, '<grant>').replace(/"\d{4}-[^"]+Z"/g, '<time>'));
      }
      expect(answers[0]).to.equal(answers[1]);
      // Revoked before it was taken: there is nothing to take.
      expect(await there.get('POST', '/received-grants')).to.deep.equal({ grants: [], next: null });
      expect(await owner.custody(object.depositId)).to.deep.equal([
        ...['received', 'granted', 'grant-revoked', 'granted', 'grant-revoked'],
      ]);
    });
  });

  describe('to an address', () => {
    const user = async (id: string, email: string, verified: boolean) => {
      await world.db.pool.query(
        `insert into auth."user" ("id", "name", "email", "emailVerified", "updatedAt") values ($1, $1, $2, $3, now())`,
        [id, email, verified],
      );
      return {
        accountId: reader.accountId,
        userId: id,
        roles: ['reader' as const],
        by: 'session' as const,
        scopes: null,
      };
    };

    it('waits until its owner accepts, and gives nothing to one who only says that it is his', async () => {
      const depositId = await owner.deposit('by e-mail');
      const { grantId } = await grant({ depositId }, { to: { email: 'Judge.Wang@Example.org' } });
      const pretender = await user('pretender', 'judge.wang@example.org', false);
      expect(await acceptInvitations(world.db.pool, pretender, new Date())).to.deep.equal([]);
      expect(await relationOf(world.db.pool, pretender, { depositId })).to.equal('none');
      await world.db.pool.query(`delete from auth."user" where "id" = 'pretender'`);

      const judge = await user('judge', 'judge.wang@example.org', true);
      const accepted = await acceptInvitations(world.db.pool, judge, new Date());
      expect(accepted.map((row) => row.grantId)).to.deep.equal([grantId]);
      expect(await relationOf(world.db.pool, judge, { depositId })).to.equal('granted');
      expect(await relationOf(world.db.pool, judge, { depositId }, { action: 'deposit.download' })).to.equal('none');
      // Taken once: another account of the same address gets nothing more.
      expect(
        await acceptInvitations(world.db.pool, { ...judge, accountId: other.accountId }, new Date()),
      ).to.deep.equal([]);
    });

    it('takes nothing by API key', async () => {
      await owner.get('POST', '/grants', { ...(await shared()), to: { email: 'key@example.org' } }, 201);
      expect(await reader.get('POST', '/received-grants')).to.deep.equal({ grants: [], next: null });
    });
  });

  describe('on a matter', () => {
    it('shows its items as far as they are disclosed', async () => {
      const matterId = await owner.matter();
      const [open, redacted, hidden, copy] = [
        await owner.deposit('open'),
        await owner.deposit('with names'),
        await owner.deposit('never'),
        await owner.deposit('names blacked out'),
      ];
      const method = { kind: 'redacted', method: '姓名涂黑, GIMP 3.0' };
      await owner.get('POST', `/deposits/${redacted}/derivatives`, { depositId: copy, ...method }, 201);
      for (const [depositId, disclosure] of [
        [open, 'original'],
        [redacted, 'derivative'],
        [hidden, 'withheld'],
      ]) {
        await owner.get('POST', `/matters/${matterId}/items`, { depositId, disclosure }, 201);
      }
      await owner.get(
        'POST',
        `/matters/${matterId}/parties`,
        { role: 'respondent', name: '某公司', contact: '电话' },
        201,
      );
      await owner.get('POST', `/matters/${matterId}/notes`, { body: '内部意见' }, 201);
      expect(await reader.refused('GET', `/matters/${matterId}`)).to.equal('404 matter-not-found');
      await grant({ matterId });

      expect(await reader.get('GET', `/matters/${matterId}`)).to.include({ relation: 'granted', legalHold: null });
      const { items } = await reader.get<{ items: { depositId: string | null }[] }>(
        'GET',
        `/matters/${matterId}/items`,
      );
      expect(items.map((item) => item.depositId)).to.deep.equal([open, null]);
      const { parties } = await reader.get<{ parties: object[] }>('GET', `/matters/${matterId}/parties`);
      expect(parties[0]).to.include({ role: 'respondent', name: '某公司', contact: null });
      expect(await reader.refused('GET', `/matters/${matterId}/notes`)).to.equal('403 forbidden');
      expect(await reader.refused('GET', `/matters/${matterId}/history`)).to.equal('403 forbidden');
      const statuses = async () =>
        Promise.all(
          [open, redacted, hidden, copy].map(async (id) => (await reader.ask('GET', `/deposits/${id}`)).status),
        );
      expect(await statuses()).to.deep.equal([200, 404, 404, 200]);
      const index = await reader.get<{ entries: { depositId: string }[] }>('GET', `/matters/${matterId}/index.json`);
      expect(index.entries.map((entry) => entry.depositId)).to.deep.equal([open, copy]);
      expect(await reader.refused('PATCH', `/matters/${matterId}`, { title: 'x' }, { 'if-match': '"1"' })).to.equal(
        '403 forbidden',
      );

      // The authority sees all of it.
      await grant({ matterId }, { coverage: 'everything' });
      expect(await statuses()).to.deep.equal([200, 200, 200, 200]);
    });

    it('follows the matter: what is taken out of it is seen no more', async () => {
      const matterId = await owner.matter();
      const depositId = await owner.deposit('in and out');
      const item = await owner.get<{ itemId: string }>('POST', `/matters/${matterId}/items`, { depositId }, 201);
      await grant({ matterId });
      expect((await reader.ask('GET', `/deposits/${depositId}`)).status).to.equal(200);
      await owner.get('DELETE', `/matters/${matterId}/items/${item.itemId}`, undefined, 204, { 'if-match': '"1"' });
      expect(await reader.refused('GET', `/deposits/${depositId}`)).to.equal('404 deposit-not-found');
    });
  });
});
