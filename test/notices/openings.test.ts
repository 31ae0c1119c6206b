import { expect } from 'chai';
import { openDisputes, type Party } from '../matters/dispute-world.ts';

describe('notices of openings', () => {
  let owner: Party;
  let world: Party['world'];
  before(async function () {
    this.timeout(60_000);
    const disputes = await openDisputes({ limits: { failedOpeningsPerMinute: 10_000 } });
    world = disputes.world;
    owner = await disputes.party('权利人甲');
  });
  after(() => world.close());

  it('a link that is opened again and again tells its maker once in the hour, and names no reader', async function () {
    this.timeout(60_000);
    const depositId = await owner.deposit('opened often');
    const { linkId, secret } = await owner.get<{ linkId: string; secret: string }>(
      'POST',
      '/links',
      {
        ...{ depositId, reader: '王法官', scope: 'read', maxOpenings: 100 },
        expiresAt: new Date(Date.now() + 24 * 3600_000).toISOString(),
      },
      201,
    );
    const open = () =>
      fetch(`${world.url}/api/v1/shared/${secret}`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: '{}',
      });
    // The clock of the service may pass a full hour in between: once in each of the two.
    const hours = new Set([Math.floor(Date.now() / 3600_000)]);
    for (let i = 0; i < 40; i++) expect((await open()).status).to.equal(201);
    hours.add(Math.floor(Date.now() / 3600_000));
    const { rows } = await world.db.pool.query<{ about: object }>(
      `select about from notice where kind = 'grant-opened' and about->>'linkId' = $1`,
      [linkId],
    );
    expect(rows.length).to.be.within(1, hours.size);
    expect(rows[0]?.about).to.deep.equal({ linkId });
    const told = await owner.get<{ notices: { kind: string }[] }>('GET', '/notices');
    expect(told.notices.map(({ kind }) => kind)).to.include('grant-opened');
    expect(JSON.stringify(told)).not.to.include('王法官');
  });
});
