import { expect } from 'chai';
import type { ServiceWorld } from '../http/service-world.ts';

export const PASSWORD = 'correct horse battery staple';

/** A browser: it keeps its cookies and says, as browsers do, that its requests come from a page of the server. */
export class Person {
  readonly world: ServiceWorld;
  readonly email: string;
  readonly cookies = new Map<string, string>();

  constructor(world: ServiceWorld, email: string) {
    this.world = world;
    this.email = email;
  }

  /** Signed up, confirmed and signed in. */
  static async signedIn(world: ServiceWorld, email: string, name = '王芳'): Promise<Person> {
    const person = new Person(world, email);
    await person.signUp(name);
    await person.confirm();
    expect((await person.signIn()).status).to.equal(200);
    return person;
  }

  async fetch(path: string, init: RequestInit & { headers?: Record<string, string> } = {}): Promise<Response> {
    const cookie = [...this.cookies].map(([name, value]) => `${name}=${value}`).join('; ');
    const answer = await fetch(this.world.url + path, {
      redirect: 'manual',
      ...init,
      headers: { 'sec-fetch-site': 'same-origin', ...(cookie && { cookie }), ...init.headers },
    });
    for (const set of answer.headers.getSetCookie()) {
      const [pair = '', ...attributes] = set.split('; ');
      const name = pair.slice(0, pair.indexOf('='));
      if (attributes.some((each) => /^max-age=0$/i.test(each))) this.cookies.delete(name);
      else this.cookies.set(name, pair.slice(name.length + 1));
    }
    return answer;
  }

  send(method: string, path: string, body: unknown = {}, headers: Record<string, string> = {}): Promise<Response> {
    return this.fetch(path, {
      method,
      body: JSON.stringify(body),
      headers: { 'content-type': 'application/json', ...headers },
    });
  }

  post(path: string, body: unknown = {}, headers: Record<string, string> = {}): Promise<Response> {
    return this.send('POST', path, body, headers);
  }

  signUp(name = '王芳', password = PASSWORD): Promise<Response> {
    return this.post('/api/auth/sign-up/email', { name, email: this.email, password });
  }

  /** Opens the newest link that was mailed. */
  async confirm(): Promise<Response> {
    const { pathname, search } = new URL(await this.mailed(/verify-email/));
    return this.fetch(pathname + search);
  }

  signIn(password = PASSWORD): Promise<Response> {
    return this.post('/api/auth/sign-in/email', { email: this.email, password });
  }

  /** The link in the newest mail to this person that holds such a one. Mails go out beside the answer. */
  async mailed(link: RegExp): Promise<string> {
    for (let tries = 0; tries < 100; tries++) {
      const mails = this.world.mails.filter(({ to }) => to === this.email.toLowerCase());
      const found = mails.flatMap(({ text }) => text.match(/https?:\/\/\S+/g) ?? []).filter((url) => link.test(url));
      if (found.length > 0) return found.at(-1) as string;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    throw new Error(`no mail with ${link} came to ${this.email}`);
  }

  async me(): Promise<
    Record<string, unknown> & { accountId: string; accounts: { accountId: string; kind: string }[] }
  > {
    const answer = await this.fetch('/api/v1/me');
    expect(answer.status).to.equal(200);
    return (await answer.json()) as Awaited<ReturnType<Person['me']>>;
  }
}
