import { expect } from 'chai';
import { ACTIONS, NEVER_BY_KEY, ROLES } from '../../src/access/rules.ts';
import { updateAccountRoles } from '../../src/db/accounts.ts';
import { OpenApiCheck } from '../http/openapi-check.ts';
import { ServiceWorld } from '../http/service-world.ts';
import { Person } from './person.ts';

const bodyOf = async <T = Record<string, unknown>>(answer: Response) => (await answer.json()) as T;
const codeOf = async (answer: Response) => [answer.status, (await bodyOf<{ code: string }>(answer)).code];

type Init = Omit<RequestInit, 'headers'> & { headers?: Record<string, string> };

describe('accounts', () => {
  let world: ServiceWorld;
  let openApi: OpenApiCheck;
  before(async function () {
    this.timeout(60_000);
    world = await ServiceWorld.open({ people: {}, limits: { signInRequestsPerMinute: 10_000 } });
    openApi = await OpenApiCheck.of(world.url);
  });
  after(() => world.close());

  const organisation = async (owner: Person, name: string): Promise<string> => {
    const answer = await owner.post('/api/v1/accounts', { name });
    const { accountId } = (await openApi.expectFits('createOrganisation', answer)) as { accountId: string };
    expect((await owner.send('PUT', '/api/v1/me/account', { accountId })).status).to.equal(204);
    return accountId;
  };
  const join = async (owner: Person, accountId: string, guest: Person, roles: string[]): Promise<Response> => {
    const answer = await owner.post(`/api/v1/accounts/${accountId}/invitations`, { email: guest.email, roles });
    await openApi.expectFits('createInvitation', answer);
    const link = await guest.mailed(/\/invitations\//);
    return guest.post(`/api/v1/invitations/${link.split('/').at(-1)}/accept`);
  };

  describe('an organisation', () => {
    it('is joined by invitation; each member acts in it with the roles given to him', async () => {
      const owner = await Person.signedIn(world, 'owner@firm.example', '张律师');
      const accountId = await organisation(owner, '某律师事务所');
      expect(await owner.me()).to.deep.include({ accountId, name: '某律师事务所', kind: 'organisation' });
      const guest = await Person.signedIn(world, 'guest@firm.example', '李助理');
      const personal = (await guest.me()).accountId;
      const joined = await join(owner, accountId, guest, ['capture-operator']);
      expect(await openApi.expectFits('acceptInvitation', joined)).to.deep.equal({ accountId });
      const me = (await openApi.expectFits('getMe', await guest.fetch('/api/v1/me'))) as Record<string, unknown>;
      expect([me.accountId, me.roles]).to.deep.equal([accountId, ['capture-operator']]);
      expect((await guest.me()).accounts.map((each) => each.accountId)).to.have.members([accountId, personal]);

      // Deposits belong to the account; what the member may not do, he may not do there.
      const form = new FormData();
      form.append('files', new Blob(['x']), 'a.txt');
      const { depositId } = await bodyOf<{ depositId: string }>(
        await guest.fetch('/api/v1/deposits', { method: 'POST', body: form }),
      );
      expect((await owner.fetch(`/api/v1/deposits/${depositId}`)).status).to.equal(200);
      expect(await codeOf(await guest.fetch(`/api/v1/deposits/${depositId}/files/0`))).to.deep.equal([
        403,
        'forbidden',
      ]);
      expect((await owner.fetch(`/api/v1/deposits/${depositId}/files/0`)).status).to.equal(200);
      await guest.send('PUT', '/api/v1/me/account', { accountId: personal });
      expect(await codeOf(await guest.fetch(`/api/v1/deposits/${depositId}`))).to.deep.equal([
        404,
        'deposit-not-found',
      ]);
    });

    it('loses a member at once', async () => {
      const owner = await Person.signedIn(world, 'owner2@firm.example');
      const accountId = await organisation(owner, '乙公司');
      const guest = await Person.signedIn(world, 'guest2@firm.example');
      await join(owner, accountId, guest, ['holder']);
      const { userId } = (await guest.me()).user as { userId: string };
      const members = await owner.fetch(`/api/v1/accounts/${accountId}/members`);
      expect(await openApi.expectFits('listMembers', members))
        .to.have.property('members')
        .with.length(2);
      const change = (roles: string[]) =>
        owner.send('PUT', `/api/v1/accounts/${accountId}/members/${userId}`, { roles });
      expect((await change(['opponent'])).status).to.equal(204);
      expect((await guest.me()).roles).to.deep.equal(['opponent']);
      const gone = await owner.fetch(`/api/v1/accounts/${accountId}/members/${userId}`, { method: 'DELETE' });
      expect(gone.status).to.equal(204);
      expect((await guest.me()).accountId).not.to.equal(accountId);
      expect(await codeOf(await guest.send('PUT', '/api/v1/me/account', { accountId }))).to.deep.equal([
        404,
        'account-not-found',
      ]);
    });

    it('in which a member has no role locks him out of none of his others', async () => {
      const owner = await Person.signedIn(world, 'owner6@firm.example');
      const accountId = await organisation(owner, '己公司');
      const guest = await Person.signedIn(world, 'guest6@firm.example');
      const personal = (await guest.me()).accountId;
      await join(owner, accountId, guest, ['holder']);
      await guest.send('PUT', '/api/v1/me/account', { accountId });
      const { userId } = (await guest.me()).user as { userId: string };
      const path = `/api/v1/accounts/${accountId}/members/${userId}`;
      expect((await owner.send('PUT', path, { roles: [] })).status).to.equal(204);
      expect((await guest.me()).accountId).to.equal(personal);
      expect((await owner.send('PUT', path, { roles: ['opponent'] })).status).to.equal(204);
      expect(await guest.me()).to.deep.include({ accountId, roles: ['opponent'] });
    });

    it('cannot lose its last owner, nor make anybody what it is not itself', async () => {
      const owner = await Person.signedIn(world, 'owner3@firm.example');
      const accountId = await organisation(owner, '丙公司');
      const { userId } = (await owner.me()).user as { userId: string };
      const path = `/api/v1/accounts/${accountId}/members/${userId}`;
      expect(await codeOf(await owner.fetch(path, { method: 'DELETE' }))).to.deep.equal([409, 'refused-by-sign-in']);
      for (const roles of [['operator'], ['notary'], ['holder', 'auditor']]) {
        expect(await codeOf(await owner.send('PUT', path, { roles }))).to.deep.equal([403, 'scope-not-held']);
        const invitation = await owner.post(`/api/v1/accounts/${accountId}/invitations`, {
          email: 'x@y.example',
          roles,
        });
        expect(await codeOf(invitation)).to.deep.equal([403, 'scope-not-held']);
      }
    });

    it('gives roles that the operator has taken from it to nobody any more', async () => {
      const owner = await Person.signedIn(world, 'owner4@firm.example');
      const accountId = await organisation(owner, '公证处');
      await updateAccountRoles(world.db.pool, accountId, ['notary', 'administrator']);
      expect((await owner.me()).roles).to.deep.equal(['administrator', 'notary']);
      await updateAccountRoles(world.db.pool, accountId, ['administrator']);
      expect((await owner.me()).roles).to.deep.equal(['administrator']);
    });
  });

  describe('an invitation', () => {
    let owner: Person;
    let accountId: string;
    before(async () => {
      owner = await Person.signedIn(world, 'inviter@firm.example');
      accountId = await organisation(owner, '丁公司');
    });
    const invite = async (guest: Person) => {
      await owner.post(`/api/v1/accounts/${accountId}/invitations`, { email: guest.email, roles: ['holder'] });
      return (await guest.mailed(/\/invitations\//)).split('/').at(-1) as string;
    };
    const accept = async (person: Person, id: string) => codeOf(await person.post(`/api/v1/invitations/${id}/accept`));

    it('is of no use to anybody else, and works once', async () => {
      const guest = await Person.signedIn(world, 'invited@firm.example');
      const thief = await Person.signedIn(world, 'thief@firm.example');
      const id = await invite(guest);
      expect(await accept(thief, id)).to.deep.equal([404, 'invitation-not-found']);
      expect((await guest.post(`/api/v1/invitations/${id}/accept`)).status).to.equal(200);
      expect(await accept(guest, id)).to.deep.equal([404, 'invitation-not-found']);
      expect(await accept(guest, 'no-such-invitation')).to.deep.equal([404, 'invitation-not-found']);
    });

    it('ends with its time, and when it is taken back', async () => {
      const guest = await Person.signedIn(world, 'late@firm.example');
      const expired = await invite(guest);
      await world.db.pool.query(
        `update auth."invitation" set "expiresAt" = now() - interval '1 second' where "id" = $1`,
        [expired],
      );
      expect(await accept(guest, expired)).to.deep.equal([404, 'invitation-not-found']);
      const taken = await invite(guest);
      const back = await owner.fetch(`/api/v1/accounts/${accountId}/invitations/${taken}`, { method: 'DELETE' });
      expect(back.status).to.equal(204);
      expect(await accept(guest, taken)).to.deep.equal([404, 'invitation-not-found']);
    });

    it('is listed for whoever got it, and for nobody after he has declined', async () => {
      const guest = await Person.signedIn(world, 'declines@firm.example');
      const other = await Person.signedIn(world, 'bystander@firm.example');
      const id = await invite(guest);
      const listed = async (person: Person) =>
        (
          (await openApi.expectFits('listInvitationsToMe', await person.fetch('/api/v1/me/invitations'))) as {
            invitations: Record<string, unknown>[];
          }
        ).invitations;
      expect(await listed(guest)).to.have.length(1);
      expect((await listed(guest))[0]).to.deep.include({ invitationId: id, organisation: '丁公司', roles: ['holder'] });
      expect(await listed(other)).to.deep.equal([]);
      const decline = (person: Person) => person.post(`/api/v1/invitations/${id}/decline`);
      expect(await codeOf(await decline(other))).to.deep.equal([404, 'invitation-not-found']);
      expect((await decline(guest)).status).to.equal(204);
      expect(await listed(guest)).to.deep.equal([]);
      expect(await codeOf(await decline(guest))).to.deep.equal([404, 'invitation-not-found']);
      expect(await accept(guest, id)).to.deep.equal([404, 'invitation-not-found']);
      const { invitations } = await bodyOf<{ invitations: { invitationId: string }[] }>(
        await owner.fetch(`/api/v1/accounts/${accountId}/members`),
      );
      expect(invitations.map(({ invitationId }) => invitationId)).not.to.include(id);
    });
  });

  describe('sessions of a user', () => {
    type Session = { sessionId: string; isThisOne: boolean; userAgent: string | null };
    const sessionsOf = async (person: Person) =>
      (
        (await openApi.expectFits('listSessions', await person.fetch('/api/v1/me/sessions'))) as {
          sessions: Session[];
        }
      ).sessions;

    it('are listed without what would let somebody use them, and end one by one or all but one', async () => {
      const here = await Person.signedIn(world, 'sessions@example.org');
      const elsewhere = [1, 2, 3].map(() => new Person(world, here.email));
      for (const each of elsewhere) expect((await each.signIn()).status).to.equal(200);
      const sessions = await sessionsOf(here);
      expect(sessions.filter(({ isThisOne }) => isThisOne)).to.have.length(1);
      expect(sessions).to.have.length(4);
      const { rows } = await world.db.pool.query<{ token: string }>('select "token" from auth."session"');
      for (const { token } of rows) expect(JSON.stringify(sessions)).not.to.include(token);
      const first = elsewhere[0] as Person;
      const ended = (await sessionsOf(first)).find(({ isThisOne }) => isThisOne) as Session;
      expect((await here.fetch(`/api/v1/me/sessions/${ended.sessionId}`, { method: 'DELETE' })).status).to.equal(204);
      expect((await first.fetch('/api/v1/me')).status).to.equal(401);
      const others = await here.post('/api/v1/me/sessions/end-others');
      expect(await openApi.expectFits('endOtherSessions', others)).to.deep.equal({ ended: 2 });
      for (const each of elsewhere) expect((await each.fetch('/api/v1/me')).status).to.equal(401);
      expect((await here.fetch('/api/v1/me')).status).to.equal(200);
    });

    it('of another cannot be ended, and read like ones that never were', async () => {
      const victim = await Person.signedIn(world, 'victim@example.org');
      const stranger = await Person.signedIn(world, 'stranger@example.org');
      const [session] = await sessionsOf(victim);
      for (const id of [(session as Session).sessionId, 'never-was']) {
        expect(await codeOf(await stranger.fetch(`/api/v1/me/sessions/${id}`, { method: 'DELETE' }))).to.deep.equal([
          404,
          'session-not-found',
        ]);
      }
      expect((await victim.fetch('/api/v1/me')).status).to.equal(200);
    });
  });

  describe('a session that began more than a quarter of an hour ago', () => {
    it('reads, but makes no keys, members or roles and removes no passkey until its user signs in again', async () => {
      const owner = await Person.signedIn(world, 'stale@example.org');
      const accountId = await organisation(owner, '戊公司');
      await world.db.pool.query(
        `update auth."session" set "createdAt" = now() - interval '16 minutes'
         where "userId" = (select "id" from auth."user" where "email" = 'stale@example.org')`,
      );
      const { userId } = (await owner.me()).user as { userId: string };
      const base = `/api/v1/accounts/${accountId}`;
      const attempts = [
        () => owner.post(`${base}/keys`, { label: 'k', days: 1 }),
        () => owner.post(`${base}/invitations`, { email: 'x@y.example', roles: ['holder'] }),
        () => owner.send('PUT', `${base}/members/${userId}`, { roles: ['holder'] }),
        () => owner.post('/api/auth/passkey/delete-passkey', { id: 'any' }),
      ];
      for (const attempt of attempts) {
        expect(await codeOf(await attempt())).to.deep.equal([403, 'fresh-sign-in-needed']);
      }
      expect((await owner.fetch(`${base}/keys`)).status).to.equal(200);
      expect((await owner.signIn()).status).to.equal(200);
      await owner.send('PUT', '/api/v1/me/account', { accountId });
      expect((await (attempts[0] as () => Promise<Response>)()).status).to.equal(201);
    });
  });

  describe('an API key', () => {
    let owner: Person;
    let keys: string;
    before(async () => {
      owner = await Person.signedIn(world, 'keys@example.org');
      keys = `/api/v1/accounts/${(await owner.me()).accountId}/keys`;
    });
    const make = async (wanted: Record<string, unknown>) =>
      (await openApi.expectFits('createKey', await owner.post(keys, { label: 'k', days: 30, ...wanted }))) as {
        keyId: string;
        secret: string;
      };
    const as = (secret: string, path: string, init: Init = {}) =>
      world.fetch(path, { ...init, headers: { authorization: `Bearer ${secret}`, ...init.headers } });

    it('is shown once, kept as a hash, and may what its scopes name', async () => {
      const { secret, keyId } = await make({ scopes: ['deposit.list', 'self.read'] });
      const list = await owner.fetch(keys);
      const text = JSON.stringify(await openApi.expectFits('listKeys', list));
      expect(text).to.include(keyId).and.not.to.include(secret.slice(3));
      expect(JSON.stringify((await world.db.pool.query('select * from api_key')).rows)).not.to.include(secret.slice(3));
      expect((await as(secret, '/api/v1/deposits')).status).to.equal(200);
      expect(await bodyOf(await as(secret, '/api/v1/me'))).to.deep.include({ by: 'api-key', user: null });
      const digests = { method: 'POST', body: '{}', headers: { 'content-type': 'application/json' } };
      expect(await codeOf(await as(secret, '/api/v1/deposits/digests', digests))).to.deep.equal([403, 'forbidden']);
    });

    it('is refused after its days', async () => {
      const { secret } = await make({ days: 1 });
      expect((await as(secret, '/api/v1/deposits')).status).to.equal(200);
      world.clockOffsetMs += 25 * 3600_000;
      try {
        expect((await as(secret, '/api/v1/deposits')).status).to.equal(401);
      } finally {
        world.clockOffsetMs = 0;
      }
    });

    it('that is replaced goes on for the time of grace, and is replaced once', async () => {
      const { secret, keyId } = await make({ scopes: ['deposit.list'] });
      const rotate = () => owner.post(`${keys}/${keyId}/rotate`, { days: 30, graceHours: 2 });
      const fresh = (await openApi.expectFits('rotateKey', await rotate())) as { secret: string };
      expect(await codeOf(await rotate())).to.deep.equal([404, 'key-not-found']);
      expect((await as(secret, '/api/v1/deposits')).status).to.equal(200);
      expect((await as(fresh.secret, '/api/v1/deposits')).status).to.equal(200);
      expect((await as(fresh.secret, '/api/v1/me')).status).to.equal(403);
      world.clockOffsetMs += 2 * 3600_000;
      try {
        expect((await as(secret, '/api/v1/deposits')).status).to.equal(401);
        expect((await as(fresh.secret, '/api/v1/deposits')).status).to.equal(200);
      } finally {
        world.clockOffsetMs = 0;
      }
    });

    it('is refused from the moment it is revoked', async () => {
      const { secret, keyId } = await make({});
      expect((await owner.fetch(`${keys}/${keyId}`, { method: 'DELETE' })).status).to.equal(204);
      expect((await as(secret, '/api/v1/deposits')).status).to.equal(401);
      expect(await codeOf(await owner.fetch(`${keys}/${keyId}`, { method: 'DELETE' }))).to.deep.equal([
        404,
        'key-not-found',
      ]);
    });

    it('makes, replaces and reads no keys, whatever its scopes (escalation)', async () => {
      const { secret, keyId } = await make({});
      const json = { 'content-type': 'application/json' };
      const attempts: [string, Init][] = [
        [keys, {}],
        [keys, { method: 'POST', headers: json, body: JSON.stringify({ label: 'more', days: 366 }) }],
        [`${keys}/${keyId}/rotate`, { method: 'POST', headers: json, body: JSON.stringify({ days: 366 }) }],
        [`${keys}/${keyId}`, { method: 'DELETE' }],
        ['/api/v1/accounts', { method: 'POST', headers: json, body: JSON.stringify({ name: 'x' }) }],
        [`${keys.replace('/keys', '/members')}`, {}],
      ];
      for (const [path, init] of attempts) {
        expect(await codeOf(await as(secret, path, init)), path).to.deep.equal([403, 'forbidden']);
      }
    });

    it('is never made with more than its maker may, nor with what no key may', async () => {
      for (const scope of [...NEVER_BY_KEY, 'platform.read', 'request.decide']) {
        const answer = await owner.post(keys, { label: 'k', days: 1, scopes: ['deposit.list', scope] });
        expect(await codeOf(answer), scope).to.deep.equal([403, 'scope-not-held']);
      }
      const guest = await Person.signedIn(world, 'few@example.org');
      const accountId = (await guest.me()).accountId;
      await updateAccountRoles(world.db.pool, accountId, ['capture-operator', 'administrator']);
      const answer = await guest.post(`/api/v1/accounts/${accountId}/keys`, { label: 'k', days: 1 });
      const { secret } = await bodyOf<{ secret: string }>(answer);
      const me = await bodyOf<{ scopes: string[]; roles: string[] }>(await as(secret, '/api/v1/me'));
      expect(me.scopes).not.to.include('deposit.download').and.not.to.include('key.manage');
      // The account becomes more later; the key does not.
      await updateAccountRoles(world.db.pool, accountId, ROLES);
      expect((await bodyOf<{ roles: string[] }>(await as(secret, '/api/v1/me'))).roles).to.have.members([
        'capture-operator',
        'administrator',
      ]);
    });

    it('takes no scope that is none', async () => {
      const answer = await owner.post(keys, { label: 'k', days: 1, scopes: ['deposit.rewrite'] });
      expect(await codeOf(answer)).to.deep.equal([422, 'invalid-account-request']);
      expect(ACTIONS).not.to.include('deposit.rewrite');
    });
  });

  describe('how an identity was checked', () => {
    let operator: Person;
    let holder: Person;
    let accountId: string;
    before(async () => {
      operator = await Person.signedIn(world, 'operator@service.example');
      await updateAccountRoles(world.db.pool, (await operator.me()).accountId, ['operator']);
      holder = await Person.signedIn(world, 'holder@example.org', '赵某');
      accountId = (await holder.me()).accountId;
    });
    const record = (check: object, person = operator) =>
      person.post(`/api/v1/platform/accounts/${accountId}/identity-checks`, check);
    const depositor = async () => {
      const form = new FormData();
      form.append('files', new Blob(['x']), 'a.txt');
      const { depositId } = await bodyOf<{ depositId: string }>(
        await holder.fetch('/api/v1/deposits', { method: 'POST', body: form }),
      );
      const detail = await bodyOf<{ annexes: { depositor: { identityCheck: object } } }>(
        await holder.fetch(`/api/v1/deposits/${depositId}`),
      );
      return detail.annexes.depositor.identityCheck;
    };

    it('is printed by what is deposited afterwards; the history stays', async () => {
      expect(await depositor()).to.deep.equal({ method: 'none', checkedAt: null });
      const check = { method: '身份证原件', checkedAt: '2026-11-01T02:00:00.000Z', checkedBy: '某公证处' };
      await openApi.expectFits('recordIdentityCheck', await record(check));
      expect(await depositor()).to.deep.include({ method: '身份证原件', checkedAt: '2026-11-01T02:00:00.000Z' });
      await record({ method: 'none', checkedAt: null, checkedBy: null });
      expect(await depositor()).to.deep.equal({ method: 'none', checkedAt: null });
      const list = await holder.fetch(`/api/v1/accounts/${accountId}/identity-checks`);
      const { checks } = (await openApi.expectFits('listIdentityChecks', list)) as { checks: { method: string }[] };
      expect(checks.map(({ method }) => method)).to.deep.equal(['none', '身份证原件']);
    });

    it('is never recorded by whom it is about, nor rewritten', async () => {
      const check = { method: 'x', checkedAt: '2026-11-01T02:00:00.000Z', checkedBy: null };
      expect(await codeOf(await record(check, holder))).to.deep.equal([403, 'forbidden']);
      await world.db.pool.query('update identity_check set method = $1', ['y']).then(
        () => expect.fail('accepted'),
        (error: { code: string }) => expect(error.code).to.equal('23000'),
      );
    });

    it('needs a time that is not to come, and none for "none"', async () => {
      for (const check of [
        { method: 'x', checkedAt: null, checkedBy: null },
        { method: 'x', checkedAt: '2999-01-01T00:00:00.000Z', checkedBy: null },
        { method: 'none', checkedAt: '2026-11-01T02:00:00.000Z', checkedBy: null },
        { method: 'none', checkedAt: null, checkedBy: 'x' },
      ]) {
        expect(await codeOf(await record(check)), JSON.stringify(check)).to.deep.equal([
          422,
          'invalid-account-request',
        ]);
      }
    });
  });

  it('are listed, and made notaries, by the operator alone', async () => {
    const operator = await Person.signedIn(world, 'operator2@service.example');
    const { accountId } = await operator.me();
    expect((await operator.fetch('/api/v1/platform/accounts')).status).to.equal(403);
    await updateAccountRoles(world.db.pool, accountId, ['operator']);
    const list = await openApi.expectFits('listAccounts', await operator.fetch('/api/v1/platform/accounts'));
    expect((list as { accounts: unknown[] }).accounts.length).to.be.greaterThan(1);
    const set = await operator.send('PUT', `/api/v1/platform/accounts/${world.accountId}/roles`, { roles: ['notary'] });
    expect(set.status).to.equal(204);
    // Its key was a holder's.
    expect((await world.fetch('/api/v1/deposits')).status).to.equal(403);
  });
});
