import { X509Certificate } from 'node:crypto';
import type { DepositorAnnex, EVIDENCE_KINDS, StatementAnnex } from '../format/annex.ts';
import { encodeHex, parseBase64, sha256 } from '../format/bytes.ts';
import type { Bilingual, Certificate } from '../format/certificate.ts';
import { unixMsOf } from '../format/fields.ts';
import type { Report } from '../format/report.ts';
import { parseSealHeader, type Seal } from '../format/seal.ts';
import { type Field, INK, type Paper, type Piece, STYLE } from './paper.ts';
import { beijingTime, span } from './paper-time.ts';
import type { PrintableText } from './printable-text.ts';
import type { BlockFacts, ProvedFacts, TokenFacts } from './proved-facts.ts';

/** All that the pages of one certificate are drawn from. */
export interface CertificateView {
  certificate: Certificate;
  facts: ProvedFacts;
  /** SHA-256 of certificate.json, exactly as it is embedded. Hex. */
  jsonDigest: string;
  /** The public verification page. */
  verificationUrl: string;
  weakestLink: Report['weakestLink'];
  show: PrintableText;
}

export function words(text: string): Piece[] {
  return [{ text, style: STYLE.body }];
}

export function both(zh: string, en: string): Piece[] {
  return [
    { text: zh, style: STYLE.body },
    { text: en, style: STYLE.english },
  ];
}

export const NOT_PROVIDED: readonly Piece[] = [
  { text: '未提供 not provided', style: { ...STYLE.body, color: INK.quiet } },
];
const CLOSED: readonly Piece[] = [
  { text: '未在本件中公开 not opened in this copy', style: { ...STYLE.body, color: INK.quiet } },
];

export function field(zh: string, en: string, value: readonly Piece[]): Field {
  return { label: { zh, en }, value };
}

const hex = (value: string): Piece => ({ digest: value.replace(/^0x/, '') });

/** Thousands apart, as both languages write them. */
export function grouped(value: number | bigint): string {
  return String(value).replace(/\B(?=(\d{3})+$)/g, ',');
}

// ------------------------------------------------------------------ facts

export function drawProvedFacts(paper: Paper, view: CertificateView): void {
  const { certificate, facts } = view;
  paper.heading({ zh: '一、可自行核对的事实', en: 'Facts that anyone can check' }, 'proved', {
    zh: '以下各项由本证书所附 certificate.json 直接推算，可用离线工具复算，无需相信平台。其中区块哈希是否属于所称的链，须由读者在自选的节点上确认；时间戳机构是否可信，由读者决定。',
    en: 'Each line follows by arithmetic from the attached certificate.json and can be computed again offline without trusting the operator. That a block hash belongs to the chain named is for the reader to confirm at a node of his choice; whether to trust a timestamp authority is for him to decide.',
  });
  paper.fields('proved', [
    field('日志', 'Log', words(certificate.log.origin)),
    field('存证编号', 'Deposit no. (leaf index)', words(grouped(certificate.log.leafIndex))),
    field('叶哈希', 'Leaf hash', [hex(facts.leafHash)]),
    field(
      '日志公钥（线索）',
      'Log key (hint)',
      certificate.log.keys.flatMap((key) => words(key)),
    ),
  ]);
  for (const [i, publication] of facts.publications.entries()) {
    const anchors = publication.anchors.flatMap(({ attestation, block }) => [
      field('链 / 合约', 'Chain / contract', [...words(attestation.chain), hex(attestation.contract)]),
      field(
        '区块高度 / 时间',
        'Block height / time',
        words(`${block.number} / ${beijingTime(block.unixMs, 'seconds')}`),
      ),
      field('区块哈希', 'Block hash', [hex(block.hash)]),
      field(
        '收据位置',
        'Place of the event',
        both(
          `区块内第 ${attestation.transactionIndex + 1} 笔交易，第 ${attestation.receiptLogIndex + 1} 条事件`,
          `transaction ${attestation.transactionIndex + 1} of the block, event ${attestation.receiptLogIndex + 1}`,
        ),
      ),
    ]);
    const many = facts.publications.length > 1 ? ` ${i + 1}` : '';
    paper.fields('proved', [
      field(`检查点${many}`, `Checkpoint${many}: tree size`, words(grouped(publication.treeSize))),
      field('根哈希', 'Root hash', [hex(publication.rootHash)]),
      field(
        '包含证明',
        'Inclusion proof',
        both(
          `${publication.proofLength} 个哈希，见 certificate.json`,
          `${publication.proofLength} hashes, in certificate.json`,
        ),
      ),
      ...anchors,
      ...(publication.tokens.length === 0
        ? [field('可信时间戳', 'Trusted timestamps', NOT_PROVIDED)]
        : publication.tokens.map((token) => tokenField(view, token))),
      field(
        '比特币时间戳',
        'OpenTimestamps',
        publication.calendarProofs === 0
          ? NOT_PROVIDED
          : both(
              `${publication.calendarProofs} 个，见 certificate.json`,
              `${publication.calendarProofs}, in certificate.json`,
            ),
      ),
    ]);
  }
  paper.fields('proved', [notBeforeField(certificate, facts.notBefore)]);
}

function tokenField({ show }: CertificateView, { authority, unixMs, accuracyMs, serial }: TokenFacts): Field {
  const accuracy = accuracyMs === null ? '' : ` ± ${span(accuracyMs)}`;
  const name = authority === null ? '' : ` / ${show.name(authority)}`;
  return field(
    '可信时间戳',
    'Trusted timestamp (RFC 3161)',
    words(`${beijingTime(unixMs)}${accuracy}${name} / ${serial}`),
  );
}

function notBeforeField({ record }: Certificate, block: BlockFacts | null): Field {
  const [zh, en] = ['T₀ 不早于', 'T₀ not before'];
  if (record.notBefore === null) return field(zh, en, NOT_PROVIDED);
  const { chain, blockHash } = record.notBefore;
  const about = block === null ? chain : `${chain} / ${block.number} / ${beijingTime(block.unixMs, 'seconds')}`;
  return field(zh, en, [...words(about), hex(blockHash)]);
}

// ------------------------------------------------------------------ files

export function drawFiles(paper: Paper, { certificate, show }: CertificateView): void {
  const { count } = certificate.record.files;
  paper.heading({ zh: '二、文件', en: `Files (${count})` }, 'neutral', {
    zh: '摘要为全长。文件与证书相符，当且仅当用该文件重新计算的摘要与下列数值逐位相同。',
    en: 'Digests in full. A file is consistent with this certificate only if the digests computed from it equal these, digit for digit.',
  });
  for (const source of ['computed', 'declared'] as const) {
    const files = certificate.files.filter(({ entry }) => entry.digestSource === source);
    if (files.length === 0) continue;
    paper.paragraph(DIGEST_SOURCES[source], { after: 4 });
    for (const { entry, name } of files) {
      paper.fields('neutral', [
        {
          label: { zh: `文件 ${entry.index + 1} / ${count}` },
          value: name === null ? CLOSED : [{ text: show.name(name.name), style: STYLE.bodyStrong }],
        },
        {
          label: { zh: '大小、格式 size, type' },
          value: words(`${grouped(entry.sizeBytes)} 字节 bytes, ${entry.mediaType ?? '未提供 not provided'}`),
        },
        { label: { zh: 'SHA-256' }, value: [hex(entry.digests.sha256)] },
        { label: { zh: 'SM3' }, value: entry.digests.sm3 === null ? NOT_PROVIDED : [hex(entry.digests.sm3)] },
      ]);
    }
  }
}

const DIGEST_SOURCES: Record<'computed' | 'declared', Bilingual> = {
  computed: {
    zh: '平台陈述：下列摘要由平台在收到文件时计算。',
    en: 'The operator says that it computed the digests below when it received the files.',
  },
  declared: {
    zh: '下列文件递交时仅提交了摘要：摘要由存证人声明，平台记录时未见文件。',
    en: 'Of the files below only digests were handed in: they are declared by the depositor, and the operator had not seen the files when it recorded them.',
  },
};

// ------------------------------------------------------------------ statements

const DEPOSITOR_KINDS: Record<DepositorAnnex['kind'], Bilingual> = {
  person: { zh: '自然人', en: 'person' },
  organisation: { zh: '单位', en: 'organisation' },
  unknown: { zh: '未知', en: 'unknown' },
};

export function drawOperatorStatements(paper: Paper, { certificate, show, weakestLink }: CertificateView): void {
  const { claims, record, annexes } = certificate;
  const { platform } = claims;
  const optional = (value: string | null) => (value === null ? NOT_PROVIDED : words(show.prose(value)));
  paper.heading({ zh: '三、平台陈述', en: 'Statements of the operator' }, 'operator', {
    zh: '以下各项没有独立证明，仅为平台单方陈述。',
    en: 'Nothing below is proved independently: it is what the operator says.',
  });
  const anchors = certificate.publications.flatMap((p) => p.attestations.filter((a) => a.type === 'evm'));
  paper.fields('operator', [
    field('平台接收时间 T₁', 'Received at T₁', words(beijingTime(unixMsOf(record.receivedAt)))),
    ...identityFields(annexes.depositor, show),
    field('是否留存原件', 'Originals held', originalsHeld(certificate)),
    ...anchors.flatMap(({ claims: said }) => [
      field('交易哈希', 'Transaction hash', [hex(said.transactionHash)]),
      field(
        '最终性',
        'Finality',
        words(
          show.prose(
            `${said.finality.status === 'final' ? '已最终确认 final' : '待确认 pending'}（${said.finality.rule}）`,
          ),
        ),
      ),
      field('节点运行方', 'Nodes run by', optional(said.nodesRunBy)),
    ]),
    ...(weakestLink === null ? [] : [weakestLinkField(weakestLink, show)]),
    field('平台名称', 'Service', words(show.prose(platform.name))),
    field('运营者', 'Operator', optional(platform.operator)),
    field('网站', 'Website', optional(platform.website)),
    field('备案编号', 'Filing no.', optional(platform.filingNo)),
    field('利害关系', 'Interests', optional(platform.interests)),
  ]);
}

/** What the service found when it verified the certificate: a reader's own policy may find another. */
function weakestLinkField({ link, until }: NonNullable<Report['weakestLink']>, show: PrintableText): Field {
  return field('最先到期的一环', 'Link that ends first', [
    ...words(show.prose(link)),
    ...both(
      `至 ${beijingTime(unixMsOf(until))}。此前须续期（RFC 4998），逾期后应另有更新的时间戳；核验工具会列明。`,
      'is trusted until then and has to be renewed before (RFC 4998); a verifier names what holds now.',
    ),
  ]);
}

function identityFields(depositor: DepositorAnnex | undefined, show: PrintableText): Field[] {
  if (depositor === undefined) return [field('存证人', 'Depositor', CLOSED)];
  const { method, checkedAt, checkedBy } = depositor.identityCheck;
  const kind = DEPOSITOR_KINDS[depositor.kind];
  const checked =
    method === 'none'
      ? words('未核验 not checked')
      : words(show.prose(`${method}${checkedAt === null ? '' : `，${beijingTime(unixMsOf(checkedAt))}`}`));
  const by = checkedBy === undefined ? NOT_PROVIDED : words(show.prose(checkedBy));
  return [
    field('存证人', 'Depositor', words(`${show.prose(depositor.name)}（${kind.zh} ${kind.en}）`)),
    field('身份核验', 'Identity check', checked),
    ...(method === 'none' ? [] : [field('核验人', 'Checked by', by)]),
    field('证件类型 / 号码', 'ID type / number', NOT_PROVIDED),
  ];
}

function originalsHeld({ claims, record }: Certificate): Piece[] {
  const held = claims.originalsHeld.length;
  const { count } = record.files;
  const at = beijingTime(unixMsOf(claims.issuedAt));
  if (held === 0) {
    return both(
      `未留存（签发时 ${at}）：读者须另行取得文件`,
      `none held when issued: the reader must obtain the files elsewhere`,
    );
  }
  if (held === count) return both(`全部 ${count} 个文件均留存（签发时 ${at}）`, `all ${count} held when issued`);
  const list = claims.originalsHeld.map((i) => i + 1).join(', ');
  return both(
    `留存 ${held} / ${count} 个（签发时 ${at}）：${list}`,
    `${held} of ${count} held when issued: the files numbered above`,
  );
}

const EVIDENCE_KIND_NAMES: Record<(typeof EVIDENCE_KINDS)[number], Bilingual> = {
  'web-page': { zh: '网页', en: 'web page' },
  app: { zh: '应用程序界面', en: 'app' },
  'live-stream': { zh: '网络直播', en: 'live stream' },
  trade: { zh: '交易过程', en: 'trade' },
  chat: { zh: '聊天记录', en: 'chat' },
  photo: { zh: '照片', en: 'photo' },
  video: { zh: '视频', en: 'video' },
  audio: { zh: '音频', en: 'audio' },
  document: { zh: '文档', en: 'document' },
  program: { zh: '程序', en: 'program' },
  other: { zh: '其他', en: 'other' },
};

export function drawDepositorStatements(paper: Paper, { certificate, show }: CertificateView): void {
  paper.heading({ zh: '四、存证人陈述', en: 'Statements of the depositor' }, 'depositor', {
    zh: '以下各项由存证人自行填写，平台未予核实。',
    en: 'Written by the depositor; the operator did not check them.',
  });
  const { statement } = certificate.annexes;
  const said = (key: Exclude<keyof StatementAnnex, 'type' | 'depositId' | 'salt' | 'kind'>) => {
    if (statement === undefined) return CLOSED;
    const value = statement[key];
    return value === undefined ? NOT_PROVIDED : words(show.prose(value));
  };
  const instant = (key: 'capturedFrom' | 'capturedUntil') => {
    const value = statement?.[key];
    return value === undefined ? said(key) : words(`${beijingTime(unixMsOf(value))}（自称 as claimed）`);
  };
  const kind = statement?.kind === undefined ? undefined : EVIDENCE_KIND_NAMES[statement.kind];
  paper.fields('depositor', [
    field('存证名称', 'Title', said('title')),
    field(
      '证据类型',
      'Kind',
      kind === undefined ? (statement === undefined ? CLOSED : NOT_PROVIDED) : words(`${kind.zh} ${kind.en}`),
    ),
    field('来源', 'Source', said('source')),
    field('取证开始', 'Captured from', instant('capturedFrom')),
    field('取证结束', 'Captured until', instant('capturedUntil')),
    field('取证方式', 'Method', said('method')),
    field('取证工具及版本', 'Tool and version', said('tool')),
    field('取证人', 'Capture operator', said('captureOperator')),
    field('权利人', 'Right holder (as declared)', said('rightHolder')),
    field('权利类型 / 凭证', 'Right / proof (as declared)', said('rights')),
    field('证明目的', 'Purpose', said('purpose')),
    field('存证人签名', "Depositor's signature", signatureOf(certificate)),
  ]);
}

/** Checked by the service before it took the deposit, and by every reader who has the certificate's data. */
function signatureOf({ record, annexes }: Certificate): readonly Piece[] {
  if (record.annexes.signature === undefined) return words('存证人未签名 not signed by the depositor');
  const { signature } = annexes;
  if (signature === undefined) return CLOSED;
  if (signature.signed.method !== 'passkey') return words('已签名 signed');
  return [
    ...both(
      '已用通行密钥签署以上陈述和文件摘要；密钥属于存证人，仅为平台陈述。公钥摘要（SHA-256）：',
      "These statements and the files' digests are signed with a passkey. That the key is the depositor's is the operator's word. SHA-256 of the public key:",
    ),
    hex(encodeHex(sha256(parseBase64(signature.signed.publicKey)))),
  ];
}

// ------------------------------------------------------------------ what is absent, limits, how to verify

export function drawAbsent(paper: Paper): void {
  paper.heading({ zh: '五、本证书未包含的项目', en: 'Not part of this certificate' }, 'neutral');
  paper.fields('neutral', [
    field('清洁性检查结论', 'Cleanliness result', NOT_PROVIDED),
    field('司法链回执', 'Judicial-chain receipt', NOT_PROVIDED),
    field('公证信息', 'Notarial data', NOT_PROVIDED),
    field('保管记录摘要', 'Custody summary', NOT_PROVIDED),
    field('证书状态查询', 'Status look-up', NOT_PROVIDED),
  ]);
}

export function drawLimitations(paper: Paper, { certificate, show }: CertificateView): void {
  paper.heading({ zh: '六、证明范围与局限', en: 'Scope and limits' }, 'neutral');
  for (const [i, limitation] of certificate.claims.limitations.entries()) {
    paper.paragraph({ zh: show.prose(limitation.zh), en: show.prose(limitation.en) }, { marker: `${i + 1}.` });
  }
}

export function drawVerification(paper: Paper, view: CertificateView): void {
  paper.heading({ zh: '七、如何核验', en: 'How to verify' }, 'neutral');
  const steps: Bilingual[] = [
    {
      zh: '从平台以外的渠道取得核验工具 tiezheng（开源，可离线运行），并与公布的 SHA-256 比对。',
      en: 'Get the verifier "tiezheng" (open source, works offline) from somewhere other than the operator and compare its published SHA-256.',
    },
    {
      zh: '准备信任策略文件：由您自己或您所在机构决定信任哪些日志公钥、签章证书和区块。本证书不能替您决定。',
      en: 'Take a trust policy: you or your office decide which log keys, seal certificates and blocks to trust. This certificate cannot decide that for you.',
    },
    {
      zh: '运行 tiezheng verify 证书.pdf 文件… --policy 策略.json；或打开离线网页 verify.html，将证书与文件拖入。文件不会上传。',
      en: 'Run: tiezheng verify CERTIFICATE.pdf FILES… --policy POLICY.json, or open verify.html offline and drop certificate and files on it. Nothing is uploaded.',
    },
    {
      zh: '在您自选的节点或区块浏览器上，确认首页所列区块哈希；也可调用合约的 anchored(根哈希) 查询。',
      en: 'Confirm the block hash of the first page at a node or block explorer of your choice; the contract also answers anchored(root hash).',
    },
    {
      zh: '纸面与数据不一致时，以 PDF 内嵌的 certificate.json 为准。纸面时间为北京时间（+08:00），数据中为 UTC。',
      en: 'Where paper and data differ, the certificate.json embedded in the PDF counts. Times are Beijing time (+08:00) on paper, UTC in the data.',
    },
  ];
  for (const [i, step] of steps.entries()) paper.paragraph(step, { marker: `${i + 1}.`, after: 3 });
  paper.y += 4;
  paper.fields('neutral', [
    field('核验页面', 'Verification page', words(view.verificationUrl)),
    field('规范版本', 'Format', words(view.certificate.type)),
    field('证书摘要', 'Certificate digest (SHA-256 of the sealed bytes)', [hex(view.facts.digest)]),
    field('内嵌数据摘要', 'SHA-256 of certificate.json', [hex(view.jsonDigest)]),
  ]);
}

export function drawSeals(paper: Paper, { certificate, show }: CertificateView): void {
  paper.heading({ zh: '八、签章', en: 'Seal' }, 'neutral', {
    zh: '同一密钥对 certificate.json 和本 PDF 全文分别签名。签章人是否可信，由读者的信任策略决定。',
    en: 'One key has signed certificate.json and this whole PDF. Whether the signer is to be trusted is for the policy of the reader to say.',
  });
  for (const seal of certificate.seals) paper.fields('neutral', sealFields(seal, 'certificate.json', show));
}

/** Who sealed. @param dataName the embedded file that holds the seal */
export function sealFields(seal: Seal, dataName: string, show: PrintableText): Field[] {
  const { alg, x5c } = parseSealHeader(seal);
  const der = parseBase64(x5c[0] as string);
  const x509 = new X509Certificate(der);
  const [from, until] = [x509.validFromDate, x509.validToDate].map((d) => beijingTime(d.getTime(), 'seconds'));
  return [
    field('签章人', 'Signer', words(show.prose(x509.subject.replaceAll('\n', ', ')))),
    field('颁发者', 'Issuer', words(show.prose(x509.issuer.replaceAll('\n', ', ')))),
    field('序列号 / 算法', 'Serial / algorithm', words(`${x509.serialNumber.toLowerCase()} / ${alg}`)),
    field('证书有效期', 'X.509 validity', words(`${from} – ${until}`)),
    field('证书指纹', 'SHA-256 of the X.509 certificate', [hex(encodeHex(sha256(der)))]),
    field('签章时间戳', 'Timestamp over the seal', seal.timestamp === null ? NOT_PROVIDED : words(`见 in ${dataName}`)),
  ];
}

/** Last, when everything has been drawn and it is known what could not be. */
export function drawPrintingNote(paper: Paper, { show }: CertificateView): void {
  const { replaced } = show;
  if (replaced.length === 0) return;
  paper.heading({ zh: '九、印刷说明', en: 'Note on printing' }, 'neutral');
  const shown = replaced.slice(0, 60).join(' ');
  const more = replaced.length > 60 ? ' …' : '';
  paper.paragraph({
    zh: `部分字符无法印刷，或会改变显示方式（如改变书写方向、不可见），本件以 Unicode 编号表示，原文见 certificate.json：${shown}${more}`,
    en: 'Some characters cannot be printed, or would change how others look (direction of writing, invisible ones). They are shown by their Unicode numbers; certificate.json has them as they are.',
  });
}
