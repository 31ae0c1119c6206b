import { Input } from 'antd';
import { useId, useState } from 'react';
import { EVIDENCE_KINDS, type Statement } from '../../format/annex.ts';
import { useText } from '../language.tsx';
import { kindTexts, type Text, texts } from '../texts.ts';
import { handInTexts } from './hand-in-texts.ts';

/** The form's content as typed; the two times are local. */
export type StatementText = { [field in keyof Statement]?: string };

interface Field {
  name: keyof Statement;
  label: Text;
  hint?: Text;
  maxLength?: number;
  kind: 'line' | 'lines' | 'time' | 'kind';
  /** Folded away: asked for less often. */
  isMore?: true;
}

const FIELDS: readonly Field[] = [
  { name: 'title', label: texts.fieldTitle, maxLength: 200, kind: 'line' },
  { name: 'kind', label: texts.fieldKind, kind: 'kind' },
  { name: 'source', label: texts.fieldSource, hint: texts.fieldSourceHint, maxLength: 2000, kind: 'lines' },
  { name: 'capturedFrom', label: texts.fieldCapturedFrom, hint: texts.fieldCapturedHint, kind: 'time', isMore: true },
  { name: 'capturedUntil', label: texts.fieldCapturedUntil, hint: texts.fieldCapturedHint, kind: 'time', isMore: true },
  { name: 'method', label: texts.fieldMethod, maxLength: 1000, kind: 'lines' },
  { name: 'tool', label: texts.fieldTool, maxLength: 200, kind: 'line', isMore: true },
  { name: 'purpose', label: texts.fieldPurpose, maxLength: 1000, kind: 'lines', isMore: true },
  { name: 'captureOperator', label: texts.fieldCaptureOperator, maxLength: 200, kind: 'line', isMore: true },
  { name: 'rightHolder', label: texts.fieldRightHolder, maxLength: 200, kind: 'line', isMore: true },
  { name: 'rights', label: texts.fieldRights, maxLength: 1000, kind: 'lines', isMore: true },
];

/** Names of the fields, in their order. */
export const STATEMENT_LABELS: readonly Pick<Field, 'name' | 'label'>[] = FIELDS;

/** What the form says, without what was left empty. */
export function statementOf(text: StatementText): Statement {
  const filled = FIELDS.flatMap(({ name, kind }): [string, string][] => {
    const value = text[name]?.trim() ?? '';
    if (value === '') return [];
    return [[name, kind === 'time' ? new Date(value).toISOString() : value]];
  });
  return Object.fromEntries(filled) as Statement;
}

interface StatementFormProps {
  text: StatementText;
  wrongOrder: boolean;
  onChange: (text: StatementText) => void;
}

export function StatementForm({ text, wrongOrder, onChange }: StatementFormProps) {
  const t = useText();
  const id = useId();
  const [isMoreOpen, setMoreOpen] = useState(() =>
    FIELDS.some(({ name, isMore }) => isMore && text[name] !== undefined),
  );
  const row = (field: Field) => (
    <div key={field.name} className={field.kind === 'lines' ? 'wide' : undefined}>
      <label htmlFor={`${id}-${field.name}`}>{t(field.label)}</label>
      <FieldInput
        field={field}
        id={`${id}-${field.name}`}
        value={text[field.name] ?? ''}
        invalid={wrongOrder && field.name === 'capturedUntil'}
        onChange={(value) => onChange({ ...text, [field.name]: value })}
      />
      {field.hint !== undefined && (
        <span className="hint" id={`${id}-${field.name}-hint`}>
          {t(field.hint)}
        </span>
      )}
    </div>
  );
  return (
    <section className="card" aria-labelledby={`${id}-heading`}>
      <h3 id={`${id}-heading`}>{t(texts.statementTitle)}</h3>
      <p className="hint">{t(texts.statementLead)}</p>
      <div className="fields">{FIELDS.filter(({ isMore }) => !isMore).map(row)}</div>
      <details open={isMoreOpen} onToggle={(event) => setMoreOpen(event.currentTarget.open)}>
        <summary>{t(handInTexts.statementMore)}</summary>
        <div className="fields">{FIELDS.filter(({ isMore }) => isMore).map(row)}</div>
      </details>
      <p className="field-error" role="alert">
        {wrongOrder && t(texts.capturedOrder)}
      </p>
    </section>
  );
}

interface FieldInputProps {
  field: Field;
  id: string;
  value: string;
  invalid: boolean;
  onChange: (value: string) => void;
}

function FieldInput({ field, id, value, invalid, onChange }: FieldInputProps) {
  const t = useText();
  const common = {
    id,
    name: field.name,
    value,
    'aria-describedby': field.hint === undefined ? undefined : `${id}-hint`,
    onChange: (event: { target: { value: string } }) => onChange(event.target.value),
  };
  switch (field.kind) {
    case 'line':
      return <Input {...common} maxLength={field.maxLength} />;
    case 'lines':
      return <Input.TextArea {...common} maxLength={field.maxLength} autoSize={{ minRows: 1, maxRows: 8 }} />;
    case 'time':
      return <input {...common} className="native-field" type="datetime-local" step={1} aria-invalid={invalid} />;
    case 'kind':
      return (
        <select {...common} className="native-field">
          <option value="">{t(texts.kindNone)}</option>
          {EVIDENCE_KINDS.map((kind) => (
            <option key={kind} value={kind}>
              {t(kindTexts[kind])}
            </option>
          ))}
        </select>
      );
  }
}
