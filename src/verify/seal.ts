import { p256 } from '@noble/curves/nist.js';
import { FormatError } from '../errors.ts';
import { encodeHex, parseBase64, parseBase64Url, sha256 } from '../format/bytes.ts';
import { unixMsOf } from '../format/fields.ts';
import type { Check } from '../format/report.ts';
import { parseSealHeader, type Seal, sealedBytes, sealSigningInput } from '../format/seal.ts';
import { type Facts, failed, notChecked, passed } from './checks.ts';
import { lifeOf } from './durability.ts';
import { judgeRevocation } from './revocation.ts';
import {
  authorityRoots,
  judgeToken,
  NO_MATERIAL,
  openTimestampToken,
  revocationFacts,
  type TokenMaterial,
  tokenFacts,
} from './timestamp.ts';
import type { Trust } from './trust.ts';
import { followChain, p256KeyOf, parseX509, serialOf, subjectOf, type X509 } from './x509-chain.ts';

/** A seal as far as its own bytes go: who signed, or why the signature is none. */
export type OpenedSeal =
  | { ok: true; chain: X509[]; facts: Record<string, string> }
  | { ok: false; reason: string }
  | { ok: false; unsupported: string };

/**
 * Checks the signature of one seal, not yet whom it belongs to.
 * @param payload what `sealedBytes` gives for the sealed object
 */
export function openSeal(seal: Seal, payload: Uint8Array): OpenedSeal {
  let header: ReturnType<typeof parseSealHeader>;
  let chain: (X509 | undefined)[];
  let signature: Uint8Array;
  try {
    header = parseSealHeader(seal);
    chain = header.x5c.map((der) => parseX509(parseBase64(der)));
    signature = parseBase64Url(seal.signature);
  } catch {
    return { ok: false, reason: 'malformed' };
  }
  if (header.alg !== 'ES256') return { ok: false, unsupported: header.alg };
  if (chain.some((c) => c === undefined)) return { ok: false, reason: 'certificate-malformed' };
  const certificates = chain as X509[];
  const signer = certificates[0] as X509;
  const key = p256KeyOf(signer);
  if (key === undefined) return { ok: false, reason: 'key-does-not-fit-algorithm' };
  if (signature.length !== 64 || !verifyEs256(signature, sealSigningInput(seal.protected, payload), key)) {
    return { ok: false, reason: 'signature-invalid' };
  }
  return {
    ok: true,
    chain: certificates,
    facts: {
      signer: subjectOf(signer),
      serial: serialOf(signer),
      x509Sha256: encodeHex(sha256(signer.der)),
    },
  };
}

function verifyEs256(signature: Uint8Array, message: Uint8Array, publicKey: Uint8Array): boolean {
  try {
    // RFC 7518 §3.4 does not ask for the lower s.
    return p256.verify(signature, message, publicKey, { lowS: false });
  } catch {
    return false;
  }
}

/**
 * One check per seal. The signer is judged at the time of the seal's own token if an authority of the policy gave it, so that a
 * seal outlives its signer's certificate; else at `statedTime`, which is the operator's word. The fact `judgedAtSource` says which.
 * @param beside certificates and revocation data that lie beside the sealed object
 */
export async function checkSeals(
  object: { seals: Seal[] },
  statedTime: string,
  trust: Trust,
  beside: TokenMaterial = NO_MATERIAL,
): Promise<Check[]> {
  if (object.seals.length === 0) return [notChecked('seal', null, 'absent')];
  const payload = sealedBytes(object);
  const many = object.seals.length > 1;
  const checks: Check[] = [];
  for (const [i, seal] of object.seals.entries()) {
    const about = many ? `seal ${i + 1}` : null;
    const opened = openSeal(seal, payload);
    if (opened.ok) checks.push(await checkSigner(seal, about, opened, statedTime, trust, beside));
    else if ('unsupported' in opened)
      checks.push(notChecked('seal', about, 'unsupported', { algorithm: opened.unsupported }));
    else checks.push(failed('seal', about, opened.reason));
  }
  return checks;
}

async function checkSigner(
  seal: Seal,
  about: string | null,
  { chain, facts }: Extract<OpenedSeal, { ok: true }>,
  statedTime: string,
  trust: Trust,
  beside: TokenMaterial,
): Promise<Check> {
  const name = 'seal';
  const token = seal.timestamp === null ? undefined : parseToken(seal.timestamp);
  const timing = await timeOfSignature(token, parseBase64Url(seal.signature), statedTime, trust, beside);
  const known = { ...facts, ...timing.facts };
  if (timing.broken) return failed(name, about, 'timestamp-invalid', known);
  if (trust.policy === undefined) return notChecked(name, about, 'no-policy', known);
  const judged = await judgeSigner(chain, timing, trust, beside);
  if (judged.standing === 'refused') return failed(name, about, judged.reason, known);
  if (judged.standing !== 'trusted') {
    return notChecked(name, about, judged.standing === 'unsupported' ? 'unsupported' : 'untrusted-key', known);
  }
  return passed(name, about, { ...known, ...judged.facts });
}

/** Bytes that are no base64 are no token either, which `openTimestampToken` then says. */
function parseToken(text: string): Uint8Array {
  try {
    return parseBase64(text);
  } catch (error) {
    if (error instanceof FormatError) return new Uint8Array(0);
    throw error;
  }
}

/** When a signature existed, and who says so. */
export interface SignatureTime {
  /** Milliseconds since 1970: when the signer has to have been good. */
  atUnixMs: number;
  /** Whether an authority of the policy says so, rather than the operator. */
  proved: boolean;
  /** There is a token, and it is none for this signature or was refused. */
  broken: boolean;
  facts: Facts;
}

/**
 * @param token over the signature, or undefined if there is none
 * @param statedTime what the operator says
 */
export async function timeOfSignature(
  token: Uint8Array | undefined,
  signature: Uint8Array,
  statedTime: string,
  trust: Trust,
  beside: TokenMaterial,
): Promise<SignatureTime> {
  const stated = (more: Facts = {}): SignatureTime => ({
    atUnixMs: unixMsOf(statedTime),
    proved: false,
    broken: false,
    facts: { judgedAt: statedTime, judgedAtSource: 'operator', ...more },
  });
  if (token === undefined) return stated();
  const broken = (reason: string): SignatureTime => ({ ...stated({ timestamp: reason }), broken: true });
  const opened = await openTimestampToken(token, signature, beside);
  if (!opened.ok) {
    if (opened.reason === 'unsupported-algorithm') return stated({ timestamp: 'unsupported' });
    return opened.reason === 'signer-certificate-absent' ? stated({ timestamp: opened.reason }) : broken(opened.reason);
  }
  const { genTime, authority } = tokenFacts(opened) as { genTime: string; authority: string };
  const judged = await judgeToken(opened, beside, authorityRoots(trust));
  if (judged.standing === 'refused') {
    return judged.reason === 'unsupported-algorithm' ? stated({ timestamp: 'unsupported' }) : broken(judged.reason);
  }
  if (judged.standing === 'unknown-root') {
    // What a stranger says is told, but nothing is judged by it.
    return stated({ timestamp: 'untrusted-key', timestampTime: genTime, timestampAuthority: authority });
  }
  return {
    atUnixMs: opened.genTimeUnixMs,
    proved: true,
    broken: false,
    facts: {
      judgedAt: genTime,
      judgedAtSource: 'timestamp',
      timestampAuthority: authority,
      ...timestampLife(judged.path),
    },
  };
}

function timestampLife(path: readonly X509[]): Facts {
  const life = lifeOf(path);
  return {
    timestampValidUntil: life.validUntil ?? '',
    timestampValidUntilOf: life.validUntilOf ?? '',
    timestampKeys: life.keys ?? '',
  };
}

export type SignerStanding =
  | { standing: 'trusted'; facts: Facts }
  | { standing: 'unknown-root' | 'unsupported' }
  | { standing: 'refused'; reason: string };

/** Whether a chain leads to a signer of seals whom the policy names, was valid at that time, and was not revoked. */
export async function judgeSigner(
  chain: readonly X509[],
  time: SignatureTime,
  trust: Trust,
  beside: TokenMaterial,
): Promise<SignerStanding> {
  const anchors = (trust.policy?.seals ?? []).map((der) => parseX509(parseBase64(der))).filter((x) => x !== undefined);
  const outcome = await followChain(chain, anchors, time.atUnixMs);
  if (!outcome.trusted) {
    if (outcome.because !== 'broken') return { standing: 'unknown-root' };
    if (outcome.reason === 'unsupported-algorithm') return { standing: 'unsupported' };
    return { standing: 'refused', reason: outcome.reason };
  }
  // A time that is only stated can be back-dated by whoever stole the key.
  const rule = time.proved ? 'only-earlier' : 'later-compromise-voids';
  const revocation = await judgeRevocation(outcome.path, beside.revocation, time.atUnixMs, rule);
  if (revocation.status === 'revoked') return { standing: 'refused', reason: revocation.reason };
  const revoked = revocation.status === 'not-checked' ? {} : revocationFacts(revocation);
  return { standing: 'trusted', facts: { ...lifeOf(outcome.path), ...revoked } };
}
