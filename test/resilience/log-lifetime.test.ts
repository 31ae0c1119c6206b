import { createPrivateKey, generateKeyPairSync } from 'node:crypto';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { expect } from 'chai';
import { Wallet } from 'ethers';
import pg from 'pg';
import { ChainClient, deployEvidenceLog } from '../../src/anchor/chain-client.ts';
import type { ChainProfile } from '../../src/anchor/chain-profile.ts';
import { sealingKeyFromPem } from '../../src/certificate/sealing-key.ts';
import { type EmbeddedAnvil, startAnvil } from '../../src/evaluation/anvil.ts';
import { freePort } from '../../src/evaluation/child-process.ts';
import { openEvaluationKeys } from '../../src/evaluation/keys.ts';
import { type EmbeddedPostgres, startEmbeddedPostgres } from '../../src/evaluation/postgres.ts';
import { encodeBase64, encodeHex, encodeUtf8, sha256 } from '../../src/format/bytes.ts';
import { parseCertificate } from '../../src/format/certificate.ts';
import { parseCheckpoint } from '../../src/format/checkpoint.ts';
import { CheckpointSigner } from '../../src/log/checkpoint-signer.ts';
import { makeTrialFolder, ServiceProcess } from './service-process.ts';

const PROFILE = {
  headerHash: 'ethereum',
  receipts: 'mpt',
  timeUnit: 'seconds',
  accuracySeconds: 1,
  finality: { rule: 'depth', depth: 0 },
  nodesRunBy: 'this test',
  independent: false,
};

/** What one log of a production service is started with. */
interface LogSetting {
  environment: Record<string, string>;
  contract: string;
  origin: string;
  logKeyFile: string;
}

describe('the life of a log: its key is replaced, a certificate withdrawn, the contract closed, a successor opened', () => {
  let folder: string;
  let data: string;
  let postgres: EmbeddedPostgres;
  let anvil: EmbeddedAnvil;
  const running: ServiceProcess[] = [];

  before(async function () {
    this.timeout(120_000);
    ({ folder, data } = await makeTrialFolder());
    postgres = await startEmbeddedPostgres({ folder: join(data, 'postgres'), onLog: () => {} });
    anvil = await startAnvil({ folder: join(data, 'chain'), onLog: () => {} });
  });
  after(async function () {
    this.timeout(60_000);
    for (const service of running) await service.stopIfRunning();
    await anvil?.stop();
    await postgres?.stop();
    await rm(folder, { recursive: true, force: true });
  });

  async function prepare(name: string): Promise<LogSetting> {
    const place = join(data, name);
    await mkdir(place, { recursive: true });
    const keys = await openEvaluationKeys(join(place, 'keys'), Date.now());
    const { contract } = await deployEvidenceLog({
      rpcUrl: anvil.rpcUrl,
      chain: anvil.chain,
      deployer: new Wallet(anvil.guardian.privateKey),
      anchorer: anvil.anchorer.address,
      guardian: anvil.guardian.address,
      originHash: sha256(encodeUtf8(keys.origin)),
    });
    const write = async (file: string, content: string) => {
      await writeFile(join(place, file), content);
      return join(place, file);
    };
    const anchorerKeyFile = await write('anchorer.key', `${anvil.anchorer.privateKey}\n`);
    const profile = { chain: anvil.chain, ...PROFILE };
    const chains = [{ rpcUrl: anvil.rpcUrl, contract, anchorerKeyFile, anchorIntervalSeconds: 1, profile }];
    const platform = { name, operator: null, website: null, filingNo: null, interests: null };
    const client = new pg.Client({ connectionString: postgres.url });
    await client.connect();
    await client.query(`create database ${name}`);
    await client.end();
    const databaseUrl = new URL(postgres.url);
    databaseUrl.pathname = `/${name}`;
    const environment = {
      DATABASE_URL: databaseUrl.href,
      TIEZHENG_PUBLIC_URL: 'http://127.0.0.1',
      TIEZHENG_OBJECTS: `file:${join(place, 'objects')}`,
      TIEZHENG_REGISTER: `file:${join(place, 'register')}`,
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
    return {
      environment,
      contract,
      origin: keys.origin,
      logKeyFile: keys.logKeyFile,
    };
  }

  async function start(environment: Record<string, string>): Promise<ServiceProcess> {
    const service = new ServiceProcess(await freePort(), [], environment);
    running.push(service);
    await service.start();
    await service.ready();
    return service;
  }

  /** A policy that knows this log by its first key alone, written where `tiezheng` finds it. */
  async function writePolicy(service: ServiceProcess, log: LogSetting, file: string): Promise<string> {
    const key = new CheckpointSigner(log.origin, createPrivateKey(await readFile(log.logKeyFile, 'utf8')));
    const leaf0 = encodeHex(new Uint8Array(await (await fetch(`${service.url}/log/tile/0/000.p/1`)).arrayBuffer()));
    const sealPem = await readFile(log.environment.TIEZHENG_SEAL_FILE as string, 'utf8');
    const [seal] = sealingKeyFromPem(sealPem, sealPem).certificateChain;
    const policy = {
      type: 'tiezheng/policy/v1',
      evaluation: false,
      independentTimesRequired: 0,
      logs: [
        { origin: log.origin, keys: [key.vkey], leaf0, contracts: [{ chain: anvil.chain, address: log.contract }] },
      ],
      chains: [{ chain: anvil.chain, independent: false }],
      blocks: [],
      authorities: [],
      seals: [encodeBase64(seal as Uint8Array)],
      witnesses: { keys: [], quorum: 0 },
    };
    await writeFile(file, JSON.stringify(policy));
    return file;
  }

  async function deposit(service: ServiceProcess, apiKey: string, name: string): Promise<string> {
    const file = join(data, `${name}.txt`);
    await writeFile(file, name);
    const out = join(data, name);
    const done = await service.command('deposit', file, '--wait', '--url', service.url, '--key', apiKey, '--out', out);
    expect(done.code, done.output).to.equal(0);
    return out;
  }

  async function verify(service: ServiceProcess, out: string, name: string, policy: string, ...more: string[]) {
    const file = join(data, `${name}.txt`);
    const { record, publications } = parseCertificate(await readFile(join(out, 'certificate.json')));
    // The chain calls a block final sixty-four blocks later; this reader has looked for himself.
    const seen = publications.flatMap((p) => p.attestations.flatMap((a) => (a.type === 'evm' ? [a.blockHash] : [])));
    if (record.notBefore !== null) seen.push(record.notBefore.blockHash);
    const blocks = seen.flatMap((hash) => ['--trusted-block', `${anvil.chain}/${hash}`]);
    const trust = ['--policy', policy, '--rpc', anvil.rpcUrl, ...blocks];
    const args = [join(out, 'certificate.json'), file, ...trust, '--json', ...more];
    const { code, output } = await service.command('verify', ...args);
    const report = JSON.parse(output);
    return { code, report, unmet: `${name}: ${(report.unmet as string[]).join(', ')}` };
  }

  it('goes all the way, and what was certified before still verifies', async function () {
    this.timeout(240_000);
    const old = await prepare('old_log');
    let service = await start(old.environment);
    const { apiKey } = JSON.parse((await service.command('account', 'add', 'Trial', '--json')).output);
    const first = await deposit(service, apiKey, 'first');
    const policy = await writePolicy(service, old, join(data, 'policy.json'));
    expect((await verify(service, first, 'first', policy)).unmet).to.equal('first: ');

    // The key is replaced.
    await service.stopIfRunning();
    const newKeyFile = join(data, 'new.pem');
    await writeFile(newKeyFile, generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' }));
    const both = {
      ...old.environment,
      TIEZHENG_LOG_KEY_FILE: newKeyFile,
      TIEZHENG_PREVIOUS_LOG_KEY_FILE: old.logKeyFile,
    };
    service = await start(both);
    const rotated = await service.command('log', 'rotate-key', '--json');
    expect(rotated.code, rotated.output).to.equal(0);
    const { leafIndex, checkpoint } = JSON.parse(rotated.output);
    expect(parseCheckpoint(encodeUtf8(checkpoint)).treeSize).to.equal(BigInt(leafIndex) + 1n);
    expect(parseCheckpoint(encodeUtf8(checkpoint)).note.signatures).to.have.length(2);
    await service.stopIfRunning();
    const { TIEZHENG_PREVIOUS_LOG_KEY_FILE: _, ...afterwards } = both;
    service = await start(afterwards);
    const second = await deposit(service, apiKey, 'second');
    expect(parseCertificate(await readFile(join(second, 'certificate.json'))).log.rotations).to.have.length(1);
    for (const [out, name] of [
      [first, 'first'],
      [second, 'second'],
    ] as const) {
      expect((await verify(service, out, name, policy)).code, `${name}, under the first key`).to.equal(0);
    }

    // A certificate is withdrawn.
    const { certificateNo } = parseCertificate(await readFile(join(first, 'certificate.json'))).claims;
    const withdrawn = await service.command('certificate', 'withdraw', certificateNo, '--reason', 'issued-in-error');
    expect(withdrawn.code, withdrawn.output).to.equal(0);
    const statusFile = join(data, 'status.json');
    const asked = await service.command(
      ...([
        'certificate',
        'status',
        join(first, 'certificate.json'),
        '--url',
        service.url,
        '--out',
        statusFile,
      ] as const),
    );
    expect(asked.code, asked.output).to.equal(0);
    const told = await verify(service, first, 'first', policy, '--status', statusFile);
    expect(told.code).to.equal(0);
    expect(told.report.since.find((c: { name: string }) => c.name === 'status')).to.include({ reason: 'withdrawn' });

    // The contract is closed.
    const guardianFile = join(data, 'guardian.key');
    await writeFile(guardianFile, `${anvil.guardian.privateKey}\n`);
    const next = await prepare('new_log');
    const close = ['chain', 'close', '--rpc', anvil.rpcUrl, '--key-file', guardianFile, '--contract', old.contract];
    const tried = await service.command(...close, '--successor', next.contract, '--json');
    expect(JSON.parse(tried.output).transactionHash).to.equal(null);
    const done = await service.command(...close, '--successor', next.contract, '--yes', '--json');
    expect(done.code, done.output).to.equal(0);
    const closing = JSON.parse(done.output);
    const again = await service.command(...close, '--successor', next.contract, '--yes');
    expect(again.output).to.match(/LogClosed/);
    const client = new ChainClient({
      rpcUrl: anvil.rpcUrl,
      profile: { ...PROFILE, chain: anvil.chain } as ChainProfile,
      contract: old.contract,
    });
    expect((await client.closed())?.lastGoodTreeSize).to.equal(BigInt(closing.lastGoodTreeSize));
    await depositWithoutWaiting(service, apiKey, 'late');
    for (let i = 0; ; i++) {
      const { output } = await service.command('alarms', '--json');
      if ((JSON.parse(output) as { code: string }[]).some(({ code }) => code === 'contract-closed')) break;
      if (i > 60) throw new Error(`no alarm contract-closed: ${output}`);
      await delay(500);
    }

    // The successor.
    const predecessorFile = join(data, 'predecessor.json');
    const { lastGoodTreeSize: treeSize, headRootHash: rootHash } = closing;
    const predecessor = {
      origin: old.origin,
      treeSize,
      rootHash,
      contract: { chain: anvil.chain, address: old.contract },
    };
    await writeFile(predecessorFile, JSON.stringify(predecessor));
    const successor = await start({ ...next.environment, TIEZHENG_PREDECESSOR_FILE: predecessorFile });
    const account = JSON.parse((await successor.command('account', 'add', 'Trial', '--json')).output);
    const third = await deposit(successor, account.apiKey, 'third');
    const nextPolicy = await writePolicy(successor, next, join(data, 'next-policy.json'));
    expect((await verify(successor, third, 'third', nextPolicy)).code).to.equal(0);
    expect((await verify(successor, third, 'third', policy)).code).to.equal(2);
    for (const [out, name] of [
      [first, 'first'],
      [second, 'second'],
    ] as const) {
      expect((await verify(successor, out, name, policy)).code, `${name}, against the closed contract`).to.equal(0);
    }

    // The auditor.
    for (const [one, known] of [
      [service, policy],
      [successor, nextPolicy],
    ] as const) {
      const audited = await one.command('audit', '--url', one.url, '--policy', known, '--rpc', anvil.rpcUrl, '--json');
      const { findings } = JSON.parse(audited.output) as {
        findings: { name: string; status: string; detail: string }[];
      };
      expect(findings.filter(({ status }) => status !== 'passed')).to.deep.equal([]);
      expect(findings.some(({ name }) => name === 'log.predecessor')).to.equal(one === successor);
    }
  });

  async function depositWithoutWaiting(service: ServiceProcess, apiKey: string, name: string): Promise<void> {
    const file = join(data, `${name}.txt`);
    await writeFile(file, name);
    const done = await service.command('deposit', file, '--url', service.url, '--key', apiKey);
    expect(done.code, done.output).to.equal(0);
  }
});
