import { expect } from 'chai';
import { insertCertificate } from '../../src/db/certificates.ts';
import { parseStatusProof } from '../../src/format/status.ts';
import { changeStatus } from '../../src/status/change-status.ts';
import { ServiceWorld } from '../http/service-world.ts';

const NUMBER = 'TZ-20261122-4K7Q2M9X';
const DIGEST = new Uint8Array(32).fill(0x5c);
const HEX = '5c'.repeat(32);

describe('GET /api/v1/certificates/{certificateNo}/status', () => {
  let world: ServiceWorld;
  before(async function () {
    this.timeout(60_000);
    world = await ServiceWorld.open();
    // As a service of an earlier version left it: issued, and no record of it in the log.
    const { rows } = await world.db.pool.query<{ id: bigint }>(
      'insert into submission (leaf_data) values ($1) returning submission_id as id',
      [new Uint8Array(32).fill(1)],
    );
    const depositId = '01939f3e-7c1a-7b7e-9d2c-3f1d0e5b8a11';
    await world.db.pool.query(
      'insert into deposit (deposit_id, account_id, submission_id, received_at) values ($1, $2, $3, now())',
      [depositId, world.accountId, rows[0]?.id],
    );
    const bytes = Uint8Array.of(1);
    const row = { certificateNo: NUMBER, depositId, digest: DIGEST, issuedAt: new Date(), json: bytes, pdf: bytes };
    await insertCertificate(world.db.pool, row);
  });
  after(() => world.close());

  const ask = (number: string, digest: string) =>
    fetch(`${world.url}/api/v1/certificates/${number}/status?digest=${digest}`);

  it('answers anyone who has number and digest; of an old certificate a record is made now, once', async () => {
    for (let i = 0; i < 2; i++) {
      const response = await ask(NUMBER, HEX);
      expect(response.status).to.equal(200);
      const proof = parseStatusProof(new Uint8Array(await response.arrayBuffer()));
      expect(proof.record).to.include({ status: 'valid', reason: 'first-asked-for', certificateNo: NUMBER });
      expect(proof.seals).to.have.length(1);
    }
    const { rows } = await world.db.pool.query('select count(*) as n from certificate_status');
    expect(rows[0].n).to.equal(1n);
  });

  it('says what was said last', async () => {
    await changeStatus(world.db, NUMBER, { status: 'withdrawn' }, 'court-order', Date.now());
    const proof = parseStatusProof(new Uint8Array(await (await ask(NUMBER, HEX)).arrayBuffer()));
    expect(proof.record).to.include({ status: 'withdrawn', reason: 'court-order' });
  });

  it('answers alike whether number or digest is wrong', async () => {
    const problems = await Promise.all(
      [ask(NUMBER, '5d'.repeat(32)), ask('TZ-20261122-00000000', HEX)].map(async (response) => {
        const { status } = await response;
        const { code, title } = (await (await response).json()) as { code: string; title: string };
        return { status, code, title };
      }),
    );
    expect(problems[0]).to.include({ status: 404, code: 'certificate-unknown' });
    expect(problems[1]).to.deep.equal(problems[0]);
  });

  it('refuses what is no number or digest', async () => {
    for (const [number, digest] of [
      ['TZ-1', HEX],
      [NUMBER, 'xyz'],
      [NUMBER, ''],
    ] as const) {
      const response = await ask(number, digest);
      expect(response.status).to.equal(400);
      expect(((await response.json()) as { code: string }).code).to.equal('invalid-parameter');
    }
  });
});
