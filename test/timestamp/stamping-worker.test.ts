import { expect } from 'chai';
import { selectOpenAlarms } from '../../src/db/alarms.ts';
import { selectAttestations } from '../../src/db/attestations.ts';
import { insertCheckpoint, insertLog } from '../../src/db/leaves.ts';
import { migrate } from '../../src/db/migrate.ts';
import { type Database, openDatabase } from '../../src/db/pool.ts';
import { selectSettledTreeSize, selectTimestampMaterial } from '../../src/db/timestamps.ts';
import { encodeTimestampRejection } from '../../src/format/timestamp.ts';
import { AuthorityClient, type AuthoritySettings } from '../../src/timestamp/authority-client.ts';
import { stampByFirst } from '../../src/timestamp/signature-stamper.ts';
import { conditionCode, StampingWorker } from '../../src/timestamp/stamping-worker.ts';
import { TokenWait } from '../../src/timestamp/token-wait.ts';
import { openTimestampToken } from '../../src/verify/timestamp.ts';
import { useTestDatabase } from '../support/postgres.ts';
import { at, FakeAuthority, makeAuthorityKeys, reply } from './authority-world.ts';

const NOTE = new TextEncoder().encode('log.example.org/2026\n5\nroot\n\n— log.example.org/2026 signature\n');

describe('StampingWorker', function () {
  this.timeout(30_000);
  const databaseUrl = useTestDatabase();
  let db: Database;
  let left: FakeAuthority;
  let right: FakeAuthority;
  let treeSize = 0n;

  before(async () => {
    db = openDatabase({ url: databaseUrl(), maxConnections: 6 });
    await migrate(db);
    await insertLog(db.pool, {
      origin: 'log.example.org/2026',
      record: Uint8Array.of(1),
      leafData: new Uint8Array(32),
    });
    left = await FakeAuthority.open();
    right = await FakeAuthority.open();
  });
  beforeEach(async () => {
    for (const authority of [left, right]) {
      authority.spoil = () => undefined;
      authority.token = {};
      authority.requests.length = 0;
    }
    await db.pool.query('update alarm set cleared_at = now()');
  });
  after(async () => {
    await Promise.all([db.close(), left.close(), right.close()]);
  });

  /** One more publication, published so long ago. @returns its tree size */
  async function publish(ageMs = 0): Promise<bigint> {
    treeSize += 5n;
    await insertCheckpoint(db.pool, {
      treeSize,
      rootHash: new Uint8Array(32).fill(Number(treeSize % 251n)),
      note: NOTE,
    });
    await db.pool.query(
      `insert into publication (tree_size, published_at) values ($1, clock_timestamp() - $2 * interval '1 millisecond')`,
      [treeSize, ageMs],
    );
    return treeSize;
  }

  const workerOf = (authority: FakeAuthority, changes: Partial<AuthoritySettings> = {}) =>
    new StampingWorker({
      db,
      client: new AuthorityClient(authority.settings(changes), { nowMs: Date.now }),
      nowMs: Date.now,
      pollMs: 50,
      onTrouble: () => {},
    });
  const sourcesAt = async (size: bigint) => (await selectAttestations(db.pool, size)).map((row) => row.source);
  const alarms = async () => (await selectOpenAlarms(db.pool)).map(({ code, subject }) => [code, subject]);

  it('has the newest publication stamped by each authority, with the material beside it', async () => {
    const size = await publish();
    await Promise.all([workerOf(left).turn(), workerOf(right).turn()]);
    expect(await sourcesAt(size)).to.deep.equal([left.url, right.url].sort());
    const [row] = await selectAttestations(db.pool, size);
    expect(row).to.include({ type: 'rfc3161', complete: true });
    const attestation = JSON.parse(row?.body.toString('utf8') ?? '') as { token: string };
    const token = new Uint8Array(Buffer.from(attestation.token, 'base64'));
    expect(await openTimestampToken(token, NOTE, { certificates: [], revocation: [] })).to.include({ ok: true });
    const [material] = await selectTimestampMaterial(db.pool, size);
    expect(material?.certificates).to.have.length(3);
    expect(JSON.parse(material?.notes ?? '')).to.deep.equal([
      { certificate: 0, kind: 'none', outcome: 'not-named', url: '' },
      { certificate: 1, kind: 'none', outcome: 'not-named', url: '' },
    ]);
  });

  it('asks once, however often it looks and however many servers do', async () => {
    const size = await publish();
    const [one, two] = [workerOf(left), workerOf(left)];
    for (let i = 0; i < 3; i++) await Promise.all([one.turn(), two.turn()]);
    expect(await sourcesAt(size)).to.deep.equal([left.url]);
    expect(left.requests).to.have.length(1);
  });

  it('stamps the newest first, and of the older ones those that another authority has stamped', async () => {
    const alone = await publish(2000);
    const stamped = await publish(1000);
    await workerOf(right).turn();
    const newest = await publish();
    await workerOf(left).turn();
    expect(left.requests).to.have.length(2);
    expect(await sourcesAt(newest)).to.deep.equal([left.url]);
    expect(await sourcesAt(stamped)).to.deep.equal([left.url, right.url].sort());
    expect(await sourcesAt(alone)).to.deep.equal([]);
  });

  it('leaves alone what no certificate waits for any more', async () => {
    const old = await publish(3 * 3600_000);
    await workerOf(right).turn();
    await publish();
    await workerOf(left).turn();
    expect(await sourcesAt(old)).to.deep.equal([right.url]);
  });

  const expired = makeAuthorityKeys({ notBefore: at(-48 * 3600_000), notAfter: at(-24 * 3600_000) });
  const foreign = makeAuthorityKeys();
  const faults: [what: string, code: string, state: string, spoil: typeof left.spoil, certificates?: Uint8Array[]][] = [
    ['hangs up', 'authority-unreachable', 'unreachable', () => 'hang-up'],
    ['is slow', 'authority-timeout', 'unreachable', () => 'silence'],
    ['sends garbage', 'authority-answer-malformed', 'refused', () => reply(new Uint8Array(99))],
    ['sends a huge answer', 'authority-answer-too-large', 'refused', () => reply(new Uint8Array(9 << 20))],
    [
      'rejects',
      'authority-rejected-request',
      'refused',
      () => reply(encodeTimestampRejection('systemFailure', 'out of order')),
    ],
    ['answers another nonce', 'token-nonce-mismatch', 'refused', (r) => left.grant({ ...r, nonce: 3n })],
    [
      'stamps something else',
      'token-imprint-mismatch',
      'refused',
      (r) => left.grant(r, { imprintDigest: new Uint8Array(32) }),
    ],
    [
      'signs with an expired certificate',
      'token-signer-expired',
      'refused',
      (r) => left.grant(r, { signer: expired.signer, embedded: [expired.signer, expired.issuer] }),
      [expired.root.der],
    ],
    [
      'belongs to another root',
      'token-untrusted-root',
      'refused',
      (r) => left.grant(r, { signer: foreign.signer, embedded: [foreign.signer, foreign.issuer] }),
    ],
  ];
  for (const [what, code, state, spoil, certificates] of faults) {
    it(`stores nothing of an authority that ${what} (${code}), and everything of the other`, async () => {
      left.spoil = spoil;
      const size = await publish();
      const changes = { timeoutMs: 300, ...(certificates && { certificates }) };
      const [bad, good] = [workerOf(left, changes), workerOf(right)];
      await Promise.all([bad.turn(), good.turn()]);
      expect(await sourcesAt(size)).to.deep.equal([right.url]);
      expect(bad.condition()).to.deep.include({ state });
      expect((bad.condition() as { reason: { code: string } }).reason.code).to.equal(code);
      expect(good.condition()).to.deep.equal({ state: 'ok' });
      if (state === 'refused') expect(await alarms()).to.deep.equal([['authority-refused', left.url]]);

      left.spoil = () => undefined;
      await workerOf(left).turn();
      expect(await sourcesAt(size)).to.have.members([left.url, right.url]);
    });
  }

  it('backs off from an authority that is away, raises the alarm at the third failure, and clears it when it is back', async () => {
    left.spoil = () => 'hang-up';
    await publish();
    const worker = workerOf(left);
    expect([await worker.turn(), await worker.turn()]).to.deep.equal([100, 200]);
    expect(await alarms()).to.deep.equal([]);
    expect(await worker.turn()).to.equal(400);
    expect(await alarms()).to.deep.equal([['authority-unreachable', left.url]]);
    expect(conditionCode(worker.condition())).to.equal('authority-unreachable');
    left.spoil = () => undefined;
    expect(await worker.turn()).to.equal(50);
    expect(await alarms()).to.deep.equal([]);
    expect(conditionCode(worker.condition())).to.equal(null);
  });

  it('clears an alarm that an earlier run left open', async () => {
    await db.pool.query(
      `insert into alarm (code, subject, detail, raised_at) values ('authority-refused', $1, 'd', now())`,
      [left.url],
    );
    await publish();
    await workerOf(left).turn();
    expect(await alarms()).to.deep.equal([]);
  });

  it('keeps nothing if the database breaks before the token is safe, and asks again', async () => {
    const size = await publish();
    const broken = { ...db, transaction: () => Promise.reject(new Error('the connection is gone')) } as Database;
    const client = new AuthorityClient(left.settings(), { nowMs: Date.now });
    const parts = { client, nowMs: Date.now, pollMs: 50, onTrouble: () => {} };
    await new StampingWorker({ ...parts, db: broken }).turn();
    expect(await sourcesAt(size)).to.deep.equal([]);
    expect(await selectTimestampMaterial(db.pool, size)).to.deep.equal([]);
    await new StampingWorker({ ...parts, db }).turn();
    expect(await sourcesAt(size)).to.deep.equal([left.url]);
    expect(left.requests).to.have.length(2);
  });

  it('works by itself between start and stop', async () => {
    const size = await publish();
    const worker = workerOf(left);
    worker.start();
    for (let i = 0; i < 100 && (await sourcesAt(size)).length === 0; i++) {
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    await worker.stop();
    expect(await sourcesAt(size)).to.deep.equal([left.url]);
    const later = await publish();
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect(await sourcesAt(later)).to.deep.equal([]);
  });

  describe('TokenWait', () => {
    it('holds a certificate until every authority has stamped, for a bounded time', async () => {
      const settled = (waitMs: number) => selectSettledTreeSize(db.pool, [left.url, right.url], waitMs);
      await publish(60_000);
      const fresh = await publish();
      const wait = (waitMs: number) =>
        new TokenWait({ q: db.pool, authorities: () => [left.url, right.url], waitMs, nowMs: Date.now });
      expect(await wait(30_000).isAwaited(fresh - 1n)).to.equal(true);
      expect(await wait(30_000).isAwaited(fresh - 6n)).to.equal(false);
      await workerOf(left).turn();
      expect(await wait(30_000).isAwaited(fresh - 1n)).to.equal(true);
      expect(await wait(0).isAwaited(fresh - 1n)).to.equal(false);
      await workerOf(right).turn();
      expect(await wait(30_000).isAwaited(fresh - 1n)).to.equal(false);
      expect(await settled(30_000)).to.equal(fresh);
    });

    it('waits for nobody where there is no authority', async () => {
      const size = await publish();
      const none = new TokenWait({ q: db.pool, authorities: () => [], waitMs: 30_000, nowMs: Date.now });
      expect(await none.isAwaited(size - 1n)).to.equal(false);
    });
  });

  describe('stampByFirst', () => {
    const signature = new Uint8Array(64).fill(5);
    const stampOf = (workers: StampingWorker[], limitMs = 2000) => stampByFirst(workers, limitMs, Date.now, () => {});

    it('gives a token of the first, over the signature', async () => {
      const token = await stampOf([workerOf(left), workerOf(right)])(signature);
      expect(
        await openTimestampToken(token ?? new Uint8Array(), signature, { certificates: [], revocation: [] }),
      ).to.include({
        ok: true,
      });
      expect([left.requests.length, right.requests.length]).to.deep.equal([1, 0]);
    });

    it('goes on to the next when one is away, and does not ask that one again at once', async () => {
      left.spoil = () => 'hang-up';
      const stamp = stampOf([workerOf(left), workerOf(right)]);
      expect(await stamp(signature)).to.be.instanceOf(Uint8Array);
      expect(await stamp(signature)).to.be.instanceOf(Uint8Array);
      expect([left.requests.length, right.requests.length]).to.deep.equal([1, 2]);
    });

    it('gives nothing, in time, when all are silent', async () => {
      left.spoil = () => 'silence';
      right.spoil = () => 'silence';
      const before = Date.now();
      expect(await stampOf([workerOf(left), workerOf(right)], 300)(signature)).to.equal(null);
      expect(Date.now() - before).to.be.lessThan(2000);
    });

    it('does not ask one that the stamping of publications found lying', async () => {
      left.spoil = (request) => left.grant({ ...request, nonce: 3n });
      await publish();
      const worker = workerOf(left);
      await worker.turn();
      left.spoil = () => undefined;
      expect(await stampOf([worker])(signature)).to.equal(null);
    });
  });
});
