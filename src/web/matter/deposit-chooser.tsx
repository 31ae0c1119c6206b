import { Button } from 'antd';
import { useEffect, useId, useState } from 'react';
import { type DepositSummary, listSchema } from '../api-answers.ts';
import { getJson } from '../api-client.ts';
import { useText } from '../language.tsx';
import { beijingTime } from '../measures.ts';
import { ProblemAlert } from '../problem-alert.tsx';
import { type Text, texts } from '../texts.ts';
import { useAction } from '../use-action.ts';
import { matterTexts } from './matter-texts.ts';

interface DepositChooserProps {
  legend: Text;
  /** One of them, or any number. */
  many?: boolean;
  chosen: readonly string[];
  /** Those that cannot be chosen, and why. */
  taken: ReadonlySet<string>;
  takenBecause: Text;
  onChange: (chosen: string[]) => void;
}

/** Deposits of one's own, newest first, to choose from. */
export function DepositChooser({ legend, many = false, chosen, taken, takenBecause, onChange }: DepositChooserProps) {
  const t = useText();
  const id = useId();
  const [deposits, setDeposits] = useState<readonly DepositSummary[] | undefined>();
  const [next, setNext] = useState<string | null>(null);
  const [filter, setFilter] = useState('');
  const { busy, error, run } = useAction();
  const load = (before: string | null) =>
    run(async () => {
      const page = await getJson(before === null ? '/deposits' : `/deposits?before=${before}`, listSchema);
      setDeposits((known) => [...(before === null ? [] : (known ?? [])), ...page.deposits]);
      setNext(page.next);
    });
  // biome-ignore lint/correctness/useExhaustiveDependencies: once, when it opens
  useEffect(() => {
    load(null);
  }, []);
  const shown = deposits?.filter(({ title, depositId }) => {
    const wanted = filter.trim().toLowerCase();
    return wanted === '' || (title ?? '').toLowerCase().includes(wanted) || depositId.startsWith(wanted);
  });
  return (
    <fieldset className="chooser">
      <legend>{t(legend)}</legend>
      <label htmlFor={`${id}-filter`}>{t(matterTexts.filterDeposits)}</label>
      <input
        id={`${id}-filter`}
        className="native-field"
        value={filter}
        autoComplete="off"
        onChange={(event) => setFilter(event.target.value)}
      />
      {deposits === undefined && error === undefined && <p role="status">{t(texts.loading)}</p>}
      {shown?.length === 0 && <p>{t(matterTexts.noDeposits)}</p>}
      <ul className="choices">
        {shown?.map(({ depositId, title, leafIndex, fileCount, receivedAt }) => (
          <li key={depositId}>
            <label className="wrap-anywhere">
              <input
                type={many ? 'checkbox' : 'radio'}
                name={id}
                value={depositId}
                disabled={taken.has(depositId)}
                checked={chosen.includes(depositId)}
                onChange={(event) => {
                  const others = many ? chosen.filter((each) => each !== depositId) : [];
                  onChange(event.target.checked ? [...others, depositId] : others);
                }}
              />{' '}
              <bdi>{title ?? t(matterTexts.untitled)}</bdi>{' '}
              <span className="hint">
                {t(matterTexts.depositNo)} {leafIndex ?? '–'} · {fileCount} {t(matterTexts.filesCount)} ·{' '}
                {beijingTime(receivedAt)}
                {taken.has(depositId) && ` · ${t(takenBecause)}`}
              </span>
            </label>
          </li>
        ))}
      </ul>
      {error !== undefined && <ProblemAlert title={matterTexts.unavailable} error={error} />}
      {next !== null && (
        <Button size="small" loading={busy} onClick={() => load(next)}>
          {t(matterTexts.moreDeposits)}
        </Button>
      )}
    </fieldset>
  );
}
