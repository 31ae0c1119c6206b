import { expect } from 'chai';
import fc from 'fast-check';
import { type LineOutcome, receiveLines } from '../../src/intake/bulk-digests.ts';
import type { DepositRequest, ReceivedDeposit } from '../../src/intake/deposit-service.ts';

const ACCOUNT = {
  accountId: 'a',
  name: 'n',
  kind: 'unknown',
  identityMethod: 'none',
  identityCheckedAt: null,
  identityCheckedBy: null,
} as const;
const LIMITS = { maxLines: 20, maxLineBytes: 400 };
const line = (name: string) => JSON.stringify({ files: [{ name, sizeBytes: 1, sha256: 'a'.repeat(64) }] });

/** Takes everything; remembers what it was given and how much of it at once. */
class Taker {
  readonly requests: DepositRequest[] = [];
  underWay = 0;
  mostUnderWay = 0;

  async receive(request: DepositRequest): Promise<ReceivedDeposit> {
    this.requests.push(request);
    this.mostUnderWay = Math.max(this.mostUnderWay, ++this.underWay);
    await new Promise((resolve) => setTimeout(resolve, Math.random() * 3));
    this.underWay--;
    return {
      depositId: request.content.files[0]?.name ?? '',
      leafIndex: 0n,
      receipt: new Uint8Array(),
      isRepeated: false,
    };
  }
}

async function run(chunks: Iterable<Uint8Array>, key: string | null = null, limits = LIMITS) {
  const taker = new Taker();
  const outcomes: LineOutcome[] = [];
  const bytes = (async function* () {
    yield* chunks;
  })();
  for await (const outcome of receiveLines(taker, ACCOUNT, bytes, key, limits)) outcomes.push(outcome);
  return { taker, outcomes };
}
const told = (outcomes: LineOutcome[]) =>
  outcomes.map((o) => [o.line, o.received?.depositId ?? (o.error as { code: string }).code]);

describe('receiveLines', () => {
  it('takes each line for a deposit and answers in order', async () => {
    const { outcomes } = await run([Buffer.from(`${line('a')}\n${line('b')}\r\n\n${line('c')}`)]);
    expect(told(outcomes)).to.deep.equal([
      [1, 'a'],
      [2, 'b'],
      [4, 'c'],
    ]);
  });

  it('finds the same lines however the bytes are cut', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.constantFrom('a', 'ü名😀'), { maxLength: 8 }),
        fc.array(fc.integer({ min: 1, max: 60 }), { minLength: 1, maxLength: 40 }),
        async (names, cuts) => {
          const whole = Buffer.from(names.map((name) => `${line(name)}\n`).join(''));
          const chunks = [];
          for (let at = 0, i = 0; at < whole.length; i++) {
            const size = cuts[i % cuts.length] as number;
            chunks.push(whole.subarray(at, at + size));
            at += size;
          }
          const { outcomes } = await run(chunks);
          expect(told(outcomes)).to.deep.equal(names.map((name, i) => [i + 1, name]));
        },
      ),
      { numRuns: 40 },
    );
  });

  it('goes on after a line that is wrong', async () => {
    const wrong = ['{', '[]', '{"files":[]}', line('a/b'), '{"files":[{"name":"x","sizeBytes":0,"sha256":""}]}'];
    const { outcomes } = await run([Buffer.from([...wrong, line('good')].join('\n'))]);
    expect(told(outcomes)).to.deep.equal([
      [1, 'invalid-digest-deposit'],
      [2, 'invalid-digest-deposit'],
      [3, 'no-files'],
      [4, 'invalid-file-name'],
      [5, 'empty-file'],
      [6, 'good'],
    ]);
  });

  it('ends at a line that is too long, after answering those before it', async () => {
    for (const end of ['\n', '']) {
      const { outcomes } = await run([Buffer.from(`${line('a')}\n${'x'.repeat(500)}${end}`), Buffer.from(line('b'))]);
      expect(told(outcomes)).to.deep.equal([
        [1, 'a'],
        [2, 'line-too-long'],
      ]);
    }
  });

  it('takes a line of exactly the most bytes', async () => {
    const exact = `${line('a').slice(0, -1)}${' '.repeat(400 - line('a').length)}}`;
    expect(told((await run([Buffer.from(`${exact}\r\n`)])).outcomes)).to.deep.equal([[1, 'a']]);
    expect(told((await run([Buffer.from(`${exact.slice(0, -1)} }\n`)])).outcomes)).to.deep.equal([
      [1, 'invalid-digest-deposit'],
    ]);
  });

  it('takes as many lines as allowed and ends at the next, empty ones counted', async () => {
    const twenty = `${line('a')}\n`.repeat(20);
    expect((await run([Buffer.from(twenty)])).outcomes).to.have.length(20);
    for (const more of ['x', '\n', line('b')]) {
      expect(told((await run([Buffer.from(twenty + more)])).outcomes).at(-1)).to.deep.equal([21, 'too-many-lines']);
    }
  });

  it('gives every line a key of its own that no header can spell', async () => {
    const { taker } = await run([Buffer.from(`${line('a')}\n${line('b')}\n`)], 'key');
    expect(taker.requests.map((r) => r.idempotencyKey)).to.deep.equal(['key 1', 'key 2']);
  });

  it('reads no faster than answers are taken', async () => {
    const taker = new Taker();
    let read = 0;
    const endless = (async function* () {
      for (;;) {
        read++;
        yield Buffer.from(`${line('a')}\n`);
      }
    })();
    const outcomes = receiveLines(taker, ACCOUNT, endless, null, { maxLines: 1e9, maxLineBytes: 400 });
    for (let i = 0; i < 300; i++) await outcomes.next();
    expect(read).to.be.at.most(300 + 130);
    expect(taker.mostUnderWay).to.be.at.most(129);
    await outcomes.return();
    expect(taker.underWay).to.equal(0);
  });

  it('passes on that the bytes broke off, after the answers that are due', async () => {
    const broken = (async function* () {
      yield Buffer.from(`${line('a')}\n{"fil`);
      throw new Error('connection reset');
    })();
    const outcomes = receiveLines(new Taker(), ACCOUNT, broken, null, LIMITS);
    expect((await outcomes.next()).value).to.include({ line: 1 });
    expect(await outcomes.next().catch((e: Error) => e.message)).to.equal('connection reset');
  });
});
