import { createHash } from 'node:crypto';
import { v7 as uuidV7 } from 'uuid';
import { ROLES } from '../../src/access/rules.ts';
import { makeSecret, OPENING } from '../../src/access/secret.ts';
import { updateAccountRoles } from '../../src/db/accounts.ts';
import type { ServiceWorld } from '../http/service-world.ts';
import { Party, picture } from '../matters/dispute-world.ts';
import { Person } from './person.ts';

/**
 * How an object stands to the caller. `expired` and `revoked`: it was granted to him once. `foreign`: another's, with whom he has
 * nothing to do. `missing` never was.
 */
export const STATES = ['own', 'granted', 'expired', 'revoked', 'foreign', 'missing'] as const;
export type State = (typeof STATES)[number];

/**
 * A value for every parameter that an address may have, for each way in which the object can stand to the caller. A kind of object that
 * cannot be granted has no value where it would be: then there is no such case.
 */
export type Values = Record<State, Record<string, string>>;

/** What one side has: a deposit of a picture, and a matter with one of everything in it. */
interface Things extends Record<string, string> {
  depositId: string;
  matterId: string;
}

/** Openings of links, by kind of what the link shows. All of them show something that is `foreign` to the caller. */
export type Openings = Record<'inForce' | 'expired' | 'revoked' | 'missing', Record<'depositId' | 'matterId', string>>;

/** Two accounts and what is theirs. The caller is a user who acts in an organisation of his, so that it has members too. */
export class Objects {
  readonly values: Values;
  readonly caller: Person;
  readonly callerId: string;
  readonly owner: Party;
  readonly #world: ServiceWorld;

  private constructor(world: ServiceWorld, caller: Person, callerId: string, owner: Party, values: Values) {
    this.#world = world;
    this.caller = caller;
    this.callerId = callerId;
    this.owner = owner;
    this.values = values;
  }

  static async make(world: ServiceWorld): Promise<Objects> {
    const [firm, other] = [await organisation(world, '甲'), await organisation(world, '乙')];
    const caller = new Party(world, { accountId: firm.accountId, apiKey: firm.apiKey });
    const owner = new Party(world, { accountId: other.accountId, apiKey: other.apiKey });
    const values: Values = {
      own: { ...(await things(caller)), ...firm.values },
      granted: await things(owner),
      expired: await things(owner),
      revoked: await things(owner),
      foreign: { ...(await things(owner)), ...other.values },
      missing: {},
    };

    // Grants on deposits and matters; the grants themselves are objects too.
    const grant = async (state: State, expiresAt: string | null) => {
      const { depositId, matterId } = values[state];
      const order = { to: { accountId: caller.accountId }, scope: 'export', coverage: 'everything', expiresAt };
      await made(owner, '/grants', { ...order, depositId });
      return (await made(owner, '/grants', { ...order, matterId })).grantId as string;
    };
    values.granted.grantId = await grant('granted', null);
    values.expired.grantId = await grant('expired', new Date(Date.now() + 1000).toISOString());
    values.revoked.grantId = await grant('revoked', null);
    for (const { grantId } of (await owner.get<{ grants: { grantId: string }[] }>('GET', '/grants')).grants.slice(
      0,
      2,
    )) {
      await owner.get('DELETE', `/grants/${grantId}`);
    }

    for (const [state, giver] of [
      ['own', caller],
      ['foreign', owner],
      // A grant on a deposit gives none of these: they stay the giver's alone.
      ['granted', owner],
    ] as const) {
      const of = values[state];
      const to = { accountId: world.accountId };
      if (state !== 'granted') {
        of.grantId = (await made(giver, '/grants', { depositId: of.depositId, to, scope: 'read' })).grantId as string;
      }
      const expiresAt = new Date(Date.now() + 3600_000).toISOString();
      const link = { depositId: of.depositId, reader: '读者', scope: 'read', maxOpenings: 9, expiresAt };
      of.linkId = (await made(giver, '/links', link)).linkId as string;
      of.uploadId = await openUpload(giver);
    }

    // Requests to an office: the caller's to another, another's to the caller, one that was taken back, and one between others.
    const ask = async (from: Party, office: string, state: State) => {
      const order = { officeAccountId: office, depositIds: [values[state].depositId], subject: '核验' };
      return (await made(from, '/requests', order)).requestId as string;
    };
    await updateAccountRoles(world.db.pool, world.accountId, ['notary']);
    values.own.officeId = world.accountId;
    values.own.requestId = await ask(caller, world.accountId, 'own');
    values.granted.requestId = await ask(owner, caller.accountId, 'granted');
    values.foreign.requestId = await ask(owner, world.accountId, 'foreign');

    // Hand-overs: by the caller, to the caller, one that ran out, one that was taken back, and one between others.
    const handOver = async (from: Party, state: State, receiver: object = {}) => {
      const order = { depositId: values[state].depositId, validDays: 1 };
      const given = await made(from, '/hand-overs', {
        ...order,
        receiver: { kind: 'court', name: '法院', ...receiver },
      });
      return (given.handOver as unknown as { handOverId: string }).handOverId;
    };
    const toCaller = { accountId: caller.accountId };
    values.own.handOverId = await handOver(caller, 'own');
    values.granted.handOverId = await handOver(owner, 'granted', toCaller);
    values.foreign.handOverId = await handOver(owner, 'foreign');
    values.revoked.handOverId = await handOver(owner, 'revoked', toCaller);
    await owner.get('POST', `/hand-overs/${values.revoked.handOverId}/cancel`);
    world.clockOffsetMs = -2 * 24 * 3600_000;
    values.expired.handOverId = await handOver(owner, 'expired', toCaller);
    world.clockOffsetMs = 2000;

    for (const of of Object.values(values)) of.fileIndex = '0';
    for (const name of Object.keys({ ...values.own, ...values.granted })) values.missing[name] ??= uuidV7();
    const objects = new Objects(world, firm.person, firm.accountId, owner, values);
    values.foreign.webhookId = await objects.#webhook(owner.accountId);
    values.foreign.sessionId = await secondSession(other.person);
    for (const name of ['webhookId', 'sessionId']) values.missing[name] = uuidV7();
    await objects.renew();
    return objects;
  }

  /** Links of the owner to what is `foreign`, each opened while it was in force. */
  async openings(): Promise<Openings> {
    const opened = async (kind: 'depositId' | 'matterId', end: 'expired' | 'revoked' | null) => {
      const expiresAt = new Date(Date.now() + this.#world.clockOffsetMs + (end === 'expired' ? 1000 : 3600_000));
      const order = { [kind]: this.values.foreign[kind], reader: '读者', scope: 'export', coverage: 'everything' };
      const terms = { maxOpenings: 9, expiresAt: expiresAt.toISOString() };
      const link = await made(this.owner, '/links', { ...order, ...terms });
      const { opening } = await made(this.owner, `/shared/${link.secret}`, {});
      if (end === 'revoked') await this.owner.get('DELETE', `/links/${link.linkId}`);
      return opening as string;
    };
    const both = async (end: 'expired' | 'revoked' | null) => ({
      depositId: await opened('depositId', end),
      matterId: await opened('matterId', end),
    });
    const openings = { expired: await both('expired'), revoked: await both('revoked'), inForce: await both(null) };
    this.#world.clockOffsetMs += 2000;
    const missing = makeSecret(OPENING);
    return { ...openings, missing: { depositId: missing, matterId: missing } };
  }

  /** Makes again what the last round may have used up. */
  async renew(): Promise<void> {
    this.values.own.webhookId = await this.#webhook(this.callerId);
    this.values.own.sessionId = await secondSession(this.caller);
  }

  async #webhook(accountId: string): Promise<string> {
    const { webhooks } = this.#world.parts;
    const [old] = await webhooks.list(accountId);
    const order = { accountId, userId: null, url: 'https://hooks.example.org/a', kinds: null };
    return (old ?? (await webhooks.create(order)).webhook).webhookId;
  }
}

async function made(by: Party, path: string, body: object): Promise<Record<string, string>> {
  return by.get<Record<string, string>>('POST', path, body, 201);
}

/** An organisation with an owner, a second member, one who is invited, and a key. Its account may be everything, and so may its owner. */
async function organisation(world: ServiceWorld, name: string) {
  const mailbox = (who: string) => `${who}-${name === '甲' ? 'a' : 'b'}@firm.example`;
  const person = await Person.signedIn(world, mailbox('owner'), name);
  const personal = (await person.me()).accountId;
  const { accountId } = (await (await person.post('/api/v1/accounts', { name })).json()) as { accountId: string };
  await person.send('PUT', '/api/v1/me/account', { accountId });
  await updateAccountRoles(world.db.pool, accountId, [...ROLES]);
  // With no role here he would act for his own account, so he may be nothing there.
  await updateAccountRoles(world.db.pool, personal, []);
  const invite = async (email: string) => {
    const answer = await person.post(`/api/v1/accounts/${accountId}/invitations`, { email, roles: ['opponent'] });
    return ((await answer.json()) as { invitationId: string }).invitationId;
  };
  const member = await Person.signedIn(world, mailbox('member'));
  const accepted = await member.post(`/api/v1/invitations/${await invite(member.email)}/accept`);
  if (accepted.status !== 200) throw new Error(`accept: ${accepted.status} ${await accepted.text()}`);
  const { userId } = (await member.me()).user as { userId: string };
  const invitationId = await invite(mailbox('guest'));
  const key = await person.post(`/api/v1/accounts/${accountId}/keys`, { label: 'k', days: 1 });
  const { keyId, secret } = (await key.json()) as { keyId: string; secret: string };
  return { person, accountId, apiKey: secret, values: { accountId, userId, invitationId, keyId } };
}

/** A session that the user has elsewhere. */
async function secondSession(person: Person): Promise<string> {
  await new Person(person.world, person.email).signIn();
  const answer = await person.fetch('/api/v1/me/sessions');
  const { sessions } = (await answer.json()) as { sessions: { sessionId: string; isCurrent: boolean }[] };
  return (sessions.find(({ isCurrent }) => !isCurrent) as { sessionId: string }).sessionId;
}

async function things(of: Party): Promise<Things> {
  const depositId = await of.deposit(await picture(3), '证据.jpg', { title: '机密' });
  // As if it were issued: what these tests ask is who may have it.
  await of.world.db.pool.query(
    `insert into certificate (certificate_no, deposit_id, digest, issued_at, json, pdf)
     values ($1::text, $1::uuid, $2, now(), '\\x7b7d', '\\x25504446')`,
    [depositId, createHash('sha256').update(depositId).digest()],
  );
  const otherDepositId = await of.deposit(`${Math.random()}`, 'b.txt');
  const matterId = await of.matter();
  const part = async (plural: string, idName: string, body: object) =>
    (await made(of, `/matters/${matterId}/${plural}`, body))[idName] as string;
  const partyId = await part('parties', 'partyId', { role: 'holder', name: 'h' });
  const rightId = await part('rights', 'rightId', { kind: 'copyright', title: 'r' });
  const proofId = await part('proofs', 'proofId', { rightId, depositId: otherDepositId, kind: 'draft' });
  const itemId = await part('items', 'itemId', { depositId });
  const otherItemId = await part('items', 'itemId', { depositId: otherDepositId });
  const relationId = await part('relations', 'relationId', { itemId, otherItemId, kind: 'explains' });
  const noteId = await part('notes', 'noteId', { body: 'n' });
  const deadlineId = await part('deadlines', 'deadlineId', { title: 'd', dueAt: '2027-01-01T00:00:00.000Z' });
  return { depositId, matterId, partyId, rightId, proofId, itemId, relationId, noteId, deadlineId };
}

/** Content on its way to a deposit of digests. */
async function openUpload(of: Party): Promise<string> {
  const digest = createHash('sha256').update(String(Math.random())).digest('hex');
  const files = [{ name: 'c.mp4', sizeBytes: 1000, sha256: digest }];
  const { depositId } = await made(of, '/deposits/digests', { files });
  const metadata = Object.entries({ deposit: depositId as string, file: '0' });
  const answer = await of.ask('POST', '/uploads', undefined, {
    'tus-resumable': '1.0.0',
    'upload-length': '1000',
    'upload-metadata': metadata.map(([name, value]) => `${name} ${Buffer.from(value).toString('base64')}`).join(','),
  });
  if (answer.status !== 201) throw new Error(`upload: ${answer.status} ${await answer.text()}`);
  return (answer.headers.get('location') as string).split('/').at(-1) as string;
}
