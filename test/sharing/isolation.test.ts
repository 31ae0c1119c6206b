import { createHash } from 'node:crypto';
import { expect } from 'chai';
import { v7 as uuidV7 } from 'uuid';
import { readWithin } from '../../src/db/row-security.ts';
import { openDisputes, type Party, picture, told } from '../matters/dispute-world.ts';

interface Operation {
  operationId: string;
  'x-may': string;
  parameters: { name: string; in: string; required: boolean }[];
  requestBody?: { content: Record<string, unknown> };
}

/** What a stranger hears of things that are another's, compared with what he hears of things that never were. */
describe('two accounts', () => {
  let owner: Party;
  let stranger: Party;
  let world: Party['world'];
  /** Path parameter → an id of the owner's. */
  const ids: Record<string, string> = {};
  let picked: { path: string; method: string; operation: Operation }[];
  let bytes: Buffer;
  before(async function () {
    this.timeout(60_000);
    const disputes = await openDisputes();
    world = disputes.world;
    owner = await disputes.party('权利人甲');
    stranger = await disputes.party(
      '被投诉人乙',
      'holder',
      'notary',
      'mediator',
      'reader',
      'capture-operator',
      'opponent',
    );
    const office = await disputes.party('公证处', 'notary');

    bytes = await picture(9);
    ids.depositId = await owner.deposit(bytes, '证据.jpg', { title: '机密标题' });
    ids.matterId = await owner.matter();
    const matter = `/matters/${ids.matterId}`;
    const made = (path: string, body: object) => owner.get<Record<string, string>>('POST', path, body, 201);
    ids.partyId = (await made(`${matter}/parties`, { role: 'holder', name: 'h' })).partyId!;
    ids.rightId = (await made(`${matter}/rights`, { kind: 'copyright', title: 'r' })).rightId!;
    const { rightId, depositId } = ids;
    ids.proofId = (await made(`${matter}/proofs`, { rightId, depositId, kind: 'draft' })).proofId!;
    ids.itemId = (await made(`${matter}/items`, { depositId })).itemId!;
    const otherDepositId = await owner.deposit('second', 'b.txt');
    const otherItemId = (await made(`${matter}/items`, { depositId: otherDepositId })).itemId!;
    const relation = { itemId: ids.itemId, otherItemId, kind: 'explains' };
    ids.relationId = (await made(`${matter}/relations`, relation)).relationId!;
    ids.noteId = (await made(`${matter}/notes`, { body: 'n' })).noteId!;
    ids.deadlineId = (await made(`${matter}/deadlines`, { title: 'd', dueAt: '2026-12-01T00:00:00.000Z' })).deadlineId!;
    const to = { accountId: office.accountId };
    ids.grantId = (await made('/grants', { matterId: ids.matterId, to, scope: 'read' })).grantId!;
    const expiresAt = new Date(Date.now() + 3600_000).toISOString();
    ids.linkId = (await made('/links', { depositId, reader: 'x', scope: 'read', maxOpenings: 1, expiresAt })).linkId!;
    const order = { officeAccountId: office.accountId, depositIds: [depositId], subject: 's' };
    ids.requestId = (await made('/requests', order)).requestId!;

    const document = (await (await world.fetch('/api/v1/openapi.json')).json()) as {
      paths: Record<string, Record<string, Operation>>;
    };
    picked = Object.entries(document.paths).flatMap(([path, methods]) =>
      Object.entries(methods).flatMap(([method, operation]) => {
        const names = operation.parameters.filter((p) => p.in === 'path').map((p) => p.name);
        const isAbout = names.some((name) => name in ids) && names.every((name) => name in ids || name === 'fileIndex');
        return isAbout && operation['x-may'] !== 'public' ? [{ path, method, operation }] : [];
      }),
    );
  });
  after(() => world.close());

  /** Bodies that would do if the object were the caller's. */
  const bodyOf = (operationId: string): object =>
    ({
      addParty: { role: 'holder', name: 'x' },
      addRight: { kind: 'copyright', title: 'x' },
      addRightProof: { rightId: ids.rightId, depositId: ids.depositId, kind: 'draft' },
      addItem: { depositId: ids.depositId },
      addRelation: { itemId: ids.itemId, otherItemId: ids.itemId, kind: 'explains' },
      addNote: { body: 'x' },
      addDeadline: { title: 'x', dueAt: '2026-12-01T00:00:00.000Z' },
      orderItems: { items: [] },
      linkDerivative: { depositId: ids.depositId, kind: 'redacted', method: 'x' },
      addRequestStep: { kind: 'other', remark: 'x' },
      decideRequest: { state: 'accepted' },
    })[operationId] ?? {};

  it('are told the same of each other’s things as of things that never were, by every operation', async function () {
    this.timeout(120_000);
    const names = picked.map(({ operation }) => operation.operationId);
    expect(names).to.include.members([
      'getDeposit',
      'getPreview',
      'getMatter',
      'changeItem',
      'listRequestSteps',
      'revokeLink',
    ]);
    expect(names.length).to.be.greaterThan(45);
    for (const { path, method, operation } of picked) {
      const [taken, free]: [Record<string, string>, Record<string, string>] = [{ fileIndex: '0' }, { fileIndex: '0' }];
      for (const name of Object.keys(ids)) [taken[name], free[name]] = [ids[name]!, uuidV7()];
      const tell = async (values: Record<string, string>) => {
        const address = path.replace(/^\/api\/v1/, '').replace(/\{(\w+)\}/g, (_, name: string) => values[name]!);
        const isJson = operation.requestBody?.content['application/json'] !== undefined;
        const body = isJson ? bodyOf(operation.operationId) : undefined;
        const answer = await stranger.ask(method.toUpperCase(), address, body, { 'if-match': '"1"' });
        return told(answer, ...Object.values(values).filter((value) => value !== '0'));
      };
      const [theirs, none] = [await tell(taken), await tell(free)];
      expect(theirs, operation.operationId).to.equal(none);
      expect(theirs, operation.operationId).to.match(/^(?:40[034]|422)\n/);
    }
  });

  it('leave no trace in each other’s things by asking', async () => {
    const before = await owner.custody(ids.depositId!);
    await stranger.ask('GET', `/deposits/${ids.depositId}`);
    await stranger.ask('GET', `/deposits/${ids.depositId}/files/0/preview`);
    await stranger.ask('GET', `/comparison?original=${ids.depositId}&suspect=${ids.depositId}`);
    expect(await owner.custody(ids.depositId!)).to.deep.equal(before);
  });

  it('find nothing of each other by the digest of a file that both could hash', async () => {
    const sha256 = createHash('sha256').update(bytes).digest('hex');
    const path = `/files?sha256=${sha256}`;
    const unknown = `/files?sha256=${'00'.repeat(32)}`;
    expect(await told(await stranger.ask('GET', path))).to.equal(await told(await stranger.ask('GET', unknown)));
    expect((await owner.get<{ files: { depositId: string }[] }>('GET', path)).files[0]?.depositId).to.equal(
      ids.depositId,
    );

    // He deposits the same picture: neither of them hears of the other.
    const his = await stranger.deposit(bytes, 'mine.jpg');
    expect(
      (await stranger.get<{ files: { depositId: string }[] }>('GET', path)).files.map((f) => f.depositId),
    ).to.deep.equal([his]);
    expect(
      (await owner.get<{ files: { depositId: string }[] }>('GET', path)).files.map((f) => f.depositId),
    ).to.deep.equal([ids.depositId]);
    for (const [party, depositId] of [
      [stranger, his],
      [owner, ids.depositId],
    ] as const) {
      expect(await party.get('GET', `/deposits/${depositId}/equal-files`)).to.deep.equal({ equal: [] });
    }

    // Inside one account there is a notice, and what was granted is found as such.
    const again = await owner.deposit(bytes, 'again.jpg');
    const { equal } = await owner.get<{ equal: { otherDepositId: string }[] }>('GET', `/deposits/${again}/equal-files`);
    expect(equal.map((file) => file.otherDepositId)).to.deep.equal([ids.depositId]);
    await owner.get('POST', '/grants', { depositId: again, to: { accountId: stranger.accountId }, scope: 'read' }, 201);
    const found = await stranger.get<{ files: { depositId: string; relation: string }[] }>('GET', path);
    expect(found.files.map(({ depositId, relation }) => ({ depositId, relation }))).to.deep.equal([
      { depositId: his, relation: 'own' },
      { depositId: again, relation: 'granted' },
    ]);
    // A grantee learns nothing of what else is equal to it.
    expect(await stranger.refused('GET', `/deposits/${again}/equal-files`)).to.equal('403 forbidden');
  });

  it('finds declared digests too, and by SM3', async () => {
    const [sha256, sm3] = ['1f'.repeat(32), '2e'.repeat(32)];
    const body = { files: [{ name: 'cam.mp4', sizeBytes: 5, sha256, sm3 }] };
    const { depositId } = await owner.get<{ depositId: string }>('POST', '/deposits/digests', body, 201);
    for (const query of [`sha256=${sha256}`, `sm3=${sm3}`]) {
      const { files } = await owner.get<{ files: { depositId: string }[] }>('GET', `/files?${query}`);
      expect(files.map((file) => file.depositId)).to.deep.equal([depositId]);
    }
    expect(await owner.refused('GET', '/files')).to.equal('400 invalid-parameter');
    expect(await owner.refused('GET', `/files?sha256=${sha256}&sm3=${sm3}`)).to.equal('400 invalid-parameter');
  });

  it('a search touches no row of another account', async () => {
    const { rows } = await world.db.pool.query<{ indexdef: string }>(
      `select indexdef from pg_indexes where tablename = 'file_digest'`,
    );
    expect(rows.length).to.equal(3);
    for (const { indexdef } of rows) expect(indexdef).to.match(/\((?:account_id|deposit_id), /);
  });

  it('are fenced by the database too: a query that asks for no account finds no other’s rows', async () => {
    const tables = [
      'matter',
      'matter_party',
      'matter_item',
      'matter_note',
      'matter_change',
      'share_link',
      'verification_request',
      'request_item',
    ];
    for (const table of tables) {
      const count = (accountId: string) =>
        readWithin(
          world.db,
          { accountId, at: new Date() },
          async (q) => (await q.query(`select from ${table}`)).rowCount,
        );
      expect(await count(owner.accountId), table).to.be.greaterThan(0);
      expect(await count(stranger.accountId), table).to.equal(0);
    }
  });

  it('lists show each account its own', async () => {
    for (const path of ['/matters', '/grants', '/links', '/requests', '/requests?side=office', '/matters?of=granted']) {
      const text = JSON.stringify(await stranger.get('GET', path));
      for (const id of Object.values(ids)) expect(text, path).to.not.include(id);
    }
  });

  it('hear nothing in the diagnostics of what the other wrote', async () => {
    await stranger.ask('POST', `/matters/${ids.matterId}/notes`, { body: '不得出现在日志里' });
    await owner.ask('POST', `/matters/${ids.matterId}/notes`, { body: '不得出现在日志里' });
    expect(world.diagnostics).to.not.have.length(0);
    const lines = JSON.stringify(world.diagnostics);
    for (const text of ['不得出现在日志里', '机密标题', '证据.jpg']) expect(lines).to.not.include(text);
  });
});
