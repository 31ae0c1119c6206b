import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdir, mkdtemp, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { expect } from 'chai';
import type { Browser, BrowserContext, CDPSession, Page } from 'playwright-core';
import { parseReceipt } from '../../src/format/receipt.ts';
import { checkSignatureAnnex } from '../../src/verify/annex-signature.ts';
import { PASSWORD, Person } from '../access/person.ts';
import { ServiceWorld } from '../http/service-world.ts';
import { expectAccessible } from './accessibility.ts';
import { launchChromium, scratchFolder } from './browser.ts';
import { builtPages } from './built-pages.ts';

/** Set to a folder, every step is pictured there, for people to look at. */
const PICTURES = process.env.PAGE_PICTURES;

describe('signing what is handed in', function () {
  this.timeout(120_000);
  let world: ServiceWorld;
  let origin: string;
  let browser: Browser;
  let context: BrowserContext;
  let page: Page;
  let devtools: CDPSession;
  let authenticatorId: string;
  before(async () => {
    // Passkeys are bound to the address of the page, which must be known beforehand.
    const probe = createServer().listen(0, '127.0.0.1');
    await once(probe, 'listening');
    const { port } = probe.address() as AddressInfo;
    await new Promise((resolve) => probe.close(resolve));
    origin = `http://localhost:${port}`;
    const pagesFolder = await builtPages();
    world = await ServiceWorld.open({
      port,
      people: { publicUrl: origin },
      changeParts: (parts) => ({ ...parts, pagesFolder }),
    });
    browser = await launchChromium();
  });
  after(async () => {
    await browser?.close();
    await world?.close();
  });
  afterEach(() => context?.close());

  /** Signed in as a new user, at the hand-in page. */
  const open = async (email: string, { withPasskey = true, locale = 'en-US' } = {}) => {
    await Person.signedIn(world, email, '王芳');
    context = await browser.newContext({ locale });
    page = await context.newPage();
    devtools = await context.newCDPSession(page);
    await devtools.send('WebAuthn.enable');
    const options = { protocol: 'ctap2', transport: 'internal', hasResidentKey: true } as const;
    ({ authenticatorId } = await devtools.send('WebAuthn.addVirtualAuthenticator', {
      options: { ...options, hasUserVerification: true, isUserVerified: true, automaticPresenceSimulation: true },
    }));
    await page.goto(`${origin}/sign-in?then=%2Fhand-in`);
    await page.getByLabel(/^(E-mail|邮箱)/).fill(email);
    await page.getByLabel(/^(Password|密码)$/).fill(PASSWORD);
    await page.keyboard.press('Enter');
    await page.locator('.drop').waitFor();
    if (withPasskey) {
      expect(await page.evaluate(REGISTER_PASSKEY)).to.equal(200);
      await page.reload();
    }
    const folder = await mkdtemp(join(await scratchFolder(), 'signed-'));
    const path = join(folder, '证据.txt');
    await writeFile(path, randomBytes(1000));
    await page.locator('input[data-choose=files]').setInputFiles([path]);
    await next().click();
    await page.getByRole('textbox').first().fill('signed by me');
    await next().click();
    await page.getByRole('button', { name: /^(Hand in|提交存证)$/ }).waitFor();
  };
  const next = () => page.getByRole('button', { name: /^(Next|下一步)$/ });
  const handIn = () => page.getByRole('button', { name: /^(Hand in|提交存证)$/ }).click();
  const wish = () => page.getByLabel(/Sign the digests|用通行密钥签署文件摘要/);
  const receiptOf = async () => {
    const link = page.getByRole('link', { name: /^(Receipt|存证回执)/ });
    await link.waitFor();
    const answer = await context.request.get(origin + (await link.getAttribute('href')));
    return parseReceipt(new Uint8Array(await answer.body()));
  };

  it('is asked of the passkey once the digests are known, and stands in the receipt', async () => {
    await open('sign@example.org');
    await wish().check();
    await handIn();
    await page.locator('button:focus').getByText('Sign with my passkey').waitFor();
    await page.keyboard.press('Enter');
    await page.getByText('Everything is done').waitFor();
    const { record, annexes, files } = await receiptOf();
    const check = await checkSignatureAnnex(record, annexes.signature);
    expect(check).to.include({ status: 'passed' });
    expect(check.facts).to.include({ origin, userVerified: 'yes' });
    expect(annexes.statement.title).to.equal('signed by me');
    expect(files[0]?.entry.digestSource).to.equal('declared');
  });

  it('can be tried again, and left out after all', async () => {
    await open('refuse@example.org');
    await wish().check();
    await handIn();
    await devtools.send('WebAuthn.setUserVerified', { authenticatorId, isUserVerified: false });
    await page.getByRole('button', { name: 'Sign with my passkey' }).click();
    await page.getByRole('alert').getByText('It was not signed').waitFor();
    await page.getByRole('button', { name: 'Hand in without a signature' }).click();
    await page.getByText('Everything is done').waitFor();
    expect((await receiptOf()).annexes.signature).to.equal(undefined);
  });

  it('is not offered to whoever has no passkey', async () => {
    await open('none@example.org', { withPasskey: false });
    await page.waitForLoadState('networkidle');
    expect(await wish().count()).to.equal(0);
    await handIn();
    await page.getByRole('link', { name: 'Open the deposit' }).waitFor();
    expect((await receiptOf()).annexes.signature).to.equal(undefined);
  });

  for (const locale of ['zh-CN', 'en-US']) {
    it(`is accessible and fits a phone, in ${locale}`, async () => {
      await open(`look-${locale.toLowerCase()}@example.org`, { locale });
      const judge = async (name: string) => {
        await expectAccessible(page);
        await page.setViewportSize({ width: 360, height: 740 });
        expect(await page.evaluate('document.documentElement.scrollWidth'), name).to.be.at.most(360);
        if (PICTURES !== undefined) {
          await mkdir(PICTURES, { recursive: true });
          await page.screenshot({ path: join(PICTURES, `${name}-${locale}-phone.png`), fullPage: true });
        }
        await page.setViewportSize({ width: 1280, height: 720 });
      };
      await wish().check();
      await judge('sign-check');
      await handIn();
      await page.getByRole('button', { name: /^(Sign with my passkey|用通行密钥签署)$/ }).waitFor();
      await judge('sign-now');
    });
  }
});

const REGISTER_PASSKEY = `(async () => {
  const asked = await (await fetch('/api/auth/passkey/generate-register-options')).json();
  const made = await navigator.credentials.create({ publicKey: PublicKeyCredential.parseCreationOptionsFromJSON(asked) });
  const answer = await fetch('/api/auth/passkey/verify-registration', {
    method: 'POST',
    body: JSON.stringify({ response: made.toJSON(), name: 'k' }),
    headers: { 'content-type': 'application/json' },
  });
  return answer.status;
})()`;
