import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { openEvaluationKeys } from '../../src/evaluation/keys.ts';
import { parseEvidenceRecord } from '../../src/format/evidence-record.ts';
import { EvidenceRecords } from '../../src/renewal/evidence-records.ts';
import { AuthorityClient } from '../../src/timestamp/authority-client.ts';
import { checkEvidenceRecord } from '../../src/verify/evidence-record.ts';
import { useTestDatabase } from '../support/postgres.ts';
import { at, FakeAuthority, makeAuthorityKeys } from '../timestamp/authority-world.ts';
import { ArchiveWorld, dataObject, trustingAuthorities } from './archive-world.ts';

const BIN = fileURLToPath(new URL('../../bin/tiezheng.mjs', import.meta.url));
const DAY_MS = 24 * 3600_000;
const CONTENT = new Uint8Array(Buffer.from('to be kept for decades'));

interface Ended {
  code: number;
  out: string;
  errors: string;
}

function tiezheng(args: string[], environment: Record<string, string>): Promise<Ended> {
  const env = { PATH: process.env.PATH ?? '', ...environment };
  return new Promise((resolve) => {
    execFile(process.execPath, [BIN, ...args], { env }, (error, out, errors) => {
      resolve({ code: typeof error?.code === 'number' ? error.code : 0, out, errors });
    });
  });
}

describe('tiezheng renew', function () {
  this.timeout(120_000);
  const databaseUrl = useTestDatabase();
  let folder: string;
  let world: ArchiveWorld;
  let ending: FakeAuthority;
  let lasting: FakeAuthority;
  let environment: Record<string, string>;
  let depositId: string;

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'tiezheng-renew-'));
    world = await ArchiveWorld.open(databaseUrl());
    world.nowMs = Date.now();
    ending = await FakeAuthority.open(makeAuthorityKeys({ notAfter: at(60 * DAY_MS) }));
    lasting = await FakeAuthority.open();
    world.authorities = [new AuthorityClient(ending.settings(), { nowMs: Date.now })];
    depositId = await world.deposit([CONTENT]);
    await world.publish();
    await world.archive();
    const write = async (name: string, content: string) => {
      await writeFile(join(folder, name), content);
      return join(folder, name);
    };
    const keys = await openEvaluationKeys(join(folder, 'keys'), Date.now());
    const profile = {
      chain: 'eip155:1',
      headerHash: 'ethereum',
      receipts: 'mpt',
      timeUnit: 'seconds',
      accuracySeconds: 1,
      finality: { rule: 'tag', tag: 'finalized' },
      nodesRunBy: 'nobody here',
      independent: false,
    };
    const chain = { rpcUrl: 'http://127.0.0.1:9', contract: `0x${'00'.repeat(20)}`, anchorerKeyFile: '/none', profile };
    const pem = (der: Uint8Array) =>
      `-----BEGIN CERTIFICATE-----\n${Buffer.from(der).toString('base64')}\n-----END CERTIFICATE-----\n`;
    const roots = await write('roots.pem', pem(lasting.root.der));
    const authority = { name: 'lasting', operator: 'Test Ltd.', url: lasting.url, roots, independent: true };
    environment = {
      DATABASE_URL: databaseUrl(),
      TIEZHENG_PUBLIC_URL: 'http://127.0.0.1',
      TIEZHENG_OBJECTS: `file:${join(folder, 'objects')}`,
      TIEZHENG_REGISTER: `file:${join(folder, 'register')}`,
      TIEZHENG_MASTER_KEY_FILE: await write('master.key', world.masterKey.toString('hex')),
      TIEZHENG_LOG_ORIGIN: keys.origin,
      TIEZHENG_LOG_KEY_FILE: keys.logKeyFile,
      TIEZHENG_SEAL_FILE: keys.sealKeyFile,
      TIEZHENG_SEAL_CERTIFICATE_FILE: keys.sealCertificateFile,
      TIEZHENG_CHAINS_FILE: await write('chains.json', JSON.stringify([chain])),
      TIEZHENG_PLATFORM_FILE: await write(
        'platform.json',
        JSON.stringify({ name: 'Test', operator: null, website: null, filingNo: null, interests: null }),
      ),
      TIEZHENG_AUTHORITIES_FILE: await write('authorities.json', JSON.stringify([authority])),
    };
  });
  after(async () => {
    await world.db.close();
    await Promise.all([ending.close(), lasting.close()]);
    await rm(folder, { recursive: true, force: true });
  });

  it('asks for the address of the database', async () => {
    const { code, errors } = await tiezheng(['renew', '--dry-run'], {});
    expect(code).to.equal(3);
    expect(errors).to.contain('option-invalid').and.to.contain('DATABASE_URL');
  });

  it('tells in a dry run what is due and why, with the database alone, and changes nothing', async () => {
    const { code, out } = await tiezheng(['renew', '--dry-run', '--json'], { DATABASE_URL: databaseUrl() });
    expect(code).to.equal(2);
    const { items } = JSON.parse(out) as { items: { due: boolean; action: string; what: string; of: string }[] };
    const due = items.filter((item) => item.due);
    expect(due.map(({ action, what }) => `${action} ${what}`)).to.have.members([
      'timestamp-renewal publication tokens',
      'timestamp-renewal archive timestamps',
    ]);
    expect(due.every(({ of }) => of.startsWith('Test authority'))).to.equal(true);
    const text = await tiezheng(['renew', '--dry-run'], { DATABASE_URL: databaseUrl() });
    expect(text.out).to.contain('due within 12 months').and.to.contain('log key').and.to.contain('Ed25519');
    expect(lasting.requests).to.deep.equal([]);
  });

  it('renews timestamps and, by the settings, hashes the originals again', async () => {
    const settings = join(folder, 'renewal.json');
    await writeFile(settings, JSON.stringify({ digests: { sha256: at(90 * DAY_MS) } }));
    const { code, out, errors } = await tiezheng(['renew', '--json'], {
      ...environment,
      TIEZHENG_RENEWAL_FILE: settings,
    });
    expect(code, errors).to.equal(0);
    expect(JSON.parse(out)).to.deep.include({ resumed: 0, objects: 2, left: [] });
    const [record] = await new EvidenceRecords(world.db.pool).ofDeposit(depositId);
    const parsed = parseEvidenceRecord(record?.bytes as Uint8Array);
    expect(parsed.chains.map((chain) => chain.length)).to.deep.equal([1, 1]);
    const trust = trustingAuthorities([ending.root, lasting.root]);
    const { checks, times } = await checkEvidenceRecord(parsed, [dataObject(CONTENT)], trust);
    expect(checks.filter(({ status }) => status !== 'passed')).to.deep.equal([]);
    expect(times).to.have.lengthOf(2);
  });

  it('finds nothing due afterwards', async () => {
    const { code, out } = await tiezheng(['renew', '--dry-run'], { DATABASE_URL: databaseUrl() });
    expect(out).to.contain('nothing is due within 12 months');
    expect(code).to.equal(0);
  });

  it('names a wrong setting', async () => {
    const settings = join(folder, 'wrong.json');
    await writeFile(settings, JSON.stringify({ monthsBefore: 0 }));
    const { code, errors } = await tiezheng(['renew', '--dry-run'], {
      DATABASE_URL: databaseUrl(),
      TIEZHENG_RENEWAL_FILE: settings,
    });
    expect(code).to.equal(3);
    expect(errors).to.contain('setting-invalid').and.to.contain('monthsBefore');
  });
});
