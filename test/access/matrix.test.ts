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
import { ServiceWorld } from '../http/service-world.ts';
import { Objects, type Openings, STATES, type State } from './objects.ts';

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
/** Of the service itself: whose object it is makes no difference. */
const PLATFORM = /^\/api\/v1\/platform(?:\/|$)/;

const RELATION: Record<State, Relation> = {
  own: 'own',
  granted: 'granted',
  expired: 'none',
  revoked: 'none',
  foreign: 'none',
  missing: 'none',
};

const ownAlone = (principal: Principal, state: State) => state === 'own' && mayDo(principal, 'matter.read', 'own');
/** Operations that ask for more, or for something else, than their action says of a deposit or matter; and why. */
const NARROWER: Record<string, (principal: Principal, state: State) => boolean> = {
  // What the side that prepares a matter keeps to itself, whatever it grants.
  listNotes: ownAlone,
  listDeadlines: ownAlone,
  getMatterHistory: ownAlone,
  listMatterDeposits: ownAlone,
  // The side that asked answers, the office writes down.
  addRequestStep: (principal, state) =>
    mayDo(principal, state === 'own' ? 'request.create' : 'request.decide', RELATION[state]),
  // A hand-over is its two parties', whosever the deposit is: also when it ran out or was taken back.
  getHandOver: (_, state) => ['own', 'granted', 'expired', 'revoked'].includes(state),
  getHandOverReceipt: (_, state) => ['own', 'granted', 'expired', 'revoked'].includes(state),
  confirmHandOver: (principal, state) =>
    ['granted', 'expired', 'revoked'].includes(state) && mayDo(principal, 'custody.confirm', 'granted'),
  cancelHandOver: (_, state) => state === 'own',
  // Only of an invitation to the caller's own address: none of these is (see accounts.test.ts).
  acceptInvitation: () => false,
  declineInvitation: () => false,
};

/** Bodies that would do, so that what is refused is the object and not the body. Others get `{}`. */
const BODIES: Record<string, (values: Record<string, string>) => object> = {
  changeMatter: () => ({ title: 'x' }),
  addParty: () => ({ role: 'holder', name: 'x' }),
  changeParty: () => ({ name: 'x' }),
  addRight: () => ({ kind: 'copyright', title: 'x' }),
  changeRight: () => ({ title: 'x' }),
  addRightProof: ({ rightId, depositId }) => ({ rightId, depositId, kind: 'draft' }),
  changeRightProof: () => ({ kind: 'contract' }),
  addItem: ({ depositId }) => ({ depositId }),
  changeItem: () => ({ title: 'x' }),
  addRelation: ({ itemId }) => ({ itemId, otherItemId: uuidV7(), kind: 'explains' }),
  changeRelation: () => ({ remark: 'x' }),
  addNote: () => ({ body: 'x' }),
  changeNote: () => ({ body: 'x' }),
  addDeadline: () => ({ title: 'x', dueAt: '2027-01-01T00:00:00.000Z' }),
  changeDeadline: () => ({ title: 'x' }),
  orderItems: ({ itemId }) => ({ items: [itemId] }),
  linkDerivative: ({ depositId }) => ({ depositId, kind: 'redacted', method: 'x' }),
  addRequestStep: () => ({ kind: 'other', remark: 'x' }),
  decideRequest: () => ({ state: 'accepted' }),
  reportVerification: () => ({ conclusion: 'no-policy' }),
  // With a number that is not the deposit's: refused after the deposit was found.
  eraseDeposit: () => ({ depositNo: 999_999, basis: 'depositor-request' }),
  changeWebhook: () => ({ state: 'disabled' }),
  setMemberRoles: () => ({ roles: ['opponent'] }),
  createInvitation: () => ({ email: `${uuidV7()}@firm.example`, roles: ['opponent'] }),
  createKey: () => ({ label: 'x', days: 1 }),
  rotateKey: () => ({ days: 1, graceHours: 1 }),
};

type Named = (
  values: Record<string, string>,
  own: Record<string, string>,
) => { body?: object; query?: Record<string, string> };
const LINK_TERMS = {
  reader: 'x',
  scope: 'read',
  maxOpenings: 1,
  expiresAt: new Date(Date.now() + 3600_000).toISOString(),
};
/** Of a verification under no policy, as short as there is. */
const REPORT = {
  ...{ type: 'tiezheng/report/v1', verifier: { name: 'x', version: 'x' }, evaluation: true, policy: null },
  subject: { kind: 'receipt', digest: '00'.repeat(32), certificateNo: null, depositId: 'x', leafIndex: 0 },
  ...{ conclusion: 'no-policy', unmet: [], since: [], before: [], statements: [], limits: [], weakestLink: null },
  times: { notBefore: null, received: '2026-11-22T03:04:05.678Z', notAfter: null, unprovedMinutes: null },
};
/** Operation and field → a request in which that field names the object, and all else is the caller's own. */
const NAMED: Record<string, Named> = {
  'addRight holderPartyId': ({ partyId }) => ({ body: { kind: 'copyright', title: 'x', holderPartyId: partyId } }),
  'changeRight holderPartyId': ({ partyId }) => ({ body: { holderPartyId: partyId } }),
  'addRightProof rightId': ({ rightId }, own) => ({ body: { rightId, depositId: own.depositId, kind: 'draft' } }),
  'addRightProof depositId': ({ depositId }, own) => ({ body: { rightId: own.rightId, depositId, kind: 'draft' } }),
  'addItem depositId': ({ depositId }) => ({ body: { depositId } }),
  'addRelation itemId': ({ itemId }, own) => ({ body: { itemId, otherItemId: own.itemId, kind: 'explains' } }),
  'addRelation otherItemId': ({ itemId }, own) => ({
    body: { itemId: own.itemId, otherItemId: itemId, kind: 'explains' },
  }),
  'orderItems items': ({ itemId }) => ({ body: { items: [itemId] } }),
  'linkDerivative depositId': ({ depositId }) => ({ body: { depositId, kind: 'redacted', method: 'x' } }),
  'createRequest depositIds': ({ depositId }, own) => ({
    body: { officeAccountId: own.officeId, depositIds: [depositId], subject: 'x' },
  }),
  'createRequest matterId': ({ matterId }, own) => ({
    body: { officeAccountId: own.officeId, depositIds: [own.depositId], matterId, subject: 'x' },
  }),
  'listRequests matterId': ({ matterId }) => ({ query: { matterId: matterId as string } }),
  'addRequestStep depositId': ({ depositId }) => ({ body: { kind: 'other', remark: 'x', depositId } }),
  'compareFiles original': ({ depositId }, own) => ({
    query: { original: depositId as string, suspect: own.depositId as string },
  }),
  'compareFiles suspect': ({ depositId }, own) => ({
    query: { original: own.depositId as string, suspect: depositId as string },
  }),
  'createGrant depositId': ({ depositId }) => ({ body: { depositId, to: { email: 'x@y.example' }, scope: 'read' } }),
  'createGrant matterId': ({ matterId }) => ({ body: { matterId, to: { email: 'x@y.example' }, scope: 'read' } }),
  'createLink depositId': ({ depositId }) => ({ body: { depositId, ...LINK_TERMS } }),
  'createLink matterId': ({ matterId }) => ({ body: { matterId, ...LINK_TERMS } }),
  ...Object.fromEntries(
    ['listGrants', 'listLinks'].flatMap((list) =>
      ['depositId', 'matterId'].map((name): [string, Named] => [
        `${list} ${name}`,
        (values) => ({ query: { [name]: values[name] as string } }),
      ]),
    ),
  ),
  'createHandOver depositId': ({ depositId }) => ({ body: { depositId, receiver: { kind: 'court', name: 'x' } } }),
  'makeVerificationReport requestId': ({ requestId }) => ({
    body: {
      requestId,
      signatory: { name: 'x' },
      tool: { name: 'x', version: 'x', sha256: null },
      items: [{ fileName: null, report: REPORT }],
    },
  }),
  'setActingAccount accountId': ({ accountId }) => ({ body: { accountId } }),
};
/** Where an account is named that may be anybody's, by a request that would do: to whom one shows something is one's own choice. */
const ANYBODYS: Record<string, (accountId: string, own: Record<string, string>) => object> = {
  'createRequest officeAccountId': (officeAccountId, { depositId }) => ({
    ...{ officeAccountId, depositIds: [depositId], subject: 'x' },
  }),
  'createGrant to.accountId': (accountId, { depositId }) => ({ depositId, to: { accountId }, scope: 'read' }),
  'createHandOver receiver.accountId': (accountId, { depositId }) => ({
    ...{ depositId, receiver: { kind: 'court', name: 'x', accountId } },
  }),
};
const BODY_REFUSED: readonly (string | null)[] = ['invalid-body', 'invalid-parameter', 'invalid-account-request'];
/** So that writes are refused by the version, after the object was found, and the next role finds all as it was. */
const HEADERS: Record<string, string> = {
  'if-match': '"999999"',
  'tus-resumable': '1.0.0',
  'upload-offset': '0',
};

/** Most of what an operation costs is waiting for PostgreSQL. */
const AT_ONCE = 4;

/** What removes comes later, so that all others have found their object; what removes many, last. */
const ROUNDS = ['others', 'removes', 'removes-all'] as const;
function roundOf({ method, operationId, names }: Operation): (typeof ROUNDS)[number] {
  const removes = method === 'delete' || /^(?:withdraw|cancel|revoke|remove|erase|end)/.test(operationId);
  return !removes ? 'others' : names.length > 0 ? 'removes' : 'removes-all';
}

interface Operation {
  /** `public`, an action, or whatever a new route says. */
  may: string | undefined;
  method: string;
  path: string;
  operationId: string;
  /** Names in the address, in order. */
  names: string[];
  /** Of its body, if it takes one. */
  mediaType: string | undefined;
  /** Where its body or query takes an id, such as `to.accountId`; where a page begins is none. */
  idFields: string[];
}

interface Schema {
  $ref?: string;
  pattern?: string;
  properties?: Record<string, Schema>;
  [word: string]: unknown;
}
interface OpenApi {
  paths: Record<
    string,
    Record<
      string,
      {
        operationId: string;
        'x-may'?: string;
        parameters?: { name: string; in: string; schema: Schema }[];
        requestBody?: { content: Record<string, { schema?: Schema }> };
      }
    >
  >;
}

/** Places of ids in a schema. */
function idFieldsOf(schema: unknown, at: string): string[] {
  if (schema === null || typeof schema !== 'object') return [];
  const { pattern, properties, ...rest } = schema as Schema;
  if (pattern?.startsWith('^[0-9a-f]{8}-')) return [at];
  const inside = Object.entries(properties ?? {}).flatMap(([name, value]) =>
    idFieldsOf(value, at === '' ? name : `${at}.${name}`),
  );
  return [...new Set([...inside, ...Object.values(rest).flatMap((value) => idFieldsOf(value, at))])];
}

interface Outcome {
  status: number;
  /** Null for what is no problem. */
  code: string | null;
  text: string;
}

/** The object of the address is not there, as far as the caller is told. */
const isNotFound = ({ code }: Outcome) => code !== null && /(?:^|-)not-found$/.test(code);

describe('access matrix', () => {
  let world: ServiceWorld;
  let operations: Operation[];
  let objects: Objects;
  before(async function () {
    this.timeout(120_000);
    world = await ServiceWorld.open({
      people: {},
      limits: { failedSignInsPerMinute: 1e6, signInRequestsPerMinute: 1e6, failedOpeningsPerMinute: 1e6 },
    });
    const document = (await (await fetch(`${world.url}/api/v1/openapi.json`)).json()) as OpenApi;
    operations = Object.entries(document.paths).flatMap(([path, methods]) =>
      Object.entries(methods).map(([method, { operationId, 'x-may': may, parameters = [], requestBody }]) => {
        const queries = parameters.filter(
          ({ in: place, name }) => place === 'query' && !['before', 'after'].includes(name),
        );
        const bodies = Object.values(requestBody?.content ?? {}).flatMap(({ schema }) => idFieldsOf(schema, ''));
        return {
          ...{ method, path, operationId, may },
          names: path.match(/(?<=\{)[a-zA-Z]+(?=\})/g) ?? [],
          mediaType: Object.keys(requestBody?.content ?? {})[0],
          idFields: [...new Set([...queries.flatMap(({ name, schema }) => idFieldsOf(schema, name)), ...bodies])],
        };
      }),
    );
    objects = await Objects.make(world);
  });
  after(() => world.close());

  it('has a rule for every operation of the document: an action, or a reason to be public', () => {
    expect(operations.length).to.be.greaterThan(60);
    for (const { operationId, path, may } of operations) {
      if (may === 'public') {
        expect(
          PUBLIC.includes(operationId) || BY_LINK.test(path),
          `${operationId} is public: if it is meant to be, name it in PUBLIC (test/access/matrix.test.ts) and say why`,
        ).to.equal(true);
      } else {
        expect(ACTIONS, `${operationId} names an action of src/access/rules.ts in \`may\``).to.include(may);
      }
    }
  });

  it('has an object of every kind that an address can name: the caller’s own, another’s, and one that never was', () => {
    const { own, foreign, missing } = objects.values;
    for (const { operationId, names } of operations.filter(({ may }) => may !== 'public')) {
      for (const name of names) {
        expect(
          [own[name], foreign[name], missing[name]].every((value) => value !== undefined),
          `${operationId} names a {${name}}: make one in test/access/objects.ts (values.own, values.foreign, and values.granted where ` +
            'such a thing can be granted), or the matrix does not know whether another’s is refused',
        ).to.equal(true);
      }
    }
  });

  it('lets nobody in who is nobody', async function () {
    this.timeout(60_000);
    for (const operation of operations.filter(({ may }) => may !== 'public')) {
      const { status } = await ask(operation, objects.values.own, fetchAsNobody);
      expect(status, operation.operationId).to.equal(401);
    }
  });

  for (const role of [...ROLES, null]) {
    it(`lets ${role ?? 'an account without a role'} do what the table says and nothing else`, async function () {
      this.timeout(120_000);
      const roles: Role[] = role === null ? [] : [role];
      await objects.renew();
      await updateAccountRoles(world.db.pool, objects.callerId, roles);
      const principal: Principal = { accountId: objects.callerId, userId: null, roles, by: 'session', scopes: null };
      const wrong: string[] = [];
      for (const round of ROUNDS) {
        const waiting = operations.filter((each) => each.may !== 'public' && roundOf(each) === round);
        const work = async () => {
          for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
            wrong.push(...(await misjudged(principal, next)));
          }
        };
        await Promise.all(Array.from({ length: AT_ONCE }, work));
      }
      expect(wrong).to.deep.equal([]);
    });
  }

  it('shows by a link what it was made for while it is in force, and of anything else as much as of what never was', async function () {
    this.timeout(60_000);
    const openings = await objects.openings();
    const { foreign, granted, missing } = objects.values;
    const wrong: string[] = [];
    const byLink = operations.filter(({ path }) => BY_LINK.test(path));
    expect(byLink.length).to.be.greaterThan(15);
    for (const operation of byLink) {
      const kind = operation.names.includes('matterId') ? 'matterId' : 'depositId';
      const answer = async (state: keyof Openings, values: Record<string, string>) => {
        const token = openings[state][kind];
        const found = await ask(operation, { ...values, token }, fetchAsNobody);
        return { ...found, told: told(found, { ...values, token }) };
      };
      const at = operation.operationId;
      const covered = await answer('inForce', foreign);
      if (isNotFound(covered)) wrong.push(`${at}: ${covered.code}`);
      if (operation.names.length > 1) {
        const [other, none] = [await answer('inForce', granted), await answer('inForce', missing)];
        if (other.told !== none.told || none.status < 400)
          wrong.push(`${at}, another: ${other.told}, not ${none.told}`);
      }
      const none = await answer('missing', foreign);
      expect(none.code, at).to.equal('link-not-found');
      for (const state of ['expired', 'revoked'] as const) {
        const ended = await answer(state, foreign);
        if (ended.told !== none.told) wrong.push(`${at}, ${state}: ${ended.told}, not ${none.told}`);
      }
    }
    expect(wrong).to.deep.equal([]);
  });

  it('tells of another’s object that a body or query names as much as of one that never was', async () => {
    await updateAccountRoles(world.db.pool, objects.callerId, ROLES);
    await objects.renew();
    const { own, foreign, missing } = objects.values;
    const wrong: string[] = [];
    const asked: string[] = [];
    for (const operation of operations.filter(({ may }) => may !== 'public')) {
      const { operationId, method } = operation;
      for (const field of operation.idFields) {
        if (ANYBODYS[`${operationId} ${field}`] !== undefined) continue;
        const named = NAMED[`${operationId} ${field}`];
        if (named === undefined) {
          wrong.push(
            `${operationId} takes an id in ${field}: say in NAMED which object that is, with all else that it needs`,
          );
          continue;
        }
        asked.push(`${operationId} ${field}`);
        const outcomes = [];
        for (const values of [foreign, missing]) {
          const { body, query } = named({ ...own, ...values }, own);
          const path = operation.path + (query === undefined ? '' : `?${new URLSearchParams(query)}`);
          const found = await ask({ ...operation, path }, own, undefined, body);
          outcomes.push({ ...found, told: told(found, values) });
        }
        const [theirs, none] = outcomes as [(typeof outcomes)[0], (typeof outcomes)[0]];
        if (theirs.told !== none.told)
          wrong.push(`${operationId} ${field}: ${theirs.told}, but of one that never was ${none.told}`);
        if (BODY_REFUSED.includes(theirs.code))
          wrong.push(`${operationId} ${field}: ${theirs.text}: NAMED needs what would do`);
        if (method !== 'get' && theirs.status < 400) wrong.push(`${operationId} ${field}: ${theirs.status}`);
      }
    }
    expect(asked).to.have.members(Object.keys(NAMED));
    expect(wrong).to.deep.equal([]);
  });

  it('tells of an account that a body names as receiver as much as of one that never was', async () => {
    await updateAccountRoles(world.db.pool, objects.callerId, ROLES);
    const stranger = await world.createAccount('丙');
    const asked: string[] = [];
    for (const operation of operations) {
      for (const field of operation.idFields) {
        const at = `${operation.operationId} ${field}`;
        const named = ANYBODYS[at];
        if (named === undefined) continue;
        asked.push(at);
        const answers = [];
        for (const accountId of [stranger.accountId, uuidV7()]) {
          const found = await ask(operation, {}, undefined, named(accountId, objects.values.own));
          expect(BODY_REFUSED, at).to.not.include(found.code);
          // Ids, salts and times are new in each.
          const fresh = /"(?:[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|[0-9a-f]{64}|\d{4}-[^"]{5,25}Z)"/g;
          answers.push(`${found.status} ${found.text.replaceAll(accountId, '<account>').replace(fresh, '"…"')}`);
        }
        expect(answers[0], at).to.equal(answers[1]);
      }
    }
    expect(asked).to.have.members(Object.keys(ANYBODYS));
  });

  /** What the service answers otherwise than the table says, for one operation and every way in which its object can stand to the caller. */
  const misjudged = async (principal: Principal, operation: Operation): Promise<string[]> => {
    const { operationId, path, names } = operation;
    const may = operation.may as Action;
    if (!mayEverDo(principal, may)) {
      // Refused before an object is looked for: one answers like all.
      const found = await ask(operation, objects.values.own);
      return found.code === 'forbidden' ? [] : [`${operationId}: ${found.status} ${found.code}, not forbidden`];
    }
    const kinds = names.filter((name) => name !== 'fileIndex');
    if (kinds.length === 0 || PLATFORM.test(path)) {
      const found = await ask(operation, objects.values.own);
      return found.code === 'forbidden' ? [`${operationId}: forbidden`] : [];
    }
    const wrong: string[] = [];
    const none = await ask(operation, objects.values.missing);
    const expectLikeNone = async (
      at: string,
      values: Record<string, string>,
      like: Outcome,
      likeValues: Record<string, string>,
    ) => {
      const found = await ask(operation, values);
      const [a, b] = [told(found, values), told(like, likeValues)];
      if (a !== b) wrong.push(`${operationId} ${at}: ${a}, but of one that never was ${b}`);
      if (found.status < 400) wrong.push(`${operationId} ${at}: ${found.status}`);
    };
    for (const state of STATES) {
      const values = objects.values[state];
      if (kinds.some((name) => values[name] === undefined)) continue;
      const relation = RELATION[state];
      const isAllowed = NARROWER[operationId]?.(principal, state) ?? mayDo(principal, may, relation);
      if (isAllowed) {
        const found = await ask(operation, values);
        if (found.code === 'forbidden' || isNotFound(found)) wrong.push(`${operationId} ${state}: ${found.code}`);
        if (BODY_REFUSED.includes(found.code))
          wrong.push(`${operationId}: ${found.text}: BODIES needs one that would do`);
      } else if (relation === 'none' || state === 'expired') {
        await expectLikeNone(state, values, none, objects.values.missing);
      } else {
        const found = await ask(operation, values);
        if (found.status < 400) wrong.push(`${operationId} ${state}: ${found.status}`);
      }
    }
    // Another's part under the address of what is the caller's own.
    const inner = kinds.at(-1) as string;
    if (kinds.length > 1) {
      const { own, foreign, missing } = objects.values;
      const absent = { ...own, [inner]: missing[inner] as string };
      const crossed = { ...own, [inner]: foreign[inner] as string };
      await expectLikeNone(`own, with another’s ${inner}`, crossed, await ask(operation, absent), absent);
    }
    return wrong;
  };

  const fetchAsNobody = (path: string, init: RequestInit & { headers?: Record<string, string> }) =>
    fetch(world.url + path, {
      redirect: 'manual',
      ...init,
      headers: { 'sec-fetch-site': 'same-origin', ...init.headers },
    });

  const ask = async (
    { method, path, operationId, mediaType }: Operation,
    values: Record<string, string>,
    fetchAs: typeof fetchAsNobody = (at, init) => objects.caller.fetch(at, init),
    given: object = BODIES[operationId]?.(values) ?? {},
  ): Promise<Outcome> => {
    const address = path.replace(/\{([a-zA-Z]+)\}/g, (_, name: string) => values[name] ?? uuidV7());
    const isJson = mediaType === 'application/json';
    const body = isJson ? JSON.stringify(given) : '{}';
    const answer = await fetchAs(address, {
      method: method.toUpperCase(),
      headers: { ...HEADERS, ...(mediaType !== undefined && { 'content-type': mediaType }) },
      ...(mediaType !== undefined && { body }),
    });
    const text = await answer.text();
    if (method === 'head') {
      // A HEAD tells its code by the status alone.
      const code = answer.status === 403 ? 'forbidden' : answer.status === 404 ? 'not-found' : null;
      return { status: answer.status, code, text };
    }
    if (answer.headers.get('content-type') !== 'application/problem+json') {
      return { status: answer.status, code: null, text };
    }
    const { requestId: _, ...problem } = JSON.parse(text) as { code: string; requestId: string };
    return { status: answer.status, code: problem.code, text: JSON.stringify(problem) };
  };

  /** An answer without the ids that were asked for. */
  const told = ({ status, text }: Outcome, values: Record<string, string>) => {
    const ids = Object.values(values).filter((value) => value.length > 10);
    return `${status} ${ids.reduce((without, id) => without.replaceAll(id, '<id>'), text)}`;
  };
});
