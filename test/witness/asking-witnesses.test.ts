import type { ServerResponse } from 'node:http';
import { join } from 'node:path';
import { expect } from 'chai';
import { clearAlarm, raiseAlarm, selectOpenAlarms } from '../../src/db/alarms.ts';
import { selectCosignatures } from '../../src/db/attestations.ts';
import { selectNewestPublication } from '../../src/db/leaves.ts';
import { encodeUtf8, sha256 } from '../../src/format/bytes.ts';
import { parseCheckpoint } from '../../src/format/checkpoint.ts';
import { encodeAddCheckpoint } from '../../src/format/tlog-witness.ts';
import type { LogReader } from '../../src/log/log-reader.ts';
import { Publisher } from '../../src/log/publisher.ts';
import type { Sequencer } from '../../src/log/sequencer.ts';
import { checkCosignatures } from '../../src/verify/cosignatures.ts';
import { askedLog } from '../../src/witness/own-log.ts';
import { WitnessCircle } from '../../src/witness/witness-circle.ts';
import type { WitnessSettings } from '../../src/witness/witness-settings.ts';
import { LogWorld, until } from '../log/log-world.ts';
import { rejectionOf } from '../support/coded-error.ts';
import { useTemporaryFolder } from '../support/temporary-folder.ts';
import { trusting } from '../support/trust-policy.ts';
import { type Misbehaviour, type RunningWitness, startWitness } from './witness-world.ts';

interface Asking {
  sequencer: Sequencer;
  reader: LogReader;
  publisher: Publisher;
  circle: WitnessCircle;
  troubles: string[];
}

const reply = (res: ServerResponse, status: number, body: string, type = 'text/plain'): true => {
  res.writeHead(status, { 'content-type': type });
  res.end(body);
  return true;
};

describe('asking witnesses before a publication', () => {
  const folder = useTemporaryFolder();
  let world: LogWorld;
  let witnesses: RunningWitness[];
  const publishers: Publisher[] = [];

  beforeEach(async function () {
    this.timeout(60_000);
    world = await LogWorld.open();
    witnesses = await Promise.all(
      ['a.example.org', 'b.example.org', 'c.example.org'].map((name) =>
        startWitness(name, [world.signer.vkey], { folder: folder() }),
      ),
    );
  });
  afterEach(async () => {
    await Promise.all(publishers.splice(0).map((publisher) => publisher.stop()));
    await world.close();
    await Promise.all(witnesses.map((witness) => witness.stop()));
  });

  /** A server that asks the witnesses, and publishes when told. */
  async function open(
    settings: Partial<Pick<WitnessSettings, 'quorum' | 'withoutQuorum' | 'timeoutMs'>> = {},
  ): Promise<Asking> {
    const { sequencer, reader, db } = await world.server();
    const troubles: string[] = [];
    const circle = new WitnessCircle(
      {
        q: db.pool,
        log: askedLog(db.pool, reader, world.signer.key),
        nowMs: Date.now,
        onTrouble: (error) => troubles.push((error as { code: string }).code),
      },
      {
        witnesses: witnesses.map(({ key, url }) => ({ vkey: key.vkey, url })),
        quorum: 2,
        withoutQuorum: 'stop',
        // A busy machine must not make honest witnesses late.
        timeoutMs: 20_000,
        ...settings,
      },
    );
    const publisher = new Publisher({ q: db.pool, reader, sequencer, cosigners: circle }, 60_000);
    publishers.push(publisher);
    await until('a server leads', () => sequencer.state().leading || sequencer.state().stopped !== undefined);
    return { sequencer, reader, publisher, circle, troubles };
  }

  /** The check that a reader makes who trusts all three and asks for `quorum` of them. */
  async function verdict(treeSize: bigint, quorum = 2) {
    const { rows } = await world.db.pool.query<{ note: Buffer }>('select note from checkpoint where tree_size = $1', [
      treeSize,
    ]);
    const lines = (await selectCosignatures(world.db.pool, treeSize)).map(({ line }) => line);
    const trust = trusting({ witnesses: { keys: witnesses.map(({ key }) => key.vkey), quorum } });
    const { note } = parseCheckpoint(new Uint8Array((rows[0] as { note: Buffer }).note));
    return checkCosignatures(note.text, lines, null, trust);
  }

  const openAlarms = async () => (await selectOpenAlarms(world.db.pool)).map(({ code }) => code);

  it('publishes with the cosignatures of all, which a reader can check', async () => {
    const { sequencer, publisher, circle } = await open();
    await world.deposit(sequencer, 1);
    expect(await publisher.publish(0)).to.equal(2n);
    const check = await verdict(2n, 3);
    expect(check.status).to.equal('passed');
    expect(check.facts.present).to.equal('3');
    expect(circle.trouble()).to.deep.equal([]);
  });

  it('proves to each witness how the log grew since it last asked that one', async () => {
    const { sequencer, publisher } = await open();
    await publisher.publish(0);
    for (let i = 0; i < 4; i++) {
      await world.deposit(sequencer, i);
      expect(await publisher.publish(0)).to.equal(BigInt(i + 2));
    }
    expect((await verdict(5n, 3)).status).to.equal('passed');
    expect(witnesses[0]?.requests.map((body) => body.slice(0, body.indexOf('\n')))).to.deep.equal([
      'old 0',
      'old 1',
      'old 2',
      'old 3',
      'old 4',
    ]);
  });

  it('asks nobody twice for what a crash left stored before the publication', async () => {
    const { sequencer, reader, publisher, circle } = await open();
    await world.deposit(sequencer, 1);
    const newest = reader.latestCheckpoint() as NonNullable<ReturnType<LogReader['latestCheckpoint']>>;
    expect((await circle.ask(newest, new AbortController().signal)).present).to.equal(3);
    expect(await selectNewestPublication(world.db.pool)).to.equal(undefined);
    expect(await publisher.publish(0)).to.equal(2n);
    expect(witnesses.map(({ requests }) => requests.length)).to.deep.equal([1, 1, 1]);
  });

  it('is not asked for a receipt', async () => {
    const { sequencer } = await open();
    await world.deposit(sequencer, 1);
    expect(witnesses.map(({ requests }) => requests.length)).to.deep.equal([0, 0, 0]);
  });

  it('asks a witness from nothing when the database forgot what it cosigned, and is told', async () => {
    const first = await open();
    await world.deposit(first.sequencer, 1);
    await first.publisher.publish(0);
    await first.sequencer.stop();
    await world.db.transaction(async (client) => {
      await client.query(`set local session_replication_role = 'replica'`);
      await client.query('delete from cosignature');
    });
    const second = await open();
    await world.deposit(second.sequencer, 2);
    expect(await second.publisher.publish(0)).to.equal(3n);
    expect((await verdict(3n, 3)).status).to.equal('passed');
  });

  it('goes on when a witness was set back to an earlier state, and that one cosigns again', async () => {
    const { sequencer, publisher } = await open();
    await publisher.publish(0);
    await world.deposit(sequencer, 1);
    await publisher.publish(0);
    const [stolen] = witnesses as [RunningWitness];
    const { key, url } = stolen;
    // A new, empty folder is the earliest state there is.
    const rolledBack = await startWitness('a.example.org', [world.signer.vkey], { folder: join(folder(), 'old'), key });
    stolen.misbehave(async (req, res, body) => {
      const answer = await fetch(`${rolledBack.url}${req.url}`, { method: 'POST', body });
      return reply(res, answer.status, await answer.text(), answer.headers.get('content-type') ?? '');
    });
    expect(url).to.equal(stolen.url);
    await world.deposit(sequencer, 2);
    expect(await publisher.publish(0)).to.equal(3n);
    expect((await verdict(3n, 3)).status).to.equal('passed');
    await rolledBack.stop();
  });

  const silent: Misbehaviour = () => new Promise<boolean>(() => {});
  const faults: [what: string, how: Misbehaviour, code: string][] = [
    ['answers 500', (_, res) => reply(res, 500, 'oh'), 'witness-unreachable'],
    ['breaks the connection off', (req) => req.socket.destroy() !== undefined, 'witness-unreachable'],
    ['never answers', silent, 'witness-timeout'],
    ['refuses our log', (_, res) => reply(res, 404, 'unknown'), 'witness-refused'],
    ['refuses our signature', (_, res) => reply(res, 403, 'no'), 'witness-refused'],
    ['refuses what needs no proof', (_, res) => reply(res, 422, 'no'), 'witness-refused'],
    ['answers garbage', (_, res) => reply(res, 200, '\u0000 garbage'), 'witness-key-differs'],
    ['answers nothing', (_, res) => reply(res, 200, ''), 'witness-key-differs'],
    ['answers without end', (_, res) => reply(res, 200, 'x'.repeat(100_000)), 'witness-malformed'],
    ['sends us elsewhere', (_, res) => Boolean(res.writeHead(307, { location: '/x' }).end()), 'witness-unreachable'],
    ['answers 409 without a size', (_, res) => reply(res, 409, 'conflict'), 'witness-malformed'],
    ['contradicts itself', (_, res) => reply(res, 409, '0\n', 'text/x.tlog.size'), 'witness-malformed'],
  ];
  for (const [what, how, code] of faults) {
    it(`does without one that ${what}, and says ${code}`, async () => {
      witnesses[1]?.misbehave(how);
      const { sequencer, publisher, troubles, circle } = await open(how === silent ? { timeoutMs: 2500 } : {});
      await world.deposit(sequencer, 1);
      expect(await publisher.publish(0)).to.equal(2n);
      expect(troubles).to.deep.equal([code]);
      expect(circle.trouble()).to.deep.equal([code]);
      expect(await openAlarms()).to.deep.equal([]);
      const check = await verdict(2n);
      expect(check.status).to.equal('passed');
      expect(check.facts.present).to.equal('2');
    });
  }

  it('stores no line that lies: of another text, another key, another time', async () => {
    const other = await startWitness('b.example.org', [world.signer.vkey], { folder: join(folder(), 'x') });
    const line = (how: 'text' | 'key' | 'time'): Misbehaviour => {
      return (_, res, body) => {
        const text = body.toString('utf8').split('\n\n').slice(1).join('\n\n').split('\n\n')[0] as string;
        const key = how === 'key' ? other.key : (witnesses[1] as RunningWitness).key;
        const nowS = Math.floor(Date.now() / 1000);
        return reply(
          res,
          200,
          key.cosign(how === 'text' ? 'a\n2\nb\n' : `${text}\n`, how === 'time' ? nowS - 3600 : nowS),
        );
      };
    };
    const { sequencer, publisher, troubles } = await open();
    for (const [i, how] of (['text', 'key', 'time'] as const).entries()) {
      witnesses[1]?.misbehave(line(how));
      await world.deposit(sequencer, how);
      await publisher.publish(0);
      expect((await verdict(BigInt(i + 2))).facts.present, how).to.equal('2');
    }
    expect(troubles).to.deep.equal(['cosignature-invalid', 'witness-key-differs', 'cosignature-time-off']);
    await other.stop();
  });

  describe('without the quorum', () => {
    const awayTwo = () => {
      for (const witness of witnesses.slice(1)) witness.misbehave((_, res) => reply(res, 503, 'away'));
    };

    it('publishes nothing when told to stop, takes deposits, and goes on when the witnesses are back', async () => {
      awayTwo();
      const { sequencer, publisher } = await open();
      await world.deposit(sequencer, 1);
      expect(await publisher.publish(0)).to.equal(undefined);
      expect(await openAlarms()).to.deep.equal(['witness-quorum-missing']);
      expect((await selectOpenAlarms(world.db.pool))[0]?.detail)
        .to.include('1 of the 2 witnesses')
        .and.include('HTTP 503');
      await world.deposit(sequencer, 2);
      expect(await selectNewestPublication(world.db.pool)).to.equal(undefined);
      witnesses[1]?.misbehave(undefined);
      expect(await publisher.publish(0)).to.equal(3n);
      expect(await openAlarms()).to.deep.equal([]);
      expect((await verdict(3n)).status).to.equal('passed');
    });

    it('publishes all the same when told to mark, and a reader sees what is missing', async () => {
      awayTwo();
      const { sequencer, publisher } = await open({ withoutQuorum: 'mark' });
      await world.deposit(sequencer, 1);
      expect(await publisher.publish(0)).to.equal(2n);
      const check = await verdict(2n);
      expect(check).to.include({ status: 'not-checked', because: 'absent' });
      expect(check.facts).to.include({ present: '1', required: '2' });
    });

    it('adds what comes late to the newest publication', async () => {
      awayTwo();
      const { sequencer, publisher } = await open({ withoutQuorum: 'mark' });
      publisher.start();
      await world.deposit(sequencer, 1);
      await publisher.publish(0);
      for (const witness of witnesses) witness.misbehave(undefined);
      await until('the late lines are there', async () => (await verdict(2n, 3)).status === 'passed');
    });

    it('looks by itself, later and later, until the witnesses are back', async () => {
      awayTwo();
      const { sequencer, publisher, reader } = await open();
      await world.deposit(sequencer, 1);
      publisher.start();
      await until('it was asked in vain', async () => (await openAlarms()).length === 1);
      for (const witness of witnesses) witness.misbehave(undefined);
      await until('it is published', () => reader.publishedCheckpoint()?.treeSize === 2n);
      await until('the alarm is cleared', async () => (await openAlarms()).length === 0);
    });
  });

  describe('an inconsistency', () => {
    /** Another log under our key: what a copy of it would have signed. */
    async function showFork(witness: RunningWitness, treeSize: bigint): Promise<void> {
      const note = world.signer.sign({ treeSize, rootHash: sha256(encodeUtf8(`fork ${treeSize}`)) as never });
      const body = encodeAddCheckpoint({ oldSize: 0n, consistencyProof: [], checkpointBytes: note });
      const answer = await fetch(`${witness.url}/add-checkpoint`, { method: 'POST', body: body as never });
      expect(answer.status).to.equal(200);
    }

    async function expectHalted({ sequencer, publisher }: Asking): Promise<string> {
      expect(await publisher.publish(0)).to.equal(undefined);
      await until('signing has ended', () => sequencer.state().stopped !== undefined);
      expect(sequencer.state().stopped?.code).to.equal('witness-inconsistency');
      expect(sequencer.state().leading).to.equal(false);
      await rejectionOf(world.deposit(sequencer, 'afterwards'), 'log-stopped');
      expect(await selectNewestPublication(world.db.pool)).to.equal(undefined);
      const [alarm] = await selectOpenAlarms(world.db.pool);
      expect(alarm?.code).to.equal('witness-inconsistency');
      return alarm?.detail as string;
    }

    for (const [what, forkSize] of [
      ['a larger tree', 50n],
      ['another tree of the same size', 2n],
      ['another, smaller tree', 1n],
    ] as const) {
      it(`ends signing when one witness knows ${what}, and tells who signed that`, async () => {
        const asking = await open();
        await world.deposit(asking.sequencer, 1);
        await showFork(witnesses[2] as RunningWitness, forkSize);
        const detail = await expectHalted(asking);
        expect(detail).to.include('c.example.org').and.include('our own key signed').and.include(`\n${forkSize}\n`);
      });
    }

    it("ends signing also on a witness's bare word, and says that it is no more", async () => {
      const asking = await open();
      await world.deposit(asking.sequencer, 1);
      witnesses[2]?.misbehave((_, res) => reply(res, 409, '50\n', 'text/x.tlog.size'));
      expect(await expectHalted(asking)).to.include('It shows no checkpoint of ours that ours does not extend');
    });

    it('stays over restarts and on other servers, until an operator has cleared it', async () => {
      const asking = await open();
      const bystander = await world.server();
      await world.deposit(asking.sequencer, 1);
      await showFork(witnesses[2] as RunningWitness, 50n);
      await expectHalted(asking);
      await until('the other stops too', () => bystander.sequencer.state().stopped !== undefined);
      const restarted = await world.server();
      await until('it stops at once', () => restarted.sequencer.state().stopped?.code === 'witness-inconsistency');
      const size = (await world.audit()).size;
      expect(size).to.equal(2n);

      await clearAlarm(world.db.pool, 'witness-inconsistency', new Date());
      await witnesses.pop()?.stop();
      const cleared = await open();
      await world.deposit(cleared.sequencer, 2);
      expect(await cleared.publisher.publish(0)).to.be.a('bigint');
    });

    it('ends signing also on a server that only finds the alarm of one which crashed', async () => {
      const { sequencer, publisher } = await open();
      await world.deposit(sequencer, 1);
      await raiseAlarm(world.db.pool, 'witness-inconsistency', 'what a witness said', new Date());
      expect(await publisher.publish(0)).to.equal(undefined);
      await until('signing has ended', () => sequencer.state().stopped?.message === 'what a witness said');
      expect(witnesses.map(({ requests }) => requests.length)).to.deep.equal([0, 0, 0]);
    });

    it('is not made of a witness that is ahead of a server which looks late', async () => {
      const { sequencer, publisher, reader, circle } = await open();
      await world.deposit(sequencer, 1);
      const older = reader.latestCheckpoint() as NonNullable<ReturnType<LogReader['latestCheckpoint']>>;
      await world.deposit(sequencer, 2);
      await publisher.publish(0);
      const outcome = await circle.ask(older, new AbortController().signal);
      expect(outcome.inconsistency).to.equal(undefined);
      expect(circle.trouble()).to.deep.equal(['witness-ahead']);
    });
  });
});
