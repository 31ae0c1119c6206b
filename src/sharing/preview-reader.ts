import type { Principal } from '../access/rules.ts';
import { selectAccount } from '../db/accounts.ts';
import { selectDeposit } from '../db/deposits.ts';
import { selectLink } from '../db/links.ts';
import type { Queryable } from '../db/pool.ts';

/** Whose name stands on a preview: null for the deposit's own account, which sees it plain. */
export async function readerOfPreview(q: Queryable, principal: Principal, depositId: string): Promise<string | null> {
  if (principal.by === 'link') {
    const link = principal.linkId === undefined ? undefined : await selectLink(q, principal.linkId);
    return link?.reader ?? 'link';
  }
  if ((await selectDeposit(q, depositId))?.accountId === principal.accountId) return null;
  return (await selectAccount(q, principal.accountId))?.name ?? principal.accountId;
}
