import { setTimeout as wait } from 'node:timers/promises';
import { expect } from 'chai';
import { Turns } from '../src/turns.ts';

describe('Turns', () => {
  it('takes one after another, with the pause that each answers', async () => {
    let atOnce = 0;
    const begun: number[] = [];
    let done: () => void = () => {};
    const enough = new Promise<void>((resolve) => {
      done = resolve;
    });
    const turns = new Turns(async () => {
      expect(++atOnce).to.equal(1);
      begun.push(performance.now());
      await wait(5);
      atOnce--;
      if (begun.length === 3) done();
      return begun.length === 1 ? 60 : 0;
    });
    turns.start();
    turns.start();
    await enough;
    await turns.stop();
    const [first, second] = begun as [number, number];
    // Timers are a little early now and then.
    expect(second - first).to.be.greaterThan(60);
  });

  it('ends a pause when it is stopped, and takes no turn after', async () => {
    let taken = 0;
    const turns = new Turns(async () => {
      taken++;
      return 3600_000;
    });
    turns.start();
    await wait(5);
    await turns.stop();
    expect(taken).to.equal(1);
    turns.start();
    await wait(5);
    expect(taken).to.equal(1);
  });

  it('waits for the turn under way, which learns that it is to end', async () => {
    const happened: string[] = [];
    const turns = new Turns(async () => {
      await new Promise((resolve) => turns.signal.addEventListener('abort', resolve));
      happened.push('told');
      await wait(20);
      happened.push('ended');
      return 0;
    });
    turns.start();
    await turns.stop();
    happened.push('stopped');
    expect(happened).to.deep.equal(['told', 'ended', 'stopped']);
  });

  it('takes none if it is stopped before it was started', async () => {
    let taken = 0;
    const turns = new Turns(async () => ++taken);
    await turns.stop();
    turns.start();
    await turns.stop();
    expect(taken).to.equal(0);
  });
});
