import type { InspectedKind } from '../format/inspection.ts';
import type { ThingKind } from '../verify/inspect/recognise.ts';
import { wordingOfKind } from '../verify/inspect/summary.ts';

/** One text in both languages. */
export interface Text {
  zh: string;
  en: string;
}

/** Every word of the pages that is not the report's own (`verify/wording.ts`). Written for the person who reads it. */
export const texts = {
  switchTo: { zh: '中文', en: 'English' },
  productName: { zh: '铁证', en: 'Tiezheng' },
  productLine: { zh: '电子证据存证', en: 'evidence preservation' },
  skipToContent: { zh: '跳到正文', en: 'Skip to the content' },
  mainNavigation: { zh: '主导航', en: 'Main navigation' },
  evaluationTitle: { zh: '评估环境', en: 'Evaluation' },
  evaluationBanner: {
    zh: '这是评估环境：密钥、区块链和时间都由本机自己产生，不能作为证据使用。',
    en: 'This is an evaluation: its keys, its chain and its times are made by this computer alone. Nothing here can serve as evidence.',
  },
  notFound: { zh: '没有这个页面。', en: 'There is no such page.' },
  chooseFiles: { zh: '选择文件', en: 'Choose files' },
  chooseFile: { zh: '选择文件', en: 'Choose a file' },
  chooseFolder: { zh: '选择文件夹', en: 'Choose a folder' },
  remove: { zh: '移除', en: 'Remove' },
  removeAll: { zh: '全部移除', en: 'Remove all' },
  copy: { zh: '复制', en: 'Copy' },
  copied: { zh: '已复制', en: 'Copied' },
  cancel: { zh: '取消', en: 'Cancel' },
  tryAgain: { zh: '重试', en: 'Try again' },
  loading: { zh: '正在读取……', en: 'Loading …' },
  pageNotShown: { zh: '此页面未能打开', en: 'This page could not be opened' },
  pageNotShownWhy: {
    zh: '可能是网络中断，或本站刚刚更新。已经提交的内容不受影响。',
    en: 'The connection may have been lost, or the site was renewed meanwhile. What was handed in is not affected.',
  },
  loadAnew: { zh: '重新载入', en: 'Load again' },
  notProvided: { zh: '未提供', en: 'not provided' },
  none: { zh: '无', en: 'none' },

  // Navigation
  menu: { zh: '菜单', en: 'Menu' },
  navHome: { zh: '首页', en: 'Home' },
  navHandIn: { zh: '提交存证', en: 'Hand in' },
  navDeposits: { zh: '我的存证', en: 'My deposits' },
  navVerify: { zh: '核验', en: 'Verify' },

  // Signing in
  signInTitle: { zh: '请先登录', en: 'Please sign in first' },
  signInByLink: {
    zh: '打开服务启动时显示的一次性登录链接，或输入 API 密钥。核验不需要登录。',
    en: 'Open the one-time sign-in link that the service printed when it started, or enter an API key. Verification needs no sign-in.',
  },
  apiKey: { zh: 'API 密钥', en: 'API key' },
  apiKeyKept: {
    zh: '密钥只保存在这个浏览器标签页中，关闭后即清除。',
    en: 'The key is kept in this browser tab only and forgotten when you close it.',
  },
  apiKeyWrong: { zh: '服务不认识这个密钥。', en: 'The service does not know this key.' },
  signIn: { zh: '登录', en: 'Sign in' },
  signOut: { zh: '退出', en: 'Sign out' },
  signedInAs: { zh: '已登录：', en: 'Signed in as' },

  // Hand in
  handInTitle: { zh: '提交文件存证', en: 'Hand in files' },
  handInLead: {
    zh: '平台在接收时计算每个文件的 SHA-256 和 SM3 摘要，加密保存原件，并把不含个人信息的承诺值写入只增不改的日志。',
    en: 'While your files arrive, the service computes their SHA-256 and SM3 digests, keeps the originals encrypted, and writes a commitment without personal data into a log that can only grow.',
  },
  filesLabel: { zh: '要存证的文件', en: 'Files to preserve' },
  filesHint: {
    zh: '把文件或文件夹拖到这里，或用按钮选择。请提交原件，不要先压缩、裁剪或转换。',
    en: 'Drop files or folders here, or choose them. Hand in originals: do not compress, crop or convert them first.',
  },
  filesChosen: { zh: '已选文件', en: 'Chosen files' },
  statementTitle: { zh: '存证说明（均可不填）', en: 'Statement (everything optional)' },
  statementLead: {
    zh: '您填写的内容会作为“存证人陈述”写入证书，平台不核实。没有填写的项目会印为“未提供”。',
    en: 'What you write here is printed on the certificate as the depositor\'s statement; the service does not check it. What you leave out is printed as "not provided".',
  },
  handIn: { zh: '提交存证', en: 'Hand in' },
  handInNoFiles: { zh: '请先选择至少一个文件。', en: 'Choose at least one file first.' },
  uploading: { zh: '正在上传', en: 'Uploading' },
  uploadedWaiting: {
    zh: '文件已全部送达，正在写入日志……',
    en: 'All files have arrived; they are being written into the log …',
  },
  uploadStays: { zh: '上传期间请不要关闭本页。', en: 'Please keep this page open while it uploads.' },
  uploadCancelled: { zh: '上传已取消，没有保存任何内容。', en: 'The upload was cancelled; nothing was kept.' },
  handInFailed: { zh: '没有存证成功', en: 'Nothing was deposited' },
  again: {
    zh: '重试是安全的：同一次提交不会产生两份存证。',
    en: 'Trying again is safe: one hand-in never becomes two deposits.',
  },

  takePhoto: { zh: '拍照或录像', en: 'Take a photo or video' },

  // Handing in much: digests first, content later
  largeNote: {
    zh: '文件较大或较多：将先在您的设备上计算摘要并立即存证，时间随即固定；原件随后在后台上传，可以暂停，断线或关闭页面后可以续传。',
    en: 'These files are large or many: their digests are computed on your device and deposited at once, so that the time is fixed; the originals are uploaded afterwards, can be paused, and go on after a lost connection or a closed page.',
  },
  largeTitle: { zh: '先存摘要，再传原件', en: 'Digests first, originals after' },
  largeTooMany: { zh: '一次最多存证的文件数：', en: 'Files at a time, at most:' },
  largeHashing: { zh: '正在您的设备上计算摘要', en: 'Computing digests on your device' },
  largeDepositing: { zh: '正在存证摘要……', en: 'Depositing the digests …' },
  largeStopped: { zh: '摘要没有存证成功', en: 'The digests were not deposited' },
  largeUploading: {
    zh: '摘要已存证，时间已固定。正在上传原件；您可以离开本页，但请不要关闭浏览器标签页。',
    en: 'The digests are deposited and the time is fixed. The originals are being uploaded; you may go to other pages here, but keep the browser tab open.',
  },
  largeDone: { zh: '全部完成', en: 'Everything is done' },
  largeDoneWithFaults: {
    zh: '摘要均已存证，但有些原件没有送达。',
    en: 'All digests are deposited, but some originals did not arrive.',
  },
  largeResume: {
    zh: '如果页面被关闭：再次选择同样的文件，会从中断处继续，不会产生新的存证。',
    en: 'If the page is closed: choose the same files again, and they go on where they stopped, without a new deposit.',
  },
  largeNew: { zh: '继续提交其他文件', en: 'Hand in something else' },
  largeFiles: { zh: '各文件的进度', en: 'Progress of each file' },
  largeReceivedCount: { zh: '已收讫', en: 'Received' },
  pause: { zh: '暂停', en: 'Pause' },
  paused: { zh: '已暂停', en: 'Paused' },
  resume: { zh: '继续', en: 'Resume' },
  phaseWaiting: { zh: '等待', en: 'waiting' },
  phaseHashing: { zh: '计算摘要', en: 'computing digests' },
  phaseHashed: { zh: '摘要已算出', en: 'digests computed' },
  phaseDeposited: { zh: '摘要已存证，等待上传', en: 'digests deposited, upload waits' },
  phaseUploading: { zh: '上传中', en: 'uploading' },
  phaseChecking: { zh: '平台正在核对', en: 'the service checks it' },
  phaseReceived: { zh: '已收讫并核对一致', en: 'received and found the same' },
  phaseFailed: { zh: '未完成', en: 'not done' },
  uploadOpen: {
    zh: '原件尚未全部送达。在提交页再次选择该文件即可续传。已送达：',
    en: 'The original has not arrived in full. Choose the file again on the hand-in page to go on. Arrived:',
  },
  uploadRefused: {
    zh: '送达的内容与已存证的摘要不符，已丢弃；本存证仍为仅摘要存证。',
    en: 'What arrived was not what the deposited digests say and was dropped; the deposit stays one of digests.',
  },
  uploadExpired: {
    zh: '原件在期限内没有送达；可以再次上传。',
    en: 'The original did not arrive in time; it can be uploaded again.',
  },

  fileEmpty: { zh: '空文件不能存证，请移除：', en: 'Empty files cannot be deposited; remove:' },
  fileTooLarge: { zh: '文件超过上限：', en: 'Larger than the limit of' },

  // Statement fields
  fieldTitle: { zh: '存证名称', en: 'Title' },
  fieldKind: { zh: '证据类型', en: 'Kind of evidence' },
  fieldSource: { zh: '来源', en: 'Source' },
  fieldSourceHint: {
    zh: '网址、平台、店铺、账号、订单号、地点等',
    en: 'address, platform, shop, account, order number, place …',
  },
  fieldCapturedFrom: { zh: '取证开始时间', en: 'Captured from' },
  fieldCapturedUntil: { zh: '取证结束时间', en: 'Captured until' },
  fieldCapturedHint: { zh: '按您电脑的时区填写', en: "in your computer's time zone" },
  fieldMethod: { zh: '取证方式', en: 'Method' },
  fieldTool: { zh: '取证工具及版本', en: 'Tool and version' },
  fieldPurpose: { zh: '证明目的', en: 'Purpose of proof' },
  fieldCaptureOperator: { zh: '取证人', en: 'Capture operator' },
  fieldRightHolder: { zh: '权利人', en: 'Right holder' },
  fieldRights: { zh: '权利类型及凭证', en: 'Rights and their proof' },
  capturedOrder: {
    zh: '取证结束时间早于开始时间。',
    en: 'The capture ends before it begins.',
  },
  kindNone: { zh: '不填', en: 'not provided' },

  // Deposit
  depositsTitle: { zh: '我的存证', en: 'My deposits' },
  depositsEmpty: { zh: '还没有存证。', en: 'No deposits yet.' },
  depositsMore: { zh: '更早的存证', en: 'Earlier deposits' },
  depositTitle: { zh: '存证', en: 'Deposit' },
  depositNo: { zh: '存证编号', en: 'Deposit no.' },
  depositId: { zh: '存证标识', en: 'Deposit id' },
  depositUntitled: { zh: '未命名存证', en: 'Untitled deposit' },
  depositState: { zh: '状态', en: 'State' },
  depositFiles: { zh: '文件', en: 'Files' },
  depositProgress: { zh: '进度', en: 'Progress' },
  depositTimes: { zh: '三个时间', en: 'Three times' },
  depositPersons: { zh: '四方', en: 'Four parties' },
  depositStatement: { zh: '存证说明', en: 'Statement' },
  depositDownloads: { zh: '下载', en: 'Downloads' },
  depositPolling: {
    zh: '页面会自动更新，可以关闭后再回来。',
    en: 'This page updates itself; you may close it and come back.',
  },
  pollFailed: {
    zh: '暂时联系不到服务，页面会继续尝试。',
    en: 'The service cannot be reached at the moment; the page keeps trying.',
  },
  depositUnavailable: { zh: '无法显示存证', en: 'The deposit cannot be shown' },
  chainsTitle: { zh: '各条链的进度', en: 'Each chain' },
  heldUp: { zh: '受阻：', en: 'Held up:' },
  stepReceived: { zh: '平台已接收', en: 'Received' },
  stepLogged: { zh: '已写入日志', en: 'In the log' },
  stepPublished: { zh: '已公布', en: 'Published' },
  stepAnchored: { zh: '已上链', en: 'Anchored' },
  stepCertified: { zh: '已出证', en: 'Certified' },
  stepReceivedMeans: {
    zh: '全部文件已完整接收并计算摘要。',
    en: 'All files arrived whole and their digests were computed.',
  },
  stepLoggedMeans: {
    zh: '存证承诺已写入日志，并由日志密钥签名；回执即凭此签发。',
    en: "The commitment is in the log and signed with the log's key; the receipt rests on this.",
  },
  stepPublishedMeans: {
    zh: '包含本存证的日志状态已对外公布，任何人可以保存。',
    en: 'A state of the log that covers this deposit is public; anyone can keep it.',
  },
  stepAnchoredMeans: {
    zh: '该日志状态已写入区块链合约，并已最终确认。',
    en: "That state is in the chain's contract, in a block that is final.",
  },
  stepCertifiedMeans: {
    zh: '证书已签发；签发前已用核验程序检查。',
    en: 'The certificate is issued; the verifier checked it before.',
  },
  statusDone: { zh: '完成', en: 'done' },
  statusWaiting: { zh: '等待中', en: 'waiting' },
  statusNow: { zh: '进行中', en: 'in progress' },
  timeCapture: { zh: '取证时间（存证人自述）', en: 'Capture (as the depositor says)' },
  timeReceived: { zh: '平台接收时间（平台时钟）', en: "Received (the operator's clock)" },
  timeProved: { zh: '链上证明时间（区块时间）', en: 'Proved on the chain (block time)' },
  timeProvedHint: {
    zh: '区块时间取自证书所附区块头；该区块是否属于公认的链、该链是否独立于平台，请用核验页和您自己的信任策略判断。',
    en: 'Block time as the header in the certificate says it. Whether the block belongs to the chain, and whether the chain is independent of the operator, is for the verification page and your own trust policy to judge.',
  },
  timePending: { zh: '尚无，等待上链', en: 'none yet, waiting for the chain' },
  personHolder: { zh: '权利人（自述）', en: 'Right holder (declared)' },
  personDepositor: { zh: '存证人', en: 'Depositor' },
  personCapturer: { zh: '取证人（自述）', en: 'Capture operator (declared)' },
  personOperatorIs: {
    zh: '出证后载于证书',
    en: 'named on the certificate',
  },
  identityCheck: { zh: '身份核验', en: 'identity check' },
  identityNotChecked: { zh: '未核验', en: 'not checked' },
  sha256: { zh: 'SHA-256', en: 'SHA-256' },
  sm3: { zh: 'SM3', en: 'SM3' },
  personOperator: { zh: '平台运营方', en: 'Operator of the service' },
  fileName: { zh: '文件名', en: 'Name' },
  fileSize: { zh: '大小', en: 'Size' },
  fileType: { zh: '格式', en: 'Type' },
  fileOriginal: { zh: '下载原件', en: 'Download original' },
  fileProofComplete: { zh: '下载 OpenTimestamps 证明', en: 'Download OpenTimestamps proof' },
  fileProofPending: {
    zh: '下载 OpenTimestamps 证明（待比特币区块）',
    en: 'Download OpenTimestamps proof (awaits a Bitcoin block)',
  },
  filePreview: { zh: '预览图（不是原件）', en: 'Preview (not the original)' },
  fileDeclared: {
    zh: '递交时仅提交了摘要，平台记录时没有见过该文件。',
    en: 'Only a digest was handed in; the service had not seen the file when it recorded it.',
  },
  downloadReceipt: { zh: '存证回执（JSON）', en: 'Receipt (JSON)' },
  downloadCertificatePdf: { zh: '证书（PDF）', en: 'Certificate (PDF)' },
  downloadCertificateJson: { zh: '证书（JSON）', en: 'Certificate (JSON)' },
  downloadPackage: { zh: '完整材料包（ZIP）', en: 'Full package (ZIP)' },
  downloadLater: { zh: '出证后可下载', en: 'available once certified' },
  downloadFailed: { zh: '下载没有成功', en: 'The download failed' },
  downloadHint: {
    zh: '请自行保存回执和材料包：核验时不需要本平台。',
    en: 'Keep the receipt and the package yourself: verification does not need this service.',
  },
  notAuthor: {
    zh: '存证说明某文件在某时已存在且未改变；不说明内容真实，也不说明谁是作者或权利人。',
    en: 'A deposit shows that a file existed by a certain time and has not changed since. It does not show that the content is accurate, nor who is its author or right holder.',
  },

  // Verification
  verifyTitle: { zh: '核验', en: 'Verification' },
  verifyLead: {
    zh: '所有文件只在您的电脑上读取和计算，不会上传到任何地方。',
    en: 'Everything is read and computed on your computer. Nothing is uploaded.',
  },
  verifyOfflineFile: {
    zh: '这是离线核验页：它不发出任何网络请求，断网时同样可用。',
    en: 'This is the offline verification page: it makes no network request and works without a network.',
  },
  verifyGetOffline: {
    zh: '若不想依赖本网站，请下载离线核验页 verify.html，并比对其 SHA-256：',
    en: 'So as not to depend on this site, download the offline page verify.html and compare its SHA-256:',
  },
  verifySubject: { zh: '1. 要核验的材料', en: '1. What to verify' },
  verifySubjectHint: {
    zh: '拖入证书（JSON 或 PDF）、材料包（ZIP）、回执或移交回执；也可以是其他机构的材料：已签名的 PDF、时间戳（.tsr、.tst）、.ots、.tlog-proof、BagIt 包（ZIP）。可以把所有文件一起拖到这里，本页按内容自行区分。',
    en: 'Drop a certificate (JSON or PDF), a package (ZIP), a receipt or the receipt of a hand-over, or something of another service: a signed PDF, a timestamp (.tsr, .tst), .ots, .tlog-proof, a BagIt ZIP. You may drop everything here at once; the page tells things apart by content.',
  },
  verifyOriginals: { zh: '2. 原始文件', en: '2. Original files' },
  verifyOriginalsHint: {
    zh: '拖入您手上的原始文件，与证书或证明比对。材料包已含原件时不必再选。',
    en: 'Drop the original files you hold, to compare them with the certificate or proof. Not needed if the package contains them.',
  },
  verifyPolicy: { zh: '3. 您信任谁', en: '3. Whom do you trust?' },
  verifyPolicyHint: {
    zh: '信任策略是一个文件，写明您认可哪些日志密钥、印章、链和区块。它应当来自您信任的机构，不应来自被核验的材料。没有策略时，只能检查材料自身是否一致。策略若由机构签名，请把签名人的证书（PEM 或 DER）一起拖入。',
    en: "A trust policy is a file naming the log keys, seals, chains and blocks that you accept. It should come from an office you trust, never from the material being checked. Without one, only consistency in itself can be checked. If an office has signed the policy, drop the signer's X.509 certificate (PEM or DER) together with it.",
  },
  verifyBlocks: { zh: '我已自行确认的区块哈希（可不填）', en: 'Block hashes that I confirmed myself (optional)' },
  verifyBlocksHint: {
    zh: '在您选择的节点或区块浏览器上查到该区块后，把区块哈希填在这里，每行一个，写法如 eip155:1/0x…（1 是链的编号）。只写 0x… 时，区块的时间不算独立证明，因为没有写明您是在哪条链上查到的。',
    en: "Look the block up at a node or block explorer of your choice, then enter its hash, one per line, as eip155:1/0x… (1 is the chain's number). With 0x… alone its time does not count as independent, since that does not say on which chain you saw it.",
  },
  verifyBlocksWrong: {
    zh: '应为 0x 加 64 位十六进制数字，前面可写链，如 eip155:1/：',
    en: 'Expected 0x and 64 hex digits, with a chain such as eip155:1/ before it if you like:',
  },
  verifyStart: { zh: '开始核验', en: 'Verify' },
  verifyNoSubject: { zh: '请先选择要核验的材料。', en: 'Choose what to verify first.' },
  verifyNoPolicyChosen: {
    zh: '未选择信任策略',
    en: 'No trust policy chosen',
  },
  verifyRunning: { zh: '正在核验……', en: 'Verifying …' },
  verifyReading: { zh: '正在读取', en: 'Reading' },
  verifyHashing: { zh: '正在计算摘要', en: 'Computing digests' },
  verifyHashed: { zh: '摘要已算出', en: 'digests computed' },
  verifyDone: { zh: '核验完成，结果在下方。', en: 'Verification finished; the result is below.' },
  verifyAgain: {
    zh: '输入已改变，请重新核验。',
    en: 'The input has changed: verify again.',
  },
  verifyUnusable: { zh: '无法核验这些材料', en: 'This material cannot be verified' },
  verifyNotUsed: {
    zh: '一次只核验一份存证文书，未使用：',
    en: 'One certificate or receipt is verified at a time; not used:',
  },
  reportTitle: { zh: '核验报告', en: 'Verification report' },
  ladderTitle: { zh: '分项回答', en: 'The answers, one by one' },
  ladderSettles: { zh: '怎样解决：', en: 'What would settle it:' },
  ladderRestsOn: { zh: '依据：', en: 'Rests on:' },
  inspectionTitle: { zh: '他方材料的核验报告', en: 'Report on something that is not ours' },
  handOverReportTitle: { zh: '移交回执核验报告', en: 'Report on a hand-over' },
  inspectionDigest: { zh: '材料摘要（SHA-256）', en: 'Digest of the material (SHA-256)' },
  inspectionTimes: { zh: '已证明的时间', en: 'Times proved' },
  inspectionNotAfter: { zh: '最迟于此时已经存在', en: 'existed no later than' },
  inspectionIndependent: { zh: '独立', en: 'independent' },
  inspectionNotIndependent: { zh: '非独立', en: 'not independent' },
  inspectionChecks: { zh: '逐项核验', en: 'Every check' },
  inspectionStatements: { zh: '仅为材料自身的陈述，未经证明', en: 'Only stated by the thing itself, not proved' },
  reportSubject: { zh: '被核验文书', en: 'Document verified' },
  reportCertificateNo: { zh: '证书编号', en: 'Certificate no.' },
  reportDigest: { zh: '文书摘要（SHA-256，不含签章）', en: 'Digest of the document (SHA-256, without seals)' },
  reportPolicy: { zh: '信任策略摘要（SHA-256）', en: 'Digest of the trust policy (SHA-256)' },
  reportVerifier: { zh: '核验程序', en: 'Verifier' },
  reportTool: {
    zh: '本页文件 verify.html 的 SHA-256（本页自行计算）',
    en: 'SHA-256 of this file, verify.html (as it computes itself)',
  },
  reportToolHint: {
    zh: '被改动过的页面可以显示任意数字。请另用 sha256sum、certutil 等工具计算本文件，并与从别处取得的公布值比对。',
    en: "An altered page could show any number. Compute this file's SHA-256 with another tool (sha256sum, certutil) and compare it with the published value obtained elsewhere.",
  },
  reportToolSite: { zh: '本网站的在线核验页', en: 'the online page of this site' },
  reportConclusion: { zh: '结论', en: 'Conclusion' },
  reportUnmet: { zh: '策略要求但尚未通过的项目', en: 'Required by the policy and not passed' },
  confirmBlocksTitle: { zh: '请您自行确认的区块', en: 'Blocks for you to confirm' },
  confirmBlocksLead: {
    zh: '整份证据最终归结到下面的区块哈希。请在您自己选择的节点或区块浏览器上，到所写的那条链按区块高度查询；哈希一致时再点“我已确认”，然后重新核验。',
    en: 'The whole proof comes down to these block hashes. Look each one up on the chain named, by its number, at a node or block explorer of your own choice; if the hash is the same, press the button and verify again.',
  },
  confirmBlock: { zh: '我已确认', en: 'I have confirmed it' },
  blockNumber: { zh: '区块', en: 'block' },
  panelSinceLead: {
    zh: '以下各项可由任何人重新计算。',
    en: 'Anyone can compute these again.',
  },
  panelBeforeLead: {
    zh: '以下各项没有任何链能够证明，须由当事人另行说明和举证。',
    en: 'No chain can show any of these; they must be explained and shown by other means.',
  },
  statementsTitle: { zh: '陈述（未经证明）', en: 'Statements (not proved)' },
  statementsOperator: { zh: '平台运营方的陈述', en: 'What the operator says' },
  statementsDepositor: { zh: '存证人的陈述', en: 'What the depositor says' },
  limitsTitle: { zh: '证明范围与局限', en: 'Scope and limits' },
  print: { zh: '打印报告', en: 'Print the report' },
  downloadReport: { zh: '下载报告（JSON）', en: 'Download the report (JSON)' },
  timeTitle: { zh: '时间区间', en: 'The time bracket' },
  timeRecord: { zh: '存证记录', en: 'The record' },
  timeFile: { zh: '文件', en: 'The file' },
  timeT0: { zh: 'T₀ 不早于', en: 'T₀ not before' },
  timeT1: { zh: 'T₁ 平台接收', en: 'T₁ received' },
  timeT2: { zh: 'T₂ 不晚于', en: 'T₂ not after' },
  timeT0Means: {
    zh: '存证记录中写有这个区块的哈希，因此记录在此之后形成。',
    en: "The record contains this block's hash, so it was assembled after it.",
  },
  timeT1Means: { zh: '平台自己的时钟，无独立证明。', en: "The operator's own clock; nothing outside proves it." },
  timeT2Means: {
    zh: '最早得到确认的证明：文件在此时已经存在（区块时间以整秒计）。',
    en: 'The earliest confirmed proof: the file existed by then (blocks count whole seconds).',
  },
  timeUnknown: { zh: '未能确认', en: 'could not be confirmed' },
  timeIndependent: { zh: '独立', en: 'independent' },
  timeNotIndependent: { zh: '不独立于平台', en: 'not independent of the operator' },
  timeFileBar: {
    zh: '何时制作：无从得知 → T₂ 时已存在',
    en: 'when it was made: unknown → existed by T₂',
  },
  timeFileBarUnknown: { zh: '尚无得到确认的时间', en: 'no confirmed time' },
  timeWordOnly: { zh: '仅有平台陈述', en: "operator's word only" },
  timeNotToScale: { zh: '示意图，不按比例。', en: 'Not to scale.' },

  // Errors that arise in the browser
  errorNetwork: {
    zh: '联系不到服务，请检查网络后重试。',
    en: 'The service could not be reached. Check the connection and try again.',
  },
  errorUnexpected: {
    zh: '发生了意外错误，请重试；若仍不行，请把错误代码告诉平台。',
    en: 'Something unexpected went wrong. Try again; if it persists, give the error code to the operator.',
  },
  errorCode: { zh: '错误代码', en: 'Error code' },
} satisfies Record<string, Text>;

/** Kinds of evidence (证据类型). */
export const kindTexts = {
  'web-page': { zh: '网页', en: 'Web page' },
  app: { zh: '应用程序界面', en: 'App' },
  'live-stream': { zh: '直播', en: 'Live stream' },
  trade: { zh: '交易', en: 'Trade' },
  chat: { zh: '聊天记录', en: 'Chat' },
  photo: { zh: '照片', en: 'Photo' },
  video: { zh: '视频', en: 'Video' },
  audio: { zh: '音频', en: 'Audio' },
  document: { zh: '文档', en: 'Document' },
  program: { zh: '程序', en: 'Program' },
  other: { zh: '其他', en: 'Other' },
} satisfies Record<string, Text>;

export const subjectTexts = {
  certificate: { zh: '证书（JSON）', en: 'certificate (JSON)' },
  receipt: { zh: '存证回执', en: 'receipt' },
  pdf: { zh: '证书（PDF）', en: 'certificate (PDF)' },
  package: { zh: '材料包（ZIP）', en: 'package (ZIP)' },
} satisfies Record<string, Text>;

/** What was dropped, of this project or of others. */
export function subjectText(kind: ThingKind): Text {
  return kind in subjectTexts ? subjectTexts[kind as keyof typeof subjectTexts] : wordingOfKind(kind as InspectedKind);
}

/** Values of a report's statements that are words of ours, not the depositor's. */
export const valueTexts: Record<string, Record<string, Text>> = {
  'depositor.kind': {
    person: { zh: '个人', en: 'person' },
    organisation: { zh: '单位', en: 'organisation' },
    unknown: { zh: '未知', en: 'unknown' },
  },
  'depositor.identityCheck': { none: texts.identityNotChecked },
  'statement.kind': kindTexts,
  evaluation: { yes: { zh: '是', en: 'yes' }, no: { zh: '否', en: 'no' } },
  originalsHeld: { none: texts.none },
};

/** Names of the values in a report's statements. */
export const statementTexts: Record<string, Text> = {
  receivedAt: texts.timeReceived,
  'depositor.name': { zh: '存证人', en: 'Depositor' },
  'depositor.kind': { zh: '存证人类型', en: 'Kind of depositor' },
  'depositor.identityCheck': { zh: '身份核验方式', en: 'How the identity was checked' },
  'depositor.identityCheckedAt': { zh: '身份核验时间', en: 'When the identity was checked' },
  'depositor.identityCheckedBy': { zh: '身份核验人', en: 'Who checked the identity' },
  'statement.title': texts.fieldTitle,
  'statement.kind': texts.fieldKind,
  'statement.source': texts.fieldSource,
  'statement.capturedFrom': texts.fieldCapturedFrom,
  'statement.capturedUntil': texts.fieldCapturedUntil,
  'statement.method': texts.fieldMethod,
  'statement.tool': texts.fieldTool,
  'statement.purpose': texts.fieldPurpose,
  'statement.captureOperator': texts.fieldCaptureOperator,
  'statement.rightHolder': texts.fieldRightHolder,
  'statement.rights': texts.fieldRights,
  certificateNo: texts.reportCertificateNo,
  issuedAt: { zh: '签发时间', en: 'Issued at' },
  evaluation: { zh: '评估用途', en: 'Evaluation' },
  originalsHeld: { zh: '留存原件的文件序号', en: 'Originals held (file numbers)' },
  'platform.name': { zh: '平台名称', en: 'Service' },
  'platform.operator': { zh: '运营方', en: 'Operator' },
  'platform.website': { zh: '网址', en: 'Website' },
  'platform.filingNo': { zh: '备案编号', en: 'Regulatory filing no.' },
  'platform.interests': { zh: '利益关系声明', en: 'Interests declared' },
  limitation: { zh: '证书所载局限', en: 'Limits printed on the certificate' },
  transactionHash: { zh: '交易哈希', en: 'Transaction hash' },
  finality: { zh: '最终性', en: 'Finality' },
  nodesRunBy: { zh: '链节点运营者', en: "Who runs the chain's nodes" },
};

/** What the next step waits for. */
export const awaitsTexts: Record<string, Text> = {
  log: { zh: '等待写入日志', en: 'waiting for the log' },
  publication: { zh: '等待公布', en: 'waiting for publication' },
  anchor: { zh: '等待上链', en: 'waiting for the chain' },
  finality: { zh: '等待区块最终确认', en: 'waiting for the block to become final' },
  certificate: { zh: '等待出证', en: 'waiting for the certificate' },
};

export const stateTexts = {
  received: texts.stepReceived,
  'in-log': texts.stepLogged,
  published: texts.stepPublished,
  'anchored-pending': awaitsTexts.finality as Text,
  'anchored-final': texts.stepAnchored,
  certified: texts.stepCertified,
} satisfies Record<string, Text>;

export const chainStateTexts = {
  waiting: awaitsTexts.anchor as Text,
  intended: awaitsTexts.anchor as Text,
  sent: awaitsTexts.anchor as Text,
  mined: awaitsTexts.finality as Text,
  final: texts.stepAnchored,
} satisfies Record<string, Text>;

const logStopped: Text = {
  zh: '日志已停止签名，等待人工处理；已收到的存证不会丢失',
  en: 'the log has stopped signing until someone has looked into it; nothing that was received is lost',
};

const chainAway: Text = {
  zh: '区块链节点暂时无法连接；存证不受影响，恢复后继续上链',
  en: 'the chain cannot be reached for now; deposits go on, and anchoring continues when it is back',
};

const alarmTexts: Record<string, Text> = {
  'rpc-unreachable': chainAway,
  'rpc-timeout': chainAway,
  'node-inconsistent': chainAway,
  'database-behind-register': logStopped,
  'register-forked': logStopped,
  'register-behind-checkpoint': logStopped,
  'register-foreign': logStopped,
  'register-unreadable': logStopped,
  'log-key-missing': logStopped,
  'log-record-differs': logStopped,
  'tree-incomplete': logStopped,
  'witness-inconsistency': logStopped,
  'witness-quorum-missing': {
    zh: '见证签名数量不足，暂停发布；存证和回执照常',
    en: 'too few witnesses have cosigned, so nothing is published; deposits and receipts go on',
  },
  'chain-misconfigured': {
    zh: '区块链节点、合约或设置不是应有的那一个',
    en: "the chain's node, contract or settings are not the ones meant",
  },
  'attestation-invalid': {
    zh: '节点给出的区块资料无法核验',
    en: 'what the node says of a block does not verify',
  },
  'anchor-refused': { zh: '合约拒绝了这次上链', en: 'the contract refused the anchor' },
  'anchor-balance-low': { zh: '上链账户余额不足', en: 'the anchoring account is short of funds' },
  'anchor-fee-ceiling': { zh: '链上费用超过上限', en: 'the chain asks for more than the fee ceiling' },
  'anchor-gas-ceiling': { zh: '上链所需的 gas 超过上限', en: 'the anchor would take more gas than is allowed' },
  'anchor-budget-spent': {
    zh: '今日的上链预算已用完；零时（UTC）后继续',
    en: "today's budget for anchoring is spent; it goes on after midnight UTC",
  },
  'providers-disagree': {
    zh: '该链的各个节点说法不一，查明之前暂停上链',
    en: 'nodes of this chain contradict each other; anchoring waits until that is cleared up',
  },
  'chain-head-unknown': {
    zh: '链上状态与日志不符，上链已停止，等待人工处理',
    en: 'the chain does not agree with the log; anchoring has stopped until someone has looked into it',
  },
  'final-anchor-lost': {
    zh: '已确认的区块从链上消失，上链已停止，等待人工处理',
    en: 'a final block has gone from the chain; anchoring has stopped until someone has looked into it',
  },
  'contract-closed': { zh: '上链合约已关闭', en: 'the anchoring contract is closed' },
  'records-lost': {
    zh: '数据库曾恢复到较早状态，部分存证的记录已丢失；回执仍然有效',
    en: 'the database was restored to an earlier state and lost the records of some deposits; their receipts stay valid',
  },
  'certificate-does-not-verify': {
    zh: '证书未通过签发前检查，等待人工处理',
    en: 'the certificate did not pass its check before issue; someone has to look into it',
  },
};

/** Words of an open alarm; one without words of its own shows its code. */
export function alarmText(code: string): Text {
  return alarmTexts[code] ?? { zh: code, en: code };
}

const damaged: Text = {
  zh: '文件不完整或被改写过，不是原来的字节。请重新取得原文件，不要用编辑器另存。',
  en: 'The file is incomplete or was rewritten; these are not its original bytes. Get the original again, and do not save it from an editor.',
};

/** Coded errors that arise in the browser, in words; those of the service bring their own. The code is shown beside. */
const errorTexts: Record<string, Text> = {
  network: texts.errorNetwork,
  'unexpected-answer': {
    zh: '服务的回答无法理解，可能正在更新。请稍后重试。',
    en: 'The answer could not be understood; the service may be changing. Try again later.',
  },
  'file-unreadable': {
    zh: '文件无法读取：选择之后可能被移动、修改或删除了。请重新选择。',
    en: 'The file cannot be read: it may have been moved, changed or removed since you chose it. Choose it again.',
  },
  'content-differs': {
    zh: '送达的内容与已存证的摘要不符：文件在计算摘要之后被改动。平台已丢弃这些内容，存证仍为仅摘要存证。',
    en: 'What arrived is not what was deposited: the file was changed after its digests were computed. The service dropped it; the deposit stays one of digests.',
  },
  'not-a-document': {
    zh: '这个文件里没有本页能核验的证明。原始文件请放到第 2 栏。',
    en: 'There is nothing in this file that the page can verify. Original files belong into place 2.',
  },
  'not-canonical': damaged,
  'not-json': damaged,
  'invalid-utf8': damaged,
  'invalid-field': {
    zh: '文件中有一处内容不符合格式规范，下面写明是哪一处。',
    en: 'Something in the file does not follow its format; the line below says what.',
  },
  'unknown-type': {
    zh: '文件中没有本工具认识的证书。',
    en: 'There is no certificate in this file that this tool knows.',
  },
  'too-large': { zh: '文件超过可以读取的大小。', en: 'The file is larger than what is read.' },
  'package-unreadable': {
    zh: '材料包（ZIP）损坏或有歧义，无法读取。',
    en: 'The package (ZIP) is damaged or ambiguous and cannot be read.',
  },
  'package-expands-too-far': {
    zh: 'ZIP 解压后大得反常，未予解压。',
    en: 'The ZIP would unpack to an abnormal size and was not unpacked.',
  },
  'package-too-many-files': { zh: '材料包中的文件过多。', en: 'There are too many files in the package.' },
  'package-encrypted': { zh: '材料包已加密，请先解密。', en: 'The package is encrypted; decrypt it first.' },
};

/** Words of a coded error, if there are any. */
export function errorText(code: string): Text | undefined {
  return Object.hasOwn(errorTexts, code) ? errorTexts[code] : undefined;
}
