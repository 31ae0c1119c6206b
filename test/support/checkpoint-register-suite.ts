import { expect } from 'chai';
import type { CheckpointRegister } from '../../src/storage/checkpoint-register.ts';
import { rejectionOf } from './coded-error.ts';

/** What every CheckpointRegister must do. `open` gives a new handle on the same cell, which is empty for each test. */
export function itBehavesLikeACheckpointRegister(kind: string, open: () => Promise<CheckpointRegister>): void {
  describe(`${kind} as a checkpoint register`, () => {
    let register: CheckpointRegister;
    beforeEach(async () => {
      register = await open();
    });
    const text = (value: { bytes: Uint8Array } | undefined) => value && Buffer.from(value.bytes).toString();

    it('is empty at first', async () => {
      expect(await register.read()).to.equal(undefined);
    });

    it('takes values one after the other and gives the newest to every handle', async () => {
      let version: string | undefined;
      for (let i = 0; i < 150; i++) {
        version = (await register.compareAndSwap(version, Buffer.from(`checkpoint ${i}`))).version;
        const value = await register.read();
        expect(text(value)).to.equal(`checkpoint ${i}`);
        expect(value?.version).to.equal(version);
      }
      expect(text(await (await open()).read())).to.equal('checkpoint 149');
    });

    it('refuses a first value when there is one', async () => {
      await register.compareAndSwap(undefined, Buffer.from('one'));
      await rejectionOf(register.compareAndSwap(undefined, Buffer.from('two')), 'register-conflict');
      expect(text(await register.read())).to.equal('one');
    });

    it('refuses an expected version when there is none', async () => {
      const { version } = await register.compareAndSwap(undefined, Buffer.from('one'));
      const other = version.replace(/[0-9a-f]/, (digit) => (digit === '7' ? '8' : '7'));
      await rejectionOf(register.compareAndSwap(other, Buffer.from('two')), 'register-conflict');
      expect(text(await register.read())).to.equal('one');
    });

    for (const newer of [1, 2, 100]) {
      it(`refuses the version before the last ${newer}`, async () => {
        const stale = (await register.compareAndSwap(undefined, Buffer.from('old'))).version;
        let version = stale;
        for (let i = 0; i < newer; i++)
          version = (await register.compareAndSwap(version, Buffer.from(`new ${i}`))).version;
        await rejectionOf(register.compareAndSwap(stale, Buffer.from('from the past')), 'register-conflict');
        expect(text(await register.read())).to.equal(`new ${newer - 1}`);
      });
    }

    it('lets exactly one of ten racing writers win, round after round', async () => {
      let version: string | undefined;
      for (let round = 0; round < 20; round++) {
        const handles = await Promise.all(Array.from({ length: 10 }, open));
        const expected = version;
        const results = await Promise.allSettled(
          handles.map((handle, i) => handle.compareAndSwap(expected, Buffer.from(`${round} by ${i}`))),
        );
        const winners = results.flatMap((result, i) => (result.status === 'fulfilled' ? [i] : []));
        expect(winners).to.have.length(1);
        for (const result of results) {
          if (result.status === 'rejected') expect(result.reason).to.have.property('code', 'register-conflict');
        }
        const value = await register.read();
        expect(text(value)).to.equal(`${round} by ${winners[0]}`);
        version = value?.version;
      }
    });

    it('keeps 64 KiB and refuses more', async () => {
      const bytes = Buffer.alloc(64 * 1024, 7);
      const { version } = await register.compareAndSwap(undefined, bytes);
      expect(Buffer.from((await register.read())!.bytes).equals(bytes)).to.equal(true);
      await rejectionOf(register.compareAndSwap(version, Buffer.alloc(64 * 1024 + 1)), 'storage-failed');
    });
  });
}
