import { Button } from 'antd';
import { useEffect, useState } from 'react';
import type { CodedError } from '../errors.ts';
import { getBlob } from './api-client.ts';
import { ApiError } from './api-error.ts';
import { useText } from './language.tsx';
import { ProblemAlert } from './problem-alert.tsx';
import { saveBlob } from './save-blob.ts';
import { useAccount } from './sign-in/account.tsx';
import { type Text, texts } from './texts.ts';

interface DownloadLinkProps {
  /** Below `/api/v1`. */
  path: string;
  fileName: string;
  label: Text;
  /** Names the thing where several links read alike. */
  about?: string;
}

/** A plain link for a session; with an API key the page has to fetch the file itself, since a link carries no header. */
export function DownloadLink({ path, fileName, label, about }: DownloadLinkProps) {
  const t = useText();
  const { account } = useAccount();
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<CodedError | undefined>();
  const name = about === undefined ? t(label) : `${t(label)} ${about}`;
  if (account.state === 'signed-in' && account.me.by === 'session') {
    return (
      <a href={`/api/v1${path}`} download={fileName} aria-label={name}>
        {t(label)}
      </a>
    );
  }
  const fetchIt = async () => {
    setBusy(true);
    setError(undefined);
    try {
      saveBlob(await getBlob(path), fileName);
    } catch (failure) {
      setError(failure instanceof ApiError ? failure : new ApiError('network', String(failure)));
    } finally {
      setBusy(false);
    }
  };
  return (
    <>
      <Button size="small" loading={busy} onClick={fetchIt} aria-label={name}>
        {t(label)}
      </Button>
      {error !== undefined && <ProblemAlert title={texts.downloadFailed} error={error} />}
    </>
  );
}

/** The small picture of an image, fetched as the account may. */
export function PreviewImage({ path, about }: { path: string; about: string }) {
  const t = useText();
  const [address, setAddress] = useState<string | undefined>();
  useEffect(() => {
    let made: string | undefined;
    let gone = false;
    getBlob(path).then(
      (blob) => {
        if (gone) return;
        made = URL.createObjectURL(blob);
        setAddress(made);
      },
      () => {},
    );
    return () => {
      gone = true;
      if (made !== undefined) URL.revokeObjectURL(made);
    };
  }, [path]);
  if (address === undefined) return null;
  return (
    <figure>
      <img className="preview" src={address} alt={`${t(texts.filePreview)} ${about}`} />
      <figcaption className="hint">{t(texts.filePreview)}</figcaption>
    </figure>
  );
}
