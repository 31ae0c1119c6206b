import type { Fee, RpcReceipt } from './chain-client.ts';

/** Most that a transaction pays for a unit of gas, wei. */
export function offerOf(fee: Fee): bigint {
  return fee.type === 'legacy' ? fee.gasPrice : fee.maxFeePerGas;
}

/** What a transaction in a block has cost, wei. Where the node does not say what was paid for gas, all that was offered. */
export function costOf({ gasUsed, effectiveGasPrice, l1Fee }: RpcReceipt, offered: Fee): bigint {
  const most = offerOf(offered);
  const price = effectiveGasPrice === undefined ? most : smaller(effectiveGasPrice, most);
  return gasUsed * price + l1Fee;
}

/**
 * What a transaction must offer to take the place of one of the same nonce: an eighth more in each part, which is what the
 * strictest of the usual nodes ask (geth and Reth 10 %, Erigon and Nethermind 12.5 % at most), and no less than is usual now.
 */
export function bumpedFee(replaced: Fee, usual: Fee): Fee {
  if (usual.type === 'legacy') return { type: 'legacy', gasPrice: larger(usual.gasPrice, bumped(offerOf(replaced))) };
  const tip = replaced.type === 'legacy' ? replaced.gasPrice : replaced.maxPriorityFeePerGas;
  return {
    type: 'eip1559',
    maxFeePerGas: larger(usual.maxFeePerGas, bumped(offerOf(replaced))),
    maxPriorityFeePerGas: larger(usual.maxPriorityFeePerGas, bumped(tip)),
  };
}

/** The same fee with no part above `ceiling`. */
export function cappedFee(fee: Fee, ceiling: bigint): Fee {
  if (fee.type === 'legacy') return { type: 'legacy', gasPrice: smaller(fee.gasPrice, ceiling) };
  return {
    type: 'eip1559',
    maxFeePerGas: smaller(fee.maxFeePerGas, ceiling),
    maxPriorityFeePerGas: smaller(fee.maxPriorityFeePerGas, ceiling),
  };
}

/** Rounded up, and at least one wei more: some permissioned chains take zero. */
function bumped(wei: bigint): bigint {
  return larger((wei * 9n + 7n) / 8n, wei + 1n);
}

function larger(a: bigint, b: bigint): bigint {
  return a > b ? a : b;
}

function smaller(a: bigint, b: bigint): bigint {
  return a < b ? a : b;
}
