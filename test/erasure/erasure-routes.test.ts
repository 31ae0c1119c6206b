import { createHash } from 'node:crypto';
import { expect } from 'chai';
import { insertCertificate } from '../../src/db/certificates.ts';
import { erasureSchema } from '../../src/http/erasure-routes.ts';
import { openDisputes, type Party, picture } from '../matters/dispute-world.ts';

describe('erasing a deposit by the interface', () => {
  let owner: Party;
  let reader: Party;
  let stranger: Party;
  let world: Party['world'];
  before(async function () {
    this.timeout(60_000);
    const disputes = await openDisputes();
    world = disputes.world;
    owner = await disputes.party('权利人甲');
    reader = await disputes.party('法官', 'reader');
    stranger = await disputes.party('他人');
  });
  after(() => world?.close());

  const sessionOf = async ({ accountId }: Party) => {
    const token = await world.authentication.createSignInToken(accountId, 60_000);
    const { session } = await world.authentication.signIn(token);
    return { cookie: `tiezheng-session=${session}`, 'sec-fetch-site': 'same-origin' };
  };
  /** As the person at the browser. */
  const erase = async (party: Party, depositId: string, depositNo: number) => {
    return fetch(`${world.url}/api/v1/deposits/${depositId}/erasure`, {
      method: 'POST',
      headers: { ...(await sessionOf(party)), 'content-type': 'application/json' },
      body: JSON.stringify({ depositNo, basis: 'personal-data' }),
    });
  };
  const problem = async (answer: Response) => `${answer.status} ${((await answer.json()) as { code: string }).code}`;
  const numberOf = async (depositId: string) =>
    (await owner.get<{ leafIndex: number }>('GET', `/deposits/${depositId}`)).leafIndex;
  /** As if it had been issued; the bytes are not looked at here. */
  const certify = (depositId: string) =>
    insertCertificate(world.db.pool, {
      certificateNo: `TZ-20261122-${depositId.slice(-8).toUpperCase()}`,
      depositId,
      digest: Buffer.from(depositId.replaceAll('-', '').repeat(2), 'hex'),
      issuedAt: new Date(),
      json: Buffer.from('{}'),
      pdf: Buffer.from('%PDF'),
    });

  it('answers 410 to whatever is asked of the content afterwards, the owner and his readers alike', async function () {
    this.timeout(20_000);
    const depositId = await owner.deposit(await picture(1), 'a.jpg');
    const twin = await owner.deposit(await picture(1), 'a.jpg');
    await certify(depositId);
    const grant = { depositId, to: { accountId: reader.accountId }, scope: 'export' };
    await owner.get('POST', '/grants', grant, 201);
    await reader.takeGrants();
    const depositNo = await numberOf(depositId);
    const erased = await erase(owner, depositId, depositNo);
    expect(erased.status).to.equal(200);
    const told = erasureSchema.parse(await erased.json());
    expect(told).to.include({ depositId, basis: 'personal-data', fileCount: 1 });
    expect(told.completedAt).to.not.equal(null);
    expect(told.certificates).to.have.length(1);

    const base = `/deposits/${depositId}`;
    const gone = [
      base,
      ...['receipt.json', 'certificate.json', 'certificate.pdf', 'package.zip', 'proof.ers'].map((p) => `${base}/${p}`),
      ...['0', '0/preview', '0/proof.ots', '0/proof.ers'].map((file) => `${base}/files/${file}`),
    ];
    for (const path of gone) expect(await owner.refused('GET', path), path).to.equal('410 deposit-erased');
    for (const path of gone) expect(await reader.refused('GET', path), path).to.equal('410 deposit-erased');
    const compare = `/comparison?original=${twin}&suspect=${depositId}`;
    expect(await owner.refused('GET', compare)).to.equal('410 deposit-erased');
    // What stays.
    for (const party of [owner, reader]) expect(await party.get('GET', `${base}/erasure`)).to.deep.equal(told);
    const { events } = await owner.get<{ events: { kind: string }[] }>('GET', `${base}/custody`);
    expect(events[0]?.kind).to.equal('erased');
    expect((await owner.ask('GET', `${base}/custody.json`)).status).to.equal(200);
    // The twin has lost nothing, and nobody else learns that there was one.
    const held = Buffer.from(await (await owner.ask('GET', `/deposits/${twin}/files/0`)).arrayBuffer());
    expect(held.equals(await picture(1))).to.equal(true);
    expect(await stranger.refused('GET', `${base}/erasure`)).to.equal('404 deposit-not-found');
    const { deposits } = await owner.get<{ deposits: { depositId: string; fileCount: number; title: null }[] }>(
      'GET',
      '/deposits',
    );
    expect(deposits.find((each) => each.depositId === depositId)).to.include({ fileCount: 0, title: null });
  });

  it('is a person’s to do, and the owner’s alone', async () => {
    const depositId = await owner.deposit('by key');
    const body = { depositNo: await numberOf(depositId), basis: 'other' };
    expect(await owner.refused('POST', `/deposits/${depositId}/erasure`, body)).to.equal('403 forbidden');
    await owner.get('POST', '/grants', { depositId, to: { accountId: reader.accountId }, scope: 'export' }, 201);
    await reader.takeGrants();
    expect(await problem(await erase(reader, depositId, body.depositNo))).to.equal('403 forbidden');
    expect(await problem(await erase(stranger, depositId, body.depositNo))).to.equal('404 deposit-not-found');
    expect(await problem(await erase(owner, depositId, body.depositNo + 1))).to.equal('422 erasure-not-confirmed');
    expect(await owner.refused('GET', `/deposits/${depositId}/erasure`)).to.equal('404 not-erased');
    expect((await owner.ask('GET', `/deposits/${depositId}/files/0`)).status).to.equal(200);
  });

  it('is refused while a matter with it, or with its original, is on legal hold', async () => {
    const depositId = await owner.deposit('kept');
    const redacted = await owner.deposit('kept, names blacked out');
    const derivative = { depositId: redacted, kind: 'redacted', method: '遮盖姓名' };
    await owner.get('POST', `/deposits/${depositId}/derivatives`, derivative, 201);
    const matterId = await owner.matter({ title: '图库侵权案 A' });
    const hold = { legalHold: true, legalHoldReason: '已起诉' };
    await owner.get('PATCH', `/matters/${matterId}`, hold, 200, { 'if-match': '"1"' });
    await owner.get('POST', `/matters/${matterId}/items`, { depositId }, 201);
    for (const id of [depositId, redacted]) {
      const refused = await erase(owner, id, await numberOf(id));
      const told = (await refused.json()) as { code: string; detail: string };
      expect(`${refused.status} ${told.code}`).to.equal('409 deposit-under-legal-hold');
      expect(told.detail).to.include('图库侵权案 A').and.include(matterId);
      expect((await owner.ask('GET', `/deposits/${id}`)).status).to.equal(200);
    }
  });

  it('ends an upload that was under way', async () => {
    const bytes = Buffer.alloc(1000, 7);
    const digest = (name: string) => createHash(name).update(bytes).digest('hex');
    const files = [{ name: 'v.mp4', sizeBytes: 1000, sha256: digest('sha256'), sm3: digest('sm3') }];
    const { depositId } = await owner.get<{ depositId: string }>(
      'POST',
      '/deposits/digests',
      { files, statement: {} },
      201,
      {
        'idempotency-key': 'upload-under-way',
      },
    );
    const begun = await owner.ask('POST', '/uploads', undefined, {
      'tus-resumable': '1.0.0',
      'upload-length': '1000',
      'upload-metadata': `deposit ${Buffer.from(depositId).toString('base64')},file ${Buffer.from('0').toString('base64')}`,
    });
    expect(begun.status).to.equal(201);
    const location = begun.headers.get('location') as string;
    expect((await erase(owner, depositId, await numberOf(depositId))).status).to.equal(200);
    const { rows } = await world.db.pool.query('select state from upload where deposit_id = $1', [depositId]);
    expect(rows).to.deep.equal([{ state: 'terminated' }]);
    const more = await owner.ask('HEAD', location.replace(/^.*\/api\/v1/, ''), undefined, { 'tus-resumable': '1.0.0' });
    expect(more.status).to.equal(410);
    // The same request again does not bring it back.
    expect(
      await owner.refused(
        'POST',
        '/deposits/digests',
        { files, statement: {} },
        { 'idempotency-key': 'upload-under-way' },
      ),
    ).to.equal('410 deposit-erased');
  });

  it('gives packages whose custody names nobody to readers, and everybody to the owner', async () => {
    const depositId = await owner.deposit('packaged');
    await certify(depositId);
    await owner.get('POST', '/grants', { depositId, to: { accountId: reader.accountId }, scope: 'export' }, 201);
    await reader.takeGrants();
    world.packagedWith.length = 0;
    for (const party of [owner, reader]) {
      expect((await party.ask('GET', `/deposits/${depositId}/package.zip`)).status).to.equal(200);
    }
    expect(world.packagedWith).to.deep.equal(['opened', 'closed']);
  });
});
