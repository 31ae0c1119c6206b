import { createPrivateKey } from 'node:crypto';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { Wallet } from 'ethers';
import pg from 'pg';
import { deployEvidenceLog } from '../../src/anchor/chain-client.ts';
import { sealingKeyFromPem } from '../../src/certificate/sealing-key.ts';
import { type EmbeddedAnvil, startAnvil } from '../../src/evaluation/anvil.ts';
import { freePort } from '../../src/evaluation/child-process.ts';
import { openEvaluationKeys } from '../../src/evaluation/keys.ts';
import { type EmbeddedPostgres, startEmbeddedPostgres } from '../../src/evaluation/postgres.ts';
import { encodeBase64, encodeHex, encodeUtf8, parseHex, sha256 } from '../../src/format/bytes.ts';
import { encodeJson, type JsonValue } from '../../src/format/json.ts';
import type { Policy } from '../../src/format/policy.ts';
import { CheckpointSigner } from '../../src/log/checkpoint-signer.ts';
import { leaderLockKey } from '../../src/log/log-listener.ts';
import { leafHash } from '../../src/merkle/hash.ts';
import { openTrust } from '../../src/verify/trust.ts';
import { Depositors } from './depositors.ts';
import {
  expectAnchorsOnce,
  expectAuditPassed,
  expectDepositsListed,
  expectOriginalsKept,
  expectReceiptsKept,
  listDeposits,
  readPublicLog,
} from './promises.ts';
import { makeTrialFolder, ServiceProcess } from './service-process.ts';

/** Two servers of one production service: one database, one object store, one register, one contract. */
class TwoServers {
  readonly servers: readonly [ServiceProcess, ServiceProcess];
  readonly policyFile: string;
  readonly rpcUrl: string;
  readonly contract: string;
  readonly #parts: { folder: string; postgres: EmbeddedPostgres; anvil: EmbeddedAnvil };
  readonly #origin: string;
  readonly #keys: { logKeyPem: string; sealPem: string };

  private constructor(
    servers: readonly [ServiceProcess, ServiceProcess],
    place: { folder: string; postgres: EmbeddedPostgres; anvil: EmbeddedAnvil },
    log: { origin: string; contract: string; logKeyPem: string; sealPem: string },
  ) {
    this.servers = servers;
    this.policyFile = join(place.folder, 'policy.json');
    this.rpcUrl = place.anvil.rpcUrl;
    this.contract = log.contract;
    this.#parts = place;
    this.#origin = log.origin;
    this.#keys = log;
  }

  /** Both are ready; the account's key is `apiKey`. */
  static async open(): Promise<{ service: TwoServers; apiKey: string }> {
    const { folder, data } = await makeTrialFolder();
    const postgres = await startEmbeddedPostgres({ folder: join(data, 'postgres'), onLog: () => {} });
    const anvil = await startAnvil({ folder: join(data, 'chain'), onLog: () => {} });
    const keys = await openEvaluationKeys(join(data, 'keys'), Date.now());
    const { contract } = await deployEvidenceLog({
      rpcUrl: anvil.rpcUrl,
      chain: anvil.chain,
      deployer: new Wallet(anvil.guardian.privateKey),
      anchorer: anvil.anchorer.address,
      guardian: anvil.guardian.address,
      originHash: sha256(encodeUtf8(keys.origin)),
    });
    const write = async (name: string, content: string) => {
      await writeFile(join(data, name), content);
      return join(data, name);
    };
    const anchorerKeyFile = await write('anchorer.key', `${anvil.anchorer.privateKey}\n`);
    const profile = {
      chain: anvil.chain,
      headerHash: 'ethereum',
      receipts: 'mpt',
      timeUnit: 'seconds',
      accuracySeconds: 1,
      finality: { rule: 'depth', depth: 0 },
      nodesRunBy: 'this test',
      independent: false,
    };
    const chains = [{ rpcUrl: anvil.rpcUrl, contract, anchorerKeyFile, anchorIntervalSeconds: 2, profile }];
    const platform = { name: 'Two servers', operator: null, website: null, filingNo: null, interests: null };
    const environment = {
      TIEZHENG_PUBLIC_URL: 'http://127.0.0.1',
      TIEZHENG_OBJECTS: `file:${join(data, 'objects')}`,
      TIEZHENG_REGISTER: `file:${join(data, 'register')}`,
      TIEZHENG_MASTER_KEY_FILE: keys.masterKeyFile,
      TIEZHENG_LOG_ORIGIN: keys.origin,
      TIEZHENG_LOG_KEY_FILE: keys.logKeyFile,
      TIEZHENG_SEAL_FILE: keys.sealKeyFile,
      TIEZHENG_SEAL_CERTIFICATE_FILE: keys.sealCertificateFile,
      TIEZHENG_CHAINS_FILE: await write('chains.json', JSON.stringify(chains)),
      TIEZHENG_PLATFORM_FILE: await write('platform.json', JSON.stringify(platform)),
      TIEZHENG_PUBLISH_SECONDS: '1',
      TIEZHENG_LOG_LEVEL: 'warn',
    };
    const server = async (name: string) =>
      new ServiceProcess(await freePort(), [], {
        ...environment,
        DATABASE_URL: `${postgres.url}?application_name=${name}`,
      });
    const servers = [await server(NAMES[0]), await server(NAMES[1])] as const;
    const service = new TwoServers(
      servers,
      { folder, postgres, anvil },
      {
        origin: keys.origin,
        contract,
        logKeyPem: await readFile(keys.logKeyFile, 'utf8'),
        sealPem: await readFile(keys.sealKeyFile, 'utf8'),
      },
    );
    try {
      // At once: migrations, leaf 0 and the first claim of the register are contended too.
      for (const one of servers) await one.start();
      for (const one of servers) await one.ready();
      const added = await servers[0].command('account', 'add', 'Trial', '--json');
      const { apiKey } = JSON.parse(added.output) as { apiKey: string };
      return { service, apiKey };
    } catch (error) {
      await service.close();
      throw error;
    }
  }

  async close(): Promise<void> {
    for (const server of this.servers) await server.stopIfRunning();
    await this.#parts.anvil.stop();
    await this.#parts.postgres.stop();
    await rm(this.#parts.folder, { recursive: true, force: true });
  }

  /** Index of the server whose connection holds the leader's lock; undefined while none does. */
  async leader(): Promise<0 | 1 | undefined> {
    const client = new pg.Client({ connectionString: this.#parts.postgres.url });
    await client.connect();
    try {
      const { rows } = await client.query<{ name: (typeof NAMES)[number] }>(
        `select application_name as name from pg_stat_activity join pg_locks using (pid)
         where locktype = 'advisory' and granted and (classid::bigint << 32 | objid::bigint) = $1`,
        [leaderLockKey(this.#origin)],
      );
      const [holder] = rows;
      return holder && (NAMES.indexOf(holder.name) as 0 | 1);
    } finally {
      await client.end();
    }
  }

  /** Trusts this log and this seal, as somebody who was told of them by the operator would. */
  async writePolicy(leafZero: string): Promise<Uint8Array> {
    const { logKeyPem, sealPem } = this.#keys;
    const [signer] = sealingKeyFromPem(sealPem, sealPem).certificateChain as [Uint8Array];
    const { chain } = this.#parts.anvil;
    const policy: Policy = {
      type: 'tiezheng/policy/v1',
      evaluation: true,
      independentTimesRequired: 0,
      logs: [
        {
          origin: this.#origin,
          keys: [new CheckpointSigner(this.#origin, createPrivateKey(logKeyPem)).vkey],
          leaf0: encodeHex(leafHash(parseHex(leafZero))),
          contracts: [{ chain, address: this.contract }],
        },
      ],
      chains: [{ chain, independent: false }],
      blocks: [],
      authorities: [],
      seals: [encodeBase64(signer)],
      witnesses: { keys: [], quorum: 0 },
    };
    const bytes = encodeJson(policy as unknown as JsonValue);
    await writeFile(this.policyFile, bytes);
    return bytes;
  }
}

const NAMES = ['server-0', 'server-1'] as const;

export interface PauseTrialOptions {
  /** How long the leader stands still each time; longer than its lease for another to take over. Milliseconds. */
  pausesMs: readonly number[];
  seed: number;
  clients: number;
  say: (text: string) => void;
}

export interface PauseTrialOutcome {
  acknowledged: number;
  repeated: number;
  refusals: Record<string, number>;
  /** Pauses after which the other server led. */
  takeovers: number;
  /** Deposits that were acknowledged while one server stood still. */
  duringPauses: number;
  anchors: number;
  leaves: number;
}

const ATTEMPT_TIMEOUT_MS = 3000;
const AT_REST_WITHIN_MS = 120_000;

/**
 * Stops the server that leads the log with SIGSTOP, lets it go on with SIGCONT, again and again, while clients deposit on both.
 * Rejects at the first promise that is not kept: a fork, a leaf lost or doubled, an anchor doubled.
 */
export async function runPauseTrial({ pausesMs, seed, clients, say }: PauseTrialOptions): Promise<PauseTrialOutcome> {
  const startedMs = performance.now();
  const tell = (text: string) => say(`${((performance.now() - startedMs) / 1000).toFixed(1)} s: ${text}`);
  const { service, apiKey } = await TwoServers.open();
  const { servers } = service;
  try {
    const urls = servers.map(({ url }) => url);
    const depositors = new Depositors(urls, apiKey, seed, ATTEMPT_TIMEOUT_MS);
    depositors.start(clients, 200);
    await until('the first deposits', () => depositors.acknowledged.length >= clients);
    let [takeovers, duringPauses] = [0, 0];
    for (const pauseMs of pausesMs) {
      await until('a leader', async () => (await service.leader()) !== undefined);
      const leader = (await service.leader()) as 0 | 1;
      const acknowledged = depositors.acknowledged.length;
      servers[leader].pause();
      try {
        await delay(pauseMs);
      } finally {
        servers[leader].resume();
      }
      const meanwhile = depositors.acknowledged.length - acknowledged;
      duringPauses += meanwhile;
      if (meanwhile > 0) takeovers++;
      // It answers again, and it answers what the other one has done meanwhile.
      const then = depositors.acknowledged.length;
      await until('deposits after the pause', () => depositors.acknowledged.length >= then + 2 * clients);
      await servers[leader].ready();
      tell(`server ${leader} led and stood still for ${pauseMs} ms: ${meanwhile} deposits meanwhile`);
    }
    await depositors.stop();
    const { acknowledged } = depositors;
    await until('every deposit is anchored', async () =>
      (await listDeposits(urls[0] as string, apiKey)).every(({ state }) =>
        ['anchored-final', 'certified'].includes(state),
      ),
    );
    const [log, other] = [await readPublicLog(urls[0] as string), await readPublicLog(urls[1] as string)];
    // The log may have grown between the two reads: it hears of every certificate.
    const common = Math.min(log.leaves.length, other.leaves.length);
    const [begun, begunByOther] = [log.leaves.slice(0, common), other.leaves.slice(0, common)];
    if (JSON.stringify(begun) !== JSON.stringify(begunByOther)) throw new Error('the servers show two logs');
    const trust = openTrust(await service.writePolicy(log.leaves[0] as string), [], undefined);
    await expectReceiptsKept(acknowledged, log, trust);
    for (const server of servers) {
      await expectDepositsListed(server.url, apiKey, acknowledged);
      await expectAuditPassed(server, service.policyFile, service.rpcUrl);
    }
    await expectOriginalsKept(urls[1] as string, apiKey, acknowledged);
    return {
      acknowledged: acknowledged.length,
      repeated: acknowledged.filter(({ attempts }) => attempts > 1).length,
      refusals: Object.fromEntries(depositors.refusals),
      takeovers,
      duringPauses,
      anchors: await expectAnchorsOnce(service.rpcUrl, service.contract),
      leaves: log.leaves.length,
    };
  } catch (error) {
    for (const server of servers) say(server.failure(`${server.url} last said:`).message);
    throw error;
  } finally {
    await service.close();
  }
}

async function until(what: string, holds: () => boolean | Promise<boolean>): Promise<void> {
  for (const endMs = performance.now() + AT_REST_WITHIN_MS; !(await holds()); ) {
    if (performance.now() > endMs) throw new Error(`${what}: not within ${AT_REST_WITHIN_MS} ms`);
    await delay(100);
  }
}
