import { fromBER, type Integer } from 'asn1js';
import { type BasicConstraints, Certificate } from 'pkijs';
import { encodeHex, equalBytes } from '../format/bytes.ts';

/** A parsed X.509 certificate that is byte for byte its own DER. */
export interface X509 {
  der: Uint8Array;
  parsed: Certificate;
}

export type ChainOutcome =
  | { trusted: true }
  | { trusted: false; because: 'unknown-root' }
  | { trusted: false; because: 'broken'; reason: ChainFailure };

export type ChainFailure =
  | 'certificate-expired'
  | 'certificate-not-yet-valid'
  | 'issuer-mismatch'
  | 'certificate-signature-invalid'
  | 'issuer-is-not-a-ca'
  | 'path-too-long';

const OID_BASIC_CONSTRAINTS = '2.5.29.19';
const OID_KEY_USAGE = '2.5.29.15';
const KEY_CERT_SIGN = 0x04;

/** Undefined if the bytes are not one X.509 certificate in DER, without trailing data. */
export function parseX509(der: Uint8Array): X509 | undefined {
  try {
    const block = fromBER(der.slice().buffer);
    if (block.offset !== der.length) return undefined;
    const parsed = new Certificate({ schema: block.result });
    // asn1js reads BER too; one certificate must not have two spellings.
    if (!equalBytes(new Uint8Array(parsed.toSchema(false).toBER()), der)) return undefined;
    return { der, parsed };
  } catch {
    return undefined;
  }
}

/**
 * Follows `chain` (signer first, each issued by the next) until a certificate is itself an anchor or was issued by one.
 * Every certificate on the way is valid at `atUnixMs` (RFC 5280 §6.1.3: signature, period, issuer's name, CA bit, path length).
 * Revocation is not looked at.
 */
export async function followChain(
  chain: readonly X509[],
  anchors: readonly X509[],
  atUnixMs: number,
): Promise<ChainOutcome> {
  for (const [i, certificate] of chain.entries()) {
    const period = checkPeriod(certificate, atUnixMs);
    if (period !== undefined) return broken(period);
    if (anchors.some((anchor) => equalBytes(anchor.der, certificate.der))) return { trusted: true };

    for (const anchor of anchors) {
      if (!isNamedIssuer(certificate, anchor)) continue;
      const refusal = (await checkIssued(certificate, anchor, i)) ?? checkPeriod(anchor, atUnixMs);
      if (refusal === undefined) return { trusted: true };
    }

    const issuer = chain[i + 1];
    if (issuer === undefined) break;
    if (!isNamedIssuer(certificate, issuer)) return broken('issuer-mismatch');
    const refusal = await checkIssued(certificate, issuer, i);
    if (refusal !== undefined) return broken(refusal);
  }
  return { trusted: false, because: 'unknown-root' };
}

/** The certificate's subject as people read it: the common name, else all values. */
export function subjectOf(certificate: X509): string {
  const values = certificate.parsed.subject.typesAndValues;
  const name = values.find((v) => v.type === '2.5.4.3') ?? values[0];
  return String(name?.value.valueBlock.value ?? '').slice(0, 200);
}

export function serialOf(certificate: X509): string {
  return encodeHex(new Uint8Array((certificate.parsed.serialNumber as Integer).valueBlock.valueHexView));
}

/** The P-256 public key, uncompressed (65 bytes), or undefined if the key is another kind. */
export function p256KeyOf(certificate: X509): Uint8Array | undefined {
  const info = certificate.parsed.subjectPublicKeyInfo;
  if (info.algorithm.algorithmId !== '1.2.840.10045.2.1') return undefined;
  const curve = info.algorithm.algorithmParams?.valueBlock?.toString?.();
  if (curve !== '1.2.840.10045.3.1.7') return undefined;
  const key = new Uint8Array(info.subjectPublicKey.valueBlock.valueHexView);
  return key.length === 65 ? key : undefined;
}

function broken(reason: ChainFailure): ChainOutcome {
  return { trusted: false, because: 'broken', reason };
}

function checkPeriod({ parsed }: X509, atUnixMs: number): ChainFailure | undefined {
  if (atUnixMs < parsed.notBefore.value.getTime()) return 'certificate-not-yet-valid';
  // notAfter names a whole second, which still counts.
  if (atUnixMs >= parsed.notAfter.value.getTime() + 1000) return 'certificate-expired';
  return undefined;
}

function isNamedIssuer(certificate: X509, issuer: X509): boolean {
  return certificate.parsed.issuer.isEqual(issuer.parsed.subject);
}

/** `below` counts the certificates between the issuer and the signer, for the path length. */
async function checkIssued(certificate: X509, issuer: X509, below: number): Promise<ChainFailure | undefined> {
  const extensions = issuer.parsed.extensions ?? [];
  const constraints = extensions.find((e) => e.extnID === OID_BASIC_CONSTRAINTS)?.parsedValue as
    | BasicConstraints
    | undefined;
  if (constraints?.cA !== true) return 'issuer-is-not-a-ca';
  const usage = extensions.find((e) => e.extnID === OID_KEY_USAGE)?.parsedValue as
    | { valueBlock: { valueHexView: Uint8Array } }
    | undefined;
  if (usage !== undefined && ((usage.valueBlock.valueHexView[0] ?? 0) & KEY_CERT_SIGN) === 0)
    return 'issuer-is-not-a-ca';
  const limit = constraints.pathLenConstraint;
  if (typeof limit === 'number' && below > limit) return 'path-too-long';
  try {
    return (await certificate.parsed.verify(issuer.parsed)) ? undefined : 'certificate-signature-invalid';
  } catch {
    return 'certificate-signature-invalid';
  }
}
