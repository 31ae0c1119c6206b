import type { Text } from '../texts.ts';

/** Words of the steps of a hand-in. */
export const handInTexts = {
  steps: { zh: '提交步骤', en: 'Steps' },
  stepFiles: { zh: '选择文件', en: 'Files' },
  stepStatement: { zh: '来源与说明', en: 'Source and statement' },
  stepCheck: { zh: '核对', en: 'Check' },
  stepDone: { zh: '完成', en: 'Done' },
  stepDoneMark: { zh: '已完成', en: 'done' },
  next: { zh: '下一步', en: 'Next' },
  back: { zh: '上一步', en: 'Back' },
  changeFiles: { zh: '修改文件', en: 'Change the files' },
  changeStatement: { zh: '修改说明', en: 'Change the statement' },

  statementMore: {
    zh: '更多：取证时间、工具、证明目的、取证人、权利人',
    en: 'More: time of capture, tool, purpose, capture operator, right holder',
  },

  // Matter
  matterTitle: { zh: '归入案件（可不选）', en: 'Put it into a matter (optional)' },
  matterLabel: { zh: '案件', en: 'Matter' },
  matterNone: { zh: '不归入案件', en: 'none' },
  matterNew: { zh: '新建案件……', en: 'A new matter …' },
  matterNewTitle: { zh: '新案件的名称', en: 'Title of the new matter' },
  matterDispute: { zh: '纠纷类型', en: 'Kind of dispute' },
  matterHint: {
    zh: '以后也可以归入。案件名称不写入证书。',
    en: 'This can be done later too. The matter is not named on the certificate.',
  },
  matterAdding: { zh: '正在归入案件……', en: 'Putting it into the matter …' },
  matterAdded: { zh: '已归入案件：', en: 'It is in the matter:' },
  matterFailed: { zh: '存证已完成，但没有归入案件', en: 'The deposit is made, but it is not in the matter' },

  // Check
  checkLead: {
    zh: '请核对。提交之后，文件和说明都不能再修改；如需更正，只能另行存证。',
    en: 'Please check. Once handed in, neither files nor statement can be changed; a correction is another deposit.',
  },
  statementNothing: {
    zh: '没有填写说明，证书上各项将印为“未提供”。来源和取证方式写得越清楚，以后越容易说明证据从何而来。',
    en: 'Nothing stated: the certificate will print "not provided". The clearer source and method are now, the easier it is later to explain where this came from.',
  },
  moreFiles: { zh: '另有文件数：', en: 'More files:' },

  // Signing
  signTitle: { zh: '签署（可选）', en: 'Sign (optional)' },
  sign: { zh: '用通行密钥签署文件摘要和说明', en: 'Sign the digests and the statement with my passkey' },
  signHint: {
    zh: '签署表明持有该密钥的人确认了这些摘要和说明，证书会载明；内容是否真实不因此得到证明。摘要先在您的设备上计算，再签署和提交，原件随后上传。',
    en: 'It shows that whoever holds the key confirmed these digests and this statement, and the certificate says so; it does not make the content accurate. Digests are computed on your device first, then signed and deposited; the originals follow.',
  },
  signNow: { zh: '用通行密钥签署', en: 'Sign with my passkey' },
  signSkip: { zh: '不签署，直接提交', en: 'Hand in without a signature' },
  toSign: {
    zh: '摘要已算出，请现在用通行密钥签署；签署之后即存证。',
    en: 'The digests are computed. Sign them with your passkey now; they are deposited as soon as you have.',
  },
  notSigned: { zh: '没有签署成功', en: 'It was not signed' },

  // Done
  doneNext: { zh: '接下来会怎样', en: 'What happens next' },
  doneNextLead: {
    zh: '您不需要再做什么。平台会公布日志、写入区块链，待区块最终确认后签发证书；本页会自动更新，关闭后可在“我的存证”中找到。',
    en: 'You need do nothing more. The service publishes the log, writes it to the chain, and issues the certificate once the block is final. This page updates itself; after closing it you find the deposit under "My deposits".',
  },
  doneTakeTitle: { zh: '下载并自行保存', en: 'Download and keep' },
  doneCertificate: { zh: '证书已签发，现在就可以下载。', en: 'The certificate is issued and can be downloaded now.' },
  doneOpen: { zh: '查看存证', en: 'Open the deposit' },
  doneAnother: { zh: '继续提交其他文件', en: 'Hand in something else' },
  doneUnderWay: { zh: '正在处理', en: 'Under way' },
} satisfies Record<string, Text>;
