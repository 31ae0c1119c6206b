import type { DepositSummary } from '../api-answers.ts';
import { beijingTime } from '../measures.ts';
import { alarmText, type Text } from '../texts.ts';

/** What a depositor wants to know of one deposit. Never more than is proved, and never a promise of the operator's. */
export interface Standing {
  /** How it stands now, for the mark beside the answer. */
  level: 'proved' | 'on-its-way' | 'held-up';
  safe: Text;
  finalAt: Text;
  ifWeVanish: Text;
  /** Why it does not go on, and what is being done; empty if it is only a matter of time. */
  heldUp: { code: string; reason: Text; remedy: Text }[];
}

/** What deposits took lately; null where there are too few of them to tell. */
export interface Pace {
  /** Nine in ten were final on a chain within so many seconds of their receipt. */
  receiptToAnchorSeconds: number | null;
}

/** A deposit of which only digests came. */
type Deposit = Pick<
  DepositSummary,
  'state' | 'pending' | 'receivedAt' | 'anchor' | 'chains' | 'opentimestamps' | 'certificate'
> & {
  /** Files of which the service has seen the digest only. */
  declaredFiles: number;
};

type State = DepositSummary['state'];

const SAFE: Record<State, Text> = {
  received: {
    zh: '平台已收到，但还没有写入日志。目前没有任何可以带走的证明，请保留原文件。',
    en: 'The service has received it, but it is not in the log yet. There is no proof to take away so far: keep your original files.',
  },
  'in-log': {
    zh: '已写入平台签名的日志，可以下载回执。目前只有平台自己的签名作证，还没有外部的时间证明。',
    en: "It is in the log, which the operator has signed; the receipt is ready. So far only the operator's own signature stands for it: nobody outside proves a time.",
  },
  published: {
    zh: '包含本存证的日志状态已经公布，凡是保存了它的人都能发现事后更改。链上的时间证明还没有完成。',
    en: 'A state of the log that covers it is public: whoever keeps it would notice a later change. The proof of time on a chain is still to come.',
  },
  'anchored-pending': {
    zh: '正在写入区块链，但区块尚未最终确认，还可能被替换，现在不能当作链上证明。',
    en: 'It is being written to the chain, but the block is not final and could still be replaced: this is no proof on the chain yet.',
  },
  'anchored-final': {
    zh: '已写入区块链的最终区块，文件自此的任何改动都能被发现。证书正在制作。',
    en: 'It stands in a final block of the chain: from then on any change of the file would show. The certificate is being made.',
  },
  certified: {
    zh: '已写入区块链的最终区块，证书已经签发。请下载材料包自行保存。',
    en: 'It stands in a final block of the chain, and the certificate is issued. Download the package and keep it yourself.',
  },
};

const VANISH: Record<State, Text> = {
  received: {
    zh: '您手上只有原文件，没有证明。请等到可以下载回执。',
    en: 'You would have your original files and no proof. Wait until the receipt can be downloaded.',
  },
  'in-log': {
    zh: '请现在下载回执：它是平台签名的承诺，能证明平台承认收到这些文件，但不能证明时间。',
    en: "Download the receipt now: it is the operator's signed promise and shows that he admitted to having received these files, but proves no time.",
  },
  published: {
    zh: '请现在下载回执和日志包含证明：两者能证明记录在已公布的日志中，但时间仍只有平台的陈述。',
    en: "Download the receipt and the log proof now: they show that the record is in the published log, but the time is still the operator's word.",
  },
  'anchored-pending': {
    zh: '请现在下载回执和日志包含证明。链上证明要等区块最终确认、证书签发之后才能带走。',
    en: 'Download the receipt and the log proof now. The proof on the chain can be taken away once the block is final and the certificate issued.',
  },
  'anchored-final': {
    zh: '链上的记录不依赖平台，但通向它的证明要随证书下载。请现在先下载回执，出证后再下载材料包。',
    en: 'What stands on the chain does not depend on us, but the proof that leads to it comes with the certificate. Download the receipt now and the package once it is certified.',
  },
  certified: {
    zh: '只要保存了材料包和原文件，不需要本平台也能核验：用包内的离线核验页，并自行到区块链上核对区块。',
    en: 'With the package and the original files nobody needs this service: the offline page in the package verifies them, and you look up the block on the chain yourself.',
  },
};

const FINAL: readonly State[] = ['anchored-final', 'certified'];

export function standingOf(deposit: Deposit, pace: Pace, nowMs: number): Standing {
  const { state, chains } = deposit;
  const codes = new Set([
    ...(deposit.pending?.alarms ?? []),
    // A chain in trouble beside one that is final holds nothing up; it is told all the same.
    ...chains.flatMap(({ trouble }) => (trouble === null ? [] : [trouble])),
  ]);
  const heldUp = [...codes].map((code) => ({ code, reason: alarmText(code), remedy: remedyOf(code) }));
  const isHeld = (deposit.pending?.alarms.length ?? 0) > 0;
  const level = FINAL.includes(state) ? 'proved' : isHeld ? 'held-up' : 'on-its-way';
  return {
    level,
    safe: also(SAFE[state], declared(deposit.declaredFiles)),
    finalAt: also(finalAt(deposit, pace, isHeld, nowMs), bitcoin(deposit.opentimestamps)),
    ifWeVanish: VANISH[state],
    heldUp,
  };
}

function finalAt({ state, receivedAt, anchor }: Deposit, pace: Pace, isHeld: boolean, nowMs: number): Text {
  if (FINAL.includes(state)) {
    const at = anchor === null ? '' : beijingTime(anchor.since);
    return { zh: `已最终确认（平台于 ${at} 看到）。`, en: `It is final (the service saw so at ${at}).` };
  }
  if (isHeld) {
    return {
      zh: '目前受阻，无法预计；原因和处理见下。存证不会因此丢失。',
      en: 'It is held up, so no time can be given; reason and remedy stand below. The deposit is not lost by this.',
    };
  }
  if (pace.receiptToAnchorSeconds === null) {
    return {
      zh: '近期的存证还太少，无法预计时间。页面会自动更新。',
      en: 'There were too few deposits lately to tell. This page updates itself.',
    };
  }
  const due = Date.parse(receivedAt) + pace.receiptToAnchorSeconds * 1000;
  const time = beijingTime(new Date(Math.ceil(due / 60_000) * 60_000).toISOString()).replace(/:00 \+/, ' +');
  if (due < nowMs) {
    return {
      zh: `比平常慢：近期十分之九的存证在 ${time} 之前就已完成。没有发现故障，继续等待。`,
      en: `Slower than usual: nine in ten deposits would have been final by ${time}. No fault is known; it goes on.`,
    };
  }
  return {
    zh: `大约 ${time} 之前（近期十分之九的存证在这么长时间内完成；不是承诺）。`,
    en: `About ${time} at the latest (nine in ten deposits took no longer lately; this is no promise).`,
  };
}

function bitcoin(proof: Deposit['opentimestamps']): Text | undefined {
  if (proof === null) return undefined;
  return proof === 'complete'
    ? { zh: '比特币上的第二份证明也已完成。', en: 'A second proof, in Bitcoin, is complete too.' }
    : {
        zh: '比特币上的第二份证明还在等待区块，通常需要数小时。',
        en: 'A second proof, in Bitcoin, still awaits a block; that usually takes hours.',
      };
}

function declared(files: number): Text | undefined {
  if (files === 0) return undefined;
  return {
    zh: `其中 ${files} 个文件平台只有摘要、没有见过文件：文件只在您手上，丢失后这份存证就无法对应任何内容。`,
    en: `Of ${files} file${files === 1 ? '' : 's'} the service has the digest only and has not seen the file: only you have it, and without it the deposit speaks of nothing.`,
  };
}

function also(text: Text, more: Text | undefined): Text {
  return more === undefined ? text : { zh: text.zh + more.zh, en: `${text.en} ${more.en}` };
}

const byItself: Text = {
  zh: '平台会自动重试，无需您处理。',
  en: 'The service keeps trying by itself; you need do nothing.',
};
const byOperator: Text = {
  zh: '须由运营方人工处理，警报已发出。您可以把这个代码告诉运营方。',
  en: 'The operator has to act and the alarm is raised. You may tell him this code.',
};
/** Pass without anybody; all others wait for a person. */
const TRANSIENT = [
  'rpc-unreachable',
  'rpc-timeout',
  'node-inconsistent',
  'chain-unreachable',
  'anchor-fee-ceiling',
  'anchor-budget-spent',
  'witness-quorum-missing',
  'attestation-invalid',
];

/** What is being done about an open alarm. */
export function remedyOf(code: string): Text {
  return TRANSIENT.includes(code) ? byItself : byOperator;
}
