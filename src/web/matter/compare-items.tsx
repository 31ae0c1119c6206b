import { Button } from 'antd';
import { useId, useState } from 'react';
import { compareAddress } from '../compare/compare-address.ts';
import { useText } from '../language.tsx';
import { useRoute } from '../route.tsx';
import type { Text } from '../texts.ts';
import { type EntryField, EntryInput, plain } from './entry-form.tsx';
import { MatterSection } from './matter-section.tsx';
import { matterTexts } from './matter-texts.ts';

/** Two items of a matter, looked at next to each other on a page of their own. */
export function CompareItems({ items }: { items: readonly { depositId: string; name: string }[] }) {
  const t = useText();
  const id = useId();
  const { go } = useRoute();
  const [chosen, setChosen] = useState<{ original?: string; suspect?: string }>({});
  if (items.length < 2) return null;
  // Items come and go while the page stands.
  const original = (items.find(({ depositId }) => depositId === chosen.original) ?? items[0])?.depositId ?? '';
  const others = items.filter(({ depositId }) => depositId !== original);
  const suspect = (items.find(({ depositId }) => depositId === chosen.suspect) ?? others[0])?.depositId ?? '';
  const choices = items.map(({ depositId, name }) => ({ value: depositId, text: plain(name) }));
  const field = (label: Text, name: string): EntryField => ({ name: `${id}-${name}`, label, kind: 'choice', choices });
  return (
    <MatterSection id="compare" title={matterTexts.compareTitle} lead={matterTexts.compareLead}>
      <form
        className="no-print"
        onSubmit={(event) => {
          event.preventDefault();
          go(
            compareAddress({
              original: { depositId: original, fileIndex: 0 },
              suspect: { depositId: suspect, fileIndex: 0 },
            }),
          );
        }}
      >
        <div className="fields">
          <EntryInput
            field={field(matterTexts.compareOriginal, 'original')}
            value={original}
            onChange={(depositId) => setChosen({ ...chosen, original: depositId })}
          />
          <EntryInput
            field={field(matterTexts.compareSuspect, 'suspect')}
            value={suspect}
            onChange={(depositId) => setChosen({ ...chosen, suspect: depositId })}
          />
        </div>
        <div className="buttons">
          <Button htmlType="submit" disabled={original === suspect}>
            {t(matterTexts.compare)}
          </Button>
        </div>
      </form>
    </MatterSection>
  );
}
