import { existsSync } from 'node:fs';
import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Wallet } from 'ethers';
import { v7 as uuidV7 } from 'uuid';
import { ROLES } from '../access/rules.ts';
import { hashSecret } from '../access/secret.ts';
import { ChainClient, deployEvidenceLog } from '../anchor/chain-client.ts';
import type { ChainProfile } from '../anchor/chain-profile.ts';
import { type CommonSettings, type Config, DEFAULT_MAX_GAS_PER_ANCHOR } from '../config.ts';
import { type Account, insertAccount, updateAccountRoles } from '../db/accounts.ts';
import { insertApiKey, selectAccountByApiKey } from '../db/api-keys.ts';
import type { Database } from '../db/pool.ts';
import { encodeUtf8, sha256 } from '../format/bytes.ts';
import { type EmbeddedAnvil, startAnvil } from './anvil.ts';
import type { EmbeddedError } from './child-process.ts';
import { writeFileDurably } from './durable-text.ts';
import { openEvaluationKeys } from './keys.ts';
import { startLastingPostgres } from './lasting-postgres.ts';

/** The embedded parts of the evaluation profile, running, and the configuration that leads to them. */
export interface EvaluationProfile {
  config: Config;
  apiKey: string;
  anvil: EmbeddedAnvil;
  /**
   * Both parts are started again when they end by themselves; anvil for ever, since deposits go on without it. Resolves with
   * `embedded-not-running` once PostgreSQL does not start any more: nothing works then, and a person has to look.
   */
  lost: Promise<EmbeddedError>;
  /** To be called after the service has stopped. */
  stop(): Promise<void>;
}

/** Everything as in production, only sooner: a person is waiting. */
const PUBLISH_INTERVAL_MS = 5_000;
const ANCHOR_INTERVAL_MS = 5_000;
/** Recovery of a large database takes its time. */
const POSTGRES_RESTART_MS = 60_000;
/** Wei; the embedded chain asks for little and its accounts have plenty. */
const MAX_FEE_PER_GAS = 10n ** 12n;

/**
 * Starts PostgreSQL and a chain in the data folder and makes what keys are missing. Safe after a crash at any moment: whatever is
 * found there is used.
 * @param say told what is being done, for the person who waits
 */
export async function openEvaluation(
  common: CommonSettings,
  folder: string,
  say: (text: string) => void,
  onLog: (line: string) => void,
): Promise<EvaluationProfile> {
  await mkdir(folder, { recursive: true });
  const keys = await openEvaluationKeys(join(folder, 'keys'), Date.now());
  say('starting PostgreSQL');
  const postgres = await startLastingPostgres({ folder: join(folder, 'postgres'), onLog }, POSTGRES_RESTART_MS);
  let anvil: EmbeddedAnvil | undefined;
  try {
    say('starting the evaluation chain');
    anvil = await startAnvil({ folder: join(folder, 'chain'), onLog });
    const contract = await openContract(join(folder, 'chain', 'contract'), anvil, keys.origin, say);
    const anchorerKeyFile = join(folder, 'keys', 'anchorer.key');
    await writeFileDurably(anchorerKeyFile, `${anvil.anchorer.privateKey}\n`, 0o600);
    await writeFileDurably(join(folder, 'evaluation-tsa-root.pem'), keys.authorityRootPem, 0o644);
    const running = anvil;
    return {
      apiKey: keys.apiKey,
      anvil,
      lost: postgres.lost,
      config: {
        profile: 'evaluation',
        ...common,
        mail: common.mail ?? { kind: 'files', folder: join(folder, 'mail'), from: 'tiezheng@localhost' },
        publicUrl: `http://${common.host}:${common.port}`,
        databaseUrl: postgres.url,
        objects: { kind: 'files', folder: join(folder, 'objects') },
        register: { kind: 'files', folder: join(folder, 'register') },
        masterKeyFile: keys.masterKeyFile,
        origin: keys.origin,
        logKeyFile: keys.logKeyFile,
        previousLogKeyFile: null,
        predecessor: null,
        seal: {
          kind: 'pem',
          keyFile: keys.sealKeyFile,
          certificateFile: keys.sealCertificateFile,
          passphrase: undefined,
        },
        chains: [
          {
            rpcUrls: [anvil.rpcUrl],
            rpcAgreement: null,
            contract,
            anchorerKeyFile,
            profile: profileOf(anvil),
            anchorIntervalMs: ANCHOR_INTERVAL_MS,
            maxFeePerGas: MAX_FEE_PER_GAS,
            maxGasPerAnchor: BigInt(DEFAULT_MAX_GAS_PER_ANCHOR),
            dailyBudget: null,
          },
        ],
        certificateWaitMs: 0,
        builtInAuthority: { keyFile: keys.authorityKeyFile },
        platform: {
          name: '铁证评估服务 Tiezheng evaluation service',
          operator: null,
          website: null,
          filingNo: null,
          interests: null,
        },
        signInSecretFile: keys.signInSecretFile,
        publishIntervalMs: PUBLISH_INTERVAL_MS,
      },
      async stop() {
        await running.stop();
        await postgres.stop();
      },
    };
  } catch (error) {
    await anvil?.stop();
    await postgres.stop();
    throw error;
  }
}

function profileOf(anvil: EmbeddedAnvil): ChainProfile {
  return {
    chain: anvil.chain,
    headerHash: 'ethereum',
    receipts: 'mpt',
    timeUnit: 'seconds',
    accuracySeconds: 1,
    finality: { rule: 'local-snapshot' },
    nodesRunBy: '本机评估链 this machine (evaluation)',
    independent: false,
  };
}

/**
 * The contract of this log: deployed once, its address written down only when the chain's state with it is on disk. A crash before
 * that leaves a contract that nobody uses.
 */
async function openContract(
  file: string,
  anvil: EmbeddedAnvil,
  origin: string,
  say: (text: string) => void,
): Promise<string> {
  const originHash = sha256(encodeUtf8(origin));
  if (!existsSync(file)) {
    say('deploying the contract');
    const { contract } = await deployEvidenceLog({
      rpcUrl: anvil.rpcUrl,
      chain: anvil.chain,
      deployer: new Wallet(anvil.guardian.privateKey),
      anchorer: anvil.anchorer.address,
      guardian: anvil.guardian.address,
      originHash,
    });
    await anvil.flush();
    await writeFileDurably(file, `${contract}\n`, 0o644);
  }
  const contract = (await readFile(file, 'utf8')).trim();
  await new ChainClient({ rpcUrl: anvil.rpcUrl, profile: profileOf(anvil), contract }).verifyContract(originHash);
  return contract;
}

/** The one depositor of the evaluation profile, made with its API key in one transaction. */
export async function openEvaluationAccount(db: Database, apiKey: string): Promise<Account> {
  const keyHash = hashSecret(apiKey);
  const select = async () => (await selectAccountByApiKey(db.pool, keyHash, new Date()))?.account;
  const known = await select();
  if (known !== undefined) {
    await updateAccountRoles(db.pool, known.accountId, ROLES);
    return known;
  }
  const accountId = uuidV7();
  await db.transaction(async (client) => {
    await insertAccount(client, {
      accountId,
      name: '评估存证人 Evaluation depositor',
      kind: 'unknown',
      identityMethod: 'none',
      identityCheckedAt: null,
    });
    // Whoever tries it out is everybody in turn.
    await updateAccountRoles(client, accountId, ROLES);
    await insertApiKey(client, { keyHash, accountId, label: 'evaluation' });
  });
  return (await select()) as Account;
}
