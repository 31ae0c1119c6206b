import { expect } from 'chai';
import { beijingTime, span } from '../../src/certificate/paper-time.ts';

describe('beijingTime', () => {
  it('is eight hours ahead and says so', () => {
    expect(beijingTime(Date.parse('2026-12-31T18:00:00.007Z'))).to.equal('2027-01-01 02:00:00.007 +08:00');
    expect(beijingTime(Date.parse('2026-12-31T18:00:00Z'), 'seconds')).to.equal('2027-01-01 02:00:00 +08:00');
  });
});

describe('span', () => {
  it('chooses units that people read', () => {
    const cases: [number, string][] = [
      [0, '0 秒 s'],
      [18_322, '18.3 秒 s'],
      [-322, '−0.3 秒 s'],
      [59_940, '59.9 秒 s'],
      [724_000, '12 分 min 4 秒 s'],
      [4_981_322, '1 小时 h 23 分 min'],
      [10 * 86_400_000, '10 天 d'],
    ];
    for (const [milliseconds, text] of cases) expect(span(milliseconds)).to.equal(text);
  });
});
