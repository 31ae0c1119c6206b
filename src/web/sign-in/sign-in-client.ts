import * as z from 'zod';
import { getJson, problemOf, storeApiKey } from '../api-client.ts';
import { ApiError } from '../api-error.ts';

/** Speaks to what stands under /api/auth: passwords, second factors, passkeys, providers. */

const waysSchema = z.object({
  providers: z.array(z.object({ id: z.string(), name: z.string() })).nullable(),
  signUp: z.enum(['open', 'invited']).nullable(),
});
/** How people sign in here; `providers` is null where there are no users. */
export type SignInWays = z.infer<typeof waysSchema>;

const refusalSchema = z.object({ code: z.string(), message: z.string().optional() });

/** @throws ApiError */
export function signInWays(): Promise<SignInWays> {
  return getJson('/sign-in', waysSchema);
}

/** @returns whether a second factor is still asked for @throws ApiError */
export async function signInByPassword(email: string, password: string): Promise<'signed-in' | 'second-factor'> {
  const answer = await ask('/sign-in/email', { email, password });
  return z.object({ twoFactorRedirect: z.literal(true) }).safeParse(answer).success ? 'second-factor' : 'signed-in';
}

/** @throws ApiError */
export async function giveSecondFactor(kind: 'totp' | 'recovery', code: string): Promise<void> {
  await ask(kind === 'totp' ? '/two-factor/verify-totp' : '/two-factor/verify-backup-code', { code });
}

/** @throws ApiError `passkey-unavailable`, `passkey-not-used`, `passkey-refused`, … */
export async function signInByPasskey(): Promise<void> {
  // Missing outside of secure contexts and in older browsers.
  if (typeof globalThis.PublicKeyCredential?.parseRequestOptionsFromJSON !== 'function') {
    throw new ApiError('passkey-unavailable', 'the browser offers no passkeys on this page');
  }
  const asked = await ask('/passkey/generate-authenticate-options');
  let found: Credential | null;
  try {
    const publicKey = PublicKeyCredential.parseRequestOptionsFromJSON(asked as PublicKeyCredentialRequestOptionsJSON);
    found = await navigator.credentials.get({ publicKey });
  } catch (error) {
    const { name, message } = error as Error;
    throw new ApiError(name === 'SecurityError' ? 'passkey-unavailable' : 'passkey-not-used', message);
  }
  if (found === null) throw new ApiError('passkey-not-used', 'the browser gave no passkey');
  try {
    await ask('/passkey/verify-authentication', { response: (found as PublicKeyCredential).toJSON() });
  } catch (error) {
    // A passkey that was removed here is still on the device.
    if (error instanceof ApiError && [400, 401, 404].includes(error.status)) {
      throw new ApiError('passkey-refused', error.message, { status: error.status });
    }
    throw error;
  }
}

/** @param then path to come back to @returns the provider's address @throws ApiError */
export async function providerAddress(provider: string, then: string): Promise<string> {
  const errorCallbackURL = `/sign-in?then=${encodeURIComponent(then)}`;
  const answer = await ask('/sign-in/social', { provider, callbackURL: then, errorCallbackURL, disableRedirect: true });
  const found = z.object({ url: z.url({ protocol: /^https?$/ }) }).safeParse(answer);
  if (!found.success) throw new ApiError('unexpected-answer', 'the service named no address of the provider');
  return found.data.url;
}

/** A mail goes to the address. @param then path to come to after signing in @throws ApiError */
export async function signUp(user: { name: string; email: string; password: string }, then: string): Promise<void> {
  await ask('/sign-up/email', { ...user, callbackURL: `/sign-in?confirmed=1&then=${encodeURIComponent(then)}` });
}

/** A mail goes to the address if it has a user. @throws ApiError */
export async function requestPasswordReset(email: string): Promise<void> {
  await ask('/request-password-reset', { email });
}

/** @throws ApiError */
export async function resetPassword(token: string, newPassword: string): Promise<void> {
  await ask('/reset-password', { token, newPassword });
}

/** Ends the user's session and the tab's key. @throws ApiError */
export async function endUserSession(): Promise<void> {
  storeApiKey(undefined);
  await ask('/sign-out', {});
}

/** Another mail with a link that confirms the address, if there is such a user and it is not confirmed. @throws ApiError */
export async function requestConfirmation(email: string): Promise<void> {
  await ask('/send-verification-email', { email, callbackURL: '/sign-in?confirmed=1' });
}

/** This session goes on, as another one. @throws ApiError `INVALID_PASSWORD`, … */
export async function changePassword(change: {
  currentPassword: string;
  newPassword: string;
  revokeOtherSessions: boolean;
}): Promise<void> {
  await ask('/change-password', change);
}

const passkeysSchema = z.array(
  z.object({
    id: z.string(),
    /** As its authenticator has it, base64url. */
    credentialID: z.string().optional(),
    name: z.string().nullish(),
    createdAt: z.string().nullish(),
  }),
);
export type Passkey = z.infer<typeof passkeysSchema>[number];

/** @throws ApiError */
export async function passkeys(): Promise<Passkey[]> {
  return readAs(passkeysSchema, await ask('/passkey/list-user-passkeys'));
}

/** @throws ApiError `passkey-unavailable`, `passkey-not-made`, `SESSION_NOT_FRESH`, … */
export async function addPasskey(name: string): Promise<void> {
  if (typeof globalThis.PublicKeyCredential?.parseCreationOptionsFromJSON !== 'function') {
    throw new ApiError('passkey-unavailable', 'the browser offers no passkeys on this page');
  }
  const asked = await ask('/passkey/generate-register-options');
  let made: Credential | null;
  try {
    const publicKey = PublicKeyCredential.parseCreationOptionsFromJSON(asked as PublicKeyCredentialCreationOptionsJSON);
    made = await navigator.credentials.create({ publicKey });
  } catch (error) {
    const { name: kind, message } = error as Error;
    throw new ApiError(kind === 'SecurityError' ? 'passkey-unavailable' : 'passkey-not-made', message);
  }
  if (made === null) throw new ApiError('passkey-not-made', 'the browser made no passkey');
  await ask('/passkey/verify-registration', { response: (made as PublicKeyCredential).toJSON(), name });
}

/** @throws ApiError */
export async function renamePasskey(id: string, name: string): Promise<void> {
  await ask('/passkey/update-passkey', { id, name });
}

/** @throws ApiError `fresh-sign-in-needed`, … */
export async function removePasskey(id: string): Promise<void> {
  await ask('/passkey/delete-passkey', { id });
}

const factorSchema = z.object({ totpURI: z.string(), backupCodes: z.array(z.string()) });
const codesSchema = z.object({ backupCodes: z.array(z.string()) });

/** It counts once `giveSecondFactor` was given the first code. @throws ApiError `INVALID_PASSWORD`, … */
export async function beginSecondFactor(password: string): Promise<{ totpURI: string; backupCodes: string[] }> {
  return readAs(factorSchema, await ask('/two-factor/enable', { password }));
}

/** @throws ApiError `INVALID_PASSWORD`, … */
export async function endSecondFactor(password: string): Promise<void> {
  await ask('/two-factor/disable', { password });
}

/** All earlier ones end. @throws ApiError `INVALID_PASSWORD`, … */
export async function newRecoveryCodes(password: string): Promise<string[]> {
  return readAs(codesSchema, await ask('/two-factor/generate-backup-codes', { password })).backupCodes;
}

function readAs<T>(schema: z.ZodType<T>, answer: unknown): T {
  const found = schema.safeParse(answer);
  if (!found.success) throw new ApiError('unexpected-answer', found.error.message);
  return found.data;
}

/** GET without a body, else POST. */
async function ask(path: string, body?: object): Promise<unknown> {
  let response: Response;
  let text: string;
  try {
    response = await fetch(`/api/auth${path}`, {
      credentials: 'same-origin',
      ...(body !== undefined && {
        method: 'POST',
        body: JSON.stringify(body),
        headers: { 'Content-Type': 'application/json' },
      }),
    });
    text = await response.text();
  } catch (error) {
    throw new ApiError('network', (error as Error).message);
  }
  if (!response.ok) throw refusalOf(response.status, text);
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new ApiError('unexpected-answer', (error as Error).message, { status: response.status });
  }
}

/** better-auth's own bodies, and problem documents of what the server refuses before. */
function refusalOf(status: number, text: string): ApiError {
  const problem = problemOf(status, text);
  if (problem.code !== 'unexpected-answer') return problem;
  try {
    const { code, message } = refusalSchema.parse(JSON.parse(text));
    return new ApiError(code, message ?? code, { status });
  } catch {
    return problem;
  }
}
