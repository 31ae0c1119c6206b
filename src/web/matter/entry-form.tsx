import { Alert, Button } from 'antd';
import { type ReactNode, useEffect, useId, useRef, useState } from 'react';
import { CodedError } from '../../errors.ts';
import { useText } from '../language.tsx';
import { beijingTime } from '../measures.ts';
import { ProblemAlert } from '../problem-alert.tsx';
import type { Text } from '../texts.ts';
import { useAction } from '../use-action.ts';
import { matterTexts } from './matter-texts.ts';

/** One thing that can be said of an entry. */
export interface EntryField {
  name: string;
  label: Text;
  hint?: Text;
  kind: 'line' | 'lines' | 'choice' | 'day' | 'time' | 'number' | 'yes-no';
  maxLength?: number;
  required?: true;
  /** For `choice`; one that may be left open begins with the value `''`. For `yes-no`: what `yes` and `no` mean. */
  choices?: readonly { value: string; text: Text }[];
}

/** A row that several people may change. */
export type Versioned = { version: number } & Record<string, unknown>;

type Typed = Record<string, string>;

/** @returns the choices of a select, from words by value */
export function choicesOf<Value extends string>(
  values: readonly Value[],
  words: Record<Value, Text>,
): { value: string; text: Text }[] {
  return values.map((value) => ({ value, text: words[value] }));
}

/** A name, which is the same in every language. */
export function plain(name: string): Text {
  return { zh: name, en: name };
}

interface EntryFormProps {
  fields: readonly EntryField[];
  /** What is changed; nothing for a new entry. */
  row?: Versioned;
  /** Names the form. */
  label: Text;
  submit: Text;
  /**
   * @param said of a new entry all that was filled in, of a change what differs from the row
   * @throws CodedError `version-mismatch` if somebody else changed it
   */
  send: (said: Record<string, unknown>, version: number) => Promise<void>;
  /** The row as it is now; undefined if it is gone. */
  latest?: () => Promise<Versioned | undefined>;
  /** @param sawConflict what is shown elsewhere may be older than what the form has seen */
  onCancel?: (sawConflict: boolean) => void;
  /** What still has to be chosen beside the fields; said when somebody submits without it. */
  missing?: Text | undefined;
  children?: ReactNode;
}

/**
 * One entry, as somebody types it. When another has changed it meanwhile, nothing typed is lost: fields that were left alone take what
 * the other wrote, the rest stays, and both are shown before anything is saved again.
 */
export function EntryForm(props: EntryFormProps) {
  const { fields, row, label, submit, send, latest, onCancel, missing, children } = props;
  const t = useText();
  const form = useRef<HTMLFormElement>(null);
  const first = useRef(row);
  const [base, setBase] = useState<Versioned | undefined>(row);
  const [typed, setTyped] = useState<Typed>(() => typedOf(fields, row));
  const [conflict, setConflict] = useState<Conflict | undefined>();
  const [saysMissing, setSaysMissing] = useState(false);
  const { busy, error, run } = useAction();
  useEffect(() => form.current?.querySelector<HTMLElement>('input, select, textarea')?.focus(), []);
  const changed = (field: EntryField) => (typed[field.name] ?? '') !== typedOf([field], base)[field.name];
  const submitAll = () =>
    run(async () => {
      setSaysMissing(missing !== undefined);
      if (missing !== undefined) return;
      setConflict(undefined);
      const said = fields
        .filter((field) => (base === undefined ? (typed[field.name] ?? '').trim() !== '' : changed(field)))
        .map((field) => [field.name, saidOf(field, typed[field.name] ?? '')]);
      if (base !== undefined && said.length === 0) return onCancel?.(false);
      try {
        await send(Object.fromEntries(said), base?.version ?? 0);
      } catch (failure) {
        if (!isConflict(failure) || base === undefined || latest === undefined) throw failure;
        const now = await latest();
        if (now === undefined) return setConflict('gone');
        const theirs = fields.filter(
          (field) => typedOf([field], now)[field.name] !== typedOf([field], base)[field.name],
        );
        setConflict(
          theirs.map((field) => ({
            field,
            now: now[field.name],
            yours: changed(field) ? typed[field.name] : undefined,
          })),
        );
        const untouched = fields.filter((field) => !changed(field));
        setTyped({ ...typed, ...typedOf(untouched, now) });
        setBase(now);
      }
    });
  return (
    <form
      ref={form}
      className="entry-form"
      aria-label={t(label)}
      onSubmit={(event) => {
        event.preventDefault();
        submitAll();
      }}
    >
      {conflict !== undefined && <ConflictNotice key={base?.version} conflict={conflict} />}
      <div className="fields">
        {fields.map((field) => (
          <EntryInput
            key={field.name}
            field={field}
            value={typed[field.name] ?? ''}
            onChange={(value) => setTyped((before) => ({ ...before, [field.name]: value }))}
          />
        ))}
      </div>
      {children}
      <p className="field-error" role="alert">
        {saysMissing && missing !== undefined && t(missing)}
      </p>
      {error !== undefined && <ProblemAlert title={matterTexts.failed} error={error} />}
      <div className="buttons">
        {conflict !== 'gone' && (
          <Button type="primary" htmlType="submit" loading={busy}>
            {t(submit)}
          </Button>
        )}
        {onCancel !== undefined && (
          <Button onClick={() => onCancel(base !== first.current || conflict === 'gone')}>
            {t(matterTexts.cancel)}
          </Button>
        )}
      </div>
    </form>
  );
}

type Conflict = 'gone' | { field: EntryField; now: unknown; yours: string | undefined }[];

function ConflictNotice({ conflict }: { conflict: Conflict }) {
  const t = useText();
  const notice = useRef<HTMLDivElement>(null);
  useEffect(() => notice.current?.focus(), []);
  const isGone = conflict === 'gone';
  return (
    <div ref={notice} tabIndex={-1} data-conflict={isGone ? 'gone' : 'changed'}>
      <Alert
        type="warning"
        showIcon
        role="alert"
        title={t(isGone ? matterTexts.goneTitle : matterTexts.conflict)}
        description={
          isGone ? (
            t(matterTexts.goneLead)
          ) : conflict.length === 0 ? (
            t(matterTexts.conflictSame)
          ) : (
            <>
              <p>{t(matterTexts.conflictLead)}</p>
              <ul>
                {conflict.map(({ field, now, yours }) => (
                  <li key={field.name} className="wrap-anywhere">
                    <strong>{t(field.label)}</strong>: {t(matterTexts.conflictNow)} {t(quoted(shownOf(field, now)))}
                    {yours !== undefined && (
                      <>
                        ; {t(matterTexts.conflictYours)} {t(quoted(shownOf(field, saidOf(field, yours))))}
                      </>
                    )}
                  </li>
                ))}
              </ul>
              <p>{t(matterTexts.conflictThen)}</p>
            </>
          )
        }
      />
    </div>
  );
}

interface EntryInputProps {
  field: EntryField;
  value: string;
  onChange: (value: string) => void;
}

export function EntryInput({ field, value, onChange }: EntryInputProps) {
  const t = useText();
  const id = useId();
  const common = {
    id,
    name: field.name,
    value,
    required: field.required === true,
    className: 'native-field',
    'aria-describedby': field.hint === undefined ? undefined : `${id}-hint`,
    onChange: (event: { target: { value: string } }) => onChange(event.target.value),
  };
  return (
    <div className={field.kind === 'lines' ? 'wide' : undefined}>
      <label htmlFor={id}>
        {t(field.label)}
        {field.required !== true && field.choices === undefined && (
          <span className="hint optional"> {t(matterTexts.optional)}</span>
        )}
      </label>
      {field.kind === 'lines' ? (
        <textarea {...common} rows={3} maxLength={field.maxLength} />
      ) : field.choices !== undefined ? (
        <select {...common}>
          {field.choices.map((choice) => (
            <option key={choice.value} value={choice.value}>
              {t(choice.text)}
            </option>
          ))}
        </select>
      ) : (
        <input {...common} type={INPUT_TYPES[field.kind]} maxLength={field.maxLength} autoComplete="off" min={1} />
      )}
      {field.hint !== undefined && (
        <span className="hint" id={`${id}-hint`}>
          {t(field.hint)}
        </span>
      )}
    </div>
  );
}

const INPUT_TYPES: Record<EntryField['kind'], string> = {
  line: 'text',
  lines: 'text',
  choice: 'text',
  day: 'date',
  time: 'datetime-local',
  number: 'number',
  'yes-no': 'text',
};

/** How a row stands in the form; a new entry has the first of each choice. */
function typedOf(fields: readonly EntryField[], row: Versioned | undefined): Typed {
  return Object.fromEntries(
    fields.map((field) => {
      const value = row?.[field.name];
      if (row === undefined && field.choices !== undefined) return [field.name, field.choices[0]?.value ?? ''];
      if (value === null || value === undefined) return [field.name, ''];
      if (field.kind === 'time') return [field.name, localTime(String(value))];
      if (field.kind === 'yes-no') return [field.name, value === true ? 'yes' : 'no'];
      return [field.name, String(value)];
    }),
  );
}

/** What was typed, as the service takes it. */
function saidOf({ kind }: EntryField, typed: string): unknown {
  const text = typed.trim();
  if (text === '') return null;
  if (kind === 'time') return new Date(text).toISOString();
  if (kind === 'number') return Number(text);
  if (kind === 'yes-no') return text === 'yes';
  return text;
}

/** A value of the service's in words. */
export function shownOf(field: EntryField, value: unknown): Text {
  if (value === null || value === undefined || value === '') return matterTexts.notSaid;
  if (field.kind === 'time') return plain(beijingTime(String(value)));
  const chosen = typeof value === 'boolean' ? (value ? 'yes' : 'no') : String(value);
  return field.choices?.find((choice) => choice.value === chosen)?.text ?? plain(String(value));
}

/** In the quotation marks of each language. */
export function quoted({ zh, en }: Text): Text {
  return { zh: `“${zh}”`, en: `"${en}"` };
}

/** `2026-11-22T11:04` in the reader's time zone. */
function localTime(utc: string): string {
  const at = new Date(utc);
  return new Date(at.getTime() - at.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
}

/** Somebody else changed or removed it since it was read. */
export function isConflict(failure: unknown): boolean {
  return failure instanceof CodedError && ['version-mismatch', 'matter-part-not-found'].includes(failure.code);
}
