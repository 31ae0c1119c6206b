import { encodeHex, sha256 } from '../../format/bytes.ts';
import type { Bilingual } from '../../format/certificate.ts';
import { unixMsOf } from '../../format/fields.ts';
import type { Check, Report } from '../../format/report.ts';
import { sealedBytes } from '../../format/seal.ts';
import { type ByService, parseVerificationReport, type VerificationReport } from '../../format/verification-report.ts';
import { ladderOf, wordingOfStanding } from '../../verify/ladder.ts';
import { wordingOfCause, wordingOfCheck, wordingOfConclusion, wordingOfStatus } from '../../verify/wording.ts';
import { both, field, grouped, NOT_PROVIDED, sealFields, words } from '../certificate-sections.ts';
import { drawFurniture, drawTitle, embedData, type PageFurniture, textTop } from '../page-furniture.ts';
import { type Field, INK, Paper, type Piece, STYLE } from '../paper.ts';
import { beijingTime } from '../paper-time.ts';
import { PrintableText } from '../printable-text.ts';
import { addSignatureField } from '../signature-field.ts';

/** Name of the embedded data. */
export const REPORT_DATA_NAME = 'verification-report.json';

/** Of each panel of a verification, so many failed checks are printed, and so many groups of open ones; the data have all. */
const PRINTED_CHECKS = 10;

/**
 * A sealed verification report as PDF/A-3b, Chinese and English, with `json` embedded and an empty field for the signature of
 * `signPdf`. The same bytes give the same PDF.
 * @param json canonical bytes of tiezheng/verification-report/v1
 * @throws FormatError if `json` is none
 */
export async function renderVerificationReportPdf(json: Uint8Array): Promise<Uint8Array> {
  const report = parseVerificationReport(json);
  const at = new Date(unixMsOf(report.madeAt));
  const digest = encodeHex(sha256(sealedBytes(report)));
  const furniture: PageFurniture = {
    evaluation: report.evaluation,
    title: '核验报告',
    number: report.reportNo,
    digest: `报告摘要 digest ${digest}`,
  };
  const paper = new Paper({
    title: `核验报告 ${report.reportNo}`,
    createdAt: at,
    top: textTop(report.evaluation),
    drawHeader: (_, page, pages) => drawFurniture(paper, furniture, page, pages),
  });
  const show = new PrintableText((character) => paper.type.isPrintable(character));
  paper.beginSection();
  drawFirstPage(paper, report, show);
  paper.newPage();
  drawResults(paper, report, show);
  drawLimits(paper, report, show);
  drawSeal(paper, report, { digest, json: encodeHex(sha256(json)) }, show);
  drawNote(paper, show);
  embedData(paper, json, {
    name: REPORT_DATA_NAME,
    description: `机器可读核验报告 machine-readable verification report, ${report.type}`,
    at,
  });
  addSignatureField(paper.document, at, '核验报告 verification report');
  return paper.finish();
}

const hex = (value: string): Piece => ({ digest: value });
const time = (utc: string) => beijingTime(unixMsOf(utc));
const NONE_CHECKED: readonly Piece[] = [{ text: '未核验 not checked', style: STYLE.bodyStrong }];

// ------------------------------------------------------------------ who says so

function drawFirstPage(paper: Paper, report: VerificationReport, show: PrintableText): void {
  const { signatory, items, policy, tool, service } = report;
  const { office } = signatory;
  drawTitle(paper, '核验报告', 'Verification Report');
  paper.fields('neutral', [
    field('报告编号', 'Report no.', [{ text: report.reportNo, style: STYLE.bodyStrong }]),
    field('作出时间', 'Made at', words(time(report.madeAt))),
    field('核验的材料', 'Things verified', both(`${items.length} 份`, `${items.length} in all, listed below`)),
    field('结论分布', 'Conclusions', conclusionPieces(items)),
    ...(report.requestId === null ? [] : [field('所涉申请', 'In answer to request', words(report.requestId))]),
  ]);
  paper.fields('signatory', [
    field('签署人', 'Signatory', [{ text: show.name(signatory.name), style: STYLE.bodyStrong }]),
    ...(signatory.capacity === null ? [] : [field('职务', 'Capacity', words(show.name(signatory.capacity)))]),
    field('机构', 'Office', [{ text: show.name(office.name), style: STYLE.bodyStrong }]),
    ...(report.remark === null ? [] : [field('签署人说明', 'Remark', words(show.prose(report.remark)))]),
    field('信任策略', 'Trust policy', policyPieces(policy, show)),
    field('核验工具', 'Tool', [
      ...words(show.prose(`${tool.name} ${tool.version}`)),
      ...(tool.sha256 === null
        ? both('本服务网站的核验页面', "the verification page of this service's site")
        : [hex(tool.sha256)]),
    ]),
  ]);
  paper.fields('operator', [
    field('登录用户', 'Signed in as', userPieces(signatory, show)),
    field('机构身份核验', "Office's identity", identityPieces(office.identityCheck, show)),
    field('服务', 'Service', words(show.prose(`${service.platform.name}（${service.origin}，${service.version}）`))),
  ]);
  paper.twoColumns([
    {
      standing: 'signatory',
      title: { zh: '签署人陈述', en: 'What the signatory says' },
      marker: '■',
      items: [
        {
          zh: `本人于上述时间前，依上述信任策略、以上述工具核验了后附 ${items.length} 份材料，结果如下文所载。`,
          en: `Before the time above I verified the ${items.length} things listed below with the tool and under the policy named, with the results stated.`,
        },
        ...(policy.sha256 === null
          ? [
              {
                zh: '未使用信任策略：结果只说明材料自身是否一致，没有外部担保。',
                en: 'No policy was used: the results say only whether the things are consistent in themselves; nobody outside vouches for them.',
              },
            ]
          : []),
      ],
    },
    {
      standing: 'operator',
      title: { zh: '本服务签章表明', en: 'What the seal of the service shows' },
      marker: '□',
      items: [
        {
          zh: '该登录用户当时作出了左列陈述，此后未被更改；不为其核验结果担保。',
          en: 'that the user who was signed in made this statement then, unchanged since. It does not vouch for his results.',
        },
        {
          zh: '本服务自行保存的证书由本服务另行核验，结果单列。',
          en: 'Certificates that the service holds were verified again by it; its results stand apart.',
        },
      ],
    },
  ]);
}

/** How many came to which conclusion; nothing is added up beyond that. */
function conclusionPieces(items: VerificationReport['items']): Piece[] {
  const counts = new Map<Report['conclusion'], number>();
  for (const { report } of items) counts.set(report.conclusion, (counts.get(report.conclusion) ?? 0) + 1);
  return [...counts].flatMap(([conclusion, count]) => {
    const { zh, en } = wordingOfConclusion(conclusion);
    return both(`${count} 份：${zh}`, `${count}: ${en}`);
  });
}

function policyPieces({ sha256, name }: VerificationReport['policy'], show: PrintableText): Piece[] {
  if (sha256 === null) return words('未使用 none');
  return [...(name === null ? [] : words(show.name(name))), hex(sha256)];
}

function userPieces({ user }: VerificationReport['signatory'], show: PrintableText): Piece[] {
  if (user === null) return both('以一次性登录链接登录', 'by a one-time link');
  return words(`${show.name(user.name)}（${show.name(user.userId)}）`);
}

function identityPieces(
  { method, checkedAt, checkedBy }: VerificationReport['signatory']['office']['identityCheck'],
  show: PrintableText,
): readonly Piece[] {
  if (method === 'none') return NONE_CHECKED;
  const when = checkedAt === null ? '' : `，${time(checkedAt)}`;
  return words(show.prose(`${method}${when}${checkedBy === null ? '' : `，${checkedBy}`}`));
}

// ------------------------------------------------------------------ results

function drawResults(paper: Paper, { items }: VerificationReport, show: PrintableText): void {
  paper.heading({ zh: '一、核验结果', en: 'Results' }, 'signatory', {
    zh: '长虚线栏为签署人的核验结果，短虚线栏为本服务对其所存证书另行核验的结果。“自 T₂ 起”与“T₂ 之前”始终分列，不合并为一个结论；“未能核验”既不是通过，也不是不通过。',
    en: 'Blocks with long dashes are the signatory\'s results, those with short dashes what the service found about certificates that it holds. "Since T₂" and "before T₂" are never merged; "could not be checked" is neither passed nor failed.',
  });
  for (const [i, item] of items.entries()) {
    const { subject, times, statements } = item.report;
    const depositor = statements.find((statement) => statement.field === 'depositor.name')?.value;
    const kind = KINDS[subject.kind];
    paper.fields('signatory', [
      field(`材料 ${i + 1} / ${items.length}`, `${kind.zh} ${kind.en}`, [
        { text: subject.certificateNo ?? subject.depositId, style: STYLE.bodyStrong },
        ...(item.fileName === null ? [] : words(show.name(item.fileName))),
      ]),
      field('存证编号', 'Deposit no.', words(grouped(subject.leafIndex))),
      field('材料摘要', 'Digest', [hex(subject.digest)]),
      field(
        '存证人（平台陈述）',
        'Depositor, as the operator states',
        depositor === undefined ? NOT_PROVIDED : words(show.name(depositor)),
      ),
      field('T₁ 平台接收（平台陈述）', "Received at T₁, operator's word", words(time(times.received))),
      timeField(times.notAfter, show),
      ...verdictFields(item.report, show),
    ]);
    paper.fields('operator', byServiceFields(item.byService, show));
  }
}

const KINDS: Record<Report['subject']['kind'], Bilingual> = {
  certificate: { zh: '证书', en: 'certificate' },
  receipt: { zh: '回执', en: 'receipt' },
  pdf: { zh: '证书 PDF', en: 'certificate (PDF)' },
  package: { zh: '材料包', en: 'package' },
};

function timeField(notAfter: Report['times']['notAfter'], show: PrintableText): Field {
  const [zh, en] = ['T₂ 最迟存在', 'T₂, existed no later than'];
  if (notAfter === null) return field(zh, en, words('未证明 not proved'));
  const independent = notAfter.independent
    ? '独立于平台 independent of the operator'
    : '不独立于平台 not independent of the operator';
  return field(zh, en, words(`${time(notAfter.at)}\n${show.prose(notAfter.source)}\n${independent}`));
}

/** The report's own words: its conclusion, then both panels, each by itself. */
function verdictFields(report: Report, show: PrintableText): Field[] {
  const conclusion = wordingOfConclusion(report.conclusion);
  const rungs = ladderOf(report).filter(({ question }) => question !== 'whole' && question !== 'word-only');
  return [
    field('结论', 'Conclusion', both(conclusion.zh, conclusion.en)),
    field(
      '逐项回答',
      'Answers',
      rungs.flatMap(({ asks, standing }) => {
        const answer = wordingOfStanding(standing);
        return both(`${asks.zh} ${answer.zh}`, `${asks.en} ${answer.en}`);
      }),
    ),
    panelField({ zh: '自 T₂ 起', en: 'Since T₂' }, report.since, show),
    panelField({ zh: 'T₂ 之前', en: 'Before T₂' }, report.before, show),
  ];
}

/** Failed checks one by one; the others in groups of one cause. */
function panelField(label: Bilingual, checks: readonly Check[], show: PrintableText): Field {
  const failed = checks.filter(({ status }) => status === 'failed');
  const rest = failed.length - PRINTED_CHECKS;
  return field(label.zh, label.en, [
    { text: countsText(checks), style: STYLE.bodyStrong },
    ...failed.slice(0, PRINTED_CHECKS).flatMap((check) => failedPieces(check, show)),
    ...(rest <= 0
      ? []
      : both(`另有 ${rest} 项不通过，见 ${REPORT_DATA_NAME}`, `and ${rest} more failed, in ${REPORT_DATA_NAME}`)),
    ...openGroups(checks).flatMap((group) => groupPieces(group, show)),
  ]);
}

interface OpenGroup {
  status: Bilingual;
  cause: Bilingual;
  /** Names of the checks, and how many of each. */
  names: Map<string, number>;
}

function openGroups(checks: readonly Check[]): OpenGroup[] {
  const groups = new Map<string, OpenGroup>();
  for (const check of checks) {
    const cause = wordingOfCause(check);
    if (check.status === 'failed' || cause === undefined) continue;
    const key = `${check.status} ${cause.zh}`;
    const group = groups.get(key) ?? { status: wordingOfStatus(check.status), cause, names: new Map() };
    group.names.set(check.name, (group.names.get(check.name) ?? 0) + 1);
    groups.set(key, group);
  }
  return [...groups.values()].slice(0, PRINTED_CHECKS);
}

function groupPieces({ status, cause, names }: OpenGroup, show: PrintableText): Piece[] {
  const counted = [...names].map(([name, count]) => {
    const words = wordingOfCheck(name);
    const times = count === 1 ? '' : ` ×${count}`;
    return { zh: words.zh + times, en: words.en + times };
  });
  return both(
    show.prose(`${status.zh}，${cause.zh}：${counted.map(({ zh }) => zh).join('；')}`),
    show.prose(`${status.en}, ${cause.en}: ${counted.map(({ en }) => en).join('; ')}`),
  );
}

function countsText(checks: readonly Check[]): string {
  return (['passed', 'failed', 'pending', 'not-checked'] as const)
    .map((status) => {
      const { zh, en } = wordingOfStatus(status);
      return `${zh} ${en} ${checks.filter((check) => check.status === status).length}`;
    })
    .join('　');
}

function failedPieces(check: Check, show: PrintableText): Piece[] {
  const status = wordingOfStatus(check.status);
  const name = wordingOfCheck(check.name);
  const cause = wordingOfCause(check) ?? { zh: '', en: '' };
  const about = check.about === null ? '' : ` [${show.name(shortened(check.about))}]`;
  return [
    {
      text: `${status.zh}：${name.zh}${about}，${show.prose(cause.zh)}`,
      style: { ...STYLE.bodyStrong, color: INK.evaluation },
    },
    { text: `${status.en}: ${name.en}; ${show.prose(cause.en)}`, style: STYLE.english },
  ];
}

/** A digest in it is cut: it stands whole in the data. */
function shortened(about: string): string {
  return about.replace(/[0-9a-f]{64}/g, (digest) => `${digest.slice(0, 16)}…`);
}

const NOT_VERIFIED: Record<Extract<ByService, { state: 'not-verified' }>['because'], Bilingual> = {
  'not-held': {
    zh: '未另行核验：本服务没有保存该材料，或签署人无权在此查看；上列结果仅为签署人陈述。',
    en: 'Not verified again: the service does not hold it, or the signatory may not see it there; the results above are his statement alone.',
  },
  'another-certificate': {
    zh: '未另行核验：本服务所存的是另一份证书（编号或摘要不同）。',
    en: 'Not verified again: the certificate that the service holds is another one, by number or digest.',
  },
  'policy-not-given': {
    zh: '未另行核验：签署人未提交信任策略本身。',
    en: 'Not verified again: the signatory did not hand the policy over.',
  },
};

function byServiceFields(byService: ByService, show: PrintableText): Field[] {
  const [zh, en] = ['本服务另行核验', 'Verified again by this service'];
  if (byService.state === 'not-verified') {
    const why = NOT_VERIFIED[byService.because];
    return [field(zh, en, both(why.zh, why.en))];
  }
  const { report, differs } = byService;
  const conclusion = wordingOfConclusion(report.conclusion);
  const compared =
    differs.length === 0
      ? both(
          '与签署人的结果逐项相同（文件比对除外）。',
          "Each check came out as the signatory's (those of files left out).",
        )
      : both(
          `与签署人的结果不同的项目：${differs
            .slice(0, PRINTED_CHECKS)
            .map((name) => show.name(shortened(name)))
            .join('，')}${differs.length > PRINTED_CHECKS ? '…' : ''}`,
          `${differs.length} checks came out otherwise than the signatory's; named above.`,
        );
  return [
    field(zh, en, [
      ...both(`依同一策略，未比对文件：${conclusion.zh}`, `under the same policy, without any file: ${conclusion.en}`),
      ...compared,
    ]),
    // The same checks in the same words need not stand there twice.
    ...(differs.length === 0
      ? []
      : [
          panelField({ zh: '自 T₂ 起', en: 'Since T₂' }, report.since, show),
          panelField({ zh: 'T₂ 之前', en: 'Before T₂' }, report.before, show),
        ]),
  ];
}

// ------------------------------------------------------------------ limits, seal

function drawLimits(paper: Paper, report: VerificationReport, show: PrintableText): void {
  paper.heading({ zh: '二、证明范围与局限', en: 'Scope and limits' }, 'neutral');
  const limits = new Map<string, Bilingual>();
  for (const limit of [...report.limits, ...report.items.flatMap((item) => item.report.limits)]) {
    limits.set(limit.zh, limit);
  }
  for (const [i, limit] of [...limits.values()].slice(0, 40).entries()) {
    paper.paragraph({ zh: show.prose(limit.zh), en: show.prose(limit.en) }, { marker: `${i + 1}.` });
  }
}

function drawSeal(
  paper: Paper,
  report: VerificationReport,
  digests: { digest: string; json: string },
  show: PrintableText,
): void {
  paper.heading({ zh: '三、签章与核对', en: 'Seal, and how to check it' }, 'operator', {
    zh: `同一密钥对 ${REPORT_DATA_NAME} 和本 PDF 全文分别签名。内嵌数据载有每份核验报告全文；纸面与数据不一致时，以数据为准。材料本身可由任何人用自己的信任策略重新核验，无需本报告。`,
    en: `One key has signed ${REPORT_DATA_NAME} and this whole PDF. The embedded data hold every report in full; where paper and data differ, the data count. Anyone can verify the things themselves again under a policy of his own, without this report.`,
  });
  paper.fields('operator', [
    field('规范版本', 'Format', words(report.type)),
    field('报告摘要', 'Digest of the report, without seals', [hex(digests.digest)]),
    field('内嵌数据摘要', `SHA-256 of ${REPORT_DATA_NAME}`, [hex(digests.json)]),
  ]);
  for (const seal of report.seals) paper.fields('operator', sealFields(seal, REPORT_DATA_NAME, show));
}

function drawNote(paper: Paper, { replaced }: PrintableText): void {
  if (replaced.length === 0) return;
  paper.heading({ zh: '四、印刷说明', en: 'Note on printing' }, 'neutral');
  paper.paragraph({
    zh: `部分字符无法印刷，或会改变显示方式，本件以 Unicode 编号表示，原文见 ${REPORT_DATA_NAME}：${replaced.slice(0, 60).join(' ')}${replaced.length > 60 ? ' …' : ''}`,
    en: `Some characters cannot be printed, or would change how others look. They are shown by their Unicode numbers; ${REPORT_DATA_NAME} has them as they are.`,
  });
}
