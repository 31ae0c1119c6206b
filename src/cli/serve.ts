import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { evaluationFolder, readCommonSettings, readProductionConfig } from '../config.ts';
import { writeFileDurably } from '../evaluation/durable-text.ts';
import { PolicyFile } from '../evaluation/policy-file.ts';
import { type EvaluationProfile, openEvaluation, openEvaluationAccount } from '../evaluation/profile.ts';
import { openLogger } from '../logger.ts';
import { type Service, startService } from '../server.ts';
import type { EvaluationFile } from './service-client.ts';

const SIGN_IN_MS = 15 * 60_000;

interface Running {
  /** Resolves when it cannot go on. */
  lost?: Promise<Error>;
  stop(): Promise<void>;
}

/** Runs the service until SIGINT or SIGTERM. @throws CodedError when it could not go on and has stopped by itself */
export async function serve(options: { evaluation?: boolean }): Promise<void> {
  const stopping = stopSignal();
  const running = options.evaluation ? await serveEvaluation() : await serveProduction();
  const end = await Promise.race([stopping, ...(running.lost === undefined ? [] : [running.lost])]);
  console.log(`${end instanceof Error ? end.message : end}: stopping`);
  await running.stop();
  if (end instanceof Error) throw end;
}

const STOP_SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
/** One Ctrl-C comes from the terminal, and again from npm or whoever passes it on; a second one later is meant. */
const SAME_SIGNAL_MS = 2_000;

/** The first one stops the service in its own order; after a while another one ends the process at once. */
function stopSignal(): Promise<NodeJS.Signals> {
  return new Promise((resolve) => {
    const hear = (signal: NodeJS.Signals) => {
      resolve(signal);
      setTimeout(() => {
        for (const one of STOP_SIGNALS) process.off(one, hear);
      }, SAME_SIGNAL_MS).unref();
    };
    for (const signal of STOP_SIGNALS) process.on(signal, hear);
  });
}

async function serveProduction(): Promise<Running> {
  const config = readProductionConfig(process.env);
  const service = await startService(config, { logger: openLogger(config.logLevel) });
  console.log(`Tiezheng serves ${config.publicUrl} on ${service.url}`);
  return service;
}

async function serveEvaluation(): Promise<Running> {
  const common = readCommonSettings(process.env);
  const folder = evaluationFolder(process.env);
  await mkdir(folder, { recursive: true });
  const logger = openLogger(process.env.TIEZHENG_LOG_LEVEL ?? 'warn');
  const say = (text: string) => console.log(`tiezheng: ${text}`);
  const profile = await openEvaluation(common, folder, say, (line) => logger.debug({ part: 'embedded' }, line));
  let service: Service | undefined;
  try {
    const policyFile = new PolicyFile(join(folder, 'evaluation-policy.json'));
    service = await startService(profile.config, {
      logger,
      durableBlock: () => profile.anvil.durableBlock(),
      onPolicy: (policy) => policyFile.write(policy),
    });
    await welcome(service, profile, folder);
  } catch (error) {
    await service?.stop();
    await profile.stop();
    throw error;
  }
  const started = service;
  return {
    lost: profile.lost,
    async stop() {
      await started.stop();
      await profile.stop();
    },
  };
}

/** Writes down where everything is, and tells the person who started it how to get in. */
async function welcome(service: Service, profile: EvaluationProfile, folder: string): Promise<void> {
  const account = await openEvaluationAccount(service.db, profile.apiKey);
  const [chain] = profile.config.chains;
  const { mail } = profile.config;
  const file: EvaluationFile = {
    url: service.url,
    apiKey: profile.apiKey,
    rpcUrl: chain?.rpcUrls[0] ?? '',
    chain: chain?.profile.chain ?? '',
    contract: chain?.contract ?? '',
    logPublicKey: service.vkey,
  };
  await writeFileDurably(join(folder, 'evaluation.json'), `${JSON.stringify(file, null, 2)}\n`, 0o600);
  const token = await service.authentication.createSignInToken(account.accountId, SIGN_IN_MS);
  console.log(
    [
      '',
      '  铁证 Tiezheng · EVALUATION 评估用途: keys, chain and time are home-made; not for real evidence',
      '',
      `  open     ${service.url}/sign-in?token=${token}   (once, within 15 minutes)`,
      `  data     ${folder}`,
      ...(mail?.kind === 'files' ? [`  mail     ${mail.folder}   (written there, sent to nobody)`] : []),
      '  deposit  npx tiezheng deposit photo.jpg --wait --out out/',
      `  verify   npx tiezheng verify out/package.zip --policy ${join(folder, 'evaluation-policy.json')}`,
      '  stop     Ctrl-C',
      '',
    ].join('\n'),
  );
}
