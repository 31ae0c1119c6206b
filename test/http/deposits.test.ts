import { createHash, randomBytes } from 'node:crypto';
import { expect } from 'chai';
import { equalBytes, parseUtf8, sha256 } from '../../src/format/bytes.ts';
import { parseReceipt } from '../../src/format/receipt.ts';
import { ServiceWorld } from './service-world.ts';

describe('POST /api/v1/deposits', () => {
  let world: ServiceWorld;
  before(async function () {
    this.timeout(60_000);
    world = await ServiceWorld.open();
  });
  after(() => world.close());

  it('answers 201 with a sealed receipt', async () => {
    const photo = randomBytes(200_000);
    const answer = await world.upload(
      [
        { name: '照片.jpg', bytes: photo },
        { name: 'note.txt', bytes: 'hello' },
      ],
      { title: '侵权商品照片' },
    );
    console.log(answer.status, await answer.text());
  });
});
