import { expect } from 'chai';
import type { DepositSummary } from '../../src/web/api-answers.ts';
import { standingOf } from '../../src/web/deposit/standing.ts';

const RECEIVED = '2026-11-22T03:00:00.000Z';
const NOW = Date.parse('2026-11-22T03:05:00.000Z');
const STATES = ['received', 'in-log', 'published', 'anchored-pending', 'anchored-final', 'certified'] as const;

function deposit(state: DepositSummary['state'], change: object = {}) {
  const isFinal = state === 'anchored-final' || state === 'certified';
  return {
    state,
    pending: state === 'certified' ? null : { awaits: 'anchor', alarms: [] as string[] },
    receivedAt: RECEIVED,
    anchor: isFinal
      ? {
          chain: 'eip155:1',
          contract: '0x',
          state: 'final' as const,
          since: '2026-11-22T03:04:00.000Z',
          blockHash: null,
          transactionHash: null,
        }
      : null,
    chains: [],
    opentimestamps: null,
    certificate: state === 'certified' ? { certificateNo: 'TZ', issuedAt: RECEIVED } : null,
    declaredFiles: 0,
    ...change,
  };
}

describe('standingOf', () => {
  const of = (state: DepositSummary['state'], change: object = {}, seconds: number | null = 600) =>
    standingOf(deposit(state, change), { receiptToAnchorSeconds: seconds }, NOW);

  it('speaks of a proof only once a block is final', () => {
    expect(STATES.map((state) => of(state).level)).to.deep.equal([
      'on-its-way',
      'on-its-way',
      'on-its-way',
      'on-its-way',
      'proved',
      'proved',
    ]);
    for (const state of STATES.slice(0, 4)) {
      expect(of(state).safe.en, state).to.match(
        /no proof|not in the log|nobody outside|still to come|no proof on the chain/,
      );
      expect(of(state).ifWeVanish.en, state).not.to.include('nobody needs this service');
    }
    expect(of('certified').ifWeVanish.en).to.include('nobody needs this service');
  });

  it('gives a time by what others took, and calls it no promise', () => {
    const { finalAt } = of('published');
    expect(finalAt.en).to.include('2026-11-22 11:10 +08:00').and.include('no promise');
    expect(finalAt.zh).to.include('不是承诺');
  });

  it('gives none where too few went before', () => {
    expect(of('published', {}, null).finalAt.en)
      .to.include('too few')
      .and.not.match(/\d{4}-\d\d/);
  });

  it('says that it is slow once that time has passed', () => {
    expect(of('published', {}, 60).finalAt.en).to.include('Slower than usual');
  });

  it('gives no time while an alarm holds it up, and says what is being done', () => {
    const held = of('published', { pending: { awaits: 'anchor', alarms: ['anchor-balance-low', 'rpc-unreachable'] } });
    expect(held.level).to.equal('held-up');
    expect(held.finalAt.en)
      .to.include('held up')
      .and.not.match(/\d{4}-\d\d/);
    expect(held.heldUp.map(({ code, remedy }) => [code, /operator has to act/.test(remedy.en)])).to.deep.equal([
      ['anchor-balance-low', true],
      ['rpc-unreachable', false],
    ]);
  });

  it('tells of a second chain in trouble without calling the deposit held up', () => {
    const chains = [{ chain: 'eip155:2', state: 'waiting', trouble: 'rpc-timeout', since: null, blockHash: null }];
    const standing = of('certified', { chains });
    expect(standing.level).to.equal('proved');
    expect(standing.heldUp.map(({ code }) => code)).to.deep.equal(['rpc-timeout']);
  });

  it('leaves an unknown alarm to a person', () => {
    const held = of('in-log', { pending: { awaits: 'publication', alarms: ['something-new'] } });
    expect(held.heldUp[0]?.remedy.en).to.include('operator has to act');
    expect(held.heldUp[0]?.reason.en).to.equal('something-new');
  });

  it('says of files that nobody but the depositor holds that the deposit needs them', () => {
    expect(of('certified', { declaredFiles: 2 }).safe.en)
      .to.include('2 files')
      .and.include('has the digest only');
  });
});
