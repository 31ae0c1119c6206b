import { expect } from 'chai';
import { type CustodyAct, recordCustodyEvent, recordedBefore } from '../../src/custody/custodian.ts';
import { selectCustodyChain, selectCustodyEvents, selectCustodyLeaves } from '../../src/db/custody.ts';
import { encodeHex, sha256 } from '../../src/format/bytes.ts';
import { commit } from '../../src/format/commitment.ts';
import { parseCustodyActor, parseCustodyEvent, parseCustodyRecord } from '../../src/format/custody.ts';
import { DEPOSIT_ID, RECEIVED_AT } from '../certificate/evidence-fixture.ts';
import { rejectionOf } from '../support/coded-error.ts';
import { CustodyWorld } from './custody-world.ts';

async function chainOf(world: CustodyWorld) {
  const rows = await selectCustodyEvents(world.db.pool, DEPOSIT_ID, 2 ** 31 - 1);
  return rows.map((row) => ({ ...row, event: parseCustodyEvent(row.body) }));
}

describe('recordCustodyEvent', () => {
  let world: CustodyWorld;
  beforeEach(async function () {
    this.timeout(60_000);
    world = await CustodyWorld.open();
  });
  afterEach(() => world.close());

  const record = (act: CustodyAct) => world.db.transaction((client) => recordCustodyEvent(client, act));

  it('begins every chain with the deposit itself, at the time of its receipt', async () => {
    await record(world.act('viewed'));
    const [first, second] = await chainOf(world);
    expect(first?.event).to.include({ kind: 'received', index: 0, previous: null, at: RECEIVED_AT });
    expect(second?.event).to.include({ kind: 'viewed', index: 1, previous: encodeHex(sha256(first!.body)) });
  });

  it('commits to the actor, whose name is that of the account', async () => {
    const { index } = await record(world.act('downloaded', { detail: { fileIndex: '0' } }));
    const { event, actor } = (await chainOf(world))[index]!;
    const opened = parseCustodyActor(actor!);
    expect(opened).to.include({ accountId: world.accountId, by: 'session', name: '甲' });
    expect(event.actor).to.equal(encodeHex(commit(opened)));
    expect(event.detail).to.deep.equal({ fileIndex: '0' });
  });

  it('keeps one unbroken chain while forty record at once', async () => {
    await Promise.all(
      Array.from({ length: 40 }, (_, i) => record(world.act('downloaded', { detail: { n: String(i) } }))),
    );
    const chain = await chainOf(world);
    expect(chain).to.have.length(41);
    for (const [i, row] of chain.entries()) {
      expect(row.event.index).to.equal(i);
      expect(row.event.previous).to.equal(i === 0 ? null : encodeHex(sha256(chain[i - 1]!.body)));
    }
    const head = await selectCustodyChain(world.db.pool, DEPOSIT_ID);
    expect(head).to.include({ eventCount: 41 });
    expect(encodeHex(head!.headHash)).to.equal(encodeHex(sha256(chain.at(-1)!.body)));
  });

  it('leaves nothing of an act that is rolled back', async () => {
    await record(world.act('viewed'));
    const failure = world.db.transaction(async (client) => {
      await recordCustodyEvent(client, world.act('exported'));
      throw new Error('the act failed');
    });
    expect(await failure.catch((error: Error) => error.message)).to.equal('the act failed');
    expect(await chainOf(world)).to.have.length(2);
    expect(await selectCustodyLeaves(world.db.pool, DEPOSIT_ID)).to.have.length(0);
  });

  it('never lets time run back along the chain', async () => {
    await record(world.act('viewed'));
    await record(world.act('downloaded', { at: new Date(world.nowMs - 5000) }));
    const chain = await chainOf(world);
    expect(chain[2]?.event.at).to.equal(chain[1]?.event.at);
  });

  it('takes a repeated look for one, and for two when the time between is too long', async () => {
    const look = () => world.act('viewed', { repeatsWithinMs: 600_000 });
    await recordedBefore(world.db, look());
    world.nowMs += 599_000;
    await recordedBefore(world.db, look());
    expect(await chainOf(world)).to.have.length(2);
    world.nowMs += 2_000;
    await recordedBefore(world.db, look());
    expect(await chainOf(world)).to.have.length(3);
  });

  it('does not take the look of another, or at something else, for a repeated one', async () => {
    const look = (more: Partial<CustodyAct>) => record(world.act('viewed', { repeatsWithinMs: 600_000, ...more }));
    await look({});
    await look({ detail: { preview: '0' } });
    await look({ actor: { accountId: null, userId: null, by: 'link', linkId: 'l1' } });
    expect(await chainOf(world)).to.have.length(4);
  });

  it('hands in a leaf at once for an export, over the whole chain', async () => {
    await record(world.act('viewed'));
    const { leaf, hash } = await record(world.act('exported'));
    const leaves = await selectCustodyLeaves(world.db.pool, DEPOSIT_ID);
    expect(leaves.map(({ submissionId }) => submissionId)).to.deep.equal([leaf]);
    expect(parseCustodyRecord(leaves[0]!.body)).to.include({
      depositId: DEPOSIT_ID,
      count: 3,
      headHash: encodeHex(hash),
    });
    expect(await selectCustodyChain(world.db.pool, DEPOSIT_ID)).to.include({ leafCount: 3, newsSince: null });
  });

  it('writes one leaf for a thousand exports within a minute', async function () {
    this.timeout(60_000);
    for (let i = 0; i < 1000; i++) {
      await record(world.act('exported', { actor: { accountId: null, userId: null, by: 'link', linkId: 'l1' } }));
      world.nowMs += 59;
    }
    expect(await selectCustodyLeaves(world.db.pool, DEPOSIT_ID)).to.have.length(1);
    expect(await chainOf(world)).to.have.length(1001);
  });

  it('hands in a leaf for each hand-over, however fast they come', async () => {
    for (const kind of ['handed-over', 'hand-over-confirmed', 'withdrawn', 'erased'] as const) {
      expect((await record(world.act(kind))).leaf).not.to.equal(null);
    }
    expect(await selectCustodyLeaves(world.db.pool, DEPOSIT_ID)).to.have.length(4);
  });

  it('asks for no leaf where the log has a record of the act', async () => {
    await record(world.act('certified'));
    expect((await selectCustodyChain(world.db.pool, DEPOSIT_ID))?.newsSince).to.equal(null);
    await record(world.act('viewed'));
    expect((await selectCustodyChain(world.db.pool, DEPOSIT_ID))?.newsSince).not.to.equal(null);
  });

  it('refuses a deposit that is not there, and detail that is too much', async () => {
    const unknown = { ...world.act('viewed'), depositId: '01939f3e-7c1a-7b7e-9d2c-3f1d0e5b8aff' };
    await rejectionOf(record(unknown), 'custody-deposit-unknown');
    const long = world.act('viewed', { detail: { note: 'x'.repeat(301) } });
    await rejectionOf(record(long), 'invalid-field');
    expect(await world.count('custody_event')).to.equal(0);
  });
});

describe('custody rows', () => {
  let world: CustodyWorld;
  before(async function () {
    this.timeout(60_000);
    world = await CustodyWorld.open();
    await recordedBefore(world.db, world.act('exported'));
  });
  after(() => world.close());

  const refused: [string, string][] = [
    ['an event changed', "update custody_event set kind = 'viewed'"],
    ['an event removed', 'delete from custody_event'],
    ['all events removed', 'truncate custody_event cascade'],
    ['a leaf removed', 'delete from custody_leaf'],
    ['a chain made shorter', 'update custody_chain set event_count = 1, leaf_count = 0'],
    ['a chain given another end', "update custody_chain set head_hash = decode(repeat('00', 32), 'hex')"],
    ['a chain removed', 'delete from custody_chain'],
  ];
  for (const [what, sql] of refused) {
    it(`refuses ${what}`, async () => {
      const outcome = await world.db.pool.query(sql).catch((error: { code?: string }) => error.code);
      expect(outcome).to.equal('23000');
    });
  }

  it('lets an actor be erased', async () => {
    await world.db.pool.query('delete from custody_actor where event_index = 1');
    expect((await selectCustodyEvents(world.db.pool, DEPOSIT_ID, 9))[1]?.actor).to.equal(null);
  });
});
