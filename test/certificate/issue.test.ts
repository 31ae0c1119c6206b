import { expect } from 'chai';
import { renderCertificatePdf } from '../../src/certificate/pdf.ts';
import { selectOpenAlarms } from '../../src/db/alarms.ts';
import { selectCertificateOfDeposit } from '../../src/db/certificates.ts';
import { migrate } from '../../src/db/migrate.ts';
import { type Database, openDatabase } from '../../src/db/pool.ts';
import { encodeHex } from '../../src/format/bytes.ts';
import { parseCertificate } from '../../src/format/certificate.ts';
import { encodeJson, type JsonValue } from '../../src/format/json.ts';
import { LogReader } from '../../src/log/log-reader.ts';
import { checkSignatureAnnex } from '../../src/verify/annex-signature.ts';
import { openPdf } from '../../src/verify/pdf.ts';
import { digestOf } from '../../src/verify/verify.ts';
import { createTestDatabase } from '../support/postgres.ts';
import { type FixtureOptions, fixtureDeposit, signedOptions } from './evidence-fixture.ts';
import { finalise, ISSUE_TIME, makeIssuer, storeDeposits } from './issuer-world.ts';

const FIRST = '01939f3e-7c1a-7b7e-9d2c-3f1d0e5b8a11';
const SIGNED = signedOptions();
const SECOND = SIGNED.signing.depositId;

describe('CertificateIssuer', () => {
  let db: Database;
  let drop: () => Promise<void>;
  let anchorId: bigint;
  let attestation: Awaited<ReturnType<typeof storeDeposits>>['attestation'];
  let log: Awaited<ReturnType<typeof storeDeposits>>['log'];

  beforeEach(async function () {
    this.timeout(60_000);
    const database = await createTestDatabase();
    drop = database.drop;
    db = openDatabase({ url: database.url, maxConnections: 8 });
    await migrate(db);
    const deposits = new Map<number, FixtureOptions>([
      [7, { depositId: FIRST }],
      [41, { ...SIGNED, withNotBefore: false }],
    ]);
    ({ anchorId, attestation, log } = await storeDeposits(db, deposits));
  });
  afterEach(async () => {
    await log.stop();
    await db.close();
    await drop();
  });

  const certificateRows = async () =>
    (
      await db.pool.query<{ depositId: string }>('select deposit_id as "depositId" from certificate order by 1')
    ).rows.map(({ depositId }) => depositId);

  it('issues nothing before the anchor is final', async () => {
    expect(await (await makeIssuer(db, { sequencer: log.sequencer })).issueDue()).to.deep.equal([]);
    expect(await certificateRows()).to.deep.equal([]);
  });

  it('issues one certificate, JSON and PDF together, for each deposit that a final anchor covers', async () => {
    await finalise(db, anchorId, attestation);
    const issuer = await makeIssuer(db, { sequencer: log.sequencer });
    const numbers = await issuer.issueDue();
    expect(numbers).to.have.length(2);
    expect(await certificateRows()).to.deep.equal([FIRST, SECOND]);

    const row = await selectCertificateOfDeposit(db.pool, FIRST);
    if (row === undefined || row.bytes === null) throw new Error('no certificate');
    const { json, pdf } = row.bytes;
    const certificate = parseCertificate(json);
    expect(certificate.claims).to.include({
      certificateNo: row.certificateNo,
      issuedAt: new Date(ISSUE_TIME).toISOString(),
    });
    expect(certificate.claims.originalsHeld).to.deep.equal([0]);
    expect(certificate.log.leafIndex).to.equal(7);
    expect(certificate.notBeforeHeader).to.match(/^0x/);
    expect(encodeHex(row.digest)).to.equal(digestOf(certificate));
    const opened = await openPdf(pdf);
    expect(Buffer.compare(opened.certificate, json)).to.equal(0);
    expect(opened.checks.map((check) => check.status)).to.deep.equal(['passed', 'passed']);

    expect(await issuer.issueDue(), 'a second look').to.deep.equal([]);
  });

  it('opens the signature of a depositor who signed', async () => {
    await finalise(db, anchorId, attestation);
    await (await makeIssuer(db, { sequencer: log.sequencer })).issueDue();
    const json = (await selectCertificateOfDeposit(db.pool, SECOND))?.bytes?.json as Uint8Array;
    const { record, annexes } = parseCertificate(json);
    expect(await checkSignatureAnnex(record, annexes.signature)).to.include({ status: 'passed' });
  });

  it('leaves the work to the server that is at it', async () => {
    await finalise(db, anchorId, attestation);
    let printing!: () => void;
    let goOn!: () => void;
    const began = new Promise<void>((resolve) => {
      printing = resolve;
    });
    const held = new Promise<void>((resolve) => {
      goOn = resolve;
    });
    const slow = await makeIssuer(db, {
      sequencer: log.sequencer,
      printer: {
        print: async (json, options) => {
          printing();
          await held;
          return renderCertificatePdf(json, options);
        },
      },
    });
    const first = slow.issueDue();
    await began;
    expect(await (await makeIssuer(db, { sequencer: log.sequencer })).issueDue()).to.deep.equal([]);
    goOn();
    expect(await first).to.have.length(2);
    expect(await certificateRows()).to.deep.equal([FIRST, SECOND]);
  });

  it('certifies no deposit twice when the lock that chooses the worker is lost', async () => {
    await finalise(db, anchorId, attestation);
    const other = await makeIssuer(db, { sequencer: log.sequencer });
    const slow = await makeIssuer(db, {
      sequencer: log.sequencer,
      printer: {
        print: async (json, options) => {
          await db.pool.query(
            `select pg_terminate_backend(pid) from pg_locks where locktype = 'advisory' and database =
             (select oid from pg_database where datname = current_database())`,
          );
          // The server lets go of the lock a moment later.
          while ((await certificateRows()).length === 0) await other.issueDue();
          return renderCertificatePdf(json, options);
        },
      },
    });
    expect(await slow.issueDue()).to.deep.equal([]);
    expect(await certificateRows()).to.deep.equal([FIRST, SECOND]);
  });

  it('raises an alarm instead of issuing what does not verify, and goes on with the next deposit', async () => {
    await finalise(db, anchorId, attestation);
    // Somebody has changed a salt in the database, so that the record's commitments no longer fit.
    await db.pool.query(
      `update annex set body = convert_to(regexp_replace(convert_from(body, 'UTF8'), '"salt":"..', '"salt":"00'), 'UTF8')
       where deposit_id = $1 and name = 'statement'`,
      [FIRST],
    );
    let now = ISSUE_TIME;
    const issuer = await makeIssuer(db, { sequencer: log.sequencer, nowMs: () => now });
    expect(await issuer.issueDue()).to.have.length(1);
    expect(await certificateRows()).to.deep.equal([SECOND]);
    const [alarm] = await selectOpenAlarms(db.pool);
    expect(alarm).to.include({ code: 'certificate-does-not-verify', subject: FIRST });
    expect(alarm?.detail).to.match(/^certificate-does-not-verify: failed: .*annex\.statement/);

    const { statement } = fixtureDeposit({ depositId: FIRST }).annexes;
    await db.pool.query(`update annex set body = $2 where deposit_id = $1 and name = 'statement'`, [
      FIRST,
      encodeJson(statement as unknown as JsonValue),
    ]);
    expect(await issuer.issueDue(), 'left alone for a while').to.deep.equal([]);
    now += 11 * 60_000;
    expect(await issuer.issueDue()).to.have.length(1);
    expect(await selectOpenAlarms(db.pool)).to.deep.equal([]);
  });

  for (const [what, attest] of [
    ['of another chain', (a: typeof attestation) => ({ ...a, chain: 'eip155:1' })],
    ['at another place in the block', (a: typeof attestation) => ({ ...a, transactionIndex: 0 })],
    ['by another contract', (a: typeof attestation) => ({ ...a, contract: `0x${'11'.repeat(20)}` })],
  ] as const) {
    it(`issues nothing on an attestation ${what}`, async () => {
      await finalise(db, anchorId, attest(attestation) as typeof attestation);
      expect(await (await makeIssuer(db, { sequencer: log.sequencer })).issueDue()).to.deep.equal([]);
      expect(await certificateRows()).to.deep.equal([]);
      expect((await selectOpenAlarms(db.pool)).map((alarm) => alarm.subject)).to.deep.equal([FIRST, SECOND]);
    });
  }

  it('leaves nothing half issued when printing fails, and issues later', async () => {
    await finalise(db, anchorId, attestation);
    let now = ISSUE_TIME;
    let fails = true;
    const issuer = await makeIssuer(db, {
      sequencer: log.sequencer,
      nowMs: () => now,
      printer: {
        print: (json, options) =>
          fails ? Promise.reject(new Error('out of memory')) : renderCertificatePdf(json, options),
      },
    });
    expect(await issuer.issueDue()).to.deep.equal([]);
    expect(await certificateRows()).to.deep.equal([]);
    expect((await selectOpenAlarms(db.pool))[0]?.detail).to.equal('certificate-not-printed: out of memory');
    fails = false;
    now += 11 * 60_000;
    expect(await issuer.issueDue()).to.have.length(2);
  });

  it('issues nothing when the PDF carries another certificate', async () => {
    await finalise(db, anchorId, attestation);
    let earlier: Uint8Array | undefined;
    const issuer = await makeIssuer(db, {
      sequencer: log.sequencer,
      printer: {
        print: (json, options) => {
          earlier ??= json;
          return renderCertificatePdf(earlier, options);
        },
      },
    });
    expect(await issuer.issueDue()).to.have.length(1);
    const [alarm] = await selectOpenAlarms(db.pool);
    expect(alarm).to.include({ subject: SECOND, detail: 'pdf-does-not-verify: not passed: embedded certificate' });
  });

  it('tells of trouble that is not the deposit’s, and tries again at the next look', async () => {
    await finalise(db, anchorId, attestation);
    const trouble: unknown[] = [];
    let away = true;
    const real = new LogReader(db.pool);
    const issuer = await makeIssuer(db, {
      sequencer: log.sequencer,
      reader: {
        refresh: () => real.refresh(),
        inclusionProof: (...args) => {
          if (!away) return real.inclusionProof(...args);
          away = false;
          return Promise.reject(new Error('connection lost'));
        },
      },
      onTrouble: (error) => trouble.push(error),
    });
    issuer.start(10);
    while ((await certificateRows()).length < 2) await new Promise((resolve) => setTimeout(resolve, 20));
    await issuer.stop();
    expect(trouble.map((error) => (error as Error).message)).to.deep.equal(['connection lost']);
    expect(await selectOpenAlarms(db.pool)).to.deep.equal([]);
  });
});
