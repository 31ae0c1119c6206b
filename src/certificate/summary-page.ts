import QRCode from 'qrcode';
import { unixMsOf } from '../format/fields.ts';
import { both, type CertificateView, field, grouped, NOT_PROVIDED, words } from './certificate-sections.ts';
import { drawTitle } from './page-furniture.ts';
import { type Field, INK, PAGE, type Paper, type Piece, STYLE, valueWidth } from './paper.ts';
import { beijingTime } from './paper-time.ts';
import { drawTimeBracket } from './time-bracket.ts';
import type { TextStyle } from './typesetter.ts';

const QR_SIZE = 92;
const QR_COLUMN = 112;
/** Of the values left of the QR code, less room for an ellipsis. */
const SUMMARY_VALUE_WIDTH = valueWidth(PAGE.right - QR_COLUMN) - 10;

/** The first page: what a judge reads before the details, and all of it on one page. */
export function drawSummary(paper: Paper, view: CertificateView): void {
  drawTitle(paper, '电子数据存证证书', 'Certificate of Electronic Data Preservation');
  const top = paper.y;
  drawQr(paper, view, top + 2);
  paper.y = top;
  paper.fields('neutral', summaryFields(paper, view), PAGE.right - QR_COLUMN);
  paper.y = Math.max(paper.y, top + QR_SIZE + 44);
  drawTimeBracket(paper, {
    notBefore: view.facts.notBefore,
    receivedMs: unixMsOf(view.certificate.record.receivedAt),
    notAfter: view.facts.notAfter,
  });
  const scale: TextStyle = { ...STYLE.small, sizePt: 6.5 };
  paper.element('P').add(() => {
    paper.type.draw(
      '图示未按比例，T₀ 与 T₂ 为整秒。Not to scale; T₀ and T₂ are whole seconds.',
      scale,
      PAGE.left,
      paper.y,
    );
  });
  paper.y += 14;
  paper.twoColumns([
    {
      standing: 'proved',
      title: { zh: '本证书能够说明', en: 'What this certificate shows' },
      marker: '■',
      items: [
        { zh: '与所列摘要一致的文件，最迟在 T₂ 已经存在。', en: 'Files with these digests existed no later than T₂.' },
        {
          zh: '自 T₂ 起是否改动，可用文件本身核对。',
          en: 'Whether they changed since T₂ can be checked from the files alone.',
        },
        {
          zh: '存证记录生成于 T₀ 之后（如有记录）。',
          en: 'The deposit record was assembled after T₀, if one is given.',
        },
      ],
    },
    {
      standing: 'operator',
      title: { zh: '本证书不能说明', en: 'What it does not show' },
      marker: '□',
      items: [
        {
          zh: '内容是否属实，由谁、何时制作，权利归谁。',
          en: 'Whether content is accurate, who made it or when, who holds rights.',
        },
        {
          zh: 'T₂ 之前的情况：仅有平台和存证人的陈述。',
          en: 'Anything before T₂: only operator and depositor speak for that.',
        },
        { zh: '任何机构将如何认定。', en: 'How any court or office will assess it.' },
      ],
    },
  ]);
  drawToConfirm(paper, view);
}

function summaryFields(paper: Paper, view: CertificateView): Field[] {
  const { certificate, show } = view;
  const { claims, annexes } = certificate;
  const title = annexes.statement?.title;
  const depositor = annexes.depositor?.name;
  return [
    field('证书编号', 'Certificate no.', [{ text: claims.certificateNo, style: STYLE.bodyStrong }]),
    field('签发时间', 'Issued at', words(beijingTime(unixMsOf(claims.issuedAt)))),
    field('存证编号', 'Deposit no.', words(`${grouped(certificate.log.leafIndex)}（${certificate.log.origin}）`)),
    field('存证人', 'Depositor', depositor === undefined ? NOT_PROVIDED : inShort(paper, show.name(depositor))),
    field('存证名称', 'Title', title === undefined ? NOT_PROVIDED : inShort(paper, show.name(title))),
    field('文件', 'Files', filesInShort(paper, view)),
  ];
}

function filesInShort(paper: Paper, { certificate, show }: CertificateView): Piece[] {
  const { files, record } = certificate;
  const total = grouped(files.reduce((bytes, { entry }) => bytes + BigInt(entry.sizeBytes), 0n));
  const { count } = record.files;
  const size = both(`${count} 个，共 ${total} 字节`, `${count} in all, ${total} bytes; digests on the following pages`);
  const name = files[0]?.name?.name;
  return count > 1 || name === undefined ? size : [...inShort(paper, show.name(name)), ...size];
}

/** At most two lines, so that the first page stays one page; the details give the text whole. */
function inShort(paper: Paper, text: string): Piece[] {
  const [first, second, ...rest] = paper.type.wrap(text, STYLE.body, SUMMARY_VALUE_WIDTH);
  const lines = [first, second].filter((line) => line !== undefined);
  return words(`${lines.join('\n')}${rest.length > 0 ? '…' : ''}`);
}

function drawQr(paper: Paper, { certificate, verificationUrl }: CertificateView, top: number): void {
  const { modules } = QRCode.create(`${verificationUrl}#${certificate.claims.certificateNo}`, {
    errorCorrectionLevel: 'M',
  });
  const left = PAGE.right - QR_SIZE;
  const module = QR_SIZE / modules.size;
  const alt = `核验页面的二维码 QR code of the verification page: ${verificationUrl}`;
  paper.element('Figure', { alt }).add(() => {
    for (let row = 0; row < modules.size; row++) {
      // Runs of dark modules as one rectangle, so that no hairline shows between them.
      for (let column = 0; column < modules.size; ) {
        if (!modules.get(row, column)) {
          column++;
          continue;
        }
        let end = column + 1;
        while (end < modules.size && modules.get(row, end)) end++;
        paper.document.rect(left + column * module, top + row * module, (end - column) * module, module);
        column = end;
      }
    }
    paper.document.fill(INK.text);
  });
  const centred = (text: string, style: TextStyle, y: number) => {
    paper.type.draw(text, style, left + (QR_SIZE - paper.type.widthOf(text, style)) / 2, y);
  };
  paper.element('Caption').add(() => {
    centred('扫码打开核验页面', STYLE.small, top + QR_SIZE + 4);
    centred('opens the verification page', { ...STYLE.small, sizePt: 6.5 }, top + QR_SIZE + 14);
  });
}

function drawToConfirm(paper: Paper, { facts, certificate }: CertificateView): void {
  const anchor = facts.publications
    .flatMap((p) => p.anchors.map((a) => ({ ...a, rootHash: p.rootHash })))
    .find((a) => a.block === facts.notAfter);
  if (anchor === undefined)
    throw new Error(`certificate ${certificate.claims.certificateNo}: the block of T₂ is not its own`);
  paper.fields('proved', [
    field(
      '须由读者确认',
      'For the reader to confirm',
      both(
        `下列区块属于链 ${anchor.attestation.chain}，高度 ${anchor.block.number}。确认后，T₂ 成立。`,
        `that this block is number ${anchor.block.number} of chain ${anchor.attestation.chain}; T₂ rests on it`,
      ),
    ),
    field('区块哈希', 'Block hash', [{ digest: anchor.block.hash.slice(2) }]),
    field('合约', 'Contract', [{ digest: anchor.attestation.contract.slice(2) }]),
  ]);
}
