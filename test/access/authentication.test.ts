import type { IncomingMessage } from 'node:http';
import { expect } from 'chai';
import { v7 as uuidV7 } from 'uuid';
import { Authentication } from '../../src/access/authentication.ts';
import { API_KEY, isSecret, makeSecret, SESSION } from '../../src/access/secret.ts';
import { insertAccount } from '../../src/db/accounts.ts';
import { selectApiKeys, updateApiKeyRevoked } from '../../src/db/api-keys.ts';
import { migrate } from '../../src/db/migrate.ts';
import { type Database, openDatabase } from '../../src/db/pool.ts';
import { rejectionOf } from '../support/coded-error.ts';
import { useTestDatabase } from '../support/postgres.ts';

const HOST = '127.0.0.1:8080';
const request = (headers: Record<string, string>, method = 'GET') =>
  ({ method, headers: { host: HOST, ...headers } }) as unknown as IncomingMessage;
const bearer = (key: string) => request({ authorization: `Bearer ${key}` });

describe('Authentication', () => {
  const url = useTestDatabase();
  let db: Database;
  let authentication: Authentication;
  let accountId: string;
  let nowMs = Date.parse('2026-11-22T00:00:00Z');
  before(async () => {
    db = openDatabase({ url: url(), maxConnections: 4 });
    await migrate(db);
    accountId = uuidV7();
    await insertAccount(db.pool, {
      accountId,
      name: 'n',
      kind: 'person',
      identityMethod: 'none',
      identityCheckedAt: null,
    });
    authentication = new Authentication({ db, nowMs: () => nowMs, cookieName: 'session', sessionMs: 1000 });
  });
  after(() => db.close());

  const refused = (req: IncomingMessage) => rejectionOf(authentication.authenticate(req), 'unauthenticated');

  describe('an API key', () => {
    it('opens its account, and only its hash is stored', async () => {
      const key = await authentication.createApiKey(accountId, 'cli');
      expect(key).to.match(/^tz_[A-Za-z0-9_-]{43}$/);
      expect(await authentication.authenticate(bearer(key))).to.deep.include({ by: 'api-key' });
      const { rows } = await db.pool.query('select * from api_key');
      expect(JSON.stringify(rows)).not.to.include(key.slice(3));
    });

    it('reads the same error whether missing, misspelt, unknown or revoked', async () => {
      const revoked = await authentication.createApiKey(accountId, 'old');
      const row = (await selectApiKeys(db.pool, accountId)).find(({ label }) => label === 'old');
      await updateApiKeyRevoked(db.pool, accountId, row?.keyId as string, new Date(nowMs));
      const errors = [];
      for (const req of [
        request({}),
        request({ authorization: '' }),
        request({ authorization: 'Bearer' }),
        request({ authorization: 'Basic eDp5' }),
        bearer('tz_short'),
        bearer(`${revoked} `),
        bearer(makeSecret(API_KEY)),
        bearer(makeSecret(SESSION)),
        bearer(revoked),
      ]) {
        errors.push((await refused(req)).message);
      }
      expect(new Set(errors).size).to.equal(1);
    });

    it('that is wrong is not made good by a session', async () => {
      const { session } = await authentication.signIn(await authentication.createSignInToken(accountId, 1000));
      await refused(request({ authorization: `Bearer ${makeSecret(API_KEY)}`, cookie: `session=${session}` }));
    });
  });

  describe('a sign-in token', () => {
    it('opens one session, once', async () => {
      const token = await authentication.createSignInToken(accountId, 1000);
      const { session } = await authentication.signIn(token);
      const caller = await authentication.authenticate(request({ cookie: `a=b; session=${session}; c=d` }));
      expect(caller.by).to.equal('session');
      expect(caller.account.accountId).to.equal(accountId);
      await rejectionOf(authentication.signIn(token), 'sign-in-token-invalid');
    });

    it('lets one of several in who use it at once', async () => {
      const token = await authentication.createSignInToken(accountId, 1000);
      const outcomes = await Promise.allSettled(Array.from({ length: 6 }, () => authentication.signIn(token)));
      expect(outcomes.filter((o) => o.status === 'fulfilled')).to.have.length(1);
    });

    it('reads the same error whether expired, unknown or misspelt', async () => {
      const token = await authentication.createSignInToken(accountId, 1000);
      nowMs += 1000;
      const errors = [];
      for (const wrong of [token, makeSecret('tzo'), 'x']) {
        errors.push((await rejectionOf(authentication.signIn(wrong), 'sign-in-token-invalid')).message);
      }
      expect(new Set(errors).size).to.equal(1);
    });
  });

  describe('a session', () => {
    let cookie: string;
    beforeEach(async () => {
      const token = await authentication.createSignInToken(accountId, 1000);
      cookie = `session=${(await authentication.signIn(token)).session}`;
    });

    it('ends with its time', async () => {
      nowMs += 999;
      await authentication.authenticate(request({ cookie }));
      nowMs += 1;
      await refused(request({ cookie }));
    });

    it('ends by signing out', async () => {
      await authentication.signOut(request({ cookie, 'sec-fetch-site': 'same-origin' }, 'POST'));
      await refused(request({ cookie }));
    });

    const changing: [string, Record<string, string>, boolean][] = [
      ['from a page of this server', { 'sec-fetch-site': 'same-origin' }, true],
      ['from this origin, by a browser without fetch metadata', { origin: `http://${HOST}` }, true],
      ['from another site', { 'sec-fetch-site': 'cross-site', origin: 'https://evil.example' }, false],
      ['from another origin of the site', { 'sec-fetch-site': 'same-site' }, false],
      ['typed by hand', { 'sec-fetch-site': 'none' }, false],
      ['from another port', { origin: 'http://127.0.0.1:9999' }, false],
      ['from a sandboxed frame', { origin: 'null' }, false],
      ['that does not say where from', {}, false],
      [
        'with a forged origin beside honest metadata',
        { 'sec-fetch-site': 'cross-site', origin: `http://${HOST}` },
        false,
      ],
    ];
    for (const [what, headers, isTaken] of changing) {
      it(`${isTaken ? 'may' : 'may not'} change anything by a request ${what}`, async () => {
        for (const method of ['POST', 'PUT', 'DELETE', 'PATCH']) {
          const outcome = authentication.authenticate(request({ cookie, ...headers }, method));
          if (isTaken) await outcome;
          else await rejectionOf(outcome, 'cross-site-request');
        }
        await authentication.authenticate(request({ cookie, ...headers }));
      });
    }

    it('is not ended by another site', async () => {
      const outcome = authentication.signOut(request({ cookie, 'sec-fetch-site': 'cross-site' }, 'POST'));
      await rejectionOf(outcome, 'cross-site-request');
      await authentication.authenticate(request({ cookie }));
    });

    it('is not looked for under another name, nor in another spelling', async () => {
      for (const wrong of [cookie.replace('session', 'sessions'), `${cookie}x`, 'session=', 'session', '=']) {
        await refused(request({ cookie: wrong }));
      }
    });
  });
});

describe('makeSecret', () => {
  it('gives 256 bits, told apart by what they are for', () => {
    const key = makeSecret(API_KEY);
    expect(Buffer.from(key.slice(3), 'base64url')).to.have.length(32);
    expect([isSecret(API_KEY, key), isSecret(SESSION, key), isSecret(API_KEY, makeSecret(SESSION))]).to.deep.equal([
      true,
      false,
      false,
    ]);
    expect(makeSecret(API_KEY)).not.to.equal(key);
  });
});
