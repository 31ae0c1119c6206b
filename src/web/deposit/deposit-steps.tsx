import type { Check } from '../../format/report.ts';
import type { DepositSummary } from '../api-answers.ts';
import { useText } from '../language.tsx';
import { beijingTime } from '../measures.ts';
import { StepMark } from '../status-mark.tsx';
import { alarmText, awaitsTexts, chainStateTexts, type Text, texts } from '../texts.ts';

type StepStatus = 'done' | 'now' | 'waiting';

interface Step {
  name: Text;
  means: Text;
  status: StepStatus;
  at: string | undefined;
}

const STATES: readonly DepositSummary['state'][] = [
  'received',
  'in-log',
  'published',
  'anchored-pending',
  'anchored-final',
  'certified',
];

function stepsOf(deposit: DepositSummary): Step[] {
  const reached = STATES.indexOf(deposit.state);
  const done = (state: DepositSummary['state']) => reached >= STATES.indexOf(state);
  const rows: [Text, Text, DepositSummary['state'], string | undefined][] = [
    [texts.stepReceived, texts.stepReceivedMeans, 'received', deposit.receivedAt],
    [texts.stepLogged, texts.stepLoggedMeans, 'in-log', undefined],
    [texts.stepPublished, texts.stepPublishedMeans, 'published', deposit.publication?.publishedAt],
    [texts.stepAnchored, texts.stepAnchoredMeans, 'anchored-final', deposit.anchor?.since],
    [texts.stepCertified, texts.stepCertifiedMeans, 'certified', deposit.certificate?.issuedAt],
  ];
  const next = rows.findIndex(([, , state]) => !done(state));
  return rows.map(([name, means, state, at], i) => {
    const status: StepStatus = done(state) ? 'done' : i === next ? 'now' : 'waiting';
    return { name, means, status, at: status === 'done' ? at : undefined };
  });
}

const WORD: Record<StepStatus, Text> = {
  done: texts.statusDone,
  now: texts.statusNow,
  waiting: texts.statusWaiting,
};
const MARK: Record<StepStatus, Check['status']> = { done: 'passed', now: 'pending', waiting: 'not-checked' };

/** Received → in the log → published → anchored → certified, with what the next one waits for. */
export function DepositSteps({ deposit }: { deposit: DepositSummary }) {
  const t = useText();
  const steps = stepsOf(deposit);
  const current = steps.findLast((step) => step.status === 'done');
  return (
    <>
      <p role="status">
        {t(texts.depositState)}: {current !== undefined && t(current.name)}
        {deposit.pending !== null && ` · ${t(awaitsTexts[deposit.pending.awaits] ?? texts.statusWaiting)}`}
      </p>
      <ol className="steps">
        {steps.map((step) => (
          <li key={step.name.en} data-step={step.name.en} data-status={step.status}>
            <StepMark status={MARK[step.status]} />
            <span className="step-name">{t(step.name)}</span>
            <span>{t(WORD[step.status])}</span>
            {step.at !== undefined && (
              <time className="hint" dateTime={step.at}>
                {' '}
                {beijingTime(step.at)}
              </time>
            )}
            <div className="hint">{t(step.means)}</div>
            {step.name === texts.stepAnchored && deposit.chains.length > 1 && <Chains deposit={deposit} />}
            {step.status === 'now' && deposit.pending !== null && (
              <div>
                {t(awaitsTexts[deposit.pending.awaits] ?? texts.statusWaiting)}
                {deposit.pending.alarms.map((code) => (
                  <div key={code}>
                    {t(texts.heldUp)} {t(alarmText(code))}
                  </div>
                ))}
              </div>
            )}
          </li>
        ))}
      </ol>
    </>
  );
}

/** Each chain proves the deposit without the others, so one that is away is shown as itself. */
function Chains({ deposit }: { deposit: DepositSummary }) {
  const t = useText();
  return (
    <ul className="hint" aria-label={t(texts.chainsTitle)}>
      {deposit.chains.map(({ chain, state, trouble }) => (
        <li key={chain} data-chain={chain} data-state={state}>
          {chain}: {t(chainStateTexts[state])}
          {trouble !== null && ` · ${t(alarmText(trouble))}`}
        </li>
      ))}
    </ul>
  );
}
