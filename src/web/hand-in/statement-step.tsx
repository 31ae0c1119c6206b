import { Button } from 'antd';
import type { Statement } from '../../format/annex.ts';
import { useText } from '../language.tsx';
import { arrangeDraft, changeDraft, type HandInDraft } from './hand-in-draft.ts';
import { handInTexts } from './hand-in-texts.ts';
import { isComplete, MatterField } from './matter-choice.tsx';
import { StatementForm } from './statement-form.tsx';

interface StatementStepProps {
  draft: HandInDraft;
  statement: Statement;
  /** Whether the account may keep matters. */
  offersMatters: boolean;
  onBack: () => void;
  onNext: () => void;
}

export function StatementStep({ draft, statement, offersMatters, onBack, onNext }: StatementStepProps) {
  const t = useText();
  const wrongOrder = isBackwards(statement);
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        if (!wrongOrder && isComplete(draft.matter)) onNext();
      }}
    >
      <StatementForm text={draft.text} wrongOrder={wrongOrder} onChange={(text) => changeDraft(() => ({ text }))} />
      {offersMatters && <MatterField choice={draft.matter} onChange={(matter) => arrangeDraft({ matter })} />}
      <div className="buttons">
        <Button type="primary" size="large" htmlType="submit" disabled={wrongOrder || !isComplete(draft.matter)}>
          {t(handInTexts.next)}
        </Button>
        <Button size="large" onClick={onBack}>
          {t(handInTexts.back)}
        </Button>
      </div>
    </form>
  );
}

export function isBackwards({ capturedFrom, capturedUntil }: Statement): boolean {
  return capturedFrom !== undefined && capturedUntil !== undefined && capturedFrom > capturedUntil;
}
