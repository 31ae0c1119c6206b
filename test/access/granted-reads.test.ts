import { expect } from 'chai';
import { selectAccount } from '../../src/db/accounts.ts';
import { selectCertificateOfDeposit } from '../../src/db/certificates.ts';
import { selectCustodyChain, selectCustodyTimeline } from '../../src/db/custody.ts';
import { selectDepositProgress } from '../../src/db/deposit-progress.ts';
import { selectAnnexes, selectFileEntries, selectRecord } from '../../src/db/deposits.ts';
import { selectFilesByDigest, selectGrant, selectGrantsGiven, selectGrantsReceived } from '../../src/db/grants.ts';
import { selectHandOver, selectHandOversOfDeposit } from '../../src/db/hand-overs.ts';
import { selectLink } from '../../src/db/links.ts';
import {
  MATTER_PARTS,
  selectIndexedDeposits,
  selectIndexedFiles,
  selectMatter,
  selectMatterChanges,
  selectMatterDeposits,
  selectParts,
} from '../../src/db/matters.ts';
import { selectObjectKeysOfDeposit } from '../../src/db/objects.ts';
import type { Queryable } from '../../src/db/pool.ts';
import { selectRequest, selectRequestDeposits, selectRequestSteps, selectRequests } from '../../src/db/requests.ts';
import { type Fence, readWithin } from '../../src/db/row-security.ts';
import { selectUpload } from '../../src/db/uploads.ts';
import { parseHex } from '../../src/format/bytes.ts';
import { parseFileEntry } from '../../src/format/deposit.ts';
import { ServiceWorld } from '../http/service-world.ts';
import { Objects, type State } from './objects.ts';

const PAGE = { limit: 500, after: null };
const NOBODY = '00000000-0000-0000-0000-000000000000';

type Ids = Record<string, string>;
type Read = (q: Queryable, ids: Ids) => Promise<unknown>;

/** The queries behind the routes, as a route runs them that has not asked whether the caller may. */
const OF_DEPOSITS: Record<string, Read> = {
  selectDepositProgress: (q, { depositId }) => selectDepositProgress(q, depositId as string),
  selectRecord: (q, { depositId }) => selectRecord(q, depositId as string),
  selectAnnexes: (q, { depositId }) => selectAnnexes(q, depositId as string),
  selectFileEntries: (q, { depositId }) => selectFileEntries(q, depositId as string),
  selectObjectKeysOfDeposit: (q, { depositId }) => selectObjectKeysOfDeposit(q, depositId as string),
  selectCertificateOfDeposit: (q, { depositId }) => selectCertificateOfDeposit(q, depositId as string),
  selectCustodyChain: (q, { depositId }) => selectCustodyChain(q, depositId as string),
  selectIndexedDeposits: (q, { depositId }) => selectIndexedDeposits(q, [depositId as string]),
  selectIndexedFiles: (q, { depositId }) => selectIndexedFiles(q, [depositId as string]),
};
const OF_MATTERS: Record<string, Read> = {
  selectMatter: (q, { matterId }) => selectMatter(q, matterId as string),
  ...Object.fromEntries(
    MATTER_PARTS.filter((part) => part !== 'note' && part !== 'deadline').map((part): [string, Read] => [
      `selectParts: ${part}`,
      (q, { matterId }) => selectParts(q, part, matterId as string, PAGE),
    ]),
  ),
};
/** Nobody but the account itself reads them, whatever it granted. */
const OWN_ALONE: Record<string, Read> = {
  'selectParts: note': (q, { matterId }) => selectParts(q, 'note', matterId as string, PAGE),
  'selectParts: deadline': (q, { matterId }) => selectParts(q, 'deadline', matterId as string, PAGE),
  selectMatterChanges: (q, { matterId }) => selectMatterChanges(q, matterId as string, { limit: 9, before: null }),
  selectLink: (q, { linkId }) => selectLink(q, linkId as string),
  selectUpload: (q, { uploadId }) => selectUpload(q, uploadId as string),
};
const OF_REQUESTS: Record<string, Read> = {
  selectRequest: (q, { requestId }) => selectRequest(q, requestId as string),
  selectRequestDeposits: (q, { requestId }) => selectRequestDeposits(q, requestId as string),
  selectRequestSteps: (q, { requestId }) => selectRequestSteps(q, requestId as string, PAGE),
};
const OF_GRANTS: Record<string, Read> = { selectGrant: (q, { grantId }) => selectGrant(q, grantId as string) };
const OF_HAND_OVERS: Record<string, Read> = {
  selectHandOver: (q, { handOverId }) => selectHandOver(q, handOverId as string),
};

const isNothing = (found: unknown) => found === undefined || (Array.isArray(found) && found.length === 0);

describe('readWithin, of what others granted', () => {
  let world: ServiceWorld;
  let objects: Objects;
  before(async function () {
    this.timeout(120_000);
    world = await ServiceWorld.open({ people: {}, limits: { signInRequestsPerMinute: 1e6 } });
    objects = await Objects.make(world);
  });
  after(() => world.close());

  const fence = (): Fence => ({ accountId: objects.callerId, at: new Date(Date.now() + world.clockOffsetMs) });
  const within = <T>(read: (q: Queryable) => Promise<T>) => readWithin(world.db, fence(), read);

  const cases: [Record<string, Read>, readonly State[], readonly State[]][] = [
    [OF_DEPOSITS, ['own', 'granted'], ['expired', 'revoked', 'foreign', 'missing']],
    [OF_MATTERS, ['own', 'granted'], ['expired', 'revoked', 'foreign', 'missing']],
    [OWN_ALONE, ['own'], ['granted', 'foreign', 'missing']],
    [OF_REQUESTS, ['own', 'granted'], ['foreign', 'missing']],
    [OF_GRANTS, ['own', 'granted'], ['expired', 'revoked', 'foreign', 'missing']],
    [OF_HAND_OVERS, ['own', 'granted', 'expired', 'revoked'], ['foreign', 'missing']],
  ];
  for (const [reads, seen, unseen] of cases) {
    for (const [name, read] of Object.entries(reads)) {
      it(`gives ${name} what is ${seen.join(' or ')}, and nothing of what is ${unseen.join(', ')}`, async () => {
        for (const state of seen) {
          const [inside, all] = [
            await within((q) => read(q, objects.values[state])),
            await read(world.db.pool, objects.values[state]),
          ];
          expect(isNothing(all), `${state} exists`).to.equal(false);
          expect(inside, state).to.deep.equal(all);
        }
        for (const state of unseen) {
          const ids = objects.values[state];
          if (state !== 'missing') expect(isNothing(await read(world.db.pool, ids)), `${state} exists`).to.equal(false);
          expect(isNothing(await within((q) => read(q, ids))), state).to.equal(true);
        }
      });
    }
  }

  it('gives lists of another account what concerns the caller, and no more', async () => {
    const { own, granted, foreign } = objects.values;
    const other = objects.owner.accountId;
    const page = { limit: 100, before: null, depositId: null, matterId: null };
    const given = await within((q) => selectGrantsGiven(q, other, page));
    expect(given.map((row) => row.granteeAccountId).filter((id) => id !== objects.callerId)).to.deep.equal([]);
    const received = await within((q) => selectGrantsReceived(q, world.accountId, fence().at, page));
    expect(new Set(received.map((row) => row.accountId))).to.deep.equal(new Set([objects.callerId]));
    const asked = { limit: 100, order: 'newest', cursor: null, state: null, matterId: null } as const;
    const requests = await within((q) => selectRequests(q, other, 'asked', asked));
    expect(requests.map((row) => row.requestId)).to.deep.equal([granted.requestId]);
    const handOvers = await within((q) => selectHandOversOfDeposit(q, foreign.depositId as string));
    expect(handOvers).to.deep.equal([]);
    expect(await within((q) => selectMatterDeposits(q, other, foreign.matterId as string))).to.deep.equal([]);
    expect(await within((q) => selectMatterDeposits(q, objects.callerId, own.matterId as string))).to.have.length(2);
    const { digests } = parseFileEntry(
      (await selectFileEntries(world.db.pool, foreign.depositId as string))[0]?.body as Buffer,
    );
    const digest = { alg: 'sha256', value: parseHex(digests.sha256) } as const;
    const found = await within((q) => selectFilesByDigest(q, other, digest, fence().at, 100));
    // The same picture everywhere: of the other account’s, the one that was granted.
    expect(found.map((row) => row.depositId)).to.deep.equal([granted.depositId]);
  });

  it('tells who acted to the depositor alone', async () => {
    const actors = async (state: State) => {
      const rows = await within((q) => selectCustodyTimeline(q, objects.values[state].depositId as string, 1000, 100));
      return rows.map((row) => row.actor !== null);
    };
    expect(new Set(await actors('own'))).to.deep.equal(new Set([true]));
    expect(new Set(await actors('granted'))).to.deep.equal(new Set([false]));
  });

  it('hides what a matter withholds from whoever is granted only what it discloses', async () => {
    const { matterId, depositId, itemId } = objects.values.foreign as {
      matterId: string;
      depositId: string;
      itemId: string;
    };
    const { owner, callerId } = objects;
    await owner.get('PATCH', `/matters/${matterId}/items/${itemId}`, { disclosure: 'withheld' }, 200, {
      'if-match': '"1"',
    });
    const grant = { matterId, to: { accountId: callerId }, scope: 'export' };
    const { grantId } = await owner.get<{ grantId: string }>('POST', '/grants', grant, 201);
    const items = await within((q) => selectParts(q, 'item', matterId, PAGE));
    expect(items.map((row) => row.disclosure)).to.deep.equal(['original']);
    expect(await within((q) => selectParts(q, 'relation', matterId, PAGE))).to.deep.equal([]);
    expect(await within((q) => selectRecord(q, depositId))).to.equal(undefined);
    await owner.get('DELETE', `/grants/${grantId}`);
    expect(await within((q) => selectParts(q, 'item', matterId, PAGE))).to.deep.equal([]);
  });

  it('names the accounts that one has to do with, and nothing else of them', async () => {
    const names = await within(
      async (q) => (await q.query<{ account_id: string }>('select account_id, name from account')).rows,
    );
    const known = [objects.callerId, objects.owner.accountId, world.accountId];
    expect(names.map((row) => row.account_id)).to.have.members(known);
    await within((q) => selectAccount(q, objects.owner.accountId)).then(
      () => expect.fail('it read more than the name'),
      (error: { code: string }) => expect(error.code).to.equal('42501'),
    );
  });

  it('shows by a link in force what it was made for, and by one that has ended nothing', async () => {
    const { foreign, granted } = objects.values as Record<State, Record<string, string>>;
    const byLink = (linkId: string, read: Read, ids: Ids) =>
      readWithin(world.db, { accountId: NOBODY, linkId, at: fence().at }, (q) => read(q, ids));
    for (const [name, read] of Object.entries(OF_DEPOSITS)) {
      expect(isNothing(await byLink(foreign.linkId as string, read, foreign)), name).to.equal(false);
      expect(isNothing(await byLink(foreign.linkId as string, read, granted)), name).to.equal(true);
    }
    for (const [name, read] of Object.entries({ ...OF_MATTERS, ...OF_REQUESTS, ...OF_GRANTS, ...OF_HAND_OVERS })) {
      expect(isNothing(await byLink(foreign.linkId as string, read, foreign)), name).to.equal(true);
    }
    await objects.owner.get('DELETE', `/links/${foreign.linkId}`);
    for (const [name, read] of Object.entries(OF_DEPOSITS)) {
      expect(isNothing(await byLink(foreign.linkId as string, read, foreign)), name).to.equal(true);
    }
  });
});
