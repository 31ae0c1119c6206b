import { Contract, isError, JsonRpcProvider, Wallet } from 'ethers';
import { ChainError } from './chain-error.ts';
import { evidenceLogArtifact } from './contract-artifact.ts';

export interface Closing {
  rpcUrl: string;
  /** `0x` and 40 hex digits. */
  contract: string;
  /** The guardian's private key, `0x` and 64 hex digits. */
  guardianKey: string;
  /** Up to here the log was good; undefined: the contract's head. */
  lastGoodTreeSize: bigint | undefined;
  /** Where the log goes on; zero address: nowhere. */
  successor: string;
  /** False only tries the call on the node. */
  isMeant: boolean;
}

export interface Closed {
  lastGoodTreeSize: bigint;
  /** Hex without `0x`; that of the last good tree if it is the head. */
  headRootHash: string;
  headTreeSize: bigint;
  /** Null if the call was only tried. */
  transactionHash: string | null;
}

/**
 * Has the guardian end a log for ever. The call is tried on the node first, so that what the contract refuses costs nothing. After a
 * lost answer run it again: a contract that is closed refuses with `LogClosed`, which says how it was closed.
 * @throws ChainError `call-reverted` naming the contract's own error, `not-mined`, `rpc-unreachable`
 */
export async function closeEvidenceLog(closing: Closing): Promise<Closed> {
  const provider = new JsonRpcProvider(closing.rpcUrl, undefined, { cacheTimeout: -1 });
  try {
    const guardian = new Wallet(closing.guardianKey, provider);
    const contract = new Contract(closing.contract, evidenceLogArtifact().abi, guardian);
    const [headTreeSize, rootHash] = await contract.getFunction('head').staticCall();
    const lastGoodTreeSize = closing.lastGoodTreeSize ?? headTreeSize;
    const close = contract.getFunction('close');
    await close.staticCall(lastGoodTreeSize, closing.successor);
    const about = { lastGoodTreeSize, headTreeSize, headRootHash: String(rootHash).slice(2) };
    if (!closing.isMeant) return { ...about, transactionHash: null };
    const sent = await close(lastGoodTreeSize, closing.successor);
    const receipt = await sent.wait(1, WAIT_MS);
    if (receipt?.status !== 1) throw new ChainError('call-reverted', `closing ${sent.hash} reverted`);
    return { ...about, transactionHash: sent.hash };
  } catch (error) {
    throw asChainError(error, closing.rpcUrl);
  } finally {
    provider.destroy();
  }
}

const WAIT_MS = 180_000;

function asChainError(error: unknown, rpcUrl: string): unknown {
  if (error instanceof ChainError) return error;
  if (isError(error, 'CALL_EXCEPTION')) {
    const said = error.revert === null ? error.shortMessage : `${error.revert.name}(${error.revert.args.join(', ')})`;
    return new ChainError('call-reverted', `the contract refuses: ${said}`, { cause: error });
  }
  if (isError(error, 'TIMEOUT')) {
    return new ChainError('not-mined', `no block holds the closing after ${WAIT_MS} ms`, { cause: error });
  }
  if (isError(error, 'NETWORK_ERROR') || isError(error, 'SERVER_ERROR')) {
    return new ChainError('rpc-unreachable', `${rpcUrl}: ${error.shortMessage}`, { cause: error });
  }
  return error;
}
