import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { CodedError } from '../../src/errors.ts';
import { encodeBase64 } from '../../src/format/bytes.ts';
import { exitCodeOf } from '../../src/format/report.ts';
import { readPdfSignatures } from '../../src/verify/inspect/pdf-signatures.ts';
import { recognise } from '../../src/verify/inspect/recognise.ts';
import { inspect, outcomes } from '../support/desk.ts';
import { useTemporaryFolder } from '../support/temporary-folder.ts';
import { authority, trusting } from '../support/trust-policy.ts';

/** Signed by pyHanko: scripts/independent-tools/signed-pdfs.py. */
const VECTORS = fileURLToPath(new URL('vectors/signed-pdf', import.meta.url));
const read = (name: string) => new Uint8Array(readFileSync(join(VECTORS, name)));
const trust = trusting({
  seals: [encodeBase64(read('root.der'))],
  authorities: [authority(read('tsa-root.der'))],
});

const latin1 = (bytes: Uint8Array) => Buffer.from(bytes).toString('latin1');
const bytesOf = (text: string) => new Uint8Array(Buffer.from(text, 'latin1'));

/** Changes a PDF's text without moving a byte. */
function replaced(pdf: Uint8Array, from: string, to: string): Uint8Array {
  if (from.length !== to.length) throw new Error('lengths differ');
  const text = latin1(pdf);
  expect(text).to.contain(from);
  return bytesOf(text.replace(from, to));
}

describe('a PDF that others signed', () => {
  const folderOfTest = useTemporaryFolder();
  for (const [name, signatures] of [
    ['pades', 1],
    ['adobe-sha512', 1],
    ['rsa-pss', 1],
    ['timestamped', 1],
    ['two-signatures', 2],
    ['validation-data', 1],
    ['document-timestamp', 2],
  ] as const) {
    it(`${name}: stands under a policy that names its root`, async () => {
      const found = await inspect(read(`${name}.pdf`), [], trust);
      expect(found.subject.kind).to.equal('signed-pdf');
      expect(found.unmet, outcomes(found).join('\n')).to.deep.equal([]);
      expect(exitCodeOf(found)).to.equal(0);
      expect(found.checks.filter((check) => check.name === 'pdf.integrity')).to.have.length(signatures);
    });
  }

  it('says which revision each of two signatures covers, and what came after the first', async () => {
    const found = await inspect(read('two-signatures.pdf'), [], trust);
    const coverage = found.checks.filter((check) => check.name === 'pdf.coverage').map(({ facts }) => facts);
    expect(coverage.map(({ revision }) => revision)).to.deep.equal(['2 of 3', '3 of 3']);
    expect(coverage[0]?.changedObjects).to.equal('1 4 5 7');
    expect(coverage[1]?.addedAfter).to.equal('nothing');
    expect(found.checks.filter((c) => c.name === 'pdf.signer').map((c) => c.facts.signer)).to.deep.equal([
      'Alice Notary',
      'Bob Counsel',
    ]);
    expect(found.statements).to.deep.include({ by: 'signer', field: 'signature 1 Reason', value: 'Checked (sealed)' });
    expect(found.statements).to.deep.include({ by: 'signer', field: 'signature 1 Location', value: '北京' });
  });

  it('takes the time from its timestamp, and judges the signer at it', async () => {
    const found = await inspect(read('timestamped.pdf'), [], trust);
    expect(found.times.map(({ at, independent }) => `${at} ${independent}`)).to.deep.equal([
      '2025-06-01T12:00:01.000Z true',
    ]);
    const signer = found.checks.find((check) => check.name === 'pdf.signer');
    expect(signer?.facts.judgedAt).to.equal('2025-06-01T12:00:01.000Z');
    expect(signer?.facts.judgedAtSource).to.match(/^RFC 3161 Clock/);
  });

  it('is a stranger’s under a policy that does not name its root, and nobody’s word without one', async () => {
    const stranger = await inspect(read('pades.pdf'), [], trusting());
    expect(outcomes(stranger)).to.include('pdf.signer (signature 1) not-checked untrusted-key');
    expect(stranger.conclusion).to.equal('incomplete');
    const without = await inspect(read('pades.pdf'), [], { ...trust, policy: undefined, digest: null });
    expect(without.conclusion).to.equal('no-policy');
    expect(outcomes(without)).to.include('pdf.integrity (signature 1) passed');
  });

  it('was changed after signing if a later revision turns the page', async () => {
    const found = await inspect(read('changed-after-signing.pdf'), [], trust);
    expect(outcomes(found)).to.include.members([
      'pdf.coverage (signature 1) passed',
      'pdf.integrity (signature 1) passed',
      'pdf.changes failed changed-after-signing',
    ]);
    expect(exitCodeOf(found)).to.equal(1);
  });

  it('does not take an update for validation data if it puts another catalog, page or root in place', async () => {
    const pdf = latin1(read('pades.pdf'));
    const start = /startxref\s+(\d+)\s+%%EOF\s*$/.exec(pdf)?.[1];
    const root = /\/Root (\d+) 0 R/.exec(pdf)?.[1] as string;
    const size = /\/Size (\d+)/.exec(pdf.slice(pdf.lastIndexOf('trailer')))?.[1] as string;
    const catalog = pdf.slice(pdf.lastIndexOf(`\n${root} 0 obj`) + 1).split('endobj')[0] as string;
    const update = (body: string, number: string, trailer: string) => {
      const at = pdf.length;
      const table = at + body.length;
      const entry = `${String(at).padStart(10, '0')} 00000 n \n`;
      return bytesOf(
        `${pdf}${body}xref\n${number} 1\n${entry}trailer\n<<${trailer} /Prev ${start}>>\nstartxref\n${table}\n%%EOF\n`,
      );
    };
    const withDss = catalog.replace(/>>\s*$/, '/DSS 99 0 R >>\n');
    const trailer = `/Size ${size} /Root ${root} 0 R`;
    const harmless = await inspect(update(`${withDss}endobj\n`, root, trailer), [], trust);
    expect(outcomes(harmless)).to.include('pdf.changes passed');
    const hostile: [string, Uint8Array][] = [
      ['another tree of pages', update(`${withDss.replace(/\/Pages \d+/, '/Pages 77')}endobj\n`, root, trailer)],
      ['a name written another way', update(`${withDss}endobj\n`, root, `${trailer} /R#6fot 77 0 R`)],
      ['another root', update(`${withDss}endobj\n`, root, `/Size ${size} /Root 77 0 R`)],
      ['an older object in place', update('4 0 obj\n<<>>\nendobj\n', '4', trailer)],
      [
        'a hidden entry',
        update(`${withDss.replace('/DSS', '/Extensions << /A (<<) >> /Pages 77 0 R >> /DSS')}endobj\n`, root, trailer),
      ],
      ['a bare tail', bytesOf(`${pdf}1 0 obj\n<<>>\nendobj\n`)],
    ];
    for (const [what, bytes] of hostile) {
      const found = await inspect(bytes, [], trust);
      expect(exitCodeOf(found), what).to.be.greaterThan(0);
      expect(outcomes(found), what).to.not.include('pdf.changes passed');
    }
  });

  it('compares with the catalog that the tables name, not with one that only looks like it', () => {
    const real = '<</Type/Catalog/Pages 2 0 R/AcroForm<</SigFlags 3/Fields[4 0 R]>>>>';
    const fake = real.replace('/Pages 2', '/Pages 7');
    const { before, after } = placeholderPdf(
      `9 0 obj\n<</Length 99>>stream\n1 0 obj\n${fake}\nendobj\nendstream\nendobj\n`,
    );
    const signed = `${before}<${'0'.repeat(GAP - 2)}>${after}`;
    const start = /startxref\s+(\d+)/.exec(signed)?.[1];
    const added = (catalog: string) => {
      const body = `1 0 obj\n${catalog.replace(/>>$/, '/DSS 8 0 R>>')}\nendobj\n`;
      const table = `xref\n1 1\n${String(signed.length).padStart(10, '0')} 00000 n \n`;
      const trailer = `trailer\n<</Size 9/Root 1 0 R/Prev ${start}>>\nstartxref\n${signed.length + body.length}\n%%EOF\n`;
      const pdf = readPdfSignatures(bytesOf(signed + body + table + trailer));
      return pdf?.addedAfter(signed.length)?.onlyValidationData;
    };
    expect([added(real), added(fake)]).to.deep.equal([true, false]);
  });

  it('fails for every bit of what is signed, and never crashes', async () => {
    const pdf = read('pades.pdf');
    const { index: gap } = /<[0-9a-fA-F]{1000,}>/.exec(latin1(pdf)) as RegExpExecArray;
    const behind = latin1(pdf).indexOf('>', gap);
    for (let at = 0; at < pdf.length; at += 61) {
      // Its own hex is not signed, and holds certificates that nobody needs.
      if (at > gap && at < behind) continue;
      const flipped = Uint8Array.from(pdf);
      flipped[at] = (flipped[at] as number) ^ 1;
      try {
        if ((await recognise(new Blob([flipped]))) !== 'signed-pdf') continue;
        expect(exitCodeOf(await inspect(flipped, [], trust)), `byte ${at}`).to.be.greaterThan(0);
      } catch (error) {
        if (!(error instanceof CodedError)) throw error;
      }
    }
  });

  it('fails where the signature covers only a part, or leaves something out', async () => {
    const pdf = read('pades.pdf');
    const range = /\/ByteRange\s*\[(\d+) (\d+) (\d+) (\d+)[ ]*\]/.exec(latin1(pdf)) as RegExpExecArray;
    const [whole, , b, c, d] = range as unknown as [string, string, string, string, string];
    const write = (numbers: string) =>
      replaced(pdf, whole, whole.replace(/\[.*\]/, `[${numbers.padEnd(whole.length - whole.indexOf('[') - 2)}]`));
    const cases: [string, string][] = [
      [`1 ${b} ${c} ${d}`, 'signature-does-not-cover-the-file'],
      [`0 ${Number(b) - 9} ${c} ${d}`, 'signature-does-not-cover-the-file'],
      [`0 ${b} ${c} ${Number(d) - 40}`, 'signature-ends-inside-a-revision'],
      [`0 ${b} ${c} ${'9'.repeat(d.length)}`, 'signature-does-not-cover-the-file'],
      [`0 ${b} ${c}`, 'byte-range-malformed'],
    ];
    for (const [numbers, reason] of cases) {
      const found = await inspect(write(numbers), [], trust);
      expect(outcomes(found)[0], numbers).to.equal(`pdf.coverage (signature 1) failed ${reason}`);
      expect(exitCodeOf(found)).to.equal(1);
    }
  });

  it('fails where a string of the author’s is left out in place of the signature', async () => {
    // Hex of somebody else's choosing outside every signature could be exchanged at will.
    const pdf = read('pades.pdf');
    const text = latin1(pdf).replace(/\/Contents(\s*<[0-9a-fA-F]{1000,})/, '/Contentz$1');
    const found = await inspect(bytesOf(text), [], trust);
    expect(outcomes(found)[0]).to.equal('pdf.coverage (signature 1) failed byte-range-leaves-out-something-else');
  });

  it('is no signed PDF any more when cut before its signature, and fails when cut behind it', async () => {
    const pdf = read('pades.pdf');
    const cut = latin1(pdf).indexOf('/ByteRange');
    expect(await recognise(new Blob([pdf.slice(0, cut) as Uint8Array<ArrayBuffer>]))).to.equal(undefined);
    const found = await inspect(pdf.slice(0, -30), [], trust);
    expect(exitCodeOf(found)).to.equal(1);
  });

  it('is not exhausted by many signatures, deep nesting or long runs of anything', async () => {
    const { before, after } = placeholderPdf();
    const nested = '30'.concat('80').repeat((GAP - 2) / 4);
    const deep = await inspect(bytesOf(`${before}<${nested.padEnd(GAP - 2, '0')}>${after}`), [], trust);
    expect(outcomes(deep)).to.include('pdf.integrity (signature 1) failed cms-malformed');
    const many = bytesOf(`%PDF-1.7\n${'/ByteRange [0 1 2 3]\n'.repeat(33)}`);
    expect(await recognise(new Blob([many as Uint8Array<ArrayBuffer>]))).to.equal(undefined);
    const pdf = latin1(read('validation-data.pdf'));
    for (const run of [' ', '%', '5%', '5 0 ', '(', '<', '/Extensions<<', 'trailer', '/Name(']) {
      const long = bytesOf(pdf.replace('endobj', `endobj\n${run.repeat(400_000 / run.length)}\n`));
      const started = performance.now();
      expect(exitCodeOf(await inspect(long, [], trust)), run).to.equal(1);
      expect(performance.now() - started, run).to.be.lessThan(10_000);
    }
  });

  it('names algorithms that it does not decide, and refuses broken ones', async () => {
    const renamed = latin1(read('pades.pdf')).replace('/ETSI.CAdES.detached', '/adbe.x509.rsa_sha1 ');
    const found = await inspect(bytesOf(renamed), [], trust);
    expect(outcomes(found)[1]).to.equal('pdf.integrity (signature 1) not-checked unsupported');
    expect(found.checks[1]?.facts.subFilter).to.equal('adbe.x509.rsa_sha1');
  });

  it('stands when OpenSSL alone signed it, with the plain profile', async function () {
    const folder = folderOfTest();
    const openssl = (...args: string[]) =>
      execFileSync('openssl', args, { cwd: folder, stdio: ['ignore', 'pipe', 'pipe'] });
    try {
      openssl('version');
    } catch {
      this.skip();
    }
    openssl(
      'req',
      '-x509',
      '-newkey',
      'ec',
      '-pkeyopt',
      'ec_paramgen_curve:P-256',
      '-nodes',
      '-keyout',
      'k.pem',
      '-out',
      'c.pem',
      '-days',
      '30',
      '-subj',
      '/CN=Plain Signer',
    );
    openssl('x509', '-in', 'c.pem', '-outform', 'DER', '-out', 'c.der');
    for (const [digest, expected] of [
      ['sha384', 'pdf.integrity (signature 1) passed'],
      ['sha1', 'pdf.integrity (signature 1) failed weak-digest'],
    ] as const) {
      const { before, after } = placeholderPdf();
      writeFileSync(join(folder, 'content'), before + after, 'latin1');
      openssl(
        'cms',
        '-sign',
        '-binary',
        '-md',
        digest,
        '-signer',
        'c.pem',
        '-inkey',
        'k.pem',
        '-outform',
        'DER',
        '-in',
        'content',
        '-out',
        'cms',
      );
      const hex = readFileSync(join(folder, 'cms'))
        .toString('hex')
        .padEnd(GAP - 2, '0');
      const pdf = bytesOf(`${before}<${hex}>${after}`);
      const pinned = trusting({ seals: [readFileSync(join(folder, 'c.der')).toString('base64')] });
      const found = await inspect(pdf, [], pinned);
      expect(outcomes(found)).to.include(expected);
      expect(exitCodeOf(found), outcomes(found).join('\n')).to.equal(digest === 'sha1' ? 1 : 0);
    }
  });
});

const GAP = 8192;

/** The smallest PDF with room for a signature, written by hand. */
function placeholderPdf(decoy = ''): { before: string; after: string } {
  const objects = [
    '<</Type/Catalog/Pages 2 0 R/AcroForm<</SigFlags 3/Fields[4 0 R]>>>>',
    '<</Type/Pages/Kids[3 0 R]/Count 1>>',
    '<</Type/Page/Parent 2 0 R/MediaBox[0 0 100 100]/Annots[4 0 R]>>',
    '<</Type/Annot/Subtype/Widget/FT/Sig/T(S)/Rect[0 0 0 0]/V 5 0 R>>',
  ];
  let head = '%PDF-1.7\n';
  const offsets: number[] = [];
  for (const [i, object] of objects.entries()) {
    offsets.push(head.length);
    head += `${i + 1} 0 obj\n${object}\nendobj\n`;
  }
  head += decoy;
  offsets.push(head.length);
  const signature =
    '5 0 obj\n<</Type/Sig/Filter/Adobe.PPKLite/SubFilter/adbe.pkcs7.detached/ByteRange[0 AAAAAA BBBBBB CCCCCC]/Contents';
  const b = head.length + signature.length;
  const c = b + GAP;
  const table = c + '>>\nendobj\n'.length;
  const rows = offsets.map((offset) => `${String(offset).padStart(10, '0')} 00000 n \n`).join('');
  const tail = `>>\nendobj\nxref\n0 6\n0000000000 65535 f \n${rows}trailer\n<</Size 6/Root 1 0 R>>\nstartxref\n${table}\n%%EOF\n`;
  const number = (value: number) => String(value).padEnd(6);
  const before =
    head + signature.replace('AAAAAA', number(b)).replace('BBBBBB', number(c)).replace('CCCCCC', number(tail.length));
  return { before, after: tail };
}
