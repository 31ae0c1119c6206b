import { encodeHex, sha256 } from '../../format/bytes.ts';
import type { Bilingual } from '../../format/certificate.ts';
import { commit } from '../../format/commitment.ts';
import {
  type CustodyFile,
  type HandOver,
  type HandOverStatement,
  MAX_HAND_OVER_BYTES,
  parseCustodyFile,
  parseHandOver,
} from '../../format/custody.ts';
import { unixMsOf } from '../../format/fields.ts';
import type { Inspection } from '../../format/inspection.ts';
import type { Check, NotCheckedCause } from '../../format/report.ts';
import { type Facts, failed, notChecked, passed } from '../checks.ts';
import { checkCustody } from '../custody.ts';
import { checkSeals } from '../seal.ts';
import { judgeFor } from '../verify.ts';
import { materialAmong } from './aid.ts';
import type { HeldFile } from './held-file.ts';
import type { Inspector } from './inspector.ts';

/** A receipt of a hand-over (tiezheng/hand-over/v1), kept as a file by giver and receiver. */
export const handOverInspector: Inspector = {
  kind: 'hand-over',
  maxBytes: MAX_HAND_OVER_BYTES,
  speaksOf(bytes) {
    parseHandOver(bytes);
    return [];
  },
  async inspect(bytes, held, trust, custody) {
    const receipt = parseHandOver(bytes);
    const { statement } = receipt;
    const material = materialAmong(held.map(({ aid }) => aid));
    const beside = custodyBeside(statement.depositId, held, custody);
    const chain =
      beside === undefined
        ? undefined
        : await checkCustody(beside, statement.depositId, trust, material, judgeFor('custody', trust, material));
    // A chain that is broken in itself tells nothing of how the hand-over ended.
    const record = chain === undefined || chain.status === 'failed' ? undefined : beside;
    return {
      digest: encodeHex(sha256(bytes)),
      checks: [
        checkActs(receipt, record, trust.nowMs),
        ...(await checkSeals(receipt, sealedAt(receipt), trust, material)),
        ...checkItems(statement, held),
        checkEvents(receipt, chain, record),
        ...(chain === undefined ? [] : [chain]),
      ],
      required: ['custody.handOver', 'seal', 'file.digest'],
      times: [],
      evaluation: receipt.evaluation,
      statements: statementsOf(receipt),
      limits: limitsOf(receipt),
    };
  },
};

/** What the operator says of when he sealed it: not before the later act. */
function sealedAt({ claims, confirmation, statement }: HandOver): string {
  return claims?.madeAt ?? confirmation?.confirmedAt ?? statement.handedOverAt;
}

// ---------------------------------------------------------------- the two acts

/**
 * Do giver and receiver say the same thing? Answered by the receipt alone, but for one that nobody confirmed: then the custody record may
 * say what became of it, and the reader's clock whether it can still be confirmed.
 */
function checkActs(receipt: HandOver, record: CustodyFile | undefined, nowMs: number | undefined): Check {
  const { statement, confirmation } = receipt;
  const facts: Facts = {
    handOver: statement.handOverId,
    statement: encodeHex(commit(statement)),
    handedOverAt: statement.handedOverAt,
    expiresAt: statement.expiresAt,
    ...(receipt.claims !== undefined && { madeAt: receipt.claims.madeAt }),
    ...(confirmation !== null && {
      confirmation: encodeHex(commit(confirmation)),
      confirmedAt: confirmation.confirmedAt,
      by: confirmation.by,
    }),
  };
  const reason = wrongActs(receipt, facts.statement as string);
  if (reason !== undefined) return failed('custody.handOver', null, reason, facts);
  if (confirmation !== null) return passed('custody.handOver', null, facts);
  const { because, ...since } = stateOf(receipt, record, nowMs);
  return notChecked('custody.handOver', null, because, { ...facts, ...since });
}

/** @param said commitment of the statement */
function wrongActs({ statement, confirmation, events, claims }: HandOver, said: string): string | undefined {
  const { giver, receiver, handedOverAt, expiresAt } = statement;
  if (receiver.accountId === giver.accountId) return 'giver-is-receiver';
  if (claims !== undefined && claims.madeAt < (confirmation?.confirmedAt ?? handedOverAt))
    return 'made-before-its-acts';
  if (confirmation === null) return events.confirmed === null ? undefined : 'event-without-confirmation';
  if (confirmation.handOverId !== statement.handOverId) return 'confirms-another-hand-over';
  if (confirmation.statement !== said) return 'confirms-another-statement';
  if ((confirmation.by === 'account') !== (confirmation.accountId !== null)) return 'confirmer-does-not-fit';
  if (confirmation.accountId !== receiver.accountId) return 'confirmed-by-another-account';
  if (confirmation.confirmedAt < handedOverAt) return 'confirmed-before-handed-over';
  if (confirmation.confirmedAt >= expiresAt) return 'confirmed-after-expiry';
  return events.confirmed === null ? 'confirmation-without-event' : undefined;
}

/** How a hand-over stands of which this receipt has the giver's word alone. */
function stateOf(
  { statement, claims }: HandOver,
  record: CustodyFile | undefined,
  nowMs: number | undefined,
): { because: NotCheckedCause } & Facts {
  for (const { event } of record?.events ?? []) {
    if (event.detail.handOver !== statement.handOverId) continue;
    if (event.kind === 'hand-over-cancelled') return { because: 'cancelled', cancelledAt: event.at };
    if (event.kind === 'hand-over-confirmed') return { because: 'unconfirmed', confirmedSince: event.at };
  }
  const asOfMs = Math.max(nowMs ?? 0, claims === undefined ? 0 : unixMsOf(claims.madeAt));
  return { because: asOfMs >= unixMsOf(statement.expiresAt) ? 'expired' : 'unconfirmed' };
}

// ---------------------------------------------------------------- the custody record

/** The record of this deposit among those presented; else the first of another, which is then told as such. @throws FormatError */
function custodyBeside(
  depositId: string,
  held: readonly HeldFile[],
  named: Uint8Array | undefined,
): CustodyFile | undefined {
  const presented = [
    ...(named === undefined ? [] : [named]),
    ...held.flatMap(({ aid }) => (aid?.kind === 'custody' && aid.bytes !== named ? [aid.bytes] : [])),
  ].map(parseCustodyFile);
  return presented.find((file) => file.depositId === depositId) ?? presented[0];
}

const EVENTS = 'custody.events';

/**
 * Do both acts stand in the deposit's chain, and does the log hold them? Without the custody record only the seal vouches for the two
 * hashes, which is the operator's word.
 * @param record undefined if there is none, or its chain is broken
 */
function checkEvents(receipt: HandOver, chain: Check | undefined, record: CustodyFile | undefined): Check {
  const { events, statement, confirmation } = receipt;
  const { handedOver, confirmed } = events;
  const facts: Facts = { handedOver, ...(confirmed !== null && { confirmed }) };
  if (chain === undefined) return notChecked(EVENTS, null, 'operator-word-only', facts);
  if (record === undefined) return notChecked(EVENTS, null, 'depends-on-failed', { ...facts, because: chain.name });

  const given = findAct(record, 'handed-over', statement.handOverId);
  const taken = findAct(record, 'hand-over-confirmed', statement.handOverId);
  const cancelled = findAct(record, 'hand-over-cancelled', statement.handOverId);
  for (const [name, act] of Object.entries({ given, taken, cancelled })) {
    if (act !== undefined) facts[`${name}Event`] = `${act.index} ${act.at}`;
  }
  const { madeAt } = record.claims;
  const said = encodeHex(commit(statement));
  if (given === undefined ? madeAt > statement.handedOverAt : given.hash !== handedOver || given.statement !== said) {
    return failed(EVENTS, null, 'hand-over-not-recorded', facts);
  }
  if (confirmation !== null) {
    if (cancelled !== undefined) return failed(EVENTS, null, 'confirmed-and-cancelled', facts);
    const own = encodeHex(commit(confirmation));
    if (
      taken === undefined ? madeAt > confirmation.confirmedAt : taken.hash !== confirmed || taken.confirmation !== own
    ) {
      return failed(EVENTS, null, 'confirmation-not-recorded', facts);
    }
  }
  const named = confirmation === null ? [given] : [given, taken];
  if (chain.status === 'not-checked') {
    return notChecked(EVENTS, null, chain.because, { ...facts, because: chain.name });
  }
  // The record was made before an act, or no leaf covers the act yet.
  if (named.some((act) => act === undefined || act.index >= Number(chain.facts.count))) {
    return notChecked(EVENTS, null, 'operator-word-only', { ...facts, recordMadeAt: madeAt });
  }
  return passed(EVENTS, null, facts);
}

interface RecordedAct {
  index: number;
  at: string;
  hash: string;
  statement: string | undefined;
  confirmation: string | undefined;
}

function findAct({ events }: CustodyFile, kind: string, handOverId: string): RecordedAct | undefined {
  const found = events.find(({ event }) => event.kind === kind && event.detail.handOver === handOverId);
  if (found === undefined) return undefined;
  const { index, at, detail } = found.event;
  const { statement, confirmation } = detail;
  return { index, at, hash: encodeHex(commit(found.event)), statement, confirmation };
}

// ---------------------------------------------------------------- what was handed over

/** Items that a fact names one by one. */
const ITEMS_TOLD = 40;

/**
 * Which of the items did the reader present? A file alone that is none of them was meant to be one; among several any may be missing. Of
 * what the giver describes as something else only he knows what its digest is of, so nobody misses it.
 */
function checkItems({ items }: HandOverStatement, held: readonly HeldFile[]): Check[] {
  const files = new Set(held.map((file) => file.sha256));
  const certificates = new Set(held.flatMap(({ aid }) => (aid?.kind === 'certificate' ? [aid.digest] : [])));
  const isHeld = ({ what, sha256: digest }: Item) => (what === 'certificate' ? certificates : files).has(digest);
  const found = items
    .filter(isHeld)
    .map((item) =>
      passed('file.digest', aboutItem(item), { algorithm: 'sha256', digest: item.sha256, what: item.what }),
    );
  const absent = items.filter((item) => item.what !== 'other' && !isHeld(item));
  const strangers = held.filter(
    ({ isProof, aid, sha256: digest }) => !isProof && aid === undefined && !items.some((i) => i.sha256 === digest),
  );
  const presented = held.filter(({ isProof, aid }) => !isProof && aid === undefined).length;
  const [only] = strangers;
  if (found.length === 0 && only !== undefined && presented === 1) {
    return [failed('file.digest', `presented ${only.sha256}`, 'not-the-file-of-this-proof', countsOf(items, absent))];
  }
  if (absent.length === 0 && found.length > 0) return found;
  return [
    ...found,
    notChecked('file.missing', null, 'absent', { ...countsOf(items, absent), presented: String(presented) }),
  ];
}

type Item = HandOverStatement['items'][number];

function countsOf(items: readonly Item[], absent: readonly Item[]): Facts {
  return {
    items: String(items.length),
    notPresented: String(absent.length),
    ...(absent.length > 0 && { first: absent.slice(0, ITEMS_TOLD).map(aboutItem).join(', ') }),
  };
}

/** As reports name a file: its place in the deposit and its digest. */
function aboutItem({ what, fileIndex, sha256: digest }: Item): string {
  if (what === 'original' && fileIndex !== null) return `file ${fileIndex + 1} ${digest}`;
  return `${what} ${digest}`;
}

// ---------------------------------------------------------------- words of others

type Statement = Inspection['statements'][number];

function statementsOf({ statement, confirmation, claims }: HandOver): Statement[] {
  const { giver, receiver, items, note } = statement;
  const rows: (Statement | undefined)[] = [
    said('operator', 'giver', giver.name),
    said('operator', 'handedOverAt', statement.handedOverAt),
    said('operator', 'expiresAt', statement.expiresAt),
    said('operator', 'confirmedAt', confirmation?.confirmedAt ?? null),
    said('operator', 'confirmedBy', confirmation?.by ?? null),
    said('operator', 'madeAt', claims?.madeAt ?? null),
    said('operator', 'depositId', statement.depositId),
    said('operator', 'handOverId', statement.handOverId),
    said('giver', 'receiver.kind', receiver.kind),
    said('giver', 'receiver.name', receiver.name),
    said('giver', 'note', note),
    said('receiver', 'name', confirmation?.name ?? null),
    said('receiver', 'note', confirmation?.note ?? null),
    ...items.map(({ what, fileIndex, description, sha256: digest }) => {
      const place = fileIndex === null ? [] : [String(fileIndex + 1)];
      const words = description === null ? [] : [description];
      return said('giver', `item.${what}`, [...place, digest, ...words].join(' '));
    }),
  ];
  return rows.filter((row) => row !== undefined);
}

function said(by: Statement['by'], field: string, value: string | null): Statement | undefined {
  return value === null ? undefined : { by, field, value };
}

function limitsOf({ confirmation }: HandOver): Bilingual[] {
  return [
    {
      zh: '移交回执说明移交人与接收人就哪些文件说了同样的话；不说明谁实际拿到了什么，也不说明内容是否真实、由谁创作、何时制作。',
      en: 'A receipt of a hand-over says that giver and receiver said the same of the same files; not who physically got what, nor whether the content is accurate, who made it, or when.',
    },
    {
      zh: '所列文件是否为该存证的文件，由证书或存证回执证明；本回执只列出其摘要。',
      en: 'Whether the files listed are those of the deposit, its certificate or receipt shows; this one only lists their digests.',
    },
    {
      zh: '姓名、名称和附言是移交人、接收人自己的陈述，时间是平台的时钟；核验不证明其真实。',
      en: 'Names and notes are the words of giver and receiver, times are those of the operator’s clock; nothing here proves them.',
    },
    ...(confirmation?.by === 'link'
      ? [
          {
            zh: '接收由持有一次性链接的人以其自填的姓名确认；没有人核实过其身份。',
            en: 'It was confirmed by whoever held the one-time link, under the name he gave; nobody checked who that is.',
          },
        ]
      : []),
  ];
}
