import type { Text } from '../texts.ts';

/** Words of the pages about matters. A respondent is suspected and never more; who owns a right is what a party says. */
export const matterTexts = {
  navMatters: { zh: '我的案件', en: 'My matters' },
  navReceived: { zh: '收到的材料', en: 'Shown to me' },

  // The list
  listTitle: { zh: '我的案件', en: 'My matters' },
  listLead: {
    zh: '一个案件对应一起争议：当事人、权利及其凭证、证据及其证明目的、期限，以及向谁出示。证据本身仍是各自的存证，案件只是引用。',
    en: 'A matter is one dispute: who is in it, which rights and what proves them, the evidence and what each piece is to prove, deadlines, and who is shown it. The evidence itself stays in its deposits; a matter only names them.',
  },
  newMatter: { zh: '新建案件', en: 'New matter' },
  empty: { zh: '还没有案件。', en: 'There is no matter yet.' },
  noneFound: { zh: '没有符合条件的案件。', en: 'No matter fits.' },
  search: { zh: '在名称和说明中查找', en: 'Find in title or summary' },
  statusFilter: { zh: '状态', en: 'Status' },
  anyStatus: { zh: '全部', en: 'Any' },
  find: { zh: '查找', en: 'Find' },
  more: { zh: '更多', en: 'More' },
  items: { zh: '证据', en: 'Evidence' },
  itemsCount: { zh: '证据', en: 'items' },
  partiesCount: { zh: '当事人', en: 'parties' },
  deadlinesCount: { zh: '未完成期限', en: 'open deadlines' },
  nextDeadline: { zh: '下一期限', en: 'Next deadline' },
  noDeadline: { zh: '没有未完成的期限', en: 'no open deadline' },
  unavailable: { zh: '暂时无法显示', en: 'This cannot be shown now' },
  failed: { zh: '没有成功', en: 'That did not work' },

  // New
  newTitle: { zh: '新建案件', en: 'A new matter' },
  newLead: {
    zh: '先起一个名称，其余以后都可以补充。新建的案件是草稿，只有您的账户能看到。',
    en: 'A title is enough to begin; everything else can follow. A new matter is a draft that only your account sees.',
  },
  create: { zh: '建立案件', en: 'Create the matter' },

  // Head
  about: { zh: '案件概况', en: 'The matter' },
  title: { zh: '名称', en: 'Title' },
  titleHint: { zh: '例如：某店铺销售仿冒图案商品', en: 'For example: shop selling goods with a similar pattern' },
  dispute: { zh: '争议类型', en: 'Kind of dispute' },
  status: { zh: '状态', en: 'Status' },
  confidentiality: { zh: '保密等级', en: 'Confidentiality' },
  summary: { zh: '说明', en: 'Summary' },
  summaryHint: { zh: '获准查看案件的人能看到说明。', en: 'Whoever is shown the matter sees the summary.' },
  legalHold: { zh: '诉讼保留', en: 'Legal hold' },
  holdOn: {
    zh: '保留中：本案涉及的存证一律不能删除。',
    en: 'On hold: nothing of the deposits of this matter can be erased.',
  },
  holdOff: {
    zh: '未保留：争议进行中或可能发生时，请开启，以免证据被删除。',
    en: 'Not on hold: switch it on while a dispute runs or is likely, so that no evidence is erased.',
  },
  holdReason: { zh: '保留原因', en: 'Why it is on hold' },
  holdOnShort: { zh: '保留，禁止删除', en: 'On hold: no erasure' },
  holdOffShort: { zh: '不保留', en: 'Not on hold' },
  createdAt: { zh: '建立时间', en: 'Created' },
  changedAt: { zh: '概况最近修改', en: 'Head last changed' },
  openMatter: { zh: '开始办理', en: 'Open the matter' },
  openMatterAsk: {
    zh: '开始办理后不能再退回草稿，也不能删除案件。',
    en: 'An open matter never becomes a draft again and cannot be deleted.',
  },
  closeMatter: { zh: '结案', en: 'Close the matter' },
  closeMatterAsk: {
    zh: '结案后内容不能再修改，也不能重新打开；只有诉讼保留还能更改。',
    en: 'A closed matter is never opened again and nothing in it can be changed, except its legal hold.',
  },
  removeMatter: { zh: '删除草稿', en: 'Delete the draft' },
  removeMatterAsk: {
    zh: '将删除草稿中的当事人、权利、证据条目、备注和期限；存证本身不受影响，修改历史保留。不能撤销。',
    en: 'Parties, rights, items, notes and deadlines in this draft go. The deposits themselves stay, and so does the history. This cannot be undone.',
  },
  readOnly: { zh: '他人向您出示的案件', en: 'A matter that somebody shows you' },
  readOnlyLead: {
    zh: '您看到的是对方选择披露的内容，不能修改。查看证据目录和存证会写入保管记录，对方会得知。',
    en: 'You see what the other side chose to disclose, and cannot change it. Looking at the evidence index and at deposits is recorded in their custody, and the other side learns of it.',
  },
  closedNote: {
    zh: '案件已结案：内容不能再修改。',
    en: 'The matter is closed: nothing in it can be changed.',
  },
  mayNotEdit: {
    zh: '您的角色只能查看案件，不能修改。',
    en: 'Your role lets you read the matter, not change it.',
  },

  // Sections
  contents: { zh: '本页内容', en: 'On this page' },
  parties: { zh: '当事人', en: 'Parties' },
  partiesLead: {
    zh: '权利人、存证人、取证人、被投诉人是四种不同的身份。同一个人兼有两种身份时，请分别添加两次：法庭会逐一询问。',
    en: 'Right holder, depositor, capture operator and respondent are four different things. Somebody who is two of them is added twice: a court asks for each by itself.',
  },
  rights: { zh: '权利及凭证', en: 'Rights and their proof' },
  rightsLead: {
    zh: '由您陈述，平台不核实权利归属。凭证（登记证书、合同、底稿）同样是存证，从您的存证中选择。',
    en: 'As you state them: the service does not check who owns a right. What proves it (certificate, contract, draft) is a deposit too; choose it from yours.',
  },
  itemsLead: {
    zh: '每件证据说明来源和证明目的。顺序即证据目录的顺序。',
    en: 'Each item says where it comes from and what it is to prove. Their order is that of the evidence index.',
  },
  relations: { zh: '印证关系', en: 'Corroboration' },
  relationsLead: {
    zh: '哪些证据彼此印证、承接或矛盾。矛盾之处也请如实列出：对方会找到它。',
    en: 'Which items agree with each other, follow from each other, or contradict. List contradictions too: the other side will find them.',
  },
  index: { zh: '证据目录', en: 'Evidence index' },
  indexLead: {
    zh: '按争议焦点排列的证据清单，用于提交。打开或下载会在每份存证的保管记录中留下一条“查看”。',
    en: 'The items arranged by issue, as they are submitted. Opening or downloading it leaves a "viewed" in the custody of each deposit.',
  },
  indexHtml: { zh: '打开可打印的目录', en: 'Open it for print' },
  indexCsv: { zh: '下载表格（CSV）', en: 'Download as a table (CSV)' },
  indexJson: { zh: '下载数据（JSON）', en: 'Download as data (JSON)' },
  notes: { zh: '备注', en: 'Notes' },
  notesLead: {
    zh: '只有您的账户能看到，从不出示。',
    en: 'Only your account sees them; they are never shown to anybody.',
  },
  deadlines: { zh: '期限', en: 'Deadlines' },
  deadlinesLead: {
    zh: '由您填写，平台不计算法定期限。只有您的账户能看到。',
    en: 'As you enter them: the service does not compute deadlines of the law. Only your account sees them.',
  },
  history: { zh: '修改历史', en: 'History' },
  historyLead: {
    zh: '谁在何时改了什么；不能修改或删除。',
    en: 'Who changed what, and when; it cannot be changed or deleted.',
  },
  noneYet: { zh: '还没有。', en: 'None yet.' },

  // Editing
  add: { zh: '添加', en: 'Add' },
  edit: { zh: '修改', en: 'Change' },
  save: { zh: '保存', en: 'Save' },
  remove: { zh: '移除', en: 'Remove' },
  removeAsk: { zh: '从案件中移除？修改历史会保留这一条。', en: 'Remove it from the matter? The history keeps it.' },
  keep: { zh: '不，保留', en: 'No, keep it' },
  yesRemove: { zh: '是，移除', en: 'Yes, remove it' },
  goOn: { zh: '是，继续', en: 'Yes, go on' },
  cancel: { zh: '取消', en: 'Cancel' },
  added: { zh: '已添加', en: 'Added' },
  saved: { zh: '已保存', en: 'Saved' },
  removed: { zh: '已移除', en: 'Removed' },
  optional: { zh: '（可不填）', en: '(optional)' },
  notSaid: { zh: '未说明', en: 'not stated' },

  // Somebody else changed it
  conflict: { zh: '其他人刚刚也修改了这一项', en: 'Somebody else has changed this meanwhile' },
  conflictLead: {
    zh: '您填写的内容仍在下面的表单中，还没有保存。对方改了：',
    en: 'What you typed is still in the form below and is not saved yet. They changed:',
  },
  conflictNow: { zh: '现在是', en: 'it now says' },
  conflictYours: { zh: '您填写的是', en: 'you typed' },
  conflictSame: {
    zh: '这一项被修改过，但各项内容与您看到的相同。',
    en: 'It was changed, but every field says what you had before you.',
  },
  conflictThen: {
    zh: '您没有改动的项目已换成对方的内容。核对表单后再次保存，会以您的内容为准；取消则保留对方的内容。',
    en: 'Fields that you left alone now have what they wrote. Check the form and save again to keep yours, or cancel to keep theirs.',
  },
  goneTitle: { zh: '其他人刚刚移除了这一项', en: 'Somebody else has removed this meanwhile' },
  goneLead: {
    zh: '您填写的内容仍在下面，可以复制；这一项已不存在，不能保存。需要时请重新添加。',
    en: 'What you typed is still below for you to copy. The entry is gone and cannot be saved; add it anew if you need it.',
  },
  orderConflict: {
    zh: '其他人刚刚也修改了案件，顺序没有移动。现在显示的是最新的顺序，请再移动一次。',
    en: 'Somebody else has changed the matter meanwhile, so nothing was moved. You now see the newest order; move it again.',
  },
  actConflict: {
    zh: '其他人刚刚也修改了这一项，所以什么都没有做。现在显示的是最新内容，请核对后再试。',
    en: 'Somebody else has changed this meanwhile, so nothing was done. You now see the newest; look at it and try again.',
  },

  // Parties
  name: { zh: '姓名或名称', en: 'Name' },
  kind: { zh: '类别', en: 'Kind' },
  identifier: { zh: '证件号或统一社会信用代码', en: 'Identity or registration number' },
  contact: { zh: '联系方式', en: 'Contact' },
  representedBy: { zh: '代理人或法定代表人', en: 'Represented by' },
  remark: { zh: '备注', en: 'Remark' },
  hiddenHint: { zh: '不向任何查看人出示', en: 'never shown to readers' },

  // Rights
  rightTitle: { zh: '作品、商标或专利名称', en: 'Work, mark or invention' },
  rightKind: { zh: '权利种类', en: 'Kind of right' },
  registrationNo: { zh: '登记号、注册号或专利号', en: 'Registration or patent number' },
  holder: { zh: '权利人', en: 'Right holder' },
  depositMissing: { zh: '请先选择一份存证。', en: 'Choose a deposit first.' },
  tradeSecretHint: {
    zh: '商业秘密：任何人（包括您自己）都没有预览，链接必须带口令。',
    en: 'Trade secret: no preview for anyone, you included, and a link needs a passphrase.',
  },
  holderHint: {
    zh: '从“权利人”一栏中选择；没有请先添加。',
    en: 'One of the right holders above; add him there first.',
  },
  validity: { zh: '有效期', en: 'In force' },
  validFrom: { zh: '有效期自', en: 'Valid from' },
  validUntil: { zh: '有效期至', en: 'Valid until' },
  proofs: { zh: '凭证', en: 'Proof' },
  addProof: { zh: '添加凭证', en: 'Add a proof' },
  proofKind: { zh: '凭证种类', en: 'Kind of proof' },

  // Items
  itemTitle: { zh: '证据名称', en: 'Name of the item' },
  itemTitleHint: { zh: '不填则用存证的标题。', en: 'If left out, the title of the deposit.' },
  issue: { zh: '争议焦点', en: 'Issue' },
  issueHint: { zh: '证据目录按此分组。', en: 'The index is arranged by it.' },
  source: { zh: '来源', en: 'Source' },
  sourceHint: { zh: '不填会印为“来源未说明”。', en: 'If left out, printed as "source not stated".' },
  proofPurpose: { zh: '证明目的', en: 'What it is to prove' },
  form: { zh: '原件或复制件', en: 'Original or copy' },
  pages: { zh: '页数', en: 'Pages' },
  disclosure: { zh: '查看人能看到', en: 'Readers see' },
  deposit: { zh: '存证', en: 'Deposit' },
  depositNo: { zh: '存证编号', en: 'Deposit no.' },
  certificateNo: { zh: '证书编号', en: 'Certificate no.' },
  noCertificate: { zh: '尚无证书', en: 'no certificate yet' },
  receivedAt: { zh: '平台接收时间', en: 'Received by the service' },
  filesCount: { zh: '个文件', en: 'files' },
  untitled: { zh: '未命名存证', en: 'untitled deposit' },
  moveUp: { zh: '上移', en: 'Move up' },
  moveDown: { zh: '下移', en: 'Move down' },
  nowNumber: { zh: '现在是第', en: 'is now number' },
  addItems: { zh: '从我的存证中选择', en: 'Choose from my deposits' },
  addChosen: { zh: '添加所选', en: 'Add what is chosen' },
  handInHere: { zh: '提交新的文件到本案', en: 'Hand in new files for this matter' },
  alreadyHere: { zh: '已在案件中', en: 'already in the matter' },
  derivatives: { zh: '脱敏件等衍生件', en: 'Redacted copies and the like' },
  noDerivative: { zh: '没有衍生件。', en: 'None.' },
  hiddenWithoutDerivative: {
    zh: '查看人只能看到衍生件，但还没有衍生件：他们什么也看不到。',
    en: 'Readers see only copies made from it, and there is none: they see nothing.',
  },
  shownAsProof: {
    zh: '它同时列为权利凭证，查看人从那里仍能看到原件。',
    en: 'It is also named as proof of a right, and there readers still see the original.',
  },
  linkDerivative: { zh: '登记衍生件', en: 'Link a copy' },
  linkDerivativeLead: {
    zh: '衍生件（如涂黑身份证号的脱敏件）是另一份存证，有自己的摘要，并注明由哪份原件制成。登记后不能更改。',
    en: 'A copy (say with identity numbers blacked out) is a deposit of its own with its own digests, and says which original it was made from. The link can never be changed.',
  },
  derivativeKind: { zh: '衍生件种类', en: 'Kind of copy' },
  method: { zh: '如何制成', en: 'How it was made' },
  methodHint: {
    zh: '例如：用某软件涂黑了第 2 页的身份证号',
    en: 'For example: identity number on page 2 blacked out with …',
  },
  madeFrom: { zh: '原件', en: 'Original' },
  compareTitle: { zh: '比对两件证据', en: 'Compare two items' },
  compareLead: {
    zh: '并排查看权利作品与涉嫌侵权的内容。相似与否由您判断。',
    en: 'Look at the work and at the suspected copy side by side. Whether they are alike is for you to judge.',
  },
  compareOriginal: { zh: '权利作品', en: 'The work' },
  compareSuspect: { zh: '涉嫌侵权的内容', en: 'The suspected copy' },
  compare: { zh: '并排比对', en: 'Compare side by side' },

  // Choosing deposits
  chooseDeposit: { zh: '选择存证', en: 'Choose the deposit' },
  filterDeposits: { zh: '按标题筛选', en: 'Filter by title' },
  moreDeposits: { zh: '更早的存证', en: 'Earlier deposits' },
  noDeposits: { zh: '没有可选的存证。', en: 'There is no deposit to choose.' },

  // Relations
  item: { zh: '证据', en: 'Item' },
  otherItem: { zh: '另一件证据', en: 'Other item' },
  relation: { zh: '关系', en: 'Relation' },
  relationTable: { zh: '印证关系表', en: 'Corroboration table' },
  printTable: { zh: '打印印证关系表', en: 'Print the table' },
  twoItemsNeeded: { zh: '至少要有两件证据。', en: 'At least two items are needed.' },
  addRelation: { zh: '添加印证关系', en: 'Add a relation' },
  standsAlone: { zh: '孤证：与其他证据没有关系', en: 'stands alone: related to no other item' },

  // Deadlines
  deadlineTitle: { zh: '事项', en: 'What is due' },
  dueAt: { zh: '截止时间', en: 'Due' },
  dueAtHint: { zh: '按您设备所在的时区填写。', en: 'In the time zone of your device.' },
  basis: { zh: '依据', en: 'Basis' },
  dueSoon: { zh: '即将到期', en: 'due soon' },
  dueLater: { zh: '未到期', en: 'not yet due' },
  done: { zh: '已完成', en: 'done' },
  markDone: { zh: '标为已完成', en: 'Mark as done' },
  markOpen: { zh: '标为未完成', en: 'Mark as not done' },
  inDays: { zh: '剩余', en: 'left:' },
  sinceDays: { zh: '已逾期', en: 'overdue by' },
  addDeadline: { zh: '添加期限', en: 'Add a deadline' },
  addNote: { zh: '添加备注', en: 'Add a note' },
  noteBody: { zh: '内容', en: 'Note' },
  addRight: { zh: '添加权利', en: 'Add a right' },

  // History
  showHistory: { zh: '显示修改历史', en: 'Show the history' },
  changeBefore: { zh: '原来', en: 'before' },
  changeAfter: { zh: '后来', en: 'after' },
  byKey: { zh: '（API 密钥）', en: '(by an API key)' },
  bySession: { zh: '您的账户', en: 'your account' },

  // Requests
  requests: { zh: '请公证机构或调解组织核验', en: 'Ask a notary or mediator' },
  requestsLead: {
    zh: '选择机构和证据提出申请。机构可以查看所选存证并自行核验；是否受理、出具公证书，由机构决定。拒绝或撤回后，机构不再能查看。',
    en: 'Choose an office and items. The office can then see those deposits and checks them itself; whether it accepts, and whether it issues a deed, is its own decision. If it refuses, or you withdraw, it sees them no more.',
  },
  newRequest: { zh: '新的申请', en: 'New request' },
  office: { zh: '机构', en: 'Office' },
  noOffices: {
    zh: '平台上还没有可申请的机构。可以下载材料包自行送交。',
    en: 'No office can be asked here yet. You can download the packages and take them there yourself.',
  },
  requestItems: { zh: '申请核验的证据', en: 'Items to be verified' },
  requestNoItems: { zh: '请至少选择一件证据。', en: 'Choose at least one item.' },
  subject: { zh: '事由', en: 'Subject' },
  question: { zh: '请机构核验或保全的事项', en: 'What the office is asked to verify or preserve' },
  requestDays: { zh: '机构可查看的天数', en: 'Days the office may see them' },
  requestDaysHint: {
    zh: '不填：直到拒绝、撤回或撤销授权。',
    en: 'If left out: until it refuses, or you withdraw or revoke.',
  },
  submitRequest: { zh: '提交申请', en: 'Submit the request' },
  submitted: { zh: '申请已提交', en: 'The request is submitted' },
  requestState: { zh: '进展', en: 'State' },
  since: { zh: '自', en: 'since' },
  deedNo: { zh: '公证书编号', en: 'Deed no.' },
  deedDigest: { zh: '公证书 SHA-256', en: 'SHA-256 of the deed' },
  refusalReason: { zh: '不予办理的原因', en: 'Reason of the refusal' },
  steps: { zh: '办理步骤', en: 'Steps' },
  answer: { zh: '答复机构', en: 'Answer the office' },
  sendAnswer: { zh: '发送答复', en: 'Send the answer' },
  answerHint: {
    zh: '答复写入步骤，双方可见，不能更改。',
    en: 'It stands among the steps for both sides and cannot be changed.',
  },
  withdraw: { zh: '撤回申请', en: 'Withdraw' },
  withdrawAsk: {
    zh: '撤回后机构不再能查看这些存证，也不能恢复；需要时请重新申请。',
    en: 'The office sees the deposits no more, and a withdrawn request cannot be taken up again; you would ask anew.',
  },
  until: { zh: '可查看至', en: 'may see until' },

  // Sharing
  sharing: { zh: '出示案件', en: 'Show the matter to others' },

  // Received
  receivedTitle: { zh: '收到的材料', en: 'Shown to me' },
  receivedLead: {
    zh: '他人授权您查看的案件和存证。每次查看都会写入保管记录，对方会得知。',
    en: 'Matters and deposits that others let you see. Each look is recorded in their custody, and the other side learns of it.',
  },
  receivedNone: { zh: '目前没有人向您出示材料。', en: 'Nobody shows you anything at present.' },
  invitations: { zh: '发到我邮箱的邀请', en: 'Invitations to my e-mail address' },
  invitationsLead: {
    zh: '如果有人按您的邮箱或本账户编号授权，请在这里领取。授权会归入您当前使用的账户：',
    en: 'If somebody granted something to your e-mail address, or to the number of this account, take it here. It goes to the account in which you act now:',
  },
  takeInvitations: { zh: '领取邀请', en: 'Take invitations' },
  taken: { zh: '已领取授权：', en: 'Grants taken:' },
  noneTaken: {
    zh: '没有待领取的邀请。请确认邮箱已验证，且邀请发给了这个邮箱。',
    en: 'No invitation waits. See that your address is confirmed and that the invitation was sent to it.',
  },
  matter: { zh: '案件', en: 'Matter' },
  from: { zh: '出示人', en: 'Shown by' },
  mayDo: { zh: '您可以', en: 'You may' },
  covers: { zh: '范围', en: 'Covers' },
  receivedUntil: { zh: '截止', en: 'Until' },
  noEnd: { zh: '未设截止时间，可随时被撤销', en: 'no end set; it can be revoked at any time' },
  openRequestLink: { zh: '到工作台办理', en: 'Go to the request on your desk' },
  forRequest: { zh: '随核验申请授权', en: 'given with a request to your office' },
  sideBySide: { zh: '并排阅读', en: 'Read side by side' },
  sideBySideLead: {
    zh: '勾选两个案件，例如双方各自出示的案件，即可并排阅读两份证据目录。',
    en: 'Tick two matters, for instance one from each side, to read their evidence indexes side by side.',
  },
  chooseForSide: { zh: '并排阅读', en: 'Side by side' },
  sideTitle: { zh: '两份证据目录', en: 'Both evidence indexes' },
  openMatterLink: { zh: '打开案件', en: 'Open the matter' },
  openDepositLink: { zh: '打开存证', en: 'Open the deposit' },
  indexAsOf: { zh: '目录时间', en: 'As of' },
  noneDisclosed: { zh: '没有向您披露任何证据。', en: 'No item is disclosed to you.' },
  files: { zh: '文件', en: 'Files' },
  declared: { zh: '仅摘要，平台未见原件', en: 'digest only, the service has not seen the file' },
} satisfies Record<string, Text>;

export const disputeTexts = {
  copyright: { zh: '著作权', en: 'Copyright' },
  trademark: { zh: '商标', en: 'Trade mark' },
  patent: { zh: '专利', en: 'Patent' },
  design: { zh: '外观设计', en: 'Design' },
  'trade-secret': { zh: '商业秘密', en: 'Trade secret' },
  'unfair-competition': { zh: '不正当竞争', en: 'Unfair competition' },
  'plant-variety': { zh: '植物新品种', en: 'Plant variety' },
  'layout-design': { zh: '集成电路布图设计', en: 'Layout design' },
  'domain-name': { zh: '域名', en: 'Domain name' },
  other: { zh: '其他', en: 'Other' },
} satisfies Record<string, Text>;

export const statusTexts = {
  draft: { zh: '草稿', en: 'Draft' },
  open: { zh: '办理中', en: 'Open' },
  closed: { zh: '已结案', en: 'Closed' },
} satisfies Record<string, Text>;

export const statusMeanings = {
  draft: {
    zh: '正在准备；还可以整个删除。',
    en: 'In preparation; it can still be deleted as a whole.',
  },
  open: { zh: '争议进行中；可以修改，不能删除。', en: 'The dispute runs; it can be changed, not deleted.' },
  closed: {
    zh: '已结束；内容不再修改，只有诉讼保留还能更改。',
    en: 'It is over; nothing changes any more except the legal hold.',
  },
} satisfies Record<string, Text>;

export const confidentialityTexts = {
  normal: { zh: '普通', en: 'Normal' },
  confidential: { zh: '保密', en: 'Confidential' },
  'trade-secret': { zh: '商业秘密', en: 'Trade secret' },
} satisfies Record<string, Text>;

export const confidentialityMeanings = {
  normal: { zh: '没有特别限制。', en: 'No particular limits.' },
  confidential: { zh: '请只向必要的人出示。', en: 'Show it only to those who must see it.' },
  'trade-secret': {
    zh: '任何人（包括您自己）都没有预览；链接必须带口令。',
    en: 'No preview for anyone, you included; a link needs a passphrase.',
  },
} satisfies Record<string, Text>;

export const roleTexts = {
  holder: { zh: '权利人', en: 'Right holder' },
  depositor: { zh: '存证人', en: 'Depositor' },
  'capture-operator': { zh: '取证人', en: 'Capture operator' },
  respondent: { zh: '被投诉人', en: 'Respondent' },
} satisfies Record<string, Text>;

export const roleMeanings = {
  holder: {
    zh: '主张拥有权利或获得许可的人。是否属实由裁判者认定。',
    en: 'Who claims to own the right, or to be licensed. Whether that is so is for the court to find.',
  },
  depositor: {
    zh: '把文件交给平台的人或单位；可能是代理人，不一定是权利人。',
    en: 'Who handed the files in to the service: perhaps an agent, not necessarily the right holder.',
  },
  'capture-operator': {
    zh: '实际操作取证（截屏、录像、购买）的人。',
    en: 'Who carried out the capture: took the screenshots, filmed, bought the goods.',
  },
  respondent: {
    zh: '被怀疑的一方。是否侵权尚无结论。',
    en: 'The party that is suspected. Nothing has been found yet.',
  },
} satisfies Record<string, Text>;

export const addRoleTexts = {
  holder: { zh: '添加权利人', en: 'Add a right holder' },
  depositor: { zh: '添加存证人', en: 'Add a depositor' },
  'capture-operator': { zh: '添加取证人', en: 'Add a capture operator' },
  respondent: { zh: '添加被投诉人', en: 'Add a respondent' },
} satisfies Record<string, Text>;

export const partyKindTexts = {
  person: { zh: '个人', en: 'Person' },
  organisation: { zh: '单位', en: 'Organisation' },
  unknown: { zh: '不详', en: 'Unknown' },
} satisfies Record<string, Text>;

export const rightKindTexts = {
  copyright: { zh: '著作权', en: 'Copyright' },
  trademark: { zh: '商标权', en: 'Trade mark' },
  invention: { zh: '发明专利', en: 'Invention patent' },
  'utility-model': { zh: '实用新型专利', en: 'Utility model' },
  design: { zh: '外观设计专利', en: 'Design patent' },
  'trade-secret': { zh: '商业秘密', en: 'Trade secret' },
  'plant-variety': { zh: '植物新品种权', en: 'Plant variety' },
  'layout-design': { zh: '集成电路布图设计', en: 'Layout design' },
  name: { zh: '名称、字号', en: 'Name' },
  other: { zh: '其他', en: 'Other' },
} satisfies Record<string, Text>;

export const proofKindTexts = {
  certificate: { zh: '登记或注册证书', en: 'Certificate of registration' },
  contract: { zh: '合同', en: 'Contract' },
  draft: { zh: '底稿、原稿', en: 'Draft or manuscript' },
  licence: { zh: '授权许可', en: 'Licence' },
  publication: { zh: '发表、出版记录', en: 'Publication' },
  other: { zh: '其他', en: 'Other' },
} satisfies Record<string, Text>;

export const formTexts = {
  original: { zh: '原件', en: 'Original' },
  copy: { zh: '复制件', en: 'Copy' },
  unknown: { zh: '未说明', en: 'Not stated' },
} satisfies Record<string, Text>;

export const disclosureTexts = {
  original: { zh: '存证本身和衍生件', en: 'the deposit itself and its copies' },
  derivative: { zh: '只有衍生件（脱敏件）', en: 'only redacted copies and the like' },
  withheld: { zh: '什么都看不到', en: 'nothing' },
} satisfies Record<string, Text>;

export const relationTexts = {
  corroborates: { zh: '印证', en: 'corroborates' },
  contradicts: { zh: '与之矛盾', en: 'contradicts' },
  continues: { zh: '承接', en: 'continues' },
  'same-act': { zh: '同一行为', en: 'shows the same act as' },
  explains: { zh: '说明', en: 'explains' },
  compares: { zh: '比对', en: 'compares with' },
} satisfies Record<string, Text>;

/** The same relation, seen from the other item. */
export const reverseRelationTexts = {
  corroborates: { zh: '得到印证于', en: 'is corroborated by' },
  contradicts: { zh: '与之矛盾', en: 'is contradicted by' },
  continues: { zh: '下接', en: 'is continued by' },
  'same-act': { zh: '同一行为', en: 'shows the same act as' },
  explains: { zh: '得到说明于', en: 'is explained by' },
  compares: { zh: '比对', en: 'compares with' },
} satisfies Record<string, Text>;

export const derivativeKindTexts = {
  redacted: { zh: '脱敏件', en: 'Redacted copy' },
  excerpt: { zh: '摘录', en: 'Excerpt' },
  translation: { zh: '译文', en: 'Translation' },
  transcript: { zh: '文字整理', en: 'Transcript' },
  enlargement: { zh: '放大件', en: 'Enlargement' },
  other: { zh: '其他', en: 'Other' },
} satisfies Record<string, Text>;

export const requestStateTexts = {
  submitted: { zh: '已提交，等待机构受理', en: 'submitted, waits for the office' },
  accepted: { zh: '机构已受理，正在办理', en: 'accepted, the office works on it' },
  'deed-issued': { zh: '已出具公证书', en: 'deed issued' },
  refused: { zh: '机构不予办理', en: 'refused by the office' },
  withdrawn: { zh: '已撤回', en: 'withdrawn' },
} satisfies Record<string, Text>;

const stepTexts: Record<string, Text> = {
  submitted: { zh: '提交申请', en: 'request submitted' },
  accepted: { zh: '受理', en: 'accepted' },
  'digest-recomputed': { zh: '重新计算摘要', en: 'digests recomputed' },
  'chain-read': { zh: '读取区块链', en: 'chain read' },
  'timestamp-checked': { zh: '核验时间戳', en: 'timestamp checked' },
  'package-verified': { zh: '核验材料包', en: 'package verified' },
  'capture-inspected': { zh: '审查取证过程', en: 'capture inspected' },
  'capture-repeated': { zh: '重新取证', en: 'capture repeated' },
  asked: { zh: '询问', en: 'question' },
  answered: { zh: '答复', en: 'answer' },
  other: { zh: '其他', en: 'other' },
  'deed-issued': { zh: '出具公证书', en: 'deed issued' },
  refused: { zh: '不予办理', en: 'refused' },
  withdrawn: { zh: '撤回申请', en: 'withdrawn' },
};

/** A step that has no words here yet shows its name. */
export function stepText(kind: string): Text {
  return stepTexts[kind] ?? { zh: kind, en: kind };
}

export const officeRoleTexts: Readonly<Record<string, Text>> = {
  notary: { zh: '公证机构', en: "notary's office" },
  mediator: { zh: '调解组织', en: 'mediation office' },
};

export const outcomeTexts = {
  consistent: { zh: '一致', en: 'consistent' },
  inconsistent: { zh: '不一致', en: 'inconsistent' },
  'not-checked': { zh: '未能核验', en: 'could not be checked' },
} satisfies Record<string, Text>;

const partTexts: Record<string, Text> = {
  matter: { zh: '案件概况', en: 'the matter' },
  party: { zh: '当事人', en: 'party' },
  right: { zh: '权利', en: 'right' },
  proof: { zh: '权利凭证', en: 'proof of a right' },
  item: { zh: '证据', en: 'item' },
  relation: { zh: '印证关系', en: 'relation' },
  note: { zh: '备注', en: 'note' },
  deadline: { zh: '期限', en: 'deadline' },
  order: { zh: '证据顺序', en: 'order of the items' },
};

export function partText(part: string): Text {
  return partTexts[part] ?? { zh: part, en: part };
}

/** Fields that the history tells of, by their names. */
export const historyFieldTexts: Readonly<Record<string, Text>> = {
  title: matterTexts.title,
  status: matterTexts.status,
  dispute: matterTexts.dispute,
  confidentiality: matterTexts.confidentiality,
  legalHold: matterTexts.legalHold,
  legalHoldReason: matterTexts.holdReason,
  summary: matterTexts.summary,
  name: matterTexts.name,
  representedBy: matterTexts.representedBy,
  identifier: matterTexts.identifier,
  contact: matterTexts.contact,
  registrationNo: matterTexts.registrationNo,
  validFrom: matterTexts.validFrom,
  validUntil: matterTexts.validUntil,
  issue: matterTexts.issue,
  source: matterTexts.source,
  proofPurpose: matterTexts.proofPurpose,
  pages: matterTexts.pages,
  body: matterTexts.noteBody,
  dueAt: matterTexts.dueAt,
  doneAt: matterTexts.done,
  basis: matterTexts.basis,
  remark: matterTexts.remark,
};

export const changeTexts = {
  created: { zh: '新增', en: 'added' },
  changed: { zh: '修改', en: 'changed' },
  removed: { zh: '移除', en: 'removed' },
} satisfies Record<string, Text>;

export const coverageTexts = {
  disclosed: {
    zh: '案件向查看人披露的内容（见每件证据的“查看人能看到”）',
    en: 'what the matter discloses to readers (see "Readers see" of each item)',
  },
  everything: {
    zh: '案件中的全部存证，包括不披露的（供主管机关）',
    en: 'all deposits of the matter, withheld ones too (for an authority)',
  },
} satisfies Record<string, Text>;
