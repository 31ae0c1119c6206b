import { randomBytes } from 'node:crypto';
import { expect } from 'chai';
import type { Page } from 'playwright-core';
import { parseReceipt } from '../../src/format/receipt.ts';
import type { DepositDetail } from '../../src/http/answers.ts';
import { checkSignatureAnnex } from '../../src/verify/annex-signature.ts';
import { PASSWORD, Person } from '../access/person.ts';
import type { ServiceWorld } from '../http/service-world.ts';
import { type Authenticator, addAuthenticator, registerPasskey } from './authenticators.ts';
import { scratchFiles } from './browser.ts';
import { LOCALES, type Locale, Visit } from './visit.ts';
import { openWorldWithPages } from './world-with-pages.ts';

describe('signing what is handed in', function () {
  this.timeout(120_000);
  let world: ServiceWorld;
  let origin: string;
  let visit: Visit;
  let page: Page;
  let authenticator: Authenticator;
  before(async () => {
    ({ world, origin } = await openWorldWithPages());
  });
  after(() => world?.close());

  /** Signed in as a new user, at the hand-in page. */
  const open = async (
    email: string,
    { withPasskey = true, locale = 'en-US' }: { withPasskey?: boolean; locale?: Locale } = {},
  ) => {
    await Person.signedIn(world, email, '王芳');
    visit = await Visit.begin({ locale });
    page = await visit.open(`${origin}/sign-in?then=%2Fhand-in`);
    authenticator = await addAuthenticator(page);
    await page.getByLabel(/^(E-mail|邮箱)/).fill(email);
    await page.getByLabel(/^(Password|密码)$/).fill(PASSWORD);
    await page.keyboard.press('Enter');
    await page.locator('.drop').waitFor();
    if (withPasskey) {
      expect(await registerPasskey(page)).to.equal(200);
      await page.reload();
    }
    const files = await scratchFiles({ '证据.txt': randomBytes(1000) });
    await page.locator('input[data-choose=files]').setInputFiles(files);
    await next().click();
    await page.getByRole('textbox').first().fill('signed by me');
    await next().click();
    await page.getByRole('button', { name: /^(Hand in|提交存证)$/ }).waitFor();
  };
  const next = () => page.getByRole('button', { name: /^(Next|下一步)$/ });
  const handIn = () => page.getByRole('button', { name: /^(Hand in|提交存证)$/ }).click();
  const wish = () => page.getByLabel(/Sign the digests|用通行密钥签署文件摘要/);
  const signIt = async () => {
    await wish().check();
    await handIn();
    await page.locator('button:focus').getByText('Sign with my passkey').waitFor();
    await page.keyboard.press('Enter');
    await page.getByText('Everything is done').waitFor();
  };
  const receiptOf = async () => {
    const link = page.getByRole('link', { name: /^(Receipt|存证回执)/ });
    await link.waitFor();
    const answer = await visit.context.request.get(origin + (await link.getAttribute('href')));
    return parseReceipt(new Uint8Array(await answer.body()));
  };

  it('is asked of the passkey once the digests are known, and stands in the receipt', async () => {
    await open('sign@example.org');
    await signIt();
    const { record, annexes, files } = await receiptOf();
    const check = await checkSignatureAnnex(record, annexes.signature);
    expect(check).to.include({ status: 'passed' });
    expect(check.facts).to.include({ origin, userVerified: 'yes' });
    expect(annexes.statement.title).to.equal('signed by me');
    expect(files[0]?.entry.digestSource).to.equal('declared');
    const another = page.getByRole('button', { name: 'Hand in something else' });
    expect(await another.count()).to.equal(1);
    await page.reload();
    await page.locator(`a[href="/deposits/${record.depositId}"]`).getByText('Open the deposit').waitFor();
    expect(await another.count()).to.equal(1);
  });

  it('is told on the page of the deposit: by which key, where, and whose word it is that the key is the depositor’s', async () => {
    await open('told@example.org');
    await signIt();
    const { record, annexes } = await receiptOf();
    await page.getByRole('link', { name: 'Open the deposit' }).click();
    const section = page.getByRole('region', { name: "Depositor's signature" });
    await section.and(page.locator('[data-signature=passed]')).waitFor();
    const { facts } = await checkSignatureAnnex(record, annexes.signature);
    expect(await section.locator('.digest').textContent()).to.equal(facts.key);
    expect(await section.textContent())
      .to.include(origin)
      .and.include('Yes: by fingerprint')
      .and.include("is the operator's word");
    // What the page shows is to be what was signed.
    await page.route(`**/api/v1/deposits/${record.depositId}`, async (route) => {
      const response = await route.fetch();
      const detail = (await response.json()) as DepositDetail;
      detail.annexes.statement.title = 'signed by nobody';
      await route.fulfill({ response, json: detail });
    });
    await page.reload();
    await section.and(page.locator('[data-signature=failed]')).waitFor();
    expect(await section.textContent()).to.include('does not fit this deposit');
  });

  it('can be tried again, and left out after all', async () => {
    await open('refuse@example.org');
    await wish().check();
    await handIn();
    const { devtools, authenticatorId } = authenticator;
    await devtools.send('WebAuthn.setUserVerified', { authenticatorId, isUserVerified: false });
    await page.getByRole('button', { name: 'Sign with my passkey' }).click();
    await page.getByRole('alert').getByText('It was not signed').waitFor();
    await page.getByRole('button', { name: 'Hand in without a signature' }).click();
    await page.getByText('Everything is done').waitFor();
    expect((await receiptOf()).annexes.signature).to.equal(undefined);
  });

  it('is not offered to whoever has no passkey', async () => {
    await open('none@example.org', { withPasskey: false });
    await page.waitForLoadState('networkidle');
    expect(await wish().count()).to.equal(0);
    await handIn();
    await page.getByRole('link', { name: 'Open the deposit' }).waitFor();
    expect((await receiptOf()).annexes.signature).to.equal(undefined);
    await page.getByRole('link', { name: 'Open the deposit' }).click();
    const section = page.getByRole('region', { name: "Depositor's signature" });
    await section.getByText('The depositor did not sign this.').waitFor();
    expect(await section.textContent()).to.not.include('operator');
  });

  for (const locale of LOCALES) {
    it(`is accessible and fits a phone, in ${locale}`, async () => {
      await open(`look-${locale.toLowerCase()}@example.org`, { locale });
      await wish().check();
      await visit.judge('sign-check');
      await handIn();
      await page.getByRole('button', { name: /^(Sign with my passkey|用通行密钥签署)$/ }).waitFor();
      await visit.judge('sign-now');
      await page.keyboard.press('Enter');
      await page.getByRole('link', { name: /^(Open the deposit|查看存证)$/ }).click();
      await page.locator('[data-signature=passed]').waitFor();
      await visit.judge('signed-deposit');
    });
  }
});
