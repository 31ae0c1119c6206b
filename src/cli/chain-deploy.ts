import { Wallet } from 'ethers';
import { deployEvidenceLog } from '../anchor/chain-client.ts';
import { encodeUtf8, sha256 } from '../format/bytes.ts';
import { address } from '../format/fields.ts';
import { originSchema } from '../format/log.ts';
import { CliError } from './cli-error.ts';
import { jsonRpc } from './json-rpc.ts';
import { readSmallFile } from './local-files.ts';

interface DeployOptions {
  rpc: string;
  keyFile: string;
  origin: string;
  anchorer: string;
  guardian: string;
  json?: boolean;
}

/** Deploys the anchoring contract for one log and prints where it is. */
export async function deployContract(options: DeployOptions): Promise<void> {
  for (const role of ['anchorer', 'guardian'] as const) {
    if (!address.safeParse(options[role].toLowerCase()).success) {
      throw new CliError('option-invalid', `--${role} ${options[role]} is not an address: 0x and 40 hex digits`);
    }
  }
  if (options.anchorer.toLowerCase() === options.guardian.toLowerCase()) {
    throw new CliError(
      'option-invalid',
      '--anchorer and --guardian are the same: a stolen key could then not be replaced',
    );
  }
  if (!originSchema.safeParse(options.origin).success) {
    throw new CliError('option-invalid', `--origin ${options.origin} is not a log origin such as log.example.org/2026`);
  }
  const key = Buffer.from(await readSmallFile(options.keyFile, 1024))
    .toString('utf8')
    .trim();
  if (!/^0x[0-9a-fA-F]{64}$/.test(key)) {
    throw new CliError('option-invalid', `--key-file ${options.keyFile} does not hold 0x and 64 hex digits`);
  }
  const chain = `eip155:${BigInt((await jsonRpc(options.rpc, 'eth_chainId', [])) as string)}`;
  const deployed = await deployEvidenceLog({
    rpcUrl: options.rpc,
    chain,
    deployer: new Wallet(key),
    anchorer: options.anchorer,
    guardian: options.guardian,
    originHash: sha256(encodeUtf8(options.origin)),
  });
  const { contract, transactionHash } = deployed;
  const blockNumber = Number(deployed.blockNumber);
  if (options.json) console.log(JSON.stringify({ chain, contract, transactionHash, blockNumber }));
  else console.log(`EvidenceLog for ${options.origin}: ${contract} on ${chain}, block ${blockNumber}`);
}
