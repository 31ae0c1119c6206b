import PDFDocument from 'pdfkit';

/** One run of text as it was put on paper. Points from the left and top edge of the page. */
export interface DrawnText {
  /** From 1. */
  page: number;
  text: string;
  left: number;
  right: number;
  baseline: number;
  size: number;
}

interface Internals {
  _fontSize: number;
  _root: { data: { Pages: { data: { Kids: unknown[] } } } };
  page: { dictionary: unknown };
  widthOfString(text: string): number;
}

/** Everything that `work` draws as text, in order. */
export async function drawnBy(work: () => Promise<unknown>): Promise<DrawnText[]> {
  const drawn: DrawnText[] = [];
  const prototype = PDFDocument.prototype as unknown as Record<'text', (...args: unknown[]) => unknown>;
  const original = prototype.text;
  prototype.text = function (this: Internals, ...args: unknown[]) {
    const [text, left, baseline] = args as [string, number, number];
    const page = this._root.data.Pages.data.Kids.indexOf(this.page.dictionary) + 1;
    drawn.push({ page, text, left, baseline, size: this._fontSize, right: left + this.widthOfString(text) });
    return original.apply(this, args);
  };
  try {
    await work();
  } finally {
    prototype.text = original;
  }
  return drawn;
}

/** Pairs of runs on one page whose ink could touch: capitals and ideographs reach 0.88 em up, descenders 0.2 em down. */
export function overlaps(drawn: readonly DrawnText[]): [DrawnText, DrawnText][] {
  const found: [DrawnText, DrawnText][] = [];
  const box = (d: DrawnText) => ({ top: d.baseline - 0.88 * d.size, bottom: d.baseline + 0.12 * d.size });
  for (const page of Map.groupBy(drawn, (d) => d.page).values()) {
    for (const [i, a] of page.entries()) {
      for (const b of page.slice(i + 1)) {
        const apart =
          a.right <= b.left + 0.6 ||
          b.right <= a.left + 0.6 ||
          box(a).bottom <= box(b).top + 0.6 ||
          box(b).bottom <= box(a).top + 0.6;
        if (!apart && a.text.trim() !== '' && b.text.trim() !== '') found.push([a, b]);
      }
    }
  }
  return found;
}
