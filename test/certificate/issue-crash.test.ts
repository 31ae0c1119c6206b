import { expect } from 'chai';
import { renderCertificatePdf } from '../../src/certificate/pdf.ts';
import { DatabaseError } from '../../src/db/database-error.ts';
import { migrate } from '../../src/db/migrate.ts';
import { type Database, openDatabase } from '../../src/db/pool.ts';
import { parseCertified } from '../../src/format/certified.ts';
import { plainLeafData } from '../../src/format/spine.ts';
import { parseStatusRecord } from '../../src/format/status.ts';
import { LogError } from '../../src/log/log-error.ts';
import { createTestDatabase } from '../support/postgres.ts';
import { DEPOSIT_ID } from './evidence-fixture.ts';
import { finalise, makeIssuer, storeDeposits } from './issuer-world.ts';

type Parts = Parameters<typeof makeIssuer>[1];

describe('CertificateIssuer: a crash on the way', () => {
  let db: Database;
  let drop: () => Promise<void>;
  let log: Awaited<ReturnType<typeof storeDeposits>>['log'];
  beforeEach(async function () {
    this.timeout(60_000);
    const database = await createTestDatabase();
    drop = database.drop;
    db = openDatabase({ url: database.url, maxConnections: 8 });
    await migrate(db);
    const stored = await storeDeposits(db, new Map([[7, { depositId: DEPOSIT_ID }]]));
    log = stored.log;
    await finalise(db, stored.anchorId, stored.attestation);
  });
  afterEach(async () => {
    await log.stop();
    await db.close();
    await drop();
  });

  const issuer = (parts: Partial<Parts> = {}) => makeIssuer(db, { sequencer: log.sequencer, ...parts });

  async function rows() {
    const [intents, certificates, statuses] = await Promise.all([
      db.pool.query(
        `select certificate_no as no, ended, certified, digest, leaf_data as leaf, leaf_index as index
         from certificate_intent join submission using (submission_id) order by intended_at, submission_id`,
      ),
      db.pool.query('select certificate_no as no, digest from certificate'),
      db.pool.query('select body from certificate_status'),
    ]);
    return { intents: intents.rows, certificates: certificates.rows, statuses: statuses.rows };
  }

  /** One certificate, one leaf about it, and the leaf is in the log. */
  async function expectOne(): Promise<void> {
    const { intents, certificates, statuses } = await rows();
    expect(intents).to.have.length(1);
    expect(certificates.map(({ no }) => no)).to.deep.equal([intents[0].no]);
    const certified = parseCertified(intents[0].certified);
    expect(certified.certificate).to.equal(certificates[0].digest.toString('hex'));
    expect(Buffer.from(plainLeafData(certified)).equals(intents[0].leaf)).to.equal(true);
    expect(intents[0]).to.include({ ended: 'issued' });
    expect(intents[0].index).to.be.a('bigint');
    expect(statuses).to.deep.equal([]);
  }

  /** The process ends at the nth transaction, or right after it without hearing so. */
  function dyingDatabase(nth: number, isDone: boolean): Database {
    let count = 0;
    return {
      pool: db.pool,
      close: () => db.close(),
      transaction: async (work) => {
        count++;
        if (count < nth) return db.transaction(work);
        if (count === nth && isDone) await db.transaction(work);
        throw new DatabaseError('commit-unknown', 'the process ends here');
      },
    };
  }

  const crashes: [string, () => Partial<Parts>][] = [
    ['before the intent is committed', () => ({ db: dyingDatabase(1, false) })],
    ['after the intent is committed', () => ({ db: dyingDatabase(1, true) })],
    [
      'while it waits for the leaf',
      () => ({ sequencer: { integrated: () => Promise.reject(new LogError('log-stopped', 'stopping')) } }),
    ],
    [
      'after the leaf is in the log',
      () => ({
        sequencer: {
          integrated: async (...args) => {
            await log.sequencer.integrated(...args);
            throw new Error('the process ends here');
          },
        },
      }),
    ],
    ['before the certificate is committed', () => ({ db: dyingDatabase(2, false) })],
    ['after the certificate is committed', () => ({ db: dyingDatabase(2, true) })],
  ];
  for (const [when, parts] of crashes) {
    it(`${when}: the same certificate is issued, once, and the log knows of it`, async () => {
      const died = await (await issuer(parts())).issueDue().then(
        () => undefined,
        (error: Error) => error,
      );
      expect(died).to.be.instanceOf(Error);
      const before = await rows();
      await (await issuer()).issueDue();
      await expectOne();
      const after = await rows();
      if (before.intents.length > 0) expect(after.intents[0].no).to.equal(before.intents[0].no);
      expect(await (await issuer()).issueDue(), 'another look').to.deep.equal([]);
    });
  }

  it('no certificate is sealed, printed or kept before its leaf has its place', async () => {
    const order: string[] = [];
    const { sequencer } = log;
    const one = await issuer({
      sequencer: {
        integrated: async (...args) => {
          const place = await sequencer.integrated(...args);
          order.push(`leaf ${place.leafIndex}`);
          return place;
        },
      },
      printer: {
        print: (json, options) => {
          order.push('print');
          return renderCertificatePdf(json, options);
        },
      },
    });
    await one.issueDue();
    expect(order).to.deep.equal(['leaf 57', 'print']);
    await expectOne();
  });

  it('an intent that does not verify any more is superseded by the one issued, for never-issued', async () => {
    const stopped = await issuer({
      sequencer: { integrated: () => Promise.reject(new LogError('log-stopped', 'stopping')) },
    });
    await stopped.issueDue().catch(() => {});
    await db.pool.query('alter table certificate_intent disable trigger all');
    await db.pool.query(
      `update certificate_intent set body = convert_to(regexp_replace(convert_from(body, 'UTF8'), '"receiptLogIndex":0', '"receiptLogIndex":1'), 'UTF8')`,
    );
    await db.pool.query('alter table certificate_intent enable trigger all');
    const [issued] = await (await issuer()).issueDue();
    const { intents, certificates, statuses } = await rows();
    expect(intents.map(({ ended }) => ended)).to.have.members(['given-up', 'issued']);
    expect(certificates.map(({ no }) => no)).to.deep.equal([issued]);
    const record = parseStatusRecord(statuses[0].body);
    expect(record).to.include({
      status: 'superseded',
      reason: 'never-issued',
      certificateNo: intents.find(({ ended }) => ended === 'given-up').no,
      successor: certificates[0].digest.toString('hex'),
    });
  });
});
