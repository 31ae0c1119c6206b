import { createHash } from 'node:crypto';

/** Digests of bytes by Node's own OpenSSL, hex. */
export function digestsOf(bytes: Uint8Array): { sha256: string; sm3: string } {
  return {
    sha256: createHash('sha256').update(bytes).digest('hex'),
    sm3: createHash('sm3').update(bytes).digest('hex'),
  };
}
