import { useEffect } from 'react';
import { useText } from '../language.tsx';
import { texts } from '../texts.ts';

export function OfflineTitle() {
  const t = useText();
  const title = `${t(texts.productName)} · ${t(texts.verifyTitle)}`;
  useEffect(() => {
    document.title = title;
  }, [title]);
  return <span className="product-name">{title}</span>;
}
