import { Command, CommanderError } from 'commander';
import { CodedError } from '../errors.ts';
import { VERIFIER } from '../verify/verifier.ts';

/** Input that no answer can be given for; the other codes are those of the commands. */
const UNUSABLE_INPUT = 3;

const program = new Command('tiezheng')
  .description('铁证: preserve evidence, and check it without trusting anyone. 电子数据存证与核验')
  .version(VERIFIER.version)
  .showHelpAfterError('(tiezheng --help shows the commands)')
  .exitOverride();

// Each command loads what it needs when it runs: `verify` starts without the service's libraries.
program
  .command('serve')
  .description('run the service 运行服务')
  .option('--evaluation', 'everything embedded, keys home-made: to try it out, not for real evidence')
  .action(async (options) => (await import('./serve.ts')).serve(options));

program
  .command('deposit')
  .description('hand in files as one deposit 提交存证')
  .argument('<files...>', 'files to preserve')
  .option('--url <url>', 'address of the service (default: from evaluation.json)')
  .option('--key <key>', 'API key (default: TIEZHENG_API_KEY, else from evaluation.json)')
  .option('--data <folder>', 'folder with evaluation.json (default: TIEZHENG_DATA, else ./tiezheng-data)')
  .option('--statement <file>', 'JSON file: title, kind, source, method, …')
  .option('--title <text>', 'title of the deposit')
  .option('--wait', 'wait until the certificate is issued')
  .option('--out <folder>', 'save receipt, certificate and package there')
  .option('--timeout <seconds>', 'how long to wait', '900')
  .option('--json', 'print one JSON object')
  .action(async (files, options) => (await import('./deposit.ts')).deposit(files, options));

program
  .command('verify')
  .description('check a certificate or anything else that proves something, offline unless --rpc is given 核验')
  .argument(
    '<thing>',
    'certificate, receipt, receipt of a hand-over, package; signed PDF, .ots, .tsr, .tst, .tlog-proof, BagIt ZIP or folder of anyone',
  )
  .argument('[files...]', 'the files to hold against it')
  .option('--policy <file>', 'whom you trust (tiezheng/policy/v1, or tiezheng/signed-policy/v1)')
  .option('--policy-signer <file>', 'X.509 certificate of whom you let sign the policy')
  .option(
    '--rpc <url>',
    'ask this node of your choice about blocks and contracts; eip155:1=<url> for one chain (repeatable: answers are compared)',
    collect,
    [],
  )
  .option(
    '--trusted-block <hash>',
    '0x… or eip155:1/0x…: a block that you confirmed yourself (repeatable)',
    collect,
    [],
  )
  .option('--bitcoin-headers <file>', 'Bitcoin blocks that you confirmed yourself: lines of "height header"')
  .option('--status <file>', 'how the service says the certificate stands: from "tiezheng certificate status"')
  .option(
    '--custody <file>',
    'what was recorded of the deposit: custody.json of the service (a package has its own) 保管记录',
  )
  .option('--json', 'print the report as canonical JSON')
  .action(async (thing, files, options) => (await import('./verify.ts')).verify(thing, files, options));

program
  .command('audit')
  .description('rebuild the log from its public tiles and check all it ever signed 审计日志')
  .option('--url <url>', 'address of the service (default: from evaluation.json)')
  .option('--data <folder>', 'folder with evaluation.json (default: TIEZHENG_DATA, else ./tiezheng-data)')
  .option('--policy <file>', 'whom you trust: log key, leaf 0, contracts (default: evaluation-policy.json)')
  .option('--policy-signer <file>', 'X.509 certificate of whom you let sign the policy')
  .option('--rpc <url>', 'node to ask for the contract head (default: from evaluation.json)')
  .option('--json', 'print one JSON object')
  .action(async (options) => (await import('./audit.ts')).audit(options));

const chain = program.command('chain').description('the anchoring contract 锚定合约');
chain
  .command('deploy')
  .description('deploy EvidenceLog; prints its address')
  .requiredOption('--rpc <url>', 'node to send the transaction to')
  .requiredOption('--key-file <file>', 'private key of the deployer, 0x and 64 hex digits')
  .requiredOption('--origin <origin>', 'name of the log that will be anchored')
  .requiredOption('--anchorer <address>', 'who may anchor')
  .requiredOption('--guardian <address>', 'cold key: may replace the anchorer and close the log, nothing else')
  .option('--json', 'print one JSON object')
  .action(async (options) => (await import('./chain-deploy.ts')).deployContract(options));

chain
  .command('close')
  .description('end a log for ever and name its successor; past anchors stay. Irreversible')
  .requiredOption('--rpc <url>', 'node to send the transaction to')
  .requiredOption('--key-file <file>', "the guardian's private key, 0x and 64 hex digits")
  .requiredOption('--contract <address>', 'the contract to close')
  .option('--successor <address>', 'contract in which the log goes on; left out: nowhere')
  .option('--last-good <size>', 'tree size up to which the log was good (default: the newest anchor)')
  .option('--yes', 'really do it; without this the call is only tried')
  .option('--json', 'print one JSON object')
  .action(async (options) => (await import('./chain-close.ts')).closeContract(options));

const log = program.command('log').description('the log of a production service 日志');
log
  .command('rotate-key')
  .description('go over from TIEZHENG_PREVIOUS_LOG_KEY_FILE to TIEZHENG_LOG_KEY_FILE; see docs/operation.md')
  .option('--timeout <seconds>', 'how long to wait for the running service', '60')
  .option('--json', 'print one JSON object')
  .action(async (options) => (await import('./log-rotate-key.ts')).rotateLogKey(options));

const certificate = program.command('certificate').description('how certificates stand 证书状态');
certificate
  .command('withdraw')
  .description(
    'say in the log that a certificate is withdrawn or superseded, by DATABASE_URL. Changes nothing that it proves',
  )
  .argument('<number>', 'TZ-…')
  .requiredOption('--reason <code>', 'such as issued-in-error: docs/formats/status.md')
  .option('--superseded-by <number>', 'the certificate in its place')
  .option('--timeout <seconds>', 'how long to wait for the running service', '60')
  .option('--json', 'print one JSON object')
  .action(async (number, options) => (await import('./certificate-status.ts')).withdraw(number, options));
certificate
  .command('reinstate')
  .description('say in the log that a certificate is valid again, by DATABASE_URL')
  .argument('<number>', 'TZ-…')
  .requiredOption('--reason <code>', 'such as withdrawn-in-error')
  .option('--timeout <seconds>', 'how long to wait for the running service', '60')
  .option('--json', 'print one JSON object')
  .action(async (number, options) => (await import('./certificate-status.ts')).reinstate(number, options));
certificate
  .command('status')
  .description('ask the service how a certificate stands, for "tiezheng verify --status"')
  .argument('<certificate>', 'certificate.json or certificate.pdf')
  .option('--url <url>', 'address of the service (default: from evaluation.json)')
  .option('--data <folder>', 'folder with evaluation.json (default: TIEZHENG_DATA, else ./tiezheng-data)')
  .option('--out <file>', 'where to write the answer (default: standard output)')
  .action(async (file, options) => (await import('./fetch-status.ts')).fetchStatus(file, options));

const policy = program.command('policy').description('trust policies: whom a reader trusts 信任策略');
policy
  .command('check')
  .description('say in plain words whom a policy trusts and what it requires, and warn 审阅策略')
  .argument('<file>', 'tiezheng/policy/v1 or tiezheng/signed-policy/v1')
  .option('--policy-signer <file>', 'X.509 certificate of whom you let sign it')
  .option('--json', 'print one JSON object')
  .action(async (file, options) => (await import('./policy.ts')).checkPolicyFile(file, options));
policy
  .command('sign')
  .description('seal a policy for others to use 签发策略')
  .argument('<file>', 'tiezheng/policy/v1')
  .requiredOption('--key <pem>', 'P-256 private key')
  .requiredOption('--certificate <pem>', 'X.509 certificate of the key, and its issuers')
  .option('--issuer <text>', 'the office in its own words (default: from the certificate)')
  .option('--name <text>', 'which of your policies this is', 'policy')
  .option('--serial <n>', 'higher than any before (default: the time, in seconds since 1970)')
  .option('--expires <date>', 'from when on a newer one is to be fetched (default: in a year)')
  .option('--out <file>', 'where to write it (default: beside the policy, .signed.json)')
  .option('--json', 'print one JSON object')
  .action(async (file, options) => (await import('./policy-sign.ts')).signPolicy(file, options));
policy
  .command('fetch')
  .description('fetch a signed policy; the file is replaced only by a newer one of the same signer 获取策略')
  .argument('<url>', 'https, or http on this machine')
  .requiredOption('--signer <file>', 'X.509 certificate of whom you let sign it')
  .requiredOption('--out <file>', 'where to keep it')
  .option('--json', 'print one JSON object')
  .action(async (url, options) => (await import('./policy.ts')).fetchPolicy(url, options));

const account = program.command('account').description('depositors of a production service 存证人账户');
account
  .command('add')
  .description('add a depositor and print an API key, once')
  .argument('<name>', 'name printed on certificates')
  .option('--kind <kind>', 'person, organisation or unknown', 'unknown')
  .option('--identity <method>', 'how the identity was checked', 'none')
  .option('--json', 'print one JSON object')
  .action(async (name, options) => (await import('./account-add.ts')).addAccount(name, options));

const witness = program.command('witness').description("cosign logs' checkpoints (c2sp.org/tlog-witness) 见证");
witness
  .command('run', { isDefault: true })
  .description('answer logs, without any service of ours; "run" may be left out')
  .requiredOption('--key <file>', 'key made by "tiezheng witness keygen"')
  .requiredOption('--state <folder>', 'what was cosigned; never restore it to an earlier state')
  .requiredOption(
    '--log <vkey>',
    "a log's key, or key=origin (repeatable, also for several keys of one log)",
    collect,
    [],
  )
  .option('--host <address>', 'where to listen', '127.0.0.1')
  .option('--port <number>', 'where to listen; 0 lets the system choose', '8050')
  .option('--limit <number>', 'requests that one address may make in a minute', '120')
  .action(async (options) => (await import('./witness.ts')).witness(options));
witness
  .command('keygen')
  .description('make the key of a witness; prints its public key')
  .requiredOption('--name <name>', 'name of the witness, such as witness.example.org/2026')
  .requiredOption('--key <file>', 'file to write, must not be there')
  .action(async (options) => (await import('./witness.ts')).witnessKeygen(options));

program
  .command('alarms')
  .description('open alarms of a production service, by DATABASE_URL 告警')
  .option('--clear <code>', 'close this alarm: what it stopped goes on')
  .option('--subject <subject>', 'what the alarm to close is about, as listed')
  .option('--json', 'print one JSON array')
  .action(async (options) => (await import('./alarms.ts')).alarms(options));

program
  .command('renew')
  .description('renew timestamps before what they rest on ages (RFC 4998): docs/operation.md 续期')
  .option('--dry-run', 'only tell what is due and why; needs DATABASE_URL alone')
  .option('--json', 'print one JSON object')
  .action(async (options) => (await import('./renew.ts')).renew(options));

function collect(value: string, earlier: string[]): string[] {
  return [...earlier, value];
}

try {
  await program.parseAsync();
} catch (error) {
  process.exitCode = report(error);
}

/** Says what is wrong in one line, with its code; unforeseen errors keep their stack, for they are ours to mend. */
function report(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : UNUSABLE_INPUT;
  if (error instanceof CodedError) console.error(`tiezheng: ${error.code}: ${error.message}`);
  else console.error(error);
  return UNUSABLE_INPUT;
}
