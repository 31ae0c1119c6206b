import { type ReactNode, useEffect, useId, useState } from 'react';
import type * as z from 'zod';
import { getJson } from '../api-client.ts';
import { useText } from '../language.tsx';
import { type Text, texts } from '../texts.ts';
import { homeTexts } from './home-texts.ts';

/** `failed`: it could not be read now, and nothing else waits for it. */
export type Asked<T> = { state: 'loading' } | { state: 'ready'; answer: T } | { state: 'failed' };

/** What the service answers at a path; asked again every `againMs`, if given, and then a failure leaves the last answer. */
export function useAsked<T>(path: string, schema: z.ZodType<T>, againMs?: number): Asked<T> {
  const [asked, setAsked] = useState<Asked<T>>({ state: 'loading' });
  useEffect(() => {
    const abort = new AbortController();
    const ask = () =>
      getJson(path, schema, abort.signal).then(
        (answer) => setAsked({ state: 'ready', answer }),
        () => {
          if (abort.signal.aborted) return;
          setAsked((before) => (before.state === 'ready' ? before : { state: 'failed' }));
        },
      );
    void ask();
    const timer = againMs === undefined ? undefined : setInterval(ask, againMs);
    return () => {
      abort.abort();
      clearInterval(timer);
    };
  }, [path, schema, againMs]);
  return asked;
}

interface HomePartProps<T> {
  title: Text;
  asked: Asked<T>;
  /** Of the answer; null hides the part. */
  children: (answer: T) => ReactNode;
}

/** One part of the first page. It shows nothing before its answer is there, so that nothing jumps that was read already. */
export function HomePart<T>({ title, asked, children }: HomePartProps<T>) {
  const t = useText();
  const id = useId();
  if (asked.state === 'loading') return null;
  const content = asked.state === 'ready' ? children(asked.answer) : <p className="hint">{t(homeTexts.unavailable)}</p>;
  if (content === null) return null;
  return (
    <section className="card" aria-labelledby={id}>
      <h2 id={id}>{t(title)}</h2>
      {content}
    </section>
  );
}

/** A title or, where none was given, a word for it. */
export function Named({ title }: { title: string | null }) {
  const t = useText();
  return <bdi className="wrap-anywhere">{title ?? t(texts.depositUntitled)}</bdi>;
}
