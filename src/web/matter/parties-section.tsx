import { useText } from '../language.tsx';
import { Row } from '../report-parts.tsx';
import { choicesOf, type EntryField } from './entry-form.tsx';
import { EntryList } from './entry-list.tsx';
import { PARTY_ROLES, type Party } from './matter-answers.ts';
import { MatterSection } from './matter-section.tsx';
import { addRoleTexts, matterTexts, partyKindTexts, roleMeanings, roleTexts } from './matter-texts.ts';
import type { MatterView } from './matter-view.ts';

const FIELDS: readonly EntryField[] = [
  { name: 'name', label: matterTexts.name, kind: 'line', maxLength: 200, required: true },
  {
    name: 'kind',
    label: matterTexts.kind,
    kind: 'choice',
    choices: choicesOf(['unknown', 'person', 'organisation'] as const, partyKindTexts),
  },
  { name: 'representedBy', label: matterTexts.representedBy, kind: 'line', maxLength: 200 },
  {
    name: 'identifier',
    label: matterTexts.identifier,
    hint: matterTexts.hiddenHint,
    kind: 'line',
    maxLength: 100,
  },
  { name: 'contact', label: matterTexts.contact, hint: matterTexts.hiddenHint, kind: 'line', maxLength: 500 },
  { name: 'remark', label: matterTexts.remark, hint: matterTexts.hiddenHint, kind: 'lines', maxLength: 2000 },
];

/** Four different things, each with its own heading. */
export function PartiesSection({ view }: { view: MatterView }) {
  const t = useText();
  const { parties } = view.parts;
  return (
    <MatterSection id="parties" title={matterTexts.parties} lead={matterTexts.partiesLead}>
      {PARTY_ROLES.map((role) => (
        <div key={role} data-role={role}>
          <h3>{t(roleTexts[role])}</h3>
          <p className="hint">{t(roleMeanings[role])}</p>
          <EntryList
            view={view}
            part="parties"
            rows={parties.filter((party) => party.role === role)}
            fields={FIELDS}
            fixed={{ role }}
            addLabel={addRoleTexts[role]}
            nameOf={(party) => party.name}
          >
            {(party) => <PartyFacts party={party} />}
          </EntryList>
        </div>
      ))}
    </MatterSection>
  );
}

export function PartyFacts({ party }: { party: Party }) {
  const t = useText();
  const rows = (
    [
      [matterTexts.representedBy, party.representedBy],
      [matterTexts.identifier, party.identifier],
      [matterTexts.contact, party.contact],
      [matterTexts.remark, party.remark],
    ] as const
  ).filter(([, value]) => value !== null);
  return (
    <>
      <p className="wrap-anywhere">
        <strong>
          <bdi>{party.name}</bdi>
        </strong>{' '}
        <span className="hint">{t(partyKindTexts[party.kind])}</span>
      </p>
      {rows.length > 0 && (
        <dl className="facts">
          {rows.map(([label, value]) => (
            <Row key={label.en} label={label}>
              <span className="pre-line">{value}</span>
            </Row>
          ))}
        </dl>
      )}
    </>
  );
}
