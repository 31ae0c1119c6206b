import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import * as z from 'zod';
import { depositorSchema, statementAnnexSchema } from '../../src/format/annex.ts';
import { certificateSchema, evmAttestationSchema, timestampAttestationSchema } from '../../src/format/certificate.ts';
import { certifiedSchema } from '../../src/format/certified.ts';
import { contentProofSchema, contentReceivedSchema } from '../../src/format/content-received.ts';
import { depositRecordSchema, fileEntrySchema, fileNameSchema } from '../../src/format/deposit.ts';
import { inspectionSchema } from '../../src/format/inspection.ts';
import { logRecordSchema } from '../../src/format/log.ts';
import { logEventSchema, provedRotationSchema } from '../../src/format/log-event.ts';
import { packageSealSchema } from '../../src/format/package.ts';
import { policySchema } from '../../src/format/policy.ts';
import { receiptSchema } from '../../src/format/receipt.ts';
import { reportSchema } from '../../src/format/report.ts';
import { sealHeaderSchema, sealsSchema } from '../../src/format/seal.ts';
import { signedPolicySchema } from '../../src/format/signed-policy.ts';
import { statusProofSchema, statusRecordSchema } from '../../src/format/status.ts';

const FORMATS = fileURLToPath(new URL('../../docs/formats/', import.meta.url));

const SCHEMAS: Record<string, z.ZodType> = {
  'tiezheng/annex/depositor/v1': depositorSchema,
  'tiezheng/annex/statement/v1': statementAnnexSchema,
  'tiezheng/certificate/v1': certificateSchema,
  'tiezheng/certified/v1': certifiedSchema,
  'tiezheng/content-proof/v1': contentProofSchema,
  'tiezheng/content-received/v1': contentReceivedSchema,
  'tiezheng/deposit/v1': depositRecordSchema,
  'tiezheng/file-name/v1': fileNameSchema,
  'tiezheng/file/v1': fileEntrySchema,
  'tiezheng/inspection/v1': inspectionSchema,
  'tiezheng/log-event/v1': logEventSchema,
  'tiezheng/log/v1': logRecordSchema,
  'tiezheng/package/v1': packageSealSchema,
  'tiezheng/policy/v1': policySchema,
  'tiezheng/receipt/v1': receiptSchema,
  'tiezheng/report/v1': reportSchema,
  'tiezheng/signed-policy/v1': signedPolicySchema,
  'tiezheng/status-proof/v1': statusProofSchema,
  'tiezheng/status/v1': statusRecordSchema,
  evm: evmAttestationSchema,
  rfc3161: timestampAttestationSchema,
  // Without a type: what else stands in a block of JSON.
  'record,leafIndex': provedRotationSchema,
  seals: z.strictObject({ seals: sealsSchema }),
  'alg,x5c': sealHeaderSchema,
};

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

/** The schema by the type, or by the members that stand in the example. */
function schemaOf({ value }: Example): z.ZodType | undefined {
  if (typeof value.type === 'string') return SCHEMAS[value.type];
  return Object.entries(SCHEMAS).find(([names]) => names.split(',').every((name) => name in value))?.[1];
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
  for (const example of examples()) {
    const { page, value } = example;
    it(`${page} shows ${String(value.type ?? Object.keys(value).join(', '))} as the code reads it`, () => {
      if (value.type === 'tiezheng/register/v1') return expect(Object.keys(value)).to.include('claim');
      const schema = schemaOf(example);
      if (schema === undefined) throw new Error(`no schema for ${JSON.stringify(value).slice(0, 80)}`);
      expect(faultsOf(value, schema)).to.deep.equal([]);
    });
  }

  it('has a page for each type, and the table of README.md names it', () => {
    const table = readFileSync(`${FORMATS}README.md`, 'utf8');
    for (const type of Object.keys(SCHEMAS).filter((name) => name.startsWith('tiezheng/'))) {
      expect(table, type).to.include(`\`${type}\``);
    }
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
