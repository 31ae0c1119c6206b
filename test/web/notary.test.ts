import { mkdtemp, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'chai';
import type { Download, Page } from 'playwright-core';
import { encodeHex, encodeUtf8, sha256 } from '../../src/format/bytes.ts';
import type { Certificate } from '../../src/format/certificate.ts';
import { parseReport } from '../../src/format/report.ts';
import { requestDetailSchema, requestListSchema, stepListSchema } from '../../src/http/request-routes.ts';
import { MatterError } from '../../src/matters/matter-error.ts';
import { digestOf } from '../../src/verify/verify.ts';
import { type EvidenceWorld, encodeObject, makeWorld } from '../support/evidence-world.ts';
import { scratchFiles, scratchFolder } from './browser.ts';
import { builtPages } from './built-pages.ts';
import { StandInService } from './stand-in-service.ts';
import { LOCALES, type Locale, Visit } from './visit.ts';

const GOOD = 200;
const VECTORS = new URL('../vectors/', import.meta.url);

describe('the desk of an office', function () {
  this.timeout(240_000);
  let service: StandInService;
  let address: string;
  let visit: Visit;
  let page: Page;
  let world: EvidenceWorld;

  before(async () => {
    service = new StandInService(await builtPages());
    address = await service.start();
    world = await makeWorld();
  });
  after(() => service?.stop());
  beforeEach(() => {
    service.answers.clear();
    service.roles = ['notary'];
    service.state = 'certified';
    service.world = world;
  });

  const open = async (path: string, locale: Locale = 'en-US') => {
    visit = await Visit.begin({ locale, session: service });
    page = await visit.open(`${address}${path}`);
  };
  const textOf = async (download: Download) => readFile(await download.path(), 'utf8');
  const choose = (files: string[], which = 0) =>
    page.locator('input[data-choose=files]').nth(which).setInputFiles(files);
  const isZh = (locale: Locale) => locale === 'zh-CN';

  describe('bulk verification', () => {
    let folder: string;
    let policy: string;
    const all: string[] = [];
    /** Every file of the heap that is not as it was issued, and what its row must say. */
    const bad: Record<string, string> = {};

    const write = async (name: string, bytes: Uint8Array) => {
      await writeFile(join(folder, name), bytes);
      return join(folder, name);
    };
    const heap = async (name: string, bytes: Uint8Array) => {
      all.push(await write(name, bytes));
    };

    before(async () => {
      folder = await mkdtemp(join(await scratchFolder(), 'bulk-'));
      const blocks = [...world.policy.blocks];
      let first: EvidenceWorld | undefined;
      for (let i = 0; i < GOOD; i++) {
        const number = String(i).padStart(4, '0');
        const made = await makeWorld({
          sameOperatorAs: world,
          certificateNo: `TZ-20261122-${number}ABCD`,
          depositId: `01939f3e-7c1a-7b7e-9d2c-${String(i).padStart(12, '0')}`,
          files: [{ name: `照片 ${i}.jpg`, bytes: encodeUtf8(`picture ${i}`) }],
          treeSize: 16,
          leafIndex: 3,
        });
        first ??= made;
        blocks.push(...made.policy.blocks);
        await heap(`certificate-${number}.json`, encodeObject(made.certificate));
        if (i < 20) await heap(`照片 ${i}.jpg`, encodeUtf8(`picture ${i}`));
      }
      const { certificate } = first as EvidenceWorld;
      const changed = async (name: string, check: string, change: (copy: Certificate) => void, reseal = true) => {
        const copy = structuredClone(certificate);
        change(copy);
        await heap(name, encodeObject(reseal ? await world.reseal(copy) : copy));
        bad[name] = check;
      };
      await changed('bad-record.json', 'log.inclusion', (copy) => {
        copy.record.receivedAt = '2026-11-22T03:04:05.679Z';
      });
      await changed('bad-proof.json', 'log.inclusion', (copy) => {
        (copy.publications[0] as Certificate['publications'][number]).inclusionProof[0] = 'ab'.repeat(32);
      });
      await changed(
        'bad-seal.json',
        'seal',
        (copy) => {
          copy.claims.certificateNo = 'TZ-20261122-0000XBCD';
        },
        false,
      );
      await changed('bad-name.json', 'file.path', (copy) => {
        (copy.files[0] as Certificate['files'][number]).entry.sizeBytes = 1;
      });
      await heap('truncated.json', encodeObject(certificate).slice(0, 900));
      await heap('changed.jpg', encodeUtf8('picture 3 but changed'));
      for (const name of ['original-changed.zip', 'manifest-rewritten.zip', 'original-missing.zip']) {
        await heap(name, await readFile(new URL(`packages/bad/${name}`, VECTORS)));
        bad[name] = 'package.manifest';
      }
      await heap('byte-changed.pdf', await readFile(new URL('pdf/bad/byte-changed.pdf', VECTORS)));
      bad['byte-changed.pdf'] = 'pdf.signature';
      policy = await write('office-policy.json', encodeObject({ ...world.policy, blocks }));
    });

    const begin = async (locale: Locale, files = all) => {
      await open('/desk/verify', locale);
      await page.getByRole('button', { name: isZh(locale) ? '选择策略文件' : 'Choose the policy' }).waitFor();
      await choose([policy]);
      await page.locator('section:has(#office-policy-title) .digest').waitFor();
      await choose(files);
    };
    const finished = (locale: Locale) =>
      page.getByText(isZh(locale) ? '全部核验完毕' : 'All done').waitFor({ timeout: 180_000 });
    const rowsShown = () =>
      page
        .locator('.bulk-table tbody tr')
        .evaluateAll((rows) => rows.map((row) => row.getAttribute('data-file') as string));

    for (const locale of LOCALES) {
      it(`verifies ${isZh(locale) ? GOOD : 40} certificates and names what fails among them and why, in ${locale}`, async () => {
        // In one language all of them; in the other those that say something new.
        await begin(locale, isZh(locale) ? all : all.filter((file) => !/certificate-0(?:0[4-9]|1)/.test(file)));
        await finished(locale);
        expect(await page.evaluate('document.activeElement.id')).to.equal('bulk-progress-title');
        const words = isZh(locale)
          ? { attention: /须人工查看 \(/, unusable: /无法读取 \(/, failed: /有未通过项 \(/, details: '详情' }
          : {
              attention: /needs attention \(/,
              unusable: /cannot be read \(/,
              failed: /something failed \(/,
              details: 'Details',
            };
        await page.getByRole('radio', { name: words.failed }).check();
        expect((await rowsShown()).sort()).to.deep.equal(Object.keys(bad).sort());
        for (const [name, check] of Object.entries(bad)) {
          const row = page.locator(`tr[data-file="${name}"]`);
          expect(await row.locator(`[data-failed="${check}"]`).count(), `${name}: ${check}`).to.be.at.least(1);
        }
        await visit.judge('bulk-failed');

        await page.getByRole('radio', { name: words.unusable }).check();
        expect(await rowsShown()).to.deep.equal(['truncated.json']);
        expect(await page.locator('tr[data-file="truncated.json"]').textContent()).to.include('not-json');

        await page.getByRole('radio', { name: isZh(locale) ? /^全部/ : /^all/ }).check();
        const compared = page.locator('tr[data-file="certificate-0003.json"]');
        expect(await compared.locator('[data-question=unchanged]').textContent()).to.include(
          isZh(locale) ? '已证明' : 'proved',
        );
        expect(await compared.textContent())
          .to.include('TZ-20261122-0003ABCD')
          .and.include('北京某某文化有限公司');
        expect(await compared.textContent()).to.include('2026-11-22 11:09:05 +08:00');
        // Its file was not among those dropped: not a failure, and not proved either.
        const alone = page.locator('tr[data-file="certificate-0030.json"]');
        expect(await alone.locator('[data-question=unchanged]').textContent()).to.include(
          isZh(locale) ? '无法核验' : 'could not check',
        );
        await visit.judge('bulk-all');

        await compared.getByRole('button').click();
        await page.locator('.bulk-details .report').waitFor();
        expect(await page.evaluate('document.activeElement.id')).to.equal('bulk-report-title');
        expect(await page.locator('.bulk-details').locator('[id$=panel-since], [id$=panel-before]').count()).to.equal(
          2,
        );
        await visit.judge('bulk-details');
        await page.getByRole('button', { name: isZh(locale) ? '关闭详情' : 'Close the details' }).click();
        expect(await page.evaluate('document.activeElement.getAttribute("aria-label")')).to.include(
          'certificate-0003.json',
        );

        await page.locator('summary', { hasText: isZh(locale) ? '未用到的文件' : 'Files that were not used' }).click();
        expect(await page.locator('.file-list li').allTextContents()).to.deep.equal(['changed.jpg']);
      });
    }

    it('exports what is shown, as a table without formulas and as reports byte for byte', async () => {
      const formula = '=HYPERLINK("http://evil.example","x").json';
      const made = await makeWorld({ sameOperatorAs: world, treeSize: 16, leafIndex: 3 });
      const file = await write(formula.replaceAll('/', '_'), encodeObject(made.certificate));
      await begin('en-US', [file, join(folder, 'truncated.json')]);
      await finished('en-US');
      const [csv] = await Promise.all([
        page.waitForEvent('download'),
        page.getByRole('button', { name: 'Export the table (CSV)' }).click(),
      ]);
      const table = await textOf(csv);
      expect(table.startsWith('\ufeff"File"')).to.equal(true);
      const lines = table.trimEnd().split('\r\n');
      expect(lines).to.have.length(3);
      expect(lines[1]).to.match(/^"'=HYPERLINK\(""http/);
      expect(lines[1]).to.include('"TZ-20261122-4K7Q2M9X"').and.include('"could not check"');
      expect(lines[2]).to.include('not-json');
      const [json] = await Promise.all([
        page.waitForEvent('download'),
        page.getByRole('button', { name: 'Export all reports (JSON)' }).click(),
      ]);
      const text = await textOf(json);
      const { files, policy: digest } = JSON.parse(text) as {
        files: { file: string; report?: object; error?: { code: string } }[];
        policy: string;
      };
      expect(files.map((each) => each.file)).to.deep.equal([formula.replaceAll('/', '_'), 'truncated.json']);
      expect(digest).to.equal(encodeHex(sha256(await readFile(policy))));
      expect(parseReport(encodeObject(files[0]?.report as object)).policy).to.equal(digest);
      expect(files[1]?.error?.code).to.equal('not-json');
    });

    it('holds behind the current file, goes on, stops at once, and verifies the rest, by keyboard', async () => {
      await begin('en-US', all.slice(0, 120));
      const press = async (name: string) => {
        await page.getByRole('button', { name, exact: true }).focus();
        await page.keyboard.press('Enter');
      };
      const counted = async () =>
        Number(/\((\d+)\)/.exec((await page.getByText(/not verified yet \(/).textContent()) ?? '')?.[1]);
      await page.getByRole('button', { name: 'Pause', exact: true }).waitFor();
      await press('Pause');
      await page.getByText('Paused', { exact: true }).waitFor();
      await page.locator('tr[data-state=running]').waitFor({ state: 'detached' });
      const held = await counted();
      expect(held).to.be.greaterThan(0);
      await page.waitForTimeout(500);
      expect(await counted()).to.equal(held);
      await press('Continue');
      await page.getByText('Verifying', { exact: true }).waitFor();
      await press('Stop');
      await page.getByText('Stopped; the rest is not verified').waitFor();
      const left = await counted();
      expect(left).to.be.within(1, held);
      await press('Verify the rest');
      await finished('en-US');
      expect(await counted()).to.equal(0);
    });

    it('keeps the policy for the next time, and forgets it when told to', async () => {
      await begin('en-US', all.slice(0, 1));
      await finished('en-US');
      await page.goto(`${address}/desk/verify`);
      const digest = page.locator('section:has(#office-policy-title) .digest');
      await digest.waitFor();
      expect(await digest.textContent()).to.equal(encodeHex(sha256(await readFile(policy))));
      expect(await page.locator('section:has(#office-policy-title)').textContent()).to.include('office-policy.json');
      await page.getByRole('button', { name: 'Use another policy' }).click();
      await page.getByRole('button', { name: 'Choose the policy' }).waitFor();
      await choose([all[0] as string]);
      await page.getByRole('alert').waitFor();
    });
  });

  describe('requests', () => {
    const ID = '01939f3e-7c1a-7b7e-9d2c-3f1d0e5b8b01';
    const DEPOSIT = '01939f3e-7c1a-7b7e-9d2c-3f1d0e5b8a11';
    const request = (more: object = {}) => ({
      requestId: ID,
      side: 'office',
      account: { accountId: '01939f3e-0000-7b7e-9d2c-3f1d0e5b8a12', name: '权利人甲（北京）文化传媒有限公司' },
      office: { accountId: '01939f3e-0000-7b7e-9d2c-3f1d0e5b8a11', name: '北京市某公证处' },
      matterId: null,
      subject: '展会现场照片的保全核验',
      message: '请核验附列存证，并就核验过程出具公证书。\n对方可能在本月内提出异议。',
      state: 'submitted',
      stateSince: '2026-11-20T03:00:00.000Z',
      deed: null,
      reason: null,
      createdAt: '2026-11-20T03:00:00.000Z',
      depositCount: 1,
      expiresAt: new Date(Date.now() + 2 * 24 * 3600_000).toISOString(),
      ...more,
    });
    const step = (kind: string, more: object = {}) => ({
      ...{ stepId: 1, at: '2026-11-20T03:00:00.000Z', accountId: '01939f3e-0000-7b7e-9d2c-3f1d0e5b8a12' },
      ...{ accountName: '权利人甲', kind, depositId: null, outcome: null, remark: null, ...more },
    });
    /** Checked as the service's own schemas say. */
    const answer = (state: object = {}, steps: object[] = [step('submitted')]) => {
      const detail = { ...request(state), depositIds: [DEPOSIT] };
      service.answers.set(`GET /requests/${ID}`, requestDetailSchema.parse(detail));
      service.answers.set(`GET /requests/${ID}/steps`, stepListSchema.parse({ steps, next: null }));
    };
    let policy: string;
    before(async () => {
      [policy] = (await scratchFiles({ 'office-policy.json': encodeObject(world.policy) })) as [string];
    });
    const press = async (name: string) => {
      await page.getByRole('button', { name, exact: true }).focus();
      await page.keyboard.press('Enter');
    };

    for (const locale of LOCALES) {
      it(`lists what waits, the oldest first, in ${locale}`, async () => {
        const list = {
          requests: [request(), request({ requestId: ID.replace(/1$/, '2'), expiresAt: null, subject: 'B' })],
          next: null,
        };
        service.answers.set('GET /requests', requestListSchema.parse(list));
        await open('/desk', locale);
        await page.locator('[data-request]').first().waitFor();
        expect(await page.locator('nav a[aria-current=page]').textContent()).to.equal(isZh(locale) ? '工作台' : 'Desk');
        const first = (await page.locator('[data-request]').first().textContent()) ?? '';
        expect(first).to.include('权利人甲').and.include('2026-11-20 11:00:00 +08:00');
        expect(first).to.include(isZh(locale) ? '不足三天' : 'less than three days left');
        await visit.judge('desk');
        const asked = page.waitForRequest(/side=office&order=oldest&state=refused/);
        await page.getByLabel(isZh(locale) ? '显示' : 'Show').selectOption('refused');
        await asked;
      });

      it(`shows a request, verifies its deposit here and records that, in ${locale}`, async () => {
        answer();
        service.answers.set(`GET /deposits/${DEPOSIT}/custody`, { count: 0, leaf: null, events: [] });
        await open(`/desk/${ID}`, locale);
        await page.locator('[data-deposit]').waitFor();
        await visit.judge('request');
        const words = isZh(locale)
          ? {
              policy: '选择策略文件',
              open: '打开 存证 1',
              verify: '核验证书',
              record: '记录此结果',
              recorded: '已记录',
              make: '生成报告',
            }
          : {
              ...{ policy: 'Choose the policy', open: 'Open Deposit 1', verify: 'Verify the certificate' },
              ...{ record: 'Record this result', recorded: 'Recorded', make: 'Make the report' },
            };
        await page.getByRole('button', { name: words.policy }).waitFor();
        await choose([policy]);
        await page.locator('section:has(#office-policy-title) .digest').waitFor();
        await page.getByRole('button', { name: words.open, exact: true }).click();
        await page.locator('.opened-deposit h4').first().waitFor();
        expect((await page.locator('.opened-deposit').textContent()) ?? '').to.include('现场照片.jpg');
        await page.getByRole('button', { name: words.verify, exact: true }).click();
        await page.locator('.opened-deposit .report').waitFor();
        expect(await page.evaluate('document.activeElement.id')).to.equal('deposit-1-report-title');
        expect(await page.locator('.opened-deposit').locator('[id$=panel-since], [id$=panel-before]').count()).to.equal(
          2,
        );

        service.answers.set(`POST /deposits/${DEPOSIT}/custody/verifications`, {});
        service.answers.set(`POST /requests/${ID}/steps`, {});
        const verification = page.waitForRequest(`**/deposits/${DEPOSIT}/custody/verifications`);
        const stepped = page.waitForRequest(
          (sent) => sent.url().endsWith(`/requests/${ID}/steps`) && sent.method() === 'POST',
        );
        await press(words.record);
        // Without the files: required, and not checked.
        expect((await verification).postDataJSON()).to.deep.equal({
          conclusion: 'incomplete',
          sha256: digestOf(world.certificate),
        });
        const { remark, ...told } = (await stepped).postDataJSON() as { remark: string };
        expect(told).to.deep.equal({ kind: 'package-verified', depositId: DEPOSIT, outcome: 'not-checked' });
        expect(remark)
          .to.include(digestOf(world.certificate))
          .and.include(encodeHex(sha256(encodeObject(world.policy))));
        await page.getByText(words.recorded, { exact: true }).waitFor();
        await visit.judge('request-verified');

        service.answers.set('POST /verification-reports', encodeUtf8('%PDF-1.7'));
        await page.getByLabel(isZh(locale) ? '签署人姓名' : 'Name of the signatory').fill('张公证');
        const ordered = page.waitForRequest('**/verification-reports');
        const [download] = await Promise.all([page.waitForEvent('download'), press(words.make)]);
        expect(download.suggestedFilename()).to.match(/^verification-report-.*\.pdf$/);
        const order = (await ordered).postDataJSON() as {
          requestId: string;
          policy: object;
          items: { report: object }[];
          signatory: object;
        };
        expect(order.requestId).to.equal(ID);
        expect(order.signatory).to.deep.equal({ name: '张公证', capacity: null });
        expect(encodeHex(sha256(encodeObject(order.policy)))).to.equal(encodeHex(sha256(encodeObject(world.policy))));
        expect(parseReport(encodeObject(order.items[0]?.report as object)).subject.digest).to.equal(
          digestOf(world.certificate),
        );
      });

      it(`accepts, and enters the deed by a digest computed here, by keyboard, in ${locale}`, async () => {
        answer();
        await open(`/desk/${ID}`, locale);
        const words = isZh(locale)
          ? { accept: '受理', issue: '登记公证书', no: '公证书编号', now: '确认登记', after: '办理中' }
          : {
              ...{ accept: 'Accept', issue: 'Enter the deed', no: 'Number of the deed', now: 'Enter it' },
              after: 'accepted',
            };
        const path = `POST /requests/${ID}/decision`;
        service.answers.set(
          path,
          requestDetailSchema.parse({ ...request({ state: 'accepted' }), depositIds: [DEPOSIT] }),
        );
        const accepted = page.waitForRequest(`**/requests/${ID}/decision`);
        await page.getByRole('button', { name: words.accept, exact: true }).waitFor();
        answer({ state: 'accepted' }, [
          step('submitted'),
          step('accepted', { stepId: 2, accountName: '北京市某公证处' }),
        ]);
        await press(words.accept);
        expect((await accepted).postDataJSON()).to.deep.equal({ state: 'accepted' });
        await page.locator('[data-state=accepted]').waitFor();
        await page.locator('section:focus').waitFor();
        await press(words.issue);
        await page.locator('h3:focus').waitFor();
        await page.getByLabel(words.no).fill('(2026)京某证经字第123号');
        const deed = encodeUtf8('the deed');
        await page.locator('form input[data-choose=files]').setInputFiles({
          ...{ name: '公证书.pdf', mimeType: 'application/pdf', buffer: Buffer.from(deed) },
        });
        await page.locator('form .digest').waitFor();
        await visit.judge('deed');
        const deeded = { deedNo: '(2026)京某证经字第123号', sha256: encodeHex(sha256(deed)) };
        answer({ state: 'deed-issued', deed: deeded });
        const issued = page.waitForRequest(`**/requests/${ID}/decision`);
        await press(words.now);
        expect((await issued).postDataJSON()).to.deep.equal({
          state: 'deed-issued',
          deedNo: deeded.deedNo,
          deedSha256: deeded.sha256,
        });
        await page.locator('[data-state=deed-issued]').waitFor();
        await visit.judge('request-done');
      });
    }

    it('is refused with a reason, after saying what that ends', async () => {
      answer();
      await open(`/desk/${ID}`);
      await page.getByRole('button', { name: 'Refuse' }).click();
      expect(await page.locator('form').filter({ hasText: 'cannot be undone' }).count()).to.equal(1);
      await page.getByLabel('Reason').fill('存在争议');
      service.answers.set(
        `POST /requests/${ID}/decision`,
        new MatterError('request-ended', 'the request is withdrawn'),
      );
      await page.getByRole('form', { name: 'Refuse' }).getByRole('button', { name: 'Refuse' }).click();
      expect(await page.getByRole('alert').textContent()).to.include('request-ended');
    });

    it('tells whose request it is not that there is none', async () => {
      service.answers.set(`GET /requests/${ID}`, new MatterError('request-not-found', 'you have no such request'));
      await open(`/desk/${ID}`);
      expect(await page.getByRole('alert').textContent()).to.include('request-not-found');
    });
  });
});
