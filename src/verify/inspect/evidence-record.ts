import { encodeHex, parseHex, sha256 } from '../../format/bytes.ts';
import { type EvidenceRecord, MAX_EVIDENCE_RECORD_BYTES, parseEvidenceRecord } from '../../format/evidence-record.ts';
import { IMPRINT_OIDS, type ImprintAlgorithm } from '../../format/timestamp.ts';
import { failed, notChecked, passed } from '../checks.ts';
import { checkEvidenceRecord, type DataObject, digestsOfRecord, speaksOf } from '../evidence-record.ts';
import { materialAmong } from './aid.ts';
import type { HeldFile } from './held-file.ts';
import type { HeadInspector } from './inspector.ts';

/** An evidence record (`.ers`, RFC 4998): DER. */
export const evidenceRecordInspector: HeadInspector = {
  kind: 'evidence-record',
  maxBytes: MAX_EVIDENCE_RECORD_BYTES,
  recognises,
  speaksOf: (bytes) => digestsOfRecord(parseEvidenceRecord(bytes)) ?? [],
  async inspect(bytes, held, trust) {
    const record = parseEvidenceRecord(bytes);
    const files = held.filter(({ isProof, aid }) => !isProof && aid === undefined);
    const covered = files.filter((file) => speaksOf(record, objectOf(file)));
    const material = materialAmong(held.map(({ aid }) => aid));
    const { checks, times } = await checkEvidenceRecord(record, covered.map(objectOf), trust, material);
    const found = covered.map((file) => passed('file.digest', `presented ${file.sha256}`, countsOf(record)));
    // A single file that is another one contradicts the record; among several the right one may be missing.
    const [only] = files;
    const stranger = only !== undefined && files.length === 1 ? only : undefined;
    const about =
      found.length > 0
        ? found
        : stranger === undefined
          ? [notChecked('file.missing', null, 'absent', { ...countsOf(record), presented: String(files.length) })]
          : [failed('file.digest', `presented ${stranger.sha256}`, 'not-the-file-of-this-proof', countsOf(record))];
    return {
      digest: encodeHex(sha256(bytes)),
      checks: [...about, ...checks],
      required: record.chains.flat().length > 1 ? [...REQUIRED, 'ers.renewal'] : REQUIRED,
      times: found.length === 0 ? [] : times,
      statements: [],
      limits: [
        {
          zh: '证据记录说明文件在首个时间戳之前已经存在；该结论有赖于每次续期都在前一时间戳仍然可信时完成。',
          en: 'An evidence record says that the file existed before its first timestamp, provided that each renewal was made while the timestamp before still stood.',
        },
      ],
    };
  },
};

const REQUIRED = ['file.digest', 'ers.object', 'ers.tree', 'rfc3161'] as const;

function objectOf({ sha256: name, digests }: HeldFile): DataObject {
  const known: DataObject['digests'] = {};
  for (const algorithm of Object.keys(IMPRINT_OIDS) as ImprintAlgorithm[]) {
    const digest = digests[algorithm];
    if (digest !== undefined) known[algorithm] = parseHex(digest);
  }
  return { about: `presented ${name}`, digests: known };
}

function countsOf({ chains }: EvidenceRecord): Record<string, string> {
  return { chains: String(chains.length), timestamps: String(chains.flat().length) };
}

/**
 * SEQUENCE, version 1, then a sequence of digest algorithms: each an object identifier and perhaps a NULL. A timestamp request
 * begins alike, but its second sequence goes on with an octet string.
 */
function recognises(head: Uint8Array): boolean {
  const outer = contentAt(head, 0);
  if (head[0] !== 0x30 || outer === undefined) return false;
  const version = [0x02, 0x01, 0x01];
  if (version.some((byte, i) => head[outer.start + i] !== byte)) return false;
  const list = contentAt(head, outer.start + version.length);
  if (head[outer.start + version.length] !== 0x30 || list === undefined || list.end > head.length) return false;
  let count = 0;
  for (let at = list.start; at < list.end; count++) {
    const algorithm = contentAt(head, at);
    if (head[at] !== 0x30 || algorithm === undefined || head[algorithm.start] !== 0x06) return false;
    at = algorithm.end;
  }
  return count > 0 && [0x30, 0xa0, 0xa1].includes(head[list.end] ?? 0);
}

/** Where the content of an element lies; undefined if its length cannot be told. */
function contentAt(bytes: Uint8Array, at: number): { start: number; end: number } | undefined {
  const first = bytes[at + 1];
  if (first === undefined || first === 0x80 || first > 0x84) return undefined;
  if (first < 0x80) return { start: at + 2, end: at + 2 + first };
  let length = 0;
  for (let i = 0; i < (first & 0x7f); i++) length = length * 256 + (bytes[at + 2 + i] ?? 0);
  const start = at + 2 + (first & 0x7f);
  return { start, end: start + length };
}
