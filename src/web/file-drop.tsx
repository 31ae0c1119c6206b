import { Button } from 'antd';
import { type DragEvent, type ReactNode, useId, useRef, useState } from 'react';
import { useText } from './language.tsx';
import { type Text, texts } from './texts.ts';

interface FileDropProps {
  /** Names the place for those who cannot see it. */
  label: Text;
  hint: Text;
  choose: Text;
  /** Offer a button for a whole folder too. */
  folders?: boolean;
  /** Offer the camera, where there is one to hold. */
  camera?: boolean;
  multiple?: boolean;
  disabled?: boolean;
  onFiles: (files: File[]) => void;
  children?: ReactNode;
}

/** A place to drop files on, with buttons that do the same. */
export function FileDrop(props: FileDropProps) {
  const {
    label,
    hint,
    choose,
    folders = false,
    camera = false,
    multiple = true,
    disabled = false,
    onFiles,
    children,
  } = props;
  const t = useText();
  const files = useRef<HTMLInputElement>(null);
  const folder = useRef<HTMLInputElement>(null);
  const lens = useRef<HTMLInputElement>(null);
  const [over, setOver] = useState(false);
  const hintId = useId();

  const drop = async (event: DragEvent) => {
    event.preventDefault();
    setOver(false);
    if (!disabled) take(await filesOf(event.dataTransfer));
  };
  const take = (chosen: File[]) => {
    if (chosen.length > 0) onFiles(multiple ? chosen : chosen.slice(0, 1));
  };
  const input = (reference: typeof files, kind: 'files' | 'folder' | 'camera') => (
    <input
      ref={reference}
      type="file"
      hidden
      multiple={kind === 'folder' || (kind === 'files' && multiple)}
      disabled={disabled}
      data-choose={kind}
      {...(kind === 'folder' ? { webkitdirectory: '' } : {})}
      {...(kind === 'camera' ? { accept: 'image/*,video/*', capture: 'environment' as const } : {})}
      onChange={(event) => {
        take([...(event.target.files ?? [])]);
        // Choosing the same file again must count as a choice.
        event.target.value = '';
      }}
    />
  );

  return (
    <fieldset
      className={over ? 'drop drop-over' : 'drop'}
      aria-label={t(label)}
      aria-describedby={hintId}
      onDragOver={(event) => {
        event.preventDefault();
        setOver(true);
      }}
      onDragLeave={() => setOver(false)}
      onDrop={drop}
    >
      <p id={hintId} className="hint">
        {t(hint)}
      </p>
      <div className="buttons">
        <Button disabled={disabled} onClick={() => files.current?.click()}>
          {t(choose)}
        </Button>
        {folders && (
          <Button disabled={disabled} onClick={() => folder.current?.click()}>
            {t(texts.chooseFolder)}
          </Button>
        )}
        {camera && (
          <Button className="camera" disabled={disabled} onClick={() => lens.current?.click()}>
            {t(texts.takePhoto)}
          </Button>
        )}
      </div>
      {input(files, 'files')}
      {folders && input(folder, 'folder')}
      {camera && input(lens, 'camera')}
      {children}
    </fieldset>
  );
}

/** The dropped files, those of dropped folders included, in the order of their paths. */
async function filesOf(transfer: DataTransfer): Promise<File[]> {
  // The list is emptied as soon as the event handler yields, so every entry is taken first.
  const entries = [...transfer.items].map((item) => item.webkitGetAsEntry());
  const plain = [...transfer.files];
  if (entries.every((entry) => entry === null || entry.isFile)) return plain;
  const found: File[] = [];
  for (const entry of entries) if (entry !== null) await walk(entry, found);
  return found;
}

async function walk(entry: FileSystemEntry, found: File[]): Promise<void> {
  if (entry.isFile) {
    found.push(await new Promise<File>((resolve, reject) => (entry as FileSystemFileEntry).file(resolve, reject)));
    return;
  }
  const reader = (entry as FileSystemDirectoryEntry).createReader();
  const children: FileSystemEntry[] = [];
  // readEntries gives at most 100 at a time and an empty list at the end.
  for (;;) {
    const some = await new Promise<FileSystemEntry[]>((resolve, reject) => reader.readEntries(resolve, reject));
    if (some.length === 0) break;
    children.push(...some);
  }
  children.sort((a, b) => (a.name < b.name ? -1 : 1));
  for (const child of children) await walk(child, found);
}
