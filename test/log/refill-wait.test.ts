import { expect } from 'chai';
import { parseUtf8 } from '../../src/format/bytes.ts';
import { CheckpointSigner } from '../../src/log/checkpoint-signer.ts';
import { untilRefilled } from '../../src/log/refill-wait.ts';
import { encodeRegisterEntry } from '../../src/log/register-entry.ts';
import type { CheckpointRegister, RegisterValue } from '../../src/storage/checkpoint-register.ts';

const signer = new CheckpointSigner('log.example.org/refill', new Uint8Array(32).fill(7));

/** A register that promises `treeSize` leaves; null: it was never written. */
function registerAt(treeSize: bigint | null): CheckpointRegister {
  const note = treeSize === null ? null : signer.sign({ treeSize, rootHash: new Uint8Array(32) as never });
  const bytes = encodeRegisterEntry({
    claim: '00000000-0000-4000-8000-000000000001',
    checkpoint: note === null ? null : parseUtf8(note),
  });
  return {
    read: async (): Promise<RegisterValue | undefined> => (treeSize === null ? undefined : { version: '1', bytes }),
    compareAndSwap: () => Promise.reject(new Error('nobody writes here')),
  };
}

describe('untilRefilled', () => {
  const troubles: unknown[] = [];
  const parts = (register: CheckpointRegister, size: () => bigint) => ({
    register,
    keys: [signer.key],
    reader: { size: async () => size() },
    onTrouble: (error: unknown) => troubles.push(error),
  });
  beforeEach(() => {
    troubles.length = 0;
  });

  it('resolves at once for a log that has what was promised, or of which nothing was', async () => {
    const { signal } = new AbortController();
    expect(
      await untilRefilled(
        parts(registerAt(5n), () => 5n),
        signal,
      ),
    ).to.equal(true);
    expect(
      await untilRefilled(
        parts(registerAt(5n), () => 9n),
        signal,
      ),
    ).to.equal(true);
    expect(
      await untilRefilled(
        parts(registerAt(null), () => 0n),
        signal,
      ),
    ).to.equal(true);
  });

  it('waits for the last leaf promised', async () => {
    let size = 2n;
    const refilled = untilRefilled(
      parts(registerAt(4n), () => size++),
      new AbortController().signal,
    );
    expect(await refilled).to.equal(true);
    expect(size).to.equal(5n);
  });

  it('is false, and never true, for a log that stays behind until the service stops', async () => {
    const ending = new AbortController();
    setTimeout(() => ending.abort(), 300);
    expect(
      await untilRefilled(
        parts(registerAt(4n), () => 3n),
        ending.signal,
      ),
    ).to.equal(false);
  });

  it('asks again when register or database do not answer, and tells of it', async () => {
    let asked = 0;
    const broken = { ...registerAt(4n) };
    const { read } = broken;
    broken.read = () => (++asked === 1 ? Promise.reject(new Error('away')) : read());
    expect(
      await untilRefilled(
        parts(broken, () => 4n),
        new AbortController().signal,
      ),
    ).to.equal(true);
    expect(troubles.map((error) => (error as Error).message)).to.deep.equal(['away']);
  });
});
