import { expect } from 'chai';
import { makeFileProofs } from '../../src/calendar/deposit-proofs.ts';
import { makeContentProof } from '../../src/certificate/content-proof.ts';
import { readTimeline } from '../../src/custody/timeline.ts';
import { insertContentReceived } from '../../src/db/contents-received.ts';
import { insertErasure } from '../../src/db/erasures.ts';
import { type Fence, fenced } from '../../src/db/row-security.ts';
import { selectOpenUploadsOfAccount } from '../../src/db/uploads.ts';
import { selectWebhooks } from '../../src/db/webhooks.ts';
import { parseCustodyFile } from '../../src/format/custody.ts';
import { parseReceipt } from '../../src/format/receipt.ts';
import { appendRecord } from '../../src/log/append-record.ts';
import { EvidenceRecords } from '../../src/renewal/evidence-records.ts';
import { ServiceWorld } from '../http/service-world.ts';
import { rejectionOf } from '../support/coded-error.ts';
import { Objects, type State } from './objects.ts';

const SEEN = ['own', 'granted'] as const;
const UNSEEN = ['expired', 'revoked', 'foreign', 'missing'] as const;
const NOBODY = '00000000-0000-0000-0000-000000000000';

/** What routes have made for callers, as a route asks for it that has not asked whether the caller may. */
describe('fenced, of files that are made on request', () => {
  let world: ServiceWorld;
  let objects: Objects;
  before(async function () {
    this.timeout(120_000);
    world = await ServiceWorld.open({ people: {}, limits: { signInRequestsPerMinute: 1e6 } });
    objects = await Objects.make(world);
  });
  after(() => world.close());

  const fence = (): Fence => ({ accountId: objects.callerId, at: new Date(Date.now() + world.clockOffsetMs) });
  const seen = (more: Partial<Fence> = {}) => fenced(world.db, { ...fence(), ...more });
  const depositOf = (state: State) => objects.values[state].depositId as string;
  const events = async (depositId: string) =>
    (await world.db.pool.query('select from custody_event where deposit_id = $1', [depositId])).rowCount;

  it('makes a receipt of what is own or granted, and finds no other deposit', async () => {
    for (const state of SEEN) {
      const { receipt } = await world.deposits.receipt(seen(), depositOf(state));
      expect(parseReceipt(receipt).record.depositId).to.equal(depositOf(state));
    }
    for (const state of UNSEEN) {
      await rejectionOf(world.deposits.receipt(seen(), depositOf(state)), 'deposit-not-found');
    }
  });

  it('makes a custody file of what is own or granted, opens who acted for the depositor alone, and begins no chain of another’s', async () => {
    const { files } = world.parts.custody;
    for (const state of SEEN) {
      const { events: recorded, handOvers } = parseCustodyFile(await files.make(seen(), depositOf(state), 'opened'));
      const actors = new Set(recorded.map(({ actor }) => actor !== null));
      expect([...actors], state).to.deep.equal([state === 'own']);
      // Of what was granted, he sees the hand-over that names him.
      expect(handOvers.map(({ statement }) => statement.handOverId)).to.deep.equal([objects.values[state].handOverId]);
    }
    const untouched = await objects.owner.deposit('untouched');
    const before = await events(depositOf('foreign'));
    for (const depositId of [...UNSEEN.map(depositOf), untouched]) {
      await rejectionOf(files.make(seen(), depositId, 'opened'), 'custody-deposit-unknown');
      const page = { before: 99, limit: 9, actors: 'opened' } as const;
      const timeline = await readTimeline(world.db, fence(), depositId, page).catch(({ code }) => code);
      expect(timeline).to.equal('custody-deposit-unknown');
    }
    expect([await events(untouched), await events(depositOf('foreign'))]).to.deep.equal([0, before]);
  });

  it('makes a custody file by a link of what the link shows', async () => {
    const { linkId, depositId } = objects.values.foreign as { linkId: string; depositId: string };
    const byLink = seen({ accountId: NOBODY, linkId });
    const file = parseCustodyFile(await world.parts.custody.files.make(byLink, depositId, 'opened'));
    expect([file.depositId, file.handOvers]).to.deep.equal([depositId, []]);
    await rejectionOf(
      world.parts.custody.files.make(byLink, depositOf('granted'), 'opened'),
      'custody-deposit-unknown',
    );
  });

  it('proves the content of what is own or granted, and knows of no other that any came', async () => {
    const hash = '00'.repeat(32);
    const at = new Date();
    const digests = { sha256: hash, sm3: hash };
    const record = { type: 'tiezheng/content-received/v1', entry: hash, digests, at: at.toISOString(), salt: hash };
    for (const state of ['own', 'granted', 'expired', 'revoked', 'foreign'] as const) {
      await world.db.transaction(async (q) => {
        const { submissionId, body } = await appendRecord(q, record);
        await insertContentReceived(q, { depositId: depositOf(state), fileIndex: 0, submissionId, body, at });
      });
    }
    for (const state of SEEN) {
      expect((await makeContentProof(seen(), world.reader, depositOf(state))).state, state).to.not.equal('none');
    }
    for (const state of UNSEEN) {
      expect(await makeContentProof(seen(), world.reader, depositOf(state)), state).to.deep.equal({ state: 'none' });
    }
  });

  it('gives proofs of files and evidence records of no other deposit', async () => {
    for (const state of UNSEEN) {
      expect(await makeFileProofs(seen(), world.reader, depositOf(state)), state).to.deep.equal([]);
      expect(await new EvidenceRecords(seen()).ofDeposit(depositOf(state)), state).to.deep.equal([]);
    }
  });

  it('shows a preview of what is own or granted, and makes none of another’s', async () => {
    const previews = world.parts.previews;
    for (const state of SEEN) {
      expect((await previews.preview(seen(), depositOf(state), 0))?.role, state).to.equal('preview');
    }
    for (const state of UNSEEN) {
      expect(await previews.preview(seen(), depositOf(state), 0), state).to.equal(undefined);
    }
  });

  it('hands over what is own or granted: of another’s not even the digests get into a statement', async () => {
    const { handOvers } = world.parts.custody;
    const giving = (depositId: string) =>
      handOvers.give({
        depositId,
        giver: {
          accountId: objects.callerId,
          name: '甲',
          acting: { accountId: objects.callerId, userId: null, by: 'session' },
        },
        receiver: { kind: 'court', accountId: null, name: '法院' },
        files: undefined,
        certificate: false,
        others: [],
        note: null,
        validDays: 1,
      });
    for (const state of SEEN) {
      expect((await giving(depositOf(state))).handOver.depositId, state).to.equal(depositOf(state));
    }
    const before = await events(depositOf('foreign'));
    for (const state of UNSEEN) await rejectionOf(giving(depositOf(state)), 'hand-over-invalid');
    expect(await events(depositOf('foreign'))).to.equal(before);
  });

  it('lists webhooks and uploads of the caller’s account alone, and never what signs', async () => {
    const other = objects.owner.accountId;
    for (const accountId of [objects.callerId, other]) {
      const isOwn = accountId === objects.callerId;
      expect((await selectWebhooks(world.db.pool, accountId)).length, 'exist').to.be.greaterThan(0);
      expect((await selectWebhooks(seen(), accountId)).length > 0, 'webhooks').to.equal(isOwn);
      expect((await selectOpenUploadsOfAccount(world.db.pool, accountId, 9)).length, 'exist').to.be.greaterThan(0);
      expect((await selectOpenUploadsOfAccount(seen(), accountId, 9)).length > 0, 'uploads').to.equal(isOwn);
    }
    for (const column of ['wrapped_secret', 'previous_secret', 'secret_key_id', '*']) {
      const code = await seen()
        .query(`select ${column} from webhook`)
        .then(
          () => 'read',
          (error: { code: string }) => error.code,
        );
      expect(code, column).to.equal('42501');
    }
  });

  it('tells what stays of one’s own erased deposit, and of another’s as if it were there', async () => {
    const { erasures } = world.parts;
    for (const state of ['own', 'granted', 'foreign'] as const) {
      const accountId = state === 'own' ? objects.callerId : objects.owner.accountId;
      const erasure = { depositId: depositOf(state), accountId, userId: null, basis: 'other', erasedAt: new Date() };
      await insertErasure(world.db.pool, erasure as Parameters<typeof insertErasure>[1]);
    }
    for (const state of SEEN) expect((await erasures.of(seen(), depositOf(state))).fileCount, state).to.equal(1);
    for (const state of UNSEEN) await rejectionOf(erasures.of(seen(), depositOf(state)), 'not-erased');
  });

  it('ends with the grant, also for what goes on meanwhile', async () => {
    const depositId = await objects.owner.deposit('shared for a moment');
    const grant = { depositId, to: { accountId: objects.callerId }, scope: 'export' };
    const { grantId } = await objects.owner.get<{ grantId: string }>('POST', '/grants', grant, 201);
    const meanwhile = seen();
    await world.deposits.receipt(meanwhile, depositId);
    await objects.owner.get('DELETE', `/grants/${grantId}`);
    await rejectionOf(world.deposits.receipt(meanwhile, depositId), 'deposit-not-found');
  });

  it('changes nothing and reads what callers’ roles may', async () => {
    const refused = async (statement: string) =>
      seen()
        .query(statement)
        .then(
          () => 'done',
          (error: { code: string }) => error.code,
        );
    expect(await refused('delete from deposit')).to.be.oneOf(['25006', '42501']);
    expect(await refused('select from api_key')).to.equal('42501');
  });
});
