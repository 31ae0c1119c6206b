import { encodeUtf8, type LeafHash } from '../format/bytes.ts';
import type { Publication } from '../format/certificate.ts';
import { parseCheckpoint } from '../format/checkpoint.ts';
import { COSIGNATURE_ED25519, verifyCosignature } from '../format/cosignature.ts';
import { unixMsOf, utcTimeOf } from '../format/fields.ts';
import { parseNoteKey } from '../format/note.ts';
import type { Check } from '../format/report.ts';
import { plainLeafData } from '../format/spine.ts';
import { parseStatusProof, type StatusProof } from '../format/status.ts';
import { leafHash } from '../merkle/hash.ts';
import { type Facts, failed, notChecked, passed } from './checks.ts';
import type { ProvedTime } from './evm.ts';
import { checkSeals } from './seal.ts';
import type { Trust } from './trust.ts';

/** Older than this, an answer says how the certificate stood, not how it stands. */
export const STATUS_MAX_AGE_MS = 24 * 3600_000;
/** By how much the operator's clock may be ahead of the reader's. */
const CLOCK_TOLERANCE_MS = 10 * 60_000;

const NAME = 'status';
const LOG_CHECKS = ['log.origin', 'log.signature', 'log.inclusion'];

/** What a publication's checkpoint and all that attests to it come to, for this leaf. */
export type JudgePublication = (
  publication: Publication,
  leaf: LeafHash,
  log: StatusProof['log'],
) => Promise<{ checks: readonly Check[]; times: readonly ProvedTime[] }>;

/**
 * How does the operator say that this certificate stands? One line of its own: a withdrawal is his word about his certificate and turns
 * no check of what the certificate proves.
 *
 * That the record is in the log follows from the proof. That none came after it is only his word, under his seal: without it anyone could
 * pair an old record with a new checkpoint.
 *
 * @param bytes tiezheng/status-proof/v1
 * @throws FormatError if they are none
 */
export async function checkStatus(
  bytes: Uint8Array,
  certificate: { certificateNo: string; digest: string },
  trust: Trust,
  judge: JudgePublication,
): Promise<Check> {
  const proof = parseStatusProof(bytes);
  const { record, log, publication } = proof;
  const status = record.type === 'tiezheng/certified/v1' ? 'valid' : record.status;
  const facts: Facts = { status, leafIndex: String(log.leafIndex), answeredAt: proof.claims.answeredAt };
  if (record.type === 'tiezheng/status/v1') {
    facts.since = record.since;
    facts.reason = record.reason;
    if (record.status === 'superseded') facts.successor = record.successor;
  }
  if (!isAbout(proof, certificate)) return failed(NAME, null, 'about-another-certificate', facts);

  const { checks, times } = await judge(publication, leafHash(plainLeafData(record)), log);
  for (const check of checks.filter(({ name }) => LOG_CHECKS.includes(name))) {
    if (check.status === 'failed') return failed(NAME, null, check.reason, { ...facts, because: check.name });
    if (check.status === 'not-checked') return notChecked(NAME, null, check.because, { ...facts, because: check.name });
  }
  const seals = await checkSeals(proof, proof.claims.answeredAt, trust);
  if (!seals.some((seal) => seal.status === 'passed')) {
    const [seal] = seals as [Check];
    if (seal.status === 'failed') return failed(NAME, null, seal.reason, { ...facts, because: 'seal' });
    const because = seal.status === 'not-checked' ? seal.because : 'absent';
    return notChecked(NAME, null, because, { ...facts, because: 'seal' });
  }

  const asOf = timeOfCheckpoint(proof, times, trust);
  Object.assign(facts, { asOf: utcTimeOf(asOf.unixMs), asOfSource: asOf.source });
  // Once withdrawn is worth telling however old the answer is.
  if (status !== 'valid') return failed(NAME, null, status, facts);
  if (!isFresh(asOf.unixMs, proof, trust.nowMs)) return notChecked(NAME, null, 'stale', facts);
  return passed(NAME, null, facts);
}

function isAbout(proof: StatusProof, { certificateNo, digest }: { certificateNo: string; digest: string }): boolean {
  const { record } = proof;
  return (
    proof.certificateNo === certificateNo &&
    proof.certificate === digest &&
    record.certificate === digest &&
    (record.type === 'tiezheng/certified/v1' || record.certificateNo === certificateNo)
  );
}

/** The earliest instant at which somebody outside has seen the checkpoint; else when the operator says that he signed it. */
function timeOfCheckpoint(proof: StatusProof, times: readonly ProvedTime[], trust: Trust): ProvedTime {
  const { note } = parseCheckpoint(encodeUtf8(proof.publication.checkpoint));
  const cosigned = (trust.policy?.witnesses.keys ?? []).flatMap((vkey): ProvedTime[] => {
    const key = parseNoteKey(vkey);
    if (key.algorithm !== COSIGNATURE_ED25519) return [];
    return proof.publication.cosignatures.flatMap((line) => {
      const cosignature = verifyCosignature(note.text, line, key);
      if (cosignature === undefined) return [];
      return [{ unixMs: cosignature.timestampUnixS * 1000, source: `witness ${key.name}`, independent: false }];
    });
  });
  const stated = { unixMs: unixMsOf(proof.claims.checkpointAt), source: 'operator', independent: false };
  return (
    [...cosigned, ...times].reduce<ProvedTime | undefined>(
      (earliest, time) => (earliest === undefined || time.unixMs < earliest.unixMs ? time : earliest),
      undefined,
    ) ?? stated
  );
}

/** Undecided counts as stale: without a clock nobody knows how old an answer is. */
function isFresh(asOfMs: number, { claims }: StatusProof, nowMs: number | undefined): boolean {
  if (nowMs === undefined) return false;
  return [asOfMs, unixMsOf(claims.checkpointAt), unixMsOf(claims.answeredAt)].every(
    (at) => nowMs - at <= STATUS_MAX_AGE_MS && at - nowMs <= CLOCK_TOLERANCE_MS,
  );
}
