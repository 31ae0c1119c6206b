import { Alert, Button } from 'antd';
import { useRef, useState } from 'react';
import type { ServiceStatus } from '../api-answers.ts';
import { handIn, newIdempotencyKey } from '../api-client.ts';
import { FileDrop } from '../file-drop.tsx';
import { useText } from '../language.tsx';
import { percent, sizeText } from '../measures.ts';
import { ProblemAlert } from '../problem-alert.tsx';
import { Link } from '../route.tsx';
import { useAction } from '../sign-in/sign-in-parts.tsx';
import { texts } from '../texts.ts';
import { type EntryField, EntryInput } from './entry-form.tsx';
import { useFocusAfter } from './entry-list.tsx';
import { addRow } from './matter-client.ts';
import { matterTexts } from './matter-texts.ts';
import type { MatterView } from './matter-view.ts';

const FIELDS: readonly EntryField[] = [
  { name: 'title', label: matterTexts.depositTitle, kind: 'line', maxLength: 200 },
  { name: 'source', label: matterTexts.source, kind: 'lines', maxLength: 2000 },
  { name: 'purpose', label: matterTexts.proofPurpose, kind: 'lines', maxLength: 1000 },
];

/** A few files become a deposit and an item of the matter in one go; what is large or needs more words has a page of its own. */
export function HandInHere({ view, status }: { view: MatterView; status: ServiceStatus | undefined }) {
  const t = useText();
  const [isOpen, setIsOpen] = useState(false);
  const [files, setFiles] = useState<readonly File[]>([]);
  const [typed, setTyped] = useState<Record<string, string>>({});
  const [sent, setSent] = useState<number | undefined>();
  const [notAdded, setNotAdded] = useState(false);
  const { busy, error, run } = useAction();
  const button = useFocusAfter(isOpen);
  // The same for every attempt at the same files and words.
  const key = useRef<string | undefined>(undefined);
  const limits = status?.limits;
  const isTooLarge =
    limits !== undefined && (files.length > limits.files || files.some((file) => file.size > limits.fileBytes));
  const edit = (work: () => void) => {
    key.current = undefined;
    work();
  };
  const submit = () =>
    run(async () => {
      key.current ??= newIdempotencyKey();
      const statement = Object.fromEntries(
        Object.entries(typed).flatMap(([name, value]) => (value.trim() === '' ? [] : [[name, value.trim()]])),
      );
      try {
        const order = { files, statement, idempotencyKey: key.current };
        const { depositId } = await handIn(
          order,
          (done, total) => setSent(percent(done, total)),
          new AbortController().signal,
        );
        setNotAdded(true);
        await addRow(view.matter.matterId, 'items', { depositId });
        setNotAdded(false);
      } finally {
        setSent(undefined);
      }
      key.current = undefined;
      await view.reload('items');
      setFiles([]);
      setTyped({});
      setIsOpen(false);
    });
  if (!isOpen) {
    return (
      <div className="buttons no-print">
        <Button ref={button} onClick={() => setIsOpen(true)}>
          {t(matterTexts.handInHere)}
        </Button>
      </div>
    );
  }
  return (
    <form
      className="entry-form"
      aria-label={t(matterTexts.handInHere)}
      onSubmit={(event) => {
        event.preventDefault();
        submit();
      }}
    >
      <FileDrop
        label={matterTexts.newFiles}
        hint={matterTexts.newFilesHint}
        choose={texts.chooseFiles}
        camera
        disabled={busy}
        onFiles={(added) => edit(() => setFiles((before) => [...before, ...added]))}
      >
        <ul className="file-list">
          {files.map((file, i) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: two files may have one name
            <li key={i} className="chosen">
              <bdi className="wrap-anywhere">{file.name}</bdi> <span className="hint">{sizeText(file.size)}</span>
              <Button
                size="small"
                disabled={busy}
                aria-label={`${t(texts.remove)} ${file.name}`}
                onClick={() => edit(() => setFiles((before) => before.filter((each) => each !== file)))}
              >
                {t(texts.remove)}
              </Button>
            </li>
          ))}
        </ul>
      </FileDrop>
      <div className="fields">
        {FIELDS.map((field) => (
          <EntryInput
            key={field.name}
            field={field}
            value={typed[field.name] ?? ''}
            onChange={(value) => edit(() => setTyped((before) => ({ ...before, [field.name]: value })))}
          />
        ))}
      </div>
      <p className="hint">
        {t(matterTexts.statedOnCertificate)} <Link to="/hand-in">{t(matterTexts.handInPage)}</Link>
      </p>
      {isTooLarge && <Alert type="warning" showIcon role="alert" title={t(matterTexts.tooLarge)} />}
      {sent !== undefined && (
        <p role="status">
          {t(matterTexts.sending)} {sent} %
        </p>
      )}
      {error !== undefined && <ProblemAlert title={matterTexts.failed} error={error} />}
      {notAdded && error !== undefined && (
        <Alert type="info" showIcon role="alert" title={t(matterTexts.depositedNotAdded)} />
      )}
      <div className="buttons">
        <Button type="primary" htmlType="submit" loading={busy} disabled={files.length === 0 || isTooLarge}>
          {t(matterTexts.handIn)}
        </Button>
        <Button disabled={busy} onClick={() => setIsOpen(false)}>
          {t(matterTexts.cancel)}
        </Button>
      </div>
    </form>
  );
}
