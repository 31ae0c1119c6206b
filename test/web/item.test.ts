import { expect } from 'chai';
import type { Page } from 'playwright-core';
import sharp from 'sharp';
import { ErasureError } from '../../src/erasure/erasure-error.ts';
import { DEPOSIT_ACTS } from '../../src/http/answers.ts';
import { handOverListSchema, timelineSchema } from '../../src/http/custody-routes.ts';
import { erasureSchema } from '../../src/http/erasure-routes.ts';
import { DepositError } from '../../src/intake/deposit-error.ts';
import { type EvidenceWorld, makeWorld } from '../support/evidence-world.ts';
import { builtPages } from './built-pages.ts';
import { StandInService } from './stand-in-service.ts';
import { LOCALES, type Locale, Visit } from './visit.ts';

const ACCOUNT = '01939f3e-0000-7b7e-9d2c-3f1d0e5b8a11';
const OTHER = '01939f3e-7c1a-7b7e-9d2c-3f1d0e5b8a99';

describe('the page of a deposit', function () {
  this.timeout(120_000);
  let service: StandInService;
  let address: string;
  let visit: Visit;
  let page: Page;
  let world: EvidenceWorld;
  let depositId: string;
  let depositNo: number;

  before(async () => {
    service = new StandInService(await builtPages());
    address = await service.start();
    world = await makeWorld({ evaluation: true });
    depositId = world.receipt.record.depositId;
    depositNo = world.receipt.leafIndex;
  });
  after(() => service?.stop());
  beforeEach(async () => {
    service.answers.clear();
    Object.assign(service, {
      state: 'certified',
      world,
      relation: 'own',
      may: undefined,
      isTradeSecret: false,
      previews: [0],
    });
    service.roles = ['holder'];
    service.answers.set(`GET /deposits/${depositId}/custody`, custody());
    service.answers.set(`GET /deposits/${depositId}/derivatives`, { derivatives: [], derivedFrom: null });
    service.answers.set(`GET /deposits/${depositId}/files/0/preview`, await picture());
  });

  const picture = async () =>
    new Uint8Array(
      await sharp(
        Buffer.from(
          '<svg xmlns="http://www.w3.org/2000/svg" width="400" height="300"><rect width="400" height="300" fill="#dde6f0"/><circle cx="200" cy="140" r="90" fill="#b3452e"/></svg>',
        ),
      )
        .jpeg()
        .toBuffer(),
    );
  const open = async (path = `/deposits/${depositId}`, locale: Locale = 'en-US') => {
    visit = await Visit.begin({ locale, session: service });
    page = await visit.open(`${address}${path}`);
  };
  const unfold = async (words: string) => {
    await page.locator('summary', { hasText: words }).focus();
    await page.keyboard.press('Enter');
  };

  for (const locale of LOCALES) {
    it(`shows the preview, three times and four persons in lines of their own, and who touched it, in ${locale}`, async () => {
      await open(undefined, locale);
      await page.locator('img.preview').waitFor();
      await page.locator('section:has(> #custody-title) li').first().waitFor();
      expect(await page.locator('section:has(> #times-title) dt').count()).to.equal(3);
      expect(await page.locator('section:has(> #persons-title) dt').count()).to.equal(4);
      const events = page.locator('.timeline > li');
      expect(await events.count()).to.equal(4);
      const first = (await events.first().textContent()) ?? '';
      expect(first).to.include('北京某某公司').and.include('100');
      expect(
        await page.locator('.timeline > li', { hasText: locale === 'zh-CN' ? '等待写入日志' : 'waits' }).count(),
      ).to.equal(1);
      await visit.judge('item');
    });
  }

  it('prints what it says, without what can only be pressed', async () => {
    await open(undefined, 'zh-CN');
    await page.locator('img.preview').waitFor();
    await page.emulateMedia({ media: 'print' });
    for (const shown of ['#times-title', '#persons-title', '#files-title', '#custody-title', 'img.preview']) {
      expect(await page.locator(shown).isVisible(), shown).to.equal(true);
    }
    for (const hidden of ['header', '[data-section=erasure]', '#downloads-title', 'button']) {
      expect(await page.locator(hidden).filter({ visible: true }).count(), hidden).to.equal(0);
    }
    await visit.picture('item-print');
  });

  it('shows earlier events when asked', async () => {
    service.answers.set(`GET /deposits/${depositId}/custody`, custody({ next: 7 }));
    await open();
    const more = page.getByRole('button', { name: 'Show earlier events' });
    await more.waitFor();
    service.answers.set(`GET /deposits/${depositId}/custody`, custody({ from: 6 }));
    const asked = page.waitForRequest(/custody\?limit=50&before=7/);
    await more.press('Enter');
    await asked;
    await page.locator('.timeline > li').nth(7).waitFor();
    expect(await more.count()).to.equal(0);
  });

  it('says why there is no preview of a trade secret, and asks for none', async () => {
    service.isTradeSecret = true;
    const asked: string[] = [];
    await open();
    page.on('request', (request) => asked.push(request.url()));
    await page.reload();
    await page.getByText('This deposit is a trade secret').waitFor();
    expect(asked.filter((url) => url.includes('/preview'))).to.deep.equal([]);
  });

  it('offers readers of what belongs to another nothing that only its depositor can do', async () => {
    service.relation = 'granted';
    service.roles = ['reader'];
    await open();
    await page.getByText('belongs to somebody else').waitFor();
    await page.locator('#custody-title').waitFor();
    expect(await page.locator('[data-section=erasure]').count()).to.equal(0);
    expect(await page.getByText('Show it to others').count()).to.equal(0);
    expect(await page.getByRole('button', { name: 'Link what was made from it' }).count()).to.equal(0);
  });

  it('offers a capture operator neither the originals nor a way to show or erase it', async () => {
    service.may = [];
    service.roles = ['capture-operator'];
    await open();
    await page.getByRole('link', { name: 'Certificate (PDF)' }).waitFor();
    expect(await page.getByRole('link', { name: /^(Download original|Full package)/ }).count()).to.equal(0);
    expect(await page.locator('[data-section=erasure]').count()).to.equal(0);
    expect(await page.getByText('Show it to others').count()).to.equal(0);
    expect(await page.getByRole('button', { name: 'Link what was made from it' }).count()).to.equal(0);
  });

  describe('what was made from it', () => {
    const derivative = (more: object = {}) => ({
      depositId: OTHER,
      originalDepositId: depositId,
      kind: 'redacted',
      method: '遮盖买家姓名和电话',
      linkedAt: '2026-11-22T06:00:00.000Z',
      ...more,
    });

    for (const locale of LOCALES) {
      it(`stands there with a link, and its digests when asked, in ${locale}`, async () => {
        service.answers.set(`GET /deposits/${depositId}/derivatives`, {
          derivatives: [derivative()],
          derivedFrom: null,
        });
        await open(undefined, locale);
        const row = page.locator(`[data-linked="${OTHER}"]`);
        await row.waitFor();
        expect(await row.textContent()).to.include('遮盖买家姓名和电话');
        expect(await row.locator('a').getAttribute('href')).to.equal(`/deposits/${OTHER}`);
        await visit.judge('item-derivative');
      });
    }

    it('leads back to the original, and can have no copies of its own', async () => {
      service.answers.set(`GET /deposits/${depositId}/derivatives`, {
        derivatives: [],
        derivedFrom: derivative({ depositId, originalDepositId: OTHER }),
      });
      await open();
      expect(await page.locator(`[data-linked="${OTHER}"] a`).getAttribute('href')).to.equal(`/deposits/${OTHER}`);
      expect(await page.getByRole('button', { name: 'Link what was made from it' }).count()).to.equal(0);
    });

    it('is linked by choosing a deposit and saying how it was made, by keyboard', async () => {
      await open();
      service.answers.set('GET /deposits', {
        deposits: [await summaryOf(depositId), { ...(await summaryOf(depositId)), depositId: OTHER, title: '脱敏件' }],
        next: null,
      });
      await page.getByRole('button', { name: 'Link what was made from it' }).press('Enter');
      const choice = page.getByRole('radio', { name: /脱敏件/ });
      await choice.waitFor();
      await choice.press('Space');
      await page.getByLabel('How it was made').fill('遮盖姓名');
      service.answers.set(`POST /deposits/${depositId}/derivatives`, derivative());
      service.answers.set(`GET /deposits/${depositId}/derivatives`, { derivatives: [derivative()], derivedFrom: null });
      const sent = page.waitForRequest((request) => request.method() === 'POST');
      await page.getByRole('form').getByRole('button', { name: 'Link what was made from it' }).press('Enter');
      expect((await sent).postDataJSON()).to.deep.equal({ depositId: OTHER, kind: 'redacted', method: '遮盖姓名' });
      await page.locator(`[data-linked="${OTHER}"]`).waitFor();
    });

    const summaryOf = async (id: string) => {
      const answer = await service.fetch(`/deposits/${id}`);
      const { record, annexes, files, relation, may, isTradeSecret, ...summary } = (await answer.json()) as Record<
        string,
        unknown
      >;
      return summary;
    };
  });

  describe('erasing it', () => {
    const erasure = (more: object = {}) =>
      erasureSchema.parse({
        ...{ depositId, depositNo, receivedAt: '2026-11-22T03:04:05.678Z', basis: 'depositor-request', fileCount: 3 },
        ...{ erasedAt: '2026-11-22T08:00:00.000Z', completedAt: '2026-11-22T08:00:01.000Z' },
        certificates: [world.certificate.claims.certificateNo],
        ...more,
      });

    for (const locale of LOCALES) {
      it(`says what goes and what stays, wants the number typed, and shows what is left, in ${locale}`, async () => {
        service.answers.set(`POST /deposits/${depositId}/erasure`, erasure());
        await open(undefined, locale);
        await page.locator('[data-section=erasure]').waitFor();
        await unfold(locale === 'zh-CN' ? '删除存证内容' : 'Erase the content');
        await visit.judge('item-erase');
        const button = page.getByRole('button', { name: locale === 'zh-CN' ? '永久删除' : 'Erase for good' });
        const number = page.locator('[data-section=erasure] input');
        await number.fill(String(depositNo + 1));
        expect(await button.isDisabled()).to.equal(true);
        await number.fill(String(depositNo));
        const sent = page.waitForRequest((request) => request.method() === 'POST');
        await page.keyboard.press('Enter');
        expect((await sent).postDataJSON()).to.deep.equal({ depositNo, basis: 'depositor-request' });
        const left = page.locator('[data-section=erased]');
        await left.waitFor();
        expect(await page.evaluate('document.activeElement.tagName')).to.equal('H1');
        expect(await left.textContent())
          .to.include(world.certificate.claims.certificateNo)
          .and.include('2026-11-22 16:00:00 +08:00');
        expect(await page.locator('main').textContent()).to.not.include(world.files[0]?.name as string);
        await page.locator('.timeline > li').first().waitFor();
        await visit.judge('item-erased');
      });
    }

    it('says which matter is on hold, and erases nothing', async () => {
      service.answers.set(
        `POST /deposits/${depositId}/erasure`,
        new ErasureError('deposit-under-legal-hold', '图库侵权案 A is on legal hold'),
      );
      await open();
      await unfold('Erase the content');
      await page.locator('[data-section=erasure] input').fill(String(depositNo));
      await page.keyboard.press('Enter');
      const alert = page.getByRole('alert');
      await alert.waitFor();
      expect(await alert.textContent())
        .to.include('Nothing was erased')
        .and.include('图库侵权案 A');
      expect(await page.locator('#files-title').count()).to.equal(1);
    });

    it('shows whoever comes later what is left of it, and that some of it waits to be removed', async () => {
      service.answers.set(`GET /deposits/${depositId}`, new DepositError('deposit-erased', 'erased'));
      service.answers.set(`GET /deposits/${depositId}/erasure`, erasure({ completedAt: null, certificates: [] }));
      await open();
      const left = page.locator('[data-section=erased]');
      await left.waitFor();
      expect(await left.textContent())
        .to.include('without a key nobody can read it')
        .and.include(String(depositNo));
      expect(await page.locator('h1').textContent()).to.equal('The content of this deposit was erased');
    });

    it('is not offered to a program’s key', async () => {
      service.may = DEPOSIT_ACTS.filter((act) => act !== 'deposit.erase');
      await open();
      await page.evaluate('sessionStorage.setItem("tiezheng.apiKey", "tz_stand-in")');
      await visit.context.clearCookies();
      await page.reload();
      await page.locator('#custody-title').waitFor();
      expect(await page.locator('[data-section=erasure]').count()).to.equal(0);
    });
  });

  describe('the list of hand-overs', () => {
    const handOver = (state: string, more: { id?: string; giver?: string; receiver?: string } = {}) => {
      const handOverId = more.id ?? OTHER;
      return {
        handOverId,
        depositId,
        state,
        statement: {
          type: 'tiezheng/hand-over-statement/v1',
          handOverId,
          depositId,
          giver: { accountId: ACCOUNT, name: more.giver ?? '北京某某公司' },
          receiver: { kind: 'notary', accountId: ACCOUNT, name: more.receiver ?? '某某公证处 证据保全科' },
          items: [{ what: 'original', fileIndex: 0, sha256: 'ab'.repeat(32), description: null }],
          note: '请核对后确认',
          handedOverAt: '2026-11-22T03:00:00.000Z',
          expiresAt: '2026-12-22T03:00:00.000Z',
          salt: '00'.repeat(32),
        },
        confirmation:
          state === 'confirmed'
            ? { confirmedAt: '2026-11-22T04:00:00.000Z', by: 'account', name: '某某公证处', note: null }
            : null,
        endedAt: state === 'open' ? null : '2026-11-22T04:00:00.000Z',
      };
    };
    /** Both sides have one address but for the query, so that the answer is by it. */
    const offer = (received: object[], given: object[]) => {
      service.handOvers = { received, given };
      for (const handOvers of [received, given]) handOverListSchema.parse({ handOvers, next: null });
    };
    const id = (n: number) => `01939f3e-7c1a-7b7e-9d2c-3f1d0e5b8a0${n}`;

    for (const locale of LOCALES) {
      it(`has what is open first, and takes a confirmation, in ${locale}`, async () => {
        offer(
          [
            handOver('expired', { id: id(3), giver: '丙公司' }),
            handOver('open', { id: id(2), giver: '乙公司' }),
            handOver('confirmed', { id: id(1), giver: '甲公司' }),
          ],
          [handOver('open', { id: id(4) })],
        );
        await open('/hand-overs', locale);
        const rows = page.locator('[data-side=received] article');
        await rows.first().waitFor();
        const states = () => rows.evaluateAll((all) => all.map((each) => each.getAttribute('data-state')));
        expect(await states()).to.deep.equal(['open', 'expired', 'confirmed']);
        await visit.judge('hand-overs');
        service.answers.set(`POST /hand-overs/${id(2)}/confirm`, handOver('confirmed', { id: id(2), giver: '乙公司' }));
        await rows.first().locator('form input').focus();
        await page.keyboard.type('已核对');
        const sent = page.waitForRequest((request) => request.method() === 'POST');
        await page.keyboard.press('Enter');
        expect((await sent).postDataJSON()).to.deep.equal({ note: '已核对' });
        await page.locator('[data-side=received] article[data-state=open]').waitFor({ state: 'detached' });
        expect(await page.evaluate('document.activeElement.textContent')).to.include('乙公司');
        expect(await rows.first().locator('a[download]').getAttribute('href')).to.match(/\/receipt\.json$/);
      });
    }

    it('lets the giver take one back, after asking once', async () => {
      offer([], [handOver('open', { id: id(4) })]);
      service.answers.set(`POST /hand-overs/${id(4)}/cancel`, handOver('cancelled', { id: id(4) }));
      await open('/hand-overs');
      const row = page.locator('[data-side=given] article');
      await row.getByRole('button', { name: /^Take back/ }).press('Enter');
      expect(await page.evaluate('document.activeElement.textContent')).to.not.include('Take');
      await row.getByRole('button', { name: 'Take it back' }).press('Enter');
      await page.locator('[data-side=given] article[data-state=cancelled]').waitFor();
    });

    it('shows readers what was handed to them alone', async () => {
      service.roles = ['reader'];
      offer([], []);
      await open('/hand-overs');
      await page.getByText('Nothing was handed over to this account.').waitFor();
      expect(await page.locator('[data-side=given]').count()).to.equal(0);
    });
  });

  /** Four events, newest first. @param from index of the newest */
  function custody({ from = 10, next = null as number | null } = {}) {
    const actor = { accountId: ACCOUNT, userId: null, by: 'session', linkId: null, name: '北京某某公司' };
    const kinds = ['exported', 'viewed', 'certified', 'link-opened'];
    return timelineSchema.parse({
      depositId,
      count: from + 1,
      leaf: { count: from, leafIndex: 77 },
      events: kinds.map((kind, i) => ({
        index: from - i,
        kind,
        at: `2026-11-22T05:00:0${9 - i}.000Z`,
        gapMinutes: i === 0 ? 100 : i === 3 ? null : 0,
        actor: i === 2 ? { ...actor, accountId: null, by: 'service', name: null } : i === 3 ? null : actor,
        detail: {},
        hash: '00'.repeat(32),
        inTheLog: i > 0 || from < 10,
      })),
      next,
      handOvers: [],
    });
  }
});
