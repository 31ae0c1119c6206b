import { CodedError } from '../errors.ts';

/** After these nothing is signed on that chain until an operator has cleared the alarm of the same code. */
export const STOPPING_CODES = ['chain-head-unknown', 'final-anchor-lost', 'contract-closed'] as const;
export type StoppingCode = (typeof STOPPING_CODES)[number];

/** These alarm too, and end by themselves once their cause is gone. */
export type AlarmingCode =
  | 'anchor-refused'
  | 'anchor-balance-low'
  | 'anchor-fee-ceiling'
  | 'anchor-gas-ceiling'
  | 'anchor-budget-spent'
  | 'providers-disagree'
  | 'attestation-invalid'
  | 'chain-misconfigured';

/**
 * - `chain-head-unknown`: the contract's head is no state of our tree. Somebody else has the anchorer's key, or our log was
 *   restored without its newest leaves.
 * - `final-anchor-lost`: the chain no longer has a block that its profile's rule had called final.
 * - `contract-closed`: the guardian closed the log on chain.
 * - `anchor-refused`: the contract would revert, the message names its error; or no node takes the transaction.
 * - `anchor-balance-low`: the anchorer cannot pay, or not for long.
 * - `anchor-fee-ceiling`: the chain asks more for a unit of gas than the operator allows.
 * - `anchor-gas-ceiling`: an anchor would take more gas than the operator allows.
 * - `anchor-budget-spent`: the day's budget is spent, or does not reach for one more anchor; it goes on at midnight UTC.
 * - `providers-disagree`: nodes of one chain contradict each other. No step is taken on what they differ in.
 * - `attestation-invalid`: what the node tells of a final block does not verify.
 * - `chain-misconfigured`: the node, contract or profile is not the one meant.
 * - `node-inconsistent`: the node contradicts itself or is behind what it said before; it is asked again later.
 */
export type AnchorErrorCode = StoppingCode | AlarmingCode | 'node-inconsistent';

export class AnchorError extends CodedError<AnchorErrorCode> {}

export function isStopping(error: AnchorError): boolean {
  return (STOPPING_CODES as readonly string[]).includes(error.code);
}

export function isAlarming(error: AnchorError): boolean {
  return error.code !== 'node-inconsistent';
}
