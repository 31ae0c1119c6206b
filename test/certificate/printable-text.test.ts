import { expect } from 'chai';
import { PrintableText } from '../../src/certificate/printable-text.ts';

const ascii = () => new PrintableText((character) => /^[ -~]$/.test(character));

describe('PrintableText', () => {
  it('leaves printable text as it is', () => {
    const show = ascii();
    expect([show.name('IMG 1.jpg'), show.prose('a\nb')]).to.deep.equal(['IMG 1.jpg', 'a\nb']);
    expect(show.replaced).to.deep.equal([]);
  });

  it('shows what cannot be printed by code point and remembers it, in order and once', () => {
    const show = ascii();
    expect(show.name('a\u202eb𠮷\u202e')).to.equal('a[U+202E]b[U+20BB7][U+202E]');
    expect(show.prose('\u0301')).to.equal('[U+0301]');
    expect(show.replaced).to.deep.equal(['[U+0301]', '[U+202E]', '[U+20BB7]']);
  });

  it('keeps the lines of prose, but not of a name', () => {
    expect(ascii().prose('a\n\tb')).to.equal('a\n    b');
    expect(ascii().name('a\n\tb')).to.equal('a[U+000A][U+0009]b');
  });

  it('shows the spaces of a name that nobody would see', () => {
    expect(ascii().name(' a  b c ')).to.equal('[U+0020]a[U+0020][U+0020]b c[U+0020]');
  });

  it('lets no text pass for one of its own code points', () => {
    expect(ascii().name('[U+202E]')).to.equal('[U+005B]U+202E]');
    expect(ascii().prose('[U] [U+')).to.equal('[U] [U+005B]U+');
  });
});
