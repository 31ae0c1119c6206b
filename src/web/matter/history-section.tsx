import { Button } from 'antd';
import { useState } from 'react';
import { getJson } from '../api-client.ts';
import { useText } from '../language.tsx';
import { beijingTime } from '../measures.ts';
import { ProblemAlert } from '../problem-alert.tsx';
import type { Text } from '../texts.ts';
import { useAction } from '../use-action.ts';
import { type EntryField, quoted, shownOf } from './entry-form.tsx';
import { type Change, historySchema } from './matter-answers.ts';
import { HEAD_FIELDS } from './matter-head.tsx';
import { MatterSection } from './matter-section.tsx';
import { changeTexts, historyFieldTexts, matterTexts, partText, statusTexts } from './matter-texts.ts';
import type { MatterView } from './matter-view.ts';

/** Who changed what, newest first; asked for when somebody wants it. */
export function HistorySection({ view }: { view: MatterView }) {
  const t = useText();
  const [changes, setChanges] = useState<readonly Change[] | undefined>();
  const [next, setNext] = useState<number | null>(null);
  const { busy, error, run } = useAction();
  const load = (before: number | null) =>
    run(async () => {
      const query = before === null ? '' : `?before=${before}`;
      const page = await getJson(`/matters/${view.matter.matterId}/history${query}`, historySchema);
      setChanges((known) => [...(before === null ? [] : (known ?? [])), ...page.changes]);
      setNext(page.next);
    });
  return (
    <MatterSection id="history" title={matterTexts.history} lead={matterTexts.historyLead}>
      {error !== undefined && <ProblemAlert title={matterTexts.unavailable} error={error} />}
      {changes === undefined && (
        <Button loading={busy} onClick={() => load(null)}>
          {t(matterTexts.showHistory)}
        </Button>
      )}
      <ol className="entries">
        {changes?.map((change) => (
          <li key={change.changeId} className="entry wrap-anywhere" data-change={change.change}>
            <strong>
              {t(changeTexts[change.change])} {t(partText(change.part))}
            </strong>{' '}
            <span className="hint">
              {beijingTime(change.at)} · <bdi>{change.userName ?? t(matterTexts.bySession)}</bdi>
              {change.by === 'api-key' && t(matterTexts.byKey)}
            </span>
            <ChangedFields change={change} />
          </li>
        ))}
      </ol>
      {next !== null && (
        <Button loading={busy} onClick={() => load(next)}>
          {t(matterTexts.more)}
        </Button>
      )}
    </MatterSection>
  );
}

function ChangedFields({ change: { before, after, part } }: { change: Change }) {
  const t = useText();
  const names = Object.keys(historyFieldTexts).filter(
    (name) => JSON.stringify(before?.[name] ?? null) !== JSON.stringify(after?.[name] ?? null),
  );
  if (names.length === 0 || part === 'order') return null;
  const words = (name: string, value: unknown) => t(quoted(shownOf(fieldOf(name), value)));
  return (
    <ul>
      {names.map((name) => (
        <li key={name} className="hint">
          {t(historyFieldTexts[name] as Text)}:{' '}
          {before !== null && (
            <>
              {t(matterTexts.changeBefore)} {words(name, before[name])}
              {after !== null && ', '}
            </>
          )}
          {after !== null && (
            <>
              {before !== null && t(matterTexts.changeAfter)} {words(name, after[name])}
            </>
          )}
        </li>
      ))}
    </ul>
  );
}

/** How a value of this name reads; those without choices of their own are shown as they are. */
function fieldOf(name: string): EntryField {
  const known = HEAD_FIELDS.find((field) => field.name === name);
  if (known !== undefined) return known;
  const label = historyFieldTexts[name] as Text;
  if (name === 'dueAt' || name === 'doneAt') return { name, label, kind: 'time' };
  if (name === 'status') {
    const choices = Object.entries(statusTexts).map(([value, text]) => ({ value, text }));
    return { name, label, kind: 'choice', choices };
  }
  return { name, label, kind: 'line' };
}
