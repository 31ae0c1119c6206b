import { expect } from 'chai';
import sharp from 'sharp';
import { watermarked } from '../../src/sharing/watermark.ts';

describe('watermarked', () => {
  const plain = (width: number, height: number, background: string) =>
    sharp({ create: { width, height, channels: 3, background } })
      .jpeg()
      .toBuffer();

  for (const [what, width, height, background] of [
    ['a white page', 800, 600, '#ffffff'],
    ['a black one', 800, 600, '#000000'],
    ['a strip', 1024, 40, '#cc3333'],
    ['a picture smaller than its words', 24, 24, '#808080'],
  ] as const) {
    it(`leaves marks that can be seen on ${what}, and its size as it was`, async () => {
      const before = await plain(width, height, background);
      const after = await watermarked(before, '王法官 <b>&amp; 2026-11-22');
      const { data, info } = await sharp(after).greyscale().raw().toBuffer({ resolveWithObject: true });
      expect(info).to.include({ width, height });
      const ground = (await sharp(before).greyscale().raw().toBuffer())[0]!;
      expect(data.filter((grey) => Math.abs(grey - ground) > 30).length).to.be.greaterThan(0);
    });
  }

  it('draws Chinese letters, and different ones for different readers', async () => {
    const page = await plain(600, 400, '#ffffff');
    expect((await watermarked(page, '王法官')).equals(await watermarked(page, '李法官'))).to.equal(false);
  });

  it('takes a name of any length, and one without letters', async () => {
    const page = await plain(300, 200, '#ffffff');
    for (const name of ['名'.repeat(5000), '', '\u202e\n'])
      expect(await watermarked(page, name)).to.be.instanceOf(Buffer);
  });
});
