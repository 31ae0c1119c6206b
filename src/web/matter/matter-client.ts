import * as z from 'zod';
import { changeAt, getJson, postJson } from '../api-client.ts';
import {
  type Deadline,
  deadlineSchema,
  type Item,
  itemSchema,
  type Matter,
  matterSchema,
  type Note,
  noteSchema,
  type Party,
  type Proof,
  partySchema,
  proofSchema,
  type Relation,
  type Right,
  relationSchema,
  rightSchema,
} from './matter-answers.ts';

/** What stands in a matter, by the name that its address has. */
export interface MatterParts {
  parties: Party[];
  rights: Right[];
  proofs: Proof[];
  items: Item[];
  relations: Relation[];
  notes: Note[];
  deadlines: Deadline[];
}
export type PartName = keyof MatterParts;

const ROWS: { [Name in PartName]: { id: string; row: z.ZodType<MatterParts[Name][number]> } } = {
  parties: { id: 'partyId', row: partySchema },
  rights: { id: 'rightId', row: rightSchema },
  proofs: { id: 'proofId', row: proofSchema },
  items: { id: 'itemId', row: itemSchema },
  relations: { id: 'relationId', row: relationSchema },
  notes: { id: 'noteId', row: noteSchema },
  deadlines: { id: 'deadlineId', row: deadlineSchema },
};

/** All rows of one part, whatever pages the service answers them in. @throws ApiError */
export async function allRows<Name extends PartName>(matterId: string, name: Name): Promise<MatterParts[Name]> {
  const page = z.object({ [name]: z.array(ROWS[name].row), next: z.string().nullable() });
  const rows: unknown[] = [];
  for (let after: string | null = null; ; ) {
    const query: string = after === null ? '' : `&after=${after}`;
    const answer: Record<string, unknown> = await getJson(`/matters/${matterId}/${name}?limit=100${query}`, page);
    rows.push(...(answer[name] as unknown[]));
    after = answer.next as string | null;
    if (after === null) return rows as MatterParts[Name];
  }
}

/** @throws ApiError */
export async function addRow(matterId: string, name: PartName, said: object): Promise<void> {
  await postJson(`/matters/${matterId}/${name}`, said, z.unknown());
}

/** @throws ApiError `version-mismatch`, `matter-part-not-found` */
export async function changeRow(
  matterId: string,
  name: PartName,
  row: { id: string; version: number },
  said: object,
): Promise<void> {
  await changeAt('PATCH', `/matters/${matterId}/${name}/${row.id}`, row.version, said);
}

/** @throws as `changeRow` */
export async function removeRow(matterId: string, name: PartName, row: { id: string; version: number }): Promise<void> {
  await changeAt('DELETE', `/matters/${matterId}/${name}/${row.id}`, row.version);
}

/** @throws ApiError `version-mismatch`, `matter-closed` */
export async function changeMatter(matterId: string, version: number, said: object): Promise<void> {
  await changeAt('PATCH', `/matters/${matterId}`, version, said);
}

/** Puts the items into this order. @throws as `changeMatter` */
export async function orderItems(matter: Matter, items: readonly string[]): Promise<Matter> {
  const answer = await changeAt('PUT', `/matters/${matter.matterId}/item-order`, matter.version, { items });
  return matterSchema.parse(JSON.parse(answer));
}

/** Deletes a draft. @throws as `changeMatter`, `matter-in-use` */
export async function removeMatter(matterId: string, version: number): Promise<void> {
  await changeAt('DELETE', `/matters/${matterId}`, version);
}

/** The id of a row, whatever it is called there. */
export function idOf<Name extends PartName>(name: Name, row: MatterParts[Name][number]): string {
  return String((row as unknown as Record<string, unknown>)[ROWS[name].id]);
}
