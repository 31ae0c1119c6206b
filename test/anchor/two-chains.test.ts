import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { expect } from 'chai';
import { Wallet } from 'ethers';
import { pino } from 'pino';
import { API_KEY, makeSecret } from '../../src/access/secret.ts';
import { deployEvidenceLog } from '../../src/anchor/chain-client.ts';
import type { ChainProfile } from '../../src/anchor/chain-profile.ts';
import { makeEvaluationSeal } from '../../src/certificate/evaluation-seal.ts';
import { readProductionConfig } from '../../src/config.ts';
import { selectOpenAlarms } from '../../src/db/alarms.ts';
import type { EmbeddedAnvil } from '../../src/evaluation/anvil.ts';
import { openEvaluationAccount } from '../../src/evaluation/profile.ts';
import { encodeBase64, encodeHex, encodeUtf8, sha256 } from '../../src/format/bytes.ts';
import { type Certificate, type EvmAttestation, parseCertificate } from '../../src/format/certificate.ts';
import type { Policy } from '../../src/format/policy.ts';
import { plainLeafData } from '../../src/format/spine.ts';
import { leafHash } from '../../src/merkle/hash.ts';
import { type Service, startService } from '../../src/server.ts';
import { openTrust } from '../../src/verify/trust.ts';
import { verifyCertificate } from '../../src/verify/verify.ts';
import { rpc, useAnvil } from '../support/anvil.ts';
import { encodeObject } from '../support/evidence-world.ts';
import { digestsOf } from '../support/file-digests.ts';
import { type RpcBehaviour, throughTo, useJsonRpcServer } from '../support/json-rpc-server.ts';
import { createTestDatabase } from '../support/postgres.ts';

const ORIGIN = 'log.example/two-chains';
/** How long certificates wait for the other chain: longer than it takes on a busy machine when nothing is wrong with it. */
const WAIT_MS = 15_000;
const KEY = makeSecret(API_KEY);

const QUICK: ChainProfile = {
  chain: 'eip155:31337',
  headerHash: 'ethereum',
  receipts: 'mpt',
  timeUnit: 'seconds',
  accuracySeconds: 1,
  finality: { rule: 'depth', depth: 0 },
  nodesRunBy: 'a consortium',
  independent: false,
};
const SLOW: ChainProfile = {
  ...QUICK,
  chain: 'eip155:31338',
  finality: { rule: 'tag', tag: 'finalized' },
  nodesRunBy: 'the public',
  independent: true,
};

interface ChainState {
  chain: string;
  state: string;
  trouble: string | null;
}

interface DepositView {
  state: string;
  chains: ChainState[];
}

describe('one log on two chains', function () {
  this.timeout(300_000);
  const quick = useAnvil(31337);
  const slow = useAnvil(31338);
  const quickNode = useJsonRpcServer();
  const slowNode = useJsonRpcServer();
  let folder: string;
  let service: Service;
  let dropDatabase: () => Promise<void>;
  let sealSigner: Uint8Array;
  let mining: NodeJS.Timeout;

  const through = (anvil: EmbeddedAnvil): RpcBehaviour => throughTo(anvil.rpcUrl, (_, answer) => answer);
  const healed = () => {
    quickNode.behave(through(quick()));
    slowNode.behave(through(slow()));
  };

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'tiezheng-two-chains-'));
    const file = async (name: string, content: string | Uint8Array) => {
      await writeFile(join(folder, name), content);
      return join(folder, name);
    };
    const chains = [];
    for (const [anvil, node, profile] of [
      [quick(), quickNode, QUICK],
      [slow(), slowNode, SLOW],
    ] as const) {
      const { contract } = await deployEvidenceLog({
        rpcUrl: anvil.rpcUrl,
        chain: anvil.chain,
        deployer: new Wallet(anvil.guardian.privateKey),
        anchorer: anvil.anchorer.address,
        guardian: anvil.guardian.address,
        originHash: sha256(encodeUtf8(ORIGIN)),
      });
      const anchorerKeyFile = await file(`${profile.chain}.key`, anvil.anchorer.privateKey);
      chains.push({ rpcUrls: [node.url()], contract, anchorerKeyFile, anchorIntervalSeconds: 1, profile });
    }
    healed();
    // The second chain calls a block final when 64 stand on it.
    mining = setInterval(() => void rpc(slow().rpcUrl, 'anvil_mine', ['0x41']).catch(() => {}), 500);

    const seal = await makeEvaluationSeal(Date.now());
    sealSigner = new Uint8Array(Buffer.from(seal.certificatePem.replace(/-----[^-]+-----|\s/g, ''), 'base64'));
    const platform = { name: 'Example', operator: null, website: null, filingNo: null, interests: null };
    const logKey = generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' });
    await mkdir(join(folder, 'objects'));
    await mkdir(join(folder, 'register'));
    const database = await createTestDatabase();
    dropDatabase = database.drop;
    const config = readProductionConfig({
      DATABASE_URL: database.url,
      PORT: '0',
      TIEZHENG_PUBLIC_URL: 'http://127.0.0.1',
      TIEZHENG_OBJECTS: `file:${join(folder, 'objects')}`,
      TIEZHENG_REGISTER: `file:${join(folder, 'register')}`,
      TIEZHENG_MASTER_KEY_FILE: await file('master.key', randomBytes(32).toString('hex')),
      TIEZHENG_LOG_ORIGIN: ORIGIN,
      TIEZHENG_LOG_KEY_FILE: await file('log.pem', String(logKey)),
      TIEZHENG_SEAL_FILE: await file('seal.key.pem', seal.keyPem),
      TIEZHENG_SEAL_CERTIFICATE_FILE: await file('seal.pem', seal.certificatePem),
      TIEZHENG_CHAINS_FILE: await file('chains.json', JSON.stringify(chains)),
      TIEZHENG_PLATFORM_FILE: await file('platform.json', JSON.stringify(platform)),
      TIEZHENG_PUBLISH_SECONDS: '1',
      TIEZHENG_CERTIFICATE_WAIT_SECONDS: String(WAIT_MS / 1000),
    });
    service = await startService(config, { logger: pino({ level: 'silent' }) });
    await openEvaluationAccount(service.db, KEY);
  });
  after(async () => {
    clearInterval(mining);
    await service?.stop();
    await dropDatabase?.();
    await rm(folder, { recursive: true, force: true });
  });
  afterEach(async () => {
    healed();
    await until('both chains work', async () => (await alarms()).length === 0);
  });

  async function until<T>(what: string, look: () => Promise<T | undefined | false>): Promise<T> {
    const deadline = performance.now() + 120_000;
    for (;;) {
      const found = await look();
      if (found !== undefined && found !== false) return found;
      if (performance.now() > deadline) throw new Error(`not within two minutes: ${what}`);
      await delay(100);
    }
  }

  const fetchOwn = (path: string, init: RequestInit = {}) =>
    fetch(`${service.url}/api/v1${path}`, {
      ...init,
      headers: { authorization: `Bearer ${KEY}`, ...init.headers },
    });
  const alarms = async () =>
    (await selectOpenAlarms(service.db.pool)).map(({ code, subject }) => [subject.split(' ')[0], code]);

  interface Deposit {
    depositId: string;
    bytes: Uint8Array;
    tookMs: number;
  }

  async function deposit(): Promise<Deposit> {
    const bytes = randomBytes(100);
    const form = new FormData();
    form.append('files', new Blob([bytes]), 'a.bin');
    const began = performance.now();
    const answer = await fetchOwn('/deposits', { method: 'POST', body: form });
    expect(answer.status).to.equal(201);
    const { depositId } = (await answer.json()) as { depositId: string };
    return { depositId, bytes, tookMs: performance.now() - began };
  }

  const view = async ({ depositId }: Deposit) =>
    (await (await fetchOwn(`/deposits/${depositId}`)).json()) as DepositView;
  const stateOn = (seen: DepositView, chain: string) => seen.chains.find((c) => c.chain === chain) as ChainState;

  async function certificateOf(made: Deposit): Promise<Certificate> {
    return until('the certificate', async () => {
      const answer = await fetchOwn(`/deposits/${made.depositId}/certificate.json`);
      return answer.ok ? parseCertificate(new Uint8Array(await answer.arrayBuffer())) : undefined;
    });
  }

  const attestations = (certificate: Certificate) =>
    certificate.publications.flatMap((publication) =>
      publication.attestations.filter((a): a is EvmAttestation => a.type === 'evm'),
    );
  const chainsOf = (certificate: Certificate) =>
    attestations(certificate)
      .map(({ chain }) => chain)
      .sort();

  /** What a reader finds who trusts these chains alone. */
  async function reportUnder(certificate: Certificate, made: Deposit, chains: readonly string[]) {
    const { log, vkey } = service;
    const policy: Policy = {
      type: 'tiezheng/policy/v1',
      evaluation: false,
      independentTimesRequired: 0,
      logs: [
        {
          origin: ORIGIN,
          keys: [vkey],
          leaf0: encodeHex(leafHash(plainLeafData(log))),
          contracts: log.contracts.filter(({ chain }) => chains.includes(chain)),
        },
      ],
      chains: chains.map((chain) => ({ chain, independent: chain === SLOW.chain })),
      blocks: [
        ...attestations(certificate).map(({ chain, blockHash }) => ({ chain, hash: blockHash })),
        ...(certificate.record.notBefore === null
          ? []
          : [{ chain: certificate.record.notBefore.chain, hash: certificate.record.notBefore.blockHash }]),
      ].filter(({ chain, hash }) => chains.includes(chain) || hash === certificate.record.notBefore?.blockHash),
      authorities: [],
      seals: [encodeBase64(sealSigner)],
      witnesses: { keys: [], quorum: 0 },
    };
    const presented = [{ sizeBytes: made.bytes.length, ...digestsOf(made.bytes) }];
    return verifyCertificate(encodeObject(certificate), presented, openTrust(encodeObject(policy), [], undefined));
  }

  it('names both contracts in leaf 0', () => {
    expect(service.log.contracts.map(({ chain }) => chain)).to.deep.equal([QUICK.chain, SLOW.chain]);
  });

  it('puts both anchors into the certificate, each final by its own rule and each enough by itself', async () => {
    const made = await deposit();
    const certificate = await certificateOf(made);
    expect(chainsOf(certificate)).to.deep.equal([QUICK.chain, SLOW.chain]);
    const rules = new Map(attestations(certificate).map((a) => [a.chain, a.claims.finality.rule]));
    expect(rules.get(QUICK.chain)).to.equal('0 blocks on top');
    expect(rules.get(SLOW.chain)).to.equal('the chain\'s own tag "finalized"');
    for (const chains of [[QUICK.chain], [SLOW.chain], [QUICK.chain, SLOW.chain]]) {
      const report = await reportUnder(certificate, made, chains);
      expect(report.unmet, chains.join()).to.deep.equal([]);
      expect(report.conclusion, chains.join()).to.equal('required-passed');
      expect(report.times.notAfter?.independent, chains.join()).to.equal(chains.includes(SLOW.chain));
    }
    expect((await view(made)).chains.map(({ state, trouble }) => [state, trouble])).to.deep.equal([
      ['final', null],
      ['final', null],
    ]);
  });

  for (const [what, behaviour, code] of [
    ['away', (_, response) => void response.socket?.destroy(), 'rpc-unreachable'],
    [
      'another one than it should be',
      ({ method }) => ({ result: method === 'eth_chainId' ? '0x1' : null }),
      'chain-misconfigured',
    ],
  ] as [string, RpcBehaviour, string][]) {
    it(`goes on with the first while the second is ${what}, and takes the second up again later`, async () => {
      slowNode.behave(behaviour);
      const made = await deposit();
      expect(made.tookMs, 'deposits wait for no chain').to.be.lessThan(5_000);
      await until('final on the first', async () => stateOn(await view(made), QUICK.chain).state === 'final');
      const seen = await until('trouble on the second', async () => {
        const now = await view(made);
        return stateOn(now, SLOW.chain).trouble === code && now;
      });
      expect(stateOn(seen, QUICK.chain).trouble).to.equal(null);
      expect(stateOn(seen, SLOW.chain).state).not.to.equal('final');
      for (const [subject] of await alarms()) expect(subject).to.equal(SLOW.chain);
      const certificate = await certificateOf(made);
      expect(chainsOf(certificate)).to.deep.equal([QUICK.chain]);
      expect((await reportUnder(certificate, made, [QUICK.chain, SLOW.chain])).conclusion).to.equal('required-passed');

      healed();
      // What was certified is not changed, though the second chain covers that deposit too by now.
      await until('final on the second', async () => stateOn(await view(made), SLOW.chain).state === 'final');
      expect(chainsOf(await certificateOf(made))).to.deep.equal([QUICK.chain]);
      expect(chainsOf(await certificateOf(await deposit()))).to.deep.equal([QUICK.chain, SLOW.chain]);
    });
  }

  it('goes on with the second while the first, where records take their earlier block from, is away', async () => {
    quickNode.behave((_, response) => void response.socket?.destroy());
    const made = await deposit();
    expect(made.tookMs).to.be.lessThan(5_000);
    const certificate = await certificateOf(made);
    expect(chainsOf(certificate)).to.deep.equal([SLOW.chain]);
    expect((await reportUnder(certificate, made, [SLOW.chain])).unmet).to.deep.equal([]);
  });

  it('waits for a slow one, and lets the quick one be final meanwhile', async () => {
    const real = through(slow());
    slowNode.behave(async (request, response) => {
      await delay(50);
      return real(request, response);
    });
    const made = await deposit();
    const seen = await until('final on the first', async () => {
      const now = await view(made);
      return stateOn(now, QUICK.chain).state === 'final' && now;
    });
    expect(stateOn(seen, SLOW.chain).state).not.to.equal('final');
    expect(chainsOf(await certificateOf(made))).to.include(QUICK.chain);
    await until('final on the second', async () => stateOn(await view(made), SLOW.chain).state === 'final');
    expect(await alarms()).to.deep.equal([]);
  });
});
