import { RECEIVER_WORDS } from '../../verify/wording.ts';
import type { Text } from '../texts.ts';

/** Words of what one person shows or hands over to another. */
export const sharedTexts = {
  title: { zh: '查看共享的存证', en: 'Evidence shown to you' },
  lead: {
    zh: '有人通过链接向您出示存证。不需要账号。',
    en: 'Somebody shows you evidence by a link. You need no account.',
  },
  records: {
    zh: '打开时会记录：打开的时间，以及经由这个链接。记录写入链接所示每份存证的保管记录，出示人会得知；查看和下载同样会被记录。每打开一次，链接的可用次数少一次，重新载入本页后需要再次打开。',
    en: 'Opening is recorded: when, and that it was by this link. The record goes into the custody of every deposit that the link shows, and whoever made the link learns of it; looks and downloads are recorded too. Each opening uses one up, and after reloading this page you have to open it again.',
  },
  passphrase: { zh: '口令（如有）', en: 'Passphrase, if there is one' },
  passphraseHint: {
    zh: '由出示人另行告知；没有口令则留空。连续输错 10 次，链接即失效。',
    en: 'You get it from whoever sent the link, by another way; leave it empty if there is none. After ten wrong ones in a row the link is dead.',
  },
  open: { zh: '打开', en: 'Open' },
  refused: { zh: '链接无法打开', en: 'This link cannot be opened' },
  refusedWhy: {
    zh: '链接不存在、已过期、已撤销、次数已用完，或者口令不对：为保护各方，平台不说明是哪一种。请核对地址和口令，或请出示人发一个新的链接。',
    en: 'There is no such link, or it has expired, was revoked or used up, or the passphrase is another one: to protect everyone, the service does not say which. Check address and passphrase, or ask for a new link.',
  },
  failed: { zh: '没有成功', en: 'That did not work' },
  over: { zh: '本次查看已结束', en: 'This visit is over' },
  overWhy: {
    zh: '一次查看最长一小时，且不超过链接的有效期。链接仍然有效时可以再次打开。',
    en: 'A visit lasts an hour at most, and not longer than the link. If the link still holds, you can open it again.',
  },
  visit: { zh: '本次查看', en: 'This visit' },
  reader: { zh: '出示给', en: 'Shown to' },
  readerHint: { zh: '（印在预览图上）', en: '(stands on the previews)' },
  visitEnds: { zh: '本次查看截止', en: 'This visit ends' },
  linkEnds: { zh: '链接截止', en: 'The link ends' },
  scope: { zh: '可以做什么', en: 'What you may do' },
  deposit: { zh: '存证', en: 'Deposit' },
  matter: { zh: '案件', en: 'Matter' },
  summary: { zh: '说明', en: 'Summary' },
  items: { zh: '证据目录', en: 'Evidence index' },
  noItems: { zh: '案件没有向您披露任何证据。', en: 'The matter discloses no item to you.' },
  show: { zh: '查看这份存证', en: 'Show this deposit' },
  issue: { zh: '争议焦点', en: 'Issue' },
  source: { zh: '来源', en: 'Source' },
  proofPurpose: { zh: '证明目的', en: 'What it is to prove' },
  downloads: { zh: '证明文件', en: 'Proofs to take along' },
  indexPage: { zh: '证据目录（可打印）', en: 'Evidence index, for print' },
  indexCsv: { zh: '证据目录（CSV）', en: 'Evidence index (CSV)' },
  files: { zh: '文件', en: 'Files' },
  notInScope: { zh: '链接不含原件下载', en: 'the link does not include the original' },
  check: { zh: '自己核验', en: 'Check it yourself' },
  checkLead: {
    zh: '不必相信本页：下载证书，在“一页看懂”页面或离线核验工具中核验。文件只在您的电脑上处理。',
    en: 'You need not believe this page: download the certificate and check it on the page for readers, or with the offline verifier. Everything stays on your computer.',
  },
} satisfies Record<string, Text>;

/** What each scope of a link or grant lets somebody do; each has what comes before it. */
export const scopeTexts = {
  read: { zh: '查看，下载证书', en: 'look at it and take the certificate along' },
  download: { zh: '查看，下载证书和原件', en: 'look at it, and download certificate and originals' },
  export: {
    zh: '查看，下载证书、原件和完整材料包',
    en: 'look at it, and download certificate, originals and the whole package',
  },
} satisfies Record<string, Text>;

export const handOverTexts = {
  title: { zh: '确认接收移交的证据', en: 'Confirm what was handed over to you' },
  lead: {
    zh: '有人向您移交证据，请您确认已收到下列内容。打开本页不会改变任何事；只有确认才会。不需要账号。',
    en: 'Somebody hands evidence over to you and asks you to confirm that you received what is listed here. Opening this page changes nothing, only confirming does. You need no account.',
  },
  refused: { zh: '确认链接不能使用', en: 'This confirmation link cannot be used' },
  refusedWhy: {
    zh: '链接不完整，或者已经用于确认、已过期、已被移交人取消：平台不说明是哪一种。如果您已经确认过，以您当时保存的回执为准；否则请移交人发一个新的链接。',
    en: 'It is incomplete, or it was used to confirm, has expired, or was taken back: the service does not say which. If you confirmed already, the receipt that you saved then holds; otherwise ask the giver for a new link.',
  },
  failed: { zh: '没有成功', en: 'That did not work' },
  what: { zh: '移交的内容', en: 'What is handed over' },
  state: { zh: '状态', en: 'State' },
  giver: { zh: '移交人', en: 'Handed over by' },
  receiver: { zh: '接收人（移交人的描述）', en: 'Receiver, as the giver describes him' },
  handedOverAt: { zh: '移交时间', en: 'Handed over at' },
  expiresAt: { zh: '最迟确认时间', en: 'To be confirmed before' },
  note: { zh: '备注', en: 'Note' },
  items: { zh: '内容与摘要', en: 'Items and digests' },
  compare: {
    zh: '请在确认前将摘要与您收到的文件比对；可以用离线核验工具计算。',
    en: 'Compare the digests with the files that you received before you confirm; the offline verifier computes them.',
  },
  confirm: { zh: '确认接收', en: 'Confirm that you received it' },
  confirmLead: {
    zh: '确认后会记录您填写的姓名和时间，写入存证的保管记录，链接随即失效。回执写明由“持有链接的人”确认。',
    en: 'Your name as you write it and the time are recorded in the custody of the deposit, and the link is used up. The receipt says that whoever held the link confirmed.',
  },
  name: { zh: '您的姓名和单位', en: 'Your name and office' },
  confirmNote: { zh: '附言（可不填）', en: 'Remark, if any' },
  confirmed: { zh: '已确认', en: 'Confirmed' },
  confirmedWhy: {
    zh: '请现在保存回执：链接已失效，之后无法再从这里取得。',
    en: 'Save the receipt now: the link is used up, and you cannot get it here again.',
  },
  saveReceipt: { zh: '保存回执', en: 'Save the receipt' },
  receiptStands: {
    zh: '核验方法：把回执和收到的文件拖入本站“核验”页或离线核验文件；有该存证的保管记录（custody.json）的，一并拖入，可核对移交已由日志固定。',
    en: 'How to check it: drop the receipt and the files that you received on the verify page of this site, or on the offline verifier. Whoever has the custody record of the deposit (custody.json) drops that too, and sees that the log holds the hand-over.',
  },
} satisfies Record<string, Text>;

export const handOverStateTexts = {
  open: { zh: '等待确认', en: 'open: waits for the receiver' },
  confirmed: { zh: '已确认', en: 'confirmed' },
  cancelled: { zh: '已取消', en: 'taken back' },
  expired: { zh: '已过期，未确认', en: 'expired, not confirmed' },
} satisfies Record<string, Text>;

export const itemKindTexts = {
  original: { zh: '原件', en: 'Original' },
  certificate: { zh: '证书', en: 'Certificate' },
  other: { zh: '其他', en: 'Other' },
} satisfies Record<string, Text>;

export const receiverKindTexts = RECEIVER_WORDS;

/** How much of a matter is shown. */
export const coverageWords = {
  disclosed: { zh: '案件披露的部分', en: 'what the matter discloses' },
  everything: { zh: '全部，含不披露的', en: 'everything, withheld items too' },
} satisfies Record<string, Text>;

export const panelTexts = {
  title: { zh: '出示与移交', en: 'Show it to others, hand it over' },
  matterTitle: { zh: '出示案件', en: 'Show the matter to others' },
  matterLead: {
    zh: '查看人看到当事人、权利和证据目录，看不到备注、期限、历史、联系方式和证件号。“案件披露的部分”依每件证据的“查看人能看到”而定，以后改动会随之变化；“全部”连不披露的存证也能看到，只适合主管机关。从案件中移除的证据不再能看到。每个链接和授权，以及每次打开，都写入所涉存证的保管记录。',
    en: 'Readers see the parties, the rights and the evidence index; never notes, deadlines, history, contact data or identity numbers. "What the matter discloses" follows what each item says its readers see, now and later; "everything" goes past it to withheld deposits too, and is for an authority. What is taken out of the matter is seen no more. Every link and grant, and every opening, goes into the custody of the deposits concerned.',
  },
  coverage: { zh: '出示范围', en: 'How much of it' },
  grantRemark: { zh: '给对方的话（可不填）', en: 'A word to the other, if any' },
  lead: {
    zh: '只有存证的账户可以出示和移交。每个链接、授权和移交都写入保管记录。',
    en: 'Only the account that deposited it can show it and hand it over. Every link, grant and hand-over goes into its custody.',
  },
  unavailable: { zh: '暂时无法显示', en: 'This cannot be shown now' },
  failed: { zh: '没有成功', en: 'That did not work' },
  links: { zh: '给没有账号的人的链接', en: 'Links for readers without an account' },
  grants: { zh: '给其他账号的授权', en: 'Grants to other accounts' },
  handOvers: { zh: '移交', en: 'Hand-overs' },
  newLink: { zh: '新建链接', en: 'Make a link' },
  newGrant: { zh: '授权', en: 'Give a grant' },
  newHandOver: { zh: '发起移交', en: 'Begin a hand-over' },
  reader: { zh: '出示给谁（印在预览图上）', en: 'For whom (stands on previews)' },
  scope: { zh: '可以做什么', en: 'What he may do' },
  days: { zh: '有效天数', en: 'Valid for days' },
  openings: { zh: '可打开次数', en: 'Openings' },
  passphrase: { zh: '口令（8 个字符以上，可不填）', en: 'Passphrase (8 characters or more, if any)' },
  to: { zh: '对方的邮箱或账号编号', en: 'Address or account number of the other' },
  grantWhat: {
    zh: '列在名录中的机构和与您有过往来的账号立即可见；其他账号和邮箱，须对方领取后才可见。本平台不告知某一编号是否有对应的账号。',
    en: 'An office that is listed here, and an account with which you have had to do, can see it at once. Anybody else takes it first; whether there is an account with a number is not told.',
  },
  receiverKind: { zh: '接收人类别', en: 'Kind of receiver' },
  receiver: { zh: '接收人（机构、部门、姓名）', en: 'Receiver (office, division, name)' },
  receiverAccount: { zh: '接收人的账号编号（如有）', en: 'Account number of the receiver, if any' },
  note: { zh: '备注（可不填）', en: 'Note, if any' },
  handOverWhat: {
    zh: '移交全部文件。接收人在本平台有账号的，由该账号确认；没有的，凭一次性链接确认。',
    en: 'All files are handed over. A receiver with an account here confirms in it; anybody else confirms by a one-time link.',
  },
  withCertificate: { zh: '同时移交最新的证书', en: 'The newest certificate goes along' },
  shownOnce: {
    zh: '链接只显示这一次，请现在复制并交给对方。口令请另行告知。',
    en: 'This link is shown this once: copy it now and pass it on. Pass a passphrase on by another way.',
  },
  theLink: { zh: '链接', en: 'The link' },
  copy: { zh: '复制链接', en: 'Copy the link' },
  copied: { zh: '已复制', en: 'Copied' },
  notCopied: {
    zh: '浏览器不允许复制：已为您选中，请自行复制。',
    en: 'The browser does not allow it: it is selected, copy it yourself.',
  },
  revoke: { zh: '撤销', en: 'Revoke' },
  cancel: { zh: '取消移交', en: 'Take back' },
  receipt: { zh: '下载回执', en: 'Receipt' },
  none: { zh: '还没有。', en: 'None yet.' },
  more: { zh: '只列出最新的 50 条。', en: 'Only the newest fifty are listed.' },
  until: { zh: '至', en: 'until' },
  opened: { zh: '已打开', en: 'opened' },
  hasPassphrase: { zh: '有口令', en: 'with a passphrase' },
} satisfies Record<string, Text>;

export const sharingStateTexts = {
  open: { zh: '有效', en: 'in force' },
  invited: { zh: '等待对方接受', en: 'waits to be accepted' },
  expired: { zh: '已过期', en: 'expired' },
  revoked: { zh: '已撤销', en: 'revoked' },
  'used-up': { zh: '次数已用完', en: 'used up' },
  locked: { zh: '口令错误过多，已失效', en: 'dead after too many wrong passphrases' },
} satisfies Record<string, Text>;
