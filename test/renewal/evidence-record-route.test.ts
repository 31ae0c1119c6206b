import { expect } from 'chai';
import { raiseAlarm } from '../../src/db/alarms.ts';
import { parseEvidenceRecord } from '../../src/format/evidence-record.ts';
import { ArchiveStamper } from '../../src/renewal/archive-stamper.ts';
import { archiveNewDeposits } from '../../src/renewal/deposit-archive.ts';
import { AuthorityClient } from '../../src/timestamp/authority-client.ts';
import { checkEvidenceRecord } from '../../src/verify/evidence-record.ts';
import { OpenApiCheck } from '../http/openapi-check.ts';
import { ServiceWorld } from '../http/service-world.ts';
import { FakeAuthority } from '../timestamp/authority-world.ts';
import { dataObject, trustingAuthorities } from './archive-world.ts';

const FILES = ['one', 'two'].map((name) => ({ name: `${name}.txt`, bytes: `content ${name}` }));

describe('GET /api/v1/deposits/{depositId}/files/{fileIndex}/proof.ers', () => {
  let world: ServiceWorld;
  let openApi: OpenApiCheck;
  let authority: FakeAuthority;
  let depositId: string;
  before(async function () {
    this.timeout(60_000);
    world = await ServiceWorld.open();
    authority = await FakeAuthority.open();
    openApi = await OpenApiCheck.of(world.url);
    ({ depositId } = (await (await world.upload(FILES)).json()) as { depositId: string });
  });
  after(async () => {
    await authority.close();
    await world.close();
  });

  const get = async (path: string, operation: string) => {
    const answer = await world.fetch(`/api/v1/deposits/${path}`);
    const problem = (await openApi.expectFits(operation, answer)) as { code: string } | undefined;
    return { answer, code: problem?.code };
  };
  const ofFile = (file: number | string, deposit = depositId) =>
    get(`${deposit}/files/${file}/proof.ers`, 'getFileEvidenceRecord');

  it('answers that it is pending before an authority has stamped a tree with the deposit', async () => {
    const { answer, code } = await ofFile(0);
    expect([answer.status, code]).to.deep.equal([409, 'file-proof-pending']);
    expect((await get(`${depositId}/proof.ers`, 'getEvidenceRecord')).code).to.equal('file-proof-pending');
  });

  it('hands out the record of each file, and of all together', async () => {
    const client = new AuthorityClient(authority.settings(), { nowMs: Date.now });
    const stamper = new ArchiveStamper({
      db: world.db,
      authorities: () => [client],
      nowMs: Date.now,
      lastingMs: 0,
      keyEnds: {},
    });
    await archiveNewDeposits(world.db.pool, stamper);
    const trust = trustingAuthorities([authority.root]);
    const contents = FILES.map(({ bytes }) => new Uint8Array(Buffer.from(bytes)));
    const expectProved = async (answer: Response, name: string, ...files: Uint8Array[]) => {
      expect(answer.headers.get('content-disposition')).to.equal(`attachment; filename=${name}`);
      const record = parseEvidenceRecord(new Uint8Array(await answer.arrayBuffer()));
      const { checks, times } = await checkEvidenceRecord(record, files.map(dataObject), trust);
      expect(checks.every(({ status }) => status === 'passed')).to.equal(true);
      expect(times).to.have.lengthOf(1);
    };
    for (const [i, content] of contents.entries()) {
      await expectProved((await ofFile(i)).answer, `file-${i + 1}.ers`, content);
    }
    const all = (await get(`${depositId}/proof.ers`, 'getEvidenceRecord')).answer;
    await expectProved(all, `"${depositId}.ers"`.replaceAll('"', ''), ...contents);
  });

  it('lets no alarm about the archive hold up anything else', async () => {
    await raiseAlarm(world.db.pool, 'renewal-due', 'test', new Date());
    const { checks } = (await (await world.fetch('/readyz')).json()) as { checks: { name: string; reason: string }[] };
    expect(checks).to.deep.include({ name: 'archive', status: 'degraded', reason: 'renewal-due' });
    expect(checks.find(({ name }) => name === 'anchoring')?.reason).to.not.equal('renewal-due');
  });

  it('knows no third file, and no deposit of another', async () => {
    expect((await ofFile(2)).code).to.equal('not-found');
    expect((await ofFile(0, '01939f3e-7c1a-7b7e-9d2c-3f1d0e5b8a11')).code).to.equal('deposit-not-found');
    expect((await ofFile('x')).code).to.equal('invalid-parameter');
  });
});
