import type { Text } from '../texts.ts';

/** Words of a deposit's own page about what is made of it, who touched it, and its end. */
export const itemTexts = {
  print: { zh: '打印本页', en: 'Print this page' },
  compare: { zh: '与涉嫌侵权件比对', en: 'Compare with a suspected copy' },
  secret: {
    zh: '这份存证在案件中列为商业秘密：不制作、不显示预览图，对存证人自己也一样。',
    en: 'This deposit is a trade secret in a matter: no preview of it is made or shown, not even to its depositor.',
  },
  shownToYou: {
    zh: '这份存证属于他人，已授权您查看。每次查看和下载都写入保管记录。',
    en: 'This deposit belongs to somebody else, who lets you see it. Each look and download goes into its custody.',
  },

  // Signature
  signature: { zh: '存证人签名', en: "Depositor's signature" },
  notSigned: { zh: '存证人没有签名。', en: 'The depositor did not sign this.' },
  notSignedHint: {
    zh: '签名可有可无；本页其他各项都不以它为依据。',
    en: 'A signature is optional; nothing else on this page rests on one.',
  },
  signed: {
    zh: '已签名：一把通行密钥签署了以上说明和全部文件的摘要，签名与本存证相符（由本页核对）。',
    en: 'Signed: a passkey signed the statement above and the digests of all files, and the signature fits this deposit. This page checked it.',
  },
  signedWrongly: { zh: '所附签名与本存证不符。', en: 'There is a signature, and it does not fit this deposit.' },
  signedUnchecked: { zh: '附有签名，本页未能核对。', en: 'There is a signature, which this page could not check.' },
  signedKey: { zh: '公钥摘要（SHA-256）', en: 'Public key (SHA-256)' },
  signedOn: { zh: '签名时所在网址', en: 'Signed on a page of' },
  userVerified: { zh: '设备是否核验了使用者', en: 'Did the device check who used it' },
  userWasVerified: { zh: '是（指纹、面容或密码等）', en: 'Yes: by fingerprint, face, PIN or the like' },
  userWasNot: { zh: '否，只确认有人在场', en: 'No: only that somebody was there' },
  keyOwner: {
    zh: '密钥属于存证人，仅为平台陈述：登记它的用户代表存证人的账户。签名表明持有密钥的人确认了这些内容，不表明内容真实。',
    en: "That the key is the depositor's is the operator's word: a user who acts for the depositor's account registered it. A signature shows that whoever held the key confirmed this; it does not make the content accurate.",
  },

  // Custody
  earlier: { zh: '显示更早的记录', en: 'Show earlier events' },
  gap: { zh: '距上一事件', en: 'after the event before:' },
  gapMinutes: { zh: '分钟', en: 'min' },
  notInLog: { zh: '等待写入日志', en: 'waits for the log' },
  byNobody: { zh: '不向您公开经手人', en: 'by whom is not open to you' },

  // Derivatives
  derivatives: { zh: '衍生件（脱敏件、摘录等）', en: 'Made from it: redacted copies, excerpts and the like' },
  derivativesLead: {
    zh: '衍生件是另一份存证，有自己的摘要和证书，并与原件互相链接；原件不会因此改变。对外出示时可以只给衍生件。',
    en: 'What is made from it is a deposit of its own, with digests and a certificate of its own, and both link to each other; the original does not change. You can show the copy alone.',
  },
  noDerivatives: { zh: '还没有衍生件。', en: 'Nothing was made from it yet.' },
  derivedFrom: { zh: '本存证由另一份存证制成：', en: 'This deposit was made from another:' },
  theOriginal: { zh: '查看原件所在的存证', en: 'Show the deposit of the original' },
  theDerivative: { zh: '查看这份衍生件', en: 'Show this one' },
  linkedAt: { zh: '登记时间', en: 'Linked at' },
  showDigests: { zh: '显示其摘要', en: 'Show its digests' },
  link: { zh: '登记一份衍生件', en: 'Link what was made from it' },
  linkLead: {
    zh: '请先把做好的脱敏件等作为新的存证提交，再在这里选中它。登记后不能更改。',
    en: 'First hand in the redacted copy, or whatever you made, as a deposit of its own; then choose it here. A link is never changed.',
  },
  handInFirst: { zh: '去提交衍生件', en: 'Hand it in' },
  chooseDerivative: { zh: '哪一份存证是由它制成的', en: 'Which deposit was made from it' },
  notItself: { zh: '不能选择', en: 'cannot be chosen' },
  kind: { zh: '种类', en: 'Kind' },
  method: { zh: '如何制成', en: 'How it was made' },
  methodHint: {
    zh: '例如：用某工具遮盖了买家姓名和电话。',
    en: 'Such as: name and phone number of the buyer blacked out, with which tool.',
  },

  // Erasure
  erase: { zh: '删除存证内容', en: 'Erase the content of this deposit' },
  eraseLead: {
    zh: '删除不可恢复，任何人都不能撤销，包括平台。已经交给他人的材料包、回执和证书，以及他人已下载的文件，平台收不回来，它们仍然可以核验。',
    en: 'This cannot be undone by anybody, nor by us. Packages, receipts and certificates that others hold by now, and files that they downloaded, cannot be called back; those still verify.',
  },
  goes: { zh: '会删除', en: 'What goes' },
  stays: { zh: '会保留', en: 'What stays' },
  keepFirst: {
    zh: '删除前请确认：手上若没有回执或证书，之后谁也无法证明删除的是什么。',
    en: 'Before you do it: without a receipt or certificate in your hands nobody can show afterwards what was erased.',
  },
  hold: {
    zh: '案件处于诉讼保留时不能删除。',
    en: 'While a matter with it is on legal hold, nothing is erased.',
  },
  basis: { zh: '删除的理由（写入保管记录）', en: 'Why (goes into the custody record)' },
  typeNumber: { zh: '请输入这份存证的编号以确认：', en: 'To confirm, type the number of this deposit:' },
  eraseNow: { zh: '永久删除', en: 'Erase for good' },
  eraseFailed: { zh: '没有删除', en: 'Nothing was erased' },
  erasedTitle: { zh: '存证内容已删除', en: 'The content of this deposit was erased' },
  erasedLead: {
    zh: '内容、名称、摘要、说明和密钥都已销毁，平台自己也读不到。要说明删除的是什么，只能凭您或他人手上的回执、证书或材料包。',
    en: 'Content, names, digests, statements and keys are destroyed; not even the service can read them. What it was can be shown only with a receipt, certificate or package that you or others hold.',
  },
  erasedAt: { zh: '删除时间', en: 'Erased at' },
  objectsGone: { zh: '存储中的密文', en: 'Ciphertext in storage' },
  objectsGoneAt: { zh: '已全部清除：', en: 'all gone:' },
  objectsWait: {
    zh: '仍有部分在存储的保留期内或等待清除；没有密钥，任何人都读不到。',
    en: "some is still under the storage's retention or waits to be removed; without a key nobody can read it.",
  },
  erasedFiles: { zh: '原有文件数', en: 'Files it had' },
  withdrawnCertificates: { zh: '已撤回的证书', en: 'Certificates, all withdrawn' },
  certificateStill: {
    zh: '他人持有的这些证书仍能离线核验；查询状态时会显示已撤回，理由是存证内容已删除。',
    en: 'Whoever holds one of them can still verify it offline; asked for its status, the service says withdrawn, since the deposit was erased.',
  },

  // Hand-overs
  navHandOvers: { zh: '移交', en: 'Hand-overs' },
  handOversTitle: { zh: '证据移交', en: 'Hand-overs of evidence' },
  handOversLead: {
    zh: '移交要双方各说一次：移交人写明交给谁、交了什么，接收人确认收到。只有一方说过的，一直显示为等待确认。下载的回执可与文件一起拖入“核验”页核对。',
    en: 'A hand-over takes two: the giver says to whom and what, the receiver confirms that he has it. As long as only one has spoken it stands as open. To check a receipt that you downloaded, drop it on the verify page together with the files.',
  },
  received: { zh: '移交给我的', en: 'Handed over to me' },
  given: { zh: '我移交的', en: 'Handed over by me' },
  noneReceived: { zh: '没有移交给本账户的证据。', en: 'Nothing was handed over to this account.' },
  noneGiven: {
    zh: '本账户没有移交过证据。在存证页面的“出示与移交”中可以发起。',
    en: 'This account has handed nothing over. Begin on the page of a deposit, under “Show it to others”.',
  },
  waiting: { zh: '等待您确认', en: 'waits for you' },
  confirm: { zh: '确认已收到', en: 'Confirm that I received it' },
  confirmAsk: {
    zh: '确认后，您的账户名和时间写入这份存证的保管记录，不能撤回。请先把摘要与您收到的文件比对。',
    en: 'The name of your account and the time go into the custody of the deposit, and this cannot be taken back. Compare the digests with the files you received first.',
  },
  confirmNote: { zh: '附言（可不填）', en: 'Remark, if any' },
  cancelAsk: {
    zh: '取消后接收人不能再确认；取消本身也写入保管记录。',
    en: 'The receiver can then no longer confirm; taking it back goes into the custody too.',
  },
  cancelNow: { zh: '确定取消', en: 'Take it back' },
  items: { zh: '移交的内容与摘要', en: 'Items and digests' },
  openDeposit: { zh: '查看存证', en: 'Show the deposit' },
  confirmedBy: { zh: '确认人', en: 'Confirmed by' },
  older: { zh: '显示更早的移交', en: 'Show older ones' },
  noDelete: { zh: '不做', en: 'Keep it as it is' },
} satisfies Record<string, Text>;

export const erasureGoes: readonly Text[] = [
  {
    zh: '原件和预览图（密钥立即销毁，密文随后从存储中清除）',
    en: 'originals and previews (their keys at once, the ciphertext from storage after that)',
  },
  {
    zh: '文件名、大小、摘要，以及标题、来源等说明',
    en: 'names, sizes and digests of files, title, source and all that was said of them',
  },
  {
    zh: '平台保存的证书和移交单；其证书一律标为已撤回',
    en: 'the copies of certificates and hand-over statements kept here; the certificates are withdrawn',
  },
  { zh: '链接和授权从此打不开这份存证', en: 'links and grants show nothing of it any more' },
];
export const erasureStays: readonly Text[] = [
  { zh: '存证编号和平台接收时间', en: 'its number and the time when it was received' },
  {
    zh: '公开日志中的一个随机化承诺，看不出内容',
    en: 'a salted commitment in the public log, which says nothing of the content',
  },
  { zh: '保管记录：谁在何时做过什么，包括这次删除', en: 'its custody: who did what and when, this erasure included' },
  {
    zh: '证书编号及其“已撤回”状态；由它制成的衍生件（各是一份存证）',
    en: 'numbers of its certificates with the status withdrawn; what was made from it, which are deposits of their own',
  },
];

export const basisTexts = {
  'depositor-request': { zh: '存证人自己决定', en: 'The depositor wishes it' },
  'personal-data': { zh: '个人信息保护请求', en: 'Request about personal data' },
  'court-order': { zh: '法院裁定', en: 'Order of a court' },
  'authority-order': { zh: '主管机关要求', en: 'Order of an authority' },
  'retention-ended': { zh: '保存期限届满', en: 'The time of keeping has ended' },
  other: { zh: '其他', en: 'Other' },
} satisfies Record<string, Text>;

export const actorTexts = {
  'api-key': { zh: '程序（API 密钥）', en: 'a program, by API key' },
  session: { zh: '登录用户', en: 'somebody signed in' },
  link: { zh: '持有链接的人', en: 'whoever held a link' },
  service: { zh: '平台', en: 'the service' },
  operator: { zh: '平台运营方', en: 'the operator' },
} satisfies Record<string, Text>;
