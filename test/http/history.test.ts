import { expect } from 'chai';
import { clearAlarm, raiseAlarm } from '../../src/db/alarms.ts';
import { parseHex0x } from '../../src/format/bytes.ts';
import { type LogHistory, logHistorySchema } from '../../src/http/history-routes.ts';
import { incidentsOf } from '../../src/http/incidents.ts';
import { platformAnswerSchema } from '../../src/http/platform-routes.ts';
import { CHAIN, CONTRACT, OTHER_CHAIN, ServiceWorld } from './service-world.ts';

const DEPOSIT = '01939f3e-7c1a-7b7e-9d2c-3f1d0e5b8a11';

describe('GET /api/v1/log/history', () => {
  let world: ServiceWorld;
  before(async function () {
    this.timeout(60_000);
    world = await ServiceWorld.open();
  });
  after(() => world.close());

  let asked = 0;
  /** Past the answer that is used again. */
  const history = async (): Promise<LogHistory> => {
    world.clockOffsetMs = ++asked * 60_000;
    const answer = await fetch(`${world.url}/api/v1/log/history`);
    world.clockOffsetMs = 0;
    expect(answer.status).to.equal(200);
    return logHistorySchema.parse(await answer.json());
  };
  const anchorOf = async (treeSize: bigint, state: string, secondsLater: number) => {
    const { pool } = world.db;
    const contract = parseHex0x(CONTRACT);
    await pool.query(
      `insert into anchor (chain, contract, tree_size, root_hash, state, state_since)
       select $1, $2, tree_size, root_hash, $4, published_at + make_interval(secs => $5)
       from publication join checkpoint using (tree_size) where tree_size = $3`,
      [CHAIN, contract, treeSize, state, secondsLater],
    );
  };

  it('answers an empty log with empty lists, and every chain', async () => {
    const found = await history();
    expect(found.growth).to.deep.equal([]);
    expect(found.receiptToPublication).to.deep.equal({ samples: 0, medianSeconds: null, ninetiethSeconds: null });
    expect(found.chains.map(({ chain }) => chain)).to.deep.equal([CHAIN, OTHER_CHAIN]);
    expect(found.attested).to.deep.equal({
      publications: 0,
      stampedByOne: 0,
      stampedByTwo: 0,
      bitcoinComplete: 0,
      bitcoinPending: 0,
    });
  });

  it('tells growth, anchors and cost by day, and keeps the delay of a few deposits to itself', async () => {
    for (let i = 0; i < 3; i++) await world.upload([{ name: 'a.txt', bytes: `${i}` }]);
    await world.publisher.publish();
    const {
      growth: [today],
    } = await history();
    await anchorOf(BigInt(today?.treeSize ?? 0), 'final', 42);
    const { pool } = world.db;
    await pool.query(
      `insert into anchor_transaction (transaction_hash, anchor_id, nonce, raw, signed_at)
       select sha256('t'), anchor_id, 0, 'raw', now() from anchor`,
    );
    await pool.query(
      `insert into anchor_cost (transaction_hash, gas_used, cost_wei, mined_at) values (sha256('t'), 91000, 123456789012345678901, now())`,
    );
    const found = await history();
    expect(found.growth).to.deep.equal([{ day: today?.day, treeSize: 4, publications: 1 }]);
    const [chain, other] = found.chains;
    expect(chain?.costs).to.deep.equal([
      { day: today?.day, transactions: 1, gasUsed: '91000', costWei: '123456789012345678901' },
    ]);
    expect(chain?.anchors.map(({ anchors }) => anchors)).to.deep.equal([1]);
    expect(chain?.newestFinal?.treeSize).to.equal(4);
    expect(chain?.publicationToAnchor).to.deep.equal({ samples: 1, medianSeconds: 42, ninetiethSeconds: 42 });
    expect(found.receiptToPublication).to.deep.equal({ samples: 3, medianSeconds: null, ninetiethSeconds: null });
    expect(chain?.receiptToAnchor.medianSeconds).to.equal(null);
    expect(other?.anchors).to.deep.equal([]);
  });

  it('tells the delay once enough deposits stand behind it', async () => {
    for (let i = 0; i < 17; i++) await world.upload([{ name: 'a.txt', bytes: `more ${i}` }]);
    await world.publisher.publish();
    const { receiptToPublication, chains } = await history();
    expect(receiptToPublication.samples).to.equal(20);
    expect(receiptToPublication.medianSeconds).to.be.within(0, 60);
    // The anchor covers three of them.
    expect(chains[0]?.receiptToAnchor.samples).to.equal(3);
  });

  it('names no deposit, no account, no file and no detail of an alarm', async () => {
    const at = new Date();
    await raiseAlarm(world.db.pool, 'certificate-does-not-verify', 'seal: of 北京某某公司', at, DEPOSIT);
    await raiseAlarm(
      world.db.pool,
      'authority-unreachable',
      'no route',
      at,
      'https://tsa.example.org/stamp?key=secret',
    );
    const text = JSON.stringify(await history());
    expect(text).to.include('certificate-does-not-verify').and.include('tsa.example.org');
    for (const secret of [DEPOSIT, 'secret', 'no route', '北京', 'Evaluation', world.accountId, 'a.txt']) {
      expect(text).not.to.include(secret);
    }
  });

  it('is used again for half a minute, and may be kept by anyone for as long', async () => {
    await history();
    await raiseAlarm(world.db.pool, 'clock-off', 'x', new Date(), 'database');
    const answer = await fetch(`${world.url}/api/v1/log/history`);
    expect(answer.headers.get('cache-control')).to.equal('public, max-age=30');
    expect(await answer.text()).not.to.include('clock-off');
    expect(JSON.stringify(await history())).to.include('clock-off');
  });

  it('asks no table as a whole for growth by day', async () => {
    const { rows } = await world.db.pool.query<{ indexdef: string }>(
      `select indexdef from pg_indexes where tablename = 'publication'`,
    );
    expect(rows.map(({ indexdef }) => indexdef).join()).to.include('(published_at)');
  });
});

describe('incidentsOf', () => {
  const alarm = (subject: string, raised: string, cleared: string | null) => ({
    alarmId: 1n,
    code: 'certificate-does-not-verify',
    subject,
    detail: 'detail',
    raisedAt: new Date(raised),
    clearedAt: cleared === null ? null : new Date(cleared),
  });

  it('sums alarms about deposits up by day, open while one of them is', () => {
    const other = DEPOSIT.replace('8a11', '8a12');
    expect(
      incidentsOf([
        alarm(DEPOSIT, '2026-11-22T10:11:12Z', '2026-11-23T10:00:00Z'),
        alarm(other, '2026-11-22T03:00:00Z', null),
      ]),
    ).to.deep.equal([
      {
        code: 'certificate-does-not-verify',
        about: null,
        raisedAt: '2026-11-22T00:00:00.000Z',
        clearedAt: null,
        alarms: 2,
      },
    ]);
  });

  it('names the chain, not the contract, and nothing that it does not know', () => {
    const about = (subject: string) => incidentsOf([alarm(subject, '2026-11-22T10:11:12Z', null)])[0]?.about;
    expect(about(`${CHAIN} ${CONTRACT}`)).to.equal(CHAIN);
    expect(about('https://user:key@calendar.example.org:8443/x')).to.equal('calendar.example.org:8443');
    expect(about('leaves 3 to 5')).to.equal(null);
  });
});

describe('POST /api/v1/certificates/look-up', () => {
  let world: ServiceWorld;
  const asked: [string, string][] = [];
  before(async function () {
    this.timeout(60_000);
    world = await ServiceWorld.open({
      changeParts: (parts) => ({
        ...parts,
        statuses: {
          answer: async (certificateNo, digest) => {
            asked.push([certificateNo, Buffer.from(digest).toString('hex')]);
            return parts.statuses.answer(certificateNo, digest);
          },
        },
      }),
    });
    await world.upload([{ name: 'a.txt', bytes: 'the evidence' }]);
    await world.db.pool.query(
      `insert into certificate (certificate_no, deposit_id, digest, issued_at, json, pdf)
       select 'TZ-20261122-4K7Q2M9X', deposit_id, sha256('certificate'), now(), '{}', 'pdf' from deposit`,
    );
  });
  after(() => world.close());

  const lookUp = (body: unknown) =>
    fetch(`${world.url}/api/v1/certificates/look-up`, { method: 'POST', body: JSON.stringify(body) });
  const sha256Of = async (text: string) =>
    Buffer.from(await crypto.subtle.digest('SHA-256', Buffer.from(text))).toString('hex');

  it('answers number and file together, by the certificate’s own digest', async () => {
    for (const text of ['the evidence', 'certificate']) {
      const answer = await lookUp({ certificateNo: 'TZ-20261122-4K7Q2M9X', sha256: await sha256Of(text) });
      expect(answer.status, await answer.clone().text()).to.equal(200);
      expect(asked.at(-1)).to.deep.equal(['TZ-20261122-4K7Q2M9X', await sha256Of('certificate')]);
    }
  });

  it('answers a wrong number and a wrong file alike', async () => {
    const wrongFile = await lookUp({ certificateNo: 'TZ-20261122-4K7Q2M9X', sha256: await sha256Of('other') });
    const wrongNumber = await lookUp({ certificateNo: 'TZ-20261122-4K7Q2M9Y', sha256: await sha256Of('the evidence') });
    const told = async (answer: Response) => {
      const { status, code, title } = (await answer.json()) as Record<string, unknown>;
      return { status, code, title };
    };
    const refusal = await told(wrongFile);
    expect(refusal).to.include({ status: 404, code: 'certificate-unknown' });
    expect(await told(wrongNumber)).to.deep.equal(refusal);
  });

  it('takes no file without a number', async () => {
    const answer = await lookUp({ sha256: await sha256Of('the evidence') });
    expect([answer.status, ((await answer.json()) as { code: string }).code]).to.deep.equal([400, 'invalid-parameter']);
  });
});

describe('GET /api/v1/platform', () => {
  let world: ServiceWorld;
  let operatorKey: string;
  before(async function () {
    this.timeout(60_000);
    world = await ServiceWorld.open({
      changeParts: (parts) => ({
        ...parts,
        operation: {
          ...parts.operation,
          anchoring: () => [
            {
              chain: CHAIN,
              contract: CONTRACT,
              state: 'stopped',
              reason: { code: 'final-anchor-lost', message: 'block gone' },
              headTreeSize: 7n,
              lastFinal: undefined,
              inFlight: { treeSize: 9n, state: 'sent', since: new Date() },
              providers: [],
            },
          ],
        },
      }),
    });
    const { accountId, apiKey } = await world.createAccount('operator');
    await world.db.pool.query(`update account set roles = '{operator}' where account_id = $1`, [accountId]);
    await world.db.pool.query(`update api_key set roles = '{operator}' where account_id = $1`, [accountId]);
    operatorKey = apiKey;
    await world.upload([{ name: 'a.txt', bytes: '12345' }]);
  });
  after(() => world.close());

  it('is refused to whoever does not run or audit the service', async () => {
    const answer = await world.fetch('/api/v1/platform');
    expect([answer.status, ((await answer.json()) as { code: string }).code]).to.deep.equal([403, 'forbidden']);
    expect((await fetch(`${world.url}/api/v1/platform`)).status).to.equal(401);
  });

  it('tells the operator what is stuck, what is kept and what is open', async () => {
    await raiseAlarm(world.db.pool, 'clock-off', 'ahead by 4 s', new Date(), 'database');
    await raiseAlarm(world.db.pool, 'anchor-balance-low', 'empty', new Date(), CHAIN);
    await clearAlarm(world.db.pool, 'anchor-balance-low', new Date(), CHAIN);
    const answer = await world.fetch('/api/v1/platform', { headers: { authorization: `Bearer ${operatorKey}` } });
    const found = platformAnswerSchema.parse(await answer.json());
    expect(found.chains[0]).to.deep.include({ state: 'stopped', headTreeSize: 7 });
    expect(found.chains[0]?.inFlight).to.include({ treeSize: 9, state: 'sent', transactions: 0 });
    expect(found.holdings).to.include({ originals: 1, originalBytes: 5 });
    expect(found.openAlarms.map(({ code, detail }) => [code, detail])).to.deep.equal([['clock-off', 'ahead by 4 s']]);
    expect(found.clearedAlarms.map(({ code }) => code)).to.deep.equal(['anchor-balance-low']);
    expect(found.profileDigest).to.match(/^[0-9a-f]{64}$/);
  });

  it('clears no alarm for an API key, not even the operator’s', async () => {
    const answer = await world.fetch('/api/v1/platform/alarms/clear', {
      method: 'POST',
      headers: { authorization: `Bearer ${operatorKey}` },
      body: JSON.stringify({ code: 'clock-off', subject: 'database' }),
    });
    expect(answer.status).to.equal(403);
  });

  it('clears one for a person who is signed in, and says which is not there', async () => {
    const { rows } = await world.db.pool.query<{ id: string }>(
      `select account_id as id from account where name = 'operator'`,
    );
    const token = await world.authentication.createSignInToken(rows[0]?.id as string, 60_000);
    const signedIn = await fetch(`${world.url}/sign-in?token=${token}`, { redirect: 'manual' });
    const cookie = (signedIn.headers.get('set-cookie') ?? '').split(';')[0] as string;
    const clear = (code: string) =>
      fetch(`${world.url}/api/v1/platform/alarms/clear`, {
        method: 'POST',
        headers: { cookie, 'sec-fetch-site': 'same-origin' },
        body: JSON.stringify({ code, subject: 'database' }),
      });
    expect((await clear('clock-off')).status).to.equal(204);
    expect((await clear('clock-off')).status).to.equal(404);
  });
});
