import type { Bilingual } from '../format/certificate.ts';
import type { Check, Report } from '../format/report.ts';
import { wordingOfCause, wordingOfCheck } from './wording.ts';

/**
 * What a report means for somebody who has to decide, derived from the report alone: the same report always gives the same ladder,
 * and nothing of it stands in the report. It has no score; every rung is one question with its own answer.
 */

export type Standing = 'proved' | 'not-proved' | 'could-not-check' | 'contradicted';

/** `whole` is the report under the reader's policy; the others are the questions a judge asks, in his order. */
export const QUESTIONS = ['whole', 'unchanged', 'since-when', 'in-the-log', 'issuer', 'word-only'] as const;
export type Question = (typeof QUESTIONS)[number];

export interface Rung {
  question: Question;
  /** The question in words. */
  asks: Bilingual;
  standing: Standing;
  /** The answer, one sentence. */
  says: Bilingual;
  /** On whom or what the answer rests: digests, signers, blocks, authorities. */
  sources: string[];
  /** The checks that keep it from being proved, or that stay open beside a proof; failed ones first. */
  open: { check: Check; words: Bilingual }[];
  /** What the reader can do about it, most useful first. */
  settles: Bilingual[];
}

const STANDINGS: Record<Standing, Bilingual> = {
  proved: { zh: '已证明', en: 'proved' },
  'not-proved': { zh: '未证明', en: 'not proved' },
  'could-not-check': { zh: '无法核验', en: 'could not check' },
  contradicted: { zh: '相矛盾', en: 'contradicted' },
};

export function wordingOfStanding(standing: Standing): Bilingual {
  return STANDINGS[standing];
}

const ASKS: Record<Question, Bilingual> = {
  whole: { zh: '您的信任策略所要求的，是否全部成立？', en: 'Does all that your policy requires hold?' },
  unchanged: { zh: '这是当时存证的文件吗，有没有改动？', en: 'Is this the deposited file, unchanged?' },
  'since-when': {
    zh: '最迟何时已经存在，外部由谁证明？',
    en: 'Since when does it exist at the latest, and who outside says so?',
  },
  'in-the-log': {
    zh: '是否在存证日志中，平台能否事后更改？',
    en: 'Is it in the log, and can the operator have changed it?',
  },
  issuer: { zh: '由谁出具？', en: 'Who issued this?' },
  'word-only': { zh: '哪些只有陈述，没有证明？', en: 'What rests on word only?' },
};

const LOG_CHECKS = ['log.origin', 'log.signature', 'log.inclusion'];

/** Which question each check answers; the rest belong to none and stay in the list of checks. */
function questionOf(name: string): Question | undefined {
  if (/^(?:file\.|annex\.|package\.|record\.|certificate\.canonical$)/.test(name)) return 'unchanged';
  if (/^(?:evm\.|rfc3161$|opentimestamps$|time\.)/.test(name)) return 'since-when';
  if (name.startsWith('log.')) return 'in-the-log';
  if (/^(?:seal$|seal\.|pdf\.)/.test(name)) return 'issuer';
  return undefined;
}

/** Six rungs, in the order of `QUESTIONS`. */
export function ladderOf(report: Report): Rung[] {
  const questions = [unchanged(report), sinceWhen(report), inTheLog(report), issuer(report)];
  return [whole(report, questions), ...questions, wordOnly(report)].map((rung) => ({
    ...rung,
    says: printable(rung.says),
    sources: rung.sources.map(printableText),
    open: rung.open.map(({ check, words }) => ({ check, words: printable(words) })),
    settles: rung.settles.map(printable),
  }));
}

function printable({ zh, en }: Bilingual): Bilingual {
  return { zh: printableText(zh), en: printableText(en) };
}

/** Names of signers and the like are other people's text: it must not move a cursor or reverse the writing direction. */
function printableText(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\u2028\u2029]/gu, (c) => `\\u{${(c.codePointAt(0) as number).toString(16)}}`);
}

function whole(report: Report, questions: readonly Rung[]): Rung {
  const failed = report.since.filter(
    (c) => c.status === 'failed' && (c.name !== 'status' || report.unmet.includes('status')),
  );
  const evaluation = report.evaluation
    ? { zh: '（评估用途，不得作为证据）', en: ' (EVALUATION: not for use as evidence)' }
    : { zh: '', en: '' };
  const answers: Record<Report['conclusion'], { standing: Standing; zh: string; en: string }> = {
    'required-passed': {
      standing: 'proved',
      zh: '信任策略要求的各项均已通过。',
      en: 'All that your policy requires has passed.',
    },
    failed: {
      standing: 'contradicted',
      zh: `有 ${failed.length} 项核验不通过：材料自相矛盾，或与文件不符。`,
      en: `${failed.length} check${failed.length === 1 ? '' : 's'} failed: the evidence contradicts itself or the file.`,
    },
    incomplete: {
      standing: questions.some((rung) => rung.standing === 'could-not-check') ? 'could-not-check' : 'not-proved',
      zh: '没有核验项不通过，但信任策略要求的部分项目尚未成立。',
      en: 'Nothing failed, but something that your policy requires does not stand yet.',
    },
    'no-policy': {
      standing: 'could-not-check',
      zh: '材料自身前后一致，但未提供信任策略：没有可信的外部依据。',
      en: 'Consistent in itself, but no trust policy was given: nobody outside vouches for it.',
    },
  };
  const { standing, zh, en } = answers[report.conclusion];
  const unmet = new Set(report.unmet);
  const open = report.since.filter(
    (c) =>
      failed.includes(c) || (c.status !== 'passed' && unmet.has(c.about === null ? c.name : `${c.name} (${c.about})`)),
  );
  return {
    question: 'whole',
    asks: ASKS.whole,
    standing,
    says: { zh: zh + evaluation.zh, en: en + evaluation.en },
    sources: report.policy === null ? [] : [`policy ${report.policy}`],
    open: failedFirst(open).map(opened),
    settles: settlementsOf(standing === 'proved' ? [] : open, report),
  };
}

function unchanged(report: Report): Rung {
  const checks = checksOf(report, 'unchanged');
  const failed = checks.filter((c) => c.status === 'failed');
  const matched = checks.filter((c) => c.name === 'file.sha256' && c.status === 'passed');
  const missing = checks.filter((c) => c.name === 'file.missing');
  const sources = matched.map((c) => c.about ?? c.facts.recorded ?? '');
  if (failed.length > 0 && failed.every((c) => c.name.startsWith('package.'))) {
    return rung('unchanged', 'contradicted', report, failed, sources, {
      zh: '材料包与其封存时的清单不一致。',
      en: 'The package is not as it was when its manifest was sealed.',
    });
  }
  if (failed.length > 0) {
    return rung('unchanged', 'contradicted', report, failed, sources, {
      zh: '所提供的文件或材料与存证记录不一致。',
      en: 'What was presented does not fit the deposit record.',
    });
  }
  if (matched.length === 0) {
    return rung('unchanged', 'could-not-check', report, missing, sources, {
      zh: '没有提供可比对的文件。',
      en: 'No file was held against it.',
    });
  }
  const count = missing.length === 0 ? '' : String(matched.length);
  if (report.times.notAfter === null && !standsInLog(report)) {
    return rung('unchanged', 'could-not-check', report, logOpen(report), sources, {
      zh: '文件与记录逐字节一致，但您信任的人中没有谁证明这份记录。',
      en: 'The file is byte for byte the one recorded, but nobody you trust vouches for the record.',
    });
  }
  return rung('unchanged', 'proved', report, missing, sources, {
    zh:
      count === ''
        ? '所提供的文件与存证记录逐字节一致。'
        : `所提供的 ${count} 个文件与存证记录逐字节一致；其余文件未提供。`,
    en:
      count === ''
        ? 'What was presented is byte for byte what was deposited.'
        : `The ${count} presented file${matched.length === 1 ? ' is' : 's are'} byte for byte as deposited; the others were not presented.`,
  });
}

function sinceWhen(report: Report): Rung {
  const checks = checksOf(report, 'since-when');
  const failed = checks.filter((c) => c.status === 'failed');
  const open = checks.filter(
    (c) => c.status === 'pending' || (c.status === 'not-checked' && c.because !== 'not-required'),
  );
  const counted = checks.find((c) => c.name === 'time.independent');
  const { notAfter } = report.times;
  const operators = counted?.facts.operators ?? '';
  const sources = notAfter === null ? [] : [notAfter.source, ...(operators === '' ? [] : [operators])];
  if (failed.length > 0) {
    return rung('since-when', 'contradicted', report, [...failed, ...open], sources, {
      zh: '有时间证明与材料相矛盾。',
      en: 'A proof of time contradicts the evidence.',
    });
  }
  const because = counted?.status === 'not-checked' ? counted.because : undefined;
  if (notAfter?.independent && (counted?.status === 'passed' || because === 'not-required')) {
    return rung('since-when', 'proved', report, open, sources, {
      zh: `最迟于 ${notAfter.at} 已经存在，由不依赖平台的来源证明。`,
      en: `It existed no later than ${notAfter.at}; a source independent of the operator shows that.`,
    });
  }
  if (notAfter?.independent) {
    const { found = '0', required = '?' } = counted?.facts ?? {};
    return rung('since-when', 'not-proved', report, open, sources, {
      zh: `已有独立来源证明最迟于 ${notAfter.at} 存在，但独立来源少于信任策略的要求（${found} / ${required}）。`,
      en: `An independent source shows that it existed no later than ${notAfter.at}, but your policy asks for more of them (${found} of ${required}).`,
    });
  }
  if (notAfter !== null && because === 'no-policy') {
    return rung('since-when', 'could-not-check', report, open, sources, {
      zh: `有来源指明最迟于 ${notAfter.at} 存在，但未提供信任策略，无法判断该来源是否独立于平台。`,
      en: `A source puts it no later than ${notAfter.at}, but without a policy nothing says whether that source is independent of the operator.`,
    });
  }
  if (notAfter !== null) {
    return rung('since-when', 'not-proved', report, open, sources, {
      zh: `有来源指明最迟于 ${notAfter.at} 存在，但您的信任策略不认为该来源独立于平台。`,
      en: `A source puts it no later than ${notAfter.at}, but your policy does not count that source as independent of the operator.`,
    });
  }
  const undecided = open.some((c) => c.status === 'not-checked' && c.because !== 'absent' && c.name !== 'time.bracket');
  return rung('since-when', undecided ? 'could-not-check' : 'not-proved', report, open, sources, {
    zh: undecided ? '附有时间证明，但没有您信任的来源予以确认。' : '还没有外部的时间证明，只有平台记录的接收时间。',
    en: undecided
      ? 'Proofs of time are there, but nobody you trust confirms one of them.'
      : "There is no outside proof of time yet, only the operator's time of receipt.",
  });
}

function inTheLog(report: Report): Rung {
  const checks = checksOf(report, 'in-the-log');
  const failed = checks.filter((c) => c.status === 'failed');
  const open = logOpen(report);
  const witnessed = checks.some((c) => c.name === 'log.cosignatures' && c.status === 'passed');
  const origin = checks.find((c) => c.name === 'log.origin' && c.status === 'passed')?.facts.origin;
  const { notAfter } = report.times;
  const sources = [
    ...(origin === undefined ? [] : [origin]),
    ...(notAfter === null ? [] : [notAfter.source]),
    ...(witnessed ? ['witnesses'] : []),
  ];
  if (failed.length > 0) {
    return rung('in-the-log', 'contradicted', report, [...failed, ...open], sources, {
      zh: '与日志的关系相矛盾：记录不在所签的树中，或签名无效。',
      en: 'It contradicts the log: the record is not in the tree that was signed, or a signature is not valid.',
    });
  }
  if (!standsInLog(report)) {
    return rung('in-the-log', 'could-not-check', report, open, sources, {
      zh: '您的信任策略未确认该日志，无法判断。',
      en: 'Your policy does not vouch for this log, so this cannot be decided.',
    });
  }
  if (notAfter?.independent || witnessed) {
    const since = notAfter?.independent ? notAfter.at : undefined;
    return rung('in-the-log', 'proved', report, open, sources, {
      zh:
        since === undefined
          ? '记录在日志中，并有外部见证：平台更改会被发现。'
          : `记录在日志中；自 ${since} 起，平台也不能更改而不被发现。`,
      en:
        since === undefined
          ? 'The record is in the log and outside witnesses saw it: a change by the operator would show.'
          : `The record is in the log, and since ${since} not even the operator can have changed it without this showing.`,
    });
  }
  return rung('in-the-log', 'not-proved', report, [...open, ...proofsOpen(report)], sources, {
    zh: '记录在平台签名的日志中，但尚无独立于平台的来源固定该状态：不能排除平台事后更改。',
    en: 'The record is in the log that the operator signed, but nobody independent of him holds that state yet: a later change by him is not excluded.',
  });
}

function issuer(report: Report): Rung {
  const checks = checksOf(report, 'issuer');
  const failed = checks.filter((c) => c.status === 'failed');
  const told = statusTold(report);
  const open = [...checks.filter((c) => c.status === 'pending' || c.status === 'not-checked'), ...told];
  const stands = checks.filter((c) => c.name === 'seal' && c.status === 'passed');
  const sealed = checks.filter((c) => c.name === 'seal' && c.facts.signer !== undefined);
  const names = [...new Set(sealed.map((c) => c.facts.signer as string))];
  if (failed.length > 0) {
    return rung('issuer', 'contradicted', report, [...failed, ...open], names, {
      zh: '签章或 PDF 签名无效，或与内容不符。',
      en: 'A seal or the PDF signature is not valid or does not fit the content.',
    });
  }
  if (stands.length > 0) {
    const by = [...new Set(stands.map((c) => c.facts.signer ?? ''))].join('; ');
    const state = told.find((c) => c.status === 'failed')?.facts.status;
    const withdrawn =
      state === 'withdrawn' || state === 'superseded'
        ? { zh: `；其后签章人已声明该证书${STATES[state].zh}`, en: `; since then the signer says that it is ${state}` }
        : { zh: '', en: '' };
    const word = stands.every((c) => c.facts.judgedAtSource === 'operator');
    return rung('issuer', 'proved', report, open, [...new Set(stands.map((c) => c.facts.signer ?? ''))], {
      zh: `由 ${by} 签章，属于您信任的签章人${word ? '；签章时间仅为其自己的陈述' : ''}${withdrawn.zh}。`,
      en: `Sealed by ${by}, whom your policy names${word ? '; the time of sealing is its own statement' : ''}${withdrawn.en}.`,
    });
  }
  if (sealed.length > 0) {
    return rung('issuer', 'could-not-check', report, open, names, {
      zh: `签章本身有效，自称 ${names.join('; ')}，但您的信任策略未列明该签章人。`,
      en: `The seal itself is valid and calls itself ${names.join('; ')}, but your policy does not name that signer.`,
    });
  }
  const unsupported = open.some((c) => c.status === 'not-checked' && c.because === 'unsupported');
  return rung('issuer', unsupported ? 'could-not-check' : 'not-proved', report, open, names, {
    zh: unsupported ? '本工具不能读取其签章。' : '没有签章。',
    en: unsupported ? 'This verifier cannot read its seal.' : 'It carries no seal.',
  });
}

const STATES = { withdrawn: { zh: '已撤回' }, superseded: { zh: '已被替换' } };

/**
 * How the issuer says that the certificate stands, where anything was answered or the policy asks: told beside the answer, never as a
 * contradiction, since it turns nothing of what the certificate proves.
 */
function statusTold(report: Report): Check[] {
  return report.since.filter(
    (c) =>
      c.name === 'status' &&
      c.status !== 'passed' &&
      (report.unmet.includes('status') || !(c.status === 'not-checked' && c.because === 'absent')),
  );
}

function wordOnly(report: Report): Rung {
  const by = (who: 'operator' | 'depositor') => report.statements.filter((s) => s.by === who).map((s) => s.field);
  const count = (who: 'operator' | 'depositor') => by(who).length;
  const open = report.before.filter((c) => c.status === 'not-checked' && c.because !== 'closed');
  const minutes = report.times.unprovedMinutes;
  return {
    question: 'word-only',
    asks: ASKS['word-only'],
    standing: report.before.some((c) => c.status === 'failed') ? 'contradicted' : 'not-proved',
    says: {
      zh: `平台陈述 ${count('operator')} 项、存证人陈述 ${count('depositor')} 项，均无外部证明；接收(T₁)到最早证明(T₂)${minutes === null ? '之间时长未定' : `共 ${minutes} 分钟`}，仅有平台的陈述。`,
      en: `${count('operator')} statements of the operator and ${count('depositor')} of the depositor have no outside proof; from receipt (T₁) to the earliest proof (T₂), ${minutes === null ? 'an unknown time' : `${minutes} minutes`}, only the operator's word stands.`,
    },
    sources: [...new Set(report.statements.map((s) => `${s.by}: ${s.field}`))],
    open: failedFirst(open).map(opened),
    settles: [
      {
        zh: '由当事人说明来源、取得方式和保管过程，并以其他证据佐证（原始载体、平台数据、证人、公证）。',
        en: 'The party explains source, capture and keeping, and supports it otherwise: original carrier, platform data, witnesses, a notary.',
      },
    ],
  };
}

function rung(
  question: Question,
  standing: Standing,
  report: Report,
  open: readonly Check[],
  sources: string[],
  says: Bilingual,
): Rung {
  return {
    question,
    asks: ASKS[question],
    standing,
    says,
    sources: sources.filter((source) => source !== ''),
    open: failedFirst(open).map(opened),
    settles: settlementsOf(open, report),
  };
}

function checksOf(report: Report, question: Question): Check[] {
  return report.since.filter((c) => questionOf(c.name) === question);
}

function logOpen(report: Report): Check[] {
  return checksOf(report, 'in-the-log').filter(
    (c) => c.status === 'pending' || (c.status === 'not-checked' && c.because !== 'not-required'),
  );
}

/** Proofs from outside that are there and not decided: any of them would hold the log's state. */
function proofsOpen(report: Report): Check[] {
  return report.since.filter(
    (c) =>
      (/^evm\.(?!notBefore)/.test(c.name) || c.name === 'rfc3161' || c.name === 'opentimestamps') &&
      (c.status === 'pending' || c.status === 'not-checked'),
  );
}

/** One publication whose three log checks passed. */
function standsInLog(report: Report): boolean {
  const groups = new Map<string | null, number>();
  for (const check of report.since) {
    if (!LOG_CHECKS.includes(check.name) || check.status !== 'passed') continue;
    groups.set(check.about, (groups.get(check.about) ?? 0) + 1);
  }
  return [...groups.values()].some((count) => count === LOG_CHECKS.length);
}

function failedFirst(checks: readonly Check[]): Check[] {
  return [...checks.filter((c) => c.status === 'failed'), ...checks.filter((c) => c.status !== 'failed')];
}

function opened(check: Check): Rung['open'][number] {
  const name = wordingOfCheck(check.name);
  const cause = wordingOfCause(check);
  if (cause === undefined) return { check, words: name };
  return { check, words: { zh: `${name.zh}：${cause.zh}`, en: `${name.en}: ${cause.en}` } };
}

function settlementsOf(checks: readonly Check[], report: Report): Bilingual[] {
  const found = new Map<string, Bilingual>();
  for (const check of failedFirst(checks)) {
    const settles = settlementOf(check, report);
    if (settles !== undefined) found.set(settles.en, settles);
  }
  return [...found.values()];
}

/** What would settle one check that has not passed; undefined if it has, or if nothing the reader can do would. */
export function settlementOf(check: Check, report?: Report): Bilingual | undefined {
  switch (check.status) {
    case 'passed':
      return undefined;
    case 'failed':
      return settlementOfFailure(check.name);
    case 'pending':
      return settlementOfWaiting(check);
    case 'not-checked':
      return settlementOfCause(check, report);
  }
}

function settlementOfFailure(name: string): Bilingual {
  if (name.startsWith('file.')) {
    return {
      zh: '请取得当时存证的原始文件，重新比对。',
      en: 'Obtain the file exactly as it was deposited and hold that against it.',
    };
  }
  if (name === 'status') {
    return {
      zh: '请向出具者询问撤回或替换的原因，并索取替换后的证书；本证书所证明的内容不因此改变。',
      en: 'Ask the issuer why, and for the certificate that took its place; what this one proves is not changed by it.',
    };
  }
  if (name === 'evm.canonical' || name === 'evm.notBefore') {
    return {
      zh: '请用另一个节点或区块浏览器再查该区块；若结论相同，该证明不成立。',
      en: 'Ask another node or a block explorer about this block; if it says the same, this proof does not stand.',
    };
  }
  return {
    zh: '请向持有人索取另一份证书或材料；若仍不通过，请要求其说明原因。',
    en: 'Ask whoever handed it over for another copy; if that fails too, for an explanation.',
  };
}

function settlementOfWaiting(check: Check & { status: 'pending' }): Bilingual {
  if (check.name === 'opentimestamps') {
    return {
      zh: `日历服务尚未给出完整证明：请数小时后向其查询（${check.until}），或索取新的证书。`,
      en: `The calendar has not completed this proof: ask it again in some hours (it waits for ${check.until}), or ask for a newer certificate.`,
    };
  }
  return { zh: `等待后再核验：${check.until}。`, en: `Check again later: ${check.until}.` };
}

function settlementOfCause(
  check: Check & { status: 'not-checked' },
  report: Report | undefined,
): Bilingual | undefined {
  const { name, facts, because } = check;
  if (because === 'no-policy') {
    return {
      zh: '请提供您自己的或您所信任机构的信任策略（--policy）。',
      en: 'Give a trust policy: your own, or one of an office that you trust (--policy).',
    };
  }
  if (because === 'unsupported') {
    return { zh: '请用较新的或其他核验工具核验此项。', en: 'Use a newer verifier, or another one, for this item.' };
  }
  if (because === 'nodes-disagree') {
    return {
      zh: '请查明哪一个节点有误，只用可靠的节点再核验。',
      en: 'Find out which of your nodes is wrong, and check again with those that you rely on.',
    };
  }
  if (because === 'not-required' || because === 'depends-on-failed' || because === 'closed') return undefined;
  const found = SETTLEMENTS.find((s) => s.name === name && (s.because === undefined || s.because === because));
  return found?.words(facts, report);
}

interface Settlement {
  name: string;
  because?: string;
  words: (facts: Record<string, string>, report: Report | undefined) => Bilingual | undefined;
}

/** Asks for one block by its hash, the way the reader can pass on. */
function confirmBlock({ chain, blockHash }: Record<string, string>): Bilingual | undefined {
  if (chain === undefined || blockHash === undefined) return undefined;
  return {
    zh: `请用区块浏览器或自己的节点确认 ${chain} 链上的区块 ${blockHash}，再作为可信区块填入（--trusted-block ${chain}/${blockHash}），或指定节点（--rpc）。`,
    en: `Confirm block ${blockHash} of ${chain} on a block explorer or your own node, then pass --trusted-block ${chain}/${blockHash}, or name a node with --rpc.`,
  };
}

const SETTLEMENTS: readonly Settlement[] = [
  { name: 'evm.canonical', words: confirmBlock },
  { name: 'evm.notBefore', because: 'offline', words: confirmBlock },
  {
    name: 'evm.contract',
    because: 'untrusted-key',
    words: ({ chain, contract }) => ({
      zh: `请核实合约 ${contract ?? ''}（${chain ?? ''}）确属该日志，再列入信任策略的 logs[].contracts。`,
      en: `Make sure that contract ${contract ?? ''} on ${chain ?? ''} belongs to this log, then add it to logs[].contracts of your policy.`,
    }),
  },
  {
    name: 'evm.contract',
    because: 'offline',
    words: ({ chain, contract }) => ({
      zh: `请指定一个 ${chain ?? ''} 节点（--rpc），以核对合约 ${contract ?? ''} 的代码。`,
      en: `Name a node of ${chain ?? 'that chain'} with --rpc, so that the code of contract ${contract ?? ''} can be compared.`,
    }),
  },
  {
    name: 'log.origin',
    because: 'untrusted-key',
    words: ({ origin }) => ({
      zh: `请从可信渠道取得日志 ${origin ?? ''} 的公钥和首叶哈希，列入信任策略的 logs。`,
      en: `Get the keys and first leaf of log ${origin ?? ''} by a way that you trust, and add them to logs of your policy.`,
    }),
  },
  {
    name: 'log.signature',
    because: 'untrusted-key',
    words: () => ({
      zh: '请把该日志签名所用的公钥（核实后）列入信任策略的 logs[].keys。',
      en: 'Add the key that signed this checkpoint, once you have confirmed whose it is, to logs[].keys of your policy.',
    }),
  },
  {
    name: 'log.cosignatures',
    because: 'absent',
    words: ({ present, required }) => ({
      zh: `您信任的见证人签名 ${present ?? '0'} 个，策略要求 ${required ?? '?'} 个：请向平台索取见证签名更多的证书，或将其他见证人的公钥（核实后）列入 witnesses.keys。`,
      en: `${present ?? '0'} of ${required ?? '?'} witnesses cosigned: ask for a certificate with more cosignatures, or add keys of other witnesses, once you have confirmed whose they are, to witnesses.keys.`,
    }),
  },
  {
    name: 'log.cosignatures',
    words: () => ({
      zh: '请把见证人的公钥（核实后）列入信任策略的 witnesses.keys。',
      en: 'Add the keys of the witnesses, once you have confirmed whose they are, to witnesses.keys of your policy.',
    }),
  },
  {
    name: 'rfc3161',
    because: 'untrusted-key',
    words: ({ authority, root, signer }) => ({
      zh: `请核实时间戳机构${authority ?? root ?? signer ?? ''}的根证书，再列入信任策略的 authorities。`,
      en: `Confirm the root certificate of this authority${nameIn(authority ?? root ?? signer)} and add it to authorities of your policy.`,
    }),
  },
  {
    name: 'rfc3161',
    words: () => ({
      zh: '请取得该时间戳缺少的证书或吊销信息（随附的侧文件），再核验。',
      en: 'Get the certificates or revocation data that this token lacks (the sidecar), and check again.',
    }),
  },
  {
    name: 'opentimestamps',
    because: 'offline',
    words: ({ height, merkleRoot }) => ({
      zh: `请用区块浏览器确认比特币区块${nameIn(height)} 的 Merkle 根为${nameIn(merkleRoot)}，再把其区块头列入信任策略的 bitcoin.headers。`,
      en: `Confirm on a block explorer that Bitcoin block${nameIn(height)} has Merkle root${nameIn(merkleRoot)}, then add its header to bitcoin.headers of your policy.`,
    }),
  },
  {
    name: 'opentimestamps',
    because: 'absent',
    words: () => ({
      zh: '请稍后向日历服务再次查询，以取得通向比特币区块的完整证明。',
      en: 'Ask the calendar again later for the part of the proof that leads to a Bitcoin block.',
    }),
  },
  {
    name: 'seal',
    because: 'untrusted-key',
    words: ({ signer, x509Sha256 }) => ({
      zh: `请向${signer ?? '签章人'}核实其证书（SHA-256 ${x509Sha256 ?? ''}），再将该证书或其根证书列入信任策略的 seals。`,
      en: `Confirm with ${signer ?? 'the signer'} that this X.509 certificate is theirs (SHA-256 ${x509Sha256 ?? ''}), then add it or its root to seals of your policy.`,
    }),
  },
  {
    name: 'seal',
    because: 'absent',
    words: () => ({
      zh: '请向平台索取带签章的证书。',
      en: 'Ask the operator for a sealed certificate.',
    }),
  },
  {
    name: 'status',
    words: () => ({
      zh: '请向出具者的服务查询该证书的最新状态，连同其回答再核验。',
      en: "Ask the issuer's service how the certificate stands now, and check again with its answer.",
    }),
  },
  {
    name: 'file.missing',
    words: (_, report) =>
      report?.subject.kind === 'package'
        ? {
            zh: '请另行取得该文件并与证书比对。',
            en: 'Obtain this file elsewhere and hold it against the certificate.',
          }
        : { zh: '请提供该文件进行比对。', en: 'Hold the file against it.' },
  },
  {
    name: 'time.independent',
    because: 'absent',
    words: ({ found, required }) => ({
      zh: `独立时间来源 ${found ?? '0'} 个，策略要求 ${required ?? '?'} 个：请确认上面的区块、时间戳机构或比特币区块，或索取附有更多证明的证书。`,
      en: `${found ?? '0'} of ${required ?? '?'} independent times: confirm the blocks, authorities or Bitcoin blocks named here, or ask for a certificate with more proofs.`,
    }),
  },
];

function nameIn(value: string | undefined): string {
  return value === undefined ? '' : ` ${value}`;
}
