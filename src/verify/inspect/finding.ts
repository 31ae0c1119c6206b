import type { Bilingual } from '../../format/certificate.ts';
import { utcTimeOf } from '../../format/fields.ts';
import { type InspectedKind, type Inspection, isOurs } from '../../format/inspection.ts';
import type { Check, CheckName } from '../../format/report.ts';
import type { ProvedTime } from '../evm.ts';
import type { Trust } from '../trust.ts';
import { VERIFIER } from '../verifier.ts';

/** What was found out about one thing, before anything is concluded from it. */
export interface Finding {
  /** SHA-256, lower-case hex. */
  digest: string;
  checks: Check[];
  /** Names of checks of which at least one must be there; every check of these names must have passed. */
  required: readonly CheckName[];
  times: ProvedTime[];
  /** True if the thing itself says so. */
  evaluation?: boolean;
  statements: Inspection['statements'];
  /** Limits of this kind of thing, beside those of every inspection. */
  limits: readonly Bilingual[];
}

const MAX_VALUE = 4000;
const MAX_ABOUT = 300;

/** Puts a finding under the reader's policy. Nothing here looks at evidence again. */
export function concludeInspection(kind: InspectedKind, found: Finding, trust: Trust): Inspection {
  const finding = { ...found, checks: found.checks.map(bounded) };
  const unmet = unmetOf(finding);
  return {
    type: 'tiezheng/inspection/v1',
    verifier: VERIFIER,
    subject: { kind, digest: finding.digest },
    evaluation: (found.evaluation ?? false) || (trust.policy?.evaluation ?? false),
    policy: trust.digest,
    conclusion: conclusionOf(finding.checks, unmet, trust),
    unmet,
    checks: finding.checks,
    times: [...finding.times]
      .sort((a, b) => a.unixMs - b.unixMs || (a.source < b.source ? -1 : 1))
      .slice(0, 1000)
      .map(({ unixMs, source, independent }) => ({ at: utcTimeOf(unixMs), source: source.slice(0, 300), independent })),
    statements: finding.statements.slice(0, 3000).map(({ by, field, value }) => ({
      by,
      field: field.slice(0, 200).toWellFormed(),
      value: value.slice(0, MAX_VALUE).toWellFormed(),
    })),
    limits: [...(isOurs(kind) ? [] : [NOT_OURS]), ...INSPECTION_LIMITS, ...finding.limits],
  };
}

/** Strangers choose names and paths: no text is longer than a report holds, or cut within a character. */
function bounded(check: Check): Check {
  const facts = Object.entries(check.facts).map(([key, value]) => [key, value.slice(0, MAX_VALUE).toWellFormed()]);
  const about = check.about?.slice(0, MAX_ABOUT).toWellFormed() ?? null;
  return { ...check, about, facts: Object.fromEntries(facts) };
}

function conclusionOf(checks: readonly Check[], unmet: readonly string[], trust: Trust): Inspection['conclusion'] {
  if (checks.some((c) => c.status === 'failed')) return 'failed';
  if (trust.policy === undefined) return 'no-policy';
  return unmet.length === 0 ? 'required-passed' : 'incomplete';
}

function unmetOf({ checks, required }: Finding): string[] {
  const unmet = new Set<string>();
  // Of a thing that speaks of many files, one that was compared is enough; the others are told as not presented.
  const compared = checks.some(({ name, status }) => name === 'file.digest' && status === 'passed');
  for (const check of checks) {
    const asked = required.includes(check.name as CheckName) || (check.name === 'file.missing' && !compared);
    if (check.status === 'failed' || (asked && check.status !== 'passed')) {
      unmet.add(check.about === null ? check.name : `${check.name} (${check.about})`);
    }
  }
  for (const name of required) if (!checks.some((check) => check.name === name)) unmet.add(name);
  // The file that is missing is named once, not also as a comparison that did not take place.
  if (unmet.has('file.missing')) unmet.delete('file.digest');
  return [...unmet];
}

const NOT_OURS: Bilingual = {
  zh: '这不是本平台出具的材料。核验只说明其自身能证明什么；不说明内容是否真实、由谁创作、何时制作。',
  en: 'This thing is not of our making. The check says what it proves by itself; not whether the content is accurate, who made it, or when it was made.',
};

/** Printed with every inspection, whatever the thing says of itself. */
const INSPECTION_LIMITS: readonly Bilingual[] = [
  {
    zh: '核验不对侵权与否作出判断，也不预测法院、公证机构或行政机关如何认定。',
    en: 'It makes no finding of infringement and does not predict how a court, notary or authority will assess the evidence.',
  },
  {
    zh: '“未核验”既不是“通过”，也不是“不通过”：它说明缺少哪一项信任或资料。',
    en: '"Not checked" is neither passed nor failed: it names the trust or material that is missing.',
  },
  {
    zh: '核验结论以读者自己选定的信任策略为前提；被核验的材料不能决定相信谁。',
    en: 'The result holds under the trust policy that the reader chose. The thing inspected cannot decide whom to trust.',
  },
];
