import { expect } from 'chai';
import { recordNotice } from '../../src/notices/notice.ts';
import { OpenApiCheck } from '../http/openapi-check.ts';
import { ServiceWorld } from '../http/service-world.ts';

describe('notices over HTTP', () => {
  let world: ServiceWorld;
  let openApi: OpenApiCheck;
  let other: { accountId: string; apiKey: string };
  before(async function () {
    this.timeout(60_000);
    world = await ServiceWorld.open();
    openApi = await OpenApiCheck.of(world.url);
    other = await world.createAccount('别人 Somebody else');
  });
  after(() => world.close());
  const send = (method: string, path: string, body?: unknown, headers: Record<string, string> = {}) =>
    world.fetch(path, {
      method,
      ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
      headers: { ...(body === undefined ? {} : { 'content-type': 'application/json' }), ...headers },
    });
  const asOther = () => ({ authorization: `Bearer ${other.apiKey}` });
  const codeOf = async (answer: Response) => ((await answer.json()) as { code: string }).code;

  it('lists what the account was told, page by page, and nothing of others', async () => {
    const record = (accountId: string, key: string) =>
      recordNotice(world.db.pool, {
        ...{ accountId, kind: 'certified', key, about: { depositId: key, certificateNo: 'TZ-1' }, at: new Date() },
      });
    for (let i = 0; i < 60; i++) await record(world.accountId, `D-${i}`);
    await record(other.accountId, 'D-other');
    const seen: string[] = [];
    let next: string | null = '';
    while (next !== null) {
      const answer = await send('GET', `/api/v1/notices${next && `?before=${next}`}`);
      const page = (await openApi.expectFits('listNotices', answer)) as {
        notices: { about: { depositId: string }; title: { zh: string } }[];
        next: string | null;
      };
      seen.push(...page.notices.map(({ about }) => about.depositId));
      expect(page.notices[0]?.title.zh).to.equal('证书已签发');
      next = page.next;
    }
    expect(seen).to.deep.equal(Array.from({ length: 60 }, (_, i) => `D-${59 - i}`));
    expect(await codeOf(await send('GET', '/api/v1/notices?before=x'))).to.equal('invalid-parameter');
  });

  it('keeps preferences, and refuses kinds that there are not', async () => {
    const path = '/api/v1/notices/preferences';
    expect(await openApi.expectFits('getNoticePreferences', await send('GET', path))).to.deep.include({
      language: 'both',
    });
    const chosen = { language: 'zh', emailKinds: ['stuck', 'anchored'] };
    expect(await openApi.expectFits('setNoticePreferences', await send('PUT', path, chosen))).to.deep.equal(chosen);
    expect(await (await send('GET', path)).json()).to.deep.equal(chosen);
    expect(await (await send('GET', path, undefined, asOther())).json()).to.include({ language: 'both' });
    for (const bad of [
      { ...chosen, language: 'fr' },
      { ...chosen, emailKinds: ['everything'] },
      { ...chosen, emailKinds: ['stuck', 'stuck'] },
      { ...chosen, userId: 'x' },
      '{',
    ]) {
      expect(await codeOf(await send('PUT', path, bad)), JSON.stringify(bad)).to.equal('invalid-parameter');
    }
    expect(await codeOf(await send('PUT', path, chosen, { 'content-type': 'text/plain' }))).to.equal(
      'unsupported-media-type',
    );
    expect(await codeOf(await send('PUT', path, ' '.repeat(9000)))).to.equal('body-too-large');
  });

  it('makes, lists, tests, rotates, disables, enables and removes webhooks, and shows a secret once', async () => {
    const created = await send('POST', '/api/v1/webhooks', { url: 'https://hook.example.org/x', kinds: ['certified'] });
    const { webhook, secret } = (await openApi.expectFits('createWebhook', created)) as {
      webhook: { webhookId: string; state: string };
      secret: string;
    };
    expect(created.status).to.equal(201);
    expect(secret).to.match(/^tzw_[A-Za-z0-9_-]{43}$/);
    const one = `/api/v1/webhooks/${webhook.webhookId}`;
    const tested = (await openApi.expectFits('testWebhook', await send('POST', `${one}/test`))) as {
      deliveryId: string;
    };
    const rotated = (await openApi.expectFits('rotateWebhookSecret', await send('POST', `${one}/secret`))) as {
      secret: string;
    };
    expect(rotated.secret).to.match(/^tzw_/).and.not.to.equal(secret);
    const listed = await send('GET', '/api/v1/webhooks');
    expect(await openApi.expectFits('listWebhooks', listed.clone())).to.deep.equal({ webhooks: [webhook] });
    expect(await listed.text()).not.to.include('tzw_');
    const log = await openApi.expectFits('listDeliveries', await send('GET', '/api/v1/notices/deliveries'));
    expect((log as { deliveries: object[] }).deliveries[0]).to.include({
      ...{ deliveryId: tested.deliveryId, channel: 'webhook', kind: 'test', state: 'waiting', attempts: 0 },
    });
    const disabled = await openApi.expectFits('changeWebhook', await send('PATCH', one, { state: 'disabled' }));
    expect(disabled).to.include({ state: 'disabled', disabledBecause: 'account' });
    expect(await codeOf(await send('POST', `${one}/test`))).to.equal('webhook-disabled');
    expect(await (await send('PATCH', one, { state: 'active' })).json()).to.include({
      state: 'active',
      disabledBecause: null,
    });
    expect((await send('DELETE', one)).status).to.equal(204);
    expect(await codeOf(await send('DELETE', one))).to.equal('webhook-not-found');
  });

  it('refuses addresses within', async () => {
    for (const url of ['https://127.0.0.1/', 'https://[fd00::1]/', 'https://2130706433/', 'http://hook.example.org/']) {
      const answer = await send('POST', '/api/v1/webhooks', { url });
      expect([answer.status, await codeOf(answer)], url).to.deep.equal([422, 'webhook-address-refused']);
    }
  });

  it("answers of another's webhook as of one that never was", async () => {
    const { webhook } = (await (
      await send('POST', '/api/v1/webhooks', { url: 'https://hook.example.org/' })
    ).json()) as {
      webhook: { webhookId: string };
    };
    const withoutId = async (answer: Response) => {
      const { requestId: _requestId, ...problem } = (await answer.json()) as Record<string, unknown>;
      return JSON.stringify([answer.status, problem]);
    };
    for (const [method, end, body] of [
      ['PATCH', '', { state: 'disabled' }],
      ['DELETE', '', undefined],
      ['POST', '/secret', undefined],
      ['POST', '/test', undefined],
    ] as const) {
      const nobodys = '01939f3e-7c1a-7b7e-9d2c-3f1d0e5b8a99';
      const theirs = await withoutId(
        await send(method, `/api/v1/webhooks/${webhook.webhookId}${end}`, body, asOther()),
      );
      const none = await withoutId(await send(method, `/api/v1/webhooks/${nobodys}${end}`, body, asOther()));
      expect(theirs.replaceAll(webhook.webhookId, nobodys)).to.equal(none);
    }
    expect(await (await send('GET', '/api/v1/webhooks', undefined, asOther())).json()).to.deep.equal({ webhooks: [] });
  });

  it('ends mails by the token of a mail, in one click, and not because a program followed the link', async () => {
    const token = 'k'.repeat(43);
    await world.db.pool.query(
      `insert into notice_preference (account_id, user_id, language, email_kinds, unsubscribe_token, changed_at)
       values ($1, 'u1', 'both', '{certified}', $2, now())`,
      [world.accountId, token],
    );
    const kinds = async () =>
      (
        await world.db.pool.query('select email_kinds as kinds from notice_preference where unsubscribe_token = $1', [
          token,
        ])
      ).rows[0].kinds;
    const path = `/api/v1/notices/unsubscribe?token=${token}`;
    const page = await fetch(world.url + path);
    expect(await page.text()).to.include('method="post"');
    expect(page.headers.get('content-security-policy')).to.include("form-action 'self'");
    expect(await kinds()).to.deep.equal(['certified']);
    const click = await fetch(world.url + path, {
      method: 'POST',
      body: 'List-Unsubscribe=One-Click',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
    });
    expect(click.status).to.equal(200);
    expect(await kinds()).to.deep.equal([]);
    const unknown = await fetch(`${world.url}/api/v1/notices/unsubscribe?token=${'z'.repeat(43)}`, { method: 'POST' });
    expect(unknown.status).to.equal(404);
    expect((await fetch(`${world.url}/api/v1/notices/unsubscribe?token=short`)).status).to.equal(400);
  });
});
