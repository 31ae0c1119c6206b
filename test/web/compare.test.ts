import { expect } from 'chai';
import type { Page } from 'playwright-core';
import sharp from 'sharp';
import { comparisonSchema } from '../../src/http/look-up-routes.ts';
import { DepositError } from '../../src/intake/deposit-error.ts';
import { compareAddress, comparedIn } from '../../src/web/compare/compare-address.ts';
import { type EvidenceWorld, makeWorld } from '../support/evidence-world.ts';
import { builtPages } from './built-pages.ts';
import { StandInService } from './stand-in-service.ts';
import { LOCALES, type Locale, Visit } from './visit.ts';

/** An element of the page, as far as these tests look at it. */
interface Styled {
  style: Record<'transform' | 'opacity' | 'visibility', string>;
}
const SUSPECT = '01939f3e-7c1a-7b7e-9d2c-3f1d0e5b8a99';

describe('the address of a comparison', () => {
  const original = { depositId: '01939f3e-7c1a-7b7e-9d2c-3f1d0e5b8a11', fileIndex: 0 };
  const suspect = { depositId: SUSPECT, fileIndex: 3 };

  it('names both files, and reads back as written', () => {
    const address = compareAddress({ original, suspect });
    expect(address).to.equal(`/compare?original=${original.depositId}&suspect=${SUSPECT}&suspectFile=3`);
    expect(comparedIn(address.split('?')[1] as string)).to.deep.equal({ original, suspect });
  });

  it('takes what it cannot read as not chosen', () => {
    for (const query of ['', 'original=', 'original=../x', `original=${SUSPECT}&originalFile=-1`, 'original=1']) {
      expect(comparedIn(query), query).to.deep.equal({ original: undefined, suspect: undefined });
    }
  });
});

describe('the page that compares two files', function () {
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
  beforeEach(async () => {
    service.answers.clear();
    Object.assign(service, { state: 'certified', world, relation: 'own', isTradeSecret: false, previews: [0] });
    service.answers.set(`GET /deposits/${SUSPECT}`, { ...(await detail()), depositId: SUSPECT, title: '网店商品图' });
    service.answers.set('GET /comparison', comparison());
    service.answers.set(`GET /deposits/${depositId}/files/0/preview`, await picture('#b3452e', 0));
    service.answers.set(`GET /deposits/${SUSPECT}/files/0/preview`, await picture('#b3452e', 40));
  });

  const detail = async () => {
    const answer = await service.fetch(`/deposits/${depositId}`);
    return (await answer.json()) as { record: object; annexes: object; files: object[] };
  };
  const picture = async (colour: string, shift: number) =>
    new Uint8Array(
      await sharp(
        Buffer.from(
          `<svg xmlns="http://www.w3.org/2000/svg" width="800" height="600"><rect width="800" height="600" fill="#dde6f0"/><circle cx="${360 + shift}" cy="300" r="180" fill="${colour}"/><rect x="80" y="60" width="160" height="90" fill="#2f6b4f"/></svg>`,
        ),
      )
        .jpeg()
        .toBuffer(),
    );
  const side = (more: object = {}) => ({
    depositId,
    fileIndex: 0,
    mediaType: 'image/jpeg',
    sizeBytes: 4821130,
    sha256: 'ab'.repeat(32),
    picture: 'shown',
    dHash: '00'.repeat(8),
    ...more,
  });
  const comparison = (original: object = {}, suspect: object = {}, more: object = {}) =>
    comparisonSchema.parse({
      original: side(original),
      suspect: side({ depositId: SUSPECT, sha256: 'cd'.repeat(32), ...suspect }),
      isIdentical: false,
      hint: {
        method: 'dHash',
        bits: 64,
        differingBits: 5,
        notice: { zh: '感知哈希距离仅供参考', en: 'The distance of perceptual hashes is a hint only.' },
      },
      ...more,
    });
  const open = async (path = `/compare?original=${depositId}&suspect=${SUSPECT}`, locale: Locale = 'en-US') => {
    visit = await Visit.begin({ locale, session: service });
    page = await visit.open(`${address}${path}`);
  };
  const panes = () => page.locator('.compare-pane');
  const transforms = () =>
    page
      .locator('.compare-pane img')
      .evaluateAll((all) => all.map((img) => (img as unknown as Styled).style.transform));
  const choose = (mode: string) => page.getByRole('radio', { name: mode }).check();

  for (const locale of LOCALES) {
    it(`shows both side by side with the distance as a hint, times and digests, in ${locale}`, async () => {
      await open(undefined, locale);
      await panes().nth(1).waitFor();
      const text = (await page.locator('main').textContent()) ?? '';
      expect(text)
        .to.include(locale === 'zh-CN' ? '感知哈希距离仅供参考' : 'is a hint only')
        .and.include('ab'.repeat(32))
        .and.include('cd'.repeat(32))
        .and.include('2026-11-22 11:04:05.678 +08:00');
      expect(await page.locator('[data-differing-bits]').getAttribute('data-differing-bits')).to.equal('5');
      for (const word of ['侵权成立', 'infringer', '抄袭']) expect(text).to.not.include(word);
      await visit.judge('compare');
    });
  }

  it('zooms and moves both together, by buttons and by keyboard', async () => {
    await open();
    await panes().nth(1).waitFor();
    const fit = 'translate(0%, 0%) scale(1)';
    expect(await transforms()).to.deep.equal([fit, fit]);
    await page.getByRole('button', { name: 'Zoom in' }).press('Enter');
    const zoomed = 'translate(0%, 0%) scale(1.5)';
    expect(await transforms()).to.deep.equal([zoomed, zoomed]);
    await panes().nth(1).focus();
    await page.keyboard.press('+');
    await page.keyboard.press('ArrowRight');
    const moved = 'translate(-15%, 0%) scale(2.25)';
    expect(await transforms()).to.deep.equal([moved, moved]);
    // Never out of the pane.
    for (let i = 0; i < 20; i++) await page.keyboard.press('ArrowRight');
    const edge = 'translate(-62.5%, 0%) scale(2.25)';
    expect(await transforms()).to.deep.equal([edge, edge]);
    await page.keyboard.press('0');
    expect(await transforms()).to.deep.equal([fit, fit]);
    await page.keyboard.press('ArrowRight');
    expect(await transforms(), 'arrows scroll the page again').to.deep.equal([fit, fit]);
  });

  it('is dragged once it is zoomed in', async () => {
    await open();
    await page.getByRole('button', { name: 'Zoom in' }).press('Enter');
    await panes().first().scrollIntoViewIfNeeded();
    const box = await panes().first().boundingBox();
    if (box === null) throw new Error('no pane');
    await page.mouse.move(box.x + box.width / 2, box.y + box.height / 2);
    await page.mouse.down();
    await page.mouse.move(box.x + box.width / 2 + box.width / 10, box.y + box.height / 2, { steps: 4 });
    await page.mouse.up();
    const [left, right] = await transforms();
    expect(left).to.equal(right);
    expect(Number(/translate\(([\d.]+)%/.exec(left ?? '')?.[1])).to.be.closeTo(10, 1);
  });

  it('lays one above the other with the opacity that the slider says', async () => {
    await open();
    await panes().nth(1).waitFor();
    await choose('One above the other');
    const slider = page.getByLabel('Opacity of the suspected copy');
    await slider.focus();
    for (let i = 0; i < 4; i++) await page.keyboard.press('ArrowRight');
    expect(
      await page
        .locator('[data-mode=overlay] img')
        .nth(1)
        .evaluate((img) => (img as unknown as Styled).style.opacity),
    ).to.equal('0.7');
    await visit.judge('compare-overlay');
  });

  it('shows the difference: black where they are the same', async () => {
    service.answers.set(`GET /deposits/${SUSPECT}/files/0/preview`, await picture('#b3452e', 0));
    await open();
    await panes().nth(1).waitFor();
    await choose('Difference');
    const pane = () => page.locator('[data-mode=difference] .compare-pane');
    await pane().locator('img').nth(1).waitFor();
    const brightest = async () => {
      const inside = { left: 20, top: 20, width: 400, height: 300 };
      const { channels } = await sharp(
        await sharp(await pane().screenshot())
          .extract(inside)
          .toBuffer(),
      ).stats();
      return Math.max(...channels.slice(0, 3).map((channel) => channel.max));
    };
    expect(await brightest()).to.be.at.most(8);
    await visit.end();
    service.answers.set(`GET /deposits/${SUSPECT}/files/0/preview`, await picture('#2e45b3', 0));
    await open();
    await panes().nth(1).waitFor();
    await choose('Difference');
    await pane().locator('img').nth(1).waitFor();
    expect(await brightest()).to.be.above(60);
    await visit.judge('compare-difference');
  });

  it('shows them in turn, at most once a second, and stops when told to', async () => {
    await open();
    await panes().nth(1).waitFor();
    await page.clock.install();
    await choose('In turn');
    const second = page.locator('[data-mode=blink] img').nth(1);
    const visibility = () => second.evaluate((img) => (img as unknown as Styled).style.visibility);
    expect(await visibility()).to.equal('hidden');
    await page.clock.runFor(1000);
    expect(await visibility()).to.equal('visible');
    await page.clock.runFor(1000);
    expect(await visibility()).to.equal('hidden');
    await page.getByRole('button', { name: 'Stop' }).press('Enter');
    await page.clock.runFor(5000);
    expect(await visibility()).to.equal('hidden');
    await page.getByRole('button', { name: 'Show the other one' }).press('Enter');
    expect(await visibility()).to.equal('visible');
  });

  it('does not begin to change by itself for whoever wants less motion', async () => {
    await open();
    await page.emulateMedia({ reducedMotion: 'reduce' });
    await panes().nth(1).waitFor();
    await choose('In turn');
    await page.getByRole('button', { name: 'Start' }).waitFor();
  });

  it('prints both pictures side by side, whatever was looked at', async () => {
    await open(undefined, 'zh-CN');
    await panes().nth(1).waitFor();
    await choose('叠加');
    await page.emulateMedia({ media: 'print' });
    const boxes = await page
      .locator('.compare-print img')
      .evaluateAll((all) =>
        all.map((img) => img.getBoundingClientRect().toJSON() as { x: number; y: number; width: number }),
      );
    expect(boxes).to.have.length(2);
    expect(boxes[0]?.y).to.equal(boxes[1]?.y);
    expect(boxes[1]?.x).to.be.above((boxes[0]?.x ?? 0) + (boxes[0]?.width ?? 0));
    expect(await page.locator('.compare-print figcaption').allTextContents()).to.deep.equal([
      '原件 · 现场照片.jpg',
      '涉嫌侵权件 · 现场照片.jpg',
    ]);
    expect(await page.locator('button').filter({ visible: true }).count()).to.equal(0);
    expect(await page.locator('main .evaluation-banner').isVisible()).to.equal(true);
    await visit.picture('compare-print');
  });

  for (const locale of LOCALES) {
    it(`says why there is no picture of a trade secret, and of what is no picture, in ${locale}`, async () => {
      service.answers.set(
        'GET /comparison',
        comparison({ picture: 'trade-secret' }, { picture: 'none' }, { hint: null }),
      );
      const asked: string[] = [];
      await open(undefined, locale);
      page.on('request', (request) => asked.push(request.url()));
      await page.reload();
      await page.locator('[data-mode=none]').waitFor();
      expect(await page.locator('[data-mode=none]').textContent())
        .to.include(locale === 'zh-CN' ? '商业秘密' : 'trade secret')
        .and.include(locale === 'zh-CN' ? '不是可以预览的图像' : 'no picture that can be shown');
      expect(await page.locator('main').textContent()).to.include('ab'.repeat(32));
      expect(asked.filter((url) => url.includes('/preview'))).to.deep.equal([]);
      await visit.judge('compare-none');
    });
  }

  it('says so where one of them is erased or not the reader’s', async () => {
    service.answers.set('GET /comparison', new DepositError('deposit-not-found', 'you have none'));
    await open();
    await page.getByRole('alert').waitFor();
    expect(await page.getByRole('alert').textContent()).to.include('cannot be compared');
  });

  it('swaps the two', async () => {
    await open();
    await page.getByRole('link', { name: 'Swap the two' }).press('Enter');
    await page.waitForURL(`${address}/compare?original=${SUSPECT}&suspect=${depositId}`);
  });

  for (const locale of LOCALES) {
    it(`lets a file be chosen that the address does not name, by keyboard, in ${locale}`, async () => {
      const summary = (await (await service.fetch('/deposits')).json()) as { deposits: object[] };
      const other = { ...summary.deposits[0], depositId: SUSPECT, title: '网店商品图', fileCount: 3 };
      service.answers.set('GET /deposits', { deposits: [...summary.deposits, other], next: null });
      await open(`/compare?original=${depositId}`, locale);
      const second = page.locator('select').nth((await page.locator('select').count()) - 1);
      await page
        .getByLabel(locale === 'zh-CN' ? '涉嫌侵权件所在的存证' : 'Deposit with the suspected copy')
        .selectOption(SUSPECT);
      await visit.judge('compare-choose');
      await second.waitFor();
      const file = page.getByLabel(locale === 'zh-CN' ? '文件' : 'File', { exact: true }).last();
      await file.selectOption('0');
      await page.getByRole('button', { name: locale === 'zh-CN' ? '比对' : 'Compare', exact: true }).press('Enter');
      await page.waitForURL(`${address}/compare?original=${depositId}&suspect=${SUSPECT}`);
      await panes().nth(1).waitFor();
    });
  }
});
