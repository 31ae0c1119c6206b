import type { Check } from '../format/report.ts';
import { type Standing, wordingOfStanding } from '../verify/ladder.ts';
import { wordingOfStatus } from '../verify/wording.ts';
import { useText } from './language.tsx';

/** Shapes differ as well as colours, and the word is always there. */
const SHAPES: Record<Check['status'], string> = {
  passed: 'M3.5 8.5l3 3 6-7',
  failed: 'M4 4l8 8M12 4l-8 8',
  pending: 'M8 4.5V8l2.5 2',
  'not-checked': 'M4.5 8h7',
};

export function StatusMark({ status }: { status: Check['status'] }) {
  const t = useText();
  return (
    <span className={`status status-${status}`}>
      <Shape status={status} />
      <span className="status-word">{t(wordingOfStatus(status))}</span>
    </span>
  );
}

const STATUS_OF: Record<Standing, Check['status']> = {
  proved: 'passed',
  contradicted: 'failed',
  'not-proved': 'pending',
  'could-not-check': 'not-checked',
};

/** The same shapes for the answers of the ladder. */
export function StandingMark({ standing }: { standing: Standing }) {
  const t = useText();
  const status = STATUS_OF[standing];
  return (
    <span className={`status status-${status}`}>
      <Shape status={status} />
      <span className="status-word">{t(wordingOfStanding(standing))}</span>
    </span>
  );
}

/** The same shapes for the steps of a deposit, whose words stand beside them. */
export function StepMark({ status }: { status: Check['status'] }) {
  return (
    <span className={`step-mark status status-${status}`}>
      <Shape status={status} />
    </span>
  );
}

function Shape({ status }: { status: Check['status'] }) {
  return (
    <svg viewBox="0 0 16 16" width="1em" height="1em" aria-hidden="true" focusable="false">
      {status === 'failed' ? (
        <path className="status-frame" d="M5 1h6l4 4v6l-4 4H5l-4-4V5z" />
      ) : status === 'not-checked' ? (
        <rect className="status-frame" x="1" y="1" width="14" height="14" />
      ) : (
        <circle className="status-frame" cx="8" cy="8" r="7" />
      )}
      <path className="status-sign" d={SHAPES[status]} />
    </svg>
  );
}
