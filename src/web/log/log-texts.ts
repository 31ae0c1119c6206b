import type { Text } from '../texts.ts';

/** Words of the pages about the log and about the service. */
export const logTexts = {
  navLog: { zh: '公开日志', en: 'Public log' },
  navOperator: { zh: '平台运行', en: 'Operation' },
  title: { zh: '公开日志', en: 'The public log' },
  lead: {
    zh: '任何人都可以看到的汇总：日志怎样增长、何时上链、花费多少、用了多久、谁在旁见证、出过什么问题。这里没有任何一份存证的信息。',
    en: 'Sums for everyone: how the log grows, when it was anchored, at what cost, how long that took, who watches, and what went wrong. Nothing here tells of a single deposit.',
  },
  asOf: { zh: '统计时间', en: 'As of' },
  unavailable: { zh: '暂时无法显示', en: 'This cannot be shown now' },
  growth: { zh: '日志的增长', en: 'Growth' },
  growthChart: { zh: '每天结束时公布的记录总数', en: 'Records in the published log at the end of each day' },
  records: { zh: '记录总数', en: 'Records' },
  publications: { zh: '公布次数', en: 'Publications' },
  day: { zh: '日期（UTC）', en: 'Day (UTC)' },
  asTable: { zh: '以表格显示', en: 'As a table' },
  nothingYet: { zh: '还没有数据。', en: 'Nothing yet.' },
  chains: { zh: '上链', en: 'Anchors' },
  chain: { zh: '链', en: 'Chain' },
  anchorsChart: { zh: '每天最终确认的上链次数', en: 'Anchors that became final, by day' },
  anchors: { zh: '上链次数', en: 'Anchors' },
  newestFinal: { zh: '最近一次最终确认', en: 'Newest final anchor' },
  inFlight: { zh: '正在进行', en: 'Under way' },
  noneInFlight: { zh: '没有正在进行的上链', en: 'none under way' },
  upToRecord: { zh: '覆盖记录数', en: 'covers records' },
  gas: { zh: 'gas 用量（90 天）', en: 'Gas used (90 days)' },
  cost: { zh: '费用（90 天，链的基本单位）', en: "Cost (90 days, in the chain's main unit)" },
  costChart: { zh: '每天的上链费用', en: 'Cost of anchors by day' },
  perAnchor: { zh: '平均每次', en: 'per transaction' },
  delays: { zh: '用了多久', en: 'How long it takes' },
  receiptToPublication: { zh: '从接收到公布', en: 'From receipt to publication' },
  publicationToAnchor: { zh: '从公布到最终上链', en: 'From publication to a final anchor' },
  receiptToAnchor: { zh: '从接收到最终上链', en: 'From receipt to a final anchor' },
  half: { zh: '一半在此时间内', en: 'half within' },
  nineInTen: { zh: '十分之九在此时间内', en: 'nine in ten within' },
  samples: { zh: '样本', en: 'samples' },
  tooFew: {
    zh: '样本太少：不足 20 份时不公布，以免透露个别存证',
    en: 'too few: below 20 it is not shown, so as not to tell of single deposits',
  },
  witnesses: { zh: '外部见证', en: 'Outside witnesses' },
  noWitnesses: {
    zh: '最近的公布没有外部见证签名。',
    en: 'No outside witness has cosigned the newest publications.',
  },
  cosigned: { zh: '最近 1000 次公布中签署', en: 'cosigned, of the newest 1000 publications' },
  authorities: { zh: '时间戳机构', en: 'Timestamp authorities' },
  noAuthorities: { zh: '没有使用时间戳机构。', en: 'No timestamp authority is used.' },
  calendars: { zh: 'OpenTimestamps 日历', en: 'OpenTimestamps calendars' },
  noCalendars: { zh: '没有使用日历。', en: 'No calendar is used.' },
  stamped: {
    zh: '最近的公布中：至少一个时间戳 / 至少两个',
    en: 'Of the newest publications: with one token or more / two or more',
  },
  bitcoin: { zh: '比特币证明：已完成 / 等待中', en: 'Bitcoin proofs: complete / waiting' },
  works: { zh: '正常', en: 'works' },
  trouble: { zh: '有问题', en: 'in trouble' },
  independent: { zh: '独立于平台', en: 'independent of the operator' },
  notIndependent: { zh: '不独立于平台', en: 'not independent of the operator' },
  incidents: { zh: '事件', en: 'Incidents' },
  noIncidents: { zh: '没有记录到任何事件。', en: 'No incident is on record.' },
  open: { zh: '未解除', en: 'open' },
  cleared: { zh: '已解除', en: 'cleared' },
  atTheTime: { zh: '当时：', en: 'At the time:' },
  since: { zh: '自', en: 'since' },
  until: { zh: '至', en: 'until' },
  times: { zh: '次', en: 'times' },
  lookUp: { zh: '查询一份证书', en: 'Look up a certificate' },
  lookUpLead: {
    zh: '需要证书编号和文件，缺一不可：可以是证书本身，也可以是存证的原始文件。文件只在您的电脑上计算摘要，不会上传；只有编号和摘要会发给平台。',
    en: 'You need the certificate number and a file, both of them: the certificate itself or an original file of the deposit. The file is hashed on your computer and not uploaded; only number and digest are sent.',
  },
  lookUpNumber: { zh: '证书编号', en: 'Certificate number' },
  lookUpFile: { zh: '证书或原始文件', en: 'Certificate or original file' },
  lookUpStart: { zh: '查询', en: 'Look up' },
  lookUpUnknown: {
    zh: '没有找到：编号和文件不属于同一份证书。为保护各方，平台不说明是哪一个不对。',
    en: 'Not found: number and file do not belong to one certificate. To protect everyone, the service does not say which of them is wrong.',
  },
  lookUpStatus: { zh: '平台声明的证书状态', en: 'How the operator says the certificate stands' },
  lookUpSave: {
    zh: '保存状态证明（可与证书一起离线核验）',
    en: 'Save the proof of status (verify it offline with the certificate)',
  },
  lookUpHint: {
    zh: '这是平台的陈述，附有日志证明；它不改变证书已经证明的内容。',
    en: "This is the operator's statement with a proof from the log; it changes nothing that the certificate proves.",
  },
  statusValid: { zh: '有效', en: 'valid' },
  statusWithdrawn: { zh: '已撤回', en: 'withdrawn' },
  statusSuperseded: { zh: '已被替换', en: 'superseded' },
  checkYourself: { zh: '自己核对', en: 'Check it yourself' },
  checkYourselfLead: {
    zh: '不必相信本页。用下面的命令可以重建整个日志，并与每个已签署的检查点和链上记录比对：',
    en: 'You need not believe this page. This command rebuilds the whole log and holds every checkpoint ever signed, and the chain, against it:',
  },

  // Operation
  operatorTitle: { zh: '平台运行', en: 'Operation of the service' },
  operatorLead: {
    zh: '给运营方和审计人员。这里不显示任何存证的内容，也没有任何操作可以更改一份存证。',
    en: 'For those who run the service and those who audit it. No content of a deposit is shown here, and nothing here can change one.',
  },
  needed: { zh: '需要处理', en: 'To be dealt with' },
  nothingNeeded: { zh: '没有未解除的警报。', en: 'No alarm is open.' },
  whatToDo: { zh: '怎么办：', en: 'What to do:' },
  clear: { zh: '已查明，解除警报', en: 'Looked into: clear it' },
  clearSure: { zh: '确认解除？记录会保留。', en: 'Clear it? The record stays.' },
  clearYes: { zh: '解除', en: 'Clear' },
  health: { zh: '各部分', en: 'Parts' },
  ok: { zh: '正常', en: 'works' },
  degraded: { zh: '受限', en: 'limited' },
  failed: { zh: '停止', en: 'stopped' },
  head: { zh: '合约中的记录数', en: 'Records in the contract' },
  signedTransactions: { zh: '已签交易', en: 'transactions signed' },
  nodes: { zh: '节点', en: 'Nodes' },
  clocks: { zh: '时钟', en: 'Clocks' },
  ahead: { zh: '本机减来源', en: 'server minus source' },
  withinLimit: { zh: '在限度内', en: 'within the limit' },
  beyondLimit: { zh: '超出限度', en: 'beyond the limit' },
  storage: { zh: '存储', en: 'Storage' },
  originals: { zh: '原件', en: 'Originals' },
  previews: { zh: '预览图', en: 'Previews' },
  database: { zh: '数据库', en: 'Database' },
  waitingLeaves: { zh: '等待写入日志的记录', en: 'Records waiting for the log' },
  audits: { zh: '审计', en: 'Audits' },
  auditsLead: {
    zh: '平台不为自己记录审计结果：由他人独立运行才有意义。任何人都可以运行：',
    en: 'The service keeps no results of audits of itself: they mean something when others run them. Anyone can:',
  },
  profile: { zh: '平台信息', en: 'Platform profile' },
  profileDigest: { zh: '平台信息摘要（SHA-256）', en: 'Digest of the profile (SHA-256)' },
  profileHint: {
    zh: '现在签发的证书印有这些内容；摘要不同即版本不同。',
    en: 'Certificates issued now print this; another digest is another version.',
  },
  softwareVersion: { zh: '软件版本', en: 'Software version' },
  pastAlarms: { zh: '已解除的警报', en: 'Alarms that were cleared' },
} satisfies Record<string, Text>;

export const partTexts: Record<string, Text> = {
  database: { zh: '数据库', en: 'Database' },
  'object-store': { zh: '文件存储', en: 'File storage' },
  log: { zh: '日志', en: 'Log' },
  chain: { zh: '区块链节点', en: 'Chain nodes' },
  anchoring: { zh: '上链', en: 'Anchoring' },
  authorities: logTexts.authorities,
  calendars: logTexts.calendars,
  archive: { zh: '证明续期', en: 'Renewal of proofs' },
  witnesses: logTexts.witnesses,
  records: { zh: '存证记录', en: 'Records' },
};

export const profileTexts: Record<string, Text> = {
  name: { zh: '平台名称', en: 'Service' },
  operator: { zh: '运营方', en: 'Operator' },
  website: { zh: '网址', en: 'Website' },
  filingNo: { zh: '备案编号', en: 'Regulatory filing no.' },
  interests: { zh: '利益关系声明', en: 'Interests declared' },
};

/** What the operator does about an open alarm. */
const ACTIONS: Record<string, Text> = {
  'anchor-balance-low': {
    zh: '给上链账户充值，之后自动继续。',
    en: 'Fund the anchoring account; it then goes on by itself.',
  },
  'anchor-fee-ceiling': {
    zh: '等待费用下降，或提高费用上限后重启。',
    en: 'Wait until fees fall, or raise the ceiling and restart.',
  },
  'anchor-budget-spent': {
    zh: '等到零时（UTC），或提高每日预算后重启。',
    en: 'Wait for midnight UTC, or raise the daily budget and restart.',
  },
  'providers-disagree': {
    zh: '查明哪个节点有误，更换或移除它。',
    en: 'Find out which node is wrong, and replace or remove it.',
  },
  'witness-quorum-missing': {
    zh: '联系没有应答的见证人；签够之后自动继续。',
    en: 'Contact the witnesses that do not answer; it goes on once enough have signed.',
  },
  'witness-inconsistency': {
    zh: '日志已停止。保全数据库、登记簿和见证人的回答，查明分叉原因后再解除。',
    en: "The log has stopped. Secure database, register and the witness's answer, find out why they differ, then clear it.",
  },
  'final-anchor-lost': {
    zh: '上链已停止。用其他节点核对该区块；查明之后再解除。',
    en: 'Anchoring has stopped. Compare the block at other nodes; clear it once you know why.',
  },
  'chain-head-unknown': {
    zh: '上链已停止。核对合约和数据库是否是同一个日志；查明之后再解除。',
    en: 'Anchoring has stopped. Find out whether contract and database are of one log; clear it once you know.',
  },
  'records-lost': {
    zh: '从更晚的备份恢复缺失的记录；无法恢复的，通知持有回执的存证人。',
    en: 'Restore the missing records from a later backup; tell the depositors of those that cannot be restored.',
  },
  'certificate-does-not-verify': {
    zh: '查看警报详情和诊断日志；修正原因后自动再次出证。',
    en: 'Read the detail and the diagnostics; once the cause is mended it is issued by itself.',
  },
  'clock-off': {
    zh: '校准服务器时钟；恢复之后警报自动解除。',
    en: "Set the server's clock right; the alarm then clears itself.",
  },
};

export function actionText(code: string): Text {
  return (
    ACTIONS[code] ?? {
      zh: '按运维手册 docs/operation.md 查找这个代码；查明之后再解除。',
      en: 'Look this code up in docs/operation.md; clear it once you know the cause.',
    }
  );
}

/** Incidents that the deposits' own alarm texts do not speak of. */
const INCIDENTS: Record<string, Text> = {
  'authority-unreachable': {
    zh: '时间戳机构暂时无法连接；其他机构和区块链照常',
    en: 'a timestamp authority could not be reached; the others and the chain went on',
  },
  'calendar-unreachable': {
    zh: 'OpenTimestamps 日历暂时无法连接；存证和上链照常',
    en: 'an OpenTimestamps calendar could not be reached; deposits and anchors went on',
  },
  'calendar-wrong-block': {
    zh: '日历给出的比特币区块与区块头不符，未予采用',
    en: 'a calendar named a Bitcoin block that does not fit the headers; it was not used',
  },
  'clock-off': {
    zh: '服务器时钟与外部来源相差超过限度',
    en: "the server's clock was further from outside sources than allowed",
  },
};

export function incidentText(code: string): Text | undefined {
  return INCIDENTS[code];
}
