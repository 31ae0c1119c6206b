import { useEffect, useRef } from 'react';
import { useText } from './language.tsx';
import { texts } from './texts.ts';

let first = true;

/** The page's heading; it names the tab, and takes the focus when the reader came here by a link within the site. */
export function PageTitle({ title }: { title: string }) {
  const t = useText();
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    if (!first) heading.current?.focus();
    first = false;
  }, []);
  useEffect(() => {
    document.title = `${title} · ${t(texts.productName)}`;
  }, [title, t]);
  return (
    <h1 ref={heading} tabIndex={-1}>
      {title}
    </h1>
  );
}
