import { expect } from 'chai';
import type { Page } from 'playwright-core';
import { CHOSEN_KINDS } from '../../src/notices/notice.ts';
import { noticeKindTexts } from '../../src/web/account/account-texts.ts';
import { PASSWORD, Person } from '../access/person.ts';
import type { ServiceWorld } from '../http/service-world.ts';
import { expectAccessible } from './accessibility.ts';
import { addAuthenticator, totpOf } from './authenticators.ts';
import { type Locale, Visit } from './visit.ts';
import { openWorldWithPages } from './world-with-pages.ts';

describe('the account pages', function () {
  this.timeout(120_000);
  let world: ServiceWorld;
  let origin: string;
  let visit: Visit;
  let page: Page;
  before(async () => {
    ({ world, origin } = await openWorldWithPages({ limits: { signInRequestsPerMinute: 10_000 } }));
  });
  after(() => world?.close());

  const open = async (path: string, { cookies }: Person, locale: Locale = 'en-US') => {
    visit = await Visit.begin({ locale, session: { origin, cookies } });
    page = await visit.open(origin + path);
  };
  const part = (name: string | RegExp) => page.getByRole('region', { name });
  const statusOf = async (secret: string, path: string) =>
    (await fetch(origin + path, { headers: { authorization: `Bearer ${secret}` } })).status;
  const ageSessions = (person: Person) =>
    world.db.pool.query(
      `update auth."session" set "createdAt" = now() - interval '16 minutes'
       where "userId" = (select "id" from auth."user" where "email" = $1)`,
      [person.email],
    );
  const shownSecret = async () => {
    const field = page.locator('.shown-once input');
    await field.waitFor();
    expect(await page.evaluate('document.activeElement.closest(".shown-once") !== null')).to.equal(true);
    return field.inputValue();
  };

  describe('who I am', () => {
    it('says whom the reader acts for, what he is there and that nobody has checked his identity', async () => {
      const person = await Person.signedIn(world, 'who@example.org', '钱某');
      await person.post('/api/v1/accounts', { name: '某商标代理有限公司' });
      await open('/account', person);
      await part(/How the identity/)
        .getByText('not checked', { exact: true })
        .waitFor();
      await part(/What you are/)
        .getByText('rights holder')
        .waitFor();
      await page.getByLabel('Act for another account').selectOption({ label: '钱某 (person)' });
      await page.getByRole('button', { name: 'Change' }).click();
      await page.locator('.account bdi').getByText('钱某').waitFor();
      await page.reload();
      expect(await page.locator('.account bdi').textContent()).to.equal('钱某');
      await visit.judgeInBothLanguages('account');
    });

    it('says how, by whom and when his identity was checked', async () => {
      const person = await Person.signedIn(world, 'checked@example.org', '郑某');
      const { accountId } = await person.me();
      await world.db.pool.query(
        `insert into identity_check (account_id, method, checked_at, checked_by, recorded_at)
         values ($1, 'none', null, null, '2026-01-01T00:00:00Z'), ($1, 'id-document', '2026-02-03T04:05:06Z', '北京某公证处', now())`,
        [accountId],
      );
      await open('/account', person, 'zh-CN');
      const identity = part('身份核验');
      await identity.getByText('身份证件', { exact: true }).waitFor();
      await identity.getByText('北京某公证处').waitFor();
      await identity.getByText('2026-02-03 12:05:06 +08:00').waitFor();
      await identity.getByText('以前的登记').click();
      await identity.getByText(/未核验 · 登记时间 2026-01-01/).waitFor();
      await visit.judgeInBothLanguages('account-checked');
    });
  });

  describe('organisations and members', () => {
    it('makes an organisation, invites, changes and removes a member; the invitation can be taken back', async () => {
      const owner = await Person.signedIn(world, 'head@firm.example', '张律师');
      const guest = await Person.signedIn(world, 'assistant@firm.example', '李助理');
      await open('/account/organisations', owner);
      await page.getByLabel('Name of the organisation').fill('某律师事务所');
      await page.getByRole('button', { name: 'Create' }).click();
      await part('Members of 某律师事务所').getByRole('listitem', { name: '张律师' }).waitFor();
      const invite = async (email: string) => {
        await part('Invite somebody').getByLabel('E-mail').fill(email);
        await page.getByRole('button', { name: 'Send the invitation' }).click();
        await page.getByRole('listitem', { name: email }).waitFor();
      };
      await invite('wrong@firm.example');
      const wrong = page.getByRole('listitem', { name: 'wrong@firm.example' });
      await wrong.getByRole('button', { name: 'Take back' }).click();
      await wrong.getByText('The link in the mail will no longer work').waitFor();
      await wrong.getByRole('button', { name: 'Take it back now' }).click();
      await wrong.waitFor({ state: 'detached' });
      await invite(guest.email);
      const link = await guest.mailed(/\/invitations\//);
      expect((await guest.post(`/api/v1${new URL(link).pathname}/accept`)).status).to.equal(200);
      await page.reload();
      const member = part(/Members of/).getByRole('listitem', { name: '李助理' });
      await member.getByRole('button', { name: 'Change roles' }).click();
      await member.getByLabel(/^rights holder/).uncheck();
      await member.getByLabel(/^capture operator/).check();
      await member.getByRole('button', { name: 'Save' }).click();
      await member.getByText('Roles: capture operator').waitFor();
      expect((await guest.me()).roles).to.deep.equal(['capture-operator']);
      await visit.judgeInBothLanguages('account-organisations');
      await page.evaluate("localStorage.setItem('tiezheng.language', 'en')");
      await page.reload();
      await member.getByRole('button', { name: 'Remove 李助理' }).click();
      await member.getByRole('button', { name: 'Remove now 李助理' }).click();
      await member.waitFor({ state: 'detached' });
      expect((await guest.me()).accounts).to.have.length(1);
    });

    it('declines an invitation, which nobody can accept then, and accepts another by keyboard alone', async () => {
      const owner = await Person.signedIn(world, 'inviting@firm.example');
      const guest = await Person.signedIn(world, 'invited@firm.example', '赵某');
      for (const name of ['甲公司', '乙公司']) {
        const made = (await (await owner.post('/api/v1/accounts', { name })).json()) as { accountId: string };
        await owner.send('PUT', '/api/v1/me/account', made);
        await owner.post(`/api/v1/accounts/${made.accountId}/invitations`, { email: guest.email, roles: ['holder'] });
      }
      await open('/account/organisations', guest);
      await page.getByRole('button', { name: 'Decline 甲公司' }).click();
      await page.getByText('Declined.').waitFor();
      await page.getByRole('listitem', { name: '甲公司' }).waitFor({ state: 'detached' });
      await tabTo('Accept 乙公司');
      await page.keyboard.press('Enter');
      await page.locator('.account bdi').getByText('乙公司').waitFor();
    });
  });

  /** Goes on with Tab until the element with this name has the focus, as somebody without a mouse does. */
  const tabTo = async (name: string) => {
    for (let presses = 0; presses < 80; presses++) {
      const focused = await page.evaluate(
        '(document.activeElement.getAttribute("aria-label") ?? document.activeElement.labels?.[0]?.textContent ?? document.activeElement.textContent)',
      );
      if (String(focused).trim().startsWith(name)) return;
      await page.keyboard.press('Tab');
    }
    throw new Error(`Tab does not lead to ${name}`);
  };

  describe('API keys', () => {
    it('are made with what was ticked, replaced with overlap, and revoked', async () => {
      const person = await Person.signedIn(world, 'keys@example.org', '周某');
      await open('/account/keys', person);
      await page.getByText('No keys yet.').waitFor();
      await page.getByLabel('Label').fill('扫描仪');
      await page.getByRole('button', { name: 'Make the key' }).click();
      await page.getByRole('alert').getByText('Choose one at least.').waitFor();
      await page.getByLabel('List deposits').check();
      await page.getByRole('button', { name: 'Make the key' }).click();
      const first = await shownSecret();
      expect(await statusOf(first, '/api/v1/deposits')).to.equal(200);
      expect(await statusOf(first, '/api/v1/notices')).to.equal(403);
      await page.getByRole('button', { name: 'I have kept it' }).click();
      expect(await page.content()).not.to.contain(first);
      const newest = page.getByRole('listitem', { name: '扫描仪' }).first();
      await newest.getByRole('button', { name: 'Replace 扫描仪' }).click();
      await newest.getByLabel('Hours for which').fill('1');
      await newest.getByRole('button', { name: 'Replace', exact: true }).click();
      const second = await shownSecret();
      expect(second).not.to.equal(first);
      expect([await statusOf(first, '/api/v1/deposits'), await statusOf(second, '/api/v1/deposits')]).to.deep.equal([
        200, 200,
      ]);
      await page.getByText('replaced; goes on until it ends').waitFor();
      await visit.judgeInBothLanguages('account-keys');
      await newest.getByRole('button', { name: 'Revoke 扫描仪' }).click();
      await newest.getByText('cannot be undone').waitFor();
      await newest.getByRole('button', { name: 'Revoke it now 扫描仪' }).click();
      await newest.getByText('revoked').waitFor();
      expect(await statusOf(second, '/api/v1/deposits')).to.equal(401);
    });

    it('want a fresh sign-in: the password is asked for again, and the key is made then', async () => {
      const person = await Person.signedIn(world, 'later@example.org', '吴某');
      await person.post('/api/v1/accounts', { name: '吴某的公司' });
      await open('/account/keys', person);
      expect(await page.locator('.account bdi').textContent()).to.equal('吴某的公司');
      await page.goto(`${origin}/account`);
      await page.getByLabel('Act for another account').selectOption({ label: '吴某 (person)' });
      await page.getByRole('button', { name: 'Change' }).click();
      await page.locator('.account bdi').getByText('吴某', { exact: true }).waitFor();
      await page.goto(`${origin}/account/keys`);
      await ageSessions(person);
      const fill = async () => {
        await page.getByLabel('Label').fill('备份');
        await page.getByLabel('List deposits').check();
        await page.getByRole('button', { name: 'Make the key' }).click();
        await page.getByRole('dialog').waitFor();
      };
      await fill();
      await expectAccessible(page);
      await page.keyboard.press('Escape');
      await page.getByText('You did not confirm that it is you').waitFor();
      await fill();
      await page.getByRole('dialog').getByLabel('Password', { exact: true }).fill('not the password');
      await page.keyboard.press('Enter');
      await page.getByRole('dialog').getByText('INVALID_EMAIL_OR_PASSWORD').waitFor();
      await page.getByRole('dialog').getByLabel('Password', { exact: true }).fill(PASSWORD);
      await page.keyboard.press('Enter');
      const secret = await shownSecret();
      expect(await statusOf(secret, '/api/v1/deposits')).to.equal(200);
      // The session is another one; whom the reader acts for is not.
      expect(await page.locator('.account bdi').textContent()).to.equal('吴某');
      expect((await person.fetch('/api/v1/me')).status).to.equal(401);
    });
  });

  describe('signing in and security', () => {
    it('changes the password and ends the other sessions', async () => {
      const person = await Person.signedIn(world, 'password@example.org', '冯某');
      const elsewhere = new Person(world, person.email);
      await elsewhere.signIn();
      await open('/account/security', person);
      const sessions = part('Where you are signed in');
      await sessions.getByRole('button', { name: 'Sign out everywhere else' }).waitFor();
      await page.getByLabel('Current password').first().fill('wrong password');
      await page.getByLabel('New password').fill('another long password');
      await page.getByRole('button', { name: 'Change the password' }).click();
      await page.getByRole('alert').getByText('The password is wrong.').waitFor();
      await page.getByLabel('Current password').first().fill(PASSWORD);
      await page.getByRole('button', { name: 'Change the password' }).click();
      await page.getByText('The password is changed.').waitFor();
      expect((await elsewhere.fetch('/api/v1/me')).status).to.equal(401);
      expect((await new Person(world, person.email).signIn('another long password')).status).to.equal(200);
      await page.reload();
      await sessions.getByRole('button', { name: 'Sign out everywhere else' }).click();
      await sessions.getByText('Every other session has ended.').waitFor();
      expect(await sessions.getByRole('listitem').count()).to.equal(1);
      await visit.judgeInBothLanguages('account-security');
    });

    it('adds a passkey of a name, renames it, signs in with it and removes it', async () => {
      const person = await Person.signedIn(world, 'pass@example.org', '孙某');
      await open('/account/security', person);
      await addAuthenticator(page);
      const passkeys = part('Passkeys');
      await passkeys.getByText('No passkeys yet.').waitFor();
      await passkeys.getByLabel('Name').fill('办公室电脑');
      await page.keyboard.press('Enter');
      await passkeys.getByText('The passkey was added.').waitFor();
      const row = passkeys.getByRole('listitem', { name: '办公室电脑' });
      await row.getByRole('button', { name: 'Rename 办公室电脑' }).click();
      await row.getByLabel('Name').fill('家里的电脑');
      await page.keyboard.press('Enter');
      const renamed = passkeys.getByRole('listitem', { name: '家里的电脑' });
      await renamed.waitFor();
      // Removing it asks for a fresh sign-in, which the passkey itself can give.
      await ageSessions(person);
      await renamed.getByRole('button', { name: 'Remove 家里的电脑' }).click();
      await renamed.getByRole('button', { name: 'Remove now 家里的电脑' }).click();
      await page.getByRole('dialog').getByRole('button', { name: 'Sign in with a passkey' }).click();
      await passkeys.getByText('No passkeys yet.').waitFor();
      const { rows } = await world.db.pool.query(
        `select from auth."passkey" p join auth."user" u on u."id" = p."userId" where u."email" = $1`,
        [person.email],
      );
      expect(rows).to.have.length(0);
    });

    it('turns a second factor on with a code of the app, gives other recovery codes, and turns it off; by keyboard', async () => {
      const person = await Person.signedIn(world, 'factor@example.org', '李某');
      const requests: string[] = [];
      await open('/account/security', person);
      page.on('request', (request) => requests.push(request.url()));
      const factor = part('Second factor');
      await factor.getByLabel('Current password').focus();
      await page.keyboard.type(PASSWORD);
      await page.keyboard.press('Enter');
      await factor.getByRole('img', { name: /QR code/ }).waitFor();
      const secret = (await factor.locator('p code').first().textContent()) as string;
      const codes = await factor.locator('.recovery-codes code').allTextContents();
      expect(codes).to.have.length(10);
      // What the picture holds is a secret: it is drawn here, and asked of nobody.
      expect(requests.filter((url) => url.includes(secret) || !url.startsWith(origin))).to.deep.equal([]);
      await expectAccessible(page);
      await visit.picture('account-factor');
      await factor.getByLabel('6 digits').focus();
      await page.keyboard.type('000000');
      await page.keyboard.press('Enter');
      await factor.getByText('The code is wrong').waitFor();
      await factor.getByLabel('6 digits').fill(totpOf(secret));
      await page.keyboard.press('Enter');
      await factor.getByText('The second factor is on.').waitFor();
      const asked = await new Person(world, person.email).signIn();
      expect(await asked.json()).to.deep.include({ twoFactorRedirect: true });
      await factor.getByRole('button', { name: 'New recovery codes' }).focus();
      await page.keyboard.press('Enter');
      await page.keyboard.type(PASSWORD);
      await page.keyboard.press('Enter');
      await factor.getByText('Keep these recovery codes').waitFor();
      expect(await factor.locator('.recovery-codes code').allTextContents()).not.to.include(codes[0]);
      const [recoveryCode] = await factor.locator('.recovery-codes code').allTextContents();
      await factor.getByRole('button', { name: 'I have kept it' }).press('Enter');
      // What lasts is confirmed with both factors; a recovery code is one.
      await page.goto(`${origin}/account/keys`);
      await page.getByLabel('Label').fill('两步');
      await page.getByLabel('List deposits').check();
      await ageSessions(person);
      await page.getByRole('button', { name: 'Make the key' }).click();
      await page.getByRole('dialog').getByLabel('Password', { exact: true }).fill(PASSWORD);
      await page.keyboard.press('Enter');
      await page.getByLabel('Six digits, or a recovery code').fill(recoveryCode as string);
      await page.keyboard.press('Enter');
      await shownSecret();
      await page.goto(`${origin}/account/security`);
      await factor.getByRole('button', { name: 'Turn off' }).press('Enter');
      await page.keyboard.type(PASSWORD);
      await page.keyboard.press('Enter');
      await factor.getByText('The second factor is off.').waitFor();
      expect(await (await new Person(world, person.email).signIn()).json()).not.to.have.property('twoFactorRedirect');
      expect(visit.complaints).to.deep.equal([]);
    });

    it('sends the confirmation mail again to whoever could not sign in for want of it', async () => {
      const person = new Person(world, 'unconfirmed@example.org');
      await person.signUp('许某');
      await person.mailed(/verify-email/);
      const before = world.mails.length;
      await open('/sign-in', person);
      await page.getByLabel('E-mail').fill(person.email);
      await page.getByLabel('Password', { exact: true }).fill(PASSWORD);
      await page.keyboard.press('Enter');
      await page.getByText('Your address is not confirmed yet').waitFor();
      await page.getByRole('button', { name: 'Send the confirmation mail again' }).click();
      await page.getByText('The mail is on its way').waitFor();
      while (world.mails.length === before) await new Promise((resolve) => setTimeout(resolve, 20));
      expect(world.mails.at(-1)).to.include({ to: person.email });
    });
  });

  describe('notices', () => {
    it('has words for every kind that can be chosen', () => {
      expect(Object.keys(noticeKindTexts)).to.include.members([...CHOSEN_KINDS]);
    });

    it('chooses which come by mail and in which language', async () => {
      const person = await Person.signedIn(world, 'notices@example.org', '何某');
      const { accountId } = await person.me();
      await world.db.pool.query(
        `insert into notice (account_id, kind, key, about, at) values ($1, 'stuck', 'x', '{"deposits":2,"oldestReceivedAt":"2026-11-22T03:04:05.678Z"}', now())`,
        [accountId],
      );
      await open('/account/notices', person);
      await page.getByLabel('A certificate was issued').uncheck();
      await page.getByLabel('Language of the mails').selectOption('Chinese');
      await page.getByRole('button', { name: 'Save' }).click();
      await page.getByText('Saved.').waitFor();
      const chosen = (await (await person.fetch('/api/v1/notices/preferences')).json()) as { emailKinds: string[] };
      expect(chosen).to.include({ language: 'zh' });
      expect(chosen.emailKinds).to.include('stuck').and.not.to.include('certified');
      await part('Notices received').getByText('Deposits are delayed').waitFor();
    });

    it('adds a webhook, shows its secret once, tests, disables and removes it', async () => {
      const person = await Person.signedIn(world, 'hooks@example.org', '吕某');
      await open('/account/notices', person);
      const webhooks = part(/^Webhooks/);
      await webhooks.getByText('No webhooks yet.').waitFor();
      await webhooks.getByLabel('Address').fill('http://127.0.0.1/x');
      await webhooks.getByRole('button', { name: 'Add a webhook' }).click();
      await webhooks.getByRole('alert').getByText('webhook-address-refused').waitFor();
      const url = 'https://hooks.example.org/tiezheng';
      await webhooks.getByLabel('Address').fill(url);
      await webhooks.getByLabel('Only what is chosen').check();
      await webhooks.getByLabel('A certificate was issued').check();
      await webhooks.getByRole('button', { name: 'Add a webhook' }).click();
      const secret = await shownSecret();
      expect(secret).to.match(/^tzw_/);
      await webhooks.getByRole('button', { name: 'I have kept it' }).click();
      const row = webhooks.getByRole('listitem', { name: url });
      await row.getByText('A certificate was issued').waitFor();
      await row.getByRole('button', { name: 'Send a test' }).click();
      await part('Last deliveries').getByText('waiting').waitFor();
      await part('Last deliveries').getByText(url).waitFor();
      await visit.judgeInBothLanguages('account-notices');
      await row.getByRole('button', { name: /^Disable/ }).click();
      await row.getByText('What waits for it is cancelled').waitFor();
      await row.getByRole('button', { name: /^Disable/ }).click();
      await row.getByText('by this account').waitFor();
      await part('Last deliveries').getByText('cancelled').waitFor();
      await row.getByRole('button', { name: /^Remove/ }).click();
      await row.getByRole('button', { name: /^Remove/ }).click();
      await webhooks.getByText('No webhooks yet.').waitFor();
    });
  });
});
