import { expect } from 'chai';
import { type HandOverRequest, HandOvers } from '../../src/custody/hand-overs.ts';
import { insertAccount } from '../../src/db/accounts.ts';
import { selectCustodyEvents } from '../../src/db/custody.ts';
import { encodeHex, sha256 } from '../../src/format/bytes.ts';
import { commit } from '../../src/format/commitment.ts';
import {
  parseCustodyActor,
  parseCustodyEvent,
  parseHandOver,
  parseHandOverStatement,
} from '../../src/format/custody.ts';
import { DEPOSIT_ID } from '../certificate/evidence-fixture.ts';
import { rejectionOf } from '../support/coded-error.ts';
import { CustodyWorld } from './custody-world.ts';

const DAY_MS = 24 * 3600_000;
const NOTARY = '01939f3e-7c1a-7b7e-9d2c-3f1d0e5b8a77';

describe('HandOvers', () => {
  let world: CustodyWorld;
  let handOvers: HandOvers;
  beforeEach(async function () {
    this.timeout(60_000);
    world = await CustodyWorld.open();
    const sealer = { seal: async <T>(object: T) => object };
    handOvers = new HandOvers({ db: world.db, sealer, evaluation: true, nowMs: () => world.nowMs });
    const notary = { accountId: NOTARY, name: '某某公证处', kind: 'organisation' as const };
    await insertAccount(world.db.pool, { ...notary, identityMethod: 'none', identityCheckedAt: null });
  });
  afterEach(() => world.close());

  const acting = (accountId: string) => ({ accountId, userId: null, by: 'session' as const });
  const request = (more: Partial<HandOverRequest> = {}): HandOverRequest => ({
    depositId: DEPOSIT_ID,
    giver: { accountId: world.accountId, name: '甲', acting: acting(world.accountId) },
    receiver: { kind: 'notary', accountId: NOTARY, name: '北京市某某公证处' },
    files: undefined,
    certificate: false,
    others: [],
    note: null,
    validDays: 30,
    ...more,
  });
  const notary = () => ({ accountId: NOTARY, name: '某某公证处', acting: acting(NOTARY) });
  const toNobodyHere = { kind: 'court' as const, accountId: null, name: '某某法院 知识产权庭' };
  const events = async () =>
    (await selectCustodyEvents(world.db.pool, DEPOSIT_ID, 99)).map(({ body, actor }) => ({
      ...parseCustodyEvent(body),
      who: parseCustodyActor(actor!),
    }));

  it('stands as open until the receiver has confirmed, and then is both their word', async () => {
    const { handOver, token } = await handOvers.give(request({ note: '原件光盘一张' }));
    expect(token).to.equal(null);
    expect(handOvers.stateOf(handOver)).to.equal('open');
    expect(parseHandOver(await handOvers.receipt(handOver)).confirmation).to.equal(null);
    world.nowMs += 3600_000;
    const confirmed = await handOvers.confirmByAccount(handOver.handOverId, notary(), '完好');
    expect(handOvers.stateOf(confirmed)).to.equal('confirmed');
    const receipt = parseHandOver(await handOvers.receipt(confirmed));
    expect(receipt.confirmation).to.include({ by: 'account', accountId: NOTARY, name: '某某公证处', note: '完好' });
    expect(receipt.confirmation?.statement).to.equal(encodeHex(commit(receipt.statement)));
    const [, given, taken] = await events();
    expect(given).to.deep.include({ kind: 'handed-over' });
    expect(given?.detail.statement).to.equal(encodeHex(commit(receipt.statement)));
    expect(taken?.detail).to.deep.equal({
      handOver: handOver.handOverId,
      confirmation: encodeHex(commit(receipt.confirmation!)),
    });
    expect(taken?.who.accountId).to.equal(NOTARY);
    const { who: _, ...event } = given!;
    expect(receipt.events.handedOver).to.equal(encodeHex(commit(event)));
    expect(await world.count('custody_leaf')).to.equal(2);
  });

  it('lists the digests of what is handed over', async () => {
    const other = { sha256: encodeHex(sha256(Buffer.from('disc'))), description: '光盘一张' };
    const { handOver } = await handOvers.give(request({ others: [other] }));
    const { items } = parseHandOverStatement(handOver.statement);
    expect(items[0]).to.include({ what: 'original', fileIndex: 0 });
    expect(items[0]?.sha256).to.match(/^[0-9a-f]{64}$/);
    expect(items.at(-1)).to.deep.equal({ what: 'other', fileIndex: null, ...other });
  });

  it('is confirmed without an account by whoever holds the one-time link, once', async () => {
    const { handOver, token } = await handOvers.give(request({ receiver: toNobodyHere }));
    expect((await handOvers.openLink(token!)).handOverId).to.equal(handOver.handOverId);
    const confirmed = await handOvers.confirmByLink(token!, '书记员 某某', null);
    const receipt = parseHandOver(await handOvers.receipt(confirmed));
    expect(receipt.confirmation).to.include({ by: 'link', accountId: null, name: '书记员 某某' });
    expect((await events())[2]?.who).to.include({ accountId: null, by: 'link', linkId: handOver.handOverId });
    await rejectionOf(handOvers.confirmByLink(token!, '另一人', null), 'confirmation-link-invalid');
    await rejectionOf(handOvers.openLink(token!), 'confirmation-link-invalid');
  });

  it('is confirmed once, though ten do it at the same time', async () => {
    const { token } = await handOvers.give(request({ receiver: toNobodyHere }));
    const all = await Promise.allSettled(
      Array.from({ length: 10 }, (_, i) => handOvers.confirmByLink(token!, `${i}`, null)),
    );
    expect(all.filter(({ status }) => status === 'fulfilled')).to.have.length(1);
    expect((await events()).filter(({ kind }) => kind === 'hand-over-confirmed')).to.have.length(1);
  });

  it('keeps the secret of the link as a digest alone', async () => {
    const { token } = await handOvers.give(request({ receiver: toNobodyHere }));
    const { rows } = await world.db.pool.query<{ row: string }>('select hand_over::text as row from hand_over');
    expect(rows[0]?.row).not.to.include(token!.slice(4));
    expect(rows[0]?.row).not.to.include(Buffer.from(token!).toString('hex'));
  });

  it('is nobody else’s to confirm, to see or to cancel', async () => {
    const { handOver } = await handOvers.give(request());
    const { handOverId } = handOver;
    const stranger = '01939f3e-7c1a-7b7e-9d2c-3f1d0e5b8a99';
    const other = { accountId: stranger, name: '乙', acting: acting(stranger) };
    const giver = { accountId: world.accountId, name: '甲', acting: acting(world.accountId) };
    await rejectionOf(handOvers.confirmByAccount(handOverId, other, null), 'hand-over-not-found');
    await rejectionOf(handOvers.confirmByAccount(handOverId, giver, null), 'hand-over-not-found');
    await rejectionOf(handOvers.of(handOverId, stranger), 'hand-over-not-found');
    await rejectionOf(handOvers.cancel(handOverId, other), 'hand-over-not-found');
    await rejectionOf(handOvers.cancel(handOverId, notary()), 'hand-over-not-found');
    expect(handOvers.stateOf(await handOvers.of(handOverId, NOTARY))).to.equal('open');
  });

  it('is taken back by the giver, and then confirmed by nobody', async () => {
    const { handOver, token } = await handOvers.give(request({ receiver: toNobodyHere }));
    const giver = { accountId: world.accountId, acting: acting(world.accountId) };
    expect(handOvers.stateOf(await handOvers.cancel(handOver.handOverId, giver))).to.equal('cancelled');
    await rejectionOf(handOvers.confirmByLink(token!, '某某', null), 'confirmation-link-invalid');
    await rejectionOf(handOvers.cancel(handOver.handOverId, giver), 'hand-over-ended');
    expect((await events()).at(-1)?.kind).to.equal('hand-over-cancelled');
  });

  it('expires', async () => {
    const { handOver, token } = await handOvers.give(request({ receiver: toNobodyHere, validDays: 2 }));
    const { handOver: named } = await handOvers.give(request({ validDays: 2 }));
    world.nowMs += 2 * DAY_MS;
    expect(handOvers.stateOf(handOver)).to.equal('expired');
    await rejectionOf(handOvers.confirmByLink(token!, '某某', null), 'confirmation-link-invalid');
    await rejectionOf(handOvers.confirmByAccount(named.handOverId, notary(), null), 'hand-over-ended');
  });

  it('is refused without a thing to hand over, and to oneself', async () => {
    await rejectionOf(handOvers.give(request({ files: [99] })), 'hand-over-invalid');
    await rejectionOf(handOvers.give(request({ files: [] })), 'hand-over-invalid');
    await rejectionOf(handOvers.give(request({ certificate: true })), 'hand-over-invalid');
    const self = { kind: 'other' as const, accountId: world.accountId, name: '甲' };
    await rejectionOf(handOvers.give(request({ receiver: self })), 'hand-over-invalid');
    await rejectionOf(handOvers.openLink('tzh_nonsense'), 'confirmation-link-invalid');
    expect(await world.count('custody_event')).to.equal(0);
  });
});
