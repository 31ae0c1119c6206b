import { Button } from 'antd';
import { useText } from '../language.tsx';
import { beijingTime, durationText } from '../measures.ts';
import { ProblemAlert } from '../problem-alert.tsx';
import { StepMark } from '../status-mark.tsx';
import type { Text } from '../texts.ts';
import { useAction } from '../use-action.ts';
import type { EntryField } from './entry-form.tsx';
import { EntryList } from './entry-list.tsx';
import type { Deadline } from './matter-answers.ts';
import { changeRow } from './matter-client.ts';
import { MatterSection } from './matter-section.tsx';
import { matterTexts } from './matter-texts.ts';
import type { MatterView } from './matter-view.ts';

const FIELDS: readonly EntryField[] = [
  { name: 'title', label: matterTexts.deadlineTitle, kind: 'line', maxLength: 200, required: true },
  { name: 'dueAt', label: matterTexts.dueAt, hint: matterTexts.dueAtHint, kind: 'time', required: true },
  { name: 'basis', label: matterTexts.basis, kind: 'line', maxLength: 500 },
];
const SOON_MS = 7 * 24 * 3600_000;

export function DeadlinesSection({ view }: { view: MatterView }) {
  const deadlines = [...view.parts.deadlines].sort(
    (a, b) => Number(a.doneAt !== null) - Number(b.doneAt !== null) || a.dueAt.localeCompare(b.dueAt),
  );
  return (
    <MatterSection
      id="deadlines"
      title={matterTexts.deadlines}
      lead={matterTexts.deadlinesLead}
      count={deadlines.length}
    >
      <EntryList
        view={view}
        part="deadlines"
        rows={deadlines}
        fields={FIELDS}
        addLabel={matterTexts.addDeadline}
        nameOf={(deadline) => deadline.title}
        tools={(deadline) => <DoneButton view={view} deadline={deadline} />}
      >
        {(deadline) => (
          <div className="wrap-anywhere">
            <DueMark dueAt={deadline.dueAt} doneAt={deadline.doneAt} /> <strong>{deadline.title}</strong>{' '}
            <span className="hint">
              {beijingTime(deadline.dueAt)}
              {deadline.basis !== null && ` · ${deadline.basis}`}
            </span>
          </div>
        )}
      </EntryList>
    </MatterSection>
  );
}

function DoneButton({ view, deadline }: { view: MatterView; deadline: Deadline }) {
  const t = useText();
  const { busy, error, run } = useAction();
  const { deadlineId, version, doneAt, title } = deadline;
  const words = doneAt === null ? matterTexts.markDone : matterTexts.markOpen;
  return (
    <>
      <Button
        size="small"
        loading={busy}
        aria-label={`${t(words)} ${title}`}
        onClick={() =>
          run(async () => {
            try {
              const said = { doneAt: doneAt === null ? new Date().toISOString() : null };
              await changeRow(view.matter.matterId, 'deadlines', { id: deadlineId, version }, said);
            } finally {
              await view.reload('deadlines');
            }
          })
        }
      >
        {t(words)}
      </Button>
      {error !== undefined && <ProblemAlert title={matterTexts.failed} error={error} />}
    </>
  );
}

/** How a deadline stands, in a word and a shape. */
export function DueMark({ dueAt, doneAt }: { dueAt: string; doneAt: string | null }) {
  const t = useText();
  const { state, status, words } = standingOf(Date.parse(dueAt), doneAt !== null, Date.now());
  return (
    <span className="health-mark" data-due={state}>
      <StepMark status={status} />
      {t(words)}
    </span>
  );
}

interface DueStanding {
  state: 'done' | 'overdue' | 'soon' | 'later';
  status: 'passed' | 'failed' | 'pending' | 'not-checked';
  words: Text;
}

function standingOf(dueMs: number, isDone: boolean, nowMs: number): DueStanding {
  if (isDone) return { state: 'done', status: 'passed', words: matterTexts.done };
  const left = dueMs - nowMs;
  const time = durationText(Math.round(Math.abs(left) / 1000));
  if (left < 0) {
    const words = { zh: `${matterTexts.sinceDays.zh} ${time.zh}`, en: `${matterTexts.sinceDays.en} ${time.en}` };
    return { state: 'overdue', status: 'failed', words };
  }
  const { dueSoon, dueLater, inDays } = matterTexts;
  const near = left < SOON_MS ? dueSoon : dueLater;
  const words = { zh: `${near.zh}，${inDays.zh} ${time.zh}`, en: `${near.en}, ${inDays.en} ${time.en}` };
  return { state: left < SOON_MS ? 'soon' : 'later', status: left < SOON_MS ? 'pending' : 'not-checked', words };
}
