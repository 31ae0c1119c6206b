import type { EntryField } from './entry-form.tsx';
import { EntryList } from './entry-list.tsx';
import { MatterSection } from './matter-section.tsx';
import { matterTexts } from './matter-texts.ts';
import type { MatterView } from './matter-view.ts';

const FIELDS: readonly EntryField[] = [
  { name: 'body', label: matterTexts.noteBody, kind: 'lines', maxLength: 10_000, required: true },
];

export function NotesSection({ view }: { view: MatterView }) {
  const { notes } = view.parts;
  return (
    <MatterSection id="notes" title={matterTexts.notes} lead={matterTexts.notesLead} count={notes.length}>
      <EntryList
        view={view}
        part="notes"
        rows={notes}
        fields={FIELDS}
        addLabel={matterTexts.addNote}
        nameOf={(note) => note.body.slice(0, 30)}
      >
        {(note) => <p className="pre-line wrap-anywhere">{note.body}</p>}
      </EntryList>
    </MatterSection>
  );
}
