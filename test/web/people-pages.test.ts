import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect } from 'chai';
import type { Page } from 'playwright-core';
import { encodeHex, sha256 } from '../../src/format/bytes.ts';
import { logHistorySchema } from '../../src/http/history-routes.ts';
import { platformAnswerSchema } from '../../src/http/platform-routes.ts';
import { StatusError } from '../../src/status/status-error.ts';
import { digestOf } from '../../src/verify/verify.ts';
import { type EvidenceWorld, encodeObject, makeWorld } from '../support/evidence-world.ts';
import { scratchFiles } from './browser.ts';
import { builtPages } from './built-pages.ts';
import { StandInService } from './stand-in-service.ts';
import { LOCALES, type Locale, Visit } from './visit.ts';

describe('pages for people', function () {
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
    service.roles = ['holder'];
    service.state = 'certified';
    service.alarms = [];
    service.world = world;
    service.answers.set('GET /log/history', history());
  });

  const open = async (
    path: string,
    { locale = 'en-US', signedIn = true }: { locale?: Locale; signedIn?: boolean } = {},
  ) => {
    visit = await Visit.begin({ locale, session: signedIn ? service : undefined });
    page = await visit.open(`${address}${path}`);
  };
  const saved = async (from: EvidenceWorld = world) => {
    const presented = from.files.slice(0, 50).map(({ name, bytes }) => [name.slice(0, 60), bytes] as const);
    const [certificate, policy, ...files] = (await scratchFiles({
      'certificate.json': encodeObject(from.certificate),
      'policy.json': encodeObject(from.policy),
      ...Object.fromEntries(presented),
    })) as [string, string, ...string[]];
    return { certificate, policy, files };
  };
  const drop = async (files: string[]) => {
    await page.locator('input[data-choose=files]').first().setInputFiles(files);
    const start = page.getByRole('button', { name: /^(Verify|开始核验)$/ });
    await start.and(page.locator(':enabled')).waitFor();
    await start.click();
    await page.locator('.report').first().waitFor();
  };
  /** Of the page as printed on A4. */
  const printedSheets = async (name: string) => {
    const pdf = await visit.print(name);
    return [...pdf.toString('latin1').matchAll(/\/Type\s*\/Page[^s]/g)].length;
  };

  describe('the page for whoever decides', () => {
    for (const locale of LOCALES) {
      it(`answers its questions on one page and prints on two sheets at most, in ${locale}`, async () => {
        await open('/read', { locale, signedIn: false });
        const { certificate, policy, files } = await saved();
        await drop([certificate, policy, ...files]);
        const sheet = page.locator('.sheet');
        const text = (await sheet.textContent()) ?? '';
        expect(text).to.include('现场照片.jpg').and.include('北京某某文化有限公司');
        expect(text).to.include('2026-11-22 11:04:05.678 +08:00').and.include('2026-11-22 11:09:05 +08:00');
        expect(text).to.include(locale === 'zh-CN' ? '未提供' : 'not provided');
        expect(await sheet.locator('.panel').count()).to.equal(2);
        expect(
          await sheet
            .locator('[data-question]')
            .evaluateAll((rows) => rows.map((row) => row.getAttribute('data-question'))),
        ).to.deep.equal(['since-when', 'unchanged', 'in-the-log', 'issuer', 'word-only']);
        await visit.judge('read');
        expect(await printedSheets(`read-${locale}`)).to.be.within(1, 2);
      });
    }

    it('keeps to two sheets with fifty files of long names that nobody presented', async () => {
      const files = Array.from({ length: 50 }, (_, i) => ({
        name: `${'很长很长的文件名称'.repeat(20)}${i}.jpg`,
        bytes: new Uint8Array(randomBytes(10)),
      }));
      for (const locale of LOCALES) {
        await open('/read', { locale, signedIn: false });
        const { certificate } = await saved(await makeWorld({ files }));
        await drop([certificate]);
        expect(await printedSheets(`read-many-${locale}`)).to.be.within(1, 2);
        await visit.end();
      }
    });

    it('shows a changed file as another one', async () => {
      await open('/read', { signedIn: false });
      const { certificate } = await saved();
      await drop([certificate, ...(await scratchFiles({ '现场照片.jpg': 'altered' }))]);
      expect(await page.locator('[data-question=unchanged]').getAttribute('data-standing')).to.equal('contradicted');
    });

    it('is one click away from the full report, and back, by keyboard', async () => {
      await open('/read', { signedIn: false });
      const { certificate } = await saved();
      await drop([certificate]);
      await page.getByRole('button', { name: 'Full report' }).focus();
      await page.keyboard.press('Enter');
      await page.locator('#panel-since').waitFor();
      await page.keyboard.press('Shift+Tab');
      await page.keyboard.press('Enter');
      await page.locator('.sheet').waitFor();
    });

    it('is a view of the offline page too', async () => {
      visit = await Visit.begin({ locale: 'zh-CN', offline: true });
      page = await visit.open(pathToFileURL(join(await builtPages(), 'verify.html')).href);
      const { certificate, policy, files } = await saved();
      await drop([certificate, policy, ...files]);
      await page.getByRole('button', { name: '一页概要' }).click();
      await page.locator('.sheet').waitFor();
      await visit.judge('verify-html-sheet');
      expect(await printedSheets('verify-html-sheet')).to.be.within(1, 2);
    });
  });

  describe('a deposit', () => {
    const path = () => `/deposits/${world.receipt.record.depositId}`;
    for (const locale of LOCALES) {
      it(`says where its proof is, on what it rests and who touched it, in ${locale}`, async () => {
        service.answers.set(`GET /deposits/${world.receipt.record.depositId}/custody`, custody());
        await open(path(), { locale });
        const standing = page.locator('section:has(> #standing-title)');
        await standing.waitFor();
        expect(await standing.getAttribute('data-level')).to.equal('proved');
        expect(await standing.locator('dt').count()).to.equal(3);
        await page.locator('[data-source="eip155:1"]').waitFor();
        await page.locator('section:has(> #custody-title) li').first().waitFor();
        await page.locator('a[href$="/proof.tlog-proof"]').waitFor();
        await visit.judge('deposit');
      });
    }

    it('says why it is stuck and what is being done', async () => {
      service.state = 'published';
      service.alarms = ['anchor-balance-low'];
      await open(path());
      const reason = page.locator('[data-held-up=anchor-balance-low]');
      await reason.waitFor();
      expect(await reason.textContent())
        .to.include('short of funds')
        .and.include('The operator has to act');
      expect(await page.locator('section:has(> #standing-title)').getAttribute('data-level')).to.equal('held-up');
    });

    it('says not provided of every person and time that was not', async () => {
      await open(path());
      const rows = (section: string) =>
        page
          .locator(`section:has(> #${section}) dl > div`)
          .evaluateAll((all) => all.map((row) => row.textContent ?? ''));
      await page.locator('#persons-title').waitFor();
      expect((await rows('persons-title')).filter((row) => row.includes('not provided'))).to.have.length(2);
      expect((await rows('times-title'))[0]).to.include('not provided');
    });
  });

  describe('the public log', () => {
    for (const locale of LOCALES) {
      it(`shows growth, anchors, cost, delays, witnesses and incidents to anyone, in ${locale}`, async () => {
        await open('/log', { locale, signedIn: false });
        await page.locator('[data-incident]').first().waitFor();
        expect(await page.locator('[data-incident][data-open=true]').count()).to.equal(1);
        // Charts speak to those who cannot see them.
        const titles = await page.locator('svg[role=img] title').allTextContents();
        expect(titles).to.have.length(3);
        for (const title of titles) expect(title).to.match(/2026-11-20 – 2026-11-22/);
        const text = (await page.locator('main').textContent()) ?? '';
        expect(text).to.include('witness.example.org').and.include('0.0126');
        expect(text).to.include(locale === 'zh-CN' ? '12 分钟' : '12 min');
        await visit.judge('log');
      });
    }

    it('looks a certificate up by number and file together, sending the digest alone', async () => {
      const asked: unknown[] = [];
      visit = await Visit.begin();
      page = visit.page;
      await page.route('**/api/v1/certificates/look-up', async (route) => {
        asked.push(route.request().postDataJSON());
        await route.continue();
      });
      service.answers.set('POST /certificates/look-up', encodeObject(statusProof(world)));
      await page.goto(`${address}/log`);
      const start = page.getByRole('button', { name: 'Look up' });
      await page.getByLabel('Certificate number').fill('tz-20261122-4k7q2m9x');
      expect(await start.isDisabled()).to.equal(true);
      const { certificate, files } = await saved();
      const chooser = page.locator('section:has(> #look-up-title) input[type=file]');
      await chooser.setInputFiles(files[0] as string);
      await start.click();
      await page.getByText('How the operator says the certificate stands').waitFor();
      await chooser.setInputFiles(certificate);
      await start.click();
      await expect2(asked);
      expect(asked).to.deep.equal([
        {
          certificateNo: 'TZ-20261122-4K7Q2M9X',
          sha256: encodeHex(sha256((world.files[0] as { bytes: Uint8Array }).bytes)),
        },
        { certificateNo: 'TZ-20261122-4K7Q2M9X', sha256: digestOf(world.certificate) },
      ]);
    });

    it('does not say which of number and file is wrong', async () => {
      service.answers.set('POST /certificates/look-up', new StatusError('certificate-unknown', 'no'));
      await open('/log', { signedIn: false });
      await page.getByLabel('Certificate number').fill('TZ-20261122-4K7Q2M9X');
      const { files } = await saved();
      await page.locator('section:has(> #look-up-title) input[type=file]').setInputFiles(files[0] as string);
      await page.keyboard.press('Escape');
      await page.getByLabel('Certificate number').press('Enter');
      await page.getByText('does not say which of them is wrong').waitFor();
    });

    const expect2 = async (asked: unknown[]) => {
      for (let i = 0; i < 100 && asked.length < 2; i++) await new Promise((resolve) => setTimeout(resolve, 50));
    };
  });

  describe('operation', () => {
    it('is offered and shown to those who run the service only', async () => {
      await open('/log');
      await page.locator('[data-incident]').first().waitFor();
      expect(await page.locator('nav a[href="/operation"]').count()).to.equal(0);
    });

    for (const locale of LOCALES) {
      it(`says what is stuck and what to do, and has nothing that edits a deposit, in ${locale}`, async () => {
        service.roles = ['operator'];
        service.answers.set('GET /platform', platform());
        await open('/log', { locale });
        await page.locator('nav a[href="/operation"]').click();
        await page.locator('[data-alarm=final-anchor-lost]').waitFor();
        expect(await page.locator('[data-chain="eip155:1"]').getAttribute('data-state')).to.equal('stopped');
        await visit.judge('operation');
        // All that can be pressed: signing out, the language, and clearing the one alarm.
        expect(await page.locator('main button, main input, main form').count()).to.equal(1);
      });
    }

    it('clears an alarm after asking once more', async () => {
      service.roles = ['operator'];
      service.answers.set('GET /platform', platform());
      service.answers.set('POST /platform/alarms/clear', {});
      await open('/operation');
      await page.getByRole('button', { name: 'Looked into: clear it' }).click();
      const cleared = page.waitForRequest('**/platform/alarms/clear');
      await page.getByRole('button', { name: 'Clear', exact: true }).click();
      expect((await cleared).postDataJSON()).to.deep.equal({ code: 'final-anchor-lost', subject: 'eip155:1 0xaa' });
    });

    it('gives an auditor no control at all', async () => {
      service.roles = ['auditor'];
      service.answers.set('GET /platform', platform());
      await open('/operation');
      await page.locator('[data-alarm=final-anchor-lost]').waitFor();
      expect(await page.locator('main button').count()).to.equal(0);
    });
  });

  it('are reached from each other by keyboard alone', async () => {
    await open('/log', { signedIn: false });
    for (const [href, heading] of [
      ['/read', 'A deposit on one page'],
      ['/log', 'The public log'],
    ] as const) {
      for (let i = 0; i < 60; i++) {
        await page.keyboard.press('Tab');
        if ((await page.evaluate('document.activeElement?.getAttribute("href")')) === href) break;
      }
      await page.keyboard.press('Enter');
      await page.getByRole('heading', { level: 1, name: heading }).waitFor();
    }
  });
});

function history() {
  const days = ['2026-11-20', '2026-11-21', '2026-11-22'];
  const delay = { samples: 240, medianSeconds: 420, ninetiethSeconds: 700 };
  return logHistorySchema.parse({
    asOf: '2026-11-22T03:30:00.000Z',
    growth: days.map((day, i) => ({ day, treeSize: 400 * (i + 1), publications: 12 })),
    receiptToPublication: { samples: 3, medianSeconds: null, ninetiethSeconds: null },
    chains: [
      {
        chain: 'eip155:1',
        contract: `0x${'aa'.repeat(20)}`,
        trouble: null,
        newestFinal: { treeSize: 1200, since: '2026-11-22T03:20:00.000Z' },
        inFlight: { treeSize: 1210, state: 'sent', since: '2026-11-22T03:28:00.000Z' },
        anchors: days.map((day, i) => ({ day, anchors: i + 2 })),
        costs: days.map((day) => ({
          day,
          transactions: 3,
          gasUsed: '270000',
          costWei: '4200000000000000',
        })),
        publicationToAnchor: delay,
        receiptToAnchor: delay,
      },
    ],
    witnesses: [{ name: 'witness.example.org/w1', cosigned: 900, treeSize: 1200, lastAt: '2026-11-22T03:20:00.000Z' }],
    authorities: [
      { name: '国家授时中心联合信任', operator: '联合信任', independent: true, trouble: null },
      { name: 'Evaluation TSA', operator: '铁证', independent: false, trouble: 'authority-timeout' },
    ],
    calendars: [{ url: 'https://calendar.example.org', trouble: null }],
    attested: { publications: 36, stampedByOne: 36, stampedByTwo: 30, bitcoinComplete: 20, bitcoinPending: 16 },
    incidents: [
      { code: 'rpc-unreachable', about: 'eip155:1', raisedAt: '2026-11-22T01:00:00.000Z', clearedAt: null, alarms: 1 },
      {
        code: 'certificate-does-not-verify',
        about: null,
        raisedAt: '2026-11-21T00:00:00.000Z',
        clearedAt: '2026-11-21T00:00:00.000Z',
        alarms: 3,
      },
    ],
  });
}

function custody() {
  return {
    depositId: '',
    count: 3,
    leaf: { count: 2, leafIndex: 77 },
    events: [
      { index: 2, kind: 'exported', at: '2026-11-22T05:00:00.000Z', gapMinutes: 100, actor: null, inTheLog: false },
      { index: 1, kind: 'certified', at: '2026-11-22T03:20:00.000Z', gapMinutes: 16, actor: null, inTheLog: true },
      { index: 0, kind: 'received', at: '2026-11-22T03:04:05.678Z', gapMinutes: null, actor: null, inTheLog: true },
    ],
    next: null,
  };
}

function platform() {
  return platformAnswerSchema.parse({
    asOf: '2026-11-22T03:30:00.000Z',
    version: '0.1.0',
    evaluation: true,
    profile: { name: '铁证 Tiezheng', operator: null, website: null, filingNo: null, interests: null },
    profileDigest: 'ab'.repeat(32),
    readiness: [
      { name: 'database', status: 'ok', reason: null },
      { name: 'anchoring', status: 'degraded', reason: 'final-anchor-lost' },
    ],
    chains: [
      {
        chain: 'eip155:1',
        contract: `0x${'aa'.repeat(20)}`,
        state: 'stopped',
        reason: { code: 'final-anchor-lost', message: 'block 0x12… is gone' },
        headTreeSize: 1200,
        lastFinal: { treeSize: 1200, since: '2026-11-22T03:20:00.000Z' },
        inFlight: {
          treeSize: 1210,
          state: 'sent',
          since: '2026-11-22T03:28:00.000Z',
          transactions: 2,
          note: 'replaced: fee too low',
        },
        providers: [
          { name: 'node-a.example.org', trouble: null },
          { name: 'node-b.example.org', trouble: { code: 'rpc-timeout', message: 'no answer' } },
        ],
      },
    ],
    witnesses: [
      {
        name: 'witness.example.org/w1',
        operator: '某大学',
        state: 'ok',
        reason: null,
        cosignedSize: 1200,
      },
    ],
    authorities: [{ name: 'Evaluation TSA', operator: '铁证', independent: false, trouble: null }],
    calendars: [],
    clocks: [
      {
        source: 'database',
        server: 'server-1',
        measuredAt: '2026-11-22T03:29:00.000Z',
        offsetMs: -12,
        uncertaintyMs: 4,
        withinLimit: true,
      },
    ],
    holdings: {
      originals: 120,
      originalBytes: 7_340_032_000,
      previews: 80,
      previewBytes: 4_000_000,
      databaseBytes: 90_000_000,
      waitingLeaves: 0,
    },
    openAlarms: [
      {
        code: 'final-anchor-lost',
        subject: 'eip155:1 0xaa',
        detail: 'block 0x12… of tree 1180 is not on the chain any more',
        raisedAt: '2026-11-22T03:25:00.000Z',
        clearedAt: null,
      },
    ],
    clearedAlarms: [
      {
        code: 'clock-off',
        subject: 'database',
        detail: 'x',
        raisedAt: '2026-11-20T03:25:00.000Z',
        clearedAt: '2026-11-20T03:29:00.000Z',
      },
    ],
  });
}

/** As the service answers; whether it verifies is not asked by the look-up. */
function statusProof({ certificate }: EvidenceWorld) {
  const digest = digestOf(certificate);
  const { checkpoint, inclusionProof } = certificate.publications[0] as EvidenceWorld['certificate']['publications'][0];
  return {
    type: 'tiezheng/status-proof/v1',
    evaluation: true,
    certificateNo: certificate.claims.certificateNo,
    certificate: digest,
    record: { type: 'tiezheng/certified/v1', certificate: digest, salt: '11'.repeat(32) },
    log: { origin: certificate.log.origin, leafIndex: 41, keys: certificate.log.keys },
    publication: { checkpoint, inclusionProof, cosignatures: [], attestations: [] },
    claims: { checkpointAt: '2026-11-22T03:20:00.000Z', answeredAt: '2026-11-22T03:30:00.000Z', newest: true },
    seals: certificate.seals,
  };
}
