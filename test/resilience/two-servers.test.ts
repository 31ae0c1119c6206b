import { expect } from 'chai';
import { chosenSeed } from './seeded-random.ts';
import { runPauseTrial } from './two-servers.ts';

describe('two servers on one database, the leading one paused', function () {
  this.timeout(300_000);

  it('makes one log without a fork, each acknowledged leaf in it once', async () => {
    const seed = chosenSeed();
    const said: string[] = [`seed ${seed}: repeat with TIEZHENG_SEED=${seed}`];
    try {
      // Longer than the lease, so that the other server takes over; then shorter.
      const outcome = await runPauseTrial({
        pausesMs: [7000, 500],
        seed,
        clients: 3,
        say: (text) => said.push(text),
      });
      expect(outcome.takeovers, 'pauses in which the other server went on').to.be.at.least(1);
      expect(outcome.repeated).to.be.at.least(1);
    } catch (error) {
      console.log(said.join('\n'));
      throw error;
    }
  });
});
