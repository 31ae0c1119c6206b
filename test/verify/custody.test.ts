import { expect } from 'chai';
import { encodeHex } from '../../src/format/bytes.ts';
import { commit } from '../../src/format/commitment.ts';
import { type CustodyFile, parseCustodyFile } from '../../src/format/custody.ts';
import type { Policy } from '../../src/format/policy.ts';
import type { Check, Report } from '../../src/format/report.ts';
import { custodyTimeline, openHandOvers } from '../../src/verify/custody.ts';
import { openTrust } from '../../src/verify/trust.ts';
import { verifyCertificate, verifyReceipt } from '../../src/verify/verify.ts';
import { codeOf } from '../support/coded-error.ts';
import { makeCustodyFile, proveRecords, STORY } from '../support/custody-evidence.ts';
import { type EvidenceWorld, encodeObject, makeWorld } from '../support/evidence-world.ts';
import { digestsOf } from '../support/file-digests.ts';

const OTHER = '01939f3e-7c1a-7b7e-9d2c-3f1d0e5b8aff';
const NOW = Date.parse('2026-11-24T00:00:00.000Z');

describe('custody.chain', () => {
  let world: EvidenceWorld;
  let file: CustodyFile;
  before(async () => {
    world = await makeWorld();
    file = await makeCustodyFile(world);
  });

  const report = (bytes: Uint8Array | undefined, policy: Policy | undefined = world.policy): Promise<Report> => {
    const trust = { ...openTrust(policy && encodeObject(policy), [], undefined), nowMs: NOW };
    const files = world.files.map(({ bytes: b }) => ({ sizeBytes: b.length, ...digestsOf(b) }));
    return verifyCertificate(encodeObject(world.certificate), files, trust, undefined, undefined, undefined, bytes);
  };
  const custodyIn = ({ since }: Report): Check => {
    const found = since.filter(({ name }) => name === 'custody.chain');
    expect(found).to.have.length(1);
    return found[0]!;
  };
  /** As its operator would seal it, whatever was done to it. */
  const sealed = async (changed: CustodyFile) => encodeObject(await world.reseal(changed));
  const checked = async (changed: CustodyFile) => custodyIn(await report(await sealed(changed)));
  const clone = () => structuredClone(file);

  it('passes up to the count in the log, and says how many events stand beyond it', async () => {
    const whole = await report(await sealed(file));
    const check = custodyIn(whole);
    expect(check.status).to.equal('passed');
    expect(check.facts).to.include({ events: '5', count: '4', notInTheLog: '1', leaves: '2', treeSize: '100' });
    expect(check.facts).to.include({ leafIndex: '61', seal: 'passed', madeAt: '2026-11-23T06:00:00.000Z' });
    expect(whole.conclusion).to.equal('required-passed');
  });

  it('does not stand in a report when no file was given', async () => {
    expect((await report(undefined)).since.map(({ name }) => name)).not.to.include('custody.chain');
  });

  it('tells the longest gaps in whole minutes, with the events on both sides', async () => {
    expect((await checked(file)).facts.gapsMinutes).to.equal('1440 (2–3), 120 (0–1), 1 (3–4)');
  });

  it('is asked of a receipt too', async () => {
    const trust = openTrust(encodeObject(world.policy), [], undefined);
    const since = (await verifyReceipt(encodeObject(world.receipt), [], trust, await sealed(file))).since;
    expect(since.find(({ name }) => name === 'custody.chain')?.status).to.equal('passed');
  });

  describe('finds what was done to the events, even under a new seal of the operator', () => {
    const tampered: [string, (file: CustodyFile) => void, string][] = [
      ['an event removed from the middle', (f) => f.events.splice(2, 1), 'event-missing-or-moved'],
      ['the first event removed', (f) => f.events.splice(0, 1), 'event-missing-or-moved'],
      ['two events exchanged', (f) => f.events.splice(1, 2, f.events[2]!, f.events[1]!), 'event-missing-or-moved'],
      ['an event written twice', (f) => f.events.splice(1, 0, f.events[1]!), 'event-missing-or-moved'],
      ['a kind altered', put('events.1.event.kind', 'downloaded'), 'event-altered'],
      ['a time altered', put('events.1.event.at', '2026-11-22T04:04:06.000Z'), 'event-altered'],
      ['detail altered', put('events.2.event.detail', { fileIndex: '1' }), 'event-altered'],
      ['the last event in the log altered', (f) => alterLast(f), 'leaf-differs'],
      ['another person in an event', put('events.2.actor.name', '丙'), 'actor-altered'],
      ['the tail cut off', (f) => void f.events.splice(3), 'events-cut-off'],
      ['the tail cut off and a leaf with it, of which the other knows', (f) => cutBack(f), 'events-cut-off'],
      ['every event after a change chained anew', (f) => rechain(f, 1), 'leaf-differs'],
      ['leaves exchanged', (f) => void f.leaves.reverse(), 'leaves-out-of-order'],
      ['a leaf of another count', put('leaves.0.record.count', 3), 'leaf-differs'],
      ['a leaf of another place', put('leaves.0.leafIndex', 59), 'root-mismatch'],
      ['the newest leaf of another salt', put('leaves.1.record.salt', '00'.repeat(32)), 'root-mismatch'],
      ['an older leaf of another salt', put('leaves.0.record.salt', '00'.repeat(32)), 'root-mismatch'],
      ['an event of another deposit', put('events.2.event.depositId', OTHER), 'about-another-deposit'],
      ['a leaf of another deposit', put('leaves.0.record.depositId', OTHER), 'about-another-deposit'],
    ];
    for (const [what, tamper, reason] of tampered) {
      it(what, async () => {
        const changed = clone();
        tamper(changed);
        const check = await checked(changed);
        expect(check).to.deep.include({ status: 'failed', reason });
      });
    }

    it('and turns the whole report', async () => {
      const changed = clone();
      changed.events.splice(2, 1);
      expect((await report(await sealed(changed))).conclusion).to.equal('failed');
    });
  });

  it('finds a file cut back to an earlier leaf by the seal that no longer fits', async () => {
    const whole = await world.reseal(clone());
    const cut = { ...whole, events: whole.events.slice(0, 2), ...(await proveRecords(world, [])) };
    const leaf = whole.leaves[0]!;
    const check = custodyIn(
      await report(encodeObject({ ...cut, leaves: [leaf], publication: whole.publication, log: whole.log })),
    );
    expect(check).to.include({ status: 'failed', reason: 'signature-invalid' });
    expect(check.facts.because).to.equal('seal');
  });

  it('says when nobody stands by the file as a whole: without a seal it only speaks up to the count', async () => {
    const check = custodyIn(await report(encodeObject(file)));
    expect(check).to.include({ status: 'passed' });
    expect(check.facts.seal).to.equal('not-checked');
  });

  it('trusts no key that the file itself names', async () => {
    const stranger = await makeWorld();
    const foreign = await makeCustodyFile(stranger);
    const check = custodyIn(await report(encodeObject(await stranger.reseal(foreign))));
    expect(check.status).to.equal('not-checked');
    expect(check.facts.because).to.equal('log.signature');
  });

  it('fails for a checkpoint of the known log that its key did not sign', async () => {
    const changed = clone();
    const { checkpoint } = (await makeCustodyFile(await makeWorld())).publication!;
    changed.publication!.checkpoint = checkpoint;
    expect(['failed', 'not-checked']).to.include((await checked(changed)).status);
    expect((await checked(changed)).status).not.to.equal('passed');
  });

  it('is not checked without a policy', async () => {
    const trust = openTrust(undefined, [], undefined);
    const { since } = await verifyReceipt(encodeObject(world.receipt), [], trust, await sealed(file));
    expect(since.find(({ name }) => name === 'custody.chain')).to.include({
      status: 'not-checked',
      because: 'no-policy',
    });
  });

  it("is the operator's word as long as no leaf holds the chain", async () => {
    const check = await checked(await makeCustodyFile(world, { ...STORY, leavesAt: [] }));
    expect(check).to.include({ status: 'not-checked', because: 'operator-word-only' });
  });

  it('leaves closed actors closed, and counts them', async () => {
    const changed = clone();
    for (const entry of changed.events) entry.actor = null;
    const check = await checked(changed);
    expect(check.status).to.equal('passed');
    expect(check.facts.actorsClosed).to.equal('5');
  });

  describe('hand-overs', () => {
    const ID = '01939f3e-7c1a-7b7e-9d2c-3f1d0e5b8a30';
    const given = (more: object = {}) => ({
      kind: 'handed-over',
      at: '2026-11-23T07:00:00.000Z',
      detail: { handOver: ID, expiresAt: '2026-12-23T07:00:00.000Z', ...more },
    });
    const confirmed = { kind: 'hand-over-confirmed', at: '2026-11-23T08:00:00.000Z', detail: { handOver: ID } };

    it('without the second confirmation show as open', async () => {
      const open = await makeCustodyFile(world, { events: [...STORY.events, given()], leavesAt: [6] });
      const check = await checked(open);
      expect(check).to.include({ status: 'passed' });
      expect(check.facts.handOversOpen).to.equal(ID);
      expect(openHandOvers(open, Date.parse('2027-01-01T00:00:00Z'))).to.deep.equal([`${ID} (expired)`]);
    });

    it('with it do not', async () => {
      const done = await makeCustodyFile(world, { events: [...STORY.events, given(), confirmed], leavesAt: [7] });
      expect((await checked(done)).facts).not.to.have.property('handOversOpen');
    });

    it('fail if what is opened is not what the event commits to', async () => {
      const statement: CustodyFile['handOvers'][0]['statement'] = {
        type: 'tiezheng/hand-over-statement/v1',
        handOverId: ID,
        depositId: file.depositId,
        giver: { accountId: OTHER, name: '甲' },
        receiver: { kind: 'notary', accountId: null, name: '北京市某某公证处' },
        items: [{ what: 'original', fileIndex: 0, sha256: 'ab'.repeat(32), description: null }],
        note: null,
        handedOverAt: '2026-11-23T07:00:00.000Z',
        expiresAt: '2026-12-23T07:00:00.000Z',
        salt: '05'.repeat(32),
      };
      const events = [...STORY.events, given({ statement: encodeHex(commit(statement)) })];
      const told = await makeCustodyFile(world, { events, leavesAt: [6] });
      told.handOvers = [{ statement, confirmation: null }];
      expect((await checked(told)).status).to.equal('passed');
      told.handOvers = [{ statement: { ...statement, note: '另附光盘' }, confirmation: null }];
      expect(await checked(told)).to.include({ status: 'failed', reason: 'hand-over-not-recorded' });
      const confirmation = {
        type: 'tiezheng/hand-over-confirmation/v1' as const,
        handOverId: ID,
        statement: encodeHex(commit(statement)),
        confirmedAt: '2026-11-23T08:00:00.000Z',
        by: 'link' as const,
        accountId: null,
        name: '北京市某某公证处',
        note: null,
        salt: '06'.repeat(32),
      };
      told.handOvers = [{ statement, confirmation }];
      expect(await checked(told)).to.include({ status: 'failed', reason: 'confirmation-not-recorded' });
    });
  });

  it('gives the timeline: kinds, gaps in minutes, who, and what the log covers', () => {
    const lines = custodyTimeline(file);
    expect(lines.map(({ kind }) => kind)).to.deep.equal(['received', 'viewed', 'downloaded', 'exported', 'viewed']);
    expect(lines.map(({ gapMinutes }) => gapMinutes)).to.deep.equal([null, 120, 0, 1440, 1]);
    expect(lines.map(({ inTheLog }) => inTheLog)).to.deep.equal([true, true, true, true, false]);
    expect(lines[0]?.actor).to.equal('北京某某文化有限公司');
  });

  describe('parseCustodyFile', () => {
    const refused: [string, (f: CustodyFile) => void, string][] = [
      ['a member too many', put('extra', 1), 'invalid-field'],
      ['no events', put('events', []), 'invalid-field'],
      ['leaves without a checkpoint', put('publication', null), 'invalid-field'],
      ['a checkpoint without leaves', put('leaves', []), 'invalid-field'],
      ['a second event without a previous one', put('events.1.event.previous', null), 'invalid-field'],
      ['a time of another spelling', put('events.1.event.at', '2026-11-22T05:04:06Z'), 'invalid-field'],
      ['detail of seventeen members', put('events.1.event.detail', many(17)), 'invalid-field'],
      ['another type', put('type', 'tiezheng/custody/v1'), 'unknown-type'],
    ];
    for (const [what, change, code] of refused) {
      it(`refuses ${what}`, () => {
        const changed = clone();
        change(changed);
        expect(codeOf(() => parseCustodyFile(encodeObject(changed)))).to.equal(code);
      });
    }

    it('refuses another spelling of the same', () => {
      const text = Buffer.from(encodeObject(file)).toString();
      expect(codeOf(() => parseCustodyFile(Buffer.from(`${text} `)))).to.equal('not-canonical');
    });
  });
});

/** Changes the member at a path such as `events.1.event.kind`. */
function put(path: string, value: unknown): (file: CustodyFile) => void {
  return (file) => {
    const names = path.split('.');
    const last = names.pop() as string;
    const target = names.reduce((at, name) => (at as Record<string, unknown>)[name], file as unknown);
    (target as Record<string, unknown>)[last] = value;
  };
}

/** No event comes after it, so that none refers to what it was. */
function alterLast(file: CustodyFile): void {
  file.events.splice(4);
  put('events.3.event.detail', { fileIndex: '9' })(file);
}

/** As somebody would who drops the newest leaf's events and keeps the leaf. */
function cutBack(file: CustodyFile): void {
  file.events.splice(2);
  file.leaves.splice(0, 1);
}

/** Changes an event and makes all that follow fit again, as only the operator could. */
function rechain(file: CustodyFile, from: number): void {
  file.events[from]!.event.kind = 'exported';
  for (let i = from + 1; i < file.events.length; i++) {
    file.events[i]!.event.previous = encodeHex(commit(file.events[i - 1]!.event));
  }
}

function many(n: number): Record<string, string> {
  return Object.fromEntries(Array.from({ length: n }, (_, i) => [`m${i}`, '']));
}
