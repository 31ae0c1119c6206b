import { setTimeout as delay } from 'node:timers/promises';
import { openTrust } from '../../src/verify/trust.ts';
import { Depositors } from './depositors.ts';
import {
  expectAnchorsOnce,
  expectAuditPassed,
  expectDepositsListed,
  expectOriginalsKept,
  expectReceiptsKept,
  IssuedCertificates,
  listDeposits,
  readPublicLog,
} from './promises.ts';
import { type Part, RunningService } from './running-service.ts';
import { SeededRandom } from './seeded-random.ts';

export type Victim = 'service' | Part;

export interface KillTrialOptions {
  victims: readonly Victim[];
  /** SIGKILLs of each victim. */
  times: number;
  seed: number;
  /** Clients that deposit meanwhile. */
  clients: number;
  /** From one being ready again to the next kill, at most. */
  longestMomentMs: number;
  /** Between a receipt and the same client's next deposit, at most. */
  pauseMs: number;
  /** Audits and verifies after every kill and waits for all certificates at the end; else once, with those issued so far. */
  thorough: boolean;
  /** Told what happens. */
  say: (text: string) => void;
}

export interface KillTrialOutcome {
  kills: number;
  acknowledged: number;
  /** Of those, deposits that took more than one request. */
  repeated: number;
  /** Requests that were not answered with a receipt, by what they were answered with. */
  refusals: Record<string, number>;
  certificates: number;
  anchors: number;
  leaves: number;
}

/** How many certificates are verified after each kill; all are at the end. */
const VERIFIED_EACH_TIME = 50;
const AT_REST_WITHIN_MS = 120_000;

/**
 * Kills the evaluation service, or one of its parts, at random moments while clients deposit, and then holds everything that it
 * ever promised against what it says. Rejects at the first promise that is not kept.
 */
export async function runKillTrial(options: KillTrialOptions): Promise<KillTrialOutcome> {
  const { victims, times, seed, clients, longestMomentMs, pauseMs, thorough, say } = options;
  const random = new SeededRandom(seed);
  const startedMs = performance.now();
  const tell = (text: string) => say(`${((performance.now() - startedMs) / 1000).toFixed(1)} s: ${text}`);
  const service = await RunningService.create();
  try {
    await service.start();
    await service.ready();
    const { apiKey } = await service.evaluation();
    const certificates = new IssuedCertificates();
    const depositors = new Depositors([service.url], apiKey, seed);
    const untilCertified = () =>
      until('a certificate', service, async () => {
        await certificates.collect(service.url, apiKey);
        return certificates.count > 0;
      });
    if (thorough) {
      // So that there is one before the first kill.
      await depositors.depositOne();
      await untilCertified();
      tell('the first certificate is issued');
    }
    depositors.start(clients, pauseMs);

    const expectKept = async (newest: number) => {
      await certificates.collect(service.url, apiKey);
      const { rpcUrl } = await service.evaluation();
      await certificates.expectVerified(await service.policy(), rpcUrl, newest);
      await expectAuditPassed(service, service.policyFile, rpcUrl);
    };
    let kills = 0;
    for (let n = 1; n <= times; n++) {
      for (const victim of victims) {
        const momentMs = random.between(0, longestMomentMs);
        await certificates.collect(service.url, apiKey);
        await delay(momentMs);
        if (victim === 'service') {
          await service.kill();
          await service.start();
          // One time in four it is killed again while it starts.
          if (random.between(1, 4) === 1) {
            await delay(random.between(0, 2000));
            await service.kill();
            await service.start();
            kills++;
          }
        } else await service.killPart(victim);
        kills++;
        await service.ready();
        const progress = depositors.acknowledged.length;
        await until('a deposit after the kill', service, () => depositors.acknowledged.length > progress);
        tell(
          `${n}/${times} ${victim}: killed after ${momentMs} ms; ${depositors.acknowledged.length} deposits, ` +
            `${certificates.count} certificates`,
        );
        if (thorough) await expectKept(VERIFIED_EACH_TIME);
      }
    }
    await depositors.stop();
    const { acknowledged } = depositors;
    const last = thorough ? ['certified'] : ['anchored-final', 'certified'];
    let waiting = Number.POSITIVE_INFINITY;
    while (waiting > 0) {
      const before = waiting;
      await until(`one more deposit is ${last[0]}`, service, async () => {
        const listed = await listDeposits(service.url, apiKey);
        waiting = listed.filter(({ state }) => !last.includes(state)).length;
        return waiting < before;
      });
    }
    tell(`every deposit is ${last[0]}`);
    await untilCertified();
    await expectKept(Number.POSITIVE_INFINITY);
    tell('audited');
    const evaluation = await service.evaluation();
    const log = await readPublicLog(service.url);
    await expectReceiptsKept(acknowledged, log, openTrust(await service.policy(), [], undefined));
    await expectOriginalsKept(service.url, apiKey, acknowledged);
    await expectDepositsListed(service.url, apiKey, acknowledged);
    await certificates.expectServed(service.url, apiKey);
    const anchors = await expectAnchorsOnce(evaluation.rpcUrl, evaluation.contract);
    for (const one of acknowledged.filter(({ attempts }) => attempts > 1).slice(0, 20)) {
      const again = await depositors.repeat(one);
      if (again.status !== 200 || again.depositId !== one.depositId || again.leafIndex !== one.leafIndex) {
        throw new Error(`${one.idempotencyKey} gave ${JSON.stringify(again)}, not deposit ${one.depositId} again`);
      }
    }
    return {
      kills,
      acknowledged: acknowledged.length,
      repeated: acknowledged.filter(({ attempts }) => attempts > 1).length,
      refusals: Object.fromEntries(depositors.refusals),
      certificates: certificates.count,
      anchors,
      leaves: log.leaves.length,
    };
  } catch (error) {
    say(service.failure('the service last said:').message);
    throw error;
  } finally {
    await service.close();
  }
}

async function until(what: string, service: RunningService, holds: () => boolean | Promise<boolean>): Promise<void> {
  for (const endMs = performance.now() + AT_REST_WITHIN_MS; !(await holds()); ) {
    if (performance.now() > endMs) throw service.failure(`${what}: not within ${AT_REST_WITHIN_MS} ms`);
    await delay(100);
  }
}
