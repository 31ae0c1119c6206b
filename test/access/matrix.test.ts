import { expect } from 'chai';
import { v7 as uuidV7 } from 'uuid';
import {
  ACTIONS,
  type Action,
  mayDo,
  mayEverDo,
  type Principal,
  type Relation,
  ROLES,
  type Role,
} from '../../src/access/rules.ts';
import { updateAccountRoles } from '../../src/db/accounts.ts';
import { giveGrant, revokeGrant, type SharedObject } from '../../src/sharing/grants.ts';
import { ServiceWorld } from '../http/service-world.ts';

/** Open to everybody, on purpose. What is not listed here names an action. */
const PUBLIC = [
  ...['getHealth', 'getReadiness', 'getStatus', 'getOpenApi', 'getDocs', 'getProblem'],
  ...['getCheckpoint', 'getTile', 'getLogIdentity', 'listCheckpoints', 'getRegister', 'getLogHistory'],
  ...['getCertificateStatus', 'lookUpCertificate', 'getUploadProtocol'],
  ...['signIn', 'signOut', 'getSignInWays', 'askToEndNoticeMails', 'endNoticeMails'],
  // Whoever holds a link has shown it: these judge it themselves.
  ...['openLink', 'openHandOverLink', 'confirmHandOverByLink'],
];
/** Under an opening of a link: judged by the link, as READABLE_BY_LINK and the rules for links say. */
const BY_LINK = /^\/api\/v1\/shared\/openings\/\{token\}(?:\/|$)/;

/** How an object stands to the caller. `missing` never was. */
const STATES = ['own', 'granted', 'expired', 'revoked', 'foreign', 'missing'] as const;
type State = (typeof STATES)[number];
const RELATION: Record<State, Relation> = {
  own: 'own',
  granted: 'granted',
  expired: 'none',
  revoked: 'none',
  foreign: 'none',
  missing: 'none',
};

/** Kinds of objects that routes name in their addresses and that can be granted; a new kind goes here. */
const KINDS = {
  depositId: {
    make: async (world: ServiceWorld, cookie: string) => {
      const form = new FormData();
      form.append('files', new Blob([`${Math.random()}`]), 'a.txt');
      const answer = await send(world, 'post', '/api/v1/deposits', cookie, form);
      return ((await answer.json()) as { depositId: string }).depositId;
    },
    shared: (depositId: string): SharedObject => ({ depositId }),
    notFound: 'deposit-not-found',
  },
  matterId: {
    make: async (world: ServiceWorld, cookie: string) => {
      const body = { title: '案件', dispute: 'copyright' };
      const answer = await send(world, 'post', '/api/v1/matters', cookie, JSON.stringify(body));
      return ((await answer.json()) as { matterId: string }).matterId;
    },
    shared: (matterId: string): SharedObject => ({ matterId }),
    notFound: 'matter-not-found',
  },
} as const;
type Kind = keyof typeof KINDS;

interface Operation {
  may: Action;
  method: string;
  path: string;
  operationId: string;
}

const bodyFor = (method: string) => (/^(?:get|head|options)$/.test(method) ? undefined : '{}');

function send(
  world: ServiceWorld,
  method: string,
  path: string,
  cookie: string,
  body?: string | FormData,
): Promise<Response> {
  const json = typeof body === 'string' ? { 'content-type': 'application/json' } : {};
  return fetch(world.url + path, {
    method: method.toUpperCase(),
    redirect: 'manual',
    headers: { cookie, 'sec-fetch-site': 'same-origin', ...json },
    ...(body !== undefined && { body }),
  });
}

describe('access matrix', () => {
  let world: ServiceWorld;
  const operations: (Omit<Operation, 'may'> & { may: string | undefined })[] = [];
  let caller: { accountId: string; cookie: string };
  const objects = {} as Record<Kind, Record<State, string>>;

  const person = async (name: string): Promise<{ accountId: string; cookie: string }> => {
    const { accountId } = await world.createAccount(name);
    const { session } = await world.authentication.signIn(
      await world.authentication.createSignInToken(accountId, 60_000),
    );
    return { accountId, cookie: `tiezheng-session=${session}` };
  };
  before(async function () {
    this.timeout(120_000);
    world = await ServiceWorld.open({ people: {}, limits: { failedSignInsPerMinute: 1_000_000 } });
    const document = (await (await fetch(`${world.url}/api/v1/openapi.json`)).json()) as {
      paths: Record<string, Record<string, { operationId: string; 'x-may'?: string }>>;
    };
    for (const [path, methods] of Object.entries(document.paths)) {
      for (const [method, { operationId, 'x-may': may }] of Object.entries(methods)) {
        operations.push({ method, path, operationId, may });
      }
    }
    const owner = await person('甲');
    const giver: Principal = {
      accountId: owner.accountId,
      userId: null,
      roles: ['holder'],
      by: 'session',
      scopes: null,
    };
    caller = await person('乙');
    const now = Date.now();
    for (const [kind, { make, shared }] of Object.entries(KINDS) as [Kind, (typeof KINDS)[Kind]][]) {
      const of = {
        own: await make(world, caller.cookie),
        granted: await make(world, owner.cookie),
        expired: await make(world, owner.cookie),
        revoked: await make(world, owner.cookie),
        foreign: await make(world, owner.cookie),
        missing: uuidV7(),
      };
      objects[kind] = of;
      const give = (id: string, atMs: number, expiresAt: Date | null) =>
        world.db.transaction((q) =>
          giveGrant(
            q,
            giver,
            {
              object: shared(id),
              to: { accountId: caller.accountId },
              ...{ scope: 'export', coverage: 'everything', expiresAt, remark: null },
            },
            new Date(atMs),
          ),
        );
      await give(of.granted, now, null);
      await give(of.expired, now, new Date(now + 1000));
      const { grantId } = await give(of.revoked, now, null);
      await revokeGrant(world.db, giver, grantId, new Date());
    }
    world.clockOffsetMs += 2000;
  });
  after(() => world.close());

  it('has a rule for every operation of the document: an action, or a reason to be public', () => {
    expect(operations.length).to.be.greaterThan(60);
    for (const { operationId, path, may } of operations) {
      if (may === 'public') {
        expect(PUBLIC.includes(operationId) || BY_LINK.test(path), `${operationId} is public`).to.equal(true);
      } else {
        expect(ACTIONS, `${operationId} names an action`).to.include(may);
      }
    }
  });

  it('knows every kind of object that can be granted', () => {
    const names = new Set(operations.flatMap(({ path }) => path.match(/(?<=\{)[a-zA-Z]+(?=\})/g) ?? []));
    expect([...names]).to.include.members(Object.keys(KINDS));
  });

  it('lets nobody in who is nobody', async function () {
    this.timeout(60_000);
    for (const { may, method, path, operationId } of operations.filter((each) => each.may !== 'public')) {
      const answer = await send(world, method, filled(path, undefined), '', bodyFor(method));
      expect(answer.status, `${may} ${operationId}`).to.equal(401);
      await answer.arrayBuffer();
    }
  });

  for (const role of [...ROLES, null]) {
    it(`lets ${role ?? 'an account without a role'} do what the table says and nothing else`, async function () {
      this.timeout(120_000);
      const roles: Role[] = role === null ? [] : [role];
      await updateAccountRoles(world.db.pool, caller.accountId, roles);
      const principal: Principal = { accountId: caller.accountId, userId: null, roles, by: 'session', scopes: null };
      const wrong: string[] = [];
      for (const operation of operations.filter(({ may }) => may !== 'public') as Operation[]) {
        const kind = (Object.keys(KINDS) as Kind[]).find((name) => operation.path.includes(`{${name}}`));
        for (const state of kind === undefined ? [undefined] : STATES) {
          const at = `${operation.operationId} ${state ?? ''}`;
          const object = kind !== undefined && state !== undefined ? objects[kind][state] : undefined;
          const found = await outcome(operation, object);
          const isAllowed =
            state === undefined
              ? mayEverDo(principal, operation.may)
              : mayDo(principal, operation.may, RELATION[state]) &&
                !(state === 'granted' && OWN_ALONE.includes(operation.operationId));
          if (!mayEverDo(principal, operation.may)) {
            if (found.code !== 'forbidden') wrong.push(`${at}: ${found.status} ${found.code}, not forbidden`);
            // Refused before the object is looked for: the others would answer the same.
            break;
          }
          if (kind === undefined || state === undefined) {
            if (found.code === 'forbidden') wrong.push(`${at}: forbidden`);
          } else if (isAllowed) {
            if (found.code === 'forbidden' || found.code === KINDS[kind].notFound) wrong.push(`${at}: ${found.code}`);
          } else if (RELATION[state] === 'none') {
            const missing = await outcome(operation, objects[kind].missing);
            const [a, b] = [found, missing].map(
              ({ status, text }, i) =>
                `${status} ${text.replaceAll(i === 0 ? (object as string) : objects[kind].missing, 'ID')}`,
            );
            if (a !== b) wrong.push(`${at}: ${a}, but missing ${b}`);
            if (found.status < 400) wrong.push(`${at}: ${found.status}`);
          } else if (found.status < 400) {
            wrong.push(`${at}: ${found.status}`);
          }
        }
      }
      expect(wrong).to.deep.equal([]);
    });
  }

  const filled = (path: string, object: string | undefined) =>
    path
      .replace(/\{(?:depositId|matterId)\}/, object ?? uuidV7())
      .replace('{accountId}', caller.accountId)
      .replace('{fileIndex}', '0')
      .replace(/\{(?:userId|invitationId)\}/, 'nobody')
      .replace(/\{[a-zA-Z]+\}/g, () => uuidV7());

  const outcome = async ({ method, path }: Operation, object: string | undefined) => {
    const answer = await send(world, method, filled(path, object), caller.cookie, bodyFor(method));
    const text = await answer.text();
    // A HEAD tells its code by the status alone.
    if (method === 'head') return { status: answer.status, code: answer.status === 403 ? 'forbidden' : null, text };
    const isProblem = answer.headers.get('content-type') === 'application/problem+json';
    const problem = isProblem ? (JSON.parse(text) as { code: string; requestId?: string }) : undefined;
    const { requestId: _, ...told } = problem ?? { code: null };
    return { status: answer.status, code: problem?.code ?? null, text: problem ? JSON.stringify(told) : text };
  };
});

/** Narrower than their action: what the side that prepares a matter keeps to itself, whatever it grants. */
const OWN_ALONE: readonly string[] = ['listNotes', 'listDeadlines', 'getMatterHistory', 'listMatterDeposits'];
