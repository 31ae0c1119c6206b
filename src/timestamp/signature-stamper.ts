import type { AuthorityClient } from './authority-client.ts';
import type { AuthorityCondition } from './stamping-worker.ts';

/**
 * Asks for an authority's token over SHA-256 of a signature.
 * @returns DER of the token; null if none could be had in time. Never rejects
 */
export type StampSignature = (signature: Uint8Array) => Promise<Uint8Array | null>;

export interface StampingAuthority {
  client: AuthorityClient;
  condition(): AuthorityCondition;
}

/** How long an authority that gave no token is not asked again while somebody waits for a signature. */
const RESTED_MS = 30_000;

/**
 * A token of the first authority, in the given order, that gives one within `limitMs` in all. Those that the stamping of
 * publications found unwell are not asked, and neither are those that failed here within half a minute, so that one that is away
 * costs a single wait.
 */
export function stampByFirst(
  authorities: readonly StampingAuthority[],
  limitMs: number,
  nowMs: () => number,
  onTrouble: (error: unknown) => void,
): StampSignature {
  const failedMs = new Map<StampingAuthority, number>();
  return async (signature) => {
    const endMs = nowMs() + limitMs;
    for (const authority of authorities) {
      const failed = failedMs.get(authority);
      const isResting = failed !== undefined && Math.abs(nowMs() - failed) < RESTED_MS;
      const timeoutMs = endMs - nowMs();
      if (isResting || authority.condition().state !== 'ok' || timeoutMs <= 0) continue;
      try {
        // Revocation is left to the stamping of publications by the same authority: nobody should wait for it here.
        return (await authority.client.stamp(signature, { timeoutMs, collectRevocation: false })).token;
      } catch (error) {
        failedMs.set(authority, nowMs());
        onTrouble(error);
      }
    }
    return null;
  };
}
