import { expect } from 'chai';
import { parseCustodyFile, parseHandOver } from '../../src/format/custody.ts';
import type { Check } from '../../src/format/report.ts';
import { verifyReceipt } from '../../src/verify/verify.ts';
import { OpenApiCheck } from '../http/openapi-check.ts';
import { ServiceWorld } from '../http/service-world.ts';
import { inspect, outcomes } from '../support/desk.ts';

interface Timeline {
  count: number;
  leaf: { count: number; leafIndex: number } | null;
  events: {
    index: number;
    kind: string;
    gapMinutes: number | null;
    inTheLog: boolean;
    detail: Record<string, string>;
    actor: { name: string | null; by: string } | null;
  }[];
  next: number | null;
  handOvers: { state: string }[];
}
interface MadeHandOver {
  handOver: { handOverId: string; state: string; statement: { items: { sha256: string }[] } };
  confirmationLink: string | null;
}

describe('custody over HTTP', () => {
  let world: ServiceWorld;
  let openApi: OpenApiCheck;
  let depositId: string;
  before(async function () {
    this.timeout(60_000);
    world = await ServiceWorld.open();
    openApi = await OpenApiCheck.of(world.url);
  });
  after(() => world.close());
  beforeEach(async () => {
    const answer = await world.upload([{ name: 'a.txt', bytes: `${Math.random()}` }]);
    depositId = ((await answer.json()) as { depositId: string }).depositId;
  });

  const base = () => `/api/v1/deposits/${depositId}`;
  const timeline = async (query = ''): Promise<Timeline> =>
    (await openApi.expectFits('getCustody', await world.fetch(`${base()}/custody${query}`))) as Timeline;
  const kinds = async () => (await timeline()).events.map(({ kind }) => kind).reverse();
  const post = (path: string, body?: object, headers: Record<string, string> = {}) =>
    world.fetch(path, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      ...(body && { body: JSON.stringify(body) }),
    });
  const anonymous = (path: string, body: object) =>
    fetch(world.url + path, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
  const codeOf = async (answer: Response) => ((await answer.json()) as { code: string }).code;
  const codeFrom = async (operation: string, answer: Response) =>
    ((await openApi.expectFits(operation, answer)) as { code: string }).code;
  const handOver = async (receiver: object = { kind: 'court', name: '某某法院' }): Promise<MadeHandOver> =>
    (await openApi.expectFits(
      'createHandOver',
      await post('/api/v1/hand-overs', { depositId, receiver }),
    )) as MadeHandOver;
  const tokenOf = ({ confirmationLink }: MadeHandOver) => confirmationLink!.split('#')[1]!;
  const custodyIn = async (file: Uint8Array): Promise<Check> => {
    const receipt = new Uint8Array(await (await world.fetch(`${base()}/receipt.json`)).arrayBuffer());
    const { since } = await verifyReceipt(receipt, [], await world.trust(), file);
    return since.find(({ name }) => name === 'custody.chain')!;
  };

  it('begins with the receipt of the deposit; reading it, or one’s list, leaves nothing', async () => {
    await world.fetch('/api/v1/deposits');
    await timeline();
    await world.fetch(`${base()}/custody.json`);
    expect(await kinds()).to.deep.equal(['received']);
  });

  it('records a view once, however often a page looks within ten minutes', async () => {
    for (let i = 0; i < 5; i++) await world.fetch(base());
    expect(await kinds()).to.deep.equal(['received', 'viewed']);
    world.clockOffsetMs += 11 * 60_000;
    await world.fetch(base());
    const { events, count } = await timeline();
    expect(count).to.equal(3);
    expect(events[0]).to.deep.include({ kind: 'viewed', gapMinutes: 11, inTheLog: false });
    expect(events[0]?.actor).to.include({ name: '评估存证人 Evaluation', by: 'api-key' });
  });

  it('records each download of an original, and ranges of it once', async () => {
    for (let i = 0; i < 3; i++) await (await world.fetch(`${base()}/files/0`)).arrayBuffer();
    for (const range of ['bytes=0-1', 'bytes=2-3']) {
      await (await world.fetch(`${base()}/files/0`, { headers: { range } })).arrayBuffer();
    }
    await world.fetch(`${base()}/files/0`, { method: 'HEAD' });
    expect((await timeline()).events.map(({ detail }) => detail)).to.deep.equal([
      { what: 'original', file: '0', part: 'range' },
      ...Array.from({ length: 3 }, () => ({ what: 'original', file: '0' })),
      {},
    ]);
  });

  it('records nothing for a deposit of another, nor for what is not held', async () => {
    const other = await world.createAccount('别人');
    const headers = { authorization: `Bearer ${other.apiKey}` };
    for (const path of ['', '/files/0', '/receipt.json', '/custody', '/custody.json']) {
      expect(await codeOf(await world.fetch(base() + path, { headers }))).to.equal('deposit-not-found');
    }
    const report = await post(`${base()}/custody/verifications`, { conclusion: 'failed' }, headers);
    expect(await codeFrom('reportVerification', report)).to.equal('deposit-not-found');
    const given = await post('/api/v1/hand-overs', { depositId, receiver: { kind: 'other', name: '我' } }, headers);
    expect(await codeFrom('createHandOver', given)).to.equal('deposit-not-found');
    await world.fetch(`${base()}/files/7`);
    expect(await kinds()).to.deep.equal(['received']);
  });

  it('records that somebody verified, if he says so', async () => {
    const said = await post(`${base()}/custody/verifications`, {
      conclusion: 'required-passed',
      sha256: 'ab'.repeat(32),
    });
    expect(said.status).to.equal(204);
    expect((await timeline()).events[0]).to.deep.include({
      kind: 'verified',
      detail: { saidBy: 'caller', conclusion: 'required-passed', sha256: 'ab'.repeat(32) },
    });
    const wrong = await post(`${base()}/custody/verifications`, { conclusion: 'true' });
    expect(await codeFrom('reportVerification', wrong)).to.equal('invalid-body');
  });

  it('has pages', async () => {
    for (let i = 0; i < 4; i++) await (await world.fetch(`${base()}/files/0`)).arrayBuffer();
    const first = await timeline('?limit=3');
    expect(first.events.map(({ index }) => index)).to.deep.equal([4, 3, 2]);
    const second = await timeline(`?limit=3&before=${first.next}`);
    expect(second.events.map(({ index }) => index)).to.deep.equal([1, 0]);
    expect(second.next).to.equal(null);
  });

  it('gives a file that anyone verifies offline, up to the count in the log', async () => {
    await (await world.fetch(`${base()}/files/0`)).arrayBuffer();
    const made = await handOver();
    await world.fetch(base());
    const answer = await world.fetch(`${base()}/custody.json`);
    const bytes = new Uint8Array(await answer.clone().arrayBuffer());
    await openApi.expectFits('getCustodyFile', answer);
    const file = parseCustodyFile(bytes);
    expect(file.events.map(({ event }) => event.kind)).to.deep.equal([
      'received',
      'downloaded',
      'handed-over',
      'viewed',
    ]);
    expect(file.handOvers.map(({ statement }) => statement.receiver.name)).to.deep.equal(['某某法院']);
    const check = await custodyIn(bytes);
    expect(check.status).to.equal('passed');
    expect(check.facts).to.include({ count: '3', notInTheLog: '1', leaves: '1', seal: 'passed' });
    expect(check.facts.handOversOpen).to.equal(made.handOver.handOverId);
    expect((await timeline()).leaf).to.include({ count: 3 });

    const cut = { ...file, events: file.events.slice(0, 2), handOvers: [] };
    const text = Buffer.from(JSON.stringify(sorted(cut)));
    expect(await custodyIn(text)).to.include({ status: 'failed', reason: 'events-cut-off' });
  });

  describe('a hand-over', () => {
    it('by one-time link is open, then confirmed, and the link is used up', async () => {
      const made = await handOver();
      expect(made.handOver.state).to.equal('open');
      expect(made.confirmationLink).to.match(/^https:\/\/tiezheng\.example\.org\/hand-over#tzh_[A-Za-z0-9_-]{43}$/);
      const token = tokenOf(made);
      const opened = await openApi.expectFits(
        'openHandOverLink',
        await anonymous('/api/v1/hand-over-link/open', { token }),
      );
      expect(opened).to.include({ state: 'open' });
      const confirmed = await anonymous('/api/v1/hand-over-link/confirm', { token, name: '书记员 某某' });
      const bytes = new Uint8Array(await confirmed.clone().arrayBuffer());
      await openApi.expectFits('confirmHandOverByLink', confirmed);
      expect(parseHandOver(bytes).confirmation).to.include({ by: 'link', name: '书记员 某某' });
      const again = await anonymous('/api/v1/hand-over-link/confirm', { token, name: '另一人' });
      expect(await codeFrom('confirmHandOverByLink', again)).to.equal('confirmation-link-invalid');
      expect((await timeline()).handOvers.map(({ state }) => state)).to.deep.equal(['confirmed']);
      expect(await kinds()).to.deep.equal(['received', 'handed-over', 'hand-over-confirmed']);
    });

    it('to an account waits for that account alone', async () => {
      const notary = await world.createAccount('某某公证处');
      const stranger = await world.createAccount('别人');
      const as = ({ apiKey }: { apiKey: string }) => ({ authorization: `Bearer ${apiKey}` });
      const made = await handOver({ kind: 'notary', name: '公证处', accountId: notary.accountId });
      expect(made.confirmationLink).to.equal(null);
      const { handOverId } = made.handOver;
      const path = `/api/v1/hand-overs/${handOverId}`;
      const waiting = await world.fetch('/api/v1/hand-overs?side=received', { headers: as(notary) });
      const list = (await openApi.expectFits('listHandOvers', waiting)) as { handOvers: { handOverId: string }[] };
      expect(list.handOvers.map((one) => one.handOverId)).to.deep.equal([handOverId]);
      for (const [operation, tried] of [
        ['getHandOver', await world.fetch(path, { headers: as(stranger) })],
        ['getHandOverReceipt', await world.fetch(`${path}/receipt.json`, { headers: as(stranger) })],
        ['confirmHandOver', await post(`${path}/confirm`, {}, as(stranger))],
        ['confirmHandOver', await post(`${path}/confirm`, {})],
        ['cancelHandOver', await post(`${path}/cancel`, undefined, as(notary))],
      ] as const) {
        expect(await codeFrom(operation, tried), operation).to.equal('hand-over-not-found');
      }
      const confirmed = await openApi.expectFits(
        'confirmHandOver',
        await post(`${path}/confirm`, { note: '已收' }, as(notary)),
      );
      expect(confirmed).to.include({ state: 'confirmed' });
      const late = await post(`${path}/cancel`);
      expect(await codeFrom('cancelHandOver', late)).to.equal('hand-over-ended');
      const receipt = await world.fetch(`${path}/receipt.json`, { headers: as(notary) });
      expect(parseHandOver(new Uint8Array(await receipt.arrayBuffer())).confirmation).to.include({ note: '已收' });
    });

    it('has receipts that anybody verifies offline, and with the custody record finds in the log', async () => {
      const bytesOf = async (answer: Promise<Response>) => new Uint8Array(await (await answer).arrayBuffer());
      const original = await bytesOf(world.fetch(`${base()}/files/0`));
      const made = await handOver();
      const path = `/api/v1/hand-overs/${made.handOver.handOverId}/receipt.json`;
      const trust = await world.trust();
      const open = await inspect(await bytesOf(world.fetch(path)), [original], trust);
      expect(open.unmet).to.deep.equal(['custody.handOver']);
      expect(open.checks[0]).to.deep.include({ name: 'custody.handOver', because: 'unconfirmed' });

      const token = tokenOf(made);
      const receipt = await bytesOf(anonymous('/api/v1/hand-over-link/confirm', { token, name: '书记员 某某' }));
      const alone = await inspect(receipt, [original], trust);
      expect(outcomes(alone).filter((text) => !text.endsWith('passed'))).to.deep.equal([
        'custody.events not-checked operator-word-only',
      ]);
      expect(alone.conclusion).to.equal('required-passed');
      const custody = await bytesOf(world.fetch(`${base()}/custody.json`));
      const whole = await inspect(receipt, [original, custody], trust);
      expect(outcomes(whole).filter((text) => !text.endsWith('passed'))).to.deep.equal([]);
      expect(whole.evaluation).to.equal(true);
    });

    it('does not tell whether the account that is to receive exists', async () => {
      const nobody = await handOver({
        kind: 'notary',
        name: '公证处',
        accountId: '01939f3e-7c1a-7b7e-9d2c-3f1d0e5b8aff',
      });
      const somebody = await handOver({
        kind: 'notary',
        name: '公证处',
        accountId: (await world.createAccount('有人')).accountId,
      });
      expect(nobody.handOver.state).to.equal(somebody.handOver.state);
      expect(Object.keys(nobody)).to.deep.equal(Object.keys(somebody));
    });

    it('is taken back', async () => {
      const made = await handOver();
      const cancelled = await post(`/api/v1/hand-overs/${made.handOver.handOverId}/cancel`);
      expect(await openApi.expectFits('cancelHandOver', cancelled)).to.include({ state: 'cancelled' });
      const opened = await anonymous('/api/v1/hand-over-link/open', { token: tokenOf(made) });
      expect(await codeFrom('openHandOverLink', opened)).to.equal('confirmation-link-invalid');
    });

    it('is refused when what is handed over is not there', async () => {
      const receiver = { kind: 'expert', name: '某某鉴定所' };
      const refused = await post('/api/v1/hand-overs', { depositId, receiver, files: [3] });
      expect(await codeFrom('createHandOver', refused)).to.equal('hand-over-invalid');
      const nameless = await post('/api/v1/hand-overs', { depositId, receiver: { kind: 'expert', name: '' } });
      expect(await codeFrom('createHandOver', nameless)).to.equal('invalid-body');
    });
  });
});

/** Members in the order of RFC 8785. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  const members = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(members.map(([name, member]) => [name, sorted(member)]));
}
