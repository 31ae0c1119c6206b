import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { readProductionConfig } from '../../src/config.ts';
import { makeEvaluationAuthority } from '../../src/timestamp/evaluation-authority.ts';
import { useTemporaryFolder } from '../support/temporary-folder.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** Contents of the page's fenced blocks of one language, in order. */
function blocks(page: string, language: string): string[] {
  return [...page.matchAll(new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\``, 'gms'))].map((match) => match[1] as string);
}

describe('docs/operation.md', () => {
  const temporaryFolder = useTemporaryFolder();
  let page: string;

  before(async () => {
    page = await readFile(join(ROOT, 'docs/operation.md'), 'utf8');
  });

  it('shows settings that the service takes', async () => {
    const json = blocks(page, 'json');
    const [chains] = json;
    const platform = json.find((block) => block.includes('"interests"'));
    const shown = blocks(page, 'sh').find((block) => block.startsWith('DATABASE_URL='));
    const lines = (shown ?? '').trim().split('\n');
    const environment = Object.fromEntries(lines.map((line) => line.split(/=(.*)/, 2) as [string, string]));
    environment.TIEZHENG_CHAINS_FILE = join(temporaryFolder(), 'chains.json');
    environment.TIEZHENG_PLATFORM_FILE = join(temporaryFolder(), 'platform.json');
    await writeFile(environment.TIEZHENG_CHAINS_FILE, chains ?? '');
    await writeFile(environment.TIEZHENG_PLATFORM_FILE, platform ?? '');

    environment.TIEZHENG_CALENDARS_FILE = join(temporaryFolder(), 'calendars.json');
    await writeFile(environment.TIEZHENG_CALENDARS_FILE, blocks(page, 'json').find((b) => /"urls"/.test(b)) ?? '');

    environment.TIEZHENG_AUTHORITIES_FILE = join(temporaryFolder(), 'authorities.json');
    const roots = join(temporaryFolder(), 'roots.pem');
    await writeFile(roots, await makeEvaluationAuthority(Date.now()));
    const authorities = json.find((block) => block.includes('"roots"')) ?? '';
    await writeFile(environment.TIEZHENG_AUTHORITIES_FILE, authorities.replace(/"\/etc[^"]+"/, JSON.stringify(roots)));

    environment.TIEZHENG_WITNESSES_FILE = join(temporaryFolder(), 'witnesses.json');
    await writeFile(environment.TIEZHENG_WITNESSES_FILE, json.find((block) => block.includes('"quorum"')) ?? '');

    environment.TIEZHENG_RENEWAL_FILE = join(temporaryFolder(), 'renewal.json');
    await writeFile(environment.TIEZHENG_RENEWAL_FILE, json.find((block) => block.includes('"monthsBefore"')) ?? '');

    const config = readProductionConfig(environment);
    expect(config.renewal).to.deep.include({ monthsBefore: 12, newDigest: 'sha512', automatic: 'nothing' });
    expect(config.witnesses).to.deep.include({ quorum: 1, withoutQuorum: 'mark', timeoutMs: 5000 });
    expect(config.authorities).to.have.length(1);
    expect(config.authorities[0]).to.include({ hash: 'sha256', timeoutMs: 10_000, maxAccuracyMs: 1000 });
    expect(config.calendars).to.deep.include({ alsoNames: [], timeoutMs: 20_000, intervalMs: 600_000 });
    expect(config.calendars?.urls).to.have.length(2);
    expect(config).to.include({ profile: 'production', publicUrl: 'https://evidence.example.org', port: 8040 });
    expect(config.objects).to.include({ kind: 's3', bucket: 'evidence-objects', prefix: '2026/', region: 'cn-east-1' });
    expect(config.chains).to.have.length(1);
    expect(config.chains[0]?.profile.finality).to.deep.equal({ rule: 'tag', tag: 'finalized' });
  });

  it('has a row for every setting', async () => {
    const source = await readFile(join(ROOT, 'src/config.ts'), 'utf8');
    const names = new Set(source.match(/\b(?:TIEZHENG_[A-Z0-9_]+|DATABASE_URL|HOST|PORT)\b/g));
    names.delete('TIEZHENG_DATA'); // The evaluation profile's alone.
    const rows = page.split('\n').filter((line) => line.startsWith('| `'));
    const documented = rows.flatMap((row) => row.split('|')[1]?.match(/[A-Z0-9_]+/g) ?? []);
    expect(documented).to.include.members([...names]);
  });
});
