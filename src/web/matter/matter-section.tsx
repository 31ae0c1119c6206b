import type { ReactNode } from 'react';
import { useText } from '../language.tsx';
import type { Text } from '../texts.ts';

interface MatterSectionProps {
  id: string;
  title: Text;
  lead?: Text;
  count?: number;
  children: ReactNode;
}

/** One section of a matter's page, which the list of contents names. */
export function MatterSection({ id, title, lead, count, children }: MatterSectionProps) {
  const t = useText();
  return (
    <section id={id} className="card" aria-labelledby={`${id}-title`}>
      <h2 id={`${id}-title`}>
        {t(title)}
        {count !== undefined && ` (${count})`}
      </h2>
      {lead !== undefined && <p className="hint">{t(lead)}</p>}
      {children}
    </section>
  );
}
