import type { Check } from '../../format/report.ts';
import { useText } from '../language.tsx';
import type { RequestState } from '../request-answers.ts';
import { StepMark } from '../status-mark.tsx';
import { requestStateTexts } from './notary-texts.ts';

const SHAPES: Record<RequestState, Check['status']> = {
  submitted: 'pending',
  accepted: 'pending',
  'deed-issued': 'passed',
  refused: 'failed',
  withdrawn: 'not-checked',
};

/** How a request stands: a word, and a shape beside it. */
export function RequestMark({ state }: { state: RequestState }) {
  const t = useText();
  return (
    <span className="request-state" data-state={state}>
      <StepMark status={SHAPES[state]} /> {t(requestStateTexts[state])}
    </span>
  );
}
