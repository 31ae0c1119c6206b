import type { SendingWebhookRow, WrappedSecret } from '../db/webhooks.ts';
import type { MasterKeyRing } from '../storage/master-key.ts';
import { spellSecret } from './webhook-signature.ts';

/** The secret as it is kept: its 32 bytes, wrapped for this very webhook. */
export async function wrapSecret(keys: MasterKeyRing, webhookId: string, secret: Uint8Array): Promise<WrappedSecret> {
  return { keyId: keys.current.id, wrapped: await keys.current.wrap(secret, contextOf(webhookId)) };
}

/** The secrets in force, newest first, as spelled. @throws StorageError `unknown-master-key`, `wrong-key` */
export async function openSecrets(keys: MasterKeyRing, webhook: SendingWebhookRow, nowMs: number): Promise<string[]> {
  const open = async (keyId: string, wrapped: Uint8Array) =>
    spellSecret(await keys.find(keyId).unwrap(new Uint8Array(wrapped), contextOf(webhook.webhookId)));
  const { previousKeyId, previousSecret, previousUntil } = webhook;
  const secrets = [await open(webhook.secretKeyId, webhook.wrappedSecret)];
  if (previousKeyId !== null && previousSecret !== null && previousUntil !== null && previousUntil.getTime() > nowMs) {
    secrets.push(await open(previousKeyId, previousSecret));
  }
  return secrets;
}

function contextOf(webhookId: string): string {
  return `webhook/${webhookId}`;
}
