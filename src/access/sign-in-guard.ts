import { createHash, createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import type { Database } from '../db/pool.ts';
import { countSignInAttempt, deleteOldSignInGuards, deleteSignInGuard } from '../db/sign-in-guards.ts';

export interface GuardLimits {
  /** Passwords tried, until one is right, for one address from unknown devices, or from one known device, within the window. */
  passwords: number;
  /** Mails to one address within the window. */
  mails: number;
  windowMs: number;
  lockMs: number;
}

export const DEFAULT_GUARD_LIMITS: GuardLimits = {
  passwords: 10,
  mails: 5,
  windowMs: 15 * 60_000,
  lockMs: 15 * 60_000,
};

/**
 * Bounds the guessing of passwords without letting anybody lock others out (OWASP, Device Cookies): a browser in which the user has
 * signed in before keeps a mark and is counted by itself; all others together share one count for each address. Whoever guesses from
 * outside thus locks only outsiders, for a while, whether or not there is such a user. Passkeys, OIDC and the mailed link to a new
 * password stay open throughout.
 */
export class SignInGuard {
  readonly #db: Database;
  readonly #secret: string;
  readonly #nowMs: () => number;
  readonly #limits: GuardLimits;

  constructor(parts: { db: Database; secret: string; nowMs: () => number; limits?: Partial<GuardLimits> }) {
    this.#db = parts.db;
    this.#secret = parts.secret;
    this.#nowMs = parts.nowMs;
    this.#limits = { ...DEFAULT_GUARD_LIMITS, ...parts.limits };
  }

  /** What is counted for a password tried. @param mark the device's, if it has one; a forged one or another user's counts for nothing */
  passwordSubject(email: string, mark: string | undefined): Uint8Array {
    const nonce = mark === undefined ? undefined : this.#nonceOf(email, mark);
    return nonce === undefined ? subject('outside', normal(email)) : subject('device', nonce);
  }

  /** What is counted for a password asked of somebody who is signed in already. */
  sessionSubject(sessionCookie: string): Uint8Array {
    return subject('session', sessionCookie);
  }

  mailSubject(email: string): Uint8Array {
    return subject('mail', normal(email));
  }

  /**
   * Counts the attempt before it is made.
   * @returns for how many seconds it is to wait instead; 0: it may be made
   */
  async take(counted: Uint8Array, what: 'passwords' | 'mails'): Promise<number> {
    const now = new Date(this.#nowMs());
    const { windowMs, lockMs } = this.#limits;
    const until = await countSignInAttempt(this.#db.pool, counted, now, {
      limit: this.#limits[what],
      windowMs,
      lockMs,
    });
    return until === null ? 0 : Math.max(1, Math.ceil((until.getTime() - now.getTime()) / 1000));
  }

  /** The attempt succeeded: those before it count no more. */
  async succeeded(counted: Uint8Array): Promise<void> {
    await deleteSignInGuard(this.#db.pool, counted);
    await deleteOldSignInGuards(this.#db.pool, new Date(this.#nowMs() - 24 * 3600_000));
  }

  /** A mark for a browser in which the user of the address has just given the password. */
  newMark(email: string): string {
    const nonce = randomBytes(16).toString('base64url');
    return `${nonce}.${this.#sign(email, nonce)}`;
  }

  #nonceOf(email: string, mark: string): string | undefined {
    const [nonce, signature, ...more] = mark.split('.');
    if (nonce === undefined || signature === undefined || more.length > 0) return undefined;
    const expected = Buffer.from(this.#sign(email, nonce));
    const given = Buffer.from(signature);
    return expected.length === given.length && timingSafeEqual(expected, given) ? nonce : undefined;
  }

  #sign(email: string, nonce: string): string {
    return createHmac('sha256', this.#secret)
      .update(`tiezheng/device-mark/v1\n${normal(email)}\n${nonce}`)
      .digest('base64url');
  }
}

function normal(email: string): string {
  return email.trim().toLowerCase();
}

function subject(kind: string, value: string): Uint8Array {
  return new Uint8Array(createHash('sha256').update(`tiezheng/sign-in-guard/v1\n${kind}\n${value}`).digest());
}
