import { expect } from 'chai';
import type { Locator, Page } from 'playwright-core';
import { v7 as uuidV7 } from 'uuid';
import { meSchema } from '../../src/http/answers.ts';
import { HttpError } from '../../src/http/http-error.ts';
import { builtPages } from './built-pages.ts';
import { NOW, request, StandInMatters, step } from './stand-in-matters.ts';
import { StandInService } from './stand-in-service.ts';
import { LOCALES, type Locale, PICTURES, Visit } from './visit.ts';

const DAY_MS = 24 * 3600_000;

describe('pages about matters', function () {
  this.timeout(120_000);
  let service: StandInService;
  let matters: StandInMatters;
  let address: string;
  let visit: Visit;
  let page: Page;
  let matterId: string;

  before(async () => {
    service = new StandInService(await builtPages());
    // Each test has matters of its own; what it sets up goes through to them.
    service.more.use((req, res, next) => matters.router(req, res, next));
    address = await service.start();
  });
  after(() => service?.stop());
  beforeEach(() => {
    service.answers.clear();
    service.roles = ['holder'];
    matters = new StandInMatters();
  });

  const open = async (path: string, locale: Locale = 'en-US') => {
    visit = await Visit.begin({ locale, session: service });
    page = await visit.open(`${address}${path}`);
    page.setDefaultTimeout(10_000);
  };
  const focused = () =>
    page.evaluate(`document.activeElement?.getAttribute('aria-label') ?? document.activeElement?.textContent`);
  const button = (name: string | RegExp, within: Page | Locator = page) =>
    within.getByRole('button', { name, exact: typeof name === 'string' });
  const headings = (selector: string) => page.locator(selector).allTextContents();

  /** A matter with something of everything in it. */
  const dispute = () => {
    const deposit = (title: string | null, more: object = {}) => {
      const made = {
        depositId: uuidV7(),
        title,
        receivedAt: NOW,
        depositNo: 41,
        certificateNo: null,
        files: 1,
        ...more,
      };
      matters.deposits.push(made);
      return made.depositId;
    };
    const deposits = [
      deposit('店铺页面快照', { certificateNo: 'TZ-20261122-4K7Q2M9X', files: 3 }),
      deposit('购买过程录像', { depositNo: 42 }),
      deposit('作品登记证书', { depositNo: 43 }),
      deposit('涂黑的快照', { depositNo: 44 }),
      deposit('物流单据', { depositNo: 45 }),
    ] as [string, string, string, string, string];
    matterId = matters.addMatter({
      title: '某店铺销售仿冒图案商品',
      status: 'open',
      summary: '展会上发现，线上仍在销售。',
    }).matterId;
    const holder = matters.add('parties', matterId, {
      role: 'holder',
      name: '北京某某文化有限公司',
      kind: 'organisation',
      contact: '010-5555 5555',
    });
    matters.add('parties', matterId, { role: 'depositor', name: '某某律师事务所', kind: 'organisation' });
    matters.add('parties', matterId, { role: 'respondent', name: '某某商贸经营部' });
    const right = matters.add('rights', matterId, {
      kind: 'copyright',
      title: '美术作品《晨曦》',
      registrationNo: '国作登字-2025-F-01234567',
      holderPartyId: holder.partyId,
      validFrom: '2025-01-01',
    });
    matters.add('proofs', matterId, { rightId: right.rightId, depositId: deposits[2], kind: 'certificate' });
    const item = (depositId: string, more: object) => matters.add('items', matterId, { depositId, ...more });
    const snapshot = item(deposits[0], {
      issue: '是否销售',
      source: '公开网页',
      proofPurpose: '证明被投诉人在店铺中展示涉案图案的商品',
      disclosure: 'derivative',
    });
    const film = item(deposits[1], { title: '公证购买录像', issue: '是否销售', form: 'original' });
    matters.add('relations', matterId, {
      itemId: film.itemId,
      otherItemId: snapshot.itemId,
      kind: 'corroborates',
      remark: '同一商品编号',
    });
    matters.derivatives.push({
      depositId: deposits[3],
      originalDepositId: deposits[0],
      kind: 'redacted',
      method: '买家姓名涂黑',
      linkedAt: NOW,
    });
    matters.add('notes', matterId, { body: '等物流公司回函。' });
    const day = (days: number) => new Date(Math.floor((Date.now() + days * DAY_MS) / 60_000) * 60_000).toISOString();
    matters.add('deadlines', matterId, { title: '举证期限', dueAt: day(-3), basis: '受理通知书' });
    matters.add('deadlines', matterId, { title: '回复平台', dueAt: day(5) });
    matters.add('deadlines', matterId, { title: '立案', dueAt: day(-30), doneAt: day(-31) });
    return { deposits, snapshot, film, holder, right };
  };

  describe('the list', () => {
    for (const locale of LOCALES) {
      it(`says of each matter how it stands and what is due first, in ${locale}`, async () => {
        dispute();
        matters.addMatter({ title: '另一起争议', legalHold: true });
        await open('/matters', locale);
        const card = page.locator(`[data-matter="${matterId}"]`);
        await card.waitFor();
        const text = (await card.textContent()) ?? '';
        expect(text).to.include('某店铺销售仿冒图案商品').and.include('举证期限');
        expect(text).to.include(
          locale === 'zh-CN' ? '证据 2 · 当事人 3 · 未完成期限 2' : 'items 2 · parties 3 · open deadlines 2',
        );
        expect(text).to.include(locale === 'zh-CN' ? '已逾期 3 天' : 'overdue by 3 days');
        expect(text).to.include(locale === 'zh-CN' ? '办理中' : 'Open');
        await visit.judge('matters');
      });
    }

    it('finds by title and status, and goes on where a page ends', async () => {
      for (let i = 0; i < 25; i++) matters.addMatter({ title: `案件 ${i}`, status: i === 7 ? 'closed' : 'draft' });
      await open('/matters');
      await page.locator('[data-matter]').first().waitFor();
      expect(await page.locator('[data-matter]').count()).to.equal(20);
      await button('More').click();
      await page.locator('[data-matter]').nth(24).waitFor();
      expect(await button('More').count()).to.equal(0);
      await page.getByLabel('Find in title or summary').fill('案件 7');
      await page.keyboard.press('Enter');
      await page.locator('[data-matter]').nth(1).waitFor({ state: 'detached' });
      await page.getByLabel('Status').selectOption('open');
      await button(/Find$/).click();
      await page.getByText('No matter fits.').waitFor();
    });

    it('says so when it cannot be had', async () => {
      service.answers.set('GET /matters', new HttpError('database-unavailable', 'down'));
      await open('/matters');
      await page.getByText('This cannot be shown now').waitFor();
    });
  });

  describe('a new matter', () => {
    for (const locale of LOCALES) {
      it(`is made by keyboard alone from a title, in ${locale}`, async () => {
        await open('/matters/new', locale);
        // The first field has the focus.
        await page.locator('[name=title]:focus').waitFor();
        await visit.judge('matter-new');
        await page.keyboard.type('展会取证');
        await page.keyboard.press('Enter');
        await page.getByRole('heading', { level: 1, name: '展会取证' }).waitFor();
        expect(matters.asked[0]).to.deep.equal({
          call: 'POST /matters',
          body: { title: '展会取证', dispute: 'copyright', confidentiality: 'confidential' },
        });
        await visit.judge('matter-empty');
      });
    }
  });

  describe('a matter of one’s own', () => {
    for (const locale of LOCALES) {
      it(`shows parties, rights, items and what holds them together, in ${locale}`, async () => {
        const { deposits } = dispute();
        await open(`/matters/${matterId}`, locale);
        const roles = page.locator('[data-role]');
        await roles.first().waitFor();
        expect(await roles.evaluateAll((all) => all.map((each) => each.getAttribute('data-role')))).to.deep.equal([
          'holder',
          'depositor',
          'capture-operator',
          'respondent',
        ]);
        const main = (await page.locator('main').textContent()) ?? '';
        for (const word of [
          '美术作品《晨曦》',
          '作品登记证书',
          '公证购买录像',
          '买家姓名涂黑',
          '等物流公司回函。',
          '同一商品编号',
        ]) {
          expect(main).to.include(word);
        }
        expect(main).to.include('TZ-20261122-4K7Q2M9X');
        expect(await page.locator(`[data-derivative="${deposits[3]}"]`).count()).to.equal(1);
        expect(
          await page
            .locator('#deadlines [data-due]')
            .evaluateAll((all) => all.map((each) => each.getAttribute('data-due'))),
        ).to.deep.equal(['overdue', 'soon', 'done']);
        expect(await page.locator('#deadlines [data-due=overdue]').textContent()).to.include(
          locale === 'zh-CN' ? '已逾期 3 天' : 'overdue by 3 days',
        );
        // What nobody says is said to be unsaid.
        expect(main).to.include(locale === 'zh-CN' ? '未说明' : 'not stated');
        await visit.judge('matter');
      });

      it(`keeps what was typed when somebody else was quicker, and shows both, in ${locale}`, async () => {
        const { holder } = dispute();
        await open(`/matters/${matterId}`, locale);
        const zh = locale === 'zh-CN';
        await button(`${zh ? '修改' : 'Change'} 北京某某文化有限公司`).click();
        const form = page.locator('form.entry-form');
        const field = (label: string) => form.getByLabel(label, { exact: false });
        await field(zh ? '姓名或名称' : 'Name').fill('北京某某文化传媒有限公司');
        Object.assign(holder, { name: '北京某某文化集团', contact: '010-6666 6666', version: 2 });
        await page.keyboard.press('Enter');
        const notice = page.locator('[data-conflict=changed]');
        await notice.waitFor();
        const told = (await notice.textContent()) ?? '';
        expect(told)
          .to.include('北京某某文化集团')
          .and.include('北京某某文化传媒有限公司')
          .and.include('010-6666 6666');
        expect(await page.evaluate(`document.activeElement?.getAttribute('data-conflict')`)).to.equal('changed');
        // What was typed stays; what was left alone follows the other.
        expect(await field(zh ? '姓名或名称' : 'Name').inputValue()).to.equal('北京某某文化传媒有限公司');
        expect(await field(zh ? '联系方式' : 'Contact').inputValue()).to.equal('010-6666 6666');
        expect(holder.name).to.equal('北京某某文化集团');
        await visit.judge('matter-conflict');
        await button(zh ? '保存' : 'Save').click();
        await form.waitFor({ state: 'detached' });
        expect(holder).to.include({ name: '北京某某文化传媒有限公司', contact: '010-6666 6666', version: 3 });
        expect(matters.asked.at(-1)?.body).to.deep.equal({ name: '北京某某文化传媒有限公司' });
      });
    }

    it('says so when what is being changed was removed, and keeps the words', async () => {
      dispute();
      await open(`/matters/${matterId}`);
      await button('Change 等物流公司回函。').click();
      const text = page.getByRole('form', { name: /等物流公司回函/ }).locator('textarea');
      await text.fill('等物流公司回函，已催。');
      matters.rows.notes.splice(0, 1);
      await button('Save').click();
      await page.locator('[data-conflict=gone]').waitFor();
      expect(await page.locator('textarea').inputValue()).to.equal('等物流公司回函，已催。');
    });

    it('changes the head, and its status forward after asking once', async () => {
      dispute();
      await open(`/matters/${matterId}`);
      await page
        .getByRole('region', { name: 'The matter' })
        .getByRole('button', { name: 'Change', exact: true })
        .click();
      await page.getByLabel('Legal hold').selectOption('yes');
      await page.getByLabel('Why it is on hold').fill('对方提起上诉');
      await button('Save').click();
      await page.locator('[data-hold=true]').waitFor();
      expect(matters.asked.at(-1)).to.deep.equal({
        call: `PATCH /matters/${matterId}`,
        body: { legalHold: true, legalHoldReason: '对方提起上诉' },
      });
      await button('Close the matter').click();
      await page.getByText('is never opened again').waitFor();
      expect(await focused()).to.equal('No, keep it');
      await page.keyboard.press('Enter');
      expect(await focused()).to.equal('Close the matter');
      await button('Close the matter').click();
      await button('Yes, go on').click();
      await page.getByText('The matter is closed').waitFor();
      // Only the legal hold can still change.
      expect(await button(/^(Add|Remove|Change) .+/).count()).to.equal(0);
      await button('Change').click();
      expect(
        await page.locator('form.entry-form [name]').evaluateAll((all) => all.map((each) => each.getAttribute('name'))),
      ).to.deep.equal(['legalHold', 'legalHoldReason']);
    });

    it('takes a party out after asking once, and tells it', async () => {
      dispute();
      await open(`/matters/${matterId}`);
      await button('Remove 某某商贸经营部').click();
      await button('Yes, remove it').click();
      await page.getByText('Removed', { exact: true }).waitFor();
      expect(matters.rows.parties.map((party) => party.role)).to.deep.equal(['holder', 'depositor']);
    });

    it('adds a right with its holder, and a proof from the deposits', async () => {
      const { deposits, holder } = dispute();
      await open(`/matters/${matterId}`);
      await button('Add a right').click();
      await page.keyboard.type('商标“晨曦”');
      await page.getByLabel('Kind of right').selectOption('trademark');
      await page
        .getByRole('form', { name: 'Add a right' })
        .getByLabel('Right holder')
        .selectOption({ label: '北京某某文化有限公司' });
      await button('Add', page.getByRole('form', { name: 'Add a right' })).click();
      await button('Add a proof 商标“晨曦”').click();
      await page.getByLabel('Filter by title').fill('证书');
      await page.getByRole('radio', { name: /作品登记证书/ }).check();
      await page.getByLabel('Kind of proof').selectOption('contract');
      await button('Add', page.getByRole('form', { name: 'Add a proof' })).click();
      await page.locator('#rights a[href^="/deposits/"]').nth(1).waitFor();
      const right = matters.rows.rights.at(-1);
      expect(right).to.include({ kind: 'trademark', title: '商标“晨曦”', holderPartyId: holder.partyId });
      expect(matters.rows.proofs.at(-1)).to.include({
        rightId: right?.rightId,
        depositId: deposits[2],
        kind: 'contract',
      });
    });

    it('adds items from the deposits, several at once', async () => {
      const { deposits } = dispute();
      await open(`/matters/${matterId}`);
      await button('Choose from my deposits').click();
      const form = page.getByRole('form', { name: 'Choose from my deposits' });
      await form.getByRole('checkbox').first().waitFor();
      expect(await form.getByRole('checkbox', { name: /店铺页面快照/ }).isDisabled()).to.equal(true);
      await form.getByRole('checkbox', { name: /物流单据/ }).check();
      await form.getByRole('checkbox', { name: /作品登记证书/ }).check();
      await button('Add what is chosen (2)').click();
      await form.waitFor({ state: 'detached' });
      expect(matters.rows.items.slice(2).map((item) => item.depositId)).to.deep.equal([deposits[4], deposits[2]]);
      expect(await focused()).to.equal('Choose from my deposits');
    });

    it('moves items by keyboard alone; the button keeps the focus and the new place is told', async () => {
      dispute();
      await open(`/matters/${matterId}`);
      await button('Move down 店铺页面快照').focus();
      await page.keyboard.press('Enter');
      await page.getByText('"店铺页面快照" is now number 2 / 2').waitFor();
      expect(await headings('#items .entry > h3')).to.deep.equal(['1. 公证购买录像', '2. 店铺页面快照']);
      expect(await focused()).to.equal('Move down 店铺页面快照');
      // At the end it does nothing, and says that it cannot.
      expect(await button('Move down 店铺页面快照').getAttribute('aria-disabled')).to.equal('true');
      const before = matters.asked.length;
      await page.keyboard.press('Enter');
      await button('Move up 店铺页面快照').click();
      await page.getByText('"店铺页面快照" is now number 1 / 2').waitFor();
      expect(matters.asked.length).to.equal(before + 1);
      expect(visit.complaints).to.deep.equal([]);
    });

    it('moves nothing when somebody else changed the matter meanwhile, and shows the newest order', async () => {
      const { film } = dispute();
      await open(`/matters/${matterId}`);
      await button('Move up 公证购买录像').waitFor();
      film.title = '第三方录像';
      (matters.matters[0] as { version: number }).version = 9;
      await button('Move up 公证购买录像').click();
      await page.getByText('so nothing was moved').waitFor();
      expect(await headings('#items .entry > h3')).to.deep.equal(['1. 店铺页面快照', '2. 第三方录像']);
    });

    it('links a redacted copy once and for all, having said so', async () => {
      const { deposits } = dispute();
      await open(`/matters/${matterId}`);
      await button('Link a copy 公证购买录像').click();
      await page.getByText('The link can never be changed').waitFor();
      await page.getByRole('radio', { name: /物流单据/ }).check();
      await page.getByLabel('How it was made').fill('地址涂黑');
      await button('Link a copy', page.getByRole('form', { name: 'Link a copy' })).click();
      await page.locator(`[data-derivative="${deposits[4]}"]`).waitFor();
      expect(matters.derivatives.at(-1)).to.include({
        depositId: deposits[4],
        originalDepositId: deposits[1],
        kind: 'redacted',
        method: '地址涂黑',
      });
    });

    it('warns where readers would see copies only and there is none', async () => {
      dispute();
      matters.derivatives = [];
      await open(`/matters/${matterId}`);
      await page.getByText('there is none: they see nothing').waitFor();
    });

    it('warns where readers see an original all the same, as the proof of a right', async () => {
      const { right, film } = dispute();
      film.disclosure = 'withheld';
      await open(`/matters/${matterId}`);
      await page.getByText('nothing', { exact: true }).waitFor();
      expect(await page.getByText('there readers still see the original').count()).to.equal(0);
      matters.add('proofs', matterId, { rightId: right.rightId, depositId: film.depositId, kind: 'contract' });
      await page.reload();
      await page.getByText('there readers still see the original').waitFor();
    });

    it('adds a relation between two different items, and shows it from both sides', async () => {
      const { snapshot, film } = dispute();
      await open(`/matters/${matterId}`);
      await button('Add a relation').click();
      const form = page.getByRole('form', { name: 'Add a relation' });
      await form.getByLabel('Relation').selectOption('contradicts');
      await form.getByLabel('Remark').fill('时间不符');
      await button('Add', form).click();
      await form.waitFor({ state: 'detached' });
      expect(matters.rows.relations.at(-1)).to.include({
        itemId: snapshot.itemId,
        otherItemId: film.itemId,
        kind: 'contradicts',
      });
      const rows = await page.locator('.relation-table tbody tr').allTextContents();
      expect(rows[0]).to.include('is corroborated by 2: 同一商品编号').and.include('contradicts 2: 时间不符');
      expect(rows[1]).to.include('corroborates 1').and.include('is contradicted by 1');
    });

    it('prints the corroboration table and nothing around it', async () => {
      dispute();
      await open(`/matters/${matterId}`);
      await page.evaluate('window.print = () => { window.printed = document.documentElement.className }');
      await button('Print the table').click();
      expect(await page.evaluate('window.printed')).to.equal('printing-alone');
      await page.emulateMedia({ media: 'print' });
      expect(await page.locator('.relation-table').isVisible()).to.equal(true);
      for (const hidden of ['h1', '#parties', '#items', '#notes', '#relations h2', '#relations .entries']) {
        expect(await page.locator(hidden).first().isVisible(), hidden).to.equal(false);
      }
      if (PICTURES !== undefined) await visit.print('relations');
      await page.evaluate(`dispatchEvent(new Event('afterprint'))`);
      expect(await page.locator('#parties').isVisible()).to.equal(true);
    });

    it('marks a deadline as done and open again', async () => {
      dispute();
      await open(`/matters/${matterId}`);
      await button('Mark as done 举证期限').click();
      await button('Mark as not done 举证期限').click();
      await button('Mark as done 举证期限').waitFor();
      expect(matters.asked.map(({ body }) => Object.keys(body as object))).to.deep.equal([['doneAt'], ['doneAt']]);
    });

    it('takes a deadline in the reader’s time and keeps it in UTC', async () => {
      dispute();
      await open(`/matters/${matterId}`);
      await button('Add a deadline').click();
      await page.keyboard.type('开庭');
      await page.getByLabel('Due', { exact: true }).fill('2026-12-01T09:00');
      await button('Add', page.getByRole('form', { name: 'Add a deadline' })).click();
      await page.getByText('2026-12-01 09:00:00 +08:00').waitFor();
      expect(matters.rows.deadlines.at(-1)?.dueAt).to.equal('2026-12-01T01:00:00.000Z');
    });

    it('leads to the comparison of two items', async () => {
      const { deposits } = dispute();
      await open(`/matters/${matterId}`);
      await button('Compare side by side').click();
      await page.waitForURL('**/compare?**');
      expect(new URL(page.url()).search).to.equal(`?original=${deposits[0]}&suspect=${deposits[1]}`);
    });

    it('goes to handing in with this matter chosen', async () => {
      dispute();
      await open(`/matters/${matterId}`);
      await button('Hand in new files for this matter').click();
      await page.waitForURL('**/hand-in');
      await page
        .locator('input[data-choose=files]')
        .first()
        .setInputFiles([{ name: 'page.png', mimeType: 'image/png', buffer: Buffer.from('png') }]);
      await page.getByRole('button', { name: /^Next/ }).click();
      const choice = page.locator('select').filter({ has: page.locator(`option[value="${matterId}"]`) });
      await choice.waitFor();
      expect(await choice.inputValue()).to.equal(matterId);
    });

    it('stays chosen for handing in where the newest hundred matters do not name it', async () => {
      dispute();
      await open(`/matters/${matterId}`);
      await button('Hand in new files for this matter').waitFor();
      service.answers.set('GET /matters', { matters: [], next: null });
      await button('Hand in new files for this matter').click();
      await page
        .locator('input[data-choose=files]')
        .first()
        .setInputFiles([{ name: 'page.png', mimeType: 'image/png', buffer: Buffer.from('png') }]);
      await page.getByRole('button', { name: /^Next/ }).click();
      await page.locator(`option[value="${matterId}"]`).waitFor({ state: 'attached' });
    });

    it('offers the evidence index to print, as a table and as data', async () => {
      dispute();
      await open(`/matters/${matterId}`);
      const links = page.locator('#index a');
      await links.first().waitFor();
      expect(await links.evaluateAll((all) => all.map((a) => a.getAttribute('href')))).to.deep.equal(
        ['html', 'csv', 'json'].map((format) => `/api/v1/matters/${matterId}/index.${format}`),
      );
    });

    it('tells what changed and by whom', async () => {
      dispute();
      const change = { at: NOW, accountId: matterId, userId: 'u1', partId: matterId };
      matters.changes = [
        {
          ...change,
          changeId: 2,
          userName: '王律师',
          by: 'session',
          part: 'matter',
          change: 'changed',
          before: { title: '旧名称', legalHold: false },
          after: { title: '新名称', legalHold: true },
        },
        {
          ...change,
          changeId: 1,
          userName: null,
          by: 'api-key',
          part: 'note',
          change: 'created',
          before: null,
          after: { body: '第一条' },
        },
      ];
      await open(`/matters/${matterId}`);
      await button('Show the history').click();
      const entries = page.locator('#history [data-change]');
      await entries.first().waitFor();
      const [first, second] = await entries.allTextContents();
      expect(first)
        .to.include('王律师')
        .and.include('before "旧名称", after "新名称"')
        .and.include('On hold: no erasure');
      expect(second).to.include('第一条').and.include('by an API key');
    });

    it('is read and not changed by a capture operator', async () => {
      dispute();
      service.roles = ['capture-operator'];
      await open(`/matters/${matterId}`);
      await page.getByText('Your role lets you read').waitFor();
      expect(await button(/^(Add|Remove|Change|Move|Link)/).count()).to.equal(0);
      expect(await page.locator('#requests').count()).to.equal(0);
    });

    it('that is not there, or another’s, is told in the same words', async () => {
      await open(`/matters/${uuidV7()}`);
      await page.getByText('No such matter', { exact: true }).waitFor();
    });
  });

  describe('asking an office', () => {
    for (const locale of LOCALES) {
      it(`shows state, steps and deed, and submits a new request, in ${locale}`, async () => {
        const { deposits } = dispute();
        const zh = locale === 'zh-CN';
        matters.offices = [{ accountId: uuidV7(), name: '北京市某公证处', roles: ['notary'] }];
        matters.requests = [
          request({
            state: 'deed-issued',
            subject: '网页保全',
            deed: { deedNo: '(2026)京某证经字第123号', sha256: 'ab'.repeat(32) },
            steps: [
              step({ kind: 'submitted' }),
              step({
                stepId: 2,
                kind: 'digest-recomputed',
                depositId: deposits[0],
                outcome: 'consistent',
                remark: '本处电脑',
              }),
            ],
          }),
        ];
        await open(`/matters/${matterId}`, locale);
        const entry = page.locator('[data-request=deed-issued]');
        await entry.waitFor();
        await entry.locator('summary').click();
        await entry.getByText('本处电脑').waitFor();
        const text = (await entry.textContent()) ?? '';
        expect(text).to.include('(2026)京某证经字第123号').and.include('1. 店铺页面快照');
        // What has ended is not withdrawn.
        expect(await entry.getByRole('button').count()).to.equal(0);
        await button(zh ? '新的申请' : 'New request').click();
        const form = page.getByRole('form', { name: zh ? '新的申请' : 'New request' });
        await form.getByLabel(zh ? '事由' : 'Subject').fill('核验购买过程');
        await form.getByRole('checkbox', { name: /店铺页面快照/ }).uncheck();
        await visit.judge('matter-request');
        await button(zh ? '提交申请' : 'Submit the request').click();
        await page.locator('[data-request=submitted]').waitFor();
        expect(matters.asked.at(-1)?.body).to.deep.include({
          matterId,
          depositIds: [deposits[1]],
          subject: '核验购买过程',
          expiresAt: null,
        });
      });
    }

    it('is answered and withdrawn', async () => {
      dispute();
      matters.requests = [request({ steps: [step({ kind: 'asked', remark: '请说明来源' })] })];
      await open(`/matters/${matterId}`);
      const entry = page.locator('[data-request]');
      await entry.locator('summary').click();
      await button('Answer the office').click();
      await page.keyboard.type('公开网页');
      await button('Send the answer').click();
      await entry.getByText('公开网页').waitFor();
      await button('Withdraw 网页保全核验').click();
      await button('Yes, go on').click();
      await page.locator('[data-request=withdrawn]').waitFor();
    });

    it('needs an item, and says so', async () => {
      dispute();
      matters.offices = [{ accountId: uuidV7(), name: '北京市某公证处', roles: ['notary'] }];
      await open(`/matters/${matterId}`);
      await button('New request').click();
      for (const name of [/店铺页面快照/, /公证购买录像/])
        await page.locator('#requests').getByRole('checkbox', { name }).uncheck();
      await page.getByLabel('Subject').fill('x');
      await button('Submit the request').click();
      await page.getByText('Choose at least one item.').waitFor();
      expect(matters.asked).to.deep.equal([]);
    });

    it('is not offered where nobody can be asked', async () => {
      dispute();
      await open(`/matters/${matterId}`);
      await button('New request').click();
      await page.getByText('No office can be asked here yet').waitFor();
    });
  });

  describe('showing a matter', () => {
    for (const locale of LOCALES) {
      it(`lists who sees how much of it, and gives a grant, in ${locale}`, async () => {
        dispute();
        const zh = locale === 'zh-CN';
        const common = { depositId: null, matterId, scope: 'read', createdAt: NOW, revokedAt: null };
        matters.links = [
          {
            ...common,
            linkId: uuidV7(),
            reader: '李调解员',
            coverage: 'disclosed',
            expiresAt: '2999-01-01T00:00:00.000Z',
            maxOpenings: 5,
            openings: 2,
            hasPassphrase: false,
            attemptsLeft: null,
          },
        ];
        matters.grants = [
          {
            ...common,
            grantId: uuidV7(),
            requestId: null,
            granteeAccountId: null,
            granteeName: null,
            invitedEmail: 'officer@example.org',
            invitedAccountId: null,
            coverage: 'everything',
            remark: null,
            expiresAt: null,
            acceptedAt: null,
          },
        ];
        await open(`/matters/${matterId}`, locale);
        await page.locator('#sharing summary').click();
        const panel = page.locator('#sharing');
        await panel.locator('[data-state=open]').waitFor();
        const text = (await panel.textContent()) ?? '';
        expect(text).to.include('李调解员').and.include('2 / 5').and.include('officer@example.org');
        expect(text).to.include(zh ? '全部，含不披露的' : 'everything, withheld items too');
        // Handed over are deposits, not matters.
        expect(await panel.getByRole('form', { name: zh ? '发起移交' : 'Begin a hand-over' }).count()).to.equal(0);
        await visit.judge('matter-sharing');
        const form = panel.getByRole('form', { name: zh ? '授权' : 'Give a grant' });
        await form.locator('input').first().fill('mediator@example.org');
        await form.getByLabel(zh ? '出示范围' : 'How much of it').selectOption('everything');
        const given = page.waitForRequest((asked) => asked.method() === 'POST' && asked.url().endsWith('/grants'));
        await form.getByRole('button').click();
        expect((await given).postDataJSON()).to.deep.include({
          matterId,
          to: { email: 'mediator@example.org' },
          scope: 'read',
          coverage: 'everything',
        });
      });
    }
  });

  describe('what was shown to me', () => {
    const grant = (more: object) => ({
      grantId: uuidV7(),
      depositId: null,
      matterId: null,
      requestId: null,
      granteeAccountId: uuidV7(),
      granteeName: '某某法院',
      invitedEmail: null,
      invitedAccountId: null,
      scope: 'download',
      coverage: 'disclosed',
      remark: null,
      createdAt: NOW,
      expiresAt: '2027-01-01T00:00:00.000Z',
      acceptedAt: NOW,
      revokedAt: null,
      giverName: '北京某某文化有限公司',
      title: null,
      ...more,
    });
    const entry = (depositId: string, more: object = {}) => ({
      no: 1,
      issue: '是否销售',
      name: '涂黑的快照',
      source: '公开网页',
      proofPurpose: '证明展示',
      form: 'copy',
      pages: 3,
      depositId,
      depositNo: 44,
      receivedAt: NOW,
      certificateNo: null,
      derivedFrom: { depositId: uuidV7(), kind: 'redacted', method: '买家姓名涂黑' },
      files: [{ name: '快照.pdf', sizeBytes: 5, digestSource: 'computed', sha256: 'ab'.repeat(32), sm3: null }],
      relations: [],
      ...more,
    });
    beforeEach(() => {
      service.roles = ['mediator'];
    });

    for (const locale of LOCALES) {
      it(`says what, by whom, until when and what I may do, and opens it to be read, in ${locale}`, async () => {
        const { deposits } = dispute();
        Object.assign(matters.matters[0] as object, { relation: 'granted', legalHold: null });
        matters.index = { entries: [entry(deposits[3])] };
        matters.received = [
          grant({ matterId, title: '某店铺销售仿冒图案商品', remark: '请于周五前阅看' }),
          grant({ depositId: deposits[1], title: '购买过程录像', scope: 'read', expiresAt: null, requestId: uuidV7() }),
        ];
        await open('/received', locale);
        await page.locator('[data-grant]').first().waitFor();
        const [first, second] = await page.locator('[data-grant]').allTextContents();
        expect(first)
          .to.include('北京某某文化有限公司')
          .and.include('2027-01-01 08:00:00 +08:00')
          .and.include('请于周五前阅看');
        expect(second).to.include(locale === 'zh-CN' ? '未设截止时间' : 'no end set');
        await visit.judge('received');
        await page.locator(`a[href="/matters/${matterId}"]`).click();
        await page.getByRole('heading', { level: 1, name: '某店铺销售仿冒图案商品' }).waitFor();
        await page.locator('[data-no="1"]').waitFor();
        const text = (await page.locator('main').textContent()) ?? '';
        expect(text).to.include('涂黑的快照').and.include('买家姓名涂黑').and.include('美术作品《晨曦》');
        // Neither the account's own nor anything to change it with.
        expect(text).to.not.include('等物流公司回函');
        expect(await page.locator('main button, main form').count()).to.equal(0);
        expect(await page.locator('#notes, #deadlines, #history, #sharing').count()).to.equal(0);
        await visit.judge('matter-granted');
      });

      it(`reads two evidence indexes side by side, in ${locale}`, async () => {
        const { deposits } = dispute();
        const other = matters.addMatter({ title: '对方的材料', relation: 'granted' });
        matters.index = { entries: [entry(deposits[3])] };
        matters.received = [
          grant({ matterId, title: '某店铺销售仿冒图案商品' }),
          grant({ matterId: other.matterId, title: '对方的材料', giverName: '某某商贸经营部' }),
        ];
        await open('/received', locale);
        const boxes = page.getByRole('checkbox');
        await boxes.first().focus();
        await page.keyboard.press('Space');
        await boxes.nth(1).focus();
        await page.keyboard.press('Space');
        const start = button(/\(2 \/ 2\)/);
        await start.focus();
        await page.keyboard.press('Enter');
        await page.locator('[data-side] [data-no="1"]').nth(1).waitFor();
        expect(await page.evaluate('document.activeElement?.id')).to.equal('side-title');
        expect(
          await page.locator('[data-side]').evaluateAll((all) => all.map((each) => each.getAttribute('data-side'))),
        ).to.deep.equal([matterId, other.matterId]);
        await visit.judge('received-sides');
      });
    }

    it('leads from a granted matter to the comparison of two of its items', async () => {
      const { deposits } = dispute();
      Object.assign(matters.matters[0] as object, { relation: 'granted', legalHold: null });
      matters.index = { entries: [entry(deposits[3]), entry(deposits[1], { no: 2, name: '购买过程录像' })] };
      await open(`/matters/${matterId}`);
      await button('Compare side by side').click();
      await page.waitForURL('**/compare?**');
      expect(new URL(page.url()).search).to.equal(`?original=${deposits[3]}&suspect=${deposits[1]}`);
    });

    it('takes what was granted to one’s address, into the account that is named', async () => {
      const accountId = uuidV7();
      const account = { accountId, name: '某某调解中心', kind: 'organisation', roles: ['mediator'] };
      const user = {
        userId: 'u1',
        name: '李调解员',
        email: 'li@example.org',
        emailConfirmed: true,
        twoFactorEnabled: false,
      };
      const me = { ...account, identityMethod: 'none', by: 'session', scopes: null, user, accounts: [account] };
      service.answers.set('GET /me', meSchema.parse(me));
      service.answers.set('POST /received-grants', { grants: [], next: null });
      await open('/received');
      expect(await page.getByRole('region', { name: 'Invitations to my e-mail address' }).textContent()).to.include(
        '某某调解中心',
      );
      await button('Take invitations').click();
      await page.getByText('No invitation waits').waitFor();
      matters.received = [grant({ depositId: uuidV7(), title: '购买过程录像' })];
      service.answers.set('POST /received-grants', { grants: matters.received, next: null });
      await button(/Take invitations$/).click();
      await page.getByText('Grants taken: 1').waitFor();
      await page.getByRole('heading', { name: '购买过程录像' }).waitFor();
    });

    it('is empty without a grant', async () => {
      await open('/received');
      await page.getByText('Nobody shows you anything at present.').waitFor();
    });
  });

  it('are offered by role', async () => {
    const offered = async (role: string) => {
      service.roles = [role];
      await open('/matters');
      await page.locator('nav a[href="/verify"]').waitFor();
      const links = await page.locator('nav a').evaluateAll((all) => all.map((a) => a.getAttribute('href')));
      return links.filter((href) => href === '/matters' || href === '/received');
    };
    expect(await offered('holder')).to.deep.equal(['/matters', '/received']);
    expect(await offered('capture-operator')).to.deep.equal(['/matters']);
    expect(await offered('opponent')).to.deep.equal(['/received']);
    expect(await offered('operator')).to.deep.equal([]);
  });
});
