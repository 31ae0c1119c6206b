import type { Bilingual } from '../format/certificate.ts';

const EVALUATION: Bilingual = {
  zh: '评估用途：日志、区块链、时钟与签章密钥均由同一操作者自行运行，没有任何独立见证。本证书不得作为证据使用。',
  en: 'EVALUATION: log, chain, clock and seal key are all run by one operator; nothing here is independent. Not for use as evidence.',
};

/** Scope and limits of version 1, in plain words. What is shown comes first, then what is not. */
const LIMITATIONS: readonly Bilingual[] = [
  {
    zh: '本证书能够说明：与所列摘要一致的文件，最迟在 T₂ 时刻已经存在。前提是读者自行确认下列区块哈希属于所称的链，并自行判断该链是否独立于平台。',
    en: 'Shown: files with exactly the digests listed here existed no later than T₂, provided that the reader confirms the block hash given here on the chain named, and judges for himself whether that chain is independent of the operator.',
  },
  {
    zh: '自 T₂ 起文件有无改动，任何人都可以用文件本身重新计算摘要来核对，无需平台协助。',
    en: 'Whether a file has changed since T₂ can be checked by anyone from the file itself, without the operator.',
  },
  {
    zh: '接收时间 T₁、身份核验方式以及“平台陈述”栏各项，仅为平台单方陈述；“存证人陈述”栏各项由存证人自行填写，平台未予核实。',
    en: 'The time of receipt T₁, the identity check and everything under "Statements of the operator" rest on the operator alone. What stands under "Statements of the depositor" was written by the depositor and was not checked.',
  },
  {
    zh: '本证书不说明：文件内容是否属实，文件由谁、于何时制作，谁享有权利，以及文件在存证之前的来源和保管情况。',
    en: 'Not shown: whether the content is accurate, who made a file or when, who holds any right in it, and where it came from or how it was kept before deposit.',
  },
  {
    zh: '本证书不判断任何人的行为是否合法，也不预示法院、公证机构、仲裁机构或行政机关将如何认定。',
    en: 'It does not judge the conduct of anyone, and says nothing about how a court, notary, arbitrator or public office will assess it.',
  },
];

export function limitationsFor(certificate: { evaluation: boolean; declaredOnly: boolean }): Bilingual[] {
  return [
    ...(certificate.evaluation ? [EVALUATION] : []),
    ...LIMITATIONS,
    ...(certificate.declaredOnly ? [DECLARED_ONLY] : []),
  ];
}

const DECLARED_ONLY: Bilingual = {
  zh: '部分或全部文件仅提交了摘要：平台从未见过这些文件，摘要由存证人自行计算。',
  en: 'Of some or all files only digests were handed in: the operator never saw those files, and the digests were computed by the depositor.',
};
