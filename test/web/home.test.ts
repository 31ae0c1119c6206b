import { expect } from 'chai';
import type { Page } from 'playwright-core';
import { handOverListSchema } from '../../src/http/custody-routes.ts';
import { HttpError } from '../../src/http/http-error.ts';
import { matterListSchema } from '../../src/http/matter-routes.ts';
import { noticeListSchema } from '../../src/http/notice-routes.ts';
import { requestListSchema } from '../../src/http/request-routes.ts';
import { openUploadsSchema } from '../../src/http/resumable-routes.ts';
import { receivedListSchema } from '../../src/http/sharing-routes.ts';
import { type EvidenceWorld, makeWorld } from '../support/evidence-world.ts';
import { builtPages } from './built-pages.ts';
import { StandInService } from './stand-in-service.ts';
import { LOCALES, type Locale, Visit } from './visit.ts';

const DAY_MS = 24 * 3600_000;
const id = (n: number) => `01939f3e-${String(n).padStart(4, '0')}-7b7e-9d2c-3f1d0e5b8a11`;
const inDays = (days: number) => new Date(Date.now() + days * DAY_MS).toISOString();

describe('the first page', function () {
  this.timeout(120_000);
  let service: StandInService;
  let address: string;
  let visit: Visit;
  let page: Page;
  let world: EvidenceWorld;
  before(async () => {
    service = new StandInService(await builtPages());
    address = await service.start();
    world = await makeWorld({ evaluation: true });
  });
  after(() => service?.stop());
  beforeEach(() => {
    service.answers.clear();
    service.roles = ['holder', 'capture-operator', 'opponent', 'administrator'];
    service.state = 'in-log';
    service.alarms = [];
    service.world = undefined;
    answerEmpty();
  });

  const answerEmpty = () => {
    service.answers.set('GET /uploads', openUploadsSchema.parse({ uploads: [] }));
    service.answers.set('GET /hand-overs', handOverListSchema.parse({ handOvers: [], next: null }));
    service.answers.set('GET /matters', matterListSchema.parse({ matters: [], next: null }));
    service.answers.set('GET /requests', requestListSchema.parse({ requests: [], next: null }));
    service.answers.set('GET /received-grants', receivedListSchema.parse({ grants: [], next: null }));
    service.answers.set('GET /notices', noticeListSchema.parse({ notices: [], next: null }));
  };
  const open = async ({ locale = 'en-US', signedIn = true }: { locale?: Locale; signedIn?: boolean } = {}) => {
    visit = await Visit.begin({ locale, session: signedIn ? service : undefined });
    page = await visit.open(address);
  };
  const part = (name: string) => page.getByRole('region', { name });

  const request = (more: object) => ({
    requestId: id(10),
    side: 'asked',
    account: { accountId: id(1), name: '北京某某公司' },
    office: { accountId: id(2), name: '某某公证处' },
    matterId: id(20),
    subject: '申请核验网页取证',
    message: null,
    state: 'submitted',
    stateSince: inDays(-1),
    deed: null,
    reason: null,
    createdAt: inDays(-2),
    depositCount: 2,
    expiresAt: null,
    ...more,
  });
  const matter = (n: number, nextDeadline: object | null) => ({
    matterId: id(20 + n),
    relation: 'own',
    title: `案件${n}`,
    dispute: 'copyright',
    status: 'open',
    confidentiality: 'confidential',
    summary: null,
    legalHold: false,
    legalHoldReason: null,
    version: 1,
    createdAt: inDays(-9),
    changedAt: inDays(-9),
    counts: { items: 1, parties: 1, openDeadlines: nextDeadline === null ? 0 : 1 },
    nextDeadline,
  });
  const handOver = (n: number, state: string) => ({
    handOverId: id(30 + n),
    depositId: id(40),
    state,
    statement: {
      type: 'tiezheng/hand-over-statement/v1',
      handOverId: id(30 + n),
      depositId: id(40),
      giver: { accountId: id(1), name: '某某律师事务所' },
      receiver: { kind: 'notary', accountId: null, name: '某某公证处' },
      items: [{ what: 'certificate', fileIndex: null, sha256: '11'.repeat(32), description: null }],
      note: null,
      handedOverAt: inDays(-1),
      expiresAt: inDays(6),
      salt: '22'.repeat(32),
    },
    confirmation: null,
    endedAt: state === 'open' ? null : inDays(-1),
  });
  const busy = () => {
    service.world = world;
    service.alarms = ['anchor-balance-low'];
    service.answers.set(
      'GET /uploads',
      openUploadsSchema.parse({
        uploads: [
          {
            ...{ uploadId: id(50), depositId: world.receipt.record.depositId, fileIndex: 0 },
            ...{ sizeBytes: 1000, offset: 400, expiresAt: inDays(5) },
          },
        ],
      }),
    );
    service.answers.set(
      'GET /hand-overs',
      handOverListSchema.parse({ handOvers: [handOver(1, 'open'), handOver(2, 'confirmed')], next: null }),
    );
    service.answers.set(
      'GET /matters',
      matterListSchema.parse({
        matters: [
          matter(1, { title: '提交答复', dueAt: inDays(3) }),
          matter(2, { title: '缴费', dueAt: inDays(-1) }),
          matter(3, { title: '明年', dueAt: inDays(300) }),
          matter(4, null),
        ],
        next: null,
      }),
    );
    service.answers.set(
      'GET /requests',
      requestListSchema.parse({
        requests: [
          request({ state: 'refused', reason: '材料不足' }),
          request({ requestId: id(11), state: 'withdrawn' }),
          request({ requestId: id(12), state: 'accepted', stateSince: inDays(-90) }),
        ],
        next: null,
      }),
    );
  };

  describe('for a visitor', () => {
    for (const locale of LOCALES) {
      it(`says what this shows and what it does not, and leads on, in ${locale}`, async () => {
        await open({ locale, signedIn: false });
        await page.getByRole('heading', { level: 1 }).waitFor();
        const links = await page
          .locator('main .link-buttons a')
          .evaluateAll((all) => all.map((link) => link.getAttribute('href')));
        expect(links).to.deep.equal(['/sign-in', '/sign-up', '/verify', '/read']);
        const words = (await page.locator('main').textContent()) ?? '';
        expect(words).to.include(locale === 'zh-CN' ? '不能证明' : 'What it does not show');
        await visit.judge('home-visitor');
      });
    }
  });

  describe('for somebody who hands in', () => {
    it('tells the first step while there is nothing', async () => {
      await open();
      await part('The first step').waitFor();
      expect(await page.getByRole('region').count()).to.equal(1);
      await page.getByRole('link', { name: 'Hand in something new' }).click();
      await page.getByRole('heading', { level: 1, name: 'Hand in files' }).waitFor();
    });

    it('tells what is on its way, how safe it is, when it is final and what holds it up', async () => {
      busy();
      await open();
      const waiting = part('Deposits on their way');
      await waiting.waitFor();
      expect(await waiting.textContent())
        .to.include('It is in the log')
        .and.include('held up')
        .and.include('short of funds');
      expect(await waiting.locator('li').getAttribute('data-level')).to.equal('held-up');
    });

    it('offers a certificate as soon as there is one', async () => {
      service.world = world;
      service.state = 'certified';
      await open();
      const link = part('Certificates to download').getByRole('link', { name: /^Certificate \(PDF\)/ });
      await link.waitFor();
      expect(await link.getAttribute('href')).to.equal(
        `/api/v1/deposits/${world.receipt.record.depositId}/certificate.pdf`,
      );
    });

    it('names uploads, hand-overs, deadlines and answers of offices, and nothing that is over', async () => {
      busy();
      await open();
      const uploads = part('Originals that have not arrived');
      await uploads.waitFor();
      expect(await uploads.textContent()).to.include('40 %');
      expect(await uploads.getByRole('link', { name: 'Go on with the upload' }).getAttribute('href')).to.equal(
        '/hand-in',
      );
      const deadlines = part('Deadlines soon').locator('li');
      await deadlines.first().waitFor();
      expect(await deadlines.allTextContents()).to.have.lengthOf(2);
      expect(await deadlines.first().textContent())
        .to.include('overdue')
        .and.include('缴费');
      const requests = part('Requests to offices').locator('li');
      await requests.first().waitFor();
      expect(await requests.allTextContents()).to.have.lengthOf(1);
      expect(await requests.first().textContent())
        .to.include('refused')
        .and.include('某某公证处');
      expect(await part('Hand-overs that wait for you').locator('li').count()).to.equal(1);
      expect(await part('Hand-overs that wait for the receiver').locator('li').count()).to.equal(1);
    });

    it('stands where one part cannot be read', async () => {
      busy();
      service.answers.set('GET /matters', new HttpError('rate-limited', 'broken'));
      await open();
      await part('Deadlines soon').getByText('cannot be read at the moment').waitFor();
      await part('Requests to offices').waitFor();
      await part('Deposits on their way').waitFor();
    });
  });

  describe('for an office', () => {
    it('lists what waits, the oldest first, and offers to verify many at once', async () => {
      service.roles = ['notary'];
      service.answers.set(
        'GET /requests',
        requestListSchema.parse({ requests: [request({ side: 'office' })], next: null }),
      );
      await open();
      const desk = part('New requests');
      await desk.waitFor();
      expect(await desk.getByRole('link').getAttribute('href')).to.equal(`/desk/${id(10)}`);
      expect(await page.getByRole('link', { name: 'Verify many at once' }).getAttribute('href')).to.equal(
        '/desk/verify',
      );
      expect(await page.getByText('Hand in something new').count()).to.equal(0);
    });

    it('says where to begin while nothing waits', async () => {
      service.roles = ['notary'];
      await open();
      await part('New requests').getByText('No request waits').waitFor();
    });
  });

  describe('for a reader', () => {
    const grant = (more: object) => ({
      grantId: id(60),
      depositId: id(40),
      matterId: null,
      requestId: null,
      granteeAccountId: id(1),
      granteeName: '某某法院',
      invitedEmail: null,
      invitedAccountId: null,
      scope: 'read',
      coverage: 'disclosed',
      remark: null,
      createdAt: inDays(-1),
      expiresAt: inDays(9),
      acceptedAt: inDays(-1),
      revokedAt: null,
      giverName: '某某律师事务所',
      title: '网页取证',
      ...more,
    });

    it('lists what was shared with him', async () => {
      service.roles = ['officer'];
      const grants = [grant({}), grant({ grantId: id(61), depositId: null, matterId: id(21), title: '案件一' })];
      service.answers.set('GET /received-grants', receivedListSchema.parse({ grants, next: null }));
      await open();
      const links = part('Shared with me').getByRole('link');
      await links.first().waitFor();
      expect(await links.evaluateAll((all) => all.map((link) => link.getAttribute('href')))).to.deep.equal([
        `/deposits/${id(40)}`,
        `/matters/${id(21)}`,
      ]);
    });

    it('says what to do while nothing is', async () => {
      service.roles = ['reader'];
      await open();
      await part('Shared with me').getByText('Nothing is shared with you').waitFor();
    });
  });

  it('shows open alarms to whoever runs the service', async () => {
    service.roles = ['operator'];
    service.answers.set('GET /platform', {
      openAlarms: [{ code: 'anchor-balance-low', subject: '', raisedAt: inDays(-1) }],
    });
    await open();
    const alarms = part('Open alarms');
    await alarms.waitFor();
    expect(await alarms.textContent())
      .to.include('short of funds')
      .and.include('anchor-balance-low');
  });

  for (const locale of LOCALES) {
    it(`is accessible and fits a phone with everything on it, in ${locale}`, async () => {
      busy();
      service.roles = ['holder', 'notary', 'operator'];
      service.answers.set('GET /platform', {
        openAlarms: [{ code: 'anchor-balance-low', subject: 'eip155:31337', raisedAt: inDays(-1) }],
      });
      await open({ locale });
      await page.locator('[data-level]').waitFor();
      await page.waitForLoadState('networkidle');
      await visit.judge('home-everything');
    });
  }
});
