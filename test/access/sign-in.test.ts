import { createHmac } from 'node:crypto';
import { expect } from 'chai';
import { ServiceWorld } from '../http/service-world.ts';
import { PASSWORD, Person } from './person.ts';

const bodyOf = async (answer: Response) => (await answer.json()) as Record<string, unknown>;

describe('signing up and in', () => {
  let world: ServiceWorld;
  before(async function () {
    this.timeout(60_000);
    world = await ServiceWorld.open({ people: {}, limits: { signInRequestsPerMinute: 10_000 } });
  });
  after(() => world.close());

  it('gives an account of his own to whoever has confirmed his address, and to nobody before', async () => {
    const person = new Person(world, 'fang@example.org');
    expect((await person.signUp('王芳')).status).to.equal(200);
    expect([...person.cookies.keys()]).to.deep.equal([]);
    expect((await person.signIn()).status).to.equal(403);
    const { rows } = await world.db.pool.query(`select from account where name = '王芳'`);
    expect(rows).to.have.length(0);
    await person.confirm();
    expect((await person.signIn()).status).to.equal(200);
    const me = await person.me();
    expect(me).to.deep.include({ name: '王芳', kind: 'person', identityMethod: 'none', by: 'session', scopes: null });
    expect(me.roles).to.have.members(['holder', 'capture-operator', 'opponent', 'administrator']);
    expect(me.user).to.deep.include({ email: 'fang@example.org', twoFactorEnabled: false });
  });

  it('deposits in the name of the account, by session', async () => {
    const person = await Person.signedIn(world, 'deposits@example.org', '存证人');
    const form = new FormData();
    form.append('files', new Blob(['x']), 'a.txt');
    const answer = await person.fetch('/api/v1/deposits', { method: 'POST', body: form });
    expect(answer.status).to.equal(201);
    const list = await bodyOf(await person.fetch('/api/v1/deposits'));
    expect(list.deposits).to.have.length(1);
  });

  it('answers an address that has a user like one that has none, and tells the owner by mail', async () => {
    await Person.signedIn(world, 'known@example.org');
    const again = await bodyOf(await new Person(world, 'known@example.org').signUp('别人'));
    const fresh = await bodyOf(await new Person(world, 'unknown@example.org').signUp('别人'));
    const shape = (value: Record<string, unknown>): unknown =>
      Object.entries(value).map(([key, v]) => [
        key,
        typeof v === 'object' && v !== null ? Object.keys(v).sort() : typeof v,
      ]);
    expect(shape(again)).to.deep.equal(shape(fresh));
    await new Person(world, 'known@example.org').mailed(/\/sign-in$/);
  });

  it('answers a wrong password like an unknown user, byte for byte', async () => {
    await Person.signedIn(world, 'wrong@example.org');
    const wrong = await new Person(world, 'wrong@example.org').signIn('not the password at all');
    const unknown = await new Person(world, 'nobody@example.org').signIn('not the password at all');
    expect([wrong.status, await wrong.text()]).to.deep.equal([unknown.status, await unknown.text()]);
  });

  it('refuses passwords of fewer than 12 characters and names that hold control characters', async () => {
    expect((await new Person(world, 'short@example.org').signUp('王芳', 'short')).status).to.equal(400);
    expect((await new Person(world, 'name@example.org').signUp('a\u0007b')).status).to.equal(400);
  });

  describe('the session cookie', () => {
    it('is out of reach of scripts and other sites', async () => {
      const person = new Person(world, 'cookie@example.org');
      await person.signUp();
      await person.confirm();
      const set = (await person.signIn()).headers.getSetCookie().find((each) => each.includes('session_token'));
      expect(set).to.match(/^tiezheng\.session_token=[^;]+; Max-Age=43200; Path=\/; HttpOnly; SameSite=Strict$/);
    });

    it('is never taken over from whoever brings one along (session fixation)', async () => {
      const attacker = await Person.signedIn(world, 'attacker@example.org');
      const planted = attacker.cookies.get('tiezheng.session_token') as string;
      const victim = new Person(world, 'victim@example.org');
      await victim.signUp();
      await victim.confirm();
      victim.cookies.set('tiezheng.session_token', planted);
      expect((await victim.signIn()).status).to.equal(200);
      expect(victim.cookies.get('tiezheng.session_token')).not.to.equal(planted);
      expect(await attacker.me()).to.have.nested.property('user.email', 'attacker@example.org');
      expect(await victim.me()).to.have.nested.property('user.email', 'victim@example.org');
    });

    it('is not believed when its signature is wrong', async () => {
      const person = await Person.signedIn(world, 'forged@example.org');
      const value = decodeURIComponent(person.cookies.get('tiezheng.session_token') as string);
      person.cookies.set('tiezheng.session_token', encodeURIComponent(`${value.split('.')[0]}.${'A'.repeat(43)}=`));
      expect((await person.fetch('/api/v1/me')).status).to.equal(401);
    });

    it('ends by signing out, everywhere at once', async () => {
      const person = await Person.signedIn(world, 'out@example.org');
      const kept = new Map(person.cookies);
      expect((await person.post('/api/auth/sign-out')).status).to.equal(200);
      for (const [name, value] of kept) person.cookies.set(name, value);
      expect((await person.fetch('/api/v1/me')).status).to.equal(401);
    });
  });

  describe('a request from another site', () => {
    const foreign: [string, Record<string, string>][] = [
      ['says so itself', { 'sec-fetch-site': 'cross-site', origin: 'https://evil.example' }],
      ['comes from another origin of the site', { 'sec-fetch-site': 'same-site' }],
      ['says nothing but has the cookie', { 'sec-fetch-site': '' }],
    ];
    for (const [how, headers] of foreign) {
      it(`changes nothing when it ${how}`, async () => {
        const person = await Person.signedIn(world, `csrf-${how.length}@example.org`);
        for (const path of ['/api/auth/sign-out', '/api/auth/change-password', '/api/auth/two-factor/enable']) {
          expect((await person.post(path, { password: PASSWORD }, headers)).status, path).to.equal(403);
        }
        expect((await person.send('PUT', '/api/v1/me/account', {}, headers)).status).to.equal(403);
        await person.me();
      });
    }

    it('signs nobody in (login CSRF)', async () => {
      await Person.signedIn(world, 'login-csrf@example.org');
      const stranger = new Person(world, 'login-csrf@example.org');
      const answer = await stranger.post(
        '/api/auth/sign-in/email',
        { email: stranger.email, password: PASSWORD },
        { 'sec-fetch-site': 'cross-site', origin: 'https://evil.example' },
      );
      expect(answer.status).to.equal(403);
      expect(stranger.cookies.size).to.equal(0);
    });

    it('cannot send a form in place of JSON', async () => {
      const answer = await new Person(world, 'x@example.org').fetch('/api/auth/sign-in/email', {
        method: 'POST',
        body: new URLSearchParams({ email: 'x@example.org', password: PASSWORD }),
      });
      expect(answer.status).to.equal(415);
    });
  });

  describe('a mailed link', () => {
    it('to a new password works once, and ends every session', async () => {
      const person = await Person.signedIn(world, 'reset@example.org');
      await person.post('/api/auth/request-password-reset', { email: person.email });
      const token = new URL(await person.mailed(/reset-password/)).searchParams.get('token');
      const newPassword = 'another long password';
      const helper = new Person(world, person.email);
      expect((await helper.post('/api/auth/reset-password', { token, newPassword })).status).to.equal(200);
      expect((await helper.post('/api/auth/reset-password', { token, newPassword: PASSWORD })).status).to.equal(400);
      expect((await person.fetch('/api/v1/me')).status).to.equal(401);
      expect((await helper.signIn()).status).to.equal(401);
      expect((await helper.signIn(newPassword)).status).to.equal(200);
    });

    it('to a new password is refused after its hour', async () => {
      const person = await Person.signedIn(world, 'late@example.org');
      await person.post('/api/auth/request-password-reset', { email: person.email });
      const token = new URL(await person.mailed(/reset-password/)).searchParams.get('token');
      await world.db.pool.query(`update auth."verification" set "expiresAt" = now() - interval '1 second'`);
      const answer = await person.post('/api/auth/reset-password', { token, newPassword: 'another long password' });
      expect(answer.status).to.equal(400);
    });

    it('is not to be found in the database', async () => {
      const person = await Person.signedIn(world, 'hashed@example.org');
      await person.post('/api/auth/request-password-reset', { email: person.email });
      const token = new URL(await person.mailed(/reset-password/)).searchParams.get('token') as string;
      const { rows } = await world.db.pool.query('select * from auth."verification"');
      expect(rows.length).to.be.greaterThan(0);
      expect(JSON.stringify(rows)).not.to.include(token);
    });

    it('is asked for in vain for an unknown address, with the same answer', async () => {
      await Person.signedIn(world, 'ask@example.org');
      const ask = async (email: string) =>
        (await new Person(world, email).post('/api/auth/request-password-reset', { email })).text();
      expect(await ask('ask@example.org')).to.equal(await ask('nobody-at-all@example.org'));
      expect(world.mails.some(({ to }) => to === 'nobody-at-all@example.org')).to.equal(false);
    });
  });

  describe('a second factor', () => {
    it('is asked for after the password; a recovery code works once', async () => {
      const person = await Person.signedIn(world, 'totp@example.org');
      const enabled = await bodyOf(await person.post('/api/auth/two-factor/enable', { password: PASSWORD }));
      const uri = new URL(enabled.totpURI as string);
      const [recovery] = enabled.backupCodes as string[];
      const code = () => totp(uri.searchParams.get('secret') as string, Date.now());
      expect((await person.post('/api/auth/two-factor/verify-totp', { code: code() })).status).to.equal(200);
      expect(await person.me()).to.have.nested.property('user.twoFactorEnabled', true);

      const again = new Person(world, person.email);
      expect(await bodyOf(await again.signIn())).to.deep.include({ twoFactorRedirect: true });
      expect((await again.fetch('/api/v1/me')).status).to.equal(401);
      expect((await again.post('/api/auth/two-factor/verify-totp', { code: '000000' })).status).to.equal(401);
      expect((await again.post('/api/auth/two-factor/verify-totp', { code: code() })).status).to.equal(200);
      await again.me();

      const byRecovery = async () => {
        const other = new Person(world, person.email);
        await other.signIn();
        return other.post('/api/auth/two-factor/verify-backup-code', { code: recovery });
      };
      expect((await byRecovery()).status).to.equal(200);
      expect((await byRecovery()).status).to.equal(401);
      const { rows } = await world.db.pool.query('select * from auth."twoFactor"');
      expect(JSON.stringify(rows)).not.to.include(uri.searchParams.get('secret')).and.not.to.include(recovery);
    });
  });

  it('offers nothing of better-auth that is not named here', async () => {
    const person = await Person.signedIn(world, 'offered@example.org');
    for (const [method, path] of [
      ['POST', '/api/auth/update-user'],
      ['POST', '/api/auth/delete-user'],
      ['POST', '/api/auth/change-email'],
      ['POST', '/api/auth/set-password'],
      ['POST', '/api/auth/link-social'],
      ['POST', '/api/auth/organization/create'],
      ['POST', '/api/auth/organization/check-slug'],
      ['GET', '/api/auth/organization/list'],
      ['POST', '/api/auth/sso/register'],
      ['POST', '/api/auth/two-factor/send-otp'],
      ['GET', '/api/auth/ok'],
      ['POST', '/api/auth//sign-out'],
      ['POST', '/api/auth/sign-in/email/'],
    ] as const) {
      const answer = method === 'GET' ? await person.fetch(path) : await person.post(path, { name: 'x', slug: 'x' });
      expect(answer.status, `${method} ${path}`).to.equal(404);
    }
  });
});

describe('guessing passwords', () => {
  let world: ServiceWorld;
  before(async function () {
    this.timeout(60_000);
    world = await ServiceWorld.open({
      people: { guard: { passwords: 3, mails: 2 } },
      limits: { signInRequestsPerMinute: 10_000 },
    });
  });
  after(() => world.close());

  it('ends after a few wrong ones, whether or not there is such a user, and goes on after a while', async () => {
    await Person.signedIn(world, 'guessed@example.org');
    const answers = async (email: string) => {
      const all = [];
      for (let i = 0; i < 5; i++) {
        const answer = await new Person(world, email).signIn(`wrong password ${i}`);
        all.push([answer.status, ((await answer.json()) as { code: string }).code]);
      }
      return all;
    };
    const [known, unknown] = [await answers('guessed@example.org'), await answers('never@example.org')];
    expect(known).to.deep.equal(unknown);
    expect(known.slice(3)).to.deep.equal([
      [429, 'sign-in-locked'],
      [429, 'sign-in-locked'],
    ]);
    const right = await new Person(world, 'guessed@example.org').signIn();
    expect([right.status, Number(right.headers.get('retry-after')) > 0]).to.deep.equal([429, true]);
    world.clockOffsetMs += 16 * 60_000;
    expect((await new Person(world, 'guessed@example.org').signIn()).status).to.equal(200);
  });

  it('by others does not lock a user out of a browser in which he has signed in before', async () => {
    const person = await Person.signedIn(world, 'locked@example.org');
    await person.post('/api/auth/sign-out');
    for (let i = 0; i < 6; i++) await new Person(world, 'locked@example.org').signIn('wrong password');
    expect((await new Person(world, 'locked@example.org').signIn()).status).to.equal(429);
    expect((await person.signIn()).status).to.equal(200);
  });

  it('is bounded in a known browser too, and its mark is worth nothing for another user', async () => {
    const thief = await Person.signedIn(world, 'thief@example.org');
    await Person.signedIn(world, 'target@example.org');
    const marked = new Person(world, 'target@example.org');
    marked.cookies.set('tiezheng-device', thief.cookies.get('tiezheng-device') as string);
    for (let i = 0; i < 3; i++) await marked.signIn('wrong password');
    expect((await marked.signIn('wrong password')).status).to.equal(429);
    expect((await new Person(world, 'target@example.org').signIn()).status).to.equal(429);

    for (let i = 0; i < 3; i++) await thief.signIn('wrong password');
    expect((await thief.signIn()).status).to.equal(429);
  });

  it('many at once counts each of them', async () => {
    const email = 'burst@example.org';
    const statuses = await Promise.all(
      Array.from({ length: 12 }, async () => (await new Person(world, email).signIn('wrong password')).status),
    );
    expect((await new Person(world, email).signIn('wrong password')).status).to.equal(429);
    expect(statuses.filter((status) => status === 401)).to.have.length(3);
  });

  it('from an open session is bounded', async () => {
    const person = await Person.signedIn(world, 'open@example.org');
    const guess = (password: string) => person.post('/api/auth/two-factor/enable', { password });
    for (let i = 0; i < 3; i++) expect((await guess('wrong password')).status).to.equal(400);
    expect((await guess(PASSWORD)).status).to.equal(429);
  });

  it('leaves the mailed link to a new password open, of which there are not too many', async () => {
    const person = await Person.signedIn(world, 'mailed@example.org');
    for (let i = 0; i < 4; i++) await new Person(world, person.email).signIn('wrong password');
    const ask = () => new Person(world, person.email).post('/api/auth/request-password-reset', { email: person.email });
    expect((await ask()).status).to.equal(200);
    const token = new URL(await person.mailed(/reset-password/)).searchParams.get('token');
    expect(
      (await person.post('/api/auth/reset-password', { token, newPassword: 'another long password' })).status,
    ).to.equal(200);
    expect((await person.signIn('another long password')).status).to.equal(200);
    expect((await ask()).status).to.equal(429);
  });
});

describe('signing up by invitation', () => {
  let world: ServiceWorld;
  before(async function () {
    this.timeout(60_000);
    world = await ServiceWorld.open({ people: { signUp: 'invited' } });
  });
  after(() => world.close());

  it('takes nobody whom no organisation has invited, and does not tell who is', async () => {
    expect((await new Person(world, 'stranger@example.org').signUp()).status).to.equal(200);
    expect((await new Person(world, 'stranger@example.org').signIn()).status).to.equal(401);
    expect((await world.db.pool.query('select from auth."user"')).rowCount).to.equal(0);
  });
});

/** RFC 6238 with its defaults. @param secret base32 */
function totp(secret: string, nowMs: number): string {
  const bits = [...secret.replace(/=+$/, '')]
    .map((c) => 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'.indexOf(c).toString(2).padStart(5, '0'))
    .join('');
  const key = Buffer.from((bits.match(/.{8}/g) ?? []).map((byte) => Number.parseInt(byte, 2)));
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(Math.floor(nowMs / 30_000)));
  const hmac = createHmac('sha1', key).update(counter).digest();
  const at = (hmac.at(-1) as number) & 15;
  return String((hmac.readUInt32BE(at) & 0x7fffffff) % 1_000_000).padStart(6, '0');
}
