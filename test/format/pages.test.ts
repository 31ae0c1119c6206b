import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import * as z from 'zod';
import { evmAttestationSchema, timestampAttestationSchema } from '../../src/format/certificate.ts';
import { provedRotationSchema } from '../../src/format/log-event.ts';
import { sealHeaderSchema, sealsSchema } from '../../src/format/seal.ts';

const FORMATS = fileURLToPath(new URL('../../docs/formats/', import.meta.url));

const SRC = fileURLToPath(new URL('../../src/format/', import.meta.url));

/** What stands in a block of JSON without being told by its type, by the members that tell it. */
const PARTS: Record<string, z.ZodType> = {
  'record,leafIndex,checkpoint': provedRotationSchema,
  seals: z.strictObject({ seals: sealsSchema }),
  'alg,x5c': sealHeaderSchema,
};

/** Every schema that the folder src/format exports. */
async function exportedSchemas(): Promise<z.ZodType[]> {
  const modules = await Promise.all(
    readdirSync(SRC).map((name) => import(`${SRC}${name}`) as Promise<Record<string, unknown>>),
  );
  return modules.flatMap((module) => Object.values(module).filter((value) => value instanceof z.ZodType));
}

interface Example {
  page: string;
  value: Record<string, unknown>;
}

function* examples(): Generator<Example> {
  for (const page of readdirSync(FORMATS).filter((name) => name.endsWith('.md'))) {
    const text = readFileSync(FORMATS + page, 'utf8');
    for (const [, json] of text.matchAll(/^```json\n(.*?)^```$/gms)) {
      yield { page, value: JSON.parse(json as string) as Record<string, unknown> };
    }
  }
}

/** The schema that asks for this type, or for the members that stand in the example. */
function schemaOf({ value }: Example, exported: readonly z.ZodType[]): z.ZodType | undefined {
  if (typeof value.type !== 'string') {
    return Object.entries(PARTS).find(([names]) => names.split(',').every((name) => name in value))?.[1];
  }
  const minds = (schema: z.ZodType, type: unknown) =>
    schema.safeParse({ ...value, type }).error?.issues.some(({ path }) => path.length === 1 && path[0] === 'type');
  const known = [evmAttestationSchema, timestampAttestationSchema, ...exported];
  const fitting = known.filter((schema) => minds(schema, 'no type') && !minds(schema, value.type));
  // One kind of a type may have a schema of its own beside that of all kinds.
  return fitting.sort((a, b) => faultsOf(value, a).length - faultsOf(value, b).length)[0];
}

/** What a schema finds wrong, but for what the page shortens: a text with `…`, and all below an object with a member `…`. */
function faultsOf(value: unknown, schema: z.ZodType): string[] {
  const result = schema.safeParse(value);
  return (result.error?.issues ?? [])
    .filter(({ path }) => !isShortened(value, path))
    .map(({ path, message }) => `${path.join('.')}: ${message}`);
}

function isShortened(value: unknown, path: readonly PropertyKey[]): boolean {
  let at = value;
  for (const step of [...path, undefined]) {
    if (typeof at === 'string') return at.includes('…');
    if (typeof at !== 'object' || at === null) return false;
    if ('…' in at) return true;
    if (step === undefined) return false;
    at = (at as Record<PropertyKey, unknown>)[step];
  }
  return false;
}

describe('docs/formats', () => {
  let exported: z.ZodType[];
  before(async () => {
    exported = await exportedSchemas();
  });

  for (const example of examples()) {
    const { page, value } = example;
    it(`${page} shows ${String(value.type ?? Object.keys(value).join(', '))} as the code reads it`, () => {
      if (value.type === 'tiezheng/register/v1') return expect(Object.keys(value)).to.include('claim');
      const schema = schemaOf(example, exported);
      if (schema === undefined) throw new Error(`no schema for ${JSON.stringify(value).slice(0, 80)}`);
      expect(faultsOf(value, schema)).to.deep.equal([]);
    });
  }

  it('names every type that a page shows in the table of README.md', () => {
    const table = readFileSync(`${FORMATS}README.md`, 'utf8');
    const types = new Set(
      [...examples()].map(({ value }) => value.type).filter((type) => /^tiezheng/.test(String(type))),
    );
    expect([...types].filter((type) => !table.includes(`| \`${type}\` |`))).to.deep.equal([]);
  });

  it('links to files and headings that are there', () => {
    const broken: string[] = [];
    for (const page of readdirSync(FORMATS).filter((name) => name.endsWith('.md'))) {
      const text = readFileSync(FORMATS + page, 'utf8');
      for (const [, target] of text.matchAll(/\]\(([^)\s]+)\)/g)) {
        const [file, anchor] = (target as string).split('#') as [string, string?];
        if (/^https?:/.test(file)) continue;
        if (!isThere(file === '' ? page : file, anchor)) broken.push(`${page}: ${target}`);
      }
    }
    expect(broken).to.deep.equal([]);
  });
});

function isThere(file: string, anchor: string | undefined): boolean {
  let text: string;
  try {
    text = file.endsWith('/') ? String(readdirSync(FORMATS + file)) : readFileSync(FORMATS + file, 'utf8');
  } catch {
    return false;
  }
  if (anchor === undefined) return true;
  const headings = [...text.matchAll(/^#+ (.*)$/gm)].map(([, heading]) =>
    (heading as string)
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\s-]/gu, '')
      .trim()
      .replace(/\s/g, '-'),
  );
  return headings.includes(anchor);
}
