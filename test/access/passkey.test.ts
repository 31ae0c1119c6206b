import { expect } from 'chai';
import type { Browser } from 'playwright-core';
import { freePort } from '../../src/evaluation/child-process.ts';
import { ServiceWorld } from '../http/service-world.ts';
import { addAuthenticator } from '../web/authenticators.ts';
import { launchChromium } from '../web/browser.ts';
import { PASSWORD, Person } from './person.ts';

describe('a passkey', () => {
  let world: ServiceWorld;
  let browser: Browser;
  let origin: string;
  before(async function () {
    this.timeout(120_000);
    // Passkeys are bound to the address of the page, which must be known beforehand.
    const port = await freePort();
    origin = `http://localhost:${port}`;
    world = await ServiceWorld.open({ port, people: { publicUrl: origin } });
    browser = await launchChromium();
  });
  after(async () => {
    await browser?.close();
    await world?.close();
  });

  it('that was made in a session signs in without a password, in a browser with an authenticator', async function () {
    this.timeout(60_000);
    await Person.signedIn(world, 'passkey@example.org', '孙某');
    // The page stands in for the service's own ones, whose policy lets nobody connect from here.
    const context = await browser.newContext({ bypassCSP: true });
    const page = await context.newPage();
    await addAuthenticator(page);
    await page.goto(`${origin}/healthz`);
    const outcome = await page.evaluate(
      async ([email, password]) => {
        const ask = async (path: string, body?: unknown) => {
          const answer = await fetch(path, {
            ...(body !== undefined && {
              method: 'POST',
              body: JSON.stringify(body),
              headers: { 'content-type': 'application/json' },
            }),
          });
          return { status: answer.status, body: await answer.json().catch(() => null) };
        };
        const statuses = [(await ask('/api/auth/sign-in/email', { email, password })).status];
        // biome-ignore lint/suspicious/noExplicitAny: runs in the browser, whose types are not these
        const webAuthn = globalThis as any;
        const { parseCreationOptionsFromJSON, parseRequestOptionsFromJSON } = webAuthn.PublicKeyCredential;
        const creation = await ask('/api/auth/passkey/generate-register-options');
        const made = await webAuthn.navigator.credentials.create({
          publicKey: parseCreationOptionsFromJSON.call(webAuthn.PublicKeyCredential, creation.body),
        });
        statuses.push(
          (await ask('/api/auth/passkey/verify-registration', { response: made.toJSON(), name: 'k' })).status,
        );
        statuses.push((await ask('/api/auth/sign-out', {})).status);
        statuses.push((await ask('/api/v1/me')).status);
        const request = await ask('/api/auth/passkey/generate-authenticate-options');
        const got = await webAuthn.navigator.credentials.get({
          publicKey: parseRequestOptionsFromJSON.call(webAuthn.PublicKeyCredential, request.body),
        });
        const answer = { response: got.toJSON() };
        statuses.push((await ask('/api/auth/passkey/verify-authentication', answer)).status);
        const me = (await ask('/api/v1/me')) as { body: { user?: { name: string } } | null };
        await ask('/api/auth/sign-out', {});
        // The challenge is used up.
        const again = (await ask('/api/auth/passkey/verify-authentication', answer)).status;
        return { statuses, name: me.body?.user?.name, again };
      },
      ['passkey@example.org', PASSWORD],
    );
    expect(outcome.statuses).to.deep.equal([200, 200, 200, 401, 200]);
    expect(outcome.name).to.equal('孙某');
    expect(outcome.again).to.be.within(400, 499);
  });
});
