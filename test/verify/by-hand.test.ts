import { execFileSync } from 'node:child_process';
import { copyFileSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { consoleBlocks, runCommands } from '../support/page-commands.ts';
import { useTemporaryFolder } from '../support/temporary-folder.ts';
import { VECTORS } from '../support/vectors.ts';

const PAGE = fileURLToPath(new URL('../../docs/verify-by-hand.md', import.meta.url));
/** What the page asks a reader to have. */
const TOOLS = 'command -v bash unzip sha256sum sha512sum xxd base64 tac fold && openssl dgst -sm3 /dev/null';

describe('docs/verify-by-hand.md', () => {
  const folder = useTemporaryFolder();

  it('has commands that print what stands below them', async function () {
    this.timeout(60_000);
    try {
      execFileSync('bash', ['-c', TOOLS], { stdio: 'ignore' });
    } catch {
      console.log('      skipped: one of unzip, coreutils, xxd and openssl 3 is missing');
      this.skip();
    }
    const commands = consoleBlocks(readFileSync(PAGE, 'utf8')).flatMap((block) => block.commands);
    expect(commands.length).to.be.greaterThan(50);
    copyFileSync(`${VECTORS}packages/good/package.zip`, join(folder(), 'package.zip'));
    copyFileSync(`${VECTORS}policies/office.json`, join(folder(), 'office.json'));
    const outputs = await runCommands(
      commands.map(({ command }) => command),
      folder(),
    );
    const printed = commands.map(({ command }, i) => ({ command, output: outputs[i] ?? 'nothing more ran' }));
    expect(printed).to.deep.equal(commands);
  });
});
