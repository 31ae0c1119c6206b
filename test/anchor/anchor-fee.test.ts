import { expect } from 'chai';
import fc from 'fast-check';
import { bumpedFee, cappedFee, offerOf } from '../../src/anchor/anchor-fee.ts';
import type { Fee } from '../../src/anchor/chain-client.ts';

const wei = fc.bigInt({ min: 0n, max: 10n ** 14n });
const legacy = wei.map((gasPrice): Fee => ({ type: 'legacy', gasPrice }));
const eip1559 = fc
  .tuple(wei, wei)
  .map(([tip, rest]): Fee => ({ type: 'eip1559', maxFeePerGas: tip + rest, maxPriorityFeePerGas: tip }));
const fee = fc.oneof(legacy, eip1559);
const tipOf = (of: Fee) => (of.type === 'legacy' ? of.gasPrice : of.maxPriorityFeePerGas);

describe('bumpedFee', () => {
  it('offers at least an eighth more in each part, more than zero, and no less than is usual', () => {
    fc.assert(
      fc.property(fee, fee, (replaced, usual) => {
        const bumped = bumpedFee(replaced, usual);
        expect(bumped.type).to.equal(usual.type);
        for (const part of [offerOf, tipOf]) {
          // On a chain that has got a base fee since, a gas price was both.
          const before = usual.type === 'legacy' ? offerOf(replaced) : part(replaced);
          expect(part(bumped) * 8n >= before * 9n && part(bumped) > before).to.equal(true);
          expect(part(bumped) >= part(usual)).to.equal(true);
        }
        expect(tipOf(bumped) <= offerOf(bumped), 'no node takes a tip above the whole').to.equal(true);
      }),
    );
  });
});

describe('cappedFee', () => {
  it('leaves no part above the ceiling, and nothing below it changed', () => {
    fc.assert(
      fc.property(fee, wei, (wanted, ceiling) => {
        const capped = cappedFee(wanted, ceiling);
        for (const part of [offerOf, tipOf]) {
          expect(part(capped) <= ceiling && part(capped) <= part(wanted)).to.equal(true);
          expect([part(wanted), ceiling]).to.include(part(capped));
        }
      }),
    );
  });
});
