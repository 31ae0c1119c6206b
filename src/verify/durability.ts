import { encodeHex, sha256 } from '../format/bytes.ts';
import { utcTimeOf } from '../format/fields.ts';
import type { Check, Report } from '../format/report.ts';
import type { Facts } from './checks.ts';
import { subjectOf, type X509 } from './x509-chain.ts';

/** Something that a verified certificate rests on, and until when it can be trusted as it is. */
export interface Link {
  kind: 'certificate' | 'key' | 'digest' | 'chain';
  /** Which check and whose, then what: `rfc3161 National authority: X.509 Root 2020`, `log: Ed25519`, `SHA-256`. */
  link: string;
  /** UTC; null if no end is known. Past it the link is not broken, but what it holds should have been renewed. */
  until: string | null;
}

/**
 * Last instants of kinds of keys: NIST IR 8547 lets RSA, ECDSA and EdDSA signatures of at least 128 bits of security be used through
 * 2035, those of 112 bits through 2030.
 */
const WEAKER_KEYS_UNTIL = '2030-12-31T23:59:59.000Z';
const KEYS_UNTIL = '2035-12-31T23:59:59.000Z';
/** RSA of fewer bits has less than 128 bits of security (NIST SP 800-57 part 1, table 2). */
const STRONG_RSA_BITS = 3072;

/** What the checks say of a chain of X.509 certificates: its first end, whose, and the kinds of its keys. */
export function lifeOf(path: readonly X509[]): Facts {
  const ends = path.map((x509) => ({ x509, until: x509.parsed.notAfter.value.getTime() }));
  const first = ends.reduce<(typeof ends)[number] | undefined>(
    (best, end) => (best === undefined || end.until < best.until ? end : best),
    undefined,
  );
  if (first === undefined) return {};
  return {
    validUntil: utcTimeOf(first.until),
    validUntilOf: subjectOf(first.x509),
    keys: [...new Set(path.map(keyKindOf))].sort().join(', '),
  };
}

/** Who stands behind tokens below this root if the policy does not say: the root itself, so that two of its tokens are one. */
export function nameOfRoot(root: X509): string {
  return `${subjectOf(root)} (${encodeHex(sha256(root.der)).slice(0, 16)})`;
}

/** `P-256`, `RSA 3072`, `Ed25519`; else what identifies it. */
export function keyKindOf({ parsed }: X509): string {
  const { algorithm, subjectPublicKey } = parsed.subjectPublicKeyInfo;
  switch (algorithm.algorithmId) {
    case '1.2.840.10045.2.1': {
      const curve = String(algorithm.algorithmParams?.valueBlock?.toString?.() ?? '');
      return CURVES[curve] ?? `EC ${curve}`;
    }
    case '1.2.840.113549.1.1.1':
    case '1.2.840.113549.1.1.10':
      // An RSA key is its modulus and a few octets around it; sizes come in steps of 256 bits.
      return `RSA ${Math.floor((subjectPublicKey.valueBlock.valueHexView.length * 8) / 256) * 256}`;
    case '1.3.101.112':
      return 'Ed25519';
    default:
      return algorithm.algorithmId;
  }
}

const CURVES: Readonly<Record<string, string>> = {
  '1.2.840.10045.3.1.7': 'P-256',
  '1.3.132.0.34': 'P-384',
  '1.3.132.0.35': 'P-521',
};

/** Last instant, UTC, of a kind that `keyKindOf` names. */
export function endOfKey(kind: string): string {
  const bits = /^RSA (\d+)$/.exec(kind)?.[1];
  return bits !== undefined && Number(bits) < STRONG_RSA_BITS ? WEAKER_KEYS_UNTIL : KEYS_UNTIL;
}

/**
 * Every link that the passed checks rest on, each once. What a policy does not trust, or nobody has confirmed, is no link yet. A
 * chain's signatures are none: once a block is confirmed and final, what holds it is its hash.
 */
export function linksOf(since: readonly Check[]): Link[] {
  const links = new Map<string, Link>();
  const add = (kind: Link['kind'], link: string, until: string | null) => {
    links.set(`${kind} ${link}`, { kind, link: link.slice(0, 300), until });
  };
  for (const { name, status, facts } of since) {
    if (status !== 'passed') continue;
    const addKeys = (whose: string, keys: string | undefined) => {
      for (const key of keys?.split(', ') ?? []) add('key', `${whose}: ${key}`, endOfKey(key));
    };
    const addCertificate = (whose: string, of: string | undefined, until: string | undefined) => {
      if (until !== undefined) add('certificate', `${whose}: X.509 ${of ?? ''}`, until);
    };
    switch (name) {
      case 'seal':
      case 'pdf.signature': {
        const what = `${name} ${facts.signer ?? ''}`;
        // Judged at its token's time, a signature outlives its signer's certificate and lives as long as the token.
        if (facts.judgedAtSource === 'timestamp') {
          const stamp = `${what}, timestamp ${facts.timestampAuthority ?? ''}`;
          addCertificate(stamp, facts.timestampValidUntilOf, facts.timestampValidUntil);
          addKeys(stamp, facts.timestampKeys);
        } else {
          addCertificate(what, facts.validUntilOf, facts.validUntil);
          addKeys(what, facts.keys);
        }
        break;
      }
      case 'rfc3161':
        addCertificate(`rfc3161 ${facts.authority ?? ''}`, facts.validUntilOf, facts.validUntil);
        addKeys(`rfc3161 ${facts.authority ?? ''}`, facts.keys);
        break;
      case 'log.signature':
        add('key', 'log: Ed25519', KEYS_UNTIL);
        break;
      case 'log.cosignatures':
        add('key', 'witnesses: Ed25519', KEYS_UNTIL);
        break;
      case 'file.sha256':
      case 'log.inclusion':
        add('digest', 'SHA-256', null);
        break;
      case 'file.sm3':
        add('digest', 'SM3', null);
        break;
      case 'evm.canonical':
        add('digest', 'Keccak-256', null);
        add('chain', facts.chain ?? '', null);
        break;
      case 'opentimestamps':
        add('chain', 'Bitcoin', null);
        break;
    }
  }
  return [...links.values()];
}

/** The link that ends first; null if no end of any is known. Of several, the first in the order of the text. */
export function weakestLinkOf(links: readonly Link[]): Report['weakestLink'] {
  let weakest: { link: string; until: string } | null = null;
  for (const { link, until } of links) {
    if (until === null) continue;
    if (weakest === null || until < weakest.until || (until === weakest.until && link < weakest.link)) {
      weakest = { link, until };
    }
  }
  return weakest;
}
