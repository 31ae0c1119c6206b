import { closeEvidenceLog } from '../anchor/close-contract.ts';
import { address } from '../format/fields.ts';
import { CliError } from './cli-error.ts';
import { readSmallFile } from './local-files.ts';

interface CloseOptions {
  rpc: string;
  keyFile: string;
  contract: string;
  successor?: string;
  lastGood?: string;
  yes?: boolean;
  json?: boolean;
}

const NOWHERE = `0x${'00'.repeat(20)}`;

/** Ends a log in its contract, for ever, with the guardian's key. Without --yes the call is only tried. */
export async function closeContract(options: CloseOptions): Promise<void> {
  const contract = readAddress('--contract', options.contract);
  const successor = options.successor === undefined ? NOWHERE : readAddress('--successor', options.successor);
  if (options.lastGood !== undefined && !/^(?:0|[1-9][0-9]{0,14})$/.test(options.lastGood)) {
    throw new CliError('option-invalid', `--last-good ${options.lastGood} is no tree size`);
  }
  const guardianKey = Buffer.from(await readSmallFile(options.keyFile, 1024))
    .toString('utf8')
    .trim();
  if (!/^0x[0-9a-fA-F]{64}$/.test(guardianKey)) {
    throw new CliError('option-invalid', `--key-file ${options.keyFile} does not hold 0x and 64 hex digits`);
  }
  const closed = await closeEvidenceLog({
    rpcUrl: options.rpc,
    contract,
    guardianKey,
    lastGoodTreeSize: options.lastGood === undefined ? undefined : BigInt(options.lastGood),
    successor,
    isMeant: options.yes ?? false,
  });
  const { lastGoodTreeSize, headTreeSize, headRootHash, transactionHash } = closed;
  if (options.json) {
    const sizes = { lastGoodTreeSize: Number(lastGoodTreeSize), headTreeSize: Number(headTreeSize), headRootHash };
    console.log(JSON.stringify({ contract, successor, ...sizes, transactionHash }));
    return;
  }
  const what = `${contract} at ${lastGoodTreeSize} of ${headTreeSize} leaves, head ${headRootHash}; successor ${successor}`;
  console.log(
    transactionHash === null
      ? `the contract would close ${what}. Nothing was sent: --yes does it, and cannot be undone`
      : `closed ${what}; transaction ${transactionHash}`,
  );
}

function readAddress(option: string, value: string): string {
  const lower = value.toLowerCase();
  if (address.safeParse(lower).success) return lower;
  throw new CliError('option-invalid', `${option} ${value} is not an address: 0x and 40 hex digits`);
}
