import { createHash, randomBytes } from 'node:crypto';
import { expect } from 'chai';
import { CalendarClient, type CalendarOptions, type Stamp } from '../../src/calendar/calendar-client.ts';
import { attestationsOf, parseDetachedTimestamp } from '../../src/format/opentimestamps.ts';
import { checkOpentimestamps } from '../../src/verify/opentimestamps.ts';
import { openTrust } from '../../src/verify/trust.ts';
import { type CalendarFault, TestCalendar } from '../support/calendar.ts';
import { rejectionOf } from '../support/coded-error.ts';

const NOW = 1_790_000_000;

describe('CalendarClient', () => {
  const root = new Uint8Array(createHash('sha256').update('root').digest());
  let calendar: TestCalendar;
  beforeEach(async () => {
    calendar = await TestCalendar.start();
  });
  afterEach(() => calendar.stop());

  const open = (options: Partial<CalendarOptions> = {}) =>
    new CalendarClient({ url: calendar.url, timeoutMs: 5000, ...options });
  const withHeaders = () =>
    open({
      headersAt: async (height) =>
        calendar.bitcoin
          .headers()
          .filter((h) => h.height === height)
          .map((h) => h.header),
    });
  const check = ({ proof }: Stamp) =>
    checkOpentimestamps(proof, root, null, openTrust(undefined, [], undefined, calendar.bitcoin.headers())).check;

  it('gets a promise first, and a Bitcoin block once there is one', async () => {
    const client = open();
    const stamp = await client.stamp(root);
    expect(stamp.complete).to.equal(false);
    expect(check(stamp)).to.include({ status: 'pending', until: `a Bitcoin block by ${calendar.url}` });
    expect(await client.upgrade(stamp.proof)).to.equal(undefined);
    const height = calendar.mine(NOW);
    const upgraded = (await client.upgrade(stamp.proof)) as Stamp;
    expect(upgraded.complete).to.equal(true);
    expect(check(upgraded)).to.deep.include({ status: 'passed' });
    expect(check(upgraded).facts).to.include({ height: String(height) });
    // Nothing is left to ask any calendar.
    const { digest, timestamp } = parseDetachedTimestamp(upgraded.proof);
    expect(attestationsOf(timestamp, digest).map(({ attestation }) => attestation)).to.deep.equal([
      { kind: 'bitcoin', height },
    ]);
  });

  it('sends neither the root nor the same digest twice', async () => {
    await open().stamp(root);
    await open().stamp(root);
    expect(new Set([...calendar.digests, Buffer.from(root).toString('hex')]).size).to.equal(3);
  });

  it('finds its own among the many of one block', async () => {
    const client = withHeaders();
    const stamps = await Promise.all(Array.from({ length: 7 }, () => client.stamp(root)));
    calendar.mine(NOW);
    for (const { proof } of stamps) expect(check((await client.upgrade(proof)) as Stamp).status).to.equal('passed');
  });

  it('keeps the promises of other calendars that are configured, and asks those', async () => {
    const other = await TestCalendar.start(calendar.bitcoin);
    try {
      const client = new CalendarClient({ url: other.url, timeoutMs: 5000, alsoNames: [calendar.url] });
      const { proof } = await open().stamp(root);
      calendar.mine(NOW);
      expect((await client.upgrade(proof))?.complete).to.equal(true);
      expect(other.requests).to.deep.equal([]);
    } finally {
      await other.stop();
    }
  });

  const FAULTS: [CalendarFault, string][] = [
    ['down', 'calendar-unreachable'],
    ['slow', 'calendar-timeout'],
    ['broken', 'calendar-unreachable'],
    ['refusing', 'calendar-refused'],
    ['redirecting', 'calendar-unreachable'],
    ['garbage', 'calendar-malformed'],
    ['oversized', 'calendar-malformed'],
    ['another-digest', 'calendar-malformed'],
    ['another-name', 'calendar-unrelated'],
    ['promises-nothing', 'calendar-unrelated'],
    ['hexlify', 'calendar-malformed'],
  ];
  for (const [fault, code] of FAULTS) {
    it(`says ${code} of a calendar that is ${fault}, when stamping and when asking later`, async () => {
      const { proof } = await open().stamp(root);
      calendar.mine(NOW);
      calendar.fault = fault;
      // What is no matter of time gets time, however busy the machine.
      const client = open(fault === 'slow' ? { timeoutMs: 300 } : {});
      await rejectionOf(client.stamp(root), code);
      await rejectionOf(client.upgrade(proof), code);
    });
  }

  it('refuses a path that leads to another root than the block has, if headers are at hand', async () => {
    const { proof } = await open().stamp(root);
    calendar.mine(NOW);
    calendar.fault = 'wrong-block';
    const { message } = await rejectionOf(withHeaders().upgrade(proof), 'calendar-wrong-block');
    expect(message).to.match(/block 0 does not have/);
    const unseen = (await open().upgrade(proof)) as Stamp;
    expect(check(unseen)).to.deep.include({ status: 'failed', reason: 'merkle-root-mismatch' });
  });

  it('waits for a block that is not among the headers yet', async () => {
    const { proof } = await open().stamp(root);
    calendar.mine(NOW);
    expect(await open({ headersAt: async () => undefined }).upgrade(proof)).to.equal(undefined);
    expect((await withHeaders().upgrade(proof))?.complete).to.equal(true);
  });

  it('takes it that a calendar has nothing yet when it does not know what it was asked', async () => {
    const { proof } = await open().stamp(root);
    calendar.mine(NOW);
    calendar.fault = 'forgetful';
    expect(await open().upgrade(proof)).to.equal(undefined);
  });

  it('says so when the calendar is gone for good', async () => {
    const gone = await TestCalendar.start();
    const client = new CalendarClient({ url: gone.url, timeoutMs: 5000 });
    const { proof } = await client.stamp(root);
    await gone.stop();
    await rejectionOf(client.upgrade(proof), 'calendar-unreachable');
    await rejectionOf(client.stamp(new Uint8Array(randomBytes(32))), 'calendar-unreachable');
  });
});
