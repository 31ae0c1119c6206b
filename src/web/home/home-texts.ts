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
    zh: '平台何时从哪个存证人收到它（或只收到它的摘要），身份以何种方式核验过。',
    en: 'When the service received it, or its digest alone, from which depositor, and how his identity was checked: this much is the operator’s statement.',
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
  handIn: { zh: '提交新的存证', en: 'Hand in something new' },
} satisfies Record<string, Text>;
