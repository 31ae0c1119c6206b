import { FormatError } from '../errors.ts';
import { compareBytes, concat, encodeHex, equalBytes } from '../format/bytes.ts';
import {
  type ArchiveTimestamp,
  type EvidenceRecord,
  encodeArchiveTimestampSequence,
} from '../format/evidence-record.ts';
import { utcTimeOf } from '../format/fields.ts';
import type { Check } from '../format/report.ts';
import { type ImprintAlgorithm, imprintAlgorithmOf, parseTstInfo } from '../format/timestamp.ts';
import { type Facts, failed, notChecked, passed } from './checks.ts';
import { endOfKey, keyKindOf, lifeOf, nameOfRoot } from './durability.ts';
import type { ProvedTime } from './evm.ts';
import { digestOfBytes } from './signature.ts';
import { parseSignedData } from './signed-data.ts';
import {
  authorityRoots,
  judgeToken,
  NO_MATERIAL,
  type OpenedToken,
  openTimestampToken,
  revocationFacts,
  type TokenMaterial,
  type TokenStanding,
  tokenFacts,
} from './timestamp.ts';
import type { Trust } from './trust.ts';

/** Something that an evidence record may speak of: its digests, as far as they are known. */
export interface DataObject {
  /** What reports call it. */
  about: string | null;
  digests: Partial<Record<ImprintAlgorithm, Uint8Array>>;
}

export interface EvidenceRecordOutcome {
  checks: Check[];
  /** Every time that a trusted authority gives and that the objects are tied to, earliest first; none if any check failed. */
  times: ProvedTime[];
}

/** One archive timestamp of a record, and how far its own bytes go. */
interface Round {
  /** `chain 1, timestamp 2`; null if there is only one. */
  about: string | null;
  chain: number;
  position: number;
  timestamp: ArchiveTimestamp;
  /** Digest of the tree; undefined if it is unknown or cannot be told. */
  algorithm: ImprintAlgorithm | undefined;
  imprint: Uint8Array | undefined;
}

/**
 * Digests of an object that a record needs: one for each chain.
 * @returns undefined if one of them is not supported
 */
export function digestsOfRecord(record: EvidenceRecord): ImprintAlgorithm[] | undefined {
  const needed = new Set<ImprintAlgorithm>();
  for (const { algorithm, position } of roundsOf(record)) {
    if (algorithm === undefined) return undefined;
    if (position === 0) needed.add(algorithm);
  }
  return [...needed];
}

/** Whether the first archive timestamp covers this object: which of several files a record is about. */
export function speaksOf(record: EvidenceRecord, { digests }: DataObject): boolean {
  const [first] = roundsOf(record);
  const digest = first?.algorithm === undefined ? undefined : digests[first.algorithm];
  if (first === undefined || digest === undefined) return false;
  const list = first.timestamp.reducedHashtree?.[0] ?? (first.imprint === undefined ? [] : [first.imprint]);
  return list.some((hash) => equalBytes(hash, digest));
}

/**
 * Verifies an evidence record (RFC 4998 §4.3 and §5.3): does each object stand in the first list of each chain's first timestamp,
 * does each tree lead to what its token stamps, does each timestamp take up the one before, and did that one still stand then?
 * Checks: `ers.object` for each object and chain, `ers.tree` and `rfc3161` for each timestamp, `ers.renewal` for each but the first.
 * @param objects with the digests that `digestsOfRecord` names
 * @param more lies beside the record
 */
export async function checkEvidenceRecord(
  record: EvidenceRecord,
  objects: readonly DataObject[],
  trust: Trust,
  more: TokenMaterial = NO_MATERIAL,
): Promise<EvidenceRecordOutcome> {
  if (record.isEncrypted) return { checks: [notChecked('ers.object', null, 'unsupported')], times: [] };
  const material = {
    certificates: [...record.material.certificates, ...more.certificates],
    revocation: [...record.material.revocation, ...more.revocation],
  };
  const rounds = roundsOf(record);
  const opened = await Promise.all(rounds.map((round) => openRound(round, material)));
  const checks: Check[] = [];
  const times: ProvedTime[] = [];
  const judged = await judgeAll(opened, material, trust);
  for (const [i, round] of rounds.entries()) {
    checks.push(...checkTies(record, round, rounds[i - 1], objects));
    const outcome = judged[i] as Judged;
    checks.push({ ...outcome.check, about: round.about });
    if (outcome.time !== undefined) times.push(outcome.time);
    if (i > 0) checks.push(checkRenewal(rounds[i - 1] as Round, judged[i - 1] as Judged, round, outcome));
  }
  const isTied = objects.length > 0 && checks.every(({ status }) => status !== 'failed');
  return { checks, times: isTied ? times.sort((a, b) => a.unixMs - b.unixMs) : [] };
}

function roundsOf({ chains }: EvidenceRecord): Round[] {
  const isOne = chains.length === 1 && chains[0]?.length === 1;
  return chains.flatMap((timestamps, chain) =>
    timestamps.map((timestamp, position): Round => {
      const stated = imprintIn(timestamp.token);
      const oid = timestamp.digestAlgorithm ?? stated?.algorithm;
      return {
        about: isOne ? null : `chain ${chain + 1}, timestamp ${position + 1}`,
        chain,
        position,
        timestamp,
        algorithm: oid === undefined ? undefined : imprintAlgorithmOf(oid),
        imprint: stated?.digest,
      };
    }),
  );
}

/** What a token says that it stamps, before anything of it is believed. */
export function imprintIn(token: Uint8Array): { algorithm: string; digest: Uint8Array } | undefined {
  try {
    const signed = parseSignedData(token);
    if (typeof signed === 'string' || signed.content === undefined) return undefined;
    return parseTstInfo(signed.content).imprint;
  } catch (error) {
    if (error instanceof FormatError) return undefined;
    throw error;
  }
}

function openRound({ algorithm, imprint, timestamp }: Round, material: TokenMaterial): Promise<OpenedToken> {
  // Whether the imprint is the root of the tree is a question of its own.
  const imprintOf =
    algorithm === undefined || imprint === undefined ? new Uint8Array() : { algorithm, digest: imprint };
  return openTimestampToken(timestamp.token, imprintOf, material);
}

/** What this timestamp has to cover, and whether its tree leads from there to its imprint. */
function checkTies(
  record: EvidenceRecord,
  round: Round,
  before: Round | undefined,
  objects: readonly DataObject[],
): Check[] {
  const { about, chain, position, algorithm, imprint, timestamp } = round;
  if (algorithm === undefined) return [notChecked('ers.tree', about, 'unsupported', digestFact(timestamp))];
  const facts = { algorithm, lists: String(timestamp.reducedHashtree?.length ?? 0) };
  const checks: Check[] = [];
  const tree = timestamp.reducedHashtree;
  if (imprint === undefined) return [failed('ers.tree', about, 'token-malformed', facts)];
  const first = tree?.[0] ?? [imprint];
  const isIn = (hash: Uint8Array) => first.some((member) => equalBytes(member, hash));

  if (position === 0) {
    const older = chain === 0 ? undefined : hashOfChains(record, chain, algorithm);
    const hashes = objects.map(({ digests }) => {
      const digest = digests[algorithm];
      return digest && (older === undefined ? digest : digestOfBytes(algorithm, concat(digest, older)));
    });
    const known = hashes.filter((hash) => hash !== undefined);
    // RFC 4998 §4.2: a group may also stand there as the hash of its members.
    const isGroup = known.length > 1 && known.length === hashes.length && isIn(branch(algorithm, known));
    if (objects.length === 0) checks.push(notChecked('ers.object', about, 'absent'));
    for (const [i, { about: name }] of objects.entries()) {
      const hash = hashes[i];
      const where = [name, about].filter((part) => part !== null).join(', ') || null;
      if (hash === undefined) checks.push(notChecked('ers.object', where, 'absent', { algorithm }));
      else if (isIn(hash) || isGroup) {
        const isAll = isGroup || (known.length === first.length && known.every(isIn));
        checks.push(passed('ers.object', where, { algorithm, group: isAll ? 'complete' : 'part' }));
      } else {
        const reason = chain === 0 ? 'not-in-first-list' : 'not-renewed-with-older-chains';
        checks.push(failed('ers.object', where, reason, { algorithm, hash: encodeHex(hash) }));
      }
    }
  } else if (before === undefined || before.algorithm !== algorithm) {
    return [failed('ers.tree', about, 'algorithm-changes-within-chain', facts)];
  } else if (!isIn(digestOfBytes(algorithm, before.timestamp.token))) {
    return [failed('ers.tree', about, 'older-timestamp-not-covered', facts)];
  }
  const roots = tree === undefined ? [imprint] : rootsOf(algorithm, tree);
  const leads = roots.some((root) => equalBytes(root, imprint));
  checks.push(leads ? passed('ers.tree', about, facts) : failed('ers.tree', about, 'root-mismatch', facts));
  return checks;
}

/** H over the sequence of the chains before `chain` (RFC 4998 §5.2). */
function hashOfChains({ encodedChains }: EvidenceRecord, chain: number, algorithm: ImprintAlgorithm): Uint8Array {
  return digestOfBytes(algorithm, encodeArchiveTimestampSequence(encodedChains.slice(0, chain)));
}

/**
 * Roots that a reduced hash tree may mean. Writers differ where RFC 4998 §4.3 leaves room: whether a first list of one hash is hashed again,
 * and whether a later list of several is hashed before it meets the hash from below. Each way ties the object to the root.
 */
function rootsOf(algorithm: ImprintAlgorithm, lists: readonly Uint8Array[][]): Uint8Array[] {
  const [first = [], ...later] = lists;
  const climb = (start: Uint8Array, isNode: boolean) =>
    later.reduce(
      (hash, list) => branch(algorithm, [hash, ...(isNode && list.length > 1 ? [branch(algorithm, list)] : list)]),
      start,
    );
  const starts = first.length === 1 ? [first[0] as Uint8Array, branch(algorithm, first)] : [branch(algorithm, first)];
  return starts.flatMap((start) => [climb(start, false), climb(start, true)]);
}

/** Hash over the hashes in binary ascending order (RFC 4998 §4.2). */
export function branch(algorithm: ImprintAlgorithm, hashes: readonly Uint8Array[]): Uint8Array {
  return digestOfBytes(algorithm, concat(...[...hashes].sort(compareBytes)));
}

/** A token's verdict, and what its successor asks of it. */
interface Judged {
  opened: OpenedToken;
  check: Check;
  standing: TokenStanding | undefined;
  time: ProvedTime | undefined;
}

/** From the last to the first: a later trusted token shows when an earlier one existed. */
async function judgeAll(opened: readonly OpenedToken[], material: TokenMaterial, trust: Trust): Promise<Judged[]> {
  const judged: Judged[] = [];
  let existedBy: number | undefined;
  for (let i = opened.length - 1; i >= 0; i--) {
    const outcome = await judgeOne(opened[i] as OpenedToken, material, trust, existedBy);
    judged.unshift(outcome);
    if (outcome.time !== undefined) existedBy = outcome.time.unixMs;
  }
  return judged;
}

async function judgeOne(
  opened: OpenedToken,
  material: TokenMaterial,
  trust: Trust,
  existedBy: number | undefined,
): Promise<Judged> {
  const name = 'rfc3161';
  const without = (check: Check, standing?: TokenStanding): Judged => ({ opened, check, standing, time: undefined });
  if (!opened.ok) {
    if (opened.reason === 'unsupported-algorithm') return without(notChecked(name, null, 'unsupported'));
    if (opened.reason === 'signer-certificate-absent') {
      return without(notChecked(name, null, 'absent', { missing: 'signer-certificate' }));
    }
    return without(failed(name, null, opened.reason));
  }
  const facts = tokenFacts(opened);
  if (trust.policy === undefined) return without(notChecked(name, null, 'no-policy', facts));
  const standing = await judgeToken(opened, material, authorityRoots(trust), existedBy);
  if (standing.standing === 'unknown-root') return without(notChecked(name, null, 'untrusted-key', facts), standing);
  if (standing.standing === 'refused') {
    const check =
      standing.reason === 'unsupported-algorithm'
        ? notChecked(name, null, 'unsupported', facts)
        : failed(name, null, standing.reason, facts);
    return without(check, standing);
  }
  const { root, path, revocation } = standing;
  const operator = root.operator ?? nameOfRoot(root.certificate);
  return {
    opened,
    standing,
    check: passed(name, null, { ...facts, operator, ...lifeOf(path), ...revocationFacts(revocation) }),
    time: {
      unixMs: opened.genTimeUnixMs + opened.accuracyMs,
      source: `RFC 4998 ${facts.authority} ${opened.serial}`.slice(0, 300),
      operator,
      independent: root.independent,
    },
  };
}

/** Was this timestamp made after the one before it, and while that one stood (RFC 4998 §5.3)? */
function checkRenewal(before: Round, older: Judged, { about }: Round, newer: Judged): Check {
  const name = 'ers.renewal';
  if (!older.opened.ok || !newer.opened.ok) return notChecked(name, about, 'depends-on-failed');
  const at = newer.opened.genTimeUnixMs;
  const facts: Facts = { renewedAt: utcTimeOf(at), made: utcTimeOf(older.opened.genTimeUnixMs) };
  // Clocks of two authorities may differ by what both state.
  const slackMs = older.opened.accuracyMs + newer.opened.accuracyMs;
  if (at + slackMs < older.opened.genTimeUnixMs) return failed(name, about, 'renewed-before-it-was-made', facts);
  if (older.standing?.standing === 'trusted') {
    const { path } = older.standing;
    const life = lifeOf(path);
    const named = { ...facts, ...life, renewed: before.about ?? '' };
    const ends = path.map(({ parsed }) => parsed.notAfter.value.getTime());
    if (ends.some((end) => end < at)) return failed(name, about, 'renewed-after-expiry', named);
    const weak = path.map(keyKindOf).find((kind) => Date.parse(endOfKey(kind)) < at);
    // A judgement of this day's tables, not a fact about the record.
    if (weak !== undefined) return notChecked(name, about, 'past-use', { ...named, key: weak });
    return passed(name, about, named);
  }
  if (older.standing?.standing === 'refused') return notChecked(name, about, 'depends-on-failed', facts);
  return notChecked(name, about, older.check.status === 'not-checked' ? older.check.because : 'untrusted-key', facts);
}

function digestFact({ digestAlgorithm }: ArchiveTimestamp): Facts {
  return digestAlgorithm === undefined ? {} : { algorithm: digestAlgorithm };
}
