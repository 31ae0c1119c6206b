import { CodedError } from '../../errors.ts';
import { parseCertificate } from '../../format/certificate.ts';
import { MAX_CUSTODY_FILE_BYTES } from '../../format/custody.ts';
import { bitStringBytesOf, childrenOf, parseDer, TAG } from '../../format/der.ts';
import { typeOf } from '../../format/fields.ts';
import { MAX_DEPTH, parseJson } from '../../format/json.ts';
import { pemBlocks } from '../../format/pem.ts';
import { MAX_STATUS_BYTES } from '../../format/status.ts';
import { openPdf } from '../pdf.ts';
import { MAX_REVOCATION_BYTES } from '../revocation.ts';
import { NO_MATERIAL, type TokenMaterial } from '../timestamp.ts';
import { digestOf } from '../verify.ts';
import { parseX509 } from '../x509-chain.ts';

/** What lies beside a thing and helps to judge it, without being evidence: each piece is signed by somebody. */
export type Aid =
  | { kind: 'status' | 'custody'; bytes: Uint8Array }
  | { kind: 'material'; material: TokenMaterial }
  /** A certificate of this project, by the digest that names it. Nothing of it is verified. */
  | { kind: 'certificate'; digest: string };

export const MAX_AID_BYTES = Math.max(MAX_STATUS_BYTES, MAX_REVOCATION_BYTES, MAX_CUSTODY_FILE_BYTES);

/**
 * A status answer for a certificate, the custody file of its deposit, a certificate of this project as JSON or PDF, or X.509 certificates,
 * CRLs and OCSP responses in PEM or DER.
 * @returns undefined for any other file
 */
export async function aidOf(bytes: Uint8Array): Promise<Aid | undefined> {
  if (bytes.length > MAX_AID_BYTES) return undefined;
  try {
    if (bytes[0] === 0x7b) {
      const type = typeOf(parseJson(bytes, { maxBytes: MAX_CUSTODY_FILE_BYTES, maxDepth: MAX_DEPTH }));
      if (type === 'tiezheng/custody-file/v1') return { kind: 'custody', bytes };
      if (type === 'tiezheng/certificate/v1') return certificateAid(bytes);
      return type === 'tiezheng/status-proof/v1' ? { kind: 'status', bytes } : undefined;
    }
    if (bytes[0] === 0x25) return certificateAid((await openPdf(bytes)).certificate);
    if (bytes[0] === 0x30) return materialOf([bytes]);
    return materialOf([...pemBlocks(bytes, 'CERTIFICATE'), ...pemBlocks(bytes, 'X509 CRL')]);
  } catch (error) {
    if (error instanceof CodedError) return undefined;
    throw error;
  }
}

/** @throws FormatError */
function certificateAid(bytes: Uint8Array): Aid {
  return { kind: 'certificate', digest: digestOf(parseCertificate(bytes)) };
}

/** All the X.509 certificates and revocation data among these. */
export function materialAmong(aids: readonly (Aid | undefined)[]): TokenMaterial {
  const found = aids.flatMap((aid) => (aid?.kind === 'material' ? [aid.material] : []));
  if (found.length === 0) return NO_MATERIAL;
  return {
    certificates: found.flatMap(({ certificates }) => [...certificates]),
    revocation: found.flatMap(({ revocation }) => [...revocation]),
  };
}

function materialOf(ders: readonly Uint8Array[]): Aid | undefined {
  const certificates = ders.filter((der) => parseX509(der) !== undefined);
  const revocation = ders.filter((der) => !certificates.includes(der) && isRevocationData(der));
  if (certificates.length + revocation.length === 0) return undefined;
  return { kind: 'material', material: { certificates, revocation } };
}

/** OCSPResponse (RFC 6960 §4.2.1) begins with its status; CertificateList (RFC 5280 §5.1) is three members, the last a bit string. */
function isRevocationData(der: Uint8Array): boolean {
  const [first, second, third] = childrenOf(parseDer(der));
  if (first === undefined) return false;
  if (first.tag === ENUMERATED) return true;
  if (first.tag !== TAG.sequence || second?.tag !== TAG.sequence || third?.tag !== TAG.bitString) return false;
  return bitStringBytesOf(third).length > 0;
}

const ENUMERATED = 0x0a;
