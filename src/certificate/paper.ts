import PDFDocument from 'pdfkit';
import type { Bilingual } from '../format/certificate.ts';
import { type TextStyle, Typesetter } from './typesetter.ts';

export type Document = InstanceType<typeof PDFDocument>;
export type Element = PDFKit.PDFStructureElement;

/** Ink on paper. Every pair used for text has a contrast of at least 4.5 to 1, and nothing is told by colour alone. */
export const INK = {
  text: '#1b1b1b',
  quiet: '#5b5b5b',
  rule: '#c9c9c9',
  faint: '#f5f5f3',
  proved: '#0b5563',
  provedTint: '#eaf3f4',
  stated: '#8a5a00',
  statedTint: '#fbf6ea',
  depositor: '#5a4a78',
  depositorTint: '#f4f2f8',
  signatory: '#1f4f8f',
  signatoryTint: '#eef3fa',
  evaluation: '#b3261e',
} as const;

export const STYLE = {
  body: { face: 'regular', sizePt: 9, color: INK.text },
  bodyStrong: { face: 'strong', sizePt: 9, color: INK.text },
  english: { face: 'regular', sizePt: 7.5, color: INK.quiet },
  labelChinese: { face: 'strong', sizePt: 8.5, color: INK.text },
  labelEnglish: { face: 'regular', sizePt: 7, color: INK.quiet },
  digest: { face: 'regular', sizePt: 8, color: INK.text },
  small: { face: 'regular', sizePt: 7, color: INK.quiet },
} as const satisfies Record<string, TextStyle>;

/** A4 in points, and what of it the text fills. */
export const PAGE = { width: 595.28, height: 841.89, left: 54, right: 541.28, bottom: 782 } as const;
export const TEXT_WIDTH = PAGE.right - PAGE.left;

const LABEL_WIDTH = 112;
const BAR_WIDTH = 3;
const ROW_PADDING = 3.5;
/** Where the values of a field begin. */
const VALUE_LEFT = PAGE.left + BAR_WIDTH + 9 + LABEL_WIDTH + 10;
const VALUE_RIGHT_PADDING = 6;

/** What a value has to itself in a row that ends at `right`. */
export function valueWidth(right: number): number {
  return right - VALUE_LEFT - VALUE_RIGHT_PADDING;
}

/** Whose word a block is, told by its bar (solid, dashed, dotted, long dashes), tint and heading. */
export type Standing = 'proved' | 'operator' | 'depositor' | 'signatory' | 'neutral';

const STANDINGS: Record<Standing, { bar: string; tint: string; dash: [number, number] | undefined }> = {
  proved: { bar: INK.proved, tint: INK.provedTint, dash: undefined },
  operator: { bar: INK.stated, tint: INK.statedTint, dash: [6, 3] },
  depositor: { bar: INK.depositor, tint: INK.depositorTint, dash: [2, 3] },
  signatory: { bar: INK.signatory, tint: INK.signatoryTint, dash: [14, 3] },
  neutral: { bar: INK.rule, tint: '#ffffff', dash: undefined },
};

/** Part of a value: words that wrap, or a digest in groups of eight digits that stay on a grid. */
export type Piece = { text: string; style: TextStyle } | { digest: string };

export interface Field {
  /** Chinese, and English below it; without English, one line. */
  label: { zh: string; en?: string };
  value: readonly Piece[];
}

/** Half of a page's width: what somebody says, in short. */
export interface ColumnBox {
  standing: Standing;
  title: Bilingual;
  /** One printable character before each item. */
  marker: string;
  items: readonly Bilingual[];
}

/** Points. */
const KEPT_TOGETHER = 180;
/** Room for a heading, its note and the first row beneath it. */
const HEADING_ROOM = 130;

const COLUMN_GAP = 12;
const COLUMN_PADDING = 7;
const MARKER_WIDTH = 14;
const ITEM_GAP = 3;

interface Line {
  height: number;
  /** Draws the line at (x, y) into the element of its cell. */
  draw(cell: Element, x: number, y: number): void;
}

const GROUP_DIGITS = 8;
const GROUPS_PER_LINE = 8;
/** From one group to the next, in points: wider than eight of the widest digit, d. */
const GROUP_PITCH = 43;

export interface PaperOptions {
  title: string;
  createdAt: Date;
  /** Drawn on every page before its text; the text begins below `topOf`. */
  top: number;
  drawHeader(paper: Paper, page: number, pages: number): void;
}

/**
 * Pages of a tagged PDF/A-3b, filled from top to bottom. Nothing is drawn over anything else: whoever draws asks for the room
 * first and moves `y` down by what was used.
 */
export class Paper {
  readonly document: Document;
  readonly type: Typesetter;
  /** Top of what is drawn next. */
  y: number;
  readonly #options: PaperOptions;
  readonly #root: Element;
  #section: Element;
  /** Heading of the section that is being drawn. */
  #running: Bilingual | undefined;

  constructor(options: PaperOptions) {
    this.#options = options;
    this.document = new PDFDocument({
      size: 'A4',
      margin: 0,
      pdfVersion: '1.7',
      subset: 'PDF/A-3b',
      tagged: true,
      lang: 'zh-CN',
      displayTitle: true,
      bufferPages: true,
      // The standard fonts are not embedded, which PDF/A forbids; our own are registered below.
      font: null as unknown as string,
      info: {
        Title: options.title,
        Author: 'Tiezheng',
        Creator: 'Tiezheng',
        Producer: 'Tiezheng',
        CreationDate: options.createdAt,
      },
    });
    this.type = new Typesetter(this.document);
    this.#root = this.document.struct('Document');
    this.document.addStructure(this.#root);
    this.#section = this.#root;
    this.y = options.top;
  }

  /** The bytes, headers and page numbers included. Nothing can be drawn afterwards. */
  async finish(): Promise<Uint8Array> {
    const { start, count } = this.document.bufferedPageRange();
    for (let i = 0; i < count; i++) {
      this.document.switchToPage(start + i);
      this.artifact(() => this.#options.drawHeader(this, i + 1, count));
    }
    this.#root.end();
    const chunks: Buffer[] = [];
    const ended = new Promise<void>((resolve, reject) => {
      this.document.on('data', (chunk: Buffer) => chunks.push(chunk));
      this.document.on('end', resolve);
      this.document.on('error', reject);
    });
    this.document.end();
    await ended;
    return new Uint8Array(Buffer.concat(chunks));
  }

  newPage(): void {
    this.document.addPage();
    this.y = this.#options.top;
  }

  /** A new page within a section: its heading again, small, so that nobody mistakes whose words these are. */
  #continueOnNewPage(): void {
    this.newPage();
    const heading = this.#running;
    if (heading === undefined) return;
    this.artifact(() => {
      this.type.draw(`${heading.zh}（续） ${heading.en}, continued`, STYLE.labelEnglish, PAGE.left, this.y);
    });
    this.y += this.type.lineHeight(STYLE.labelEnglish) + 3;
  }

  /** Goes to a new page unless `height` points are left on this one. */
  need(height: number): void {
    if (this.y + height > PAGE.bottom) this.newPage();
  }

  /** Lines, tints and page furniture: nothing that a screen reader should read. */
  artifact(draw: () => void): void {
    this.document.markContent('Artifact', { type: 'Layout' });
    draw();
    this.document.endMarkedContent();
  }

  /** What follows belongs to one section of the document. */
  beginSection(): void {
    this.#section = this.document.struct('Sect');
    this.#root.add(this.#section);
  }

  /** An element of the current section. */
  element(
    type: string,
    options: { alt?: string; bbox?: [number, number, number, number]; actual?: string } = {},
  ): Element {
    const element = this.document.struct(type, options);
    this.#section.add(element);
    return element;
  }

  /** Heading of a section, Chinese with English beside it, kept together with what follows. */
  heading(text: Bilingual, standing: Standing, note?: Bilingual): void {
    this.#running = text;
    this.need(HEADING_ROOM);
    this.beginSection();
    if (this.y > this.#options.top) this.y += 12;
    const style: TextStyle = {
      face: 'strong',
      sizePt: 12,
      color: standing === 'neutral' ? INK.text : STANDINGS[standing].bar,
    };
    const heading = this.element('H2');
    heading.add(() => {
      this.type.draw(text.zh, style, PAGE.left, this.y);
      const right = PAGE.left + this.type.widthOf(text.zh, style) + 8;
      this.type.draw(text.en, { ...STYLE.body, color: INK.quiet }, right, this.y + 3.2);
    });
    this.y += this.type.lineHeight(style) + 1;
    this.artifact(() => {
      this.document.moveTo(PAGE.left, this.y).lineTo(PAGE.right, this.y).lineWidth(0.8).stroke(style.color);
    });
    this.y += 4;
    if (note !== undefined) this.paragraph(note, { after: 4 });
  }

  /** A sentence in Chinese and below it in English, over the full width. */
  paragraph(text: Bilingual, options: { marker?: string; after?: number } = {}): void {
    const indent = options.marker === undefined ? 0 : 16;
    const x = PAGE.left + indent;
    const lines = [
      ...this.#wrapped(text.zh, STYLE.body, TEXT_WIDTH - indent),
      ...this.#wrapped(text.en, STYLE.english, TEXT_WIDTH - indent),
    ];
    const height = sum(lines);
    if (height < 120 && this.y + height > PAGE.bottom) this.#continueOnNewPage();
    const element = this.element('P');
    const { marker } = options;
    if (marker !== undefined) element.add(() => this.type.draw(marker, STYLE.bodyStrong, PAGE.left, this.y));
    for (const line of lines) {
      if (this.y + line.height > PAGE.bottom) this.#continueOnNewPage();
      line.draw(element, x, this.y);
      this.y += line.height;
    }
    this.y += options.after ?? 5;
  }

  /** Rows of label and value with the bar and tint of whoever says them, up to `right`. Long values run on over pages. */
  fields(standing: Standing, fields: readonly Field[], right: number = PAGE.right): void {
    const height = fields.reduce((total, field) => total + this.#heightOf(field, right), 0);
    // A short table stays in one piece, so that a file's name and digests are read together.
    if (height <= KEPT_TOGETHER && this.y + height > PAGE.bottom) this.#continueOnNewPage();
    const table = this.element('Table');
    for (const field of fields) this.#field(table, standing, field, right);
    this.y += 6;
  }

  #heightOf(field: Field, right: number): number {
    const { labels, values } = this.#measured(field, right);
    return Math.max(sum(labels), sum(values)) + 2 * ROW_PADDING;
  }

  #measured(field: Field, right: number): { labels: Line[]; values: Line[] } {
    const labels = [
      ...this.#wrapped(field.label.zh, STYLE.labelChinese, LABEL_WIDTH),
      ...(field.label.en === undefined ? [] : this.#wrapped(field.label.en, STYLE.labelEnglish, LABEL_WIDTH)),
    ];
    const values = field.value.flatMap((piece) => this.linesOf(piece, valueWidth(right)));
    return { labels, values };
  }

  #field(table: Element, standing: Standing, field: Field, right: number): void {
    const { labels, values } = this.#measured(field, right);
    const height = Math.max(sum(labels), sum(values)) + 2 * ROW_PADDING;
    const atLeast = height <= 160 ? height : sum(labels) + 2 * ROW_PADDING;
    if (this.y + atLeast > PAGE.bottom) this.#continueOnNewPage();
    const row = this.document.struct('TR');
    table.add(row);
    const [head, cell] = [this.document.struct('TH', { scope: 'Row' } as object), this.document.struct('TD')];
    row.add(head);
    row.add(cell);
    for (let rest = values, first = true; first || rest.length > 0; first = false) {
      if (!first) this.#continueOnNewPage();
      const room = PAGE.bottom - this.y - 2 * ROW_PADDING;
      const fitting = countFitting(rest, room);
      const now = rest.slice(0, fitting);
      rest = rest.slice(fitting);
      const segment = Math.max(first ? sum(labels) : 0, sum(now)) + 2 * ROW_PADDING;
      this.#drawRowGround(standing, segment, right);
      if (first) this.#drawLines(labels, head, PAGE.left + BAR_WIDTH + 9);
      this.#drawLines(now, cell, VALUE_LEFT);
      this.y += segment;
    }
  }

  #drawLines(lines: readonly Line[], element: Element, x: number): void {
    let y = this.y + ROW_PADDING;
    for (const line of lines) {
      line.draw(element, x, y);
      y += line.height;
    }
  }

  #drawRowGround(standing: Standing, height: number, right: number): void {
    this.#drawGround(standing, PAGE.left, right, height);
    this.artifact(() => {
      this.document
        .moveTo(PAGE.left + BAR_WIDTH, this.y)
        .lineTo(right, this.y)
        .lineWidth(0.5)
        .stroke(INK.rule);
    });
  }

  #drawGround(standing: Standing, left: number, right: number, height: number): void {
    const { bar, tint, dash } = STANDINGS[standing];
    this.artifact(() => {
      this.document.rect(left, this.y, right - left, height).fill(tint);
      const x = left + BAR_WIDTH / 2;
      this.document.lineWidth(BAR_WIDTH);
      if (dash !== undefined) this.document.dash(dash[0], { space: dash[1], phase: this.y % (dash[0] + dash[1]) });
      this.document
        .moveTo(x, this.y)
        .lineTo(x, this.y + height)
        .stroke(bar);
      this.document.undash();
    });
  }

  /** Two boxes side by side, each a heading and sentences in Chinese and English; they stay on one page. */
  twoColumns(boxes: readonly [ColumnBox, ColumnBox]): void {
    const width = (TEXT_WIDTH - COLUMN_GAP) / 2;
    const textWidth = width - 2 * COLUMN_PADDING - BAR_WIDTH - MARKER_WIDTH;
    const columns = boxes.map((box) => ({
      box,
      items: box.items.map((item) => [
        ...this.#wrapped(item.zh, STYLE.body, textWidth),
        ...this.#wrapped(item.en, STYLE.english, textWidth),
      ]),
    }));
    const titleHeight = this.type.lineHeight(STYLE.bodyStrong) + 2;
    const height =
      titleHeight +
      2 * COLUMN_PADDING +
      Math.max(...columns.map(({ items }) => items.reduce((h, lines) => h + sum(lines) + ITEM_GAP, 0)));
    this.need(height);
    for (const [i, { box, items }] of columns.entries()) {
      const left = PAGE.left + i * (width + COLUMN_GAP);
      this.#drawGround(box.standing, left, left + width, height);
      const x = left + BAR_WIDTH + COLUMN_PADDING;
      let y = this.y + COLUMN_PADDING;
      const color = STANDINGS[box.standing].bar;
      const top = y;
      this.element('H3').add(() => {
        this.type.draw(box.title.zh, { ...STYLE.bodyStrong, color }, x, top);
        const right = x + this.type.widthOf(box.title.zh, STYLE.bodyStrong) + 6;
        this.type.draw(box.title.en, STYLE.english, right, top + 1.6);
      });
      y += titleHeight;
      for (const lines of items) {
        const element = this.element('P');
        const bullet = y;
        element.add(() => this.type.draw(box.marker, { ...STYLE.bodyStrong, color }, x, bullet));
        for (const line of lines) {
          line.draw(element, x + MARKER_WIDTH, y);
          y += line.height;
        }
        y += ITEM_GAP;
      }
    }
    this.y += height + 8;
  }

  /** The lines that a piece of a value takes in a column of `widthPt`. */
  linesOf(piece: Piece, widthPt: number): Line[] {
    return 'digest' in piece ? this.#digestLines(piece.digest) : this.#wrapped(piece.text, piece.style, widthPt);
  }

  #wrapped(text: string, style: TextStyle, widthPt: number): Line[] {
    return this.type.wrap(text, style, widthPt).map((line) => ({
      height: this.type.lineHeight(style),
      draw: (cell, x, y) => {
        cell.add(() => this.type.draw(line, style, x, y));
      },
    }));
  }

  /** The groups stand in columns, so that two digests can be compared by eye; copied as text they are one word. */
  #digestLines(hex: string): Line[] {
    const groups = hex.match(new RegExp(`.{1,${GROUP_DIGITS}}`, 'g')) ?? [];
    const lines: Line[] = [];
    for (let from = 0; from < groups.length; from += GROUPS_PER_LINE) {
      const part = groups.slice(from, from + GROUPS_PER_LINE);
      lines.push({
        height: this.type.lineHeight(STYLE.digest),
        draw: (cell, x, y) => {
          const span = this.document.struct('Span', { actual: part.join('') } as object);
          cell.add(span);
          span.add(() => {
            for (const [i, group] of part.entries()) this.type.draw(group, STYLE.digest, x + i * GROUP_PITCH, y);
          });
        },
      });
    }
    return lines;
  }
}

function sum(lines: readonly Line[]): number {
  return lines.reduce((height, line) => height + line.height, 0);
}

/** How many of the lines fit into `room`; at least one, so that every page takes something. */
function countFitting(lines: readonly Line[], room: number): number {
  let height = 0;
  for (const [i, line] of lines.entries()) {
    height += line.height;
    if (height > room) return Math.max(i, 1);
  }
  return lines.length;
}
