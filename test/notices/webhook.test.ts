import type { LookupAddress, lookup } from 'node:dns';
import { createServer, type IncomingHttpHeaders, type RequestListener, type Server } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import { type AddressInfo, isIP } from 'node:net';
import { expect } from 'chai';
import { insertWebhookDelivery, selectFirstWaitingDelivery } from '../../src/db/deliveries.ts';
import { selectWebhook } from '../../src/db/webhooks.ts';
import { backOffMs, GIVE_UP_AFTER_MS } from '../../src/notices/back-off.ts';
import { type NoticeKind, recordNotice } from '../../src/notices/notice.ts';
import { MAX_WEBHOOKS, ROTATION_MS, WebhookService } from '../../src/notices/webhook-service.ts';
import { isSignedBy, signatureHeader, spellSecret } from '../../src/notices/webhook-signature.ts';
import { WebhookWorker, type WebhookWorkerParts, webhookBody } from '../../src/notices/webhook-worker.ts';
import { rejectionOf } from '../support/coded-error.ts';
import { makeLoopbackCertificate, NoticeWorld } from './notice-world.ts';

interface Received {
  headers: IncomingHttpHeaders;
  body: string;
}

/** A receiver that keeps what it gets, and answers 204 or the next of `answers`. */
class Receiver {
  readonly received: Received[] = [];
  readonly answers: (number | RequestListener)[] = [];
  readonly #server: Server;
  readonly #scheme: string;

  private constructor(tls: { key: string; cert: string } | undefined) {
    const listener: RequestListener = (req, res) => {
      const chunks: Buffer[] = [];
      req.on('data', (chunk: Buffer) => chunks.push(chunk));
      req.on('end', () => {
        this.received.push({ headers: req.headers, body: Buffer.concat(chunks).toString('utf8') });
        const answer = this.answers.shift() ?? 204;
        if (typeof answer === 'number') res.writeHead(answer).end();
        else answer(req, res);
      });
    };
    this.#scheme = tls === undefined ? 'http' : 'https';
    this.#server = tls === undefined ? createServer(listener) : createSecureServer(tls, listener);
  }

  static async open(tls?: { key: string; cert: string }): Promise<Receiver> {
    const receiver = new Receiver(tls);
    await new Promise<void>((resolve) => receiver.#server.listen(0, '127.0.0.1', resolve));
    return receiver;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  get url(): string {
    return `${this.#scheme}://127.0.0.1:${this.port}/hook`;
  }

  ids(): unknown[] {
    return this.received.map(({ headers }) => headers['tiezheng-delivery']);
  }

  close(): void {
    this.#server.closeAllConnections();
    this.#server.close();
  }
}

describe('webhooks', () => {
  let world: NoticeWorld;
  let receiver: Receiver;
  let accountId: string;
  before(async function () {
    this.timeout(60_000);
    world = await NoticeWorld.open();
  });
  after(() => world.close());
  beforeEach(async () => {
    receiver = await Receiver.open();
    accountId = await world.account();
    world.now += 7 * 24 * 3600_000;
  });
  afterEach(async () => {
    receiver.close();
    await world.db.pool.query(`update delivery set state = 'cancelled', ended_at = now() where state = 'waiting'`);
  });

  const service = (peers: 'any' | 'public' = 'any') =>
    new WebhookService({ db: world.db, keys: world.keys, peers, nowMs: world.nowMs });
  const workerWith = (change: Partial<WebhookWorkerParts> = {}) =>
    new WebhookWorker({
      ...{ db: world.db, keys: world.keys, publicUrl: 'https://e.example', version: '0.0.0', peers: 'any' },
      nowMs: world.nowMs,
      timeoutMs: 500,
      onTrouble: (error) => {
        throw error;
      },
      ...change,
    });
  const turn = async (worker = workerWith()) => {
    await worker.turn();
    await worker.settled();
  };
  const create = (url = receiver.url, kinds: readonly NoticeKind[] | null = null) =>
    service().create({ accountId, userId: null, url, kinds });
  let notices = 0;
  const tell = async (kind: NoticeKind = 'certified') => {
    const about = { depositId: `D-${++notices}` };
    await recordNotice(world.db.pool, { accountId, kind, key: `n${notices}`, about, at: new Date(world.now) });
    await world.find();
  };
  const states = async () => (await world.deliveries(accountId)).map(({ state }) => state);
  const stateOf = async (webhookId: string) => {
    const webhook = await selectWebhook(world.db.pool, accountId, webhookId);
    return webhook?.disabledBecause ?? (webhook?.disabledAt === null ? 'active' : 'disabled');
  };

  describe('a delivery', () => {
    it('is a signed POST of canonical JSON under an id of its own', async () => {
      const { secret } = await create();
      await tell();
      await turn();
      const [{ headers, body } = { headers: {}, body: '' }] = receiver.received;
      const [delivery] = await world.deliveries(accountId);
      expect(headers).to.include({ 'content-type': 'application/json', 'user-agent': 'tiezheng/0.0.0' });
      expect(headers['tiezheng-delivery']).to.equal(delivery?.deliveryId);
      const nowS = Math.floor(world.now / 1000);
      expect(isSignedBy(secret, String(headers['tiezheng-signature']), Buffer.from(body), nowS)).to.equal(true);
      expect(
        isSignedBy(spellSecret(new Uint8Array(32)), String(headers['tiezheng-signature']), Buffer.from(body), nowS),
      ).to.equal(false);
      expect(JSON.parse(body)).to.deep.equal({
        type: 'tiezheng/notice/v1',
        deliveryId: delivery?.deliveryId,
        noticeId: delivery?.noticeId,
        accountId,
        kind: 'certified',
        about: { depositId: `D-${notices}` },
        at: new Date(world.now).toISOString(),
        url: `https://e.example/deposits/D-${notices}`,
      });
      expect(delivery).to.include({ state: 'sent', attempts: 1, outcome: '204' });
    });

    it('goes over TLS to whom the roots trust, and to nobody else', async () => {
      const tls = await makeLoopbackCertificate();
      const secure = await Receiver.open(tls);
      try {
        await create(secure.url);
        await tell();
        await turn();
        expect(secure.received).to.have.lengthOf(0);
        expect((await world.deliveries(accountId))[0]).to.include({ state: 'waiting', outcome: 'exchange-failed' });
        world.now += 60_000;
        await turn(workerWith({ trustedRoots: tls.cert }));
        expect(secure.received).to.have.lengthOf(1);
      } finally {
        secure.close();
      }
    });

    it('is of the kinds that the webhook wants, and of its own account', async () => {
      await create(receiver.url, ['stuck']);
      const other = accountId;
      accountId = await world.account();
      await tell('stuck');
      accountId = other;
      await tell('certified');
      await tell('stuck');
      await turn();
      expect(receiver.received.map(({ body }) => [JSON.parse(body).kind, JSON.parse(body).accountId])).to.deep.equal([
        ['stuck', accountId],
      ]);
    });
  });

  describe('a receiver that fails', () => {
    it('gets the same delivery again, later each time, and the others behind it in their order', async () => {
      await create();
      for (let i = 0; i < 3; i++) await tell();
      receiver.answers.push(500, 503);
      await turn();
      await turn();
      expect(receiver.received).to.have.lengthOf(1);
      world.now += backOffMs(1);
      await turn();
      world.now += backOffMs(1);
      await turn();
      expect(receiver.received).to.have.lengthOf(2);
      world.now += backOffMs(2);
      await turn();
      const [first, second, third] = (await world.deliveries(accountId)).map(({ deliveryId }) => deliveryId);
      expect(receiver.ids()).to.deep.equal([first, first, first, second, third]);
      expect(new Set(receiver.received.slice(0, 3).map(({ body }) => body)).size).to.equal(1);
      expect(await states()).to.deep.equal(['sent', 'sent', 'sent']);
    });

    for (const [what, answer, outcome] of [
      [
        'redirects to a private address',
        (_req, res) => res.writeHead(302, { Location: 'http://169.254.169.254/' }).end(),
        '302',
      ],
      ['does not answer', () => {}, 'exchange-timeout'],
      ['breaks off', (req) => req.socket.destroy(), 'exchange-failed'],
      [
        'answers without end',
        (_req, res) => void res.writeHead(200).write(Buffer.alloc(64 * 1024)),
        'exchange-too-large',
      ],
      ['answers 404', 404, '404'],
    ] as [string, number | RequestListener, string][]) {
      it(`is tried again if it ${what}`, async () => {
        await create();
        await tell();
        receiver.answers.push(answer);
        await turn();
        expect((await world.deliveries(accountId))[0]).to.include({ state: 'waiting', attempts: 1, outcome });
        world.now += backOffMs(1);
        await turn();
        expect(await states()).to.deep.equal(['sent']);
        expect(receiver.received).to.have.lengthOf(2);
      });
    }

    it('is disabled after three days, with a notice, and enabled again by hand', async () => {
      await world.member(accountId, `${accountId}@example.org`);
      const { webhook } = await create(receiver.url, ['certified']);
      await tell();
      await tell();
      const end = world.now + GIVE_UP_AFTER_MS;
      let attempts = 0;
      for (; (await stateOf(webhook.webhookId)) === 'active'; attempts++) {
        expect(attempts).to.be.lessThan(100);
        world.now = Math.max(world.now, (await world.deliveries(accountId))[0]?.dueAt.getTime() ?? 0);
        receiver.answers.push(500);
        await turn();
      }
      expect(world.now).to.equal(end);
      expect(attempts).to.be.within(20, 30);
      expect(receiver.received).to.have.lengthOf(attempts);
      const toWebhook = async () =>
        (await world.deliveries(accountId)).filter(({ webhookId }) => webhookId !== null).map(({ state }) => state);
      expect(await toWebhook()).to.deep.equal(['given-up', 'cancelled']);
      expect(await stateOf(webhook.webhookId)).to.equal('failed');
      await world.find();
      const told = (await world.deliveries(accountId)).filter(({ kind }) => kind === 'webhook-disabled');
      expect(told.map(({ address }) => address)).to.deep.equal([`${accountId}@example.org`]);
      await tell();
      await turn();
      expect(receiver.received).to.have.lengthOf(attempts);
      await service().enable(accountId, webhook.webhookId);
      await tell();
      await turn();
      expect(await toWebhook()).to.deep.equal(['given-up', 'cancelled', 'sent']);
    });

    it('is disabled at once if it says that it is gone', async () => {
      const { webhook } = await create();
      await tell();
      receiver.answers.push(410);
      await turn();
      expect(await stateOf(webhook.webhookId)).to.equal('gone');
    });

    it('holds up no other', async () => {
      const slow = await Receiver.open();
      try {
        slow.answers.push(() => {});
        await create(slow.url);
        await create();
        await tell();
        const worker = workerWith({ timeoutMs: 2000 });
        const startedMs = performance.now();
        await worker.turn();
        while (receiver.received.length === 0 && performance.now() - startedMs < 1900) {
          await new Promise((resolve) => setTimeout(resolve, 10));
        }
        expect(receiver.received).to.have.lengthOf(1);
        await worker.settled();
        expect((await states()).sort()).to.deep.equal(['sent', 'waiting']);
      } finally {
        slow.close();
      }
    });
  });

  describe('after a crash between sending and writing it down', () => {
    it('the same delivery goes out again, under the same id', async () => {
      await create();
      await tell();
      const { db } = world;
      const crashing = { ...db, transaction: () => Promise.reject(new Error('the process ends here')) };
      const errors: unknown[] = [];
      await turn(workerWith({ db: crashing, onTrouble: (error) => void errors.push(error) }));
      expect(errors.map(String)).to.deep.equal(['Error: the process ends here']);
      await turn();
      expect(receiver.received).to.have.lengthOf(1); // The lease of the process that is gone still runs.
      world.now += 60_001;
      await turn();
      expect(receiver.received).to.have.lengthOf(2);
      expect(new Set(receiver.ids()).size).to.equal(1);
      expect(await states()).to.deep.equal(['sent']);
    });
  });

  it('sends once, and in order, where three servers work', async () => {
    await create();
    for (let i = 0; i < 12; i++) await tell();
    const workers = [workerWith(), workerWith(), workerWith()];
    await Promise.all(workers.map((worker) => turn(worker)));
    await Promise.all(workers.map((worker) => turn(worker)));
    expect(receiver.ids()).to.deep.equal((await world.deliveries(accountId)).map(({ deliveryId }) => deliveryId));
  });

  describe('addresses', () => {
    const inside = [
      '127.0.0.1',
      '127.1',
      '2130706433',
      '0x7f000001',
      '0177.0.0.1',
      '10.0.0.1',
      '172.16.0.1',
      '192.168.0.1',
      '169.254.169.254',
      '100.64.0.1',
      '0.0.0.0',
      '[::1]',
      '[::]',
      '[fd00::1]',
      '[fe80::1]',
      '[::ffff:127.0.0.1]',
      '[::ffff:a9fe:a9fe]',
      '[::127.0.0.1]',
      '[64:ff9b::7f00:1]',
    ];
    for (const host of inside) {
      it(`are refused at ${host}, when they are given and when they are called`, async () => {
        const url = `https://${host}:${receiver.port}/hook`;
        const wanted = { accountId, userId: null, url, kinds: null };
        await rejectionOf(service('public').create(wanted), 'webhook-address-refused');
        await create(url); // As if a row had come here by another way.
        await tell();
        await turn(workerWith({ peers: 'public' }));
        expect(receiver.received).to.have.lengthOf(0);
        expect((await world.deliveries(accountId))[0]).to.include({
          state: 'waiting',
          outcome: 'exchange-private-address',
        });
      });
    }

    it('are judged by where their name leads when they are called, each time anew', async () => {
      const answers = [['10.0.0.1'], ['203.0.113.1', '127.0.0.1'], ['::ffff:127.0.0.1']];
      const lookUp = ((_host: string, _options: object, callback: (error: null, all: LookupAddress[]) => void) => {
        callback(
          null,
          (answers.shift() ?? []).map((address) => ({ address, family: isIP(address) })),
        );
      }) as unknown as typeof lookup;
      const url = `https://hook.example.org:${receiver.port}/`;
      await service('public').create({ accountId, userId: null, url, kinds: null });
      await tell();
      while (answers.length > 0) {
        await turn(workerWith({ peers: 'public', lookUp }));
        world.now += GIVE_UP_AFTER_MS / 10;
      }
      expect((await world.deliveries(accountId))[0]).to.include({ attempts: 3, outcome: 'exchange-private-address' });
      expect(receiver.received).to.have.lengthOf(0);
    });

    it('of this machine are refused by name', async () => {
      const url = `https://localhost:${receiver.port}/`;
      await service('public').create({ accountId, userId: null, url, kinds: null });
      await tell();
      await turn(workerWith({ peers: 'public' }));
      expect((await world.deliveries(accountId))[0]).to.include({ outcome: 'exchange-private-address' });
    });

    it('are https, without user, password and fragment, and not too long', async () => {
      for (const url of [
        'http://hook.example.org/',
        'ftp://hook.example.org/',
        'https://user@hook.example.org/',
        'https://:p@hook.example.org/',
        'https://hook.example.org/#x',
        `https://hook.example.org/${'证'.repeat(200)}`,
        'hook.example.org',
        'https://',
      ]) {
        const wanted = { accountId, userId: null, url, kinds: null };
        await rejectionOf(service('public').create(wanted), 'webhook-address-refused');
      }
    });

    it('without TLS are not called even if a row has one', async () => {
      await create();
      await tell();
      await turn(workerWith({ peers: 'public' }));
      expect((await world.deliveries(accountId))[0]).to.include({ outcome: 'exchange-address-invalid' });
      expect(receiver.received).to.have.lengthOf(0);
    });
  });

  describe('the secret', () => {
    it('is kept wrapped, for its own webhook alone', async () => {
      const { webhook, secret } = await create();
      const { rows } = await world.db.pool.query('select * from webhook where webhook_id = $1', [webhook.webhookId]);
      const kept = Buffer.concat(
        Object.values(rows[0] ?? {}).map((value) => Buffer.from(Buffer.isBuffer(value) ? value : String(value))),
      );
      expect(kept.includes(secret)).to.equal(false);
      expect(kept.includes(Buffer.from(secret.slice(4), 'base64url'))).to.equal(false);
      const other = await create();
      await world.db.pool.query('update webhook set wrapped_secret = $2 where webhook_id = $1', [
        other.webhook.webhookId,
        rows[0]?.wrapped_secret,
      ]);
      await tell();
      const errors: unknown[] = [];
      await turn(workerWith({ onTrouble: (error) => void errors.push((error as { code: string }).code) }));
      expect(errors).to.deep.equal(['wrong-key']);
    });

    it('signs beside its successor for a day', async () => {
      const { webhook, secret } = await create();
      const next = await service().rotateSecret(accountId, webhook.webhookId);
      const isSigned = async (by: string) => {
        await tell();
        await turn();
        const { headers, body } = receiver.received.at(-1) as Received;
        return isSignedBy(by, String(headers['tiezheng-signature']), Buffer.from(body), Math.floor(world.now / 1000));
      };
      expect([await isSigned(secret), await isSigned(next)]).to.deep.equal([true, true]);
      world.now += ROTATION_MS + 1;
      expect([await isSigned(secret), await isSigned(next)]).to.deep.equal([false, true]);
    });
  });

  describe('WebhookService', () => {
    it('knows nothing of the webhooks of others', async () => {
      const { webhook } = await create();
      const other = await world.account();
      const { webhookId } = webhook;
      for (const attempt of [
        () => service().disable(other, webhookId),
        () => service().enable(other, webhookId),
        () => service().rotateSecret(other, webhookId),
        () => service().sendTest(other, webhookId),
        () => service().remove(other, webhookId),
      ]) {
        await rejectionOf(attempt(), 'webhook-not-found');
      }
      expect(await service().list(other)).to.deep.equal([]);
      expect(await stateOf(webhookId)).to.equal('active');
    });

    it('makes no more than an account may have, also of several at once', async () => {
      const made = await Promise.allSettled(Array.from({ length: MAX_WEBHOOKS + 3 }, () => create()));
      expect(made.filter(({ status }) => status === 'fulfilled')).to.have.lengthOf(MAX_WEBHOOKS);
      await rejectionOf(create(), 'too-many-webhooks');
    });

    it('sends a test to one webhook alone, and to no disabled one', async () => {
      const { webhook } = await create();
      await create();
      await world.member(accountId, `${accountId}@example.org`);
      const deliveryId = await service().sendTest(accountId, webhook.webhookId);
      await world.find();
      await turn();
      expect(receiver.ids()).to.deep.equal([deliveryId]);
      expect(JSON.parse(receiver.received[0]?.body ?? '')).to.include({ kind: 'test' });
      await service().disable(accountId, webhook.webhookId);
      await rejectionOf(service().sendTest(accountId, webhook.webhookId), 'webhook-disabled');
    });

    it('cancels what waits for a webhook that is removed', async () => {
      const { webhook } = await create();
      await tell();
      await service().remove(accountId, webhook.webhookId);
      await turn();
      expect(await states()).to.deep.equal(['cancelled']);
      await rejectionOf(service().enable(accountId, webhook.webhookId), 'webhook-not-found');
    });
  });

  it('repeat the same bytes', async () => {
    const { webhook } = await create();
    await tell();
    const first = await selectFirstWaitingDelivery(world.db.pool, webhook.webhookId);
    const again = await selectFirstWaitingDelivery(world.db.pool, webhook.webhookId);
    expect(webhookBody(first!, 'https://e.example')).to.deep.equal(webhookBody(again!, 'https://e.example'));
    const twice = insertWebhookDelivery(world.db.pool, {
      ...{ noticeId: first!.noticeId, accountId, webhookId: webhook.webhookId, at: new Date(world.now) },
    });
    expect(await twice.catch((error: { code: string }) => error.code)).to.equal('23505');
  });
});

describe('signatureHeader', () => {
  const body = new TextEncoder().encode('{"kind":"test"}');
  const secret = spellSecret(new Uint8Array(32).fill(7));

  it('is what docs/formats/webhook.md says', () => {
    expect(secret).to.equal('tzw_BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc');
    expect(signatureHeader([secret], 1_795_316_645, body)).to.equal(
      't=1795316645,v1=c18559c740a79d3e8685242ada6eceb898b5dd9d9133586403a88cee44dc1990',
    );
  });

  it('holds within five minutes on either side, for these bytes and this secret', () => {
    const header = signatureHeader([secret], 1000, body);
    for (const now of [700, 1000, 1300]) expect(isSignedBy(secret, header, body, now)).to.equal(true);
    for (const now of [699, 1301]) expect(isSignedBy(secret, header, body, now)).to.equal(false);
    expect(isSignedBy(secret, header, body.subarray(1), 1000)).to.equal(false);
    expect(isSignedBy(`${secret}x`, header, body, 1000)).to.equal(false);
    expect(isSignedBy(secret, header.replace('t=1000', 't=1001'), body, 1000)).to.equal(false);
    for (const bad of [
      '',
      't=1000',
      't=1000,v1=',
      't=1000,v1=zz',
      't=,v1=00',
      't=-1,v1=00',
      header.replace('v1', 'v0'),
    ]) {
      expect(isSignedBy(secret, bad, body, 1000), bad).to.equal(false);
    }
  });
});
