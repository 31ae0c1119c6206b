import { execFile } from 'node:child_process';
import { mkdtemp, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { expect } from 'chai';
import { parseInspection } from '../../src/format/inspection.ts';
import { type EvidenceWorld, encodeObject, makeWorld } from '../support/evidence-world.ts';
import { makeHandOver, type Telling } from '../support/hand-over-evidence.ts';
import { scratchFolder } from './browser.ts';
import { builtPages } from './built-pages.ts';
import { LOCALES, type Locale, Visit } from './visit.ts';

describe('verify.html with the receipt of a hand-over', function () {
  this.timeout(120_000);
  let file: string;
  let world: EvidenceWorld;
  before(async () => {
    file = join(await builtPages(), 'verify.html');
    world = await makeWorld();
  });

  const verified = async (paths: string[], locale: Locale = 'en-US') => {
    const visit = await Visit.begin({ locale, offline: true });
    const page = await visit.open(pathToFileURL(file).href);
    await page.locator('input[data-choose=files]').first().setInputFiles(paths);
    await page.getByRole('button', { name: /^(Verify|开始核验)$/, disabled: false }).click();
    await page.locator('.report').waitFor();
    return visit;
  };

  for (const locale of LOCALES) {
    it(`answers in ${locale} what both said and what holds it`, async () => {
      const saved = await save(world);
      const visit = await verified([saved.receipt, saved.policy, saved.custody, ...saved.files], locale);
      const report = (await visit.page.locator('.report').textContent()) ?? '';
      expect(await visit.page.locator('.check[data-check="custody.handOver"]').getAttribute('data-status')).to.equal(
        'passed',
      );
      expect(await visit.page.locator('.check[data-check="custody.events"]').getAttribute('data-status')).to.equal(
        'passed',
      );
      expect(report).to.contain(
        locale === 'zh-CN'
          ? '由持有一次性链接的人确认，姓名由其自填'
          : 'by whoever held the one-time link, under the name',
      );
      expect(report).to.contain('书记员 某某').and.to.contain('某某法院 知识产权庭');
      expect(report).not.to.contain(locale === 'zh-CN' ? '不是本平台出具' : 'not of our making');
      await visit.judge('verify-hand-over');
    });
  }

  it('says that only the giver has spoken where nobody confirmed', async () => {
    const saved = await save(world, { taken: null, given: { expiresAt: '2036-12-23T07:00:00.000Z' } });
    const visit = await verified([saved.receipt, saved.policy, ...saved.files], 'zh-CN');
    expect(await visit.page.locator('.conclusion').textContent()).to.contain('只有移交人的陈述：移交尚待接收人确认');
    await visit.judge('verify-hand-over-open');
  });

  it('saves the same bytes as the command prints', async () => {
    const saved = await save(world);
    const { page } = await verified([saved.receipt, saved.policy, saved.custody, ...saved.files]);
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('button', { name: 'Download the report' }).click(),
    ]);
    const bytes = await readFile(await download.path());
    expect(parseInspection(bytes).subject.kind).to.equal('hand-over');
    const command = fileURLToPath(new URL('../../bin/tiezheng.mjs', import.meta.url));
    const run = async (...args: string[]) =>
      (await promisify(execFile)(process.execPath, [command, 'verify', saved.receipt, ...args])).stdout;
    const beside = [...saved.files, '--policy', saved.policy];
    expect(bytes.toString('utf8')).to.equal(await run(saved.custody, ...beside, '--json'));
    expect(bytes.toString('utf8')).to.equal(await run('--custody', saved.custody, ...beside, '--json'));
    expect(await run(saved.custody, ...beside)).to.contain('whoever held the one-time link');
  });
});

async function save(world: EvidenceWorld, telling: Telling = {}) {
  const folder = await mkdtemp(join(await scratchFolder(), 'hand-over-'));
  const put = async (name: string, bytes: Uint8Array) => {
    await writeFile(join(folder, name), bytes);
    return join(folder, name);
  };
  const { receipt, custody } = await makeHandOver(world, telling);
  return {
    receipt: await put('hand-over.json', encodeObject(await world.reseal(receipt))),
    custody: await put('custody.json', encodeObject(await world.reseal(custody))),
    policy: await put('policy.json', encodeObject(world.policy)),
    files: await Promise.all(world.files.slice(0, 2).map(({ name, bytes }) => put(name, bytes))),
  };
}
