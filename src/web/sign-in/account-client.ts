import * as z from 'zod';
import { authorization, problemOf } from '../api-client.ts';
import { ApiError } from '../api-error.ts';

/** Speaks to what stands under /api/v1 about accounts: choosing one, invitations. */

const actingSchema = z.object({ accountId: z.string() });

/** @throws ApiError */
export async function actFor(accountId: string): Promise<void> {
  await send('PUT', '/me/account', { accountId });
}

/** @returns the account in which the user may act from now on @throws ApiError `invitation-not-found`, … */
export async function acceptInvitation(invitationId: string): Promise<string> {
  const answer = await send('POST', `/invitations/${encodeURIComponent(invitationId)}/accept`);
  return readAs(actingSchema, answer).accountId;
}

/** @returns the text of the answer */
async function send(method: string, path: string, body?: object): Promise<string> {
  let response: Response;
  let text: string;
  try {
    response = await fetch(`/api/v1${path}`, {
      method,
      credentials: 'same-origin',
      headers: { ...authorization(), ...(body !== undefined && { 'Content-Type': 'application/json' }) },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    text = await response.text();
  } catch (error) {
    throw new ApiError('network', (error as Error).message);
  }
  if (!response.ok) throw problemOf(response.status, text);
  return text;
}

function readAs<T>(schema: z.ZodType<T>, text: string): T {
  try {
    return schema.parse(JSON.parse(text));
  } catch (error) {
    throw new ApiError('unexpected-answer', (error as Error).message);
  }
}
