import { encodeBase64 } from '../../src/format/bytes.ts';
import type { Policy } from '../../src/format/policy.ts';
import { openTrust, type Trust } from '../../src/verify/trust.ts';

/** Of a reader who trusts nobody. */
export const NOBODY: Policy = {
  type: 'tiezheng/policy/v1',
  evaluation: false,
  independentTimesRequired: 0,
  logs: [],
  chains: [],
  blocks: [],
  authorities: [],
  seals: [],
  witnesses: { keys: [], quorum: 0 },
};

/** A reader who trusts these besides nobody. */
export function trusting(more: Partial<Policy> = {}): Trust {
  return openTrust(Buffer.from(JSON.stringify({ ...NOBODY, ...more })), [], undefined);
}

export function authority(der: Uint8Array, independent = true): Policy['authorities'][number] {
  return { certificate: encodeBase64(der), independent };
}
