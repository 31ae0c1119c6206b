import { expect } from 'chai';
import { FormatError } from '../../src/errors.ts';
import { parseByteRange } from '../../src/http/byte-range.ts';
import { problemOf } from '../../src/http/problem.ts';
import { RateLimit } from '../../src/http/rate-limit.ts';
import { StorageError } from '../../src/storage/storage-error.ts';

describe('RateLimit', () => {
  it('lets as many through at once as in a minute, then one by one', () => {
    const limit = new RateLimit(60);
    for (let i = 0; i < 60; i++) expect(limit.take('a', 0)).to.equal(0);
    expect(limit.take('a', 0)).to.equal(1);
    expect(limit.take('a', 999)).to.equal(1);
    expect(limit.take('a', 1000)).to.equal(0);
    expect(limit.take('a', 1000)).to.equal(1);
    expect(limit.take('b', 1000)).to.equal(0);
  });

  it('never lends more than a minute, however long it was quiet', () => {
    const limit = new RateLimit(2);
    expect([1, 2, 3].map(() => limit.take('a', 3600_000) > 0)).to.deep.equal([false, false, true]);
    expect([1, 2, 3].map(() => limit.take('a', 7200_000) > 0)).to.deep.equal([false, false, true]);
  });

  it('is not moved by a clock that goes back', () => {
    const limit = new RateLimit(1);
    expect(limit.take('a', 60_000)).to.equal(0);
    expect(limit.take('a', 0)).to.be.greaterThan(0);
  });

  it('forgets the key longest unseen beyond ten thousand', () => {
    const limit = new RateLimit(1);
    for (let i = 0; i <= 10_000; i++) limit.take(`${i}`, 0);
    expect(limit.take('1', 0)).to.equal(60);
    expect(limit.take('0', 0)).to.equal(0);
  });
});

describe('parseByteRange', () => {
  const cases: [string | undefined, number, { start: number; end: number } | undefined | 'refused'][] = [
    [undefined, 10, undefined],
    ['', 10, undefined],
    ['bytes=0-', 10, { start: 0, end: 10 }],
    ['bytes=9-', 10, { start: 9, end: 10 }],
    ['bytes=10-', 10, 'refused'],
    ['bytes=0-0', 10, { start: 0, end: 1 }],
    ['bytes=3-99', 10, { start: 3, end: 10 }],
    ['bytes=-3', 10, { start: 7, end: 10 }],
    ['bytes=-99', 10, { start: 0, end: 10 }],
    ['bytes=-0', 10, 'refused'],
    ['bytes=-', 10, undefined],
    ['bytes=4-2', 10, undefined],
    ['bytes=1-2,3-4', 10, undefined],
    ['bytes= 1-2', 10, undefined],
    ['bytes=1e3-', 10, undefined],
    ['Bytes=1-2', 10, undefined],
    ['bytes=9999999999999999999-', 10, undefined],
  ];
  for (const [header, size, expected] of cases) {
    it(`${JSON.stringify(header)} of ${size}: ${JSON.stringify(expected)}`, () => {
      if (expected === 'refused')
        expect(() => parseByteRange(header, size))
          .to.throw()
          .with.property('code', 'range-not-satisfiable');
      else expect(parseByteRange(header, size)).to.deep.equal(expected);
    });
  }
});

describe('problemOf', () => {
  it('tells a caller his mistake and keeps the service’s own to itself', () => {
    expect(problemOf(new StorageError('storage-full', '/srv/objects: ENOSPC')).problem).to.deep.equal({
      type: '/problems/storage-full',
      title: 'Storage is full',
      titleZh: '存储空间不足',
      status: 507,
      code: 'storage-full',
    });
  });

  it('takes a format error that reaches it for the service’s own: requests have their parsers', () => {
    expect(problemOf(new FormatError('not-canonical', 'row 7'))).to.deep.include({ isUnforeseen: true });
    expect(problemOf(new FormatError('not-canonical', 'row 7')).problem).to.include({
      status: 500,
      code: 'internal-error',
    });
  });

  for (const error of [
    Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' }),
    Object.assign(new Error('terminating connection'), { code: '57P01' }),
    new Error('timeout exceeded when trying to connect'),
    new Error('Connection terminated unexpectedly'),
    new Error('Client has encountered a connection error and is not queryable'),
  ]) {
    it(`takes "${error.message}" for a database that is away`, () => {
      expect(problemOf(error).problem).to.include({ status: 503, code: 'database-unavailable' });
      expect(problemOf(error).retryAfterSeconds).to.equal(5);
    });
  }

  it('takes anything thrown at all', () => {
    for (const thrown of [undefined, null, 'text', 7, {}, Object.assign(new Error('x'), { code: 'no-files' })]) {
      expect(problemOf(thrown).problem.code).to.equal('internal-error');
    }
  });
});
