import { encodeHex, parseBase64, sha256 } from '../format/bytes.ts';
import type { Bilingual } from '../format/certificate.ts';
import { parseCosignatureKey } from '../format/cosignature.ts';
import { utcTimeOf } from '../format/fields.ts';
import { ED25519, type NoteKey, parseNoteKey } from '../format/note.ts';
import type { Policy } from '../format/policy.ts';
import { parseX509, subjectOf, type X509 } from './x509-chain.ts';

/** Why a policy deserves a second look. None of them stops it from being used. */
export type PolicyWarningCode =
  | 'evaluation'
  | 'no-log'
  | 'no-seal'
  | 'no-independent-source'
  | 'independence-not-required'
  | 'too-few-independent-operators'
  | 'too-few-chains-for-anchors'
  | 'too-few-authorities-for-tokens'
  | 'quorum-above-number-of-witnesses'
  | 'witnesses-without-quorum'
  | 'log-key-not-of-that-log'
  | 'key-named-twice'
  | 'chain-named-twice'
  | 'operator-both-independent-and-not'
  | 'certificate-expired'
  | 'certificate-not-yet-valid'
  | 'certificate-is-not-an-authority'
  | 'authority-without-operator'
  | 'contract-on-unlisted-chain'
  | 'bitcoin-without-headers';

export interface PolicyReview {
  /** Whom and what it trusts, one line each. */
  trusts: Bilingual[];
  /** What has to hold before a report is `required-passed`. */
  requires: Bilingual[];
  warnings: { code: PolicyWarningCode; words: Bilingual }[];
}

/**
 * A policy that `openTrust` takes, in plain words, for the person who answers for it.
 * @param atUnixMs the reader's clock: against it certificates are called expired
 */
export function reviewPolicy(policy: Policy, atUnixMs: number): PolicyReview {
  const warnings: PolicyReview['warnings'] = [];
  const warn = (code: PolicyWarningCode, zh: string, en: string) => {
    warnings.push({ code, words: { zh, en } });
  };
  if (policy.evaluation) {
    warn(
      'evaluation',
      '评估用途的策略：以此核验的任何材料都不得作为证据',
      'An EVALUATION policy: nothing verified with it is evidence',
    );
  }
  const trusts = [
    ...logsIn(policy, warn),
    ...chainsIn(policy, warn),
    ...authoritiesIn(policy, atUnixMs, warn),
    ...bitcoinIn(policy, warn),
    ...witnessesIn(policy, warn),
    ...sealsIn(policy, atUnixMs, warn),
  ];
  const requires = requirementsOf(policy);
  warnAboutNumbers(policy, warn);
  return { trusts, requires, warnings };
}

type Warn = (code: PolicyWarningCode, zh: string, en: string) => void;

function logsIn(policy: Policy, warn: Warn): Bilingual[] {
  if (policy.logs.length === 0) {
    warn('no-log', '没有列明任何存证日志：任何证书都不能通过', 'No log is named: no certificate can pass');
  }
  const listed = new Set(policy.chains.map(({ chain }) => chain));
  return policy.logs.flatMap(({ origin, keys, contracts }) => {
    if (new Set(keys).size !== keys.length) {
      warn('key-named-twice', `日志 ${origin} 的同一公钥列出两次`, `Log ${origin} names one key twice`);
    }
    for (const key of keys.map(parseNoteKey)) {
      if (key.name !== origin || key.algorithm !== ED25519) {
        warn(
          'log-key-not-of-that-log',
          `公钥 ${idOf(key)} 不是日志 ${origin} 的签名公钥，不会起作用`,
          `Key ${idOf(key)} is not a signing key of log ${origin} and will never count`,
        );
      }
    }
    for (const { chain, address } of contracts) {
      if (listed.has(chain)) continue;
      warn(
        'contract-on-unlisted-chain',
        `合约 ${address} 所在的链 ${chain} 未列入 chains：其时间不算独立`,
        `Contract ${address} is on ${chain}, which chains does not list: its times are not independent`,
      );
    }
    return [
      {
        zh: `日志 ${origin}，${keys.length} 个公钥`,
        en: `Log ${origin}, ${keys.length} key${plural(keys.length)}`,
      },
      ...contracts.map(({ chain, address }) => ({
        zh: `　锚定于 ${chain} 的合约 ${address}`,
        en: `  anchored in contract ${address} on ${chain}`,
      })),
    ];
  });
}

function chainsIn({ chains, blocks }: Policy, warn: Warn): Bilingual[] {
  for (const { chain } of chains.filter((c, i) => chains.findIndex((other) => other.chain === c.chain) < i)) {
    warn('chain-named-twice', `链 ${chain} 列出两次`, `Chain ${chain} is named twice`);
  }
  const confirmed = (chain: string) => blocks.filter((b) => b.chain === chain).length;
  return chains.map(({ chain, independent, operator }) => ({
    zh: `链 ${chain}${by(operator, 'zh')}：${independenceZh(independent)}；已确认区块 ${confirmed(chain)} 个`,
    en: `Chain ${chain}${by(operator, 'en')}: ${independenceEn(independent)}; ${confirmed(chain)} block${plural(confirmed(chain))} confirmed`,
  }));
}

function authoritiesIn({ authorities }: Policy, atUnixMs: number, warn: Warn): Bilingual[] {
  return authorities.map(({ certificate, independent, operator }, i) => {
    const { x509, name } = openCertificate(certificate, `authorities[${i}]`, atUnixMs, warn);
    if (!isAuthority(x509) && !isSelfIssued(x509)) {
      warn(
        'certificate-is-not-an-authority',
        `${name} 不是机构根证书：仅由其自身签发的时间戳可通过`,
        `${name} is no authority's root: only tokens signed with this very certificate can pass`,
      );
    }
    if (independent && operator === undefined) {
      warn(
        'authority-without-operator',
        `${name} 未注明运营者 (operator)：与同一运营者的其他来源会各计一次`,
        `${name} has no operator: it counts by itself, even beside another source of the same operator`,
      );
    }
    return {
      zh: `时间戳机构 ${name}${by(operator, 'zh')}：${independenceZh(independent)}${untilZh(x509)}`,
      en: `Timestamp authority ${name}${by(operator, 'en')}: ${independenceEn(independent)}${untilEn(x509)}`,
    };
  });
}

function bitcoinIn({ bitcoin }: Policy, warn: Warn): Bilingual[] {
  if (bitcoin === undefined) return [];
  const { length } = bitcoin.headers;
  if (length === 0) {
    warn(
      'bitcoin-without-headers',
      '未列出任何比特币区块头：OpenTimestamps 证明无法离线核验',
      'No Bitcoin header is listed: no OpenTimestamps proof can be checked offline',
    );
  }
  return [
    {
      zh: `比特币：${independenceZh(bitcoin.independent)}；区块头 ${length} 个`,
      en: `Bitcoin: ${independenceEn(bitcoin.independent)}; ${length} block header${plural(length)}`,
    },
  ];
}

function witnessesIn({ witnesses }: Policy, warn: Warn): Bilingual[] {
  const keys = witnesses.keys.map(parseCosignatureKey);
  const seen = new Set<string>();
  for (const key of keys) {
    const publicKey = encodeHex(key.publicKey);
    if (seen.has(publicKey)) {
      warn(
        'key-named-twice',
        `见证人公钥 ${idOf(key)} 列出两次，只计一次`,
        `Witness key ${idOf(key)} is named twice and counts once`,
      );
    }
    seen.add(publicKey);
  }
  return keys.map((key) => ({ zh: `见证人 ${key.name}`, en: `Witness ${key.name}` }));
}

function sealsIn({ seals }: Policy, atUnixMs: number, warn: Warn): Bilingual[] {
  if (seals.length === 0) {
    warn('no-seal', '没有列明任何签章人：任何证书都不能通过', 'No seal is named: no certificate can pass');
  }
  return seals.map((certificate, i) => {
    const { x509, name } = openCertificate(certificate, `seals[${i}]`, atUnixMs, warn);
    return { zh: `签章人 ${name}${untilZh(x509)}`, en: `Seals by ${name}${untilEn(x509)}` };
  });
}

function requirementsOf(policy: Policy): Bilingual[] {
  const { independentTimesRequired, tokensRequired, anchorsRequired, witnesses, logs } = policy;
  const contracts = logs.some((log) => log.contracts.length > 0);
  const anchors = Math.max(contracts ? 1 : 0, anchorsRequired ?? 0);
  const rows: Bilingual[] = [
    { zh: '至少一个文件与存证一致，签章属于所列签章人', en: 'At least one file matches, and a seal of a named signer' },
    { zh: '记录在所列日志签名的树中', en: 'The record is in a tree that a named log signed' },
  ];
  if (anchors > 0) {
    rows.push({
      zh: `锚定于 ${anchors} 条链（不同运营者），合约、区块和最终性均成立`,
      en: `An anchor on ${anchors} chain${plural(anchors)} of different operators, with contract, block and finality`,
    });
  }
  if ((tokensRequired ?? 0) > 0) {
    rows.push({
      zh: `${tokensRequired} 个不同运营者的时间戳`,
      en: `Timestamp tokens of ${tokensRequired} operator${plural(tokensRequired ?? 0)}`,
    });
  }
  if (witnesses.quorum > 0) {
    rows.push({
      zh: `至少 ${witnesses.quorum} 个见证人签名（共列 ${witnesses.keys.length} 个）`,
      en: `Cosignatures of at least ${witnesses.quorum} of ${witnesses.keys.length} witnesses`,
    });
  }
  rows.push(
    independentTimesRequired === 0
      ? { zh: '不要求独立的时间证明', en: 'No independent proof of time' }
      : {
          zh: `${independentTimesRequired} 个不同运营者的独立时间证明`,
          en: `Independent proofs of time by ${independentTimesRequired} operator${plural(independentTimesRequired)}`,
        },
  );
  if (policy.statusRequired === true) {
    rows.push({
      zh: '签发者在最近 24 小时内的答复：证书有效',
      en: "The issuer's answer, at most 24 hours old, that the certificate is valid",
    });
  }
  return rows;
}

function warnAboutNumbers(policy: Policy, warn: Warn): void {
  const { independentTimesRequired, tokensRequired, anchorsRequired, witnesses, logs, chains } = policy;
  const independent = independentOperators(policy);
  if (independent.size === 0) {
    warn(
      'no-independent-source',
      '没有任何来源被列为独立于平台：任何时间都不算独立证明',
      'No source is marked independent: no time will count as proved independently of the operator',
    );
  } else if (independentTimesRequired === 0) {
    warn(
      'independence-not-required',
      'independentTimesRequired 为 0：没有独立时间证明也能通过',
      'independentTimesRequired is 0: evidence passes without any independent time',
    );
  }
  if (independentTimesRequired > independent.size) {
    warn(
      'too-few-independent-operators',
      `要求 ${independentTimesRequired} 个独立时间，但只列有 ${independent.size} 个独立运营者：无法满足`,
      `${independentTimesRequired} independent times are required, but the policy names ${independent.size} independent operator${plural(independent.size)}: this can never be met`,
    );
  }
  const sources = [...chains, ...policy.authorities];
  for (const operator of new Set(sources.map((s) => s.operator).filter((o) => o !== undefined))) {
    const own = sources.filter((s) => s.operator === operator);
    if (own.every((s) => s.independent) || !own.some((s) => s.independent)) continue;
    warn(
      'operator-both-independent-and-not',
      `运营者 ${operator} 的来源有的列为独立，有的不列为独立`,
      `Operator ${operator} has sources that are marked independent and others that are not`,
    );
  }
  const operatorOf = (chain: string) => chains.find((c) => c.chain === chain)?.operator ?? chain;
  for (const { origin, contracts } of logs) {
    const reachable = new Set(contracts.map(({ chain }) => operatorOf(chain))).size;
    if ((anchorsRequired ?? 0) <= reachable) continue;
    warn(
      'too-few-chains-for-anchors',
      `要求 ${anchorsRequired} 个锚定，但日志 ${origin} 只列有 ${reachable} 条不同运营者的链：无法满足`,
      `${anchorsRequired} anchors are required, but log ${origin} has contracts on chains of ${reachable} operator${plural(reachable)}: this can never be met`,
    );
  }
  const authorities = new Set(policy.authorities.map((a, i) => a.operator ?? `authorities[${i}]`)).size;
  if ((tokensRequired ?? 0) > authorities) {
    warn(
      'too-few-authorities-for-tokens',
      `要求 ${tokensRequired} 个时间戳，但只列有 ${authorities} 个运营者的机构：无法满足`,
      `${tokensRequired} tokens are required, but the policy names authorities of ${authorities} operator${plural(authorities)}: this can never be met`,
    );
  }
  const cosigners = new Set(witnesses.keys.map(parseCosignatureKey).map(({ publicKey }) => encodeHex(publicKey))).size;
  if (witnesses.quorum > cosigners) {
    warn(
      'quorum-above-number-of-witnesses',
      `要求 ${witnesses.quorum} 个见证签名，但只列有 ${cosigners} 个不同的公钥：无法满足`,
      `A quorum of ${witnesses.quorum} is required, but the policy names ${cosigners} different witness key${plural(cosigners)}: this can never be met`,
    );
  }
  if (witnesses.quorum === 0 && witnesses.keys.length > 0) {
    warn(
      'witnesses-without-quorum',
      '列有见证人但 quorum 为 0：没有见证签名也能通过',
      'Witnesses are named, but the quorum is 0: evidence passes without any cosignature',
    );
  }
}

/** Distinct operators whose times could count; a source without operator stands for itself, as in a report. */
function independentOperators({ chains, authorities, bitcoin }: Policy): Set<string> {
  return new Set([
    ...chains.filter((c) => c.independent).map((c) => c.operator ?? c.chain),
    ...authorities.flatMap((a, i) => (a.independent ? [a.operator ?? `authorities[${i}]`] : [])),
    ...(bitcoin?.independent && bitcoin.headers.length > 0 ? ['Bitcoin'] : []),
  ]);
}

function openCertificate(base64: string, place: string, atUnixMs: number, warn: Warn): { x509: X509; name: string } {
  const der = parseBase64(base64);
  // `openTrust` has read it.
  const x509 = parseX509(der) as X509;
  const name = `${subjectOf(x509)} (SHA-256 ${encodeHex(sha256(der)).slice(0, 16)}…)`;
  const { notBefore, notAfter } = x509.parsed;
  if (atUnixMs >= notAfter.value.getTime() + 1000) {
    warn(
      'certificate-expired',
      `${place} ${name} 已于 ${utcTimeOf(notAfter.value.getTime())} 过期：只认可其有效期内的签名`,
      `${place} ${name} expired on ${utcTimeOf(notAfter.value.getTime())}: only what was signed before still counts`,
    );
  } else if (atUnixMs < notBefore.value.getTime()) {
    warn(
      'certificate-not-yet-valid',
      `${place} ${name} 自 ${utcTimeOf(notBefore.value.getTime())} 起才有效`,
      `${place} ${name} is not valid before ${utcTimeOf(notBefore.value.getTime())}`,
    );
  }
  return { x509, name };
}

function isAuthority({ parsed }: X509): boolean {
  const constraints = parsed.extensions?.find((e) => e.extnID === '2.5.29.19')?.parsedValue as
    | { cA?: boolean }
    | undefined;
  return constraints?.cA === true;
}

function isSelfIssued({ parsed }: X509): boolean {
  return parsed.issuer.isEqual(parsed.subject);
}

function idOf(key: NoteKey): string {
  return `${key.name}+${encodeHex(key.keyId)}`;
}

function by(operator: string | undefined, language: 'zh' | 'en'): string {
  if (operator === undefined) return '';
  return language === 'zh' ? `（运营者 ${operator}）` : ` (operator ${operator})`;
}

function independenceZh(independent: boolean): string {
  return independent ? '独立于平台' : '不视为独立';
}

function independenceEn(independent: boolean): string {
  return independent ? 'independent of the operator' : 'not independent';
}

function untilZh(x509: X509): string {
  return `，有效至 ${utcTimeOf(x509.parsed.notAfter.value.getTime())}`;
}

function untilEn(x509: X509): string {
  return `, valid until ${utcTimeOf(x509.parsed.notAfter.value.getTime())}`;
}

function plural(count: number): string {
  return count === 1 ? '' : 's';
}
