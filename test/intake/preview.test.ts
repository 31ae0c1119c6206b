import { randomBytes } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { expect } from 'chai';
import sharp, { type Sharp } from 'sharp';
import { digestBytes } from '../../src/intake/digest-stream.ts';
import { type PreviewLimits, PreviewMaker, type PreviewOutcome } from '../../src/intake/preview.ts';

describe('PreviewMaker', () => {
  let maker: PreviewMaker;
  const use = (limits: Partial<PreviewLimits> = {}) => {
    maker = new PreviewMaker(limits);
  };
  beforeEach(() => use());
  afterEach(() => maker.close());

  async function* pieces(bytes: Uint8Array) {
    for (let at = 0; at < bytes.length; at += 60_000) yield bytes.subarray(at, at + 60_000);
  }
  const make = (type: string, bytes: Uint8Array) => maker.make(type, bytes.length, async () => pieces(bytes));
  const plain = (width: number, height: number): Sharp =>
    sharp({ create: { width, height, channels: 4, background: { r: 200, g: 10, b: 10, alpha: 1 } } });
  const refused = (reason: string): PreviewOutcome => ({ kind: 'preview-not-possible', reason }) as PreviewOutcome;

  it('makes an upright JPEG of at most 1,024 pixels with its digests and without metadata', async () => {
    const photo = await plain(3000, 2000)
      .withExif({ IFD0: { Copyright: 'secret owner' }, IFD3: { GPSLatitude: '39/1 54/1 0/1' } })
      .withMetadata({ orientation: 6 })
      .jpeg()
      .toBuffer();
    const preview = await make('image/jpeg', photo);
    if (preview.kind !== 'preview') throw new Error(preview.reason);
    const { bytes, widthPx, heightPx, mediaType, sha256, sm3 } = preview;
    expect([widthPx, heightPx, mediaType]).to.deep.equal([683, 1024, 'image/jpeg']);
    expect({ sha256, sm3 }).to.deep.equal(digestBytes(bytes));
    const seen = await sharp(bytes).metadata();
    expect([seen.format, seen.width, seen.height]).to.deep.equal(['jpeg', 683, 1024]);
    expect([seen.exif, seen.icc, seen.xmp, seen.iptc, seen.orientation]).to.deep.equal(Array(5).fill(undefined));
  });

  for (const [type, encode] of [
    ['image/png', (image: Sharp) => image.png()],
    ['image/webp', (image: Sharp) => image.webp()],
    ['image/gif', (image: Sharp) => image.gif()],
    ['image/tiff', (image: Sharp) => image.tiff()],
    ['image/avif', (image: Sharp) => image.avif()],
  ] as const) {
    it(`makes one of ${type}, never larger than the image`, async () => {
      const preview = await make(type, await encode(plain(40, 30)).toBuffer());
      expect(preview).to.include({ kind: 'preview', widthPx: 40, heightPx: 30 });
    });
  }

  it('shows transparent as white', async () => {
    const clear = sharp({ create: { width: 9, height: 9, channels: 4, background: { r: 0, g: 0, b: 0, alpha: 0 } } });
    const preview = await make('image/png', await clear.png().toBuffer());
    if (preview.kind !== 'preview') throw new Error(preview.reason);
    expect([...(await sharp(preview.bytes).raw().toBuffer()).subarray(0, 3)]).to.deep.equal([255, 255, 255]);
  });

  it('does not open content of another type', async () => {
    const outcome = await maker.make('application/pdf', 10, async () => {
      throw new Error('opened');
    });
    expect(outcome).to.deep.equal(refused('not-an-image'));
  });

  it('refuses SVG even when it is called PNG', async () => {
    const svg = '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><image href="file:///etc/passwd"/></svg>';
    expect(await make('image/svg+xml', Buffer.from(svg))).to.deep.equal(refused('not-an-image'));
    expect(await make('image/png', Buffer.from(svg))).to.deep.equal(refused('undecodable'));
  });

  it('refuses too many bytes, said or sent', async () => {
    use({ maxInputBytes: 100_000 });
    const bytes = randomBytes(300_000);
    expect(await make('image/png', bytes)).to.deep.equal(refused('too-many-bytes'));
    expect(await maker.make('image/png', 10, async () => pieces(bytes))).to.deep.equal(refused('too-many-bytes'));
    expect(await make('image/png', await plain(5, 5).png().toBuffer())).to.include({ kind: 'preview' });
  });

  it('refuses a small file of too many pixels', async () => {
    const bomb = await plain(11_000, 10_000).png({ compressionLevel: 6 }).toBuffer();
    expect(bomb.length).to.be.lessThan(3_000_000);
    expect(await make('image/png', bomb)).to.deep.equal(refused('too-many-pixels'));
  });

  it('kills what takes too long and goes on with the next', async () => {
    const slow = await plain(4000, 4000).png({ progressive: true, compressionLevel: 1 }).toBuffer();
    await maker.close();
    use({ timeoutMs: 30 });
    expect(await make('image/png', slow)).to.deep.equal(refused('timeout'));
    await maker.close();
    use();
    const [first, second] = await Promise.all([make('image/png', slow), make('image/png', slow)]);
    expect([first.kind, second.kind]).to.deep.equal(['preview', 'preview']);
  });

  it('kills what takes too much memory', async function () {
    if (process.platform !== 'linux') this.skip();
    await maker.close();
    use({ maxProcessBytes: 150 * 1024 * 1024 });
    const large = await plain(8000, 8000).png({ progressive: true, compressionLevel: 1 }).toBuffer();
    expect(await make('image/png', large)).to.deep.equal(refused('too-much-memory'));
  });

  it('says process-died when the process is killed from outside, and starts another', async function () {
    if (process.platform !== 'linux') this.skip();
    const image = await plain(20, 20).png().toBuffer();
    expect((await make('image/png', image)).kind).to.equal('preview');
    const [pid] = childrenNamed('preview-process');
    const outcome = maker.make('image/png', image.length, async () =>
      (async function* () {
        yield image.subarray(0, 50);
        process.kill(pid as number, 'SIGKILL');
        yield image.subarray(50);
      })(),
    );
    expect(await outcome).to.deep.equal(refused('process-died'));
    expect((await make('image/png', image)).kind).to.equal('preview');
    expect(childrenNamed('preview-process')).to.have.length(1).and.not.include(pid);
  });

  it('gives its process no environment', async function () {
    if (process.platform !== 'linux') this.skip();
    await make('image/png', await plain(20, 20).png().toBuffer());
    const [pid] = childrenNamed('preview-process');
    const names = readFileSync(`/proc/${pid}/environ`, 'latin1')
      .split('\0')
      .map((entry) => entry.split('=')[0])
      .filter((name) => name !== '');
    expect(names.filter((name) => !name?.startsWith('NODE_CHANNEL_'))).to.deep.equal([]);
  });

  it('survives every truncation and many changed bytes of an image', async () => {
    const image = await plain(200, 200).jpeg().toBuffer();
    for (let i = 0; i < 60; i++) {
      const changed = Buffer.from(i % 2 === 0 ? image.subarray(0, Math.floor((image.length * i) / 60)) : image);
      if (i % 2 === 1) for (const at of randomBytes(20)) changed[(at * 7) % changed.length] = at;
      const outcome = await make('image/jpeg', changed);
      if (outcome.kind !== 'preview') expect(outcome.reason).to.be.oneOf(['undecodable', 'too-many-pixels']);
    }
    expect((await make('image/jpeg', image)).kind).to.equal('preview');
  });

  it('passes on what the content throws and goes on with the next', async () => {
    const failure = new Error('object-corrupt');
    const thrown = await maker
      .make('image/png', 100, async () =>
        (async function* () {
          yield Buffer.from('begun');
          throw failure;
        })(),
      )
      .catch((error: unknown) => error);
    expect(thrown).to.equal(failure);
    expect((await make('image/png', await plain(20, 20).png().toBuffer())).kind).to.equal('preview');
  });

  it('says busy when too many wait', async () => {
    use({ maxWaiting: 2 });
    const image = await plain(20, 20).png().toBuffer();
    const outcomes = await Promise.all([1, 2, 3].map(() => make('image/png', image)));
    expect(outcomes.map(({ kind }) => kind)).to.deep.equal(['preview', 'preview', 'preview-not-possible']);
    expect(outcomes[2]).to.deep.equal(refused('busy'));
  });

  it('ends its process when idle and when closed', async function () {
    if (process.platform !== 'linux') this.skip();
    await maker.close();
    use({ idleMs: 20 });
    const image = await plain(20, 20).png().toBuffer();
    await make('image/png', image);
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(childrenNamed('preview-process')).to.deep.equal([]);
    await make('image/png', image);
    await maker.close();
    expect(childrenNamed('preview-process')).to.deep.equal([]);
    expect(await make('image/png', image)).to.deep.equal(refused('closed'));
  });
});

/** Living child processes of this one whose command line holds `text`. */
function childrenNamed(text: string): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter((pid) => {
      try {
        const parent = / \S (\d+) /.exec(readFileSync(`/proc/${pid}/stat`, 'latin1'))?.[1];
        return Number(parent) === process.pid && readFileSync(`/proc/${pid}/cmdline`, 'latin1').includes(text);
      } catch {
        return false;
      }
    })
    .map(Number);
}
