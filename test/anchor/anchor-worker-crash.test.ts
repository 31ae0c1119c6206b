import { expect } from 'chai';
import type { AnchorWorker } from '../../src/anchor/anchor-worker.ts';
import type { ChainProfile } from '../../src/anchor/chain-profile.ts';
import { useAnvil } from '../support/anvil.ts';
import { AnchorInterference, type Fault } from './anchor-interference.ts';
import { AFTER_THREE, AnchorWorld, AT_ONCE, INTERVAL_MS, STUCK_AFTER_MS } from './anchor-world.ts';

/** A server whose anchoring meets a fault; if that ends it, another one without faults is started in its place. */
class Server {
  readonly interference: AnchorInterference;
  readonly #world: AnchorWorld;
  readonly #profile: ChainProfile;
  #worker: AnchorWorker;

  constructor(world: AnchorWorld, profile: ChainProfile, fault?: Fault) {
    this.#world = world;
    this.#profile = profile;
    this.interference = new AnchorInterference(fault);
    this.#worker = world.worker({
      db: this.interference.database(world.db),
      client: this.interference.client(world.client(profile)),
      log: world.parts().log,
      maxFeePerGas: NO_CEILING,
    });
  }

  async turn(): Promise<void> {
    const { interference } = this;
    const before = interference.isMet;
    await this.#worker.turn();
    if (before || !interference.isMet) return;
    if (interference.isDead) {
      this.#worker = this.#world.worker({ client: this.#world.client(this.#profile), maxFeePerGas: NO_CEILING });
    }
    await this.#worker.turn();
  }
}

/** anvil calls usual what was paid before, so that every replacement makes the next ones dearer. */
const NO_CEILING = 10n ** 24n;

interface Course {
  profile: ChainProfile;
  /** How many transactions may be signed in it when there is no fault, and when there is. */
  signed: { normally: number; least: number; most: number };
  run(world: AnchorWorld, server: Server): Promise<void>;
}

/** What happens around one checkpoint until its anchor is final. Each server gets its turns; the last one finds nothing to do. */
const COURSES: Record<string, Course> = {
  'from publication to final': {
    profile: AT_ONCE,
    // What was signed is sent again, not signed again.
    signed: { normally: 1, least: 1, most: 1 },
    async run(_, server) {
      await server.turn();
      await server.turn();
    },
  },
  'while no block takes the transaction and it is replaced': {
    profile: AT_ONCE,
    signed: { normally: 2, least: 1, most: 3 },
    async run(world, server) {
      await world.rpc('evm_setAutomine', [false]);
      await server.turn();
      world.nowMs += STUCK_AFTER_MS;
      await server.turn();
      await world.mine();
      await world.rpc('evm_setAutomine', [true]);
      await server.turn();
      await server.turn();
    },
  },
  'while the block that held it disappears': {
    profile: AFTER_THREE,
    signed: { normally: 1, least: 1, most: 1 },
    async run(world, server) {
      const before = await world.rpc('evm_snapshot');
      await server.turn();
      await world.rpc('evm_revert', [before]);
      await world.mine();
      await server.turn();
      await server.turn();
      await world.mine(3);
      await server.turn();
      await server.turn();
    },
  },
};
const [PLAIN_COURSE] = Object.keys(COURSES);

describe('AnchorWorker: crash table', function () {
  this.timeout(180_000);
  const anvil = useAnvil();
  let world: AnchorWorld;
  before(async () => {
    world = await AnchorWorld.open(anvil());
    await world.rpc('anvil_setBalance', [world.anchorer.address, `0x${(10n ** 40n).toString(16)}`]);
  });
  after(() => world.close());

  /** Publishes, lets the course run, and looks at what is there in the end. */
  async function run(course: string, fault?: Fault): Promise<AnchorInterference> {
    world.nowMs += INTERVAL_MS;
    const treeSize = await world.publish();
    const { profile, signed: allowed, run: happen } = COURSES[course]!;
    const server = new Server(world, profile, fault);
    await happen(world, server);
    const rows = await world.rows();
    const row = rows.at(-1)!;
    expect(row.treeSize).to.equal(treeSize);
    expect(rows.filter(({ state }) => state !== 'final')).to.deep.equal([]);
    expect((await world.events()).filter((event) => event.treeSize === treeSize).length).to.equal(1);
    expect(await world.openAlarms()).to.deep.equal([]);
    const signed = await world.transactions(row.anchorId);
    expect(new Set(signed.map(({ nonce }) => nonce)).size, 'nonces signed for').to.equal(1);
    const [least, most] = fault === undefined ? [allowed.normally, allowed.normally] : [allowed.least, allowed.most];
    expect(signed.length, 'transactions signed').to.be.within(least, most);
    return server.interference;
  }

  for (const course of Object.keys(COURSES)) {
    // A process that lives on does what a new one does: it has nothing in memory. Seen once, that is enough.
    for (const then of course === PLAIN_COURSE ? (['die', 'go on'] as const) : (['die'] as const)) {
      const what = then === 'die' ? 'the process ends' : 'no answer comes';
      it(`anchors once and consistently when ${what} at any write or call, ${course}`, async () => {
        const { acts, withEffect } = await run(course);
        expect(acts).to.include.members([
          'head',
          'simulateAnchor',
          'sendRaw',
          'insert into anchor_transaction',
          'receipt',
        ]);
        expect(acts.filter((act) => act === 'transaction').length).to.be.at.least(4);
        for (const [act, name] of acts.entries()) {
          // An end at a call that changes nothing is an end after the change before it: once through them all is enough.
          const isTried = withEffect.has(act) || (then === 'die' && course === PLAIN_COURSE);
          if (!isTried) continue;
          for (const when of withEffect.has(act) ? (['before', 'after'] as const) : (['before'] as const)) {
            try {
              const met = await run(course, { act, when, then });
              expect(met.isMet).to.equal(true);
            } catch (error) {
              (error as Error).message = `${when} act ${act}, ${name}: ${(error as Error).message}`;
              throw error;
            }
          }
        }
        await world.audit();
      });
    }
  }
});
