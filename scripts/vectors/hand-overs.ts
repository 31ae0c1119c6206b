import { Sealer } from '../../src/certificate/sealer.ts';
import { encodeHex } from '../../src/format/bytes.ts';
import { commit } from '../../src/format/commitment.ts';
import type { CustodyFile, HandOver, HandOverConfirmation, HandOverStatement } from '../../src/format/custody.ts';
import { plainLeafData } from '../../src/format/spine.ts';
import { digestOf } from '../../src/verify/verify.ts';
import { digestsOf } from '../../test/support/file-digests.ts';
import type { Claim, Collection } from './collection.ts';
import { DEPOSIT_ID, encode, FILES, fixed, keyOf, ORIGIN, RECEIVED_AT, type VectorWorld } from './world.ts';

const SHOWN = ['files/1.txt', 'files/2.png'];
const ID = '01939f3e-7c1a-7b7e-9d2c-3f1d0e5b8a30';
const OTHER_ID = '01939f3e-7c1a-7b7e-9d2c-3f1d0e5b8aff';
const GIVER = '01939f3e-7c1a-7b7e-9d2c-3f1d0e5b8a12';
const COURT = '01939f3e-7c1a-7b7e-9d2c-3f1d0e5b8a77';
const GIVEN_AT = '2026-11-23T07:00:00.000Z';
const CONFIRMED_AT = '2026-11-23T08:00:00.000Z';
const MADE_AT = '2026-11-23T09:00:00.000Z';
const EXPIRES_AT = '2026-12-23T07:00:00.000Z';
const NOW = '2026-11-24T00:00:00.000Z';
const LEAF_INDEX = 52;
const TREE_SIZE = 60;

const ZEROS = '00'.repeat(32);
const saltOf = (what: string) => encodeHex(fixed(`salt of ${what}`));

interface Told {
  given?: Partial<HandOverStatement>;
  taken?: Partial<HandOverConfirmation> | null;
  /** Acts of the deposit's chain after those of the hand-over. */
  more?: { kind: string; at: string; detail: Record<string, string> }[];
  /** Events that the leaf covers; all if left out, no leaf at 0. */
  covered?: number;
}

/** Receipts of hand-overs, alone and with the custody record of the deposit. */
export async function addHandOvers(to: Collection, world: VectorWorld): Promise<void> {
  const certificate = await world.certificate();
  const certificatePath = await to.put('hand-overs/certificate.json', encode(certificate));
  const withCertificate = {
    what: 'certificate' as const,
    fileIndex: null,
    sha256: digestOf(certificate),
    description: certificate.claims.certificateNo,
  };
  const add = async (
    name: string,
    receipt: HandOver | Uint8Array | string,
    claim: Omit<Claim, 'kind'>,
    sealer: Sealer | undefined = world.sealer,
  ) => {
    const bytes =
      typeof receipt === 'string' || receipt instanceof Uint8Array
        ? receipt
        : encode(await world.seal(receipt, sealer));
    await to.add(`hand-overs/${name}.json`, bytes, {
      kind: 'hand-over',
      policy: 'policies/office.json',
      files: SHOWN,
      now: NOW,
      ...claim,
    });
  };
  const putCustody = async (name: string, custody: CustodyFile) =>
    to.put(`hand-overs/custody-${name}.json`, encode(await world.seal(custody)));
  const failsAt = (reason: string, catches: string) => ({
    exit: 1 as const,
    decides: { 'custody.handOver': `failed ${reason}`, seal: 'passed' },
    catches,
  });

  // ── as they should be ──
  const { receipt, custody } = await tell(world);
  await add('good/confirmed-by-link', receipt, {
    exit: 0,
    decides: { 'custody.handOver': 'passed', seal: 'passed', 'custody.events': 'not-checked operator-word-only' },
    catches: 'Both said the same; without the custody record only the seal vouches for the two events.',
  });
  const toCourt = { receiver: { kind: 'court' as const, accountId: COURT, name: '某某法院' } };
  const byCourt = { by: 'account' as const, accountId: COURT };
  await add('good/confirmed-by-account', (await tell(world, { given: toCourt, taken: byCourt })).receipt, {
    exit: 0,
    decides: { 'custody.handOver': 'passed' },
    catches: 'The account that was named confirmed.',
  });
  const inLog = await putCustody('whole', custody);
  await add('good/in-the-log', receipt, {
    files: [...SHOWN, inLog],
    exit: 0,
    decides: { 'custody.events': 'passed', 'custody.chain': 'passed' },
    catches: 'With the custody record both events stand in the chain that a leaf of the log holds.',
  });
  await add('good/one-file-of-two', receipt, {
    files: ['files/2.png'],
    exit: 0,
    decides: { 'file.digest': 'passed', 'file.missing': 'not-checked absent' },
    catches: 'One file that was handed over is enough; the other is told as not presented.',
  });
  const { items } = receipt.statement;
  const other = { what: 'other' as const, fileIndex: null, sha256: sha256Of(2), description: '光盘一张' };
  await add('good/something-else', (await tell(world, { given: { items: [...items, other] } })).receipt, {
    files: ['files/1.txt', 'files/3.pdf'],
    exit: 0,
    decides: { 'file.digest': 'passed', 'file.missing': 'not-checked absent' },
    catches: 'What the giver describes is compared where a presented file has its digest, and never missed.',
  });
  await add('good/certificate', (await tell(world, { given: { items: [withCertificate] } })).receipt, {
    files: [certificatePath],
    exit: 0,
    decides: { 'file.digest': 'passed' },
    catches: 'A certificate goes by the digest of its canonical bytes without seals.',
  });
  const { claims: _, ...older } = receipt;
  const expiring = new Sealer(keyOf(world.shortSigner));
  await add(
    'good/without-claims',
    older,
    { exit: 0, decides: { seal: 'passed' }, catches: 'Without claims the seal is judged at the confirmation.' },
    expiring,
  );

  // ── that nobody confirmed: neither right nor wrong ──
  const open = await tell(world, { taken: null });
  const nobody = (because: string, catches: string): Claim => ({
    kind: 'hand-over',
    good: true,
    exit: 2,
    decides: { 'custody.handOver': `not-checked ${because}` },
    catches,
  });
  await add('good/open', open.receipt, nobody('unconfirmed', 'Only the giver has spoken.'));
  await add('good/lapsed', open.receipt, {
    ...nobody('expired', 'Only the giver has spoken, and the time to confirm is over at this very millisecond.'),
    now: EXPIRES_AT,
  });
  await add(
    'good/lapsed-when-made',
    { ...open.receipt, claims: { madeAt: EXPIRES_AT } },
    {
      ...nobody('expired', 'The time to confirm was over when the receipt was made, whatever clock the reader has.'),
    },
  );
  const cancelled = { kind: 'hand-over-cancelled', at: CONFIRMED_AT, detail: { handOver: ID } };
  const takenBack = await tell(world, { taken: null, more: [cancelled] });
  await add('good/taken-back', takenBack.receipt, {
    ...nobody('cancelled', 'The custody record says that the giver took it back.'),
    files: [...SHOWN, await putCustody('taken-back', takenBack.custody)],
  });
  await add('good/confirmed-since', open.receipt, {
    ...nobody(
      'unconfirmed',
      'Past its term, but the custody record says that it was confirmed in time: this receipt is older.',
    ),
    files: [...SHOWN, await putCustody('confirmed-since', custody)],
    now: EXPIRES_AT,
    decides: { 'custody.handOver': 'not-checked unconfirmed', 'custody.events': 'passed' },
  });

  // ── the two acts ──
  const { statement, confirmation } = receipt as HandOver & { confirmation: HandOverConfirmation };
  const confirmedWith = (change: Partial<HandOverConfirmation>): HandOver => ({
    ...receipt,
    confirmation: { ...confirmation, ...change },
  });
  const sealed = await world.seal(receipt);
  await add('bad/statement-changed', encode({ ...sealed, statement: { ...statement, note: '另附光盘' } }), {
    exit: 1,
    decides: { seal: 'failed signature-invalid', 'custody.handOver': 'failed confirms-another-statement' },
    catches: 'The statement was changed after both acts and the seal.',
  });
  await add('bad/confirmation-changed', encode({ ...sealed, confirmation: { ...confirmation, name: '另一人' } }), {
    exit: 1,
    decides: { seal: 'failed signature-invalid', 'custody.handOver': 'passed' },
    catches: 'The name of whoever confirmed was changed: only seal and custody record know.',
  });
  const changed: [name: string, receipt: HandOver, reason: string, catches: string][] = [
    [
      'statement-changed-and-sealed',
      { ...receipt, statement: { ...statement, items: items.slice(0, 1) } },
      'confirms-another-statement',
      'The operator sealed a statement that nobody confirmed.',
    ],
    [
      'another-statement',
      confirmedWith({ statement: ZEROS }),
      'confirms-another-statement',
      'The confirmation is of another statement.',
    ],
    [
      'another-hand-over',
      confirmedWith({ handOverId: OTHER_ID }),
      'confirms-another-hand-over',
      'The confirmation is of another hand-over.',
    ],
    [
      'account-without-id',
      confirmedWith({ by: 'account' }),
      'confirmer-does-not-fit',
      'Confirmed by an account that is not named.',
    ],
    [
      'link-with-account',
      confirmedWith({ accountId: COURT }),
      'confirmer-does-not-fit',
      'Whoever holds a link has no account.',
    ],
    [
      'account-where-none-was-named',
      confirmedWith(byCourt),
      'confirmed-by-another-account',
      'A receiver without an account confirms by the link.',
    ],
    [
      'link-where-an-account-was-named',
      (await tell(world, { given: toCourt })).receipt,
      'confirmed-by-another-account',
      'Only the account that was named confirms.',
    ],
    [
      'another-account',
      (await tell(world, { given: toCourt, taken: { ...byCourt, accountId: OTHER_ID } })).receipt,
      'confirmed-by-another-account',
      'Another account than the one that was named confirmed.',
    ],
    [
      'giver-is-receiver',
      (
        await tell(world, {
          given: { receiver: { ...toCourt.receiver, accountId: GIVER } },
          taken: { ...byCourt, accountId: GIVER },
        })
      ).receipt,
      'giver-is-receiver',
      'Nobody hands over to himself.',
    ],
    [
      'confirmed-too-early',
      confirmedWith({ confirmedAt: '2026-11-23T06:59:59.999Z' }),
      'confirmed-before-handed-over',
      'Confirmed a millisecond before it was handed over.',
    ],
    [
      'confirmed-too-late',
      { ...confirmedWith({ confirmedAt: EXPIRES_AT }), claims: { madeAt: EXPIRES_AT } },
      'confirmed-after-expiry',
      'From its expiry on nobody can confirm.',
    ],
    [
      'made-before-its-acts',
      { ...receipt, claims: { madeAt: '2026-11-23T07:59:59.999Z' } },
      'made-before-its-acts',
      'A receipt older than the confirmation in it.',
    ],
    [
      'event-without-confirmation',
      { ...receipt, confirmation: null },
      'event-without-confirmation',
      'The confirmation was taken out, its event left.',
    ],
    [
      'confirmation-without-event',
      { ...receipt, events: { ...receipt.events, confirmed: null } },
      'confirmation-without-event',
      'A confirmation that names no event.',
    ],
  ];
  for (const [name, object, reason, catches] of changed) await add(`bad/${name}`, object, failsAt(reason, catches));

  // ── the seal ──
  await add('bad/no-seal', encode(receipt), {
    exit: 2,
    decides: { seal: 'not-checked absent', 'custody.handOver': 'passed' },
    catches: 'Nobody stands by it.',
  });
  await add(
    'bad/seal-of-a-stranger',
    receipt,
    { exit: 2, decides: { seal: 'not-checked untrusted-key' }, catches: 'Anybody can make such a receipt.' },
    new Sealer(keyOf(world.strangerSigner)),
  );
  await add(
    'bad/sealed-after-its-signer-expired',
    { ...receipt, claims: { madeAt: '2026-11-29T00:00:01.000Z' } },
    {
      exit: 1,
      decides: { seal: 'failed certificate-expired' },
      catches: 'The seal is judged when the receipt says that it was made.',
    },
    expiring,
  );

  // ── files ──
  await add('bad/another-file', receipt, {
    files: ['files/3.pdf'],
    exit: 1,
    decides: { 'file.digest': 'failed not-the-file-of-this-proof' },
    catches: 'The one file presented was not handed over.',
  });
  await add('bad/no-file', receipt, {
    files: [],
    exit: 2,
    decides: { 'file.missing': 'not-checked absent' },
    catches: 'Nothing was presented.',
  });
  const another = await world.certificate({ files: 1 });
  await add('bad/another-certificate', (await tell(world, { given: { items: [withCertificate] } })).receipt, {
    files: [await to.put('hand-overs/another-certificate.json', encode(another))],
    exit: 2,
    decides: { 'file.missing': 'not-checked absent' },
    catches: 'The certificate presented is not the one that was handed over.',
  });

  // ── the custody record ──
  const beside = async (name: string, file: CustodyFile, of: HandOver, claim: Omit<Claim, 'kind' | 'files'>) =>
    add(`bad/${name}`, of, { ...claim, files: [...SHOWN, await putCustody(name, file)] });
  await beside('custody-of-another-deposit', { ...custody, depositId: OTHER_ID }, receipt, {
    exit: 1,
    decides: {
      'custody.chain': 'failed about-another-deposit',
      'custody.events': 'not-checked depends-on-failed',
    },
    catches: 'The custody record is about another deposit.',
  });
  const chainless = { ...custody, events: custody.events.slice(1) };
  await beside('custody-chain-broken', chainless, receipt, {
    exit: 1,
    decides: {
      'custody.chain': 'failed event-missing-or-moved',
      'custody.events': 'not-checked depends-on-failed',
    },
    catches: 'The first event is missing.',
  });
  const silent = await tell(world, { given: { handOverId: OTHER_ID }, taken: { handOverId: OTHER_ID } });
  await beside('custody-knows-nothing', silent.custody, receipt, {
    exit: 1,
    decides: { 'custody.events': 'failed hand-over-not-recorded', 'custody.chain': 'passed' },
    catches: 'The record of another hand-over knows nothing of this one.',
  });
  await beside('custody-other-statement', custody, (await tell(world, { given: { note: '附光盘' } })).receipt, {
    exit: 1,
    decides: { 'custody.handOver': 'passed', 'custody.events': 'failed hand-over-not-recorded' },
    catches: 'Statement and confirmation fit each other, and were never recorded.',
  });
  await beside('custody-other-confirmation', custody, confirmedWith({ name: '另一人' }), {
    exit: 1,
    decides: { 'custody.handOver': 'passed', 'custody.events': 'failed confirmation-not-recorded' },
    catches: 'Somebody else than was recorded is said to have confirmed.',
  });
  const both = await tell(world, { more: [{ ...cancelled, at: MADE_AT }] });
  await beside('custody-confirmed-and-cancelled', both.custody, both.receipt, {
    exit: 1,
    decides: { 'custody.events': 'failed confirmed-and-cancelled' },
    catches: 'Both confirmed and taken back.',
  });
  const stranger = { ...custody, leaves: [], publication: null };
  await beside('custody-without-leaf', stranger, receipt, {
    exit: 0,
    decides: {
      'custody.chain': 'not-checked operator-word-only',
      'custody.events': 'not-checked operator-word-only',
    },
    catches: 'No leaf holds the chain: what is required passes, and the events are the operator’s word.',
  });
  await beside('custody-leaf-too-early', (await tell(world, { covered: 2 })).custody, receipt, {
    exit: 0,
    decides: { 'custody.chain': 'passed', 'custody.events': 'not-checked operator-word-only' },
    catches: 'The leaf counts the hand-over and not yet its confirmation.',
  });
  const { custody: given } = await tell(world, { taken: null });
  await beside('custody-made-too-early', { ...given, claims: { madeAt: CONFIRMED_AT } }, receipt, {
    exit: 0,
    decides: { 'custody.chain': 'passed', 'custody.events': 'not-checked operator-word-only' },
    catches: 'The custody record was made before the confirmation.',
  });

  // ── refused ──
  await add('bad/unknown-member', encode({ ...sealed, more: 1 }), {
    exit: 3,
    code: 'invalid-field',
    catches: 'A member that the format does not know.',
  });
  await add('bad/spaced', `${Buffer.from(encode(sealed)).toString('utf8')}\n`, {
    exit: 3,
    code: 'not-canonical',
    catches: 'A line feed behind the last brace.',
  });
}

function sha256Of(file: number): string {
  return digestsOf(FILES[file]?.bytes as Uint8Array).sha256;
}

async function tell(world: VectorWorld, { given = {}, taken = {}, more = [], covered }: Told = {}) {
  const statement: HandOverStatement = {
    type: 'tiezheng/hand-over-statement/v1',
    handOverId: ID,
    depositId: DEPOSIT_ID,
    giver: { accountId: GIVER, name: '北京某某文化有限公司' },
    receiver: { kind: 'court', accountId: null, name: '某某法院 知识产权庭' },
    items: [0, 1].map((fileIndex) => ({
      what: 'original',
      fileIndex,
      sha256: sha256Of(fileIndex),
      description: null,
    })),
    note: null,
    handedOverAt: GIVEN_AT,
    expiresAt: EXPIRES_AT,
    salt: saltOf('hand-over'),
    ...given,
  };
  const said = encodeHex(commit(statement));
  const confirmation: HandOverConfirmation | null =
    taken === null
      ? null
      : {
          type: 'tiezheng/hand-over-confirmation/v1',
          handOverId: statement.handOverId,
          statement: said,
          confirmedAt: CONFIRMED_AT,
          by: 'link',
          accountId: null,
          name: '书记员 某某',
          note: '完好',
          salt: saltOf('confirmation'),
          ...taken,
        };
  const handOver = statement.handOverId;
  const detail = { handOver, statement: said, expiresAt: statement.expiresAt };
  const acts = [
    { kind: 'received', at: RECEIVED_AT, detail: {} },
    { kind: 'handed-over', at: statement.handedOverAt, detail },
    ...(confirmation === null ? [] : [confirmationAct(handOver, confirmation)]),
    ...more,
  ];
  const events = chained(acts);
  const hashOf = (kind: string) => {
    const found = events.find(({ event }) => event.kind === kind);
    return found === undefined ? null : encodeHex(commit(found.event));
  };
  const receipt: HandOver = {
    type: 'tiezheng/hand-over/v1',
    evaluation: false,
    statement,
    confirmation,
    events: { handedOver: hashOf('handed-over') as string, confirmed: hashOf('hand-over-confirmed') },
    claims: { madeAt: MADE_AT },
    seals: [],
  };
  return { receipt, custody: await custodyOf(world, events, covered ?? events.length) };
}

function confirmationAct(handOver: string, confirmation: HandOverConfirmation) {
  const detail = { handOver, confirmation: encodeHex(commit(confirmation)) };
  return { kind: 'hand-over-confirmed', at: confirmation.confirmedAt, detail };
}

/** Closed actors, as for whoever was only granted reading. */
function chained(acts: { kind: string; at: string; detail: Record<string, string> }[]): CustodyFile['events'] {
  const events: CustodyFile['events'] = [];
  for (const [index, { kind, at, detail }] of acts.entries()) {
    const before = events.at(-1)?.event;
    events.push({
      event: {
        type: 'tiezheng/custody-event/v1',
        depositId: DEPOSIT_ID,
        index,
        previous: before === undefined ? null : encodeHex(commit(before)),
        kind,
        at,
        actor: encodeHex(fixed(`actor ${index}`)),
        detail,
        salt: saltOf(`event ${index}`),
      },
      actor: null,
    });
  }
  return events;
}

async function custodyOf(world: VectorWorld, events: CustodyFile['events'], count: number): Promise<CustodyFile> {
  const record = {
    type: 'tiezheng/custody/v1' as const,
    depositId: DEPOSIT_ID,
    count,
    headHash: encodeHex(commit(events[count - 1]?.event as { salt: string })),
    salt: saltOf('custody'),
  };
  const { inclusionProof, ...publication } = await world.publication(plainLeafData(record), LEAF_INDEX, {
    anchors: [],
    treeSize: TREE_SIZE,
  });
  return {
    type: 'tiezheng/custody-file/v1',
    evaluation: false,
    depositId: DEPOSIT_ID,
    events,
    handOvers: [],
    log: { origin: ORIGIN, keys: [world.log.vkey] },
    leaves: [{ record, leafIndex: LEAF_INDEX, inclusionProof }],
    publication,
    claims: { madeAt: '2026-11-23T09:30:00.000Z' },
    seals: [],
  };
}
