import { endOfKey, keyKindOf } from '../verify/durability.ts';
import { parseX509, subjectOf } from '../verify/x509-chain.ts';

/** Until when a chain of certificates can be trusted as it is, and what ends first. */
export interface PathLife {
  untilMs: number;
  because: 'certificate-ends' | 'key-ends';
  /** The certificate's subject, or the subject and kind of its key. */
  of: string;
}

/**
 * @param path DER, signer first. What cannot be read ends at once: it has to be looked into
 * @param keyEnds UTC, by kind of key, in place of what the verifier goes by
 */
export function lifeOfPath(path: readonly Uint8Array[], keyEnds: Readonly<Record<string, string>>): PathLife {
  let first: PathLife | undefined;
  for (const der of path) {
    const x509 = parseX509(new Uint8Array(der));
    if (x509 === undefined) return { untilMs: 0, because: 'certificate-ends', of: 'a certificate that cannot be read' };
    const kind = keyKindOf(x509);
    const subject = subjectOf(x509);
    const ends: PathLife[] = [
      { untilMs: x509.parsed.notAfter.value.getTime(), because: 'certificate-ends', of: subject },
      { untilMs: Date.parse(keyEnds[kind] ?? endOfKey(kind)), because: 'key-ends', of: `${subject}: ${kind}` },
    ];
    for (const end of ends) if (first === undefined || end.untilMs < first.untilMs) first = end;
  }
  return first ?? { untilMs: 0, because: 'certificate-ends', of: 'no certificate was kept' };
}
