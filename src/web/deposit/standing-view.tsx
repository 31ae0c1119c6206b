import type { Check } from '../../format/report.ts';
import type { DepositDetail } from '../api-answers.ts';
import { useText } from '../language.tsx';
import { useHistory } from '../log/use-history.ts';
import { Row } from '../report-parts.tsx';
import { StepMark } from '../status-mark.tsx';
import { type Standing, standingOf } from './standing.ts';
import { standingTexts } from './standing-texts.ts';

const MARK: Record<Standing['level'], Check['status']> = {
  proved: 'passed',
  'on-its-way': 'pending',
  'held-up': 'failed',
};
const WORD = { proved: standingTexts.proved, 'on-its-way': standingTexts.onItsWay, 'held-up': standingTexts.held };

/** The three questions of whoever handed something in. */
export function StandingView({ deposit, evaluation }: { deposit: DepositDetail; evaluation: boolean }) {
  const t = useText();
  const { history } = useHistory();
  const slowest = history?.chains.map(({ receiptToAnchor }) => receiptToAnchor.ninetiethSeconds) ?? [];
  // A certificate waits for every chain, so the slowest one tells.
  const known = slowest.filter((seconds) => seconds !== null);
  const declaredFiles = deposit.files.filter(
    ({ entry, originalHeld }) => entry.digestSource === 'declared' && !originalHeld,
  ).length;
  const standing = standingOf(
    { ...deposit, declaredFiles },
    { receiptToAnchorSeconds: known.length === 0 ? null : Math.max(...known) },
    Date.now(),
  );
  return (
    <section className="card" aria-labelledby="standing-title" data-level={standing.level}>
      <h2 id="standing-title">{t(standingTexts.title)}</h2>
      <p className="health-mark">
        <StepMark status={MARK[standing.level]} /> <strong>{t(WORD[standing.level])}</strong>
      </p>
      <dl className="facts">
        <Row label={standingTexts.safe}>{t(standing.safe)}</Row>
        <Row label={standingTexts.finalAt}>{t(standing.finalAt)}</Row>
        <Row label={standingTexts.vanish}>{t(standing.ifWeVanish)}</Row>
        {standing.heldUp.length > 0 && (
          <Row label={standingTexts.heldUp}>
            {standing.heldUp.map(({ code, reason, remedy }) => (
              <div key={code} data-held-up={code}>
                {t(reason)} <span className="hint">({code})</span> {t(remedy)}
              </div>
            ))}
          </Row>
        )}
      </dl>
      {evaluation && <p className="hint">{t(standingTexts.evaluation)}</p>}
    </section>
  );
}
