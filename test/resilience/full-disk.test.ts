import { execFile } from 'node:child_process';
import { mkdir, open, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import { expect } from 'chai';
import { openTrust } from '../../src/verify/trust.ts';
import { Depositors } from './depositors.ts';
import { expectReceiptsKept, listDeposits, readPublicLog } from './promises.ts';
import { RunningService } from './running-service.ts';
import { SeededRandom } from './seeded-random.ts';

const run = promisify(execFile);
const MIB = 1024 * 1024;
const LARGE = new SeededRandom(5).bytes(6 * MIB);

describe('the evaluation service whose object store has no room', function () {
  this.timeout(300_000);
  let service: RunningService;
  let apiKey: string;
  let mounted = false;
  const objects = () => join(service.data, 'objects');

  before(async () => {
    service = await RunningService.create();
    await mkdir(objects());
    // A disk of its own that can be filled; only root can mount one.
    mounted = await run('mount', ['-t', 'tmpfs', '-o', 'size=16m', 'tmpfs', objects()]).then(
      () => true,
      () => false,
    );
    await service.start();
    await service.ready();
    ({ apiKey } = await service.evaluation());
  });
  after(async () => {
    await service.stopIfRunning();
    if (mounted) await run('umount', [objects()]);
    await service.close();
  });

  const upload = async (bytes: Uint8Array<ArrayBuffer>) => {
    const form = new FormData();
    form.append('files', new Blob(['a small file beside it']), 'small.txt');
    form.append('files', new Blob([bytes]), 'large.bin');
    const headers = { authorization: `Bearer ${apiKey}` };
    const response = await fetch(`${service.url}/api/v1/deposits`, { method: 'POST', body: form, headers });
    const body = (await response.json()) as { code?: string; depositId?: string };
    return { status: response.status, ...body };
  };
  /** What a refused upload must not leave: deposits and files, those of the log aside. */
  const leftovers = async () => {
    const names = await readdir(objects(), { recursive: true, withFileTypes: true });
    const files = names.filter((entry) => entry.isFile() && !entry.parentPath.includes('/objects/log'));
    const deposits = await listDeposits(service.url, apiKey);
    return { files: files.map(({ name }) => name).sort(), deposits: deposits.map(({ depositId }) => depositId) };
  };
  const expectTaken = async () => {
    const taken = await upload(LARGE);
    expect(taken.status).to.equal(201);
    const served = await fetch(`${service.url}/api/v1/deposits/${taken.depositId}/files/1`, {
      headers: { authorization: `Bearer ${apiKey}` },
    });
    expect(Buffer.from(await served.arrayBuffer()).equals(LARGE)).to.equal(true);
  };

  it('answers 507 under a limit on file sizes, leaves nothing, and takes the file once the limit is gone', async function () {
    const limit = (soft: string) => run('prlimit', ['--pid', String(service.pid), `--fsize=${soft}:`]);
    if (
      !(await limit('unlimited').then(
        () => true,
        () => false,
      ))
    )
      this.skip(); // No prlimit(1) on this system.
    const before = await leftovers();
    await limit(String(4 * MIB));
    const refused = await upload(LARGE);
    expect([refused.status, refused.code]).to.deep.equal([507, 'storage-full']);
    expect(await leftovers()).to.deep.equal(before);
    await limit('unlimited');
    await expectTaken();
  });

  describe('because its disk is full', () => {
    const filler = () => join(objects(), 'filler');
    before(function () {
      if (!mounted) this.skip(); // Only root can mount a small disk.
    });

    it('answers 507 to a large file and leaves nothing', async () => {
      await fill(filler(), 2 * MIB);
      const before = await leftovers();
      const refused = await upload(LARGE);
      expect([refused.status, refused.code]).to.deep.equal([507, 'storage-full']);
      expect(await leftovers()).to.deep.equal(before);
    });

    it('keeps what goes into the database without promising anything, and says so', async () => {
      await fill(filler(), 0);
      const depositors = new Depositors([service.url], apiKey, 6, 1500);
      const deposit = depositors.depositOne();
      await until('readiness tells of it', async () => {
        const { checks } = (await (await fetch(`${service.url}/readyz`)).json()) as {
          checks: { name: string; status: string; reason: string | null }[];
        };
        return checks.some(({ name, reason }) => name === 'log' && reason === 'storage-full');
      });
      await delay(3000);
      expect(depositors.acknowledged, 'nobody was promised anything').to.deep.equal([]);

      await rm(filler());
      const acknowledged = await deposit;
      expect(acknowledged.attempts).to.be.greaterThan(1);
      const trust = openTrust(await service.policy(), [], undefined);
      await expectReceiptsKept([acknowledged], await readPublicLog(service.url), trust);
    });

    it('takes large files again once there is room', expectTaken);
  });
});

/** Writes zeros until the disk is full, then gives `freeBytes` back. */
async function fill(path: string, freeBytes: number): Promise<void> {
  const file = await open(path, 'a');
  try {
    for (const chunk = Buffer.alloc(64 * 1024); ; ) await file.write(chunk);
  } catch (error) {
    expect((error as NodeJS.ErrnoException).code).to.equal('ENOSPC');
    const { size } = await file.stat();
    await file.truncate(Math.max(0, size - freeBytes));
  } finally {
    await file.close();
  }
}

async function until(what: string, holds: () => Promise<boolean>): Promise<void> {
  for (const endMs = performance.now() + 60_000; !(await holds()); ) {
    if (performance.now() > endMs) throw new Error(`${what}: not within 60 s`);
    await delay(100);
  }
}
