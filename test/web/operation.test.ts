import { expect } from 'chai';
import type { Page } from 'playwright-core';
import { updateAccountRoles } from '../../src/db/accounts.ts';
import { encodeHex, encodeUtf8, sha256 } from '../../src/format/bytes.ts';
import { PASSWORD, Person } from '../access/person.ts';
import type { ServiceWorld } from '../http/service-world.ts';
import { expectAccessible } from './accessibility.ts';
import { scratchFiles } from './browser.ts';
import { Visit } from './visit.ts';
import { openWorldWithPages } from './world-with-pages.ts';

describe('the pages of operation', function () {
  this.timeout(120_000);
  let world: ServiceWorld;
  let origin: string;
  let visit: Visit;
  let page: Page;
  let operator: Person;
  let auditor: Person;
  let holder: Person;
  before(async () => {
    ({ world, origin } = await openWorldWithPages({ limits: { signInRequestsPerMinute: 10_000 } }));
    operator = await Person.signedIn(world, 'operator@example.org', '运营');
    auditor = await Person.signedIn(world, 'auditor@example.org', '审计');
    holder = await Person.signedIn(world, 'fang@example.org', '王芳');
    await updateAccountRoles(world.db.pool, (await operator.me()).accountId, ['operator']);
    await updateAccountRoles(world.db.pool, (await auditor.me()).accountId, ['auditor']);
    await world.upload([{ name: '照片.jpg', bytes: new Uint8Array(100_000) }]);
  });
  after(() => world?.close());

  const open = async (path: string, { cookies }: Person) => {
    visit = await Visit.begin({ session: { origin, cookies }, timezoneId: 'Europe/Berlin' });
    page = await visit.open(origin + path);
  };
  const part = (name: string | RegExp) => page.getByRole('region', { name });

  it('are for those who run the service and those who audit it', async () => {
    await open('/operation/accounts', holder);
    await page.getByText('for operators and auditors of the service').waitFor();
    expect(await page.locator('main li').count()).to.equal(0);
  });

  it('lead from one part to the next by keyboard alone, and name each', async () => {
    await open('/operation', auditor);
    for (const heading of ['Accounts and users', 'Keys in use', 'Storage', 'Platform profile']) {
      for (let presses = 0; presses < 60; presses++) {
        if ((await page.evaluate('document.activeElement.textContent')) === heading) break;
        await page.keyboard.press('Tab');
      }
      await page.keyboard.press('Enter');
      await page.locator('h1').getByText(heading).waitFor();
      expect(await page.evaluate('document.activeElement.tagName')).to.equal('H1');
    }
  });

  describe('accounts and users', () => {
    it('finds an account, gives it a role and takes one back', async () => {
      await open('/operation/accounts', operator);
      await page.getByLabel('Part of the name, or the account number').fill('王');
      await page.keyboard.press('Enter');
      const row = part('Accounts').getByRole('listitem', { name: '王芳' });
      // It stands in the whole list, too, which is shown until the answer is there.
      await part('Accounts').locator('.rows > li').nth(1).waitFor({ state: 'detached' });
      await row.getByText('not checked', { exact: true }).waitFor();
      expect(await part('Accounts').locator('.rows > li').count()).to.equal(1);
      await row.getByRole('button', { name: 'Change what it may be 王芳' }).click();
      await row.getByLabel(/^notary/).check();
      await row.getByLabel(/^opponent/).uncheck();
      await row.getByRole('button', { name: 'Save' }).click();
      await row.getByText(/^May be: .*notary/).waitFor();
      const { roles } = await holder.me();
      expect(roles).to.include('notary').and.not.to.include('opponent');
      await part('Users').getByRole('listitem', { name: '王芳' }).getByText('fang@example.org').waitFor();
      await visit.judgeInBothLanguages('operation-accounts');
    });

    it('records an identity check with time and person, which asks for a fresh sign-in', async () => {
      await open('/operation/accounts', operator);
      await world.db.pool.query(
        `update auth."session" set "createdAt" = now() - interval '16 minutes'
         where "userId" = (select "id" from auth."user" where "email" = $1)`,
        [operator.email],
      );
      const row = part('Accounts').getByRole('listitem', { name: '王芳' });
      await row.getByRole('button', { name: 'Record an identity check 王芳' }).click();
      await row.getByLabel('How it was checked').selectOption('otherwise (say how)');
      await row.getByLabel('In words').fill('当面核对护照');
      await row.getByLabel('When (Beijing time)').fill('2026-02-03T12:05');
      await row.getByLabel('By whom').fill('北京市某公证处');
      await row.getByRole('button', { name: 'Record', exact: true }).click();
      await page.getByRole('dialog').getByLabel('Password', { exact: true }).fill(PASSWORD);
      await page.keyboard.press('Enter');
      await row.getByText('当面核对护照').waitFor();
      const checks = await holder.fetch(`/api/v1/accounts/${(await holder.me()).accountId}/identity-checks`);
      expect(((await checks.json()) as { checks: object[] }).checks[0]).to.include({
        ...{ method: '当面核对护照', checkedAt: '2026-02-03T04:05:00.000Z', checkedBy: '北京市某公证处' },
      });
      await row.getByRole('button', { name: 'What was recorded 王芳' }).click();
      await row.getByText(/当面核对护照 · 北京市某公证处 · 2026-02-03 12:05:00 \+08:00/).waitFor();
      operator = new Person(world, operator.email);
      await operator.signIn();
    });

    it('shows an auditor accounts, no addresses and no control', async () => {
      await open('/operation/accounts', auditor);
      await part('Accounts').getByRole('listitem', { name: '王芳' }).waitFor();
      await page.getByText('Addresses of users are shown to operators alone.').waitFor();
      expect(await page.getByRole('button', { name: /Change what|Record an/ }).count()).to.equal(0);
      expect(await page.locator('main').textContent()).not.to.include('@example.org');
    });
  });

  it('show the keys in use and how each is replaced, and nothing secret', async () => {
    await open('/operation/keys', auditor);
    await part('Key of the log').getByText(world.signer.vkey).waitFor();
    await part('Key of the log').getByText('npx tiezheng log rotate-key').waitFor();
    await part('Seal').getByText('Serial number').first().waitFor();
    await part(/^Master key/)
      .getByText(world.keys.current.id)
      .waitFor();
    expect(await page.locator('main button, main input').count()).to.equal(0);
    await visit.judgeInBothLanguages('operation-keys');
  });

  it('count what is stored, what is free and what nothing mentions', async () => {
    await open('/operation/storage', auditor);
    await part('Storage').getByText('1 · 97.7 KiB').waitFor();
    await part('Storage').getByText('Free space').waitFor();
    await page.getByRole('button', { name: 'Count them now' }).click();
    await page.getByText('Objects looked at / that nothing mentions: 1 / 0.').waitFor();
    await visit.judgeInBothLanguages('operation-storage');
  });

  describe('the platform profile', () => {
    it('gets a new version with a document whose digest is computed here; the old one stays to be read', async () => {
      await open('/operation/profile', operator);
      await part('In force').getByText('the settings of the server').waitFor();
      await page.getByRole('button', { name: 'A new version' }).click();
      await page.getByLabel(/^Operator /).fill('北京某某科技有限公司');
      await page.getByLabel(/^Filing number/).fill('京网信备 11010800000000000 号');
      await page.getByLabel(/^Address/).fill('北京市海淀区某路 1 号');
      await page.getByRole('button', { name: 'Add a document' }).click();
      await page.getByLabel('Title').fill('网络安全等级保护备案证明');
      await page.getByLabel('Valid until').fill('2028-01-01');
      await page.getByLabel(/^Choose the file/).setInputFiles(await scratchFiles({ '等保备案证明.pdf': '备案' }));
      const digest = encodeHex(sha256(encodeUtf8('备案')));
      await page.locator(`input[value="${digest}"]`).waitFor();
      await expectAccessible(page);
      await visit.picture('operation-profile-form');
      await page.getByRole('button', { name: 'Save as a new version' }).click();
      await part('In force').getByText('北京某某科技有限公司').waitFor();
      await part('In force').getByText('an operator', { exact: true }).waitFor();
      await part('Earlier versions').getByText('Version 1').click();
      await part('Earlier versions').getByText('the settings of the server').waitFor();
      const printed = await world.profiles.printedAt(new Date(Date.now() + 1000));
      expect(printed).to.include({ operator: '北京某某科技有限公司', filingNo: '京网信备 11010800000000000 号' });
      expect(printed).not.to.have.property('address');
      await visit.judgeInBothLanguages('operation-profile');
    });

    it('is shown to auditors without a form', async () => {
      await open('/operation/profile', auditor);
      await part('In force').waitFor();
      expect(await page.locator('main button').count()).to.equal(0);
    });
  });
});
