import type { Bilingual } from '../format/certificate.ts';

/** The verifier's own limits text, printed whatever the certificate says. */
export const LIMITS: readonly Bilingual[] = [
  {
    zh: '核验只说明文件与存证记录是否一致、自何时起有独立证据证明其存在；不说明内容是否真实、由谁创作、何时制作。',
    en: 'This check says whether a file is consistent with its deposit record and since when outside proof shows that it existed. It does not say whether the content is accurate, who made it, or when it was made.',
  },
  {
    zh: '核验不对侵权与否作出判断，也不预测法院、公证机构或行政机关如何认定。',
    en: 'It makes no finding of infringement and does not predict how a court, notary or authority will assess the evidence.',
  },
  {
    zh: '从平台接收(T₁)到最早独立证明(T₂)之间，以及接收之前的来源、取得方式和保管，须由当事人另行说明和举证。',
    en: 'The interval from receipt (T₁) to the earliest outside proof (T₂), and source, capture and keeping before receipt, must be explained and shown by other means.',
  },
  {
    zh: '“未核验”既不是“通过”，也不是“不通过”：它说明缺少哪一项信任或资料。',
    en: '"Not checked" is neither passed nor failed: it names the trust or material that is missing.',
  },
  {
    zh: '核验结论以读者自己选定的信任策略为前提；策略决定相信谁，证书本身不能决定。',
    en: 'The result holds under the trust policy that the reader chose. The policy decides whom to trust; the certificate cannot.',
  },
];
