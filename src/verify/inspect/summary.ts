import { beijingClock } from '../../format/beijing-clock.ts';
import type { Bilingual } from '../../format/certificate.ts';
import { unixMsOf } from '../../format/fields.ts';
import { type InspectedKind, type Inspection, isOurs } from '../../format/inspection.ts';
import type { Check } from '../../format/report.ts';
import { type Standing, settlementOf } from '../ladder.ts';
import { wordingOfCause, wordingOfCheck, wordingOfConclusion } from '../wording.ts';

/** An inspection in the ladder's words, the same on the command line and in the page: derived from the inspection alone. */
export interface Summary {
  standing: Standing;
  /** One sentence on the whole. */
  says: Bilingual;
  /** Checks by what came of them, contradicted first; empty groups are left out. */
  groups: { standing: Standing; checks: { check: Check; words: Bilingual }[] }[];
  /** What the reader can do, most useful first. */
  settles: Bilingual[];
}

const STANDING_OF: Record<Check['status'], Standing> = {
  passed: 'proved',
  failed: 'contradicted',
  pending: 'not-proved',
  'not-checked': 'could-not-check',
};
const ORDER: readonly Standing[] = ['contradicted', 'could-not-check', 'not-proved', 'proved'];

const WHOLE: Record<Inspection['conclusion'], { standing: Standing; says: Bilingual }> = {
  'required-passed': {
    standing: 'proved',
    says: {
      zh: '该材料所证明的各项均成立，且由您的信任策略所认可的人出具。',
      en: 'All that this thing is there to prove holds, by somebody whom your policy trusts.',
    },
  },
  failed: {
    standing: 'contradicted',
    says: {
      zh: '该材料自相矛盾，或与所提供的文件不符。',
      en: 'It contradicts itself, or the file that was presented.',
    },
  },
  incomplete: {
    standing: 'could-not-check',
    says: {
      zh: '没有核验项不通过，但有必需项未完成或无法核验。',
      en: 'Nothing failed, but something that is needed is pending or could not be checked.',
    },
  },
  'no-policy': {
    standing: 'could-not-check',
    says: {
      zh: '未提供信任策略：没有可信的外部依据。',
      en: 'No trust policy was given: nobody outside vouches for it.',
    },
  },
};

export function summaryOf(inspection: Inspection): Summary {
  const waits = inspection.conclusion === 'incomplete' && inspection.checks.some((c) => c.status === 'pending');
  const whole = WHOLE[inspection.conclusion];
  const open = inspection.checks.filter((c) => c.status !== 'passed');
  const settles = new Map<string, Bilingual>();
  for (const check of [...open].sort((a, b) => rankOf(a) - rankOf(b))) {
    const words = settlementFor(check);
    if (words !== undefined) settles.set(words.en, words);
  }
  return {
    standing: waits ? 'not-proved' : whole.standing,
    says: whole.says,
    groups: ORDER.flatMap((standing) => {
      const checks = inspection.checks.filter((check) => STANDING_OF[check.status] === standing);
      return checks.length === 0
        ? []
        : [{ standing, checks: checks.map((check) => ({ check, words: wordsOf(check) })) }];
    }),
    settles: [...settles.values()],
  };
}

function rankOf(check: Check): number {
  return ORDER.indexOf(STANDING_OF[check.status]);
}

function wordsOf(check: Check): Bilingual {
  const name = wordingOfCheck(check.name);
  const cause = wordingOfCause(check);
  // Some of what was handed over may have been presented.
  const { items, notPresented } = check.facts;
  const named = check.about ?? (notPresented === undefined ? null : `${notPresented}/${items}`);
  const about = named === null ? '' : ` (${named})`;
  const aboutZh = about.replace('(file ', '(文件 ').replace('(certificate ', '(证书 ').replace('(other ', '(其他 ');
  return {
    zh: `${name.zh}${aboutZh}${cause === undefined ? '' : `：${cause.zh}`}`,
    en: `${name.en}${about}${cause === undefined ? '' : `: ${cause.en}`}`,
  };
}

/** The questions that only inspections ask; the others are settled as in a report. */
function settlementFor(check: Check): Bilingual | undefined {
  const { name, facts } = check;
  if (name === 'file.missing' && facts.notPresented !== undefined) {
    return {
      zh: `请一并提供移交的文件，以逐一比对摘要（共 ${facts.items} 项，${facts.notPresented} 项未提供）。`,
      en: `Present the files that were handed over, so that their digests can be compared (${facts.notPresented} of ${facts.items} items were not).`,
    };
  }
  if (name === 'custody.handOver' && check.status === 'not-checked') return settlementOfOpen(facts, check.because);
  if (name === 'custody.events' && check.status === 'not-checked' && check.because === 'operator-word-only') {
    return facts.recordMadeAt === undefined
      ? {
          zh: '请一并提供该存证的保管记录（custody.json），以核对移交已由日志固定；没有它，只有平台签章为所列事件作保。',
          en: 'Present the custody record of the deposit (custody.json) to see that the log holds the hand-over; without it only the seal of the operator vouches for the events named.',
        }
      : {
          zh: '所提供的保管记录出具过早，其中的日志尚未固定该行为：请向平台索取新的保管记录。',
          en: 'The custody record presented was made too early for the log to hold this act: get a newer one.',
        };
  }
  if (name === 'file.missing') {
    const digest = facts.digest === undefined ? '' : ` ${facts.algorithm} ${facts.digest}`;
    return {
      zh: `请一并提供它所证明的文件${digest === '' ? '' : `，其摘要为${digest}`}。`,
      en: `Present the file that it speaks of${digest === '' ? '' : `: its digest is${digest}`}.`,
    };
  }
  if (name === 'file.digest' && facts.digest === undefined) {
    return {
      zh: '请取得该证明所指的原文件；所提供的是另一个文件或已改动的文件。',
      en: 'Obtain the file that it speaks of; the one presented is another, or was changed.',
    };
  }
  if (name === 'file.digest') {
    return {
      zh: `请取得摘要为 ${facts.algorithm ?? ''} ${facts.digest ?? ''} 的原文件；所提供的是另一个文件或已改动的文件。`,
      en: `Obtain the file whose digest is ${facts.algorithm ?? ''} ${facts.digest ?? ''}; the one presented is another, or was changed.`,
    };
  }
  if (name === 'bag.seal') {
    return {
      zh: '请向制作者索取对清单的签名或时间戳；没有它，无从得知由谁、何时制作。',
      en: 'Ask whoever made it for a signature or a timestamp over its manifests: without one, nobody knows who made it, or when.',
    };
  }
  if (name === 'bag.fetch' && check.status === 'not-checked') {
    return {
      zh: '请取得 fetch.txt 所列文件，放入包中再核验。',
      en: 'Get the files that fetch.txt lists, put them into the bag, and check again.',
    };
  }
  if (name === 'pdf.signer' && check.status === 'not-checked' && check.because === 'untrusted-key') {
    return {
      zh: `请向${facts.signer ?? '签名人'}核实其证书（SHA-256 ${facts.x509Sha256 ?? ''}），再将该证书或其根证书列入信任策略的 seals。`,
      en: `Confirm with ${facts.signer ?? 'the signer'} that this X.509 certificate is theirs (SHA-256 ${facts.x509Sha256 ?? ''}), then add it or its root to seals of your policy.`,
    };
  }
  if (name === 'pdf.changes' && check.status === 'failed') {
    return {
      zh: '请向签名人索取签名时的版本；最后一个签名之后的内容没有人签名。',
      en: 'Ask the signers for the version that they signed: nobody signed what came after the last signature.',
    };
  }
  if (name === 'rfc3161' && facts.failure !== undefined) {
    return { zh: '时间戳机构没有出具时间戳：请重新申请。', en: 'The authority gave no timestamp: ask it again.' };
  }
  return settlementOf(check);
}

/** Of a receipt that nobody confirmed. */
function settlementOfOpen(facts: Record<string, string>, because: string): Bilingual | undefined {
  if (facts.confirmedSince !== undefined) {
    return {
      zh: `保管记录载明其后已确认（${beijingTime(facts.confirmedSince)}）：请索取确认之后出具的回执。`,
      en: `The custody record says that it was confirmed since (${beijingTime(facts.confirmedSince)}): ask for the receipt made after that.`,
    };
  }
  switch (because) {
    case 'unconfirmed':
      return {
        zh: `请接收人在 ${beijingTime(facts.expiresAt)} 之前确认，再索取确认之后出具的回执。`,
        en: `Have the receiver confirm before ${beijingTime(facts.expiresAt)}, then ask for the receipt made after that.`,
      };
    case 'expired':
      return {
        zh: '请向移交人或接收人索取期满之后出具的回执；若当时未确认，须重新移交。',
        en: 'Ask giver or receiver for a receipt made since; if nobody confirmed in time, it has to be handed over anew.',
      };
    default:
      return { zh: '移交已撤回：须重新移交。', en: 'It was taken back: it has to be handed over anew.' };
  }
}

/** As on paper. */
function beijingTime(utc = ''): string {
  return utc === '' ? '' : `${beijingClock(unixMsOf(utc)).slice(0, 19)} +08:00`;
}

const KINDS: Record<InspectedKind, Bilingual> = {
  'hand-over': { zh: '移交回执', en: 'receipt of a hand-over' },
  'timestamp-token': { zh: 'RFC 3161 时间戳', en: 'RFC 3161 timestamp token' },
  'timestamp-response': { zh: 'RFC 3161 时间戳应答', en: 'RFC 3161 timestamp response' },
  opentimestamps: { zh: 'OpenTimestamps 证明', en: 'OpenTimestamps proof' },
  'tlog-proof': { zh: '透明日志证明', en: 'transparency log proof' },
  'signed-pdf': { zh: '已签名的 PDF', en: 'signed PDF' },
  bag: { zh: 'BagIt 包', en: 'BagIt bag' },
  'evidence-record': { zh: 'RFC 4998 证据记录', en: 'RFC 4998 evidence record' },
};

/** The last line of an inspection. Of a hand-over nothing says that its files are those of the deposit. */
export function wordingOfOutcome({ subject, conclusion }: Inspection): Bilingual {
  if (!isOurs(subject.kind) || conclusion !== 'required-passed') return wordingOfConclusion(conclusion);
  return {
    zh: '信任策略要求的各项均通过：移交人与接收人就所列文件说了同样的话',
    en: 'All that the policy requires has passed: giver and receiver say the same of these files',
  };
}

export function wordingOfKind(kind: InspectedKind): Bilingual {
  return KINDS[kind];
}
