import { expect } from 'chai';
import { chosenSeed } from './seeded-random.ts';
import { runPauseTrial } from './two-servers.ts';

describe('two servers on one database, the leading one paused', function () {
  this.timeout(300_000);

  it('makes one log without a fork, each acknowledged leaf in it once', async () => {
    const seed = chosenSeed();
    const said: string[] = [`seed ${seed}: repeat with TIEZHENG_SEED=${seed}`];
    try {
      // Twice longer than the lease, so that the other server takes over and each leads once; once shorter.
      const outcome = await runPauseTrial({
        pausesMs: [8000, 1000, 8000],
        seed,
        clients: 3,
        say: (text) => said.push(text),
      });
      expect(outcome.takeovers, 'pauses in which the other server went on').to.be.at.least(2);
      expect(outcome.repeated).to.be.at.least(1);
    } catch (error) {
      console.log(said.join('\n'));
      throw error;
    }
  });
});
