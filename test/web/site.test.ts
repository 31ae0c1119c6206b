import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'chai';
import type { Page } from 'playwright-core';
import { encodeObject, makeWorld } from '../support/evidence-world.ts';
import { expectAccessible } from './accessibility.ts';
import { builtPages } from './built-pages.ts';
import { API_KEY, StandInService } from './stand-in-service.ts';
import { LOCALES, type Locale, PHONE, Visit } from './visit.ts';

describe('pages', function () {
  this.timeout(120_000);
  let service: StandInService;
  let address: string;
  let visit: Visit;
  let page: Page;
  before(() => builtPages());
  beforeEach(async () => {
    service = new StandInService(await builtPages());
    address = await service.start();
  });
  afterEach(() => service.stop());

  const open = async (
    path: string,
    { locale = 'en-US', signedIn = true }: { locale?: Locale; signedIn?: boolean } = {},
  ) => {
    visit = await Visit.begin({ locale });
    page = visit.page;
    if (signedIn) await page.goto(`${address}/sign-in?token=once`);
    await page.goto(`${address}${path}`);
  };
  const deposited = async (locale: Locale = 'en-US', name = '现场照片.jpg') => {
    service.world = await makeWorld({ files: [{ name, bytes: randomBytes(2000) }], evaluation: true });
    await open(`/deposits/${service.world.receipt.record.depositId}`, { locale });
    await page.locator('.steps').waitFor();
  };
  const steps = () =>
    page
      .locator('.steps li')
      .evaluateAll((rows) => rows.map((row) => `${row.getAttribute('data-step')} ${row.getAttribute('data-status')}`));

  describe('for a visitor who is not signed in', () => {
    it('asks for a key, refuses a wrong one in words and takes a right one', async () => {
      await open('/hand-in', { signedIn: false });
      const key = page.getByLabel('API key', { exact: true });
      await key.fill('tz_wrong');
      await page.getByRole('button', { name: 'Sign in' }).click();
      await page.getByText('The service does not know this key.').waitFor();
      await key.fill(API_KEY);
      await page.keyboard.press('Enter');
      await page.getByRole('heading', { name: 'Hand in files' }).waitFor();
      expect(await page.evaluate('JSON.stringify(localStorage)')).not.to.contain(API_KEY);
      await page.getByRole('button', { name: 'Sign out' }).click();
      await key.waitFor();
      expect(await page.evaluate('JSON.stringify(sessionStorage)')).not.to.contain(API_KEY);
    });

    it('verifies without any account', async () => {
      await open('/verify', { signedIn: false });
      await page.getByRole('heading', { level: 1, name: 'Verification' }).waitFor();
      const published = (await readFile(join(await builtPages(), 'verify.html.sha256'), 'utf8')).slice(0, 64);
      await page.locator('aside .digest').waitFor();
      expect(await page.locator('aside .digest').textContent()).to.equal(published);
      expect(visit.complaints).to.deep.equal([]);
    });
  });

  describe('the program of a page', () => {
    it('comes when the page is first gone to, so that a visitor on a phone does not load the verifier', async () => {
      const loaded: { name: string; bytes: number }[] = [];
      visit = await Visit.begin();
      page = visit.page;
      page.on('response', async (response) => {
        if (!response.url().endsWith('.js')) return;
        loaded.push({ name: response.url(), bytes: (await response.body()).length });
      });
      await visit.open(`${address}/`);
      await page.waitForLoadState('networkidle');
      expect(loaded.map(({ name }) => name).filter((name) => name.includes('verif'))).to.deep.equal([]);
      expect(loaded.reduce((sum, { bytes }) => sum + bytes, 0)).to.be.within(100_000, 1_200_000);
    });

    it('is offered again when it did not come', async () => {
      await open('/', { signedIn: false });
      await page.route('**/log-page-*.js', (route) => route.abort());
      const toLog = page.getByRole('navigation').getByRole('link', { name: 'Public log' });
      await toLog.click();
      await page.getByRole('alert').getByText('This page could not be opened').waitFor();
      await page.unroute('**/log-page-*.js');
      await page.getByRole('button', { name: 'Load again' }).click();
      await page.getByRole('heading', { level: 1, name: 'The public log' }).waitFor();
    });
  });

  describe('a deposit', () => {
    it('goes step by step to its certificate while the page stays open', async () => {
      await deposited();
      expect(await steps()).to.deep.equal([
        'Received done',
        'In the log done',
        'Published now',
        'Anchored waiting',
        'Certified waiting',
      ]);
      expect(await page.getByText('Certificate (PDF): available once certified').isVisible()).to.equal(true);
      service.state = 'anchored-pending';
      service.alarms = ['anchor-balance-low'];
      await page.locator('[data-step=Anchored][data-status=now]').waitFor();
      await page.getByText('waiting for the block to become final').first().waitFor();
      expect(await page.locator('[data-step=Anchored]').textContent()).to.contain('short of funds');
      service.state = 'certified';
      await page.locator('[data-step=Certified][data-status=done]').waitFor();
      expect(await page.locator('[data-status=done]').count()).to.equal(5);
      await page.getByRole('link', { name: 'Certificate (PDF)' }).waitFor();
      expect(visit.complaints).to.deep.equal([]);
    });

    it('keeps the three times and the four persons on lines of their own', async () => {
      service.state = 'certified';
      await deposited();
      const lines = (section: string) =>
        page.locator(`section:has(> #${section}) dl > div`).evaluateAll((rows) => rows.map((row) => row.textContent));
      await page.getByText('eip155:1, 120').waitFor();
      const times = await lines('times-title');
      expect(times).to.have.length(3);
      expect(times[1]).to.contain('2026-11-22 11:04:05.678 +08:00');
      expect(times[2]).to.contain('2026-11-22 11:09:05 +08:00');
      expect(await lines('persons-title')).to.have.length(4);
    });

    it('gives the receipt as it was answered, by session and by key', async () => {
      await deposited();
      const download = async (target: ReturnType<Page['getByRole']>) => {
        const [file] = await Promise.all([page.waitForEvent('download'), target.click()]);
        return readFile(await file.path());
      };
      const receipt = Buffer.from(encodeObject(service.world?.receipt ?? {}));
      expect((await download(page.getByRole('link', { name: 'Receipt (JSON)' }))).equals(receipt)).to.equal(true);
      await page.evaluate(`sessionStorage.setItem('tiezheng.apiKey', '${API_KEY}')`);
      await visit.context.clearCookies();
      await page.reload();
      expect((await download(page.getByRole('button', { name: 'Receipt (JSON)' }))).equals(receipt)).to.equal(true);
    });

    it("offers each file's OpenTimestamps proof once a calendar has stamped it", async () => {
      await deposited();
      const proof = page.getByRole('link', {
        name: 'Download OpenTimestamps proof (awaits a Bitcoin block) 现场照片.jpg',
      });
      expect(await proof.count()).to.equal(0);
      service.state = 'anchored-pending';
      await proof.waitFor();
      expect(await proof.getAttribute('href')).to.match(/\/files\/0\/proof\.ots$/);
      expect(await proof.getAttribute('download')).to.equal('现场照片.jpg.ots');
    });

    it('shows both digests whole and grouped', async () => {
      await deposited();
      const digests = await page.locator('.deposited-file .digest').allTextContents();
      const entry = service.world?.receipt.files[0]?.entry;
      expect(digests).to.deep.equal([entry?.digests.sha256, entry?.digests.sm3]);
      expect(await page.locator('.deposited-file .digest').first().locator('span').count()).to.equal(8);
    });

    it('is found again in the list', async () => {
      await deposited();
      await page.getByRole('link', { name: 'My deposits' }).click();
      await page.locator('.deposit-list a').click();
      await page.locator('.steps').waitFor();
    });

    it('that is not there says so', async () => {
      await open('/deposits/01939f3e-7c1a-7b7e-9d2c-000000000000');
      await page.getByRole('alert').waitFor();
      expect(await page.getByRole('alert').textContent()).to.contain('not-found');
    });
  });

  for (const locale of LOCALES) {
    describe(`in ${locale}`, () => {
      it('have no serious accessibility violation and say evaluation', async () => {
        await open('/hand-in', { locale, signedIn: false });
        await page.locator('#api-key').waitFor();
        await expectAccessible(page);
        await visit.end();
        await deposited(locale);
        expect(await page.locator('.evaluation-banner').isVisible()).to.equal(true);
        await expectAccessible(page);
        await page.getByRole('link', { name: /^(My deposits|我的存证)$/ }).click();
        await page.locator('.deposit-list').waitFor();
        await expectAccessible(page);
        await page.getByRole('link', { name: /^(Verify|核验)$/ }).click();
        await page.locator('aside').waitFor();
        await expectAccessible(page);
        expect(visit.complaints).to.deep.equal([]);
      });

      it('fit a phone without sideways scrolling', async () => {
        await deposited(locale, `${'很长的文件名'.repeat(10)}.jpg`);
        await visit.expectFits(PHONE.width);
      });
    });
  }

  describe('the navigation', () => {
    const entries = () => page.getByRole('navigation').getByRole('link').allTextContents();

    it('offers what the roles of the reader allow', async () => {
      await open('/log', { signedIn: false });
      await page.getByRole('link', { name: 'Sign in' }).waitFor();
      expect(await entries())
        .to.include.members(['Home', 'Verify', 'Public log'])
        .and.not.include('Hand in');
      await visit.end();
      await open('/log');
      await page.getByRole('link', { name: 'Hand in' }).waitFor();
      expect(await entries())
        .to.include('My deposits')
        .and.not.include('Operation');
      await visit.end();
      service.roles = ['operator'];
      await open('/log');
      await page.getByRole('link', { name: 'Operation' }).waitFor();
      expect(await entries()).to.not.include('Hand in');
    });

    it('is folded away on a phone, and opened and closed by keyboard', async () => {
      await open('/verify');
      await page.setViewportSize(PHONE);
      const menu = page.getByRole('button', { name: 'Menu' });
      const log = page.getByRole('link', { name: 'Public log' });
      expect(await log.isVisible()).to.equal(false);
      expect(await menu.getAttribute('aria-expanded')).to.equal('false');
      await menu.focus();
      await page.keyboard.press('Enter');
      await log.waitFor();
      expect(await menu.getAttribute('aria-expanded')).to.equal('true');
      await expectAccessible(page);
      await page.keyboard.press('Tab');
      await page.keyboard.press('Escape');
      await log.waitFor({ state: 'hidden' });
      expect(await page.evaluate('document.activeElement?.textContent')).to.equal('Menu');
      await menu.click();
      await log.click();
      await page.getByRole('heading', { level: 1 }).waitFor();
      expect(await menu.getAttribute('aria-expanded')).to.equal('false');
    });
  });

  it('remember the language', async () => {
    await open('/hand-in', { locale: 'zh-CN' });
    await page.getByRole('button', { name: 'English' }).click();
    await page.reload();
    await page.getByRole('heading', { name: 'Hand in files' }).waitFor();
  });

  it('bring their own Chinese font', async () => {
    await open('/hand-in', { locale: 'zh-CN' });
    await page.locator('.drop').waitFor();
    await page.evaluate('document.fonts.ready');
    const loaded = await page.evaluate(
      `[...document.fonts].filter((face) => face.status === 'loaded').map((face) => face.family.replaceAll('"', ''))`,
    );
    expect(loaded).to.include('Noto Sans SC');
  });
});
