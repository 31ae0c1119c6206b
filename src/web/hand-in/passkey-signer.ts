import type { Statement } from '../../format/annex.ts';
import { encodeBase64 } from '../../format/bytes.ts';
import type { SignedPart } from '../api-client.ts';
import { ApiError } from '../api-error.ts';
import { passkeys } from '../sign-in/sign-in-client.ts';
import { choose, type DigestedFile, whatIsSigned } from './what-is-signed.ts';

/** Ids of the user's passkeys, as authenticators have them; none where this page can use no passkey. Never rejects. */
export async function signingKeys(): Promise<string[]> {
  if (typeof globalThis.PublicKeyCredential !== 'function') return [];
  try {
    return (await passkeys()).flatMap(({ credentialID }) => credentialID ?? []);
  } catch {
    // Signing is not needed to hand something in.
    return [];
  }
}

/**
 * Asks the user's authenticator to sign these files and this statement.
 * @param keys of `signingKeys`
 * @throws ApiError `passkey-unavailable`, `passkey-not-used`
 */
export async function signHandIn(
  files: readonly DigestedFile[],
  statement: Statement,
  keys: readonly string[],
): Promise<SignedPart> {
  const chosen = choose(files.length, Date.now());
  const challenge = whatIsSigned(files, statement, chosen) as Uint8Array<ArrayBuffer>;
  let found: Credential | null;
  try {
    found = await navigator.credentials.get({
      publicKey: {
        challenge,
        allowCredentials: keys.map((id) => ({ type: 'public-key', id: idBytes(id) })),
        userVerification: 'required',
        timeout: 120_000,
      },
    });
  } catch (error) {
    const { name, message } = error as Error;
    throw new ApiError(name === 'SecurityError' ? 'passkey-unavailable' : 'passkey-not-used', message);
  }
  if (found === null) throw new ApiError('passkey-not-used', 'the browser gave no passkey');
  const { id, response } = found as PublicKeyCredential;
  const { authenticatorData, clientDataJSON, signature } = response as AuthenticatorAssertionResponse;
  const base64 = (bytes: ArrayBuffer) => encodeBase64(new Uint8Array(bytes));
  return {
    ...chosen,
    credentialId: id,
    authenticatorData: base64(authenticatorData),
    clientDataJson: base64(clientDataJSON),
    signature: base64(signature),
  };
}

function idBytes(base64Url: string): Uint8Array<ArrayBuffer> {
  const base64 = base64Url.replaceAll('-', '+').replaceAll('_', '/');
  return Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
}
