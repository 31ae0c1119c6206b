import { expect } from 'chai';
import fc from 'fast-check';
import sharp from 'sharp';
import { dHash, hammingDistance } from '../../src/matters/perceptual-hash.ts';
import { openDisputes, type Party, picture } from './dispute-world.ts';

const bits64 = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n });

describe('hammingDistance', () => {
  it('is 0 for equal hashes, symmetric, and 64 for opposite ones', () => {
    fc.assert(
      fc.property(bits64, bits64, (a, b) => {
        const distance = hammingDistance(a, b);
        return (
          hammingDistance(a, a) === 0 &&
          distance === hammingDistance(b, a) &&
          distance === (a ^ b).toString(2).replaceAll('0', '').length &&
          hammingDistance(a, a ^ (2n ** 64n - 1n)) === 64
        );
      }),
    );
  });
});

describe('dHash', () => {
  it('stays near for a picture made smaller and compressed, and is far for another one', async () => {
    const original = await picture(3);
    const copy = await sharp(original).resize(120).jpeg({ quality: 40 }).toBuffer();
    expect(hammingDistance(await dHash(original), await dHash(copy))).to.be.at.most(8);
    expect(hammingDistance(await dHash(original), await dHash(await picture(11)))).to.be.at.least(16);
  });

  it('sets a bit where a pixel is brighter than its right neighbour', async () => {
    const falling = await sharp({
      create: { width: 90, height: 80, channels: 3, background: '#000' },
    })
      .composite([
        {
          input: Buffer.from(
            `<svg width="90" height="80"><defs><linearGradient id="g"><stop offset="0" stop-color="#fff"/><stop offset="1" stop-color="#000"/></linearGradient></defs><rect width="90" height="80" fill="url(#g)"/></svg>`,
          ),
        },
      ])
      .jpeg()
      .toBuffer();
    expect(await dHash(falling)).to.equal(2n ** 64n - 1n);
    expect(await dHash(await sharp(falling).flop().jpeg().toBuffer())).to.equal(0n);
  });
});

describe('GET /api/v1/comparison', () => {
  let owner: Party;
  let reader: Party;
  let world: Party['world'];
  before(async function () {
    this.timeout(60_000);
    const disputes = await openDisputes();
    world = disputes.world;
    owner = await disputes.party('权利人甲');
    reader = await disputes.party('调解员', 'mediator');
  });
  after(() => world.close());

  interface Comparison {
    isIdentical: boolean;
    hint: { differingBits: number; notice: { zh: string; en: string } } | null;
    original: { dHash: string | null; picture: string };
    suspect: { picture: string };
  }

  it('gives the distance of two pictures as a hint that says so', async () => {
    const bytes = await picture(5);
    const original = await owner.deposit(bytes, 'o.jpg');
    const suspect = await owner.deposit(await sharp(bytes).jpeg({ quality: 30 }).toBuffer(), 's.jpg');
    const compared = await owner.get<Comparison>('GET', `/comparison?original=${original}&suspect=${suspect}`);
    expect(compared.isIdentical).to.equal(false);
    expect(compared.hint?.differingBits).to.be.at.most(6);
    expect(compared.hint?.notice.zh).to.include('仅供参考');
    expect(compared.original.dHash).to.match(/^[0-9a-f]{16}$/);
    const same = await owner.get<Comparison>('GET', `/comparison?original=${original}&suspect=${original}`);
    expect(same).to.deep.nested.include({ isIdentical: true, 'hint.differingBits': 0 });
    const text = await owner.deposit('no picture', 't.txt');
    const withText = await owner.get<Comparison>('GET', `/comparison?original=${original}&suspect=${text}`);
    expect(withText.hint).to.equal(null);
    expect([withText.original.picture, withText.suspect.picture]).to.deep.equal(['shown', 'none']);
    expect(await owner.refused('GET', `/comparison?original=${original}&suspect=${text}&suspectFile=7`)).to.equal(
      '404 not-found',
    );
  });

  it('compares only what the caller may see, and gives readers no hash of a trade secret', async () => {
    const [a, b] = [await owner.deposit(await picture(6), 'a.jpg'), await owner.deposit(await picture(7), 'b.jpg')];
    const path = `/comparison?original=${a}&suspect=${b}`;
    const grant = async (depositId: string) => {
      await owner.get('POST', '/grants', { depositId, to: { accountId: reader.accountId }, scope: 'read' }, 201);
      await reader.takeGrants();
    };
    await grant(a);
    expect(await reader.refused('GET', path)).to.equal('404 deposit-not-found');
    await grant(b);
    expect((await reader.get<Comparison>('GET', path)).hint).to.not.equal(null);
    const matterId = await owner.matter();
    await owner.get('POST', `/matters/${matterId}/items`, { depositId: a, confidentiality: 'trade-secret' }, 201);
    const hidden = await reader.get<Comparison>('GET', path);
    expect(hidden.hint).to.equal(null);
    expect(hidden.original.dHash).to.equal(null);
    const own = await owner.get<Comparison>('GET', path);
    expect(own.hint).to.not.equal(null);
    // Nor is a preview shown to either: the page says why.
    for (const { original, suspect } of [hidden, own]) {
      expect([original.picture, suspect.picture]).to.deep.equal(['trade-secret', 'shown']);
    }
  });
});
