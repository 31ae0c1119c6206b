import type { Bilingual } from '../../format/certificate.ts';

const EVALUATION: Bilingual = {
  zh: '评估用途：日志、区块链、时钟与签章密钥均由同一操作者自行运行，没有任何独立见证。本报告不得作为证据使用。',
  en: 'EVALUATION: log, chain, clock and seal key are all run by one operator; nothing here is independent. Not for use as evidence.',
};

const LIMITS: readonly Bilingual[] = [
  {
    zh: '“签署人的核验结果”是签署人在其浏览器中得出并提交的，为其本人陈述；本服务没有看到被核验的文件，也不为这些结果担保。',
    en: "The signatory's results were found in his own browser and handed over: they are his statement. The service has not seen the files that he verified and does not vouch for these results.",
  },
  {
    zh: '“本服务另行核验”仅针对本服务自行保存且签署人有权查看的证书，依同一信任策略进行，未比对任何文件。本服务同时是这些证书的出具者。',
    en: '"Verified again by this service" concerns only certificates that this service holds and the signatory may see, under the same policy, without any file. The service is also the issuer of those certificates.',
  },
  {
    zh: '本服务的签章和 PDF 签名只表明：该时刻登录的用户作出了本陈述，此后内容未被更改。',
    en: "The seal and the PDF's signature show only that the user who was signed in made this statement at that time, and that it was not changed since.",
  },
  {
    zh: '签署人姓名、职务由其自行填写；机构身份如何核验见首页，“未核验”即未核验。本报告不是公证书。',
    en: 'Name and capacity of the signatory are his own words; how the office\'s identity was checked stands on the first page, and "not checked" means what it says. This report is no notarial deed.',
  },
  {
    zh: '本报告不说明：文件内容是否属实，由谁、何时制作，权利归谁，任何人的行为是否合法，以及任何机构将如何认定。',
    en: 'Not shown: whether content is accurate, who made it or when, who holds rights, whether anybody acted lawfully, and how any court or office will assess it.',
  },
];

/** What a verification report itself does not show; each verification brings limits of its own. */
export function limitsOfReport(evaluation: boolean): Bilingual[] {
  return evaluation ? [EVALUATION, ...LIMITS] : [...LIMITS];
}
