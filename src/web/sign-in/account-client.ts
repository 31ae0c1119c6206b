import * as z from 'zod';
import { send, sendJson } from '../api-client.ts';

/** Speaks to what stands under /api/v1 about accounts: choosing one, invitations. */

const actingSchema = z.object({ accountId: z.string() });

/** @throws ApiError */
export async function actFor(accountId: string): Promise<void> {
  await send('PUT', '/me/account', { accountId });
}

/** @returns the account in which the user may act from now on @throws ApiError `invitation-not-found`, … */
export async function acceptInvitation(invitationId: string): Promise<string> {
  const path = `/invitations/${encodeURIComponent(invitationId)}/accept`;
  return (await sendJson('POST', path, {}, actingSchema)).accountId;
}

/** Nobody can accept it any more. @throws ApiError `invitation-not-found`, … */
export async function declineInvitation(invitationId: string): Promise<void> {
  await send('POST', `/invitations/${encodeURIComponent(invitationId)}/decline`, {});
}
