import { DigestText } from '../digest-text.tsx';
import { useText } from '../language.tsx';
import { texts } from '../texts.ts';
import type { HandOverView } from './sharing-answers.ts';
import { itemKindTexts } from './sharing-texts.ts';

/** What is handed over, each with the digest by which the receiver compares it. */
export function HandedItems({ items }: Pick<HandOverView['statement'], 'items'>) {
  const t = useText();
  return (
    <ol>
      {items.map(({ what, fileIndex, sha256, description }) => (
        <li key={`${what} ${fileIndex} ${sha256}`}>
          {t(itemKindTexts[what])}
          {fileIndex !== null && ` ${fileIndex + 1}`}
          {description !== null && <span className="wrap-anywhere"> · {description}</span>}
          <br />
          <span className="hint">{t(texts.sha256)}</span> <DigestText hex={sha256} />
        </li>
      ))}
    </ol>
  );
}
