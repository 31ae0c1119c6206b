import type { Bilingual } from '../format/certificate.ts';
import { INK, PAGE, type Paper, TEXT_WIDTH } from './paper.ts';
import { beijingTime, span } from './paper-time.ts';
import type { BlockFacts } from './proved-facts.ts';
import type { TextStyle } from './typesetter.ts';

export interface Bracket {
  /** T₀, null if the record names no block. */
  notBefore: BlockFacts | null;
  /** T₁, operator's clock, milliseconds since 1970. */
  receivedMs: number;
  /** T₂. */
  notAfter: BlockFacts;
}

const BAND_HEIGHT = 34;
const BAND_TOP = 22;
const HEIGHT = 158;

const NAME: TextStyle = { face: 'strong', sizePt: 11, color: INK.text };
const CHINESE: TextStyle = { face: 'regular', sizePt: 8, color: INK.text };
const ENGLISH: TextStyle = { face: 'regular', sizePt: 6.8, color: INK.quiet };
const TIME: TextStyle = { face: 'strong', sizePt: 8, color: INK.text };
const WIDTH_LABEL: TextStyle = { face: 'strong', sizePt: 8, color: INK.text };

/**
 * The bracket as a figure: T₀, T₁ and T₂ from left to right at fixed places (not to scale, and it says so), how far apart they
 * are, everything before T₂ hatched as the operator's word, everything after it solid.
 */
export function drawTimeBracket(paper: Paper, bracket: Bracket): void {
  paper.need(HEIGHT);
  const figure = paper.element('Figure', { alt: bracketInWords(bracket) });
  const top = paper.y;
  figure.add(() => {
    const at = (part: number) => PAGE.left + TEXT_WIDTH * part;
    const [x0, x1, x2] = [at(1 / 6), at(1 / 2), at(5 / 6)];
    const band = top + BAND_TOP;
    drawBand(paper, band, [x0, x1, x2]);
    drawSpans(paper, bracket, top, [x0, x1, x2]);
    const below = band + BAND_HEIGHT;
    if (bracket.notBefore !== null) drawTick(paper, x0, band, below, INK.proved);
    drawTick(paper, x1, band, below, INK.stated);
    drawTick(paper, x2, band, below, INK.proved);
    for (const [x, lines] of [
      [x0, notBeforeLines(bracket.notBefore)],
      [x1, receivedLines(bracket.receivedMs)],
      [x2, notAfterLines(bracket.notAfter)],
    ] as const) {
      let y = below + 10;
      for (const { text, style } of lines) {
        drawCentred(paper, text, style, x, y);
        y += paper.type.lineHeight(style);
      }
    }
  });
  paper.y += HEIGHT;
}

/** The same in one sentence, for those who do not see the figure. */
export function bracketInWords({ notBefore, receivedMs, notAfter }: Bracket): string {
  const t0 =
    notBefore === null
      ? '没有记录不早于哪个区块。No block is recorded that the record would be later than.'
      : `存证记录生成于 T0 ${beijingTime(notBefore.unixMs, 'seconds')}（区块 ${notBefore.number}）之后。The record was assembled after T0, the time of block ${notBefore.number}.`;
  return (
    `时间区间示意图，未按比例。Time bracket, not to scale. ${t0} ` +
    `平台陈述于 T1 ${beijingTime(receivedMs)} 接收。The operator says that it received the files at T1. ` +
    `文件最迟于 T2 ${beijingTime(notAfter.unixMs, 'seconds')}（区块 ${notAfter.number}）已存在。The files existed no later than T2, the time of block ${notAfter.number}. ` +
    `T1 至 T2 相距 ${span(notAfter.unixMs - receivedMs)}，此前仅有平台的陈述。Before T2 there is only the operator's word.`
  );
}

function drawBand(paper: Paper, y: number, [x0, x1, x2]: [number, number, number]): void {
  const { document } = paper;
  const left = PAGE.left;
  document.save();
  document.rect(left, y, x2 - left, BAND_HEIGHT).clip();
  document.rect(left, y, x2 - left, BAND_HEIGHT).fill(INK.statedTint);
  document.lineWidth(0.5);
  for (let x = left - BAND_HEIGHT; x < x2; x += 5) document.moveTo(x, y + BAND_HEIGHT).lineTo(x + BAND_HEIGHT, y);
  document.stroke('#d9c48f');
  document.restore();
  document.rect(x2, y, PAGE.right - x2, BAND_HEIGHT).fill(INK.proved);
  const white = (style: TextStyle): TextStyle => ({ ...style, color: '#ffffff' });
  const after = (x2 + PAGE.right) / 2;
  drawCentred(paper, '可自行核对', white(CHINESE), after, y + 6);
  drawCentred(paper, 'anyone can check', white(ENGLISH), after, y + 18);
  drawOnWhite(paper, { zh: '接收之前：本证书不说明', en: 'before receipt: nothing is shown' }, (x0 + x1) / 2, y);
  drawOnWhite(paper, { zh: '仅有平台的陈述', en: "only the operator's word" }, (x1 + x2) / 2, y);
}

function drawOnWhite(paper: Paper, words: Bilingual, middle: number, y: number): void {
  const width = Math.max(paper.type.widthOf(words.zh, CHINESE), paper.type.widthOf(words.en, ENGLISH)) + 14;
  paper.document.rect(middle - width / 2, y + 4, width, BAND_HEIGHT - 8).fill('#ffffff');
  drawCentred(paper, words.zh, { ...CHINESE, color: INK.stated }, middle, y + 5.5);
  drawCentred(paper, words.en, { ...ENGLISH, color: INK.stated }, middle, y + 17);
}

/** Dimension lines above the band: from T₀ to T₁ and from T₁ to T₂. */
function drawSpans(paper: Paper, bracket: Bracket, top: number, [x0, x1, x2]: [number, number, number]): void {
  const y = top + 15;
  if (bracket.notBefore !== null) drawSpan(paper, x0, x1, y, span(bracket.receivedMs - bracket.notBefore.unixMs));
  drawSpan(paper, x1, x2, y, span(bracket.notAfter.unixMs - bracket.receivedMs));
}

function drawSpan(paper: Paper, from: number, to: number, y: number, label: string): void {
  const { document } = paper;
  const [left, right] = [from + 2, to - 2];
  document.lineWidth(0.6);
  document.moveTo(left, y).lineTo(right, y);
  for (const [x, direction] of [
    [left, 1],
    [right, -1],
  ] as const) {
    document
      .moveTo(x + 4 * direction, y - 2.2)
      .lineTo(x, y)
      .lineTo(x + 4 * direction, y + 2.2);
  }
  document.stroke(INK.quiet);
  drawCentred(paper, label, WIDTH_LABEL, (from + to) / 2, y - 14);
}

function drawTick(paper: Paper, x: number, top: number, bottom: number, color: string): void {
  paper.document
    .moveTo(x, top - 10)
    .lineTo(x, bottom + 8)
    .lineWidth(1.4)
    .stroke(color);
}

type Lines = readonly { text: string; style: TextStyle }[];

function notBeforeLines(block: BlockFacts | null): Lines {
  if (block === null) {
    return [
      { text: 'T₀', style: { ...NAME, color: INK.quiet } },
      { text: '未记录', style: CHINESE },
      { text: 'no block recorded', style: ENGLISH },
    ];
  }
  return [
    { text: 'T₀', style: { ...NAME, color: INK.proved } },
    { text: beijingTime(block.unixMs, 'seconds'), style: TIME },
    { text: `区块 block ${block.number}`, style: CHINESE },
    { text: '存证记录生成于此后', style: CHINESE },
    { text: 'record assembled after this', style: ENGLISH },
    { text: '（不说明文件的形成时间）', style: CHINESE },
    { text: 'not: when a file was made', style: ENGLISH },
  ];
}

function receivedLines(receivedMs: number): Lines {
  return [
    { text: 'T₁', style: { ...NAME, color: INK.stated } },
    { text: beijingTime(receivedMs), style: TIME },
    { text: '平台时钟', style: CHINESE },
    { text: "the operator's clock", style: ENGLISH },
    { text: '平台陈述的接收时间', style: CHINESE },
    { text: 'received, says the operator', style: ENGLISH },
  ];
}

function notAfterLines(block: BlockFacts): Lines {
  return [
    { text: 'T₂', style: { ...NAME, color: INK.proved } },
    { text: beijingTime(block.unixMs, 'seconds'), style: TIME },
    { text: `区块 block ${block.number}`, style: CHINESE },
    { text: '文件最迟此时已存在', style: CHINESE },
    { text: 'files existed no later than this', style: ENGLISH },
  ];
}

function drawCentred(paper: Paper, text: string, style: TextStyle, x: number, y: number): void {
  paper.type.draw(text, style, x - paper.type.widthOf(text, style) / 2, y);
}
