import { constants, createHash, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';

/**
 * Authorities, tokens, CRLs and OCSP responses for tests, good ones and every kind of bad one. Written byte by byte, with nothing
 * of src/ and no ASN.1 library, so that both sides do not share a mistake.
 */

export type KeyKind = 'p256' | 'p384' | 'p521' | 'rsa' | 'rsa-1024' | 'rsa-pss';
export type Digest = 'sha1' | 'sha256' | 'sha384' | 'sha512';

/** An X.509 certificate and its key. */
export interface Issued {
  der: Uint8Array;
  key: KeyObject;
  kind: KeyKind;
  /** DER Name. */
  subject: Buffer;
  issuerName: Buffer;
  serial: bigint;
  /** DER SubjectPublicKeyInfo. */
  spki: Buffer;
}

export interface CertificateOptions {
  name: string;
  /** Left out: signs itself. */
  issuer?: Issued;
  kind?: KeyKind;
  /** Takes the key of another certificate. */
  keyOf?: Issued;
  notBefore?: string;
  notAfter?: string;
  ca?: boolean;
  pathLength?: number;
  /** First octet of key usage; null leaves the extension out. */
  keyUsage?: number | null;
  /** Purposes as object identifiers; null leaves the extension out. */
  purposes?: string[] | null;
  purposesCritical?: boolean;
  /** A critical extension that nobody knows. */
  unknownCritical?: boolean;
  /** Where the certificate says that its revocation can be asked about. */
  ocspUrl?: string;
  crlUrl?: string;
  digest?: Digest;
  serial?: bigint;
}

export const PURPOSE = {
  timeStamping: '1.3.6.1.5.5.7.3.8',
  serverAuth: '1.3.6.1.5.5.7.3.1',
  ocsp: '1.3.6.1.5.5.7.3.9',
};
export const POLICY = '1.3.6.1.4.1.99999.1';
export const GEN_TIME = '2026-11-22T03:06:00.000Z';

const OID = {
  tstInfo: '1.2.840.113549.1.9.16.1.4',
  data: '1.2.840.113549.1.7.1',
  signedData: '1.2.840.113549.1.7.2',
  contentType: '1.2.840.113549.1.9.3',
  messageDigest: '1.2.840.113549.1.9.4',
  signingCertificate: '1.2.840.113549.1.9.16.2.12',
  signingCertificateV2: '1.2.840.113549.1.9.16.2.47',
} as const;
const DIGEST_OID: Record<Digest | 'sm3', string> = {
  sha1: '1.3.14.3.2.26',
  sha256: '2.16.840.1.101.3.4.2.1',
  sha384: '2.16.840.1.101.3.4.2.2',
  sha512: '2.16.840.1.101.3.4.2.3',
  sm3: '1.2.156.10197.1.401',
};
const ECDSA_OID = {
  sha1: '1.2.840.10045.4.1',
  sha256: '1.2.840.10045.4.3.2',
  sha384: '1.2.840.10045.4.3.3',
  sha512: '1.2.840.10045.4.3.4',
};
const RSA_OID = {
  sha1: '1.2.840.113549.1.1.5',
  sha256: '1.2.840.113549.1.1.11',
  sha384: '1.2.840.113549.1.1.12',
  sha512: '1.2.840.113549.1.1.13',
};

/** One element in DER. */
export function tlv(tag: number, ...content: Uint8Array[]): Buffer {
  const body = Buffer.concat(content);
  const length =
    body.length < 0x80
      ? [body.length]
      : body.length < 0x100
        ? [0x81, body.length]
        : body.length < 0x10000
          ? [0x82, body.length >> 8, body.length & 255]
          : [0x83, body.length >> 16, (body.length >> 8) & 255, body.length & 255];
  return Buffer.concat([Buffer.from([tag, ...length]), body]);
}

export const seq = (...parts: Uint8Array[]) => tlv(0x30, ...parts);
export const octets = (bytes: Uint8Array) => tlv(0x04, bytes);
export const bool = (value: boolean) => tlv(0x01, Buffer.from([value ? 0xff : 0]));
export const bits = (bytes: Uint8Array, unused = 0) => tlv(0x03, Buffer.from([unused]), bytes);
/** SET OF: members in the order of their encodings. */
export const setOf = (...parts: Uint8Array[]) => tlv(0x31, ...[...parts].sort(Buffer.compare));

export function int(value: bigint | number): Buffer {
  const positive = BigInt(value);
  const hex = positive.toString(16);
  const bytes = Buffer.from(hex.length % 2 === 0 ? hex : `0${hex}`, 'hex');
  return tlv(0x02, (bytes[0] as number) >= 0x80 ? Buffer.concat([Buffer.from([0]), bytes]) : bytes);
}

export function oid(dotted: string): Buffer {
  const [root, second, ...rest] = dotted.split('.').map(Number) as [number, number, ...number[]];
  const bytes = [40 * root + second, ...rest].flatMap((arc) => {
    const groups = [arc & 0x7f];
    for (let left = Math.floor(arc / 128); left > 0; left = Math.floor(left / 128))
      groups.unshift((left & 0x7f) | 0x80);
    return groups;
  });
  return tlv(0x06, Buffer.from(bytes));
}

/** `2026-11-22T03:06:00.120Z` → GeneralizedTime, without the zeros at the end of the fraction. */
export function generalizedTime(iso: string): Buffer {
  const [whole, fraction = ''] = iso.replace('Z', '').split('.') as [string, string?];
  const shortened = fraction.replace(/0+$/, '');
  return tlv(0x18, Buffer.from(`${whole.replace(/[-:T]/g, '')}${shortened === '' ? '' : `.${shortened}`}Z`));
}

function utcTime(iso: string): Buffer {
  return tlv(0x17, Buffer.from(`${iso.slice(2).replace(/[-:T]/g, '').slice(0, 12)}Z`));
}

function nameOf(commonName: string): Buffer {
  return seq(tlv(0x31, seq(oid('2.5.4.3'), tlv(0x0c, Buffer.from(commonName)))));
}

const algorithm = (id: string, ...parameters: Uint8Array[]) => seq(oid(id), ...parameters);

function makeKey(kind: KeyKind): { publicKey: KeyObject; privateKey: KeyObject } {
  if (kind === 'p256') return generateKeyPairSync('ec', { namedCurve: 'P-256' });
  if (kind === 'p384') return generateKeyPairSync('ec', { namedCurve: 'P-384' });
  if (kind === 'p521') return generateKeyPairSync('ec', { namedCurve: 'P-521' });
  return generateKeyPairSync('rsa', { modulusLength: kind === 'rsa-1024' ? 1024 : 2048 });
}

/** Signature, and the AlgorithmIdentifier that says how it was made. */
function signWith(key: KeyObject, kind: KeyKind, digest: Digest, bytes: Uint8Array): { id: Buffer; signature: Buffer } {
  if (kind === 'rsa-pss') {
    const saltLength = 32;
    const hash = algorithm(DIGEST_OID[digest], tlv(0x05));
    const mask = algorithm('1.2.840.113549.1.1.8', hash);
    return {
      id: algorithm('1.2.840.113549.1.1.10', seq(tlv(0xa0, hash), tlv(0xa1, mask), tlv(0xa2, int(saltLength)))),
      signature: sign(digest, bytes, { key, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength }),
    };
  }
  const id = kind.startsWith('rsa') ? algorithm(RSA_OID[digest], tlv(0x05)) : algorithm(ECDSA_OID[digest]);
  return { id, signature: sign(digest, bytes, key) };
}

let lastSerial = 0x1000n;

/** Issues a certificate. Without further options: an end entity that may stamp times, valid in 2026. */
export function issue(options: CertificateOptions): Issued {
  const { name, issuer, keyOf, digest = 'sha256', ca = false, unknownCritical = false } = options;
  const kind = keyOf?.kind ?? options.kind ?? 'p256';
  const keys = keyOf === undefined ? makeKey(kind) : undefined;
  const key = keyOf?.key ?? (keys?.privateKey as KeyObject);
  const spki = keyOf?.spki ?? (keys?.publicKey.export({ type: 'spki', format: 'der' }) as Buffer);
  const subject = nameOf(name);
  const issuerName = issuer?.subject ?? subject;
  lastSerial += 1n;
  const serial = options.serial ?? lastSerial;
  const extension = (id: string, critical: boolean, value: Uint8Array) =>
    seq(oid(id), ...(critical ? [bool(true)] : []), octets(value));
  const keyUsage = options.keyUsage === undefined ? (ca ? 0x06 : 0x80) : options.keyUsage;
  const purposes = options.purposes === undefined ? (ca ? null : [PURPOSE.timeStamping]) : options.purposes;
  const pathLength = options.pathLength === undefined ? [] : [int(options.pathLength)];
  const keyId = createHash('sha1').update(spki).digest();
  const extensions = [
    extension('2.5.29.19', true, seq(...(ca ? [bool(true), ...pathLength] : []))),
    ...(keyUsage === null
      ? []
      : [extension('2.5.29.15', true, bits(Buffer.from([keyUsage]), trailingZeros(keyUsage)))]),
    ...(purposes === null
      ? []
      : [extension('2.5.29.37', options.purposesCritical ?? !ca, seq(...purposes.map((purpose) => oid(purpose))))]),
    extension('2.5.29.14', false, octets(keyId)),
    ...(options.ocspUrl === undefined
      ? []
      : [extension('1.3.6.1.5.5.7.1.1', false, seq(seq(oid('1.3.6.1.5.5.7.48.1'), uri(options.ocspUrl))))]),
    ...(options.crlUrl === undefined
      ? []
      : [extension('2.5.29.31', false, seq(seq(tlv(0xa0, tlv(0xa0, uri(options.crlUrl))))))]),
    ...(unknownCritical ? [extension('1.3.6.1.4.1.99999.7', true, tlv(0x05))] : []),
  ];
  const signerKind = issuer?.kind ?? kind;
  const signerKey = issuer?.key ?? key;
  const tbsWith = (id: Buffer) =>
    seq(
      tlv(0xa0, int(2)),
      int(serial),
      id,
      issuerName,
      seq(utcTime(options.notBefore ?? '2026-01-01T00:00:00Z'), utcTime(options.notAfter ?? '2027-01-01T00:00:00Z')),
      subject,
      spki,
      tlv(0xa3, seq(...extensions)),
    );
  const { id } = signWith(signerKey, signerKind, digest, Buffer.alloc(0));
  const tbs = tbsWith(id);
  const der = seq(tbs, id, bits(signWith(signerKey, signerKind, digest, tbs).signature));
  return { der: new Uint8Array(der), key, kind, subject, issuerName, serial, spki };
}

/** GeneralName of the kind uniformResourceIdentifier. */
function uri(address: string): Buffer {
  return tlv(0x86, Buffer.from(address));
}

function trailingZeros(octet: number): number {
  let zeros = 0;
  while (zeros < 7 && ((octet >> zeros) & 1) === 0) zeros++;
  return zeros;
}

export interface TokenOptions {
  signer: Issued;
  message: Uint8Array;
  /** Certificates that go into the token; the signer's alone if left out. */
  embedded?: Issued[];
  imprint?: Digest | 'sm3';
  /** In place of the message's own digest. */
  imprintDigest?: Uint8Array;
  genTime?: string;
  /** DER of Accuracy; null leaves it out. One second if left out. */
  accuracy?: Uint8Array | null;
  nonce?: bigint;
  policy?: string;
  serial?: bigint;
  tstVersion?: number;
  /** DER members behind the nonce of TSTInfo: tsa, extensions. */
  tstTail?: Uint8Array[];
  /** In place of TSTInfo. */
  content?: Uint8Array;
  eContentType?: string;
  /** Digest of the signature and of its message-digest attribute. */
  digest?: Digest;
  contentTypeAttribute?: string;
  messageDigest?: Uint8Array;
  /** Which certificate-naming attributes to write: ESSCertID (SHA-1), ESSCertIDv2. */
  ess?: ('v1' | 'v2')[];
  /** The certificate that they name; the signer if left out. */
  essNames?: Issued;
  essDigest?: Digest;
  essIssuerSerial?: boolean;
  /** In place of the issuer and serial number of the signer. */
  sid?: 'subject-key-id' | Issued;
  signedAttributes?: boolean;
  /** How often a signed attribute stands there: by its object identifier. */
  repeatAttribute?: string;
  unsignedAttributes?: Uint8Array[];
  /** How many signer infos; 0, 1 or 2. */
  signers?: number;
  /** Changes the signature. */
  signature?: (bytes: Buffer) => Buffer;
  crls?: Uint8Array[];
  signedDataType?: string;
}

/** A TimeStampToken (DER ContentInfo), right in everything that the options do not change. */
export function makeToken(options: TokenOptions): Uint8Array {
  const { signer, message, imprint = 'sha256', digest = 'sha256', ess = ['v2'] } = options;
  const imprintDigest = options.imprintDigest ?? createHash(imprint).update(message).digest();
  const accuracy = options.accuracy === undefined ? seq(int(1)) : options.accuracy;
  const content =
    options.content ??
    seq(
      int(options.tstVersion ?? 1),
      oid(options.policy ?? POLICY),
      seq(algorithm(DIGEST_OID[imprint], tlv(0x05)), octets(imprintDigest)),
      int(options.serial ?? 0x4b1dn),
      generalizedTime(options.genTime ?? GEN_TIME),
      ...(accuracy === null ? [] : [accuracy]),
      ...(options.nonce === undefined ? [] : [int(options.nonce)]),
      ...(options.tstTail ?? []),
    );
  const named = options.essNames ?? signer;
  const issuerSerial =
    options.essIssuerSerial === true ? [seq(seq(tlv(0xa4, named.issuerName)), int(named.serial))] : [];
  const essDigest = options.essDigest ?? 'sha256';
  const attribute = (type: string, value: Uint8Array) => seq(oid(type), tlv(0x31, value));
  const attributes = [
    attribute(OID.contentType, oid(options.contentTypeAttribute ?? OID.tstInfo)),
    attribute(OID.messageDigest, octets(options.messageDigest ?? createHash(digest).update(content).digest())),
    ...(ess.includes('v1')
      ? [
          attribute(
            OID.signingCertificate,
            seq(seq(seq(octets(createHash('sha1').update(named.der).digest()), ...issuerSerial))),
          ),
        ]
      : []),
    ...(ess.includes('v2')
      ? [
          attribute(
            OID.signingCertificateV2,
            seq(
              seq(
                seq(
                  ...(essDigest === 'sha256' ? [] : [algorithm(DIGEST_OID[essDigest])]),
                  octets(createHash(essDigest).update(named.der).digest()),
                  ...issuerSerial,
                ),
              ),
            ),
          ),
        ]
      : []),
  ];
  const repeated = attributes.filter(
    (a) => options.repeatAttribute !== undefined && a.includes(oid(options.repeatAttribute)),
  );
  const signedAttributes = setOf(...attributes, ...repeated);
  const hasAttributes = options.signedAttributes ?? true;
  const { id, signature } = signWith(signer.key, signer.kind, digest, hasAttributes ? signedAttributes : content);
  const sid = options.sid;
  const signerInfo = seq(
    int(sid === 'subject-key-id' ? 3 : 1),
    sid === 'subject-key-id'
      ? tlv(0x80, createHash('sha1').update(signer.spki).digest())
      : seq((sid ?? signer).issuerName, int((sid ?? signer).serial)),
    algorithm(DIGEST_OID[digest], tlv(0x05)),
    ...(hasAttributes ? [retagged(signedAttributes, 0xa0)] : []),
    id,
    octets(options.signature?.(signature) ?? signature),
    ...(options.unsignedAttributes === undefined ? [] : [tlv(0xa1, ...options.unsignedAttributes)]),
  );
  const embedded = options.embedded ?? [signer];
  const signedData = seq(
    int(3),
    setOf(algorithm(DIGEST_OID[digest], tlv(0x05))),
    seq(oid(options.eContentType ?? OID.tstInfo), tlv(0xa0, octets(content))),
    ...(embedded.length === 0 ? [] : [tlv(0xa0, ...embedded.map(({ der }) => der))]),
    ...(options.crls === undefined ? [] : [tlv(0xa1, ...options.crls)]),
    tlv(0x31, ...Array.from({ length: options.signers ?? 1 }, () => signerInfo)),
  );
  return new Uint8Array(seq(oid(options.signedDataType ?? OID.signedData), tlv(0xa0, signedData)));
}

/** TimeStampResp with status granted. */
export function makeResponse(token: Uint8Array): Uint8Array {
  return new Uint8Array(seq(seq(int(0)), token));
}

function retagged(der: Buffer, tag: number): Buffer {
  const copy = Buffer.from(der);
  copy[0] = tag;
  return copy;
}

export interface Revoked {
  certificate: Issued;
  at: string;
  /** CRLReason; left out of the entry if undefined. */
  reason?: number;
  invalidSince?: string;
}

export interface CrlOptions {
  issuer: Issued;
  revoked?: Revoked[];
  thisUpdate?: string;
  /** null leaves it out. */
  nextUpdate?: string | null;
  /** DER extensions of the list. */
  extensions?: Uint8Array[];
  digest?: Digest;
  /** Signs in place of the issuer. */
  signedBy?: Issued;
}

/** A CertificateList, current on the day of `GEN_TIME`. */
export function makeCrl(options: CrlOptions): Uint8Array {
  const { issuer, digest = 'sha256' } = options;
  const signer = options.signedBy ?? issuer;
  const nextUpdate = options.nextUpdate === undefined ? '2026-11-30T00:00:00Z' : options.nextUpdate;
  const entries = (options.revoked ?? []).map(({ certificate, at, reason, invalidSince }) => {
    const extensions = [
      ...(reason === undefined ? [] : [seq(oid('2.5.29.21'), octets(tlv(0x0a, Buffer.from([reason]))))]),
      ...(invalidSince === undefined ? [] : [seq(oid('2.5.29.24'), octets(generalizedTime(invalidSince)))]),
    ];
    return seq(int(certificate.serial), utcTime(at), ...(extensions.length === 0 ? [] : [seq(...extensions)]));
  });
  const { id } = signWith(signer.key, signer.kind, digest, Buffer.alloc(0));
  const tbs = seq(
    int(1),
    id,
    issuer.subject,
    utcTime(options.thisUpdate ?? '2026-11-22T12:00:00Z'),
    ...(nextUpdate === null ? [] : [utcTime(nextUpdate)]),
    ...(entries.length === 0 ? [] : [seq(...entries)]),
    ...(options.extensions === undefined ? [] : [tlv(0xa0, seq(...options.extensions))]),
  );
  return new Uint8Array(seq(tbs, id, bits(signWith(signer.key, signer.kind, digest, tbs).signature)));
}

export interface OcspOptions {
  certificate: Issued;
  issuer: Issued;
  /** Signs in place of the issuer, and goes along. */
  responder?: Issued;
  status?: 'good' | 'unknown' | { at: string; reason?: number };
  thisUpdate?: string;
  nextUpdate?: string;
  hash?: Digest;
  byKey?: boolean;
  /** responseStatus: 0 is successful. */
  responseStatus?: number;
}

/** An OCSPResponse, current on the day of `GEN_TIME`. */
export function makeOcsp(options: OcspOptions): Uint8Array {
  const { certificate, issuer, responder, status = 'good', hash = 'sha1' } = options;
  const key = responder ?? issuer;
  const digestOf = (bytes: Uint8Array) => octets(createHash(hash).update(bytes).digest());
  const certStatus =
    status === 'good'
      ? tlv(0x80)
      : status === 'unknown'
        ? tlv(0x82)
        : tlv(
            0xa1,
            generalizedTime(status.at),
            ...(status.reason === undefined ? [] : [tlv(0xa0, tlv(0x0a, Buffer.from([status.reason])))]),
          );
  const thisUpdate = options.thisUpdate ?? '2026-11-22T12:00:00Z';
  const data = seq(
    options.byKey === true
      ? tlv(0xa2, octets(createHash('sha1').update(publicKeyOf(key)).digest()))
      : tlv(0xa1, key.subject),
    generalizedTime(thisUpdate),
    seq(
      seq(
        seq(
          algorithm(DIGEST_OID[hash], tlv(0x05)),
          digestOf(issuer.subject),
          digestOf(publicKeyOf(issuer)),
          int(certificate.serial),
        ),
        certStatus,
        generalizedTime(thisUpdate),
        ...(options.nextUpdate === undefined ? [] : [tlv(0xa0, generalizedTime(options.nextUpdate))]),
      ),
    ),
  );
  const { id, signature } = signWith(key.key, key.kind, 'sha256', data);
  const basic = seq(data, id, bits(signature), ...(responder === undefined ? [] : [tlv(0xa0, seq(responder.der))]));
  return new Uint8Array(
    seq(
      tlv(0x0a, Buffer.from([options.responseStatus ?? 0])),
      tlv(0xa0, seq(oid('1.3.6.1.5.5.7.48.1.1'), octets(basic))),
    ),
  );
}

/** The uncompressed point of an EC key: the last 65 bytes and more of its SubjectPublicKeyInfo. */
function publicKeyOf({ spki, kind }: Issued): Buffer {
  const bytes = { p256: 65, p384: 97, p521: 133 }[kind as 'p256' | 'p384' | 'p521'];
  if (bytes === undefined) throw new Error(`${kind} issuers answer no OCSP here`);
  return spki.subarray(spki.length - bytes);
}

/** A root, an authority below it, and its signer: what most tests need. */
export interface TimestampWorld {
  root: Issued;
  intermediate: Issued;
  signer: Issued;
}

export function makeTimestampWorld(): TimestampWorld {
  const root = issue({
    name: 'Test root',
    ca: true,
    notBefore: '2020-01-01T00:00:00Z',
    notAfter: '2040-01-01T00:00:00Z',
  });
  const intermediate = issue({
    name: 'Test intermediate',
    issuer: root,
    ca: true,
    pathLength: 0,
    notBefore: '2024-01-01T00:00:00Z',
    notAfter: '2034-01-01T00:00:00Z',
  });
  return { root, intermediate, signer: issue({ name: 'Test authority', issuer: intermediate }) };
}
