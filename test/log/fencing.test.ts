import { expect } from 'chai';
import { parseRegisterEntry } from '../../src/log/register-entry.ts';
import { StorageError } from '../../src/storage/storage-error.ts';
import { rejectionOf } from '../support/coded-error.ts';
import { ACTS, type Act, Interference } from './interference.ts';
import { LogWorld, until } from './log-world.ts';

const IN_A_BATCH: Act[] = ['transaction', 'fence', 'leaves', 'marks', 'bundle', 'register', 'checkpoint', 'news'];
/** Short, so that a paused leader is replaced soon. */
const LEASE_MS = 400;

describe('fencing: two servers on one database', () => {
  let world: LogWorld;
  let interference: Interference;
  beforeEach(async function () {
    this.timeout(60_000);
    world = await LogWorld.open();
    interference = new Interference();
  });
  const wakes: (() => void)[] = [];
  afterEach(() => {
    for (const wake of wakes.splice(0)) wake();
    return world.close();
  });

  function pausing(): { pause: Promise<void>; wake: () => void } {
    let wake = () => {};
    const pause = new Promise<void>((resolve) => {
      wake = resolve;
    });
    wakes.push(wake);
    return { pause, wake };
  }

  const pausableServer = () =>
    world.server(
      {
        db: interference.database(world.openDatabase('paused')),
        objects: interference.objects(world.objects),
        register: interference.register(world.register),
      },
      { leaseMs: LEASE_MS },
    );

  for (const act of IN_A_BATCH) {
    for (const moment of ['before', 'after'] as const) {
      it(`a leader paused ${moment} ${ACTS[act]} is replaced, and lets nothing out when it wakes`, async () => {
        const paused = await pausableServer();
        await world.deposit(paused.sequencer, 'first');
        const { pause, wake } = pausing();
        const asleep = interference.at(act, async (real) => {
          if (moment === 'before') await pause;
          const result = await real();
          if (moment === 'after') await pause;
          return result;
        });
        const underway = Array.from({ length: 5 }, (_, i) => world.deposit(paused.sequencer, `underway ${i}`));
        await asleep;

        const other = await world.server({}, { leaseMs: LEASE_MS });
        await until('the other one leads', () => other.sequencer.state().leading);
        await Promise.all(Array.from({ length: 5 }, (_, i) => world.deposit(other.sequencer, `meanwhile ${i}`)));

        wake();
        await Promise.all(underway);
        await until('one leads', () => paused.sequencer.state().leading !== other.sequencer.state().leading);
        await Promise.all([
          ...Array.from({ length: 5 }, (_, i) => world.deposit(paused.sequencer, `later ${i}`)),
          ...Array.from({ length: 5 }, (_, i) => world.deposit(other.sequencer, `later too ${i}`)),
        ]);
        expect(paused.sequencer.state().stopped).to.equal(undefined);
        expect(other.sequencer.state().stopped).to.equal(undefined);
        expect(await world.audit()).to.deep.equal({ size: 22n });
      });
    }
  }

  it('a leader paused at its claim finds the register claimed by another', async () => {
    const { pause, wake } = pausing();
    const asleep = interference.at('claim', async (real) => {
      await pause;
      return real();
    });
    const paused = await pausableServer();
    await asleep;
    const other = await world.server({}, { leaseMs: LEASE_MS });
    await world.deposit(other.sequencer, 1);
    const claimed = (await world.register.read())?.version;
    wake();
    await world.deposit(paused.sequencer, 2);
    expect((await world.register.read())?.version).to.not.equal(claimed);
    expect(await world.audit()).to.deep.equal({ size: 3n });
  });

  it('a leader paused before the register lets nothing out once another has claimed it, though that one wrote no leaf', async () => {
    const paused = await pausableServer();
    await world.deposit(paused.sequencer, 'first');
    const { pause, wake } = pausing();
    const asleep = interference.at('register', async (real) => {
      await pause;
      return real();
    });
    const lost = rejectionOf(world.deposit(paused.sequencer, 'lost', 3000), 'integration-timeout');
    await asleep;
    // The backup knows nothing of the leaf that the sleeper is about to promise.
    await world.setBack(2n);
    const other = await world.server({}, { leaseMs: LEASE_MS });
    await until('the other one leads', () => other.sequencer.state().leading);
    const claimed = await world.register.read();

    wake();
    await lost;
    expect(await world.leaves()).to.have.length(2);
    expect(parseRegisterEntry((await world.register.read())!.bytes, world.signer.key)?.checkpoint.treeSize).to.equal(
      2n,
    );
    expect(parseRegisterEntry(claimed!.bytes, world.signer.key)?.checkpoint.treeSize).to.equal(2n);
    await world.deposit(other.sequencer, 'next');
    expect(other.sequencer.state().stopped).to.equal(undefined);
    expect(await world.audit()).to.deep.equal({ size: 3n });
  });

  it('a leader whose database was set back under it lets nothing out', async () => {
    const { sequencer } = await pausableServer();
    await world.deposit(sequencer, 1);
    const term = sequencer.term();
    await world.setBack(1n);
    await world.deposit(sequencer, 2);
    expect(sequencer.term()?.epoch).to.not.equal(term?.epoch);
    expect(await world.audit()).to.deep.equal({ size: 3n });
  });

  it('a leader whose connection ends is replaced without waiting for its lease', async () => {
    const first = await world.server({ db: world.openDatabase('first') }, { leaseMs: 60_000 });
    await world.deposit(first.sequencer, 1);
    const second = await world.server({}, { leaseMs: 60_000 });
    await world.killConnections('first');
    await world.deposit(second.sequencer, 2);
    await world.audit();
  });

  it('a leader that stops lets the other one lead at once', async () => {
    const first = await world.server({}, { leaseMs: 60_000 });
    await world.deposit(first.sequencer, 1);
    const second = await world.server({}, { leaseMs: 60_000 });
    await first.sequencer.stop();
    await world.deposit(second.sequencer, 2);
    expect(second.sequencer.state().leading).to.equal(true);
    await world.audit();
  });

  it('ends the term when the register is at another version, and goes on from what is there', async () => {
    const server = await pausableServer();
    await world.deposit(server.sequencer, 1);
    const epoch = server.sequencer.term()?.epoch;
    void interference.at('register', () => Promise.reject(new StorageError('register-conflict', 'another version')));
    await world.deposit(server.sequencer, 2);
    await until('leads again', () => server.sequencer.state().leading);
    expect(server.sequencer.term()?.epoch).to.not.equal(epoch);
    await world.audit();
  });

  it('eight servers that start at once open one log and agree on it', async () => {
    const servers = await Promise.all(Array.from({ length: 8 }, () => world.server()));
    await Promise.all(
      servers.flatMap(({ sequencer }, s) => Array.from({ length: 5 }, (_, i) => world.deposit(sequencer, `${s} ${i}`))),
    );
    await until('one leads', () => servers.filter(({ sequencer }) => sequencer.state().leading).length === 1);
    expect(await world.audit()).to.deep.equal({ size: 41n });
  });
});
