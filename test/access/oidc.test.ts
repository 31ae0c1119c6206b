import { once } from 'node:events';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect } from 'chai';
import Provider from 'oidc-provider';
import type { OidcProvider } from '../../src/access/oidc-settings.ts';
import { PEOPLE_URL, ServiceWorld } from '../http/service-world.ts';
import { Person } from './person.ts';

const SECRET = 's'.repeat(43);

/** A court's provider on the loopback. Its users have the address `<login>@court.example`. */
class Court {
  readonly #server: Server;
  readonly issuer: string;

  private constructor(server: Server, issuer: string) {
    this.#server = server;
    this.issuer = issuer;
  }

  static async open(): Promise<Court> {
    let callback: ReturnType<Provider['callback']> | undefined;
    const { createServer } = await import('node:http');
    const server = createServer((req, res) => void callback?.(req, res));
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const provider = new Provider(issuer, {
      clients: [
        {
          client_id: 'tiezheng',
          client_secret: SECRET,
          redirect_uris: [`${PEOPLE_URL}/api/auth/callback/court`],
          grant_types: ['authorization_code'],
          response_types: ['code'],
        },
      ],
      cookies: { keys: ['k'] },
      claims: { openid: ['sub'], email: ['email', 'email_verified'], profile: ['name'] },
      conformIdTokenClaims: false,
      findAccount: (_ctx: unknown, id: string) => ({
        accountId: id,
        claims: () => ({ sub: id, email: `${id}@court.example`, email_verified: true, name: `法官 ${id}` }),
      }),
      features: { devInteractions: { enabled: true } },
    });
    callback = provider.callback();
    return new Court(server, issuer);
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  /** Goes through the provider's own pages as `login`. @returns the address at which it sends the browser back */
  async visit(address: string, login: string): Promise<string> {
    const cookies = new Map<string, string>();
    let url = address;
    let form: URLSearchParams | undefined;
    for (let step = 0; step < 12; step++) {
      const answer = await fetch(url, {
        redirect: 'manual',
        headers: { cookie: [...cookies].map(([name, value]) => `${name}=${value}`).join('; ') },
        ...(form && { method: 'POST', body: form }),
      });
      for (const set of answer.headers.getSetCookie()) {
        const pair = set.split(';')[0] as string;
        cookies.set(pair.slice(0, pair.indexOf('=')), pair.slice(pair.indexOf('=') + 1));
      }
      const location = answer.headers.get('location');
      const page = await answer.text();
      if (location !== null) {
        url = new URL(location, url).href;
        form = undefined;
        if (!url.startsWith(this.issuer)) return url;
        continue;
      }
      const action = /action="([^"]+)"/.exec(page)?.[1];
      if (action === undefined) throw new Error(`no form at ${url}: ${answer.status} ${page.slice(0, 300)}`);
      const prompt = /name="prompt" value="([^"]+)"/.exec(page)?.[1] ?? '';
      form = new URLSearchParams({ prompt, ...(prompt === 'login' && { login, password: 'x' }) });
      url = new URL(action, url).href;
    }
    throw new Error('the provider goes round in circles');
  }
}

describe('signing in at a court’s OpenID Connect provider', () => {
  let court: Court;
  let world: ServiceWorld;
  const settings = (issuer: string, id = 'court'): OidcProvider => ({
    ...{ id, name: '某知识产权法院', issuer, clientId: 'tiezheng', clientSecret: SECRET },
    scopes: ['openid', 'email', 'profile'],
    organisation: { name: '某知识产权法院', roles: ['reader'] },
  });
  before(async function () {
    this.timeout(60_000);
    court = await Court.open();
    const away = settings('http://127.0.0.1:9', 'away');
    world = await ServiceWorld.open({
      people: { providers: [settings(court.issuer), away] },
      limits: { signInRequestsPerMinute: 10_000 },
    });
  });
  after(async () => {
    await world?.close();
    await court?.close();
  });

  const begin = async (person: Person): Promise<string> => {
    const answer = await person.post('/api/auth/sign-in/social', { provider: 'court', callbackURL: '/' });
    expect(answer.status).to.equal(200);
    return ((await answer.json()) as { url: string }).url;
  };
  const back = (person: Person, address: string) => {
    const { pathname, search } = new URL(address);
    return person.fetch(pathname + search, { headers: { 'sec-fetch-site': 'cross-site' } });
  };

  it('makes a reader of the court’s organisation', async () => {
    const judge = new Person(world, 'li@court.example');
    const answer = await back(judge, await court.visit(await begin(judge), 'li'));
    expect([answer.status, new URL(answer.headers.get('location') ?? '', PEOPLE_URL).pathname]).to.deep.equal([
      302,
      '/',
    ]);
    const me = await judge.me();
    expect(me).to.deep.include({ name: '某知识产权法院', kind: 'organisation', roles: ['reader'] });
    expect(me.user).to.deep.include({ name: '法官 li', email: 'li@court.example' });
  });

  it('does not become a user of this service who has the same address', async () => {
    const user = await Person.signedIn(world, 'wang@court.example', '王某');
    const judge = new Person(world, 'wang@court.example');
    const answer = await back(judge, await court.visit(await begin(judge), 'wang'));
    expect(answer.headers.get('location')).to.include('error=');
    expect((await judge.fetch('/api/v1/me')).status).to.equal(401);
    expect(await user.me()).to.have.nested.property('user.name', '王某');
  });

  it('takes the answer of the provider once, and in the browser that asked', async () => {
    const judge = new Person(world, 'zhao@court.example');
    const answer = await court.visit(await begin(judge), 'zhao');
    const thief = new Person(world, 'thief@court.example');
    expect((await back(thief, answer)).headers.get('location')).to.include('error=');
    expect((await thief.fetch('/api/v1/me')).status).to.equal(401);
    const mixed = new Person(world, 'mixed@court.example');
    await begin(mixed);
    await back(mixed, answer);
    expect((await mixed.fetch('/api/v1/me')).status).to.equal(401);
  });

  it('goes on while another provider is away, which is not offered', async () => {
    const ways = await (await fetch(`${world.url}/api/v1/sign-in`)).json();
    expect(ways).to.deep.equal({ providers: [{ id: 'court', name: '某知识产权法院' }], signUp: 'open' });
    const person = new Person(world, 'x@example.org');
    expect((await person.post('/api/auth/sign-in/social', { provider: 'away' })).status).to.equal(404);
  });

  it('lets no user name a provider of his own', async () => {
    const person = await Person.signedIn(world, 'registers@example.org');
    for (const path of ['/api/auth/sso/register', '/api/auth/register', '/api/auth/link-social']) {
      expect((await person.post(path, { issuer: court.issuer })).status, path).to.equal(404);
    }
  });
});
