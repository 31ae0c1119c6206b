import { connect } from 'node:net';
import { expect } from 'chai';
import { parseReceipt } from '../../src/format/receipt.ts';
import { OpenApiCheck } from './openapi-check.ts';
import { ServiceWorld } from './service-world.ts';

const SHA = 'a'.repeat(64);
const deposit = (name: string) => ({ files: [{ name, sizeBytes: 5, sha256: SHA }] });
type Line = { line: number; depositId?: string; leafIndex?: number; receipt?: object; problem?: { code: string } };

describe('POST /api/v1/deposits/digests', () => {
  let world: ServiceWorld;
  let openApi: OpenApiCheck;
  before(async function () {
    this.timeout(60_000);
    world = await ServiceWorld.open({ limits: { maxLines: 300 } });
    openApi = await OpenApiCheck.of(world.url);
  });
  after(() => world.close());

  const post = (type: string, body: string, headers: Record<string, string> = {}) =>
    world.fetch('/api/v1/deposits/digests', { method: 'POST', body, headers: { 'content-type': type, ...headers } });
  const bulk = async (lines: string[], headers: Record<string, string> = {}): Promise<Line[]> => {
    const answer = await post('application/x-ndjson', `${lines.join('\n')}\n`, headers);
    expect(answer.status).to.equal(200);
    expect(answer.headers.get('content-type')).to.equal('application/x-ndjson');
    const text = (await answer.text()).trimEnd();
    return text === '' ? [] : text.split('\n').map((line) => JSON.parse(line));
  };

  describe('as JSON', () => {
    it('records the digests as declared', async () => {
      const body = {
        statement: { title: 't' },
        files: [{ name: 'a.mp4', sizeBytes: 7, sha256: SHA, mediaType: 'video/mp4' }],
      };
      const answer = await post('application/json; charset=utf-8', JSON.stringify(body));
      const { depositId, receipt } = (await openApi.expectFits('createDigestDeposits', answer)) as {
        depositId: string;
        receipt: object;
      };
      const { files } = parseReceipt(Buffer.from(JSON.stringify(receipt)));
      expect(files[0]?.entry).to.include({ digestSource: 'declared', mediaType: 'video/mp4', sizeBytes: 7 });
      expect(files[0]?.entry.digests).to.deep.equal({ sha256: SHA, sm3: null });
      const original = await world.fetch(`/api/v1/deposits/${depositId}/files/0`);
      expect(((await original.json()) as { code: string }).code).to.equal('original-not-held');
    });

    it('answers 201, then 200 for the same key', async () => {
      const headers = { 'idempotency-key': 'k' };
      const first = await post('application/json', JSON.stringify(deposit('a')), headers);
      const second = await post('application/json', JSON.stringify(deposit('a')), headers);
      const other = await post('application/json', JSON.stringify(deposit('b')), headers);
      expect([first.status, second.status, other.status]).to.deep.equal([201, 200, 409]);
      const bodies = [await first.json(), await second.json()] as { depositId: string }[];
      expect(bodies[0]?.depositId).to.equal(bodies[1]?.depositId);
      await openApi.expectFits('createDigestDeposits', other);
    });

    it('takes a thousand files', async () => {
      const files = Array.from({ length: 1000 }, (_, i) => ({ name: `${i}`, sizeBytes: 1, sha256: SHA }));
      const answer = await post('application/json', JSON.stringify({ files }));
      expect(answer.status).to.equal(201);
    });

    const refused: [string, number, string, string, string][] = [
      ['another type', 415, 'unsupported-media-type', 'text/plain', '{}'],
      ['no JSON', 422, 'invalid-digest-deposit', 'application/json', 'x'],
      ['nothing', 422, 'invalid-digest-deposit', 'application/json', ''],
      ['more than 2 MiB', 413, 'body-too-large', 'application/json', ' '.repeat(2 * 1024 * 1024 + 1)],
    ];
    for (const [what, status, code, type, body] of refused) {
      it(`refuses ${what}: ${status} ${code}`, async () => {
        const answer = await post(type, body);
        expect(answer.status).to.equal(status);
        expect(await openApi.expectFits('createDigestDeposits', answer)).to.include({ code });
      });
    }

    it('refuses a body that is too long also when its length is not announced', async () => {
      const chunks = (async function* () {
        for (let i = 0; i < 40; i++) yield Buffer.alloc(64 * 1024, 0x20);
      })();
      const answer = await world.fetch('/api/v1/deposits/digests', {
        method: 'POST',
        body: ReadableStream.from(chunks) as unknown as RequestInit['body'] & object,
        headers: { 'content-type': 'application/json' },
        duplex: 'half',
      } as RequestInit & { headers: Record<string, string> });
      expect(answer.status).to.equal(413);
    });
  });

  it('a connection that is cut in the body is the client’s end, not the service’s fault', async () => {
    for (const type of ['application/json', 'application/x-ndjson']) {
      world.diagnostics.length = 0;
      const { hostname, port } = new URL(world.url);
      const socket = connect(Number(port), hostname, () => {
        socket.write(
          `POST /api/v1/deposits/digests HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${world.apiKey}\r\n` +
            `Content-Type: ${type}\r\nContent-Length: 1000\r\n\r\n{"fil`,
          () => socket.resetAndDestroy(),
        );
      });
      while (!world.diagnostics.some((line) => line.code === 'upload-aborted')) {
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
      expect(world.diagnostics.filter((line) => line.level !== 30)).to.deep.equal([]);
    }
  });

  describe('as NDJSON', () => {
    it('answers each line in order, wrong ones with their problem', async () => {
      const lines = await bulk([
        JSON.stringify(deposit('a')),
        '{',
        '',
        JSON.stringify(deposit('../b')),
        JSON.stringify(deposit('c')),
      ]);
      expect(lines.map((l) => [l.line, l.problem?.code ?? 'deposited'])).to.deep.equal([
        [1, 'deposited'],
        [2, 'invalid-digest-deposit'],
        [4, 'invalid-file-name'],
        [5, 'deposited'],
      ]);
      expect(parseReceipt(Buffer.from(JSON.stringify(lines[0]?.receipt))).leafIndex).to.equal(lines[0]?.leafIndex);
    });

    it('leaves receipts out if asked to', async () => {
      const answer = await post('application/x-ndjson', JSON.stringify(deposit('a')), { prefer: 'return=minimal' });
      expect(answer.headers.get('preference-applied')).to.equal('return=minimal');
      expect(Object.keys((await answer.json()) as object)).to.deep.equal(['line', 'depositId', 'leafIndex']);
    });

    it('makes nothing twice when the request is sent again with its key', async () => {
      const headers = { 'idempotency-key': 'bulk', prefer: 'return=minimal' };
      const lines = ['a', 'b', 'c'].map((name) => JSON.stringify(deposit(name)));
      expect(await bulk(lines, headers)).to.deep.equal(await bulk(lines, headers));
    });

    it('answers one line too many by its problem', async () => {
      const lines = await bulk(Array(301).fill(JSON.stringify(deposit('a'))), { prefer: 'return=minimal' });
      expect(lines).to.have.length(301);
      expect(lines.at(-1)?.problem?.code).to.equal('too-many-lines');
    });

    it('waits for a client that reads slowly, and leaves no listener behind for it', async () => {
      const warnings: Error[] = [];
      const listen = (warning: Error) => warnings.push(warning);
      process.on('warning', listen);
      const answer = await post('application/x-ndjson', `${JSON.stringify(deposit('a'))}\n`.repeat(300));
      await new Promise((resolve) => setTimeout(resolve, 500));
      expect((await answer.text()).trimEnd().split('\n')).to.have.length(300);
      process.off('warning', listen);
      expect(warnings).to.deep.equal([]);
    });

    it('lets a client that goes on after one line too many finish, and then ask again', async () => {
      const rest = JSON.stringify(deposit('a')).repeat(20_000);
      const answer = await post('application/x-ndjson', `${'\n'.repeat(301)}${rest}`);
      expect(((await answer.json()) as Line).problem?.code).to.equal('too-many-lines');
      expect((await world.fetch('/api/v1/me')).status).to.equal(200);
    });

    it('answers an empty body with no line', async () => {
      expect(await bulk([''])).to.deep.equal([]);
    });

    it('answers lines while later ones are not sent yet', async () => {
      let sendSecond = () => {};
      const asked = new Promise<void>((resolve) => {
        sendSecond = resolve;
      });
      const body = (async function* () {
        // As many as are kept under way, so that the first must be answered to go on.
        for (let i = 0; i < 30; i++) yield Buffer.from(`${JSON.stringify(deposit(`a${i}`))}\n`);
        await asked;
        yield Buffer.from(`${JSON.stringify(deposit('b'))}\n`);
      })();
      const answer = await world.fetch('/api/v1/deposits/digests', {
        method: 'POST',
        body: ReadableStream.from(body) as unknown as RequestInit['body'] & object,
        headers: { 'content-type': 'application/x-ndjson', prefer: 'return=minimal' },
        duplex: 'half',
      } as RequestInit & { headers: Record<string, string> });
      const reader = (answer.body as ReadableStream<Uint8Array>).getReader();
      const first = Buffer.from((await reader.read()).value as Uint8Array).toString('utf8');
      expect(JSON.parse(first.split('\n')[0] as string)).to.include({ line: 1 });
      sendSecond();
      let rest = '';
      for (let next = await reader.read(); !next.done; next = await reader.read())
        rest += Buffer.from(next.value).toString('utf8');
      expect(JSON.parse((first + rest).trimEnd().split('\n').at(-1) as string)).to.include({ line: 31 });
    });
  });
});
