import { expect } from 'chai';
import type { Page } from 'playwright-core';
import { PASSWORD, Person } from '../access/person.ts';
import type { ServiceWorld } from '../http/service-world.ts';
import { expectAccessible } from './accessibility.ts';
import { addAuthenticator, registerPasskey, totpOf } from './authenticators.ts';
import { LOCALES, type Locale, PHONE, Visit } from './visit.ts';
import { openWorldWithPages } from './world-with-pages.ts';

describe('signing in on the pages', function () {
  this.timeout(60_000);
  let world: ServiceWorld;
  let origin: string;
  let visit: Visit;
  let page: Page;
  before(async function () {
    this.timeout(120_000);
    ({ world, origin } = await openWorldWithPages({ people: { guard: { passwords: 3 } } }));
  });
  after(() => world?.close());

  const open = async (path: string, locale: Locale = 'en-US') => {
    visit = await Visit.begin({ locale });
    page = await visit.open(origin + path);
  };
  const signIn = async (email: string, password = PASSWORD) => {
    await page.getByLabel('E-mail').fill(email);
    await page.getByLabel('Password', { exact: true }).fill(password);
    await page.keyboard.press('Enter');
  };
  const homePage = () => page.getByRole('heading', { level: 1, name: 'What to do next' });

  describe('for somebody new', () => {
    it('leads from signing up over the mail to a session, and out of it again', async () => {
      await open('/sign-in');
      await page.getByRole('link', { name: /Sign up/ }).click();
      await page.getByRole('heading', { level: 1, name: 'Sign up' }).waitFor();
      await page.getByLabel('Your name').fill('王芳');
      await page.getByLabel('E-mail').fill('new@example.org');
      await page.getByLabel('Password', { exact: true }).fill(PASSWORD);
      await page.getByRole('button', { name: 'Sign up' }).click();
      await page.getByText('Look into your mail').waitFor();
      await page.goto(await new Person(world, 'new@example.org').mailed(/verify-email/));
      await page.getByText('Your address is confirmed').waitFor();
      await signIn('new@example.org');
      await homePage().waitFor();
      expect(await page.locator('.account bdi').textContent()).to.equal('王芳');
      await page.getByRole('button', { name: 'Sign out' }).click();
      await page.getByRole('heading', { level: 1, name: 'Preserve electronic evidence' }).waitFor();
      await page.reload();
      await page.getByRole('heading', { level: 1, name: 'Preserve electronic evidence' }).waitFor();
    });
  });

  describe('a refusal', () => {
    it('is told in words with its code, until guessing is ended', async () => {
      await Person.signedIn(world, 'guessed@example.org');
      await open('/sign-in');
      for (const [password, code] of [
        ['wrong password 1', 'INVALID_EMAIL_OR_PASSWORD'],
        ['wrong password 2', 'INVALID_EMAIL_OR_PASSWORD'],
        ['wrong password 3', 'INVALID_EMAIL_OR_PASSWORD'],
        ['wrong password 4', 'sign-in-locked'],
      ] as const) {
        const answered = page.waitForResponse('**/api/auth/sign-in/email');
        await signIn('guessed@example.org', password);
        await answered;
        await page.getByRole('alert').getByText(code, { exact: true }).waitFor();
      }
      expect(await page.getByRole('alert').textContent()).to.contain('Too many attempts');
    });

    it('of a mailed link that is too old is told where the reader arrives', async () => {
      await open('/api/auth/verify-email?token=nonsense&callbackURL=%2Fsign-in%3Fconfirmed%3D1');
      await page.getByRole('alert').getByText('The link is not valid').waitFor();
      expect(await page.getByText('Your address is confirmed').count()).to.equal(0);
    });
  });

  describe('a second factor', () => {
    it('is asked for after the password: a code of the app, or a recovery code once', async () => {
      const person = await Person.signedIn(world, 'second@example.org', '李某');
      const answer = await person.post('/api/auth/two-factor/enable', { password: PASSWORD });
      const { totpURI, backupCodes } = (await answer.json()) as { totpURI: string; backupCodes: string[] };
      const secret = new URL(totpURI).searchParams.get('secret') as string;
      const verified = await person.post('/api/auth/two-factor/verify-totp', { code: totpOf(secret) });
      expect(verified.status).to.equal(200);
      await open('/sign-in?then=%2Fdeposits');
      await signIn('second@example.org');
      await page.locator('h2:focus').getByText('Second factor').waitFor();
      await page.getByLabel(/6 digits/).fill('000000');
      await page.keyboard.press('Enter');
      await page.getByText('The code is wrong').waitFor();
      await expectAccessible(page);
      await page.getByRole('button', { name: 'Use a recovery code instead' }).click();
      await page.getByLabel('Recovery code').fill(backupCodes[0] as string);
      await page.keyboard.press('Enter');
      await page.waitForURL(`${origin}/deposits`);
      expect(await page.locator('.account bdi').textContent()).to.equal('李某');
    });
  });

  describe('a passkey', () => {
    it('signs in without a password; without one the page says so', async () => {
      await open('/sign-in');
      await addAuthenticator(page);
      const byPasskey = page.getByRole('button', { name: 'Sign in with a passkey' });
      await byPasskey.click();
      await page.getByText('No passkey was used').waitFor();
      await Person.signedIn(world, 'passkey@example.org', '孙某');
      await signIn('passkey@example.org');
      await homePage().waitFor();
      expect(await registerPasskey(page)).to.equal(200);
      await page.getByRole('button', { name: 'Sign out' }).click();
      await page.getByRole('banner').getByRole('link', { name: 'Sign in' }).click();
      await byPasskey.click();
      await homePage().waitFor();
      expect(await page.locator('.account bdi').textContent()).to.equal('孙某');
    });
  });

  describe('a forgotten password', () => {
    it('is replaced by the mailed link, once', async () => {
      const person = await Person.signedIn(world, 'forgot@example.org');
      await open('/sign-in');
      await page.getByRole('link', { name: 'Forgot your password?' }).click();
      await page.getByLabel('E-mail').fill(person.email);
      await page.getByRole('button', { name: 'Send the link' }).click();
      await page.getByText('the mail is on its way').waitFor();
      const link = await person.mailed(/reset-password/);
      for (const outcome of ['The password is changed', 'The link is not valid']) {
        await page.goto(link);
        await page.getByLabel('New password').fill('another long password');
        await page.getByRole('button', { name: 'Set the new password' }).click();
        await page.getByText(outcome).waitFor();
      }
      await page.getByRole('link', { name: 'To signing in' }).click();
      await signIn(person.email, 'another long password');
      await homePage().waitFor();
    });
  });

  describe('an invitation', () => {
    it('waits while its reader signs in, makes him act for the organisation, and is not taken twice', async () => {
      const owner = await Person.signedIn(world, 'owner@example.org');
      const made = await owner.post('/api/v1/accounts', { name: '某律师事务所' });
      const { accountId } = (await made.json()) as { accountId: string };
      await owner.send('PUT', '/api/v1/me/account', { accountId });
      const guest = await Person.signedIn(world, 'guest@example.org', '赵某');
      const invited = await owner.post(`/api/v1/accounts/${accountId}/invitations`, {
        email: guest.email,
        roles: ['holder'],
      });
      expect(invited.status).to.equal(201);
      const { pathname } = new URL(await guest.mailed(/\/invitations\//));
      await open(pathname);
      await page.getByRole('link', { name: 'To signing in' }).click();
      await signIn(guest.email);
      await page.waitForURL(`${origin}${pathname}`);
      await page.getByRole('button', { name: 'Decline' }).waitFor();
      await expectAccessible(page);
      await page.getByRole('button', { name: 'Accept' }).click();
      await page.getByText('You have joined, and act now for 某律师事务所').waitFor();
      expect(await page.locator('.account bdi').textContent()).to.equal('某律师事务所');
      await page.goto(origin + pathname);
      await page.getByRole('button', { name: 'Accept' }).click();
      await page.getByRole('alert').getByText('invitation-not-found', { exact: true }).waitFor();
    });
  });

  it('leaves the one-time link at its address, and goes to no other site', async () => {
    const link = await fetch(`${origin}/sign-in?token=unknown`, { headers: { accept: 'text/html' } });
    expect(link.status).to.equal(401);
    await Person.signedIn(world, 'then@example.org');
    await open('/sign-in?then=%2F%2Fevil.example');
    await signIn('then@example.org');
    await homePage().waitFor();
    expect(page.url()).to.equal(`${origin}/`);
  });

  for (const locale of LOCALES) {
    it(`shows each page accessibly on a phone, ${locale}`, async () => {
      await open('/sign-in', locale);
      await page.setViewportSize(PHONE);
      for (const path of ['/sign-in', '/sign-up', '/reset-password', '/reset-password?token=x']) {
        await page.goto(origin + path);
        await page.locator('main form').first().waitFor();
        await expectAccessible(page);
        await visit.expectFits(PHONE.width);
        expect(await page.evaluate('document.documentElement.lang')).to.equal(locale === 'zh-CN' ? 'zh-CN' : 'en');
      }
    });
  }
});
