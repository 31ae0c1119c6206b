import { expect } from 'chai';
import fc from 'fast-check';
import PDFDocument from 'pdfkit';
import { type TextStyle, Typesetter } from '../../src/certificate/typesetter.ts';

const STYLE: TextStyle = { face: 'regular', sizePt: 10, color: '#000000' };

describe('Typesetter', () => {
  let type: Typesetter;
  before(() => {
    type = new Typesetter(new PDFDocument({ font: null as unknown as string }));
  });

  it('breaks any text into lines that fit, and loses nothing but spaces at their ends', () => {
    const characters = fc.constantFrom(...'abcW. ,-/ （中文，。）《书》 0123456789 \n'.split(''));
    const width = fc.integer({ min: 30, max: 300 });
    fc.assert(
      fc.property(fc.string({ unit: characters, maxLength: 200 }), width, (text, widthPt) => {
        const lines = type.wrap(text, STYLE, widthPt);
        const letters = (s: string) => s.replace(/\s/g, '');
        expect(letters(lines.join(''))).to.equal(letters(text));
        for (const line of lines) expect(type.widthOf(line, STYLE)).to.be.at.most(widthPt + 0.001);
      }),
    );
  });

  it('begins no line with a closing mark and ends none with an opening one', () => {
    const text = '（中文，标点。）《书名》，内容；'.repeat(10);
    const lines = type.wrap(text, STYLE, 95);
    expect(lines.length).to.be.greaterThan(5);
    expect(lines.filter((line) => /^[，。）》；]/.test(line) || /[（《]$/.test(line))).to.deep.equal([]);
  });

  it('breaks English between words and addresses after a slash', () => {
    expect(type.wrap('between words only', STYLE, 60)).to.deep.equal(['between', 'words only']);
    expect(type.wrap('https://example.org/abcdef/ghi', STYLE, 100)).to.deep.equal([
      'https://example.org/',
      'abcdef/ghi',
    ]);
  });

  it('knows what prints as itself', () => {
    const printable = [...'a中 é，₀　ﾊя'];
    const not = [...'𠮷😀\u202e\u200b\u00a0\u0301\u00ad\u3164\u2028\ufeff\u2800ع\n\t'];
    expect(printable.filter((c) => !type.isPrintable(c))).to.deep.equal([]);
    expect(not.filter((c) => type.isPrintable(c))).to.deep.equal([]);
  });
});
