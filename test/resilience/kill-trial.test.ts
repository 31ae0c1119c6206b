import { expect } from 'chai';
import { runKillTrial } from './kill-trial.ts';
import { chosenSeed } from './seeded-random.ts';

describe('the evaluation service, killed at random moments while clients deposit', function () {
  this.timeout(300_000);

  it('keeps every promise when it, its chain and its database are killed three times each', async () => {
    const seed = chosenSeed();
    const said: string[] = [`seed ${seed}: repeat with TIEZHENG_SEED=${seed}`];
    try {
      const outcome = await runKillTrial({
        victims: ['service', 'anvil', 'postgres'],
        times: 3,
        seed,
        clients: 3,
        longestMomentMs: 800,
        pauseMs: 1500,
        thorough: false,
        say: (text) => said.push(text),
      });
      expect(outcome.kills).to.be.at.least(9);
      expect(outcome.certificates, 'certificates given out on the way').to.be.at.least(1);
      expect(outcome.repeated, 'deposits that a kill broke off').to.be.at.least(1);
    } catch (error) {
      console.log(said.join('\n'));
      throw error;
    }
  });
});
