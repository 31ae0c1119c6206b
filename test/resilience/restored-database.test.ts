import { execFile } from 'node:child_process';
import { readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import { expect } from 'chai';
import { openTrust, type Trust } from '../../src/verify/trust.ts';
import { type Acknowledged, Depositors } from './depositors.ts';
import { fetchAgain } from './fetch-again.ts';
import { expectAnchorsOnce, expectAuditPassed, expectReceiptsKept, listDeposits, readPublicLog } from './promises.ts';
import { RunningService } from './running-service.ts';

describe('the evaluation service on a database restored to a snapshot taken before its last four receipts', function () {
  this.timeout(300_000);
  let service: RunningService;
  let apiKey: string;
  let depositors: Depositors;
  let trust: Trust;
  const kept: Acknowledged[] = [];
  const lost: Acknowledged[] = [];

  const cluster = () => join(service.data, 'postgres/cluster');
  const bundles = () => join(service.data, 'objects/objects/log/tile');
  const hidden = () => join(service.folder, 'hidden-tiles');
  const get = async (path: string) => {
    const response = await fetchAgain(service.url + path, { headers: { authorization: `Bearer ${apiKey}` } });
    // biome-ignore lint/suspicious/noExplicitAny: every path answers with a shape of its own
    return { status: response.status, body: JSON.parse(await response.text()) as any };
  };
  const register = async () => (await readdir(join(service.data, 'register'))).filter((name) => /^\d+$/.test(name));
  const untilAnchored = () =>
    until('all deposits are anchored', async () =>
      (await listDeposits(service.url, apiKey)).every(({ state }) => ['anchored-final', 'certified'].includes(state)),
    );

  before(async () => {
    service = await RunningService.create();
    await service.start();
    await service.ready();
    ({ apiKey } = await service.evaluation());
    depositors = new Depositors([service.url], apiKey, 4);
    for (let n = 0; n < 3; n++) kept.push(await depositors.depositOne());
    await service.stop();
    const snapshot = join(service.folder, 'snapshot');
    await promisify(execFile)('cp', ['-a', cluster(), snapshot]);

    await service.start();
    await service.ready();
    for (let n = 0; n < 4; n++) lost.push(await depositors.depositOne());
    // The worst case: the chain knows the leaves that the database is about to lose.
    await untilAnchored();
    trust = openTrust(await service.policy(), [], undefined);
    await service.stop();
    await rm(cluster(), { recursive: true });
    await rename(snapshot, cluster());
  });
  after(() => service.close());

  it('signs nothing while the leaves cannot be had, and says why', async () => {
    await rename(bundles(), hidden());
    const before = (await register()).length;
    await service.start();
    const logCheck = async () => {
      const { status, body } = await get('/readyz').catch(() => ({ status: 0, body: {} }));
      const check = body.checks?.find(({ name }: { name: string }) => name === 'log');
      return status === 503 ? check?.reason : undefined;
    };
    await until('the log has stopped', async () => (await logCheck()) === 'database-behind-register');
    expect((await get('/api/v1/status')).body.alarms).to.deep.equal(['database-behind-register']);
    // Kept, but not promised: the answer to it comes below.
    expect((await depositors.repeat(lost[0] as Acknowledged)).status).to.equal(503);
    // One entry says who claims the register, with the checkpoint it held. Nothing was promised in it.
    expect((await register()).length - before).to.equal(1);
    expect((await get('/api/v1/status')).body.log.treeSize, 'no checkpoint of it was let out').to.equal(4);
    await service.stop();
    await rename(hidden(), bundles());
  });

  it('refills itself from the public log, and every receipt verifies against it again', async () => {
    await service.start();
    await service.ready();
    await until('all leaves are there', async () => (await get('/api/v1/status')).body.log.treeSize >= 8);
    await expectReceiptsKept([...kept, ...lost], await readPublicLog(service.url), trust);
  });

  it('says what is lost all the same', async () => {
    // The other alarm ends a moment after the leaves are there, and readiness is asked twice a second at most.
    await until('the log is well', async () => !JSON.stringify(await get('/readyz')).includes('database-behind'));
    expect((await get('/api/v1/status')).body.alarms).to.deep.equal(['records-lost']);
    const { body: readiness } = await get('/readyz');
    expect([readiness.status, readiness.takesDeposits]).to.deep.equal(['degraded', true]);
    expect(readiness.checks.filter((check: { status: string }) => check.status !== 'ok')).to.deep.equal([
      { name: 'records', status: 'degraded', reason: 'records-lost' },
    ]);
    for (const { depositId } of lost) {
      const { status, body } = await get(`/api/v1/deposits/${depositId}`);
      expect([status, body.code]).to.deep.equal([404, 'deposit-not-found']);
      // With them went leaves about certificates, as far as those were issued before the service stopped.
      expect(body.detail).to.match(/the database was restored and lost the records of leaves 4 to (?:[7-9]|1\d)\b/);
    }
    for (const { depositId } of kept) expect((await get(`/api/v1/deposits/${depositId}`)).status).to.equal(200);
  });

  it('gives new deposits, those sent again among them, fresh indices and goes on anchoring', async () => {
    const answered: number[] = [];
    const statuses: number[] = [];
    for (const one of lost) {
      const again = await depositors.repeat(one);
      expect(again.depositId).not.to.equal(one.depositId);
      statuses.push(again.status);
      answered.push(again.leafIndex);
    }
    // The first one came in while the log had stopped.
    expect(statuses).to.deep.equal([200, 201, 201, 201]);
    expect(answered[0]).to.be.greaterThan(7);
    expect(answered, 'one after the other').to.deep.equal([...new Set(answered)].sort((a, b) => a - b));
    const fresh = await depositors.depositOne();
    const { pending } = (await get(`/api/v1/deposits/${fresh.depositId}`)).body;
    expect(pending.alarms, 'nothing holds it up').to.deep.equal([]);
    expect(fresh.leafIndex).to.be.greaterThan(answered.at(-1) as number);
    await untilAnchored();
    await expectReceiptsKept([...kept, ...lost, fresh], await readPublicLog(service.url), trust);
    const { rpcUrl, contract } = await service.evaluation();
    await expectAuditPassed(service, service.policyFile, rpcUrl);
    expect(await expectAnchorsOnce(rpcUrl, contract)).to.be.at.least(2);
  });
});

async function until(what: string, holds: () => boolean | Promise<boolean>): Promise<void> {
  for (const endMs = performance.now() + 60_000; !(await holds()); ) {
    if (performance.now() > endMs) throw new Error(`${what}: not within 60 s`);
    await delay(100);
  }
}
