import { expect } from 'chai';
import { runUploadTrial } from './upload-trial.ts';

describe('an upload that is interrupted five times', () => {
  it('ends with the digests that were deposited, and one with a changed byte is refused', async function () {
    this.timeout(300_000);
    const said: string[] = [];
    const outcome = await runUploadTrial({
      sizeBytes: 64 * 1024 ** 2 + 12_345,
      withPackage: true,
      interruptions: ['network', 'tab', 'kill', 'network', 'kill'],
      say: (text) => said.push(text),
    });
    expect(outcome.interruptions, said.join('\n')).to.equal(5);
    // At each interruption, no more than a part that was not whole yet and what was on its way.
    expect(outcome.sentAgain, said.join('\n')).to.be.below(5 * 24 * 1024 ** 2);
  });
});
