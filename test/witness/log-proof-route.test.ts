import { expect } from 'chai';
import { equalBytes } from '../../src/format/bytes.ts';
import { parseDepositRecord } from '../../src/format/deposit.ts';
import { encodeJson, type JsonValue } from '../../src/format/json.ts';
import { depositLeafData } from '../../src/format/spine.ts';
import { parseTlogProof } from '../../src/format/tlog-proof.ts';
import { Publisher } from '../../src/log/publisher.ts';
import { leafHash } from '../../src/merkle/hash.ts';
import { verifyInclusion } from '../../src/merkle/inclusion.ts';
import { askedLog } from '../../src/witness/own-log.ts';
import { WitnessCircle } from '../../src/witness/witness-circle.ts';
import { OpenApiCheck } from '../http/openapi-check.ts';
import { ServiceWorld } from '../http/service-world.ts';
import { useTemporaryFolder } from '../support/temporary-folder.ts';
import { type RunningWitness, startWitness } from './witness-world.ts';

describe('GET /api/v1/deposits/{depositId}/proof.tlog-proof', () => {
  const folder = useTemporaryFolder();
  let world: ServiceWorld;
  let openApi: OpenApiCheck;
  let witness: RunningWitness;
  before(async function () {
    this.timeout(60_000);
    world = await ServiceWorld.open();
    openApi = await OpenApiCheck.of(world.url);
  });
  after(async () => {
    await witness?.stop();
    await world.close();
  });

  it('says what a publication waits for, and then gives the inclusion in it with the lines of the witnesses', async () => {
    witness = await startWitness('w.example.org', [world.signer.vkey], { folder: folder() });
    const { depositId } = (await (await world.upload([{ name: 'a.txt', bytes: 'content' }])).json()) as {
      depositId: string;
    };
    const get = () => world.fetch(`/api/v1/deposits/${depositId}/proof.tlog-proof`);
    const early = (await openApi.expectFits('getLogProof', await get())) as { code: string };
    expect(early.code).to.equal('publication-pending');

    const troubles: unknown[] = [];
    const circle = new WitnessCircle(
      {
        q: world.db.pool,
        log: askedLog(world.db.pool, world.reader, world.signer.key),
        nowMs: Date.now,
        onTrouble: (error) => {
          troubles.push(error);
        },
      },
      {
        witnesses: [{ vkey: witness.key.vkey, url: witness.url }],
        quorum: 1,
        withoutQuorum: 'stop',
        timeoutMs: 5000,
      },
    );
    const parts = { q: world.db.pool, reader: world.reader, sequencer: world.sequencer, cosigners: circle };
    const publisher = new Publisher(parts, 0);

    // Without the quorum: kept, in the log, and told why no more yet.
    witness.misbehave((_, res) => Boolean(res.writeHead(503).end()));
    expect(await publisher.publish(0)).to.equal(undefined);
    const held = await world.fetch(`/api/v1/deposits/${depositId}`);
    expect(await openApi.expectFits('getDeposit', held)).to.deep.include({
      state: 'in-log',
      pending: { awaits: 'publication', alarms: ['witness-quorum-missing'] },
    });
    const stillEarly = (await openApi.expectFits('getLogProof', await get())) as { detail: string };
    expect(stillEarly.detail).to.include('witness-quorum-missing');
    const ready = (await (await world.fetch('/readyz')).json()) as { takesDeposits: boolean; checks: unknown[] };
    expect(ready.takesDeposits).to.equal(true);
    expect(ready.checks).to.deep.include({ name: 'witnesses', status: 'degraded', reason: 'witness-quorum-missing' });
    expect(ready.checks).to.deep.include({ name: 'anchoring', status: 'ok', reason: null });

    witness.misbehave(undefined);
    expect(await publisher.publish(0)).to.be.a('bigint');
    expect(troubles).to.have.length(1);

    const answer = await get();
    expect(answer.status).to.equal(200);
    expect(answer.headers.get('content-disposition')).to.equal(`attachment; filename=${depositId}.tlog-proof`);
    const proof = parseTlogProof(new Uint8Array(await answer.arrayBuffer()));
    const { record } = (await (await world.fetch(`/api/v1/deposits/${depositId}`)).json()) as { record: JsonValue };
    const leafData = depositLeafData(parseDepositRecord(encodeJson(record)));
    expect(equalBytes(proof.extra as Uint8Array, leafData)).to.equal(true);
    const { treeSize, rootHash, note } = proof.checkpoint;
    verifyInclusion(leafHash(leafData), { leafIndex: proof.leafIndex, treeSize, hashes: proof.hashes }, rootHash);
    expect(note.signatures.map(({ name }) => name)).to.deep.equal([world.signer.origin, 'w.example.org']);
  });

  it("answers another's deposit as one that never was", async () => {
    const answer = await world.fetch('/api/v1/deposits/01939f3e-7c1a-7b7e-9d2c-3f1d0e5b8a11/proof.tlog-proof');
    expect(((await openApi.expectFits('getLogProof', answer)) as { code: string }).code).to.equal('deposit-not-found');
  });
});
