import { expect } from 'chai';
import { Matters } from '../../src/matters/matters.ts';
import { openDisputes, type Party } from './dispute-world.ts';

const v = (version: number) => ({ 'if-match': `"${version}"` });

describe('matters', () => {
  let owner: Party;
  let other: Party;
  let world: Party['world'];
  before(async function () {
    this.timeout(60_000);
    const disputes = await openDisputes();
    world = disputes.world;
    owner = await disputes.party('权利人甲');
    other = await disputes.party('他人乙');
  });
  after(() => world.close());

  const database = async (statement: string, values: unknown[] = []) =>
    world.db.pool.query(statement, values).then(
      () => 'accepted',
      (error: { code: string }) => error.code,
    );

  it('goes from draft to open to closed, and never back', async () => {
    const matter = await owner.get<{ matterId: string; version: number }>(
      'POST',
      '/matters',
      { title: '图库侵权案', dispute: 'copyright' },
      201,
    );
    expect(matter).to.include({
      status: 'draft',
      version: 1,
      confidentiality: 'confidential',
      legalHold: false,
      relation: 'own',
    });
    const path = `/matters/${matter.matterId}`;
    expect(await owner.get('PATCH', path, { status: 'open', summary: '三张图片' }, 200, v(1))).to.include({
      status: 'open',
      version: 2,
    });
    expect(await owner.refused('PATCH', path, { status: 'draft' }, v(2))).to.equal('422 matter-invalid');
    await owner.get('PATCH', path, { status: 'closed' }, 200, v(2));
    expect(await owner.refused('PATCH', path, { title: '改名' }, v(3))).to.equal('409 matter-closed');
    expect(await owner.refused('POST', `${path}/notes`, { body: '晚了' })).to.equal('409 matter-closed');
    expect(await owner.get('PATCH', path, { legalHold: true, legalHoldReason: '上诉' }, 200, v(3))).to.include({
      legalHold: true,
    });
    // The table says so too.
    expect(
      await database(`update matter set status = 'open', version = version + 1 where matter_id = $1`, [
        matter.matterId,
      ]),
    ).to.equal('23000');
  });

  it('is changed by whoever has seen its newest version, and by one of two at once', async () => {
    const path = `/matters/${await owner.matter()}`;
    expect(await owner.refused('PATCH', path, { title: 'b' })).to.equal('428 precondition-required');
    expect(await owner.refused('PATCH', path, { title: 'b' }, { 'if-match': '1' })).to.equal('400 invalid-parameter');
    expect(await owner.refused('PATCH', path, { title: 'b' }, v(2))).to.equal('412 version-mismatch');
    const answers = await Promise.all(['b', 'c', 'd', 'e'].map((title) => owner.ask('PATCH', path, { title }, v(1))));
    expect(answers.map((answer) => answer.status).sort()).to.deep.equal([200, 412, 412, 412]);
    const now = await owner.ask('GET', path);
    expect(now.headers.get('etag')).to.equal('"2"');
  });

  it('has four kinds of party, which are four things even for one person', async () => {
    const path = `/matters/${await owner.matter()}`;
    for (const role of ['holder', 'depositor', 'capture-operator', 'respondent']) {
      await owner.get('POST', `${path}/parties`, { role, name: '张三', kind: 'person' }, 201);
    }
    expect(await owner.refused('POST', `${path}/parties`, { role: 'infringer', name: '张三' })).to.equal(
      '422 invalid-body',
    );
    const { parties, next } = await owner.get<{ parties: { role: string }[]; next: string }>(
      'GET',
      `${path}/parties?limit=3`,
    );
    expect(parties.map((party) => party.role)).to.deep.equal(['holder', 'depositor', 'capture-operator']);
    const rest = await owner.get<{ parties: { role: string }[]; next: null }>(
      'GET',
      `${path}/parties?limit=3&after=${next}`,
    );
    expect(rest.parties.map((party) => party.role)).to.deep.equal(['respondent']);
    expect(rest.next).to.equal(null);
  });

  it('has rights, whose proofs are deposits, and whose holder is a holder', async () => {
    const path = `/matters/${await owner.matter()}`;
    const holder = await owner.get<{ partyId: string }>(
      'POST',
      `${path}/parties`,
      { role: 'holder', name: '图库公司' },
      201,
    );
    const respondent = await owner.get<{ partyId: string }>(
      'POST',
      `${path}/parties`,
      { role: 'respondent', name: '某店' },
      201,
    );
    const right = { kind: 'copyright', title: '摄影作品《晨》', registrationNo: '国作登字-2025-G-01234567' };
    expect(await owner.refused('POST', `${path}/rights`, { ...right, holderPartyId: respondent.partyId })).to.equal(
      '422 matter-invalid',
    );
    const { rightId } = await owner.get<{ rightId: string }>(
      'POST',
      `${path}/rights`,
      { ...right, holderPartyId: holder.partyId, validFrom: '2025-01-01' },
      201,
    );
    expect(await owner.refused('PATCH', `${path}/rights/${rightId}`, { validUntil: '2024-01-01' }, v(1))).to.equal(
      '422 matter-invalid',
    );
    expect(await owner.refused('DELETE', `${path}/parties/${holder.partyId}`, undefined, v(1))).to.equal(
      '409 matter-in-use',
    );
    expect(await owner.refused('PATCH', `${path}/parties/${holder.partyId}`, { role: 'respondent' }, v(1))).to.equal(
      '422 matter-invalid',
    );
    const depositId = await owner.deposit('certificate of registration');
    const proof = { rightId, depositId, kind: 'certificate' };
    await owner.get('POST', `${path}/proofs`, proof, 201);
    expect(await owner.refused('POST', `${path}/proofs`, proof)).to.equal('409 matter-duplicate');
    const theirs = await other.deposit('their draft');
    const refusal = await owner.refused('POST', `${path}/proofs`, { ...proof, depositId: theirs });
    expect(refusal).to.equal('422 matter-invalid');
    expect(await owner.refused('POST', `${path}/proofs`, { ...proof, depositId: rightId })).to.equal(refusal);
  });

  it('has items in an order, with source, purpose and a corroboration table', async () => {
    const matterId = await owner.matter();
    const path = `/matters/${matterId}`;
    const ids: string[] = [];
    for (const n of [1, 2, 3]) {
      const depositId = await owner.deposit(`item ${n}`);
      const item = { depositId, proofPurpose: `证明事实${n}`, source: n === 3 ? null : '网页' };
      const made = await owner.get<{ itemId: string; position: number }>('POST', `${path}/items`, item, 201);
      expect(made).to.include({ position: n, disclosure: 'original', form: 'unknown' });
      ids.push(made.itemId);
      if (n === 1) expect(await owner.refused('POST', `${path}/items`, item)).to.equal('409 matter-duplicate');
    }
    await owner.get('POST', `${path}/relations`, { itemId: ids[0], otherItemId: ids[1], kind: 'corroborates' }, 201);
    expect(
      await owner.refused('POST', `${path}/relations`, { itemId: ids[0], otherItemId: ids[0], kind: 'corroborates' }),
    ).to.equal('422 matter-invalid');
    const elsewhere = `/matters/${await owner.matter()}`;
    expect(
      await owner.refused('POST', `${elsewhere}/relations`, { itemId: ids[0], otherItemId: ids[1], kind: 'explains' }),
    ).to.equal('422 matter-invalid');

    expect(await owner.refused('PUT', `${path}/item-order`, { items: ids.slice(1) }, v(1))).to.equal(
      '422 matter-invalid',
    );
    expect(await owner.refused('PUT', `${path}/item-order`, { items: [ids[0], ids[0], ids[1]] }, v(1))).to.equal(
      '422 matter-invalid',
    );
    await owner.get('PUT', `${path}/item-order`, { items: [ids[2], ids[0], ids[1]] }, 200, v(1));
    const { items } = await owner.get<{ items: { itemId: string; position: number }[] }>('GET', `${path}/items`);
    expect(items.map((item) => item.itemId)).to.deep.equal([ids[2], ids[0], ids[1]]);
    expect(items.map((item) => item.position)).to.deep.equal([1, 2, 3]);
    // Removing an item takes its rows of the corroboration table along.
    await owner.get('DELETE', `${path}/items/${ids[0]}`, undefined, 204, v(2));
    expect(await owner.get('GET', `${path}/relations`)).to.deep.equal({ relations: [], next: null });
  });

  it('keeps notes and deadlines, and who changed what and when', async () => {
    const matterId = await owner.matter({ title: '有历史的案件' });
    const path = `/matters/${matterId}`;
    const note = await owner.get<{ noteId: string }>('POST', `${path}/notes`, { body: '第一稿' }, 201);
    await owner.get('PATCH', `${path}/notes/${note.noteId}`, { body: '第二稿' }, 200, v(1));
    await owner.get('DELETE', `${path}/notes/${note.noteId}`, undefined, 204, v(2));
    const due = '2026-12-31T16:00:00.000Z';
    expect(await owner.get('POST', `${path}/deadlines`, { title: '举证期限', dueAt: due }, 201)).to.include({
      dueAt: due,
      doneAt: null,
    });
    expect(await owner.refused('POST', `${path}/deadlines`, { title: '举证期限', dueAt: '2026-12-31' })).to.equal(
      '422 invalid-body',
    );

    type Change = {
      part: string;
      change: string;
      before: { body?: string } | null;
      after: { body?: string } | null;
      accountId: string;
      by: string;
      changeId: number;
    };
    const first = await owner.get<{ changes: Change[]; next: number }>('GET', `${path}/history?limit=2`);
    const rest = await owner.get<{ changes: Change[]; next: null }>('GET', `${path}/history?before=${first.next}`);
    const changes = [...first.changes, ...rest.changes];
    expect(changes.map(({ part, change }) => `${part} ${change}`)).to.deep.equal([
      'deadline created',
      'note removed',
      'note changed',
      'note created',
      'matter created',
    ]);
    expect(changes[2]?.before?.body).to.equal('第一稿');
    expect(changes[2]?.after?.body).to.equal('第二稿');
    expect(changes.every((change) => change.accountId === owner.accountId && change.by === 'api-key')).to.equal(true);
    for (const statement of ['update matter_change set by = $1', 'delete from matter_change where by <> $1']) {
      expect(await database(statement, ['x'])).to.equal('23000');
    }
  });

  it('names the users who changed something, as long as there are such users', async () => {
    await database(
      `insert into auth."user" ("id", "name", "email", "emailVerified") values ('named', '王律师', 'wang-named@example.org', true)`,
    );
    const principal = { accountId: owner.accountId, roles: ['holder' as const], by: 'session' as const, scopes: null };
    const matters = new Matters(world.db);
    const fields = { title: '两人经手', dispute: 'copyright', confidentiality: 'normal' as const, summary: null };
    const { matterId } = await matters.create({ ...principal, userId: 'named' }, fields, new Date());
    const path = `/matters/${matterId}/history`;
    type Named = { changes: { userName: string | null }[] };
    expect((await owner.get<Named>('GET', path)).changes[0]?.userName).to.equal('王律师');
    await database(`delete from auth."user" where "id" = 'named'`);
    expect((await owner.get<Named>('GET', path)).changes[0]?.userName).to.equal(null);
  });

  it('writes nothing down of a change that fails', async () => {
    const matterId = await owner.matter();
    const principal = {
      accountId: owner.accountId,
      userId: null,
      roles: ['holder' as const],
      by: 'session' as const,
      scopes: null,
    };
    const matters = new Matters(world.db);
    const fields = { itemId: matterId, otherItemId: matterId, kind: 'explains' };
    const code = await matters.add(principal, matterId, 'relation', fields, new Date()).then(
      () => 'accepted',
      (error: { code: string }) => error.code,
    );
    expect(code).to.equal('matter-invalid');
    const { rows } = await world.db.pool.query('select part from matter_change where matter_id = $1', [matterId]);
    expect(rows).to.deep.equal([{ part: 'matter' }]);
  });

  it('is removed as a draft alone; its history stays', async () => {
    const matterId = await owner.matter();
    await owner.get('POST', `/matters/${matterId}/items`, { depositId: await owner.deposit('of a draft') }, 201);
    await owner.get('PATCH', `/matters/${matterId}`, { legalHold: true }, 200, v(1));
    expect(await owner.refused('DELETE', `/matters/${matterId}`, undefined, v(2))).to.equal('409 matter-in-use');
    await owner.get('PATCH', `/matters/${matterId}`, { legalHold: false }, 200, v(2));
    await owner.get('DELETE', `/matters/${matterId}`, undefined, 204, v(3));
    expect(await owner.refused('GET', `/matters/${matterId}`)).to.equal('404 matter-not-found');
    const { rowCount } = await world.db.pool.query('select from matter_change where matter_id = $1', [matterId]);
    expect(rowCount).to.equal(5);

    const open = await owner.matter();
    await owner.get('PATCH', `/matters/${open}`, { status: 'open' }, 200, v(1));
    expect(await owner.refused('DELETE', `/matters/${open}`, undefined, v(2))).to.equal('409 matter-in-use');
    expect(await database('delete from matter where matter_id = $1', [open])).to.equal('23000');
  });

  it('on hold keeps what its deposits say from being erased, by anybody', async () => {
    const matterId = await owner.matter();
    const depositId = await owner.deposit('held');
    await owner.get('POST', `/matters/${matterId}/items`, { depositId }, 201);
    const path = `/matters/${matterId}`;
    await owner.get('PATCH', path, { legalHold: true, legalHoldReason: '诉讼中' }, 200, v(1));
    for (const table of ['object_key', 'file_entry', 'annex', 'record']) {
      expect(await database(`delete from ${table} where deposit_id = $1`, [depositId]), table).to.equal('23000');
    }
    expect(await owner.get('PATCH', path, { legalHold: false }, 200, v(2))).to.include({ legalHoldReason: null });
    for (const table of ['object_key', 'file_entry', 'annex', 'record']) {
      expect(await database(`delete from ${table} where deposit_id = $1`, [depositId]), table).to.equal('accepted');
    }
  });

  it('lists newest first, in pages, by status', async () => {
    const { accountId, apiKey } = await world.createAccount('清单');
    const lister = new (owner.constructor as new (w: typeof world, a: object) => Party)(world, { accountId, apiKey });
    const ids = [];
    for (let i = 0; i < 5; i++) ids.unshift(await lister.matter({ title: `案件${i}` }));
    await lister.get('PATCH', `/matters/${ids[0]}`, { status: 'open' }, 200, v(1));
    type Page = { matters: { matterId: string }[]; next: string | null };
    const idsOf = (page: Page) => page.matters.map((matter) => matter.matterId);
    const one = await lister.get<Page>('GET', '/matters?limit=2');
    const two = await lister.get<Page>('GET', `/matters?limit=2&before=${one.next}`);
    const three = await lister.get<Page>('GET', `/matters?limit=2&before=${two.next}`);
    expect([...idsOf(one), ...idsOf(two), ...idsOf(three)]).to.deep.equal(ids);
    expect(three.next).to.equal(null);
    expect(idsOf(await lister.get<Page>('GET', '/matters?status=open'))).to.deep.equal([ids[0]]);
    expect(await lister.refused('GET', '/matters?limit=101')).to.equal('400 invalid-parameter');
    await lister.get('PATCH', `/matters/${ids[1]}`, { summary: '展会上的 TIEZHENG 展位' }, 200, v(1));
    expect(idsOf(await lister.get<Page>('GET', '/matters?search=tiezheng'))).to.deep.equal([ids[1]]);
    expect(idsOf(await lister.get<Page>('GET', `/matters?search=${encodeURIComponent('件4')}`))).to.deep.equal([
      ids[0],
    ]);
    // What a pattern would take for a wild card is what it is.
    expect(idsOf(await lister.get<Page>('GET', '/matters?search=%25'))).to.deep.equal([]);
  });

  it('is listed with what is in it and the deadline that comes first of those not done', async () => {
    const { accountId, apiKey } = await world.createAccount('期限');
    const lister = new (owner.constructor as new (w: typeof world, a: object) => Party)(world, { accountId, apiKey });
    const path = `/matters/${await lister.matter()}`;
    const listed = async () => (await lister.get<{ matters: object[] }>('GET', '/matters')).matters[0];
    expect(await listed()).to.deep.include({
      counts: { items: 0, parties: 0, openDeadlines: 0 },
      nextDeadline: null,
    });
    await lister.get('POST', `${path}/items`, { depositId: await lister.deposit('counted') }, 201);
    await lister.get('POST', `${path}/parties`, { role: 'holder', name: '甲' }, 201);
    for (const [title, dueAt] of [
      ['答辩', '2026-12-20T00:00:00.000Z'],
      ['举证', '2026-12-10T00:00:00.000Z'],
    ]) {
      await lister.get('POST', `${path}/deadlines`, { title, dueAt }, 201);
    }
    await lister.get(
      'POST',
      `${path}/deadlines`,
      { title: '立案', dueAt: '2026-12-01T00:00:00.000Z', doneAt: '2026-11-30T00:00:00.000Z' },
      201,
    );
    expect(await listed()).to.deep.include({
      counts: { items: 1, parties: 1, openDeadlines: 2 },
      nextDeadline: { title: '举证', dueAt: '2026-12-10T00:00:00.000Z' },
    });
  });

  it('tells its account which deposits it names, and what was made from them', async () => {
    const path = `/matters/${await owner.matter()}`;
    const [item, copy, proof] = [
      await owner.deposit('原件', 'a.txt', { title: '网页快照' }),
      await owner.deposit('涂黑的'),
      await owner.deposit('登记证书'),
    ];
    await owner.deposit('not named');
    await owner.get('POST', `${path}/items`, { depositId: item }, 201);
    await owner.get(
      'POST',
      `/deposits/${item}/derivatives`,
      { depositId: copy, kind: 'redacted', method: '涂黑' },
      201,
    );
    const right = { kind: 'copyright', title: '作品' };
    const { rightId } = await owner.get<{ rightId: string }>('POST', `${path}/rights`, right, 201);
    await owner.get('POST', `${path}/proofs`, { rightId, depositId: proof, kind: 'certificate' }, 201);
    type Named = { deposits: { depositId: string; title: string | null; files: number }[]; derivatives: object[] };
    const { deposits, derivatives } = await owner.get<Named>('GET', `${path}/deposits`);
    expect(deposits.map((deposit) => deposit.depositId)).to.deep.equal([item, copy, proof]);
    expect(deposits[0]).to.include({ title: '网页快照', files: 1, certificateNo: null });
    expect(derivatives).to.have.length(1);
    expect(derivatives[0]).to.include({ depositId: copy, originalDepositId: item, kind: 'redacted' });
    expect(await other.refused('GET', `${path}/deposits`)).to.equal('404 matter-not-found');
  });

  describe('derivatives', () => {
    it('have digests of their own and link back, once and for ever', async () => {
      const [original, copy, again] = [
        await owner.deposit('全文'),
        await owner.deposit('涂黑'),
        await owner.deposit('再涂'),
      ];
      const made = { kind: 'redacted', method: '身份证号涂黑' };
      await owner.get('POST', `/deposits/${original}/derivatives`, { depositId: copy, ...made }, 201);
      expect(await owner.get('GET', `/deposits/${copy}/derivatives`)).to.deep.nested.include({
        derivatives: [],
        'derivedFrom.originalDepositId': original,
      });
      const refused = (from: string, depositId: string) =>
        owner.refused('POST', `/deposits/${from}/derivatives`, { depositId, ...made });
      expect(await refused(again, copy)).to.equal('422 derivative-invalid');
      expect(await refused(copy, again)).to.equal('422 derivative-invalid');
      expect(await refused(copy, original)).to.equal('422 derivative-invalid');
      expect(await refused(again, again)).to.equal('422 derivative-invalid');
      expect(await database('delete from derivative where deposit_id = $1', [copy])).to.equal('23000');
      const theirs = await other.deposit('theirs');
      expect(await refused(original, theirs)).to.equal('404 deposit-not-found');
      expect(await other.refused('POST', `/deposits/${original}/derivatives`, { depositId: theirs, ...made })).to.equal(
        '404 deposit-not-found',
      );
    });

    it('of two opposite links at once, at most one is made', async () => {
      const [a, b] = [await owner.deposit('one'), await owner.deposit('two')];
      const made = { kind: 'excerpt', method: 'x' };
      const answers = await Promise.all([
        owner.ask('POST', `/deposits/${a}/derivatives`, { depositId: b, ...made }),
        owner.ask('POST', `/deposits/${b}/derivatives`, { depositId: a, ...made }),
      ]);
      expect(answers.map((answer) => answer.status).sort()).to.deep.equal([201, 422]);
    });
  });
});
