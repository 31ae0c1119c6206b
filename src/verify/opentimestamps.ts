import { CodedError } from '../errors.ts';
import { type BitcoinHeader, parseBitcoinHeader } from '../format/bitcoin-header.ts';
import { encodeHex, equalBytes, parseHex } from '../format/bytes.ts';
import { utcTimeOf } from '../format/fields.ts';
import { attestationsOf, type DetachedTimestamp, parseDetachedTimestamp } from '../format/opentimestamps.ts';
import type { Check } from '../format/report.ts';
import { type Facts, failed, notChecked, passed, pending } from './checks.ts';
import type { ProvedTime } from './evm.ts';
import type { Trust } from './trust.ts';

export interface OpentimestampsOutcome {
  check: Check;
  /** Set if the check passed. */
  time: ProvedTime | undefined;
}

/**
 * A miner's clock: nodes refuse a block whose time is more than two hours ahead of theirs, or not later than the middle one of the
 * eleven blocks before it. So a block was there two hours after the time that it states, as a rule much sooner.
 */
export const BITCOIN_ACCURACY_MS = 2 * 3600_000;

const MAX_UNTIL = 200;

/**
 * Does the proof lead from `digest` into a Bitcoin block that the reader knows?
 *
 * One attestation that stands is enough, the earliest if there are several. None standing, one that contradicts a block known to the
 * reader fails the check; one whose block he does not know leaves it `offline` and names height and Merkle root to look up.
 * @param proof bytes of a `.ots` file
 * @param digest what the proof must begin with: the root hash of a publication, or the SHA-256 of a file
 */
export function checkOpentimestamps(
  proof: Uint8Array,
  digest: Uint8Array,
  about: string | null,
  trust: Trust,
): OpentimestampsOutcome {
  const name = 'opentimestamps';
  const untimed = (check: Check): OpentimestampsOutcome => ({ check, time: undefined });
  let detached: DetachedTimestamp;
  try {
    detached = parseDetachedTimestamp(proof);
  } catch (error) {
    if (!(error instanceof CodedError)) throw error;
    if (error.code === 'unsupported-digest') return untimed(notChecked(name, about, 'unsupported'));
    return untimed(failed(name, about, 'proof-malformed', { malformed: error.code }));
  }
  if (!equalBytes(detached.digest, digest)) {
    const facts = { digest: encodeHex(digest), proofDigest: encodeHex(detached.digest) };
    return untimed(failed(name, about, 'proof-of-another-digest', facts));
  }

  const standing: { height: number; header: BitcoinHeader }[] = [];
  const wrong: { height: number; merkleRoot: string }[] = [];
  const unknown: { height: number; merkleRoot: string }[] = [];
  const calendars: string[] = [];
  for (const { attestation, message } of attestationsOf(detached.timestamp, digest)) {
    if (attestation.kind === 'pending') calendars.push(attestation.uri);
    if (attestation.kind !== 'bitcoin' || message === undefined) continue;
    const { height } = attestation;
    const claim = { height, merkleRoot: reversedHex(message) };
    const headers = (trust.bitcoinHeaders.get(height) ?? [])
      .map((header) => parseBitcoinHeader(parseHex(header)))
      // A header without work is none: nothing is known of that height then.
      .filter(({ hasWork }) => hasWork);
    const header = headers.find(({ merkleRoot }) => equalBytes(merkleRoot, message));
    if (header !== undefined) standing.push({ height, header });
    // No Merkle root has another length, whatever the block.
    else (headers.length === 0 && message.length === 32 ? unknown : wrong).push(claim);
  }

  const [best] = standing.sort((a, b) => a.header.time - b.header.time);
  if (best !== undefined) {
    const { height, header } = best;
    const facts: Facts = {
      height: String(height),
      blockHash: header.hash,
      blockTime: utcTimeOf(header.time * 1000),
      accuracySeconds: String(BITCOIN_ACCURACY_MS / 1000),
      ...(wrong[0] && { contradictedHeights: listOf(wrong.map((w) => String(w.height))) }),
    };
    return {
      check: passed(name, about, facts),
      time: {
        unixMs: header.time * 1000 + BITCOIN_ACCURACY_MS,
        source: `Bitcoin block ${height} ${header.hash}`,
        operator: 'Bitcoin',
        independent: trust.policy?.bitcoin?.independent ?? false,
      },
    };
  }
  if (wrong[0] !== undefined) return untimed(failed(name, about, 'merkle-root-mismatch', claimFacts(wrong[0])));
  if (unknown[0] !== undefined) return untimed(notChecked(name, about, 'offline', claimFacts(unknown[0])));
  if (calendars.length > 0) {
    const until = `a Bitcoin block by ${calendars.join(', ')}`;
    const facts = { calendars: listOf(calendars) };
    return untimed(
      pending(name, about, until.length <= MAX_UNTIL ? until : `${until.slice(0, MAX_UNTIL - 1)}…`, facts),
    );
  }
  return untimed(notChecked(name, about, 'unsupported'));
}

/** What to look up: any block explorer shows height and Merkle root, the root in this spelling. */
function claimFacts({ height, merkleRoot }: { height: number; merkleRoot: string }): Facts {
  return { height: String(height), merkleRoot };
}

/** Bitcoin's own spelling of hashes: bytes reversed. */
function reversedHex(bytes: Uint8Array): string {
  return encodeHex(bytes.slice().reverse());
}

function listOf(values: readonly string[]): string {
  return [...new Set(values)].join(', ').slice(0, 4000);
}
