import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto';
import * as pkijs from 'pkijs';
import { CodedError } from '../errors.ts';

export type SealingKeyErrorCode =
  | 'sealing-key-unreadable'
  | 'sealing-key-not-p256'
  | 'sealing-key-mismatch'
  | 'sealing-certificate-missing';

/** Why a configured seal cannot be used. The service does not start with it. */
export class SealingKeyError extends CodedError<SealingKeyErrorCode> {}

/** A private key with the X.509 certificates that say whose it is. */
export interface SealingKey {
  /** P-256. */
  privateKey: KeyObject;
  /** DER, the key's own certificate first, then its issuers as far as they are at hand (RFC 7515 §4.1.6). */
  certificateChain: Uint8Array[];
}

/** The header of a seal takes eight certificates. */
const MAX_CHAIN = 8;

/**
 * Key and chain as PEM. The chain may stand in any order after the key's own certificate, and in the same text as the key.
 * @throws SealingKeyError
 */
export function sealingKeyFromPem(keyPem: string, chainPem: string, passphrase?: string): SealingKey {
  let privateKey: KeyObject;
  try {
    privateKey = createPrivateKey({ key: keyPem, ...(passphrase === undefined ? {} : { passphrase }) });
  } catch (cause) {
    throw new SealingKeyError('sealing-key-unreadable', `PEM key: ${(cause as Error).message}`, { cause });
  }
  const blocks = chainPem.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? [];
  return sealingKey(privateKey, blocks.map(readCertificate));
}

/**
 * Key and chain out of a PKCS#12 file (RFC 7292) whose parts are encrypted by PBES2, as OpenSSL 3 and today's certificate
 * authorities write it. The older RC2 and triple-DES files are refused: `openssl pkcs12 -legacy` converts them.
 * @throws SealingKeyError
 */
export async function sealingKeyFromPkcs12(file: Uint8Array, passphrase: string): Promise<SealingKey> {
  const keys: KeyObject[] = [];
  const certificates: X509Certificate[] = [];
  try {
    for (const bag of await openPkcs12(file, passphrase)) {
      const value = bag.bagValue as unknown;
      if (value instanceof pkijs.PrivateKeyInfo) keys.push(privateKeyFromPkcs8(value));
      else if (value instanceof pkijs.PKCS8ShroudedKeyBag && value.parsedValue !== undefined) {
        keys.push(privateKeyFromPkcs8(value.parsedValue));
      } else if (value instanceof pkijs.CertBag && value.parsedValue instanceof pkijs.Certificate) {
        certificates.push(new X509Certificate(Buffer.from(value.parsedValue.toSchema().toBER())));
      }
    }
  } catch (cause) {
    const why = (cause as Error).message;
    throw new SealingKeyError('sealing-key-unreadable', `PKCS#12 of ${file.length} bytes: ${why}`, { cause });
  }
  const [privateKey] = keys;
  if (privateKey === undefined || keys.length > 1) {
    throw new SealingKeyError('sealing-key-unreadable', `PKCS#12 holds ${keys.length} private keys, expected one`);
  }
  return sealingKey(privateKey, certificates);
}

async function openPkcs12(file: Uint8Array, passphrase: string): Promise<pkijs.SafeBag[]> {
  const password = new Uint8Array(Buffer.from(passphrase, 'utf8')).buffer;
  const pfx = pkijs.PFX.fromBER(file);
  await pfx.parseInternalValues({ password, checkIntegrity: true });
  const safe = pfx.parsedValue?.authenticatedSafe;
  if (safe === undefined) throw new Error('no authenticated safe');
  await safe.parseInternalValues({ safeContents: safe.safeContents.map(() => ({ password })) });
  const contents = (safe.parsedValue as { safeContents: { value: pkijs.SafeContents }[] }).safeContents;
  const bags = contents.flatMap((content) => content.value.safeBags);
  for (const bag of bags) {
    const value = bag.bagValue as unknown;
    if (!(value instanceof pkijs.PKCS8ShroudedKeyBag)) continue;
    // Typed as protected, and the only way to the key: parseInternalValues of the bag itself is what pkijs documents.
    await (
      value as unknown as { parseInternalValues(o: { password: ArrayBuffer }): Promise<void> }
    ).parseInternalValues({
      password,
    });
  }
  return bags;
}

function privateKeyFromPkcs8(info: pkijs.PrivateKeyInfo): KeyObject {
  return createPrivateKey({ key: Buffer.from(info.toSchema().toBER()), format: 'der', type: 'pkcs8' });
}

function readCertificate(pem: string): X509Certificate {
  try {
    return new X509Certificate(pem);
  } catch (cause) {
    throw new SealingKeyError('sealing-key-unreadable', `PEM certificate: ${(cause as Error).message}`, { cause });
  }
}

/** Puts the chain in order: the key's own certificate, then each one's issuer; what belongs to neither is left out. */
function sealingKey(privateKey: KeyObject, certificates: X509Certificate[]): SealingKey {
  const curve = privateKey.asymmetricKeyDetails?.namedCurve;
  if (privateKey.asymmetricKeyType !== 'ec' || curve !== 'prime256v1') {
    const found = `${privateKey.asymmetricKeyType}${curve === undefined ? '' : ` ${curve}`}`;
    throw new SealingKeyError('sealing-key-not-p256', `seals are ES256 and need a P-256 key, got ${found}`);
  }
  if (certificates.length === 0) {
    throw new SealingKeyError('sealing-certificate-missing', 'no X.509 certificate beside the sealing key');
  }
  const own = certificates.find((x509) => x509.checkPrivateKey(privateKey));
  if (own === undefined) {
    const subjects = certificates.map((x509) => x509.subject.replaceAll('\n', ', ')).join('; ');
    throw new SealingKeyError(
      'sealing-key-mismatch',
      `the sealing key belongs to none of the certificates: ${subjects}`,
    );
  }
  const chain = [own];
  while (chain.length < MAX_CHAIN) {
    const last = chain.at(-1) as X509Certificate;
    const issuer = certificates.find((x509) => !chain.includes(x509) && last.checkIssued(x509));
    if (issuer === undefined) break;
    chain.push(issuer);
  }
  return { privateKey, certificateChain: chain.map((x509) => new Uint8Array(x509.raw)) };
}
