import sharp from 'sharp';
import type { Role } from '../../src/access/rules.ts';
import { ServiceWorld, type WorldOptions } from '../http/service-world.ts';

/** Somebody with an account and a key to it. */
export class Party {
  readonly world: ServiceWorld;
  readonly accountId: string;
  readonly apiKey: string;

  constructor(world: ServiceWorld, account: { accountId: string; apiKey: string }) {
    this.world = world;
    this.accountId = account.accountId;
    this.apiKey = account.apiKey;
  }

  /** @param body JSON, unless undefined */
  ask(method: string, path: string, body?: unknown, headers: Record<string, string> = {}): Promise<Response> {
    return this.world.fetch(`/api/v1${path}`, {
      method,
      headers: {
        authorization: `Bearer ${this.apiKey}`,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
  }

  /** Asks, expects the status, and gives the JSON. */
  async get<T = Record<string, unknown>>(
    method: string,
    path: string,
    body?: unknown,
    status = 200,
    headers: Record<string, string> = {},
  ): Promise<T> {
    const answer = await this.ask(method, path, body, headers);
    const read = await answer.text();
    if (answer.status !== status) throw new Error(`${method} ${path}: ${answer.status} ${read}`);
    return (read === '' ? {} : JSON.parse(read)) as T;
  }

  /** @returns the code of the problem that it meets */
  async refused(method: string, path: string, body?: unknown, headers: Record<string, string> = {}): Promise<string> {
    const answer = await this.ask(method, path, body, headers);
    const problem = (await answer.json()) as { code?: string };
    return `${answer.status} ${problem.code}`;
  }

  /** @returns the id of a new deposit of one file */
  async deposit(bytes: Uint8Array | string, name = 'a.txt', statement?: object): Promise<string> {
    const answer = await this.world.upload([{ name, bytes }], statement, { authorization: `Bearer ${this.apiKey}` });
    if (answer.status !== 201) throw new Error(`deposit: ${answer.status} ${await answer.text()}`);
    return ((await answer.json()) as { depositId: string }).depositId;
  }

  /** Takes what was granted to the account by somebody with whom it has had nothing to do. */
  async takeGrants(): Promise<void> {
    await this.get('POST', '/received-grants');
  }

  async matter(fields: object = {}): Promise<string> {
    const body = { title: '图库侵权案', dispute: 'copyright', ...fields };
    return (await this.get<{ matterId: string }>('POST', '/matters', body, 201)).matterId;
  }

  /** @returns kinds of the events of a deposit's custody, oldest first, without the repeated one that began it */
  async custody(depositId: string): Promise<string[]> {
    const { rows } = await this.world.db.pool.query<{ kind: string }>(
      'select kind from custody_event where deposit_id = $1 order by event_index',
      [depositId],
    );
    return rows.map((row) => row.kind);
  }
}

export async function openDisputes(options: WorldOptions = {}): Promise<{
  world: ServiceWorld;
  /** An account that may do all of this. */
  party: (name: string, ...roles: Role[]) => Promise<Party>;
}> {
  const world = await ServiceWorld.open(options);
  return {
    world,
    party: async (name, ...roles) => {
      const account = await world.createAccount(name);
      const has = roles.length === 0 ? ['holder'] : roles;
      await world.db.pool.query('update account set roles = $2 where account_id = $1', [account.accountId, has]);
      await world.db.pool.query('update api_key set roles = $2 where account_id = $1', [account.accountId, has]);
      return new Party(world, account);
    },
  };
}

/** A picture with something in it. */
export async function picture(seed: number): Promise<Buffer> {
  const shapes = Array.from({ length: 6 }, (_, i) => {
    const at = (seed * 37 + i * 53) % 200;
    return `<circle cx="${at}" cy="${(at * 3) % 150}" r="${20 + ((seed + i) % 5) * 8}" fill="hsl(${(at * 7) % 360},70%,50%)"/>`;
  });
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="240" height="180"><rect width="240" height="180" fill="#eee"/>${shapes.join('')}</svg>`;
  return sharp(Buffer.from(svg)).jpeg().toBuffer();
}

/** A problem document without what differs between any two requests. */
export async function told(answer: Response, ...ids: string[]): Promise<string> {
  const headers = ['content-type', 'cache-control', 'etag', 'content-security-policy']
    .map((name) => `${name}: ${answer.headers.get(name)}`)
    .join('\n');
  let body = (await answer.text()).replace(/"requestId":"[^"]+"/, '"requestId":""');
  for (const id of ids) body = body.replaceAll(id, '<id>');
  return `${answer.status}\n${headers}\n${body}`;
}
