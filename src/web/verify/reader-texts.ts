import type { Text } from '../texts.ts';

/** Words of the page for whoever has to decide: judge, mediator, officer, the other side. */
export const readerTexts = {
  navRead: { zh: '一页看懂', en: 'Read a certificate' },
  title: { zh: '一页看懂一份存证', en: 'A deposit on one page' },
  lead: {
    zh: '给法官、仲裁员、调解员、执法人员和对方当事人。拖入证书或材料包，以及您手上的文件；全部在您的电脑上核验，不会上传，也不需要账号。',
    en: 'For judges, arbitrators, mediators, officers and the other side. Drop the certificate or package and the files that you hold; everything is checked on your computer, nothing is uploaded, and no account is needed.',
  },
  trust: { zh: '您信任谁（策略与区块）', en: 'Whom you trust (policy and blocks)' },
  views: { zh: '显示方式', en: 'View' },
  viewSheet: { zh: '一页概要', en: 'One page' },
  viewReport: { zh: '完整报告', en: 'Full report' },
  sheetTitle: { zh: '核验概要', en: 'Summary of the verification' },
  whichFile: { zh: '1. 哪个文件？', en: '1. Which file?' },
  moreFiles: { zh: '其余文件见完整报告：', en: 'More files, in the full report:' },
  notPresented: { zh: '未提供，未比对', en: 'not presented, not compared' },
  presentedSame: { zh: '所提供的文件相同', en: 'the file presented is the same' },
  presentedOther: { zh: '所提供的文件不同', en: 'the file presented is another one' },
  digestOnly: { zh: '仅提交了摘要', en: 'only a digest was handed in' },
  unnamed: { zh: '（名称未公开）', en: '(name not opened)' },
  whose: { zh: '2. 谁的？', en: '2. Whose?' },
  sinceWhen: { zh: '3. 何时起？', en: '3. Since when?' },
  unchanged: { zh: '4. 有没有改动？', en: '4. Unchanged?' },
  proved: { zh: '最早的外部证明', en: 'Earliest outside proof' },
  notProvedTitle: { zh: '5. 没有证明什么？', en: '5. What is not proved?' },
  openTitle: { zh: '核验中尚未成立的问题', en: 'Questions that this check leaves open' },
  nothingOpen: { zh: '没有未通过或未核验的项目。', en: 'Nothing failed and nothing was left unchecked.' },
  everyCheck: { zh: '查看每一项', en: 'Every check' },
  moreChecks: { zh: '另有若干项，见完整报告：', en: 'and more, in the full report:' },
  print: { zh: '打印概要（两页以内）', en: 'Print this summary (two pages at most)' },
  documents: { zh: '文书', en: 'Document' },
} satisfies Record<string, Text>;
