import { expect } from 'chai';
import { encodeHex } from '../../src/format/bytes.ts';
import { commit } from '../../src/format/commitment.ts';
import type { CustodyFile, HandOver, HandOverConfirmation, HandOverStatement } from '../../src/format/custody.ts';
import { type Inspection, parseInspection } from '../../src/format/inspection.ts';
import { encodeJson, type JsonValue } from '../../src/format/json.ts';
import { exitCodeOf } from '../../src/format/report.ts';
import { recognise } from '../../src/verify/inspect/recognise.ts';
import { summaryOf } from '../../src/verify/inspect/summary.ts';
import { openTrust, type Trust } from '../../src/verify/trust.ts';
import { digestOf } from '../../src/verify/verify.ts';
import { rejectionOf } from '../support/coded-error.ts';
import { makeCustodyFile, STORY } from '../support/custody-evidence.ts';
import { inspect, outcomes } from '../support/desk.ts';
import { type EvidenceWorld, encodeObject, makeWorld } from '../support/evidence-world.ts';
import { digestsOf } from '../support/file-digests.ts';
import {
  CONFIRMED_AT,
  DISC,
  EXPIRES_AT,
  GIVEN_AT,
  GIVER,
  type HandOverStory,
  HAND_OVER_ID as ID,
  MADE_AT,
  makeHandOver,
  statementOf,
  type Telling,
} from '../support/hand-over-evidence.ts';
import { trusting } from '../support/trust-policy.ts';

const OTHER = '01939f3e-7c1a-7b7e-9d2c-3f1d0e5b8aff';
const COURT = '01939f3e-7c1a-7b7e-9d2c-3f1d0e5b8a77';
const NOW = Date.parse('2026-11-24T00:00:00.000Z');
const STRANGER = new Uint8Array(Buffer.from('some other file'));

describe('a receipt of a hand-over', () => {
  let world: EvidenceWorld;
  let story: HandOverStory;
  before(async () => {
    world = await makeWorld();
    story = await tell();
  });

  const originals = () => world.files.map(({ bytes }) => bytes);
  const tell = (telling: Telling = {}) => makeHandOver(world, telling);
  const trust = (more: Partial<Trust> = {}): Trust => ({
    ...openTrust(encodeObject(world.policy), [], undefined),
    nowMs: NOW,
    ...more,
  });
  const sealed = async (object: HandOver | CustodyFile) => encodeObject(await world.reseal({ ...object, seals: [] }));
  /** As the operator would seal it, whatever was done to it. */
  const look = async (receipt: HandOver, files: Uint8Array[] = originals(), by = trust()): Promise<Inspection> =>
    inspect(await sealed(receipt), files, by);
  const withCustody = async ({ receipt, custody }: HandOverStory, by = trust()) =>
    look(receipt, [...originals(), await sealed(custody)], by);
  const named = (found: Inspection, name: string) => {
    const checks = found.checks.filter((check) => check.name === name);
    expect(checks, name).to.have.length(1);
    return checks[0]!;
  };
  /** Outcomes but those that passed. */
  const notPassed = (found: Inspection) => outcomes(found).filter((text) => !text.endsWith('passed'));

  it('is recognised by its type, and says by itself that both said the same', async () => {
    expect(await recognise(new Blob([(await sealed(story.receipt)) as Uint8Array<ArrayBuffer>]))).to.equal('hand-over');
    const found = await look(story.receipt);
    expect(found.subject.kind).to.equal('hand-over');
    expect(named(found, 'custody.handOver').status).to.equal('passed');
    expect(named(found, 'seal').status).to.equal('passed');
    expect(found.checks.filter(({ name, status }) => name === 'file.digest' && status === 'passed')).to.have.length(3);
    expect(found.unmet).to.deep.equal([]);
    expect(exitCodeOf(found)).to.equal(0);
    expect(parseInspection(encodeJson(found as unknown as JsonValue))).to.deep.equal(found);
  });

  it('without the custody record leaves the two events to the operator’s word', async () => {
    const found = await look(story.receipt);
    expect(named(found, 'custody.events')).to.deep.include({ status: 'not-checked', because: 'operator-word-only' });
    expect(
      summaryOf(found)
        .settles.map(({ en }) => en)
        .join(),
    ).to.contain('only the seal of the operator vouches');
  });

  it('with the custody record beside it is in the log', async () => {
    const found = await withCustody(story);
    expect(notPassed(found)).to.deep.equal(['file.missing not-checked absent']);
    expect(named(found, 'custody.events').facts).to.include({
      givenEvent: `5 ${GIVEN_AT}`,
      takenEvent: `6 ${CONFIRMED_AT}`,
    });
    expect(named(found, 'custody.chain').facts).to.include({ count: '7' });
    expect(exitCodeOf(found)).to.equal(0);
  });

  it('takes the custody record of its own deposit from among several', async () => {
    const stranger = await makeCustodyFile(await makeWorld({ depositId: OTHER }));
    const found = await look(story.receipt, [...originals(), encodeObject(stranger), await sealed(story.custody)]);
    expect(named(found, 'custody.events').status).to.equal('passed');
  });

  it('never says that it is not of our making, and says what it does not show', async () => {
    const limits = (await look(story.receipt)).limits.map(({ en }) => en).join('\n');
    expect(limits).not.to.contain('not of our making');
    expect(limits).to.contain('not who physically got what').and.to.contain('its certificate or receipt shows');
    expect(limits).to.contain('whoever held the one-time link, under the name he gave');
  });

  it('tells apart what the operator, the giver and the receiver say', async () => {
    const { statements } = await look(story.receipt);
    expect(statements).to.deep.include.members([
      { by: 'operator', field: 'giver', value: '北京某某文化有限公司' },
      { by: 'operator', field: 'confirmedBy', value: 'link' },
      { by: 'giver', field: 'receiver.kind', value: 'court' },
      { by: 'giver', field: 'receiver.name', value: '某某法院 知识产权庭' },
      { by: 'giver', field: 'note', value: '附光盘一张' },
      { by: 'giver', field: 'item.other', value: `${digestsOf(DISC).sha256} 光盘一张` },
      { by: 'receiver', field: 'name', value: '书记员 某某' },
      { by: 'receiver', field: 'note', value: '完好' },
    ]);
  });

  it('made by an evaluation service is headed so, whatever the policy says', async () => {
    expect((await look({ ...story.receipt, evaluation: true })).evaluation).to.equal(true);
    expect((await look(story.receipt)).evaluation).to.equal(false);
  });

  it('trusts nobody without a policy, and no key that it names itself', async () => {
    const nobody = await look(story.receipt, originals(), openTrust(undefined, [], undefined));
    expect(nobody.conclusion).to.equal('no-policy');
    expect(named(nobody, 'custody.handOver').status).to.equal('passed');
    const other = await look(story.receipt, originals(), trusting());
    expect(named(other, 'seal')).to.deep.include({ status: 'not-checked', because: 'untrusted-key' });
    expect(exitCodeOf(other)).to.equal(2);
    expect(other.unmet).to.deep.equal(['seal']);
  });

  it('without a seal is nobody’s word', async () => {
    const found = await inspect(encodeObject(story.receipt), originals(), trust());
    expect(named(found, 'seal')).to.deep.include({ status: 'not-checked', because: 'absent' });
    expect(exitCodeOf(found)).to.equal(2);
  });

  it('is judged when it was made, else at its later act', async () => {
    const stated = async (receipt: HandOver) => named(await look(receipt), 'seal').facts.judgedAt;
    expect(await stated(story.receipt)).to.equal(MADE_AT);
    const { claims: _, ...older } = story.receipt;
    expect(await stated(older)).to.equal(CONFIRMED_AT);
    expect(named(await look(older), 'custody.handOver').status).to.equal('passed');
    const { claims: __, ...open } = (await tell({ taken: null })).receipt;
    expect(await stated(open)).to.equal(GIVEN_AT);
  });

  describe('of which something was changed', () => {
    /** Everything in a receipt, changed after it was sealed: the seal turns, whatever else does. */
    const members: [string, unknown][] = [
      ['evaluation', true],
      ['claims.madeAt', '2026-11-23T09:00:00.001Z'],
      ['events.handedOver', '00'.repeat(32)],
      ['events.confirmed', '00'.repeat(32)],
      ...(['depositId', 'handOverId'] as const).map((name): [string, unknown] => [`statement.${name}`, OTHER]),
      ['statement.giver.accountId', OTHER],
      ['statement.giver.name', '别人'],
      ['statement.receiver.kind', 'notary'],
      ['statement.receiver.accountId', OTHER],
      ['statement.receiver.name', '另一法院'],
      ['statement.items.0.sha256', '00'.repeat(32)],
      ['statement.items.0.what', 'other'],
      ['statement.items.0.fileIndex', 7],
      ['statement.items.0.description', '原件'],
      ['statement.items.4.description', '光盘两张'],
      ['statement.note', null],
      ['statement.handedOverAt', '2026-11-23T07:00:00.001Z'],
      ['statement.expiresAt', '2027-12-23T07:00:00.000Z'],
      ['statement.salt', '00'.repeat(32)],
      ['confirmation.handOverId', OTHER],
      ['confirmation.statement', '00'.repeat(32)],
      ['confirmation.confirmedAt', '2026-11-23T08:00:00.001Z'],
      ['confirmation.by', 'account'],
      ['confirmation.accountId', OTHER],
      ['confirmation.name', '另一人'],
      ['confirmation.note', null],
      ['confirmation.salt', '00'.repeat(32)],
    ];
    /** Of these the other act does not speak: the receipt by itself cannot tell, the custody record can. */
    const OWN_WORDS = ['name', 'note', 'salt', 'confirmedAt'].map((name) => `confirmation.${name}`);
    const UNCOMMITTED = ['evaluation', 'claims.madeAt', 'events.handedOver', 'events.confirmed'];

    for (const [path, value] of members) {
      it(`${path}: the seal turns`, async () => {
        const whole = await world.reseal({ ...story.receipt });
        const found = await inspect(encodeObject(put(whole, path, value)), originals(), trust());
        expect(named(found, 'seal')).to.deep.include({ status: 'failed', reason: 'signature-invalid' });
        expect(found.conclusion).to.equal('failed');
      });

      if (UNCOMMITTED.includes(path)) continue;
      it(`${path}: even under a new seal of the operator`, async () => {
        const changed = put(story.receipt, path, value);
        const alone = await look(changed);
        expect(named(alone, 'seal').status).to.equal('passed');
        expect(named(alone, 'custody.handOver').status).to.equal(OWN_WORDS.includes(path) ? 'passed' : 'failed');
        const found = await withCustody({ ...story, receipt: changed });
        expect(found.conclusion).to.equal('failed');
        if (OWN_WORDS.includes(path)) {
          expect(named(found, 'custody.events')).to.deep.include({ reason: 'confirmation-not-recorded' });
        }
      });
    }

    const told: [string, Telling, (receipt: HandOver) => HandOver, string][] = [
      ['confirmed by the giver himself', { given: account(GIVER), taken: by(GIVER) }, same, 'giver-is-receiver'],
      ['sealed before it was confirmed', {}, (r) => put(r, 'claims.madeAt', GIVEN_AT), 'made-before-its-acts'],
      [
        'open, with the event of a confirmation',
        {},
        (r) => ({ ...r, confirmation: null }),
        'event-without-confirmation',
      ],
      ['confirmed, without an event of it', {}, (r) => put(r, 'events.confirmed', null), 'confirmation-without-event'],
      ['confirmed of another hand-over', { taken: { handOverId: OTHER } }, same, 'confirms-another-hand-over'],
      ['confirmed of another statement', { taken: { statement: '00'.repeat(32) } }, same, 'confirms-another-statement'],
      ['by an account without an id', { taken: { by: 'account' } }, same, 'confirmer-does-not-fit'],
      ['by a link with an account', { taken: { accountId: COURT } }, same, 'confirmer-does-not-fit'],
      ['by an account though none was named', { taken: by(COURT) }, same, 'confirmed-by-another-account'],
      ['by another account', { given: account(COURT), taken: by(OTHER) }, same, 'confirmed-by-another-account'],
      ['by a link though an account was named', { given: account(COURT) }, same, 'confirmed-by-another-account'],
      [
        'confirmed too early',
        { taken: { confirmedAt: '2026-11-23T06:59:59.999Z' } },
        same,
        'confirmed-before-handed-over',
      ],
      ['confirmed at the end of its term', { given: { expiresAt: CONFIRMED_AT } }, same, 'confirmed-after-expiry'],
    ];
    for (const [what, telling, change, reason] of told) {
      it(`is found out: ${what}`, async () => {
        const found = await look(change((await tell(telling)).receipt));
        expect(named(found, 'custody.handOver')).to.deep.include({ status: 'failed', reason });
        expect(notPassed(found).filter((text) => text.includes('failed'))).to.have.length(1);
        expect(exitCodeOf(found)).to.equal(1);
      });
    }
  });

  it('confirmed by the account that was named passes', async () => {
    const found = await withCustody(await tell({ given: account(COURT), taken: by(COURT) }));
    expect(named(found, 'custody.handOver').status).to.equal('passed');
    expect(found.limits.map(({ en }) => en).join()).not.to.contain('one-time link');
    expect(exitCodeOf(found)).to.equal(0);
  });

  describe('that nobody confirmed', () => {
    let open: HandOverStory;
    before(async () => {
      open = await tell({ taken: null });
    });
    const actsOf = (found: Inspection) => named(found, 'custody.handOver');

    it('is open: only the giver has spoken', async () => {
      const found = await look(open.receipt);
      expect(actsOf(found)).to.deep.include({ status: 'not-checked', because: 'unconfirmed' });
      expect(found.unmet).to.deep.equal(['custody.handOver']);
      expect(exitCodeOf(found)).to.equal(2);
      const { groups, settles } = summaryOf(found);
      const words = groups.flatMap(({ checks }) => checks.map(({ words: { en } }) => en)).join('\n');
      expect(words).to.contain('only the giver has spoken in this receipt: the hand-over is open');
      expect(settles[0]?.en).to.contain('2026-12-23 15:00:00 +08:00');
    });

    it('has lapsed once its term is over, by the reader’s clock or when the receipt was made', async () => {
      const past = Date.parse(EXPIRES_AT);
      expect(actsOf(await look(open.receipt, originals(), trust({ nowMs: past })))).to.include({ because: 'expired' });
      expect(actsOf(await look(open.receipt, originals(), trust({ nowMs: past - 1 })))).to.include({
        because: 'unconfirmed',
      });
      const late = put(open.receipt, 'claims.madeAt', EXPIRES_AT);
      const { nowMs: _, ...noClock } = trust();
      expect(actsOf(await look(late, originals(), noClock))).to.include({ because: 'expired' });
      expect(actsOf(await look(open.receipt, originals(), noClock))).to.include({ because: 'unconfirmed' });
    });

    it('was taken back if the custody record says so', async () => {
      const cancelled = { kind: 'hand-over-cancelled', at: CONFIRMED_AT, detail: { handOver: ID } };
      const found = await withCustody(await tell({ taken: null, more: [cancelled] }));
      expect(actsOf(found)).to.deep.include({ status: 'not-checked', because: 'cancelled' });
      expect(actsOf(found).facts.cancelledAt).to.equal(CONFIRMED_AT);
      expect(named(found, 'custody.events').status).to.equal('passed');
      expect(exitCodeOf(found)).to.equal(2);
    });

    it('was confirmed since if the custody record says so, though not lapsed', async () => {
      const confirmed = { kind: 'hand-over-confirmed', at: CONFIRMED_AT, detail: { handOver: ID } };
      const told = await tell({ taken: null, more: [confirmed] });
      const found = await withCustody(told, trust({ nowMs: Date.parse('2027-01-01T00:00:00Z') }));
      expect(actsOf(found)).to.deep.include({ status: 'not-checked', because: 'unconfirmed' });
      expect(actsOf(found).facts.confirmedSince).to.equal(CONFIRMED_AT);
      expect(summaryOf(found).settles[0]?.en).to.contain('ask for the receipt made after that');
    });

    it('stands in the log as far as it goes', async () => {
      const found = await withCustody(open);
      expect(named(found, 'custody.events').status).to.equal('passed');
      expect(named(found, 'custody.chain').facts.handOversOpen).to.equal(ID);
    });
  });

  describe('and the custody record', () => {
    const eventsOf = async (told: HandOverStory, by = trust()) => named(await withCustody(told, by), 'custody.events');

    it('of another deposit is found out', async () => {
      const stranger = await makeCustodyFile(await makeWorld({ depositId: OTHER }));
      const found = await look(story.receipt, [...originals(), encodeObject(stranger)]);
      expect(named(found, 'custody.chain')).to.deep.include({ status: 'failed', reason: 'about-another-deposit' });
      expect(named(found, 'custody.events')).to.include({ because: 'depends-on-failed' });
    });

    it('of this deposit that knows nothing of it contradicts it', async () => {
      const custody = { ...(await makeCustodyFile(world)), claims: { madeAt: MADE_AT } };
      expect(await eventsOf({ ...story, custody })).to.deep.include({ reason: 'hand-over-not-recorded' });
    });

    it('made before the hand-over leaves it to the operator’s word', async () => {
      const custody = { ...(await makeCustodyFile(world)), claims: { madeAt: GIVEN_AT } };
      expect(await eventsOf({ ...story, custody })).to.include({ because: 'operator-word-only' });
    });

    it('made between the two acts leaves the second one to the operator’s word', async () => {
      const custody = await makeCustodyFile(world, {
        events: [
          ...STORY.events,
          {
            kind: 'handed-over',
            at: GIVEN_AT,
            detail: { handOver: ID, statement: encodeHex(commit(statementOf(world))) },
          },
        ],
        leavesAt: [6],
      });
      const first = encodeHex(commit(custody.events[5]!.event));
      const receipt = put(story.receipt, 'events.handedOver', first);
      const older = { receipt, custody: { ...custody, claims: { madeAt: CONFIRMED_AT } } };
      expect(await eventsOf(older)).to.include({ because: 'operator-word-only' });
      const since = { ...older, custody: { ...custody, claims: { madeAt: MADE_AT } } };
      expect(await eventsOf(since)).to.deep.include({ status: 'failed', reason: 'confirmation-not-recorded' });
    });

    it('whose newest leaf does not cover the acts yet leaves them to the operator’s word', async () => {
      expect(await eventsOf(await tell({ covered: 6 }))).to.include({ because: 'operator-word-only' });
    });

    it('with other events than the receipt names contradicts it', async () => {
      for (const [member, reason] of [
        ['handedOver', 'hand-over-not-recorded'],
        ['confirmed', 'confirmation-not-recorded'],
      ] as const) {
        const receipt = put(story.receipt, `events.${member}`, '00'.repeat(32));
        expect(await eventsOf({ ...story, receipt })).to.deep.include({ status: 'failed', reason });
      }
    });

    it('that says both confirmed and taken back is found out', async () => {
      const cancelled = { kind: 'hand-over-cancelled', at: MADE_AT, detail: { handOver: ID } };
      expect(await eventsOf(await tell({ more: [cancelled] }))).to.deep.include({ reason: 'confirmed-and-cancelled' });
    });

    it('with a broken chain says nothing of the two acts', async () => {
      const custody = structuredClone(story.custody);
      custody.events.splice(2, 1);
      const found = await withCustody({ ...story, custody });
      expect(named(found, 'custody.chain').status).to.equal('failed');
      expect(named(found, 'custody.events')).to.include({ because: 'depends-on-failed' });
      expect(exitCodeOf(found)).to.equal(1);
    });

    it('of a log that nobody trusts leaves them open for the same cause', async () => {
      const found = await withCustody(story, trusting({ seals: world.policy.seals }));
      expect(named(found, 'custody.chain')).to.include({ status: 'not-checked' });
      expect(named(found, 'custody.events').facts.because).to.equal('custody.chain');
      expect(exitCodeOf(found)).to.equal(0);
    });
  });

  describe('and the files beside it', () => {
    const filesOf = async (files: Uint8Array[]) =>
      (await look(story.receipt, files)).checks.filter(({ name }) => name.startsWith('file.'));

    it('one of them is enough, and the others are told as not presented', async () => {
      const found = await look(story.receipt, [originals()[1]!]);
      const [digest, missing] = found.checks.filter(({ name }) => name.startsWith('file.'));
      expect(digest).to.deep.include({ name: 'file.digest', status: 'passed' });
      expect(digest?.about).to.equal(`file 2 ${digestsOf(originals()[1]!).sha256}`);
      expect(missing?.facts).to.include({ items: '5', notPresented: '3', presented: '1' });
      expect(exitCodeOf(found)).to.equal(0);
    });

    it('without any the receipt is incomplete, and names what is looked for', async () => {
      const found = await look(story.receipt, []);
      expect(found.unmet).to.deep.equal(['file.missing']);
      expect(named(found, 'file.missing').facts.first).to.contain(`file 1 ${digestsOf(originals()[0]!).sha256}`);
      expect(exitCodeOf(found)).to.equal(2);
    });

    it('one alone that was not handed over contradicts it', async () => {
      const [only] = await filesOf([STRANGER]);
      expect(only).to.deep.include({ status: 'failed', reason: 'not-the-file-of-this-proof' });
      expect(only?.about).to.equal(`presented ${digestsOf(STRANGER).sha256}`);
    });

    it('a stranger among several is only left aside', async () => {
      expect((await filesOf([STRANGER, DISC])).map(({ status }) => status)).to.deep.equal(['passed', 'not-checked']);
      const strangers = await filesOf([STRANGER, new Uint8Array(Buffer.from('a third'))]);
      expect(strangers.map(({ name }) => name)).to.deep.equal(['file.missing']);
    });

    it('a certificate is compared by the digest that names it, whatever seals it has', async () => {
      const [digest] = await filesOf([encodeObject(world.certificate)]);
      expect(digest).to.deep.include({ name: 'file.digest', status: 'passed' });
      expect(digest?.about).to.equal(`certificate ${digestOf(world.certificate)}`);
      const twice = await world.sealer.seal(world.certificate);
      expect((await filesOf([encodeObject(twice)]))[0]).to.include({ status: 'passed' });
      const another = await makeWorld({ sameOperatorAs: world });
      expect((await filesOf([encodeObject(another.certificate)])).map(({ name }) => name)).to.deep.equal([
        'file.missing',
      ]);
    });

    it('the same bytes twice in the deposit are both found by one file', async () => {
      const { items } = statementOf(world);
      const twins = [items[0]!, { ...items[0]!, fileIndex: 5 }];
      const { receipt } = await tell({ given: { items: twins } });
      const found = await look(receipt, [originals()[0]!]);
      expect(
        found.checks.filter(({ name }) => name === 'file.digest').map(({ about }) => about?.slice(0, 6)),
      ).to.deep.equal(['file 1', 'file 6']);
    });
  });

  it('that is none is refused before anything is checked', async () => {
    const whole = (await world.reseal({ ...story.receipt })) as unknown as Record<string, unknown>;
    await rejectionOf(inspect(encodeObject({ ...whole, more: 1 }), [], trust()), 'invalid-field');
    const spaced = Buffer.from(JSON.stringify(whole, null, 1));
    await rejectionOf(inspect(new Uint8Array(spaced), [], trust()), 'not-canonical');
  });
});

function same(receipt: HandOver): HandOver {
  return receipt;
}

function account(accountId: string): Partial<HandOverStatement> {
  return { receiver: { kind: 'court', accountId, name: '某某法院 知识产权庭' } };
}

function by(accountId: string): Partial<HandOverConfirmation> {
  return { by: 'account', accountId };
}

/** A copy with the member at a path such as `statement.items.0.what` changed. */
function put<T extends object>(object: T, path: string, value: unknown): T {
  const copy = structuredClone(object);
  const names = path.split('.');
  const last = names.pop() as string;
  const target = names.reduce((at, name) => (at as Record<string, unknown>)[name], copy as unknown);
  (target as Record<string, unknown>)[last] = value;
  return copy;
}
