import { Alert, Button } from 'antd';
import { FileDrop } from '../file-drop.tsx';
import { useText } from '../language.tsx';
import { sizeText } from '../measures.ts';
import { texts } from '../texts.ts';
import { changeDraft } from './hand-in-draft.ts';
import { type FileFaults, isUsable } from './hand-in-limits.ts';
import { handInTexts } from './hand-in-texts.ts';

interface FilesStepProps {
  files: readonly File[];
  faults: FileFaults;
  isLarge: boolean;
  onNext: () => void;
}

export function FilesStep({ files, faults, isLarge, onNext }: FilesStepProps) {
  const t = useText();
  const { maxFiles, maxBytes, isTooMany, tooLarge, empty } = faults;
  const ready = isUsable(files, faults);
  return (
    <>
      <p>{t(texts.handInLead)}</p>
      <p className="hint">{t(texts.notAuthor)}</p>
      <FileDrop
        label={texts.filesLabel}
        hint={texts.filesHint}
        choose={texts.chooseFiles}
        folders
        camera
        onFiles={(more) => changeDraft((before) => ({ files: [...before.files, ...more] }))}
      >
        <ChosenFiles files={files} />
      </FileDrop>
      {isTooMany && <Alert type="error" showIcon role="alert" title={`${t(texts.largeTooMany)} ${maxFiles}`} />}
      {empty.length > 0 && <FileFault text={t(texts.fileEmpty)} files={empty} />}
      {tooLarge.length > 0 && (
        <FileFault text={`${t(texts.fileTooLarge)} ${sizeText(maxBytes ?? 0)}`} files={tooLarge} />
      )}
      {isLarge && ready && <p className="hint">{t(texts.largeNote)}</p>}
      <div className="buttons">
        <Button type="primary" size="large" disabled={!ready} onClick={onNext}>
          {t(handInTexts.next)}
        </Button>
        {files.length === 0 && <span className="hint">{t(texts.handInNoFiles)}</span>}
      </div>
    </>
  );
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

function ChosenFiles({ files }: { files: readonly File[] }) {
  const t = useText();
  const remove = (removed: readonly File[]) =>
    changeDraft((before) => ({ files: before.files.filter((file) => !removed.includes(file)) }));
  if (files.length === 0) return null;
  const total = files.reduce((sum, file) => sum + file.size, 0);
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
            <Button size="small" onClick={() => remove([file])} aria-label={`${t(texts.remove)} ${file.name}`}>
              {t(texts.remove)}
            </Button>
          </li>
        ))}
      </ul>
      {files.length > 1 && (
        <Button size="small" onClick={() => remove(files)}>
          {t(texts.removeAll)}
        </Button>
      )}
    </>
  );
}
