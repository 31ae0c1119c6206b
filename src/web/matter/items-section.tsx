import { Alert, Button } from 'antd';
import { useEffect, useId, useRef, useState } from 'react';
import { useText } from '../language.tsx';
import { ProblemAlert } from '../problem-alert.tsx';
import { Row } from '../report-parts.tsx';
import { useAction } from '../use-action.ts';
import { useFocusAfter } from '../use-focus-after.ts';
import { DepositChooser } from './deposit-chooser.tsx';
import { DepositLine } from './deposit-line.tsx';
import { Derivatives } from './derivatives.tsx';
import { choicesOf, type EntryField, isConflict } from './entry-form.tsx';
import { EntryList } from './entry-list.tsx';
import { HandInHere } from './hand-in-here.tsx';
import { CONFIDENTIALITIES, DISCLOSURES, FORMS, type Item } from './matter-answers.ts';
import { addRow, orderItems } from './matter-client.ts';
import { MatterSection } from './matter-section.tsx';
import { confidentialityTexts, disclosureTexts, formTexts, matterTexts } from './matter-texts.ts';
import { itemName, type MatterView } from './matter-view.ts';

const FIELDS: readonly EntryField[] = [
  { name: 'title', label: matterTexts.itemTitle, hint: matterTexts.itemTitleHint, kind: 'line', maxLength: 200 },
  { name: 'issue', label: matterTexts.issue, hint: matterTexts.issueHint, kind: 'line', maxLength: 200 },
  { name: 'source', label: matterTexts.source, hint: matterTexts.sourceHint, kind: 'lines', maxLength: 2000 },
  { name: 'proofPurpose', label: matterTexts.proofPurpose, kind: 'lines', maxLength: 1000 },
  { name: 'form', label: matterTexts.form, kind: 'choice', choices: choicesOf(FORMS, formTexts) },
  { name: 'pages', label: matterTexts.pages, kind: 'number' },
  {
    name: 'disclosure',
    label: matterTexts.disclosure,
    kind: 'choice',
    choices: choicesOf(DISCLOSURES, disclosureTexts),
  },
  {
    name: 'confidentiality',
    label: matterTexts.confidentiality,
    kind: 'choice',
    choices: choicesOf(CONFIDENTIALITIES, confidentialityTexts),
  },
];

/** The evidence of the matter, in the order of its index. */
export function ItemsSection({ view }: { view: MatterView }) {
  const t = useText();
  const { items } = view.parts;
  const name = (item: Item) => itemName(view, item.itemId) ?? t(matterTexts.untitled);
  const { move, moved, conflict, error } = useMoves(view, name);
  return (
    <MatterSection id="items" title={matterTexts.items} lead={matterTexts.itemsLead} count={items.length}>
      {conflict && <Alert type="warning" showIcon role="alert" title={t(matterTexts.orderConflict)} />}
      {error !== undefined && <ProblemAlert title={matterTexts.failed} error={error} />}
      <EntryList
        view={view}
        part="items"
        rows={items}
        fields={FIELDS}
        addLabel={matterTexts.addItems}
        canAdd={false}
        ordered
        nameOf={name}
        tools={(item, index) => (
          <MoveButtons item={item} name={name(item)} index={index} count={items.length} move={move} />
        )}
        below={(item) => <Derivatives view={view} item={item} name={name(item)} />}
      >
        {(item) => <ItemFacts view={view} item={item} name={name(item)} />}
      </EntryList>
      <p role="status" className="outcome">
        {moved !== undefined && t(moved)}
      </p>
      {view.mayEdit && (
        <div className="buttons no-print">
          <AddItems view={view} />
          <HandInHere matter={view.matter} />
        </div>
      )}
    </MatterSection>
  );
}

function ItemFacts({ view, item, name }: { view: MatterView; item: Item; name: string }) {
  const t = useText();
  const isHidden =
    item.disclosure === 'derivative' &&
    !view.named.derivatives.some((derivative) => derivative.originalDepositId === item.depositId);
  // Proofs of rights are shown to every reader, whatever an item says of the same deposit.
  const isShownAsProof =
    item.disclosure !== 'original' && view.parts.proofs.some(({ depositId }) => depositId === item.depositId);
  return (
    <>
      <h3 className="wrap-anywhere">
        {item.position}. <bdi>{name}</bdi>
      </h3>
      <dl className="facts">
        <Row label={matterTexts.deposit}>
          <span className="wrap-anywhere">
            {item.depositId !== null && <DepositLine view={view} depositId={item.depositId} />}
          </span>
        </Row>
        <Row label={matterTexts.issue}>
          <span className="wrap-anywhere">{item.issue ?? t(matterTexts.notSaid)}</span>
        </Row>
        <Row label={matterTexts.source}>
          <span className="pre-line wrap-anywhere">{item.source ?? t(matterTexts.notSaid)}</span>
        </Row>
        <Row label={matterTexts.proofPurpose}>
          <span className="pre-line wrap-anywhere">{item.proofPurpose ?? t(matterTexts.notSaid)}</span>
        </Row>
        <Row label={matterTexts.form}>
          {t(formTexts[item.form])}
          {item.pages !== null && ` · ${t(matterTexts.pages)} ${item.pages}`}
        </Row>
        <Row label={matterTexts.disclosure}>
          {t(disclosureTexts[item.disclosure])}
          {isHidden && <strong> {t(matterTexts.hiddenWithoutDerivative)}</strong>}
          {isShownAsProof && <strong> {t(matterTexts.shownAsProof)}</strong>}
        </Row>
        <Row label={matterTexts.confidentiality}>{t(confidentialityTexts[item.confidentiality])}</Row>
      </dl>
    </>
  );
}

interface MoveButtonsProps {
  item: Item;
  name: string;
  index: number;
  count: number;
  move: (index: number, by: 1 | -1) => void;
}

function MoveButtons({ item, name, index, count, move }: MoveButtonsProps) {
  const t = useText();
  if (count < 2) return null;
  return (
    <>
      {(
        [
          [-1, matterTexts.moveUp, index === 0],
          [1, matterTexts.moveDown, index === count - 1],
        ] as const
      ).map(([by, words, isEnd]) => (
        // Not disabled at the ends: a button that loses the focus takes the keyboard's place on the page along.
        <Button
          key={by}
          size="small"
          id={`move-${by}-${item.itemId}`}
          aria-disabled={isEnd}
          aria-label={`${t(words)} ${name}`}
          onClick={() => !isEnd && move(index, by)}
        >
          {t(words)}
        </Button>
      ))}
    </>
  );
}

/** Moves items one place at a time; the button that was pressed keeps the focus, wherever its item went. */
function useMoves(view: MatterView, name: (item: Item) => string) {
  const { items } = view.parts;
  const [moved, setMoved] = useState<{ zh: string; en: string } | undefined>();
  const [conflict, setConflict] = useState(false);
  const { error, run } = useAction();
  const pressed = useRef<string | undefined>(undefined);
  // biome-ignore lint/correctness/useExhaustiveDependencies: after each new order
  useEffect(() => {
    if (pressed.current !== undefined) document.getElementById(pressed.current)?.focus();
    pressed.current = undefined;
  }, [items]);
  const move = (index: number, by: 1 | -1) =>
    run(async () => {
      setConflict(false);
      setMoved(undefined);
      const order = [...items];
      const [item] = order.splice(index, 1);
      if (item === undefined) return;
      order.splice(index + by, 0, item);
      try {
        const ids = order.map((each) => each.itemId);
        view.setMatter(await orderItems(view.matter, ids));
      } catch (failure) {
        if (!isConflict(failure)) throw failure;
        setConflict(true);
        await view.reloadMatter();
        await view.reload('items');
        return;
      }
      pressed.current = `move-${by}-${item.itemId}`;
      await view.reload('items');
      const place = `${index + by + 1} / ${order.length}`;
      setMoved({
        zh: `“${name(item)}”${matterTexts.nowNumber.zh} ${place} 件`,
        en: `"${name(item)}" ${matterTexts.nowNumber.en} ${place}`,
      });
    });
  return { move, moved, conflict, error };
}

function AddItems({ view }: { view: MatterView }) {
  const t = useText();
  const id = useId();
  const [isOpen, setIsOpen] = useState(false);
  const [chosen, setChosen] = useState<readonly string[]>([]);
  const { busy, error, run } = useAction();
  const button = useFocusAfter(isOpen);
  const taken = new Set(view.parts.items.flatMap((item) => item.depositId ?? []));
  const add = () =>
    run(async () => {
      try {
        for (const depositId of chosen) {
          await addRow(view.matter.matterId, 'items', { depositId });
          setChosen((before) => before.filter((each) => each !== depositId));
        }
      } finally {
        await view.reload('items');
      }
      setIsOpen(false);
    });
  if (!isOpen) {
    return (
      <Button ref={button} onClick={() => setIsOpen(true)}>
        {t(matterTexts.addItems)}
      </Button>
    );
  }
  return (
    <form
      id={id}
      className="entry-form"
      aria-label={t(matterTexts.addItems)}
      onSubmit={(event) => {
        event.preventDefault();
        add();
      }}
    >
      <DepositChooser
        legend={matterTexts.addItems}
        many
        chosen={chosen}
        taken={taken}
        takenBecause={matterTexts.alreadyHere}
        onChange={setChosen}
      />
      {error !== undefined && <ProblemAlert title={matterTexts.failed} error={error} />}
      <div className="buttons">
        <Button type="primary" htmlType="submit" loading={busy} disabled={chosen.length === 0}>
          {t(matterTexts.addChosen)} ({chosen.length})
        </Button>
        <Button onClick={() => setIsOpen(false)}>{t(matterTexts.cancel)}</Button>
      </div>
    </form>
  );
}
