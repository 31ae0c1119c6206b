/** `[U+20BB7]`, the way in which a character that cannot or must not be printed is shown. */
export function codePointName(character: string): string {
  return `[U+${(character.codePointAt(0) as number).toString(16).toUpperCase().padStart(4, '0')}]`;
}

/**
 * Turns what people wrote into what a page shows: characters that the fonts lack, that leave no ink, combine with others or steer
 * the direction of writing are shown by code point. So no two different texts look alike because of them, and none turns around
 * the words beside it. Remembers what it replaced, so that the paper can say so.
 */
export class PrintableText {
  readonly #isPrintable: (character: string) => boolean;
  readonly #replaced = new Set<string>();

  constructor(isPrintable: (character: string) => boolean) {
    this.#isPrintable = isPrintable;
  }

  /** Every code point shown in place of a character so far, in order. */
  get replaced(): string[] {
    return [...this.#replaced]
      .sort((a, b) => (a.codePointAt(0) as number) - (b.codePointAt(0) as number))
      .map(codePointName);
  }

  /** Text of several lines: line feeds stay, a tab becomes four spaces. */
  prose(text: string): string {
    return this.#show(text.replaceAll('\t', '    '), (character) => character === '\n');
  }

  /** A name on one line: line feeds, tabs, and spaces that nobody would see (at either end, or one after another) are shown too. */
  name(text: string): string {
    const shown = this.#show(text, () => false);
    return shown.replace(/^ +| +$| {2,}/g, (spaces) => {
      this.#replaced.add(' ');
      return codePointName(' ').repeat(spaces.length);
    });
  }

  #show(text: string, isAllowed: (character: string) => boolean): string {
    let shown = '';
    const characters = [...text];
    for (const [i, character] of characters.entries()) {
      // Text that already looks like one of our code points must not pass for one.
      const imitates = character === '[' && characters[i + 1] === 'U' && characters[i + 2] === '+';
      if (!imitates && (isAllowed(character) || this.#isPrintable(character))) shown += character;
      else {
        this.#replaced.add(character);
        shown += codePointName(character);
      }
    }
    return shown;
  }
}
