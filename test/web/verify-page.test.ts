import { execFile } from 'node:child_process';
import { createHash, generateKeyPairSync, randomBytes } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { mkdir, mkdtemp, readFile, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { basename, join } from 'node:path';
import { Readable, Writable } from 'node:stream';
import type { WritableStream } from 'node:stream/web';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { expect } from 'chai';
import type { Page } from 'playwright-core';
import { makeEvaluationSeal } from '../../src/certificate/evaluation-seal.ts';
import { renderCertificatePdf } from '../../src/certificate/pdf.ts';
import { Sealer } from '../../src/certificate/sealer.ts';
import { sealingKeyFromPem } from '../../src/certificate/sealing-key.ts';
import { signPdf } from '../../src/certificate/sign-pdf.ts';
import { writePackage } from '../../src/filing/package.ts';
import { encodeBase64 } from '../../src/format/bytes.ts';
import { parseInspection } from '../../src/format/inspection.ts';
import { encodeJson, type JsonValue } from '../../src/format/json.ts';
import { encodeNoteKey } from '../../src/format/note.ts';
import { chainOf, encodeDetachedTimestamp } from '../../src/format/opentimestamps.ts';
import { parseReport } from '../../src/format/report.ts';
import { encodeTlogProof } from '../../src/format/tlog-proof.ts';
import { leafHash } from '../../src/merkle/hash.ts';
import { NO_MATERIAL } from '../../src/verify/timestamp.ts';
import { openTrust } from '../../src/verify/trust.ts';
import { verifyCertificate } from '../../src/verify/verify.ts';
import { StandInBitcoin } from '../support/bitcoin-chain.ts';
import { bagOf, zipOf } from '../support/desk.ts';
import { type EvidenceWorld, encodeObject, makeWorld, signCheckpoint } from '../support/evidence-world.ts';
import { digestsOf } from '../support/file-digests.ts';
import { makeResponse, makeTimestampWorld, makeToken } from '../support/timestamp-world.ts';
import { authority, NOBODY } from '../support/trust-policy.ts';
import { expectAccessible } from './accessibility.ts';
import { scratchFolder } from './browser.ts';
import { buildPages, builtPages } from './built-pages.ts';
import { type Locale, Visit } from './visit.ts';

describe('verify.html', function () {
  this.timeout(120_000);
  let file: string;
  before(async () => {
    file = join(await builtPages(), 'verify.html');
  });

  let visit: Visit;
  let page: Page;
  let requests: string[];
  const open = async (locale: Locale = 'en-US') => {
    visit = await Visit.begin({ locale, offline: true });
    page = visit.page;
    requests = [];
    page.on('request', (request) => requests.push(request.url()));
    await visit.open(pathToFileURL(file).href);
  };

  const choose = (place: 'subject' | 'originals' | 'policy', files: string[]) =>
    page
      .locator('input[data-choose=files]')
      .nth(['subject', 'originals', 'policy'].indexOf(place))
      .setInputFiles(files);
  const verify = async () => {
    await page.getByRole('button', { name: /^(Verify|开始核验)$/ }).click();
    await page.locator('.report').first().waitFor();
  };
  /** `name status` of every check in a panel. */
  const checks = (panel: 'since' | 'before') =>
    page
      .locator(`section:has(> #panel-${panel}) .check`)
      .evaluateAll((rows) => rows.map((row) => `${row.getAttribute('data-check')} ${row.getAttribute('data-status')}`));

  describe('opened from disk without a network', () => {
    it('requests nothing but itself while it verifies a whole deposit', async () => {
      await open();
      const saved = await saveWorld(await makeWorld());
      await choose('subject', [saved.certificate, saved.policy, ...saved.files]);
      await verify();
      expect(await page.locator('.conclusion p').first().textContent()).to.contain('All that the policy requires');
      expect(await checks('since')).to.include.members([
        'seal passed',
        'file.sha256 passed',
        'file.sm3 passed',
        'log.inclusion passed',
        'evm.canonical passed',
        'time.bracket passed',
      ]);
      expect((await checks('since')).filter((check) => check.endsWith('failed'))).to.deep.equal([]);
      expect(await checks('before')).to.include('before.receipt-to-proof not-checked');
      // The worker's script comes out of the page's own memory (blob:).
      expect(requests.filter((url) => !url.startsWith('blob:'))).to.deep.equal([pathToFileURL(file).href]);
    });

    it('may not send anything, even if something in it tried', async () => {
      let reached = 0;
      const server = createServer((_req, res) => {
        reached++;
        res.end();
      });
      const address = await listen(server);
      try {
        await open();
        await visit.context.setOffline(false);
        const outcomes = (await page.evaluate(`(async () => {
          const picture = new Promise((resolve) => {
            const image = new Image();
            image.onload = () => resolve('loaded');
            image.onerror = () => resolve('refused');
            image.src = '${address}/picture';
          });
          const fetched = await fetch('${address}/fetch', { mode: 'no-cors' }).then(() => 'sent', () => 'refused');
          navigator.sendBeacon('${address}/beacon', 'x');
          return { fetched, picture: await picture };
        })()`)) as { fetched: string; picture: string };
        expect(outcomes.fetched).to.equal('refused');
        expect(outcomes.picture).to.equal('refused');
        expect(reached).to.equal(0);
      } finally {
        server.close();
      }
    });

    it('runs no script but its own', async () => {
      await open();
      const ran = await page.evaluate(`(() => {
        const script = document.createElement('script');
        script.textContent = 'window.strangerRan = true';
        document.body.append(script);
        return window.strangerRan === true;
      })()`);
      expect(ran).to.equal(false);
    });

    it('prints the SHA-256 of its own file', async () => {
      await open();
      const saved = await saveWorld(await makeWorld());
      await choose('subject', [saved.certificate]);
      await verify();
      const digest = createHash('sha256')
        .update(await readFile(file))
        .digest('hex');
      expect(await page.locator('.report .facts .digest').allTextContents()).to.include(digest);
      expect(await readFile(`${file}.sha256`, 'utf8')).to.equal(`${digest}  verify.html\n`);
    });
  });

  describe('with the same input and policy as another place where the verifier runs', () => {
    it('saves the same report, byte for byte', async () => {
      await open('zh-CN');
      const world = await makeWorld();
      const saved = await saveWorld(world);
      await choose('subject', [saved.certificate, saved.policy, ...saved.files]);
      await verify();
      const [download] = await Promise.all([
        page.waitForEvent('download'),
        page.getByRole('button', { name: /^下载报告/ }).click(),
      ]);
      const bytes = await readFile(await download.path());
      expect(parseReport(bytes).conclusion).to.equal('required-passed');
      const trust = openTrust(Buffer.from(JSON.stringify(world.policy)), [], undefined);
      const presented = world.files.map(({ bytes: b }) => ({ sizeBytes: b.length, ...digestsOf(b) }));
      const elsewhere = await verifyCertificate(encodeObject(world.certificate), presented, trust);
      expect(bytes.equals(encodeJson(elsewhere as unknown as JsonValue))).to.equal(true);
    });
  });

  describe('in a browser that starts no worker', () => {
    it('computes the digests in the page itself', async () => {
      await open();
      await page.addInitScript('window.Worker = class { constructor() { throw new Error("refused"); } }');
      await page.reload();
      const saved = await saveWorld(await makeWorld());
      await choose('subject', [saved.certificate, saved.policy, ...saved.files]);
      await verify();
      expect(await checks('since')).to.include.members(['file.sha256 passed', 'file.sm3 passed']);
    });
  });

  describe('with bad evidence', () => {
    it('names the digests that differ', async () => {
      await open();
      const world = await makeWorld({ files: [{ name: 'photo.jpg', bytes: randomBytes(5_000_000) }] });
      const saved = await saveWorld(world);
      const changed = Buffer.from(world.files[0]?.bytes ?? []);
      changed[4_200_000] = (changed[4_200_000] as number) ^ 1;
      await writeFile(saved.files[0] as string, changed);
      await choose('subject', [saved.certificate, saved.policy]);
      await choose('originals', saved.files);
      await verify();
      expect(await checks('since')).to.include.members(['file.size passed', 'file.sha256 failed', 'file.sm3 failed']);
      expect(await page.locator('.conclusion p').first().textContent()).to.contain('At least one check failed');
    });

    it('names the seal that no longer fits a changed certificate', async () => {
      await open();
      const world = await makeWorld();
      const saved = await saveWorld({
        ...world,
        certificate: {
          ...world.certificate,
          claims: { ...world.certificate.claims, issuedAt: '2020-01-01T00:00:00.000Z' },
        },
      });
      await choose('subject', [saved.certificate, saved.policy, ...saved.files]);
      await verify();
      expect(await checks('since')).to.include('seal failed');
    });

    it('trusts nobody when a stranger forged everything', async () => {
      await open();
      const [ours, forged] = [await saveWorld(await makeWorld()), await saveWorld(await makeWorld())];
      await choose('subject', [forged.certificate, ours.policy, ...forged.files]);
      await verify();
      expect(await checks('since')).to.include.members([
        'seal not-checked',
        'log.signature not-checked',
        'evm.canonical not-checked',
      ]);
      expect(await page.locator('.conclusion p').first().textContent()).to.contain('something required');
    });
  });

  describe('without a policy', () => {
    it('says that nobody outside vouches for it', async () => {
      await open();
      const saved = await saveWorld(await makeWorld());
      await choose('subject', [saved.certificate, ...saved.files]);
      await verify();
      expect(await page.locator('.conclusion p').first().textContent()).to.contain('nobody outside vouches');
      expect(await checks('since')).to.include('file.sha256 passed');
    });
  });

  describe('with a block hash that the reader confirmed himself', () => {
    it('uses that block', async () => {
      await open();
      const world = await makeWorld();
      const attestation = world.certificate.publications[0]?.attestations[0];
      if (attestation?.type !== 'evm') throw new Error('the world has an anchor');
      const saved = await saveWorld({ ...world, policy: { ...world.policy, blocks: [] } });
      await choose('subject', [saved.certificate, saved.policy, ...saved.files]);
      await verify();
      expect(await checks('since')).to.include('evm.canonical not-checked');
      const field = page.getByLabel('Block hashes that I confirmed myself (optional)');
      await field.fill('0x1234');
      expect(await page.locator('.field-error').textContent()).to.contain('0x1234');
      expect(await page.getByRole('button', { name: 'Verify' }).isDisabled()).to.equal(true);
      await field.fill(attestation.blockHash.toUpperCase().replace('0X', '0x'));
      expect(await page.getByText('The input has changed').first().isVisible()).to.equal(true);
      await verify();
      await page.locator('.check[data-check="evm.canonical"][data-status=passed]').waitFor();
    });
  });

  describe('with a policy that knows none of the blocks', () => {
    it('lists the blocks to confirm, and uses those that the reader says he confirmed', async () => {
      await open();
      const world = await makeWorld();
      const saved = await saveWorld({ ...world, policy: { ...world.policy, blocks: [] } });
      await choose('subject', [saved.certificate, saved.policy, ...saved.files]);
      await verify();
      const blocks = page.locator('.confirm-blocks li');
      expect(await blocks.count()).to.equal(2);
      expect(await blocks.allTextContents().then((rows) => rows.join())).to.contain('eip155:1 block 120 0x');
      for (const button of await page.getByRole('button', { name: /^I have confirmed it/ }).all()) await button.click();
      await verify();
      await page.locator('.check[data-check="time.bracket"][data-status=passed]').waitFor();
      expect(await page.locator('.conclusion p').first().textContent()).to.contain('All that the policy requires');
      expect(await blocks.count()).to.equal(0);
    });
  });

  describe('with a package', () => {
    it('verifies certificate, paper and originals straight from the ZIP', async () => {
      await open();
      const saved = await savePackage();
      await choose('subject', [saved.zip, saved.policy]);
      await verify();
      expect(await checks('since')).to.include.members([
        'package.manifest passed',
        'package.extra passed',
        'pdf.signature passed',
        'pdf.matches passed',
        'file.sha256 passed',
        'file.sm3 passed',
      ]);
      expect(await page.locator('.conclusion p').first().textContent()).to.contain('All that the policy requires');
      expect(requests.filter((url) => !url.startsWith('blob:'))).to.deep.equal([pathToFileURL(file).href]);
    });

    it('refuses one whose bytes were changed after it was made', async () => {
      await open();
      const saved = await savePackage();
      const zip = await readFile(saved.zip);
      // Originals are stored, not compressed: this is a byte of the photograph, which the ZIP's own checksum covers.
      const at = zip.indexOf(saved.photo.subarray(1000, 1100));
      zip[at] = (zip[at] as number) ^ 1;
      await writeFile(saved.zip, zip);
      await choose('subject', [saved.zip, saved.policy]);
      await page.getByRole('button', { name: 'Verify' }).click();
      await page.getByRole('alert').waitFor();
      expect(await page.getByRole('alert').textContent()).to.contain('package-unreadable');
    });

    it('takes a paper certificate and tells it from a PDF that is evidence', async () => {
      await open();
      const saved = await savePackage();
      await choose('subject', [saved.paper, saved.policy, saved.evidence]);
      await page.getByText('certificate.pdf').waitFor();
      expect(await page.locator('.file-list').textContent()).to.contain('evidence.pdf');
      await verify();
      expect(await checks('since')).to.include.members(['pdf.signature passed', 'pdf.matches passed']);
    });
  });

  describe('with things of others', () => {
    const download = async (report: number) => {
      const [saved] = await Promise.all([
        page.waitForEvent('download'),
        page
          .getByRole('button', { name: /^(Download the report|下载报告)/ })
          .nth(report)
          .click(),
      ]);
      return readFile(await saved.path());
    };

    it('saves the same bytes as the command prints, for every kind, and requests nothing', async () => {
      const others = await saveOthers();
      await open();
      for (const [kind, thing, ...files] of others.things) {
        await page.reload();
        await choose('subject', [thing, others.policy]);
        if (files.length > 0) await choose('originals', files);
        await verify();
        const bytes = await download(0);
        expect(parseInspection(bytes).subject.kind).to.equal(kind);
        const args = ['verify', thing, ...files, '--policy', others.policy, '--json'];
        expect(bytes.toString('utf8'), kind).to.equal(await commandOutput(args));
      }
      expect(requests.filter((url) => !/^(?:blob:|file:)/.test(url))).to.deep.equal([]);
    });

    it('holds things dropped together against each other, and reports on each', async () => {
      await open();
      const { things, policy } = await saveOthers();
      const [token, ots, log, pdf, zip] = things.map(([, path]) => path) as [string, string, string, string, string];
      const file = things[0]?.[2] as string;
      await choose('subject', [zip, pdf, log, ots, token, file, policy]);
      await page.getByText('contract.txt').waitFor();
      await verify();
      const titles = await page.locator('.report h2').allTextContents();
      expect(titles.map((title) => title.replace(/^.* · /, ''))).to.have.members(
        [token, ots, log, pdf, zip].map((path) => basename(path)),
      );
      expect(await page.locator('.check[data-check="file.digest"][data-status=passed]').count()).to.equal(2);
      expect(await page.locator('.check[data-check="log.entry"][data-status=passed]').count()).to.equal(1);
      expect(await page.locator('.check[data-status=failed]').count()).to.equal(0);
      const ids = await page.locator('[id]').evaluateAll((elements) => elements.map((element) => element.id));
      expect(new Set(ids).size).to.equal(ids.length);
      await expectAccessible(page);
    });

    it('names the digest that a proof looks for, and what would settle it', async () => {
      await open('zh-CN');
      const { things, policy } = await saveOthers();
      await choose('subject', [things[1]?.[1] as string, policy]);
      await verify();
      const summary = (await page.locator('.conclusion').textContent()) ?? '';
      expect(summary).to.contain(digestsOf(OTHERS_FILE).sha256).and.to.contain('怎样解决');
      await expectAccessible(page);
    });
  });

  describe('with a policy that an office has signed', () => {
    it('takes it together with the certificate of the signer whom the reader names', async () => {
      await open();
      const world = await makeWorld();
      const saved = await saveWorld(world);
      const signed = await world.sealer.seal({
        type: 'tiezheng/signed-policy/v1',
        issuer: 'An office',
        name: 'policy',
        serial: 1,
        issuedAt: '2026-11-22T03:00:00.000Z',
        expiresAt: '2036-11-22T03:00:00.000Z',
        policy: world.policy,
        seals: [],
      } as never);
      const folder = await mkdtemp(join(await scratchFolder(), 'office-'));
      const [policy, signer] = [join(folder, 'policy.signed.json'), join(folder, 'office.der')];
      await writeFile(policy, encodeObject(signed));
      await writeFile(signer, world.sealer.certificateChain[0] as Uint8Array);
      await choose('subject', [saved.certificate, ...saved.files]);
      await choose('policy', [policy]);
      await page.getByRole('button', { name: 'Verify' }).click();
      await page.getByRole('alert').waitFor();
      expect(await page.getByRole('alert').textContent()).to.contain('policy-signer-missing');
      await choose('policy', [policy, signer]);
      await verify();
      expect(await page.locator('.conclusion p').first().textContent()).to.contain('All that the policy requires');
    });
  });

  describe('with a receipt', () => {
    it('shows what is still to come as pending', async () => {
      await open();
      const saved = await saveWorld(await makeWorld());
      await choose('subject', [saved.receipt, saved.policy, ...saved.files]);
      await verify();
      expect(await checks('since')).to.include.members(['log.inclusion passed', 'evm.receipt pending']);
    });
  });

  describe('with an evaluation', () => {
    it('says so above the report', async () => {
      await open('zh-CN');
      const saved = await saveWorld(await makeWorld({ evaluation: true }));
      await choose('subject', [saved.certificate, saved.policy, ...saved.files]);
      await verify();
      expect(await page.locator('.report .evaluation-banner').textContent()).to.contain('不得作为证据使用');
    });
  });

  describe('with something that is no document', () => {
    it('says so with its code', async () => {
      await open();
      const folder = await mkdtemp(join(await scratchFolder(), 'input-'));
      await writeFile(join(folder, 'holiday.txt'), 'sun');
      await choose('subject', [join(folder, 'holiday.txt')]);
      const alert = page.getByRole('alert');
      await alert.waitFor();
      expect(await alert.textContent()).to.contain('not-a-document');
    });

    it("shows the parser's code for a certificate in another spelling", async () => {
      await open();
      const world = await makeWorld();
      const saved = await saveWorld(world);
      await writeFile(saved.certificate, JSON.stringify(world.certificate, null, 2));
      await choose('subject', [saved.certificate]);
      await page.getByRole('button', { name: 'Verify' }).click();
      await page.getByRole('alert').waitFor();
      expect(await page.getByRole('alert').textContent()).to.contain('not-canonical');
    });
  });

  describe('for someone without a mouse', () => {
    it('goes from the first file to the report by keyboard alone', async () => {
      await open();
      const saved = await saveWorld(await makeWorld());
      const tabTo = async (name: string) => {
        for (let i = 0; i < 30; i++) {
          await page.keyboard.press('Tab');
          const focused = page.locator(':focus');
          if ((await focused.count()) > 0 && (await focused.textContent())?.trim() === name) return;
        }
        throw new Error(`no focus on ${name}`);
      };
      await tabTo('Choose files');
      const outline = await page.evaluate('getComputedStyle(document.activeElement).outlineStyle');
      expect(outline).to.equal('solid');
      const [chooser] = await Promise.all([page.waitForEvent('filechooser'), page.keyboard.press('Enter')]);
      await chooser.setFiles([saved.certificate, saved.policy, ...saved.files]);
      await page.getByRole('button', { name: 'Verify', disabled: false }).waitFor();
      await tabTo('Verify');
      await page.keyboard.press('Enter');
      await page.locator('.report').waitFor();
      await page.locator('#report-title:focus').waitFor();
      expect(await page.locator('[role=status]').first().textContent()).to.contain('Verification finished');
    });
  });

  for (const locale of ['zh-CN', 'en-US'] as const) {
    describe(`in ${locale}`, () => {
      it('has no serious accessibility violation, empty and with a report', async () => {
        await open(locale);
        await expectAccessible(page);
        const world = await makeWorld({ evaluation: true });
        const saved = await saveWorld({ ...world, policy: { ...world.policy, blocks: [] } });
        await choose('subject', [saved.certificate, saved.policy, ...saved.files]);
        await verify();
        await expectAccessible(page);
      });

      it('fits a phone without sideways scrolling', async () => {
        await open(locale);
        await page.setViewportSize({ width: 360, height: 740 });
        const saved = await saveWorld(await makeWorld({ evaluation: true }));
        await choose('subject', [saved.certificate, saved.policy, ...saved.files]);
        await verify();
        const width = await page.evaluate('document.documentElement.scrollWidth');
        expect(width).to.be.at.most(360);
      });
    });
  }

  it('switches the language of page and report at once', async () => {
    await open('zh-CN');
    const saved = await saveWorld(await makeWorld());
    await choose('subject', [saved.certificate]);
    await verify();
    await page.getByRole('button', { name: 'English' }).click();
    expect(await page.locator('#report-title').textContent()).to.equal('Verification report');
    expect(await page.evaluate('document.documentElement.lang')).to.equal('en');
    expect((await page.locator('.question').allTextContents()).join(' ')).not.to.match(/[\u4e00-\u9fff]/);
  });
});

describe('scripts/build-pages.ts', function () {
  this.timeout(120_000);
  it('makes the same verify.html from the same sources', async () => {
    const [first, second] = [await builtPages(), await buildPages('again')];
    const [a, b] = await Promise.all([first, second].map((folder) => readFile(join(folder, 'verify.html'))));
    expect(a?.equals(b as Buffer)).to.equal(true);
    expect(a?.length).to.be.lessThan(3 * 1024 * 1024);
  });
});

const OTHERS_FILE = Buffer.from('a contract of others');

/** One of each kind that others make, each with the file that it speaks of, and a policy that trusts their makers. */
async function saveOthers() {
  const folder = await mkdtemp(join(await scratchFolder(), 'others-'));
  const save = async (name: string, bytes: Uint8Array | string) => {
    await writeFile(join(folder, name), bytes);
    return join(folder, name);
  };
  const file = await save('contract.txt', OTHERS_FILE);
  const { root, intermediate, signer } = makeTimestampWorld();
  const token = makeToken({ signer, message: OTHERS_FILE, embedded: [signer, intermediate], imprint: 'sha384' });
  const digest = Buffer.from(digestsOf(OTHERS_FILE).sha256, 'hex');
  const bitcoin = new StandInBitcoin();
  const height = bitcoin.mine(createHash('sha256').update(digest).digest(), 1_790_000_000);
  const attested = { branches: [{ attestation: { kind: 'bitcoin', height } as const }] };
  const ots = encodeDetachedTimestamp({ digest, timestamp: chainOf([{ kind: 'sha256' }], attested) });
  const leaf = leafHash(OTHERS_FILE);
  const log = generateKeyPairSync('ed25519');
  const publicKey = Buffer.from(log.publicKey.export({ format: 'jwk' }).x as string, 'base64url');
  const origin = 'other.example.org/log';
  const note = signCheckpoint(origin, 1n, leaf as never, log.privateKey, publicKey);
  const proof = encodeTlogProof({ extra: null, leafIndex: 0n, hashes: [], checkpointBytes: Buffer.from(note) });
  const signedPdfs = new URL('../verify/vectors/signed-pdf/', import.meta.url);
  const [pdf, pdfRoot] = await Promise.all(
    ['two-signatures.pdf', 'root.der'].map((n) => readFile(new URL(n, signedPdfs))),
  );
  const things: [kind: string, thing: string, ...files: string[]][] = [
    ['timestamp-token', await save('a.tst', token), file],
    ['opentimestamps', await save('a.ots', ots), file],
    ['tlog-proof', await save('a.tlog-proof', proof), file],
    ['signed-pdf', await save('signed.pdf', pdf as Buffer)],
    [
      'bag',
      await save('bag.zip', await zipOf(bagOf({ 'a.txt': 'hello', '名.txt': '内容' }, ['md5', 'sha1', 'sha512']))),
    ],
    ['timestamp-response', await save('a.tsr', makeResponse(token)), file],
  ];
  const policy = await save(
    'policy.json',
    JSON.stringify({
      ...NOBODY,
      authorities: [authority(root.der)],
      seals: [encodeBase64(pdfRoot as Buffer)],
      logs: [
        { origin, keys: [encodeNoteKey(origin, publicKey)], leaf0: Buffer.from(leaf).toString('hex'), contracts: [] },
      ],
      bitcoin: { independent: true, headers: bitcoin.headers() },
    }),
  );
  return { things, policy };
}

/** What the command line prints; its exit code may be 1 or 2, which is an answer too. */
async function commandOutput(args: string[]): Promise<string> {
  const command = fileURLToPath(new URL('../../bin/tiezheng.mjs', import.meta.url));
  return new Promise((resolve, reject) => {
    execFile(process.execPath, [command, ...args], (error, stdout, stderr) => {
      if (stdout === '') reject(error ?? new Error(stderr));
      else resolve(stdout);
    });
  });
}

interface SavedWorld {
  certificate: string;
  receipt: string;
  policy: string;
  files: string[];
}

async function saveWorld(
  world: Pick<EvidenceWorld, 'certificate' | 'receipt' | 'policy' | 'files'>,
): Promise<SavedWorld> {
  const folder = await mkdtemp(join(await scratchFolder(), 'world-'));
  await mkdir(join(folder, 'files'));
  const save = async (name: string, bytes: Uint8Array | string) => {
    await writeFile(join(folder, name), bytes);
    return join(folder, name);
  };
  return {
    certificate: await save('certificate.json', encodeObject(world.certificate)),
    receipt: await save('receipt.json', encodeObject(world.receipt)),
    policy: await save('policy.json', JSON.stringify(world.policy)),
    files: await Promise.all(world.files.map(({ name, bytes }) => save(join('files', name), bytes))),
  };
}

/** A whole package of a world whose certificate, paper and package one key has sealed. */
async function savePackage() {
  const folder = await mkdtemp(join(await scratchFolder(), 'package-'));
  const [photo, evidence] = [randomBytes(3_000_000), Buffer.from('%PDF-1.7\nevidence that happens to be a PDF')];
  const files = [
    { name: '现场照片.jpg', bytes: photo },
    { name: 'evidence.pdf', bytes: evidence },
  ];
  const world = await makeWorld({ files });
  const { keyPem, certificatePem } = await makeEvaluationSeal(Date.UTC(2026, 0, 1));
  const key = sealingKeyFromPem(keyPem, certificatePem);
  const sealer = new Sealer(key);
  const certificate = await sealer.seal({ ...world.certificate, seals: [] });
  const certificateJson = encodeObject(certificate);
  const unsigned = await renderCertificatePdf(certificateJson, { verificationUrl: 'https://example.org/verify' });
  const certificatePdf = await signPdf(unsigned, key);
  const paths = {
    zip: join(folder, 'package.zip'),
    policy: join(folder, 'policy.json'),
    paper: join(folder, 'certificate.pdf'),
    evidence: join(folder, 'evidence.pdf'),
  };
  const sink = Writable.toWeb(createWriteStream(paths.zip)) as WritableStream<Uint8Array>;
  const originals = files.map(({ name, bytes }, index) => ({
    index,
    name,
    sizeBytes: bytes.length,
    sha256: digestsOf(bytes).sha256,
    open: async () => Readable.from([bytes]),
  }));
  const verifier = await readFile(join(await builtPages(), 'verify.html'));
  const createdAtMs = Date.UTC(2026, 10, 22, 4);
  await writePackage(
    {
      certificate,
      certificateJson,
      certificatePdf,
      originals,
      fileProofs: [],
      evidenceRecords: [],
      tokenMaterial: NO_MATERIAL,
      verifier,
      createdAtMs,
    },
    sealer,
    sink,
  );
  const policy = { ...world.policy, seals: [encodeBase64(sealer.certificateChain[0] as Uint8Array)] };
  await writeFile(paths.policy, JSON.stringify(policy));
  await writeFile(paths.paper, certificatePdf);
  await writeFile(paths.evidence, evidence);
  return { ...paths, photo };
}

async function listen(server: Server): Promise<string> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}
