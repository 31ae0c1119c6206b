import { Button } from 'antd';
import { useText } from '../language.tsx';
import { choicesOf, type EntryField, plain } from './entry-form.tsx';
import { EntryList } from './entry-list.tsx';
import { RELATION_KINDS, type Relation } from './matter-answers.ts';
import { MatterSection } from './matter-section.tsx';
import { matterTexts, relationTexts, reverseRelationTexts } from './matter-texts.ts';
import { itemName, type MatterView } from './matter-view.ts';

const KIND_FIELD: EntryField = {
  name: 'kind',
  label: matterTexts.relation,
  kind: 'choice',
  choices: choicesOf(RELATION_KINDS, relationTexts),
};
const REMARK_FIELD: EntryField = { name: 'remark', label: matterTexts.remark, kind: 'lines', maxLength: 2000 };

/** The corroboration table: which items agree, follow from each other, or contradict. */
export function RelationsSection({ view }: { view: MatterView }) {
  const t = useText();
  const { items, relations } = view.parts;
  const named = (itemId: string) => {
    const item = items.find((each) => each.itemId === itemId);
    return `${item?.position ?? '?'}. ${itemName(view, itemId) ?? t(matterTexts.untitled)}`;
  };
  const choices = items.map((item) => ({ value: item.itemId, text: plain(named(item.itemId)) }));
  const [first, second, ...others] = choices;
  const newFields: EntryField[] = [
    { name: 'itemId', label: matterTexts.item, kind: 'choice', choices },
    KIND_FIELD,
    {
      name: 'otherItemId',
      label: matterTexts.otherItem,
      kind: 'choice',
      // Begins with another one than the first field does.
      choices: first === undefined || second === undefined ? choices : [second, first, ...others],
    },
    REMARK_FIELD,
  ];
  const reads = (relation: Relation) =>
    `${named(relation.itemId)} ${t(relationTexts[relation.kind])} ${named(relation.otherItemId)}`;
  return (
    <MatterSection
      id="relations"
      title={matterTexts.relations}
      lead={matterTexts.relationsLead}
      count={relations.length}
    >
      {items.length < 2 && <p>{t(matterTexts.twoItemsNeeded)}</p>}
      {items.length >= 2 && relations.length > 0 && <RelationTable view={view} named={named} />}
      {(items.length >= 2 || relations.length > 0) && (
        <EntryList
          view={view}
          part="relations"
          rows={relations}
          fields={[KIND_FIELD, REMARK_FIELD]}
          newFields={newFields}
          addLabel={matterTexts.addRelation}
          nameOf={reads}
        >
          {(relation) => (
            <p className="wrap-anywhere">
              {named(relation.itemId)} <strong>{t(relationTexts[relation.kind])}</strong> {named(relation.otherItemId)}
              {relation.remark !== null && <span className="hint"> {relation.remark}</span>}
            </p>
          )}
        </EntryList>
      )}
    </MatterSection>
  );
}

/** Each item with all that it is related to, from both sides; an item that stands alone is said to. */
function RelationTable({ view, named }: { view: MatterView; named: (itemId: string) => string }) {
  const t = useText();
  const { items, relations } = view.parts;
  const numberOf = (itemId: string) => items.find((item) => item.itemId === itemId)?.position ?? '?';
  const rowsOf = (itemId: string) => [
    ...relations
      .filter((relation) => relation.itemId === itemId)
      .map((relation) => ({ relation, words: relationTexts[relation.kind], other: relation.otherItemId })),
    ...relations
      .filter((relation) => relation.otherItemId === itemId)
      .map((relation) => ({ relation, words: reverseRelationTexts[relation.kind], other: relation.itemId })),
  ];
  return (
    <div className="print-alone" id="relation-table">
      <table className="relation-table">
        <caption>
          {t(matterTexts.relationTable)}: <bdi>{view.matter.title}</bdi>
        </caption>
        <thead>
          <tr>
            <th scope="col">{t(matterTexts.item)}</th>
            <th scope="col">{t(matterTexts.proofPurpose)}</th>
            <th scope="col">{t(matterTexts.relation)}</th>
          </tr>
        </thead>
        <tbody>
          {items.map((item) => (
            <tr key={item.itemId}>
              <th scope="row" className="wrap-anywhere">
                {named(item.itemId)}
              </th>
              <td className="pre-line wrap-anywhere">{item.proofPurpose ?? t(matterTexts.notSaid)}</td>
              <td className="wrap-anywhere">
                {rowsOf(item.itemId).length === 0 ? (
                  <em>{t(matterTexts.standsAlone)}</em>
                ) : (
                  <ul>
                    {rowsOf(item.itemId).map(({ relation, words, other }) => (
                      <li key={`${relation.relationId} ${other}`}>
                        {t(words)} <strong>{numberOf(other)}</strong>
                        {relation.remark !== null && `: ${relation.remark}`}
                      </li>
                    ))}
                  </ul>
                )}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      <div className="buttons no-print">
        <Button onClick={printTable}>{t(matterTexts.printTable)}</Button>
      </div>
    </div>
  );
}

/** Prints the table and nothing else of the page. */
function printTable(): void {
  const root = document.documentElement;
  root.classList.add('printing-alone');
  addEventListener('afterprint', () => root.classList.remove('printing-alone'), { once: true });
  print();
}
