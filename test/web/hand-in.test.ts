import { randomBytes } from 'node:crypto';
import { expect } from 'chai';
import type { Page } from 'playwright-core';
import { matterListSchema, matterSchema } from '../../src/http/matter-routes.ts';
import { IntakeError } from '../../src/intake/upload-error.ts';
import { MatterError } from '../../src/matters/matter-error.ts';
import { scratchFiles } from './browser.ts';
import { builtPages } from './built-pages.ts';
import { StandInService } from './stand-in-service.ts';
import { LOCALES, type Locale, Visit } from './visit.ts';

const MATTER_ID = '01939f3e-2222-7b7e-9d2c-3f1d0e5b8a11';

describe('handing in', function () {
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

  const open = async (path: string, locale: Locale = 'en-US') => {
    visit = await Visit.begin({ locale, session: service });
    page = await visit.open(`${address}${path}`);
  };
  const chooseFiles = async (files: Record<string, Buffer>) =>
    page.locator('input[data-choose=files]').setInputFiles(await scratchFiles(files));
  const next = () => page.getByRole('button', { name: /^(Next|下一步)$/ });
  const handInButton = () => page.getByRole('button', { name: /^(Hand in|提交存证)$/ });
  const step = (name: string) => page.locator(`.step-list [aria-current=step][data-step=${name}]`).waitFor();
  /** From the first step to the last but one. */
  const toCheck = async () => {
    await next().click();
    await step('statement');
    await next().click();
    await step('check');
  };
  const title = () => page.getByLabel('Title', { exact: true });

  it('sends the bytes, the names and only the statement that was filled in', async () => {
    await open('/hand-in');
    const photo = randomBytes(300_000);
    await chooseFiles({ '现场照片 1.jpg': photo, 'b.bin': Buffer.from([1, 2, 3]) });
    await next().click();
    await title().fill('展会现场 𠮷');
    await page.getByLabel('Kind of evidence').selectOption('photo');
    await page.getByText('More: time of capture').click();
    await page.getByLabel('Captured from').fill('2026-11-22T10:00:00');
    await next().click();
    const stated = await page.locator('main dl').textContent();
    expect(stated).to.include('展会现场 𠮷').and.include('2026-11-22 10:00:00 +08:00').and.include('Photo');
    await handInButton().click();
    await step('done');
    const [sent] = service.handedIn;
    expect(sent?.files.map((file) => file.name)).to.have.members(['现场照片 1.jpg', 'b.bin']);
    expect(sent?.files.find((file) => file.name.endsWith('jpg'))?.bytes.equals(photo)).to.equal(true);
    expect(sent?.statement).to.deep.equal({
      title: '展会现场 𠮷',
      kind: 'photo',
      capturedFrom: '2026-11-22T02:00:00.000Z',
    });
    expect(visit.complaints).to.deep.equal([]);
  });

  it('can be done with the keyboard alone, from the first page to the certificate', async () => {
    service.state = 'certified';
    await open('/');
    await page.getByRole('heading', { level: 1, name: 'What to do next' }).waitFor();
    const tabTo = async (name: string) => {
      for (let i = 0; i < 60; i++) {
        await page.keyboard.press('Tab');
        if ((await page.evaluate('document.activeElement?.textContent?.trim()')) === name) return;
      }
      throw new Error(`no focus on ${name}`);
    };
    await tabTo('Hand in something new');
    await page.keyboard.press('Enter');
    await page.locator('h1:focus').waitFor();
    await tabTo('Choose files');
    const [chooser] = await Promise.all([page.waitForEvent('filechooser'), page.keyboard.press('Enter')]);
    await chooser.setFiles(await scratchFiles({ 'keyboard.txt': Buffer.from('typed') }));
    await page.getByText('keyboard.txt').waitFor();
    await tabTo('Next');
    await page.keyboard.press('Enter');
    await page.locator('h2:focus').getByText('Source and statement').waitFor();
    await page.keyboard.press('Tab');
    await page.keyboard.type('by keyboard');
    await page.keyboard.press('Enter');
    await page.locator('h2:focus').getByText('Check').waitFor();
    await tabTo('Hand in');
    await page.keyboard.press('Enter');
    await page.locator('h2:focus').getByText('Done').waitFor();
    await page.getByRole('link', { name: 'Certificate (PDF)' }).waitFor();
    await tabTo('Certificate (PDF)');
    expect(service.handedIn[0]?.statement).to.deep.equal({ title: 'by keyboard' });
  });

  it('goes back and forth without loss, by its own buttons and by those of the browser', async () => {
    await open('/hand-in');
    await chooseFiles({ 'a.bin': Buffer.from('a') });
    await next().click();
    await title().fill('stays');
    await next().click();
    await step('check');
    await page.goBack();
    await step('statement');
    expect(await title().inputValue()).to.equal('stays');
    await page.goBack();
    await step('files');
    await page.getByText('a.bin').waitFor();
    await page.goForward();
    await page.getByRole('button', { name: 'Back' }).click();
    await step('files');
    await page.getByRole('navigation').getByRole('link', { name: 'Verify' }).click();
    await page.getByRole('heading', { level: 1, name: 'Verification' }).waitFor();
    await page.getByRole('navigation').getByRole('link', { name: 'Hand in' }).click();
    await page.getByText('a.bin').waitFor();
    await toCheck();
    expect(await page.locator('main dl').textContent()).to.include('stays');
  });

  it('begins with the files whatever step the address names, while there are none', async () => {
    await open('/hand-in?step=check');
    await step('files');
  });

  it('says that everything has arrived while the log is being written', async () => {
    let release = () => {};
    service.gate = new Promise((resolve) => {
      release = resolve;
    });
    await open('/hand-in');
    await chooseFiles({ 'a.bin': randomBytes(900_000) });
    await toCheck();
    await handInButton().click();
    await page.getByText('All files have arrived').waitFor();
    expect(
      await page.getByRole('progressbar', { name: 'Uploading', exact: true }).getAttribute('aria-valuenow'),
    ).to.equal('100');
    release();
    await step('done');
  });

  it('asks before the tab is closed on an upload', async () => {
    service.gate = new Promise(() => {});
    await open('/hand-in');
    await chooseFiles({ 'a.bin': randomBytes(500_000) });
    await toCheck();
    await handInButton().click();
    await page.getByRole('button', { name: 'Cancel' }).waitFor();
    const [dialog] = await Promise.all([page.waitForEvent('dialog'), page.close({ runBeforeUnload: true })]);
    expect(dialog.type()).to.equal('beforeunload');
    await dialog.accept();
  });

  it('shows a refusal in words with its code, and tries again under the same key', async () => {
    await open('/hand-in');
    service.nextFailure = new IntakeError('invalid-file-name', 'a file name holds a control character');
    await chooseFiles({ 'a.bin': Buffer.from('a') });
    await toCheck();
    await handInButton().click();
    const alert = page.getByRole('alert').filter({ hasText: 'Nothing was deposited' });
    await alert.waitFor();
    expect(await alert.textContent())
      .to.contain('File name not usable')
      .and.to.contain('invalid-file-name');
    await page.getByRole('button', { name: 'Try again' }).click();
    await step('done');
    const keys = service.handedIn.map((sent) => sent.idempotencyKey);
    expect(keys[0]).to.match(/^[0-9a-f]{32}$/);
    expect(keys[1]).to.equal(keys[0]);
  });

  it('takes another key once the input has changed', async () => {
    await open('/hand-in');
    service.nextFailure = new IntakeError('empty-file', 'a file has no bytes');
    await chooseFiles({ 'a.bin': Buffer.from('a') });
    await toCheck();
    await handInButton().click();
    await page.getByText('Nothing was deposited').waitFor();
    await page.getByRole('button', { name: 'Change the statement' }).click();
    await title().fill('changed');
    await next().click();
    await handInButton().click();
    await step('done');
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
    expect(await next().isDisabled()).to.equal(true);
    await page.getByRole('button', { name: 'Remove void.bin' }).click();
    await page.getByRole('button', { name: 'Remove big.bin' }).click();
    expect(await next().isEnabled()).to.equal(true);
  });

  it('keeps everything that was entered when the upload is cancelled', async () => {
    service.gate = new Promise(() => {});
    await open('/hand-in');
    await chooseFiles({ 'a.bin': randomBytes(500_000) });
    await next().click();
    await title().fill('stays');
    await next().click();
    await handInButton().click();
    await page.getByRole('button', { name: 'Cancel' }).click();
    await page.getByText('The upload was cancelled').waitFor();
    expect(await page.locator('main dl').textContent()).to.include('stays');
    expect(await handInButton().isEnabled()).to.equal(true);
  });

  it('says so when the service is away', async () => {
    await open('/hand-in');
    await chooseFiles({ 'a.bin': Buffer.from('a') });
    await toCheck();
    await visit.context.setOffline(true);
    await handInButton().click();
    await page.getByText('The service could not be reached').waitFor();
  });

  it('ends with the receipt at once, and with the certificate as soon as there is one, also after a reload', async () => {
    await open('/hand-in');
    await chooseFiles({ 'a.bin': Buffer.from('a') });
    await toCheck();
    await handInButton().click();
    await page.getByRole('link', { name: 'Receipt (JSON)' }).waitFor();
    await page.getByText('Certificate (PDF): available once certified').waitFor();
    await page.reload();
    await page.getByText('Certificate (PDF): available once certified').waitFor();
    service.state = 'certified';
    const certificate = page.getByRole('link', { name: 'Certificate (PDF)' });
    await certificate.waitFor();
    expect(await certificate.getAttribute('href')).to.match(/^\/api\/v1\/deposits\/[0-9a-f-]{36}\/certificate\.pdf$/);
    await page.getByRole('link', { name: 'Open the deposit' }).click();
    await page.waitForURL('**/deposits/*');
  });

  describe('into a matter', () => {
    const matter = {
      matterId: MATTER_ID,
      relation: 'own',
      title: '某某诉讼',
      dispute: 'copyright',
      status: 'open',
      confidentiality: 'confidential',
      summary: null,
      legalHold: false,
      legalHoldReason: null,
      version: 1,
      createdAt: '2026-11-20T03:00:00.000Z',
      changedAt: '2026-11-20T03:00:00.000Z',
    };
    const listed = { ...matter, counts: { items: 0, parties: 0, openDeadlines: 0 }, nextDeadline: null };
    let asked: { path: string; body: unknown }[];
    beforeEach(async () => {
      asked = [];
      service.answers.set('GET /matters', matterListSchema.parse({ matters: [listed], next: null }));
      service.answers.set('POST /matters', matterSchema.parse(matter));
      service.answers.set(`POST /matters/${MATTER_ID}/items`, { itemId: '01939f3e-3333-7b7e-9d2c-3f1d0e5b8a11' });
      await open('/hand-in');
      page.on('request', (request) => {
        const { pathname } = new URL(request.url());
        if (request.method() === 'POST' && pathname.includes('/matters')) {
          asked.push({ path: pathname, body: request.postDataJSON() });
        }
      });
      await chooseFiles({ 'a.bin': Buffer.from('a') });
      await next().click();
    });
    const depositId = () => service.world?.receipt.record.depositId;

    it('puts the deposit where the depositor chose', async () => {
      await page.getByLabel('Matter', { exact: true }).selectOption('某某诉讼');
      await next().click();
      expect(await page.locator('main dl').textContent()).to.include('某某诉讼');
      await handInButton().click();
      await page.getByText('It is in the matter: 某某诉讼').waitFor();
      expect(asked).to.deep.equal([{ path: `/api/v1/matters/${MATTER_ID}/items`, body: { depositId: depositId() } }]);
    });

    it('makes a new one, once, and tries again what failed', async () => {
      service.answers.set(`POST /matters/${MATTER_ID}/items`, new MatterError('matter-full', 'too many items'));
      await page.getByLabel('Matter', { exact: true }).selectOption('A new matter …');
      expect(await next().isDisabled()).to.equal(true);
      await page.getByLabel('Title of the new matter').fill('新案');
      await page.getByLabel('Kind of dispute').selectOption('Trade mark');
      await next().click();
      await handInButton().click();
      await page.getByText('it is not in the matter').waitFor();
      await page.getByRole('link', { name: 'Receipt (JSON)' }).waitFor();
      service.answers.set(`POST /matters/${MATTER_ID}/items`, { itemId: '01939f3e-3333-7b7e-9d2c-3f1d0e5b8a11' });
      await page.getByRole('button', { name: 'Try again' }).click();
      await page.getByText('It is in the matter: 新案').waitFor();
      const item = { path: `/api/v1/matters/${MATTER_ID}/items`, body: { depositId: depositId() } };
      expect(asked).to.deep.equal([
        { path: '/api/v1/matters', body: { title: '新案', dispute: 'trademark' } },
        item,
        item,
      ]);
    });
  });

  for (const locale of LOCALES) {
    it(`is accessible at every step and fits a phone, in ${locale}`, async () => {
      await open('/hand-in', locale);
      await page.locator('.drop').waitFor();
      await chooseFiles({ [`${'很长的文件名'.repeat(10)}.jpg`]: randomBytes(10), 'b.jpg': Buffer.alloc(0) });
      await visit.judge('hand-in-files');
      await page.getByRole('button', { name: /(Remove|移除) b\.jpg/ }).click();
      await next().click();
      await step('statement');
      await visit.judge('hand-in-statement');
      await next().click();
      await step('check');
      await visit.judge('hand-in-check');
      await handInButton().click();
      await page.locator('.steps').waitFor();
      await visit.judge('hand-in-done');
    });
  }
});
