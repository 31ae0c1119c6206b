import { expect } from 'chai';
import { openDisputes, type Party } from './dispute-world.ts';

const DEED = 'ab'.repeat(32);

describe('requests to a notary’s office', () => {
  let holder: Party;
  let office: Party;
  let rival: Party;
  let world: Party['world'];
  let disputesParty: Awaited<ReturnType<typeof openDisputes>>['party'];
  before(async function () {
    this.timeout(60_000);
    const disputes = await openDisputes();
    world = disputes.world;
    disputesParty = disputes.party;
    holder = await disputes.party('权利人甲');
    office = await disputes.party('北京市某公证处', 'notary');
    rival = await disputes.party('另一公证处', 'notary');
  });
  after(() => world.close());

  const noticesOf = async ({ accountId }: Party) => {
    const { rows } = await world.db.pool.query<{ kind: string; about: object }>(
      'select kind, about from notice where account_id = $1 order by ordinal',
      [accountId],
    );
    return rows;
  };
  const submit = async (...depositIds: string[]) =>
    (
      await holder.get<{ requestId: string }>(
        'POST',
        '/requests',
        { officeAccountId: office.accountId, depositIds, subject: '网页保全核验' },
        201,
      )
    ).requestId;
  type Steps = { steps: { kind: string; accountName: string; remark: string | null }[] };

  it('goes from submitted to accepted to a deed, step by step, and both sides see all of it', async () => {
    const depositId = await holder.deposit('page');
    const offices = await holder.get<{ offices: { name: string }[] }>('GET', '/offices');
    expect(offices.offices.map((each) => each.name))
      .to.include('北京市某公证处')
      .and.not.include('权利人甲');
    expect(await office.refused('GET', `/deposits/${depositId}`)).to.equal('404 deposit-not-found');
    const requestId = await submit(depositId);
    expect((await office.ask('GET', `/deposits/${depositId}/files/0`)).status).to.equal(200);
    const queue = await office.get<{ requests: object[] }>('GET', '/requests?side=office&state=submitted');
    expect(queue.requests[0]).to.include({ requestId, side: 'office', state: 'submitted' });

    const path = `/requests/${requestId}`;
    expect(
      await office.refused('POST', `${path}/decision`, { state: 'deed-issued', deedNo: '1', deedSha256: DEED }),
    ).to.equal('409 request-ended');
    await office.get('POST', `${path}/decision`, { state: 'accepted' });
    await office.get(
      'POST',
      `${path}/steps`,
      { kind: 'digest-recomputed', depositId, outcome: 'consistent', remark: '本处电脑' },
      204,
    );
    await office.get('POST', `${path}/steps`, { kind: 'asked', remark: '请说明来源' }, 204);
    await holder.get('POST', `${path}/steps`, { kind: 'answered', remark: '公开网页' }, 204);
    expect(await holder.refused('POST', `${path}/steps`, { kind: 'chain-read' })).to.equal('422 request-invalid');
    const deed = { state: 'deed-issued', deedNo: '(2026)京某证经字第123号', deedSha256: DEED };
    await office.get('POST', `${path}/decision`, deed);

    for (const [party, side] of [
      [holder, 'asked'],
      [office, 'office'],
    ] as const) {
      const seen = await party.get('GET', path);
      expect(seen).to.deep.include({
        state: 'deed-issued',
        side,
        deed: { deedNo: deed.deedNo, sha256: DEED },
        depositIds: [depositId],
      });
      const { steps } = await party.get<Steps>('GET', `${path}/steps`);
      expect(steps.map((step) => step.kind)).to.deep.equal([
        'submitted',
        'accepted',
        'digest-recomputed',
        'asked',
        'answered',
        'deed-issued',
      ]);
      expect(steps[2]?.accountName).to.equal('北京市某公证处');
    }
    expect(await holder.custody(depositId)).to.deep.equal([
      'received',
      'granted',
      'downloaded',
      'verified',
      'verified',
    ]);
    expect(await office.refused('POST', `${path}/decision`, { state: 'refused', reason: 'x' })).to.equal(
      '409 request-ended',
    );
    expect(await office.refused('POST', `${path}/steps`, { kind: 'other', remark: 'x' })).to.equal('409 request-ended');
  });

  it('is refused with a reason, and then the office sees the deposits no more', async () => {
    const depositId = await holder.deposit('disputed');
    const path = `/requests/${await submit(depositId)}`;
    expect(await office.refused('POST', `${path}/decision`, { state: 'refused' })).to.equal('422 invalid-body');
    await office.get('POST', `${path}/decision`, { state: 'refused', reason: '存在争议, 不予办理' });
    expect(await holder.get('GET', path)).to.include({ state: 'refused', reason: '存在争议, 不予办理' });
    expect(await office.refused('GET', `/deposits/${depositId}`)).to.equal('404 deposit-not-found');
    expect(await holder.custody(depositId)).to.deep.equal(['received', 'granted', 'verified', 'grant-revoked']);
  });

  it('comes to a mediator’s office as well, the oldest first, and each side is told what the other did', async () => {
    const mediator = await disputesParty('某调解中心', 'mediator');
    const listed = await holder.get<{ offices: { accountId: string; roles: string[] }[] }>('GET', '/offices');
    expect(listed.offices.find(({ accountId }) => accountId === mediator.accountId)?.roles).to.deep.equal(['mediator']);
    const asked: string[] = [];
    for (const subject of ['甲', '乙', '丙']) {
      const body = {
        officeAccountId: mediator.accountId,
        depositIds: [await holder.deposit(subject)],
        subject,
        expiresAt: '2099-01-01T00:00:00.000Z',
      };
      asked.push((await holder.get<{ requestId: string }>('POST', '/requests', body, 201)).requestId);
    }
    type Queue = { requests: { requestId: string; depositCount: number; expiresAt: string }[]; next: string | null };
    const first = await mediator.get<Queue>('GET', '/requests?side=office&order=oldest&limit=2');
    expect(first.requests.map(({ requestId }) => requestId)).to.deep.equal(asked.slice(0, 2));
    expect(first.requests[0]).to.include({ depositCount: 1, expiresAt: '2099-01-01T00:00:00.000Z' });
    const rest = await mediator.get<Queue>('GET', `/requests?side=office&order=oldest&after=${first.next}`);
    expect(rest.requests.map(({ requestId }) => requestId)).to.deep.equal(asked.slice(2));
    expect(rest.next).to.equal(null);

    await mediator.get('POST', `/requests/${asked[0]}/decision`, { state: 'accepted' });
    await holder.get('POST', `/requests/${asked[1]}/withdrawal`);
    expect((await noticesOf(mediator)).filter(({ kind }) => kind.startsWith('request-'))).to.have.deep.members([
      ...asked.map((requestId) => ({ kind: 'request-received', about: { requestId, deposits: 1 } })),
      { kind: 'request-changed', about: { requestId: asked[1], state: 'withdrawn' } },
    ]);
    expect(await noticesOf(holder)).to.deep.include({
      kind: 'request-changed',
      about: { requestId: asked[0], state: 'accepted' },
    });
  });

  it('is taken back by the side that asked, and by nobody else', async () => {
    const depositId = await holder.deposit('second thoughts');
    const path = `/requests/${await submit(depositId)}`;
    expect(await office.refused('POST', `${path}/withdrawal`)).to.equal('403 forbidden');
    expect(await holder.get('POST', `${path}/withdrawal`)).to.include({ state: 'withdrawn' });
    expect(await office.refused('GET', `/deposits/${depositId}`)).to.equal('404 deposit-not-found');
    expect(await office.refused('POST', `${path}/decision`, { state: 'accepted' })).to.equal('409 request-ended');
  });

  it('is listed by the matter that it is about, to the side that asked', async () => {
    const matterId = await holder.matter();
    const order = {
      officeAccountId: office.accountId,
      depositIds: [await holder.deposit('of a matter')],
      subject: '核验',
    };
    const { requestId } = await holder.get<{ requestId: string }>('POST', '/requests', { ...order, matterId }, 201);
    await holder.get('POST', '/requests', order, 201);
    type Listed = { requests: { requestId: string }[] };
    const { requests } = await holder.get<Listed>('GET', `/requests?matterId=${matterId}`);
    expect(requests.map((request) => request.requestId)).to.deep.equal([requestId]);
    expect(await office.refused('GET', `/requests?side=office&matterId=${matterId}`)).to.equal('400 invalid-parameter');
  });

  it('is decided by the office that was asked', async () => {
    const requestId = await submit(await holder.deposit('not theirs'));
    for (const [method, path, body] of [
      ['GET', `/requests/${requestId}`, undefined],
      ['GET', `/requests/${requestId}/steps`, undefined],
      ['POST', `/requests/${requestId}/steps`, { kind: 'other' }],
      ['POST', `/requests/${requestId}/decision`, { state: 'accepted' }],
    ] as const) {
      expect(await rival.refused(method, path, body), path).to.equal('404 request-not-found');
    }
    expect(await holder.refused('POST', `/requests/${requestId}/decision`, { state: 'accepted' })).to.equal(
      '403 forbidden',
    );
    expect((await rival.get<{ requests: object[] }>('GET', '/requests?side=office')).requests).to.deep.equal([]);
  });

  it('names an office that is one, and deposits that are one’s own', async () => {
    const depositId = await holder.deposit('valid');
    const order = { officeAccountId: office.accountId, depositIds: [depositId], subject: 's' };
    expect(await holder.refused('POST', '/requests', { ...order, officeAccountId: holder.accountId })).to.equal(
      '422 request-invalid',
    );
    const stranger = await world.createAccount('not an office');
    expect(await holder.refused('POST', '/requests', { ...order, officeAccountId: stranger.accountId })).to.equal(
      '422 request-invalid',
    );
    expect(await holder.refused('POST', '/requests', { ...order, depositIds: [office.accountId] })).to.equal(
      '422 request-invalid',
    );
    expect(await holder.refused('POST', '/requests', { ...order, depositIds: [] })).to.equal('422 invalid-body');
    const path = `/requests/${await submit(depositId)}`;
    await office.get('POST', `${path}/decision`, { state: 'accepted' });
    const elsewhere = await holder.deposit('not in the request');
    const step = { kind: 'digest-recomputed', depositId: elsewhere };
    expect(await office.refused('POST', `${path}/steps`, step)).to.equal('422 request-invalid');
    // Nothing of the refused ones is left.
    expect(await holder.custody(elsewhere)).to.deep.equal([]);
  });

  it('keeps its steps and its end, whoever writes to the tables', async () => {
    const requestId = await submit(await holder.deposit('kept'));
    for (const statement of [
      `delete from request_step where request_id = '${requestId}'`,
      `update request_step set remark = 'x' where request_id = '${requestId}'`,
      `update verification_request set subject = 'x', version = version + 1 where request_id = '${requestId}'`,
      `update verification_request set state = 'deed-issued', deed_no = 'x', deed_digest = decode('${DEED}', 'hex'), version = version + 1 where request_id = '${requestId}'`,
      `delete from request_item where request_id = '${requestId}'`,
    ]) {
      const code = await world.db.pool.query(statement).then(
        () => 'accepted',
        (error: { code: string }) => error.code,
      );
      expect(code, statement).to.equal('23000');
    }
  });
});
