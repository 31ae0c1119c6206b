import { type ChildProcess, fork, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { expect } from 'chai';
import { FileCheckpointRegister } from '../../src/storage/file-register.ts';
import { itBehavesLikeACheckpointRegister } from '../support/checkpoint-register-suite.ts';
import { rejectionOf } from '../support/coded-error.ts';
import { useTemporaryFolder } from '../support/temporary-folder.ts';

describe('FileCheckpointRegister', () => {
  const folder = useTemporaryFolder();

  itBehavesLikeACheckpointRegister('FileCheckpointRegister', () => FileCheckpointRegister.open(folder()));

  it('keeps a bounded number of files', async () => {
    const register = await FileCheckpointRegister.open(folder());
    let version: string | undefined;
    for (let i = 0; i < 80; i++) version = (await register.compareAndSwap(version, Buffer.from(`${i}`))).version;
    expect(readdirSync(folder()).filter((name) => name !== 'scratch')).to.have.length(64);
    const scratch = join(folder(), 'scratch');
    expect(readdirSync(scratch).flatMap((name) => readdirSync(join(scratch, name)))).to.deep.equal([]);
  });

  it('does not let a writer win that slept while its number was used and pruned', async () => {
    const register = await FileCheckpointRegister.open(folder());
    let version = (await register.compareAndSwap(undefined, Buffer.from('0'))).version;
    // The sleeper looked when the register was at 1. It wakes when its target, number 2, is long gone.
    const sleeper = await FileCheckpointRegister.open(folder());
    const woken = Promise.withResolvers<void>();
    const looked = Promise.withResolvers<void>();
    const bytes = Buffer.from('from the past');
    const attempt = sleeper.compareAndSwap(version, asleepIn(bytes, looked, woken.promise) as unknown as Uint8Array);
    await looked.promise;
    for (let i = 1; i < 100; i++) version = (await register.compareAndSwap(version, Buffer.from(`${i}`))).version;
    woken.resolve();
    await rejectionOf(attempt, 'storage-failed');
    expect(Buffer.from((await register.read())!.bytes).toString()).to.equal('99');
    expect((await register.compareAndSwap(version, Buffer.from('100'))).version).to.equal('0000000000000101');
  });

  it('lets exactly one of ten racing processes win, round after round', async function () {
    this.timeout(60_000);
    const writers = Array.from({ length: 10 }, (_, i) =>
      fork(new URL('../support/racing-register-writer.ts', import.meta.url), [folder(), String(i)]),
    );
    try {
      await Promise.all(writers.map((writer) => once(writer, 'message')));
      const register = await FileCheckpointRegister.open(folder());
      let expected: string | null = null;
      for (let round = 0; round < 10; round++) {
        const answers: { won: string | null; code?: string }[] = await Promise.all(
          writers.map(async (writer) => {
            const answer = once(writer, 'message');
            writer.send({ round, expected });
            return (await answer)[0];
          }),
        );
        const winners = answers.flatMap(({ won }, i) => (won === null ? [] : [i]));
        expect(winners).to.have.length(1);
        for (const { won, code } of answers) if (won === null) expect(code).to.equal('register-conflict');
        const value = await register.read();
        expect(Buffer.from(value!.bytes).toString()).to.equal(`${round} by ${winners[0]}`);
        expected = value!.version;
      }
    } finally {
      await Promise.all(writers.map(end));
    }
  });

  it('holds the old value or the new one after SIGKILL at any moment', async function () {
    this.timeout(60_000);
    let acknowledged = 0;
    for (let round = 0; round < 8; round++) {
      const script = new URL('../support/restless-register-writer.ts', import.meta.url).pathname;
      const writer = spawn(process.execPath, [script, folder()], { stdio: ['ignore', 'pipe', 'inherit'] });
      let output = '';
      writer.stdout.setEncoding('utf8').on('data', (text: string) => {
        output += text;
      });
      await once(writer.stdout, 'data');
      await delay(round * 7);
      await end(writer);
      const lines = output.trim().split('\n');
      const last = (kind: string) =>
        Number(lines.findLast((line) => line.startsWith(kind))?.split(' ')[1] ?? acknowledged);
      acknowledged = last('ok');
      const value = await (await FileCheckpointRegister.open(folder())).read();
      expect(Number(Buffer.from(value?.bytes ?? Buffer.from('0')).toString())).to.be.within(acknowledged, last('try'));
      acknowledged = Number(Buffer.from(value?.bytes ?? Buffer.from('0')).toString());
    }
    expect(acknowledged).to.be.greaterThan(0);
  });

  it('says storage-failed when its folder is gone', async () => {
    const register = await FileCheckpointRegister.open(join(folder(), 'register'));
    rmSync(join(folder(), 'register'), { recursive: true });
    await rejectionOf(register.read(), 'storage-failed');
    await rejectionOf(register.compareAndSwap(undefined, Buffer.from('x')), 'storage-failed');
  });
});

/** Content that the register begins to write, so after its look at the folder, and can only finish when woken. */
function asleepIn(bytes: Buffer, looked: PromiseWithResolvers<void>, woken: Promise<void>) {
  return {
    length: bytes.length,
    async *[Symbol.asyncIterator]() {
      looked.resolve();
      await woken;
      yield bytes;
    },
  };
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exit = once(child, 'exit');
  child.kill('SIGKILL');
  await exit;
}
