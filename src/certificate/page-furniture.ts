import { INK, PAGE, type Paper, STYLE, TEXT_WIDTH } from './paper.ts';
import type { TextStyle } from './typesetter.ts';

/** Where the text of a page begins, below its head. */
export function textTop(evaluation: boolean): number {
  return evaluation ? 92 : 62;
}

export interface PageFurniture {
  evaluation: boolean;
  /** What the paper is, in Chinese. */
  title: string;
  /** By which it is found again; stands at both ends of the page. */
  number: string;
  /** At the foot: what the paper's data are known by. */
  digest: string;
}

const BANNER: TextStyle = { face: 'strong', sizePt: 19, color: INK.evaluation };
const BANNER_NOTE: TextStyle = { face: 'strong', sizePt: 8.5, color: INK.evaluation };

/** Head and foot of every page. */
export function drawFurniture(paper: Paper, furniture: PageFurniture, page: number, pages: number): void {
  const { document, type } = paper;
  const { evaluation, title, number, digest } = furniture;
  const rightAligned = (text: string, y: number) =>
    type.draw(text, STYLE.small, PAGE.right - type.widthOf(text, STYLE.small), y);
  let y = 28;
  if (evaluation) {
    document.rect(PAGE.left, 22, TEXT_WIDTH, 34).lineWidth(1.4).stroke(INK.evaluation);
    const words = '评估用途 EVALUATION';
    type.draw(words, BANNER, PAGE.left + 12, 25.5);
    const width = type.widthOf(words, BANNER);
    type.draw('不得作为证据使用', BANNER_NOTE, PAGE.left + width + 34, 27);
    type.draw('not for use as evidence', BANNER_NOTE, PAGE.left + width + 34, 38.5);
    y = 62;
  }
  type.draw(`铁证 Tiezheng / ${title}`, STYLE.small, PAGE.left, y);
  rightAligned(number, y);
  document
    .moveTo(PAGE.left, y + 13)
    .lineTo(PAGE.right, y + 13)
    .lineWidth(0.5)
    .stroke(INK.rule);
  const foot = 798;
  document.moveTo(PAGE.left, foot).lineTo(PAGE.right, foot).lineWidth(0.5).stroke(INK.rule);
  type.draw(digest, { ...STYLE.small, sizePt: 6.5 }, PAGE.left, foot + 5);
  rightAligned(`${number}　第 ${page} 页，共 ${pages} 页　page ${page} of ${pages}`, foot + 5);
}

/** Title of the first page, Chinese above English, with a double rule below. */
export function drawTitle(paper: Paper, zh: string, en: string): void {
  const centre = PAGE.left + TEXT_WIDTH / 2;
  paper.y += 6;
  paper.element('H1').add(() => {
    paper.type.draw(zh, TITLE, centre - paper.type.widthOf(zh, TITLE) / 2, paper.y);
    paper.type.draw(en, SUBTITLE, centre - paper.type.widthOf(en, SUBTITLE) / 2, paper.y + 33);
  });
  paper.y += 54;
  paper.artifact(() => {
    paper.document.moveTo(PAGE.left, paper.y).lineTo(PAGE.right, paper.y).lineWidth(1.2).stroke(INK.text);
    paper.document
      .moveTo(PAGE.left, paper.y + 2.4)
      .lineTo(PAGE.right, paper.y + 2.4)
      .lineWidth(0.4)
      .stroke(INK.text);
  });
  paper.y += 9;
}

const TITLE: TextStyle = { face: 'strong', sizePt: 23, color: INK.text };
const SUBTITLE: TextStyle = { face: 'regular', sizePt: 10, color: INK.quiet };

/** Deflated like every stream of the file, so that no words of other people stand in the file's raw bytes as if they were PDF. */
export function embedData(
  paper: Paper,
  json: Uint8Array,
  about: { name: string; description: string; at: Date },
): void {
  // The types do not know the relationship of an associated file (PDF/A-3 §6.8).
  const associated = { relationship: 'Data' };
  paper.document.file(Buffer.from(json), {
    name: about.name,
    type: 'application/json',
    description: about.description,
    creationDate: about.at,
    modifiedDate: about.at,
    ...associated,
  });
}
