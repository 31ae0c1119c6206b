import { createHash } from 'node:crypto';
import { expect } from 'chai';
import { CalendarClient } from '../../src/calendar/calendar-client.ts';
import { CalendarWorker } from '../../src/calendar/calendar-worker.ts';
import { checkOpentimestamps } from '../../src/verify/opentimestamps.ts';
import { openTrust } from '../../src/verify/trust.ts';
import { OpenApiCheck } from '../http/openapi-check.ts';
import { ServiceWorld } from '../http/service-world.ts';
import { TestCalendar } from '../support/calendar.ts';

const FILES = ['one', 'two', 'three'].map((name) => ({ name: `${name}.txt`, bytes: `content ${name}` }));

describe('GET /api/v1/deposits/{depositId}/files/{fileIndex}/proof.ots', () => {
  let world: ServiceWorld;
  let openApi: OpenApiCheck;
  let calendar: TestCalendar;
  let depositId: string;
  let offsetMs = 0;
  before(async function () {
    this.timeout(60_000);
    world = await ServiceWorld.open();
    calendar = await TestCalendar.start();
    openApi = await OpenApiCheck.of(world.url);
    ({ depositId } = (await (await world.upload(FILES)).json()) as { depositId: string });
  });
  after(async () => {
    await calendar.stop();
    await world.close();
  });

  const get = async (file: number | string, path = depositId) => {
    const answer = await world.fetch(`/api/v1/deposits/${path}/files/${file}/proof.ots`);
    const problem = (await openApi.expectFits('getFileProof', answer)) as { code: string } | undefined;
    return { answer, code: problem?.code };
  };
  const turn = () =>
    new CalendarWorker({
      db: world.db,
      client: new CalendarClient({ url: calendar.url, timeoutMs: 1000 }),
      intervalMs: 0,
      now: () => Date.now() + offsetMs,
      onTrouble: (error) => {
        throw error;
      },
    }).turn();
  const statuses = async () => {
    const trust = openTrust(undefined, [], undefined, calendar.bitcoin.headers());
    const found = [];
    for (const [i, { bytes }] of FILES.entries()) {
      const { answer } = await get(i);
      expect(answer.headers.get('content-disposition')).to.equal(`attachment; filename=file-${i + 1}.ots`);
      const proof = new Uint8Array(await answer.arrayBuffer());
      const digest = new Uint8Array(createHash('sha256').update(bytes).digest());
      found.push(checkOpentimestamps(proof, digest, null, trust).check.status);
    }
    return found;
  };
  const shown = async () => {
    const answer = await world.fetch(`/api/v1/deposits/${depositId}`);
    return ((await openApi.expectFits('getDeposit', answer)) as { opentimestamps: string | null }).opentimestamps;
  };

  it('is not there yet before a calendar has stamped', async () => {
    expect((await get(0)).code).to.equal('file-proof-pending');
    await world.publisher.publish(0);
    expect((await get(0)).code).to.equal('file-proof-pending');
    expect(await shown()).to.equal(null);
  });

  it('leads each file to the promise of a calendar', async () => {
    await turn();
    expect(await statuses()).to.deep.equal(['pending', 'pending', 'pending']);
    expect(await shown()).to.equal('pending');
  });

  it('leads each file to Bitcoin, once that calendar has its block', async () => {
    calendar.mine(Math.floor(Date.now() / 1000));
    offsetMs = 2 * 60_000;
    await turn();
    expect(await statuses()).to.deep.equal(['passed', 'passed', 'passed']);
    expect(await shown()).to.equal('complete');
  });

  it('knows no other file and no other account’s', async () => {
    expect((await get(3)).code).to.equal('not-found');
    expect((await get('x')).code).to.equal('invalid-parameter');
    expect((await get(0, '01939f3e-7c1a-7b7e-9d2c-3f1d0e5b8a11')).code).to.equal('deposit-not-found');
  });

  it('shows an alarm about a calendar with the service, and with no deposit', async () => {
    await world.db.pool.query(
      `insert into alarm (code, subject, detail, raised_at) values ('calendar-unreachable', 'https://a.example', 'x', now())`,
    );
    const answer = await world.fetch(`/api/v1/deposits/${depositId}`);
    expect(((await answer.json()) as { pending: unknown }).pending).to.deep.equal({ awaits: 'anchor', alarms: [] });
    const ready = await openApi.expectFits('getReadiness', await fetch(`${world.url}/readyz`));
    const bad = (ready as { checks: { name: string; status: string }[] }).checks.filter(
      ({ status }) => status !== 'ok',
    );
    expect(bad).to.deep.equal([{ name: 'calendars', status: 'degraded', reason: 'calendar-unreachable' }]);
  });
});
