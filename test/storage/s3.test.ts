import { ListMultipartUploadsCommand } from '@aws-sdk/client-s3';
import { expect } from 'chai';
import { S3CheckpointRegister } from '../../src/storage/s3-register.ts';
import { S3ObjectStore } from '../../src/storage/s3-store.ts';
import { itBehavesLikeACheckpointRegister } from '../support/checkpoint-register-suite.ts';
import { rejectionOf } from '../support/coded-error.ts';
import { itBehavesLikeAnObjectStore } from '../support/object-store-suite.ts';
import { S3_SERVER, S3Server } from '../support/s3-server.ts';

if (S3_SERVER === undefined) {
  describe('S3ObjectStore and S3CheckpointRegister', () => {
    it('on a real server: skipped, TIEZHENG_TEST_S3_SERVER names none (scripts/test-s3.sh brings one)', function () {
      this.skip();
    });
  });
} else {
  const binary = S3_SERVER;
  describe('on a real S3 server', function () {
    this.timeout(60_000);
    let server: S3Server;
    let bucket: string;
    before(async () => {
      server = await S3Server.start(binary);
    });
    beforeEach(async () => {
      bucket = await server.makeBucket();
    });
    after(() => server.stop());

    itBehavesLikeAnObjectStore('S3ObjectStore', async () => new S3ObjectStore(server.client, { bucket }));
    itBehavesLikeAnObjectStore(
      'S3ObjectStore below a prefix',
      async () => new S3ObjectStore(server.client, { bucket, prefix: 'tiezheng/' }),
    );
    itBehavesLikeAnObjectStore(
      'S3ObjectStore with GOVERNANCE retention',
      async () =>
        new S3ObjectStore(server.client, {
          bucket: await server.makeBucket({ objectLock: true }),
          retention: { mode: 'GOVERNANCE', days: 1, nowMs: Date.now },
        }),
    );
    itBehavesLikeACheckpointRegister(
      'S3CheckpointRegister',
      async () => new S3CheckpointRegister(server.client, { bucket, key: 'register/checkpoint' }),
    );

    it('refuses to delete under COMPLIANCE retention, saying object-retained', async () => {
      const locked = await server.makeBucket({ objectLock: true });
      const retention = { mode: 'COMPLIANCE', days: 1, nowMs: Date.now } as const;
      const store = new S3ObjectStore(server.client, { bucket: locked, retention });
      await store.put('kept', Buffer.from('x'));
      await rejectionOf(store.delete('kept'), 'object-retained');
      expect(await store.head('kept')).to.deep.equal({ sizeBytes: 1 });
    });

    it('leaves no parts behind when a big upload breaks off', async () => {
      const store = new S3ObjectStore(server.client, { bucket });
      const pending = async () =>
        (await server.client.send(new ListMultipartUploadsCommand({ Bucket: bucket }))).Uploads ?? [];
      let seen = 0;
      await store
        .put(
          'big',
          (async function* () {
            for (let i = 0; i < 20; i++) yield Buffer.alloc(1024 * 1024, i);
            seen = (await pending()).length;
            throw new Error('broken off');
          })(),
        )
        .catch(() => {});
      expect(seen).to.equal(1);
      expect(await pending()).to.deep.equal([]);
    });

    it('says storage-failed when the bucket is missing', async () => {
      const store = new S3ObjectStore(server.client, { bucket: 'there-is-none' });
      await rejectionOf(store.put('a', Buffer.from('x')), 'storage-failed');
      await rejectionOf(store.get('a'), 'storage-failed');
      await rejectionOf(
        new S3CheckpointRegister(server.client, { bucket: 'there-is-none', key: 'c' }).read(),
        'storage-failed',
      );
    });

    it('probes that conditional writes hold', async () => {
      const register = new S3CheckpointRegister(server.client, { bucket, key: 'register/checkpoint' });
      await register.probe();
      await register.probe();
      expect(await register.read()).to.equal(undefined);
    });
  });
}
