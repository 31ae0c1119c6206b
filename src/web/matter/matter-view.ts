import { useCallback, useEffect, useRef, useState } from 'react';
import { CodedError } from '../../errors.ts';
import { getJson } from '../api-client.ts';
import {
  type Matter,
  type MatterDeposits,
  matterDepositsSchema,
  matterSchema,
  type NamedDeposit,
} from './matter-answers.ts';
import { allRows, type MatterParts, type PartName } from './matter-client.ts';

/** A matter of one's own, with all that stands in it. */
export interface MatterView {
  matter: Matter;
  parts: MatterParts;
  named: MatterDeposits;
  /** The caller may edit, and the matter is not closed. */
  mayEdit: boolean;
  /** Asks anew for the head. */
  reloadMatter: () => Promise<Matter>;
  /** Asks anew for one part, and for the deposits where it names some. @returns its rows */
  reload: <Name extends PartName>(name: Name) => Promise<MatterParts[Name]>;
  setMatter: (matter: Matter) => void;
}

export type MatterState =
  | { state: 'loading' }
  | { state: 'failed'; error: CodedError }
  | { state: 'granted'; matter: Matter }
  | { state: 'own'; view: MatterView };

const PARTS: readonly PartName[] = ['parties', 'rights', 'proofs', 'items', 'relations', 'notes', 'deadlines'];
/** What names deposits, or takes rows of another part along when it goes. */
const GO_ALONG: Partial<Record<PartName, readonly PartName[]>> = { items: ['relations'], rights: ['proofs'] };
const NAMES_DEPOSITS: readonly PartName[] = ['items', 'proofs', 'rights'];

/** @param isEditor whether the caller's roles let him edit matters */
export function useMatter(matterId: string, isEditor: boolean): MatterState {
  const [matter, setMatter] = useState<Matter | undefined>();
  const [parts, setParts] = useState<MatterParts | undefined>();
  const [named, setNamed] = useState<MatterDeposits | undefined>();
  const [error, setError] = useState<CodedError | undefined>();
  // An answer to an earlier page's question must not be shown on this one.
  const current = useRef(matterId);

  const reloadMatter = useCallback(async () => {
    const found = await getJson(`/matters/${matterId}`, matterSchema);
    if (current.current === matterId) setMatter(found);
    return found;
  }, [matterId]);
  const reloadNamed = useCallback(async () => {
    const found = await getJson(`/matters/${matterId}/deposits`, matterDepositsSchema);
    if (current.current === matterId) setNamed(found);
  }, [matterId]);
  const reload = useCallback(
    async <Name extends PartName>(name: Name) => {
      const together = [name, ...(GO_ALONG[name] ?? [])];
      const [rows] = await Promise.all([
        Promise.all(together.map((each) => allRows(matterId, each))),
        NAMES_DEPOSITS.includes(name) ? reloadNamed() : undefined,
      ]);
      const found = Object.fromEntries(together.map((each, i) => [each, rows[i]]));
      if (current.current === matterId) setParts((before) => before && { ...before, ...found });
      return rows[0] as MatterParts[Name];
    },
    [matterId, reloadNamed],
  );

  useEffect(() => {
    current.current = matterId;
    setMatter(undefined);
    setParts(undefined);
    setNamed(undefined);
    setError(undefined);
    const load = async () => {
      const found = await reloadMatter();
      if (found.relation !== 'own') return;
      const [rows] = await Promise.all([Promise.all(PARTS.map((name) => allRows(matterId, name))), reloadNamed()]);
      const all = Object.fromEntries(PARTS.map((name, i) => [name, rows[i]])) as unknown as MatterParts;
      if (current.current === matterId) setParts(all);
    };
    load().catch((failure: unknown) => {
      if (current.current !== matterId) return;
      setError(failure instanceof CodedError ? failure : new CodedError('internal', String(failure)));
    });
  }, [matterId, reloadMatter, reloadNamed]);

  if (error !== undefined) return { state: 'failed', error };
  if (matter?.relation === 'granted') return { state: 'granted', matter };
  if (matter === undefined || parts === undefined || named === undefined) return { state: 'loading' };
  const mayEdit = isEditor && matter.status !== 'closed';
  return { state: 'own', view: { matter, parts, named, mayEdit, reloadMatter, reload, setMatter } };
}

/** The deposit of this id, as far as the matter tells of it. */
export function depositOf(view: MatterView, depositId: string | null): NamedDeposit | undefined {
  return view.named.deposits.find((deposit) => deposit.depositId === depositId);
}

/** What an item is called: by its own title, else by its deposit's. */
export function itemName(view: MatterView, itemId: string): string | null {
  const item = view.parts.items.find((each) => each.itemId === itemId);
  return item === undefined ? null : (item.title ?? depositOf(view, item.depositId)?.title ?? null);
}
