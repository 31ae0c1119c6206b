import type { ChainProfile } from './chain-profile.ts';

/** A block's `timestamp` in the chain's unit → milliseconds since 1970. */
export function blockTimeMs(profile: ChainProfile, timestamp: bigint): number {
  return Number(profile.timeUnit === 'milliseconds' ? timestamp : timestamp * 1000n);
}
