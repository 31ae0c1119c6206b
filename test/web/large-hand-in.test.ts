import { createHash, randomBytes } from 'node:crypto';
import { expect } from 'chai';
import type { BrowserContext, Page } from 'playwright-core';
import { ServiceWorld } from '../http/service-world.ts';
import { expectAccessible } from './accessibility.ts';
import { scratchFiles } from './browser.ts';
import { builtPages } from './built-pages.ts';
import { Visit } from './visit.ts';

const LARGE = 24 * 1024 * 1024;

describe('a large hand-in in the browser', function () {
  this.timeout(180_000);
  let world: ServiceWorld;
  let visit: Visit;
  let page: Page;
  before(async () => {
    const folder = await builtPages();
    world = await ServiceWorld.open({
      quotas: { maxFileBytes: 256 * 1024 ** 2 },
      uploadPartBytes: 2 * 1024 ** 2,
      changeParts: (parts) => ({
        ...parts,
        pagesFolder: folder,
        resumable: { ...parts.resumable, maxFileBytes: 256 * 1024 ** 2 },
      }),
    });
  });
  after(() => world?.close());
  beforeEach(async () => {
    visit = await Visit.begin();
    await openIn(visit.page);
  });

  const openIn = async (tab: Page) => {
    page = tab;
    page.on('dialog', (dialog) => void dialog.accept());
    await page.goto(`${world.url}/hand-in`);
    await page.getByLabel('API key', { exact: true }).fill(world.apiKey);
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: 'Hand in files' }).waitFor();
  };
  const choose = (paths: string[]) => page.locator('input[data-choose=files]').setInputFiles(paths);
  const handIn = async () => {
    const next = page.getByRole('button', { name: 'Next' });
    await next.click();
    await page.getByRole('heading', { level: 2, name: 'Source and statement' }).waitFor();
    await next.click();
    await page.getByRole('button', { name: 'Hand in', exact: true }).click();
  };
  const depositIds = async () => {
    const { deposits } = (await (await world.fetch('/api/v1/deposits')).json()) as {
      deposits: { depositId: string }[];
    };
    return deposits.map(({ depositId }) => depositId);
  };
  const originalOf = async (depositId: string, file = 0) =>
    Buffer.from(await (await world.fetch(`/api/v1/deposits/${depositId}/files/${file}`)).arrayBuffer());
  const digestOf = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');
  const offsetOf = async (depositId: string) => {
    const answer = await world.fetch(`/api/v1/deposits/${depositId}`);
    return ((await answer.json()) as { files: { upload: { offset: number } | null }[] }).files[0]?.upload?.offset ?? 0;
  };
  const until = async (what: string, isSo: () => Promise<boolean>) => {
    const deadline = performance.now() + 30_000;
    while (!(await isSo())) {
      if (performance.now() > deadline) throw new Error(`not within 30 s: ${what}`);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  };

  it('deposits digests first and brings the contents behind them', async () => {
    const files = { '大视频.mp4': randomBytes(LARGE), 'small.txt': Buffer.from('small') };
    await choose(await scratchFiles(files));
    await page.getByText('digests are computed on your device').waitFor();
    await handIn();
    await page.getByText('Everything is done').waitFor({ timeout: 60_000 });
    await expectAccessible(page);
    expect(await page.locator('[data-phase=received]').count()).to.equal(2);
    const [depositId] = await depositIds();
    const held = await Promise.all([originalOf(depositId as string), originalOf(depositId as string, 1)]);
    expect(held.map(digestOf)).to.deep.equal(Object.values(files).map(digestOf));
    await page.getByRole('link', { name: 'Open the deposit' }).click();
    await page.getByText('大视频.mp4').first().waitFor();
    expect(visit.complaints).to.deep.equal([]);
  });

  it('pauses, and goes on from there', async () => {
    const bytes = randomBytes(LARGE);
    const before = await depositIds();
    await choose(await scratchFiles({ 'pause.bin': bytes }));
    await visit.context.route('**/api/v1/uploads/*', slowly);
    await handIn();
    await page.locator('[data-phase=uploading]').waitFor();
    await page.getByRole('button', { name: 'Pause' }).click();
    await page.getByText('Paused').first().waitFor();
    await visit.context.unroute('**/api/v1/uploads/*');
    await page.getByRole('button', { name: 'Resume' }).click();
    await page.getByText('Everything is done').waitFor({ timeout: 60_000 });
    const [depositId] = (await depositIds()).filter((id) => !before.includes(id));
    expect(digestOf(await originalOf(depositId as string))).to.equal(digestOf(bytes));
  });

  it('goes on after a closed tab when the same file is chosen again, with one deposit in all', async () => {
    const bytes = randomBytes(LARGE);
    const paths = await scratchFiles({ 'closed.bin': bytes });
    const before = await depositIds();
    await choose(paths);
    await handIn();
    let depositId = '';
    await until('bytes arrive', async () => {
      depositId = (await depositIds()).find((id) => !before.includes(id)) ?? '';
      return depositId !== '' && (await offsetOf(depositId)) > 0;
    });
    const remembered = (await page.evaluate('JSON.stringify(localStorage)')) as string;
    await page.close({ runBeforeUnload: false });
    expect(remembered).to.contain(depositId).and.not.contain('closed.bin').and.not.contain(digestOf(bytes));

    await openIn(await visit.context.newPage());
    await choose(paths);
    await handIn();
    await page.getByText('Everything is done').waitFor({ timeout: 60_000 });
    expect((await depositIds()).filter((id) => !before.includes(id))).to.deep.equal([depositId]);
    expect(digestOf(await originalOf(depositId))).to.equal(digestOf(bytes));
  });

  it('goes on by itself after the network was away', async () => {
    const bytes = randomBytes(LARGE);
    await choose(await scratchFiles({ 'network.bin': bytes }));
    // Else all of it may be there before the network is away for the second time.
    await visit.context.route('**/api/v1/uploads/*', slowly);
    await handIn();
    await page.locator('[data-phase=uploading]').waitFor();
    for (let i = 0; i < 2; i++) {
      await visit.context.setOffline(true);
      await new Promise((resolve) => setTimeout(resolve, 1500));
      expect(await page.getByText('Everything is done').count()).to.equal(0);
      await visit.context.setOffline(false);
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    await visit.context.unroute('**/api/v1/uploads/*');
    await page.getByText('Everything is done').waitFor({ timeout: 60_000 });
  });

  it('takes hundreds of files', async () => {
    const before = await depositIds();
    const files = Object.fromEntries(Array.from({ length: 150 }, (_, i) => [`照片-${i}.jpg`, randomBytes(1000 + i)]));
    await choose(await scratchFiles(files));
    await handIn();
    await page.getByText('Everything is done').waitFor({ timeout: 120_000 });
    const [depositId] = (await depositIds()).filter((id) => !before.includes(id));
    const { files: held } = (await (await world.fetch(`/api/v1/deposits/${depositId}`)).json()) as {
      files: { originalHeld: boolean }[];
    };
    expect(held.filter(({ originalHeld }) => originalHeld)).to.have.lengthOf(150);
  });

  it('offers the camera on a phone', async () => {
    const viewport = { width: 390, height: 844 };
    const phone = await Visit.begin({ locale: 'zh-CN', viewport, hasTouch: true, isMobile: true });
    const other = phone.page;
    await other.goto(`${world.url}/hand-in`);
    await other.getByLabel('API 密钥', { exact: true }).fill(world.apiKey);
    await other.keyboard.press('Enter');
    await other.getByRole('button', { name: '拍照或录像' }).waitFor();
    const input = other.locator('input[data-choose=camera]');
    expect(await input.getAttribute('capture')).to.equal('environment');
    expect(await input.getAttribute('accept')).to.equal('image/*,video/*');
    expect(await page.getByRole('button', { name: 'Take a photo or video' }).isVisible()).to.equal(false);
  });
});

/** Answers of uploads come late, so that there is time to pause. */
async function slowly(route: Parameters<Parameters<BrowserContext['route']>[1]>[0]): Promise<void> {
  if (route.request().method() === 'PATCH') await new Promise((resolve) => setTimeout(resolve, 1500));
  await route.continue().catch(() => {});
}
