import { readFile } from 'node:fs/promises';
import { expect } from 'chai';
import type { Page } from 'playwright-core';
import { CustodyError } from '../../src/custody/custody-error.ts';
import { depositDetailSchema } from '../../src/http/answers.ts';
import { SharingError } from '../../src/sharing/sharing-error.ts';
import { type EvidenceWorld, makeWorld } from '../support/evidence-world.ts';
import { builtPages } from './built-pages.ts';
import { StandInService } from './stand-in-service.ts';
import { LOCALES, type Locale, Visit } from './visit.ts';

/** With capitals, `_` and `-`, as base64url has them. */
const SECRET = 'tzl_AbC-dEf_0123456789AbC-dEf_0123456789AbC-dEf0';
const OPENING = 'tzv_XyZ-dEf_0123456789AbC-dEf_0123456789AbC-dEf0';
const MATTER = '01939f3e-7c1a-7b7e-9d2c-3f1d0e5b8a77';

describe('pages for what is shown and handed over', function () {
  this.timeout(120_000);
  let service: StandInService;
  let address: string;
  let visit: Visit;
  let page: Page;
  let world: EvidenceWorld;
  let depositId: string;

  before(async () => {
    service = new StandInService(await builtPages());
    address = await service.start();
    world = await makeWorld({ evaluation: true });
    depositId = world.receipt.record.depositId;
  });
  after(() => service?.stop());
  beforeEach(() => {
    service.answers.clear();
    service.state = 'certified';
    service.world = world;
  });

  const open = async (path: string, { locale = 'en-US' as Locale, signedIn = false } = {}) => {
    visit = await Visit.begin({ locale, session: signedIn ? service : undefined });
    page = await visit.open(`${address}${path}`);
  };

  describe('a link for readers without an account', () => {
    const base = `/shared/openings/${OPENING}`;
    const opening = (more: object) => ({
      opening: OPENING,
      scope: 'read',
      reader: '张法官',
      depositId: null,
      matterId: null,
      expiresAt: new Date(Date.now() + 3600_000).toISOString(),
      linkExpiresAt: '2027-01-01T00:00:00.000Z',
      ...more,
    });
    const shareDeposit = async (scope: string, locale: Locale = 'en-US') => {
      service.answers.set(`POST /shared/${SECRET}`, opening({ scope, depositId }));
      service.answers.set(`GET ${base}/deposits/${depositId}`, await sharedDeposit());
      await open(`/shared/${SECRET}`, { locale });
    };
    /** As the service tells it; the first file has a preview. */
    const sharedDeposit = async () => {
      const answer = await service.fetch(`/deposits/${depositId}`);
      const detail = depositDetailSchema.parse(await answer.json());
      const preview = { mediaType: 'image/png', sizeBytes: 1, sha256: '00'.repeat(32), sm3: '00'.repeat(32) };
      return { ...detail, files: detail.files.map((file, i) => ({ ...file, preview: i === 0 ? preview : null })) };
    };
    const links = () =>
      page
        .locator('[data-deposit] a')
        .evaluateAll((all) => all.map((a) => (a.getAttribute('href') ?? '').replace(/^.*\/deposits\/[^/]+\//, '')));
    const openIt = (locale: Locale = 'en-US') =>
      page.getByRole('button', { name: locale === 'zh-CN' ? '打开' : 'Open', exact: true }).click();

    for (const locale of LOCALES) {
      it(`opens nothing before the reader says so, and then shows the deposit, in ${locale}`, async () => {
        await shareDeposit('read', locale);
        service.answers.set(
          `GET ${base}/deposits/${depositId}/files/0/preview`,
          new TextEncoder().encode('<svg xmlns="http://www.w3.org/2000/svg"/>'),
        );
        expect(await page.locator('[data-deposit]').count()).to.equal(0);
        await visit.judge('shared-closed');
        const sent = page.waitForRequest(`**/api/v1/shared/${SECRET}`);
        await openIt(locale);
        expect((await sent).postDataJSON()).to.deep.equal({ passphrase: null });
        await page.locator('[data-deposit]').waitFor();
        await page.locator('img.preview').waitFor();
        expect(await page.evaluate('document.activeElement.id')).to.equal('visit-title');
        const text = (await page.locator('main').textContent()) ?? '';
        expect(text).to.include('张法官').and.include('现场照片.jpg');
        expect(await page.locator('main a[href="/read"]').count()).to.equal(1);
        await visit.judge('shared-deposit');
      });
    }

    it('sends the passphrase, by keyboard alone', async () => {
      await shareDeposit('read');
      await page.getByLabel('Passphrase, if there is one').focus();
      await page.keyboard.type('梅花 1234');
      const sent = page.waitForRequest(`**/api/v1/shared/${SECRET}`);
      await page.keyboard.press('Enter');
      expect((await sent).postDataJSON()).to.deep.equal({ passphrase: '梅花 1234' });
      await page.locator('[data-deposit]').waitFor();
    });

    for (const [scope, more] of [
      ['read', []],
      ['download', ['files/0', 'files/1', 'files/2']],
      ['export', ['files/0', 'files/1', 'files/2', 'package.zip']],
    ] as const) {
      it(`offers what the scope ${scope} has`, async () => {
        await shareDeposit(scope);
        await openIt();
        await page.locator('[data-deposit] h4').first().waitFor();
        const proofs = ['certificate.pdf', 'certificate.json', 'receipt.json', 'proof.tlog-proof'];
        expect(await links()).to.have.members([...proofs, ...more]);
      });
    }

    for (const locale of LOCALES) {
      it(`says the same whatever is wrong with it, in ${locale}`, async () => {
        service.answers.set(`POST /shared/${SECRET}`, new SharingError('link-not-found', 'revoked at noon'));
        await open(`/shared/${SECRET}`, { locale });
        await openIt(locale);
        const alert = page.getByRole('alert');
        await alert.waitFor();
        expect(await alert.textContent())
          .to.include(locale === 'zh-CN' ? '已过期、已撤销、次数已用完' : 'has expired, was revoked or used up')
          .and.not.include('noon');
        await visit.judge('shared-refused');
      });

      it(`shows a matter's items and each deposit when it is asked for, in ${locale}`, async () => {
        service.answers.set(`POST /shared/${SECRET}`, opening({ scope: 'download', matterId: MATTER }));
        service.answers.set(`GET ${base}/matters/${MATTER}`, { title: '商标侵权案', summary: '展会取证' });
        service.answers.set(`GET ${base}/matters/${MATTER}/index.json`, {
          entries: [
            {
              no: 1,
              issue: '侵权行为',
              name: '照片',
              source: null,
              proofPurpose: null,
              depositId,
              certificateNo: null,
            },
          ],
        });
        service.answers.set(`GET ${base}/deposits/${depositId}`, await sharedDeposit());
        await open(`/shared/${SECRET}`, { locale });
        await openIt(locale);
        await page.getByText('商标侵权案').waitFor();
        expect(await page.locator('[data-deposit]').count()).to.equal(0);
        await page.getByRole('button', { name: /照片$/ }).click();
        await page.locator('[data-deposit] h4').first().waitFor();
        await visit.judge('shared-matter');
      });
    }

    it('ends the visit when its time is over', async () => {
      await shareDeposit('read');
      await page.clock.install();
      await openIt();
      await page.locator('[data-deposit]').waitFor();
      await page.clock.fastForward(3600_000);
      await page.getByText('This visit is over').waitFor();
      expect(await page.locator('[data-deposit]').count()).to.equal(0);
    });
  });

  describe('a one-time link to confirm a hand-over', () => {
    const TOKEN = 'tzh_AbC-dEf_0123456789AbC-dEf_0123456789AbC-dEf0';
    const open1 = async (locale: Locale = 'en-US') => {
      service.answers.set('POST /hand-over-link/open', handOver());
      await open(`/hand-over#${TOKEN}`, { locale });
      await page.locator('[data-state=open]').waitFor();
    };
    const handOver = (state = 'open') => ({
      handOverId: MATTER,
      depositId,
      state,
      statement: {
        type: 'tiezheng/hand-over-statement/v1',
        handOverId: MATTER,
        depositId,
        giver: { accountId: MATTER, name: '北京某某公司' },
        receiver: { kind: 'court', accountId: null, name: '某某法院知识产权庭' },
        items: [
          { what: 'original', fileIndex: 0, sha256: 'ab'.repeat(32), description: null },
          { what: 'other', fileIndex: null, sha256: 'cd'.repeat(32), description: '光盘一张' },
        ],
        note: null,
        handedOverAt: '2026-11-22T03:00:00.000Z',
        expiresAt: '2026-12-22T03:00:00.000Z',
        salt: '00'.repeat(32),
      },
      confirmation: null,
      endedAt: null,
    });

    for (const locale of LOCALES) {
      it(`says what is handed over, takes the name by keyboard and gives the receipt, in ${locale}`, async () => {
        const receipt = '{"type":"tiezheng/hand-over/v1"}';
        service.answers.set('POST /hand-over-link/confirm', new TextEncoder().encode(receipt));
        const opened: unknown[] = [];
        await open1(locale);
        page.on('request', (request) => opened.push(request.url()));
        const text = (await page.locator('[data-state=open]').textContent()) ?? '';
        expect(text).to.include('某某法院知识产权庭').and.include('光盘一张').and.include('北京某某公司');
        expect(text).to.include('abababab'.repeat(8)).and.include('cdcdcdcd'.repeat(8));
        await visit.judge('hand-over-open');
        const button = page.getByRole('button', {
          name: locale === 'zh-CN' ? '确认接收' : 'Confirm that you received it',
        });
        expect(await button.isDisabled()).to.equal(true);
        await page.locator('form input').focus();
        await page.keyboard.type('书记员 李某');
        const sent = page.waitForRequest('**/hand-over-link/confirm');
        await page.keyboard.press('Enter');
        expect((await sent).postDataJSON()).to.deep.equal({ token: TOKEN, name: '书记员 李某' });
        await page.locator('[data-state=confirmed]').waitFor();
        expect(await page.evaluate('document.activeElement.id')).to.equal('receipt-title');
        const saved = page.waitForEvent('download');
        await page.getByRole('button', { name: locale === 'zh-CN' ? '保存回执' : 'Save the receipt' }).click();
        expect((await saved).suggestedFilename()).to.equal(`hand-over-${MATTER}.json`);
        expect(await readFile(await (await saved).path(), 'utf8')).to.equal(receipt);
        await visit.judge('hand-over-confirmed');
        // The token is in no address that was asked for.
        expect(opened.filter((url) => String(url).includes(TOKEN))).to.deep.equal([]);
      });

      it(`says the same of a link that was used, taken back or has expired, in ${locale}`, async () => {
        service.answers.set('POST /hand-over-link/open', new CustodyError('confirmation-link-invalid', 'used'));
        await open(`/hand-over#${TOKEN}`, { locale });
        const alert = page.getByRole('alert');
        await alert.waitFor();
        expect(await alert.textContent()).to.include(locale === 'zh-CN' ? '已过期' : 'has expired');
        await visit.judge('hand-over-refused');
      });
    }

    it('says so when it ended while the page stood open', async () => {
      await open1();
      service.answers.set('POST /hand-over-link/confirm', new CustodyError('confirmation-link-invalid', 'expired'));
      await page.getByLabel('Your name and office').fill('somebody');
      await page.keyboard.press('Enter');
      await page.getByText('This confirmation link cannot be used').waitFor();
      expect(await page.locator('[data-state=confirmed]').count()).to.equal(0);
    });
  });

  describe('the panel of the depositor', () => {
    const link = (more: object = {}) => ({
      linkId: MATTER,
      reader: '李调解员',
      scope: 'read',
      coverage: 'disclosed',
      expiresAt: new Date(Date.now() + 86_400_000).toISOString(),
      maxOpenings: 5,
      openings: 1,
      hasPassphrase: true,
      attemptsLeft: 10,
      revokedAt: null,
      ...more,
    });
    const unfold = async (links: object[], locale: Locale = 'en-US') => {
      service.answers.set('GET /links', { links, next: null });
      const grant = {
        ...{ grantId: MATTER, granteeAccountId: null, granteeName: null, invitedEmail: null, invitedAccountId: null },
        ...{ scope: 'download', coverage: 'disclosed', expiresAt: null, acceptedAt: null, revokedAt: null },
      };
      const account = '01939f3e-7c1a-7b7e-9d2c-3f1d0e5b8a77';
      service.answers.set('GET /grants', {
        grants: [
          { ...grant, invitedEmail: 'wang@example.org' },
          { ...grant, grantId: '1', invitedAccountId: account },
          { ...grant, grantId: '2', granteeAccountId: account, granteeName: '北京市某某公证处' },
          {
            ...grant,
            grantId: '3',
            granteeAccountId: account,
            granteeName: '赵法官',
            invitedEmail: 'zhao@example.org',
          },
          { ...grant, grantId: '4', granteeAccountId: account },
        ],
        next: null,
      });
      service.answers.set(`GET /deposits/${depositId}/custody`, {
        ...{ count: 0, leaf: null, events: [], next: null, handOvers: [] },
      });
      await open(`/deposits/${depositId}`, { locale, signedIn: true });
      const summary = page.locator('summary', { hasText: locale === 'zh-CN' ? '出示与移交' : 'Show it to others' });
      await summary.focus();
      await page.keyboard.press('Enter');
      await page.locator('details li[data-state]').first().waitFor();
    };

    for (const locale of LOCALES) {
      it(`lists what was given with its state, in ${locale}`, async () => {
        await unfold(
          [
            link(),
            link({ linkId: '1', openings: 5 }),
            link({ linkId: '2', expiresAt: '2026-01-01T00:00:00.000Z' }),
            link({ linkId: '3', revokedAt: '2026-01-01T00:00:00.000Z' }),
            link({ linkId: '4', attemptsLeft: 0 }),
          ],
          locale,
        );
        expect(
          await page
            .locator('details li[data-state]')
            .evaluateAll((rows) => rows.map((row) => row.getAttribute('data-state'))),
        ).to.deep.equal([
          ...['open', 'used-up', 'expired', 'revoked', 'locked'],
          ...['invited', 'invited', 'open', 'open', 'open'],
        ]);
        // By their names where the giver may know them, else as he named them.
        const receivers = page.locator('details li[data-state] bdi');
        expect((await receivers.allTextContents()).slice(5)).to.deep.equal([
          'wang@example.org',
          '01939f3e-7c1a-7b7e-9d2c-3f1d0e5b8a77',
          '北京市某某公证处',
          '赵法官 · zhao@example.org',
          '01939f3e-7c1a-7b7e-9d2c-3f1d0e5b8a77',
        ]);
        // What has ended cannot be revoked.
        expect(await page.locator('details li button').count()).to.equal(6);
        await visit.judge('panel');
      });
    }

    it('makes a link and shows it once, to be copied', async () => {
      await unfold([link()]);
      await visit.context.grantPermissions(['clipboard-read', 'clipboard-write']);
      service.answers.set('POST /links', { path: `/shared/${SECRET}` });
      const form = page.getByRole('form', { name: 'Make a link' });
      await form.getByLabel('For whom').fill('张法官');
      await form.getByLabel('What he may do').selectOption('export');
      await form.getByLabel('Passphrase').fill('12345678');
      const sent = page.waitForRequest((request) => request.method() === 'POST' && request.url().endsWith('/links'));
      await page.keyboard.press('Enter');
      const { expiresAt, ...asked } = (await sent).postDataJSON();
      expect(asked).to.deep.equal({
        depositId,
        reader: '张法官',
        scope: 'export',
        maxOpenings: 5,
        passphrase: '12345678',
      });
      expect(Date.parse(expiresAt) - Date.now()).to.be.closeTo(14 * 86_400_000, 60_000);
      await page.getByRole('button', { name: 'Copy the link' }).click();
      await page.getByText('Copied', { exact: true }).waitFor();
      expect(await page.evaluate('navigator.clipboard.readText()')).to.equal(`${address}/shared/${SECRET}`);
      await visit.judge('panel-shown-once');
    });

    it('revokes a link and a grant', async () => {
      await unfold([link()]);
      service.answers.set(`DELETE /links/${MATTER}`, {});
      service.answers.set(`DELETE /grants/${MATTER}`, {});
      service.answers.set('GET /links', { links: [link({ revokedAt: '2026-01-01T00:00:00.000Z' })], next: null });
      await page.getByRole('button', { name: 'Revoke 李调解员' }).click();
      await page.locator('details li[data-state=revoked]').waitFor();
      const sent = page.waitForRequest(`**/api/v1/grants/${MATTER}`);
      await page.getByRole('button', { name: 'Revoke wang@example.org' }).click();
      expect((await sent).method()).to.equal('DELETE');
    });

    it('begins a hand-over and gives a grant', async () => {
      await unfold([link()]);
      service.answers.set('POST /hand-overs', { confirmationLink: `${address}/hand-over#tzh_x` });
      service.answers.set('POST /grants', {});
      const posted = (path: string) =>
        page.waitForRequest((request) => request.method() === 'POST' && request.url().endsWith(path));
      const form = page.getByRole('form', { name: 'Begin a hand-over' });
      await form.getByLabel('Kind of receiver').selectOption('court');
      await form.getByLabel('Receiver (office').fill('某某法院');
      await form.getByLabel('The newest certificate').check();
      const handedOver = posted('/hand-overs');
      await form.getByRole('button').click();
      expect((await handedOver).postDataJSON()).to.deep.equal({
        depositId,
        receiver: { kind: 'court', name: '某某法院' },
        certificate: true,
        validDays: 30,
      });
      await page.locator(`input[value="${address}/hand-over#tzh_x"]`).waitFor();
      const grant = page.getByRole('form', { name: 'Give a grant' });
      await grant.getByLabel('Address or account').fill('zhao@example.org');
      const given = posted('/grants');
      await grant.getByRole('button').click();
      expect((await given).postDataJSON()).to.deep.include({
        depositId,
        to: { email: 'zhao@example.org' },
        scope: 'read',
      });
    });
  });
});
