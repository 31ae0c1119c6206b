import { Button } from 'antd';
import { type ReactNode, useEffect, useId, useRef, useState } from 'react';
import { useText } from '../language.tsx';
import { Refusal } from '../sign-in/sign-in-parts.tsx';
import type { Text } from '../texts.ts';
import { useAction } from '../use-action.ts';
import { accountTexts } from './account-texts.ts';
import './account.css';

/** What the account pages have in common. */

/** A part of a page with its heading, which takes the focus when what stood there before is gone. */
export function Part({ title, lead, children }: { title: Text; lead?: Text; children: ReactNode }) {
  const t = useText();
  const id = useId();
  return (
    <section className="card" aria-labelledby={id}>
      <h2 id={id}>{t(title)}</h2>
      {lead !== undefined && <p className="hint">{t(lead)}</p>}
      {children}
    </section>
  );
}

interface AskOnceProps {
  /** The button as it stands at first. */
  button: Text;
  /** What will happen, and whether it can be undone. */
  sure: Text;
  /** The button that does it. */
  really: Text;
  /** What it is done to, for those who hear the button and do not see its row. */
  about: string;
  failed?: Text;
  isHarmless?: boolean;
  onDo: () => Promise<void>;
}

/** Something that ends something: says what it does, and asks once. */
export function AskOnce({
  button,
  sure,
  really,
  about,
  failed = accountTexts.notDone,
  isHarmless,
  onDo,
}: AskOnceProps) {
  const t = useText();
  const [isAsked, setIsAsked] = useState(false);
  const { busy, error, run } = useAction();
  const first = useRef<HTMLButtonElement>(null);
  const danger = isHarmless !== true;
  if (!isAsked) {
    return (
      <>
        <Button ref={first} danger={danger} aria-label={`${t(button)} ${about}`} onClick={() => setIsAsked(true)}>
          {t(button)}
        </Button>
        <Refusal title={failed} error={error} />
      </>
    );
  }
  return (
    <div className="unfolded">
      <p tabIndex={-1} ref={focusOnce}>
        {t(sure)}
      </p>
      <div className="buttons">
        <Button
          danger={danger}
          type="primary"
          disabled={busy}
          aria-label={`${t(really)} ${about}`}
          onClick={() =>
            run(async () => {
              await onDo();
              setIsAsked(false);
            })
          }
        >
          {t(really)}
        </Button>
        <Button
          disabled={busy}
          onClick={() => {
            setIsAsked(false);
            requestAnimationFrame(() => first.current?.focus());
          }}
        >
          {t(accountTexts.cancel)}
        </Button>
      </div>
      <Refusal title={failed} error={error} />
    </div>
  );
}

interface UnfoldedProps {
  button: Text;
  about?: string;
  children: (fold: () => void) => ReactNode;
}

/** A form that is opened by a button and can be put away again. */
export function Unfolded({ button, about = '', children }: UnfoldedProps) {
  const t = useText();
  const [isOpen, setIsOpen] = useState(false);
  const box = useRef<HTMLDivElement>(null);
  const opener = useRef<HTMLButtonElement>(null);
  useEffect(() => {
    if (isOpen) box.current?.querySelector<HTMLElement>('input, select, textarea')?.focus();
  }, [isOpen]);
  const fold = () => {
    setIsOpen(false);
    // Unless something that came of the form has taken the focus meanwhile.
    requestAnimationFrame(() => {
      if (document.activeElement === document.body) opener.current?.focus();
    });
  };
  if (!isOpen) {
    return (
      <Button
        ref={opener}
        aria-label={about === '' ? t(button) : `${t(button)} ${about}`}
        onClick={() => setIsOpen(true)}
      >
        {t(button)}
      </Button>
    );
  }
  return (
    <div className="unfolded" ref={box}>
      {children(fold)}
      <Button onClick={fold}>{t(accountTexts.cancel)}</Button>
    </div>
  );
}

/** A secret that is shown this once, to be copied. Takes the focus, so that it is not missed. */
export function ShownOnce({
  label,
  hint,
  value,
  onKept,
}: {
  label: Text;
  hint: Text;
  value: string;
  onKept: () => void;
}) {
  const t = useText();
  const id = useId();
  const field = useRef<HTMLInputElement>(null);
  const [outcome, setOutcome] = useState<Text | undefined>();
  useEffect(() => field.current?.focus(), []);
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(value);
      setOutcome(accountTexts.copied);
    } catch {
      field.current?.select();
      setOutcome(accountTexts.notCopied);
    }
  };
  return (
    <div className="shown-once">
      <p id={`${id}-hint`}>{t(hint)}</p>
      <label htmlFor={id}>{t(label)}</label>
      <input
        ref={field}
        id={id}
        className="native-field secret-field"
        readOnly
        value={value}
        aria-describedby={`${id}-hint`}
        onFocus={(event) => event.target.select()}
      />
      <div className="buttons">
        <Button type="primary" onClick={copy}>
          {t(accountTexts.copy)}
        </Button>
        <Button onClick={onKept}>{t(accountTexts.secretKept)}</Button>
        <span role="status">{outcome !== undefined && t(outcome)}</span>
      </div>
    </div>
  );
}

interface ChoicesProps {
  legend: Text;
  choices: readonly string[];
  words: (choice: string) => Text;
  /** A second line below a choice. */
  meaning?: (choice: string) => Text | undefined;
  chosen: readonly string[];
  onChange: (chosen: string[]) => void;
}

/** Any number of choices. */
export function Choices({ legend, choices, words, meaning, chosen, onChange }: ChoicesProps) {
  const t = useText();
  return (
    <fieldset className="ticks">
      <legend>{t(legend)}</legend>
      <div className={meaning === undefined ? 'tick-grid' : undefined}>
        {choices.map((choice) => {
          const more = meaning?.(choice);
          return (
            <label key={choice}>
              <input
                type="checkbox"
                checked={chosen.includes(choice)}
                onChange={({ target }) =>
                  onChange(target.checked ? [...chosen, choice] : chosen.filter((each) => each !== choice))
                }
              />
              <span>
                {t(words(choice))}
                {more !== undefined && <span className="hint"> {t(more)}</span>}
              </span>
            </label>
          );
        })}
      </div>
    </fieldset>
  );
}

/** Said after an action, and read out; nothing while there is nothing to say. */
export function Said({ text }: { text: Text | undefined }) {
  const t = useText();
  return (
    <p role="status" className="said">
      {text !== undefined && t(text)}
    </p>
  );
}

/** What must not be missed is read out. */
function focusOnce(element: HTMLElement | null): void {
  element?.focus();
}
