import { encodeHex, equalBytes, sha256 } from '../../format/bytes.ts';
import type { Inspection } from '../../format/inspection.ts';
import {
  attestationsOf,
  MAX_OTS_BYTES,
  OTS_MAGIC,
  parseDetachedTimestamp,
  type TimeAttestation,
} from '../../format/opentimestamps.ts';
import { checkOpentimestamps } from '../opentimestamps.ts';
import { checkHeldFile } from './held-file.ts';
import type { HeadInspector } from './inspector.ts';

/** A `.ots` file over a file's SHA-256. */
export const opentimestampsInspector: HeadInspector = {
  kind: 'opentimestamps',
  maxBytes: MAX_OTS_BYTES,
  recognises: (head) => equalBytes(head.subarray(0, OTS_MAGIC.length), OTS_MAGIC),
  speaksOf(bytes) {
    parseDetachedTimestamp(bytes);
    return ['sha256'];
  },
  async inspect(bytes, held, trust) {
    const { digest, timestamp } = parseDetachedTimestamp(bytes);
    const { check, time } = checkOpentimestamps(bytes, digest, null, trust);
    const attested = attestationsOf(timestamp, digest).map(({ attestation }) => attestation);
    return {
      digest: encodeHex(sha256(bytes)),
      checks: [checkHeldFile({ algorithm: 'sha256', digest: encodeHex(digest) }, held), check],
      required: ['file.digest', 'opentimestamps'],
      times: time === undefined ? [] : [time],
      statements: attested.flatMap(statementOf),
      limits: [
        {
          zh: '比特币区块时间由矿工填写，可能偏差约两小时；结论取最晚可能的时刻。',
          en: 'The time of a Bitcoin block is set by its miner and may be off by some two hours; the latest possible instant is used.',
        },
      ],
    };
  },
};

/** What cannot be checked here, by name. */
function statementOf(attestation: TimeAttestation): Inspection['statements'] {
  const said = (field: string, value: string) => [{ by: 'calendar' as const, field, value }];
  if (attestation.kind === 'pending') return said('pending', attestation.uri);
  if (attestation.kind === 'litecoin') return said('litecoin', `block ${attestation.height}`);
  if (attestation.kind === 'unknown') return said('unknown', encodeHex(attestation.tag));
  return [];
}
