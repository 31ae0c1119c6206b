import { p256 } from '@noble/curves/nist.js';
import { encodeHex, parseBase64, parseBase64Url, sha256 } from '../format/bytes.ts';
import { unixMsOf } from '../format/fields.ts';
import type { Check } from '../format/report.ts';
import { parseSealHeader, type Seal, sealedBytes, sealSigningInput } from '../format/seal.ts';
import { failed, notChecked, passed } from './checks.ts';
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
 * One check per seal. Without a token over the signature the seal is judged at `statedTime`, which is the operator's word;
 * the fact `judgedAt` says so.
 */
export async function checkSeals(object: { seals: Seal[] }, statedTime: string, trust: Trust): Promise<Check[]> {
  if (object.seals.length === 0) return [notChecked('seal', null, 'absent')];
  const payload = sealedBytes(object);
  const many = object.seals.length > 1;
  const anchors = (trust.policy?.seals ?? []).map((der) => parseX509(parseBase64(der))).filter((x) => x !== undefined);
  const checks: Check[] = [];
  for (const [i, seal] of object.seals.entries()) {
    const about = many ? `seal ${i + 1}` : null;
    const opened = openSeal(seal, payload);
    if (!opened.ok) {
      if ('unsupported' in opened)
        checks.push(notChecked('seal', about, 'unsupported', { algorithm: opened.unsupported }));
      else checks.push(failed('seal', about, opened.reason));
      continue;
    }
    const facts = { ...opened.facts, judgedAt: statedTime, judgedAtSource: 'operator' };
    if (trust.policy === undefined) {
      checks.push(notChecked('seal', about, 'no-policy', facts));
      continue;
    }
    const outcome = await followChain(opened.chain, anchors, unixMsOf(statedTime));
    if (outcome.trusted) checks.push(passed('seal', about, facts));
    else if (outcome.because === 'broken') checks.push(failed('seal', about, outcome.reason, facts));
    else checks.push(notChecked('seal', about, 'untrusted-key', facts));
  }
  return checks;
}
