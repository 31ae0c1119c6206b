import { createHmac } from 'node:crypto';
import type { CDPSession, Page } from 'playwright-core';

/** Of the browser: confirms at once that its user is there and who he is, until it is told otherwise. */
export interface Authenticator {
  devtools: CDPSession;
  authenticatorId: string;
}

/** Gives the page a device with which passkeys can be made and used. */
export async function addAuthenticator(page: Page): Promise<Authenticator> {
  const devtools = await page.context().newCDPSession(page);
  await devtools.send('WebAuthn.enable');
  const options = {
    protocol: 'ctap2',
    transport: 'internal',
    hasResidentKey: true,
    hasUserVerification: true,
  } as const;
  const { authenticatorId } = await devtools.send('WebAuthn.addVirtualAuthenticator', {
    options: { ...options, isUserVerified: true, automaticPresenceSimulation: true },
  });
  return { devtools, authenticatorId };
}

/** Makes a passkey for who is signed in on the page. @returns the status of the service's answer */
export async function registerPasskey(page: Page): Promise<number> {
  return (await page.evaluate(`(async () => {
    const asked = await (await fetch('/api/auth/passkey/generate-register-options')).json();
    const made = await navigator.credentials.create({ publicKey: PublicKeyCredential.parseCreationOptionsFromJSON(asked) });
    const answer = await fetch('/api/auth/passkey/verify-registration', {
      method: 'POST',
      body: JSON.stringify({ response: made.toJSON(), name: 'k' }),
      headers: { 'content-type': 'application/json' },
    });
    return answer.status;
  })()`)) as number;
}

/** What an authenticator app shows now. RFC 6238: six digits, 30 s, HMAC-SHA-1. @param base32 the secret */
export function totpOf(base32: string): string {
  const bits = [...base32]
    .map((c) => 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'.indexOf(c).toString(2).padStart(5, '0'))
    .join('');
  const key = Buffer.from((bits.match(/.{8}/g) ?? []).map((byte) => Number.parseInt(byte, 2)));
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(Math.floor(Date.now() / 30_000)));
  const mac = createHmac('sha1', key).update(counter).digest();
  const offset = (mac[19] as number) & 0xf;
  return String((mac.readUInt32BE(offset) & 0x7fffffff) % 1_000_000).padStart(6, '0');
}
