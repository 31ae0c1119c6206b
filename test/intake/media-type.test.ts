import { randomBytes } from 'node:crypto';
import { expect } from 'chai';
import fc from 'fast-check';
import sharp from 'sharp';
import { detectMediaType, MEDIA_TYPE_HEAD_BYTES } from '../../src/intake/media-type.ts';

describe('detectMediaType', () => {
  const image = () => sharp({ create: { width: 8, height: 8, channels: 3, background: '#ff0000' } });
  const box = (type: string) => Buffer.concat([Buffer.from([0, 0, 0, 24]), Buffer.from(type), Buffer.alloc(16)]);

  for (const [what, type, content] of [
    ['a PNG', 'image/png', () => image().png().toBuffer()],
    ['a JPEG', 'image/jpeg', () => image().jpeg().toBuffer()],
    ['a WebP', 'image/webp', () => image().webp().toBuffer()],
    ['a PDF', 'application/pdf', async () => Buffer.from('%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj\n', 'latin1')],
    ['an MP4', 'video/mp4', async () => box('ftypisom')],
    ['an empty ZIP', 'application/zip', async () => Buffer.from(`504b0506${'00'.repeat(18)}`, 'hex')],
    ['a Chinese text', 'text/plain', async () => Buffer.from('证据清单\n1. 合同\r\n\t2. 照片\f')],
    ['HTML', 'text/plain', async () => Buffer.from('<html><script>alert(1)</script></html>')],
    ['a text in GBK', 'application/octet-stream', async () => Buffer.from([0xba, 0xcf, 0xcd, 0xac])],
    ['a text with NUL', 'application/octet-stream', async () => Buffer.from('a\0b')],
    ['a text with an escape character', 'application/octet-stream', async () => Buffer.from('a\x1b[31mb')],
    ['nothing', 'application/octet-stream', async () => Buffer.alloc(0)],
    ['zeros', 'application/octet-stream', async () => Buffer.alloc(5000)],
  ] as const) {
    it(`sees ${type} in ${what}`, async () => {
      expect(await detectMediaType(await content(), true)).to.equal(type);
    });
  }

  it('takes a text whose head ends within a character, unless the file ends there', async () => {
    const head = Buffer.from('证'.repeat(30_000)).subarray(0, MEDIA_TYPE_HEAD_BYTES);
    expect(MEDIA_TYPE_HEAD_BYTES % 3).to.equal(1);
    expect(await detectMediaType(head, false)).to.equal('text/plain');
    expect(await detectMediaType(head, true)).to.equal('application/octet-stream');
  });

  it('answers a plain media type for anything', async () => {
    const starts = await Promise.all([image().png().toBuffer(), image().tiff().toBuffer(), image().webp().toBuffer()]);
    const signatures = [
      'RIFF',
      'PK\x03\x04',
      'ftyp',
      'OggS',
      '\x30\x26\xb2\x75\x8e\x66\xcf\x11',
      'II*\0',
      'ID3',
      '\x1a\x45\xdf\xa3',
    ];
    starts.push(...signatures.map((text) => Buffer.from(text, 'latin1')));
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...starts),
        fc.uint8Array({ maxLength: 2000 }),
        fc.array(fc.tuple(fc.nat(200), fc.nat(255)), { maxLength: 8 }),
        async (start, rest, changes) => {
          const bytes = Buffer.concat([start, rest]);
          for (const [at, value] of changes) bytes[at % bytes.length] = value;
          expect(await detectMediaType(bytes, true)).to.match(
            /^[a-z0-9][a-z0-9!#$&^_.+-]*\/[a-z0-9][a-z0-9!#$&^_.+-]*$/,
          );
        },
      ),
      { numRuns: 400 },
    );
  });

  it('looks at the head only', async () => {
    const bytes = Buffer.concat([Buffer.from('a'.repeat(MEDIA_TYPE_HEAD_BYTES)), randomBytes(1000)]);
    expect(await detectMediaType(bytes, false)).to.equal('text/plain');
  });
});
