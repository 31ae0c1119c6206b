import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import PDFDocument from 'pdfkit';
import sharp from 'sharp';

/** Of one dispute, made anew for each path and none equal to another's. */
export interface EvidenceFiles {
  /** JPEG with the camera's own data in it. */
  photo: string;
  /** PNG. */
  screenshot: string;
  contract: string;
  /** The same with its fee blacked out. */
  redactedContract: string;
  /** MP4. */
  video: string;
}

/** @param folder is made @param seed what makes these files differ from others */
export async function makeEvidenceFiles(folder: string, seed: number): Promise<EvidenceFiles> {
  await mkdir(folder);
  const write = async (name: string, bytes: Uint8Array) => {
    const path = join(folder, name);
    await writeFile(path, bytes);
    return path;
  };
  return {
    photo: await write('现场照片.jpg', await cameraPhoto(seed)),
    screenshot: await write(
      '商品页面.png',
      await sharp(drawing(seed + 1, 960, 720))
        .png()
        .toBuffer(),
    ),
    contract: await write('授权合同.pdf', await contract(seed, 'CNY 80,000 a year')),
    redactedContract: await write('授权合同（已遮盖）.pdf', await contract(seed, '[blacked out]')),
    video: await write('直播录屏.mp4', await video(seed)),
  };
}

/** A cup with a pattern on it: what the dispute is about. */
export function drawing(seed: number, width = 1200, height = 900): Buffer {
  const petals = Array.from({ length: 8 }, (_, i) => {
    const turn = i * 45 + seed * 7;
    return `<ellipse cx="560" cy="395" rx="26" ry="72" transform="rotate(${turn} 560 470)" fill="hsl(${(seed * 29 + i * 9) % 360},62%,48%)"/>`;
  });
  return Buffer.from(`<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 1200 900">
<defs><linearGradient id="wall" x2="0" y2="1"><stop offset="0" stop-color="#d7dde2"/><stop offset="1" stop-color="#b9c1c7"/></linearGradient>
<linearGradient id="cup"><stop offset="0" stop-color="#f4f1ea"/><stop offset=".7" stop-color="#fffdf8"/><stop offset="1" stop-color="#d8d3c6"/></linearGradient></defs>
<rect width="1200" height="900" fill="url(#wall)"/><rect y="660" width="1200" height="240" fill="#8b6b4d"/>
<ellipse cx="570" cy="735" rx="290" ry="34" fill="#5f4833" opacity=".55"/>
<path d="M790 360q170 10 150 150q-18 120-180 120" fill="none" stroke="#efeadf" stroke-width="44"/>
<path d="M320 240h480l-46 440q-6 50-60 50h-268q-54 0-60-50z" fill="url(#cup)"/>
<ellipse cx="560" cy="240" rx="240" ry="42" fill="#cfc8b8"/><ellipse cx="560" cy="246" rx="222" ry="34" fill="#6b4a33"/>
${petals.join('')}<circle cx="560" cy="470" r="34" fill="#e9b949"/></svg>`);
}

/** As a camera writes it: make, model, when and where. */
async function cameraPhoto(seed: number): Promise<Buffer> {
  return sharp(drawing(seed))
    .withExif({
      IFD0: { Make: 'HUAWEI', Model: 'LYA-AL00', Software: 'LYA-AL00 10.1.0.163', Orientation: '1' },
      IFD2: { DateTimeOriginal: `2026:11:21 10:02:${String(seed % 60).padStart(2, '0')}`, ExposureTime: '1/50' },
      IFD3: { GPSLatitudeRef: 'N', GPSLatitude: '39/1 54/1 2665/100' },
    })
    .jpeg({ quality: 88 })
    .toBuffer();
}

function contract(seed: number, fee: string): Promise<Buffer> {
  const document = new PDFDocument({ info: { Title: `Licence ${seed}` } });
  const chunks: Buffer[] = [];
  document.on('data', (chunk: Buffer) => chunks.push(chunk));
  document.fontSize(18).text(`Licence agreement no. ${seed}`);
  document.fontSize(11).text('The holder of the design grants the use of the pattern "Eight petals".');
  document.text(`Fee: ${fee}`);
  document.end();
  return new Promise((resolve) => document.on('end', () => resolve(Buffer.concat(chunks))));
}

const FRAMES = 5;
const FRAMES_PER_SECOND = 5;

/** Motion JPEG in an MP4 (ISO/IEC 14496-12): one track, one chunk. */
async function video(seed: number): Promise<Buffer> {
  const [width, height] = [320, 240];
  const frames = await Promise.all(
    Array.from({ length: FRAMES }, (_, i) =>
      sharp(drawing(seed + i, width, height))
        .jpeg()
        .toBuffer(),
    ),
  );
  const fileType = box('ftyp', ascii('isom'), u32(512), ascii('isom'), ascii('mp41'));
  const at = fileType.length + 8;
  const mediaData = box('mdat', ...frames);
  const matrix = [0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000].map(u32);
  const duration = u32(FRAMES);
  const scale = u32(FRAMES_PER_SECOND);
  const sample = box(
    'jpeg',
    ...[Buffer.alloc(6), u16(1), Buffer.alloc(16), u16(width), u16(height), u32(0x480000), u32(0x480000)],
    ...[Buffer.alloc(4), u16(1), Buffer.alloc(32), u16(24), u16(0xffff)],
  );
  const table = box(
    'stbl',
    full('stsd', 0, u32(1), sample),
    full('stts', 0, u32(1), u32(FRAMES), u32(1)),
    full('stsc', 0, u32(1), u32(1), u32(FRAMES), u32(1)),
    full('stsz', 0, u32(0), u32(FRAMES), ...frames.map((frame) => u32(frame.length))),
    full('stco', 0, u32(1), u32(at)),
  );
  const information = box(
    'minf',
    full('vmhd', 1, Buffer.alloc(8)),
    box('dinf', full('dref', 0, u32(1), full('url ', 1))),
    table,
  );
  const media = box(
    'mdia',
    full('mdhd', 0, u32(0), u32(0), scale, duration, u16(0x55c4), u16(0)),
    full('hdlr', 0, u32(0), ascii('vide'), Buffer.alloc(12), ascii('video\0')),
    information,
  );
  const place = full(
    'tkhd',
    ...[3, u32(0), u32(0), u32(1), u32(0), duration, Buffer.alloc(16)],
    ...matrix,
    ...[u32(width << 16), u32(height << 16)],
  );
  const head = full(
    'mvhd',
    ...[0, u32(0), u32(0), scale, duration, u32(0x10000), u16(0x100), Buffer.alloc(10)],
    ...matrix,
    ...[Buffer.alloc(24), u32(2)],
  );
  return Buffer.concat([fileType, mediaData, box('moov', head, box('trak', place, media))]);
}

function box(type: string, ...content: Buffer[]): Buffer {
  const bytes = Buffer.concat(content);
  return Buffer.concat([u32(bytes.length + 8), ascii(type), bytes]);
}

/** A box with version 0 and flags. */
function full(type: string, flags: number, ...content: Buffer[]): Buffer {
  return box(type, u32(flags), ...content);
}

function u32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

function u16(value: number): Buffer {
  const bytes = Buffer.alloc(2);
  bytes.writeUInt16BE(value);
  return bytes;
}

function ascii(text: string): Buffer {
  return Buffer.from(text, 'ascii');
}
