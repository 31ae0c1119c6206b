import type { RequestState } from '../request-answers.ts';
import type { Text } from '../texts.ts';

/** Every word of the first page. */
export const homeTexts = {
  // Whoever is not signed in
  visitorTitle: { zh: '为知识产权维权保全电子证据', en: 'Preserve electronic evidence of IP infringement' },
  what: {
    zh: '您提交文件，平台计算摘要并加密保存原件。文件的承诺值写入只增不改的日志，再由区块链和时间戳作证。几分钟后您得到一份证书，公证人、调解员、法官无需注册、无需联网、也无需相信本平台，就能自行核验。',
    en: 'You hand in files; the service computes their digests and keeps the originals encrypted. A commitment to them goes into a log that can only grow, witnessed by a blockchain and by timestamps. Minutes later you have a certificate that a notary, mediator or judge checks alone: without an account, without a network, and without trusting this service.',
  },
  forWhomTitle: { zh: '谁会用到', en: 'For whom' },
  forHolders: {
    zh: '权利人及其代理人：保全网页、照片、视频、文书等证据，汇入案件，交给公证、调解或诉讼。',
    en: 'Right holders and their agents: preserve pages, photographs, videos and papers, gather them in a matter, and take them to a notary, a mediator or a court.',
  },
  forReaders: {
    zh: '公证人、调解员、法官、执法人员：核对手中的文件与证书，看清哪些得到证明、哪些只是陈述。',
    en: 'Notaries, mediators, judges, enforcement officers: compare the file in hand with its certificate, and see what is proved and what is only stated.',
  },
  forOpponents: {
    zh: '对方当事人及其专家：用同样的工具独立核验，找出欠缺之处。',
    en: 'The opposing party and its expert: check independently with the same tools, and find what is missing.',
  },
  provesTitle: { zh: '能够证明', en: 'What it shows' },
  provesExisted: {
    zh: '这份文件在某一时间之前已经存在，并且此后没有改变。',
    en: 'This exact file existed by a certain time and has not changed since.',
  },
  provesReceived: {
    zh: '平台何时从哪个存证人收到它（或只收到它的摘要），身份以何种方式核验过：这些是平台的陈述。',
    en: "When the service received it, or its digest alone, from which depositor, and how his identity was checked: this much is the operator's statement.",
  },
  provesNotTitle: { zh: '不能证明', en: 'What it does not show' },
  provesNotTrue: { zh: '内容是否真实。', en: 'That the content is accurate.' },
  provesNotRight: {
    zh: '谁是作者或权利人，文件何时制作，对方是否侵权。',
    en: 'Who made it or owns the rights, when it was made, or whether anyone infringes.',
  },
  provesNotAccepted: {
    zh: '法院、公证机构或主管机关是否采信，由其自行判断。',
    en: 'What weight a court, notary or authority gives it: that is for them to judge.',
  },
  visitorActs: { zh: '从这里开始', en: 'Start here' },
  signIn: { zh: '登录', en: 'Sign in' },
  signUp: { zh: '注册', en: 'Create an account' },
  verify: { zh: '核验文件或证书', en: 'Verify something' },
  read: { zh: '阅读一份证书', en: 'Read a certificate' },
  noAccountNeeded: {
    zh: '核验和阅读不需要账号，文件不会离开您的电脑。',
    en: 'Verifying and reading need no account, and no file leaves your computer.',
  },

  // Whoever is signed in
  title: { zh: '接下来做什么', en: 'What to do next' },
  actingFor: { zh: '当前账户：', en: 'You act for' },
  handIn: { zh: '提交新的存证', en: 'Hand in something new' },
  verifyMany: { zh: '批量核验', en: 'Verify many at once' },
  unavailable: { zh: '这一部分暂时读不到。', en: 'This part cannot be read at the moment.' },
  all: { zh: '查看全部', en: 'See all' },

  // Right holders
  firstTitle: { zh: '第一步', en: 'The first step' },
  firstLead: {
    zh: '您还没有存证。选择一个文件，写下它的来源，核对后提交；几分钟后即可下载证书。',
    en: 'You have no deposits yet. Choose a file, say where it comes from, check, and hand it in; minutes later its certificate can be downloaded.',
  },
  onTheWayTitle: { zh: '办理中的存证', en: 'Deposits on their way' },
  onTheWayNone: { zh: '没有办理中的存证。', en: 'None is on its way.' },
  safeNow: { zh: '现状：', en: 'Now:' },
  finalAt: { zh: '最终确认：', en: 'Final:' },
  heldUp: { zh: '受阻：', en: 'Held up:' },
  uploadsTitle: { zh: '还没有传完的原件', en: 'Originals that have not arrived' },
  uploadsLead: {
    zh: '摘要已经存证，时间不受影响。在提交页再次选择同样的文件，会从中断处继续。',
    en: 'Their digests are deposited and the time is fixed. Choose the same files again on the hand-in page, and they go on where they stopped.',
  },
  uploadFiles: { zh: '文件数：', en: 'files:' },
  uploadArrived: { zh: '已送达', en: 'arrived:' },
  uploadUntil: { zh: '保留至', en: 'kept until' },
  uploadContinue: { zh: '继续上传', en: 'Go on with the upload' },
  certificatesTitle: { zh: '可以下载的证书', en: 'Certificates to download' },
  certificatesNone: { zh: '还没有证书。', en: 'No certificate yet.' },
  issuedAt: { zh: '签发于', en: 'issued' },
  handOversTitle: { zh: '等您确认的移交', en: 'Hand-overs that wait for you' },
  handOversGivenTitle: { zh: '等待对方确认的移交', en: 'Hand-overs that wait for the receiver' },
  handOverForMe: { zh: '移交人：', en: 'given by' },
  handOverByMe: { zh: '接收人：', en: 'to' },
  handOverUntil: { zh: '有效期至', en: 'until' },
  openHandOvers: { zh: '去确认', en: 'Confirm' },
  deadlinesTitle: { zh: '即将到期', en: 'Deadlines soon' },
  overdue: { zh: '已过期', en: 'overdue' },
  dueAt: { zh: '到期', en: 'due' },
  requestsTitle: { zh: '向公证、调解机构的申请', en: 'Requests to offices' },

  // Offices
  deskTitle: { zh: '新的核验申请', en: 'New requests' },
  deskNone: {
    zh: '没有等待受理的申请。手上有别处得到的证书或材料包，可以直接核验。',
    en: 'No request waits. A certificate or package that reached you otherwise can be verified at once.',
  },
  deskAcceptedTitle: { zh: '已受理、尚未办结', en: 'Accepted and not finished' },
  depositsInIt: { zh: '存证数：', en: 'deposits:' },

  // Readers
  receivedTitle: { zh: '他人授权给我的', en: 'Shared with me' },
  receivedNone: {
    zh: '目前没有人授权给您。收到链接的，请直接打开链接；手上有证书的，可以直接核验。',
    en: 'Nothing is shared with you at the moment. If you were sent a link, open it; if you have a certificate, verify it.',
  },
  receivedFrom: { zh: '授权人：', en: 'from' },
  receivedUntil: { zh: '至', en: 'until' },
  aDeposit: { zh: '存证', en: 'deposit' },
  aMatter: { zh: '案件', en: 'matter' },

  // Whoever runs the service
  alarmsTitle: { zh: '未解除的警报', en: 'Open alarms' },
  alarmsNone: { zh: '没有未解除的警报。', en: 'No alarm is open.' },
  toOperation: { zh: '平台运行', en: 'Operation' },

  newsTitle: { zh: '最近的消息', en: 'Lately' },
} satisfies Record<string, Text>;

export const requestStateTexts: Record<RequestState, Text> = {
  submitted: { zh: '等待受理', en: 'waits for the office' },
  accepted: { zh: '已受理', en: 'accepted' },
  'deed-issued': { zh: '已出具公证书', en: 'a deed was issued' },
  refused: { zh: '不予办理', en: 'refused' },
  withdrawn: { zh: '已撤回', en: 'withdrawn' },
};
