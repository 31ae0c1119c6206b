import { FormatError } from '../../errors.ts';
import { encodeBase64, encodeHex, sha256 } from '../../format/bytes.ts';
import {
  type ImprintAlgorithm,
  imprintAlgorithmOf,
  MAX_RESPONSE_BYTES,
  parseTimestampResponse,
  parseTstInfo,
  type TstInfo,
} from '../../format/timestamp.ts';
import { failed } from '../checks.ts';
import { parseSignedData } from '../signed-data.ts';
import { checkTimestamp, MAX_TOKEN_BYTES } from '../timestamp.ts';
import type { Trust } from '../trust.ts';
import { materialAmong } from './aid.ts';
import type { Finding } from './finding.ts';
import { checkHeldFile, type HeldFile } from './held-file.ts';
import type { HeadInspector } from './inspector.ts';

/** A definite length in DER, in hex. */
const LENGTH = '[0-7][0-9a-f]|81[0-9a-f]{2}|82[0-9a-f]{4}|83[0-9a-f]{6}';

const REQUIRED = ['file.digest', 'rfc3161'] as const;

/** A TimeStampToken as it stands (`.tst`): DER ContentInfo. */
export const tokenInspector: HeadInspector = {
  kind: 'timestamp-token',
  maxBytes: MAX_TOKEN_BYTES,
  recognises(head) {
    const hex = encodeHex(head.subarray(0, 256));
    // ContentInfo of signed data (RFC 5652 §3) whose content is a TSTInfo.
    return (
      new RegExp(`^30(?:80|${LENGTH})06092a864886f70d010702`).test(hex) && hex.includes('060b2a864886f70d0109100104')
    );
  },
  speaksOf: (bytes) => digestsOf(tstInfoOf(bytes)),
  inspect: (bytes, held, trust) => inspectToken(bytes, bytes, held, trust),
};

/** An authority's answer (`.tsr`): DER TimeStampResp, with the token in it or the reason why there is none. */
export const responseInspector: HeadInspector = {
  kind: 'timestamp-response',
  maxBytes: MAX_RESPONSE_BYTES,
  recognises(head) {
    // PKIStatusInfo first (RFC 3161 §2.4.2): a status of one byte and nothing more, or a text or failure bits behind it.
    const hex = encodeHex(head.subarray(0, 64));
    return new RegExp(
      `^30(?:${LENGTH})30(?:0302010[0-5](?:30|$)|[0-7][0-9a-f]02010[0-5](?:30(?:${LENGTH})0c|03))`,
    ).test(hex);
  },
  speaksOf(bytes) {
    const response = parseTimestampResponse(bytes);
    return response.granted ? digestsOf(tstInfoOf(response.token)) : [];
  },
  async inspect(bytes, held, trust) {
    const response = parseTimestampResponse(bytes);
    if (response.granted) return inspectToken(bytes, response.token, held, trust);
    const facts = { status: String(response.status), failure: response.failure };
    return {
      digest: encodeHex(sha256(bytes)),
      checks: [failed('rfc3161', null, 'not-granted', facts)],
      required: REQUIRED,
      times: [],
      statements: [],
      limits: [],
    };
  },
};

async function inspectToken(
  presented: Uint8Array,
  token: Uint8Array,
  held: readonly HeldFile[],
  trust: Trust,
): Promise<Finding> {
  const info = tstInfoOf(token);
  const algorithm = imprintAlgorithmOf(info.imprint.algorithm);
  const imprint = { algorithm: algorithm ?? ('sha256' as ImprintAlgorithm), digest: info.imprint.digest };
  const attestation = { token: encodeBase64(token), certificates: [], revocation: [] };
  const material = materialAmong(held.map(({ aid }) => aid));
  const { check, time } = await checkTimestamp(attestation, imprint, null, trust, material);
  return {
    digest: encodeHex(sha256(presented)),
    checks: [
      ...(algorithm === undefined ? [] : [checkHeldFile({ algorithm, digest: encodeHex(info.imprint.digest) }, held)]),
      check,
    ],
    required: REQUIRED,
    times: time === undefined ? [] : [time],
    statements: [
      {
        by: 'authority',
        field: 'imprint',
        value: `${algorithm ?? info.imprint.algorithm} ${encodeHex(info.imprint.digest)}`,
      },
      { by: 'authority', field: 'policy', value: info.policy },
      { by: 'authority', field: 'serial', value: info.serial.toString(16) },
    ],
    limits: [
      {
        zh: '时间戳只说明该摘要在所示时间之前已经存在；时间由时间戳机构的时钟给出。',
        en: 'A timestamp says only that this digest existed before the time shown; the time is that of the authority’s clock.',
      },
    ],
  };
}

function digestsOf(info: TstInfo): readonly ImprintAlgorithm[] {
  const algorithm = imprintAlgorithmOf(info.imprint.algorithm);
  return algorithm === undefined ? [] : [algorithm];
}

/** @throws FormatError `invalid-der` if it is no token */
function tstInfoOf(token: Uint8Array): TstInfo {
  const signed = parseSignedData(token);
  if (typeof signed === 'string') throw new FormatError('invalid-der', `the timestamp token cannot be read: ${signed}`);
  if (signed.content === undefined) throw new FormatError('invalid-der', 'the timestamp token holds no TSTInfo');
  return parseTstInfo(signed.content);
}
