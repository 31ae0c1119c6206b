import { CodedError } from '../errors.ts';
import { encodeHex, encodeUtf8, parseHex } from '../format/bytes.ts';
import type { Publication } from '../format/certificate.ts';
import { parseCheckpoint } from '../format/checkpoint.ts';
import { commit } from '../format/commitment.ts';
import type { CustodyFile } from '../format/custody.ts';
import { unixMsOf, utcTimeOf } from '../format/fields.ts';
import type { Check } from '../format/report.ts';
import { plainLeafData } from '../format/spine.ts';
import { leafHash } from '../merkle/hash.ts';
import { verifyInclusion } from '../merkle/inclusion.ts';
import { type Facts, failed, notChecked, passed } from './checks.ts';
import { checkSeals } from './seal.ts';
import type { JudgePublication } from './status.ts';
import type { TokenMaterial } from './timestamp.ts';
import type { Trust } from './trust.ts';

const NAME = 'custody.chain';
const LOG_CHECKS = ['log.origin', 'log.signature', 'log.inclusion'];
/** Gaps that a report names. */
const GAPS_TOLD = 10;

/**
 * Is nothing missing of what was recorded about this deposit? Answered up to the count that the newest leaf in the file commits to, and
 * never beyond: what was not recorded, and what a later leaf counts, no file can show.
 *
 * Removed, reordered and altered events break the chain; a tail that was cut off falls short of the leaf's count. That the file was not
 * cut back to an earlier leaf is the word of whoever sealed it.
 */
export async function checkCustody(
  file: CustodyFile,
  depositId: string,
  trust: Trust,
  beside: TokenMaterial,
  judge: JudgePublication,
): Promise<Check> {
  const facts: Facts = { events: String(file.events.length), madeAt: file.claims.madeAt };
  const wrong =
    wrongDeposit(file, depositId) ?? wrongChain(file) ?? wrongActor(file) ?? wrongHandOver(file) ?? wrongLeaf(file);
  if (wrong !== undefined) return failed(NAME, null, wrong.reason, { ...facts, ...wrong.facts });
  Object.assign(facts, chainFacts(file, trust.nowMs));

  const newest = file.leaves.at(-1);
  if (newest === undefined || file.publication === null) return notChecked(NAME, null, 'operator-word-only', facts);
  const { record, leafIndex, inclusionProof } = newest;
  Object.assign(facts, {
    count: String(record.count),
    notInTheLog: String(file.events.length - record.count),
    leaves: String(file.leaves.length),
    leafIndex: String(leafIndex),
  });
  const publication: Publication = { ...file.publication, inclusionProof };
  const { checks, times } = await judge(publication, leafHash(plainLeafData(record)), { ...file.log, leafIndex });
  const asked = checks.filter(({ name }) => LOG_CHECKS.includes(name));
  for (const check of asked) {
    if (check.status === 'failed') return failed(NAME, null, check.reason, { ...facts, because: check.name });
  }
  const { treeSize, rootHash } = parseCheckpoint(encodeUtf8(publication.checkpoint));
  Object.assign(facts, { treeSize: String(treeSize), rootHash: encodeHex(rootHash) });
  const stray = strayLeaf(file, treeSize, rootHash);
  if (stray !== undefined) return failed(NAME, null, stray.reason, { ...facts, ...stray.facts });
  for (const check of asked) {
    if (check.status === 'not-checked') return notChecked(NAME, null, check.because, { ...facts, because: check.name });
  }

  const seals = await checkSeals(file, file.claims.madeAt, trust, beside);
  const broken = seals.find((seal) => seal.status === 'failed');
  if (broken?.status === 'failed') return failed(NAME, null, broken.reason, { ...facts, because: 'seal' });
  // Without it nobody says that these were all events when the file was made; up to the count the log does.
  facts.seal = seals.some((seal) => seal.status === 'passed') ? 'passed' : 'not-checked';
  const earliest = times.reduce<number | undefined>((at, { unixMs }) => Math.min(at ?? unixMs, unixMs), undefined);
  if (earliest !== undefined) facts.countProvedBy = utcTimeOf(earliest);
  return passed(NAME, null, facts);
}

interface Wrong {
  reason: string;
  facts: Facts;
}

function wrong(reason: string, facts: Facts = {}): Wrong {
  return { reason, facts };
}

function wrongDeposit(file: CustodyFile, depositId: string): Wrong | undefined {
  const parts = [
    file,
    ...file.events.map(({ event }) => event),
    ...file.leaves.map(({ record }) => record),
    ...file.handOvers.map(({ statement }) => statement),
  ];
  const other = parts.find((part) => part.depositId !== depositId);
  return other && wrong('about-another-deposit', { depositId: other.depositId });
}

function wrongChain({ events }: CustodyFile): Wrong | undefined {
  let previous: { hash: string; at: string } | undefined;
  for (const [i, { event }] of events.entries()) {
    const at = { event: String(i) };
    if (event.index !== i) return wrong('event-missing-or-moved', { ...at, found: String(event.index) });
    if (event.previous !== (previous?.hash ?? null)) return wrong('event-altered', { event: String(i - 1) });
    if (previous !== undefined && event.at < previous.at) return wrong('time-runs-back', at);
    previous = { hash: encodeHex(commit(event)), at: event.at };
  }
  return undefined;
}

function wrongActor({ events }: CustodyFile): Wrong | undefined {
  const found = events.find(({ event, actor }) => actor !== null && encodeHex(commit(actor)) !== event.actor);
  return found && wrong('actor-altered', { event: String(found.event.index) });
}

/** What is opened of hand-overs must be what the events commit to. */
function wrongHandOver({ events, handOvers }: CustodyFile): Wrong | undefined {
  for (const { statement, confirmation } of handOvers) {
    const { handOverId } = statement;
    const recorded = (kind: string, member: string, commitment: string) =>
      events.some(
        ({ event }) =>
          event.kind === kind && event.detail.handOver === handOverId && event.detail[member] === commitment,
      );
    const said = encodeHex(commit(statement));
    if (!recorded('handed-over', 'statement', said)) return wrong('hand-over-not-recorded', { handOver: handOverId });
    if (confirmation === null) continue;
    const isOfThis = confirmation.handOverId === handOverId && confirmation.statement === said;
    if (!isOfThis || !recorded('hand-over-confirmed', 'confirmation', encodeHex(commit(confirmation)))) {
      return wrong('confirmation-not-recorded', { handOver: handOverId });
    }
  }
  return undefined;
}

/** Do the leaves speak of these events, each of more than the one before? */
function wrongLeaf({ events, leaves }: CustodyFile): Wrong | undefined {
  let before: { count: number; leafIndex: number } | undefined;
  for (const { record, leafIndex } of leaves) {
    const facts = { leafIndex: String(leafIndex), count: String(record.count) };
    if (record.count > events.length) return wrong('events-cut-off', facts);
    const last = events[record.count - 1];
    if (last === undefined || encodeHex(commit(last.event)) !== record.headHash) return wrong('leaf-differs', facts);
    if (before !== undefined && (record.count < before.count || leafIndex <= before.leafIndex)) {
      return wrong('leaves-out-of-order', facts);
    }
    before = { count: record.count, leafIndex };
  }
  return undefined;
}

/** The first leaf but the newest that is not in the tree; the newest one is `log.inclusion`. */
function strayLeaf({ leaves }: CustodyFile, treeSize: bigint, rootHash: Uint8Array): Wrong | undefined {
  for (const { record, leafIndex, inclusionProof } of leaves.slice(0, -1)) {
    try {
      const proof = { leafIndex: BigInt(leafIndex), treeSize, hashes: inclusionProof.map((hash) => parseHex(hash)) };
      verifyInclusion(leafHash(plainLeafData(record)), proof, rootHash as Parameters<typeof verifyInclusion>[2]);
    } catch (error) {
      if (!(error instanceof CodedError)) throw error;
      return wrong(error.code, { leafIndex: String(leafIndex), count: String(record.count) });
    }
  }
  return undefined;
}

/** What the chain tells besides its own soundness. */
function chainFacts(file: CustodyFile, nowMs: number | undefined): Facts {
  const first = file.events[0]?.event.at ?? '';
  const last = file.events.at(-1)?.event.at ?? '';
  const closed = file.events.filter(({ actor }) => actor === null).length;
  const open = openHandOvers(file, nowMs);
  const gaps = custodyTimeline(file)
    .filter(({ gapMinutes }) => (gapMinutes ?? 0) > 0)
    .sort((a, b) => (b.gapMinutes ?? 0) - (a.gapMinutes ?? 0))
    .slice(0, GAPS_TOLD)
    .map(({ index, gapMinutes }) => `${gapMinutes} (${index - 1}–${index})`);
  return {
    from: first,
    to: last,
    ...(gaps.length > 0 && { gapsMinutes: gaps.join(', ') }),
    ...(closed > 0 && { actorsClosed: String(closed) }),
    ...(open.length > 0 && { handOversOpen: open.slice(0, 50).join(', ') }),
  };
}

/**
 * Hand-overs that only the giver has spoken of: neither confirmed nor cancelled. One that has expired by the reader's clock is marked so.
 * @param nowMs milliseconds since 1970; undefined without a clock
 */
export function openHandOvers({ events }: Pick<CustodyFile, 'events'>, nowMs: number | undefined): string[] {
  const open = new Map<string, string>();
  for (const { event } of events) {
    const { handOver, expiresAt } = event.detail;
    if (handOver === undefined) continue;
    if (event.kind === 'handed-over') {
      const expired = nowMs !== undefined && expiresAt !== undefined && unixMsOf(expiresAt) <= nowMs;
      open.set(handOver, expired ? `${handOver} (expired)` : handOver);
    } else if (event.kind === 'hand-over-confirmed' || event.kind === 'hand-over-cancelled') open.delete(handOver);
  }
  return [...open.values()];
}

/** One line of the timeline. */
export interface CustodyLine {
  index: number;
  kind: string;
  /** UTC. */
  at: string;
  /** Whole minutes since the event before, rounded down; null for the first. */
  gapMinutes: number | null;
  /** The account's name; null where it is closed or there is none. */
  actor: string | null;
  /** True if a leaf in the file covers it. */
  inTheLog: boolean;
}

export function custodyTimeline({ events, leaves }: Pick<CustodyFile, 'events' | 'leaves'>): CustodyLine[] {
  const covered = leaves.at(-1)?.record.count ?? 0;
  return events.map(({ event, actor }, i) => {
    const before = events[i - 1]?.event.at;
    return {
      index: event.index,
      kind: event.kind,
      at: event.at,
      gapMinutes: before === undefined ? null : Math.floor((unixMsOf(event.at) - unixMsOf(before)) / 60_000),
      actor: actor?.name ?? null,
      inTheLog: i < covered,
    };
  });
}
