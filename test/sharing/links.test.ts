import { expect } from 'chai';
import { openLink, PASSPHRASE_ATTEMPTS } from '../../src/sharing/links.ts';
import { openDisputes, type Party, picture, told } from '../matters/dispute-world.ts';

const DAY_MS = 24 * 3600_000;
const UNUSED = '01939f3e-7c1a-7b7e-9d2c-3f1d0e5b8a11';
const UNKNOWN = `tzl_${'A'.repeat(43)}`;

describe('links', () => {
  let owner: Party;
  let world: Party['world'];
  before(async function () {
    this.timeout(60_000);
    const disputes = await openDisputes({ limits: { failedOpeningsPerMinute: 10_000 } });
    world = disputes.world;
    owner = await disputes.party('权利人甲');
  });
  after(() => world.close());

  const make = (object: object, more: object = {}) =>
    owner.get<{ linkId: string; secret: string }>(
      'POST',
      '/links',
      {
        ...object,
        reader: '王法官',
        scope: 'read',
        maxOpenings: 100,
        expiresAt: new Date(Date.now() + DAY_MS).toISOString(),
        ...more,
      },
      201,
    );
  const open = (secret: string, passphrase?: string) =>
    fetch(`${world.url}/api/v1/shared/${secret}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(passphrase === undefined ? {} : { passphrase }),
    });
  const visit = async (secret: string, passphrase?: string): Promise<string> => {
    const answer = await open(secret, passphrase);
    expect(answer.status).to.equal(201);
    return ((await answer.json()) as { opening: string }).opening;
  };
  const read = (opening: string, path: string) => fetch(`${world.url}/api/v1/shared/openings/${opening}${path}`);

  it('shows its deposit to a reader without an account, and every opening is an event', async () => {
    const depositId = await owner.deposit('by link');
    const { secret, linkId } = await make({ depositId }, { scope: 'download' });
    const opening = await visit(secret);
    expect(await (await read(opening, `/deposits/${depositId}`)).json()).to.include({ depositId });
    expect(await (await read(opening, `/deposits/${depositId}/files/0`)).text()).to.equal('by link');
    expect((await read(opening, `/deposits/${depositId}/package.zip`)).status).to.equal(404);
    await visit(secret);
    const { rows } = await world.db.pool.query<{ kind: string }>(
      `select kind from custody_event where deposit_id = $1 order by event_index`,
      [depositId],
    );
    expect(rows.map((row) => row.kind)).to.deep.equal([
      'received',
      'granted',
      'link-opened',
      'viewed',
      'downloaded',
      'link-opened',
    ]);
    expect(await owner.get('GET', `/links/${linkId}`)).to.include({ openings: 2, hasPassphrase: false });
  });

  it('keeps no secret: neither of the link nor of the visit', async () => {
    const { secret } = await make({ depositId: await owner.deposit('secrets') });
    const opening = await visit(secret);
    const { rows } = await world.db.pool.query<{ all: string }>(
      `select (select string_agg(l::text, ' ') from share_link l) || (select string_agg(o::text, ' ') from link_opening o) as all`,
    );
    for (const text of [secret, opening]) {
      expect(rows[0]!.all).to.not.include(text).and.not.include(Buffer.from(text).toString('hex'));
    }
  });

  it('shows nothing but what it was made for', async () => {
    const depositId = await owner.deposit('this one');
    const another = await owner.deposit('another of the same owner');
    const opening = await visit((await make({ depositId }, { scope: 'export' })).secret);
    const refusal = await told(await read(opening, `/deposits/${another}`));
    expect(refusal).to.equal(await told(await read(opening, `/deposits/${UNUSED}`)));
    expect(refusal).to.equal(await told(await read(`tzv_${'A'.repeat(43)}`, `/deposits/${depositId}`)));
    expect(refusal).to.match(/^404/).and.to.include('link-not-found');
    // The link's own secret opens, and reads nothing; nor does a visit open or sign in.
    const { secret } = await make({ depositId });
    expect((await read(secret, `/deposits/${depositId}`)).status).to.equal(404);
    expect((await open(opening)).status).to.equal(404);
    for (const bearer of [opening, secret]) {
      const answer = await fetch(`${world.url}/api/v1/deposits`, { headers: { authorization: `Bearer ${bearer}` } });
      expect(answer.status).to.equal(401);
    }
  });

  it('says the same of a link that is unknown, revoked, used up, expired or opened with a wrong passphrase', async () => {
    const depositId = await owner.deposit('all the same');
    const unknown = await told(await open(UNKNOWN));
    const expectSame = async (answer: Promise<Response>) => expect(await told(await answer)).to.equal(unknown);

    const revoked = await make({ depositId });
    const during = await visit(revoked.secret);
    await owner.get('DELETE', `/links/${revoked.linkId}`);
    await expectSame(open(revoked.secret));
    await expectSame(read(during, `/deposits/${depositId}`));

    const once = await make({ depositId }, { maxOpenings: 1 });
    const last = await visit(once.secret);
    await expectSame(open(once.secret));
    // The visit itself goes on.
    expect((await read(last, `/deposits/${depositId}`)).status).to.equal(200);

    const locked = await make({ depositId }, { passphrase: '春眠不觉晓 2026' });
    await expectSame(open(locked.secret));
    await expectSame(open(locked.secret, 'wrong'));
    await expectSame(open('x'));
    await visit(locked.secret, '春眠不觉晓 2026');

    const brief = await make({ depositId });
    const visiting = await visit(brief.secret);
    world.clockOffsetMs = 61 * 60_000;
    try {
      await expectSame(read(visiting, `/deposits/${depositId}`));
      await visit(brief.secret);
      world.clockOffsetMs = DAY_MS + 1000;
      await expectSame(open(brief.secret));
    } finally {
      world.clockOffsetMs = 0;
    }
  });

  it('forgives a number of wrong passphrases, however many are tried at once, and then is dead', async function () {
    this.timeout(60_000);
    const { secret, linkId } = await make(
      { depositId: await owner.deposit('guessed at') },
      { passphrase: 'correct horse' },
    );
    const guesses = Array.from({ length: PASSPHRASE_ATTEMPTS + 5 }, (_, i) =>
      openLink(world.db, secret, `guess ${i}`, new Date()).then(
        () => 'opened',
        (error: { code: string }) => error.code,
      ),
    );
    expect(new Set(await Promise.all(guesses))).to.deep.equal(new Set(['link-not-found']));
    expect(await owner.get('GET', `/links/${linkId}`)).to.include({ attemptsLeft: 0, openings: 0 });
    expect((await open(secret, 'correct horse')).status).to.equal(404);

    const second = await make({ depositId: await owner.deposit('mistyped') }, { passphrase: 'correct horse' });
    await open(second.secret, 'corect horse');
    // Looking at the link without a passphrase costs nothing.
    for (let i = 0; i < PASSPHRASE_ATTEMPTS; i++) expect((await open(second.secret)).status).to.equal(404);
    expect(await owner.get('GET', `/links/${second.linkId}`)).to.include({ attemptsLeft: PASSPHRASE_ATTEMPTS - 1 });
    await visit(second.secret, 'correct horse');
    expect(await owner.get('GET', `/links/${second.linkId}`)).to.include({ attemptsLeft: PASSPHRASE_ATTEMPTS });
  });

  it('opens exactly as often as it may, of many who come at once', async () => {
    const { secret } = await make({ depositId: await owner.deposit('thrice') }, { maxOpenings: 3 });
    const statuses = await Promise.all(Array.from({ length: 12 }, async () => (await open(secret)).status));
    expect(statuses.filter((status) => status === 201)).to.have.length(3);
    expect(statuses.filter((status) => status === 404)).to.have.length(9);
  });

  it('is answered 429 after many failures from one address', async () => {
    const disputes = await openDisputes({ limits: { failedOpeningsPerMinute: 5 } });
    try {
      const statuses = [];
      for (let i = 0; i < 7; i++) {
        const answer = await fetch(`${disputes.world.url}/api/v1/shared/${UNKNOWN}`, {
          method: 'POST',
          headers: { 'content-type': 'application/json' },
          body: '{}',
        });
        statuses.push(answer.status);
      }
      expect(statuses).to.deep.equal([404, 404, 404, 404, 404, 429, 429]);
    } finally {
      await disputes.world.close();
    }
  }).timeout(60_000);

  it('of a matter shows what that discloses', async () => {
    const matterId = await owner.matter();
    const [shown, hidden] = [await owner.deposit('shown'), await owner.deposit('hidden')];
    await owner.get('POST', `/matters/${matterId}/items`, { depositId: shown }, 201);
    await owner.get('POST', `/matters/${matterId}/items`, { depositId: hidden, disclosure: 'withheld' }, 201);
    const opening = await visit((await make({ matterId })).secret);
    expect(await (await read(opening, '')).json()).to.include({ matterId, reader: '王法官' });
    const { items } = (await (await read(opening, `/matters/${matterId}/items`)).json()) as { items: object[] };
    expect(items).to.have.length(1);
    expect((await read(opening, `/deposits/${shown}`)).status).to.equal(200);
    expect((await read(opening, `/deposits/${hidden}`)).status).to.equal(404);
    expect((await read(opening, `/matters/${matterId}/index.csv`)).headers.get('content-type')).to.match(/^text\/csv/);
    expect((await read(opening, `/matters/${matterId}/notes`)).status).to.equal(404);
    expect(await owner.custody(shown)).to.include('link-opened');
  });

  describe('previews', () => {
    it('carry the reader across them, each time anew, and the owner sees the plain one', async () => {
      const depositId = await owner.deposit(await picture(1), 'a.jpg');
      const plain = Buffer.from(await (await owner.ask('GET', `/deposits/${depositId}/files/0/preview`)).arrayBuffer());
      const opening = await visit((await make({ depositId })).secret);
      const answer = await read(opening, `/deposits/${depositId}/files/0/preview`);
      expect(answer.headers.get('content-type')).to.equal('image/jpeg');
      expect(answer.headers.get('cache-control')).to.equal('no-store');
      const marked = Buffer.from(await answer.arrayBuffer());
      expect(marked.equals(plain)).to.equal(false);
    });

    it('are not given of a trade secret, not even to its owner', async () => {
      const depositId = await owner.deposit(await picture(2), 'b.jpg');
      const first = await make({ depositId });
      const opening = await visit(first.secret);
      expect((await read(opening, `/deposits/${depositId}/files/0/preview`)).status).to.equal(200);
      const matterId = await owner.matter({ confidentiality: 'trade-secret' });
      await owner.get('POST', `/matters/${matterId}/items`, { depositId }, 201);
      // Made before it was a secret, and without a passphrase: it shows it no more.
      expect((await read(opening, `/deposits/${depositId}`)).status).to.equal(404);
      expect(await owner.refused('GET', `/deposits/${depositId}/files/0/preview`)).to.equal('404 preview-not-held');
      const body = {
        depositId,
        reader: 'x',
        scope: 'read',
        maxOpenings: 1,
        expiresAt: new Date(Date.now() + DAY_MS).toISOString(),
      };
      expect(await owner.refused('POST', '/links', body)).to.equal('422 passphrase-required');
      const locked = await make({ depositId }, { passphrase: 'named reader' });
      const visiting = await visit(locked.secret, 'named reader');
      expect((await read(visiting, `/deposits/${depositId}`)).status).to.equal(200);
      expect(
        ((await (await read(visiting, `/deposits/${depositId}/files/0/preview`)).json()) as { code: string }).code,
      ).to.equal('preview-not-held');
    });
  });
});
