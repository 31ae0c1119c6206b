import { useEffect, useState } from 'react';
import { DigestText } from '../digest-text.tsx';
import { useText } from '../language.tsx';
import { texts } from '../texts.ts';

/** Where to get the offline page, with the digest to compare it by. */
export function VerifyFileNote() {
  const t = useText();
  const [digest, setDigest] = useState<string | undefined>();
  useEffect(() => {
    fetch('/verify.html.sha256')
      .then((response) => (response.ok ? response.text() : ''))
      .then((text) => setDigest(/^[0-9a-f]{64}/.exec(text)?.[0]))
      .catch(() => {});
  }, []);
  return (
    <aside className="card no-print" aria-label="verify.html">
      <p>{t(texts.verifyGetOffline)}</p>
      <p>
        <a href="/verify.html" download>
          verify.html
        </a>{' '}
        {digest !== undefined && <DigestText hex={digest} />}
      </p>
    </aside>
  );
}
