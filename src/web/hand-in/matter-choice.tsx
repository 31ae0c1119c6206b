import { Input } from 'antd';
import { useEffect, useId, useState } from 'react';
import * as z from 'zod';
import { getJson } from '../api-client.ts';
import { useText } from '../language.tsx';
import { disputeTexts } from '../matter/matter-texts.ts';
import { handInTexts } from './hand-in-texts.ts';

/** Where the deposit goes once it is made. */
export type MatterChoice =
  | { kind: 'none' }
  | { kind: 'existing'; matterId: string; title: string }
  | { kind: 'new'; title: string; dispute: string };

const matterListSchema = z.object({
  matters: z.array(z.object({ matterId: z.string(), title: z.string(), status: z.string() })),
});
type ListedMatter = z.infer<typeof matterListSchema>['matters'][number];

interface MatterFieldProps {
  choice: MatterChoice;
  onChange: (choice: MatterChoice) => void;
}

/** Offered as soon as the account's matters are known; without them a hand-in goes on all the same. */
export function MatterField({ choice, onChange }: MatterFieldProps) {
  const t = useText();
  const id = useId();
  const [matters, setMatters] = useState<ListedMatter[] | undefined>();
  useEffect(() => {
    const abort = new AbortController();
    getJson('/matters?limit=100', matterListSchema, abort.signal).then(
      (list) => setMatters(list.matters.filter(({ status }) => status !== 'closed')),
      () => {},
    );
    return () => abort.abort();
  }, []);
  if (matters === undefined) return null;
  const choose = (value: string) => {
    if (value === '') onChange({ kind: 'none' });
    else if (value === 'new') onChange({ kind: 'new', title: '', dispute: 'copyright' });
    else {
      const title = matters.find(({ matterId }) => matterId === value)?.title ?? '';
      onChange({ kind: 'existing', matterId: value, title });
    }
  };
  return (
    <section className="card" aria-labelledby={`${id}-heading`}>
      <h3 id={`${id}-heading`}>{t(handInTexts.matterTitle)}</h3>
      <div className="fields">
        <div>
          <label htmlFor={`${id}-matter`}>{t(handInTexts.matterLabel)}</label>
          <select
            id={`${id}-matter`}
            className="native-field"
            aria-describedby={`${id}-hint`}
            value={choice.kind === 'existing' ? choice.matterId : choice.kind === 'new' ? 'new' : ''}
            onChange={(event) => choose(event.target.value)}
          >
            <option value="">{t(handInTexts.matterNone)}</option>
            {/* Chosen on its own page, however old it is. */}
            {choice.kind === 'existing' && !matters.some(({ matterId }) => matterId === choice.matterId) && (
              <option value={choice.matterId}>{choice.title}</option>
            )}
            {matters.map(({ matterId, title }) => (
              <option key={matterId} value={matterId}>
                {title}
              </option>
            ))}
            <option value="new">{t(handInTexts.matterNew)}</option>
          </select>
          <span className="hint" id={`${id}-hint`}>
            {t(handInTexts.matterHint)}
          </span>
        </div>
        {choice.kind === 'new' && (
          <>
            <div>
              <label htmlFor={`${id}-title`}>{t(handInTexts.matterNewTitle)}</label>
              <Input
                id={`${id}-title`}
                maxLength={200}
                required
                value={choice.title}
                onChange={(event) => onChange({ ...choice, title: event.target.value })}
              />
            </div>
            <div>
              <label htmlFor={`${id}-dispute`}>{t(handInTexts.matterDispute)}</label>
              <select
                id={`${id}-dispute`}
                className="native-field"
                value={choice.dispute}
                onChange={(event) => onChange({ ...choice, dispute: event.target.value })}
              >
                {Object.entries(disputeTexts).map(([dispute, text]) => (
                  <option key={dispute} value={dispute}>
                    {t(text)}
                  </option>
                ))}
              </select>
            </div>
          </>
        )}
      </div>
    </section>
  );
}

/** Whether the choice can be acted on as it is. */
export function isComplete(choice: MatterChoice): boolean {
  return choice.kind !== 'new' || choice.title.trim() !== '';
}
