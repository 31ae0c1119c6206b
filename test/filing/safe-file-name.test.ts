import { expect } from 'chai';
import fc from 'fast-check';
import { safeFileName } from '../../src/filing/safe-file-name.ts';
import { encodeManifest, parseManifest } from '../../src/format/package.ts';

describe('safeFileName', () => {
  it('leaves an ordinary name as it is', () => {
    for (const name of ['IMG 2034.jpg', '展会 现场照片.PNG', 'a-b_c (1).tar.gz'])
      expect(safeFileName(name)).to.equal(name);
  });

  it('takes away what leads elsewhere, hides or turns around', () => {
    const cases: [string, string][] = [
      ['../../etc/passwd', '_.._etc_passwd'],
      ['C:\\boot.ini', 'C__boot.ini'],
      ['invoice\u202egpj.exe', 'invoice_gpj.exe'],
      ['.htaccess', 'htaccess'],
      ['a\nb\u0000c', 'a_b_c'],
      ['100%.txt', '100_.txt'],
      ['con.txt', '_con.txt'],
      ['...', 'file'],
      ['', 'file'],
    ];
    for (const [name, safe] of cases) expect(safeFileName(name), JSON.stringify(name)).to.equal(safe);
  });

  it('keeps the ending of a long name', () => {
    const safe = safeFileName(`${'很'.repeat(250)}.mp4`);
    expect([...safe]).to.have.length(80);
    expect(safe).to.match(/很\.mp4$/);
  });

  it('gives names that a manifest takes, whatever the name was', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', maxLength: 300 }), (name) => {
        const path = `data/originals/1-${safeFileName(name)}`;
        const manifest = new Map([[path, 'ab'.repeat(32)]]);
        expect(parseManifest(encodeManifest(manifest), 'sha256')).to.deep.equal(manifest);
      }),
      { numRuns: 500 },
    );
  });
});
