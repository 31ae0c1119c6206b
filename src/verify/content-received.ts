import { encodeHex } from '../format/bytes.ts';
import { commit } from '../format/commitment.ts';
import type { ContentProof } from '../format/content-received.ts';
import type { FileEntry } from '../format/deposit.ts';
import type { Check } from '../format/report.ts';
import { plainLeafData } from '../format/spine.ts';
import { leafHash } from '../merkle/hash.ts';
import { failed, notChecked, passed } from './checks.ts';
import { aboutFile } from './deposit.ts';
import { checkLog } from './log.ts';
import type { Trust } from './trust.ts';

const NAME = 'file.received';
const LOG_CHECKS = ['log.origin', 'log.signature', 'log.inclusion'];

/**
 * Does the log say that the content of a file came after its digests, and that it was what the entry declares? One check for each record.
 * That the digests were computed from bytes is the operator's word, which he gave in the log when he gave it.
 */
export function checkContentReceived(
  proof: ContentProof,
  record: { depositId: string },
  entries: readonly FileEntry[],
  trust: Trust,
): Check[] {
  if (proof.depositId !== record.depositId) return [failed(NAME, null, 'part-of-another-deposit')];
  const byCommitment = new Map(entries.map((entry) => [encodeHex(commit(entry)), entry]));
  return proof.records.map(({ record: received, leafIndex, inclusionProof }) => {
    const facts = { at: received.at, leafIndex: String(leafIndex) };
    const entry = byCommitment.get(received.entry);
    if (entry === undefined) return failed(NAME, null, 'matches-no-file-of-this-deposit', facts);
    const about = aboutFile(entry);
    const { sha256, sm3 } = entry.digests;
    if (received.digests.sha256 !== sha256 || (sm3 !== null && received.digests.sm3 !== sm3)) {
      return failed(NAME, about, 'received-content-differs', facts);
    }
    const { checks } = checkLog(
      { ...proof.publication, inclusionProof },
      leafHash(plainLeafData(received)),
      { origin: proof.log.origin, leafIndex, hints: proof.log.keys, rotations: proof.log.rotations },
      about,
      trust,
    );
    for (const check of checks.filter(({ name }) => LOG_CHECKS.includes(name))) {
      if (check.status === 'failed') return failed(NAME, about, check.reason, { ...facts, because: check.name });
      if (check.status === 'not-checked')
        return notChecked(NAME, about, check.because, { ...facts, because: check.name });
    }
    return passed(NAME, about, facts);
  });
}
