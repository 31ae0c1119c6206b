import { expect } from 'chai';
import { PlatformProfiles, printedDigest, printedProfile } from '../../src/certificate/platform-profiles.ts';
import { updateAccountRoles } from '../../src/db/accounts.ts';
import { encodeHex } from '../../src/format/bytes.ts';
import { Person } from '../access/person.ts';
import { OpenApiCheck } from './openapi-check.ts';
import { ServiceWorld } from './service-world.ts';

const codeOf = async (answer: Response) => [answer.status, ((await answer.json()) as { code: string }).code];

const RECORD = {
  ...{
    name: '铁证',
    operator: '北京某某科技有限公司',
    website: 'https://tiezheng.example.org',
    filingNo: '京网信备 1',
  },
  ...{ interests: null, registrationNo: '91110000MA00000000', icpNo: '京ICP备1号', securityGrade: '第三级' },
  ...{ address: '北京市某区某路 1 号', contact: '010-00000000' },
  qualifications: [
    {
      title: '等级保护备案证明',
      number: '110000-1',
      issuer: '某公安局',
      validUntil: '2028-01-01',
      sha256: 'ab'.repeat(32),
    },
  ],
};

describe('operating the service', () => {
  let world: ServiceWorld;
  let openApi: OpenApiCheck;
  let operator: Person;
  let auditor: Person;
  before(async function () {
    this.timeout(60_000);
    world = await ServiceWorld.open({ people: {}, limits: { signInRequestsPerMinute: 10_000 } });
    openApi = await OpenApiCheck.of(world.url);
    operator = await Person.signedIn(world, 'operator@example.org', '运营');
    auditor = await Person.signedIn(world, 'auditor@example.org', '审计');
    await updateAccountRoles(world.db.pool, (await operator.me()).accountId, ['operator']);
    await updateAccountRoles(world.db.pool, (await auditor.me()).accountId, ['auditor']);
  });
  after(() => world.close());
  const ask = async <T>(operationId: string, path: string, person = operator) =>
    (await openApi.expectFits(operationId, await person.fetch(`/api/v1/platform${path}`))) as T;

  describe('users and accounts', () => {
    it('are listed and found by name, address and number; addresses are not shown to auditors', async () => {
      const holder = await Person.signedIn(world, 'zhang@firm.example', '张律师');
      const { accountId } = await holder.me();
      type User = { accounts: { accountId: string }[] };
      const { users } = await ask<{ users: User[] }>('listUsers', '/users?search=FIRM.example');
      expect(users).to.have.length(1);
      expect(users[0]).to.deep.include({
        ...{ name: '张律师', email: 'zhang@firm.example', emailConfirmed: true, twoFactorEnabled: false, passkeys: 0 },
      });
      expect(users[0]?.accounts[0]).to.include({ accountId });
      const found = async (search: string, person = operator) =>
        (
          await ask<{ accounts: { accountId: string }[] }>(
            'listAccounts',
            `/accounts?search=${encodeURIComponent(search)}`,
            person,
          )
        ).accounts.map((each) => each.accountId);
      expect(await found('律师')).to.deep.equal([accountId]);
      expect(await found(accountId, auditor)).to.deep.equal([accountId]);
      expect(await found('%')).to.deep.equal([]);
      expect(await codeOf(await auditor.fetch('/api/v1/platform/users'))).to.deep.equal([403, 'forbidden']);
      expect(await codeOf(await holder.fetch('/api/v1/platform/users'))).to.deep.equal([403, 'forbidden']);
    });

    it('show how an identity was checked, of any account', async () => {
      const { accountId } = await auditor.me();
      const check = { method: 'id-document', checkedAt: '2026-02-03T04:05:06.000Z', checkedBy: '某公证处' };
      const recorded = await operator.post(`/api/v1/platform/accounts/${accountId}/identity-checks`, check);
      await openApi.expectFits('recordIdentityCheck', recorded);
      const path = `/accounts/${accountId}/identity-checks`;
      const { checks } = await ask<{ checks: object[] }>('listIdentityChecksOf', path, auditor);
      expect(checks[0]).to.include(check);
      const unknown = '/api/v1/platform/accounts/01939f3e-0000-7b7e-9d2c-3f1d0e5b8a99/identity-checks';
      expect(await codeOf(await operator.fetch(unknown))).to.deep.equal([404, 'account-not-found']);
    });
  });

  describe('keys in use', () => {
    it('are named by their public parts alone', async () => {
      type Keys = {
        log: { vkey: string; inUse: boolean }[];
        seal: { sha256: string; subject: string }[];
        masterKey: string;
      };
      const { log, seal, masterKey } = await ask<Keys>('getPlatformKeys', '/keys', auditor);
      expect(log).to.have.length(1);
      expect(log[0]).to.include({ vkey: world.signer.vkey, inUse: true });
      expect(seal[0]?.subject).to.be.a('string').and.not.equal('');
      expect(masterKey).to.equal(world.keys.current.id);
    });
  });

  describe('storage', () => {
    it('is counted: what is kept, what is free, and what nothing mentions', async () => {
      expect((await world.upload([{ name: '照片.jpg', bytes: new Uint8Array(100_000) }])).status).to.equal(201);
      const kept = await ask<Record<string, number>>('getPlatformStorage', '/storage', auditor);
      expect(kept).to.include({ originals: 1, originalBytes: 100_000, openUploads: 0 });
      expect(kept.freeBytes).to.be.greaterThan(0);
      // Of an upload that broke off two days ago, by the time in its id.
      const old = Date.now() - 48 * 3600_000;
      const hex = old.toString(16).padStart(12, '0');
      const id = `${hex.slice(0, 8)}-${hex.slice(8)}-7b7e-9d2c-3f1d0e5b8a11`;
      await world.store.put(`deposit/${id}/0`, new Uint8Array([1]));
      expect(await ask('countOrphans', '/storage/orphans', auditor)).to.deep.equal({
        ...{ objects: 2, orphans: 1, isWhole: true },
      });
      await world.store.delete(`deposit/${id}/0`);
    });
  });

  describe('the platform profile', () => {
    type Version = {
      version: number;
      record: object;
      inForceUntil: string | null;
      printedDigest: string;
      source: string;
    };
    const versions = async () =>
      (await ask<{ versions: Version[] }>('listPlatformProfiles', '/profile', auditor)).versions;
    const add = (record: object, person = operator) => person.post('/api/v1/platform/profile', record);

    it('begins with what the settings say, and gets versions that never change', async () => {
      const before = await versions();
      expect(before).to.have.length(1);
      expect(before[0]).to.deep.include({ version: 1, source: 'settings', inForceUntil: null });
      const added = (await openApi.expectFits('addPlatformProfile', await add(RECORD))) as { versions: Version[] };
      expect(added.versions.map(({ version, source }) => [version, source])).to.deep.equal([
        [2, 'operator'],
        [1, 'settings'],
      ]);
      const [newest, first] = await versions();
      expect(newest?.record).to.deep.equal(RECORD);
      expect(newest?.printedDigest).to.equal(encodeHex(printedDigest(printedProfile(RECORD))));
      expect(first?.record).to.deep.equal(before[0]?.record);
      expect(first?.inForceUntil).not.to.equal(null);
      const { profile, profileDigest } = await ask<{ profile: object; profileDigest: string }>('getPlatform', '');
      expect(profile).to.deep.equal(printedProfile(RECORD));
      expect(profileDigest).to.equal(newest?.printedDigest);
      for (const statement of ['update platform_profile set body = body', 'delete from platform_profile']) {
        const error = await world.db.pool.query(statement).catch((e: { code: string }) => e);
        expect(error).to.include({ code: '23000' });
      }
    });

    it('is the operator’s alone to write, soon after signing in, and within its bounds', async () => {
      expect(await codeOf(await add(RECORD, auditor))).to.deep.equal([403, 'forbidden']);
      expect(await codeOf(await add({ ...RECORD, name: '' }))).to.deep.equal([400, 'invalid-parameter']);
      expect(await codeOf(await add({ ...RECORD, version: 9 }))).to.deep.equal([400, 'invalid-parameter']);
      await world.db.pool.query(`update auth."session" set "createdAt" = now() - interval '16 minutes'`);
      expect(await codeOf(await add(RECORD))).to.deep.equal([403, 'fresh-sign-in-needed']);
      await operator.signIn();
      await auditor.signIn();
    });

    it('changes with settings that nobody has seen yet, once, whichever servers start, and keeps what they do not name', async () => {
      const count = (await versions()).length;
      const servers = [1, 2, 3].map(() => new PlatformProfiles({ db: world.db, nowMs: Date.now }));
      const settings = { ...printedProfile(RECORD), filingNo: '京网信备 2' };
      await Promise.all(servers.map((server) => server.takeSettings(settings)));
      await servers[0]?.takeSettings(settings);
      const found = await versions();
      expect(found).to.have.length(count + 1);
      expect(found[0]?.record).to.deep.equal({ ...RECORD, filingNo: '京网信备 2' });
    });

    it('prints for a moment in the past what was in force then', async () => {
      const { rows } = await world.db.pool.query<{ at: Date }>(
        'select in_force_from as at from platform_profile order by version',
      );
      const [first, second] = rows.map(({ at }) => at.getTime()) as [number, number];
      const printed = async (ms: number) => (await world.profiles.printedAt(new Date(ms))).operator;
      expect(await printed(first - 1000)).to.equal(null);
      expect(await printed(second - 1)).to.equal(null);
      expect(await printed(second)).to.equal(RECORD.operator);
    });
  });
});
