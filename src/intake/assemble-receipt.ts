import { encodeHex, parseUtf8 } from '../format/bytes.ts';
import { unixMsOf, utcTimeOf } from '../format/fields.ts';
import type { Receipt } from '../format/receipt.ts';
import type { AssembledDeposit } from './assemble-deposit.ts';

/** A leaf's place in the log, under a checkpoint that the register has accepted. */
export interface Integration {
  leafIndex: bigint;
  treeSize: bigint;
  /** Signed note with the log's signature only, exact. */
  note: Uint8Array;
  /** 32 bytes each, leaf side first. */
  inclusionProof: readonly Uint8Array[];
}

/**
 * The receipt without its seal. The same deposit and integration give the same receipt.
 * `publishWithinMs`: the operator's promise, counted from `receivedAt`.
 */
export function assembleReceipt(
  deposit: Omit<AssembledDeposit, 'leafData'>,
  integration: Integration,
  terms: { evaluation: boolean; publishWithinMs: number },
): Receipt {
  return {
    type: 'tiezheng/receipt/v1',
    evaluation: terms.evaluation,
    record: deposit.record,
    files: deposit.files,
    annexes: deposit.annexes,
    leafIndex: Number(integration.leafIndex),
    inclusionProof: integration.inclusionProof.map(encodeHex),
    checkpoint: parseUtf8(integration.note),
    publishBy: utcTimeOf(unixMsOf(deposit.record.receivedAt) + terms.publishWithinMs),
    seals: [],
  };
}
