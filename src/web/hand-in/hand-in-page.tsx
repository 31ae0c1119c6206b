import { Alert, Button, Progress } from 'antd';
import { useEffect, useRef, useState } from 'react';
import { CodedError } from '../../errors.ts';
import type { Statement } from '../../format/annex.ts';
import type { ServiceStatus } from '../api-answers.ts';
import { handIn, newIdempotencyKey } from '../api-client.ts';
import { ApiError } from '../api-error.ts';
import { FileDrop } from '../file-drop.tsx';
import { useText } from '../language.tsx';
import { percent, sizeText } from '../measures.ts';
import { PageTitle } from '../page-title.tsx';
import { ProblemAlert } from '../problem-alert.tsx';
import { useRoute } from '../route.tsx';
import { texts } from '../texts.ts';
import { beginHandIn, useCurrentHandIn } from './current-hand-in.ts';
import { LargeHandInView } from './large-hand-in-view.tsx';
import { StatementForm, type StatementText, statementOf } from './statement-form.tsx';

/** `sent` of `total` bytes of the request's body, which is a little more than the files. */
interface Upload {
  sent: number;
  total: number;
  abort: AbortController;
}

/** In all: above it, digests are deposited first and the contents follow. Below it, one request is as quick and asks nothing of the page. */
const LARGE_BYTES = 16 * 1024 * 1024;

export function HandInPage({ status }: { status: ServiceStatus | undefined }) {
  const t = useText();
  const { go } = useRoute();
  const current = useCurrentHandIn();
  const [files, setFiles] = useState<readonly File[]>([]);
  const [text, setText] = useState<StatementText>({});
  const [upload, setUpload] = useState<Upload | undefined>();
  const [problem, setProblem] = useState<CodedError | 'cancelled' | undefined>();
  // Stays the same while files and statement do, so that a repeated attempt cannot become a second deposit.
  const key = useRef<string | undefined>(undefined);

  useEffect(() => {
    if (upload === undefined) return;
    const warn = (event: BeforeUnloadEvent) => event.preventDefault();
    addEventListener('beforeunload', warn);
    return () => removeEventListener('beforeunload', warn);
  }, [upload]);

  const isLarge =
    files.length > (status?.limits.files ?? 100) || files.reduce((sum, { size }) => sum + size, 0) > LARGE_BYTES;
  const maxFiles = status?.limits.digestFiles ?? 1000;
  const maxBytes = isLarge ? status?.limits.resumableFileBytes : status?.limits.fileBytes;
  const tooLarge = files.filter((file) => maxBytes !== undefined && file.size > maxBytes);
  const empty = files.filter((file) => file.size === 0);
  const statement = statementOf(text);
  const wrongOrder =
    statement.capturedFrom !== undefined &&
    statement.capturedUntil !== undefined &&
    statement.capturedFrom > statement.capturedUntil;
  const ready =
    files.length > 0 &&
    files.length <= maxFiles &&
    tooLarge.length === 0 &&
    empty.length === 0 &&
    !wrongOrder &&
    upload === undefined;

  const change = (act: () => void) => {
    key.current = undefined;
    setProblem(undefined);
    act();
  };
  const begin = () => {
    beginHandIn(files, statement);
    setFiles([]);
    setText({});
    scrollTo(0, 0);
  };
  const send = async () => {
    const abort = new AbortController();
    key.current ??= newIdempotencyKey();
    setProblem(undefined);
    setUpload({ sent: 0, total: 0, abort });
    try {
      const input = { files, statement: statement satisfies Statement, idempotencyKey: key.current };
      const onSent = (sent: number, total: number) => setUpload({ sent, total, abort });
      go(`/deposits/${(await handIn(input, onSent, abort.signal)).depositId}`);
    } catch (error) {
      // Kept durably, only the answer came too early: its page shows how it goes on.
      if (error instanceof ApiError && error.depositId !== undefined) return go(`/deposits/${error.depositId}`);
      setUpload(undefined);
      if (abort.signal.aborted) setProblem('cancelled');
      else setProblem(error instanceof CodedError ? error : new CodedError('internal', String(error)));
    }
  };

  if (current !== undefined) {
    return (
      <>
        <PageTitle title={t(texts.handInTitle)} />
        <LargeHandInView />
      </>
    );
  }
  return (
    <>
      <PageTitle title={t(texts.handInTitle)} />
      <p>{t(texts.handInLead)}</p>
      <p className="hint">{t(texts.notAuthor)}</p>
      <section aria-labelledby="files-title">
        <h2 id="files-title">{t(texts.filesLabel)}</h2>
        <FileDrop
          label={texts.filesLabel}
          hint={texts.filesHint}
          choose={texts.chooseFiles}
          folders
          camera
          disabled={upload !== undefined}
          onFiles={(more) => change(() => setFiles((before) => [...before, ...more]))}
        >
          <ChosenFiles
            files={files}
            upload={upload}
            onRemove={(removed) => change(() => setFiles((before) => before.filter((file) => !removed.includes(file))))}
          />
        </FileDrop>
        {files.length > maxFiles && (
          <Alert type="error" showIcon role="alert" title={`${t(texts.largeTooMany)} ${maxFiles}`} />
        )}
        {empty.length > 0 && <FileFault text={t(texts.fileEmpty)} files={empty} />}
        {tooLarge.length > 0 && (
          <FileFault text={`${t(texts.fileTooLarge)} ${sizeText(maxBytes ?? 0)}`} files={tooLarge} />
        )}
      </section>
      <StatementForm
        text={text}
        wrongOrder={wrongOrder}
        disabled={upload !== undefined}
        onChange={(changed) => change(() => setText(changed))}
      />
      {isLarge && ready && <p className="hint">{t(texts.largeNote)}</p>}
      <div role="status">{upload !== undefined && <UploadNote upload={upload} />}</div>
      {upload !== undefined && (
        <Progress percent={percent(upload.sent, Math.max(1, upload.total))} aria-label={t(texts.uploading)} />
      )}
      {problem === 'cancelled' && <Alert type="info" showIcon role="alert" title={t(texts.uploadCancelled)} />}
      {problem instanceof CodedError && (
        <>
          <ProblemAlert title={texts.handInFailed} error={problem} />
          <p className="hint">{t(texts.again)}</p>
        </>
      )}
      <div className="buttons">
        <Button type="primary" size="large" disabled={!ready} onClick={isLarge ? begin : send}>
          {t(problem instanceof CodedError ? texts.tryAgain : texts.handIn)}
        </Button>
        {upload !== undefined && <Button onClick={() => upload.abort.abort()}>{t(texts.cancel)}</Button>}
        {files.length === 0 && <span className="hint">{t(texts.handInNoFiles)}</span>}
      </div>
    </>
  );
}

/** Announced by screen readers when the phase changes, not at every per cent. */
function UploadNote({ upload }: { upload: Upload }) {
  const t = useText();
  const arrived = upload.total > 0 && upload.sent >= upload.total;
  return <p>{arrived ? t(texts.uploadedWaiting) : `${t(texts.uploading)} ${t(texts.uploadStays)}`}</p>;
}

function FileFault({ text, files }: { text: string; files: readonly File[] }) {
  return (
    <Alert
      type="error"
      showIcon
      role="alert"
      title={text}
      description={<span className="wrap-anywhere">{files.map((file) => file.name).join(', ')}</span>}
    />
  );
}

interface ChosenFilesProps {
  files: readonly File[];
  upload: Upload | undefined;
  onRemove: (removed: readonly File[]) => void;
}

function ChosenFiles({ files, upload, onRemove }: ChosenFilesProps) {
  const t = useText();
  if (files.length === 0) return null;
  const total = files.reduce((sum, file) => sum + file.size, 0);
  const shares = sentShares(files, upload);
  return (
    <>
      <p aria-live="polite">
        {t(texts.filesChosen)}: {files.length} ({sizeText(total)})
      </p>
      <ul className="file-list">
        {files.map((file, i) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: the same file may be chosen twice
          <li key={i} className="chosen">
            <bdi className="wrap-anywhere">{file.name}</bdi>
            <span className="hint">{sizeText(file.size)}</span>
            {upload === undefined ? (
              <Button size="small" onClick={() => onRemove([file])} aria-label={`${t(texts.remove)} ${file.name}`}>
                {t(texts.remove)}
              </Button>
            ) : (
              <Progress
                percent={shares[i] ?? 0}
                size="small"
                aria-label={`${t(texts.uploading)} ${file.name}`}
                style={{ width: 220 }}
              />
            )}
          </li>
        ))}
      </ul>
      {files.length > 1 && upload === undefined && (
        <Button size="small" onClick={() => onRemove(files)}>
          {t(texts.removeAll)}
        </Button>
      )}
    </>
  );
}

/** Per cent sent of each file: they go out one after the other, behind the statement and with some lines around each. */
function sentShares(files: readonly File[], upload: Upload | undefined): number[] {
  if (upload === undefined || upload.total === 0) return files.map(() => 0);
  const content = files.reduce((sum, file) => sum + file.size, 0);
  const around = Math.max(0, upload.total - content) / (files.length + 1);
  let begin = around;
  return files.map((file) => {
    const share = percent(Math.max(0, upload.sent - begin), Math.max(1, file.size));
    begin += file.size + around;
    return share;
  });
}
