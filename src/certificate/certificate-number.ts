import { beijingClock } from '../format/beijing-clock.ts';

const CROCKFORD = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';

/**
 * `TZ-YYYYMMDD-XXXXXXXX`: the day in Beijing, and 40 random bits in Crockford's base 32. Numbers tell nothing about how many
 * certificates there are; that no two are equal is the database's rule, and who meets a taken one draws again.
 * @param issuedAtMs milliseconds since 1970
 * @param random 5 bytes
 */
export function certificateNumber(issuedAtMs: number, random: Uint8Array): string {
  const day = beijingClock(issuedAtMs).slice(0, 10).replaceAll('-', '');
  let bits = 0n;
  for (const byte of random.subarray(0, 5)) bits = (bits << 8n) | BigInt(byte);
  let text = '';
  for (let shift = 35n; shift >= 0n; shift -= 5n) text += CROCKFORD[Number((bits >> shift) & 31n)];
  return `TZ-${day}-${text}`;
}
