import { createHash } from 'node:crypto';
import { expect } from 'chai';
import type { AppParts } from '../../src/http/app.ts';
import { ServiceWorld } from '../http/service-world.ts';
import { picture } from '../matters/dispute-world.ts';
import { Objects } from './objects.ts';
import { PASSWORD, Person } from './person.ts';

describe('the diagnostics', () => {
  let world: ServiceWorld;
  let objects: Objects;
  let isStoreBroken = false;
  before(async function () {
    this.timeout(120_000);
    world = await ServiceWorld.open({
      people: {},
      limits: { signInRequestsPerMinute: 1e6 },
      changeParts: (parts): AppParts => ({
        ...parts,
        writePackage: async (...all) => {
          if (isStoreBroken) throw new Error('the store is gone', { cause: { secret: 'of the cause' } });
          return parts.writePackage(...all);
        },
      }),
    });
    objects = await Objects.make(world);
  });
  after(() => world.close());

  it('hold no address of a person, no password, key, token or cookie, no name, title or digest of what is deposited', async () => {
    const { caller, owner, values } = objects;
    const openings = await objects.openings();
    const sha256 = createHash('sha256')
      .update(await picture(3))
      .digest('hex');
    const { headers } = await owner.ask('GET', `/deposits/${values.foreign.depositId}/files/0`);
    expect(headers.get('etag')).to.contain(sha256);

    // Ways that go wrong: those write the most.
    const wrongPassword = 'not the right horse at all';
    await caller.signIn(wrongPassword);
    await caller.post('/api/auth/request-password-reset', { email: caller.email, redirectTo: '/' });
    const reset = await caller.mailed(/reset-password/);
    await caller.fetch(`/api/v1/files?sha256=${sha256}`);
    await caller.fetch(`/api/v1/shared/openings/${openings.revoked.depositId}/deposits/${values.foreign.depositId}`);
    await caller.post(`/api/v1/shared/${openings.inForce.depositId}`, { passphrase: 'open sesame to all' });
    await caller.post('/api/v1/certificates/look-up', { certificateNo: 'TZ-20261122-4K7Q2M9X', sha256 });
    await caller.post('/api/v1/matters', { title: '不得出现的标题', dispute: 'no such' });
    await world.fetch('/api/v1/me', { headers: { authorization: `Bearer ${owner.apiKey}x` } });
    isStoreBroken = true;
    await owner.ask('GET', `/deposits/${values.foreign.depositId}/package.zip`).then(
      (answer) => answer.arrayBuffer(),
      () => {},
    );

    const links = world.mails.flatMap(({ text }) => text.match(/https?:\/\/\S+/g) ?? []);
    const tokens = links.flatMap((link) => link.split(/[/?=&#]/)).filter((part) => /^[\w.-]{24,}$/.test(part));
    const secrets = {
      addresses: [...new Set(world.mails.map(({ to }) => to))],
      passwords: [PASSWORD, wrongPassword, 'open sesame to all'],
      cookies: [...caller.cookies.values()].map((value) => decodeURIComponent(value)),
      keys: [owner.apiKey, world.apiKey],
      mailed: [...tokens, new URL(reset).pathname.split('/').at(-1) as string],
      links: Object.values(openings).flatMap((each) => Object.values(each)),
      content: ['证据.jpg', '机密', '不得出现的标题', 'of the cause'],
      digests: [sha256, Buffer.from(sha256, 'hex').toString('base64')],
    };
    const lines = JSON.stringify([world.diagnostics, world.signInTroubles]);
    expect(world.diagnostics.length).to.be.greaterThan(100);
    expect(lines).to.contain('the store is gone');
    for (const [kind, values] of Object.entries(secrets)) {
      expect(values, kind).to.not.be.empty;
      for (const value of values) expect(lines.includes(value), `${kind}: ${value}`).to.equal(false);
    }
  });

  it('tell requests apart by ids of their own, which say nothing of whom and of what', async () => {
    const person = await Person.signedIn(world, 'lines@firm.example');
    const before = world.diagnostics.length;
    await person.fetch(`/api/v1/deposits/${objects.values.foreign.depositId}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
    const lines = world.diagnostics.slice(before);
    expect(lines.map((line) => Object.keys(line).sort())).to.deep.equal([
      [
        'code',
        'hostname',
        'isWhole',
        'level',
        'method',
        'ms',
        'msg',
        'operation',
        'pid',
        'requestId',
        'status',
        'time',
      ],
    ]);
    expect(JSON.stringify(lines)).to.not.contain(objects.values.foreign.depositId);
  });
});
