import { randomBytes } from 'node:crypto';
import { mkdtemp, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'chai';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { IntakeError } from '../../src/intake/upload-error.ts';
import { encodeObject } from '../support/evidence-world.ts';
import { expectAccessible } from './accessibility.ts';
import { launchChromium, scratchFolder } from './browser.ts';
import { builtPages } from './built-pages.ts';
import { API_KEY, StandInService } from './stand-in-service.ts';

describe('pages', function () {
  this.timeout(120_000);
  let browser: Browser;
  before(async () => {
    await builtPages();
    browser = await launchChromium();
  });
  after(() => browser?.close());

  let service: StandInService;
  let address: string;
  let context: BrowserContext;
  let page: Page;
  /** What the browser complained about: refused by policy, thrown, or logged as an error. */
  let complaints: string[];
  beforeEach(async () => {
    service = new StandInService(await builtPages());
    address = await service.start();
  });
  afterEach(async () => {
    await context?.close();
    await service.stop();
  });

  const open = async (path: string, { locale = 'en-US', signedIn = true } = {}) => {
    context = await browser.newContext({ locale, timezoneId: 'Asia/Shanghai', acceptDownloads: true });
    page = await context.newPage();
    // From the start: choosers are intercepted only from some time after somebody first listens.
    page.on('filechooser', () => {});
    complaints = [];
    page.on('pageerror', (error) => complaints.push(error.message));
    page.on('console', (message) => {
      // A status of 4xx is logged by the browser itself; the page shows it in words.
      if (message.type() === 'error' && !message.text().startsWith('Failed to load resource')) {
        complaints.push(message.text());
      }
    });
    if (signedIn) await page.goto(`${address}/sign-in?token=once`);
    await page.goto(`${address}${path}`);
  };
  const chooseFiles = async (files: Record<string, Buffer>) => {
    const folder = await mkdtemp(join(await scratchFolder(), 'files-'));
    const paths = await Promise.all(
      Object.entries(files).map(async ([name, bytes]) => {
        await writeFile(join(folder, name), bytes);
        return join(folder, name);
      }),
    );
    await page.locator('input[data-choose=files]').setInputFiles(paths);
  };
  const handInButton = () => page.getByRole('button', { name: 'Hand in', exact: true });
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
      expect(complaints).to.deep.equal([]);
    });
  });

  describe('handing in', () => {
    it('sends the bytes, the names and only the statement that was filled in', async () => {
      await open('/hand-in');
      const photo = randomBytes(300_000);
      await chooseFiles({ '现场照片 1.jpg': photo, 'b.bin': Buffer.from([1, 2, 3]) });
      await page.getByLabel('Title', { exact: true }).fill('展会现场 𠮷');
      await page.getByLabel('Kind of evidence').selectOption('photo');
      await page.getByLabel('Captured from').fill('2026-11-22T10:00:00');
      await handInButton().click();
      await page.waitForURL('**/deposits/*');
      const [sent] = service.handedIn;
      expect(sent?.files.map((file) => file.name)).to.have.members(['现场照片 1.jpg', 'b.bin']);
      expect(sent?.files.find((file) => file.name.endsWith('jpg'))?.bytes.equals(photo)).to.equal(true);
      expect(sent?.statement).to.deep.equal({
        title: '展会现场 𠮷',
        kind: 'photo',
        capturedFrom: '2026-11-22T02:00:00.000Z',
      });
      expect(complaints).to.deep.equal([]);
    });

    it('can be done with the keyboard alone', async () => {
      await open('/hand-in');
      await page.getByRole('heading', { name: 'Hand in files' }).waitFor();
      const tabTo = async (name: string) => {
        for (let i = 0; i < 60; i++) {
          await page.keyboard.press('Tab');
          if ((await page.evaluate('document.activeElement?.textContent?.trim()')) === name) return;
        }
        throw new Error(`no focus on ${name}`);
      };
      await tabTo('Choose files');
      const [chooser] = await Promise.all([page.waitForEvent('filechooser'), page.keyboard.press('Enter')]);
      const path = join(await scratchFolder(), 'keyboard.txt');
      await writeFile(path, 'typed');
      await chooser.setFiles([path]);
      await page.getByText('keyboard.txt').waitFor();
      for (let i = 0; i < 60; i++) {
        await page.keyboard.press('Tab');
        if ((await page.evaluate('document.activeElement?.className ?? ""'))?.toString().includes('btn-primary')) break;
      }
      await page.keyboard.press('Enter');
      await page.waitForURL('**/deposits/*');
      await page.locator('h1:focus').waitFor();
    });

    it('says that everything has arrived while the log is being written', async () => {
      let release = () => {};
      service.gate = new Promise((resolve) => {
        release = resolve;
      });
      await open('/hand-in');
      await chooseFiles({ 'a.bin': randomBytes(900_000) });
      await handInButton().click();
      await page.getByText('All files have arrived').waitFor();
      expect(
        await page.getByRole('progressbar', { name: 'Uploading', exact: true }).getAttribute('aria-valuenow'),
      ).to.equal('100');
      release();
      await page.waitForURL('**/deposits/*');
    });

    it('shows a refusal in words with its code, and tries again under the same key', async () => {
      await open('/hand-in');
      service.nextFailure = new IntakeError('invalid-file-name', 'a file name holds a control character');
      await chooseFiles({ 'a.bin': Buffer.from('a') });
      await handInButton().click();
      const alert = page.getByRole('alert').filter({ hasText: 'Nothing was deposited' });
      await alert.waitFor();
      expect(await alert.textContent())
        .to.contain('File name not usable')
        .and.to.contain('invalid-file-name');
      await page.getByRole('button', { name: 'Try again' }).click();
      await page.waitForURL('**/deposits/*');
      const keys = service.handedIn.map((sent) => sent.idempotencyKey);
      expect(keys[0]).to.match(/^[0-9a-f]{32}$/);
      expect(keys[1]).to.equal(keys[0]);
    });

    it('takes another key once the input has changed', async () => {
      await open('/hand-in');
      service.nextFailure = new IntakeError('empty-file', 'a file has no bytes');
      await chooseFiles({ 'a.bin': Buffer.from('a') });
      await handInButton().click();
      await page.getByText('Nothing was deposited').waitFor();
      await page.getByLabel('Title', { exact: true }).fill('changed');
      await handInButton().click();
      await page.waitForURL('**/deposits/*');
      const keys = service.handedIn.map((sent) => sent.idempotencyKey);
      expect(keys[1]).not.to.equal(keys[0]);
    });

    it('tells before sending which files are empty or too large', async () => {
      await open('/hand-in');
      await chooseFiles({
        'void.bin': Buffer.alloc(0),
        'big.bin': Buffer.alloc(1_000_001),
        'fits.bin': Buffer.from('a'),
      });
      await page.getByText('Empty files cannot be deposited').waitFor();
      expect(await page.getByRole('alert').allTextContents()).to.have.length.above(1);
      expect(await handInButton().isDisabled()).to.equal(true);
      await page.getByRole('button', { name: 'Remove void.bin' }).click();
      await page.getByRole('button', { name: 'Remove big.bin' }).click();
      expect(await handInButton().isEnabled()).to.equal(true);
    });

    it('keeps everything that was entered when the upload is cancelled', async () => {
      service.gate = new Promise(() => {});
      await open('/hand-in');
      await chooseFiles({ 'a.bin': randomBytes(500_000) });
      await page.getByLabel('Title', { exact: true }).fill('stays');
      await handInButton().click();
      await page.getByRole('button', { name: 'Cancel' }).click();
      await page.getByText('The upload was cancelled').waitFor();
      expect(await page.getByLabel('Title', { exact: true }).inputValue()).to.equal('stays');
      expect(await handInButton().isEnabled()).to.equal(true);
    });

    it('says so when the service is away', async () => {
      await open('/hand-in');
      await chooseFiles({ 'a.bin': Buffer.from('a') });
      await context.setOffline(true);
      await handInButton().click();
      await page.getByText('The service could not be reached').waitFor();
    });
  });

  describe('a deposit', () => {
    const handIn = async (locale = 'en-US') => {
      await open('/hand-in', { locale });
      await chooseFiles({ '现场照片.jpg': randomBytes(2000) });
      await page.getByRole('button', { name: /^(Hand in|提交存证)$/ }).click();
      await page.waitForURL('**/deposits/*');
      await page.locator('.steps').waitFor();
    };

    it('goes step by step to its certificate while the page stays open', async () => {
      await handIn();
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
      expect(complaints).to.deep.equal([]);
    });

    it('keeps the three times and the four persons on lines of their own', async () => {
      service.state = 'certified';
      await handIn();
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
      await handIn();
      const download = async (target: ReturnType<Page['getByRole']>) => {
        const [file] = await Promise.all([page.waitForEvent('download'), target.click()]);
        return readFile(await file.path());
      };
      const receipt = Buffer.from(encodeObject(service.world?.receipt ?? {}));
      expect((await download(page.getByRole('link', { name: 'Receipt (JSON)' }))).equals(receipt)).to.equal(true);
      await page.evaluate(`sessionStorage.setItem('tiezheng.apiKey', '${API_KEY}')`);
      await context.clearCookies();
      await page.reload();
      expect((await download(page.getByRole('button', { name: 'Receipt (JSON)' }))).equals(receipt)).to.equal(true);
    });

    it("offers each file's OpenTimestamps proof once a calendar has stamped it", async () => {
      await handIn();
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
      await handIn();
      const digests = await page.locator('.deposited-file .digest').allTextContents();
      const entry = service.world?.receipt.files[0]?.entry;
      expect(digests).to.deep.equal([entry?.digests.sha256, entry?.digests.sm3]);
      expect(await page.locator('.deposited-file .digest').first().locator('span').count()).to.equal(8);
    });

    it('is found again in the list', async () => {
      await handIn();
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

  for (const locale of ['zh-CN', 'en-US']) {
    describe(`in ${locale}`, () => {
      it('have no serious accessibility violation and say evaluation', async () => {
        await open('/hand-in', { locale, signedIn: false });
        await page.locator('#api-key').waitFor();
        await expectAccessible(page);
        await context.close();
        await open('/hand-in', { locale });
        await page.locator('.drop').waitFor();
        await chooseFiles({ '甲.jpg': randomBytes(10), 'b.jpg': Buffer.alloc(0) });
        await expectAccessible(page);
        expect(await page.locator('.evaluation-banner').isVisible()).to.equal(true);
        await page.getByRole('button', { name: /(Remove|移除) b\.jpg/ }).click();
        await page.getByRole('button', { name: /^(Hand in|提交存证)$/ }).click();
        await page.locator('.steps').waitFor();
        await expectAccessible(page);
        await page.getByRole('link', { name: /^(My deposits|我的存证)$/ }).click();
        await page.locator('.deposit-list').waitFor();
        await expectAccessible(page);
        await page.getByRole('link', { name: /^(Verify|核验)$/ }).click();
        await page.locator('aside').waitFor();
        await expectAccessible(page);
        expect(complaints).to.deep.equal([]);
      });

      it('fit a phone without sideways scrolling', async () => {
        await open('/hand-in', { locale });
        await page.setViewportSize({ width: 360, height: 740 });
        const fits = async () => expect(await page.evaluate('document.documentElement.scrollWidth')).to.be.at.most(360);
        await page.locator('.drop').waitFor();
        await chooseFiles({ [`${'很长的文件名'.repeat(10)}.jpg`]: randomBytes(10) });
        await fits();
        await page.getByRole('button', { name: /^(Hand in|提交存证)$/ }).click();
        await page.locator('.steps').waitFor();
        await fits();
      });
    });
  }

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
