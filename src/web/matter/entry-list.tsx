import { Button } from 'antd';
import { type ReactNode, useRef, useState } from 'react';
import { useText } from '../language.tsx';
import type { Text } from '../texts.ts';
import { useFocusAfter } from '../use-focus-after.ts';
import { AskOnce } from './ask-once.tsx';
import { type EntryField, EntryForm, type Versioned } from './entry-form.tsx';
import { addRow, allRows, changeRow, idOf, type MatterParts, type PartName, removeRow } from './matter-client.ts';
import { matterTexts } from './matter-texts.ts';
import type { MatterView } from './matter-view.ts';

interface EntryListProps<Name extends PartName> {
  view: MatterView;
  part: Name;
  /** Those of the part that stand in this list. */
  rows: readonly MatterParts[Name][number][];
  /** What can be said of one; of a new one these, and `fixed`. */
  fields: readonly EntryField[];
  newFields?: readonly EntryField[];
  fixed?: object;
  addLabel: Text;
  /** Where entries are added in another way. */
  canAdd?: boolean;
  nameOf: (row: MatterParts[Name][number]) => string;
  /** How an entry reads; its buttons go beneath it. */
  children: (row: MatterParts[Name][number], index: number) => ReactNode;
  /** Further buttons of an entry. */
  tools?: (row: MatterParts[Name][number], index: number) => ReactNode;
  /** What stands below an entry, whether it is being changed or not. */
  below?: (row: MatterParts[Name][number]) => ReactNode;
  ordered?: boolean;
}

/** Entries of one kind, each changed where it stands. */
export function EntryList<Name extends PartName>(props: EntryListProps<Name>) {
  const { view, part, rows, fields, newFields = fields, fixed = {}, addLabel, canAdd = true, ordered = false } = props;
  const t = useText();
  const [isAdding, setIsAdding] = useState(false);
  const [outcome, setOutcome] = useState<Text | undefined>();
  const status = useRef<HTMLParagraphElement>(null);
  const addButton = useFocusAfter(isAdding);
  const List = ordered ? 'ol' : 'ul';
  return (
    <>
      {rows.length === 0 && <p>{t(matterTexts.noneYet)}</p>}
      {rows.length > 0 && (
        <List className="entries">
          {rows.map((row, index) => (
            <Entry
              key={idOf(part, row)}
              {...props}
              row={row}
              index={index}
              onDone={(words) => {
                setOutcome(words);
                // The entry's own buttons are gone with it.
                if (words === matterTexts.removed) status.current?.focus();
              }}
            />
          ))}
        </List>
      )}
      <p ref={status} role="status" tabIndex={-1} className="outcome">
        {outcome !== undefined && t(outcome)}
      </p>
      {view.mayEdit && canAdd && !isAdding && (
        <div className="buttons">
          <Button ref={addButton} onClick={() => setIsAdding(true)}>
            {t(addLabel)}
          </Button>
        </div>
      )}
      {isAdding && (
        <EntryForm
          fields={newFields}
          label={addLabel}
          submit={matterTexts.add}
          onCancel={() => setIsAdding(false)}
          send={async (said) => {
            await addRow(view.matter.matterId, part, { ...fixed, ...said });
            await view.reload(part);
            setIsAdding(false);
            setOutcome(matterTexts.added);
          }}
        />
      )}
    </>
  );
}

interface EntryProps<Name extends PartName> extends EntryListProps<Name> {
  row: MatterParts[Name][number];
  index: number;
  onDone: (words: Text) => void;
}

function Entry<Name extends PartName>(props: EntryProps<Name>) {
  const { view, part, row, index, fields, nameOf, children, tools, below, onDone } = props;
  const t = useText();
  const [isEditing, setIsEditing] = useState(false);
  const editButton = useFocusAfter(isEditing);
  const id = idOf(part, row);
  const name = nameOf(row);
  const { matterId } = view.matter;
  return (
    <li className="entry" data-entry={id}>
      {isEditing ? (
        <EntryForm
          fields={fields}
          row={row as unknown as Versioned}
          label={{ zh: `${matterTexts.edit.zh} ${name}`, en: `${matterTexts.edit.en} ${name}` }}
          submit={matterTexts.save}
          onCancel={(sawConflict) => {
            setIsEditing(false);
            if (sawConflict) view.reload(part).catch(() => {});
          }}
          latest={async () => {
            // Only asked for: were the entry gone from the list, what was typed would go with it.
            const rows = await allRows(matterId, part);
            return rows.find((each) => idOf(part, each) === id) as unknown as Versioned | undefined;
          }}
          send={async (said, version) => {
            await changeRow(matterId, part, { id, version }, said);
            await view.reload(part);
            setIsEditing(false);
            onDone(matterTexts.saved);
          }}
        />
      ) : (
        children(row, index)
      )}
      {view.mayEdit && !isEditing && (
        <div className="buttons entry-tools no-print">
          {tools?.(row, index)}
          {fields.length > 0 && (
            <Button
              ref={editButton}
              size="small"
              aria-label={`${t(matterTexts.edit)} ${name}`}
              onClick={() => setIsEditing(true)}
            >
              {t(matterTexts.edit)}
            </Button>
          )}
          <AskOnce
            small
            label={matterTexts.remove}
            about={name}
            ask={matterTexts.removeAsk}
            yes={matterTexts.yesRemove}
            onConflict={() => view.reload(part)}
            onYes={async () => {
              await removeRow(matterId, part, { id, version: row.version });
              await view.reload(part);
              onDone(matterTexts.removed);
            }}
          />
        </div>
      )}
      {below?.(row)}
    </li>
  );
}
