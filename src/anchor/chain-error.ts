import { CodedError } from '../errors.ts';

/** What a chain's node answers, or does not. */
export type ChainErrorCode =
  // The node. Nothing is known of what was asked; ask again later.
  | 'rpc-unreachable'
  | 'rpc-timeout'
  | 'rpc-malformed'
  | 'rpc-refused'
  | 'method-unsupported'
  // Several nodes were asked, and they contradict each other.
  | 'providers-disagree'
  // The wrong node, contract or profile. Ask nothing more.
  | 'wrong-chain'
  | 'no-contract'
  | 'wrong-origin'
  | 'profile-not-reproduced'
  | 'finality-unavailable'
  // A transaction or call.
  | 'call-reverted'
  | 'nonce-conflict'
  | 'underpriced'
  | 'insufficient-funds'
  | 'transaction-refused'
  | 'not-mined'
  // Proofs.
  | 'block-not-found'
  | 'header-not-reproduced'
  | 'receipts-not-reproduced'
  | 'anchor-not-in-block'
  | 'proofs-unsupported';

/** A custom error of the contract, or Solidity's `Error` and `Panic`. */
export interface Revert {
  /** Name of the error, `Error` for a reason text; undefined if the contract's interface does not know it. */
  name: string | undefined;
  /** By the parameters' names; numbers as decimal text. */
  args: Record<string, string>;
  /** What the call returned, `0x` hex; `0x` if the node gave none. */
  data: string;
}

export class ChainError extends CodedError<ChainErrorCode> {
  /** Set for `call-reverted`. */
  readonly revert: Revert | undefined;

  constructor(code: ChainErrorCode, message: string, options?: { cause?: unknown; revert?: Revert }) {
    super(code, message, options);
    this.revert = options?.revert;
  }
}
