import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type PDFDocument from 'pdfkit';

export type Face = 'regular' | 'strong';

/** How a run of text looks. Colours are `#rrggbb`. */
export interface TextStyle {
  face: Face;
  sizePt: number;
  color: string;
}

type Document = InstanceType<typeof PDFDocument>;

/** What of a fontkit font is needed here. Advances in units of the em. */
interface Font {
  unitsPerEm: number;
  hasGlyphForCodePoint(codePoint: number): boolean;
  glyphForCodePoint(codePoint: number): { advanceWidth: number; path: { commands: unknown[] } };
}

const FONT_FILES: Record<Face, string> = {
  regular: '400Regular/NotoSansSC_400Regular.ttf',
  strong: '600SemiBold/NotoSansSC_600SemiBold.ttf',
};

/** Parsed once per process (10 MB each, a quarter of a second) and shared by all documents: reading glyphs changes nothing. */
const parsedFonts = new Map<Face, Font>();

/** Registers the face with the document, which embeds of it what is used. */
function openFont(document: Document, face: Face): Font {
  const parsed = parsedFonts.get(face);
  // pdfkit also takes a font that is parsed already; its types do not say so.
  document.registerFont(face, (parsed ?? readFont(face)) as Buffer);
  document.font(face);
  const font = (document as unknown as { _font: { font: Font } })._font.font;
  parsedFonts.set(face, font);
  return font;
}

function readFont(face: Face): Buffer {
  return readFileSync(createRequire(import.meta.url).resolve(`@expo-google-fonts/noto-sans-sc/${FONT_FILES[face]}`));
}

const advances: Record<Face, Map<string, number>> = { regular: new Map(), strong: new Map() };
const printability = new Map<string, boolean>();

/** Lines of Chinese are set this much further apart than their size. */
const LEADING = 1.42;
/** Height of the baseline above the bottom of the line, as a part of the size. */
const DESCENT = 0.36;
const SUBSCRIPT_SIZE = 0.66;
const SUBSCRIPT_DROP = 0.14;

/** Measures, breaks and draws text in the two faces that a certificate is printed in. */
export class Typesetter {
  readonly #document: Document;
  readonly #fonts: Record<Face, Font>;

  constructor(document: Document) {
    this.#document = document;
    this.#fonts = { strong: openFont(document, 'strong'), regular: openFont(document, 'regular') };
  }

  lineHeight(style: TextStyle): number {
    return style.sizePt * LEADING;
  }

  /** In points, without kerning. */
  widthOf(text: string, style: TextStyle): number {
    let width = 0;
    for (const character of text) width += this.#advance(character, style.face);
    return width * style.sizePt;
  }

  /**
   * True if the character prints as itself: the fonts have it, it shows ink or is an ordinary space, it stands alone (no
   * combining mark) and does not steer the direction or joining of its neighbours.
   */
  isPrintable(character: string): boolean {
    let printable = printability.get(character);
    if (printable === undefined) {
      printable = this.#looksPrintable(character);
      printability.set(character, printable);
    }
    return printable;
  }

  #looksPrintable(character: string): boolean {
    if (character === ' ' || character === '\u3000' || isSubscript(character)) return true;
    if (/[\p{C}\p{M}\p{Z}]/u.test(character)) return false;
    const codePoint = character.codePointAt(0) as number;
    return Object.values(this.#fonts).every(
      (font) => font.hasGlyphForCodePoint(codePoint) && font.glyphForCodePoint(codePoint).path.commands.length > 0,
    );
  }

  /** Breaks text at line feeds and wherever a line would be wider than `widthPt`. Every line fits; none is lost. */
  wrap(text: string, style: TextStyle, widthPt: number): string[] {
    return text.split('\n').flatMap((paragraph) => this.#wrapParagraph(paragraph, style, widthPt));
  }

  #wrapParagraph(paragraph: string, style: TextStyle, widthPt: number): string[] {
    const lines: string[] = [];
    let line = '';
    let width = 0;
    const append = (piece: string) => {
      line += piece;
      width += this.widthOf(piece, style);
    };
    const breakLine = () => {
      lines.push(line.trimEnd());
      line = '';
      width = 0;
    };
    for (const unit of breakableUnits(paragraph)) {
      if (width + this.widthOf(unit.trimEnd(), style) <= widthPt) {
        append(unit);
        continue;
      }
      if (line !== '') breakLine();
      // A unit wider than the whole line, such as a long name without spaces, is cut between any two characters.
      for (const character of unit) {
        if (width + this.widthOf(character, style) > widthPt && line !== '') breakLine();
        append(character);
      }
    }
    lines.push(line.trimEnd());
    return lines;
  }

  /** Draws one line whose box begins at (x, y). Everything in it must be printable. */
  draw(text: string, style: TextStyle, x: number, y: number): void {
    const document = this.#document;
    const baseline = y + style.sizePt * (LEADING - DESCENT);
    document.font(style.face).fillColor(style.color);
    let at = x;
    const runs = text.match(/[₀-₉]+|[^₀-₉]+/gu) ?? [];
    for (const run of runs) {
      const sub = isSubscript(run);
      const plain = sub ? run.replace(/./gu, (c) => String((c.codePointAt(0) as number) - SUBSCRIPT_ZERO)) : run;
      document.fontSize(style.sizePt * (sub ? SUBSCRIPT_SIZE : 1));
      const drop = sub ? style.sizePt * SUBSCRIPT_DROP : 0;
      document.text(plain, at, baseline + drop, { lineBreak: false, baseline: 'alphabetic' });
      // With kerning, so that a subscript stands close to its letter.
      if (runs.length > 1) at += document.widthOfString(plain);
    }
  }

  #advance(character: string, face: Face): number {
    let advance = advances[face].get(character);
    if (advance === undefined) {
      const font = this.#fonts[face];
      const codePoint = isSubscript(character) ? 0x30 : (character.codePointAt(0) as number);
      const part = isSubscript(character) ? SUBSCRIPT_SIZE : 1;
      advance = (font.glyphForCodePoint(codePoint).advanceWidth / font.unitsPerEm) * part;
      advances[face].set(character, advance);
    }
    return advance;
  }
}

const SUBSCRIPT_ZERO = 0x2080;

/** The fonts lack subscript digits, so they are set as small ones. */
function isSubscript(text: string): boolean {
  return /^[₀-₉]/u.test(text);
}

const MAY_NOT_BEGIN_A_LINE = /^[、。，．：；！？）】」』》〉”’…·%)\]}.,:;!?]$/u;
const MAY_NOT_END_A_LINE = /[（【「『《〈“‘([{]$/u;
const IDEOGRAPHIC = /[\u2e80-\u9fff\uac00-\ud7af\uf900-\ufaff\uff00-\uffef]/u;
/** In long Latin runs such as addresses and file names, a line may end after one of these. */
const BREAK_AFTER = /[/?&=_\-@#\]]/;

/** Pieces between which a line may be broken; joined, they are the text again. */
function breakableUnits(text: string): string[] {
  const units: string[] = [];
  let unit = '';
  let previous = '';
  for (const character of text) {
    if (unit !== '' && mayBreakBetween(previous, character)) {
      units.push(unit);
      unit = '';
    }
    unit += character;
    previous = character;
  }
  if (unit !== '') units.push(unit);
  return units;
}

function mayBreakBetween(left: string, right: string): boolean {
  if (right === ' ' || MAY_NOT_BEGIN_A_LINE.test(right) || MAY_NOT_END_A_LINE.test(left)) return false;
  if (left === ' ' || left === '\u3000') return true;
  return IDEOGRAPHIC.test(left) || IDEOGRAPHIC.test(right) || BREAK_AFTER.test(left);
}
