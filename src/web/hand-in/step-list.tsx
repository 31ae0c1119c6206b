import { type ReactNode, useEffect, useRef } from 'react';
import { useText } from '../language.tsx';
import type { Text } from '../texts.ts';
import { handInTexts } from './hand-in-texts.ts';

export const HAND_IN_STEPS = ['files', 'statement', 'check', 'done'] as const;
export type HandInStep = (typeof HAND_IN_STEPS)[number];

export const STEP_NAMES: Record<HandInStep, Text> = {
  files: handInTexts.stepFiles,
  statement: handInTexts.stepStatement,
  check: handInTexts.stepCheck,
  done: handInTexts.stepDone,
};

/** Where the reader is among the steps of a hand-in. */
export function StepList({ current }: { current: HandInStep }) {
  const t = useText();
  const at = HAND_IN_STEPS.indexOf(current);
  return (
    <ol className="step-list" aria-label={t(handInTexts.steps)}>
      {HAND_IN_STEPS.map((step, i) => (
        <li key={step} data-step={step} aria-current={step === current ? 'step' : undefined}>
          <span className="step-number" aria-hidden="true">
            {i < at ? '✓' : i + 1}
          </span>{' '}
          {t(STEP_NAMES[step])}
          {i < at && <span className="visually-hidden"> ({t(handInTexts.stepDoneMark)})</span>}
        </li>
      ))}
    </ol>
  );
}

/** Takes the focus when the reader has come to the step from another one. */
export function StepHeading({ takesFocus, children }: { takesFocus: boolean; children: ReactNode }) {
  const heading = useRef<HTMLHeadingElement>(null);
  // biome-ignore lint/correctness/useExhaustiveDependencies: once, when the step is shown
  useEffect(() => {
    if (takesFocus) heading.current?.focus();
  }, []);
  return (
    <h2 ref={heading} tabIndex={-1} className="step-heading">
      {children}
    </h2>
  );
}
