import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { openAsBlob } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { BlobReader, Uint8ArrayWriter, ZipReader } from '@zip.js/zip.js';
import { expect } from 'chai';
import type { Browser } from 'playwright-core';
import sharp from 'sharp';
import { parseReport, type Report } from '../src/format/report.ts';
import { RunningService } from './resilience/running-service.ts';
import { launchChromium } from './web/browser.ts';

const run = promisify(execFile);
const BIN = new URL('../bin/tiezheng.mjs', import.meta.url).pathname;

interface Outcome {
  code: number;
  stdout: string;
  stderr: string;
}

/** The command line as a person runs it. */
async function tiezheng(...args: string[]): Promise<Outcome> {
  try {
    const { stdout, stderr } = await run(process.execPath, [BIN, ...args], { maxBuffer: 64 << 20 });
    return { code: 0, stdout, stderr };
  } catch (error) {
    const { code, stdout, stderr } = error as Outcome;
    return { code, stdout, stderr };
  }
}

/** A photograph with camera data, a screenshot and a text: small, but of the real formats. */
async function makeFiles(folder: string): Promise<string[]> {
  const noise = randomBytes(640 * 480 * 3);
  const picture = sharp(noise, { raw: { width: 640, height: 480, channels: 3 } });
  const photo = await picture
    .clone()
    .withExif({ IFD0: { Make: 'Maker', Model: 'Camera' } })
    .jpeg()
    .toBuffer();
  const files: [string, Uint8Array][] = [
    ['现场 photo.jpg', photo],
    ['screenshot.png', await picture.clone().png().toBuffer()],
    ['对话记录.txt', Buffer.from('第一行\nsecond line\n')],
  ];
  return Promise.all(
    files.map(async ([name, bytes]) => {
      const path = join(folder, name);
      await writeFile(path, bytes);
      return path;
    }),
  );
}

async function fileInPackage(zip: string, path: string): Promise<Uint8Array> {
  const reader = new ZipReader(new BlobReader(await openAsBlob(zip)), { useWebWorkers: false });
  for (const entry of await reader.getEntries()) {
    if (entry.filename === path && !entry.directory) return entry.getData(new Uint8ArrayWriter());
  }
  throw new Error(`${path} is not in ${zip}`);
}

describe('the main job', function () {
  this.timeout(240_000);
  let service: RunningService;
  let folder: string;
  let policy: string;
  let files: string[];
  const out = (name: string) => join(folder, 'out', name);
  const report = async (...args: string[]): Promise<{ code: number; report: Report }> => {
    const { code, stdout, stderr } = await tiezheng('verify', ...args, '--json');
    expect(stdout, stderr).to.not.equal('');
    return { code, report: parseReport(Buffer.from(stdout)) };
  };

  before(async () => {
    service = await RunningService.create();
    await service.start();
    await service.ready();
    folder = service.folder;
    await mkdir(join(folder, 'files'));
    files = await makeFiles(join(folder, 'files'));
    const deposited = await tiezheng(
      ...['deposit', ...files, '--title', '展会现场', '--wait', '--json'],
      ...['--data', service.data, '--out', join(folder, 'out')],
    );
    expect(deposited.code, deposited.stderr).to.equal(0);
    policy = join(folder, 'policy.json');
    // The reader's copy, taken while the service ran.
    await writeFile(policy, await service.policy());
    const audited = await tiezheng('audit', '--data', service.data, '--json');
    expect(audited.code, audited.stdout).to.equal(0);
    await service.stop();
  });
  after(() => service?.close());

  it('gives a package that stands offline, the service being gone, under the policy that names it', async () => {
    const { code, report: found } = await report(out('package.zip'), '--policy', policy);
    expect(found.unmet).to.deep.equal([]);
    expect(code).to.equal(0);
    expect(found.evaluation).to.equal(true);
    const passed = found.since.filter((c) => c.status === 'passed').map((c) => c.name);
    expect(passed).to.include.members([
      'seal',
      'evm.receipt',
      'evm.notBefore',
      'pdf.signature',
      'pdf.matches',
      'package.manifest',
      'package.extra',
      'time.bracket',
    ]);
    expect(found.since.filter((c) => c.name === 'file.sm3' && c.status === 'passed')).to.have.length(3);
    expect(found.times.notBefore).to.not.equal(null);
  });

  it('ends with 2 without a policy: nobody outside vouches for it', async () => {
    const { code, report: found } = await report(out('package.zip'));
    expect(code).to.equal(2);
    expect(found.conclusion).to.equal('no-policy');
  });

  it('checks certificate and PDF against the files at hand', async () => {
    expect((await report(out('certificate.json'), ...files, '--policy', policy)).code).to.equal(0);
    expect((await report(out('certificate.pdf'), files[0] as string, '--policy', policy)).code).to.equal(0);
    const altered = join(folder, 'altered.jpg');
    const bytes = await readFile(files[0] as string);
    bytes[1000] = (bytes[1000] as number) ^ 1;
    await writeFile(altered, bytes);
    const { code, report: found } = await report(out('certificate.json'), altered, '--policy', policy);
    expect(code).to.equal(1);
    expect(found.since.filter((c) => c.status === 'failed').map((c) => c.name)).to.deep.equal(['file.sha256']);
  });

  it('says that a receipt is in the log and still awaits its proof from outside', async () => {
    const { code, report: found } = await report(out('receipt.json'), ...files, '--policy', policy);
    expect(code).to.equal(2);
    expect(found.since.find((c) => c.name === 'log.inclusion')?.status).to.equal('passed');
    expect(found.since.find((c) => c.name === 'evm.receipt')?.status).to.equal('pending');
  });

  it('answers unusable input with 3 and a code', async () => {
    const cases: [string[], string][] = [
      [['verify', files[0] as string], 'evidence-unknown'],
      [['verify', join(folder, 'absent.json')], 'file-unreadable'],
      [['verify', out('package.zip'), '--policy', out('receipt.json')], 'unknown-type'],
      [['verify', out('package.zip'), '--trusted-block', '0x12'], 'option-invalid'],
      [['deposit', files[0] as string, '--data', join(folder, 'nowhere')], 'service-unknown'],
      [['deposit', files[0] as string, '--url', 'http://127.0.0.1:9'], 'service-unreachable'],
      [['no-such-command'], 'unknown command'],
    ];
    for (const [args, code] of cases) {
      const outcome = await tiezheng(...args);
      expect(outcome.code, args.join(' ')).to.equal(3);
      expect(outcome.stderr).to.contain(code);
    }
  });

  it('names every missing setting when it is started for production without them', async () => {
    const { code, stderr } = await tiezheng('serve');
    expect(code).to.equal(3);
    for (const setting of ['setting-missing', 'DATABASE_URL', 'TIEZHENG_LOG_KEY_FILE', 'TIEZHENG_CHAINS_FILE']) {
      expect(stderr).to.contain(setting);
    }
  });

  it('forged whole by another service, does not pass under our policy, which says what trust is missing', async () => {
    const forger = await RunningService.create();
    try {
      await forger.start();
      await forger.ready();
      const forged = join(forger.folder, 'out');
      const deposited = await tiezheng('deposit', ...files, '--wait', '--data', forger.data, '--out', forged);
      expect(deposited.code, deposited.stderr).to.equal(0);
      const { code, report: found } = await report(join(forged, 'package.zip'), '--policy', policy);
      expect(code).to.equal(2);
      const untrusted = found.since.filter((c) => c.status === 'not-checked' && c.because === 'untrusted-key');
      const names = ['seal', 'log.origin', 'log.signature', 'rfc3161', 'evm.contract', 'status', 'custody.chain'];
      expect(untrusted.map((c) => c.name)).to.deep.equal(names);
      expect(found.since.find((c) => c.name === 'evm.canonical')).to.deep.include({ because: 'offline' });
      expect(found.times.notAfter).to.equal(null);
    } finally {
      await forger.close();
    }
  });

  describe('verify.html taken out of the package and opened from disk', () => {
    let browser: Browser;
    before(async () => {
      browser = await launchChromium();
    });
    after(() => browser?.close());

    it('gives the report of the command line, byte for byte, with the network cut', async () => {
      const context = await browser.newContext({ offline: true, acceptDownloads: true });
      const page = await context.newPage();
      const requests: string[] = [];
      page.on('request', (request) => requests.push(request.url()));
      const verifier = join(folder, 'verify.html');
      await writeFile(verifier, await fileInPackage(out('package.zip'), 'data/verify.html'));
      await page.goto(pathToFileURL(verifier).href);
      await page
        .locator('input[data-choose=files]')
        .nth(0)
        .setInputFiles([out('package.zip'), policy]);
      await page.getByRole('button', { name: /^(Verify|开始核验)$/ }).click();
      await page.locator('.report').waitFor();
      const [download] = await Promise.all([
        page.waitForEvent('download'),
        page.getByRole('button', { name: /^(下载报告|Download)/ }).click(),
      ]);
      const { stdout } = await tiezheng('verify', out('package.zip'), '--policy', policy, '--json');
      expect(await readFile(await download.path(), 'utf8')).to.equal(stdout);
      expect(requests.filter((url) => !url.startsWith('blob:'))).to.deep.equal([pathToFileURL(verifier).href]);
      await context.close();
    });
  });
});
