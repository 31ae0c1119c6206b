import { FormatError } from '../errors.ts';
import {
  booleanOf,
  childrenOf,
  constructedTag,
  contextTag,
  DerReader,
  type DerValue,
  encodeBoolean,
  encodeDer,
  encodeGeneralizedTime,
  encodeInteger,
  encodeOctetString,
  encodeOid,
  encodeSequence,
  encodeUtf8String,
  integerOf,
  oidOf,
  parseDer,
  smallIntegerOf,
  TAG,
  timeOf,
  utf8StringOf,
} from './der.ts';

/** Digest algorithms that an imprint may have. Weaker ones are read, and refused by whoever judges. */
export type ImprintAlgorithm = 'sha256' | 'sha384' | 'sha512';

export const IMPRINT_OIDS: Readonly<Record<ImprintAlgorithm, string>> = {
  sha256: '2.16.840.1.101.3.4.2.1',
  sha384: '2.16.840.1.101.3.4.2.2',
  sha512: '2.16.840.1.101.3.4.2.3',
};

export const IMPRINT_BYTES: Readonly<Record<ImprintAlgorithm, number>> = { sha256: 32, sha384: 48, sha512: 64 };

/** MessageImprint (RFC 3161 §2.4.1). */
export interface MessageImprint {
  /** Object identifier, dotted. */
  algorithm: string;
  digest: Uint8Array;
}

export interface TimestampRequest {
  imprint: MessageImprint;
  /** Object identifier, dotted. */
  policy: string | undefined;
  nonce: bigint | undefined;
  /** Whether the signer's certificate shall be embedded. */
  certReq: boolean;
  /** Object identifiers of the extensions; an authority that knows none refuses them. */
  extensions: string[];
}

/** What a token states (RFC 3161 §2.4.2), version 1. */
export interface TstInfo {
  policy: string;
  imprint: MessageImprint;
  serial: bigint;
  /** Rounded up to whole milliseconds. */
  genTimeUnixMs: number;
  /** 1000 if genTime has whole seconds only, else 1. */
  genTimeUnitMs: number;
  /** Stated deviation, rounded up to whole milliseconds; undefined if none is stated. */
  accuracyMs: number | undefined;
  ordering: boolean;
  nonce: bigint | undefined;
  extensions: { oid: string; critical: boolean }[];
}

/** PKIStatus values with a token (RFC 3161 §2.4.2). */
const GRANTED = [0, 1];

/** Bits of PKIFailureInfo. */
export const FAILURES = {
  badAlg: 0,
  badRequest: 2,
  badDataFormat: 5,
  timeNotAvailable: 14,
  unacceptedPolicy: 15,
  unacceptedExtension: 16,
  addInfoNotAvailable: 17,
  systemFailure: 25,
} as const;
export type TimestampFailure = keyof typeof FAILURES;

/** Largest request and response that are read. */
export const MAX_REQUEST_BYTES = 8192;
export const MAX_RESPONSE_BYTES = 131_072;

export function imprintAlgorithmOf(oid: string): ImprintAlgorithm | undefined {
  return (Object.keys(IMPRINT_OIDS) as ImprintAlgorithm[]).find((name) => IMPRINT_OIDS[name] === oid);
}

export function encodeTimestampRequest(request: Omit<TimestampRequest, 'extensions'>): Uint8Array {
  return encodeSequence(
    encodeInteger(1),
    encodeImprint(request.imprint),
    ...(request.policy === undefined ? [] : [encodeOid(request.policy)]),
    ...(request.nonce === undefined ? [] : [encodeInteger(request.nonce)]),
    ...(request.certReq ? [encodeBoolean(true)] : []),
  );
}

/** @throws FormatError `invalid-der`, or `too-large` */
export function parseTimestampRequest(der: Uint8Array): TimestampRequest {
  if (der.length > MAX_REQUEST_BYTES) {
    throw new FormatError(
      'too-large',
      `timestamp request of ${der.length} bytes, at most ${MAX_REQUEST_BYTES} are read`,
    );
  }
  const reader = new DerReader(parseDer(der));
  checkVersion(reader.next(TAG.integer));
  const imprint = parseImprint(reader.next(TAG.sequence));
  const policy = reader.optional(TAG.oid);
  const nonce = reader.optional(TAG.integer);
  const certReq = reader.optional(TAG.boolean);
  const extensions = reader.optional(constructedTag(0));
  reader.end();
  return {
    imprint,
    policy: policy && oidOf(policy),
    nonce: nonce && integerOf(nonce),
    certReq: certReq !== undefined && booleanOf(certReq),
    extensions: extensions === undefined ? [] : parseExtensions(extensions).map(({ oid }) => oid),
  };
}

/** @param info without extensions: this service writes none */
export function encodeTstInfo(info: Omit<TstInfo, 'extensions' | 'genTimeUnitMs'>): Uint8Array {
  return encodeSequence(
    encodeInteger(1),
    encodeOid(info.policy),
    encodeImprint(info.imprint),
    encodeInteger(info.serial),
    encodeGeneralizedTime(info.genTimeUnixMs),
    ...(info.accuracyMs === undefined ? [] : [encodeAccuracy(info.accuracyMs)]),
    ...(info.ordering ? [encodeBoolean(true)] : []),
    ...(info.nonce === undefined ? [] : [encodeInteger(info.nonce)]),
  );
}

/**
 * The member `tsa` is a hint and is not read (RFC 3161 §2.4.2).
 * @throws FormatError `invalid-der`; `unknown-type` if the version is not 1
 */
export function parseTstInfo(der: Uint8Array): TstInfo {
  const reader = new DerReader(parseDer(der));
  checkVersion(reader.next(TAG.integer));
  const policy = oidOf(reader.next(TAG.oid));
  const imprint = parseImprint(reader.next(TAG.sequence));
  const serial = integerOf(reader.next(TAG.integer));
  const genTime = timeOf(reader.next(TAG.generalizedTime));
  const accuracy = reader.optional(TAG.sequence);
  const ordering = reader.optional(TAG.boolean);
  const nonce = reader.optional(TAG.integer);
  reader.optional(constructedTag(0));
  const extensions = reader.optional(constructedTag(1));
  reader.end();
  return {
    policy,
    imprint,
    serial,
    genTimeUnixMs: genTime.unixMs,
    genTimeUnitMs: genTime.unitMs,
    accuracyMs: accuracy && parseAccuracy(accuracy),
    ordering: ordering !== undefined && booleanOf(ordering),
    nonce: nonce && integerOf(nonce),
    extensions: extensions === undefined ? [] : parseExtensions(extensions),
  };
}

/** TimeStampResp with status granted. */
export function encodeTimestampResponse(token: Uint8Array): Uint8Array {
  return encodeSequence(encodeSequence(encodeInteger(0)), token);
}

/** TimeStampResp with status rejection. @param text for people */
export function encodeTimestampRejection(failure: TimestampFailure, text: string): Uint8Array {
  const bit = FAILURES[failure];
  const bits = new Uint8Array((bit >> 3) + 2);
  // X.690 §11.2.2: a list of named bits ends with its last bit that is set.
  bits[0] = 7 - (bit & 7);
  bits[(bit >> 3) + 1] = 0x80 >> (bit & 7);
  return encodeSequence(
    encodeSequence(encodeInteger(2), encodeSequence(encodeUtf8String(text)), encodeDer(TAG.bitString, bits)),
  );
}

export type TimestampResponse =
  | { granted: true; token: Uint8Array }
  | { granted: false; status: number; failure: string };

/**
 * TimeStampResp (RFC 3161 §2.4.2) → token, or why there is none: the names of the failure bits, else the authority's text, cut to 200.
 * @throws FormatError `invalid-der` if it is no response, or grants without a token; `too-large`
 */
export function parseTimestampResponse(der: Uint8Array): TimestampResponse {
  if (der.length > MAX_RESPONSE_BYTES) {
    throw new FormatError(
      'too-large',
      `timestamp response of ${der.length} bytes, at most ${MAX_RESPONSE_BYTES} are read`,
    );
  }
  const reader = new DerReader(parseDer(der));
  const info = new DerReader(reader.next(TAG.sequence));
  const status = smallIntegerOf(info.next(TAG.integer));
  const texts = info.optional(TAG.sequence);
  const failInfo = info.optional(TAG.bitString);
  info.end();
  const token = reader.optional(TAG.sequence);
  reader.end();
  if (GRANTED.includes(status)) {
    if (token === undefined) throw new FormatError('invalid-der', `status ${status} without a token`);
    return { granted: true, token: token.raw.slice() };
  }
  const names = failInfo === undefined ? [] : failureNames(failInfo);
  const text = texts === undefined ? '' : childrenOf(texts).map(utf8StringOf).join(' ');
  return { granted: false, status, failure: (names.join(' ') || text || 'unspecified').slice(0, 200) };
}

function failureNames({ content }: DerValue): string[] {
  return (Object.keys(FAILURES) as TimestampFailure[]).filter((name) => {
    const bit = FAILURES[name];
    return (((content[1 + (bit >> 3)] ?? 0) << (bit & 7)) & 0x80) !== 0;
  });
}

function checkVersion(value: DerValue): void {
  const version = integerOf(value);
  if (version !== 1n) throw new FormatError('unknown-type', `version ${version}, only 1 is known`);
}

function encodeImprint({ algorithm, digest }: MessageImprint): Uint8Array {
  // RFC 5754 §2: parameters of SHA-2 are absent; some authorities still want the NULL, and all take it.
  const identifier = encodeSequence(encodeOid(algorithm), encodeDer(TAG.null));
  return encodeSequence(identifier, encodeOctetString(digest));
}

function parseImprint(value: DerValue): MessageImprint {
  const reader = new DerReader(value);
  const algorithm = new DerReader(reader.next(TAG.sequence));
  const oid = oidOf(algorithm.next(TAG.oid));
  algorithm.optional(TAG.null);
  algorithm.end();
  const digest = reader.next(TAG.octetString).content.slice();
  reader.end();
  return { algorithm: oid, digest };
}

function encodeAccuracy(accuracyMs: number): Uint8Array {
  const seconds = Math.floor(accuracyMs / 1000);
  const millis = accuracyMs % 1000;
  return encodeSequence(
    ...(seconds === 0 ? [] : [encodeInteger(seconds)]),
    ...(millis === 0 ? [] : [encodeInteger(millis, contextTag(0))]),
  );
}

function parseAccuracy(value: DerValue): number {
  const reader = new DerReader(value);
  const seconds = reader.optional(TAG.integer);
  const millis = reader.optional(contextTag(0));
  const micros = reader.optional(contextTag(1));
  reader.end();
  const amount = (part: DerValue | undefined, limit: number): number => {
    const found = part === undefined ? 0 : smallIntegerOf(part);
    if (found < 0 || found > limit) throw new FormatError('invalid-der', `accuracy of ${found}, at most ${limit}`);
    return found;
  };
  const wholeMs = amount(seconds, MAX_ACCURACY_SECONDS) * 1000 + amount(millis, 999);
  return amount(micros, 999) === 0 ? wholeMs : wholeMs + 1;
}

/** A year: a clock that may be off by more proves nothing. */
const MAX_ACCURACY_SECONDS = 31_536_000;

function parseExtensions(value: DerValue): { oid: string; critical: boolean }[] {
  return childrenOf(value).map((extension) => {
    const reader = new DerReader(extension);
    const oid = oidOf(reader.next(TAG.oid));
    const critical = reader.optional(TAG.boolean);
    reader.next(TAG.octetString);
    reader.end();
    return { oid, critical: critical !== undefined && booleanOf(critical) };
  });
}
